"""A snapshot: a whole area's histories as files of columns, taken at one position of the ledger.

A folder of Parquet files and one manifest that says what they are and what each of them hashes to. Engines read nothing
else. There is no name, no place and no id in it: people are pseudonyms made with a key that stays where the snapshot was
taken, units of agencies are pseudonyms too, and of free words only those that the vocabulary knows are spelled out.
It is still about real children: whoever knows a child's dates could find the child. It is kept like a record.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from wholechild.patterns import columns
from wholechild.patterns.columns import Codes, Shape, pseudonym
from wholechild.patterns.history import ChildHistory
from wholechild.records.facts import Agency
from wholechild.vocabulary.terms import fingerprint, vocabulary

#: Counted up when a file's meaning changes; the first part is that of the tables of histories.
SCHEMA: Final = f"{columns.SCHEMA_VERSION}.1"
MANIFEST: Final = "manifest.json"

#: Who a child is, as far as fairness asks; null where nobody says. `followed`: stands on a practice's list, and so counts
#: as one child; the other persons are children whose identities are not all linked.
TRAITS: Final = pa.schema(
    [
        ("child", pa.int64()), ("followed", pa.bool_()), ("sex", pa.string()), ("name_origin", pa.string()),
        ("ethnicity", pa.string()), ("disability", pa.string()), ("deprivation", pa.string()),
    ]
)  # fmt: skip
#: What truly happened in a synthetic world: one row for each child of the world and each person that it is linked to
#: (`child` null: to none). Instants in civil seconds, null for never.
TRUTH: Final = pa.schema(
    [
        ("true_child", pa.int64()), ("child", pa.int64()), ("story", pa.string()), ("harmed", pa.bool_()),
        ("double", pa.bool_()), ("harm_from", pa.int64()), ("serious_harm", pa.int64()), ("known_outcome", pa.int64()),
    ]
)  # fmt: skip
TABLES: Final = (*columns.TABLES, "traits", "truth")

#: column -> the code book that its numbers are of
_BOOKS: Final[Mapping[str, str]] = {
    name: name for name in ("kind", "sector", "agency", "area", "informant", "relation")
}
_MEMORY: Final = "4GB"


class SnapshotRefused(ValueError):
    """A snapshot that cannot be trusted or read; the message names the file, says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file: how long, what it hashes to, and how many rows it holds."""

    bytes: int
    sha256: str
    rows: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a snapshot is.

    Shape    `ledger` is the head at which it was taken, as `wholechild verify --expect` takes it. `left_out` counts, by kind,
             the records that the purpose does not open. `heard_to` is the last civil second at which anything was learnt.
    Missing  `unfound` is how many children of the world's truth no person here is linked to; 0 without a truth file.
    """

    id: str
    schema: str
    vocabulary: str
    ledger: str
    as_of: str
    heard_to: int
    purpose: str
    classes: tuple[str, ...]
    children: int
    followed: int
    attributes: tuple[str, ...]
    measures: tuple[str, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)
    truth: bool = False
    unfound: int = 0
    files: Mapping[str, Part] = field(default_factory=dict)

    @property
    def shape(self) -> Shape:
        return Shape(self.attributes, self.measures)

    def text(self) -> str:
        """The manifest as it is written, with a hash of itself as its last line."""
        said = asdict(self)
        return json.dumps({**said, "sha256": _hash_of(said)}, indent=2, sort_keys=True) + "\n"


def _hash_of(said: Mapping[str, Any]) -> str:
    return sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def whole_shape() -> Shape:
    """Every attribute and measure that any lesson may ask for, of this vocabulary."""
    words = vocabulary()
    return Shape(
        tuple(sorted(f.id for f in words.facts.values() if f.use != "state")), tuple(sorted(words.measures))
    )


# -- what may stand in it ----------------------------------------------------------------------------------------------


def opened(history: ChildHistory, classes: Collection[str], left_out: dict[str, int]) -> ChildHistory:
    """The history without the records of classes that are not opened; how many of each kind were left out is counted."""
    kinds = vocabulary().kinds
    shut = {i for i, o in enumerate(history.observations) if kinds[o.kind].data_class not in classes}
    if not shut:
        return history
    for i in shut:
        kind = history.observations[i].kind
        left_out[kind] = left_out.get(kind, 0) + 1
    scoped = {s: tuple(pair for pair in pairs if pair[0] not in shut) for s, pairs in history.scoped.items()}
    return replace(history, scoped=scoped)


