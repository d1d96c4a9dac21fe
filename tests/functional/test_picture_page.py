"""The child's page in a browser, on hand-made pictures: long, empty, without matches, very long names, 200 lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.functional import pictures
from tests.functional.conftest import WIDTHS
from tests.functional.seeing import accessibility_faults, open_everything, runs_over_the_side

pytestmark = pytest.mark.browser
MANY = pictures.of_many().child
LONG = f"/children/{pictures.LONG.child}/"
NAMES = {one.child: one.name for one in pictures.ALL.values()}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("child", list(pictures.ALL))
def test_no_accessibility_fault_and_nothing_over_the_side(
    gallery: str, open_page: Callable[..., Any], child: str, width: int
) -> None:
    page = open_page(f"{gallery}/children/{child}/", width=width)
    assert runs_over_the_side(page) == ""
    open_everything(page)
    assert runs_over_the_side(page) == ""
    if child != MANY or width == max(
        WIDTHS
    ):  # two hundred lines are all alike, and axe looks at each for a long time
        assert accessibility_faults(page) == []


def test_the_harness_sees_a_planted_fault(gallery: str, open_page: Callable[..., Any]) -> None:
    """A harness that finds nothing has to show that it can."""
    page = open_page(gallery + LONG)
    page.evaluate(
        "document.querySelector('main').append(Object.assign(new Image(), {src: '/static/built/favicon.svg'}))"
    )
    page.evaluate("document.querySelector('.wc-lead').style.color = '#cccccc'")
    assert {fault.split(":")[0] for fault in accessibility_faults(page)} >= {"image-alt", "color-contrast"}
    page.evaluate("document.querySelector('h1').style.width = '5000px'")
    assert runs_over_the_side(page) != ""


def test_the_policy_stops_what_was_planted(gallery: str, open_page: Callable[..., Any]) -> None:
    page = open_page(gallery + LONG)
    page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'window.planted = 1'; document.body.append(s); }"
    )
    assert page.evaluate("window.planted") is None
    assert any("Content Security Policy" in fault for fault in open_page.faults)  # type: ignore[attr-defined]
    open_page.faults.clear()  # type: ignore[attr-defined]


@pytest.mark.parametrize("script", [True, False])
def test_the_first_thing_is_who_is_involved_and_a_number(
    gallery: str, open_page: Callable[..., Any], script: bool
) -> None:
    page = open_page(gallery + LONG, java_script_enabled=script)
    headings = page.locator("main h2").all_inner_texts()
    assert headings[0] == "Who is involved, and how to reach them"
    assert page.locator("main a[href^='tel:']").first.get_attribute("href") == "tel:01632960101"
    assert page.get_by_text("No number given").count() == 2


def test_each_reason_for_not_knowing_looks_different(gallery: str, open_page: Callable[..., Any]) -> None:
    page = open_page(gallery + LONG)
    looks = page.eval_on_selector_all(
        ".wc-unknown",
        """(all) => all.map((one) => { const s = getComputedStyle(one);
            return [s.borderTopStyle, s.borderTopWidth, s.borderLeftWidth, one.querySelector('svg').innerHTML].join('|'); })""",
    )
    assert len(looks) == len(set(looks)) == 4


def test_choosing_hides_counts_and_can_be_taken_back(gallery: str, open_page: Callable[..., Any]) -> None:
    page = open_page(gallery + LONG)
    page.get_by_text("Choose what to look at").click()
    page.get_by_label("Northmoor Police (7)").check()
    assert (
        page.locator("#shown-words").inner_text() == "Showing 7 of 46 entries. 39 are hidden by your choice."
    )
    assert page.locator(".wc-entry:visible").count() == 7
    assert "agency=" in page.url
    assert "police" not in page.url.lower()
    page.reload()
    assert page.locator(".wc-entry:visible").count() == 7
    page.get_by_role("link", name="Show all entries").click()
    page.locator(".wc-entry:visible").nth(45).wait_for()
    assert page.locator(".wc-entry:visible").count() == 46


def test_choosing_without_script(gallery: str, open_page: Callable[..., Any]) -> None:
    page = open_page(gallery + LONG, java_script_enabled=False)
    page.get_by_text("Choose what to look at").click()
    page.get_by_label("Northmoor Police (7)").check()
    page.get_by_role("button", name="Show these").click()
    assert (
        page.locator("#shown-words").inner_text() == "Showing 7 of 46 entries. 39 are hidden by your choice."
    )
    assert page.locator(".wc-entry:visible").count() == 7


def test_a_choice_that_hides_everything_says_so(gallery: str, open_page: Callable[..., Any]) -> None:
    page = open_page(gallery + LONG + "?agency=00000000")
    assert page.get_by_text("Your choice hides every entry.").is_visible()
    assert page.locator(".wc-entry:visible").count() == 0


@pytest.mark.parametrize("script", [True, False])
def test_evidence_leads_to_its_line_even_where_a_choice_hides_it(
    gallery: str, open_page: Callable[..., Any], script: bool
) -> None:
    page = open_page(gallery + LONG + "?agency=00000000", java_script_enabled=script)
    card = page.locator(".wc-match").filter(has_text="Injuries seen by different agencies")
    card.get_by_text("The 4 records that it rests on").click()
    card.get_by_role("link", name="Fracture, 6 January 2011").click()
    line = page.locator("#rec-0023")
    assert line.is_visible()
    assert page.url.endswith("#rec-0023")


def test_vague_dates_are_marked_as_vague(gallery: str, open_page: Callable[..., Any]) -> None:
    page = open_page(gallery + LONG)
    first = page.locator(".wc-entry").first
    assert first.locator(".wc-vague").inner_text() == "some time in 2006"
    assert first.get_by_text("not exact").is_visible()


def test_a_corrected_entry_is_struck_and_explained(gallery: str, open_page: Callable[..., Any]) -> None:
    page = open_page(gallery + LONG)
    line = page.locator("#rec-0024")
    assert "line-through" in line.locator("strong").first.evaluate(
        "e => getComputedStyle(e).textDecorationLine"
    )
    assert line.get_by_text("Corrected since:").is_visible()


@pytest.mark.parametrize("script", [True, False])
def test_back_to_an_earlier_day_and_to_today(
    gallery: str, open_page: Callable[..., Any], script: bool
) -> None:
    page = open_page(gallery + LONG, java_script_enabled=script)
    assert page.get_by_text("You are seeing what could be known").count() == 0
    page.goto(gallery + LONG + "?on=2011-01-06")
    page.get_by_role("link", name="Back to today").click()
    assert "on=" not in page.url


def test_a_day_that_is_none_is_said_at_the_top(gallery: str, open_page: Callable[..., Any]) -> None:
    page = open_page(gallery + LONG + "?day=31&month=2&year=2012")
    assert page.title().startswith("Error: ")
    page.locator(".govuk-error-summary").get_by_role("link").click()
    assert page.evaluate("document.activeElement.id") == "known-day"


def test_the_drawing_has_a_title_a_description_and_the_same_facts_beside_it(
    gallery: str, open_page: Callable[..., Any]
) -> None:
    page = open_page(gallery + LONG)
    image = page.get_by_role("img", name="What each agency recorded, 2006 to 2012")
    assert image.count() == 1
    assert "Northmoor Police" in (page.locator("#drawing-desc").text_content() or "")
    page.get_by_text("The same facts as a table").click()
    rows = page.locator(".wc-facts tbody tr").count()
    assert rows == len(pictures.MATCHES) + sum(not entry.superseded for entry in pictures.CHRONOLOGY)


def test_the_drawing_scrolls_in_its_own_box_by_keyboard(gallery: str, open_page: Callable[..., Any]) -> None:
    page = open_page(gallery + LONG, width=320)
    box = page.locator(".wc-drawing")
    box.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    page.wait_for_timeout(300)
    assert box.evaluate("e => e.scrollLeft") > 0


def test_what_can_be_pressed_is_large_enough(gallery: str, open_page: Callable[..., Any]) -> None:
    """24 by 24 px, but for links inside a sentence (WCAG 2.2, 2.5.8)."""
    page = open_page(gallery + LONG, width=320)
    open_everything(page)
    small = page.eval_on_selector_all(
        "main a, main button, main summary, main input:not([type=hidden]), main select",
        """(all) => all.filter((e) => { const b = e.getBoundingClientRect();
            const inline = getComputedStyle(e).display === 'inline';
            return b.width && !inline && (b.width < 24 || b.height < 24); }).map((e) => e.outerHTML.slice(0, 90))""",
    )
    assert small == []


def test_two_hundred_entries_stay_quick(gallery: str, open_page: Callable[..., Any]) -> None:
    page = open_page(f"{gallery}/children/{pictures.of_many().child}/")
    page.get_by_text("Choose what to look at").click()
    took = page.evaluate(
        """() => { const box = document.querySelector('#choose input[type=checkbox]'); const before = performance.now();
            box.click(); return performance.now() - before; }"""
    )
    assert took < 200


def test_on_paper_everything_is_there_and_controls_are_not(
    gallery: str, open_page: Callable[..., Any]
) -> None:
    page = open_page(gallery + LONG)
    page.emulate_media(media="print")
    assert not page.locator("#choose").is_visible()
    assert not page.get_by_role("navigation", name="On this page").is_visible()
    assert page.get_by_text("Other explanations to consider").first.is_visible()
    assert page.locator(".wc-entry").last.is_visible()


@pytest.mark.parametrize("width", WIDTHS)
def test_when_something_goes_wrong_the_page_says_so_and_nothing_more(
    gallery: str, open_page: Callable[..., Any], width: int
) -> None:
    page = open_page(width=width)
    answer = page.goto(f"{gallery}/children/stops/")
    open_page.faults.clear()  # type: ignore[attr-defined]  # the browser says that the answer was 500
    assert answer.status == 500
    assert page.get_by_role("heading", level=1).inner_text() == "Something went wrong on our side"
    assert "planted" not in page.content()
    assert page.locator("script").count() == 0
    assert runs_over_the_side(page) == ""
    assert accessibility_faults(page) == []
