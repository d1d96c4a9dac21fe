"""The figures of a backtest, each one question to the relations that an engine leaves (`holds`, `unsure`, `evidence`).

`prepare` says whom and which span the figures are about; every function after that is one statement and the values made of
its rows. What each figure means is said in docs/how-to/try-a-lesson.md, and worked out again, slowly and without any of this,
in tests/integration/test_backtest_again.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import duckdb

from wholechild.lib.civil import DAY
from wholechild.patterns.backtest.report import (
    YEAR_DAYS,
    CannotTell,
    Completed,
    Doubt,
    FairGroup,
    Fairness,
    Group,
    Lead,
    Overlap,
    Rate,
    Share,
    Truth,
)

_YEAR: Final = YEAR_DAYS * DAY
#: A lesson may speak of a child from so long before birth.
UNBORN: Final = 280 * DAY
#: (name, from, under), in years.
AGES: Final = (
    ("under 1", 0, 1), ("1 to 4", 1, 5), ("5 to 10", 5, 11), ("11 to 15", 11, 16), ("16 and 17", 16, 18),
)  # fmt: skip
BEFORE_BIRTH: Final = "before birth"
NOT_KNOWN: Final = "not known"
A_DATE_PASSED: Final = "no new record: a date passed"
SEVERAL: Final = "several services at once"
#: (name, most days), for how early an alert was.
EARLINESS: Final = (
    ("less than a week", 6), ("1 to 4 weeks", 27), ("1 to 3 months", 90), ("3 to 12 months", 365), ("more than a year", None),
)  # fmt: skip
NO_ALERT_BEFORE: Final = "no alert before"
#: What agencies' own records say came of it.
PLAN_KINDS: Final = ("child_protection.plan_started", "decision.child_protection_plan")
#: An alert this long before a plan may have had to do with it.
_BEFORE_A_PLAN: Final = 730 * DAY
#: trait -> what it is called.
TRAITS: Final[Mapping[str, str]] = {
    "name_origin": "Origin of the name", "ethnicity": "Ethnicity", "disability": "Disability",
    "deprivation": "Deprivation of the area", "sex": "Sex",
}  # fmt: skip

Connection = duckdb.DuckDBPyConnection


def eighteen(born: str) -> str:
    return f"{born} + {round(18 * YEAR_DAYS) * DAY}"


def prepare(connection: Connection, start: int, end: int) -> None:
    """Say whom and which span [start, end) the figures are about.

    Shape    `people`: everybody under 18 and born for some part of the span, with the time [first, last) in which they are
             followed, and from when an alert counts (before birth, too). `spoken`: the alerts that begin in it.
    Missing  a birth that nobody tells: followed over the whole span.
    """
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE people AS
        SELECT * FROM (
            SELECT c.child, t.followed, c.born_from AS born,
                   greatest({start:d}, coalesce(c.born_from, {start:d})) AS first,
                   greatest({start:d}, coalesce(c.born_from - {UNBORN:d}, {start:d})) AS heard_from,
                   least({end:d}, coalesce({eighteen("c.born_from")}, {end:d}), coalesce(c.died, {end:d})) AS last
            FROM children c JOIN traits t USING (child))
        WHERE first < last""")
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE spoken AS
        SELECT h.lesson, h.child, h.start, h."end", p.born, p.followed
        FROM holds h JOIN people p USING (child)
        WHERE h.start >= p.heard_from AND h.start < p.last""")
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE span AS SELECT {start:d}::BIGINT AS start, {end:d}::BIGINT AS "end" """)
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE lived AS
        SELECT child, area,
               CASE WHEN row_number() OVER w = 1 THEN -9e18::BIGINT ELSE lived_from END AS since,
               coalesce(lead(lived_from) OVER w, 9e18::BIGINT) AS until
        FROM (SELECT h.child, h.lived_from, min(c.text) AS area FROM homes h
              JOIN codes c ON c."of" = 'area' AND c.code = h.area GROUP BY ALL)
        WINDOW w AS (PARTITION BY child ORDER BY lived_from)""")


# -- how often -------------------------------------------------------------------------------------------------------


def rate(connection: Connection, lesson: str) -> Rate:
    """Alerts about anybody, over the time of the children who are followed: so that missed links do not dilute the rate."""
    return Rate.of(
        _number(connection, "SELECT count(*) FROM spoken WHERE lesson = ?", lesson), child_days(connection)
    )


def child_days(connection: Connection) -> float:
    """How many days the children who are followed were followed, all together."""
    return (
        float(_number(connection, "SELECT coalesce(sum(last - first), 0) FROM people WHERE followed")) / DAY
    )


def alerted(connection: Connection, lesson: str) -> Share:
    """Of the children who are followed, those with an alert."""
    part = "SELECT count(DISTINCT child) FROM spoken WHERE followed AND lesson = ?"
    return Share.of(
        _number(connection, part, lesson), _number(connection, "SELECT count(*) FROM people WHERE followed")
    )


def by_area(connection: Connection, lesson: str) -> tuple[Group, ...]:
    """By the area in which the child lived at the moment, as last stated."""
    alerts = _counts(connection, """
        SELECT coalesce(l.area, ?), count(*) FROM spoken s
        LEFT JOIN lived l ON l.child = s.child AND l.since <= s.start AND s.start < l.until
        WHERE s.lesson = ? GROUP BY 1""", NOT_KNOWN, lesson)  # fmt: skip
    time = _counts(connection, """
        SELECT coalesce(l.area, ?), sum(least(p.last, coalesce(l.until, p.last)) - greatest(p.first, coalesce(l.since, p.first)))
        FROM people p LEFT JOIN lived l ON l.child = p.child AND l.since < p.last AND p.first < l.until
        WHERE p.followed GROUP BY 1""", NOT_KNOWN)  # fmt: skip
    return tuple(
        Group(area, Rate.of(alerts.get(area, 0), time.get(area, 0) / DAY)) for area in sorted(alerts | time)
    )


def by_age(connection: Connection, lesson: str) -> tuple[Group, ...]:
    """By the child's age at the moment."""
    bands = ", ".join(
        f"('{name}', {round(least * YEAR_DAYS) * DAY}, {round(under * YEAR_DAYS) * DAY})"
        for name, least, under in AGES
    )
    alerts = _counts(connection, f"""
        SELECT CASE WHEN s.born IS NULL THEN ? WHEN s.start < s.born THEN ? ELSE b.name END, count(*) FROM spoken s
        LEFT JOIN (VALUES {bands}) b(name, least, under) ON s.start >= s.born + b.least AND s.start < s.born + b.under
        WHERE s.lesson = ? GROUP BY 1""", NOT_KNOWN, BEFORE_BIRTH, lesson)  # fmt: skip
    time = _counts(connection, f"""
        SELECT coalesce(b.name, ?), sum(CASE WHEN b.name IS NULL THEN p.last - p.first
                                   ELSE least(p.last, p.born + b.under) - greatest(p.first, p.born + b.least) END)
        FROM people p LEFT JOIN (VALUES {bands}) b(name, least, under)
          ON p.born + b.least < p.last AND p.first < p.born + b.under
        WHERE p.followed GROUP BY 1""", NOT_KNOWN)  # fmt: skip
    order = (BEFORE_BIRTH, *(name for name, _, _ in AGES), NOT_KNOWN)
    return tuple(
        Group(name, Rate.of(alerts.get(name, 0), time.get(name, 0) / DAY))
        for name in order
        if name in alerts or name in time
    )


