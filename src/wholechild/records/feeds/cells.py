"""Single cells of the flat feed: each is read here, or refused with why and what to do."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

from nhs_number import is_valid

from wholechild.lib.civil import NotADate, parse_period, utc_of
from wholechild.records.drafts import NO_DAYS, Days
from wholechild.records.facts import Fault
from wholechild.records.feeds.columns import POSITION
from wholechild.records.feeds.flat import Cells

T = TypeVar("T")
_REMEMBERED: Final = 50_000
_MOST_SUBJECTS: Final = 50
_MOST_TEXTS: Final = 20
_LONGEST: Final = {"what": 20_000, "role": 2_000}
LONGEST_ID: Final = 250
PERSON_TEXTS: Final = (
    "given_name",
    "family_name",
    "nhs_number",
    "postcode",
    "role",
    "address",
    "uprn",
    "upn",
)
PERSON_LISTS: Final = ("other_names", "phones", "emails", "local_ids")
#: What a reference looks like and a name does not: without blanks, with a digit or a low line, and no NHS number.
_REFERENCE: Final = re.compile(r"(?=.*[0-9_])(?![0-9]{10}$)[A-Za-z0-9_./:#-]+")
_LOCAL_ID: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*:\S(.*\S)?")
_SEXES: Final = {"": "", "f": "female", "female": "female", "2": "female", "m": "male", "male": "male", "1": "male",
                 "x": "other", "other": "other", "u": "", "unknown": "", "not known": "", "0": "", "9": ""}  # fmt: skip


class Refused(Exception):
    """One cell cannot be read: (column, why, what to do)."""

    def __init__(self, column: str, why: str, do: str) -> None:
        super().__init__(why)
        self.column, self.why, self.do = column, why, do


class Kept(dict[Any, T]):
    """What was worked out for a key, up to a bound, so that memory does not grow with the file."""

    def __init__(self, work: Callable[..., T]) -> None:
        super().__init__()
        self._work = work

    def __missing__(self, key: Any) -> T:
        if len(self) >= _REMEMBERED:
            self.clear()
        self[key] = made = self._work(*key) if isinstance(key, tuple) else self._work(key)
        return made


def end_of(text: str, found: Days) -> str:
    """The moment from which a stated beginning is certain; empty where none is stated."""
    return utc_of(parse_period(text.strip()).ends).isoformat() if found is not NO_DAYS else ""


def is_date(text: str) -> bool:
    try:
        parse_period(text)
    except NotADate:
        return False
    return True


def an_id(column: str, text: str) -> str:
    """An id of the sender's, without blanks around it."""
    text = text.strip()
    if not text:
        raise Refused(column, f"{column} is empty", f"Fill the column `{column}`.")
    if len(text) > LONGEST_ID:
        raise Refused(
            column,
            f"{column} is longer than {LONGEST_ID} characters",
            "Check that the columns are not shifted.",
        )
    return text


def shown_id(text: str) -> str:
    """An id as a message may repeat it: empty where it may be somebody's name, typed into the wrong column."""
    return text[:60] if _REFERENCE.fullmatch(text.strip()) else ""


def some_ids(column: str, text: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(an_id(column, part) for part in text.split(";") if part.strip()))
    if len(found) > _MOST_SUBJECTS:
        raise Refused(
            column, f"{column} names more than {_MOST_SUBJECTS} people", "Check the delimiter between them."
        )
    return found


def some_texts(column: str, text: str) -> tuple[str, ...]:
    """Several texts of one column, each once. A local id says whose it is: `scheme:value`."""
    if not text:
        return ()
    found = tuple(dict.fromkeys(part.strip() for part in text.split(";") if part.strip()))
    if len(found) > _MOST_TEXTS:
        raise Refused(
            column, f"{column} holds more than {_MOST_TEXTS} entries", "Check the delimiter between them."
        )
    for part in found:
        check_length(column, part)
        if column == "local_ids" and not _LOCAL_ID.fullmatch(part):
            raise Refused(
                column,
                "an id of another agency does not say whose it is",
                "Write it as scheme:value, for example lac:12345.",
            )
    return found


