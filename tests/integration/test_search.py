"""Who is found by what, why, and by whom: on the real database, through what agencies sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from tests.feeds import as_ndjson
from tests.integration.worlds import EVERYONE, HOSPITAL, POLICE, SCHOOL, VISITOR, amy, moment, seat, sent

pytestmark = pytest.mark.usefixtures("rolled_back")
NOW = moment("2026-03-02")
TODAY = NOW.date()
#: reference at the hospital: given name, family name, birthday, NHS number, postcode
PEOPLE = {
    "1": ("Amina", "Khan", "2019-04-03", "9990000018", "NM1 2AB"),
    "2": ("Mohammed", "Hussain", "2015-11-21", "9990000026", "NM1 4PQ"),
    "3": ("Siobhán", "O'Neill", "2012-02-28", "", "EV2 1AA"),
    "4": ("William", "Okonkwo-Price", "2017-07-07", "9990000034", "EV2 9ZZ"),
    "5": ("Katarzyna", "Wiśniewska", "2016-12-01", "", "NM3 7TT"),
    "6": ("Abdul Rahman", "Begum", "2014-05-15", "", "NM4 4AA"),
    "7": ("Jack", "McDonald", "2013-09-09", "", "NM5 1AB"),
    "8": ("Amira", "Khatun", "2018-01-30", "", "NM1 2AC"),
    "9": ("Joshua", "Smith", "2014-08-19", "", "NM6 2AB"),
    "10": ("Georgia", "Bennett", "2011-06-24", "", "EV9 3CD"),
}  # fmt: skip


def rows() -> list[dict[str, Any]]:
    return [
        sent(HOSPITAL, "person", reference, given_name=given, family_name=family, born=born, nhs_number=number,
             postcode=postcode, role="child")
        for reference, (given, family, born, number, postcode) in PEOPLE.items()
    ]  # fmt: skip


@pytest.fixture
def world(deliver: Callable[..., Any]) -> Callable[..., Any]:
    report = deliver("people.ndjson", as_ndjson(rows()), at=NOW, link=True)
    assert report.loaded == len(PEOPLE), report.issues
    return deliver


def everybody() -> Any:
    from wholechild.trust.viewers import system

    return system("tests")


def search(typed: str, viewer: Any = None) -> Any:
    from wholechild.people.searching.asked import parse
    from wholechild.people.searching.queries import search_people

    return search_people(viewer or everybody(), parse(typed, TODAY), NOW)


def found(typed: str, viewer: Any = None) -> list[str]:
    """The references of who was found, the likeliest first."""
    own = {amy(reference): reference for reference in PEOPLE}
    return [own.get(hit.person, hit.person) for hit in search(typed, viewer).hits]


FORGIVEN = {
    "amina khan": "1", "Khan, Amina": "1", "AMINA KAHN": "1", "Amena Khan": "1", "khan 3/4/2019": "1", "amina 4 March 2019": "1",
    "Amina 13/4/2019": "1", "Amina Khan 2019": "1", "amina nm1": "1", "khan NM1 2AB": "1", "999 000 0018": "1", "9990000081": "1",
    "Muhammad Hussein": "2", "mohamed husain 21.11.2015": "2", "Hussain 21 November 2015": "2", "Muhammed NM1 4": "2",
    "Siobhan ONeill": "3", "siobhan o neill": "3", "O'Neil Siobhan 28/2/12": "3", "Shivaun O'Neill 28/2/2012": "3",
    "Bill Okonkwo": "4", "Will Price 7 7 2017": "4", "William Okonkwo Price": "4", "Okonkwo-Price, Wiliam": "4",
    "katarzyna wisniewska": "5", "Kasia Wisniewska": "5", "Katarzina Wischnewska 1/12/2016": "5",
    "Abdulrahman Begum": "6", "Abdul Rahmen Begum": "6", "Mc Donald Jack": "7", "Jack MacDonald 9/9/2013": "7",
    "Josh Smith": "9", "Smyth Joshua": "9", "Georgia Benett": "10", "Georgina Bennett 24.06.2011": "10",
}  # fmt: skip


def test_what_is_forgiven(world: Any) -> None:
    first = {typed: (found(typed) or ["nobody"])[0] for typed in FORGIVEN}
    assert first == FORGIVEN


REASONS = {
    "Amina Khan 3/4/2019": ("Very likely", "Same name; same birthday."),
    "Khan 4/3/2019 Amina": ("Very likely", "Same name; same birthday with day and month swapped."),
    "Amina Cahn 4/3/2019": ("Likely", "Same first name; the family name sounds alike; same birthday with day and month swapped."),
    "Mohamed Hussein 21/11/2015": ("Very likely", "Another form of the first name; another form of the family name; same birthday."),
    "999 000 0018": ("Very likely", "Same NHS number."),
    "Amina NM1": ("Perhaps", "Same first name; the postcode begins so."),
}  # fmt: skip


def test_results_say_how_sure_and_why(world: Any) -> None:
    said = {typed: search(typed).hits[0].graded for typed in REASONS}
    assert {typed: (str(one.sure), one.why) for typed, one in said.items()} == REASONS


def test_a_telephone_a_pupil_number_and_another_name_are_found(world: Any) -> None:
    more = {
        "given_name": "Nia",
        "family_name": "Lowe",
        "phones": ["01632 960101", "+44 7700 900123"],
        "upn": "B123456789012",
        "other_names": ["Nia Harcourt"],
    }
    world("school.ndjson", as_ndjson([sent(SCHOOL, "person", "S-7", **more)]), at=NOW, link=True)
    nia = amy("S-7", SCHOOL)
    for typed in (
        "01632 960 101",
        "07700900123",
        "+44 7700 900123",
        "900123",
        "b123456789012",
        "nia harcourt",
        "Nia 960101",
    ):
        assert [hit.person for hit in search(typed).hits] == [nia], typed
    assert (
        search("Harcourt 07700900123").hits[0].graded.why
        == "Same former or other name; same telephone number."
    )


# -- who may find whom -----------------------------------------------------------------------------------------------------


def test_nobody_is_found_whom_the_viewer_may_not_know_of(world: Any) -> None:
    """Two children fit; the teacher works with one. The other is in no list, no count and no `others fit as well`."""
    world("twin.ndjson", as_ndjson([sent(SCHOOL, "person", "S-1", given_name="Amina", family_name="Khan", role="child")]),
          at=NOW, link=True)  # fmt: skip
    planted = search("Amina Khan")
    assert {"1", amy("S-1", SCHOOL)} <= set(found("Amina Khan"))
    assert "somebody else fits as well" in planted.hits[0].graded.agrees
    teacher = seat("ms-oak", "teacher", "school/Northmoor/Oakfield Primary", NOW, teaches=amy("1"))
    seen = search("Amina Khan", teacher)
    assert [hit.person for hit in seen.hits] == [amy("1")]
    assert not seen.more
    assert seen.hits[0].graded.agrees == ("same name",)


def test_a_child_refused_and_a_child_who_is_not_there_give_the_same_answer(world: Any) -> None:
    stranger = seat("ms-elm", "teacher", "school/Northmoor/Elm Primary", NOW)
    for typed in ("Amina Khan 3/4/2019", "9990000018", "NM1 2AB", "Nobody Whatever", "Khan"):
        assert repr(search(typed, stranger)) == "Answer(hits=(), more=False)", typed


def test_somebody_of_the_viewers_own_is_found_among_very_many(world: Any) -> None:
    """What is cut off for length is cut off after trust was asked, or a common name would hide a teacher's own pupil."""
    many = [
        sent(
            POLICE,
            "person",
            f"K-{n:03}",
            given_name="Georgia",
            family_name="Bennett",
            born=f"{1990 + n // 12}-{n % 12 + 1:02}-01",
        )
        for n in range(260)
    ]
    world("many.ndjson", as_ndjson(many), at=NOW, link=True)
    mine = amy("K-259", POLICE)
    teacher = seat("ms-oak", "teacher", "school/Northmoor/Oakfield Primary", NOW, teaches=mine)
    assert [hit.person for hit in search("Georgia Bennett", teacher).hits] == [mine]
    answer = search("Georgia Bennett")
    assert len(answer.hits) == 20
    assert answer.more
    assert {str(hit.graded.sure) for hit in answer.hits} == {"Perhaps"}


