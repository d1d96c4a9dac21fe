"""Which person each settled group of identities is: persons keep their ids, and nobody sees more without a decision.

Settling (comparing/clustering.py) says which identities belong together. This says who they are:

1. Identities that were never linked join whoever they belong to. Whoever stands in a relation to a person stands in it to
   what newly arrives about that person: that is what the relation is for.
2. Two persons who were there before become one by machine only where that opens nothing to anybody: where the same users
   stand in the same relations to both. Otherwise they stay two, side by side, until a person decides that they are one.
3. The person whose identity was learnt first is kept; the links of the other are taken back and made anew.
4. Whoever is split off gets a person of their own: the one that they were before, where that opens nothing either.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from wholechild.records.ids import stable_id

#: (user, relation): who may look, and as what.
Viewers = frozenset[tuple[str, str]]
_NOBODY: Final[Viewers] = frozenset()


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one identity stands before it is settled.

    Shape    `learnt` sorts identities by when we learnt of them. `declared` is the person whom its sender names outright.
    Missing  an empty `person`: it was never linked, or is linked to nobody now. An empty `declared`: nobody is named.
    """

    identity: str
    learnt: tuple[Any, ...]
    person: str = ""
    declared: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """Two persons who belong together by their weight and stay apart, because one of them would be opened to somebody."""

    kept: str
    apart: str


@dataclass(frozen=True, slots=True)
class Assigned:
    """Who every identity is, what is held back, and whose relations follow whom by a decision.

    Shape    `person_of` has every identity of every group. `follows` are (person that is no longer, person that is kept).
    """

    person_of: Mapping[str, str]
    held: Sequence[Held] = ()
    follows: Sequence[tuple[str, str]] = ()


@dataclass(slots=True)
class _Group:
    """Identities that become one person."""

    members: list[Standing]
    #: the persons that they were until now, whose ids stay with them; a part that is split off a person has none
    before: list[str]
    viewers: Viewers


@dataclass(slots=True)
class _Made:
    person_of: dict[str, str] = field(default_factory=dict)
    held: list[Held] = field(default_factory=list)
    follows: list[tuple[str, str]] = field(default_factory=list)


def persons_for(
    groups: Iterable[Collection[str]],
    standings: Mapping[str, Standing],
    *,
    viewers: Mapping[str, Viewers],
    bound: Collection[tuple[str, str]],
    weights: Mapping[tuple[str, str], float],
    is_free: Callable[[str], bool],
    at: str,
    sent_away: Collection[str] = (),
) -> Assigned:
    """Say which person each identity is.

    Shape    `groups` are disjoint. `standings` has all of them, and everybody who is linked to one of their persons.
             `viewers` maps a person to who stands in a relation to them. `bound` are pairs, sorted, that a decision, a
             confirmed link or a sender's word says are one. `is_free(id)`: whether nobody is linked to a person of this id.
             `sent_away` are those of whom a split says that they are somebody else: they keep no person's id from who stays.
    Missing  a person without an entry in `viewers`: nobody stands in a relation to them by name.
    """
    made = _Made()
    keepers = _keepers(standings.values(), sent_away)
    ordered = sorted(([standings[i] for i in g] for g in groups), key=lambda g: min(s.learnt for s in g))
    for group in ordered:
        parts = _parts(group, keepers, viewers)
        one = _bound_together(parts, bound)
        several = _same_viewers(one)
        _join_new(several, [s for s in group if not s.person], weights, bound)
        firsts = [_name(g, made, viewers, is_free, at) for g in several]
        made.held += [Held(firsts[0], other) for other in firsts[1:]]
    return Assigned(made.person_of, made.held, made.follows)


def _keepers(standings: Iterable[Standing], sent_away: Collection[str]) -> dict[str, str]:
    """person -> the identity that keeps the person's id: the one that was learnt first, of those whom nobody sent away."""
    first: dict[str, Standing] = {}
    for one in sorted(standings, key=lambda s: (s.identity in sent_away, s.learnt)):
        if one.person:
            first.setdefault(one.person, one)
    return {person: one.identity for person, one in first.items()}


