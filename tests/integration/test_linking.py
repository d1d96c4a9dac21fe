"""Who is one person: what a sender declares and what agrees exactly; never against a contradiction, and never for good."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.feeds import as_ndjson
from tests.integration.worlds import (
    AMY,
    EVERYONE,
    FROM_HOSPITAL,
    HOSPITAL,
    JOINED,
    POLICE,
    SCHOOL,
    TWO_AGENCIES,
    VISITOR,
    amy,
    counts,
    history_of,
    moment,
    note,
    picture_of,
    sent,
)  # fmt: skip

pytestmark = pytest.mark.usefixtures("rolled_back")
CASES = Path(__file__).parents[2] / "cases"
NOW, LATER = moment("2026-03-02"), moment("2026-03-10")
#: Valid by their check digit, and nobody's: the range 999 is for tests.
ONE, OTHER = "9990000018", "9990000026"


def linked(deliver: Callable[..., Any], one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether the same person, as two agencies have them, becomes one."""
    rows = [sent(HOSPITAL, "person", "P-1", **one), sent(POLICE, "person", "K-1", **other)]
    report = deliver("people.ndjson", as_ndjson(rows), link=True)
    assert report.loaded == 2, report.issues
    return amy("P-1") == amy("K-1", POLICE)


WITHOUT_NUMBER = {key: value for key, value in AMY.items() if key != "nhs_number"}
AT_HOME = {**WITHOUT_NUMBER, "postcode": "NM1 2AB"}

SAME: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "number, birth and first name": (AMY, {**AMY, "family_name": "Amble-Carr"}),
    "number and birth, one without a name": (AMY, {"born": AMY["born"], "nhs_number": ONE}),
    "number written with blanks": (AMY, {**AMY, "nhs_number": "999 000 0018"}),
    "name, birth and postcode": (AT_HOME, {**AT_HOME, "postcode": "nm12ab"}),
    "names with other accents and case": (
        {**AT_HOME, "given_name": "Zoë", "family_name": "O'Neill"}, {**AT_HOME, "given_name": "ZOE", "family_name": "ONeill"},
    ),
}  # fmt: skip
#: What does not agree to the letter, and weighs enough all the same.
PROBABLE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "one number and name, the year of birth mistaken": (AMY, {**AMY, "born": "2020-05-10"}),
    "one number and name, a birth that is only a year": (AMY, {**AMY, "born": "2021"}),
    "one number and name, no birth": (AMY, {**AMY, "born": ""}),
    "at home, day and month in the other order": (AT_HOME, {**AT_HOME, "born": "2021-10-05", "nhs_number": ONE}),
    "at home, the family name misspelt": (AT_HOME, {**AT_HOME, "family_name": "Ambel", "nhs_number": ONE}),
    "moved, and the old home is known": ({**AMY, "postcode": "NM1 2AB"}, {**AMY, "postcode": "EV9 9ZZ"}),
}  # fmt: skip
ONLY_NAME = {"given_name": "Amy", "family_name": "Amble"}
DIFFERENT: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "twins with one number": (AMY, {**AMY, "given_name": "Ben"}),
    "twins at home": (AT_HOME, {**AT_HOME, "given_name": "Ben"}),
    "one name and home, two valid numbers": (
        {**AT_HOME, "nhs_number": ONE},
        {**AT_HOME, "nhs_number": OTHER},
    ),
    "two babies without a name": ({**AT_HOME, "given_name": "Baby"}, {**AT_HOME, "given_name": "baby"}),
    "a name alone": (ONLY_NAME, ONLY_NAME),
    "a birthday alone": ({"born": AMY["born"]}, {"born": AMY["born"]}),
    "a name and the number of nobody, nought": (
        {**ONLY_NAME, "nhs_number": "0000000000"},
        {**ONLY_NAME, "nhs_number": "0000000000"},
    ),
    "a name and the number of nobody, nine": (
        {**ONLY_NAME, "nhs_number": "9999999999"},
        {**ONLY_NAME, "nhs_number": "9999999999"},
    ),
    "a name and a birth that is only a year": ({**ONLY_NAME, "born": "2021"}, {**ONLY_NAME, "born": "2021"}),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME.keys())
def test_what_agrees_exactly_is_one_person(deliver: Any, one: dict[str, Any], other: dict[str, Any]) -> None:
    assert linked(deliver, one, other)


