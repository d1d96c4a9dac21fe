"""Who is meant: persons found by what somebody knows of them, graded, with why. Every search takes a viewer.

Three steps. `people_searchword` gives the known words that are like those that were typed; `people_searchkey` the identities
that share enough keys; and what agencies say of those now is graded. The first two only nominate: a key that is out of date
can miss somebody, and can never show a wrong reason.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from itertools import combinations, islice
from typing import Any, Final, NamedTuple, TypeVar

from django.db import connection, transaction

from wholechild.lib.civil import Period, Precision
from wholechild.people.comparing.identity import Identity
from wholechild.people.comparing.standardising import Raw, standardise
from wholechild.people.searching.asked import Asked
from wholechild.people.searching.grading import Graded, among, grade
from wholechild.people.searching.keys import Part, findable, identity_keys, name_words, parts, spellings
from wholechild.people.searching.words import Likeness, likeness, word_keys
from wholechild.records.queries import PersonVersion
from wholechild.trust.queries import Asked as Statement
from wholechild.trust.queries import people_of, prepared, together, visible
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
        similar = _similar_words(spellings(asked))
        identities = _nominated(parts(asked, similar), people_of(viewer, at))
        persons = _seen(viewer, _persons_of(identities), at)
        said = what_is_said([identity for own in persons.values() for identity, _ in own])
        known = [known for person, own in persons.items() if (known := _known(person, own, said))]
        ranked = _ranked(asked, known)
        shown = ranked[:most]
        homes = _homes([one.identity.id for known, _ in shown for one in known.said])
    return Answer(tuple(_hit(known, graded, homes) for known, graded in shown), len(ranked) > len(shown))


@dataclass(frozen=True, slots=True)
class _Person:
    """One person, as agencies have them; `sealed` if any of them says so."""

    person: str
    said: tuple[Said, ...]
    sealed: bool

    @property
    def findable(self) -> list[Identity]:
        return [findable(one.identity, sealed=self.sealed) for one in self.said]


def _known(person: str, own: Sequence[tuple[str, bool]], said: Mapping[str, Said]) -> _Person | None:
    found = tuple(said[identity] for identity, _ in own if identity in said)
    return _Person(person, found, any(sealed for _, sealed in own)) if found else None


def _ranked(asked: Asked, persons: Iterable[_Person]) -> list[tuple[_Person, Graded]]:
    found = []
    for known in persons:
        identities = known.findable
        if graded := grade(asked, identities):
            found.append((known, graded, min((one.family, one.given) for one in identities)))
    found.sort(key=lambda one: (-one[1].bits, one[2], one[0].person))
    equal = Counter(graded.bits for _, graded, _ in found)
    return [(known, among(graded, equal[graded.bits] - 1)) for known, graded, _ in found]


def _hit(known: _Person, graded: Graded, homes: Mapping[str, _Home]) -> Hit:
    """What is shown of one. Area and agencies narrow a place: of somebody sealed, neither."""
    own = [homes[one.identity.id] for one in known.said]
    areas = [] if known.sealed else sorted((home.since, home.area) for home in own if home.area)
    agencies = () if known.sealed else tuple(sorted({one.agency for one in known.said}))
    is_child = any(home.is_childs for home in own) or any(one.role in _CHILD for one in known.said)
    latest = sorted(known.said, key=lambda one: (one.learnt_at, one.identity.id))
    named = [one.words for one in latest if one.words] or [
        one.role.split(";")[0].split(",")[0].strip().capitalize() for one in latest
    ]
    births = sorted((one.born for one in latest if one.born), key=lambda born: born.last - born.first)
    return Hit(
        known.person, graded, named[-1], births[0] if births else None, areas[-1][1] if areas else "", agencies, is_child
    )  # fmt: skip


_CHILD: Final = ("child", "the child")


def children_with(viewer: Viewer, adults: Collection[str], at: datetime) -> dict[str, list[str]]:
    """person -> the children whom anybody says they belong to, and whom the viewer may know of, sorted."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for adult, child in _rows(_CHILDREN_WITH, [list(adults)]) if adults else ():
        found[adult].append(child)
    classes = visible(viewer, {child for children in found.values() for child in children}, at)
    return {adult: [c for c in children if "existence" in classes[c]] for adult, children in found.items()}


