"""`absence`: nothing of a kind for a time, since birth or since the last record that starts the clock, inside coverage."""

from __future__ import annotations

from collections.abc import Iterator

from wholechild.lib.civil import DAY, FOREVER
from wholechild.patterns.engines.columnar.algebra import (
    NOTHING,
    WHY,
    both,
    bracketed,
    islands,
    judged,
    named,
    sweep,
    theirs,
)
from wholechild.patterns.engines.columnar.coverage import reached
from wholechild.patterns.engines.columnar.plan import Plan
from wholechild.patterns.engines.columnar.selecting import certain, possible, selected
from wholechild.patterns.intervals import BEGINNING, Why
from wholechild.patterns.language.nodes import Absence

_UNKNOWN = f"{WHY[Why.BIRTH_UNKNOWN]} AS why, 0 AS about"


def truth(plan: Plan, atom: Absence, among: str) -> str:
    """The name of the truth of an absence, for these children only.

    The clock has run for long enough where `exposed` (for certain) or `maybe`; what was looked for is there where `broken`
    or `perhaps`; a child who has died (`over`) is not absent.
    """
    if atom.since is not None:
        starts = selected(plan, atom.since, atom.about, among)
        if plan.is_empty(starts):
            return plan.keep("nothing", NOTHING)
    exposed, maybe = _exposure(plan, atom, among)
    broken, perhaps = _seen(plan, atom, among)
    over = plan.view(
        "over",
        f"SELECT child, died AS start, {FOREVER} AS until FROM children WHERE died IS NOT NULL AND {theirs(among)}",
    )
    channels: dict[str, str | tuple[str, str]] = {
        "exposed": exposed, "maybe": maybe, "broken": broken, "perhaps": perhaps, "over": over,
    }  # fmt: skip
    for i, sector in enumerate(atom.covered_by):
        near = f"SELECT * FROM {reached(plan, sector, atom.lasting)} WHERE {theirs(among)}"
        channels[f"heard_{i}"] = plan.view("near", near)
    pieces = plan.keep("pieces", f"""
        SELECT *, exposed > 0 AND perhaps = 0 AS silent FROM {named(bracketed(sweep(channels)), "p")}
        WHERE (exposed > 0 OR maybe > 0) AND broken = 0 AND over = 0""")  # fmt: skip
    heard = "".join(f" AND heard_{i} > 0" for i in range(len(atom.covered_by)))
    holds = plan.keep("absent", islands(bracketed(f"SELECT * FROM {pieces} WHERE silent{heard}")))
    doubts = plan.keep("doubts", both(*map(bracketed, _doubts(plan, atom, pieces, maybe, perhaps))))
    return plan.keep("absence", judged(holds, doubts))


def evidence(plan: Plan, atom: Absence, among: str) -> str | None:
    """SELECT the records that start the clock, while they are known; the one that happened last is the evidence."""
    if atom.since is None:
        return None
    starts = selected(plan, atom.since, atom.about, among)
    return f"SELECT child, record, earliest AS recency, known_from AS start, known_to AS until FROM {starts}"


def _exposure(plan: Plan, atom: Absence, among: str) -> tuple[str, str]:
    """Where the clock has run for long enough: for certain, and perhaps, with the reason."""
    if atom.since is not None:
        starts = selected(plan, atom.since, atom.about, among)
        return (
            plan.view("exposed", f"SELECT child, greatest(known_from, latest + {atom.lasting}) AS start, known_to AS until FROM {starts} WHERE sure"),
            plan.view("maybe", f"SELECT child, greatest(known_from, earliest + {atom.lasting}) AS start, known_to AS until, why, about FROM {starts} WHERE vague OR NOT sure"),
        )  # fmt: skip
    near = theirs(among)
    return (
        plan.view("exposed", f"SELECT child, born_to - {DAY} + {atom.lasting} AS start, {FOREVER} AS until FROM children WHERE born_from IS NOT NULL AND {near}"),
        plan.view("maybe", f"""
            SELECT child, born_from + {atom.lasting} AS start, born_to - {DAY} + {atom.lasting} AS until, {_UNKNOWN}
            FROM children WHERE born_to - born_from > {DAY} AND {near}
            UNION ALL SELECT child, {BEGINNING} AS start, {FOREVER} AS until, {_UNKNOWN} FROM children WHERE born_from IS NULL AND {near}"""),
    )  # fmt: skip


def _seen(plan: Plan, atom: Absence, among: str) -> tuple[str, str]:
    """Where a matching record, or one that starts the clock anew, happened within the time just past: for certain, and perhaps."""
    looked_for = [atom.selection] if atom.since is None else [atom.selection, atom.since]
    records = [selected(plan, selection, atom.about, among) for selection in looked_for]
    sure = [bracketed(f"SELECT child, {certain(atom.lasting)} FROM {table} WHERE sure") for table in records]
    maybe = [
        bracketed(f"SELECT child, why, about, {possible(atom.lasting)} FROM {table} WHERE vague OR NOT sure")
        for table in records
    ]
    return plan.view("broken", both(*sure)), plan.view("perhaps", both(*maybe))


def _doubts(plan: Plan, atom: Absence, pieces: str, maybe: str, perhaps: str) -> Iterator[str]:
    """SELECTs of every reason for which it cannot tell: the start of the clock, a record that may be there, a feed that is not."""
    for reasons, where in ((maybe, "p.exposed = 0"), (perhaps, "1 = 1")):
        yield f"""
            SELECT p.child, p.start, p.until, r.why, r.about FROM {pieces} AS p JOIN {reasons} AS r
            ON r.child = p.child AND r.start <= p.start AND p.until <= r.until WHERE {where}"""
    for i, sector in enumerate(atom.covered_by):
        yield f"""
            SELECT child, start, until, {WHY[Why.NOT_CONNECTED]} AS why, {plan.sector(sector)} AS about
            FROM {pieces} WHERE silent AND heard_{i} = 0"""
