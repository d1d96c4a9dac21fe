"""Every action there is: it leaves its rows with their leaves, or, where the ledger fails, nothing at all."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final

import pytest

from tests.databases import AT
from tests.feeds import as_ndjson
from tests.integration import panels
from tests.integration.worlds import (
    EVERYONE,
    FROM_POLICE,
    JOINED,
    TWO_AGENCIES,
    amy,
    begin_a_snapshot,
    counts,
    note,
    seat,
    take_snapshot,
    violence,
)
from wholechild.records.ids import identity_id

pytestmark = pytest.mark.usefixtures("rolled_back")
ROOMS: Final = (
    "trust.actions", "records.actions", "people.actions", "patterns.actions", "patterns.life.actions",
    "people.deciding.actions",
)  # fmt: skip
#: Not acts by themselves: what the others are made of.
PARTS: Final = {
    "append", "append_blocks", "add_facts", "hand_on", "take_in_one_by_one", "settle_lessons", "drawn_up_pair", "drawn_up_split", "preview", "persons_if",
    "index_for_search",
}  # fmt: skip


class World:
    """A loaded world with one of everything that an act may need."""

    def __init__(self, deliver: Callable[..., Any], act: str) -> None:
        self.deliver = deliver
        self.report = deliver("1.ndjson", TWO_AGENCIES, link=True)
        deliver("held.ndjson", as_ndjson([violence("L-9", kind="no.such.kind")]))
        self.child = amy()
        self.viewer = seat("ms-oak", "teacher", "school/Northmoor/Oakfield Primary", AT, teaches=self.child)
        deliver("unlinked.ndjson", as_ndjson([{**FROM_POLICE[0], "reference": "K-7"}]))
        self.panel = [panels.analyst(), panels.director(), panels.manager(), panels.director("dov")]
        if act in ("adopt", "retire"):
            panels.propose(self.panel[0], panels.text())
        if act == "retire":
            for adopter in self.panel[1:3]:
                panels.sign(adopter, panels.terms(panels.text()))
        self.reviewers = [
            seat(u, "linkage_reviewer", "local_authority/Northmoor", AT, duty="*") for u in ("rhea", "rob")
        ]
        self.waiting = (
            _split(self).decision if act in ("second_decision", "undo_decision", "open_decision") else ""
        )
        if act == "say_outcome":
            note(AT, JOINED)
        if act == "open_possible":
            _take_back(self)
            _may_be_one(self.child)
        if act == "adopt_model":
            self.model = _keep_model(self)
        if act == "settle_identities":
            _decide_otherwise()


def _may_be_one(child: str) -> None:
    """An identity that was Amy's, and one that still is, may be one."""
    from wholechild.people.models import Link, Pair

    hers = Link.objects.filter(person=child)[0].identity
    one, other = sorted([hers, Link.objects.exclude(person=child)[0].identity])
    Pair.objects.filter(one=one, other=other).update(zone="possible")


def _decide_otherwise() -> None:
    """A person says that the police's Amy and the hospital's are two; nothing has followed yet."""
    from wholechild.people.models import Link, PairDecision
    from wholechild.trust.actions import add_facts

    one = Link.objects.filter(evidence="exact_agreement")[0]
    pair = sorted([one.identity, str(one.grounds["with"])])
    row = PairDecision(
        id="pair-1", identities=pair, decision="different", why="a test", decided_at=AT, by="tester"
    )
    add_facts(at=AT, act="people.decide", facts=[row], **EVERYONE)


def _deciding(name: str, by: int, **more: Any) -> Any:
    def acted(world: World) -> Any:
        module = importlib.import_module("wholechild.people.deciding.actions")
        asked = {"salts": EVERYONE["salts"], "purpose": "identity_check", "at": AT, **more}
        if "decision" in asked and not asked["decision"]:
            asked["decision"] = world.waiting
        return getattr(module, name)(by=world.reviewers[by], **asked)

    return acted


def _two() -> dict[str, str]:
    """The hospital's Amy, and the one whom nobody is linked to but herself."""
    return {
        "one": identity_id("hospital_ed/Eastvale/Royal Infirmary", "P-1"),
        "other": identity_id("police/Northmoor", "K-1"),
    }


def _split(world: World) -> Any:
    goes = [_two()["other"]]
    return _deciding("split_person", 0, person=world.child, identities=goes, why="A test.")(world)


def _trust(name: str, **more: Any) -> Any:
    return getattr(importlib.import_module("wholechild.trust.actions"), name)(at=AT, **{**EVERYONE, **more})


def _disclose(world: World) -> Any:
    from django.db import transaction

    from wholechild.trust.permissions import Decision

    with transaction.atomic():
        return _trust(
            "disclose", by=world.viewer, person=world.child, relations=["teaches"], classes=["existence"], route="tests",
            decision=Decision(True, "a test"), disclosure_id="dis-1",
        )  # fmt: skip


