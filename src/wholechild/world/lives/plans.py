"""Plans: child protection, child in need, and children looked after, with the visits and meetings that go with them."""

from __future__ import annotations

from random import Random
from typing import Final

from wholechild.world.chance import YEAR, spread
from wholechild.world.context import Local, World
from wholechild.world.identifiers import postcode
from wholechild.world.lives.casework import Case, Casework
from wholechild.world.people import Home

#: Of plans: those that end with a child looked after. Of stays: those of some weeks.
_LOOKED_AFTER_FROM_PLAN: Final = 0.26
_SHORT_STAY: Final = 0.45


class Plans(Casework):
    """Writes what follows when a child needs more than an assessment. Each method gives the day on which it ends."""

    def __init__(self, world: World) -> None:
        super().__init__(world, "childrens_social_care")

    def plan(self, local: Local, rng: Random, case: Case, begins: int) -> int:
        """A child protection plan: visits, core groups, reviews; then less help, or a child looked after."""
        length = spread(rng, 0.74, 0.62)
        ends = begins + int(min(length, 3.5) * YEAR)
        running = ends > self.window.start
        self.note(local, begins, "child_protection.plan_started", case.people, "Plan made.", keep=running)
        self._visits(local, rng, case, begins + 7, ends, 15, 3)
        for after in range(60, ends - begins, 46):
            self.note(local, begins + after, "child_protection.core_group", case.people, "Core group met.")
        for after in (85, *range(260, 1300, 180)):
            if begins + after < ends:
                self.note(
                    local,
                    begins + after,
                    "child_protection.review_conference",
                    case.people,
                    "Review conference.",
                )
        if rng.random() < _LOOKED_AFTER_FROM_PLAN:
            self.note(
                local, ends, "child_protection.plan_ended", case.people, "Ended: looked after.", keep=running
            )
            return self.looked_after(local, rng, case, ends)
        self.note(
            local,
            ends,
            "child_protection.plan_ended",
            case.people,
            "Safe enough without a plan.",
            keep=running,
        )
        return self.in_need(local, rng, case, ends, spread(rng, 0.25, 0.7))

    def in_need(self, local: Local, rng: Random, case: Case, begins: int, years: float) -> int:
        """Help as a child in need, as long as it takes."""
        ends = begins + max(14, int(min(years, 6.0) * YEAR))
        running = ends > self.window.start
        self.note(
            local,
            begins,
            "child_in_need.plan_started",
            case.people,
            "Child in need plan agreed.",
            keep=running,
        )
        self._visits(local, rng, case, begins + 20, ends, 38, 8)
        for after in range(90, ends - begins, 95):
            self.note(
                local,
                begins + after,
                "child_in_need.plan_reviewed",
                case.people,
                "Plan reviewed with the family.",
            )
        self.note(local, ends, "child_in_need.plan_ended", case.people, "Goals met.", keep=running)
        self.note(local, ends, "decision.case_closed", case.people, "Closed.", keep=running)
        return ends + 1

    def _visits(
        self, local: Local, rng: Random, case: Case, since: int, until: int, every: int, give: int
    ) -> None:
        day = since
        while day < min(until, self.window.end):
            if day >= self.window.start:
                self.seen(local, rng, case, day)
            day += every + int((rng.random() - 0.3) * 2 * give)

    def seen(self, local: Local, rng: Random, case: Case, day: int) -> None:
        """A visit: mostly the child is seen, often alone."""
        draw = rng.random()
        kind, what = (("contact.child_seen_alone", "Seen and spoken with alone.") if draw < 0.4 else
                      ("contact.child_seen", "Seen at home.") if draw < 0.84 else
                      ("contact.home_visit", "Visited at home.") if draw < 0.88 else
                      ("contact.visit_cancelled", "The family asked for another day.") if draw < 0.92 else
                      ("contact.no_access_visit", "Nobody in.") if draw < 0.97 else ("contact.visit_missed", "Worker ill; rearranged."))  # fmt: skip
        self.note(local, day, kind, case.children, what, lag=int(rng.random() * 3))

    def looked_after(self, local: Local, rng: Random, case: Case, begins: int) -> int:
        """A child placed with foster carers or relatives; for a short time, or for years."""
        child = case.children[int(rng.random() * len(case.children))] if rng.random() < 0.45 else None
        children = [child] if child else case.children
        own = Case(children, case.adults, begins)
        years = (
            0.08 + rng.expovariate(1 / 0.3) if rng.random() < _SHORT_STAY else 0.5 + rng.expovariate(1 / 9.0)
        )
        ends = begins + int(years * YEAR)
        running = ends > self.window.start
        kind = (
            "placement.kinship"
            if rng.random() < 0.15
            else "placement.voluntary"
            if rng.random() < 0.35
            else "placement.foster"
        )
        if kind == "placement.kinship":  # a relative who fosters is still looking after for the council
            self.note(local, begins, "placement.kinship", children, "Placed with a relative.", keep=running)
            kind = "placement.voluntary"
        self.note(local, begins, kind, children, "Looked after by the council.", keep=running)
        if rng.random() < 0.55:
            self.note(
                local,
                begins + 12,
                "court.interim_care_order",
                children,
                "The court made an interim order.",
                keep=running,
            )
        self._foster_home(local, rng, own, begins, ends)
        self._visits(local, rng, own, begins + 7, ends, 42, 6)
        for after in (27, *range(110, ends - begins, 180)):
            if begins + after < ends:
                self.note(local, begins + after, "meeting.review", children, "Looked-after review.")
        self.note(local, ends, "placement.return_home", children, "Back home, with help.")
        self.note(local, ends + 60, "decision.case_closed", case.people, "Closed.")
        return ends + 61

    def _foster_home(self, local: Local, rng: Random, case: Case, begins: int, ends: int) -> None:
        """The placement is the child's home: social care knows, and the practice of the old home is told."""
        since = max(begins, self.window.start)
        code = postcode(1 + int(rng.random() * 9), int(rng.random() * 10), int(rng.random() * 400))
        home = Home(100 + begins % 800, begins, ends, 0, code, "foster", False, 0)
        here = [c for c in case.children if c.here_on(since)]
        if here and since < min(ends, self.window.end):
            if begins >= self.window.start:
                local.log.stay(
                    since, local.practice_on(since), here, local.log.family.home_on(since), until=since
                )
            local.log.stay(since, self.us, here, home, begins)
            if ends < self.window.end:
                local.log.stay(ends, self.us, here, home, until=ends)

    def disabled(self, local: Local, rng: Random) -> None:
        """A few children have long help because of a disability."""
        for child in local.log.family.children:
            if child.need == "plan" and rng.random() < 0.06:
                begins = max(child.born + int((2 + rng.random() * 8) * YEAR), self.window.start - 700)
                case = Case([child], [local.log.family.mother], begins)
                self.in_need(local, rng, case, begins, 2.0 + rng.random() * 4)
