"""How many kin a table holds, learnt without labels, and compared with the truth of a synthetic population."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from wholechild.people.batch import tables
from wholechild.people.batch.kinship import kin_per_match
from wholechild.people.batch.training import KIN_PER_MATCH
from wholechild.people.comparing.artefact import default_artefact
from wholechild.world.population.writing import Plan, write

CHANCES = default_artefact().comparisons


def learnt(folder: Path, identities: Path, before: tuple[float, ...] = KIN_PER_MATCH) -> tuple[float, ...]:
    folder.mkdir()
    connection = tables.workbench(folder)
    tables.read_raw(connection, identities)
    tables.standardise_all(connection)
    return kin_per_match(connection, CHANCES, before)


@pytest.fixture(scope="module")
def population(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("population")
    for _ in write(Plan(4_000, 11, "usual"), folder):
        pass
    return folder


def kin_in(population: Path) -> tuple[float, float]:
    """Pairs of one household and birthday, and of one household and other birthdays, for each pair of one person."""
    born = dict(
        zip(
            *pq.read_table(population / "people.parquet", columns=["person", "born"]).to_pydict().values(),
            strict=True,
        )
    )
    truth = pq.read_table(population / "truth.parquet", columns=["person", "household"]).to_pydict()
    homes: dict[str, Counter[str]] = {}
    for person, home in zip(truth["person"], truth["household"], strict=True):
        homes.setdefault(home, Counter())[person] += 1
    one = sum(n * (n - 1) / 2 for people in homes.values() for n in people.values())
    pairs = [
        (people[a] * people[b], born[a] == born[b])
        for people in homes.values()
        for a, b in combinations(people, 2)
    ]
    return sum(n for n, twins in pairs if twins) / one, sum(n for n, twins in pairs if not twins) / one


@pytest.mark.parametrize("before", [KIN_PER_MATCH, (0.3, 0.5, 0.5)])
def test_as_many_twins_brothers_and_sisters_as_there_are(
    population: Path, tmp_path: Path, before: tuple[float, ...]
) -> None:
    twins, others = kin_in(population)
    twin, sibling, parent = learnt(tmp_path / "w", population / "identities.parquet", before)
    assert twin == pytest.approx(twins, rel=0.5)
    assert sibling + parent == pytest.approx(others, rel=0.3)


def test_where_each_family_sends_one_hardly_any(population: Path, tmp_path: Path) -> None:
    truth = pq.read_table(
        population / "truth.parquet", columns=["identity", "person", "household"]
    ).to_pydict()
    first: dict[str, str] = {}
    alone = [i for i, p, h in zip(*truth.values(), strict=True) if first.setdefault(h, p) == p]
    identities = pq.read_table(population / "identities.parquet")
    pq.write_table(identities.filter(pc.is_in(identities["id"], pa.array(alone))), tmp_path / "alone.parquet")
    twin, sibling, _ = learnt(tmp_path / "w", tmp_path / "alone.parquet")
    assert twin < 0.02
    assert sibling < 0.4


def test_a_table_without_postcodes_says_nothing_anew(tmp_path: Path) -> None:
    from wholechild.people.comparing.standardising import Raw

    tables.write_raw(
        tmp_path / "few.parquet", [Raw(id="a", given_names="Amy"), Raw(id="b", given_names="Ben")]
    )
    assert learnt(tmp_path / "w", tmp_path / "few.parquet") == pytest.approx(KIN_PER_MATCH)
