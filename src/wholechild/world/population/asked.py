"""What is asked of the population: shares by agency, read from profiles/*.yaml, each with its source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import yaml

from wholechild.world.names import names

FOLDER: Final = Path(__file__).with_name("profiles")
#: The agencies in the order in which their records are written.
AGENCIES: Final = ("gp", "school", "social_care", "emergency", "police", "early_help")
ASSUMED: Final = "our assumption"
_SECTIONS: Final = ("coverage", "fields", "slips")


class FaultyProfile(ValueError):
    """A profile that cannot be used: which, where, and what to do."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One share by agency.

    Shape    `rates` has every agency. `section` is coverage, fields or slips.
    Units    shares, 0 to 1; `given` says of what.
    """

    id: str
    section: str
    title: str
    given: str
    rates: Mapping[str, float]
    source: str


@dataclass(frozen=True, slots=True)
class Profile:
    """All that is asked, and the shape in which slips fall.

    Shape    `by_origin` has for some slips how many times as usual they are for a community; 1 where it is not named.
             `carelessness` is the spread of how careless a record is; with `gaps_follow` a careless record lacks more fields too.
    """

    id: str
    title: str
    about: str
    carelessness: float
    gaps_follow: bool
    typo_kinds: Mapping[str, float]
    by_origin: Mapping[str, Mapping[str, float]]
    asked: Mapping[tuple[str, str], Asked]

    def __iter__(self) -> Iterator[Asked]:
        return iter(self.asked.values())

    def rates(self, section: str, agency: str) -> dict[str, float]:
        """The shares of one section at one agency, by id."""
        return {one.id: one.rates[agency] for one in self if one.section == section}


def profiles() -> tuple[str, ...]:
    """The names of the profiles of this release."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


@lru_cache(maxsize=8)
def profile(name: str) -> Profile:
    """A profile of this release. Errors: FaultyProfile."""
    return read(FOLDER / f"{name}.yaml")


def read(path: Path) -> Profile:
    """A profile from a file. Errors: FaultyProfile, with file, place, value and what to do."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    shape = document["shape"]
    asked = [
        _asked(path, section, key, entry) for section in _SECTIONS for key, entry in document[section].items()
    ]
    return Profile(
        id=path.stem,
        title=document["title"],
        about=document["about"],
        carelessness=float(shape["carelessness"]),
        gaps_follow=bool(shape["gaps_follow"]),
        typo_kinds=shape["typo_kinds"],
        by_origin={slip: _by_origin(path, slip, times) for slip, times in shape["by_origin"].items()},
        asked={(one.section, one.id): one for one in asked},
    )


def _asked(path: Path, section: str, key: str, entry: Mapping[str, Any]) -> Asked:
    rates = {agency: float(share) for agency, share in entry["rates"].items()}
    for agency, share in rates.items():
        if agency not in AGENCIES or not 0.0 <= share <= 1.0:
            raise FaultyProfile(
                f"{path.name}, {section}.{key}.rates: {agency}: {share:g} is not a share of one of {', '.join(AGENCIES)}. "
                "Write a number from 0 to 1 for one of these agencies."
            )
    if not str(entry.get("source", "")).strip():
        raise FaultyProfile(f"{path.name}, {section}.{key}: source is missing. Name it, or write {ASSUMED}.")
    full = {agency: rates.get(agency, 0.0) for agency in AGENCIES}
    return Asked(key, section, entry["title"], entry["given"], full, entry["source"])


def _by_origin(path: Path, slip: str, times: Mapping[str, float]) -> Mapping[str, float]:
    unknown = sorted(set(times) - set(names().communities))
    if unknown:
        raise FaultyProfile(
            f"{path.name}, shape.by_origin.{slip}: {unknown[0]} is not a community of data/names.csv. Write one that is."
        )
    return {community: float(share) for community, share in times.items()}
