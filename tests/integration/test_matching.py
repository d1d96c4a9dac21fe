"""What adds up, from the database: noted once, ended when it ends, and on the worklist of those who work with the child."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.feeds import as_ndjson
from tests.integration.worlds import (
    BRUISED,
    EVERYONE,
    FROM_HOSPITAL,
    FROM_POLICE,
    JOINED,
    TWO_AGENCIES,
    amy,
    bruise,
    counts,
    moment,
    note,
    picture_of,
    seat,
    violence,
)  # fmt: skip

pytestmark = pytest.mark.usefixtures("rolled_back")
NOW, NEXT, LATER = moment("2026-03-02"), moment("2026-03-11"), moment("2026-03-25")


def open_now(at: Any) -> list[str]:
    from wholechild.patterns.queries import open_matches

    return [match.lesson for match in open_matches(at)]


# -- joined -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "begun"), [(FROM_POLICE, 0), (FROM_HOSPITAL, 0), ([*FROM_POLICE, *FROM_HOSPITAL], 1)]
)
def test_what_no_agency_sees_alone_adds_up_across_two(
    deliver: Any, rows: list[dict[str, Any]], begun: int
) -> None:
    deliver("1.ndjson", as_ndjson([*rows, {**FROM_HOSPITAL[0], "role": "child"}]), at=NOW, link=True)
    assert note(NOW, JOINED).begun == begun


def test_the_picture_says_who_contributed_and_what_each_would_have_seen(deliver: Any) -> None:
    deliver("1.ndjson", TWO_AGENCIES, at=NOW, link=True)
    (view,) = picture_of(amy(), "2026-03-02", NOW, JOINED).adds_up
    assert sorted(view.agencies) == ["hospital_ed/Eastvale/Royal Infirmary", "police/Northmoor"]
    assert view.alone == {"hospital_ed/Eastvale/Royal Infirmary": None, "police/Northmoor": None}
    assert {evidence.what for evidence in view.evidence} == {"Shouting heard.", "Left arm."}
    assert str(view.held_from) == "2026-03-02"


def test_a_match_keeps_its_evidence_by_id(deliver: Any) -> None:
    from wholechild.patterns.models import Match
    from wholechild.records.models import RecordRow

    deliver("1.ndjson", TWO_AGENCIES, at=NOW, link=True)
    note(NOW, JOINED)
    match = Match.objects.get()
    assert set(match.evidence) == set(RecordRow.objects.values_list("pk", flat=True))
    assert (match.person, match.lesson, match.version) == (amy(), "joined", 1)


# -- noted ------------------------------------------------------------------------------------------------------------


def test_noting_twice_adds_nothing(deliver: Any) -> None:
    deliver("1.ndjson", TWO_AGENCIES, at=NOW, link=True)
    assert (note(NOW, JOINED).begun, open_now(NOW)) == (1, ["joined"])
    before = counts()
    noted = note(NEXT, JOINED)
    assert (noted.begun, noted.ended) == (0, 0)
    assert counts() == before


def test_a_correction_ends_a_match(deliver: Any) -> None:
    deliver("1.ndjson", TWO_AGENCIES, at=NOW, link=True)
    note(NOW, JOINED)
    deliver("2.ndjson", as_ndjson([violence(kind="contact.no_access_visit")]), at=NEXT)
    noted = note(NEXT, JOINED)
    assert (noted.begun, noted.ended, open_now(NEXT)) == (0, 1, [])
    assert open_now(moment("2026-03-10")) == ["joined"]
    assert note(LATER, JOINED).ended == 0


def test_a_match_that_a_withdrawn_correction_gives_back_begins_again(deliver: Any) -> None:
    from wholechild.records.actions import withdraw_delivery

    deliver("1.ndjson", TWO_AGENCIES, at=NOW, link=True)
    note(NOW, JOINED)
    wrong = deliver("2.ndjson", as_ndjson([violence(kind="contact.no_access_visit")]), at=NEXT)
    note(NEXT, JOINED)
    withdraw_delivery(at=LATER, delivery=wrong.delivery, why="sent in error", **EVERYONE)
    assert (note(LATER, JOINED).begun, open_now(LATER)) == (1, ["joined"])


def test_a_match_whose_time_runs_out_is_off_the_list_by_itself(deliver: Any) -> None:
    deliver(
        "1.ndjson",
        as_ndjson([*FROM_POLICE, *FROM_HOSPITAL[:1], bruise(happened="2026-02-15")]),
        at=NOW,
        link=True,
    )
    note(NOW, BRUISED)
    assert open_now(moment("2026-03-10")) == ["bruised"]
    assert open_now(LATER) == []


def test_a_match_that_new_records_prolong_stays_on_the_list(deliver: Any) -> None:
    """The first bruise counts until 17 March; a second one on the tenth prolongs the same spell into April."""
    feed = [*FROM_POLICE, *FROM_HOSPITAL[:1], bruise("E-1", "2026-02-15")]
    deliver("1.ndjson", as_ndjson(feed), at=NOW, link=True)
    assert note(NOW, BRUISED).begun == 1
    deliver("2.ndjson", as_ndjson([bruise("E-2", "2026-03-10")]), at=NEXT)
    note(NEXT, BRUISED)
    note(LATER, BRUISED)
    (view,) = picture_of(amy(), "2026-03-25", LATER, BRUISED).adds_up
    assert view.held_to is None or str(view.held_to) > "2026-03-25"
    assert open_now(LATER) == ["bruised"]


def test_noting_fails_as_a_whole(deliver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import transaction

    deliver("1.ndjson", TWO_AGENCIES, at=NOW, link=True)
    before = counts()
    monkeypatch.setattr("wholechild.patterns.actions.append", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        note(NOW, JOINED)
    assert counts() == before


# -- the worklist ------------------------------------------------------------------------------------------------------


@pytest.fixture
def two_children(deliver: Any) -> tuple[str, str]:
    """Amy and Ida, each with a match. Gives their person ids."""
    ida = {"given_name": "Ida", "family_name": "Elsewhere", "born": "2020-01-01", "nhs_number": "9990000026"}
    rows = [
        *FROM_POLICE, *FROM_HOSPITAL, {**FROM_POLICE[0], **ida, "reference": "K-2"}, {**FROM_HOSPITAL[0], **ida, "reference": "P-2"},
        violence("L-2", subject="K-2"), bruise("E-2", subject="P-2"),
    ]  # fmt: skip
    assert deliver("1.ndjson", as_ndjson(rows), at=NOW, link=True).loaded == len(rows)
    assert note(NOW, JOINED).begun == 2
    return amy(), amy("P-2")


def worklist(viewer: Any) -> list[str]:
    from wholechild.patterns.queries import worklist as listed

    return [item.child_name for item in listed(viewer=viewer, at=NEXT, lessons=[JOINED])]


def test_a_teacher_sees_only_her_own_children(two_children: tuple[str, str]) -> None:
    viewer = seat("ms-oak", "teacher", "school/Northmoor/Oakfield Primary", NOW, teaches=two_children[0])
    assert worklist(viewer) == ["Amy Amble"]


def test_nobody_without_a_relation_sees_anything(two_children: tuple[str, str]) -> None:
    assert worklist(seat("ms-elm", "teacher", "school/Northmoor/Elm", NOW)) == []
    assert worklist(seat("dr-ash", "gp", "gp/Northmoor/Ash", NOW, teaches=two_children[0])) == []


def test_duty_and_oversight_see_all(two_children: tuple[str, str]) -> None:
    duty = seat("sw-1", "duty_social_worker", "childrens_social_care/Northmoor", NOW, duty="*")
    assert sorted(worklist(duty)) == ["Amy Amble", "Ida Elsewhere"]


def test_an_ended_relation_ends_the_view(two_children: tuple[str, str]) -> None:
    from wholechild.trust.actions import end_relation
    from wholechild.trust.models import Relation

    viewer = seat("ms-oak", "teacher", "school/Northmoor/Oakfield Primary", NOW, teaches=two_children[0])
    held = Relation.objects.get(user="ms-oak")
    end_relation(
        at=moment("2026-03-05"), relation=held, ended_id="rel-end", authority="left the school", **EVERYONE
    )
    assert worklist(viewer) == []


# -- the command ---------------------------------------------------------------------------------------------------------


def test_the_command_notes_and_says_how_many(deliver: Any, wholechild: Callable[..., Any]) -> None:
    deliver("1.ndjson", TWO_AGENCIES, at=NOW, link=True)
    result = wholechild("match", "--now", "2026-03-02T10:00:00", "--json")
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert set(said) == {"children", "begun", "changed", "ended"}
    assert said["children"] == 1
    again = json.loads(wholechild("match", "--now", "2026-03-02T10:00:00", "--json").stdout)
    assert (again["begun"], again["ended"]) == (0, 0)
