"""Candidates and their weights over a whole table, in SQL: the pairs of `blocking_keys`, weighed as `weigh` does.

The household contribution only takes away, so that a pair that is below the bound without it is left before it is reckoned.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import inf, log2
from typing import Final

import pyarrow as pa
from duckdb import DuckDBPyConnection

from wholechild.people.batch.conditions import (
    COLUMNS,
    DUCKDB,
    EARLIER,
    LISTS,
    NUMBERS,
    SKETCHES,
    Words,
    contradiction_number,
    is_sketched,
    level_number,
    sketch,
    sole_id,
)
from wholechild.people.comparing.artefact import DIGEST_LENGTH, KIN, Artefact, Chances
from wholechild.people.comparing.keys import MOST_IN_A_BLOCK, most_under
from wholechild.people.comparing.levels import (
    DIED_BEFORE,
    LEVELS,
    NAMES_ALONE,
    ONE_ID_TWO_NAMES,
    ONE_NUMBER_TWO_NAMES,
    ONE_NUMBER_TWO_PEOPLE,
    TWO_BIRTHS,
    TWO_DEATHS,
    TWO_NUMBERS,
)

#: Candidates that are looked at, and likely pairs that are weighed, at once; more would not fit beside the identities in the memory
#: that linking may take.
_AT_ONCE: Final = 15_000_000
_LIKELY_AT_ONCE: Final = 5_000_000
#: What `contradiction_number` says, in words.
FORBIDS: Final = (
    "",
    TWO_NUMBERS,
    ONE_NUMBER_TWO_PEOPLE,
    TWO_BIRTHS,
    TWO_DEATHS,
    DIED_BEFORE,
    ONE_NUMBER_TWO_NAMES,
    ONE_ID_TWO_NAMES,
    NAMES_ALONE,
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of keys.py. `each` is a list of which each makes a key; with `homes` each postcode, as `home`, does."""

    key: str
    where: str = "TRUE"
    each: str = ""
    homes: bool = False

    @property
    def name(self) -> str:
        """The letter before the colon of its keys."""
        return self.key[1]


_MONTH_AND_DAY: Final = "least(substr(born_text, 5, 2), substr(born_text, 7, 2)) || greatest(substr(born_text, 5, 2), substr(born_text, 7, 2))"
RULES: Final = (
    Rule("'n:' || nhs_number", "nhs_number <> ''"),
    Rule("'u:' || upn", "upn <> ''"),
    Rule("'i:' || each", each="local_ids"),
    Rule("'t:' || each", each="contacts"),
    Rule("'a:' || each", each="places"),
    Rule("'w:' || each", each="pairs"),
    Rule("'d:' || each.one || ':' || each.other", each="places_and_pairs"),
    Rule("'r:' || uprn || ':' || each", "uprn <> ''", "starts"),
    Rule("'h:' || uprn || ':' || born_text", "uprn <> '' AND born IS NOT NULL"),
    Rule("'b:' || born_text || ':' || each", "born IS NOT NULL", "starts"),
    Rule("'x:' || each || ':' || born_text", "born IS NOT NULL", "pairs"),
    Rule("'y:' || each || ':' || substr(born_text, 1, 4)", "born IS NOT NULL", "pairs"),
    Rule(f"'m:' || each || ':' || {_MONTH_AND_DAY}", "born IS NOT NULL", "pairs"),
    Rule("'p:' || home || ':' || each", "TRUE", "pairs", homes=True),
    Rule("'h:' || home || ':' || born_text", "born IS NOT NULL", homes=True),
    Rule("'q:' || home || ':' || each", "TRUE", "starts", homes=True),
)


_COMBINED: Final = "flatten(list_transform(places, a -> list_transform(pairs, b -> {'one': a, 'other': b}))) AS places_and_pairs"


def keys_of(rule: Rule) -> str:
    """A statement: (key, n) of every identity by one rule, the key as text."""
    source = f"(SELECT *, {_COMBINED} FROM identities)"
    if rule.homes:
        source = f"(SELECT *, unnest(list_concat(postcode_as_list, postcodes[1:5])) AS home FROM {source})"
    if rule.each:
        source = f"(SELECT *, unnest({rule.each}) AS each FROM {source})"
    return f"SELECT {rule.key} AS key, n FROM {source} WHERE {rule.where}"


