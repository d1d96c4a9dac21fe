"""When each version of a row was the one that we knew: corrections replace, withdrawals give back.

At any moment the version in force is the latest that had been learnt and whose delivery had not been withdrawn. So when
a correction is withdrawn, what it corrected is in force again, from that moment on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a row. Missing: `withdrawn_at` None, its delivery stands."""

    number: int
    learnt_at: datetime
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Spell:
    """Version `number` was in force in [known_from, known_to). Missing: `known_to` None, it still is."""

    number: int
    known_from: datetime
    known_to: datetime | None


def spells(versions: Sequence[Version]) -> tuple[Spell, ...]:
    """Return when each version was in force, in the order of time; neighbouring spells are of different versions.

    Shape    versions of one row in any order. A version that was never in force has no spell.
    Source   ARCHITECTURE D2 (nothing is edited); records/actions/withdrawing.py.
    """
    moments = sorted({m for v in versions for m in (v.learnt_at, v.withdrawn_at) if m is not None})
    found: list[Spell] = []
    for start, end in zip_longest(moments, moments[1:]):
        number = _in_force(versions, start)
        if number is None:
            continue
        if found and found[-1].number == number and found[-1].known_to == start:
            found[-1] = Spell(number, found[-1].known_from, end)
        else:
            found.append(Spell(number, start, end))
    return tuple(found)


def _in_force(versions: Sequence[Version], at: datetime) -> int | None:
    live = [
        v.number for v in versions if v.learnt_at <= at and (v.withdrawn_at is None or at < v.withdrawn_at)
    ]
    return max(live, default=None)
