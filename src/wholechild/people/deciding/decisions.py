"""What people decided about pairs of identities, and which of it binds. Plain rules.

A decision binds from when it is complete: at once, or where it needs a second person, from when that person agreed. Of two
that bind the same pair the later counts. One that is undone leaves the pair to be weighed again: what came before it does not
come back, for whoever decided anew had seen it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

SAME: Final = "same"
DIFFERENT: Final = "different"
CANNOT_TELL: Final = "cannot_tell"
#: decision -> what it says, as a sentence
DECISIONS: Final[Mapping[str, str]] = {
    SAME: "They are the same person",
    DIFFERENT: "They are two different people",
    CANNOT_TELL: "It cannot be told from what we have",
}
#: Two ids of identities, sorted.
Pair = tuple[str, str]


def pair_of(one: str, other: str) -> Pair:
    """The two, in the order in which a pair is kept."""
    return (one, other) if one < other else (other, one)


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision, with what became of it.

    Shape    `together` is shared by the decisions that one act made (a split decides about several pairs at once); `goes` are
             the identities that a split says belong to somebody else.
    Missing  `seconded_by` empty: nobody has agreed yet, or nobody has to. `undone_at` None: it was not undone.
    """

    id: str
    pair: Pair
    decision: str
    why: str
    needs_second: bool
    decided_at: datetime
    by: str
    seconded_by: str = ""
    seconded_at: datetime | None = None
    undone_at: datetime | None = None
    undone_by: str = ""
    together: str = ""
    goes: frozenset[str] = frozenset()
    shown: Mapping[str, Any] = field(default_factory=dict)

    @property
    def binds_from(self) -> datetime | None:
        """When it began to bind; None while a second person is missing."""
        return self.seconded_at if self.needs_second else self.decided_at

    @property
    def waits(self) -> bool:
        """Whether a second person has still to agree."""
        return self.needs_second and self.seconded_at is None and self.undone_at is None

    @property
    def is_split(self) -> bool:
        return bool(self.goes)


def in_force(decided: Iterable[Decided]) -> dict[Pair, Decided]:
    """The decision that counts now for each pair; a pair that nothing binds is left out."""
    last: dict[Pair, Decided] = {}
    complete = [one for one in decided if one.binds_from is not None]
    for one in sorted(complete, key=lambda d: (d.binds_from or d.decided_at, d.id)):
        last[one.pair] = one
    return {pair: one for pair, one in last.items() if one.undone_at is None}


def needs_second(decision: str, *, splits: bool, sealed: bool, replaces: Decided | None) -> bool:
    """Whether one person alone may not make this decision.

    Shape    `splits`: the two are one person now; `sealed`: one of them has a sealed place; `replaces`: what binds the pair.
    Source   ARCHITECTURE section 6; a wrong link can send a hidden address to the wrong people, and a wrong split can hide what
             was recorded.
    """
    if replaces is not None and replaces.needs_second and replaces.decision != decision:
        return True
    return (decision == DIFFERENT and splits) or (decision == SAME and sealed)
