"""What `wholechild bench patterns` compares the columnar engine with: SQL and Polars written by hand for four lessons.

The four are a count, a count of different sectors, a sequence, and a silence with something in it. What is written by hand gives
where each lesson holds for certain, and no more: no doubts, no reasons, no evidence, one lesson at a time. The engine gives
all that. Each of the three must find the same spans, which the bench checks before it tells a figure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from wholechild.lib.civil import DAY, FOREVER
from wholechild.patterns.columns import SCOPE_NUMBER
from wholechild.patterns.history import (
    AdultInHome,
    ChildHistory,
    Covered,
    LivedIn,
    Observation,
    Relevance,
    Scope,
)
from wholechild.patterns.language.nodes import (
    Absence,
    All,
    Condition,
    Count,
    Distinct,
    Selection,
    Sequence,
    Step,
)
from wholechild.vocabulary.terms import vocabulary

if TYPE_CHECKING:
    import duckdb
    import polars as pl

YEAR: Final = 365 * DAY
WEEKS_12: Final = 84 * DAY
MONTH: Final = 30 * DAY
QUARTER: Final = 90 * DAY


def _kinds(*families: str) -> frozenset[str]:
    return frozenset(
        kind.id for kind in vocabulary().kinds.values() if kind.family in families or kind.id in families
    )


INCIDENTS: Final = _kinds("domestic_abuse")
INJURIES: Final = _kinds("injury")
NOT_BROUGHT: Final = _kinds("health.was_not_brought")
ABSENCES: Final = _kinds("education.absence", "education.persistent_absence")
SEEN: Final = frozenset(kind.id for kind in vocabulary().kinds.values() if kind.nature == "contact")


def _of(kinds: frozenset[str]) -> Selection:
    return Selection(("bench",), kinds)


def representative() -> dict[str, Condition]:
    """The four lessons, as the engine reads them."""
    silence = Absence(_of(SEEN), Scope.CHILD, WEEKS_12, None, ())
    return {
        "three incidents at home in a year": Count(_of(INCIDENTS), Scope.HOUSEHOLD, 3, YEAR),
        "injuries from two sectors in a year": Count(_of(INJURIES), Scope.CHILD, 1, YEAR, ((Distinct.SECTORS, 2),)),
        "injury, then not brought, then absent": Sequence(
            (Step(_of(INJURIES)), Step(_of(NOT_BROUGHT), MONTH), Step(_of(ABSENCES), QUARTER)), Scope.CHILD, QUARTER
        ),
        "twelve weeks unseen, with an incident at home": All((Count(_of(INCIDENTS), Scope.HOUSEHOLD, 1, WEEKS_12), silence)),
    }  # fmt: skip


# -- by hand, in SQL --------------------------------------------------------------------------------------------------


def by_hand(code: Mapping[str, int]) -> dict[str, str]:
    """The same four, each one SELECT of child, start, until."""
    home, own = SCOPE_NUMBER[Scope.HOUSEHOLD], SCOPE_NUMBER[Scope.CHILD]
    incidents = _spans(code, INCIDENTS, home, YEAR)
    injuries = _spans(code, INJURIES, own, YEAR, "sector")
    return {
        "three incidents at home in a year": f"""
            WITH spans AS ({incidents}),
            able AS (SELECT child FROM spans GROUP BY child HAVING count(*) >= 3),
            edges AS (SELECT child, start AS t, 1 AS d FROM spans SEMI JOIN able USING (child)
                      UNION ALL SELECT child, until, -1 FROM spans SEMI JOIN able USING (child)),
            pieces AS (SELECT child, t AS start, lead(t) OVER w AS until, sum(d) OVER w AS n FROM edges WINDOW w AS (PARTITION BY child ORDER BY t))
            {_joined("SELECT * FROM pieces WHERE n >= 3")}""",
        "injuries from two sectors in a year": f"""
            WITH spans AS (SELECT * FROM ({injuries}) WHERE sector > 0),
            able AS (SELECT child FROM spans GROUP BY child HAVING min(sector) < max(sector)),
            mine AS (SELECT * FROM spans SEMI JOIN able USING (child)),
            pairs AS (SELECT a.child, greatest(a.start, b.start) AS start, least(a.until, b.until) AS until
                      FROM mine a JOIN mine b ON a.child = b.child AND a.sector < b.sector AND a.start < b.until AND b.start < a.until)
            {_joined("SELECT * FROM pairs")}""",
        "injury, then not brought, then absent": f"""
            WITH a AS ({_rows(code, INJURIES, own)}), b AS ({_rows(code, NOT_BROUGHT, own)}), c AS ({_rows(code, ABSENCES, own)}),
            chains AS (
                SELECT a.child, greatest(a.known_from, a.passed, b.known_from, b.passed, c.known_from, c.passed) AS start,
                       least(a.known_to, b.known_to, c.known_to, c.happened_from + {QUARTER}) AS until
                FROM a JOIN b ON a.child = b.child AND b.happened_from >= a.last AND b.last - a.happened_from <= {MONTH}
                JOIN c ON c.child = b.child AND c.happened_from >= b.last AND c.last - b.happened_from <= {QUARTER})
            {_joined("SELECT * FROM chains")}""",
        "twelve weeks unseen, with an incident at home": f"""
            WITH incidents AS ({_joined(_spans(code, INCIDENTS, home, WEEKS_12))}),
            -- what may be a sighting breaks the silence too
            seen AS (SELECT child, greatest(known_from, happened_from) AS start, least(known_to, happened_to - {DAY} + {WEEKS_12}) AS until FROM relevant
                     WHERE scope = {own} AND kind IN {_in(code, SEEN)} AND child IN (SELECT child FROM incidents)),
            lives AS (SELECT child, born_to - {DAY} + {WEEKS_12} AS start, coalesce(died, {FOREVER}) AS until FROM children
                      WHERE born_from IS NOT NULL AND child IN (SELECT child FROM incidents)),
            edges AS (SELECT child, start AS t, 1 AS i, 0 AS s, 0 AS l FROM incidents UNION ALL SELECT child, until, -1, 0, 0 FROM incidents
                      UNION ALL SELECT child, start, 0, 1, 0 FROM seen WHERE start < until UNION ALL SELECT child, until, 0, -1, 0 FROM seen WHERE start < until
                      UNION ALL SELECT child, start, 0, 0, 1 FROM lives WHERE start < until UNION ALL SELECT child, until, 0, 0, -1 FROM lives WHERE start < until),
            pieces AS (SELECT child, t AS start, lead(t) OVER w AS until, sum(i) OVER w AS i, sum(s) OVER w AS s, sum(l) OVER w AS l
                       FROM edges WINDOW w AS (PARTITION BY child ORDER BY t))
            {_joined("SELECT * FROM pieces WHERE i > 0 AND s = 0 AND l > 0")}""",
    }  # fmt: skip


def _in(code: Mapping[str, int], kinds: Iterable[str]) -> str:
    return "(" + ", ".join(str(code[kind]) for kind in sorted(kinds)) + ")"


def _rows(code: Mapping[str, int], kinds: frozenset[str], scope: int) -> str:
    return f"""
        SELECT child, sector, happened_from, happened_to - {DAY} AS last, known_from, known_to,
               CASE WHEN happened_to - happened_from > {DAY} THEN happened_to ELSE happened_from END AS passed
        FROM relevant WHERE scope = {scope} AND kind IN {_in(code, kinds)} AND certain"""


def _spans(code: Mapping[str, int], kinds: frozenset[str], scope: int, window: int, *extra: str) -> str:
    """SELECT where each certain record counts for certain."""
    columns = ", ".join(["child", *extra])
    return f"""SELECT * FROM (SELECT {columns}, greatest(known_from, passed) AS start, least(known_to, happened_from + {window}) AS until
        FROM ({_rows(code, kinds, scope)}) AS r) AS s WHERE start < until"""


def _joined(spans: str) -> str:
    """SELECT the spans with those joined that overlap or touch; equal ones in the same order in both windows."""
    return f"""
        SELECT child, min(start) AS start, max(until) AS until FROM (
            SELECT *, sum(CASE WHEN start <= reach THEN 0 ELSE 1 END) OVER (PARTITION BY child ORDER BY start, until, reach NULLS FIRST ROWS UNBOUNDED PRECEDING) AS n FROM (
                SELECT child, start, until, max(until) OVER (PARTITION BY child ORDER BY start, until ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reach
                FROM ({spans}) AS given WHERE start < until) AS reached) AS numbered
        GROUP BY child, n"""


# -- by hand, in Polars -----------------------------------------------------------------------------------------------


def in_polars(relevant: pl.DataFrame, children: pl.DataFrame, code: Mapping[str, int]) -> dict[str, Any]:
    """The same four as functions of nothing, each of which gives a frame of child, start, until."""
    import polars as pl

    c = pl.col
    home, own = SCOPE_NUMBER[Scope.HOUSEHOLD], SCOPE_NUMBER[Scope.CHILD]

    def rows(kinds: frozenset[str], scope: int, *, sure: bool = True) -> pl.LazyFrame:
        wanted = (c("scope") == scope) & c("kind").is_in(sorted(code[k] for k in kinds))
        last = c("happened_to") - DAY
        return relevant.lazy().filter(wanted & c("certain") if sure else wanted).with_columns(
            last=last, passed=pl.when(last > c("happened_from")).then(c("happened_to")).otherwise(c("happened_from"))
        )  # fmt: skip

    def spans(kinds: frozenset[str], scope: int, window: int) -> pl.LazyFrame:
        return rows(kinds, scope).select(
            "child", "sector", start=pl.max_horizontal("known_from", "passed"),
            until=pl.min_horizontal(c("known_to"), c("happened_from") + window),
        ).filter(c("start") < c("until"))  # fmt: skip

    def joined(given: pl.LazyFrame) -> pl.LazyFrame:
        ordered = given.filter(c("start") < c("until")).sort("child", "start", "until")
        reach = ordered.with_columns(reach=c("until").cum_max().shift(1).over("child"))
        fresh = reach.with_columns(n=(c("reach").is_null() | (c("start") > c("reach"))).cum_sum())
        return (
            fresh.group_by("child", "n")
            .agg(c("start").min(), c("until").max())
            .select("child", "start", "until")
        )

    def swept(**channels: pl.LazyFrame) -> pl.LazyFrame:
        edges = [
            given.select("child", t=c(edge), **{name: pl.lit(sign if name == of else 0) for name in channels})
            for of, given in channels.items() for edge, sign in (("start", 1), ("until", -1))
        ]  # fmt: skip
        summed = (
            pl.concat(edges).group_by("child", "t").agg(c(name).sum() for name in channels).sort("child", "t")
        )
        running = [c(name).cum_sum().over("child") for name in channels]
        return summed.with_columns(*running, until=c("t").shift(-1).over("child")).rename({"t": "start"})

    def incidents() -> pl.DataFrame:
        found = spans(INCIDENTS, home, YEAR)
        able = found.group_by("child").len().filter(c("len") >= 3)
        return joined(swept(n=found.join(able, on="child", how="semi")).filter(c("n") >= 3)).collect()

    def sectors() -> pl.DataFrame:
        found = spans(INJURIES, own, YEAR).filter(c("sector") > 0)
        pairs = found.join(found, on="child", suffix="_b").filter(c("sector") < c("sector_b"))
        both = pairs.select(
            "child", start=pl.max_horizontal("start", "start_b"), until=pl.min_horizontal("until", "until_b")
        )
        return joined(both).collect()

    def sequence() -> pl.DataFrame:
        a, b, third = (rows(kinds, own).select("child", "happened_from", "last", "known_from", "known_to", "passed")
                       for kinds in (INJURIES, NOT_BROUGHT, ABSENCES))  # fmt: skip
        two = a.join(b, on="child", suffix="_b").filter(
            (c("happened_from_b") >= c("last")) & (c("last_b") - c("happened_from") <= MONTH))  # fmt: skip
        three = two.join(third, on="child", suffix="_c").filter(
            (c("happened_from_c") >= c("last_b")) & (c("last_c") - c("happened_from_b") <= QUARTER))  # fmt: skip
        return joined(three.select(
            "child", start=pl.max_horizontal("known_from", "passed", "known_from_b", "passed_b", "known_from_c", "passed_c"),
            until=pl.min_horizontal(c("known_to"), c("known_to_b"), c("known_to_c"), c("happened_from_c") + QUARTER),
        )).collect()  # fmt: skip

    def unseen() -> pl.DataFrame:
        near = joined(spans(INCIDENTS, home, WEEKS_12)).collect().lazy()
        seen = rows(SEEN, own, sure=False).join(near, on="child", how="semi").select(
            "child", start=pl.max_horizontal("known_from", "happened_from"),
            until=pl.min_horizontal(c("known_to"), c("last") + WEEKS_12)).filter(c("start") < c("until"))  # fmt: skip
        lives = children.lazy().filter(c("born_from").is_not_null()).join(near, on="child", how="semi").select(
            "child", start=c("born_to") - DAY + WEEKS_12, until=c("died").fill_null(FOREVER)).filter(c("start") < c("until"))  # fmt: skip
        pieces = swept(i=near, s=seen, l=lives).filter((c("i") > 0) & (c("s") == 0) & (c("l") > 0))
        return joined(pieces).collect()

    return dict(zip(representative(), (incidents, sectors, sequence, unseen), strict=True))


# -- one child at a time ----------------------------------------------------------------------------------------------


def histories_of(connection: duckdb.DuckDBPyConnection, every: int) -> list[ChildHistory]:
    """Every so many-th child's history, read back from the columns for the reference engine."""
    text = {
        (of, code): said
        for of, code, said in connection.execute('SELECT "of", code, text FROM codes').fetchall()
    }
    names = [column[0] for column in connection.execute("DESCRIBE relevant").fetchall()]
    mine = f"child % {every} = {every // 2}"  # not the very first, who have far more records than any child

    def read(table: str) -> list[dict[str, Any]]:
        found = connection.execute(f"SELECT * FROM {table} WHERE {mine} ORDER BY ALL")
        columns = [column[0] for column in found.description]
        return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]

    def by_child(rows: list[dict[str, Any]]) -> dict[int, list[dict[str, Any]]]:
        groups: dict[int, list[dict[str, Any]]] = {}
        for row in rows:
            groups.setdefault(row["child"], []).append(row)
        return groups

    coverage = tuple(
        Covered(text["sector", sector], text.get(("area", area), ""), live_from, live_to)
        for sector, area, live_from, live_to in connection.execute("SELECT * FROM coverage").fetchall()
    )
    records, homes, adults = by_child(read("relevant")), by_child(read("homes")), by_child(read("adults"))
    return [_history(child, records.get(child["child"], []), homes.get(child["child"], []), adults.get(child["child"], []), coverage, text, names)
            for child in read("children")]  # fmt: skip


