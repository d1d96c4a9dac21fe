"""Who is meant: persons found by what somebody knows of them, graded, with why. Every search takes a viewer.

Three steps. `people_searchword` gives the known words that are like those that were typed; `people_searchkey` the identities
that share enough keys; and what agencies say of those now is graded. The first two only nominate: a key that is out of date
can miss somebody, and can never show a wrong reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import combinations
from typing import Any, Final

from django.db import connection, transaction

from wholechild.lib.civil import Period
from wholechild.people.comparing.identity import Identity
from wholechild.people.comparing.standardising import Raw, standardise
from wholechild.people.queries import children_among, names_of
from wholechild.people.searching.asked import Asked
from wholechild.people.searching.grading import Graded, among, grade
from wholechild.people.searching.keys import Part, findable, parts, spellings
from wholechild.people.searching.words import Likeness, likeness, word_keys
from wholechild.trust.queries import people_of, visible
from wholechild.trust.viewers import Viewer

#: More than this on one page is no finding; a date of birth narrows it.
MOST_SHOWN: Final = 20
#: So many identities are graded, those that share most keys first.
_MOST_GRADED: Final = 200
#: So many known words stand for one that was typed.
_MOST_WORDS: Final = 60
#: Few enough that one looks wider, with one part fewer that has to fit.
_FEW: Final = 5
_CLOSEST: Final = {like: n for n, like in enumerate(Likeness)}


@dataclass(frozen=True, slots=True)
class Hit:
    """One person who may be meant, with enough to know whether it is the right one, and no more.

    Missing  `area` and `agencies` are empty where nobody says, and for somebody whose place is sealed: both look the same.
    """

    person: str
    graded: Graded
    name: str
    born: Period | None
    area: str
    agencies: tuple[str, ...]
    is_child: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """Who may be meant, the likeliest first; the same on every run over the same facts. `more`: others fit as well."""

    hits: tuple[Hit, ...]
    more: bool


def search_people(viewer: Viewer, asked: Asked, at: datetime, *, most: int = MOST_SHOWN) -> Answer:
    """The persons who fit what was asked for and whom the viewer may know of.

    Shape    at most `most`, by how well they fit, then by name. Nobody counts whom the viewer may not know of: neither in
             the list, nor in `more`, nor among those who "fit as well".
    Missing  nobody, for an `asked` with a fault.
    Source   issue 4 point 7; ARCHITECTURE D8 for sealed places.
    """
    if asked.fault or not asked.parts:
        return Answer((), False)
    with transaction.atomic():
        _plain_plans()
        among_whom = people_of(viewer, at)
        identities = _nominated(parts(asked, _similar_words(spellings(asked))), among_whom)
        persons = _seen(viewer, _persons_of(identities), at)
        ranked = _ranked(asked, persons)
        shown = ranked[:most]
        names = names_of(viewer, [person for person, _ in shown], at)
        details = _beside(persons, [person for person, _ in shown])
        children = children_among([person for person, _ in shown])
    hits = [
        Hit(person, graded, named.words, named.born, *details[person], person in children)
        for person, graded in shown
        if (named := names.get(person))
    ]
    return Answer(tuple(hits), len(ranked) > len(shown))


def _plain_plans() -> None:
    """Keys are looked up, never scanned for; and no search is worth compiling."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL jit = off")


# -- words ---------------------------------------------------------------------------------------------------------------


def _similar_words(asked: Collection[str]) -> dict[str, list[str]]:
    """For each word that was typed, the words of known names that are like it, the closest first."""
    longer = [word for word in dict.fromkeys(asked) if len(word) > 1]
    if not longer:
        return {}
    keys = list(set().union(*(word_keys(word) for word in longer)))
    begins = [word for word in longer if len(word) >= 3]
    known = {word for (word,) in _rows(_WORDS, [keys])} | {
        word for start in begins for (word,) in _rows(_BEGINNING, [start, start + chr(0x10FFFF)])
    }
    return {word: _closest(word, known) for word in longer}


_WORDS: Final = "SELECT word FROM people_searchword WHERE keys && %s"
_BEGINNING: Final = (
    "SELECT word FROM people_searchword WHERE word >= %s AND word < %s ORDER BY word LIMIT 200"
)


def _closest(word: str, known: Iterable[str]) -> list[str]:
    found = [(like, one) for one in known if (like := likeness(word, one)) is not Likeness.NONE]
    return [one for _, one in sorted(found, key=lambda pair: (_CLOSEST[pair[0]], pair[1]))[:_MOST_WORDS]]


# -- identities ------------------------------------------------------------------------------------------------------------


def _nominated(asked: Sequence[Part], persons: frozenset[str] | None) -> list[str]:
    """The identities that share enough: all parts but one, then fewer, as long as few are found; never one of several alone.

    Shape    those with most in common first, at most `_MOST_GRADED` a step.
    """
    found: dict[str, None] = {}
    alone = [part for part in asked if part.alone]
    if alone:
        found.update(dict.fromkeys(_sharing([(part,) for part in alone], asked, persons)))
    steps = range(max(len(asked) - 1, 2), 1, -1) if len(asked) > 1 else range(len(asked), 0, -1)
    for together in steps:
        found.update(dict.fromkeys(_sharing(list(combinations(asked, together)), asked, persons)))
        if len(found) >= _FEW:
            break
    return list(found)


