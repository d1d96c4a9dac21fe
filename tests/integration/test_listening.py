"""A worker's ear on the queue: it hears of a job at the commit, does it once, and leaves what fails to the queue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.worlds import TWO_AGENCIES, moment
from wholechild.cli.listening import Ear, own_connection
from wholechild.trust.outbox import CHILDREN, NEWS

NOW = moment("2026-03-02")


class Doer:
    """Does jobs by writing them down; `fails` are the numbers of those that it cannot do."""

    def __init__(self) -> None:
        self.did: list[tuple[int, str, dict[str, Any]]] = []
        self.fails: set[int] = set()

    def __call__(self, job: int, task: str, arguments: dict[str, Any]) -> bool:
        self.did.append((job, task, arguments))
        return job not in self.fails


@pytest.fixture
def doer(own_database: Any) -> Doer:
    return Doer()


@pytest.fixture
def ear(doer: Doer) -> Iterator[Ear]:
    with own_connection() as connection:
        yield Ear(connection, (NEWS, CHILDREN), doer)


def waiting() -> list[int]:
    from procrastinate.contrib.django.models import ProcrastinateJob

    return list(ProcrastinateJob.objects.filter(status="todo").order_by("id").values_list("id", flat=True))


def test_what_is_committed_is_heard_done_and_gone(ear: Ear, doer: Doer, deliver: Any) -> None:
    assert not ear.wait(0)
    deliver("1.ndjson", TWO_AGENCIES, at=NOW)
    assert ear.wait(60)
    (job,) = waiting()
    assert ear.take_one()
    assert waiting() == []
    assert not ear.take_one()
    ((done, task, arguments),) = doer.did
    assert (done, task, set(arguments)) == (job, NEWS, {"first", "last"})


def test_what_is_rolled_back_is_not_heard(ear: Ear, doer: Doer, deliver: Any) -> None:
    from django.db import transaction

    with transaction.atomic():
        deliver("1.ndjson", TWO_AGENCIES, at=NOW)
        assert not ear.take_one()
        transaction.set_rollback(True)
    assert not ear.wait(0)
    assert doer.did == []


def test_what_fails_stays_as_it_was_and_does_not_hold_up_the_next(ear: Ear, doer: Doer, deliver: Any) -> None:
    deliver("1.ndjson", TWO_AGENCIES, at=NOW, link=True)
    first, second = waiting()
    doer.fails = {first}
    ear.work_off(lambda: False)
    assert [job for job, _, _ in doer.did] == [first, second]
    assert waiting() == [first]
    ear.work_off(lambda: False)
    assert len(doer.did) == 2


def test_what_breaks_in_the_middle_stays_for_the_next_worker(own_database: Any, deliver: Any) -> None:
    """As where a worker is killed: its connection is gone, and with it the lock."""
    deliver("1.ndjson", TWO_AGENCIES, at=NOW)

    def killed(*_: Any) -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), own_connection() as connection:
        Ear(connection, (NEWS,), killed).take_one()
    assert len(waiting()) == 1
    doer = Doer()
    with own_connection() as connection:
        assert Ear(connection, (NEWS,), doer).take_one()
    assert waiting() == []


def test_one_job_is_not_done_by_two_at_once(ear: Ear, deliver: Any) -> None:
    deliver("1.ndjson", TWO_AGENCIES, at=NOW)
    others: list[bool] = []

    def while_another_asks(*_: Any) -> bool:
        others.append(ear.take_one())
        return True

    with own_connection() as connection:
        assert Ear(connection, (NEWS,), while_another_asks).take_one()
    assert others == [False]


def test_what_was_tried_before_or_is_for_later_is_left_to_the_queue(
    ear: Ear, deliver: Any, as_superuser: Any
) -> None:
    deliver("1.ndjson", TWO_AGENCIES, at=NOW, link=True)
    tried, later = waiting()
    as_superuser.execute("UPDATE procrastinate_jobs SET attempts = 1 WHERE id = %s", [tried])
    as_superuser.execute(
        "UPDATE procrastinate_jobs SET scheduled_at = now() - interval '1 hour' WHERE id = %s", [later]
    )
    assert not ear.take_one()
