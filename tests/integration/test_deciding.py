"""People decide who is who: together or apart, by one or by two, undone or decided anew, and nothing is ever lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from tests.databases import AT
from tests.integration.deciding_world import (
    WHY,
    coordinator,
    decided,
    load,
    person,
    persons,
    reviewer,
    seconded,
    split,
    together,
    undone,
    weigh,
    who,
)
from tests.integration.worlds import EVERYONE, counts, history_of, picture_of, seat
from wholechild.people.deciding.decisions import CANNOT_TELL, DIFFERENT, SAME

START = {frozenset({"K-1", "P-1"}), frozenset({"S-1"}), frozenset({"V-1"})}
LINKED = {frozenset({"K-1", "P-1", "V-1"}), frozenset({"S-1"})}


@pytest.fixture(autouse=True)
def _world(rolled_back: None, deliver: Callable[..., Any]) -> None:
    load(deliver)


def refused(act: Callable[[], Any], said: str) -> None:
    """It says so, and leaves nothing behind."""
    from wholechild.trust.refusals import Refused

    before = counts()
    with pytest.raises(Refused, match=said):
        act()
    assert counts() == before


# -- together and apart ----------------------------------------------------------------------------------------------------


def test_what_one_person_decides_to_be_the_same_is_one_person_at_once() -> None:
    before = persons()
    made = decided("V-1", "K-1", SAME, reviewer())
    assert made.complete
    assert made.moved
    assert together() == LINKED
    assert person("V-1") in (before["K-1"], before["V-1"]), "one of the two pictures stays where it was"


def test_the_joined_child_has_every_record_from_then_on_and_not_before() -> None:
    decided("V-1", "K-1", SAME, reviewer(), AT + timedelta(days=1))
    child = person("K-1")
    records = {o.kind for o in history_of(child, AT + timedelta(days=2)).observations}
    assert records >= {"domestic_abuse.incident", "injury.bruise_unexplained", "contact.no_access_visit"}
    before = picture_of(child, AT.date().isoformat(), AT + timedelta(days=2))
    assert len({entry.agency for entry in before.chronology}) < 3, "not known that day to be about one child"


def test_two_different_people_are_kept_apart_with_one_signature() -> None:
    made = decided("V-1", "K-1", DIFFERENT, reviewer())
    assert made.complete
    assert not made.moved
    assert together() == START


def test_to_undo_takes_everybody_back() -> None:
    before, by = persons(), reviewer()
    made = decided("V-1", "K-1", SAME, by)
    undone(made.decision, by, AT + timedelta(hours=1))
    assert persons() == before


def test_a_split_needs_a_second_person() -> None:
    before, by = persons(), reviewer()
    made = split(["P-1"], by, person("K-1"))
    assert not made.complete
    assert persons() == before, "until then nothing changes"
    refused(lambda: seconded(made.decision, by), "Somebody else has to agree")
    assert seconded(made.decision, coordinator(), AT + timedelta(hours=1)).complete
    assert together() == {frozenset({one}) for one in before}
    assert person("K-1") == before["K-1"], "who stays keeps the picture"


def test_to_decide_that_a_linked_pair_is_different_is_a_split_too() -> None:
    made = decided("P-1", "K-1", DIFFERENT, reviewer())
    assert not made.complete
    seconded(made.decision, coordinator())
    assert person("P-1") != person("K-1")


@pytest.mark.parametrize("sealed", ["V-1", "P-1", "S-1"])
def test_a_link_that_touches_a_sealed_place_needs_a_second_person(sealed: str) -> None:
    """The place of either, or of somebody with whom one of them may be one."""
    from wholechild.people.searching.actions import seal_for_search

    seal_for_search(by="tester", purpose="safeguarding_concern", at=AT, identities=[who(sealed)])
    weigh("V-1", "S-1", 1.0, "faint")
    made = decided("V-1", "K-1", SAME, reviewer())
    assert (made.complete, person("V-1") == person("K-1")) == (False, False)
    assert seconded(made.decision, coordinator(), AT + timedelta(hours=1)).complete
    assert person("V-1") == person("K-1")


def test_what_two_decided_one_cannot_undo_but_two_can_decide_anew() -> None:
    by, other = reviewer(), coordinator()
    made = split(["P-1"], by, person("K-1"))
    seconded(made.decision, other)
    refused(lambda: undone(made.decision, by), "Two people made this decision")
    again = decided("P-1", "K-1", SAME, by, AT + timedelta(days=1))
    assert not again.complete
    seconded(again.decision, other, AT + timedelta(days=2))
    assert together() == START


def test_a_split_of_several_is_given_up_as_a_whole() -> None:
    by, other = reviewer(), coordinator()
    decided("V-1", "K-1", SAME, by)
    before = persons()
    made = split(["P-1"], by, person("K-1"), AT + timedelta(hours=1))
    seconded(made.decision, other, AT + timedelta(hours=1))
    assert together() == {frozenset({"K-1", "V-1"}), frozenset({"P-1"}), frozenset({"S-1"})}
    again = decided("P-1", "V-1", SAME, by, AT + timedelta(hours=2))
    assert not again.complete
    assert seconded(again.decision, other, AT + timedelta(hours=3)).complete
    assert persons() == before


def test_what_waits_can_be_taken_back_and_then_nothing_waits() -> None:
    by = reviewer()
    made = split(["P-1"], by, person("K-1"))
    refused(lambda: decided("P-1", "K-1", SAME, by), "waits for a second person")
    undone(made.decision, by)
    other = coordinator()
    refused(lambda: seconded(made.decision, other), "no longer waits")
    assert together() == START


def test_nobody_is_joined_with_somebody_from_whom_others_were_parted() -> None:
    by = reviewer()
    decided("V-1", "P-1", DIFFERENT, by)
    refused(lambda: decided("V-1", "K-1", SAME, by), "goes against what was decided")


def test_cannot_tell_changes_nothing_and_may_be_said_again() -> None:
    by = reviewer()
    assert decided("V-1", "K-1", CANNOT_TELL, by).complete
    assert together() == START
    assert decided("V-1", "K-1", CANNOT_TELL, by, AT + timedelta(days=1)).complete
    assert decided("V-1", "K-1", SAME, by, AT + timedelta(days=2)).complete
    assert together() == LINKED


# -- any order, and nothing lost -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_link_split_and_link_again_in_any_order_reaches_the_state_of_doing_it_once(seed: int) -> None:
    """However it came about: where the same decisions bind in the end, the same records are one person."""
    chance, by, other = Random(seed), reviewer(), coordinator()
    names = ["K-1", "P-1", "S-1", "V-1"]
    decided("V-1", "K-1", SAME, by)
    once = together()
    at = AT
    for _ in range(6):
        at += timedelta(hours=1)
        match chance.choice(["undo", "split", "again"]):
            case "split":
                child = person("V-1")
                own = [n for n in names if person(n) == child]
                if len(own) > 1:
                    seconded(
                        split(chance.sample(own, chance.randint(1, len(own) - 1)), by, child, at).decision,
                        other,
                        at,
                    )
            case "undo":
                _undo_what_one_decided(by, at)
            case "again":
                _bind_the_end(by, other, at)
        assert_nothing_is_lost(at)
    _bind_the_end(by, other, at + timedelta(hours=1))
    assert together() == once == LINKED


def _undo_what_one_decided(by: Any, at: Any) -> None:
    from wholechild.people.deciding.queries import decided_about
    from wholechild.trust.viewers import system

    for one in decided_about(system("tests"), [who("V-1"), who("K-1")]):
        made_with = one.id.count("-") > 1  # undone with the first of its act
        if not one.needs_second and one.undone_at is None and not made_with:
            undone(one.id, by, at)


def _bind_the_end(by: Any, other: Any, at: Any) -> None:
    """The decisions that shall bind in the end: the three are one."""
    from wholechild.people.deciding.decisions import in_force, pair_of
    from wholechild.people.deciding.queries import decided_about
    from wholechild.trust.viewers import system

    three = [who(n) for n in ("K-1", "P-1", "V-1")]
    binds = in_force(decided_about(system("tests"), three))
    for one in [d for d in binds.values() if d.decision == DIFFERENT]:
        at += timedelta(seconds=1)
        from wholechild.people.deciding.actions import decide_pair

        made = decide_pair(
            by=by, purpose="identity_check", at=at, one=one.pair[0], other=one.pair[1], decision=CANNOT_TELL, why=WHY,
            salts=EVERYONE["salts"],
        )  # fmt: skip
        if not made.complete:
            seconded(made.decision, other, at)
    joined = binds.get(pair_of(who("V-1"), who("K-1")))
    if joined is None or joined.decision != SAME:
        made = decided("V-1", "K-1", SAME, by, at + timedelta(seconds=1))
        if not made.complete:
            seconded(made.decision, other, at + timedelta(seconds=1))


def assert_nothing_is_lost(at: Any) -> None:
    """Every identity is one person, every record stands in exactly one picture of its own, and the ledger holds."""
    from wholechild.people.models import Link, Unlink
    from wholechild.trust.queries import verify

    live = Link.objects.exclude(pk__in=Unlink.objects.values("link")).values_list("identity", flat=True)
    assert sorted(live) == sorted(who(one) for one in persons())
    seen = [
        entry.record
        for child in set(persons().values())
        for entry in picture_of(child, at.date().isoformat(), at + timedelta(days=1)).chronology
        if entry.about_words
    ]
    assert len(seen) == len(set(seen)) == 3
    assert verify().ok


# -- who may, and what a link opens ------------------------------------------------------------------------------------------


def test_who_has_no_such_role_decides_nothing() -> None:
    teacher = seat("ms-oak", "teacher", "school/Northmoor/Oakfield Primary", AT, teaches=person("S-1"))
    refused(lambda: decided("V-1", "K-1", SAME, teacher), "Your role may not decide")
    refused(lambda: split(["P-1"], teacher, person("K-1")), "Your role may not decide")
    made = split(["P-1"], reviewer(), person("K-1"))
    refused(lambda: seconded(made.decision, teacher), "Your role may not decide")
    refused(lambda: undone(made.decision, teacher), "Your role may not decide")


def test_absent_and_refused_are_refused_in_the_same_words() -> None:
    from wholechild.people.deciding.actions import decide_pair
    from wholechild.trust.refusals import NotYours

    narrow = seat("nell", "linkage_reviewer", "local_authority/Northmoor", AT, duty=person("K-1"))
    said = []
    for other in (who("V-1"), "who-000000000000000000000000"):
        with pytest.raises(NotYours) as wrong:
            decide_pair(by=narrow, purpose="identity_check", at=AT, one=who("K-1"), other=other, decision=SAME, why=WHY,
                        salts=EVERYONE["salts"])  # fmt: skip
        said.append(wrong.value.reasons)
    assert said[0] == said[1]


def test_a_link_widens_nobodys_access_by_itself() -> None:
    """What a viewer may see hangs on the persons that they stand in a relation to; a decision changes none of that."""
    from wholechild.trust.models import Relation
    from wholechild.trust.queries import visible

    teacher = seat("ms-oak", "teacher", "school/Northmoor/Oakfield Primary", AT, teaches=person("S-1"))
    everybody = sorted(set(persons().values()))
    before = visible(teacher, everybody, AT), Relation.objects.count()
    weigh("V-1", "K-1", weight=40.0, zone="same")
    assert (visible(teacher, everybody, AT), Relation.objects.count()) == before
    decided("V-1", "K-1", SAME, reviewer("rob"))
    seats = 1  # of the reviewer
    assert (visible(teacher, everybody, AT), Relation.objects.count() - seats) == before


@pytest.mark.parametrize(
    ("why", "said"),
    [("", "Give a reason"), ("   ", "Give a reason"), ("x" * 2_001, "up to 2,000"), ("a\0b", "up to 2,000")],
)
def test_a_reason_is_asked_for(why: str, said: str) -> None:
    by = reviewer()
    refused(lambda: decided("V-1", "K-1", SAME, by, why=why), said)
    refused(lambda: split(["P-1"], by, person("K-1"), why=why), said)


def test_what_cannot_be_split_is_refused() -> None:
    by, child = reviewer(), person("K-1")
    refused(lambda: split([], by, child), "Choose which records")
    refused(lambda: split(["P-1", "K-1"], by, child), "Leave at least one")
    refused(lambda: split(["S-1"], by, child), "not records of this person")
    refused(lambda: decided("K-1", "K-1", SAME, by), "no such pair")
    refused(lambda: decided("V-1", "K-1", "perhaps", by), "Choose what you have decided")
    refused(lambda: undone("decision-0", by), "no such decision")


# -- the queue ---------------------------------------------------------------------------------------------------------------


def queue(viewer: Any, at: Any = AT) -> list[tuple[str, str]]:
    from wholechild.people.deciding.queries import review_queue

    return [tuple(item.pair) for item in review_queue(viewer, at)]  # type: ignore[misc]


def test_the_queue_has_each_two_people_once_by_their_likest_records() -> None:
    from wholechild.people.deciding.decisions import pair_of
    from wholechild.people.deciding.queries import review_queue

    by = reviewer()
    assert queue(by) == []
    weigh("V-1", "K-1", 6.0)
    weigh("V-1", "P-1", 7.0)
    weigh("P-1", "K-1", 9.0, "same")
    (item,) = review_queue(by, AT)
    assert item.pair == pair_of(who("V-1"), who("P-1"))
    assert item.also == 1
    assert not item.is_late(AT)
    assert item.is_late(AT + timedelta(days=400))


def test_what_is_decided_leaves_the_queue_and_what_is_undone_comes_back() -> None:
    by = reviewer()
    weigh("V-1", "K-1")
    weigh("V-1", "P-1", 1.0)
    for decision in (SAME, DIFFERENT):
        at = AT + timedelta(hours=[SAME, DIFFERENT].index(decision))
        made = decided("V-1", "K-1", decision, by, at)
        assert queue(by) == [], decision
        undone(made.decision, by, at + timedelta(minutes=5))
        assert len(queue(by)) == 1, decision


def test_what_cannot_be_told_comes_back_with_more_evidence() -> None:
    by = reviewer()
    weigh("V-1", "K-1", 6.0)
    decided("V-1", "K-1", CANNOT_TELL, by)
    assert queue(by) == []
    weigh("V-1", "K-1", 8.0)
    assert len(queue(by)) == 1


def test_the_queue_of_somebody_who_may_not_know_of_one_of_the_two_is_as_if_there_were_nothing() -> None:
    weigh("V-1", "K-1")
    narrow = seat("nell", "linkage_reviewer", "local_authority/Northmoor", AT, duty=person("K-1"))
    assert queue(narrow) == []
    assert len(queue(reviewer())) == 1


def test_somebody_takes_a_pair_in_hand_and_gives_it_back() -> None:
    from wholechild.people.deciding.actions import take_review
    from wholechild.people.deciding.queries import review_queue

    by, other = reviewer(), coordinator()
    weigh("V-1", "K-1")

    def take(viewer: Any, minutes: int, **more: Any) -> Any:
        return take_review(
            by=viewer, purpose="identity_check", at=AT + timedelta(minutes=minutes), one=who("V-1"), other=who("K-1"),
            salts=EVERYONE["salts"], **more,
        )  # fmt: skip

    take(by, 1)
    (item,) = review_queue(by, AT)
    assert (item.taken_by, item.taken_at) == (by.user, AT + timedelta(minutes=1))
    refused(lambda: take(other, 2, gives_back=True), "You have not taken this")
    take(by, 3, gives_back=True)
    assert review_queue(by, AT)[0].taken_by == ""


# -- side by side --------------------------------------------------------------------------------------------------------------


def test_a_reviewer_sees_details_and_no_record_and_a_coordinator_sees_records_and_no_place() -> None:
    from wholechild.people.deciding.queries import review

    weigh("V-1", "K-1")
    found = review(reviewer(), who("V-1"), who("K-1"), AT)
    assert found is not None
    side = next(s for s in found.sides if s.identity == who("V-1"))
    assert side.details["given"].value == "Ami"
    assert side.details["postcode"].value == "NM1 2AB"
    assert side.history is None
    other = review(coordinator(), who("V-1"), who("K-1"), AT)
    assert other is not None
    side, police = sorted(other.sides, key=lambda s: s.identity == who("K-1"))
    assert not side.details["postcode"].may_see
    assert side.details["postcode"].value == ""
    assert police.history is not None
    assert {line.kind_title for line in police.history}
    assert len(police.history) == 2, "the whole history of the person, of both agencies"


def test_each_look_is_written_down_and_each_refusal_too() -> None:
    from wholechild.people.deciding.actions import open_review
    from wholechild.trust.models import Disclosure

    def look(viewer: Any, other: str) -> Any:
        return open_review(by=viewer, purpose="identity_check", at=AT, one=who("K-1"), other=other, route="tests",
                           salts=EVERYONE["salts"])  # fmt: skip

    weigh("V-1", "K-1")
    assert look(reviewer(), who("V-1"))
    assert sorted(Disclosure.objects.values_list("person", "allowed")) == sorted(
        [(person("K-1"), True), (person("V-1"), True)]
    )
    teacher = seat("ms-oak", "teacher", "school/Northmoor/Oakfield Primary", AT, teaches=person("K-1"))
    assert look(teacher, who("V-1")) is None, "who works with one of the two may not compare"
    assert not Disclosure.objects.filter(user="ms-oak", allowed=True).exists()
    assert look(reviewer("rob"), "who-000000000000000000000000") is None
    assert not Disclosure.objects.filter(user="rob", allowed=True).exists()


# -- what would change -----------------------------------------------------------------------------------------------------------


def test_a_split_lists_what_moves_and_who_was_shown_it() -> None:
    from wholechild.people.deciding.actions import drawn_up_split, preview
    from wholechild.trust.actions import disclose
    from wholechild.trust.permissions import Decision

    by, child = coordinator(), person("K-1")
    nurse = seat("nina", "health_visitor", "health_visiting/Northmoor", AT, caseload=child)
    for n, (moment, allowed) in enumerate([(-1, True), (1, True), (2, True), (3, False)]):
        disclose(
            by=nurse, purpose="direct_care", at=AT + timedelta(hours=moment), person=child, relations=["caseload"],
            classes=["existence", "content"], route="page child", decision=Decision(allowed, "a test"), disclosure_id=f"dis-{n}",
            salts=EVERYONE["salts"],
        )  # fmt: skip
    before = counts()
    more = drawn_up_split(
        by=by, purpose="identity_check", at=AT, person=child, identities=[who("P-1")], why=WHY
    )
    found = preview(by=by, purpose="identity_check", at=AT + timedelta(days=1), more=more)
    assert counts() == before, "to look changes nothing"
    assert [(move.identity, move.now) for move in found.moves] == [(who("P-1"), child)]
    assert len(found.records) == 1
    assert [line.kind_title for line in found.lines] == ["Bruise without explanation"] or len(
        found.lines
    ) == 1
    assert [(told.user, told.times) for told in found.told] == [("nina", 2)], (
        "not before the link, and not the refused"
    )
    assert found.works_with[child] == 1


def test_a_link_has_nobody_to_tell() -> None:
    from wholechild.people.deciding.actions import drawn_up_pair, preview

    by = reviewer()
    made = drawn_up_pair(
        by=by, purpose="identity_check", at=AT, one=who("V-1"), other=who("K-1"), decision=SAME, why=WHY
    )
    found = preview(by=by, purpose="identity_check", at=AT, more=made)
    assert found.moves
    assert found.told == ()


def test_a_person_is_explained_by_the_links_that_stand() -> None:
    from wholechild.people.deciding.queries import explained

    by, before = reviewer(), {person("V-1"), person("K-1")}
    decided("V-1", "K-1", SAME, by)
    found = explained(by, person("K-1"), AT)
    assert found is not None
    assert len(found.linked) == 3
    assert "confirmed" in {one.evidence for one in found.linked}
    (empty,) = before - {person("K-1")}
    left = explained(by, empty, AT)
    assert left is not None
    assert left.linked == ()
    assert left.moved_to == (person("K-1"),), "whoever looks at the old picture is told where it went"
    narrow = seat("nell", "linkage_reviewer", "local_authority/Northmoor", AT, duty=empty)
    only = explained(narrow, empty, AT)
    assert only is not None
    assert only.moved_to == ()


# -- the commands ------------------------------------------------------------------------------------------------------------


def test_the_commands_show_first_and_do_it_with_yes(wholechild: Callable[..., Any]) -> None:
    import json

    by, other, child = reviewer(), coordinator(), person("K-1")
    now = AT.strftime("%Y-%m-%dT%H:%M:%S")
    asked = ["--user", by.user, "--why", WHY, "--now", now, "--json"]
    before = persons()
    shown = wholechild("people", "split", child, "--identity", who("P-1"), *asked)
    assert shown.exit_code == 0, shown.output
    said = json.loads(shown.stdout)
    assert said["done"] is None
    assert [move["identity"] for move in said["changes"]["moves"]] == [who("P-1")]
    assert persons() == before
    done = json.loads(wholechild("people", "split", child, "--identity", who("P-1"), *asked, "--yes").stdout)[
        "done"
    ]
    assert not done["complete"]
    alone = wholechild("people", "second", done["decision"], "--user", by.user, "--now", now)
    assert alone.exit_code == 1
    assert "Somebody else has to agree" in alone.stderr
    agreed = wholechild("people", "second", done["decision"], "--user", other.user, "--now", now)
    assert agreed.exit_code == 0, agreed.output
    assert person("P-1") != person("K-1") == child
    explained = json.loads(
        wholechild("people", "explain", child, "--user", by.user, "--now", now, "--json").stdout
    )
    assert [one["identity"] for one in explained["linked"]] == [who("K-1")]
    assert [one["seconded_by"] for one in explained["decided"]] == [other.user]
    missing = wholechild("people", "explain", "person-0", "--user", by.user, "--now", now)
    assert missing.exit_code == 1
