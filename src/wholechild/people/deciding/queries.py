"""What stands to be decided about identities, what was decided, and what a decision would change. Every read takes a viewer."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

from wholechild.lib.civil import Period
from wholechild.people.comparing.weighed import Contribution, Weighed, Zone
from wholechild.people.deciding.decisions import (
    CANNOT_TELL,
    DIFFERENT,
    Decided,
    Pair,
    in_force,
    pair_of,
)
from wholechild.people.deciding.showing import CLASS_OF, FIELDS, Cell, fields_of
from wholechild.people.models import Link, PairDecision, PairDecisionSeconded, PairDecisionUndone, ReviewTaken
from wholechild.records.queries import SentRecord, person_rows, records_filed_under
from wholechild.trust.queries import Told, related_to, told_about, visible
from wholechild.trust.viewers import Viewer
from wholechild.vocabulary.terms import vocabulary

#: A pair that waits longer than this is late.
LATE: Final = timedelta(days=7)
#: Two weights nearer than this are the same weight.
_SAME_WEIGHT: Final = 0.01
#: A history is shown as far back as this many records.
MOST_RECORDS: Final = 60


# -- decisions ---------------------------------------------------------------------------------------------------------


def decided_about(viewer: Viewer, identities: Collection[str]) -> list[Decided]:
    """Every decision about one of these identities, undone ones too, in the order in which they were made."""
    rows = PairDecision.objects.filter(identities__overlap=list(identities))
    return _decided(rows)


def decisions_that_bind(viewer: Viewer) -> dict[Pair, Decided]:
    """What counts now for each pair that anybody decided about; nothing about a pair whose decision waits or was undone."""
    return in_force(_decided(PairDecision.objects.all()))


def _decided(rows: Iterable[PairDecision]) -> list[Decided]:
    found = sorted(rows, key=lambda row: (row.decided_at, row.pk))
    ids = [row.pk for row in found]
    seconded = {row.decision: row for row in PairDecisionSeconded.objects.filter(decision__in=ids)}
    undone = {row.decision: row for row in PairDecisionUndone.objects.filter(decision__in=ids)}
    return [_one_decided(row, seconded.get(row.pk), undone.get(row.pk)) for row in found]


def _one_decided(
    row: PairDecision, seconded: PairDecisionSeconded | None, undone: PairDecisionUndone | None
) -> Decided:
    one, other = row.identities
    return Decided(
        row.pk, (one, other), row.decision, row.why, row.needs_second, row.decided_at, row.by,
        seconded.by if seconded else "", seconded.seconded_at if seconded else None,
        undone.undone_at if undone else None, undone.by if undone else "",
        row.shown.get("together", ""), frozenset(row.shown.get("goes", ())), row.shown,
    )  # fmt: skip


def made_together(decision: str) -> list[Decided]:
    """The decision of this id, with all that the same act made; empty where there is none."""
    row = PairDecision.objects.filter(pk=decision).first()
    if row is None:
        return []
    together = row.shown.get("together")
    return _decided(PairDecision.objects.filter(shown__together=together) if together else [row])


def waiting_for_second(viewer: Viewer, at: datetime) -> list[Decided]:
    """The decisions that wait for a second person, one of each act, the oldest first; of people whom the viewer may know of."""
    done = [PairDecisionSeconded.objects.values("decision"), PairDecisionUndone.objects.values("decision")]
    rows = PairDecision.objects.filter(needs_second=True).exclude(pk__in=done[0]).exclude(pk__in=done[1])
    waiting = _decided(rows)
    persons = persons_now({identity for one in waiting for identity in one.pair})
    seen = visible(viewer, set(persons.values()), at)
    first: dict[str, Decided] = {}
    for one in waiting:
        if all("existence" in seen.get(persons.get(i, ""), ()) for i in one.pair):
            first.setdefault(one.together or one.id, one)
    return list(first.values())


# -- who is who, and who would be ----------------------------------------------------------------------------------------


def persons_now(identities: Collection[str]) -> dict[str, str]:
    """identity -> the person whom it is linked to now."""
    return {link.identity: link.person for link in live_links(identities)}


def live_links(identities: Collection[str]) -> list[Link]:
    """The links of these identities that were not taken back."""
    return list(Link.objects.raw(_LIVE, {"identities": list(identities), "persons": []}))


def identities_of(persons: Collection[str]) -> list[str]:
    """The identities that are linked to one of these persons now, in order."""
    return [link.identity for link in Link.objects.raw(_LIVE, {"identities": [], "persons": list(persons)})]


_LIVE: Final = (
    "SELECT l.* FROM people_link l WHERE (l.identity = ANY(%(identities)s) OR l.person = ANY(%(persons)s)) "
    "AND NOT EXISTS (SELECT 1 FROM people_unlink u WHERE u.link = l.id) ORDER BY l.identity, l.linked_at, l.id"
)


def _ever_linked(persons: Collection[str]) -> list[str]:
    """Those who are, or once were, one of these persons."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT identity FROM people_link WHERE person = ANY(%s)", [list(persons)])
        return [identity for (identity,) in cursor.fetchall()]


