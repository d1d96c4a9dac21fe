"""The worker as a process of its own: it works off what arrives while it runs, and stops cleanly when it is asked to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.databases import AT
from tests.integration.worlds import TWO_AGENCIES

#: Longer than any start on a busy machine.
LONG = 60.0


@pytest.fixture
def process(own_database: Any) -> Iterator[subprocess.Popen[str]]:
    """`wholechild worker` on this test's own database, as the application."""
    from psycopg.conninfo import make_conninfo

    env = {**os.environ, "WHOLECHILD_APP_URL": make_conninfo("", **own_database.app)}
    env.pop("DATABASE_URL", None)
    started = subprocess.Popen(
        [sys.executable, "-m", "wholechild.cli.main", "worker"], env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )  # fmt: skip
    yield started
    if started.poll() is None:
        started.kill()
    started.wait(10)


def eventually(what: Any, within: float) -> bool:
    until = time.monotonic() + within
    while time.monotonic() < until:
        if what():
            return True
        time.sleep(0.05)
    return False


def workers() -> int:
    from procrastinate.contrib.django.models import ProcrastinateWorker

    return int(ProcrastinateWorker.objects.count())


def test_it_works_off_what_arrives_and_stops_when_it_is_asked_to(process: Any, deliver: Any) -> None:
    from wholechild.trust.queries import waiting

    assert eventually(lambda: workers() == 1, LONG), process.stderr.read()
    deliver("1.ndjson", TWO_AGENCIES, at=AT, link=True)
    assert eventually(lambda: waiting() == 0, LONG)
    process.send_signal(signal.SIGTERM)
    said, complained = process.communicate(timeout=LONG)
    assert (process.returncode, complained.splitlines()[1:]) == (0, [])
    assert "children evaluated" in said
    assert workers() == 0
