"""A child's family as one value: the people around the child, what each is, since when and until when, and who says so. Plain.

What is not known is no value of ours: an end that nobody states is not "still", and agencies that differ are shown differing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from wholechild.lib.civil import FOREVER, Period, day_of
from wholechild.people.families.households import SharedAddress
from wholechild.people.family import BEGINNING, Family, FamilyTie, Held, Related, Statement
from wholechild.vocabulary.terms import vocabulary


class Standing(StrEnum):
    """Whether something is so at the day that is shown, as far as anybody has said."""

    NOW = "now"
    BEFORE = "before"
    DIFFER = "agencies differ"


_CARES: Final = {Standing.NOW: 0, Standing.DIFFER: 1, Standing.BEFORE: 2}


class Basis(StrEnum):
    """How we come to say it. An inference from addresses is never a fact for a lesson."""

    STATED = "stated by an agency"
    READ = "read from a published review"
    WORKED_OUT = "worked out from a shared parent"
    INFERRED = "inferred from a shared address"


@dataclass(frozen=True, slots=True)
class Claim:
    """What one row of an agency's says.

    Missing  `since`, `until` None: it gives no such day. `agency` and `statement` empty: a published chronology says it.
             `last` None: it was said once; else when it was last said.
    """

    agency: str
    statement: str
    since: date | None
    until: date | None
    known_from: date | None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Bond:
    """What somebody is to the child, or with `of_child` what the child is to somebody: a mother, say.

    Missing  `said` empty: worked out, or who said so is withheld (a sealed place).
    """

    relation: str
    title: str
    basis: Basis
    standing: Standing
    said: tuple[Claim, ...]
    of_child: bool = False

    @property
    def is_carer(self) -> bool:
        return vocabulary().relations[self.relation].carer and not self.of_child

    @property
    def is_sibling(self) -> bool:
        return vocabulary().relations[self.relation].sibling


@dataclass(frozen=True, slots=True)
class Home:
    """That two people lived together, or may have. Missing: as for a claim."""

    basis: Basis
    standing: Standing
    since: date | None
    until: date | None
    said: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another child whom somebody of the family cared for, or lived with.

    Missing  `bonds` empty: they lived together, and nobody says what they are to each other.
    """

    person: str
    name: str
    bonds: tuple[Bond, ...]
    homes: tuple[Home, ...]


@dataclass(frozen=True, slots=True)
class Relative:
    """Somebody around the child, with all that is said of the two.

    Shape    `also_cares_for` are those of the brothers and sisters here whom this person cares or cared for too. `may_open`:
             the viewer may know of this person apart from the child, and so may open their page.
    Missing  `name` empty, no agency gives one.
    """

    person: str
    name: str
    bonds: tuple[Bond, ...]
    homes: tuple[Home, ...]
    elsewhere: tuple[Elsewhere, ...]
    also_cares_for: tuple[str, ...] = ()
    may_open: bool = False

    @property
    def cares(self) -> Standing | None:
        """Whether this person is a parent or carer; None where nobody says that they ever were. One role that goes on is enough."""
        found = {bond.standing for bond in self.bonds if bond.is_carer}
        return min(found, key=lambda standing: _CARES[standing]) if found else None

    @property
    def is_sibling(self) -> bool:
        return any(bond.is_sibling for bond in self.bonds)


@dataclass(frozen=True, slots=True)
class FamilyAround:
    """The people around a child as one viewer may see them, as known at the end of a day.

    Shape    `people` sorted: who cares now, who did before, brothers and sisters, everybody else. `reads_places`: whether the
             viewer may see where this child is; without it no shared address is ever among the homes.
    """

    child: str
    name: str
    born: Period | None
    as_known_at: date
    people: tuple[Relative, ...]
    reads_places: bool

    def caring(self, standing: Standing) -> tuple[Relative, ...]:
        return tuple(one for one in self.people if one.cares is standing)

    @property
    def brothers_and_sisters(self) -> tuple[Relative, ...]:
        return tuple(one for one in self.people if one.cares is None and one.is_sibling)

    @property
    def relatives(self) -> tuple[Relative, ...]:
        """Everybody else of whom somebody says what they are to the child."""
        return tuple(one for one in self.people if one.cares is None and not one.is_sibling and one.bonds)

    @property
    def only_in_the_home(self) -> tuple[Relative, ...]:
        """Those of whom nobody says what they are to the child."""
        return tuple(one for one in self.people if not one.bonds)


