"""What a backtest's report says and withholds, on reports made by hand."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from typing import Any
from xml.etree import ElementTree

import pytest

from wholechild.lib.chance import byar, wilson
from wholechild.patterns.backtest import words
from wholechild.patterns.backtest.measures import quartiles
from wholechild.patterns.backtest.page import page
from wholechild.patterns.backtest.report import (
    NO_RATE_SHOWN,
    NOTHING_SHOWN,
    Against,
    CannotTell,
    Completed,
    Doubt,
    FairGroup,
    Fairness,
    Ground,
    Group,
    Lead,
    Overlap,
    Rate,
    Report,
    Share,
    Tried,
    Truth,
)
from wholechild.patterns.backtest.withheld import withheld

TRIED = Tried("told-but-not-seen", 2, "Told of, <but> not seen", "a" * 64)
GROUND = Ground(
    "snapshot-1",
    "2026-03-02T09:30:00+00:00",
    "12:ab",
    date(2023, 3, 2),
    date(2026, 3, 2),
    1300,
    1000,
    True,
    (),
)
YEAR = 365.25


def fair(name: str, children: int, alerted: int, harmed: int = 40) -> FairGroup:
    return FairGroup(name, children, Rate.of(alerted, children * YEAR), Share.of(alerted, children), Share.of(alerted // 2, alerted), Share.of(alerted // 2, harmed))  # fmt: skip


def a_report(**more: Any) -> Report:
    truth = Truth(Share.of(30, 60), Share.of(30, 90), Share.of(10, 50), Share.of(20, 200), Share.of(10, 700))
    found = Report(
        TRIED, GROUND, Rate.of(70, 2500 * YEAR), Share.of(60, 1000),
        by_area=(Group("Eastvale", Rate.of(30, 1000 * YEAR)), Group("Northmoor", Rate.of(40, 1500 * YEAR))),
        by_age=(Group("under 1", Rate.of(20, 300 * YEAR)), Group("1 to 4", Rate.of(50, 900 * YEAR)), Group("before birth", Rate.of(0, 0))),
        by_sector=(Completed("police", Share.of(50, 70)), Completed("no new record: a date passed", Share.of(20, 70))),
        leads=(Lead("the first serious harm", 50, Share.of(25, 50), (5, 60, 200),
                    (("less than a week", 5), ("1 to 4 weeks", 5), ("1 to 3 months", 5), ("3 to 12 months", 10), ("more than a year", 0), ("no alert before", 25))),),
        truth=truth,
        overlaps=(Overlap("many-small-signs", "Many small signs", Share.of(20, 60), 0.25),),
        cannot_tell=CannotTell(Share.of(100, 1000), 0.05, (Doubt("not connected", "health_visiting", 90, 80.0), Doubt("birth unknown", "", 10, 9.0))),
        fairness=(Fairness("ethnicity", (fair("white", 600, 36), fair("black", 300, 18), fair("asian", 100, 20)), 0),),
        against=None,
    )  # fmt: skip
    return replace(found, **more)


# -- intervals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [
        (10, 100, 0.0552, 0.1744),
        (0, 20, 0.0, 0.1611),
        (20, 20, 0.8389, 1.0),
        (1, 2, 0.0945, 0.9055),
        (0, 0, 0.0, 1.0),
    ],
)
def test_the_interval_of_a_share(part: int, whole: int, low: float, high: float) -> None:
    """Worked out by hand from Wilson's formula."""
    assert wilson(part, whole) == (pytest.approx(low, abs=5e-4), pytest.approx(high, abs=5e-4))


@pytest.mark.parametrize(
    ("count", "low", "high"), [(10, 4.8, 18.39), (1, 0.025, 5.57), (100, 81.36, 121.63), (0, 0.0, 3.69)]
)
def test_the_interval_of_a_count_is_near_the_exact_one(count: int, low: float, high: float) -> None:
    """The exact Poisson limits of printed tables; Byar's are within a few hundredths of them, and a tenth for very few."""
    assert byar(count)[0] == pytest.approx(low, abs=0.06)
    assert byar(count)[1] == pytest.approx(high, abs=0.1)


