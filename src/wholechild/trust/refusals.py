"""How an act says no: with sentences that are fit to show."""

from __future__ import annotations


class Refused(Exception):
    """The act was not done. `reasons` are sentences fit to show, each with what to do."""

    def __init__(self, *reasons: str) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


class NotYours(Refused):
    """Somebody in this role may not do this."""
