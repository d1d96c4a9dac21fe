"""What people do, on the real thing: the command line loads a small world, serves it, and a browser walks through it."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.functional.conftest import WIDTHS
from tests.functional.seeing import accessibility_faults, open_everything, runs_over_the_side
from tests.functional.small_world import NAME
from wholechild.lib.civil import say_day

pytestmark = pytest.mark.browser

#: A day on which some of the family's patterns hold already.
THEN = datetime.now(UTC).date() - timedelta(days=40)
SOCIAL_WORKER = "Come in as the duty social worker"
PEOPLE = ("teacher", "health visitor", "duty social worker", "independent scrutineer")


def come_in(page: Any, site: str, button: str = SOCIAL_WORKER) -> None:
    page.goto(f"{site}/who/")
    page.get_by_role("button", name=button).click()
    page.wait_for_url(f"{site}/")


def open_first_child(page: Any) -> None:
    page.locator(".wc-card a").first.click()
    page.wait_for_url("**/children/person-**")


# -- every page, three widths -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", WIDTHS)
def test_no_accessibility_fault_on_any_page(site: str, open_page: Callable[..., Any], width: int) -> None:
    page = open_page(width=width)
    visit = {
        "choose who": lambda: page.goto(f"{site}/who/"),
        "sign in": lambda: page.goto(f"{site}/sign-in/"),
        "sign in, empty": lambda: page.get_by_role("button", name="Sign in").click(),
        "worklist": lambda: come_in(page, site),
        "find": lambda: page.goto(f"{site}/find/"),
        "find, nothing typed": lambda: page.get_by_role("button", name="Find").click(),
        "find, nobody": lambda: find(page, "Zzyzx Qwxyz"),
        "find, somebody": lambda: find(page, NAME),
        "none of these": lambda: page.get_by_role("link", name="None of these").click(),
        "back to the search": lambda: page.get_by_role("link", name="Back to the search").click(),
        "child": lambda: page.locator(".wc-card a").first.click(),
        "sign out": lambda: page.goto(f"{site}/sign-out/"),
    }
    for name, go in visit.items():
        go()
        page.wait_for_load_state()
        open_everything(page)
        assert runs_over_the_side(page) == "", name
        assert accessibility_faults(page) == [], name


@pytest.mark.parametrize("width", WIDTHS)
def test_no_accessibility_fault_where_nothing_can_be_shown(
    site: str, open_page: Callable[..., Any], width: int
) -> None:
    page = open_page(f"{site}/nowhere/", width=width)
    open_page.faults.clear()  # type: ignore[attr-defined]  # the browser says that the answer was 404
    assert page.get_by_role("heading", level=1).inner_text() == "We cannot show you this page"
    assert runs_over_the_side(page) == ""
    assert accessibility_faults(page) == []


# -- with and without script ------------------------------------------------------------------------------------------


def find(page: Any, typed: str) -> None:
    page.get_by_label("Name, date of birth or NHS number").fill(typed)
    page.get_by_role("button", name="Find").click()
    page.wait_for_load_state()


@pytest.mark.parametrize("script", [True, False])
def test_from_coming_in_to_an_earlier_day(site: str, open_page: Callable[..., Any], script: bool) -> None:
    page = open_page(java_script_enabled=script)
    come_in(page, site)
    page.get_by_role("link", name="Find a child").first.click()
    find(page, NAME)
    assert page.url == f"{site}/find/"
    page.locator(".wc-card a").first.click()
    page.get_by_text("See an earlier day").click()
    for name, value in (("Day", THEN.day), ("Month", THEN.month), ("Year", THEN.year)):
        page.get_by_label(name, exact=True).fill(str(value))
    page.get_by_role("button", name="Show that day").click()
    assert f"on={THEN.isoformat()}" in page.url
    assert page.get_by_text(f"You are seeing what could be known on {say_day(THEN)}.").is_visible()
    page.get_by_role("link", name="Back to today").click()
    assert "on=" not in page.url


def test_a_search_for_nobody_does_not_say_that_nobody_is_known(
    site: str, open_page: Callable[..., Any]
) -> None:
    page = open_page()
    come_in(page, site)
    page.goto(f"{site}/find/")
    find(page, "Zzyzx Qwxyz")
    assert page.get_by_text("That does not mean that no agency knows the child.").is_visible()
    assert "Zzyzx" not in page.url
    assert page.get_by_label("Name, date of birth or NHS number").input_value() == "Zzyzx Qwxyz"


@pytest.mark.parametrize("script", [True, False])
def test_a_misspelt_name_and_a_swapped_date_find_the_child_and_say_why(
    site: str, open_page: Callable[..., Any], script: bool
) -> None:
    page = open_page(java_script_enabled=script)
    come_in(page, site)
    page.goto(f"{site}/find/")
    page.get_by_label("What is it for?").select_option("child_protection_enquiry")
    page.get_by_text("Use separate boxes").click()
    page.get_by_label("First name").fill("Laila")
    page.get_by_label("Family name").fill("Ashwort")
    page.get_by_role("button", name="Find", exact=True).click()
    card = page.locator(".wc-card").first
    assert card.get_by_role("link", name=NAME).is_visible()
    assert "the family name differs by one letter" in card.inner_text()
    assert page.url == f"{site}/find/"
    assert page.get_by_label("What is it for?").input_value() == "child_protection_enquiry"
    assert page.get_by_label("First name").input_value() == "Laila"


def test_an_adult_leads_to_the_children(site: str, open_page: Callable[..., Any]) -> None:
    page = open_page()
    come_in(page, site)
    page.goto(f"{site}/find/")
    find(page, "Dunmor Craig")
    card = page.locator(".wc-card").first
    assert card.get_by_role("heading", name="Craig Dunmore").is_visible()
    card.get_by_role("link", name=NAME).click()
    page.wait_for_url("**/children/person-**")


def test_nothing_is_offered_before_a_search(site: str, open_page: Callable[..., Any]) -> None:
    page = open_page()
    come_in(page, site)
    page.goto(f"{site}/find/none-of-these/")
    assert page.url == f"{site}/find/"
    assert page.get_by_role("link", name="None of these").count() == 0
    find(page, "Zzyzx Qwxyz")
    page.get_by_role("link", name="What to do next").click()
    assert page.get_by_role("heading", level=1).inner_text() == "The right one is not in the list"


@pytest.mark.parametrize("who", PEOPLE)
def test_each_of_the_four_comes_in_and_goes_out(site: str, open_page: Callable[..., Any], who: str) -> None:
    page = open_page()
    come_in(page, site, f"Come in as the {who}")
    assert page.get_by_role("heading", level=1).inner_text() == "Worklist"
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{site}/who/")
    page.goto(f"{site}/")
    assert page.url == f"{site}/who/"


def test_the_published_cases_are_a_step_away_on_a_demo(site: str, open_page: Callable[..., Any]) -> None:
    page = open_page()
    come_in(page, site)
    page.get_by_role("link", name="What could be known on 1 March 2012").click()
    assert page.get_by_text("You are seeing what could be known on 1 March 2012.").is_visible()
    assert page.get_by_text("No single agency could see this from its own records.").first.is_visible()


# -- the keyboard alone -----------------------------------------------------------------------------------------------


def tab_to(page: Any, wanted: str, *, most: int = 200) -> None:
    """Press Tab until the element has the focus; it must then be seen to have it, and be in sight."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("(wanted) => document.activeElement.matches(wanted)", wanted):
            break
    else:
        pytest.fail(f"the keyboard does not reach {wanted}")
    assert page.evaluate(
        """() => { const e = document.activeElement, s = getComputedStyle(e), b = e.getBoundingClientRect();
            const label = e.labels && e.labels[0] ? getComputedStyle(e.labels[0], '::before') : s;
            const marked = s.outlineStyle !== 'none' || s.boxShadow !== 'none' || label.boxShadow !== 'none' || label.outlineStyle !== 'none';
            return marked && b.bottom > 0 && b.top < innerHeight; }"""
    ), f"{wanted} has the focus and cannot be seen to have it"


