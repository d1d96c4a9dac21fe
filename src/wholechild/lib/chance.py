"""How far a count may be from the truth by chance: intervals for a share and for a rate, both at 95 per cent."""

from __future__ import annotations

from math import sqrt
from typing import Final

Z: Final = 1.959963984540054


def wilson(part: int, whole: int) -> tuple[float, float]:
    """The interval of a share, as (low, high) in 0..1; (0, 1) where there is nothing to go by.

    Source   E. B. Wilson, Probable inference, the law of succession, and statistical inference (1927): the score interval.
    """
    if whole == 0:
        return 0.0, 1.0
    share, z2 = part / whole, Z * Z
    middle = (share + z2 / (2 * whole)) / (1 + z2 / whole)
    reach = Z * sqrt(share * (1 - share) / whole + z2 / (4 * whole * whole)) / (1 + z2 / whole)
    return (middle - reach if part else 0.0), (middle + reach if part < whole else 1.0)


def byar(count: int) -> tuple[float, float]:
    """The interval of a count of events that come one at a time, as (low, high).

    Source   Byar's approximation to the exact Poisson limits, as public health rates for England are given (N. E. Breslow and
             N. E. Day, Statistical Methods in Cancer Research II, 1987, section 2.3).
    """
    low = count * (1 - 1 / (9 * count) - Z / (3 * sqrt(count))) ** 3 if count else 0.0
    more = count + 1
    return low, more * (1 - 1 / (9 * more) + Z / (3 * sqrt(more))) ** 3