# -- pairs that may be one person ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Possible:
    """Two people who may be one, by the two of their identities that are most alike.

    Shape    `also` is how many more pairs of their identities are alike; `since` is when both were first known.
    Missing  `taken_by` empty and `taken_at` None: nobody has it in hand. `looked_at`: somebody could not tell, and since then
             the two look more alike; None: nobody looked.
    """

    weighed: Weighed
    persons: tuple[str, str]
    agencies: tuple[str, str]
    also: int
    since: datetime
    taken_by: str
    taken_at: datetime | None
    looked_at: datetime | None

    @property
    def pair(self) -> Pair:
        return (self.weighed.one, self.weighed.other)

    def is_late(self, at: datetime) -> bool:
        return at - self.since > LATE


def review_queue(viewer: Viewer, at: datetime) -> tuple[Possible, ...]:
    """The people who may be one and about whom nobody has decided, those that wait longest first.

    Shape    only where the viewer may know of both; of two people the pair of identities that is most alike.
    Missing  those who are possibly one and whom nobody is asked about: they stand in `possible_for`.
    """
    return _possible(viewer, at, _pairs_apart("WHERE p.zone <> 'faint'", []))


def possible_for(viewer: Viewer, person: str, at: datetime) -> tuple[Possible, ...]:
    """Who may be one with this person, as far as nobody has decided; those too about whom nobody is asked."""
    own = identities_of([person])
    return _possible(viewer, at, _pairs_apart("WHERE p.one = ANY(%s) OR p.other = ANY(%s)", [own, own]))


@dataclass(frozen=True, slots=True)
class _Apart:
    """A pair that was weighed, and the two persons whom it is about."""

    weighed: Weighed
    persons: tuple[str, str]
    agencies: tuple[str, str]
    since: datetime


def _possible(viewer: Viewer, at: datetime, found: Sequence[_Apart]) -> tuple[Possible, ...]:
    seen = visible(viewer, {person for one in found for person in one.persons}, at)
    allowed = [one for one in found if all("existence" in seen[person] for person in one.persons)]
    best: dict[tuple[str, ...], _Apart] = {}
    for one in sorted(allowed, key=lambda a: (-a.weighed.weight, a.weighed.one, a.weighed.other)):
        best.setdefault(tuple(sorted(one.persons)), one)
    several = Counter(tuple(sorted(one.persons)) for one in allowed)
    settled = _settled_persons()
    taken = _taken()
    items = [
        _item(
            one, several[persons] - 1, settled.get(persons), taken.get((one.weighed.one, one.weighed.other))
        )
        for persons, one in best.items()
        if not _is_settled(one, settled.get(persons))
    ]
    return tuple(sorted(items, key=lambda item: (item.since, item.pair)))


def _item(one: _Apart, also: int, looked: Decided | None, taken: ReviewTaken | None) -> Possible:
    return Possible(
        one.weighed, one.persons, one.agencies, also, one.since, taken.by if taken else "", taken.taken_at if taken else None,
        looked.decided_at if looked else None,
    )  # fmt: skip


