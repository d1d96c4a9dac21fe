"""What has to be noted of one child: what the lessons say, against what was noted before. Rules only.

A match is one unbroken spell of one version of one lesson. It is noted once, when it has begun; it changes where its
evidence or its end does; it is closed where its time has run out or what was known has changed; and one that was closed
and holds after all is opened again. What is noted follows from the facts alone, so whoever works the same facts in
another order, or all at once, ends with the same open matches.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from wholechild.lib.civil import FOREVER
from wholechild.patterns.assembling import match_id
from wholechild.patterns.explain import grounds
from wholechild.patterns.history import ChildHistory, Observation, Relevance, Scope
from wholechild.patterns.language.lesson import Lesson
from wholechild.patterns.library import Engines, GrowingEngines
from wholechild.patterns.life.force import next_move

TIME: Final = "its time has run out"
KNOWN: Final = "what is known has changed"
RETIRED: Final = "the lesson is no longer in force"
AGAIN: Final = "it holds after all"
OTHERWISE: Final = "it rests on other records, or lasts to another day"


@dataclass(frozen=True, slots=True)
class Said:
    """What a match says. Missing: `until` None, nothing known would end it. Units: civil seconds."""

    until: int | None
    sentence: str
    evidence: tuple[str, ...]
    agencies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Noted:
    """A match as it was last noted; `number` is that of its last change, 0 for none."""

    match: str
    lesson: str
    version: int
    number: int
    is_open: bool
    said: Said


@dataclass(frozen=True, slots=True)
class Spell:
    """Where a lesson holds, as far as is known now: [start, end)."""

    match: str
    lesson: Lesson
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Begun:
    """A match to be noted for the first time."""

    spell: Spell
    said: Said


@dataclass(frozen=True, slots=True)
class Changed:
    """A change to be noted; where it closes the match, `said.until` is the instant at which that ended."""

    match: str
    number: int
    is_open: bool
    why: str
    said: Said


Say = Callable[[Spell], Said]


def spells_of(history: ChildHistory | None, lessons: Iterable[Lesson]) -> tuple[tuple[Spell, ...], Say]:
    """Every spell of every lesson for a child, past and to come, and what says what each rests on.

    Missing  no history (nobody is this person any more): no spells.
    """
    if history is None:
        return (), _nothing
    engines = Engines(history)
    spells = tuple(spell for lesson in lessons for spell in _spells(lesson, engines))
    return spells, lambda spell: _said(spell, engines)


def _spells(lesson: Lesson, engines: Engines) -> Iterator[Spell]:
    for start, end in engines.of(lesson).evaluate(lesson.condition).holds:
        yield Spell(match_id(engines.history.child, lesson, start), lesson, start, end)


def _said(spell: Spell, engines: Engines) -> Said:
    rests_on = grounds(spell.lesson, engines.of(spell.lesson), spell.start)
    observations = engines.history.observations
    return Said(
        None if spell.end >= FOREVER else spell.end,
        rests_on.sentence,
        tuple(observations[i].record for i in rests_on.evidence),
        rests_on.agencies,
    )


@dataclass(slots=True)
class _Told:
    """What one lesson says of a child: its spells, and what was said of some of them, by where they begin."""

    lesson: Lesson
    spells: tuple[Spell, ...]
    said: dict[int, Said]


class Asked:
    """What the lessons say of one child whose history grows: the same as `spells_of` over all of it.

    What a lesson says rests on the records that it reads, and on what is fixed for the child; so a record that it does not
    read leaves it as it was (engines/growing.py).
    """

    def __init__(self, history: ChildHistory) -> None:
        self.engines = GrowingEngines(history)
        self._told: dict[int, _Told] = {}

    @property
    def history(self) -> ChildHistory:
        return self.engines.history

    def grow(
        self, observation: Observation, scopes: Mapping[Scope, Sequence[Relevance]], anywhere: Sequence[Relevance]
    ) -> None:  # fmt: skip
        """One record more, relevant in these scopes."""
        self.engines.grow(observation, scopes, anywhere)
        self._told = {key: told for key, told in self._told.items() if self.engines.know(told.lesson)}

    def spells_of(self, lessons: Sequence[Lesson]) -> tuple[tuple[Spell, ...], Say]:
        """Every spell of every lesson, and what says what each rests on. Lessons that are not asked this time are let go."""
        self._told = {id(lesson): self._tell(lesson) for lesson in lessons}
        return tuple(spell for told in self._told.values() for spell in told.spells), self._say

    def _tell(self, lesson: Lesson) -> _Told:
        told = self._told.get(id(lesson))
        return told or _Told(lesson, tuple(_spells(lesson, self.engines)), {})

    def _say(self, spell: Spell) -> Said:
        said = self._told[id(spell.lesson)].said
        if spell.start not in said:
            said[spell.start] = _said(spell, self.engines)
        return said[spell.start]


def _nothing(spell: Spell) -> Said:
    raise LookupError("nobody's spell has nothing to say")


def next_edge(spells: Iterable[Spell], now: int) -> int | None:
    """The next instant at which a match begins or ends by the passing of time alone; None: nothing known ever will."""
    return min((edge for s in spells for edge in (s.start, s.end) if now < edge < FOREVER), default=None)


def look_again(
    spells: Iterable[Spell], lessons: Sequence[Lesson], history: ChildHistory | None, now: int
) -> int | None:
    """When a child is to be looked at again: at the next edge of a match, or of where the child lives, if that decides what is asked."""
    edges = (next_edge(spells, now), next_move(lessons, history, now) if history else None)
    return min((edge for edge in edges if edge is not None), default=None)


def to_note(
    spells: Iterable[Spell], noted: Mapping[str, Noted], say: Say, *, now: int, since: int, in_force: Collection[tuple[str, int]]
) -> Iterator[Begun | Changed]:  # fmt: skip
    """What is to be noted, so that what is noted is what holds.

    Shape    `since` is from when on nobody looked: a match that has begun and ended meanwhile is noted all the same, and
             closed. `in_force` are the (lesson, version) that were evaluated.
    """
    begun = {spell.match: spell for spell in spells if spell.start <= now}
    for match, spell in begun.items():
        before = noted.get(match)
        if before is not None:
            yield from _again(before, spell, say, now)
        elif spell.end > now or spell.start >= since:
            said = say(spell)
            yield Begun(spell, said)
            if spell.end <= now:
                yield Changed(match, 1, False, TIME, said)
    for match, before in noted.items():
        if before.is_open and match not in begun:
            why = KNOWN if (before.lesson, before.version) in in_force else RETIRED
            yield _closed(before, now, why)


def _again(before: Noted, spell: Spell, say: Say, now: int) -> Iterator[Changed]:
    """What is to be noted of a match that was noted before."""
    if spell.end > now:
        said = say(spell)
        if not before.is_open:
            yield Changed(spell.match, before.number + 1, True, AGAIN, said)
        elif said != before.said:
            yield Changed(spell.match, before.number + 1, True, OTHERWISE, said)
    elif before.is_open:
        yield _closed(before, spell.end, TIME if before.said.until == spell.end else KNOWN)


def _closed(before: Noted, ended_at: int, why: str) -> Changed:
    return Changed(before.match, before.number + 1, False, why, replace(before.said, until=ended_at))