_CHILDREN_WITH: Final = (
    "SELECT DISTINCT a.person, c.person FROM people_link a JOIN records_tierow r ON r.other_identity = a.identity "
    "JOIN people_link c ON c.identity = r.subject_identity WHERE a.person = ANY(%s) AND a.person <> c.person "
    "AND NOT EXISTS (SELECT 1 FROM people_unlink u WHERE u.link = a.id) AND NOT EXISTS (SELECT 1 FROM people_unlink u WHERE u.link = c.id) "
    "AND NOT EXISTS (SELECT 1 FROM records_withdrawal w WHERE w.delivery = r.delivery) ORDER BY 1, 2"
)


# -- words ---------------------------------------------------------------------------------------------------------------


def _similar_words(asked: Collection[str]) -> dict[str, list[str]]:
    """For each word that was typed, the words of known names that are like it, the closest first."""
    longer = [word for word in dict.fromkeys(asked) if len(word) > 1]
    if not longer:
        return {}
    keys = sorted(set().union(*(word_keys(word) for word in longer)))
    begins = [word for word in longer if len(word) >= 3]
    with connection.cursor() as cursor:
        # Keys are looked up, never scanned for; and no search is worth compiling.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL jit = off; " + _WORDS, [keys, begins])
        while cursor.nextset():
            pass
        known = {word for (word,) in cursor.fetchall()}
    return {word: _closest(word, known) for word in longer}


