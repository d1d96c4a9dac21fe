"""What adds up, as it can be asked for: a child's history, a child's picture, and the worklist of matches."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db import connection

from wholechild.lib.civil import DAY, FOREVER, civil, day_of, day_start, say_day
from wholechild.patterns.assembling import Contact, Feed, Names, Sight, assemble
from wholechild.patterns.explain import say_agency
from wholechild.patterns.history import ChildHistory, Covered, Observation
from wholechild.patterns.joining import (
    Belonging,
    Described,
    Linked,
    covered,
    describe,
    join_belonging,
    join_described,
)
from wholechild.patterns.language.lesson import Lesson
from wholechild.patterns.life.force import for_child
from wholechild.patterns.life.queries import lesson_of
from wholechild.patterns.memory import (
    MOST_LEAVES,
    Arrival,
    Circle,
    Memory,
    News,
    Remembered,
    Since,
    sorted_out,
)
from wholechild.patterns.models import Match, Watch
from wholechild.patterns.noting import Asked, Noted, Said, look_again, spells_of
from wholechild.patterns.picture import ChildPicture, FamilyMember
from wholechild.people.queries import (
    Gathered,
    Named,
    children,
    children_among,
    gather,
    identities_in,
    names_of,
    people_around,
    people_ever,
    people_living_in,
)
from wholechild.records.queries import (
    arrived,
    contacts,
    coverage_rows,
    deliveries_withdrawn_by,
    last_heard,
    named_with,
    touched_by,
)
from wholechild.trust.ledger import Head
from wholechild.trust.queries import head, leaves_from, moment_of, news, visible
from wholechild.trust.viewers import Viewer, system
from wholechild.vocabulary.terms import vocabulary

#: Children are gathered so many at a time: enough to spare round trips, few enough for memory.
AT_A_TIME = 500


def histories(viewer: Viewer, children: Sequence[str], at: datetime) -> Iterator[ChildHistory]:
    """The joined history of each child, in the order given; children whom the viewer may not know of are left out."""
    coverage = covered(coverage_rows(viewer))
    for some in _some_at_a_time(children):
        gathered = gather(viewer, some, at)
        files = _filed(gathered)
        for child in some:
            if child in gathered.names:
                yield _history(child, gathered, files, coverage)


def _some_at_a_time(children: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(children), AT_A_TIME):
        yield children[start : start + AT_A_TIME]


def _filed(gathered: Gathered) -> dict[str, list[tuple[int, Described]]]:
    """person -> the records that name the person, described once and numbered."""
    files: dict[str, list[tuple[int, Described]]] = {}
    described = describe((sent.record for sent in gathered.records), _links(gathered))
    for number, record in enumerate(described):
        for person in {subject.person for subject in record.subjects}:
            files.setdefault(person, []).append((number, record))
    return files


def _history(
    child: str,
    gathered: Gathered,
    files: Mapping[str, Sequence[tuple[int, Described]]],
    coverage: tuple[Covered, ...],
) -> ChildHistory:
    records = _records_around(child, gathered, files)
    return join_described(child, gathered.family, records, coverage)


def _records_around(
    child: str, gathered: Gathered, files: Mapping[str, Sequence[tuple[int, Described]]]
) -> Collection[Described]:
    around = gathered.family.everyone_around(child)
    return dict(numbered for person in around for numbered in files.get(person, ())).values()


def _links(gathered: Gathered) -> dict[tuple[str, str], tuple[Linked, ...]]:
    """(agency, local id) -> persons, for every local id that a record here uses."""
    persons = _persons_of(gathered)
    return {
        (sent.record.agency.id, local): persons.get(identity, ())
        for sent in gathered.records
        for local, identity in zip(sent.record.about, sent.identities, strict=True)
    }


def _persons_of(gathered: Gathered) -> dict[str, tuple[Linked, ...]]:
    """identity -> persons, for every identity here that is anybody."""
    return {
        identity: tuple(Linked(link.person, link.known_from, link.known_to) for link in links)
        for identity, links in gathered.links.items()
    }


# -- one child's picture -----------------------------------------------------------------------------------------------


def child_picture(
    *, viewer: Viewer, person: str, as_known_at: date, at: datetime, lessons: Sequence[Lesson]
) -> ChildPicture | None:
    """The child's picture for this viewer, as known at the end of a day; None where there is none for this viewer.

    Missing  *absent* and *refused* are the same None: whoever may not know cannot tell them apart.
    """
    gathered = gather(viewer, [person], at)
    if person not in gathered.names:
        return None
    classes = visible(viewer, [person], at)[person]
    history = _history(person, gathered, _filed(gathered), covered(coverage_rows(viewer)))
    return assemble(
        history, _names(person, gathered, history), _family(person, gathered, day_start(as_known_at) + DAY - 1),
        for_child(lessons, history, civil(at)),
        as_known_at=as_known_at, contacts=_contacts(viewer), feeds=_feeds(viewer), sight=sight_of(classes),
    )  # fmt: skip


def sight_of(classes: Collection[str]) -> Sight:
    """What somebody entitled to these classes of data may read of a record: the class of its kind decides."""

    def may_read(observation: Observation) -> bool:
        return vocabulary().kinds[observation.kind].data_class in classes

    return Sight(may_read)


def _names(person: str, gathered: Gathered, history: ChildHistory) -> Names:
    area = max(history.areas, key=lambda home: home.lived_from).area if history.areas else ""
    called = {name.person: name.words for name in gathered.names.values()}
    return Names(called, gathered.names[person].born, area)


def _family(child: str, gathered: Gathered, at: int) -> tuple[FamilyMember, ...]:
    """Everybody who belongs to the child, once each, as first known; in the home, as far as was known at an instant."""
    family = gathered.family
    residents = {
        r.person
        for r in family.lived_with(child)
        if r.held.began <= at < r.held.ended and r.held.known_from <= at < r.held.known_to
    }
    members: dict[str, FamilyMember] = {}
    ties = [(t.other, t.relation, t.held) for t in family.ties if t.child == child]
    ties += [(r.person, r.relation, r.held) for r in family.siblings_of(child)]
    for other, relation, held in sorted(ties, key=lambda tie: tie[2].known_from):
        if other not in members:
            known = day_of(max(held.known_from, 0))
            members[other] = FamilyMember(
                other, gathered.names[other].words if other in gathered.names else "", relation,
                vocabulary().relations[relation].title, _since(held.began), known, other in residents,
            )  # fmt: skip
    return tuple(members.values())


def _since(began: int) -> str:
    return f"since {say_day(day_of(began))}" if began > -FOREVER else ""


def _contacts(viewer: Viewer) -> dict[str, Contact]:
    return {
        agency: Contact(row.phone, row.hours, row.contact_role) for agency, row in contacts(viewer).items()
    }


def _feeds(viewer: Viewer) -> list[Feed]:
    heard = last_heard(viewer)
    return [
        Feed(
            feed.agency.id,
            day_of(civil(feed.live_from)),
            day_of(civil(feed.live_to)) if feed.live_to else None,
            day_of(civil(heard[feed.agency.id])) if feed.agency.id in heard else None,
        )
        for feed in coverage_rows(viewer)
    ]


# -- the worklist ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WorklistItem:
    """One match that holds today, for a child whom this viewer works with."""

    match: str
    person: str
    child_name: str
    lesson: str
    title: str
    sentence: str
    held_from: date
    agencies: tuple[str, ...]
    next_step: str
    next_step_by: str
    next_step_clock: str


def worklist(*, viewer: Viewer, at: datetime, lessons: Sequence[Lesson]) -> tuple[WorklistItem, ...]:
    """The matches that hold at a moment, newest first, for the children whom the viewer may read about.

    Shape    each in the words of the version that raised it, whichever version runs now.
    """
    rows = open_matches(at)
    classes = visible(viewer, list({row.person for row in rows}), at)
    rows = [row for row in rows if "content" in classes[row.person]]
    names = names_of(viewer, list({row.person for row in rows}), at)
    given = {(lesson.id, lesson.version): lesson for lesson in lessons}
    found = [
        (row, given.get((row.lesson, row.version)) or lesson_of(row.lesson, row.version)) for row in rows
    ]
    return tuple(_item(row, names, lesson) for row, lesson in found if lesson)


def open_matches(at: datetime) -> list[Match]:
    """Every match that holds at a moment, as far as it was noted by then: begun, not ended, and its time not run out.

    Shape    the newest first; each as it was last noted, so not as its row says it began.
    """
    parameters = {"at": at, "now": civil(at), "persons": None}
    return list(Match.objects.raw(_OPEN, parameters))


def matches_resting_on(viewer: Viewer, records: Collection[str], at: datetime) -> tuple[WorklistItem, ...]:
    """The matches that hold at a moment and rest on one of these records, for whichever child the viewer may read about."""
    asked = set(records)
    rows = [row for row in open_matches(at) if asked.intersection(row.evidence)] if asked else []
    classes = visible(viewer, list({row.person for row in rows}), at)
    rows = [row for row in rows if "content" in classes[row.person]]
    names = names_of(viewer, list({row.person for row in rows}), at)
    found = [(row, lesson_of(row.lesson, row.version)) for row in rows]
    return tuple(_item(row, names, lesson) for row, lesson in found if lesson)


def _as_noted(where: str) -> str:
    """Every match with its last change, in the columns of `Match`, and with `number` and `is_open`."""
    return (
        "SELECT m.id, m.salt, m.person, m.lesson, m.version, m.held_from, m.raised_at, "
        "CASE WHEN c.id IS NULL THEN m.holds_until ELSE c.until END AS holds_until, coalesce(c.sentence, m.sentence) AS sentence, "
        "coalesce(c.evidence, m.evidence) AS evidence, coalesce(c.agencies, m.agencies) AS agencies, "
        "coalesce(c.number, 0) AS number, coalesce(c.is_open, true) AS is_open "
        "FROM patterns_match m LEFT JOIN LATERAL (SELECT * FROM patterns_matchchange c "
        f"WHERE c.match = m.id AND c.noted_at <= %(at)s ORDER BY c.number DESC LIMIT 1) c ON true WHERE {where}"
    )


_OPEN: Final = (
    f"SELECT * FROM ({_as_noted('m.held_from <= %(now)s AND m.raised_at <= %(at)s')}) AS noted "
    "WHERE is_open AND (holds_until IS NULL OR holds_until > %(now)s) ORDER BY held_from DESC, id"
)
#: What was noted of some children, to be compared with what holds: all of it, whenever it was noted.
_WATCHED: Final = (
    "SELECT p.person, w.due, n.id, n.lesson, n.version, n.number, n.is_open, n.holds_until, n.sentence, n.evidence, n.agencies "
    "FROM unnest(%(persons)s::text[]) AS p(person) LEFT JOIN patterns_watch w ON w.person = p.person LEFT JOIN LATERAL ("
    + _as_noted("m.person = p.person").replace(" AND c.noted_at <= %(at)s", "")
    + ") n ON true"
)


def _item(row: Match, names: Mapping[str, Named], lesson: Lesson) -> WorklistItem:
    return WorklistItem(
        row.pk, row.person, names[row.person].words if row.person in names else "", row.lesson, lesson.title, row.sentence,
        day_of(row.held_from), tuple(say_agency(agency) for agency in row.agencies), lesson.next_step.what,
        vocabulary().roles[lesson.next_step.by].title, lesson.next_step.clock,
    )  # fmt: skip


# -- as records arrive -------------------------------------------------------------------------------------------------


def children_concerned(first: int, last: int) -> list[str]:
    """Every child in whose picture lies what the leaves of the ledger from `first` to `last` have changed.

    Shape    ids in order. The child's own records, those of the household, of brothers and sisters and of carers, and of all
             whom a link said to be one of these, now or before. A full evaluation changes no other child. News of a kind
             that is not known here concerns everybody.
    """
    told = news(first, last)
    if told.keys() - _UNDERSTOOD:
        return everyone_evaluated(system("match"), moment_of(last))
    concerned = _people_concerned(told)
    around = concerned.around
    if concerned.areas:
        around |= people_living_in(concerned.areas)
    return sorted(_children_in(around)) if around else []


@dataclass(frozen=True, slots=True)
class _Concerned:
    """Everybody near enough to whom some news names; and the areas whose feeds it is about."""

    around: set[str]
    areas: frozenset[str]


def _people_concerned(told: Mapping[str, Sequence[str]]) -> _Concerned:
    deliveries = [*told.get("delivery", ()), *deliveries_withdrawn_by(told.get("withdrawal", ()))]
    touched = touched_by(deliveries)
    linked = identities_in(told.get("link", ()), told.get("unlink", ()))
    identities = touched.identities | (named_with(linked) if linked else linked)
    around = people_around(people_ever(identities)) if identities else set()
    return _Concerned(around, touched.areas)


def _children_in(around: Collection[str]) -> set[str]:
    return children_among(around) | _with_matches(around)


#: A decision about who is who changes a picture by the links that follow from it, which are news themselves.
_UNDERSTOOD: Final = frozenset(
    {
        "delivery",
        "withdrawal",
        "link",
        "unlink",
        "pair_decision",
        "pair_decision_seconded",
        "pair_decision_undone",
    }
)


def _with_matches(persons: Collection[str]) -> set[str]:
    """Those who have, or had, a match: also whoever is no child any more, as no identity is left to them."""
    found = Match.objects.filter(person__in=list(persons))
    return set(found.values_list("person", flat=True).distinct())


def everyone_evaluated(viewer: Viewer, at: datetime) -> list[str]:
    """Every child whom the lessons are about, in order."""
    matched = Match.objects.values_list("person", flat=True).distinct()
    return sorted({*children(viewer, at), *matched})


def children_due(at: datetime, most: int) -> list[str]:
    """The children for whom time alone has changed what holds, the longest overdue first."""
    due = Watch.objects.filter(due__lte=civil(at)).order_by("due", "person")
    return list(due.values_list("person", flat=True)[:most])


def joined_children(viewer: Viewer, persons: Sequence[str], at: datetime) -> dict[str, ChildHistory]:
    """person -> the joined history, of those of these people who are children; lessons are about nobody else."""
    listed = children_among(persons)
    return {history.child: history for history in histories(viewer, sorted(listed), at)}


# -- what is remembered between two records ----------------------------------------------------------------------------


def catch_up(viewer: Viewer, memory: Memory) -> None:
    """Bring a memory up to the last leaf that this transaction sees; what cannot be followed is forgotten (memory.py)."""
    if not memory.most:
        return
    leaves = leaves_from(memory.at.leaves, MOST_LEAVES + 1) if memory.at else []
    told = sorted_out(leaves[1:]) if memory.stands_in(leaves) and len(leaves) <= MOST_LEAVES else None
    if told is None:
        memory.begin_at(head())
    elif len(leaves) > 1:
        with memory.brought_up_to(Head(leaves[-1].seq, leaves[-1].link)):
            _tell(viewer, memory, told)


def _tell(viewer: Viewer, memory: Memory, told: Since) -> None:
    if told.others:
        concerned = _people_concerned(told.others)
        if concerned.areas:  # a feed reaches everybody in its area, whom nobody can name
            memory.begin_at(memory.at)
        memory.forget_around(concerned.around)
    wanted = {record for delivery in told.deliveries for record in delivery.records}
    came = arrived(viewer, wanted) if wanted else {}
    for found in came.values():
        sent = found.sent
        memory.take_in(
            Arrival(found.everyone, sent.record, sent.identities) if sent else Arrival(found.everyone, None)
        )
    for leaf, records, alone in told.deliveries:
        if alone:
            named = frozenset(identity for record in records for identity in came[record].everyone)
            memory.hear(leaf.seq, News(leaf.at, named))


@dataclass(frozen=True, slots=True)
class Concern:
    """The children whom some news concerns, in order, and when it was."""

    children: tuple[str, ...]
    since: datetime


def whom_it_concerns(viewer: Viewer, memory: Memory, first: int, last: int) -> Concern:
    """`children_concerned` and `moment_of`, out of the memory where it has followed these leaves."""
    news_of = memory.news(first, last)
    if news_of is None:
        return Concern(tuple(children_concerned(first, last)), moment_of(first))
    children: set[str] = set()
    for identity in news_of.identities:
        circle = memory.circle(identity)
        if circle is None:
            people = frozenset(people_ever([identity]))
            circle = memory.circle_of(people) or _circle(people)
            memory.keep_circle(identity, circle)
        children |= circle.children
    return Concern(tuple(sorted(children)), news_of.at)


def circle_of(identity: str) -> Circle:
    """Whom news of an identity concerns now."""
    return _circle(frozenset(people_ever([identity])))


def _circle(people: frozenset[str]) -> Circle:
    around = people_around(people)
    return Circle(people, frozenset(around), frozenset(_children_in(around)) if around else frozenset())


def recall(viewer: Viewer, memory: Memory, persons: Sequence[str], at: datetime) -> dict[str, Asked]:
    """What the lessons say of those of these people who are children: as it is remembered, else read and remembered.

    Shape    to be asked in the transaction in which the memory caught up.
    """
    found = {person: there.asked for person in persons if (there := memory.recall(person, at))}
    missing = [person for person in persons if person not in found]
    for child, read, settled in _read_anew(viewer, missing, at):
        found[child] = read.asked
        if settled:
            memory.remember(child, read)
    return found


def _read_anew(
    viewer: Viewer, persons: Sequence[str], at: datetime
) -> Iterator[tuple[str, Remembered, bool]]:
    """Each child among these people as it is to be remembered, and whether it may be."""
    listed = sorted(children_among(persons)) if persons else []
    coverage = covered(coverage_rows(viewer)) if listed else ()
    for some in _some_at_a_time(listed):
        gathered = gather(viewer, some, at)
        files, links = _filed(gathered), _persons_of(gathered)
        for child in some:
            if child in gathered.names:
                belongs = Belonging(child, gathered.family)
                history = join_belonging(belongs, _records_around(child, gathered, files), coverage)
                yield child, Remembered(Asked(history), belongs, links, at), gathered.settled


@dataclass(frozen=True, slots=True)
class Watched:
    """What is noted of some children: their matches by id, and when each is to be looked at again."""

    matches: Mapping[str, Mapping[str, Noted]]
    due: Mapping[str, int]


def watched(persons: Sequence[str]) -> Watched:
    """What is noted of these children now, as the last who evaluated them left it."""
    matches: dict[str, dict[str, Noted]] = {}
    due: dict[str, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(_WATCHED, {"persons": list(persons)})
        for person, edge, match, lesson, version, number, is_open, *said in cursor.fetchall():
            if edge is not None:
                due[person] = edge
            if match is not None:
                until, sentence, evidence, agencies = said
                noted = Said(until, sentence, tuple(evidence), tuple(agencies))
                matches.setdefault(person, {})[match] = Noted(match, lesson, version, number, is_open, noted)
    return Watched(matches, due)


@dataclass(frozen=True, slots=True)
class Difference:
    """Where what is noted is not what a full evaluation gives. Missing: `match` and `lesson` empty, it is about the child's watch."""

    person: str
    match: str
    lesson: str
    why: str


