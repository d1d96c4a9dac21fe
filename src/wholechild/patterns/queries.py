"""What adds up, as it can be asked for: a child's history, a child's picture, and the worklist of matches."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from wholechild.lib.civil import DAY, FOREVER, civil, day_of, day_start, say_day
from wholechild.patterns.assembling import Contact, Feed, Names, Sight, assemble
from wholechild.patterns.explain import say_agency
from wholechild.patterns.history import ChildHistory, Observation
from wholechild.patterns.joining import Linked, Links, join
from wholechild.patterns.language.lesson import Lesson
from wholechild.patterns.life.force import for_child
from wholechild.patterns.life.queries import lesson_of
from wholechild.patterns.models import Match, MatchEnd, MatchRenewal
from wholechild.patterns.picture import ChildPicture, FamilyMember
from wholechild.people.queries import Gathered, Named, gather, names_of
from wholechild.records.facts import Coverage, Record
from wholechild.records.queries import contacts, coverage_rows, last_heard
from wholechild.trust.queries import visible
from wholechild.trust.viewers import Viewer
from wholechild.vocabulary.terms import vocabulary

#: Children are gathered so many at a time: enough to spare round trips, few enough for memory.
AT_A_TIME = 500


def histories(viewer: Viewer, children: Sequence[str], at: datetime) -> Iterator[ChildHistory]:
    """The joined history of each child, in the order given; children whom the viewer may not know of are left out."""
    coverage = coverage_rows(viewer)
    for start in range(0, len(children), AT_A_TIME):
        some = children[start : start + AT_A_TIME]
        gathered = gather(viewer, some, at)
        files, links = _filed(gathered), _links(gathered)
        for child in some:
            if child in gathered.names:
                yield _history(child, gathered, files, links, coverage)


def _filed(gathered: Gathered) -> dict[str, list[Record]]:
    """person -> the records that name the person."""
    files: dict[str, list[Record]] = {}
    for sent in gathered.records:
        persons = {link.person for identity in sent.identities for link in gathered.links.get(identity, ())}
        for person in persons:
            files.setdefault(person, []).append(sent.record)
    return files


def _history(
    child: str,
    gathered: Gathered,
    files: Mapping[str, Sequence[Record]],
    links: Links,
    coverage: Sequence[Coverage],
) -> ChildHistory:
    around = gathered.family.everyone_around(child)
    records = {(record.id, record.version): record for person in around for record in files.get(person, ())}
    return join(child, gathered.family, records.values(), links, coverage)


def _links(gathered: Gathered) -> dict[tuple[str, str], tuple[Linked, ...]]:
    """(agency, local id) -> persons, for every local id that a record here uses."""
    found: dict[tuple[str, str], tuple[Linked, ...]] = {}
    for sent in gathered.records:
        for local, identity in zip(sent.record.about, sent.identities, strict=True):
            key = (sent.record.agency.id, local)
            if key not in found:
                found[key] = tuple(
                    Linked(link.person, link.known_from, link.known_to)
                    for link in gathered.links.get(identity, ())
                )
    return found


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
    history = _history(person, gathered, _filed(gathered), _links(gathered), coverage_rows(viewer))
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
    """Every match that holds at a moment, as far as it was noted: begun, not ended, and its time not run out."""
    now = civil(at)
    ended = MatchEnd.objects.filter(ended_at__lte=now).values("match")
    rows = Match.objects.filter(held_from__lte=now).exclude(pk__in=ended).order_by("-held_from", "pk")
    until = holds_until(at)
    return [row for row in rows if (end := until[row.pk]) is None or end > now]


def holds_until(at: datetime) -> dict[str, int | None]:
    """match id -> the instant until which it holds, as last noted by a moment; None: nothing known would end it."""
    until: dict[str, int | None] = dict(Match.objects.values_list("pk", "holds_until"))
    renewals = MatchRenewal.objects.filter(noted_at__lte=at).order_by("noted_at", "pk")
    until.update(renewals.values_list("match", "holds_until"))
    return until


def _item(row: Match, names: Mapping[str, Named], lesson: Lesson) -> WorklistItem:
    return WorklistItem(
        row.pk, row.person, names[row.person].words if row.person in names else "", row.lesson, lesson.title, row.sentence,
        day_of(row.held_from), tuple(say_agency(agency) for agency in row.agencies), lesson.next_step.what,
        vocabulary().roles[lesson.next_step.by].title, lesson.next_step.clock,
    )  # fmt: skip