def _parts(
    group: Sequence[Standing], keepers: Mapping[str, str], viewers: Mapping[str, Viewers]
) -> list[_Group]:
    """The members by the person that they are until now; who is nobody yet is left out."""
    by_person: defaultdict[str, list[Standing]] = defaultdict(list)
    for one in sorted(group, key=lambda s: s.learnt):
        if one.person:
            by_person[one.person].append(one)
    return [
        _Group(members, [person] if keepers[person] in {m.identity for m in members} else [], viewers.get(person, _NOBODY))
        for person, members in by_person.items()
    ]  # fmt: skip


def _bound_together(parts: list[_Group], bound: Collection[tuple[str, str]]) -> list[_Group]:
    """Join what a decision says is one, whoever may look."""
    where = {one.identity: part for part in parts for one in part.members}
    for one, other in sorted(bound):
        here, there = where.get(one), where.get(other)
        if here is None or there is None or here is there:
            continue
        if (not there.before, there.members[0].learnt) < (not here.before, here.members[0].learnt):
            here, there = there, here
        if there.before:  # who is wholly taken in brings whoever looks after them; who was split off does not
            here.viewers |= there.viewers
        _take_in(here, there)
        where.update((member.identity, here) for member in there.members)
    return list({id(group): group for group in where.values()}.values())


def _same_viewers(groups: list[_Group]) -> list[_Group]:
    """Join what the same users may see already."""
    by_viewers: dict[Viewers, _Group] = {}
    for group in sorted(groups, key=lambda g: g.members[0].learnt):
        if group.viewers in by_viewers:
            _take_in(by_viewers[group.viewers], group)
        else:
            by_viewers[group.viewers] = group
    return list(by_viewers.values())


def _take_in(group: _Group, other: _Group) -> None:
    group.members = sorted([*group.members, *other.members], key=lambda s: s.learnt)
    group.before = [*group.before, *other.before]


def _join_new(
    groups: list[_Group], new: list[Standing], weights: Mapping[tuple[str, str], float], bound: Collection[tuple[str, str]]
) -> None:  # fmt: skip
    """Put those who are nobody yet to whom they weigh most with, the strongest tie first."""
    if not groups:
        groups.append(_Group(sorted(new, key=lambda s: s.learnt), [], _NOBODY))
        return
    waiting = sorted(new, key=lambda s: s.learnt)
    while waiting:
        choices = [(_tie(s, g, weights, bound), s, g) for s in waiting for g in groups]
        _, one, group = max(choices, key=lambda choice: choice[0]) if len(groups) > 1 else choices[0]
        group.members.append(one)
        waiting.remove(one)
    for group in groups:
        group.members.sort(key=lambda s: s.learnt)


def _tie(one: Standing, group: _Group, weights: Mapping[tuple[str, str], float], bound: Collection[tuple[str, str]]) -> float:  # fmt: skip
    ties = [tuple(sorted((one.identity, m.identity))) for m in group.members]
    return max(float("inf") if tie in bound else weights.get((tie[0], tie[1]), float("-inf")) for tie in ties)


def _name(
    group: _Group, made: _Made, viewers: Mapping[str, Viewers], is_free: Callable[[str], bool], at: str
) -> str:
    """Give every member of the group its person, and return that."""
    person = _id(group, made, viewers, is_free, at)
    made.person_of.update((member.identity, person) for member in group.members)
    made.follows += [(other, person) for other in group.before if other != person]
    return person


def _id(
    group: _Group, made: _Made, viewers: Mapping[str, Viewers], is_free: Callable[[str], bool], at: str
) -> str:
    taken = set(made.person_of.values())
    names = [stable_id("person", "declared", s.declared) for s in group.members if s.declared]
    for name in [*names, *group.before]:
        if name not in taken:
            return name
    first = group.members[0]
    own = stable_id("person", first.identity)
    were_nobody = not any(member.person for member in group.members)
    if own not in taken and (were_nobody or (is_free(own) and viewers.get(own, _NOBODY) <= group.viewers)):
        return own
    return stable_id("person", first.identity, "apart", at)
