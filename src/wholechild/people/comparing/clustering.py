"""From pairs to people: the best links first, and none across what cannot be one person or what a person decided.

Links pass on: who is linked with one of a group is linked with all. So one wrong pair can join two whole families, unless
each link is asked whether anything in the two groups stands against it. That is what is done here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import Final

from wholechild.people.comparing.identity import Identity
from wholechild.people.comparing.levels import NAMES_ALONE, contradiction, explains
from wholechild.people.comparing.prepared import Prepared, prepare
from wholechild.people.comparing.weighed import NEVER, LowerLines, Weighed, Zone

#: More identities than this are not linked into one person by machine: nobody is known to so many places, and a group
#: that grows so is a fault in a feed.
MOST_OF_ONE_PERSON: Final = 60


class Decision(StrEnum):
    """What is known of two identities beside their weight."""

    SAME = "same"
    DIFFERENT = "different"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True)
class Decided:
    """Two identities of which a person, or a sender that declares it, says whether they are one, or that nobody can tell.

    Shape    the order of the two does not matter. Of several decisions about one pair only the one in force is given.
    """

    one: str
    other: str
    decision: Decision


class _Groups:
    """Identities in groups, and which groups have to stay apart."""

    def __init__(self, identities: Mapping[str, Prepared]) -> None:
        self._prepared = identities
        self._group_of = {name: name for name in identities}
        self._members = {name: {name} for name in identities}
        self._apart: dict[str, set[str]] = {}

    @property
    def known(self) -> Set[str]:
        return self._group_of.keys()

    def partition(self) -> list[frozenset[str]]:
        return sorted((frozenset(members) for members in self._members.values()), key=min)

    def keep_apart(self, one: str, other: str) -> None:
        self._apart.setdefault(one, set()).add(other)
        self._apart.setdefault(other, set()).add(one)

    def given(self, name: str) -> str:
        """The first name of an identity; empty where it has none."""
        return self._prepared[name].given

    def first_of(self, name: str) -> str:
        """What a group is called."""
        return self._group_of[name]

    def members(self, name: str) -> set[str]:
        return self._members[self._group_of[name]]

    def join(self, one: str, other: str) -> None:
        small, large = sorted((self._group_of[one], self._group_of[other]), key=self._size)
        if small != large:
            for name in self._members[small]:
                self._group_of[name] = large
            self._members[large] |= self._members.pop(small)

    def _size(self, group: str) -> tuple[int, str]:
        return len(self._members[group]), group

    def are_kept_apart(self, one: str, other: str) -> bool:
        """Whether a decision keeps anyone of the one group from anyone of the other."""
        theirs = self.members(other)
        return any(not theirs.isdisjoint(self._apart.get(name, ())) for name in self.members(one))

    def may_be_joined(self, one: str, other: str) -> bool:
        """Whether a machine may make the two groups one."""
        mine, theirs = self.members(one), self.members(other)
        if mine is theirs:
            return False
        if len(mine) + len(theirs) > MOST_OF_ONE_PERSON or self.are_kept_apart(one, other):
            return False
        return not any(self._stands_between(a, b, mine | theirs) for a in mine for b in theirs)

    def _stands_between(self, one: str, other: str, all_of_them: set[str]) -> bool:
        """Whether the two contradict each other, and nobody else of them explains how."""
        mine, theirs = self._prepared[one], self._prepared[other]
        why = contradiction(mine, theirs)
        if not why:
            return False
        others = (self._prepared[name] for name in all_of_them - {one, other})
        return not any(explains(third, mine, theirs, why) for third in others)

    def share_an_agency(self, one: str, other: str) -> bool:
        """Whether an agency has identities in both groups: it seldom keeps a child twice."""
        mine, theirs = (
            {self._prepared[name].agency for name in self.members(side)} - {""} for side in (one, other)
        )
        return not mine.isdisjoint(theirs)


def settle(
    pairs: Iterable[Weighed],
    decisions: Iterable[Decided],
    identities: Iterable[Identity],
    lower: LowerLines = NEVER,
) -> list[frozenset[str]]:
    """Who is who: the identities, parted into people.

    Shape    every identity stands in exactly one set; the sets are sorted by their first identity. The order in which
             anything is given does not matter. Pairs and decisions about identities that are not given are left out.
    Source   greedy agglomeration under must-link and cannot-link constraints: decisions that two are the same come first
             (also against a contradiction: a person decided), then pairs of the zone `same` by falling weight. A pair is
             left out where a decision or a contradiction stands between any two of the two groups. A contradiction that a third
             record of the two groups explains (`explains` in levels.py) is none: two slips of one date contradict each other.

    At last two groups are joined by a pair that weighs less, from `lower.unrivalled` bits on, where no other pair leads from
    either of them to anybody else: most of what speaks against such a pair is that there may be a twin or a brother, and of a
    twin somebody would have heard. Of a baby who has no name yet perhaps not: where one of the two has no first name, it takes
    `lower.nameless` bits, and of two without one it is never done. The first names may not be different ones. Nor where an
    agency has both, which is to have heard of two; nor where a person has looked and could not tell. As neither group has
    another, the order does not matter here either.

    Where decisions contradict each other, `different` stands and the decision to link, of the later pair in order of ids,
    is left out: to have kept two apart can be put right, to have mixed two histories cannot.
    """
    groups = _Groups({identity.id: prepare(identity) for identity in identities})
    known = groups.known
    decided = sorted(
        {(*sorted((d.one, d.other)), d.decision) for d in decisions if {d.one, d.other} <= known}
    )
    for one, other, decision in decided:
        if decision is Decision.DIFFERENT:
            groups.keep_apart(one, other)
    for one, other, decision in decided:
        if decision is Decision.SAME and not groups.are_kept_apart(one, other):
            groups.join(one, other)
    there = [pair for pair in pairs if {pair.one, pair.other} <= known]
    for pair in sorted(filter(_by_machine, there), key=_best_first):
        if groups.may_be_joined(pair.one, pair.other):
            groups.join(pair.one, pair.other)
    unclear = {(one, other) for one, other, decision in decided if decision is Decision.CANNOT_TELL}

    def least(pair: Weighed) -> float:
        level = pair.level("given")
        if level:
            return inf if level == "different" else lower.unrivalled
        return lower.nameless if groups.given(pair.one) or groups.given(pair.other) else inf

    for one, other in _unrivalled(groups, there, unclear, least):
        if groups.may_be_joined(one, other) and not groups.share_an_agency(one, other):
            groups.join(one, other)
    return groups.partition()


def _unrivalled(
    groups: _Groups,
    pairs: Iterable[Weighed],
    unclear: Set[tuple[str, str]],
    least: Callable[[Weighed], float],
) -> list[tuple[str, str]]:
    """The groups, each by its first, that pairs lead from to one another and to nobody else, and that weigh enough."""
    between: dict[tuple[str, str], list[Weighed]] = {}
    others: dict[str, set[str]] = {}
    for pair in pairs:
        one, other = sorted((groups.first_of(pair.one), groups.first_of(pair.other)))
        if one != other and pair.zone is not Zone.DIFFERENT:
            between.setdefault((one, other), []).append(pair)
            others.setdefault(one, set()).add(other)
            others.setdefault(other, set()).add(one)
    return [
        (one, other) for (one, other), found in between.items()
        if len(others[one]) == len(others[other]) == 1
        and any(pair.weight >= least(pair) and not pair.forbids for pair in found)
        and not any(_forbidden_to_all(pair) or (pair.one, pair.other) in unclear for pair in found)
    ]  # fmt: skip


def _forbidden_to_all(pair: Weighed) -> bool:
    """Whether what forbids a pair stands between the groups of the two. That two agree in their names alone does not."""
    return bool(pair.forbids) and pair.forbids != NAMES_ALONE


def _best_first(pair: Weighed) -> tuple[float, str, str]:
    return -pair.weight, min(pair.one, pair.other), max(pair.one, pair.other)


def _by_machine(pair: Weighed) -> bool:
    return pair.zone is Zone.SAME and not pair.forbids
