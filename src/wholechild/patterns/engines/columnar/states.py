"""`state`: the child's age, an adult who lives with her, the area she lives in."""

from __future__ import annotations

from wholechild.lib.civil import DAY, FOREVER
from wholechild.patterns.engines.columnar.algebra import CHILD, HOLDS, WHY, bracketed, islands, judged, within
from wholechild.patterns.engines.columnar.plan import Plan
from wholechild.patterns.intervals import BEGINNING, Why
from wholechild.patterns.language.nodes import AdultState, AgeState, LivesInState

_UNKNOWN = f"{WHY[Why.BIRTH_UNKNOWN]} AS why, 0 AS about"


def age(plan: Plan, atom: AgeState, among: str) -> str:
    """The name of the truth of an age, for these children only."""
    start, end = atom.age.start, atom.age.end
    first_end = FOREVER if end is None else f"born_from + {end}"
    last_end = FOREVER if end is None else f"born_to - {DAY} + {end}"
    theirs = within(CHILD, among)
    certain = f"""SELECT child, born_to - {DAY} + {start} AS start, {first_end} AS until
        FROM children WHERE born_from IS NOT NULL AND {theirs}"""
    perhaps = f"""
        SELECT child, born_from + {start} AS start, {last_end} AS until, {_UNKNOWN}
        FROM children WHERE born_to - born_from > {DAY} AND {theirs}
        UNION ALL SELECT child, {BEGINNING} AS start, {FOREVER} AS until, {_UNKNOWN} FROM children WHERE born_from IS NULL AND {theirs}"""
    return plan.keep(
        "age",
        judged(
            plan.view("aged", f"SELECT * FROM {bracketed(certain)} AS a WHERE start < until"),
            plan.view("doubts", perhaps),
        ),
    )


def adult(plan: Plan, atom: AdultState) -> str:
    """The name of the truth of an adult of one of the relations in the home."""
    until = (
        "least(known_to, lived_to)"
        if atom.arrived_within is None
        else f"least(known_to, lived_to, arrived + {atom.arrived_within})"
    )
    spans = f"SELECT child, greatest(known_from, lived_from) AS start, {until} AS until FROM adults WHERE {_one_of(plan, 'relation', atom.relations)}"
    return plan.keep("adult", _certainly(spans))


def lives_in(plan: Plan, atom: LivesInState) -> str:
    """The name of the truth of living in one of the areas."""
    spans = f"SELECT child, greatest(known_from, lived_from) AS start, least(known_to, lived_to) AS until FROM homes WHERE {_one_of(plan, 'area', atom.areas)}"
    return plan.keep("lives_in", _certainly(spans))


def _one_of(plan: Plan, of: str, texts: frozenset[str]) -> str:
    codes = ", ".join(map(str, plan.source.coded(of, texts)))
    return f"{of} IN ({codes})" if codes else "1 = 0"


def _certainly(spans: str) -> str:
    return f"SELECT child, start, until, {HOLDS} AS why, CAST(0 AS BIGINT) AS about FROM {bracketed(islands(bracketed(spans)))} AS s"
