"""What came out, beside what was asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from wholechild.world.population.asked import Profile
from wholechild.world.population.recording import Tally

#: Whom an agency knows goes by families, so that it varies more than if it went by people.
_SPREAD: Final = {"coverage": 2.5}
#: What is allowed beside chance: where careless records are many, the most careless cannot be more careless than always.
_SLACK: Final = 0.02


@dataclass(frozen=True, slots=True)
class Found:
    """One share at one agency.

    Shape    `asked` is the mean of what was asked for those whom it could happen to, `found` how often it did, `of` how many they were.
    """

    section: str
    id: str
    agency: str
    title: str
    asked: float
    found: float
    of: int
    error: float

    @property
    def within(self) -> bool:
        """Whether what came out is what was asked for, but for chance."""
        return abs(self.found - self.asked) <= 4.0 * self.error + _SLACK * self.asked + 1e-12


def found(profile: Profile, tally: Tally) -> tuple[Found, ...]:
    """Every share that could come up, in the order of the profile."""
    order = {key: place for place, key in enumerate(profile.asked)}
    rows = sorted(tally.counts.items(), key=lambda item: (order[item[0][:2]], item[0][2]))
    return tuple(_found(profile, key, *values) for key, values in rows)


def _found(profile: Profile, key: tuple[str, str, str], rolls: float, asked: float, came_up: float) -> Found:
    section, share, agency = key
    mean = asked / rolls
    error = _SPREAD.get(section, 1.0) * math.sqrt(max(mean * (1.0 - mean), 1.0 / rolls) / rolls)
    return Found(
        section, share, agency, profile.asked[section, share].title, mean, came_up / rolls, int(rolls), error
    )
