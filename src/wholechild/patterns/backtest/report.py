"""A backtest's report as a value: every figure once, with what it is out of. Pages and JSON are made from nothing else.

A figure that would point at few children is withheld (`withheld.py`): then its numbers are None, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final

from wholechild.lib.chance import byar, wilson

#: Counted up when the shape of the JSON changes.
REPORT_VERSION: Final = 1
YEAR_DAYS: Final = 365.25


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many. `value`, `low` and `high` are in 0..1; all None where withheld, `value` None where `whole` is 0."""

    part: int | None
    whole: int | None
    value: float | None
    low: float | None
    high: float | None

    @classmethod
    def of(cls, part: int, whole: int) -> Share:
        low, high = wilson(part, whole)
        return cls(part, whole, part / whole if whole else None, low, high)


@dataclass(frozen=True, slots=True)
class Rate:
    """Alerts per 1,000 children per year, with the interval. Units: `child_years` of 365.25 days. None: withheld, or no time."""

    alerts: int | None
    child_years: float | None
    per_thousand: float | None
    low: float | None
    high: float | None

    @classmethod
    def of(cls, alerts: int, child_days: float) -> Rate:
        years = child_days / YEAR_DAYS
        if not years:
            return cls(alerts, 0.0, None, None, None)
        low, high = byar(alerts)
        return cls(alerts, years, alerts * 1000 / years, low * 1000 / years, high * 1000 / years)


NOTHING_SHOWN: Final = Share(None, None, None, None, None)
NO_RATE_SHOWN: Final = Rate(None, None, None, None, None)


@dataclass(frozen=True, slots=True)
class Tried:
    """Which lesson was tried: `sha256` is of its file."""

    lesson: str
    version: int
    title: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Ground:
    """What it was tried on. `start` and `end` are civil days, `end` not included; `made_up`: a synthetic world with its truth.

    Missing  `unread` names the kinds of record that the lesson asks for and the snapshot leaves out.
    """

    snapshot: str
    as_of: str
    ledger: str
    start: date
    end: date
    persons: int
    children: int
    made_up: bool
    unread: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """One line of a breakdown by where or how old."""

    name: str
    rate: Rate


@dataclass(frozen=True, slots=True)
class Completed:
    """How many alerts a record of this kind of service completed."""

    name: str
    alerts: Share


@dataclass(frozen=True, slots=True)
class Lead:
    """How early: of those to whom it came in the span, how many had an alert before, and how many days before.

    Shape    `days` are quartiles (a quarter, half and three quarters of those with an alert had at most so many), empty where
             nobody had one; `spells` count children by how early the first alert was, the last for no alert before.
    """

    event: str
    children: int
    before: Share
    days: tuple[int, ...]
    spells: tuple[tuple[str, int | None], ...]


@dataclass(frozen=True, slots=True)
class Truth:
    """How often right: only where it is known what truly happened.

    `right`: children with an alert, who were being harmed. `found`: harmed children who had an alert before it was known.
    `in_time`: who had one before the first serious harm. `doubles`: children with the same signs and no harm who had one.
    `others`: all other children who had one.
    """

    right: Share
    found: Share
    in_time: Share
    doubles: Share
    others: Share


@dataclass(frozen=True, slots=True)
class Overlap:
    """What another lesson says of the same children: children with alerts of both, and time in which both held."""

    lesson: str
    title: str
    children: Share
    time: float | None


@dataclass(frozen=True, slots=True)
class Doubt:
    """One reason for not being able to tell. `about` is a sector, or empty."""

    why: str
    about: str
    children: int | None
    child_years: float | None


@dataclass(frozen=True, slots=True)
class CannotTell:
    """For how many children, and for how much of their time, the lesson could not tell."""

    children: Share
    time: float | None
    reasons: tuple[Doubt, ...]


@dataclass(frozen=True, slots=True)
class FairGroup:
    """One group of children, and what the lesson says of them. `right` and `found` only where the truth is known."""

    name: str
    children: int | None
    rate: Rate
    alerted: Share
    right: Share | None
    found: Share | None


@dataclass(frozen=True, slots=True)
class Fairness:
    """One trait, group by group. `unknown` is how many children nobody has said it of."""

    trait: str
    groups: tuple[FairGroup, ...]
    unknown: int


@dataclass(frozen=True, slots=True)
class Against:
    """The same for another version, and the children gained and lost by the change."""

    tried: Tried
    rate: Rate
    truth: Truth | None
    cannot_tell: CannotTell
    kept: int | None
    gained: int | None
    lost: int | None


@dataclass(frozen=True, slots=True)
class Report:
    """All that a backtest has to say."""

    tried: Tried
    ground: Ground
    rate: Rate
    alerted: Share
    by_area: tuple[Group, ...]
    by_age: tuple[Group, ...]
    by_sector: tuple[Completed, ...]
    leads: tuple[Lead, ...]
    truth: Truth | None
    overlaps: tuple[Overlap, ...]
    cannot_tell: CannotTell
    fairness: tuple[Fairness, ...]
    against: Against | None

    def as_json(self) -> Mapping[str, Any]:
        """The report as plain values; days are ISO."""
        said = asdict(self)
        said["ground"] |= {"start": self.ground.start.isoformat(), "end": self.ground.end.isoformat()}
        return {"report": REPORT_VERSION, **said}