def by_sector(connection: Connection, lesson: str) -> tuple[Completed, ...]:
    """By the kind of service whose record completed the alert: the one that became known at the moment it began."""
    rows = _counts(connection, """
        WITH completing AS (
            SELECT s.child, s.start, count(DISTINCT c.text) AS services, min(c.text) AS service
            FROM spoken s
            JOIN evidence e ON e.lesson = s.lesson AND e.child = s.child AND e.start = s.start
            JOIN relevant r ON r.child = e.child AND r.record = e.record AND r.known_from = s.start
            JOIN codes c ON c."of" = 'sector' AND c.code = r.sector
            WHERE s.lesson = ? GROUP BY ALL)
        SELECT CASE WHEN c.services IS NULL THEN ? WHEN c.services > 1 THEN ? ELSE c.service END, count(*)
        FROM spoken s LEFT JOIN completing c USING (child, start) WHERE s.lesson = ? GROUP BY 1""",
        lesson, A_DATE_PASSED, SEVERAL, lesson)  # fmt: skip
    whole = sum(rows.values())
    return tuple(
        Completed(name, Share.of(n, whole))
        for name, n in sorted(rows.items(), key=lambda pair: (-pair[1], pair[0]))
    )


# -- how early -------------------------------------------------------------------------------------------------------


