"""The checker of lessons: every planted fault is found, at its place, with a cure; and all faults of a file at once."""

from __future__ import annotations

import time

import pytest

from wholechild.lib.civil import DAY
from wholechild.patterns.describe import describe
from wholechild.patterns.history import Scope
from wholechild.patterns.language.conditions import MOST_PARTS, days_in
from wholechild.patterns.language.faults import LessonFault
from wholechild.patterns.language.lesson import Lesson, read_lesson
from wholechild.patterns.language.nodes import (
    Absence,
    AdultState,
    AgeRange,
    AgeState,
    All,
    Clock,
    Contradiction,
    Count,
    Distinct,
    FactState,
    LivesInState,
    Not,
    NumberRange,
    Sequence,
    Trend,
    Unanswered,
    Unless,
)
from wholechild.vocabulary.terms import vocabulary

LESSON = """\
id: two-burns
version: 1
title: Two burns
in_force: {from: 2026-11-22}
nations: [england]
owner: {role: safeguarding partnership, name: Learning lead}
answers:
  - review: williams
    finding: wf2
    in_our_words: Each injury was read as a single event.
condition:
  count:
    of: [injury.*]
    at_least: 2
    within: 12 months
explanation: "{count} injuries by {agencies}."
next_step:
  what: Speak with each other.
  by: duty social worker
  clock: 1 working day
other_explanations: [A lively child.]
would_change_our_mind: [One account.]
known_false_alarms: [A clumsy child.]
"""
CONDITION = """\
  count:
    of: [injury.*]
    at_least: 2
    within: 12 months
"""


def read(text: str) -> tuple[Lesson | None, tuple[LessonFault, ...]]:
    return read_lesson(text, "two-burns/lesson.yaml", vocabulary())


def with_condition(condition: str) -> str:
    indented = "".join(f"  {line}\n" for line in condition.strip("\n").split("\n"))
    return LESSON.replace(CONDITION, indented)


def condition_of(text: str) -> object:
    lesson, faults = read(with_condition(text))
    assert not faults, [str(fault) for fault in faults]
    assert lesson
    return lesson.condition


def test_a_good_lesson_has_no_fault() -> None:
    lesson, faults = read(LESSON)
    assert faults == ()
    assert lesson
    assert (lesson.id, lesson.version, lesson.nations, lesson.next_step.clock) == (
        "two-burns",
        1,
        ("england",),
        "1 working day",
    )
    assert isinstance(lesson.condition, Count)


