"""What linking learns from a table of identities, without labels: Splink's expectation maximisation, and counts.

What a table holds too little of to learn from is taken from the artefact that training begins with; so a field that nobody
fills in, or a level that is seen once in a million pairs, keeps a sensible weight instead of a wild one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from duckdb import DuckDBPyConnection
from splink import DuckDBAPI, Linker, block_on
from splink.internals.exceptions import EMTrainingException
from splink.internals.settings import Settings
from splink.logging import enable as speak_from

from wholechild.people.batch.conditions import COLUMNS, DUCKDB, HOLDS_WHERE, MISSING_WHERE
from wholechild.people.batch.predicting import one_number
from wholechild.people.batch.prior import learnt_prior
from wholechild.people.comparing.artefact import Artefact, Chances, Frequencies, digest
from wholechild.people.comparing.levels import LEVELS

#: Values that more identities share than one person, or one family, can have identities.
MOST_SHARING: Final = {"nhs_number": 20, "upn": 20, "local_ids": 20, "contacts": 60, "uprn": 150}
#: Pairs that are drawn to see how strangers agree, and pairs that each session learns from.
PAIRS_DRAWN: Final = 500_000
PAIRS_PER_SESSION: Final = 300_000
#: A name borne by fewer than this is not listed: it would say of one family that it is here.
LEAST_TO_LIST: Final = 10
_MOST_LISTED: Final = 20_000
#: How many pairs what was known before counts for, beside those that are drawn, and beside those of a session.
_BEFORE_STRANGERS: Final = 100_000.0
_BEFORE_MATCHES: Final = 100.0
#: A session that finds fewer matches than this has learnt nothing.
_LEAST_MATCHES: Final = 200

#: How far each kind of kin agrees as one person does; the rest agree as strangers. Twin, brother or sister, parent and child.
AS_ONE_PERSON: Final[Mapping[str, tuple[float, float, float]]] = {
    "given": (0.004, 0.006, 0.15),
    "family": (0.94, 0.82, 0.82),
    "middle": (0.03, 0.03, 0.05),
    "born": (0.97, 0.0, 0.0),
    "sex": (0.30, 0.0, 0.0),
    "home": (0.97, 0.93, 0.90),
    "contact": (0.95, 0.85, 0.85),
    "nhs_number": (0.006, 0.002, 0.001),
    "upn": (0.006, 0.002, 0.001),
    "local_id": (0.006, 0.002, 0.001),
    "agency": (0.0, 0.0, 0.0),
}
#: How often at least kin are alike in what usually tells them apart. A child is called after a parent, hardly ever after a living brother or
#: sister, so that one has as a middle name what the other has as a first name; and twins are given names that go together: of
#: those whom R. Plank counted (Names of Twins, Names 12, 1964) 62 in 100 have one initial, and 17 in 100 other names that sound alike.
#: Less than half of that is reckoned with, as fewer names were given then; of strangers among the names of our population 6 in 100 have one. Twins, and often
#: brothers and sisters, are put on a list one after the other, and have ids next to each other. Set by hand.
KIN_AT_LEAST: Final[Mapping[tuple[str, str], tuple[float, float, float]]] = {
    ("given", "near"): (0.004, 0.0, 0.0),
    ("given", "elsewhere"): (0.01, 0.01, 0.05),
    ("given", "initial"): (0.02, 0.0, 0.0),
    ("given", "far"): (0.025, 0.0, 0.0),
    ("local_id", "near"): (0.05, 0.01, 0.005),
}
#: That one person's records differ is never held to be rarer than this: other feeds will have faults that these have not.
_LEAST_DIFFERENT: Final = 0.005

#: What each session holds fixed, by keys that are no column of a comparison, and what it learns.
_NUMBERS: Final = frozenset({"nhs_number", "upn", "local_id"})
SESSIONS: Final[tuple[tuple[tuple[str, ...], frozenset[str]], ...]] = (
    (
        ("known_nhs_number",),
        frozenset({"given", "family", "middle", "born", "sex", "home", "contact", "agency"}),
    ),
    (("known_upn",), frozenset({"given", "family", "middle", "born", "sex", "home", "contact", "agency"})),
    (
        ("known_local_id",),
        frozenset({"given", "family", "middle", "born", "sex", "home", "contact", "agency"}),
    ),
    (
        ("known_given", "known_born"),
        frozenset({"family", "middle", "sex", "home", "contact", "agency"}) | _NUMBERS,
    ),
    (("known_family", "known_born"), frozenset({"given"})),
    (("known_given", "known_family"), frozenset({"born"})),
)


def train(
    connection: DuckDBPyConnection,
    before: Artefact,
    *,
    provenance: Mapping[str, str],
    seed: int = 1,
    told: Callable[[str], None] = lambda what: None,
) -> Artefact:
    """Learn an artefact from the table `identities` (tables.py), beginning with what was known before.

    Shape    thresholds, loss and the rules about households are those of `before`; the rest is learnt.
    Missing  too few identities, or fields nobody fills in: what was known before stays.
    """
    many = too_shared(connection)
    told("how common names are")
    frequencies = {name: _frequencies(connection, *asked) for name, asked in _COMMON.items()}
    _make_view(connection)
    told("how strangers agree")
    strangers = _strangers(connection, before, seed)
    matches = {
        name: {level: before.comparisons[name][level].match for level in LEVELS[name]} for name in LEVELS
    }
    learnt: dict[str, list[tuple[float, dict[str, float]]]] = {name: [] for name in LEVELS}
    for fixed, taught in SESSIONS:
        told(
            f"how one person's records agree, where {' and '.join(fixed).replace('known_', '').replace('_', ' ')} does"
        )
        for name, found in _session(connection, fixed, taught, strangers, matches).items():
            learnt[name].append(found)
    for name, sessions in learnt.items():
        if sessions:
            matches[name] = _together(matches[name], sessions)
    for name, levels in LEVELS.items():
        matches[name][levels[-1]] = max(matches[name][levels[-1]], _LEAST_DIFFERENT)
    connection.execute("DROP VIEW IF EXISTS learning")
    comparisons = {
        name: {
            level: _chances(name, level, matches[name][level], strangers[name][level])
            for level in LEVELS[name]
        }
        for name in LEVELS
    }
    told("how many are one person, and how many are kin")
    return replace(
        before,
        comparisons=comparisons,
        prior=learnt_prior(connection, comparisons, before.prior),
        frequencies=frequencies,
        shared=frozenset(map(digest, many)),
        provenance=dict(provenance),
    )


def _chances(name: str, level: str, match: float, stranger: float) -> Chances:
    twin, sibling, parent = (share * match + (1 - share) * stranger for share in AS_ONE_PERSON[name])
    if (name, level) in KIN_AT_LEAST:
        twin, sibling, parent = map(max, (twin, sibling, parent), KIN_AT_LEAST[name, level])
    return Chances(match, stranger, (twin, sibling, parent))


def too_shared(connection: DuckDBPyConnection) -> list[str]:
    """The values of numbers, homes and telephones that so many share that they say nothing, sorted."""
    found: list[str] = []
    for column, most in MOST_SHARING.items():
        each = f"unnest({column})" if column in ("contacts", "local_ids") else column
        asked = f"SELECT value FROM (SELECT {each} AS value FROM identities) WHERE value <> '' GROUP BY value HAVING count(*) > {most}"
        found += [str(value) for (value,) in connection.execute(asked).fetchall()]
    return sorted(found)


#: Of each frequency: the column, and how much commoner than the mean a value must be to be listed.
_COMMON: Final = {"given": ("given", 0.0), "family": ("family", 0.0), "born": ("born_text", 3.0)}


def _frequencies(connection: DuckDBPyConnection, column: str, above: float) -> Frequencies:
    """How common each value is that enough bear; the rest are as common as they are on average."""
    rows = connection.execute(
        f"SELECT {column}, count(*) FROM identities WHERE {column} <> '' GROUP BY {column} ORDER BY count(*) DESC, {column}"
    ).fetchall()
    total = sum(count for _, count in rows)
    if not total:
        return Frequencies(0.001, {})
    least = max(LEAST_TO_LIST, above * total / len(rows))
    listed = [(str(value), int(count)) for value, count in rows[:_MOST_LISTED] if count >= least]
    unlisted = [count for _, count in rows[len(listed) :]]
    # Met by chance, a value that is not listed is more likely one of the commoner of those.
    mean = sum(count * count for count in unlisted) / sum(unlisted) if unlisted else 1.0
    return Frequencies(
        _rounded(max(mean, 1.0) / total), {value: _rounded(count / total) for value, count in listed}
    )


def _rounded(share: float) -> float:
    return float(f"{share:.6g}")


def _make_view(connection: DuckDBPyConnection) -> None:
    """The view `learning`: identities, with the keys of sessions beside the columns that are compared."""
    columns = ", ".join(("n", *COLUMNS))
    connection.execute(
        f"CREATE OR REPLACE VIEW learning AS SELECT {columns}, nullif(given, '') AS known_given, nullif(family, '') AS known_family,"
        " born_text || '' AS known_born, nullif(nhs_number, '') AS known_nhs_number, nullif(upn, '') AS known_upn,"
        " local_ids[1] AS known_local_id FROM identities"
    )


def _comparison(
    name: str, strangers: Mapping[str, float] | None, matches: Mapping[str, float] | None
) -> dict[str, Any]:
    levels: list[dict[str, Any]] = [
        {
            "sql_condition": DUCKDB.write(MISSING_WHERE[name]),
            "label_for_charts": "missing",
            "is_null_level": True,
        }
    ]
    for level in LEVELS[name]:
        condition = HOLDS_WHERE[name].get(level)
        said: dict[str, Any] = {
            "sql_condition": DUCKDB.write(condition) if condition else "ELSE",
            "label_for_charts": level,
        }
        if strangers is not None and matches is not None:
            said |= {"u_probability": strangers[level], "m_probability": matches[level]}
        levels.append(said)
    return {"output_column_name": name, "comparison_levels": levels}


def _settings(comparisons: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "n",
        "comparisons": comparisons,
        "blocking_rules_to_generate_predictions": [block_on("n")],
        "retain_matching_columns": False,
        "probability_two_random_records_match": 0.001,
        "max_iterations": 20,
        "em_convergence": 0.0005,
    }


def _linker(connection: DuckDBPyConnection, comparisons: list[dict[str, Any]]) -> Linker:
    interface = DuckDBAPI(connection=connection)
    linker = Linker(interface.register("learning"), _settings(comparisons), validate_settings=False)
    speak_from("ERROR")
    return linker


def _strangers(connection: DuckDBPyConnection, before: Artefact, seed: int) -> dict[str, dict[str, float]]:
    """How strangers agree: Splink's random sample of pairs, and what was known before where the sample has seen too little."""
    linker = _linker(connection, [_comparison(name, None, None) for name in LEVELS])
    linker.training.estimate_u_using_random_sampling(
        max_pairs=PAIRS_DRAWN, seed=seed, min_count_per_level=None, num_chunks=1
    )
    drawn = _read(linker._settings_obj, "u_probability")
    records = one_number(connection, "SELECT count(*) FROM identities")
    pairs = min(PAIRS_DRAWN, records * (records - 1) / 2)
    return {
        name: _strangers_of(name, drawn[name], before, pairs * _said_by(connection, name) ** 2)
        for name in LEVELS
    }


