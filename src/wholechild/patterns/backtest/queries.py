"""How far a backtest is, and what it found. There is no person in it; the viewer is asked for all the same, as everywhere."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from wholechild.patterns.backtest import waiting
from wholechild.patterns.snapshots import MANIFEST
from wholechild.trust.viewers import Viewer

_ID: Final = re.compile(r"backtest-[0-9a-f]{24}")


class NoSuchBacktest(LookupError):
    """Nobody began a backtest under this id; the message is fit to show."""


class BacktestFailed(RuntimeError):
    """A backtest ended without a report; the message is what it said, and is fit to show."""


@dataclass(frozen=True, slots=True)
class Progress:
    """So many steps of so many are done, and what comes now. `failed`: it has ended without a report, and why."""

    done: int
    of: int
    words: str
    failed: str = ""

    @property
    def ready(self) -> bool:
        return self.done == self.of and not self.failed


def progress(viewer: Viewer, backtest: str, folder: Path) -> Progress:
    """How far it is. Errors: NoSuchBacktest."""
    own = folder_of(backtest, folder)
    done, of, words = waiting.read_progress(own / waiting.PROGRESS)
    if (own / waiting.REPORT).exists():
        return Progress(of, of, "Ready")
    if not _runs(own):
        said = (own / waiting.SAID).read_text(encoding="utf-8", errors="replace").strip()
        return Progress(
            done, of, "Ended without a report", said.splitlines()[-1] if said else "It was stopped."
        )
    return Progress(min(done, of - 1), of, words)


def report(viewer: Viewer, backtest: str, folder: Path) -> Mapping[str, Any]:
    """The report as plain values (`Report.as_json`). Errors: NoSuchBacktest; BacktestFailed, if there is none."""
    own = folder_of(backtest, folder)
    _ready(own)
    said: Mapping[str, Any] = json.loads((own / waiting.REPORT).read_text(encoding="utf-8"))
    return said


def report_page(viewer: Viewer, backtest: str, folder: Path) -> str:
    """The report as one HTML page. Errors: as `report`."""
    own = folder_of(backtest, folder)
    _ready(own)
    return (own / waiting.PAGE).read_text(encoding="utf-8")


def backtests(viewer: Viewer, folder: Path) -> list[str]:
    """The ids of all backtests that are ready, the latest first."""
    found = [path.parent for path in folder.glob(f"*/{waiting.REPORT}") if _ID.fullmatch(path.parent.name)]
    return [
        own.name for own in sorted(found, key=lambda own: (-(own / waiting.REPORT).stat().st_mtime, own.name))
    ]


@dataclass(frozen=True, slots=True)
class Listed:
    """A report in one line. `rate` is alerts per 1,000 children a year. Missing: None, where it is withheld or nobody was followed."""

    backtest: str
    lesson: str
    title: str
    version: int
    made_at: datetime
    start: date
    end: date
    children: int
    made_up: bool
    rate: float | None


def reports(viewer: Viewer, folder: Path) -> list[Listed]:
    """Every report that is ready, the latest first."""
    return [_listed(folder / name) for name in backtests(viewer, folder)]


def _listed(own: Path) -> Listed:
    said = json.loads((own / waiting.REPORT).read_text(encoding="utf-8"))
    tried, ground = said["tried"], said["ground"]
    made_at = datetime.fromtimestamp((own / waiting.REPORT).stat().st_mtime, UTC)
    return Listed(
        own.name, tried["lesson"], tried["title"], tried["version"], made_at, date.fromisoformat(ground["start"]),
        date.fromisoformat(ground["end"]) - timedelta(days=1), ground["children"], ground["made_up"], said["rate"]["per_thousand"],
    )  # fmt: skip


def backtest_of(viewer: Viewer, lesson_text: str, folder: Path) -> str:
    """The latest backtest that is ready of exactly this text; empty where there is none."""
    for found in backtests(viewer, folder):
        if (folder / found / waiting.LESSON).read_text(encoding="utf-8") == lesson_text:
            return found
    return ""


def snapshots(viewer: Viewer, folder: Path) -> list[Path]:
    """The snapshots in a folder of them, the latest first. They are checked when they are opened."""
    found = [path.parent for path in folder.glob(f"*/{MANIFEST}") if not path.parent.name.startswith(".")]
    return sorted(found, key=lambda own: (-(own / MANIFEST).stat().st_mtime, own.name))


def folder_of(backtest: str, folder: Path) -> Path:
    """Where a backtest lies. Errors: NoSuchBacktest; an id is never taken for a path."""
    if not _ID.fullmatch(backtest) or not (folder / backtest).is_dir():
        raise NoSuchBacktest(
            "There is no backtest of this id. It may have been cleared away; begin it again."
        )
    return folder / backtest


def _ready(own: Path) -> None:
    if not (own / waiting.REPORT).exists():
        raise BacktestFailed(f"{own.name} has no report (yet). Ask how far it is, or begin it again.")


def _runs(own: Path) -> bool:
    """Whether its process is there; one that has ended and was not asked yet does not count."""
    path = own / waiting.PROCESS
    if not path.exists():
        return True  # it is just being begun
    pid = int(path.read_text())
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"