# -- planted faults ----------------------------------------------------------------------------------------------------
#: What is planted (a condition, whose first line is line 12 of the file, column 3), what is said, where, and the cure.
FAULTS = [
    ("cuont: {of: [injury.*], at_least: 2}", "no `cuont`", 12, 3, 'Did you mean "count"?'),
    ("pray: {of: [injury.*]}", "no `pray`", 12, 3, "Known here: absence, all, any"),
    ("[count]", "one word with what belongs to it", 12, 3, "Use exactly one of"),
    ("count: {of: [injury.*], at_least: 2}\nany: []", "one word with what belongs to it", 12, 3, "Use exactly one of"),
    ("count:", "`count` should be a list of `key: value` lines", 12, 9, "Write one key a line"),
    ("count: {of: [injury.bruse_single], at_least: 2}", "no kind of record matches 'injury.bruse_single'", 12, 16, 'Did you mean "injury.bruise_single"?'),
    ("count: {of: [weather.*], at_least: 2}", "no kind of record matches 'weather.*'", 12, 16, ""),
    ("count: {at_least: 2}", "`count` has no `of`", 12, 10, "lesson-language.md"),
    ("count: {of: [], at_least: 2}", "`count` has no `of`", 12, 10, "lesson-language.md"),
    ("count: {of: [injury.*]}", "`count` has no `at_least`", 12, 10, "Add `at_least:`"),
    ("count: {of: [injury.*], at_least: 0}", "whole number of at least 1", 12, 37, "at_least: 3"),
    ("count: {of: [injury.*], at_least: two}", "whole number of at least 1", 12, 37, "at_least: 3"),
    ("count: {of: [injury.*], at_least: 2.5}", "whole number of at least 1", 12, 37, "at_least: 3"),
    ("count: {of: [injury.*], at_least: 2, within: a while}", "should be a length of time", 12, 48, "12 months"),
    ("count: {of: [injury.*], at_least: 2, within: 12}", "should be a length of time", 12, 48, "12 months"),
    ("count: {of: [injury.*], at_least: 2, within: 5 working days}", "should be a length of time", 12, 48, "12 months"),
    ("count: {of: [injury.*], at_least: 2, within: 0 days}", "can never be met", 12, 48, "between 1 day and 120 years"),
    ("count: {of: [injury.*], at_least: 2, within: 130 years}", "can never be met", 12, 48, "between 1 day and 120 years"),
    ("count: {of: [injury.*], at_least: 2, withn: 5 days}", "does not have a key `withn`", 12, 40, 'Did you mean "within"?'),
    ("count: {of: [injury.*], at_least: 2, about: brothers}", "`about` does not know 'brothers'", 12, 47, ""),
    ("count: {of: [injury.*], at_least: 2, distinct: {sectors: 3}}", "3 different sectors cannot come from 2 records", 12, 50, "Raise `at_least`"),
    ("count: {of: [injury.*], at_least: 2, distinct: {sectors: 1}}", "whole number of at least 2", 12, 60, "sectors: 3"),
    ("count: {of: [injury.*], at_least: 2, distinct: {moods: 2}}", "does not have a key `moods`", 12, 51, ""),
    ("count: {of: [injury.*], at_least: 2, covered_by: [polcie]}", "`covered_by` does not know 'polcie'", 12, 53, 'Did you mean "police"?'),
    ("count: {of: [injury.*], at_least: 2, where: {sector: [polcie]}}", "`sector` does not know 'polcie'", 12, 57, 'Did you mean "police"?'),
    ("count: {of: [injury.*], at_least: 2, where: {agency: [wizard]}}", "`agency` does not know 'wizard'", 12, 57, ""),
    ("count: {of: [injury.*], at_least: 2, where: {nature: [concerned]}}", "`nature` does not know 'concerned'", 12, 57, 'Did you mean "concern"?'),
    ("count: {of: [injury.*], at_least: 2, where: {dimension: [moral]}}", "`dimension` does not know 'moral'", 12, 60, ""),
    ("count: {of: [injury.*], at_least: 2, where: {informant: [mohter]}}", "`informant` does not know 'mohter'", 12, 60, 'Did you mean "mother"?'),
    ("count: {of: [injury.*], at_least: 2, where: {seen: perhaps}}", "`seen` is true or false", 12, 54, "Write `seen: true`"),
    ("count: {of: [injury.*], at_least: 2, where: {dimension: [education]}}", "no kind of record passes these filters", 12, 47, "Widen `of`"),
    ("count: {of: [injury.*], at_least: 2, where: {measure: {stones: {at_least: 2}}}}", "no measure 'stones'", 12, 66, ""),
    ("count: {of: [injury.*], at_least: 2, where: {measure: {kg: {at_least: heavy}}}}", "`at_least` should be a number", 12, 73, "at_least: 5"),
    ("count: {of: [injury.*], at_least: 2, where: {measure: {kg: {at_least: .nan}}}}", "`at_least` should be a number", 12, 73, "at_least: 5"),
    ("count: {of: [injury.*], at_least: 2, where: {values: {mechansim: [burn]}}}", "mechansim", 12, 0, ""),
    ("count: {of: [injury.*], at_least: 2, where: {values: {parent_alcohol: [perhaps]}}}", "perhaps", 12, 0, ""),
    ("count: {of: [injury.*], at_least: 2, where: {child_age: {from: 2 years, under: 1 year}}}", "ends before it begins", 12, 59, "Make `under` larger"),
    ("count: {of: [injury.*], at_least: 2, where: {child_age: {}}}", "needs `from`, `under` or both", 12, 59, "under: 12 months"),
    ("count: {of: [injury.*], at_least: 2, where: {colour: [red]}}", "does not have a key `colour`", 12, 48, ""),
    ("all: [{count: {of: [injury.*], at_least: 2}}]", "two or more conditions", 12, 8, "starts with a dash"),
    ("any: {count: {of: [injury.*], at_least: 2}}", "two or more conditions", 12, 8, "starts with a dash"),
    ("not: 5", "one word with what belongs to it", 12, 8, "Use exactly one of"),
    ("sequence: {steps: [{of: [injury.*]}]}", "two or more steps", 12, 21, "Add a step, or use `count`"),
    ("sequence: {about: child}", "`sequence` has no `steps`", 12, 13, "Add `steps:`"),
    ("sequence: {steps: [{of: [injury.*], within: 5 days}, {of: [injury.*], within: 5 days}]}", "the first step comes after nothing", 12, 47, "Move `within`"),
    ("sequence: {steps: [{of: [injury.*]}, {of: [injury.*]}]}", "a step has no `within`", 12, 40, "Add `within:`"),
    ("absence: {of: [injury.*], covered_by: [police]}", "`absence` has no `for`", 12, 12, "Add `for:`"),
    ("absence: {of: [injury.*], for: 5 weeks}", "`absence` has no `covered_by`", 12, 12, "Add `covered_by:`"),
    ("absence: {of: [injury.*], for: 5 weeks, since: christmas, covered_by: [police]}", "`since` should be a list of `key: value` lines", 12, 50, ""),
    ("unanswered: {opened_by: {of: [referral.agreed]}, within: 5 days, covered_by: [police]}", "has no `answered_by`", 12, 15, ""),
    ("unanswered: {opened_by: {of: [referral.agreed]}, answered_by: {of: [referral.received]}, within: 5 working weeks, covered_by: [police]}",
     "should be a clock", 12, 100, "5 working days"),
    ("unanswered: {opened_by: {of: [referral.agreed]}, answered_by: {of: [referral.received]}, covered_by: [police]}", "has no `within`", 12, 15, ""),
    ("trend: {measure: kg, of: [measurement.weight], apart: {at_most: 1 year}}", "either falls or rises", 12, 10, "exactly one of"),
    ("trend: {measure: kg, of: [measurement.weight], falls_by: {percent: 3}, rises_by: {percent: 3}, apart: {at_most: 1 year}}",
     "either falls or rises", 12, 10, "exactly one of"),
    ("trend: {measure: kg, of: [measurement.weight], falls_by: {percent: 3, amount: 1, unit: kg}, apart: {at_most: 1 year}}",
     "a share or an amount", 12, 60, "exactly one of"),
    ("trend: {measure: kg, of: [measurement.weight], falls_by: {amount: 1, unit: stone}, apart: {at_most: 1 year}}",
     "the unit of kg is kg, not stone", 12, 60, "Write `unit: kg`"),
    ("trend: {measure: kg, of: [measurement.weight], falls_by: {amount: 1}, apart: {at_most: 1 year}}", "not missing", 12, 60, "Write `unit: kg`"),
    ("trend: {measure: kgs, of: [measurement.weight], falls_by: {percent: 3}, apart: {at_most: 1 year}}", "does not know 'kgs'", 12, 20, ""),
    ("trend: {measure: kg, of: [measurement.weight], falls_by: {percent: -3}, apart: {at_most: 1 year}}", "number greater than 0", 12, 70, "percent: 5"),
    ("trend: {measure: kg, of: [measurement.weight], falls_by: {percent: .inf}, apart: {at_most: 1 year}}", "should be a number", 12, 70, "percent: 5"),
    ("trend: {measure: kg, of: [measurement.weight], falls_by: {percent: 3}, apart: {at_least: 2 years, at_most: 1 year}}",
     "`at_least` is longer than `at_most`", 12, 81, "Swap them"),
    ("trend: {measure: kg, of: [measurement.weight], falls_by: {percent: 3}}", "has no `apart`", 12, 10, "Add `apart:`"),
    ("state: {age: {under: 1 year}, lives_in: [Northmoor]}", "exactly one of `age`, `fact`, `adult` and `lives_in`", 12, 10, "two parts of an `all`"),
    ("state: {}", "exactly one of", 12, 10, "two parts of an `all`"),
    ("state: {fact: on_child_protection_plans}", "does not know 'on_child_protection_plans'", 12, 17, 'Did you mean "on_child_protection_plan"?'),
    ("state: {fact: parent_alcohol}", "does not know 'parent_alcohol'", 12, 17, ""),
    ("state: {adult: {relation: [sibling]}}", "does not know 'sibling'", 12, 30, ""),
    ("state: {adult: {}}", "has no `relation`", 12, 18, "Add `relation:`"),
    ("contradiction: {fact: on_child_protection_plan}", "does not know 'on_child_protection_plan'", 12, 25, ""),
    ("contradiction: {within: 5 days}", "has no `fact`", 12, 18, "Add `fact:`"),
    ("contradiction: {fact: parent_alcohol, distinct: {sectors: 2}}", "a contradiction is between two records", 12, 0, ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("condition", "why", "line", "column", "cure"),
    FAULTS,
    ids=[f"{i:02}-{f[1][:40]}" for i, f in enumerate(FAULTS)],
)
def test_a_planted_fault_is_found_where_it_is_with_its_cure(
    condition: str, why: str, line: int, column: int, cure: str
) -> None:
    lesson, faults = read(with_condition(condition))
    assert lesson is None
    assert why in " | ".join(fault.why for fault in faults)
    fault = next(fault for fault in faults if why in fault.why)
    assert (fault.file, fault.line) == ("two-burns/lesson.yaml", line)
    assert fault.column == column or not column
    assert fault.do
    assert cure in fault.do
    assert f"line {line}, column" in str(fault)


DOCUMENT_FAULTS = [
    ("id: two-burns", "id: Two Burns", "not a plain slug", "small letters", 1),
    ("version: 1", "version: one", "whole number", "version: 3", 2),
    ("version: 1", "version: 99999999999", "so many versions", "up to 10,000", 2),
    ("title: Two burns\n", "", "has no `title`", "Add `title:`", 1),
    ("title: Two burns", "title: 5", "should be words", "quotes", 3),
    ("{from: 2026-11-22}", "{from: soon}", "is not a day", "2026-11-22", 4),
    ("{from: 2026-11-22}", "{from: 2026-13-22}", "is not a day", "2026-11-22", 4),
    ("{from: 2026-11-22}", "{from: 2026-11-22, to: 2026-01-01}", "ends before it begins", "Correct one", 4),
    ("nations: [england]", "nations: [narnia]", "does not know 'narnia'", "", 5),
    ("nations: [england]", "nations: []", "has no `nations`", "", 1),
    ("owner: {role: safeguarding partnership, name: Learning lead}", "owner: us", "should be a list of `key: value`", "", 6),
    ("    finding: wf2\n", "", "has no `finding`", "Add `finding:`", 8),
    ('"{count} injuries', '"{number} injuries', "names 'number'", "It may name", 0),
    ('"{count} injuries', '"{count injuries', "", "", 0),
    ('"{count} injuries', '"{} injuries', "names ''", "It may name", 0),
    ('"{count} injuries', '"{count.__class__} injuries', "names 'count.__class__'", "It may name", 0),
    ('"{count} injuries', '"{date:d} injuries', "", "", 16),
    ('"{count} injuries', '"{count:>99999999} injuries', "", "", 16),
    ('"{count} injuries', '"{agencies!z} injuries', "", "", 16),
    ("by: duty social worker", "by: wizard", "does not know 'wizard'", "", 0),
    ("  clock: 1 working day\n", "", "has no `clock`", "", 0),
    ("known_false_alarms: [A clumsy child.]", "known_false_alarms: []", "has no `known_false_alarms`", "", 1),
    ("other_explanations: [A lively child.]", "other_explanations: [5]", "list of words", "", 0),
    ("title: Two burns", "title: Two burns\ncolour: red", "does not have a key `colour`", "", 4),
    ("title: Two burns", "title: Two burns\ntitle: Three", "stands twice", "Mend the file", 4),
    ("title: Two burns", "title: &t Two burns", "anchors and aliases", "Mend the file", 3),
    ("title: Two burns", "title: !x Two burns", "tags", "Mend the file", 3),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "why", "cure", "line"), DOCUMENT_FAULTS)
