"""Random cases in batches, as the columnar engines like them: many histories under one coverage, several conditions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from random import Random
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.generative.kept_cases import as_python
from tests.generative.random_histories import WORDS
from wholechild.patterns.clocks import deadline_for
from wholechild.patterns.columns import Shape
from wholechild.patterns.engines.in_memory import InMemoryEngine
from wholechild.patterns.history import ChildHistory
from wholechild.patterns.intervals import Truth
from wholechild.patterns.language.nodes import All, Any, Condition, Not, Unless

T = TypeVar("T")
#: How many cases each engine was compared on in this run.
compared: Counter[str] = Counter()
SHAPE = Shape(("alcohol",), ("kg",))
NATION = "england"


@dataclass(frozen=True)
class Batch:
    """Histories of children of one area, and the conditions that are asked of each."""

    histories: tuple[ChildHistory, ...]
    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class Answer:
    """What an engine says of one child: the truth, and on which records each match rests when it begins."""

    truth: Truth
    evidence: dict[int, frozenset[str]]


#: A columnar engine: the answers for each history (by its place) and each condition (by its place).
Engine = Callable[[Batch], dict[tuple[int, int], Answer]]


def drawn(strategy: st.SearchStrategy[T], count: int, number: int) -> list[T]:
    """So many values of a strategy; the same for the same number."""
    found: list[T] = []

    @seed(number)
    @settings(
        max_examples=count, phases=[Phase.generate], database=None, deadline=None, derandomize=False,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(strategy)
    def gather(value: T) -> None:
        found.append(value)

    gather()
    return found[:count]


def composed(atoms: st.SearchStrategy[Condition], count: int, number: int) -> list[Condition]:
    """So many conditions of several atoms under up to three words of logic, every word as likely.

    The atoms are drawn, but put together here: hypothesis keeps away from large values, and so from `all` and `any`.
    """
    chance = Random(number)
    pool = drawn(atoms, 3 * count, number)

    def some(depth: int) -> Condition:
        if depth == 0 or chance.random() < 0.25:
            return chance.choice(pool)
        word = chance.choice((All, All, Any, Any, Not, Unless))
        if word in (Not, Unless):
            return word(some(depth - 1))  # type: ignore[arg-type]
        return word(tuple(some(depth - 1) for _ in range(chance.choice((2, 2, 3)))))  # type: ignore[arg-type]

    def deep() -> Iterator[Condition]:
        while True:
            if isinstance(found := some(chance.choice((1, 2, 2, 3))), All | Any | Not | Unless):
                yield found

    return list(islice(deep(), count))


def batch(histories: st.SearchStrategy[ChildHistory], atoms: st.SearchStrategy[Condition], number: int,
          *, several: int, of_each: int, alone: bool = True) -> Batch:  # fmt: skip
    """A batch by its number: atoms alone, or conditions made of them. One of the histories gives the coverage for all."""
    found = drawn(histories, several, number)
    coverage = max((h.coverage for h in found[:4]), key=len)
    return Batch(
        tuple(replace(h, child=f"c{i}", coverage=coverage) for i, h in enumerate(found)),
        tuple((drawn if alone else composed)(atoms, of_each, number)),
    )


def reference(history: ChildHistory, condition: Condition) -> Answer:
    """What the reference engine says."""
    engine = InMemoryEngine(history, WORDS, deadline_for(NATION))
    truth = engine.evaluate(condition)
    return Answer(
        truth,
        {
            start: frozenset(history.observations[i].record for i in engine.evidence(condition, start))
            for start, _ in truth.holds
        },
    )


def differences(batch: Batch, engine: Engine) -> Iterator[tuple[ChildHistory, Condition]]:
    """The cases of the batch on which the engine does not say exactly what the reference says."""
    answers = engine(batch)
    for c, condition in enumerate(batch.conditions):
        for h, history in enumerate(batch.histories):
            if answers[h, c] != reference(history, condition):
                yield history, condition


def one(history: ChildHistory, condition: Condition, engine: Engine) -> Answer:
    return engine(Batch((history,), (condition,)))[0, 0]


def differs(history: ChildHistory, condition: Condition, engine: Engine) -> bool:
    return one(history, condition, engine) != reference(history, condition)


# -- shrinking --------------------------------------------------------------------------------------------------------


def shrunk(history: ChildHistory, condition: Condition, engine: Engine) -> tuple[ChildHistory, Condition]:
    """The smallest case that we find on which the engine still differs."""
    for smaller in _smaller(history, condition):
        if differs(*smaller, engine):
            return shrunk(*smaller, engine)
    return history, condition


def _smaller(history: ChildHistory, condition: Condition) -> Iterator[tuple[ChildHistory, Condition]]:
    for part in _parts(condition):
        yield history, part
    for i in range(len(history.observations)):
        yield _without(history, i), condition
    for name in ("coverage", "adults", "areas"):
        several: Sequence[object] = getattr(history, name)
        for i in range(len(several)):
            yield replace(history, **{name: (*several[:i], *several[i + 1 :])}), condition  # type: ignore[arg-type]
    for scope, pairs in history.scoped.items():
        for i in range(len(pairs)):
            yield replace(history, scoped={**history.scoped, scope: (*pairs[:i], *pairs[i + 1 :])}), condition
    if history.died is not None:
        yield replace(history, died=None), condition


def _parts(condition: Condition) -> Iterator[Condition]:
    parts = getattr(condition, "parts", ())
    yield from parts
    if hasattr(condition, "part"):
        yield condition.part
        for smaller in _parts(condition.part):
            yield type(condition)(smaller)  # type: ignore[call-arg, arg-type]
    for i in range(len(parts) if len(parts) > 2 else 0):
        yield type(condition)((*parts[:i], *parts[i + 1 :]))  # type: ignore[call-arg, arg-type]
    for i, part in enumerate(parts):
        for smaller in _parts(part):
            yield type(condition)((*parts[:i], smaller, *parts[i + 1 :]))  # type: ignore[call-arg, arg-type]


def _without(history: ChildHistory, gone: int) -> ChildHistory:
    return replace(
        history,
        observations=(*history.observations[:gone], *history.observations[gone + 1 :]),
        scoped={
            scope: tuple((i - (i > gone), r) for i, r in pairs if i != gone)
            for scope, pairs in history.scoped.items()
        },
    )


def compare(name: str, found: Batch, engine: Engine) -> None:
    """Fail with the smallest case we can find on which the engine differs; else count what was compared."""
    for history, condition in differences(found, engine):
        smaller = shrunk(history, condition, engine)
        pytest.fail(
            f"{as_python(*smaller)}\nsays       {one(*smaller, engine)}\nshould say {reference(*smaller)}"
        )
    compared[name] += len(found.histories) * len(found.conditions)
