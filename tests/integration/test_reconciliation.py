"""However a file is spoilt, no row is lost without a word: rows in = loaded + quarantined + already known."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.databases import AT
from tests.feeds import as_csv, as_ndjson, coverage, person, record

pytestmark = pytest.mark.usefixtures("rolled_back")

ROWS: Final = [
    coverage(), *(person(f"P-{n}", given_name="Zoë", born="2009-02") for n in range(4)),
    *(record(f"V-{n}", subject=f"P-{n % 4}", what='She said "no",\nand left.' if n % 3 else "Seen.") for n in range(12)),
]  # fmt: skip
GOOD: Final = {".csv": as_csv(ROWS).encode(), ".ndjson": as_ndjson(ROWS).encode()}
SPOILERS: Final = (
    b"",
    b"\0",
    b'"',
    b"\n",
    b"\r",
    b",",
    b";",
    b"\xff",
    b"\xe2\x80",
    b"{",
    b"}",
    b"\\",
    b"\xef\xbb\xbf",
    b"2031-13-02",
    b"x" * 3000,
)

spoilings = st.lists(
    st.tuples(st.integers(0, 10_000), st.integers(0, 40), st.sampled_from(SPOILERS)), min_size=1, max_size=6
)


def spoilt(content: bytes, spoiling: list[tuple[int, int, bytes]]) -> bytes:
    """Replace a few bytes here and there by something else."""
    for at, length, by in spoiling:
        at %= len(content) + 1
        content = content[:at] + by + content[at + length :]
    return content


def load(suffix: str, content: bytes) -> Any:
    from django.db import transaction

    from wholechild.records.actions import ingest

    with tempfile.TemporaryDirectory() as folder, transaction.atomic():
        path = Path(folder) / f"feed{suffix}"
        path.write_bytes(content)
        report = ingest(by="tester", purpose="data_quality", at=AT, path=path, salts=Random(1).randbytes)
        stored = _stored()
        transaction.set_rollback(True)
    return report, stored


def _stored() -> tuple[int, int]:
    from wholechild.records.actions.loading import TABLES
    from wholechild.records.models import QuarantinedRow

    return sum(model.objects.count() for model in TABLES.values()), QuarantinedRow.objects.count()


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(suffix=st.sampled_from(sorted(GOOD)), spoiling=spoilings)
def test_a_spoilt_file_reconciles(suffix: str, spoiling: list[tuple[int, int, bytes]]) -> None:
    report, stored = load(suffix, spoilt(GOOD[suffix], spoiling))
    assert report.rows_in == report.loaded + report.quarantined + report.already_known
    assert stored == (report.loaded, report.quarantined)
    assert report.has_issues or report.loaded + report.already_known == report.rows_in
    if not report.has_issues and suffix == ".ndjson":
        lines = [line for line in spoilt(GOOD[suffix], spoiling).split(b"\n") if line.strip()]
        assert report.rows_in == len(lines)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(suffix=st.sampled_from(sorted(GOOD)), length=st.integers(1, 10_000))
def test_a_file_cut_off_anywhere_loses_nothing_silently(suffix: str, length: int) -> None:
    content = GOOD[suffix][: length % len(GOOD[suffix])]
    report, stored = load(suffix, content)
    whole = content.endswith(b"\n") if suffix == ".csv" else content.endswith((b"\n", b"}"))
    assert stored == (report.loaded, report.quarantined)
    assert report.has_issues or whole
    if suffix == ".csv" and not report.refused:
        assert (
            abs(report.rows_in - _rows(content)) <= 1
        )  # inside an open quotation, each line counts as a row


def _rows(content: bytes) -> int:
    """How many rows somebody else's reader finds, the last one included however it ends."""
    text = content.decode("utf-8", "replace")
    return max(0, sum(1 for row in csv.reader(io.StringIO(text)) if row) - 1)
