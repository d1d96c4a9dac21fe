"""What agencies say of a person beyond name and number: kept as they said it, committed to, and odd values told of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from tests.feeds import as_csv, as_ndjson, person

pytestmark = pytest.mark.usefixtures("rolled_back")

ALL: Final = {
    "given_name": "Amy", "family_name": "Amble", "other_names": ["Amy Carr", "Amelie Amble"],
    "address": "Flat 2, 14 Long Lane; Northmoor", "uprn": "10023456789", "upn": "A123456789012",
    "phones": ["01632 960001", "+44 7700 900123"], "emails": ["amy@example.org"], "local_ids": ["lac:1234", "ward:7 b"],
}  # fmt: skip


def stored() -> dict[str, Any]:
    from wholechild.records.models import PersonRow

    row = PersonRow.objects.get()
    return {name: getattr(row, name) for name in ALL}


def test_ndjson_and_csv_say_the_same(deliver: Callable[..., Any]) -> None:
    from wholechild.records.models import PersonRow
    from wholechild.trust.queries import verify

    joined = {name: ";".join(said) if isinstance(said, list) else said for name, said in ALL.items()}
    assert not deliver("1.ndjson", as_ndjson([person(**ALL)])).has_issues
    assert stored() == ALL
    again = deliver("2.csv", as_csv([person(**joined)]))
    assert (again.loaded, again.already_known) == (0, 1)
    assert PersonRow.objects.count() == 1
    assert verify().ok


def test_a_changed_telephone_number_is_a_new_version(deliver: Callable[..., Any]) -> None:
    from wholechild.records.models import PersonRow

    deliver("1.ndjson", as_ndjson([person(**ALL)]))
    deliver("2.ndjson", as_ndjson([person(**{**ALL, "phones": ["01632 960009"]})]))
    assert sorted(PersonRow.objects.values_list("version", flat=True)) == [1, 2]


def test_marks_that_copy_reads_as_its_own_are_kept(deliver: Callable[..., Any]) -> None:
    from wholechild.trust.queries import verify

    said = {
        **ALL,
        "other_names": ['A "B" \\C{,}'],
        "address": "Back\\slash {1}\tHouse\nNorthmoor",
        "phones": [],
        "emails": [],
        "local_ids": [],
    }
    deliver("1.ndjson", as_ndjson([person(**said)]))
    assert stored() == said
    assert verify().ok


ODD: Final = {
    "nhs_number": "9990000019", "upn": "A12", "uprn": "no number", "phones": "ex-dir", "emails": "at home",
}  # fmt: skip


@pytest.mark.parametrize("column", ODD)
def test_an_odd_value_is_loaded_with_a_remark_that_does_not_repeat_it(
    deliver: Callable[..., Any], column: str
) -> None:
    from wholechild.records.models import PersonRow

    report = deliver("1.ndjson", as_ndjson([person(), person("P-2", **{column: ODD[column]})]))
    assert (report.loaded, report.quarantined) == (2, 0)
    (remark,) = report.issues
    assert (remark.line, remark.field, remark.value) == (2, column, "")
    assert ODD[column] not in remark.why + remark.do
    kept = getattr(PersonRow.objects.get(reference="P-2"), column)
    assert kept in (ODD[column], ODD[column].replace(" ", ""), [ODD[column]])


def test_many_odd_values_are_told_of_in_a_few_lines(deliver: Callable[..., Any]) -> None:
    rows = [person(f"P-{n}", nhs_number="9990000019") for n in range(40)]
    issues = deliver("1.ndjson", as_ndjson(rows)).issues
    assert len(issues) == 6
    assert "35 more rows" in issues[0].why


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [
        ("local_ids", "1234", "whose it is"),
        ("local_ids", ":1234", "whose it is"),
        ("local_ids", "lac:", "whose it is"),
        ("phones", ";".join(f"0163296{n:04}" for n in range(21)), "more than 20"),
        ("other_names", "x" * 251, "longer than 250"),
        ("address", "x" * 251, "longer than 250"),
        ("emails", ["a;b@example.org"], "holds ';'"),
        ("uprn", ["1", "2"], "cannot be a list"),
    ],
)
def test_what_cannot_be_read_is_held_back(
    deliver: Callable[..., Any], column: str, value: object, why: str
) -> None:
    report = deliver("1.ndjson", as_ndjson([person(), person("P-2", **{column: value})]))
    assert (report.loaded, report.quarantined) == (1, 1)
    (fault,) = report.issues
    assert (fault.line, fault.field, fault.value) == (2, column, "")
    assert why in fault.why
