"""A lesson is written in the browser, fails on a quiet family, is mended, proposed by one person and adopted by two others."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from tests.functional.conftest import ROOT, WIDTHS
from tests.functional.seeing import accessibility_faults, open_everything, runs_over_the_side
from tests.functional.test_journeys import tab_to

pytestmark = pytest.mark.browser

ANALYST: Final = "Come in as the panel analyst"
DIRECTOR: Final = "Come in as the director of children’s services"
PARTNERSHIP: Final = "Come in as the partnership manager"
BASE: Final = ROOT / "lessons/hurt-then-not-brought"
SANE: Final = "within: 12 weeks"
#: The pictures of the documents, of the many that are taken.
PICTURES: Final = {
    "faults": "lesson-faults",
    "loud": "lesson-editor",
    "to-sign": "lesson-to-sign",
    "compared": "lesson-compared",
}
LOUD: Final = """\
  count:
    of: [contact.*]
    at_least: 1
"""


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return ROOT / "docs/images" if os.environ.get("WHOLECHILD_SCREENSHOTS") == "docs" else tmp_path


def come_in(page: Any, site: str, button: str) -> None:
    page.goto(f"{site}/who/")
    page.get_by_role("button", name=button).click()
    page.wait_for_url(f"{site}/lessons/")


def text_of(name: str) -> str:
    """The library's lesson under another name, with another title, so that each test has one of its own."""
    text = (BASE / "lesson.yaml").read_text()
    text = text.replace("id: hurt-then-not-brought", f"id: {name}").replace(
        "from: 2026-11-22", "from: 2026-01-01"
    )
    return re.sub("(?m)^title: .*$", f"title: A made-up lesson called {name}", text)


def with_condition(text: str, condition: str) -> str:
    start, end = text.index("condition:"), text.index("explanation:")
    return f"{text[:start]}condition:\n{condition}{text[end:]}"


def write(page: Any, text: str, examples: str | None = None) -> None:
    page.get_by_label("The lesson", exact=True).fill(text)
    if examples is not None:
        page.get_by_label("Families that show what it means").fill(examples)


def word(page: Any) -> str:
    return str(page.locator("#checked-word").inner_text())


def begin(page: Any, site: str) -> None:
    page.goto(f"{site}/lessons/")
    page.get_by_role("button", name="Write a new lesson").click()
    page.wait_for_url("**/drafts/draft-**")


def sign_first(page: Any, day: datetime) -> None:
    for name, value in (("Day", day.day), ("Month", day.month), ("Year", day.year)):
        page.locator("form.wc-sign").first.get_by_label(name, exact=True).fill(str(value))
    page.locator("form.wc-sign").first.get_by_label("Why").fill("Two reviews found it.")
    page.get_by_role("button", name="Sign to adopt").click()


# -- the journey ---------------------------------------------------------------------------------------------------------


def test_without_a_snapshot_the_editor_says_that_it_was_not_tried(
    site: str, open_page: Callable[..., Any]
) -> None:
    page = open_page()
    come_in(page, site, ANALYST)
    begin(page, site)
    write(page, text_of("not-tried"))
    page.get_by_role("button", name="Try it on past records").click()
    page.get_by_text("There is no snapshot of past records here yet").wait_for()


