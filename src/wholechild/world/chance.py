"""Chance that can be repeated: one stream for each aspect of each family.

A stream is made from the seed, the family's number and the name of the aspect. So a change to how one aspect is drawn
leaves every other aspect, and every other family, as it was (D14).
"""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from random import Random
from statistics import NormalDist
from typing import Generic, TypeVar

T = TypeVar("T")
YEAR = 365.25
_NORMAL = NormalDist()


def stream(seed: int, family: int, aspect: str) -> Random:
    """The stream of one aspect of one family."""
    return Random(f"{seed}/{family}/{aspect}")


def poisson(rng: Random, mean: float) -> int:
    """How many of something that happens `mean` times on average (Knuth's way: our means are small)."""
    if mean <= 0.0:
        return 0
    limit, product, count = math.exp(-min(mean, 500.0)), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def days_of(rng: Random, first: int, after: int, per_year: float) -> Iterator[int]:
    """The days in [first, after) on which something happens that is usual `per_year` times a year, in no order."""
    if after > first:
        for _ in range(poisson(rng, per_year * (after - first) / YEAR)):
            yield first + int(rng.random() * (after - first))


def wait(rng: Random, per_year: float) -> int:
    """Whole days until something happens that is usual `per_year` times a year; a very long time if never."""
    return int(rng.expovariate(per_year) * YEAR) if per_year > 0 else 10**7


def spread(rng: Random, median: float, sigma: float) -> float:
    """A length with a long tail: half are below `median`."""
    return median * math.exp(sigma * rng.gauss(0.0, 1.0))


def multiplier(adversity: float, own: float, weight: float, sigma: float) -> float:
    """How many times the usual rate a family has: 1 on average over families, skewed by `sigma`.

    `weight` is how much of it the family's adversity explains (0 to 1); the rest is its `own`, a draw from N(0, 1).
    """
    liability = weight * adversity + math.sqrt(1.0 - weight * weight) * own
    return math.exp(sigma * liability - sigma * sigma / 2.0)


class Choice(Generic[T]):
    """Draws one of several things by weight."""

    __slots__ = ("_sums", "_things")

    def __init__(self, weights: Mapping[T, float] | Sequence[tuple[T, float]]) -> None:
        pairs = list(weights.items()) if isinstance(weights, Mapping) else list(weights)
        self._things = [thing for thing, _ in pairs]
        self._sums = list(accumulate(weight for _, weight in pairs))

    @property
    def things(self) -> Sequence[T]:
        """What can be drawn."""
        return tuple(self._things)

    def draw(self, rng: Random) -> T:
        return self._things[min(bisect(self._sums, rng.random() * self._sums[-1]), len(self._things) - 1)]


@lru_cache(maxsize=4096)
def _threshold(share: float, strength: float) -> float:
    return _NORMAL.inv_cdf(min(max(share, 1e-9), 1.0 - 1e-9)) * math.sqrt(1.0 + strength * strength)


def chance(share: float, liability: float, strength: float) -> float:
    """The chance for somebody of this liability, where it is `share` on average over everybody.

    Units    liability is a draw from N(0, 1), higher is likelier; `strength` 0 makes it the same for all.
    """
    return _NORMAL.cdf(_threshold(share, strength) + strength * liability)
