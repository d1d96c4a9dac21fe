"""`wholechild worker`: evaluate the lessons for the children whom what arrives concerns, and for those whose day has come.

The queue is procrastinate's, in the same PostgreSQL (docs/adr/0010). A job is done at least once: a worker that is killed
in the middle leaves it to the next, and doing it twice changes nothing.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from datetime import datetime
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any, Final

import click

from wholechild.cli.lessons_in_force import in_force
from wholechild.cli.listening import Ear, own_connection
from wholechild.cli.output import Exit, leave, print_json
from wholechild.cli.system import moment, now_option, patiently, salts
from wholechild.config.django import setup

if TYPE_CHECKING:
    from procrastinate import App, JobContext

    from wholechild.patterns.actions import Evaluated
    from wholechild.patterns.language.lesson import Lesson

#: What is to be done for a job, given who does it, when, and with which lessons.
Act = Callable[[dict[str, Any]], "Evaluated"]
#: A job that failed is tried again after 1, 2, 4 … seconds, at last every ten minutes, until it is done.
_LONGEST_WAIT: Final = 600
#: What was not heard, or is to be tried again, is looked for this often, in seconds.
_LOOK_EVERY: Final = 5.0
#: How long the ear may sleep before it notices that it is to stop, in seconds.
_STOP_WITHIN: Final = 0.5


@click.command()
@click.option("--once", is_flag=True, help="Do what waits, and stop.")
@now_option
@click.option("--json", "as_json", is_flag=True)
def command(once: bool, now: datetime | None, as_json: bool) -> None:
    """Work off the queue of changes, and fire the timers that are due; go on until stopped (SIGTERM, Ctrl-C).

    With --once, exit 3 if a job failed: it stays in the queue, and is tried again.
    """
    setup()
    logging.getLogger("procrastinate").setLevel(
        logging.CRITICAL
    )  # what we say of a failure holds no parameters
    work = Work(now)
    _settle_in(work)
    if not once:
        click.echo("Working. Stop with Ctrl-C or SIGTERM; what is begun is finished first.", err=True)
    with suppress(KeyboardInterrupt):
        asyncio.run(work.off(wait=not once))
    done = work.done
    if as_json:
        print_json({
            "children": done.children, "begun": done.begun, "changed": done.changed, "ended": done.ended, "failed": work.failed,
        })  # fmt: skip
    else:
        click.echo(
            f"{done.children:,} children evaluated: {done.begun:,} matches begin, {done.changed:,} change, "
            f"{done.ended:,} have ended."
        )
    leave(Exit.DONE_WITH_ISSUES if work.failed else Exit.DONE)


def work_off(at: datetime) -> None:
    """Do what waits, as `wholechild worker --once` does; for the commands that load something and then show it."""
    logging.getLogger("procrastinate").setLevel(logging.CRITICAL)
    asyncio.run(Work(at).off(wait=False))


def _settle_in(work: Work) -> None:
    """Read the lessons and the vocabulary once, and spare the collector of garbage from walking through them ever after."""
    work.lessons()
    gc.collect()
    gc.freeze()


class Work:
    """The tasks of the queue, what they have done, and how many of them failed."""

    def __init__(self, now: datetime | None) -> None:
        from wholechild.patterns.actions import Evaluated
        from wholechild.patterns.memory import Memory

        self._now = now
        self._memory = Memory()
        self._one_at_a_time = Lock()
        self.done = Evaluated()
        self.failed = 0

    async def off(self, *, wait: bool) -> None:
        """Work off the queue; with `wait`, go on with what arrives until stopped."""
        app = self._app()
        async with app.open_async():
            await _take_over_jobs(app)
            await asyncio.to_thread(self._due_by_itself)
            with self._listening() if wait else nullcontext():
                await app.run_worker_async(
                    wait=wait, delete_jobs="successful", fetch_job_polling_interval=_LOOK_EVERY, install_signal_handlers=wait,
                    listen_notify=False,
                )  # fmt: skip
            if not wait:
                await asyncio.to_thread(self._due_by_itself)

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Have new jobs done as they are announced, beside procrastinate; to the end, what was begun is finished."""
        stop = Event()
        thread = Thread(target=self._listen, args=[stop], name="ear")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _listen(self, stop: Event) -> None:
        from django.db import connections
        from psycopg import OperationalError

        from wholechild.trust.outbox import CHILDREN, NEWS

        while not stop.is_set():
            try:
                with own_connection() as connection:
                    ear = Ear(connection, (NEWS, CHILDREN), self._heard)
                    while not stop.is_set():
                        ear.work_off(stop.is_set)
                        ear.wait(_STOP_WITHIN)
            except OperationalError:  # the server went away: procrastinate says so too, and waits for it
                stop.wait(_LOOK_EVERY)
            finally:
                connections.close_all()

    def _heard(self, job: int, task: str, arguments: dict[str, Any]) -> bool:
        from wholechild.trust.outbox import NEWS

        take_in = self._take_in_news if task == NEWS else self._take_in_children
        act = take_in(**arguments)
        try:
            self._count(job, act)
        except Exception:  # it is told, and procrastinate tries it again
            return False
        return True

    def _app(self) -> App:
        from procrastinate.contrib.django import DjangoApp
        from procrastinate.contrib.django import app as queue

        from wholechild.trust.outbox import CHANGES, CHILDREN, DUE, NEWS, TAKE_OVER

        app = DjangoApp(connector=queue.connector.get_worker_connector())  # type: ignore[attr-defined]
        retry = _patience()
        app.task(name=NEWS, queue=CHANGES.name, pass_context=True, retry=retry)(self._news)
        app.task(name=CHILDREN, queue=CHANGES.name, pass_context=True, retry=retry)(self._children)

        for name, task in ((DUE, self._due), (TAKE_OVER, _take_over)):
            made = app.task(
                name=name, queue=CHANGES.name, queueing_lock=name, priority=1, pass_context=True, retry=retry
            )(task)
            app.periodic(cron="* * * * *")(made)
        return app

    # -- the tasks ---------------------------------------------------------------------------------------------------

    def _news(self, context: JobContext, *, first: int, last: int) -> None:
        self._count(context.job.id, self._take_in_news(first=first, last=last))

    def _take_in_news(self, *, first: int, last: int) -> Act:
        from wholechild.patterns.actions import take_in_news

        return lambda us: take_in_news(first=first, last=last, memory=self._memory, **us)

    def _children(self, context: JobContext, *, children: Sequence[str], first: int) -> None:
        from wholechild.patterns.actions import take_in_one_by_one

        act = self._take_in_children(children=children, first=first)
        if context.job.attempts and len(children) > 1:
            act = lambda us: take_in_one_by_one(children=children, first=first, **us)  # noqa: E731
        self._count(context.job.id, act)

    def _take_in_children(self, *, children: Sequence[str], first: int) -> Act:
        from wholechild.patterns.actions import take_in_children

        return lambda us: take_in_children(children=children, first=first, memory=self._memory, **us)

    def _due(self, context: JobContext | None, timestamp: int = 0) -> None:
        from wholechild.patterns.actions import evaluate_due, take_in_lessons

        job = context.job.id if context else None
        self._count(job, lambda us: take_in_lessons(**us))
        self._count(job, lambda us: evaluate_due(memory=self._memory, **us))

    def _due_by_itself(self) -> None:
        """Fire the timers outside any job, in a thread whose connection nobody uses after it."""
        from django.db import connections

        try:
            self._due(None)
        finally:
            connections.close_all()

    def _count(self, job: int | None, act: Act) -> None:
        try:
            with self._one_at_a_time:
                self.done += self._acted(act)
        except Exception as wrong:
            self.failed += 1
            which = f"Job {job}" if job else "Firing the timers"
            click.echo(f"{which} failed ({type(wrong).__name__}), and is tried again.", err=True)
            raise

    def _acted(self, act: Act) -> Evaluated:
        from wholechild.trust.viewers import system

        us = {
            "by": system("worker").user, "purpose": "match", "at": moment(self._now), "lessons": self.lessons(), "salts": salts,
        }  # fmt: skip
        with patiently():
            return act(us)

    def lessons(self) -> Sequence[Lesson]:
        """The lessons in force now."""
        return in_force(moment(self._now))


async def _take_over(context: JobContext, timestamp: int) -> None:
    await _take_over_jobs(context.app)


async def _take_over_jobs(app: App) -> None:
    """Queue anew what a worker had begun that is no longer alive."""
    for job in await app.job_manager.get_stalled_jobs():
        await app.job_manager.retry_job(job)


def _patience() -> Any:
    """How long a job that failed waits: longer each time, and never for ever."""
    from procrastinate import BaseRetryStrategy, RetryDecision

    class Patience(BaseRetryStrategy):
        def get_retry_decision(self, *, exception: BaseException, job: Any) -> RetryDecision:
            return RetryDecision(retry_in={"seconds": wait_after(job.attempts)})

    return Patience()


def wait_after(attempts: int) -> int:
    """Seconds until a job that failed after so many earlier attempts is tried again."""
    return min(2 ** min(attempts, 20), _LONGEST_WAIT)
