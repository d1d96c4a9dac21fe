"""What every page is given: who is looking, as what, and whether this is a demo.

The clock and the randomness of a request are read here and nowhere else in this room (ARCHITECTURE D14).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from wholechild.lib.civil import LONDON
from wholechild.records.facts import Agency
from wholechild.trust.permissions import decide_act
from wholechild.trust.queries import viewer_for
from wholechild.trust.viewers import Viewer
from wholechild.vocabulary.terms import vocabulary

P = ParamSpec("P")
#: What somebody in a role usually reads for. The purpose is written into each disclosure, so it is never empty.
USUAL_PURPOSE: Final = "safeguarding_concern"
PURPOSES: Final = {
    "independent_scrutineer": "independent_scrutiny",
    "inspector": "independent_scrutiny",
    "review_author": "child_safeguarding_review",
    "panel_analyst": "child_safeguarding_review",
    "partnership_manager": "child_safeguarding_review",
    "director_of_childrens_services": "child_safeguarding_review",
    "linkage_reviewer": "identity_check",
}


def now() -> datetime:
    return datetime.now(UTC)


def today(at: datetime) -> date:
    """The day in London: at half past midnight in summer, UTC is still at yesterday."""
    return at.astimezone(LONDON).date()


def random_bytes(number: int) -> bytes:
    return os.urandom(number)


def viewer_of(request: HttpRequest, at: datetime) -> Viewer | None:
    """The viewer that this request's user is; None for somebody who holds no role, and so may see nothing."""
    if not request.user.is_authenticated:
        return None
    viewer = viewer_for(request.user.get_username(), USUAL_PURPOSE, at)
    if viewer is None:
        return None
    return Viewer(viewer.user, viewer.role, viewer.agency, PURPOSES.get(viewer.role, USUAL_PURPOSE))


def viewer_words(viewer: Viewer) -> str:
    """`Duty social worker, Northmoor`: the role, and the place that it is held at."""
    role = vocabulary().roles.get(viewer.role)
    agency = Agency.of(viewer.agency)
    return ", ".join(
        part for part in (role.title if role else viewer.role, agency.unit or agency.area) if part
    )


def for_viewers(
    view: Callable[Concatenate[HttpRequest, Viewer, datetime, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """A view for people with a role: it is handed the viewer and the moment. Others are asked to sign in."""

    @wraps(view)
    def opened(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        at = now()
        if not request.user.is_authenticated:
            # Not with the path that was asked for: an id has no place in the address of a page that is not private.
            return redirect(settings.LOGIN_URL)
        viewer = viewer_of(request, at)
        if viewer is None:
            return page(request, "pages/no_role.html", None, status=403)
        return view(request, viewer, at, *args, **kwargs)

    return opened  # type: ignore[return-value]


def page(
    request: HttpRequest,
    template: str,
    viewer: Viewer | None,
    *,
    status: int = 200,
    here: str = "",
    **context: Any,
) -> HttpResponse:
    """Render a page in its frame. `here` names the item of the navigation that the page is."""
    return render(request, template, {**frame(viewer), "here": here, **context}, status=status)


def frame(viewer: Viewer | None) -> dict[str, Any]:
    """What `layout.html` reads."""
    return {
        "viewer": viewer,
        "viewer_words": viewer_words(viewer) if viewer else "",
        "reviews_people": bool(viewer and decide_act(viewer.role, "people.review")),
        "reads_lessons": bool(viewer and decide_act(viewer.role, "lesson.read")),
        "purpose": vocabulary().purposes.get(viewer.purpose) if viewer else None,
        "demo": settings.WHOLECHILD_DEMO,
        "idle_minutes": settings.SESSION_COOKIE_AGE // 60,
    }
