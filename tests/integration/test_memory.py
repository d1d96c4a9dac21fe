"""What a worker remembers between two records is what a reading of everything would give, whatever came in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from tests.feeds import as_ndjson
from tests.integration.remembered import VIEWER, differing, plainly, warm
from tests.integration.worlds import (
    AMY,
    BRUISED,
    EVERYONE,
    FROM_POLICE,
    JOINED,
    MOTHER,
    VISITOR,
    amy,
    lesson,
    moment,
    sent,
)
from wholechild.patterns.memory import NOTHING_REMEMBERED, Memory

NOW, NEXT, LATER = moment("2026-03-02"), moment("2026-03-11"), moment("2026-03-25")
BEN: Final = {"given_name": "Ben", "family_name": "Amble", "born": "2018-04-01", "nhs_number": "9990000026"}
CRAIG: Final = {"given_name": "Craig", "family_name": "Dun", "born": "1990-01-01", "nhs_number": "9990000042"}
IDA: Final = {
    "given_name": "Ida",
    "family_name": "Elsewhere",
    "born": "2020-01-01",
    "nhs_number": "9990000050",
}


def visited(row: str, reference: str, **more: Any) -> dict[str, Any]:
    return sent(VISITOR, row, reference, **more)


def record(reference: str, who: str = "C-1", **more: Any) -> dict[str, Any]:
    said = {"kind": "injury.bruise_unexplained", "happened": "2026-02-20", "subject": who}
    return visited("record", reference, **{**said, **more})


#: Amy and Ben share a mother, Craig lives with Amy; Ida is a stranger. The visitor has one record of each.
FAMILY: Final = [
    *(visited("person", f"C-{n}", **who) for n, who in enumerate((AMY, MOTHER, BEN, CRAIG, IDA), 1)),
    visited("person", "C-5x", given_name="Olga", family_name="Elsewhere", born="1950-01-01"),
    visited("tie", "T-1", subject="C-1", relation="mother", other="C-2"),
    visited("tie", "T-2", subject="C-3", relation="mother", other="C-2"),
    visited("residence", "R-1", subject="C-1", household="H-1"),
    visited("residence", "R-4", subject="C-4", household="H-1"),
    visited("tie", "T-5", subject="C-5", relation="grandparent", other="C-5x"),
    *(record(f"X-{n}", f"C-{n}") for n in range(1, 6)),
]  # fmt: skip


@pytest.fixture
def family(rolled_back: None, deliver: Any) -> dict[str, str]:
    """`Amy`, `Ben` and `Ida`, who are all that is known."""
    assert not deliver("family.ndjson", as_ndjson(FAMILY), at=NOW, link=True).quarantined
    return {"Amy": amy("C-1", VISITOR), "Ben": amy("C-3", VISITOR), "Ida": amy("C-5", VISITOR)}


@pytest.fixture
def memory(family: dict[str, str]) -> Memory:
    """A memory in which all three are, and whom news of the visitor's identities concerns."""
    from wholechild.patterns.queries import circle_of
    from wholechild.records.ids import identity_id

    memory = Memory()
    warm(memory, NOW)
    for local in ("C-1", "C-2", "C-3", "C-4", "C-5"):
        identity = identity_id("health_visiting/Northmoor", local)
        memory.keep_circle(identity, circle_of(identity))
    assert set(memory.children) == set(family.values())
    return memory


def weight_of(memory: Memory, child: str) -> int:
    found = memory.recall(child, LATER)
    assert found is not None
    return found.weight


# -- what may come in between ------------------------------------------------------------------------------------------


def _unlink(deliver: Any) -> None:
    from wholechild.people.actions import take_back_link
    from wholechild.people.models import Link

    take_back_link(at=NEXT, link=Link.objects.get(person=amy("C-4", VISITOR)), why="a test", **EVERYONE)


