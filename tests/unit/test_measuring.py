"""How well linking does, counted again by slow loops that share nothing with what they check, and on cases worked by hand."""

from __future__ import annotations

from itertools import combinations
from math import inf
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wholechild.people.comparing.measuring import (
    Disparity,
    Drawn,
    Quality,
    Scored,
    Share,
    best_line,
    by_group,
    clerical_sample,
    cluster_quality,
    disparity,
    disparity_by_chance,
    estimated_precision,
    estimated_share,
    line_at_precision,
    lines,
    lines_for_loss,
    pairs_within,
    quality,
    scored,
    together,
    true_pairs,
    unlinked,
    worst_against_best,
)

#: What is tried is the answer: a busy machine makes no mistake.
UNTIMED = settings(deadline=None)
NAMES = "abcdefghij"
PEOPLE = st.fixed_dictionaries({name: st.sampled_from("PQRS") for name in NAMES})
#: Weights that often tie.
SCORED = st.lists(
    st.builds(scored, st.sampled_from([-3.0, -1.0, 0.0, 2.0, 2.5, 7.0, 11.0]), st.booleans()), max_size=14
)


def grouped(group_of: dict[str, str]) -> list[list[str]]:
    return [
        [name for name in group_of if group_of[name] == group] for group in sorted(set(group_of.values()))
    ]


# -- pairs ------------------------------------------------------------------------------------------------------------


def test_quality_of_a_case_worked_by_hand() -> None:
    """Three records of Ann (1, 2, 3) and one of Ben (4): linked are 1-2 and 3-4."""
    person = {"1": "Ann", "2": "Ann", "3": "Ann", "4": "Ben"}
    found = quality({("1", "2"), ("3", "4")}, true_pairs(person))
    assert found == Quality(right=1, wrong=1, missed=2)
    assert (found.precision.value, found.recall.value, found.f1) == (1 / 2, 1 / 3, 2 / 5)
    assert found.missed_links == Share(2, 3)


@UNTIMED
@given(PEOPLE, PEOPLE)
def test_pairs_and_groups_say_the_same_as_a_slow_loop(truth: dict[str, str], found: dict[str, str]) -> None:
    right = wrong = missed = 0
    for one in NAMES:
        for other in NAMES:
            if one < other:
                linked, true = found[one] == found[other], truth[one] == truth[other]
                right += linked and true
                wrong += linked and not true
                missed += true and not linked
    expected = Quality(right, wrong, missed)
    assert cluster_quality(grouped(found), truth) == expected
    assert quality(pairs_within(grouped(found)), true_pairs(truth)) == expected


@UNTIMED
@given(PEOPLE, PEOPLE)
def test_right_everything_is_one_and_swapping_the_parts_swaps_precision_and_recall(
    truth: dict[str, str], found: dict[str, str]
) -> None:
    assert cluster_quality(grouped(truth), truth).f1 in (1.0, None)
    there, back = cluster_quality(grouped(found), truth), cluster_quality(grouped(truth), found)
    assert (there.precision, there.recall, there.f1) == (back.recall, back.precision, back.f1)


def test_identities_without_a_known_truth_count_for_nothing() -> None:
    assert cluster_quality([["1", "2", "stranger"]], {"1": "Ann", "2": "Ann"}) == Quality(1, 0, 0)


def test_of_nothing_we_cannot_tell() -> None:
    none = Quality(0, 0, 0)
    assert (none.f1, none.precision.value, none.recall.value) == (None, None, None)
    assert none.precision.interval == none.f1_interval == (0.0, 1.0)


@UNTIMED
@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_each_interval_holds_its_value(right: int, wrong: int, missed: int) -> None:
    found = Quality(right, wrong, missed)
    for value, (low, high) in (
        (found.precision.value, found.precision.interval), (found.recall.value, found.recall.interval), (found.f1, found.f1_interval)
    ):  # fmt: skip
        assert 0.0 <= low < high <= 1.0
        assert value is None or low - 1e-12 <= value <= high + 1e-12


