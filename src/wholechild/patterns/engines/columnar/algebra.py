"""Sets of spans as relations: the two moves, islands and sweeps, from which everything else is made.

A relation here is the name of a table or view, or a SELECT in brackets, with the columns of its key, then `start` and `until`:
spans of the axis of knowledge, half-open. The key is the child, or the child and what within her history is looked at (one
opening, one pair of measurements). Spans that are empty (start >= until) may stand in any relation and count for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    # Of equal spans only the first begins an island. Both windows must see them in one order, which `reach` gives: it grows.
    return f"""
        SELECT {by}, min(start) AS start, max(until) AS until
        FROM (SELECT {by}, start, until,
                     sum(CASE WHEN start <= reach THEN 0 ELSE 1 END) OVER ({order}, reach NULLS FIRST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS island
              FROM (SELECT {by}, start, until,
                           max(until) OVER ({order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reach
                    FROM {named(relation, "spans")} WHERE start < until) AS reached) AS numbered
        GROUP BY {by}, island"""


@dataclass(frozen=True, slots=True)
class Channel:
    """Spans to be swept: a relation, what each of its rows weighs, and the most that can ever cover an instant for one key.

    Missing  `most` None: nobody knows.
    """

    relation: str
    weight: str = "1"
    most: int | None = None


def sweep(channels: Mapping[str, Channel], key: Sequence[str] = CHILD, everyone: str = "") -> str:
    """SELECT the pieces of the axis between one change and the next, with how much of each channel covers each.

    Shape    a relation that is several channels is read once. `everyone` is a relation of keys for which the pieces begin with
             the axis; without it they begin with the first span of any channel.
    """
    by = ", ".join(key)
    order = f"PARTITION BY {by} ORDER BY instant"
    carriers = _carriers(channels)
    turned = "".join(f", side * {carrier} AS {carrier}" for carrier in carriers)
    events = [
        f"""SELECT {by}, CASE WHEN side > 0 THEN start ELSE until END AS instant{turned}
            FROM {named(bracketed(_weighed(carriers, by)), "weighed")} CROSS JOIN (VALUES (1), (-1)) AS sides(side)"""
    ] if channels else []  # fmt: skip
    if everyone:
        nothing = "".join(f", 0 AS {carrier}" for carrier in carriers)
        events.append(f"SELECT DISTINCT {by}, {BEGINNING} AS instant{nothing} FROM {named(everyone, 'e')}")
    # Of several changes at one instant the last has the sum after all of them; the others' pieces are empty, and go.
    running = "".join(
        f", CAST(sum({carrier}) OVER ({order} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS BIGINT) AS {carrier}"
        for carrier in carriers
    )
    counts = (
        f"{_unpacked(carrier, shift, channel)} AS {name}"
        for carrier, carried in carriers.items()
        for shift, name, channel in carried
    )
    return f"""
        SELECT {", ".join([by, "start", "until", *counts])}
        FROM (SELECT {by}, instant AS start, lead(instant, 1, {FOREVER}) OVER ({order}) AS until{running}
              FROM ({" UNION ALL ".join(events)}) AS events) AS pieces
        WHERE start < until"""


#: How many bits of a number may be used: sums of it stay inside a BIGINT, and above zero.
_BITS: Final = 62


def _carriers(channels: Mapping[str, Channel]) -> dict[str, list[tuple[int, str, Channel]]]:
    """Which channels travel in which number, each (by how many bits it is shifted, its name, itself).

    A running sum costs the same whether it is of one channel or of several side by side, each in bits enough for its most.
    """
    carriers: dict[str, list[tuple[int, str, Channel]]] = {}
    used = _BITS
    for name, channel in channels.items():
        bits = _bits(channel)
        if used + bits > _BITS:
            carriers[f"carried_{len(carriers)}"] = []
            used = 0
        carriers[f"carried_{len(carriers) - 1}"].append((used, name, channel))
        used += bits
    return carriers


def _bits(channel: Channel) -> int:
    return _BITS if channel.most is None else min(_BITS, max(1, channel.most.bit_length()))


def _unpacked(carrier: str, shift: int, channel: Channel) -> str:
    bits = _bits(channel)
    return carrier if bits == _BITS else f"({carrier} >> {shift}) & {2**bits - 1}"


def _weighed(carriers: Mapping[str, Sequence[tuple[int, str, Channel]]], by: str) -> str:
    """SELECT every span of the channels, with what it weighs in each number."""
    sources: dict[str, dict[str, list[str]]] = {}
    for carrier, carried in carriers.items():
        for shift, _, channel in carried:
            weights = sources.setdefault(channel.relation, {}).setdefault(carrier, [])
            weights.append(f"CAST({channel.weight} AS BIGINT) * {2**shift}")
    return " UNION ALL ".join(
        f"SELECT {by}, start, until"
        + "".join(f", {' + '.join(weights.get(carrier, ['0']))} AS {carrier}" for carrier in carriers)
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
