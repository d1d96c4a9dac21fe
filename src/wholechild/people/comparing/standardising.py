"""From what an agency writes to the one form that is compared. What stands for not knowing becomes missing.

Nothing is guessed and nothing refused here: a number whose check digit is wrong may be a slip of the pen, and two records
with the same slip are still alike. `sound_nhs_number` says which is which.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

import phonenumbers
from nhs_number import is_valid

from wholechild.people.comparing.identity import Identity
from wholechild.people.comparing.names import latin
from wholechild.records.search import folded_postcode

#: Words that stand for not knowing a name: a ward enters both of two new twins as "Baby Girl".
NOT_NAMES: Final = frozenset(
    "baby babe newborn infant twin triplet unborn unnamed unknown unkown unk nk tbc test testing tester dummy not known "
    "none null anon anonymous male female boy girl child foetus fetus nfn nln xx xxx zz zzz patient surname forename "
    "firstname lastname noname".split()
)
_TITLES: Final = frozenset("mr mrs miss ms mx dr master sir rev prof".split())
#: Days that a form fills in by itself. A year outside these bounds is nobody's that we are told of.
_NO_BIRTHDAYS: Final = frozenset(
    date.fromisoformat(text)
    for text in "1900-01-01 1901-01-01 1970-01-01 1911-11-11 1899-12-31 1899-12-30".split()
)
_FIRST_YEAR: Final = 1890
_LAST_YEAR: Final = 2150
#: Numbers that the check digit lets through and that nobody has.
_NO_NUMBERS: Final = frozenset([digit * 10 for digit in "0123456789"] + ["2333455667", "1234567881"])
_NO_EMAIL: Final = re.compile(r"^(no-?reply|none|unknown|test|na|n/a|noemail|not-?known)@|@(test|none)\b")
_SEXES: Final = {"m": "M", "male": "M", "1": "M", "boy": "M", "f": "F", "female": "F", "2": "F", "girl": "F"}
_FULL_POSTCODE: Final = re.compile(r"[A-Z]{1,2}[0-9][A-Z0-9]?[0-9][A-Z]{2}")
_PART_OF_POSTCODE: Final = re.compile(r"[A-Z]{1,2}[0-9]{0,2}[A-Z]?")
_UPN: Final = re.compile(r"[A-HJ-NP-RT-Z][0-9]{11}[0-9A-Z]")
_STREETS: Final = {
    "street": "st", "road": "rd", "avenue": "ave", "av": "ave", "lane": "ln", "close": "cl", "drive": "dr", "court": "ct",
    "crescent": "cres", "cr": "cres", "place": "pl", "square": "sq", "terrace": "ter", "gardens": "gdns", "grove": "gr",
    "apartment": "flat", "apt": "flat", "mount": "mt",
}  # fmt: skip
#: Names that a text gives beside the name itself: `Elizabeth (Betty)`, `Smith nee Jones`, `known as`.
_BESIDE: Final = re.compile(r"[(\[\"“]([^)\]\"”]*)[)\]\"”]")
_FORMERLY: Final = re.compile(
    r"(?i)\b(?:n[eé]e|formerly|previously|aka|a\.k\.a\.?|known as|also known as)\b[:.]?"
)

#: The words of `_FORMERLY` that are one word.
_FORMER_WORDS: Final = frozenset({"nee", "née", "formerly", "previously", "aka"})


@dataclass(frozen=True, slots=True)
class Raw:
    """One identity in the agency's own words. The columns of a file of raw identities have these names.

    Missing  an empty text, an empty tuple or None.
    """

    id: str
    agency: str = ""
    given_names: str = ""
    family_name: str = ""
    other_names: tuple[str, ...] = ()
    born: date | None = None
    died: date | None = None
    sex: str = ""
    nhs_number: str = ""
    upn: str = ""
    postcode: str = ""
    earlier_postcodes: tuple[str, ...] = ()
    uprn: str = ""
    address: str = ""
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    local_ids: tuple[str, ...] = ()


def standardise(raw: Raw) -> Identity:
    """The identity as it is compared.

    Missing  whatever the agency does not say, says in a placeholder, or says in a form that cannot be anybody's.
    Errors   none: what cannot be read is missing here. The delivery's checks have told the sender.
    """
    name = standard_name(raw.given_names, raw.family_name, tuple(raw.other_names))
    latest = standard_postcode(raw.postcode)
    earlier = (standard_postcode(text) for text in raw.earlier_postcodes)
    return Identity(
        id=raw.id,
        agency=raw.agency.strip(),
        given=name.given,
        middle=name.middle,
        family=name.family,
        other_names=name.others,
        born=standard_birth(raw.born),
        died=standard_birth(raw.died),
        sex=standard_sex(raw.sex),
        nhs_number=standard_nhs_number(raw.nhs_number),
        upn=standard_upn(raw.upn),
        postcode=latest,
        postcodes=told(text for text in earlier if text != latest),
        uprn=standard_uprn(raw.uprn),
        address=standard_address(raw.address),
        phones=told(map(standard_phone, raw.phones)),
        emails=told(map(standard_email, raw.emails)),
        local_ids=told(map(standard_local_id, raw.local_ids)),
    )


def told(texts: Iterable[str]) -> tuple[str, ...]:
    """The texts that are not empty, each once, sorted."""
    return tuple(sorted({text for text in texts if text}))


@dataclass(frozen=True, slots=True)
class Name:
    """A name in parts, as `Identity` has them."""

    given: str
    middle: str
    family: str
    others: tuple[str, ...]


@lru_cache(maxsize=50_000)
def standard_name(given_names: str, family_name: str, other_names: tuple[str, ...] = ()) -> Name:
    """The parts of a name. A double first name with a hyphen is one; of a placeholder nothing is kept.

    Shape    what stands in brackets, or after `née`, `formerly` or `known as`, is another name, with the family name.
    """
    given_text, beside_given = _apart(given_names[:400])
    family_text, beside_family = _apart(family_name[:400])
    if not family_text.strip() and "," in given_text:
        family_text, _, given_text = given_text.partition(",")
    given = _words(re.sub(r"(?<=\w)[-‐](?=\w)", "", given_text))
    family = _words(family_text)
    first = given[:1]
    others = [" ".join([*_words(text), *family]) for text in beside_given]
    others += [" ".join([*first, *_words(text)]) for text in beside_family]
    others += [" ".join(_words(text.replace(",", " "))) for text in other_names[:20]]
    whole = " ".join([*given, *family])
    return Name(
        given=" ".join(first),
        middle=" ".join(given[1:]),
        family=" ".join(family),
        others=told(text for text in others if text != whole),
    )


def stands_alone(text: str) -> bool:
    """Whether a part of a name holds no other name beside it, so that it can be standardised by itself."""
    return "," not in text and not _apart(text[:400])[1]


def _apart(text: str) -> tuple[str, list[str]]:
    """A text without the names beside it, and those names."""
    if text.isalpha() and text.casefold() not in _FORMER_WORDS:
        return text, []
    beside = _BESIDE.findall(text)
    said, *formerly = _FORMERLY.split(_BESIDE.sub(" ", text))
    return said, [name for name in [*beside, *formerly] if name.strip()]


def _words(text: str) -> list[str]:
    """The words of a part of a name; none of them, if one says that the name is not known."""
    words = [word for word in latin(text).split() if not word.isdigit()]
    if not NOT_NAMES.isdisjoint(words):
        return []
    while words and words[0] in _TITLES and len(words) > 1:
        words.pop(0)
    return words


def standard_sex(text: str) -> str:
    """`F`, `M`, or empty for everything else that forms say."""
    return _SEXES.get(text.strip().casefold(), "")


def standard_birth(day: date | None) -> date | None:
    """A day that somebody may be born, or have died, on; None for the days that forms fill in by themselves."""
    if day is None or day in _NO_BIRTHDAYS or not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        return None
    return day


def standard_nhs_number(text: str) -> str:
    """Ten digits, or an empty text. A wrong check digit is kept (see `sound_nhs_number`); a placeholder is not."""
    digits = re.sub(r"[\s.\-–]", "", text)
    if len(digits) != 10 or not (digits.isascii() and digits.isdigit()) or digits in _NO_NUMBERS:
        return ""
    return digits


@lru_cache(maxsize=100_000)
def sound_nhs_number(number: str) -> bool:
    """Whether a number has ten digits and the right check digit, and is no placeholder."""
    return bool(number) and number not in _NO_NUMBERS and bool(is_valid(number))


def standard_upn(text: str) -> str:
    """A unique pupil number of thirteen characters, or an empty text for anything else (`UN1` says why there is none)."""
    upn = re.sub(r"[^A-Z0-9]", "", text.upper())
    return upn if _UPN.fullmatch(upn) and len(set(upn[1:12])) > 1 else ""


@lru_cache(maxsize=100_000)
def standard_postcode(text: str) -> str:
    """A whole postcode, upper case, without blanks; `O` for nought and `I` for one are put right where only digits stand.

    Missing  the codes for no fixed abode and abroad (`ZZ99`), and the first half alone.
    """
    code = folded_postcode(text)[:10]
    if len(code) >= 5 and not _FULL_POSTCODE.fullmatch(code):
        mended = code[:-3] + code[-3].translate(_DIGITS) + code[-2:].translate(_LETTERS)
        code = mended if _FULL_POSTCODE.fullmatch(mended) else code
    if code.startswith("ZZ99") or (_PART_OF_POSTCODE.fullmatch(code) and len(code) < 5):
        return ""
    return "" if len(set(code)) < 2 else code


_DIGITS: Final = str.maketrans("OILSZB", "011528")
_LETTERS: Final = str.maketrans("0158", "OISB")


def standard_uprn(text: str) -> str:
    """A property's number without leading noughts, or an empty text."""
    digits = re.sub(r"\D", "", text).lstrip("0") if text.isascii() else ""
    return digits if 3 <= len(digits) <= 12 and len(set(digits)) > 1 else ""


