"""Makes the database ready: roles, database, tables, grants. Does nothing, quickly, when nothing is to be done.

What has been done is remembered as one fingerprint of the migrations and of the table of grants, so that a command
that finds its own fingerprint in the database needs one query and no more.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from wholechild.config import embedded, roles
from wholechild.config.database import ANALYTICS, APP, OWNER, Database, database
from wholechild.config.home import home

if TYPE_CHECKING:
    import psycopg

#: Two processes must not set up at once; the number only has to be ours.
_SETTING_UP: Final = 0x77686F6C65
_ROOMS: Final = Path(__file__).parents[1]
_handle: embedded.Handle | None = None


def prepare_database() -> Database:
    """Return the database, running and set up.

    Errors   DatabaseUnavailable, with what is missing and what to do about it.
    """
    global _handle
    found = database()
    if found.is_embedded and _handle is None:
        _handle = embedded.take(home())
    wanted = fingerprint()
    if fingerprint_in(found) != wanted:
        _set_up(found, wanted)
    return found


def leave_database() -> None:
    """Give the embedded server up, as the end of the process would."""
    global _handle
    if _handle:
        _handle.leave()
        _handle = None


def fingerprint() -> str:
    """What the database has to look like, as one short text."""
    import django

    others = f"{django.__version__} {version('procrastinate')}"
    digest = hashlib.sha256(f"1 {others} {sorted(roles.ROLES.items())}".encode())
    for table, access in sorted(roles.ACCESS.items()):
        digest.update(f"{table} {sorted(access.app)} {sorted(access.analytics)}\n".encode())
    for path in (*sorted(_ROOMS.glob("*/migrations/*.py")), Path(__file__).with_name("settings.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:32]


def fingerprint_in(found: Database) -> str:
    """The fingerprint that the database was set up with; empty where it is not set up, or not there."""
    import psycopg

    try:
        with connected(found.app) as connection:
            row = connection.execute("SELECT fingerprint FROM wholechild_setup.state").fetchone()
    except (psycopg.errors.UndefinedTable, psycopg.errors.InsufficientPrivilege):
        return ""
    except psycopg.OperationalError as wrong:
        if found.admin is None:
            raise embedded.DatabaseUnavailable(f"the database cannot be reached: {wrong}") from None
        return ""
    return row[0] if row else ""


def _connect(parameters: dict[str, str]) -> psycopg.Connection[Any]:
    """A connection of its own, each statement its own transaction; waits for a server that is only just starting."""
    import psycopg
    from psycopg.conninfo import make_conninfo

    for attempt in range(50):
        try:
            return psycopg.connect(make_conninfo("", **parameters), autocommit=True, connect_timeout=10)
        except psycopg.OperationalError as wrong:
            if "starting up" not in str(wrong) or attempt == 49:
                raise
            time.sleep(0.2)
    raise AssertionError("unreachable")


@contextmanager
def connected(parameters: dict[str, str]) -> Iterator[psycopg.Connection[Any]]:
    connection = _connect(parameters)
    try:
        yield connection
    finally:
        connection.close()


# -- setting up ---------------------------------------------------------------------------------------------------------


def _set_up(found: Database, wanted: str) -> None:
    if found.admin is None or found.owner is None:
        raise embedded.DatabaseUnavailable(
            "the database is not set up for this version. Run any wholechild command once with DATABASE_URL set to "
            "its owner (docs/how-to/run-on-your-own-postgresql.md)."
        )
    _make_database(found)
    with connected({**found.admin, "dbname": found.name}) as admin:
        admin.execute("SELECT pg_advisory_lock(%s)", [_SETTING_UP])
        _check_version(admin)
        _make_roles(admin)
        for role, way_in in ((OWNER, None), (APP, found.app), (ANALYTICS, found.analytics)):
            if way_in is None or "role=" in way_in.get("options", ""):
                _let_become(admin, role)
        _own_database(admin, found.name)
        with connected(found.owner) as owner:
            _own_schema(owner)
        _migrate(found)
        with connected(found.owner) as owner:
            _grant(owner)
            _remember(owner, wanted)


def _make_database(found: Database) -> None:
    import psycopg
    from psycopg import sql

    assert found.admin is not None  # noqa: S101 - for the type checker; _set_up has asked
    try:
        with connected({**found.admin, "dbname": found.name}):
            return
    except psycopg.OperationalError as wrong:
        if "does not exist" not in str(wrong) or found.name not in str(wrong):
            raise embedded.DatabaseUnavailable(
                f"the database cannot be reached: {wrong}. Check DATABASE_URL."
            ) from None
    with connected({**found.admin, "dbname": "postgres"}) as admin:
        try:
            admin.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(
                    sql.Identifier(found.name)
                )
            )
        except psycopg.errors.DuplicateDatabase:
            pass
        except psycopg.errors.UniqueViolation:
            pass  # two processes at once
        except psycopg.errors.InsufficientPrivilege:
            raise embedded.DatabaseUnavailable(
                f"the database {found.name} is not there and this user may not make it. Ask for: CREATE DATABASE {found.name};"
            ) from None


def _check_version(admin: psycopg.Connection[Any]) -> None:
    if admin.info.server_version < 150_000:
        raise embedded.DatabaseUnavailable(
            f"PostgreSQL {admin.info.server_version // 10_000} is too old: wholechild needs 15 or later. Use a newer server."
        )


def _make_roles(admin: psycopg.Connection[Any]) -> None:
    """Make the three roles, or leave them as somebody has made them; `doctor` says where they differ."""
    import psycopg
    from psycopg import sql

    known = {row[0] for row in admin.execute("SELECT rolname FROM pg_roles").fetchall()}
    for role, attributes in roles.ROLES.items():
        if role in known:
            continue
        try:
            admin.execute(sql.SQL("CREATE ROLE {} " + attributes).format(sql.Identifier(role)))  # type: ignore[arg-type]
        except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
            continue
        except psycopg.errors.InsufficientPrivilege:
            raise embedded.DatabaseUnavailable(
                f"this user may not make the role {role}. Ask for: CREATE ROLE {role} {attributes}; "
                "or see docs/how-to/run-on-your-own-postgresql.md."
            ) from None


def _let_become(admin: psycopg.Connection[Any], role: str) -> None:
    """Whoever sets up may act as the role (PostgreSQL 16 asks for this in so many words)."""
    import psycopg
    from psycopg import sql

    try:
        admin.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        admin.execute("RESET ROLE")
    except psycopg.errors.InsufficientPrivilege:
        try:
            admin.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(role)))
        except psycopg.errors.InsufficientPrivilege:
            raise embedded.DatabaseUnavailable(
                f"this user may not act as {role}. Ask for: GRANT {role} TO {admin.info.user}; or give {APP} an address of its "
                "own in WHOLECHILD_APP_URL (docs/how-to/run-on-your-own-postgresql.md)."
            ) from None


def _own_database(admin: psycopg.Connection[Any], name: str) -> None:
    from psycopg import sql

    database_name = sql.Identifier(name)
    for statement in (
        "GRANT CREATE, CONNECT ON DATABASE {db} TO {owner}",
        "REVOKE ALL ON DATABASE {db} FROM PUBLIC",
        "GRANT CONNECT ON DATABASE {db} TO {app}, {analytics}",
        "GRANT USAGE, CREATE ON SCHEMA public TO {owner}",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        "GRANT USAGE ON SCHEMA public TO {app}, {analytics}",
    ):
        admin.execute(sql.SQL(statement).format(db=database_name, **_role_names()))


def _role_names() -> dict[str, Any]:
    from psycopg import sql

    return {
        "owner": sql.Identifier(OWNER),
        "app": sql.Identifier(APP),
        "analytics": sql.Identifier(ANALYTICS),
    }


def _own_schema(owner: psycopg.Connection[Any]) -> None:
    from psycopg import sql

    for statement in (
        "CREATE SCHEMA IF NOT EXISTS wholechild_setup",
        "CREATE TABLE IF NOT EXISTS wholechild_setup.state (fingerprint text NOT NULL, at timestamptz NOT NULL DEFAULT now())",
        "GRANT USAGE ON SCHEMA wholechild_setup TO {app}",
        "GRANT SELECT ON wholechild_setup.state TO {app}",
    ):
        owner.execute(sql.SQL(statement).format(**{k: v for k, v in _role_names().items() if k == "app"}))


def _migrate(found: Database) -> None:
    """Bring the tables up to date, speaking as their owner; the application's own connection stays what it is."""
    from django.core.management import call_command
    from django.db import connections

    from wholechild.config.database import for_django
    from wholechild.config.django import initialise

    initialise()
    assert found.owner is not None  # noqa: S101 - for the type checker; _set_up has asked
    settings = {**for_django(found.owner), "CONN_MAX_AGE": 0}
    settings["OPTIONS"] = {**settings["OPTIONS"], "options": found.owner.get("options", "")}
    connections.settings["owner"] = connections.configure_settings({"default": settings})["default"]
    try:
        call_command("migrate", database="owner", verbosity=0, interactive=False)
    finally:
        connections["owner"].close()
        del connections["owner"]
        del connections.settings["owner"]


def _grant(owner: psycopg.Connection[Any]) -> None:
    """Give exactly the rights of `roles.ACCESS`, and take every other away."""
    from psycopg import sql

    tables = [
        row[0]
        for row in owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    ]
    with owner.transaction():
        for table in tables:
            access = roles.access_to(table)
            for role, rights in ((APP, access.app), (ANALYTICS, access.analytics)):
                names = {"table": sql.Identifier(table), "role": sql.Identifier(role)}
                owner.execute(sql.SQL("REVOKE ALL ON {table} FROM {role}").format(**names))
                if rights:
                    owner.execute(sql.SQL("GRANT {rights} ON {table} TO {role}").format(
                        rights=sql.SQL(", ".join(sorted(rights))), **names))  # fmt: skip
        owner.execute(
            sql.SQL("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {}").format(sql.Identifier(APP))
        )


def _remember(owner: psycopg.Connection[Any], wanted: str) -> None:
    with owner.transaction():
        owner.execute("DELETE FROM wholechild_setup.state")
        owner.execute("INSERT INTO wholechild_setup.state (fingerprint) VALUES (%s)", [wanted])
