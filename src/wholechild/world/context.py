"""What every part of a life needs: the figures, the services, the seed, and where one family's services are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from wholechild.world.agencies import Agencies, Sender
from wholechild.world.chance import stream
from wholechild.world.log import FamilyLog
from wholechild.world.people import Child, Family, Window
from wholechild.world.rates import Rates


@dataclass(frozen=True, slots=True)
class World:
    """The figures, the services and the seed."""

    rates: Rates
    agencies: Agencies
    seed: int

    @property
    def window(self) -> Window:
        return self.agencies.window

    def stream(self, family: Family, aspect: str) -> Random:
        return stream(self.seed, family.number, aspect)


@dataclass(frozen=True, slots=True)
class Schooling:
    """A child was on the roll of a nursery or school in [since, until).

    Missing  `sender` None: an independent school, or home education; nothing comes from it.
    """

    since: int
    until: int
    stage: str
    sender: Sender | None


@dataclass(slots=True)
class Local:
    """One family's services: which practice from when, which nursery or school for each child."""

    log: FamilyLog
    practices: list[tuple[int, Sender]]
    schooling: dict[int, list[Schooling]]

    def practice_on(self, day: int) -> Sender:
        found = self.practices[0][1]
        for since, sender in self.practices:
            if since <= day:
                found = sender
        return found

    def school_on(self, child: Child, day: int) -> Sender | None:
        """The nursery or school that would know the child on a day; None where there is none or it sends nothing."""
        spells: Sequence[Schooling] = self.schooling.get(child.place, ())
        return next((s.sender for s in spells if s.since <= day < s.until), None)
