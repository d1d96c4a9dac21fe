"""What is known of the adults: low mood, drink and drugs, illness, and parents who go to court about a child."""

from __future__ import annotations

from random import Random

from wholechild.world.chance import days_of, multiplier
from wholechild.world.context import Local, World
from wholechild.world.people import Family


class Parents:
    """Writes what practices and adult services know of one family's adults."""

    def __init__(self, world: World) -> None:
        self.world = world
        rates = world.rates
        self.low_mood = rates.per("maternal_mental_illness", 1000)
        self.drink = rates.per("parental_alcohol_or_drugs", 1000)
        self.court = rates.per("private_law", 1000)

    def write(self, local: Local) -> None:
        rng = self.world.stream(local.log.family, "parents")
        self._mind(local, rng)
        self._drink(local, rng)
        self._dispute(local, rng)

    def _days(self, local: Local, rng: Random, rate: float) -> list[int]:
        family = local.log.family
        days = days_of(rng, family.homes[0].since, family.homes[-1].until, rate)
        return sorted(day for day in days if family.children_on(day))

    def _mind(self, local: Local, rng: Random) -> None:
        """Mostly the mother, mostly low mood or worry, mostly seen at the practice; often again."""
        family, mind = local.log.family, self.world.agencies["adult_mental_health"]
        times = multiplier(family.adversity, family.liability["mind"], 0.35, 1.15)
        for day in self._days(local, rng, self.low_mood * times):
            who = (
                family.mother
                if rng.random() < 0.82
                else family.adults_on(day)[-1]
                if family.adults_on(day)
                else family.mother
            )
            people = [who]
            local.log.record(
                day,
                local.practice_on(day),
                "parental_mental_health.presentation",
                people,
                "Low mood or worry; treatment offered.",
            )
            draw = rng.random()
            if draw < 0.3:
                local.log.record(
                    day + 30,
                    mind,
                    "parental_mental_health.treatment_engaged",
                    people,
                    "Talking treatment begun.",
                )
            elif draw < 0.36:
                local.log.record(
                    day + 60,
                    mind,
                    "parental_mental_health.treatment_dropped",
                    people,
                    "Did not come again; discharged to the practice.",
                )
            elif draw < 0.385:
                local.log.record(
                    day + 5,
                    mind,
                    "parental_mental_health.crisis",
                    [who, *family.children_on(day)[:1]],
                    "Seen by the crisis team.",
                )

    def _drink(self, local: Local, rng: Random) -> None:
        family, agencies = local.log.family, self.world.agencies
        times = multiplier(family.adversity, family.liability["drink"], 0.6, 1.9)
        for day in self._days(local, rng, self.drink * times):
            adults = family.adults_on(day) or [family.mother]
            who = adults[int(rng.random() * len(adults))]
            kind = "substance.parent_alcohol" if rng.random() < 0.65 else "substance.parent_drugs"
            draw = rng.random()
            sender = (agencies["substance_service"] if draw < 0.4 else local.practice_on(day) if draw < 0.7 else
                      agencies["hospital_ed"] if draw < 0.8 else agencies["police"])  # fmt: skip
            local.log.record(
                day, sender, kind, [who, *family.children_on(day)], "Drink or drugs a worry; advice given."
            )
            if rng.random() < 0.45:
                local.log.record(
                    day + 21,
                    agencies["substance_service"],
                    "substance.treatment_engaged",
                    [who],
                    "Treatment begun.",
                )
                if rng.random() < 0.25:
                    kind = "substance.relapse" if rng.random() < 0.5 else "substance.treatment_dropped"
                    local.log.record(
                        day + 120, agencies["substance_service"], kind, [who], "Offered another start."
                    )
            if rng.random() < 0.06:
                local.log.record(
                    day + 40,
                    local.practice_on(day + 40),
                    "substance.alcohol_denied",
                    [who],
                    "Says drinking is not a problem now.",
                )

    def _dispute(self, local: Local, rng: Random) -> None:
        """Separated parents who ask a court where a child should live, each unhappy with the other."""
        family = local.log.family
        for day in self._days(local, rng, self.court * 3.2):
            children = family.children_on(day)
            if not _apart(family, day):
                continue
            social_care = self.world.agencies["childrens_social_care"]
            local.log.record(
                day,
                social_care,
                "court.private_proceedings",
                [*children, family.parent_on(day)],
                "The court asked for checks.",
                lag=10,
            )
            if rng.random() < 0.35:
                local.log.record(day + 30, social_care, "concern.counter_allegation", [*children, family.parent_on(day)],
                                 "Each parent worried about the other's care; talked through.")  # fmt: skip


def _apart(family: Family, day: int) -> bool:
    """Whether the parents of the eldest child have parted by a day, or were never together."""
    return bool(family.absent_parents) or any(a.left <= day for a in family.adults)
