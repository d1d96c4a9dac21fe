"""A delivery comes in: every row of it is loaded, held back or already known, and nothing else can happen."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.feeds import POLICE, as_csv, as_ndjson, coverage, person, record

pytestmark = pytest.mark.usefixtures("rolled_back")


def totals(report: Any) -> tuple[int, int, int, int]:
    return report.rows_in, report.loaded, report.quarantined, report.already_known


# -- good rows --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "write"), [("feed.csv", as_csv), ("feed.ndjson", as_ndjson)])
def test_good_rows_load_from_both_forms(deliver: Any, name: str, write: Any) -> None:
    from wholechild.records.models import RecordRow, RecordSubject

    rows = [
        coverage(),
        person("P-1"),
        person("P-2"),
        record(subject="P-1", also_about="P-2", count="3", measures="kg=14.8"),
    ]
    report = deliver(name, write(rows))
    assert totals(report) == (4, 4, 0, 0)
    assert report.issues == ()
    stored = RecordRow.objects.get()
    assert (stored.agency, stored.reference, stored.about) == (
        "health_visiting/Northmoor",
        "V-1",
        ["P-1", "P-2"],
    )
    assert (stored.count, stored.measures, stored.precision) == (3, {"kg": 14.8}, "day")
    assert RecordSubject.objects.count() == 2


def test_both_forms_say_the_same(deliver: Any) -> None:
    rows = [
        person("P-1", born="2009-02-11"),
        record(measures="kg=14.8", what='She said "no", twice;\tand left.'),
    ]
    assert totals(deliver("first.csv", as_csv(rows))) == (2, 2, 0, 0)
    assert totals(deliver("second.ndjson", as_ndjson(rows))) == (2, 0, 0, 2)


@pytest.mark.parametrize(
    ("happened", "first", "last", "precision"),
    [
        ("2012-03-03", "2012-03-03", "2012-03-03", "day"),
        ("2012-02", "2012-02-01", "2012-02-29", "month"),
        ("2012-Q1", "2012-01-01", "2012-03-31", "quarter"),
        ("2011-10/quarter", "2011-10-01", "2011-12-31", "quarter"),
        ("2012", "2012-01-01", "2012-12-31", "year"),
    ],
)
def test_vague_dates_stay_vague(deliver: Any, happened: str, first: str, last: str, precision: str) -> None:
    from wholechild.records.models import RecordRow

    deliver("feed.csv", as_csv([person(), record(happened=happened)]))
    row = RecordRow.objects.get()
    assert (str(row.first_on), str(row.last_on), row.precision) == (first, last, precision)


def test_a_quoted_line_end_keeps_line_numbers_right(deliver: Any) -> None:
    rows = [
        person(),
        record("V-1", what="one\ntwo\nthree"),
        record("V-2", kind="contact.no_such_kind", what=""),
    ]
    report = deliver("feed.csv", as_csv(rows))
    assert totals(report) == (3, 2, 1, 0)
    assert [(i.line, i.field) for i in report.issues] == [(6, "kind")]


def test_a_byte_order_mark_and_windows_line_ends_are_no_fault(deliver: Any) -> None:
    text = "\ufeff" + as_csv([person(), record()]).replace("\n", "\r\n")
    assert totals(deliver("feed.csv", text)) == (2, 2, 0, 0)


def test_unknown_columns_are_kept_and_reported_once(deliver: Any) -> None:
    from wholechild.records.models import RecordRow

    rows = [person(ward="", bay=""), record("V-1", ward="7", bay="B"), record("V-2", ward="8", bay="")]
    report = deliver("feed.csv", as_csv(rows))
    assert totals(report) == (3, 3, 0, 0)
    (issue,) = report.issues
    assert issue.line == 1
    assert "ward, bay" in issue.field
    assert RecordRow.objects.get(reference="V-1").extra == {"bay": "B", "ward": "7"}


def test_a_mapping_turns_their_words_into_ours(deliver: Any) -> None:
    from wholechild.records.feeds.mapping import read_mapping
    from wholechild.records.models import RecordRow

    mapping, faults = read_mapping(
        """
        delimiter: ";"
        encoding: cp1252
        timezone: Europe/London
        constants: {agency: school, area: Northmoor, unit: Oakfield Primary}
        columns: {incident_no: reference, category: kind, pupil: subject, on: happened, notes: what, typed: written_at, type: row}
        codes: {kind: {"No answer": contact.no_access_visit}}
        dates: {happened: "%d/%m/%Y"}
        """
    )
    assert faults == ()
    text = "type;incident_no;category;pupil;on;notes;typed\nperson;11;;;;;\nrecord;A1;No answer;11;03/03/2012;Caf\u00e9 visit;2012-07-03T10:00:00\n"
    report = deliver("theirs.csv", text.encode("cp1252"), mapping=mapping)
    assert totals(report) == (2, 2, 0, 0)
    row = RecordRow.objects.get()
    assert (row.agency, row.kind, str(row.first_on)) == (
        "school/Northmoor/Oakfield Primary",
        "contact.no_access_visit",
        "2012-03-03",
    )
    assert row.what == "Café visit"
    assert row.written_at == datetime(2012, 7, 3, 9, tzinfo=UTC)


# -- the same again ---------------------------------------------------------------------------------------------------


def test_the_same_delivery_again_changes_nothing(deliver: Any) -> None:
    from wholechild.trust.models import LedgerLeaf

    text = as_csv([person(), record()])
    first = deliver("feed.csv", text)
    leaves = LedgerLeaf.objects.count()
    again = deliver("feed.csv", text)
    assert totals(first) == (2, 2, 0, 0)
    assert totals(again) == (2, 0, 0, 2)
    assert not again.has_issues
    assert LedgerLeaf.objects.count() == leaves


def test_the_same_key_with_other_bytes_is_refused_whole(deliver: Any) -> None:
    from wholechild.records.models import RecordRow

    deliver("feed.csv", as_csv([person(), record("V-1")]))
    refused = deliver("feed.csv", as_csv([person(), record("V-2")]))
    assert refused.refused
    assert totals(refused) == (0, 0, 0, 0)
    assert "undo-delivery" in refused.issues[0].do
    assert [r.reference for r in RecordRow.objects.all()] == ["V-1"]


def test_other_content_under_the_same_reference_is_a_new_version(deliver: Any) -> None:
    from wholechild.records.models import RecordRow

    deliver("monday.csv", as_csv([person(), record(what="A bruise on the left arm.")]))
    report = deliver("tuesday.csv", as_csv([person(), record(what="A bruise on the right arm.")]))
    assert totals(report) == (2, 1, 0, 1)
    assert [(r.version, r.what) for r in RecordRow.objects.order_by("version")] == [
        (1, "A bruise on the left arm."), (2, "A bruise on the right arm."),
    ]  # fmt: skip


def test_old_deliveries_replayed_after_a_correction_do_not_undo_it(deliver: Any) -> None:
    one, two = as_csv([person(), record(what="left")]), as_csv([person(), record(what="right")])
    deliver("1.csv", one)
    deliver("2.csv", two)
    assert totals(deliver("1-again.csv", one)) == (2, 0, 0, 2)
    assert totals(deliver("2-again.csv", two)) == (2, 0, 0, 2)


def test_doubles_inside_one_file_are_known_or_new_versions(deliver: Any) -> None:
    from wholechild.records.models import RecordRow

    rows = [person(), record("V-1"), record("V-1"), record("V-1", what="corrected"), record("V-2")]
    assert totals(deliver("feed.csv", as_csv(rows))) == (5, 4, 0, 1)
    assert sorted((r.reference, r.version) for r in RecordRow.objects.all()) == [
        ("V-1", 1),
        ("V-1", 2),
        ("V-2", 1),
    ]


def test_two_agencies_may_use_the_same_reference(deliver: Any) -> None:
    from wholechild.records.models import RecordRow

    rows = [person(), record(), person(**POLICE), record(**POLICE)]
    assert totals(deliver("feed.csv", as_csv(rows))) == (4, 4, 0, 0)
    assert {r.agency for r in RecordRow.objects.all()} == {"health_visiting/Northmoor", "police/Northmoor"}


def test_batches_agree_with_one_another(deliver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one batch loaded, the next one knows."""
    monkeypatch.setattr("wholechild.records.actions.ingesting.BATCH", 2)
    rows = [
        person("P-1"),
        record("V-1"),
        record("V-2"),
        record("V-1"),
        record("V-2", what="x"),
        person("P-2"),
        record("V-3", subject="P-2"),
    ]
    assert totals(deliver("feed.csv", as_csv(rows))) == (7, 6, 0, 1)


