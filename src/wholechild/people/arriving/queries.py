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
from wholechild.people.models import LinkageModel
from wholechild.people.searching.queries import SEALED
from wholechild.records.ids import PREFIXES
from wholechild.records.queries import VERSIONS_IN_FORCE, PersonVersion
from wholechild.trust.queries import Asked, prepared, together
from wholechild.trust.viewers import system

T = TypeVar("T")
_AT_ONCE: Final = 2_000
COLUMNS: Final = tuple(field.name for field in fields(Identity))
_COLUMNS: Final = ", ".join(f"c.{name}" for name in COLUMNS)


#: What a query gives. Linking one identity asks a dozen of them.
rows: Final = prepared


def in_portions(items: Iterable[T], size: int = _AT_ONCE) -> Iterator[list[T]]:
    """The items, some thousands at a time."""
    source = iter(items)
    while portion := list(islice(source, size)):
        yield portion


# -- what was told since ------------------------------------------------------------------------------------------------


#: One linker at a time decides who is new and who is one, so that two deliveries cannot make two persons of one.
_LINKING_LOCK: Final = 0x6C696E6B
#: However long it takes, and whatever the tables were like when a statement was planned: all of it looks up by key.
_BY_KEY: Final = (
    "SELECT set_config('statement_timeout', '0', true), set_config('plan_cache_mode', 'force_generic_plan', true), "
    "set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true), "
    "set_config('enable_mergejoin', 'off', true)"
)
_ALONE: Final = "pg_advisory_xact_lock(%s)"


def alone() -> None:
    """Wait until nobody else links, and keep it so to the end of the transaction."""
    together((_BY_KEY, ()), (f"SELECT {_ALONE}", (_LINKING_LOCK,)))


@dataclass(frozen=True, slots=True)
class Told:
    """What the ledger has that linking has not yet taken in: `after` one leaf, up to another, and of whom it speaks.

    Shape    `model` is the id of the model in force, as `model_in_force` gives it.
    """

    after: int
    upto: int
    identities: frozenset[str]
    model: str


def told_alone() -> Told:
    """Wait until nobody else links, keep it so, and read what deliveries and withdrawals have told since the last time.

    Shape    nothing new, where somebody else has taken in meanwhile all that was told before the wait: whoever has told more since
             waits for their own turn, and this one does not make everybody behind wait for it.
    """
    asked = (_BY_KEY, ()), (_WANTED_ALONE, (_LINKING_LOCK,)), (_TOLD_SINCE, ())
    _, [(wanted, _)], [(after, upto, model, found)] = together(*asked)
    if 0 < wanted <= after:
        return Told(after, after, frozenset(), model or "")
    return Told(after, upto, frozenset(found), model or "")


def told_ever() -> frozenset[str]:
    """The identities of whose details any delivery or withdrawal has ever spoken."""
    return frozenset(identity for (identity,) in rows(_TOLD.format(after="0")))


_MODEL: Final = "SELECT model FROM people_linkagemodeladopted WHERE seconds <> '' ORDER BY adopted_at DESC, id DESC LIMIT 1"
#: Leaves that tell of anybody.
_TELLS: Final = "fact_kind IN ('delivery', 'withdrawal')"
#: The rows that a delivery brought lie together: their ids begin with its own.
_TOLD: Final = """
WITH news AS MATERIALIZED (
    SELECT fact_kind, fact_id FROM trust_ledgerleaf WHERE seq > {after} AND TELLS
), deliveries AS (
    SELECT fact_id AS id FROM news WHERE fact_kind = 'delivery'
    UNION SELECT w.delivery FROM news JOIN records_withdrawal w ON w.id = news.fact_id WHERE news.fact_kind = 'withdrawal'
)
SELECT DISTINCT p.identity FROM deliveries d CROSS JOIN LATERAL (SELECT r.identity FROM records_personrow r
    WHERE r.id >= 'PREFIX-' || substr(d.id, 5) || '-' AND r.id < 'PREFIX-' || substr(d.id, 5) || '.') p
""".replace("PREFIX", PREFIXES["person"]).replace("TELLS", _TELLS)
_UPTO: Final = "(SELECT coalesce(max(leaf), 0) FROM people_linkedupto)"
#: The last leaf that tells of anybody and that linking has not read, as it is before the wait; 0: there is none.
_WANTED_ALONE: Final = (
    f"SELECT (SELECT coalesce(max(seq), 0) FROM trust_ledgerleaf WHERE seq > {_UPTO} AND {_TELLS}), {_ALONE}"
)
#: How far linking has read, the last leaf there is, the model in force, and of whom was told between.
_TOLD_SINCE: Final = f"SELECT {_UPTO}, (SELECT coalesce(max(seq), 0) FROM trust_ledgerleaf), ({_MODEL}), ARRAY({_TOLD.format(after=_UPTO)})"


