"""Hand-made families, as they stand in examples.yaml and in the quiet families."""

from __future__ import annotations

from datetime import date

import pytest

from wholechild.lib.civil import DAY, FOREVER, day_start
from wholechild.patterns.families import FamilyDocument, asked_until, read_examples, read_quiet_family
from wholechild.patterns.history import Scope
from wholechild.vocabulary.terms import vocabulary


def example(**parts: str) -> FamilyDocument:
    """A small family with some of its parts replaced."""
    text = {
        "people": "[{id: child, born: 2009-02-11}, {id: mother, relation: mother}]",
        "records": "[{date: 2011-02-01, agency: gp, about: [child], kind: injury.burn}]",
        **parts,
    }
    families, faults = read_examples(
        "- name: n\n  expect: holds\n" + "".join(f"  {k}: {v}\n" for k, v in text.items()), "f"
    )
    assert not faults, [str(fault) for fault in faults]
    return families[0]


def at(text: str) -> int:
    return day_start(date.fromisoformat(text))


def test_a_record_is_known_from_the_end_of_its_period() -> None:
    history = example(records="[{date: 2011-04, agency: gp, about: [child], kind: injury.burn}]").history
    (seen,) = history.observations
    assert (seen.happened_from, seen.happened_to, seen.learnt) == (
        at("2011-04-01"),
        at("2011-05-01"),
        at("2011-05-01"),
    )


def test_unless_it_says_when_it_was_learnt() -> None:
    history = example(
        records="[{date: 2011-04-01, learnt: 2011-05-20, agency: gp, about: [child], kind: injury.burn}]"
    ).history
    assert history.observations[0].learnt == at("2011-05-20")


def test_numbers_are_measures_and_words_are_values() -> None:
    value = "{kg: 12.5, mechanism: radiator, parent_alcohol: no}"
    history = example(
        records=f"[{{date: 2011-04-01, agency: gp, about: [child], kind: injury.burn, value: {value}}}]"
    ).history
    assert history.observations[0].measures == {"kg": 12.5}
    assert history.observations[0].values == {"mechanism": "radiator", "parent_alcohol": "no"}


def test_a_record_stands_where_the_family_lives_unless_it_says_otherwise() -> None:
    records = "[{date: 2011-04-01, agency: gp, about: [child], kind: injury.burn}, {date: 2011-04-02, agency: gp, area: B, about: [child], kind: injury.burn}]"
    assert [o.area for o in example(area="A", records=records).history.observations] == ["A", "B"]


def test_mother_and_child_share_a_home_since_the_pregnancy() -> None:
    people = "[{id: child, born: 2009-02-11}, {id: mother, relation: mother}]"
    records = "[{date: 2008-06-01, agency: gp, about: [mother], kind: injury.burn}, {date: 2008-04-01, agency: gp, about: [mother], kind: injury.burn}]"
    history = example(people=people, records=records).history
    relevant = {history.observations[i].record for i, _ in history.scoped[Scope.HOUSEHOLD]}
    assert relevant == {"rec-001"}  # 280 days before the birth is 7 May 2008
    assert len(history.scoped[Scope.CARERS]) == 2


@pytest.mark.parametrize(
    ("person", "scopes"),
    [
        ("{id: x, relation: lodger}", {"household"}),
        ("{id: x, relation: lodger, lives_with: false}", set()),
        ("{id: x, relation: grandparent}", set()),
        ("{id: x, relation: grandparent, lives_with: true}", {"household"}),
        ("{id: x, relation: partner_of_parent}", {"household", "carers"}),
        ("{id: x, relation: father, lives_with: false}", {"carers"}),
        ("{id: x, relation: sibling}", {"household", "siblings", "carers"}),
        ("{id: x, relation: half_sibling, lives_with: false}", {"siblings", "carers"}),
        ("{id: x, relation: half_sibling, lives_with: false, parents: [x]}", {"siblings"}),
    ],
)
def test_in_which_scopes_a_person_of_the_family_counts(person: str, scopes: set[str]) -> None:
    people = f"[{{id: child, born: 2009-02-11}}, {{id: mother, relation: mother}}, {person}]"
    history = example(
        people=people, records="[{date: 2011-02-01, agency: gp, about: [x], kind: injury.burn}]"
    ).history
    assert {str(scope) for scope, pairs in history.scoped.items() if pairs} == scopes


