"""At nursery or school: term by term, absence, suspensions, and what staff note."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date
from random import Random
from statistics import NormalDist
from typing import Final

from wholechild.world.agencies import Sender
from wholechild.world.chance import YEAR, Choice, days_of, multiplier, poisson
from wholechild.world.context import Local, Schooling, World
from wholechild.world.growth import weighed
from wholechild.world.lives.enrolment import starts_school
from wholechild.world.people import Child, Family, Person

_TERMS: Final = (((9, 3), (12, 19)), ((1, 6), (3, 28)), ((4, 22), (7, 22)))
#: Half days missed follow a lognormal law: its two figures come from the shares that miss a tenth and a half.
_TENTH_AND_HALF: Final = (math.log(0.1), math.log(0.5))
#: Suspensions by stage, against all pupils: almost all are in secondary schools.
_SUSPENDED: Final = {"primary": 0.17, "secondary": 2.15}
_NOTES: Final = {
    "concern.raised_with_parent": "Spoke with a parent at the gate about worries at home; agreed to keep in touch.",
    "concern.school_noted": "Staff noted a small worry and told the safeguarding lead.",
    "education.late_collection": "Collected half an hour late; bus.",
    "education.not_collected": "Nobody came; a relative came after calls.",
    "education.bullying": "Quarrel with other children; looked into.",
    "education.holiday_in_term": "Family holiday.",
    "nutrition.inadequate_food": "Came without lunch; given a meal.",
    "nutrition.scavenging_food": "Took another child's snack.",
    "neglect.poor_hygiene": "Unwashed today; clean again later in the week.",
    "neglect.dirty_clothes": "Uniform not washed; spare given.",
    "neglect.tired": "Very tired; up late.",
    "behaviour.change": "Quiet and tearful this week.",
    "behaviour.aggressive": "Hit another child; talked it over.",
    "behaviour.distress": "Very upset on arrival; calmed.",
    "injury.bruise_single": "One bruise; says how it came.",
    "injury.bruise_unexplained": "A bruise; does not remember how.",
    "injury.bruise_face": "Bruise on the cheek; bumped into the door at home.",
    "injury.bruise_multiple": "Several bruises; fell off a bike.",
    "injury.mark_unexplained": "A scratch; does not remember how.",
    "parent.hostile_to_staff": "Shouted at the office; calmed.",
    "disclosure.child": "Said that there is shouting at home.",
}


class Education:
    """Writes what nurseries and schools write of one family's children."""

    def __init__(self, world: World) -> None:
        self.world = world
        rates = world.rates
        self.persistent, self.severe = rates.per("persistent_absence", 100), rates.per("severe_absence", 100)
        self.suspended = rates.per("suspensions", 100)
        notes = {kind: per / 1000 for kind, per in rates.set("school_notes").items()}
        self.noted, self.note = sum(notes.values()), Choice(notes)
        self.bumps = rates.per("bruises_in_early_years", 1000), rates.per("bruises_in_school", 1000)
        self._sigma, self._mu = self._law()

    def _law(self) -> tuple[float, float]:
        tenth, half = (NormalDist().inv_cdf(1 - share) for share in (self.persistent, self.severe))
        sigma = (_TENTH_AND_HALF[1] - _TENTH_AND_HALF[0]) / (half - tenth)
        return sigma, _TENTH_AND_HALF[0] - tenth * sigma - 0.06

    def write(self, local: Local) -> None:
        family = local.log.family
        for child in family.children:
            rng = self.world.stream(family, f"education {child.place}")
            for spell in local.schooling[child.place]:
                if spell.sender is not None:
                    self._spell(local, rng, child, spell, spell.sender)
            self._measured(local, rng, child)

    def _spell(self, local: Local, rng: Random, child: Child, spell: Schooling, sender: Sender) -> None:
        if spell.stage == "nursery":
            for _, last in terms(spell.since, spell.until):
                if rng.random() < 0.7:
                    local.log.record(
                        last, sender, "nursery.progress_record", [child], "Progress as expected for the age."
                    )
        else:
            self._terms(local, rng, child, spell, sender)
            self._suspensions(local, rng, child, spell, sender)
        self._notes(local, rng, child, spell, sender)

    def _terms(self, local: Local, rng: Random, child: Child, spell: Schooling, sender: Sender) -> None:
        """The school's record of each term; and where a tenth or more of the year so far was missed, that as well."""
        before, year, this_year = 0.0, 0, 0.0
        for _, last in terms(spell.since, spell.until):
            school_year = date.fromordinal(last).year - (date.fromordinal(last).month < 9)
            if school_year != year:
                year, this_year, before = school_year, rng.gauss(0.0, 1.0), 0.0
            missed = self._missed(rng, local.log.family, child, this_year)
            percent = round(100 * (1 - missed), 1)
            measures: dict[str, object] = {"attendance_percent": percent}
            local.log.record(
                last,
                sender,
                "education.term_record",
                [child],
                f"Attendance {percent:g} per cent this term.",
                measures=measures,
            )
            if missed >= 0.5:
                local.log.record(
                    last,
                    sender,
                    "education.severe_absence",
                    [child],
                    "Away for half the term or more; plan with the family.",
                    measures=measures,
                )
            elif missed >= 0.1 and rng.random() < 0.6:
                local.log.record(
                    last,
                    sender,
                    "education.persistent_absence",
                    [child],
                    "Away for a tenth of the term or more; letter sent.",
                    measures=measures,
                )
            elif 0 < missed < 0.06 and before >= 0.15:
                local.log.record(
                    last,
                    sender,
                    "education.attendance_improved",
                    [child],
                    "Attendance better than last term.",
                    measures=measures,
                )
            if missed >= 0.2 and rng.random() < 0.5:
                self._welfare(local, rng, child, last, percent)
            before = missed

    def _missed(self, rng: Random, family: Family, child: Child, this_year: float) -> float:
        liability = (
            0.42 * family.adversity
            + 0.6 * child.liability["absence"]
            + 0.6 * this_year
            + 0.3 * rng.gauss(0.0, 1.0)
        )
        return min(0.97, math.exp(self._mu + self._sigma * liability))

    def _welfare(self, local: Local, rng: Random, child: Child, day: int, percent: float) -> None:
        welfare = self.world.agencies["education_welfare"]
        local.log.record(
            day + 7,
            welfare,
            "education.attendance_low",
            [child],
            "Referred by the school.",
            measures={"attendance_percent": percent},
        )
        if rng.random() < 0.5 and child.here_on(day + 20):
            local.log.record(
                day + 20,
                welfare,
                "education.welfare_visit",
                [child, local.log.family.parent_on(day)],
                "Visited; plan agreed.",
            )

    def _suspensions(self, local: Local, rng: Random, child: Child, spell: Schooling, sender: Sender) -> None:
        rate = (
            self.suspended
            * _SUSPENDED[spell.stage]
            * multiplier(local.log.family.adversity, child.liability["behaviour"], 0.45, 1.7)
        )
        for day in days_of(rng, spell.since, spell.until, rate):
            local.log.record(day, sender, "education.excluded", [child], "Suspended for some days.",
                             measures={"days_excluded": float(1 + int(rng.expovariate(0.6)))})  # fmt: skip

    def _notes(self, local: Local, rng: Random, child: Child, spell: Schooling, sender: Sender) -> None:
        family = local.log.family
        times = multiplier(family.adversity, family.liability["school"], 0.65, 1.0)
        for day in days_of(rng, spell.since, spell.until, self.noted * times):
            kind = self.note.draw(rng)
            people: list[Person] = [child]
            if kind.startswith(("concern.raised", "parent.")):
                people.append(family.parent_on(day))
            local.log.record(day, sender, kind, people, _NOTES[kind])
        for _ in range(
            poisson(rng, self.bumps[spell.stage != "nursery"] * (spell.until - spell.since) / YEAR)
        ):
            day = spell.since + int(rng.random() * (spell.until - spell.since))
            kind = "injury.bruise_shin" if rng.random() < 0.4 else "injury.minor_explained"
            local.log.record(day, sender, kind, [child], "Small bump or bruise; the account fits.")

    def _measured(self, local: Local, rng: Random, child: Child) -> None:
        """Weighed by the school nurse in the first and the last year of primary school; special needs noted."""
        nurse = self.world.agencies["school_nursing"]
        for age in (4, 10):
            day = starts_school(child, age) + 120 + int(rng.random() * 60)
            if rng.random() < 0.93 and local.school_on(child, day) is not None:
                local.log.record(
                    day,
                    nurse,
                    "measurement.weight",
                    [child],
                    "Weighed at school.",
                    measures=weighed(rng, child, day),
                )
        day = starts_school(child, 5 + int(rng.random() * 4)) + 60
        school = local.school_on(child, day)
        if child.need and school is not None:
            what = (
                "Education, health and care plan agreed."
                if child.need == "plan"
                else "Support for special needs begun."
            )
            local.log.record(day, school, "education.send_support", [child], what)


def terms(since: int, until: int) -> Iterator[tuple[int, int]]:
    """The terms that end in [since, until), first and last day, of which the child was there for half or more."""
    for year in range(date.fromordinal(since).year, date.fromordinal(until).year + 1):
        for begins, ends in (_TERMS[1], _TERMS[2], _TERMS[0]):
            first, last = date(year, *begins).toordinal(), date(year, *ends).toordinal()
            if since <= (first + last) // 2 and last < until:
                yield first, last
