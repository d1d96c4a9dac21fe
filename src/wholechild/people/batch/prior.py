"""How many of all possible pairs are of one person, and of each kind of kin: learnt from a table without labels.

Some tables hold whole families, to some each family sends one; in some everybody stands five times. How much a shared home and
birthday say of two is reckoned from how many twins, brothers and sisters there are to be mixed up with, so that is learnt too. It is
counted among those who share a postcode, where nearly all kin are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Final

from duckdb import DuckDBPyConnection

from wholechild.people.batch.conditions import COLUMNS, DUCKDB, NUMBERS
from wholechild.people.batch.predicting import levelling, one_number
from wholechild.people.comparing.artefact import KIN, Chances, Prior

#: Pairs of kin, for each pair of one person, as far as a table does not say: twins, brothers and sisters, a parent and a child.
KIN_PER_MATCH: Final = (0.06, 2.5, 0.05)
#: Pairs of twins to a person at the most: about twice as many as are born. About 14 in 1,000 maternities in England and Wales are
#: of more than one (ONS, Birth characteristics, 2021). Whatever else makes many of one home and birthday, it is not that.
_MOST_TWINS: Final = 0.03
#: Pairs of one postcode that are looked at, about; of a postcode with more identities none.
_PAIRS_LOOKED_AT: Final = 300_000
_MOST_AT_ONE_POSTCODE: Final = 400
#: How many pairs of one person what was held before counts for, and fewer than which say nothing of how many there are.
_BEFORE: Final = 100.0
_LEAST_MATCHES: Final = 200
_ROUNDS: Final = 100
#: Levels of the home that those who share a postcode can have, and what is compared beside.
_AT_ONE_POSTCODE: Final = ("same_home", "same_postcode")
_COMPARED: Final = tuple(name for name in NUMBERS if name != "home")
_LEVEL: Final = {
    name: {number: level for level, number in numbers.items()} for name, numbers in NUMBERS.items()
}
#: The share of one person's pairs that agree in name and birthday letter for letter, roughly, as agencies write.
_AGREE_BEYOND_DOUBT: Final = 0.65


def learnt_prior(
    connection: DuckDBPyConnection,
    chances: Mapping[str, Mapping[str, Chances]],
    before: Prior,
    kin_before: Sequence[float] = KIN_PER_MATCH,
) -> Prior:
    """The prior of the table `identities`, where `chances` says how each level is seen.

    Shape    `kin_before` is how many pairs of each kind of `KIN` were held to stand beside each pair of one person.
    Missing  too few of one person share a postcode: as many pairs as agree beyond doubt, and as many again as that misses; none
             that do: the prior of `before`. Kin then stand beside them as they were held to.
    Source   expectation maximisation of the shares of a mixture whose parts are known (Dempster, Laird and Rubin 1977).
    """
    patterns, parts = _patterns(connection)
    likelihoods = [(count, _likelihoods(chances, levels)) for levels, count in patterns.items()]
    total = sum(patterns.values())
    shares = _shares(likelihoods, [1.0, *kin_before])
    match, *kin = (share * total / _seen(chances, who) for who, share in enumerate(shares[:-1]))
    ratios = [
        (found + _BEFORE * held) / (match + _BEFORE) for found, held in zip(kin, kin_before, strict=True)
    ]
    if total and match >= _LEAST_MATCHES:
        known = one_number(connection, "SELECT count(*) FROM identities WHERE postcode <> ''")
        of_one = match * parts / (known * (known - 1) / 2)
    else:
        of_one = _beyond_doubt(connection, before)
    of_one = min(0.1, max(of_one, before.match / 100))
    twin, sibling, parent = (ratio * of_one for ratio in ratios)
    return Prior(of_one, (min(twin, _twins_at_most(connection, of_one)), sibling, parent))


def _twins_at_most(connection: DuckDBPyConnection, of_one: float) -> float:
    """The share of all pairs that are of twins, where `of_one` is that of one person, and as many are twins as can be."""
    records = one_number(connection, "SELECT count(*) FROM identities")
    pairs = max(1.0, records * (records - 1) / 2)
    of_each = 1 + 2 * of_one * pairs / max(1, records)  # records of one person, as if all had as many
    return _MOST_TWINS * records * of_each / pairs


def _beyond_doubt(connection: DuckDBPyConnection, before: Prior) -> float:
    """The share of all pairs that agree in name and birthday letter for letter, and as many again as that misses."""
    records = one_number(connection, "SELECT count(*) FROM identities")
    certain = one_number(
        connection,
        "SELECT sum(c * (c - 1) / 2) FROM (SELECT count(*) AS c FROM identities"
        " WHERE given <> '' AND family <> '' AND born IS NOT NULL GROUP BY given, family, born HAVING count(*) < 60)",
    )
    return certain / _AGREE_BEYOND_DOUBT / (records * (records - 1) / 2) if certain else before.match


def _patterns(connection: DuckDBPyConnection) -> tuple[dict[tuple[int, ...], int], int]:
    """How many pairs of one postcode agree in which way: the numbers of the levels of `_COMPARED`, and a count.

    Shape    the second is into how many parts the postcodes fell, of which one was looked at.
    """
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
    return {tuple(row[:-1]): row[-1] for row in rows}, every


def _likelihoods(chances: Mapping[str, Mapping[str, Chances]], levels: Sequence[int]) -> list[float]:
    """How likely a pattern is of one person, of each kind of kin, and of two strangers."""
    said = [
        chances[name][_LEVEL[name][number]] for name, number in zip(_COMPARED, levels, strict=True) if number
    ]
    kin = [prod(one.kin[kind] for one in said) for kind in range(len(KIN))]
    return [prod(one.match for one in said), *kin, prod(one.stranger for one in said)]


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
