"""Candidates and their weights over a whole table, in SQL: the pairs of `blocking_keys`, weighed as `weigh` does.

The household contribution only takes away, so that a pair that is below the bound without it is left before it is reckoned.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import log2
from typing import Final

import pyarrow as pa
from duckdb import DuckDBPyConnection

from wholechild.people.batch.conditions import (
    COLUMNS,
    DUCKDB,
    NUMBERS,
    Words,
    contradiction_number,
    level_number,
)
from wholechild.people.comparing.artefact import KIN, Artefact, Chances, digest
from wholechild.people.comparing.keys import MOST_IN_A_BLOCK
from wholechild.people.comparing.levels import (
    DIED_BEFORE,
    LEVELS,
    ONE_NUMBER_TWO_NAMES,
    ONE_NUMBER_TWO_PEOPLE,
    TWO_BIRTHS,
    TWO_DEATHS,
    TWO_NUMBERS,
)

#: Candidates that are weighed at once; more would not fit beside the identities in the memory that linking may take.
_AT_ONCE: Final = 3_000_000
#: What `contradiction_number` says, in words.
FORBIDS: Final = (
    "",
    TWO_NUMBERS,
    ONE_NUMBER_TWO_PEOPLE,
    TWO_BIRTHS,
    TWO_DEATHS,
    DIED_BEFORE,
    ONE_NUMBER_TWO_NAMES,
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of keys.py. `each` is a list of which each makes a key; with `homes` each postcode, as `home`, does."""

    key: str
    where: str = "TRUE"
    each: str = ""
    homes: bool = False


_MONTH_AND_DAY: Final = "least(substr(born_text, 5, 2), substr(born_text, 7, 2)) || greatest(substr(born_text, 5, 2), substr(born_text, 7, 2))"
RULES: Final = (
    Rule("'n:' || nhs_number", "nhs_number <> ''"),
    Rule("'u:' || upn", "upn <> ''"),
    Rule("'i:' || each", each="local_ids"),
    Rule("'t:' || each", each="contacts"),
    Rule("'d:' || each.place || ':' || each.start", each="places_and_starts"),
    Rule("'r:' || uprn || ':' || given_start", "uprn <> '' AND given <> ''"),
    Rule("'h:' || uprn || ':' || born_text", "uprn <> '' AND born IS NOT NULL"),
    Rule("'b:' || born_text || ':' || each", "born IS NOT NULL", "starts"),
    Rule("'x:' || each || ':' || born_text", "born IS NOT NULL", "pairs"),
    Rule("'y:' || each || ':' || substr(born_text, 1, 4)", "born IS NOT NULL", "pairs"),
    Rule(f"'m:' || each || ':' || {_MONTH_AND_DAY}", "born IS NOT NULL", "pairs"),
    Rule("'p:' || home || ':' || each", "TRUE", "pairs", homes=True),
    Rule("'h:' || home || ':' || born_text", "born IS NOT NULL", homes=True),
    Rule("'q:' || home || ':' || each", "TRUE", "starts", homes=True),
)


_PLACES_AND_STARTS: Final = (
    "flatten(list_transform(places, p -> list_transform(starts, s -> {'place': p, 'start': s})))"
)


def keys_of(rule: Rule) -> str:
    """A statement: (key, n) of every identity by one rule, the key as text."""
    source = f"(SELECT *, {_PLACES_AND_STARTS} AS places_and_starts FROM identities)"
    if rule.homes:
        source = f"(SELECT *, unnest(list_concat(postcode_as_list, postcodes[1:5])) AS home FROM {source})"
    if rule.each:
        source = f"(SELECT *, unnest({rule.each}) AS each FROM {source})"
    return f"SELECT {rule.key} AS key, n FROM {source} WHERE {rule.where}"


def find_candidates(connection: DuckDBPyConnection, *, most: int = MOST_IN_A_BLOCK) -> int:
    """Make the table `followed`: the keys of `identities` that two or more share, and not too many.

    Shape    answers how many keys were left out, because more than `most` share them.
    """
    connection.execute("CREATE OR REPLACE TABLE all_keys (key UBIGINT, n INTEGER)")
    for rule in RULES:
        connection.execute(f"INSERT INTO all_keys SELECT hash(key), n FROM ({keys_of(rule)})")
    connection.execute(
        "CREATE OR REPLACE TABLE shared_keys AS SELECT key, count(*) AS identities FROM all_keys GROUP BY key HAVING count(*) > 1"
    )
    connection.execute(
        "CREATE OR REPLACE TABLE followed AS SELECT k.key, k.n FROM all_keys k"
        f" SEMI JOIN (SELECT key FROM shared_keys WHERE identities <= {int(most)}) s ON s.key = k.key"
    )
    left_out = one_number(connection, f"SELECT count(*) FROM shared_keys WHERE identities > {int(most)}")
    connection.execute("DROP TABLE all_keys")
    return left_out


