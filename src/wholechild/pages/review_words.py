"""What the pages about who is who read: two records side by side, decisions and links in words. Plain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from wholechild.lib.civil import LONDON, say_day
from wholechild.people.comparing.words import Said, in_words
from wholechild.people.deciding.decisions import CANNOT_TELL, DECISIONS, DIFFERENT, SAME, Decided
from wholechild.people.deciding.queries import Consequences, Linked, Possible, Review
from wholechild.people.deciding.showing import FIELDS, Cell

#: The id of an identity, and of a decision, as they stand in an address.
IDENTITY_ID: Final = r"who-[0-9a-f]{24}"
DECISION_ID: Final = r"decision-[0-9a-f]{24}"
#: What the buttons say, in this order.
CHOICES: Final[Mapping[str, str]] = {
    SAME: DECISIONS[SAME],
    DIFFERENT: DECISIONS[DIFFERENT],
    CANNOT_TELL: DECISIONS[CANNOT_TELL],
}
_EVIDENCE: Final = {
    "declared": "The sender says so.",
    "exact_agreement": "What two agencies say agrees exactly.",
    "own": "This was the first record of this person.",
    "probable": "The records are so alike that the software joined them.",
    "confirmed": "People decided so.",
}


@dataclass(frozen=True, slots=True)
class FieldLine:
    """One field of the two records."""

    title: str
    one: Cell
    other: Cell


def field_lines(review: Review) -> tuple[FieldLine, ...]:
    """The fields in which one of the two says something, and those that the viewer may not see, whatever they say."""
    one, other = review.sides
    lines = [FieldLine(title, one.details[field], other.details[field]) for field, title in FIELDS.items()]
    return tuple(
        line
        for line in lines
        if line.one.value or line.other.value or not line.one.may_see or not line.other.may_see
    )


def said_of(review: Review) -> tuple[Said, ...]:
    """Every contribution in words, in the order in which they add up."""
    return tuple(in_words(one) for one in review.weighed.contributions) if review.weighed else ()


def evidence_words(linked: Linked) -> str:
    """Why a record is about this person, in a sentence or two."""
    said = _EVIDENCE.get(linked.evidence, "It was linked.")
    agreed = linked.grounds.get("agreed")
    said = f"{said} What agreed: {agreed}." if agreed else said
    return f"{said} Nobody else comes near." if linked.grounds.get("unrivalled") else said


def decision_words(decided: Decided) -> str:
    """`They are the same person: undone on 3 March 2012`."""
    said = DECISIONS.get(decided.decision, decided.decision)
    if decided.undone_at:
        return f"{said}: undone on {day_words(decided.undone_at)} by {decided.undone_by}"
    if decided.waits:
        return f"{said}: waits for a second person"
    if decided.seconded_at:
        return f"{said}: agreed on {day_words(decided.seconded_at)} by {decided.seconded_by}"
    return said


def day_words(moment: datetime) -> str:
    """The day in London of a moment."""
    return say_day(moment.astimezone(LONDON).date())


def age_of(since: datetime, at: datetime) -> str:
    """`today`, `for 1 day`, `for 12 days`."""
    days = (at.astimezone(LONDON).date() - since.astimezone(LONDON).date()).days
    if days < 1:
        return "since today"
    return f"for {days:,} {'day' if days == 1 else 'days'}"


@dataclass(frozen=True, slots=True)
class QueueLine:
    """One pair of the queue: what it is about without a name, since when it waits, and who has it in hand."""

    item: Possible
    about: str
    age: str
    is_late: bool
    forbidden: str


def queue_lines(items: Sequence[Possible], at: datetime, titles: Mapping[str, str]) -> tuple[QueueLine, ...]:
    """The queue in words. `titles` maps an agency to what it is called."""
    return tuple(
        QueueLine(
            item, _about([titles[agency] for agency in item.agencies]), age_of(item.since, at), item.is_late(at), item.weighed.forbids
        )
        for item in items
    )  # fmt: skip


def _about(titles: Sequence[str]) -> str:
    one, other = titles
    return f"Two records of {one}" if one == other else f"A record of {one} and one of {other}"


@dataclass(frozen=True, slots=True)
class Change:
    """What a decision would change, in numbers that a sentence can hold."""

    moves: int
    records: int
    lines: tuple[Any, ...]
    told: tuple[Any, ...]
    matches: tuple[Any, ...]
    follow: int


def change_of(found: Consequences, matches: Sequence[Any]) -> Change:
    """Shape: `follow` is how many people work by name with a person whose records would stand in another picture."""
    return Change(
        len(found.moves), len(found.records), found.lines, found.told, tuple(matches),
        sum(found.works_with.get(person, 0) for person in {move.now for move in found.moves}),
    )  # fmt: skip
