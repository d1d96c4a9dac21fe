"""Whoever takes the application's database role can add, and can change nothing that is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import pytest

from tests.feeds import as_csv, person, record

pytestmark = pytest.mark.usefixtures("own_database")


def _facts() -> list[str]:
    from wholechild.config.django import initialise

    initialise()
    from wholechild.trust.models import LedgerCheckpoint, LedgerLeaf
    from wholechild.trust.queries import fact_tables

    models = [*fact_tables(), LedgerLeaf, LedgerCheckpoint]
    return [*(model._meta.db_table for model in models), "records_recordsubject"]


@pytest.fixture
def as_role(own_database: Any, as_superuser: Any) -> Iterator[Callable[[str], Any]]:
    """A connection with the rights of a role: the superuser's, given up."""

    def connect(role: str) -> Any:
        as_superuser.execute("RESET ROLE")
        as_superuser.execute(f"SET ROLE {role}")
        return as_superuser

    yield connect
    as_superuser.execute("RESET ROLE")


def _is_denied(connection: Any, statement: str) -> bool:
    import psycopg

    alone = statement.startswith(
        ("ALTER SYSTEM", "CREATE DATABASE")
    )  # PostgreSQL runs these outside transactions only
    try:
        with nullcontext() if alone else connection.transaction(force_rollback=True):
            connection.execute(statement)
    except psycopg.errors.InsufficientPrivilege:
        return True
    except psycopg.Error as other:
        raise AssertionError(f"{statement}: {other}") from other
    return False


def test_the_application_cannot_change_a_fact(
    as_role: Callable[[str], Any], deliver: Callable[..., Any]
) -> None:
    deliver("feed.csv", as_csv([person(), record()]))
    app = as_role("wholechild_app")
    allowed = []
    for table in _facts():
        first = app.execute(f"SELECT * FROM {table} LIMIT 0").description[0].name
        for statement in (
            f'UPDATE {table} SET "{first}" = "{first}"', f"DELETE FROM {table}", f"TRUNCATE {table}",
            f"ALTER TABLE {table} ADD COLUMN extra_ int", f"DROP TABLE {table}", f"CREATE INDEX ON {table} ((1))",
            f"CREATE TRIGGER t BEFORE INSERT ON {table} EXECUTE FUNCTION suppress_redundant_updates_trigger()",
            f"ALTER TABLE {table} DISABLE TRIGGER ALL", f"GRANT UPDATE ON {table} TO wholechild_app",
            f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE", f"ALTER TABLE {table} OWNER TO wholechild_app",
        ):  # fmt: skip
            if not _is_denied(app, statement):
                allowed.append(statement)
    assert [s for s in allowed if not s.startswith("GRANT")] == []  # GRANT without the right only warns
    app.execute("SELECT 1")
    assert not app.execute(
        "SELECT has_table_privilege('wholechild_app', 'records_recordrow', 'UPDATE')"
    ).fetchone()[0]


def test_the_application_cannot_become_more(as_role: Callable[[str], Any], own_database: Any) -> None:
    app = as_role("wholechild_app")
    for statement in (
        "CREATE TABLE mine (n int)", "CREATE SCHEMA mine", "CREATE TEMP TABLE mine (n int)",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "CREATE ROLE mine", "CREATE DATABASE mine",
        "ALTER ROLE wholechild_app SUPERUSER", f'ALTER DATABASE "{own_database.name}" SET fsync = off', "ALTER SYSTEM SET fsync = off",
        "COPY records_recordrow TO PROGRAM 'cat'", "COPY records_recordrow FROM '/etc/hostname'", "SELECT pg_read_file('/etc/hostname')",
        "DELETE FROM wholechild_setup.state", "UPDATE django_migrations SET name = 'x'",
        "SET session_replication_role = replica",
    ):  # fmt: skip
        assert _is_denied(app, statement), statement


def test_roles_have_no_attributes(as_superuser: Any) -> None:
    rows = as_superuser.execute(
        "SELECT rolname, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication FROM pg_roles "
        "WHERE rolname IN ('wholechild_owner', 'wholechild_app', 'wholechild_analytics')"
    ).fetchall()
    assert len(rows) == 3
    assert [row for row in rows if any(row[1:])] == []
    memberships = as_superuser.execute(
        "SELECT 1 FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE r.rolname IN ('wholechild_app', 'wholechild_analytics')"
    ).fetchall()
    assert memberships == []


def test_analysts_read_facts_and_nothing_of_accounts_or_quarantine(as_role: Callable[[str], Any]) -> None:
    analyst = as_role("wholechild_analytics")
    analyst.execute("SELECT count(*) FROM records_recordrow")
    for table in (
        "records_quarantinedrow",
        "trust_disclosure",
        "auth_user",
        "django_session",
        "trust_account",
    ):
        assert _is_denied(analyst, f"SELECT * FROM {table}"), table
    for statement in (
        "INSERT INTO trust_ledgerleaf (seq) VALUES (1)",
        "UPDATE records_recordrow SET what = ''",
        "CREATE TABLE mine (n int)",
    ):
        assert _is_denied(analyst, statement), statement


def test_others_may_not_even_connect(as_superuser: Any, own_database: Any) -> None:
    (rights,) = as_superuser.execute(
        "SELECT datacl::text FROM pg_database WHERE datname = %s", [own_database.name]
    ).fetchone()
    assert "wholechild_app=c/" in rights
    assert not rights.startswith("{=")
    assert ",=" not in rights


def test_django_speaks_as_the_application(own_database: Any) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("wholechild_app",)
