"""Traits of children for asking whether a lesson is fair: they go into the truth and never into a feed.

Each is drawn from a stream of its own. Their joint distribution follows what is published (data/traits.yaml): ethnicity
goes with the names, deprivation with ethnicity and with the neighbourhood, disability with special educational need.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from statistics import NormalDist
from typing import Final

from wholechild.world.chance import stream
from wholechild.world.people import Child, Family
from wholechild.world.trajectories.reading import TraitFigures, traits_figures

_NORMAL: Final = NormalDist()


@dataclass(frozen=True, slots=True)
class Traits:
    """What the truth says of one child.

    Shape    `name_origin` is a community of data/names.csv; `deprivation_decile` is 1 for the most deprived tenth of
             England's neighbourhoods to 10 for the least; `sex` is female or male.
    """

    name_origin: str
    ethnicity: str
    disability: bool
    deprivation_decile: int
    sex: str
    year_of_birth: int

    def by_name(self) -> dict[str, str]:
        """As the differences of data/common.yaml name them."""
        return {
            "ethnicity": self.ethnicity, "disability": "yes" if self.disability else "no",
            "deprivation": str(self.deprivation_decile), "name_origin": self.name_origin, "sex": self.sex,
        }  # fmt: skip


class TraitMaker:
    """Draws the traits of the children of one family at a time."""

    def __init__(self, seed: int, neighbourhoods: int, figures: TraitFigures | None = None) -> None:
        figures = figures or traits_figures()
        self.seed, self.neighbourhoods, self.follows = seed, neighbourhoods, figures.neighbourhood
        self.groups = figures.group_of
        self.shift = {group: _shift(one.value / 100) for group, one in figures.most_deprived_tenth.items()}
        self.disabled = {need: share / 100 for need, share in figures.disabled_by_need.items()}

    def of(self, family: Family) -> dict[int, Traits]:
        """The traits of each child, by its place in the family."""
        rng = stream(self.seed, family.number, "traits")
        street, area = rng.random(), rng.gauss(0.0, 1.0)
        found: dict[int, Traits] = {}
        for child in family.children:
            ethnicity = self.ethnicity(family, child)
            disabled = stream(self.seed, family.number, f"disability {child.place}").random()
            found[child.place] = Traits(
                name_origin=family.community.id, ethnicity=ethnicity,
                disability=disabled < self.disabled[child.need or "none"],
                deprivation_decile=self._decile(family, ethnicity, street, area), sex=_SEX[child.sex], year_of_birth=_year(child),
            )  # fmt: skip
        return found

    def ethnicity(self, family: Family, child: Child) -> str:
        """The group of the names, or mixed where the parents are of two groups; two white or Asian ones keep the mother's."""
        mother = self.groups.get(family.mother.community, "other")
        father = self.groups.get(child.father.community if child.father else "", mother)
        return mother if _broad(mother) == _broad(father) else "mixed"

    def _decile(self, family: Family, ethnicity: str, street: float, area: float) -> int:
        """The tenth of the small area: neighbourhoods are numbered from the least to the most deprived."""
        place = min(max((family.homes[0].neighbourhood + street) / self.neighbourhoods, 1e-9), 1 - 1e-9)
        rank = self.follows * _NORMAL.inv_cdf(place) + (1 - self.follows**2) ** 0.5 * area
        deprived = _NORMAL.cdf(rank + self.shift.get(ethnicity, 0.0))
        return max(1, 10 - int(deprived * 10))


_SEX: Final = {"F": "female", "M": "male"}
_BROAD: Final = {
    "white": ("white_british", "white_irish", "gypsy_roma_traveller", "white_other"),
    "asian": ("indian", "pakistani", "bangladeshi", "asian_other", "chinese"),
    "black": ("black_african", "black_caribbean", "black_other"),
}


def _broad(group: str) -> str:
    return next((broad for broad, groups in _BROAD.items() if group in groups), group)


def _shift(share: float) -> float:
    """How far a group is moved so that this share of it lies in the most deprived tenth."""
    return _NORMAL.inv_cdf(0.1) * -1 - _NORMAL.inv_cdf(1 - share)


def _year(child: Child) -> int:
    return date.fromordinal(child.born).year
