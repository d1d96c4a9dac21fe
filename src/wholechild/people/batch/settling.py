"""From the pairs of a whole table to people, by the same rules as people/comparing/clustering.py.

Identities that no pair of the zone `same` and no decision reaches are people of their own, and most of the others are found to be
plain by the table itself; what is left falls into groups that have nothing to do with each other, and each group is settled by
itself, some thousands of identities at once.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from math import inf
from typing import Any, Final

import pyarrow as pa
from duckdb import DuckDBPyConnection

from wholechild.people.batch.conditions import NUMBERS
from wholechild.people.batch.predicting import FORBIDS
from wholechild.people.comparing.artefact import Artefact
from wholechild.people.comparing.clustering import MOST_OF_ONE_PERSON, Decided, settle
from wholechild.people.comparing.identity import Identity
from wholechild.people.comparing.levels import NAMES_ALONE
from wholechild.people.comparing.weighed import NEVER, Contribution, LowerLines, Weighed

_AT_ONCE: Final = 20_000
#: How the first names of a pair agree, by the number of the level, as far as it matters here.
_FIRST_NAMES: Final = {
    0: (),
    **{number: (Contribution("given", level, 0.0),) for level, number in NUMBERS["given"].items()},
}
#: What a contradiction is seen by, and who has it; the rest of an identity does not matter here.
_SEEN: Final = (
    "id",
    "agency",
    "given",
    "family",
    "middle",
    "other_names",
    "born",
    "died",
    "nhs_number",
    "local_ids",
)


def settle_all(connection: DuckDBPyConnection, artefact: Artefact, decisions: Iterable[Decided] = ()) -> int:
    """Make the table `people` (id, person), of `pairs` and `identities`; `person` is the first of the ids of one person.

    Shape    what `settle` says of all identities at once. Answers how many people there are.
    """
    decided = list(decisions)
    connection.execute(
        "CREATE OR REPLACE TABLE machine_pairs AS SELECT one, other, l, r, weight, level_given FROM pairs"
        f" WHERE weight >= {artefact.same!r} AND forbids = 0"
    )
    _find_plain(connection, decided)
    _group(connection, decided)
    connection.execute(
        "CREATE OR REPLACE TABLE people AS SELECT i.id, coalesce(f.id, i.id) AS person FROM identities i ANTI JOIN grouped USING (id)"
        " LEFT JOIN plain p ON p.n = i.n LEFT JOIN identities f ON f.n = p.first"
    )
    for some in _in_batches(connection):
        _settle_some(connection, artefact, some, [d for d in decided if d.one in some or d.other in some])
    _settle_unrivalled(connection, artefact, decided)
    for table_name in ("machine_pairs", "plain", "grouped"):
        connection.execute(f"DROP TABLE {table_name}")
    return int(connection.execute("SELECT count(DISTINCT person) FROM people").fetchall()[0][0])


def _find_plain(connection: DuckDBPyConnection, decided: Iterable[Decided]) -> None:
    """Make the table `plain` (n, first): those of whom all are paired with each other and with nobody else, so that each such
    group is one person. Their pairs are taken out of `machine_pairs`.

    Nothing stands between any two of them, or they were no pair that a machine may link; and nobody has decided anything. All of
    such a group have the same identities around them, themselves among these, and no others have.
    """
    table = pa.table({"id": [name for one in decided for name in (one.one, one.other)]})
    connection.register("decided_ids", table.cast(pa.schema([("id", pa.string())])))
    connection.execute(f"""
        CREATE OR REPLACE TABLE plain AS
        WITH sides AS (SELECT l AS n, r AS near FROM machine_pairs UNION ALL SELECT r, l FROM machine_pairs),
             around AS (SELECT n, list_sort(list_append(list(near), n)) AS those FROM sides GROUP BY n),
             alike AS (SELECT those[1] AS first, unnest(those) AS n FROM around GROUP BY those
                       HAVING count(*) = len(those) AND len(those) <= {MOST_OF_ONE_PERSON}),
             decided AS (SELECT n FROM identities SEMI JOIN decided_ids USING (id)),
             asked AS (SELECT first FROM alike SEMI JOIN decided USING (n))
        SELECT n, first FROM alike ANTI JOIN asked USING (first)""")
    connection.unregister("decided_ids")
    connection.execute("DELETE FROM machine_pairs WHERE l IN (SELECT n FROM plain)")


def _settle_unrivalled(
    connection: DuckDBPyConnection, artefact: Artefact, decided: Sequence[Decided]
) -> None:
    """Those two people of whom pairs lead to each other and to nobody else, of enough weight, settled once more by themselves.

    All that pairs say of either stands between the two, so that nothing can come out otherwise than with everybody else beside them.
    """
    if artefact.unrivalled == inf:
        return
    names_alone = FORBIDS.index(NAMES_ALONE)  # stands between two identities, not between their groups
    connection.execute(f"""
        CREATE OR REPLACE TABLE met AS
        SELECT least(a.person, b.person) AS one, greatest(a.person, b.person) AS other,
               max(p.weight) FILTER (p.forbids = 0) AS weight, max(p.forbids) FILTER (p.forbids NOT IN (0, {names_alone})) AS forbids
        FROM pairs p JOIN people a ON a.id = p.one JOIN people b ON b.id = p.other
        WHERE p.weight >= {artefact.possible!r} AND a.person <> b.person GROUP BY 1, 2""")
    connection.execute(f"""
        CREATE OR REPLACE TABLE grouped AS
        WITH often AS (SELECT person FROM (SELECT one AS person FROM met UNION ALL SELECT other FROM met) GROUP BY person HAVING count(*) > 1),
             alone AS (SELECT one, other FROM met ANTI JOIN often o ON o.person = met.one ANTI JOIN often q ON q.person = met.other
                       WHERE weight >= {artefact.unrivalled!r} AND forbids IS NULL)
        SELECT p.id, a.grouped FROM people p
        JOIN (SELECT one AS person, one AS grouped FROM alone UNION ALL SELECT other, one FROM alone) a ON a.person = p.person""")
    connection.execute("DELETE FROM people WHERE id IN (SELECT id FROM grouped)")
    connection.execute(f"CREATE OR REPLACE TABLE machine_pairs AS SELECT one, other, weight, level_given FROM pairs WHERE weight >= {artefact.possible!r}"
                       " AND forbids = 0 AND one IN (SELECT id FROM grouped) AND other IN (SELECT id FROM grouped)")  # fmt: skip
    for some in _in_batches(connection):
        theirs = [d for d in decided if d.one in some and d.other in some]
        _settle_some(connection, artefact, some, theirs, artefact.lower)
    connection.execute("DROP TABLE met")


def _group(connection: DuckDBPyConnection, decided: Iterable[Decided]) -> None:
    """Make the table `grouped`: of each identity that anything may link, the number of the first that it can be reached from."""
    many = int(connection.execute("SELECT coalesce(max(n), 0) FROM identities").fetchall()[0][0])
    leads, reached = array("i", range(many + 1)), bytearray(many + 1)

    def first_of(number: int) -> int:
        while leads[number] != number:
            leads[number] = number = leads[leads[number]]
        return number

    def reach(some: Iterable[int], others: Iterable[int]) -> None:
        for one, other in zip(some, others, strict=True):
            reached[one] = reached[other] = True
            a, b = first_of(one), first_of(other)
            leads[max(a, b)] = min(a, b)

    reader = connection.cursor().execute("SELECT l, r FROM machine_pairs").to_arrow_reader(100_000)
    for batch in reader:
        reach(batch.column(0).to_pylist(), batch.column(1).to_pylist())
    sides = [[d.one, d.other] for d in decided]
    connection.register(
        "decided_sides", pa.table({"one": [a for a, _ in sides], "other": [b for _, b in sides]}, _SIDES)
    )
    rows = connection.execute(
        "SELECT a.n, b.n FROM decided_sides d JOIN identities a ON a.id = d.one JOIN identities b ON b.id = d.other"
    ).fetchall()
    connection.unregister("decided_sides")
    reach([one for one, _ in rows], [other for _, other in rows])
    numbers = [number for number in range(many + 1) if reached[number]]
    table = pa.table(
        {"n": pa.array(numbers, pa.int32()), "first": pa.array(map(first_of, numbers), pa.int32())}
    )
    connection.register("new_rows", table)
    connection.execute(
        "CREATE OR REPLACE TABLE grouped AS SELECT i.id, r.first AS grouped FROM new_rows r JOIN identities i ON i.n = r.n"
    )
    connection.unregister("new_rows")


_SIDES: Final = pa.schema([("one", pa.string()), ("other", pa.string())])


def _in_batches(connection: DuckDBPyConnection) -> Iterator[dict[str, Identity]]:
    """The identities of some thousand groups at once, no group parted."""
    columns = ", ".join(f"i.{name}" for name in _SEEN)
    cursor = connection.cursor().execute(
        f"SELECT g.grouped, {columns} FROM grouped g JOIN identities i USING (id) ORDER BY g.grouped, i.id"
    )
    some: dict[str, Identity] = {}
    for _, members in groupby(_rows(cursor), key=lambda row: row[0]):
        for row in members:
            seen: dict[str, Any] = dict(zip(_SEEN, row[1:], strict=True))
            lists = {name: tuple(seen[name]) for name in ("other_names", "local_ids")}
            some[row[1]] = Identity(**(seen | lists))
        if len(some) >= _AT_ONCE:
            yield some
            some = {}
    if some:
        yield some


def _rows(cursor: DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while rows := cursor.fetchmany(10_000):
        yield from rows


def _settle_some(
    connection: DuckDBPyConnection,
    artefact: Artefact,
    some: dict[str, Identity],
    decided: list[Decided],
    lower: LowerLines = NEVER,
) -> None:
    connection.register("some_ids", pa.table({"id": list(some)}))
    rows = connection.execute(
        "SELECT one, other, weight, level_given FROM machine_pairs WHERE one IN (SELECT id FROM some_ids)"
    ).fetchall()
    connection.unregister("some_ids")
    pairs = (
        Weighed(one, other, weight, _FIRST_NAMES[given], artefact.zone(weight))
        for one, other, weight, given in rows
    )
    settled = settle(pairs, decided, some.values(), lower)
    told = pa.table(
        {
            "id": [name for person in settled for name in person],
            "person": [first for person in settled for first in [min(person)] * len(person)],
        }
    )
    connection.register("new_rows", told)
    connection.execute("INSERT INTO people SELECT * FROM new_rows")
    connection.unregister("new_rows")
