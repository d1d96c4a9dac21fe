"""Writing a lesson: a draft that keeps every saving, checked as it is typed, tried, and proposed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from wholechild.pages.faces import random_bytes, today
from wholechild.pages.lesson_words import LESSON_ID, as_typed, meaning_of, next_version, skeleton
from wholechild.pages.reading import library
from wholechild.pages.views.faults import not_found
from wholechild.pages.views.lessons import PURPOSE, _page, for_the_panel
from wholechild.patterns.backtest.actions import start
from wholechild.patterns.backtest.queries import backtest_of, snapshots
from wholechild.patterns.backtest.run import LessonRefused
from wholechild.patterns.families import MOST_LETTERS as MOST_EXAMPLES
from wholechild.patterns.families import FamilyDocument
from wholechild.patterns.language.lesson import MOST_LETTERS
from wholechild.patterns.life.actions import Refused, propose, save_draft
from wholechild.patterns.life.queries import Revision, exact_text, lives, revisions
from wholechild.patterns.life.trying import Tried, try_lesson
from wholechild.trust.viewers import Viewer

_TYPED: Final = "typed"


@dataclass(frozen=True, slots=True)
class Typed:
    """What the form holds. `after` is the revision that it was opened from."""

    text: str
    examples: str
    why: str
    after: int


@lru_cache(maxsize=1)
def quiet_families() -> tuple[FamilyDocument, ...]:
    """The quiet families of this installation, read once a process."""
    return library().quiet


@require_POST
@for_the_panel("write")
def begin(request: HttpRequest, viewer: Viewer, at: datetime) -> HttpResponse:
    """A new draft: empty but for what every lesson needs, or from the newest version of a lesson."""
    name = request.POST.get("lesson", "")
    if not LESSON_ID.fullmatch(name or "none"):
        return not_found(request)
    text, examples = skeleton(today(at)), ""
    if name:
        life = next(iter(lives(viewer, at, name)), None)
        newest = life.proposals[0] if life else None
        found = exact_text(viewer, name, newest.version, newest.sha256) if newest else None
        if found is None:
            return not_found(request)
        text, examples = next_version(found.text, found.version), found.examples
    draft = f"draft-{random_bytes(9).hex()}"
    why = f"begun from version {found.version} of {name}" if name and found else "begun"
    _save(viewer, at, draft, Typed(text, examples, "", 0), name, why)
    return redirect("draft", draft)


@require_http_methods(["GET", "POST"])
@for_the_panel("write")
def draft(request: HttpRequest, viewer: Viewer, at: datetime, name: str) -> HttpResponse:
    """The editor. Each button keeps what was typed first, and then does what it says."""
    kept = revisions(viewer, name)
    if not kept:
        return not_found(request)
    if request.method == "GET":
        return _editor(request, viewer, kept, Typed(kept[0].text, kept[0].examples, "", kept[0].number))
    typed = _typed(request.POST)
    what = request.POST.get("do", "save")
    try:
        if what.startswith("back-"):
            return _go_back(viewer, at, kept, what.removeprefix("back-"))
        if (typed.text, typed.examples) != (kept[0].text, kept[0].examples) or typed.after != kept[0].number:
            number = _save(viewer, at, name, typed, kept[0].lesson, _TYPED)
            typed = Typed(typed.text, typed.examples, typed.why, number)
        if what == "propose":
            return _propose(viewer, at, typed)
        if what == "try":
            return _try(request, viewer, at, name, typed)
    except Refused as wrong:
        return _editor(request, viewer, revisions(viewer, name), typed, reasons=wrong.reasons, did=what)
    return redirect("draft", name)


def _typed(asked: Mapping[str, Any]) -> Typed:
    after = str(asked.get("after", ""))
    return Typed(
        as_typed(asked.get("text", "")), as_typed(asked.get("examples", "")), asked.get("why", ""),
        int(after) if after.isascii() and after.isdigit() and len(after) < 9 else -1,
    )  # fmt: skip


def _save(viewer: Viewer, at: datetime, name: str, typed: Typed, lesson: str, why: str) -> int:
    return save_draft(
        by=viewer, purpose=PURPOSE, at=at, draft=name, after=typed.after, lesson=lesson, text=typed.text, examples=typed.examples,
        why=why, salts=random_bytes,
    )  # fmt: skip


def _go_back(viewer: Viewer, at: datetime, kept: tuple[Revision, ...], number: str) -> HttpResponse:
    """Undoing adds: the earlier revision becomes the newest, and what came between stays."""
    chosen = next((one for one in kept if str(one.number) == number), None)
    if chosen is None:
        raise Refused("There is no such earlier revision.")
    typed = Typed(chosen.text, chosen.examples, "", kept[0].number)
    _save(viewer, at, chosen.draft, typed, chosen.lesson, f"revision {chosen.number} again")
    return redirect("draft", chosen.draft)


def _propose(viewer: Viewer, at: datetime, typed: Typed) -> HttpResponse:
    """The newest backtest of exactly this text goes with it, if there is one."""
    propose(
        by=viewer, purpose=PURPOSE, at=at, text=typed.text, examples=typed.examples, quiet=quiet_families(), why=typed.why,
        backtest=backtest_of(viewer, typed.text, settings.WHOLECHILD_BACKTESTS), salts=random_bytes,
    )  # fmt: skip
    lesson = try_lesson(typed.text, typed.examples, ()).lesson
    return redirect("lesson", lesson.id if lesson else "")


def _try(request: HttpRequest, viewer: Viewer, at: datetime, name: str, typed: Typed) -> HttpResponse:
    """Begin to try it on the newest snapshot; where there is none, the page says so."""
    newest = next(iter(snapshots(viewer, settings.WHOLECHILD_SNAPSHOTS)), None)
    if newest is None:
        return _editor(request, viewer, revisions(viewer, name), typed, not_tried=_NO_SNAPSHOT)
    try:
        backtest = start(
            by=viewer, purpose=PURPOSE, at=at, lesson_text=typed.text, snapshot=newest, folder=settings.WHOLECHILD_BACKTESTS,
            salts=random_bytes,
        )  # fmt: skip
    except LessonRefused:
        return _editor(request, viewer, revisions(viewer, name), typed, not_tried=_FAULTS_FIRST)
    return redirect("tried", name, backtest)


_NO_SNAPSHOT: Final = (
    "There is no snapshot of past records here yet, so this lesson was not tried on any. What you see here is what it does on "
    "its examples and on the quiet families. Whoever looks after this installation can take a snapshot (wholechild snapshot)."
)
_FAULTS_FIRST: Final = "It was not tried on past records: the text still has faults. They stand beside it."


def _editor(
    request: HttpRequest, viewer: Viewer, kept: tuple[Revision, ...], typed: Typed, *, reasons: tuple[str, ...] = (),
    not_tried: str = "", did: str = "",
) -> HttpResponse:  # fmt: skip
    tried = _tried(typed)
    return _page(
        request, "pages/lesson_editor.html", viewer, kept=kept, typed=typed, reasons=reasons, not_tried=not_tried, did=did,
        most_text=MOST_LETTERS, most_examples=MOST_EXAMPLES,
        **checked(tried),
    )  # fmt: skip


def _tried(typed: Typed) -> Tried:
    return try_lesson(typed.text, typed.examples, quiet_families())


def checked(tried: Tried) -> dict[str, Any]:
    """What the part of the page beside the text reads."""
    return {
        "tried": tried,
        "meaning": meaning_of(tried.lesson) if tried.lesson else (),
        "text_faults": {fault.line for fault in tried.faults},
        "example_faults": {fault.line for fault in tried.example_faults},
        "unsure": [one for one in tried.quiet if one.said == "cannot_tell"],
    }


@require_POST
@for_the_panel("write")
def check(request: HttpRequest, viewer: Viewer, at: datetime, name: str) -> HttpResponse:
    """What can be said of what is being typed, as a part of the page. Nothing is kept."""
    return render(request, "pages/parts/lesson_checked.html", checked(_tried(_typed(request.POST))))
