"""Loads drafts by the thousand: decides what is new, copies it, and remembers its leaf for the end.

A batch costs a fixed number of round trips. The ledger's lock is taken only when all rows are in, so that a page that
is being shown meanwhile does not wait for a long delivery.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from tempfile import SpooledTemporaryFile
from typing import Any, Final

from psycopg import Connection

from wholechild.records.drafts import NULL, Draft, Held, cells_of, copied
from wholechild.records.facts import Agency as SendingAgency
from wholechild.records.facts import AsItCame, Fault
from wholechild.records.feeds.cells import shown_id
from wholechild.records.ids import row_id, stable_id
from wholechild.records.models import (
    Agency,
    CoverageRow,
    PersonRow,
    QuarantinedRow,
    RecordRow,
    ResidenceRow,
    Row,
    TieRow,
)
from wholechild.records.reports import MOST_ISSUES, issue_as_json
from wholechild.trust.actions import SALT_BYTES, Salts
from wholechild.trust.ledger import Block, Committed, utc
from wholechild.trust.models import Fact
from wholechild.trust.queries import Asked, Into, together

BATCH: Final = 4_000
_KEPT_OF_A_LINE: Final = 2_000
_MOST_REMARKS: Final = 50
_REMEMBERED: Final = 200_000

TABLES: Final[Mapping[str, type[Row]]] = {
    "record": RecordRow, "person": PersonRow, "tie": TieRow, "residence": ResidenceRow, "coverage": CoverageRow,
}  # fmt: skip
#: Columns that we add after the common ones, in the order of `Draft.derived`.
_DERIVED: Final[Mapping[str, tuple[str, ...]]] = {
    "record": (), "coverage": (), "tie": ("subject_identity", "other_identity"), "residence": ("subject_identity",),
    "person": ("identity", "search_given", "search_family", "search_postcode"),
}  # fmt: skip


def _facts(model: type[Fact], *columns: str) -> Into:
    return Into(model._meta.db_table, columns)


_ROWS: Final = {
    kind: _facts(model, *model.said, *Row.ADDED, *_DERIVED[kind], "salt") for kind, model in TABLES.items()
}
_SUBJECTS: Final = Into("records_recordsubject", ("identity", "record", "position"))
_AGENCIES: Final = _facts(Agency, "id", "salt", "kind", "area", "unit", "first_heard_at")
_HELD: Final = _facts(
    QuarantinedRow,
    "id", "salt", "delivery", "file", "line", "raw", "raw_sha256", "raw_bytes", "held_at", "faults",
)  # fmt: skip
#: So many lines at most are few.
_FEW: Final = 24


#: One row of the file: usually one draft.
Group = tuple[Draft | Held, ...]
#: What makes two rows versions of one another: kind, agency, reference.
_Row = tuple[str, str, str]


class _Known:
    """The versions of one row that are there, and the contents of those that were not withdrawn."""

    __slots__ = ("last", "live")

    def __init__(self, last: int = 0) -> None:
        self.last = last
        self.live: set[bytes] = set()


class _Batch:
    """What is known while one batch is decided."""

    def __init__(self, known: dict[_Row, _Known], declared: set[str]) -> None:
        self.known = known
        self.declared = declared
        self.first: dict[int, Draft] = {}  # key -> the first row of this batch that nothing was known of
        self.new: dict[str, list[tuple[Draft, int]]] = {}
        self.held: list[Held] = []

    def version_of(self, row: Draft) -> int:
        """Which version of its row this is; 0: one that is there."""
        if not self.known and row.key not in self.first:  # a first delivery, by far the most
            self.first[row.key] = row
            return 1
        self._know_first(row.key)
        there = self.known.setdefault((row.kind, row.agency, row.reference), _Known())
        if row.content in there.live:
            return 0
        there.live.add(row.content)
        there.last += 1
        return there.last

    def _know_first(self, key: int) -> None:
        before = self.first.get(key)
        if before is not None:
            there = self.known.setdefault((before.kind, before.agency, before.reference), _Known(1))
            there.live.add(before.content)


class Leaves:
    """The leaves of a delivery in the making, kept in a file once they are many."""

    def __init__(self) -> None:
        self._spool = SpooledTemporaryFile(max_size=32 * 1024 * 1024)  # noqa: SIM115 - closed with the delivery

    def add(self, kind: str, ids: Sequence[str], commitments: bytes) -> None:
        """Leaves of one kind: their ids, which hold no line end, and their commitments one behind the other."""
        names = "\n".join(ids).encode()
        self._spool.write(f"{kind} {len(names)} {len(commitments)}\n".encode() + names + commitments)

    def add_fact(self, fact: Committed) -> None:
        self.add(fact.kind, [fact.id], fact.commitment)

    def __iter__(self) -> Iterator[Block]:
        self._spool.seek(0)
        while header := self._spool.readline():
            kind, names, commitments = header.split()
            ids = self._spool.read(int(names)).decode().split("\n")
            yield Block(kind.decode(), ids, self._spool.read(int(commitments)))

    def close(self) -> None:
        self._spool.close()


class Loader:
    """Loads one delivery, batch by batch, and counts what became of each row.

    It works on the connection that it is given, and on no other: the batches are loaded by a thread of their own, so
    that the next one is read while the server takes in the last.
    """

    def __init__(
        self, db: Connection[Any], *, delivery: str, file: str, at: datetime, salts: Salts, withdrawn: Collection[str]
    ) -> None:  # fmt: skip
        self._db, self._delivery, self._file, self._at, self._salts = db, delivery, file, at, salts
        self._agencies: set[str] = set()
        self._declared: set[str] = set()
        self._withdrawn = withdrawn
        self._waiting: list[tuple[Into, Sequence[str]]] = []
        self._place = 0
        self.leaves = Leaves()
        self.issues: list[Fault] = []
        self.remarks: list[Fault] = []
        self.loaded = self.already_known = self.quarantined = 0
        self.totals: dict[str, int] = {}
        self.heard: dict[str, str] = {}

    # -- one batch ---------------------------------------------------------------------------------------------------

    def load(self, rows: Sequence[Draft | Held], agencies: Mapping[str, SendingAgency]) -> None:
        """Load one batch of rows, each of which is one draft."""
        self.load_groups([(row,) for row in rows], agencies)

    def load_groups(self, groups: Sequence[Group], agencies: Mapping[str, SendingAgency]) -> None:
        """Load one batch of rows, each of which may stand for several drafts; it is loaded if any of them is new."""
        self._copy_all()
        drafts = [row for group in groups for row in group if isinstance(row, Draft)]
        unseen = [agency for name, agency in dict(agencies).items() if name not in self._agencies]
        known, there = self._look_up(drafts, [agency.id for agency in unseen])
        batch = _Batch(known, self._declared)
        for group in groups:
            self._decide(group, batch)
        self._add_agencies(unseen, there)
        for kind, accepted in batch.new.items():
            self._add_rows(kind, accepted)
        self._hold(batch.held)

    def _decide(self, group: Group, batch: _Batch) -> None:
        """Sort one row into loaded, already known or held back."""
        kind = ""
        for row in group:
            if isinstance(row, Held):
                batch.held.append(row)
                return
            if not batch.declared.issuperset(row.needs):
                batch.held.append(_undeclared(row, batch.declared))
                return
            version = batch.version_of(row)
            if version:
                kind = row.kind
                batch.new.setdefault(kind, []).append((row, version))
                if kind == "person":
                    batch.declared.update(row.filed)
        if kind:
            self.loaded += 1
            self.totals[kind] = self.totals.get(kind, 0) + 1
        else:
            self.already_known += 1

    # -- what is there already ---------------------------------------------------------------------------------------

    def _look_up(
        self, drafts: Sequence[Draft], agencies: Sequence[str]
    ) -> tuple[dict[_Row, _Known], set[str]]:
        """The versions that are there of these rows, and which of the agencies are; whom the rows need is remembered."""
        by_kind: dict[str, dict[int, None]] = {}
        for draft in drafts:
            by_kind.setdefault(draft.kind, {})[draft.key] = None
        if len(self._declared) > _REMEMBERED:
            self._declared.clear()
        needed = {need for draft in drafts for need in draft.needs} - self._declared
        asked: list[Asked] = [(_VERSIONS[kind], [list(keys)]) for kind, keys in by_kind.items()]
        asked += [(_DECLARED, [list(needed)])] if needed else []
        asked += [(_THERE, [agencies])] if agencies else []
        found = iter(together(*asked, over=self._db))
        known = self._known({kind: next(found) for kind in by_kind})
        self._declared.update(identity for (identity,) in (next(found) if needed else ()))
        return known, {agency for (agency,) in (next(found) if agencies else ())}

    def _known(self, found: Mapping[str, Iterable[tuple[Any, ...]]]) -> dict[_Row, _Known]:
        known: dict[_Row, _Known] = {}
        for kind, rows in found.items():
            for agency, reference, version, content, delivery in rows:
                there = known.setdefault((kind, agency, reference), _Known())
                there.last = max(there.last, version)
                if delivery not in self._withdrawn:
                    there.live.add(bytes(content))
        return known

    # -- writing -----------------------------------------------------------------------------------------------------

    def rest(self) -> list[Asked]:
        """The statements that write what still waits, where it is little: they go with the delivery's own row."""
        if sum(len(lines) for _, lines in self._waiting) > _FEW:
            self._copy_all()
        waiting, self._waiting = self._waiting, []
        return [(into.insert, cells_of(line)) for into, lines in waiting for line in lines]

    def _copy_all(self) -> None:
        """Write what waits: the next batch has to find it."""
        for into, lines in self._waiting:
            with self._db.cursor() as cursor, cursor.copy(into.copy) as copy:
                copy.write("".join(lines))
        self._waiting = []

    def _write(self, into: Into, lines: Sequence[str]) -> None:
        if lines:
            self._waiting.append((into, lines))

    def _add_agencies(self, unseen: Sequence[SendingAgency], there: Collection[str]) -> None:
        self._agencies.update(agency.id for agency in unseen)
        lines = []
        for agency in unseen:
            if agency.id not in there:
                row = Agency(id=agency.id, kind=agency.kind, area=agency.area, unit=agency.unit,
                             first_heard_at=self._at, salt=self._salts(SALT_BYTES))  # fmt: skip
                self.leaves.add_fact(row.committed())
                cells = (row.id, f"\\x{row.salt.hex()}", row.kind, row.area, row.unit)
                lines.append("\t".join(copied(cell) for cell in cells) + f"\t{utc(self._at)}\n")
        self._write(_AGENCIES, lines)

    def _add_rows(self, kind: str, accepted: Sequence[tuple[Draft, int]]) -> None:
        ledger_kind, delivery, start = (
            TABLES[kind].ledger_kind,
            self._delivery,
            row_id(kind, self._delivery, 0)[:-7],
        )
        salts = self._salts(SALT_BYTES * len(accepted))
        rows, subjects, ids, commitments = [], [], [], []
        for n, (draft, version) in enumerate(accepted):
            (
                _,
                key,
                _,
                _,
                said,
                text,
                content,
                learnt,
                filed,
                _,
                _,
                line,
                extra,
                _,
                (derived_json, derived_text),
            ) = draft
            row = f"{start}{self._place + n:07d}"
            salt, digits = salts[n * SALT_BYTES : (n + 1) * SALT_BYTES], content.hex()
            added = f'["{row}",{key},{version},"{learnt}","{delivery}",{line},{extra or "null"},"{digits}"{derived_json}]'
            commitments.append(sha256(salt + (said + added).encode()).digest())
            ids.append(row)
            rows.append(
                f"{text}\t{row}\t{key}\t{version}\t{learnt}\t{delivery}\t{line}\t{copied(extra) if extra else NULL}\t"
                f"\\\\x{digits}{derived_text}\t\\\\x{salt.hex()}\n"
            )
            if kind == "record":
                subjects += [f"{identity}\t{row}\t{position}\n" for position, identity in enumerate(filed)]
        if kind == "record":
            self._hear(accepted)
        self._place += len(accepted)
        self._write(_ROWS[kind], rows)
        self._write(_SUBJECTS, subjects)
        self.leaves.add(ledger_kind, ids, b"".join(commitments))

    def _hear(self, accepted: Sequence[tuple[Draft, int]]) -> None:
        """Remember when the latest record of each agency was learnt; moments are written so that they sort."""
        heard = self.heard
        for draft, _ in accepted:
            if draft.learnt_at > heard.get(draft.agency, ""):
                heard[draft.agency] = draft.learnt_at

    def _hold(self, held: Sequence[Held]) -> None:
        """Put rows into quarantine, each with its line as it came."""
        self.quarantined += len(held)
        for row in held:
            self._report(row.faults)
        if not held:
            return
        lines = []
        for row in held:
            fact = self._quarantined(row)
            self.leaves.add_fact(fact.committed())
            lines.append(_copied_fact(fact))
        self._write(_HELD, lines)

    def _quarantined(self, row: Held) -> QuarantinedRow:
        came = row.came or _as_it_came(row.text)
        return QuarantinedRow(
            id=stable_id("qua", self._delivery, str(row.line)), salt=self._salts(SALT_BYTES), delivery=self._delivery,
            file=self._file, line=row.line, raw=came.kept[:_KEPT_OF_A_LINE],
            raw_sha256=came.sha256, raw_bytes=came.length,
            held_at=self._at, faults=[issue_as_json(fault) for fault in row.faults],
        )  # fmt: skip

    def remark(self, *faults: Fault) -> None:
        """Report something odd about rows that are loaded all the same, or about the file."""
        self.remarks.extend(faults[: _MOST_REMARKS - len(self.remarks)])
        self._report(faults)

    def _report(self, faults: Sequence[Fault]) -> None:
        """Add to the report, up to its bound."""
        room = MOST_ISSUES - len(self.issues)
        self.issues.extend(faults[:room])


