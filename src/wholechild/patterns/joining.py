"""The joining of the picture: every agency's records about a child and those around her, as one history.

Nothing is moved or merged. A record stays its agency's; the history only says in which scopes it is relevant to this
child, from when to when that was known, and whether it certainly is. Everything else follows from that.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from wholechild.lib.civil import FOREVER, civil, say_period
from wholechild.patterns.history import (
    AdultInHome,
    ChildHistory,
    Covered,
    LivedIn,
    Observation,
    Relevance,
    Scope,
)
from wholechild.patterns.intervals import Span, Spans, difference, intersection, union
from wholechild.people.family import Family, Held
from wholechild.records.facts import Coverage, Record
from wholechild.vocabulary.terms import vocabulary

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Linked:
    """A record's local id is this person, as far as was known in [known_from, known_to)."""

    person: str
    known_from: int = -FOREVER
    known_to: int = FOREVER


#: (agency id, local id) -> the person or persons it has been linked to.
Links = Mapping[tuple[str, str], Sequence[Linked]]

#: A record and the people it is about.
Subjects = tuple[Linked, ...]


def join(
    child: str,
    family: Family,
    records: Iterable[Record],
    links: Links,
    coverage: Iterable[Coverage] = (),
    *,
    with_unattributed: bool = False,
) -> ChildHistory:
    """One child's history, out of the records about everyone around her.

    Shape    records about people who do not belong to the child are left out. All versions of a record may be given: an
             older one is known until the newer one was learnt. A record that its source gives to no one agency is kept
             for readers, and no lesson counts it, unless `with_unattributed`.
    Missing  a local id that is linked to nobody is about nobody, and is left out.
    """
    described = describe(records, links, with_unattributed=with_unattributed)
    return join_described(child, family, described, covered(coverage))


@dataclass(frozen=True, slots=True)
class Described:
    """One version of a record as every child's history has it: what it says, about whom, and where it stands."""

    observation: Observation
    subjects: Subjects
    stands: Spans
    counts: bool


def describe(records: Iterable[Record], links: Links, *, with_unattributed: bool = False) -> list[Described]:
    """The records that ever stand, described once for all the children whom they may concern."""
    versions = list(records)
    standing = _standing(versions)
    found = []
    for record in versions:
        if stands := standing[record.agency.id, record.reference, record.version]:
            subjects = _subjects(record, links)
            counts = with_unattributed or _attributed(record)
            found.append(Described(_observation(record, subjects, stands), subjects, stands, counts))
    return found


def join_described(
    child: str, family: Family, described: Iterable[Described], coverage: tuple[Covered, ...] = ()
) -> ChildHistory:
    """The same as `join`, where many children are joined out of the same records."""
    return join_belonging(Belonging(child, family), described, coverage)


def join_belonging(
    belongs: Belonging, described: Iterable[Described], coverage: tuple[Covered, ...] = ()
) -> ChildHistory:
    """The same, where it is worked out who belongs to the child."""
    child, family = belongs.child, belongs.family
    relevant = [
        (record.observation, *where) for record in described if (where := belongs.where_it_counts(record))
    ]
    relevant.sort(key=lambda pair: (pair[0].happened_from, pair[0].kind, pair[0].sector, pair[0].record))
    person = family.persons.get(child)
    return ChildHistory(
        child=child,
        observations=tuple(observation for observation, _, _ in relevant),
        scoped={
            scope: tuple((i, r) for i, (_, scopes, _) in enumerate(relevant) for r in scopes.get(scope, ()))
            for scope in Scope
        },
        born=person.born if person else None,
        died=person.died if person else None,
        adults=tuple(
            AdultInHome(
                a.person,
                a.relation,
                a.held.began,
                a.held.ended,
                a.arrived,
                a.held.known_from,
                a.held.known_to,
            )
            for a in family.adults_in_home(child)
        ),
        areas=tuple(
            LivedIn(s.area, s.held.began, s.held.ended, s.held.known_from, s.held.known_to)
            for s in family.stays_of(child)
            if s.area
        ),
        coverage=coverage,
        shown=tuple((i, r) for i, (_, _, anywhere) in enumerate(relevant) for r in anywhere),
    )


#: Per scope, and in any, when a record is relevant to a child.
Relevant = tuple[dict[Scope, list[Relevance]], list[Relevance]]


