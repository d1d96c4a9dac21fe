"""How well linking does on pairs that people have labelled: a value that a page, a command and JSON can show alike.

The way of it: `sample` draws pairs and writes them as CSV, two ids a row and nothing else that could name anybody; people look at
each and write `same`, `different` or `cannot tell`; `read_labels` reads the file back; `report` counts.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import inf, isfinite
from random import Random
from typing import Any, Final

from wholechild.people.comparing.measuring import (
    STRATA,
    Disparity,
    Drawn,
    Estimate,
    Pair,
    Quality,
    Share,
    by_group,
    clerical_sample,
    estimated_precision,
    estimated_share,
    pair,
    quality,
    stratum_of,
    unlinked,
    worst_against_best,
)
from wholechild.people.comparing.weighed import Zone

COLUMNS: Final = ("one", "other", "stands_for", "label", "note", "page")
#: By these the report is split; a group that is not known of an identity counts nowhere.
SPLITS: Final = ("name_origin", "sex", "deprivation", "mover")
#: Fewer labelled pairs of one person than this say nothing about a group.
FEWEST: Final = 30


class Label(StrEnum):
    """What a person says of two identities."""

    SAME = "same"
    DIFFERENT = "different"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class Labelled:
    """A pair and what a person said of it. `stands_for`: for how many pairs of about its weight it was drawn."""

    one: str
    other: str
    label: Label
    stands_for: float = 1.0

    @property
    def pair(self) -> Pair:
        return pair(self.one, self.other)


class LabelsRefused(ValueError):
    """A file of labels with faults. `faults` has each, with line, field, value, why, and what to do."""

    def __init__(self, faults: Collection[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


#: Of so many parts of a sample, one is of pairs below the line from which a person is asked: what linking misses lies there.
_ONE_IN: Final = 3


def sample(
    weights: Iterable[tuple[str, str, float]], size: int, rng: Random, *, below: Iterable[tuple[str, str, float]] = (),
    share: float = 1.0, page: Callable[[str, str], str] = lambda one, other: "",
) -> str:  # fmt: skip
    """So many pairs to label, as CSV: about as many of each band of weight, in no order that tells the weight.

    Shape    `below` are pairs that are not alike enough to be kept, as many of them as were looked for: `share` of all, above 0 to 1.
             A third of the sample is theirs. `page` gives the address at which two identities can be looked at.
    """
    lower = clerical_sample(below, size // _ONE_IN, rng)
    chosen = clerical_sample(weights, size - len(lower), rng)
    chosen += [replace(one, stands_for=one.stands_for / share) for one in lower]
    rng.shuffle(chosen)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for drawn in chosen:
        said = (drawn.one, drawn.other, f"{drawn.stands_for:.6g}", "", "", page(drawn.one, drawn.other))
        writer.writerow(said)
    return text.getvalue()


def read_labels(text: str, name: str) -> tuple[Labelled, ...]:
    """The labels of a file; rows that nobody has labelled yet are left out.

    Errors  LabelsRefused with every fault: a column that is missing, a label that is none, a pair of one identity with itself, a pair
            that is labelled twice and not alike, and `stands_for` that is no number above 0.
    """
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    missing = [column for column in COLUMNS[:4] if column not in (rows.fieldnames or ())]
    if missing:
        raise LabelsRefused(
            [
                f"{name}, line 1: the column {missing[0]} is missing. Keep the first line as `wholechild link --sample` wrote it."
            ]
        )
    found: dict[Pair, Labelled] = {}
    faults: list[str] = []
    for row in rows:
        said = " ".join((row["label"] or "").lower().replace("_", " ").split())
        if not said:
            continue
        try:
            one = _labelled(row, said)
            if found.get(one.pair, one).label is not one.label:
                raise ValueError(
                    f'field label: "{said}", and an earlier line says "{found[one.pair].label}" of the same two. Keep one.'
                )
            found[one.pair] = one
        except ValueError as wrong:
            faults.append(f"{name}, line {rows.line_num}, {wrong}")
    if faults:
        raise LabelsRefused(faults)
    return tuple(found.values())


def _labelled(row: Mapping[str, str], said: str) -> Labelled:
    if said not in set(Label):
        raise ValueError(
            f'field label: "{said}" is none of same, different, cannot tell. Write one of them, or leave it empty.'
        )
    one, other = (row["one"] or "").strip(), (row["other"] or "").strip()
    if not one or not other or one == other:
        raise ValueError(
            "fields one and other: two different ids are needed. Keep the ids as they were written."
        )
    try:
        stands_for = float(row["stands_for"])
    except (TypeError, ValueError):
        stands_for = 0.0
    if not (isfinite(stands_for) and stands_for > 0.0):
        raise ValueError(
            f'field stands_for: "{row["stands_for"]}" is no number above 0. Keep it as it was written.'
        )
    return Labelled(one, other, Label(said), stands_for)


@dataclass(frozen=True, slots=True)
class Figures:
    """What a drawn sample says of all pairs that it was drawn from.

    Shape    `precision`: of all links, how many are right. `recall`: of all pairs of one person, how many are linked. `f1` of both.
             `true` is how many labelled pairs are of one person: with few of them the rest says little.
    Missing  None, where no labelled pair says anything of it.
    """

    precision: Estimate | None
    recall: Estimate | None
    f1: Estimate | None
    true: int


NO_FIGURES: Final = Figures(None, None, None, 0)


@dataclass(frozen=True, slots=True)
class Split:
    """Quality by one thing that identities differ in.

    Shape    `groups` counts labelled pairs as they are; `figures` weighs each by what it stands for.
    Missing  `worst` None, where fewer than two groups have enough pairs of one person, or the labels are no drawn sample.
    """

    by: str
    groups: Mapping[str, Quality]
    figures: Mapping[str, Figures]
    worst: Disparity | None


@dataclass(frozen=True, slots=True)
class Report:
    """How well linking does, as far as labels go.

    Shape    `all` and the groups of `splits` count labelled pairs as they are; `precision` weighs each by what it stands for, over
             all links that a machine would make, and `figures` over all links that there are. `unsure` are pairs of which people
             could not tell; they count nowhere else. `zones`: of the labelled pairs in each zone of the model, those of one person.
             `sampled`: the labels are of a drawn sample. If not, they are what people decided on pairs that were put before them,
             which stand for nothing but themselves; then `all` counts what a machine would have done by itself.
    Missing  `precision` None: no labelled pair is as heavy as a link, so that nothing is known of it; or nothing was drawn.
    """

    model: str
    labelled: int
    unsure: int
    all: Quality
    precision: Estimate | None
    splits: tuple[Split, ...]
    unlinked: Mapping[str, Share]
    figures: Figures = NO_FIGURES
    zones: Mapping[str, Share] = field(default_factory=dict)
    sampled: bool = True

    def plain(self) -> dict[str, Any]:
        """The report for JSON."""
        return {
            "model": self.model, "sampled": self.sampled, "labelled": self.labelled, "cannot_tell": self.unsure,
            "all": plain_quality(self.all), "precision_of_all_links": _plain_estimate(self.precision),
            "estimated": _plain_figures(self.figures),
            "zones": {zone: plain_share(share) for zone, share in self.zones.items()},
            "by": {
                split.by: {
                    name: plain_quality(one) | {"estimated": _plain_figures(split.figures.get(name, NO_FIGURES))}
                    for name, one in split.groups.items()
                }
                for split in self.splits
            },
            "missed_worst_against_best": {split.by: _plain_worst(split.worst) for split in self.splits},
            "unlinked": {agency: plain_share(share) for agency, share in self.unlinked.items()},
        }  # fmt: skip


def report(
    labels: Collection[Labelled], *, people: Iterable[Collection[str]], agency_of: Mapping[str, str],
    weight_of: Mapping[Pair, float], same: float, groups: Mapping[str, Mapping[str, str]], model: str, fewest: int = FEWEST,
    zone_of: Mapping[Pair, str] | None = None, sampled: bool = True,
) -> Report:  # fmt: skip
    """What the labels say of the people that linking has made.

    Shape    `people` are the groups of identities as they are linked now; `groups` tells for each of `SPLITS` the group of an
             identity. `weight_of` and `zone_of` are the model's weights and zones of labelled pairs, `same` the weight from which a
             machine links. Where nothing was `sampled`, the labels are decisions: they have made the links that there are, so
             that they are held against what the machine would have done by itself.
    Missing  an identity that a split does not tell of counts in none of its groups.
    """
    zones = zone_of or {}
    members = [frozenset(group) for group in people]
    home = {name: number for number, group in enumerate(members) for name in group}
    told = [one for one in labels if one.label is not Label.CANNOT_TELL]
    true = {one.pair for one in told if one.label is Label.SAME}
    if sampled:
        links = {one.pair for one in told if home.get(one.one, one.one) == home.get(one.other, one.other)}
    else:
        links = {one.pair for one in told if zones.get(one.pair) == Zone.SAME}
    drawn = [
        Drawn(*one.pair, weight_of[one.pair], stratum_of(weight_of[one.pair], STRATA), one.stands_for)
        for one in told
        if sampled and one.pair in weight_of
    ]
    return Report(
        model, len(labels), len(labels) - len(told), quality(links, true),
        estimated_precision([(one, (one.one, one.other) in true) for one in drawn], weight=same),
        tuple(_split(by, links, true, drawn, groups.get(by, {}), fewest) for by in SPLITS),
        unlinked(members, agency_of), _figures(drawn, links, true), _zones(told, zones), sampled,
    )  # fmt: skip


def _figures(drawn: Collection[Drawn], links: Set[Pair], true: Set[Pair]) -> Figures:
    pairs = [(one, (one.one, one.other) in links, (one.one, one.other) in true) for one in drawn]
    both = estimated_share((one, link and real if link or real else None) for one, link, real in pairs)
    return Figures(
        estimated_share((one, real if link else None) for one, link, real in pairs),
        estimated_share((one, link if real else None) for one, link, real in pairs),
        None if both is None else _f1(both),
        sum(real for _, _, real in pairs),
    )  # fmt: skip


def _f1(both: Estimate) -> Estimate:
    """F1 grows with the share of right among all that are linked or true, whose interval is known."""
    value, low, high = (2 * share / (1 + share) for share in (both.value, both.low, both.high))
    return Estimate(value, low, high, both.labelled)


def _split(
    by: str, links: Set[Pair], true: Set[Pair], drawn: Collection[Drawn], group_of: Mapping[str, str], fewest: int
) -> Split:  # fmt: skip
    groups = by_group(links, true, group_of)
    figures = {
        name: _figures([one for one in drawn if name in (group_of.get(one.one), group_of.get(one.other))], links, true)
        for name in groups
    }  # fmt: skip
    missed = {
        name: 1.0 - one.recall.value
        for name, one in figures.items()
        if one.recall is not None and one.true >= max(1, fewest)
    }
    return Split(by, groups, figures, worst_against_best(missed))


def _zones(told: Iterable[Labelled], zone_of: Mapping[Pair, str]) -> dict[str, Share]:
    seen = Counter((zone_of[one.pair], one.label is Label.SAME) for one in told if one.pair in zone_of)
    return {
        str(zone): Share(seen[zone, True], seen[zone, True] + seen[zone, False])
        for zone in Zone
        if seen[zone, True] + seen[zone, False]
    }


def _plain_estimate(one: Estimate | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {"value": one.value, "low": one.low, "high": one.high, "labelled": one.labelled}


def _plain_figures(one: Figures) -> dict[str, Any]:
    return {
        "precision": _plain_estimate(one.precision), "recall": _plain_estimate(one.recall), "f1": _plain_estimate(one.f1),
        "labelled_of_one_person": one.true,
    }  # fmt: skip


def _plain_worst(worst: Disparity | None) -> dict[str, Any] | None:
    """For JSON, which has no infinity: where the best group misses none and the worst some, `times` is null and `best_misses_none` true."""
    if worst is None:
        return None
    endless = worst.times == inf
    return {
        "worst": worst.worst,
        "best": worst.best,
        "times": None if endless else worst.times,
        "best_misses_none": endless,
    }


def plain_quality(one: Quality) -> dict[str, Any]:
    low, high = one.f1_interval
    return {
        "right": one.right, "wrong": one.wrong, "missed": one.missed, "precision": plain_share(one.precision),
        "recall": plain_share(one.recall), "f1": {"value": one.f1, "low": low, "high": high},
    }  # fmt: skip


def plain_share(share: Share) -> dict[str, Any]:
    """A share for JSON. Missing: `value` null, of nothing; then the interval is from 0 to 1."""
    low, high = share.interval
    return {"value": share.value, "low": low, "high": high, "of": share.whole}


def in_words(share: Share) -> str:
    """A share for a reader, with how far it may lie from the truth."""
    if share.value is None:
        return "we cannot tell yet: nothing was labelled"
    low, high = share.interval
    return f"{percent(share.value)} ({share.part:,} of {share.whole:,}; {percent(low)} to {percent(high)} by chance alone)"


def estimate_in_words(one: Estimate | None) -> str:
    """What a sample says of all, for a reader, with how far it may lie from the truth."""
    if one is None:
        return "we cannot tell yet: nothing was labelled"
    return f"{percent(one.value)} ({percent(one.low)} to {percent(one.high)} by chance alone; {one.labelled:,} labels)"


def percent(value: float) -> str:
    """`98.7%`. What is not all is never said to be 100%, and what is not nothing never 0%."""
    if 0.9995 <= value < 1.0 - 1e-9:
        return "over 99.9%"
    return "under 0.1%" if 1e-9 < value < 0.0005 else f"{value:.1%}"