@pytest.mark.parametrize(("one", "other"), PROBABLE.values(), ids=PROBABLE.keys())
def test_what_weighs_enough_is_one_person(deliver: Any, one: dict[str, Any], other: dict[str, Any]) -> None:
    assert linked(deliver, one, other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT.keys())
def test_what_contradicts_or_says_too_little_is_two(
    deliver: Any, one: dict[str, Any], other: dict[str, Any]
) -> None:
    assert not linked(deliver, one, other)


@pytest.mark.parametrize("name", ["Baby Girl", "Baby Boy", "Twin 1", "Infant Of", "Unnamed", "NK"])
def test_two_newborn_twins_entered_without_a_name_are_two(deliver: Any, name: str) -> None:
    """A maternity ward enters both before they are named; same day, same home, same words."""
    twin = {**AT_HOME, "given_name": name}
    assert not linked(deliver, twin, twin)


def test_a_chronology_declares_one_person_over_all_its_agencies(deliver: Callable[..., Any]) -> None:
    from wholechild.people.models import Link
    from wholechild.records.models import PersonRow

    deliver("khan.yaml", (CASES / "khan.yaml").read_bytes(), link=True)
    identities = PersonRow.objects.filter(reference="khan:child").values_list("identity", flat=True)
    assert len(set(identities)) > 3
    assert Link.objects.filter(identity__in=identities).values("person").distinct().count() == 1
    assert set(Link.objects.values_list("evidence", flat=True)) == {"declared"}


def bridge(deliver: Callable[..., Any], school: dict[str, Any], police: dict[str, Any]) -> list[str]:
    """The hospital's Amy, the school's, and then the police's, who is like both. Gives their persons."""
    amys = [sent(HOSPITAL, "person", "P-1", **AMY), sent(SCHOOL, "person", "S-1", **school), sent(POLICE, "person", "K-1", **police)]  # fmt: skip
    for n, row in enumerate(amys):
        deliver(f"{n}.ndjson", as_ndjson([row]), at=moment(f"2026-03-0{n + 1}"), link=True)
    return [amy("P-1"), amy("S-1", SCHOOL), amy("K-1", POLICE)]


def test_who_is_like_two_joins_them_and_the_first_person_stays(deliver: Callable[..., Any]) -> None:
    """Nobody knew that the hospital's and the school's are one, until somebody came who knows number and home."""
    from wholechild.people.models import Link, Unlink

    nameless = {"nhs_number": ONE, "born": AMY["born"]}
    deliver(
        "0.ndjson",
        as_ndjson([sent(HOSPITAL, "person", "P-1", **nameless)]),
        at=moment("2026-03-01"),
        link=True,
    )
    deliver(
        "1.ndjson", as_ndjson([sent(SCHOOL, "person", "S-1", **AT_HOME)]), at=moment("2026-03-02"), link=True
    )
    first, second = amy("P-1"), amy("S-1", SCHOOL)
    assert first != second
    both = {**AT_HOME, "nhs_number": ONE}
    deliver(
        "2.ndjson", as_ndjson([sent(POLICE, "person", "K-1", **both)]), at=moment("2026-03-03"), link=True
    )
    assert {amy("P-1"), amy("S-1", SCHOOL), amy("K-1", POLICE)} == {first}
    (gone,) = Unlink.objects.all()
    assert Link.objects.get(pk=gone.link).person == second


def test_who_is_like_two_who_cannot_be_one_joins_one_of_them(deliver: Callable[..., Any]) -> None:
    people = bridge(deliver, {**AT_HOME, "nhs_number": OTHER}, AT_HOME)
    assert people[0] != people[1]
    assert people[2] in people[:2]


def test_who_contradicts_somebody_of_a_person_joins_nobody_of_that_person(
    deliver: Callable[..., Any],
) -> None:
    """The last is like the second, who says nothing against it; but the first, who is the same person, has another number."""
    for n, (sender, local, said) in enumerate(
        (
            (HOSPITAL, "P-1", {**AT_HOME, "nhs_number": ONE}),
            (POLICE, "K-1", AT_HOME),
            (SCHOOL, "S-1", {**AT_HOME, "nhs_number": OTHER}),
        )
    ):
        deliver(
            f"{n}.ndjson",
            as_ndjson([sent(sender, "person", local, **said)]),
            at=moment(f"2026-03-0{n + 1}"),
            link=True,
        )
    assert amy() == amy("K-1", POLICE)
    assert amy("S-1", SCHOOL) != amy()


