"""Arrival: what was told is made ready and weighed, and the links follow. One linker at a time; each act one transaction.

The tables of keys and pairs only follow from the facts. What is written for good are links and their taking back: after
each act the persons of the database are those that settling everything at once would give (assigning.py says where not).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from itertools import chain
from typing import Any, Final

from django.db import connection, transaction
from psycopg.types.json import Jsonb

from wholechild.people.arriving import queries
from wholechild.people.arriving.keyed import (
    Comparing,
    Crowded,
    candidates,
    followed,
    numbered,
    shared_numbers,
)
from wholechild.people.arriving.queries import (
    COLUMNS,
    Binding,
    Component,
    InForce,
    Known,
    LiveLink,
    Stood,
    in_portions,
    sorted_pair,
)
from wholechild.people.assigning import Assigned, Viewers, persons_for
from wholechild.people.comparing.artefact import Artefact
from wholechild.people.comparing.clustering import settle
from wholechild.people.comparing.identity import Identity
from wholechild.people.comparing.prepared import prepare
from wholechild.people.comparing.scoring import telling, weigh_if_possible
from wholechild.people.comparing.weighed import Weighed, Zone
from wholechild.people.linking import CONFIRMED, DECLARED, OWN, PROBABLE, NewLink, by_weight
from wholechild.people.models import Link, Person, Unlink
from wholechild.people.searching.queries import indexing, keeping, searched
from wholechild.records.ids import stable_id
from wholechild.trust.actions import SALT_BYTES, Salts, append, relate
from wholechild.trust.models import Fact
from wholechild.trust.queries import Asked, Into, head, inserting, related_to, together

_BLOCK: Final = 5_000
#: So many rows of a table are written in one go with what follows them; more are copied.
_FEW: Final = 60
#: Those under so many keys are read with them, without asking first who they are.
_FEW_KEYS: Final = 400
#: So many leaves that tell of nobody are rather read again than remembered: to remember is to write, and to wait for the disk.
_READ_AGAIN: Final = 500
#: So many new identities are weighed at once.
_PORTION: Final = 500
_WEIGHED_ANEW: Final = "the identities were weighed anew"


def link_new_identities(
    *, by: str, purpose: str, at: datetime, salts: Salts, comparing: Comparing | None = None
) -> int:
    """Take in what deliveries and withdrawals have told since the last time, and link whom it concerns.

    Shape    gives the number of new links; one transaction. A first link is known from the moment that its identity was
             learnt, so that a history which is loaded late joins up as it would have then. `comparing`: else what is in force.
    """
    with transaction.atomic():
        told = queries.told_alone()
        if not told.identities:  # most often somebody else has linked ours already
            together(*(queries.remembering(told.upto) if told.upto - told.after > _READ_AGAIN else ()))
            return 0
        chosen = comparing or queries.comparing_by(told.model)
        touched, writing = _take_in(told.identities, chosen, at, for_search=True)
        remember = queries.remembering(told.upto)
        return _settle(by, purpose, at, touched, salts, chosen, writing=writing, remember=remember)


def settle_identities(
    *, by: str, purpose: str, at: datetime, identities: Collection[str], salts: Salts
) -> int:
    """Settle the components of these identities anew, by the pairs and decisions in force, and write the links that follow.

    Shape    gives the number of new links; one transaction, which may be part of the caller's: of a decision, for example.
    """
    with transaction.atomic():
        queries.alone()
        return _settle(by, purpose, at, set(identities), salts, queries.comparing_in_force())


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What was not as working everything out at once gives it.

    Shape    `pairs` is how many pairs were missing, too many, or of another weight; `links` how many identities were somebody
             else; `ready` how many identities were in the table in another form, or should not, or should have been.
    """

    identities: int
    ready: int
    pairs: int
    links: int

    @property
    def ok(self) -> bool:
        return not (self.ready or self.pairs or self.links)


