"""Two records are set side by side and decided about; records of one person are parted by two people. With script and without."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from tests.functional.conftest import ROOT, WIDTHS
from tests.functional.seeing import accessibility_faults, open_everything, runs_over_the_side
from tests.functional.test_journeys import find, tab_to

pytestmark = pytest.mark.browser

REVIEWER: Final = "Come in as the records reviewer"
COORDINATOR: Final = "Come in as the hub coordinator"
SOCIAL_WORKER: Final = "Come in as the duty social worker"
WHY: Final = "The school rang the health visitor: the same mother brings them."
PAIR: Final = "A record of Health visiting"


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return ROOT / "docs/images" if os.environ.get("WHOLECHILD_SCREENSHOTS") == "docs" else tmp_path


def come_in(page: Any, site: str, button: str) -> None:
    page.goto(f"{site}/who/")
    page.get_by_role("button", name=button).click()
    page.wait_for_load_state()


def queue(page: Any, site: str) -> None:
    page.goto(f"{site}/possible/")


def open_pair(page: Any, site: str) -> None:
    queue(page, site)
    page.get_by_role("link", name="A record of").first.click()
    page.wait_for_url("**/possible/who-**")


def open_child(page: Any, site: str, name: str) -> None:
    page.goto(f"{site}/find/")
    find(page, name)
    page.locator(".wc-card a").first.click()
    page.wait_for_url("**/children/person-**")


def is_sound(page: Any, what: str) -> None:
    open_everything(page)
    assert runs_over_the_side(page) == "", what
    assert accessibility_faults(page) == [], what


def take_back_the_last(page: Any) -> None:
    """From the page of the pair: undo what was decided."""
    page.get_by_role("link", name="Agree or undo").last.click()
    page.get_by_label("Why").fill("A test is over.")
    page.get_by_role("button", name="Take it back").click()
    page.get_by_text("It is taken back.").wait_for()


# -- two side by side ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", WIDTHS)
def test_the_queue_and_two_side_by_side_are_sound(
    site: str, open_page: Callable[..., Any], images: Path, width: int
) -> None:
    page = open_page(width=width, height=1100)
    come_in(page, site, REVIEWER)
    assert page.url == f"{site}/possible/", "whoever decides who is who begins with what waits"
    is_sound(page, "queue")
    if width == 1280:
        page.screenshot(path=images / "possible.png")
    open_pair(page, site)
    assert page.get_by_text("You may not see what was recorded.").count() == 2
    assert page.get_by_role("cell", name="ZZ3 3ZZ").count() == 2
    assert page.get_by_role(
        "cell", name="The birthdays differ in the day, the month or the year only."
    ).is_visible()
    is_sound(page, "review")
    if width != 768:
        page.screenshot(path=images / f"review-{width}.png", full_page=True)


@pytest.mark.parametrize("script", [True, False])
def test_two_records_are_decided_about_and_the_decision_is_taken_back(
    site: str, open_page: Callable[..., Any], script: bool
) -> None:
    page = open_page(java_script_enabled=script)
    come_in(page, site, REVIEWER)
    open_pair(page, site)
    address = page.url
    page.get_by_role("button", name="Take it in hand").click()
    page.get_by_text("You have this in hand").wait_for()

    # what is missing is said, and nothing typed is lost
    page.get_by_role("button", name="Decide", exact=True).click()
    page.get_by_role("heading", name="Nothing was decided").wait_for()
    page.get_by_label("They are the same person").check()
    page.get_by_role("button", name="Decide", exact=True).click()
    page.get_by_text("Give a reason, in a sentence.").first.wait_for()
    assert page.get_by_label("They are the same person").is_checked()

    # the same: one picture, and nothing waits
    page.get_by_label("Why").fill(WHY)
    page.get_by_role("button", name="Decide", exact=True).click()
    page.get_by_text("It is decided.").wait_for()
    assert page.get_by_text("They stand in one picture now.").is_visible()
    queue(page, site)
    assert page.get_by_text("Nothing waits for you to decide.").is_visible()
    if script:
        is_sound(page, "an empty queue")

    # taken back: it waits again
    page.goto(address)
    take_back_the_last(page)
    queue(page, site)
    assert page.get_by_text("1 pair waits").is_visible()
    page.goto(address)
    assert page.get_by_text("They stand apart now").is_visible()
    page.get_by_role("button", name="Give it back").click()
    page.get_by_text("Nobody has this in hand.").wait_for()


def test_with_the_keyboard_alone(site: str, open_page: Callable[..., Any]) -> None:
    page = open_page()
    come_in(page, site, REVIEWER)
    tab_to(page, "a[href^='/possible/who-']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/possible/who-**")
    tab_to(page, "#decision-same", most=60)
    page.keyboard.press("ArrowUp")  # round to the last: it cannot be told
    tab_to(page, "#why")
    page.keyboard.type("Too little is written down.")
    tab_to(page, "#decide form button")
    page.keyboard.press("Enter")
    page.get_by_text("It is decided.").wait_for()
    queue(page, site)
    assert page.get_by_text("Nothing waits for you to decide.").is_visible()
    page.go_back()
    take_back_the_last(page)


def test_the_picture_says_what_may_also_be_about_the_child(
    site: str, open_page: Callable[..., Any], images: Path
) -> None:
    page = open_page(height=1000)
    come_in(page, site, SOCIAL_WORKER)
    open_child(page, site, "Amira Solanki")
    note = page.locator(".wc-perhaps")
    assert note.get_by_text(
        "These records may also be about this child. Nobody has decided yet."
    ).is_visible()
    assert note.get_by_role("link").count() == 1, "who may not decide is offered nothing to decide"
    is_sound(page, "the picture")
    page.screenshot(path=images / "perhaps.png")
    page.get_by_role("link", name="A record of").click()
    page.wait_for_url("**/children/person-**")
    assert page.get_by_role("heading", level=1).inner_text() == "Ameera Solanki-Dean"
    page.goto(f"{site}/possible/")
    open_page.faults.clear()  # type: ignore[attr-defined]  # the browser says that the answer was 404
    assert page.get_by_role("heading", level=1).inner_text() == "We cannot show you this page"


# -- parted by two -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("script", [True, False])
def test_records_of_one_person_are_parted_by_two_people_and_joined_again(
    site: str, open_page: Callable[..., Any], images: Path, script: bool
) -> None:
    page = open_page(java_script_enabled=script, height=1100)
    come_in(page, site, COORDINATOR)
    open_child(page, site, "Tomos Okafor")
    child = page.url
    page.get_by_role("link", name="Some of these records are about another child").click()
    page.wait_for_url("**/split/")
    page.get_by_role("button", name="See what would change").click()
    page.get_by_role("heading", name="There is a problem").or_(
        page.get_by_role("heading", name="Nothing was changed")
    ).wait_for()
    page.get_by_label("Royal Infirmary").check()
    page.get_by_label("Why").fill("The hospital’s child is a cousin of the same name.")
    page.get_by_role("button", name="See what would change").click()
    page.get_by_role("heading", name="What would change").wait_for()
    assert page.get_by_text("1 record would stand in another picture").is_visible()
    assert page.get_by_text("Safeguarding hub coordinator (demo-coordinator)").is_visible(), (
        "who looked is to be told"
    )
    if script:
        is_sound(page, "split")
        page.screenshot(path=images / "split-1280.png", full_page=True)
        page.set_viewport_size({"width": 320, "height": 1100})
        is_sound(page, "split, narrow")
        page.screenshot(path=images / "split-320.png", full_page=True)
        page.set_viewport_size({"width": 1280, "height": 1100})
    page.get_by_role("button", name="Hand it to a second person").click()
    page.wait_for_url("**/decisions/**")
    decision = page.url
    assert page.get_by_text("You decided this. Somebody else has to agree with it.").is_visible()
    assert page.get_by_role("button", name="Agree as the second person").count() == 0

    # somebody else agrees
    come_in(page, site, REVIEWER)
    page.get_by_role("link", name="Records of one person are to be parted").click()
    assert page.url.split("?")[0] == decision.split("?")[0]
    if script:
        is_sound(page, "decision")
        page.screenshot(path=images / "decision.png", full_page=True)
    page.get_by_role("button", name="Agree as the second person").click()
    page.get_by_text("Two people have decided.").wait_for()
    assert page.get_by_role("button", name="Take it back").count() == 0

    # and later it turns out that they were right before: joined again, by two
    page.get_by_role("link", name="side by side").click()
    page.get_by_label("They are the same person").check()
    page.get_by_label("Why").fill("The hospital had the right child after all.")
    page.get_by_role("button", name="Decide", exact=True).click()
    page.get_by_text("It counts once a second person has agreed.").wait_for()
    come_in(page, site, COORDINATOR)
    queue(page, site)
    page.get_by_role("link", name="They are the same person").click()
    page.get_by_role("button", name="Agree as the second person").click()
    page.get_by_text("Two people have decided.").wait_for()
    page.goto(f"{child}split/")
    assert page.get_by_label("Royal Infirmary").count() == 1, "whole again"
