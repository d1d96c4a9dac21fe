"""A small area in which anything may happen in any order: deliveries, corrections, withdrawals, links, splits, passing days.

A `World` stands in one transaction that is rolled back. Steps are plain values, so that hypothesis can shrink them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Final

from hypothesis import strategies as st

from tests.feeds import as_ndjson
from tests.integration.worlds import lesson
from wholechild.patterns.history import ChildHistory
from wholechild.patterns.language.lesson import Lesson
from wholechild.patterns.memory import Memory

START: Final = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SENDERS: Final = (
    {"agency": "police", "area": "Northmoor"},
    {"agency": "health_visiting", "area": "Northmoor"},
    {"agency": "school", "area": "Eastvale", "unit": "Oakfield Primary"},
)
#: The details under which each person is known everywhere; `X` is too little for a link by agreement.
PEOPLE: Final[dict[str, dict[str, str]]] = {
    "A": {"given_name": "Amy", "family_name": "Amble", "born": "2024-05-10", "nhs_number": "9990000018"},
    "B": {"given_name": "Ben", "family_name": "Amble", "born": "2018-04-01", "nhs_number": "9990000026"},
    "M": {"given_name": "Mary", "family_name": "Amble", "born": "1995-02-03", "nhs_number": "9990000034"},
    "C": {"given_name": "Craig", "family_name": "Dun", "born": "1990-01-01", "nhs_number": "9990000042"},
    "D": {"given_name": "Dee", "family_name": "Elm", "born": "2020-07-07", "nhs_number": "9990000050"},
    "X": {"given_name": "Baby", "born": "2024-05"},
}
CHILDREN: Final = frozenset("ABDX")
KINDS: Final = (
    "injury.bruise_unexplained",
    "domestic_abuse.incident",
    "contact.no_access_visit",
    "health.seen",
)
RELATIONS: Final = ("mother", "partner_of_parent", "sibling", "grandparent")


def _count(of: str, about: str, least: int = 1, within: str = "10 days") -> dict[str, Any]:
    return {"count": {"of": [of], "about": about, "at_least": least, "within": within}}


#: One for each scope, and for each way in which time alone makes something begin or end.
LESSONS: Final[tuple[Lesson, ...]] = (
    lesson("own", _count("injury.*", "child")),
    lesson("home", _count("domestic_abuse.*", "household", within="20 days")),
    lesson("siblings", _count("injury.*", "siblings", within="20 days")),
    lesson("carers", _count("domestic_abuse.*", "carers", within="20 days")),
    lesson("two", {"all": [_count("injury.*", "child", within="20 days"), _count("domestic_abuse.*", "household")]}),
    lesson("unseen", {"absence": {"of": ["health.seen"], "about": "child", "for": "14 days", "since": {"of": ["contact.*"]},
                                  "covered_by": ["health_visiting"]}}),
    lesson("three", {"state": {"age": {"from": "22 months", "under": "23 months"}}}),
    lesson("partner", {"state": {"adult": {"relation": ["partner_of_parent"], "arrived_within": "3 months"}}}),
)  # fmt: skip


# -- steps -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Deliver:
    """Rows from one sender, as (row, …) tuples with days counted back from now."""

    sender: int
    rows: tuple[tuple[Any, ...], ...]
    link: bool = True
    early: bool = False


@dataclass(frozen=True)
class Withdraw:
    which: int


@dataclass(frozen=True)
class Link:
    """Link what is linked to nobody."""


@dataclass(frozen=True)
class Split:
    """Take a link back; `to` links the identity to somebody else then, None leaves it a person of its own."""

    which: int
    to: int | None


@dataclass(frozen=True)
class Days:
    hours: int


@dataclass(frozen=True)
class Work:
    """Do some jobs, in the order of `order`; `again` leaves them in the queue, as a worker that dies at the end does."""

    jobs: int
    order: int
    again: bool = False


@dataclass(frozen=True)
class Timers:
    """Fire what is due."""


Step = Deliver | Withdraw | Link | Split | Days | Work | Timers

people = st.sampled_from(sorted(PEOPLE))
children = st.sampled_from(["A", "A", "B", "D", "X"])
days_ago = st.sampled_from([0, 1, 3, 8, 15, 25])
records = st.tuples(
    st.just("record"), st.integers(1, 3), st.sampled_from(KINDS), days_ago, st.lists(people, min_size=1, max_size=2, unique=True).map(tuple),
    st.sampled_from([False, False, False, True]),
)  # fmt: skip
ties = st.tuples(
    st.just("tie"), st.integers(1, 3), children, st.sampled_from(RELATIONS), st.sampled_from(["M", "M", "C", "B", "A"]),
    st.sampled_from([None, 5, 40]), st.sampled_from([None, None, 2]),
).filter(lambda tie: tie[2] != tie[4])  # fmt: skip
homes = st.tuples(st.just("residence"), st.integers(1, 4), people, st.sampled_from(["H-1", "H-2"]),
                  st.sampled_from([None, 5, 60]), st.sampled_from([None, None, 1]))  # fmt: skip
feeds = st.tuples(st.just("coverage"), st.sampled_from([400, 30]), st.sampled_from([None, None, 3]))
rows = st.one_of(records, records, records, records, records, ties, homes, feeds)
deliveries = st.builds(
    Deliver, st.integers(0, len(SENDERS) - 1), st.lists(rows, min_size=1, max_size=4).map(tuple),
    st.sampled_from([True, True, True, False]), st.sampled_from([False, False, True]),
)  # fmt: skip
changes = st.one_of(
    deliveries,
    deliveries,
    deliveries,
    st.builds(Withdraw, st.integers(0, 5)),
    st.just(Link()),
    st.builds(Split, st.integers(0, 9), st.one_of(st.none(), st.integers(0, 9))),
)
passing = st.builds(Days, st.sampled_from([1, 20, 24, 72, 240, 600]))
working = st.one_of(
    st.builds(Work, st.integers(1, 4), st.integers(0, 5), st.sampled_from([False, False, True])),
    st.just(Timers()),
)
steps = st.lists(st.one_of(changes, changes, passing, working), min_size=2, max_size=14)


#: How every world begins: two children, their mother, and her partner, who moved in two months ago.
FAMILY: Final = Deliver(
    1,
    (
        ("tie", 4, "A", "mother", "M", None, None),
        ("tie", 5, "B", "mother", "M", None, None),
        ("tie", 6, "A", "partner_of_parent", "C", 60, None),
        ("residence", 5, "A", "H-1", None, None),
        ("residence", 6, "M", "H-1", None, None),
        ("residence", 7, "C", "H-1", 60, None),
        ("coverage", 400, None),
    ),
)


#: Every sender has heard of everybody, so that what it sends later may be nothing but records.
EVERYBODY_KNOWN: Final = tuple(
    Deliver(sender, tuple(("record", 90 + n, "health.seen", 25, (who,), False) for n, who in enumerate(sorted(PEOPLE))))
    for sender in range(len(SENDERS))
)  # fmt: skip
#: Records that were not there before, and nothing else.
more_records = st.builds(
    Deliver, st.integers(0, len(SENDERS) - 1),
    st.lists(st.tuples(st.just("record"), st.integers(10, 80), st.sampled_from(KINDS), days_ago,
                       st.lists(people, min_size=1, max_size=2, unique=True).map(tuple), st.sampled_from([False, False, True])),
             min_size=1, max_size=3, unique_by=lambda row: row[1]).map(tuple),
    st.booleans(), st.sampled_from([False, False, True]),
)  # fmt: skip


# -- the world ---------------------------------------------------------------------------------------------------------


@dataclass
class World:
    """What has happened so far. `now` only moves forward."""

    folder: Path
    now: datetime = START
    deliveries: list[str] = field(default_factory=list)
    numbers: Any = field(default_factory=lambda: count(1))
    salts: Any = field(default_factory=lambda: Random(7).randbytes)
    memory: Memory = field(default_factory=Memory)

    @property
    def us(self) -> dict[str, Any]:
        return {"by": "tester", "purpose": "safeguarding_concern", "at": self.now, "salts": self.salts}

    def do(self, step: Step) -> None:
        match step:
            case Deliver():
                self.deliver(step)
            case Withdraw(which):
                self.withdraw(which)
            case Link():
                self.link()
            case Split(which, to):
                self.split(which, to)
            case Days(hours):
                self.now += timedelta(hours=hours)
            case Work(jobs, order, again):
                self.work(jobs, order, again=again)
            case Timers():
                self.fire()

    # -- what changes ----------------------------------------------------------------------------------------------------

    def deliver(self, step: Deliver) -> None:
        from wholechild.records.actions import ingest

        sender = SENDERS[step.sender]
        written = (self.now - timedelta(days=6 if step.early else 0, seconds=-next(self.numbers))).isoformat()
        said = [self._row(row, sender, written) for row in step.rows]
        named = sorted({who for row in step.rows for who in _named(row)})
        who = [
            {
                "row": "person",
                **sender,
                "reference": who,
                **PEOPLE[who],
                "role": "child" if who in CHILDREN else "",
            }
            for who in named
        ]
        path = self.folder / f"{next(self.numbers)}.ndjson"
        path.write_text(as_ndjson([*who, *said]))
        report = ingest(path=path, learnt_when_written=step.early, **self.us)
        assert not report.quarantined, report.issues
        self.deliveries.append(report.delivery)
        if step.link:
            self.link()

    def _row(self, row: tuple[Any, ...], sender: dict[str, str], written: str) -> dict[str, Any]:
        def day(ago: int | None) -> str:
            return "" if ago is None else (self.now - timedelta(days=ago)).date().isoformat()

        shared = {"row": row[0], **sender, "written_at": written}
        match row:
            case ("record", number, kind, ago, about, vague):
                happened = day(ago)[:7] if vague and day(ago)[:7] < day(0)[:7] else day(ago)
                return {**shared, "reference": f"R-{number}", "kind": kind, "happened": happened, "subject": about[0],
                        "also_about": list(about[1:])}  # fmt: skip
            case ("tie", number, child, relation, other, began, ended):
                return {**shared, "reference": f"T-{number}", "subject": child, "relation": relation, "other": other,
                        "from": day(began), "to": day(ended if began is not None else None)}  # fmt: skip
            case ("residence", number, person, household, began, ended):
                return {**shared, "reference": f"S-{number}", "subject": person, "household": household, "from": day(began),
                        "to": day(ended if began is not None else None)}  # fmt: skip
        return {**shared, "from": day(row[1]), "to": day(row[2])}

    def withdraw(self, which: int) -> None:
        from wholechild.records.actions import withdraw_delivery

        if self.deliveries:
            gone = self.deliveries.pop(which % len(self.deliveries))
            withdraw_delivery(delivery=gone, why="a test", **self.us)

    def link(self) -> None:
        from wholechild.people.actions import link_new_identities

        link_new_identities(**self.us)

    def split(self, which: int, to: int | None) -> None:
        from wholechild.people.actions import _store, take_back_link
        from wholechild.people.linking import NewLink
        from wholechild.people.models import Link as LinkRow
        from wholechild.people.models import Unlink
        from wholechild.trust.actions import add_facts

        self.now += timedelta(seconds=1)  # no two links of one identity at one moment
        live = list(LinkRow.objects.exclude(pk__in=Unlink.objects.values("link")).order_by("pk"))
        if not live:
            return
        link = live[which % len(live)]
        if to is None:
            take_back_link(link=link, why="a test", **self.us)
            return
        gone = Unlink(id=f"unlink-{link.pk}", link=link.pk, why="a test", unlinked_at=self.now, by="tester")
        add_facts(act="people.unlink", facts=[gone], **self.us)
        other = live[to % len(live)].person
        _store("tester", "identity_check", self.now, [NewLink(link.identity, other, "confirmed")], self.salts)

    # -- what is done about it ---------------------------------------------------------------------------------------------

    def work(self, jobs: int, order: int, *, again: bool = False) -> None:
        """Do so many jobs, in another order for another `order`."""
        from django.db import connection

        waiting = _waiting()
        Random(order).shuffle(waiting)
        for job, task, arguments in waiting[:jobs]:
            self._do_job(task, arguments)
            if not again:
                with connection.cursor() as cursor:
                    cursor.execute("DELETE FROM procrastinate_jobs WHERE id = %s", [job])

    def _do_job(self, task: str, arguments: dict[str, Any]) -> None:
        from wholechild.patterns.actions import take_in_children, take_in_news
        from wholechild.trust.outbox import CHILDREN, NEWS

        act = {NEWS: take_in_news, CHILDREN: take_in_children}[task]
        act(lessons=LESSONS, memory=self.memory, **arguments, **self.us)

    def fire(self) -> None:
        from wholechild.patterns.actions import evaluate_due

        evaluate_due(lessons=LESSONS, memory=self.memory, **self.us)

    def settle(self, order: int = 0) -> None:
        """Do everything that waits, and fire what is due."""
        while waiting := _waiting():
            self.work(len(waiting), order)
        self.fire()


def _named(row: tuple[Any, ...]) -> Sequence[str]:
    match row[0]:
        case "record":
            return tuple(row[4])
        case "tie":
            return (row[2], row[4])
        case "residence":
            return (row[2],)
    return ()


def _waiting() -> list[tuple[int, str, dict[str, Any]]]:
    from procrastinate.contrib.django.models import ProcrastinateJob

    return list(ProcrastinateJob.objects.order_by("id").values_list("id", "task_name", "args"))


# -- what should be ----------------------------------------------------------------------------------------------------


def in_full(now: datetime) -> dict[tuple[str, str, int], tuple[Any, ...]]:
    """(person, lesson, from) -> (until, sentence, evidence, agencies) of all that holds, worked out from nothing."""
    from wholechild.lib.civil import FOREVER, civil
    from wholechild.patterns.explain import explain
    from wholechild.patterns.library import engine_for
    from wholechild.patterns.queries import histories
    from wholechild.people.queries import children as everybody
    from wholechild.trust.viewers import system

    at, found = civil(now), {}
    for history in histories(system("match"), everybody(system("match"), now), now):
        engine = engine_for(history)
        for each in LESSONS:
            for start, end in engine.evaluate(each.condition).holds:
                if start <= at < end:
                    why = explain(each, engine, start)
                    evidence = [history.observations[i].record for i in why.evidence]
                    found[history.child, each.id, start] = (
                        None if end >= FOREVER else end, why.sentence, evidence, list(why.agencies),
                    )  # fmt: skip
    return found


def as_noted(now: datetime) -> dict[tuple[str, str, int], tuple[Any, ...]]:
    """The same, as the worker has left it."""
    from wholechild.patterns.queries import open_matches

    return {
        (m.person, m.lesson, m.held_from): (m.holds_until, m.sentence, m.evidence, m.agencies)
        for m in open_matches(now)
    }


def pictures(now: datetime, asked: Sequence[str] | None = None) -> dict[str, ChildHistory]:
    """child -> all that any lesson could ask of her; of the feeds, only those that reach where she lives."""
    from wholechild.patterns.queries import histories
    from wholechild.people.queries import children as everybody
    from wholechild.trust.viewers import system

    found = {}
    for history in histories(system("match"), asked or everybody(system("match"), now), now):
        areas = {home.area for home in history.areas}
        reaching = sorted(
            (c for c in history.coverage if c.area in areas), key=lambda c: (c.sector, c.area, c.live_from, c.live_to)
        )  # fmt: skip
        found[history.child] = replace(history, coverage=tuple(reaching))
    return found
