"""Blocking keys as numbers, and what an index gives back for them. Plain: the key table's meaning without the table."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from wholechild.people.comparing.artefact import Artefact
from wholechild.people.comparing.identity import Identity
from wholechild.people.comparing.keys import (
    COMMON_AS_A_RULE,
    MOST_IN_A_BLOCK,
    blocking_keys,
    most_under,
    rule_of,
)

#: One agency may have a person twice, or three times. More identities with one number are a fault of its feed.
MOST_WITH_ONE_NUMBER: Final = 3


@dataclass(frozen=True, slots=True)
class Comparing:
    """With what identities are compared: the artefact in force, the keys that make a candidate, and how many may share one."""

    artefact: Artefact
    #: the artefact's id, which is dear to work out
    name: str
    keys: Callable[[Identity], Iterable[str]] = blocking_keys
    most: int = MOST_IN_A_BLOCK


@dataclass(frozen=True, slots=True)
class Crowded:
    """A key that more identities share than are compared. `rule` is the kind of key, never what it says."""

    key: int
    rule: str
    members: int


def key_number(key: str) -> int:
    """The number under which a key stands in the table. Two keys in 10^19 share one; then two more are weighed for nothing."""
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big", signed=True)


def numbered(identity: Identity, comparing: Comparing) -> dict[int, str]:
    """number -> rule, for each key of an identity."""
    return {key_number(key): rule_of(key) for key in comparing.keys(identity)}


def followed(keys: Iterable[Mapping[int, str]], most: int) -> dict[int, int]:
    """number -> how many identities may share that key, for all keys of several identities, in order of the numbers."""
    rules = {number: rule for mine in keys for number, rule in mine.items()}
    return {number: most_under(rules[number], most) for number in sorted(rules)}


def candidates(
    keys: Mapping[str, Mapping[int, str]], found: Iterable[tuple[int, str]], most: int
) -> tuple[set[tuple[str, str]], dict[str, list[Crowded]]]:
    """The pairs that share a key which is not crowded, and whose keys are crowded.

    Shape    `keys` are the new identities with their keys; `found` is (key, identity) of everybody under one of them, new ones
             included, and may stop after one more of a key than `most_under` its rule. A pair is sorted. The second maps an identity to its crowded keys.
    """
    members: defaultdict[int, set[str]] = defaultdict(set)
    for key, identity in found:
        members[key].add(identity)
    pairs: set[tuple[str, str]] = set()
    crowded: dict[str, list[Crowded]] = {}
    for identity, mine in keys.items():
        for key, rule in mine.items():
            if len(members[key]) > most_under(rule, most):
                if rule in COMMON_AS_A_RULE:
                    continue
                crowded.setdefault(identity, []).append(Crowded(key, rule, len(members[key])))
            else:
                pairs.update(_sorted(identity, other) for other in members[key] if other != identity)
    return pairs, crowded


def shared_numbers(new: Mapping[str, Identity], sides: Mapping[str, Identity]) -> dict[str, Crowded]:
    """Of the new identities, those whose agency has their NHS number on more identities than one person can have there."""
    bearers = Counter((side.agency, side.nhs_number) for side in sides.values() if side.nhs_number)
    return {
        name: Crowded(key_number(f"n:{one.nhs_number}"), "n", bearers[one.agency, one.nhs_number])
        for name, one in new.items()
        if bearers[one.agency, one.nhs_number] > MOST_WITH_ONE_NUMBER
    }


def _sorted(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one < other else (other, one)
