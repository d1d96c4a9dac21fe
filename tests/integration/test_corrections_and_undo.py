"""Nothing is edited: a correction replaces, a withdrawal gives back, and whoever asks as of before sees what was known then."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from tests.feeds import as_ndjson
from tests.integration.worlds import (
    AMY,
    BRUISED,
    EVERYONE,
    FROM_HOSPITAL,
    HOSPITAL,
    MOTHER,
    VISITOR,
    amy,
    bruise,
    history_of,
    moment,
    picture_of,
    sent,
)  # fmt: skip

pytestmark = pytest.mark.usefixtures("rolled_back")
FIRST, THEN, LAST = "2026-02-02", "2026-02-10", "2026-02-20"


def undo(delivery: str, at: datetime) -> None:
    from wholechild.records.actions import withdraw_delivery

    withdraw_delivery(at=at, delivery=delivery, why="sent in error", **EVERYONE)


def words(day: str) -> list[str]:
    """What the chronology of Amy says in force, as known at the end of a day."""
    picture = picture_of(amy(), day, moment("2026-03-01"))
    return [entry.what for entry in picture.chronology if not entry.superseded] if picture else []


@pytest.fixture
def corrected(deliver: Callable[..., Any]) -> Any:
    deliver("1.ndjson", as_ndjson(FROM_HOSPITAL), at=moment(FIRST), link=True)
    return deliver("2.ndjson", as_ndjson([bruise(what="Right arm.")]), at=moment(THEN), link=True)


def test_a_correction_replaces_from_the_day_on_which_it_is_learnt(corrected: Any) -> None:
    assert words("2026-02-01") == []
    assert words("2026-02-09") == ["Left arm."]
    assert words(THEN) == ["Right arm."]


def test_the_old_version_is_shown_as_replaced_and_stays(corrected: Any) -> None:
    from wholechild.records.models import RecordRow

    picture = picture_of(amy(), THEN, moment(LAST))
    assert [(e.what, e.superseded) for e in picture.chronology] == [
        ("Left arm.", True),
        ("Right arm.", False),
    ]
    assert list(RecordRow.objects.order_by("version").values_list("version", "what")) == [
        (1, "Left arm."), (2, "Right arm."),
    ]  # fmt: skip


def test_a_correction_that_names_somebody_else_leaves_the_first_child(deliver: Callable[..., Any]) -> None:
    ben = sent(HOSPITAL, "person", "P-2", given_name="Ben", family_name="Amble", born="2019-01-01")
    deliver("1.ndjson", as_ndjson([*FROM_HOSPITAL, ben]), at=moment(FIRST), link=True)
    deliver("2.ndjson", as_ndjson([bruise(subject="P-2")]), at=moment(THEN), link=True)
    assert words("2026-02-09") == ["Left arm."]
    assert words(THEN) == []
    assert [e.what for e in picture_of(amy("P-2"), THEN, moment(LAST)).chronology if not e.superseded] == [
        "Left arm."
    ]


def test_an_undone_correction_gives_back_what_it_replaced(corrected: Any) -> None:
    from wholechild.trust.queries import verify

    undo(corrected.delivery, moment(LAST))
    assert words("2026-02-09") == ["Left arm."]
    assert words("2026-02-19") == ["Right arm."]
    assert words(LAST) == ["Left arm."]
    assert verify().ok


def test_an_undone_first_version_leaves_its_correction(deliver: Callable[..., Any]) -> None:
    deliver("1.ndjson", as_ndjson([FROM_HOSPITAL[0]]), at=moment(FIRST), link=True)
    first = deliver("2.ndjson", as_ndjson([bruise()]), at=moment(FIRST))
    deliver("3.ndjson", as_ndjson([bruise(what="Right arm.")]), at=moment(THEN))
    undo(first.delivery, moment(LAST))
    assert (words("2026-02-05"), words(THEN), words(LAST)) == (["Left arm."], ["Right arm."], ["Right arm."])


def test_an_undone_delivery_is_read_by_no_lesson_from_then_on(deliver: Callable[..., Any]) -> None:
    deliver("1.ndjson", as_ndjson([FROM_HOSPITAL[0]]), at=moment(FIRST), link=True)
    report = deliver("2.ndjson", as_ndjson([bruise()]), at=moment(FIRST))
    undo(report.delivery, moment(THEN))
    (match,) = picture_of(amy(), LAST, moment(LAST), BRUISED).adds_up
    assert (str(match.held_from), str(match.held_to)) == (FIRST, THEN)


def test_undoing_a_delivery_of_people_does_not_blind_the_past(deliver: Callable[..., Any]) -> None:
    """As of before the withdrawal the child, her name and her records are there as they were."""
    report = deliver("1.ndjson", as_ndjson(FROM_HOSPITAL), at=moment(FIRST), link=True)
    undo(report.delivery, moment(THEN))
    before = picture_of(amy(), "2026-02-05", moment(LAST))
    assert before is not None
    assert before.name == "Amy Amble"
    assert [entry.what for entry in before.chronology] == ["Left arm."]


def test_a_person_known_from_withdrawn_deliveries_only_is_not_found(deliver: Callable[..., Any]) -> None:
    from wholechild.people.queries import find_people
    from wholechild.trust.viewers import system

    report = deliver("1.ndjson", as_ndjson(FROM_HOSPITAL), at=moment(FIRST), link=True)
    assert find_people(system("search"), "Amy Amble", moment(FIRST)) == [amy()]
    undo(report.delivery, moment(THEN))
    assert find_people(system("search"), "Amy Amble", moment(LAST)) == []


def _tie(relation: str) -> dict[str, Any]:
    return sent(VISITOR, "tie", "T-1", subject="C-1", relation=relation, other="C-2")


def test_undoing_a_corrected_tie_gives_the_old_one_back(deliver: Callable[..., Any]) -> None:
    people = [sent(VISITOR, "person", "C-1", **AMY), sent(VISITOR, "person", "C-2", **MOTHER)]
    deliver("1.ndjson", as_ndjson([*people, _tie("aunt_or_uncle")]), at=moment(FIRST), link=True)
    report = deliver("2.ndjson", as_ndjson([_tie("mother")]), at=moment(THEN))
    undo(report.delivery, moment(LAST))

    def relations(day: str) -> list[str]:
        from wholechild.lib.civil import civil
        from wholechild.people.queries import gather
        from wholechild.trust.viewers import system

        at, person = civil(moment(day)), amy("C-1", VISITOR)
        ties = gather(system("match"), [person], moment(LAST)).family.ties
        return [tie.relation for tie in ties if tie.held.known_from <= at < tie.held.known_to]

    assert relations(FIRST) == ["aunt_or_uncle"]
    assert relations(LAST) == ["aunt_or_uncle"]
    assert relations(THEN) == ["mother"]


def test_a_corrected_coverage_row_replaces_the_first(deliver: Callable[..., Any]) -> None:
    """A feed that turns out to have ended is not live: its silence from then on says nothing."""
    from wholechild.records.queries import coverage_rows
    from wholechild.trust.viewers import system

    live = {**VISITOR, "row": "coverage", "reference": "feed", "from": "2020-01-01"}
    deliver("1.ndjson", as_ndjson([live]), at=moment(FIRST))
    deliver("2.ndjson", as_ndjson([{**live, "to": "2026-01-31"}]), at=moment(THEN))
    assert [feed.live_to for feed in coverage_rows(system("match"))] == [
        datetime.fromisoformat("2026-02-01T00:00:00+00:00")
    ]


def test_a_history_reads_each_record_once_however_often_it_was_corrected(deliver: Callable[..., Any]) -> None:
    deliver("1.ndjson", as_ndjson(FROM_HOSPITAL), at=moment(FIRST), link=True)
    for n, day in enumerate(("2026-02-03", "2026-02-04", "2026-02-05")):
        deliver(f"c{n}.ndjson", as_ndjson([bruise(what=f"Version {n}.")]), at=moment(day))
    spells = sorted((o.learnt, o.forgotten) for o in history_of(amy(), moment(LAST)).observations)
    assert len(spells) == 4
    assert all(end == start for (_, end), (start, _) in zip(spells, spells[1:], strict=False))


@pytest.mark.parametrize(
    ("delivery", "says"), [("del-0000000000000000", "no delivery"), ("", "withdrawn before")]
)
def test_what_cannot_be_undone_is_said_and_leaves_nothing(
    deliver: Callable[..., Any], wholechild: Callable[..., Any], delivery: str, says: str
) -> None:
    from wholechild.trust.models import LedgerLeaf

    report = deliver("1.ndjson", as_ndjson(FROM_HOSPITAL), at=moment(FIRST))
    undo(report.delivery, moment(THEN))
    leaves = LedgerLeaf.objects.count()
    result = wholechild(
        "undo-delivery", delivery or report.delivery, "--why", "x", "--by", "me", "--now", LAST
    )
    assert (result.exit_code, says in result.output) == (1, True)
    assert LedgerLeaf.objects.count() == leaves


def test_the_command_undoes_and_says_what_is_no_longer_read(
    deliver: Callable[..., Any], wholechild: Callable[..., Any]
) -> None:
    report = deliver("1.ndjson", as_ndjson(FROM_HOSPITAL), at=moment(FIRST), link=True)
    result = wholechild(
        "undo-delivery", report.delivery, "--why", "sent in error", "--by", "me", "--now", THEN
    )
    assert result.exit_code == 0
    assert "2 rows are no longer read" in result.output
    (line,) = json.loads(wholechild("coverage", "--deliveries", "--json").stdout)
    assert line["withdrawn_at"].startswith(THEN)