def _only_unlink(deliver: Any) -> None:
    """Somebody says who it is not, and nobody yet who it is."""
    from wholechild.people.models import Link, Unlink
    from wholechild.trust.actions import add_facts

    link = Link.objects.get(person=amy("C-4", VISITOR))
    fact = Unlink(id="unlink-1", link=link.pk, why="a test", unlinked_at=NEXT, by="tester")
    add_facts(act="people.unlink", at=NEXT, facts=[fact], **EVERYONE)


def _withdraw(deliver: Any) -> None:
    from wholechild.records.actions import withdraw_delivery
    from wholechild.records.models import Delivery

    withdraw_delivery(at=NEXT, delivery=Delivery.objects.latest("received_at").pk, why="a test", **EVERYONE)


def _link(deliver: Any) -> None:
    deliver("2.ndjson", as_ndjson(FROM_POLICE), at=NEXT, link=True)


def _beside(deliver: Any) -> None:
    """A record names Amy and somebody who is linked only later."""
    stranger = visited("person", "C-9", given_name="Joe", family_name="Other", born="1980-01-01")
    deliver("2.ndjson", as_ndjson([stranger, record("X-9", also_about=["C-9"])]), at=NEXT)


def _delivered(*rows: dict[str, Any]) -> Callable[[Any], None]:
    return lambda deliver: deliver("2.ndjson", as_ndjson(list(rows)), at=NEXT)


#: What happens, and who is no longer remembered after it: nobody else may be forgotten, but for feeds.
BETWEEN: Final[dict[str, tuple[Callable[[Any], None], set[str]]]] = {
    "a record": (_delivered(record("Y-1")), set()),
    "a record of the mother": (_delivered(record("Y-1", "C-2", kind="domestic_abuse.incident")), set()),
    "a record of two people": (_delivered(record("Y-1", also_about=["C-3"])), set()),
    "two records": (_delivered(record("Y-1"), record("Y-2", "C-3", happened="2026-01")), set()),
    "a correction": (_delivered(record("X-1", happened="2026-02-01")), {"Amy", "Ben"}),
    "a correction that moves a record": (_delivered(record("X-1", "C-5")), {"Amy", "Ben", "Ida"}),
    "a tie": (_delivered(visited("tie", "T-9", subject="C-1", relation="partner_of_parent", other="C-4")), {"Amy", "Ben"}),
    "a tie to a stranger": (_delivered(visited("tie", "T-9", subject="C-5", relation="mother", other="C-2")), {"Amy", "Ben", "Ida"}),
    "a home": (_delivered(visited("residence", "R-9", subject="C-3", household="H-1")), {"Amy", "Ben"}),
    "a death": (_delivered(visited("person", "C-1", **AMY, died="2026-03-01")), {"Amy", "Ben"}),
    "a feed": (_delivered(visited("coverage", "", **{"from": "2020-01-01"})), {"Amy", "Ben", "Ida"}),
    "a link": (_link, {"Amy", "Ben"}),
    "a link taken back": (_unlink, {"Amy"}),
    "a link taken back, and none made": (_only_unlink, {"Amy"}),
    "a delivery withdrawn": (_withdraw, {"Amy", "Ben", "Ida"}),
    "a record that names somebody unknown": (_beside, {"Amy", "Ben"}),
}  # fmt: skip


@pytest.mark.parametrize("what", BETWEEN)
def test_what_came_in_between_is_noticed(
    what: str, memory: Memory, family: dict[str, str], deliver: Any
) -> None:
    """Somebody else did it: this memory only has the ledger to go by."""
    act, forgotten = BETWEEN[what]
    before = {
        child: plainly(found.asked.history)
        for child in memory.children
        if (found := memory.recall(child, NOW))
    }
    act(deliver)
    assert differing(memory, NEXT) == []
    assert {name for name, child in family.items() if child not in memory.children} == forgotten
    warm(memory, NEXT)
    after = {
        child: plainly(found.asked.history)
        for child in memory.children
        if (found := memory.recall(child, NEXT))
    }
    assert after != before  # else nothing would have had to be noticed
    assert differing(memory, NEXT) == []


