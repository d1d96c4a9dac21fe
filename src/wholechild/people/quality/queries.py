"""What measuring linking has to read: pairs to draw from, weights, people as they are linked, decisions, and kept reports.

Everything here is ids, weights and counts. Who looks at two identities opens the page of that pair, which writes it down.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, Final

from wholechild.people.arriving.keyed import Comparing, candidates, followed, numbered
from wholechild.people.arriving.queries import (
    comparing_in_force,
    identities_of,
    in_portions,
    made_raw,
    rows,
    under_keys,
)
from wholechild.people.comparing.identity import Identity
from wholechild.people.comparing.measuring import Pair
from wholechild.people.comparing.scoring import weigh
from wholechild.people.comparing.standardising import Raw
from wholechild.people.comparing.weighed import Weighed, Zone
from wholechild.people.deciding.queries import decisions_that_bind
from wholechild.people.linkage_report import Label, Labelled
from wholechild.people.models import LinkageReport
from wholechild.trust.viewers import Viewer

#: Lighter pairs are not drawn. The model holds fewer than one in a thousand of them for one person, and there are so many that the
#: labels of a whole year would not find one.
LEAST_DRAWN: Final = -10.0
#: So many identities are drawn to look for pairs below the line; each has some ten candidates.
MOST_LOOKED_FOR: Final = 5_000
_PORTION: Final = 500

Weight = tuple[str, str, float]


# -- what can be drawn ----------------------------------------------------------------------------------------------------


def kept_pairs(viewer: Viewer) -> list[Weight]:
    """Every pair that is kept: alike enough that a machine links it, or that a person is asked."""
    return [(one, other, weight) for one, other, weight in rows("SELECT one, other, weight FROM people_pair")]


def pairs_below(viewer: Viewer, rng: Random, most: int = MOST_LOOKED_FOR) -> tuple[list[Weight], float]:
    """Pairs that share a key and are not alike enough to be kept; and the share of all such pairs that these are.

    Shape    of `most` identities, drawn alike, all pairs in which one of them stands first; so each pair has the same chance. None
             that is lighter than `LEAST_DRAWN`. The same `rng` over the same identities gives the same pairs.
    Missing  two identities that share no key are never compared, and so are not among these.
    """
    everybody = [identity for (identity,) in rows("SELECT id FROM people_compared ORDER BY id")]
    drawn = rng.sample(everybody, min(most, len(everybody)))
    comparing = comparing_in_force()
    found = [
        (pair.one, pair.other, pair.weight)
        for portion in in_portions(drawn, _PORTION)
        for pair in _weighed_with(portion, comparing)
        if pair.zone is Zone.DIFFERENT and pair.weight >= LEAST_DRAWN
    ]
    return found, len(drawn) / len(everybody) if everybody else 1.0


def _weighed_with(first: Collection[str], comparing: Comparing) -> Iterator[Weighed]:
    """The pairs in which one of these stands first, weighed."""
    mine = identities_of(first)
    keys = {name: numbered(identity, comparing) for name, identity in mine.items()}
    under = under_keys(followed(keys.values(), comparing.most))
    pairs = sorted(pair for pair in candidates(keys, under, comparing.most)[0] if pair[0] in mine)
    sides = mine | identities_of({other for _, other in pairs})
    return (weigh(comparing.artefact, sides[one], sides[other]) for one, other in pairs)


# -- what labels are held against -----------------------------------------------------------------------------------------


def weighed_pairs(viewer: Viewer, pairs: Collection[Pair]) -> dict[Pair, Weighed]:
    """These pairs as the model in force weighs them now. Missing: a pair of which a side is held no longer."""
    artefact = comparing_in_force().artefact
    found: dict[Pair, Weighed] = {}
    for portion in in_portions(sorted(pairs)):
        sides = identities_of({side for pair in portion for side in pair})
        found |= {
            (one, other): weigh(artefact, sides[one], sides[other])
            for one, other in portion
            if one in sides and other in sides
        }
    return found


def compared_identities(viewer: Viewer, identities: Collection[str]) -> dict[str, Identity]:
    """These identities in the form that is compared: what a report splits by is read off them."""
    return {
        name: one
        for portion in in_portions(sorted(identities))
        for name, one in identities_of(portion).items()
    }


def people_as_linked(viewer: Viewer) -> tuple[list[list[str]], dict[str, str]]:
    """The identities of each person, and the agency of each identity; of whom something is in force."""
    groups: dict[str, list[str]] = {}
    agency_of: dict[str, str] = {}
    for identity, agency, person in rows(_AS_LINKED):
        groups.setdefault(person or identity, []).append(identity)
        agency_of[identity] = agency
    return list(groups.values()), agency_of


_AS_LINKED: Final = (
    "SELECT c.id, c.agency, l.person FROM people_compared c LEFT JOIN people_link l ON l.identity = c.id "
    "AND NOT EXISTS (SELECT 1 FROM people_unlink u WHERE u.link = l.id) ORDER BY c.id"
)


def decided_pairs(viewer: Viewer) -> tuple[Labelled, ...]:
    """What people have decided about pairs, where it binds or where they could not tell, as labels."""
    said = {"same": Label.SAME, "different": Label.DIFFERENT, "cannot_tell": Label.CANNOT_TELL}
    return tuple(
        Labelled(*pair, said[one.decision]) for pair, one in sorted(decisions_that_bind(viewer).items())
    )


# -- what a model learns from ---------------------------------------------------------------------------------------------


def how_many_identities(viewer: Viewer) -> int:
    """How many identities are compared."""
    ((found,),) = rows("SELECT count(*) FROM people_compared")
    return int(found)


def to_learn_from(viewer: Viewer, size: int, rng: Random) -> Iterator[Raw]:
    """So many identities, drawn alike, as their agencies say them; all of them, where there are no more.

    Shape    drawn one by one and not by family: so each pair of one person has the same chance, and so has each pair of strangers, and
             the shares that are learnt are those of all.
    """
    everybody = [identity for (identity,) in rows("SELECT id FROM people_compared ORDER BY id")]
    for portion in in_portions(rng.sample(everybody, min(size, len(everybody)))):
        yield from made_raw(portion)


# -- what was found -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KeptReport:
    """What was found about linking at a moment."""

    id: str
    model: str
    sampled: bool
    figures: Mapping[str, Any]
    made_at: datetime
    by: str


def kept_reports(viewer: Viewer) -> Sequence[KeptReport]:
    """The reports that were kept, the latest first."""
    return [
        KeptReport(row.pk, row.model, row.sampled, row.figures, row.made_at, row.by)
        for row in LinkageReport.objects.order_by("-made_at", "pk")
    ]
