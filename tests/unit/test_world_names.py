"""Names of every large community, as usual as they are, and the forms that daughters and papers give them."""

from __future__ import annotations

import importlib.util
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from wholechild.world.figures import tables
from wholechild.world.growth import median_weight
from wholechild.world.names import FILE, names
from wholechild.world.rates import rates

ROOT = Path(__file__).resolve().parents[2]
LARGE = (
    "english welsh scottish irish traveller polish romanian portuguese brazilian turkish kurdish pakistani bangladeshi punjabi gujarati "
    "north_indian south_indian_tamil chinese vietnamese nigerian ghanaian somali caribbean arab afghan albanian"
).split()


@pytest.mark.parametrize("community", LARGE)
def test_every_large_community_has_names_for_everybody(community: str) -> None:
    found = names().communities[community]
    rng = Random(1)
    for sex in "MF":
        for decade in (1970, 1985, 1999, 2008, 2015, 2024):
            assert found.given_name(rng, sex, decade)
    assert found.family_name(rng)
    assert found.share > 0


def test_the_table_is_small() -> None:
    assert FILE.stat().st_size <= 150_000


def test_communities_come_as_often_as_their_share() -> None:
    rng, shares = Random(7), {c.id: c.share for c in names().communities.values()}
    drawn = Counter(names().community(rng).id for _ in range(30_000))
    for community in ("english", "pakistani", "polish", "nigerian"):
        assert drawn[community] / 30_000 == pytest.approx(shares[community] / sum(shares.values()), rel=0.15)


def test_usual_names_come_more_often() -> None:
    rng, english = Random(3), names().communities["english"]
    drawn = Counter(english.given_name(rng, "M", 2014) for _ in range(5_000))
    assert drawn["Oliver"] > 3 * drawn["Frank"]


@pytest.mark.parametrize(
    ("community", "name", "daughter", "son"),
    [("polish", "Kowalski", "Kowalska", "Kowalski"), ("punjabi", "Singh", "Kaur", "Singh"), ("bulgarian", "Ivanov", "Ivanova", "Ivanov"),
     ("english", "Smith", "Smith", "Smith")],
)  # fmt: skip
def test_a_family_name_takes_the_form_of_its_bearer(
    community: str, name: str, daughter: str, son: str
) -> None:
    found = names().communities[community]
    assert (found.borne_by(name, "F"), found.borne_by(name, "M")) == (daughter, son)


def test_one_name_has_several_spellings() -> None:
    rng = Random(0)
    others = {names().another_spelling(rng, "Mohammed") for _ in range(200)}
    assert {"Muhammad", "Mohammad"} <= others
    assert "Mohammed" not in others
    assert names().another_spelling(rng, "Gwenllian") == "Gwenllian"


def test_the_table_is_what_the_open_counts_give() -> None:
    source = ROOT.parent / "shared/data/names"
    if not source.is_dir():
        pytest.skip(
            "the open counts of names are not beside this repository; the committed table is used as it is"
        )
    spec = importlib.util.spec_from_file_location("derive_names", ROOT / "scripts/derive_names.py")
    assert spec is not None
    assert spec.loader is not None
    derive = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(derive)
    assert derive.table(source) == FILE.read_text(encoding="utf-8")


def test_the_page_says_what_the_figures_say() -> None:
    page = (ROOT / "docs/explanation/the-ordinary-area.md").read_text(encoding="utf-8")
    between = page.partition("<!-- figures:begin -->\n")[2].partition("<!-- figures:end -->")[0]
    assert between == tables(rates())


@pytest.mark.parametrize("sex", ["M", "F"])
def test_children_grow(sex: str) -> None:
    weights = [median_weight(sex, months) for months in range(216)]
    assert weights == sorted(weights)
    assert 3 < weights[0] < 4
    assert 50 < weights[-1] < 70
