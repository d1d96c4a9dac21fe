"""The sentences that the page makes out of a picture."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.functional import pictures
from wholechild.lib.civil import parse_period
from wholechild.pages.picture_words import (
    Alone,
    age_words,
    alone_sentence,
    entries_by_agency,
    grouped_unknowns,
    home_of,
    involved_words,
    joined,
    last_seen,
    match_lines,
    nearest_first,
)
from wholechild.patterns.picture import Unknown

DAY = date(2012, 3, 3)


@pytest.mark.parametrize(
    ("alone", "expected"),
    [
        ([], ""),
        ([Alone("a", "School", None), Alone("b", "Police", None)], "No single agency could see this from its own records."),
        ([Alone("a", "School", DAY), Alone("b", "Police", None)], "School could see this from its own records alone."),
        ([Alone("a", "School", date(2012, 3, 4))], "School alone would have seen it from 4 March 2012: 1 day later."),
        (
            [Alone("a", "School", date(2013, 3, 3)), Alone("b", "Police", date(2012, 6, 1))],
            "Police alone would have seen it from 1 June 2012: 90 days later.",
        ),
    ],
)  # fmt: skip
def test_what_joining_added(alone: list[Alone], expected: str) -> None:
    assert alone_sentence(DAY, alone) == expected


def test_matches_that_hold_stand_first_and_the_latest_of_them_on_top() -> None:
    lines = match_lines(pictures.MATCHES)
    assert [line.still_holds for line in lines] == [True] * 4 + [False] * 2
    assert lines[0].match.title == "Losing weight while always hungry"


def test_agencies_are_named_by_their_titles() -> None:
    line = match_lines(pictures.MATCHES[:1])[0]
    assert line.agencies == ("Eastvale Royal Infirmary, emergency department", "Oakfield Primary School")


def test_the_four_reasons_keep_their_order_and_empty_ones_are_left_out() -> None:
    assert [group.why for group in grouped_unknowns(pictures.NOT_KNOWN)] == list(Unknown)
    assert grouped_unknowns(()) == ()
    assert [g.why for g in grouped_unknowns(pictures.NOT_KNOWN[2:4])] == [Unknown.NOT_CONNECTED]


def test_whoever_recorded_last_stands_first() -> None:
    assert nearest_first(pictures.INVOLVED)[0].title == "Oakfield Primary School"


def test_last_seen_names_who_and_when() -> None:
    seen = last_seen(pictures.INVOLVED)
    assert seen is not None
    assert (seen.when, seen.by) == ("24 February 2012", "Oakfield Primary School")


def test_nobody_saw_the_child() -> None:
    assert last_seen([replace(one, last_saw_child=None) for one in pictures.INVOLVED]) is None


def test_one_date_is_said_once() -> None:
    one = replace(pictures.INVOLVED[0], first_on=parse_period("2012"), last_on=parse_period("2012"))
    assert involved_words(one) == "2012"


def test_the_home_is_told_from_elsewhere() -> None:
    home = home_of(pictures.FAMILY)
    assert (len(home.in_home), len(home.elsewhere)) == (4, 2)


def test_the_table_has_every_fact_of_the_drawing() -> None:
    listed = [entry for _, entries in entries_by_agency(pictures.LONG) for entry in entries]
    assert len(listed) == sum(not entry.superseded for entry in pictures.CHRONOLOGY)


@pytest.mark.parametrize(
    ("words", "said"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_lists_are_said_as_people_say_them(words: list[str], said: str) -> None:
    assert joined(words) == said


@pytest.mark.parametrize(
    ("born", "said"),
    [
        ("2007-07-15", "4 years"),
        ("2010-03-04", "23 months"),
        ("2010-03-03", "2 years"),
        ("2012-02-29", "under 2 months"),
        ("2012-05", "not yet born"),
        ("2007", "4 years"),
    ],
)
def test_ages_are_said_without_claiming_more_than_is_known(born: str, said: str) -> None:
    assert age_words(parse_period(born), DAY) == said


def test_no_birth_no_age() -> None:
    assert age_words(None, DAY) == ""