def _history(child: dict[str, Any], records: list[dict[str, Any]], homes: list[dict[str, Any]], adults: list[dict[str, Any]],
             coverage: tuple[Covered, ...], text: Mapping[tuple[str, int], str], names: list[str]) -> ChildHistory:  # fmt: skip
    place: dict[int, int] = {}
    observations: list[Observation] = []
    scoped: dict[Scope, list[tuple[int, Relevance]]] = {scope: [] for scope in Scope}
    scopes = list(Scope)
    for r in records:
        if r["record"] not in place:
            place[r["record"]] = len(observations)
            observations.append(_observation(r, text, names))
        scoped[scopes[r["scope"]]].append(
            (place[r["record"]], Relevance(r["known_from"], r["known_to"], r["certain"]))
        )
    return ChildHistory(
        child=str(child["child"]), observations=tuple(observations), scoped={s: tuple(found) for s, found in scoped.items()},
        born=None if child["born_from"] is None else (child["born_from"], child["born_to"]), died=child["died"],
        adults=tuple(AdultInHome("", text["relation", a["relation"]], a["lived_from"], a["lived_to"], a["arrived"], a["known_from"], a["known_to"]) for a in adults),
        areas=tuple(LivedIn(text["area", h["area"]], h["lived_from"], h["lived_to"], h["known_from"], h["known_to"]) for h in homes),
        coverage=coverage,
    )  # fmt: skip


def _observation(r: dict[str, Any], text: Mapping[tuple[str, int], str], names: list[str]) -> Observation:
    def said(of: str) -> str:
        return text.get((of, r[of]), "")

    return Observation(
        record=str(r["record"]), kind=said("kind"), sector=said("sector"), agency=said("agency"), area=said("area"), informant=said("informant"),
        happened_from=r["happened_from"], happened_to=r["happened_to"], learnt=r["learnt"], forgotten=r["forgotten"], count=r["count"],
        measures={n.removeprefix("measure_"): r[n] for n in names if n.startswith("measure_") and r[n] is not None},
        values={n.removeprefix("value_"): text["value", r[n]] for n in names if n.startswith("value_") and r[n] is not None},
        subjects=tuple(map(str, r["people"])),
    )  # fmt: skip
