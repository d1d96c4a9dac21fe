"""The columnar engines behind one door: a batch goes in, what is said of each case comes out."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import pytest

from tests.generative.batches import NATION, SHAPE, Answer, Batch
from tests.generative.random_histories import WORDS
from wholechild.patterns.columns import Shape, pseudonym, shape_for, tables_of
from wholechild.patterns.engines.columnar.compiling import Asked
from wholechild.patterns.engines.columnar.duckdb import connect, evaluate, register
from wholechild.patterns.engines.columnar.results import Doubted, Held, Rested, rested, truths
from wholechild.patterns.engines.in_memory import Words
from wholechild.patterns.history import ChildHistory
from wholechild.patterns.intervals import FALSE, Truth
from wholechild.patterns.language.nodes import Condition
from wholechild.patterns.library import engine_words


def answers(
    batch: Batch, holds: Iterable[Held], unsure: Iterable[Doubted], evidence: Iterable[Rested]
) -> dict[tuple[int, int], Answer]:
    """Rows back into answers; a lesson is called by its place, a child by its pseudonym."""
    records = {pseudonym("record", o.record, b""): o.record for h in batch.histories for o in h.observations}
    said = truths(holds, unsure, records)
    rests = rested(evidence, records)
    found = {}
    for c in range(len(batch.conditions)):
        for h, history in enumerate(batch.histories):
            child = pseudonym("child", history.child, b"")
            truth = said.get((str(c), child), FALSE)
            found[h, c] = Answer(
                truth, {start: rests.get((str(c), child, start), frozenset()) for start, _ in truth.holds}
            )
    return found


def of_pages(pages: Sequence[tuple[ChildHistory, Condition]], nation: str) -> list[Truth]:
    """One condition for each of these children, all of one area, with the vocabulary: the truths in the same order."""
    named = tuple(
        replace(
            history,
            child=f"c{i}",
            observations=tuple(replace(o, record=f"{i} {o.record}") for o in history.observations),
        )
        for i, (history, _) in enumerate(pages)
    )
    conditions = tuple(dict.fromkeys(condition for _, condition in pages))
    found = on_duckdb(Batch(named, conditions), engine_words(), shape_for(conditions), nation)
    return [_unnamed(found[i, conditions.index(condition)].truth) for i, (_, condition) in enumerate(pages)]


def _unnamed(truth: Truth) -> Truth:
    """The truth with the records called as they were."""
    return Truth(
        truth.holds,
        tuple(
            replace(u, reasons=frozenset(replace(r, about=r.about.split(" ")[-1]) for r in u.reasons))
            for u in truth.unsure
        ),
    )


def on_duckdb(
    batch: Batch, words: Words = WORDS, shape: Shape = SHAPE, nation: str = NATION
) -> dict[tuple[int, int], Answer]:
    connection = connect(memory="1GB", threads=1)
    try:
        register(connection, tables_of(batch.histories, shape, words))
        evaluate(connection, {str(i): Asked(c, nation) for i, c in enumerate(batch.conditions)}, words)
        return answers(
            batch,
            *(
                connection.execute(f"SELECT * FROM {table}").fetchall()
                for table in ("holds", "unsure", "evidence")
            ),
        )  # type: ignore[arg-type]
    finally:
        connection.close()


def on_spark(
    batch: Batch, words: Words = WORDS, shape: Shape = SHAPE, nation: str = NATION
) -> dict[tuple[int, int], Answer]:
    from wholechild.patterns.engines.columnar import spark as engine

    session = spark_session()
    engine.register(session, tables_of(batch.histories, shape, words))
    engine.evaluate(session, {str(i): Asked(c, nation) for i, c in enumerate(batch.conditions)}, words)
    return answers(
        batch,
        *(
            [tuple(row) for row in session.table(table).collect()]
            for table in ("holds", "unsure", "evidence")
        ),
    )  # type: ignore[arg-type]


@lru_cache(maxsize=1)
def spark_session() -> Any:
    """The one session of a run of the tests; where there is none to be had, what needs it is skipped."""
    pytest.importorskip("pyspark", reason="Apache Spark is not installed here: make spark")
    if not shutil.which("java") and "JAVA_HOME" not in os.environ:
        pytest.skip("Apache Spark needs Java 17, which is not installed here")
    from wholechild.patterns.engines.columnar.spark import session

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return session("local[2]", memory="1g", folder=tempfile.mkdtemp(prefix="wholechild-tests-spark-"))