def test_an_interval_worked_elsewhere() -> None:
    """Wilson's score interval of 45 in 50, at 95 per cent, as tables give it: 78.6 to 95.7 per cent."""
    assert Share(45, 50).interval == pytest.approx((0.7864, 0.9565), abs=1e-4)


# -- groups -----------------------------------------------------------------------------------------------------------


@UNTIMED
@given(PEOPLE, PEOPLE, PEOPLE)
def test_groups_say_the_same_as_a_slow_loop(
    truth: dict[str, str], found: dict[str, str], group: dict[str, str]
) -> None:
    links, true = pairs_within(grouped(found)), true_pairs(truth)
    expected = {}
    for name in "PQRS":
        touching = [two for two in combinations(NAMES, 2) if name in (group[two[0]], group[two[1]])]
        right = sum(two in links and two in true for two in touching)
        wrong = sum(two in links and two not in true for two in touching)
        missed = sum(two not in links and two in true for two in touching)
        if right + wrong + missed:
            expected[name] = Quality(right, wrong, missed)
    assert by_group(links, true, group) == expected


def test_the_worst_group_against_the_best() -> None:
    groups = {"a": Quality(90, 0, 10), "b": Quality(980, 5, 20), "tiny": Quality(0, 0, 3)}
    found = disparity(groups, fewest=50)
    assert found is not None
    assert (found.worst, found.best, found.times) == ("a", "b", pytest.approx(5.0))
    assert disparity({"a": Quality(90, 0, 10)}, fewest=50) is None
    assert disparity(groups, fewest=1).times == pytest.approx(50.0)  # type: ignore[union-attr]
    assert disparity({"a": Quality(9, 0, 1), "b": Quality(10, 0, 0)}, fewest=1).times == inf  # type: ignore[union-attr]
    assert disparity({"a": Quality(9, 0, 0), "b": Quality(10, 0, 0)}, fewest=1).times is None  # type: ignore[union-attr]


def test_what_chance_makes_of_the_worst_group_against_the_best() -> None:
    alike = {str(n): Quality(980, 0, 20) for n in range(30)}
    large = {str(n): Quality(980_000, 0, 20_000) for n in range(30)}
    few = disparity_by_chance(alike)
    assert few is not None
    assert (
        2.0 < few < 4.5
    )  # 20 missed, give or take 4.5: among thirty groups the most are about three times the fewest
    assert 1.02 < (disparity_by_chance(large) or 0.0) < 1.05
    assert disparity_by_chance({"a": Quality(980, 0, 20), "tiny": Quality(0, 0, 3)}) is None
    assert disparity_by_chance({"a": Quality(1_000, 0, 0), "b": Quality(1_000, 0, 0)}) is None


def test_several_measurements_of_the_same_groups() -> None:
    runs = [{"a": Quality(1, 2, 3)}, {"a": Quality(10, 20, 30), "b": Quality(5, 0, 1)}]
    assert together(runs) == {"a": Quality(11, 22, 33), "b": Quality(5, 0, 1)}


def test_who_is_linked_with_nobody() -> None:
    agency = {"1": "gp", "2": "school", "3": "gp", "4": "police"}
    assert unlinked([["1", "2"], ["3"]], agency) == {
        "gp": Share(1, 2),
        "police": Share(1, 1),
        "school": Share(0, 1),
    }


# -- lines ------------------------------------------------------------------------------------------------------------


def at(weights: list[Scored], weight: float, true: int) -> Quality:
    right = sum(one.right for one in weights if one.weight >= weight)
    return Quality(right, sum(one.weight >= weight and one.wrong for one in weights), true - right)


def drawable(weights: list[Scored]) -> list[float]:
    return [inf, *sorted({one.weight for one in weights}, reverse=True)]


@UNTIMED
@given(SCORED, st.integers(0, 5))
def test_every_line_is_what_a_slow_loop_counts(weights: list[Scored], never_candidates: int) -> None:
    true = sum(one.right for one in weights) + never_candidates
    found = list(lines(weights, true=true))
    assert [line.weight for line in found] == drawable(weights)
    assert all(line.quality == at(weights, line.weight, true) for line in found)


