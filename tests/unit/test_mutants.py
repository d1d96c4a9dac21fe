"""The list of deliberate mistakes still fits the source. Whether the tests notice them: `python scripts/mutants.py`."""

from __future__ import annotations

import pytest

from scripts.mutants import PACKAGE, ROOT, Mutant, mutants, times_found

MUTANTS = mutants()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_old_text_stands_exactly_once_and_the_new_one_is_python(mutant: Mutant) -> None:
    assert times_found(mutant) == 1
    assert mutant.old != mutant.new
    assert mutant.breaks
    assert all((ROOT / test).exists() for test in mutant.tests.split())
    source = (PACKAGE / mutant.file).read_text(encoding="utf-8")
    compile(source.replace(mutant.old, mutant.new), mutant.file, "exec")


def test_there_are_enough_and_each_has_its_own_name() -> None:
    assert len(MUTANTS) >= 30
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
