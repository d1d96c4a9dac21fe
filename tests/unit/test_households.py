"""Who may have shared a home, from addresses alone: moves, overlaps, institutions, withheld places, and addresses that say little."""

from __future__ import annotations

from typing import Any

import pytest

from wholechild.lib.civil import FOREVER
from wholechild.people.families.households import (
    MOST_AT_ONCE,
    MOST_EVER,
    Address,
    Written,
    addresses_of,
    place_of,
    shared_addresses,
)

HERE = ("", "NM1 2AB", "12 High Street")
THERE = ("", "NM9 9ZZ", "3 Mill Lane")
NOWHERE = ("", "", "")


def written(who: str, at: int, home: tuple[str, str, str] = HERE, version: int = 0) -> Written:
    return Written(who, version or at, f"agency-{who[0]}", f"row-{who}-{at}", at, place_of(*home))


def homes(*said: Written) -> tuple[Address, ...]:
    """Each identity is a person of the same name, without what stands after a dash: `child-2` is the child too."""
    return addresses_of(said, {one.identity: one.identity.split("-")[0] for one in said})


def together(*said: Written, who: str = "child", **more: Any) -> list[tuple[str, int, int]]:
    found = shared_addresses(who, homes(*said), **{"sealed": frozenset(), **more})
    return [(one.other, one.began, one.ended) for one in found]


