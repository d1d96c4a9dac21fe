"""Who may see what, that it is written down before it is shown, and that every act leaves its leaf or nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest

from tests.databases import AT
from tests.feeds import as_csv, person, record

pytestmark = pytest.mark.usefixtures("rolled_back")

CHILD: Final = "person-000000000000000000000001"
OTHER: Final = "person-000000000000000000000002"


def viewer(role: str = "health_visitor", user: str = "hv-1") -> Any:
    from wholechild.trust.viewers import Viewer

    return Viewer(user, role, "health_visiting/Northmoor", "safeguarding_concern")


def relate(salts: Any, user: str, whom: str, relation: str) -> Any:
    from wholechild.trust.actions import relate as add
    from wholechild.trust.models import Relation

    add(by="tester", purpose="supervision_of_practice", at=AT, user=user, relation=relation, persons=[whom],
        authority="caseload list", salts=salts)  # fmt: skip
    return Relation.objects.get(user=user, person=whom, relation=relation)


# -- relations and decisions --------------------------------------------------------------------------------------------


def test_no_relation_no_data() -> None:
    from wholechild.trust.queries import may_see

    decision = may_see(viewer(), CHILD, "existence", AT)
    assert not decision
    assert "no relation" in decision.rule


def test_a_relation_opens_what_the_table_says_and_no_more(salts: Any) -> None:
    from wholechild.trust.queries import may_see

    relate(salts, "hv-1", CHILD, "caseload")
    seen = {
        c
        for c in ("existence", "contact", "content", "place", "familys_words", "legal", "sealed_place")
        if may_see(viewer(), CHILD, c, AT)
    }
    assert seen == {"existence", "contact", "content", "place", "familys_words"}
    assert not may_see(viewer(), OTHER, "existence", AT)
    assert not may_see(viewer(user="hv-2"), CHILD, "existence", AT)
    assert not may_see(viewer(role="teacher"), CHILD, "existence", AT)


def test_a_relation_holds_from_its_first_moment_to_before_its_last(salts: Any) -> None:
    from wholechild.trust.actions import add_facts
    from wholechild.trust.models import Relation
    from wholechild.trust.queries import may_see

    row = Relation(id="relation-1", user="hv-1", person=CHILD, relation="caseload", starts_at=AT, ends_at=AT + timedelta(days=2),
                   authority="caseload list")  # fmt: skip
    add_facts(
        by="tester", purpose="supervision_of_practice", at=AT, act="relation.add", facts=[row], salts=salts
    )
    second = timedelta(seconds=1)
    assert not may_see(viewer(), CHILD, "existence", AT - second)
    assert may_see(viewer(), CHILD, "existence", AT)
    assert may_see(viewer(), CHILD, "existence", AT + timedelta(days=2) - second)
    assert not may_see(viewer(), CHILD, "existence", AT + timedelta(days=2))


def test_an_ended_relation_ends_at_once_and_stays_on_record(salts: Any) -> None:
    from wholechild.trust.actions import end_relation
    from wholechild.trust.models import Relation
    from wholechild.trust.queries import may_see

    row = relate(salts, "hv-1", CHILD, "caseload")
    end = AT + timedelta(days=1)
    end_relation(
        by="tester",
        purpose="supervision_of_practice",
        at=end,
        relation=row,
        ended_id="rel-2",
        authority="moved team",
        salts=salts,
    )
    assert may_see(viewer(), CHILD, "existence", end - timedelta(seconds=1))
    assert not may_see(viewer(), CHILD, "existence", end)
    assert Relation.objects.count() == 2


def test_duty_may_be_held_towards_everybody_and_caseload_may_not(salts: Any) -> None:
    from wholechild.trust.queries import may_see, people_of, visible

    relate(salts, "duty-1", "*", "duty")
    duty = viewer("duty_social_worker", "duty-1")
    assert may_see(duty, CHILD, "content", AT)
    assert not may_see(duty, CHILD, "sealed_place", AT)
    assert people_of(duty, AT) is None
    assert "content" in visible(duty, [CHILD, OTHER], AT)[OTHER]
    with pytest.raises(ValueError, match="everybody"):
        relate(salts, "hv-1", "*", "caseload")


def test_lists_and_checks_agree(salts: Any) -> None:
    from wholechild.trust.permissions import RELATIONS
    from wholechild.trust.queries import may_see, visible

    for n, relation in enumerate(RELATIONS):
        relate(salts, f"user-{n}", CHILD, relation)
        for role in (
            "teacher",
            "health_visitor",
            "social_worker",
            "duty_social_worker",
            "independent_scrutineer",
            "parent",
        ):
            who = viewer(role, f"user-{n}")
            shown = visible(who, [CHILD], AT)[CHILD]
            for data_class in (
                "existence",
                "contact",
                "content",
                "place",
                "sealed_place",
                "familys_words",
                "legal",
            ):
                assert bool(may_see(who, CHILD, data_class, AT)) == (data_class in shown)


def test_a_user_without_a_post_is_no_viewer(salts: Any) -> None:
    from wholechild.trust.actions import appoint
    from wholechild.trust.queries import viewer_for

    assert viewer_for("hv-1", "safeguarding_concern", AT) is None
    appoint(by="tester", purpose="supervision_of_practice", at=AT, user="hv-1", role="health_visitor",
            agency="health_visiting/Northmoor", authority="staff list", salts=salts)  # fmt: skip
    found = viewer_for("hv-1", "safeguarding_concern", AT)
    assert found is not None
    assert found.role == "health_visitor"
    assert viewer_for("hv-1", "safeguarding_concern", AT - timedelta(seconds=1)) is None


# -- disclosures ---------------------------------------------------------------------------------------------------------


def test_what_is_shown_and_what_is_refused_are_written_down(salts: Any) -> None:
    from wholechild.trust.actions import disclose
    from wholechild.trust.models import Disclosure, LedgerLeaf
    from wholechild.trust.queries import may_see, verify

    who = viewer()
    decision = may_see(who, CHILD, "content", AT)
    disclose(by=who, purpose=who.purpose, at=AT, person=CHILD, relations=[], classes=["content"], route="child",
             decision=decision, disclosure_id="dis-1", salts=salts)  # fmt: skip
    row = Disclosure.objects.get()
    assert (row.user, row.person, row.allowed, row.classes) == ("hv-1", CHILD, False, ["content"])
    assert LedgerLeaf.objects.get().fact_id == "dis-1"
    assert verify().ok


# -- every act leaves its leaf ------------------------------------------------------------------------------------------


def _ingest(deliver: Any, salts: Any) -> None:
    deliver("feed.csv", as_csv([person(), record()]))


def _quarantine(deliver: Any, salts: Any) -> None:
    deliver("feed.csv", as_csv([record(kind="no.such")]))


def _chronology(deliver: Any, salts: Any) -> None:
    from pathlib import Path

    deliver("khan.yaml", (Path(__file__).parents[2] / "cases" / "khan.yaml").read_bytes(), link=True)


def _withdraw(deliver: Any, salts: Any) -> None:
    from wholechild.records.actions import withdraw_delivery

    report = deliver("feed.csv", as_csv([person()]))
    withdraw_delivery(
        by="tester", purpose="data_quality", at=AT, delivery=report.delivery, why="wrong", salts=salts
    )


def _contact(deliver: Any, salts: Any) -> None:
    from wholechild.records.actions import set_contact

    set_contact(by="tester", purpose="data_quality", at=AT, agency="police/Northmoor", contact_role="Duty desk", phone="01632 960001",
                hours="always", salts=salts)  # fmt: skip


def _resolve(deliver: Any, salts: Any) -> None:
    from wholechild.records.actions import resolve
    from wholechild.records.models import QuarantinedRow

    _quarantine(deliver, salts)
    resolve(
        by="tester",
        purpose="data_quality",
        at=AT,
        quarantined=QuarantinedRow.objects.get().pk,
        outcome="set_aside",
        why="mistake",
        salts=salts,
    )


def _link(deliver: Any, salts: Any) -> None:
    deliver("feed.csv", as_csv([person("P-1"), person("P-2")]), link=True)


def _relate(deliver: Any, salts: Any) -> None:
    relate(salts, "hv-1", CHILD, "caseload")


ACTS: Final[dict[str, Callable[[Any, Any], None]]] = {
    "ingest": _ingest, "quarantine": _quarantine, "chronology": _chronology, "withdraw": _withdraw, "contact": _contact,
    "resolve": _resolve, "link": _link, "relate": _relate,
}  # fmt: skip


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
def test_every_fact_that_an_act_adds_has_its_leaf(
    act: Callable[[Any, Any], None], deliver: Any, salts: Any
) -> None:
    from wholechild.trust.models import LedgerCheckpoint, LedgerLeaf
    from wholechild.trust.queries import fact_tables, head, verify

    act(deliver, salts)
    facts = sum(model.objects.count() for model in fact_tables())
    assert facts > 0
    assert LedgerLeaf.objects.count() == facts
    assert list(LedgerLeaf.objects.order_by("seq").values_list("seq", flat=True)) == list(range(1, facts + 1))
    verdict = verify()
    assert verdict.ok, verdict.first_bad
    assert LedgerCheckpoint.objects.order_by("-leaves").values_list("leaves", flat=True)[0] == head().leaves


def test_an_act_that_fails_half_way_leaves_nothing(deliver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import transaction

    from wholechild.records.models import Delivery, RecordRow
    from wholechild.trust.models import LedgerLeaf

    def fails(**_: Any) -> None:
        raise RuntimeError("the ledger cannot be written")

    monkeypatch.setattr("wholechild.records.actions.ingesting.append_blocks", fails)
    with pytest.raises(RuntimeError), transaction.atomic():
        deliver("feed.csv", as_csv([person(), record()]))
    assert (Delivery.objects.count(), RecordRow.objects.count(), LedgerLeaf.objects.count()) == (0, 0, 0)


def test_a_count_that_does_not_reconcile_keeps_nothing(deliver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The trap of reliability R5: a loader that drops a row without a word."""
    from django.db import transaction

    from wholechild.records.actions.loading import Loader
    from wholechild.records.models import RecordRow
    from wholechild.records.reports import DoesNotReconcile

    loads = Loader.load
    monkeypatch.setattr(Loader, "load", lambda self, rows, agencies: loads(self, rows[:-1], agencies))
    with pytest.raises(DoesNotReconcile), transaction.atomic():
        deliver("feed.csv", as_csv([person(), record()]))
    assert RecordRow.objects.count() == 0


