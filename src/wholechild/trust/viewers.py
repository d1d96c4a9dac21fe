"""Who is looking, as what, and why."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who reads, in one role, for one purpose.

    Shape    `user` is an account's name or, for a command, `system:<command>`; `role` and `purpose` are ids of the
             vocabulary; `agency` is an agency id such as `school/Northmoor/Oakfield Primary`.
    """

    user: str
    role: str
    agency: str
    purpose: str

    @property
    def is_system(self) -> bool:
        """Whether this is the software itself (evaluating lessons, say), which shows what it reads to nobody."""
        return self.user.startswith("system:")


def system(task: str) -> Viewer:
    """The software at one of its own tasks. Never made from a request: a person's read is a person's."""
    return Viewer(f"system:{task}", "system", "", task)
