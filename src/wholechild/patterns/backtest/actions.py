"""Beginning a backtest that runs by itself, in a process of its own, while a page or a person waits.

Nothing about anybody is read or written here: a backtest reads a snapshot and leaves counts. That a lesson was adopted on
the strength of one is an act of its own, and names the report.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from pathlib import Path

from wholechild.patterns.backtest import waiting
from wholechild.patterns.backtest.queries import NoSuchBacktest, folder_of
from wholechild.patterns.backtest.run import read_version
from wholechild.patterns.snapshots import MANIFEST, SnapshotRefused
from wholechild.trust.actions import Salts
from wholechild.trust.viewers import Viewer


def start(
    *, by: Viewer, purpose: str, at: datetime, lesson_text: str, snapshot: Path, folder: Path, salts: Salts, against_text: str = "",
    years: int = 3,
) -> str:  # fmt: skip
    """Begin to try a lesson's text on a snapshot, and give the id under which `queries.progress` and `.report` know it.

    `folder` is where all backtests lie (the setting WHOLECHILD_BACKTESTS).
    Errors   LessonRefused, with every fault of the text; SnapshotRefused, if there is no snapshot.
    """
    read_version(lesson_text, waiting.LESSON)
    if against_text:
        read_version(against_text, waiting.AGAINST)
    if not (snapshot / MANIFEST).is_file():
        raise SnapshotRefused(
            f"{snapshot}: there is no snapshot here. Take one with: wholechild snapshot DIR"
        )
    backtest = f"backtest-{salts(12).hex()}"
    own = folder / backtest
    own.mkdir(parents=True, mode=0o700)
    waiting.write_whole(own / waiting.LESSON, lesson_text)
    against: list[str] = []
    if against_text:
        waiting.write_whole(own / waiting.AGAINST, against_text)
        against = ["--against", str(own / waiting.AGAINST)]
    _run(own, [str(own / waiting.LESSON), "--snapshot", str(snapshot), "--years", str(years), *against])
    return backtest


def _run(own: Path, arguments: list[str]) -> None:
    """The command, in a session of its own: it goes on when the worker that began it is stopped."""
    writing = {"--progress": waiting.PROGRESS, "--html": waiting.PAGE, "--json": waiting.REPORT}
    to = [word for option, name in writing.items() for word in (option, str(own / name))]
    with (own / waiting.SAID).open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "wholechild.cli.main", "backtest", *arguments, *to],
            stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, start_new_session=True, cwd=own,
        )  # fmt: skip
    waiting.write_whole(own / waiting.PROCESS, str(process.pid))
    _running.append(process)
    _running[:] = [one for one in _running if one.poll() is None]


#: Children of this process: asked now and then, so that those that are done do not stay behind.
_running: list[subprocess.Popen[bytes]] = []


def stop(*, by: Viewer, purpose: str, at: datetime, backtest: str, folder: Path) -> None:
    """End a backtest that this process began and that is still running; what it has written stays. Errors: NoSuchBacktest."""
    own = folder_of(backtest, folder)
    process = next((p for p in _running if str(p.pid) == _pid(own) and p.poll() is None), None)
    if process is None:
        raise NoSuchBacktest(f"{backtest} was not begun here, or has ended.")
    process.terminate()
    process.wait(10)


def _pid(own: Path) -> str:
    path = own / waiting.PROCESS
    return path.read_text() if path.exists() else ""
