"""`state: fact`, `trend` and `unanswered`: something begins, and lasts until something else is known to have ended it.

Each beginning (an opening, a pair of measurements) is an item with a key of its own. Over an item's axis four channels are swept:
where it has `begun` for certain, where it may have (`maybe`), where an ending is certain (`ended`) and where one may be
(`perhaps`). It holds where it has begun and no ending can be; it fails where it has not begun or has ended; between the
two it cannot tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence as Several
from dataclasses import dataclass
from typing import Final

from wholechild.lib.civil import DAY
from wholechild.patterns.engines.columnar.algebra import WHY, Channel, both, bracketed, named, sweep
from wholechild.patterns.engines.columnar.answers import NEVER, Answer, told
from wholechild.patterns.engines.columnar.coverage import covered
from wholechild.patterns.engines.columnar.plan import Plan
from wholechild.patterns.engines.columnar.selecting import certain, number, possible, selected
from wholechild.patterns.history import Scope
from wholechild.patterns.intervals import Why
from wholechild.patterns.language.nodes import FactState, Trend, Unanswered

_RECORD: Final = ("child", "record", "known_from")
_PAIR: Final = ("child", "one", "one_from", "other", "other_from")


@dataclass(frozen=True, slots=True)
class _Lasting:
    """The relations of one atom, each with the columns of `key`; `maybe` and `perhaps` carry reasons.

    Shape    `heard` is, for each sector that must be covered, where it was. `both_doubts`: while it is open whether it has
             begun, a possible ending is named beside it.
    """

    key: Several[str]
    begun: str
    maybe: str
    ended: str
    perhaps: str
    heard: tuple[tuple[str, str], ...] = ()
    both_doubts: bool = True


def fact(plan: Plan, atom: FactState, among: str) -> Answer:
    """Where something that records open and close is open."""
    return _answer(plan, _fact(plan, atom, among), "record")


def trend(plan: Plan, atom: Trend, among: str) -> Answer:
    """Where a measure has fallen or risen."""
    return _answer(plan, _trend(plan, atom, among), "one", "other")


def unanswered(plan: Plan, atom: Unanswered, among: str, nation: str) -> Answer:
    """Where something was opened and, by its clock, not answered."""
    return _answer(plan, _unanswered(plan, atom, among, nation), "record")


# -- the sweep --------------------------------------------------------------------------------------------------------


def _answer(plan: Plan, lasting: _Lasting | None, *records: str) -> Answer:
    """What is swept here is each item's own axis; of the pieces on which it holds, those of all items are then the atom's."""
    if lasting is None:
        return NEVER
    channels = {
        "begun": Channel(lasting.begun), "maybe": Channel(lasting.maybe),
        "ended": Channel(lasting.ended), "perhaps": Channel(lasting.perhaps),
    }  # fmt: skip
    channels |= {f"heard_{i}": Channel(relation) for i, (_, relation) in enumerate(lasting.heard)}
    swept = named(bracketed(sweep(channels, lasting.key)), "p")
    pieces = plan.keep("lasting", f"SELECT * FROM {swept} WHERE maybe > 0 AND ended = 0")
    if plan.is_empty(pieces):
        return NEVER
    heard = "".join(f" AND heard_{i} > 0" for i in range(len(lasting.heard)))
    held = f"FROM {pieces} WHERE begun > 0 AND perhaps = 0{heard}"
    evidence = (f"SELECT child, {record} AS record, 0 AS recency, start, until {held}" for record in records)
    doubts = plan.keep("doubts", both(*map(bracketed, _doubts(plan, lasting, pieces))))
    return told(
        Channel(bracketed(f"SELECT child, start, until {held}"), most=plan.most(pieces)),
        Channel(doubts, most=plan.most(doubts)),
        evidence=both(*map(bracketed, evidence)), children=pieces,
    )  # fmt: skip


def _doubts(plan: Plan, lasting: _Lasting, pieces: str) -> Iterator[str]:
    """SELECTs of every reason for which it cannot tell: of the beginning, of an ending, of a feed that is not there."""
    ending = "p.perhaps > 0" if lasting.both_doubts else "p.perhaps > 0 AND p.begun > 0"
    yield _passed_on(pieces, lasting.key, lasting.maybe, "p.begun = 0")
    yield _passed_on(pieces, lasting.key, lasting.perhaps, ending)
    for i, (sector, _) in enumerate(lasting.heard):
        yield f"SELECT child, start, until, {WHY[Why.NOT_CONNECTED]} AS why, {plan.sector(sector)} AS about FROM {pieces} WHERE begun > 0 AND perhaps = 0 AND heard_{i} = 0"


def _passed_on(pieces: str, key: Several[str], reasons: str, where: str) -> str:
    """SELECT the pieces (`p`) with each of the reasons that covers them."""
    same = " AND ".join(f"r.{name} = p.{name}" for name in key)
    return f"""
        SELECT p.child, p.start, p.until, r.why, r.about FROM {named(pieces, "p")} JOIN {named(reasons, "r")}
        ON {same} AND r.start <= p.start AND p.until <= r.until WHERE {where}"""


def _reason(ending: str, otherwise: str) -> str:
    """The columns of the reason of a possible ending: its own where it is doubtful, else that of what it may end."""
    return ", ".join(
        f"CASE WHEN {ending}.vague OR NOT {ending}.sure THEN {ending}.{of} ELSE {otherwise}{of} END AS {of}"
        for of in ("why", "about")
    )


# -- fact -------------------------------------------------------------------------------------------------------------


def _fact(plan: Plan, atom: FactState, among: str) -> _Lasting | None:
    whose = () if atom.about is Scope.CHILD else ("person",)
    opened = selected(plan, atom.opened_by, atom.about, among, *whose)
    if plan.is_empty(opened):
        return None
    closings = selected(plan, atom.closed_by, atom.about, opened, *whose)
    person = "AND c.person = o.person" if whose else ""
    after = f"FROM {opened} AS o JOIN {closings} AS c ON c.child = o.child AND c.record <> o.record AND c.latest >= o.earliest {person}"
    key = "o.child, o.record, o.known_from"
    return _Lasting(
        _RECORD,
        begun=bracketed(f"SELECT child, record, known_from, {certain(None)} FROM {opened} WHERE sure"),
        maybe=bracketed(f"SELECT child, record, known_from, why, about, {possible(None)} FROM {opened}"),
        ended=bracketed(
            f"SELECT {key}, {certain(None, 'c')} {after} WHERE c.sure AND c.earliest >= o.latest"
        ),
        perhaps=bracketed(f"SELECT {key}, {_reason('c', 'o.')}, {possible(None, 'c')} {after}"),
    )


# -- trend ------------------------------------------------------------------------------------------------------------


def _trend(plan: Plan, atom: Trend, among: str) -> _Lasting | None:
    column = f"measure_{atom.measure}"
    records = selected(plan, atom.selection, atom.about, among, "person", column)
    measured = plan.view(
        "measured", f'SELECT *, "{column}" AS measured FROM {records} WHERE "{column}" IS NOT NULL'
    )
    pairs = plan.keep("pairs", _pairs(atom, measured))
    if plan.is_empty(pairs):
        return None
    person = "" if atom.about is Scope.CHILD else "AND s.person = p.person"
    after = f"""FROM {pairs} AS p JOIN {measured} AS s ON s.child = p.child AND s.record <> p.one AND s.record <> p.other
        AND s.latest > p.earliest AND NOT ({_changed(atom, "p.measured", "s.measured")}) {person}"""
    key = "p.child, p.one, p.one_from, p.other, p.other_from"
    return _Lasting(
        _PAIR,
        begun=bracketed(f"SELECT *, sure_start AS start, sure_until AS until FROM {pairs} WHERE sure"),
        maybe=bracketed(f"SELECT *, perhaps_start AS start, perhaps_until AS until FROM {pairs}"),
        ended=bracketed(f"SELECT {key}, {certain(None, 's')} {after} WHERE s.sure AND s.earliest > p.latest"),
        perhaps=bracketed(f"SELECT {key}, {_reason('s', 'p.later_')}, {possible(None, 's')} {after}"),
    )


def _pairs(atom: Trend, measured: str) -> str:
    """SELECT the pairs of measurements of one person that show the change, or may."""
    person = "" if atom.about is Scope.CHILD else "AND a.person = b.person"
    least, most = atom.apart
    known = "least(a.known_to, b.known_to"
    doubt = ", ".join(
        f"CASE WHEN a.vague OR NOT a.sure THEN a.{of} ELSE b.{of} END AS {of}, b.{of} AS later_{of}"
        for of in ("why", "about")
    )
    return f"""
        SELECT a.child, a.record AS one, a.known_from AS one_from, b.record AS other, b.known_from AS other_from,
               b.person, b.earliest, b.latest, a.measured, {doubt},
               a.sure AND b.sure AND b.earliest - a.latest >= {least} AND b.latest - a.earliest <= {most} AS sure,
               greatest(a.known_from, b.known_from, a.passed, b.passed) AS sure_start,
               {known}, b.earliest + {atom.remembered}) AS sure_until,
               greatest(a.known_from, b.known_from, a.earliest, b.earliest) AS perhaps_start,
               {known}, b.latest + {atom.remembered}) AS perhaps_until
        FROM {measured} AS a JOIN {measured} AS b ON a.child = b.child {person}
        WHERE b.latest - a.earliest >= {least} AND b.earliest - a.latest <= {most} AND {_changed(atom, "a.measured", "b.measured")}"""


def _changed(atom: Trend, before: str, after: str) -> str:
    change = f"({after} - {before})" if atom.rises else f"({before} - {after})"
    if atom.percent is not None:
        return f"{before} > 0 AND {change} * 100 >= {number(atom.percent)} * {before}"
    return f"{change} >= {number(atom.amount)}" if atom.amount is not None else "1 = 0"


# -- unanswered -------------------------------------------------------------------------------------------------------


def _unanswered(plan: Plan, atom: Unanswered, among: str, nation: str) -> _Lasting | None:
    openings = selected(plan, atom.opened_by, atom.about, among)
    if plan.is_empty(openings):
        return None
    opened = _due(plan, atom, openings, nation)
    answers = selected(plan, atom.answered_by, atom.about, openings)
    remembered = atom.remembered
    forgotten = {
        of: "known_to" if remembered is None else f"least(known_to, due_{of} + {remembered})"
        for of in ("first", "last")
    }
    after = f"FROM {opened} AS o JOIN {answers} AS a ON a.child = o.child AND a.record <> o.record AND a.latest >= o.earliest"
    key = "o.child, o.record, o.known_from"
    return _Lasting(
        _RECORD,
        begun=bracketed(f"SELECT child, record, known_from, greatest(known_from, due_last) AS start, {forgotten['first']} AS until FROM {opened} WHERE sure"),
        maybe=bracketed(f"SELECT child, record, known_from, why, about, greatest(known_from, due_first) AS start, {forgotten['last']} AS until FROM {opened}"),
        ended=bracketed(f"SELECT {key}, {certain(None, 'a')} {after} WHERE a.sure AND a.earliest >= o.latest"),
        perhaps=bracketed(f"SELECT {key}, a.why, a.about, {possible(None, 'a')} {after}"),
        heard=tuple((sector, bracketed(_heard(plan, opened, sector))) for sector in atom.covered_by),
        both_doubts=False,
    )  # fmt: skip


def _heard(plan: Plan, opened: str, sector: str) -> str:
    """SELECT from each opening to the end of the covered spell that it lies in."""
    return f"""
        SELECT o.child, o.record, o.known_from, o.earliest AS start, c.until
        FROM {opened} AS o JOIN {covered(plan, sector, opened)} AS c ON c.child = o.child AND c.start <= o.earliest AND o.earliest < c.until"""


def _due(plan: Plan, atom: Unanswered, opened: str, nation: str) -> str:
    """The openings, each with the instants at which its time is up, should it have been on the first or on the last day."""
    clock = atom.within
    if not clock.working_days:
        length = (clock.amount + 1) * DAY
        return plan.view(
            "due", f"SELECT *, earliest + {length} AS due_first, latest + {length} AS due_last FROM {opened}"
        )
    deadlines = plan.deadlines(nation, clock.amount)
    return plan.keep(
        "due",
        f"""
        SELECT o.*, f.due AS due_first, l.due AS due_last FROM {opened} AS o
        JOIN {named(deadlines, "f")} ON f.day = o.earliest JOIN {named(deadlines, "l")} ON l.day = o.latest""",
    )
