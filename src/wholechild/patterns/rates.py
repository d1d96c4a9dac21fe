"""How often the lessons speak about ordinary families: alerts per 1,000 children per year, lesson by lesson.

An alert is the beginning of a match inside the span of time looked at. The span leaves a run-in before it, so that
a window that looks back over three years is full when counting starts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from wholechild.lib.civil import DAY, day_start
from wholechild.patterns.history import ChildHistory
from wholechild.patterns.language.lesson import Lesson
from wholechild.patterns.library import Engines

_YEAR_DAYS = 365.25


@dataclass(slots=True)
class Tally:
    """Alerts counted so far, over children who were under 18 and born for some part of the span.

    Shape    a child whose identities are not all linked is more than one person here, and each of them may raise an alert;
             but only those on a practice's list count as children, so that missed links do not dilute the rates.
    Units    `child_days` is how many days the children were followed, all together.
    """

    start: date
    end: date
    children: int = 0
    child_days: float = 0
    alerts: Counter[str] = field(default_factory=Counter)
    children_with_alert: int = 0

    def add(self, history: ChildHistory, lessons: Sequence[Lesson], *, followed: bool) -> None:
        """Count one person's alerts and, if `followed`, the days of a child."""
        first, last = day_start(self.start), day_start(self.end)
        if history.born is not None:
            first, last = (
                max(first, history.born[0]),
                min(last, history.born[0] + round(18 * _YEAR_DAYS) * DAY),
            )
        if last <= first:
            return
        if followed:
            self.children += 1
            self.child_days += (last - first) / DAY
        spoke, engines = False, Engines(history)
        for lesson in lessons:
            truth = engines.of(lesson).evaluate(lesson.condition)
            begun = sum(first <= start < last for start, _ in truth.holds)
            self.alerts[lesson.id] += begun
            spoke = spoke or begun > 0
        self.children_with_alert += spoke

    def per_thousand_a_year(self, lesson: str) -> float:
        """Alerts of one lesson per 1,000 children followed for a year; 0 where nobody was followed."""
        return self.alerts[lesson] * 1000 * _YEAR_DAYS / self.child_days if self.child_days else 0.0


def tally(
    histories: Iterable[ChildHistory],
    lessons: Sequence[Lesson],
    start: date,
    end: date,
    followed: Collection[str],
) -> Tally:
    """The tally over many persons, one at a time; `followed` are those who count as children."""
    counted = Tally(start, end)
    for history in histories:
        counted.add(history, lessons, followed=history.child in followed)
    return counted
