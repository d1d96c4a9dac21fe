"""The shares of the profiles as the tables of docs/reference/population.md."""

from __future__ import annotations

from typing import Final

from wholechild.world.population.asked import AGENCIES, Asked, Profile

_SECTIONS: Final = {"coverage": "Whom an agency knows", "fields": "What it holds", "slips": "What goes wrong"}
_AGENCIES: Final = {
    "gp": "GP", "school": "school", "social_care": "social care", "emergency": "emergency department", "police": "police",
    "early_help": "early help, housing",
}  # fmt: skip


def tables(profile: Profile) -> str:
    """One table for each section: the share, of what it is, and its size in 1,000 at each agency."""
    heads = ["share", "given", *(_AGENCIES[agency] for agency in AGENCIES), "source"]
    parts = []
    for section, title in _SECTIONS.items():
        rows = [_row(one) for one in profile if one.section == section]
        parts += [f"#### {title}", "\n".join([_line(heads), _line(["---"] * len(heads)), *rows])]
    return "\n\n".join(parts) + "\n"


def _row(one: Asked) -> str:
    shares = [f"{one.rates[agency] * 1000:g}" if one.rates[agency] else "" for agency in AGENCIES]
    return _line([one.title, one.given, *shares, one.source])


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
