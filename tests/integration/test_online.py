"""As records arrive and days pass: what changed is queued with the change, and a worker brings the matches up to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.feeds import as_ndjson
from tests.integration.worlds import (
    AMY,
    BRUISED,
    EVERYONE,
    FROM_HOSPITAL,
    FROM_POLICE,
    JOINED,
    MOTHER,
    TWO_AGENCIES,
    VISITOR,
    amy,
    bruise,
    moment,
    note,
    sent,
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
    for command in ("worker", "match"):
        monkeypatch.setattr(f"wholechild.cli.{command}.in_force", lambda at: (JOINED, BRUISED))


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


def test_where_other_lessons_run_everybody_is_asked_anew(
    deliver: Any, worker: Any, wholechild: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A decision begins, or a version ends: nobody has recorded anything, and what is noted follows all the same."""
    from wholechild.patterns.models import MatchChange
    from wholechild.patterns.noting import RETIRED

    deliver("1.ndjson", TWO_AGENCIES, at=NOW, link=True)
    worker("2026-03-02")
    with monkeypatch.context() as decided:
        for command in ("worker", "match"):
            decided.setattr(f"wholechild.cli.{command}.in_force", lambda at: (JOINED,))
        assert compare(wholechild, "2026-03-02")[0] == 3
        assert worker("2026-03-02")["ended"] == 1
        assert open_now(NOW) == ["joined"]
        assert MatchChange.objects.get().why == RETIRED
        assert compare(wholechild, "2026-03-02")[0] == 0
        assert worker("2026-03-02")["children"] == 0
    assert worker("2026-03-02")["changed"] == 1
    assert open_now(NOW) == ["bruised", "joined"]


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
        broken.setattr("wholechild.patterns.actions.to_note", lambda *_, **__: 1 / 0)
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


# -- whom a change concerns ----------------------------------------------------------------------------------------------

BEN = {"given_name": "Ben", "family_name": "Amble", "born": "2018-04-01", "nhs_number": "9990000026"}
MARY = {**MOTHER, "nhs_number": "9990000034"}
CRAIG = {"given_name": "Craig", "family_name": "Dun", "born": "1990-01-01", "nhs_number": "9990000042"}


def visited(row: str, reference: str, **more: Any) -> dict[str, Any]:
    return sent(VISITOR, row, reference, **more)


#: Amy and Ben share a mother; Craig lives with Amy. Each step of two leads from one of them to a child.
FAMILY = [
    *(visited("person", f"C-{n}", **who) for n, who in enumerate((AMY, MARY, BEN, CRAIG), 1)),
    visited("tie", "T-1", subject="C-1", relation="mother", other="C-2"),
    visited("tie", "T-2", subject="C-3", relation="mother", other="C-2"),
    visited("residence", "R-1", subject="C-1", household="H-1"),
    visited("residence", "R-4", subject="C-4", household="H-1"),
]


@pytest.fixture
def concerned(deliver: Any) -> Callable[[Callable[[], Any]], set[str]]:
    """Which children (`C-1` is Amy, `C-3` Ben) an act concerns, of the family, whose first delivery is worked off."""
    from wholechild.patterns.queries import children_concerned
    from wholechild.trust.queries import head

    deliver("family.ndjson", as_ndjson(FAMILY), at=NOW, link=True)
    names = {amy(reference, VISITOR): reference for reference in ("C-1", "C-3")}

    def by(act: Callable[[], Any]) -> set[str]:
        before = head().leaves
        act()
        return {names.get(person, person) for person in children_concerned(before + 1, head().leaves)}

    return by


def about(who: str, reference: str = "X-1", **more: Any) -> dict[str, Any]:
    return visited(
        "record", reference, **{"kind": "health.seen", "happened": "2026-02-10", "subject": who, **more}
    )


@pytest.mark.usefixtures("rolled_back")
@pytest.mark.parametrize(
    ("who", "whom"),
    [("C-1", {"C-1", "C-3"}), ("C-2", {"C-1", "C-3"}), ("C-3", {"C-1", "C-3"}), ("C-4", {"C-1", "C-3"})],
)
def test_a_record_concerns_every_child_two_steps_away(
    concerned: Any, deliver: Any, who: str, whom: set[str]
) -> None:
    """Craig is two steps from Ben, by the home and by the mother; nobody is further than that here."""
    assert concerned(lambda: deliver("2.ndjson", as_ndjson([about(who)]), at=NEXT)) <= whom
    assert concerned(lambda: deliver("3.ndjson", as_ndjson([about(who, "X-2")]), at=NEXT)) >= (
        {"C-1"} if who == "C-4" else whom
    )


@pytest.mark.usefixtures("rolled_back")
def test_a_correction_that_moves_a_record_concerns_whom_it_leaves(concerned: Any, deliver: Any) -> None:
    stranger = visited("person", "C-9", given_name="Joe", family_name="Other", born="1980-01-01")
    deliver("2.ndjson", as_ndjson([stranger, about("C-1")]), at=NOW, link=True)
    assert "C-1" in concerned(lambda: deliver("3.ndjson", as_ndjson([about("C-9")]), at=NEXT))