#: Of each comparison the column that says whether an identity can be compared so.
_SAID_IN: Final = {
    "middle": "initials",
    "contact": "contacts",
    "local_id": "schemes",
    "home": "postcode",
    "born": "born_text",
}


def _said_by(connection: DuckDBPyConnection, name: str) -> float:
    """The share of identities that say anything of a comparison."""
    column = _SAID_IN.get(name, name)
    return (
        one_number(
            connection,
            f"SELECT 1000000 * avg(CASE WHEN length({column}) > 0 THEN 1 ELSE 0 END) FROM identities",
        )
        / 1e6
    )


def _strangers_of(
    name: str, drawn: Mapping[str, float | None], before: Artefact, pairs: float
) -> dict[str, float]:
    """The mean of what is drawn and what was known before. Numbers are not drawn: that two strangers share one is a mistake."""
    known = {level: before.comparisons[name][level].stranger for level in LEVELS[name]}
    if name in _NUMBERS or pairs < _BEFORE_STRANGERS / 10:
        return known
    mixed = {
        level: ((drawn.get(level) or 0.0) * pairs + known[level] * _BEFORE_STRANGERS)
        / (pairs + _BEFORE_STRANGERS)
        for level in LEVELS[name]
    }
    total = sum(mixed.values())
    return {level: share / total for level, share in mixed.items()}


