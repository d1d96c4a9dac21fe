"""The sentences of the page of a family: what somebody is to the child, since when, and who says so. Plain.

An end that nobody states is not "still", and a shared address is never a statement: both are worded so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from wholechild.lib.civil import say_day
from wholechild.pages.picture_words import joined
from wholechild.patterns.explain import say_agency
from wholechild.people.families.around import (
    Basis,
    Bond,
    Claim,
    Elsewhere,
    FamilyAround,
    Home,
    Relative,
    Standing,
)

NO_NAME: Final = "No name on record"
NOT_SAID: Final = "What this person is to the child is not known."
_REVIEW: Final = "a published review"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is said: the sentence, how we come to say it, and who says so. Missing: `source` empty, it is withheld."""

    sentence: str
    source: str
    is_inferred: bool


@dataclass(frozen=True, slots=True)
class OtherChild:
    """Another child whom somebody of the family is known with."""

    person: str
    name: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class PersonLines:
    """Somebody of the family, as the list says it."""

    person: str
    name: str
    may_open: bool
    facts: tuple[Fact, ...]
    also_cares_for: str
    others: tuple[OtherChild, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """People under one heading. `nobody` is what stands there where there are none; empty: then the heading goes too. `note`
    says what the heading must not be taken for."""

    title: str
    people: tuple[PersonLines, ...]
    nobody: str = ""
    note: str = ""


def family_groups(found: FamilyAround) -> tuple[Group, ...]:
    """The list of the page, in the order of the value; the heading of the carers stays where there are none."""
    names = {one.person: one.name or NO_NAME for one in found.people}
    parts: tuple[tuple[str, Sequence[Relative], str], ...] = (
        ("Parents and carers now", found.caring(Standing.NOW), "No agency has told us who cares for this child now."),
        ("Parents and carers of whom agencies say different things", found.caring(Standing.DIFFER), ""),
        ("Parents and carers before", found.caring(Standing.BEFORE), ""),
        ("Brothers and sisters", found.brothers_and_sisters, ""),
        ("Other people", found.relatives, ""),
        ("At the same address, and nobody has said who they are", found.only_in_the_home, ""),
    )  # fmt: skip
    groups = (
        Group(title, tuple(_lines(one, names) for one in people), nobody, _NOTES.get(title, ""))
        for title, people, nobody in parts
    )
    return tuple(group for group in groups if group.people or group.nobody)


_NOTES: Final = {
    "Parents and carers now": "Nobody has stated an end. That is not the same as knowing that it goes on.",
}


def _lines(one: Relative, names: dict[str, str]) -> PersonLines:
    bonds = tuple(map(bond_fact, one.bonds)) or (Fact(NOT_SAID, "No agency has said.", False),)
    facts = (*bonds, *map(home_fact, one.homes))
    also = joined([names[other] for other in one.also_cares_for if other in names])
    return PersonLines(
        one.person, one.name or NO_NAME, one.may_open, facts, also, tuple(map(_other, one.elsewhere))
    )


def _other(one: Elsewhere) -> OtherChild:
    facts = (*map(bond_fact, one.bonds), *(home_fact(home, "this other child") for home in one.homes))
    return OtherChild(one.person, one.name or NO_NAME, facts)


def bond_fact(bond: Bond) -> Fact:
    """`Mother, from 10 May 2021. No end is stated.` and who says so."""
    if bond.basis is Basis.WORKED_OUT:
        return Fact(
            f"{bond.title}. They have a parent in common.", "Worked out from who their parents are.", False
        )
    title = f"This child is the {bond.title.lower()} of this person" if bond.of_child else bond.title
    since, until = _widest(bond.said)
    ends = {
        Standing.NOW: " No end is stated." if bond.said else "",
        Standing.BEFORE: "" if until else " It has ended.",
        Standing.DIFFER: " Agencies say different things about whether this has ended.",
    }
    span = span_words(since, until if bond.standing is Standing.BEFORE else None)
    return Fact(f"{title}{span}.{ends[bond.standing]}", _said_by(bond.said), False)


def home_fact(home: Home, whom: str = "the child") -> Fact:
    """That two lived together as somebody states; or that they may have, by their addresses."""
    span = span_words(home.since, home.until)
    if home.basis is Basis.INFERRED:
        now = "May share" if home.standing is Standing.NOW else "May have shared"
        source = f"Worked out from the addresses that {_held_by(home.said)} wrote down. Nobody has stated it."
        return Fact(f"{now} an address with {whom}{span}.", source, True)
    if home.basis is Basis.READ:
        return Fact(
            f"Taken to live, or to have lived, with {whom}: nobody says from when to when.", "Read from a published review.", False,
        )  # fmt: skip
    end = {
        Standing.NOW: f"Lives with {whom}",
        Standing.BEFORE: f"Lived with {whom}",
        Standing.DIFFER: f"Lives, or lived, with {whom}",
    }[home.standing]
    return Fact(f"{end}{span}.", _said_by(home.said), False)


def span_words(since: date | None, until: date | None) -> str:
    """`, from 3 March 2012 to 9 May 2013`; empty where no day is stated."""
    said = [f"from {say_day(since)}"] if since else []
    said += [f"to {say_day(until)}"] if until else []
    return f", {' '.join(said)}" if said else ""


def _widest(said: Sequence[Claim]) -> tuple[date | None, date | None]:
    since = [claim.since for claim in said if claim.since]
    until = [claim.until for claim in said if claim.until]
    return min(since, default=None), max(until, default=None)


def _said_by(said: Sequence[Claim]) -> str:
    """Each agency with what it says, so that those that differ can be rung. Missing: empty, who said so is withheld."""
    if not said:
        return ""
    several = len({(claim.since, claim.until) for claim in said}) > 1
    each = [f"{_who(claim)}{_own_words(claim) if several else ''}" for claim in said]
    return f"Said by {joined(list(dict.fromkeys(each)))}."


def _own_words(claim: Claim) -> str:
    return f" ({span_words(claim.since, claim.until)[2:] or 'without a date'})"


def _held_by(said: Sequence[Claim]) -> str:
    """An agency with the day on which it wrote the address down last."""
    last: dict[str, date | None] = {}
    for claim in said:
        before = last.get(_who(claim))
        last[_who(claim)] = max(before, claim.last) if before and claim.last else before or claim.last
    return joined([f"{who} (last on {say_day(day)})" if day else who for who, day in last.items()])


def _who(claim: Claim) -> str:
    return say_agency(claim.agency) if claim.agency else _REVIEW


def map_words(one: Relative) -> tuple[str, ...]:
    """What stands under a name in the map, in short lines: a line of its own for what must never be cut off."""
    bonds = [line for bond in one.bonds[:_BONDS] for line in (_role(bond), _STAND[bond.standing]) if line]
    more = ["and more in the list"] if len(one.bonds) > _BONDS else []
    return (*(bonds or ["Not known who"]), *more, *_home_words(one.homes))


#: So many ties of one person have room in the map.
_BONDS: Final = 2
_STAND: Final = {Standing.NOW: "", Standing.BEFORE: "before", Standing.DIFFER: "agencies differ"}


def _role(bond: Bond) -> str:
    return f"Child is {bond.title.lower()}" if bond.of_child else bond.title


def _home_words(homes: Sequence[Home]) -> tuple[str, ...]:
    stated = [home for home in homes if home.basis is Basis.STATED]
    if any(home.standing is not Standing.BEFORE for home in stated):
        return ("In the home",)
    if any(home.basis is Basis.READ for home in homes):
        return ("Perhaps in the home",)
    if any(home.basis is Basis.INFERRED and home.standing is Standing.NOW for home in homes):
        return ("May share an address",)
    if stated:
        return ("Was in the home",)
    return ("May have shared an address",) if homes else ()
