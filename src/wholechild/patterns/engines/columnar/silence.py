"""`absence`: nothing of a kind for a time, since birth or since the last record that starts the clock, inside coverage."""

from __future__ import annotations

from wholechild.lib.civil import DAY, FOREVER
from wholechild.patterns.engines.columnar.algebra import WHY, Channel, bracketed, theirs
from wholechild.patterns.engines.columnar.answers import NEVER, Answer
from wholechild.patterns.engines.columnar.coverage import reached
from wholechild.patterns.engines.columnar.plan import Plan
from wholechild.patterns.engines.columnar.selecting import certain, possible, selected
from wholechild.patterns.intervals import BEGINNING, Why
from wholechild.patterns.language.nodes import Absence

_UNKNOWN = f"{WHY[Why.BIRTH_UNKNOWN]} AS why, 0 AS about"


def answer(plan: Plan, atom: Absence, among: str) -> Answer:
    """Where it has been absent for long enough, among these children only.

    The clock has run for long enough where `exposed` (for certain) or `maybe`; what was looked for is there where `broken`
    or `perhaps`; a child who has died (`over`) is not absent.
    """
    starts = "" if atom.since is None else selected(plan, atom.since, atom.about, among)
    if starts and plan.is_empty(starts):
        return NEVER
    exposed, maybe = _exposure(atom, starts, among)
    looked_for = [selected(plan, atom.selection, atom.about, among), *([starts] if starts else [])]
    broken, perhaps = _seen(atom, looked_for)
    over = f"SELECT child, died AS start, {FOREVER} AS until FROM children WHERE died IS NOT NULL AND {theirs(among)}"
    begun, seen = plan.most(starts) if starts else 2, plan.most(*looked_for)
    channels = {
        "exposed": Channel(exposed, most=begun), "maybe": Channel(maybe, most=begun),
        "broken": Channel(broken, most=seen), "perhaps": Channel(perhaps, most=seen), "over": Channel(bracketed(over), most=1),
    }  # fmt: skip
    for i, sector in enumerate(atom.covered_by):
        channels[f"heard_{i}"] = reached(plan, sector, atom.lasting, among)
    silent = "{exposed} > 0 AND {perhaps} = 0"
    nothing = "{broken} = 0 AND {over} = 0"
    heard = "".join(f" AND {{heard_{i}}} > 0" for i in range(len(atom.covered_by)))
    return Answer(
        tuple(channels.items()),
        holds=f"{silent} AND {nothing}{heard}",
        perhaps=f"({{exposed}} > 0 OR {{maybe}} > 0) AND {nothing}",
        reasons=((maybe, "{exposed} = 0"), (perhaps, "1 = 1")),
        unheard=tuple((sector, f"{silent} AND {{heard_{i}}} = 0") for i, sector in enumerate(atom.covered_by)),
        # of the records that start the clock, while they are known, the one that happened last is the evidence
        evidence=f"SELECT child, record, earliest AS recency, known_from AS start, known_to AS until FROM {starts}" if starts else None,
        children=starts or among,
    )  # fmt: skip


def _exposure(atom: Absence, starts: str, among: str) -> tuple[str, str]:
    """Where the clock has run for long enough: for certain, and perhaps, with the reason."""
    if starts:
        return (
            bracketed(f"SELECT child, greatest(known_from, latest + {atom.lasting}) AS start, known_to AS until FROM {starts} WHERE sure"),
            bracketed(f"SELECT child, greatest(known_from, earliest + {atom.lasting}) AS start, known_to AS until, why, about FROM {starts} WHERE vague OR NOT sure"),
        )  # fmt: skip
    near = theirs(among)
    return (
        bracketed(f"SELECT child, born_to - {DAY} + {atom.lasting} AS start, {FOREVER} AS until FROM children WHERE born_from IS NOT NULL AND {near}"),
        bracketed(f"""
            SELECT child, born_from + {atom.lasting} AS start, born_to - {DAY} + {atom.lasting} AS until, {_UNKNOWN}
            FROM children WHERE born_to - born_from > {DAY} AND {near}
            UNION ALL SELECT child, {BEGINNING} AS start, {FOREVER} AS until, {_UNKNOWN} FROM children WHERE born_from IS NULL AND {near}"""),
    )  # fmt: skip


def _seen(atom: Absence, looked_for: list[str]) -> tuple[str, str]:
    """Where a matching record, or one that starts the clock anew, happened within the time just past: for certain, and perhaps."""
    sure = (f"SELECT child, {certain(atom.lasting)} FROM {table} WHERE sure" for table in looked_for)
    maybe = (
        f"SELECT child, why, about, {possible(atom.lasting)} FROM {table} WHERE vague OR NOT sure"
        for table in looked_for
    )
    return bracketed(" UNION ALL ".join(sure)), bracketed(" UNION ALL ".join(maybe))
