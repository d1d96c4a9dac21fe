"""The first page after signing in: the patterns that hold for the children whom this viewer works with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from wholechild.pages.faces import for_viewers, page
from wholechild.pages.reading import open_published, open_worklist
from wholechild.patterns.queries import WorklistItem
from wholechild.trust.viewers import Viewer


@dataclass(frozen=True, slots=True)
class Day:
    """The matches that began on one day."""

    day: date
    lines: tuple[WorklistItem, ...]


@require_GET
@for_viewers
def worklist(request: HttpRequest, viewer: Viewer, at: datetime) -> HttpResponse:
    items = open_worklist(viewer=viewer, at=at)
    published = open_published(viewer=viewer, at=at) if settings.WHOLECHILD_DEMO else ()
    return page(
        request, "pages/worklist.html", viewer, here="worklist", days=by_day(items), total=len(items),
        children=len({item.person for item in items}), whose=whose(viewer), published=published,
    )  # fmt: skip


def by_day(items: Sequence[WorklistItem]) -> tuple[Day, ...]:
    """The newest day first; within a day as the query ordered them."""
    ordered = sorted(items, key=lambda item: item.held_from, reverse=True)
    return tuple(Day(day, tuple(lines)) for day, lines in groupby(ordered, key=lambda item: item.held_from))


def whose(viewer: Viewer) -> str:
    """How the page speaks of the children it is about."""
    return "in all areas" if viewer.role == "independent_scrutineer" else "you work with"