def leads(connection: Connection, lesson: str) -> tuple[Lead, ...]:
    """For each outcome that anybody here came to in the span, how early the first alert was; none where none is known."""
    events = (
        ("the first serious harm", _TRUE_EVENTS.format(event="serious_harm")),
        ("the day on which the harm became known", _TRUE_EVENTS.format(event="known_outcome")),
        ("the start of a child protection plan", _PLANS),
    )
    found = [
        _lead(event, connection.execute(query, {"lesson": lesson}).fetchall()) for event, query in events
    ]
    return tuple(lead for lead in found if lead.children)


_TRUE_EVENTS: Final = """
    SELECT t.true_child, max(t.{event}) - min(s.start) FROM truth t CROSS JOIN span
    LEFT JOIN spoken s ON s.child = t.child AND s.lesson = $lesson AND s.start >= t.harm_from AND s.start < t.{event}
    WHERE t.harmed AND t.{event} >= span.start AND t.{event} < span."end" GROUP BY 1"""
_PLANS: Final = f"""
    WITH plans AS (
        SELECT p.child, min(r.happened_to) AS began FROM people p JOIN relevant r USING (child)
        JOIN codes c ON c."of" = 'kind' AND c.code = r.kind
        WHERE r.scope = 0 AND p.followed AND c.text IN {PLAN_KINDS!r} GROUP BY 1)
    SELECT p.child, max(p.began) - min(s.start) FROM plans p CROSS JOIN span
    LEFT JOIN spoken s ON s.child = p.child AND s.lesson = $lesson
      AND s.start >= p.began - {_BEFORE_A_PLAN:d} AND s.start < p.began
    WHERE p.began >= span.start AND p.began < span."end" GROUP BY 1"""


