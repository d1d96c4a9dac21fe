"""No link that a machine makes opens anybody to more eyes: two persons become one by decision wherever somebody would see more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.feeds import as_ndjson
from tests.integration.worlds import (
    AMY,
    EVERYONE,
    HOSPITAL,
    POLICE,
    SCHOOL,
    amy,
    bruise,
    moment,
    picture_of,
    seat,
    sent,
    violence,
)

pytestmark = pytest.mark.usefixtures("rolled_back")
NOW, LATER = moment("2026-03-02"), moment("2026-03-10")
AT_HOME = {**AMY, "postcode": "NM1 2AB", "nhs_number": ""}
#: Says too little to be anybody, until more is told.
HARDLY = {"given_name": "Amy", "nhs_number": ""}


@pytest.fixture
def two(deliver: Callable[..., Any]) -> Callable[..., Any]:
    """The hospital's Amy and the police's, of whom they hardly know anything yet: two persons, with a record each."""
    rows = [
        sent(HOSPITAL, "person", "P-1", **AT_HOME),
        bruise(),
        sent(POLICE, "person", "K-1", **HARDLY),
        violence(),
    ]
    assert not deliver("1.ndjson", as_ndjson(rows), at=NOW, link=True).has_issues
    assert amy() != amy("K-1", POLICE)

    def told_more() -> None:
        deliver("2.ndjson", as_ndjson([sent(POLICE, "person", "K-1", **AT_HOME)]), at=LATER, link=True)

    return told_more


def teacher(user: str, person: str, at: Any = NOW) -> Any:
    return seat(user, "teacher", "school/Northmoor/Oakfield Primary", at, teaches=person)


def seen_by(viewer: Any, person: str, at: Any) -> set[str]:
    """Which identities' records are behind a person whom the viewer may see; nothing where they may not."""
    from wholechild.people.models import Link, Unlink
    from wholechild.trust.queries import visible

    if "content" not in visible(viewer, [person], at)[person]:
        return set()
    live = Link.objects.filter(person=person).exclude(pk__in=Unlink.objects.values("link"))
    return set(live.values_list("identity", flat=True))


def decide(decision: str, at: Any, *, person: str = "tester") -> str:
    from wholechild.people.actions import settle_identities
    from wholechild.people.models import PairDecision
    from wholechild.records.ids import identity_id
    from wholechild.trust.actions import add_facts

    pair = sorted(
        [identity_id("police/Northmoor", "K-1"), identity_id("hospital_ed/Eastvale/Royal Infirmary", "P-1")]
    )
    row = PairDecision(
        id=f"pair-{decision}-{at:%d%H%M}",
        identities=pair,
        decision=decision,
        why="a test",
        decided_at=at,
        by=person,
    )
    add_facts(at=at, act="people.decide", facts=[row], **EVERYONE)
    settle_identities(at=at, identities=pair, **EVERYONE)
    return str(row.pk)


def test_two_persons_whom_nobody_is_related_to_become_one_by_machine(two: Callable[..., Any]) -> None:
    two()
    assert amy() == amy("K-1", POLICE)


@pytest.mark.parametrize("whose", ["P-1", "K-1"])
def test_where_somebody_is_related_to_one_of_two_they_stay_two(two: Callable[..., Any], whose: str) -> None:
    from wholechild.people.queries import pairs_of
    from wholechild.trust.viewers import system

    hospital, police = amy(), amy("K-1", POLICE)
    viewer = teacher("ms-oak", hospital if whose == "P-1" else police)
    before = {person: seen_by(viewer, person, LATER) for person in (hospital, police)}
    two()
    assert (amy(), amy("K-1", POLICE)) == (hospital, police)
    assert {person: seen_by(viewer, person, LATER) for person in (hospital, police)} == before
    (pair,) = pairs_of(system("tests"), [*before[hospital], *before[police]], LATER)
    assert pair.zone == "same"  # it is not forgotten: it waits for somebody to decide
    assert pairs_of(viewer, [*before[hospital], *before[police]], LATER) == []


def test_where_the_same_users_see_both_a_machine_may_join_them(two: Callable[..., Any]) -> None:
    first = amy()
    viewer = teacher("ms-oak", first)
    from wholechild.trust.actions import relate

    relate(
        at=NOW, user="ms-oak", relation="teaches", persons=[amy("K-1", POLICE)], authority="tests", **EVERYONE
    )
    two()
    assert amy() == amy("K-1", POLICE) == first
    assert len(seen_by(viewer, first, LATER)) == 2