def test_of_two_whom_a_record_names_each_has_to_be_known(
    memory: Memory, family: dict[str, str], deliver: Any
) -> None:
    """Somebody who came before, and whom no record of the family has named: who that is was not read."""
    from wholechild.patterns.queries import catch_up

    stranger = visited("person", "C-9", given_name="Joe", family_name="Other", born="1980-01-01")
    deliver("2.ndjson", as_ndjson([stranger]), at=NEXT, link=True)
    warm(memory, NEXT)
    assert set(memory.children) == set(family.values())
    deliver("3.ndjson", as_ndjson([record("X-9", also_about=["C-9"])]), at=NEXT)
    assert differing(memory, NEXT) == []
    catch_up(VIEWER, memory)
    assert set(memory.children) == {family["Ida"]}


def test_who_is_linked_later_is_found_in_what_is_remembered(memory: Memory, deliver: Any) -> None:
    from wholechild.people.actions import link_new_identities

    _beside(deliver)
    warm(memory, NEXT)
    link_new_identities(at=NEXT, **EVERYONE)
    assert differing(memory, NEXT) == []


def test_whom_news_concerns_follows_a_new_tie(memory: Memory, deliver: Any) -> None:
    """The stranger's records concern Amy and Ben from the day on which she is said to be of the family."""
    from wholechild.patterns.queries import catch_up, whom_it_concerns
    from wholechild.trust.queries import head

    def concerned(reference: str) -> set[str]:
        deliver(f"{reference}.ndjson", as_ndjson([record(reference, "C-5")]), at=NEXT)
        catch_up(VIEWER, memory)
        return set(whom_it_concerns(VIEWER, memory, head().leaves, head().leaves).children)

    ida, both = amy("C-5", VISITOR), {amy("C-1", VISITOR), amy("C-3", VISITOR)}
    assert concerned("Y-1") == {ida}
    BETWEEN["a tie to a stranger"][0](deliver)
    assert concerned("Y-2") == {ida, *both}


def test_whom_news_concerns_is_what_a_reading_gives(memory: Memory, deliver: Any) -> None:
    """A delivery of more than records is asked about anew; one of records alone is answered from memory, with its moment."""
    from wholechild.patterns.queries import catch_up, children_concerned, whom_it_concerns
    from wholechild.trust.queries import head, moment_of

    for what in ("a record of the mother", "a tie", "a correction that moves a record"):
        BETWEEN[what][0](lambda name, text, what=what, **more: deliver(f"{what}.ndjson", text, **more))
        catch_up(VIEWER, memory)
        last = head().leaves
        found = whom_it_concerns(VIEWER, memory, last, last)
        assert (list(found.children), found.since) == (children_concerned(last, last), moment_of(last))


# -- what does not concern it ------------------------------------------------------------------------------------------


def test_what_no_history_is_made_of_leaves_it_alone(memory: Memory, family: dict[str, str]) -> None:
    from wholechild.patterns.actions import evaluate_children
    from wholechild.trust.actions import appoint

    appoint(at=NEXT, user="x", role="teacher", agency="school/Northmoor/Elm", authority="a test", **EVERYONE)
    children = sorted(family.values())
    done = evaluate_children(at=NEXT, children=children, lessons=(BRUISED, JOINED), memory=memory, **EVERYONE)
    assert done.begun == 3
    assert differing(memory, NEXT) == []
    assert set(memory.children) == set(family.values())


@pytest.fixture
def no_new_kinds() -> Iterator[None]:
    """What a test adds to the models is taken out again: the ledger's checks ask every kind there is."""
    from django.apps import apps

    yield
    apps.all_models["people"].pop("unheard", None)
    apps.clear_cache()


