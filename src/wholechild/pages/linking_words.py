"""How well linking does, in words: of the figures of a kept report only what may be shown, and of the rest that we cannot tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from wholechild.patterns.backtest.plots import Picture, dots
from wholechild.patterns.backtest.withheld import FEW, SMALL_GROUP
from wholechild.patterns.backtest.words import group as group_words
from wholechild.people.linkage_report import FEWEST, percent

CANNOT_TELL: Final = "We cannot tell yet"
_TITLES: Final = {
    "name_origin": "Where the name comes from", "sex": "Sex", "deprivation": "How deprived the area is",
    "mover": "Whether the family moved",
}  # fmt: skip
#: How the worst group may stand to the best (issue: linkage must be fair).
_AIM: Final = 1.25
#: What is said of a model by its card, in the order in which it is read.
_CARD: Final = {
    "trained_on": "Learnt from", "method": "How", "trained_at": "When", "learnt": "Learnt anew", "as_before": "Too little to learn from",
    "thresholds": "Where the lines are", "measured": "How it was measured", "began_with": "Began with", "prior": "How usual links are",
    "seed": "Seed",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One figure. Missing: `value` says that we cannot tell, and `between` is empty."""

    title: str
    value: str
    between: str
    labels: str = ""


@dataclass(frozen=True, slots=True)
class GroupLine:
    """One group: how many of its pairs are found, and how many of its links are right."""

    name: str
    found: Line
    right: Line


@dataclass(frozen=True, slots=True)
class SplitTable:
    """One thing by which people differ. `few` groups have too few labels to be shown. Missing: `picture` None, nothing to draw."""

    by: str
    title: str
    groups: Sequence[GroupLine]
    few: int
    fairness: str
    picture: Picture | None


def headlines(figures: Mapping[str, Any]) -> list[Line]:
    """The three figures that matter, of a report on a drawn sample."""
    said = figures["estimated"]
    return [
        _line("Found: of all pairs of records of one child, how many are joined", said["recall"]),
        _line("Right: of all records that are joined, how many belong together", said["precision"]),
        _line("Both in one figure (F1)", said["f1"]),
    ]


def _line(title: str, said: Mapping[str, Any] | None) -> Line:
    if said is None:
        return Line(title, CANNOT_TELL, "")
    return Line(
        title,
        percent(said["value"]),
        f"{percent(said['low'])} to {percent(said['high'])}",
        f"{said['labelled']:,}",
    )


def splits(figures: Mapping[str, Any]) -> list[SplitTable]:
    """By what the report is split: groups with enough labelled pairs of one person, and how many have too few."""
    return [
        _split(by, figures["by"][by], figures["missed_worst_against_best"][by])
        for by in _TITLES
        if by in figures["by"]
    ]


def _split(by: str, groups: Mapping[str, Any], worst: Mapping[str, Any] | None) -> SplitTable:
    told = {
        name: one["estimated"]
        for name, one in sorted(groups.items())
        if one["estimated"]["labelled_of_one_person"] >= FEWEST
    }
    shown = [
        GroupLine(group_words(by, name), _line("", said["recall"]), _line("", said["precision"]))
        for name, said in told.items()
    ]
    drawn = tuple(
        (group_words(by, name), said["recall"]["value"], said["recall"]["low"], said["recall"]["high"])
        for name, said in told.items()
    )
    return SplitTable(
        by,
        _TITLES[by],
        shown,
        len(groups) - len(told),
        _fairness(by, worst, told),
        _picture(_TITLES[by], drawn),
    )


@lru_cache(maxsize=64)
def _picture(title: str, drawn: tuple[tuple[str, float, float, float], ...]) -> Picture | None:
    if len(drawn) < 2:
        return None
    rows = [
        {"name": name, "value": value * 100, "low": low * 100, "high": high * 100}
        for name, value, low, high in drawn
    ]
    words = f"{title}, per cent of pairs found: " + "; ".join(
        f"{name} {percent(value)}" for name, value, _, _ in drawn
    )
    return dots(rows, "per cent of pairs of one child that are found", words, from_nought=False)


def _fairness(by: str, worst: Mapping[str, Any] | None, told: Mapping[str, Any]) -> str:
    """The group that is missed most against the one that is missed least; empty where fewer than two can be told of."""
    if worst is None:
        return ""
    most, least = group_words(by, worst["worst"]), group_words(by, worst["best"])
    if worst["best_misses_none"]:
        said = f"Some pairs of “{most}” were missed, and none of “{least}” among those that were labelled."
    elif worst["times"] is None:
        return "No labelled pair was missed in any of these groups."
    else:
        aim = "That is within the aim" if worst["times"] <= _AIM else "That is more than the aim"
        said = f"Pairs of “{most}” are missed {worst['times']:.1f} times as often as those of “{least}”. {aim}: {_AIM} times at most."
    by_chance = told[worst["worst"]]["recall"]["high"] >= told[worst["best"]]["recall"]["low"]
    return f"{said} Chance alone may explain the difference: more labels would tell." if by_chance else said


def zones(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What people said of pairs that the software would join, leave to a person, or leave apart; counts that are few are withheld."""
    titles = {
        "same": "The software would join them", "possible": "The software asks a person",
        "faint": "Shown as possible; nobody is asked",
        "different": "The software would leave them apart",
    }  # fmt: skip
    return [
        (title, _counted(figures["zones"][zone]))
        for zone, title in titles.items()
        if zone in figures["zones"]
    ]


def _counted(share: Mapping[str, Any]) -> str:
    whole = share["of"]
    part = round((share["value"] or 0.0) * whole)
    return f"{part:,} of {whole:,} pairs were one person"


def agencies(figures: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(agency, how many of its identities are linked with none, of how many), those with most of them first.

    Missing  of an agency with fewer than ten identities nothing is shown; a number below five is not shown either.
    """
    said = [(name, share) for name, share in figures["unlinked"].items() if share["of"] >= SMALL_GROUP]
    return [
        (name, _alone(round(share["value"] * share["of"]), share["of"]), f"{share['of']:,}")
        for name, share in sorted(said, key=lambda item: (-item[1]["value"], item[0]))
    ]


def _alone(count: int, of: int) -> str:
    return (
        f"fewer than {FEW}" if 0 < count < FEW else f"{count:,} ({percent(count / of)})" if count else "none"
    )


def small_agencies(figures: Mapping[str, Any]) -> int:
    """How many agencies are too small to be shown."""
    return sum(share["of"] < SMALL_GROUP for share in figures["unlinked"].values())


def card_lines(card: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the makers of a model say of it: what we know a title for first, and the rest by its own name."""
    known = [(title, str(card[key])) for key, title in _CARD.items() if card.get(key) not in (None, "")]
    others = [
        (key.replace("_", " ").capitalize(), str(said)) for key, said in card.items() if key not in _CARD
    ]
    return [*known, *others]
