"""What a lesson would have done, for those who oversee lessons: the report of a backtest, or how far it is."""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime
from hashlib import sha256
from typing import Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from wholechild.pages.faces import for_viewers, page
from wholechild.patterns.backtest.queries import NoSuchBacktest, progress, report_page, reports
from wholechild.patterns.backtest.words import figure
from wholechild.trust.permissions import may_read_figures
from wholechild.trust.viewers import Viewer


@require_safe
@for_viewers
def backtest(request: HttpRequest, viewer: Viewer, at: datetime, name: str) -> HttpResponse:
    """The report, when it is ready. *Not there* and *not for you* are the same answer."""
    if not may_read_figures(viewer.role):
        raise Http404
    try:
        found = progress(viewer, name, settings.WHOLECHILD_BACKTESTS)
    except NoSuchBacktest:
        raise Http404 from None
    if found.ready:
        return _report(report_page(viewer, name, settings.WHOLECHILD_BACKTESTS))
    return page(request, "pages/backtest.html", viewer, progress=found)


@require_safe
@for_viewers
def backtests(request: HttpRequest, viewer: Viewer, at: datetime) -> HttpResponse:
    """Every report there is. To whoever may not read figures there is no such page."""
    if not may_read_figures(viewer.role):
        raise Http404
    found = reports(viewer, settings.WHOLECHILD_BACKTESTS)
    return page(request, "pages/backtests.html", viewer, reports=found, figure=figure)


#: The report is a page of its own, the same that the command writes: its style and its pictures lie in it, and nothing else may.
_POLICY: Final = "default-src 'none'; style-src {style}; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


def _report(said: str) -> HttpResponse:
    style = said.partition("<style>")[2].partition("</style>")[0]
    digest = b64encode(sha256(style.encode()).digest()).decode()
    return HttpResponse(said, headers={"Content-Security-Policy": _POLICY.format(style=f"'sha256-{digest}'")})
