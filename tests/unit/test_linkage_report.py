"""The report on linking: from a sample to labels and back, and what it says against a slow count."""

from __future__ import annotations

import csv
import io
import json
from random import Random
from typing import Any

import pytest

from wholechild.people.comparing.measuring import Estimate, Quality, Share
from wholechild.people.linkage_report import (
    Label,
    Labelled,
    LabelsRefused,
    Report,
    estimate_in_words,
    in_words,
    percent,
    read_labels,
    report,
    sample,
)

WEIGHTS = [(f"gp-{n}", f"school-{n}", n / 5 - 10) for n in range(200)]
HEAD = "one,other,stands_for,label,note\n"


def labelled_sample(size: int = 80) -> str:
    """A sample in which somebody has written a label: the same where the numbers of the two ids are even."""
    rows = list(csv.DictReader(io.StringIO(sample(WEIGHTS, size, Random(1)))))
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    for place, row in enumerate(rows):
        row["label"] = (
            "Cannot  tell"
            if place == 3
            else ""
            if place == 4
            else "same"
            if int(row["one"][3:]) % 2 == 0
            else "DIFFERENT"
        )
        writer.writerow(row)
    return text.getvalue()


def test_a_sample_names_nobody_and_hides_the_weight() -> None:
    rows = list(csv.DictReader(io.StringIO(sample(WEIGHTS, 80, Random(1)))))
    assert 60 <= len(rows) <= 80
    assert set(rows[0]) == {"one", "other", "stands_for", "label", "note", "page"}
    assert all(row["label"] == "" for row in rows)
    assert sum(float(row["stands_for"]) for row in rows) == pytest.approx(200, rel=1e-4)
    assert sample(WEIGHTS, 80, Random(1)) == sample(reversed(WEIGHTS), 80, Random(1))


def test_what_was_labelled_comes_back() -> None:
    text = labelled_sample()
    found = read_labels(text, "labels.csv")
    assert len(found) == text.count("\n") - 2  # the first line, and the row without a label
    assert [one.label for one in found].count(Label.CANNOT_TELL) == 1
    assert all(
        (int(one.one[3:]) % 2 == 0) == (one.label is Label.SAME)
        for one in found
        if one.label is not Label.CANNOT_TELL
    )
    assert read_labels("\ufeff" + text, "from-a-spreadsheet.csv") == found


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("a,b,1,maybe,", 'labels.csv, line 2, field label: "maybe" is none of same, different, cannot tell'),
        ("a,a,1,same,", "line 2, fields one and other: two different ids"),
        ("a,,1,same,", "line 2, fields one and other"),
        ("a,b,none,same,", 'line 2, field stands_for: "none" is no number above 0'),
        ("a,b,-3,same,", "field stands_for"),
        ("a,b,nan,same,", "field stands_for"),
        (
            "a,b,1,same,\nb,a,1,different,",
            'line 3, field label: "different", and an earlier line says "same"',
        ),
    ],
)
def test_a_fault_is_told_with_its_place(rows: str, says: str) -> None:
    with pytest.raises(LabelsRefused, match=says):
        read_labels(HEAD + rows + "\n", "labels.csv")


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(LabelsRefused) as refused:
        read_labels(HEAD + "a,b,1,maybe,\nc,d,1,same,\ne,e,1,same,\n", "labels.csv")
    assert len(refused.value.faults) == 2
    with pytest.raises(LabelsRefused, match="the column label is missing"):
        read_labels("one,other,stands_for\na,b,1\n", "labels.csv")


def made(labels: list[Labelled]) -> Report:
    return report(
        labels,
        people=[{"1", "2"}, {"3", "4"}, {"5"}, {"6"}, {"7"}],
        agency_of={
            "1": "gp",
            "2": "school",
            "3": "gp",
            "4": "school",
            "5": "gp",
            "6": "police",
            "7": "police",
        },
        weight_of={("1", "2"): 20.0, ("3", "4"): 13.0, ("5", "6"): 4.0, ("6", "7"): -3.0},
        same=12.0,
        groups={
            "sex": {"1": "F", "2": "F", "3": "M", "4": "M", "5": "F", "6": "F"},
            "mover": {"5": "moved", "6": "moved", "1": "stayed"},
        },
        model="artefact-1",
        fewest=1,
    )


LABELS = [
    Labelled("2", "1", Label.SAME, 30.0), Labelled("3", "4", Label.DIFFERENT, 10.0), Labelled("5", "6", Label.SAME, 5.0),
    Labelled("6", "7", Label.CANNOT_TELL),
]  # fmt: skip


def test_the_report_counts_by_hand() -> None:
    """1-2 is a right link, 3-4 a wrong one, 5-6 is missed; of 6-7 nobody could tell."""
    found = made(LABELS)
    assert (found.labelled, found.unsure) == (4, 1)
    assert found.all == Quality(right=1, wrong=1, missed=1)
    by = {split.by: split for split in found.splits}
    assert by["sex"].groups == {"F": Quality(1, 0, 1), "M": Quality(0, 1, 0)}
    assert by["mover"].groups == {"moved": Quality(0, 0, 1), "stayed": Quality(1, 0, 0)}
    assert by["name_origin"].groups == {}
    assert by["mover"].worst is not None
    assert (by["mover"].worst.worst, by["mover"].worst.best) == ("moved", "stayed")
    assert by["sex"].worst is None
    assert found.unlinked == {"gp": Share(1, 3), "police": Share(2, 2), "school": Share(0, 2)}


def test_precision_weighs_each_pair_by_what_it_stands_for() -> None:
    """Of the pairs at 12 bits or more, one stands for 30 that are right and one for 10 that are wrong."""
    found = made(LABELS).precision
    assert found is not None
    assert found.value == pytest.approx(30 / 40)
    assert found.low < found.value < found.high


