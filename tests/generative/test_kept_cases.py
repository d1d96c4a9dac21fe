"""Small cases that told a mistake from the truth once, tried for ever; each is a file of kept/."""

from __future__ import annotations

import pytest

from tests.generative.batches import one, reference
from tests.generative.columnar_engines import on_duckdb
from tests.generative.kept_cases import KEPT


@pytest.mark.parametrize("case", KEPT)
def test_the_engines_say_the_same(case: str) -> None:
    history, condition = KEPT[case]
    assert one(history, condition, on_duckdb) == reference(history, condition)
