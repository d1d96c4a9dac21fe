"""How well linking does on pairs that people have labelled: a value that a page, a command and JSON can show alike.

The way of it: `sample` draws pairs and writes them as CSV, two ids a row and nothing else that could name anybody; people look at
each and write `same`, `different` or `cannot tell`; `read_labels` reads the file back; `report` counts.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
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
    disparity,
    estimated_precision,
    pair,
    quality,
    stratum_of,
    unlinked,
)

COLUMNS: Final = ("one", "other", "stands_for", "label", "note")
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


def sample(weights: Iterable[tuple[str, str, float]], size: int, rng: Random) -> str:
    """So many pairs to label, as CSV: about as many of each band of weight, in no order that tells the weight."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for drawn in clerical_sample(weights, size, rng):
        writer.writerow((drawn.one, drawn.other, f"{drawn.stands_for:.6g}", "", ""))
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
class Split:
    """Quality by one thing that identities differ in. Missing: `worst` None, where fewer than two groups have enough pairs."""

    by: str
    groups: Mapping[str, Quality]
    worst: Disparity | None


@dataclass(frozen=True, slots=True)
class Report:
    """How well linking does, as far as labels go.

    Shape    `all` and `splits` count labelled pairs as they are; `precision` weighs each by what it stands for, over all links that
             a machine would make. `unsure` are pairs of which people could not tell; they count nowhere else.
    Missing  `precision` None: no labelled pair is as heavy as a link, so that nothing is known of it.
    """

    model: str
    labelled: int
    unsure: int
    all: Quality
    precision: Estimate | None
    splits: tuple[Split, ...]
    unlinked: Mapping[str, Share]

    def plain(self) -> dict[str, Any]:
        """The report for JSON."""
        return {
            "model": self.model, "labelled": self.labelled, "cannot_tell": self.unsure, "all": plain_quality(self.all),
            "precision_of_all_links": None if self.precision is None else {
                "value": self.precision.value, "low": self.precision.low, "high": self.precision.high, "labelled": self.precision.labelled,
            },
            "by": {split.by: {name: plain_quality(one) for name, one in split.groups.items()} for split in self.splits},
            "missed_worst_against_best": {split.by: _plain_worst(split.worst) for split in self.splits},
            "unlinked": {agency: plain_share(share) for agency, share in self.unlinked.items()},
        }  # fmt: skip


def report(
    labels: Collection[Labelled], *, people: Iterable[Collection[str]], agency_of: Mapping[str, str],
    weight_of: Mapping[Pair, float], same: float, groups: Mapping[str, Mapping[str, str]], model: str, fewest: int = FEWEST,
) -> Report:  # fmt: skip
    """What the labels say of the people that linking has made.

    Shape    `people` are the groups of identities as they are linked now; `groups` tells for each of `SPLITS` the group of an
             identity. `weight_of` and `same` are the model's weights of labelled pairs, and the weight from which a machine links.
    Missing  an identity that a split does not tell of counts in none of its groups.
    """
    members = [frozenset(group) for group in people]
    home = {name: number for number, group in enumerate(members) for name in group}
    told = [one for one in labels if one.label is not Label.CANNOT_TELL]
    true = {one.pair for one in told if one.label is Label.SAME}
    links = {one.pair for one in told if home.get(one.one, one.one) == home.get(one.other, one.other)}
    weighed = [
        (
            Drawn(*one.pair, weight_of[one.pair], stratum_of(weight_of[one.pair], STRATA), one.stands_for),
            one.pair in true,
        )
        for one in told
        if one.pair in weight_of
    ]
    splits = [_split(by, by_group(links, true, groups.get(by, {})), fewest) for by in SPLITS]
    return Report(
        model, len(labels), len(labels) - len(told), quality(links, true), estimated_precision(weighed, weight=same),
        tuple(splits), unlinked(members, agency_of),
    )  # fmt: skip


def _split(by: str, groups: Mapping[str, Quality], fewest: int) -> Split:
    return Split(by, groups, disparity(groups, fewest=fewest))


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
    return f"{share.value:.1%} ({share.part:,} of {share.whole:,}; {low:.1%} to {high:.1%} by chance alone)"