@pytest.mark.parametrize("script", [True, False])
def test_from_a_finding_to_a_rule_that_runs(
    site: str, snapshot: Path, open_page: Callable[..., Any], images: Path, script: bool
) -> None:
    name = f"journey-{'with' if script else 'without'}-script"
    page = open_page(java_script_enabled=script)
    come_in(page, site, ANALYST)
    begin(page, site)

    def settled(said: str) -> None:
        """What is said beside the text: at once with script, after a button without."""
        if not script:
            page.get_by_role("button", name="Save and check").click()
        page.locator("#checked-word", has_text=said).wait_for(timeout=15_000)

    # a fault, at its line, with its cure
    text = text_of(name)
    write(page, text.replace("injury.*", "injruy.*"), (BASE / "examples.yaml").read_text())
    settled("1 fault to mend")
    line = text[: text.index("injury.*")].count("\n") + 1
    assert page.get_by_role("link", name=f"Line {line}, column").is_visible()
    assert page.locator("#text-lines .wc-numbered__wrong").all_inner_texts() == [str(line)]
    assert page.get_by_text("no kind of record matches 'injruy.*'").is_visible()

    # a condition that speaks of ordinary families
    write(page, with_condition(text, LOUD))
    settled("quiet families, where it should be silent")
    page.get_by_label("Why should it run?").fill("Two reviews found it.")
    page.get_by_role("button", name="Propose this version").click()
    page.get_by_role("heading", name="It cannot be proposed yet").wait_for()
    assert page.get_by_role("link", name="Quiet family").count() > 3

    # mended, tried and proposed
    write(page, text)
    settled("Ready to propose")
    page.get_by_role("button", name="Try it on past records").click()
    page.get_by_role("heading", name="It was tried on past records").wait_for(timeout=90_000)
    if script:  # what is asked of a page by script, and what is not
        assert accessibility_faults(page) == []
    page.get_by_role("link", name="Read the report").click()
    page.get_by_text(f"A made-up lesson called {name}").first.wait_for()
    if script:
        assert page.locator("main").evaluate("e => getComputedStyle(e).maxWidth") != "none", "no style let in"
        assert accessibility_faults(page) == []
        page.screenshot(path=images / "lesson-report.png", full_page=True)
    page.go_back()
    page.get_by_role("link", name="Back to the draft").click()
    page.get_by_label("Why should it run?").fill("Two reviews found it.")
    page.get_by_role("button", name="Propose this version").click()
    page.wait_for_url(f"{site}/lessons/{name}/")
    assert page.get_by_text("You proposed this. Two other people have to adopt it.").is_visible()
    assert page.get_by_role("link", name="What it would have done on past records").is_visible()
    assert page.get_by_role("button", name="Sign to adopt").count() == 0

    page.goto(f"{site}/lessons/")
    page.get_by_role("link", name="Lessons tried on past records").click()
    assert page.get_by_role("link", name=f"A made-up lesson called {name}").first.is_visible()
    if script:
        assert (accessibility_faults(page), runs_over_the_side(page)) == ([], "")
        page.screenshot(path=images / "lesson-reports.png", full_page=True)

    # adopted by two others
    come_in(page, site, DIRECTOR)
    page.goto(f"{site}/lessons/{name}/")
    sign_first(page, datetime.now(UTC))
    page.get_by_text("You have signed.").wait_for()
    assert page.get_by_text("You signed this. Somebody else has to sign it too.").is_visible()
    come_in(page, site, PARTNERSHIP)
    page.get_by_role("link", name=f"A made-up lesson called {name}").first.click()
    page.get_by_label("Why you agree").fill("I read it, and agree.")
    page.get_by_role("button", name="Sign as the second person").click()
    page.get_by_text("Two people have signed.").wait_for()
    assert page.get_by_text("Version 1 runs in England").is_visible()
    assert page.get_by_text("Signed by Director of children's services (demo-director)").is_visible()


# -- the keyboard alone ----------------------------------------------------------------------------------------------------


def test_with_the_keyboard_alone(site: str, open_page: Callable[..., Any]) -> None:
    page = open_page()
    come_in(page, site, ANALYST)
    tab_to(page, "form[action='/drafts/'] button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/drafts/draft-**")
    tab_to(page, "#text")
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(text_of("by-keyboard").replace("injury.*", "injruy.*"))
    told = page.locator("#checked-status", has_text="4 faults to mend")  # what a screen reader is told
    told.wait_for(state="attached")
    tab_to(page, "a[data-line]")
    page.keyboard.press("Enter")
    at = page.evaluate("document.activeElement.value.slice(document.activeElement.selectionStart)")
    assert at.startswith("injruy.*"), "the link leads to the letter"
    for _ in range(8):
        page.keyboard.press("Delete")
    page.keyboard.type("injury.*")
    page.locator("#checked-word", has_text="3 faults to mend").wait_for()
    tab_to(page, "#examples", most=60)
    page.keyboard.press("Control+A")
    page.keyboard.insert_text((BASE / "examples.yaml").read_text())
    page.locator("#checked-word", has_text="Ready to propose").wait_for()
    tab_to(page, "#why")
    page.keyboard.type("Two reviews found it.")
    tab_to(page, "button[value=propose]")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site}/lessons/by-keyboard/")


# -- drafts ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("script", [True, False])
def test_any_earlier_revision_comes_back(site: str, open_page: Callable[..., Any], script: bool) -> None:
    page = open_page(java_script_enabled=script)
    come_in(page, site, ANALYST)
    begin(page, site)
    for text in ("id: one\n", "id: two\n"):
        write(page, text)
        page.get_by_role("button", name="Save and check").click()
        page.wait_for_load_state()
    page.get_by_text("Earlier revisions (2)").click()
    page.get_by_role("button", name="Go back to revision 2").click()
    page.get_by_text("Revision 4 of this draft").wait_for()
    assert page.get_by_label("The lesson", exact=True).input_value() == "id: one\n"
    page.get_by_text("Earlier revisions (3)").click()
    assert page.get_by_role("button", name="Go back to revision 3").is_visible(), "what came between stays"


