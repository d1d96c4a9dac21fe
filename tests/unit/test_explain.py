"""A match in plain words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.spec.spec_pages import condition_of, history_of
from wholechild.lib.civil import day_start, parse_period
from wholechild.patterns.explain import (
    explain,
    joined,
    say_age,
    say_agency,
    say_measure,
    say_reason,
    say_record,
)
from wholechild.patterns.history import ChildHistory
from wholechild.patterns.intervals import Reason, Why
from wholechild.patterns.language.lesson import Lesson, NextStep
from wholechild.patterns.library import engine_for
from wholechild.vocabulary.terms import vocabulary

TWO_BURNS = {"count": {"of": ["injury.*"], "at_least": 2, "within": "10 days"}}


def history(records: str, **more: str) -> ChildHistory:
    return history_of({"records": records, **more})


def lesson(explanation: str, condition: object = TWO_BURNS) -> Lesson:
    start = parse_period("2026").first
    step = NextStep("Speak with each other.", "social_worker", "1 working day")
    return Lesson(
        "l",
        1,
        "L",
        start,
        None,
        ("england",),
        "o",
        (),
        condition_of(condition),
        explanation,
        step,
        ("a",),
        ("b",),
        ("c",),
    )


def at(day: str) -> int:
    return day_start(parse_period(day).first)


BURNS = """
day        | agency      | kind        | count
2011-02-03 | hospital_ed | injury.burn | 1
2011-02-01 | gp          | injury.burn | 2
"""


def test_the_sentence_is_filled_from_the_evidence() -> None:
    told = explain(
        lesson("{count} burns, by {agencies}, {first} to {last}; said on {date}, aged {age}."),
        engine_for(history(BURNS, born="2009-02-01")), at("2011-02-05"),
    )  # fmt: skip
    assert told.sentence == (
        "3 burns, by GP practice (Northmoor) and Hospital emergency department (Northmoor), 1 February 2011 to "
        "3 February 2011; said on 5 February 2011, aged 2 years."
    )
    assert told.agencies == ("gp/Northmoor", "hospital_ed/Northmoor")


def test_evidence_stands_in_order_of_knowledge_and_holds_only_what_counts_then() -> None:
    around = history(BURNS + "2011-01-01 | gp | injury.burn | 1\n2011-02-09 | gp | injury.burn | 1\n")
    told = explain(lesson("x"), engine_for(around), at("2011-02-05"))
    assert [around.observations[i].record for i in told.evidence] == ["r2", "r1"]


def test_a_sentence_begins_with_a_capital() -> None:
    assert explain(lesson("two burns"), engine_for(history(BURNS)), at("2011-02-05")).sentence == "Two burns"


def test_what_could_not_be_told_in_a_part_is_said_beside_the_match() -> None:
    condition = {
        "any": [TWO_BURNS, {"count": {"of": ["health.was_not_brought"], "at_least": 1, "within": "40 days"}}]
    }
    around = history(BURNS + "2011-01 | gp | health.was_not_brought | 1\n")
    engine = engine_for(around)
    assert explain(lesson("x", condition), engine, at("2011-02-09")).could_not_tell == ()
    assert explain(lesson("x", condition), engine, at("2011-02-10")).could_not_tell == (
        Reason(Why.VAGUE_DATE, "r3"),
    )


def test_a_match_without_records_still_has_a_sentence() -> None:
    told = explain(lesson("{count} on {first}, {last}, {agencies}", {"state": {"age": {"under": "1 year"}}}),
                   engine_for(history("", born="2011-01-01")), at("2011-02-05"))  # fmt: skip
    assert told.sentence == "0 on 5 February 2011, 5 February 2011, "
    assert told.evidence == ()


def test_a_record_is_said_with_its_agency_its_date_and_its_numbers() -> None:
    around = history(
        "day | agency | unit | kind | with | count\n2011-02 | school | Oakfield | measurement.weight | kg=14.8 | 2\n"
    )
    (seen,) = around.observations
    title = vocabulary().kinds["measurement.weight"].title.lower()
    assert say_record(seen) == f"Oakfield (Northmoor), February 2011: {title} (2 times), weight 14.8 kg"


@pytest.mark.parametrize(
    ("agency", "said"),
    [
        ("gp/Northmoor", "GP practice (Northmoor)"),
        ("school/Northmoor/Oakfield Primary", "Oakfield Primary (Northmoor)"),
        ("police", "Police"),
        ("unheard_of/X", "unheard_of (X)"),
    ],
)
def test_agencies_in_words(agency: str, said: str) -> None:
    assert say_agency(agency) == said


def test_measures_in_words() -> None:
    assert say_measure("kg", 14.8) == "weight 14.8 kg"
    assert say_measure("unheard_of", 3) == "unheard_of 3"


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (Reason(Why.NOT_CONNECTED, "police"), "Police is not connected"),
        (Reason(Why.BIRTH_UNKNOWN), "exact date of birth"),
        (
            Reason(Why.VAGUE_DATE, "r1"),
            "too vague to count for certain: GP practice (Northmoor), 1 February 2011",
        ),
        (Reason(Why.TIE_UNSURE, "r1"), "not clear who lived with the child when this happened"),
        (Reason(Why.VAGUE_DATE, "gone"), "not clear enough"),
    ],
)
def test_every_reason_is_a_sentence(reason: Reason, said: str) -> None:
    sentence = say_reason(reason, history("day | kind\n2011-02-01 | injury.burn\n"))
    assert said in sentence
    assert sentence.endswith(".")


@pytest.mark.parametrize(
    ("born", "at_day", "said"),
    [
        ("2011-01-01", "2010-12-01", "not yet born"),
        ("2011-01-01", "2011-01-02", "1 day"),
        ("2011-01-01", "2011-02-12", "6 weeks"),
        ("2011-01-01", "2011-12-31", "11 months"),
        ("2011-01-01", "2012-12-31", "23 months"),
        ("2011-01-01", "2014-02-01", "3 years"),
    ],
)
def test_ages_in_words(born: str, at_day: str, said: str) -> None:
    assert say_age(history("", born=born), at(at_day)) == said


def test_an_age_that_nobody_knows() -> None:
    assert say_age(replace(history(""), born=None), at("2011-01-01")) == "not known"


@pytest.mark.parametrize(
    ("words", "said"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_lists_in_words(words: list[str], said: str) -> None:
    assert joined(words) == said