@dataclass(frozen=True, slots=True)
class Sight:
    """What a viewer may see of the people here. `known` are those whom they may know of, `placed` those whose place they may see;
    `sealed` those whose place is withheld from somebody, whoever asks."""

    known: frozenset[str]
    placed: frozenset[str]
    sealed: frozenset[str]

    def may_place(self, *persons: str) -> bool:
        return all(person in self.placed and person not in self.sealed for person in persons)


def family_around(
    child: str,
    family: Family,
    shared: Mapping[str, Sequence[SharedAddress]],
    *,
    children: Collection[str],
    names: Mapping[str, str],
    born: Period | None,
    sight: Sight,
    day: date,
    now: int,
) -> FamilyAround:
    """The family of a child as somebody with this sight may see it.

    Shape    `family` as it was known at `now`, the last second of `day`; `shared` is person -> with whom they were at one
             address; `children` are those of everybody here who are children. Whoever is tied to the child is named, as on
             the child's picture. Whoever only lived with the child, and every other child, only where the viewer may know of them.
    """
    seen = _Seen(family, shared, children, names, sight, now)
    bonds = seen.bonds_of(child)
    homes = {other: seen.homes_of(child, other) for other in seen.near(child) | bonds.keys()}
    shown = {other for other, found in homes.items() if found and other in sight.known} | bonds.keys()
    siblings = {other for other, found in bonds.items() if any(bond.is_sibling for bond in found)}
    people = [
        Relative(
            other, names.get(other, ""), bonds.get(other, ()), homes[other], seen.elsewhere(other, {child, *shown}),
            seen.cared_for(other, siblings - {other}), other in sight.known,
        )
        for other in shown
    ]  # fmt: skip
    ordered = tuple(sorted(people, key=_order))
    return FamilyAround(child, names.get(child, ""), born, day, ordered, child in sight.placed)


def _order(one: Relative) -> tuple[int, str, str]:
    cares = one.cares
    rank = _CARES[cares] if cares else 3 if one.is_sibling else 4 if one.bonds else 5
    return rank, one.name.casefold(), one.person


@dataclass(frozen=True, slots=True)
class _Seen:
    family: Family
    shared: Mapping[str, Sequence[SharedAddress]]
    children: Collection[str]
    names: Mapping[str, str]
    sight: Sight
    now: int

    def near(self, person: str) -> set[str]:
        """Everybody who lived with somebody, or may have."""
        stated = {one.person for one in self.family.lived_with(person)}
        return stated | {one.other for one in self.shared.get(person, ())}

    def bonds_of(self, child: str) -> dict[str, tuple[Bond, ...]]:
        """person -> what they are to the child; whom the child cares for only where the viewer may know of them."""
        found: defaultdict[str, list[Bond]] = defaultdict(list)
        own = [tie for tie in self.family.ties if tie.child == child]
        for (other, relation), ties in _grouped((tie.other, tie.relation, tie) for tie in own):
            found[other].append(self._bond(child, other, relation, ties))
        other_way = [tie for tie in self.family.ties if tie.other == child and tie.child != child]
        for (other, relation), ties in _grouped((tie.child, tie.relation, tie) for tie in other_way):
            if vocabulary().relations[relation].sibling:
                found[other].append(self._bond(child, other, relation, ties))
            elif other in self.sight.known:
                found[other].append(self._bond(child, other, relation, ties, of_child=True))
        for related in self.family.siblings_of(child):
            if not any(bond.is_sibling for bond in found[related.person]):
                found[related.person].append(_worked_out(related))
        return {other: tuple(bonds) for other, bonds in found.items()}

    def _bond(
        self, one: str, other: str, relation: str, ties: Sequence[FamilyTie], *, of_child: bool = False
    ) -> Bond:
        claims = tuple(_claim(tie.said, tie.held) for tie in ties)
        standing = _standing([(tie.said, tie.held.ended) for tie in ties], self.now)
        said = () if self.sight.sealed & {one, other} else claims  # which agency it is narrows the place
        basis = Basis.STATED if any(tie.said for tie in ties) else Basis.READ
        return Bond(relation, vocabulary().relations[relation].title, basis, standing, said, of_child)

    def homes_of(self, one: str, other: str) -> tuple[Home, ...]:
        """That two lived together, as stated, and as inferred where the viewer may see where both are."""
        if self.sight.sealed & {one, other}:
            return ()
        stated = [
            (theirs.said or mine.said, together)
            for mine in self.family.stays_of(one)
            for theirs in self.family.stays_of(other)
            if theirs.household == mine.household and (together := mine.held.also(theirs.held)).ever
        ]
        found = [_home_stated(stated, self.now)] if stated else []
        if self.sight.may_place(one, other):
            spells = [spell for spell in self.shared.get(one, ()) if spell.other == other]
            found += [_home_inferred(spell, self.now) for spell in spells]
        return tuple(found)

    def cared_for(self, adult: str, children: Collection[str]) -> tuple[str, ...]:
        """Which of these children somebody cares or cared for: those whom the viewer may know of."""
        found = {one.person for one in self.family.cared_for_by(adult)}
        return tuple(sorted(found & set(children) & self.sight.known))

    def elsewhere(self, adult: str, family: Collection[str]) -> tuple[Elsewhere, ...]:
        """The other children whom somebody cared for or lived with: those whom the viewer may know of, and no sign of others."""
        ties = [
            tie
            for tie in self.family.ties
            if tie.other == adult and vocabulary().relations[tie.relation].carer
        ]
        if adult in self.children and not ties:
            return ()
        bonds: defaultdict[str, list[Bond]] = defaultdict(list)
        for (other, relation), held in _grouped((tie.child, tie.relation, tie) for tie in ties):
            bonds[other].append(self._bond(adult, other, relation, held))
        others = (self.near(adult) & set(self.children)) | bonds.keys()
        found = [
            Elsewhere(other, self.names.get(other, ""), tuple(bonds.get(other, ())), self.homes_of(adult, other))
            for other in sorted(others)
            if other in self.sight.known and other not in family
        ]  # fmt: skip
        return tuple(one for one in found if one.bonds or one.homes)


