"""Civil days, vague periods, and how both are said."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wholechild.lib.civil import (
    DAY,
    NotADate,
    Period,
    Precision,
    civil,
    day_of,
    day_start,
    parse_period,
    say_day,
    say_length,
    say_period,
    utc_of,
)


@pytest.mark.parametrize(
    ("text", "first", "last", "precision"),
    [
        ("2012-03-03", "2012-03-03", "2012-03-03", "day"),
        (" 2012-03-03 ", "2012-03-03", "2012-03-03", "day"),
        ("2012-02", "2012-02-01", "2012-02-29", "month"),
        ("2011-02", "2011-02-01", "2011-02-28", "month"),
        ("2012-Q1", "2012-01-01", "2012-03-31", "quarter"),
        ("2012-Q4", "2012-10-01", "2012-12-31", "quarter"),
        ("2012", "2012-01-01", "2012-12-31", "year"),
        ("2011-10/quarter", "2011-10-01", "2011-12-31", "quarter"),
        ("2011-11/quarter", "2011-10-01", "2011-12-31", "quarter"),
        ("2011-10-05/month", "2011-10-01", "2011-10-31", "month"),
        ("2011-10/year", "2011-01-01", "2011-12-31", "year"),
        ("2011/day", "2011-01-01", "2011-12-31", "year"),
    ],
)
def test_every_form_of_a_date(text: str, first: str, last: str, precision: str) -> None:
    assert parse_period(text) == Period(
        date.fromisoformat(first), date.fromisoformat(last), Precision(precision)
    )


@pytest.mark.parametrize(
    ("text", "precision", "until", "first", "last", "shown"),
    [
        ("2012-03-03", "month", None, "2012-03-01", "2012-03-31", "month"),
        ("2012-03", "day", None, "2012-03-01", "2012-03-31", "month"),
        ("2006", "year", "2011", "2006-01-01", "2011-12-31", "between"),
        ("2012-03-03", None, "2012-03-09", "2012-03-03", "2012-03-09", "between"),
        ("2012-03", None, "2012-03", "2012-03-01", "2012-03-31", "month"),
        ("2012-03", None, "2012-04", "2012-03-01", "2012-04-30", "between"),
    ],
)
def test_a_stated_precision_only_widens_and_until_closes_the_period(
    text: str, precision: str | None, until: str | None, first: str, last: str, shown: str
) -> None:
    period = parse_period(text, precision, until)
    assert (period.first.isoformat(), period.last.isoformat(), period.precision) == (first, last, shown)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2031-13-02", "not a day of the calendar"),
        ("2011-02-29", "not a day of the calendar"),
        ("2012-Q5", "is not a date"),
        ("03/03/2012", "is not a date"),
        ("", "is not a date"),
        ("soon", "write 2012-03-03"),
        ("2012-3-3", "is not a date"),
        ("x" * 500, "is not a date"),
    ],
)
def test_what_is_no_date_says_why(text: str, said: str) -> None:
    with pytest.raises(NotADate) as wrong:
        parse_period(text)
    assert said in str(wrong.value)
    assert len(str(wrong.value)) < 160


def test_a_period_cannot_end_before_it_begins() -> None:
    with pytest.raises(NotADate, match="before it begins"):
        parse_period("2012-03-03", until="2012-03-01")


def test_an_unknown_precision_names_those_that_are_known() -> None:
    with pytest.raises(NotADate, match="day, month, quarter, year"):
        parse_period("2012-03-03", "week")


def test_a_period_is_certain_from_the_first_second_after_it() -> None:
    april = parse_period("2011-04")
    assert (april.starts, april.ends) == (day_start(date(2011, 4, 1)), day_start(date(2011, 5, 1)))
    assert april.is_vague
    assert not parse_period("2011-04-01").is_vague
    assert parse_period("2011-04-01").ends - parse_period("2011-04-01").starts == DAY


def test_a_moment_is_placed_on_the_london_clock() -> None:
    assert civil(datetime(2011, 6, 3, 23, 0, tzinfo=UTC)) == day_start(date(2011, 6, 4))
    assert civil(datetime(2011, 1, 3, 23, 0, tzinfo=UTC)) == day_start(date(2011, 1, 3)) + 23 * 3600
    summer = timezone(timedelta(hours=1))
    assert civil(datetime(2011, 6, 4, 0, 0, tzinfo=summer)) == day_start(date(2011, 6, 4))


def test_a_moment_without_a_zone_is_never_guessed() -> None:
    with pytest.raises(NotADate, match="time zone"):
        civil(datetime(2011, 6, 4))  # noqa: DTZ001


def test_every_day_has_the_same_length_even_when_the_clocks_change() -> None:
    for day in (date(2011, 3, 27), date(2011, 10, 30)):
        assert day_start(day + timedelta(days=1)) - day_start(day) == DAY
        assert civil(utc_of(day_start(day))) == day_start(day)


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.integers(0, DAY - 1))
def test_days_and_instants_agree(day: date, second: int) -> None:
    assert day_of(day_start(day) + second) == day
    assert civil(utc_of(day_start(day))) == day_start(day)


@given(st.integers(-2_000_000_000, 4_000_000_000))
def test_an_instant_survives_the_way_to_utc_and_back(instant: int) -> None:
    back = civil(utc_of(instant))
    assert back == instant or back == instant + 3600  # the hour that the clocks jump over does not exist


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2012-03-03", "3 March 2012"),
        ("2012-03", "March 2012"),
        ("2012-Q1", "January to March 2012"),
        ("2012", "some time in 2012"),
        ("2011-10/quarter", "October to December 2011"),
    ],
)
def test_a_period_is_said_as_exactly_as_its_source_knew(text: str, said: str) -> None:
    assert say_period(parse_period(text)) == said


def test_a_range_is_said_as_a_range() -> None:
    assert (
        say_period(parse_period("2006", until="2011"))
        == "some time between 1 January 2006 and 31 December 2011"
    )


def test_a_day_is_said_one_way() -> None:
    assert say_day(date(2012, 3, 3)) == "3 March 2012"


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (1, "1 day"),
        (10, "10 days"),
        (14, "2 weeks"),
        (84, "12 weeks"),
        (365, "12 months"),
        (730, "2 years"),
        (1000, "1,000 days"),
    ],
)
def test_lengths_in_words(days: int, said: str) -> None:
    assert say_length(days * DAY) == said
