"""Choosing what to look at: nothing is lost, everything hidden is counted, and addresses hold codes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.functional import pictures
from wholechild.pages.chronology import Choice, arranged, choice_from, code
from wholechild.patterns.picture import Entry

TITLES = {"concern": "Concern"}


def shown(choice: Choice) -> list[Entry]:
    chronology = arranged(pictures.CHRONOLOGY, choice, TITLES)
    return [line.entry for year in chronology.years for line in year.lines if line.shown]


def test_without_a_choice_everything_is_shown_oldest_first() -> None:
    chronology = arranged(pictures.CHRONOLOGY, Choice(), TITLES)
    assert (chronology.total, chronology.hidden) == (46, 0)
    assert [year.year for year in chronology.years] == [2006, 2007, 2008, 2009, 2010, 2011, 2012]


def test_newest_first_turns_years_and_lines_round() -> None:
    chronology = arranged(pictures.CHRONOLOGY, Choice(newest_first=True), TITLES)
    assert chronology.years[0].year == 2012
    assert chronology.years[0].lines[0].entry.happened_words == "2 March 2012"


def test_a_choice_hides_and_counts() -> None:
    police = code("police/Northmoor")
    chronology = arranged(pictures.CHRONOLOGY, Choice(agencies=frozenset({police})), TITLES)
    assert chronology.shown == 7
    assert chronology.hidden == 39
    assert sum(len(year.lines) for year in chronology.years) == 46


def test_parts_of_a_choice_narrow_each_other() -> None:
    choice = Choice(natures=frozenset({code("concern")}), from_year=2012, to_year=2012)
    assert {entry.nature for entry in shown(choice)} == {"concern"}
    assert all(entry.happened.last.year >= 2012 for entry in shown(choice))


def test_a_vague_period_is_in_when_any_part_of_it_is() -> None:
    kept = shown(Choice(from_year=2009, to_year=2009))
    assert "rec-0002" in {entry.record for entry in kept}


def test_only_where_the_child_was_seen() -> None:
    assert all(entry.child_seen for entry in shown(Choice(seen_only=True)))


def test_codes_say_nothing_and_stay_the_same() -> None:
    assert code("domestic_abuse.incident") == code("domestic_abuse.incident")
    assert "domestic" not in code("domestic_abuse.incident")
    assert len(code("x")) == 8


@pytest.mark.parametrize(
    "asked",
    [
        {"agency": ["police/Coventry"]},
        {"kind": ["<script>"]},
        {"from": ["12"], "to": ["２０１２"]},
        {"nature": ["a" * 9]},
        {"from": [""]},
    ],
)
def test_what_is_no_code_and_no_year_is_passed_over(asked: dict[str, list[str]]) -> None:
    assert not choice_from(asked).narrows


def test_a_choice_is_read_from_an_address() -> None:
    asked = {"agency": [code("a"), code("b")], "from": ["2010"], "seen": ["yes"], "order": ["newest"]}
    choice = choice_from(asked)
    assert choice == Choice(
        agencies=frozenset({code("a"), code("b")}), from_year=2010, seen_only=True, newest_first=True
    )


def test_what_can_be_chosen_is_counted_and_sorted_by_title() -> None:
    chronology = arranged(pictures.CHRONOLOGY, Choice(), TITLES)
    titles = [one.title for one in chronology.agencies]
    assert titles == sorted(titles, key=str.casefold)
    assert sum(one.lines for one in chronology.agencies) == 46


def test_a_kind_that_may_not_be_read_cannot_be_chosen() -> None:
    closed = replace(pictures.CHRONOLOGY[0], kind="", nature="", kind_title="A record that you may not read")
    chronology = arranged([closed], Choice(), {"": "Not for you to read"})
    assert chronology.kinds == ()
    assert [one.title for one in chronology.natures] == ["Not for you to read"]


def test_no_entries_no_years() -> None:
    chronology = arranged([], Choice(), TITLES)
    assert (chronology.years, chronology.all_years, chronology.total) == ((), (), 0)
