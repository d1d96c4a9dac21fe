"""The child's page with hand-made pictures: shapes that the small world does not happen to hold.

Run as `python -m tests.functional.gallery PORT`. The real templates, styles, script, policies and view model, without a
database; the pages that people use are tried on the real thing (test_journeys.py).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, make_server

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wholechild.config.settings")

TODAY: Final = date(2012, 3, 3)


def application() -> Callable[..., Iterable[bytes]]:
    """The WSGI application of the gallery, with the real settings but for sessions and addresses."""
    import django
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler

    django.setup(set_prefix=False)
    needs_a_session = (".sessions.", ".auth.", ".messages.", "allauth")
    settings.ROOT_URLCONF = "tests.functional.gallery"
    settings.MIDDLEWARE = [
        name for name in settings.MIDDLEWARE if not any(part in name for part in needs_a_session)
    ]
    return WSGIHandler()


def picture(request: Any, person: str) -> Any:
    from django.http import Http404
    from django.shortcuts import render

    from tests.functional.pictures import ALL
    from wholechild.pages.known_at import known_at
    from wholechild.pages.picture_page import picture_page

    if person == "stops":
        raise RuntimeError("planted")
    if person not in ALL:
        raise Http404
    asked = dict(request.GET.lists())
    known = known_at(asked, today=TODAY, path=request.path)
    frame = {
        "viewer": True,
        "viewer_words": "Duty social worker, Northmoor",
        "demo": True,
        "idle_minutes": 30,
    }
    return render(request, "pages/child.html", {**frame, **picture_page(ALL[person], known, asked)})


class Quiet(WSGIRequestHandler):
    def log_message(self, *said: object) -> None:
        """The tests say what they looked at."""


def main(port: int) -> None:
    with make_server("127.0.0.1", port, application(), handler_class=Quiet) as server:
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


def __getattr__(name: str) -> Any:
    """`urlpatterns` and the handlers, made when Django asks for them: the real ones need the models to be loaded."""
    from django.urls import path

    from wholechild.pages import urls

    if name == "urlpatterns":
        return [path("children/<person>/", picture), *urls.urlpatterns]
    return getattr(urls, name)


if __name__ == "__main__":
    main(int(sys.argv[1]))
