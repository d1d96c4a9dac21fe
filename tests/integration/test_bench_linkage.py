"""`wholechild bench linkage`, made small: its shape, its own process, and what it says where the other side is absent."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from wholechild.cli.bench_linkage import best_of_others, known
from wholechild.cli.main import cli
from wholechild.people.comparing.measuring import Quality


@pytest.mark.slow
def test_a_small_bench_prints_the_table(tmp_path: Path) -> None:
    arguments = ["--people", "600", "--runs", "1", "--sets", "", "--no-splink", "--json"]
    done = CliRunner().invoke(cli, ["bench", "linkage", *arguments])
    assert done.exit_code in (0, 1), done.output
    told = json.loads(done.stdout)
    assert (told["bench"], set(told)) == ("linkage", {"bench", "machine", "figures"})
    figures = {one["name"]: one for one in told["figures"]}
    assert all(set(one) == {"name", "value", "unit", "aim", "met", "runs"} for one in figures.values())
    f1 = figures["pair F1 at the best line"]
    assert (f1["aim"], f1["met"]) == (0.97, f1["value"] >= 0.97)
    assert f1["value"] > 0.8
    looks = figures["identities sent to a person"]
    assert looks["met"] == (looks["value"] <= 0.01)


def test_without_the_other_environment_it_says_so(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        cli, ["bench", "linkage", "--no-population", "--sets", "febrl1", "--other-python", str(tmp_path / "none"), "--json"]
    )  # fmt: skip
    assert done.exit_code == 0
    assert "Use: make bench-linkage" in done.stderr
    assert "The FEBRL files are not here" in done.stderr
    assert json.loads(done.stdout)["figures"] == []


def test_a_set_that_is_none_is_refused() -> None:
    done = CliRunner().invoke(cli, ["bench", "linkage", "--no-population", "--sets", "febrl9"])
    assert done.exit_code == 2
    assert "febrl9 is no FEBRL set" in done.output


def test_the_best_of_others_is_the_one_with_the_highest_f1() -> None:
    name, found = best_of_others({"one": [90, 0, 10], "two": [99, 1, 1], "three": [100, 60, 0]})
    assert (name, found) == ("two", Quality(99, 1, 1))


def test_a_partition_is_counted_by_hand(tmp_path: Path) -> None:
    """Ann has records 1, 2, 3 and Ben 4, 5; found were 1-2 and 3-4; 2-3 is possible and open."""
    connection = duckdb.connect()
    connection.execute(f"""
        COPY (SELECT * FROM (VALUES ('1', 'Ann', 'a', []), ('2', 'Ann', 'a', []), ('3', 'Ann', 'a', []), ('4', 'Ben', 'b', []), ('5', 'Ben', 'b', []))
              t(identity, person, origin, slips)) TO '{tmp_path}/truth.parquet' (FORMAT parquet);
        COPY (SELECT * FROM (VALUES ('1', '2', 15.0), ('3', '4', 13.0), ('2', '3', 5.0), ('1', '5', 1.0)) t(one, other, weight))
              TO '{tmp_path}/pairs.parquet' (FORMAT parquet);
        COPY (SELECT * FROM (VALUES ('1', '1'), ('2', '1'), ('3', '3'), ('4', '3'), ('5', '5')) t(identity, person))
              TO '{tmp_path}/people.parquet' (FORMAT parquet)
    """)  # fmt: skip
    found, groups = (
        known(tmp_path / "truth.parquet", tmp_path / "pairs.parquet"),
        f"{tmp_path}/people.parquet",
    )
    assert (found.identities, found.true) == (5, 4)
    assert found.partition(groups) == Quality(right=1, wrong=1, missed=3)
    assert found.by("origin", groups) == {"a": Quality(1, 0, 2), "b": Quality(0, 0, 1)}
    assert found.to_a_person(f"{tmp_path}/pairs.parquet", groups, 2.0) == pytest.approx((2 / 5, 2 / 5))
    assert found.to_a_person(f"{tmp_path}/pairs.parquet", groups, 0.0) == pytest.approx((3 / 5, 4 / 5))
    assert found.best.quality == Quality(right=2, wrong=1, missed=2)
    assert found.at_precision(1.0).quality == Quality(right=1, wrong=0, missed=3)
