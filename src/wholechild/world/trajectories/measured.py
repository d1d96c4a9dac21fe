"""Measures the stories again, from the records that were sent and from the truth: how usual, how alike, how late, how shared.

What is compared with is always the library of this release, whatever the generator was given: so the check can fail.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Final

from wholechild.vocabulary.terms import vocabulary
from wholechild.world.chance import YEAR
from wholechild.world.log import Entry
from wholechild.world.observed import Found
from wholechild.world.people import Child, Family, Window
from wholechild.world.trajectories.chosen import stay
from wholechild.world.trajectories.process import Library, Process, Trajectory
from wholechild.world.trajectories.reading import Share, traits_figures
from wholechild.world.trajectories.reading import library as released
from wholechild.world.trajectories.traits import Traits
from wholechild.world.trajectories.unfolding import Story

#: How close the shares and delays that came out must be to what is set, beyond chance.
_CLOSE: Final = 0.1
#: Counts of signals are put together from here on: what lies beyond is all "many".
_MANY: Final = 40
#: With fewer, no quartiles are given; with fewer on either side, no overlap.
_FEW: Final = 5
_FEW_TO_COMPARE: Final = 20


@dataclass(slots=True)
class _OfProcess:
    """What is counted of one process."""

    children: int = 0
    begun: int = 0
    begun_in_families: list[int] = field(default_factory=list)
    years: float = 0.0
    signals: Counter[int] = field(default_factory=Counter)
    to_known: list[int] = field(default_factory=list)
    to_serious: list[int] = field(default_factory=list)
    with_harm: int = 0
    known: int = 0
    stories: int = 0
    happened: int = 0
    noticed: int = 0
    recorded: int = 0
    shared: int = 0
    ever_shared: int = 0


@dataclass(slots=True)
class _OfAgency:
    """What is counted of one kind of agency: how often it passed signs on, and how late it wrote, beside what is set."""

    signs: int = 0
    shared: int = 0
    expected: float = 0.0
    variance: float = 0.0
    days: int = 0


@dataclass(frozen=True, slots=True)
class Beside:
    """A trajectory beside its double.

    Shape    `signals` and `double_signals` are quartiles of how many worries the agencies sent about a child while
             the story ran; `overlap` is the share that the two distributions have in common, from 0 to 1.
             `days_to_known` are quartiles from the onset of harm to the day on which it became known.
    Missing  an empty tuple: too few children to say.
    """

    trajectory: Trajectory
    children: int
    double_children: int
    signals: tuple[float, ...]
    double_signals: tuple[float, ...]
    overlap: float | None
    known: float | None
    days_to_known: tuple[float, ...]
    days_to_serious: tuple[float, ...]
    noticed: float | None
    recorded: float | None
    shared: float | None
    double_shared: float | None
    ever_shared: float | None


class Measured:
    """Counts family by family; `report` compares with what is set, `beside` puts trajectories and doubles side by side."""

    def __init__(self, used: Library, window: Window, scale: float) -> None:
        self.used, self.window, self.scale = used, window, scale
        self.of: defaultdict[str, _OfProcess] = defaultdict(_OfProcess)
        self.agencies: defaultdict[str, _OfAgency] = defaultdict(_OfAgency)
        self.deprived: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
        self.disabled = [0, 0]
        self.harmed_by_decile: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])
        self.concerns = {k for k, kind in vocabulary().kinds.items() if kind.nature == "concern"}

    def family(
        self, family: Family, traits: Mapping[int, Traits], story: Story | None, sent: Sequence[Entry]
    ) -> None:
        """Count one family."""
        for process in self.used.processes:
            self.of[process.id].years += sum(self._years(process, family, child) for child in family.children)
        for child in family.children:
            self._traits(
                traits[child.place], story is not None and story.process.harmful and child in story.children
            )
        if story is not None:
            self._story(family, story, sent)

    def _years(self, process: Process, family: Family, child: Child) -> float:
        first, after = stay(process, family, child, self.window)
        return max(0, after - max(first, self.window.start)) / YEAR

    def _traits(self, traits: Traits, harmed: bool) -> None:
        for counts, found in (
            (self.deprived[traits.ethnicity], traits.deprivation_decile == 1), (self.disabled, traits.disability),
            (self.harmed_by_decile[traits.deprivation_decile], harmed),
        ):  # fmt: skip
            counts[0] += found
            counts[1] += 1

    def _story(self, family: Family, story: Story, sent: Sequence[Entry]) -> None:
        of = self.of[story.process.id]
        begun = sum(self._begins(story, family, child) for child in story.children)
        of.begun += begun
        of.begun_in_families.append(begun)
        of.stories += 1
        of.happened += story.happened
        of.noticed += story.noticed
        of.recorded += len(story.recorded)
        of.shared += sum(one.passed_on is not None for one in story.recorded)
        of.ever_shared += any(one.passed_on is not None for one in story.recorded)
        if story.harm_onset is not None:
            of.with_harm += 1
            of.known += story.known_on is not None
            if story.known_on is not None and story.harm_onset >= self.window.start:
                of.to_known.append(story.known_on - story.harm_onset)
            if story.first_serious is not None:
                of.to_serious.append(story.first_serious - story.harm_onset)
        of.children += len(story.children)
        if story.began >= self.window.start:
            self._signals(story, sent)
        self._habits(story, sent)

    def _signals(self, story: Story, sent: Sequence[Entry]) -> None:
        """How many worries were sent about each child, from the beginning until the harm was known or the story ended."""
        until = story.known_on or story.ended
        for child in story.children:
            worries = sum(
                e.kind in self.concerns and story.began <= e.day <= until and any(p is child for p in e.about)
                for e in sent
            )
            self.of[story.process.id].signals[min(worries, _MANY)] += 1

    def _begins(self, story: Story, family: Family, child: Child) -> bool:
        first, after = stay(story.process, family, child, self.window)
        return max(first, self.window.start) <= story.began < after

    def _habits(self, story: Story, sent: Sequence[Entry]) -> None:
        """Of the signs that were sent: how late they were written, and whether a referral was sent for them."""
        habits, went_out = released().habits, {id(entry) for entry in sent}
        for one in story.recorded:
            if id(one.entry) in went_out:
                kind = one.entry.sender.kind
                of, expected = self.agencies[kind], habits[kind].shares[one.gravity]
                of.signs += 1
                of.shared += one.passed_on is not None and id(one.passed_on) in went_out
                of.expected += expected
                of.variance += expected * (1 - expected)
                of.days += one.entry.written - one.entry.day

    # -- compared with what is set ---------------------------------------------------------------------------------------

    def report(self) -> list[Found]:
        """How usual each process is, how agencies pass on and how late they write, and the traits, beside what is set."""
        return [*self._usual(), *self._passed_on(), *self._of_traits()]

    def _usual(self) -> Iterable[Found]:
        """How usual each story is; nothing where more were asked for than families have room for."""
        if self.scale > 1:
            return
        for process in released().processes:
            of = self.of[process.id]
            if of.years > 0:
                squares = sum(n * n for n in of.begun_in_families)
                yield Found(
                    process.id, process.title, "new per 1,000 children a year", process.begins.value * self.scale,
                    1000 * of.begun / of.years, 1000 * math.sqrt(max(squares, 1)) / of.years, of.begun,
                    process.begins.tolerance, process.begins.standing,
                )  # fmt: skip

    def _passed_on(self) -> Iterable[Found]:
        habits = released().habits
        for kind, of in sorted(self.agencies.items()):
            title = kind.replace("_", " ")
            yield Found(
                f"shares {kind}", f"Passed on to social care: {title}", "per cent of what it wrote", 100 * of.expected / of.signs,
                100 * of.shared / of.signs, 100 * math.sqrt(of.variance) / of.signs, of.shared, _CLOSE, "assumed",
            )  # fmt: skip
            mean, spread = _whole_days(habits[kind].days_late)
            yield Found(
                f"days_late {kind}", f"Days until it was written: {title}", "days", mean, of.days / of.signs,
                spread / math.sqrt(of.signs), of.signs, _CLOSE, "assumed",
            )  # fmt: skip

    def _of_traits(self) -> Iterable[Found]:
        figures = traits_figures()
        for group, one in figures.most_deprived_tenth.items():
            yes, all_of_them = self.deprived[group]
            if all_of_them >= 30:
                yield _share(f"deprived {group}", f": {group.replace('_', ' ')}", one, yes, all_of_them)
        yes, all_of_them = self.disabled
        yield _share("disability", "", figures.disability, yes, all_of_them)

    # -- side by side ----------------------------------------------------------------------------------------------------

    def beside(self) -> list[Beside]:
        """Each trajectory beside its double."""
        return [self._beside(one, *(self.of[p.id] for p in one.processes)) for one in self.used.trajectories]

    def _beside(self, trajectory: Trajectory, harm: _OfProcess, double: _OfProcess) -> Beside:
        return Beside(
            trajectory, harm.children, double.children, _quartiles(list(harm.signals.elements())),
            _quartiles(list(double.signals.elements())), overlap(harm.signals, double.signals),
            _part(harm.known, harm.with_harm), _quartiles(harm.to_known), _quartiles(harm.to_serious),
            _part(harm.noticed, harm.happened), _part(harm.recorded, harm.happened), _part(harm.shared, harm.recorded),
            _part(double.shared, double.recorded), _part(harm.ever_shared, harm.stories),
        )  # fmt: skip

    def gradient(self) -> float | None:
        """How many times likelier harm is in the most deprived fifth than in the least; None where nobody was harmed there."""
        most, least = (
            [sum(self.harmed_by_decile[d][i] for d in deciles) for i in (0, 1)]
            for deciles in ((1, 2), (9, 10))
        )
        if not least[0] or not most[1]:
            return None
        return (most[0] / most[1]) / (least[0] / least[1])


def overlap(one: Mapping[int, int], other: Mapping[int, int]) -> float | None:
    """The share that two distributions of counts have in common: 1 for the same, 0 for nothing.

    Missing  None where either has too few children: a handful overlaps little with anything.
    """
    a, b = sum(one.values()), sum(other.values())
    if min(a, b) < _FEW_TO_COMPARE:
        return None
    return sum(min(one.get(n, 0) / a, other.get(n, 0) / b) for n in {*one, *other})


def _share(rate: str, of_whom: str, set_to: Share, yes: int, of: int) -> Found:
    """A share of independent children, in per cent."""
    found = yes / of if of else 0.0
    error = math.sqrt(max(found * (1 - found), set_to.value / 100 * 0.5) / of) if of else math.inf
    return Found(rate, set_to.title + of_whom, "per cent", set_to.value, 100 * found, 100 * error, yes, set_to.tolerance,
                 set_to.standing)  # fmt: skip


def _whole_days(mean: float) -> tuple[float, float]:
    """Mean and standard deviation of an exponential delay once it is put down in whole days, half a day counting as one."""
    if not mean:
        return 0.0, 0.0
    left = math.exp(-1 / mean)  # of those who wait this long, how many wait a day longer
    first, second = math.sqrt(left) / (1 - left), math.sqrt(left) * (1 + left) / (1 - left) ** 2
    return first, math.sqrt(second - first**2)


def _part(n: int, of: int) -> float | None:
    return n / of if of else None


def _quartiles(found: Sequence[int]) -> tuple[float, ...]:
    return tuple(quantiles(found, n=4, method="inclusive")) if len(found) >= _FEW else ()
