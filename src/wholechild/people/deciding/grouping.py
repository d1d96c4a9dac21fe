"""Which identities are one person once people have decided: what machines said, with the decisions that bind laid over it.

The outcome follows from what was said and what binds now, never from the order in which it came: to link, to split and to
link again leaves what linking once leaves, down to the ids of the persons.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import combinations

from wholechild.people.deciding.decisions import Pair, pair_of

Groups = list[frozenset[str]]


def grouped(
    base: Mapping[str, str],
    same: Iterable[Pair],
    different: Iterable[Pair],
    goes: Collection[str],
    set_apart: Callable[[str], str],
) -> Groups:
    """The groups of identities that are one person each, in the order of their first identity.

    Shape    `base` is identity -> the person that machines and senders made it; `same` and `different` bind; `goes` were sent
             away from their base; `set_apart` names the person that somebody sent away becomes. Every identity of `base` is in
             exactly one group. `same` joins whole groups. Then identities of one base stay together as far as `different` lets
             them: those that stay first, in the order of their ids. What machines link to somebody who was sent away goes there.
    """
    apart = frozenset(different)
    group_of: dict[str, set[str]] = {identity: {identity} for identity in base}
    for one, other in sorted(same):
        _join(group_of, group_of[one], group_of[other])
    members = {set_apart(identity): [identity] for identity in base}
    for identity in sorted(base, key=lambda i: (i in goes, i)):
        earlier = members.setdefault(base[identity], [])
        home = next((e for e in earlier if not _kept_apart(group_of[e], group_of[identity], apart)), None)
        if home is not None:
            _join(group_of, group_of[home], group_of[identity])
        earlier.append(identity)
    found = {id(group): frozenset(group) for group in group_of.values()}
    return sorted(found.values(), key=min)


def _join(group_of: dict[str, set[str]], one: set[str], other: set[str]) -> None:
    if one is other:
        return
    one |= other
    for identity in other:
        group_of[identity] = one


def _kept_apart(one: Collection[str], other: Collection[str], apart: Collection[Pair]) -> bool:
    return one is not other and any(pair_of(a, b) in apart for a in one for b in other)


def contradicting(groups: Groups, different: Iterable[Pair]) -> list[Pair]:
    """The pairs that somebody decided are different, and that stand in one group all the same."""
    apart = frozenset(different)
    return [pair for group in groups for pair in combinations(sorted(group), 2) if pair in apart]


def torn(before: Groups, after: Groups) -> list[Pair]:
    """The pairs that were one person before, and are two after."""
    home = {identity: group for group in after for identity in group}
    return [
        (one, other)
        for group in before
        for one, other in combinations(sorted(group), 2)
        if home[one] is not home[other]
    ]


def named(
    groups: Groups, base: Mapping[str, str], goes: Collection[str], set_apart: Callable[[str], str]
) -> dict[str, str]:
    """identity -> the person that it is.

    Shape    a group keeps a person of its base: the one that most of its identities have, and where several groups would keep
             the same, the one that nobody sent away, then the largest, then the first. One that keeps none is named after its
             first identity.
    """
    wishes = sorted(
        (bool(set(goes) & group), -sum(base[i] == person for i in group), person, min(group), number)
        for number, group in enumerate(groups)
        for person in {base[i] for i in group}
    )
    kept: dict[int, str] = {}
    for _, _, person, _, number in wishes:
        if number not in kept and person not in kept.values():
            kept[number] = person
    return {
        identity: kept.get(number) or set_apart(min(group))
        for number, group in enumerate(groups)
        for identity in group
    }
