"""A child's family as it is asked for: what agencies state, what addresses suggest, and who may see which of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any, Final

import pytest

from tests.feeds import as_ndjson
from tests.integration.worlds import (
    AMY,
    EVERYONE,
    HOSPITAL,
    MOTHER,
    SCHOOL,
    VISITOR,
    amy,
    counts,
    history_of,
    moment,
    picture_of,
    seat,
    sent,
)
from wholechild.people.families.around import Basis, Standing

pytestmark = pytest.mark.usefixtures("rolled_back")
NOW: Final = moment("2026-03-02")
DAY: Final = NOW.date()
NOBODY: Final = "person-000000000000000000000000"
HOME: Final = {"postcode": "NM1 2AB", "address": "12 High Street"}
FLAT: Final = {"postcode": "NM9 9ZZ", "address": "Flat 1, 3 Mill Lane"}
#: Health visiting knows Amy, her mother and her mother's former partner; the hospital knows a man at the same address; the
#: school knows the former partner's other child.
PARTNER: Final = {"given_name": "Craig", "family_name": "Dunmore", "born": "1990-01-01"}
MAN: Final = {"given_name": "Lee", "family_name": "Marlow", "born": "1985-04-04"}
COUSIN: Final = {"given_name": "Zara", "family_name": "Quill", "born": "2016-11-05", "role": "child"}


def said(sender: dict[str, str], reference: str, at: str, **more: Any) -> dict[str, Any]:
    return sent(sender, "person", reference, written_at=f"{at}T09:00:00Z", **more)


def tie(
    reference: str, subject: str, relation: str, other: str, sender: dict[str, str] = VISITOR, **more: Any
) -> dict[str, Any]:
    return sent(sender, "tie", reference, subject=subject, relation=relation, other=other, **more)


FAMILY: Final = [
    said(VISITOR, "A", "2022-05-01", **AMY, **HOME, role="child"),
    said(VISITOR, "M", "2022-05-01", **MOTHER, **HOME),
    said(VISITOR, "X", "2022-05-01", **PARTNER, **HOME),
    said(VISITOR, "Z", "2022-05-01", **COUSIN, **FLAT),
    tie("t-1", "A", "mother", "M", **{"from": "2021-05-10"}),
    tie("t-2", "A", "partner_of_parent", "X", **{"from": "2022-01-01", "to": "2024-06-30"}),
    tie("t-3", "Z", "father", "X"),
    said(HOSPITAL, "L", "2025-02-03", **MAN, **HOME),
    sent(VISITOR, "residence", "h-1", subject="A", household="H", **{"from": "2021-05-10"}),
    sent(VISITOR, "residence", "h-2", subject="M", household="H", **{"from": "2020-01-01"}),
]  # fmt: skip


@pytest.fixture
def child(deliver: Callable[..., Any]) -> str:
    return load(deliver)


def load(deliver: Callable[..., Any], *more: dict[str, Any]) -> str:
    report = deliver("family.ndjson", as_ndjson([*FAMILY, *more]), at=NOW, link=True)
    assert report.quarantined == 0, report.issues
    return amy("A", VISITOR)


def who(reference: str, sender: dict[str, str] = VISITOR) -> str:
    return amy(reference, sender)


def duty() -> Any:
    """Who is on duty knows of everybody, and may see places."""
    return the("sw-1") or seat("sw-1", "duty_social_worker", "childrens_social_care/Northmoor", NOW, duty="*")


def teacher(child: str) -> Any:
    return seat("ms-oak", "teacher", "school/Northmoor/Oakfield Primary", NOW, teaches=child)


def nurse(person: str) -> Any:
    """One more person on the caseload of the same health visitor."""
    from wholechild.trust.actions import relate

    viewer = the("hv-1") or seat("hv-1", "health_visitor", "health_visiting/Northmoor", NOW)
    relate(at=NOW, user="hv-1", relation="caseload", persons=[person], authority="tests", **EVERYONE)
    return viewer


def the(user: str) -> Any:
    from wholechild.trust.queries import viewer_for

    return viewer_for(user, "safeguarding_concern", NOW)


def look(viewer: Any, person: str, day: date = DAY) -> Any:
    from wholechild.people.families.actions import open_family

    return open_family(
        by=viewer,
        purpose=viewer.purpose,
        at=NOW,
        person=person,
        as_known_at=day,
        route="tests",
        salts=EVERYONE["salts"],
    )


def one(found: Any, person: str) -> Any:
    return next((relative for relative in found.people if relative.person == person), None)


def inferred(found: Any) -> dict[str, Any]:
    """person -> the spell at a shared address, of those who have one."""
    return {
        relative.person: home
        for relative in found.people
        for home in relative.homes
        if home.basis is Basis.INFERRED
    }


def seal(*identities: tuple[str, dict[str, str]]) -> None:
    from wholechild.people.searching.actions import seal_for_search
    from wholechild.records.facts import Agency
    from wholechild.records.ids import identity_id

    marked = [
        identity_id(Agency(s["agency"], s["area"], s.get("unit", "")).id, reference)
        for reference, s in identities
    ]
    seal_for_search(by="tests", purpose="tests", at=NOW, identities=marked)


# -- what is said ------------------------------------------------------------------------------------------------------


def test_carers_now_and_before_homes_and_other_families_each_with_its_source(child: str) -> None:
    found = look(duty(), child)
    assert [p.name for p in found.caring(Standing.NOW)] == ["Mary Amble"]
    assert [p.name for p in found.caring(Standing.BEFORE)] == ["Craig Dunmore"]
    mother, partner = one(found, who("M")), one(found, who("X"))
    (claim,) = partner.bonds[0].said
    assert (claim.agency, claim.since, claim.until) == (
        "health_visiting/Northmoor",
        date(2022, 1, 1),
        date(2024, 6, 30),
    )
    assert claim.statement.startswith("tie-")
    assert {home.basis for home in mother.homes} == {Basis.STATED, Basis.INFERRED}
    assert [(other.name, other.bonds[0].title) for other in partner.elsewhere] == [("Zara Quill", "Father")]


def test_who_is_at_the_same_address_is_found_with_the_source_and_marked(child: str) -> None:
    found = look(duty(), child)
    assert [p.name for p in found.only_in_the_home] == ["Lee Marlow"]
    home = inferred(found)[who("L", HOSPITAL)]
    assert (home.since, home.until, home.standing) == (date(2025, 2, 3), None, Standing.NOW)
    assert {c.agency for c in home.said} == {
        "health_visiting/Northmoor",
        "hospital_ed/Eastvale/Royal Infirmary",
    }
    assert all(c.statement.startswith("det-") for c in home.said)
    assert "High Street" not in repr(found)
    assert "NM1" not in repr(found)


def test_a_move_ends_what_was_shared(deliver: Callable[..., Any]) -> None:
    child = load(deliver)
    deliver("moved.ndjson", as_ndjson([said(HOSPITAL, "L", "2025-08-01", **MAN, **FLAT)]), at=NOW)
    home = inferred(look(duty(), child))[who("L", HOSPITAL)]
    assert (home.since, home.until, home.standing) == (date(2025, 2, 3), date(2025, 8, 1), Standing.BEFORE)


def test_a_uprn_finds_whoever_says_no_postcode(deliver: Callable[..., Any]) -> None:
    child = load(
        deliver,
        said(SCHOOL, "S", "2025-01-06", **AMY, uprn="10012345678"),
        said(
            SCHOOL,
            "N",
            "2025-01-06",
            given_name="Nell",
            family_name="Orrin",
            born="1991-01-01",
            uprn="010012345678",
        ),
    )
    assert who("S", SCHOOL) == child
    assert who("N", SCHOOL) in inferred(look(duty(), child))


def test_what_was_withdrawn_infers_nothing_and_an_earlier_day_still_has_it(
    deliver: Callable[..., Any],
) -> None:
    from datetime import timedelta

    from wholechild.records.actions import withdraw_delivery

    rows = [row for row in FAMILY if row["reference"] != "L"]
    deliver("family.ndjson", as_ndjson(rows), at=NOW - timedelta(days=9), link=True)
    report = deliver("man.ndjson", as_ndjson([FAMILY[7]]), at=NOW - timedelta(days=9), link=True)
    child, man = who("A"), who("L", HOSPITAL)
    viewer = duty()
    assert man in inferred(look(viewer, child))
    withdraw_delivery(
        by="tests", purpose="data_quality", at=NOW - timedelta(days=1), delivery=report.delivery, why="Sent by mistake.",
        salts=EVERYONE["salts"],
    )  # fmt: skip
    assert man not in inferred(look(viewer, child))
    assert man in inferred(look(viewer, child, DAY - timedelta(days=5)))
    assert inferred(look(viewer, child, DAY - timedelta(days=20))) == {}


def test_an_institution_infers_nothing(deliver: Callable[..., Any]) -> None:
    many = [
        said(HOSPITAL, f"Q-{n}", "2025-02-03", given_name=name, family_name=f"{name}son", born=f"19{60 + n}-0{1 + n % 9}-11", **HOME)
        for n, name in enumerate("Ada Bron Cleo Dag Ewa Finn Gus Hal Ines Jude Kit Lou Max".split())
    ]  # fmt: skip
    child = load(deliver, *many)
    found = look(duty(), child)
    assert inferred(found) == {}
    assert one(found, who("M")).homes[0].basis is Basis.STATED


def test_a_postcode_that_too_many_have_is_not_read(child: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wholechild.people.families.queries.MOST_AT_ONE_KEY", 3)
    assert inferred(look(duty(), child)) == {}


def test_a_published_chronology_says_who_belongs_without_an_agency(deliver: Callable[..., Any]) -> None:
    from tests.functional.small_world import CASES
    from wholechild.people.queries import children
    from wholechild.trust.viewers import system

    deliver("case.yaml", CASES[0].read_text(encoding="utf-8"), at=NOW, link=True)
    persons = children(system("tests"), NOW)
    found = [look(duty(), person) for person in persons]
    whole = max(found, key=lambda family: len(family.people))
    assert whole.caring(Standing.NOW)
    assert {claim.agency for person in whole.people for bond in person.bonds for claim in bond.said} == {""}
    assert {home.basis for person in whole.people for home in person.homes} == {Basis.READ}, (
        "our reading, not a statement"
    )


# -- who may see what --------------------------------------------------------------------------------------------------


def test_who_may_see_no_place_sees_no_shared_address_and_no_other_family(child: str) -> None:
    found = look(teacher(child), child)
    assert [p.name for p in found.people] == ["Mary Amble", "Craig Dunmore"]
    assert inferred(found) == {}
    assert not found.reads_places
    assert all(p.elsewhere == () for p in found.people)
    assert [p.name for p in found.people] == [m.name for m in picture_of(child, "2026-03-02", NOW).family]


def test_a_shared_address_needs_the_places_of_both(child: str) -> None:
    found = look(nurse(child), child)
    assert found.reads_places
    assert inferred(found) == {}, "the child's place is open, and the mother's and the man's are not"
    both = nurse(who("M"))
    assert set(inferred(look(both, child))) == {who("M")}


def test_another_family_is_shown_to_who_may_know_of_the_other_child_only(child: str) -> None:
    viewer = nurse(child)
    assert one(look(viewer, child), who("X")).elsewhere == ()
    again = nurse(who("Z"))
    (other,) = one(look(again, child), who("X")).elsewhere
    assert other.person == who("Z")
    assert other.homes == (), "and where the two lived is for who may see the places of both"


def test_a_withheld_place_leaks_nowhere(child: str) -> None:
    viewer = duty()
    before = look(viewer, child)
    assert who("M") in inferred(before)
    seal(("M", VISITOR))
    found = look(viewer, child)
    mother = one(found, who("M"))
    assert mother.homes == ()
    assert mother.bonds[0].said == ()
    assert inferred(found) == {}, "the mother is at that place now: it is withheld as a whole"
    backwards = look(viewer, who("M"))
    assert all(p.homes == () for p in backwards.people)


def test_a_withheld_child_shares_no_address(child: str) -> None:
    seal(("A", VISITOR))
    found = look(duty(), child)
    assert all(p.homes == () for p in found.people)


def test_a_seal_binds_to_whoever_may_be_the_same_person(child: str) -> None:
    from django.db import connection

    assert who("L", HOSPITAL) in inferred(look(duty(), child))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO people_pair (one, other, weight, zone, contributions, forbids, artefact) "
            "SELECT least(a.identity, b.identity), greatest(a.identity, b.identity), 5, 'possible', '[]', '', 'tests' "
            "FROM people_link a, people_link b WHERE a.person = %s AND b.person = %s",
            [who("L", HOSPITAL), who("Z")],
        )
    seal(("Z", VISITOR))
    assert who("L", HOSPITAL) not in inferred(look(duty(), child))


def test_a_stranger_cannot_tell_a_child_from_nobody(child: str) -> None:
    stranger = seat("ms-elm", "teacher", "school/Northmoor/Elm Primary", NOW)
    before = counts()
    assert look(stranger, child) is None
    assert look(stranger, NOBODY) is None
    grown = {table: n - before[table] for table, n in counts().items() if n != before[table]}
    assert grown == {"trust_disclosure": 2, "trust_ledgerleaf": 2, "trust_ledgercheckpoint": 2}
    assert look(duty(), NOBODY) is None


def test_everybody_shown_is_written_down_and_nobody_else(child: str) -> None:
    from wholechild.trust.models import Disclosure

    look(duty(), child)
    shown = {who("M"), who("X"), who("Z"), who("L", HOSPITAL), child}
    entries = Disclosure.objects.filter(user="sw-1")
    assert {row.person for row in entries} == shown
    assert all(row.allowed and row.route == "tests" for row in entries)
    look(teacher(child), child)
    assert {row.person for row in Disclosure.objects.filter(user="ms-oak")} == {child}


def test_what_cannot_be_written_down_is_not_shown(child: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import transaction

    viewer = duty()

    def failing(**_: Any) -> Any:
        raise RuntimeError("the ledger is shut")

    before = counts()
    monkeypatch.setattr("wholechild.trust.actions.append", failing)
    with pytest.raises(RuntimeError), transaction.atomic():
        look(viewer, child)
    assert counts() == before


# -- and no lesson -----------------------------------------------------------------------------------------------------


def test_no_lesson_counts_a_shared_address(child: str) -> None:
    """The man at the address is in nobody's history: only what an agency states is a fact."""
    from wholechild.people.queries import gather
    from wholechild.trust.viewers import system

    man = who("L", HOSPITAL)
    family = gather(system("match"), [child], NOW).family
    assert man not in family.everyone_around(child)
    assert man not in repr(history_of(child, NOW))


