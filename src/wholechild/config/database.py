"""Which database this process works with, and as whom it speaks to it.

Three roles, each allowed as little as it needs (docs/how-to/run-on-your-own-postgresql.md):

* `wholechild_owner` owns the tables and changes their shape; only setting up speaks as it;
* `wholechild_app` reads, and adds facts; it can change or delete none, and every command and page speaks as it;
* `wholechild_analytics` only reads, and neither accounts nor quarantine.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from wholechild.config import embedded
from wholechild.config.home import home

NAME: Final = "wholechild"
OWNER: Final = "wholechild_owner"
APP: Final = "wholechild_app"
ANALYTICS: Final = "wholechild_analytics"
#: A page that takes longer has lost its reader; loading and matching lift this for their own transaction.
PAGE_TIMEOUT_MS: Final = 15_000
#: After so many runs the driver would keep a statement that nobody asked it to keep.
_NEVER_BY_ITSELF: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Database:
    """How to reach the database in each capacity, as libpq parameters.

    Missing  `admin` and `owner` None: this process was given the application's way in only, and cannot set up.
    """

    is_embedded: bool
    name: str
    app: dict[str, str]
    owner: dict[str, str] | None
    admin: dict[str, str] | None
    analytics: dict[str, str] | None = None

    def for_django(self) -> dict[str, Any]:
        """The value of `DATABASES["default"]`: the application role, never the owner."""
        return for_django(self.app)

    def for_analysis(self, name: str) -> dict[str, str]:
        """The way in of the role that only reads, to the database of this name.

        Errors   DatabaseUnavailable, where this process was given no way in as that role.
        """
        if self.analytics is None:
            raise embedded.DatabaseUnavailable(
                f"there is no way in as {ANALYTICS}, the role that only reads. Give its address in WHOLECHILD_ANALYTICS_URL "
                "(docs/how-to/run-on-your-own-postgresql.md)."
            )
        return {**self.analytics, "dbname": name}


@lru_cache(maxsize=4)
def _of(url: str, app_url: str, analytics_url: str, folder: Path) -> Database:
    if url or app_url:
        return _on_server(url, app_url, analytics_url)
    return _embedded(folder)


def database() -> Database:
    """The database that the environment names: `DATABASE_URL`, `WHOLECHILD_APP_URL`, else the embedded one."""
    return _of(
        os.environ.get("DATABASE_URL", ""), os.environ.get("WHOLECHILD_APP_URL", ""),
        os.environ.get("WHOLECHILD_ANALYTICS_URL", ""), home(),
    )  # fmt: skip


def is_there() -> bool:
    """Whether this installation has a database, without starting one or reaching for it."""
    if os.environ.get("DATABASE_URL") or os.environ.get("WHOLECHILD_APP_URL"):
        return True
    elsewhere = home() / "postgres-is-at"
    folder = Path(elsewhere.read_text().strip()) if elsewhere.exists() else home() / "postgres"
    return (folder / "data" / "PG_VERSION").exists()


def _embedded(folder: Path) -> Database:
    socket = {"host": str(embedded.embedded(folder).sockets), "port": "5432"}
    ours = {**socket, "dbname": NAME}
    return Database(
        True,
        NAME,
        {**ours, "user": APP},
        {**ours, "user": OWNER},
        {**socket, "dbname": "postgres", "user": embedded.SUPERUSER},
        {**ours, "user": ANALYTICS},
    )


def _on_server(url: str, app_url: str, analytics_url: str) -> Database:
    admin = _parameters(url) if url else None
    app = _parameters(app_url) if app_url else _as_role(admin or {}, APP)
    owner = _as_role(admin, OWNER) if admin else None
    analytics = _parameters(analytics_url) if analytics_url else None
    if admin and not app_url and analytics is None:
        analytics = _as_role(admin, ANALYTICS)
    return Database(False, (admin or app).get("dbname", NAME), app, owner, admin, analytics)


def _parameters(url: str) -> dict[str, str]:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    try:
        found = {key: str(value) for key, value in conninfo_to_dict(url).items() if value is not None}
    except psycopg.Error as wrong:
        raise embedded.DatabaseUnavailable(
            f"DATABASE_URL or WHOLECHILD_APP_URL is not an address of a PostgreSQL database ({wrong}). "
            "Write it as postgresql://user@host:5432/wholechild."
        ) from None
    return {"dbname": NAME, **found}


def _as_role(parameters: dict[str, str], role: str) -> dict[str, str]:
    """The same way in, with the rights of another role from the first statement on."""
    return {**parameters, "options": f"{parameters.get('options', '')} -c role={role}".strip()}


def for_django(app: dict[str, str]) -> dict[str, Any]:
    """A value of `DATABASES` for libpq parameters."""
    others = {
        key: value for key, value in app.items() if key not in ("dbname", "user", "password", "host", "port")
    }
    # Our statements are many and short: compiling one takes longer than running it.
    others["options"] = (
        f"{others.get('options', '')} -c jit=off -c statement_timeout={PAGE_TIMEOUT_MS}".strip()
    )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": app["dbname"],
        "USER": app.get("user", ""),
        "PASSWORD": app.get("password", ""),
        "HOST": app.get("host", ""),
        "PORT": app.get("port", ""),
        # Statements of which we say so are planned once and kept by the server; with None, Django's own, none ever is.
        "OPTIONS": {**others, "application_name": "wholechild", "prepare_threshold": _NEVER_BY_ITSELF},
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
