"""What somebody typed to find a child, read as a name, a day of birth or an NHS number: one box for all three.

Plain. What was typed is personal data: nothing here logs it, and no message repeats it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from nhs_number import is_valid

MOST: Final = 200
_MONTHS: Final = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_ISO: Final = re.compile(r"\b(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})\b")
_NUMBERS: Final = re.compile(r"\b(?P<day>\d{1,2})[/. -](?P<month>\d{1,2})[/. -](?P<year>\d{4})\b")
_WORDS: Final = re.compile(
    rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?P<month>{'|'.join(_MONTHS)})[a-z]*\.?,?\s+(?P<year>\d{{4}})\b",
    re.IGNORECASE,
)
_TEN_DIGITS: Final = re.compile(r"(?<!\d)\d{3}[ -]?\d{3}[ -]?\d{4}(?!\d)")


@dataclass(frozen=True, slots=True)
class SearchWords:
    """What to look for. Every part may be empty; `fault` says in words what is wrong with what was typed."""

    name: str = ""
    born: date | None = None
    nhs_number: str = ""
    fault: str = ""


def search_words(typed: str) -> SearchWords:
    """Read what was typed: `Amina Khan 3/3/2012`, `2012-03-03`, `943 476 5919`, `khan`."""
    text = " ".join(typed.split())
    if not text:
        return SearchWords(fault="Type a name, a date of birth or an NHS number")
    if len(text) > MOST:
        return SearchWords(fault=f"Type no more than {MOST} letters and numbers")
    number, text = _take_number(text)
    born, text, fault = _take_day(text)
    name = text.strip(" ,;")
    if fault or (not number and born is None and len(re.sub(r"[\W\d_]", "", name)) < 2):
        return SearchWords(fault=fault or "Type at least two letters of a name")
    return SearchWords(name, born, number, _number_fault(number))


def _take_number(text: str) -> tuple[str, str]:
    found = _TEN_DIGITS.search(text)
    if not found:
        return "", text
    return re.sub(r"\D", "", found.group()), (text[: found.start()] + " " + text[found.end() :]).strip()


def _number_fault(number: str) -> str:
    """A mistyped number would find nobody, and nobody would know why."""
    if number and not is_valid(number):
        return "That is not an NHS number: its last digit does not fit the others. Check it against the letter or card"
    return ""


def _take_day(text: str) -> tuple[date | None, str, str]:
    for form in (_ISO, _WORDS, _NUMBERS):
        found = form.search(text)
        if found:
            rest = (text[: found.start()] + " " + text[found.end() :]).strip()
            try:
                return date(int(found["year"]), _month(found["month"]), int(found["day"])), rest, ""
            except ValueError:
                return None, rest, "The date of birth must be a real day, such as 3 3 2012"
    return None, text, ""


def _month(text: str) -> int:
    return int(text) if text.isdigit() else _MONTHS.index(text[:3].lower()) + 1
