"""The condition graph: what a lesson says, with every length in seconds and every pattern of kinds expanded.

The nodes are values: equal conditions are equal, so that an engine can work out a shared part once. What each node
means is said in docs/reference/lesson-language.md and, exactly, by patterns/engines/in_memory.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from wholechild.patterns.history import Scope


class Distinct(StrEnum):
    """What a count can ask to be different from each other."""

    SECTORS = "sectors"
    AGENCIES = "agencies"
    AREAS = "areas"
    DAYS = "days"
    PEOPLE = "people"
    KINDS = "kinds"
    DIMENSIONS = "dimensions"


@dataclass(frozen=True, slots=True)
class NumberRange:
    """A bound on a measure: `least` and `most` are inclusive, None is open."""

    measure: str
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True)
class AgeRange:
    """An age in [start, end) seconds from birth; `end` None is open."""

    start: int
    end: int | None


@dataclass(frozen=True, slots=True)
class Selection:
    """Which records a condition is about: `kinds` are ids, expanded from the patterns `of` and the kind filters.

    Shape    an empty frozenset in `sectors`, `agency_kinds` or `informants` means that the filter was not given.
             `values` pairs an attribute with the codes that will do, each attribute once.
    """

    of: tuple[str, ...]
    kinds: frozenset[str]
    sectors: frozenset[str] = frozenset()
    agency_kinds: frozenset[str] = frozenset()
    informants: frozenset[str] = frozenset()
    values: tuple[tuple[str, frozenset[str]], ...] = ()
    measures: tuple[NumberRange, ...] = ()
    child_age: AgeRange | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """At least `at_least` records inside the trailing window (None: ever), from enough distinct sources."""

    selection: Selection
    about: Scope
    at_least: int
    within: int | None
    distinct: tuple[tuple[Distinct, int], ...] = ()
    covered_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a sequence; `within` is the longest time after the step before it (0 for the first)."""

    selection: Selection
    within: int = 0


@dataclass(frozen=True, slots=True)
class Sequence:
    """The steps, one after another; it stays in view for `remembered` after the last."""

    steps: tuple[Step, ...]
    about: Scope
    remembered: int
    covered_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Absence:
    """No matching record for `lasting`, since birth or since the last record of `since`, inside coverage."""

    selection: Selection
    about: Scope
    lasting: int
    since: Selection | None
    covered_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Clock:
    """A time limit of `amount` days, or working days."""

    amount: int
    working_days: bool = False


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Something opened and, by its clock, not answered."""

    opened_by: Selection
    answered_by: Selection
    about: Scope
    within: Clock
    covered_by: tuple[str, ...]
    remembered: int | None = None


@dataclass(frozen=True, slots=True)
class Trend:
    """A measure falls (or rises) by a share or an amount between two records that lie `apart` (least, most)."""

    selection: Selection
    about: Scope
    measure: str
    rises: bool
    percent: float | None
    amount: float | None
    apart: tuple[int, int]
    remembered: int
    covered_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AgeState:
    """The child's age is in the range."""

    age: AgeRange


@dataclass(frozen=True, slots=True)
class FactState:
    """A fact of the vocabulary is so: opened by one kind of record and not closed by another."""

    fact: str
    opened_by: Selection
    closed_by: Selection
    about: Scope = Scope.CHILD
    covered_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AdultState:
    """An adult of one of the relations lives with the child, and arrived within `arrived_within` (None: any time)."""

    relations: frozenset[str]
    arrived_within: int | None = None


@dataclass(frozen=True, slots=True)
class LivesInState:
    """The child lives in one of the areas."""

    areas: frozenset[str]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two records state different values of one fact inside the window (None: ever)."""

    selection: Selection
    fact: str
    about: Scope
    within: int | None
    different_agencies: bool = False
    covered_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Any:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part is known not to be so: silence counts only inside coverage."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Unless:
    """The part is not on record: a known explanation silences, and no coverage is asked for."""

    part: Condition


Atom = (
    Count
    | Sequence
    | Absence
    | Unanswered
    | Trend
    | AgeState
    | FactState
    | AdultState
    | LivesInState
    | Contradiction
)
Condition = Atom | All | Any | Not | Unless
