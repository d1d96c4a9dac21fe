"""Conditions that can never hold: what a reader would not notice, and a family could never show.

What is reported here is certain; what is not reported may still be impossible. Four things can be asked of a part: that
it holds, that it is known to be false, that it does not hold (false or not known), and that it is not known to be false.
The parts of an `all` are taken apart into such demands on single atoms, one branch for each choice of an `any`, until two
of them shut each other out. A condition with more branches than `MOST_BRANCHES` is let pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import Final

from wholechild.lib.civil import DAY, FOREVER
from wholechild.patterns.language.nodes import (
    Absence,
    AdultState,
    AgeRange,
    AgeState,
    All,
    Any,
    Condition,
    Count,
    Distinct,
    LivesInState,
    Not,
    Selection,
    Unless,
)

MOST_BRANCHES: Final = 500
#: No child has so many records of one sort that a lesson could need to count further.
MOST_RECORDS: Final = 1_000


class Asked(Enum):
    """What a part of an `all` demands of a condition."""

    HOLDS = "holds"
    FALSE = "known to be false"
    NOT_HOLDING = "does not hold"
    OPEN = "not known to be false"


#: What `not` and `unless` make of a demand on them.
_UNDER_NOT: Final = {
    Asked.HOLDS: Asked.FALSE,
    Asked.FALSE: Asked.HOLDS,
    Asked.NOT_HOLDING: Asked.OPEN,
    Asked.OPEN: Asked.NOT_HOLDING,
}
_UNDER_UNLESS: Final = {
    Asked.HOLDS: Asked.NOT_HOLDING,
    Asked.FALSE: Asked.HOLDS,
    Asked.NOT_HOLDING: Asked.HOLDS,
    Asked.OPEN: Asked.NOT_HOLDING,
}
_EVERY_PART: Final = {
    (All, Asked.HOLDS),
    (All, Asked.OPEN),
    (Any, Asked.FALSE),
    (Any, Asked.NOT_HOLDING),
}


@dataclass(frozen=True, slots=True)
class Demand:
    """One thing asked, and the number of the part of the `all` that asks it."""

    asked: Asked
    of: Condition
    part: int


class _TooMany(Exception):
    """More branches than are looked at."""


def never_together(parts: Sequence[Condition]) -> tuple[int, int] | None:
    """The numbers of two parts of an `all` that shut each other out, the smaller first; None where none are found."""
    branches = [0]
    try:
        return _closed([Demand(Asked.HOLDS, part, i) for i, part in enumerate(parts)], [], branches)
    except _TooMany:
        return None


def _closed(ahead: list[Demand], known: list[Demand], branches: list[int]) -> tuple[int, int] | None:
    """Why every branch of what is asked ends in a conflict: the parts of the first; None if one branch stays open."""
    ahead, known = list(ahead), list(known)
    while ahead:
        demand = ahead.pop(0)
        match demand.of:
            case Not(inner):
                ahead.insert(0, Demand(_UNDER_NOT[demand.asked], inner, demand.part))
            case Unless(inner):
                ahead.insert(0, Demand(_UNDER_UNLESS[demand.asked], inner, demand.part))
            case All(parts) | Any(parts):
                inside = [Demand(demand.asked, part, demand.part) for part in parts]
                if (type(demand.of), demand.asked) in _EVERY_PART:
                    ahead[:0] = inside
                else:
                    return _every_choice(inside, ahead, known, branches)
            case _:
                known.append(demand)
                if conflict := _conflict(known):
                    return conflict
    return None


def _every_choice(
    choices: Sequence[Demand], ahead: list[Demand], known: list[Demand], branches: list[int]
) -> tuple[int, int] | None:
    first = None
    for choice in choices:
        branches[0] += 1
        if branches[0] > MOST_BRANCHES:
            raise _TooMany
        conflict = _closed([choice, *ahead], known, branches)
        if conflict is None:
            return None
        first = first or conflict
    return first


def _conflict(known: Sequence[Demand]) -> tuple[int, int] | None:
    """Whether the last demand cannot be met beside the others."""
    last = known[-1]
    for other in known[:-1]:
        if _shut_out(last, other) or _shut_out(other, last):
            return min(last.part, other.part), max(last.part, other.part)
    return _no_age_left(known) if isinstance(last.of, AgeState) else None


def _shut_out(one: Demand, other: Demand) -> bool:
    if one.asked is not Asked.HOLDS:
        return False
    if other.asked in (Asked.FALSE, Asked.NOT_HOLDING):
        return implies(one.of, other.of)
    return other.asked is Asked.HOLDS and _never_both(one.of, other.of)


# -- what follows from what -------------------------------------------------------------------------------------


def implies(one: Condition, other: Condition) -> bool:
    """Whether the other holds whenever the one does. False where that is not certain."""
    match one, other:
        case Count(), Count():
            fewer = dict(one.distinct)
            return (
                _narrower(one.selection, other.selection)
                and one.about == other.about
                and one.at_least >= other.at_least
                and _shorter(one.within, other.within)
                and all(fewer.get(what, 0) >= least for what, least in other.distinct)
            )
        case AdultState(), AdultState():
            return one.relations <= other.relations and _shorter(one.arrived_within, other.arrived_within)
        case LivesInState(), LivesInState():
            return one.areas <= other.areas
    return one == other


def _never_both(one: Condition, other: Condition) -> bool:
    match one, other:
        case Count(within=window), Absence() if window is not None:
            same = one.about == other.about and _narrower(one.selection, other.selection)
            return same and window <= other.lasting
        case Count(selection=Selection(child_age=AgeRange() as then)), AgeState(now):
            older = now.end is not None and then.start >= now.end
            gone = one.within is not None and then.end is not None and then.end + one.within <= now.start
            return older or gone
    return False


def _shorter(one: int | None, other: int | None) -> bool:
    return other is None or (one is not None and one <= other)


def _narrower(one: Selection, other: Selection) -> bool:
    """Whether every record that the one selects, the other selects as well."""
    wanted = dict(one.values)
    return (
        one.kinds <= other.kinds
        and _within(one.sectors, other.sectors)
        and _within(one.agency_kinds, other.agency_kinds)
        and _within(one.informants, other.informants)
        and all(name in wanted and wanted[name] <= codes for name, codes in other.values)
        and (not other.measures or one.measures == other.measures)
        and (other.child_age is None or one.child_age == other.child_age)
    )


def _within(one: frozenset[str], other: frozenset[str]) -> bool:
    return not other or (bool(one) and one <= other)


# -- ages ---------------------------------------------------------------------------------------------------------


def _no_age_left(known: Sequence[Demand]) -> tuple[int, int] | None:
    """Two parts between which no age is left. A child whose birth is not known has no age that holds, and none that is false."""
    ages = [(d, d.of) for d in known if isinstance(d.of, AgeState) and d.asked is not Asked.OPEN]
    if all(demand.asked is Asked.NOT_HOLDING for demand, _ in ages):
        return None
    left: list[tuple[int, int]] = [(0, FOREVER)]
    for demand, state in ages:
        own = (state.age.start, state.age.end if state.age.end is not None else FOREVER)
        allowed = [own] if demand.asked is Asked.HOLDS else list(_outside(own))
        left = [
            (max(a, c), min(b, d)) for a, b in left for c, d in allowed if max(a, c) < min(b, d)
        ]  # fmt: skip
    if left:
        return None
    last = ages[-1][0].part
    others = [demand.part for demand, _ in ages if demand.part != last]
    return (min(last, others[0]), max(last, others[0])) if others else (last, last)


def _outside(span: tuple[int, int]) -> Iterator[tuple[int, int]]:
    for start, end in pairwise((0, *span, FOREVER)):
        if start < end and (start, end) != span:
            yield start, end


# -- one count alone ----------------------------------------------------------------------------------------------


def too_many_different(count: Count, dimensions: frozenset[str]) -> Iterator[tuple[Distinct, int, int]]:
    """(what, how many are asked for, how many there can be) for each `distinct` of a count that can never be met."""
    there_are = {Distinct.KINDS: len(count.selection.kinds), Distinct.DIMENSIONS: len(dimensions)}
    if count.selection.sectors:
        there_are[Distinct.SECTORS] = len(count.selection.sectors)
    if count.within is not None:
        there_are[Distinct.DAYS] = count.within // DAY + 1
    for what, least in count.distinct:
        if least > there_are.get(what, least):
            yield what, least, there_are[what]
