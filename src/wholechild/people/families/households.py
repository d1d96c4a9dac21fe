"""Who may have shared a home, worked out from the addresses that agencies wrote down. Plain.

It is a reading of addresses and never a statement: nobody said that two people lived together, so no lesson counts it
(docs/explanation/families.md). Where anything speaks against showing it, nothing is worked out: place fails closed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Final

from wholechild.lib.civil import FOREVER
from wholechild.people.comparing.names import sound
from wholechild.people.comparing.standardising import standard_address, standard_postcode, standard_uprn

#: More people than this at one time are no household: a hostel, a ward, a school that gave its own address.
MOST_AT_ONCE: Final = 12
#: Nor where more than this ever were: a small refuge has few at a time, and many in a year.
MOST_EVER: Final = 30
_NO_STREETS: Final = frozenset("flat unit room floor apartment house block the".split())
_LETTERED: Final = frozenset("flat unit room".split())


@dataclass(frozen=True, slots=True)
class Place:
    """A dwelling, as exactly as one statement says it.

    Shape    `dwelling` are the numbers of the house and the flat, or for a house without a number the whole address;
             `street` is the sound of the first word of the street.
    Missing  empty; a place with neither a UPRN nor a postcode with a dwelling is no Place.
    """

    uprn: str = ""
    postcode: str = ""
    dwelling: tuple[str, ...] = ()
    street: str = ""

    def is_also(self, other: Place) -> bool:
        """Whether two statements mean one dwelling. Two UPRNs decide alone; a postcode alone never does."""
        if self.uprn and other.uprn:
            return self.uprn == other.uprn
        return (
            bool(self.postcode and self.dwelling)
            and (self.postcode, self.dwelling) == (other.postcode, other.dwelling)
            and (self.street == other.street or not (self.street and other.street))
        )


def place_of(uprn: str, postcode: str, address: str) -> Place | None:
    """The dwelling that an agency's words mean; None where they name no dwelling."""
    dwelling, street = _dwelling(standard_address(address))
    place = Place(standard_uprn(uprn), standard_postcode(postcode), dwelling, street)
    return place if place.uprn or (place.postcode and place.dwelling) else None


def _dwelling(address: str) -> tuple[tuple[str, ...], str]:
    words = address.split()
    numbers = [word for word in words if any(sign.isdigit() for sign in word)]
    numbers += [after for word, after in pairwise(words) if word in _LETTERED and len(after) == 1]
    if not numbers:
        return ((address,), "") if address else ((), "")
    named = [word for word in words if word.isalpha() and len(word) > 2 and word not in _NO_STREETS]
    return tuple(sorted(set(numbers))), (sound(named[0]) or named[0]) if named else ""


@dataclass(frozen=True, slots=True)
class Written:
    """What one version of an agency's details of an identity says about where somebody lives.

    Units    `at` in civil seconds: when the agency wrote it down, or where it does not say, when we learnt it.
    """

    identity: str
    version: int
    agency: str
    statement: str
    at: int
    place: Place | None


@dataclass(frozen=True, slots=True)
class Address:
    """An agency had somebody at a place from `began` until `ended`, when it wrote something else down.

    Shape    `last` is when it said so last. `ended` FOREVER: it has said nothing else since, which is not that it still is so.
    """

    person: str
    place: Place
    agency: str
    statement: str
    began: int
    ended: int
    last: int


def addresses_of(written: Iterable[Written], persons: Mapping[str, str]) -> tuple[Address, ...]:
    """The spells in which each identity's agency had it at one place. `persons` says who an identity is.

    Shape    versions in any order. The same place written down again goes on; a version without a usable address ends the
             spell, as the agency does not say it any more. An identity that is nobody is left out.
    """
    ordered = sorted(written, key=lambda one: (one.identity, one.version))
    return tuple(
        spell
        for identity, versions in groupby(ordered, key=lambda one: one.identity)
        if identity in persons
        for spell in _spells(persons[identity], list(versions))
    )


def _spells(person: str, versions: Sequence[Written]) -> Iterator[Address]:
    now: Address | None = None
    for one in versions:
        if now and one.place == now.place:
            now = replace(now, last=max(now.last, one.at))
            continue
        if now and one.at > now.began:
            yield replace(now, ended=one.at)
        now = (
            Address(person, one.place, one.agency, one.statement, one.at, FOREVER, one.at)
            if one.place
            else None
        )
    if now:
        yield now


@dataclass(frozen=True, slots=True)
class SharedAddress:
    """Agencies had two people at one dwelling in [began, ended).

    Shape    `said` are the spells that it rests on, of both, never the dwelling itself to be shown.
    """

    other: str
    began: int
    ended: int
    said: tuple[Address, ...]


def shared_addresses(
    person: str, addresses: Iterable[Address], *, sealed: Collection[str], crowded: Collection[str] = ()
) -> tuple[SharedAddress, ...]:
    """With whom a person was at one address, each spell once, sorted by person and time.

    Shape    `sealed` are those whose place is withheld from somebody: never among them, and nobody at a place where one of
             them is now. `crowded` are UPRNs and postcodes under which more were found than were read.
    """
    if person in sealed:
        return ()
    known = tuple(addresses)
    found: defaultdict[str, list[SharedAddress]] = defaultdict(list)
    for mine in known:
        if mine.person != person or {mine.place.uprn, mine.place.postcode} & set(crowded):
            continue
        there = [one for one in known if one.place.is_also(mine.place)]
        if not _is_a_home(there, sealed):
            continue
        for theirs in there:
            began, ended = max(mine.began, theirs.began), min(mine.ended, theirs.ended)
            if theirs.person != person and theirs.person not in sealed and began < ended:
                found[theirs.person].append(SharedAddress(theirs.person, began, ended, (mine, theirs)))
    return tuple(one for other in sorted(found) for one in _joined(found[other]))


def _is_a_home(there: Sequence[Address], sealed: Collection[str]) -> bool:
    """Whether what was said of a place allows that it is a home, and that anybody may be told of it."""
    if any(one.person in sealed and one.ended == FOREVER for one in there):
        return False
    if len({one.person for one in there}) > MOST_EVER:
        return False
    return all(_people_at(one.began, there) <= MOST_AT_ONCE for one in there)


def _people_at(instant: int, there: Sequence[Address]) -> int:
    return len({one.person for one in there if one.began <= instant < one.ended})


def _joined(spells: Iterable[SharedAddress]) -> Iterator[SharedAddress]:
    """Spells of the same two that overlap or touch, as one."""
    now: SharedAddress | None = None
    for one in sorted(spells, key=lambda spell: (spell.began, spell.ended)):
        if now and one.began <= now.ended:
            said = tuple(dict.fromkeys((*now.said, *one.said)))
            now = replace(now, ended=max(now.ended, one.ended), said=said)
            continue
        if now:
            yield now
        now = one
    if now:
        yield now