@pytest.mark.parametrize(
    ("ordered", "expected"),
    [([], ()), ([7], (7, 7, 7)), ([1, 2, 3, 4], (1, 2, 3)), ([1, 2, 3, 4, 5], (2, 3, 4))],
)
def test_quartiles_are_values_that_somebody_has(ordered: list[int], expected: tuple[int, ...]) -> None:
    assert quartiles(ordered) == expected


# -- what is withheld --------------------------------------------------------------------------------------------------


def test_nothing_is_withheld_where_nobody_could_be_found() -> None:
    assert withheld(a_report()) == a_report()


@pytest.mark.parametrize(("counts", "left_out"), [
    ((3, 40, 60), {0, 1}), ((3, 2, 60), {0, 1}), ((0, 40, 60), set()), ((4, 0, 60), {0, 2}), ((5, 40, 60), set()), ((4,), {0}),
])  # fmt: skip
def test_few_alerts_are_withheld_and_one_more_so_that_nobody_can_subtract(
    counts: tuple[int, ...], left_out: set[int]
) -> None:
    groups = tuple(Group(f"area {n}", Rate.of(count, 100 * YEAR)) for n, count in enumerate(counts))
    shown = withheld(a_report(by_area=groups)).by_area
    assert {n for n, g in enumerate(shown) if g.rate.alerts is None} == left_out
    assert all(
        g.rate.per_thousand is None and g.rate.child_years is None
        for n, g in enumerate(shown)
        if n in left_out
    )


def test_a_small_group_is_withheld_with_the_next_smallest() -> None:
    groups = (fair("white", 600, 36), fair("black", 300, 18), fair("roma", 9, 0))
    (shown,) = withheld(a_report(fairness=(Fairness("ethnicity", groups, 0),))).fairness
    said = {g.name: (g.children, g.alerted.part) for g in shown.groups}
    assert said == {"white": (600, 36), "black": (300, None), "roma": (None, None)}


def test_few_who_were_harmed_are_withheld_in_a_group_that_is_shown() -> None:
    one = replace(fair("white", 600, 36), found=Share.of(3, 15), right=Share.of(0, 36))
    (shown,) = withheld(a_report(fairness=(Fairness("ethnicity", (one,), 0),))).fairness
    (group,) = shown.groups
    assert group.found is not None
    assert group.right is not None
    assert (group.alerted.part, group.found.part, group.right.part) == (36, None, 0)


def test_a_total_that_is_few_is_shown_nowhere_in_the_report() -> None:
    few = withheld(
        a_report(
            rate=Rate.of(3, 2500 * YEAR), alerted=Share.of(2, 1000), truth=None, against=None, fairness=(), leads=(),
            by_sector=(Completed("police", Share.of(0, 3)), Completed("health", Share.of(3, 3))),
            overlaps=(Overlap("x", "X", Share.of(0, 2), 0.1),),
            cannot_tell=CannotTell(Share.of(4, 1000), 0.1, (Doubt("vague date", "", 9, 1.0),)),
        )
    )  # fmt: skip
    assert few.rate == NO_RATE_SHOWN
    assert {few.alerted, few.cannot_tell.children, *(one.alerts for one in few.by_sector)} == {NOTHING_SHOWN}
    assert [one.children for one in few.overlaps] == [NOTHING_SHOWN]
    said = text_of(few)
    assert said.count("Fewer than 5, so the number is not shown") == 4
    assert "The lesson spoke of nobody" not in said


def test_one_alert_is_said_as_one() -> None:
    assert (words.alerts(1), words.alerts(2_000)) == ("1 alert", "2,000 alerts")


def test_few_children_in_anything_else_are_withheld() -> None:
    report = a_report(
        overlaps=(Overlap("x", "X", Share.of(2, 60), 0.1),),
        cannot_tell=CannotTell(Share.of(100, 1000), 0.05, (Doubt("birth unknown", "", 3, 9.0),)),
        leads=(Lead("it", 8, Share.of(4, 8), (1, 2, 3), (("less than a week", 4), ("no alert before", 4))),),
        against=Against(TRIED, Rate.of(9, 900), None, CannotTell(Share.of(0, 9), 0, ()), 60, 3, 0),
    )
    shown = withheld(report)
    assert (
        shown.overlaps[0].children.part,
        shown.cannot_tell.reasons[0].children,
        shown.leads[0].before.part,
    ) == (None, None, None)
    assert shown.against is not None
    assert (shown.against.kept, shown.against.gained, shown.against.lost) == (60, None, 0)
    assert "could point at them" in words.early(shown.leads[0])
    few = Lead("it", 80, Share.of(4, 80), (1, 2, 3), (("less than a week", 4), ("no alert before", 76)))
    (hidden,) = withheld(a_report(leads=(few,))).leads
    assert (hidden.before.part, hidden.days, {n for _, n in hidden.spells}) == (None, (), {None})