def _sharing(
    which: Sequence[Sequence[Part]], asked: Sequence[Part], persons: frozenset[str] | None
) -> list[str]:
    """The identities that have a key of each part in any of these combinations."""
    values: list[Any] = []
    any_of = []
    for together in which:
        any_of.append(" AND ".join(["keys && %s"] * len(together)))
        values += [sorted(part.keys) for part in together]
    where = f"({' OR '.join(any_of)})"
    if persons is not None:
        where += " AND identity IN (SELECT identity FROM people_link WHERE person = ANY(%s))"
        values.append(sorted(persons))
    rank = " + ".join(f"(keys && %s)::int * {part.weight}" for part in asked)
    values += [sorted(part.exact) for part in asked]
    query = f"SELECT identity FROM people_searchkey WHERE {where} ORDER BY {rank} DESC, identity LIMIT {_MOST_GRADED}"
    return [identity for (identity,) in _rows(query, values)]


# -- persons -----------------------------------------------------------------------------------------------------------


def _persons_of(identities: Sequence[str]) -> dict[str, list[str]]:
    """person -> every identity that is linked to them now, for the persons of these identities."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for person, identity in _rows(_PERSONS, [list(identities)]) if identities else ():
        found[person].append(identity)
    return dict(found)


_LIVE: Final = "NOT EXISTS (SELECT 1 FROM people_unlink u WHERE u.link = {}.id)"
_PERSONS: Final = (
    "SELECT DISTINCT l.person, l.identity FROM people_link l WHERE l.person IN ("
    f"SELECT f.person FROM people_link f WHERE f.identity = ANY(%s) AND {_LIVE.format('f')}) AND {_LIVE.format('l')} "
    "ORDER BY l.person, l.identity"
)


def _seen(viewer: Viewer, persons: Mapping[str, list[str]], at: datetime) -> dict[str, list[str]]:
    classes = visible(viewer, list(persons), at)
    return {person: own for person, own in persons.items() if "existence" in classes[person]}


def _ranked(asked: Asked, persons: Mapping[str, Sequence[str]]) -> list[tuple[str, Graded]]:
    said = identities_said([identity for own in persons.values() for identity in own])
    sealed = sealed_among(said)
    found = []
    for person, own in persons.items():
        hidden = not sealed.isdisjoint(own)
        known = [findable(said[identity], sealed=hidden) for identity in own if identity in said]
        if known and (graded := grade(asked, known)):
            found.append((person, graded, min((one.family, one.given) for one in known)))
    found.sort(key=lambda one: (-one[1].bits, one[2], one[0]))
    equal: defaultdict[float, int] = defaultdict(int)
    for _, graded, _ in found:
        equal[graded.bits] += 1
    return [(person, among(graded, equal[graded.bits] - 1)) for person, graded, _ in found]


def _beside(
    persons: Mapping[str, Sequence[str]], shown: Sequence[str]
) -> dict[str, tuple[str, tuple[str, ...]]]:
    """person -> (area, agencies that hold details). Both narrow a place: of somebody sealed, nothing."""
    owner = {identity: person for person in shown for identity in persons[person]}
    hidden = {owner[identity] for identity in sealed_among(owner)}
    areas: dict[str, str] = {}
    agencies: defaultdict[str, set[str]] = defaultdict(set)
    for identity, agency in _rows(_AGENCIES, [list(owner)]) if owner else ():
        agencies[owner[identity]].add(agency)
    for identity, area in _rows(_AREAS, [list(owner)]) if owner else ():
        areas[owner[identity]] = area
    return {
        person: ("", ()) if person in hidden else (areas.get(person, ""), tuple(sorted(agencies[person])))
        for person in shown
    }


NOT_WITHDRAWN: Final = "NOT EXISTS (SELECT 1 FROM records_withdrawal w WHERE w.delivery = r.delivery)"
_AGENCIES: Final = (
    f"SELECT DISTINCT identity, agency FROM records_personrow r WHERE identity = ANY(%s) AND {NOT_WITHDRAWN}"
)
_AREAS: Final = (
    "SELECT subject_identity, coalesce(nullif(area, ''), split_part(agency, '/', 2)) FROM records_residencerow r "
    f"WHERE subject_identity = ANY(%s) AND ended_last IS NULL AND {NOT_WITHDRAWN} ORDER BY began_first NULLS FIRST, id"
)


# -- what agencies say, for search ----------------------------------------------------------------------------------------


def identities_said(identities: Collection[str]) -> dict[str, Identity]:
    """identity -> what its agency says of it now, with the names, postcodes and telephones that it said before.

    Missing  an identity of which everything was withdrawn is left out.
    """
    versions: defaultdict[str, list[Any]] = defaultdict(list)
    for row in _rows(_SAID, [list(identities)]) if identities else ():
        versions[row[0]].append(row)
    return {identity: _identity(rows) for identity, rows in versions.items()}


_SAID: Final = (
    "SELECT identity, agency, given_name, family_name, CASE WHEN born_first = born_last THEN born_first END, "
    "sex, nhs_number, postcode "
    f"FROM records_personrow r WHERE identity = ANY(%s) AND {NOT_WITHDRAWN} ORDER BY identity, version, learnt_at"
)


def _identity(rows: Sequence[Any]) -> Identity:
    """The latest version in the form that is compared, with what is only in earlier ones as former."""
    identity, agency, given, family, born, sex, number, postcode = rows[-1]
    return standardise(Raw(
        identity, agency, given, family, tuple(f"{row[2]} {row[3]}" for row in rows[:-1]), born or _last_born(rows), None, sex, number,
        "", postcode, tuple(row[7] for row in rows[:-1]),
    ))  # fmt: skip


def _last_born(rows: Sequence[Any]) -> date | None:
    return next((row[4] for row in reversed(rows) if row[4]), None)


def sealed_among(identities: Iterable[str]) -> frozenset[str]:
    """Those of these identities whose place is sealed."""
    return frozenset(identity for (identity,) in _rows(_SEALED, [list(identities)]))


_SEALED: Final = "SELECT identity FROM people_sealed WHERE identity = ANY(%s)"


def _rows(query: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchall()
