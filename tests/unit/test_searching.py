"""What is typed, how alike two words are, by which keys somebody is found, and how well they fit: without a database."""

from __future__ import annotations

from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wholechild.people.comparing.identity import Identity
from wholechild.people.searching.asked import NO_DAY, Asked, both, from_form, local_phone, near_days, parse
from wholechild.people.searching.grading import Sure, among, grade
from wholechild.people.searching.keys import Part, identity_keys, near_numbers, parts, spellings
from wholechild.people.searching.words import Likeness, likeness, word_keys

TODAY = date(2026, 3, 2)
DAY = date(2012, 4, 3)


def words(asked: Asked) -> list[str]:
    return [word.text for word in asked.words]


# -- what was typed ----------------------------------------------------------------------------------------------------------

BORN = {
    "3/4/2012": (DAY, DAY), "03.04.2012": (DAY, DAY), "3-4-12": (DAY, DAY), "3 4 2012": (DAY, DAY), "2012-04-03": (DAY, DAY),
    "3 April 2012": (DAY, DAY), "3rd of Apr 2012": (DAY, DAY), "April 3, 2012": (DAY, DAY), "03042012": (DAY, DAY),
    "4/25/2012": (date(2012, 4, 25), date(2012, 4, 25)), "3/4/87": (date(1987, 4, 3), date(1987, 4, 3)),
    "April 2012": (date(2012, 4, 1), date(2012, 4, 30)), "2012": (date(2012, 1, 1), date(2012, 12, 31)),
    "born 2012": (date(2012, 1, 1), date(2012, 12, 31)), "about 4 years old": (date(2020, 1, 1), date(2023, 12, 31)),
    "aged 4": (date(2020, 1, 1), date(2023, 12, 31)), "4yo": (date(2020, 1, 1), date(2023, 12, 31)),
}  # fmt: skip


@pytest.mark.parametrize(("typed", "born"), BORN.items())
def test_a_birthday_is_read_in_any_usual_form(typed: str, born: tuple[date, date]) -> None:
    for text in (typed, f"Amina Khan {typed}", f"{typed} Amina Khan"):
        asked = parse(text, TODAY)
        assert (asked.born, asked.fault) == (born, ""), text
        assert words(asked) == ([] if text == typed else ["amina", "khan"]), text


@pytest.mark.parametrize(
    ("typed", "field", "value"),
    [
        ("khan CV1", "postcode", "CV1"), ("khan cv1 2ab", "postcode", "CV12AB"), ("CV1 2", "postcode", "CV12"),
        ("tel 01632 960 101", "phone", "1632960101"), ("+44 1632 960101 khan", "phone", "1632960101"), ("960 101", "phone", "960101"),
        ("999 000 0018", "nhs_number", "9990000018"), ("NHS no 999-000-0018", "nhs_number", "9990000018"),
        ("upn a123456789012", "upn", "A123456789012"),
    ],
)  # fmt: skip
def test_other_things_are_read(typed: str, field: str, value: str) -> None:
    asked = parse(typed, TODAY)
    assert getattr(asked, field) == value
    assert asked.parts == 1 + ("khan" in typed)


def test_names_are_read() -> None:
    assert words(parse("Mrs O'Neill-Łuczak, Zoë", TODAY)) == ["oneill", "luczak", "zoe"]
    assert words(parse("Mr", TODAY)) == ["mr"]
    assert [word.place for word in from_form(given="Amina Bibi", family="Khan", today=TODAY).words] == [
        "given",
        "given",
        "family",
    ]
    assert len(parse(" ".join("abcdefgh"), TODAY).words) == 6


FAULTS = {
    "": "Type a name",
    "  ": "Type a name",
    "x": "two letters",
    "%%": "two letters",
    "31/2/2012": NO_DAY,
    "a" * 201: "no more than 200",
}


@pytest.mark.parametrize(("typed", "fault"), FAULTS.items())
def test_what_cannot_be_read_is_said(typed: str, fault: str) -> None:
    assert fault in parse(typed, TODAY).fault


def test_boxes_say_what_is_wrong_with_them() -> None:
    assert "at least one" in from_form(today=TODAY).fault
    assert from_form(born="soon", today=TODAY).fault == NO_DAY
    assert "10 digits" in from_form(nhs_number="123", today=TODAY).fault
    assert "5 digits" in from_form(phone="123", today=TODAY).fault


def test_a_box_and_the_line_above_it_count_together() -> None:
    asked = both(from_form(family="Khan", postcode="CV1", today=TODAY), parse("Amina CV2 3/4/2012", TODAY))
    assert ({"amina", "khan"}, asked.postcode, asked.birthday) == (set(words(asked)), "CV1", DAY)


def test_a_number_with_a_wrong_last_digit_is_searched_for_with_a_note() -> None:
    asked = parse("9990000019", TODAY)
    assert (asked.nhs_number, asked.fault) == ("9990000019", "")
    assert "not an NHS number" in asked.note


