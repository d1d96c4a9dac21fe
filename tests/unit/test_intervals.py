"""Sets of spans, and Kleene's logic over them: by hand, and against the truth tables at every point of random pieces."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wholechild.lib.civil import FOREVER
from wholechild.patterns.intervals import (
    ALWAYS,
    BEGINNING,
    FALSE,
    NEVER,
    TRUE,
    Reason,
    Span,
    Truth,
    Unsure,
    Why,
    all_of,
    any_of,
    clipped,
    complement,
    difference,
    intersection,
    judged,
    negated,
    union,
)

A, B = Reason(Why.VAGUE_DATE, "a"), Reason(Why.NOT_CONNECTED, "b")
POINTS = range(-1, 22)


def test_union_joins_what_overlaps_or_touches_and_drops_what_is_empty() -> None:
    assert union([(5, 7), (1, 3), (3, 4), (6, 9), (9, 9), (12, 11)]) == ((1, 4), (5, 9))


def test_intersection_keeps_what_is_in_both() -> None:
    assert intersection(((1, 4), (5, 9)), ((3, 6), (8, 20))) == ((3, 4), (5, 6), (8, 9))
    assert intersection(((1, 4),), ((4, 6),)) == NEVER


def test_complement_is_the_rest_of_the_axis() -> None:
    assert complement(((1, 4),)) == ((BEGINNING, 1), (4, FOREVER))
    assert complement(NEVER) == ALWAYS
    assert complement(ALWAYS) == NEVER


def test_difference_takes_the_right_out_of_the_left() -> None:
    assert difference(((1, 10),), ((3, 4), (9, 20))) == ((1, 3), (4, 9))
    assert difference(((1, 10),), NEVER) == ((1, 10),)


def test_judged_puts_the_certain_before_the_possible() -> None:
    truth = judged(((2, 4),), [(1, 6, A), (5, 8, B), (9, 9, B)])
    assert truth.holds == ((2, 4),)
    assert truth.unsure == (
        Unsure(1, 2, frozenset({A})),
        Unsure(4, 5, frozenset({A})),
        Unsure(5, 6, frozenset({A, B})),
        Unsure(6, 8, frozenset({B})),
    )


def test_neighbouring_doubts_with_the_same_reasons_are_one() -> None:
    assert judged(NEVER, [(1, 3, A), (3, 5, A)]).unsure == (Unsure(1, 5, frozenset({A})),)


def test_clipped_cuts_both_sides() -> None:
    truth = judged(((2, 4),), [(1, 8, A)])
    assert clipped(truth, 3, 6) == Truth(((3, 4),), (Unsure(4, 6, frozenset({A})),))
    assert clipped(truth, 6, 6) == FALSE


def test_bounds_are_half_open() -> None:
    truth = judged(((2, 4),), [(4, 6, A)])
    assert [truth.holds_at(t) for t in (1, 2, 3, 4)] == [False, True, True, False]
    assert [bool(truth.reasons_at(t)) for t in (3, 4, 5, 6)] == [False, True, True, False]


def test_all_of_nothing_is_always_so_and_any_of_nothing_never() -> None:
    assert all_of([]) == TRUE
    assert any_of([]) == FALSE


spans = st.tuples(st.integers(0, 20), st.integers(0, 20))
doubts = st.tuples(st.integers(0, 20), st.integers(0, 20), st.sampled_from([A, B]))
truths = st.builds(
    lambda holds, unsure: judged(union(holds), unsure),
    st.lists(spans, max_size=3),
    st.lists(doubts, max_size=3),
)


def kleene(truth: Truth, point: int) -> float:
    return 1 if truth.holds_at(point) else 0.5 if truth.reasons_at(point) else 0


def well_made(truth: Truth) -> bool:
    spells = sorted([*truth.holds, *((u.start, u.end) for u in truth.unsure)])
    apart = all(left[1] <= right[0] for left, right in zip(spells, spells[1:], strict=False))
    joined = all(left[1] < right[0] for left, right in zip(truth.holds, truth.holds[1:], strict=False))
    return (
        apart
        and joined
        and all(start < end for start, end in spells)
        and all(u.reasons for u in truth.unsure)
    )


@given(st.lists(truths, max_size=3))
def test_all_is_the_least_of_its_parts_at_every_point(parts: list[Truth]) -> None:
    whole = all_of(parts)
    assert well_made(whole)
    for point in POINTS:
        assert kleene(whole, point) == min((kleene(part, point) for part in parts), default=1)
        if kleene(whole, point) == 0.5:
            assert whole.reasons_at(point) == frozenset().union(*(part.reasons_at(point) for part in parts))


@given(st.lists(truths, max_size=3))
def test_any_is_the_greatest_of_its_parts_at_every_point(parts: list[Truth]) -> None:
    whole = any_of(parts)
    assert well_made(whole)
    for point in POINTS:
        assert kleene(whole, point) == max((kleene(part, point) for part in parts), default=0)
        if kleene(whole, point) == 0.5:
            assert whole.reasons_at(point) == frozenset().union(*(part.reasons_at(point) for part in parts))


@given(truths)
def test_not_turns_it_over_and_keeps_the_doubt(truth: Truth) -> None:
    turned = negated(truth)
    assert well_made(turned)
    assert negated(turned) == truth
    for point in POINTS:
        assert kleene(turned, point) == 1 - kleene(truth, point)
        assert turned.reasons_at(point) == truth.reasons_at(point)


@given(st.lists(truths, min_size=1, max_size=3))
def test_de_morgan(parts: list[Truth]) -> None:
    assert negated(all_of(parts)) == any_of([negated(part) for part in parts])
    assert negated(any_of(parts)) == all_of([negated(part) for part in parts])


@given(st.lists(spans), st.lists(spans))
def test_sets_agree_with_sets_of_points(left: list[Span], right: list[Span]) -> None:
    def points(several: object) -> set[int]:
        return {p for p in POINTS for start, end in several if start <= p < end}  # type: ignore[attr-defined]

    one, other = union(left), union(right)
    assert points(one) == points(left)
    assert points(intersection(one, other)) == points(left) & points(right)
    assert points(difference(one, other)) == points(left) - points(right)
    assert points(complement(one)) == set(POINTS) - points(left)


@given(truths, st.integers(0, 20), st.integers(0, 20))
def test_clipping_changes_nothing_inside(truth: Truth, start: int, end: int) -> None:
    cut = clipped(truth, start, end)
    for point in POINTS:
        assert kleene(cut, point) == (kleene(truth, point) if start <= point < end else 0)
