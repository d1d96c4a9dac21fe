"""Reads the trajectories from YAML; every fault is found, with its line, why it is one, and what would cure it.

A trajectory without a double is refused: an area with harm and nothing that merely looks like it would flatter us.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeVar

from wholechild.lib.located import Located, NotPlainYaml, Place, read_yaml
from wholechild.vocabulary.terms import vocabulary
from wholechild.world.agencies import KINDS
from wholechild.world.names import names
from wholechild.world.rates import STANDINGS
from wholechild.world.trajectories.process import (
    END,
    GRAVITIES,
    HARMS,
    OUTCOMES,
    PEOPLE,
    SETTING,
    Begins,
    Difference,
    Habit,
    Happening,
    Library,
    Move,
    Notice,
    Process,
    Response,
    Silence,
    Source,
    State,
    Trajectory,
)

DATA: Final = Path(__file__).with_name("data")
COMMON: Final = "common.yaml"
TRAITS: Final = "traits.yaml"
#: A double must be able to send at least this share of the kinds of signals of its trajectory.
_ALIKE: Final = 0.3
_WHEN: Final = ("per_year", "once", "at_start", "at_end")
_TRAITS: Final = ("ethnicity", "disability", "deprivation", "name_origin", "sex")
_NOTHING: Final = Located({}, Place(1, 1))
T = TypeVar("T")


@dataclass(frozen=True, slots=True, order=True)
class TrajectoryFault:
    """One fault: file, line and column (from 1), the field, why it is one, and what to do."""

    file: str
    line: int
    column: int
    field: str
    why: str
    do: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}, `{self.field}`: {self.why}. {self.do}"


class FaultyTrajectories(ValueError):
    """The trajectories cannot be used; `faults` has every reason, in the order of files and lines."""

    def __init__(self, faults: tuple[TrajectoryFault, ...]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


def read(folder: Path = DATA) -> Library:
    """The library of a folder of the shape of data/. Errors: FaultyTrajectories, with every fault."""
    faults: list[TrajectoryFault] = []
    common = _file(folder / COMMON, faults)
    habits, differences, shared = _common(common) if common else ({}, (), {})
    found: list[Trajectory] = []
    for path in sorted(folder.glob("*.yaml")):
        node = None if path.name in (COMMON, TRAITS) else _file(path, faults)
        if node is not None:
            found.append(_trajectory(node, shared))
    if not found and not faults:
        faults.append(
            TrajectoryFault(
                folder.name, 1, 1, "", "no trajectory is written down", "Add a YAML file for each."
            )
        )
    _names_once(found, folder, faults)
    if faults:
        raise FaultyTrajectories(tuple(sorted(faults)))
    return Library(tuple(found), habits, differences)


@dataclass(frozen=True, slots=True)
class Share:
    """A published share, in per cent, with how close it has to come out."""

    title: str
    value: float
    tolerance: float
    standing: str


@dataclass(frozen=True, slots=True)
class TraitFigures:
    """What traits.yaml says.

    Shape    `group_of` is the ethnic group of each community of names; `most_deprived_tenth` is the per cent of each
             group in the most deprived tenth; `neighbourhood` (0 to 1) is how closely deprivation follows the home;
             `disabled_by_need` is the per cent with a disability by special educational need.
    """

    group_of: Mapping[str, str]
    most_deprived_tenth: Mapping[str, Share]
    neighbourhood: float
    disability: Share
    disabled_by_need: Mapping[str, float]


def read_traits(folder: Path = DATA) -> TraitFigures:
    """The figures of traits.yaml. Errors: FaultyTrajectories, with every fault."""
    faults: list[TrajectoryFault] = []
    node = _file(folder / TRAITS, faults)
    figures = _traits(node) if node else None
    if faults or figures is None:
        raise FaultyTrajectories(tuple(sorted(faults)))
    return figures


@lru_cache(maxsize=1)
def traits_figures() -> TraitFigures:
    """The figures of this release, read once."""
    return read_traits()


@lru_cache(maxsize=1)
def library() -> Library:
    """The trajectories of this release, read once."""
    return read()


# -- reading one file -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Node:
    """A value of a file with the way to it, and the list to which its faults go."""

    file: str
    path: str
    value: Located
    faults: list[TrajectoryFault] = field(repr=False)

    def fault(self, why: str, do: str, at: Place | None = None, key: str = "") -> None:
        place = at or self.value.place
        name = ".".join(part for part in (self.path, key) if part)
        self.faults.append(TrajectoryFault(self.file, place.line, place.column, name, why, do))

    def keys(self, allowed: Collection[str], needed: Collection[str] = ()) -> bool:
        """Whether this is a mapping with these keys; what is unknown or missing is faulted."""
        if not isinstance(self.value.value, dict):
            self.fault("here stand no `key: value` pairs", "Write them in braces, or one a line below.")
            return False
        for key in self.value.value.keys() - set(allowed):
            self.fault(
                f"there is no field `{key[:40]}` here", _near(key, allowed), self.value.keys[key], key[:40]
            )
        for key in sorted(set(needed) - self.value.value.keys()):
            self.fault(f"it has no `{key}`", f"Add `{key}:`.", key=key)
        return True

    def at(self, key: str) -> _Node | None:
        found = self.value.get(key)
        return (
            None
            if found is None
            else _Node(self.file, f"{self.path}.{key}" if self.path else key, found, self.faults)
        )

    def children(self) -> Iterator[tuple[str, _Node]]:
        pairs = self.value.value.items() if isinstance(self.value.value, dict) else ()
        for key, item in pairs:
            yield key, _Node(self.file, f"{self.path}.{key}", item, self.faults)

    def items(self) -> Iterator[_Node]:
        if not isinstance(self.value.value, list):
            self.fault("this is not a list", "Put it in square brackets, or each entry on a line after `- `.")
            return
        for place, item in enumerate(self.value.value):
            yield _Node(self.file, f"{self.path}[{place + 1}]", item, self.faults)

    def number(self, key: str, least: float, most: float, missing: float = 0.0) -> float:
        node = self.at(key)
        if node is None:
            return missing
        return node.as_number(least, most, missing)

    def as_number(self, least: float, most: float, missing: float = 0.0) -> float:
        given = self.value.value
        if isinstance(given, bool) or not isinstance(given, int | float):
            self.fault(f"{str(given)[:40]!r} is not a number", f"Write a number from {least:g} to {most:g}.")
            return missing
        if not least <= given <= most:
            self.fault(
                f"{given:g} is not between {least:g} and {most:g}",
                "Mend the number; chances run from 0 to 1.",
            )
            return missing
        return float(given)

    def text(self, key: str, missing: str = "") -> str:
        node = self.at(key)
        if node is None:
            return missing
        if not isinstance(node.value.value, str) or not node.value.value.strip():
            node.fault("this is not a text", "Write words; what looks like a number, yes or no needs quotes.")
            return missing
        return node.value.value

    def word(self, key: str, known: Collection[str], missing: str = "") -> str:
        """A text that must be one of the known words."""
        found, node = self.text(key, missing), self.at(key)
        if node is not None and found and found not in known:
            node.fault(f"{found[:60]!r} is not known here", _near(found, known))
        return found

    def words(self, key: str, known: Collection[str]) -> tuple[str, ...]:
        node = self.at(key)
        if node is None:
            return ()
        found: list[str] = []
        for item in node.items():
            if item.value.value not in known:
                item.fault(
                    f"{str(item.value.value)[:60]!r} is not known here", _near(str(item.value.value), known)
                )
            else:
                found.append(item.value.value)
        return tuple(found)

    def span(
        self, key: str, least: float, most: float, missing: tuple[float, float] = (0.0, 0.0)
    ) -> tuple[float, float]:
        """Two numbers, the smaller first."""
        node = self.at(key)
        if node is None:
            return missing
        found = [item.as_number(least, most) for item in node.items()]
        if len(found) != 2 or found[0] > found[1]:
            node.fault("here belong two numbers, the smaller first", "Write them as `[from, to]`.")
            return missing
        return found[0], found[1]

    def parts(self, key: str, make: Callable[[str, _Node], T]) -> Iterator[T]:
        node = self.at(key)
        if node is not None and node.keys(node.value.value if isinstance(node.value.value, dict) else ()):
            for name, part in node.children():
                yield make(name, part)


def _near(word: str, known: Collection[str]) -> str:
    best = get_close_matches(word, sorted(known), n=1)
    if best:
        return f'Did you mean "{best[0]}"?'
    choices = sorted(known)
    return "Known here: " + ", ".join(choices[:12]) + (" …" if len(choices) > 12 else "") + "."


def _file(path: Path, faults: list[TrajectoryFault]) -> _Node | None:
    try:
        return _Node(path.name, "", read_yaml(path.read_text(encoding="utf-8")), faults)
    except NotPlainYaml as wrong:
        place, why, do = wrong.place, wrong.why, "Mend it; nothing in this file was read."
    except FileNotFoundError:
        place, why, do = Place(1, 1), "the file is missing", "Add it; it holds what all trajectories share."
    except UnicodeDecodeError:
        place, why, do = Place(1, 1), "the file is not UTF-8", "Save it as UTF-8."
    faults.append(TrajectoryFault(path.name, place.line, place.column, "", why, do))
    return None


def _names_once(found: list[Trajectory], folder: Path, faults: list[TrajectoryFault]) -> None:
    seen: set[str] = set()
    for trajectory in found:
        for process in trajectory.processes:
            if process.id in seen:
                faults.append(
                    TrajectoryFault(
                        folder.name, 1, 1, "id", f"{process.id!r} stands twice", "Give each its own id."
                    )
                )
            seen.add(process.id)


# -- what all share -----------------------------------------------------------------------------------------------------


def _common(node: _Node) -> tuple[dict[str, Habit], tuple[Difference, ...], dict[str, State]]:
    if not node.keys(*[("valid_from", "agencies", "sources", "differences", "states")] * 2):
        return {}, (), {}
    habits = dict(node.parts("agencies", _habit))
    for kind in sorted(KINDS - habits.keys()):
        node.fault(
            f"nothing is said about the habits of {kind}", f"Add `{kind}:` under `agencies:`.", key="agencies"
        )
    listed = node.at("differences")
    differences = tuple(_difference(item) for item in listed.items()) if listed else ()
    _sources(node)
    states = {state.id: state for state in node.parts("states", _state)}
    return habits, differences, states


def _habit(name: str, node: _Node) -> tuple[str, Habit]:
    if name not in KINDS:
        node.fault(f"no agency of the area is a {name[:40]!r}", _near(name, KINDS))
    node.keys(*[("records", "days_late", "shares", "days_to_share")] * 2)
    shares = node.at("shares")
    if shares is not None:
        shares.keys(GRAVITIES, GRAVITIES)
    by_gravity = {g: shares.number(g, 0, 1) if shares else 0.0 for g in GRAVITIES}
    return name, Habit(node.number("records", 0, 1), node.number("days_late", 0, 365), by_gravity, node.number("days_to_share", 0, 365))  # fmt: skip


def _difference(node: _Node) -> Difference:
    keys = ("trait", "groups", "bears_on", "by", "times", "literature", "source", "standing")
    node.keys(keys, keys)
    groups = node.at("groups")
    return Difference(
        node.word("trait", _TRAITS), frozenset(str(item.value.value) for item in groups.items()) if groups else frozenset(),
        node.word("bears_on", ("notices", "records", "shares")), frozenset(node.words("by", KINDS)),
        node.number("times", 0, 10), node.number("literature", 0, 10), node.text("source"), node.word("standing", STANDINGS),
    )  # fmt: skip


# -- one trajectory -----------------------------------------------------------------------------------------------------


def _trajectory(node: _Node, shared: Mapping[str, State]) -> Trajectory:
    keys = ("id", "title", "valid_from", "about", "sources", "harm", "double")
    node.keys(keys, keys)
    since = node.at("valid_from")
    if since is not None and not isinstance(since.value.value, date):
        since.fault("this is not a day", "Write it as 2026-11-23.")
    day = since.value.value if since is not None and isinstance(since.value.value, date) else date.min
    harm, double = node.at("harm"), node.at("double")
    found = Trajectory(
        node.text("id"), node.text("title"), node.text("about"), day, _sources(node),
        _process(harm or _Node(node.file, "harm", _NOTHING, node.faults), shared, harmful=True),
        _process(double or _Node(node.file, "double", _NOTHING, node.faults), shared, harmful=False),
    )  # fmt: skip
    _alike(found, double or node)
    return found


def _sources(node: _Node) -> tuple[Source, ...]:
    listed = node.at("sources")
    found: list[Source] = []
    for item in listed.items() if listed else ():
        item.keys(*[("text", "standing", "for")] * 2)
        found.append(Source(item.text("text"), item.word("standing", STANDINGS), item.text("for")))
    return tuple(found)


def _alike(trajectory: Trajectory, node: _Node) -> None:
    """Whether the double can send the same kinds of signals."""
    kinds, others = (_concerns(process) for process in trajectory.processes)
    if kinds and len(kinds & others) < _ALIKE * len(kinds):
        missing = ", ".join(sorted(kinds - others)[:8])
        node.fault(
            f"the double can send only {len(kinds & others)} of the {len(kinds)} kinds of worry of its trajectory",
            f"Let it send more of: {missing}. Harm that nothing else looks like would flatter every lesson.",
        )


def _concerns(process: Process) -> set[str]:
    kinds = vocabulary().kinds
    return {
        notice.kind
        for state in process.states.values()
        for happening in state.happens
        for notice in happening.noticed
        if notice.kind in kinds and kinds[notice.kind].nature == "concern" and happening.outcome == ""
    }


def _process(node: _Node, shared: Mapping[str, State], *, harmful: bool) -> Process:
    keys = ("id", "title", "begins", "whom", "family", "disabled", "first", "states", "response")
    node.keys(keys, [key for key in keys if key != "disabled"])
    own = {state.id: state for state in node.parts("states", _state)}
    states = {**(shared if harmful else {}), **own}
    found = Process(
        id=node.text("id"), title=node.text("title"), harmful=harmful, begins=_begins(node),
        whole_family=node.word("whom", ("child", "children")) == "children",
        adversity=_inside(node, "family").number("adversity", -1, 1), spread=_inside(node, "family").number("spread", 0, 3),
        first=node.word("first", own), states=states, response=_response(node, states),
        adults=int(_inside(node, "family").number("adults", 0, 2)),
        disabled=_inside(node, "disabled").number("times", 0.1, 20, 1.0),
    )  # fmt: skip
    family, disabled = node.at("family"), node.at("disabled")
    if family is not None:
        family.keys(("adversity", "spread", "adults"), ("adversity", "spread"))
    if disabled is not None:
        disabled.keys(*[("times", "standing", "source")] * 2)
        disabled.word("standing", STANDINGS)
    _follow(node, found, own)
    return found


def _inside(node: _Node, key: str) -> _Node:
    return node.at(key) or _Node(node.file, key, _NOTHING, node.faults)


def _begins(node: _Node) -> Begins:
    inside = _inside(node, "begins")
    if node.at("begins") is not None:
        needed = ("value", "unit", "ages", "tolerance", "standing", "source")
        inside.keys((*needed, "input"), needed)
        inside.word("unit", ("per 1,000 children a year",))
    given = inside.at("input")
    return Begins(
        inside.number("value", 0, 1000), inside.span("ages", 0, 18, (0.0, 18.0)), inside.number("tolerance", 0, 2),
        inside.text("source"), inside.word("standing", STANDINGS), given.as_number(0, 1000) if given else None,
    )  # fmt: skip


def _response(node: _Node, states: Mapping[str, State]) -> Response:
    inside = _inside(node, "response")
    if node.at("response") is not None:
        inside.keys(*[("accepted", "enquiry", "plan", "then")] * 2)
    return Response(
        inside.number("accepted", 0, 1), inside.number("enquiry", 0, 1), inside.number("plan", 0, 1),
        inside.word("then", states),
    )  # fmt: skip


def _follow(node: _Node, process: Process, own: Mapping[str, State]) -> None:
    """Every state leads to known states, can be reached, and the story can end; a double has no harm."""
    known = {*process.states, END}
    for name, state in own.items():
        place = _inside(_inside(node, "states"), name)
        for following, _ in state.following:
            if following not in known:
                _inside(place, "next").fault(
                    f"nothing is said about the state {following[:40]!r} that follows",
                    _near(following, known),
                )
        for happening in state.happens:
            if happening.then and happening.then not in known:
                place.fault(f"nothing is said about the state {happening.then[:40]!r}", _near(happening.then, known), key=f"happens.{happening.id}.then")  # fmt: skip
            if happening.outcome and not process.harmful:
                place.fault("a double has no outcome: nobody is harmed in it", "Take `outcome` out.", key=f"happens.{happening.id}")  # fmt: skip
        if state.harm != "none" and not process.harmful:
            place.fault("a double has no harm", "Write `harm: none`.", key="harm")
    reached = _reached(process)
    for name in own:
        if name not in reached and process.first in own:
            _inside(_inside(node, "states"), name).fault(
                "no other state leads here", "Let one, or take it out."
            )
    if process.first in own and END not in reached:
        _inside(node, "states").fault("the story can never end", f"Let a state lead to `{END}`.")
    if process.harmful and own and all(state.harm == "none" for state in own.values()):
        node.fault("a trajectory without harm", "Give a state `harm: some` or `harm: serious`.")


def _reached(process: Process) -> set[str]:
    waiting, reached = [process.first, process.response.then], set[str]()
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        state = process.states.get(name)
        if state is not None:
            waiting += [following for following, weight in state.following if weight > 0]
            waiting += [happening.then for happening in state.happens if happening.then]
    return reached


# -- states and what happens in them ------------------------------------------------------------------------------------


def _state(name: str, node: _Node) -> State:
    node.keys(("harm", "lasts", "next", "happens", "silences", "home", "brings"), ("harm", "lasts", "next"))
    lasts = _inside(node, "lasts")
    if node.at("lasts") is not None:
        lasts.keys(*[("days", "spread")] * 2)
    following = tuple((to, part.as_number(0, 1)) for to, part in _inside(node, "next").children())
    if not following or abs(sum(weight for _, weight in following) - 1) > 1e-6:
        _inside(node, "next").fault(
            "the chances of what follows do not come to 1", "Mend them, for example `{end: 1}`."
        )
    return State(
        id=name, harm=node.word("harm", HARMS), days=lasts.number("days", 1, 3650, 1.0), spread=lasts.number("spread", 0, 2),
        following=following, happens=tuple(node.parts("happens", _happening)), silences=_silence(node), home=_move(node),
        brings_partner=node.word("brings", ("partner",)) == "partner",
    )  # fmt: skip


def _silence(node: _Node) -> Silence | None:
    inside = node.at("silences")
    if inside is None:
        return None
    inside.keys(*[("share", "agencies")] * 2)
    return Silence(inside.number("share", 0, 1), frozenset(inside.words("agencies", KINDS)))


def _move(node: _Node) -> Move | None:
    inside = node.at("home")
    if inside is None:
        return None
    inside.keys(*[("to", "told", "told_after")] * 2)
    return Move(
        inside.word("to", ("area", "elsewhere")),
        inside.number("told", 0, 1),
        inside.number("told_after", 0, 900),
    )


def _happening(name: str, node: _Node) -> Happening:
    allowed = ("says", "gravity", "noticed", "from_age", "outcome", "then", *_WHEN)
    node.keys(allowed, ("says", "gravity", "noticed"))
    when = [key for key in _WHEN if node.at(key) is not None]
    if len(when) != 1:
        node.fault(
            f"it says {len(when)} times when it happens",
            "Give exactly one of `per_year`, `once`, `at_start`, `at_end`.",
        )
    noticed = node.at("noticed")
    return Happening(
        id=name, says=node.text("says"), gravity=node.word("gravity", GRAVITIES),
        noticed=tuple(_notice(item) for item in noticed.items()) if noticed else (),
        per_year=node.number("per_year", 0, 366), once=node.number("once", 0, 1), at_start=node.number("at_start", 0, 1),
        at_end=node.number("at_end", 0, 1), from_age=int(node.number("from_age", 0, 17)),
        outcome=node.word("outcome", OUTCOMES), then=node.text("then"),
    )  # fmt: skip


def _notice(node: _Node) -> Notice:
    keys = ("by", "chance", "kind", "words", "about", "informant", "values", "measures", "lost")
    node.keys(keys, ("by", "chance", "kind", "words"))
    words = vocabulary()
    measures = {
        name: _inside(node, "measures").span(name, words.measures[name].least, words.measures[name].most)
        if name in words.measures else _unknown(part, name, words.measures)
        for name, part in _inside(node, "measures").children()
    }  # fmt: skip
    values: dict[str, str] = {
        name: str(part.value.value) if name in words.facts else str(_unknown(part, name, words.facts))
        for name, part in _inside(node, "values").children()
    }
    return Notice(
        by=node.word("by", KINDS | {SETTING}), chance=node.number("chance", 0, 1), kind=node.word("kind", words.kinds),
        words=node.text("words"), about=node.words("about", PEOPLE) or ("child",),
        informant=node.word("informant", words.informants), values=values or None, measures=measures or None,
        lost=node.span("lost", 0, 0.5) if node.at("lost") is not None else None,
    )  # fmt: skip


def _unknown(node: _Node, name: str, known: Mapping[str, Any]) -> tuple[float, float]:
    node.fault(f"{name[:40]!r} is not in the vocabulary", _near(name, known))
    return 0.0, 0.0


# -- traits -------------------------------------------------------------------------------------------------------------


def _traits(node: _Node) -> TraitFigures:
    node.keys(*[("valid_from", "ethnicity", "deprivation", "disability")] * 2)
    ethnicity, deprivation, disability = (
        _inside(node, key) for key in ("ethnicity", "deprivation", "disability")
    )
    ethnicity.keys(*[("source", "standing", "by_community")] * 2)
    told = ("title", "unit", "source", "standing", "tolerance")
    deprivation.keys(*[(*told, "most_deprived_tenth", "neighbourhood", "note")] * 2)
    disability.keys(*[(*told, "value", "by_need", "note")] * 2)
    tenths = _inside(deprivation, "most_deprived_tenth")
    shares = {group: _share(deprivation, part.as_number(0.1, 99.9, 10)) for group, part in tenths.children()}
    communities = _inside(ethnicity, "by_community")
    communities.keys(names().communities, names().communities)
    needs = _inside(disability, "by_need")
    needs.keys(*[("plan", "support", "none")] * 2)
    if "mixed" not in shares:
        tenths.fault("it has no `mixed`", "Add `mixed:`, for children of parents of two groups.", key="mixed")
    return TraitFigures(
        group_of={name: communities.word(name, shares) for name, _ in communities.children()},
        most_deprived_tenth=shares, neighbourhood=deprivation.number("neighbourhood", 0, 1),
        disability=_share(disability, disability.number("value", 0, 100)),
        disabled_by_need={need: needs.number(need, 0, 100) for need, _ in needs.children()},
    )  # fmt: skip


def _share(node: _Node, value: float) -> Share:
    return Share(node.text("title"), value, node.number("tolerance", 0, 2), node.word("standing", STANDINGS))
