"""What an atom says, as spans of the axis: everything that a lesson must sweep to know where the atom holds, and why not.

The spans of all atoms of a lesson are swept together, once. So an atom sorts nothing itself where what it says follows from
how many of its spans cover an instant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wholechild.patterns.engines.columnar.algebra import Channel
from wholechild.patterns.engines.columnar.plan import EVERYBODY

_NEVER: Final = "1 = 0"


@dataclass(frozen=True, slots=True)
class Answer:
    """One atom, worked out among some children.

    Shape    `channels` have names; `holds` and `perhaps` are conditions on a piece of the axis, in which {name} is what covers
             it of a channel; where it holds, `perhaps` is not asked. A reason is a relation with why and about, of whose spans every edge is an edge of some channel, and
             a condition: it is the reason wherever it covers a piece on which the atom cannot tell, and the condition is met.
             `unheard` are sectors, each with the condition under which it is missed. `evidence` is a SELECT of child,
             record, recency, start, until: where each record is evidence; None where it rests on no record. `children` is a
             relation of those for whom it may hold or be in doubt.
    """

    channels: tuple[tuple[str, Channel], ...] = ()
    holds: str = _NEVER
    perhaps: str = _NEVER
    reasons: tuple[tuple[str, str], ...] = ()
    unheard: tuple[tuple[str, str], ...] = ()
    evidence: str | None = None
    children: str = EVERYBODY


#: An atom that fails for all of the children.
NEVER: Final = Answer()


def told(
    sure: Channel, maybe: Channel | None = None, *, evidence: str | None = None, children: str = EVERYBODY
) -> Answer:
    """The answer of an atom that holds on the spans of `sure`, and elsewhere cannot tell on those of `maybe`, which has the reasons."""
    if maybe is None:
        return Answer((("sure", sure),), "{sure} > 0", evidence=evidence, children=children)
    return Answer(
        (("sure", sure), ("maybe", maybe)), "{sure} > 0", "{maybe} > 0", ((maybe.relation, "1 = 1"),),
        evidence=evidence, children=children,
    )  # fmt: skip
