"""An engine that goes on with one record more answers, after each, as one that reads the whole history anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.generative.random_histories import ATOMS, WORDS, conditions, histories
from wholechild.lib.civil import DAY
from wholechild.patterns.clocks import deadline_for
from wholechild.patterns.engines.growing import GrowingEngine, grown, readings
from wholechild.patterns.engines.in_memory import InMemoryEngine
from wholechild.patterns.history import ChildHistory, Observation, Relevance, Scope
from wholechild.patterns.language.nodes import Atom, Condition, Count, Selection, Sequence, Step

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


def some_of(asked: list[Condition]) -> st.SearchStrategy[list[Condition]]:
    """Some of them: the others are overtaken by more than one record before they are asked again."""
    return st.lists(st.sampled_from(asked), unique_by=id)


def selections_in(node: object) -> Iterator[Selection]:
    """Every selection that stands anywhere in a condition, whatever its field is called."""
    if isinstance(node, Selection):
        yield node
    elif isinstance(node, tuple):
        for part in node:
            yield from selections_in(part)
    elif is_dataclass(node):
        for one in fields(node):
            yield from selections_in(getattr(node, one.name))


@given(condition=st.one_of(conditions, *ATOMS.values()))
def test_a_condition_reads_every_selection_that_stands_in_it(condition: Condition) -> None:
    assert {reading.selection for reading in readings(condition)} == set(selections_in(condition))


def test_two_records_before_the_next_question_are_both_counted() -> None:
    of = Selection(("bruise",), frozenset({"bruise"}))
    counts = [Count(of, Scope.CHILD, least, 10 * DAY) for least in (1, 2)]
    empty = ChildHistory("child", (), dict.fromkeys(Scope, ()), born=(0, DAY))
    growing = GrowingEngine(empty, WORDS, DEADLINE)
    assert not any(growing.evaluate(count).holds for count in counts)
    always = {Scope.CHILD: [Relevance(0)]}
    for day in (100, 103, 300):
        seen = Observation(
            f"r{day}", "bruise", "police", "police/A", "A", day * DAY, (day + 1) * DAY, day * DAY
        )
        growing.grow(grown(growing.history, seen, always, ()), always)
    one, two = (growing.evaluate(count).holds for count in counts)
    assert one == ((100 * DAY, 113 * DAY), (300 * DAY, 310 * DAY))
    assert two == ((103 * DAY, 110 * DAY),)


def test_a_sequence_whose_beginning_comes_last_is_seen() -> None:
    steps = tuple(Step(Selection((kind,), frozenset({kind})), 10 * DAY) for kind in ("bruise", "missed"))
    sequence = Sequence(steps, Scope.CHILD, 30 * DAY)
    empty = ChildHistory("child", (), dict.fromkeys(Scope, ()), born=(0, DAY))
    growing = GrowingEngine(empty, WORDS, DEADLINE)
    always = {Scope.CHILD: [Relevance(0)]}
    for kind, day in (("missed", 105), ("bruise", 100)):
        assert growing.evaluate(sequence).holds == ()
        seen = Observation(kind, kind, "police", "police/A", "A", day * DAY, (day + 1) * DAY, 110 * DAY)
        growing.grow(grown(growing.history, seen, always, ()), always)
    assert growing.evaluate(sequence).holds == ((110 * DAY, 135 * DAY),)


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
        for condition in asked if number == several else data.draw(some_of(asked)):
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