class Wording:
    """Which words are spelled out in a snapshot. All others become pseudonyms, equal where the words were equal.

    Shape    kinds, sectors, informants, relations and values that the vocabulary knows; areas that an agency serves; agencies
             by kind and area, with a pseudonym for the school, the practice or the team.
    """

    def __init__(self, areas: Iterable[str], key: bytes) -> None:
        words = vocabulary()
        self._key = key
        values = {v for f in words.facts.values() for v in f.values}
        values |= {v for kind in words.kinds.values() for v in kind.asserts.values()}
        self._known: Mapping[str, Collection[str]] = {
            "kind": words.kinds, "sector": words.sectors, "informant": words.informants, "relation": words.relations,
            "area": frozenset(areas), "value": values,
        }  # fmt: skip

    def of(self, what: str, text: str) -> str:
        """The word as it may stand in the snapshot."""
        if what == "agency":
            return self._agency(text)
        return text if not text or text in self._known[what] else self._hidden(what, text)

    def _agency(self, text: str) -> str:
        agency = Agency.of(text)
        area = self.of("area", agency.area)
        return Agency(agency.kind, area, self._hidden("unit", text) if agency.unit else "").id

    def _hidden(self, what: str, text: str) -> str:
        return f"~{pseudonym(what, text, self._key) & (1 << 64) - 1:016x}"


# -- writing -----------------------------------------------------------------------------------------------------------


class SnapshotWriter:
    """Writes a snapshot's files into a folder, a batch at a time; memory is bounded by the batch.

    Batches may come from several writers of columns: each has its own numbers for words, and they become one code book here.
    """

    def __init__(self, folder: Path, shape: Shape, wording: Wording) -> None:
        self._folder = folder
        self._wording = wording
        self._codes = Codes()
        schemas = {name: shape.schema(name) for name in columns.TABLES} | {"traits": TRAITS, "truth": TRUTH}
        self._files = {
            name: pq.ParquetWriter(_file(folder, name), schema, compression="zstd")
            for name, schema in schemas.items()
        }
        self._rows = dict.fromkeys(schemas, 0)

    def add(self, batch: Mapping[str, pa.Table]) -> None:
        """Write the tables of some histories, as `ColumnWriter` gives them, their `codes` among them."""
        book = self._book(batch["codes"])
        for name, table in batch.items():
            if name != "codes":
                self.write(name, _recoded(table, book))

    def write(self, name: str, table: pa.Table) -> None:
        """Write rows of a table that needs no code book."""
        if table.num_rows:
            self._files[name].write_table(table)
            self._rows[name] += table.num_rows

    def close(self) -> dict[str, Part]:
        """Write the code book, close every file, and say what each of them is."""
        rows = self._codes.rows()
        schema = Shape((), ()).schema("codes")
        table = pa.table({name: list(values) for name, values in zip(schema.names, zip(*rows, strict=True), strict=True)}
                         if rows else {name: [] for name in schema.names}, schema=schema)  # fmt: skip
        self.write("codes", table)
        for file in self._files.values():
            file.close()
        return {
            f"{name}.parquet": Part(
                _file(self._folder, name).stat().st_size, hash_of_file(_file(self._folder, name)), n
            )
            for name, n in self._rows.items()
        }

    def _book(self, codes: pa.Table) -> dict[str, pa.Array]:
        """code book -> the number that stands here for each number that stood there."""
        book: dict[str, list[int]] = {}
        for row in sorted(codes.to_pylist(), key=lambda row: (row["of"], row["code"])):
            numbers = book.setdefault(row["of"], [0])
            if row["code"]:  # 0 is the empty text in every book
                numbers.append(self._codes.of(row["of"], self._wording.of(row["of"], row["text"])))
            else:
                self._codes.of(row["of"], "")
        return {of: pa.array(numbers, pa.int32()) for of, numbers in book.items()}


