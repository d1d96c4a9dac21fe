"""How well linking does, in a browser: before anything is labelled, and with figures. Sound at every width."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.functional.conftest import ROOT, WIDTHS
from tests.functional.test_reviewing import REVIEWER, come_in, images, is_sound

__all__ = ["images"]
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def empty(site: str, browser: Any) -> str:
    """The page as it is before anybody has counted anything."""
    context = browser.new_context()
    page = context.new_page()
    come_in(page, site, REVIEWER)
    page.goto(f"{site}/linking/")
    found = str(page.content())
    is_sound(page, "nothing labelled")
    context.close()
    return found


@pytest.fixture(scope="module")
def counted(site: str, site_environment: dict[str, str], empty: str) -> str:
    """The site, once a report is kept."""
    command = [sys.executable, "-m", "tests.functional.linking_report"]
    kept = subprocess.run(
        command, env=site_environment, cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert kept.returncode == 0, kept.stdout + kept.stderr
    return site


def test_before_anything_is_labelled_it_says_that_we_do_not_know(empty: str) -> None:
    assert "Nothing has been labelled yet. So we do not know how well linking does." in empty


@pytest.mark.parametrize("width", WIDTHS)
def test_the_figures_are_sound_at_every_width(
    counted: str, open_page: Callable[..., Any], images: Path, width: int
) -> None:
    page = open_page(width=width, height=1100)
    come_in(page, counted, REVIEWER)
    page.get_by_role("link", name="How well records of one child are found").click()
    page.get_by_role("heading", name="Is it the same for everybody?").wait_for()
    assert page.get_by_role("rowheader", name="Nigerian").is_visible()
    assert page.get_by_text("We cannot tell yet of 1 group").is_visible()
    is_sound(page, "linking")
    if width == 1280:
        page.screenshot(path=images / "linking.png", full_page=True)
