"""What a trained model has that another has not, and the file that it learns from."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from wholechild.people.batch.learnt import changed_weights, learnt_fields
from wholechild.people.batch.tables import read_raw, workbench, write_raw
from wholechild.people.comparing.artefact import Artefact, Chances, Prior, default_artefact
from wholechild.people.comparing.standardising import Raw

BEFORE = default_artefact()


def taught(field: str, level: str, match: float) -> Artefact:
    old = BEFORE.comparisons[field][level]
    levels = {**BEFORE.comparisons[field], level: Chances(match, old.stranger, old.kin)}
    return replace(BEFORE, comparisons={**BEFORE.comparisons, field: levels})


def test_what_was_learnt_and_what_weighs_otherwise() -> None:
    old = BEFORE.comparisons["home"]["same_postcode"].match
    after = taught("home", "same_postcode", old / 2)
    assert learnt_fields(BEFORE, after) == ("home",)
    (one,) = changed_weights(BEFORE, after)
    assert (one.field, one.level, one.by) == ("home", "same_postcode", pytest.approx(-1.0))
    assert learnt_fields(BEFORE, BEFORE) == ()
    assert changed_weights(BEFORE, BEFORE) == []


def test_how_usual_links_are_is_told_too_and_the_largest_change_comes_first() -> None:
    after = replace(
        taught("sex", "same", BEFORE.comparisons["sex"]["same"].match / 2),
        prior=Prior(0.01, BEFORE.prior.kin),
    )
    assert [one.field for one in changed_weights(BEFORE, after)] == ["prior", "sex"]
    assert learnt_fields(BEFORE, after) == ("sex",)


def test_that_a_least_chance_was_set_is_not_learning() -> None:
    last = BEFORE.comparisons["upn"]["different"].match
    assert learnt_fields(BEFORE, taught("upn", "different", last * 2)) == ()


def test_the_file_that_is_learnt_from_holds_what_agencies_say(tmp_path: Path) -> None:
    raw = [
        Raw("who-2", agency="gp", given_names="Ann", born=date(2012, 3, 3), phones=("1", "2"), local_ids=("x:1",)),
        Raw("who-1", agency="school", family_name="O'Neill", died=date(2020, 1, 2)),
    ]  # fmt: skip
    assert write_raw(tmp_path / "raw.parquet", iter(raw)) == 2
    with workbench(tmp_path) as connection:
        read_raw(connection, tmp_path / "raw.parquet")
        found = connection.execute(
            "SELECT id, given_names, family_name, born, died, phones, local_ids FROM raw ORDER BY n"
        ).fetchall()
    assert found == [
        ("who-1", "", "O'Neill", None, date(2020, 1, 2), [], []),
        ("who-2", "Ann", "", date(2012, 3, 3), None, ["1", "2"], ["x:1"]),
    ]