# -- when it was learnt ----------------------------------------------------------------------------------------------


def test_a_record_is_learnt_when_it_is_loaded(deliver: Any, at: datetime) -> None:
    from wholechild.records.models import RecordRow

    deliver("feed.csv", as_csv([person(), record(written_at="2012-03-03T15:10:00Z")]))
    row = RecordRow.objects.get()
    assert (row.learnt_at, row.written_at) == (at, datetime(2012, 3, 3, 15, 10, tzinfo=UTC))


def test_a_history_is_learnt_when_it_was_written(deliver: Any) -> None:
    from wholechild.records.models import Delivery, RecordRow

    rows = [person(), record("V-1", written_at="2012-03-03T15:10:00Z"), record("V-2", happened="2012-03")]
    deliver("feed.csv", as_csv(rows), learnt_when_written=True)
    learnt = {r.reference: r.learnt_at for r in RecordRow.objects.all()}
    assert learnt["V-1"] == datetime(2012, 3, 3, 15, 10, tzinfo=UTC)
    assert learnt["V-2"] == datetime(2012, 3, 31, 23, 0, tzinfo=UTC)  # the end of March, by London's clock
    assert Delivery.objects.get().learnt_when_written


# -- the command ------------------------------------------------------------------------------------------------------


def test_the_command_prints_the_agreed_shape(wholechild: Any, tmp_path: Any) -> None:
    path = tmp_path / "feed.csv"
    path.write_text(as_csv([person(), record(kind="injury.burnn")]))
    result = wholechild("ingest", path, "--json", "--now", "2026-03-02")
    assert result.exit_code == 3
    (delivery,) = json.loads(result.stdout)["deliveries"]
    assert {k: delivery[k] for k in ("path", "format", "rows_in", "loaded", "quarantined", "already_known")} == {
        "path": str(path), "format": "csv", "rows_in": 2, "loaded": 1, "quarantined": 1, "already_known": 0,
    }  # fmt: skip
    (issue,) = delivery["issues"]
    assert list(issue) == ["line", "field", "value", "why", "do"]
    assert (issue["line"], issue["field"], issue["value"]) == (3, "kind", "injury.burnn")
    assert "injury.burn" in issue["do"]


