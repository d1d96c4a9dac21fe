"""Takes a delivery in: one file, one transaction, every row accounted for."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

from django.db import connection, transaction

from wholechild.records.actions.loading import BATCH, Loader
from wholechild.records.drafts import Draft, Held
from wholechild.records.facts import Fault
from wholechild.records.feeds.case_rows import agencies_of, case_drafts
from wholechild.records.feeds.chronology import ParsedChronology, read_chronology
from wholechild.records.feeds.flat import Cells, Csv, Feed, Ndjson
from wholechild.records.feeds.lines import Lines, NotReadable
from wholechild.records.feeds.mapping import Mapping
from wholechild.records.feeds.rows import Rows
from wholechild.records.ids import delivery_id
from wholechild.records.models import Delivery
from wholechild.records.queries import UNDER_KEY, Received
from wholechild.records.reports import MOST_ISSUES, DeliveryReport, issue_as_json, refused
from wholechild.trust.actions import SALT_BYTES, Salts, append_blocks
from wholechild.trust.queries import inserting, together
from wholechild.vocabulary.terms import vocabulary

#: One delivery at a time decides what is new; pages and commands that read do not wait for it.
_LOADING_LOCK: Final = 0x6C6F6164
#: What is there is looked up by key, a few thousand rows at a time: never by reading a table that grows meanwhile.
_BY_KEY: Final = (
    "SELECT set_config('statement_timeout', '0', true), set_config('enable_seqscan', 'off', true), "
    "set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true), "
    "set_config('plan_cache_mode', 'force_generic_plan', true)"
)
_BATCH_BYTES: Final = 8 * 1024 * 1024
_CHRONOLOGY: Final = "chronology"
_FORMS: Final = {
    ".yaml": _CHRONOLOGY,
    ".yml": _CHRONOLOGY,
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "ndjson",
}

Progress = Callable[[int], None]


def ingest(
    *, by: str, purpose: str, at: datetime, path: Path, salts: Salts, key: str = "", mapping: Mapping | None = None,
    learnt_when_written: bool = False, progress: Progress = lambda rows: None,
) -> DeliveryReport:  # fmt: skip
    """Load one file and say what became of every row of it.

    Shape    one transaction: all good rows and their leaves, or nothing. `key` names the delivery, else the file's name.
    Errors   OSError where the file cannot be opened; DoesNotReconcile, a bug. What is wrong inside the file is reported.
    """
    key = key or path.name
    with path.open("rb") as stream:
        form = _form(path, stream)
        try:
            with transaction.atomic():
                _, _, found, withdrawn = together(
                    (_BY_KEY, []), ("SELECT pg_advisory_xact_lock(%s)", [_LOADING_LOCK]),
                    (UNDER_KEY, [key]), ("SELECT delivery FROM records_withdrawal", []),
                )  # fmt: skip
                under_key = [Received(*row) for row in found]
                seen = _seen_before(key, under_key, stream, str(path), form)
                if seen:
                    return seen
                work = _Ingest(by, purpose, at, path, key, form, learnt_when_written, salts, progress,
                               earlier=len(under_key), withdrawn={delivery for (delivery,) in withdrawn})  # fmt: skip
                return work.run(stream, mapping or Mapping())
        except NotReadable as wrong:  # outside the transaction: nothing of the file is kept
            return refused(str(path), form, wrong.fault)


def _form(path: Path, stream: BinaryIO) -> str:
    """`chronology`, `ndjson` or `csv`: by the name, else by how the file begins."""
    if path.suffix.lower() in _FORMS:
        return _FORMS[path.suffix.lower()]
    start = stream.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")
    stream.seek(0)
    return "ndjson" if path.suffix.lower() != ".csv" and start.startswith(b"{") else "csv"


def _seen_before(
    key: str, under_key: Iterable[Received], stream: BinaryIO, path: str, form: str
) -> DeliveryReport | None:
    """What to answer where a delivery with this key is there and was not withdrawn; None: read on."""
    there = next((received for received in under_key if not received.withdrawn), None)
    if there is None:
        return None
    digest = sha256()
    while chunk := stream.read(1 << 20):
        digest.update(chunk)
    stream.seek(0)
    if digest.hexdigest() == there.sha256:
        return DeliveryReport(path, form, rows_in=there.rows_in, already_known=there.rows_in)
    return refused(path, form, Fault(
        0, "key", key[:60], f"a delivery with the key {key[:60]!r} was received before, and these are other bytes; nothing was loaded",
        "If this is a new delivery, give it another name or --key. If the first was wrong: wholechild undo-delivery "
        f"{there.id}, then send this one again.",
    ))  # fmt: skip


@contextmanager
def _for_volume() -> Iterator[None]:
    """While two threads share millions of small values: hand over quickly, and look for no cycles, as there are none."""
    interval, collecting = sys.getswitchinterval(), gc.isenabled()
    sys.setswitchinterval(0.0005)
    gc.disable()
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        if collecting:
            gc.enable()


class _Ingest:
    """One delivery being loaded."""

    def __init__(
        self, by: str, purpose: str, at: datetime, path: Path, key: str, form: str, learnt_when_written: bool,
        salts: Salts, progress: Progress, *, earlier: int, withdrawn: Collection[str],
    ) -> None:  # fmt: skip
        self.by, self.purpose, self.at, self.path, self.key, self.form = by, purpose, at, path, key, form
        self.learnt_when_written, self.salts, self.progress = learnt_when_written, salts, progress
        self.delivery = delivery_id(key, earlier)
        self.loader = Loader(
            connection.connection, delivery=self.delivery, file=path.name, at=at, salts=salts, withdrawn=withdrawn
        )  # fmt: skip
        self.rows_in = 0

    def run(self, stream: BinaryIO, mapping: Mapping) -> DeliveryReport:
        try:
            digest, size = (
                self._chronology(stream) if self.form == _CHRONOLOGY else self._flat(stream, mapping)
            )
            return self._finish(digest, size)
        finally:
            self.loader.leaves.close()

    # -- the flat feed -------------------------------------------------------------------------------------------

    def _flat(self, stream: BinaryIO, mapping: Mapping) -> tuple[str, int]:
        lines = Lines(stream, mapping.encoding)
        feed: Feed = Ndjson(lines, mapping) if self.form == "ndjson" else Csv(lines, mapping)
        rows = Rows(vocabulary=vocabulary(), at=self.at, learnt_when_written=self.learnt_when_written,
                    as_sent=mapping.adjuster() is None)  # fmt: skip
        with _for_volume(), ThreadPoolExecutor(max_workers=1) as worker:
            loading: Future[None] | None = None
            for batch, is_last in self._batches(feed, rows):
                if loading:
                    loading.result()
                if is_last:
                    self.loader.load(batch, rows.agencies)
                else:
                    loading = worker.submit(self.loader.load, batch, rows.agencies)
                self.progress(lines.bytes)
        self.loader.remark(*feed.remarks, *rows.remarks())
        return lines.sha256(), lines.bytes

    def _batches(self, feed: Feed, rows: Rows) -> Iterator[tuple[list[Draft | Held], bool]]:
        """Batches, and whether it is the last one: there always is a last one."""
        batch: list[Draft | Held] = []
        size = 0
        for row in feed:
            self.rows_in += 1
            batch.append(rows.draft(row) if isinstance(row, Cells) else Held(*row))
            size += len(row.text)
            if len(batch) >= BATCH or size > _BATCH_BYTES:
                yield batch, False
                batch, size = [], 0
        yield batch, True

    # -- a chronology ---------------------------------------------------------------------------------------------

    def _chronology(self, stream: BinaryIO) -> tuple[str, int]:
        size = os.fstat(stream.fileno()).st_size
        if size > 2 * 1024 * 1024:
            raise NotReadable(
                Fault(
                    0, "", "", "a chronology may have 2 MiB at most", "Divide it, or send it as a flat feed."
                )
            )
        data = stream.read()
        parsed = read_chronology(data, name=self.path.name)
        if parsed.rows == 0 and parsed.faults:
            raise NotReadable(parsed.faults[0])
        self.rows_in = parsed.rows
        groups: list[tuple[Draft | Held, ...]] = [drafts for _, drafts in case_drafts(parsed, self.at)]
        self.loader.load_groups([*groups, *_left_out(parsed, data)], agencies_of(parsed))
        self.loader.remark(*parsed.remarks)
        return sha256(data).hexdigest(), len(data)

    # -- the end of the delivery --------------------------------------------------------------------------------------

    def _finish(self, digest: str, size: int) -> DeliveryReport:
        done = self.loader
        issues = tuple(sorted(done.issues, key=lambda fault: fault.line))
        if len(issues) == MOST_ISSUES:
            issues += (
                Fault(
                    0,
                    "",
                    "",
                    f"only the first {MOST_ISSUES:,} issues are shown",
                    "See the rest: wholechild quarantine list.",
                ),
            )
        report = DeliveryReport(
            str(self.path), self.form, self.delivery, self.rows_in, done.loaded, done.quarantined, done.already_known, issues,
            totals=done.totals,
        )  # fmt: skip
        row = self._delivery_row(report, digest, size)
        done.leaves.add_fact(row.committed())
        append_blocks(by=self.by, purpose=self.purpose, at=self.at, act="delivery.ingest", blocks=done.leaves,
                      writing=[*done.rest(), *inserting([row])])  # fmt: skip
        return report

    def _delivery_row(self, report: DeliveryReport, digest: str, size: int) -> Delivery:
        return Delivery(
            id=self.delivery, salt=self.salts(SALT_BYTES), key=self.key, sha256=digest, bytes=size, format=self.form,
            learnt_when_written=self.learnt_when_written, received_at=self.at, by=self.by, rows_in=report.rows_in,
            loaded=report.loaded, quarantined=report.quarantined, already_known=report.already_known,
            totals=dict(report.totals), remarks=[issue_as_json(remark) for remark in self.loader.remarks],
            heard=dict(self.loader.heard),
        )  # fmt: skip


def _left_out(parsed: ParsedChronology, data: bytes) -> list[tuple[Held]]:
    """The rows that could not be read, each with its faults and its first line."""
    text = data.decode("utf-8", "replace").split("\n")
    return [(Held(row.line, row.faults, text[row.line - 1]),) for row in parsed.left_out]
