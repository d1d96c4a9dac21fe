"""Joined histories as columns: what the columnar engines read, and what a snapshot holds.

One row of `relevant` is one record in one spell of relevance to one child in one scope, with everything that a lesson
may ask of it beside it, so that no engine needs to join before it selects. Texts that repeat are small numbers whose
meaning stands in `codes`; children, people and records are pseudonyms of 64 bits, made with a key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from hashlib import blake2b
from typing import Any, Final

import pyarrow as pa

from wholechild.patterns.engines.in_memory import Words
from wholechild.patterns.history import ChildHistory, Covered, Observation, Relevance, Scope
from wholechild.patterns.language.nodes import Condition, Contradiction, NumberRange, Selection, Trend

#: Counted up when a table's meaning changes; a snapshot of another version is refused.
SCHEMA_VERSION: Final = 1

#: How a scope is written in the column `scope`.
SCOPE_NUMBER: Final[Mapping[Scope, int]] = {scope: number for number, scope in enumerate(Scope)}

#: No person: a record that is about nobody who is linked.
NOBODY: Final = 0

_INSTANT: Final = pa.int64()
_PSEUDONYM: Final = pa.int64()
_CODE: Final = pa.int32()

_RELEVANT: Final = (
    ("child", _PSEUDONYM), ("scope", pa.int8()), ("record", _PSEUDONYM), ("kind", _CODE), ("sector", _CODE),
    ("agency", _CODE), ("area", _CODE), ("informant", _CODE), ("happened_from", _INSTANT), ("happened_to", _INSTANT),
    ("learnt", _INSTANT), ("forgotten", _INSTANT), ("known_from", _INSTANT), ("known_to", _INSTANT),
    ("certain", pa.bool_()), ("count", pa.int32()), ("person", _PSEUDONYM), ("people", pa.list_(_PSEUDONYM)),
)  # fmt: skip
_OTHERS: Final = {
    "children": (
        ("child", _PSEUDONYM), ("born_from", _INSTANT), ("born_to", _INSTANT), ("died", _INSTANT),
    ),
    "adults": (
        ("child", _PSEUDONYM), ("relation", _CODE), ("lived_from", _INSTANT), ("lived_to", _INSTANT),
        ("arrived", _INSTANT), ("known_from", _INSTANT), ("known_to", _INSTANT),
    ),
    "homes": (
        ("child", _PSEUDONYM), ("area", _CODE), ("lived_from", _INSTANT), ("lived_to", _INSTANT),
        ("known_from", _INSTANT), ("known_to", _INSTANT),
    ),
    "coverage": (("sector", _CODE), ("area", _CODE), ("live_from", _INSTANT), ("live_to", _INSTANT)),
    "codes": (("of", pa.string()), ("code", _CODE), ("text", pa.string())),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shape:
    """Which columns there are: the attributes and measures that lessons may ask for, besides those always there.

    Shape    attribute `a` is the column `value_a` (a code; null where nothing is stated), measure `m` is `measure_m`.
             What a kind asserts of an attribute is written as if the record had said it, unless it says otherwise.
    """

    attributes: tuple[str, ...]
    measures: tuple[str, ...]

    def schema(self, table: str) -> pa.Schema:
        """The Arrow schema of one of the tables."""
        if table != "relevant":
            return pa.schema(_OTHERS[table])
        return pa.schema(
            [
                *_RELEVANT,
                *((f"value_{name}", _CODE) for name in self.attributes),
                *((f"measure_{name}", pa.float64()) for name in self.measures),
            ]
        )


TABLES: Final = ("relevant", *_OTHERS)


def shape_for(conditions: Iterable[Condition]) -> Shape:
    """The columns that these conditions ask for, and no more."""
    said = list(_everything(list(conditions)))
    attributes = {name for part in said if isinstance(part, Selection) for name, _ in part.values}
    measures = {part.measure for part in said if isinstance(part, NumberRange | Trend)}
    attributes |= {part.fact for part in said if isinstance(part, Contradiction)}
    return Shape(tuple(sorted(attributes)), tuple(sorted(measures)))


def selections_in(conditions: Iterable[Condition]) -> Iterator[Selection]:
    """Every selection, wherever in a condition it stands."""
    return (part for part in _everything(list(conditions)) if isinstance(part, Selection))


def _everything(said: object) -> Iterator[object]:
    """A condition and all that it is made of."""
    yield said
    if is_dataclass(said):
        for part in fields(said):
            yield from _everything(getattr(said, part.name))
    elif isinstance(said, tuple | list):
        for inner in said:
            yield from _everything(inner)


@dataclass(slots=True)
class Codes:
    """Small numbers for texts that repeat, given out in the order in which the texts first come; 0 is the empty text."""

    by_text: dict[tuple[str, str], int] = field(default_factory=dict)
    _next: dict[str, int] = field(default_factory=dict)

    def of(self, what: str, text: str) -> int:
        key = (what, text)
        if key not in self.by_text:
            code = 0 if not text else self._next.get(what, 1)
            self.by_text[key] = code
            self._next[what] = max(self._next.get(what, 1), code + 1)
        return self.by_text[key]

    def rows(self) -> list[tuple[str, int, str]]:
        return [(what, code, text) for (what, text), code in self.by_text.items()]


def pseudonym(of: str, identity: str, key: bytes) -> int:
    """A number of 64 bits that stands for a child, person or record; without the key nobody can tell for whom.

    Source   BLAKE2b keyed hash (RFC 7693), first 8 bytes, signed; never NOBODY.
    """
    digest = blake2b(f"{of}\0{identity}".encode(), digest_size=8, key=key).digest()
    return int.from_bytes(digest, "big", signed=True) or 1


#: What stands before and behind the columns of knowledge in every row of one record.
Described = tuple[tuple[Any, ...], tuple[Any, ...]]


class ColumnWriter:
    """Turns histories, one after another, into batches of rows.

    Shape    `add` takes a history and keeps its rows; `take` gives what has gathered and forgets it, so that memory stays
             bounded by the rows between two takes. `last` gives what is known only at the end: codes and coverage.
    Missing  a birth or a death that nobody has told is null.
    """

    def __init__(self, shape: Shape, words: Words, key: bytes = b"") -> None:
        self.shape = shape
        self.words = words
        self.key = key
        self.codes = Codes()
        self._described: dict[str, tuple[Observation, Described]] = {}
        self._nothing = (None,) * (len(shape.attributes) + len(shape.measures))
        self._rows: dict[str, list[tuple[Any, ...]]] = {
            "relevant": [],
            "children": [],
            "adults": [],
            "homes": [],
        }

    def add(self, history: ChildHistory) -> None:
        """Keep the rows of one child."""
        child = pseudonym("child", history.child, self.key)
        born = history.born or (None, None)
        self._rows["children"].append((child, *born, history.died))
        described = {i: self._describe(history.observations[i]) for i in _relevant(history)}
        for scope, pairs in history.scoped.items():
            number = SCOPE_NUMBER[scope]
            self._rows["relevant"] += [
                _spell(child, number, described[i], history.observations[i], relevance)
                for i, relevance in pairs
            ]
        self._rows["adults"] += [
            (
                child,
                self.codes.of("relation", a.relation),
                a.lived_from,
                a.lived_to,
                a.arrived,
                a.known_from,
                a.known_to,
            )
            for a in history.adults
        ]
        self._rows["homes"] += [
            (child, self.codes.of("area", h.area), h.lived_from, h.lived_to, h.known_from, h.known_to)
            for h in history.areas
        ]

    def gathered(self) -> int:
        """How many rows of `relevant` have gathered since the last `take`."""
        return len(self._rows["relevant"])

    def take(self) -> Iterator[tuple[str, pa.Table]]:
        """What has gathered, table by table; it is forgotten here."""
        for table, rows in self._rows.items():
            yield table, _table(self.shape.schema(table), rows)
            rows.clear()
        self._described.clear()

    def last(self, coverage: Iterable[Covered]) -> Iterator[tuple[str, pa.Table]]:
        """The tables that belong to the whole: which feeds were live, and what the codes mean."""
        fed = [
            (self.codes.of("sector", c.sector), self.codes.of("area", c.area), c.live_from, c.live_to)
            for c in coverage
        ]
        yield "coverage", _table(self.shape.schema("coverage"), fed)
        yield "codes", _table(self.shape.schema("codes"), self.codes.rows())

    def _describe(self, o: Observation) -> Described:
        """What every row of a record says; brothers and sisters, who come one after another, share it."""
        found = self._described.get(o.record)
        if found is None or found[0] is not o:
            found = self._described[o.record] = (o, self._newly_described(o))
        return found[1]

    def _newly_described(self, o: Observation) -> Described:
        code = self.codes.of
        people = [pseudonym("person", p, self.key) for p in o.subjects]
        asserted = self.words.asserts.get(o.kind)
        before = (
            pseudonym("record", o.record, self.key), code("kind", o.kind), code("sector", o.sector),
            code("agency", o.agency), code("area", o.area), code("informant", o.informant),
            o.happened_from, o.happened_to, o.learnt, o.forgotten,
        )  # fmt: skip
        after = (o.count, people[0] if people else NOBODY, people)
        said = self._said(o, asserted or {}) if asserted or o.values or o.measures else self._nothing
        return before, after + said

    def _said(self, o: Observation, asserted: Mapping[str, str]) -> tuple[Any, ...]:
        stated = [o.values.get(name) or asserted.get(name) for name in self.shape.attributes]
        return (
            *(self.codes.of("value", value) if value else None for value in stated),
            *(o.measures.get(name) for name in self.shape.measures),
        )


def tables_of(
    histories: Sequence[ChildHistory], shape: Shape, words: Words, key: bytes = b""
) -> dict[str, pa.Table]:
    """All the tables of a few histories at once. The coverage is that of the first: it is the same for all of an area."""
    writer = ColumnWriter(shape, words, key)
    for history in histories:
        writer.add(history)
    coverage = histories[0].coverage if histories else ()
    return {**dict(writer.take()), **dict(writer.last(coverage))}


def _relevant(history: ChildHistory) -> set[int]:
    return {i for pairs in history.scoped.values() for i, _ in pairs}


def _spell(child: int, scope: int, described: Described, o: Observation, r: Relevance) -> tuple[Any, ...]:
    before, after = described
    known = (max(o.learnt, r.known_from), min(o.forgotten, r.known_to))
    return (child, scope, *before, *known, r.certain, *after)


def _table(schema: pa.Schema, rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else ((),) * len(schema)
    arrays = [_array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def _array(column: Sequence[Any], of: pa.DataType) -> pa.Array:
    """A column of Arrow's. Most attributes and measures are in no row of a batch: then there is nothing to convert."""
    return pa.nulls(len(column), of) if column.count(None) == len(column) else pa.array(column, of)