def test_a_fault_of_the_document(old: str, new: str, why: str, cure: str, line: int) -> None:
    assert LESSON.count(old) == 1
    lesson, faults = read(LESSON.replace(old, new))
    assert lesson is None
    fault = next(fault for fault in faults if why in fault.why)
    assert fault.do
    assert cure in fault.do
    assert fault.line == line or not line
    assert fault.column >= 1


def test_all_faults_of_a_file_are_listed_at_once_in_order() -> None:
    text = with_condition(
        "all:\n- count: {of: [injury.bruse_single], at_least: 0}\n- state: {age: {under: never}}\n- pray: {}"
    )
    text = text.replace("version: 1", "version: one").replace("nations: [england]", "nations: [narnia]")
    _, faults = read(text)
    assert [(f.line, f.column) for f in faults] == sorted((f.line, f.column) for f in faults)
    assert [f.line for f in faults] == [2, 5, 13, 13, 14, 15]


def test_an_unknown_kind_suggests_a_near_one_and_only_if_there_is_one() -> None:
    near = read(with_condition("count: {of: [domestic_abuse.incidnet], at_least: 1}"))[1][0]
    assert near.do == 'Did you mean "domestic_abuse.incident"?'
    far = read(with_condition("count: {of: [qqqqqqqq], at_least: 1}"))[1][0]
    assert "Did you mean" not in far.do


