"""What every test stands on: a home of this run only, and a real PostgreSQL with nothing in it.

Tests speak to the database as the application does (`wholechild_app`), through Django's own connection. The server is
the embedded one, or the one that `DATABASE_URL` names; there the run makes databases of its own, and removes them.

* `rolled_back`: an empty database; whatever the test writes is undone.
* `own_database`: an empty database for this test alone, in which transactions are real; `as_superuser` reaches into it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.databases import AT, RUN, copy_of, drop, named

if TYPE_CHECKING:
    import psycopg

    from wholechild.config.database import Database

_HOME: Final = Path(tempfile.mkdtemp(prefix="wholechild-tests-"))
os.environ["WHOLECHILD_HOME"] = str(_HOME)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browser comes last: it keeps an event loop under way in this thread, in which Django refuses to query.

    What asks the database is marked so: `-m database` is what another PostgreSQL has to pass too.
    """
    for item in items:
        if "template" in getattr(item, "fixturenames", ()):
            item.add_marker("database")
    items.sort(key=lambda item: "functional" in item.path.parts)


@pytest.hookimpl(trylast=True)  # after the last fixture has left the database
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Take the homes of this run away; run as root, their data may lie in `/var/lib/wholechild`."""
    shutil.rmtree(_HOME, ignore_errors=True)
    factory = getattr(session.config, "_tmp_path_factory", None)
    for note in factory.getbasetemp().glob("*/postgres-is-at") if factory else ():
        shutil.rmtree(note.read_text().strip(), ignore_errors=True)


@pytest.fixture
def at() -> datetime:
    return AT


@pytest.fixture
def salts() -> Callable[[int], bytes]:
    """Salts that are the same on every run."""
    return Random(20260302).randbytes


# -- the database ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def template() -> Iterator[Database]:
    """A database that is set up and empty, from which the others are copied. Nobody is ever connected to it."""
    from wholechild.config import bootstrap
    from wholechild.config.database import database
    from wholechild.config.django import initialise
    from wholechild.config.home import home

    if database().is_embedded:
        bootstrap._handle = bootstrap.embedded.take(home())
    made = named(database(), f"{RUN}_template")
    initialise()
    bootstrap._set_up(made, bootstrap.fingerprint())
    yield made
    drop(made.name)
    bootstrap.leave_database()


@pytest.fixture(scope="session")
def shared_database(template: Database) -> Iterator[Database]:
    with copy_of(template) as made:
        yield made


@pytest.fixture
def rolled_back(shared_database: Database) -> Iterator[None]:
    """An empty database, as the application sees it; what the test writes is undone."""
    from django.db import connection, transaction

    connection.settings_dict["NAME"] = shared_database.name
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def own_database(template: Database) -> Iterator[Database]:
    """A database of this test's own. What is committed in it stays, until the test is over."""
    with copy_of(template) as made:
        yield made


@pytest.fixture
def as_superuser(own_database: Database) -> Iterator[psycopg.Connection[Any]]:
    """The connection of somebody who can do everything to the database: a thief of its administrator's keys."""
    from wholechild.config.bootstrap import connected

    assert own_database.admin is not None
    with connected({**own_database.admin, "dbname": own_database.name}) as connection:
        yield connection


# -- deliveries --------------------------------------------------------------------------------------------------------


@pytest.fixture
def deliver(tmp_path: Path, salts: Callable[[int], bytes]) -> Callable[..., Any]:
    """Write a file and load it: `deliver("feed.csv", text_or_bytes)` gives the report."""

    def delivered(
        name: str, content: str | bytes, *, at: datetime = AT, link: bool = False, **options: Any
    ) -> Any:
        from wholechild.people.actions import link_new_identities
        from wholechild.records.actions import ingest

        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        report = ingest(by="tester", purpose="data_quality", at=at, path=path, salts=salts, **options)
        if link:
            link_new_identities(by="tester", purpose="identity_check", at=at, salts=salts)
        return report

    return delivered


@pytest.fixture
def wholechild() -> Callable[..., Any]:
    """Run a command in this process: `wholechild("ingest", path, "--json")` gives click's result."""
    from click.testing import CliRunner

    from wholechild.cli.main import cli

    def run(*arguments: object) -> Any:
        return CliRunner().invoke(cli, [str(argument) for argument in arguments])

    return run
