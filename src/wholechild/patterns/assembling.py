"""From a joined history to the picture that a person sees: who is involved, what adds up, what is not known.

Everything here is worked out from the history as known at one day. Nothing is stored and nothing is left to the page
but the drawing. The order of the parts follows the promises: first who else works with the child and a number to ring.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from typing import Final

from wholechild.lib.civil import DAY, FOREVER, Period, Precision, day_of, day_start, say_day, say_period
from wholechild.patterns.engines.in_memory import InMemoryEngine
from wholechild.patterns.explain import explain, say_age, say_agency, say_measure, say_reason
from wholechild.patterns.history import ChildHistory, Observation, Scope
from wholechild.patterns.intervals import BEGINNING, Reason, Truth, Why, clipped
from wholechild.patterns.language.lesson import Lesson
from wholechild.patterns.library import Engines, engine_for
from wholechild.patterns.picture import (
    ChildPicture,
    Entry,
    Evidence,
    FamilyMember,
    Involved,
    MatchView,
    NotKnown,
    Unknown,
)
from wholechild.records.facts import Agency
from wholechild.vocabulary.terms import vocabulary

#: How long a live feed may be silent before its picture is called old.
STALE_AFTER_DAYS: Final = 14


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach an agency, as it has told us; every field may be empty."""

    phone: str = ""
    hours: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed of one agency: live since when, until when (None: still), and when it was last heard."""

    agency: str
    live_from: date
    live_to: date | None
    last_heard: date | None


@dataclass(frozen=True, slots=True)
class Names:
    """What people are called, by person id. `born` is the child's, `area` the home area as far as known."""

    by_person: Mapping[str, str]
    born: Period | None
    area: str


@dataclass(frozen=True, slots=True)
class Sight:
    """What the viewer may see of a record: `content`, or only that it exists and whom to ring."""

    may_read: Callable[[Observation], bool]


def assemble(
    history: ChildHistory,
    names: Names,
    family: Sequence[FamilyMember],
    lessons: Iterable[Lesson],
    *,
    as_known_at: date,
    contacts: Mapping[str, Contact],
    feeds: Sequence[Feed],
    sight: Sight,
) -> ChildPicture:
    """The child's picture as known at the end of a day.

    Shape    chronology in order of happening; matches newest first, the ones that hold before the ones that have ended.
    Missing  a record that the viewer may not read is shown as existing, with its agency, and without what it says.
    """
    at = day_start(as_known_at) + DAY - 1
    known = _known(history, at)
    about_child = _in_scope(history, Scope.CHILD, at)
    matches, doubts = _matches(history, lessons, at, about_child, sight)
    return ChildPicture(
        child=history.child,
        name=names.by_person.get(history.child, ""),
        born=names.born,
        age_words=_age_words(history, known, at),
        area=names.area,
        as_known_at=as_known_at,
        family=tuple(member for member in family if day_start(member.known_from) <= at),
        involved=tuple(_involved(known, about_child, contacts, feeds, as_known_at)),
        chronology=tuple(_entry(o, names, at, sight) for o in known),
        adds_up=tuple(matches),
        not_known=tuple(_not_known(history, known, about_child, feeds, doubts, at)),
    )


def _age_words(history: ChildHistory, known: Sequence[Observation], at: int) -> str:
    """The child's age; past childhood, that, and when the last record is of: nobody may have told us of a death."""
    if history.born is None or at - history.born[0] < round(18 * 365.25) * DAY:
        return say_age(history, at)
    last = max(known, key=lambda o: o.happened_to, default=None)
    return "past 18 by now" + (f"; the last record is of {last.happened_words}" if last else "")


def _known(history: ChildHistory, at: int) -> list[Observation]:
    """The records that had been learnt by an instant, about people who by then were known to belong to the child.

    One that has been replaced since stays here, and is shown as replaced.
    """
    found = {i for i, relevance in history.shown if relevance.known_from <= at and (
        at < relevance.known_to or relevance.known_to == history.observations[i].forgotten
    )}  # fmt: skip
    return [o for i, o in enumerate(history.observations) if i in found and o.learnt <= at]


def _in_scope(history: ChildHistory, scope: Scope, at: int) -> frozenset[str]:
    """The ids of the records that are relevant in a scope at an instant."""
    return frozenset(
        history.observations[i].record
        for i, relevance in history.scoped[scope]
        if relevance.known_from <= at < relevance.known_to
    )


# -- who is involved ---------------------------------------------------------------------------------------------


