"""The control that takes the child's page back to an earlier day: what it was given, and where its links lead.

Plain. The day stands in the address (`?on=2012-03-03`), so that two people can look at the same page; it says
nothing about anybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import urlencode

FIELDS: Final = ("on", "day", "month", "year")
#: Nothing about a child that is now under 18 was recorded before this.
EARLIEST: Final = date(1980, 1, 1)


@dataclass(frozen=True, slots=True)
class KnownAt:
    """What the reader asked for, and the day that the page shows.

    Shape    `day`, `month`, `year` are the boxes as typed; `keep` the rest of the address, to be sent again.
    Missing  `error` is empty where the day could be read; else the page shows today.
    """

    shown: date
    today: date
    path: str
    keep: tuple[tuple[str, str], ...] = ()
    day: str = ""
    month: str = ""
    year: str = ""
    error: str = ""

    @property
    def is_past(self) -> bool:
        return self.shown < self.today

    @property
    def example(self) -> str:
        return f"{self.today.day} {self.today.month} {self.today.year - 1}"

    @property
    def today_address(self) -> str:
        return self._address(list(self.keep))

    @property
    def canonical_address(self) -> str:
        """Where three filled boxes lead: the same page with the day in one piece."""
        return self.address_on(self.shown) if self.is_past else self.today_address

    @property
    def here_address(self) -> str:
        """This page on this day, with nothing chosen."""
        return self._address([("on", self.shown.isoformat())] if self.is_past else [])

    def address_on(self, day: date) -> str:
        return self._address([("on", day.isoformat()), *self.keep])

    def _address(self, asked: list[tuple[str, str]]) -> str:
        return f"{self.path}?{urlencode(asked)}" if asked else self.path


def known_at(asked: Mapping[str, Sequence[str]], *, today: date, path: str) -> KnownAt:
    """Read the day from an address: `on=2012-03-03`, or the three boxes. Without either, today."""
    keep = tuple(
        (name, value) for name, values in asked.items() if name not in FIELDS for value in values if value
    )
    boxes = {name: _last(asked, name) for name in ("day", "month", "year")}
    try:
        wanted = _wanted(_last(asked, "on"), boxes)
        if wanted is not None:
            _check(wanted, today)
    except ValueError as wrong:
        return KnownAt(today, today, path, keep, **boxes, error=str(wrong))
    shown = wanted or today
    if shown == today:
        return KnownAt(today, today, path, keep)
    return KnownAt(shown, today, path, keep, str(shown.day), str(shown.month), str(shown.year))


def _last(asked: Mapping[str, Sequence[str]], name: str) -> str:
    values = asked.get(name, ())
    return values[-1].strip()[:10] if values else ""


def _wanted(on: str, boxes: Mapping[str, str]) -> date | None:
    if any(boxes.values()):
        return _from_boxes(boxes)
    if not on:
        return None
    try:
        return date.fromisoformat(on)
    except ValueError:
        raise ValueError("The day in the address is not a date. Type the day you want.") from None


def _from_boxes(boxes: Mapping[str, str]) -> date:
    missing = [name for name, value in boxes.items() if not value]
    if missing:
        raise ValueError(f"The date must include a {' and a '.join(missing)}")
    try:
        return date(int(boxes["year"]), int(boxes["month"]), int(boxes["day"]))
    except ValueError:
        raise ValueError("The date must be a real day, such as 3 3 2012") from None


def _check(wanted: date, today: date) -> None:
    if wanted > today:
        raise ValueError("The date must be today or in the past")
    if wanted < EARLIEST:
        raise ValueError(f"The date must be in {EARLIEST.year} or later")