def _recoded(table: pa.Table, book: Mapping[str, pa.Array]) -> pa.Table:
    for n, column in enumerate(table.schema):
        of = "value" if column.name.startswith("value_") else _BOOKS.get(column.name, "")
        if of in book:
            table = table.set_column(n, column, pc.take(book[of], table.column(n)))
    return table


def _file(folder: Path, table: str) -> Path:
    return folder / f"{table}.parquet"


def hash_of_file(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    digest = sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def as_table(schema: pa.Schema, rows: Sequence[Sequence[Any]]) -> pa.Table:
    """Rows of plain values as a table of the schema."""
    return pa.table(
        [pa.array([row[n] for row in rows], column.type) for n, column in enumerate(schema)], schema=schema
    )


# -- opening -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot that was checked, file by file, and may be read."""

    folder: Path
    manifest: Manifest

    def connect(
        self, *, memory: str = _MEMORY, threads: int | None = None, spill: Path | None = None
    ) -> duckdb.DuckDBPyConnection:
        """A database of its own, with the tables of the snapshot as views; what memory cannot hold goes to the folder `spill`."""
        settings: dict[str, Any] = {"memory_limit": memory, "preserve_insertion_order": False}
        settings |= {"threads": threads} if threads else {}
        settings |= {"temp_directory": str(spill)} if spill else {}
        connection = duckdb.connect(":memory:", config=settings)
        for table in TABLES:
            path = str(_file(self.folder, table)).replace("'", "''")
            connection.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{path}')")  # noqa: S608 - our own file names
        return connection


def open_snapshot(folder: Path, each: Callable[[Iterable[str]], Iterable[str]] = iter) -> Snapshot:
    """The snapshot in a folder, after every file was found whole and unchanged.

    Errors   SnapshotRefused: no manifest, another schema or vocabulary, a file missing, cut short or changed.
    """
    manifest = _read_manifest(folder)
    for name in each(manifest.files):
        _check_part(folder / name, manifest.files[name])
    return Snapshot(folder, manifest)


_AGAIN: Final = "Take the snapshot again with: wholechild snapshot DIR"


def _read_manifest(folder: Path) -> Manifest:
    path = folder / MANIFEST
    if not path.is_file():
        why = (
            "there is no snapshot here, or its taking was broken off"
            if folder.is_dir()
            else "there is no such folder"
        )
        raise SnapshotRefused(f"{path}: {why}. {_AGAIN}")
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        kept = said.pop("sha256")
        schema, words = said["schema"], said["vocabulary"]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise SnapshotRefused(
            f"{path}: the manifest cannot be read; it is cut short or changed. {_AGAIN}"
        ) from None
    if _hash_of(said) != kept:
        raise SnapshotRefused(f"{path}: the manifest was changed after the snapshot was taken. {_AGAIN}")
    if schema != SCHEMA:
        raise SnapshotRefused(
            f"{path}: field schema is {schema!r} and this version of wholechild reads {SCHEMA!r}. {_AGAIN}, or read it with the version "
            "that took it"
        )
    if words != fingerprint():
        raise SnapshotRefused(
            f"{path}: field vocabulary is {words!r} and the words of this version are {fingerprint()!r}: a kind may mean something "
            f"else by now. {_AGAIN}, or read it with the version that took it"
        )
    lists = {name: tuple(said[name]) for name in ("classes", "attributes", "measures")}
    files = {name: Part(**part) for name, part in said["files"].items()}
    return Manifest(**{**said, **lists, "files": files})


def _check_part(path: Path, part: Part) -> None:
    if not path.is_file():
        raise SnapshotRefused(
            f"{path}: the file is missing. Copy the whole folder again, or {_AGAIN[0].lower()}{_AGAIN[1:]}"
        )
    size = path.stat().st_size
    if size < part.bytes:
        raise SnapshotRefused(
            f"{path}: the file is cut short: {size:,} bytes of {part.bytes:,}. Copy the whole folder again"
        )
    if size > part.bytes or hash_of_file(path) != part.sha256:
        raise SnapshotRefused(
            f"{path}: the file was changed after the snapshot was taken. Copy the whole folder again, or "
            f"{_AGAIN[0].lower()}{_AGAIN[1:]}"
        )


def batches(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """The items, so many at a time, in order."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
