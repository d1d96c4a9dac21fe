"""Names of people who never existed, as usual as they are in each community of England.

The table data/names.csv is made by scripts/derive_names.py from open counts; docs/reference/names.md says which.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Final

from wholechild.world.chance import Choice

FILE: Final = Path(__file__).with_name("data") / "names.csv"


@dataclass(frozen=True, slots=True)
class Community:
    """How one community names its people.

    Shape    `given` has a choice for (sex, decade of birth), or for (sex, "any"). `daughters` are endings that change
             in a daughter's family name.
    """

    id: str
    share: float
    language: str
    family: Choice[str]
    given: Mapping[tuple[str, str], Choice[str]]
    daughters: tuple[tuple[str, str], ...]

    def given_name(
        self, rng: Random, sex: str, born_in: int, taken: frozenset[str] | set[str] = frozenset()
    ) -> str:
        """A given name; not one of `taken`, which are the names of brothers and sisters."""
        choice = (
            self.given.get((sex, "any")) or self.given[sex, str(min(2020, max(1970, born_in // 10 * 10)))]
        )
        name = choice.draw(rng)
        for _ in range(20):
            if name not in taken:
                break
            name = choice.draw(rng)
        return name

    def family_name(self, rng: Random) -> str:
        return self.family.draw(rng)

    def borne_by(self, family_name: str, sex: str) -> str:
        """The form of a family name that a son or daughter bears: Kowalski, Kowalska; Singh, Kaur."""
        if self.id == "punjabi" and family_name in ("Singh", "Kaur"):
            return "Kaur" if sex == "F" else "Singh"
        for ending, other in self.daughters if sex == "F" else ():
            if family_name.endswith(ending):
                return family_name[: -len(ending)] + other
        return family_name


@dataclass(frozen=True, slots=True)
class Names:
    """Every community, and the spellings of one name that stand side by side in people's papers."""

    communities: Mapping[str, Community]
    by_share: Choice[str]
    spellings: Mapping[str, tuple[str, ...]]

    def community(self, rng: Random) -> Community:
        return self.communities[self.by_share.draw(rng)]

    def another_spelling(self, rng: Random, name: str) -> str:
        """The name in another usual spelling; the name itself where it has only one."""
        others = [other for other in self.spellings.get(name, ()) if other != name]
        return rng.choice(others) if others else name


@lru_cache(maxsize=1)
def names() -> Names:
    """The table of this release, read once."""
    tables: dict[str, dict[tuple[str, str, str], list[str]]] = {}
    spellings: dict[str, tuple[str, ...]] = {}
    with FILE.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            values = row["names"].split(";")
            if row["part"] == "spellings":
                spellings |= dict.fromkeys(values, tuple(values))
            else:
                tables.setdefault(row["community"], {})[row["part"], row["sex"], row["decade"]] = values
    communities = {name: _community(name, table) for name, table in tables.items()}
    return Names(communities, Choice({c.id: c.share for c in communities.values()}), spellings)


def _community(name: str, table: Mapping[tuple[str, str, str], list[str]]) -> Community:
    about = dict(_pair(text) for text in table["about", "", ""])
    return Community(
        id=name,
        share=float(about["share"]),
        language=about["language"],
        family=_weighted(table["family", "", ""]),
        given={
            (sex, decade): _weighted(names) for (part, sex, decade), names in table.items() if part == "given"
        },
        daughters=tuple((k[10:], v[1:]) for k, v in about.items() if k.startswith("daughter -")),
    )


def _weighted(entries: list[str]) -> Choice[str]:
    return Choice([(name, float(weight)) for name, weight in map(_pair, entries)])


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.rpartition(":")
    return name, value