@given(st.text(max_size=250))
def test_anything_can_be_typed(text: str) -> None:
    asked = parse(text, TODAY)
    assert bool(asked.fault) or asked.parts > 0
    assert len(text) < 3 or text.strip() not in asked.fault + asked.note or text.strip() in "Type a name"


def test_no_message_repeats_what_was_typed() -> None:
    assert "Zebedee" not in parse("Zebedee 31/2/2012", TODAY).fault


# -- words -------------------------------------------------------------------------------------------------------------------

NAMES = (
    "amina",
    "khan",
    "mohammed",
    "siobhan",
    "oneill",
    "katarzyna",
    "smith",
    "okonkwo",
    "lee",
    "bo",
    "wojciechowski",
)


def slips(word: str) -> set[str]:
    """Every form of the word with one letter left out, put in, changed, or two neighbours swapped."""
    letters = "abkz"
    cuts = [(word[:n], word[n:]) for n in range(len(word) + 1)]
    return {
        *(a + b[1:] for a, b in cuts if b), *(a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1),
        *(a + c + b[1:] for a, b in cuts if b for c in letters), *(a + c + b for a, b in cuts for c in letters),
    } - {word}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_every_single_slip_shares_a_key_and_is_like_it(name: str) -> None:
    for slip in slips(name):
        assert word_keys(slip) & word_keys(name), slip
        if len(slip) > 1 and len(name) > 2:
            assert likeness(slip, name) is not Likeness.NONE, slip


@pytest.mark.parametrize(
    ("asked", "known", "like"),
    [
        ("khan", "khan", Likeness.SAME), ("bill", "william", Likeness.OTHER_FORM), ("khna", "khan", Likeness.ONE_LETTER),
        ("cahn", "khan", Likeness.SOUND), ("moh", "mohsin", Likeness.BEGINS), ("a", "amina", Likeness.INITIAL),
        ("amina", "zebedee", Likeness.NONE), ("b", "amina", Likeness.NONE), ("li", "lo", Likeness.NONE),
    ],
)  # fmt: skip
def test_how_alike_two_words_are(asked: str, known: str, like: Likeness) -> None:
    assert likeness(asked, known) is like


# -- days and numbers ----------------------------------------------------------------------------------------------------------


def test_days_that_are_near() -> None:
    near = dict(near_days(date(2012, 4, 3)))
    assert near[date(2012, 3, 4)] == "swapped"
    for day in (date(2012, 4, 13), date(2012, 5, 3), date(2011, 4, 3), date(2021, 4, 3), date(2002, 4, 3)):
        assert near[day] == "one_part"
    assert date(2012, 4, 3) not in near
    assert dict(near_days(date(2012, 2, 29)))


def test_numbers_that_are_near() -> None:
    assert {"9990000081", "9990000008"} <= set(near_numbers("9990000018"))
    assert "9990000018" not in set(near_numbers("9990000018"))


def test_a_telephone_number_is_one_however_it_is_written() -> None:
    assert {
        local_phone(t) for t in ("+44 1632 960101", "0044 1632960101", "(01632) 960 101", "441632960101")
    } == {"1632960101"}


# -- a small world, in memory ----------------------------------------------------------------------------------------------------

GIVEN = (
    "amina",
    "mohammed",
    "siobhan",
    "katarzyna",
    "george",
    "oluwaseun",
    "wei",
    "harpreet",
    "ffion",
    "jack",
)
FAMILY = (
    "khan",
    "hussain",
    "oneill",
    "wisniewska",
    "bennett",
    "okonkwo",
    "zhang",
    "gill",
    "llewellyn",
    "mcdonald",
)
WORLD = [
    Identity(
        f"who-{n}", given=given, family=FAMILY[(n * 3 + k) % 10], born=date(2010 + k, n + 1, 2 * n + k + 1)
    )
    for n, given in enumerate(GIVEN)
    for k in range(4)
]


def first_ten(typed: str, world: list[Identity] = WORLD) -> list[str]:
    """By the rules that the database follows too: whoever shares enough parts is graded, and the best ten are shown."""
    asked = parse(typed, TODAY)
    known = {key[2:] for one in world for key in identity_keys(one) if key.startswith("n:")}
    similar = {w: [k for k in known if likeness(w, k) is not Likeness.NONE] for w in spellings(asked)}
    wanted = parts(asked, similar)
    least = max(len(wanted) - 1, min(2, len(wanted)))
    graded = [
        (-fits.bits, one.family, one.given, str(one.born), one.id)
        for one in world
        if shared(wanted, identity_keys(one)) >= least and (fits := grade(asked, [one]))
    ]
    return [f"{given} {family} {born}" for _, family, given, born, _ in sorted(graded)[:10]]


def test_two_words_as_one_stand_for_no_name_that_is_only_one_of_them() -> None:
    first, last = parts(parse("Robinson Harry", TODAY), {"robinsonharry": ["robinson", "robinsonhary"]})
    assert "n:robinson" in first.keys
    assert "n:robinson" not in last.keys
    assert "n:robinsonhary" in first.keys & last.keys


