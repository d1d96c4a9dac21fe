"""What the commands that use the database share: the clock, the salts, and who is acting."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import click


def now_option(function: Any) -> Any:
    """`--now`: the moment to act at, instead of the clock's; for runs that must come out the same."""
    return click.option(
        "--now", type=click.DateTime(["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"]), help="Act as of this moment (UTC)."
    )(function)


def moment(now: datetime | None) -> datetime:
    """The moment asked for, or the clock's: commands are faces, and only faces read the clock."""
    return now.replace(tzinfo=UTC) if now else datetime.now(UTC)


def salts(length: int) -> bytes:
    """Bytes that nobody can guess."""
    return os.urandom(length)


@contextmanager
def patiently() -> Iterator[None]:
    """Let this connection's statements take the time that they need: the limit is there for readers of pages."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        try:
            yield
        finally:
            cursor.execute("RESET statement_timeout")
