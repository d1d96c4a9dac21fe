"""Which records a condition is about: one row for each matching record in each spell in which it was relevant and known.

Shape    a selection has `child, record, known_from, known_to`; `earliest` and `latest`, the first instants of the first and
         the last day on which it may have happened; `passed`, from when on it has certainly happened; `vague`; `sure`,
         whether it matches for certain; `why` and `about`, the reason that doubt of it has; and what else was asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from wholechild.lib.civil import DAY, FOREVER
from wholechild.patterns.columns import SCOPE_NUMBER
from wholechild.patterns.engines.columnar.algebra import CHILD, WHY, within
from wholechild.patterns.engines.columnar.plan import Plan
from wholechild.patterns.history import Scope
from wholechild.patterns.intervals import Why
from wholechild.patterns.language.nodes import AgeRange, NumberRange, Selection

_ALWAYS_THERE: Final = ("child", "record", "count", "known_from", "known_to")
#: Columns of `relevant` that may state nothing: asked for, they leave out the records that do not.
_STATED: Final = ("value_", "measure_")
_NO_MATCH: Final = 0


def selected(plan: Plan, selection: Selection, scope: Scope, among: str, *extra: str, able: str = "") -> str:
    """The name of the selection's table, with further columns of `relevant`: only of the records that state them.

    Shape    `able` is a SELECT of child; the others' records are left out.
    """
    wanted = (*_ALWAYS_THERE, *extra)
    columns = ", ".join(f"r.{plan.source.column(name)}" for name in wanted)
    ages = selection.child_age
    children = "LEFT JOIN children AS c ON c.child = r.child" if ages else ""
    doubt = f"CASE WHEN NOT r.certain THEN {WHY[Why.TIE_UNSURE]} END"
    if ages:
        doubt = f"CASE WHEN {_at_age(ages)} ELSE {doubt} END"
    conditions = [
        *matching(plan, selection, scope, among),
        *(f'r."{name}" IS NOT NULL' for name in extra if name.startswith(_STATED)),
        *([f"r.child IN ({able})"] if able else []),
    ]
    return plan.keep(
        "selected",
        f"""
        SELECT {", ".join(f'"{name}"' for name in wanted)},
               earliest, latest, CASE WHEN latest > earliest THEN latest + {DAY} ELSE earliest END AS passed,
               latest > earliest AS vague, unsure IS NULL AS sure, coalesce(unsure, {WHY[Why.VAGUE_DATE]}) AS why,
               CASE WHEN unsure = {WHY[Why.BIRTH_UNKNOWN]} THEN 0 ELSE record END AS about
        FROM (SELECT {columns}, r.happened_from AS earliest, r.happened_to - {DAY} AS latest, {doubt} AS unsure
              FROM {plan.relevant} AS r {children} WHERE {" AND ".join(conditions)}) AS found
        WHERE unsure IS NULL OR unsure <> {_NO_MATCH}""",
    )


def matching(plan: Plan, selection: Selection, scope: Scope, among: str) -> Iterator[str]:
    """The conditions on a row `r` of `relevant`, but for the child's age; `among` names the children who are asked about."""
    yield f"r.scope = {SCOPE_NUMBER[scope]}"
    yield "r.known_from < r.known_to AND r.count > 0"
    yield from _filters(plan, selection)
    if among:
        yield f"r.{within(CHILD, among)}"


def _filters(plan: Plan, selection: Selection) -> Iterator[str]:
    source = plan.source
    yield _one_of("r.kind", source.coded("kind", selection.kinds))
    if selection.sectors:
        yield _one_of("r.sector", source.coded("sector", selection.sectors))
    if selection.agency_kinds:
        yield _one_of("r.agency", _agencies(plan, selection.agency_kinds))
    if selection.informants:
        yield _one_of("r.informant", source.coded("informant", selection.informants))
    for name, texts in selection.values:
        yield _one_of(f"r.{source.column(f'value_{name}')}", source.coded("value", texts))
    for bound in selection.measures:
        yield from _bounds(f"r.{source.column(f'measure_{bound.measure}')}", bound)


def _agencies(plan: Plan, kinds: frozenset[str]) -> list[int]:
    source = plan.source
    return sorted(
        code
        for (of, text), code in source.codes.items()
        if of == "agency" and source.words.agency_kind(text) in kinds
    )


def _one_of(column: str, codes: Iterable[int]) -> str:
    written = ", ".join(map(str, codes))
    return f"{column} IN ({written})" if written else "1 = 0"


def _bounds(column: str, bound: NumberRange) -> Iterator[str]:
    yield f"{column} IS NOT NULL"
    if bound.least is not None:
        yield f"{column} >= {number(bound.least)}"
    if bound.most is not None:
        yield f"{column} <= {number(bound.most)}"


def number(value: float) -> str:
    """A number as the double that Python means by it, never a decimal."""
    return f"CAST('{float(value)!r}' AS DOUBLE)"


def _at_age(age: AgeRange) -> str:
    """The branches of a CASE: what the child's age when it happened says of the record, where it is not simply in the range."""
    youngest = f"(r.happened_from - (c.born_to - {DAY}))"
    oldest = f"(r.happened_to - {DAY} - c.born_from)"
    end = FOREVER if age.end is None else age.end
    surely = f"{age.start} <= {youngest} AND {oldest} < {end}"
    perhaps = f"{age.start} <= {oldest} AND {youngest} < {end}"
    return f"""
        c.born_from IS NULL THEN {WHY[Why.BIRTH_UNKNOWN]}
        WHEN NOT ({perhaps}) THEN {_NO_MATCH}
        WHEN NOT ({surely}) THEN {WHY[Why.VAGUE_DATE]}"""


# -- a selected record on the axis -----------------------------------------------------------------------------------


def certain(window: int | None, of: str = "") -> str:
    """The columns `start, until` of where it is known, has certainly happened, and is certainly still inside the window.

    Only for rows that are `sure`.
    """
    p = f"{of}." if of else ""
    until = f"{p}known_to" if window is None else f"least({p}known_to, {p}earliest + {window})"
    return f"greatest({p}known_from, {p}passed) AS start, {until} AS until"


def possible(window: int | None, of: str = "") -> str:
    """The columns `start, until` of where it is known, may have happened, and may still be inside the window."""
    p = f"{of}." if of else ""
    until = f"{p}known_to" if window is None else f"least({p}known_to, {p}latest + {window})"
    return f"greatest({p}known_from, {p}earliest) AS start, {until} AS until"