def find_candidates(connection: DuckDBPyConnection, *, most: int = MOST_IN_A_BLOCK) -> int:
    """Make the table `followed`: the keys of `identities` that two or more share, and not too many.

    Shape    answers how many keys were left out, because more share them than `most_under` allows.
    """
    connection.execute("CREATE OR REPLACE TABLE all_keys (key UBIGINT, n INTEGER, most INTEGER)")
    for rule in RULES:
        bound = most_under(rule.name, int(most))
        connection.execute(f"INSERT INTO all_keys SELECT hash(key), n, {bound} FROM ({keys_of(rule)})")
    connection.execute(
        "CREATE OR REPLACE TABLE shared_keys AS SELECT key, count(*) AS identities, min(most) AS most FROM all_keys"
        " GROUP BY key HAVING count(*) > 1"
    )
    connection.execute(
        "CREATE OR REPLACE TABLE followed AS SELECT k.key, k.n FROM all_keys k"
        " SEMI JOIN (SELECT key FROM shared_keys WHERE identities <= most) s ON s.key = k.key"
    )
    left_out = one_number(connection, "SELECT count(*) FROM shared_keys WHERE identities > most")
    connection.execute("DROP TABLE all_keys")
    return left_out


def one_number(connection: DuckDBPyConnection, asked: str) -> int:
    """The one number that a statement answers."""
    return int(connection.execute(asked).fetchall()[0][0] or 0)


def prepare_to_weigh(connection: DuckDBPyConnection, artefact: Artefact) -> None:
    """Make the view `compared` of `identities`: without what too many share, and with how common each one's names are.

    The table `sketched` is the same with a `sketch` in place of each list.
    """
    _note_shared(connection, artefact)
    for name, said in artefact.frequencies.items():
        table = pa.table({"term": list(said.terms), "share": list(said.terms.values())})
        table = table.cast(pa.schema([("term", pa.string()), ("share", pa.float64())]))
        connection.register("new_rows", table)
        connection.execute(f"CREATE OR REPLACE TABLE share_of_{name} AS SELECT * FROM new_rows")
        connection.unregister("new_rows")
    columns = {column: _TELLING.get(column, f"i.{column}") for column in COLUMNS}
    sketched = ", ".join(f"{sketch(said) if c in LISTS else said} AS {c}" for c, said in columns.items())
    shares = ", ".join(
        f"coalesce({name}.share, {artefact.frequencies[name].otherwise!r}) AS {name}_share"
        for name in ("given", "family", "born")
    )
    joined = "identities i LEFT JOIN too_shared t ON t.n = i.n"
    connection.execute("CREATE OR REPLACE MACRO sketches_meet(a, b) AS (a & b) <> 0")
    connection.execute(
        f"CREATE OR REPLACE TABLE sketched AS SELECT i.n, {sketched}, {shares} FROM {joined}"
        " LEFT JOIN share_of_given given ON given.term = i.given LEFT JOIN share_of_family family ON family.term = i.family"
        " LEFT JOIN share_of_born born ON born.term = i.born_text"
    )
    whole = ", ".join(f"{said} AS {column}" for column, said in columns.items())
    connection.execute(
        f"CREATE OR REPLACE VIEW compared AS SELECT i.n, i.id, {whole}, {', '.join(f's.{share}' for share in _SHARES)}"
        f" FROM {joined} JOIN sketched s ON s.n = i.n"
    )


_SHARES: Final = ("given_share", "family_share", "born_share")


def _telling(column: str) -> str:
    return f"CASE WHEN list_contains(t.many, i.{column}) THEN '' ELSE i.{column} END"


def _telling_list(column: str) -> str:
    return f"CASE WHEN t.n IS NULL THEN i.{column} ELSE list_filter(i.{column}, x -> NOT list_contains(t.many, x)) END"


_TELLING: Final = {
    **{column: _telling(column) for column in ("nhs_number", "upn", "uprn")},
    "nhs_sound": "CASE WHEN list_contains(t.many, i.nhs_number) THEN FALSE ELSE i.nhs_sound END",
    **{column: _telling_list(column) for column in ("contacts", "local_ids")},
    "schemes": f"list_distinct(list_transform({_telling_list('local_ids')}, x -> split_part(x, ':', 1)))",
    "sole_id": sole_id(_telling_list("local_ids")),
}


