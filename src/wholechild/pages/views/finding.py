"""Finding a child without a name in any address: what is typed is posted, kept with the session, and shown from there.

Kept with the session, because a page that was itself the answer to a post cannot be gone back to.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from wholechild.pages.faces import for_viewers, page
from wholechild.pages.reading import open_search
from wholechild.pages.search_words import MOST, search_words
from wholechild.trust.viewers import Viewer

_KEPT: Final = "typed"


@require_http_methods(["GET", "POST"])
@for_viewers
def find(request: HttpRequest, viewer: Viewer, at: datetime) -> HttpResponse:
    if request.method == "POST":
        request.session[_KEPT] = request.POST.get("typed", "")[: MOST + 1]
        return redirect("find")
    typed = request.session.get(_KEPT)
    if typed is None:
        return page(request, "pages/find.html", viewer, here="find")
    words = search_words(typed)
    found, more = ((), False) if words.fault else open_search(viewer=viewer, words=words, at=at)
    return page(
        request, "pages/find.html", viewer, here="find", typed=typed, words=words, found=found, more=more
    )