def _session(
    connection: DuckDBPyConnection,
    fixed: tuple[str, ...],
    taught: frozenset[str],
    strangers: Mapping[str, Mapping[str, float]],
    matches: Mapping[str, Mapping[str, float]],
) -> dict[str, tuple[float, dict[str, float]]]:
    """Of each comparison that the session teaches: how many matches it saw, and how often each level held among them."""
    keys = ", ".join(fixed)
    blocked = one_number(
        connection,
        f"SELECT sum(c * (c - 1) / 2) FROM (SELECT count(*) AS c FROM learning WHERE {' AND '.join(f'{k} IS NOT NULL' for k in fixed)} GROUP BY {keys} HAVING count(*) <= 400)",
    )
    if blocked < _LEAST_MATCHES:
        return {}
    # All that the keys do not hold fixed is compared, or a single field would have to tell matches from strangers by itself.
    held = {key.removeprefix("known_") for key in fixed}
    names = [name for name in LEVELS if name not in held]
    linker = _linker(connection, [_comparison(name, strangers[name], matches[name]) for name in names])
    try:
        session = linker.training.estimate_parameters_using_expectation_maximisation(
            block_on(*fixed),
            fix_u_probabilities=True,
            max_pairs=PAIRS_PER_SESSION,
            record_sample_proportion=1.0,
        )
    except EMTrainingException:
        return {}  # nothing to learn from: none of its pairs says anything
    except ValueError:
        return {}  # in few pairs a level dies out on the way, and Splink refuses a chance of nought
    share = float(session.core_model_settings.probability_two_random_records_match)
    seen = share * min(blocked, PAIRS_PER_SESSION)
    if seen < _LEAST_MATCHES:
        return {}
    found = _read(session, "m_probability")
    return {
        name: (seen, _without_nothing(found[name]))
        for name in names
        if name in taught and any(found[name].values())
    }


def _without_nothing(said: Mapping[str, float | None]) -> dict[str, float]:
    return {level: share or 0.0 for level, share in said.items()}


def _read(trained: Settings | Any, which: str) -> dict[str, dict[str, float | None]]:
    """Of each comparison, each level's probability; None where it could not be estimated."""
    return {
        comparison.output_column_name: {
            level.label_for_charts: _number(getattr(level, which))
            for level in comparison.comparison_levels
            if not level.is_null_level
        }
        for comparison in trained.core_model_settings.comparisons
    }


def _number(said: object) -> float | None:
    return float(said) if isinstance(said, int | float) else None


def _together(before: Mapping[str, float], found: list[tuple[float, dict[str, float]]]) -> dict[str, float]:
    """The mean of what sessions found, of each as much as it saw, and a little of what was known before."""
    seen = sum(count for count, _ in found) + _BEFORE_MATCHES
    mixed = {
        level: (sum(count * said.get(level, 0.0) for count, said in found) + _BEFORE_MATCHES * share) / seen
        for level, share in before.items()
    }
    total = sum(mixed.values())
    return {level: share / total for level, share in mixed.items()}
