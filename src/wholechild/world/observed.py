"""Measures the area that came out, from the records that were sent, in the units of rates.yaml.

Each family gives a numerator and a denominator for each figure. Families are drawn one by one, so their spread gives
an honest standard error, troubles that gather in one home included.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Final

from wholechild.world.chance import YEAR
from wholechild.world.context import Local
from wholechild.world.log import Entry
from wholechild.world.people import Child, Family, Window
from wholechild.world.rates import ByAge, Rates

_PLAN: Final = ({"child_protection.plan_started"}, {"child_protection.plan_ended"})
_LOOKED_AFTER: Final = ({"placement.foster", "placement.voluntary"}, {"placement.return_home"})
_OPEN: Final = ({"referral.accepted", "child_in_need.plan_started", "child_protection.plan_started", "placement.foster", "placement.voluntary"},
                {"decision.case_closed", "decision.no_further_action"})  # fmt: skip
_TEMPORARY: Final = ({"housing.temporary_accommodation"}, {"housing.settled"})
_AT_HOME: Final = ({"education.withdrawn_home_education"}, {"education.enrolled", "education.moved_school"})
_NO_SCHOOL: Final = (
    {"education.missing_protocol", "education.not_enrolled"},
    {"education.enrolled", "education.moved_school"},
)
_ABUSE: Final = frozenset(f"domestic_abuse.{what}" for what in
                          ("verbal_dispute", "incident", "breach", "weapon", "strangulation", "coercive_control"))  # fmt: skip


@dataclass(slots=True)
class _Sums:
    """Sums over families of a numerator n and a denominator d."""

    n: float = 0.0
    d: float = 0.0
    nn: float = 0.0
    nd: float = 0.0
    dd: float = 0.0

    def add(self, n: float, d: float) -> None:
        self.n += n
        self.d += d
        self.nn += n * n
        self.nd += n * d
        self.dd += d * d


@dataclass(frozen=True, slots=True)
class Found:
    """A figure of this area beside the published one.

    Shape    `error` is one standard error. `within` says whether it lies inside tolerance, allowing for chance.
    """

    rate: str
    title: str
    unit: str
    published: float
    found: float
    error: float
    events: float
    tolerance: float
    standing: str

    @property
    def within(self) -> bool:
        return abs(self.found - self.published) <= self.tolerance * self.published + 2.6 * self.error


class Observed:
    """Counts family by family; `report` compares."""

    def __init__(self, rates: Rates, window: Window) -> None:
        self.rates, self.window = rates, window
        self.sums: defaultdict[str, _Sums] = defaultdict(_Sums)
        self.child_years = [0.0] * 18
        self.fractures: ByAge = ByAge.of(rates["fractures"].value, 1)
        self.consultations: ByAge = ByAge.of(rates["gp_consultations"].value, 1)
        self.expected: defaultdict[str, float] = defaultdict(float)

    def family(self, local: Local, sent: Sequence[Entry]) -> None:
        """Count one family."""
        family = local.log.family
        of: defaultdict[int, list[Entry]] = defaultdict(list)
        for entry in sent:
            for person in entry.about:
                of[person.place].append(entry)
        counts: defaultdict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        for rate, n, d in self._family(family, sent):
            counts[rate][0] += n
            counts[rate][1] += d
        presented = [
            e.day for e in of[family.mother.place] if e.kind == "parental_mental_health.presentation"
        ]
        for child in family.children:
            for rate, n, d in chain(
                self._child(local, child, of[child.place]), self._mother(child, presented)
            ):
                counts[rate][0] += n
                counts[rate][1] += d
        for rate, (n, d) in counts.items():
            self.sums[rate].add(n, d)

    def report(self) -> list[Found]:
        """Every figure with a tolerance, in the order of rates.yaml."""
        return [
            found for rate in self.rates if rate.tolerance is not None and (found := self._found(rate.id))
        ]

    def _found(self, rate_id: str) -> Found | None:
        rate, sums = self.rates[rate_id], self.sums[rate_id]
        if sums.d <= 0:
            return None
        share = sums.n / sums.d
        variance = max(0.0, sums.nn - 2 * share * sums.nd + share * share * sums.dd) / sums.d**2
        scale = (
            _SCALE.get(rate.unit.split(" ")[0] + " " + rate.unit.split(" ")[1], 1.0)
            if " " in rate.unit
            else 1.0
        )
        published = self._published(rate_id)
        return Found(rate_id, rate.title, rate.unit, published, share * scale, math.sqrt(variance) * scale, sums.n,
                     rate.tolerance or 0.0, rate.standing)  # fmt: skip

    def _published(self, rate_id: str) -> float:
        """The published figure; for one by age, what it comes to over the ages of this area."""
        value = self.rates[rate_id].value
        return float(value) if not isinstance(value, dict) else self.expected[rate_id] / self.sums[rate_id].d

    # -- one family ----------------------------------------------------------------------------------------------------

    def _family(self, family: Family, sent: Sequence[Entry]) -> Iterator[tuple[str, float, float]]:
        yield from self._shape(family)
        first = min(c.present_from for c in family.children)
        years = (max(c.present_to for c in family.children) - first) / YEAR
        yield "homelessness", _count(sent, {"housing.homeless_application"}), years
        births = {c.born for c in family.children if c.born >= self.window.start}
        if births:
            twins = len([c for c in family.children if c.born >= self.window.start]) - len(births)
            yield "multiple_maternities", twins, len(births)

    def _shape(self, family: Family) -> Iterator[tuple[str, float, float]]:
        """Who is at home, on one day in each year."""
        for day in range(self.window.start + 200, self.window.end, 365):
            children, adults = family.children_on(day), family.adults_on(day)
            if not children:
                continue
            yield "families_with_one_child", len(children) == 1, 1
            yield "families_with_three_or_more", len(children) >= 3, 1
            yield "lone_parent_families", len(adults) == 1, 1
            if len(adults) == 1:
                yield "lone_mothers", adults[0].sex == "F", 1
            for child in children:
                yield (
                    "children_in_stepfamilies",
                    any(family.relation(child, a) == "partner_of_parent" for a in adults),
                    1,
                )

    def _child(self, local: Local, child: Child, sent: list[Entry]) -> Iterator[tuple[str, float, float]]:
        years = (child.present_to - child.present_from) / YEAR
        self._ages(child)
        yield from self._simple(local.log.family, child, sent, years)
        yield from self._by_age(child, sent)
        yield from self._first_years(local.log.family, child, sent)
        yield from self._school(local, child, sent)
        yield from self._abuse(child, sent)
        yield from self._care(child, sent, years)

    def _ages(self, child: Child) -> None:
        for age in range(child.age_on(child.present_from), min(17, child.age_on(child.present_to - 1)) + 1):
            self.child_years[age] += _years_at(child, age, age + 1)

    def _simple(
        self, family: Family, child: Child, sent: list[Entry], years: float
    ) -> Iterator[tuple[str, float, float]]:
        """Events per child and year."""
        kinds = [entry.kind for entry in sent]
        for rate, wanted in _PER_CHILD_YEAR.items():
            yield rate, sum(kind in wanted for kind in kinds), years
        moved = sum(child.here_on(h.since) for h in family.homes[1:])
        moved += family.left_on is not None and child.here_on(family.left_on - 1)
        yield "moves", moved, years

    def _by_age(self, child: Child, sent: list[Entry]) -> Iterator[tuple[str, float, float]]:
        """Health events, under an age."""
        under_5, under_15 = _years_at(child, 0, 5), _years_at(child, 0, 15)
        for age in range(18):
            at = _years_at(child, age, age + 1)
            self.expected["fractures"] += self.fractures[age] * at
            self.expected["gp_consultations"] += self.consultations[age] * at
        years = (child.present_to - child.present_from) / YEAR
        emergency = [
            e
            for e in sent
            if e.sender.kind == "hospital_ed"
            and (e.kind.startswith("injury.") or e.kind == "health.ed_attendance")
        ]
        yield "ed_attendances_under_5", sum(child.age_on(e.day) < 5 for e in emergency), under_5
        broken = [e for e in sent if e.kind == "injury.fracture"]
        yield "fractures", len(broken), years
        yield "fractures_under_5", sum(child.age_on(e.day) < 5 for e in broken), under_5
        yield (
            "burns_under_5",
            sum(e.kind in ("injury.burn", "injury.scald") and child.age_on(e.day) < 5 for e in sent),
            under_5,
        )
        yield "gp_consultations", sum(e.kind == "health.seen" and e.sender.kind == "gp" for e in sent), years
        yield (
            "emergency_admissions",
            sum(e.kind == "health.admission" and child.age_on(e.day) < 15 for e in sent),
            under_15,
        )
        yield (
            "outpatient_attendances",
            sum(e.kind == "health.outpatient_seen" and child.age_on(e.day) < 15 for e in sent),
            under_15,
        )
        clinic = [
            e
            for e in sent
            if e.sender.kind == "hospital_outpatients"
            and e.kind in ("health.was_not_brought", "health.outpatient_seen")
        ]
        if clinic:
            yield "was_not_brought", sum(e.kind == "health.was_not_brought" for e in clinic), len(clinic)

    def _first_years(
        self, family: Family, child: Child, sent: list[Entry]
    ) -> Iterator[tuple[str, float, float]]:
        if child.born >= self.window.start and child.present_from == child.born:
            yield "mean_age_of_mothers", (child.born - family.mother.born) / YEAR, 1
            visit = [e.day - child.born for e in sent if e.what.startswith("New birth visit at")]
            if child.here_on(child.born + 60):
                yield "new_birth_visit_14_days", any(d <= 14 for d in visit), 1
                yield "new_birth_visit_30_days", any(d <= 30 for d in visit), 1
        for rate, words, since, by in _REVIEWS:
            if child.born + since >= max(self.window.start, child.present_from) and child.here_on(
                child.born + by
            ):
                yield (
                    rate,
                    any(e.what.startswith(words) and e.kind == "health.review_completed" for e in sent),
                    1,
                )
        for rate, words, doses, since, by in _DOSES:
            if child.born + since >= max(self.window.start, child.present_from) and child.here_on(
                child.born + by
            ):
                given = sum(
                    e.kind == "health.immunisation_given"
                    and e.what.startswith(words)
                    and e.day < child.born + by
                    for e in sent
                )
                yield rate, given >= doses, 1

    def _school(self, local: Local, child: Child, sent: list[Entry]) -> Iterator[tuple[str, float, float]]:
        spells = local.schooling[child.place]
        pupil = sum(s.until - s.since for s in spells if s.stage != "nursery") / YEAR
        if pupil:
            yield (
                "independent_schools",
                sum(s.until - s.since for s in spells if s.stage != "nursery" and s.sender is None) / YEAR,
                pupil,
            )
            yield "sen_support", pupil * (child.need == "support"), pupil
            yield "ehc_plan", pupil * (child.need == "plan"), pupil
        sends = sum(s.until - s.since for s in spells if s.stage != "nursery" and s.sender) / YEAR
        yield (
            "suspensions",
            sum(e.kind == "education.excluded" and "days_excluded" in e.measures for e in sent),
            sends,
        )
        yield (
            "permanent_exclusions",
            sum(e.kind == "education.excluded" and not e.measures for e in sent),
            sends,
        )
        at_3 = (
            max(child.present_from, child.born + int(3.4 * YEAR)),
            min(child.present_to, child.born + int(4.0 * YEAR)),
        )
        if at_3[1] > at_3[0]:
            there = any(
                s.since <= at_3[0]
                and s.until >= min(at_3[1], child.present_to - 1) - 400
                and s.until > at_3[0]
                for s in spells
            )
            yield "early_education", there, 1
        yield from self._absence(sent)
        aged = _years_at(child, 5, 16)
        if aged:
            yield "home_education", _time_in(sent, *_AT_HOME, child) / YEAR, aged
            yield "missing_education", _time_in(sent, *_NO_SCHOOL, child) / YEAR, aged

    def _absence(self, sent: list[Entry]) -> Iterator[tuple[str, float, float]]:
        years: defaultdict[int, list[float]] = defaultdict(list)
        for entry in sent:
            if entry.kind == "education.term_record":
                day = date.fromordinal(entry.day)
                years[day.year - (day.month < 9)].append(
                    1 - float(str(entry.measures["attendance_percent"])) / 100
                )
        for missed in years.values():
            mean = sum(missed) / len(missed)
            yield "absence", mean, 1
            yield "persistent_absence", mean >= 0.1, 1
            yield "severe_absence", mean >= 0.5, 1

    def _abuse(self, child: Child, sent: list[Entry]) -> Iterator[tuple[str, float, float]]:
        """Over each whole year of the window that the child was here for."""
        days = [e.day for e in sent if e.kind in _ABUSE]
        for begin in range(self.window.start, self.window.end - 364, 365):
            if child.present_from <= begin and begin + 365 <= child.present_to:
                incidents = sum(begin <= day < begin + 365 for day in days)
                yield "domestic_abuse_children", incidents > 0, 1
                if incidents:
                    yield "domestic_abuse_repeats", incidents, 1

    def _care(self, child: Child, sent: list[Entry], years: float) -> Iterator[tuple[str, float, float]]:
        referred = [e.day for e in sent if e.kind == "referral.received"]
        for place, day in enumerate(referred):
            if day >= self.window.start + 365 and child.present_from <= day - 365:
                yield "re_referrals", place > 0 and day - referred[place - 1] < 365, 1
        if referred:
            yield (
                "assessed_not_in_need",
                sum(e.what.startswith("Not in need of social care") for e in sent),
                len(referred),
            )
        yield (
            "start_to_be_looked_after",
            sum(e.kind in _LOOKED_AFTER[0] and not e.first_of_series for e in sent),
            years,
        )
        for rate, (opens, closes) in {
            "on_plan": _PLAN,
            "looked_after": _LOOKED_AFTER,
            "in_need": _OPEN,
            "temporary_accommodation": _TEMPORARY,
        }.items():
            yield rate, _time_in(sent, opens, closes, child) / YEAR, years

    def _mother(self, child: Child, presented: list[int]) -> Iterator[tuple[str, float, float]]:
        """On one day in each year: had the mother come with low mood or worry in the two years before?"""
        for day in range(self.window.start + 730, self.window.end, 365):
            if child.here_on(day) and child.present_from <= day - 730:
                yield "maternal_mental_illness", any(day - 730 <= when < day for when in presented), 1


def _count(sent: Iterable[Entry], kinds: Collection[str]) -> int:
    return sum(entry.kind in kinds for entry in sent)


def _years_at(child: Child, since: int, until: int) -> float:
    """How long the child was here at ages in [since, until)."""
    first = max(child.present_from, child.born + int(since * YEAR))
    return max(0, min(child.present_to, child.born + int(until * YEAR)) - first) / YEAR


def _time_in(sent: Iterable[Entry], opens: Collection[str], closes: Collection[str], child: Child) -> int:
    """Days on which a state was open by the records, while the child was here."""
    since: int | None = None
    total = 0
    for entry in sorted(sent, key=lambda e: e.day):
        if since is None and entry.kind in opens:
            since = entry.day
        elif since is not None and entry.kind in closes:
            total += max(0, min(entry.day, child.present_to) - max(since, child.present_from))
            since = None
    if since is not None:
        total += max(0, child.present_to - max(since, child.present_from))
    return total


_SCALE: Final = {
    "per cent": 100.0,
    "per 100": 100.0,
    "per 1,000": 1_000.0,
    "per 10,000": 10_000.0,
    "per 100,000": 100_000.0,
}
_REVIEWS: Final = (
    ("review_6_to_8_weeks", "Review at 6 to 8", 45, 70),
    ("review_12_months", "Review at one year", 320, 450),
    ("review_2_years", "Review at 2 to 2½", 740, 915),
)
_DOSES: Final = (
    ("immunised_by_12_months", "6-in-1", 3, 0, 365),
    ("mmr1_by_24_months", "First MMR", 1, 360, 730),
    ("mmr2_by_5_years", "Second MMR", 1, 1200, 1826),
)
#: Figures that are events per child and year, and the kinds of record that count.
_PER_CHILD_YEAR: Final = {
    "missing_episodes": {"missing.from_home"},
    "marac": {"meeting.marac"},
    "private_law": {"court.private_proceedings"},
    "referrals": {"referral.received"},
    "section_47": {"child_protection.enquiry"},
    "initial_conferences": {"child_protection.conference"},
    "early_help": {"early_help.plan_started"},
    "parental_alcohol_or_drugs": {"substance.parent_alcohol", "substance.parent_drugs"},
    "parent_deaths": {"parent.bereavement"},
}