def test_what_somebody_else_saved_is_not_overwritten(site: str, open_page: Callable[..., Any]) -> None:
    one, other = open_page(), open_page()
    come_in(one, site, ANALYST)
    begin(one, site)
    come_in(other, site, PARTNERSHIP)
    other.goto(one.url)
    for page, text in ((one, "id: mine\n"), (other, "id: hers\n")):
        write(page, text)
        page.get_by_role("button", name="Save and check").click()
        page.wait_for_load_state()
    assert other.get_by_text("Somebody saved this draft while you wrote.").is_visible()
    assert other.get_by_label("The lesson", exact=True).input_value() == "id: hers\n", (
        "and nothing typed is lost"
    )


@pytest.mark.parametrize(
    ("text", "said"), [("x" * 70_000, "longer than 64 KiB"), ("title: a\x07b\n", "U+0007")]
)
def test_what_cannot_be_kept_says_why(site: str, open_page: Callable[..., Any], text: str, said: str) -> None:
    page = open_page()
    come_in(page, site, ANALYST)
    begin(page, site)
    page.get_by_label("The lesson", exact=True).evaluate("(field, text) => { field.value = text; }", text)
    page.get_by_role("button", name="Save and check").click()
    page.get_by_role("heading", name="Nothing was saved").wait_for()
    assert page.get_by_role("alert").get_by_text(said).is_visible()


def test_a_text_of_five_megabytes_is_said_to_be_unchecked(site: str, open_page: Callable[..., Any]) -> None:
    page = open_page()
    come_in(page, site, ANALYST)
    begin(page, site)
    page.get_by_label("The lesson", exact=True).evaluate(
        "(field) => { field.value = 'x'.repeat(5_000_000); field.dispatchEvent(new Event('input', {bubbles: true})); }"
    )
    page.locator("#checked-word", has_text="could not be checked").wait_for()
    page.get_by_role("button", name="Save and check").click()
    page.get_by_role("heading", level=1, name="We could not read that request").wait_for()
    open_page.faults.clear()  # type: ignore[attr-defined]  # the browser says that answers were 400


def post(page: Any, site: str, address: str) -> Any:
    """Send a form that no page offered, with this session's own token."""
    page.goto(f"{site}/find/")
    token = page.locator("input[name=csrfmiddlewaretoken]").first.input_value()
    return page.request.post(
        f"{site}/{address}", form={"csrfmiddlewaretoken": token, "form": "adopt-000000000000", "do": "propose", "text": "id: x"},
        headers={"Referer": f"{site}/", "Origin": site}, max_redirects=0,
    )  # fmt: skip


# -- who may ---------------------------------------------------------------------------------------------------------------


def test_to_others_there_are_no_such_pages(site: str, open_page: Callable[..., Any]) -> None:
    page = open_page()
    come_in(page, site, ANALYST)
    begin(page, site)
    draft = page.url
    for who in ("Come in as the teacher", "Come in as the duty social worker"):
        page.goto(f"{site}/who/")
        page.get_by_role("button", name=who).click()
        assert page.get_by_role("link", name="Lessons").count() == 0
        for address in (
            f"{site}/lessons/",
            f"{site}/lessons/start-again/",
            f"{site}/lessons/start-again/1/",
            draft,
        ):
            assert page.goto(address).status == 404
        for address in (
            "lessons/start-again/sign/",
            "drafts/",
            f"{draft.removeprefix(site + '/')}",
            f"{draft.removeprefix(site + '/')}check/",
        ):
            assert post(page, site, address).status == 404, f"{who} posts to {address}"
    page.goto(f"{site}/who/")
    page.get_by_role("button", name="Come in as the independent scrutineer").click()
    assert page.goto(f"{site}/lessons/start-again/").status == 200
    assert page.get_by_role("button", name="Change this lesson").count() == 0
    assert page.get_by_text("Retire this lesson").count() == 0
    assert page.goto(draft).status == 404
    open_page.faults.clear()  # type: ignore[attr-defined]  # the browser says that answers were 404


def test_a_signature_without_its_terms_says_what_is_missing(site: str, open_page: Callable[..., Any]) -> None:
    page = open_page()
    come_in(page, site, DIRECTOR)
    page.goto(f"{site}/lessons/start-again/")
    page.get_by_text("Retire this lesson").click()
    page.get_by_label("Day", exact=True).fill("31")
    page.get_by_label("Month", exact=True).fill("2")
    page.get_by_label("England").uncheck()
    page.get_by_role("button", name="Sign to retire").click()
    page.get_by_role("heading", name="Nothing was signed").wait_for()
    for said in ("Enter a day", "Choose a nation", "Give a reason"):
        page.get_by_role("alert").get_by_role("link", name=said).click()
        assert page.evaluate("document.activeElement.closest('form.wc-sign') !== null")
    assert page.get_by_label("Day", exact=True).input_value() == "31"
    assert accessibility_faults(page) == []


