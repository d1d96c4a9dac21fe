"""Every page of the manual, on every engine: exact bounds, exact reasons."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import pytest

from tests.generative import columnar_engines
from tests.spec.spec_pages import Spec, in_words, specs
from wholechild.patterns.history import ChildHistory
from wholechild.patterns.intervals import Truth
from wholechild.patterns.language.nodes import Condition
from wholechild.patterns.library import engine_for

Engine = Callable[[ChildHistory, Condition, str], Truth]


SPECS = list(specs())


def on_duckdb(history: ChildHistory, condition: Condition, nation: str) -> Truth:
    return _all_pages_on_duckdb()[repr(history), repr(condition), nation]


@lru_cache(maxsize=1)
def _all_pages_on_duckdb() -> dict[tuple[str, str, str], Truth]:
    """Every page at once: those of one coverage and one nation are the children and the lessons of one area."""
    areas: dict[tuple[object, str], list[tuple[ChildHistory, Condition]]] = {}
    for spec in SPECS:
        history = spec.history()
        areas.setdefault((history.coverage, spec.nation), []).append((history, spec.condition))
    return {
        (repr(history), repr(condition), nation): truth
        for (_, nation), pages in areas.items()
        for (history, condition), truth in zip(pages, columnar_engines.of_pages(pages, nation), strict=True)
    }


#: Each engine answers the same question: this history, this condition, this nation's calendar. A new one is added here.
ENGINES: dict[str, Engine] = {
    "in_memory": lambda history, condition, nation: engine_for(history, nation).evaluate(condition),
    "duckdb": on_duckdb,
}


def _case(spec: Spec) -> Any:
    """A spec that names a known bug fails until the bug is mended; then the mark must go."""
    bug = spec.given.get("known_bug")
    marks = [pytest.mark.xfail(reason=str(bug), strict=True)] if bug else []
    return pytest.param(spec, marks=marks, id=f"{spec.page}: {spec.says}")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("spec", [_case(spec) for spec in SPECS])
def test_a_page_means_what_it_says(spec: Spec, engine: str) -> None:
    truth = ENGINES[engine](spec.history(), spec.condition, spec.nation)
    holds, cannot_tell = in_words(spec.asked(truth))
    assert {"holds": holds, "cannot_tell": cannot_tell} == {
        "holds": spec.holds,
        "cannot_tell": spec.cannot_tell,
    }


def test_the_manual_is_long_enough_and_says_nothing_twice() -> None:
    assert len(SPECS) >= 120
    said = [(spec.page, spec.says) for spec in SPECS]
    assert len(set(said)) == len(said)
