"""The library of lessons: every example means what it says, every quiet family stays quiet, every lesson answers a finding."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pytest

from wholechild.lib.located import read_yaml
from wholechild.patterns.describe import describe
from wholechild.patterns.explain import explain, say_reason
from wholechild.patterns.families import FamilyDocument
from wholechild.patterns.intervals import difference
from wholechild.patterns.language.lesson import Lesson, read_lesson
from wholechild.patterns.library import (
    LessonFolder,
    Library,
    Outcome,
    engine_for,
    read_library,
    truth_of,
    try_examples,
    try_quiet,
)
from wholechild.records.feeds.chronology import read_chronology
from wholechild.vocabulary.terms import vocabulary

ROOT = Path(__file__).resolve().parents[2]
#: Patterns of ours, beside the findings of the reviews: their letter is the review's, so P2 is one that Pelka shows.
OUR_PATTERN = re.compile(r"[PWK]\d+[a-z]?")


@lru_cache(maxsize=1)
def library() -> Library:
    return read_library(ROOT / "lessons")


@lru_cache(maxsize=1)
def findings() -> dict[str, set[str]]:
    """The ids of the findings of each published case."""
    return {
        path.stem: {finding.id for finding in read_chronology(path.read_bytes(), name=path.name).findings}
        for path in (ROOT / "cases").glob("*.yaml")
    }


LESSONS = [pytest.param(folder, id=folder.lesson.id) for folder in library().lessons]


def said_otherwise(outcomes: list[Outcome]) -> list[str]:
    return [
        f"{o.family}: expected {o.expected}, said {o.said} {o.held_from}".strip()
        for o in outcomes
        if not o.passed
    ]


def test_the_checker_finds_no_fault() -> None:
    assert [str(fault) for fault in library().faults] == []


def test_there_are_enough_of_both() -> None:
    assert len(library().lessons) >= 15
    assert len(library().quiet) >= 60
    assert len(list((ROOT / "lessons").glob("*/lesson.yaml"))) == len(library().lessons)
    assert len(list((ROOT / "lessons" / "quiet").glob("*.yaml"))) == len(library().quiet)


def test_no_two_quiet_families_are_the_same() -> None:
    assert len({family.name for family in library().quiet}) == len(library().quiet)
    assert len({family.story for family in library().quiet}) == len(library().quiet)
    assert all(len(family.history.observations) >= 2 for family in library().quiet)


@pytest.mark.parametrize("folder", LESSONS)
def test_its_examples_mean_what_they_say(folder: LessonFolder) -> None:
    assert said_otherwise(list(try_examples(folder))) == []


@pytest.mark.parametrize("folder", LESSONS)
def test_quiet_families_stay_quiet(folder: LessonFolder) -> None:
    assert said_otherwise(list(try_quiet(folder.lesson, library().quiet))) == []


@pytest.mark.parametrize("folder", LESSONS)
def test_it_answers_a_finding_that_exists(folder: LessonFolder) -> None:
    assert folder.lesson.answers
    for answer in folder.lesson.answers:
        assert answer.finding in findings().get(answer.review, set()) or OUR_PATTERN.fullmatch(
            answer.finding
        ), answer
        assert len(answer.in_our_words) > 20


@pytest.mark.parametrize("folder", LESSONS)
def test_it_has_examples_of_each_sort_that_differ(folder: LessonFolder) -> None:
    expected = [example.expect for example in folder.examples]
    assert (
        expected.count("holds") >= 3,
        expected.count("near_miss") >= 3,
        expected.count("cannot_tell") >= 1,
    ) == (True, True, True)
    assert len({example.name for example in folder.examples}) == len(folder.examples)


@pytest.mark.parametrize("folder", LESSONS)
def test_near_misses_are_near(folder: LessonFolder) -> None:
    """A near miss that shares no kind of record with what the lesson is about would prove nothing."""
    held = {
        o.kind.split(".")[0] for e in folder.examples if e.expect == "holds" for o in e.history.observations
    }
    for example in folder.examples:
        if example.expect == "near_miss":
            assert held & {o.kind.split(".")[0] for o in example.history.observations}, example.name


@pytest.mark.parametrize("folder", LESSONS)
def test_every_match_and_every_doubt_can_be_said_in_words(folder: LessonFolder) -> None:
    """No sentence with a gap in it, and evidence from the records wherever a lesson holds."""
    for example in folder.examples:
        engine = engine_for(example.history, folder.lesson.nations[0])
        truth = truth_of(folder.lesson, example)
        for start, _ in truth.holds:
            told = explain(folder.lesson, engine, start)
            assert told.evidence, example.name
            assert not re.search(r"\{|\}|\bNone\b|  ", told.sentence), told.sentence
        for doubt in truth.unsure:
            assert all(say_reason(reason, example.history).endswith(".") for reason in doubt.reasons)


@pytest.mark.parametrize("folder", LESSONS)
def test_it_reads_as_a_page_and_never_blames(folder: LessonFolder) -> None:
    page = describe(folder.lesson)
    assert "{" not in page.split("It holds while")[1].split("Next step")[0]
    assert not re.search(r"no concerns|risk score|suspicio|guilt|perpetrator", page, re.IGNORECASE)
    assert folder.lesson.next_step.by in vocabulary().roles
    assert (ROOT / "lessons" / folder.lesson.id / "README.md").read_text(encoding="utf-8").startswith("# ")


# -- the tests themselves: a planted fault must be caught -----------------------------------------------------------------

MATCHES_EVERYTHING = """
count:
  of: ["*"]
  about: carers
  at_least: 1