@UNTIMED
@given(SCORED, st.integers(0, 5), st.sampled_from([0.3, 0.5, 0.9, 0.995, 1.0]))
def test_the_line_at_a_precision_links_most(weights: list[Scored], never: int, precision: float) -> None:
    true = sum(one.right for one in weights) + never
    line = line_at_precision(weights, precision, true=true)
    most = max(
        (
            q.right
            for q in (at(weights, w, true) for w in drawable(weights))
            if q.right and q.right / (q.right + q.wrong) >= precision
        ),
        default=0,
    )
    assert line.quality.right == most
    assert line.quality == at(weights, line.weight, true)
    assert best_line(weights, true=true).quality.f1 == max(
        (at(weights, w, true).f1 for w in drawable(weights)), key=lambda f1: f1 or 0.0
    )


@settings(max_examples=300, deadline=None)
@given(
    SCORED, st.integers(0, 3), st.sampled_from([0.5, 1.0, 4.0, 50.0]), st.sampled_from([0.01, 0.1, 0.4, 2.0])
)
def test_no_two_other_lines_cost_less(weights: list[Scored], never: int, wrong: float, look: float) -> None:
    true = sum(one.right for one in weights) + never
    found = lines_for_loss(weights, wrong=wrong, look=look, true=true)

    def cost(same: float, possible: float) -> float:
        total = 0.0
        for one in weights:
            if one.weight >= same:
                total += 0.0 if one.right else wrong
            elif one.weight >= possible:
                total += look
            else:
                total += one.right
        return total + never

    least = min(cost(s, p) for s in drawable(weights) for p in drawable(weights) if p <= s)
    assert found.possible <= found.same
    assert found.cost == pytest.approx(cost(found.same, found.possible)) == pytest.approx(least)


def test_a_dear_wrong_link_raises_the_line() -> None:
    these = [scored(10, True)] * 5 + [scored(6, True)] * 5 + [scored(6, False)] + [scored(1, False)] * 50
    assert lines_for_loss(these, wrong=1, look=9, true=10).same == 6
    assert lines_for_loss(these, wrong=100, look=9, true=10).same == 10
    assert lines_for_loss(these, wrong=100, look=0.1, true=10).possible == 6


# -- the sample to label ------------------------------------------------------------------------------------------------

MANY = [(f"i{number:04d}", f"j{number:04d}", number / 40 - 12.0) for number in range(1_600)]


def test_the_sample_is_spread_over_the_weights_and_stands_for_all() -> None:
    drawn = clerical_sample(MANY, 220, Random(1))
    assert len(drawn) == len({(one.one, one.other) for one in drawn}) <= 220
    assert sum(one.stands_for for one in drawn) == pytest.approx(1_600)
    per_stratum = {one.stratum: 0 for one in drawn}
    for one in drawn:
        per_stratum[one.stratum] += 1
    assert min(per_stratum.values()) >= 15
    assert [one.weight for one in drawn] != sorted((one.weight for one in drawn), reverse=True)


def test_the_sample_does_not_hang_on_the_order_of_the_pairs() -> None:
    other_way = [(other, one, weight) for one, other, weight in reversed(MANY)]
    assert clerical_sample(MANY, 100, Random(5)) == clerical_sample(other_way, 100, Random(5))
    assert clerical_sample(MANY, 100, Random(5)) != clerical_sample(MANY, 100, Random(6))


@UNTIMED
@given(st.lists(st.floats(-40, 40), min_size=1, max_size=60, unique=True), st.integers(1, 90))
def test_a_sample_never_draws_what_is_not_there(weights: list[float], size: int) -> None:
    pairs = [(f"a{n}", f"b{n}", weight) for n, weight in enumerate(weights)]
    drawn = clerical_sample(pairs, size, Random(0))
    assert {(one.one, one.other, one.weight) for one in drawn} <= set(pairs)
    assert len(drawn) <= size
    assert all(one.weight >= one.stratum for one in drawn)
    if size >= len(pairs):
        assert len(drawn) == len(pairs)


