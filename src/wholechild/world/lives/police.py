"""What the police meet: domestic abuse, children missing, checks on families, and the rest."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

from wholechild.world.chance import YEAR, Choice, days_of, multiplier
from wholechild.world.context import Local, World
from wholechild.world.people import Child, Family, Person
from wholechild.world.rates import ByAge

_DISPUTES: Final = Choice({
    "domestic_abuse.verbal_dispute": 44.0, "domestic_abuse.incident": 50.0, "domestic_abuse.breach": 2.5,
    "domestic_abuse.weapon": 1.2, "domestic_abuse.strangulation": 1.6, "domestic_abuse.coercive_control": 0.7,
})  # fmt: skip
_WORDS: Final = {
    "domestic_abuse.verbal_dispute": "Called to an argument; nobody hurt. Children seen and well.",
    "domestic_abuse.incident": "Called to domestic abuse; the victim spoken with alone. Children seen.",
    "domestic_abuse.breach": "Came to the door against bail conditions; arrested.",
    "domestic_abuse.weapon": "A household object raised; arrested. Children asleep.",
    "domestic_abuse.strangulation": "The victim held by the throat; arrested.",
    "domestic_abuse.coercive_control": "Telephone and money controlled; advice and referral.",
}
#: Share of incidents that are followed by another soon.
_REPEATED: Final = 0.36
#: Times that children are reported missing, by age, against the average over all ages.
_MISSING: Final = ByAge.of({0: 0.02, 10: 0.4, 12: 1.7, 14: 3.6, 16: 3.0}, 1.0)
_OTHER: Final = {
    "police.noise_complaint": "Loud music; asked to turn it down.",
    "police.antisocial_behaviour": "Young people outside the home; moved on.",
    "police.parent_arrest": "An adult of the home arrested for a matter outside it.",
    "police.child_victim": "Telephone taken by another young person.",
    "police.drugs_found": "A small amount of cannabis found.",
    "offence.violence_by_carer": "Convicted of a fight outside the home.",
}


@dataclass(frozen=True, slots=True)
class Incident:
    """Domestic abuse of which the police told children's social care: a referral may follow."""

    day: int
    children: tuple[Child, ...]


