"""The reference engine against the plain definition, on random small histories and conditions, at every noon of two months."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from tests.generative.oracle import Answer, Oracle
from tests.generative.random_histories import (
    ASSERTS,
    ATOMS,
    DIMENSION,
    KINDS,
    KINDS_FOR,
    WORDS,
    at,
    conditions,
    histories,
)
from wholechild.lib.civil import DAY, day_of
from wholechild.patterns.clocks import deadline_for
from wholechild.patterns.engines.in_memory import InMemoryEngine
from wholechild.patterns.history import ChildHistory
from wholechild.patterns.language.nodes import Condition

NOONS = [at(day) + DAY // 2 for day in range(-3, 48)]
#: The bank holidays of England in the weeks that the histories cover, written out by hand.
HOLIDAYS = {date(2010, 12, 27), date(2010, 12, 28), date(2011, 1, 3)}


def works(instant: int) -> bool:
    day = day_of(instant)
    return day.weekday() < 5 and day not in HOLIDAYS


def said_by_engine(history: ChildHistory, condition: Condition) -> list[Answer]:
    truth = InMemoryEngine(history, WORDS, deadline_for("england")).evaluate(condition)
    return [
        Answer.HOLDS if truth.holds_at(t) else Answer.CANNOT_TELL if truth.reasons_at(t) else Answer.NO
        for t in NOONS
    ]


def said_by_oracle(history: ChildHistory, condition: Condition) -> list[Answer]:
    oracle = Oracle(history, DIMENSION, ASSERTS, WORDS.agency_kind, works)
    return [oracle.answer(condition, t) for t in NOONS]


def compare(history: ChildHistory, condition: Condition, *, exactly: bool) -> None:
    """`exactly`: the same answer everywhere. Else the engine may doubt where the definition does not, and nothing more."""
    engine, oracle = said_by_engine(history, condition), said_by_oracle(history, condition)
    for t, ours, theirs in zip(NOONS, engine, oracle, strict=True):
        if ours is theirs or (not exactly and ours is Answer.CANNOT_TELL):
            continue
        note(f"{history}\n{condition}")
        pytest.fail(
            f"at noon of day {(t - at(0)) // DAY} the engine says {ours.name}, the definition {theirs.name}"
        )


@pytest.mark.parametrize("atom", ATOMS)
@given(data=st.data())
def test_with_exact_dates_the_engine_says_what_the_definition_says(atom: str, data: st.DataObject) -> None:
    compare(
        data.draw(histories(KINDS_FOR.get(atom, KINDS), vague=False)), data.draw(ATOMS[atom]), exactly=True
    )


#: Here two vague bounds are read one by one (may it follow? may it still be in view?), so the engine may doubt where no one
#: world has both. It errs on the side of saying that it cannot tell.
READ_ONE_BY_ONE = ("sequence", "trend", "unanswered")


@pytest.mark.parametrize("atom", ATOMS)
@given(data=st.data())
def test_with_vague_dates_it_never_says_more_than_the_definition(atom: str, data: st.DataObject) -> None:
    history = data.draw(histories(KINDS_FOR.get(atom, KINDS), vague=True))
    compare(history, data.draw(ATOMS[atom]), exactly=atom not in READ_ONE_BY_ONE)


@given(history=histories(vague=False), condition=conditions)
def test_conditions_made_of_several(history: ChildHistory, condition: Condition) -> None:
    compare(history, condition, exactly=True)


@given(history=histories(vague=True), condition=conditions)
def test_vague_conditions_made_of_several(history: ChildHistory, condition: Condition) -> None:
    compare(history, condition, exactly=False)
