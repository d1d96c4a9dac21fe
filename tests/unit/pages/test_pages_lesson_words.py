"""What a form of the lesson pages gives, read without a surprise."""

from __future__ import annotations

from datetime import date

import pytest

from wholechild.pages.lesson_words import (
    as_typed,
    meaning_of,
    next_version,
    places,
    skeleton,
    terms_typed,
    title_in,
    who,
)
from wholechild.patterns.language.lesson import read_lesson
from wholechild.vocabulary.terms import vocabulary


def test_line_ends_are_those_of_a_file() -> None:
    assert as_typed("a\r\nb\rc") == "a\nb\nc\n"
    assert as_typed("a\n") == "a\n"
    assert as_typed("") == ""


def test_a_changed_lesson_begins_with_its_next_version() -> None:
    assert (
        next_version("id: x\nversion: 7\ntitle: version: 7\n", 7) == "id: x\nversion: 8\ntitle: version: 7\n"
    )
    assert next_version("no version", 7) == "no version"


def test_a_new_draft_is_a_lesson_without_a_fault() -> None:
    lesson, faults = read_lesson(skeleton(date(2027, 1, 4)), "x", vocabulary())
    assert faults == ()
    assert lesson
    assert lesson.in_force_from == date(2027, 1, 4)
    assert [block.heading for block in meaning_of(lesson)][:2] == ["It answers", "It holds while"]
    assert title_in(skeleton(date(2027, 1, 4))) == lesson.title
    assert title_in("id: x") == ""


def test_people_and_places_in_words() -> None:
    assert who("ana", "panel_analyst") == "Panel analyst (ana)"
    assert who("system:installation", "system") == "the installation"
    assert places(["northern_ireland", "Northmoor"]) == "Northern Ireland, Northmoor"


GOOD = {
    "day": ["4"],
    "month": ["1"],
    "year": ["2027"],
    "nation": ["england"],
    "areas": [""],
    "why": ["Because."],
}


def test_terms_as_they_were_typed() -> None:
    typed = terms_typed({**GOOD, "areas": [" Northmoor ,, East  vale,Northmoor"]}, "f")
    assert typed.faults == {}
    assert typed.starts_on == date(2027, 1, 4)
    assert typed.area_names == ("Northmoor", "East vale")


@pytest.mark.parametrize(
    ("more", "faults"),
    [
        ({"day": ["31"], "month": ["2"]}, ["f-day"]),
        ({"year": ["٢٠٢٧٢٠٢٧"]}, ["f-day"]),
        ({"year": [""]}, ["f-day"]),
        ({"year": ["9" * 5_000]}, ["f-day"]),
        ({"nation": []}, ["f-nation"]),
        ({"nation": ["narnia"]}, ["f-nation"]),
        ({"nation": ["narnia"], "areas": ["Northmoor"]}, []),
        ({"why": ["  "]}, ["f-why"]),
        ({"day": [], "nation": [], "why": []}, ["f-day", "f-nation", "f-why"]),
    ],
)
def test_every_fault_of_a_form_at_once(more: dict[str, list[str]], faults: list[str]) -> None:
    assert list(terms_typed({**GOOD, **more}, "f").faults) == faults
