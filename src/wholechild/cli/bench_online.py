"""`wholechild bench online`: from a committed record to its committed matches, for one child of a household on whom much is known.

Three ways, side by side: the evaluation alone, in one process, by a memory that has the family; the same without a memory; and all
of it, with the queue and a worker in a process of its own. Beside them stands the least that any database can do: one row inserted and
committed. Machines are busy, so the processor time of each way is told too: it is what other work stretches least.
"""

from __future__ import annotations

import cProfile
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from wholechild.cli.output import progressing
from wholechild.cli.system import salts

if TYPE_CHECKING:
    from wholechild.patterns.memory import Memory

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
_BORN: Final = dict(
    zip(
        _HOUSEHOLD,
        ("2021-05-10", "2016-03-01", "1995-02-03", "1990-01-01", "1965-06-06", "1998-09-09"),
        strict=True,
    )
)
_AREA: Final = "Benchton"


class Household:
    """A household of six, with so many records about one child of it and a few about the others; `name` tells it from others."""

    def __init__(self, folder: Path, records: int, at: datetime, name: str) -> None:
        self.folder, self.records, self.at, self.name = folder, records, at, name
        self.chance = Random(records)  # noqa: S311 - the same rows each time are what is wanted
        own = Random(name)  # noqa: S311 - else linking would take the households for one
        self.family_name = "".join(own.choices("BDFGKLMNPRSTVZ", k=7)).title()
        self.postcode = f"AB{own.randrange(10, 99)} {own.randrange(1, 9)}CD"
        self.born = {
            who: date.fromisoformat(born) + timedelta(days=own.randrange(400)) for who, born in _BORN.items()
        }
        self.numbers = count(1)

    def load(self) -> None:
        """Everything that is known at the start, in one delivery, linked and evaluated."""
        people = [
            {"row": "person", **_from(agency), "reference": self._as(who), "given_name": who.title(), "family_name": self.family_name,
             "born": born.isoformat(), "postcode": self.postcode, "role": "child" if who in ("child", "sister") else ""}
            for agency in _SENT
            for who, born in self.born.items()
        ]  # fmt: skip
        ties = [
            {"row": "tie", **_from("health_visiting"), "reference": self._as(f"T-{child}-{other}"), "subject": self._as(child),
             "relation": relation, "other": self._as(other)}
            for child in ("child", "sister")
            for relation, other in (("mother", "mother"), ("partner_of_parent", "partner"), ("grandparent", "grandmother"))
        ]  # fmt: skip
        homes = [
            {"row": "residence", **_from("health_visiting"), "reference": self._as(f"S-{who}"), "subject": self._as(who), "household": self._as("H")}
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

    def _as(self, reference: str) -> str:
        """An id of this household alone."""
        return f"{reference}-{self.name}"

    def _record(self, who: str, days_ago: int) -> dict[str, Any]:
        agency = self.chance.choice(list(_SENT))
        kind = self.chance.choice(_SENT[agency])
        happened: date = self.at.date() - timedelta(days=days_ago)
        measures = {"kg": round(self.chance.uniform(8, 20), 1)} if kind == "measurement.weight" else {}
        return {
            "row": "record", **_from(agency), "reference": self._as(f"R-{next(self.numbers)}"), "kind": kind, "happened": happened.isoformat(),
            "written_at": f"{happened}T08:00:00Z", "subject": self._as(who), "measures": measures, "what": "A sentence for a reader.",
        }  # fmt: skip

    def _ingest(self, rows: Sequence[dict[str, Any]]) -> None:
        from wholechild.records.actions import ingest

        path = self.folder / f"{self.name}-{next(self.numbers)}.ndjson"
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


class Measured(NamedTuple):
    """One figure of one run. Missing: `aim` None, there is nothing to reach."""

    name: str
    unit: str
    value: float
    aim: float | None = None


def one_run(folder: Path, name: str, records: int, times: int, now: datetime) -> Iterator[Measured]:
    """Every figure once, each way with a household of its own, so that each has as many records."""
    from wholechild.patterns.memory import NOTHING_REMEMBERED, Memory

    households = [Household(folder, records, now, f"{name}{way}") for way in "abc"]
    for household in households:
        household.load()
    settle()
    plain = statistics.median(bare_commits(times))
    yield Measured("one row inserted and committed", "ms", plain * 1e3)
    memory = Memory()
    in_one_process(households[0], _UNTIL_WARM, memory)
    yield from _alone("family remembered", in_one_process(households[0], times, memory))
    cold = in_one_process(households[1], max(20, times // 5), NOTHING_REMEMBERED)
    yield from _alone("nothing remembered", cold)
    yield from _queued(through_the_queue(households[2], times), plain)
    for step, share in shares(households[0], 40, memory).items():
        yield Measured(f"share of an evaluation, family remembered: {step}", "%", share * 100)


def _alone(way: str, run: tuple[list[float], list[float]]) -> Iterator[Measured]:
    for what, seconds in zip(("", ", processor time"), run, strict=True):
        for percent in (50, 99):
            name = f"evaluation alone, {way}{what}: {percent}th percentile"
            yield Measured(name, "ms", percentile(seconds, percent) * 1e3)


def _queued(run: ThroughTheQueue, plain: float) -> Iterator[Measured]:
    for percent, aim in ((50, None), (99, 10.0)):
        whole, nobody = percentile(run.records, percent), percentile(run.nobody, percent)
        name = f"through the queue, by a worker of its own: {percent}th percentile"
        yield Measured(name, "ms", whole * 1e3, aim)
        yield Measured(f"{name} / one row inserted and committed", "×", whole / plain)
        yield Measured(f"a job about nobody, through the queue: {percent}th percentile", "ms", nobody * 1e3)
    if run.worked is not None:
        name = "processor time of the worker's process for each record, on average"
        yield Measured(name, "ms", run.worked * 1e3)


def in_one_process(household: Household, times: int, memory: Memory) -> tuple[list[float], list[float]]:
    """Seconds from each committed record to its committed matches, where the same process goes on to evaluate; and how many of
    them this process itself was at work."""
    taken, worked = [], []
    for _ in progressing(range(times), total=times, label="Evaluating"):
        household.one_more()
        before = time.process_time()
        taken.append(_seconds(partial(work_off, memory)))
        worked.append(time.process_time() - before)
    return taken, worked


#: A step of an evaluation, and the function in which it is done.
STEPS: Final = {
    "which lessons run": "in_force",
    "following the ledger, and taking the record in": "catch_up",
    "whom the record concerns": "whom_it_concerns",
    "what was noted before": "watched",
    "the lessons": "spells_of",
    "what is to be noted": "to_note",
    "writing": "_store",
}


def shares(household: Household, times: int, memory: Memory) -> dict[str, float]:
    """step -> its share of the time of an evaluation, as a profiler sees it: what is called often weighs too much."""
    profile = cProfile.Profile()
    for _ in range(times):
        household.one_more()
        profile.enable()
        work_off(memory)
        profile.disable()
    spent = {
        entry.code.co_name: entry.totaltime
        for entry in profile.getstats()
        if not isinstance(entry.code, str) and "wholechild" in entry.code.co_filename
    }
    found = {step: spent.get(name, 0.0) / spent[work_off.__name__] for step, name in STEPS.items()}
    return {**found, "locks, transactions and the rest": 1 - sum(found.values())}


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


def work_off(memory: Memory) -> None:
    """Do what waits, as the worker does, and take it from the queue."""
    from django.db import connection

    from wholechild.cli.lessons_in_force import in_force
    from wholechild.patterns.actions import take_in_news

    at = datetime.now(UTC)
    lessons = in_force(at)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, args -> 'first', args -> 'last' FROM procrastinate_jobs WHERE task_name = 'wholechild.news' ORDER BY id"
        )
        for job, first, last in cursor.fetchall():
            take_in_news(
                by="bench", purpose="match", at=at, lessons=lessons, salts=salts, memory=memory, first=int(first), last=int(last)
            )  # fmt: skip
            cursor.execute("DELETE FROM procrastinate_jobs WHERE id = %s", [job])


@dataclass(frozen=True, slots=True)
class ThroughTheQueue:
    """Seconds from the commit until the job is done and gone: for records, and for jobs about nobody, which only the queue delays.
    `worked` are the seconds of processor time of the worker for each record; None where the system does not tell."""

    records: list[float]
    nobody: list[float]
    worked: float | None


#: Records until a worker is as it stays: it reads the family, and whom each agency's records concern; and the server plans each
#: statement anew five times before it keeps a plan.
_UNTIL_WARM: Final = 20


def through_the_queue(household: Household, times: int) -> ThroughTheQueue:
    """The same, where a worker in its own process hears of each record, evaluates, commits, and takes the job from the queue."""
    with _a_worker() as process:
        _until_nothing_waits()
        for _ in range(_UNTIL_WARM):
            _timed_until_gone(household.one_more)
        nobody = [_timed_until_gone(_ask_about_nobody) for _ in range(times)]
        before = _processor_time(process.pid)
        records = [
            _timed_until_gone(household.one_more)
            for _ in progressing(range(times), total=times, label="Through the queue")
        ]
        after = _processor_time(process.pid)
    worked = (after - before) / times if before is not None and after is not None else None
    return ThroughTheQueue(records, nobody, worked)


def _timed_until_gone(act: Callable[[], object]) -> float:
    act()
    taken = _seconds(_until_nothing_waits)
    time.sleep(0.02)
    return taken


def _ask_about_nobody() -> None:
    from django.db import transaction

    from wholechild.trust.actions import hand_on
    from wholechild.trust.outbox import CHILDREN

    with transaction.atomic():
        hand_on(by="bench", purpose="match", at=datetime.now(UTC), task=CHILDREN, children=[], first=1)


def _processor_time(process: int) -> float | None:
    """Seconds that a process was at work, to a hundredth; None where the system does not say."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _a_worker() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "wholechild.cli.main", "worker"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        time.sleep(3)
        yield process
    finally:
        process.terminate()
        process.wait(30)


def _until_nothing_waits() -> None:
    """Return as soon as every job is done and gone."""
    from django.db import connection

    with connection.cursor() as cursor:
        for _ in range(200_000):
            cursor.execute(
                "SELECT NOT EXISTS (SELECT 1 FROM procrastinate_jobs WHERE task_name IN ('wholechild.news', 'wholechild.children'))"
            )
            if cursor.fetchone()[0]:
                return
            time.sleep(0.0005)
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