def test_a_kind_of_fact_that_is_not_known_has_everything_forgotten(
    memory: Memory, no_new_kinds: None
) -> None:
    from wholechild.patterns.queries import catch_up
    from wholechild.people.models import PairDecision
    from wholechild.trust.actions import add_facts

    class Unheard(PairDecision):
        ledger_kind = "unheard"

        class Meta:
            proxy = True
            app_label = "people"

    fact = Unheard(
        id="unheard-1",
        identities=["a", "b"],
        decision="different",
        why="a test",
        decided_at=NEXT,
        by="tester",
    )
    add_facts(act="a.test", at=NEXT, facts=[fact], **EVERYONE)
    catch_up(VIEWER, memory)
    assert memory.children == ()


def test_whoever_evaluates_for_another_reason_sees_what_came_meanwhile(
    memory: Memory, family: dict[str, str], deliver: Any
) -> None:
    """A timer fires: nobody has told this memory anything, and what a lesson said before the record is not said again."""
    from wholechild.patterns.actions import evaluate_children
    from wholechild.patterns.models import Match

    lessons = (
        at_least_two := lesson(
            "two", {"count": {"of": ["injury.*"], "about": "child", "at_least": 2, "within": "12 months"}}
        ),
    )
    asked = {"children": [family["Amy"]], "lessons": lessons, "memory": memory, **EVERYONE}
    assert evaluate_children(at=NEXT, **asked).begun == 0
    deliver("2.ndjson", as_ndjson([record("Y-1")]), at=NEXT)
    assert evaluate_children(at=NEXT, **asked).begun == 1
    assert Match.objects.get().lesson == at_least_two.id


# -- the proof ---------------------------------------------------------------------------------------------------------


def test_an_act_that_is_rolled_back_is_not_remembered(
    memory: Memory, deliver: Any, family: dict[str, str]
) -> None:
    """Another act then stands at the same place of the ledger; only the link tells the two apart."""
    from django.db import transaction

    from wholechild.trust.queries import head

    with transaction.atomic():
        deliver("2.ndjson", as_ndjson([record("Y-1")]), at=NEXT)
        warm(memory, NEXT)
        undone = head()
        transaction.set_rollback(True)
    deliver("2.ndjson", as_ndjson([record("Y-2", "C-3")]), at=NEXT)
    assert head().leaves == undone.leaves
    assert differing(memory, NEXT) == []
    assert memory.at == head()


def test_a_ledger_that_is_shorter_is_another_one(memory: Memory, deliver: Any) -> None:
    from django.db import transaction

    from wholechild.patterns.queries import catch_up

    with transaction.atomic():
        deliver("2.ndjson", as_ndjson([record("Y-1")]), at=NEXT)
        warm(memory, NEXT)
        transaction.set_rollback(True)
    catch_up(VIEWER, memory)
    assert memory.children == ()