# -- what came of a match --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("script", [True, False])
def test_what_came_of_a_match_comes_back_to_its_lesson(
    site: str, open_page: Callable[..., Any], tmp_path: Path, script: bool
) -> None:
    page = open_page(java_script_enabled=script)
    page.goto(f"{site}/who/")
    page.get_by_role("button", name="Come in as the duty social worker").click()
    page.locator(".wc-card a").nth(0 if script else 1).click()
    page.wait_for_url("**/children/person-**")
    where = page.locator(f"#{page.url.rpartition('#')[2]}")
    where.get_by_text("What came of it").first.click()
    where.get_by_role("button", name="Keep this").click()
    page.get_by_text("Choose what came of it. Give a reason, in a sentence.").wait_for()
    assert where.get_by_role("button", name="Keep this").is_visible(), "the form stands open, to be finished"
    if script:
        where.screenshot(path=tmp_path / "came-of-it.png")
        assert accessibility_faults(page) == []
    where.get_by_label("Already known, and being dealt with").check()
    where.get_by_label("How you know").fill("The plan of March covers it.")
    where.get_by_role("button", name="Keep this").click()
    page.get_by_text("What came of it (1)").first.click()
    assert page.get_by_text("The plan of March covers it.").first.is_visible()
    come_in(page, site, ANALYST)
    assert page.get_by_text(re.compile("0 of [12] helped")).first.is_visible()


# -- how it looks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", WIDTHS)
def test_no_accessibility_fault_and_nothing_over_the_side(
    site: str, open_page: Callable[..., Any], images: Path, tmp_path: Path, width: int
) -> None:
    """Every page about lessons, at three widths, in the states that it can be in; with a picture of each."""
    name = f"looked-at-{width}"
    page = open_page(width=width, height=1100)
    come_in(page, site, ANALYST)
    text, examples = text_of(name), (BASE / "examples.yaml").read_text()

    def look(what: str) -> None:
        page.wait_for_load_state()
        page.screenshot(path=tmp_path / f"{what}-{width}.png", full_page=True)
        if width == WIDTHS[-1] and what in PICTURES:
            page.evaluate("scrollTo(0, 0)")
            page.screenshot(path=images / f"{PICTURES[what]}.png")
        open_everything(page)
        assert runs_over_the_side(page) == "", what
        assert accessibility_faults(page) == [], what

    look("list")
    begin(page, site)
    look("new")
    write(page, text.replace("injury.*", "injruy.*").replace("12 weeks", "soon"), examples)
    page.locator("#checked-word", has_text="2 faults").wait_for()
    look("faults")
    write(page, with_condition(text, LOUD))
    page.locator("#checked-word", has_text="quiet families").wait_for()
    look("loud")
    page.get_by_role("button", name="Propose this version").click()
    page.get_by_role("heading", name="It cannot be proposed yet").wait_for()
    look("not-yet")
    write(page, text)
    page.locator("#checked-word", has_text="Ready").wait_for()
    look("ready")
    page.get_by_label("Why should it run?").fill("Two reviews found it.")
    page.get_by_role("button", name="Propose this version").click()
    page.wait_for_url(f"{site}/lessons/{name}/")
    look("proposed")
    come_in(page, site, DIRECTOR)
    page.goto(f"{site}/lessons/{name}/")
    look("to-sign")
    sign_first(page, datetime.now(UTC))
    page.get_by_text("You have signed.").wait_for()
    look("signed-once")
    come_in(page, site, PARTNERSHIP)
    page.goto(f"{site}/lessons/{name}/")
    page.get_by_label("Why you agree").fill("I read it, and agree.")
    page.get_by_role("button", name="Sign as the second person").click()
    page.get_by_text("Two people have signed.").wait_for()
    look("adopted")
    page.get_by_role("button", name="Change this lesson").click()
    page.wait_for_url("**/drafts/draft-**")
    write(
        page,
        text.replace("version: 1", "version: 2")
        .replace(SANE, "within: 10 weeks")
        .replace("at_least: 1", "at_least: 2"),
    )
    page.locator("#checked-word", has_text="not as expected").wait_for()
    look("examples-fail")
    write(page, text.replace("version: 1", "version: 2").replace(SANE, "within: 10 weeks"))
    page.locator("#checked-word", has_text="Ready").wait_for()
    page.get_by_label("Why should it run?").fill("Twelve weeks were too long.")
    page.get_by_role("button", name="Propose this version").click()
    page.wait_for_url(f"{site}/lessons/{name}/")
    page.get_by_role("link", name="what has changed").click()
    page.wait_for_url("**/compare/**")
    assert page.get_by_text("within: 10 weeks").is_visible()
    look("compared")
    page.goto(f"{site}/lessons/{name}/1/")
    look("text")
