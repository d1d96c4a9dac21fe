"""Which decision about two identities binds, who has to agree, and what may be seen of them: the plain rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from wholechild.people.deciding.decisions import (
    CANNOT_TELL,
    DIFFERENT,
    SAME,
    Decided,
    in_force,
    needs_second,
    pair_of,
)
from wholechild.people.deciding.showing import CLASS_OF, FIELDS, Cell

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


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