def one_number(connection: DuckDBPyConnection, asked: str) -> int:
    """The one number that a statement answers."""
    return int(connection.execute(asked).fetchall()[0][0] or 0)


def prepare_to_weigh(connection: DuckDBPyConnection, artefact: Artefact) -> None:
    """Make the table `compared` of `identities`: without what too many share, and with how common each one's names are."""
    _note_shared(connection, artefact)
    for name, said in artefact.frequencies.items():
        table = pa.table({"term": list(said.terms), "share": list(said.terms.values())})
        table = table.cast(pa.schema([("term", pa.string()), ("share", pa.float64())]))
        connection.register("new_rows", table)
        connection.execute(f"CREATE OR REPLACE TABLE share_of_{name} AS SELECT * FROM new_rows")
        connection.unregister("new_rows")
    columns = ", ".join(_TELLING.get(column, f"i.{column}") + f" AS {column}" for column in COLUMNS)
    connection.execute(
        f"CREATE OR REPLACE TABLE compared AS SELECT i.n, i.id, {columns},"
        f" coalesce(g.share, {artefact.frequencies['given'].otherwise!r}) AS given_share,"
        f" coalesce(f.share, {artefact.frequencies['family'].otherwise!r}) AS family_share,"
        f" coalesce(b.share, {artefact.frequencies['born'].otherwise!r}) AS born_share"
        " FROM identities i LEFT JOIN share_of_given g ON g.term = i.given LEFT JOIN share_of_family f ON f.term = i.family"
        " LEFT JOIN share_of_born b ON b.term = i.born_text,"
        " (SELECT coalesce(list(value), CAST([] AS VARCHAR[])) AS many FROM too_shared) t ORDER BY i.n"
    )


def _telling(column: str) -> str:
    return f"CASE WHEN list_contains(t.many, i.{column}) THEN '' ELSE i.{column} END"


def _telling_list(column: str) -> str:
    return f"list_filter(i.{column}, x -> NOT list_contains(t.many, x))"


_TELLING: Final = {
    **{column: _telling(column) for column in ("nhs_number", "upn", "uprn")},
    "nhs_sound": "(i.nhs_sound AND NOT list_contains(t.many, i.nhs_number))",
    **{column: _telling_list(column) for column in ("contacts", "local_ids")},
    "schemes": f"list_distinct(list_transform({_telling_list('local_ids')}, x -> split_part(x, ':', 1)))",
}


def _note_shared(connection: DuckDBPyConnection, artefact: Artefact) -> None:
    """Make the table `too_shared`: the values here whose digests the artefact has."""
    connection.execute("CREATE OR REPLACE TABLE too_shared (value VARCHAR)")
    if not artefact.shared:
        return
    for column in ("nhs_number", "upn", "uprn", "contacts", "local_ids"):
        each = f"unnest({column})" if column in ("contacts", "local_ids") else column
        rows = connection.execute(f"SELECT value FROM (SELECT {each} AS value FROM identities) WHERE value <> '' GROUP BY value HAVING count(*) > 3").fetchall()  # fmt: skip
        found = [(value,) for (value,) in rows if digest(value) in artefact.shared]
        if found:
            connection.executemany("INSERT INTO too_shared VALUES (?)", found)