def differences(
    viewer: Viewer, persons: Sequence[str], at: datetime, lessons: Sequence[Lesson]
) -> Iterator[Difference]:
    """Where the matches that are noted as open, or when a child is to be looked at again, differ from a full evaluation now."""
    now, noted = civil(at), watched(persons)
    found = joined_children(viewer, persons, at)
    for person in persons:
        history = found.get(person)
        spells, say = spells_of(history, for_child(lessons, history, now))
        holds = {s.match: (s.lesson.id, say(s)) for s in spells if s.start <= now < s.end}
        yield from _differing(person, holds, noted.matches.get(person, {}), now)
        if noted.due.get(person) != look_again(spells, lessons, history, now):
            yield Difference(
                person, "", "", "the next look is not on the day on which something changes by itself"
            )


def _differing(
    person: str, holds: Mapping[str, tuple[str, Said]], noted: Mapping[str, Noted], now: int
) -> Iterator[Difference]:
    still = {m: n for m, n in noted.items() if n.is_open and (n.said.until is None or n.said.until > now)}
    for match, (lesson, said) in holds.items():
        if match not in still:
            yield Difference(person, match, lesson, "holds, and is not noted")
        elif still[match].said != said:
            yield Difference(person, match, lesson, "is noted with other records, another end or other words")
    for match, before in still.items():
        if match not in holds:
            yield Difference(person, match, before.lesson, "is noted, and does not hold")
    for match, before in noted.items():
        if before.is_open and match not in still:
            yield Difference(person, match, before.lesson, "its time has run out, and it is not closed")
