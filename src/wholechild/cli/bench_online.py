"""`wholechild bench online`: from a committed record to its committed matches, for one child of a household on whom much is known.

Two ways, side by side: the evaluation alone, in one process; and all of it, with the queue and a worker in a process of its own.
Beside both stands the least that any database can do: one row inserted and committed.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Final

from wholechild.cli.output import progressing
from wholechild.cli.system import salts

#: agency -> the kinds that it sends, the frequent ones more than once.
_SENT: Final[dict[str, tuple[str, ...]]] = {
    "gp": ("health.seen", "health.seen", "health.was_not_brought", "measurement.weight", "injury.minor_explained"),
    "health_visiting": ("contact.home_visit", "contact.home_visit", "contact.no_access_visit", "health.was_not_brought"),
    "school": ("education.absence", "education.absence", "education.absence", "contact.home_visit"),
    "police": ("domestic_abuse.incident", "contact.home_visit"),
    "childrens_social_care": ("contact.home_visit", "contact.no_access_visit"),
    "hospital_ed": ("injury.minor_explained", "health.seen", "injury.bruise_unexplained"),
}  # fmt: skip
_HOUSEHOLD: Final = ("child", "sister", "mother", "partner", "grandmother", "uncle")
_DETAILS: Final = {
    who: {"given_name": who.title(), "family_name": "Bench", "born": born, "nhs_number": number}
    for (who, born), number in zip(
        (("child", "2021-05-10"), ("sister", "2016-03-01"), ("mother", "1995-02-03"), ("partner", "1990-01-01"),
         ("grandmother", "1965-06-06"), ("uncle", "1998-09-09")),
        ("9990000018", "9990000026", "9990000034", "9990000042", "9990000050", "9990000069"), strict=True,
    )
}  # fmt: skip
_AREA: Final = "Benchton"


class Household:
    """A household of six, with so many records about one child of it and a few about the others."""

    def __init__(self, folder: Path, records: int, at: datetime) -> None:
        self.folder, self.records, self.at = folder, records, at
        self.chance = Random(records)  # noqa: S311 - the same rows each time are what is wanted
        self.numbers = count(1)

    def load(self) -> None:
        """Everything that is known at the start, in one delivery, linked and evaluated."""
        people = [
            {"row": "person", **_from(agency), "reference": who, **details, "role": "child" if who in ("child", "sister") else ""}
            for agency in _SENT
            for who, details in _DETAILS.items()
        ]  # fmt: skip
        ties = [
            {"row": "tie", **_from("health_visiting"), "reference": f"T-{child}-{other}", "subject": child, "relation": relation, "other": other}
            for child in ("child", "sister")
            for relation, other in (("mother", "mother"), ("partner_of_parent", "partner"), ("grandparent", "grandmother"))
        ]  # fmt: skip
        homes = [
            {"row": "residence", **_from("health_visiting"), "reference": f"S-{who}", "subject": who, "household": "H-1"}
            for who in _HOUSEHOLD
        ]  # fmt: skip
        feeds = [{"row": "coverage", **_from(agency), "from": "2015-01-01"} for agency in _SENT]
        own = [self._record("child", self.chance.randrange(1, 1500)) for _ in range(self.records)]
        others = [
            self._record(who, self.chance.randrange(1, 1500)) for who in _HOUSEHOLD[1:] for _ in range(10)
        ]
        self._ingest([*people, *ties, *homes, *feeds, *own, *others])
        from wholechild.people.actions import link_new_identities

        link_new_identities(by="bench", purpose="match", at=self.at, salts=salts)

    def one_more(self) -> None:
        """One more record about the child, committed."""
        self._ingest([self._record("child", self.chance.randrange(0, 3))])

    def _record(self, who: str, days_ago: int) -> dict[str, Any]:
        agency = self.chance.choice(list(_SENT))
        kind = self.chance.choice(_SENT[agency])
        happened: date = self.at.date() - timedelta(days=days_ago)
        measures = {"kg": round(self.chance.uniform(8, 20), 1)} if kind == "measurement.weight" else {}
        return {
            "row": "record", **_from(agency), "reference": f"R-{next(self.numbers)}", "kind": kind, "happened": happened.isoformat(),
            "written_at": f"{happened}T08:00:00Z", "subject": who, "measures": measures, "what": "A sentence for a reader.",
        }  # fmt: skip

    def _ingest(self, rows: Sequence[dict[str, Any]]) -> None:
        from wholechild.records.actions import ingest

        path = self.folder / f"delivery-{next(self.numbers)}.ndjson"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        learnt_when_written = len(rows) > 1
        report = ingest(
            by="bench",
            purpose="match",
            at=self.at,
            path=path,
            salts=salts,
            learnt_when_written=learnt_when_written,
        )
        if report.has_issues:
            raise SystemExit(f"the bench's own feed has faults: {report.issues[:3]}")


def _from(agency: str) -> dict[str, str]:
    return {
        "agency": agency,
        "area": _AREA,
        "unit": "Bench" if agency in ("school", "gp", "hospital_ed") else "",
    }


def in_one_process(household: Household, times: int) -> tuple[list[float], list[float]]:
    """Seconds from each committed record to its committed matches, where the same process goes on to evaluate; and how many of
    them this process itself was at work, which other work on the machine stretches less."""
    taken, worked = [], []
    for _ in progressing(range(times), total=times, label="Evaluating"):
        household.one_more()
        before = time.process_time()
        taken.append(_seconds(work_off))
        worked.append(time.process_time() - before)
    return taken, worked


def settle() -> None:
    """Evaluate everybody once, and forget what waits: the area is there for the indexes to have something to be made of."""
    from wholechild.cli.lessons_in_force import in_force
    from wholechild.cli.match import note

    at = datetime.now(UTC)
    note(in_force(at), at)
    _forget_what_waits()


def _forget_what_waits() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")


def work_off(memory: Any) -> None:
    """Do what waits, as the worker does, and take it from the queue."""
    from django.db import connection
    from procrastinate.contrib.django.models import ProcrastinateJob

    from wholechild.cli.lessons_in_force import in_force
    from wholechild.patterns.actions import take_in_news

    at = datetime.now(UTC)
    lessons = in_force(at)
    for job, arguments in list(ProcrastinateJob.objects.order_by("id").values_list("id", "args")):
        take_in_news(
            by="bench", purpose="match", at=at, lessons=lessons, salts=salts, memory=memory, **arguments
        )
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs WHERE id = %s", [job])


def through_the_queue(household: Household, times: int) -> list[float]:
    """The same, where a worker in its own process hears of each record, evaluates, commits, and takes the job from the queue."""
    with _a_worker():
        _until_nothing_waits()
        found = []
        for _ in progressing(range(times), total=times, label="Through the queue"):
            household.one_more()
            found.append(_seconds(_until_nothing_waits))
            time.sleep(0.02)
        return found


@contextmanager
def _a_worker() -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-m", "wholechild.cli.main", "worker"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        time.sleep(3)
        yield
    finally:
        process.terminate()
        process.wait(30)


def _until_nothing_waits() -> None:
    """Return as soon as every job is done and gone."""
    from django.db import connection

    with connection.cursor() as cursor:
        for _ in range(200_000):
            cursor.execute(
                "SELECT NOT EXISTS (SELECT 1 FROM procrastinate_jobs WHERE task_name = 'wholechild.news')"
            )
            if cursor.fetchone()[0]:
                return
            time.sleep(0.0003)
    raise SystemExit("the worker of the bench did not do its work within a minute")


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def bare_commits(times: int) -> list[float]:
    """Seconds for one row inserted and committed, over the same kind of connection."""
    import psycopg
    from psycopg.conninfo import make_conninfo

    from wholechild.config.database import database

    found = []
    with psycopg.connect(make_conninfo("", **(database().owner or {}))) as connection:
        connection.execute("CREATE TABLE bare (a bigint PRIMARY KEY, b text)")
        connection.commit()
        for number in range(times):
            started = time.perf_counter()
            connection.execute("INSERT INTO bare VALUES (%s, %s)", [number, "A sentence for a reader."])
            connection.commit()
            found.append(time.perf_counter() - started)
        connection.execute("DROP TABLE bare")
        connection.commit()
    return found


def percentile(values: Sequence[float], percent: int) -> float:
    """The value below which so many in a hundred lie."""
    return statistics.quantiles(values, n=100)[percent - 1]
