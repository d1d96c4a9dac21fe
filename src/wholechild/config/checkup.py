"""What `wholechild doctor` looks at: the database, its roles and rights, what makes it durable, clock and disk.

Each check answers with a line: `ok`, `warn` (works, and will hurt one day) or `fail` (do not put a child's record in here).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from wholechild.config import roles
from wholechild.config.bootstrap import connected, fingerprint, fingerprint_in
from wholechild.config.database import ANALYTICS, APP, OWNER, Database
from wholechild.config.home import home
from wholechild.lib.civil import civil
from wholechild.trust.outbox import CHANGES, QUEUES, Queue

Rows = Callable[..., list[tuple[Any, ...]]]


class State(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the check-up. `do` is empty where all is well."""

    name: str
    state: State
    found: str
    do: str = ""


#: Set to anything else, an acknowledged record can be lost, or half a page of it kept.
_DURABLE: Final = {
    "fsync": ("on",),
    "synchronous_commit": ("on", "remote_apply", "remote_write"),
    "full_page_writes": ("on",),
}
_ENOUGH_DISK: Final = 2 * 1024**3
_LITTLE_DISK: Final = 512 * 1024**2
_CLOCK_DRIFT: Final = 5.0


def check_up(found: Database) -> list[Finding]:
    """Every finding, in the order in which they would be put right. Changes nothing."""
    with connected(found.app) as connection:

        def rows(query: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
            return connection.execute(query, parameters).fetchall()  # type: ignore[arg-type]

        return [
            *_server(found, rows), *_set_up(found), *_roles(rows), *_rights(rows), *_durability(rows), *_logging(rows),
            *_clock(rows), *_disk(found), *_account(found), *_queues(rows), *_timers(rows),
        ]  # fmt: skip


def _server(found: Database, rows: Rows) -> Iterator[Finding]:
    (version, number, encoding), = rows(
        "SELECT current_setting('server_version'), current_setting('server_version_num')::int, "
        "pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()"
    )  # fmt: skip
    where = "embedded, on a Unix socket only" if found.is_embedded else "a server of your own"
    yield Finding("database", State.OK, f"PostgreSQL {version.split()[0]}, {where}")
    if number < 150_000:
        yield Finding(
            "version", State.FAIL, f"PostgreSQL {version.split()[0]}", "Use PostgreSQL 15 or later."
        )
    elif number < 190_000 and number % 10_000 < _PATCHED.get(number // 10_000, 0):
        least = f"{number // 10_000}.{_PATCHED[number // 10_000]}"
        yield Finding("version", State.WARN, f"PostgreSQL {version.split()[0]} has known faults in its protection of rows",
                      f"Update it to {least} or later (CVE-2025-8713).")  # fmt: skip
    else:
        yield Finding("version", State.OK, "recent enough")
    if encoding != "UTF8":
        yield Finding(
            "encoding",
            State.FAIL,
            encoding,
            "Make the database anew with ENCODING 'UTF8': names would not fit.",
        )
    else:
        yield Finding("encoding", State.OK, encoding)


#: The first release of each line with the fix of CVE-2025-8713 (statistics that show rows behind row security).
_PATCHED: Final = {15: 14, 16: 10, 17: 6}


def _set_up(found: Database) -> Iterator[Finding]:
    if fingerprint_in(found) == fingerprint():
        yield Finding("tables", State.OK, "set up for this version")
    else:
        yield Finding(
            "tables",
            State.FAIL,
            "not set up for this version",
            "Run any wholechild command with DATABASE_URL set to the owner.",
        )


def _roles(rows: Rows) -> Iterator[Finding]:
    (current, session), = rows("SELECT current_user, session_user")  # fmt: skip
    if current != APP:
        yield Finding(
            "who we are", State.FAIL, f"connected as {current}", f"Connect as {APP}: set WHOLECHILD_APP_URL."
        )
    elif session != APP:
        yield Finding("who we are", State.WARN, f"{APP}, by way of {session}, which can do more",
                      "Give the processes that serve a way in of their own: WHOLECHILD_APP_URL.")  # fmt: skip
    else:
        yield Finding("who we are", State.OK, APP)
    known = {row[0]: row[1:] for row in rows(
        "SELECT rolname, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication FROM pg_roles WHERE rolname = ANY(%s)",
        [list(roles.ROLES)],
    )}  # fmt: skip
    for role in roles.ROLES:
        yield _role(role, known.get(role))
    for role, other in rows(
        "SELECT u.rolname, r.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid "
        "JOIN pg_roles u ON u.oid = m.member WHERE u.rolname = ANY(%s)", [[APP, ANALYTICS]],
    ):  # fmt: skip
        yield Finding(
            f"role {role}",
            State.FAIL,
            f"may become {other}, with all its rights",
            f"REVOKE {other} FROM {role};",
        )


def _role(role: str, attributes: tuple[bool, ...] | None) -> Finding:
    if attributes is None:
        return Finding(f"role {role}", State.FAIL, "is not there", f"CREATE ROLE {role} {roles.ROLES[role]};")
    names = ("SUPERUSER", "BYPASSRLS", "CREATEDB", "CREATEROLE", "REPLICATION")
    too_many = [name for name, has in zip(names, attributes, strict=True) if has]
    if too_many:
        return Finding(f"role {role}", State.FAIL, f"has {', '.join(too_many)}",
                       f"ALTER ROLE {role} {' '.join('NO' + name for name in too_many)};")  # fmt: skip
    return Finding(f"role {role}", State.OK, "has no more than it needs")


def _rights(rows: Rows) -> Iterator[Finding]:
    """Every right on every table, or on a column of one, against the one table of who may do what."""
    held: dict[tuple[str, str], set[str]] = {}
    for table, role, right in rows(
        "SELECT c.relname, r.role, p.privilege FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "CROSS JOIN unnest(%s::text[]) AS r(role) "
        "CROSS JOIN unnest(ARRAY['SELECT','INSERT','UPDATE','DELETE','TRUNCATE','REFERENCES','TRIGGER']) AS p(privilege) "
        "WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm') "
        "AND CASE WHEN p.privilege IN ('SELECT','INSERT','UPDATE','REFERENCES') "
        "THEN has_any_column_privilege(r.role, c.oid, p.privilege) ELSE has_table_privilege(r.role, c.oid, p.privilege) END",
        [[APP, ANALYTICS]],
    ):
        held.setdefault((table, role), set()).add(right)
    tables = [row[0] for row in rows(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm')"
    )]  # fmt: skip
    wrong = [line for table in tables for line in _differences(table, held)]
    for table, role, has, wanted in wrong:
        give = f" GRANT {wanted} ON {table} TO {role};" if wanted != "nothing" else ""
        yield Finding(f"rights on {table}", State.FAIL, f"{role} has {has}, and should have {wanted}",
                      f"See who changed them. As {OWNER}: REVOKE ALL ON {table} FROM PUBLIC, {role};{give}")  # fmt: skip
    owners = rows(
        "SELECT tablename, tableowner FROM pg_tables WHERE schemaname = 'public' AND tableowner = %s", [APP]
    )
    if owners:
        yield Finding(
            "owner",
            State.FAIL,
            f"{APP} owns {len(owners)} tables, so it can change them",
            f"ALTER TABLE … OWNER TO {OWNER};",
        )
    if rows(
        "SELECT 1 WHERE has_schema_privilege(%s, 'public', 'CREATE') OR has_database_privilege(%s, current_database(), 'CREATE')",
        [APP, APP],
    ):
        yield Finding(
            "making tables",
            State.FAIL,
            f"{APP} may make tables",
            f"REVOKE CREATE ON SCHEMA public FROM {APP}, PUBLIC;",
        )
    if not wrong and not owners:
        yield Finding("rights", State.OK, f"{len(tables)} tables, each with the rights that it should have")


def _differences(table: str, held: dict[tuple[str, str], set[str]]) -> Iterator[tuple[str, str, str, str]]:
    access = roles.access_to(table)
    for role, wanted in ((APP, access.app), (ANALYTICS, access.analytics)):
        has = held.get((table, role), set())
        if has != wanted:
            yield table, role, ", ".join(sorted(has)) or "nothing", ", ".join(sorted(wanted)) or "nothing"


def _durability(rows: Rows) -> Iterator[Finding]:
    for name, good in _DURABLE.items():
        (value,), = rows("SELECT current_setting(%s)", [name])  # fmt: skip
        if value in good:
            yield Finding(name, State.OK, value)
        else:
            yield Finding(
                name,
                State.FAIL,
                f"{value}: a power cut can lose what was acknowledged",
                f"ALTER SYSTEM SET {name} = on; then reload.",
            )
    (checksums,), = rows("SELECT current_setting('data_checksums')")  # fmt: skip
    if checksums == "on":
        yield Finding("data checksums", State.OK, "on")
    else:
        yield Finding("data checksums", State.WARN, "off: a page that the disk has spoilt is read as if it were right",
                      "Stop the server and run pg_checksums --enable.")  # fmt: skip


def _logging(rows: Rows) -> Iterator[Finding]:
    """A statement can hold a name or an address. Those who read server logs have no relation to any child."""
    settings: dict[str, str] = dict(rows(
        "SELECT name, setting FROM pg_settings WHERE name IN "
        "('log_statement', 'log_min_duration_statement', 'log_min_error_statement', 'log_error_verbosity')"
    ))  # fmt: skip
    loud = []
    if settings.get("log_statement", "none") not in ("none", "ddl"):
        loud.append("log_statement = none")
    if settings.get("log_min_error_statement", "panic") not in ("panic", "fatal"):
        loud.append("log_min_error_statement = panic")
    if settings.get("log_min_duration_statement", "-1") != "-1":
        loud.append("log_min_duration_statement = -1")
    if loud:
        yield Finding(
            "server log",
            State.WARN,
            "failing or slow statements are written to the log with what is in them",
            "Set " + "; ".join(loud) + ".",
        )
    else:
        yield Finding("server log", State.OK, "statements are not written to it")


def _clock(rows: Rows) -> Iterator[Finding]:
    (there,), = rows("SELECT clock_timestamp()")  # fmt: skip
    here = datetime.now(UTC)
    drift = abs((there - here).total_seconds())
    if drift > _CLOCK_DRIFT:
        yield Finding(
            "clock",
            State.FAIL,
            f"this machine and the database differ by {drift:.0f} seconds",
            "Set both by NTP.",
        )
    elif not 2025 <= here.year <= 2100:
        yield Finding(
            "clock",
            State.FAIL,
            f"the clock says {here:%d %B %Y}",
            "Set the clock: every record is dated by it.",
        )
    else:
        yield Finding("clock", State.OK, f"{here:%Y-%m-%d %H:%M} UTC, the same in the database")


def _disk(found: Database) -> Iterator[Finding]:
    if not found.is_embedded:
        yield Finding("disk", State.OK, "of the server: watch it there")
        return
    free = shutil.disk_usage(home()).free
    words = f"{free / 1024**3:.1f} GiB free"
    if free < _LITTLE_DISK:
        yield Finding("disk", State.FAIL, words, "Make room: PostgreSQL stops when the disk is full.")
    elif free < _ENOUGH_DISK:
        yield Finding("disk", State.WARN, words, "Make room soon.")
    else:
        yield Finding("disk", State.OK, words)


def _queues(rows: Rows) -> Iterator[Finding]:
    """What waits, and for how long: a queue that nobody works off is a warning that nobody hears (D9)."""
    for queue in QUEUES:
        (waiting, seconds), = rows(_WAITING, [queue.name])  # fmt: skip
        yield _late(f"queue {queue.name}", waiting, seconds, queue, "job", "Start wholechild worker; if one runs, see what it says of its failures.")  # fmt: skip


_WAITING: Final = (
    "SELECT count(DISTINCT j.id), coalesce(extract(epoch FROM now() - min(e.at)), 0) FROM procrastinate_jobs j "
    "JOIN procrastinate_events e ON e.job_id = j.id AND e.type = 'deferred' "
    "WHERE j.status IN ('todo', 'doing', 'failed') AND j.queue_name = %s"
)


def _timers(rows: Rows) -> Iterator[Finding]:
    now = civil(datetime.now(UTC))
    (waiting, first), = rows("SELECT count(*), min(due) FROM patterns_watch WHERE due <= %s", [now])  # fmt: skip
    yield _late("timers", waiting, now - (first or now), CHANGES, "child", "Start wholechild worker: days have passed that change what holds.")  # fmt: skip


def _late(name: str, waiting: int, seconds: float, queue: Queue, what: str, do: str) -> Finding:
    """How old the oldest of what waits is, against what its queue allows, and who answers for it."""
    if not waiting:
        return Finding(name, State.OK, "nothing waits")
    age = timedelta(seconds=float(seconds))
    words = f"{waiting:,} {what if waiting == 1 else _PLURALS[what]} waiting, the oldest for {_say_age(age)}"
    if age <= queue.late:
        return Finding(name, State.OK, words)
    state = State.FAIL if age > queue.alarm else State.WARN
    return Finding(name, state, f"{words}; {queue.owner} answers for it", do)


_PLURALS: Final = {"job": "jobs", "child": "children"}


def _say_age(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{minutes // 60} hours" if minutes < 2_880 else f"{minutes // 1_440} days"


def _account(found: Database) -> Iterator[Finding]:
    if os.geteuid() == 0:
        yield Finding(
            "account",
            State.WARN,
            "running as root" + ("; PostgreSQL runs as the user pgserver" if found.is_embedded else ""),
            "Run wholechild as an ordinary user.",
        )
    else:
        yield Finding("account", State.OK, "an ordinary user")
