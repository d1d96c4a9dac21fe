"""Reads the flat feed, CSV or NDJSON, as rows of cells in the order of `columns.COLUMNS`.

Each row comes with the number of its first line and its text as it stood in the file. What cannot be read as a row
comes as `Unread`, with why; the rows after it are read all the same.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import Any, Final, NamedTuple

from wholechild.records.facts import AsItCame, Fault
from wholechild.records.feeds.columns import COLUMNS, LISTS, NEEDED, POSITION
from wholechild.records.feeds.lines import Lines, NotReadable
from wholechild.records.feeds.mapping import Mapping

_MOST_LINES: Final = 100  # that one CSV row may run over
_LONGEST_CELL: Final = 131_072
_MOST_COLUMNS: Final = 500
_RESEND: Final = "Correct the row at the source and send it again."


class Cells(NamedTuple):
    """One row: its first line, its cells in the order of COLUMNS, columns that we do not know, and its text."""

    line: int
    cells: tuple[str, ...]
    extra: dict[str, str] | None
    text: str


class Unread(NamedTuple):
    """A line that is no row, and why. `came` is the line as it came, where `text` is not that."""

    line: int
    faults: tuple[Fault, ...]
    text: str
    came: AsItCame | None = None


class Feed:
    """One file, being read. `remarks` are about the file as a whole; iterate to its end for `lines.sha256`."""

    def __init__(self, lines: Lines, mapping: Mapping) -> None:
        self.lines = lines
        self.mapping = mapping
        self.remarks: list[Fault] = []

    def __iter__(self) -> Iterator[Cells | Unread]:
        raise NotImplementedError

    def _marked(self, first: int, last: int, text: str) -> Unread | None:
        """The row that stands on these lines, where one of them is marked with a fault."""
        faults = self.lines.faults
        if not faults:
            return None
        found = tuple(faults.pop(n) for n in range(first, last + 1) if n in faults)
        came = [self.lines.as_they_came.pop(n, None) for n in range(first, last + 1)]
        return Unread(first, found, text, came[0] if len(came) == 1 else None) if found else None

    def _unknown(self, names: list[str]) -> None:
        shown = ", ".join(names[:10]) + (" …" if len(names) > 10 else "")
        self.remarks.append(
            Fault(
                1,
                shown[:200],
                "",
                f"{len(names)} column{'s' if len(names) > 1 else ''} that we do not know; kept with the row, read by nothing",
                "Map them in a mapping file, or leave them as they are.",
            )
        )


class Csv(Feed):
    """The CSV form. Quoted line breaks keep line numbers right; a quotation mark left open costs one row, not the rest."""

    def __init__(self, lines: Lines, mapping: Mapping) -> None:
        super().__init__(lines, mapping)
        self._waiting: list[str] = []  # lines given back, the next one last
        self._taken: list[str] = []  # lines of the row in hand
        self._line = 0

    def _next_line(self) -> Iterator[str]:
        while True:
            if self._waiting:
                line = self._waiting.pop()
            else:
                try:
                    line = next(self.lines)
                except StopIteration:
                    return
            self._line += 1
            self._taken.append(line)
            if len(self._taken) > _MOST_LINES:
                raise csv.Error("a quotation mark is opened and not closed")
            yield line

    def __iter__(self) -> Iterator[Cells | Unread]:
        header = self._header()
        width = len(header)
        chosen, others = self._layout(header)
        adjust = self.mapping.adjuster()
        reader = self._reader()
        line_of_last, last = 1, ""
        while True:
            taken: list[str] = []
            self._taken = taken
            first = self._line + 1
            try:
                row = next(reader)
            except StopIteration:
                self._check_end(line_of_last, last)
                return
            except csv.Error as wrong:
                yield self._resume(first, str(wrong))
                reader = self._reader()
                continue
            if not row or (len(row) == 1 < width and not row[0].strip()):
                if marked := self._marked(first, self._line, "".join(taken)):
                    yield marked
                continue
            text = taken[0] if len(taken) == 1 else "".join(taken)
            if self.lines.faults and (marked := self._marked(first, self._line, text)):
                yield marked
            elif len(row) != width:
                yield Unread(first, (self._miscounted(first, len(row), width, text),), text)
            else:
                row.append("")
                extra = {name: row[n] for n, name in others if row[n]} if others else None
                cells = chosen(row)
                line_of_last, last = first, text
                yield Cells(first, adjust(cells) if adjust else cells, extra or None, text)

    def _check_end(self, line: int, last: str) -> None:
        """A last row without a line end may have been cut off inside its last cell: nobody can tell from the row."""
        if not self.lines.ended_with_newline and not last.endswith("\n"):
            self.remarks.append(
                Fault(
                    line,
                    "",
                    "",
                    "the file does not end with a line end, so its last line may be cut off; it was read as it stands",
                    "Check this line at the source; end the file with a line end.",
                )
            )

    def _reader(self) -> Iterator[list[str]]:
        csv.field_size_limit(_LONGEST_CELL)
        return csv.reader(self._next_line(), delimiter=self.mapping.delimiter, strict=True)

    def _header(self) -> list[str]:
        try:
            names = next(self._reader(), None)
        except csv.Error as wrong:
            raise NotReadable(
                Fault(
                    1,
                    "",
                    "",
                    f"the first line cannot be read as column names: {wrong}",
                    "Check the delimiter and the quotation marks.",
                )
            ) from None
        if names is None:
            raise NotReadable(
                Fault(0, "", "", "the file is empty", "Check the export, and send the file again.")
            )
        if marked := self._marked(1, self._line, ""):
            raise NotReadable(marked.faults[0])
        return [name.strip() for name in names]

    def _layout(
        self, header: list[str]
    ) -> tuple[Callable[[list[str]], tuple[str, ...]], list[tuple[int, str]]]:
        """How to pick our columns from a row (the last cell, added, is empty), and where the unknown ones stand."""
        ours = [self.mapping.columns.get(name, name) for name in header]
        self._check_header(header, ours)
        at = {name: n for n, name in enumerate(ours)}
        unknown = [(n, name) for n, name in enumerate(ours) if name not in POSITION and name]
        if unknown:
            self._unknown([header[n] for n, _ in unknown])
        return itemgetter(*(at.get(name, len(header)) for name in COLUMNS)), unknown

    def _check_header(self, header: list[str], ours: list[str]) -> None:
        twice = (
            sorted({name for name in ours if name and ours.count(name) > 1})
            if len(ours) <= _MOST_COLUMNS
            else []
        )
        if len(ours) > _MOST_COLUMNS:
            raise NotReadable(
                Fault(
                    1,
                    "",
                    "",
                    f"the first line names {len(ours):,} columns; the bound is {_MOST_COLUMNS}",
                    "Check the delimiter.",
                )
            )
        if twice:
            raise NotReadable(
                Fault(
                    1,
                    twice[0][:40],
                    "",
                    f"the column {twice[0][:40]!r} stands twice in the first line",
                    "Rename one of the two.",
                )
            )
        missing = [name for name in NEEDED if name not in ours and name not in self.mapping.constants]
        if missing:
            raise NotReadable(Fault(1, missing[0], ",".join(header)[:60], f"the first line does not name the column {missing[0]!r}",
                                    "The first line of a CSV file names its columns; see docs/reference/feeds.md, or map them with --mapping."))  # fmt: skip

    def _resume(self, first: int, why: str) -> Unread:
        """Give back all but the first line of what could not be read, and say what was wrong with that one."""
        given_back = self._taken[1:]
        self._waiting.extend(reversed(given_back))
        self._line -= len(given_back)
        text = self._taken[0] if self._taken else ""
        at_end = "unexpected end" in why
        cut = at_end and not self.lines.ended_with_newline and not given_back
        words = "the last line is cut off inside a quotation" if cut else _IN_WORDS.get(why, why)
        marked = self._marked(first, first, text)
        return marked or Unread(first, (Fault(first, "", "", words, _RESEND),), text)

    def _miscounted(self, line: int, found: int, width: int, text: str) -> Fault:
        if not text.endswith("\n") and found < width:
            return Fault(
                line,
                "",
                "",
                f"the last line is cut off: it has {found} of {width} cells",
                "Check whether the file was sent whole, and send it again.",
            )
        return Fault(line, "", "", f"this row has {found} cells; the first line names {width} columns",
                     "A value that holds the delimiter must stand in quotation marks. " + _RESEND)  # fmt: skip


_IN_WORDS: Final = {
    "unexpected end of data": "a quotation mark is opened and not closed",
    "field larger than field limit (131072)": f"a value is longer than {_LONGEST_CELL:,} characters",
}


class Ndjson(Feed):
    """The NDJSON form: each line one JSON object, its keys our column names."""

    def __iter__(self) -> Iterator[Cells | Unread]:
        adjust = self.mapping.adjuster()
        unknown: dict[str, None] = {}
        for text in self.lines:
            line = self.lines.number
            if self.lines.faults and (marked := self._marked(line, line, text)):
                yield marked
            elif text.strip():
                try:
                    cells, extra = self._cells(line, text)
                except _Wrong as wrong:
                    yield Unread(line, (wrong.fault,), text)
                    continue
                unknown.update(dict.fromkeys(extra or ()))
                yield Cells(line, adjust(cells) if adjust else cells, extra, text)
        if self.lines.number == 0:
            raise NotReadable(
                Fault(0, "", "", "the file is empty", "Check the export, and send the file again.")
            )
        if unknown:
            self._unknown(list(unknown))

    def _cells(self, line: int, text: str) -> tuple[tuple[str, ...], dict[str, str] | None]:
        row = self._object(line, text)
        cells = [""] * len(COLUMNS)
        extra: dict[str, str] = {}
        for key, value in row.items():
            name = self.mapping.columns.get(key, key)
            if name in POSITION:
                cells[POSITION[name]] = _as_cell(line, name, value)
            elif value is not None:
                extra[key[:100]] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        return tuple(cells), extra or None

    def _object(self, line: int, text: str) -> dict[str, Any]:
        try:
            row = json.loads(text, object_pairs_hook=_without_doubles, parse_constant=_no_constant)
        except json.JSONDecodeError as wrong:
            cut = not text.endswith("\n")
            why = (
                "the last line is cut off"
                if cut
                else f"this line is not JSON: {wrong.msg} at character {wrong.pos + 1}"
            )
            raise _Wrong(Fault(line, "", "", why, _RESEND)) from None
        except (ValueError, RecursionError) as wrong:
            why = (
                str(wrong)
                if isinstance(wrong, _Doubled)
                else "this line is not JSON that we accept (a number too long, or too many levels)"
            )
            raise _Wrong(Fault(line, "", "", why, _RESEND)) from None
        if not isinstance(row, dict):
            raise _Wrong(
                Fault(
                    line,
                    "",
                    "",
                    "this line is JSON, but not an object of names and values",
                    'Write each row as {"row": …}.',
                )
            )
        return row


class _Wrong(Exception):
    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.why)
        self.fault = fault


class _Doubled(ValueError):
    pass


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) != len(pairs):
        raise _Doubled("a name stands twice in this object")
    return row


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _as_cell(line: int, name: str, value: Any) -> str:
    """A JSON value in the form that CSV has for it."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list) and name in LISTS:
        return ";".join(_plain_part(line, name, item) for item in value)
    if isinstance(value, dict) and name in ("measures", "values"):
        return ";".join(
            f"{_plain_part(line, name, k)}={_plain_part(line, name, v)}" for k, v in value.items()
        )
    raise _Wrong(
        Fault(
            line,
            name,
            "",
            f"{name} cannot be a {'list' if isinstance(value, list) else 'set of names and values'}",
            _RESEND,
        )
    )


def _plain_part(line: int, name: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _Wrong(Fault(line, name, "", f"{name} may only hold words and numbers", _RESEND))
    text = value if isinstance(value, str) else repr(value)
    if ";" in text or (name not in LISTS and "=" in text):
        raise _Wrong(
            Fault(
                line, name, "", f"a part of {name} holds ';' or '='", "Leave these two characters out of it."
            )
        )
    return text
