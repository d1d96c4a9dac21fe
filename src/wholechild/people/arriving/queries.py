"""What linking has to read: what was told since, candidates by key, components, and where everybody stands."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import lru_cache
from itertools import islice
from typing import Any, Final, TypeVar

from django.db import connection
from psycopg import Cursor

from wholechild.people.arriving.keyed import Comparing, key_number
from wholechild.people.assigning import Standing
from wholechild.people.comparing.artefact import default_artefact, loads
from wholechild.people.comparing.clustering import Decided, Decision
from wholechild.people.comparing.identity import Identity
from wholechild.people.comparing.standardising import Raw, standardise
from wholechild.people.comparing.weighed import Contribution, Weighed, Zone
from wholechild.people.deciding.decisions import in_force
from wholechild.people.deciding.queries import decided_about
from wholechild.people.linking import CONFIRMED, DECLARED
from wholechild.people.models import (
    LinkageModel,
)
from wholechild.records.queries import PersonVersion, person_versions, persons_told_of
from wholechild.trust.viewers import system

T = TypeVar("T")
_AT_ONCE: Final = 2_000
COLUMNS: Final = tuple(field.name for field in fields(Identity))
_COLUMNS: Final = ", ".join(f"c.{name}" for name in COLUMNS)


def rows(query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """What a query gives. It is planned once and kept by the server: linking one identity asks a dozen of them."""
    connection.ensure_connection()
    with Cursor(connection.connection) as cursor:
        return cursor.execute(query, parameters, prepare=True).fetchall()  # type: ignore[arg-type]


def in_portions(items: Iterable[T], size: int = _AT_ONCE) -> Iterator[list[T]]:
    """The items, some thousands at a time."""
    source = iter(items)
    while portion := list(islice(source, size)):
        yield portion


# -- what was told since ------------------------------------------------------------------------------------------------


def linked_up_to() -> int:
    """The last leaf of the ledger that linking has taken in; 0 where it has begun with nothing."""
    found = rows("SELECT leaf FROM people_linkedupto")
    return int(found[0][0]) if found else 0


def told_between(after: int, last: int) -> set[str]:
    """The identities of whose details any delivery or withdrawal of these leaves speaks: after `after`, to `last`."""
    told = rows(
        "SELECT fact_kind, fact_id FROM trust_ledgerleaf WHERE seq > %s AND seq <= %s AND fact_kind IN ('delivery', 'withdrawal')",
        after, last,
    )  # fmt: skip
    return persons_told_of(
        [fact for kind, fact in told if kind == "delivery"],
        [fact for kind, fact in told if kind == "withdrawal"],
    )


# -- the one form that is compared ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """An identity in the form that is compared, and what settling has to know besides."""

    identity: Identity
    reference: str
    declared: bool
    learnt_at: datetime

    @property
    def learnt(self) -> tuple[Any, ...]:
        return (self.learnt_at, self.identity.agency, self.reference)


def made_ready(identities: Collection[str]) -> dict[str, Known]:
    """What agencies have in force about these identities, in the form that is compared; nobody of whom nothing is in force."""
    return {identity: _known(said) for identity, said in _versions(identities).items()}


def made_raw(identities: Collection[str]) -> list[Raw]:
    """What agencies have in force about these identities, as they say it; nobody of whom nothing is in force."""
    return [_raw(said) for _, said in sorted(_versions(identities).items())]


def _versions(identities: Collection[str]) -> Mapping[str, list[PersonVersion]]:
    versions: defaultdict[str, list[PersonVersion]] = defaultdict(list)
    for version in person_versions(identities):
        versions[version.identity].append(version)
    return versions


def _known(said: Sequence[PersonVersion]) -> Known:
    """By the versions of one identity in force, the first first. The last is what the agency says; postcodes add up."""
    last = said[-1]
    learnt_at = min(version.learnt_at for version in said)
    return Known(standardise(_raw(said)), last.reference, last.declared, learnt_at)


def _raw(said: Sequence[PersonVersion]) -> Raw:
    last = said[-1]
    return Raw(
        id=last.identity, agency=last.agency, given_names=last.given_name, family_name=last.family_name,
        other_names=tuple(last.other_names), born=_day(last.born_first, last.born_last),
        died=_day(last.died_first, last.died_last), sex=last.sex, nhs_number=last.nhs_number, upn=last.upn,
        postcode=last.postcode, uprn=last.uprn, address=last.address, phones=tuple(last.phones),
        earlier_postcodes=tuple(dict.fromkeys(v.postcode for v in reversed(said) if v.postcode not in ("", last.postcode))),
        emails=tuple(last.emails), local_ids=tuple(last.local_ids),
    )  # fmt: skip


def _day(first: date | None, last: date | None) -> date | None:
    """A birth or death that is known to the day; what is only a year or a month is not compared."""
    return first if first == last else None


def known(identities: Collection[str]) -> dict[str, Known]:
    """These identities as they stand in the table."""
    found = rows(
        f"SELECT c.reference, c.declared, c.learnt_at, {_COLUMNS} FROM people_compared c WHERE c.id = ANY(%s)",
        list(identities),
    )
    return {row[3]: Known(_identity(row[3:]), *row[:3]) for row in found}


def _identity(row: Sequence[Any]) -> Identity:
    cells: list[Any] = [tuple(value) if isinstance(value, list) else value for value in row]
    return Identity(*cells)


def marks_of_ready() -> set[int]:
    """A number for each identity in the table and its keys, which is another where anything about it is."""
    return _marks(f"SELECT c.reference, c.declared, c.learnt_at, {_COLUMNS} FROM people_compared c") | _marks(
        "SELECT identity, array_agg(key ORDER BY key) FROM people_blockingkey GROUP BY identity"
    )


def marks_of_pairs() -> set[int]:
    """A number for each pair, which is another where its weight, to nine places, or what forbids it is."""
    return _marks("SELECT one, other, round(weight::numeric, 9), zone, forbids FROM people_pair")


def _marks(query: str) -> set[int]:
    connection.ensure_connection()
    with connection.connection.cursor(name="wholechild_marks") as cursor:
        cursor.execute(query)
        return {key_number(repr(row)) for row in cursor}


# -- candidates -----------------------------------------------------------------------------------------------------------


def under_keys(keys: Collection[int], most: int) -> list[tuple[int, str]]:
    """(key, identity) of everybody under these keys, at most `most` of each."""
    found: list[tuple[Any, ...]] = rows(_UNDER_KEYS, list(keys), most)
    return [(key, identity) for key, identity in found]


_UNDER_KEYS: Final = (
    "SELECT k.key, b.identity FROM unnest(%s::bigint[]) AS k(key) CROSS JOIN LATERAL "
    "(SELECT identity FROM people_blockingkey WHERE key = k.key LIMIT %s) b"
)


def identities_of(ids: Collection[str]) -> dict[str, Identity]:
    """These identities in the form that is compared."""
    found = rows(f"SELECT {_COLUMNS} FROM people_compared c WHERE c.id = ANY(%s)", list(ids))
    return {row[0]: _identity(row) for row in found}


# -- pairs ----------------------------------------------------------------------------------------------------------------

_PAIR: Final = "SELECT one, other, weight, zone, contributions::text, forbids FROM people_pair"


def _weighed(row: Sequence[Any]) -> Weighed:
    one, other, weight, zone, contributions, forbids = row
    parts = tuple(Contribution(*part) for part in json.loads(contributions))
    return Weighed(one, other, weight, parts, Zone(zone), forbids)


def pairs_among(identities: Collection[str]) -> list[Weighed]:
    """The pairs of which both sides are among these."""
    asked = list(identities)
    return [_weighed(row) for row in rows(f"{_PAIR} WHERE one = ANY(%s) AND other = ANY(%s)", asked, asked)]


def pairs_with(identities: Collection[str]) -> list[Weighed]:
    """The pairs of which a side is among these."""
    asked = list(identities)
    found = rows(f"{_PAIR} WHERE one = ANY(%s) UNION {_PAIR} WHERE other = ANY(%s)".replace("contributions::text", "contributions::text AS c"), asked, asked)  # fmt: skip
    return sorted((_weighed(row) for row in found), key=lambda pair: (pair.one, pair.other))


# -- components, and where everybody stands in them -----------------------------------------------------------------------


def component_of(identities: Collection[str]) -> set[str]:
    """These identities and everybody whose person can hang on theirs: through pairs that weigh enough, decisions that two are
    one, what senders declare, and the persons whom they are linked to now.
    """
    found = new = set(identities)
    while new:
        around = {identity for portion in in_portions(new) for (identity,) in rows(_ONE_STEP, *[portion] * 5)}
        new = around - found
        found = found | new
    return found


_ONE_STEP: Final = """
SELECT other FROM people_pair WHERE one = ANY(%s) AND zone = 'same'
UNION SELECT one FROM people_pair WHERE other = ANY(%s) AND zone = 'same'
UNION SELECT unnest(identities) FROM people_pairdecision WHERE identities && %s::text[] AND decision = 'same'
UNION SELECT theirs.id FROM people_compared mine JOIN people_compared theirs ON theirs.reference = mine.reference
    AND theirs.declared WHERE mine.declared AND mine.id = ANY(%s)