def test_a_condition_of_a_thousand_nested_nodes_is_one_fault_and_quick() -> None:
    began = time.monotonic()
    lesson, faults = read(LESSON.replace(CONDITION, "  " + "{not: " * 1000 + "{}" + "}" * 1000 + "\n"))
    assert lesson is None
    assert len(faults) == 1
    assert "levels inside each other" in faults[0].why
    assert time.monotonic() - began < 1


def test_a_condition_of_too_many_parts_is_said_once() -> None:
    many = "all:\n" + "- count: {of: [injury.*], at_least: 1}\n" * (MOST_PARTS + 50)
    _, faults = read(with_condition(many))
    assert [f.why for f in faults] == [f"the condition has more than {MOST_PARTS} parts"]


@pytest.mark.parametrize(
    "text",
    ["", "just words", "- a\n- b", "5", "{}", "condition: 5", "a: \ud800", "a: \0", "condition: {count: []}"],
)
def test_nothing_that_a_file_may_hold_is_a_traceback(text: str) -> None:
    lesson, faults = read(text)
    assert lesson is None
    assert faults
    assert all(fault.line >= 1 and fault.column >= 1 and fault.why and fault.do for fault in faults)


# -- what a good condition becomes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "unit", "days"),
    [
        (10, "day", 10),
        (6, "week", 42),
        (1, "month", 30),
        (6, "month", 182),
        (12, "month", 365),
        (2, "year", 730),
    ],
)
def test_a_year_is_365_days_and_a_month_a_twelfth(number: int, unit: str, days: int) -> None:
    assert days_in(number, unit) == days


