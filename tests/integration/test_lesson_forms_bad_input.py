"""Whatever is typed into, or sent to, the pages about lessons: an answer, never a failure of ours, and nothing adopted."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.databases import AT
from tests.integration.panels import (
    LESSON,
    analyst,
    director,
    install,
    propose,
    running,
    terms,
    text,
)
from tests.integration.worlds import seat

pytestmark = pytest.mark.usefixtures("rolled_back")

HOSTILE: Final[dict[str, str]] = {
    "nothing": "", "a NUL": "\0", "a lost letter": "\ufffd", "too long": "x" * 70_000, "figures without end": "9" * 300, "negative": "-1",
    "other figures": "٣", "a path": "../..", "a script": "<script>alert(1)</script>", "a picture": "🙂" * 100, "a cycle": "a: &a [*a]",
    "a percent": "%00%s{0}", "line ends": "\r\n\r\r\n", "a bomb": "a: &a [x]\n" + "b: [*a, *a]\n" * 50,
}  # fmt: skip


def browser(user: str) -> Any:
    """A signed-in visitor. What goes wrong in a page comes out here as it is."""
    from django.contrib.auth.models import User
    from django.test import Client

    visitor = Client(SERVER_NAME="127.0.0.1")
    account, _ = User.objects.get_or_create(username=user)
    visitor.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    return visitor


@pytest.fixture
def proposed() -> str:
    """The library runs, and a second version of one lesson waits for signatures; its hash."""
    install()
    analyst(), director(), seat("sol", "social_worker", "childrens_social_care/Northmoor", AT)
    written = text()
    propose(analyst(), written)
    return str(terms(written).sha256)


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_typed_into_the_editor(name: str, proposed: str) -> None:
    typed, visitor = HOSTILE[name], browser("ana")
    draft = visitor.post("/drafts/", {"lesson": LESSON})["Location"]
    for do in ("save", "propose", "try", f"back-{typed}", typed):
        whole = {"text": typed, "examples": typed, "after": typed, "why": typed, "do": do}
        for given in (whole, {**whole, "text": text(3), "after": "1"}):
            answer = visitor.post(draft, given)
            assert answer.status_code in (200, 302), (do, answer.status_code)
            assert b"<script>alert" not in answer.content
    assert visitor.post(f"{draft}check/", {"text": typed, "examples": typed}).status_code == 200
    assert visitor.post("/drafts/", {"lesson": typed}).status_code in (302, 404)
    assert visitor.get(draft, {"backtest": typed}).status_code == 200
    assert running()[LESSON] == 1


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_sent_as_a_signature(name: str, proposed: str) -> None:
    typed, visitor = HOSTILE[name], browser("dee")
    where = f"/lessons/{LESSON}/sign/"
    good = {"day": "4", "month": "1", "year": "2099", "nation": "england", "why": "x"}
    for form in (f"second-{typed}", f"adopt-{typed}", f"retire-{typed}", typed, f"adopt-{proposed[:12]}"):
        for field in ("day", "year", "nation", "areas", "why"):
            answer = visitor.post(where, {**good, "form": form, field: typed})
            assert answer.status_code in (200, 302), (form, field, answer.status_code)
            assert b"<script>alert" not in answer.content
    assert running()[LESSON] == 1, "one person signed, however often"


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_written_into_an_address(name: str, proposed: str) -> None:
    typed, visitor = HOSTILE[name][:300], browser("dee")
    for path, asked in (
        (f"/lessons/{LESSON}/", "done"), (f"/lessons/{LESSON}/compare/", "one"), (f"/lessons/{LESSON}/2/", "sha256"),
        (f"/lessons/{LESSON}/2/", "file"), ("/lessons/", "x"), (f"/lessons/{LESSON}/{'9' * 40}/", "x"),
    ):  # fmt: skip
        assert visitor.get(path, {asked: typed}).status_code in (200, 404), path


def test_the_exact_text_of_a_version_can_be_taken_away_to_the_letter(proposed: str) -> None:
    taken = browser("dee").get(f"/lessons/{LESSON}/2/", {"file": "lesson.yaml", "sha256": proposed})
    assert taken.content.decode() == text()
    assert taken["Content-Type"].startswith("text/plain")


def test_to_others_every_page_is_the_page_that_is_not_there(proposed: str) -> None:
    visitor = browser("sol")
    nowhere = visitor.get("/nowhere/").content
    for path in ("/lessons/", f"/lessons/{LESSON}/", f"/lessons/{LESSON}/2/", f"/lessons/{LESSON}/compare/"):
        answer = visitor.get(path)
        assert (answer.status_code, answer.content) == (404, nowhere)
    for path in (f"/lessons/{LESSON}/sign/", "/drafts/"):
        answer = visitor.post(path, {"form": f"adopt-{proposed[:12]}"})
        assert (answer.status_code, answer.content) == (404, nowhere)
