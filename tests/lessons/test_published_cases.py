"""The three published chronologies: for each, something adds up across agencies, in time, that none could see alone as early."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest

from wholechild.patterns.library import read_library
from wholechild.patterns.replay import Replay, replay
from wholechild.records.feeds.chronology import ParsedChronology, read_chronology

ROOT = Path(__file__).resolve().parents[2]
CASES = sorted(path.stem for path in (ROOT / "cases").glob("*.yaml"))


@dataclass(frozen=True)
class Walked:
    chronology: ParsedChronology
    found: Replay


@cache
def walked(case: str) -> Walked:
    chronology = read_chronology((ROOT / "cases" / f"{case}.yaml").read_bytes(), name=f"{case}.yaml")
    lessons = [folder.lesson for folder in read_library(ROOT / "lessons").lessons]
    return Walked(chronology, replay(chronology, lessons))


def test_there_are_three() -> None:
    assert CASES == ["khan", "pelka", "williams"]


@pytest.mark.parametrize("case", CASES)
def test_the_chronology_is_read_without_a_fault(case: str) -> None:
    chronology = walked(case).chronology
    assert chronology.faults == ()
    assert chronology.left_out == ()
    assert chronology.case.died is not None


@pytest.mark.parametrize("case", CASES)
def test_something_adds_up_before_the_outcome_that_needed_more_than_one_agency(case: str) -> None:
    found = [
        m for m in walked(case).found.matches if m.needed_more_than_one and (m.days_before_outcome or 0) > 0
    ]
    assert found
    for match in found:
        assert len(match.explanation.agencies) >= 2
        assert all(day is None or day > match.held_from for day in match.alone.values())


@pytest.mark.parametrize("case", CASES)
def test_every_match_rests_on_records_that_were_known_by_then(case: str) -> None:
    chronology, found = walked(case).chronology, walked(case).found
    written = {event.record.id: event for event in chronology.events}
    for match in found.matches:
        assert match.observations, match.lesson.id
        for seen in match.observations:
            event = written[seen.record]
            assert event.record.happened.last < match.held_from, (match.lesson.id, seen.record)
            assert event.attributable
            assert event.missed != "not_recorded"
        assert set(match.alone) == set(match.explanation.agencies) == {o.agency for o in match.observations}


@pytest.mark.parametrize("case", CASES)
def test_what_is_found_as_known_at_a_day_is_what_was_found_by_then(case: str) -> None:
    """Cutting knowledge off never changes what stood before the cut."""
    chronology, found = walked(case).chronology, walked(case).found
    lessons = [folder.lesson for folder in read_library(ROOT / "lessons").lessons]
    days = sorted({match.held_from for match in found.matches})
    for cut in (days[0] - timedelta(days=1), days[len(days) // 2]):
        then = replay(chronology, lessons, as_known_at=cut)
        assert [(m.lesson.id, m.held_from) for m in then.matches] == [
            (m.lesson.id, m.held_from) for m in found.matches if m.held_from <= cut
        ]


@pytest.mark.parametrize("case", CASES)
def test_walking_more_leaves_out_less(case: str) -> None:
    chronology = walked(case).chronology
    everything = replay(chronology, [], as_if_recorded=True, with_unattributed=True)
    assert everything.left_out == {}
    assert len(everything.history.observations) >= len(walked(case).found.history.observations)


def test_a_lesson_is_about_children_not_about_one_case() -> None:
    """At least half of the lessons that hold in a case were not written for that case alone."""
    held = {case: {m.lesson.id: m.lesson for m in walked(case).found.matches} for case in CASES}
    for case, lessons in held.items():
        others = [lesson for lesson in lessons.values() if {a.review for a in lesson.answers} != {case}]
        assert others, case
