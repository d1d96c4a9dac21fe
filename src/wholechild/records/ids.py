"""Ids that carry their kind and follow from what they name, so that the same delivery gives the same ids again.

A row's id is that of its delivery and its place in it: rows that arrive together lie together, in the tables and in
every index. What makes two rows versions of one another is not their id but agency and reference; `row_key` is the
number under which those are found.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

_DIGITS: Final = 24
_DELIVERY_DIGITS: Final = 16
_BETWEEN: Final = chr(31)
#: kind of row -> the beginning of its ids
PREFIXES: Final = {"record": "rec", "person": "det", "tie": "tie", "residence": "res", "coverage": "cov"}


def stable_id(kind: str, *parts: str) -> str:
    """`kind-` and digits that follow from the parts."""
    return f"{kind}-{sha256(_BETWEEN.join(parts).encode()).hexdigest()[:_DIGITS]}"


def delivery_id(key: str, earlier: int) -> str:
    """The id of a delivery with this key, where so many with the same key came before it."""
    return f"del-{sha256(f'{key}{_BETWEEN}{earlier}'.encode()).hexdigest()[:_DELIVERY_DIGITS]}"


def row_id(kind: str, delivery: str, place: int) -> str:
    """The id of a row: its delivery, and how many rows of the delivery came before it."""
    return f"{PREFIXES[kind]}-{delivery[4:]}-{place:07d}"


def row_key(agency: str, reference: str) -> int:
    """The number under which all versions of an agency's row are found: 64 bits, so compare agency and reference too."""
    return int.from_bytes(sha256(f"{agency}{_BETWEEN}{reference}".encode()).digest()[:8], "big", signed=True)


def identity_id(agency: str, local_id: str) -> str:
    """The id of one agency's notion of a person: its own local id, and no claim about who that is."""
    return stable_id("who", agency, local_id)
