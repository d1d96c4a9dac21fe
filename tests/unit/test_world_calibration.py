"""The ordinary area lives at the published rates: measured again, from the records that it sends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from wholechild.world import area as area_module
from wholechild.world.area import Made, Plan, make
from wholechild.world.observed import Found
from wholechild.world.rates import STANDINGS, Rates, rates

Measure = Callable[[int, Rates | None], dict[str, Found]]
MEASURED = [rate.id for rate in rates() if rate.tolerance is not None]


@pytest.fixture(scope="module")
def area(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """4,000 children over five years."""
    return _made(tmp_path_factory.mktemp("area"), 4_000)


def _made(folder: Path, children: int, figures: Rates | None = None) -> Made:
    *_, made = make(Plan(children, seed=20), folder, figures)
    return made


def test_every_figure_has_a_source_a_unit_and_a_standing() -> None:
    for rate in rates():
        assert rate.source, rate.id
        assert rate.unit, rate.id
        assert rate.standing in STANDINGS, rate.id


def test_what_is_only_assumed_says_that_it_is_ours() -> None:
    for rate in rates():
        if rate.source.startswith("Ours"):
            assert rate.standing == "assumed", rate.id


def test_every_figure_is_used() -> None:
    """A figure that nothing reads would be a promise that nobody keeps."""
    room = Path(area_module.__file__).parent
    source = "".join(path.read_text(encoding="utf-8") for path in room.rglob("*.py"))
    assert [rate.id for rate in rates() if f'"{rate.id}"' not in source] == []


@pytest.mark.parametrize("rate", MEASURED)
def test_the_area_lives_at_the_published_rate(area: Made, rate: str) -> None:
    found = {one.rate: one for one in area.observed.report()}[rate]
    assert found.within, (
        f"{found.title}: {found.found:.2f} here, {found.published:.2f} published ({found.unit}); "
        f"standard error {found.error:.2f}, tolerance {found.tolerance:.0%}"
    )


@pytest.mark.parametrize(
    ("rate", "wrong"),
    [
        ("fractures", {0: 52, 1: 150, 5: 260, 10: 560, 16: 400}),
        ("was_not_brought", 25),
        ("persistent_absence", 40),
        ("domestic_abuse_children", 200),
        ("immunised_by_12_months", 80),
    ],
)
def test_a_wrong_rate_is_noticed(tmp_path: Path, rate: str, wrong: object) -> None:
    """The check can fail: set to another rate, the area is outside what the published one allows."""
    made = _made(tmp_path, 1_500, rates().with_input(rate, wrong))
    outside = {one.rate for one in made.observed.report() if not one.within}
    assert rate in outside


def test_the_area_is_lean(area: Made) -> None:
    assert area.children == 4_000
    assert area.records / area.children < 45


def test_troubles_gather_in_few_families(area: Made) -> None:
    """Without this, lessons that need several services would look too quiet."""
    referrals = area.observed.sums["referrals"]
    scattered = referrals.n  # if each referral stood alone, squares and counts would agree
    assert referrals.nn > 3 * scattered
