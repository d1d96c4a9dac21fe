"""The databases of a test run, each made and removed by it, and the moment at which tests act."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from wholechild.config.database import Database

RUN: Final = f"wholechild_test_{os.getpid()}"
_numbers = count(1)

#: The moment at which tests act, unless they say another.
AT: Final = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def named(found: Database, name: str) -> Database:
    """The same server and roles, another database."""
    owner = {**found.owner, "dbname": name} if found.owner else None
    return replace(found, name=name, app={**found.app, "dbname": name}, owner=owner)


def maintenance(statement: str) -> None:
    """Run one statement in the server's maintenance database, as whoever may make databases."""
    from wholechild.config.bootstrap import connected
    from wholechild.config.database import database

    admin = database().admin
    assert admin is not None, "the tests make databases: DATABASE_URL must name somebody who may"
    with connected({**admin, "dbname": "postgres"}) as connection:
        connection.execute(statement)  # type: ignore[arg-type]


def drop(name: str) -> None:
    maintenance(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def copy_of(template: Database) -> Iterator[Database]:
    """A copy, with Django's default connection pointing at it."""
    from django.db import connection

    from wholechild.config import django as door

    made = named(template, f"{RUN}_{next(_numbers)}")
    maintenance(f'CREATE DATABASE "{made.name}" TEMPLATE "{template.name}"')
    before, was_ready = connection.settings_dict["NAME"], door._ready
    connection.close()
    connection.settings_dict["NAME"], door._ready = made.name, True
    try:
        with connected_grants(made):
            yield made
    finally:
        connection.close()
        connection.settings_dict["NAME"], door._ready = before, was_ready
        drop(made.name)


@contextmanager
def connected_grants(made: Database) -> Iterator[None]:
    """A copy has the rights on its tables from its template, and those on the database itself anew."""
    from wholechild.config import bootstrap

    assert made.admin is not None
    with bootstrap.connected({**made.admin, "dbname": made.name}) as admin:
        bootstrap._own_database(admin, made.name)
    yield
