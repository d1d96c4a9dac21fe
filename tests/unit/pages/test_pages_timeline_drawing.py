"""The geometry of the drawn timeline: what stands where, that nothing overlaps, and that nothing is lost."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.functional import pictures
from wholechild.lib.civil import Period, parse_period
from wholechild.pages.timeline_drawing import (
    EDGE,
    MARK,
    WIDTH,
    Axis,
    Mark,
    draw,
    hatching,
    in_rows,
    shortened,
    ticks,
)
from wholechild.patterns.picture import ChildPicture


def with_entries(*periods: Period, picture: ChildPicture = pictures.LONG) -> ChildPicture:
    """The long picture with one entry of the first agency for each period, and nothing that adds up."""
    first = picture.chronology[0]
    entries = tuple(replace(first, record=f"rec-{n}", happened=p) for n, p in enumerate(periods))
    return replace(picture, chronology=entries, adds_up=())


def test_nothing_to_draw_without_a_record() -> None:
    assert draw(pictures.EMPTY) is None


def test_one_lane_for_each_agency_in_the_order_in_which_they_came() -> None:
    drawing = draw(pictures.LONG)
    assert drawing is not None
    assert [lane.title for lane in drawing.lanes][:3] == [
        "Northmoor Police",
        "Northmoor Maternity Service",
        "Northmoor Health Visiting",
    ]
    assert len(drawing.lanes) == 8


def test_every_incident_is_drawn_once_and_corrected_ones_are_not() -> None:
    drawing = draw(pictures.LONG)
    assert drawing is not None
    drawn = sum(mark.number for lane in drawing.lanes for mark in lane.marks)
    assert drawn == sum(entry.count for entry in pictures.CHRONOLOGY if not entry.superseded)


@pytest.mark.parametrize("picture", [pictures.LONG, pictures.LONG_NAMES, pictures.of_many(200)])
def test_everything_lies_inside_the_drawing(picture: ChildPicture) -> None:
    drawing = draw(picture)
    assert drawing is not None
    for lane in drawing.lanes:
        for mark in lane.marks:
            assert mark.x >= 0
            assert mark.x + mark.width <= WIDTH
            assert lane.y < mark.y < lane.y + lane.height
    for bar in drawing.match_bars:
        assert bar.x >= EDGE - 1
        assert bar.x + bar.width <= WIDTH
        assert bar.y < drawing.lanes_top


def test_lanes_do_not_overlap() -> None:
    drawing = draw(pictures.of_many(200))
    assert drawing is not None
    for above, below in zip(drawing.lanes, drawing.lanes[1:], strict=False):
        assert above.y + above.height == below.y


def test_marks_of_one_row_keep_apart() -> None:
    drawing = draw(pictures.of_many(200))
    assert drawing is not None
    for lane in drawing.lanes:
        rows: dict[float, list[Mark]] = {}
        for mark in lane.marks:
            rows.setdefault(mark.y, []).append(mark)
        for row in rows.values():
            ordered = sorted(row, key=lambda mark: mark.x)
            for left, right in itertools.pairwise(ordered):
                assert left.x + max(left.width, MARK / 2) <= right.x + 0.1


def test_days_of_one_nature_side_by_side_share_a_mark() -> None:
    start = date(2010, 1, 1)
    days = [Period(start + timedelta(days=n), start + timedelta(days=n)) for n in (0, 1, 2)]
    far = parse_period("2015-06-01")
    drawing = draw(with_entries(*days, far))
    assert drawing is not None
    assert [mark.number for mark in drawing.lanes[0].marks] == [3, 1]


def test_a_vague_period_is_a_bar_as_long_as_the_period() -> None:
    drawing = draw(with_entries(parse_period("2010"), parse_period("2012-03-03")))
    assert drawing is not None
    bar, point = drawing.lanes[0].marks
    year = (WIDTH - 2 * EDGE) * 364 / ((date(2012, 3, 3) - date(2010, 1, 1)).days + 14)
    assert bar.is_vague
    assert bar.width == pytest.approx(year, abs=1.5)
    assert not point.is_vague


def test_a_short_vague_period_is_still_wide_enough_for_its_shape() -> None:
    drawing = draw(with_entries(parse_period("1990-01"), parse_period("2012-03-03")))
    assert drawing is not None
    assert drawing.lanes[0].marks[0].width == MARK


def test_marks_that_a_pattern_rests_on_wear_a_ring() -> None:
    drawing = draw(pictures.LONG)
    assert drawing is not None
    ringed = {mark.words.split(":")[0] for lane in drawing.lanes for mark in lane.marks if mark.in_pattern}
    assert "Northmoor Police" in ringed
    assert "Northmoor Maternity Service" not in ringed


def test_what_the_pointer_shows_names_no_person_and_no_id() -> None:
    drawing = draw(pictures.LONG)
    assert drawing is not None
    words = " ".join(mark.words for lane in drawing.lanes for mark in lane.marks)
    assert "rec-" not in words
    assert not any(member.name in words for member in pictures.LONG.family)
    assert not any(entry.what in words for entry in pictures.CHRONOLOGY)


def test_an_empty_decade_before_today_is_not_drawn() -> None:
    drawing = draw(replace(pictures.LONG, as_known_at=date(2026, 11, 22)))
    assert drawing is not None
    assert drawing.last_year == 2012
    assert drawing.known_x is None


def test_the_day_of_asking_is_drawn_where_it_is_near() -> None:
    drawing = draw(pictures.LONG)
    assert drawing is not None
    assert drawing.known_x is not None
    assert drawing.known_x > max(mark.x for lane in drawing.lanes for mark in lane.marks)


def test_years_are_labelled_only_where_the_labels_have_room() -> None:
    labelled = [tick.label for tick in ticks(Axis(date(1990, 1, 1), date(2026, 12, 31)), None) if tick.label]
    assert labelled[:3] == ["1990", "1995", "2000"]


def test_two_years_are_divided_into_quarters() -> None:
    labels = [tick.label for tick in ticks(Axis(date(2011, 1, 1), date(2012, 6, 30)), None)]
    assert labels[:3] == ["Jan 2011", "Apr 2011", "Jul 2011"]


def test_ages_follow_an_exact_birth() -> None:
    ages = [tick.age for tick in ticks(Axis(date(2006, 1, 1), date(2012, 6, 1)), date(2007, 7, 15))]
    assert ages == ["", "", "0", "1", "2", "3", "4"]


def test_an_axis_of_a_single_day_has_a_tick() -> None:
    drawing = draw(with_entries(parse_period("2012-03-03"), picture=replace(pictures.LONG, born=None)))
    assert drawing is not None
    assert drawing.ticks


def test_rows_are_no_more_than_needed() -> None:
    marks = [Mark(float(x), 0, 0, "concern", 1, "", False) for x in (0, 5, 30, 60)]
    placed, rows = in_rows(marks)
    assert rows == 2
    assert [row for _, row in placed] == [0, 1, 0, 0]


@pytest.mark.parametrize(
    ("text", "room", "expected"),
    [
        ("Hungry", 100, "Hungry"),
        ("Injuries seen by different agencies", 140, "Injuries seen by…"),
        ("Unterscheidungsmerkmale", 60, "Untersc…"),
        ("anything", 0, "an…"),
    ],
)
def test_labels_are_cut_at_a_word(text: str, room: float, expected: str) -> None:
    assert shortened(text, room) == expected


def test_hatching_stays_inside_its_bar() -> None:
    path = hatching(Mark(10, 60, 50, "concern", 1, "", False))
    starts = [float(stroke.split(" ")[0]) for stroke in path.split("M")[1:]]
    assert starts
    assert all(10 <= x <= 63 for x in starts)
