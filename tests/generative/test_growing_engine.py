"""An engine that goes on with one record more answers, after each, as one that reads the whole history anew."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.generative.random_histories import ATOMS, WORDS, conditions, histories
from wholechild.patterns.clocks import deadline_for
from wholechild.patterns.engines.growing import GrowingEngine, grown, readings
from wholechild.patterns.engines.in_memory import InMemoryEngine
from wholechild.patterns.history import ChildHistory, Relevance, Scope
from wholechild.patterns.language.nodes import Atom, Condition

DEADLINE = deadline_for("england")
#: What the examples of this run have reached: atoms that were answered from memory, and those that a record had forgotten.
REACHED: Counter[str] = Counter()


def first(history: ChildHistory, several: int) -> ChildHistory:
    """The history with so many of its records."""
    scoped = {
        scope: tuple(pair for pair in pairs if pair[0] < several) for scope, pairs in history.scoped.items()
    }
    return replace(history, observations=history.observations[:several], scoped=scoped)


def relevant(history: ChildHistory, at: int) -> dict[Scope, list[Relevance]]:
    found = {scope: [r for i, r in pairs if i == at] for scope, pairs in history.scoped.items()}
    return {scope: relevances for scope, relevances in found.items() if relevances}


def in_words(history: ChildHistory, evidence: tuple[int, ...]) -> list[str]:
    return [history.observations[i].record for i in evidence]


@pytest.mark.parametrize("vague", [False, True])
@given(data=st.data())
def test_one_record_more_is_the_same_as_all_of_them_anew(vague: bool, data: st.DataObject) -> None:
    history = data.draw(histories(vague=vague))
    several = len(history.observations)
    asked: list[Condition] = data.draw(st.lists(conditions, min_size=1, max_size=3))
    asked += [data.draw(atom) for atom in ATOMS.values()]
    growing = GrowingEngine(first(history, 0), WORDS, DEADLINE)
    for number in range(several + 1):
        if number:
            scopes = relevant(history, number - 1)
            before = {id(c) for c in asked if growing.knows(c)}
            growing.grow(grown(growing.history, history.observations[number - 1], scopes, ()), scopes)
            for condition in asked:
                if id(condition) in before:
                    REACHED[
                        f"{type(condition).__name__} {'kept' if growing.knows(condition) else 'forgotten'}"
                    ] += 1
        anew = InMemoryEngine(first(history, number), WORDS, DEADLINE)
        for condition in asked if number == several else data.draw(st.permutations(asked)):
            truth = anew.evaluate(condition)
            assert growing.evaluate(condition) == truth
            for start, _ in truth.holds:
                assert in_words(growing.history, growing.evidence(condition, start)) == in_words(
                    anew.history, anew.evidence(condition, start)
                )


def test_each_atom_was_kept_and_each_that_reads_was_forgotten() -> None:
    """Runs after the first test of this page, on what its examples came to."""
    names = {atom.__name__ for atom in get_args(Atom)}
    assert {f"{name} kept" for name in names} <= set(REACHED), REACHED
    blind = {"AgeState", "AdultState", "LivesInState"}
    assert {f"{name} forgotten" for name in names - blind} <= set(REACHED), REACHED


def test_a_condition_that_is_not_known_is_not_read_at_all() -> None:
    with pytest.raises(TypeError, match="it is not known what a str reads"):
        readings("a condition")  # type: ignore[arg-type]
