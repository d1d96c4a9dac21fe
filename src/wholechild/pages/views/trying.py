"""A lesson that is being tried on past records: how far that is, and what it found."""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime
from hashlib import sha256

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from wholechild.pages.views.faults import not_found
from wholechild.pages.views.lessons import _page, for_the_panel
from wholechild.patterns.backtest.queries import BacktestFailed, NoSuchBacktest, progress, report_page
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


@require_GET
@for_the_panel("read")
def report(request: HttpRequest, viewer: Viewer, at: datetime, backtest: str) -> HttpResponse:
    """The report: a page of its own, which may show its own style and its own pictures and nothing else."""
    try:
        found = report_page(viewer, backtest, settings.WHOLECHILD_BACKTESTS)
    except (NoSuchBacktest, BacktestFailed):
        return not_found(request)
    response = HttpResponse(found)
    response["Content-Security-Policy"] = (
        f"default-src 'none'; style-src {_hash_of_style(found)}; img-src data:"
    )
    return response


def _hash_of_style(page: str) -> str:
    style = page.partition("<style>")[2].partition("</style>")[0]
    return f"'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'"