class Police:
    """Writes what police write about one family, and returns the incidents that social care heard of."""

    def __init__(self, world: World) -> None:
        self.world = world
        rates = world.rates
        self.incidents = rates.per("domestic_abuse_children", 1000)
        self.marac = rates.per("marac", 1000) / rates.per("domestic_abuse_children", 1000)
        self.missing = rates.per("missing_episodes", 1000)
        self.checks = rates.per("welfare_checks", 1000)
        other = {kind: per / 1000 for kind, per in rates.set("other_police").items()}
        self.others, self.other = sum(other.values()), Choice(other)
        self.police, self.social_care = world.agencies["police"], world.agencies["childrens_social_care"]

    def write(self, local: Local) -> list[Incident]:
        family = local.log.family
        rng = self.world.stream(family, "police")
        days = self._with_repeats(rng, self._days(family, rng, self._rate(family) * (1 - _REPEATED)))
        found = [self._abuse(local, rng, day) for day in days if family.children_on(day)]
        for child in family.children:
            self._missing(local, self.world.stream(family, f"missing {child.place}"), child)
        self._checks(local, rng)
        times = multiplier(family.adversity, family.liability["violence"], 0.65, 1.2)
        for day in self._days(family, rng, self.others * times):
            kind = self.other.draw(rng)
            self._other(local, rng, day, kind)
        return found

    def _rate(self, family: Family) -> float:
        return self.incidents * multiplier(family.adversity, family.liability["violence"], 0.55, 1.55)

    def _days(self, family: Family, rng: Random, rate: float) -> list[int]:
        days = days_of(rng, family.homes[0].since, family.homes[-1].until, rate)
        return sorted(day for day in days if family.children_on(day))

    def _with_repeats(self, rng: Random, days: list[int]) -> list[int]:
        """Each incident is followed by another, within weeks or months, in a third of cases; so is that one."""
        waiting, found = list(days), list[int]()
        while waiting:
            day = waiting.pop()
            found.append(day)
            if rng.random() < _REPEATED:
                waiting.append(day + 1 + int(rng.expovariate(1 / 70)))
        return sorted(found)

    def _abuse(self, local: Local, rng: Random, day: int) -> Incident:
        """One incident: the children of the home, the victim, and the other adult if officers have the name."""
        log, family = local.log, local.log.family
        kind = _DISPUTES.draw(rng)
        children = family.children_on(day)
        adults = family.adults_on(day)
        other = adults[1] if len(adults) > 1 else _former(family, day)
        people: list[Person] = [*children, adults[0] if adults else family.mother]
        if other is not None and other is not people[-1] and rng.random() < 0.9:
            people.append(other)
        log.record(day, self.police, kind, people, _WORDS[kind], lag=int(rng.random() < 0.4))
        if any(local.school_on(child, day) for child in children) and rng.random() < 0.8:
            log.record(
                day,
                self.police,
                "police.notification_sent",
                children,
                "School told before the next morning.",
                lag=1,
            )
        serious = kind not in ("domestic_abuse.verbal_dispute", "domestic_abuse.incident")
        if rng.random() < self.marac * (3.0 if serious else 0.87):
            self._high_risk(local, rng, day, people)
        elif rng.random() < 0.07:
            log.record(day + 14, self.police, "domestic_abuse.support_engaged", people[-1:], "Help taken up.")
        return Incident(day, tuple(children))

    def _high_risk(self, local: Local, rng: Random, day: int, people: list[Person]) -> None:
        local.log.record(day, self.police, "domestic_abuse.high_risk", people, "Checklist: high risk.", lag=1)
        local.log.record(day + 10 + int(rng.random() * 18), self.world.agencies["marac"], "meeting.marac", people,
                         "Services agreed what each will do.", lag=2)  # fmt: skip
        if rng.random() < 0.3:
            local.log.record(
                day + 5,
                self.police,
                "domestic_abuse.protective_order",
                people,
                "An order keeps the other adult away.",
            )

    def _missing(self, local: Local, rng: Random, child: Child) -> None:
        family = local.log.family
        times = multiplier(family.adversity, child.liability["behaviour"], 0.45, 1.8)
        for age in range(child.age_on(child.present_from), child.age_on(child.present_to - 1) + 1):
            first = max(child.present_from, child.born + int(age * YEAR))
            after = min(child.present_to, child.born + int((age + 1) * YEAR))
            for day in days_of(rng, first, after, self.missing * _MISSING[age] * times):
                local.log.record(
                    day, self.police, "missing.from_home", [child], "Late home; reported by the family."
                )
                local.log.record(
                    day + int(rng.random() < 0.3), self.police, "missing.found", [child], "Back home, well."
                )
                if rng.random() < 0.4:
                    local.log.record(
                        day + 3,
                        self.social_care,
                        "missing.return_interview",
                        [child],
                        "Spoke with the young person.",
                    )

    def _checks(self, local: Local, rng: Random) -> None:
        family = local.log.family
        times = multiplier(family.adversity, family.liability["help"], 0.55, 1.2)
        for day in self._days(family, rng, self.checks * times):
            people: list[Person] = [*family.children_on(day), family.parent_on(day)]
            if rng.random() < 0.3:
                kind = "concern.anonymous_report" if rng.random() < 0.5 else "concern.community_report"
                local.log.record(
                    day,
                    self.police,
                    kind,
                    people,
                    "A caller was worried by shouting.",
                    informant="anonymous" if "anon" in kind else "neighbour",
                )
            seen = rng.random() < 0.9
            kind = "police.welfare_check" if seen else "police.welfare_check_not_seen"
            local.log.record(
                day, self.police, kind, people, "Children seen, well." if seen else "Nobody in; a card left."
            )

    def _other(self, local: Local, rng: Random, day: int, kind: str) -> None:
        family = local.log.family
        children = family.children_on(day)
        people: list[Person] = [*children, family.parent_on(day)]
        if kind == "police.child_victim":
            people = list[Person](child for child in children if child.age_on(day) >= 10)[:1]
        elif kind.startswith(("police.parent", "offence.")):
            people = [family.adults_on(day)[-1] if family.adults_on(day) else family.mother, *children]
        if people:
            local.log.record(day, self.police, kind, people, _OTHER[kind], lag=int(rng.random() * 2))


def _former(family: Family, day: int) -> Person | None:
    """The last adult to have left the home by a day, else a parent who never lived there."""
    gone = [a for a in family.adults if a.left <= day]
    if gone:
        return max(gone, key=lambda a: a.left).person
    return family.absent_parents[0] if family.absent_parents else None
