"""Replays of small chronologies: what is walked, until when, and what each agency could see alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.spec.spec_pages import condition_of
from wholechild.patterns.intervals import Reason, Why
from wholechild.patterns.language.lesson import Lesson, NextStep
from wholechild.patterns.replay import FAULTY, NOT_ATTRIBUTED, NOT_RECORDED, Replay, ReplayMatch, replay
from wholechild.records.feeds.chronology import ParsedChronology, read_chronology

HEAD = """
case: {id: made-up, title: A made-up case, region: Northmoor}
people:
  - {id: child, role: the child, born: 2008-05-10}
  - {id: mother, role: mother}
  - {id: partner, role: mother's partner}
  - {id: older_sibling, role: older sister}
outcome: {died: 2012-03-03}
events:
"""


def chronology(*events: str, head: str = HEAD) -> ParsedChronology:
    return read_chronology(
        (head + "".join(f"  - {{{event}}}\n" for event in events)).encode(), name="made-up.yaml"
    )


def event(
    date: str, agency: str = "gp", about: str = "child", kind: str = "injury.burn", more: str = ""
) -> str:
    return f"date: {date}, agency: {agency}, about: [{about}], kind: {kind}" + (f", {more}" if more else "")


def lesson(condition: object, name: str = "l", nation: str = "england") -> Lesson:
    step = NextStep("Speak with each other.", "social_worker", "1 working day")
    return Lesson(
        name,
        1,
        name,
        date(2026, 1, 1),
        None,
        (nation,),
        "o",
        (),
        condition_of(condition),
        "{count} by {agencies}",
        step,
        ("a",),
        ("b",),
        ("c",),
    )


BURNS = lesson({"count": {"of": ["injury.*"], "at_least": 2, "within": "100 days"}})
TWO_SECTORS = lesson(
    {"count": {"of": ["injury.*"], "at_least": 2, "within": "100 days", "distinct": {"sectors": 2}}}
)


def held(found: Replay) -> list[tuple[str, str | None]]:
    return [(m.held_from.isoformat(), m.held_to.isoformat() if m.held_to else None) for m in found.matches]


def test_two_agencies_see_together_what_neither_sees_alone() -> None:
    found = replay(chronology(event("2011-02-01"), event("2011-02-10", "hospital_ed")), [BURNS])
    (match,) = found.matches
    assert (match.held_from, match.held_to) == (date(2011, 2, 11), None)
    assert match.days_before_outcome == (date(2012, 3, 3) - date(2011, 2, 11)).days == 386
    assert match.alone == {"gp/Northmoor": None, "hospital_ed/Northmoor": None}
    assert match.needed_more_than_one
    assert (
        match.explanation.sentence
        == "2 by GP practice (Northmoor) and Hospital emergency department (Northmoor)"
    )
    assert [o.agency for o in match.observations] == ["gp/Northmoor", "hospital_ed/Northmoor"]


def test_an_agency_that_could_see_it_alone_but_later() -> None:
    found = replay(
        chronology(event("2011-02-01"), event("2011-02-10", "hospital_ed"), event("2011-03-01")), [BURNS]
    )
    (match,) = found.matches
    assert match.alone == {"gp/Northmoor": date(2011, 3, 2), "hospital_ed/Northmoor": None}
    assert match.needed_more_than_one


def test_an_agency_that_could_see_it_alone_as_early() -> None:
    found = replay(chronology(event("2011-02-01"), event("2011-02-10")), [BURNS])
    (match,) = found.matches
    assert match.alone == {"gp/Northmoor": date(2011, 2, 11)}
    assert not match.needed_more_than_one


def test_one_of_two_that_could_see_it_as_early_means_that_one_was_enough() -> None:
    events = [event("2011-02-01"), event("2011-02-10"), event("2011-02-10", "hospital_ed")]
    (match,) = replay(chronology(*events), [BURNS]).matches
    assert match.alone["gp/Northmoor"] == match.held_from
    assert not match.needed_more_than_one


def test_alone_means_the_family_that_this_agency_knew_too() -> None:
    """The police know the partner's violence, and only the health visitor has written that he belongs to the child."""
    violence = lesson({"count": {"of": ["offence.*"], "about": "carers", "at_least": 1}})
    found = replay(
        chronology(
            event("2010-02-01", "police", "partner", "offence.violence_by_carer"),
            event("2011-02-10", "health_visiting", "partner, mother, child", "contact.home_visit"),
        ),
        [violence],
    )
    (match,) = found.matches
    assert match.held_from == date(2011, 2, 11)
    assert match.alone == {"police/Northmoor": None}


def test_a_vague_date_counts_from_the_end_of_its_period() -> None:
    found = replay(chronology(event("2011-02-01"), event("2011-03", "hospital_ed")), [BURNS])
    assert held(found) == [("2011-04-01", None)]


def test_as_known_at_is_the_end_of_that_day() -> None:
    told = chronology(event("2011-02-01"), event("2011-02-10", "hospital_ed"))
    assert held(replay(told, [BURNS], as_known_at=date(2011, 2, 10))) == []
    assert held(replay(told, [BURNS], as_known_at=date(2011, 2, 11))) == [("2011-02-11", None)]
    later = replay(told, [BURNS], as_known_at=date(2011, 12, 31))
    assert held(later) == [("2011-02-11", "2011-05-12")]
    assert later.as_known_at == date(2011, 12, 31)


@pytest.mark.parametrize("cut", ["2011-02-05", "2011-02-15", "2011-03-15", "2011-06-30", "2011-09-01"])
def test_as_known_at_is_the_same_as_never_having_had_what_was_learnt_later(cut: str) -> None:
    """Also of the family: a tie that a later record shows is not known before it."""
    events = [
        ("2010-12-01", event("2010-12-01", "police", "partner, older_sibling", "domestic_abuse.incident")),
        ("2011-02-01", event("2011-02-01")), ("2011-02-10", event("2011-02-10", "hospital_ed", "mother, child")),
        ("2011-03-01", event("2011-03-01", "police", "partner, mother", "domestic_abuse.incident")),
        ("2011-06-01", event("2011-06-01", "health_visiting", "partner, child", "contact.home_visit")),
        ("2011-08-01", event("2011-08-01", "police", "older_sibling, mother", "domestic_abuse.incident")),
        ("2011-12-31", event("2009", "police", "partner, older_sibling", "domestic_abuse.incident", more="date_to: 2011")),
    ]  # fmt: skip
    at = date.fromisoformat(cut)
    lessons = [
        BURNS, lesson({"count": {"of": ["domestic_abuse.*"], "about": "household", "at_least": 1}}, "household"),
        lesson({"count": {"of": ["domestic_abuse.*"], "about": "carers", "at_least": 2}}, "carers"),
        lesson({"count": {"of": ["domestic_abuse.*"], "about": "siblings", "at_least": 1}}, "siblings"),
        lesson({"state": {"adult": {"relation": ["partner_of_parent"], "arrived_within": "1 year"}}}, "adult"),
    ]  # fmt: skip
    whole = replay(chronology(*(e for _, e in events)), lessons, as_known_at=at)
    then = replay(
        chronology(*(e for known, e in events if date.fromisoformat(known) < at)), lessons, as_known_at=at
    )
    assert [(m.lesson.id, *rest) for m, rest in zip(whole.matches, held(whole), strict=True)] == [
        (m.lesson.id, *rest) for m, rest in zip(then.matches, held(then), strict=True)
    ]
    assert [m.observations for m in whole.matches] == [m.observations for m in then.matches]


def test_when_a_partner_arrived_is_not_read_from_what_was_learnt_later() -> None:
    early = event("2010-06-01", "health_visiting", "partner, mother, child", "contact.home_visit")
    late = event("2009", "police", "partner, older_sibling", "domestic_abuse.incident", more="date_to: 2011")
    new = lesson({"state": {"adult": {"relation": ["partner_of_parent"], "arrived_within": "1 year"}}})
    at = date(2010, 9, 1)
    assert held(replay(chronology(early), [new], as_known_at=at)) == [("2010-06-02", None)]
    assert held(replay(chronology(early, late), [new], as_known_at=at)) == [("2010-06-02", None)]


def test_without_a_day_it_walks_through_the_day_on_which_the_last_record_is_known() -> None:
    assert replay(chronology(event("2011-01-03")), [BURNS]).as_known_at == date(2011, 1, 4)
    assert replay(chronology(event("2011-06-03")), [BURNS]).as_known_at == date(2011, 6, 4)


def test_what_nobody_wrote_down_is_walked_only_when_asked_for() -> None:
    told = chronology(event("2011-02-01"), event("2011-02-10", "school", more="missed: not_recorded"))
    assert held(replay(told, [BURNS])) == []
    assert replay(told, [BURNS]).left_out == {NOT_RECORDED: 1}
    asked = replay(told, [BURNS], as_if_recorded=True)
    assert held(asked) == [("2011-02-11", None)]
    assert asked.left_out == {}


def test_what_was_recorded_but_not_shared_or_recognised_is_always_walked() -> None:
    for missed in ("not_shared", "not_recognised"):
        told = chronology(event("2011-02-01"), event("2011-02-10", "school", more=f"missed: {missed}"))
        assert held(replay(told, [BURNS])) == [("2011-02-11", None)]


def test_what_the_source_gives_to_no_agency_is_walked_only_when_asked_for() -> None:
    told = chronology(event("2011-02-01"), event("2011-02-10", "not_stated"))
    assert held(replay(told, [BURNS])) == []
    assert replay(told, [BURNS]).left_out == {NOT_ATTRIBUTED: 1}
    assert held(replay(told, [BURNS], with_unattributed=True)) == [("2011-02-11", None)]


def test_even_then_an_unnamed_source_is_no_second_sector() -> None:
    told = chronology(event("2011-02-01"), event("2011-02-10", "not_stated"))
    assert held(replay(told, [TWO_SECTORS], with_unattributed=True)) == []


def test_lines_that_could_not_be_read_are_counted() -> None:
    found = replay(chronology(event("2011-02-01"), event("2031-13-02")), [BURNS])
    assert found.left_out == {FAULTY: 1}


def test_silence_cannot_be_told_because_a_chronology_has_no_coverage() -> None:
    unseen = lesson(
        {
            "absence": {
                "of": ["*"],
                "where": {"seen": True},
                "for": "1 year",
                "covered_by": ["health_visiting"],
            }
        }
    )
    found = replay(
        chronology(event("2010-02-01"), event("2011-06-10", kind="contact.no_access_visit")), [unseen]
    )
    assert found.matches == ()
    assert {doubt.reasons for doubt in found.cannot_tell} == {(Reason(Why.NOT_CONNECTED, "health_visiting"),)}
    assert found.cannot_tell[-1].end is None


def test_matches_stand_in_order_of_their_first_day() -> None:
    late = lesson({"count": {"of": ["health.*"], "at_least": 1}}, "a-late-one")
    found = replay(
        chronology(
            event("2011-02-01"), event("2011-02-10"), event("2011-03-01", kind="health.was_not_brought")
        ),
        [late, BURNS],
    )
    assert [m.lesson.id for m in found.matches] == ["l", "a-late-one"]


def test_without_an_outcome_there_are_no_days_before_it() -> None:
    head = HEAD.replace("outcome: {died: 2012-03-03}\n", "")
    (match,) = replay(chronology(event("2011-02-01"), event("2011-02-10"), head=head), [BURNS]).matches
    assert match.days_before_outcome is None


def test_each_nation_has_its_own_calendar_alone_too() -> None:
    """The same unanswered promise, opened before Christmas, in two nations' lessons of one replay."""

    def opened(nation: str) -> Lesson:
        waiting = {
            "unanswered": {
                "opened_by": {"of": ["referral.agreed"]},
                "answered_by": {"of": ["referral.received"]},
                "within": "5 working days",
                "covered_by": ["childrens_social_care"],
            }
        }
        return lesson(waiting, nation, nation)

    told = chronology(event("2011-12-22", kind="referral.agreed"), event("2012-01-20"))
    found = replay(told, [opened("england"), opened("scotland")])
    assert [(d.lesson.id, d.start.isoformat()) for d in found.cannot_tell] == [
        ("england", "2012-01-04"),
        ("scotland", "2012-01-05"),
    ]


def test_two_spells_are_two_matches_and_alone_is_the_agencys_first() -> None:
    short = replace(
        BURNS, condition=condition_of({"count": {"of": ["injury.*"], "at_least": 1, "within": "10 days"}})
    )
    found = replay(chronology(event("2011-02-01"), event("2011-04-01")), [short])
    assert held(found) == [("2011-02-02", "2011-02-11"), ("2011-04-02", None)]
    assert [m.alone for m in found.matches] == [{"gp/Northmoor": date(2011, 2, 2)}] * 2


def test_needed_more_than_one_needs_two_and_none_as_early() -> None:
    def match(**alone: date | None) -> ReplayMatch:
        return ReplayMatch(BURNS, date(2011, 2, 1), None, None, None, (), alone)  # type: ignore[arg-type]

    early, late = date(2011, 1, 1), date(2011, 3, 1)
    assert match(a=None, b=None).needed_more_than_one
    assert match(a=late, b=None).needed_more_than_one
    assert not match(a=early, b=None).needed_more_than_one
    assert not match(a=date(2011, 2, 1), b=None).needed_more_than_one
    assert not match(a=None).needed_more_than_one