def _end_relation(world: World) -> Any:
    from wholechild.trust.actions import end_relation
    from wholechild.trust.models import Relation

    asked = {"ended_id": "rel-end"} if "ended_id" in inspect.signature(end_relation).parameters else {}
    return _trust("end_relation", relation=Relation.objects.get(user="ms-oak"), authority="tests", **asked)


def _resolve(world: World) -> Any:
    from wholechild.records.actions import resolve
    from wholechild.records.models import QuarantinedRow

    return resolve(
        at=AT, quarantined=QuarantinedRow.objects.get().pk, outcome="set_aside", why="a test", **EVERYONE
    )


def _withdraw(world: World) -> Any:
    from wholechild.records.actions import withdraw_delivery

    return withdraw_delivery(at=AT, delivery=world.report.delivery, why="a test", **EVERYONE)


def _set_contact(world: World) -> Any:
    from wholechild.records.actions import set_contact

    return set_contact(
        at=AT,
        agency="police/Northmoor",
        contact_role="Desk",
        phone="01632 960001",
        hours="always",
        **EVERYONE,
    )


def _link(world: World) -> Any:
    from wholechild.people.actions import link_new_identities

    return link_new_identities(at=AT, **EVERYONE)


def _take_back(world: World) -> Any:
    from wholechild.people.actions import take_back_link
    from wholechild.people.models import Link

    return take_back_link(
        at=AT, link=Link.objects.filter(evidence="exact_agreement")[0], why="a test", **EVERYONE
    )


def _keep_model(world: World) -> Any:
    """A model that nobody has seen: the one that ships, with another loss."""
    from dataclasses import replace

    from wholechild.people.actions import keep_model
    from wholechild.people.comparing.artefact import default_artefact

    document = replace(default_artefact(), loss=7.0).dumps()
    return keep_model(at=AT, document=document, card={"trained_on": "nothing"}, **EVERYONE)


def _adopt_model(world: World) -> Any:
    from wholechild.people.actions import adopt_model

    return adopt_model(at=AT, model=world.model, why="a test", **EVERYONE)


def _keep_report(world: World) -> Any:
    from wholechild.people.actions import keep_report

    return keep_report(at=AT, figures={"model": "artefact-1", "sampled": False}, **EVERYONE)


def _settle(world: World) -> Any:
    from wholechild.people.actions import settle_identities
    from wholechild.people.models import PairDecision

    return settle_identities(at=AT, identities=list(PairDecision.objects.get().identities), **EVERYONE)


def _reconcile(world: World) -> Any:
    from wholechild.people.actions import reconcile_links

    return reconcile_links(at=AT, **EVERYONE)


def _open_picture(world: World) -> Any:
    from wholechild.patterns.actions import open_picture

    return open_picture(
        by=world.viewer, purpose="direct_care", at=AT, person=world.child, as_known_at=date(2026, 3, 2), lessons=[JOINED],
        route="tests", salts=EVERYONE["salts"],
    )  # fmt: skip


def _patterns(name: str, **more: Any) -> Any:
    module = importlib.import_module("wholechild.patterns.actions")
    return getattr(module, name)(**{"at": AT, "lessons": [JOINED], **EVERYONE, **more})


def _last_leaf() -> int:
    from wholechild.trust.queries import head

    return head().leaves


def _evaluate_due(world: World) -> Any:
    """Looked at a day before, the match lies ahead: then time alone brings it about."""
    _patterns("evaluate_children", children=[world.child], at=AT - timedelta(days=1))
    return _patterns("evaluate_due")


def _take_in_lessons(world: World) -> Any:
    """Other lessons run than everybody was asked: everybody is handed on, and what is handed on leaves leaves of its own."""
    _patterns("take_in_lessons", lessons=[])
    _patterns("take_in_lessons")
    return note(AT, JOINED)


def _say_outcome(world: World) -> Any:
    from wholechild.patterns.life.actions import say_outcome
    from wholechild.patterns.models import Match

    return say_outcome(
        by=world.viewer, purpose="direct_care", at=AT, match=Match.objects.get().pk, outcome="helped", reason="A test.",
        salts=EVERYONE["salts"],
    )  # fmt: skip


def _save_draft(world: World) -> Any:
    from wholechild.patterns.life.actions import save_draft

    return save_draft(
        by=world.panel[0], purpose="child_safeguarding_review", at=AT, draft="draft-1", after=0, lesson="", text="id: x",
        examples="", why="a test", salts=EVERYONE["salts"],
    )  # fmt: skip