@lru_cache(maxsize=50_000)
def standard_address(text: str) -> str:
    """An address in Latin letters with short words for kinds of street, without a postcode at its end.

    Missing  an address that only says there is none.
    """
    said = _POSTCODE_AT_END.sub("", text[:300].strip())
    words = [_STREETS.get(word, word) for chunk in said.split(",") for word in latin(chunk).split()]
    joined = " ".join(words[:20])[:120]
    return "" if _NO_ADDRESS.search(joined) else joined


_POSTCODE_AT_END: Final = re.compile(r"(?i)\b[A-Z]{1,2}[0-9][A-Z0-9]? *[0-9][A-Z]{2}\s*$")
_NO_ADDRESS: Final = re.compile(r"\b(no fixed (abode|address)|unknown|not known|nfa)\b")


_UK_NUMBER: Final = re.compile(r"(?:00?44|44|0)0?([1237]\d{8,9})")


@lru_cache(maxsize=100_000)
def standard_phone(text: str) -> str:
    """A telephone number as digits with its country: `(024) 7655 0199` as `442476550199`.

    Missing  what cannot be anybody's number, and numbers that only fill a field (`07000 000000`, `0123456789`).
    """
    if not text.isascii():
        text = "".join(letter for letter in text if letter.isdigit() or letter in "+ ")
    digits = re.sub(r"\D", "", re.split(r"(?i)ext|x|#", text)[0])[:20]
    if len(set(digits[-7:])) < 3 or "1234567" in digits:
        return ""
    usual = _UK_NUMBER.fullmatch(digits)
    if usual and (usual[1][0] != "7" or len(usual[1]) == 10):
        return f"44{usual[1]}"
    return _foreign(text)


def _foreign(text: str) -> str:
    try:
        number = phonenumbers.parse(text[:40], "GB")
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number):
        return ""
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)).lstrip("+")


def standard_email(text: str) -> str:
    """An address of electronic mail in small letters; empty for one that fills a field."""
    email = "".join(text.split()).casefold()[:200]
    return "" if not re.fullmatch(r"[^@]+@[^@]+\.[^@]+", email) or _NO_EMAIL.search(email) else email


def standard_local_id(text: str) -> str:
    """`scheme:value` in small letters; empty where either is not said."""
    scheme, _, value = "".join(text.split()).casefold()[:120].partition(":")
    return f"{scheme}:{value}" if scheme and len(set(value.replace("-", ""))) > 1 else ""
