"""The main path of a backtest: a lesson's text and a snapshot in, a report out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import duckdb

from wholechild.lib.civil import day_of, day_start
from wholechild.patterns.backtest import measures
from wholechild.patterns.backtest.report import Against, Ground, Report, Tried
from wholechild.patterns.backtest.withheld import withheld
from wholechild.patterns.engines.columnar.compiling import Asked
from wholechild.patterns.engines.columnar.duckdb import evaluate
from wholechild.patterns.language.lesson import Lesson, read_lesson
from wholechild.patterns.language.nodes import Selection
from wholechild.patterns.library import engine_words
from wholechild.patterns.snapshots import Snapshot
from wholechild.vocabulary.terms import vocabulary

#: Under these names the versions stand beside the lessons of the library; no lesson's id has such a sign.
TRIED: Final = "@tried"
AGAINST: Final = "@against"

#: Told how far a backtest is: (steps done, steps in all, what comes now).
Progress = Callable[[int, int, str], None]


class LessonRefused(ValueError):
    """A lesson that cannot be tried: the message lists every fault with its line and what to do."""


@dataclass(frozen=True, slots=True)
class Version:
    """A lesson as it was read, with the hash of its text."""

    lesson: Lesson
    sha256: str

    @property
    def tried(self) -> Tried:
        return Tried(self.lesson.id, self.lesson.version, self.lesson.title, self.sha256)


def read_version(text: str, file: str) -> Version:
    """The lesson in a text. Errors: LessonRefused."""
    lesson, faults = read_lesson(text, file, vocabulary())
    if lesson is None:
        raise LessonRefused("\n".join(str(fault) for fault in faults))
    return Version(lesson, sha256(text.encode()).hexdigest())


def backtest(
    snapshot: Snapshot,
    tried: Version,
    library: Sequence[Lesson],
    *,
    against: Version | None = None,
    years: int = 3,
    progress: Progress = lambda done, of, words: None,
) -> Report:
    """Try a lesson on a snapshot: what would it have done over the last `years`?

    Shape    figures that point at few children are withheld. The span ends when anything was last learnt.
    """
    others = {lesson.id: lesson for lesson in library if lesson.id != tried.lesson.id}
    versions = {TRIED: tried, **({AGAINST: against} if against else {})}
    asked = {name: version.lesson for name, version in versions.items()} | others
    start, end = span_of(snapshot, years)
    with (
        TemporaryDirectory(prefix="wholechild-backtest-") as spill,
        snapshot.connect(spill=Path(spill)) as connection,
    ):
        progress(0, 3, f"Asking {len(asked)} lessons about {snapshot.manifest.children:,} children")
        questions = {name: Asked(lesson.condition, lesson.nations[0]) for name, lesson in asked.items()}
        evaluate(connection, questions, engine_words())
        progress(1, 3, "Counting")
        measures.prepare(connection, day_start(start), day_start(end))
        report = measured(
            connection, ground_of(connection, snapshot, tried.lesson, start, end), versions, others
        )
        progress(2, 3, "Withholding what would point at few children")
        return withheld(report)


def span_of(snapshot: Snapshot, years: int) -> tuple[date, date]:
    """[start, end) of the figures: whole years back from the day after the last one on which anything was learnt."""
    end = day_of(snapshot.manifest.heard_to) + timedelta(days=1)
    return end - timedelta(days=round(365.25 * years)), end


def ground_of(
    connection: duckdb.DuckDBPyConnection, snapshot: Snapshot, lesson: Lesson, start: date, end: date
) -> Ground:
    """What the figures stand on."""
    manifest = snapshot.manifest
    counted = "SELECT count(*), count(*) FILTER (followed) FROM people"
    persons, children = connection.execute(counted).fetchall()[0]
    unread = tuple(sorted(kinds_asked(lesson.condition) & set(manifest.left_out)))
    return Ground(
        manifest.id, manifest.as_of, manifest.ledger, start, end, persons, children, manifest.truth, unread
    )


def kinds_asked(condition: Any) -> frozenset[str]:
    """Every kind of record that any part of a condition asks for."""
    return frozenset(kind for selection in _selections(condition) for kind in selection.kinds)


def _selections(node: Any) -> Iterator[Selection]:
    if isinstance(node, Selection):
        yield node
    elif is_dataclass(node):
        for one in fields(node):
            yield from _selections(getattr(node, one.name))
    elif isinstance(node, tuple):
        for part in node:
            yield from _selections(part)


def measured(
    connection: duckdb.DuckDBPyConnection,
    ground: Ground,
    versions: Mapping[str, Version],
    others: Mapping[str, Lesson],
) -> Report:
    """Every figure, from the relations that an engine left; nothing is withheld yet."""
    true = ground.made_up
    return Report(
        tried=versions[TRIED].tried,
        ground=ground,
        rate=measures.rate(connection, TRIED),
        alerted=measures.alerted(connection, TRIED),
        by_area=measures.by_area(connection, TRIED),
        by_age=measures.by_age(connection, TRIED),
        by_sector=measures.by_sector(connection, TRIED),
        leads=measures.leads(connection, TRIED),
        truth=measures.truth(connection, TRIED) if true else None,
        overlaps=measures.overlaps(connection, TRIED, {id: lesson.title for id, lesson in others.items()}),
        cannot_tell=measures.cannot_tell(connection, TRIED),
        fairness=measures.fairness(connection, TRIED, with_truth=true),
        against=_against(connection, versions[AGAINST].tried, true) if AGAINST in versions else None,
    )


def _against(connection: duckdb.DuckDBPyConnection, tried: Tried, true: bool) -> Against:
    return Against(
        tried, measures.rate(connection, AGAINST), measures.truth(connection, AGAINST) if true else None,
        measures.cannot_tell(connection, AGAINST), *measures.changed(connection, TRIED, AGAINST),
    )  # fmt: skip