def test_a_count_becomes_its_node() -> None:
    count = condition_of(
        "count: {of: [injury.burn, injury.sc*], about: household, at_least: 3, within: 2 weeks, distinct: {days: 2, sectors: 2},"
        " where: {agency: [gp], sector: [hospital, police], informant: [child], values: {mechanism: [iron]}, measure: {kg: {at_most: 9}}, child_age: {under: 1 year}}}"
    )
    assert isinstance(count, Count)
    assert (count.about, count.at_least, count.within) == (Scope.HOUSEHOLD, 3, 14 * DAY)
    assert dict(count.distinct) == {Distinct.SECTORS: 2, Distinct.DAYS: 2}
    wanted = count.selection
    assert {"injury.burn", "injury.scald"} <= wanted.kinds
    assert (wanted.agency_kinds, wanted.sectors) == ({"gp"}, {"hospital", "police"})
    assert wanted.informants == {"child"}
    assert wanted.values == (("mechanism", frozenset({"iron"})),)
    assert wanted.measures == (NumberRange("kg", None, 9.0),)
    assert wanted.child_age == AgeRange(0, 365 * DAY)
    assert count.covered_by == ("hospital", "police")


def test_defaults() -> None:
    count = condition_of("count: {of: [injury.burn], at_least: 1}")
    assert isinstance(count, Count)
    assert (count.about, count.within, count.distinct) == (Scope.CHILD, None, ())
    assert set(count.covered_by) == set(vocabulary().kinds["injury.burn"].sectors)
    sequence = condition_of("sequence: {steps: [{of: [injury.*]}, {of: [injury.*], within: 5 days}]}")
    assert isinstance(sequence, Sequence)
    assert sequence.remembered == 5 * DAY
    trend = condition_of(
        "trend: {measure: kg, of: [measurement.weight], falls_by: {percent: 3}, apart: {at_most: 9 days}}"
    )
    assert isinstance(trend, Trend)
    assert (trend.remembered, trend.apart, trend.rises, trend.percent) == (9 * DAY, (0, 9 * DAY), False, 3.0)


