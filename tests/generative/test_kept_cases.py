"""Small cases that told a mistake from the truth once, tried for ever; each is a file of kept/."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.generative.batches import Batch, differences, one, reference
from tests.generative.columnar_engines import on_duckdb
from tests.generative.kept_cases import KEPT


@pytest.mark.parametrize("case", KEPT)
def test_the_engines_say_the_same(case: str) -> None:
    history, condition = KEPT[case]
    assert one(history, condition, on_duckdb) == reference(history, condition)


def test_any_is_asked_of_the_children_of_each_part() -> None:
    """One child holds by the first part, the other by the second: neither is lost with the other beside it."""
    second, condition = KEPT["any-by-its-second-part"]
    first = replace(second, observations=(replace(second.observations[0], kind="bruise"),))
    both = Batch(tuple(replace(h, child=f"c{i}") for i, h in enumerate((first, second))), (condition,))
    assert all(reference(history, condition).truth.holds for history in both.histories)
    assert list(differences(both, on_duckdb)) == []