def _involved(
    known: Sequence[Observation],
    about_child: frozenset[str],
    contacts: Mapping[str, Contact],
    feeds: Sequence[Feed],
    today: date,
) -> Iterator[Involved]:
    by_agency: defaultdict[str, list[Observation]] = defaultdict(list)
    for observation in known:
        if (
            observation.sector
        ):  # what no one agency is named for is in the chronology, and nobody can be rung about it
            by_agency[observation.agency].append(observation)
    latest_first = sorted(by_agency.items(), key=lambda pair: -max(o.happened_to for o in pair[1]))
    for agency, observations in latest_first:
        contact = contacts.get(agency, Contact())
        state, words = _feed_state(agency, feeds, today)
        seen = [o for o in observations if o.record in about_child and _saw_child(o)]
        yield Involved(
            agency=agency,
            title=say_agency(agency),
            sector=observations[0].sector,
            area=observations[0].area,
            first_on=_period(min(observations, key=lambda o: o.happened_from)),
            last_on=_period(max(observations, key=lambda o: o.happened_to)),
            records=sum(o.forgotten == FOREVER for o in observations),
            last_saw_child=_period(max(seen, key=lambda o: o.happened_to)) if seen else None,
            feed=state,
            feed_words=words,
            phone=contact.phone,
            hours=contact.hours,
            contact_role=contact.role,
        )


def _feed_state(agency: str, feeds: Sequence[Feed], today: date) -> tuple[str, str]:
    """`live`, `stale` or `not connected`, and the sentence that says so."""
    own = [feed for feed in feeds if feed.agency == agency and feed.live_from <= today]
    live = [feed for feed in own if feed.live_to is None or feed.live_to >= today]
    if not live:
        if own and (ended := max(feed.live_to for feed in own if feed.live_to)):
            return (
                "not connected",
                f"Its feed ended on {say_day(ended)}. There may be more that we have not been sent.",
            )
        return "not connected", "It is not connected. What you see here was sent once; there may be more."
    heard = max((min(feed.last_heard, today) for feed in live if feed.last_heard), default=None)
    if heard is None or (today - heard).days > STALE_AFTER_DAYS:
        since = f"since {say_day(heard)}" if heard else "yet"
        return (
            "stale",
            f"It is connected, and we have not heard from it {since}. There may be news that is not here.",
        )
    return "live", f"It is connected, and was last heard on {say_day(heard)}."


def _saw_child(observation: Observation) -> bool:
    kind = vocabulary().kinds[observation.kind]
    return bool(kind.seen or kind.seen_alone or kind.spoken_to)


def _period(observation: Observation) -> Period:
    return Period(
        day_of(observation.happened_from), day_of(observation.happened_to - 1), _precision(observation)
    )


def _precision(observation: Observation) -> Precision:
    days = (observation.happened_to - observation.happened_from) // DAY
    first = day_of(observation.happened_from)
    if days == 1:
        return Precision.DAY
    if first.day == 1 and 28 <= days <= 31:
        return Precision.MONTH
    if first.day == 1 and 90 <= days <= 92 and first.month in (1, 4, 7, 10):
        return Precision.QUARTER
    return Precision.YEAR if 365 <= days <= 366 and (first.month, first.day) == (1, 1) else Precision.BETWEEN


# -- the joined chronology ---------------------------------------------------------------------------------------


def _entry(observation: Observation, names: Names, at: int, sight: Sight) -> Entry:
    kind = vocabulary().kinds[observation.kind]
    may_read = sight.may_read(observation)
    period = _period(observation)
    return Entry(
        record=observation.record,
        agency=observation.agency,
        agency_title=say_agency(observation.agency),
        sector=observation.sector,
        kind=observation.kind if may_read else "",
        kind_title=kind.title
        if may_read
        else "A record that you may not read. Ring the agency if you need to know.",
        nature=kind.nature if may_read else "",
        happened=period,
        happened_words=say_period(period),
        learnt_on=day_of(observation.learnt),
        about_words=_about(observation, names),
        what=observation.what if may_read else "",
        count=observation.count if may_read else 1,
        measures_words="; ".join(say_measure(n, v) for n, v in observation.measures.items())
        if may_read
        else "",
        child_seen=may_read and _saw_child(observation),
        superseded=observation.forgotten <= at,
    )


def _about(observation: Observation, names: Names) -> str:
    return ", ".join(names.by_person.get(person, "somebody else") for person in observation.subjects)


# -- what adds up ------------------------------------------------------------------------------------------------


