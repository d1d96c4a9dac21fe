"""Every level of every comparison has words of its own, and no words say a value."""

from __future__ import annotations

import importlib

import pytest

from wholechild.people.comparing.weighed import Contribution
from wholechild.people.comparing.words import in_words, is_known, sentence


def test_every_level_of_every_comparison_has_words() -> None:
    levels = pytest.importorskip("wholechild.people.comparing.levels").LEVELS
    artefact = importlib.import_module("wholechild.people.comparing.artefact")
    assert levels
    assert [(f, level) for f, several in levels.items() for level in several if not is_known(f, level)] == []
    trained = artefact.default_artefact().comparisons
    assert [(f, level) for f, several in trained.items() for level in several if not is_known(f, level)] == []
    assert [kin for kin in artefact.KIN if not is_known("household", kin)] == []
    assert is_known("prior", "")


def test_a_level_that_is_not_known_is_said_to_be_compared() -> None:
    assert sentence("shoe_size", "one_off") == "Shoe size was compared: one off."
    said = in_words(Contribution("shoe_size", "", 0.2))
    assert (said.title, said.sentence) == ("Shoe size", "Shoe size was compared: no more is known.")


@pytest.mark.parametrize(
    ("bits", "strength", "towards"),
    [
        (9.0, "Speaks very strongly for one person", "for"),
        (4.0, "Speaks strongly for one person", "for"),
        (1.5, "Speaks a little for one person", "for"),
        (0.4, "Says hardly anything either way", "neither"),
        (-0.4, "Says hardly anything either way", "neither"),
        (-4.5, "Speaks strongly for two people", "against"),
        (-20.0, "Speaks very strongly for two people", "against"),
    ],
)
def test_how_strongly_it_speaks(bits: float, strength: str, towards: str) -> None:
    said = in_words(Contribution("born", "swapped", bits))
    assert said.sentence == "The birthdays are the same but day and month are swapped."
    assert (said.strength, said.towards) == (strength, towards)
