"""The reference engine: one child, one condition, written to be obviously right.

Every atom follows the same three moves. It *selects* the records that it is about; it turns each (or each pair, or
each chain) into spans of the axis, one on which the record counts for certain and one on which it may count; and it
*judges*: holds on the certain, cannot tell on the rest of the possible. Nothing here reads a clock: an instant that
lies in the future is simply further along the axis, which is how timers come about.

The same engine runs online when a record arrives, so selections are indexed by kind; nothing else is optimised.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

from wholechild.lib.civil import DAY, FOREVER
from wholechild.patterns.history import ChildHistory, Covered, Observation, Relevance, Scope
from wholechild.patterns.intervals import (
    ALWAYS,
    BEGINNING,
    FALSE,
    NEVER,
    Reason,
    Span,
    Spans,
    Truth,
    Why,
    all_of,
    any_of,
    complement,
    difference,
    intersection,
    judged,
    negated,
    union,
)
from wholechild.patterns.language.nodes import (
    Absence,
    AdultState,
    AgeRange,
    AgeState,
    All,
    Any,
    Clock,
    Condition,
    Contradiction,
    Count,
    Distinct,
    FactState,
    LivesInState,
    Not,
    Selection,
    Sequence,
    Step,
    Trend,
    Unanswered,
    Unless,
)

#: Adds a clock to the day that begins at an instant, and gives the first instant at which the time is up.
Deadline = Callable[[int, Clock], int]


def calendar_days(start: int, clock: Clock) -> int:
    """A deadline that knows no holidays; for conditions without working days."""
    if clock.working_days:
        raise ValueError("working days need an area's calendar: pass patterns.clocks.deadline_for(nation)")
    return start + (clock.amount + 1) * DAY


@dataclass(frozen=True, slots=True)
class Words:
    """What the engine must know of the vocabulary: the dimension of each kind, and what each kind asserts."""

    dimension: Mapping[str, str]
    asserts: Mapping[str, Mapping[str, str]]
    agency_kind: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Selected:
    """One selected record in one spell of relevance.

    Shape    known in [known_from, known_to). `earliest` and `latest` are the first instants of the first and the last
             day on which it may have happened. `unsure` is the reason why the record may not match at all, or None.
    """

    index: int
    observation: Observation
    known_from: int
    known_to: int
    unsure: Reason | None
    earliest: int
    latest: int

    @property
    def vague(self) -> bool:
        return self.latest > self.earliest

    @property
    def reason(self) -> Reason:
        return self.unsure or Reason(Why.VAGUE_DATE, self.observation.record)

    def certain(self, window: int | None) -> Span:
        """Where it is known, has certainly happened, and is certainly still inside a trailing window."""
        happened = self.observation.happened_to if self.vague else self.earliest
        until = FOREVER if window is None else self.earliest + window
        if self.unsure:
            return (0, 0)
        return (max(self.known_from, happened), min(self.known_to, until))

    def possible(self, window: int | None) -> Span:
        """Where it is known, may have happened, and may still be inside a trailing window."""
        until = FOREVER if window is None else self.latest + window
        return (max(self.known_from, self.earliest), min(self.known_to, until))


class InMemoryEngine:
    """Evaluates conditions over one child's history.

    Shape    `evaluate(condition)` gives the Truth over the whole axis; `evidence(condition, at)` gives the indexes of the
             observations that it rests on at an instant at which it holds.
    Source   ARCHITECTURE section 5; docs/reference/lesson-language.md.
    """

    def __init__(self, history: ChildHistory, words: Words, deadline: Deadline = calendar_days) -> None:
        self.history = history
        self.words = words
        self.deadline = deadline
        self._selections: dict[tuple[Selection, Scope], list[Selected]] = {}

    def evaluate(self, condition: Condition) -> Truth:
        """Where the condition holds and where it cannot tell."""
        match condition:
            case All(parts):
                return self._all(parts)
            case Any(parts):
                return any_of([self.evaluate(part) for part in parts])
            case Not(part):
                return self._not(part)
            case Unless(part):
                return negated(self.evaluate(part))
            case Count():
                return self._count(condition)
            case Sequence():
                return self._sequence(condition)
            case Absence():
                return self._absence(condition)
            case Unanswered():
                return self._unanswered(condition)
            case Trend():
                return self._trend(condition)
            case Contradiction():
                return self._contradiction(condition)
            case FactState():
                return self._fact(condition)
            case AgeState(age):
                return self._age(age)
            case AdultState():
                return self._adult(condition)
            case LivesInState(areas):
                return Truth(self._lives_in(areas))

    def evidence(self, condition: Condition, at: int) -> tuple[int, ...]:
        """The observations that the condition rests on at an instant, in order of knowledge; none for what is not so."""
        order = self.history.observations
        return tuple(
            sorted(set(self._evidence(condition, at)), key=lambda i: (order[i].learnt, order[i].record))
        )

    # -- logic ---------------------------------------------------------------------------------------------------

    def _all(self, parts: tuple[Condition, ...]) -> Truth:
        if any(self._without_records(part) for part in parts):
            return FALSE
        truths = []
        for part in parts:
            truth = self.evaluate(part)
            if not truth.holds and not truth.unsure:
                return FALSE
            truths.append(truth)
        return all_of(truths)

    def _without_records(self, part: Condition) -> bool:
        """Whether a part that needs a record has none of its kinds to go by: then it does not hold, and never will.

        Most lessons end here for most children, before anything is selected or joined.
        """
        match part:
            case Any(parts):
                return all(self._without_records(inner) for inner in parts)
            case All(parts):
                return any(self._without_records(inner) for inner in parts)
            case Count(selection=needed, about=scope) | Trend(selection=needed, about=scope):
                return needed.kinds.isdisjoint(self._kinds_in[scope])
            case Sequence(steps=steps, about=scope):
                return any(step.selection.kinds.isdisjoint(self._kinds_in[scope]) for step in steps)
            case Unanswered(opened_by=needed, about=scope) | FactState(opened_by=needed, about=scope):
                return needed.kinds.isdisjoint(self._kinds_in[scope])
            case _:
                return False

    def _not(self, part: Condition) -> Truth:
        """`not` reads silence, so it pushes itself down to the atoms, where coverage can be asked for."""
        match part:
            case All(parts):
                return any_of([self._not(inner) for inner in parts])
            case Any(parts):
                return all_of([self._not(inner) for inner in parts])
            case Not(inner) | Unless(inner):
                return self.evaluate(inner)
            case Count(within=window) | Contradiction(within=window):
                return self._covered_silence(part, window)
            case Sequence():
                return self._covered_silence(part, part.remembered + sum(step.within for step in part.steps))
            case Trend():
                return self._covered_silence(part, part.remembered + part.apart[1])
            case FactState():
                return self._covered_silence(part, None)
            case _:
                return negated(self.evaluate(part))

    def _covered_silence(
        self, atom: Count | Contradiction | Sequence | Trend | FactState, lookback: int | None
    ) -> Truth:
        silent = negated(self.evaluate(atom))
        return self._inside_coverage(
            silent, atom.covered_by, lambda covered: self._trailing(covered, lookback)
        )

    def _trailing(self, covered: Spans, lookback: int | None) -> Spans:
        """The instants whose whole trailing window lies inside the covered spans."""
        if lookback is not None:
            return union((start + lookback, end) for start, end in covered if start + lookback < end)
        if self.history.born is None:
            return NEVER
        born = self.history.born[0]
        return union((born, end) for start, end in covered if start <= born)

    def _inside_coverage(
        self, silent: Truth, sectors: tuple[str, ...], reach: Callable[[Spans], Spans]
    ) -> Truth:
        """Keep the silence where every sector's feed reached; elsewhere it cannot tell, and names who is not connected."""
        heard, unheard = ALWAYS, []
        for sector in sectors:
            reached = reach(self._coverage[sector])
            heard = intersection(heard, reached)
            unheard += [
                (start, end, Reason(Why.NOT_CONNECTED, sector))
                for start, end in difference(silent.holds, reached)
            ]
        unsure = [(u.start, u.end, reason) for u in silent.unsure for reason in u.reasons]
        return judged(intersection(silent.holds, heard), [*unheard, *unsure])

    @cached_property
    def _coverage(self) -> defaultdict[str, Spans]:
        """Per sector, where in event time the child was inside the reach of a live feed."""
        spans: defaultdict[str, list[Span]] = defaultdict(list)
        for feed in self.history.coverage:
            spans[feed.sector] += self._reach(feed)
        return defaultdict(lambda: NEVER, {sector: union(found) for sector, found in spans.items()})

    def _reach(self, feed: Covered) -> list[Span]:
        live = (feed.live_from, feed.live_to)
        if not feed.area:
            return [live]
        homes = union(
            (home.lived_from, home.lived_to) for home in self.history.areas if home.area == feed.area
        )
        return list(intersection((live,), homes))

    # -- selection -----------------------------------------------------------------------------------------------

    @cached_property
    def _by_kind(self) -> dict[tuple[Scope, str], list[tuple[int, Relevance]]]:
        index: dict[tuple[Scope, str], list[tuple[int, Relevance]]] = {}
        for scope, pairs in self.history.scoped.items():
            for at, relevance in pairs:
                kind = self.history.observations[at].kind
                index.setdefault((scope, kind), []).append((at, relevance))
        return index

    @cached_property
    def _kinds_in(self) -> dict[Scope, frozenset[str]]:
        kinds: dict[Scope, set[str]] = {scope: set() for scope in Scope}
        for scope, kind in self._by_kind:
            kinds[scope].add(kind)
        return {scope: frozenset(found) for scope, found in kinds.items()}

    def _select(self, selection: Selection, scope: Scope) -> list[Selected]:
        """The records that match, each in each of its spells of relevance, in a total order; worked out once."""
        key = (selection, scope)
        if key not in self._selections:
            self._selections[key] = self._selected(selection, scope)
        return self._selections[key]

    def _selected(self, selection: Selection, scope: Scope) -> list[Selected]:
        found = [
            selected
            for kind in self._kinds_in[scope] & selection.kinds
            for at, relevance in self._by_kind[scope, kind]
            if (selected := self._as_selected(at, relevance, selection)) is not None
        ]
        found.sort(key=total_order)
        return found

    def _as_selected(self, at: int, relevance: Relevance, selection: Selection) -> Selected | None:
        """An observation in one spell of its relevance, if it matches and the two were ever known together."""
        observation = self.history.observations[at]
        if not self._passes(observation, selection):
            return None
        unsure = self._doubt(observation, relevance, selection.child_age)
        if unsure is _NO_MATCH:
            return None
        known_from = max(observation.learnt, relevance.known_from)
        known_to = min(observation.forgotten, relevance.known_to)
        if known_from < known_to:
            days = (observation.happened_from, observation.happened_to - DAY)
            return Selected(at, observation, known_from, known_to, unsure, *days)
        return None

    def _passes(self, observation: Observation, selection: Selection) -> bool:
        if selection.sectors and observation.sector not in selection.sectors:
            return False
        if (
            selection.agency_kinds
            and self.words.agency_kind(observation.agency) not in selection.agency_kinds
        ):
            return False
        if selection.informants and observation.informant not in selection.informants:
            return False
        if any(self._value(observation, name) not in codes for name, codes in selection.values):
            return False
        return all(
            _in_range(observation.measures.get(r.measure), r.least, r.most) for r in selection.measures
        )

    def _value(self, observation: Observation, name: str) -> str | None:
        """What a record says of a fact: its own word, else what its kind asserts."""
        return observation.values.get(name) or self.words.asserts.get(observation.kind, {}).get(name)

    def _doubt(self, observation: Observation, relevance: Relevance, age: AgeRange | None) -> Reason | None:
        """Why the record may not match, None if it does for certain, or the marker that it does not."""
        if age is not None:
            within = self._at_age(observation, age)
            if within is not None:
                return within
        return None if relevance.certain else Reason(Why.TIE_UNSURE, observation.record)

    def _at_age(self, observation: Observation, age: AgeRange) -> Reason | None:
        born = self.history.born
        if born is None:
            return Reason(Why.BIRTH_UNKNOWN)
        youngest = observation.happened_from - (born[1] - DAY)
        oldest = observation.happened_to - DAY - born[0]
        end = FOREVER if age.end is None else age.end
        if age.start <= youngest and oldest < end:
            return None
        if age.start <= oldest and youngest < end:
            return Reason(Why.VAGUE_DATE, observation.record)
        return _NO_MATCH

    # -- count ---------------------------------------------------------------------------------------------------

    def _count(self, atom: Count) -> Truth:
        selected = self._select(atom.selection, atom.about)
        if not selected:
            return FALSE
        certain = self._enough(atom, [(s, *s.certain(atom.within)) for s in selected], sure=True)
        if not any(s.vague or s.unsure for s in selected):
            return Truth(certain)
        possible = self._enough(atom, [(s, *s.possible(atom.within)) for s in selected], sure=False)
        return judged(certain, self._doubts(difference(possible, certain), selected, atom.within))

    def _enough(self, atom: Count, contributions: list[tuple[Selected, int, int]], *, sure: bool) -> Spans:
        """Where the contributions that are live together reach the threshold and every distinct demand."""
        live = [(s, start, end) for s, start, end in contributions if start < end]
        if sum(s.observation.count for s, _, _ in live) < atom.at_least:
            return NEVER
        return union(
            (start, end)
            for start, end, together in _together(live, atom.at_least)
            if self._reaches(atom, together, sure=sure)
        )

    def _reaches(self, atom: Count, together: list[Selected], *, sure: bool) -> bool:
        """One record is one record, however many spells of relevance it has."""
        distinct_records = {s.index: s for s in together}
        if sum([s.observation.count for s in distinct_records.values()]) < atom.at_least:
            return False
        return all(
            self._different(distinct_records.values(), what, sure=sure) >= least
            for what, least in atom.distinct
        )

    def _different(self, selected: Iterable[Selected], what: Distinct, *, sure: bool) -> int:
        observations = [s.observation for s in selected]
        match what:
            case Distinct.SECTORS:
                return len({o.sector for o in observations if o.sector})
            case Distinct.AGENCIES:
                return len({o.agency for o in observations if o.sector})
            case Distinct.AREAS:
                return len({o.area for o in observations})
            case Distinct.DAYS:
                days = [(o.happened_from, o.happened_to) for o in observations]
                return _surely_separate_days(days) if sure else _possible_days(days)
            case Distinct.PEOPLE:
                return len({o.subjects[:1] for o in observations})
            case Distinct.KINDS:
                return len({o.kind for o in observations})
            case Distinct.DIMENSIONS:
                return len({self.words.dimension.get(o.kind, "") for o in observations})

    def _doubts(
        self, where: Spans, selected: list[Selected], window: int | None
    ) -> list[tuple[int, int, Reason]]:
        """On the spans that are only possible: each record that counts there perhaps, but not for certain.

        Where every record counts for certain and it is only open on which days they were, the vague ones are named.
        """
        doubts = []
        for s in selected:
            perhaps = difference(union([s.possible(window)]), union([s.certain(window)]))
            doubts += [(start, end, s.reason) for start, end in intersection(perhaps, where)]
        unnamed = difference(where, union((start, end) for start, end, _ in doubts))
        for s in selected if unnamed else ():
            if s.vague:
                doubts += [(a, b, s.reason) for a, b in intersection(union([s.certain(window)]), unnamed)]
        return doubts

    # -- sequence ------------------------------------------------------------------------------------------------

    def _sequence(self, atom: Sequence) -> Truth:
        certain, possible = [], []
        for chain, sure in self._chains(atom):
            if sure:
                certain.append(_chain_span(chain, atom.remembered, sure=True))
            doubt = next((s.reason for s in chain if s.unsure or s.vague), None)
            if doubt or not sure:  # else it is possible where it is certain
                span = _chain_span(chain, atom.remembered, sure=False)
                possible.append((*span, doubt or chain[-1].reason))
        holds = union(certain)
        return judged(holds, _outside(possible, holds))

    def _chains(self, atom: Sequence) -> Iterator[tuple[tuple[Selected, ...], bool]]:
        """Every chain of records that may be the sequence, and whether it is one for certain."""
        steps = [self._select(step.selection, atom.about) for step in atom.steps]
        if not all(steps):
            return
        chains: list[tuple[tuple[Selected, ...], bool]] = [
            ((first,), first.unsure is None) for first in steps[0]
        ]
        for step, candidates in zip(atom.steps[1:], steps[1:], strict=True):
            near = _NearInTime(candidates)
            chains = [
                ((*chain, s), sure and s.unsure is None and _surely_follows(chain[-1], s, step))
                for chain, sure in chains
                for s in near.between(chain[-1].earliest, chain[-1].latest + step.within)
                if all(s.index != earlier.index for earlier in chain) and _may_follow(chain[-1], s, step)
            ]
        yield from chains

    # -- absence -------------------------------------------------------------------------------------------------

    def _absence(self, atom: Absence) -> Truth:
        matching = self._select(atom.selection, atom.about)
        silent = all_of([self._exposure(atom), self._silence(matching, atom.lasting)])
        if self.history.died is not None:
            silent = all_of([silent, Truth(((BEGINNING, self.history.died),))])
        return self._inside_coverage(
            silent, atom.covered_by, lambda covered: self._trailing(covered, atom.lasting)
        )

    def _exposure(self, atom: Absence) -> Truth:
        """Where the clock has run for long enough since birth, or since the last record that starts it."""
        if atom.since is not None:
            starts = self._select(atom.since, atom.about)
            begun = union(
                (max(s.known_from, s.latest + atom.lasting), s.known_to) for s in starts if not s.unsure
            )
            maybe = [
                (max(s.known_from, s.earliest + atom.lasting), s.known_to, s.reason)
                for s in starts
                if s.unsure or s.vague
            ]
            restarted = self._silence(starts, atom.lasting)
            return all_of([judged(begun, _outside(maybe, begun)), restarted])
        if self.history.born is None:
            return judged(NEVER, [(BEGINNING, FOREVER, Reason(Why.BIRTH_UNKNOWN))])
        first, after = self.history.born
        certain = ((after - DAY + atom.lasting, FOREVER),)
        return judged(certain, [(first + atom.lasting, certain[0][0], Reason(Why.BIRTH_UNKNOWN))])

    def _silence(self, matching: list[Selected], lasting: int) -> Truth:
        """Where no matching record, as far as is known at that moment, happened within the time just past."""
        broken = union(s.certain(lasting) for s in matching)
        perhaps = [(*s.possible(lasting), s.reason) for s in matching if s.unsure or s.vague]
        return negated(judged(broken, _outside(perhaps, broken)))

    # -- unanswered ----------------------------------------------------------------------------------------------

    def _unanswered(self, atom: Unanswered) -> Truth:
        answers = self._select(atom.answered_by, atom.about)
        return any_of(
            [self._overdue(atom, opened, answers) for opened in self._select(atom.opened_by, atom.about)]
        )

    def _overdue(self, atom: Unanswered, opened: Selected, answers: list[Selected]) -> Truth:
        due_first, due_last = (
            self.deadline(opened.earliest, atom.within),
            self.deadline(opened.latest, atom.within),
        )
        ends = (FOREVER, FOREVER)
        if atom.remembered is not None:
            ends = (due_first + atom.remembered, due_last + atom.remembered)
        certain = union([(max(opened.known_from, due_last), min(opened.known_to, ends[0]))])
        maybe = union([(max(opened.known_from, due_first), min(opened.known_to, ends[1]))])
        after = [a for a in answers if a.index != opened.index and a.latest >= opened.earliest]
        answered = union(a.certain(None) for a in after if a.earliest >= opened.latest)
        perhaps_answered = [(*a.possible(None), a.reason) for a in after]
        overdue = difference(certain, answered) if not opened.unsure else NEVER
        doubts = [(s, e, opened.reason) for s, e in difference(difference(maybe, certain), answered)]
        if opened.unsure:
            doubts = [(s, e, opened.reason) for s, e in difference(maybe, answered)]
        clashes = _outside(perhaps_answered, answered)
        sure = difference(overdue, union((s, e) for s, e, _ in clashes))
        doubts += [
            (max(s, a), min(e, b), why) for s, e, why in clashes for a, b in overdue if max(s, a) < min(e, b)
        ]
        silent = judged(sure, _outside(doubts, sure))
        return self._inside_coverage(
            silent, atom.covered_by, lambda covered: union((o, e) for o, e in _from(covered, opened.earliest))
        )

    # -- trend ---------------------------------------------------------------------------------------------------

    def _trend(self, atom: Trend) -> Truth:
        return any_of([self._fall(atom, *pair) for pair in self._falls(atom)])

    def _fall(self, atom: Trend, earlier: Selected, later: Selected, sure: bool) -> Truth:
        """Where one pair of measurements shows the change, and no measurement after it shows it gone."""
        seen = union([_chain_span((earlier, later), atom.remembered, sure=True)]) if sure else NEVER
        wide = _chain_span((earlier, later), atom.remembered, sure=False)
        doubt = earlier.reason if earlier.vague or earlier.unsure else later.reason
        shown = judged(seen, _outside([(*wide, doubt)], seen))
        return all_of([shown, self._still(self._recoveries(atom, earlier, later), later)])

    def _falls(self, atom: Trend) -> Iterator[tuple[Selected, Selected, bool]]:
        """The pairs of measurements of one person that show the change, and whether they do for certain."""
        measured = self._measured(atom)
        least, most = atom.apart
        for earlier in measured:
            for later in measured:
                shortest, longest = later.earliest - earlier.latest, later.latest - earlier.earliest
                if longest < least or shortest > most or not self._changed(atom, earlier, later):
                    continue
                if not _same_person(atom.about, earlier, later):
                    continue
                sure = shortest >= least and longest <= most and not (earlier.unsure or later.unsure)
                yield earlier, later, sure

    def _measured(self, atom: Trend) -> list[Selected]:
        return [s for s in self._select(atom.selection, atom.about) if atom.measure in s.observation.measures]

    def _changed(self, atom: Trend, earlier: Selected, later: Selected) -> bool:
        before = earlier.observation.measures[atom.measure]
        after = later.observation.measures[atom.measure]
        change = after - before if atom.rises else before - after
        if atom.percent is not None:
            return before > 0 and change * 100 >= atom.percent * before
        return atom.amount is not None and change >= atom.amount

    def _recoveries(self, atom: Trend, earlier: Selected, later: Selected) -> list[Selected]:
        """Measurements of the same person, after the pair or perhaps so, that no longer show the change."""
        return [
            s
            for s in self._measured(atom)
            if s.index not in (earlier.index, later.index)
            and s.latest > later.earliest
            and _same_person(atom.about, later, s)
            and not self._changed(atom, earlier, s)
        ]

    def _still(self, endings: list[Selected], begun: Selected) -> Truth:
        """Where no ending after `begun` is known; unsure where one may have been after it."""
        ended = union(e.certain(None) for e in endings if e.earliest > begun.latest)
        perhaps = [(*e.possible(None), e.reason if e.unsure or e.vague else begun.reason) for e in endings]
        return negated(judged(ended, _outside(perhaps, ended)))

    # -- contradiction -------------------------------------------------------------------------------------------

    def _contradiction(self, atom: Contradiction) -> Truth:
        certain: list[Span] = []
        possible: list[tuple[int, int, Reason]] = []
        for one, other in self._clashes(atom):
            sure = intersection(union([one.certain(atom.within)]), union([other.certain(atom.within)]))
            wide = intersection(union([one.possible(atom.within)]), union([other.possible(atom.within)]))
            certain += sure
            doubts = [s.reason for s in (one, other) if s.vague or s.unsure]
            possible += [(start, end, doubt) for start, end in wide for doubt in doubts]
        holds = union(certain)
        return judged(holds, _outside(possible, holds))

    def _clashes(self, atom: Contradiction) -> Iterator[tuple[Selected, Selected]]:
        stated = [
            (s, value)
            for s in self._select(atom.selection, atom.about)
            if (value := self._value(s.observation, atom.fact))
        ]
        for i, (one, value) in enumerate(stated):
            for other, another in stated[i + 1 :]:
                if value == another or not _about_somebody_in_common(one, other):
                    continue
                if atom.different_agencies and one.observation.agency == other.observation.agency:
                    continue
                yield one, other

    # -- state ---------------------------------------------------------------------------------------------------

    def _age(self, age: AgeRange) -> Truth:
        born = self.history.born
        if born is None:
            return judged(NEVER, [(BEGINNING, FOREVER, Reason(Why.BIRTH_UNKNOWN))])
        first, last = born[0], born[1] - DAY
        ends = (FOREVER, FOREVER) if age.end is None else (first + age.end, last + age.end)
        certain = union([(last + age.start, ends[0])])
        return judged(certain, [(first + age.start, ends[1], Reason(Why.BIRTH_UNKNOWN))])

    def _fact(self, atom: FactState) -> Truth:
        closings = self._select(atom.closed_by, atom.about)
        return any_of([self._open(o, closings, atom.about) for o in self._select(atom.opened_by, atom.about)])

    def _open(self, opened: Selected, closings: list[Selected], about: Scope) -> Truth:
        """Where an opening is known and no closing after it, for the same person, is."""
        after = [
            c
            for c in closings
            if c.index != opened.index and c.latest >= opened.earliest and _same_person(about, opened, c)
        ]
        closed = union(c.certain(None) for c in after if c.earliest >= opened.latest)
        perhaps = [(*c.possible(None), c.reason if c.unsure or c.vague else opened.reason) for c in after]
        still = negated(judged(closed, _outside(perhaps, closed)))
        begun = union([opened.certain(None)])
        return all_of([judged(begun, _outside([(*opened.possible(None), opened.reason)], begun)), still])

    def _adult(self, atom: AdultState) -> Truth:
        spans = []
        for adult in self.history.adults:
            if adult.relation in atom.relations:
                end = min(adult.known_to, adult.lived_to)
                if atom.arrived_within is not None:
                    end = min(end, adult.arrived + atom.arrived_within)
                spans.append((max(adult.known_from, adult.lived_from), end))
        return Truth(union(spans))

    def _lives_in(self, areas: frozenset[str]) -> Spans:
        return union(
            (max(home.known_from, home.lived_from), min(home.known_to, home.lived_to))
            for home in self.history.areas
            if home.area in areas
        )

    # -- evidence ------------------------------------------------------------------------------------------------

    def _evidence(self, condition: Condition, at: int) -> Iterator[int]:
        match condition:
            case All(parts):
                for part in parts:
                    yield from self._evidence(part, at)
            case Any(parts):
                for part in parts:
                    if self.evaluate(part).holds_at(at):
                        yield from self._evidence(part, at)
            case Count():
                for s in self._select(condition.selection, condition.about):
                    if _covers(s.certain(condition.within), at):
                        yield s.index
            case Sequence():
                for chain, sure in self._chains(condition):
                    if sure and _covers(_chain_span(chain, condition.remembered, sure=True), at):
                        yield from (s.index for s in chain)
            case Unanswered():
                answers = self._select(condition.answered_by, condition.about)
                for s in self._select(condition.opened_by, condition.about):
                    if self._overdue(condition, s, answers).holds_at(at):
                        yield s.index
            case Trend():
                for earlier, later, sure in self._falls(condition):
                    if self._fall(condition, earlier, later, sure).holds_at(at):
                        yield from (earlier.index, later.index)
            case Contradiction():
                for one, other in self._clashes(condition):
                    if _covers(one.certain(condition.within), at) and _covers(
                        other.certain(condition.within), at
                    ):
                        yield from (one.index, other.index)
            case FactState():
                closings = self._select(condition.closed_by, condition.about)
                for s in self._select(condition.opened_by, condition.about):
                    if self._open(s, closings, condition.about).holds_at(at):
                        yield s.index
            case Absence(since=Selection() as since):
                known = [s for s in self._select(since, condition.about) if s.known_from <= at < s.known_to]
                last = max((s.earliest for s in known), default=None)
                yield from (s.index for s in known if s.earliest == last)
            case _:
                return