@pytest.mark.usefixtures("rolled_back")
def test_a_withdrawal_concerns_whom_the_delivery_named(concerned: Any, deliver: Any) -> None:
    from wholechild.records.actions import withdraw_delivery

    report = deliver("2.ndjson", as_ndjson([about("C-3")]), at=NOW)
    act = lambda: withdraw_delivery(at=NEXT, delivery=report.delivery, why="a test", **EVERYONE)  # noqa: E731
    assert concerned(act) == {"C-1", "C-3"}


@pytest.mark.usefixtures("rolled_back")
def test_a_split_concerns_whom_it_leaves(concerned: Any) -> None:
    """Amy's identity becomes somebody of its own: the Amy from whom it was taken is evaluated too, as is her brother."""
    from wholechild.patterns.models import Match
    from wholechild.people.actions import take_back_link
    from wholechild.people.models import Link

    before = amy("C-1", VISITOR)
    Match(
        id="match-1", salt=b"0" * 16, person=before, lesson="joined", version=1, held_from=0, holds_until=None, sentence="x",
        evidence=[], agencies=[], raised_at=NOW,
    ).save(force_insert=True)  # fmt: skip
    link = Link.objects.get(person=before)
    found = concerned(lambda: take_back_link(at=NEXT, link=link, why="a test", **EVERYONE))
    assert {"C-1", "C-3", amy("C-1", VISITOR)} <= found


@pytest.mark.usefixtures("rolled_back")
def test_a_split_concerns_the_family_of_whom_it_leaves(concerned: Any, deliver: Any) -> None:
    """What the police know under Amy's name, and under no tie, is no longer about Ben's sister."""
    from wholechild.people.actions import take_back_link
    from wholechild.people.models import Link

    deliver("2.ndjson", as_ndjson(FROM_POLICE), at=NOW, link=True)
    link = Link.objects.get(evidence="exact_agreement")
    assert {"C-1", "C-3"} <= concerned(lambda: take_back_link(at=NEXT, link=link, why="a test", **EVERYONE))


@pytest.mark.usefixtures("rolled_back")
def test_a_link_concerns_whom_a_record_names_beside_the_linked(concerned: Any, deliver: Any) -> None:
    from wholechild.people.actions import link_new_identities

    stranger = visited("person", "C-9", given_name="Joe", family_name="Other", born="1980-01-01")
    deliver("2.ndjson", as_ndjson([stranger, about("C-1", also_about=["C-9"])]), at=NOW)
    assert "C-1" in concerned(lambda: link_new_identities(at=NEXT, **EVERYONE))


@pytest.mark.usefixtures("rolled_back")
def test_coverage_concerns_those_who_live_where_it_reaches(concerned: Any, deliver: Any) -> None:
    here = visited("coverage", "", **{"from": "2020-01-01"})
    elsewhere = {**here, "area": "Eastvale"}
    assert concerned(lambda: deliver("2.ndjson", as_ndjson([here]), at=NEXT)) == {"C-1"}
    assert concerned(lambda: deliver("3.ndjson", as_ndjson([elsewhere]), at=NEXT)) == set()


@pytest.mark.usefixtures("rolled_back")
def test_news_of_a_kind_that_nobody_knows_yet_concerns_everybody(
    concerned: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wholechild.trust.actions import appoint
    from wholechild.trust.models import Account
    from wholechild.trust.queries import kinds_of_news

    school = "school/Northmoor/Elm"
    act = lambda: appoint(at=NEXT, user="x", role="teacher", agency=school, authority="a test", **EVERYONE)  # noqa: E731
    kinds_of_news.cache_clear()
    monkeypatch.setattr(Account, "is_news", True)
    try:
        assert concerned(act) == {"C-1", "C-3"}
    finally:
        monkeypatch.undo()
        kinds_of_news.cache_clear()


# -- several workers -------------------------------------------------------------------------------------------------------


def test_two_workers_at_once_note_each_match_once(deliver: Any, own_database: Any) -> None:
    """Both evaluate the same child, twenty times each, from a moment at which nothing is noted."""
    from concurrent.futures import ThreadPoolExecutor

    from wholechild.patterns.actions import evaluate_children
    from wholechild.patterns.models import Match, MatchChange
    from wholechild.trust.queries import verify

    deliver("1.ndjson", TWO_AGENCIES, at=NOW, link=True)
    child = amy()

    def evaluate(worker: int) -> int:
        from django.db import connections

        try:
            lessons = [(JOINED, BRUISED), (JOINED,)]
            return sum(
                evaluate_children(at=NOW, children=[child], lessons=lessons[n % 2], **EVERYONE).begun for n in range(10)
            )  # fmt: skip
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        begun = sum(pool.map(evaluate, range(2)))
    assert (begun, Match.objects.count()) == (2, 2)
    numbers = list(MatchChange.objects.order_by("match", "number").values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
    assert verify().ok
