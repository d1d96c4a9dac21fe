"""The day that the page is taken back to: every form of the address, and every way of getting it wrong."""

from __future__ import annotations

from datetime import date

import pytest

from wholechild.pages.known_at import KnownAt, known_at

TODAY = date(2026, 11, 22)


def asked(**values: str) -> KnownAt:
    return known_at(
        {name: [value] for name, value in values.items()}, today=TODAY, path="/children/person-1/"
    )


def test_without_a_day_it_is_today() -> None:
    known = asked()
    assert (known.shown, known.is_past, known.error) == (TODAY, False, "")
    assert known.here_address == "/children/person-1/"


def test_a_day_in_one_piece() -> None:
    known = asked(on="2012-03-03")
    assert known.shown == date(2012, 3, 3)
    assert (known.day, known.month, known.year) == ("3", "3", "2012")
    assert known.is_past


def test_a_day_in_three_boxes_leads_to_the_day_in_one_piece() -> None:
    known = asked(day="3", month="3", year="2012")
    assert known.canonical_address == "/children/person-1/?on=2012-03-03"


def test_the_boxes_win_over_the_day_that_was_shown_before() -> None:
    assert asked(on="2011-01-01", day="3", month="3", year="2012").shown == date(2012, 3, 3)


def test_the_rest_of_the_address_is_kept() -> None:
    known = asked(on="2012-03-03", agency="0a1b2c3d")
    assert known.keep == (("agency", "0a1b2c3d"),)
    assert known.address_on(date(2011, 1, 6)) == "/children/person-1/?on=2011-01-06&agency=0a1b2c3d"
    assert known.today_address == "/children/person-1/?agency=0a1b2c3d"
    assert known.here_address == "/children/person-1/?on=2012-03-03"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"day": "3", "month": "", "year": "2012"}, "The date must include a month"),
        ({"day": "3", "month": "", "year": ""}, "The date must include a month and a year"),
        ({"day": "31", "month": "2", "year": "2012"}, "real day"),
        ({"day": "x", "month": "2", "year": "2012"}, "real day"),
        ({"day": "1", "month": "1", "year": "2031"}, "today or in the past"),
        ({"day": "1", "month": "1", "year": "1066"}, "1980 or later"),
        ({"on": "2012-13-02"}, "not a date"),
        ({"on": "'; drop"}, "not a date"),
    ],
)
def test_a_day_that_cannot_be_read_is_said_and_today_is_shown(values: dict[str, str], words: str) -> None:
    known = asked(**values)
    assert words in known.error
    assert known.shown == TODAY


def test_what_was_typed_stays_in_the_boxes() -> None:
    known = asked(day="31", month="2", year="2012")
    assert (known.day, known.month, known.year) == ("31", "2", "2012")
