"""Two identities, weighed: what each field adds, what speaks for their being two of one household, and what forbids a link.

The weight is the odds that two records are of one person, in bits, against their being of two. Two may be strangers, or
twins, or brother and sister, or parent and child of one name. Of strangers each field speaks by itself; that they might be
kin is one more contribution, which takes away what a shared home, family name and birthday add for any two of one family.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import log2
from typing import Final

from wholechild.people.comparing.artefact import KIN, Artefact, Chances, digest
from wholechild.people.comparing.identity import Identity
from wholechild.people.comparing.levels import MISSING, contradiction, levels_of, names_alone
from wholechild.people.comparing.prepared import Prepared, prepare
from wholechild.people.comparing.weighed import Contribution, Weighed, Zone

#: The rule about those of one household, as a contribution is called.
HOUSEHOLD: Final = "household"
PRIOR: Final = "prior"


def weigh(artefact: Artefact, one: Identity, other: Identity, *, kept_apart: str = "") -> Weighed:
    """Weigh two identities; the same whichever comes first.

    Shape    the contributions are the prior, each comparison in which both say something, and `household`, whose level is
             the kin that they would most likely be if they were two. They add up to the weight.
    Missing  a field that one of them lacks adds nothing and is not listed.
    Errors   ValueError, for an identity and itself.
    Source   Fellegi and Sunter (1969), with a second kind of pair beside strangers; docs/explanation/linking.md.

    `kept_apart` says in words why somebody who knows has them kept apart, such as an adopted child's two identities.
    """
    if one.id == other.id:
        raise ValueError(f"Identity {one.id} cannot be compared with itself.")
    if other.id < one.id:
        one, other = other, one
    return weigh_prepared(
        artefact, prepare(telling(artefact, one)), prepare(telling(artefact, other)), kept_apart
    )


def weigh_prepared(artefact: Artefact, one: Prepared, other: Prepared, kept_apart: str = "") -> Weighed:
    """As `weigh`, of two that are prepared, in the order of their ids."""
    levels = levels_of(one, other)
    return _weighed(artefact, one, other, levels, _added(artefact, one, other, levels), kept_apart)


def weigh_if_possible(artefact: Artefact, one: Prepared, other: Prepared) -> Weighed | None:
    """As `weigh_prepared`; None for two who are different. Most who share a key are, and nobody asks of those why."""
    levels = levels_of(one, other)
    added = _added(artefact, one, other, levels)
    if artefact.zone(_sum(added)) is Zone.DIFFERENT:
        return None
    return _weighed(artefact, one, other, levels, added)


#: The name of a comparison or rule, the level that held, and the bits that it adds.
_Added = tuple[str, str, float]


def _added(artefact: Artefact, one: Prepared, other: Prepared, levels: Mapping[str, str]) -> list[_Added]:
    """What each comparison in which both say something adds, between the prior and what speaks for kin."""
    added: list[_Added] = [(PRIOR, "", artefact.prior_bits())]
    stranger = artefact.stranger_prior()
    twin, sibling, parent = (chance / stranger for chance in artefact.prior.kin)
    for name, level in levels.items():
        if level == MISSING:
            continue
        chances = artefact.comparisons[name][level]
        among_strangers = _among_strangers(artefact, name, level, chances, one, other)
        added.append((name, level, log2(chances.match / among_strangers)))
        of_twins, of_siblings, of_parents = chances.kin
        twin = twin * of_twins / among_strangers
        sibling = sibling * of_siblings / among_strangers
        parent = parent * of_parents / among_strangers
    kin = [twin, sibling, parent]
    added.append((HOUSEHOLD, _likeliest(kin), -log2(1.0 + sum(kin))))
    return added


def _sum(added: Iterable[_Added]) -> float:
    return sum(bits for _, _, bits in added)


def _weighed(
    artefact: Artefact, one: Prepared, other: Prepared, levels: Mapping[str, str], added: Sequence[_Added], kept_apart: str = ""
) -> Weighed:  # fmt: skip
    weight = _sum(added)
    forbids = kept_apart or contradiction(one, other) or names_alone(levels)
    said = tuple(Contribution(*each) for each in added)
    return Weighed(one.id, other.id, weight, said, _zone(artefact, weight, forbids), forbids)


def _zone(artefact: Artefact, weight: float, forbids: str) -> Zone:
    zone = artefact.zone(weight)
    return Zone.POSSIBLE if forbids and zone is Zone.SAME else zone


def _likeliest(kin: list[float]) -> str:
    return KIN[kin.index(max(kin))]


def _among_strangers(
    artefact: Artefact, name: str, level: str, chances: Chances, one: Prepared, other: Prepared
) -> float:
    """How often strangers agree so: two called Muhammad oftener than two called Zbigniew."""
    if level != "same" or name not in artefact.frequencies:
        return chances.stranger
    said = artefact.frequencies[name]
    return said.of(one.born_text if name == "born" else getattr(one, name))


def telling(artefact: Artefact, identity: Identity) -> Identity:
    """The identity without what so many share that it says nothing: a school's telephone, a number on forty children."""
    if not artefact.shared:
        return identity

    def keep(values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(value for value in values if digest(value) not in artefact.shared)

    def kept(value: str) -> str:
        return "" if value and digest(value) in artefact.shared else value

    return replace(
        identity,
        nhs_number=kept(identity.nhs_number),
        upn=kept(identity.upn),
        uprn=kept(identity.uprn),
        phones=keep(identity.phones),
        emails=keep(identity.emails),
        local_ids=keep(identity.local_ids),
    )