UNION SELECT theirs.identity FROM people_link mine JOIN people_link theirs ON theirs.person = mine.person
    WHERE mine.identity = ANY(%s) AND NOT EXISTS (SELECT 1 FROM people_unlink u WHERE u.link = mine.id)
    AND NOT EXISTS (SELECT 1 FROM people_unlink u WHERE u.link = theirs.id)
"""


@dataclass(frozen=True, slots=True)
class LiveLink:
    """Who an identity is now, and by what."""

    id: str
    identity: str
    person: str
    evidence: str
    grounds: Mapping[str, Any]


def live_links(identities: Collection[str]) -> dict[str, LiveLink]:
    """identity -> its link in force, for those who have one."""
    found = rows(_LIVE, list(identities))
    return {
        identity: LiveLink(link, identity, person, evidence, json.loads(grounds))
        for link, identity, person, evidence, grounds in found
    }


_LIVE: Final = (
    "SELECT l.id, l.identity, l.person, l.evidence, l.grounds::text FROM people_link l WHERE l.identity = ANY(%s) "
    "AND NOT EXISTS (SELECT 1 FROM people_unlink u WHERE u.link = l.id)"
)


def is_free(person: str) -> bool:
    """Whether nobody is linked to a person of this id now."""
    return not rows(
        "SELECT 1 FROM people_link l WHERE l.person = %s AND NOT EXISTS (SELECT 1 FROM people_unlink u WHERE u.link = l.id) LIMIT 1",
        person,
    )


def standings(
    component: Collection[str], ready: Mapping[str, Known], links: Mapping[str, LiveLink]
) -> dict[str, Standing]:
    """Where each of them stands. Who has nothing in force comes last: they keep whom they are linked to, and name nobody."""
    last = max((one.learnt for one in ready.values()), default=())
    found = {}
    for identity in component:
        said, link = ready.get(identity), links.get(identity)
        learnt = (0, *said.learnt, identity) if said else (1, *last, identity)
        declared = said.reference if said and said.declared else ""
        found[identity] = Standing(identity, learnt, link.person if link else "", declared)
    return found


# -- decisions ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InForce:
    """A decision about two identities that binds: seconded where it has to be, and not undone. `one` sorts first.

    Missing  `goes` empty: it is no split; else those of whom it says that they are somebody else.
    """

    id: str
    one: str
    other: str
    decision: str
    goes: frozenset[str] = frozenset()


def decisions_in_force(identities: Collection[str]) -> list[InForce]:
    """What people decided about any of these identities, as it binds now: of two about the same pair, the later."""
    binding = in_force(decided_about(system("people"), identities))
    return [InForce(one.id, *pair, one.decision, one.goes) for pair, one in sorted(binding.items())]


def taken_back(identities: Collection[str]) -> dict[str, set[str]]:
    """Whom somebody took off a person and who stand apart since -> everybody who was that person at the time."""
    found: dict[str, set[str]] = {}
    for one, other in rows(_TAKEN_BACK, list(identities)):
        found.setdefault(one, set()).add(other)
    return found


_TAKEN_BACK: Final = """
SELECT own.identity, theirs.identity FROM people_link own
JOIN people_link wrong ON wrong.id = own.grounds ->> 'taken_back'
JOIN people_unlink gone ON gone.link = wrong.id
JOIN people_link theirs ON theirs.person = wrong.person AND theirs.identity <> own.identity
LEFT JOIN people_unlink later ON later.link = theirs.id
WHERE own.identity = ANY(%s) AND own.grounds ? 'taken_back'
    AND theirs.linked_at <= gone.unlinked_at AND (later.id IS NULL OR later.unlinked_at >= gone.unlinked_at)
