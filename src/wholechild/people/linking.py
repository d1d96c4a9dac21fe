"""Links as values: on what evidence an identity is a person, and in which words. Never what agreed, only that it did."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from wholechild.people.comparing.identity import Identity
from wholechild.people.comparing.standardising import sound_nhs_number
from wholechild.people.comparing.weighed import Weighed

#: A sender says so.
DECLARED: Final = "declared"
#: Number and birthday, or name, birthday and home, agree to the letter.
EXACT: Final = "exact_agreement"
#: The weight says so.
PROBABLE: Final = "probable"
#: A person decided it.
CONFIRMED: Final = "confirmed"
#: The first identity of a person.
OWN: Final = "own"


@dataclass(frozen=True, slots=True)
class NewLink:
    """An identity is a person, by which evidence; `grounds` names what agreed and with which identity, never values."""

    identity: str
    person: str
    evidence: str
    grounds: dict[str, object] = field(default_factory=dict)


def agreement(one: Identity, other: Identity) -> str:
    """What of two identities agrees to the letter and is enough by itself, in words; empty where nothing is."""
    if one.born is None or one.born != other.born:
        return ""
    if one.nhs_number and one.nhs_number == other.nhs_number and sound_nhs_number(one.nhs_number):
        return "NHS number and date of birth"
    here, there = (one.given, one.family, one.postcode), (other.given, other.family, other.postcode)
    return "name, date of birth and postcode" if all(here) and here == there else ""


def by_weight(pair: Weighed, one: Identity, other: Identity, artefact: str) -> tuple[str, dict[str, object]]:
    """The evidence and the grounds of a link that a pair's weight makes: `one` is who is linked, `other` whom it is tied to."""
    exact = agreement(one, other)
    agreed = exact or in_words(said.field for said in pair.contributions if said.bits > 0)
    grounds = {"agreed": agreed, "with": other.id, "weight": round(pair.weight, 6), "artefact": artefact}
    return (EXACT if exact else PROBABLE), grounds


def in_words(names: Iterable[str]) -> str:
    """`born, given and home`."""
    listed = sorted(names)
    return " and ".join([", ".join(listed[:-1]), listed[-1]] if len(listed) > 1 else listed)