#: column -> (whether a text is of the form, what is odd about it otherwise, what to do). Such a text is kept as it came: a
#: child's records are not held back because a telephone number is odd. It only counts for nothing when people are compared.
_FORMS: Final[dict[str, tuple[Callable[[str], object], str, str]]] = {
    "nhs_number": (
        is_valid, "the check digit of this NHS number does not hold, or it has not ten digits", "Check the number at its source."
    ),
    "upn": (
        re.compile(r"[A-Z][0-9]{11}[0-9A-Z]").fullmatch, "this is no unique pupil number: a letter, eleven digits, a digit or letter",
        "Check the number in the school's register.",
    ),
    "uprn": (
        re.compile(r"[0-9]{1,12}").fullmatch, "this is no unique property reference number: up to twelve digits",
        "Leave the column empty where it is not known.",
    ),
    "phones": (
        lambda text: sum(ch.isdigit() for ch in text) >= 7, "this is no telephone number: it has fewer than seven digits",
        "Leave the column empty where none is known.",
    ),
    "emails": (
        re.compile(r"[^@\s]+@[^@\s]+").fullmatch, "this is no email address", "Leave the column empty where none is known.",
    ),
}  # fmt: skip


def odd(column: str, texts: Iterable[str]) -> tuple[str, str] | None:
    """(why, what to do) where one of these texts has not the form that it should have."""
    has_form, why, do = _FORMS[column]
    return (why, do) if any(text and not has_form(text) for text in texts) else None


def a_count(text: str) -> int:
    text = text.strip()
    if not text.isascii() or not text.isdecimal() or len(text) > 6 or not 1 <= int(text) <= 100_000:
        raise Refused(
            "count",
            f"{text[:20]!r} is not a whole number from 1 to 100,000",
            "Write how many incidents the row stands for.",
        )
    return int(text)


def pairs(column: str, text: str) -> list[tuple[str, str]]:
    pairs = []
    for part in text.split(";"):
        if part.strip():
            name, is_pair, value = part.partition("=")
            if not is_pair or not name.strip() or not value.strip():
                raise Refused(
                    column,
                    f"{part.strip()[:40]!r} is not a name and a value",
                    "Write name=value, divided by ';'.",
                )
            pairs.append((name.strip(), value.strip()))
    if len({name for name, _ in pairs}) != len(pairs):
        raise Refused(column, f"a name stands twice in {column}", "Keep one of the two.")
    return pairs


def a_sex(text: str) -> str:
    found = _SEXES.get(text.strip().lower())
    if found is None:
        raise Refused(
            "sex",
            "this is none of female, male, other, or empty",
            "Correct the column `sex`, or map it in a mapping file.",
        )
    return found


def check_length(column: str, text: str) -> None:
    longest = _LONGEST.get(column, LONGEST_ID)
    if len(text) > longest:
        raise Refused(
            column,
            f"{column} is longer than {longest:,} characters",
            "Send a sentence or two; keep the document where it is.",
        )


def strange_characters(row: Cells) -> tuple[Fault, ...]:
    """Control characters, which can hide what a line says: line ends and tabs only in free text, others nowhere."""
    faults = []
    for name, at in POSITION.items():
        cell = row.cells[at]
        if cell.isprintable():
            continue
        free = name in ("what", "role", "address")
        allowed = "\t\n\r" if free else ""
        bad = next((ch for ch in cell if (unicodedata.category(ch) in ("Cc", "Cs", "Cn", "Co", "Zl", "Zp")
                    and ch not in allowed) or (not free and unicodedata.category(ch) == "Cf")), None)  # fmt: skip
        if bad is not None:
            faults.append(
                Fault(
                    row.line,
                    name,
                    f"U+{ord(bad):04X}",
                    f"there is a control character in {name}",
                    "Remove it at the source and send the row again.",
                )
            )
    return tuple(faults)
