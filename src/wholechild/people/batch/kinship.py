"""How many pairs of kin there are for each pair of one person, counted among those who share a postcode. No labels are needed.

Some tables hold whole families, of some each family sends one. How much a shared home and birthday say of two is reckoned from how
many twins, brothers and sisters there are to be mixed up with, so that is learnt too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Final

from duckdb import DuckDBPyConnection

from wholechild.people.batch.conditions import COLUMNS, DUCKDB, NUMBERS
from wholechild.people.batch.predicting import levelling, one_number
from wholechild.people.comparing.artefact import KIN, Chances

#: Pairs of one postcode that are looked at, about; of a postcode with more identities none.
_PAIRS_LOOKED_AT: Final = 300_000
_MOST_AT_ONE_POSTCODE: Final = 400
#: How many pairs of one person what was held before counts for.
_BEFORE: Final = 100.0
_ROUNDS: Final = 100
#: Levels of the home that those who share a postcode can have, and what is compared beside.
_AT_ONE_POSTCODE: Final = ("same_home", "same_postcode")
_COMPARED: Final = tuple(name for name in NUMBERS if name != "home")


def kin_per_match(
    connection: DuckDBPyConnection, chances: Mapping[str, Mapping[str, Chances]], before: Sequence[float]
) -> tuple[float, ...]:
    """Of each kind of `KIN`, how many pairs there are for each pair of one person in the table `identities`.

    Shape    in the order of `KIN`; `chances` are those of every level, `before` what was held before.
    Missing  too few share a postcode: what was held before, nearly.
    Source   expectation maximisation of the shares of a mixture whose parts are known (Dempster, Laird and Rubin 1977).
    """
    patterns = _patterns(connection)
    likelihoods = [(count, _likelihoods(chances, levels)) for levels, count in patterns.items()]
    shares = _shares(likelihoods, [1.0, *before])
    total = sum(patterns.values())
    match, *kin = (share * total / _seen(chances, who) for who, share in enumerate(shares[:-1]))
    return tuple(
        (found + _BEFORE * held) / (match + _BEFORE) for found, held in zip(kin, before, strict=True)
    )


def _patterns(connection: DuckDBPyConnection) -> dict[tuple[int, ...], int]:
    """How many pairs of one postcode agree in which way: the numbers of the levels of `_COMPARED`, and a count."""
    sized = (
        "SELECT postcode, count(*) AS many FROM identities WHERE postcode <> '' GROUP BY postcode"
        f" HAVING count(*) BETWEEN 2 AND {_MOST_AT_ONE_POSTCODE}"
    )
    every = max(
        1, one_number(connection, f"SELECT sum(many * (many - 1) / 2) FROM ({sized})") // _PAIRS_LOOKED_AT
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE neighbours AS"
        f" SELECT {', '.join(('n', *COLUMNS))}, 0.0 AS given_share, 0.0 AS family_share, 0.0 AS born_share FROM identities"
        f" SEMI JOIN (SELECT postcode FROM ({sized}) WHERE hash(postcode) % {every} = 0) USING (postcode)"
    )
    pairs = "(SELECT a.n AS l, b.n AS r FROM neighbours a JOIN neighbours b ON a.postcode = b.postcode AND a.n < b.n)"
    levels = ", ".join(f"level_{name}" for name in _COMPARED)
    rows = connection.execute(
        f"SELECT {levels}, count(*) FROM ({levelling(pairs, 'neighbours', DUCKDB)}) GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    connection.execute("DROP TABLE neighbours")
    return {tuple(row[:-1]): row[-1] for row in rows}


def _likelihoods(chances: Mapping[str, Mapping[str, Chances]], levels: Sequence[int]) -> list[float]:
    """How likely a pattern is of one person, of each kind of kin, and of two strangers."""
    said = [
        chances[name][_LEVEL[name][number]] for name, number in zip(_COMPARED, levels, strict=True) if number
    ]
    kin = [prod(one.kin[kind] for one in said) for kind in range(len(KIN))]
    return [prod(one.match for one in said), *kin, prod(one.stranger for one in said)]


_LEVEL: Final = {
    name: {number: level for level, number in numbers.items()} for name, numbers in NUMBERS.items()
}


def _shares(likelihoods: Sequence[tuple[int, list[float]]], start: Sequence[float]) -> list[float]:
    """The shares of one person's, of kin's, and of strangers' pairs, that make what was counted likeliest."""
    shares = [one / (2 * sum(start)) for one in start] + [0.5]
    total = sum(count for count, _ in likelihoods)
    for _ in range(_ROUNDS if total else 0):
        found = [0.0] * len(shares)
        for count, chances in likelihoods:
            parts = [share * chance for share, chance in zip(shares, chances, strict=True)]
            whole = sum(parts)
            for who, part in enumerate(parts):
                found[who] += count * part / whole
        shares = [one / total for one in found]
    return shares


def _seen(chances: Mapping[str, Mapping[str, Chances]], who: int) -> float:
    """The share of pairs of one person (0) or of a kind of kin that have one postcode."""
    levels = [chances["home"][level] for level in _AT_ONE_POSTCODE]
    return sum(level.match if who == 0 else level.kin[who - 1] for level in levels)
