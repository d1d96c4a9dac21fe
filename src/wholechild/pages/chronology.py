"""The joined chronology as the page lists it: by year, with what the reader chose to look at.

Plain. A choice only ever hides lines from sight: the lines stay on the page, are counted as hidden, and come back
when a link points at one of them. Addresses carry codes, never words: a kind of record says something about a child.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from wholechild.patterns.picture import Entry

CODE_LENGTH: Final = 8
NEWEST_FIRST: Final = "newest"


def code(word: str) -> str:
    """The short code that stands for an agency or a kind in an address; the same on every page and every day."""
    return hashlib.sha256(word.encode()).hexdigest()[:CODE_LENGTH]


@dataclass(frozen=True, slots=True)
class Choice:
    """What the reader wants to look at. Empty means everything.

    Shape    `agencies`, `natures` and `kinds` hold codes; `from_year` and `to_year` are both included.
    """

    agencies: frozenset[str] = field(default_factory=frozenset)
    natures: frozenset[str] = field(default_factory=frozenset)
    kinds: frozenset[str] = field(default_factory=frozenset)
    from_year: int | None = None
    to_year: int | None = None
    seen_only: bool = False
    newest_first: bool = False

    @property
    def narrows(self) -> bool:
        return bool(
            self.agencies or self.natures or self.kinds or self.from_year or self.to_year or self.seen_only
        )

    def shows(self, entry: Entry) -> bool:
        """Whether a line is in the choice. A vague period is in when any part of it is."""
        return (
            (not self.agencies or code(entry.agency) in self.agencies)
            and (not self.natures or code(entry.nature) in self.natures)
            and (not self.kinds or code(entry.kind) in self.kinds)
            and (self.from_year is None or entry.happened.last.year >= self.from_year)
            and (self.to_year is None or entry.happened.first.year <= self.to_year)
            and (entry.child_seen or not self.seen_only)
        )


def choice_from(asked: Mapping[str, Sequence[str]]) -> Choice:
    """Read a choice from an address. What is not a code or a year of four digits is passed over."""
    return Choice(
        agencies=_codes(asked.get("agency", ())),
        natures=_codes(asked.get("nature", ())),
        kinds=_codes(asked.get("kind", ())),
        from_year=_year(asked.get("from", ())),
        to_year=_year(asked.get("to", ())),
        seen_only="yes" in asked.get("seen", ()),
        newest_first=NEWEST_FIRST in asked.get("order", ()),
    )


def _codes(given: Iterable[str]) -> frozenset[str]:
    return frozenset(one for one in given if len(one) == CODE_LENGTH and one.isalnum() and one.isascii())


def _year(given: Sequence[str]) -> int | None:
    text = given[-1] if given else ""
    return int(text) if len(text) == 4 and text.isascii() and text.isdigit() else None


@dataclass(frozen=True, slots=True)
class Line:
    """One entry with what the page needs to show, hide and name it."""

    entry: Entry
    shown: bool
    agency_code: str
    nature_code: str
    kind_code: str


@dataclass(frozen=True, slots=True)
class Year:
    """The lines of one year; a period of several years stands where it began."""

    year: int
    lines: tuple[Line, ...]

    @property
    def shown(self) -> int:
        return sum(line.shown for line in self.lines)


@dataclass(frozen=True, slots=True)
class Offered:
    """One thing that can be chosen, with how many lines it stands for."""

    code: str
    title: str
    lines: int
    chosen: bool
    nature: str = ""


@dataclass(frozen=True, slots=True)
class Chronology:
    """The whole list, grouped, with what can be chosen and how much of it is hidden."""

    years: tuple[Year, ...]
    total: int
    shown: int
    choice: Choice
    agencies: tuple[Offered, ...]
    natures: tuple[Offered, ...]
    kinds: tuple[Offered, ...]
    all_years: tuple[int, ...]

    @property
    def hidden(self) -> int:
        return self.total - self.shown


def arranged(entries: Sequence[Entry], choice: Choice, nature_titles: Mapping[str, str]) -> Chronology:
    """Group the entries by year, oldest first unless the reader asked for the newest first."""
    lines = [_line(entry, choice) for entry in _in_order(entries, choice)]
    years: dict[int, list[Line]] = {}
    for line in lines:
        years.setdefault(line.entry.happened.first.year, []).append(line)
    return Chronology(
        years=tuple(Year(year, tuple(own)) for year, own in years.items()),
        total=len(lines),
        shown=sum(line.shown for line in lines),
        choice=choice,
        agencies=_offered([(e.agency, e.agency_title, "") for e in entries], choice.agencies),
        natures=_offered(
            [(e.nature, nature_titles.get(e.nature, e.nature), e.nature) for e in entries], choice.natures
        ),
        kinds=_offered([(e.kind, e.kind_title, e.nature) for e in entries if e.kind], choice.kinds),
        all_years=_all_years(entries),
    )


def _in_order(entries: Sequence[Entry], choice: Choice) -> list[Entry]:
    ordered = sorted(entries, key=lambda e: (e.happened.first, e.happened.last, e.learnt_on, e.record))
    return ordered[::-1] if choice.newest_first else ordered


def _line(entry: Entry, choice: Choice) -> Line:
    return Line(entry, choice.shows(entry), code(entry.agency), code(entry.nature), code(entry.kind))


def _offered(found: Iterable[tuple[str, str, str]], chosen: frozenset[str]) -> tuple[Offered, ...]:
    counts: dict[tuple[str, str, str], int] = {}
    for one in found:
        counts[one] = counts.get(one, 0) + 1
    return tuple(
        Offered(code(word), title, number, code(word) in chosen, nature)
        for (word, title, nature), number in sorted(counts.items(), key=lambda item: item[0][1].casefold())
    )


def _all_years(entries: Sequence[Entry]) -> tuple[int, ...]:
    if not entries:
        return ()
    first = min(entry.happened.first.year for entry in entries)
    return tuple(range(first, max(entry.happened.last.year for entry in entries) + 1))
