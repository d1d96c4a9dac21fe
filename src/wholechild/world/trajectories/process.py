"""What a trajectory is: states that a family goes through, what happens in each, and who may notice, record and share it.

A trajectory and its double are two processes of the same form. Nothing in a record says which of them it came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

#: How bad a state is for the children in it. Only a trajectory may have more than `none`.
HARMS: Final = ("none", "some", "serious")
#: How grave a sign looks to whoever notices it: it decides how likely it is passed on.
GRAVITIES: Final = ("low", "middle", "high")
#: The state after which nothing more happens.
END: Final = "end"
#: What becomes known of the harm, and how.
OUTCOMES: Final = ("serious_harm", "recognised", "death")
#: Whoever may be noticed besides the kinds of agency: the nursery or school that the child is at.
SETTING: Final = "setting"
#: The people whom a record may be about.
PEOPLE: Final = ("child", "children", "parent", "partner")


@dataclass(frozen=True, slots=True)
class Notice:
    """How one agency may come to know of something that happened, and what it would write.

    Shape    `chance` is that somebody there notices. `measures` are ranges to draw from; `lost` is a range of the
             share of body weight that the scales find lost.
    """

    by: str
    chance: float
    kind: str
    words: str
    about: tuple[str, ...] = ("child",)
    informant: str = ""
    values: Mapping[str, str] | None = None
    measures: Mapping[str, tuple[float, float]] | None = None
    lost: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happens in a state.

    Shape    one of `per_year` (as often as that), `once` (with that chance, on some day), `at_start`, `at_end`.
    Missing  `outcome` empty: nothing becomes known of the harm. `then` empty: the state goes on.
    """

    id: str
    says: str
    gravity: str
    noticed: tuple[Notice, ...]
    per_year: float = 0.0
    once: float = 0.0
    at_start: float = 0.0
    at_end: float = 0.0
    from_age: int = 0
    outcome: str = ""
    then: str = ""


@dataclass(frozen=True, slots=True)
class Silence:
    """What ordinary services no longer write of the children while a state lasts: that share, of those agencies."""

    share: float
    agencies: frozenset[str]


@dataclass(frozen=True, slots=True)
class Move:
    """The family moves when the state begins: within the `area`, or `elsewhere`. `told` is the chance that it says so."""

    to: str
    told: float
    told_after: float


@dataclass(frozen=True, slots=True)
class State:
    """One state: how long it lasts (the median in days, a lognormal spread), what may follow, what happens in it."""

    id: str
    harm: str
    days: float
    spread: float
    following: tuple[tuple[str, float], ...]
    happens: tuple[Happening, ...] = ()
    silences: Silence | None = None
    home: Move | None = None
    brings_partner: bool = False


@dataclass(frozen=True, slots=True)
class Response:
    """What children's social care does with what is passed on to it.

    Shape    `accepted` of what is passed on is assessed; `enquiry` of those become section 47 enquiries; `plan` of
             those end in a plan, after which the state is `then`.
    """

    accepted: float
    enquiry: float
    plan: float
    then: str


@dataclass(frozen=True, slots=True)
class Begins:
    """How usual it is: new per 1,000 children a year at ages [first, after).

    Missing  `input` None: the generator is set to `value` itself.
    """

    value: float
    ages: tuple[float, float]
    tolerance: float
    source: str
    standing: str
    input: float | None = None

    @property
    def set_to(self) -> float:
        return self.value if self.input is None else self.input


@dataclass(frozen=True, slots=True)
class Process:
    """A trajectory or a double.

    Shape    `whole_family` lives it through together, else one child. `adversity` and `spread` say in which families
             it gathers (see chance.multiplier). `adults` is how many adults must be at home as it begins.
    Units    `disabled` is the odds of it for a disabled child against others.
    Missing  `adults` 0: any number.
    """

    id: str
    title: str
    harmful: bool
    begins: Begins
    whole_family: bool
    adversity: float
    spread: float
    first: str
    states: Mapping[str, State]
    response: Response
    adults: int = 0
    disabled: float = 1.0


@dataclass(frozen=True, slots=True)
class Source:
    """Where something is from, how sure we are of it (see rates.STANDINGS), and what it is used for."""

    text: str
    standing: str
    used_for: str


@dataclass(frozen=True, slots=True)
class Trajectory:
    """A harmful trajectory and the harmless double that sends the same kinds of signals."""

    id: str
    title: str
    about: str
    valid_from: date
    sources: tuple[Source, ...]
    harm: Process
    double: Process

    @property
    def processes(self) -> tuple[Process, Process]:
        return self.harm, self.double


@dataclass(frozen=True, slots=True)
class Habit:
    """How an agency records and passes on: see the head of data/common.yaml."""

    records: float
    days_late: float
    shares: Mapping[str, float]
    days_to_share: float


@dataclass(frozen=True, slots=True)
class Difference:
    """How a trait bears on what agencies do. `times` is used by default, `literature` only when asked for."""

    trait: str
    groups: frozenset[str]
    bears_on: str
    by: frozenset[str]
    times: float
    literature: float
    source: str
    standing: str


@dataclass(frozen=True, slots=True)
class Library:
    """All trajectories, and what they share."""

    trajectories: tuple[Trajectory, ...]
    habits: Mapping[str, Habit]
    differences: tuple[Difference, ...]

    @property
    def processes(self) -> tuple[Process, ...]:
        return tuple(process for trajectory in self.trajectories for process in trajectory.processes)

    def trajectory_of(self, process: Process) -> Trajectory:
        return next(one for one in self.trajectories if process in one.processes)

    def as_in_the_literature(self) -> Library:
        """The same, but with every difference between groups set to what a study found."""
        return replace(self, differences=tuple(replace(d, times=d.literature) for d in self.differences))

    def with_begins(self, process_id: str, per_1000: float) -> Library:
        """The same, but one process as usual as asked: for testing that the check can fail."""

        def changed(process: Process) -> Process:
            if process.id != process_id:
                return process
            return replace(process, begins=replace(process.begins, input=per_1000))

        return replace(
            self,
            trajectories=tuple(
                replace(one, harm=changed(one.harm), double=changed(one.double)) for one in self.trajectories
            ),
        )

    def with_habit(self, agency: str, habit: Habit) -> Library:
        """The same, but one agency with other habits: for testing that the check can fail."""
        return replace(self, habits={**self.habits, agency: habit})
