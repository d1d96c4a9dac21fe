"""Clocks over weekends and the bank holidays of each nation. More of them, drawn as families, in tests/spec page 10."""

from __future__ import annotations

from datetime import date

import pytest

from wholechild.lib.civil import day_of, day_start
from wholechild.patterns.clocks import deadline_for
from wholechild.patterns.engines.in_memory import calendar_days
from wholechild.patterns.language.nodes import Clock


@pytest.mark.parametrize(
    ("nation", "opened", "clock", "over"),
    [
        ("england", "2011-03-01", Clock(5), "2011-03-07"),
        ("england", "2011-03-01", Clock(1, working_days=True), "2011-03-03"),
        ("england", "2011-03-04", Clock(1, working_days=True), "2011-03-08"),
        ("england", "2011-03-06", Clock(1, working_days=True), "2011-03-08"),
        ("england", "2011-12-22", Clock(5, working_days=True), "2012-01-04"),
        ("scotland", "2011-12-22", Clock(5, working_days=True), "2012-01-05"),
        ("wales", "2011-12-22", Clock(5, working_days=True), "2012-01-04"),
        ("england", "2011-04-20", Clock(2, working_days=True), "2011-04-27"),
        ("scotland", "2011-04-20", Clock(2, working_days=True), "2011-04-26"),
        ("england", "2011-08-26", Clock(1, working_days=True), "2011-08-31"),
        ("scotland", "2011-08-26", Clock(1, working_days=True), "2011-08-30"),
        ("scotland", "2011-07-29", Clock(1, working_days=True), "2011-08-03"),
        (
            "england",
            "2012-06-01",
            Clock(1, working_days=True),
            "2012-06-07",
        ),  # two days for the Diamond Jubilee
        ("northern_ireland", "2011-03-16", Clock(1, working_days=True), "2011-03-19"),
        ("england", "2011-03-16", Clock(1, working_days=True), "2011-03-18"),
    ],
)
def test_when_a_clock_is_over(nation: str, opened: str, clock: Clock, over: str) -> None:
    deadline = deadline_for(nation)(day_start(date.fromisoformat(opened)), clock)
    assert day_of(deadline).isoformat() == over
    assert deadline == day_start(day_of(deadline))


def test_a_year_of_working_days_leaves_out_weekends_and_holidays() -> None:
    start = day_start(date(2010, 12, 31))
    deadline = deadline_for("england")(start, Clock(251, working_days=True))
    assert day_of(deadline) == date(
        2011, 12, 31
    )  # 260 weekdays of 2011, less eight bank holidays and a royal wedding


def test_without_a_calendar_working_days_are_refused() -> None:
    with pytest.raises(ValueError, match="working days"):
        calendar_days(0, Clock(1, working_days=True))


def test_an_unknown_nation_is_refused() -> None:
    with pytest.raises(KeyError):
        deadline_for("atlantis")
