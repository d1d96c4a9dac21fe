"""The sentences and orders of the child's page that follow from a picture, and nothing else.

Plain. What is said here must stay true when something is missing: "never", "nobody" and "no number" are facts about
what we were told, and are worded so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from wholechild.lib.civil import Period, Precision, say_day, say_period
from wholechild.patterns.picture import (
    ChildPicture,
    Entry,
    FamilyMember,
    Involved,
    MatchView,
    NotKnown,
    Unknown,
)

UNKNOWN_TITLES: Final[Mapping[Unknown, str]] = {
    Unknown.NEVER_SEEN: "Never seen",
    Unknown.NOT_CONNECTED: "Not connected",
    Unknown.NOT_ANSWERED: "Not answered",
    Unknown.CANNOT_TELL: "Cannot tell",
}
UNKNOWN_MEANS: Final[Mapping[Unknown, str]] = {
    Unknown.NEVER_SEEN: "An agency is involved, and no record says that it saw the child.",
    Unknown.NOT_CONNECTED: "We get no records from this agency. It may know a great deal.",
    Unknown.NOT_ANSWERED: "Somebody asked or promised, and no answer has reached us.",
    Unknown.CANNOT_TELL: "We looked, and what we hold is too vague or has gaps.",
}


AT_A_GLANCE: Final = 4


@dataclass(frozen=True, slots=True)
class UnknownGroup:
    """All that is not known for one reason."""

    why: Unknown
    title: str
    means: str
    items: tuple[NotKnown, ...]

    @property
    def first(self) -> tuple[NotKnown, ...]:
        """As many as are read at a glance; `rest` is one click away."""
        return self.items[:AT_A_GLANCE]

    @property
    def rest(self) -> tuple[NotKnown, ...]:
        return self.items[AT_A_GLANCE:]


def grouped_unknowns(not_known: Iterable[NotKnown]) -> tuple[UnknownGroup, ...]:
    """The four reasons, always in the same order; those with nothing in them are left out."""
    found = tuple(not_known)
    groups = (
        UnknownGroup(why, UNKNOWN_TITLES[why], UNKNOWN_MEANS[why], tuple(n for n in found if n.why is why))
        for why in Unknown
    )
    return tuple(group for group in groups if group.items)


def nearest_first(involved: Iterable[Involved]) -> tuple[Involved, ...]:
    """Who recorded something last stands first: that is the number to ring."""
    return tuple(sorted(involved, key=lambda one: one.last_on.last, reverse=True))


def involved_words(one: Involved) -> str:
    """`July 2007 to 3 March 2012`, `2006 to 2011`: as short as a table needs, and never more exact than its source."""
    first = _short(one.first_on, one.first_on.first.year)
    last = _short(one.last_on, one.last_on.last.year)
    return first if first == last else f"{first} to {last}"


def _short(period: Period, year: int) -> str:
    return say_period(period) if period.precision in (Precision.DAY, Precision.MONTH) else str(year)


@dataclass(frozen=True, slots=True)
class LastSeen:
    """The latest record, of any agency, that says that the child was seen."""

    when: str
    by: str


def last_seen(involved: Iterable[Involved]) -> LastSeen | None:
    """None where no record says that anybody saw the child."""
    seen = [(one.last_saw_child, one.title) for one in involved if one.last_saw_child is not None]
    if not seen:
        return None
    period, title = max(seen, key=lambda one: (one[0].last, one[0].first))
    return LastSeen(say_period(period), title)


@dataclass(frozen=True, slots=True)
class Alone:
    """What one contributing agency would have seen from its own records, without the others."""

    agency: str
    title: str
    from_day: date | None


@dataclass(frozen=True, slots=True)
class MatchLines:
    """A match with the sentences that the page builds from it."""

    match: MatchView
    agencies: tuple[str, ...]
    alone: tuple[Alone, ...]
    alone_sentence: str

    @property
    def still_holds(self) -> bool:
        return self.match.held_to is None


def match_lines(matches: Iterable[MatchView]) -> tuple[MatchLines, ...]:
    """Those that hold now first, and among them the latest to begin first."""
    lines = [_match_lines(match) for match in matches]
    return tuple(
        sorted(
            lines, key=lambda one: (not one.still_holds, -one.match.held_from.toordinal(), one.match.title)
        )
    )


def _match_lines(match: MatchView) -> MatchLines:
    titles = {one.agency: one.agency_title for one in match.evidence}
    agencies = tuple(titles.get(agency, agency) for agency in match.agencies)
    alone = tuple(
        Alone(agency, titles.get(agency, agency), day)
        for agency, day in sorted(match.alone.items(), key=lambda item: (item[1] or date.max, item[0]))
    )
    return MatchLines(match, agencies, alone, alone_sentence(match.held_from, alone))


def alone_sentence(held_from: date, alone: Sequence[Alone]) -> str:
    """What joining the records added, said without blame: no agency held what it would have needed.

    Missing  an agency that would never have seen it is not named; empty where nothing is known of any.
    """
    if not alone:
        return ""
    able = [(one.from_day, one.title) for one in alone if one.from_day is not None]
    if not able:
        return "No single agency could see this from its own records."
    day, title = min(able)
    if day <= held_from:
        return f"{title} could see this from its own records alone."
    days = (day - held_from).days
    return f"{title} alone would have seen it from {say_day(day)}: {days:,} {'day' if days == 1 else 'days'} later."


def joined(words: Sequence[str]) -> str:
    """`police, school and housing`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


@dataclass(frozen=True, slots=True)
class Home:
    """The family as the page groups it."""

    in_home: tuple[FamilyMember, ...]
    elsewhere: tuple[FamilyMember, ...]


def home_of(family: Iterable[FamilyMember]) -> Home:
    found = tuple(family)
    return Home(
        tuple(one for one in found if one.in_household), tuple(one for one in found if not one.in_household)
    )


def entries_by_agency(picture: ChildPicture) -> tuple[tuple[str, tuple[Entry, ...]], ...]:
    """The same facts as the drawing, an agency at a time, in the order of its lanes."""
    found: dict[str, list[Entry]] = {}
    for entry in sorted(picture.chronology, key=lambda e: (e.happened.first, e.happened.last)):
        if not entry.superseded:
            found.setdefault(entry.agency, []).append(entry)
    return tuple((own[0].agency_title, tuple(own)) for own in found.values())


def age_words(born: Period | None, day: date) -> str:
    """`4 years`, `7 months`, `under 2 months`; empty where no agency gives a birth. A vague birth gives the younger age."""
    if born is None:
        return ""
    last = born.last
    months = (day.year - last.year) * 12 + day.month - last.month - (day.day < last.day)
    if months < 0:
        return "not yet born"
    if months < 2:
        return "under 2 months"
    return f"{months} months" if months < 24 else f"{months // 12} years"