# -- a sealed place --------------------------------------------------------------------------------------------------------


def seal(*identities: str) -> None:
    from wholechild.people.searching.actions import seal_for_search

    seal_for_search(by="tester", purpose="safeguarding_concern", at=NOW, identities=identities)


def of_hospital(reference: str) -> str:
    from wholechild.records.ids import identity_id

    return identity_id("hospital_ed/Eastvale/Royal Infirmary", reference)


def test_nobody_is_found_by_a_sealed_place(world: Any) -> None:
    assert found("NM1 2AB")[0] == "1"
    seal(of_hospital("1"))
    for typed in ("NM1 2AB", "NM12AB", "NM1 2", "NM1", "nm1 2ac"):
        assert "1" not in found(typed), typed
    (hit,) = (hit for hit in search("Amina Khan NM1 2AB").hits if hit.person == amy("1"))
    assert "postcode" not in hit.graded.why
    assert (hit.area, hit.agencies) == ("", ())
    assert found("Amina Khan 3/4/2019") == ["1"]


def test_one_sealed_identity_seals_what_every_other_agency_says(world: Any) -> None:
    """The seal is on the hospital's identity; the health visitor's, of the same child, is kept under its postcode still."""
    same = {
        "given_name": "Amina",
        "family_name": "Khan",
        "born": "2019-04-03",
        "nhs_number": "9990000018",
        "postcode": "NM8 8HH",
    }
    world("visitor.ndjson", as_ndjson([sent(VISITOR, "person", "V-1", **same)]), at=NOW, link=True)
    assert amy("V-1", VISITOR) == amy("1")
    assert found("NM8 8HH") == ["1"]
    seal(of_hospital("1"))
    assert found("NM8 8HH") == []
    (hit,) = search("Amina Khan NM8 8HH").hits
    assert "postcode" not in hit.graded.why