def test_a_folder_is_loaded_file_by_file(wholechild: Any, tmp_path: Any) -> None:
    (tmp_path / "1-people.csv").write_text(as_csv([person()]))
    (tmp_path / "2-records.ndjson").write_text(as_ndjson([record()]))
    (tmp_path / "notes.txt").write_text("not a feed")
    result = wholechild("ingest", tmp_path, "--json")
    assert result.exit_code == 0
    assert [d["loaded"] for d in json.loads(result.stdout)["deliveries"]] == [1, 1]


# -- chronologies ----------------------------------------------------------------------------------------------------


def test_the_published_cases_load_and_are_known_again(deliver: Any) -> None:
    from pathlib import Path

    from wholechild.records.models import PersonRow, RecordRow

    for path in sorted((Path(__file__).parents[2] / "cases").glob("*.yaml")):
        text = path.read_bytes()
        first = deliver(path.name, text)
        assert first.loaded == first.rows_in > 20, first.issues
        assert totals(deliver("again-" + path.name, text)) == (first.rows_in, 0, 0, first.rows_in)
    assert RecordRow.objects.filter(learnt_at__year__lt=2014).count() == RecordRow.objects.count()
    assert PersonRow.objects.filter(reference="pelka:child").values("agency").distinct().count() > 5


def test_as_written_is_what_the_ledger_commits_to(deliver: Any) -> None:
    """The two forms of a draft, and the stored row read back, are one and the same."""
    from wholechild.trust.models import Fact
    from wholechild.trust.queries import fact_tables, verify

    rows = [
        coverage(to="2014-01-01"), person("P-1", given_name="Zoë", family_name="O'Néill", born="2009-02", postcode="nm1 2ab", sex="f"),
        person("P-2", role="mother; back\\slash\tand tab"), record("V-1", what='quote " and \\ and\nline', values="mechanism=radiator"),
        {"row": "tie", **{k: person()[k] for k in ("agency", "area")}, "reference": "T-1", "subject": "P-1", "other": "P-2", "relation": "mother", "from": "2009-02"},
        {"row": "residence", **{k: person()[k] for k in ("agency", "area")}, "reference": "R-1", "subject": "P-1", "household": "H-7", "from": "2011-05-01", "to": "2012"},
    ]  # fmt: skip
    report = deliver("feed.csv", as_csv(rows))
    assert totals(report) == (6, 6, 0, 0), report.issues
    kinds = {m.ledger_kind for m in fact_tables() if issubclass(m, Fact) and m.objects.exists()}
    assert kinds >= {"record", "person_details", "tie", "residence", "coverage", "delivery", "agency"}
    verdict = verify()
    assert verdict.ok, verdict.first_bad


def test_rows_learnt_later_than_now_are_learnt_now(deliver: Any, at: datetime) -> None:
    from wholechild.records.models import RecordRow

    tomorrow = (at + timedelta(hours=5)).isoformat()
    deliver("feed.csv", as_csv([person(), record(written_at=tomorrow)]), learnt_when_written=True)
    assert RecordRow.objects.get().learnt_at == at
