"""How well linking does, where it is known who is who: pairs right, wrong and missed; by group; and where to draw the lines.

A pair is two ids, the lesser first. A *link* is a pair that was found to be one person; a pair is *true* if it is.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import combinations, groupby
from math import inf, sqrt
from random import Random
from statistics import median
from typing import Final

from wholechild.lib.chance import Z, wilson

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole, with the interval at 95 per cent.

    Missing  of nothing: `value` None, and the interval from 0 to 1, for we cannot tell.
    """

    part: int
    whole: int

    @property
    def value(self) -> float | None:
        return self.part / self.whole if self.whole else None

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.part, self.whole)


@dataclass(frozen=True, slots=True)
class Quality:
    """Links counted: right, wrong, and missed (true pairs that were not linked)."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> Share:
        """How many of the links are right."""
        return Share(self.right, self.right + self.wrong)

    @property
    def recall(self) -> Share:
        """How many of the true pairs were linked."""
        return Share(self.right, self.right + self.missed)

    @property
    def missed_links(self) -> Share:
        """How many of the true pairs were not linked."""
        return Share(self.missed, self.right + self.missed)

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall. Missing: None where there are neither links nor true pairs."""
        of = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / of if of else None

    @property
    def f1_interval(self) -> tuple[float, float]:
        """The interval of F1: it grows with the share of right among all that are linked or true, whose interval is known."""
        low, high = wilson(self.right, self.right + self.wrong + self.missed)
        return 2 * low / (1 + low), 2 * high / (1 + high)


def pair(one: str, other: str) -> Pair:
    """The two as a pair, the lesser first."""
    return (one, other) if one < other else (other, one)


def true_pairs(person_of: Mapping[str, str]) -> set[Pair]:
    """Every two identities of one person."""
    return pairs_within(_members(person_of).values())


def pairs_within(groups: Iterable[Collection[str]]) -> set[Pair]:
    """Every two that stand in one group."""
    return {two for group in groups for two in combinations(sorted(group), 2)}


def quality(links: Set[Pair], true: Set[Pair]) -> Quality:
    """Links against what is true."""
    right = len(links & true)
    return Quality(right, len(links) - right, len(true) - right)


def cluster_quality(groups: Iterable[Collection[str]], person_of: Mapping[str, str]) -> Quality:
    """Quality of all pairs that stand together in the groups, without making a list of them.

    Shape    an identity that stands in no group is alone. Identities of which the truth is not known are left out.
    """
    linked, right = 0, 0
    for group in groups:
        people = Counter(person_of[name] for name in group if name in person_of)
        linked += _pairs(people.total())
        right += sum(map(_pairs, people.values()))
    true = sum(map(_pairs, Counter(person_of.values()).values()))
    return Quality(right, linked - right, true - right)


def _pairs(of: int) -> int:
    return of * (of - 1) // 2


def _members(group_of: Mapping[str, str]) -> dict[str, list[str]]:
    members: dict[str, list[str]] = defaultdict(list)
    for name, group in group_of.items():
        members[group].append(name)
    return members


# -- by group ---------------------------------------------------------------------------------------------------------


def by_group(links: Set[Pair], true: Set[Pair], groups_of: Mapping[str, str]) -> dict[str, Quality]:
    """Quality in each group of identities.

    Shape    a pair across two groups counts in both. Missing: a pair of which neither group is known counts in none.
    """
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for kind, pairs in enumerate((links & true, links - true, true - links)):
        for one, other in pairs:
            for group in {groups_of.get(one), groups_of.get(other)} - {None}:
                counts[str(group)][kind] += 1
    return {group: Quality(*counts[group]) for group in sorted(counts)}


@dataclass(frozen=True, slots=True)
class Disparity:
    """The group whose true pairs are missed most against the one whose are missed least.

    Missing  `times` is None where nothing is missed in any group; infinite where the best misses none and the worst some.
    """

    worst: str
    best: str
    times: float | None


def disparity(groups: Mapping[str, Quality], *, fewest: int = 1_000) -> Disparity | None:
    """How many times as often true pairs of the worst group are missed as those of the best.

    Missing  groups with fewer than `fewest` true pairs are left out, for chance alone would make one of them the worst; None
             where fewer than two groups are left.
    """
    rates = {
        name: one.missed / (one.right + one.missed)
        for name, one in groups.items()
        if one.right + one.missed >= max(1, fewest)
    }
    return worst_against_best(rates)