"""


@dataclass(frozen=True, slots=True)
class Binding:
    """What binds every machine within a component. `by` says for a pair which decision, sender or link says that it is one."""

    decided: Sequence[Decided]
    by: Mapping[tuple[str, str], str]
    sent_away: frozenset[str] = frozenset()


def binding(
    component: Collection[str],
    ready: Mapping[str, Known],
    links: Mapping[str, LiveLink],
    supposing: Sequence[InForce] = (),
) -> Binding:
    """Decisions in force, what senders declare, and links that people made or took back, for those who are compared.

    A later word of a person's goes before an earlier one, and before what a sender declares.
    """
    apart = taken_back(component)
    same: dict[tuple[str, str], str] = {}
    for pair in _chains(_declared(ready, apart)):
        same[pair] = DECLARED
    for pair in _chains(_confirmed(ready, links)):
        same[pair] = CONFIRMED
    different: set[tuple[str, str]] = set()
    binding = _as_it_would_be(decisions_in_force(component), supposing)
    for decision in binding:
        pair = decision.one, decision.other
        if decision.decision == Decision.SAME:
            same[pair] = decision.id
            for one, other in (pair, pair[::-1]):
                if other in apart.get(one, ()):
                    del apart[one]
        elif decision.decision == Decision.DIFFERENT:
            same.pop(pair, None)
            different.add(pair)
    different |= {sorted_pair(one, other) for one, others in apart.items() for other in others}
    same = {pair: by for pair, by in same.items() if ready.keys() >= set(pair)}
    decided = [Decided(*pair, Decision.SAME) for pair in same]
    decided += [Decided(*pair, Decision.DIFFERENT) for pair in different]
    sent_away = frozenset(identity for decision in binding for identity in decision.goes)
    return Binding(decided, same, sent_away)


def _as_it_would_be(decided: Iterable[InForce], supposing: Iterable[InForce]) -> list[InForce]:
    """The decisions in force, each replaced by what is supposed of the same pair."""
    return list({(one.one, one.other): one for one in (*decided, *supposing)}.values())


def sorted_pair(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one < other else (other, one)


def _declared(ready: Mapping[str, Known], apart: Collection[str]) -> list[list[str]]:
    """Those whom one sender names as one person, each name by itself; without whom somebody took off since."""
    named: defaultdict[str, list[str]] = defaultdict(list)
    for identity, said in ready.items():
        if said.declared and identity not in apart:
            named[said.reference].append(identity)
    return list(named.values())


def _confirmed(ready: Mapping[str, Known], links: Mapping[str, LiveLink]) -> list[list[str]]:
    """Those whom somebody linked to a person outright, each with those who are that person."""
    persons = {
        link.person
        for link in links.values()
        if link.evidence == CONFIRMED and "decision" not in link.grounds
    }
    named: defaultdict[str, list[str]] = defaultdict(list)
    for identity, link in links.items():
        if link.person in persons and identity in ready:
            named[link.person].append(identity)
    return list(named.values())


def _chains(groups: Iterable[Sequence[str]]) -> Iterator[tuple[str, str]]:
    for group in groups:
        ordered = sorted(group)
        yield from zip(ordered, ordered[1:], strict=False)


# -- the artefact in force ------------------------------------------------------------------------------------------------


def model_in_force() -> str:
    """The id of the model that two people last agreed on; empty where nobody has, and the one that ships is in force."""
    found = rows(
        "SELECT model FROM people_linkagemodeladopted WHERE seconds <> '' ORDER BY adopted_at DESC, id DESC LIMIT 1"
    )
    return str(found[0][0]) if found else ""


def comparing_in_force() -> Comparing:
    """With what new identities are compared."""
    return _comparing(model_in_force())


@lru_cache(maxsize=4)
def _comparing(model: str) -> Comparing:
    artefact = (
        loads(LinkageModel.objects.values_list("document", flat=True).get(pk=model))
        if model
        else default_artefact()
    )
    return Comparing(artefact, artefact.id)
