"""The columnar engine says exactly what the reference engine says: the same spans, the same reasons, the same evidence.

Histories are drawn in batches, since one run of SQL answers for many children. `HYPOTHESIS_PROFILE` says how many batches;
`WHOLECHILD_SEED` moves them all. A case that differs is shrunk to one history and one condition and printed as Python: put it
into a file of tests/generative/kept/, and it is tried for ever on every engine.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any

import pytest

from tests.generative.batches import (
    Batch,
    batch,
    compare,
    composed,
    differences,
    drawn,
    shrunk,
)
from tests.generative.columnar_engines import on_duckdb
from tests.generative.kept_cases import as_python, case_of
from tests.generative.random_histories import ATOMS, KINDS, KINDS_FOR, atoms, histories
from wholechild.lib.civil import DAY
from wholechild.patterns.history import Scope
from wholechild.patterns.language import nodes
from wholechild.patterns.language.nodes import Count, Distinct

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "short")
SEED = int(os.environ.get("WHOLECHILD_SEED", "0"))
#: How many batches for each atom, and for conditions made of several; of how many histories; of how many conditions.
TRIED = {
    "short": (1, 2, 40, 6),
    "unshrunk": (1, 2, 40, 6),
    "middle": (2, 10, 80, 10),
    "long": (50, 200, 80, 10),
}
SEVERAL = "several"
WHAT = {**ATOMS, SEVERAL: atoms}


@pytest.mark.parametrize("what", WHAT)
def test_duckdb_says_what_the_reference_says(what: str) -> None:
    of_atoms, of_several, children, asked = TRIED[PROFILE]
    kinds = KINDS_FOR.get(what, KINDS)
    for number in range(of_several if what == SEVERAL else of_atoms):
        drawn_from = SEED * 1_000_003 + number
        found = batch(
            histories(kinds, vague=number % 3 < 2),
            WHAT[what],
            drawn_from,
            several=children,
            of_each=asked,
            alone=what != SEVERAL,
        )
        compare("duckdb", found, on_duckdb)


# -- the tests themselves -------------------------------------------------------------------------------------------------


def test_a_planted_difference_is_found_and_shrunk_to_one_record() -> None:
    """The harness, with an engine that forgets that a window ends."""

    def forgetful(asked: Batch) -> Any:
        longer = [
            replace(c, within=c.within + DAY) if isinstance(c, Count) and c.within else c
            for c in asked.conditions
        ]
        return on_duckdb(Batch(asked.histories, tuple(longer)))

    found = batch(histories(vague=True), ATOMS["count"], 1, several=40, of_each=12)
    history, condition = next(iter(differences(found, forgetful)))
    smaller, _ = shrunk(history, condition, forgetful)
    assert len(smaller.observations) <= 2
    assert case_of(as_python(smaller, condition)) == (smaller, condition)


def every_value(value: object) -> Iterator[tuple[str, object]]:
    """(class.field, value) for everything inside a condition."""
    if is_dataclass(value):
        for field in fields(value):
            inner = getattr(value, field.name)
            yield f"{type(value).__name__}.{field.name}", inner
            yield from every_value(inner)
    elif isinstance(value, tuple | frozenset):
        for inner in value:
            yield from every_value(inner)


def test_every_node_scope_and_filter_is_drawn() -> None:
    """Whatever the language can say is said by some drawn condition; a node that is added must be added there too."""
    asked = [c for strategy in ATOMS.values() for c in drawn(strategy, 120, 7)] + composed(atoms, 40, 7)
    seen = [pair for condition in asked for pair in every_value(condition)]
    kinds = {type(c).__name__ for c in asked} | {name.split(".")[0] for name, _ in seen}
    language = {
        name
        for name, thing in vars(nodes).items()
        if is_dataclass(thing) and thing.__module__ == nodes.__name__
    }
    assert language - kinds == set()
    values: dict[str, set[object]] = {}
    for name, value in seen:
        values.setdefault(name, set()).add(
            value if isinstance(value, bool | Enum) else value is None or value == frozenset() or value == ()
        )
    assert {scope for name, found in values.items() if name.endswith(".about") for scope in found} == set(
        Scope
    )
    assert {
        what for c in asked for name, pairs in every_value(c) if name == "Count.distinct" for what, _ in pairs
    } == set(Distinct)  # type: ignore[union-attr]
    either_way = {name for name, found in values.items() if found == {True, False}}
    assert {
        "Selection.sectors", "Selection.agency_kinds", "Selection.informants", "Selection.values", "Selection.measures",
        "Selection.child_age", "NumberRange.least", "NumberRange.most", "AgeRange.end", "Count.within", "Count.distinct",
        "Absence.since", "Clock.working_days", "Unanswered.remembered", "Trend.rises", "Trend.percent", "Trend.amount",
        "Contradiction.within", "Contradiction.different_agencies", "AdultState.arrived_within",
    } - either_way == set()  # fmt: skip


def test_every_kind_of_history_is_drawn() -> None:
    found = drawn(histories(vague=True), 200, 7)
    assert {scope for h in found for scope, pairs in h.scoped.items() if pairs} == set(Scope)
    assert {h.born is None for h in found} == {h.died is None for h in found} == {True, False}
    assert {r.certain for h in found for pairs in h.scoped.values() for _, r in pairs} == {True, False}
    assert {bool(c.area) for h in found for c in h.coverage} == {True, False}
    assert any(len({r for i, r in pairs if i == 0}) > 1 for h in found for pairs in h.scoped.values())
