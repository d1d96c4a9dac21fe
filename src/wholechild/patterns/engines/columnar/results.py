"""Reading what a columnar engine has found back as the values of the reference engine, one child at a time; for tests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from wholechild.patterns.intervals import Reason, Truth, Why, judged

#: Rows of `holds`, `unsure` and `evidence`.
Held = tuple[str, int, int, int]
Doubted = tuple[str, int, int, int, str, str]
Rested = tuple[str, int, int, int]


def truths(
    holds: Iterable[Held], unsure: Iterable[Doubted], records: Mapping[int, str]
) -> dict[tuple[str, int], Truth]:
    """(lesson, child) -> truth, with the ids of the records in place of their numbers.

    The spans are taken as they come, so that any which touch, and should have been one, are seen to differ.
    """
    spans: defaultdict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
    doubts: defaultdict[tuple[str, int], list[tuple[int, int, Reason]]] = defaultdict(list)
    for lesson, child, start, end in holds:
        spans[lesson, child].append((start, end))
    for lesson, child, start, end, why, about in unsure:
        named = about if Why(why) is Why.NOT_CONNECTED or not about else records[int(about)]
        doubts[lesson, child].append((start, end, Reason(Why(why), named)))
    return {key: judged(tuple(sorted(spans[key])), doubts[key]) for key in spans.keys() | doubts.keys()}


def rested(
    evidence: Iterable[Rested], records: Mapping[int, str]
) -> dict[tuple[str, int, int], frozenset[str]]:
    """(lesson, child, start of the match) -> the ids of the records it rests on."""
    found: defaultdict[tuple[str, int, int], set[str]] = defaultdict(set)
    for lesson, child, start, record in evidence:
        found[lesson, child, start].add(records[record])
    return {key: frozenset(ids) for key, ids in found.items()}
