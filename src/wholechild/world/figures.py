"""The figures of rates.yaml as the tables of docs/explanation/the-ordinary-area.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from wholechild.world.rates import Rate, Rates

_SUBJECTS: Final = {
    "population": "Families and homes",
    "health": "Health",
    "education": "Nursery and school",
    "police": "Police and courts",
    "social_care": "Children's social care and early help",
    "housing": "Housing",
    "records": "Slips in the records",
}


def tables(rates: Rates) -> str:
    """One table for each subject: the figure, its value and unit, its source, and how sure we are of it."""
    parts: list[str] = []
    for subject, title in _SUBJECTS.items():
        rows = [_row(rate) for rate in rates if rate.subject == subject]
        parts += [
            f"### {title}",
            "\n".join(["| figure | value | source | standing |", "|---|---|---|---|", *rows]),
        ]
    return "\n\n".join(parts) + "\n"


def _row(rate: Rate) -> str:
    value = f"{_said(rate.value)} {rate.unit}"
    source = " ".join([rate.source.rstrip(".") + ".", rate.note]).strip()
    set_to = f" Set to {_said(rate.input)}." if rate.input is not None else ""
    kept = f" Measured again: within {rate.tolerance:.0%}." if rate.tolerance is not None else ""
    return f"| {rate.title} | {value} | {source}{set_to} | {rate.standing}.{kept} |"


def _said(value: Any) -> str:
    """A number as it is; numbers by age, year or group in a row."""
    return "; ".join(_pairs(value)) + "," if isinstance(value, Mapping) else f"{value:g}"


def _pairs(value: Mapping[Any, float]) -> Iterator[str]:
    for name, number in value.items():
        yield f"{str(name).replace('_', ' ')}: {number:g}"