def _is_settled(one: _Apart, decided: Decided | None) -> bool:
    """Whether somebody has decided, or could not tell from as much as there is now."""
    if decided is None:
        return False
    if decided.decision != CANNOT_TELL:
        return True
    then = decided.shown.get("weight")
    return isinstance(then, int | float) and one.weighed.weight <= then + _SAME_WEIGHT


def _settled_persons() -> dict[tuple[str, ...], Decided]:
    """Two persons -> the last decision between them that binds, or that waits for a second person."""
    every = _decided(PairDecision.objects.all())
    counting = [*in_force(every).values(), *(one for one in every if one.waits)]
    persons = persons_now({identity for one in counting for identity in one.pair})
    found: dict[tuple[str, ...], Decided] = {}
    for one in sorted(counting, key=lambda d: (d.decision != CANNOT_TELL, d.decided_at)):
        both = tuple(sorted(persons[i] for i in one.pair if i in persons))
        found[both] = one
    return found


def _taken() -> dict[Pair, ReviewTaken]:
    """Pair -> who has it in hand."""
    last: dict[Pair, ReviewTaken] = {}
    for row in ReviewTaken.objects.order_by("taken_at", "pk"):
        one, other = row.identities
        last[one, other] = row
    return {pair: row for pair, row in last.items() if not row.gives_back}


def _pairs_apart(where: str, parameters: list[Any]) -> list[_Apart]:
    """The pairs that were weighed as possible or more, and that are two persons now."""
    with connection.cursor() as cursor:
        cursor.execute(_PAIRS.format(where=where), parameters)
        rows = cursor.fetchall()
    return [_Apart(_weighed(row[:6]), (row[6], row[7]), (row[8], row[9]), row[10]) for row in rows]


_PAIRS: Final = (
    "SELECT p.one, p.other, p.weight, p.zone, p.contributions::text, p.forbids, one.person, other.person, "
    "(SELECT d.agency FROM records_personrow d WHERE d.identity = p.one ORDER BY d.version DESC LIMIT 1), "
    "(SELECT d.agency FROM records_personrow d WHERE d.identity = p.other ORDER BY d.version DESC LIMIT 1), "
    "greatest((SELECT min(linked_at) FROM people_link WHERE identity = p.one), "
    "(SELECT min(linked_at) FROM people_link WHERE identity = p.other)) "
    "FROM people_pair p JOIN people_link one ON one.identity = p.one "
    "AND NOT EXISTS (SELECT 1 FROM people_unlink u WHERE u.link = one.id) "
    "JOIN people_link other ON other.identity = p.other "
    "AND NOT EXISTS (SELECT 1 FROM people_unlink u WHERE u.link = other.id) AND other.person <> one.person {where}"
)


def weighed_pair(viewer: Viewer, one: str, other: str) -> Weighed | None:
    """How two identities were weighed; None where they were not found to be alike."""
    low, high = pair_of(one, other)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT one, other, weight, zone, contributions::text, forbids FROM people_pair WHERE one = %s AND other = %s",
            [low, high],
        )
        row = cursor.fetchone()
    return _weighed(row) if row else None


def _weighed(row: Sequence[Any]) -> Weighed:
    one, other, weight, zone, contributions, forbids = row
    return Weighed(
        one,
        other,
        weight,
        tuple(_contribution(part) for part in json.loads(contributions)),
        Zone(zone),
        forbids,
    )


def _contribution(part: Any) -> Contribution:
    field, level, bits = part
    return Contribution(field, level, bits)


# -- two identities side by side -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RecordLine:
    """One record of a history: what, when, who wrote it down, and in which words."""

    record: str
    agency: str
    kind_title: str
    happened: Period
    what: str


@dataclass(frozen=True, slots=True)
class Side:
    """One of two identities: what its agency says, and the history of the person that it is now.

    Shape    `details` has a cell for each of `FIELDS`; `with_agencies` are the agencies of the other identities of that person.
    Missing  `history` None: the viewer may not read records about this person, whether there are any or not. `withheld` is how
             many records are of a kind that the viewer may not read.
    """

    identity: str
    person: str
    agency: str
    details: Mapping[str, Cell]
    with_agencies: tuple[str, ...]
    history: tuple[RecordLine, ...] | None
    withheld: int
    more: int


