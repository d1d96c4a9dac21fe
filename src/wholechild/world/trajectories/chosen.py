"""Which families a trajectory or a double comes to, which of their children, and when.

Each process is drawn for itself; a family goes through the one that would begin first, and through no other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from wholechild.world.chance import YEAR, multiplier, stream, wait
from wholechild.world.people import Child, Family, Window
from wholechild.world.trajectories.process import Library, Process
from wholechild.world.trajectories.traits import Traits

#: A story may have begun so long before the window; what agencies wrote then was not sent.
LEAD: Final = 730
#: Children with a disability: used only so that a higher rate for them leaves the rate over all as it is set.
_DISABLED_SHARE: Final = 0.11


@dataclass(frozen=True, slots=True)
class Chosen:
    """One process that comes to a family."""

    process: Process
    children: tuple[Child, ...]
    began: int


class Chooser:
    """Draws what comes to each family.

    Shape    `scale` is how usual stories are against the library. Below 1 that share of them is kept, which is exact;
             above 1 the rates are multiplied, and fewer come, because a family has one story at most.
    """

    def __init__(self, library: Library, seed: int, window: Window, scale: float = 1.0) -> None:
        self.library, self.seed, self.window, self.scale = library, seed, window, scale

    def for_family(self, family: Family, traits: Mapping[int, Traits]) -> Chosen | None:
        """What comes to this family; mostly nothing."""
        if self.scale < 1 and stream(self.seed, family.number, "trajectory at all").random() >= self.scale:
            return None
        found = [
            chosen for process in self.library.processes if (chosen := self._first(process, family, traits))
        ]
        return min(found, key=lambda chosen: (chosen.began, chosen.process.id), default=None)

    def _first(self, process: Process, family: Family, traits: Mapping[int, Traits]) -> Chosen | None:
        rng = stream(self.seed, family.number, f"trajectory {process.id}")
        times = max(1.0, self.scale) * multiplier(
            family.adversity, rng.gauss(0.0, 1.0), process.adversity, process.spread
        )
        days = [
            (day, child)
            for child in family.children
            if (day := self._day(process, rng, family, child, times, traits[child.place])) is not None
        ]
        if not days:
            return None
        day, child = min(days, key=lambda found: (found[0], found[1].place))
        if process.adults and len(family.adults_on(max(day, self.window.start))) != process.adults:
            return None
        return Chosen(process, tuple(_with(process, family.children, child, day)), day)

    def _day(
        self, process: Process, rng: Random, family: Family, child: Child, times: float, traits: Traits
    ) -> int | None:
        """The day on which it would begin for this child; None where it does not while the child is here."""
        day, after = stay(process, family, child, self.window)
        rate = process.begins.set_to / 1000 * times * _for_disabled(process, traits.disability)
        while day < after:
            day += 1 + wait(rng, rate)
            if day < after and (not process.whole_family or self._eldest(process, family, child, day)):
                return day
        return None

    def _eldest(self, process: Process, family: Family, child: Child, day: int) -> bool:
        """Whether the child is the eldest to whom it could come that day: so that families count once for all their children."""
        for other in family.children:
            first, after = stay(process, family, other, self.window)
            if first <= day < after:
                return other is child
        return False


def stay(process: Process, family: Family, child: Child, window: Window) -> tuple[int, int]:
    """The days [first, after) on which it could begin for a child: of the right age, and in the area."""
    young, old = process.begins.ages
    first = max(child.born + int(young * YEAR), child.born, family.arrived_on or 0, window.start - LEAD)
    return first, min(child.present_to, child.born + int(old * YEAR), window.end)


def expected_harm(library: Library, years: float) -> float:
    """How many of 1,000 children live through a harmful trajectory at the rates of the library, roughly, over so many years.

    A child is here for about 0.72 of the years made, at every age alike; some three in ten more share a story although it would
    not begin at their age, or are born into it.
    """
    per_year = sum(
        p.begins.value * (p.begins.ages[1] - p.begins.ages[0]) / 18 for p in library.processes if p.harmful
    )
    return 1.3 * per_year * (0.72 * years + LEAD / YEAR * 0.6)


def _with(process: Process, children: Sequence[Child], child: Child, day: int) -> list[Child]:
    """Who lives it through: the child, and in a process of the whole family everybody under 18 then, or born into it."""
    if not process.whole_family:
        return [child]
    others = [c for c in children if c is not child and day < c.present_to and c.born + 18 * YEAR > day]
    return [child, *others]


def _for_disabled(process: Process, disabled: bool) -> float:
    over_all = 1.0 + _DISABLED_SHARE * (process.disabled - 1.0)
    return (process.disabled if disabled else 1.0) / over_all
