"""What every response says to the browser about itself, beyond Django's and the content security policy's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

#: Nothing of what a browser could offer a page is used here.
_NOT_USED: Final = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


class QuietHeaders:
    """Personal pages are kept nowhere: not in a shared cache, not on the disk, not for the back button after signing out."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response["Cache-Control"] = "no-store, private"
        patch_vary_headers(response, ["Cookie"])  # on every answer, or its absence would tell answers apart
        response["Permissions-Policy"] = _NOT_USED
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        return response