def _together(
    live: list[tuple[Selected, int, int]], at_least: int
) -> Iterator[tuple[int, int, list[Selected]]]:
    """The axis cut where any contribution begins or ends, and which are live on each piece where they may be enough."""
    edges: defaultdict[int, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for n, (_, start, end) in enumerate(live):
        edges[start][0].append(n)
        edges[end][1].append(n)
    now: dict[int, Selected] = {}
    incidents = 0
    for start, end in pairwise(sorted(edges)):
        begun, ended = edges[start]
        for n in ended:
            incidents -= now.pop(n).observation.count
        for n in begun:
            now[n] = live[n][0]
            incidents += now[n].observation.count
        if incidents >= at_least:
            yield start, end, list(now.values())


#: `_at_age` found the record's age outside the range for certain.
_NO_MATCH: Final = Reason(Why.VAGUE_DATE, "\0no match")


def total_order(s: Selected) -> tuple[int, str, str, str, int]:
    """The one order in which selected records are read, whatever the order of the history."""
    o = s.observation
    return (o.happened_from, o.kind, o.sector, o.record, s.known_from)


def _in_range(value: float | None, least: float | None, most: float | None) -> bool:
    return value is not None and (least is None or value >= least) and (most is None or value <= most)


def _surely_separate_days(periods: Iterable[tuple[int, int]]) -> int:
    """On how many different days the records were, at the least: greedy, by earliest end, none overlapping."""
    count, last = 0, BEGINNING
    for start, end in sorted(periods, key=lambda p: (p[1], p[0])):
        if start >= last:
            count, last = count + 1, end
    return count


def _possible_days(periods: Iterable[tuple[int, int]]) -> int:
    """On how many different days the records may have been, at the most: each takes the first free day it can."""
    taken: set[int] = set()
    for start, end in sorted(periods, key=lambda p: (p[1], p[0])):
        day = next((d for d in range(start, end, DAY) if d not in taken), None)
        if day is not None:
            taken.add(day)
    return len(taken)


def _covers(span: Span, at: int) -> bool:
    return span[0] <= at < span[1]


def _from(covered: Spans, start: int) -> list[Span]:
    """From `start` to the end of the covered spell that it lies in; nothing where it lies outside."""
    return [(start, end) for first, end in covered if first <= start < end]


def _outside(possible: Iterable[tuple[int, int, Reason]], certain: Spans) -> list[tuple[int, int, Reason]]:
    rest = complement(certain)
    return [(s, e, why) for start, end, why in possible for s, e in intersection(union([(start, end)]), rest)]


def _surely_follows(before: Selected, after: Selected, step: Step) -> bool:
    return before.latest <= after.earliest and after.latest - before.earliest <= step.within


def _may_follow(before: Selected, after: Selected, step: Step) -> bool:
    return before.earliest <= after.latest and after.earliest - before.latest <= step.within


class _NearInTime:
    """Selected records, in order, of which those that may have happened in a span are found without asking each."""

    def __init__(self, selected: list[Selected]) -> None:
        self._selected = selected
        self._earliest = [s.earliest for s in selected]
        self._longest = max(s.latest - s.earliest for s in selected)

    def between(self, first: int, last: int) -> list[Selected]:
        """All that may have happened from one instant to another, and perhaps some more."""
        start = bisect_left(self._earliest, first - self._longest)
        return self._selected[start : bisect_right(self._earliest, last)]


def _chain_span(chain: tuple[Selected, ...], remembered: int, *, sure: bool) -> Span:
    """Where every step is known and has happened, and the last one is still in view."""
    start, end = chain[-1].certain(remembered) if sure else chain[-1].possible(remembered)
    for s in chain[:-1]:
        known, forgotten = s.certain(None) if sure else s.possible(None)
        start, end = max(start, known), min(end, forgotten)
    return (start, end)


def _same_person(about: Scope, one: Selected, other: Selected) -> bool:
    """Whether two records are mainly about the same person; in the child's own records they are."""
    return about is Scope.CHILD or one.observation.subjects[:1] == other.observation.subjects[:1]


def _about_somebody_in_common(one: Selected, other: Selected) -> bool:
    return one.index != other.index and bool(set(one.observation.subjects) & set(other.observation.subjects))