def remembering(leaf: int) -> list[Asked]:
    """The statement that remembers how far linking has read."""
    return [(_REMEMBER, [leaf, leaf])]


_REMEMBER: Final = (
    "WITH there AS (UPDATE people_linkedupto SET leaf = %s RETURNING leaf) "
    "INSERT INTO people_linkedupto (leaf) SELECT %s WHERE NOT EXISTS (SELECT 1 FROM there)"
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


def made_raw(identities: Collection[str]) -> list[Raw]:
    """What agencies have in force about these identities, as they say it; nobody of whom nothing is in force."""
    (said,) = together((VERSIONS_IN_FORCE, [list(identities)]))
    return [_raw(several) for _, several in sorted(_by_identity(said).items())]


@dataclass(frozen=True, slots=True)
class Stood:
    """Some identities, as they stand in the table (`before`), and as agencies have them in force: in the form that is compared
    (`now`), and version by version (`said`). `sealed` are those whose place is.

    Missing  from `now` and `said`: those of whom nothing is in force.
    """

    before: Mapping[str, Known]
    now: Mapping[str, Known]
    said: Mapping[str, Sequence[PersonVersion]]
    sealed: frozenset[str]


def stood(identities: Collection[str]) -> Stood:
    """How these identities stand."""
    asked = [list(identities)]
    known, versions, sealed = together((_KNOWN, asked), (VERSIONS_IN_FORCE, asked), (SEALED, asked))
    said = _by_identity(versions)
    now = {identity: _known(several) for identity, several in said.items()}
    return Stood(_as_known(known), now, said, frozenset(identity for (identity,) in sealed))


def _by_identity(said: Iterable[tuple[Any, ...]]) -> Mapping[str, list[PersonVersion]]:
    versions: defaultdict[str, list[PersonVersion]] = defaultdict(list)
    for row in said:
        versions[row[0]].append(PersonVersion(*row))
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


_KNOWN: Final = (
    f"SELECT c.reference, c.declared, c.learnt_at, {_COLUMNS} FROM people_compared c WHERE c.id = ANY(%s)"
)


def _as_known(found: Iterable[Sequence[Any]]) -> dict[str, Known]:
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


def under_keys(keys: Mapping[int, int]) -> list[tuple[int, str]]:
    """(key, identity) of everybody under these keys, of each key at most so many as it says and one more."""
    return [(key, identity) for key, identity in rows(_UNDER_KEYS, list(keys), list(keys.values()))]


def near(
    keys: Mapping[int, int], writing: Sequence[Asked] = ()
) -> tuple[list[tuple[int, str]], dict[str, Identity]]:
    """As `under_keys` gives it; and the identities under keys that no more share than they say.

    Shape    the statements of `writing` are done before.
    """
    *_, found = together(*writing, (_NEAR, [list(keys), list(keys.values())]))
    under = [(key, identity) for shared, identity, *_ in found for key in shared]
    return under, {row[1]: _identity(row[2:]) for row in found if row[2] is not None}


_UNDER_KEYS: Final = (
    "SELECT k.key, b.identity FROM unnest(%s::bigint[], %s::int[]) AS k(key, most) CROSS JOIN LATERAL "
    "(SELECT identity FROM people_blockingkey WHERE key = k.key LIMIT k.most + 1) b"
)


#: The same by identity, and of who may be compared all that is: cheaper than to wait for the answer and ask again.
_NEAR: Final = f"""
WITH under AS MATERIALIZED (
    SELECT k.key, k.most, ARRAY(SELECT b.identity FROM people_blockingkey b WHERE b.key = k.key LIMIT k.most + 1) AS members
    FROM unnest(%s::bigint[], %s::int[]) AS k(key, most)
), shared AS (
    SELECT one.identity, array_agg(under.key) AS keys, bool_or(cardinality(under.members) <= under.most) AS is_near
    FROM under CROSS JOIN LATERAL unnest(under.members) AS one(identity) GROUP BY one.identity
)
SELECT shared.keys, shared.identity, {_COLUMNS} FROM shared LEFT JOIN people_compared c ON shared.is_near AND c.id = shared.identity
"""


def identities_of(ids: Collection[str]) -> dict[str, Identity]:
    """These identities in the form that is compared."""
    found = rows(f"SELECT {_COLUMNS} FROM people_compared c WHERE c.id = ANY(%s)", list(ids))
    return {row[0]: _identity(row) for row in found}


# -- pairs ----------------------------------------------------------------------------------------------------------------

_PAIR: Final = "SELECT one, other, weight, zone, contributions::text, forbids FROM people_pair"


def _weighed(row: Sequence[Any]) -> Weighed:
    one, other, weight, zone, contributions, forbids = row
    return Weighed(
        one, other, weight, tuple(Contribution(*part) for part in contributions), Zone(zone), forbids
    )


def pairs_with(identities: Collection[str]) -> list[Weighed]:
    """The pairs of which a side is among these."""
    asked = list(identities)
    found = rows(f"{_PAIR} WHERE one = ANY(%s) UNION {_PAIR} WHERE other = ANY(%s)".replace("contributions::text", "contributions::text AS c"), asked, asked)  # fmt: skip
    pairs = (_weighed((*row[:4], json.loads(row[4]), row[5])) for row in found)
    return sorted(pairs, key=lambda pair: (pair.one, pair.other))


# -- components, and where everybody stands in them -----------------------------------------------------------------------


def component_of(identities: Collection[str]) -> set[str]:
    """These identities and everybody whose person can hang on theirs: through pairs that weigh enough, decisions that two are
    one, what senders declare, and the persons whom they are linked to now.
    """
    return {identity for (identity,) in _around(_REACHED + "SELECT identity FROM reached", identities)}


def _around(asking: str, identities: Collection[str], writing: Sequence[Asked] = ()) -> list[tuple[Any, ...]]:
    """What a statement says of everybody in the components of these identities, whose id comes first."""
    found: dict[str, tuple[Any, ...]] = {}
    for portion in in_portions(one for one in identities if one not in found) if identities else [[]]:
        *_, reached = together(*writing, (asking, [portion]))
        found.update((row[0], row) for row in reached)
        writing = ()
    return list(found.values())


_REACHED: Final = """
WITH RECURSIVE reached(identity) AS (
    SELECT unnest(%s::text[]) COLLATE "C"
    UNION SELECT near.identity FROM reached AS mine CROSS JOIN LATERAL (
        SELECT other FROM people_pair WHERE one = mine.identity
        UNION ALL SELECT one FROM people_pair WHERE other = mine.identity
        UNION ALL SELECT unnest(identities) FROM people_pairdecision
            WHERE identities && ARRAY[mine.identity] AND decision = 'same'
        UNION ALL SELECT theirs.id FROM people_compared own JOIN people_compared theirs ON theirs.reference = own.reference
            WHERE own.id = mine.identity AND own.declared AND theirs.declared
        UNION ALL SELECT theirs.identity FROM people_link own JOIN people_link theirs ON theirs.person = own.person
            WHERE own.identity = mine.identity AND NOT EXISTS (SELECT 1 FROM people_unlink u WHERE u.link = own.id)
            AND NOT EXISTS (SELECT 1 FROM people_unlink u WHERE u.link = theirs.id)
    ) AS near(identity)
)
"""


@dataclass(frozen=True, slots=True)
class LiveLink:
    """Who an identity is now, and by what."""

    id: str
    identity: str
    person: str
    evidence: str
    grounds: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Component:
    """All that is stored of identities whose persons can hang on one another's.

    Shape    `ready` has those of whom anything is in force, `links` those who are linked now; `pairs` are those of which both
             sides are here. `apart` maps whom somebody took off a person to everybody who was that person at the time.
    """

    identities: Collection[str]
    ready: Mapping[str, Known]
    links: Mapping[str, LiveLink]
    pairs: Mapping[tuple[str, str], Weighed]
    apart: Mapping[str, set[str]]
    decided: Sequence[InForce]


def component(identities: Collection[str], writing: Sequence[Asked] = ()) -> Component:
    """The components of these identities, as they stand once the statements of `writing` are done."""
    found = _around(_REACHED + _WITH_ALL, identities, writing)
    known: dict[str, Known] = {}
    links: dict[str, LiveLink] = {}
    pairs: dict[tuple[str, str], Weighed] = {}
    apart: dict[str, set[str]] = {}
    any_decided = False
    for one, link, person, evidence, grounds, weighed, taken_off, is_decided, *said in found:
        if link:
            links[one] = LiveLink(link, one, person, evidence, json.loads(grounds))
        if weighed:
            pairs |= {(one, other): _weighed((one, other, *rest)) for other, *rest in json.loads(weighed)}
        if taken_off:
            apart[one] = set(taken_off)
        any_decided |= is_decided
        known |= _as_known([said] if said[3] else ())
    ids = {row[0] for row in found}
    return Component(ids, known, links, pairs, apart, decisions_in_force(ids) if any_decided else ())


#: Of everybody reached: the link, the pairs of which they are the first, from whom they were taken off, whether anybody decided
#: anything about them, and what is known of them. Each pair of one side here has the other side here too.
_WITH_ALL: Final = f"""
SELECT r.identity, l.id, l.person, l.evidence, l.grounds::text,
    (SELECT json_agg(json_build_array(other, weight, zone, contributions, forbids)) FROM people_pair WHERE one = r.identity)::text,
    ARRAY(
        SELECT theirs.identity FROM people_link own JOIN people_link wrong ON wrong.id = own.grounds ->> 'taken_back'
        JOIN people_unlink gone ON gone.link = wrong.id
        JOIN people_link theirs ON theirs.person = wrong.person AND theirs.identity <> own.identity
        LEFT JOIN people_unlink later ON later.link = theirs.id
        WHERE own.identity = r.identity AND own.grounds ? 'taken_back'
            AND theirs.linked_at <= gone.unlinked_at AND (later.id IS NULL OR later.unlinked_at >= gone.unlinked_at)
    ),
    EXISTS (SELECT 1 FROM people_pairdecision WHERE identities && ARRAY[r.identity]),
    c.reference, c.declared, c.learnt_at, {_COLUMNS}
FROM reached r LEFT JOIN people_compared c ON c.id = r.identity LEFT JOIN people_link l
    ON l.identity = r.identity AND NOT EXISTS (SELECT 1 FROM people_unlink u WHERE u.link = l.id)
"""


def is_free(person: str) -> bool:
    """Whether nobody is linked to a person of this id now."""
    return not rows(
        "SELECT 1 FROM people_link l WHERE l.person = %s AND NOT EXISTS (SELECT 1 FROM people_unlink u WHERE u.link = l.id) LIMIT 1",
        person,
    )


def persons_among(ids: Collection[str]) -> set[str]:
    """Those of these ids that persons have, now or once."""
    return {person for (person,) in rows("SELECT id FROM people_person WHERE id = ANY(%s)", list(ids))}


def standings(component: Component) -> dict[str, Standing]:
    """Where each of them stands. Who has nothing in force comes last: they keep whom they are linked to, and name nobody."""
    ready = component.ready
    last = max((one.learnt for one in ready.values()), default=())
    found = {}
    for identity in component.identities:
        said, link = ready.get(identity), component.links.get(identity)
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


@dataclass(frozen=True, slots=True)
class Binding:
    """What binds every machine within a component. `by` says for a pair which decision, sender or link says that it is one."""

    decided: Sequence[Decided]
    by: Mapping[tuple[str, str], str]
    sent_away: frozenset[str] = frozenset()


def binding(component: Component, supposing: Sequence[InForce] = ()) -> Binding:
    """Decisions in force, what senders declare, and links that people made or took back, for those who are compared.

    A later word of a person's goes before an earlier one, and before what a sender declares.
    """
    ready, apart = component.ready, dict(component.apart)
    same: dict[tuple[str, str], str] = {}
    for pair in _chains(_declared(ready, apart)):
        same[pair] = DECLARED
    for pair in _chains(_confirmed(ready, component.links)):
        same[pair] = CONFIRMED
    different: set[tuple[str, str]] = set()
    unclear: list[Decided] = []
    binding = _as_it_would_be(component.decided, supposing)
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
        else:
            unclear.append(Decided(*pair, Decision.CANNOT_TELL))
    different |= {sorted_pair(one, other) for one, others in apart.items() for other in others}
    same = {pair: by for pair, by in same.items() if ready.keys() >= set(pair)}
    decided = [Decided(*pair, Decision.SAME) for pair in same]
    decided += [Decided(*pair, Decision.DIFFERENT) for pair in different]
    sent_away = frozenset(identity for decision in binding for identity in decision.goes)
    return Binding([*decided, *unclear], same, sent_away)


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
    found = rows(_MODEL)
    return str(found[0][0]) if found else ""


def comparing_in_force() -> Comparing:
    """With what new identities are compared."""
    return comparing_by(model_in_force())


@lru_cache(maxsize=4)
def comparing_by(model: str) -> Comparing:
    """What a model compares by; an empty id: the one that ships."""
    artefact = (
        loads(LinkageModel.objects.values_list("document", flat=True).get(pk=model))
        if model
        else default_artefact()
    )
    return Comparing(artefact, artefact.id)
