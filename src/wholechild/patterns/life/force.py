"""Which versions of which lessons run, where and from when: what follows from the decisions that people signed.

Plain. The rules, in order:

1. A decision counts from the moment of its second signature, by another person. What came with the installation counts
   as it is, from the beginning.
2. A decision is for nations or for areas. For a place, the decision that begins last counts, whether it was made for the
   area or for its nation; of two that begin on one day, the one that was completed last.
3. Adopting puts one version in the place of any other of the same lesson; retiring leaves none.
4. Where neither the area nor its nation has decided anything about a lesson, what England decided counts: to be told by another
   nation's lesson is better than by none.
5. A version never runs after the last day that its own text names.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Final

from wholechild.lib.civil import FOREVER
from wholechild.patterns.history import ChildHistory
from wholechild.patterns.language.lesson import Lesson
from wholechild.vocabulary.areas import HOME_NATION, nation_of

ADOPT: Final = "adopt"
RETIRE: Final = "retire"


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision that counts.

    Missing  `begins` None: from the beginning. `completed` orders decisions that begin on one day.
    """

    decision: str
    lesson: str
    version: int
    sha256: str
    begins: date | None
    completed: str
    nations: frozenset[str]
    areas: frozenset[str]


@dataclass(frozen=True, slots=True)
class Running:
    """One version that runs somewhere."""

    lesson: str
    version: int
    sha256: str


def running(decided: Iterable[Decided], on: date, *, nation: str, area: str) -> tuple[Running, ...]:
    """The versions that run in a place on a day, in the order of the lessons' ids; at most one of each lesson."""
    general: dict[str, Decided] = {}
    here: dict[str, Decided] = {}
    for one in sorted(decided, key=_begins):
        if one.begins is None or one.begins <= on:
            if nation in one.nations or (area != "" and area in one.areas):
                here[one.lesson] = one
            elif HOME_NATION in one.nations:
                general[one.lesson] = one
    last = general | here
    return tuple(
        Running(one.lesson, one.version, one.sha256)
        for _, one in sorted(last.items())
        if one.decision == ADOPT
    )


def _begins(one: Decided) -> tuple[date, str]:
    return one.begins or date.min, one.completed


@dataclass(frozen=True, slots=True)
class LessonsInForce(Sequence[Lesson]):
    """The lessons that run in England, in each nation that decided something of its own, and in each area that did.

    As a sequence it is every lesson version that runs anywhere, once.
    """

    nationwide: tuple[Lesson, ...]
    by_area: Mapping[str, tuple[Lesson, ...]] = field(default_factory=dict)
    by_nation: Mapping[str, tuple[Lesson, ...]] = field(default_factory=dict)

    def of_area(self, area: str) -> tuple[Lesson, ...]:
        own = self.by_area.get(area)
        return self.by_nation.get(nation_of(area), self.nationwide) if own is None else own

    def of_child(self, history: ChildHistory, now: int) -> tuple[Lesson, ...]:
        """What runs where the child lives at a moment. In two areas at once: what runs in either. Not known: the nation's."""
        here = sorted({
            home.area for home in history.areas
            if home.lived_from <= now < home.lived_to and home.known_from <= now < home.known_to
        })  # fmt: skip
        return _once(lesson for area in here or [""] for lesson in self.of_area(area))

    def _all(self) -> tuple[Lesson, ...]:
        own = (lesson for area in sorted(self.by_area) for lesson in self.by_area[area])
        nations = (lesson for nation in sorted(self.by_nation) for lesson in self.by_nation[nation])
        return _once([*self.nationwide, *own, *nations])

    def __len__(self) -> int:
        return len(self._all())

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        return self._all()[index]

    def __iter__(self) -> Iterator[Lesson]:
        return iter(self._all())


def _once(lessons: Iterable[Lesson]) -> tuple[Lesson, ...]:
    return tuple({(lesson.id, lesson.version): lesson for lesson in lessons}.values())


def for_child(lessons: Sequence[Lesson], history: ChildHistory | None, now: int) -> Sequence[Lesson]:
    """The lessons that are asked of this child: those in force where the child lives, or all of a list made by hand."""
    return lessons.of_child(history, now) if history and isinstance(lessons, LessonsInForce) else lessons


def next_move(lessons: Sequence[Lesson], history: ChildHistory, now: int) -> int | None:
    """The next instant at which the child lives elsewhere, as far as is known, where areas ask different lessons; else None."""
    if not isinstance(lessons, LessonsInForce) or not (lessons.by_area or lessons.by_nation):
        return None
    edges = (e for h in history.areas for e in (h.lived_from, h.lived_to, h.known_from, h.known_to))
    return min((edge for edge in edges if now < edge < FOREVER), default=None)


def mark_of(lessons: Sequence[Lesson]) -> str:
    """A digest of which versions run where: another one means that everybody is to be asked anew."""
    places = (
        {
            "": lessons.nationwide,
            **lessons.by_area,
            **{f"nation {n}": told for n, told in lessons.by_nation.items()},
        }
        if isinstance(lessons, LessonsInForce)
        else {"": lessons}
    )
    told = sorted(
        (place, lesson.id, lesson.version) for place, several in places.items() for lesson in several
    )
    return sha256(json.dumps([told, sorted(places)]).encode()).hexdigest()