def _grouped(
    rows: Iterable[tuple[str, str, FamilyTie]],
) -> Iterator[tuple[tuple[str, str], list[FamilyTie]]]:
    groups: defaultdict[tuple[str, str], list[FamilyTie]] = defaultdict(list)
    for other, relation, tie in rows:
        groups[other, relation].append(tie)
    yield from sorted(groups.items(), key=lambda group: group[0])


def _worked_out(related: Related) -> Bond:
    title = vocabulary().relations[related.relation].title
    return Bond(related.relation, title, Basis.WORKED_OUT, Standing.NOW, ())


def _claim(said: Statement | None, held: Held) -> Claim:
    return Claim(
        said.agency if said else "", said.id if said else "", _day(held.began), _last_day(held.ended), _day(held.known_from)
    )  # fmt: skip


def _home_stated(stated: Sequence[tuple[Statement | None, Held]], now: int) -> Home:
    standing = _standing([(said, held.ended) for said, held in stated], now)
    said = [(statement, held) for statement, held in stated if statement]
    if not said:  # the days of a chronology's homes are our reading, and are not shown as said
        return Home(Basis.READ, standing, None, None, ())
    began, ended = min(held.began for _, held in said), max(held.ended for _, held in said)
    claims = tuple(dict.fromkeys(_claim(statement, held) for statement, held in said))
    return Home(Basis.STATED, standing, _day(began), _last_day(ended), claims)


def _home_inferred(spell: SharedAddress, now: int) -> Home:
    claims = tuple(
        Claim(one.agency, one.statement, _day(one.began), _last_day(one.ended), None, _day(one.last))
        for one in spell.said
    )
    standing = Standing.NOW if spell.ended > now else Standing.BEFORE
    return Home(Basis.INFERRED, standing, _day(spell.began), _last_day(spell.ended), claims)


def _standing(ends: Iterable[tuple[Statement | None, int]], now: int) -> Standing:
    """Whether something is so, by what each agency says last about its end. One that is silent on the end says no end."""
    by_agency: defaultdict[str, list[int]] = defaultdict(list)
    for said, ended in ends:
        by_agency[said.agency if said else ""].append(ended)
    each = {Standing.NOW if max(ended) > now else Standing.BEFORE for ended in by_agency.values()}
    return each.pop() if len(each) == 1 else Standing.DIFFER


def _day(instant: int) -> date | None:
    return day_of(instant) if BEGINNING < instant < FOREVER else None


def _last_day(ended: int) -> date | None:
    """The last day of a span that ends before an instant."""
    return day_of(ended - 1) if BEGINNING < ended < FOREVER else None