def test_an_adult_who_came_and_went() -> None:
    people = "[{id: child, born: 2009-02-11}, {id: p, relation: partner_of_parent, from: 2010-05-01, to: 2010-09-30, known: 2010-06-10}]"
    (adult,) = example(people=people).history.adults
    assert (adult.lived_from, adult.lived_to, adult.known_from) == (
        at("2010-05-01"),
        at("2010-10-01"),
        at("2010-06-11"),
    )


def test_coverage_all_none_and_listed() -> None:
    sectors = {kind.sector for kind in vocabulary().agency_kinds.values() if kind.attributable}
    assert {c.sector for c in example(coverage="all").history.coverage} == sectors
    assert example(coverage="none").history.coverage == example().history.coverage == ()
    (police,) = example(coverage="[{sector: police, from: 2010-01-01}]").history.coverage
    assert (police.sector, police.area, police.live_from, police.live_to) == (
        "police",
        "",
        at("2010-01-01"),
        FOREVER,
    )


@pytest.mark.parametrize("learnt", ["2011-01-04", "2011-06-04"])
def test_it_is_asked_about_until_the_day_after_the_last_record_is_known(learnt: str) -> None:
    family = example(
        records=f"[{{date: 2010-12-01, learnt: {learnt}, agency: gp, about: [child], kind: injury.burn}}]"
    )
    assert asked_until(family) == at(learnt) + 2 * DAY


def test_until_is_the_last_day_asked_about() -> None:
    assert asked_until(example(until="2012-01-01")) == at("2012-01-02")


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"people": "[{id: mother, relation: mother}]"}, "nobody in the family is the child"),
        ({"people": "[{id: child}, {id: x, relation: pirate}]"}, "does not know 'pirate'"),
        (
            {"people": "[{id: child}, {id: x, relation: sibling, parents: [gran]}]"},
            "'gran' is not one of the people",
        ),
        ({"people": "[{id: child, hair: red}]"}, "does not have a key `hair`"),
        (
            {"records": "[{date: 2031-13-02, agency: gp, about: [child], kind: injury.burn}]"},
            "not a day of the calendar",
        ),
        (
            {"records": "[{date: 2011-02-01, agency: gp, about: [child], kind: injury.burnt}]"},
            "no kind 'injury.burnt'",
        ),
        (
            {"records": "[{date: 2011-02-01, agency: wizard, about: [child], kind: injury.burn}]"},
            "no kind of agency 'wizard'",
        ),
        (
            {"records": "[{date: 2011-02-01, agency: gp, about: [ghost], kind: injury.burn}]"},
            "'ghost' is not one of the people",
        ),
        ({"records": "[{agency: gp, about: [child], kind: injury.burn}]"}, "has no `date`"),
        (
            {"records": "[{date: 2011-02-01, agency: gp, about: [child], kind: injury.burn, count: 0}]"},
            "whole number of at least 1",
        ),
        ({"coverage": "[{sector: wizards, from: 2010}]"}, "does not know 'wizards'"),
        ({"until": "soon"}, "is not a date"),
        ({"colour": "blue"}, "does not have a key `colour`"),
    ],
)
def test_every_fault_of_a_family_says_where_and_what_to_do(parts: dict[str, str], why: str) -> None:
    text = {
        "people": "[{id: child}]",
        "records": "[{date: 2011-02-01, agency: gp, about: [child], kind: injury.burn}]",
        **parts,
    }
    families, faults = read_examples(
        "- name: n\n  expect: holds\n" + "".join(f"  {k}: {v}\n" for k, v in text.items()), "f"
    )
    assert families == ()
    fault = next(fault for fault in faults if why in fault.why)
    assert fault.line >= 1
    assert fault.column >= 1
    assert fault.do


def test_one_bad_family_does_not_hide_the_good_one() -> None:
    good = "- {name: a, expect: holds, people: [{id: child}], records: [{date: 2011, agency: gp, about: [child], kind: injury.burn}]}\n"
    families, faults = read_examples(good + good.replace("child}]", "ann}]"), "f")
    assert [family.name for family in families] == ["a"]
    assert {fault.line for fault in faults} == {2}


def test_a_quiet_family_tells_its_story_and_expects_nothing() -> None:
    text = "title: A lively child\nstory: Runs everywhere.\npeople: [{id: child, born: 2009}]\nrecords: [{date: 2011-02-01, agency: gp, about: [child], kind: injury.burn}]\n"
    family, faults = read_quiet_family(text, "f")
    assert not faults
    assert (family.name, family.story, family.expect) == ("A lively child", "Runs everywhere.", "")
    _, faults = read_quiet_family(text + "expect: holds\n", "f")
    assert [fault.why for fault in faults] == ["the family does not have a key `expect`"]
