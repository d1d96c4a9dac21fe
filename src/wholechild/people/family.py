"""Who belongs to a child, and when that was known: the plain rules of carers, brothers and sisters, and households.

Every fact has two spans on two lines. `began`…`ended` is when it was so; `known_from`…`known_to` is when we knew it
(a link that is taken back ends its knowledge, not the past). All in civil seconds, half-open. Nothing here decides
who an identity is; it is told (linking.py), and it forgets when the link is taken back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from wholechild.lib.civil import FOREVER
from wholechild.vocabulary.terms import vocabulary

BEGINNING = -FOREVER
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Held:
    """A stretch of time in which something was so, and the stretch in which we knew it."""

    began: int = BEGINNING
    ended: int = FOREVER
    known_from: int = BEGINNING
    known_to: int = FOREVER

    def also(self, other: Held) -> Held:
        """Where both were so, as far as both were known."""
        return Held(
            max(self.began, other.began), min(self.ended, other.ended),
            max(self.known_from, other.known_from), min(self.known_to, other.known_to),
        )  # fmt: skip

    @property
    def ever(self) -> bool:
        return self.began < self.ended and self.known_from < self.known_to

    def known_at(self, instant: int) -> bool:
        return self.known_from <= instant < self.known_to


@dataclass(frozen=True, slots=True)
class Person:
    """What is needed of a person to reckon with.

    Missing  `born` is [first, after) of the birth period, None where nobody says; `died` is the first instant of the last day
             on which they may have died, None where nobody says that they have.
    """

    id: str
    born: tuple[int, int] | None = None
    died: int | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """What says so: a row of an agency's, by its id."""

    agency: str
    id: str


@dataclass(frozen=True, slots=True)
class FamilyTie:
    """`other` stood in `relation` (an id of the vocabulary) to `child`.

    Missing  `said` None: no row says it; it follows from the roles of a published chronology.
    """

    child: str
    relation: str
    other: str
    held: Held
    said: Statement | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Stay:
    """A person lived in a household. Two people lived together where their stays share a household at one time.

    Missing  `said` None: as for a tie.
    """

    person: str
    household: str
    area: str
    held: Held
    said: Statement | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Related:
    """Somebody who belongs to a child in one way, while it was so and while it was known."""

    person: str
    relation: str
    held: Held


@dataclass(frozen=True, slots=True)
class Resident:
    """An adult who lived with the child; `arrived` may be before the child was born."""

    person: str
    relation: str
    held: Held
    arrived: int


class Family:
    """Answers, from ties and stays alone, who cared for whom and who lived with whom.

    Shape    each answer is a tuple of Related; one person may stand in it several times, for several spells.
    Source   ARCHITECTURE section 5 (scopes), decision D3.
    """

    def __init__(
        self, persons: Mapping[str, Person], ties: Iterable[FamilyTie], stays: Iterable[Stay]
    ) -> None:
        self.persons = persons
        self.ties = tuple(ties)
        self.stays = tuple(stays)

    def known_at(self, instant: int) -> Family:
        """The family as it was known at an instant."""
        return Family(
            self.persons,
            (tie for tie in self.ties if tie.held.known_at(instant)),
            (stay for stay in self.stays if stay.held.known_at(instant)),
        )

    def carers_of(self, child: str) -> tuple[Related, ...]:
        """Everyone who has cared for the child: parents, partners of parents and others in that place."""
        return tuple(
            Related(tie.other, tie.relation, tie.held)
            for tie in self._ties_of[child]
            if vocabulary().relations[tie.relation].carer
        )

    def cared_for_by(self, adult: str) -> tuple[Related, ...]:
        """Every child whom this adult has cared for."""
        return tuple(
            Related(tie.child, tie.relation, tie.held)
            for tie in self._ties_to[adult]
            if vocabulary().relations[tie.relation].carer
        )

    def siblings_of(self, child: str) -> tuple[Related, ...]:
        """Brothers and sisters: as stated, and everyone who has shared a parent with the child."""
        stated = [
            Related(t.other, t.relation, t.held) for t in self._ties_of[child] if _is_sibling(t.relation)
        ]
        stated += [
            Related(t.child, t.relation, t.held) for t in self._ties_to[child] if _is_sibling(t.relation)
        ]
        shared = [
            Related(other.person, "sibling", Held(known_from=known.known_from, known_to=known.known_to))
            for parent in self._ties_of[child]
            if parent.relation in _PARENTS
            for other in self.cared_for_by(parent.other)
            if other.person != child
            and other.relation in _PARENTS
            and (known := parent.held.also(other.held)).known_from < known.known_to
        ]
        return tuple(stated + shared)

    def lived_with(self, person: str) -> tuple[Related, ...]:
        """Everyone who shared a household with the person, while they shared it."""
        return tuple(
            Related(theirs.person, "", together)
            for mine in self._stays_of[person]
            for theirs in self._stays_in[mine.household]
            if theirs.person != person and (together := mine.held.also(theirs.held)).ever
        )

    def stays_of(self, person: str) -> tuple[Stay, ...]:
        return tuple(self._stays_of[person])

    def adults_in_home(self, child: str) -> tuple[Resident, ...]:
        """Each adult with a stated relation who lived with the child, and since when that adult lived there."""
        return tuple(
            Resident(tie.other, tie.relation, together, max(tie.held.began, theirs.held.began))
            for tie in self._ties_of[child]
            if vocabulary().relations[tie.relation].adult
            for mine in self._stays_of[child]
            for theirs in self._stays_in[mine.household]
            if theirs.person == tie.other and (together := tie.held.also(mine.held).also(theirs.held)).ever
        )

    def everyone_around(self, child: str) -> frozenset[str]:
        """The child and all whose records any scope of a lesson may ask for."""
        carers = {related.person for related in self.carers_of(child)}
        in_care = {related.person for adult in carers for related in self.cared_for_by(adult)}
        near = {related.person for related in (*self.siblings_of(child), *self.lived_with(child))}
        return frozenset({child} | carers | in_care | near)

    @cached_property
    def _ties_of(self) -> defaultdict[str, list[FamilyTie]]:
        return _grouped((tie.child, tie) for tie in self.ties)

    @cached_property
    def _ties_to(self) -> defaultdict[str, list[FamilyTie]]:
        return _grouped((tie.other, tie) for tie in self.ties)

    @cached_property
    def _stays_of(self) -> defaultdict[str, list[Stay]]:
        return _grouped((stay.person, stay) for stay in self.stays)

    @cached_property
    def _stays_in(self) -> defaultdict[str, list[Stay]]:
        return _grouped((stay.household, stay) for stay in self.stays)


_PARENTS = frozenset({"mother", "father", "adoptive_parent"})


def _is_sibling(relation: str) -> bool:
    return vocabulary().relations[relation].sibling


def _grouped(pairs: Iterable[tuple[str, T]]) -> defaultdict[str, list[T]]:
    groups: defaultdict[str, list[T]] = defaultdict(list)
    for key, item in pairs:
        groups[key].append(item)
    return groups