def shared(wanted: tuple[Part, ...], keys: frozenset[str]) -> int:
    return sum(1 for part in wanted if part.keys & keys)


@pytest.mark.parametrize("who", WORLD[::3], ids=lambda who: f"{who.given}-{who.family}")
def test_every_slip_every_order_and_every_swapped_date_is_in_the_first_ten(who: Identity) -> None:
    assert who.born
    me, rng = f"{who.given} {who.family} {who.born}", Random(f"{who.given} {who.family}")
    day = f"{who.born.day}/{who.born.month}/{who.born.year}"
    swapped = f"{who.born.month}/{who.born.day}/{who.born.year}"
    given = rng.sample(sorted(slip for slip in slips(who.given) if len(slip) > 1), 6)
    family = rng.sample(sorted(slip for slip in slips(who.family) if len(slip) > 1), 6)
    typed = [
        f"{who.family} {who.given}",
        f"{who.family}, {who.given} {day}",
        f"{who.given} {who.family} {swapped}",
    ]
    typed += [f"{slip} {who.family} {day}" for slip in given] + [
        f"{slip} {who.given} {swapped}" for slip in family
    ]
    typed += [f"{who.given} {slip}" for slip in family] + [
        f"{one} {other} {day}" for one, other in zip(given, family, strict=True)
    ]
    assert [text for text in typed if me not in first_ten(text)] == []


@given(
    st.permutations(WORLD), st.sampled_from(["amina", "khan hussain", "george 2011", "wei zhang 1/1/2010"])
)
def test_the_order_of_the_list_does_not_hang_on_the_order_of_the_rows(
    world: list[Identity], typed: str
) -> None:
    assert first_ten(typed, world) == first_ten(typed)


# -- how sure, and why -----------------------------------------------------------------------------------------------------------

AMINA = Identity(
    "who-1", "gp/Northmoor", "amina", "bibi", "khan", ("amina malik",), DAY, None, "F", "9990000018", "", "CV12AB", ("LE13CD",), "",
    "", ("441632960101",),
)  # fmt: skip
WHY = {
    "Amina Khan": (Sure.LIKELY, "Same name."),
    "Amina Khan 3/4/2012": (Sure.VERY_LIKELY, "Same name; same birthday."),
    "khan amina bibi 4/3/2012": (
        Sure.VERY_LIKELY,
        "Same name; same middle name; same birthday with day and month swapped.",
    ),
    "Amina Malik LE1 3CD": (
        Sure.LIKELY,
        "Same first name; same former or other name; lived at that postcode before.",
    ),
    "A Khan 2012": (Sure.LIKELY, "Same first letter of the first name; same family name; born in that time."),
    "Amina Khan CV1 2AC": (Sure.LIKELY, "Same name; a postcode close by."),
    "Amina Khan 17/9/2015": (Sure.PERHAPS, "Same name; but another birthday."),
    "Amina Khan 9990000034": (Sure.PERHAPS, "Nobody"),
    "01632 960101": (Sure.PERHAPS, "Same telephone number."),
    "960101 khan": (Sure.LIKELY, "Same family name; the telephone number ends so."),
    "9990000081": (Sure.LIKELY, "The NHS number differs by one digit."),
}


@pytest.mark.parametrize("typed", WHY)
def test_how_sure_and_why(typed: str) -> None:
    sure, why = WHY[typed]
    graded = grade(parse(typed, TODAY), [AMINA])
    assert (graded.sure, graded.why) == (sure, why) if graded else why == "Nobody"


def test_names_in_the_wrong_boxes_are_found_and_said() -> None:
    graded = grade(from_form(given="Khan", family="Amina", today=TODAY), [AMINA])
    assert graded
    assert graded.agrees == ("same name", "first and family name the other way round")


def test_who_fits_too_little_is_not_shown() -> None:
    for typed in ("Amina Zebedee 9/9/1999", "Zebedee", "CV2 9ZZ", "Xu Khan NW1 8NH 01632 960999"):
        assert grade(parse(typed, TODAY), [AMINA]) is None, typed


def test_several_who_fit_equally_are_less_sure_each() -> None:
    graded = grade(parse("Amina Khan 3/4/2012", TODAY), [AMINA])
    assert graded
    assert among(graded, 0) == graded
    assert (among(graded, 1).sure, among(graded, 1).agrees[-1]) == (Sure.LIKELY, "somebody else fits as well")
    likely = grade(parse("Amina Khan", TODAY), [AMINA])
    assert likely
    assert (among(likely, 1).sure, among(likely, 12).sure) == (Sure.LIKELY, Sure.PERHAPS)


def test_no_reason_says_a_value_that_an_agency_holds() -> None:
    for typed in WHY:
        graded = grade(parse(typed, TODAY), [AMINA])
        assert not graded or not any(
            value in graded.why for value in ("CV1", "LE1", "2012", "999", "1632", "khan", "malik")
        )