def disparity_by_chance(
    groups: Mapping[str, Quality], *, fewest: int = 1_000, draws: int = 501
) -> float | None:
    """What `disparity` would be, in the middle of `draws` draws, were a true pair missed as easily in every group.

    Missing  None where fewer than two groups have `fewest` true pairs, or nothing is missed.
    Source   draws from the normal distribution that a binomial one comes near to. Pairs of one person are missed together, so
             chance by itself does a little more than this says.
    """
    true = [one.right + one.missed for one in groups.values() if one.right + one.missed >= max(1, fewest)]
    missed = sum(one.missed for one in groups.values() if one.right + one.missed >= max(1, fewest))
    if len(true) < 2 or not missed:
        return None
    rate = missed / sum(true)
    chance = Random(1)  # noqa: S311 — the same draws each time
    times = []
    for _ in range(draws):
        rates = [max(0.0, chance.gauss(rate, sqrt(rate * (1 - rate) / many))) for many in true]
        times.append(max(rates) / min(rates) if min(rates) else inf)
    return median(times)


def together(runs: Iterable[Mapping[str, Quality]]) -> dict[str, Quality]:
    """The counts of several measurements of the same groups, added up."""
    added: dict[str, Quality] = {}
    for groups in runs:
        for name, one in groups.items():
            so_far = added.get(name, Quality(0, 0, 0))
            added[name] = Quality(
                so_far.right + one.right, so_far.wrong + one.wrong, so_far.missed + one.missed
            )
    return added


def worst_against_best(rates: Mapping[str, float]) -> Disparity | None:
    """The group of the highest rate against that of the lowest. Missing: None where there are fewer than two groups."""
    if len(rates) < 2:
        return None
    worst, best = (
        max(rates, key=lambda name: (rates[name], name)),
        min(rates, key=lambda name: (rates[name], name)),
    )
    if not rates[worst]:
        return Disparity(worst, best, None)
    return Disparity(worst, best, rates[worst] / rates[best] if rates[best] else inf)


def unlinked(groups: Iterable[Collection[str]], agency_of: Mapping[str, str]) -> dict[str, Share]:
    """How many of each agency's identities are linked with none of any agency."""
    linked = {name for group in groups if len(group) > 1 for name in group}
    total = Counter(agency_of.values())
    alone = Counter(agency for name, agency in agency_of.items() if name not in linked)
    return {agency: Share(alone[agency], total[agency]) for agency in sorted(total)}


# -- where to draw the lines ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scored:
    """How many pairs of one weight are true, and how many are not: one pair, or many that were counted elsewhere."""

    weight: float
    right: int
    wrong: int


def scored(weight: float, true: bool) -> Scored:
    """One pair of this weight."""
    return Scored(weight, int(true), int(not true))


@dataclass(frozen=True, slots=True)
class Line:
    """All pairs at this weight or above, taken as links.

    Missing  `weight` infinite: no pair is taken.
    """

    weight: float
    quality: Quality


def lines(weights: Iterable[Scored], *, true: int) -> Iterator[Line]:
    """Every line that can be drawn, the highest first; pairs of equal weight are never parted.

    Shape    `true` is how many pairs are true in all: those among `weights` and those that were never candidates.
    """
    right = wrong = 0
    yield Line(inf, Quality(0, 0, true))
    for weight, tied in groupby(sorted(weights, key=lambda one: -one.weight), key=lambda one: one.weight):
        for one in tied:
            right, wrong = right + one.right, wrong + one.wrong
        yield Line(weight, Quality(right, wrong, true - right))


def best_line(weights: Iterable[Scored], *, true: int) -> Line:
    """The line with the highest F1."""
    return max(lines(weights, true=true), key=lambda line: (line.quality.f1 or 0.0, line.weight))


def line_at_precision(weights: Iterable[Scored], precision: float, *, true: int) -> Line:
    """The line that links most true pairs with at least this precision; the line above all weights where none does."""
    fit = (line for line in lines(weights, true=true) if (line.quality.precision.value or 0.0) >= precision)
    return max(
        fit, key=lambda line: (line.quality.right, line.weight), default=Line(inf, Quality(0, 0, true))
    )


@dataclass(frozen=True, slots=True)
class Lines:
    """The two lines between *same*, *possible* and *different*, and what they cost in missed links."""

    same: float
    possible: float
    cost: float


def lines_for_loss(weights: Iterable[Scored], *, wrong: float, look: float, true: int) -> Lines:
    """The two lines at which it costs least to be wrong, to miss, and to have a person look.

    Units    one missed link costs 1. A wrong link costs `wrong`; a pair that a person has to look at costs `look`, and the person
             is taken to be right. A pair below both lines costs 1 if it is true.
    Shape    `possible` is at or below `same`; of lines that cost alike the higher.
    """
    best = Lines(inf, inf, inf)
    possible, waiting = inf, inf
    for line in reversed(list(lines(weights, true=true))):
        found = line.quality.right + line.quality.wrong
        if look * found + line.quality.missed <= waiting:
            possible, waiting = line.weight, look * found + line.quality.missed
        cost = wrong * line.quality.wrong - look * found + waiting
        if cost <= best.cost:
            best = Lines(line.weight, possible, cost)
    return best


# -- a sample for people to label ---------------------------------------------------------------------------------------

