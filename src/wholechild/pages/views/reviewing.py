"""Records that may be about one person: what waits, two of them side by side, and what people decide about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from wholechild.pages.faces import for_viewers, page, random_bytes
from wholechild.pages.review_words import (
    CHOICES,
    age_of,
    change_of,
    day_words,
    decision_words,
    evidence_words,
    field_lines,
    queue_lines,
    said_of,
)
from wholechild.pages.views.faults import not_found
from wholechild.pages.waterfall import waterfall
from wholechild.patterns.explain import say_agency
from wholechild.patterns.queries import matches_resting_on
from wholechild.people.deciding.actions import (
    decide_pair,
    drawn_up_split,
    open_decision,
    open_explained,
    open_review,
    preview,
    second_decision,
    split_person,
    take_review,
    undo_decision,
)
from wholechild.people.deciding.decisions import SAME, Decided, pair_of
from wholechild.people.deciding.queries import Review, review_queue, waiting_for_second
from wholechild.trust.permissions import decide_act
from wholechild.trust.refusals import NotYours, Refused
from wholechild.trust.viewers import Viewer

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, Viewer, datetime, P], HttpResponse]
PURPOSE: Final = "identity_check"
A_PAGE: Final = 20
#: Where what could not be done waits, with what was typed: in the session, for a reason may name people.
_UNDONE: Final = "decision not kept"


def for_reviewers(view: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """A view for roles that may decide who is who. To others there is no such page."""

    @wraps(view)
    def opened(
        request: HttpRequest, viewer: Viewer, at: datetime, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        may = decide_act(viewer.role, "people.review")
        return view(request, viewer, at, *args, **kwargs) if may else not_found(request)

    return for_viewers(opened)  # type: ignore[arg-type, return-value]


# -- what waits ------------------------------------------------------------------------------------------------------------


@require_GET
@for_reviewers
def queue(request: HttpRequest, viewer: Viewer, at: datetime) -> HttpResponse:
    """What waits for a decision: no names, and so nothing to write down as shown."""
    items = review_queue(viewer, at)
    shown = Paginator(items, A_PAGE).get_page(request.GET.get("page"))
    titles = {agency: say_agency(agency) for item in shown for agency in item.agencies}
    return _page(
        request, "pages/possible.html", viewer, total=len(items), shown=shown, late=sum(item.is_late(at) for item in items),
        lines=queue_lines(list(shown), at, titles), waiting=waiting_for_second(viewer, at), at=at,
        done=request.GET.get("done", ""),
    )  # fmt: skip


# -- two, side by side -----------------------------------------------------------------------------------------------------


@require_GET
@for_reviewers
def review(request: HttpRequest, viewer: Viewer, at: datetime, one: str, other: str) -> HttpResponse:
    """Two records side by side. *Not there* and *not for you* are the same answer."""
    found = open_review(
        by=viewer, purpose=PURPOSE, at=at, one=one, other=other, route="page review", salts=random_bytes
    )
    if found is None or (one, other) != pair_of(one, other):
        return not_found(request)
    said = said_of(found)
    kept = request.session.pop(_UNDONE, {})
    return _page(
        request, "pages/review.html", viewer, review=found, fields=field_lines(found), said=said,
        picture=mark_safe(waterfall(said, found.weighed.weight)) if found.weighed else "",  # noqa: S308 - drawn from our own words
        choices=CHOICES, if_same=_if_same(viewer, at, found), kept=kept if kept.get("about") == [one, other] else {},
        done=request.GET.get("done", ""), age=age_of(found.since, at),
    )  # fmt: skip


def _if_same(viewer: Viewer, at: datetime, found: Review) -> Any:
    """What would change, were they one person; None where they are already."""
    if found.one_person:
        return None
    pair = (found.sides[0].identity, found.sides[1].identity)
    return _change(viewer, at, [Decided("", pair, SAME, "", False, at, viewer.user)])


def _change(viewer: Viewer, at: datetime, more: Sequence[Decided]) -> Any:
    changes = preview(by=viewer, purpose=PURPOSE, at=at, more=more)
    return change_of(changes, matches_resting_on(viewer, changes.records, at))


@require_POST
@for_reviewers
def decide(request: HttpRequest, viewer: Viewer, at: datetime, one: str, other: str) -> HttpResponse:
    """Keep what was decided. What could not be kept waits in the session for another try."""
    given = {"decision": request.POST.get("decision", ""), "why": request.POST.get("why", "")[:4_000]}
    try:
        made = decide_pair(
            by=viewer, purpose=PURPOSE, at=at, one=one, other=other, decision=given["decision"], why=given["why"],
            salts=random_bytes,
        )  # fmt: skip
    except NotYours:
        return not_found(request)
    except Refused as wrong:
        request.session[_UNDONE] = {**given, "about": [one, other], "reasons": list(wrong.reasons)}
        return redirect("review", one, other)
    return redirect(f"{reverse('review', args=[one, other])}?done={'decided' if made.complete else 'waits'}")


@require_POST
@for_reviewers
def take(request: HttpRequest, viewer: Viewer, at: datetime, one: str, other: str) -> HttpResponse:
    """Take a pair in hand, or give it back."""
    try:
        take_review(
            by=viewer, purpose=PURPOSE, at=at, one=one, other=other, gives_back=request.POST.get("take") == "back",
            salts=random_bytes,
        )  # fmt: skip
    except NotYours:
        return not_found(request)
    except Refused:
        pass  # somebody else took it meanwhile: the page says who has it
    return redirect("review", one, other)


# -- one decision ------------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@for_reviewers
def decision(request: HttpRequest, viewer: Viewer, at: datetime, name: str) -> HttpResponse:
    """A decision: agree with it as the second person, or take it back."""
    reasons: tuple[str, ...] = ()
    why = request.POST.get("why", "")
    if request.method == "POST":
        act = second_decision if request.POST.get("act") == "agree" else undo_decision
        try:
            act(by=viewer, purpose=PURPOSE, at=at, decision=name, why=why, salts=random_bytes)
            done = "agreed" if act is second_decision else "undone"
            return redirect(f"{reverse('decision', args=[name])}?done={done}")
        except NotYours:
            return not_found(request)
        except Refused as wrong:
            reasons = wrong.reasons
    several = open_decision(
        by=viewer, purpose=PURPOSE, at=at, decision=name, route="page decision", salts=random_bytes
    )
    if not several:
        return not_found(request)
    return _page(
        request, "pages/decision.html", viewer, one=several[0], several=several, reasons=reasons, typed=why,
        change=_change(viewer, at, several) if several[0].waits else None, done=request.GET.get("done", ""),
    )  # fmt: skip


# -- a person, taken apart ---------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@for_reviewers
def split(request: HttpRequest, viewer: Viewer, at: datetime, person: str) -> HttpResponse:
    """Choose which records are about somebody else; look at what would change; hand it to a second person."""
    found = open_explained(
        by=viewer, purpose=PURPOSE, at=at, person=person, route="page split", salts=random_bytes
    )
    if found is None:
        return not_found(request)
    goes, why = request.POST.getlist("goes"), request.POST.get("why", "")
    change: Any = None
    reasons: tuple[str, ...] = ()
    if request.method == "POST":
        try:
            if request.POST.get("act") == "split":
                made = split_person(
                    by=viewer,
                    purpose=PURPOSE,
                    at=at,
                    person=person,
                    identities=goes,
                    why=why,
                    salts=random_bytes,
                )
                return redirect(f"{reverse('decision', args=[made.decision])}?done=waits")
            more = drawn_up_split(by=viewer, purpose=PURPOSE, at=at, person=person, identities=goes, why=why)
            change = _change(viewer, at, more)
        except NotYours:
            return not_found(request)
        except Refused as wrong:
            reasons = wrong.reasons
    return _page(
        request, "pages/split.html", viewer, found=found, goes=goes, why=why, change=change, reasons=reasons
    )


def _page(request: HttpRequest, template: str, viewer: Viewer, **context: Any) -> HttpResponse:
    return page(
        request, template, viewer, here="possible", say_agency=say_agency, day_words=day_words, decision_words=decision_words,
        evidence_words=evidence_words, **context,
    )  # fmt: skip