def _matches(
    history: ChildHistory, lessons: Iterable[Lesson], at: int, about_child: frozenset[str], sight: Sight
) -> tuple[list[MatchView], list[tuple[Lesson, frozenset[Reason]]]]:
    views: list[MatchView] = []
    doubts: list[tuple[Lesson, frozenset[Reason]]] = []
    engines = Engines(history)
    for lesson in lessons:
        engine = engines.of(lesson)
        truth = clipped(engine.evaluate(lesson.condition), BEGINNING, at + 1)
        views += [match_view(lesson, engine, span, at, sight) for span in truth.holds]
        if reasons := truth.reasons_at(at):
            doubts.append((lesson, reasons))
    views.sort(key=lambda view: (view.held_to is not None, -view.held_from.toordinal(), view.lesson))
    return views, doubts


def match_id(child: str, lesson: Lesson, held_from: int) -> str:
    """The same match has the same id in every run: child, lesson, version and the instant from which it holds."""
    key = f"{child}|{lesson.id}|{lesson.version}|{held_from}"
    return "match-" + sha256(key.encode()).hexdigest()[:20]


def match_view(
    lesson: Lesson, engine: InMemoryEngine, span: tuple[int, int], at: int, sight: Sight
) -> MatchView:
    """One match with everything a person needs to weigh it."""
    start, end = span
    explanation = explain(lesson, engine, start)
    observations = [engine.history.observations[i] for i in explanation.evidence]
    return MatchView(
        match=match_id(engine.history.child, lesson, start),
        lesson=lesson.id,
        version=lesson.version,
        title=lesson.title,
        held_from=day_of(start),
        held_to=None if end > at else day_of(end),
        sentence=explanation.sentence,
        evidence=tuple(_evidence(observation, sight) for observation in observations),
        agencies=explanation.agencies,
        alone={agency: _alone(lesson, engine.history, agency, at) for agency in explanation.agencies},
        other_explanations=lesson.other_explanations,
        would_change_our_mind=lesson.would_change_our_mind,
        known_false_alarms=lesson.known_false_alarms,
        next_step=lesson.next_step.what,
        next_step_by=vocabulary().roles[lesson.next_step.by].title,
        next_step_clock=lesson.next_step.clock,
    )


def _evidence(observation: Observation, sight: Sight) -> Evidence:
    may_read = sight.may_read(observation)
    period = _period(observation)
    title = vocabulary().kinds[observation.kind].title
    return Evidence(
        observation.record, observation.agency, say_agency(observation.agency),
        observation.kind if may_read else "", title if may_read else "A record that you may not read",
        period, say_period(period), day_of(observation.learnt), observation.what if may_read else "",
    )  # fmt: skip


def only(history: ChildHistory, agency: str) -> ChildHistory:
    """The same child as one agency's own records show her; the family is taken as known to it."""
    kept = {i: n for n, i in enumerate(i for i, o in enumerate(history.observations) if o.agency == agency)}
    scoped = {s: tuple((kept[i], r) for i, r in pairs if i in kept) for s, pairs in history.scoped.items()}
    return replace(history, observations=tuple(history.observations[i] for i in kept), scoped=scoped)


def _alone(lesson: Lesson, history: ChildHistory, agency: str, at: int) -> date | None:
    truth = engine_for(only(history, agency), lesson.nations[0]).evaluate(lesson.condition)
    holds = clipped(truth, BEGINNING, at + 1).holds
    return day_of(holds[0][0]) if holds else None


# -- what is not known -------------------------------------------------------------------------------------------

#: The services that hold something on nearly every child, by age in years [from, under).
_USUAL: Final = (
    ("general_practice", 0, 18),
    ("health_visiting", 0, 5),
    ("early_years", 2, 5),
    ("school", 5, 16),
    ("hospital", 0, 18),
    ("childrens_social_care", 0, 18),
    ("police", 0, 18),
)
#: What was asked or promised, and what would answer it.
_ANSWERED_BY: Final = (
    ("information_request.made", ("information_request.answered", "information_request.refused")),
    ("referral.made", ("referral.received", "referral.accepted", "referral.no_further_action")),
    ("referral.agreed", ("referral.made", "referral.received", "referral.accepted")),
)


def _not_known(
    history: ChildHistory,
    known: Sequence[Observation],
    about_child: frozenset[str],
    feeds: Sequence[Feed],
    doubts: Sequence[tuple[Lesson, frozenset[Reason]]],
    at: int,
) -> Iterator[NotKnown]:
    yield from _not_seen(known, about_child)
    yield from _not_connected(history, known, feeds, at)
    yield from _not_answered(known, at)
    yield from _cannot_tell(history, doubts)