def test_evidence_names_what_agreed_and_never_the_values(deliver: Callable[..., Any]) -> None:
    from wholechild.people.models import Link

    assert linked(deliver, AMY, AMY)
    link = Link.objects.get(evidence="exact_agreement")
    assert link.grounds["agreed"] == "NHS number and date of birth"
    assert ONE not in str(link.grounds)
    assert "Amy" not in str(link.grounds)


def test_linking_again_changes_nothing(deliver: Callable[..., Any]) -> None:
    from wholechild.people.actions import link_new_identities

    deliver("1.ndjson", TWO_AGENCIES, link=True)
    before = counts()
    assert link_new_identities(at=NOW, **EVERYONE) == 0
    assert counts() == before


def test_the_order_of_arrival_makes_no_difference_to_who_is_one(deliver: Callable[..., Any]) -> None:
    from wholechild.people.models import Link

    rows = [sent(s, "person", "X", **AMY) for s in (HOSPITAL, POLICE, SCHOOL, VISITOR)]
    for n, row in enumerate(reversed(rows)):
        deliver(f"{n}.ndjson", as_ndjson([row]), link=True)
    assert Link.objects.values("person").distinct().count() == 1


# -- a link taken back --------------------------------------------------------------------------------------------------


@pytest.fixture
def taken_back(deliver: Callable[..., Any]) -> str:
    """The police's child was somebody else: their identity is taken off Amy, on the tenth. Gives Amy's person."""
    from wholechild.people.actions import take_back_link
    from wholechild.people.models import Link
    from wholechild.records.ids import identity_id

    deliver("1.ndjson", as_ndjson(FROM_HOSPITAL), at=moment("2026-03-01"), link=True)
    deliver("2.ndjson", TWO_AGENCIES, at=NOW, link=True)
    person = amy()
    link = Link.objects.get(identity=identity_id("police/Northmoor", "K-1"))
    assert link.person == person
    take_back_link(at=LATER, link=link, why="another child of this name", **EVERYONE)
    return person


def test_a_link_taken_back_ends_what_rested_on_it(taken_back: str) -> None:
    (match,) = picture_of(taken_back, "2026-03-12", moment("2026-03-12"), JOINED).adds_up
    assert (str(match.held_from), str(match.held_to)) == ("2026-03-02", "2026-03-10")
    before = picture_of(taken_back, "2026-03-05", moment("2026-03-12"), JOINED).adds_up
    assert [view.held_to for view in before] == [None]


def test_records_do_not_move_when_a_link_is_taken_back(taken_back: str) -> None:
    from wholechild.records.models import RecordRow
    from wholechild.trust.queries import verify

    assert RecordRow.objects.count() == 2
    assert verify().ok


def test_what_is_taken_back_stays_out_of_the_chronology(taken_back: str) -> None:
    now = picture_of(taken_back, "2026-03-12", moment("2026-03-12"))
    assert [entry.what for entry in now.chronology if not entry.superseded] == ["Left arm."]
    then = picture_of(taken_back, "2026-03-05", moment("2026-03-12"))
    assert [entry.what for entry in then.chronology] == ["Shouting heard.", "Left arm."]


def test_who_is_taken_off_is_linked_to_nobody_again_by_itself(taken_back: str) -> None:
    from wholechild.people.actions import link_new_identities

    assert link_new_identities(at=LATER, **EVERYONE) == 0


def test_who_is_taken_off_stays_apart_when_somebody_new_arrives(
    deliver: Callable[..., Any], taken_back: str
) -> None:
    """Who arrives brings the whole component to be settled anew; what a person took apart stays apart."""
    later = moment("2026-03-11")
    deliver("3.ndjson", as_ndjson([sent(SCHOOL, "person", "S-1", **AMY)]), at=later, link=True)
    assert amy("K-1", POLICE) != taken_back
    assert amy() == taken_back


def test_the_homes_of_earlier_versions_are_known_as_earlier_homes(deliver: Callable[..., Any]) -> None:
    from wholechild.people.models import Compared

    for n, home in enumerate(("NM1 2AB", "EV9 9ZZ", "NM3 4CD")):
        moved = {**AMY, "postcode": home}
        deliver(
            f"{n}.ndjson",
            as_ndjson([sent(HOSPITAL, "person", "P-1", **moved)]),
            at=moment(f"2026-03-0{n + 1}"),
            link=True,
        )
    found = Compared.objects.get()
    assert (found.postcode, found.postcodes) == ("NM34CD", ["EV99ZZ", "NM12AB"])


