"""PostgreSQL itself refuses what no page and no command may do: the application adds and reads, and can change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from wholechild.config.database import ANALYTICS, APP, OWNER

DENIED = psycopg.errors.InsufficientPrivilege


@pytest.fixture(scope="module")
def roles(shared_database: Any) -> Iterator[Any]:
    """Connections as the application and as the analysts, with no way back; each statement its own transaction."""
    from wholechild.config.bootstrap import connected

    admin = {**shared_database.admin, "dbname": shared_database.name}
    with connected(admin) as app, connected(admin) as analysts:
        app.execute(f"SET SESSION AUTHORIZATION {APP}")
        analysts.execute(f"SET SESSION AUTHORIZATION {ANALYTICS}")
        yield {APP: app, ANALYTICS: analysts}


def _tables() -> list[str]:
    """Every fact and ledger table, from the models themselves: a new one is in here the day it is made, unless it is said to be worked out anew."""
    from wholechild.config.django import initialise

    initialise()
    from django.apps import apps

    from wholechild.config.roles import DERIVED, access_to

    ours = ("trust", "records", "people", "patterns")
    tables = (model._meta.db_table for model in apps.get_models() if model._meta.app_label in ours)
    return sorted(table for table in tables if access_to(table) != DERIVED)


def _private() -> set[str]:
    from wholechild.config.roles import access_to

    return {table for table in _tables() if not access_to(table).analytics}


CHANGES = (
    "UPDATE {t} SET {c} = {c}", "DELETE FROM {t}", "TRUNCATE {t}", "ALTER TABLE {t} ADD COLUMN x text", "DROP TABLE {t}",
    "ALTER TABLE {t} DISABLE TRIGGER ALL", "CREATE RULE quiet AS ON INSERT TO {t} DO INSTEAD NOTHING",
    "CREATE TRIGGER quiet BEFORE INSERT ON {t} FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE INDEX ON {t} ({c})", "ALTER TABLE {t} OWNER TO wholechild_app",
    "LOCK TABLE {t} IN ACCESS EXCLUSIVE MODE", "ALTER TABLE {t} RENAME TO other",
)  # fmt: skip


@pytest.mark.parametrize("table", _tables())
def test_the_application_can_change_no_fact_and_no_leaf(roles: Any, table: str) -> None:
    column = roles[APP].execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position", [table]
    ).fetchone()[0]  # fmt: skip
    allowed = []
    for change in CHANGES:
        try:
            with roles[APP].transaction(force_rollback=True):
                roles[APP].execute(change.format(t=table, c=f'"{column}"'))
        except DENIED:
            continue
        allowed.append(change)
    assert allowed == []
    assert roles[APP].execute(f"SELECT count(*) FROM {table}").fetchone()[0] >= 0


@pytest.mark.parametrize("table", _tables())
def test_the_analysts_read_what_is_not_private_and_nothing_else(roles: Any, table: str) -> None:
    if table in _private():
        with pytest.raises(DENIED):
            roles[ANALYTICS].execute(f"SELECT 1 FROM {table}")
    else:
        roles[ANALYTICS].execute(f"SELECT 1 FROM {table} LIMIT 1")
    for change in ("INSERT INTO {t} DEFAULT VALUES", "DELETE FROM {t}", "TRUNCATE {t}", "DROP TABLE {t}"):
        with pytest.raises(DENIED):
            roles[ANALYTICS].execute(change.format(t=table))


def test_what_holds_who_looked_and_what_went_wrong_is_private() -> None:
    assert _private() >= {"records_quarantinedrow", "trust_disclosure", "trust_relation", "trust_account"}


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE x (a int)", "CREATE TEMP TABLE x (a int)", "CREATE SCHEMA x", "CREATE FUNCTION x() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE ROLE x", f"SET ROLE {OWNER}", f"ALTER ROLE {APP} SUPERUSER", f"GRANT {OWNER} TO {APP}",
        "ALTER SYSTEM SET fsync = off", "COPY (SELECT 1) TO PROGRAM 'true'", "COPY trust_ledgerleaf TO '/x'", "SELECT pg_read_file('/etc/passwd')",
        "SELECT lo_import('/etc/passwd')", "DELETE FROM wholechild_setup.state", "UPDATE wholechild_setup.state SET fingerprint = 'x'",
        "DROP SCHEMA public CASCADE", "INSERT INTO django_migrations (app, name, applied) VALUES ('x', 'x', now())",
    ],
)  # fmt: skip
def test_the_application_cannot_reach_further(roles: Any, statement: str) -> None:
    with pytest.raises(DENIED):
        roles[APP].execute(statement)


@pytest.mark.parametrize("role", [OWNER, APP, ANALYTICS])
def test_no_role_of_ours_stands_above_the_rules(roles: Any, role: str) -> None:
    attributes = "rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication"
    found = roles[APP].execute(f"SELECT {attributes} FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    assert found == (False, False, False, False, False)


def test_the_application_is_a_member_of_nothing(roles: Any) -> None:
    names = "SELECT r.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid JOIN pg_roles u ON u.oid = m.member WHERE u.rolname = %s"
    assert roles[APP].execute(names, [APP]).fetchall() == []
    assert roles[APP].execute(names, [ANALYTICS]).fetchall() == []


def test_every_table_belongs_to_the_owner(roles: Any) -> None:
    owners = roles[APP].execute(
        "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname IN ('public', 'wholechild_setup')"
    )
    assert owners.fetchall() == [(OWNER,)]


def test_no_function_lends_the_owners_rights(roles: Any) -> None:
    lending = roles[APP].execute(
        "SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.prosecdef AND n.nspname = 'public'"
    )
    assert lending.fetchall() == []


def test_django_speaks_as_the_application(rolled_back: None) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_setting('statement_timeout')")
        assert cursor.fetchone() == (APP, "15s")