def _not_seen(known: Sequence[Observation], about_child: frozenset[str]) -> Iterator[NotKnown]:
    own = [o for o in known if o.record in about_child and o.sector]
    seen = [o for o in own if _saw_child(o)]
    alone = [o for o in own if vocabulary().kinds[o.kind].spoken_to]
    if not seen:
        yield NotKnown(
            Unknown.NEVER_SEEN,
            "No record here says that anybody at work has seen the child.",
            "Ask each service below who has seen the child, when, and how the child was.",
        )
        return
    last = max(seen, key=lambda o: o.happened_to)
    if not alone:
        yield NotKnown(
            Unknown.NEVER_SEEN,
            f"No record here says that anybody spoke with the child. The last to see the child was {say_agency(last.agency)} "
            f"({say_period(_period(last))}).",
            "Ask who knows the child well enough to talk with the child, in the child's own language.",
        )
    for agency in sorted({o.agency for o in own} - {o.agency for o in seen}):
        count = sum(o.agency == agency for o in own)
        yield NotKnown(
            Unknown.NEVER_SEEN,
            f"{say_agency(agency)} has {count} record{'s' if count != 1 else ''} about the child, and none says that it saw the child.",
            "Ask whether it has seen the child, or leans on what others saw.",
        )


def _not_connected(
    history: ChildHistory, known: Sequence[Observation], feeds: Sequence[Feed], at: int
) -> Iterator[NotKnown]:
    years = (at - history.born[0]) / (365.25 * DAY) if history.born else None
    heard = {o.sector for o in known}
    live = {
        _sector_of(feed.agency)
        for feed in feeds
        if day_start(feed.live_from) <= at and (feed.live_to is None or day_start(feed.live_to) > at)
    }
    for sector, youngest, oldest in _USUAL:
        if sector in heard or (years is not None and not youngest <= years < oldest):
            continue
        title = vocabulary().sectors[sector].title
        if sector in live:
            yield NotKnown(
                Unknown.NOT_CONNECTED,
                f"{title} is connected and has sent nothing that we could match to this child. It may still know the child by "
                "another name or number.",
                "Ask it directly. Nothing matched is not the same as nothing known.",
            )
        else:
            yield NotKnown(
                Unknown.NOT_CONNECTED,
                f"{title} is not connected here, so we do not know what it knows.",
                "Ring the child's own service and ask.",
            )


def _sector_of(agency: str) -> str:
    kind = vocabulary().agency_kind(Agency.of(agency).kind)
    return kind.sector if kind else ""


def _not_answered(known: Sequence[Observation], at: int) -> Iterator[NotKnown]:
    for opened_kind, answers in _ANSWERED_BY:
        for opened in known:
            if opened.kind != opened_kind or opened.forgotten <= at:
                continue
            if any(
                o.kind in answers and o.happened_to > opened.happened_from and o is not opened for o in known
            ):
                continue
            title = vocabulary().kinds[opened_kind].title
            yield NotKnown(
                Unknown.NOT_ANSWERED,
                f"{title} by {say_agency(opened.agency)} ({say_period(_period(opened))}): no answer is on record.",
                "Ask who owns it, and by when they will answer.",
            )


def _cannot_tell(
    history: ChildHistory, doubts: Sequence[tuple[Lesson, frozenset[Reason]]]
) -> Iterator[NotKnown]:
    """One line a reason, naming the lessons that it stops: the same gap is not told twenty times."""
    lessons: defaultdict[Reason, list[str]] = defaultdict(list)
    for lesson, reasons in doubts:
        for reason in reasons:
            lessons[reason].append(lesson.title)
    for reason, titles in sorted(lessons.items(), key=lambda item: (-len(item[1]), item[0])):
        stops = "; ".join(sorted(titles)[:3]) + (f"; and {len(titles) - 3} more" if len(titles) > 3 else "")
        yield NotKnown(
            Unknown.CANNOT_TELL,
            f"{say_reason(reason, history)} It stops us from telling: {stops}.",
            _cure(reason),
        )


def _cure(reason: Reason) -> str:
    match reason.why:
        case Why.NOT_CONNECTED:
            return "Ring that service and ask."
        case Why.VAGUE_DATE:
            return "Ask the agency that wrote it for the day."
        case Why.TIE_UNSURE:
            return "Ask who lived in the home at that time."
        case _:
            return "Ask health or the registrar for the date of birth."


def holds_now(truth: Truth, at: int) -> tuple[int, int] | None:
    """The span that covers an instant, or None."""
    return next((span for span in truth.holds if span[0] <= at < span[1]), None)
