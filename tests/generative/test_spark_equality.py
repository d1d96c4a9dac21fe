"""The same statements on Apache Spark: what it says is what the reference says. Few, as each takes seconds; skipped where it is not installed.

`make test-spark` installs it and compares more than 500 cases; `WHOLECHILD_SEED` says which.
"""

from __future__ import annotations

import os

import pytest

from tests.generative.batches import batch, compare
from tests.generative.columnar_engines import on_spark, spark_session
from tests.generative.random_histories import ATOMS, KINDS, KINDS_FOR, atoms, histories

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "short")
SEED = int(os.environ.get("WHOLECHILD_SEED", "0"))
#: Of how many histories, and of how many conditions of each kind; what is tried when there is little time.
TRIED = {"short": (40, 2), "unshrunk": (40, 2), "middle": (60, 2), "long": (60, 20)}
AT_LEAST = ("several",)
WHAT = {**ATOMS, "several": atoms}


@pytest.mark.slow
@pytest.mark.parametrize("what", WHAT if PROFILE in ("middle", "long") else AT_LEAST)
def test_spark_says_what_the_reference_says(what: str) -> None:
    spark_session()
    children, asked = TRIED[PROFILE]
    strategy = histories(KINDS_FOR.get(what, KINDS), vague=True)
    compare(
        "spark",
        batch(
            strategy,
            WHAT[what],
            SEED * 1_000_003 + 5,
            several=children,
            of_each=asked,
            alone=what != "several",
        ),
        on_spark,
    )


def test_a_middling_run_has_five_hundred_cases_and_every_kind_of_atom() -> None:
    children, asked = TRIED["middle"]
    assert set(WHAT) >= set(ATOMS)
    assert len(WHAT) * children * asked >= 500
