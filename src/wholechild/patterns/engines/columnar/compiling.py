"""The logic: each lesson is one sweep over the truths of its atoms, and what it says is read off the pieces.

A condition becomes a formula over channels. On any piece of the axis each atom holds (2), cannot tell (1) or fails (0), so
that Kleene's `and`, `or` and `not` are the least, the greatest and the opposite. A doubt is passed on from an atom to the
lesson wherever everything between the two cannot tell either.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from wholechild.patterns.engines.columnar import chains, counting, lasting, silence, states
from wholechild.patterns.engines.columnar.algebra import (
    CHILD,
    HOLDS,
    WHY,
    bracketed,
    islands,
    named,
    sweep,
    text,
    within,
)
from wholechild.patterns.engines.columnar.coverage import reached
from wholechild.patterns.engines.columnar.plan import Plan, Source
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


Formula = Said | Silence | Least | Greatest | Opposite


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


def _atoms(part: Formula) -> Iterator[Said | Silence]:
    match part:
        case Least(parts) | Greatest(parts):
            for inner in parts:
                yield from _atoms(inner)
        case Opposite(inner):
            yield from _atoms(inner)
        case _:
            yield part


def _reaches(part: Said | Silence) -> tuple[tuple[str, int | None], ...]:
    """How far back which sectors must have been heard for a silence to be evidence."""
    return tuple((sector, part.lookback) for sector in part.sectors) if isinstance(part, Silence) else ()


# -- atoms ------------------------------------------------------------------------------------------------------------


def _needs_records(atom: Atom) -> bool:
    """Whether a child of whom nothing is recorded is out of the question."""
    return not (isinstance(atom, AgeState) or (isinstance(atom, Absence) and atom.since is None))


def _truth(plan: Plan, atom: Atom, nation: str, among: str) -> str:
    match atom:
        case Count():
            return counting.truth(plan, atom)
        case Sequence():
            return chains.sequence(plan, atom)
        case Contradiction():
            return chains.contradiction(plan, atom)
        case Unanswered():
            return lasting.unanswered(plan, atom, nation)
        case Trend():
            return lasting.trend(plan, atom)
        case FactState():
            return lasting.fact(plan, atom)
        case Absence():
            return silence.truth(plan, atom, among)
        case AgeState():
            return states.age(plan, atom, among)
        case AdultState():
            return states.adult(plan, atom)
        case LivesInState():
            return states.lives_in(plan, atom)


def _evidence(plan: Plan, atom: Atom, nation: str) -> str | None:
    """SELECT child, record, recency, start, until: where each record is evidence; None for what rests on no record."""
    match atom:
        case Count():
            return counting.evidence(plan, atom)
        case Sequence():
            return chains.sequence_evidence(plan, atom)
        case Contradiction():
            return chains.contradiction_evidence(plan, atom)
        case Unanswered():
            return lasting.unanswered_evidence(plan, atom, nation)
        case Trend():
            return lasting.trend_evidence(plan, atom)
        case FactState():
            return lasting.fact_evidence(plan, atom)
        case Absence():
            return silence.evidence(plan, atom)
        case AgeState() | AdultState() | LivesInState():
            return None


# -- one lesson -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A lesson's relations: where it holds or cannot tell, and (child, start, record) for its matches, where it has any."""

    truth: str
    evidence: str | None