@dataclass(frozen=True, slots=True)
class Review:
    """Two identities, side by side, with what was weighed and what was decided about the two."""

    sides: tuple[Side, Side]
    weighed: Weighed | None
    one_person: bool
    decided: tuple[Decided, ...]
    waits: Decided | None
    binds: Decided | None
    taken_by: str
    taken_at: datetime | None
    since: datetime


def review(viewer: Viewer, one: str, other: str, at: datetime) -> Review | None:
    """Two identities as this viewer may see them; None where there is one of them that the viewer may not know of."""
    pair = pair_of(one, other)
    persons = persons_now(pair)
    seen = visible(viewer, set(persons.values()), at)
    if len(persons) < 2 or not all("existence" in seen[person] for person in persons.values()):
        return None
    decided = [d for d in decided_about(viewer, pair) if d.pair == pair]
    taken = _taken().get(pair)
    links = Link.objects.filter(identity__in=pair).order_by("-linked_at")
    first = [links.filter(identity=identity).last() for identity in pair]
    return Review(
        (_side(viewer, pair[0], persons[pair[0]], seen), _side(viewer, pair[1], persons[pair[1]], seen)),
        weighed_pair(viewer, *pair), persons[pair[0]] == persons[pair[1]], tuple(decided),
        next((d for d in reversed(decided) if d.waits), None), in_force(decided).get(pair),
        taken.by if taken else "", taken.taken_at if taken else None, max(link.linked_at for link in first if link),
    )  # fmt: skip


def _side(viewer: Viewer, identity: str, person: str, seen: Mapping[str, frozenset[str]]) -> Side:
    classes = seen[person]
    own = identities_of([person])
    rows = person_rows(viewer, own)
    latest = {held.row.identity: held.row for held in sorted(rows, key=lambda held: held.known_from)}
    row = latest.get(identity)
    lines, withheld, more = _history(viewer, own, classes)
    return Side(
        identity, person, row.agency if row else "",
        {field: Cell(value, CLASS_OF[field] in classes) for field, value in fields_of(row).items()} if row else dict.fromkeys(FIELDS, Cell("", True)),
        tuple(sorted({other.agency for key, other in latest.items() if key != identity})), lines, withheld, more,
    )  # fmt: skip


def _history(
    viewer: Viewer, identities: Collection[str], classes: Collection[str]
) -> tuple[tuple[RecordLine, ...] | None, int, int]:
    """(the latest records, the newest first; how many may not be read; how many more there are)."""
    if "content" not in classes:
        return None, 0, 0
    records = _last_versions(records_filed_under(viewer, identities))
    may_read = [sent for sent in records if vocabulary().kinds[sent.record.kind].data_class in classes]
    lines = sorted((_line(sent) for sent in may_read), key=lambda line: (line.happened.first, line.record))[
        ::-1
    ]
    return tuple(lines[:MOST_RECORDS]), len(records) - len(may_read), max(0, len(lines) - MOST_RECORDS)


def _last_versions(records: Iterable[SentRecord]) -> list[SentRecord]:
    last = {(sent.record.agency.id, sent.record.reference): sent for sent in records}
    return [sent for sent in last.values() if sent.record.withdrawn_at is None]


def _line(sent: SentRecord) -> RecordLine:
    record = sent.record
    title = vocabulary().kinds[record.kind].title
    return RecordLine(record.id, record.agency.id, title, record.happened, record.what)


# -- one person, explained -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Linked:
    """Why an identity is this person: the link that says so. `by` is who made it, `decision` the decision behind it, if any."""

    identity: str
    agency: str
    evidence: str
    grounds: Mapping[str, Any]
    linked_at: datetime
    by: str
    records: int


@dataclass(frozen=True, slots=True)
class Explained:
    """Who a person is made of, and what was decided about it. `works_with` is how many people work with this person."""

    person: str
    linked: tuple[Linked, ...]
    decided: tuple[Decided, ...]
    possible: tuple[Possible, ...]
    moved_to: tuple[str, ...]