def weigh_all(
    connection: DuckDBPyConnection,
    artefact: Artefact,
    *,
    bound: float | None = None,
    told: Callable[[int, int], None] = lambda done, of: None,
) -> int:
    """Make the table `pairs`: every candidate that weighs at least `bound` (that of the zone `possible` where none is given).

    Shape    one, other (ids, the first sorts before the other), l, r (their numbers), weight, level_<comparison> (numbers
             of conditions.NUMBERS), forbids (a number of FORBIDS). Answers how many candidates there were.
    """
    least = artefact.possible if bound is None else bound
    prepare_to_weigh(connection, artefact)
    expected = one_number(
        connection, "SELECT sum(c * (c - 1) / 2) FROM (SELECT count(*) AS c FROM followed GROUP BY key)"
    )
    chunks = max(1, -(-expected // _AT_ONCE))
    connection.execute("DROP TABLE IF EXISTS pairs")
    candidates = 0
    for chunk in range(chunks):
        connection.execute(
            "CREATE OR REPLACE TABLE candidates AS SELECT DISTINCT a.n AS l, b.n AS r FROM followed a JOIN followed b"
            f" ON a.key = b.key AND a.n < b.n WHERE a.n % {chunks} = {chunk}"
        )
        candidates += one_number(connection, "SELECT count(*) FROM candidates")
        connection.execute(
            f"CREATE OR REPLACE TABLE levelled AS {levelling('candidates', 'compared', DUCKDB)}"
        )
        start = "INSERT INTO pairs" if chunk else "CREATE TABLE pairs AS"
        connection.execute(f"{start} {weighing(artefact, least, 'levelled', 'compared')}")
        told(chunk + 1, chunks)
    for table in ("candidates", "levelled"):
        connection.execute(f"DROP TABLE IF EXISTS {table}")
    return candidates


def levelling(candidates: str, compared: str, words: Words) -> str:
    """The statement that finds the levels of a table of candidates (l, r), and what forbids them."""
    both = ", ".join(f"a.{c} AS {c}_l, b.{c} AS {c}_r" for c in COLUMNS)
    shares = ", ".join(f"a.{name}_share" for name in ("given", "family", "born"))
    rest = ", ".join(f"{level_number(name, words)} AS level_{name}" for name in LEVELS if name != "given")
    named = ", ".join(f"level_{name}" for name in LEVELS)
    return (
        f"WITH both_ends AS (SELECT c.l, c.r, {shares}, {both}"
        f" FROM {candidates} c JOIN {compared} a ON a.n = c.l JOIN {compared} b ON b.n = c.r),"
        f" by_given AS (SELECT *, {level_number('given', words)} AS level_given FROM both_ends),"
        f" levelled AS (SELECT *, {rest} FROM by_given)"
        f" SELECT l, r, given_share, family_share, born_share, {named}, {contradiction_number()} AS forbids FROM levelled"
    )


def weighing(artefact: Artefact, bound: float, levelled: str, compared: str) -> str:
    """The statement that weighs pairs whose levels are known, and leaves those below the bound."""
    base = " + ".join([repr(artefact.prior_bits()), *(_bits(artefact, name) for name in LEVELS)])
    kin = " + ".join(
        f"power(2.0, {' + '.join([repr(_kin_prior(artefact, k)), *(_bits(artefact, n, k) for n in LEVELS)])})"
        for k in range(len(KIN))
    )
    named = ", ".join(f"level_{name}" for name in LEVELS)
    return (
        f"WITH based AS (SELECT *, {base} AS base FROM {levelled}),"
        f" weighed AS (SELECT *, base - log2(1.0 + {kin}) AS weight FROM based WHERE base >= {bound!r})"
        f" SELECT a.id AS one, b.id AS other, l, r, weight, {named}, forbids FROM weighed"
        f" JOIN {compared} a ON a.n = l JOIN {compared} b ON b.n = r WHERE weight >= {bound!r}"
    )


def _kin_prior(artefact: Artefact, kin: int) -> float:
    return log2(max(artefact.prior.kin[kin], 1e-300) / artefact.stranger_prior())


def _bits(artefact: Artefact, comparison: str, kin: int | None = None) -> str:
    """An expression over a level: the bits by which it speaks for one person, or for one kind of kin, against strangers."""
    whens = []
    for level, number in NUMBERS[comparison].items():
        chances = artefact.comparisons[comparison][level]
        chance = chances.match if kin is None else chances.kin[kin]
        whens.append(f"WHEN {number} THEN {_against_strangers(artefact, comparison, level, chance, chances)}")
    return f"CASE level_{comparison} {' '.join(whens)} ELSE 0.0 END"


def _against_strangers(
    artefact: Artefact, comparison: str, level: str, chance: float, chances: Chances
) -> str:
    if level == "same" and comparison in artefact.frequencies:
        return f"(log2(CAST({chance!r} AS DOUBLE) / {comparison}_share))"
    return f"CAST({log2(chance / chances.stranger)!r} AS DOUBLE)"
