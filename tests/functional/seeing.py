"""What a page is looked at for: accessibility faults, and whether it runs over the side."""

from __future__ import annotations

from typing import Any, Final

#: WCAG 2.2 A and AA, and what the makers of axe hold to be good practice besides.
RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def accessibility_faults(page: Any) -> list[str]:
    """Each fault that axe finds, as one line: the rule, how many places, and the first of them."""
    from axe_playwright_python.sync_playwright import Axe

    found = (
        Axe()
        .run(page, options={"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]})
        .response
    )
    return [
        f"{fault['id']}: {fault['help']} ({len(fault['nodes'])} places, first {fault['nodes'][0]['html'][:160]})"
        for fault in found["violations"]
    ]


def runs_over_the_side(page: Any) -> str:
    """Empty, or what is wider than the window."""
    return str(page.evaluate(
        """() => {
            const wide = document.documentElement.scrollWidth;
            if (wide <= innerWidth) return "";
            const over = [...document.querySelectorAll("body *")].find((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".wc-drawing, .wc-facts"));
            return `${wide} px wide, ${over ? over.outerHTML.slice(0, 160) : "?"}`;
        }"""
    ))  # fmt: skip


def open_everything(page: Any) -> None:
    """Open every closed part, so that what is inside is looked at too."""
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
