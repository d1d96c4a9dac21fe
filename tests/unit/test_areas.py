"""In which nation an area lies."""

from __future__ import annotations

import pytest
import yaml

from wholechild.vocabulary.areas import FILE, nation_of


@pytest.mark.parametrize(
    ("area", "nation"),
    [
        ("Cardiff", "wales"), ("cardiff council", "wales"), ("City and County of Swansea", "wales"), ("Ynys Mon", "wales"),
        ("Wrexham County Borough Council", "wales"), ("Argyll & Bute", "scotland"), ("Glasgow", "scotland"),
        ("Perth and Kinross Council", "scotland"), ("Armagh City, Banbridge & Craigavon", "northern_ireland"),
        ("Coventry", "england"), ("Northmoor", "england"), ("", "england"), ("Newport Pagnell", "england"),
    ],
)  # fmt: skip
def test_an_area_lies_in_its_nation_by_any_of_its_names(area: str, nation: str) -> None:
    assert nation_of(area) == nation


def test_every_authority_of_the_three_nations_is_listed_once() -> None:
    said = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    assert {nation: len(set(listed["areas"])) for nation, listed in said.items()} == {
        "wales": 22, "scotland": 32, "northern_ireland": 11,
    }  # fmt: skip
    everywhere = [name for listed in said.values() for name in listed["areas"]]
    assert len(everywhere) == len(set(everywhere))
