"""What a trained artefact has that another has not: which fields it learnt from the records, and what now weighs more or less."""

from __future__ import annotations

from dataclasses import dataclass
from math import log2
from typing import Final

from wholechild.people.comparing.artefact import Artefact
from wholechild.people.comparing.levels import LEVELS

#: Weights nearer than this are the same to a reader.
_WORTH_SAYING: Final = 0.3


@dataclass(frozen=True, slots=True)
class Changed:
    """What one level of one field weighs by one artefact and by another, in bits, of a value that is as common as most."""

    field: str
    level: str
    before: float
    after: float

    @property
    def by(self) -> float:
        return self.after - self.before


def learnt_fields(before: Artefact, after: Artefact) -> tuple[str, ...]:
    """The fields of which training saw enough pairs of one person to learn from; the others weigh by what was known before."""
    return tuple(
        name
        for name, levels in LEVELS.items()
        if any(
            abs(before.comparisons[name][level].match - after.comparisons[name][level].match) > 1e-12
            for level in levels[:-1]
        )
    )


def changed_weights(before: Artefact, after: Artefact) -> list[Changed]:
    """The levels that weigh otherwise, the largest change first, and what two identities weigh before anything is compared."""
    found = [
        Changed(name, level, _bits(before, name, level), _bits(after, name, level))
        for name, levels in LEVELS.items()
        for level in levels
    ]
    found.append(Changed("prior", "", before.prior_bits(), after.prior_bits()))
    told = [one for one in found if abs(one.by) >= _WORTH_SAYING]
    return sorted(told, key=lambda one: (-abs(one.by), one.field, one.level))


def _bits(artefact: Artefact, name: str, level: str) -> float:
    chances = artefact.comparisons[name][level]
    common = artefact.frequencies.get(name)
    stranger = common.otherwise if common and level == "same" else chances.stranger
    return log2(chances.match / stranger)