def test_no_sealable_thing_of_a_sealed_identity_is_a_key() -> None:
    from wholechild.people.comparing.identity import Identity
    from wholechild.people.searching.keys import findable, identity_keys

    everything = Identity(
        "who-1", "school/Northmoor/Oakfield", "amina", "", "khan", (), date(2019, 4, 3), None, "F", "9990000018", "A123456789012",
        "NM12AB", ("EV11AA",), "1000", "1 high street", ("01632960101",), ("a@example.org",), ("school:77",),
    )  # fmt: skip
    kinds = {key[0] for key in identity_keys(findable(everything, sealed=True))}
    assert kinds == {"n", "b", "y", "i"}
    assert {key[0] for key in identity_keys(findable(everything, sealed=False))} == kinds | {
        "c",
        "p",
        "u",
        "l",
    }


# -- what is kept follows from the facts -------------------------------------------------------------------------------------


def test_an_earlier_name_and_an_earlier_address_are_found(world: Any) -> None:
    moved = {
        "given_name": "Jack",
        "family_name": "Ferris",
        "born": "2013-09-09",
        "postcode": "EV7 7GG",
        "role": "child",
    }
    world("moved.ndjson", as_ndjson([sent(HOSPITAL, "person", "7", written_at="2026-02-01T09:00:00Z", **moved)]),
          at=moment("2026-03-02"), link=True)  # fmt: skip
    (hit, *_) = search("Jack McDonald NM5 1AB").hits
    assert hit.person == amy("7")
    assert hit.graded.why == "Same first name; same former or other name; lived at that postcode before."
    assert found("Jack Ferris EV7") == ["7"]


def test_what_was_withdrawn_finds_nobody(world: Any) -> None:
    from wholechild.people.actions import link_new_identities
    from wholechild.records.actions import withdraw_delivery

    report = world("late.ndjson", as_ndjson([sent(POLICE, "person", "K-9", given_name="Zebedee", family_name="Quill")]), at=NOW,
                   link=True)  # fmt: skip
    assert len(search("Zebedee Quill").hits) == 1
    withdraw_delivery(at=NOW, delivery=report.delivery, why="sent in error", **EVERYONE)
    assert search("Zebedee Quill").hits == (), "also before what search reads is brought up to date"
    link_new_identities(at=NOW, **EVERYONE)
    assert kept("people_searchkey") == len(PEOPLE)


def kept(table: str) -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return int(cursor.fetchone()[0])


def everything_kept() -> list[Any]:
    from wholechild.people.models import SearchKey, SearchWord

    return [sorted(table.objects.values_list()) for table in (SearchKey, SearchWord)]


def test_what_search_reads_can_be_thrown_away_and_made_anew(world: Any) -> None:
    from wholechild.people.models import SearchKey
    from wholechild.people.searching.actions import index_for_search, index_what_is_new, rebuild_search

    us: dict[str, Any] = {"by": "tester", "purpose": "data_quality", "at": NOW}
    before = everything_kept()
    assert index_what_is_new(**us) == 0
    assert rebuild_search(**us) == len(PEOPLE)
    assert everything_kept() == before
    SearchKey.objects.filter(identity=of_hospital("1")).delete()
    assert found("Amina Khan") == []
    assert index_for_search(**us, identities=[of_hospital("1"), of_hospital("1"), "who-nobody"]) == 1
    assert everything_kept() == before


# -- bad input -------------------------------------------------------------------------------------------------------------

BAD = (
    "a" * 201, "x" * 200, "' OR 1=1 --", "%", "%%%%", "____", "*", "a%", "'; DROP TABLE people_searchkey; --", "{}", "{a,b}", '"', "\\", "\x00",
    "????", "...", "  ", "🙂🙂", "李明", "محمد", "Ольга", "Ég heiti", "0", "00000000000", "NULL", "9" * 60, "31/2/2012", "99/99/9999",
    "a b c d e f g h i j", "ß", "ﬁ", "--", "'", "né", "1900", "Amina\nKhan", "$1", ":name", "%s", "%(x)s", "n:amina", "\ud800",
)  # fmt: skip


@pytest.mark.parametrize("typed", BAD, ids=[f"bad-{n}" for n, _ in enumerate(BAD)])
def test_nothing_that_is_typed_breaks_or_widens_a_search(world: Any, typed: str) -> None:
    from wholechild.people.searching.asked import parse

    asked = parse(typed, TODAY)
    answer = search(typed)
    if asked.fault:
        assert answer.hits == ()
    assert len(answer.hits) <= 1 or "amina" in typed.lower()
    assert kept("people_searchkey") == len(PEOPLE)


def test_names_in_other_scripts_are_found_as_they_are_written(world: Any) -> None:
    others = [("李明", "王"), ("Ольга", "Петрова"), ("محمد", "حسين")]
    rows = [sent(POLICE, "person", f"K-{n}", given_name=g, family_name=f) for n, (g, f) in enumerate(others)]
    world("scripts.ndjson", as_ndjson(rows), at=NOW, link=True)
    for n, (given, family) in enumerate(others):
        assert [hit.person for hit in search(f"{given} {family}").hits] == [amy(f"K-{n}", POLICE)]
