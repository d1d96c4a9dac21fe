"""Who is one person once people have decided: the plain rules, and that the order of deciding does not matter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wholechild.people.deciding.decisions import (
    CANNOT_TELL,
    DIFFERENT,
    SAME,
    Decided,
    in_force,
    needs_second,
    pair_of,
)
from wholechild.people.deciding.grouping import contradicting, grouped, named, torn
from wholechild.people.deciding.showing import CLASS_OF, FIELDS, Cell

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def apart(identity: str) -> str:
    return f"apart-{identity}"


def groups(base: dict[str, str], same: object = (), different: object = (), goes: object = ()) -> set[str]:
    return {"".join(sorted(g)) for g in grouped(base, same, different, goes, apart)}  # type: ignore[arg-type]


BASE = {"a": "P", "b": "P", "c": "Q", "d": "P"}


def test_without_decisions_everybody_is_who_machines_say() -> None:
    assert groups(BASE) == {"abd", "c"}


def test_to_decide_the_same_joins_whole_groups() -> None:
    assert groups(BASE, same=[("a", "c")]) == {"abcd"}


def test_those_who_are_sent_away_go_together_and_the_others_stay() -> None:
    assert groups(BASE, different=[("a", "b"), ("b", "d")], goes={"b"}) == {"ad", "b", "c"}
    assert groups(BASE, different=[("a", "b"), ("a", "d")], goes={"b", "d"}) == {"a", "bd", "c"}


def test_who_arrives_later_stays_with_those_who_stayed() -> None:
    """`b` was sent away from `c`; then machines link `a` and `d` to the person who stayed."""
    base = {"a": "P", "b": "P", "c": "P", "d": "P"}
    assert groups(base, different=[("b", "c")], goes={"b"}) == {"acd", "b"}


def test_who_is_linked_to_somebody_sent_away_goes_there() -> None:
    base = {"b": "P", "c": "P", "e": apart("b")}
    found = grouped(base, [], [("b", "c")], {"b"}, apart)
    assert {"".join(sorted(g)) for g in found} == {"be", "c"}
    assert named(found, base, {"b"}, apart) == {"b": apart("b"), "e": apart("b"), "c": "P"}


def test_the_person_stays_with_those_whom_nobody_sent_away() -> None:
    base = {"a": "P", "b": "P"}
    for goes, stays in (("a", "b"), ("b", "a")):
        found = grouped(base, [], [("a", "b")], {goes}, apart)
        assert named(found, base, {goes}, apart) == {stays: "P", goes: apart(goes)}


def test_a_contradiction_and_a_tear_are_noticed() -> None:
    found = grouped(BASE, [("a", "c"), ("b", "c")], [("a", "b")], (), apart)
    assert contradicting(found, [("a", "b")]) == [("a", "b")]
    before, after = [frozenset("ab"), frozenset("c")], [frozenset("a"), frozenset("bc")]
    assert torn(before, after) == [("a", "b")]
    assert torn(after, [frozenset("abc")]) == []


NAMES = "abcdef"
PAIRS = list(combinations(NAMES, 2))


@st.composite
def worlds(draw: st.DrawFn) -> tuple[dict[str, str], list[tuple[str, str]], list[tuple[str, str]]]:
    base = {name: draw(st.sampled_from("PQR")) for name in NAMES}
    said = draw(
        st.lists(st.tuples(st.sampled_from(PAIRS), st.booleans()), max_size=5, unique_by=lambda s: s[0])
    )
    return base, [p for p, is_same in said if is_same], [p for p, is_same in said if not is_same]


@given(worlds())
def test_everybody_is_somebody_exactly_once_and_no_two_groups_share_a_person(
    world: tuple[dict[str, str], list[tuple[str, str]], list[tuple[str, str]]],
) -> None:
    base, same, different = world
    found = grouped(base, same, different, (), apart)
    assert sorted(identity for group in found for identity in group) == sorted(base)
    persons = named(found, base, (), apart)
    assert all(len({persons[i] for i in group}) == 1 for group in found)
    assert len({persons[min(group)] for group in found}) == len(found)
    home = {identity: group for group in found for identity in group}
    assert all(home[one] is home[other] for one, other in same)
    forced = set(contradicting(found, different))
    bound = grouped({n: n for n in NAMES}, same, (), (), apart)
    joined = {identity: group for group in bound for identity in group}
    assert all(joined[one] is joined[other] for one, other in forced), (
        "only what people said joins what people parted"
    )


# -- which decision counts -----------------------------------------------------------------------------------------------


def said(
    key: str, decision: str, hour: int, *, two: bool = False, second: int = 0, undone: int = 0
) -> Decided:
    return Decided(
        key, ("a", "b"), decision, "why", two, AT + timedelta(hours=hour), "one",
        seconded_at=AT + timedelta(hours=second) if second else None, seconded_by="two" if second else "",
        undone_at=AT + timedelta(hours=undone) if undone else None,
    )  # fmt: skip


def counts(*decided: Decided) -> str:
    found = in_force(decided)
    return found[("a", "b")].decision if found else ""


def test_which_decision_counts() -> None:
    assert counts(said("1", SAME, 1)) == SAME
    assert counts(said("1", SAME, 1, undone=2)) == ""
    assert counts(said("1", DIFFERENT, 1, two=True)) == "", "one person alone splits nobody"
    assert counts(said("1", DIFFERENT, 1, two=True, second=2)) == DIFFERENT
    assert counts(said("1", SAME, 1), said("2", DIFFERENT, 2)) == DIFFERENT
    assert counts(said("1", SAME, 3), said("2", DIFFERENT, 2, two=True, second=4)) == DIFFERENT, (
        "from when it is complete"
    )
    assert counts(said("1", SAME, 1), said("2", DIFFERENT, 2, undone=3)) == "", (
        "what came before does not come back"
    )


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_order_in_which_they_are_read_does_not_matter(order: tuple[int, ...]) -> None:
    three = [said("1", SAME, 1), said("2", DIFFERENT, 2), said("3", SAME, 3)]
    assert counts(*(three[n] for n in order)) == SAME


def test_when_a_second_person_is_needed() -> None:
    two = said("1", DIFFERENT, 1, two=True, second=2)
    assert needs_second(DIFFERENT, splits=True, sealed=False, replaces=None)
    assert needs_second(SAME, splits=False, sealed=True, replaces=None)
    assert needs_second(SAME, splits=False, sealed=False, replaces=two)
    assert needs_second(CANNOT_TELL, splits=False, sealed=False, replaces=two)
    assert not needs_second(SAME, splits=False, sealed=False, replaces=None)
    assert not needs_second(DIFFERENT, splits=False, sealed=True, replaces=None)


def test_a_pair_is_kept_in_one_order() -> None:
    assert pair_of("b", "a") == pair_of("a", "b") == ("a", "b")


def test_a_cell_that_may_not_be_seen_holds_nothing() -> None:
    assert Cell("NM1 2AB", may_see=False) == Cell("", may_see=False)
    assert {f for f, c in CLASS_OF.items() if c == "place"} >= {"postcode", "address", "uprn", "phones"}
    assert set(FIELDS) == set(CLASS_OF)