def test_without_labels_we_cannot_tell() -> None:
    found = made([])
    assert found.precision is None
    assert found.all.f1 is None
    assert found.plain()["all"]["precision"] == {"value": None, "low": 0.0, "high": 1.0, "of": 0}
    assert in_words(found.all.recall) == "we cannot tell yet: nothing was labelled"


def test_the_report_is_fit_for_json_and_for_readers() -> None:
    plain = json.loads(json.dumps(made(LABELS).plain(), allow_nan=False))
    assert plain["by"]["sex"]["F"]["recall"]["value"] == 0.5
    assert plain["missed_worst_against_best"]["name_origin"] is None
    assert plain["missed_worst_against_best"]["mover"] == {
        "worst": "moved",
        "best": "stayed",
        "times": None,
        "best_misses_none": True,
    }
    assert in_words(Share(45, 50)) == "90.0% (45 of 50; 78.6% to 95.7% by chance alone)"


# -- a drawn sample, and what is not one ------------------------------------------------------------------------------------


def test_pairs_below_the_line_stand_for_more_where_only_a_share_of_them_was_looked_for() -> None:
    """Of each eight such pairs one was looked for; so each that is drawn stands for eight times as many."""
    below = [(f"x-{n}", f"y-{n}", -4.0) for n in range(60)]
    rows = list(
        csv.DictReader(
            io.StringIO(sample(WEIGHTS, 60, Random(1), below=below, share=1 / 8, page="{}/{}".format))
        )
    )
    lower = [row for row in rows if row["one"].startswith("x-")]
    assert len(lower) == 20
    assert sum(float(row["stands_for"]) for row in lower) == pytest.approx(480)
    assert sum(float(row["stands_for"]) for row in rows if row not in lower) == pytest.approx(200, rel=1e-4)
    assert all(row["page"] == f"{row['one']}/{row['other']}" for row in rows)
    assert len(list(csv.DictReader(io.StringIO(sample([], 60, Random(1)))))) == 0


def test_what_is_found_is_weighed_by_what_each_label_stands_for() -> None:
    """Of 35 pairs of one person 30 are linked; of 40 links 30 are right; together 30 of 45, as F1 2 x 30 / (2 x 30 + 15)."""
    found = made(LABELS).figures
    assert found.recall is not None
    assert found.precision is not None
    assert found.f1 is not None
    assert (found.recall.value, found.precision.value) == (pytest.approx(30 / 35), pytest.approx(30 / 40))
    assert found.f1.value == pytest.approx(60 / 75)
    assert (found.true, found.f1.labelled) == (2, 3)
    assert found.f1.low < found.f1.value < found.f1.high


def test_groups_are_weighed_the_same_way_and_a_pair_counts_in_each_of_its_groups() -> None:
    by = {split.by: split for split in made(LABELS).splits}
    women = by["sex"].figures["F"]
    assert women.recall is not None
    assert women.recall.value == pytest.approx(30 / 35)
    assert women.true == 2
    assert by["sex"].figures["M"].recall is None
    assert by["mover"].figures["stayed"].true == 1


def test_a_group_with_too_few_labels_is_never_the_worst() -> None:
    labels = [Labelled("1", "2", Label.SAME), Labelled("5", "6", Label.SAME)]
    asked: dict[str, Any] = {
        "people": [{"1", "2"}, {"5"}, {"6"}], "agency_of": {}, "weight_of": {("1", "2"): 20.0, ("5", "6"): 4.0}, "same": 12.0,
        "groups": {"sex": {"1": "F", "5": "M"}}, "model": "artefact-1",
    }  # fmt: skip
    assert {s.by: s.worst for s in report(labels, fewest=1, **asked).splits}["sex"] is not None
    assert {s.by: s.worst for s in report(labels, fewest=2, **asked).splits}["sex"] is None


def test_decisions_are_held_against_the_machine_and_stand_for_nothing_more() -> None:
    """1-2 are linked because somebody said so; the machine left it to a person, and so it counts as missed by the machine."""
    zones = {("1", "2"): "possible", ("3", "4"): "same", ("5", "6"): "same"}
    found = report(
        [Labelled("1", "2", Label.SAME), Labelled("3", "4", Label.DIFFERENT), Labelled("5", "6", Label.SAME)],
        people=[{"1", "2"}, {"3", "4"}, {"5", "6"}], agency_of={}, weight_of=dict.fromkeys(zones, 9.0), same=5.0, groups={},
        model="artefact-1", zone_of=zones, sampled=False,
    )  # fmt: skip
    assert found.all == Quality(right=1, wrong=1, missed=1)
    assert found.zones == {"same": Share(1, 2), "possible": Share(1, 1)}
    assert (found.figures.recall, found.figures.precision, found.figures.f1, found.precision) == (
        None,
        None,
        None,
        None,
    )
    assert found.plain()["sampled"] is False
    assert found.plain()["estimated"]["recall"] is None


@pytest.mark.parametrize(
    ("value", "words"),
    [(1.0, "100.0%"), (1 - 1e-12, "100.0%"), (0.99982, "over 99.9%"), (0.987, "98.7%"), (0.0002, "under 0.1%"), (0.0, "0.0%")],
)  # fmt: skip
def test_what_is_not_all_is_never_said_to_be_all(value: float, words: str) -> None:
    assert percent(value) == words


def test_an_estimate_in_words_says_how_far_it_may_lie() -> None:
    assert (
        estimate_in_words(Estimate(0.9, 0.85, 0.99982, 120))
        == "90.0% (85.0% to over 99.9% by chance alone; 120 labels)"
    )
    assert estimate_in_words(None) == "we cannot tell yet: nothing was labelled"
