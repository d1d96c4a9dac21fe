"""As records arrive and days pass: what changed is queued with the change, and a worker brings the matches up to it."""

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
    moment,
    note,
    violence,
)

NOW, NEXT, LATER = moment("2026-03-02"), moment("2026-03-11"), moment("2026-03-25")


def jobs() -> list[tuple[str, str, dict[str, Any]]]:
    """(task, status, arguments) of all that is queued, in order."""
    from procrastinate.contrib.django.models import ProcrastinateJob

    return list(ProcrastinateJob.objects.order_by("id").values_list("task_name", "status", "args"))


def open_now(at: Any) -> list[str]:
    from wholechild.patterns.queries import open_matches

    return sorted(match.lesson for match in open_matches(at))


# -- the queue ---------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("rolled_back")
def test_each_change_queues_one_job_that_carries_places_in_the_ledger_and_nothing_else(deliver: Any) -> None:
    from wholechild.people.actions import take_back_link
    from wholechild.people.models import Link
    from wholechild.records.actions import withdraw_delivery
    from wholechild.trust.models import LedgerLeaf

    report = deliver("1.ndjson", TWO_AGENCIES, at=NOW, link=True)
    take_back_link(at=NEXT, link=Link.objects.filter(evidence="exact_agreement")[0], why="a twin", **EVERYONE)
    withdraw_delivery(at=LATER, delivery=report.delivery, why="sent in error", **EVERYONE)
    kinds = []
    for task, status, args in jobs():
        assert (task, status, set(args)) == ("wholechild.news", "todo", {"first", "last"})
        leaves = LedgerLeaf.objects.filter(seq__gte=args["first"], seq__lte=args["last"])
        kinds.append({leaf.fact_kind for leaf in leaves})
    assert kinds == [{"delivery"}, {"link"}, {"unlink"}, {"link"}, {"withdrawal"}]


@pytest.mark.usefixtures("rolled_back")
def test_what_nobody_has_to_act_on_queues_nothing(deliver: Any) -> None:
    from wholechild.trust.actions import appoint

    appoint(at=NOW, user="x", role="teacher", agency="school/Northmoor/Elm", authority="a test", **EVERYONE)
    deliver("1.ndjson", TWO_AGENCIES, at=NOW, link=True)
    before = jobs()
    note(NOW, JOINED)
    assert jobs() == before


@pytest.mark.usefixtures("own_database")
def test_a_change_that_is_rolled_back_queues_nothing(deliver: Any) -> None:
    from django.db import transaction

    with transaction.atomic():
        deliver("1.ndjson", TWO_AGENCIES, at=NOW)
        assert len(jobs()) == 1
        transaction.set_rollback(True)
    assert jobs() == []


# -- the worker --------------------------------------------------------------------------------------------------------


@pytest.fixture
def worker(own_database: Any, wholechild: Callable[..., Any]) -> Callable[[str], dict[str, Any]]:
    """Run `wholechild worker --once` at a moment, with the lessons of this page; gives what it says."""

    def run(day: str) -> dict[str, Any]:
        result = wholechild("worker", "--once", "--now", f"{day}T09:00:00", "--json")
        assert result.exit_code == 0, result.output
        said: dict[str, Any] = json.loads(result.stdout)
        return said

    return run


