"""Who belongs to a child, from ties and stays alone."""

from __future__ import annotations

import pytest

from wholechild.lib.civil import FOREVER
from wholechild.people.family import BEGINNING, Family, FamilyTie, Held, Stay

ALWAYS = Held()


def family(*links: FamilyTie | Stay) -> Family:
    ties = [link for link in links if isinstance(link, FamilyTie)]
    return Family({}, ties, [link for link in links if isinstance(link, Stay)])


def tie(who: str, relation: str, of: str = "child", held: Held = ALWAYS) -> FamilyTie:
    return FamilyTie(of, relation, who, held)


def stay(who: str, home: str = "home", held: Held = ALWAYS) -> Stay:
    return Stay(who, home, "Northmoor", held)


@pytest.mark.parametrize(
    ("relation", "cares"),
    [("mother", True), ("father", True), ("step_father", True), ("partner_of_parent", True), ("foster_carer", True),
     ("adoptive_parent", True), ("kinship_carer", True), ("special_guardian", True), ("grandparent", False),
     ("aunt_or_uncle", False), ("lodger", False), ("unrelated_adult_in_home", False), ("sibling", False),
     ("professional", False)],
)  # fmt: skip
def test_who_cares_for_a_child(relation: str, cares: bool) -> None:
    around = family(tie("somebody", relation))
    assert [r.person for r in around.carers_of("child")] == (["somebody"] if cares else [])
    assert [r.person for r in around.cared_for_by("somebody")] == (["child"] if cares else [])


@pytest.mark.parametrize("relation", ["sibling", "half_sibling", "step_sibling", "unborn_sibling"])
def test_a_stated_sibling_counts_from_either_side(relation: str) -> None:
    around = family(tie("ann", relation))
    assert [r.person for r in around.siblings_of("child")] == ["ann"]
    assert [r.person for r in around.siblings_of("ann")] == ["child"]


@pytest.mark.parametrize(
    ("mine", "theirs", "siblings"),
    [("mother", "mother", True), ("father", "father", True), ("adoptive_parent", "adoptive_parent", True),
     ("mother", "adoptive_parent", True), ("partner_of_parent", "father", False), ("father", "partner_of_parent", False),
     ("foster_carer", "mother", False), ("grandparent", "mother", False)],
)  # fmt: skip
def test_children_who_share_a_parent_are_siblings(mine: str, theirs: str, siblings: bool) -> None:
    around = family(tie("adult", mine), tie("adult", theirs, of="ann"))
    assert [r.person for r in around.siblings_of("child")] == (["ann"] if siblings else [])


def test_shared_parents_are_known_where_both_ties_are() -> None:
    around = family(
        tie("mother", "mother", held=Held(known_from=10, known_to=50)),
        tie("mother", "mother", of="ann", held=Held(began=5, ended=7, known_from=20, known_to=90)),
    )
    (ann,) = around.siblings_of("child")
    assert (ann.held.known_from, ann.held.known_to) == (20, 50)
    assert (ann.held.began, ann.held.ended) == (BEGINNING, FOREVER)  # a sister stays a sister


def test_ties_that_were_never_known_together_make_no_siblings() -> None:
    around = family(
        tie("mother", "mother", held=Held(known_to=20)),
        tie("mother", "mother", of="ann", held=Held(known_from=20)),
    )
    assert around.siblings_of("child") == ()


def test_two_lived_together_while_their_stays_overlap() -> None:
    around = family(stay("child", held=Held(10, 50, 1, 90)), stay("lodger", held=Held(30, 70, 5, 60)))
    (lodger,) = around.lived_with("child")
    assert lodger.held == Held(30, 50, 5, 60)


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [(Held(10, 30), Held(30, 50)), (Held(known_to=20), Held(known_from=20)), (Held(5, 5), Held())],
)
def test_stays_that_only_touch_are_not_together(mine: Held, theirs: Held) -> None:
    assert family(stay("child", held=mine), stay("lodger", held=theirs)).lived_with("child") == ()


def test_nobody_lives_with_themselves_and_other_homes_are_other_homes() -> None:
    around = family(
        stay("child"), stay("child", "grandmother's"), stay("gran", "grandmother's"), stay("x", "elsewhere")
    )
    assert [r.person for r in around.lived_with("child")] == ["gran"]


def test_an_adult_in_the_home_needs_a_tie_and_a_stay() -> None:
    around = family(
        stay("child", held=Held(began=100)),
        stay("partner", held=Held(began=30, ended=300)), tie("partner", "partner_of_parent", held=Held(known_from=150)),
        tie("father", "father"), stay("lodger"), stay("ann"), tie("ann", "sibling"),
    )  # fmt: skip
    (partner,) = around.adults_in_home("child")
    assert (partner.person, partner.relation, partner.held) == (
        "partner",
        "partner_of_parent",
        Held(100, 300, 150),
    )
    assert partner.arrived == 30  # before the child; such an adult is not new


def test_everyone_around_is_all_whom_a_scope_may_ask_for() -> None:
    around = family(
        tie("partner", "partner_of_parent"), tie("partner", "father", of="ben"), tie("ann", "half_sibling"),
        tie("uncle", "aunt_or_uncle"), stay("child"), stay("lodger"), stay("stranger", "elsewhere"),
    )  # fmt: skip
    assert around.everyone_around("child") == {"child", "partner", "ben", "ann", "lodger"}


def test_what_was_so_and_what_was_known_are_kept_apart() -> None:
    assert Held(1, 10, 5, 9).also(Held(3, 20, 2, 7)) == Held(3, 10, 5, 7)
    assert not Held(3, 3).ever
    assert not Held(known_from=3, known_to=3).ever
