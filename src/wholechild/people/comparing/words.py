"""What a comparison of two identities found, in words that a reviewer reads. Plain, and never a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from wholechild.people.comparing.weighed import Contribution

#: comparison or rule -> (what it is called, the fields of the two identities that it reads)
_TITLES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "given": ("First name", ("given",)),
    "family": ("Family name", ("family",)),
    "middle": ("Middle names", ("given", "other_names")),
    "born": ("Date of birth", ("born",)),
    "sex": ("Sex", ("sex",)),
    "home": ("Home", ("postcode", "address", "uprn")),
    "contact": ("Telephone and email", ("phones", "emails")),
    "nhs_number": ("NHS number", ("nhs_number",)),
    "upn": ("Pupil number", ("upn",)),
    "local_id": ("Ids that agencies share", ("local_ids",)),
    "agency": ("Who sent them", ()),
    "household": ("Could they be from one family?", ()),
    "prior": ("Before anything is compared", ()),
}

_SENTENCES: Final[Mapping[tuple[str, str], str]] = {
    ("prior", ""): "Two records taken at random are hardly ever about one person.",
    ("given", "same"): "The first names are the same.",
    ("given", "reversed"): "First name and family name have changed places.",
    ("given", "variant"): "The first names are two forms of one name, or sound the same.",
    ("given", "near"): "The first names are nearly the same.",
    ("given", "elsewhere"): "The first name of one is a middle name or another name of the other.",
    ("given", "initial"): "One has only a letter, and it is the first letter of the other’s name.",
    ("given", "far"): "The first names are a little alike.",
    ("given", "different"): "The first names are different.",
    ("family", "same"): "The family names are the same.",
    ("family", "part"): "One family name is a part of the other, or a former name.",
    ("family", "variant"): "The family names sound the same.",
    ("family", "near"): "The family names are nearly the same.",
    ("family", "far"): "The family names are a little alike.",
    ("family", "different"): "The family names are different.",
    ("middle", "shared"): "They share a middle name.",
    ("middle", "initial"): "A middle name begins with the same letter.",
    ("middle", "different"): "The middle names are different.",
    ("born", "same"): "The birthdays are the same.",
    ("born", "swapped"): "The birthdays are the same but day and month are swapped.",
    ("born", "one_digit"): "The birthdays differ by one digit, as in a slip of the pen.",
    ("born", "one_field"): "The birthdays differ in the day, the month or the year only.",
    ("born", "year_only"): "One is 1 January of the same year, as where nobody knew the day.",
    ("born", "within_month"): "The birthdays are less than a month apart.",
    ("born", "different"): "The birthdays are different.",
    ("sex", "same"): "Both are put down as the same sex.",
    ("sex", "different"): "One is put down as a girl and one as a boy.",
    ("home", "same_home"): "Both are at the same address.",
    ("home", "same_postcode"): "The postcodes are the same.",
    ("home", "same_address"): "The addresses are alike, and the postcodes are not.",
    ("home", "earlier"): "One lives where the other lived before.",
    ("home", "near_postcode"): "The postcodes differ by one letter or digit.",
    ("home", "same_area"): "The homes are in one neighbourhood.",
    ("home", "different"): "The homes are in different places.",
    ("contact", "shared"): "They share a telephone number or an email address.",
    ("contact", "different"): "The telephone numbers and email addresses are different.",
    ("nhs_number", "same"): "The NHS numbers are the same.",
    ("nhs_number", "near"): "The NHS numbers differ by a slip: one of the two cannot be right.",
    ("nhs_number", "different"): "The NHS numbers are different.",
    ("upn", "same"): "The pupil numbers are the same.",
    ("upn", "different"): "The pupil numbers are different.",
    ("local_id", "same"): "An id that agencies pass on to each other is the same.",
    (
        "local_id",
        "near",
    ): "The ids that agencies pass on to each other differ by a slip, or are next to each other.",
    ("local_id", "different"): "The ids that agencies pass on to each other are different.",
    ("agency", "other"): "Two agencies sent them.",
    ("agency", "same"): "One agency sent both, and an agency seldom has the same person twice.",
    ("household", "twin"): "If they are two people, they could be twins.",
    ("household", "sibling"): "If they are two people, they could be brothers or sisters.",
    ("household", "parent"): "If they are two people, they could be a parent and a child.",
}


@dataclass(frozen=True, slots=True)
class Said:
    """One contribution in words: what was compared, what was found, and how far it speaks for or against one person.

    Shape    `fields` are the fields of the identities that it reads; `towards` is `for`, `against` or `neither`.
    """

    title: str
    sentence: str
    strength: str
    towards: str
    bits: float
    fields: tuple[str, ...]


def in_words(contribution: Contribution) -> Said:
    """A contribution in words; one that this release does not know is named by its own name, and said to be so."""
    title, fields = _TITLES.get(contribution.field, (contribution.field.replace("_", " ").capitalize(), ()))
    strength, towards = _strength(contribution.bits)
    return Said(
        title, sentence(contribution.field, contribution.level), strength, towards, contribution.bits, fields
    )


def sentence(field: str, level: str) -> str:
    """What one level of one comparison found."""
    known = _SENTENCES.get((field, level))
    title = _TITLES.get(field, (field.replace("_", " ").capitalize(), ()))[0]
    return known or f"{title} was compared: {level.replace('_', ' ') or 'no more is known'}."


def is_known(field: str, level: str) -> bool:
    """Whether this level has a sentence of its own."""
    return (field, level) in _SENTENCES


#: bits, from the most to the least -> how strongly it speaks
_STRENGTHS: Final = ((8.0, "very strongly"), (4.0, "strongly"), (1.0, "a little"))


def _strength(bits: float) -> tuple[str, str]:
    """(`Speaks strongly for one person`, `for`)."""
    how = next((words for least, words in _STRENGTHS if abs(bits) >= least), "")
    if not how:
        return "Says hardly anything either way", "neither"
    return (
        (f"Speaks {how} for one person", "for") if bits > 0 else (f"Speaks {how} for two people", "against")
    )
