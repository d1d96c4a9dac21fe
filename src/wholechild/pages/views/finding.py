"""Finding somebody without a name in any address: what is typed is posted, kept with the session, and shown from there.

Kept with the session, because a page that was itself the answer to a post cannot be gone back to.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods

from wholechild.pages.faces import for_viewers, page, today
from wholechild.pages.finding_words import BOXES, kept, purposes_for, read
from wholechild.pages.reading import open_search
from wholechild.trust.viewers import Viewer

_KEPT: Final = "looked_for"


@require_http_methods(["GET", "POST"])
@for_viewers
def find(request: HttpRequest, viewer: Viewer, at: datetime) -> HttpResponse:
    if request.method == "POST":
        request.session[_KEPT] = kept(request.POST)
        return redirect("find")
    frame: dict[str, Any] = {"here": "find", "purposes": purposes_for(viewer), "boxes": BOXES}
    values = request.session.get(_KEPT)
    if values is None:
        return page(request, "pages/find.html", viewer, **frame)
    form, looking = read(values, viewer, today(at))
    found, more = ((), False) if form.asked.fault else open_search(viewer=looking, asked=form.asked, at=at)
    return page(request, "pages/find.html", looking, **frame, form=form, found=found, more=more)


@require_GET
@for_viewers
def none_of_these(request: HttpRequest, viewer: Viewer, at: datetime) -> HttpResponse:
    """What to do where the person is not in the list. Only after a search: a second record of one child is how a history is lost."""
    values = request.session.get(_KEPT)
    if values is None or read(values, viewer, today(at))[0].asked.fault:
        return redirect("find")
    return page(request, "pages/find_none.html", viewer, here="find")
