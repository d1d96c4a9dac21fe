"""The arithmetic of the ledger: a commitment to each fact, and a chain through all of them.

A commitment is SHA-256 over a salt and the fact's canonical form, so that the ledger can be shown without showing
what it is about. Each leaf is chained to the one before it, with who did it, when, and for what purpose; so a leaf
that is changed, missing, added or moved breaks the chain at that place.

What a plain chain cannot see: whoever can rewrite every table can also compute a new chain, or cut off its end and
the checkpoints with it. Only a head that is kept elsewhere shows that (`wholechild verify --expect`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple

#: The link before the first leaf.
GENESIS: Final = sha256(b"wholechild ledger, version 1").digest()

_encoder: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False)
#: A list or dict of plain JSON values in the one form that is hashed.
encode = _encoder.encode


@dataclass(frozen=True, slots=True)
class Act:
    """What was done, by whom, for what purpose and when: the same for all leaves of one transaction. Units: aware UTC."""

    act: str
    by: str
    purpose: str
    at: datetime

    def digest(self) -> bytes:
        return sha256(encode([self.act, self.by, self.purpose, utc(self.at)]).encode()).digest()


class Committed(NamedTuple):
    """A fact, as the ledger knows it."""

    kind: str
    id: str
    commitment: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """How many leaves there are, and the link of the last."""

    leaves: int
    link: bytes

    def __str__(self) -> str:
        return f"{self.leaves}:{self.link.hex()}"

    @classmethod
    def of(cls, text: str) -> Head:
        """Read what `str` wrote. Errors: ValueError."""
        leaves, _, link = text.partition(":")
        head = cls(int(leaves), bytes.fromhex(link))
        if head.leaves < 0 or len(head.link) != 32:
            raise ValueError("a head is a number of leaves, a colon and 64 hexadecimal digits")
        return head


def commit(salt: bytes, canonical: str) -> bytes:
    """The commitment to a fact in its canonical form."""
    return sha256(salt + canonical.encode()).digest()


def link(previous: bytes, act: bytes, seq: int, kind: str, fact: str, commitment: bytes) -> bytes:
    """The link of leaf `seq`. All but the last two parts have a fixed length, and a kind has no NUL: no two leaves collide."""
    return sha256(previous + act + seq.to_bytes(8, "big") + commitment + f"{kind}\0{fact}".encode()).digest()


class Block(NamedTuple):
    """Many facts of one kind: their ids, and their commitments one behind the other, 32 bytes each."""

    kind: str
    ids: Sequence[str]
    commitments: bytes


class Leaf(NamedTuple):
    """A leaf as whoever follows the ledger reads it: its place, when the act was, which fact it is of, and its link."""

    seq: int
    at: datetime
    kind: str
    fact: str
    link: bytes


class Linked(NamedTuple):
    """One leaf in its place."""

    seq: int
    kind: str
    id: str
    commitment: bytes
    link: bytes


def chained(head: Head, act: Act, block: Block) -> list[Linked]:
    """The leaves of a block, in order, from the one after `head` on.

    This is `link` written out: it runs once for every fact that is ever loaded.
    """
    previous, digest, prefix = head.link, act.digest(), f"{block.kind}\0".encode()
    leaves = []
    for n, fact in enumerate(block.ids):
        seq, commitment = head.leaves + n + 1, block.commitments[n * 32 : n * 32 + 32]
        previous = sha256(
            previous + digest + seq.to_bytes(8, "big") + commitment + prefix + fact.encode()
        ).digest()
        leaves.append(Linked(seq, block.kind, fact, commitment, previous))
    return leaves


def canonical(said: Sequence[Any], added: Sequence[Any]) -> str:
    """The form of a fact that is hashed: what the sender said, then what we added, each a JSON list in column order."""
    return encode([plain(value) for value in said]) + encode([plain(value) for value in added])


def plain(value: Any) -> Any:
    """A column's value as JSON knows it, the same for every way that it may be read."""
    if isinstance(value, datetime):
        return utc(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    return value


def utc(moment: datetime) -> str:
    """`2012-03-03T15:10:00+00:00`: a moment in the one form that is hashed. Errors: ValueError for a naive moment."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone cannot stand in the ledger")
    return moment.astimezone(UTC).isoformat()


@dataclass(frozen=True, slots=True)
class Bad:
    """The first place where ledger and facts do not agree.

    Shape    `seq` is the leaf; 0 where the fault is not at a leaf (a fact without one). `expected` and `found` are
             hexadecimal digits or words, never what a fact says.
    """

    seq: int
    fact_kind: str
    fact_id: str
    why: str
    expected: str = ""
    found: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check of the whole ledger found."""

    ok: bool
    leaves: int
    head: Head
    first_bad: Bad | None
