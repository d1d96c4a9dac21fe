"""Trying a lesson on a snapshot of past records: the one seam between who asks for it and what carries it out.

Plain. Until a snapshot can be made here, `start` says so, and nothing pretends to have been tried.
"""

from __future__ import annotations

from dataclasses import dataclass


class NoSnapshot(RuntimeError):
    """There is nothing to try a lesson on. The message is fit to show."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a backtest has come.

    Units    `done` of `total` children. Missing: `report` empty until it is finished; `wrong` empty unless it failed.
    """

    done: int
    total: int
    report: str = ""
    wrong: str = ""

    @property
    def is_over(self) -> bool:
        return bool(self.report or self.wrong)


def start(lesson_text: str) -> str:
    """Begin to try the lesson on the newest snapshot, and return the backtest's id. Errors: NoSnapshot."""
    raise NoSnapshot(
        "There is no snapshot of past records here yet, so this lesson was not tried on any. What you see here is what it "
        "does on its examples and on the quiet families."
    )


def progress(backtest: str) -> Progress:
    """How far a backtest has come. Errors: KeyError, for an id that `start` never gave."""
    raise KeyError(backtest)
