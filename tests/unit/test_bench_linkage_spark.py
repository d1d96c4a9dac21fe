"""The bench of linking on Spark tells figures only of sides that link alike."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wholechild.cli.bench_linkage import Ran
from wholechild.cli.bench_linkage_spark import Linked, NotTheSame, check_same

PAIRS = [("a", "b", 1, 2, 20.0, 1, 0), ("b", "c", 2, 3, 4.0, 3, 2)]
PEOPLE = [("a", "a"), ("b", "a"), ("c", "c")]


def side(folder: Path, pairs: list[tuple[object, ...]], people: list[tuple[str, str]]) -> Linked:
    folder.mkdir()
    for name, columns, rows in (
        ("pairs", ("one", "other", "l", "r", "weight", "level_given", "forbids"), pairs),
        ("people", ("id", "person"), people),
    ):
        table = pa.Table.from_pylist([dict(zip(columns, row, strict=True)) for row in rows])
        pq.write_table(table, folder / f"{name}.parquet")
    return Linked(folder, Ran(1.0, 1.0, 1.0, {"weigh": 1.0}))


def changed(row: int, place: int, value: object) -> list[tuple[object, ...]]:
    found = [list(pair) for pair in PAIRS]
    found[row][place] = value
    return [tuple(pair) for pair in found]


def test_sides_that_link_alike_have_so_many_pairs(tmp_path: Path) -> None:
    one = side(tmp_path / "one", PAIRS, PEOPLE)
    other = side(tmp_path / "other", [*reversed(changed(0, 4, 20.0 + 1e-10))], PEOPLE)
    assert check_same(one, other) == 2


@pytest.mark.parametrize(
    ("pairs", "people", "said"),
    [
        (PAIRS[:1], PEOPLE, "rows of pairs"),
        ([*PAIRS, PAIRS[0]], PEOPLE, "rows of pairs"),
        (changed(1, 5, 4), PEOPLE, "rows of pairs"),
        (changed(1, 6, 0), PEOPLE, "rows of pairs"),
        (changed(0, 4, 20.0 + 1e-6), PEOPLE, "weights"),
        (changed(0, 4, float("nan")), PEOPLE, "weights"),
        (PAIRS, [*PEOPLE[:2], ("c", "a")], "whose they are"),
    ],
)
def test_sides_that_do_not_are_refused(
    tmp_path: Path, pairs: list[tuple[object, ...]], people: list[tuple[str, str]], said: str
) -> None:
    with pytest.raises(NotTheSame, match=said):
        check_same(side(tmp_path / "one", PAIRS, PEOPLE), side(tmp_path / "other", pairs, people))
