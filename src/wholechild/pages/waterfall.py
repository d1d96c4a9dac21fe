"""How the weight of a pair comes about, drawn: a bar for each comparison, beginning where the one before it ended.

The picture stands beside the same in words, never instead of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import altair as alt
import vl_convert

from wholechild.people.comparing.words import Said

_FOR: Final = "#1d70b8"
_AGAINST: Final = "#942514"
_BLACK: Final = "#0b0c0c"
_GREY: Final = "#b1b4b6"
_WIDTH: Final = 380
_ROW: Final = 34
_TOTAL: Final = "All together"
_LOOK: Final = {
    "font": "Arial, Helvetica, sans-serif", "background": "white", "view": {"stroke": None},
    "axis": {"labelFontSize": 14, "titleFontSize": 14, "titleFontWeight": "normal", "labelColor": _BLACK, "titleColor": _BLACK,
             "domainColor": _BLACK, "tickColor": _BLACK, "gridColor": _GREY, "labelLimit": 260},
}  # fmt: skip


def waterfall(said: Sequence[Said], weight: float) -> str:
    """The picture as SVG; empty where nothing was compared.

    Shape    bars to the right speak for one person, to the left for two; each has its sign written beside it, so that the
             colour says nothing alone. The last bar is all of them together.
    """
    if not said:
        return ""
    rows, at = [], 0.0
    for one in said:
        rows.append(_row(one.title, at, at + one.bits, one.bits))
        at += one.bits
    rows.append(_row(_TOTAL, 0.0, weight, weight))
    base = alt.Chart(alt.Data(values=rows)).encode(y=alt.Y("name:N", sort=None, title=None))  # type: ignore[no-untyped-call]
    axis = alt.Axis(labels=False, ticks=False, tickCount=5)
    bars = base.mark_bar(size=18).encode(
        x=alt.X("low:Q", title="← two people · one person →", axis=axis), x2="high:Q",
        color=alt.Color("colour:N", scale=None, legend=None),
    )  # fmt: skip
    signs = base.mark_text(align="left", dx=6, fontSize=14, color=_BLACK).encode(x="high:Q", text="sign:N")
    nought = alt.Chart(alt.Data(values=[{"x": 0}])).mark_rule(color=_BLACK).encode(x="x:Q")  # type: ignore[no-untyped-call]
    chart = (bars + signs + nought).properties(width=_WIDTH, height=_ROW * len(rows)).configure(**_LOOK)
    svg: str = vl_convert.vegalite_to_svg(chart.to_dict())
    return svg


def _row(name: str, start: float, end: float, bits: float) -> dict[str, Any]:
    sign = "+" if bits > 0 else "−" if bits < 0 else "0"
    return {
        "name": name, "low": min(start, end), "high": max(start, end), "sign": f"{sign} {abs(bits):.1f}",
        "colour": _FOR if bits >= 0 else _AGAINST,
    }  # fmt: skip
