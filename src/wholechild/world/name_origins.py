"""Where a name comes from, as far as the table of names knows: of the name, never of whoever bears it.

It serves one thing only: to see whether linking misses names of some origins more often than others (ARCHITECTURE section 6).
It is worked out when a report is made, and never stored with a person.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from wholechild.world.names import Community, names

#: A first and a family name, or one of the two and nothing, in the form in which they are compared.
Alike = Callable[[str, str], tuple[str, str]]


def name_origins(alike: Alike) -> Callable[[str, str], str]:
    """A function that gives, for a first and a family name, the community of `data/names.csv` that the name comes from.

    Shape    the one community whose family names have the family name; where several have it, the one whose first names have
             the first name too. `alike` brings the names of the table into the form in which the function will be asked.
    Missing  empty, where that leaves none or more than one: it is not guessed. The table has the commoner names only, and nobody
             is placed by a first name alone.
    """
    families: defaultdict[str, set[str]] = defaultdict(set)
    givens: defaultdict[str, set[str]] = defaultdict(set)
    for community in names().communities.values():
        for name in _families_of(community):
            families[alike("", name)[1]].add(community.id)
        for choice in community.given.values():
            for name in choice.things:
                givens[alike(name, "")[0]].add(community.id)

    def origin(given: str, family: str) -> str:
        by_family = families.get(family, set())
        by_both = by_family & givens.get(given, by_family)
        return next(iter(by_both)) if len(by_both) == 1 else ""

    return origin


def _families_of(community: Community) -> set[str]:
    return {community.borne_by(name, sex) for name in community.family.things for sex in ("F", "M")}
