"""A lesson that is being tried on past records: how far that is."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from wholechild.pages.views.faults import not_found
from wholechild.pages.views.lessons import _page, for_the_panel
from wholechild.patterns.backtest.queries import NoSuchBacktest, progress
from wholechild.trust.viewers import Viewer


@require_GET
@for_the_panel("write")
def tried(request: HttpRequest, viewer: Viewer, at: datetime, name: str, backtest: str) -> HttpResponse:
    """How far it is. The page asks again by itself until it is over, and what is typed elsewhere stays as it is."""
    try:
        so_far = progress(viewer, backtest, settings.WHOLECHILD_BACKTESTS)
    except NoSuchBacktest:
        return not_found(request)
    response = _page(request, "pages/tried.html", viewer, draft=name, backtest=backtest, progress=so_far)
    if not so_far.ready and not so_far.failed:
        response["Refresh"] = "2"
    return response
