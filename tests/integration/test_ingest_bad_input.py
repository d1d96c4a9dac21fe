"""More of what senders get wrong, by volume and by kind; the single faults stand in test_bad_input.py."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.databases import AT
from tests.feeds import as_csv, as_ndjson, person, record
from tests.integration.worlds import counts

pytestmark = pytest.mark.usefixtures("rolled_back")
CASES = Path(__file__).parents[2] / "cases"


def reconciles(report: Any) -> bool:
    return bool(report.rows_in == report.loaded + report.quarantined + report.already_known)


@pytest.mark.parametrize(
    ("wrong", "field", "says"),
    [
        ({"count": "-1"}, "count", "whole number"),
        ({"count": "2.5"}, "count", "whole number"),
        ({"count": "1e3"}, "count", "whole number"),
        ({"count": "²"}, "count", "whole number"),
        ({"measures": "kg=900"}, "measures", "outside 0.3 to 250 kg"),
        ({"measures": "kg=-4"}, "measures", "outside"),
        ({"measures": "kg"}, "measures", "name and a value"),
        ({"measures": "kg=1;kg=2"}, "measures", "twice"),
        ({"happened": "2026-03-05"}, "happened", "future"),
        ({"happened": "1899-12-31"}, "happened", "before 1900"),
        ({"happened": "03/03/2012"}, "happened", "not"),
        ({"happened": "2012-02-30"}, "happened", "not a day"),
        ({"happened": ""}, "happened", "does not say when"),
        ({"written_at": "2026-03-09T00:00:00Z"}, "written_at", "future"),
        ({"kind": ""}, "kind", "no kind"),
        ({"subject": "P-1;P-1"}, "subject", "no person row"),
        ({"reference": "x" * 300}, "reference", "longer"),
        ({"area": "Northmoor/East"}, "area", "cannot hold"),
        ({"row": "Record "}, "row", "not one of"),
        ({"what": "\u202egnirts"}, "", ""),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_each_fault_has_line_field_why_and_do(
    deliver: Any, wrong: dict[str, str], field: str, says: str
) -> None:
    report = deliver("feed.csv", as_csv([person(), record("V-1"), {**record("V-2"), **wrong}, record("V-3")]))
    assert reconciles(report)
    if not says:
        assert report.rows_in == 4
        return
    assert (report.loaded, report.quarantined) == (3, 1), report.issues
    assert field in {issue.field for issue in report.issues}
    for issue in report.issues:
        assert issue.line == 4
        assert issue.do.endswith((".", ";", "kinds."))
        assert len(issue.value) <= 60
    assert any(says in issue.why for issue in report.issues), report.issues


@pytest.mark.parametrize(
    ("kind", "nearest"),
    [("injury.burnn", "injury.burn"), ("contact.no_acess_visit", "contact.no_access_visit")],
)
def test_an_unknown_kind_suggests_the_nearest(deliver: Any, kind: str, nearest: str) -> None:
    (issue,) = deliver("feed.csv", as_csv([person(), record(kind=kind)])).issues
    assert f"Did you mean {nearest}?" in issue.do


@pytest.mark.parametrize(
    "column",
    [
        "given_name",
        "family_name",
        "born",
        "died",
        "sex",
        "nhs_number",
        "postcode",
        "role",
        "address",
        "local_ids",
    ],
)
def test_no_fault_repeats_what_identifies_a_person(deliver: Any, wholechild: Any, column: str) -> None:
    secret = "Quarrington" + "x" * 2_100
    report = deliver("feed.csv", as_csv([person(**{column: secret})]))
    assert report.quarantined == 1
    for issue in report.issues:
        if column not in ("born", "died"):  # of a date the form has to be shown to be put right
            assert "Quarrington" not in f"{issue.value}{issue.why}{issue.do}"
        assert issue.value == ""


def test_a_file_in_another_encoding_holds_back_only_the_lines_that_show_it(deliver: Any) -> None:
    rows = [person(), *(record(f"V-{n}", what="Café" if n % 10 == 0 else "Tea") for n in range(50))]
    report = deliver("feed.csv", as_csv(rows).encode("cp1252"))
    assert (report.rows_in, report.loaded, report.quarantined) == (51, 46, 5)
    assert {issue.why.partition(" (")[0] for issue in report.issues} == {"this line is not UTF-8"}
    assert all("encoding: cp1252" in issue.do for issue in report.issues)


def test_every_row_bad_is_still_accounted_for(deliver: Any) -> None:
    from wholechild.records.models import QuarantinedRow, RecordRow
    from wholechild.trust.queries import verify

    report = deliver("feed.csv", as_csv([record(f"V-{n}", happened="2031-13-02") for n in range(300)]))
    assert (report.rows_in, report.loaded, report.quarantined) == (300, 0, 300)
    assert (QuarantinedRow.objects.count(), RecordRow.objects.count()) == (300, 0)
    assert verify().ok


def test_the_lines_of_the_report_are_the_lines_of_the_file(deliver: Any) -> None:
    """Seeded noise among quoted line ends: each reported line holds the row that it is about."""
    chance = Random(5)
    rows = [person()]
    for n in range(400):
        bad = chance.random() < 0.2
        rows.append(
            record(
                f"V-{n}",
                what="\n".join(["a"] * chance.randint(1, 4)),
                kind="no.such.kind" if bad else "injury.burn",
            )
        )
    text = as_csv(rows)
    lines = text.split("\n")
    report = deliver("feed.csv", text)
    assert report.quarantined == sum(row.get("kind") == "no.such.kind" for row in rows) > 50
    for issue in report.issues:
        assert "no.such.kind" in lines[issue.line - 1]


def test_a_held_row_is_kept_as_it_came(deliver: Any) -> None:
    """Whoever mends it must see what was sent, byte for byte as far as it is kept."""
    from wholechild.records.models import QuarantinedRow

    line = as_csv([record("V-9", happened="2031-13-02")]).split("\n")[1] + "\n"
    deliver(
        "feed.csv", as_csv([person(kind="", happened="", subject=""), record("V-9", happened="2031-13-02")])
    )
    row = QuarantinedRow.objects.get()
    sent = csv.reader(io.StringIO(bytes(row.raw).decode()))
    assert "2031-13-02" in next(sent)
    assert row.raw_sha256 == sha256(bytes(row.raw)).hexdigest()
    assert len(bytes(row.raw)) == row.raw_bytes >= len(line)


@pytest.mark.parametrize("length", [2_000_000, 5_000_000])
def test_of_a_line_too_long_its_true_length_and_hash_are_kept(deliver: Any, length: int) -> None:
    from wholechild.records.models import QuarantinedRow

    line = b"record," + b"x" * length + b"\n"
    deliver("feed.csv", as_csv([person()]).encode() + line)
    row = QuarantinedRow.objects.get()
    assert (row.raw_bytes, row.raw_sha256) == (len(line), sha256(line).hexdigest())
    assert bytes(row.raw).startswith(b"record,xxx")


def test_of_a_line_in_another_encoding_the_bytes_are_kept(deliver: Any) -> None:
    from wholechild.records.models import QuarantinedRow

    deliver("feed.csv", as_csv([person(), record(what="Café")]).encode("cp1252"))
    assert b"Caf\xe9" in bytes(QuarantinedRow.objects.get().raw)


def test_a_case_whose_people_are_undeclared_is_accounted_for(deliver: Any) -> None:
    text = (CASES / "khan.yaml").read_text()
    start, end = text.index("\npeople:"), text.index("\nevents:")
    report = deliver("khan.yaml", text[: start + 1] + text[end + 1 :])
    assert reconciles(report)
    assert report.loaded == 0
    assert report.issues
    assert all(issue.why and issue.do for issue in report.issues)


def test_what_fails_in_the_middle_of_a_delivery_leaves_nothing(
    deliver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full after the second batch: no row, no leaf, no delivery of it is there."""
    from django.db import transaction

    from wholechild.records.actions.loading import Loader

    before, loads, done = counts(), Loader.load, []

    def filling(self: Any, rows: Any, agencies: Any) -> None:
        if len(done) == 2:
            raise OSError("no space left on device")
        done.append(len(rows))
        loads(self, rows, agencies)

    monkeypatch.setattr(Loader, "load", filling)
    monkeypatch.setattr("wholechild.records.actions.ingesting.BATCH", 10)
    with pytest.raises(OSError, match="no space"), transaction.atomic():
        deliver("feed.csv", as_csv([person(), *(record(f"V-{n}") for n in range(50))]))
    assert done == [10, 10]
    assert counts() == before


