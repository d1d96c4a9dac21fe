"""`wholechild bench linkage`, made small: its shape, its own process, and what it says where the other side is absent."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from wholechild.cli.bench_linkage import best_of_others, joined, known
from wholechild.cli.bench_linkage_own import read_labelled
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


def test_pairs_join_all_that_stand_between() -> None:
    pairs = [("1", "2"), ("3", "4"), ("5", "6"), ("2", "3"), ("4", "1")]
    assert sorted(map(sorted, joined(pairs))) == [["1", "2", "3", "4"], ["5", "6"]]
    assert list(joined([])) == []


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


# -- labelled identities of one's own -----------------------------------------------------------------------------------

HEADER = "id,person,agency,given_names,family_name,born,sex,postcode,phones,favourite_colour"


def own(folder: Path, *rows: str, header: str = HEADER) -> Path:
    file = folder / "mine.csv"
    file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return file


def families(many: int) -> list[str]:
    """Each of `many` people twice, by two agencies, with names, birthdays and homes of their own."""
    given, family = (
        ("Amina", "Zoya", "Peter", "Marek", "Lena", "Oskar", "Dilys"),
        ("Khan", "Okafor", "Nowak", "Price", "Lamb"),
    )
    rows = []
    for n in range(many):
        said = (
            f"{given[n % 7]},{family[n % 5]}{chr(97 + n % 26)}{chr(97 + n // 26)},201{n % 10}-0{1 + n % 9}-{10 + n % 18},"
            f"{'FM'[n % 2]},CV{1 + n % 9} {n % 10}AB,07700 9{n:05};07700 8{n:05},blue"
        )
        rows += [f"gp-{n},p{n},gp,{said}", f"school-{n},p{n},school,{said}"]
    return rows


@pytest.mark.slow
def test_a_file_of_ones_own_is_measured(tmp_path: Path) -> None:
    file = own(tmp_path, *families(300))
    done = CliRunner().invoke(
        cli, ["bench", "linkage", "--own", str(file), "--out", str(tmp_path / "out"), "--no-splink", "--json"]
    )
    assert done.exit_code in (0, 1), done.output
    assert "Columns that linking does not read: favourite_colour." in done.stderr
    figures = {one["name"]: one["value"] for one in json.loads(done.stdout)["figures"]}
    assert figures["identities of mine.csv"] == 600
    assert figures["F1 of what the machine linked into people"] > 0.95
    people = duckdb.sql(
        f"SELECT count(*), count(DISTINCT person) FROM '{tmp_path}/out/people.parquet'"
    ).fetchone()
    assert people is not None
    assert people[0] == 600
    assert 300 <= people[1] < 330
    again = CliRunner().invoke(cli, ["bench", "linkage", "--own", str(file), "--out", str(tmp_path / "out")])
    assert (again.exit_code, "is there already" in again.output) == (2, True)


@pytest.mark.slow
def test_where_splink_cannot_read_a_file_ours_is_measured_all_the_same(tmp_path: Path) -> None:
    header = HEADER.replace("born", "day_unread")
    done = CliRunner().invoke(
        cli, ["bench", "linkage", "--own", str(own(tmp_path, *families(300), header=header)), "--json"]
    )
    assert done.exit_code in (0, 1), done.output
    assert "Splink with its documented settings ended with an error on this file" in done.stderr
    names = {one["name"] for one in json.loads(done.stdout)["figures"]}
    assert "pair F1 at the best line" in names
    assert not [name for name in names if "Splink" in name]


def test_what_is_read_of_a_file_of_ones_own(tmp_path: Path) -> None:
    rows = ["a,p1,gp,Ann,Lamb,2012-03-03,F,CV1 2AB,1; 2;,red", "b,p1,school,Ann,Lamb,soon,,,,"]
    read = read_labelled(own(tmp_path, *rows), tmp_path / "read")
    assert (read.rows, read.unread, read.no_days) == (2, ("favourite_colour",), {"born": [3]})
    identities = duckdb.sql(
        f"SELECT id, born, phones, emails, address FROM '{tmp_path}/read/identities.parquet' ORDER BY id"
    ).fetchall()
    assert identities == [("a", date(2012, 3, 3), ["1", "2"], [], ""), ("b", None, [], [], "")]
    assert duckdb.sql(f"SELECT identity, person FROM '{tmp_path}/read/truth.parquet' ORDER BY identity").fetchall() == [
        ("a", "p1"), ("b", "p1")
    ]  # fmt: skip
    as_parquet = tmp_path / "mine.parquet"
    duckdb.sql(
        f"COPY (SELECT id, 'p' AS person, born, phones FROM '{tmp_path}/read/identities.parquet') TO '{as_parquet}'"
    )
    read_labelled(as_parquet, tmp_path / "again")
    assert duckdb.sql(
        f"SELECT born, phones FROM '{tmp_path}/again/identities.parquet' WHERE id = 'a'"
    ).fetchall() == [(date(2012, 3, 3), ["1", "2"])]


@pytest.mark.parametrize(
    ("rows", "header", "said"),
    [
        (["a,p1"], "id,who", "there is no column `person`"),
        (["a,p1"], "name,person", "there is no column `id`"),
        ([], "id,person", "has no rows below its header"),
        (["a,p1", "a,p2"], "id,person", "line 3, `id`: stands in line 2 too"),
        (["a,p1", ",p2"], "id,person", "line 3, `id`: empty"),
        (["a,p1", "b,"], "id,person", "line 3, `person`: empty"),
        (["a,p1", "b,p1,Secret"], "id,person", "line 3: more fields than the header has"),
    ],
)
def test_a_file_of_ones_own_that_is_refused(tmp_path: Path, rows: list[str], header: str, said: str) -> None:
    done = CliRunner().invoke(cli, ["bench", "linkage", "--own", str(own(tmp_path, *rows, header=header))])
    assert done.exit_code == 2
    assert said in done.output
    assert "Secret" not in done.output
