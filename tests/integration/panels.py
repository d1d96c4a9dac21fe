"""A review panel and those who adopt: people with roles, and a lesson in versions, for the tests of a lesson's life."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from tests.databases import AT
from tests.integration.worlds import EVERYONE, seat
from wholechild.patterns.library import Library, read_library

LIBRARY: Final = Path(__file__).parents[2] / "lessons"
LESSON: Final = "hurt-then-not-brought"
BOARD: Final = "safeguarding_board/Northmoor"
WHY: Final = "Two reviews found it, and no service can see it alone."
#: A day on which the lesson's own text lets it run.
FROM: Final = date(2027, 1, 4)
LATER: Final = datetime(2027, 2, 1, 12, tzinfo=AT.tzinfo)


@lru_cache(maxsize=1)
def library() -> Library:
    return read_library(LIBRARY)


def text(version: int = 2, title: str = "", lesson: str = LESSON) -> str:
    """The library's lesson under another version, id or title."""
    found = (LIBRARY / LESSON / "lesson.yaml").read_text()
    found = found.replace("version: 1", f"version: {version}").replace(f"id: {LESSON}", f"id: {lesson}")
    old = "A young child was hurt, was not brought back"
    return found.replace(f"title: {old}", f"title: {title or old}")


def examples() -> str:
    return (LIBRARY / LESSON / "examples.yaml").read_text()


def _seated(user: str, role: str) -> Any:
    from wholechild.trust.queries import viewer_for

    return viewer_for(user, "child_safeguarding_review", AT) or seat(user, role, BOARD, AT)


def analyst(user: str = "ana") -> Any:
    return _seated(user, "panel_analyst")


def director(user: str = "dee") -> Any:
    return _seated(user, "director_of_childrens_services")


def manager(user: str = "max") -> Any:
    return _seated(user, "partnership_manager")


def install(at: datetime = AT) -> int:
    from wholechild.patterns.life.actions import install_library

    return install_library(at=at, library=library, **EVERYONE)


def propose(by: Any, written: str, *, at: datetime = AT, why: str = WHY) -> str:
    from wholechild.patterns.life.actions import propose as act

    return act(
        by=by, purpose="child_safeguarding_review", at=at, text=written, examples=examples(), quiet=library().quiet, why=why,
        salts=EVERYONE["salts"],
    )  # fmt: skip


def terms(written: str, version: int = 2, lesson: str = LESSON, **more: Any) -> Any:
    from wholechild.patterns.life.actions import Terms
    from wholechild.patterns.life.trying import hash_of

    said = {"starts_on": FROM, "nations": ("england",), **more}
    return Terms(lesson, version, hash_of(written), **said)


def sign(by: Any, what: Any, *, at: datetime = AT, act: str = "adopt", why: str = WHY) -> Any:
    from wholechild.patterns.life import actions

    return getattr(actions, act)(
        by=by, purpose="child_safeguarding_review", at=at, terms=what, why=why, salts=EVERYONE["salts"]
    )


def running(at: datetime = LATER, **where: str) -> dict[str, int]:
    """lesson -> version, of what runs at a moment."""
    from wholechild.patterns.life.queries import lessons_in_force
    from wholechild.trust.viewers import system

    found = lessons_in_force(system("tests"), at, **where)
    return {lesson.id: lesson.version for lesson in found.nationwide}