def test_a_loader_that_counts_a_row_it_did_not_store_is_found(
    deliver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A planted fault: the count is right and the row is gone. The ledger tells the difference."""
    from wholechild.records.actions.loading import Loader
    from wholechild.trust.queries import verify

    writes = Loader._write
    monkeypatch.setattr(
        Loader, "_write",
        lambda self, into, lines: writes(self, into, lines[:-1] if "records_recordrow" in into.copy else lines),
    )  # fmt: skip
    report = deliver("feed.csv", as_csv([person(), record("V-1"), record("V-2")]))
    assert reconciles(report)
    bad = verify().first_bad
    assert bad is not None
    assert (bad.fact_kind, "missing" in bad.why) == ("record", True)


def test_one_bad_file_of_many_does_not_stop_the_others(
    wholechild: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "1.csv").write_bytes(b"PK\x03\x04")
    (tmp_path / "2.csv").write_text(as_csv([person(), record()]))
    (tmp_path / "3.yaml").write_text("events: [\n{{{{")
    (tmp_path / "4.ndjson").write_text(as_ndjson([record("V-2")]))
    result = wholechild("ingest", tmp_path, "--json", "--now", AT.strftime("%Y-%m-%d"))
    assert result.exit_code == 3
    assert [d["loaded"] for d in json.loads(result.stdout)["deliveries"]] == [0, 2, 0, 1]


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ("columns: {a: no_such_column}", "no column of ours"), ("encoding: utf-16", "encoding"), ("delimiter: ';;'", "one character"),
        ("dates: {kind: '%d'}", "column of dates"), ("colums: {}", "nothing that a mapping file may name"), ("[", ""), ("timezone: Europe/Londn", "time zone"),
    ],
)  # fmt: skip
def test_a_mapping_with_a_fault_is_bad_usage_and_loads_nothing(
    wholechild: Callable[..., Any], tmp_path: Path, mapping: str, says: str
) -> None:
    (tmp_path / "feed.csv").write_text(as_csv([person()]))
    (tmp_path / "map.yaml").write_text(mapping)
    before = counts()
    result = wholechild("ingest", tmp_path / "feed.csv", "--mapping", tmp_path / "map.yaml")
    assert result.exit_code == 2
    assert "map.yaml, line " in result.stderr
    assert says in result.stderr
    assert counts() == before


@pytest.mark.parametrize("column", ["informant", "also_about", "subject"])
@pytest.mark.parametrize("typed", ["Sunita Okonkwo", "sunita", "9990000018"])
def test_a_name_typed_for_a_reference_is_not_repeated(deliver: Any, column: str, typed: str) -> None:
    report = deliver("feed.csv", as_csv([person(), record(**{column: typed})]))
    assert report.quarantined == 1
    assert {issue.field for issue in report.issues} == {column}
    assert typed not in str(report.issues)


def test_a_reference_that_nobody_declared_is_named(deliver: Any) -> None:
    report = deliver("feed.csv", as_csv([person(), record(subject="P-404")]))
    assert "'P-404'" in report.issues[0].why
    assert report.issues[0].value == "P-404"
