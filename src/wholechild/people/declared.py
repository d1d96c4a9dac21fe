"""The family of a published chronology: who its role ids say the people are, as far as its records show it.

A chronology declares people by role ("mother", "older sibling") and then names them in records. The role is taken as
declared identity; but a tie counts as *known* only from the first record that names the two together, because before
that no agency's records held it. Given one agency's records alone, this gives the family that this agency knew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from wholechild.lib.civil import DAY, FOREVER, civil
from wholechild.people.family import BEGINNING, Family, FamilyTie, Held, Person, Stay
from wholechild.records.facts import Record
from wholechild.records.feeds.chronology import DeclaredPerson
from wholechild.vocabulary.terms import Relation, lives_elsewhere, relation_from_role, vocabulary

HOME = "home"
_PREGNANCY = 280 * DAY


@dataclass(frozen=True, slots=True)
class _Named:
    """The first record that names two people together: when it happened, and when it was known."""

    happened_from: int
    known_from: int


def declared_family(people: Iterable[DeclaredPerson], records: Sequence[Record]) -> tuple[str, Family]:
    """The id of the child, and the family as the records show it.

    Missing  a person whose role says nothing that the vocabulary knows has no tie; records about them stay theirs.
    Source   the reading rules of cases/*.yaml; docs/explanation/replays.md.
    """
    declared = {person.id: person for person in people}
    child = _subject(declared)
    relations = {i: r for i, p in declared.items() if (r := _relation(p, child))}
    persons = {i: Person(i, (p.born.starts, p.born.ends) if p.born else None) for i, p in declared.items()}
    together = _together(records)
    left_home = _left_home(records, relations, child)
    ties = list(_ties(child, relations, together, left_home))
    stays = list(_stays(child, declared, relations, persons, together, left_home))
    return child, Family(persons, ties, stays)


def _subject(declared: Mapping[str, DeclaredPerson]) -> str:
    """The child whom the review is about: the one called so, else the first whose role says so."""
    if "child" in declared or not declared:
        return "child"
    roles = {i: relation_from_role(i, p.role) for i, p in declared.items()}
    return next((i for i, role in roles.items() if role and role.id == "child"), next(iter(declared)))


def _relation(person: DeclaredPerson, child: str) -> Relation | None:
    """What the person is to the child; another child of the file with no clearer role is a brother or sister."""
    if person.id == child:
        return vocabulary().relations["child"]
    found = relation_from_role(person.id, person.role)
    return vocabulary().relations["sibling"] if found and found.id == "child" else found


def _together(records: Iterable[Record]) -> Mapping[tuple[str, str], _Named]:
    """For every two people: the first record, in order of knowledge, that names both."""
    first: dict[tuple[str, str], _Named] = {}
    for record in sorted(records, key=lambda r: (r.learnt_at, r.id)):
        for one in record.about:
            for other in record.about:
                if one != other:
                    first.setdefault((one, other), _Named(record.happened.starts, civil(record.learnt_at)))
    return first


def _left_home(records: Iterable[Record], relations: Mapping[str, Relation], child: str) -> Mapping[str, int]:
    """When a record says that another child of the family went to live elsewhere: the end of that record's period."""
    left: dict[str, int] = {}
    for record in records:
        if vocabulary().kinds[record.kind].ends_residence:
            for person in record.about:
                if person != child and person in relations and not relations[person].adult:
                    left[person] = min(left.get(person, FOREVER), record.happened.ends)
    return left


def _ties(
    child: str,
    relations: Mapping[str, Relation],
    together: Mapping[tuple[str, str], _Named],
    left: Mapping[str, int],
) -> Iterator[FamilyTie]:
    for person, relation in relations.items():
        if person == child:
            continue
        known = _known_to_belong(child, person, relations, together)
        if known is not None:
            yield FamilyTie(child, relation.id, person, Held(known_from=known))
        if relation.sibling:
            for adult, theirs in relations.items():
                if theirs.carer and (adult, person) in together:
                    named = together[adult, person]
                    yield FamilyTie(
                        person,
                        theirs.id,
                        adult,
                        Held(ended=left.get(person, FOREVER), known_from=named.known_from),
                    )


def _known_to_belong(
    child: str, person: str, relations: Mapping[str, Relation], together: Mapping[tuple[str, str], _Named]
) -> int | None:
    """When it was first on record that this person belongs to the child: named with the child, or with a parent of theirs."""
    ways = [together[person, child].known_from] if (person, child) in together else []
    for parent, relation in relations.items():
        if (
            relation.id in ("mother", "father")
            and parent != person
            and (person, parent) in together
            and (parent, child) in together
        ):
            ways.append(max(together[person, parent].known_from, together[parent, child].known_from))
    return min(ways, default=None)


def _stays(
    child: str, declared: Mapping[str, DeclaredPerson], relations: Mapping[str, Relation], persons: Mapping[str, Person],
    together: Mapping[tuple[str, str], _Named], left: Mapping[str, int],
) -> Iterator[Stay]:  # fmt: skip
    born = persons[child].born if child in persons else None
    yield Stay(child, HOME, "", Held(began=born[0] - _PREGNANCY if born else BEGINNING))
    for person, relation in relations.items():
        known = _known_to_belong(child, person, relations, together)
        if (
            person == child
            or known is None
            or not relation.resident
            or lives_elsewhere(declared[person].role)
        ):
            continue
        arrived = (
            BEGINNING
            if relation.id in ("mother", "father") or relation.sibling
            else _first_named(person, together)
        )
        yield Stay(person, HOME, "", Held(arrived, left.get(person, FOREVER), known))


def _first_named(person: str, together: Mapping[tuple[str, str], _Named]) -> int:
    """When the record that first showed the person with somebody happened: what was learnt later does not reach back."""
    first = min((n.known_from, n.happened_from) for (one, _), n in together.items() if one == person)
    return first[1]
