"""The facts around a child, gathered from the database, join to the same history as the plain rules give."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.feeds import as_ndjson
from tests.integration.worlds import (
    AMY,
    HOSPITAL,
    MOTHER,
    POLICE,
    VISITOR,
    amy,
    at_least,
    bruise,
    history_of,
    lesson,
    moment,
    picture_of,
    sent,
    violence,
)  # fmt: skip
from wholechild.patterns.history import Scope

pytestmark = pytest.mark.usefixtures("rolled_back")
CASES = Path(__file__).parents[2] / "cases"
NOW = moment("2026-03-02")
BEN = {"given_name": "Ben", "family_name": "Amble", "born": "2018-04-01", "nhs_number": "9990000026"}
CRAIG = {"given_name": "Craig", "family_name": "Dun", "born": "1990-01-01"}
MARY = {**MOTHER, "nhs_number": "9990000034"}


def tie(reference: str, other: str, relation: str, subject: str = "C-1", **more: Any) -> dict[str, Any]:
    return sent(VISITOR, "tie", reference, subject=subject, relation=relation, other=other, **more)


def home(reference: str, who: str, **more: Any) -> dict[str, Any]:
    return sent(VISITOR, "residence", reference, subject=who, household="H-1", **more)


FAMILY = [
    *(sent(VISITOR, "person", f"C-{n}", **who) for n, who in enumerate((AMY, MARY, BEN, CRAIG), 1)),
    tie("T-1", "C-2", "mother"), tie("T-2", "C-2", "mother", subject="C-3"), tie("T-3", "C-4", "partner_of_parent"),
    home("R-1", "C-1", **{"from": "2021-05-10"}), home("R-2", "C-2", **{"from": "2018-01-01"}),
    home("R-4", "C-4", **{"from": "2025-06-01", "to": "2026-01-31"}),
]  # fmt: skip


def scopes(reference: str) -> set[str]:
    """In which scopes the record of this reference is relevant to Amy."""
    from wholechild.records.models import RecordRow

    history = history_of(amy("C-1", VISITOR), NOW)
    asked = RecordRow.objects.get(reference=reference).pk
    at = next(i for i, o in enumerate(history.observations) if o.record == asked)
    return {scope.value for scope in Scope for i, _ in history.scoped[scope] if i == at}


@pytest.fixture
def family(deliver: Callable[..., Any]) -> Callable[..., Any]:
    def load(*records: dict[str, Any]) -> Any:
        report = deliver("family.ndjson", as_ndjson([*FAMILY, *records]), at=NOW, link=True)
        assert not report.has_issues, report.issues
        return report

    return load


def about(who: str, reference: str = "X-1", happened: str = "2025-12-10") -> dict[str, Any]:
    return sent(VISITOR, "record", reference, kind="domestic_abuse.incident", happened=happened, subject=who)


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("C-1", {"child", "household", "carers"}),
        ("C-2", {"household", "carers"}),
        ("C-3", {"siblings", "carers"}),
        ("C-4", {"household", "carers"}),
    ],
)
def test_a_record_about_each_of_the_family_counts_where_it_belongs(
    family: Callable[..., Any], who: str, expected: set[str]
) -> None:
    family(about(who))
    assert scopes("X-1") == expected


def test_who_has_moved_out_is_no_longer_of_the_household(family: Callable[..., Any]) -> None:
    family(about("C-4", "X-1", "2025-12-10"), about("C-4", "X-2", "2026-02-20"))
    assert "household" in scopes("X-1")
    assert "household" not in scopes("X-2")


def test_another_agencys_word_of_the_mother_reaches_the_child(
    family: Callable[..., Any], deliver: Any
) -> None:
    """The police know the mother only; the visitor knows whose mother she is."""
    family()
    police = [sent(POLICE, "person", "K-9", **MARY), violence(subject="K-9", happened="2026-01-10")]
    assert deliver("police.ndjson", as_ndjson(police), at=NOW, link=True).loaded == 2
    assert "carers" in scopes("L-1")


def test_a_stranger_is_not_of_the_family(family: Callable[..., Any], deliver: Any) -> None:
    family()
    stranger = [
        sent(POLICE, "person", "K-9", given_name="Joe", family_name="Other", born="1980-01-01"),
        violence(subject="K-9"),
    ]
    deliver("police.ndjson", as_ndjson(stranger), at=NOW, link=True)
    history = history_of(amy("C-1", VISITOR), NOW)
    assert [o.kind for o in history.observations] == []


def test_an_unrelated_child_of_the_same_agency_stays_out(family: Callable[..., Any], deliver: Any) -> None:
    family(about("C-1"))
    other = sent(VISITOR, "person", "C-9", given_name="Ida", family_name="Elsewhere", born="2020-01-01")
    deliver("other.ndjson", as_ndjson([other, about("C-9", "X-9")]), at=NOW, link=True)
    assert len(history_of(amy("C-1", VISITOR), NOW).observations) == 1
    assert len(history_of(amy("C-9", VISITOR), NOW).observations) == 1


def test_many_children_at_once_are_gathered_as_one_by_one(family: Callable[..., Any], deliver: Any) -> None:
    from wholechild.patterns.queries import histories
    from wholechild.people.queries import children
    from wholechild.trust.viewers import system

    family(about("C-1"), about("C-2", "X-2"), about("C-3", "X-3"))
    others = [
        sent(HOSPITAL, "person", f"Q-{n}", given_name=f"Child{n}", born=f"2019-01-{n + 1:02}", role="child")
        for n in range(9)
    ]
    records = [
        sent(HOSPITAL, "record", f"E-{n}", kind="injury.burn", happened="2026-02-01", subject=f"Q-{n}")
        for n in range(9)
    ]
    deliver("others.ndjson", as_ndjson([*others, *records]), at=NOW, link=True)
    viewer = system("match")
    everybody = children(viewer, NOW)
    assert len(everybody) == 11
    together = {history.child: history for history in histories(viewer, everybody, NOW)}
    assert sorted(together) == sorted(everybody)
    for child in everybody:
        assert together[child] == history_of(child, NOW)


def test_details_come_from_the_latest_and_the_most_exact(deliver: Callable[..., Any]) -> None:
    vague = sent(POLICE, "person", "K-1", **{**AMY, "born": "2021", "given_name": "", "family_name": ""})
    deliver("1.ndjson", as_ndjson([sent(HOSPITAL, "person", "P-1", **AMY)]), at=NOW, link=True)
    deliver(
        "2.ndjson",
        as_ndjson([sent(HOSPITAL, "person", "P-1", **{**AMY, "family_name": "Amble-Carr"}), vague]),
        at=NOW,
        link=True,
    )
    picture = picture_of(amy(), "2026-03-02", NOW)
    assert picture.name == "Amy Amble-Carr"
    assert str(picture.born.first) == AMY["born"]


@pytest.mark.parametrize("name", ["khan", "pelka", "williams"])
def test_a_published_case_is_the_same_from_the_database_as_from_its_file(
    deliver: Callable[..., Any], name: str
) -> None:
    """The path through the database (rows, links, gathering) gives the history that a replay reads from the file."""
    from wholechild.patterns.library import engine_for
    from wholechild.patterns.replay import replay
    from wholechild.people.models import Link
    from wholechild.records.feeds.chronology import read_chronology
    from wholechild.records.models import PersonRow

    data = (CASES / f"{name}.yaml").read_bytes()
    deliver(f"{name}.yaml", data, link=True)
    identity = PersonRow.objects.filter(reference=f"{name}:child").values("identity")
    person = Link.objects.filter(identity__in=identity).values_list("person", flat=True).distinct().get()
    stored = history_of(person, NOW)
    from_file = replay(read_chronology(data, name=f"{name}.yaml"), []).history
    for scope in Scope:
        assert set(_seen(stored, scope)) ^ set(_seen(from_file, scope)) == set(), scope
        assert len(_seen(stored, scope)) == len(_seen(from_file, scope))
    injured = lesson("injured", at_least("injury.*"))
    assert (
        engine_for(stored).evaluate(injured.condition).holds
        == engine_for(from_file).evaluate(injured.condition).holds
    )


def _seen(history: Any, scope: Scope) -> list[tuple[Any, ...]]:
    """What a lesson reads in a scope, without ids."""
    pairs = ((history.observations[i], r) for i, r in history.scoped[scope])
    return sorted(
        (o.kind, o.agency, o.happened_from, o.happened_to, o.learnt, o.count, repr(r)) for o, r in pairs
    )


def test_a_record_with_an_unknown_column_is_read_like_any_other(deliver: Callable[..., Any]) -> None:
    """What a sender adds to a row is nobody's reason to leave the row out."""
    rows = [sent(HOSPITAL, "person", "P-1", **AMY, ward="7"), bruise(ward="7", seen_by="Dr Q")]
    assert deliver("1.ndjson", as_ndjson(rows), at=NOW, link=True).loaded == 2
    assert [o.kind for o in history_of(amy(), NOW).observations] == ["injury.bruise_unexplained"]


def test_what_a_review_says_that_nobody_wrote_down_is_not_read(deliver: Callable[..., Any]) -> None:
    from wholechild.records.models import RecordRow

    deliver("pelka.yaml", (CASES / "pelka.yaml").read_bytes(), link=True)
    unwritten = set(RecordRow.objects.filter(extra__missed="not_recorded").values_list("pk", flat=True))
    assert unwritten
    from wholechild.people.models import Link

    people = Link.objects.values_list("person", flat=True).distinct()
    read = {o.record for person in people for o in history_of(person, NOW).observations}
    assert not read & unwritten
