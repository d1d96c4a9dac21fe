"""Labelled identities of one's own, for `wholechild bench linkage --own FILE`: any table that says who is who.

The file has the columns of a file of raw identities (docs/explanation/linking.md), and `person`, the same for all identities of one
person. Only `id` and `person` have to be there. In a CSV, several phones or names of one identity stand in one field with `;` between.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from wholechild.people.batch.tables import LISTS, TEXTS
from wholechild.world.population.writing import IDENTITIES, TRUTH

_DATES: Final = ("born", "died")
#: What the bench splits its figures by, where the file says it.
_COMMUNITY: Final = "origin"
_MOST_FAULTS: Final = 20


class LabelsRefused(ValueError):
    """The file cannot be read as it is; the message names line, field, why, and what to do."""


@dataclass(slots=True)
class Read:
    """What was read of a file: how many rows, the columns nobody reads, and for each column of days the lines that say none."""

    rows: int = 0
    unread: tuple[str, ...] = ()
    no_days: dict[str, list[int]] = field(default_factory=dict)

    def said(self) -> Iterator[str]:
        """In words, what is not counted as it was written."""
        if self.unread:
            yield f"Columns that linking does not read: {', '.join(self.unread)}."
        for column, lines in self.no_days.items():
            yield (
                f"`{column}` is no day (2012-03-03) in {len(lines):,} rows, the first in line {lines[0]:,}. There it counts as not said."
            )


def read_labelled(path: Path, folder: Path) -> Read:
    """Write `identities.parquet` and `truth.parquet` of a CSV or Parquet file into a folder, as those of a made population.

    Missing  a column that is not there is missing of everybody; a day that cannot be read is missing, and told.
    Errors   LabelsRefused: no `id` or `person`, an id twice, a row longer than the header, or no file of either kind.
    """
    if path.suffix.lower() in (".parquet", ".pq"):
        table = pq.read_table(path)
        columns, rows = table.column_names, enumerate(table.to_pylist(), 1)
        return _write(columns, rows, folder, path.name)
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            columns = list(reader.fieldnames or [])
            return _write(columns, ((reader.line_num, row) for row in reader), folder, path.name)
    except UnicodeDecodeError as wrong:
        raise LabelsRefused(
            f"{path.name} is not in UTF-8 (at byte {wrong.start:,}). Save it as UTF-8, or as Parquet."
        ) from None
    except csv.Error as wrong:
        raise LabelsRefused(f"{path.name} is no CSV: {wrong}.") from None


def _write(
    columns: list[str], rows: Iterable[tuple[int, Mapping[Any, Any]]], folder: Path, name: str
) -> Read:
    absent = [column for column in ("id", "person") if column not in columns]
    if absent:
        raise LabelsRefused(
            f"{name}: there is no column `{absent[0]}`. `id` names each record, and `person` is the same for all records of one person."
        )
    known = {*TEXTS, *LISTS, *_DATES, "person", _COMMUNITY}
    read = Read(unread=tuple(column for column in columns if column not in known))
    identities: list[dict[str, Any]] = []
    truth: list[dict[str, Any]] = []
    faults: list[str] = []
    lines: Counter[str] = Counter()
    for line, row in rows:
        said = {column: row.get(column) for column in known}
        identity, person = (_text(said["id"]), _text(said["person"]))
        if None in row or not identity or not person or lines[identity]:
            faults.append(_fault(line, row, identity, person, lines[identity]))
            continue
        lines[identity] = line
        days = {column: _day(said[column], column, line, read) for column in _DATES}
        texts = {column: _text(said[column]) for column in TEXTS}
        identities.append({**texts, **{column: _list(said[column]) for column in LISTS}, **days})
        truth.append(
            {"identity": identity, "person": person, "agency": texts["agency"], "origin": _text(said[_COMMUNITY]) or None, "slips": []}
        )  # fmt: skip
    if faults:
        more = f"\nand {len(faults) - _MOST_FAULTS:,} more." if len(faults) > _MOST_FAULTS else ""
        raise LabelsRefused(f"{name}: nothing was measured.\n" + "\n".join(faults[:_MOST_FAULTS]) + more)
    if not identities:
        raise LabelsRefused(f"{name} has no rows below its header.")
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(identities, IDENTITIES), folder / "identities.parquet")
    pq.write_table(pa.Table.from_pylist(truth, TRUTH), folder / "truth.parquet")
    read.rows = len(identities)
    return read


def _fault(line: int, row: Mapping[Any, Any], identity: str, person: str, before: int) -> str:
    if None in row:
        return (
            f"line {line:,}: more fields than the header has. Put a text with a comma into quotation marks."
        )
    if not identity:
        return f"line {line:,}, `id`: empty. Give every record a name of its own."
    if not person:
        return f"line {line:,}, `person`: empty. Say whose record it is; leave out records of whom it is not known."
    return f"line {line:,}, `id`: stands in line {before:,} too. Give every record a name of its own."


def _text(said: object) -> str:
    return "" if said is None else str(said).strip()


def _list(said: object) -> list[str]:
    parts = said if isinstance(said, list) else _text(said).split(";")
    return [text for text in map(_text, parts) if text]


def _day(said: object, column: str, line: int, read: Read) -> date | None:
    if isinstance(said, date):
        return said
    text = _text(said)
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        read.no_days.setdefault(column, []).append(line)
        return None