_VERSIONS: Final = {
    kind: "SELECT r.agency, r.reference, r.version, r.content, r.delivery FROM unnest(%s::bigint[]) AS k(series) "
    f"JOIN {model._meta.db_table} r ON r.series = k.series"
    for kind, model in TABLES.items()
}
_THERE: Final = "SELECT id FROM records_agency WHERE id = ANY(%s)"
_DECLARED: Final = (
    "SELECT DISTINCT p.identity FROM records_personrow p WHERE p.identity = ANY(%s) "
    "AND NOT EXISTS (SELECT 1 FROM records_withdrawal w WHERE w.delivery = p.delivery)"
)


def _undeclared(row: Draft, declared: set[str]) -> Held:
    faults = tuple(
        Fault(row.line, column, shown_id(person), f"no person row of this agency has {_named(shown_id(person))}",
              "Send a person row with this reference before the rows that use it.")
        for (column, person), identity in zip(row.named, row.needs, strict=True) if identity not in declared
    )  # fmt: skip
    return Held(row.line, faults, row.text)


def _named(reference: str) -> str:
    return f"the reference {reference!r}" if reference else "the reference that stands there"


def _as_it_came(text: str) -> AsItCame:
    raw = text.encode("utf-8", "surrogateescape")
    return AsItCame(raw, len(raw), sha256(raw).hexdigest())


def _copied_fact(row: QuarantinedRow) -> str:
    faults = json.dumps(row.faults, ensure_ascii=False)
    cells = (
        row.id, f"\\\\x{bytes(row.salt).hex()}", row.delivery, copied(row.file), str(row.line), f"\\\\x{bytes(row.raw).hex()}",
        row.raw_sha256, str(row.raw_bytes), utc(row.held_at), copied(faults),
    )  # fmt: skip
    return "\t".join(cells) + "\n"
