"""Joining histories in processes of their own, which only read: all of them see the database as it was at one moment.

The main process holds a transaction open and gives its view away by name; each reader speaks as the role for analysis,
takes that view, and turns histories into columns, some hundred children at a time.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import pyarrow as pa

from wholechild.patterns.columns import Shape

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class View:
    """What every reader is told at its start: the way in, the view of the database, and what it works with."""

    django: Mapping[str, Any]
    snapshot: str
    at: datetime
    key: bytes
    shape: Shape
    classes: Collection[str]


@dataclass(frozen=True, slots=True)
class Population:
    """Whom the snapshot is of, and what goes with them.

    Shape    `children` in the order in which families are gathered; `followed` stand on a practice's list. `head` is the
             ledger's, `heard_to` the last moment at which anything was learnt. `persons` maps the identities asked for.
    """

    children: list[str]
    followed: frozenset[str]
    sexes: dict[str, str]
    areas: frozenset[str]
    head: str
    heard_to: datetime | None
    persons: dict[str, str]


@dataclass(frozen=True, slots=True)
class Joined:
    """The columns of some children: one message of Arrow's per table, and the records that were left out, by kind."""

    children: int
    tables: dict[str, bytes]
    left_out: dict[str, int]

    def batch(self) -> dict[str, pa.Table]:
        return {name: pa.ipc.open_stream(data).read_all() for name, data in self.tables.items()}


@contextmanager
def readers(
    view_of: Callable[[str], View], parameters: Mapping[str, str], processes: int
) -> Iterator[ProcessPoolExecutor]:
    """Processes that read one unchanging picture of the database for as long as the block lasts."""
    from wholechild.config.bootstrap import connected

    with connected(dict(parameters)) as connection:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        row = connection.execute("SELECT pg_export_snapshot()").fetchone()
        assert row is not None  # noqa: S101 - a SELECT of one value has one row
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(processes, spawn, initializer=_begin, initargs=(view_of(row[0]),)) as pool:
            yield pool


_view: View


def _begin(view: View) -> None:
    """Speak as the role for analysis, in the view of the database that the main process gave away."""
    global _view
    from wholechild.config.django import initialise

    initialise()
    from django.db import connection

    _view = view
    connection.close()
    connection.settings_dict.update(view.django)
    connection.set_autocommit(False)
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SET TRANSACTION SNAPSHOT %s", [view.snapshot])
        cursor.execute("SET LOCAL statement_timeout = 0")


def population(identities: Sequence[str]) -> Population:
    """Whom the snapshot is of (in a reader)."""
    from wholechild.people.queries import (
        by_family,
        children_of_agencies,
        children_of_feeds,
        persons_of,
        sexes_of,
    )
    from wholechild.records.queries import areas_served, last_learnt
    from wholechild.trust.queries import head
    from wholechild.trust.viewers import system

    viewer = system("snapshot")
    children = by_family(viewer, children_of_feeds(viewer, _view.at))
    listed = {
        person for persons in children_of_agencies(viewer, "gp", _view.at).values() for person in persons
    }
    followed = frozenset(children) & listed
    return Population(
        children, followed or frozenset(children), sexes_of(viewer, _view.at), areas_served(viewer), str(head()),
        last_learnt(viewer), persons_of(viewer, identities, _view.at),
    )  # fmt: skip


def joined(children: Sequence[str]) -> Joined:
    """The columns of these children (in a reader)."""
    from wholechild.patterns.columns import ColumnWriter
    from wholechild.patterns.library import engine_words
    from wholechild.patterns.queries import histories
    from wholechild.patterns.snapshots import opened
    from wholechild.trust.viewers import system

    writer, left_out, found = ColumnWriter(_view.shape, engine_words(), _view.key), dict[str, int](), 0
    for history in histories(system("snapshot"), children, _view.at):
        writer.add(opened(history, _view.classes, left_out))
        found += 1
    tables = {**dict(writer.take()), "codes": dict(writer.last(()))["codes"]}
    return Joined(found, {name: _message(table) for name, table in tables.items()}, left_out)


def coverage() -> dict[str, bytes]:
    """From when to when which feeds were live, with the code book of it (in a reader)."""
    from wholechild.patterns.columns import ColumnWriter
    from wholechild.patterns.joining import covered
    from wholechild.patterns.library import engine_words
    from wholechild.records.queries import coverage_rows
    from wholechild.trust.viewers import system

    last = ColumnWriter(_view.shape, engine_words()).last(covered(coverage_rows(system("snapshot"))))
    return {name: _message(table) for name, table in last}


def _message(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    message: bytes = sink.getvalue().to_pybytes()
    return message


def in_order(
    pool: ProcessPoolExecutor, work: Callable[[T], Joined], items: Sequence[T], ahead: int
) -> Iterator[Joined]:
    """The results in the order of the items, no more than `ahead` of them under way: memory stays what it is."""
    waiting = [pool.submit(work, item) for item in items[:ahead]]
    for n in range(len(items)):
        done = waiting.pop(0)
        if n + ahead < len(items):
            waiting.append(pool.submit(work, items[n + ahead]))
        yield done.result()