def _note_shared(connection: DuckDBPyConnection, artefact: Artefact) -> None:
    """Make the table `too_shared`: of each identity that has any, its values whose digests the artefact has, as `many`."""
    connection.execute("CREATE OR REPLACE TABLE shared_values (n INTEGER, value VARCHAR)")
    connection.register("digests", pa.table({"digest": pa.array(sorted(artefact.shared), pa.string())}))
    for column in ("nhs_number", "upn", "uprn", "contacts", "local_ids"):
        each = f"unnest({column})" if column in ("contacts", "local_ids") else column
        said = f"(SELECT n, {each} AS value FROM identities)"
        connection.execute(
            f"INSERT INTO shared_values SELECT n, value FROM {said} WHERE value IN (SELECT value FROM (SELECT DISTINCT value FROM {said})"
            f" WHERE value <> '' AND left(sha256(value), {DIGEST_LENGTH}) IN (SELECT digest FROM digests))"
        )
    connection.unregister("digests")
    connection.execute(
        "CREATE OR REPLACE TABLE too_shared AS SELECT n, list(value) AS many FROM shared_values GROUP BY n"
    )
    connection.execute("DROP TABLE shared_values")


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
        connection, "SELECT sum(identities * (identities - 1) / 2) FROM shared_keys WHERE identities <= most"
    )
    chunks = max(1, -(-expected // _AT_ONCE))
    connection.execute("CREATE OR REPLACE TABLE likely (l INTEGER, r INTEGER)")
    candidates = 0
    for chunk in range(chunks):
        connection.execute(
            f"CREATE OR REPLACE TABLE left_over AS SELECT l, r, {artefact.prior_bits()!r} AS bits FROM (SELECT DISTINCT a.n AS l, b.n AS r"
            f" FROM followed a JOIN followed b ON a.key = b.key AND a.n < b.n WHERE a.n % {chunks} = {chunk})"
        )
        candidates += one_number(connection, "SELECT count(*) FROM left_over")
        for number in range(len(_LOOKS)):
            connection.execute("ALTER TABLE left_over RENAME TO looked_at")
            connection.execute(f"CREATE TABLE left_over AS {look(artefact, least, number, 'looked_at')}")
            connection.execute("DROP TABLE looked_at")
        connection.execute("INSERT INTO likely SELECT l, r FROM left_over")
        told(chunk + 1, chunks)
    _weigh_likely(connection, artefact, least)
    for table in ("left_over", "likely"):
        connection.execute(f"DROP TABLE {table}")
    return candidates


def _weigh_likely(connection: DuckDBPyConnection, artefact: Artefact, bound: float) -> None:
    """Make the table `pairs`, of `likely`. All that identities say is read twice for each portion, so portions are large."""
    portions = max(1, -(-one_number(connection, "SELECT count(*) FROM likely") // _LIKELY_AT_ONCE))
    connection.execute("DROP TABLE IF EXISTS pairs")
    for portion in range(portions):
        some = f"(SELECT l, r FROM likely WHERE l % {portions} = {portion})"
        connection.execute(f"CREATE OR REPLACE TABLE levelled AS {levelling(some, 'compared', DUCKDB)}")
        start = "INSERT INTO pairs" if portion else "CREATE TABLE pairs AS"
        connection.execute(f"{start} {weighing(artefact, bound, 'levelled', 'identities')}")
    connection.execute("DROP TABLE levelled")


# -- a first look -------------------------------------------------------------------------------------------------------
#
# Most candidates are strangers, and to carry every text and list of both ends to every candidate costs many times what comparing
# them does. So they are looked at three times with little, each time those that are left: at what costs least, at names, at homes.
# What is not looked at yet counts as much as it may, so that nobody is left who could reach the bound.

_LOOKS: Final = (
    ("born", "sex", "nhs_number", "upn", "agency", "middle", "contact", "local_id"),
    ("given", "family"),
    ("home",),
)


def look(artefact: Artefact, bound: float, number: int, among: str) -> str:
    """The statement of one look at a table of (l, r, bits): those of them that may still reach the bound."""
    to_come = [name for names in _LOOKS[number + 1 :] for name in names]
    most = [_names_at_most(artefact)] if "given" in to_come else []
    most += [_home_at_most(artefact)] if "home" in to_come else []
    numbers = {name: level_number(name, SKETCHES) for name in _LOOKS[number]}
    bits = " + ".join(["bits", *(_most_bits(artefact, name) for name in numbers)])
    first, *then = numbers  # the level of the family name reads that of the first name
    read = _both_ends(" ".join([*numbers.values(), bits, *most]))
    return (
        f"WITH both_ends AS (SELECT c.l, c.r, c.bits, {read} FROM {among} c JOIN sketched a ON a.n = c.l JOIN sketched b ON b.n = c.r),"
        f" by_first AS (SELECT *, {numbers[first]} AS level_{first} FROM both_ends),"
        f" levelled AS (SELECT *{''.join(f', {numbers[name]} AS level_{name}' for name in then)} FROM by_first),"
        f" added AS (SELECT l, r, {bits} AS bits, {' + '.join(most) or '0.0'} AS most FROM levelled)"
        f" SELECT l, r, bits FROM added WHERE bits + most >= {bound!r}"
    )


def _both_ends(expressions: str) -> str:
    """The columns that expressions read, of each end."""
    both = [f"a.{c} AS {c}_l, b.{c} AS {c}_r" for c in COLUMNS if re.search(rf"\b{c}_[lr]\b", expressions)]
    return ", ".join([f"a.{share}" for share in _SHARES if share in expressions] + both)


def _most_bits(artefact: Artefact, comparison: str) -> str:
    """An expression over a level of a first look: no fewer bits than the true level has.

    A sketch may take a pair for one of a better level, never of a worse: where it was used, a level counts the most that it or any
    after it does.
    """
    whens, most_after = [], 0.0 if comparison == "local_id" else -inf  # two of one scheme may be of none
    for level, number in reversed(NUMBERS[comparison].items()):
        bits = _bits_of(artefact, comparison, level)
        most_after = max(most_after, bits)
        if is_sketched(comparison, level) or most_after == 0.0:
            said = f"CAST({most_after!r} AS DOUBLE)"
        else:
            said = _for_one_person(artefact, comparison, level)
        whens.append(f"WHEN {number} THEN {said}")
    missing = "0.0"
    if comparison == "family":  # the names may not be reversed after all
        reversed_ = NUMBERS["given"]["reversed"]
        missing = f"CASE WHEN level_given = {reversed_} THEN {_for_one_person(artefact, 'family', 'same')} ELSE 0.0 END"
    return f"CASE level_{comparison} {' '.join(whens)} ELSE {missing} END"


def _names_at_most(artefact: Artefact) -> str:
    """An expression: the most that the two names may count, by whether they are equal alone."""
    given, family = (
        max(_bits_of(artefact, name, level) for level in LEVELS[name] if level not in ("same", "reversed"))
        for name in ("given", "family")
    )
    reversed_ = _bits_of(artefact, "given", "reversed")
    of_family = (
        f"CASE WHEN family_l = '' OR family_r = '' THEN 0.0 WHEN family_l = family_r THEN {_for_one_person(artefact, 'family', 'same')}"
        f" ELSE CAST({max(0.0, family)!r} AS DOUBLE) END"
    )
    return (
        f"CASE WHEN given_l = '' OR given_r = '' THEN {of_family}"
        f" WHEN given_l = given_r THEN {_for_one_person(artefact, 'given', 'same')} + {of_family}"
        f" ELSE greatest(CAST({reversed_!r} AS DOUBLE), {given!r} + {of_family}) END"
    )


def _home_at_most(artefact: Artefact) -> str:
    """An expression: the most that the two homes may count, without a look at the addresses' words."""
    earlier = _bits_of(artefact, "home", "earlier")
    at_one = max(_bits_of(artefact, "home", level) for level in LEVELS["home"])
    other = max(
        0.0,
        *(
            _bits_of(artefact, "home", level)
            for level in ("same_address", "near_postcode", "same_area", "different")
        ),
    )
    return (
        f"CASE WHEN (uprn_l <> '' AND uprn_l = uprn_r) OR (postcode_l <> '' AND postcode_l = postcode_r) THEN CAST({at_one!r} AS DOUBLE)"
        f" WHEN {SKETCHES.write(EARLIER)} THEN CAST({max(earlier, other)!r} AS DOUBLE) ELSE CAST({other!r} AS DOUBLE) END"
    )


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


def _for_one_person(artefact: Artefact, comparison: str, level: str) -> str:
    chances = artefact.comparisons[comparison][level]
    return _against_strangers(artefact, comparison, level, chances.match, chances)


def _bits_of(artefact: Artefact, comparison: str, level: str) -> float:
    """What a level counts where it does not matter how common the value is."""
    chances = artefact.comparisons[comparison][level]
    return log2(chances.match / chances.stranger)
