"""The lessons: what runs, how each came to, and the signatures under it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from wholechild.pages.faces import for_viewers, page, random_bytes, today
from wholechild.pages.lesson_words import (
    NATION_TITLES,
    STATES,
    TermsTyped,
    meaning_of,
    places,
    terms_typed,
    title_in,
    who,
)
from wholechild.pages.reading import lessons as in_force
from wholechild.pages.views.faults import not_found
from wholechild.patterns.language.lesson import Lesson, read_lesson
from wholechild.patterns.life.actions import Refused, Terms, adopt, retire
from wholechild.patterns.life.comparing import around, compare
from wholechild.patterns.life.outcomes import OUTCOMES
from wholechild.patterns.life.queries import ExactText, LessonLife, drafts, exact_text, lives
from wholechild.trust.permissions import decide_act, may_read_figures
from wholechild.trust.viewers import Viewer
from wholechild.vocabulary.terms import vocabulary

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, Viewer, datetime, P], HttpResponse]
PURPOSE: Final = "child_safeguarding_review"
#: A hash in an address, or none.
_HASH: Final = re.compile(r"(?:[0-9a-f]{64})?")


def may(viewer: Viewer, act: str) -> bool:
    return bool(decide_act(viewer.role, f"lesson.{act}"))


def for_the_panel(act: str) -> Callable[[View[P]], Callable[Concatenate[HttpRequest, P], HttpResponse]]:
    """A view for roles that may do this about lessons. To others there is no such page."""

    def made(view: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        @wraps(view)
        def opened(
            request: HttpRequest, viewer: Viewer, at: datetime, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponse:
            return view(request, viewer, at, *args, **kwargs) if may(viewer, act) else not_found(request)

        return for_viewers(opened)  # type: ignore[arg-type, return-value]

    return made


@require_GET
@for_the_panel("read")
def lessons(request: HttpRequest, viewer: Viewer, at: datetime) -> HttpResponse:
    in_force(viewer, at)  # a fresh installation adopts its library first
    found = lives(viewer, at)
    return _page(
        request, "pages/lessons.html", viewer, lives=found, states=STATES, drafts=drafts(viewer) if may(viewer, "write") else (),
        writes=may(viewer, "write"), counts={state: sum(life.state == state for life in found) for state in STATES},
        reads_figures=bool(may_read_figures(viewer.role)), attention=[life for life in found if life.state in ("proposed", "waiting")],
    )  # fmt: skip


@require_GET
@for_the_panel("read")
def lesson(request: HttpRequest, viewer: Viewer, at: datetime, name: str) -> HttpResponse:
    life = _life(viewer, at, name)
    return _lesson_page(request, viewer, at, life) if life else not_found(request)


def _life(viewer: Viewer, at: datetime, name: str) -> LessonLife | None:
    return next(iter(lives(viewer, at, name)), None)


def _lesson_page(
    request: HttpRequest, viewer: Viewer, at: datetime, life: LessonLife, *, faults: dict[str, str] | None = None,
    reasons: tuple[str, ...] = (), typed: TermsTyped | None = None, form: str = "",
) -> HttpResponse:  # fmt: skip
    version = life.running[0][0] if life.running else life.proposals[0].version
    shown = exact_text(viewer, life.lesson, version)
    read = _read(shown)
    texts = {
        one.sha256: _read(exact_text(viewer, life.lesson, one.version, one.sha256)) for one in life.undecided
    }
    return _page(
        request, "pages/lesson.html", viewer, life=life, state=STATES[life.state], shown=version,
        lesson=read, meaning=meaning_of(read) if read else (), texts=texts,
        outcomes=OUTCOMES, adopts=may(viewer, "adopt"), writes=may(viewer, "write"), nations=NATION_TITLES,
        faults=faults or {}, reasons=reasons, typed=typed, form=form, now=today(at),
    )  # fmt: skip


def _read(found: ExactText | None) -> Lesson | None:
    return read_lesson(found.text, found.lesson, vocabulary())[0] if found else None


# -- signing -------------------------------------------------------------------------------------------------------------


@require_POST
@for_the_panel("adopt")
def sign(request: HttpRequest, viewer: Viewer, at: datetime, name: str) -> HttpResponse:
    """A first signature, with its terms; or the second, under the terms of the first."""
    life = _life(viewer, at, name)
    if life is None:
        return not_found(request)
    form = request.POST.get("form", "")
    try:
        if form.startswith("second-"):
            act, terms = _second(life, form.removeprefix("second-"))
            why = request.POST.get("why", "")
        else:
            typed = terms_typed(dict(request.POST.lists()), form)
            if typed.faults or typed.starts_on is None:
                return _lesson_page(
                    request, viewer, at, life, faults=dict(typed.faults), typed=typed, form=form
                )
            act, terms = _first(life, form, typed)
            why = typed.why
        signed = act(by=viewer, purpose=PURPOSE, at=at, terms=terms, why=why, salts=random_bytes)
    except Refused as wrong:
        given = terms_typed(dict(request.POST.lists()), form)
        return _lesson_page(request, viewer, at, life, reasons=wrong.reasons, typed=given, form=form)
    done = "signed" if signed.complete else "waits"
    return redirect(f"{reverse('lesson', args=[name])}?done={done}")


def _second(life: LessonLife, decision: str) -> tuple[Any, Terms]:
    first = next((one for one in life.waiting if one.id == decision), None)
    if first is None or first.starts_on is None:
        raise Refused("This decision no longer waits for a signature.")
    nations = tuple(place for place in first.places if place in NATION_TITLES)
    areas = tuple(place for place in first.places if place not in NATION_TITLES)
    act = adopt if first.decision == "adopt" else retire
    return act, Terms(first.lesson, first.version, first.sha256, first.starts_on, nations, areas)


def _first(life: LessonLife, form: str, typed: TermsTyped) -> tuple[Any, Terms]:
    what, _, number = form.partition("-")
    chosen = next((one for one in life.proposals if one.sha256[:12] == number), None)
    if what not in ("adopt", "retire") or chosen is None or typed.starts_on is None:
        raise Refused("There is no such version to sign.")
    act = adopt if what == "adopt" else retire
    return act, Terms(
        life.lesson, chosen.version, chosen.sha256, typed.starts_on, typed.nations, typed.area_names
    )


# -- texts ---------------------------------------------------------------------------------------------------------------


@require_GET
@for_the_panel("read")
def text(request: HttpRequest, viewer: Viewer, at: datetime, name: str, version: int) -> HttpResponse:
    """The exact text of a version, for ever; `?file=` gives it as a file for the folder of lessons."""
    digest = request.GET.get("sha256", "")
    found = exact_text(viewer, name, version, digest) if _HASH.fullmatch(digest) else None
    if found is None:
        return not_found(request)
    files = {"lesson.yaml": found.text, "examples.yaml": found.examples}
    asked = request.GET.get("file", "")
    if asked in files:
        return HttpResponse(
            files[asked], content_type="text/plain; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{asked}"'},
        )  # fmt: skip
    return _page(request, "pages/lesson_text.html", viewer, found=found, files=files)


@require_GET
@for_the_panel("read")
def difference(request: HttpRequest, viewer: Viewer, at: datetime, name: str) -> HttpResponse:
    life = _life(viewer, at, name)
    if life is None:
        return not_found(request)
    by_hash = {one.sha256[:12]: one for one in life.proposals}
    chosen = [by_hash.get(request.GET.get(side, "")) for side in ("one", "other")]
    one, other = chosen[0] or life.proposals[-1], chosen[1] or life.proposals[0]
    texts = [exact_text(viewer, name, p.version, p.sha256) for p in (one, other)]
    found = compare(*(kept.text if kept else "" for kept in texts))
    return _page(
        request, "pages/lesson_compare.html", viewer, life=life, one=one, other=other,
        meaning=around(found.meaning, 1), text=around(found.text), says_the_same=found.says_the_same,
    )  # fmt: skip


def _page(request: HttpRequest, template: str, viewer: Viewer, **context: Any) -> HttpResponse:
    return page(
        request, template, viewer, here="lessons", who=who, places=places, title_in=title_in, **context
    )
