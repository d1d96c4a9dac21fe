"""`sequence` and `contradiction`: records that stand in a relation to each other, each combination with its own span."""

from __future__ import annotations

from wholechild.patterns.engines.columnar.algebra import Channel, both, bracketed, named
from wholechild.patterns.engines.columnar.answers import NEVER, Answer, told
from wholechild.patterns.engines.columnar.plan import Plan
from wholechild.patterns.engines.columnar.selecting import certain, possible, selected
from wholechild.patterns.language.nodes import Contradiction, Sequence


def _many(function: str, columns: list[str]) -> str:
    return f"{function}({', '.join(columns)})" if len(columns) > 1 else columns[0]


# -- sequence ---------------------------------------------------------------------------------------------------------


def sequence(plan: Plan, atom: Sequence, among: str) -> Answer:
    """Where one of the chains is the sequence for certain, and where one may be."""
    chains = _chains(plan, atom, among)
    if chains is None or plan.is_empty(chains):
        return NEVER
    spans = f"0 AS recency, start, until FROM {chains} WHERE sure"
    possibly = f"""
        SELECT child, perhaps_start AS start, perhaps_until AS until, why, about
        FROM {chains} WHERE doubtful AND perhaps_start < perhaps_until"""
    most = plan.most(chains)
    return told(
        Channel(bracketed(f"SELECT child, start, until FROM {chains} WHERE sure"), most=most),
        Channel(bracketed(possibly), most=most),
        evidence=both(*(bracketed(f"SELECT child, record_{i} AS record, {spans}") for i in range(len(atom.steps)))),
        children=chains,
    )  # fmt: skip


def _chains(plan: Plan, atom: Sequence, among: str) -> str | None:
    """Every chain of different records that may be the sequence; None where some step has no record.

    The rarest step is looked up first, and the others only for the children who have it.
    """
    tables: dict[int, str] = {}
    for i in sorted(
        range(len(atom.steps)), key=lambda i: plan.source.about(atom.steps[i].selection, atom.about)
    ):
        tables[i] = selected(plan, atom.steps[i].selection, atom.about, among)
        if plan.is_empty(tables[i]):
            return None
        among = tables[i]
    return plan.keep("chains", _chained(atom, [tables[i] for i in range(len(tables))]))


def _chained(atom: Sequence, tables: list[str]) -> str:
    """SELECT the chains: whether each is the sequence for certain, its spans, and its first doubt.

    A chain is in view where every step is known and has happened, until the last one leaves the view.
    """
    steps = [f"s{i}" for i in range(len(tables))]
    joins, surely = [f"{tables[0]} AS s0"], [f"{s}.sure" for s in steps]
    for i in range(1, len(steps)):
        before, after, longest = steps[i - 1], steps[i], atom.steps[i].within
        others = " AND ".join(f"{after}.record <> {earlier}.record" for earlier in steps[:i])
        joins.append(f"""JOIN {tables[i]} AS {after} ON {after}.child = s0.child AND {others}
            AND {before}.earliest <= {after}.latest AND {after}.earliest - {before}.latest <= {longest}""")
        surely.append(
            f"{before}.latest <= {after}.earliest AND {after}.latest - {before}.earliest <= {longest}"
        )
    last = steps[-1]
    known_to = [f"{s}.known_to" for s in steps]
    return f"""
        SELECT s0.child, {", ".join(f"{s}.record AS record_{i}" for i, s in enumerate(steps))},
               {" AND ".join(surely)} AS sure, {" OR ".join(map(_doubtful, steps))} AS doubtful,
               {_first_doubt(steps, "why")} AS why, {_first_doubt(steps, "about")} AS about,
               {_many("greatest", [f"{s}.{of}" for s in steps for of in ("known_from", "passed")])} AS start,
               {_many("least", [*known_to, f"{last}.earliest + {atom.remembered}"])} AS until,
               {_many("greatest", [f"{s}.{of}" for s in steps for of in ("known_from", "earliest")])} AS perhaps_start,
               {_many("least", [*known_to, f"{last}.latest + {atom.remembered}"])} AS perhaps_until
        FROM {" ".join(joins)}"""


def _doubtful(step: str) -> str:
    return f"({step}.vague OR NOT {step}.sure)"


def _first_doubt(steps: list[str], of: str) -> str:
    """The reason of the first doubtful step."""
    return (
        "CASE "
        + " ".join(f"WHEN {_doubtful(s)} THEN {s}.{of}" for s in steps)
        + f" ELSE {steps[-1]}.{of} END"
    )


# -- contradiction ------------------------------------------------------------------------------------------------------


def contradiction(plan: Plan, atom: Contradiction, among: str) -> Answer:
    """Where two records clash for certain, and where they may."""
    clashes = _clashes(plan, atom, among)
    if plan.is_empty(clashes):
        return NEVER
    either = ("one", "other")
    doubts = both(*(bracketed(f"""
        SELECT child, perhaps_start AS start, perhaps_until AS until, why_{which} AS why, about_{which} AS about
        FROM {clashes} WHERE doubtful_{which} AND perhaps_start < perhaps_until""") for which in either))  # fmt: skip
    spans = f"0 AS recency, start, until FROM {clashes} WHERE sure"
    return told(
        Channel(bracketed(f"SELECT child, start, until FROM {clashes} WHERE sure"), most=plan.most(clashes)),
        Channel(bracketed(doubts), most=2 * plan.most(clashes)),
        evidence=both(*(bracketed(f"SELECT child, record_{which} AS record, {spans}") for which in either)),
        children=clashes,
    )


def _clashes(plan: Plan, atom: Contradiction, among: str) -> str:
    """Every two records that say different things of somebody they are both about, and where both are inside the window."""
    value = f"value_{atom.fact}"
    records = selected(plan, atom.selection, atom.about, among, value, "agency", "people")
    stated = plan.view("stated", f'SELECT *, "{value}" AS said FROM {records} WHERE "{value}" IS NOT NULL')
    surely = f"SELECT *, {certain(atom.within)} FROM {stated}"
    sure = f"SELECT *, start AS sure_start, until AS sure_until FROM {named(bracketed(surely), 's')}"
    timed = plan.view(
        "timed",
        f"SELECT s.* EXCLUDE (start, until), {possible(atom.within, 's')} FROM {named(bracketed(sure), 's')}",
    )
    agencies = "AND one.agency <> other.agency" if atom.different_agencies else ""
    return plan.keep(
        "clashes",
        f"""
        SELECT one.child, one.record AS record_one, other.record AS record_other, one.sure AND other.sure AS sure,
               greatest(one.sure_start, other.sure_start) AS start, least(one.sure_until, other.sure_until) AS until,
               greatest(one.start, other.start) AS perhaps_start, least(one.until, other.until) AS perhaps_until,
               one.vague OR NOT one.sure AS doubtful_one, other.vague OR NOT other.sure AS doubtful_other,
               one.why AS why_one, other.why AS why_other, one.about AS about_one, other.about AS about_other
        FROM {timed} AS one JOIN {timed} AS other ON one.child = other.child AND one.record < other.record
        WHERE one.said <> other.said AND list_has_any(one.people, other.people) {agencies}""",
    )
