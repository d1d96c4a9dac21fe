"""What somebody sees when a page cannot be shown.

*Absent*, *refused* and *non-existent* are one page, byte for byte (ARCHITECTURE section 7): it is the same for
everybody, holds no nonce and no token, and runs no script.
"""

from __future__ import annotations

from functools import lru_cache

from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The one answer to "no such page", "no such child" and "not for you"."""
    return _fixed("pages/not_found.html", 404)


def stopped(request: HttpRequest) -> HttpResponse:
    """Something of ours went wrong. Says nothing of what: that stands in the log."""
    return _fixed("pages/stopped.html", 500)


def wrong_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _fixed("pages/wrong_request.html", 400)


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form did not carry this session's token: mostly a page that was left open too long."""
    return _fixed("pages/form_expired.html", 403)


def _fixed(template: str, status: int) -> HttpResponse:
    return HttpResponse(_text(template), status=status)


@lru_cache(maxsize=8)
def _text(template: str) -> str:
    return get_template(template).render()
