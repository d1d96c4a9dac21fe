"""A child's family, as it can be asked for. Every read takes a viewer; places are read for those only who may see them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db import connection

from wholechild.lib.civil import DAY, civil, day_start, utc_of
from wholechild.people.comparing.standardising import standard_postcode, standard_uprn
from wholechild.people.families.around import FamilyAround, Sight, family_around
from wholechild.people.families.households import (
    SharedAddress,
    Written,
    addresses_of,
    place_of,
    shared_addresses,
)
from wholechild.people.family import Family
from wholechild.people.queries import Gathered, children_among, gather, links_of, names_of
from wholechild.records.search import folded_postcode
from wholechild.trust.queries import visible
from wholechild.trust.viewers import Viewer

#: A postcode or property under which more details than this were written down is no home that could be read.
MOST_AT_ONE_KEY: Final = 2_000
#: A UPRN is written with or without its leading noughts.
_UPRN_DIGITS: Final = 12


def family_of(viewer: Viewer, child: str, as_known_at: date, at: datetime) -> FamilyAround | None:
    """The people around a child, as known at the end of a day; None where there is no child that the viewer may know of.

    Shape    who may see what is decided in `families/around.py`: whoever is tied to the child is named, as on the picture; other
             children, and whoever only lived there, where the viewer may know of them; shared addresses where the viewer may
             see the places of both.
    Missing  *absent* and *refused* give the same None.
    """
    if "existence" not in visible(viewer, [child], at)[child]:
        return None
    gathered = gather(viewer, [child], at)
    if child not in gathered.names:
        return None
    now = day_start(as_known_at) + DAY - 1
    family = gathered.family.known_at(now)
    shared = _shared_addresses(viewer, _whose_homes(viewer, child, family, at), gathered, now, at)
    everybody = _everybody(child, family, shared)
    named = {person: one.words for person, one in gathered.names.items()}
    named |= {person: one.words for person, one in names_of(viewer, everybody - named.keys(), at).items()}
    return family_around(
        child, family, shared, children=children_among(everybody), names=named, born=gathered.names[child].born,
        sight=_sight(viewer, everybody, at), day=as_known_at, now=now,
    )  # fmt: skip


def _sight(viewer: Viewer, persons: Collection[str], at: datetime) -> Sight:
    classes = visible(viewer, persons, at)
    return Sight(
        frozenset(person for person in persons if "existence" in classes[person]),
        frozenset(person for person in persons if "place" in classes[person]),
        sealed_persons(persons),
    )


def _everybody(child: str, family: Family, shared: Mapping[str, Sequence[SharedAddress]]) -> set[str]:
    tied = {person for tie in family.ties for person in (tie.child, tie.other)}
    lived = {stay.person for stay in family.stays}
    return {child} | tied | lived | {one.other for spells in shared.values() for one in spells}


def _whose_homes(viewer: Viewer, child: str, family: Family, at: datetime) -> set[str]:
    """Whose addresses are looked at: the child's and the carers', and of nobody where the viewer may see no place."""
    wanted = {child} | {carer.person for carer in family.carers_of(child)}
    classes = visible(viewer, wanted, at)
    return {person for person in wanted if "place" in classes[person]}


# -- shared addresses --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Row:
    """One version of an agency's details, with where it says that somebody lives."""

    written: Written
    uprn: str
    postcode: str


def _shared_addresses(
    viewer: Viewer, persons: Collection[str], gathered: Gathered, now: int, at: datetime
) -> dict[str, tuple[SharedAddress, ...]]:
    """person -> with whom they were at one address, as known at an instant."""
    own = {i for i, links in gathered.links.items() if any(link.person in persons for link in links)}
    mine = _rows_of(own, now) if own else []
    near, crowded = _near(mine)
    rows = mine + _rows_of(near - own, now) if near - own else mine
    who = {
        link.identity: link.person
        for link in links_of({row.written.identity for row in rows})
        if link.known_from <= now < link.known_to
    }
    addresses = addresses_of((row.written for row in rows), who)
    sealed = sealed_persons({one.person for one in addresses} | set(persons))
    return {person: shared_addresses(person, addresses, sealed=sealed, crowded=crowded) for person in persons}


