"""In whatever order identities arrive, are corrected, withdrawn and decided about: who is one is what settling all at once gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.databases import AT
from tests.feeds import as_ndjson
from wholechild.people.comparing.artefact import default_artefact
from wholechild.people.comparing.clustering import Decided, Decision, settle
from wholechild.people.comparing.keys import blocking_keys
from wholechild.people.comparing.scoring import weigh
from wholechild.people.comparing.standardising import Raw, standardise
from wholechild.records.facts import Agency
from wholechild.records.ids import identity_id

pytestmark = pytest.mark.usefixtures("shared_database")

SENDERS: Final = ("police", "hospital_ed", "health_visiting", "gp")
_FIELDS: Final = ("given_name", "family_name", "born", "nhs_number", "postcode", "phones")
#: Twins, their sister, and a mother of her daughter's name: who is easily taken for one another.
FOUR: Final = (
    ("Amy", "Quarrington", "2021-05-10", "9990000018", "NM1 2AB", "01632 960001"),
    ("Ben", "Quarrington", "2021-05-10", "9990000026", "NM1 2AB", "01632 960001"),
    ("Amelia", "Quarrington", "2020-05-10", "", "NM1 2AB", "01632 960001"),
    ("Amy", "Quarrington", "1995-05-10", "9990000034", "NM1 2AB", "01632 960002"),
)
#: How agencies get it wrong: another spelling, the twin's first name, day and month in the other order, a slip in the number.
OTHERWISE: Final = {
    "given_name": ("", "Aimee", "Ben", "Baby"), "family_name": ("", "Quarington", "Zwolinski"),
    "born": ("", "2021-10-05", "2021-05-11"), "nhs_number": ("", "9990000019", "9990000026"),
    "postcode": ("", "EV9 9ZZ"), "phones": ("",),
}  # fmt: skip
one_slip = st.sampled_from(_FIELDS).flatmap(
    lambda name: st.tuples(st.just(name), st.sampled_from(OTHERWISE[name]))
)
details = st.builds(
    lambda person, slips: {**dict(zip(_FIELDS, person, strict=True)), **dict(slips)},
    st.sampled_from((FOUR[0], *FOUR)), st.lists(one_slip, max_size=2),
)  # fmt: skip
who = st.tuples(st.sampled_from(SENDERS), st.sampled_from(("1", "2", "3")))
tell = st.tuples(
    st.just("tell"), st.lists(st.tuples(who, details), min_size=1, max_size=4, unique_by=lambda said: said[0])
)
decide = st.tuples(st.just("decide"), who, who, st.sampled_from(("same", "different", "cannot_tell")))
undo = st.tuples(st.just("undo"), st.integers(0, 9))
withdraw = st.tuples(st.just("withdraw"), st.integers(0, 9))
link = st.tuples(st.just("link"))
split = st.tuples(st.just("split"), st.integers(0, 9))
begun = st.tuples(
    st.just("tell"), st.lists(st.tuples(who, details), min_size=3, max_size=5, unique_by=lambda said: said[0])
)
plain_steps = st.tuples(begun, st.lists(st.one_of(link, tell, decide, tell, undo, withdraw), max_size=9)).map(
    lambda s: [s[0], *s[1]]
)
any_steps = st.tuples(
    begun, st.lists(st.one_of(link, split, tell, decide, undo, withdraw), min_size=2, max_size=9)
).map(lambda s: [s[0], ("link",), *s[1]])

#: What the examples of this run have come to.
REACHED: Counter[str] = Counter()


@dataclass
class World:
    """What was told and decided, kept beside the database in the plainest form."""

    folder: Path
    chance: Random = field(default_factory=lambda: Random(4))
    at: Any = AT
    deliveries: list[tuple[str, dict[str, dict[str, Any]]]] = field(default_factory=list)
    decided: list[tuple[str, str, str, str]] = field(default_factory=list)
    #: an earlier decision does not bind again when the later one about the same two is undone
    undone: set[str] = field(default_factory=set)

    def do(self, step: tuple[Any, ...]) -> None:
        self.at += timedelta(minutes=1)
        getattr(self, step[0])(*step[1:])

    @property
    def us(self) -> dict[str, Any]:
        return {"by": "tester", "purpose": "identity_check", "at": self.at, "salts": self.chance.randbytes}

    def tell(self, said: list[tuple[tuple[str, str], dict[str, Any]]]) -> None:
        from wholechild.records.actions import ingest

        rows = [
            {"row": "person", "agency": sender, "area": "Northmoor", "reference": local, **what}
            for (sender, local), what in said
        ]
        path = self.folder / f"{len(self.deliveries)}-{self.at:%H%M}.ndjson"
        path.write_text(as_ndjson(rows))
        report = ingest(path=path, **self.us)
        assert not report.quarantined, report.issues
        self.deliveries.append(
            (report.delivery, {named(who): {"agency": who[0], **what} for who, what in said})
        )

    def withdraw(self, which: int) -> None:
        from wholechild.records.actions import withdraw_delivery

        if self.deliveries:
            gone, _ = self.deliveries.pop(which % len(self.deliveries))
            withdraw_delivery(delivery=gone, why="a test", **self.us)

    def link(self) -> None:
        from wholechild.people.actions import link_new_identities

        link_new_identities(**self.us)

    def decide(self, one: tuple[str, str], other: tuple[str, str], decision: str) -> None:
        from wholechild.people.actions import settle_identities
        from wholechild.people.models import PairDecision
        from wholechild.trust.actions import add_facts

        pair = sorted((named(one), named(other)))
        if pair[0] == pair[1]:
            return
        row = PairDecision(
            id=f"pair-{self.at:%d%H%M}",
            identities=pair,
            decision=decision,
            why="a test",
            decided_at=self.at,
            by="x",
        )
        add_facts(act="people.decide", facts=[row], **self.us)
        self.decided.append((row.pk, pair[0], pair[1], decision))
        settle_identities(identities=pair, **self.us)

    def undo(self, which: int) -> None:
        from wholechild.people.actions import settle_identities
        from wholechild.people.models import PairDecisionUndone
        from wholechild.trust.actions import add_facts

        standing = [decided for decided in self.decided if decided[0] not in self.undone]
        if standing:
            gone, one, other, _ = standing[which % len(standing)]
            self.undone.add(gone)
            row = PairDecisionUndone(
                id=f"undone-{gone}", decision=gone, why="a test", undone_at=self.at, by="x"
            )
            add_facts(act="people.undo", facts=[row], **self.us)
            settle_identities(identities=[one, other], **self.us)

    def split(self, which: int) -> None:
        from wholechild.people.actions import take_back_link
        from wholechild.people.models import Link, Unlink

        same = {
            who
            for pk, one, other, decision in self.decided
            if decision == "same" and pk not in self.undone
            for who in (one, other)
        }  # what people decided is undone by people, and not by taking back a link
        live = (
            Link.objects.exclude(pk__in=Unlink.objects.values("link"))
            .exclude(identity__in=same)
            .order_by("pk")
        )
        if live:
            take_back_link(link=live[which % len(live)], why="a test", **self.us)

    def told(self) -> dict[str, list[dict[str, Any]]]:
        """identity -> what its agency has said of it, the last last, without what was withdrawn or said before already."""
        found: dict[str, list[dict[str, Any]]] = {}
        for _, said in self.deliveries:
            for identity, what in said.items():
                if what not in found.setdefault(identity, []):
                    found[identity].append(what)
        return found


def named(who: tuple[str, str]) -> str:
    return identity_id(Agency(who[0], "Northmoor").id, who[1])


def reference(world: World) -> set[frozenset[str]]:
    """Who is one, worked out from what was told and decided and from nothing that is stored: every pair, every key."""
    ready = {
        identity: standardise(Raw(
            id=identity, agency=f"{said[-1]['agency']}/Northmoor", given_names=said[-1]["given_name"],
            family_name=said[-1]["family_name"], born=date.fromisoformat(said[-1]["born"]) if said[-1]["born"] else None,
            nhs_number=said[-1]["nhs_number"], postcode=said[-1]["postcode"], phones=tuple(filter(None, [said[-1]["phones"]])),
            earlier_postcodes=tuple(s["postcode"] for s in said[:-1]),
        ))
        for identity, said in world.told().items()
    }  # fmt: skip
    keys = {identity: set(blocking_keys(one)) for identity, one in ready.items()}
    pairs = [
        weigh(default_artefact(), ready[one], ready[other])
        for one, other in combinations(sorted(ready), 2)
        if keys[one] & keys[other]
    ]
    last = {(one, other): (which, decision) for which, one, other, decision in world.decided}
    latest = {pair: decision for pair, (which, decision) in last.items() if which not in world.undone}
    decided = [Decided(one, other, Decision(d)) for (one, other), d in latest.items()]
    return set(settle(pairs, decided, ready.values(), default_artefact().lower))


def stored(world: World) -> dict[str, str]:
    """identity -> the person whom it is linked to, for those of whom anything is in force; each has one link."""
    from wholechild.people.models import Link, Unlink

    live = Link.objects.exclude(pk__in=Unlink.objects.values("link")).values_list("identity", "person")
    assert len({identity for identity, _ in live}) == len(live), "an identity is two persons"
    return {identity: person for identity, person in live if identity in world.told()}


def groups(person_of: Mapping[str, str]) -> set[frozenset[str]]:
    by_person: dict[str, set[str]] = {}
    for identity, person in person_of.items():
        by_person.setdefault(person, set()).add(identity)
    return {frozenset(several) for several in by_person.values()}


@contextmanager
def a_world() -> Iterator[World]:
    from django.db import transaction

    with TemporaryDirectory() as folder, transaction.atomic():
        yield World(Path(folder))
        transaction.set_rollback(True)


@given(plain_steps)
def test_whatever_the_order_the_persons_are_those_of_settling_all_at_once(
    steps: list[tuple[Any, ...]],
) -> None:
    from wholechild.people.actions import reconcile_links

    with a_world() as world:
        for step in steps:
            world.do(step)
        world.link()
        found = stored(world)
        assert found.keys() == world.told().keys()
        assert groups(found) == reference(world)
        assert reconcile_links(**world.us).ok
        REACHED.update(f"of {len(group)}" for group in groups(found))
        REACHED.update(step[0] for step in steps)


@given(any_steps)
def test_with_links_taken_back_too_nothing_is_otherwise_when_all_is_worked_out_anew(
    steps: list[tuple[Any, ...]],
) -> None:
    from wholechild.people.actions import reconcile_links
    from wholechild.trust.queries import verify

    with a_world() as world:
        for step in steps:
            world.do(step)
        world.link()
        before = stored(world)
        assert before.keys() == world.told().keys()
        assert reconcile_links(**world.us).ok
        assert stored(world) == before
        assert verify().ok


@given(
    st.lists(st.tuples(who, details), min_size=2, max_size=7, unique_by=lambda said: said[0]),
    st.randoms(use_true_random=False),
)
def test_two_orders_of_arrival_give_the_same_persons(said: list[tuple[Any, ...]], chance: Any) -> None:
    outcomes = []
    for order in (said, chance.sample(said, len(said))):
        with a_world() as world:
            for one in order:
                world.do(("tell", [one]))
                world.link()
            outcomes.append(groups(stored(world)))
    assert outcomes[0] == outcomes[1]


def test_the_examples_reach_persons_of_several_identities_and_each_kind_of_step() -> None:
    """Runs after the first test of this page, on what its examples came to."""
    assert {"of 1", "of 2", "of 3", "tell", "decide", "undo", "withdraw", "link"} <= set(REACHED), REACHED
