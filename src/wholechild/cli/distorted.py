"""`wholechild replay CASE --distorted N`: the same replay, where every agency's names and dates carry errors and must be linked first.

For each seed the family is given made-up names, and each agency writes them down in its own way (world/population/case_family.py).
The identities are then linked as any that arrive: by blocking keys, weights, and settling, among ordinary people of the same
places. The picture that comes of it is replayed, and compared with the replay of the file as it stands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final

from wholechild.patterns.language.lesson import Lesson
from wholechild.patterns.replay import match_days, recorded
from wholechild.people.comparing.artefact import Artefact, default_artefact
from wholechild.people.comparing.clustering import settle
from wholechild.people.comparing.identity import Identity
from wholechild.people.comparing.keys import blocking_keys, most_under, rule_of
from wholechild.people.comparing.scoring import weigh
from wholechild.people.comparing.standardising import Raw, standardise
from wholechild.people.comparing.weighed import Weighed, Zone
from wholechild.records.feeds.chronology import DeclaredPerson, ParsedChronology
from wholechild.vocabulary.terms import relation_from_role
from wholechild.world.population.asked import profile
from wholechild.world.population.case_family import CasePerson, distorted

#: How much older than the child somebody in this relation is taken to be, where the case does not say.
_OLDER: Final[Mapping[str, float]] = {"mother": 26.0, "father": 28.0, "sibling": 3.0, "grandparent": 52.0}
_PARTNER: Final = 27.0

Known = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one seed.

    Shape    `apart` are the identities of the case that did not come to the person whose they are, as (agency, person);
             of these `unseen` are linked to that person by no pair that waits for somebody to decide, not even by way of
             another. `mixed`: identities that were put to somebody else. `silent`: a match would be missed or added even if
             everybody who is asked answered rightly.
    """

    seed: int
    same: bool
    missing: tuple[tuple[str, date], ...]
    added: tuple[tuple[str, date], ...]
    apart: tuple[Known, ...]
    unseen: tuple[Known, ...]
    mixed: tuple[Known, ...]
    silent: bool


def tried(
    chronology: ParsedChronology, lessons: Sequence[Lesson], seeds: Iterable[int], *, errors: str = "usual", always: bool = False
) -> Iterator[Tried]:  # fmt: skip
    """One outcome a seed. `errors` is a profile of world/population/profiles; `always`: no record is free of them."""
    known = {(record.agency.id, person) for record in recorded(chronology) for person in record.about}
    clean = match_days(chronology, lessons, {key: key[1] for key in known})
    people, born = case_people(chronology.people)
    for seed in seeds:
        made = distorted(people, known, born, profile(errors), seed, always=always)
        own = {key: standardise(_raw(record)) for key, record in made.written.items()}
        everybody = [*own.values(), *(standardise(_raw(record)) for record in made.around)]
        pairs = weighed(default_artefact(), everybody, {identity.id for identity in own.values()})
        yield _compared(chronology, lessons, seed, clean, own, pairs, everybody)


def _compared(
    chronology: ParsedChronology, lessons: Sequence[Lesson], seed: int, clean: frozenset[tuple[str, date]],
    own: Mapping[Known, Identity], pairs: Sequence[Weighed], everybody: Sequence[Identity],
) -> Tried:  # fmt: skip
    settled = settle(pairs, (), everybody, default_artefact().lower)
    groups = {identity: group for group in settled for identity in group}
    whose, mixed = _whose(own, groups)
    links = {key: who or f"apart {key[0]} {key[1]}" for key, who in whose.items()}
    found = match_days(chronology, lessons, links)
    apart = tuple(sorted(key for key, who in whose.items() if who != key[1]))
    asked = _may_be(own, pairs, groups)
    unseen = tuple(key for key in apart if not asked[key])
    silent = False
    if found != clean:
        answered = {key: key[1] for key in apart if asked[key] and key not in mixed}
        silent = match_days(chronology, lessons, links | answered) != clean
    return Tried(
        seed,
        found == clean,
        tuple(sorted(clean - found)),
        tuple(sorted(found - clean)),
        apart,
        unseen,
        mixed,
        silent,
    )