"""


def planted(condition: str) -> Lesson:
    """The first lesson of the library with another condition."""
    path = ROOT / "lessons" / library().lessons[0].lesson.id / "lesson.yaml"
    text = path.read_text(encoding="utf-8")
    body = read_yaml(text).plain()["condition"]
    assert body
    start = text.index("\ncondition:") + 1
    end = text.index("\nexplanation:") + 1
    indented = "".join(f"  {line}\n" for line in condition.strip().split("\n"))
    lesson, faults = read_lesson(
        text[:start] + "condition:\n" + indented + text[end:], "planted", vocabulary()
    )
    assert lesson, faults
    return lesson


def test_a_lesson_that_matches_everything_is_caught_by_the_quiet_families() -> None:
    outcomes = list(try_quiet(planted(MATCHES_EVERYTHING), library().quiet))
    assert len(said_otherwise(outcomes)) == len(outcomes) >= 60


@pytest.mark.parametrize(
    "condition",
    ["count: {of: [injury.*], at_least: 1}", "count: {of: [health.was_not_brought], at_least: 1}",
     "count: {of: [domestic_abuse.*], about: carers, at_least: 1}", "count: {of: [\"*\"], where: {nature: [concern]}, at_least: 1}"],
)  # fmt: skip
def test_a_lesson_that_reads_one_thing_as_everything_is_caught_too(condition: str) -> None:
    assert said_otherwise(list(try_quiet(planted(condition), library().quiet)))


def test_a_lesson_that_matches_nothing_is_caught_by_its_examples() -> None:
    folder = library().lessons[0]
    never = planted('count: {of: ["*"], at_least: 999, within: 1 day}')
    assert len(said_otherwise(list(try_examples(replace(folder, lesson=never))))) >= 3


def test_a_lesson_that_holds_on_another_day_is_caught() -> None:
    """Where an example names the day, another day fails it."""

    def named(folder: LessonFolder) -> FamilyDocument | None:
        return next((e for e in folder.examples if e.holds_from is not None), None)

    folder = next(f for f in library().lessons if named(f))
    example = named(folder)
    assert example
    assert example.holds_from
    moved = replace(example, holds_from=example.holds_from.replace(year=example.holds_from.year - 1))
    assert said_otherwise(list(try_examples(replace(folder, examples=(moved,)))))


def test_most_lessons_name_the_exact_day_in_an_example() -> None:
    exact = sum(any(e.holds_from for e in folder.examples) for folder in library().lessons)
    assert exact >= len(library().lessons) // 2


def test_coverage_only_ever_adds_what_can_be_told() -> None:
    """Taking every feed away never makes a lesson hold where it did not."""
    for folder in library().lessons:
        for example in (*folder.examples, *library().quiet):
            told = engine_for(example.history).evaluate(folder.lesson.condition).holds
            bare = engine_for(replace(example.history, coverage=())).evaluate(folder.lesson.condition).holds
            assert difference(bare, told) == (), (folder.lesson.id, example.name)
