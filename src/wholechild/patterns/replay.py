"""Replay of a published chronology: what could have been seen, from which day, had the records been shared when written.

A replay is not evidence of prediction. It shows when a person could have been asked to look, and it is read together
with how often the same lessons speak about ordinary families (docs/explanation/replays.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from wholechild.lib.civil import DAY, civil, day_of, day_start
from wholechild.patterns.engines.in_memory import InMemoryEngine
from wholechild.patterns.explain import Explanation, explain
from wholechild.patterns.history import ChildHistory, Observation
from wholechild.patterns.intervals import Reason, clipped
from wholechild.patterns.joining import Linked, join
from wholechild.patterns.language.lesson import Lesson
from wholechild.patterns.library import Engines
from wholechild.people.declared import declared_family
from wholechild.records.facts import Record
from wholechild.records.feeds.chronology import ParsedChronology, ParsedEvent


@dataclass(frozen=True, slots=True)
class ReplayMatch:
    """One unbroken spell in which a lesson holds.

    Missing  `held_to` None: it still holds when the replay ends. `days_before_outcome` None: the file names no outcome;
             negative: after it. `alone` maps every contributing agency to the first day on which its own records alone
             would have shown it, None: never.
    """

    lesson: Lesson
    held_from: date
    held_to: date | None
    days_before_outcome: int | None
    explanation: Explanation
    observations: tuple[Observation, ...]
    alone: dict[str, date | None]

    @property
    def needed_more_than_one(self) -> bool:
        """Two or more agencies contributed, and no single one could see it as early."""
        seen = [day for day in self.alone.values() if day is not None]
        return len(self.alone) > 1 and all(day > self.held_from for day in seen)


@dataclass(frozen=True, slots=True)
class CannotTell:
    """One spell in which a lesson cannot tell; `end` None: to the end of the replay."""

    lesson: Lesson
    start: date
    end: date | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Replay:
    """What a replay found. `left_out` counts the lines that were not walked, by reason."""

    case: str
    title: str
    as_known_at: date
    outcome_on: date | None
    history: ChildHistory
    matches: tuple[ReplayMatch, ...]
    cannot_tell: tuple[CannotTell, ...]
    left_out: dict[str, int]


NOT_ATTRIBUTED = "no source says which agency held it"
NOT_RECORDED = "no agency wrote it down"
FAULTY = "they could not be read"


def replay(
    chronology: ParsedChronology,
    lessons: Sequence[Lesson],
    *,
    as_known_at: date | None = None,
    as_if_recorded: bool = False,
    with_unattributed: bool = False,
    each: Callable[[Sequence[Lesson]], Iterable[Lesson]] = iter,
) -> Replay:
    """Walk what could be known, lesson by lesson, and for each contributing agency alone.

    Shape    matches in order of the first day. `as_known_at` (inclusive) cuts knowledge off at the end of that day.
             `as_if_recorded` also walks what staff saw and nobody wrote down; `with_unattributed` also what the source
             gives to no one agency. `each` may wrap the lessons in a progress bar.
    Source   ARCHITECTURE section 4; the reading rules at the head of cases/pelka.yaml.
    """
    events = [
        e
        for e in chronology.events
        if (e.attributable or with_unattributed) and (e.missed != "not_recorded" or as_if_recorded)
    ]
    records = [event.record for event in events]
    history = history_of(chronology, records)
    last = as_known_at or max((day_of(civil(r.learnt_at)) for r in records), default=date.min)
    outcome = chronology.case.died.first if chronology.case.died else None
    walk = _Walk(chronology, records, history, day_start(last) + DAY, outcome)
    matches: list[ReplayMatch] = []
    unsure: list[CannotTell] = []
    for lesson in each(lessons):
        found, doubts = walk.lesson(lesson)
        matches += found
        unsure += doubts
    return Replay(
        chronology.case.id, chronology.case.title, last, outcome, history,
        tuple(sorted(matches, key=lambda m: (m.held_from, m.lesson.id))), tuple(unsure),
        _left_out(chronology, events),
    )  # fmt: skip


def history_of(chronology: ParsedChronology, records: Sequence[Record]) -> ChildHistory:
    """The child's history out of these records alone, with the family that they show."""
    child, family = declared_family(chronology.people, records)
    links = {(r.agency.id, person): (Linked(person),) for r in records for person in r.about}
    return join(child, family, records, links, with_unattributed=True)


