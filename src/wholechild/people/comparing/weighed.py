"""What came of comparing two identities: a weight in bits, field by field, and one of three zones."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import Final


class Zone(StrEnum):
    """What a comparison says by itself. Only `SAME` may be linked by machine; `POSSIBLE` is for a person to decide.

    `FAINT` is possible too, and shown as that; but as so few of them are one person, nobody is asked to look.
    """

    SAME = "same"
    POSSIBLE = "possible"
    FAINT = "faint"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one field, or one rule about the two, adds to the weight.

    Shape    `field` is the name of a comparison or rule, `level` the name of the level that held, `bits` the base-2
             logarithm of how much more often that level is seen between records of one person than of two.
    """

    field: str
    level: str
    bits: float


@dataclass(frozen=True, slots=True)
class Weighed:
    """Two identities, weighed. `one` sorts before `other`.

    Shape    `weight` is the prior and all contributions in bits. `forbids` says in words why no machine may link the two,
             whatever their weight; then the zone is at most `POSSIBLE`.
    Missing  an empty `forbids`: nothing forbids it.
    """

    one: str
    other: str
    weight: float
    contributions: tuple[Contribution, ...]
    zone: Zone
    forbids: str = ""

    def level(self, field: str) -> str:
        """How the two agree in a field; empty where one of them lacks it."""
        return next((said.level for said in self.contributions if said.field == field), "")


@dataclass(frozen=True, slots=True)
class LowerLines:
    """From how much on two are linked whom nobody else comes near (`settle` in clustering.py).

    Units    bits: where both have a first name, and where one of them has none.
    Missing  not said: never.
    """

    unrivalled: float = inf
    nameless: float = inf


NEVER: Final = LowerLines()
