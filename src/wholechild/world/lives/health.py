"""Illness and injury: the practice, the emergency department, the ward and the clinic."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Final

from wholechild.world.agencies import Sender
from wholechild.world.chance import YEAR, Choice, chance, multiplier, poisson
from wholechild.world.context import Local, World
from wholechild.world.growth import weighed
from wholechild.world.people import Child
from wholechild.world.rates import ByAge

#: How ordinary injuries come about, by age: from that age on, mechanism and words.
_FALLS: Final = {
    0: (("fall", "Rolled off the bed; account fits."), ("fall", "Slipped from a parent's arms; seen at once.")),
    1: (("fall", "Fell from the sofa; account fits."), ("fall", "Tripped against a table; account fits."),
        ("fall", "Fell on the stairs; account fits.")),
    5: (("fall", "Fell from the climbing frame; account fits."), ("fall", "Came off a bike; account fits."),
        ("fall", "Fell on the trampoline; account fits.")),
    11: (("sport", "Playing football; account fits."), ("fall", "Came off a bike; account fits."),
         ("sport", "In games at school; account fits.")),
}  # fmt: skip
_BURNS: Final = (("scald", "Pulled a cup of tea over; cooled at once."), ("hot_object", "Touched the oven door."),
                 ("scald", "Bath water; cooled at once."), ("hot_object", "Touched hair straighteners."))  # fmt: skip
_ILLNESS: Final = ("Fever; seen and sent home.", "Cough and wheeze.", "Vomiting; drinking well.", "Rash; seen and reassured.",
                   "Tummy pain.", "Earache.", "Breathing hard; treated.")  # fmt: skip
_CONSULTED: Final = ("Cough and cold.", "Rash.", "Earache.", "Eczema review.", "Tummy ache.", "Sore throat.", "Sleep and feeding.",
                     "Constipation.", "Hay fever.", "Medicines review.")  # fmt: skip


class Health:
    """Writes one child's ordinary illnesses, injuries and appointments."""

    def __init__(self, world: World) -> None:
        self.world = world
        rates = world.rates
        self.consultations = rates.by_age("gp_consultations", 1)
        self.attendances = rates.by_age("ed_attendances", 1000)
        self.injured = rates.by_age("ed_injury_share", 100)
        self.fractures = rates.by_age("fractures", 10_000)
        self.burns = rates.by_age("burns", 10_000)
        self.poisonings = rates.by_age("poisonings", 10_000)
        self.head, self.wound = rates.by_age("head_injury_share", 100), rates.by_age("wound_share", 100)
        admissions = rates.by_age("emergency_admissions", 1000)
        self.admitted = ByAge(
            tuple(min(0.6, admissions[a] / (self.attendances[a] * (1 - self.injured[a]))) for a in range(18))
        )
        self.other = ByAge(tuple(self._other_injuries(age) for age in range(18)))
        self.illness = ByAge(tuple(self.attendances[a] * (1 - self.injured[a]) for a in range(18)))
        self.late = rates.per("delayed_presentation", 100)
        self.missed = rates.per("was_not_brought", 100)
        self.clinic = rates.per("outpatient_attendances", 1000)
        self.long_term = Choice({"asthma": rates.per("asthma", 100), "": 1 - rates.per("asthma", 100)})
        self.new = {what: rates.per(what, 10_000) for what in ("diabetes", "epilepsy", "coeliac")}
        self.ed, self.ward = world.agencies["hospital_ed"], world.agencies["hospital_ward"]
        self.clinics = world.agencies["hospital_outpatients"]

    def write(self, local: Local) -> None:
        for child in local.log.family.children:
            rng = self.world.stream(local.log.family, f"health {child.place}")
            self._practice(local, rng, child)
            self._emergencies(local, rng, child)
            self._clinic(local, rng, child)
            self._long_term(local, rng, child)

    def _other_injuries(self, age: int) -> float:
        named = self.fractures[age] + 0.6 * self.burns[age] + self.poisonings[age]
        return max(0.0, self.attendances[age] * self.injured[age] - named)

    def _days(self, rng: Random, child: Child, rate: ByAge, times: float) -> Iterator[tuple[int, int]]:
        """(day, age) of everything that happens at a rate by age, while the child is here."""
        for age in range(child.age_on(child.present_from), child.age_on(child.present_to - 1) + 1):
            first = max(child.present_from, child.born + int(age * YEAR))
            after = min(child.present_to, child.born + int((age + 1) * YEAR))
            if after > first:
                for _ in range(poisson(rng, rate[age] * times * (after - first) / YEAR)):
                    yield first + int(rng.random() * (after - first)), age

    # -- the practice --------------------------------------------------------------------------------------------------

    def _practice(self, local: Local, rng: Random, child: Child) -> None:
        times = multiplier(local.log.family.adversity, child.liability["health"], 0.15, 0.5)
        for day, age in self._days(rng, child, self.consultations, times):
            practice = local.practice_on(day)
            if rng.random() < chance(0.03, local.log.family.liability["missed"], 0.7):
                local.log.record(
                    day,
                    practice,
                    "health.was_not_brought",
                    [child],
                    "Not brought to a booked appointment at the practice.",
                )
                continue
            local.log.record(day, practice, "health.seen", [child], rng.choice(_CONSULTED))
            if age < 6 and rng.random() < 0.06:
                ill = rng.random() < 0.2
                local.log.record(
                    day,
                    practice,
                    "measurement.weight",
                    [child],
                    "Weighed.",
                    measures=weighed(rng, child, day, ill=ill),
                )

    # -- the emergency department ------------------------------------------------------------------------------------

    def _emergencies(self, local: Local, rng: Random, child: Child) -> None:
        family = local.log.family
        ill = multiplier(family.adversity, child.liability["health"], 0.35, 0.5)
        hurt = multiplier(family.adversity, family.liability["injury"], 0.35, 0.4)
        for day, age in self._days(rng, child, self.illness, ill):
            self._ill(local, rng, child, day, age)
        for day, age in self._days(rng, child, self.fractures, hurt):
            self._hurt(local, rng, child, day, "injury.fracture", _fall(rng, age))
        for day, _ in self._days(rng, child, self.burns, hurt):
            how = rng.choice(_BURNS)
            where = self.ed if rng.random() < 0.6 else local.practice_on(day)
            kind = "injury.scald" if how[0] == "scald" else "injury.burn"
            self._hurt(local, rng, child, day, kind, how, where)
        for day, age in self._days(rng, child, self.poisonings, hurt):
            self._poisoned(local, rng, child, day, age)
        for day, age in self._days(rng, child, self.other, hurt):
            draw = rng.random()
            sport = age >= 8 and draw > 0.8
            kind = ("injury.head" if draw < self.head[age] else "injury.laceration" if draw < self.head[age] + self.wound[age]
                    else "injury.sport" if sport else "injury.presentation")  # fmt: skip
            self._hurt(local, rng, child, day, kind, _fall(rng, age))

    def _ill(self, local: Local, rng: Random, child: Child, day: int, age: int) -> None:
        people = [child]
        local.log.record(day, self.ed, "health.ed_attendance", people, rng.choice(_ILLNESS))
        if rng.random() < 0.2:
            weight = weighed(rng, child, day, ill=rng.random() < 0.5)
            local.log.record(
                day, self.ed, "measurement.weight", [child], "Weighed for medicines.", measures=weight
            )
        if rng.random() < self.admitted[age]:
            local.log.record(
                day,
                self.ward,
                "health.admission",
                people,
                "Admitted for one or two nights; recovered and sent home.",
                lag=1,
            )

    def _hurt(
        self,
        local: Local,
        rng: Random,
        child: Child,
        day: int,
        kind: str,
        how: tuple[str, str],
        where: Sender | None = None,
    ) -> None:
        people = [child]
        sender = where or self.ed
        who = local.log.family.relation(child, local.log.family.parent_on(day))
        local.log.record(day, sender, kind, people, how[1], values={"mechanism": how[0]}, informant=who)
        if rng.random() < self.late:
            local.log.record(
                day,
                sender,
                "health.delayed_presentation",
                people,
                "Brought the day after; thought it was a bruise.",
            )
        if kind == "injury.fracture" and rng.random() < 0.85:
            self._appointment(local, rng, child, day + 8 + int(rng.random() * 14), "Fracture clinic.")

    def _poisoned(self, local: Local, rng: Random, child: Child, day: int, age: int) -> None:
        on_purpose = age >= 12 and rng.random() < 0.6
        kind = "injury.self_harm" if on_purpose else "injury.ingestion"
        what = (
            "Took tablets; seen by the mental health team."
            if on_purpose
            else "Swallowed a household product; watched and sent home."
        )
        self._hurt(local, rng, child, day, kind, ("ingestion", what))
        if on_purpose and child.here_on(day + 10):
            local.log.record(
                day + 5 + int(rng.random() * 6),
                self.world.agencies["camhs"],
                "health.child_mental_health",
                [child],
                "Seen after self-harm.",
            )

    # -- the clinic ----------------------------------------------------------------------------------------------------

    def _clinic(self, local: Local, rng: Random, child: Child) -> None:
        need = 0.9 if child.need == "plan" else 0.35 if child.need == "support" else 0.0
        liability = child.liability["health"] * 0.8 + 0.6 * rng.gauss(0.0, 1.0)
        booked = self.clinic / (1 - self.missed) * multiplier(0.0, liability, 0.0, 1.0) * (0.78 + need)
        rate = ByAge(tuple(booked * (1.25 if age < 2 else 1.0) for age in range(18)))
        for day, _ in self._days(rng, child, rate, 1.08):
            self._appointment(local, rng, child, day, "Children's clinic.")

    def _appointment(self, local: Local, rng: Random, child: Child, day: int, what: str) -> None:
        if not child.here_on(day):
            return
        if rng.random() < chance(
            self.missed, local.log.family.liability["missed"] * 0.8 + 0.6 * local.log.family.adversity, 0.8
        ):
            local.log.record(
                day,
                self.clinics,
                "health.was_not_brought",
                [child],
                f"{what} Not brought; another date sent.",
                lag=1,
            )
            return
        local.log.record(day, self.clinics, "health.outpatient_seen", [child], what)
        if rng.random() < 0.25:
            local.log.record(
                day,
                self.clinics,
                "measurement.weight",
                [child],
                "Weighed.",
                measures=weighed(rng, child, day),
            )

    # -- long-term conditions --------------------------------------------------------------------------------------------

    def _long_term(self, local: Local, rng: Random, child: Child) -> None:
        self._asthma(local, rng, child)
        for what, rate in self.new.items():
            for day, age in self._days(rng, child, ByAge((rate,) * 18), 1.0):
                if age >= 1:
                    self._found(local, rng, child, day, what)

    def _asthma(self, local: Local, rng: Random, child: Child) -> None:
        if self.long_term.draw(rng) != "asthma":
            return
        day = child.born + int((2 + rng.random() * 7) * YEAR)
        if child.here_on(day):
            local.log.record(
                day,
                local.practice_on(day),
                "health.diagnosis_made",
                [child],
                "Asthma; inhaler and plan given.",
            )

    def _found(self, local: Local, rng: Random, child: Child, day: int, what: str) -> None:
        """A new condition: for two of them weight was lost before anybody knew why, and comes back."""
        lost = {"diabetes": 0.09, "coeliac": 0.07}.get(what, 0.0)
        words = {"diabetes": "New diabetes.", "epilepsy": "New epilepsy.", "coeliac": "Coeliac disease."}[
            what
        ]
        if lost:
            local.log.record(
                day,
                self.ed,
                "measurement.weight",
                [child],
                "Weighed on arrival.",
                measures=weighed(rng, child, day, lost=lost),
            )
        local.log.record(day, self.ward, "health.diagnosis_made", [child], f"{words} Treatment begun.", lag=1)
        for after in (30, 75, 150, 240):
            back = max(0.0, lost * (1 - after / 120))
            if child.here_on(day + after):
                local.log.record(day + after, self.clinics, "health.outpatient_seen", [child], "Follow-up.")
                if lost:
                    local.log.record(day + after, self.clinics, "measurement.weight", [child], "Weighed.",
                                     measures=weighed(rng, child, day + after, lost=back))  # fmt: skip


def _fall(rng: Random, age: int) -> tuple[str, str]:
    return rng.choice(_FALLS[max(a for a in _FALLS if a <= age)])
