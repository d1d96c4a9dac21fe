"""What an agency says of somebody, field by field, as two are set side by side; and which right opens each field. Plain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from wholechild.lib.civil import Period, Precision, say_period

#: field -> (what it is called, the class of data that opens it). The names are those of `comparing.identity.Identity`, so that
#: what a field adds to the weight stands beside what the two agencies say.
_FIELDS: Final[tuple[tuple[str, str, str], ...]] = (
    ("given", "First names", "existence"),
    ("family", "Family name", "existence"),
    ("other_names", "Other names", "existence"),
    ("born", "Born", "existence"),
    ("died", "Died", "existence"),
    ("sex", "Sex", "existence"),
    ("nhs_number", "NHS number", "existence"),
    ("upn", "Pupil number (UPN)", "existence"),
    ("postcode", "Postcode", "place"),
    ("address", "Address", "place"),
    ("uprn", "Property number (UPRN)", "place"),
    ("phones", "Telephone", "place"),
    ("emails", "Email", "place"),
    ("local_ids", "Ids that agencies share", "existence"),
    ("role", "Called", "existence"),
)
FIELDS: Final[Mapping[str, str]] = {field: title for field, title, _ in _FIELDS}
CLASS_OF: Final[Mapping[str, str]] = {field: data_class for field, _, data_class in _FIELDS}


@dataclass(frozen=True, slots=True)
class Cell:
    """What one agency says in one field.

    Missing  `value` empty: it says nothing. Where the viewer may not see the field, `may_see` is False and `value` is empty,
             whatever the agency says.
    """

    value: str
    may_see: bool

    def __post_init__(self) -> None:
        if not self.may_see:
            object.__setattr__(self, "value", "")


def fields_of(row: Any) -> dict[str, str]:
    """Every field of `FIELDS` as this row of details has it, in words."""
    return {
        "given": row.given_name,
        "family": row.family_name,
        "other_names": _several(row, "other_names"),
        "born": _period(row.born_first, row.born_last, row.born_precision),
        "died": _period(row.died_first, row.died_last, row.died_precision),
        "sex": row.sex,
        "nhs_number": _in_threes(row.nhs_number),
        "upn": getattr(row, "upn", ""),
        "postcode": row.postcode,
        "address": getattr(row, "address", ""),
        "uprn": getattr(row, "uprn", ""),
        "phones": _several(row, "phones"),
        "emails": _several(row, "emails"),
        "local_ids": _several(row, "local_ids"),
        "role": row.role,
    }


def _several(row: Any, column: str) -> str:
    return ", ".join(getattr(row, column, None) or ())


def _period(first: date | None, last: date | None, precision: str) -> str:
    if first is None or last is None:
        return ""
    return say_period(Period(first, last, Precision(precision or "day")))


def _in_threes(number: str) -> str:
    """`999 000 0018`: as the number is written on letters."""
    return f"{number[:3]} {number[3:6]} {number[6:]}" if len(number) == 10 and number.isdigit() else number
