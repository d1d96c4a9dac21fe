"""What lies in the folder of a backtest that runs in a process of its own, while it runs and after.

`lesson.yaml` and perhaps `against.yaml`, `process`, `progress.json`, `said.txt` (what went wrong), and at the end `report.json` and
`report.html`. Each file appears whole or not at all.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

LESSON: Final = "lesson.yaml"
AGAINST: Final = "against.yaml"
PROGRESS: Final = "progress.json"
SAID: Final = "said.txt"
PROCESS: Final = "process"
REPORT: Final = "report.json"
PAGE: Final = "report.html"


def write_whole(path: Path, text: str) -> None:
    """Write a file under another name first, so that nobody reads a half."""
    draft = path.with_name(f".{path.name}.being-written")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def write_progress(path: Path, done: int, of: int, what: str) -> None:
    write_whole(path, json.dumps([done, of, what]))


def read_progress(path: Path) -> tuple[int, int, str]:
    """(steps done, steps in all, what comes now). Missing: nothing was begun yet."""
    if not path.exists():
        return 0, 3, "Waiting to begin"
    done, of, what = json.loads(path.read_text(encoding="utf-8"))
    return done, of, what