def test_the_database_itself_refuses_a_delivery_that_does_not_add_up(rolled_back: None) -> None:
    from django.db import IntegrityError, transaction

    from wholechild.records.models import Delivery

    with pytest.raises(IntegrityError, match="records_delivery_reconciles"), transaction.atomic():
        Delivery.objects.create(
            id="del-1", salt=b"x", key="k", sha256="", bytes=0, format="csv", learnt_when_written=False, received_at=AT, by="t",
            rows_in=3, loaded=1, quarantined=1, already_known=0, totals={}, remarks=[],
        )  # fmt: skip


# -- several statements in one go -----------------------------------------------------------------------------------------


def test_statements_that_go_together_see_what_those_before_them_did() -> None:
    from wholechild.trust.queries import together

    one, nothing, many, none = together(
        ("SELECT %s::int", [7]), ("SET LOCAL work_mem = '5MB'", ()), ("SELECT n FROM generate_series(1, 3) n", ()),
        ("SELECT 1 WHERE current_setting('work_mem') <> '5MB'", ()),
    )  # fmt: skip
    assert (one, nothing, many, none) == ([(7,)], [], [(1,), (2,), (3,)], [])
    assert together() == []


def test_the_first_that_fails_is_told_and_those_after_it_do_nothing() -> None:
    from django.db import DataError, transaction

    from wholechild.people.models import LinkedUpTo
    from wholechild.trust.queries import together

    add = "INSERT INTO people_linkedupto (leaf) VALUES (%s)"
    with pytest.raises(DataError), transaction.atomic():
        together((add, [1]), ("SELECT 1 / %s::int", [0]), (add, [2]))
    assert not LinkedUpTo.objects.exists()
