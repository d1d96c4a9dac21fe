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
from wholechild.people.arriving.keyed import Comparing, Crowded, candidates, numbered, shared_numbers
from wholechild.people.arriving.queries import (
    COLUMNS,
    Binding,
    InForce,
    Known,
    LiveLink,
    in_portions,
    sorted_pair,
)
from wholechild.people.assigning import Assigned, persons_for
from wholechild.people.comparing.clustering import settle
from wholechild.people.comparing.identity import Identity
from wholechild.people.comparing.scoring import weigh
from wholechild.people.comparing.weighed import Weighed, Zone
from wholechild.people.linking import CONFIRMED, DECLARED, OWN, PROBABLE, NewLink, by_weight
from wholechild.people.models import CrowdedKey, Link, LinkedUpTo, Person, Unlink
from wholechild.people.searching.actions import index_for_search
from wholechild.records.ids import stable_id
from wholechild.trust.actions import SALT_BYTES, Salts, append, relate
from wholechild.trust.models import Fact
from wholechild.trust.queries import head, related_to

#: One linker at a time decides who is new and who is one, so that two deliveries cannot make two persons of one.
_LINKING_LOCK: Final = 0x6C696E6B
_BLOCK: Final = 5_000
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
        _alone()
        upto, after = head().leaves, queries.linked_up_to()
        told = queries.told_between(after, upto)
        made = 0
        if told:
            touched = _take_in(told, comparing or queries.comparing_in_force(), at)
            index_for_search(by=by, purpose=purpose, at=at, identities=told)
            made = _settle(by, purpose, at, touched, salts)
        if upto > after:
            _remember(upto)
    return made


def settle_identities(
    *, by: str, purpose: str, at: datetime, identities: Collection[str], salts: Salts
) -> int:
    """Settle the components of these identities anew, by the pairs and decisions in force, and write the links that follow.

    Shape    gives the number of new links; one transaction, which may be part of the caller's: of a decision, for example.
    """
    with transaction.atomic():
        _alone()
        return _settle(by, purpose, at, set(identities), salts)


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
        told = queries.told_between(0, upto)
        ready, pairs = queries.marks_of_ready(), queries.marks_of_pairs()
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM people_pair; DELETE FROM people_blockingkey; DELETE FROM people_crowdedkey; DELETE FROM people_compared"
            )
        touched = _take_in(told, chosen, at)
        moved = _settle(by, purpose, at, touched, salts)
        _remember(upto)
        after = queries.marks_of_ready()
        done = Reconciled(len(after), len(ready ^ after), len(pairs ^ queries.marks_of_pairs()), moved)
        if not repair:
            transaction.set_rollback(True)
    return done


def _alone() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0; SET LOCAL plan_cache_mode = force_generic_plan")
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LINKING_LOCK])


def _remember(leaf: int) -> None:
    if not LinkedUpTo.objects.update(leaf=leaf):
        LinkedUpTo.objects.create(leaf=leaf)


# -- made ready, under keys, and weighed ----------------------------------------------------------------------------------


def _take_in(told: Collection[str], comparing: Comparing, at: datetime) -> set[str]:
    """Make ready whom something was told of, and weigh those of whom something changed. Gives whom settling concerns."""
    touched: set[str] = set()
    changed: list[str] = []
    for portion in in_portions(sorted(told)):
        before, now = queries.known(portion), queries.made_ready(portion)
        anew = {identity: said for identity, said in now.items() if before.get(identity) != said}
        gone = [before[identity] for identity in before if identity in anew or identity not in now]
        touched |= _forget(gone, comparing)
        _store_ready(anew.values(), comparing)
        changed += anew
    weighed: set[str] = set()
    for names in in_portions(changed, _PORTION):
        _weigh_new(queries.identities_of(names), weighed, comparing, at)
        weighed.update(names)
    return touched.union(changed)


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


_COPY_READY: Final = f"COPY people_compared (reference, declared, learnt_at, {', '.join(COLUMNS)}) FROM STDIN"
_COPY_KEYS: Final = "COPY people_blockingkey (key, identity) FROM STDIN"
_COPY_PAIRS: Final = (
    "COPY people_pair (one, other, weight, zone, contributions, forbids, artefact) FROM STDIN"
)


def _copy(statement: str, lines: Iterable[Sequence[Any]]) -> None:
    connection.ensure_connection()
    with connection.connection.cursor() as cursor, cursor.copy(statement) as copy:
        for line in lines:
            copy.write_row(line)


