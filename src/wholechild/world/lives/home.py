"""Homes: registering with a practice, moving, arriving, leaving, being homeless, and who comes and goes."""

from __future__ import annotations

from datetime import date
from random import Random

from wholechild.world.agencies import Sender
from wholechild.world.chance import YEAR, chance, days_of, multiplier
from wholechild.world.context import Local, World
from wholechild.world.log import FamilyLog
from wholechild.world.people import Child, Family, Home, Person


class Homes:
    """Writes what practices, schools and the housing service learn of where a family lives."""

    def __init__(self, world: World) -> None:
        self.world = world
        rates = world.rates
        self.late = {name: share / 100 for name, share in rates.set("registered_late").items()}
        self.homeless = rates.per("homelessness", 1000)
        self.placed = 0.62
        self.poor_homes = rates.per("poor_home_conditions", 1000)

    def settle(self, log: FamilyLog) -> Local:
        """Find the family's practices, and write its registrations and moves."""
        family, rng = log.family, self.world.stream(log.family, "practice")
        first = family.homes[0]
        local = Local(
            log, [(first.since, self.world.agencies.near(self.world.agencies.practices, first, rng))], {}
        )
        registered = self._first_registration(local, rng)
        for home, following in zip(family.homes, family.homes[1:], strict=False):
            self._move(local, rng, home, following)
        if family.left_on is not None:
            self._leave(local, rng, family.left_on)
        self._births(local, rng, registered)
        return local

    def write(self, local: Local) -> None:
        """Homelessness, poor conditions, and adults who come and go."""
        rng = self.world.stream(local.log.family, "household")
        self._homelessness(local, rng)
        self._conditions(local, rng)
        self._household(local, rng)

    # -- registering -------------------------------------------------------------------------------------------------

    def _first_registration(self, local: Local, rng: Random) -> int:
        family, first = local.log.family, local.log.family.homes[0]
        practice = local.practices[0][1]
        if family.arrived_on is None:
            self._live_at(local, self.world.window.start, practice, first, first.since, since_known=False)
            return first.since
        delay = self._delay(rng, self.late["from_abroad" if family.from_abroad else "arrived"])
        day = first.since + delay
        here = [c for c in family.children if c.born <= first.since and c.here_on(day)]
        self._register(local, day, practice, here, late=delay > 91)
        self._live_at(local, day, practice, first, day)
        if here and rng.random() < 0.5:
            agencies = self.world.agencies
            who = agencies["health_visiting"] if here[-1].age_on(day) < 5 else agencies["school_nursing"]
            local.log.record(day + 3, who, "cross_border.arrival", [here[-1], family.parent_on(day)],
                             "New to the area; registered and offered a first contact.")  # fmt: skip
        return day

    def _delay(self, rng: Random, late: float) -> int:
        return (
            int(92 + rng.expovariate(1 / 120))
            if rng.random() < late
            else 3 + int(rng.expovariate(1 / 18)) % 88
        )

    def _births(self, local: Local, rng: Random, registered: int) -> None:
        """Each newborn is put on the list of the mother's practice some weeks after birth."""
        family = local.log.family
        for child in family.children:
            if child.born < self.world.window.start or child.born < registered:
                continue
            chance_late = chance(self.late["born_here"], family.liability["missed"], 0.8)
            delay = self._delay(rng, chance_late) + 14
            day = child.born + delay
            if child.here_on(day):
                self._register(local, day, local.practice_on(day), [child], late=delay > 91)
                local.log.stay(day, local.practice_on(day), [child], family.home_on(day), child.born)

    def _register(
        self, local: Local, day: int, practice: Sender, children: list[Child], *, late: bool
    ) -> None:
        for child in children:
            kind = "health.registration_late" if late else "health.registered"
            what = (
                "Registered more than three months after arriving or being born."
                if late
                else "Registered with the practice."
            )
            local.log.record(day, practice, kind, [child, local.log.family.parent_on(day)], what)

    def _live_at(
        self, local: Local, day: int, practice: Sender, home: Home, at: int, *, since_known: bool = True
    ) -> None:
        """The practice writes down who lives at the address: the children, a parent, and mostly the other adult."""
        family = local.log.family
        adults = family.adults_on(max(at, day))
        people: list[Person] = [
            c for c in family.children if c.born <= day and c.here_on(max(day, c.present_from))
        ]
        people += [a for n, a in enumerate(adults) if n == 0 or (a.place * 7 + family.number) % 4]
        if people:
            local.log.stay(day, practice, people, home, home.since if since_known else None)

    # -- moving ------------------------------------------------------------------------------------------------------

    def _move(self, local: Local, rng: Random, old: Home, new: Home) -> None:
        """Within the area: the practice hears after a while, and may change."""
        log, family = local.log, local.log.family
        told = new.since + new.told_after
        practice = local.practice_on(new.since)
        if told >= min(new.until, self.world.window.end):
            return
        following = practice
        if rng.random() < 0.4:
            following = self.world.agencies.near(self.world.agencies.practices, new, rng)
        children = family.children_on(told)
        if not children:
            return
        adults = family.adults_on(told)
        log.stay(told, practice, [*children, *adults], old, until=new.since)
        if following is not practice:
            local.practices.append((told, following))
            self._register(local, told, following, children, late=new.told_after > 91)
        log.stay(told, following, [*children, *adults], new, new.since)
        self._told_of_move(local, rng, told, new, children)

    def _told_of_move(self, local: Local, rng: Random, told: int, new: Home, children: list[Child]) -> None:
        """The first to hear writes the move down: the practice, or the council for a council home."""
        sender = self.world.agencies["housing"] if new.tenure == "council" else local.practice_on(told)
        vague = (
            date.fromordinal(new.since).isoformat()[:7] if new.told_after > 30 and rng.random() < 0.6 else ""
        )
        if vague and date.fromordinal(told).isoformat()[:7] == vague:
            vague = ""
        local.log.record(new.since, sender, "housing.move", [*children, *local.log.family.adults_on(told)[:1]],
                         "Moved to another address in the area.", lag=new.told_after, happened=vague)  # fmt: skip

    def _leave(self, local: Local, rng: Random, left: int) -> None:
        """Out of the area: most families say so; of the others, services find out."""
        log, family = local.log, local.log.family
        children = [c for c in family.children if c.here_on(left - 1)]
        if not children:
            return
        practice = local.practice_on(left)
        under_5 = [c for c in children if c.age_on(left) < 5]
        silent = rng.random() < chance(
            self.world.rates.per("moves_not_notified", 100) * 1.6, family.liability["missed"], 0.5
        )
        if not silent:
            sender = self.world.agencies["health_visiting"] if under_5 else practice
            log.record(left, sender, "cross_border.move_notified", [*children, *family.adults_on(left)[:1]],
                       "The family told us of the move; records sent on.", lag=int(rng.expovariate(1 / 20)))  # fmt: skip
            return
        found = left + 30 + int(rng.expovariate(1 / 60))
        log.record(found, practice, "health.deregistered", [*children], "Post returned; taken off the list.")
        if under_5:
            log.record(found + 10, self.world.agencies["health_visiting"], "contact.no_access_visit", [under_5[0], family.mother],
                       "Called; a neighbour says the family has gone.")  # fmt: skip
        if rng.random() < 0.6:
            log.record(found + 25, practice, "cross_border.move_notified", [*children],
                       "Another practice asked for the records: the family is registered there.")  # fmt: skip

    # -- the home and who is in it -------------------------------------------------------------------------------------

    def _homelessness(self, local: Local, rng: Random) -> None:
        """An application to the council; for about half, a time in temporary accommodation.

        Drawn from three years before the window, so that those already waiting when it opens are there.
        """
        family, start = local.log.family, self.world.window.start
        rate = self.homeless * multiplier(family.adversity, family.liability["housing"], 0.8, 1.3)
        begin = family.homes[0].since - (1100 if family.arrived_on is None else 0)
        last = 0
        for day in sorted(days_of(rng, begin, family.homes[-1].until, rate)):
            if day < last + 400 or not family.children_on(max(day, start)):
                continue
            last = day
            if day >= start:
                self._housing(
                    local,
                    day,
                    "housing.homeless_application",
                    "Asked for help: losing their home. The council owes them help.",
                )
            if rng.random() < self.placed:
                self._temporary(local, rng, day + 20 + int(rng.random() * 60))

    def _temporary(self, local: Local, rng: Random, placed: int) -> None:
        window, family = self.world.window, local.log.family
        settled = placed + int(min(1800, rng.lognormvariate(5.9, 0.9)))
        if settled > window.start:
            self._housing(
                local, placed, "housing.temporary_accommodation", "Placed in temporary accommodation."
            )
        if window.start <= settled < min(window.end, family.homes[-1].until):
            self._housing(local, settled, "housing.settled", "Moved into a settled home.")

    def _housing(self, local: Local, day: int, kind: str, what: str) -> None:
        start = self.world.window.start
        on = max(day, start)
        people: list[Person] = [*local.log.family.children_on(on), *local.log.family.adults_on(on)]
        if people:
            local.log.record(
                day,
                self.world.agencies["housing"],
                kind,
                people,
                what,
                lag=on - day,
                earlier=int(day < start),
            )

    def _conditions(self, local: Local, rng: Random) -> None:
        family = local.log.family
        rate = self.poor_homes * multiplier(family.adversity, family.liability["housing"], 0.7, 1.1)
        for day in days_of(rng, family.homes[0].since, family.homes[-1].until, rate):
            children = family.children_on(day)
            if children:
                people = [*children[:2], family.parent_on(day)]
                if rng.random() < 0.6:
                    local.log.record(
                        day,
                        self.world.agencies["housing"],
                        "housing.disrepair",
                        people,
                        "Damp; reported to the landlord.",
                    )
                else:
                    local.log.record(day, self.world.agencies["health_visiting"], "home.conditions_poor", people,
                                     "Cluttered and cold; help offered.", lag=1)  # fmt: skip

    def _household(self, local: Local, rng: Random) -> None:
        """A partner moves in or out: whoever sees the family next may write it down, mostly by the month.

        The practice's list of who lives at the address follows then, or much later, or not at all.
        """
        family, window = local.log.family, self.world.window
        for adult in family.adults[1:]:
            for day, kind, what in ((adult.came, "household.new_adult", "A partner has moved in."),
                                    (adult.left, "household.adult_left", "A partner has moved out.")):  # fmt: skip
                children = family.children_on(day)
                if not (window.start <= day < window.end and children):
                    continue
                noticed, lag = rng.random() < 0.45, 20 + int(rng.expovariate(1 / 40))
                if noticed or rng.random() < 0.5:
                    told = day + (lag if noticed else 120 + int(rng.expovariate(1 / 150)))
                    self._told_of_adult(local, told, adult.person, day, came=kind == "household.new_adult")
                if not noticed:
                    continue
                youngest = min(c.age_on(day) for c in children)
                sender = self.world.agencies["health_visiting"] if youngest < 5 else local.practice_on(day)
                month = date.fromordinal(day).isoformat()[:7]
                if date.fromordinal(day + lag).isoformat()[:7] != month:
                    local.log.record(day, sender, kind, [children[0], family.parent_on(day), adult.person], what,
                                     lag=lag, happened=month)  # fmt: skip

    def _told_of_adult(self, local: Local, told: int, adult: Person, day: int, *, came: bool) -> None:
        family = local.log.family
        home = family.home_on(told)
        if not family.children_on(told) or home.since > day:
            return
        local.log.stay(
            told, local.practice_on(told), [adult], home, day if came else None, None if came else day
        )


def bereavements(world: World, local: Local) -> None:
    """The death of a parent: the registrar knows, and the school is told."""
    family, rng = local.log.family, world.stream(local.log.family, "bereavement")
    rate = world.rates.per("parent_deaths", 1000)
    for day in sorted(days_of(rng, family.homes[0].since, family.homes[-1].until, rate))[:1]:
        children = family.children_on(day)
        living = [a.person for a in family.adults if a.came <= day < a.left] + family.absent_parents
        if not children or not living:
            continue
        lost = living[-1]
        lost.died = day
        for child in children:
            school = local.school_on(child, day)
            sender = school or local.practice_on(day)
            local.log.record(day, sender, "parent.bereavement", [child], "A parent of the child has died; support offered.",
                             lag=2 + int(rng.random() * 6))  # fmt: skip


def household_years(family: Family) -> float:
    """How long the family had a child here, in years."""
    first = min(c.present_from for c in family.children)
    return max(0, max(c.present_to for c in family.children) - first) / YEAR
