"""The other side of `wholechild bench linkage` on the population: Splink as its own documents set it up for records of persons.

    .venv/bin/python scripts/linkage/splink_documented.py identities.parquet pairs.parquet

The comparisons are those of Splink's comparison library for names, dates of birth, postcodes, emails and identifiers. The blocking rules
are the ones of its worked example on persons, chosen as its tutorial says: those that make too many pairs at this size are left out.
Training is by random sampling and expectation maximisation, with `max_pairs`, without which it takes more than twice as long and three
times the memory. Standardising is capitals, the first given name, and letters only. Writes (one, other, weight), and prints seconds.
"""

from __future__ import annotations

import json
import logging
import resource
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from splink.blocking_analysis import count_comparisons_from_blocking_rules

MOST_PAIRS = 20_000_000
RULES = (
    block_on("nhs_number"), block_on("upn"), block_on("email"), block_on("surname", "dob"), block_on("first_name", "dob"),
    block_on("postcode", "first_name"), block_on("postcode", "surname"), block_on("postcode", "dob"),
    block_on("first_name", "surname"), block_on("substr(first_name, 1, 3)", "substr(surname, 1, 4)"),
    block_on("substr(first_name, 1, 2)", "substr(surname, 1, 2)", "year(dob)"), block_on("substr(postcode, 1, 4)", "dob"),
    block_on("substr(postcode, 1, 4)", "surname"), block_on("substr(postcode, 1, 4)", "first_name"),
)  # fmt: skip
PREPARED = """
    SELECT id AS unique_id, nullif(regexp_extract(upper(strip_accents(given_names)), '^[^ ]+'), '') AS first_name,
           nullif(regexp_replace(upper(strip_accents(family_name)), '[^A-Z ]', '', 'g'), '') AS surname, born AS dob,
           nullif(sex, '') AS sex, nullif(nhs_number, '') AS nhs_number, nullif(upn, '') AS upn, nullif(postcode, '') AS postcode,
           phones[1] AS phone, emails[1] AS email
    FROM read_parquet('{path}')
"""


def main() -> None:
    source, into = Path(sys.argv[1]), Path(sys.argv[2])
    logging.getLogger("splink").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="wholechild-bench-splink-") as folder:
        connection = duckdb.connect(f"{folder}/splink.duckdb")
        connection.execute("SET memory_limit = '4GB'")
        seconds = linked(connection, source, into)
    print(json.dumps(seconds))


def linked(connection: duckdb.DuckDBPyConnection, source: Path, into: Path) -> dict[str, object]:
    began = time.perf_counter()
    connection.execute(f"CREATE TABLE persons AS {PREPARED.format(path=source)}")
    api = DuckDBAPI(connection)
    persons = api.register("persons", dataset_display_name="records")
    counted = count_comparisons_from_blocking_rules(persons, blocking_rules=RULES, link_type="dedupe_only")
    rules = [
        rule
        for rule, count in zip(RULES, counted, strict=True)
        if count["marginal_comparison_count"] <= MOST_PAIRS
    ]
    linker = Linker(persons, settings(rules))
    linker.training.estimate_probability_two_random_records_match(
        [block_on("nhs_number"), block_on("first_name", "surname", "dob")], recall=0.7
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=5e6)
    for rule in (block_on("first_name", "surname"), block_on("dob"), block_on("postcode")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule, max_pairs=2e6)
    trained = time.perf_counter()
    predicted = linker.inference.predict(threshold_match_weight=-5)
    connection.execute(
        f"COPY (SELECT least(unique_id_l, unique_id_r) AS one, greatest(unique_id_l, unique_id_r) AS other, match_weight AS weight"
        f" FROM {predicted.physical_name}) TO '{into}' (FORMAT parquet)"
    )
    scored = time.perf_counter()
    linker.clustering.cluster_pairwise_predictions_at_threshold(predicted, threshold_match_probability=0.99)
    ended = time.perf_counter()
    return {
        "end_to_end": ended - began, "processor": time.process_time(), "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "steps": {"train": trained - began, "predict": scored - trained, "cluster": ended - scored}, "rules": len(rules),
    }  # fmt: skip


def settings(rules: list) -> SettingsCreator:
    return SettingsCreator(
        link_type="dedupe_only",
        blocking_rules_to_generate_predictions=rules,
        comparisons=[
            cl.ForenameSurnameComparison("first_name", "surname"),
            cl.DateOfBirthComparison("dob", input_is_string=False),
            cl.PostcodeComparison("postcode"),
            cl.EmailComparison("email"),
            cl.ExactMatch("phone").configure(term_frequency_adjustments=True),
            cl.ExactMatch("sex"),
            cl.ExactMatch("nhs_number"),
            cl.ExactMatch("upn"),
        ],
        retain_intermediate_calculation_columns=False,
        retain_matching_columns=False,
    )


if __name__ == "__main__":
    main()
