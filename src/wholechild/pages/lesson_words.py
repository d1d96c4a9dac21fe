"""What the pages about lessons say and read: states in words, people in words, and the terms that a form gives. Plain."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from wholechild.patterns.describe import describe
from wholechild.patterns.language.lesson import NATIONS, Lesson
from wholechild.vocabulary.terms import vocabulary

#: state of a lesson -> (what is said, the colour of its tag)
STATES: Final = {
    "in force": ("In force", "green"),
    "proposed": ("Proposed", "blue"),
    "waiting": ("Waits for a second signature", "yellow"),
    "retired": ("Retired", "grey"),
}
NATION_TITLES: Final = {nation: nation.replace("_", " ").title() for nation in NATIONS}
#: The id of a lesson, as it stands in an address.
LESSON_ID: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_TITLE: Final = re.compile(r"(?m)^title:[ \t]*(.+)$")
_VERSION: Final = re.compile(r"(?m)^version:[ \t]*(\d{1,9})[ \t]*$")


def who(user: str, role: str) -> str:
    """`Panel analyst (ana)`; what came with the software says so."""
    if role == "system":
        return "the installation"
    known = vocabulary().roles.get(role)
    return f"{known.title if known else role} ({user})"


def places(names: Sequence[str]) -> str:
    """Nations and areas as a reader knows them."""
    return ", ".join(NATION_TITLES.get(name, name) for name in names)


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph of what a lesson means: a heading, and its lines with how deep each lies."""

    heading: str
    lines: tuple[tuple[int, str], ...]


def meaning_of(lesson: Lesson) -> tuple[Block, ...]:
    """The lesson in plain words (patterns/describe.py), taken apart for a page; title and dates stand elsewhere."""
    return tuple(_block(part) for part in describe(lesson).split("\n\n")[1:])


def _block(part: str) -> Block:
    heading, *lines = part.split("\n")
    found: list[tuple[int, str]] = []
    for line in lines:
        text = line.strip()
        if text.startswith("- "):
            found.append(((len(line) - len(line.lstrip())) // 2, text[2:]))
        elif found:
            found[-1] = (found[-1][0], f"{found[-1][1]} {text}")
    return Block(heading, tuple(found))


def as_typed(text: str) -> str:
    """What a form gives, with the line ends of a file; a text that is not empty ends with one."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return plain if not plain or plain.endswith("\n") else plain + "\n"


def next_version(text: str, version: int) -> str:
    """The text with the version after `version`, for who begins to change an adopted lesson."""
    return _VERSION.sub(f"version: {version + 1}", text, count=1)


def title_in(text: str) -> str:
    """The title that a draft gives itself so far; empty where it gives none."""
    found = _TITLE.search(text)
    return found[1].strip(" \"'")[:160] if found else ""


#: What a new draft begins with: every part that a lesson needs, and what belongs there.
SKELETON: Final = """\
id: a-short-name
version: 1
title: Say in one sentence what the pieces add up to
in_force: {from: %s}
nations: [england]
owner: {role: safeguarding partnership, name: Learning lead}
answers:
  - review: name of the review
    finding: number or paragraph
    in_our_words: What the review found, in your own words.
condition:
  count:
    of: [injury.*]
    where: {nature: [concern]}
    about: child
    at_least: 2
    within: 12 months
    distinct: {agencies: 2}
explanation: "{count} records by {agencies} between {first} and {last}."
next_step:
  what: What somebody should do first.
  by: named nurse
  clock: 2 working days
other_explanations:
  - What else might explain the same records.
would_change_our_mind:
  - What, if it were known, would make us let it go.
known_false_alarms:
  - When this would be wrong.
"""


def skeleton(today: date) -> str:
    return SKELETON % today.isoformat()


# -- the terms of a signature --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TermsTyped:
    """What somebody filled in. `faults` maps the id of a field to what is wrong with it."""

    day: str
    month: str
    year: str
    nations: tuple[str, ...]
    areas: str
    why: str
    starts_on: date | None
    faults: Mapping[str, str]

    @property
    def area_names(self) -> tuple[str, ...]:
        return tuple(
            dict.fromkeys(name for part in self.areas.split(",") if (name := " ".join(part.split())))
        )


def terms_typed(asked: Mapping[str, Sequence[str]], field: str) -> TermsTyped:
    """Read a form of a signature. `field` begins the ids of its fields."""
    day, month, year = (_last(asked, name).strip()[:10] for name in ("day", "month", "year"))
    starts_on = _day(day, month, year)
    nations = tuple(name for name in asked.get("nation", ()) if name in NATIONS)
    typed = TermsTyped(
        day, month, year, nations, _last(asked, "areas")[:4_000], _last(asked, "why"), starts_on, {}
    )
    faults = {}
    if starts_on is None:
        faults[f"{field}-day"] = "Enter a day, such as 4 1 2027"
    if not nations and not typed.area_names:
        faults[f"{field}-nation"] = "Choose a nation, or name an area"
    if not typed.why.strip():
        faults[f"{field}-why"] = "Give a reason, in a sentence"
    return TermsTyped(day, month, year, nations, typed.areas, typed.why, starts_on, faults)


def _last(asked: Mapping[str, Sequence[str]], name: str) -> str:
    return (asked.get(name) or [""])[-1]


def _day(day: str, month: str, year: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except (ValueError, OverflowError):
        return None
