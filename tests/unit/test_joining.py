"""The joined history: what it keeps, leaves out, and how it is ordered. Who counts in which scope is in tests/spec."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime

from wholechild.lib.civil import FOREVER, day_start, parse_period, utc_of
from wholechild.patterns.history import ChildHistory, Relevance, Scope
from wholechild.patterns.joining import Linked, join
from wholechild.people.family import Family, FamilyTie, Held, Person, Stay
from wholechild.records.facts import Agency, Coverage, Record

GP, POLICE = Agency("gp", "Northmoor"), Agency("police", "Northmoor")


def record(
    number: int, about: Sequence[str] = ("c1",), agency: Agency = GP, day: str = "2011-02-01", **more: object
) -> Record:
    happened = parse_period(day)
    given = {"kind": "injury.burn", "reference": str(number), "learnt_at": utc_of(happened.ends), **more}
    return Record(id=f"rec-{number}", agency=agency, happened=happened, about=tuple(about), **given)  # type: ignore[arg-type]


def joined(
    records: Sequence[Record], links: dict[tuple[str, str], tuple[Linked, ...]], family: Family | None = None
) -> ChildHistory:
    return join("child", family or Family({"child": Person("child")}, [], []), records, links)


CHILD_AT_GP = {(GP.id, "c1"): (Linked("child"),)}


def test_a_local_id_is_one_agencys_own() -> None:
    history = joined([record(1), record(2, agency=POLICE)], CHILD_AT_GP)
    assert [o.record for o in history.observations] == ["rec-1"]


def test_two_local_ids_of_two_agencies_are_one_child() -> None:
    links = {**CHILD_AT_GP, (POLICE.id, "p7"): (Linked("child"),)}
    history = joined([record(1), record(2, ["p7"], POLICE)], links)
    assert [o.subjects for o in history.observations] == [("child",), ("child",)]


def test_a_record_about_nobody_whom_we_know_is_left_out() -> None:
    assert joined([record(1, ["c9"])], CHILD_AT_GP).observations == ()


def test_a_record_is_relevant_while_the_link_is_known() -> None:
    links = {(GP.id, "c1"): (Linked("child", 100, 900),)}
    history = joined([record(1)], links)
    assert history.scoped[Scope.CHILD] == ((0, Relevance(100, 900)),)


def test_a_link_that_was_taken_back_and_made_again_gives_two_spells() -> None:
    links = {(GP.id, "c1"): (Linked("child", 100, 200), Linked("child", 300, 400))}
    history = joined([record(1)], links)
    assert history.scoped[Scope.CHILD] == ((0, Relevance(100, 200)), (0, Relevance(300, 400)))


def test_links_that_overlap_are_one_spell() -> None:
    links = {(GP.id, "c1"): (Linked("child", 100, 250), Linked("child", 200, 400))}
    assert joined([record(1)], links).scoped[Scope.CHILD] == ((0, Relevance(100, 400)),)


def test_a_link_that_was_never_known_gives_nothing() -> None:
    assert joined([record(1)], {(GP.id, "c1"): (Linked("child", 200, 200),)}).observations == ()


def test_records_stand_in_a_total_order_however_they_came() -> None:
    records = [
        record(n, day=f"2011-02-{1 + n % 3:02}", kind=["injury.burn", "injury.scald"][n % 2])
        for n in range(12)
    ]
    straight = joined(records, CHILD_AT_GP)
    random.Random(7).shuffle(records)
    assert joined(records, CHILD_AT_GP) == straight
    order = [(o.happened_from, o.kind, o.sector, o.record) for o in straight.observations]
    assert order == sorted(order)


def test_an_older_version_is_forgotten_when_a_higher_one_is_learnt() -> None:
    learnt = [datetime(2011, 2, day, tzinfo=UTC) for day in (2, 10)]
    versions = [
        record(1, version=1, reference="a", learnt_at=learnt[0]),
        record(2, version=2, reference="a", learnt_at=learnt[1]),
    ]
    history = joined(versions, CHILD_AT_GP)
    assert [o.forgotten for o in history.observations] == [day_start(learnt[1].date()), FOREVER]


def test_withdrawal_and_correction_whichever_is_first() -> None:
    taken_back = datetime(2011, 2, 5, tzinfo=UTC)
    versions = [
        record(1, version=1, reference="a", withdrawn_at=taken_back),
        record(2, version=2, reference="a", learnt_at=datetime(2011, 2, 10, tzinfo=UTC)),
    ]
    assert joined(versions, CHILD_AT_GP).observations[0].forgotten == day_start(taken_back.date())


def test_a_source_that_does_not_say_who_it_was_has_no_sector() -> None:
    history = joined(
        [record(1, agency=Agency("not_stated", "Northmoor"))],
        {("not_stated/Northmoor", "c1"): (Linked("child"),)},
    )
    assert history.observations[0].sector == ""


def test_homes_adults_and_feeds_come_with_the_history() -> None:
    family = Family(
        {"child": Person("child", (5, 6), 99)},
        [FamilyTie("child", "lodger", "bob", Held(known_from=30))],
        [Stay("child", "home", "Northmoor", Held(10, 50)), Stay("bob", "home", "", Held(20, 40, 25))],
    )
    feed = Coverage(GP, datetime(2010, 1, 1, tzinfo=UTC), None)
    history = join("child", family, [], {}, [feed])
    assert (history.born, history.died) == ((5, 6), 99)
    assert [(h.area, h.lived_from, h.lived_to) for h in history.areas] == [("Northmoor", 10, 50)]
    (bob,) = history.adults
    assert (bob.lived_from, bob.lived_to, bob.known_from, bob.arrived) == (20, 40, 30, 20)
    (heard,) = history.coverage
    assert (heard.sector, heard.area, heard.live_to) == ("general_practice", "Northmoor", FOREVER)


def test_a_record_keeps_what_it_says() -> None:
    written = record(
        1,
        count=3,
        measures={"kg": 9.0},
        values={"mechanism": "iron"},
        informant="mother",
        what="A burn.",
        day="2011-02",
    )
    (seen,) = joined([written], CHILD_AT_GP).observations
    assert (seen.count, seen.measures, seen.values, seen.informant, seen.what) == (
        3,
        {"kg": 9.0},
        {"mechanism": "iron"},
        "mother",
        "A burn.",
    )
    assert seen.happened_words == "February 2011"
