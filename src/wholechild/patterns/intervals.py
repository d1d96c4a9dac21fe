"""Sets of half-open intervals on the axis of knowledge, and Kleene's three-valued logic over them.

A span is (from, to) in civil seconds with from < to. A set of spans is a sorted tuple whose spans neither overlap
nor touch. A `Truth` is what a condition denotes: where it holds, and where it cannot tell, with reasons; the rest
of the axis is where it does not hold (ARCHITECTURE section 5).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from wholechild.lib.civil import FOREVER

Span = tuple[int, int]
Spans = tuple[Span, ...]

BEGINNING: Final = -FOREVER
ALWAYS: Final[Spans] = ((BEGINNING, FOREVER),)
NEVER: Final[Spans] = ()


class Why(StrEnum):
    """Why a condition cannot tell."""

    VAGUE_DATE = "vague date"
    TIE_UNSURE = "tie unsure"
    BIRTH_UNKNOWN = "birth unknown"
    NOT_CONNECTED = "not connected"


@dataclass(frozen=True, slots=True, order=True)
class Reason:
    """One reason for a cannot-tell: `about` is a record id, a sector, or empty."""

    why: Why
    about: str = ""


@dataclass(frozen=True, slots=True)
class Unsure:
    """A span on which a condition cannot tell, and every reason that applies on the whole of it."""

    start: int
    end: int
    reasons: frozenset[Reason]


@dataclass(frozen=True, slots=True)
class Truth:
    """What a condition denotes for one child. `unsure` is sorted, and disjoint from `holds`."""

    holds: Spans = NEVER
    unsure: tuple[Unsure, ...] = ()

    def holds_at(self, instant: int) -> bool:
        return any(start <= instant < end for start, end in self.holds)

    def reasons_at(self, instant: int) -> frozenset[Reason]:
        """Why the condition cannot tell at an instant; empty where it can."""
        return frozenset().union(*(u.reasons for u in self.unsure if u.start <= instant < u.end))


FALSE: Final = Truth()
TRUE: Final = Truth(ALWAYS)


def union(spans: Iterable[Span]) -> Spans:
    """The set covered by any of the spans, which may overlap and come in any order; empty ones are dropped."""
    joined: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if joined and start <= joined[-1][1]:
            if end > joined[-1][1]:
                joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return tuple(joined)


def intersection(left: Spans, right: Spans) -> Spans:
    """The set that is in both."""
    common: list[Span] = []
    i = j = 0
    while i < len(left) and j < len(right):
        start, end = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if start < end:
            common.append((start, end))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return tuple(common)


def complement(spans: Spans) -> Spans:
    """The rest of the axis."""
    rest: list[Span] = []
    edge = BEGINNING
    for start, end in spans:
        if edge < start:
            rest.append((edge, start))
        edge = end
    if edge < FOREVER:
        rest.append((edge, FOREVER))
    return tuple(rest)


def difference(left: Spans, right: Spans) -> Spans:
    """What is in the left set and not in the right."""
    return intersection(left, complement(right)) if left and right else left


def clipped(truth: Truth, start: int, end: int) -> Truth:
    """The same truth, cut to [start, end)."""
    window = ((start, end),) if start < end else NEVER
    return Truth(
        intersection(truth.holds, window),
        tuple(
            Unsure(max(u.start, start), min(u.end, end), u.reasons)
            for u in truth.unsure
            if max(u.start, start) < min(u.end, end)
        ),
    )


def judged(certain: Spans, possible: Iterable[tuple[int, int, Reason]]) -> Truth:
    """The truth that holds on `certain` and cannot tell on whatever else of `possible` there is."""
    pieces = [Unsure(start, end, frozenset((reason,))) for start, end, reason in possible if start < end]
    return Truth(certain, _layered(pieces, complement(certain))) if pieces else Truth(certain)


def all_of(parts: Sequence[Truth]) -> Truth:
    """Kleene's `and`: holds where every part holds; cannot tell where no part fails and some part is unsure."""
    holds, not_false = ALWAYS, ALWAYS
    for part in parts:
        holds = intersection(holds, part.holds)
        not_false = intersection(not_false, _not_false(part))
        if not not_false:
            return FALSE
    return Truth(holds, _layered([u for part in parts for u in part.unsure], difference(not_false, holds)))


def any_of(parts: Sequence[Truth]) -> Truth:
    """Kleene's `or`: holds where some part holds; cannot tell where none does and some part is unsure."""
    holds = union(span for part in parts for span in part.holds)
    return Truth(holds, _layered([u for part in parts for u in part.unsure], complement(holds)))


def negated(truth: Truth) -> Truth:
    """Kleene's `not`: what holds fails, what fails holds, and what cannot be told stays so."""
    return Truth(complement(_not_false(truth)), truth.unsure)


def _not_false(truth: Truth) -> Spans:
    if not truth.unsure:
        return truth.holds
    return union([*truth.holds, *((u.start, u.end) for u in truth.unsure)])


def _layered(pieces: Sequence[Unsure], within: Spans) -> tuple[Unsure, ...]:
    """Cut overlapping unsure pieces into disjoint ones inside `within`, each with all the reasons that apply to it."""
    if not pieces or not within:
        return ()
    edges = sorted(
        {edge for piece in pieces for edge in (piece.start, piece.end)} | {e for s in within for e in s}
    )
    layered: list[Unsure] = []
    for start, end in zip(edges, edges[1:], strict=False):
        if not any(s <= start and end <= e for s, e in within):
            continue
        reasons = frozenset[Reason]().union(*(p.reasons for p in pieces if p.start <= start and end <= p.end))
        if not reasons:
            continue
        if layered and layered[-1].end == start and layered[-1].reasons == reasons:
            layered[-1] = Unsure(layered[-1].start, end, reasons)
        else:
            layered.append(Unsure(start, end, reasons))
    return tuple(layered)