ACTS: Final[dict[str, Callable[[World], Any]]] = {
    "appoint": lambda world: _trust(
        "appoint", user="x", role="teacher", agency="school/Northmoor/Elm", authority="tests"
    ),
    "relate": lambda world: _trust(
        "relate", user="x", relation="duty", persons=["*", world.child], authority="tests"
    ),
    "end_relation": _end_relation,
    "disclose": _disclose,
    "ingest": lambda world: world.deliver(
        "2.ndjson", as_ndjson([violence("L-2"), violence("L-3", kind="no.such.kind")])
    ),
    "resolve": _resolve,
    "withdraw_delivery": _withdraw,
    "set_contact": _set_contact,
    "link_new_identities": _link,
    "take_back_link": _take_back,
    "settle_identities": _settle,
    "reconcile_links": _reconcile,
    "keep_model": _keep_model,
    "adopt_model": _adopt_model,
    "keep_report": _keep_report,
    "evaluate_children": lambda world: note(AT, JOINED),
    "take_in_news": lambda world: _patterns("take_in_news", first=1, last=_last_leaf()),
    "take_in_children": lambda world: _patterns("take_in_children", first=1, children=[world.child]),
    "evaluate_due": _evaluate_due,
    "open_picture": _open_picture,
    "begin_snapshot": lambda world: begin_a_snapshot(AT),
    "seal_snapshot": lambda world: take_snapshot(AT),
    "take_in_lessons": _take_in_lessons,
    "install_library": lambda world: panels.install(),
    "save_draft": _save_draft,
    "propose": lambda world: panels.propose(world.panel[0], panels.text()),
    "adopt": lambda world: panels.sign(world.panel[3], panels.terms(panels.text())),
    "retire": lambda world: panels.sign(world.panel[3], panels.terms(panels.text()), act="retire"),
    "say_outcome": _say_outcome,
    "decide_pair": _deciding("decide_pair", 0, **_two(), decision="same", why="A test."),
    "split_person": _split,
    "second_decision": _deciding("second_decision", 1, decision="", why=""),
    "undo_decision": _deciding("undo_decision", 0, decision="", why="A test."),
    "take_review": _deciding("take_review", 0, **_two()),
    "open_review": _deciding("open_review", 0, **_two(), route="tests"),
    "open_decision": _deciding("open_decision", 0, decision="", route="tests"),
    "open_possible": lambda world: _deciding("open_possible", 0, person=world.child, route="tests")(world),
    "open_explained": lambda world: _deciding("open_explained", 0, person=world.child, route="tests")(world),
}
WRITERS: Final = (
    "wholechild.trust.actions", "wholechild.records.actions.ingesting", "wholechild.people.actions",
    "wholechild.people.arriving.actions", "wholechild.people.deciding.actions", "wholechild.patterns.actions",
    "wholechild.patterns.life.actions",
)  # fmt: skip


def test_every_action_there_is_stands_in_this_table() -> None:
    from wholechild.config.django import initialise

    initialise()
    found = set()
    for room in ROOMS:
        module = importlib.import_module(f"wholechild.{room}")
        found |= {
            name for name, thing in vars(module).items()
            if inspect.isfunction(thing) and not name.startswith("_") and {"at", "by"} <= set(inspect.signature(thing).parameters)
        }  # fmt: skip
    assert found - PARTS == set(ACTS)


@pytest.fixture
def world(deliver: Callable[..., Any], request: pytest.FixtureRequest) -> World:
    return World(deliver, request.node.callspec.params["name"])


@pytest.mark.parametrize("name", ACTS)
def test_an_act_leaves_a_leaf_for_each_fact(world: World, name: str) -> None:
    from wholechild.trust.queries import verify

    before = counts()
    ACTS[name](world)
    grown = {table: n - before[table] for table, n in counts().items() if n != before[table]}
    leaves = grown.pop("trust_ledgerleaf")
    assert grown.pop("trust_ledgercheckpoint") >= 1
    assert leaves == sum(grown.values()) >= 1
    verdict = verify()
    assert verdict.ok, verdict.first_bad


@pytest.mark.parametrize("name", ACTS)
def test_an_act_whose_leaf_cannot_be_written_leaves_nothing(
    world: World, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exception comes at the last step, when every row is in: the action's own transaction must undo them."""
    before = counts()

    def failing(**_: Any) -> Any:
        raise RuntimeError("the ledger is shut")

    writers = [
        importlib.import_module(name) for name in WRITERS
    ]  # all, before any is made to fail: they import each other
    for module in writers:
        for part in ("append", "append_blocks"):
            if hasattr(module, part):
                monkeypatch.setattr(module, part, failing)
    with pytest.raises(RuntimeError, match="the ledger is shut"):
        ACTS[name](world)
    assert counts() == before


@pytest.mark.parametrize("name", ACTS)
def test_an_act_says_who_did_what_for_which_purpose_and_when(world: World, name: str) -> None:
    from wholechild.trust.models import LedgerLeaf

    before = LedgerLeaf.objects.count()
    ACTS[name](world)
    for leaf in LedgerLeaf.objects.filter(seq__gt=before):
        assert leaf.by
        assert leaf.purpose
        assert leaf.act.count(".") == 1 or leaf.act == "disclosure"
        assert leaf.at == AT
