"""`count`: enough records inside the trailing window, from enough different sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from wholechild.lib.civil import DAY
from wholechild.patterns.engines.columnar.algebra import (
    CHILD,
    Channel,
    bracketed,
    islands,
    named,
    overlap,
    sweep,
    within,
)
from wholechild.patterns.engines.columnar.answers import NEVER, Answer, told
from wholechild.patterns.engines.columnar.plan import Plan
from wholechild.patterns.engines.columnar.selecting import certain, matching, possible, selected
from wholechild.patterns.intervals import BEGINNING
from wholechild.patterns.language.nodes import Count, Distinct

#: The column whose different values are counted, and the rows that count.
_OF: Final[Mapping[Distinct, tuple[str, str]]] = {
    Distinct.SECTORS: ("sector", "sector <> 0"),
    Distinct.AGENCIES: ("agency", "sector <> 0"),
    Distinct.AREAS: ("area", ""),
    Distinct.PEOPLE: ("person", ""),
    Distinct.KINDS: ("kind", ""),
    Distinct.DIMENSIONS: ("dimension", ""),
    Distinct.DAYS: ("earliest", "NOT vague"),
}


def answer(plan: Plan, atom: Count, among: str) -> Answer:
    """Where enough records count for certain, and where enough may."""
    records = _records(plan, atom, among)
    if plan.is_empty(records):
        return NEVER
    rests = f"SELECT child, record, 0 AS recency, {certain(atom.within)} FROM {records} WHERE sure"
    if any(what is Distinct.DAYS for what, _ in atom.distinct):
        holds, doubts = _on_enough_days(plan, atom, records)
        sure_days = Channel(holds, most=plan.most(holds))
        maybe_days = Channel(doubts, most=plan.most(doubts)) if doubts else None
        return told(sure_days, maybe_days, evidence=rests, children=records)
    counted = f"SELECT child, {certain(atom.within)}, count AS sure, CASE WHEN vague THEN 0 ELSE count END AS maybe FROM {records} WHERE sure"
    possibly = f"SELECT child, {possible(atom.within)}, 0 AS sure, count AS maybe FROM {records} WHERE vague OR NOT sure"
    counted = bracketed(f"{counted} UNION ALL {possibly}")
    sure = _different(plan, atom, f"SELECT *, {certain(atom.within)} FROM {records} WHERE sure")
    maybe = _different(plan, atom, f"SELECT *, {possible(atom.within)} FROM {records}")
    most = plan.most(records) * plan.source.largest
    return Answer(
        (
            ("sure_records", Channel(counted, "sure", most)), ("maybe_records", Channel(counted, "maybe", most)),
            *((f"sure_{name}", Channel(relation, most=most)) for name, relation in sure.items()),
            *((f"maybe_{name}", Channel(relation, most=most)) for name, relation in maybe.items()),
        ),
        holds=" AND ".join(_demands(atom, "{{sure_{}}}")),
        perhaps=" AND ".join(_demands(atom, "{{maybe_{}}}")),
        reasons=((bracketed(_perhaps(records, atom.within)), "1 = 1"),),
        evidence=rests, children=records,
    )  # fmt: skip


def _records(plan: Plan, atom: Count, among: str) -> str:
    """The records of those of the children who have enough at all, at whatever time: most drop out here, before anything is sorted."""
    able = "" if atom.at_least <= 1 and not atom.distinct else _able(plan, atom, among)
    columns = {"kind" if what is Distinct.DIMENSIONS else _OF[what][0] for what, _ in atom.distinct}
    if any(counts.startswith("sector") for _, counts in (_OF[what] for what, _ in atom.distinct)):
        columns.add("sector")
    return selected(plan, atom.selection, atom.about, among, *sorted(columns - {"earliest"}), able=able)


def _able(plan: Plan, atom: Count, among: str) -> str:
    demands = [f"sum(r.count) >= {atom.at_least}"]
    for what, least in atom.distinct:
        if what is not Distinct.DAYS:
            column, counts = _OF[what]
            column = _dimension(plan, atom) if what is Distinct.DIMENSIONS else column
            demands.append(
                f"count(DISTINCT {f'CASE WHEN {counts} THEN {column} END' if counts else column}) >= {least}"
            )
    where = " AND ".join(matching(plan, atom.selection, atom.about, among))
    return f"SELECT r.child FROM {plan.relevant} AS r WHERE {where} GROUP BY r.child HAVING {' AND '.join(demands)}"


# -- enough -----------------------------------------------------------------------------------------------------------


def _demands(atom: Count, written: str = "{}") -> Iterator[str]:
    """What must cover a piece of the axis; how a channel is written is a template."""
    yield f"{written.format('records')} >= {atom.at_least}"
    for i, (what, least) in enumerate(atom.distinct):
        if what is not Distinct.DAYS:
            yield f"{written.format(f'different_{i}')} >= {least}"


def _different(plan: Plan, atom: Count, spans: str) -> dict[str, str]:
    """For each distinct demand a relation of spans, of which as many cover an instant as there are different values then."""
    found = {}
    for i, (what, _) in enumerate(atom.distinct):
        column, counts = _OF[what]
        column = _dimension(plan, atom) if what is Distinct.DIMENSIONS else column
        valued = f"SELECT child, {column} AS different, start, until FROM {named(bracketed(spans), 's')}"
        valued += f" WHERE {counts}" if counts else ""
        found[f"different_{i}"] = bracketed(islands(bracketed(valued), ("child", "different")))
    return found


def _dimension(plan: Plan, atom: Count) -> str:
    """The dimension of a row's kind, as a number."""
    dimensions = plan.source.words.dimension
    kinds = [
        (plan.source.code("kind", kind), dimensions.get(kind, "")) for kind in sorted(atom.selection.kinds)
    ]
    numbers = {text: number for number, text in enumerate(sorted({text for _, text in kinds}))}
    branches = " ".join(f"WHEN {code} THEN {numbers[text]}" for code, text in kinds if code is not None)
    return f"CASE kind {branches} ELSE -1 END" if branches else "-1"


