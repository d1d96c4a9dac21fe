"""How many pairs of a table are one person's and how many kin's, learnt without labels, and compared with the truth of a synthetic population."""

from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import combinations
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from wholechild.people.batch import tables
from wholechild.people.batch.prior import KIN_PER_MATCH, learnt_prior
from wholechild.people.comparing.artefact import default_artefact
from wholechild.people.comparing.standardising import Raw
from wholechild.world.population.writing import Plan, write


def learnt(folder: Path, identities: Path, before: tuple[float, ...] = KIN_PER_MATCH) -> tuple[float, ...]:
    """The share of pairs that are one person's, and for each of them how many are twins', siblings', parents'."""
    folder.mkdir()
    connection = tables.workbench(folder)
    tables.read_raw(connection, identities)
    tables.standardise_all(connection)
    found = learnt_prior(connection, default_artefact().comparisons, default_artefact().prior, before)
    return (found.match, *(kin / found.match for kin in found.kin))


@pytest.fixture(scope="module")
def population(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("population")
    for _ in write(Plan(4_000, 11, "usual"), folder):
        pass
    return folder


def pairs_in(population: Path) -> tuple[float, float, float]:
    """The share of pairs that are one person's; for each, those of one household and birthday, and of one with other birthdays."""
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
    many = len(truth["person"])
    twins, others = (sum(n for n, alike in pairs if alike is which) / one for which in (True, False))
    return one / (many * (many - 1) / 2), twins, others


@pytest.mark.parametrize("before", [KIN_PER_MATCH, (0.3, 0.5, 0.5)])
def test_as_many_twins_brothers_and_sisters_as_there_are(
    population: Path, tmp_path: Path, before: tuple[float, ...]
) -> None:
    one, twins, others = pairs_in(population)
    match, twin, sibling, parent = learnt(tmp_path / "w", population / "identities.parquet", before)
    assert match == pytest.approx(one, rel=0.15)
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
    _, twin, sibling, _ = learnt(tmp_path / "w", tmp_path / "alone.parquet")
    assert twin < 0.02
    assert sibling < 0.4


def test_a_table_without_postcodes_says_nothing_anew(tmp_path: Path) -> None:
    tables.write_raw(
        tmp_path / "few.parquet", [Raw(id="a", given_names="Amy"), Raw(id="b", given_names="Ben")]
    )
    held = (default_artefact().prior.match, *KIN_PER_MATCH)
    assert learnt(tmp_path / "w", tmp_path / "few.parquet") == pytest.approx(held)


def test_more_twins_than_are_born_are_not_believed(tmp_path: Path) -> None:
    """Two records of each of 400 people, whom a careless list gives one of ten homes and birthdays: these are no twins."""
    rows = [
        Raw(
            id=f"{agency}-{n}", agency=agency, given_names=GIVEN[n // 20], family_name=f"{FAMILY[n % 20]}son",
            born=date(2010 + n % 10, 3, 4), postcode=f"CV{1 + n % 10} 2AB",
        )
        for n in range(400)
        for agency in ("gp", "school")
    ]  # fmt: skip
    tables.write_raw(tmp_path / "careless.parquet", rows)
    match, twin, _, _ = learnt(tmp_path / "w", tmp_path / "careless.parquet")
    pairs = 800 * 799 / 2
    assert 300 < match * pairs < 900
    assert (
        twin * match * pairs < 0.03 * 800 * 3
    )  # of three records each at most; the list looks as if there were thousands


GIVEN = "Amina Zoya Peter Marek Lena Oskar Dilys Rhys Kofi Wei Priya Jakub Aaliyah Ruby Niamh Sunita Carlos Bogdan Yusuf Tomos".split()
FAMILY = "Bar Cal Dan Eld Fin Gor Hal Ing Jon Ken Lam Mor Nor Oll Pet Rob Sam Tom Will Yar".split()
