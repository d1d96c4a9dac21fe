"""Every address of the pages. None holds personal data: a child is named by an id that means nothing elsewhere."""

from __future__ import annotations

from typing import Final

from django.urls import path, register_converter

from wholechild.pages.views import backtests, children, doors, faults, finding, worklist


class PersonId:
    """`person-` and the digits of an id; anything else is no address of ours."""

    regex = r"person-[0-9a-zA-Z_]{1,64}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class BacktestId(PersonId):
    regex = r"backtest-[0-9a-f]{24}"


register_converter(PersonId, "person")
register_converter(BacktestId, "backtest")

urlpatterns: Final = [
    path("", worklist.worklist, name="worklist"),
    path("find/", finding.find, name="find"),
    path("children/<person:person>/", children.child, name="child"),
    path("backtests/<backtest:name>/", backtests.backtest, name="backtest"),
    path("sign-in/", doors.SignIn.as_view(), name="account_login"),
    path("sign-out/", doors.SignOut.as_view(), name="account_logout"),
    path("account-closed/", doors.Closed.as_view(), name="account_inactive"),
    path("who/", doors.choose_who, name="choose_who"),
    path("stay/", doors.stay, name="stay"),
]

handler400 = faults.wrong_request
handler403 = faults.not_found
handler404 = faults.not_found
handler500 = faults.stopped