#: From these weights on a new stratum begins: most are where links and no links meet.
STRATA: Final = (-inf, -10.0, -5.0, 0.0, 3.0, 6.0, 9.0, 12.0, 16.0, 20.0, 25.0, 30.0)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A pair for a person to label; it stands for `stands_for` pairs of its stratum."""

    one: str
    other: str
    weight: float
    stratum: float
    stands_for: float


def clerical_sample(
    pairs: Iterable[tuple[str, str, float]], size: int, rng: Random, strata: Sequence[float] = STRATA
) -> list[Drawn]:
    """Pairs to label, about as many from each stratum of weight, in no order that tells the weight.

    Shape    a stratum with fewer pairs than its part gives all, and what is left goes to the others. The same pairs and `rng` give the
             same sample, in whatever order the pairs come.
    """
    by_stratum: dict[float, list[tuple[str, str, float]]] = defaultdict(list)
    for one, other, weight in pairs:
        by_stratum[stratum_of(weight, strata)].append((*pair(one, other), weight))
    drawn, left = [], size
    for place, (stratum, members) in enumerate(
        sorted(by_stratum.items(), key=lambda item: (len(item[1]), item[0]))
    ):
        take = min(len(members), left // (len(by_stratum) - place))
        left -= take
        chosen = rng.sample(sorted(members), take)
        drawn += [Drawn(*one, stratum, len(members) / take) for one in chosen]
    rng.shuffle(drawn)
    return drawn


def stratum_of(weight: float, strata: Sequence[float] = STRATA) -> float:
    """The weight at which the stratum of this weight begins."""
    return strata[max(0, bisect_right(strata, weight) - 1)]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share that was estimated from a sample, with its interval at 95 per cent."""

    value: float
    low: float
    high: float
    labelled: int


def estimated_precision(labelled: Iterable[tuple[Drawn, bool]], *, weight: float) -> Estimate | None:
    """How many of all pairs at this weight or above are true, from a labelled sample.

    Units    each labelled pair counts for as many as it stands for; the interval adds up the strata's own.
    Missing  None where no pair at this weight or above was labelled. What a person could not tell is to be left out.
    """
    by_stratum: dict[float, list[tuple[float, bool]]] = defaultdict(list)
    for drawn, true in labelled:
        if drawn.weight >= weight:
            by_stratum[drawn.stratum].append((drawn.stands_for, true))
    total = sum(stands_for for members in by_stratum.values() for stands_for, _ in members)
    if not total:
        return None
    middle, spread = 0.0, 0.0
    for members in by_stratum.values():
        part = sum(stands_for for stands_for, _ in members) / total
        share = sum(true for _, true in members) / len(members)
        low, high = wilson(sum(true for _, true in members), len(members))
        middle += part * share
        # A stratum whose few labels all agree is not known for certain: its interval is Wilson's, and not of no width.
        spread += (part * (high - low) / (2 * Z)) ** 2
    reach = Z * sqrt(spread)
    return Estimate(
        middle, max(0.0, middle - reach), min(1.0, middle + reach), sum(map(len, by_stratum.values()))
    )


def estimated_share(labelled: Iterable[tuple[Drawn, bool | None]]) -> Estimate | None:
    """What share counts, of all pairs of which it is asked: True counts, False does not, and None is a pair that is not asked of.

    Units    each labelled pair counts for as many as it stands for. `labelled` of what comes back are those that are asked of.
    Shape    the interval sets what counts and what does not at their opposite ends: it is rather too wide than too narrow. Where a few
             labels stand for many pairs and none of them counts, the many widen it all the same.
    Missing  None where no labelled pair is asked of. What a person could not tell is to be left out.
    Source   the limits of a sum from those of its parts: G. Y. Zou and A. Donner, Construction of confidence limits about effect
             measures (Statistics in Medicine 27, 2008).
    """
    strata: dict[tuple[float, float], list[bool | None]] = defaultdict(list)
    for drawn, counts in labelled:
        # Pairs of one weight that were drawn each for another number of pairs were drawn from two heaps.
        strata[drawn.stratum, drawn.stands_for].append(counts)
    asked = sum(counts is not None for members in strata.values() for counts in members)
    if not asked:
        return None
    yes, least_yes, most_yes = _sum_of(strata, True)
    no, least_no, most_no = _sum_of(strata, False)
    return Estimate(yes / (yes + no), _part(least_yes, most_no), _part(most_yes, least_no), asked)


def _sum_of(
    strata: Mapping[tuple[float, float], Sequence[bool | None]], which: bool
) -> tuple[float, float, float]:
    """How many pairs in all are so, and between which numbers that lies."""
    found = down = up = 0.0
    for (_, stands_for), members in strata.items():
        here, many = sum(counts is which for counts in members), stands_for * len(members)
        low, high = wilson(here, len(members))
        share = here / len(members)
        found += many * share
        down += (many * (share - low)) ** 2
        up += (many * (high - share)) ** 2
    return found, max(0.0, found - sqrt(down)), found + sqrt(up)


def _part(one: float, rest: float) -> float:
    return one / (one + rest) if one + rest else 0.0