def reconcile_links(
    *, by: str, purpose: str, at: datetime, salts: Salts, comparing: Comparing | None = None, repair: bool = True
) -> Reconciled:  # fmt: skip
    """Work out keys, pairs and persons of everybody anew, say what was otherwise, and put it right.

    Shape    one transaction. Without `repair` nothing is changed. Differences are to be expected where a model was adopted,
             and where a key became crowded, or ceased to be, since its pairs were weighed; not otherwise.
    """
    chosen = comparing or queries.comparing_in_force()
    with transaction.atomic():
        link_new_identities(by=by, purpose=purpose, at=at, salts=salts, comparing=chosen)
        upto = head().leaves
        told = queries.told_ever()
        ready, pairs = queries.marks_of_ready(), queries.marks_of_pairs()
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM people_pair; DELETE FROM people_blockingkey; DELETE FROM people_crowdedkey; DELETE FROM people_compared"
            )
        touched, writing = _take_in(told, chosen, at)
        remember = queries.remembering(upto)
        moved = _settle(by, purpose, at, touched, salts, chosen, writing=writing, remember=remember)
        after = queries.marks_of_ready()
        done = Reconciled(len(after), len(ready ^ after), len(pairs ^ queries.marks_of_pairs()), moved)
        if not repair:
            transaction.set_rollback(True)
    return done


# -- made ready, under keys, and weighed ----------------------------------------------------------------------------------


def _take_in(
    told: Collection[str], comparing: Comparing, at: datetime, *, for_search: bool = False
) -> tuple[set[str], list[Asked]]:
    """Make ready whom something was told of, and weigh those of whom something changed; `for_search` too, if asked for.

    Shape    gives whom settling concerns, and the statements that are still to be run before it.
    """
    if len(told) <= _PORTION:
        stood = queries.stood(told)
        touched, anew = _changed(stood, comparing)
        new = {name: said.identity for name, said in anew.items()}
        writing = _weigh_new(new, (), comparing, at, _ready_rows(anew.values(), comparing))
        if for_search:
            found_by = {identity: searched(versions) for identity, versions in stood.said.items()}
            writing += keeping(told, found_by, stood.sealed)
        return touched, writing
    for _, indexed in indexing(told) if for_search else ():
        together(*indexed)
    everybody: set[str] = set()
    changed: list[str] = []
    for portion in in_portions(sorted(told)):
        touched, anew = _changed(queries.stood(portion), comparing)
        together(*_ready_rows(anew.values(), comparing))
        everybody |= touched
        changed += anew
    weighed: set[str] = set()
    for names in in_portions(changed, _PORTION):
        together(*_weigh_new(queries.identities_of(names), weighed, comparing, at))
        weighed.update(names)
    return everybody, []


def _changed(stood: Stood, comparing: Comparing) -> tuple[set[str], dict[str, Known]]:
    """Whom what was told of these can concern; and those of whom something is otherwise now, of whom the old is forgotten."""
    before, now = stood.before, stood.now
    anew = {identity: said for identity, said in now.items() if before.get(identity) != said}
    gone = [before[identity] for identity in before if identity in anew or identity not in now]
    return _forget(gone, comparing) | anew.keys(), anew


def _forget(gone: Sequence[Known], comparing: Comparing) -> set[str]:
    """Take these out of the tables that follow. Gives everybody whom they were weighed with, or who were the same person."""
    if not gone:
        return set()
    ids = [said.identity.id for said in gone]
    around = queries.component_of(ids)
    keys = [(key, said.identity.id) for said in gone for key in numbered(said.identity, comparing)]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM people_pair WHERE one = ANY(%s) OR other = ANY(%s)", [ids, ids])
        cursor.execute(
            "DELETE FROM people_blockingkey b USING unnest(%s::bigint[], %s::text[]) AS gone(key, identity) "
            "WHERE b.key = gone.key AND b.identity = gone.identity",
            [[key for key, _ in keys], [identity for _, identity in keys]],
        )
        cursor.execute("DELETE FROM people_compared WHERE id = ANY(%s)", [ids])
    return around


_READY: Final = Into("people_compared", ("reference", "declared", "learnt_at", *COLUMNS))
_KEYS: Final = Into("people_blockingkey", ("key", "identity"))
_PAIRS: Final = Into(
    "people_pair", ("one", "other", "weight", "zone", "contributions", "forbids", "artefact")
)


def _rows(into: Into, rows: Sequence[Sequence[Any]]) -> list[Asked]:
    """The statements that write these rows, where they are few; many are copied at once."""
    if len(rows) <= _FEW:
        return [(into.insert, row) for row in rows]
    connection.ensure_connection()
    with connection.connection.cursor() as cursor, cursor.copy(into.copy) as copy:
        for row in rows:
            copy.write_row(row)
    return []


_KEYS_OF_ONE: Final = "INSERT INTO people_blockingkey (key, identity) SELECT unnest(%s::bigint[]), %s"


