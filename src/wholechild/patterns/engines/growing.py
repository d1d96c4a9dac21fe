"""The reference engine over a history that grows: what a new record cannot touch is not worked out again.

Every rule is the reference engine's own; this only remembers what it answered. It may, because an answer rests on the
records that the condition selects and on what is fixed for the child (birth, homes, adults, feeds), and on nothing else: not on the
order of the records, and on no clock. A record that is added can change a condition only where one of the condition's
selections takes it, in one of its scopes; that, and what is made of it, is forgotten.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from wholechild.patterns.engines.in_memory import (
    Deadline,
    InMemoryEngine,
    Selected,
    Words,
    calendar_days,
    total_order,
)
from wholechild.patterns.history import ChildHistory, Observation, Relevance, Scope
from wholechild.patterns.intervals import Truth, difference, union
from wholechild.patterns.language.nodes import (
    Absence,
    AdultState,
    AgeState,
    All,
    Any,
    Condition,
    Contradiction,
    Count,
    FactState,
    LivesInState,
    Not,
    Selection,
    Trend,
    Unanswered,
    Unless,
)
from wholechild.patterns.language.nodes import (
    Sequence as SequenceAtom,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """One thing that a condition reads: the records of a selection in a scope, of those perhaps only some.

    Missing  `measure`, `fact` empty: all of them; else only those that have this measure, or state this fact.
    """

    scope: Scope
    selection: Selection
    measure: str = ""
    fact: str = ""


def grown(
    history: ChildHistory, observation: Observation, scopes: Mapping[Scope, Sequence[Relevance]], anywhere: Sequence[Relevance]
) -> ChildHistory:  # fmt: skip
    """The history with one more record, as the last of its observations: so every other keeps its number."""
    at = len(history.observations)
    return replace(
        history,
        observations=(*history.observations, observation),
        scoped={
            scope: (*pairs, *((at, r) for r in scopes[scope])) if scope in scopes else pairs
            for scope, pairs in history.scoped.items()
        },
        shown=(*history.shown, *((at, r) for r in anywhere)),
    )


class GrowingEngine(InMemoryEngine):
    """Answers as an `InMemoryEngine` over the same history would, after any number of records were added.

    Shape    a condition is known by its identity, and kept alive while its answer is; so ask with the same objects again.
    """

    def __init__(self, history: ChildHistory, words: Words, deadline: Deadline = calendar_days) -> None:
        super().__init__(history, words, deadline)
        self._truths: dict[int, tuple[Condition, Truth, frozenset[Reading]]] = {}
        #: counts that records have come to since they were answered: the answer, and those records.
        self._overtaken: dict[int, tuple[Count, Truth, list[Selected]]] = {}

    def evaluate(self, condition: Condition) -> Truth:
        """Where the condition holds and where it cannot tell, as it was answered or worked out now."""
        known = self._truths.get(id(condition))
        if known is None:
            known = (condition, super().evaluate(condition), readings(condition))
            self._truths[id(condition)] = known
        return known[1]

    def knows(self, condition: Condition) -> bool:
        """Whether the condition was answered, and no record that it reads has come since."""
        return id(condition) in self._truths

    def grow(self, history: ChildHistory, added: Mapping[Scope, Sequence[Relevance]]) -> None:
        """Go on with a history that has one record more, the last, which is relevant in these scopes."""
        at, observation = len(history.observations) - 1, history.observations[-1]
        by_kind, kinds_in = self._by_kind, self._kinds_in
        self.history = history
        for scope, relevances in added.items():
            by_kind.setdefault((scope, observation.kind), []).extend((at, r) for r in relevances)
            kinds_in[scope] |= {observation.kind}
        for (selection, scope), selected in self._selections.items():
            for one in self._selected_last(selection, added.get(scope, ())):
                insort(selected, one, key=total_order)
        for counted, _, came in self._overtaken.values():
            came += self._come_to(Reading(counted.about, counted.selection), added)
        for key, (condition, truth, read) in list(self._truths.items()):
            if came := [s for reading in read for s in self._come_to(reading, added)]:
                del self._truths[key]
                if isinstance(condition, Count):
                    self._overtaken[key] = (condition, truth, came)

    def _come_to(self, reading: Reading, added: Mapping[Scope, Sequence[Relevance]]) -> list[Selected]:
        """What the last observation adds to what is read."""
        observation = self.history.observations[-1]
        if reading.measure and reading.measure not in observation.measures:
            return []
        if reading.fact and not self._value(observation, reading.fact):
            return []
        return self._selected_last(reading.selection, added.get(reading.scope, ()))

    def _selected_last(self, selection: Selection, relevances: Sequence[Relevance]) -> list[Selected]:
        at = len(self.history.observations) - 1
        if not relevances or self.history.observations[at].kind not in selection.kinds:
            return []
        found = (self._as_selected(at, relevance, selection) for relevance in relevances)
        return [one for one in found if one is not None]

    def _count(self, atom: Count) -> Truth:
        """A count can change only while a record that has come counts; elsewhere it is as it was.

        Where a record counts only perhaps, all of it is worked out again: what cannot be told has to be told with its reasons.
        """
        overtaken = self._overtaken.pop(id(atom), None)
        selected = self._select(atom.selection, atom.about)
        if overtaken is None or any(s.vague or s.unsure for s in selected):
            return super()._count(atom)
        _, before, came = overtaken
        holds = before.holds
        contributions = [(s, *s.certain(atom.within)) for s in selected]
        for first, after in union(s.certain(atom.within) for s in came):
            within = [(s, max(start, first), min(end, after)) for s, start, end in contributions]
            here = self._enough(atom, within, sure=True)
            holds = union([*difference(holds, ((first, after),)), *here])
        return Truth(holds)


@lru_cache(maxsize=4096)
def readings(condition: Condition) -> frozenset[Reading]:
    """Everything that a condition reads.

    Errors   TypeError, for a condition that is not known here: better none than one whose records are overlooked.
    """
    return frozenset(_readings(condition))


def _readings(condition: Condition) -> Iterator[Reading]:
    match condition:
        case All(parts) | Any(parts):
            for part in parts:
                yield from readings(part)
        case Not(part) | Unless(part):
            yield from readings(part)
        case Count(selection=selection, about=scope):
            yield Reading(scope, selection)
        case Trend(selection=selection, about=scope, measure=measure):
            yield Reading(scope, selection, measure=measure)
        case Contradiction(selection=selection, about=scope, fact=fact):
            yield Reading(scope, selection, fact=fact)
        case SequenceAtom(steps=steps, about=scope):
            yield from (Reading(scope, step.selection) for step in steps)
        case Absence(selection=selection, since=since, about=scope):
            yield Reading(scope, selection)
            if since is not None:
                yield Reading(scope, since)
        case Unanswered(opened_by=opened, answered_by=closed, about=scope):
            yield from (Reading(scope, selection) for selection in (opened, closed))
        case FactState(opened_by=opened, closed_by=closed, about=scope):
            yield from (Reading(scope, selection) for selection in (opened, closed))
        case AgeState() | AdultState() | LivesInState():
            return
        case _:
            raise TypeError(f"it is not known what a {type(condition).__name__} reads")