def test_the_whole_way_by_keyboard(site: str, open_page: Callable[..., Any]) -> None:
    page = open_page(f"{site}/who/")
    tab_to(page, "button[value='demo-social-worker']")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site}/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent.trim()") == "Skip to main content"
    tab_to(page, "nav a[href='/find/']")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site}/find/")
    tab_to(page, "#typed")
    page.keyboard.type(NAME)
    page.keyboard.press("Enter")
    page.wait_for_selector(".wc-card a")
    tab_to(page, ".wc-card a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/children/person-**")
    by_keyboard_choose(page)
    by_keyboard_to_an_earlier_day(page)
    by_keyboard_to_the_evidence(page)


def by_keyboard_choose(page: Any) -> None:
    before = page.locator(".wc-entry:visible").count()
    tab_to(page, ".wc-choose > summary")
    page.keyboard.press("Enter")
    tab_to(page, "#choose input[name='agency']")
    page.keyboard.press("Space")
    assert 0 < page.locator(".wc-entry:visible").count() < before
    assert "hidden by your choice" in page.locator("#shown-words").inner_text()


def by_keyboard_to_an_earlier_day(page: Any) -> None:
    page.keyboard.press("Control+Home")
    page.evaluate("document.activeElement.blur()")
    tab_to(page, ".wc-beside details > summary")
    page.keyboard.press("Enter")
    for name, value in (("day", THEN.day), ("month", THEN.month), ("year", THEN.year)):
        tab_to(page, f"#known-{name}", most=5)
        page.keyboard.type(str(value))
    page.keyboard.press("Enter")
    page.wait_for_url(f"**on={THEN.isoformat()}**")
    assert "agency=" in page.url


