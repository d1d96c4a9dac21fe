"""The child's picture: the page that everything else leads to."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from wholechild.pages.faces import for_viewers, page, today
from wholechild.pages.known_at import known_at
from wholechild.pages.picture_page import picture_page
from wholechild.pages.reading import open_child
from wholechild.pages.views.faults import not_found
from wholechild.trust.viewers import Viewer


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
    return page(request, "pages/child.html", viewer, **picture_page(picture, known, asked))
