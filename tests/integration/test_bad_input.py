"""Whatever a sender gets wrong: it has its reason, the good rows load, every row is accounted for, and the exit code is 3."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from tests.feeds import as_csv, as_ndjson, person, record

pytestmark = pytest.mark.usefixtures("rolled_back")

GOOD: Final = [person(), record("V-1"), record("V-2")]
CASES: Final = Path(__file__).parents[2] / "cases"


class Wrong(NamedTuple):
    """A bad file: what it is called, its bytes, how many rows of it are good and bad, and what must be said of them."""

    name: str
    content: bytes
    loaded: int
    quarantined: int
    line: int
    says: str


def _with(row: dict[str, Any], says: str, name: str = "feed.csv") -> Wrong:
    write = as_csv if name.endswith("csv") else as_ndjson
    return Wrong(name, write([*GOOD, row]).encode(), 3, 1, 5 if name.endswith("csv") else 4, says)


def _case(change: Callable[[str], str], loaded: int, quarantined: int, says: str) -> Wrong:
    text = (CASES / "pelka.yaml").read_text()
    changed = change(text)
    assert changed != text
    line = next(
        n for n, (a, b) in enumerate(zip(text.split("\n"), changed.split("\n"), strict=False), 1) if a != b
    )
    return Wrong("pelka.yaml", changed.encode("utf-8", "surrogateescape"), loaded, quarantined, line, says)


CSV: Final = as_csv(GOOD)
NDJSON: Final = as_ndjson(GOOD)
ROWS_OF_PELKA: Final = 55

BAD: Final = {
    "a day that the calendar does not have": _with(record("V-3", happened="2031-13-02"), "not a day of the calendar"),
    "a day in the future": _with(record("V-3", happened="2131-02-03"), "in the future"),
    "an unknown kind": _with(record("V-3", kind="contact.no_acess_visit"), "no kind of record"),
    "an unknown kind of agency": _with({**record("V-3"), "agency": "helth_visiting"}, "no kind of agency"),
    "no agency": _with({**record("V-3"), "agency": ""}, "which agency"),
    "no subject": _with(record("V-3", subject=""), "subject is empty"),
    "an undeclared person": _with(record("V-3", subject="P-9"), "no person row"),
    "an undeclared person beside": _with(record("V-3", also_about="P-1;P-9"), "no person row"),
    "an undeclared informant": _with(record("V-3", informant="P-9"), "no person row"),
    "no reference": _with(record(""), "reference is empty"),
    "an unknown measure": _with(record("V-3", measures="stones=2"), "no measure"),
    "a measure out of bounds": _with(record("V-3", measures="kg=9000"), "outside"),
    "a measure that is no number": _with(record("V-3", measures="kg=NaN"), "not a number"),
    "an unknown fact": _with(record("V-3", values="mechansim=radiator"), "no fact"),
    "a count of none": _with(record("V-3", count="0"), "whole number"),
    "a moment without a zone": _with(record("V-3", written_at="2012-03-03T10:00:00"), "no time zone"),
    "an end before its beginning": _with(record("V-3", happened="2012-03", happened_to="2012-01"), "ends"),
    "an unknown sort of row": _with({**record("V-3"), "row": "recrod"}, "not one of"),
    "an unknown relation": _with({**record("T-1"), "row": "tie", "relation": "mtoher", "other": "P-1"}, "relation"),
    "a control character": _with(record("V-3\x07"), "control character"),
    "a text of a megabyte": _with(record("V-3", what="a" * 200_000), "longer than"),
    "a wrong encoding": Wrong("feed.csv", CSV.encode() + b"record,health_visiting,Northmoor,V-3,contact.no_access_visit,2012-03-03,P-\xe9\n", 3, 1, 5, "not UTF-8"),
    "a NUL": Wrong("feed.csv", CSV.encode() + b"record,health_visiting,Northmoor,V-3,contact.no_access_visit,2012-03-03,P-1\0\n", 3, 1, 5, "NUL"),
    "a line of ten megabytes": Wrong("feed.csv", CSV.encode() + b"record," + b"x" * 10_000_000 + b"\n", 3, 1, 5, "bytes long"),
    "a last row cut off": Wrong("feed.csv", CSV.encode() + b"record,health_visiting,North", 3, 1, 5, "cut off"),
    "a last row cut off inside a quotation": Wrong("feed.csv", CSV.encode() + b'record,health_visiting,"North', 3, 1, 5, "cut off"),
    "a last cell that may be cut off": Wrong("feed.csv", CSV.encode()[:-1], 3, 0, 4, "may be cut off"),
    "too few cells": Wrong("feed.csv", CSV.encode() + b"record,health_visiting\n", 3, 1, 5, "2 cells"),
    "too many cells": Wrong("feed.csv", CSV.encode() + b",".join([b"x"] * 20) + b"\n", 3, 1, 5, "20 cells"),
    "NDJSON: a day that is none": _with(record("V-3", happened="2031-13-02"), "not a day", "feed.ndjson"),
    "NDJSON: a list where none may be": _with(record("V-3", kind=["a"]), "cannot be a list", "feed.ndjson"),
    "NDJSON: a last line cut off": Wrong("feed.ndjson", NDJSON.encode() + b'{"row": "record", "agen', 3, 1, 4, "cut off"),
    "NDJSON: not JSON": Wrong("feed.ndjson", NDJSON.encode() + b"{'row': 'record'}\n", 3, 1, 4, "not JSON"),
    "NDJSON: not an object": Wrong("feed.ndjson", NDJSON.encode() + b"[1, 2]\n", 3, 1, 4, "not an object"),
    "NDJSON: a name twice": Wrong("feed.ndjson", NDJSON.encode() + b'{"row": "record", "row": "person"}\n', 3, 1, 4, "twice"),
    "NDJSON: a thousand levels": Wrong("feed.ndjson", NDJSON.encode() + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"\n", 3, 1, 4, "levels"),
    "NDJSON: a NUL": Wrong("feed.ndjson", NDJSON.encode() + b'{"row": "rec\0ord"}\n', 3, 1, 4, "NUL"),
    "NDJSON: a line of ten megabytes": Wrong("feed.ndjson", NDJSON.encode() + b'{"what": "' + b"x" * 10_000_000 + b'"}\n', 3, 1, 4, "bytes long"),
    "YAML: broken in one event": _case(lambda t: t.replace('kind: birth\n    what: "The child is born."', 'kind: birth\n    what: "The child is born.', 1), 54, 1, "YAML"),
    "YAML: a date that is none": _case(lambda t: t.replace('date: "2007-07-15"\n    precision: day', 'date: "2031-13-02"\n    precision: day', 1), 54, 1, "not a day"),
    "YAML: an unknown kind": _case(lambda t: t.replace("kind: birth\n", "kind: brith\n", 1), 54, 1, "no kind of record"),
    "YAML: an unknown agency": _case(lambda t: t.replace("agency: midwifery", "agency: midwivrey", 1), 54, 1, "no kind of agency"),
    "YAML: an undeclared person": _case(lambda t: t.replace("about: [mother, father]", "about: [mother, uncle]", 1), 54, 1, "not declared"),
    "YAML: a person twice": _case(lambda t: t.replace('  - {id: father, role: "child\'s father', '  - {id: mother, role: "child\'s father', 1), 51, 4, "declared twice"),
    "YAML: not UTF-8": _case(lambda t: t.replace('what: "The child is born."', 'what: "The child is born.\udce9"', 1), 54, 1, "not UTF-8"),
    "YAML: a NUL": _case(lambda t: t.replace('what: "The child is born."', 'what: "The child is born.\0"', 1), 54, 1, "NUL"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", BAD.values(), ids=BAD.keys())
def test_a_bad_row_has_its_reason_and_the_good_ones_load(
    wrong: Wrong, wholechild: Any, tmp_path: Path
) -> None:
    from wholechild.records.models import QuarantinedRow
    from wholechild.trust.queries import verify

    path = tmp_path / wrong.name
    path.write_bytes(wrong.content)
    result = wholechild("ingest", path, "--json", "--now", "2026-03-02")
    assert result.exit_code == 3, result.output
    (delivery,) = json.loads(result.stdout)["deliveries"]
    assert delivery["rows_in"] == delivery["loaded"] + delivery["quarantined"] + delivery["already_known"]
    assert (delivery["loaded"], delivery["quarantined"]) == (wrong.loaded, wrong.quarantined), delivery[
        "issues"
    ]
    said = [i for i in delivery["issues"] if wrong.says in i["why"]]
    assert said, delivery["issues"]
    assert wrong.line in {i["line"] for i in said} or "YAML" in wrong.says
    assert all(i["do"] for i in delivery["issues"])
    assert QuarantinedRow.objects.count() == wrong.quarantined
    assert verify().ok


#: Files of which nothing can be read: nothing is kept of them, so that the right one may come under the same name.
UNREADABLE: Final = {
    "an empty CSV": ("feed.csv", b"", "empty"),
    "an empty NDJSON": ("feed.ndjson", b"", "empty"),
    "a CSV without its first line": (
        "feed.csv",
        b"record,health_visiting,Northmoor\n",
        "does not name the column",
    ),
    "a column twice": ("feed.csv", b"row,agency,area,area\n", "twice"),
    "UTF-16": ("feed.csv", CSV.encode("utf-16"), "UTF-16"),
    "a spreadsheet": ("feed.csv", b"PK\x03\x04" + b"\0" * 100, "spreadsheet"),
    "a NUL in the first line": ("feed.csv", b"row,agency\0,area\n", "NUL"),
    "an empty YAML": ("case.yaml", b"", "empty"),
    "a YAML that is a list": ("case.yaml", b"- 1\n- 2\n", "not a chronology"),
    "a YAML that is no YAML": ("case.yaml", b"events: [\n{{{{", "YAML"),
    "a billion laughs": ("case.yaml", b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "anchors"),
}


@pytest.mark.parametrize(("name", "content", "says"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_file_that_cannot_be_read_is_refused_and_leaves_nothing(
    name: str, content: bytes, says: str, wholechild: Any, tmp_path: Path
) -> None:
    from wholechild.records.models import Delivery
    from wholechild.trust.models import LedgerLeaf

    path = tmp_path / name
    path.write_bytes(content)
    result = wholechild("ingest", path, "--json")
    assert result.exit_code == 3, result.output
    (delivery,) = json.loads(result.stdout)["deliveries"]
    assert delivery["rows_in"] == 0
    assert any(says in issue["why"] for issue in delivery["issues"]), delivery["issues"]
    assert (Delivery.objects.count(), LedgerLeaf.objects.count()) == (0, 0)


def test_a_delivery_doubled_with_other_bytes_is_refused(wholechild: Any, tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_text(CSV)
    assert wholechild("ingest", path).exit_code == 0
    assert wholechild("ingest", path).exit_code == 0
    path.write_text(CSV + "record,health_visiting,Northmoor,V-9,contact.no_access_visit,2012-03-03,P-1\n")
    result = wholechild("ingest", path, "--json")
    assert result.exit_code == 3
    assert "other bytes" in json.loads(result.stdout)["deliveries"][0]["issues"][0]["why"]


def test_every_fault_of_a_row_is_named_at_once(deliver: Any) -> None:
    report = deliver("feed.csv", as_csv([person(), record("", kind="x.y", happened="never", count="-1")]))
    assert {issue.field for issue in report.issues} == {"reference", "kind", "happened", "count"}


def test_an_open_quotation_costs_one_row(deliver: Any) -> None:
    rows = as_csv([person(), *(record(f"V-{n}", what="well") for n in range(300))]).split("\n")
    rows[100] = rows[100][: -len("well")] + '"well'
    report = deliver("feed.csv", "\n".join(rows))
    assert (report.rows_in, report.loaded, report.quarantined) == (301, 300, 1)
    assert [issue.line for issue in report.issues] == [101]


def test_what_a_bad_row_says_of_a_person_is_not_repeated(deliver: Any) -> None:
    report = deliver("feed.csv", as_csv([person(born="Ottilie Quarrington", sex="Quarrington")]))
    assert report.quarantined == 1
    assert "Quarrington" not in repr([(i.value, i.why, i.do) for i in report.issues if i.field == "sex"])
    assert all(issue.value == "" for issue in report.issues)


def test_the_command_without_json_says_it_in_words(wholechild: Any, tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_text(as_csv([*GOOD, record("V-3", happened="2031-13-02")]))
    result = wholechild("ingest", path)
    assert "4 rows in = 3 loaded + 1 quarantined + 0 already known" in result.output
    assert "line 5, happened (2031-13-02)" in result.output
