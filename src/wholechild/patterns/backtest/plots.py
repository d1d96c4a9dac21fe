"""The pictures of a report, drawn without a browser and without a network. Each stands beside its table, never instead of it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import altair as alt
import vl_convert

from wholechild.patterns.backtest.report import Fairness, Group, Lead, Share, Truth
from wholechild.patterns.backtest.words import group

_BLUE: Final = "#1d70b8"
_BLACK: Final = "#0b0c0c"
_GREY: Final = "#b1b4b6"
_WIDTH: Final = 420
_ROW: Final = 30
#: With less time than this the interval is so wide that the others could not be read beside it. The table has them all.
_ENOUGH_YEARS: Final = 100
_ENOUGH_CHILDREN: Final = 50
#: How the pictures look: the reader's own plain letters, black on white, nothing that only a colour says.
_LOOK: Final = {
    "font": "Arial, Helvetica, sans-serif", "background": "white", "view": {"stroke": None},
    "axis": {"labelFontSize": 14, "titleFontSize": 14, "titleFontWeight": "normal", "labelColor": _BLACK, "titleColor": _BLACK,
             "domainColor": _BLACK, "tickColor": _BLACK, "gridColor": _GREY, "labelLimit": 260},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG and what it shows in words, for those who do not see it."""

    svg: str
    words: str

    @property
    def address(self) -> str:
        """The picture as an address that needs no network."""
        return "data:image/svg+xml;base64," + base64.b64encode(self.svg.encode()).decode()


def rates(groups: Sequence[Group], about: str) -> Picture | None:
    """Alerts per 1,000 children a year, group by group, each with its interval; None where fewer than two can be drawn."""
    rows = [
        {"name": g.name, "value": g.rate.per_thousand, "low": g.rate.low, "high": g.rate.high}
        for g in groups
        if g.rate.per_thousand is not None and (g.rate.child_years or 0) >= _ENOUGH_YEARS
    ]
    words = f"Alerts for every 1,000 children in a year, {about}: " + "; ".join(
        f"{r['name']} {r['value']:.1f}" for r in rows
    )
    return dots(rows, "alerts for every 1,000 children in a year", words) if len(rows) > 1 else None


def fair(fairness: Fairness, about: str) -> Picture | None:
    """The share of children with an alert, group by group; None where fewer than two groups can be drawn."""
    rows = [
        _row(group(fairness.trait, g.name), g.alerted)
        for g in fairness.groups
        if g.alerted.value is not None and (g.children or 0) >= _ENOUGH_CHILDREN
    ]
    words = f"Share of children with an alert, by {about.lower()}: " + "; ".join(
        f"{r['name']} {r['value']:.1f}%" for r in rows
    )
    return dots(rows, "per cent of children with an alert", words) if len(rows) > 1 else None


def rightness(truth: Truth) -> Picture | None:
    """Precision and recall with their intervals; None where nothing can be drawn."""
    named = (
        ("harmed, of those with an alert", truth.right), ("alert, of harmed children", truth.found),
        ("alert before serious harm", truth.in_time), ("alert, of same signs without harm", truth.doubles),
        ("alert, of all others", truth.others),
    )  # fmt: skip
    rows = [_row(name, one) for name, one in named if one.value is not None]
    words = "How often right: " + "; ".join(f"{r['name']} {r['value']:.0f}%" for r in rows)
    return dots(rows, "per cent", words) if rows else None


def earliness(lead: Lead) -> Picture | None:
    """How many children, by how early the first alert was; None where any of it is withheld."""
    rows = [{"name": name, "value": n} for name, n in lead.spells if n is not None]
    if not lead.before.part or len(rows) < len(lead.spells):
        return None
    base = alt.Chart(alt.Data(values=rows)).encode(  # type: ignore[no-untyped-call]
        y=alt.Y("name:N", sort=None, title=None),
        x=alt.X("value:Q", title="children", axis=alt.Axis(tickMinStep=1)),
    )
    words = f"How early before {lead.event}: " + "; ".join(f"{r['name']} {r['value']}" for r in rows)
    chart = base.mark_bar(color=_BLUE, size=18) + base.mark_text(
        align="left", dx=5, fontSize=14, color=_BLACK
    ).encode(text="value:Q")
    return _drawn(chart, len(rows), words)


def _row(name: str, share: Share) -> dict[str, Any]:
    assert share.value is not None and share.low is not None and share.high is not None  # noqa: S101, PT018 - callers have asked
    return {"name": name, "value": share.value * 100, "low": share.low * 100, "high": share.high * 100}


def dots(rows: Sequence[dict[str, Any]], title: str, words: str, *, from_nought: bool = True) -> Picture:
    """A dot for each figure and a line from the least to the most that it may truly be."""
    data = alt.Data(values=list(rows))  # type: ignore[no-untyped-call]
    base = alt.Chart(data).encode(y=alt.Y("name:N", sort=None, title=None))
    line = base.mark_rule(color=_BLACK, strokeWidth=2).encode(
        x=alt.X("low:Q", title=title, scale=alt.Scale(zero=from_nought)), x2="high:Q"
    )
    dot = base.mark_point(filled=True, size=110, color=_BLUE, opacity=1).encode(x="value:Q")
    return _drawn(line + dot, len(rows), words)


def _drawn(chart: Any, rows: int, words: str) -> Picture:
    sized = chart.properties(width=_WIDTH, height=_ROW * rows).configure(**_LOOK)
    svg: str = vl_convert.vegalite_to_svg(sized.to_dict())
    return Picture(svg, words + ".")