class Belonging:
    """Who belongs to one child in which scope; worked out once, then asked for every record.

    Shape    each table maps a person to the spells in which the tie was so and was known. Several agencies often say the
             same of one tie; what says nothing new is dropped.
    """

    def __init__(self, child: str, family: Family) -> None:
        self.child, self.family = child, family
        self._answers: dict[tuple[Subjects, int, int], Relevant] = {}
        self.household = _saying_more(_grouped((r.person, r.held) for r in family.lived_with(child)))
        self.siblings = _saying_more(_grouped((r.person, r.held) for r in family.siblings_of(child)))
        self.carers = _saying_more(_grouped((r.person, r.held) for r in family.carers_of(child)))
        self.in_care = _grouped(
            (person, (carer, other))
            for adult, spells in self.carers.items()
            for person, others in _saying_more(
                _grouped((r.person, r.held) for r in family.cared_for_by(adult) if r.person != child)
            ).items()
            for carer in spells
            for other in others
        )
        ties = [held for several in self.household.values() for held in several]
        ties += [other for pairs in self.in_care.values() for _, other in pairs]
        #: Where any tie begins or ends: what happened between the same two of them is answered in the same way.
        self._edges = sorted({edge for held in ties for edge in (held.began, held.ended)})

    def where_it_counts(self, record: Described) -> Relevant | None:
        """Where a record is relevant while it stands; None: nowhere. No scope for one that no lesson counts."""
        observation = record.observation
        scopes, anywhere = self.relevance(
            record.subjects, (observation.happened_from, observation.happened_to)
        )
        if len(record.stands) > 1:
            scopes = _where_it_stands(scopes, record.stands)
            anywhere = _anywhere(scopes)
        return (scopes if record.counts else {}, anywhere) if scopes else None

    def relevance(self, subjects: Subjects, happened: Span) -> Relevant:
        """Per scope, and in any, when a record about these people that happened then is relevant.

        Shape    scopes without any are left out.
        """
        key = (subjects, bisect_right(self._edges, happened[0]), bisect_left(self._edges, happened[1]))
        if (answer := self._answers.get(key)) is None:
            answer = self._answers[key] = self._worked_out(subjects, happened)
        return answer

    def _worked_out(self, subjects: Subjects, happened: Span) -> Relevant:
        found: dict[Scope, list[Relevance]] = {}
        for subject in subjects:
            for scope, relevances in self._of(subject, happened):
                found.setdefault(scope, []).extend(relevances)
        scopes = {scope: merged for scope, r in found.items() if (merged := _merged(r))}
        return scopes, _anywhere(scopes)

    def _of(self, subject: Linked, happened: Span) -> Iterator[tuple[Scope, Iterable[Relevance]]]:
        person = subject.person
        if person == self.child:
            own = (Relevance(subject.known_from, subject.known_to),)
            yield from ((scope, own) for scope in (Scope.CHILD, Scope.HOUSEHOLD, Scope.CARERS))
            return
        if person in self.household:
            yield Scope.HOUSEHOLD, _while_so(self.household[person], subject, happened)
        if person in self.siblings:
            yield Scope.SIBLINGS, [_as_known(held, subject) for held in self.siblings[person]]
        if person in self.carers:
            yield Scope.CARERS, [Relevance(*_now(held, subject)) for held in self.carers[person]]
        if person in self.in_care:
            yield Scope.CARERS, self._in_care_then(subject, happened)

    def _in_care_then(self, subject: Linked, happened: Span) -> Iterator[Relevance]:
        """What happened to another child while in the care of somebody who cares for this child now."""
        for carer, held in self.in_care[subject.person]:
            start, end = _now(carer, subject)
            for then in _while_so((held,), subject, happened):
                yield Relevance(max(start, then.known_from), min(end, then.known_to), then.certain)


def _saying_more(ties: Mapping[str, Sequence[Held]]) -> dict[str, list[Held]]:
    """Per person, the ties without those that another one covers in both times: they would change no relevance."""
    return {
        person: _widest(several) if len(several) > 1 else list(several) for person, several in ties.items()
    }


def _widest(ties: Sequence[Held]) -> list[Held]:
    kept: list[Held] = []
    for tie in dict.fromkeys(ties):
        if not any(_covers(other, tie) for other in kept):
            kept = [other for other in kept if not _covers(tie, other)]
            kept.append(tie)
    return kept


def _covers(one: Held, other: Held) -> bool:
    return (
        one.began <= other.began
        and other.ended <= one.ended
        and one.known_from <= other.known_from
        and other.known_to <= one.known_to
    )


def _grouped(pairs: Iterable[tuple[str, T]]) -> dict[str, list[T]]:
    groups: dict[str, list[T]] = {}
    for person, tie in pairs:
        groups.setdefault(person, []).append(tie)
    return groups


