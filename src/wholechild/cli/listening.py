"""The short way from a commit to its evaluation: a worker's ear on the queue.

procrastinate's own way through its queue costs more than an evaluation does (docs/adr/0013). So a worker listens for
what the queue announces at the commit, locks the oldest new job, does it, and takes it away. The rest stays with procrastinate:
a job that fails is let go untouched, and is tried again by its patience; one whose worker died is free the moment that the
connection is gone; and whatever was not heard is found by its look at the queue every few seconds. So a job is done at least once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from wholechild.trust.outbox import CHANGES

if TYPE_CHECKING:
    import psycopg

#: What procrastinate calls when a job is queued in our queue.
_CHANNEL: Final = f"procrastinate_queue_v1#{CHANGES.name}"
#: New jobs only: what was tried before, or is for later, is procrastinate's.
_OLDEST: Final = (
    "SELECT id, task_name, args FROM procrastinate_jobs WHERE queue_name = %s AND task_name = ANY(%s) AND status = 'todo' "
    "AND attempts = 0 AND scheduled_at IS NULL AND id <> ALL(%s) ORDER BY priority DESC, id LIMIT 1 FOR UPDATE SKIP LOCKED"
)

#: Does one job (its number, the name of its task, and what it is about), and says whether it is done; why not, it has told.
Do = Callable[[int, str, dict[str, Any]], bool]


class Ear:
    """Hears of new jobs of some tasks, and has each done, one at a time."""

    def __init__(self, connection: psycopg.Connection[Any], tasks: Sequence[str], do: Do) -> None:
        self._connection, self._tasks, self._do = connection, list(tasks), do
        self._left: list[int] = []  # what failed here is procrastinate's from then on
        connection.execute(f'LISTEN "{_CHANNEL}"')

    def work_off(self, stopped: Callable[[], bool]) -> None:
        """Do what is new, one after another, until there is nothing or somebody says stop."""
        while not stopped() and self.take_one():
            pass

    def take_one(self) -> bool:
        """Do the oldest new job and take it from the queue; whether there was one. One that fails stays as it was."""
        with self._connection.transaction():
            asked = [CHANGES.name, self._tasks, self._left]
            found = self._connection.execute(_OLDEST, asked).fetchone()
            if found is None:
                return False
            job, task, arguments = found
            if self._do(job, task, arguments):
                self._connection.execute("DELETE FROM procrastinate_jobs WHERE id = %s", [job])
            else:
                self._left.append(job)
        return True

    def wait(self, seconds: float) -> bool:
        """Wait until something is announced, at most so long; whether something was."""
        return any(True for _ in self._connection.notifies(timeout=seconds, stop_after=1))


@contextmanager
def own_connection() -> Iterator[psycopg.Connection[Any]]:
    """A connection beside Django's: it holds the lock on a job while Django's connection begins and ends transactions."""
    from django.db import connection

    from wholechild.config.bootstrap import connected
    from wholechild.config.database import database

    with connected({**database().app, "dbname": connection.settings_dict["NAME"]}) as own:
        yield own