# -- said --------------------------------------------------------------------------------------------------------------


def text_of(report: Report) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page(report)))


def test_the_page_is_strict_markup_and_fetches_nothing() -> None:
    said = page(
        a_report(
            against=Against(
                replace(TRIED, version=1),
                Rate.of(9, 900),
                None,
                CannotTell(Share.of(0, 9), 0, ()),
                60,
                30,
                10,
            )
        )
    )
    tree = ElementTree.fromstring(said.split("?>")[-1] if said.startswith("<?xml") else said)
    ids = [e.get("id") for e in tree.iter() if e.get("id")]
    assert len(ids) == len(set(ids))
    assert not re.search(r"(?:src|href)=\"(?!data:)", said)
    assert "<script" not in said
    pictures = list(tree.iter("img"))
    assert len(pictures) >= 4
    assert all(e.get("alt") and re.search(r"\d", e.get("alt") or "") for e in pictures)
    assert all(table.find("caption") is not None for table in tree.iter("table"))
    headings = [int(e.tag[1]) for e in tree.iter() if re.fullmatch("h[1-6]", e.tag)]
    assert headings[0] == 1
    assert all(b - a <= 1 for a, b in zip(headings, headings[1:], strict=False))


def test_the_title_of_a_lesson_is_text_and_not_markup() -> None:
    assert "Told of, &lt;but&gt; not seen" in page(a_report())


def test_every_number_of_a_table_stands_in_the_json() -> None:
    assert json.loads(json.dumps(a_report().as_json()))["rate"]["alerts"] == 70


@pytest.mark.parametrize(
    "words_of_comfort", ["no concern", "nothing to worry", "no risk", "low risk", "all clear"]
)
def test_the_page_never_says_that_all_is_well(words_of_comfort: str) -> None:
    nothing = a_report(
        rate=Rate.of(0, 2500 * YEAR), alerted=Share.of(0, 1000), by_sector=(), leads=(), truth=None, overlaps=(), fairness=(),
        cannot_tell=CannotTell(Share.of(0, 1000), 0.0, ()),
    )  # fmt: skip
    said = text_of(nothing).lower()
    assert words_of_comfort not in said
    assert "that does not mean that these children are safe" in said
    assert "no outcome is known in this snapshot, so we cannot say how early" in said
    assert "we cannot say whether the lesson is fair" in said


def test_the_page_says_first_what_it_cannot_show() -> None:
    said = text_of(a_report())
    assert said.index("What this can and cannot show") < said.index("In short")
    assert "These families are made up" in said
    real = text_of(
        a_report(ground=replace(GROUND, made_up=False, unread=("domestic_abuse.refuge",)), truth=None)
    )
    assert "These families are made up" not in real
    assert "not in this snapshot" in real


def test_groups_are_called_as_people_are() -> None:
    said = [
        words.group(*named)
        for named in (
            ("ethnicity", "gypsy_roma_traveller"),
            ("deprivation", "1, the most deprived fifth"),
            ("disability", "no"),
        )
    ]
    assert said == ["Gypsy Roma Traveller", "1, the most deprived fifth", "No"]


def test_a_missing_feed_is_named_as_what_can_be_mended() -> None:
    assert "Health visiting is not connected, or was not then" in text_of(a_report())


@pytest.mark.parametrize(("share", "said"), [
    (Share.of(12, 340), "12 of 340 (3.5%)"), (Share.of(0, 340), "0 of 340 (0%)"), (Share.of(1, 5000), "1 of 5,000 (under 0.1%)"),
    (Share.of(0, 0), "none"), (Share.of(340, 340), "340 of 340 (100%)"), (None, "not shown"),
])  # fmt: skip
def test_a_share_in_words(share: Share | None, said: str) -> None:
    assert words.share(share) == said
