"""What the services write about one family, gathered in any order and put in the order of time before it is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wholechild.world.agencies import Sender
from wholechild.world.people import Family, Home, Person

NOTHING: Mapping[str, object] = {}


@dataclass(slots=True)
class Entry:
    """One record to come. Days are ordinals; `written` is the day on which the agency wrote it."""

    day: int
    written: int
    sender: Sender
    kind: str
    about: tuple[Person, ...]
    what: str
    measures: Mapping[str, object]
    values: Mapping[str, object]
    informant: str
    happened: str
    first_of_series: int


@dataclass(slots=True)
class Stay:
    """An agency hears on `written` that some people live, or no longer live, at a home."""

    written: int
    sender: Sender
    people: tuple[Person, ...]
    home: Home
    since: int | None
    until: int | None


class FamilyLog:
    """Everything that will be sent about one family."""

    __slots__ = ("entries", "family", "stays")

    def __init__(self, family: Family) -> None:
        self.family = family
        self.entries: list[Entry] = []
        self.stays: list[Stay] = []

    def record(
        self, day: int, sender: Sender, kind: str, about: Sequence[Person], what: str = "", *, lag: int = 0,
        measures: Mapping[str, object] = NOTHING, values: Mapping[str, object] = NOTHING, informant: str = "",
        happened: str = "", earlier: int = 0,
    ) -> Entry:  # fmt: skip
        """Something an agency writes down: it happened on `day` and was written `lag` days later.

        Shape    `about` has the person it is mainly about first. `happened` is a vaguer date than the day, as text.
                 `earlier` lets a record begin before the window (a plan still in force when the feed began).
        """
        entry = Entry(
            day, day + lag, sender, kind, tuple(about), what, measures, values, informant, happened, earlier
        )
        self.entries.append(entry)
        return entry

    def stay(self, written: int, sender: Sender, people: Sequence[Person], home: Home, since: int | None = None,
             until: int | None = None) -> None:  # fmt: skip
        self.stays.append(Stay(written, sender, tuple(people), home, since, until))
