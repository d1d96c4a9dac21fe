"""How well linking does, for those who oversee it and those who decide who is who: figures, and nothing about anybody."""

from __future__ import annotations

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from wholechild.pages import linking_words
from wholechild.pages.faces import for_viewers, page
from wholechild.patterns.explain import say_agency
from wholechild.people.quality.queries import kept_reports
from wholechild.people.queries import linkage_models, model_that_weighs
from wholechild.trust.permissions import decide_act, may_read_linkage
from wholechild.trust.viewers import Viewer


@require_safe
@for_viewers
def quality(request: HttpRequest, viewer: Viewer, at: datetime) -> HttpResponse:
    """The last report on a drawn sample, and what is newer than it. To whoever may not read it there is no such page.

    Nothing is counted here: over a million records that would take longer than a page may.
    """
    if not may_read_linkage(viewer.role):
        raise Http404
    kept = kept_reports(viewer)
    return page(
        request, "pages/linking.html", viewer, say=linking_words, say_agency=say_agency, drawn=mark_safe,
        report=next((one for one in kept if one.sampled), None), latest=kept[0] if kept else None, weighs=model_that_weighs(viewer),
        model=next((one for one in linkage_models(viewer) if one.in_force), None),
        reviews=bool(decide_act(viewer.role, "people.review")),
    )  # fmt: skip
