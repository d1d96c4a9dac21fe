"""What Spark compares of an identity is what DuckDB compares, column by column; Spark itself is not needed to see that."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from tests.unit.test_batch_linking import raws, write
from wholechild.people.batch.conditions import COLUMNS, LISTS
from wholechild.people.batch.predicting import prepare_to_weigh
from wholechild.people.batch.spark import columns_of
from wholechild.people.batch.tables import read_raw, standardise_all, workbench
from wholechild.people.comparing.artefact import default_artefact, digest, loads
from wholechild.people.comparing.keys import blocking_keys
from wholechild.people.comparing.standardising import standardise

SHARED = ("447700900124", "9434765919", "100070123456", "x:12", "H801200001002")


@pytest.mark.parametrize("shared", [(), SHARED])
def test_an_identity_is_compared_by_the_same_columns(tmp_path: Path, shared: tuple[str, ...]) -> None:
    everybody = raws()
    digests = ", ".join(f'"{digest(value)}"' for value in shared)
    artefact = loads(default_artefact().dumps().replace('"shared":[]', f'"shared":[{digests}]'))
    connection = workbench(tmp_path)
    read_raw(connection, write(everybody, tmp_path / "raw.parquet"))
    standardise_all(connection)
    prepare_to_weigh(connection, artefact)
    columns = [*COLUMNS, "given_share", "family_share", "born_share"]
    rows = connection.execute(f"SELECT id, {', '.join(columns)} FROM compared").fetchall()
    expected = {row[0]: dict(zip(columns, row[1:], strict=True)) for row in rows}
    for raw in everybody:
        found = columns_of(artefact, asdict(raw) | {"place": 7})
        assert (found["keys"], found["place"]) == (blocking_keys(standardise(raw)), 7)
        for column in columns:
            said = found[column if column.endswith("_share") else f"compared_{column}"]
            wanted = expected[raw.id][column]
            assert (sorted(said) if column in LISTS else said) == (
                sorted(wanted) if column in LISTS else wanted
            ), column