def test_a_child_does_not_keep_the_name_of_who_was_taken_off(deliver: Callable[..., Any]) -> None:
    """The wrong identity's later details must go with it: the name on the page is the child's own."""
    from wholechild.people.actions import take_back_link
    from wholechild.people.models import Link

    deliver("1.ndjson", as_ndjson(FROM_HOSPITAL), at=moment("2026-03-01"), link=True)
    deliver(
        "2.ndjson",
        as_ndjson([sent(POLICE, "person", "K-1", **{**AMY, "family_name": "Zimmer"})]),
        at=NOW,
        link=True,
    )
    person = amy()
    assert picture_of(person, "2026-03-03", LATER).name == "Amy Zimmer"
    take_back_link(
        at=LATER,
        link=Link.objects.exclude(evidence="own").get(person=person),
        why="another child",
        **EVERYONE,
    )
    assert picture_of(person, "2026-03-12", moment("2026-03-12")).name == "Amy Amble"


def test_taking_a_link_back_twice_leaves_one(taken_back: str) -> None:
    from django.db import IntegrityError, transaction

    from wholechild.people.actions import take_back_link
    from wholechild.people.models import Link, Unlink

    before = counts()
    link = Link.objects.get(pk=Unlink.objects.get().link)
    with pytest.raises(IntegrityError), transaction.atomic():
        take_back_link(at=LATER, link=link, why="again", **EVERYONE)
    assert counts() == before
    assert note(moment("2026-03-12"), JOINED).begun == 0
    assert history_of(taken_back, LATER).observations


def test_who_is_taken_off_is_somebody_of_their_own(taken_back: str) -> None:
    """Their records are not lost to everybody: they stand on a picture of their own, which somebody can link anew."""
    apart = amy("K-1", POLICE)
    assert apart != taken_back
    picture = picture_of(apart, "2026-03-12", moment("2026-03-12"))
    assert [entry.what for entry in picture.chronology] == ["Shouting heard."]


# -- want of a rival -----------------------------------------------------------------------------------------------------------

#: Alike enough for want of anybody else: of both of these it is as likely that they are Amy, and they cannot be one.
ALIKE = {"given_name": "Ami", "family_name": "Amble", "born": "2021-05-11"}
RIVAL = {"given_name": "Ami", "family_name": "Amble", "born": "2021-04-10"}


@pytest.mark.parametrize("local", [f"S-{number}" for number in range(6)])
def test_a_link_for_want_of_a_rival_is_taken_back_when_one_comes(deliver: Any, local: str) -> None:
    """Whichever of two ids comes first: nobody is kept by a link that nobody would make now, and a person is asked."""
    from wholechild.people.models import Link, Pair

    deliver(
        "1.ndjson",
        as_ndjson([sent(HOSPITAL, "person", "P-1", **AMY), sent(POLICE, "person", "K-1", **ALIKE)]),
        link=True,
    )
    assert amy("P-1") == amy("K-1", POLICE)
    assert Link.objects.filter(grounds__unrivalled=True).count() == 1
    deliver("2.ndjson", as_ndjson([sent(SCHOOL, "person", local, **RIVAL)]), at=LATER, link=True)
    assert len({amy("P-1"), amy("K-1", POLICE), amy(local, SCHOOL)}) == 3
    assert Pair.objects.exclude(zone="faint").count() == 2


# -- how far the ledger was read -----------------------------------------------------------------------------------------------


def test_who_finds_nobody_left_to_link_writes_nothing(deliver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several who link at once most find that it is done; that what tells of nobody is read again by and by loses nobody."""
    from wholechild.people.actions import link_new_identities
    from wholechild.people.models import LinkedUpTo
    from wholechild.trust.queries import head

    deliver("1.ndjson", as_ndjson([sent(HOSPITAL, "person", "P-1", **AMY)]), link=True)
    upto = LinkedUpTo.objects.get().leaf
    assert upto < head().leaves  # the link's own leaves
    assert link_new_identities(at=NOW, **EVERYONE) == 0
    assert LinkedUpTo.objects.get().leaf == upto
    deliver("2.ndjson", as_ndjson([sent(POLICE, "person", "K-1", **AMY)]), link=True)
    assert amy("P-1") == amy("K-1", POLICE)
    monkeypatch.setattr("wholechild.people.arriving.actions._READ_AGAIN", 0)
    assert link_new_identities(at=NOW, **EVERYONE) == 0
    assert LinkedUpTo.objects.get().leaf == head().leaves
