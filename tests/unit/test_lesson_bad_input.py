"""What somebody may write, paste or upload as a lesson: every fault has its line and its cure, and none takes long."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from tests.unit.test_lesson_language import CONDITION, LESSON, read, with_condition
from wholechild.patterns.families import MOST_PEOPLE, MOST_RECORDS, read_examples
from wholechild.patterns.language.faults import MOST_FAULTS
from wholechild.patterns.language.lesson import MOST_LETTERS
from wholechild.patterns.language.never import MOST_BRANCHES, never_together
from wholechild.patterns.library import read_library

#: More than this for one hostile text, and a page of live checking could be brought to a stand.
MOST_MEMORY: Final = 64 * 1024 * 1024
INJURY: Final = "{count: {of: [injury.*], at_least: %d, within: %s}}"


# -- a condition that can never hold -----------------------------------------------------------------------------------

#: (two parts of an `all`, whether they shut each other out)
TOGETHER: Final = [
    (INJURY % (2, "1 year"), "{not: %s}" % (INJURY % (2, "1 year")), True),
    (INJURY % (2, "1 year"), "{unless: %s}" % (INJURY % (1, "2 years")), True),
    (INJURY % (1, "2 years"), "{unless: %s}" % (INJURY % (2, "1 year")), False),
    (INJURY % (2, "1 year"), "{unless: {count: {of: [injury.burn], at_least: 1, within: 1 year}}}", False),
    ("{count: {of: [injury.burn], at_least: 1, within: 1 year}}", "{not: %s}" % (INJURY % (1, "1 year")), True),
    ("{count: {of: [injury.*], at_least: 2, about: household}}", "{not: {count: {of: [injury.*], at_least: 2}}}", False),
    ("{state: {age: {under: 1 year}}}", "{state: {age: {from: 2 years}}}", True),
    ("{state: {age: {under: 2 years}}}", "{state: {age: {from: 1 year}}}", False),
    ("{state: {age: {under: 2 years}}}", "{not: {state: {age: {under: 3 years}}}}", True),
    ("{state: {age: {from: 1 year, under: 3 years}}}",
     "{any: [{state: {age: {under: 1 year}}}, {state: {age: {from: 3 years}}}]}", True),
    ("{state: {age: {from: 1 year, under: 3 years}}}",
     "{any: [{state: {age: {under: 1 year}}}, {state: {age: {from: 2 years}}}]}", False),
    ("{state: {age: {under: 1 year}}}",
     "{count: {of: [injury.*], at_least: 1, where: {child_age: {from: 5 years}}}}", True),
    ("{state: {age: {from: 10 years}}}",
     "{count: {of: [injury.*], at_least: 1, within: 1 year, where: {child_age: {under: 5 years}}}}", True),
    ("{state: {age: {from: 10 years}}}",
     "{count: {of: [injury.*], at_least: 1, where: {child_age: {under: 5 years}}}}", False),
    ("{absence: {of: [health.*], for: 1 year, covered_by: [general_practice]}}",
     "{count: {of: [health.check_missed], at_least: 1, within: 6 months}}", True),
    ("{absence: {of: [health.*], for: 6 months, covered_by: [general_practice]}}",
     "{count: {of: [health.check_missed], at_least: 1, within: 1 year}}", False),
    ("{state: {adult: {relation: [mother], arrived_within: 1 year}}}",
     "{unless: {state: {adult: {relation: [mother, father]}}}}", True),
    ("{state: {lives_in: [Northmoor]}}", "{not: {state: {lives_in: [Northmoor, Eastvale]}}}", True),
    ("{state: {lives_in: [Northmoor, Eastvale]}}", "{not: {state: {lives_in: [Northmoor]}}}", False),
    # What is not known to be false need not be so: `unless not` asks for less than the thing itself.
    ("{unless: {not: %s}}" % (INJURY % (1, "1 year")), "{unless: %s}" % (INJURY % (1, "1 year")), False),
    ("{unless: {state: {age: {under: 5 years}}}}", "{unless: {state: {age: {from: 5 years}}}}", False),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other", "shut_out"), TOGETHER)
@pytest.mark.parametrize("turned", [False, True])
def test_parts_that_shut_each_other_out_are_named_with_both_lines(
    one: str, other: str, shut_out: bool, turned: bool
) -> None:
    parts = (other, one) if turned else (one, other)
    lesson, faults = read(with_condition("all:\n" + "".join(f"- {part}\n" for part in parts)))
    if not shut_out:
        assert lesson, [str(fault) for fault in faults]
        return
    assert lesson is None
    assert [(f.line, f.column) for f in faults] == [(14, 5)]
    assert "can never hold beside line 13" in faults[0].why
    assert faults[0].do.startswith("Take one of the two out")


def test_a_part_that_no_choice_of_an_any_leaves_room_for() -> None:
    lesson, faults = read(
        with_condition(
            "all:\n"
            f"- {INJURY % (2, '1 year')}\n"
            "- state: {age: {under: 3 years}}\n"
            "- any:\n"
            f"  - {{unless: {INJURY % (1, '1 year')}}}\n"
            "  - {all: [{state: {age: {from: 4 years}}}, {count: {of: [home.*], at_least: 1}}]}\n"
        )
    )
    assert lesson is None
    assert [f.line for f in faults] == [15]


def test_what_says_two_things_of_one_child_is_let_pass_where_it_takes_too_many_branches_to_see() -> None:
    """And quickly: each `any` doubles the branches, and none is looked at twice over."""
    lesson, faults = read(
        with_condition(
            "all:\n"
            + "".join(
                f"- {{any: [{INJURY % (n, '1 year')}, {INJURY % (n, '2 years')}]}}\n" for n in range(1, 20)
            )
        )
    )
    assert lesson, faults
    condition: Any = lesson.condition
    assert never_together(condition.parts) is None
    assert MOST_BRANCHES < 2**19


def test_the_whole_library_can_hold() -> None:
    assert read_library(Path(__file__).parents[2] / "lessons").faults == ()


# -- a count that no family can meet -----------------------------------------------------------------------------------

COUNTS: Final = [
    ("count: {of: [injury.burn], at_least: 3, distinct: {kinds: 2}}", "2 different kinds here: the most is 1"),
    ("count: {of: [injury.*], at_least: 3, where: {sector: [police, school]}, distinct: {sectors: 3}}", "most is 2"),
    ("count: {of: [injury.*], at_least: 9, within: 5 days, distinct: {days: 7}}", "7 different days here: the most is 6"),
    ("count: {of: [injury.*], at_least: 2000}", "no child has 2,000 such records"),
    ("count: {of: [injury.*], at_least: 2, where: {measure: {kg: {at_least: 9, at_most: 3}}}}", "no kg is both at least 9"),
    ("count: {of: [injury.*], at_least: 2, within: 99999 years}", "can never be met by a child's life"),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "why"), COUNTS)
def test_a_count_that_no_family_can_meet(condition: str, why: str) -> None:
    lesson, faults = read(with_condition(condition))
    assert lesson is None
    assert [f.line for f in faults] == [12]
    assert why in faults[0].why
    assert faults[0].do


# -- texts that are meant to hurt --------------------------------------------------------------------------------------

BOMB: Final = "a: &a [x, x]\n" + "".join(f"b{n}: &b{n} [{', '.join(['*a'] * 9)}]\n" for n in range(9))
#: What is written, and what is said of it, at which line.
HOSTILE: Final[dict[str, tuple[str, str, int]]] = {
    "five megabytes": (LESSON + "# " + "x" * 5_000_000, f"larger than {MOST_LETTERS // 1024} KiB", 1),
    "a long title": (LESSON.replace("Two burns", "T" * 1_900_000), "larger than", 1),
    "a NUL": (LESSON.replace("Two burns", "Two\0burns"), "U+0000", 3),
    "a lost letter": (LESSON.replace("Two burns", "Two \ufffd burns"), "not UTF-8", 3),
    "half a letter": (LESSON.replace("Two burns", "Two \ud800 burns"), "U+D800", 3),
    "a bomb": (LESSON + BOMB, "anchors and aliases", 24),
    "a cycle": (LESSON.replace("condition:\n" + CONDITION, "condition: &c\n  not: *c\n"), "anchors and aliases", 11),
    "a thousand inside each other": (LESSON.replace(CONDITION, "  " + "{not: " * 1000 + "{}" + "}" * 1000 + "\n"), "levels inside", 12),
    "six thousand unknown kinds": (with_condition("count: {of: [" + ",".join(f"zz{n}.x" for n in range(6_000)) + "], at_least: 2}"), "no kind", 12),
    "six thousand unknown keys": (with_condition("count: {of: [injury.*], at_least: 2, " + ",".join(f"k{n}: 1" for n in range(5_000)) + "}"), "does not have a key", 12),
    "a word of sixty thousand letters": (with_condition("count: {of: [" + "a" * 60_000 + "], at_least: 2}"), "no kind", 12),
    "a pattern of stars": (with_condition('count: {of: ["' + "*a" * 20_000 + 'b"], at_least: 2}'), "no kind", 12),
    "a number without end": (with_condition("count: {of: [injury.*], at_least: " + "9" * 50_000 + "}"), "whole number", 12),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_is_one_list_of_faults_in_little_memory(name: str) -> None:
    text, why, line = HOSTILE[name]
    tracemalloc.start()
    try:
        lesson, faults = read(text)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert lesson is None
    assert 1 <= len(faults) <= MOST_FAULTS + 1
    assert why in faults[0].why
    assert faults[0].line == line
    assert all(fault.why and fault.do for fault in faults)
    assert all(len(str(fault)) < 1_000 for fault in faults)
    assert peak < MOST_MEMORY


def test_more_faults_than_help_anybody_are_counted() -> None:
    _, faults = read(HOSTILE["six thousand unknown kinds"][0])
    assert len(faults) == MOST_FAULTS + 1
    assert "5,800 more faults after this one" in faults[-1].why


# -- families that are meant to hurt -----------------------------------------------------------------------------------

FAMILY: Final = """\
- name: One
  expect: holds
  people: [{id: child, born: 2010-05-02}%s]
  records:
%s"""
RECORD: Final = "    - {date: %s, agency: hospital_ed, about: [child], kind: injury.burn}\n"
FAMILIES: Final[dict[str, tuple[Callable[[], str], str]]] = {
    "a day before all calendars": (lambda: FAMILY % ("", RECORD % "0001-01-01"), "no family here lived in 0001-01-01"),
    "a day after all calendars": (lambda: FAMILY % ("", RECORD % "9999-12-31"), "no family here lived in 9999-12-31"),
    "a family like a town": (
        lambda: FAMILY % ("".join(f", {{id: p{n}, relation: mother}}, {{id: s{n}, relation: sibling}}" for n in range(900)), RECORD % "2011-01-01"),
        f"`people` has more than {MOST_PEOPLE} lines",
    ),
    "records without end": (lambda: FAMILY % ("", (RECORD % "2011-01-01") * 2_500), f"`records` has more than {MOST_RECORDS} lines"),
    "five megabytes": (lambda: FAMILY % ("", RECORD % "2011-01-01") + "#" * 5_000_000, "larger than"),
    "a bomb": (lambda: BOMB, "anchors and aliases"),
    "a NUL": (lambda: FAMILY.replace("One", "O\0e") % ("", RECORD % "2011-01-01"), "U+0000"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAMILIES)
def test_hostile_examples_are_faults(name: str) -> None:
    made, why = FAMILIES[name]
    families, faults = read_examples(made(), "two-burns/examples.yaml")
    assert families == ()
    assert faults
    assert why in faults[0].why
    assert faults[0].do


def test_a_file_of_gigabytes_is_not_read(tmp_path: Path) -> None:
    folder = tmp_path / "huge"
    folder.mkdir()
    with (folder / "lesson.yaml").open("wb") as file:
        file.truncate(8 * 1024**3)  # a hole: it takes no room on the disk
    tracemalloc.start()
    try:
        found = read_library(tmp_path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.lessons == ()
    assert "larger than" in str(found.faults[0])
    assert peak < MOST_MEMORY
