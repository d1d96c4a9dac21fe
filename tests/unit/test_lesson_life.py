"""The plain rules of a lesson's life: what runs where, how two versions differ, and what a text is tried on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import permutations
from pathlib import Path

import pytest

from tests.unit.test_lesson_language import LESSON
from wholechild.lib.civil import DAY
from wholechild.patterns.history import ChildHistory, LivedIn
from wholechild.patterns.language.lesson import Lesson, read_lesson
from wholechild.patterns.library import read_library
from wholechild.patterns.life.comparing import CHANGED, GONE, NEW, SAME, around, compare, rows
from wholechild.patterns.life.force import (
    ADOPT,
    RETIRE,
    Decided,
    LessonsInForce,
    for_child,
    mark_of,
    next_move,
    running,
)
from wholechild.patterns.life.trying import hash_of, try_lesson
from wholechild.vocabulary.terms import vocabulary

LIBRARY = Path(__file__).parents[2] / "lessons"
ON = date(2027, 6, 1)
ENGLAND = frozenset({"england"})


def decided(version: int, begins: date | None, what: str = ADOPT, *, nations: frozenset[str] = ENGLAND,
            areas: frozenset[str] = frozenset(), completed: str = "2027-01-01", lesson: str = "one") -> Decided:  # fmt: skip
    return Decided(what, lesson, version, f"{version:064}", begins, completed, nations, areas)


def runs(*decisions: Decided, on: date = ON, area: str = "", nation: str = "england") -> dict[str, int]:
    """lesson -> version; the same in whatever order the decisions are given."""
    found = {
        tuple((one.lesson, one.version) for one in running(order, on, nation=nation, area=area))
        for order in permutations(decisions)
    }
    assert len(found) == 1
    return dict(found.pop())


# -- what runs ---------------------------------------------------------------------------------------------------------


def test_the_decision_that_begins_last_counts() -> None:
    one, two = decided(1, None), decided(2, date(2027, 5, 1))
    assert runs(one) == {"one": 1}
    assert runs(one, two) == {"one": 2}
    assert runs(one, two, on=date(2027, 4, 30)) == {"one": 1}
    assert runs(one, two, on=date(2027, 5, 1)) == {"one": 2}
    assert runs(two, on=date(2027, 4, 30)) == {}


def test_of_two_that_begin_on_one_day_the_one_completed_last_counts() -> None:
    day = date(2027, 5, 1)
    assert runs(decided(2, day, completed="2027-04-02"), decided(3, day, completed="2027-04-01")) == {
        "one": 2
    }


def test_retiring_leaves_none_and_adopting_brings_back() -> None:
    one, gone, back = decided(1, None), decided(1, date(2027, 3, 1), RETIRE), decided(2, date(2027, 5, 1))
    assert runs(one, gone, on=date(2027, 2, 28)) == {"one": 1}
    assert runs(one, gone) == {}
    assert runs(one, gone, back) == {"one": 2}


def test_an_area_counts_beside_its_nation_by_day() -> None:
    one = decided(1, None)
    pilot = decided(2, date(2027, 3, 1), nations=frozenset(), areas=frozenset({"Northmoor"}))
    general = decided(3, date(2027, 5, 1))
    assert runs(one, pilot) == {"one": 1}
    assert runs(one, pilot, area="Northmoor") == {"one": 2}
    assert runs(one, pilot, area="Eastvale") == {"one": 1}
    assert runs(one, pilot, general, area="Northmoor") == {"one": 3}
    assert runs(one, pilot, nation="wales") == {"one": 1}, "England's, as Wales has not decided"
    assert runs(one, pilot, nation="wales", area="Northmoor") == {"one": 2}


def test_a_nation_decides_for_itself() -> None:
    one, later = decided(1, None), decided(3, date(2027, 3, 1))
    welsh = decided(2, date(2026, 3, 1), nations=frozenset({"wales"}))
    stopped = decided(1, date(2026, 3, 1), RETIRE, nations=frozenset({"scotland"}))
    assert runs(one, later, welsh, stopped, nation="wales") == {"one": 2}
    assert runs(one, later, welsh, stopped, nation="scotland") == {}
    assert runs(one, later, welsh, stopped) == {"one": 3}


def test_a_child_is_asked_what_the_nation_of_the_area_runs() -> None:
    one, two = lesson(), lesson(2)
    force = LessonsInForce((one,), {}, {"wales": (two,)})
    assert for_child(force, history(lived("Cardiff", 1)), 10 * DAY) == (two,)
    assert for_child(force, history(lived("Coventry", 1)), 10 * DAY) == (one,)
    assert next_move(force, history(lived("Cardiff", 1, 20), lived("Coventry", 20)), 10 * DAY) == 20 * DAY
    assert mark_of(force) != mark_of(LessonsInForce((one,), {}, {"wales": (one,)}))
    assert list(force) == [one, two]


def test_lessons_stand_in_the_order_of_their_ids() -> None:
    assert list(runs(decided(1, None, lesson="b"), decided(1, None, lesson="a"))) == ["a", "b"]


def lesson(version: int = 1) -> Lesson:
    found, faults = read_lesson(LESSON.replace("version: 1", f"version: {version}"), "x", vocabulary())
    assert found, faults
    return found


def history(*areas: LivedIn) -> ChildHistory:
    return ChildHistory("child", (), {}, areas=areas)


def lived(area: str, start: int, end: int = 1 << 60) -> LivedIn:
    return LivedIn(area, start * DAY, end * DAY if end < 1 << 50 else end, start * DAY)


def test_a_child_is_asked_what_runs_where_the_child_lives_now() -> None:
    one, two, other = lesson(), lesson(2), replace(lesson(), id="other")
    force = LessonsInForce((one, other), {"Northmoor": (two, other)})
    assert for_child(force, history(), 10 * DAY) == (one, other)
    assert for_child(force, history(lived("Eastvale", 1)), 10 * DAY) == (one, other)
    assert for_child(force, history(lived("Northmoor", 1)), 10 * DAY) == (two, other)
    assert for_child(force, history(lived("Northmoor", 1, 5), lived("Eastvale", 5)), 10 * DAY) == (one, other)
    assert for_child(force, history(lived("Northmoor", 20)), 10 * DAY) == (one, other), "not yet"
    in_both = for_child(force, history(lived("Northmoor", 1), lived("Eastvale", 1)), 10 * DAY)
    assert set(in_both) == {one, two, other}, "what runs in either: more, rather than less"
    assert list(force) == [one, other, two]
    assert len(force) == 3
    assert force[0] == one


def test_a_list_made_by_hand_is_asked_of_every_child() -> None:
    by_hand = [lesson()]
    assert for_child(by_hand, history(lived("Northmoor", 1)), 0) is by_hand


# -- two versions ------------------------------------------------------------------------------------------------------


def test_lines_stand_side_by_side() -> None:
    found = rows("a\nb\nc\nd\n", "a\nB\nd\ne\n")
    assert [(row.kind, row.left, row.right) for row in found] == [
        (SAME, "a", "a"), (CHANGED, "b", "B"), (GONE, "c", ""), (SAME, "d", "d"), (NEW, "", "e"),
    ]  # fmt: skip
    assert [(row.left_line, row.right_line) for row in found] == [(1, 1), (2, 2), (3, 0), (4, 3), (0, 4)]


@pytest.mark.parametrize(
    ("left", "right", "said"),
    [
        ("within: 12 weeks", "within: 10 weeks", ("12", "10")),
        ("of: [injury.burn]", "of: [injury.burns]", ("burn", "burns")),
        ("x", "x y", ("", " y")),
        ("aa", "aaa", ("aa", "aaa")),
        ("", "new", ("", "new")),
    ],
)
def test_what_changed_in_a_line_is_marked_by_whole_words(
    left: str, right: str, said: tuple[str, str]
) -> None:
    (row,) = [row for row in rows(f"z\n{left}\nz", f"z\n{right}\nz") if row.kind != SAME] or rows(left, right)
    assert (row.left_parts[1], row.right_parts[1]) == said
    assert "".join(row.left_parts) == left
    assert "".join(row.right_parts) == right


def test_only_what_is_near_a_difference_is_shown() -> None:
    many = [str(n) for n in range(30)]
    changed = [*many[:5], "x", *many[6:20], "y", *many[21:]]
    groups = around(rows("\n".join(many), "\n".join(changed)), 2)
    assert [[row.left for row in group] for group in groups] == [many[3:8], many[18:23]]
    assert around(rows("a", "a")) == ()


def test_two_texts_may_mean_the_same() -> None:
    remarked = f"# a remark\n{LESSON}"
    found = compare(LESSON, remarked)
    assert found.says_the_same
    assert around(found.text)
    changed = compare(LESSON, LESSON.replace("12 months", "6 months"))
    assert not changed.says_the_same
    assert "This text has 1 faults" in compare(LESSON, "").meaning[0].right


# -- a text, tried -----------------------------------------------------------------------------------------------------


def test_what_is_tried_says_all_that_stands_in_the_way() -> None:
    folder = next(f for f in read_library(LIBRARY).lessons if f.lesson.id == "hurt-then-not-brought")
    quiet = read_library(LIBRARY).quiet
    ready = try_lesson(folder.text, folder.examples_text, quiet)
    assert ready.is_ready
    assert ready.in_the_way() == ()
    assert len(ready.quiet) == len(quiet)
    without = try_lesson(folder.text, "", quiet)
    assert not without.is_ready
    assert without.example_faults[0].why == "0 of the examples are `holds`; at least 3 are needed"
    loud = try_lesson(folder.text[: folder.text.index("condition:")] + "condition:\n  count: {of: ['*'], at_least: 1}\n"
                      + folder.text[folder.text.index("explanation:") :], folder.examples_text, quiet)  # fmt: skip
    assert not loud.is_ready
    assert loud.loud == loud.quiet[: len(loud.loud)], "those that it disturbs stand first"
    assert len(loud.in_the_way()) == len(loud.loud) + len(loud.missed)
    faulty = try_lesson("", "", quiet)
    assert (faulty.lesson, faulty.examples, faulty.quiet, faulty.meaning) == (None, (), (), "")


def test_a_hash_is_of_every_letter() -> None:
    assert hash_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert len({hash_of(text) for text in ("a\n", "a", "a\r\n", "é", "e\u0301")}) == 5