def _ready_rows(ready: Collection[Known], comparing: Comparing) -> list[Asked]:
    """The statements that keep these and their keys; of many, what was not written at once."""
    rows = [(r.reference, r.declared, r.learnt_at, *_cells(r.identity)) for r in ready]
    keys = {r.identity.id: list(numbered(r.identity, comparing)) for r in ready}
    if len(keys) <= _FEW:
        return [*_rows(_READY, rows), *((_KEYS_OF_ONE, [some, one]) for one, some in keys.items())]
    return [*_rows(_READY, rows), *_rows(_KEYS, [(key, one) for one, some in keys.items() for key in some])]


def _cells(identity: Identity) -> list[Any]:
    return [list(cell) if isinstance(cell, tuple) else cell for cell in astuple(identity)]


def _weigh_new(
    new: Mapping[str, Identity], weighed: Collection[str], comparing: Comparing, at: datetime, writing: Sequence[Asked] = ()
) -> list[Asked]:  # fmt: skip
    """Find whom these may be, and weigh each pair once. `weighed` have found these.

    Shape    gives the statements that keep the pairs that weigh enough. `writing` are those that keep the new ones, if that is
             still to be done.
    """
    keys = {name: numbered(identity, comparing) for name, identity in new.items()}
    found, near = _found(followed(keys.values(), comparing.most), writing)
    shared, crowded = candidates(keys, found, comparing.most)
    pairs = sorted(pair for pair in shared if pair[0] not in weighed and pair[1] not in weighed)
    sides = {**near, **new}
    for some in in_portions({name for pair in pairs for name in pair} - sides.keys(), _BLOCK):
        sides |= queries.identities_of(some)
    for name, key in shared_numbers(new, sides).items():
        crowded.setdefault(name, []).append(key)
    kept = _weigh(pairs, sides, comparing)
    return [
        *_crowded_rows(new, crowded, at),
        *_rows(_PAIRS, [_pair_row(pair, comparing.name) for pair in kept]),
    ]


def _found(
    keys: Mapping[int, int], writing: Sequence[Asked]
) -> tuple[list[tuple[int, str]], dict[str, Identity]]:
    """(key, identity) of whom stands under these keys; and where it is few keys, the identities that may be compared.

    Shape    `keys` says how many identities may share each.
    """
    if len(keys) <= _FEW_KEYS:
        return queries.near(keys, writing)
    together(*writing)
    found = [queries.under_keys(dict(portion)) for portion in in_portions(keys.items())]
    return list(chain.from_iterable(found)), {}


def _weigh(
    pairs: Sequence[tuple[str, str]], sides: Mapping[str, Identity], comparing: Comparing
) -> list[Weighed]:
    """The pairs that weigh enough to be kept. Whoever stands in many is prepared once."""
    artefact = comparing.artefact
    ready = {
        name: prepare(telling(artefact, sides[name])) for name in {name for pair in pairs for name in pair}
    }
    weighed = (weigh_if_possible(artefact, ready[one], ready[other]) for one, other in pairs)
    return [pair for pair in weighed if pair is not None]


def _pair_row(pair: Weighed, artefact: str) -> tuple[Any, ...]:
    parts = [[said.field, said.level, said.bits] for said in pair.contributions]
    return pair.one, pair.other, pair.weight, str(pair.zone), Jsonb(parts), pair.forbids, artefact


def _crowded_rows(
    new: Mapping[str, Identity], crowded: Mapping[str, Sequence[Crowded]], at: datetime
) -> list[Asked]:
    """The statements that remember for each agency which of its keys are shared by too many, so that it can be told."""
    told: dict[tuple[int, str], Crowded] = {}
    for name, keys in crowded.items():
        told.update(((key.key, new[name].agency), key) for key in keys)
    return [
        (_CROWDED, [number, agency, key.rule, key.members, at])
        for (number, agency), key in sorted(told.items())
    ]


_CROWDED: Final = (
    "INSERT INTO people_crowdedkey (key, agency, rule, members, noticed_at) VALUES (%s, %s, %s, %s, %s) "
    "ON CONFLICT (key, agency) DO UPDATE SET rule = EXCLUDED.rule, members = EXCLUDED.members, noticed_at = EXCLUDED.noticed_at"
)


# -- settled --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Settled:
    """What a component was, and what it comes to."""

    was: Component
    binding: Binding
    assigned: Assigned