def test_a_decision_joins_them_and_whoever_looked_after_either_looks_after_both(
    two: Callable[..., Any],
) -> None:
    from wholechild.people.models import Link
    from wholechild.trust.queries import verify

    hospital, police = amy(), amy("K-1", POLICE)
    one, other = teacher("ms-oak", hospital), teacher("mr-elm", police)
    two()
    decide("same", LATER)
    kept = amy()
    assert amy("K-1", POLICE) == kept == hospital
    assert len(seen_by(one, kept, LATER)) == len(seen_by(other, kept, LATER)) == 2
    link = Link.objects.get(evidence="confirmed")
    assert link.grounds["decision"].startswith("pair-same")
    assert picture_of(kept, "2026-03-09", LATER).chronology
    assert verify().ok


def test_as_it_was_known_before_the_decision_they_are_two(two: Callable[..., Any]) -> None:
    teacher("ms-oak", amy())
    two()
    decide("same", LATER)
    after = LATER + timedelta(days=1)
    now, then = (picture_of(amy(), day, after) for day in ("2026-03-11", "2026-03-05"))
    assert {entry.what for entry in now.chronology} == {"Left arm.", "Shouting heard."}
    assert {entry.what for entry in then.chronology} == {"Left arm."}


def test_a_split_gives_nobody_more_to_see(two: Callable[..., Any]) -> None:
    """Who was related to the person keeps them; who is split off is somebody whom nobody is related to."""
    two()
    person = amy()
    viewer = teacher("ms-oak", person, LATER)
    after = LATER + timedelta(days=1)
    before = seen_by(viewer, person, after)
    decide("different", after)
    apart = amy("K-1", POLICE)
    assert apart != amy() == person
    assert seen_by(viewer, person, after) < before
    assert seen_by(viewer, apart, after) == set()


def test_who_is_split_by_mistake_and_put_together_again_is_as_before(two: Callable[..., Any]) -> None:
    from wholechild.people.actions import settle_identities
    from wholechild.people.models import PairDecision, PairDecisionUndone
    from wholechild.trust.actions import add_facts

    two()
    person = amy()
    decide("different", LATER + timedelta(hours=1))
    assert amy("K-1", POLICE) != person
    decision = PairDecision.objects.get()
    later = LATER + timedelta(hours=2)
    row = PairDecisionUndone(id="undone-1", decision=decision.pk, why="a test", undone_at=later, by="tester")
    add_facts(at=later, act="people.undo", facts=[row], **EVERYONE)
    settle_identities(at=later, identities=decision.identities, **EVERYONE)
    assert amy() == amy("K-1", POLICE) == person


def test_what_newly_arrives_about_a_child_is_for_whoever_looks_after_that_child(
    deliver: Callable[..., Any],
) -> None:
    """A relation is to the child. An agency that tells of the child for the first time widens nobody's circle of children."""
    deliver("1.ndjson", as_ndjson([sent(SCHOOL, "person", "S-1", **AT_HOME)]), at=NOW, link=True)
    viewer = teacher("ms-oak", amy("S-1", SCHOOL))
    deliver("2.ndjson", as_ndjson([sent(HOSPITAL, "person", "P-1", **AT_HOME)]), at=LATER, link=True)
    assert len(seen_by(viewer, amy(), LATER)) == 2


def test_a_decision_that_needs_two_binds_nobody_until_it_is_seconded(two: Callable[..., Any]) -> None:
    from wholechild.people.actions import settle_identities
    from wholechild.people.models import PairDecision, PairDecisionSeconded
    from wholechild.records.ids import identity_id
    from wholechild.trust.actions import add_facts

    two()
    pair = sorted(
        [identity_id("police/Northmoor", "K-1"), identity_id("hospital_ed/Eastvale/Royal Infirmary", "P-1")]
    )
    row = PairDecision(
        id="pair-1",
        identities=pair,
        decision="different",
        why="a test",
        needs_second=True,
        decided_at=LATER,
        by="a",
    )
    add_facts(at=LATER, act="people.decide", facts=[row], **EVERYONE)
    settle_identities(at=LATER, identities=pair, **EVERYONE)
    assert amy() == amy("K-1", POLICE)
    agreed = PairDecisionSeconded(id="second-1", decision="pair-1", why="", seconded_at=LATER, by="b")
    add_facts(at=LATER, act="people.second", facts=[agreed], **EVERYONE)
    settle_identities(at=LATER, identities=pair, **EVERYONE)
    assert amy() != amy("K-1", POLICE)