def test_what_fails_half_way_has_everything_forgotten(
    memory: Memory, deliver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the record would be taken in twice."""
    from wholechild.patterns.queries import catch_up

    deliver("2.ndjson", as_ndjson([record("Y-1"), record("Y-2", "C-3")]), at=NEXT)
    with monkeypatch.context() as broken:
        broken.setattr(Memory, "hear", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            catch_up(VIEWER, memory)
    assert memory.children == ()
    warm(memory, NEXT)
    assert differing(memory, NEXT) == []


def test_more_news_than_it_is_worth_is_not_followed(
    memory: Memory, deliver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wholechild.patterns.queries import catch_up

    monkeypatch.setattr("wholechild.patterns.queries.MOST_LEAVES", 3)
    deliver("2.ndjson", as_ndjson([record(f"Y-{n}") for n in range(3)]), at=NEXT)
    catch_up(VIEWER, memory)
    assert memory.children == ()
    warm(memory, NEXT)
    assert differing(memory, NEXT) == []


def test_an_earlier_moment_is_not_answered_from_a_later_reading(
    memory: Memory, family: dict[str, str]
) -> None:
    assert memory.recall(family["Amy"], NOW) is not None
    assert memory.recall(family["Amy"], NOW - timedelta(seconds=1)) is None


def test_a_link_that_ends_later_is_not_remembered_as_ended(
    memory: Memory, family: dict[str, str], deliver: Any
) -> None:
    """Asked as of before the end, whom the identity was counts for the name; as of after it, no longer."""
    _unlink(deliver)
    early = NEXT - timedelta(days=1)
    warm(memory, early)
    assert family["Ida"] in memory.children
    assert family["Amy"] not in memory.children
    warm(memory, NEXT)
    assert family["Amy"] in memory.children


def test_a_published_chronology_is_read_anew_each_time(rolled_back: None, deliver: Any) -> None:
    """Its ties follow from its records, so that one more may make a family."""
    text = (Path(__file__).parents[2] / "cases" / "khan.yaml").read_text()
    assert deliver("khan.yaml", text, at=NOW, link=True).loaded
    memory = Memory()
    warm(memory, NOW)
    assert memory.children == ()


# -- its bounds --------------------------------------------------------------------------------------------------------


def test_the_longest_unasked_is_forgotten_first(memory: Memory, family: dict[str, str]) -> None:
    small = Memory(most=weight_of(memory, family["Amy"]) + weight_of(memory, family["Ida"]))
    for name in ("Amy", "Ida"):
        warm(small, NOW, [family[name]])
    warm(small, NOW, [family["Amy"]])
    warm(small, NOW, [family["Ben"]])
    assert family["Ida"] not in small.children


def test_who_asks_once_remembers_nothing(family: dict[str, str]) -> None:
    warm(NOTHING_REMEMBERED, NOW)
    assert NOTHING_REMEMBERED.children == ()
    assert NOTHING_REMEMBERED.at is None


# -- several at once ---------------------------------------------------------------------------------------------------


def test_two_workers_with_memories_of_their_own_note_what_a_full_evaluation_gives(
    own_database: Any, deliver: Any
) -> None:
    """Records come from both sides; each worker evaluates in turn, and hears of the other's only through the ledger."""
    from concurrent.futures import ThreadPoolExecutor

    from wholechild.patterns.actions import take_in_news
    from wholechild.patterns.queries import differences, everyone_evaluated
    from wholechild.trust.models import LedgerLeaf

    deliver("family.ndjson", as_ndjson(FAMILY), at=NOW, link=True)
    for number in range(12):
        who = f"C-{number % 3 + 1}"
        deliver(
            f"{number}.ndjson",
            as_ndjson([record(f"Y-{number}", who, happened=f"2026-02-{number + 1:02}")]),
            at=NOW,
        )
    leaves = list(
        LedgerLeaf.objects.filter(fact_kind="delivery").order_by("seq").values_list("seq", flat=True)
    )

    def work(which: int) -> None:
        from django.db import connections

        memory = Memory()
        try:
            for leaf in leaves[which::2] + leaves[which - 1 :: 2]:
                take_in_news(
                    at=NOW, first=leaf, last=leaf, lessons=(BRUISED, JOINED), memory=memory, **EVERYONE
                )
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))
    everyone = everyone_evaluated(VIEWER, NOW)
    assert list(differences(VIEWER, everyone, NOW, (BRUISED, JOINED))) == []


def test_a_snapshot_is_of_one_moment_and_nothing_is_written_in_it(own_database: Any) -> None:
    from django.db import connection

    from wholechild.trust.queries import one_snapshot

    def told(setting: str) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(f"SHOW {setting}")
            return cursor.fetchone()[0]

    with one_snapshot():
        assert (told("transaction_isolation"), told("transaction_read_only")) == ("repeatable read", "on")
    assert (told("transaction_isolation"), told("transaction_read_only")) == ("read committed", "off")
