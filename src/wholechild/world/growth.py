"""How much children weigh: a plain median by age and sex, a child's own place on it, illness, and the scales."""

from __future__ import annotations

import math
from bisect import bisect_right
from random import Random
from typing import Final

from wholechild.world.people import Child

#: Median weight in kg by age in months: rounded from the World Health Organization's standards to 5 years and, above,
#: from the growth reference used in the United Kingdom (recalled).
_MONTHS: Final = (
    0,
    1,
    2,
    3,
    4,
    6,
    9,
    12,
    18,
    24,
    36,
    48,
    60,
    72,
    84,
    96,
    108,
    120,
    132,
    144,
    156,
    168,
    180,
    192,
    216,
)
_BOYS: Final = (3.4, 4.5, 5.6, 6.4, 7.0, 7.9, 8.9, 9.6, 10.9, 12.2, 14.3, 16.3, 18.3, 20.5, 22.9, 25.4, 28.1, 31.2, 35.0,
                39.0, 44.5, 50.5, 56.0, 60.5, 66.0)  # fmt: skip
_GIRLS: Final = (3.3, 4.2, 5.1, 5.8, 6.4, 7.3, 8.2, 8.9, 10.2, 11.5, 13.9, 16.1, 18.2, 20.2, 22.4, 25.0, 28.2, 32.0, 36.0,
                 41.0, 46.0, 50.0, 53.0, 55.0, 57.0)  # fmt: skip


def median_weight(sex: str, months: float) -> float:
    """The median weight in kg at an age in months, between the points of the table."""
    table = _BOYS if sex == "M" else _GIRLS
    place = min(max(1, bisect_right(_MONTHS, months)), len(_MONTHS) - 1)
    share = (months - _MONTHS[place - 1]) / (_MONTHS[place] - _MONTHS[place - 1])
    return table[place - 1] + min(share, 1.0) * (table[place] - table[place - 1])


def weighed(rng: Random, child: Child, day: int, *, ill: bool = False, lost: float = 0.0) -> dict[str, float]:
    """What the scales say: the child's own curve, drifting slowly, less illness, give or take the scales and clothes.

    Shape    the measures of one record. `lost` is a share of the weight; an ordinary illness takes 2 to 6 per cent.
    """
    months = max(0.0, (day - child.born) / 30.4375)
    place = child.liability["growth"] + 0.25 * math.sin(child.liability["health"] * 7.0 + months / 40.0)
    width = 0.12 if months < 72 else 0.16
    kg = median_weight(child.sex, months) * math.exp(width * place)
    if ill:
        lost = max(lost, rng.uniform(0.02, 0.06))
    kg *= (1.0 - lost) * math.exp(rng.gauss(0.0, 0.008))
    kg += rng.uniform(0.0, 0.35) if months > 18 else 0.0
    return {"kg": round(max(kg, 0.9), 2 if months < 24 else 1)}