class _LessonCompiler:
    """Compiles one lesson. The channels of its sweep are named as the atoms and the coverages come."""

    def __init__(self, plan: Plan, asked: Asked) -> None:
        self.plan = plan
        self.nation = asked.nation
        self.formula = formula(asked.condition)
        self.children = self._candidates()
        self.truths: dict[Atom, tuple[int, str]] = {}
        self.heard: dict[tuple[str, int | None], tuple[int, str]] = {}
        for leaf in _atoms(self.formula):
            if leaf.atom not in self.truths:
                self.truths[leaf.atom] = len(self.truths), _truth(plan, leaf.atom, self.nation, self.children)
            for reach in _reaches(leaf):
                self.heard.setdefault(reach, (len(self.heard), reached(plan, *reach)))

    def compiled(self, *, with_evidence: bool) -> _Compiled:
        pieces = self.plan.keep("pieces", self._pieces())
        holds = self.plan.keep("held", islands(bracketed(f"SELECT * FROM {pieces} WHERE said = 2")))
        doubts = [*self._doubts(pieces, self.formula, "p.said = 1")]
        truth = f"SELECT child, start, until, {HOLDS} AS why, CAST(0 AS BIGINT) AS about FROM {holds}"
        truth = " UNION ALL ".join([truth, *doubts])
        return _Compiled(
            self.plan.keep("truth", truth), self._evidence(pieces, holds) if with_evidence else None
        )

    # -- who ------------------------------------------------------------------------------------------------------

    def _candidates(self) -> str:
        """The children for whom the lesson is not out of the question: `all` fails where a part that needs a record has none."""
        condition = self._possible(self.formula)
        return (
            "children"
            if condition is None
            else self.plan.keep("candidates", f"SELECT child FROM children WHERE {condition}")
        )

    def _possible(self, part: Formula) -> str | None:
        """What must be so of a child for whom the part does not fail for ever; None where that cannot be said beforehand."""
        match part:
            case Said(atom) if _needs_records(atom):
                return within(CHILD, _truth(self.plan, atom, self.nation, "children"))
            case Least(parts):
                known = [each for inner in parts if (each := self._possible(inner)) is not None]
                return f"({' AND '.join(known)})" if known else None
            case Greatest(parts):
                one_of = [self._possible(inner) for inner in parts]
                return None if None in one_of else f"({' OR '.join(one for one in one_of if one)})"
            case _:
                return None

    # -- the sweep ------------------------------------------------------------------------------------------------

    def _pieces(self) -> str:
        """SELECT the pieces of each candidate's axis on which the lesson holds (`said` 2) or cannot tell (1)."""
        theirs = within(CHILD, self.children)
        channels: dict[str, str | tuple[str, str]] = {}
        for i, truth in self.truths.values():
            channels[f"h{i}"] = bracketed(f"SELECT * FROM {truth} WHERE why = {HOLDS} AND {theirs}")
            channels[f"u{i}"] = bracketed(f"SELECT * FROM {truth} WHERE why <> {HOLDS} AND {theirs}")
        for i, reach in self.heard.values():
            channels[f"c{i}"] = bracketed(f"SELECT * FROM {reach} WHERE {theirs}")
        swept = bracketed(sweep(channels, everyone=self.children))
        said = bracketed(f"SELECT *, {self._value(self.formula)} AS said FROM {named(swept, 'p')}")
        return f"SELECT * FROM {named(said, 's')} WHERE said > 0"

    def _value(self, part: Formula) -> str:
        """What the part says on a piece (`p`): 2 it holds, 1 it cannot tell, 0 it fails."""
        match part:
            case Said(atom):
                i = self.truths[atom][0]
                return f"CASE WHEN p.h{i} > 0 THEN 2 WHEN p.u{i} > 0 THEN 1 ELSE 0 END"
            case Silence(atom, sectors, lookback):
                i = self.truths[atom][0]
                heard = (
                    " AND ".join(f"p.c{self.heard[sector, lookback][0]} > 0" for sector in sectors) or "1 = 1"
                )
                return f"CASE WHEN p.h{i} > 0 THEN 0 WHEN p.u{i} > 0 THEN 1 WHEN {heard} THEN 2 ELSE 1 END"
            case Least(parts):
                return _many("least", [self._value(inner) for inner in parts])
            case Greatest(parts):
                return _many("greatest", [self._value(inner) for inner in parts])
            case Opposite(inner):
                return f"(2 - {self._value(inner)})"

    def _doubts(self, pieces: str, part: Formula, where: str) -> Iterator[str]:
        """SELECTs of the reasons on the pieces on which the part, and all that it belongs to, cannot tell."""
        match part:
            case Least(parts) | Greatest(parts):
                for inner in parts:
                    yield from self._doubts(pieces, inner, f"{where} AND {self._value(inner)} = 1")
            case Opposite(inner):
                yield from self._doubts(pieces, inner, where)
            case Said(atom) | Silence(atom):
                i, truth = self.truths[atom]
                yield f"""
                    SELECT p.child, p.start, p.until, t.why, t.about FROM {pieces} AS p JOIN {truth} AS t
                    ON t.child = p.child AND t.start <= p.start AND p.until <= t.until
                    WHERE t.why <> {HOLDS} AND {where} AND p.u{i} > 0"""
                for reach in _reaches(part):
                    heard, sector = f"p.c{self.heard[reach][0]}", reach[0]
                    yield f"""
                        SELECT p.child, p.start, p.until, {WHY[Why.NOT_CONNECTED]} AS why, {self.plan.sector(sector)} AS about
                        FROM {pieces} AS p WHERE {where} AND p.u{i} = 0 AND {heard} = 0"""

    # -- evidence -------------------------------------------------------------------------------------------------

    def _evidence(self, pieces: str, holds: str) -> str | None:
        """SELECT child, start, record: what each match rests on at the moment it begins."""
        found = [
            f"""
            SELECT child, start, record FROM (
                SELECT p.child, p.start, e.record, e.recency, max(e.recency) OVER (PARTITION BY p.child, p.start) AS latest
                FROM {holds} AS m JOIN {pieces} AS p ON p.child = m.child AND p.start = m.start
                JOIN {named(bracketed(evidence), "e")} ON e.child = p.child AND e.start <= p.start AND p.start < e.until
                WHERE {where}) AS found
            WHERE recency = latest"""
            for atom, where in self._grounds(self.formula, "1 = 1")
            if (evidence := _evidence(self.plan, atom, self.nation)) is not None
        ]
        return bracketed(" UNION ".join(found)) if found else None

    def _grounds(self, part: Formula, where: str) -> Iterator[tuple[Atom, str]]:
        """The atoms that a match may rest on, and on which pieces it does: of an `any`, the parts that hold there."""
        match part:
            case Said(atom):
                yield atom, where
            case Least(parts):
                for inner in parts:
                    yield from self._grounds(inner, where)
            case Greatest(parts):
                for inner in parts:
                    yield from self._grounds(inner, f"{where} AND {self._value(inner)} = 2")
            case _:
                return


