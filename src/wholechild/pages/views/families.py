"""A child's family: a map, and beside it a list that says the same, with who says so."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from wholechild.pages.dot import NotDrawn, laid_out
from wholechild.pages.faces import for_viewers, page, random_bytes, today
from wholechild.pages.family_drawing import FamilyDrawing, draw_family
from wholechild.pages.family_words import family_groups
from wholechild.pages.known_at import known_at
from wholechild.pages.views.faults import not_found
from wholechild.people.families.actions import open_family
from wholechild.people.families.around import FamilyAround
from wholechild.trust.viewers import Viewer


@require_GET
@for_viewers
def family(request: HttpRequest, viewer: Viewer, at: datetime, person: str) -> HttpResponse:
    asked = dict(request.GET.lists())
    known = known_at(asked, today=today(at), path=request.path)
    if "day" in asked and not known.error:
        return redirect(known.canonical_address)
    found = open_family(
        by=viewer, purpose=viewer.purpose, at=at, person=person, as_known_at=known.shown, route="page family",
        salts=random_bytes,
    )  # fmt: skip
    if found is None:
        return not_found(request)
    drawing, why_not = _drawing(found)
    return page(
        request, "pages/family.html", viewer, family=found, known=known, groups=family_groups(found), drawing=drawing,
        why_not=why_not,
    )  # fmt: skip


def _drawing(found: FamilyAround) -> tuple[FamilyDrawing | None, str]:
    """The map, or why there is none; the list never waits for it."""
    try:
        return draw_family(found, laid_out), ""
    except NotDrawn as wrong:
        return None, str(wrong)