# -- the command -------------------------------------------------------------------------------------------------------


def test_the_command_prints_the_same_by_id(child: str, wholechild: Callable[..., Any]) -> None:
    duty()
    asked = ("people", "family", child, "--user", "sw-1", "--now", "2026-03-02T10:00:00")
    result = wholechild(*asked, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert {one["person"] for one in told["people"]} == {who("M"), who("X"), who("L", HOSPITAL)}
    bases = {home["basis"] for one in told["people"] for home in one["homes"]}
    assert bases == {"stated by an agency", "inferred from a shared address"}
    plain = wholechild(*asked)
    for text in (result.output, plain.output):
        assert not any(word in text for word in ("Amble", "Dunmore", "Marlow", "Quill", "High Street"))
    assert "inferred from a shared address" in plain.output
    assert who("Z") in plain.output


def test_the_command_says_the_same_of_nobody_and_of_a_stranger(
    child: str, wholechild: Callable[..., Any]
) -> None:
    seat("ms-elm", "teacher", "school/Northmoor/Elm Primary", NOW)
    one_, two = (
        wholechild("people", "family", person, "--user", "ms-elm", "--now", "2026-03-02T10:00:00")
        for person in (child, NOBODY)
    )
    assert (one_.exit_code, one_.output) == (two.exit_code, two.output) == (1, one_.output)
    late = wholechild("people", "family", child, "--user", "ms-elm", "--as-known-at", "yesterday")
    assert late.exit_code == 2


# -- the page ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def visit() -> Callable[..., Any]:
    """Open a child's family as an account that is there."""
    from django.contrib.auth.models import User
    from django.test import Client

    def visited(user: str, person: str, asked: str = "") -> Any:
        client = Client()
        client.force_login(
            User.objects.get_or_create(username=user)[0], "django.contrib.auth.backends.ModelBackend"
        )
        return client.get(f"/children/{person}/family/{asked}", headers={"host": "127.0.0.1"})

    return visited


def test_the_page_shows_the_map_and_the_same_as_a_list(child: str, visit: Callable[..., Any]) -> None:
    duty()
    text = visit("sw-1", child).content.decode()
    assert text.count('role="img"') == 1
    assert text.count('class="wc-m-box wc-m-box--') == 5
    for words in ("Craig Dunmore", "Zara Quill", "Lee Marlow", "Not stated", "May share an address with the child",
                  "Said by Health visiting (Northmoor)", "from 1 January 2022 to 30 June 2024", "No end is stated"):  # fmt: skip
        assert words in text, words
    assert "High Street" not in text
    assert "style=" not in text.split("<main")[1], "the content security policy forbids it"


def test_the_page_is_the_same_for_a_stranger_and_for_nobody(child: str, visit: Callable[..., Any]) -> None:
    seat("ms-elm", "teacher", "school/Northmoor/Elm Primary", NOW)
    there, nobody = visit("ms-elm", child), visit("ms-elm", NOBODY)
    assert (there.status_code, there.content) == (nobody.status_code, nobody.content) == (404, there.content)
    unknown = visit("who-is-not-there", child)
    assert unknown.status_code == 403
    assert "Amble" not in unknown.content.decode()


def test_the_page_of_who_sees_no_place_says_so(child: str, visit: Callable[..., Any]) -> None:
    teacher(child)
    text = visit("ms-oak", child).content.decode()
    assert "Your role does not see where children live" in text
    assert "Marlow" not in text
    assert "Quill" not in text


def test_the_page_of_an_earlier_day(child: str, visit: Callable[..., Any]) -> None:
    duty()
    assert "could be known on 1 March 2026" in visit("sw-1", child, "?on=2026-03-01").content.decode()
    wrong = visit("sw-1", child, "?on=2999-01-01").content.decode()
    assert "The date must be today or in the past" in wrong
    assert visit("sw-1", child, "?day=1&month=3&year=2026").status_code == 302


def test_without_a_program_that_draws_there_is_the_list(
    child: str, visit: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from wholechild.pages import dot

    duty()
    dot.laid_out.cache_clear()
    monkeypatch.setattr(dot, "find_dot", lambda: None)
    text = visit("sw-1", child).content.decode()
    assert "The map cannot be drawn on this machine" in text
    assert "Craig Dunmore" in text
    assert 'role="img"' not in text