def test_precision_is_found_again_from_a_labelled_sample() -> None:
    """True with a chance that grows with the weight: in 40 samples the interval holds the truth nearly always."""
    chance = Random(3)
    truth = {(one, other): chance.random() < 1 / (1 + 2.0**-weight) for one, other, weight in MANY}
    above = [(one, other) for one, other, weight in MANY if weight >= 3.0]
    precision = sum(truth[two] for two in above) / len(above)
    held = 0
    for seed in range(40):
        drawn = clerical_sample(MANY, 300, Random(seed))
        found = estimated_precision([(one, truth[one.one, one.other]) for one in drawn], weight=3.0)
        assert found is not None
        assert found.low <= found.value <= found.high
        held += found.low <= precision <= found.high
    assert held >= 35


def test_precision_without_a_label_cannot_be_told() -> None:
    assert estimated_precision([(Drawn("a", "b", 2.0, 0.0, 10.0), True)], weight=5.0) is None


# -- shares of all, from a sample ---------------------------------------------------------------------------------------------


def drawn_with(weight: float, stands_for: float) -> Drawn:
    return Drawn("a", "b", weight, weight, stands_for)


def test_an_estimated_share_of_a_case_worked_by_hand() -> None:
    """Above, each label stands for 10 pairs: three count and one does not. Below, for 5: one does not, and one is not asked of."""
    labels = [(drawn_with(20.0, 10.0), True)] * 3 + [(drawn_with(20.0, 10.0), False)]
    labels += [(drawn_with(0.0, 5.0), False), (drawn_with(0.0, 5.0), None)]
    found = estimated_share(labels)
    assert found is not None
    assert found.value == pytest.approx(30 / (30 + 10 + 5))
    assert found.labelled == 5
    assert 0.0 < found.low < found.value < found.high < 1.0
    assert estimated_share([(drawn_with(0.0, 1.0), None)]) is None


def test_a_few_labels_that_stand_for_many_pairs_widen_the_share_though_none_of_them_counts() -> None:
    """Of 10,000 pairs below the line 20 were labelled, and none was of one person: a thousand might be, for all we know."""
    sure = [(drawn_with(20.0, 10.0), True)] * 100
    below = [(drawn_with(0.0, 500.0), None)] * 20
    alone, beside = estimated_share(sure), estimated_share(sure + below)
    assert alone is not None
    assert beside is not None
    assert alone.value == beside.value == 1.0
    assert beside.low < 0.5 < alone.low


def test_labels_of_one_weight_that_were_drawn_from_two_heaps_are_weighed_apart() -> None:
    """One that stands for 90 counts, and nine that stand for one each do not: 90 of 99, and not one of ten times 99."""
    labels = [(drawn_with(4.0, 90.0), True)] + [(drawn_with(4.0, 1.0), False)] * 9
    found = estimated_share(labels)
    assert found is not None
    assert found.value == pytest.approx(90 / 99)


def test_the_truth_lies_in_the_interval_about_as_often_as_it_says() -> None:
    """Recall over three heaps of which we know everything; the interval is rather too wide than too narrow."""
    heaps = {20.0: (2_000, 0.99), 7.0: (300, 0.6), 0.0: (3_000, 0.02)}
    rng, inside = Random(5), 0
    everything = {
        weight: [None if rng.random() > share else weight > 5.0 for _ in range(many)]
        for weight, (many, share) in heaps.items()
    }
    asked = [counts for members in everything.values() for counts in members if counts is not None]
    truth = sum(asked) / len(asked)
    for _ in range(200):
        labels = [
            (drawn_with(weight, len(members) / 60), counts)
            for weight, members in everything.items()
            for counts in rng.sample(members, 60)
        ]
        found = estimated_share(labels)
        assert found is not None
        inside += found.low <= truth <= found.high
    assert inside >= 186


def test_the_worst_rate_against_the_best() -> None:
    assert worst_against_best({"x": 0.02, "y": 0.05, "z": 0.01}) == Disparity("y", "z", 5.0)
    assert worst_against_best({"x": 0.0, "y": 0.0}) == Disparity("y", "x", None)
    assert worst_against_best({"x": 0.0, "y": 0.1}) == Disparity("y", "x", inf)
    assert worst_against_best({"x": 0.1}) is None
