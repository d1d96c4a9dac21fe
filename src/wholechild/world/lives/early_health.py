"""The first five years: birth, midwife, health visitor, immunisations, and the scales."""

from __future__ import annotations

from random import Random
from typing import Final

from wholechild.world.chance import YEAR, chance
from wholechild.world.context import Local, World
from wholechild.world.growth import weighed
from wholechild.world.people import Child

MONTH: Final = YEAR / 12
#: Health visitor's reviews after the new birth visit: rate, due in days, days of grace, words.
_REVIEWS: Final = (
    ("review_6_to_8_weeks", 45, 18, "Review at 6 to 8 weeks."),
    ("review_12_months", 320, 120, "Review at one year."),
    ("review_2_years", 740, 160, "Review at 2 to 2½ years."),
)
#: Milestones of immunisation: rate, days when its doses are due, day by which the rate is counted, words.
_IMMUNISATIONS: Final = (
    ("immunised_by_12_months", (56, 84, 112), 365, "6-in-1"),
    ("mmr1_by_24_months", (372,), 730, "First MMR and boosters"),
    ("mmr2_by_5_years", (1220,), 1826, "Second MMR and pre-school booster"),
)
_TEEN: Final = (int(13.3 * YEAR), "Teenage immunisations")


class EarlyHealth:
    """Writes what midwives, health visitors and practice nurses write of one family's young children."""

    def __init__(self, world: World) -> None:
        self.world = world
        rates = world.rates
        self.in_14 = rates.per("new_birth_visit_14_days", 100)
        self.in_30 = rates.per("new_birth_visit_30_days", 100)
        self.no_access = rates.per("no_access_visits", 100)
        self.reviews = [(rates.per(rate, 100), due, grace, what) for rate, due, grace, what in _REVIEWS]
        self.never = rates.per("never_immunised", 100)
        kept = 1.0 - self.never
        self.milestones = [(rates.per(r, 100) / kept, due, by, what) for r, due, by, what in _IMMUNISATIONS]
        self.marks = rates.per("bruises_before_moving", 1000)
        self.visitor = world.agencies["health_visiting"]

    def write(self, local: Local) -> None:
        family = local.log.family
        rng = self.world.stream(family, "early health")
        refuses = rng.random() < self.never
        for child in family.children:
            own = self.world.stream(family, f"early health {child.place}")
            if child.born >= max(self.world.window.start, child.present_from):
                self._birth(local, own, child)
            if child.age_on(child.present_from) < 3:
                self._reviews(local, own, child)
            self._immunisations(local, own, child, refuses)
            self._death(local, child)

    def _birth(self, local: Local, rng: Random, child: Child) -> None:
        log, midwife = local.log, self.world.agencies["midwifery"]
        pair = [child, local.log.family.mother]
        log.record(child.born, midwife, "birth", pair, "Born at the hospital.")
        log.record(
            child.born,
            midwife,
            "measurement.weight",
            [child],
            "Birth weight.",
            measures=weighed(rng, child, child.born),
        )
        if log.family.mother.born + int(20 * YEAR) > child.born:
            log.record(
                child.born,
                midwife,
                "parent.young_parent",
                pair,
                "The mother is under 20; family nurse offered.",
            )
        self._registered(local, rng, child)
        for day in (5 + int(rng.random() * 2), 10 + int(rng.random() * 4)):
            if child.here_on(child.born + day):
                log.record(child.born + day, midwife, "health.seen", pair, "Seen at home after the birth.")
        self._new_birth_visit(local, rng, child)

    def _registered(self, local: Local, rng: Random, child: Child) -> None:
        """The birth is registered, nearly always within six weeks."""
        late = rng.random() < 0.01
        day = child.born + (60 + int(rng.random() * 60) if late else 4 + int(rng.random() * 36))
        registrar = self.world.agencies["registrar"]
        pair = [child, local.log.family.mother]
        if late and child.here_on(child.born + 44):
            local.log.record(
                child.born + 44,
                registrar,
                "registration.birth_not_registered",
                pair,
                "Not registered within six weeks; a letter sent.",
            )
        if child.here_on(day):
            local.log.record(day, registrar, "registration.birth_registered", pair, "Birth registered.")

    def _new_birth_visit(self, local: Local, rng: Random, child: Child) -> None:
        hard = local.log.family.liability["missed"]
        draw = rng.random()
        if draw < chance(self.in_14, -hard, 0.5):
            day = child.born + 10 + int(rng.random() * 5)
        elif draw < chance(self.in_30, -hard, 0.5):
            day = child.born + 15 + int(rng.random() * 16)
        else:
            day = child.born + 31 + int(rng.expovariate(1 / 25))
        self._visit(local, rng, child, day, "health.review_completed", "New birth visit at home.")

    def _reviews(self, local: Local, rng: Random, child: Child) -> None:
        hard = local.log.family.liability["missed"]
        for share, due, grace, what in self.reviews:
            day = child.born + due + int(rng.random() * grace)
            if not child.here_on(day) or day < self.world.window.start:
                continue
            if rng.random() < chance(share, -hard, 0.6):
                self._visit(local, rng, child, day, "health.review_completed", what)
            elif rng.random() < 0.45:
                kind = "health.check_missed" if rng.random() < 0.7 else "contact.no_access_visit"
                local.log.record(day, self.visitor, kind, [child, local.log.family.parent_on(day)],
                                 f"{what} Missed; offered again.", lag=1)  # fmt: skip
        self._clinics(local, rng, child)
        self._mark(local, rng, child)
        self._practice_check(local, rng, child)

    def _death(self, local: Local, child: Child) -> None:
        """A child who dies: of illness, and for some babies and older children suddenly."""
        day = child.died
        if day is None or day != child.present_to or day >= self.world.window.end:
            return
        if day - child.born > 28:
            local.log.record(
                day - 1,
                self.world.agencies["ambulance"],
                "death.emergency_call",
                [child],
                "Called to a child not breathing.",
            )
        local.log.record(
            day,
            self.world.agencies["hospital_ward"],
            "death.child",
            [child],
            "Died in hospital; the family supported.",
        )

    def _visit(self, local: Local, rng: Random, child: Child, day: int, kind: str, what: str) -> None:
        """A visit, and before some of them one that found nobody in."""
        family = local.log.family
        if not child.here_on(day):
            return
        pair = [child, family.parent_on(day)]
        if rng.random() < chance(self.no_access, family.liability["missed"], 0.6):
            local.log.record(
                day - 2, self.visitor, "contact.no_access_visit", pair, "Nobody in; a card left."
            )
        local.log.record(day, self.visitor, kind, pair, what, lag=1 if rng.random() < 0.4 else 0)
        local.log.record(
            day, self.visitor, "measurement.weight", [child], "Weighed.", measures=weighed(rng, child, day)
        )
        if family.needs_interpreter and rng.random() < 0.6:
            used = (
                "interpreter.professional_used" if rng.random() < 0.75 else "interpreter.family_member_used"
            )
            local.log.record(day, self.visitor, used, pair, "Home language other than English.")

    def _clinics(self, local: Local, rng: Random, child: Child) -> None:
        for month in (3, 4, 6, 9):
            day = child.born + int((month + rng.random()) * MONTH)
            if rng.random() < 0.42 and child.here_on(day) and day >= self.world.window.start:
                ill = rng.random() < 0.04
                local.log.record(day, self.visitor, "measurement.weight", [child], "Weighed at the baby clinic.",
                                 measures=weighed(rng, child, day, ill=ill))  # fmt: skip

    def _mark(self, local: Local, rng: Random, child: Child) -> None:
        """A mark on a baby who does not move about yet: a doctor looks, and in this area finds an ordinary reason."""
        day = child.born + 20 + int(rng.random() * 160)
        if rng.random() > self.marks * 0.5 or not child.here_on(day) or day < self.world.window.start:
            return
        people = [child, local.log.family.parent_on(day)]
        local.log.record(
            day,
            self.visitor,
            "injury.bruise_non_mobile",
            people,
            "A small mark seen; the doctor asked to look.",
        )
        kind = "injury.explained_by_illness" if rng.random() < 0.5 else "assessment.medical_accidental"
        local.log.record(
            day + 1,
            self.world.agencies["hospital_ward"],
            kind,
            [child],
            "Looked at the same week; an ordinary reason found.",
        )

    def _practice_check(self, local: Local, rng: Random, child: Child) -> None:
        day = child.born + 42 + int(rng.random() * 20)
        came = rng.random() < chance(0.9, -local.log.family.liability["missed"], 0.6)
        if came and child.here_on(day) and day >= self.world.window.start:
            local.log.record(
                day,
                local.practice_on(day),
                "health.check_completed",
                [child],
                "Doctor's check at 6 to 8 weeks.",
            )

    # -- immunisations -------------------------------------------------------------------------------------------------

    def _immunisations(self, local: Local, rng: Random, child: Child, refuses: bool) -> None:
        hard = local.log.family.liability["missed"]
        for share, due, by, what in self.milestones:
            done = not refuses and rng.random() < chance(share, -hard, 1.0)
            late = not refuses and not done and rng.random() < 0.4
            for place, after in enumerate(due):
                day = child.born + after + 2 + int(rng.expovariate(1 / 14))
                last = place == len(due) - 1
                if done or (not refuses and not last):
                    self._given(local, child, min(day, child.born + by - 5), what)
                else:
                    self._missed(local, rng, child, child.born + after + 56, what, declined=refuses)
                    if late:
                        self._given(local, child, child.born + by + 20 + int(rng.random() * 200), what)
        if not refuses and rng.random() < 0.8:
            self._given(local, child, child.born + _TEEN[0] + int(rng.random() * 200), _TEEN[1], school=True)

    def _given(self, local: Local, child: Child, day: int, what: str, *, school: bool = False) -> None:
        if child.here_on(day) and day >= self.world.window.start:
            sender = self.world.agencies["school_nursing"] if school else local.practice_on(day)
            local.log.record(day, sender, "health.immunisation_given", [child], f"{what} given.")

    def _missed(
        self, local: Local, rng: Random, child: Child, day: int, what: str, *, declined: bool
    ) -> None:
        if child.here_on(day) and day >= self.world.window.start:
            kind = (
                "health.immunisation_declined"
                if declined and rng.random() < 0.6
                else "health.immunisation_missed"
            )
            local.log.record(
                day, local.practice_on(day), kind, [child], f"{what} overdue; the family invited again."
            )
