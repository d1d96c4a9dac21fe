"""Sets of spans as relations: the two moves, islands and sweeps, from which everything else is made.

A relation here is the name of a table or view, or a SELECT in brackets, with the columns of its key, then `start` and `until`:
spans of the axis of knowledge, half-open. The key is the child, or the child and what within her history is looked at (one
opening, one pair of measurements). Spans that are empty (start >= until) may stand in any relation and count for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from wholechild.lib.civil import FOREVER
from wholechild.patterns.intervals import BEGINNING, Why

CHILD: Final = ("child",)

#: How a reason is written in `why`; HOLDS marks the spans of a match.
HOLDS: Final = 0
WHY: Final[Mapping[Why, int]] = {why: number for number, why in enumerate(Why, start=1)}


def bracketed(select: str) -> str:
    return f"({select})"


def text(of: str) -> str:
    """A text as SQL."""
    return "'" + of.replace("'", "''") + "'"


def named(relation: str, name: str) -> str:
    """The relation under a name of its own, for a FROM."""
    return f"{relation} AS {name}"


def both(*relations: str, columns: str = "*") -> str:
    """All the rows of each of the SELECTs or relations, one after another."""
    return " UNION ALL ".join(f"SELECT {columns} FROM {named(r, f'u{i}')}" for i, r in enumerate(relations))


def islands(relation: str, key: Sequence[str] = CHILD) -> str:
    """SELECT the maximal spans that are covered by any of the relation's."""
    by = ", ".join(key)
    order = f"PARTITION BY {by} ORDER BY start, until"
    return f"""
        SELECT {by}, min(start) AS start, max(until) AS until
        FROM (SELECT {by}, start, until,
                     sum(CASE WHEN start <= reach THEN 0 ELSE 1 END) OVER ({order} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS island
              FROM (SELECT {by}, start, until,
                           max(until) OVER ({order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reach
                    FROM {named(relation, "spans")} WHERE start < until) AS reached) AS numbered
        GROUP BY {by}, island"""


#: A channel of a sweep: a relation whose spans count one each, or a relation and what each of its spans weighs.
Channel = str | tuple[str, str]


def sweep(channels: Mapping[str, Channel], key: Sequence[str] = CHILD, everyone: str = "") -> str:
    """SELECT the pieces of the axis between one change and the next, with how much of each channel covers each.

    Shape    a relation that is several channels is read once. `everyone` is a relation of keys for which the pieces begin with
             the axis; without it they begin with the first span of any channel.
    """
    by = ", ".join(key)
    order = f"PARTITION BY {by} ORDER BY instant"
    weighed = "".join(f", side * {name} AS {name}" for name in channels)
    events = [
        f"""SELECT {by}, CASE WHEN side > 0 THEN start ELSE until END AS instant{weighed}
            FROM {named(bracketed(_weighed(channels, by)), "weighed")} CROSS JOIN (VALUES (1), (-1)) AS sides(side)"""
    ] if channels else []  # fmt: skip
    if everyone:
        nothing = "".join(f", 0 AS {name}" for name in channels)
        events.append(f"SELECT DISTINCT {by}, {BEGINNING} AS instant{nothing} FROM {named(everyone, 'e')}")
    running = "".join(
        f", CAST(sum({name}) OVER ({order} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS BIGINT) AS {name}"
        for name in channels
    )
    return f"""
        SELECT {", ".join([by, "start", "until", *channels])}
        FROM (SELECT {by}, instant AS start, lead(instant, 1, {FOREVER}) OVER ({order}) AS until{running}
              FROM ({" UNION ALL ".join(events)}) AS events) AS pieces
        WHERE start < until"""


def _weighed(channels: Mapping[str, Channel], by: str) -> str:
    """SELECT every span of the channels, with what it weighs in each."""
    sources: dict[str, dict[str, str]] = {}
    for name, channel in channels.items():
        relation, weight = channel if isinstance(channel, tuple) else (channel, "1")
        sources.setdefault(relation, {})[name] = weight
    return " UNION ALL ".join(
        f"SELECT {by}, start, until"
        + "".join(f", {weights.get(name, '0')} AS {name}" for name in channels)
        + f" FROM {named(relation, 'c')} WHERE start < until"
        for relation, weights in sources.items()
    )


def within(key: Sequence[str], relation: str) -> str:
    """A condition: the row's key is one of the relation's."""
    by = ", ".join(key)
    return (
        f"({by}) IN (SELECT {by} FROM {named(relation, 'those')})"
        if len(key) > 1
        else f"{by} IN (SELECT {by} FROM {named(relation, 'those')})"
    )


def theirs(among: str) -> str:
    """A condition: the row is about one of these children; of everybody, where no table is named."""
    return within(CHILD, among) if among else "1 = 1"


def overlap(left: str, right: str, columns: str, key: Sequence[str] = CHILD) -> str:
    """SELECT the parts of the left spans (`l`) that lie in right ones (`r`), with other columns of either."""
    same = " AND ".join(f"l.{name} = r.{name}" for name in key)
    keys = ", ".join(f"l.{name}" for name in key)
    return f"""
        SELECT {keys}, greatest(l.start, r.start) AS start, least(l.until, r.until) AS until, {columns}
        FROM {named(left, "l")} JOIN {named(right, "r")} ON {same}
        WHERE l.start < r.until AND r.start < l.until AND l.start < l.until AND r.start < r.until"""
