"""Civil time: vague periods, exact instants, and how both are said to a person.

The axis of knowledge is a line of whole seconds of London wall-clock time, counted from 1 January 1970.
A day is exactly 86,400 of them, so "365 days" needs no time zone, every bound prints as a London date, and
the columnar engines need only integers. The price: in the hour that the clocks go back two instants may
share a number. Patterns are measured in days; the ledger, which must not lose an hour, keeps UTC.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

LONDON: Final = ZoneInfo("Europe/London")
DAY: Final = 86_400
#: Later than any instant: the open end of an interval that nothing known will close.
FOREVER: Final = 1 << 62
_EPOCH: Final = date(1970, 1, 1)
_EPOCH_ORDINAL: Final = _EPOCH.toordinal()


class Precision(StrEnum):
    """How exactly the source knew a date. `between` is any stated range that is none of the others."""

    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    BETWEEN = "between"


class NotADate(ValueError):
    """The text is not a date in any form that we accept; the message says why."""


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A stretch of whole days in which something happened, as exactly as its source knew.

    Shape    `first` and `last` are both inside the period; a fact known to the day has first == last.
    Source   ARCHITECTURE D2 and section 4: a vague date is certainly known only at the end of its period.
    """

    first: date
    last: date
    precision: Precision = Precision.DAY

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise NotADate(f"the period ends ({self.last}) before it begins ({self.first})")

    @property
    def starts(self) -> int:
        """The first second of the period."""
        return day_start(self.first)

    @property
    def ends(self) -> int:
        """The first second after the period: from here on it has certainly happened."""
        return day_start(self.last) + DAY

    @property
    def is_vague(self) -> bool:
        return self.first != self.last


def day_start(day: date) -> int:
    """The civil second at which `day` begins."""
    return (day.toordinal() - _EPOCH_ORDINAL) * DAY


def day_of(instant: int) -> date:
    """The London day that holds a civil second."""
    return date.fromordinal(_EPOCH_ORDINAL + instant // DAY)


def civil(moment: datetime) -> int:
    """The civil second of an aware moment. A naive moment raises: we never guess a time zone."""
    if moment.tzinfo is None:
        raise NotADate("a time without a time zone cannot be placed; add Z or an offset such as +01:00")
    local = moment.astimezone(LONDON)
    return day_start(local.date()) + local.hour * 3600 + local.minute * 60 + local.second


def utc_of(instant: int) -> datetime:
    """An aware UTC moment for a civil second (the earlier of two, in the hour the clocks go back)."""
    naive = datetime(1970, 1, 1) + timedelta(seconds=instant)
    return naive.replace(tzinfo=LONDON).astimezone(UTC)


_FORMS: Final = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d{2})(?:-(?P<day>\d{2}))?|-Q(?P<quarter>[1-4]))?(?:/(?P<unit>day|month|quarter|year))?"
)


def parse_period(text: str, precision: str | None = None, until: str | None = None) -> Period:
    """Read `2012`, `2012-03`, `2012-Q1`, `2012-03-03`, or a month said to stand for its quarter (`2011-10/quarter`).

    `precision` overrides what the form shows, widening only; `until` is a later date of any form at whose end
    the period closes. Errors: NotADate, with the reason in words fit to show.
    """
    first, last, shown = _bounds(text.strip())
    if precision:
        first, last, shown = _widen(first, last, shown, precision)
    if until:
        _, last, _ = _bounds(until.strip())
        if (first, last) != _widen(first, first, Precision.DAY, str(shown))[:2]:
            shown = Precision.BETWEEN
    return Period(first, last, shown)


def _bounds(text: str) -> tuple[date, date, Precision]:
    found = _FORMS.fullmatch(text)
    if found is None:
        raise NotADate(f"{text[:40]!r} is not a date; write 2012-03-03, 2012-03, 2012-Q1 or 2012")
    year, month, day = int(found["year"]), found["month"], found["day"]
    try:
        if found["quarter"]:
            first = date(year, int(found["quarter"]) * 3 - 2, 1)
            bounds = _widen(first, first, Precision.DAY, "quarter")
        elif day:
            first = date(year, int(month), int(day))
            bounds = (first, first, Precision.DAY)
        else:
            first = date(year, int(month or 1), 1)
            bounds = _widen(first, first, Precision.DAY, "month" if month else "year")
    except ValueError:
        raise NotADate(f"{text[:40]!r} is not a day of the calendar") from None
    return _widen(*bounds, found["unit"]) if found["unit"] else bounds


def _widen(first: date, last: date, shown: Precision, precision: str) -> tuple[date, date, Precision]:
    try:
        wanted = Precision(precision)
    except ValueError:
        raise NotADate(f"precision {precision[:20]!r} is none of {', '.join(Precision)}") from None
    order = list(Precision)
    if wanted is Precision.BETWEEN or order.index(wanted) < order.index(shown):
        return first, last, shown
    if wanted is Precision.YEAR:
        return date(first.year, 1, 1), date(last.year, 12, 31), wanted
    if wanted is Precision.QUARTER:
        start = date(first.year, (first.month - 1) // 3 * 3 + 1, 1)
        return start, _month_end(date(last.year, (last.month - 1) // 3 * 3 + 3, 1)), wanted
    if wanted is Precision.MONTH:
        return first.replace(day=1), _month_end(last), wanted
    return first, last, shown


def _month_end(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


@lru_cache(maxsize=8192)
def say_day(day: date) -> str:
    """`3 March 2012`: the one way a date is written to a person."""
    return f"{day.day} {day:%B %Y}"


def say_period(period: Period) -> str:
    """A period in words that never claim more than its source knew.

    `3 March 2012`, `March 2012`, `January to March 2012`, `some time in 2012`, `some time between … and …`.
    """
    first, last = period.first, period.last
    match period.precision:
        case Precision.DAY if first == last:
            return say_day(first)
        case Precision.MONTH:
            return f"{first:%B %Y}"
        case Precision.QUARTER:
            return f"{first:%B} to {last:%B %Y}"
        case Precision.YEAR if first.year == last.year:
            return f"some time in {first.year}"
        case _:
            return f"some time between {say_day(first)} and {say_day(last)}"


def say_length(seconds: int) -> str:
    """A length of time in words: `12 months` for 365 days, `10 days`, `3 years`, `1 day`."""
    days = seconds // DAY
    if days >= 730 and days % 365 == 0:
        return f"{days // 365} years"
    if days == 365:
        return "12 months"
    if days % 7 == 0 and 14 <= days <= 84:
        return f"{days // 7} weeks"
    return f"{days:,} days" if days != 1 else "1 day"
