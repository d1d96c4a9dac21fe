"""What the checker says can never hold never holds, whatever the family."""

from __future__ import annotations

from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.generative.random_histories import atoms, counts, histories
from tests.generative.test_engine_relations import truth
from wholechild.lib.civil import DAY
from wholechild.patterns.history import ChildHistory
from wholechild.patterns.language.never import never_together
from wholechild.patterns.language.nodes import (
    Absence,
    AgeRange,
    AgeState,
    All,
    Any,
    Condition,
    Count,
    Not,
    Unless,
)


@st.composite
def crowded(draw: st.DrawFn) -> tuple[Condition, ...]:
    """Parts of an `all` that are near to one another, so that they often shut each other out."""
    one = draw(st.one_of(atoms, counts(), ages()))
    near = st.one_of(st.just(one), _like(one), ages() if isinstance(one, AgeState) else _like(one))
    other = draw(near)
    turned = draw(st.sampled_from((other, Not(other), Unless(other), Unless(Not(other)), Not(Unless(other)))))
    third = draw(near)
    choices = (
        turned,
        turned,
        Any((turned, draw(st.sampled_from((third, Not(third)))))),
        All((turned, third)),
    )
    parts = [one, draw(st.sampled_from(choices))]
    return tuple(draw(st.permutations(parts)))


@st.composite
def ages(draw: st.DrawFn) -> AgeState:
    start = draw(st.integers(0, 20))
    end = draw(st.one_of(st.none(), st.integers(start + 1, 40)))
    return AgeState(AgeRange(start * DAY, None if end is None else end * DAY))


@st.composite
def _like(draw: st.DrawFn, one: Condition) -> Condition:
    """A count that asks for less or more, and an absence of the same."""
    if not isinstance(one, Count):
        return one
    window = draw(st.one_of(st.none(), st.integers(1, 20)))
    if draw(st.booleans()):
        lasting = draw(st.integers(1, 20)) * DAY
        return Absence(one.selection, one.about, lasting, None, one.covered_by or ("gp",))
    least = draw(st.integers(1, 3))
    return Count(
        one.selection, one.about, least, None if window is None else window * DAY, (), one.covered_by
    )


@settings(max_examples=150)
@given(histories(vague=False), crowded())
def test_what_can_never_hold_never_holds(history: ChildHistory, parts: tuple[Condition, ...]) -> None:
    _look(history, parts)


@settings(max_examples=150)
@given(histories(vague=True), crowded())
def test_nor_where_dates_are_vague(history: ChildHistory, parts: tuple[Condition, ...]) -> None:
    _look(history, parts)


def _look(history: ChildHistory, parts: tuple[Condition, ...]) -> None:
    clash = never_together(parts)
    event("never" if clash else "perhaps")
    if clash:
        assert truth(history, All(parts)).holds == (), clash
