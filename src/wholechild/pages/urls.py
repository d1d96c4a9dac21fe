"""Every address of the pages. None holds personal data: a child is named by an id that means nothing elsewhere."""

from __future__ import annotations

from typing import Final

from django.urls import path, register_converter

from wholechild.pages.lesson_words import LESSON_ID
from wholechild.pages.review_words import DECISION_ID, IDENTITY_ID
from wholechild.pages.views import (
    backtests,
    children,
    doors,
    drafting,
    families,
    faults,
    finding,
    lessons,
    linking,
    reviewing,
    trying,
    worklist,
)


class PersonId:
    """`person-` and the digits of an id; anything else is no address of ours."""

    regex = r"person-[0-9a-zA-Z_]{1,64}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class LessonId(PersonId):
    """The id of a lesson: small words with dashes between."""

    regex = LESSON_ID.pattern


class DraftId(PersonId):
    regex = r"draft-[0-9a-f]{6,40}"


class BacktestId(PersonId):
    regex = r"backtest-[0-9a-f]{24}"


class IdentityId(PersonId):
    """What one agency calls somebody, as an id that says nothing."""

    regex = IDENTITY_ID


class DecisionId(PersonId):
    regex = DECISION_ID


class MatchId(PersonId):
    regex = r"match-[0-9a-f]{1,40}"


register_converter(PersonId, "person")
register_converter(LessonId, "lesson")
register_converter(DraftId, "draft")
register_converter(MatchId, "match")
register_converter(BacktestId, "backtest")
register_converter(IdentityId, "identity")
register_converter(DecisionId, "decision")

urlpatterns: Final = [
    path("", worklist.worklist, name="worklist"),
    path("find/", finding.find, name="find"),
    path("find/none-of-these/", finding.none_of_these, name="find_none"),
    path("children/<person:person>/", children.child, name="child"),
    path("children/<person:person>/<match:match>/", children.outcome, name="outcome"),
    path("children/<person:person>/family/", families.family, name="family"),
    path("children/<person:person>/split/", reviewing.split, name="split"),
    path("possible/", reviewing.queue, name="possible"),
    path("possible/<identity:one>/<identity:other>/", reviewing.review, name="review"),
    path("possible/<identity:one>/<identity:other>/decide/", reviewing.decide, name="decide"),
    path("possible/<identity:one>/<identity:other>/take/", reviewing.take, name="take_review"),
    path("decisions/<decision:name>/", reviewing.decision, name="decision"),
    path("lessons/", lessons.lessons, name="lessons"),
    path("lessons/<lesson:name>/", lessons.lesson, name="lesson"),
    path("lessons/<lesson:name>/sign/", lessons.sign, name="sign_lesson"),
    path("lessons/<lesson:name>/compare/", lessons.difference, name="compare_lesson"),
    path("lessons/<lesson:name>/<int:version>/", lessons.text, name="lesson_text"),
    path("drafts/", drafting.begin, name="begin_draft"),
    path("drafts/<draft:name>/", drafting.draft, name="draft"),
    path("drafts/<draft:name>/check/", drafting.check, name="check_draft"),
    path("drafts/<draft:name>/<backtest:backtest>/", trying.tried, name="tried"),
    path("backtests/", backtests.backtests, name="backtests"),
    path("backtests/<backtest:name>/", backtests.backtest, name="backtest"),
    path("linking/", linking.quality, name="linking"),
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