def _store_ready(ready: Collection[Known], comparing: Comparing) -> None:
    if not ready:
        return
    _copy(_COPY_READY, ((r.reference, r.declared, r.learnt_at, *_cells(r.identity)) for r in ready))
    _copy(_COPY_KEYS, ((key, r.identity.id) for r in ready for key in numbered(r.identity, comparing)))


def _cells(identity: Identity) -> list[Any]:
    return [list(cell) if isinstance(cell, tuple) else cell for cell in astuple(identity)]


def _weigh_new(
    new: Mapping[str, Identity], weighed: Collection[str], comparing: Comparing, at: datetime
) -> None:
    """Find whom these may be, weigh each pair once, and keep the pairs that weigh enough. `weighed` have found these."""
    keys = {name: numbered(identity, comparing) for name, identity in new.items()}
    asked = sorted(set(chain.from_iterable(keys.values())))
    found = chain.from_iterable(queries.under_keys(some, comparing.most + 1) for some in in_portions(asked))
    shared, crowded = candidates(keys, found, comparing.most)
    pairs = sorted(pair for pair in shared if pair[0] not in weighed and pair[1] not in weighed)
    sides = dict(new)
    for some in in_portions({name for pair in pairs for name in pair} - new.keys(), _BLOCK):
        sides |= queries.identities_of(some)
    for name, key in shared_numbers(new, sides).items():
        crowded.setdefault(name, []).append(key)
    _note_crowded(new, crowded, at)
    results = (weigh(comparing.artefact, sides[one], sides[other]) for one, other in pairs)
    kept = [pair for pair in results if pair.zone is not Zone.DIFFERENT]
    if kept:
        _copy(_COPY_PAIRS, (_pair_row(pair, comparing.name) for pair in kept))


def _pair_row(pair: Weighed, artefact: str) -> tuple[Any, ...]:
    parts = [[said.field, said.level, said.bits] for said in pair.contributions]
    return pair.one, pair.other, pair.weight, str(pair.zone), Jsonb(parts), pair.forbids, artefact


def _note_crowded(
    new: Mapping[str, Identity], crowded: Mapping[str, Sequence[Crowded]], at: datetime
) -> None:
    """Remember for each agency which of its keys are shared by too many, so that it can be told."""
    told: dict[tuple[int, str], Crowded] = {}
    for name, keys in crowded.items():
        told.update(((key.key, new[name].agency), key) for key in keys)
    for (number, agency), key in told.items():
        said = {"rule": key.rule, "members": key.members, "noticed_at": at}
        if not CrowdedKey.objects.filter(key=number, agency=agency).update(**said):
            CrowdedKey.objects.create(key=number, agency=agency, **said)


# -- settled --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Settled:
    """What a component was, and what it comes to."""

    ready: Mapping[str, Known]
    links: Mapping[str, LiveLink]
    pairs: Mapping[tuple[str, str], Weighed]
    binding: Binding
    assigned: Assigned


def _settle(by: str, purpose: str, at: datetime, touched: Collection[str], salts: Salts) -> int:
    done = _settled(touched, at)
    moved = [
        (identity, person)
        for identity, person in done.assigned.person_of.items()
        if identity not in done.links or done.links[identity].person != person
    ]
    if not moved:
        return 0
    gone = [done.links[identity] for identity, _ in moved if identity in done.links]
    new = _new_links(done, dict(moved))
    followers = _followers(done, at)
    _store(by, purpose, at, new, salts, gone=gone)
    for person, users in followers.items():
        for user, relation in sorted(users):
            relate(by=by, purpose=purpose, at=at, user=user, relation=relation, persons=[person],
                   authority="follows a decision that two persons are one", salts=salts)  # fmt: skip
    return len(new)


def persons_if(
    *, by: str, purpose: str, at: datetime, identities: Collection[str], supposing: Sequence[InForce]
) -> dict[str, str]:
    """identity -> the person that it would be, were these decisions in force, for their whole components. Nothing is written."""
    return dict(_settled(identities, at, supposing).assigned.person_of)


