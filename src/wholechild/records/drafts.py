"""A row that has been read and found good, in the two forms in which it is kept: hashed, and copied.

The two forms are written side by side so that they cannot drift apart; a test holds the hashed one equal to what
`ledger.canonical` makes of the stored row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from json.encoder import encode_basestring
from typing import Final, NamedTuple

from wholechild.lib.civil import Period
from wholechild.records.facts import AsItCame, Fault

NULL: Final = "\\N"
#: One text as JSON, as `ledger.encode` writes it, without the cost of an encoder for each.
quoted: Final[Callable[[str], str]] = encode_basestring
_COPY_SPECIAL: Final = re.compile(r"[\\\t\n\r]")
_COPY_ESCAPED: Final = re.compile(r"\\[\\tnr]")
_COPY_ESCAPES: Final = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
_COPY_PLAIN: Final = {escaped: plain for plain, escaped in _COPY_ESCAPES.items()}


class Draft(NamedTuple):
    """One good row.

    Shape    `key` finds its versions (ids.row_key). `said` is the canonical JSON of what the sender said, `copied` the same
             columns as COPY text, and `content` the SHA-256 of `said`. `filed` are the identities that the row is filed
             under; `needs` are the identities that must have been declared, and `named` the (column, local id) of each.
             `extra` is the JSON of unknown columns, or empty. `derived` is (JSON, COPY text) of the columns that we add
             besides the common ones.
    """

    kind: str
    key: int
    agency: str
    reference: str
    said: str
    copied: str
    content: bytes
    learnt_at: str
    filed: tuple[str, ...]
    needs: tuple[str, ...]
    named: tuple[tuple[str, str], ...]
    line: int
    extra: str
    text: str
    derived: tuple[str, str] = ("", "")


class Held(NamedTuple):
    """A row that cannot be loaded, with every reason. `came` is its line as it came, where `text` is not that."""

    line: int
    faults: tuple[Fault, ...]
    text: str
    came: AsItCame | None = None


def content_of(said: str) -> bytes:
    return sha256(said.encode()).digest()


def copied(text: str) -> str:
    """Text as COPY takes it."""
    if _COPY_SPECIAL.search(text):
        return _COPY_SPECIAL.sub(lambda found: _COPY_ESCAPES[found[0]], text)
    return text


def cells_of(line: str) -> list[str | None]:
    """The cells of a line of COPY text, as `copied` had them; None where nothing is there."""
    return [None if cell == NULL else _uncopied(cell) for cell in line.rstrip("\n").split("\t")]


def _uncopied(cell: str) -> str:
    return _COPY_ESCAPED.sub(lambda found: _COPY_PLAIN[found[0]], cell) if "\\" in cell else cell


def copied_array(items: Sequence[str]) -> str:
    """An array of texts as COPY takes it."""
    inner = ",".join('"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"' for item in items)
    return copied("{" + inner + "}")


def json_list(items: Sequence[str]) -> str:
    return "[" + ",".join(quoted(item) for item in items) + "]"


def json_words(items: Mapping[str, str]) -> str:
    """A JSON object of texts, in the order that is hashed."""
    return "{" + ",".join(f"{quoted(key)}:{quoted(items[key])}" for key in sorted(items)) + "}"


def json_numbers(items: Mapping[str, float]) -> str:
    """A JSON object of numbers, in the order that is hashed."""
    return "{" + ",".join(f"{quoted(key)}:{items[key]!r}" for key in sorted(items)) + "}"


def json_or_null(text: str) -> str:
    return quoted(text) if text else "null"


def null_or(text: str) -> str:
    return text or NULL


class Days(NamedTuple):
    """A period as three columns, in both forms."""

    json: str
    copied: str


NO_DAYS: Final = Days('null,null,""', f"{NULL}\t{NULL}\t")


def days(period: Period | None) -> Days:
    if period is None:
        return NO_DAYS
    first, last, shown = period.first.isoformat(), period.last.isoformat(), period.precision.value
    return Days(f'"{first}","{last}","{shown}"', f"{first}\t{last}\t{shown}")


def derived_columns(*values: str) -> tuple[str, str]:
    """More columns of ours, as they follow the common ones in the two forms."""
    return "".join(f",{quoted(value)}" for value in values), "".join(f"\t{copied(value)}" for value in values)
