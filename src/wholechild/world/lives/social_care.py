"""The front door of children's social care: what comes to it, referrals, assessments and enquiries.

A family's story with social care is drawn from its first child's birth on, so that plans and placements that began
before the window are in force when it opens, as many as the figures say.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heapify, heappop, heappush
from random import Random
from typing import Final

from wholechild.world.agencies import Sender
from wholechild.world.chance import YEAR, Choice, chance, days_of, multiplier, spread
from wholechild.world.context import Local, World
from wholechild.world.lives.casework import Case, Casework
from wholechild.world.lives.early_help import EarlyHelp
from wholechild.world.lives.plans import Plans
from wholechild.world.lives.police import Incident
from wholechild.world.people import Child, Family

#: How many of a family's children a referral is about, each.
_EACH: Final = 0.82
#: Of assessments: a child looked after at once.
_LOOKED_AFTER_AT_ONCE: Final = 0.045
#: Cases that come back within months of being closed.
_COMES_BACK: Final = 0.2


#: A day, a number that keeps two of one day in order, the children, and who refers.
_Candidate = tuple[int, int, list[Child], str]


class SocialCare(Casework):
    """Writes one family's story with children's social care."""

    def __init__(self, world: World) -> None:
        super().__init__(world, "childrens_social_care")
        self.plans, self.early_help = Plans(world), EarlyHelp(world)
        rates = world.rates
        self.referrals = rates.per("referrals", 10_000)
        self.all_referrals = rates["referrals"].value / 10_000
        self.sources = Choice({k: v for k, v in rates.set("referral_source").items() if k != "police"})
        by_police = rates["referral_source"].value["police"] / sum(rates["referral_source"].value.values())
        self.after_abuse = by_police * self.all_referrals / rates.per("domestic_abuse_children", 1000)
        self.no_action = rates.per("no_further_action", 100)
        self.not_in_need = rates.per("assessed_not_in_need", 100)
        self.enquiry = rates["section_47"].value / rates["referrals"].value / (1 - self.no_action)
        self.conference = rates["initial_conferences"].value / rates["section_47"].value
        self.unanswered = {name: share / 100 for name, share in rates.set("unanswered").items()}
        self.questions = rates.per("contacts", 1000)

    def write(self, local: Local, incidents: Iterable[Incident]) -> None:
        family = local.log.family
        rng = self.world.stream(family, "social care")
        waiting, open_until = self._candidates(local, rng, incidents), 0
        while waiting:
            day, _, children, source = heappop(waiting)
            if day >= open_until and children:
                open_until = self._referred(local, rng, day, children, source)
                self._comes_back(rng, waiting, open_until, children, source)
            elif day >= self.window.start:
                self._contact(local, day, children, "Added to the open case.")
        self.plans.disabled(local, rng)
        self._questions(local, rng)
        self.early_help.over_the_years(local, rng)

    # -- what comes to the door ------------------------------------------------------------------------------------------

    def _candidates(self, local: Local, rng: Random, incidents: Iterable[Incident]) -> list[_Candidate]:
        """Everything that would be a referral if no case is open, as a heap: from the first birth to the end."""
        family = local.log.family
        times = multiplier(family.adversity, family.liability["referral"], 0.65, 1.4) * (1 - _COMES_BACK)
        begin = max(
            min(c.born for c in family.children), self.window.start - int(9 * YEAR), family.arrived_on or 0
        )
        found: list[_Candidate] = []
        for day in days_of(rng, begin, self.window.start, self.all_referrals / _EACH * times):
            found.append((day, len(found), self._which(family, rng, day), "before"))
        for day in days_of(
            rng, max(begin, self.window.start), family.homes[-1].until, self.referrals / _EACH * times
        ):
            found.append((day, len(found), self._which(family, rng, day), self.sources.draw(rng)))
        for incident in incidents:
            if rng.random() < chance(self.after_abuse, family.liability["referral"], 0.4):
                found.append((incident.day + 1, len(found), list(incident.children), "police"))
            elif rng.random() < 0.75:
                self._contact(
                    local, incident.day + 1, list(incident.children), "Police notice; no further action."
                )
        heapify(found)
        return found

    def _comes_back(
        self, rng: Random, waiting: list[_Candidate], closed: int, children: list[Child], source: str
    ) -> None:
        """Some families are referred again within months of being closed."""
        if rng.random() < _COMES_BACK:
            day = closed + 10 + int(rng.expovariate(1 / 130))
            still = [c for c in children if c.born <= day < min(c.born + int(18 * YEAR), c.present_to)]
            again = "before" if day < self.window.start else self.sources.draw(rng)
            heappush(waiting, (day, 1000 + len(waiting) + day, still, again))

    def _which(self, family: Family, rng: Random, day: int) -> list[Child]:
        """The children whom a referral is about; before the window, those who will still be here in it."""
        young = [c for c in family.children if c.born <= day < min(c.born + int(18 * YEAR), c.present_to)]
        return [c for c in young if rng.random() < _EACH] or young[1:2]

    def _contact(self, local: Local, day: int, children: list[Child], what: str) -> None:
        if children:
            local.log.record(
                day, self.us, "contact.csc_contact", [*children, local.log.family.parent_on(day)], what
            )

    # -- a referral and what follows -------------------------------------------------------------------------------------

    def _referred(self, local: Local, rng: Random, day: int, children: list[Child], source: str) -> int:
        """One referral; returns the day on which the case is closed."""
        family = local.log.family
        case = Case(children, family.adults_on(day)[:2] or [family.mother], day)
        self._sent(local, rng, case, source)
        self.note(local, day, "contact.csc_contact", case.people, "New contact.")
        self.note(
            local, day, "referral.received", case.people, "Referral received.", lag=int(rng.random() * 2)
        )
        if rng.random() < self.no_action:
            self.note(
                local, day + 1, "decision.no_further_action", case.people, "Advice given; no further action."
            )
            return day + 2
        self.note(local, day + 1, "referral.accepted", case.people, "Accepted for assessment.")
        if rng.random() < 0.55 and source not in ("before", "household_or_public"):
            self.note(local, day + 3, "referral.outcome_told", case.children[:1], "The referrer told.")
        ends = self._assessed(local, rng, case)
        return ends

    def _sent(self, local: Local, rng: Random, case: Case, source: str) -> None:
        """What the referrer keeps of its referral."""
        sender, kind, what = self._referrer(local, rng, case, source)
        if sender is None or case.day < self.window.start:
            return
        if source in ("school", "health") and rng.random() < 0.5:
            self.note(
                local,
                case.day - 1,
                "referral.agreed",
                case.people,
                "Agreed with colleagues to refer.",
                sender=sender,
            )
            if rng.random() < self.unanswered["referral"]:
                self.note(
                    local,
                    case.day - 12,
                    "referral.agreed",
                    case.people,
                    "Agreed to refer; to be written up.",
                    sender=sender,
                )
        self.note(local, case.day, kind, case.people, what, sender=sender)

    def _referrer(self, local: Local, rng: Random, case: Case, source: str) -> tuple[Sender | None, str, str]:
        agencies, child = self.world.agencies, case.children[0]
        if source == "police":
            return agencies["police"], "referral.police_to_csc", "Referred after domestic abuse."
        if source == "school":
            school = local.school_on(child, case.day)
            if school is not None:
                return school, "referral.school_to_csc", "Worried about things at home; referred."
            source = "health"
        if source == "health":
            young = child.age_on(case.day) < 5
            options = [
                agencies["hospital_ed"],
                local.practice_on(case.day),
                agencies["health_visiting" if young else "school_nursing"],
            ]
            return (
                options[int(rng.random() * 3)],
                "referral.health_to_csc",
                "Worried about the family; referred.",
            )
        if source == "council":
            return (
                agencies["housing" if rng.random() < 0.5 else "education_welfare"],
                "referral.to_csc",
                "Referred.",
            )
        if source == "household_or_public":
            kinds = (
                "referral.family_to_csc",
                "concern.community_report",
                "concern.anonymous_report",
                "concern.family_report",
            )
            return self.us, kinds[int(rng.random() * 4)], "Worried about the children."
        return (
            (None, "", "")
            if source == "before"
            else (agencies["early_help"], "referral.to_csc", "Referred on.")
        )

    def _assessed(self, local: Local, rng: Random, case: Case) -> int:
        """The assessment, an enquiry beside it for some, and what comes of them."""
        day, people = case.day, case.people
        self.note(local, day + 1, "assessment.started", people, "Assessment begun.")
        self.plans.seen(local, rng, case, day + 3 + int(rng.random() * 5))
        serious = rng.random() < self.enquiry
        planned = 0
        if serious:
            planned = self._enquiry(local, rng, case)
        done = day + 12 + int(min(60, rng.gammavariate(3.0, 8.0)))
        self.note(local, done, "assessment.completed", people, "Assessment completed.")
        if planned:
            return planned
        draw = rng.random()
        if draw < _LOOKED_AFTER_AT_ONCE:
            return self.plans.looked_after(local, rng, case, day + 5)
        if draw < _LOOKED_AFTER_AT_ONCE + self.not_in_need / (1 - self.no_action) * (
            0.72 if serious else 1.38
        ):
            self.note(
                local,
                done + 1,
                "decision.case_closed",
                people,
                "Not in need of social care; closed with advice.",
            )
            if rng.random() < 0.25 and done >= self.window.start:
                self.early_help.begin(local, rng, case.children, done + 5)
            return done + 2
        return self.plans.in_need(local, rng, case, done + 1, spread(rng, 0.3, 1.25))

    def _enquiry(self, local: Local, rng: Random, case: Case) -> int:
        """A section 47 enquiry; returns the end of the plan that follows, or 0."""
        day, people = case.day, case.people
        self.note(local, day + 1, "meeting.strategy", people, "Strategy discussion with police and health.")
        self.note(local, day + 1, "child_protection.enquiry", people, "Enquiry begun.")
        self._asked(local, rng, case)
        if rng.random() < 0.14:
            medical = ("assessment.medical_accidental" if rng.random() < 0.6 else "assessment.medical_inconclusive" if rng.random() < 0.6
                       else "assessment.medical")  # fmt: skip
            self.note(
                local,
                day + 3,
                medical,
                case.children[:1],
                "Child protection medical.",
                sender=self.world.agencies["hospital_outpatients"],
            )
        if rng.random() > self.conference:
            self.note(local, day + 14, "child_protection.enquiry_closed", people, "No conference needed.")
            return 0
        held = day + 16 + int(rng.random() * 6)
        self.note(local, held, "child_protection.conference", people, "Initial conference.")
        if rng.random() < 0.14:
            self.note(
                local, held, "decision.child_in_need_not_protection", people, "A child in need plan instead."
            )
            return self.plans.in_need(local, rng, case, held, spread(rng, 0.4, 0.8))
        return self.plans.plan(local, rng, case, held)

    def _asked(self, local: Local, rng: Random, case: Case) -> None:
        """Social care asks the practice and the school what they know; most answer."""
        child, day = case.children[0], case.day + 1
        if day < self.window.start:
            return
        for sender in (local.practice_on(day), local.school_on(child, day)):
            if sender is None:
                continue
            self.note(
                local, day, "information_request.made", [child], f"Asked {sender.agency.unit or sender.kind}."
            )
            if rng.random() >= self.unanswered["request"]:
                self.note(
                    local,
                    day + 1 + int(rng.random() * 5),
                    "information_request.answered",
                    [child],
                    "Answered social care.",
                    sender=sender,
                )

    # -- the rest --------------------------------------------------------------------------------------------------------

    def _questions(self, local: Local, rng: Random) -> None:
        """Questions to the front door that are not referrals."""
        family = local.log.family
        times = multiplier(family.adversity, family.liability["referral"], 0.5, 1.0)
        for day in days_of(rng, family.homes[0].since, family.homes[-1].until, self.questions * times):
            self._contact(local, day, family.children_on(day), "A question about help; advice given.")