def _lead(event: str, rows: Sequence[tuple[int, int | None]]) -> Lead:
    days = sorted(seconds // DAY for _, seconds in rows if seconds is not None)
    counted = dict.fromkeys((name for name, _ in EARLINESS), 0)
    for early in days:
        counted[next(name for name, most in EARLINESS if most is None or early <= most)] += 1
    spells = (*counted.items(), (NO_ALERT_BEFORE, len(rows) - len(days)))
    return Lead(event, len(rows), Share.of(len(days), len(rows)), quartiles(days), spells)


def quartiles(ordered: Sequence[int]) -> tuple[int, ...]:
    """The values that a quarter, half and three quarters do not pass, by nearest rank; empty where there are none."""
    return tuple(ordered[-(-len(ordered) * quarter // 4) - 1] for quarter in (1, 2, 3)) if ordered else ()


# -- how often right -------------------------------------------------------------------------------------------------

#: One row for each child of the world that had an alert, and whether one began while harm went on or after.
_ALERTED_TRULY: Final = """
    SELECT t.true_child AS it, bool_or(t.harmed AND s.start >= t.harm_from) AS so
    FROM truth t JOIN spoken s ON s.child = t.child WHERE s.lesson = $lesson {also} GROUP BY 1"""
#: One row for each harmed child whose harm went on, unknown, in the span, and whether an alert began in that time.
_FOUND: Final = """
    SELECT t.true_child AS it, coalesce(bool_or(s.start IS NOT NULL), false) AS so FROM truth t CROSS JOIN span
    LEFT JOIN spoken s ON s.child = t.child AND s.lesson = $lesson AND s.start >= t.harm_from
      AND (t.known_outcome IS NULL OR s.start < t.known_outcome)
    WHERE t.harmed AND t.harm_from < span."end" AND (t.known_outcome IS NULL OR t.known_outcome > span.start) {also}
    GROUP BY 1"""
_IN_TIME: Final = """
    SELECT t.true_child AS it, coalesce(bool_or(s.start IS NOT NULL), false) AS so FROM truth t CROSS JOIN span
    LEFT JOIN spoken s ON s.child = t.child AND s.lesson = $lesson AND s.start >= t.harm_from AND s.start < t.serious_harm
    WHERE t.harmed AND t.serious_harm >= span.start AND t.serious_harm < span."end" GROUP BY 1"""
_SPOKEN_OF: Final = """
    SELECT t.true_child AS it, coalesce(bool_or(s.start IS NOT NULL), false) AS so FROM truth t JOIN people p USING (child)
    LEFT JOIN spoken s ON s.child = t.child AND s.lesson = $lesson WHERE NOT t.harmed AND t."double" = {double} GROUP BY 1"""


def truth(connection: Connection, lesson: str) -> Truth:
    """How often right; every figure counts children of the world, each once, however many persons they are here."""
    return Truth(
        right=_share(connection, _ALERTED_TRULY.format(also=""), lesson),
        found=_share(connection, _FOUND.format(also=""), lesson),
        in_time=_share(connection, _IN_TIME, lesson),
        doubles=_share(connection, _SPOKEN_OF.format(double="true"), lesson),
        others=_share(connection, _SPOKEN_OF.format(double="false"), lesson),
    )


def _share(connection: Connection, query: str, lesson: str, **more: str) -> Share:
    counted = f"SELECT count(*) FILTER (so), count(*) FROM ({query})"
    part, whole = connection.execute(counted, {"lesson": lesson, **more}).fetchall()[0]
    return Share.of(part, whole)


# -- for whom --------------------------------------------------------------------------------------------------------


def fairness(connection: Connection, lesson: str, *, with_truth: bool) -> tuple[Fairness, ...]:
    """What the lesson says of each group of children; a trait that nobody has stated of anybody is left out."""
    return tuple(
        found for trait in TRAITS if (found := _by_trait(connection, lesson, trait, with_truth)).groups
    )


def _by_trait(connection: Connection, lesson: str, trait: str, with_truth: bool) -> Fairness:
    rows = connection.execute(f"""
        SELECT t.{trait}, count(*), sum(p.last - p.first),
               sum((SELECT count(*) FROM spoken s WHERE s.lesson = $lesson AND s.child = p.child)),
               count(*) FILTER (EXISTS (SELECT 1 FROM spoken s WHERE s.lesson = $lesson AND s.child = p.child))
        FROM people p JOIN traits t USING (child) WHERE p.followed GROUP BY 1 ORDER BY 1""", {"lesson": lesson}).fetchall()  # fmt: skip
    groups = []
    for name, children, seconds, alerts, spoken_of in rows:
        if name is not None:
            right, found = (_truly(connection, lesson, trait, name, query) if with_truth else None
                            for query in (_ALERTED_TRULY, _FOUND))  # fmt: skip
            groups.append(
                FairGroup(
                    name,
                    children,
                    Rate.of(alerts, seconds / DAY),
                    Share.of(spoken_of, children),
                    right,
                    found,
                )
            )
    return Fairness(trait, tuple(groups), sum(row[1] for row in rows if row[0] is None))


def _truly(connection: Connection, lesson: str, trait: str, name: str, query: str) -> Share:
    also = f"AND t.child IN (SELECT child FROM traits WHERE {trait} = $name)"
    return _share(connection, query.format(also=also), lesson, name=name)


# -- beside other lessons, and in doubt --------------------------------------------------------------------------------


def overlaps(connection: Connection, lesson: str, others: Mapping[str, str]) -> tuple[Overlap, ...]:
    """Every other lesson (id -> title) that spoke of one of the same children, the most alike first."""
    children = _counts(connection, """
        SELECT o.lesson, count(DISTINCT o.child) FROM spoken o
        WHERE o.child IN (SELECT child FROM spoken WHERE lesson = ?) GROUP BY 1""", lesson)  # fmt: skip
    mine = """SELECT h.child, greatest(h.start, p.heard_from) AS a, least(h."end", p.last) AS b
              FROM holds h JOIN people p USING (child) WHERE h.lesson = $lesson AND a < b"""
    time = dict(connection.execute(f"""
        SELECT o.lesson, sum(greatest(0, least(m.b, o."end") - greatest(m.a, o.start)))
        FROM ({mine}) m JOIN holds o ON o.child = m.child AND o.lesson <> $lesson AND o.start < m.b AND m.a < o."end"
        GROUP BY 1""", {"lesson": lesson}).fetchall())  # fmt: skip
    whole_time = connection.execute(
        f"SELECT coalesce(sum(b - a), 0) FROM ({mine})", {"lesson": lesson}
    ).fetchall()[0][0]
    whole = _number(connection, "SELECT count(DISTINCT child) FROM spoken WHERE lesson = ?", lesson)
    found = [
        Overlap(
            other,
            title,
            Share.of(children[other], whole),
            time.get(other, 0) / whole_time if whole_time else None,
        )
        for other, title in others.items()
        if children.get(other)
    ]
    return tuple(sorted(found, key=lambda o: (-(o.children.part or 0), o.lesson)))


def cannot_tell(connection: Connection, lesson: str) -> CannotTell:
    """The children who are followed and of whom it could not tell, for how much of their time, and why."""
    pieces = """SELECT u.child, u.why, CASE WHEN u.why = 'not connected' THEN u.about ELSE '' END AS about,
                       greatest(u.start, p.first) AS a, least(u."end", p.last) AS b
                FROM unsure u JOIN people p USING (child) WHERE u.lesson = $lesson AND p.followed AND a < b"""
    asked = {"lesson": lesson}
    reasons = connection.execute(f"""
        SELECT why, about, count(DISTINCT child), sum(lasted) FROM ({_united(pieces, "child, why, about")})
        GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2""", asked).fetchall()  # fmt: skip
    ((children, seconds),) = connection.execute(
        f"SELECT count(DISTINCT child), coalesce(sum(lasted), 0) FROM ({_united(pieces, 'child')})",
        asked,
    ).fetchall()
    whole, days = _number(connection, "SELECT count(*) FROM people WHERE followed"), child_days(connection)
    return CannotTell(
        Share.of(children, whole), seconds / DAY / days if days else None,
        tuple(Doubt(why, about, n, lasted / _YEAR) for why, about, n, lasted in reasons),
    )  # fmt: skip


def _united(pieces: str, by: str) -> str:
    """How long the pieces cover, each moment once: a piece counts from where those before it have ended."""
    return f"""
        SELECT {by}, greatest(0, b - greatest(a, coalesce(before, a))) AS lasted FROM (
            SELECT *, max(b) OVER (PARTITION BY {by} ORDER BY a, b ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
            FROM ({pieces}))"""


def changed(connection: Connection, lesson: str, against: str) -> tuple[int, int, int]:
    """(kept, gained, lost): children with an alert of both, only of the lesson, and only of what it is tried against."""
    mine, theirs = (
        set(_counts(connection, "SELECT child, 1 FROM spoken WHERE lesson = ?", one))
        for one in (lesson, against)
    )
    return len(mine & theirs), len(mine - theirs), len(theirs - mine)


def _counts(connection: Connection, query: str, *parameters: Any) -> dict[Any, int]:
    return dict(connection.execute(query, list(parameters)).fetchall())


def _number(connection: Connection, query: str, *parameters: Any) -> Any:
    return connection.execute(query, list(parameters)).fetchall()[0][0]