def recorded(chronology: ParsedChronology) -> list[Record]:
    """What the agencies wrote down and the source gives to one of them: the records that a replay walks."""
    return [e.record for e in chronology.events if e.attributable and e.missed != "not_recorded"]


def match_days(
    chronology: ParsedChronology, lessons: Sequence[Lesson], links: Mapping[tuple[str, str], str]
) -> frozenset[tuple[str, date]]:
    """Which lessons hold, from which days, where an agency's notion of a person is whoever `links` says.

    Shape    `links` maps (agency id, person of the file) to a person; one that is no person of the file is a stranger to the
             child, and what was filed under that one is not in the child's picture.
    """
    records = recorded(chronology)
    child, family = declared_family(chronology.people, records)
    linked = {key: (Linked(person),) for key, person in links.items()}
    engines = Engines(join(child, family, records, linked, with_unattributed=True))
    start = min(civil(record.learnt_at) for record in records)
    end = day_start(max(day_of(civil(record.learnt_at)) for record in records)) + DAY
    return frozenset(
        (lesson.id, day_of(held_from))
        for lesson in lessons
        for held_from, _ in clipped(engines.of(lesson).evaluate(lesson.condition), start, end).holds
    )


class _Walk:
    """One replay under way: the joined history, and each agency's own, made when first asked for."""

    def __init__(
        self,
        chronology: ParsedChronology,
        records: Sequence[Record],
        history: ChildHistory,
        end: int,
        outcome: date | None,
    ) -> None:
        self.chronology, self.records, self.history, self.end, self.outcome = (
            chronology,
            records,
            history,
            end,
            outcome,
        )
        self.start = min((civil(r.learnt_at) for r in records), default=end)
        self._joined = Engines(history)
        self._alone_engines: dict[str, Engines] = {}

    def lesson(self, lesson: Lesson) -> tuple[list[ReplayMatch], list[CannotTell]]:
        engine = self._joined.of(lesson)
        truth = clipped(engine.evaluate(lesson.condition), self.start, self.end)
        matches = [self._match(lesson, engine, start, end) for start, end in truth.holds]
        doubts = [
            CannotTell(
                lesson,
                day_of(u.start),
                None if u.end >= self.end else day_of(u.end),
                tuple(sorted(u.reasons)),
            )
            for u in truth.unsure
        ]
        return matches, doubts

    def _match(self, lesson: Lesson, engine: InMemoryEngine, start: int, end: int) -> ReplayMatch:
        explanation = explain(lesson, engine, start)
        held_from = day_of(start)
        return ReplayMatch(
            lesson, held_from, None if end >= self.end else day_of(end),
            None if self.outcome is None else (self.outcome - held_from).days, explanation,
            tuple(self.history.observations[i] for i in explanation.evidence),
            {agency: self._alone(lesson, agency) for agency in explanation.agencies},
        )  # fmt: skip

    def _alone(self, lesson: Lesson, agency: str) -> date | None:
        """The first day on which this agency's own records, and the family that they show, would have been enough."""
        if agency not in self._alone_engines:
            own = [record for record in self.records if record.agency.id == agency]
            self._alone_engines[agency] = Engines(history_of(self.chronology, own))
        truth = self._alone_engines[agency].of(lesson).evaluate(lesson.condition)
        holds = clipped(truth, self.start, self.end).holds
        return day_of(holds[0][0]) if holds else None


def _left_out(chronology: ParsedChronology, walked: Sequence[ParsedEvent]) -> dict[str, int]:
    left = [event for event in chronology.events if event not in walked]
    unattributed = sum(not event.attributable for event in left)
    counts = {
        NOT_ATTRIBUTED: unattributed,
        NOT_RECORDED: len(left) - unattributed,
        FAULTY: len(chronology.left_out),
    }
    return {why: count for why, count in counts.items() if count}
