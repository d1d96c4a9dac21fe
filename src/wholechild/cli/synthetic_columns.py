"""Made-up histories as columns, written by SQL alone: for benches, which need ten million rows within seconds.

Nothing in them is like a real area but the shape: most records are routine, a few kinds are common and most are rare, every record
is seen in each scope in which it would be, a few children have many of them, one date in twenty is vague, one tie in a hundred
is unsure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from wholechild.lib.civil import DAY, FOREVER
from wholechild.vocabulary.terms import vocabulary

if TYPE_CHECKING:
    import duckdb

    from wholechild.patterns.columns import Shape

AREAS: Final = 20
_FIRST_DAY: Final = 14_610 * DAY  # 1 January 2010
_DAYS: Final = 5_800
#: How much of all records each nature of kinds makes up.
_SHARES: Final[Mapping[str, float]] = {
    "neutral": 0.45, "contact": 0.15, "protective": 0.1, "concern": 0.2, "decision": 0.07, "expectation": 0.03,
}  # fmt: skip
#: The rows that one record gives: (whose history: 0 hers, 1 her sibling's; scope).
_SEEN_IN: Final = ((0, 0), (0, 1), (0, 3), (1, 1), (1, 2), (1, 3))


def write(
    connection: duckdb.DuckDBPyConnection, shape: Shape, rows: int, children: int, seed: int = 1
) -> None:
    """Make the tables of patterns/columns.py on this connection, with about so many rows of `relevant`."""
    for statement in _statements(shape, rows, children, seed):
        connection.execute(statement)


def _statements(shape: Shape, rows: int, children: int, seed: int) -> Iterator[str]:
    words = vocabulary()
    kinds, sectors = sorted(words.kinds), sorted(words.sectors)
    agencies = [
        (kind.id, area)
        for kind in words.agency_kinds.values()
        if kind.attributable
        for area in range(1, AREAS + 1)
    ]
    yield (
        "CREATE OR REPLACE TABLE codes AS SELECT * FROM (VALUES "
        + ", ".join(
            [f"('kind', {i}, '{kind}')" for i, kind in enumerate(kinds, 1)]
            + [f"('sector', {i}, '{sector}')" for i, sector in enumerate(sectors, 1)]
            + [f"('agency', {i}, '{kind}/Area {area}')" for i, (kind, area) in enumerate(agencies, 1)]
            + [f"('area', {i}, 'Area {i}')" for i in range(1, AREAS + 1)]
            + [f"('relation', {i}, '{relation}')" for i, relation in enumerate(("mother", "partner"), 1)]
            + [
                f"('informant', {i}, '{informant}')"
                for i, informant in enumerate(sorted(words.informants), 1)
            ]
            + [f"('value', {i}, '{value}')" for i, value in enumerate(("yes", "no"), 1)]
        )
        + ') AS c("of", code, text)'
    )
    sector_of = {agency.id: sectors.index(agency.sector) + 1 for agency in words.agency_kinds.values()}
    by_sector: dict[str, list[int]] = {}
    for i, (kind, _) in enumerate(agencies, 1):
        by_sector.setdefault(words.agency_kinds[kind].sector, []).append(i)
    yield "CREATE OR REPLACE TEMP TABLE synthetic_agency AS SELECT * FROM (VALUES " + ", ".join(
        f"({i}, {sector_of[kind]}, {area})" for i, (kind, area) in enumerate(agencies, 1)) + ") AS a(agency, sector, area)"  # fmt: skip
    yield "CREATE OR REPLACE TEMP TABLE synthetic_kind AS SELECT * FROM (VALUES " + ", ".join(
        f"({kinds.index(kind) + 1}, {least}, {[a for s in words.kinds[kind].sectors for a in by_sector.get(s, ())] or [1]})"
        for kind, least in _lots()) + ") AS k(kind, least, agencies)"  # fmt: skip
    yield f"""CREATE OR REPLACE TABLE children AS
        SELECT CAST(i AS BIGINT) AS child, CASE WHEN i % 100 > 0 THEN born END AS born_from,
               CASE WHEN i % 100 > 0 THEN born + CASE WHEN i % 50 = 1 THEN 30 ELSE 1 END * {DAY} END AS born_to,
               CASE WHEN i % 2000 = 0 THEN born + 1000 * {DAY} END AS died
        FROM (SELECT i, {_FIRST_DAY} + {DAY} * CAST({_draw("i", seed, 1)} % 5000 AS BIGINT) AS born FROM range({children}) AS r(i)) AS c"""
    yield f"""CREATE OR REPLACE TABLE homes AS
        SELECT child, 1 + child % {AREAS} AS area, -{FOREVER} AS lived_from, {FOREVER} AS lived_to, -{FOREVER} AS known_from, {FOREVER} AS known_to
        FROM children"""
    yield f"""CREATE OR REPLACE TABLE adults AS
        SELECT child, 1 + CAST(child % 2 AS INTEGER) AS relation, came AS lived_from, came + 700 * {DAY} AS lived_to,
               came AS arrived, came + 30 * {DAY} AS known_from, {FOREVER} AS known_to
        FROM (SELECT child, {_FIRST_DAY} + {DAY} * CAST({_draw("child", seed, 2)} % {_DAYS} AS BIGINT) AS came FROM children WHERE child % 4 = 0) AS a"""
    yield f"""CREATE OR REPLACE TABLE coverage AS
        SELECT code AS sector, 0 AS area, {_FIRST_DAY} AS live_from, {FOREVER} AS live_to FROM codes WHERE "of" = 'sector' AND code % 5 > 0
        UNION ALL SELECT code, a.i, {_FIRST_DAY} + a.i * 100 * {DAY}, {FOREVER} FROM codes, range(1, {AREAS}) AS a(i) WHERE "of" = 'sector' AND code % 5 = 0"""
    yield f"""CREATE OR REPLACE TEMP TABLE synthetic_record AS
        SELECT r.*, k.kind, k.agencies[1 + CAST({_draw("i", seed, 3)} % len(k.agencies) AS BIGINT)] AS agency
        FROM (SELECT i, CAST(floor({children} * power({_draw("i", seed, 4)} % 1000000 / 1000000.0, 3)) AS BIGINT) AS child, CAST({_draw("i", seed, 5)} % 1000000 AS BIGINT) AS lot,
                     {_FIRST_DAY} + {DAY} * CAST({_draw("i", seed, 6)} % {_DAYS} AS BIGINT) AS happened_from,
                     {DAY} * CASE WHEN {_draw("i", seed, 7)} % 20 = 0 THEN 30 ELSE 1 END AS lasted,
                     {DAY} * CAST({_draw("i", seed, 8)} % 40 AS BIGINT) AS later
              FROM range({max(1, rows // len(_SEEN_IN))}) AS n(i)) AS r
        ASOF JOIN synthetic_kind AS k ON r.lot >= k.least"""
    attributes = "".join(
        f', CASE WHEN i % 43 = 0 THEN 1 + CAST(i % 2 AS INTEGER) END AS "value_{a}"' for a in shape.attributes
    )
    measures = "".join(
        f', CASE WHEN i % 3 > 0 THEN 3 + i % 40 END :: DOUBLE AS "measure_{m}"' for m in shape.measures
    )
    yield f"""CREATE OR REPLACE TABLE relevant AS
        SELECT CASE WHEN w.whose = 0 THEN r.child ELSE r.child - r.child % 2 + (r.child + 1) % 2 END AS child, CAST(w.scope AS TINYINT) AS scope,
               r.i AS record, r.kind, a.sector, r.agency, a.area, CASE WHEN i % 9 = 0 THEN 1 ELSE 0 END AS informant,
               r.happened_from, r.happened_from + r.lasted AS happened_to, r.happened_from + r.lasted + r.later AS learnt, {FOREVER} AS forgotten,
               r.happened_from + r.lasted + r.later AS known_from,
               CASE WHEN i % 200 = 0 THEN r.happened_from + 400 * {DAY} ELSE {FOREVER} END AS known_to,
               i % 100 > 0 OR w.whose = 0 AS certain, 1 AS count, r.child + 1 AS person, [r.child + 1] AS people {attributes} {measures}
        FROM synthetic_record AS r JOIN synthetic_agency AS a ON a.agency = r.agency
        CROSS JOIN (VALUES {", ".join(map(str, _SEEN_IN))}) AS w(whose, scope)"""
    yield "DROP TABLE synthetic_record"


def _lots() -> Iterator[tuple[str, int]]:
    """Each kind with the first of its lots, of a million: within a nature, the second is half as common as the first, and so on."""
    by_nature: dict[str, list[str]] = {}
    for kind in sorted(vocabulary().kinds.values(), key=lambda k: k.id):
        by_nature.setdefault(kind.nature, []).append(kind.id)
    at = 0
    for nature, several in by_nature.items():
        total = sum(1 / rank for rank in range(1, len(several) + 1))
        for rank, name in enumerate(several, 1):
            yield name, at
            at += max(1, round(1_000_000 * _SHARES[nature] / rank / total))


def _draw(of: str, seed: int, which: int) -> str:
    """A number drawn for a row, the same each time."""
    return f"hash({of}, {seed}, {which})"
