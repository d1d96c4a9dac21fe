"""The logic: each lesson is one sweep over the truths of its atoms, and what it says is read off the pieces.

A condition becomes a formula over channels. On any piece of the axis each atom holds (2), cannot tell (1) or fails (0), so
that Kleene's `and`, `or` and `not` are the least, the greatest and the opposite. A doubt is passed on from an atom to the
lesson wherever everything between the two cannot tell either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from wholechild.patterns.columns import selections_in, shape_for
from wholechild.patterns.engines.columnar import chains, counting, lasting, silence, states
from wholechild.patterns.engines.columnar.algebra import (
    HOLDS,
    NOTHING,
    WHY,
    both,
    bracketed,
    certainly,
    islands,
    named,
    sweep,
    text,
    theirs,
)
from wholechild.patterns.engines.columnar.coverage import reached
from wholechild.patterns.engines.columnar.plan import EVERYBODY, Plan
from wholechild.patterns.intervals import Why
from wholechild.patterns.language.nodes import (
    Absence,
    AdultState,
    AgeState,
    All,
    Any,
    Atom,
    Condition,
    Contradiction,
    Count,
    FactState,
    LivesInState,
    Not,
    Sequence,
    Trend,
    Unanswered,
    Unless,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One lesson's condition, and the nation whose working days its time limits count."""

    condition: Condition
    nation: str = "england"


# -- formulas ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Said:
    """An atom, as it stands."""

    atom: Atom


@dataclass(frozen=True, slots=True)
class Silence:
    """An atom of which it is known that it is not so: its silence is evidence where every sector was heard all the while.

    Units   `lookback` in seconds; None: since birth.
    """

    atom: Atom
    sectors: tuple[str, ...]
    lookback: int | None


@dataclass(frozen=True, slots=True)
class Least:
    """`all`."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Greatest:
    """`any`."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Opposite:
    """`not`, once the question of coverage has been settled."""

    part: Formula


