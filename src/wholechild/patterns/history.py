"""What the engines read: one child's history on the axis of knowledge, with nothing left to look up.

Everything here is in civil seconds (lib/civil.py), half-open. A history holds each record once, and for each of
the four scopes (ARCHITECTURE section 5) says when that record is *relevant* to the child, as far as was known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from wholechild.lib.civil import FOREVER


class Scope(StrEnum):
    """Whose records a condition looks at."""

    CHILD = "child"
    HOUSEHOLD = "household"
    SIBLINGS = "siblings"
    CARERS = "carers"


@dataclass(frozen=True, slots=True)
class Observation:
    """A record as an engine sees it.

    Shape    happened in [happened_from, happened_to), known in [learnt, forgotten): `forgotten` is when a correction
             superseded it or its delivery was withdrawn, else FOREVER. `subjects` are person ids.
    """

    record: str
    kind: str
    sector: str
    agency: str
    area: str
    happened_from: int
    happened_to: int
    learnt: int
    forgotten: int = FOREVER
    count: int = 1
    measures: Mapping[str, float] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    subjects: tuple[str, ...] = ()
    informant: str = ""
    what: str = ""
    happened_words: str = ""


@dataclass(frozen=True, slots=True)
class Relevance:
    """When, on the axis of knowledge, a record is relevant to the child in one scope.

    `certain` is False where the tie held for only part of a vague period: then it may or may not be relevant,
    and a condition that needs it cannot tell.
    """

    known_from: int
    known_to: int = FOREVER
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Covered:
    """A feed of `sector` in `area` (empty: everywhere) was live in [live_from, live_to) of event time."""

    sector: str
    area: str
    live_from: int
    live_to: int = FOREVER


@dataclass(frozen=True, slots=True)
class AdultInHome:
    """An adult of a stated relation lived with the child in [lived_from, lived_to), as known in [known_from, known_to).

    `arrived` is when the adult came to live there, which may be before the child was born.
    """

    person: str
    relation: str
    lived_from: int
    lived_to: int
    arrived: int
    known_from: int
    known_to: int = FOREVER


@dataclass(frozen=True, slots=True)
class LivedIn:
    """The child lived in `area` in [lived_from, lived_to), as known in [known_from, known_to)."""

    area: str
    lived_from: int
    lived_to: int
    known_from: int
    known_to: int = FOREVER


@dataclass(frozen=True, slots=True)
class ChildHistory:
    """One child, joined: all that any of the lessons may ask of it.

    Shape    `born` is [first, after) of the birth period, None where no agency has said. `scoped` maps a scope to
             (observation index, relevance) pairs; one observation may be relevant in several spells. `shown` says
             the same over all scopes, for readers: records that no lesson counts stand there too.
    """

    child: str
    observations: tuple[Observation, ...]
    scoped: Mapping[Scope, tuple[tuple[int, Relevance], ...]]
    born: tuple[int, int] | None = None
    died: int | None = None
    adults: tuple[AdultInHome, ...] = ()
    areas: tuple[LivedIn, ...] = ()
    coverage: tuple[Covered, ...] = ()
    shown: tuple[tuple[int, Relevance], ...] = ()