def _settle(
    by: str, purpose: str, at: datetime, touched: Collection[str], salts: Salts, comparing: Comparing,
    *, writing: Sequence[Asked] = (), remember: Sequence[Asked] = (),
) -> int:  # fmt: skip
    """Settle, after the statements of `writing`, and write what follows; those of `remember` go on the same way."""
    done = _settled(touched, at, comparing.artefact, writing=writing)
    links = done.was.links
    moved = [
        (identity, person)
        for identity, person in done.assigned.person_of.items()
        if identity not in links or links[identity].person != person
    ]
    if not moved:
        together(*remember)
        return 0
    gone = [links[identity] for identity, _ in moved if identity in links]
    new = _new_links(done, dict(moved), comparing.name)
    followers = _followers(done, at)
    there = {link.person for link in links.values()}
    _store(by, purpose, at, new, salts, gone=gone, there=there, remember=remember)
    for person, users in followers.items():
        for user, relation in sorted(users):
            relate(by=by, purpose=purpose, at=at, user=user, relation=relation, persons=[person],
                   authority="follows a decision that two persons are one", salts=salts)  # fmt: skip
    return len(new)


def persons_if(
    *, by: str, purpose: str, at: datetime, identities: Collection[str], supposing: Sequence[InForce]
) -> dict[str, str]:
    """identity -> the person that it would be, were these decisions in force, for their whole components. Nothing is written."""
    artefact = queries.comparing_in_force().artefact
    return dict(_settled(identities, at, artefact, supposing).assigned.person_of)


def _settled(
    touched: Collection[str], at: datetime, artefact: Artefact, supposing: Sequence[InForce] = (),
    writing: Sequence[Asked] = (),
) -> _Settled:  # fmt: skip
    """The components of these identities: how they stand, and who is who; `supposing` some decisions beside those in force."""
    was = queries.component(touched, writing)
    bound = queries.binding(was, supposing)
    groups = settle(
        _without_two_declared(was.pairs.values(), was.ready),
        bound.decided,
        [said.identity for said in was.ready.values()],
        artefact.lower,
    )
    assigned = persons_for(
        groups, queries.standings(was), viewers=_viewers(was, groups, at),
        bound=bound.by.keys(), weights={pair: said.weight for pair, said in was.pairs.items()},
        is_free=queries.is_free, at=at.isoformat(), sent_away=bound.sent_away,
    )  # fmt: skip
    return _Settled(was, bound, assigned)


def _viewers(was: Component, groups: Sequence[Collection[str]], at: datetime) -> Mapping[str, Viewers]:
    """Who stands in a relation to the persons whom it can hang on. It hangs on nobody where every group is one person at most,
    and keeps all who were that person: then nobody is joined with anybody, and nobody split off.
    """
    persons = [
        {was.links[identity].person for identity in group if identity in was.links} for group in groups
    ]
    everybody = [person for some in persons for person in some]
    whole = len(everybody) == len(set(everybody)) and was.links.keys() <= was.ready.keys()
    if whole and all(len(some) <= 1 for some in persons):
        return {}
    likely = {stable_id("person", min(group, key=lambda i: was.ready[i].learnt)) for group in groups}
    return related_to({*everybody, *(link.person for link in was.links.values()), *likely}, at)


def _without_two_declared(pairs: Iterable[Weighed], ready: Mapping[str, Known]) -> list[Weighed]:
    """Without the pairs of which a sender says outright that they are two: it gives each a name of its own."""

    def names(pair: Weighed) -> set[str]:
        return {
            ready[side].reference if side in ready and ready[side].declared else ""
            for side in (pair.one, pair.other)
        }

    return [pair for pair in pairs if "" in (named := names(pair)) or len(named) == 1]


def _followers(done: _Settled, at: datetime) -> dict[str, frozenset[tuple[str, str]]]:
    """person who is kept -> who looked after one that is no longer, and not yet after them: by a decision only."""
    wanted: dict[str, frozenset[tuple[str, str]]] = {}
    if not done.assigned.follows:
        return wanted
    related = related_to({person for pair in done.assigned.follows for person in pair}, at)
    for gone, kept in done.assigned.follows:
        more = related[gone] - related[kept]
        if more:
            wanted[kept] = wanted.get(kept, frozenset()) | more
    return wanted


def _new_links(done: _Settled, moved: Mapping[str, str], artefact: str) -> list[NewLink]:
    """The links of those who are somebody else than before, each with what ties it to its person."""
    members: dict[str, list[str]] = {}
    for identity, person in done.assigned.person_of.items():
        members.setdefault(person, []).append(identity)
    for several in members.values():
        several.sort(key=lambda identity: done.was.ready[identity].learnt)
    ties = _ties(done, moved)
    ordered = sorted(moved, key=lambda identity: done.was.ready[identity].learnt)
    return [_new_link(done, identity, moved, members, ties, artefact) for identity in ordered]