# -- days -------------------------------------------------------------------------------------------------------------


def _on_enough_days(plan: Plan, atom: Count, records: str) -> tuple[str, str]:
    """The relations of where records count on enough different days: for certain, and perhaps with the reason; "" for no doubt."""
    sure = plan.view("sure", f"SELECT *, {certain(atom.within)} FROM {records} WHERE sure")
    holds = plan.keep("enough", _enough(plan, atom, sure, sure=True))
    doubtful = plan.keep("doubtful", f"SELECT DISTINCT child FROM {records} WHERE vague OR NOT sure")
    if plan.is_empty(doubtful):
        return holds, ""
    return holds, plan.keep("doubts", _doubts(plan, atom, records, holds, doubtful))


def _enough(plan: Plan, atom: Count, spans: str, *, sure: bool) -> str:
    """SELECT where the spans that cover an instant together reach the threshold and every distinct demand."""
    channels = {
        "records": Channel(spans, "count"),
        "vague_ones": Channel(spans, "CASE WHEN vague THEN 1 ELSE 0 END"),
    }
    channels |= {
        name: Channel(relation) for name, relation in _different(plan, atom, f"SELECT * FROM {spans}").items()
    }
    swept = named(bracketed(sweep(channels)), "p")
    pieces = f"SELECT * FROM {swept} WHERE {' AND '.join(_demands(atom))}"
    for i, (what, least) in enumerate(atom.distinct):
        if what is Distinct.DAYS:
            pieces = _on_days(plan, plan.keep("counted", pieces), spans, f"different_{i}", least, sure=sure)
    return pieces


