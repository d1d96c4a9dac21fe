"""The child's picture: the page that everything else leads to."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from wholechild.pages.faces import for_viewers, page, random_bytes, today
from wholechild.pages.known_at import known_at
from wholechild.pages.picture_page import picture_page
from wholechild.pages.reading import open_child
from wholechild.pages.views.faults import not_found
from wholechild.patterns.explain import say_agency
from wholechild.patterns.life.actions import NotYours, Refused, say_outcome
from wholechild.patterns.life.outcomes import OUTCOMES
from wholechild.patterns.life.queries import outcomes_of
from wholechild.people.deciding.actions import open_possible
from wholechild.people.deciding.decisions import Pair
from wholechild.people.deciding.queries import moved_to
from wholechild.trust.viewers import Viewer

#: Where an outcome that could not be kept waits, with what was wrong: in the session, for it may name people.
_UNSAID: Final = "outcome not kept"


@require_GET
@for_viewers
def child(request: HttpRequest, viewer: Viewer, at: datetime, person: str) -> HttpResponse:
    asked = dict(request.GET.lists())
    known = known_at(asked, today=today(at), path=request.path)
    if "day" in asked and not known.error:
        return redirect(known.canonical_address)
    picture = open_child(viewer=viewer, person=person, as_known_at=known.shown, at=at)
    if picture is None:
        return not_found(request)
    also = _who_else(viewer, person, at, past=known.is_past)
    said = outcomes_of(viewer, [match.match for match in picture.adds_up], at)
    return page(
        request, "pages/child.html", viewer, **picture_page(picture, known, asked), outcomes=OUTCOMES, said=said,
        unsaid=request.session.pop(_UNSAID, {}), also=also, moved_to=moved_to(viewer, person, at), say_agency=say_agency,
    )  # fmt: skip


def _who_else(viewer: Viewer, person: str, at: datetime, *, past: bool) -> tuple[tuple[str, str, Pair], ...]:
    """(person, agency, pair) of records that may also be about the child: of today only, as a past day had others."""
    if past:
        return ()
    found = open_possible(
        by=viewer, purpose=viewer.purpose, at=at, person=person, route="page child", salts=random_bytes
    )
    return tuple(
        (other, agency, one.pair)
        for one in found
        for other, agency in zip(one.persons, one.agencies, strict=True)
        if other != person
    )


@require_POST
@for_viewers
def outcome(request: HttpRequest, viewer: Viewer, at: datetime, person: str, match: str) -> HttpResponse:
    """What came of a match, in a professional's words. What could not be kept waits in the session for another try."""
    given = {
        "match": match,
        "outcome": request.POST.get("outcome", ""),
        "reason": request.POST.get("reason", "")[:4_000],
    }
    try:
        say_outcome(
            by=viewer, purpose=viewer.purpose, at=at, match=match, outcome=given["outcome"], reason=given["reason"],
            salts=random_bytes,
        )  # fmt: skip
    except NotYours:
        return not_found(request)
    except Refused as wrong:
        request.session[_UNSAID] = {**given, "reasons": list(wrong.reasons)}
    return redirect(f"{reverse('child', args=[person])}#{match}")