def _ties(done: _Settled, moved: Mapping[str, str]) -> dict[str, list[Weighed]]:
    """identity -> its pairs, the heaviest first."""
    ties: dict[str, list[Weighed]] = {}
    for pair in sorted(done.was.pairs.values(), key=lambda p: (-p.weight, p.one, p.other)):
        for side in (pair.one, pair.other):
            if side in moved:
                ties.setdefault(side, []).append(pair)
    return ties


def _new_link(
    done: _Settled, identity: str, moved: Mapping[str, str], members: Mapping[str, Sequence[str]],
    ties: Mapping[str, Sequence[Weighed]], artefact: str,
) -> NewLink:  # fmt: skip
    person, person_of = moved[identity], done.assigned.person_of
    said = done.was.ready[identity]
    if said.declared and person == stable_id("person", "declared", said.reference):
        return NewLink(identity, person, DECLARED, {"declared": "the sender's own id for the person"})
    theirs = members[person]
    if theirs[0] == identity and all(other in moved for other in theirs):
        may_be = {person_of[o] for p in ties.get(identity, ()) if (o := _other(p, identity)) in person_of}
        return NewLink(
            identity, person, OWN, {"may_be": sorted(may_be - {person})} if may_be - {person} else {}
        )
    bound = {
        other: done.binding.by.get(sorted_pair(identity, other), "") for other in theirs if other != identity
    }
    decided = next(((other, by) for other, by in bound.items() if by not in ("", DECLARED)), None)
    if decided:
        grounds: dict[str, object] = {"with": decided[0]}
        return NewLink(
            identity,
            person,
            CONFIRMED,
            grounds | ({"decision": decided[1]} if decided[1] != CONFIRMED else {}),
        )
    for pair in ties.get(identity, ()):  # the heaviest first
        other = _other(pair, identity)
        if person_of.get(other) == person and not pair.forbids:
            evidence, grounds = by_weight(pair, said.identity, done.was.ready[other].identity, artefact)
            return NewLink(
                identity,
                person,
                evidence,
                grounds if pair.zone is Zone.SAME else grounds | {"unrivalled": True},
            )
    return NewLink(identity, person, PROBABLE, {"with": next(iter(bound), "")})


def _other(pair: Weighed, identity: str) -> str:
    return pair.other if pair.one == identity else pair.one


# -- facts ----------------------------------------------------------------------------------------------------------------


def _store(
    by: str, purpose: str, at: datetime, links: Sequence[NewLink], salts: Salts, *, gone: Sequence[LiveLink] = (),
    there: Collection[str] = (), remember: Sequence[Asked] = (),
) -> None:  # fmt: skip
    """Write links, the persons whom they need, and the taking back of those that they take the place of.

    Shape    `there` are persons who are known to be there; `remember` are statements that go on the same way.
    """
    wanted = list(dict.fromkeys(link.person for link in links))
    asked = [person for person in wanted if person not in there]
    known = {*there, *queries.persons_among(asked)} if asked else there
    people = [Person(id=p, first_linked_at=at, salt=salts(SALT_BYTES)) for p in wanted if p not in known]
    before = {link.identity: link.id for link in gone}
    ended = [
        Unlink(id=stable_id("unlink", link.id), link=link.id, why=_WEIGHED_ANEW, unlinked_at=at, by=by, salt=salts(SALT_BYTES))
        for link in gone
    ]  # fmt: skip
    rows = [_link_row(link, at, by, salts, before.get(link.identity, "")) for link in links]
    facts: list[Fact] = [*ended, *people, *rows]
    writing = inserting(facts) if len(facts) <= _FEW else []
    if not writing:
        Unlink.objects.bulk_create(ended, batch_size=_BLOCK)
        Person.objects.bulk_create(people, batch_size=_BLOCK)
        Link.objects.bulk_create(rows, batch_size=_BLOCK)
    append(by=by, purpose=purpose, at=at, act="people.link", facts=[fact.committed() for fact in facts],
           writing=[*remember, *writing])  # fmt: skip


def _link_row(link: NewLink, at: datetime, by: str, salts: Salts, before: str) -> Link:
    parts = [link.identity, link.person, at.isoformat(), *([before] if before else [])]
    return Link(
        id=stable_id("link", *parts), identity=link.identity, person=link.person,
        evidence=link.evidence, grounds=link.grounds, linked_at=at, by=by, salt=salts(SALT_BYTES),
    )  # fmt: skip
