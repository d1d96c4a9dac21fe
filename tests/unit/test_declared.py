"""The family of a published chronology: what its records show, and from when."""

from __future__ import annotations

from wholechild.lib.civil import DAY, FOREVER, day_start, parse_period
from wholechild.people.declared import declared_family
from wholechild.people.family import BEGINNING, Family
from wholechild.records.facts import Record
from wholechild.records.feeds.chronology import DeclaredPerson, read_chronology

PEOPLE = """
  - {id: child, role: the child, born: 2008-05-10}
  - {id: mother, role: mother}
  - {id: father, role: "father, living elsewhere"}
  - {id: partner, role: mother's partner}
  - {id: older_sibling, role: older sister, born: 2005}
  - {id: grandmother, role: maternal grandmother}
  - {id: teacher_a, role: class teacher}
  - {id: mystery, role: "zzz"}
"""


def family(events: str, people: str = PEOPLE) -> tuple[str, Family, list[Record]]:
    text = f"case: {{id: made-up, region: Northmoor}}\npeople:{people}events:\n{events}"
    parsed = read_chronology(text.encode(), name="made-up.yaml")
    assert not parsed.faults, parsed.faults
    records = [event.record for event in parsed.events]
    child, around = declared_family(parsed.people, records)
    return child, around, records


def event(date: str, about: str, kind: str = "injury.burn", agency: str = "gp") -> str:
    return f"  - {{date: {date}, agency: {agency}, about: [{about}], kind: {kind}}}\n"


def at(day: str) -> int:
    return day_start(parse_period(day).first)


def test_the_child_is_the_one_whose_role_says_so() -> None:
    assert family(event("2010-01-01", "child"))[0] == "child"


def test_a_tie_is_known_from_the_first_record_that_names_the_two_together() -> None:
    _, around, _ = family(
        event("2009-03-01", "mother")
        + event("2010-01-01", "child, mother")
        + event("2011-01-01", "child, mother")
    )
    (mother,) = around.carers_of("child")
    assert (mother.person, mother.relation, mother.held.known_from) == ("mother", "mother", at("2010-01-02"))
    assert (mother.held.began, mother.held.ended) == (BEGINNING, FOREVER)


def test_people_whom_no_record_names_together_are_not_known_to_belong() -> None:
    _, around, _ = family(event("2010-01-01", "child") + event("2010-01-01", "mother"))
    assert around.carers_of("child") == ()
    assert around.lived_with("child") == ()


def test_a_vague_record_makes_a_tie_known_only_at_its_end() -> None:
    _, around, _ = family(event("2010", "child, mother"))
    assert around.carers_of("child")[0].held.known_from == at("2011-01-01")


def test_a_sibling_belongs_by_way_of_a_parent() -> None:
    _, around, _ = family(event("2010-01-01", "child, mother") + event("2010-03-01", "mother, older_sibling"))
    known = {r.held.known_from for r in around.siblings_of("child")}
    assert min(known) == at("2010-03-02")
    assert [r.person for r in around.cared_for_by("mother")] == ["child", "older_sibling"]


def test_a_partner_lives_there_from_when_a_record_first_shows_it_and_parents_always_did() -> None:
    _, around, _ = family(event("2009-01-01", "child, mother") + event("2010-06-01", "mother, partner"))
    adults = {a.person: a.held for a in around.adults_in_home("child")}
    pregnancy = at("2008-05-10") - 280 * DAY
    assert adults["mother"].began == pregnancy
    assert (adults["partner"].began, adults["partner"].known_from) == (at("2010-06-01"), at("2010-06-02"))


def test_a_father_who_lives_elsewhere_cares_but_does_not_live_there() -> None:
    _, around, _ = family(event("2009-01-01", "child, father"))
    assert [r.person for r in around.carers_of("child")] == ["father"]
    assert around.lived_with("child") == ()


def test_a_grandmother_and_a_teacher_neither_care_nor_live_there() -> None:
    _, around, _ = family(event("2009-01-01", "child, grandmother, teacher_a"))
    assert around.carers_of("child") == ()
    assert around.lived_with("child") == ()
    assert {tie.relation for tie in around.ties} == {"grandparent", "professional"}


def test_a_role_that_says_nothing_makes_no_tie() -> None:
    _, around, _ = family(event("2009-01-01", "child, mystery"))
    assert around.ties == ()


def test_a_sibling_who_goes_to_live_elsewhere_leaves_the_home_and_the_care() -> None:
    _, around, _ = family(
        event("2009-01-01", "child, mother, older_sibling")
        + event("2010-03-05", "older_sibling", "placement.foster", "childrens_social_care")
    )
    (home,) = [r for r in around.lived_with("child") if r.person == "older_sibling"]
    assert home.held.ended == at("2010-03-06")
    (care,) = [r for r in around.cared_for_by("mother") if r.person == "older_sibling"]
    assert care.held.ended == at("2010-03-06")


def test_the_family_that_one_agency_knew_is_smaller() -> None:
    events = event("2009-01-01", "child, mother", agency="gp") + event(
        "2009-01-01", "mother, partner", agency="police"
    )
    _, whole, records = family(events)
    _, own = declared_family(
        [
            DeclaredPerson("child", "the child", None, 1),
            DeclaredPerson("mother", "mother", None, 2),
            DeclaredPerson("partner", "mother's partner", None, 3),
        ],
        [r for r in records if r.agency.kind == "gp"],
    )
    assert {r.person for r in whole.carers_of("child")} == {"mother", "partner"}
    assert {r.person for r in own.carers_of("child")} == {"mother"}
