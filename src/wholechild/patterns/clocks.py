"""Clocks that run in working days, by the bank holidays of a nation.

The holidays come from the `holidays` package (offline, each nation of the United Kingdom, every year that a review
may reach back to); this module only counts with them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

import holidays
import pyarrow as pa

from wholechild.lib.civil import DAY, day_of, day_start
from wholechild.patterns.engines.in_memory import Deadline
from wholechild.patterns.language.nodes import Clock

_SUBDIVISION: Final = {"england": "ENG", "wales": "WLS", "scotland": "SCT", "northern_ireland": "NIR"}


def deadline_for(nation: str) -> Deadline:
    """A function from (start, clock) to the first instant after the last day that the clock allows.

    Units    the day that holds `start` is day nought; `1 working day` from a Friday is over when Monday is.
    """
    calendar = _calendar(_SUBDIVISION[nation])

    def deadline(start: int, clock: Clock) -> int:
        if not clock.working_days:
            return start + (clock.amount + 1) * DAY
        day, left = day_of(start), clock.amount
        while left:
            day += timedelta(days=1)
            left -= _works(day, calendar)
        return day_start(day) + DAY

    return deadline


def deadlines(nation: str, days: int, first: int, last: int) -> pa.Table:
    """The same as a table: for each day from `first` to `last`, when so many working days after it are over.

    Shape    `day, due`, both in civil seconds.
    """
    rows = list(_all_due(nation, days, first, last))
    return pa.table(
        {
            name: pa.array(column, pa.int64())
            for name, column in zip(("day", "due"), zip(*rows, strict=True), strict=True)
        }
    )


def _all_due(nation: str, amount: int, first: int, last: int) -> Iterable[tuple[int, int]]:
    """Each day, and the end of the working day that comes so many after it."""
    calendar = _calendar(_SUBDIVISION[nation])
    days = range(first - first % DAY, last + DAY, DAY)
    beyond = range(days.stop, days.stop + (amount * 2 + 30) * DAY, DAY)
    working = [day for run in (days, beyond) for day in run if _works(day_of(day), calendar)]
    for day in days:
        yield day, (working[bisect_right(working, day) + amount - 1] if amount else day) + DAY


@lru_cache(maxsize=4)
def _calendar(subdivision: str) -> holidays.HolidayBase:
    return holidays.country_holidays("GB", subdiv=subdivision)


def _works(day: date, calendar: holidays.HolidayBase) -> bool:
    return day.weekday() < 5 and day not in calendar