def explained(viewer: Viewer, person: str, at: datetime) -> Explained | None:
    """Which identities are this person and why; None where there is nobody whom the viewer may know of.

    Shape    `moved_to` are the persons that its identities are now, where none is left: those that the viewer may know of.
    """
    if "existence" not in visible(viewer, [person], at)[person]:
        return None
    ever = _ever_linked([person])
    if not ever:
        return None
    links = [link for link in live_links(ever) if link.person == person]
    own = [link.identity for link in links]
    agencies = {held.row.identity: held.row.agency for held in person_rows(viewer, own)}
    counts = _records_of(viewer, own)
    linked = tuple(
        Linked(
            link.identity, agencies.get(link.identity, ""), link.evidence, link.grounds, link.linked_at, link.by,
            counts[link.identity],
        )
        for link in links
    )  # fmt: skip
    return Explained(
        person, linked, tuple(decided_about(viewer, own)), possible_for(viewer, person, at),
        moved_to(viewer, person, at),
    )  # fmt: skip


def moved_to(viewer: Viewer, person: str, at: datetime) -> tuple[str, ...]:
    """The persons that the identities of a person are now, where none is left with it: those whom the viewer may know of."""
    now = persons_now(_ever_linked([person]))
    if person in now.values():
        return ()
    seen = visible(viewer, set(now.values()), at)
    return tuple(sorted(other for other in seen if "existence" in seen[other]))


def _records_of(viewer: Viewer, identities: Collection[str]) -> Counter[str]:
    """How many records are filed under each identity."""
    found: Counter[str] = Counter()
    for sent in _last_versions(records_filed_under(viewer, identities)):
        found.update(set(sent.identities) & set(identities))
    return found


# -- what would change -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Move:
    """An identity that would be another person. `to` may be a person that is not there yet."""

    identity: str
    agency: str
    now: str
    to: str


@dataclass(frozen=True, slots=True)
class Consequences:
    """What a decision would change: whose records stand where, who was told, and who works with whom.

    Shape    `records` are the ids of all records that would stand in another picture; `lines` those that the viewer may read.
             `told` are the people who were shown a picture in which these records stood wrongly: of a split only. `works_with`
             is person -> how many people work with that person by name: their access does not follow a record.
    """

    moves: tuple[Move, ...]
    records: tuple[str, ...]
    lines: tuple[RecordLine, ...]
    told: tuple[Told, ...]
    works_with: Mapping[str, int]


def consequences(
    viewer: Viewer, more: Sequence[Decided], then: Mapping[str, str], at: datetime
) -> Consequences:
    """What would change, were these decisions binding. `then` is identity -> the person that it would be."""
    now = persons_now(then)
    moving = sorted(i for i, person in then.items() if now.get(i, person) != person)
    agencies = {held.row.identity: held.row.agency for held in person_rows(viewer, moving)}
    moves = tuple(Move(i, agencies.get(i, ""), now[i], then[i]) for i in moving)
    sent = _last_versions(records_filed_under(viewer, moving)) if moving else []
    classes = visible(viewer, {move.now for move in moves}, at)
    readable = set().union(*classes.values()) if classes else set()
    shown = [
        s for s in sent if "content" in readable and vocabulary().kinds[s.record.kind].data_class in readable
    ]
    persons = {person for move in moves for person in (move.now, move.to)}
    return Consequences(
        moves, tuple(s.record.id for s in sent), tuple(_line(s) for s in shown), _told(more, moves),
        {person: len({user for user, _ in held}) for person, held in related_to(persons, at).items()},
    )  # fmt: skip


def _told(more: Sequence[Decided], moves: Sequence[Move]) -> tuple[Told, ...]:
    """Who was shown the records that a split takes away, since each was linked to where it does not belong."""
    if not any(one.decision == DIFFERENT for one in more):
        return ()
    since: dict[str, datetime] = {}
    for link in live_links([move.identity for move in moves]):
        since[link.person] = min(link.linked_at, since.get(link.person, link.linked_at))
    return tuple(one for person, moment in sorted(since.items()) for one in told_about(person, moment))
