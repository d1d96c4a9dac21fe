"""Early help: a plan agreed with the family, meetings round it, and mostly an end as planned."""

from __future__ import annotations

from random import Random

from wholechild.world.chance import YEAR, days_of, multiplier, spread
from wholechild.world.context import Local, World
from wholechild.world.lives.casework import Casework
from wholechild.world.people import Child, Person


class EarlyHelp(Casework):
    """Writes what early help writes of one family."""

    def __init__(self, world: World) -> None:
        super().__init__(world, "early_help")
        self.rate = world.rates.per("early_help", 1000)

    def over_the_years(self, local: Local, rng: Random) -> None:
        family = local.log.family
        times = multiplier(family.adversity, family.liability["help"], 0.6, 1.2)
        busy = 0
        for day in sorted(
            days_of(rng, family.homes[0].since, family.homes[-1].until, 1.06 * self.rate * times)
        ):
            if day > busy:
                busy = self.begin(local, rng, family.children_on(day), day)

    def begin(self, local: Local, rng: Random, children: list[Child], day: int) -> int:
        """Early help: a plan, meetings round the family, and mostly an end as planned."""
        family = local.log.family
        here = [c for c in children if c.here_on(day)]
        if not here or day >= self.window.end:
            return day
        people: list[Person] = [*here, family.parent_on(day)]
        write = local.log.record
        if rng.random() < 0.12:
            write(day, self.us, "early_help.declined", people, "Offered; the family said no thank you.")
            return day + 60
        write(day, self.us, "early_help.plan_started", people, "Plan agreed with the family.")
        ends = day + int(spread(rng, 0.45, 0.5) * YEAR)
        for after in range(42, ends - day, 56):
            self.note(local, day + after, "meeting.team_around_family", people, "Team around the family met.")
            if rng.random() < 0.6:
                self.note(local, day + after - 20, "contact.child_seen", here, "Seen at home.")
        kind = "early_help.plan_ended" if rng.random() < 0.85 else "early_help.ended_no_contact"
        self.note(
            local,
            ends,
            kind,
            people,
            "Goals met." if kind.endswith("plan_ended") else "Could not be reached.",
        )
        return ends
