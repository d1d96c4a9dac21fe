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
    WHY,
    Channel,
    both,
    bracketed,
    islands,
    named,
    sweep,
    text,
    theirs,
)
from wholechild.patterns.engines.columnar.answers import NEVER, Answer
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
    """An atom that has been worked out, among the children who still mattered. `reaches` as in `_reaches`."""

    answer: Answer
    among: str
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


def _leaves(part: Formula) -> Iterator[Said | Silence | Known]:
    match part:
        case Least(parts) | Greatest(parts):
            for inner in parts:
                yield from _leaves(inner)
        case Opposite(inner):
            yield from _leaves(inner)
        case Said() | Silence() | Known():
            yield part


def _asked(part: Formula) -> Iterator[Atom]:
    """Every atom that is asked for."""
    return (leaf.atom for leaf in _leaves(part) if not isinstance(leaf, Known))


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


def _answer(plan: Plan, atom: Atom, among: str, nation: str) -> Answer:
    match atom:
        case Count():
            return counting.answer(plan, atom, among)
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
            return silence.answer(plan, atom, among)
        case AgeState():
            return states.age(plan, atom, among)
        case AdultState():
            return states.adult(plan, atom, among)
        case LivesInState():
            return states.lives_in(plan, atom, among)


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
        self.answers: dict[Answer, int] = {}
        self.heard: dict[tuple[str, int | None], int] = {}
        for known in _leaves(self.answered):
            if isinstance(known, Known):
                self.answers.setdefault(known.answer, len(self.answers))
                for reach in known.reaches:
                    self.heard.setdefault(reach, len(self.heard))
        pieces = self._pieces()
        self.pieces = self.plan.keep("pieces", pieces) if pieces else ""
        self.silent = not self.pieces or self.plan.is_empty(self.pieces)

    # -- asking ---------------------------------------------------------------------------------------------------

    def _ask(self, part: Formula, among: str) -> tuple[Formula, str]:
        """The part with its atoms worked out among these children, and those of them for whom it may hold."""
        match part:
            case Said(atom):
                answer = self._answer(atom, among)
                if answer == NEVER:
                    return Never(), among
                return Known(answer, among), answer.children if _needs_records(part) else among
            case Silence(atom):
                answer = self._answer(atom, among)
                return Known(answer, among, silence=True, reaches=_reaches(part)), among
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
            if isinstance(answer, Never):
                return Never(), among
            answered.append(answer)
        return Least(tuple(answered)), among

    def _ask_any(self, part: Formula, parts: tuple[Formula, ...], among: str) -> tuple[Formula, str]:
        asked = [self._ask(inner, among) for inner in parts]
        answers = [(answer, left) for answer, left in asked if not isinstance(answer, Never)]
        if not answers:
            return Never(), among
        if _needs_records(part):
            among = self._children(dict.fromkeys(left for _, left in answers))
        return Greatest(tuple(answer for answer, _ in answers)), among

    def _children(self, relations: Collection[str]) -> str:
        """The children of any of the relations."""
        if len(relations) == 1:
            return next(iter(relations))
        several = bracketed(both(*relations, columns="child"))
        return self.plan.keep("candidates", f"SELECT DISTINCT child FROM {named(several, 'c')}")

    def _answer(self, atom: Atom, among: str) -> Answer:
        """An atom with which several lessons begin is worked out once for all of them."""
        if among == EVERYBODY and atom in self.shared:
            with self.plan.for_all():
                return _answer(self.plan, atom, among, self.nation)
        return _answer(self.plan, atom, among, self.nation)

    # -- the sweep ------------------------------------------------------------------------------------------------

    def truth(self) -> str | None:
        """SELECT child, start, until, why, about: pieces on which the lesson holds, or has this reason not to be able to tell."""
        if self.silent:
            return None
        holds = f"SELECT child, start, until, {HOLDS} AS why, CAST(0 AS BIGINT) AS about FROM {self.pieces} WHERE said = 2"
        return " UNION ALL ".join([holds, *self._doubts(self.answered, "p.said = 1")])

    def _pieces(self) -> str | None:
        """SELECT the pieces of each child's axis on which the lesson holds (`said` 2) or cannot tell (1), with what each atom says.

        None, if nothing covers anybody's axis, and the lesson says nothing of that.
        """
        channels: dict[str, Channel] = {}
        for known in _leaves(self.answered):
            if isinstance(known, Known):
                i = self.answers[known.answer]
                for name, channel in known.answer.channels:
                    channels[f"{name}_{i}"] = replace(channel, relation=self._near(known, channel.relation))
        for reach, i in self.heard.items():
            channels[f"reached_{i}"] = reached(self.plan, *reach, self.children)
        everyone = (self.children or "children") if _says_of_nothing(self.answered) else ""
        if not channels and not everyone:
            return None
        swept = sweep(channels, everyone=everyone)
        atoms = "".join(f", {self._says(answer)} AS atom_{i}" for answer, i in self.answers.items())
        told = f"SELECT *{atoms} FROM {named(bracketed(swept), 'p')}"
        said = f"SELECT *, {self._value(self.answered)} AS said FROM {named(bracketed(told), 'p')}"
        return f"SELECT * FROM {named(bracketed(said), 's')} WHERE said > 0"

    def _near(self, known: Known, relation: str) -> str:
        """The relation's rows of the children for whom the lesson may hold: where others were asked about too, theirs are left out."""
        if self.children in (EVERYBODY, known.among, known.answer.children):
            return relation
        return bracketed(f"SELECT * FROM {named(relation, 'n')} WHERE {theirs(self.children)}")

    def _covers(self, answer: Answer, condition: str) -> str:
        """The condition on what covers a piece (`p`) of the answer's channels."""
        i = self.answers[answer]
        return condition.format_map({name: f"p.{name}_{i}" for name, _ in answer.channels})

    def _says(self, answer: Answer) -> str:
        """What an atom says on a piece (`p`): 2 it holds, 1 it cannot tell, 0 it fails."""
        holds, perhaps = (self._covers(answer, condition) for condition in (answer.holds, answer.perhaps))
        return f"CASE WHEN {holds} THEN 2 WHEN {perhaps} THEN 1 ELSE 0 END"

    def _value(self, part: Formula) -> str:
        """What the part says on a piece (`p`): 2 it holds, 1 it cannot tell, 0 it fails."""
        match part:
            case Known(answer=answer, silence=False):
                return f"p.atom_{self.answers[answer]}"
            case Known(answer=answer, reaches=reaches):
                heard = " AND ".join(f"p.reached_{self.heard[reach]} > 0" for reach in reaches) or "1 = 1"
                return f"CASE WHEN p.atom_{self.answers[answer]} > 0 THEN 2 - p.atom_{self.answers[answer]} WHEN {heard} THEN 2 ELSE 1 END"
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
            case Known(answer=answer):
                says = f"{where} AND p.atom_{self.answers[answer]}"
                for reasons, condition in answer.reasons:
                    yield f"""
                        SELECT p.child, p.start, p.until, r.why, r.about
                        FROM {self.pieces} AS p JOIN {named(reasons, "r")}
                        ON r.child = p.child AND r.start <= p.start AND p.until <= r.until
                        WHERE {says} = 1 AND {self._covers(answer, condition)}"""
                for sector, condition in answer.unheard:
                    yield self._missed(sector, f"{says} = 1 AND {self._covers(answer, condition)}")
                for reach in part.reaches:
                    yield self._missed(reach[0], f"{says} = 0 AND p.reached_{self.heard[reach]} = 0")

    def _missed(self, sector: str, where: str) -> str:
        """SELECT the pieces on which a feed of the sector is missed."""
        why = f"{WHY[Why.NOT_CONNECTED]} AS why, {self.plan.sector(sector)} AS about"
        return f"SELECT p.child, p.start, p.until, {why} FROM {self.pieces} AS p WHERE {where}"

    # -- evidence -------------------------------------------------------------------------------------------------

    def evidence(self) -> str | None:
        """SELECT child, start, record: what each match rests on at the moment it begins; None where nothing is matched."""
        if self.silent:
            return None
        held = self.plan.keep("held", islands(bracketed(f"SELECT * FROM {self.pieces} WHERE said = 2")))
        if self.plan.is_empty(held):
            return None
        found = [
            f"""
            SELECT child, start, record FROM (
                SELECT p.child, p.start, e.record, e.recency, max(e.recency) OVER (PARTITION BY p.child, p.start) AS latest
                FROM {held} AS m JOIN {self.pieces} AS p ON p.child = m.child AND p.start = m.start
                JOIN {named(bracketed(known.answer.evidence), "e")} ON e.child = p.child AND e.start <= p.start AND p.start < e.until
                WHERE {where}) AS found
            WHERE recency = latest"""
            for known, where in self._grounds(self.answered, "1 = 1")
            if known.answer.evidence is not None
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


def _says_of_nothing(part: Formula) -> int:
    """What the part says where nothing covers the axis: 2 it holds, 1 it cannot tell, 0 it fails."""
    match part:
        case Known(silence=True, reaches=reaches):
            return 1 if reaches else 2
        case Least(parts):
            return min(map(_says_of_nothing, parts))
        case Greatest(parts):
            return max(map(_says_of_nothing, parts))
        case Opposite(inner):
            return 2 - _says_of_nothing(inner)
    return 0


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
    often = Counter(atom for part in formulas for atom in set(_asked(part)))
    plan.gather(*_read(often))
    shared = frozenset(atom for atom, times in often.items() if times > 1)
    truths, grounds = [_LIKE_TRUTHS], [_LIKE_GROUNDS]
    for number, (lesson, asked) in enumerate(questions.items()):
        with plan.one_lesson():
            found = _Lesson(plan, asked, shared)
            truth, evidence = found.truth(), found.evidence() if with_evidence else None
            with plan.for_all():
                if truth:
                    truths.append(f"SELECT {number} AS lesson, * FROM {plan.keep('truth', truth)}")
                if evidence:
                    grounds.append(
                        f"SELECT {text(lesson)} AS lesson, * FROM {plan.keep('grounds', evidence)}"
                    )
    said = plan.view("said", " UNION ALL ".join(truths))
    held = islands(bracketed(f"SELECT * FROM {said} WHERE why = {HOLDS}"), ("lesson", "child"))
    doubts = islands(
        bracketed(f"SELECT * FROM {said} WHERE why <> {HOLDS}"), ("lesson", "child", "why", "about")
    )
    columns, names = 'n.lesson, t.child, t.start, t.until AS "end"', _named(questions)
    plan.result("holds", f"SELECT {columns} FROM {named(bracketed(held), 't')} {names}")
    reasons = f"{_why()} AS why, {_about(plan)} AS about"
    plan.result("unsure", f"SELECT {columns}, {reasons} FROM {named(bracketed(doubts), 't')} {names}")
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


def _named(lessons: Iterable[str]) -> str:
    """A JOIN that gives the lesson of a row (`t`) its name (`n`): what is grouped by carries numbers, which cost less."""
    numbered = ", ".join(
        f"({number}, {text(lesson)})" for number, lesson in enumerate(["", *lessons], start=-1)
    )
    return f"JOIN (VALUES {numbered}) AS n(number, lesson) ON n.number = t.lesson"


_LIKE_TRUTHS: Final = "SELECT 0 AS lesson, child, child AS start, child AS until, 0 AS why, child AS about FROM children WHERE 1 = 0"
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