def test_the_other_atoms_become_their_nodes() -> None:
    absence = condition_of(
        "absence: {of: ['*'], for: 5 weeks, since: {of: [housing.move]}, covered_by: [police]}"
    )
    assert isinstance(absence, Absence)
    assert absence.since is not None
    assert (absence.since.kinds, absence.lasting, absence.covered_by) == (
        {"housing.move"},
        35 * DAY,
        ("police",),
    )
    since_birth = condition_of("absence: {of: ['*'], for: 5 weeks, since: birth, covered_by: [police]}")
    assert isinstance(since_birth, Absence)
    assert since_birth.since is None
    waiting = "unanswered: {{opened_by: {{of: [referral.agreed]}}, answered_by: {{of: [referral.received]}}, within: {0}, covered_by: [police]}}"
    clocks = [
        (node.within, node.remembered)
        for text in ("5 working days", "1 working day", "2 weeks")
        if isinstance(node := condition_of(waiting.format(text)), Unanswered)
    ]
    assert clocks == [(Clock(5, True), None), (Clock(1, True), None), (Clock(14), None)]
    assert condition_of("state: {age: {from: 1 day}}") == AgeState(AgeRange(DAY, None))
    assert condition_of("state: {lives_in: [Northmoor, Southvale]}") == LivesInState(
        frozenset({"Northmoor", "Southvale"})
    )
    assert condition_of("state: {adult: {relation: [lodger], arrived_within: 2 weeks}}") == AdultState(
        frozenset({"lodger"}), 14 * DAY
    )
    fact = condition_of("state: {fact: on_child_protection_plan, about: siblings}")
    assert isinstance(fact, FactState)
    assert (fact.about, "child_protection.plan_ended" in fact.closed_by.kinds) == (Scope.SIBLINGS, True)
    clash = condition_of("contradiction: {fact: parent_alcohol, about: carers, distinct: {agencies: 2}}")
    assert isinstance(clash, Contradiction)
    assert (clash.different_agencies, clash.within, clash.about) == (True, None, Scope.CARERS)


def test_logic_becomes_its_nodes() -> None:
    age, living = "state: {age: {under: 1 year}}", "state: {lives_in: [Northmoor]}"
    logic = condition_of(f"all:\n- not: {{{age}}}\n- unless: {{{age}}}\n- any: [{{{living}}}, {{{living}}}]")
    assert isinstance(logic, All)
    assert [type(part).__name__ for part in logic.parts] == [Not.__name__, Unless.__name__, "Any"]


# -- a lesson in words -----------------------------------------------------------------------------------------------------


def test_a_lesson_says_what_it_looks_for_in_plain_words() -> None:
    lesson, _ = read(LESSON)
    assert lesson
    words = describe(lesson)
    for said in (
        "Two burns",
        "at least 2 records about the child within 12 months",
        "Speak with each other.",
        "A lively child.",
        "One account.",
        "A clumsy child.",
    ):
        assert said in words


EVERY_NODE = """
all:
  - count: {of: ["*"], where: {seen: true, values: {parent_alcohol: ["yes"]}, measure: {kg: {at_least: 2}}, child_age: {from: 1 day, under: 2 years}}, about: carers, at_least: 3, within: 12 months, distinct: {sectors: 2}}
  - sequence: {about: household, steps: [{of: [injury.*]}, {of: [health.was_not_brought], within: 6 weeks}]}
  - absence: {of: [contact.child_seen], for: 26 weeks, covered_by: [health_visiting]}
  - absence: {of: [contact.child_seen], for: 26 weeks, since: {of: [housing.move]}, covered_by: [health_visiting]}
  - unanswered: {opened_by: {of: [referral.agreed]}, answered_by: {of: [referral.received]}, within: 5 working days, covered_by: [childrens_social_care]}
  - trend: {measure: kg, of: [measurement.weight], falls_by: {percent: 3}, apart: {at_least: 8 weeks, at_most: 18 months}}
  - trend: {measure: kg, of: [measurement.weight], rises_by: {amount: 3, unit: kg}, apart: {at_most: 18 months}}
  - any: [{state: {age: {under: 5 years}}}, {state: {age: {from: 5 years}}}]
  - state: {fact: on_child_protection_plan}
  - state: {adult: {relation: [partner_of_parent], arrived_within: 12 months}}
  - state: {lives_in: [Northmoor]}
  - not: {contradiction: {fact: parent_alcohol, about: carers, within: 24 months}}
  - unless: {state: {lives_in: [Eastvale]}}
"""


def test_every_node_has_words() -> None:
    lesson, faults = read(with_condition(EVERY_NODE))
    assert not faults, [str(fault) for fault in faults]
    assert lesson
    words = describe(lesson)
    for said in (
        "from 2 different sectors", "one after the other", "for 182 days since birth", "working days", "falls by 3 per cent", "rises by 3 kg",
        "under 5 years old", "on a child protection plan", "arrived within 12 months", "lives in Northmoor", "known not to be so", "not on record",
        "say different things", "those who care for the child now",
    ):  # fmt: skip
        assert said in words, said
    assert "{" not in words
    assert "None" not in words