@pytest.fixture(autouse=True)
def two_lessons(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wholechild.patterns.queries.lessons_in_force", lambda viewer, at: (JOINED, BRUISED))


def compare(wholechild: Callable[..., Any], day: str) -> tuple[int, Any]:
    result = wholechild("match", "--verify", "--now", f"{day}T09:00:00", "--json")
    return result.exit_code, json.loads(result.stdout)


def test_what_arrives_is_worked_off_and_compares_equal(deliver: Any, worker: Any, wholechild: Any) -> None:
    deliver("1.ndjson", TWO_AGENCIES, at=NOW, link=True)
    code, said = compare(wholechild, "2026-03-02")
    assert (code, said["waiting"], len(said["differences"])) == (3, 2, 3)
    said = worker("2026-03-02")
    assert (said["begun"], said["failed"]) == (2, 0)
    assert open_now(NOW) == ["bruised", "joined"]
    assert jobs() == []
    code, said = compare(wholechild, "2026-03-02")
    assert (code, said) == (0, {"ok": True, "children": 1, "waiting": 0, "differences": []})


def test_a_timer_fires_on_its_day_and_a_late_worker_catches_up(
    deliver: Any, worker: Any, wholechild: Any
) -> None:
    deliver("1.ndjson", TWO_AGENCIES, at=NOW, link=True)
    worker("2026-03-02")
    code, said = compare(wholechild, "2026-03-05")
    assert (code, [d["lesson"] for d in said["differences"]]) == (3, ["bruised", ""])
    assert worker("2026-03-25") == {"children": 1, "begun": 0, "changed": 0, "ended": 1, "failed": 0}
    assert compare(wholechild, "2026-03-25")[0] == 0
    assert worker("2026-03-25")["children"] == 0


def test_what_began_and_ended_while_no_worker_ran_is_noted_and_closed(deliver: Any, worker: Any) -> None:
    """A bruise of 1 February is in view for 30 days from then, and was learnt on the first of March: two days are left."""
    from wholechild.patterns.models import Match, MatchChange

    deliver("1.ndjson", TWO_AGENCIES, at=moment("2026-03-01"), link=True)
    worker("2026-03-25")
    match = Match.objects.get(lesson="bruised")
    assert MatchChange.objects.get(match=match.pk).is_open is False
    assert open_now(LATER) == ["joined"]


def test_a_job_that_fails_stays_and_is_tried_again(
    deliver: Any, wholechild: Any, worker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver("1.ndjson", TWO_AGENCIES, at=NOW, link=True)
    with monkeypatch.context() as broken:
        broken.setattr("wholechild.patterns.actions.spells_of", lambda *_: 1 / 0)
        result = wholechild("worker", "--once", "--now", "2026-03-02T09:00:00", "--json")
    assert result.exit_code == 3
    assert "failed (ZeroDivisionError), and is tried again" in result.stderr
    assert {status for _, status, _ in jobs()} == {"todo"}
    assert open_now(NOW) == []


def test_a_job_whose_worker_died_is_taken_over(deliver: Any, worker: Any, as_superuser: Any) -> None:
    deliver("1.ndjson", TWO_AGENCIES, at=NOW, link=True)
    as_superuser.execute(
        "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '2 minutes')"
    )
    as_superuser.execute(
        "UPDATE procrastinate_jobs SET status = 'doing', worker_id = (SELECT max(id) FROM procrastinate_workers)"
    )
    assert worker("2026-03-02")["begun"] == 2
    assert jobs() == []


def test_work_done_twice_notes_nothing_twice(deliver: Any, worker: Any) -> None:
    from wholechild.trust.actions import hand_on
    from wholechild.trust.outbox import NEWS
    from wholechild.trust.queries import head, verify

    deliver("1.ndjson", TWO_AGENCIES, at=NOW, link=True)
    worker("2026-03-02")
    leaves = head().leaves
    from django.db import transaction

    with transaction.atomic():
        for _ in range(2):
            hand_on(by="tester", purpose="match", at=NOW, task=NEWS, first=1, last=leaves)
    said = worker("2026-03-02")
    assert (said["children"], said["begun"], said["changed"], said["ended"]) == (2, 0, 0, 0)
    assert head().leaves == leaves
    assert verify().ok


def test_many_children_are_handed_on_in_batches(
    deliver: Any, worker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wholechild.patterns.actions.AT_ONCE", 1)
    ida = {"given_name": "Ida", "family_name": "Elsewhere", "born": "2020-01-01", "nhs_number": "9990000026"}
    rows = [
        *FROM_POLICE, *FROM_HOSPITAL, {**FROM_POLICE[0], **ida, "reference": "K-2"}, {**FROM_HOSPITAL[0], **ida, "reference": "P-2"},
        violence("L-2", subject="K-2"), bruise("E-2", subject="P-2"),
    ]  # fmt: skip
    deliver("1.ndjson", as_ndjson(rows), at=NOW, link=True)
    said = worker("2026-03-02")
    assert (said["begun"], said["failed"]) == (4, 0)
    assert jobs() == []


# -- what is noted -----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("rolled_back")
def test_a_match_that_was_closed_by_mistake_is_opened_again(deliver: Any) -> None:
    """A delivery is withdrawn by mistake and sent again, as learnt when it was written: then it was never otherwise."""
    from wholechild.patterns.models import Match, MatchChange
    from wholechild.records.actions import withdraw_delivery

    written = {"written_at": "2026-02-02T10:00:00Z"}
    rows = [{**row, **written} for row in (*FROM_POLICE, *FROM_HOSPITAL)]
    sent = deliver("1.ndjson", as_ndjson(rows), at=NOW, link=True, learnt_when_written=True)
    note(NOW, JOINED)
    match = Match.objects.get()
    withdraw_delivery(at=NEXT, delivery=sent.delivery, why="a mistake", **EVERYONE)
    assert (note(NEXT, JOINED).ended, open_now(NEXT)) == (1, [])
    deliver("2.ndjson", as_ndjson(rows), at=LATER, learnt_when_written=True)
    noted = note(LATER, JOINED)
    assert (noted.begun, noted.changed, open_now(LATER)) == (0, 1, ["joined"])
    changes = MatchChange.objects.filter(match=match.pk).order_by("number")
    assert [(c.number, c.is_open, c.why) for c in changes] == [
        (1, False, "what is known has changed"),
        (2, True, "it holds after all"),
    ]
    assert set(changes[1].evidence).isdisjoint(match.evidence)


@pytest.mark.usefixtures("rolled_back")
def test_a_match_of_somebody_who_is_nobody_any_more_is_closed(deliver: Any) -> None:
    from wholechild.people.actions import take_back_link
    from wholechild.people.models import Link

    deliver("1.ndjson", TWO_AGENCIES, at=NOW, link=True)
    note(NOW, JOINED)
    person = amy()
    for link in Link.objects.filter(person=person):
        take_back_link(at=NEXT, link=link, why="two children", **EVERYONE)
    assert note(NEXT, JOINED).ended == 1
    assert open_now(NEXT) == []


@pytest.mark.usefixtures("rolled_back")
def test_a_lesson_that_is_no_longer_in_force_closes_its_matches(deliver: Any) -> None:
    from wholechild.patterns.models import MatchChange

    deliver("1.ndjson", TWO_AGENCIES, at=NOW, link=True)
    note(NOW, JOINED)
    note(NEXT, BRUISED)
    assert MatchChange.objects.get().why == "the lesson is no longer in force"
