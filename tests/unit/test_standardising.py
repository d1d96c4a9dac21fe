"""What an agency writes becomes the one form that is compared; what stands for not knowing becomes missing."""

from __future__ import annotations

from datetime import date

import pytest

from wholechild.people.comparing.names import LONGEST_WORD, consonants, family_codes, latin, parts, sound
from wholechild.people.comparing.standardising import (
    Raw,
    sound_nhs_number,
    standard_address,
    standard_birth,
    standard_email,
    standard_local_id,
    standard_name,
    standard_nhs_number,
    standard_phone,
    standard_postcode,
    standard_upn,
    standard_uprn,
    standardise,
)


@pytest.mark.parametrize(
    ("given", "family", "expected"),
    [
        ("Anne-Marie Louise", "O'Neill", ("annemarie", "louise", "oneill", ())),
        ("Miss Zoë", "Łuczak-Smith", ("zoe", "", "luczak smith", ())),
        ("Elizabeth (Betty)", "Jones", ("elizabeth", "", "jones", ("betty jones",))),
        ("Sarah", "Smith née Jones", ("sarah", "", "smith", ("sarah jones",))),
        ("Smith, John", "", ("john", "", "smith", ())),
        ("Зоя", "Иванова", ("zoya", "", "ivanova", ())),
        ("محمد", "خان", ("mhmd", "", "khn", ())),
        ("Baby Girl", "Khan", ("", "", "khan", ())),
        ("Unknown", "Unknown", ("", "", "", ())),
        ("Test", "Patient", ("", "", "", ())),
        ("Twin 1", "Adeyemi", ("", "", "adeyemi", ())),
        ("J", "K", ("j", "", "k", ())),
        ("", "", ("", "", "", ())),
        ("!!!", "123", ("", "", "", ())),
    ],
)
def test_names(given: str, family: str, expected: tuple[object, ...]) -> None:
    name = standard_name(given, family)
    assert (name.given, name.middle, name.family, name.others) == expected


def test_a_name_of_three_hundred_letters_is_cut() -> None:
    assert standard_name("a" * 300, "b " * 150).given == "a" * LONGEST_WORD
    assert len(standard_name("a" * 300, "b " * 150).family.split()) == 8


def test_a_former_name_that_is_the_name_is_left_out() -> None:
    assert standard_name("Ann", "Lee", ("Ann Lee", "Ann Wu", "Unknown")).others == ("ann wu",)


@pytest.mark.parametrize(
    ("some", "other"),
    [
        ("muhammad", "mohamed"), ("zainab", "zaynab"), ("yusuf", "youssef"), ("aleksandr", "alexander"),
        ("catherine", "katherine"), ("hussain", "hussein"), ("khadija", "kadija"), ("stephen", "stefan"),
        ("chowdhury", "choudhury"), ("leigh", "lee"), ("oleksandra", "aleksandra"),
    ],
)  # fmt: skip
def test_usual_spellings_share_a_code(some: str, other: str) -> None:
    assert {sound(some), *family_codes(some)} & {sound(other), *family_codes(other)}


@pytest.mark.parametrize(("some", "other"), [("amy", "emma"), ("ali", "ola"), ("lee", "lou"), ("ann", "ian")])
def test_short_names_do_not_all_sound_alike(some: str, other: str) -> None:
    assert sound(some) != sound(other)


@pytest.mark.parametrize(
    ("some", "other"), [("sikorsky", "sikorski"), ("konstantin", "kanstantun"), ("venkatesh", "venkatish")]
)
def test_vowels_do_not_tell_longer_names_apart(some: str, other: str) -> None:
    assert sound(some) == sound(other)


def test_sounds_of_nothing() -> None:
    assert sound("") == sound("j") == consonants("") == ""
    assert consonants("hannah") == consonants("anna") == "an"


def test_parts_of_a_family_name() -> None:
    assert parts("van den berg jones") == ("berg", "jones")
    assert parts("de") == ("de",)
    assert parts("") == ()


def test_latin_is_always_plain() -> None:
    for text in ("李小明", "Ngũgĩ", "Þórður", "🙂", "Мария-Анна", "ʿAbd al-Raḥmān"):
        assert latin(text).isascii()
        assert latin(text) == latin(latin(text))


@pytest.mark.parametrize("text", ["1900-01-01", "1901-01-01", "1970-01-01", "1066-10-14", "9999-12-31"])
def test_days_that_forms_fill_in_are_no_birthdays(text: str) -> None:
    assert standard_birth(date.fromisoformat(text)) is None


def test_birthdays_stay() -> None:
    assert standard_birth(date(2000, 1, 1)) == date(2000, 1, 1)
    assert standard_birth(None) is None


@pytest.mark.parametrize(
    ("text", "expected", "is_sound"),
    [
        ("943 476 5919", "9434765919", True),
        ("943-476-5918", "9434765918", False),
        ("0000000000", "", False),
        ("4444444444", "", False),
        ("2333455667", "", False),
        ("12345", "", False),
        ("٩٤٣٤٧٦٥٩١٩", "", False),
        ("", "", False),
    ],
)
def test_nhs_numbers(text: str, expected: str, is_sound: bool) -> None:
    assert standard_nhs_number(text) == expected
    assert sound_nhs_number(expected) is is_sound


@pytest.mark.parametrize(
    ("text", "expected"),
    [("cv1 2ab", "CV12AB"), ("CV1 2A8", "CV12AB"), ("CV1 ZAB", "CV12AB"), ("ZZ99 3VZ", ""), ("CV1", ""), ("2042", "2042"), ("", "")],
)  # fmt: skip
def test_postcodes(text: str, expected: str) -> None:
    assert standard_postcode(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("07700 900123", "447700900123"),
        ("+44 (0)7700 900123", "447700900123"),
        ("0044 7700 900123", "447700900123"),
        ("(024) 7655 0199", "442476550199"),
        ("+48 22 583 45 67", "48225834567"),
        ("07000 000000", ""),
        ("0123456789", ""),
        ("none", ""),
        ("", ""),
        ("1" * 300, ""),
    ],
)
def test_telephone_numbers(text: str, expected: str) -> None:
    assert standard_phone(text) == expected


def test_other_fields() -> None:
    assert standard_upn("h 8012 0000 1001") == "H801200001001"
    assert standard_upn("UN1") == ""
    assert standard_uprn("000100070123456") == "100070123456"
    assert standard_uprn("0") == ""
    assert standard_address("Flat 2, 12 High Street, Coventry CV1 2AB") == "flat 2 12 high st coventry"
    assert standard_address("No fixed abode") == ""
    assert standard_email(" Ann.Lee@Example.org ") == "ann.lee@example.org"
    assert standard_email("noreply@school.org") == standard_email("ann") == ""
    assert standard_local_id("CMIS: A 12") == "cmis:a12"
    assert standard_local_id("12") == standard_local_id("x:") == standard_local_id("x:0000") == ""


def test_an_identity_that_says_nothing() -> None:
    blank = standardise(Raw(id="identity-1", given_names="Baby", born=date(1900, 1, 1), sex="9"))
    assert (blank.given, blank.born, blank.sex, blank.phones) == ("", None, "", ())


def test_the_latest_postcode_is_no_earlier_one() -> None:
    said = standardise(Raw(id="i", postcode="CV1 2AB", earlier_postcodes=("cv12ab", "CV3 4CD", "")))
    assert (said.postcode, said.postcodes) == ("CV12AB", ("CV34CD",))