@dataclass(frozen=True, slots=True)
class Known:
    """An atom that has been worked out: its truth among the children who still mattered. `reaches` as in `_reaches`."""

    atom: Atom
    among: str
    truth: str
    silence: bool = False
    reaches: tuple[tuple[str, int | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Never:
    """A part that fails for every child who still mattered; nothing more was asked."""


#: What is asked (Said, Silence), and what has been answered (Known, Never), under the same words of logic.
Formula = Said | Silence | Known | Never | Least | Greatest | Opposite


def formula(condition: Condition) -> Formula:
    """The condition with every `not` pushed down to the atoms, where coverage can be asked for."""
    match condition:
        case All(parts):
            return Least(tuple(map(formula, parts)))
        case Any(parts):
            return Greatest(tuple(map(formula, parts)))
        case Not(part):
            return _denied(part)
        case Unless(part):
            return Opposite(formula(part))
        case _:
            return Said(condition)


def _denied(condition: Condition) -> Formula:
    match condition:
        case All(parts):
            return Greatest(tuple(map(_denied, parts)))
        case Any(parts):
            return Least(tuple(map(_denied, parts)))
        case Not(part) | Unless(part):
            return Opposite(
                Opposite(formula(part))
            )  # the same, but nothing under a `not` is evidence of a match
        case Count() | Contradiction():
            return Silence(condition, condition.covered_by, condition.within)
        case Sequence():
            lookback = condition.remembered + sum(step.within for step in condition.steps)
            return Silence(condition, condition.covered_by, lookback)
        case Trend():
            return Silence(condition, condition.covered_by, condition.remembered + condition.apart[1])
        case FactState():
            return Silence(condition, condition.covered_by, None)
        case _:
            return Opposite(Said(condition))


def _atoms(part: Formula) -> Iterator[Said | Silence | Known]:
    match part:
        case Least(parts) | Greatest(parts):
            for inner in parts:
                yield from _atoms(inner)
        case Opposite(inner):
            yield from _atoms(inner)
        case Said() | Silence() | Known():
            yield part


def _reaches(part: Silence) -> tuple[tuple[str, int | None], ...]:
    """How far back which sectors must have been heard for a silence to be evidence."""
    return tuple((sector, part.lookback) for sector in part.sectors)


# -- atoms ------------------------------------------------------------------------------------------------------------


def _rarity(plan: Plan, part: Formula) -> int:
    """About how many records the part begins with: what has few is asked first."""
    match part:
        case Said(Count(selection=needed, about=scope) | Trend(selection=needed, about=scope)):
            return plan.source.about(needed, scope)
        case Said(Contradiction(selection=needed, about=scope)):
            return plan.source.about(needed, scope)
        case Said(Sequence(steps=steps, about=scope)):
            return min(plan.source.about(step.selection, scope) for step in steps)
        case Said(Unanswered(opened_by=needed, about=scope) | FactState(opened_by=needed, about=scope)):
            return plan.source.about(needed, scope)
        case Least(parts):
            return min(_rarity(plan, inner) for inner in parts if _needs_records(inner))
        case Greatest(parts):
            return sum(_rarity(plan, inner) for inner in parts)
        case _:
            return sum(plan.source.rows.values())


def _needs_records(part: Formula) -> bool:
    """Whether the part fails for good for a child of whom nothing is on record that it asks for."""
    match part:
        case Said(AgeState() | Absence(since=None)):
            return False
        case Said():
            return True
        case Least(parts):
            return any(map(_needs_records, parts))
        case Greatest(parts):
            return all(map(_needs_records, parts))
        case _:
            return False


def _truth(plan: Plan, atom: Atom, among: str, nation: str) -> str:
    match atom:
        case Count():
            return counting.truth(plan, atom, among)
        case Sequence():
            return chains.sequence(plan, atom, among)
        case Contradiction():
            return chains.contradiction(plan, atom, among)
        case Unanswered():
            return lasting.unanswered(plan, atom, among, nation)
        case Trend():
            return lasting.trend(plan, atom, among)
        case FactState():
            return lasting.fact(plan, atom, among)
        case Absence():
            return silence.truth(plan, atom, among)
        case AgeState():
            return states.age(plan, atom, among)
        case AdultState():
            return states.adult(plan, atom, among)
        case LivesInState():
            return states.lives_in(plan, atom, among)


def _evidence(plan: Plan, atom: Atom, among: str, nation: str) -> str | None:
    """SELECT child, record, recency, start, until: where each record is evidence; None for what rests on no record."""
    match atom:
        case Count():
            return counting.evidence(plan, atom, among)
        case Sequence():
            return chains.sequence_evidence(plan, atom, among)
        case Contradiction():
            return chains.contradiction_evidence(plan, atom, among)
        case Unanswered():
            return lasting.unanswered_evidence(plan, atom, among, nation)
        case Trend():
            return lasting.trend_evidence(plan, atom, among)
        case FactState():
            return lasting.fact_evidence(plan, atom, among)
        case Absence():
            return silence.evidence(plan, atom, among)
        case AgeState() | AdultState() | LivesInState():
            return None


# -- one lesson -------------------------------------------------------------------------------------------------------


class _Lesson:
    """Works one lesson out.

    Of an `all`, the part with the fewest records is asked first, and each further part only for the children for whom those
    before it may hold; what needs no record (ages, silences) comes last. Most lessons end after a part or two for most children.
    """

    def __init__(self, plan: Plan, asked: Asked, shared: Collection[Atom]) -> None:
        self.plan = plan
        self.nation = asked.nation
        self.shared = shared
        self.answered, self.children = self._ask(formula(asked.condition), EVERYBODY)
        self.truths: dict[str, int] = {}
        self.heard: dict[tuple[str, int | None], int] = {}
        for known in _atoms(self.answered):
            if isinstance(known, Known):
                self.truths.setdefault(known.truth, len(self.truths))
                for reach in known.reaches:
                    self.heard.setdefault(reach, len(self.heard))
        self.pieces = self.plan.keep("pieces", self._pieces())
        self.holds = self.plan.keep("held", islands(bracketed(f"SELECT * FROM {self.pieces} WHERE said = 2")))

    # -- asking ---------------------------------------------------------------------------------------------------

    def _ask(self, part: Formula, among: str) -> tuple[Formula, str]:
        """The part with its atoms worked out among these children, and those of them for whom it may hold."""
        match part:
            case Said(atom):
                known = self._known(atom, among)
                narrowed = (
                    self._children(f"SELECT child FROM {known.truth}") if _needs_records(part) else among
                )
                return known, narrowed
            case Silence(atom):
                known = self._known(atom, among)
                return replace(known, silence=True, reaches=_reaches(part)), among
            case Opposite(inner):
                return Opposite(self._ask(inner, among)[0]), among
            case Least(parts):
                return self._ask_all(parts, among)
            case Greatest(parts):
                return self._ask_any(part, parts, among)
        return part, among

    def _ask_all(self, parts: tuple[Formula, ...], among: str) -> tuple[Formula, str]:
        needed = sorted(filter(_needs_records, parts), key=lambda part: _rarity(self.plan, part))
        answered: list[Formula] = []
        for part in (*needed, *(part for part in parts if not _needs_records(part))):
            answer, among = self._ask(part, among)
            if among and self.plan.is_empty(among):
                return Never(), among
            answered.append(answer)
        return Least(tuple(answered)), among

    def _ask_any(self, part: Formula, parts: tuple[Formula, ...], among: str) -> tuple[Formula, str]:
        answers = [self._ask(inner, among) for inner in parts]
        if _needs_records(part):
            among = self._children(both(*(left for _, left in answers), columns="child"))
        return Greatest(tuple(answer for answer, _ in answers)), among

    def _children(self, select: str) -> str:
        return self.plan.keep("candidates", f"SELECT DISTINCT child FROM {named(bracketed(select), 'c')}")

    def _known(self, atom: Atom, among: str) -> Known:
        """An atom with which several lessons begin is worked out once for all of them."""
        if among == EVERYBODY and atom in self.shared:
            with self.plan.for_all():
                return Known(atom, among, _truth(self.plan, atom, among, self.nation))
        return Known(atom, among, _truth(self.plan, atom, among, self.nation))

    # -- the sweep ------------------------------------------------------------------------------------------------

    def truth(self) -> str:
        """SELECT the lesson's truth."""
        return " UNION ALL ".join([certainly(self.holds), *self._doubts(self.answered, "p.said = 1")])

    def _pieces(self) -> str:
        """SELECT the pieces of each candidate's axis on which the lesson holds (`said` 2) or cannot tell (1)."""
        near = theirs(self.children)
        channels: dict[str, str | tuple[str, str]] = {}
        for truth, i in self.truths.items():
            channels[f"h{i}"] = bracketed(f"SELECT * FROM {truth} WHERE why = {HOLDS} AND {near}")
            channels[f"u{i}"] = bracketed(f"SELECT * FROM {truth} WHERE why <> {HOLDS} AND {near}")
        for reach, i in self.heard.items():
            channels[f"c{i}"] = bracketed(f"SELECT * FROM {reached(self.plan, *reach)} WHERE {near}")
        swept = bracketed(sweep(channels, everyone=self.children or "children"))
        said = bracketed(f"SELECT *, {self._value(self.answered)} AS said FROM {named(swept, 'p')}")
        return f"SELECT * FROM {named(said, 's')} WHERE said > 0"

    def _value(self, part: Formula) -> str:
        """What the part says on a piece (`p`): 2 it holds, 1 it cannot tell, 0 it fails."""
        match part:
            case Known(truth=truth, silence=False):
                i = self.truths[truth]
                return f"CASE WHEN p.h{i} > 0 THEN 2 WHEN p.u{i} > 0 THEN 1 ELSE 0 END"
            case Known(truth=truth, reaches=reaches):
                i = self.truths[truth]
                heard = " AND ".join(f"p.c{self.heard[reach]} > 0" for reach in reaches) or "1 = 1"
                return f"CASE WHEN p.h{i} > 0 THEN 0 WHEN p.u{i} > 0 THEN 1 WHEN {heard} THEN 2 ELSE 1 END"
            case Least(parts):
                return _many("least", [self._value(inner) for inner in parts])
            case Greatest(parts):
                return _many("greatest", [self._value(inner) for inner in parts])
            case Opposite(inner):
                return f"(2 - {self._value(inner)})"
        return "0"

    def _doubts(self, part: Formula, where: str) -> Iterator[str]:
        """SELECTs of the reasons on the pieces on which the part, and all that it belongs to, cannot tell."""
        match part:
            case Least(parts) | Greatest(parts):
                for inner in parts:
                    yield from self._doubts(inner, f"{where} AND {self._value(inner)} = 1")
            case Opposite(inner):
                yield from self._doubts(inner, where)
            case Known(truth=truth):
                i = self.truths[truth]
                yield f"""
                    SELECT p.child, p.start, p.until, t.why, t.about FROM {self.pieces} AS p JOIN {truth} AS t
                    ON t.child = p.child AND t.start <= p.start AND p.until <= t.until
                    WHERE t.why <> {HOLDS} AND {where} AND p.u{i} > 0"""
                for reach in part.reaches:
                    yield f"""
                        SELECT p.child, p.start, p.until, {WHY[Why.NOT_CONNECTED]} AS why, {self.plan.sector(reach[0])} AS about
                        FROM {self.pieces} AS p WHERE {where} AND p.u{i} = 0 AND p.c{self.heard[reach]} = 0"""

    # -- evidence -------------------------------------------------------------------------------------------------

    def evidence(self) -> str | None:
        """SELECT child, start, record: what each match rests on at the moment it begins; None where nothing is matched."""
        if self.plan.is_empty(self.holds):
            return None
        found = [
            f"""
            SELECT child, start, record FROM (
                SELECT p.child, p.start, e.record, e.recency, max(e.recency) OVER (PARTITION BY p.child, p.start) AS latest
                FROM {self.holds} AS m JOIN {self.pieces} AS p ON p.child = m.child AND p.start = m.start
                JOIN {named(bracketed(evidence), "e")} ON e.child = p.child AND e.start <= p.start AND p.start < e.until
                WHERE {where}) AS found
            WHERE recency = latest"""
            for known, where in self._grounds(self.answered, "1 = 1")
            if (evidence := _evidence(self.plan, known.atom, known.among, self.nation)) is not None
        ]
        return " UNION ".join(found) if found else None

    def _grounds(self, part: Formula, where: str) -> Iterator[tuple[Known, str]]:
        """The atoms that a match may rest on, and on which pieces it does: of an `any`, the parts that hold there."""
        match part:
            case Known(silence=False):
                yield part, where
            case Least(parts):
                for inner in parts:
                    yield from self._grounds(inner, where)
            case Greatest(parts):
                for inner in parts:
                    yield from self._grounds(inner, f"{where} AND {self._value(inner)} = 2")


def _many(function: str, values: list[str]) -> str:
    return f"{function}({', '.join(values)})" if len(values) > 1 else values[0]


# -- the library ------------------------------------------------------------------------------------------------------


def work_out(plan: Plan, questions: Mapping[str, Asked], *, with_evidence: bool) -> None:
    """Leave `holds`, `unsure` and, if asked for, `evidence` of all the lessons, and nothing else, whatever happens."""
    try:
        _work_out(plan, questions, with_evidence=with_evidence)
    finally:
        plan.done()


def _work_out(plan: Plan, questions: Mapping[str, Asked], *, with_evidence: bool) -> None:
    formulas = [formula(asked.condition) for asked in questions.values()]
    often = Counter(atom for part in formulas for atom in {leaf.atom for leaf in _atoms(part)})
    plan.gather(*_read(atom for part in formulas for atom in {leaf.atom for leaf in _atoms(part)}))
    shared = frozenset(atom for atom, times in often.items() if times > 1)
    truths, grounds = [_LIKE_TRUTHS], [_LIKE_GROUNDS]
    for lesson, asked in questions.items():
        with plan.one_lesson():
            found = _Lesson(plan, asked, shared)
            truth, evidence = found.truth(), found.evidence() if with_evidence else None
            with plan.for_all():
                truths.append(f"SELECT {text(lesson)} AS lesson, * FROM {plan.keep('truth', truth)}")
                if evidence:
                    grounds.append(
                        f"SELECT {text(lesson)} AS lesson, * FROM {plan.keep('grounds', evidence)}"
                    )
    said = plan.view("said", " UNION ALL ".join(truths))
    plan.result("holds", f'SELECT lesson, child, start, until AS "end" FROM {said} WHERE why = {HOLDS}')
    doubts = islands(
        bracketed(f"SELECT * FROM {said} WHERE why <> {HOLDS}"), ("lesson", "child", "why", "about")
    )
    columns = f'lesson, child, start, until AS "end", {_why()} AS why, {_about(plan)} AS about'
    plan.result("unsure", f"SELECT {columns} FROM {named(bracketed(doubts), 'd')}")
    if with_evidence:
        plan.result("evidence", " UNION ALL ".join(grounds))


def _read(atoms: Iterable[Atom]) -> tuple[frozenset[str], frozenset[str]]:
    """Every kind that the atoms select, and every further column that they read."""
    several = list(atoms)
    shape = shape_for(several)
    columns = {f"value_{name}" for name in shape.attributes} | {f"measure_{name}" for name in shape.measures}
    if any(isinstance(atom, Contradiction) for atom in several):
        columns.add("people")
    return frozenset(kind for selection in selections_in(several) for kind in selection.kinds), frozenset(
        columns
    )


_LIKE_TRUTHS: Final = f"SELECT '' AS lesson, * FROM {bracketed(NOTHING)} AS n"
_LIKE_GROUNDS: Final = "SELECT '' AS lesson, child, child AS start, child AS record FROM children WHERE 1 = 0"


def _why() -> str:
    return "CASE why " + " ".join(f"WHEN {number} THEN '{why.value}'" for why, number in WHY.items()) + " END"


def _about(plan: Plan) -> str:
    """Whom or what a reason is about, as text: nothing of an unknown birth, a sector, or the number of a record."""
    sectors = "".join(
        f" WHEN why = {WHY[Why.NOT_CONNECTED]} AND about = {i} THEN {text(sector)}"
        for i, sector in enumerate(plan.sectors)
    )
    return f"CASE WHEN why = {WHY[Why.BIRTH_UNKNOWN]} THEN ''{sectors} ELSE CAST(about AS VARCHAR) END"