def _whose(
    own: Mapping[Known, Identity], groups: Mapping[str, frozenset[str]]
) -> tuple[dict[Known, str], tuple[Known, ...]]:
    """Whose each identity is: a person's is the group with most of their identities, where that is not more another's."""
    of_case = {identity.id: key for key, identity in own.items()}
    counted: defaultdict[frozenset[str], defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for identity, (_, person) in of_case.items():
        counted[groups[identity]][person] += 1
    head = {group: max(sorted(people), key=lambda p: people[p]) for group, people in counted.items()}
    main: dict[str, frozenset[str]] = {}
    for group in sorted(counted, key=lambda g: (-counted[g][head[g]], min(g))):
        main.setdefault(head[group], group)
    whose = {key: head[group] if main[head[group := groups[identity.id]]] == group else ""
             for key, identity in own.items()}  # fmt: skip
    mixed = [key for key, identity in own.items() if head[groups[identity.id]] != key[1]]
    return whose, tuple(sorted(mixed))


def _may_be(
    own: Mapping[Known, Identity], pairs: Sequence[Weighed], groups: Mapping[str, frozenset[str]]
) -> dict[Known, bool]:
    """For each identity, whether somebody is asked about it and another of the same person that it is apart from."""
    waits: defaultdict[str, set[frozenset[str]]] = defaultdict(set)
    for pair in pairs:
        if pair.zone is not Zone.DIFFERENT and groups[pair.one] != groups[pair.other]:
            for one in groups[pair.one]:
                waits[one].add(groups[pair.other])
            for other in groups[pair.other]:
                waits[other].add(groups[pair.one])
    theirs: defaultdict[str, set[frozenset[str]]] = defaultdict(set)
    for (_, person), identity in own.items():
        theirs[person].add(groups[identity.id])
    return {
        key: bool(waits[identity.id] & (theirs[key[1]] - {groups[identity.id]}))
        for key, identity in own.items()
    }


def weighed(artefact: Artefact, everybody: Sequence[Identity], about: Collection[str]) -> list[Weighed]:
    """Every candidate pair in which one of `about` stands, that may be one."""
    under: defaultdict[str, list[Identity]] = defaultdict(list)
    for identity in everybody:
        for key in blocking_keys(identity):
            under[key].append(identity)
    candidates = {
        (min(one.id, other.id), max(one.id, other.id)): (one, other)
        for key, several in under.items()
        if len(several) <= most_under(rule_of(key))
        for one in several
        if one.id in about
        for other in several
        if other.id != one.id
    }
    found = (weigh(artefact, one, other) for one, other in candidates.values())
    return [pair for pair in found if pair.zone is not Zone.DIFFERENT]


@lru_cache(maxsize=1)
def _fields() -> tuple[str, ...]:
    return tuple(Raw.__dataclass_fields__)


def _raw(record: Any) -> Raw:
    return Raw(**{name: getattr(record, name) for name in _fields()})


def case_people(people: Sequence[DeclaredPerson]) -> tuple[list[CasePerson], date]:
    """The people of a chronology as far as it describes them, and about when the child was born."""
    child = next((person for person in people if person.id == "child"), people[0])
    born = child.born.first if child.born else date(2006, 1, 1)
    return [_case_person(person, child.id, born) for person in people], born


def _case_person(person: DeclaredPerson, child: str, born: date) -> CasePerson:
    relation = relation_from_role(person.id, person.role)
    name = relation.id if relation else ""
    exact = person.born.first if person.born and person.born.first == person.born.last else None
    if person.id == child:
        return CasePerson(child, adult=False, born=exact or born)
    if relation is not None and relation.sibling:
        younger = "younger" in person.role
        years = (
            (person.born.first - born).days / -365.25
            if person.born
            else (-2.5 if younger else _OLDER["sibling"])
        )
        return CasePerson(person.id, adult=False, age=years)
    sex = "F" if name == "mother" else "M" if name in ("father", "partner") else ""
    return CasePerson(person.id, adult=True, born=exact, sex=sex, age=_OLDER.get(name, _PARTNER))
