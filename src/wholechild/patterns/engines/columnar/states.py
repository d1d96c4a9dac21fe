"""`state`: the child's age, an adult who lives with her, the area she lives in."""

from __future__ import annotations

from wholechild.lib.civil import DAY, FOREVER
from wholechild.patterns.engines.columnar.algebra import WHY, Channel, bracketed, theirs
from wholechild.patterns.engines.columnar.answers import NEVER, Answer, told
from wholechild.patterns.engines.columnar.plan import Plan
from wholechild.patterns.intervals import BEGINNING, Why
from wholechild.patterns.language.nodes import AdultState, AgeState, LivesInState

_UNKNOWN = f"{WHY[Why.BIRTH_UNKNOWN]} AS why, 0 AS about"


def age(plan: Plan, atom: AgeState, among: str) -> Answer:
    """Where the child is of the age, and where nobody knows."""
    start, end = atom.age.start, atom.age.end
    first_end = FOREVER if end is None else f"born_from + {end}"
    last_end = FOREVER if end is None else f"born_to - {DAY} + {end}"
    near = theirs(among)
    certain = f"""SELECT child, born_to - {DAY} + {start} AS start, {first_end} AS until
        FROM children WHERE born_from IS NOT NULL AND {near}"""
    perhaps = f"""
        SELECT child, born_from + {start} AS start, {last_end} AS until, {_UNKNOWN}
        FROM children WHERE born_to - born_from > {DAY} AND {near}
        UNION ALL SELECT child, {BEGINNING} AS start, {FOREVER} AS until, {_UNKNOWN} FROM children WHERE born_from IS NULL AND {near}"""
    return told(Channel(bracketed(certain), most=1), Channel(bracketed(perhaps), most=2))


def adult(plan: Plan, atom: AdultState, among: str) -> Answer:
    """Where an adult of one of the relations is in the home."""
    until = (
        "least(known_to, lived_to)"
        if atom.arrived_within is None
        else f"least(known_to, lived_to, arrived + {atom.arrived_within})"
    )
    return _certainly(plan, f"SELECT child, greatest(known_from, lived_from) AS start, {until} AS until FROM adults WHERE {_one_of(plan, 'relation', atom.relations)} AND {theirs(among)}")  # fmt: skip


def lives_in(plan: Plan, atom: LivesInState, among: str) -> Answer:
    """Where the child lives in one of the areas."""
    return _certainly(plan, f"SELECT child, greatest(known_from, lived_from) AS start, least(known_to, lived_to) AS until FROM homes WHERE {_one_of(plan, 'area', atom.areas)} AND {theirs(among)}")  # fmt: skip


def _certainly(plan: Plan, spans: str) -> Answer:
    kept = plan.keep("lived", spans)
    return NEVER if plan.is_empty(kept) else told(Channel(kept, most=plan.rows(kept)), children=kept)


def _one_of(plan: Plan, of: str, texts: frozenset[str]) -> str:
    codes = ", ".join(map(str, plan.source.coded(of, texts)))
    return f"{of} IN ({codes})" if codes else "1 = 0"
