"""The whole area: makes every family, lets the services write about it, and sends the feeds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from wholechild.world.agencies import Agencies
from wholechild.world.context import Local, World
from wholechild.world.families import Families
from wholechild.world.feeds_out import Feeds
from wholechild.world.lives.early_health import EarlyHealth
from wholechild.world.lives.education import Education
from wholechild.world.lives.enrolment import Enrolment
from wholechild.world.lives.health import Health
from wholechild.world.lives.home import Homes, bereavements
from wholechild.world.lives.parents import Parents
from wholechild.world.lives.police import Police
from wholechild.world.lives.social_care import SocialCare
from wholechild.world.log import FamilyLog
from wholechild.world.names import names
from wholechild.world.observed import Observed
from wholechild.world.people import Family, Window
from wholechild.world.rates import Rates, rates


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked for. The same plan gives the same bytes.

    Shape    `until` is the last day of the window; `years` how long it is. `gaps` lets some feeds begin late.
    """

    children: int
    seed: int
    years: int = 5
    until: date = date(2026, 8, 31)
    area: str = "Northmoor"
    gaps: bool = False

    @property
    def window(self) -> Window:
        end = self.until.toordinal() + 1
        return Window(end - round(self.years * 365.25), end)


@dataclass(slots=True)
class Made:
    """What came out: how many families and children, what each agency sent, and how it compares with what is published."""

    plan: Plan
    observed: Observed
    families: int = 0
    children: int = 0
    rows: dict[str, dict[str, int]] = field(default_factory=dict)
    paths: list[Path] = field(default_factory=list)

    @classmethod
    def nothing(cls, plan: Plan) -> Made:
        """The state before the first family."""
        return cls(plan, Observed(rates(), plan.window))

    @property
    def records(self) -> int:
        return sum(counts.get("record", 0) for counts in self.rows.values())


def make(plan: Plan, folder: Path, figures: Rates | None = None) -> Iterator[Made]:
    """Write the feeds of the area into a folder; yields the state after each family, the last time complete.

    Errors   OSError where the folder cannot be written.
    """
    figures = figures or rates()
    agencies = Agencies(plan.area, plan.children, plan.window, gaps=plan.gaps)
    world = World(figures, agencies, plan.seed)
    lives = Lives(world)
    made = Made(plan, Observed(figures, plan.window))
    families = Families(figures, names(), plan.seed, plan.window, agencies.neighbourhoods)
    with Feeds(folder, agencies, names(), figures, plan.seed) as feeds:
        for family in families.until(plan.children):
            local = lives.of(family)
            made.observed.family(local, feeds.send(local.log))
            made.families += 1
            made.children += len(family.children)
            yield made
    made.rows, made.paths = feeds.rows, feeds.paths
    yield made


class Lives:
    """Every side of a life, in the order in which they need each other."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.homes, self.enrolment, self.education = Homes(world), Enrolment(world), Education(world)
        self.early, self.health, self.parents = EarlyHealth(world), Health(world), Parents(world)
        self.police, self.social_care = Police(world), SocialCare(world)

    def of(self, family: Family) -> Local:
        local = self.homes.settle(FamilyLog(family))
        self.enrolment.enrol(local)
        bereavements(self.world, local)
        self.homes.write(local)
        self.early.write(local)
        self.health.write(local)
        self.education.write(local)
        self.parents.write(local)
        self.social_care.write(local, self.police.write(local))
        return local