def by_keyboard_to_the_evidence(page: Any) -> None:
    tab_to(page, ".wc-match summary")
    page.keyboard.press("Enter")
    tab_to(page, ".wc-evidence a", most=3)
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.matches('.wc-entry')")
    assert page.evaluate("location.hash.slice(1) === document.activeElement.id")
    assert page.locator(".wc-entry:focus").is_visible()


# -- what a browser is told --------------------------------------------------------------------------------------------


def test_personal_pages_are_kept_nowhere_and_run_only_our_script(
    site: str, open_page: Callable[..., Any]
) -> None:
    page = open_page()
    come_in(page, site)
    with page.expect_response("**/children/person-**") as answered:
        open_first_child(page)
    headers = answered.value.all_headers()
    policy = headers["content-security-policy"]
    assert "unsafe" not in policy
    for part in (
        "default-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "'nonce-",
    ):
        assert part in policy
    assert headers["cache-control"] == "no-store, private"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["referrer-policy"] in ("same-origin", "no-referrer")
    assert page.evaluate("document.body.classList.contains('govuk-frontend-supported')")


def test_absent_refused_and_non_existent_look_the_same(site: str, open_page: Callable[..., Any]) -> None:
    """The health visitor, who works with nobody here, asks for a child, for nobody, and for an address that is none."""
    page = open_page()
    come_in(page, site)
    address = page.locator(".wc-card a").first.get_attribute("href").split("#")[0]
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{site}/who/")
    come_in(page, site, "Come in as the health visitor")
    assert page.locator(".wc-card").count() == 0
    asked = [
        address,
        "/children/person-000000000000000000000000/",
        "/children/person-1/",
        "/children/x/",
        "/nowhere/",
    ]
    answers = [page.request.get(site + one) for one in asked]
    assert {answer.status for answer in answers} == {404}
    assert len({answer.body() for answer in answers}) == 1
    told = [
        {k: v for k, v in answer.headers.items() if k not in ("date", "set-cookie")} for answer in answers
    ]
    assert all(one == told[0] for one in told)


def test_a_form_without_its_token_is_not_acted_on(site: str) -> None:
    asked = urllib.request.Request(f"{site}/who/", data=b"who=demo-social-worker", method="POST")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(asked, timeout=10)
    assert refused.value.code == 403
    assert b"Please send that again" in refused.value.read()


def test_a_warning_comes_before_signing_out(site: str, open_page: Callable[..., Any]) -> None:
    page = open_page()
    page.clock.install()
    come_in(page, site)
    page.clock.fast_forward("26:00")
    dialog = page.get_by_role("dialog", name="You will be signed out soon")
    dialog.wait_for()
    assert accessibility_faults(page) == []
    dialog.get_by_role("button", name="Stay signed in").click()
    dialog.wait_for(state="hidden")
    page.clock.fast_forward("31:00")
    page.wait_for_url("**/sign-in/**")