def _rows_of(identities: Collection[str], now: int) -> list[_Row]:
    """Every version of these identities' details that we knew at an instant and that was not withdrawn by then."""
    moment = utc_of(now)
    return [_row(*row) for row in _rows(_WRITTEN, [list(identities), moment, moment])]


_WRITTEN: Final = (
    "SELECT p.identity, p.version, p.agency, p.id, coalesce(p.written_at, p.learnt_at), p.uprn, p.postcode, p.address "
    "FROM records_personrow p LEFT JOIN records_withdrawal w ON w.delivery = p.delivery "
    "WHERE p.identity = ANY(%s) AND p.learnt_at <= %s AND (w.at IS NULL OR w.at > %s)"
)


def _row(
    identity: str, version: int, agency: str, statement: str, at: datetime, uprn: str, postcode: str, address: str
) -> _Row:  # fmt: skip
    place = place_of(uprn, postcode, address)
    return _Row(Written(identity, version, agency, statement, civil(at), place), uprn, postcode)


def _near(rows: Sequence[_Row]) -> tuple[set[str], frozenset[str]]:
    """(identities with a property or a postcode in common with these; the properties and postcodes that too many have)."""
    placed = [row for row in rows if row.written.place]
    uprns = {form for row in placed for form in _forms(row.uprn)}
    postcodes = {folded_postcode(row.postcode) for row in placed} | {
        standard_postcode(row.postcode) for row in placed
    }
    found = _rows(
        _NEAR, [sorted(uprns - {""}), MOST_AT_ONE_KEY + 1, sorted(postcodes - {""}), MOST_AT_ONE_KEY + 1]
    )
    counted: dict[str, list[str]] = {}
    for key, identity in found:
        counted.setdefault(key, []).append(identity)
    full = {key for key, identities in counted.items() if len(identities) > MOST_AT_ONE_KEY}
    crowded = frozenset({*map(standard_uprn, full), *map(standard_postcode, full)} - {""})
    near = {i for key, identities in counted.items() if key not in full for i in identities}
    return near, crowded


def _forms(uprn: str) -> set[str]:
    digits = standard_uprn(uprn)
    return {uprn, digits, digits.zfill(_UPRN_DIGITS)} if digits else set()


_NEAR: Final = (
    "SELECT k.key, b.identity FROM unnest(%s::text[]) AS k(key) CROSS JOIN LATERAL (SELECT p.identity "
    "FROM records_personrow p WHERE p.uprn = k.key AND p.uprn <> '' LIMIT %s) b UNION ALL "
    "SELECT k.key, b.identity FROM unnest(%s::text[]) AS k(key) CROSS JOIN LATERAL (SELECT p.identity "
    "FROM records_personrow p WHERE p.search_postcode = k.key AND p.search_postcode <> '' LIMIT %s) b"
)


def sealed_persons(persons: Collection[str]) -> frozenset[str]:
    """Those of these people whose place is sealed: one of their identities is, or was theirs and is, or may be the same as one.

    Source   ARCHITECTURE D8: a seal binds to the person and to possible matches of the person.
    """
    return frozenset(person for (person,) in _rows(_SEALED, [list(persons)])) if persons else frozenset()


_SEALED: Final = (
    "SELECT DISTINCT l.person FROM people_link l WHERE l.person = ANY(%s) AND ("
    "EXISTS (SELECT 1 FROM people_sealed s WHERE s.identity = l.identity) OR "
    "EXISTS (SELECT 1 FROM people_pair p JOIN people_sealed s ON s.identity = p.other WHERE p.one = l.identity) OR "
    "EXISTS (SELECT 1 FROM people_pair p JOIN people_sealed s ON s.identity = p.one WHERE p.other = l.identity))"
)


def _rows(query: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchall()
