"""The figures that the area is calibrated to, read from rates.yaml, each with its source and its standing."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import yaml

FILE: Final = Path(__file__).with_name("rates.yaml")
#: How sure we are of a figure, the surest first. The page in docs/ explains each.
STANDINGS: Final = ("checked", "quoted", "recalled", "assumed")


@dataclass(frozen=True, slots=True)
class Rate:
    """One figure.

    Shape    `value` is a number, or numbers by age, year or group. `input` is what the generator is set to.
    Missing  `tolerance` None: used as it is, and not measured again in the area that comes out.
    """

    id: str
    subject: str
    title: str
    value: Any
    unit: str
    source: str
    standing: str
    input: Any = None
    note: str = ""
    tolerance: float | None = None


@dataclass(frozen=True, slots=True)
class Rates:
    """All figures by id, with the few ways in which the generator asks for them."""

    by_id: Mapping[str, Rate]

    def __iter__(self) -> Iterator[Rate]:
        return iter(self.by_id.values())

    def __getitem__(self, rate_id: str) -> Rate:
        return self.by_id[rate_id]

    def set(self, rate_id: str) -> Any:
        """What the generator works with: the input where there is one, else the published value."""
        rate = self.by_id[rate_id]
        return rate.value if rate.input is None else rate.input

    def per(self, rate_id: str, of: float) -> float:
        """A single figure as a share: `per("was_not_brought", 100)` is 0.09."""
        return float(self.set(rate_id)) / of

    def by_age(self, rate_id: str, of: float) -> ByAge:
        """Figures by age in years as a table of shares; each holds from its age until the next one given."""
        return ByAge.of(self.set(rate_id), of)

    def with_input(self, rate_id: str, value: Any) -> Rates:
        """The same figures but one: for asking what would happen, and for testing that the check can fail."""
        return Rates({**self.by_id, rate_id: replace(self.by_id[rate_id], input=value)})


@dataclass(frozen=True, slots=True)
class ByAge:
    """A share for each whole year of age from 0 to 17."""

    shares: tuple[float, ...]

    @classmethod
    def of(cls, given: Mapping[int, float], of: float) -> ByAge:
        ages = sorted(given)
        return cls(tuple(given[ages[max(0, bisect_right(ages, age) - 1)]] / of for age in range(18)))

    def __getitem__(self, age: int) -> float:
        return self.shares[min(age, 17)]


@lru_cache(maxsize=1)
def rates() -> Rates:
    """The figures of this release, read once."""
    document = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    found = [Rate(id=rate_id, subject=subject, **entry) for subject, entries in document.items()
             for rate_id, entry in entries.items()]  # fmt: skip
    return Rates({rate.id: rate for rate in found})