def _settled(touched: Collection[str], at: datetime, supposing: Sequence[InForce] = ()) -> _Settled:
    """The components of these identities: how they stand, and who is who; `supposing` some decisions beside those in force."""
    component = queries.component_of(touched)
    ready, links = queries.known(component), queries.live_links(component)
    pairs = {(pair.one, pair.other): pair for pair in queries.pairs_among(component)}
    bound = queries.binding(component, ready, links, supposing)
    groups = settle(
        _without_two_declared(pairs.values(), ready),
        bound.decided,
        [said.identity for said in ready.values()],
    )
    persons = {link.person for link in links.values()}
    likely = {stable_id("person", min(group, key=lambda i: ready[i].learnt)) for group in groups}
    assigned = persons_for(
        groups, queries.standings(component, ready, links), viewers=related_to(persons | likely, at),
        bound=bound.by.keys(), weights={pair: said.weight for pair, said in pairs.items()},
        is_free=queries.is_free, at=at.isoformat(), sent_away=bound.sent_away,
    )  # fmt: skip
    return _Settled(ready, links, pairs, bound, assigned)


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


def _new_links(done: _Settled, moved: Mapping[str, str]) -> list[NewLink]:
    """The links of those who are somebody else than before, each with what ties it to its person."""
    members: dict[str, list[str]] = {}
    for identity, person in done.assigned.person_of.items():
        members.setdefault(person, []).append(identity)
    for several in members.values():
        several.sort(key=lambda identity: done.ready[identity].learnt)
    ties = _ties(done, moved)
    artefact = queries.comparing_in_force().name
    ordered = sorted(moved, key=lambda identity: done.ready[identity].learnt)
    return [_new_link(done, identity, moved, members, ties, artefact) for identity in ordered]


def _ties(done: _Settled, moved: Mapping[str, str]) -> dict[str, list[Weighed]]:
    """identity -> its pairs, the heaviest first."""
    ties: dict[str, list[Weighed]] = {}
    for pair in sorted(done.pairs.values(), key=lambda p: (-p.weight, p.one, p.other)):
        for side in (pair.one, pair.other):
            if side in moved:
                ties.setdefault(side, []).append(pair)
    return ties


def _new_link(
    done: _Settled, identity: str, moved: Mapping[str, str], members: Mapping[str, Sequence[str]],
    ties: Mapping[str, Sequence[Weighed]], artefact: str,
) -> NewLink:  # fmt: skip
    person, person_of = moved[identity], done.assigned.person_of
    said = done.ready[identity]
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
    for pair in ties.get(identity, ()):
        other = _other(pair, identity)
        if person_of.get(other) == person and pair.zone is Zone.SAME:
            evidence, grounds = by_weight(pair, said.identity, done.ready[other].identity, artefact)
            return NewLink(identity, person, evidence, grounds)
    return NewLink(identity, person, PROBABLE, {"with": next(iter(bound), "")})


def _other(pair: Weighed, identity: str) -> str:
    return pair.other if pair.one == identity else pair.one


# -- facts ----------------------------------------------------------------------------------------------------------------


def _store(
    by: str, purpose: str, at: datetime, links: Sequence[NewLink], salts: Salts, *, gone: Sequence[LiveLink] = ()
) -> None:  # fmt: skip
    """Write links, the persons whom they need, and the taking back of those that they take the place of."""
    wanted = list(dict.fromkeys(link.person for link in links))
    there = set(Person.objects.filter(pk__in=wanted).values_list("pk", flat=True))
    people = [Person(id=p, first_linked_at=at, salt=salts(SALT_BYTES)) for p in wanted if p not in there]
    before = {link.identity: link.id for link in gone}
    ended = [
        Unlink(id=stable_id("unlink", link.id), link=link.id, why=_WEIGHED_ANEW, unlinked_at=at, by=by, salt=salts(SALT_BYTES))
        for link in gone
    ]  # fmt: skip
    rows = [_link_row(link, at, by, salts, before.get(link.identity, "")) for link in links]
    Unlink.objects.bulk_create(ended, batch_size=_BLOCK)
    Person.objects.bulk_create(people, batch_size=_BLOCK)
    Link.objects.bulk_create(rows, batch_size=_BLOCK)
    facts: list[Fact] = [*ended, *people, *rows]
    append(by=by, purpose=purpose, at=at, act="people.link", facts=(fact.committed() for fact in facts))


def _link_row(link: NewLink, at: datetime, by: str, salts: Salts, before: str) -> Link:
    parts = [link.identity, link.person, at.isoformat(), *([before] if before else [])]
    return Link(
        id=stable_id("link", *parts), identity=link.identity, person=link.person,
        evidence=link.evidence, grounds=link.grounds, linked_at=at, by=by, salt=salts(SALT_BYTES),
    )  # fmt: skip
