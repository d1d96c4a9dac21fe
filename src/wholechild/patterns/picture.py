"""The child's picture as plain values: what the page, the command line and later the API all show.

A picture never says "no concerns". What is not known is listed as such, with its reason (promise 2), and every
sentence names the agency and the date it comes from.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from wholechild.lib.civil import Period


@dataclass(frozen=True, slots=True)
class Involved:
    """One agency that works, or has worked, with the child, and how to reach it.

    Missing  `phone` empty: the agency has given no number, and the page says so. `last_saw_child` None: no record
             of this agency says that it saw the child. `feed` is `live`, `stale` or `not connected`.
    """

    agency: str
    title: str
    sector: str
    area: str
    first_on: Period
    last_on: Period
    records: int
    last_saw_child: Period | None
    feed: str
    feed_words: str
    phone: str = ""
    hours: str = ""
    contact_role: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the joined chronology."""

    record: str
    agency: str
    agency_title: str
    sector: str
    kind: str
    kind_title: str
    nature: str
    happened: Period
    happened_words: str
    learnt_on: date
    about_words: str
    what: str
    count: int
    measures_words: str
    child_seen: bool
    superseded: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """One record that a match rests on."""

    record: str
    agency: str
    agency_title: str
    kind: str
    kind_title: str
    happened: Period
    happened_words: str
    known_from: date
    what: str


@dataclass(frozen=True, slots=True)
class MatchView:
    """One pattern that holds, or has held, with everything a person needs to weigh it.

    Missing  `held_to` None: it holds at the moment of asking. `alone` maps each contributing agency to the day from
             which its own records alone would have shown it, None: never.
    """

    match: str
    lesson: str
    version: int
    title: str
    held_from: date
    held_to: date | None
    sentence: str
    evidence: tuple[Evidence, ...]
    agencies: tuple[str, ...]
    alone: dict[str, date | None]
    other_explanations: tuple[str, ...]
    would_change_our_mind: tuple[str, ...]
    known_false_alarms: tuple[str, ...]
    next_step: str
    next_step_by: str
    next_step_clock: str


class Unknown(StrEnum):
    """Why something is not known. The four look different everywhere."""

    NEVER_SEEN = "never seen"
    NOT_CONNECTED = "not connected"
    NOT_ANSWERED = "not answered"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class NotKnown:
    """One thing that is not known about this child, in a sentence, and what a person could do about it."""

    why: Unknown
    sentence: str
    do: str


@dataclass(frozen=True, slots=True)
class FamilyMember:
    """Somebody in the child's family or home, as far as any agency has said."""

    person: str
    name: str
    relation: str
    relation_title: str
    since_words: str
    known_from: date
    in_household: bool


@dataclass(frozen=True, slots=True)
class ChildPicture:
    """Everything that this viewer may see of one child, as known at one day."""

    child: str
    name: str
    born: Period | None
    age_words: str
    area: str
    as_known_at: date
    family: tuple[FamilyMember, ...]
    involved: tuple[Involved, ...]
    chronology: tuple[Entry, ...]
    adds_up: tuple[MatchView, ...]
    not_known: tuple[NotKnown, ...]
