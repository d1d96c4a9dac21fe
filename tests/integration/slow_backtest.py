"""The figures of a backtest once more: slowly, in plain loops, from the joined histories and the rows of the truth.

Nothing of `wholechild.patterns.backtest` is used here, and no columns: what the two have in common is only what
docs/how-to/try-a-lesson.md says that each figure means.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tests.integration.true_world import Taken
from wholechild.lib.civil import DAY, day_start
from wholechild.patterns.history import ChildHistory, Scope
from wholechild.patterns.language.lesson import Lesson
from wholechild.patterns.library import Engines

Span = tuple[int, int]
_BANDS: Final = {
    "under 1": (0, 1),
    "1 to 4": (1, 5),
    "5 to 10": (5, 11),
    "11 to 15": (11, 16),
    "16 and 17": (16, 18),
}
_PLANS: Final = ("child_protection.plan_started", "decision.child_protection_plan")


def years(n: float) -> int:
    return round(n * 365.25) * DAY


@dataclass
class Person:
    """One person, and what each lesson says of it."""

    history: ChildHistory
    followed: bool
    start: int
    end: int
    holds: dict[str, list[Span]] = field(default_factory=dict)
    unsure: dict[str, list[tuple[int, int, str, str]]] = field(default_factory=dict)
    completing: dict[tuple[str, int], set[str]] = field(default_factory=dict)

    @property
    def born(self) -> int | None:
        return self.history.born[0] if self.history.born else None

    @property
    def time(self) -> Span:
        """When the person is followed."""
        first, last = self.start, self.end
        if self.born is not None:
            first, last = max(first, self.born), min(last, self.born + years(18))
        if self.history.died is not None:
            last = min(last, self.history.died)
        return first, last

    def alerts(self, lesson: str) -> list[int]:
        """When alerts begin that count: from 280 days before birth."""
        first = self.start if self.born is None else max(self.start, self.born - 280 * DAY)
        return [begun for begun, _ in self.holds[lesson] if first <= begun < self.time[1]]

    def area_at(self, instant: int) -> str:
        homes = sorted(self.history.areas, key=lambda home: (home.lived_from, home.area))
        if not homes:
            return "not known"
        by_then = [home for home in homes if home.lived_from <= instant]
        if not by_then:
            return homes[0].area
        latest = max(home.lived_from for home in by_then)
        return min(home.area for home in by_then if home.lived_from == latest)

    def age_at(self, instant: int) -> str:
        if self.born is None:
            return "not known"
        if instant < self.born:
            return "before birth"
        return next(
            name for name, (a, b) in _BANDS.items() if self.born + years(a) <= instant < self.born + years(b)
        )


class Slow:
    """Every figure, by looking at every person."""

    def __init__(self, taken: Taken, lessons: Mapping[str, Lesson], start: int, end: int) -> None:
        self.taken, self.start, self.end = taken, start, end
        people = [Person(h, h.child in taken.followed, start, end) for h in taken.histories]
        self.people = [p for p in people if p.time[0] < p.time[1]]
        for person in self.people:
            self._ask(person, lessons)
        self.by_id = {person.history.child: person for person in self.people}

    def _ask(self, person: Person, lessons: Mapping[str, Lesson]) -> None:
        engines, known_from = Engines(person.history), defaultdict(set)
        for pairs in person.history.scoped.values():
            for i, relevance in pairs:
                known_from[i].add(max(person.history.observations[i].learnt, relevance.known_from))
        for name, lesson in lessons.items():
            engine = engines.of(lesson)
            truth = engine.evaluate(lesson.condition)
            person.holds[name] = list(truth.holds)
            person.unsure[name] = [
                (u.start, u.end, str(r.why), r.about if str(r.why) == "not connected" else "")
                for u in truth.unsure
                for r in u.reasons
            ]
            for begun, _ in truth.holds:
                person.completing[name, begun] = {
                    person.history.observations[i].sector
                    for i in engine.evidence(lesson.condition, begun)
                    if begun in known_from[i]
                }

    @property
    def followed(self) -> list[Person]:
        return [person for person in self.people if person.followed]

    # -- how often

    def rate(self, lesson: str) -> tuple[int, float]:
        return sum(len(p.alerts(lesson)) for p in self.people), self.days(self.followed)

    def days(self, people: Sequence[Person]) -> float:
        return sum(p.time[1] - p.time[0] for p in people) / DAY

    def alerted(self, lesson: str) -> tuple[int, int]:
        return sum(bool(p.alerts(lesson)) for p in self.followed), len(self.followed)

    def by(self, lesson: str, where: Callable[[Person, int], str]) -> dict[str, tuple[int, float]]:
        """Alerts and days by what `where` says of a person at a moment; days are counted one by one."""
        alerts = Counter(where(p, begun) for p in self.people for begun in p.alerts(lesson))
        time: Counter[str] = Counter()
        for person in self.followed:
            for instant in range(person.time[0], person.time[1], DAY):
                time[where(person, instant)] += min(DAY, person.time[1] - instant)
        return {name: (alerts[name], time[name] / DAY) for name in alerts.keys() | time.keys()}

    def by_sector(self, lesson: str) -> dict[str, int]:
        def named(sectors: set[str]) -> str:
            if not sectors:
                return "no new record: a date passed"
            return min(sectors) if len(sectors) == 1 else "several services at once"

        return dict(
            Counter(named(p.completing[lesson, begun]) for p in self.people for begun in p.alerts(lesson))
        )

    # -- truth

    def true(self) -> Iterator[tuple[Mapping[str, Any], list[Person]]]:
        """Each row of the truth with the persons that its child is here, whoever of them is in the span."""
        for row in self.taken.truth:
            ids = {self.taken.persons.get((i["agency"], i["local_id"])) for i in row["identities"]}
            yield row, [self.by_id[i] for i in ids if i in self.by_id]

    def _begun(self, lesson: str, persons: Sequence[Person], since: int, before: int | None) -> list[int]:
        return [a for p in persons for a in p.alerts(lesson) if since <= a and (before is None or a < before)]

    def right(self, lesson: str) -> tuple[int, int]:
        part = whole = 0
        for row, persons in self.true():
            if self._begun(lesson, persons, -(1 << 62), None):
                whole += 1
                onset = _at(row["harm_onset"]) if row["story"] == "harm" else None
                part += onset is not None and bool(self._begun(lesson, persons, onset, None))
        return part, whole

    def found(self, lesson: str) -> tuple[int, int]:
        part = whole = 0
        for row, persons in self.true():
            if row["story"] == "harm":
                onset, known = _at(row["harm_onset"]), _at(row["outcome_known_on"])
                if onset < self.end and (known is None or known > self.start):
                    whole += 1
                    part += bool(self._begun(lesson, persons, onset, known))
        return part, whole

    def in_time(self, lesson: str) -> tuple[int, int]:
        return _counted(days for days in self.lead(lesson, "harm_first_serious"))

    def spoken_of(self, lesson: str, story: str) -> tuple[int, int]:
        told = [persons for row, persons in self.true() if row["story"] == story and persons]
        return sum(any(p.alerts(lesson) for p in persons) for persons in told), len(told)

    def lead(self, lesson: str, event: str) -> list[int | None]:
        """Whole days from the first alert to the event, for each harmed child to whom it came in the span; None: no alert."""
        found: list[int | None] = []
        for row, persons in self.true():
            when = _at(row[event]) if row["story"] == "harm" else None
            if when is not None and self.start <= when < self.end:
                begun = self._begun(lesson, persons, _at(row["harm_onset"]), when)
                found.append((when - min(begun)) // DAY if begun else None)
        return found

    def plan_lead(self, lesson: str) -> list[int | None]:
        found: list[int | None] = []
        for person in self.followed:
            began = [
                person.history.observations[i].happened_to for i, _ in person.history.scoped[Scope.CHILD]
                if person.history.observations[i].kind in _PLANS
            ]  # fmt: skip
            if began and self.start <= min(began) < self.end:
                begun = self._begun(lesson, [person], min(began) - 730 * DAY, min(began))
                found.append((min(began) - min(begun)) // DAY if begun else None)
        return found

    # -- for whom, beside what, in doubt

    def trait(self, name: str) -> dict[str, list[Person]]:
        """The followed by what the truth says of them."""
        groups: dict[str, list[Person]] = defaultdict(list)
        for row, persons in self.true():
            for person in persons:
                if person.followed:
                    groups[_said(row, name)].append(person)
        return groups

    def overlap(self, lesson: str, other: str) -> tuple[int, int, int, int]:
        """Children with alerts of both, and of the lesson; seconds in which both held, and the lesson did."""
        mine = [p for p in self.people if p.alerts(lesson)]
        both = held = 0
        for person in self.people:
            first = self.start if person.born is None else max(self.start, person.born - 280 * DAY)
            window = (first, person.time[1])
            for span in person.holds[lesson]:
                a, b = _cut(span, window)
                held += max(0, b - a)
                for theirs in person.holds[other]:
                    c, d = _cut(theirs, (a, b))
                    both += max(0, d - c)
        return sum(bool(p.alerts(other)) for p in mine), len(mine), both, held

    def in_doubt(self, lesson: str) -> tuple[int, float]:
        """Children of whom it could not tell, and the days of that, each moment once."""
        children, seconds = 0, 0
        for person in self.followed:
            pieces = sorted(_cut(u[:2], person.time) for u in person.unsure[lesson])
            edge, own = person.time[0], 0
            for a, b in pieces:
                if a < b:
                    own += max(0, b - max(a, edge))
                    edge = max(edge, b)
            children += own > 0
            seconds += own
        return children, seconds / DAY

    def doubts(self, lesson: str) -> dict[tuple[str, str], int]:
        """How many children each reason is about."""
        about: Counter[tuple[str, str]] = Counter()
        for person in self.followed:
            for why in {
                u[2:]
                for u in person.unsure[lesson]
                if _cut(u[:2], person.time)[0] < _cut(u[:2], person.time)[1]
            }:
                about[why] += 1
        return dict(about)


def _at(day: Any) -> Any:
    return None if day is None else day_start(day)


def _cut(span: Sequence[int], window: Span) -> Span:
    return max(span[0], window[0]), min(span[1], window[1])


def _counted(days: Iterator[int | None]) -> tuple[int, int]:
    listed = list(days)
    return sum(day is not None for day in listed), len(listed)


def _said(row: Mapping[str, Any], trait: str) -> str:
    if trait == "deprivation":
        fifth = (row["deprivation_decile"] + 1) // 2
        return {1: "1, the most deprived fifth", 5: "5, the least deprived fifth"}.get(fifth, str(fifth))
    if trait == "disability":
        return "yes" if row["disability"] else "no"
    return str(row[trait])
