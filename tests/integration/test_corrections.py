"""Corrections and withdrawals: what was known when, and what is known now."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from tests.databases import AT
from tests.feeds import as_csv, person, record

pytestmark = pytest.mark.usefixtures("rolled_back")
DAYS = [AT + timedelta(days=n) for n in range(6)]


def known(at: datetime, subject: str = "P-1") -> list[str]:
    """What the records about somebody said, as known at a moment."""
    from wholechild.records.ids import identity_id
    from wholechild.records.queries import records_filed_under
    from wholechild.trust.viewers import system

    identity = identity_id("health_visiting/Northmoor", subject)
    records = [sent.record for sent in records_filed_under(system("test"), [identity])]
    following = {(r.reference, r.version - 1): r.learnt_at for r in records}
    return sorted(
        r.what for r in records
        if r.learnt_at <= at and (r.withdrawn_at is None or at < r.withdrawn_at)
        and at < following.get((r.reference, r.version), datetime.max.replace(tzinfo=AT.tzinfo)) and subject in r.about
    )  # fmt: skip


def withdraw(report: Any, at: datetime, salts: Any) -> None:
    from wholechild.records.actions import withdraw_delivery

    withdraw_delivery(
        by="tester", purpose="data_quality", at=at, delivery=report.delivery, why="wrong export", salts=salts
    )


def test_a_correction_replaces_from_when_it_was_learnt(deliver: Any) -> None:
    deliver("1.csv", as_csv([person(), record(what="left arm")]), at=DAYS[0])
    deliver("2.csv", as_csv([record(what="right arm")]), at=DAYS[2])
    assert [known(day) for day in DAYS[:4]] == [["left arm"], ["left arm"], ["right arm"], ["right arm"]]


def test_a_correction_that_moves_a_record_to_somebody_else_leaves_nothing_behind(deliver: Any) -> None:
    deliver("1.csv", as_csv([person("P-1"), person("P-2"), record(subject="P-1", what="bruise")]), at=DAYS[0])
    deliver("2.csv", as_csv([record(subject="P-2", what="bruise")]), at=DAYS[1])
    assert (known(DAYS[0], "P-1"), known(DAYS[0], "P-2")) == (["bruise"], [])
    assert (known(DAYS[1], "P-1"), known(DAYS[1], "P-2")) == ([], ["bruise"])


def test_what_is_withdrawn_is_no_longer_known_and_still_was(deliver: Any, salts: Any) -> None:
    report = deliver("1.csv", as_csv([person(), record(what="left arm")]), at=DAYS[0])
    withdraw(report, DAYS[2], salts)
    assert [known(day) for day in DAYS[:4]] == [["left arm"], ["left arm"], [], []]


def test_withdrawing_a_correction_gives_back_what_it_corrected(deliver: Any, salts: Any) -> None:
    deliver("1.csv", as_csv([person(), record(what="left arm")]), at=DAYS[0])
    second = deliver("2.csv", as_csv([record(what="right arm")]), at=DAYS[1])
    withdraw(second, DAYS[3], salts)
    assert [known(day) for day in DAYS[:5]] == [
        ["left arm"],
        ["right arm"],
        ["right arm"],
        ["left arm"],
        ["left arm"],
    ]


def test_a_withdrawn_delivery_may_be_sent_again(deliver: Any, salts: Any) -> None:
    text = as_csv([person(), record(what="left arm")])
    withdraw(deliver("1.csv", text, at=DAYS[0]), DAYS[1], salts)
    again = deliver("1.csv", text, at=DAYS[3])
    assert (again.rows_in, again.loaded) == (2, 2)
    assert [known(day) for day in DAYS[:5]] == [["left arm"], [], [], ["left arm"], ["left arm"]]


def test_people_of_a_withdrawn_delivery_are_undeclared_again(deliver: Any, salts: Any) -> None:
    withdraw(deliver("people.csv", as_csv([person()]), at=DAYS[0]), DAYS[1], salts)
    report = deliver("records.csv", as_csv([record()]), at=DAYS[2])
    assert (report.loaded, report.quarantined) == (0, 1)


def test_a_delivery_is_withdrawn_once(deliver: Any, salts: Any) -> None:
    from wholechild.records.actions import NoSuchDelivery

    report = deliver("1.csv", as_csv([person()]))
    withdraw(report, DAYS[1], salts)
    with pytest.raises(NoSuchDelivery, match="withdrawn before"):
        withdraw(report, DAYS[2], salts)


def test_the_commands(deliver: Any, wholechild: Any) -> None:
    report = deliver("1.csv", as_csv([person(), record("V-1"), record("V-2", kind="no.such")]))
    listed = wholechild("quarantine", "list")
    assert "no kind of record" in listed.output
    held = listed.output.split()[0]
    assert "no.such" in wholechild("quarantine", "show", held).output
    assert (
        wholechild(
            "quarantine", "resolve", held, "--set-aside", "sent by mistake", "--by", "tester"
        ).exit_code
        == 0
    )
    assert "No row is held back" in wholechild("quarantine", "list").output
    assert "health_visiting/Northmoor" in wholechild("coverage").output
    assert report.delivery in wholechild("coverage", "--deliveries", "--json").output
    assert (
        wholechild("undo-delivery", report.delivery, "--why", "wrong export", "--by", "tester").exit_code == 0
    )
    assert wholechild("undo-delivery", report.delivery, "--why", "again", "--by", "tester").exit_code == 1
    assert wholechild("verify").exit_code == 0


def test_an_agency_was_last_heard_by_what_was_not_withdrawn(deliver: Any, salts: Any) -> None:
    from wholechild.records.queries import last_heard
    from wholechild.trust.viewers import system

    agency = "health_visiting/Northmoor"
    deliver("1.csv", as_csv([person(), record("V-1")]), at=DAYS[0])
    later = deliver("2.csv", as_csv([record("V-2")]), at=DAYS[2])
    deliver("3.csv", as_csv([record("V-2")]) + "\n", at=DAYS[3])
    assert last_heard(system("test")) == {agency: DAYS[2]}
    withdraw(later, DAYS[4], salts)
    assert last_heard(system("test")) == {agency: DAYS[0]}


def test_a_death_that_an_agency_tells_of_is_known_of_the_child(deliver: Any) -> None:
    from wholechild.lib.civil import day_start
    from wholechild.patterns.queries import histories
    from wholechild.people.models import Link
    from wholechild.trust.viewers import system

    deliver("1.csv", as_csv([person(role="child", died="2026-01-20"), record()]), at=DAYS[0], link=True)
    child = Link.objects.get().person
    (history,) = histories(system("test"), [child], DAYS[1])
    assert history.died == day_start(date(2026, 1, 20))
