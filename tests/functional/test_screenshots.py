"""The pictures of the documents. Taken in every run, and written into docs/images/ only when WHOLECHILD_SCREENSHOTS=docs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.functional.conftest import ROOT, WIDTHS
from tests.functional.small_world import NAME
from tests.functional.test_journeys import come_in, find

pytestmark = pytest.mark.browser

HEIGHTS = {320: 1180, 768: 1100, 1280: 1240}
PARTS = {
    "timeline": "#over-time",
    "adds-up": "#adds-up .wc-match",
    "not-known": "#not-known",
    "chronology": "#chronology",
}


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return ROOT / "docs/images" if os.environ.get("WHOLECHILD_SCREENSHOTS") == "docs" else tmp_path


def open_child(page: Any, site: str) -> None:
    come_in(page, site)
    page.goto(f"{site}/find/")
    find(page, NAME)
    page.locator(".wc-card a").first.click()
    page.wait_for_selector(".wc-drawing")


@pytest.mark.parametrize("width", WIDTHS)
def test_the_first_screen_of_a_picture(
    site: str, open_page: Callable[..., Any], images: Path, width: int
) -> None:
    page = open_page(width=width, height=HEIGHTS[width])
    open_child(page, site)
    path = images / f"child-{width}.png"
    page.screenshot(path=path)
    assert path.stat().st_size > 20_000


def test_the_parts_of_a_picture(site: str, open_page: Callable[..., Any], images: Path) -> None:
    page = open_page()
    open_child(page, site)
    for name, part in PARTS.items():
        shot = page.locator(part).first
        box = shot.bounding_box()
        assert box, part
        page.screenshot(
            path=images / f"{name}.png",
            full_page=True,
            clip={
                "x": box["x"] - 12,
                "y": box["y"] - 12,
                "width": box["width"] + 24,
                "height": min(box["height"], 1400) + 24,
            },
        )


def test_the_worklist_and_a_published_case(site: str, open_page: Callable[..., Any], images: Path) -> None:
    page = open_page(height=1000)
    come_in(page, site)
    page.screenshot(path=images / "worklist.png")
    page.get_by_role("link", name="What could be known on 1 March 2012").click()
    page.locator("#over-time .wc-drawing").screenshot(path=images / "published-case-timeline.png")


@pytest.mark.parametrize("width", [320, 1280])
def test_what_a_search_finds(site: str, open_page: Callable[..., Any], images: Path, width: int) -> None:
    page = open_page(width=width)
    come_in(page, site)
    page.goto(f"{site}/find/")
    find(page, "Ashwort Laila")
    path = images / f"find-{width}.png"
    page.screenshot(path=path, full_page=True)
    assert path.stat().st_size > 10_000
