"""The family of a child as a map and as a list, on the real thing: three widths, with and without script, for two roles."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from tests.functional.conftest import ROOT, WIDTHS
from tests.functional.seeing import accessibility_faults, open_everything, runs_over_the_side
from tests.functional.small_world import NAME
from tests.functional.test_journeys import come_in, find, tab_to

pytestmark = pytest.mark.browser
TEACHER: Final = "Come in as the teacher"


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return ROOT / "docs/images" if os.environ.get("WHOLECHILD_SCREENSHOTS") == "docs" else tmp_path


def open_family(page: Any, site: str) -> None:
    page.goto(f"{site}/find/")
    find(page, NAME)
    page.locator(".wc-card a").first.click()
    page.get_by_role("link", name="The family as a map and a list").click()
    page.wait_for_url("**/family/")


@pytest.mark.parametrize("width", WIDTHS)
def test_the_map_and_the_list_are_sound(
    site: str, open_page: Callable[..., Any], images: Path, width: int
) -> None:
    page = open_page(width=width, height=1000)
    come_in(page, site)
    open_family(page, site)
    open_everything(page)
    assert runs_over_the_side(page) == ""
    assert accessibility_faults(page) == []
    page.reload()  # with what was opened closed again
    if width != 768:
        path = images / f"family-{width}.png"
        page.screenshot(path=path, full_page=True)
        assert path.stat().st_size > 20_000


@pytest.mark.parametrize("script", [True, False])
def test_the_list_says_what_the_map_shows(site: str, open_page: Callable[..., Any], script: bool) -> None:
    page = open_page(java_script_enabled=script)
    come_in(page, site)
    open_family(page, site)
    image = page.get_by_role("img", name="The people around this child")
    assert image.count() == 1
    assert "The list says the same" in (page.locator("#map-desc").text_content() or "")
    drawn = page.locator(".wc-m-name").all_text_contents()
    listed = page.locator(".wc-kin > ul > li > p > strong").all_text_contents()
    assert sorted(drawn) == sorted([NAME, *listed])
    man = page.locator(".wc-kin > ul > li").filter(has_text="Lee Marlow")
    assert man.get_by_text("Nobody has stated it.").is_visible()
    assert man.get_by_text("Not stated").is_visible()
    assert page.get_by_text("7 Chapel Row").count() == 0
    assert page.locator(".wc-m-line--inferred").count() == 2, "in the map, and in what explains its lines"


def test_who_sees_no_place_sees_no_shared_address(site: str, open_page: Callable[..., Any]) -> None:
    page = open_page()
    come_in(page, site, TEACHER)
    open_family(page, site)
    assert page.get_by_text("Your role does not see where children live").is_visible()
    assert page.get_by_text("Marlow").count() == 0
    assert page.get_by_text("Nadia Ashworth").first.is_visible()
    assert accessibility_faults(page) == []


def test_the_map_scrolls_in_its_own_box_by_keyboard(site: str, open_page: Callable[..., Any]) -> None:
    page = open_page(width=320)
    come_in(page, site)
    open_family(page, site)
    tab_to(page, ".wc-map", most=60)
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    page.wait_for_timeout(300)
    assert page.locator(".wc-map").evaluate("e => e.scrollLeft") > 0


@pytest.mark.parametrize("width", WIDTHS)
def test_the_family_of_a_published_case_on_an_earlier_day(
    site: str, open_page: Callable[..., Any], width: int
) -> None:
    page = open_page(width=width)
    come_in(page, site)
    page.get_by_role("link", name="What could be known on 1 March 2012").click()
    page.get_by_role("link", name="The family as a map and a list").click()
    page.wait_for_url("**/family/?on=2012-03-01")
    assert page.get_by_text("You are seeing what could be known on 1 March 2012.").is_visible()
    assert page.get_by_text("Said by a published review.").first.is_visible()
    open_everything(page)
    assert runs_over_the_side(page) == ""
    assert accessibility_faults(page) == []
    page.get_by_role("link", name="The picture of this child").click()
    page.wait_for_url("**/?on=2012-03-01")