def _as_known(held: Held, subject: Linked) -> Relevance:
    return Relevance(max(held.known_from, subject.known_from), min(held.known_to, subject.known_to))


def _now(held: Held, subject: Linked) -> Span:
    """Where the tie is known and is so at the moment of asking."""
    return (
        max(held.known_from, held.began, subject.known_from),
        min(held.known_to, held.ended, subject.known_to),
    )


def _while_so(ties: Iterable[Held], subject: Linked, happened: Span) -> Iterator[Relevance]:
    """Relevant while known, if the tie was so when it happened; unsure if it was so for only a part of a vague period."""
    for held in ties:
        if held.began < happened[1] and happened[0] < held.ended:
            certain = held.began <= happened[0] and happened[1] <= held.ended
            known = _as_known(held, subject)
            yield Relevance(known.known_from, known.known_to, certain)


def _anywhere(scopes: Mapping[Scope, list[Relevance]]) -> list[Relevance]:
    """When a record is relevant in one scope or another."""
    if len(scopes) == 1:
        return next(iter(scopes.values()))
    return _merged(dict.fromkeys(r for relevances in scopes.values() for r in relevances))


def _merged(relevances: Iterable[Relevance]) -> list[Relevance]:
    """The same relevance in disjoint spells; what is certain by one tie is not unsure by another."""
    several = list(relevances)
    if len(several) == 1 and several[0].known_from < several[0].known_to:
        return several
    if all(r.certain for r in several):
        return [Relevance(s, e) for s, e in union((r.known_from, r.known_to) for r in several)]
    certain: Spans = union((r.known_from, r.known_to) for r in several if r.certain)
    unsure = difference(union((r.known_from, r.known_to) for r in several if not r.certain), certain)
    return [Relevance(s, e) for s, e in certain] + [Relevance(s, e, certain=False) for s, e in unsure]


def _subjects(record: Record, links: Links) -> Subjects:
    return tuple(linked for local in record.about for linked in links.get((record.agency.id, local), ()))


def _attributed(record: Record) -> bool:
    kind = vocabulary().agency_kind(record.agency.kind)
    return kind is not None and kind.attributable


def _standing(records: Iterable[Record]) -> dict[tuple[str, str, int], Spans]:
    """(agency, reference, version) -> where that version stands: learnt, neither replaced by a higher one nor withdrawn.

    A higher version that is withdrawn no longer replaces anything: what it had replaced stands again from then on.
    """
    versions: defaultdict[tuple[str, str], list[tuple[int, Span]]] = defaultdict(list)
    for record in records:
        until = FOREVER if record.withdrawn_at is None else civil(record.withdrawn_at)
        known = (civil(record.learnt_at), until)
        versions[record.agency.id, record.reference].append((record.version, known))
    return {
        (*key, version): difference(
            union([known]), union(later for higher, later in several if higher > version)
        )
        for key, several in versions.items()
        for version, known in several
    }


def _where_it_stands(scopes: dict[Scope, list[Relevance]], standing: Spans) -> dict[Scope, list[Relevance]]:
    """Cut every relevance to where the version stands; needed only where it stands in more than one spell."""
    return {
        scope: [
            Relevance(start, end, r.certain)
            for r in relevances
            for start, end in intersection(((r.known_from, r.known_to),), standing)
        ]
        for scope, relevances in scopes.items()
    }


def _observation(record: Record, subjects: Subjects, standing: Spans) -> Observation:
    kind = vocabulary().agency_kind(record.agency.kind)
    return Observation(
        record=record.id, kind=record.kind, sector=kind.sector if kind and kind.attributable else "",
        agency=record.agency.id, area=record.agency.area, happened_from=record.happened.starts,
        happened_to=record.happened.ends, learnt=standing[0][0], forgotten=standing[-1][1], count=record.count,
        measures=record.measures, values=record.values, subjects=tuple(dict.fromkeys(s.person for s in subjects)),
        informant=record.informant, what=record.what, happened_words=say_period(record.happened),
    )  # fmt: skip


def covered(feeds: Iterable[Coverage]) -> tuple[Covered, ...]:
    """The feeds as an engine sees them."""
    return tuple(_covered(feed) for feed in feeds)


def _covered(feed: Coverage) -> Covered:
    kind = vocabulary().agency_kind(feed.agency.kind)
    return Covered(
        kind.sector if kind else "", feed.agency.area, civil(feed.live_from),
        FOREVER if feed.live_to is None else civil(feed.live_to),
    )  # fmt: skip
