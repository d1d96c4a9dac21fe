"""The whole area: makes every family, lets the services write about it, and sends the feeds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from wholechild.world.agencies import Agencies
from wholechild.world.chance import stream
from wholechild.world.context import Local, World
from wholechild.world.families import Families
from wholechild.world.feeds_out import Feeds, Sent
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
from wholechild.world.trajectories.chosen import Chooser
from wholechild.world.trajectories.measured import Measured
from wholechild.world.trajectories.process import Library
from wholechild.world.trajectories.reading import library as released
from wholechild.world.trajectories.traits import TraitMaker, Traits
from wholechild.world.trajectories.truth import Truth
from wholechild.world.trajectories.unfolding import Story, unfold


@dataclass(frozen=True, slots=True)
class Stories:
    """Harmful trajectories and their doubles, if asked for.

    Shape    `seed` is their own stream of chance; `scale` says how usual they are against the library, doubles included;
             `as_in_the_literature` lets traits bear on what agencies do, by what studies found.
    """

    seed: int
    scale: float = 1.0
    as_in_the_literature: bool = False

    @property
    def said(self) -> str:
        """The same in a word or three, for the name of a folder or a delivery."""
        return f"stories-{self.seed}-{self.scale:g}{'-literature' * self.as_in_the_literature}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked for. The same plan gives the same bytes.

    Shape    `until` is the last day of the window; `years` how long it is. `gaps` lets some feeds begin late.
    Missing  `stories` None: an ordinary area, in which nobody is harmed, and no truth beside it.
    """

    children: int
    seed: int
    years: int = 5
    until: date = date(2026, 8, 31)
    area: str = "Northmoor"
    gaps: bool = False
    stories: Stories | None = None

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
    measured: Measured | None = None
    truth: Path | None = None

    @classmethod
    def nothing(cls, plan: Plan) -> Made:
        """The state before the first family."""
        return cls(plan, Observed(rates(), plan.window))

    @property
    def records(self) -> int:
        return sum(counts.get("record", 0) for counts in self.rows.values())


def make(
    plan: Plan, folder: Path, figures: Rates | None = None, library: Library | None = None
) -> Iterator[Made]:
    """Write the feeds of the area into a folder; yields the state after each family, the last time complete.

    Shape    with stories in the plan, the truth is written beside the feeds, and `library` may replace the released one.
    Errors   OSError where the folder cannot be written.
    """
    figures = figures or rates()
    stories = _Stories(plan, plan.stories, library or released()) if plan.stories else None
    neighbours = tuple(area for area in _NEIGHBOURS if area != plan.area)[:2] if stories else ()
    agencies = Agencies(plan.area, plan.children, plan.window, gaps=plan.gaps, neighbours=neighbours)
    world = World(figures, agencies, plan.seed)
    lives = Lives(world)
    made = Made(plan, Observed(figures, plan.window))
    families = Families(figures, names(), plan.seed, plan.window, agencies.neighbourhoods)
    with ExitStack() as open_files:
        feeds = open_files.enter_context(Feeds(folder, agencies, names(), figures, plan.seed))
        if stories:
            stories.begin(world, open_files, folder)
        for family in families.until(plan.children):
            local = lives.of(family)
            story = stories.tell(local) if stories else None
            sent = feeds.send(local.log)
            made.observed.family(local, sent.records)
            if stories:
                stories.keep(local, story, sent)
            made.families += 1
            made.children += len(family.children)
            yield made
    made.rows, made.paths = feeds.rows, feeds.paths
    if stories:
        made.measured, made.truth = stories.measured, stories.truth.path
    yield made


#: Places that exist nowhere, beside the area.
_NEIGHBOURS: Final = ("Eastmere", "Westholm", "Norcliffe")


class _Stories:
    """What comes to families beyond an ordinary life, and the truth of it."""

    truth: Truth
    chooser: Chooser
    makers: TraitMaker

    def __init__(self, plan: Plan, asked: Stories, library: Library) -> None:
        self.plan, self.asked = plan, asked
        self.library = library.as_in_the_literature() if asked.as_in_the_literature else library
        self.measured = Measured(self.library, plan.window, asked.scale)
        self.traits: dict[int, Traits] = {}

    def begin(self, world: World, open_files: ExitStack, folder: Path) -> None:
        self.world = world
        self.makers = TraitMaker(self.asked.seed, world.agencies.neighbourhoods)
        self.chooser = Chooser(self.library, self.asked.seed, self.plan.window, self.asked.scale)
        about = {"area": self.plan.area, "seed": str(self.plan.seed), "children": str(self.plan.children),
                 "years": str(self.plan.years), "until": str(self.plan.until), "trajectory_seed": str(self.asked.seed),
                 "scale": f"{self.asked.scale:g}"}  # fmt: skip
        self.truth = open_files.enter_context(Truth(folder, self.plan.area, about))

    def tell(self, local: Local) -> Story | None:
        """What comes to this family, written into its log."""
        family = local.log.family
        self.traits = self.makers.of(family)
        chosen = self.chooser.for_family(family, self.traits)
        if chosen is None or _looked_after(local):
            return None
        rng = stream(self.asked.seed, family.number, f"story {chosen.process.id}")
        traits = self.traits[chosen.children[0].place].by_name()
        return unfold(
            self.world,
            local,
            self.library,
            chosen.process,
            chosen.children,
            chosen.began,
            rng,
            names(),
            traits,
        )

    def keep(self, local: Local, story: Story | None, sent: Sent) -> None:
        family = local.log.family
        self.measured.family(family, self.traits, story, sent.records)
        self.truth.family(family, self.traits, story, self.library, sent.ids)


def _looked_after(local: Local) -> bool:
    """Whether the council looked after a child of the family: its ordinary life is a story of its own already."""
    return any(stay.sender.kind == "childrens_social_care" for stay in local.log.stays)


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