_WORDS: Final = (
    "SELECT word FROM people_searchword WHERE keys && %s UNION ALL SELECT longer.word FROM unnest(%s::text[]) AS start(word), "
    'LATERAL (SELECT word FROM people_searchword s WHERE s.word >= start.word COLLATE "C" '
    "AND s.word < (start.word || U&'\\+10FFFF') COLLATE \"C\" ORDER BY s.word LIMIT 200) AS longer"
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
    for parts_each in steps:
        found.update(dict.fromkeys(_sharing(list(combinations(asked, parts_each)), asked, persons)))
        if len(found) >= _FEW:
            break
    return list(found)


def _sharing(
    which: Sequence[Sequence[Part]], asked: Sequence[Part], persons: frozenset[str] | None
) -> list[str]:
    """The identities that have a key of each part in any of these combinations."""
    values: list[Any] = []
    any_of = []
    for several in which:
        any_of.append(" AND ".join(["keys && %s"] * len(several)))
        values += [sorted(part.keys) for part in several]
    where = f"({' OR '.join(any_of)})"
    if persons is not None:
        where += " AND identity IN (SELECT identity FROM people_link WHERE person = ANY(%s))"
        values.append(sorted(persons))
    rank = " + ".join(f"(keys && %s)::int * {part.weight}" for part in asked)
    values += [sorted(part.exact) for part in asked]
    query = f"SELECT identity FROM people_searchkey WHERE {where} ORDER BY {rank} DESC, identity LIMIT {_MOST_GRADED}"
    return [identity for (identity,) in _rows(query, values)]


# -- persons -----------------------------------------------------------------------------------------------------------

#: an identity, and whether its place is sealed
_Own = list[tuple[str, bool]]


def _persons_of(identities: Sequence[str]) -> dict[str, _Own]:
    """person -> every identity that is linked to them now, for the persons of these identities."""
    found: defaultdict[str, _Own] = defaultdict(list)
    for person, identity, sealed in _rows(_PERSONS, [list(identities)]) if identities else ():
        found[person].append((identity, sealed))
    return dict(found)


_LIVE: Final = "NOT EXISTS (SELECT 1 FROM people_unlink u WHERE u.link = {}.id)"
_PERSONS: Final = (
    "SELECT DISTINCT l.person, l.identity, EXISTS (SELECT 1 FROM people_sealed s WHERE s.identity = l.identity) "
    "FROM people_link l WHERE l.person IN ("
    f"SELECT f.person FROM people_link f WHERE f.identity = ANY(%s) AND {_LIVE.format('f')}) AND {_LIVE.format('l')} "
    "ORDER BY l.person, l.identity"
)


def _seen(viewer: Viewer, persons: Mapping[str, _Own], at: datetime) -> dict[str, _Own]:
    classes = visible(viewer, list(persons), at)
    return {person: own for person, own in persons.items() if "existence" in classes[person]}


@dataclass(frozen=True, slots=True)
class _Home:
    """Where an identity lives now, as far as anybody says, and whether it is the child's side of a tie."""

    area: str
    since: date
    is_childs: bool


def _homes(identities: Sequence[str]) -> dict[str, _Home]:
    rows = _rows(_HOMES, [list(identities)]) if identities else ()
    return {
        identity: _Home(area or "", since or date.min, is_childs) for identity, area, since, is_childs in rows
    }


NOT_WITHDRAWN: Final = "NOT EXISTS (SELECT 1 FROM records_withdrawal w WHERE w.delivery = r.delivery)"
_HOMES: Final = (
    "SELECT i.identity, home.area, home.since, EXISTS (SELECT 1 FROM records_tierow t WHERE t.subject_identity = i.identity) "
    "FROM unnest(%s::text[]) AS i(identity) LEFT JOIN LATERAL ("
    "SELECT coalesce(nullif(r.area, ''), split_part(r.agency, '/', 2)) AS area, r.began_first AS since "
    f"FROM records_residencerow r WHERE r.subject_identity = i.identity AND r.ended_last IS NULL AND {NOT_WITHDRAWN} "
    "ORDER BY r.began_first DESC NULLS LAST, r.id LIMIT 1) AS home ON true"
)


# -- what agencies say, for search ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Said:
    """What an agency says of an identity now: as it is compared, and as it is shown. `words` is empty where there is no name."""

    identity: Identity
    agency: str
    words: str
    born: Period | None
    role: str
    learnt_at: datetime


def what_is_said(identities: Collection[str]) -> dict[str, Said]:
    """identity -> what its agency says of it now, with the names, postcodes and telephones that it said before.

    Missing  an identity of which everything was withdrawn is left out.
    """
    return _by_identity(prepared(_SAID, list(identities)) if identities else ())


def _by_identity(found: Iterable[Sequence[Any]]) -> dict[str, Said]:
    versions: defaultdict[str, list[_Version]] = defaultdict(list)
    for row in found:
        versions[row[0]].append(_Version(*row))
    return {identity: _said(rows) for identity, rows in versions.items()}


class _Version(NamedTuple):
    """One version of somebody's details, with what is shown of it beside what search finds by."""

    identity: str
    agency: str
    given_name: str
    family_name: str
    born_first: date | None
    born_last: date | None
    born_precision: str
    sex: str
    nhs_number: str
    postcode: str
    role: str
    learnt_at: datetime
    other_names: list[str]
    upn: str
    phones: list[str]
    local_ids: list[str]


#: What search needs of a version is the same in both.
AVersion = TypeVar("AVersion", _Version, PersonVersion)
_SAID: Final = (
    f"SELECT {', '.join(_Version._fields)} "
    f"FROM records_personrow r WHERE identity = ANY(%s) AND {NOT_WITHDRAWN} ORDER BY identity, version, learnt_at"
)


def _said(versions: Sequence[_Version]) -> Said:
    latest = versions[-1]
    with_birth = _with_birth(versions)
    born = (
        Period(
            with_birth.born_first,
            with_birth.born_last,
            Precision(with_birth.born_precision or "day"),
        )
        if with_birth and with_birth.born_first and with_birth.born_last
        else None
    )
    words = " ".join(part for part in (latest.given_name, latest.family_name) if part)
    return Said(searched(versions), latest.agency, words, born, latest.role, latest.learnt_at)


def searched(versions: Sequence[AVersion]) -> Identity:
    """An identity as search knows it: by its latest version in force, with what is only in earlier ones as former."""
    latest, born = versions[-1], _with_birth(versions)
    former = [f"{version.given_name} {version.family_name}" for version in versions[:-1]]
    return standardise(Raw(
        id=latest.identity, agency=latest.agency, given_names=latest.given_name, family_name=latest.family_name,
        other_names=tuple(latest.other_names + former),
        born=born.born_first if born and born.born_first == born.born_last else None,
        sex=latest.sex, nhs_number=latest.nhs_number, upn=latest.upn, postcode=latest.postcode,
        earlier_postcodes=tuple(version.postcode for version in versions[:-1]),
        phones=tuple(phone for version in versions for phone in version.phones),
        local_ids=tuple(latest.local_ids),
    ))  # fmt: skip


def _with_birth(versions: Sequence[AVersion]) -> AVersion | None:
    """The latest version that has a birth."""
    return next((one for one in reversed(versions) if one.born_first and one.born_last), None)


#: Its answer names those of some identities whose place is sealed.
SEALED: Final = "SELECT identity FROM people_sealed WHERE identity = ANY(%s)"


def _rows(query: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchall()


# -- what search is to keep ------------------------------------------------------------------------------------------------

#: So many identities are kept in one go.
INDEXED_AT_ONCE: Final = 2_000
_FEW_WORDS: Final = 30
#: Two writers of words in another order would wait for each other for ever.
_INDEXING_LOCK: Final = 0x73656172


def indexing(identities: Collection[str]) -> Iterator[tuple[int, list[Statement]]]:
    """For some thousands at a time: how many of them are kept under their keys, and the statements that do it."""
    wanted = iter(dict.fromkeys(identities))
    while block := list(islice(wanted, INDEXED_AT_ONCE)):
        found, sealed = together((_SAID, [block]), (SEALED, [block]))
        said = {identity: one.identity for identity, one in _by_identity(found).items()}
        yield len(said), keeping(block, said, {identity for (identity,) in sealed})


def keeping(
    identities: Iterable[str], said: Mapping[str, Identity], sealed: Collection[str]
) -> list[Statement]:
    """The statements that keep identities under the keys of what is said of them now, as `searched` gives it.

    Missing  of whom nothing is said is taken out.
    """
    known = [findable(one, sealed=identity in sealed) for identity, one in said.items()]
    words = sorted({word for one in known for word, _ in name_words(one)})
    if len(words) > _FEW_WORDS:  # most are there; of a few it is quicker to try
        there = {word for (word,) in prepared(_THERE, words)}
        words = [word for word in words if word not in there]
    gone = [identity for identity in identities if identity not in said]
    return [
        ("SELECT pg_advisory_xact_lock(%s)", [_INDEXING_LOCK]),
        *([("DELETE FROM people_searchkey WHERE identity = ANY(%s)", [gone])] if gone else []),
        *((_KEEP, [one.id, sorted(identity_keys(one)), one.id]) for one in known),
        (_KEEP_WORDS, [_BETWEEN, words, [_joined_keys(word) for word in words]]),
    ]


@lru_cache(maxsize=20_000)
def _joined_keys(word: str) -> str:
    return _BETWEEN.join(sorted(word_keys(word)))


#: Stands in no key.
_BETWEEN: Final = "\n"
_THERE: Final = "SELECT word FROM people_searchword WHERE word = ANY(%s)"
_KEEP: Final = (
    "INSERT INTO people_searchkey (identity, keys, rows) SELECT %s, %s, bit_xor(hashtextextended(r.id, 0)) "
    "FROM records_personrow r WHERE r.identity = %s AND " + NOT_WITHDRAWN + " "
    "ON CONFLICT (identity) DO UPDATE SET keys = EXCLUDED.keys, rows = EXCLUDED.rows"
)
_KEEP_WORDS: Final = (
    "INSERT INTO people_searchword (word, keys) SELECT n.word, string_to_array(n.keys, %s) "
    "FROM unnest(%s::text[], %s::text[]) AS n(word, keys) ON CONFLICT DO NOTHING"
)
