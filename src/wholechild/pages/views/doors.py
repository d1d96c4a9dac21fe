"""Coming in, staying in and going out: the sign-in of django-allauth in our frame, and the demo's own door."""

from __future__ import annotations

from typing import Any, Final

from allauth.account import views as accounts
from django.conf import settings
from django.contrib.auth import get_user_model, login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from wholechild.pages.demo_people import DEMO_PEOPLE, DemoPerson
from wholechild.pages.faces import frame, now, page, viewer_of
from wholechild.pages.views.faults import not_found
from wholechild.trust.permissions import decide_act
from wholechild.trust.queries import viewer_for

_BACKEND: Final = "django.contrib.auth.backends.ModelBackend"
#: allauth's code of a fault -> what we say. One sentence for a wrong name and a wrong password: neither is told apart.
_FAULTS: Final = {
    "too_many_login_attempts": "There were too many tries. Wait a few minutes, then try again",
}
_NOT_RIGHT: Final = "The user name or the password is not right"


class SignIn(accounts.LoginView):
    """Name and password, by django-allauth, which also slows down who tries many."""

    def get_context_data(self, **given: Any) -> dict[str, Any]:
        context = super().get_context_data(**given)
        faults = context["form"].errors.as_data()
        said = [_FAULTS.get(fault.code, _NOT_RIGHT) for fault in faults.get("__all__", [])]
        empty = {
            name: f"Enter your {words}"
            for name, words in (("login", "user name"), ("password", "password"))
            if name in faults
        }
        return {**context, **frame(None), "faults": said, "empty": empty}


class SignOut(accounts.LogoutView):
    """Going out. Without the button that every page has, the address asks first."""

    def get_context_data(self, **given: Any) -> dict[str, Any]:
        return {**super().get_context_data(**given), **frame(None)}


class Closed(accounts.AccountInactiveView):
    """An account that was closed."""

    def get_context_data(self, **given: Any) -> dict[str, Any]:
        return {**super().get_context_data(**given), **frame(None)}


@require_http_methods(["GET", "POST"])
def choose_who(request: HttpRequest) -> HttpResponse:
    """The demo's way in. On any other installation there is no such page."""
    if not settings.WHOLECHILD_DEMO:
        return not_found(request)
    offered = _with_an_account()
    if request.method == "POST":
        chosen = next((one for one in offered if one.user == request.POST.get("who")), None)
        if chosen:
            _sign_in_as(request, chosen)
            return redirect(_first_page(chosen))
    return page(request, "pages/choose_who.html", viewer_of(request, now()), people=offered)


def _with_an_account() -> list[DemoPerson]:
    at = now()
    return [one for one in DEMO_PEOPLE if viewer_for(one.user, "", at)]


def _first_page(chosen: DemoPerson) -> str:
    """Who works with lessons, or with who is who, and with no child begins there; the list of matches would be empty for ever."""
    viewer = viewer_for(chosen.user, "", now())
    if viewer and viewer.role == "linkage_reviewer":
        return "possible"
    works_with_lessons = viewer and any(
        decide_act(viewer.role, f"lesson.{act}") for act in ("write", "adopt")
    )
    return "lessons" if works_with_lessons else "worklist"


def _sign_in_as(request: HttpRequest, chosen: DemoPerson) -> None:
    """A demo account has no password: the card is the only way into it, and only on a demo."""
    user, made = get_user_model().objects.get_or_create(username=chosen.user)
    if made:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    login(request, user, backend=_BACKEND)


@require_POST
def stay(request: HttpRequest) -> HttpResponse:
    """Somebody is still there: the session begins its quiet time anew."""
    if not request.user.is_authenticated:
        return HttpResponse(status=403)
    request.session.modified = True
    if "text/html" in request.headers.get("Accept", ""):
        return redirect("worklist")
    return HttpResponse(status=204)
