"""All that linking has learnt, as one value: what each level weighs, how common names are, and where the zones begin.

Batch and online run the same artefact and so give the same numbers. It is neutral JSON: no engine's statements stand in it.
Its id is the hash of its canonical form, so that a link can say for ever by what it was made.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from math import inf, log2
from pathlib import Path
from typing import Any, Final

from wholechild.people.comparing.levels import LEVELS
from wholechild.people.comparing.weighed import LowerLines, Zone

FORM: Final = 1
#: The artefact of this release, trained on the synthetic population.
FILE: Final = Path(__file__).with_name("data") / "artefact.json"

#: So much of a digest stands in an artefact.
DIGEST_LENGTH: Final = 20
#: Those of one household who are most like each other, and the rules about them.
KIN: Final = ("twin", "sibling", "parent")


class ArtefactRefused(ValueError):
    """The text is no artefact that this release can read; the message says where, and what to do."""


@dataclass(frozen=True, slots=True)
class Chances:
    """How often one level is seen: between two records of one person, of two strangers, and of each kind of kin.

    Shape    `kin` in the order of `KIN`. Each is a probability above 0 and at most 1.
    """

    match: float
    stranger: float
    kin: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Prior:
    """How many pairs of all possible pairs are of one person, and of each kind of kin; all others are strangers."""

    match: float
    kin: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Frequencies:
    """How common each value is; `otherwise` for a value that is not listed."""

    otherwise: float
    terms: Mapping[str, float]

    def of(self, term: str) -> float:
        return self.terms.get(term, self.otherwise)


@dataclass(frozen=True, slots=True)
class Artefact:
    """What linking has learnt.

    Shape    `comparisons` has each level of `levels.LEVELS`; `frequencies` those of `given`, `family` and `born`, which take
             the place of the strangers' chance of the level `same`. `shared` are digests of telephone numbers and the like
             that so many share that they say nothing.
    Units    `same`, `unrivalled`, `nameless`, `asked` and `possible` are bits: the weight from which a machine links; from which it
             links two whom nobody else comes near (clustering.py), and two such where one has no first name; from which a
             person is asked; and from which two are shown as possibly one. `loss` is how many missed links one wrong link is worth.
    Missing  no `unrivalled` or `nameless`: never. No `asked`: whatever is possible is asked.
    """

    comparisons: Mapping[str, Mapping[str, Chances]]
    prior: Prior
    frequencies: Mapping[str, Frequencies]
    same: float
    possible: float
    loss: float
    unrivalled: float = inf
    nameless: float = inf
    asked: float = -inf
    shared: frozenset[str] = frozenset()
    provenance: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """`artefact-` and the beginning of the SHA-256 of the canonical form."""
        return f"artefact-{hashlib.sha256(self.dumps().encode()).hexdigest()[:16]}"

    @property
    def lower(self) -> LowerLines:
        """From how much on two are linked whom nobody else comes near."""
        return LowerLines(self.unrivalled, self.nameless)

    def zone(self, weight: float) -> Zone:
        """The zone of a weight, where nothing forbids a link."""
        if weight >= self.same:
            return Zone.SAME
        if weight >= max(self.asked, self.possible):
            return Zone.POSSIBLE
        return Zone.FAINT if weight >= self.possible else Zone.DIFFERENT

    def prior_bits(self) -> float:
        """The weight of two identities of which nothing is known."""
        return log2(self.prior.match / self.stranger_prior())

    def stranger_prior(self) -> float:
        return 1.0 - self.prior.match - sum(self.prior.kin)

    def dumps(self) -> str:
        """The canonical form: JSON with sorted keys, what is never reached left out, each number as short as it can be."""
        document = asdict(self) | {"form": FORM, "shared": sorted(self.shared)}
        document = {name: said for name, said in document.items() if said not in (inf, -inf)}
        return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def loads(text: str) -> Artefact:
    """The artefact that a text holds.

    Errors   ArtefactRefused, if it is not JSON, of another form, or lacks a level or a chance between 0 and 1.
    """
    try:
        document = json.loads(text)
        if document.get("form") != FORM:
            raise ArtefactRefused(
                f"This artefact has form {document.get('form')!r}; this release reads form {FORM}. Train it anew."
            )
        found = _read(document)
    except (KeyError, TypeError, AttributeError, ValueError) as fault:
        if isinstance(fault, ArtefactRefused):
            raise
        raise ArtefactRefused(
            f"This is not a whole artefact ({type(fault).__name__}: {fault}). Train it anew."
        ) from None
    _check(found)
    return found


def _read(document: Mapping[str, Any]) -> Artefact:
    return Artefact(
        comparisons={
            name: {level: _chances(said) for level, said in levels.items()}
            for name, levels in document["comparisons"].items()
        },
        prior=Prior(float(document["prior"]["match"]), _kin(document["prior"]["kin"])),
        frequencies={
            name: Frequencies(float(said["otherwise"]), {t: float(f) for t, f in said["terms"].items()})
            for name, said in document["frequencies"].items()
        },
        same=float(document["same"]),
        possible=float(document["possible"]),
        loss=float(document["loss"]),
        unrivalled=float(document.get("unrivalled", inf)),
        nameless=float(document.get("nameless", inf)),
        asked=float(document.get("asked", -inf)),
        shared=frozenset(document["shared"]),
        provenance=dict(document["provenance"]),
    )


def _chances(said: Mapping[str, Any]) -> Chances:
    return Chances(float(said["match"]), float(said["stranger"]), _kin(said["kin"]))


def _kin(said: Any) -> tuple[float, float, float]:
    twin, sibling, parent = map(float, said)
    return twin, sibling, parent


def _check(found: Artefact) -> None:
    for name, levels in LEVELS.items():
        for level in levels:
            chances = found.comparisons.get(name, {}).get(level)
            if chances is None:
                raise ArtefactRefused(
                    f"This artefact has no weight for {name}, level {level}. Train it anew with this release."
                )
            if not all(0 < chance <= 1 for chance in (chances.match, chances.stranger, *chances.kin)):
                raise ArtefactRefused(
                    f"This artefact has a chance outside 0 and 1 for {name}, level {level}. Train it anew."
                )
    if (
        not max(found.possible, found.asked) <= found.same
        or not found.possible <= found.unrivalled <= found.nameless
    ):
        raise ArtefactRefused("This artefact asks a person above the weight at which a machine links.")
    if found.prior.match <= 0 or found.stranger_prior() <= 0 or min(found.prior.kin) < 0:
        raise ArtefactRefused("This artefact's prior is no probability.")
    for name in ("given", "family", "born"):
        said = found.frequencies.get(name)
        if said is None or min([said.otherwise, *said.terms.values()]) <= 0:
            raise ArtefactRefused(f"This artefact has no usable frequencies of {name}.")


def digest(value: str) -> str:
    """How a value that many share stands in an artefact: not the number of a school, but what it is known again by."""
    return hashlib.sha256(value.encode()).hexdigest()[:DIGEST_LENGTH]


@lru_cache(maxsize=1)
def default_artefact() -> Artefact:
    """The artefact of this release, so that linking works from the first record."""
    return loads(FILE.read_text(encoding="utf-8"))
