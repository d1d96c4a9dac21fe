"""Feeds for the tests: rows as dicts, written as CSV or NDJSON. Everybody in them is made up."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

Row = Mapping[str, Any]

SENDER: Final = {"agency": "health_visiting", "area": "Northmoor"}
POLICE: Final = {"agency": "police", "area": "Northmoor"}


def person(reference: str = "P-1", **more: Any) -> dict[str, Any]:
    return {"row": "person", **SENDER, "reference": reference, **more}


def record(reference: str = "V-1", **more: Any) -> dict[str, Any]:
    return {
        "row": "record", **SENDER, "reference": reference, "kind": "contact.no_access_visit", "happened": "2012-03-03",
        "subject": "P-1", **more,
    }  # fmt: skip


def coverage(**more: Any) -> dict[str, Any]:
    return {"row": "coverage", **SENDER, "from": "2011-01-01", **more}


def as_csv(rows: Iterable[Row], columns: Iterable[str] = ()) -> str:
    """The rows as CSV; the columns are those that any row has, unless they are named."""
    listed = list(rows)
    names = list(columns) or list(dict.fromkeys(name for row in listed for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(listed)
    return out.getvalue()


def as_ndjson(rows: Iterable[Row]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