def _many(function: str, values: list[str]) -> str:
    return f"{function}({', '.join(values)})" if len(values) > 1 else values[0]


# -- the library ------------------------------------------------------------------------------------------------------

HOLDS_TABLE: Final = "holds"
UNSURE_TABLE: Final = "unsure"
EVIDENCE_TABLE: Final = "evidence"


def compiled(source: Source, questions: Mapping[str, Asked], *, with_evidence: bool = True) -> Plan:
    """The plan that leaves `holds`, `unsure` and, if asked for, `evidence` of all the lessons."""
    plan = Plan(source)
    lessons = {
        lesson: _LessonCompiler(plan, asked).compiled(with_evidence=with_evidence)
        for lesson, asked in questions.items()
    }
    truths = [f"SELECT {text(lesson)} AS lesson, * FROM {found.truth}" for lesson, found in lessons.items()]
    nothing = "SELECT '' AS lesson, child, child AS start, child AS until, 0 AS why, child AS about FROM children WHERE 1 = 0"
    said = plan.view("said", " UNION ALL ".join([nothing, *truths]))
    plan.result(HOLDS_TABLE, f'SELECT lesson, child, start, until AS "end" FROM {said} WHERE why = {HOLDS}')
    doubts = bracketed(
        islands(bracketed(f"SELECT * FROM {said} WHERE why <> {HOLDS}"), ("lesson", "child", "why", "about"))
    )
    plan.result(
        UNSURE_TABLE,
        f'SELECT lesson, child, start, until AS "end", {_why()} AS why, {_about(plan)} AS about FROM {named(doubts, "d")}',
    )
    if with_evidence:
        grounds = [f"SELECT {text(lesson)} AS lesson, child, start, record FROM {named(found.evidence, 'e')}"
                   for lesson, found in lessons.items() if found.evidence]  # fmt: skip
        none = "SELECT '' AS lesson, child, child AS start, child AS record FROM children WHERE 1 = 0"
        plan.result(EVIDENCE_TABLE, " UNION ALL ".join([none, *grounds]))
    return plan


def _why() -> str:
    return "CASE why " + " ".join(f"WHEN {number} THEN '{why.value}'" for why, number in WHY.items()) + " END"


def _about(plan: Plan) -> str:
    """Whom or what a reason is about, as text: nothing of an unknown birth, a sector, or the number of a record."""
    sectors = "".join(
        f" WHEN why = {WHY[Why.NOT_CONNECTED]} AND about = {i} THEN {text(sector)}"
        for i, sector in enumerate(plan.sectors)
    )
    return f"CASE WHEN why = {WHY[Why.BIRTH_UNKNOWN]} THEN ''{sectors} ELSE CAST(about AS VARCHAR) END"