def _on_days(plan: Plan, pieces: str, spans: str, column: str, least: int, *, sure: bool) -> str:
    """SELECT those pieces on which the records were on enough different days.

    Where every record has an exact date its days were counted by the sweep. Where some are vague, the periods are folded into
    the number of days, the one that ends first taken first: for certain, periods that do not overlap; perhaps, a day for
    each that finds a free one.
    """
    periods = f"""
        SELECT p.child, p.start, p.until, list_sort(array_agg(struct_pack(latest := s.latest, earliest := s.earliest, days := 0))) AS periods
        FROM {named(pieces, "p")} JOIN {named(spans, "s")} ON s.child = p.child AND s.start <= p.start AND p.until <= s.until
        WHERE p.vague_ones > 0 AND s.start < s.until GROUP BY p.child, p.start, p.until"""
    folded = plan.keep("periods", periods)
    fold = _surely_separate if sure else _perhaps_separate
    return f"""
        SELECT child, start, until FROM {pieces} WHERE vague_ones = 0 AND {column} >= {least}
        UNION ALL
        SELECT child, start, until FROM {named(bracketed(f"SELECT child, start, until, {fold('periods')} AS days FROM {folded}"), "f")} WHERE days >= {least}"""


def _surely_separate(periods: str) -> str:
    """How many of the periods can be chosen so that none overlap: the last day taken so far is carried along."""
    taken = f"""list_reduce({periods}, lambda so_far, p:
        CASE WHEN p.earliest > so_far.latest THEN struct_pack(latest := p.latest, earliest := p.earliest, days := so_far.days + 1) ELSE so_far END,
        struct_pack(latest := {_NO_DAY}, earliest := {_NO_DAY}, days := 0))"""
    return f"struct_extract({taken}, 'days')"


def _perhaps_separate(periods: str) -> str:
    """How many of the periods can each be given a day of their own: the days taken so far are carried along."""
    days = f"list_transform({periods}, lambda p: generate_series(p.earliest, p.latest, {DAY}))"
    none = "CAST([] AS BIGINT[])"
    return f"""array_length(list_reduce({days}, lambda taken, free:
        list_concat(taken, list_slice(list_filter(free, lambda day: NOT list_contains(taken, day)), 1, 1)), {none}))"""


_NO_DAY: Final = f"CAST({BEGINNING} AS BIGINT)"


# -- doubts -----------------------------------------------------------------------------------------------------------


def _doubts(plan: Plan, atom: Count, records: str, holds: str, doubtful: str) -> str:
    """SELECT the spans that are only possible, with each record that counts there perhaps, but not for certain.

    Where every record counts for certain and it is only open on which days they were, the vague ones are named.
    """
    theirs = within(CHILD, doubtful)
    maybe = plan.view("maybe", f"SELECT *, {possible(atom.within)} FROM {records} WHERE {theirs}")
    enough = plan.keep("perhaps_enough", _enough(plan, atom, maybe, sure=False))
    both = sweep(
        {"possible": Channel(enough), "surely": Channel(bracketed(f"SELECT * FROM {holds} WHERE {theirs}"))}
    )
    only = plan.keep(
        "only_possible",
        f"SELECT child, start, until FROM {named(bracketed(both), 'b')} WHERE possible > 0 AND surely = 0",
    )
    doubts = plan.keep("named", overlap(bracketed(_perhaps(records, atom.within)), only, "l.why, l.about"))
    rest = sweep({"possible": Channel(only), "told": Channel(doubts)})
    unnamed = bracketed(
        f"SELECT child, start, until FROM {named(bracketed(rest), 'b')} WHERE possible > 0 AND told = 0"
    )
    vague = bracketed(f"SELECT child, why, about, {certain(atom.within)} FROM {records} WHERE sure AND vague")
    return f"SELECT * FROM {doubts} UNION ALL {overlap(vague, unnamed, 'l.why, l.about')}"


def _perhaps(records: str, window: int | None) -> str:
    """SELECT where each record counts perhaps and not for certain: before its certain span, and after it."""
    until = "known_to" if window is None else f"least(known_to, latest + {window})"
    certain_until = "known_to" if window is None else f"least(known_to, earliest + {window})"
    first, passed = "greatest(known_from, earliest)", "greatest(known_from, passed)"
    never = f"NOT sure OR {passed} >= {certain_until}"
    return f"""
        SELECT child, why, about, {first} AS start, CASE WHEN {never} THEN {until} ELSE {passed} END AS until
        FROM {records} WHERE vague OR NOT sure
        UNION ALL
        SELECT child, why, about, {certain_until} AS start, {until} AS until
        FROM {records} WHERE vague AND sure AND {passed} < {certain_until}"""
