"""Which nursery or school a child is at, and what happens between two of them: moves, waiting, learning at home."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from random import Random
from typing import Final

from wholechild.world.agencies import Sender
from wholechild.world.chance import YEAR, chance, multiplier, wait
from wholechild.world.context import Local, Schooling, World
from wholechild.world.people import Child

_TO_SCHOOL_AT: Final = 4


class Enrolment:
    """Finds where the children of one family are at nursery or school, and writes the starts and the breaks."""

    def __init__(self, world: World) -> None:
        self.world = world
        rates = world.rates
        self.early = rates.per("early_education", 100)
        self.early_under_3 = rates.per("early_education_under_3", 100)
        self.independent = rates.per("independent_schools", 100)
        self.excluded = rates.per("permanent_exclusions", 100)
        self.at_home = rates.per("home_education", 100)
        self.missing = rates.per("missing_education", 100)

    def enrol(self, local: Local) -> None:
        """Find where each child is at nursery or school, and write the starts and the breaks."""
        family = local.log.family
        private = self.world.stream(family, "independent").random() < chance(
            self.independent, -family.adversity, 1.2
        )
        for child in family.children:
            rng = self.world.stream(family, f"schools {child.place}")
            spells = [*self._nursery(local, rng, child), *self._schools(local, rng, child, private)]
            local.schooling[child.place] = spells

    def _nursery(self, local: Local, rng: Random, child: Child) -> Iterator[Schooling]:
        school = starts_school(child)
        early = rng.random() < self.early_under_3 * 1.35
        begins = child.born + (
            int((0.8 + 1.3 * rng.random()) * YEAR) if early else int((3.0 + 0.3 * rng.random()) * YEAR)
        )
        if rng.random() > self.early - 0.02 + (0.04 if early else 0.0):
            return
        since, until = max(begins, child.present_from), min(school - 40, child.present_to)
        if since >= until:
            return
        sender = self.world.agencies.near(self.world.agencies.nurseries, local.log.family.home_on(since), rng)
        if begins >= self.world.window.start:
            local.log.record(since, sender, "nursery.started", [child], "Started at the nursery.")
        yield Schooling(since, until, "nursery", sender)

    def _schools(self, local: Local, rng: Random, child: Child, private: bool) -> list[Schooling]:
        """The child's spells at school: broken by moves, by arriving late, by home education."""
        starts, changes = starts_school(child), starts_school(child, 11)
        leaves = starts_school(child, 16 if rng.random() < 0.42 else 18) - 40
        spells: list[Schooling] = []
        for stage, since, until in (("primary", starts, changes - 40), ("secondary", changes, leaves)):
            first, after = max(since, child.present_from), min(until, child.present_to)
            if first < after:
                spells += self._stage(local, rng, child, stage, first, after, since, private)
        return spells

    def _stage(
        self,
        local: Local,
        rng: Random,
        child: Child,
        stage: str,
        first: int,
        after: int,
        began: int,
        private: bool,
    ) -> list[Schooling]:
        units = self.world.agencies.primaries if stage == "primary" else self.world.agencies.secondaries
        family = local.log.family
        if private:
            return [Schooling(first, after, stage, None)]
        day, spells = first, list[Schooling]()
        if first > began and first > self.world.window.start:
            day = self._waiting(local, rng, child, first)
        sender = self.world.agencies.near(units, family.home_on(day), rng)
        if (
            first > began
            and first == self.world.window.start
            and rng.random() < self.at_home * (1.6 if stage == "secondary" else 0.5)
        ):
            day = self._home_educated(local, rng, child, sender, day, after)
        if (
            day < after
            and (first == began or first > self.world.window.start)
            and began >= self.world.window.start - 3
        ):
            local.log.record(day, sender, "education.enrolled", [child], f"Started at {sender.agency.unit}.")
        elif day < after and day > self.world.window.start:
            local.log.record(day, sender, "education.enrolled", [child], f"Joined {sender.agency.unit}.")
        elif day < after:
            local.log.record(
                began,
                sender,
                "education.enrolled",
                [child],
                "On the roll when the feed began.",
                lag=day - began,
                earlier=1,
            )
        while day < after:
            until, following = self._until(local, rng, child, stage, day, after)
            spells.append(Schooling(day, until, stage, sender))
            if until >= after:
                break
            day, sender = self._next(local, rng, child, sender, until, after, following, units)
        return spells

    def _until(
        self, local: Local, rng: Random, child: Child, stage: str, day: int, after: int
    ) -> tuple[int, str]:
        """When the child leaves this school, and for what: the end of the stage, another home, or learning at home."""
        family = local.log.family
        moves = [
            h.since + 10
            for h in family.homes
            if h.since > day and rng.random() < (0.22 if stage == "primary" else 0.12)
        ]
        move = min((m for m in moves if m < after), default=after)
        rate = (
            self.at_home
            / 2.4
            * (1.6 if stage == "secondary" else 0.7)
            * multiplier(0.0, child.liability["behaviour"], 0.0, 0.8)
        )
        home = day + wait(rng, rate)
        if home < min(move, after):
            return home, "home"
        excluded = day + wait(
            rng,
            self.excluded
            * (2.2 if stage == "secondary" else 0.25)
            * multiplier(family.adversity, child.liability["behaviour"], 0.4, 1.2),
        )
        if excluded < min(move, after):
            return excluded, "excluded"
        gone = day + wait(
            rng, self.missing * 1.1 * multiplier(family.adversity, child.liability["behaviour"], 0.5, 1.0)
        )
        if gone < min(move, after):
            return gone, "left"
        return move, "move"

    def _next(
        self,
        local: Local,
        rng: Random,
        child: Child,
        old: Sender,
        day: int,
        after: int,
        why: str,
        units: list[Sender],
    ) -> tuple[int, Sender]:
        """What follows on a school left early, and the day of the next start."""
        log, agencies = local.log, self.world.agencies
        fresh = agencies.near(units, log.family.home_on(day), rng)
        if why == "home":
            back = self._home_educated(local, rng, child, old, day, after)
            if back < after:
                log.record(
                    back,
                    fresh,
                    "education.enrolled",
                    [child],
                    f"Joined {fresh.agency.unit} after learning at home.",
                )
            return back, fresh
        if why == "excluded":
            log.record(
                day, old, "education.excluded", [child], "Permanently excluded; another place being found."
            )
            back = day + 20 + int(rng.random() * 60)
        elif fresh is old and why == "move":
            return day, old
        else:
            back = day + (
                3 + int(rng.random() * 10) if rng.random() < 0.7 and why == "move" else self._missing_for(rng)
            )
        if back - day > 15:
            self._missing(local, rng, child, old, day)
        if back < after:
            log.record(
                back,
                fresh,
                "education.moved_school",
                [child],
                f"Moved from {old.agency.unit} to {fresh.agency.unit}.",
            )
        return back, fresh

    def _waiting(self, local: Local, rng: Random, child: Child, arrived: int) -> int:
        """A child who arrives in the area waits for a place, seldom for long."""
        abroad = local.log.family.from_abroad
        back = arrived + (
            self._missing_for(rng) if rng.random() < (0.7 if abroad else 0.35) else 5 + int(rng.random() * 15)
        )
        if back - arrived > 20 and child.here_on(arrived + 14):
            local.log.record(arrived + 14, self.world.agencies["education_welfare"], "education.not_enrolled", [child],
                             "New to the area; waiting for a school place.")  # fmt: skip
        return back

    def _missing_for(self, rng: Random) -> int:
        return 30 + int(rng.expovariate(1 / 85))

    def _missing(self, local: Local, rng: Random, child: Child, old: Sender, day: int) -> None:
        if child.here_on(day + 20):
            sender = old if rng.random() < 0.5 else self.world.agencies["education_welfare"]
            local.log.record(day + 8 + int(rng.random() * 8), sender, "education.missing_protocol", [child],
                             "Not yet at another school; enquiries begun.")  # fmt: skip

    def _home_educated(
        self, local: Local, rng: Random, child: Child, old: Sender, day: int, after: int
    ) -> int:
        log, team = local.log, self.world.agencies["elective_home_education"]
        back = day + 60 + wait(rng, 1 / 2.6)
        log.record(day, old, "education.withdrawn_home_education", [child], "The family will teach at home.")
        visit = day + 45 + int(rng.random() * 60)
        while visit < min(back, after):
            draw = rng.random()
            kind, what = (("education.home_education_suitable", "Work seen; suitable.") if draw < 0.72 else
                          ("education.home_education_visit", "Visited; plan discussed.") if draw < 0.9 else
                          ("education.home_education_refused_contact", "No answer to letters yet."))  # fmt: skip
            log.record(visit, team, kind, [child], what)
            visit += 330 + int(rng.random() * 90)
        return back


def starts_school(child: Child, age: int = _TO_SCHOOL_AT) -> int:
    """The September day on which a child who is of this age by then begins a school year."""
    born = date.fromordinal(child.born)
    year = born.year + age + (1 if born.month >= 9 else 0)
    return date(year, 9, 3).toordinal()
