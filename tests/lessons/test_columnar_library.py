"""The whole library on the columnar engine: of every example and every quiet family it says what the reference says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import groupby
from pathlib import Path

import pytest

from wholechild.patterns.columns import pseudonym, shape_for, tables_of
from wholechild.patterns.engines.columnar.compiling import Asked
from wholechild.patterns.engines.columnar.duckdb import connect, evaluate, register
from wholechild.patterns.engines.columnar.results import rested, truths
from wholechild.patterns.history import ChildHistory
from wholechild.patterns.intervals import FALSE
from wholechild.patterns.library import Engines, Library, engine_words, read_library

ROOT = Path(__file__).resolve().parents[2]


@lru_cache(maxsize=1)
def library() -> Library:
    return read_library(ROOT / "lessons")


def areas() -> Iterator[tuple[ChildHistory, ...]]:
    """The families, those under the same coverage together, each child with a name of her own."""
    families = [*(family for folder in library().lessons for family in folder.examples), *library().quiet]
    several = [replace(family.history, child=f"c{i}") for i, family in enumerate(families)]
    for _, group in groupby(sorted(several, key=lambda h: repr(h.coverage)), key=lambda h: h.coverage):
        yield tuple(
            replace(
                history,
                observations=tuple(
                    replace(o, record=f"{history.child} {o.record}") for o in history.observations
                ),
            )
            for history in group
        )


@pytest.mark.slow
def test_examples_and_quiet_families_are_the_same_on_duckdb() -> None:
    lessons = [folder.lesson for folder in library().lessons]
    asked = {lesson.id: Asked(lesson.condition, lesson.nations[0]) for lesson in lessons}
    shape = shape_for(question.condition for question in asked.values())
    for histories in areas():
        connection = connect(memory="1GB")
        register(connection, tables_of(histories, shape, engine_words()))
        evaluate(connection, asked, engine_words())
        holds, unsure, evidence = (
            connection.execute(f"SELECT * FROM {table}").fetchall()
            for table in ("holds", "unsure", "evidence")
        )
        records = {pseudonym("record", o.record, b""): o.record for h in histories for o in h.observations}
        said, rests = truths(holds, unsure, records), rested(evidence, records)
        for history in histories:
            engines, child = Engines(history), pseudonym("child", history.child, b"")
            for lesson in lessons:
                truth = engines.of(lesson).evaluate(lesson.condition)
                assert said.get((lesson.id, child), FALSE) == truth, (lesson.id, history.child)
                for start, _ in truth.holds:
                    basis = engines.of(lesson).evidence(lesson.condition, start)
                    expected = frozenset(history.observations[i].record for i in basis)
                    assert rests.get((lesson.id, child, start), frozenset()) == expected, (
                        lesson.id,
                        history.child,
                    )
        connection.close()