# -- one dwelling ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("", "NM1 2AB", "12 High Street"), ("", "nm12ab", "12, High St, Northmoor")),
        (("", "NM1 2AB", "Flat 2, 12 High Street"), ("", "NM1 2AB", "12 High St, Flat 2")),
        (("", "NM1 2AB", "Flat B, 12 High Street"), ("", "NM1 2AB", "12 High Street Flat B")),
        (("", "NM1 2AB", "12"), ("", "NM1 2AB", "12 High Street")),
        (("", "NM1 2AB", "Rose Cottage, Mill Lane"), ("", "NM1 2AB", "Rose Cottage Mill Ln")),
        (("100012345678", "", ""), ("100012345678", "NM1 2AB", "12 High Street")),
        (("10012345678", "", ""), ("010012345678", "", "")),
        (("100012345678", "NM1 2AB", "12 High Street"), ("", "NM1 2AB", "12 High Street")),
        (("100012345678", "NM1 2AB", "12 High Street"), ("100012345678", "NM1 3XX", "Top floor")),
    ],
)  # fmt: skip
def test_these_are_one_dwelling(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    assert together(written("child", 10, one), written("adult", 20, other)) == [("adult", 20, FOREVER)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("", "NM1 2AB", ""), ("", "NM1 2AB", "")),
        (("", "NM1 2AB", "12 High Street"), ("", "NM1 2AB", "")),
        (("", "NM1 2AB", "12 High Street"), ("", "NM1 2AB", "14 High Street")),
        (("", "NM1 2AB", "12 High Street"), ("", "NM1 2AC", "12 High Street")),
        (("", "", "12 High Street"), ("", "", "12 High Street")),
        (("", "NM1 2AB", "Flat 1, 12 High Street"), ("", "NM1 2AB", "Flat 2, 12 High Street")),
        (("", "NM1 2AB", "Flat A, 12 High Street"), ("", "NM1 2AB", "Flat B, 12 High Street")),
        (("", "NM1 2AB", "3 Mill Lane"), ("", "NM1 2AB", "3 Church Lane")),
        (("100012345678", "NM1 2AB", "12 High Street"), ("100012345679", "NM1 2AB", "12 High Street")),
        (("", "ZZ99 3VZ", "No fixed abode"), ("", "ZZ99 3VZ", "No fixed abode")),
        (("", "ZZ99 3VZ", "1"), ("", "ZZ99 3VZ", "1")),
        (("99999999999", "", ""), ("99999999999", "", "")),
    ],
)  # fmt: skip
def test_these_are_not(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    assert together(written("child", 10, one), written("adult", 20, other)) == []


# -- spells ------------------------------------------------------------------------------------------------------------


def test_two_share_an_address_while_both_were_said_to_be_there() -> None:
    said = (
        written("child", 10),
        written("child", 50, THERE),
        written("adult", 30),
        written("adult", 70, THERE),
    )
    assert together(*said) == [("adult", 30, 50), ("adult", 70, FOREVER)]
    assert together(*said, who="adult") == [("child", 30, 50), ("child", 70, FOREVER)]


def test_who_left_before_the_other_came_shared_nothing() -> None:
    assert together(written("adult", 10), written("adult", 30, THERE), written("child", 30)) == []


def test_the_same_address_written_down_again_goes_on() -> None:
    (spell,) = homes(written("child", 10), written("child", 30), written("child", 20))
    assert (spell.began, spell.last, spell.ended) == (10, 30, FOREVER)


def test_a_version_that_says_no_address_ends_the_spell() -> None:
    (spell,) = homes(written("child", 10), written("child", 30, NOWHERE))
    assert (spell.began, spell.ended) == (10, 30)


def test_a_missing_address_is_nowhere() -> None:
    assert homes(written("child", 10, NOWHERE), written("adult", 10, NOWHERE)) == ()


def test_versions_count_in_their_order_and_not_in_that_of_their_dates() -> None:
    """A correction that was written with an earlier date replaces: two places at one time are not invented."""
    found = homes(written("child", 20, HERE, version=1), written("child", 10, THERE, version=2))
    assert [(one.place, one.began, one.ended) for one in found] == [(place_of(*THERE), 10, FOREVER)]


def test_several_agencies_who_say_it_make_one_spell_with_all_of_them_as_its_source() -> None:
    said = (
        written("child-1", 10),
        written("child-2", 40),
        written("adult-1", 20),
        written("adult-1", 60, THERE),
        written("adult-2", 50),
    )
    (found,) = shared_addresses("child", homes(*said), sealed=frozenset())
    assert (found.other, found.began, found.ended) == ("adult", 20, FOREVER)
    assert {one.statement for one in found.said} == {
        "row-child-1-10",
        "row-child-2-40",
        "row-adult-1-20",
        "row-adult-2-50",
    }


def test_an_identity_that_is_nobody_is_left_out() -> None:
    assert addresses_of([written("child", 10)], {}) == ()


# -- what infers nothing -----------------------------------------------------------------------------------------------


def people(number: int, *, apart: int = 0) -> list[Written]:
    """That many people at the address; with `apart`, each leaves before the next but one comes."""
    found = []
    for n in range(number):
        found.append(written(f"p{n}", 100 + n * apart))
        if apart:
            found.append(written(f"p{n}", 100 + (n + 1) * apart, THERE))
    return found


def test_a_large_family_is_a_household() -> None:
    assert len(together(written("child", 10), *people(MOST_AT_ONCE - 1))) == MOST_AT_ONCE - 1


def test_more_people_at_one_time_than_a_household_has_infer_nothing() -> None:
    assert together(written("child", 10), *people(MOST_AT_ONCE)) == []


def test_a_place_that_many_pass_through_infers_nothing() -> None:
    assert len(together(written("child", 10), *people(MOST_EVER - 1, apart=10))) == MOST_EVER - 1
    assert together(written("child", 10), *people(MOST_EVER, apart=10)) == []


def test_one_institution_does_not_hide_another_home() -> None:
    said = [
        written("child", 10),
        *people(MOST_AT_ONCE),
        written("child-2", 20, THERE),
        written("adult", 30, THERE),
    ]
    assert together(*said) == [("adult", 30, FOREVER)]


def test_a_place_under_which_too_many_were_found_to_be_read_infers_nothing() -> None:
    said = (written("child", 10), written("adult", 20))
    assert together(*said, crowded={"NM12AB"}) == []
    assert together(*said, crowded={"NM99ZZ"}) == [("adult", 20, FOREVER)]


def test_whose_place_is_withheld_shares_nothing_with_anybody() -> None:
    said = (written("child", 10), written("adult", 20), written("adult", 30, THERE), written("other", 20))
    assert together(*said, sealed={"child"}) == []
    assert together(*said, sealed={"adult"}) == [("other", 20, FOREVER)]


def test_where_somebody_withheld_is_now_nobody_shares_anything() -> None:
    """A refuge whose other people were not marked: that two of them are in one place would say that it is one."""
    said = (written("child", 10), written("adult", 20), written("other", 20))
    assert together(*said, sealed={"adult"}) == []
