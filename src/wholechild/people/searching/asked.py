"""What somebody typed to find a person, read as names, a birthday, a postcode, a telephone number or a person's number.

Plain. What was typed is personal data: nothing here logs it, and no message repeats it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from nhs_number import is_valid

from wholechild.people.comparing.names import latin
from wholechild.people.searching.words import LONGEST

MOST_LETTERS: Final = 200
#: More words than this are no name; the first ones count.
MOST_WORDS: Final = 6
#: Fewer digits than this say nothing about whose telephone it is.
LEAST_DIGITS: Final = 5
NOTHING: Final = "Type a name, a date of birth, a postcode, a telephone number or an NHS number"
TOO_SHORT: Final = "Type at least two letters of a name"
NO_DAY: Final = "The date of birth must be a real day, such as 3 3 2012"

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH: Final = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_DAYS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?P<year>(?:19|20)\d\d)[-/. ](?P<month>\d{1,2})[-/. ](?P<day>\d{1,2})\b",
        rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[ -]?(?:of )?(?P<month>{_MONTH})\b[.,]?[ -]?(?P<year>\d{{4}}|\d\d)\b",
        rf"\b(?P<month>{_MONTH})\b\.? (?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<year>\d{{4}})\b",
        r"\b(?P<day>\d{1,2})[/.-](?P<month>\d{1,2})[/.-](?P<year>\d{4}|\d\d)\b",
        r"\b(?P<day>\d{1,2}) (?P<month>\d{1,2}) (?P<year>\d{4})\b",
        r"\b(?P<day>\d\d)(?P<month>\d\d)(?P<year>(?:19|20)\d\d)\b",
    )
)
_MONTH_OF_YEAR: Final = re.compile(rf"\b(?P<month>{_MONTH})\b\.? (?P<year>(?:19|20)\d\d)\b", re.IGNORECASE)
_YEAR: Final = re.compile(r"\b(?P<year>(?:19|20)\d\d)\b")
_AGE: Final = re.compile(
    r"\b(?:about |around |aged? |age )*(?P<years>\d{1,2})[ -]?(?:years?[ -]olds?|yrs?(?: old)?|y/?o)\b|\b(?:aged|age) (?P<aged>\d{1,2})\b",
    re.IGNORECASE,
)
_PHONE: Final = re.compile(r"(?<![\w+])(?:\+44|0044|0)(?:[ ()-]*\d){8,11}(?!\w)")
_PART_OF_PHONE: Final = re.compile(rf"(?<!\w)\d(?:[ -]?\d){{{LEAST_DIGITS - 1},10}}(?!\w)")
_TEN_DIGITS: Final = re.compile(r"(?<![\d])\d{3}[ -]?\d{3}[ -]?\d{4}(?!\d)")
_UPN: Final = re.compile(r"\b[A-HJ-NP-RT-Z]\d{11}[0-9A-Z]\b", re.IGNORECASE)
#: A whole postcode, or its first half with or without what follows.
_POSTCODE: Final = re.compile(
    r"\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b|\b[A-Z]{1,2}\d[A-Z\d]?(?: \d[A-Z]?)?\b", re.IGNORECASE
)
#: What people write before a thing. It is no name.
_LABELS: Final = re.compile(
    r"\b(?:date of birth|d\.o\.b\.?|dob|born(?: on)?|nhs(?: (?:no|number))?|post ?code|tele?phone|tel|mobile|upn)\b[.:]?",
    re.IGNORECASE,
)
_TITLES: Final = frozenset(["mr", "mrs", "miss", "ms", "dr", "master"])


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a name that was asked for. `place` is `given` or `family` where a form asked for it apart."""

    text: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What to look for.

    Shape    `born` is the first and the last day that it may have been. `postcode` is without blanks, whole or its
             beginning. `phone` is digits without a country code, whole or its end. `note` is a sentence about something odd
             that we search for all the same; `fault` one about why we cannot search.
    Missing  every part may be empty, or None.
    """

    words: tuple[Word, ...] = ()
    born: tuple[date, date] | None = None
    nhs_number: str = ""
    upn: str = ""
    postcode: str = ""
    phone: str = ""
    note: str = ""
    fault: str = ""

    @property
    def birthday(self) -> date | None:
        """The one day, where one was asked for."""
        return self.born[0] if self.born and self.born[0] == self.born[1] else None

    @property
    def parts(self) -> int:
        """How many things were asked for; a word of a name is one."""
        others = (self.born, self.nhs_number, self.upn, self.postcode, self.phone)
        return len(self.words) + sum(1 for part in others if part)


def parse(typed: str, today: date) -> Asked:
    """Read one box: `Amina Khan 3/4/2012`, `khan cv1`, `943 476 5919`, `moh 4 years old`, `01632 960 101`.

    Errors   none: what cannot be searched for has a `fault`, a sentence fit to show that repeats nothing.
    """
    text = " ".join(typed.split())
    if not text:
        return Asked(fault=NOTHING)
    if len(text) > MOST_LETTERS:
        return Asked(fault=f"Type no more than {MOST_LETTERS} letters and numbers")
    text = _LABELS.sub(" ", text)
    upn, text = _taken(_UPN, text)
    phone, text = _taken(_PHONE, text)
    number, text = _taken(_TEN_DIGITS, text)
    born, text, fault = _take_birth(text, today)
    postcode, text = _taken(_POSTCODE, text)
    part, text = ("", text) if phone else _taken(_PART_OF_PHONE, text)
    asked = Asked(
        _words(text),
        born,
        _digits(number),
        upn.upper(),
        _code(postcode),
        local_phone(phone or part),
        fault=fault,
    )
    return _checked(asked)


def from_form(
    *, given: str = "", family: str = "", born: str = "", nhs_number: str = "", upn: str = "", postcode: str = "",
    phone: str = "", today: date,
) -> Asked:  # fmt: skip
    """Read separate fields, each of which may be empty. What stands in a field is nothing else than what it asks for."""
    typed = (given, family, born, nhs_number, upn, postcode, phone)
    if any(len(text) > MOST_LETTERS for text in typed):
        return Asked(fault=f"Type no more than {MOST_LETTERS} letters and numbers in each box")
    if not any(text.strip() for text in typed):
        return Asked(fault="Fill in at least one box")
    period, _, fault = _take_birth(" ".join(born.split()), today)
    if born.strip() and not period:
        fault = fault or NO_DAY
    digits, line = _digits(nhs_number), local_phone(phone)
    if nhs_number.strip() and len(digits) != 10:
        fault = fault or "An NHS number has 10 digits"
    if phone.strip() and len(line) < LEAST_DIGITS:
        fault = fault or f"Type at least {LEAST_DIGITS} digits of the telephone number"
    words = (*_words(given, "given"), *_words(family, "family"))
    asked = Asked(words, period, digits, upn.strip().upper(), _code(postcode), line, fault=fault)
    return _checked(asked)


def both(one: Asked, other: Asked) -> Asked:
    """What was typed in one place and in another, together; where both say the same kind of thing, the first counts."""
    words = tuple({word.text: word for word in (*other.words, *one.words)}.values())[:MOST_WORDS]
    return Asked(
        words, one.born or other.born, one.nhs_number or other.nhs_number, one.upn or other.upn,
        one.postcode or other.postcode, one.phone or other.phone, one.note or other.note, one.fault or other.fault,
    )  # fmt: skip


def local_phone(text: str) -> str:
    """`+44 1632 960101`, `0044…` and `01632 960101` as `1632960101`: digits, without country code or leading nought."""
    digits = _digits(text)
    for country in ("0044", "44"):
        if digits.startswith(country) and len(digits) >= 11:
            digits = digits[len(country) :]
    return digits.lstrip("0")


def _checked(asked: Asked) -> Asked:
    if asked.fault:
        return asked
    if asked.parts == 0:
        return replace(asked, fault=TOO_SHORT)
    if asked.parts == len(asked.words) and all(len(word.text) < 2 for word in asked.words):
        return replace(asked, fault=TOO_SHORT)
    if asked.nhs_number and not is_valid(asked.nhs_number):
        said = "That is not an NHS number: its last digit does not fit the others. We looked for numbers that are nearly the same too"
        return replace(asked, note=said)
    return asked


def _taken(pattern: re.Pattern[str], text: str) -> tuple[str, str]:
    """(what fits, the rest of the text)."""
    found = pattern.search(text)
    return (found.group(), _without(text, found)) if found else ("", text)


def _without(text: str, found: re.Match[str]) -> str:
    return f"{text[: found.start()]} {text[found.end() :]}".strip()


def _digits(text: str) -> str:
    return "".join(ch for ch in text if ch.isascii() and ch.isdigit())


def _code(text: str) -> str:
    return "".join(ch for ch in text.upper() if ch.isascii() and ch.isalnum())


def _words(text: str, place: str = "") -> tuple[Word, ...]:
    found = [word[:LONGEST] for word in latin(text).split()]
    named = [word for word in found if word not in _TITLES] or found
    return tuple(Word(word, place) for word in dict.fromkeys(named[:MOST_WORDS]))


# -- birthdays ---------------------------------------------------------------------------------------------------------


def _take_birth(text: str, today: date) -> tuple[tuple[date, date] | None, str, str]:
    """(the first and last day that it may be, the rest of the text, what is wrong with it)."""
    for form in _DAYS:
        if found := form.search(text):
            day = _day(int(found["day"]), _month(found["month"]), _full_year(found["year"], today))
            return ((day, day), _without(text, found), "") if day else (None, _without(text, found), NO_DAY)
    if found := _MONTH_OF_YEAR.search(text):
        year, month = int(found["year"]), _month(found["month"])
        return (date(year, month, 1), _month_end(year, month)), _without(text, found), ""
    if found := _AGE.search(text):
        return _of_age(int(found["years"] or found["aged"]), today), _without(text, found), ""
    if found := _YEAR.search(text):
        year = int(found["year"])
        return (date(year, 1, 1), date(year, 12, 31)), _without(text, found), ""
    return None, text, ""


def _day(day: int, month: int, year: int) -> date | None:
    """The day; where there is no such month, what an American writes by it."""
    for one, other in ((day, month), (month, day)):
        try:
            return date(year, other, one)
        except ValueError:
            continue
    return None


def _month(text: str) -> int:
    return int(text) if text.isdigit() else _MONTHS.index(text[:3].lower()) + 1


def _month_end(year: int, month: int) -> date:
    return (date(year, month, 28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _full_year(text: str, today: date) -> int:
    """`12` is 2012, and `87` 1987: nobody is born in the future."""
    if len(text) == 4:
        return int(text)
    century = today.year - today.year % 100
    return century + int(text) - (100 if int(text) > today.year % 100 else 0)


def _of_age(years: int, today: date) -> tuple[date, date]:
    """Whoever is said to be four may be just three, or nearly six."""
    return date(today.year - years - 2, 1, 1), date(min(today.year, today.year - years + 1), 12, 31)


@lru_cache(maxsize=1_000)
def near_days(day: date) -> tuple[tuple[date, str], ...]:
    """Days that are written for this one by mistake, each with what the mistake is; none twice, and never the day itself."""
    return tuple(_near_days(day))


def _near_days(day: date) -> Iterator[tuple[date, str]]:
    seen = {day}
    for kind, found in (
        ("swapped", _safe(day.year, day.day, day.month)),
        *(("one_part", near) for near in _other_parts(day)),
    ):
        if found and found not in seen:
            seen.add(found)
            yield found, kind


def _other_parts(day: date) -> Iterable[date | None]:
    """Another digit in the day or month, two digits of the year swapped, a neighbouring year or decade."""
    for other in range(1, 32):
        if _one_digit(day.day, other):
            yield _safe(day.year, day.month, other)
    for other in range(1, 13):
        if _one_digit(day.month, other):
            yield _safe(day.year, other, day.day)
    for years in (-1, 1, -2, 2, -3, 3, -10, 10):
        yield _safe(day.year + years, day.month, day.day)
    tens, ones = divmod(day.year % 100, 10)
    yield _safe(day.year - day.year % 100 + ones * 10 + tens, day.month, day.day)


def _one_digit(one: int, other: int) -> bool:
    """Whether two numbers of two digits differ in one of them, in their order, or by one."""
    a, b = f"{one:02}", f"{other:02}"
    return one != other and (
        sum(x != y for x, y in zip(a, b, strict=True)) == 1 or a == b[::-1] or abs(one - other) == 1
    )


def _safe(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
