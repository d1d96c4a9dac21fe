"""Which identities are one person: what senders declare, and what agrees exactly. Plain rules, no guessing.

The probable links of a later issue stand beside these as another way to find candidates; who may be linked by machine,
and what forbids it, stays here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from nhs_number import is_valid

from wholechild.records.ids import stable_id

DECLARED: Final = "declared"
EXACT: Final = "exact_agreement"
OWN: Final = "own"

#: Numbers that a check digit lets through and that nobody has (research on real feeds: placeholders pass it).
_PLACEHOLDERS: Final = frozenset(digit * 10 for digit in "0123456789")
#: Words that stand for not knowing the name: a ward enters both of two new twins as "Baby Girl".
_NOT_NAMES: Final = frozenset(
    "baby babe newborn infant twin triplet unborn unnamed unknown un nk test not known male female".split()
)


def _is_name(folded: str) -> bool:
    """Whether a folded name can tell one child from another."""
    return bool(folded) and _NOT_NAMES.isdisjoint(folded.split())


@dataclass(frozen=True, slots=True)
class Details:
    """What one agency says of one identity, as it is compared: names and postcode folded (records/search.py).

    Missing  an empty text or None: the agency does not say. `declared` names the person outright, across agencies.
    """

    identity: str
    given: str = ""
    family: str = ""
    born: date | None = None
    sex: str = ""
    nhs_number: str = ""
    postcode: str = ""
    declared: str = ""

    def agreements(self) -> Iterator[tuple[str, ...]]:
        """The combinations that make two identities one person, if nothing contradicts it."""
        if self.born is None:
            return
        if usable_nhs_number(self.nhs_number):
            yield ("nhs_number", self.nhs_number, self.born.isoformat())
        if self.postcode and _is_name(self.given) and _is_name(self.family):
            yield ("name", self.given, self.family, self.born.isoformat(), self.postcode)


@dataclass(frozen=True, slots=True)
class NewLink:
    """An identity is a person, by which evidence; `grounds` names what agreed and with which identity, never values."""

    identity: str
    person: str
    evidence: str
    grounds: dict[str, object] = field(default_factory=dict)


def usable_nhs_number(number: str) -> bool:
    """Whether a number can be evidence: ten digits, a right check digit, and no placeholder."""
    return number not in _PLACEHOLDERS and bool(number) and bool(is_valid(number))


def contradiction(one: Details, other: Details) -> str:
    """Why no machine may say that two identities are one person, or an empty text.

    Source   ARCHITECTURE section 6: incompatible births, two valid NHS numbers, and the twin rule: twins share a birthday, a
             home and now and then a number, so another first name is for a person, or the probable linker, to weigh.
    """
    if one.born and other.born and one.born != other.born:
        return "different dates of birth"
    if (
        one.nhs_number != other.nhs_number
        and usable_nhs_number(one.nhs_number)
        and usable_nhs_number(other.nhs_number)
    ):
        return "two different NHS numbers"
    if one.given and other.given and one.given != other.given:
        return "another first name"
    return ""


class Linker:
    """Links new identities to the people who are there, one at a time, in a stated order.

    Two people who both agree exactly with a new identity are a contradiction in themselves: then the identity becomes a
    person of its own, and a human being decides.
    """

    def __init__(self, known: Iterable[tuple[str, Details]]) -> None:
        """`known` are (person, details) of the identities that are linked already."""
        self._by_key: dict[tuple[str, ...], set[str]] = {}
        self._members: dict[str, list[Details]] = {}
        for person, details in known:
            self._remember(person, details)

    def link(self, details: Details) -> NewLink:
        """The link of one new identity: to the one person that it agrees with, else to a person of its own."""
        if details.declared:
            person = stable_id("person", DECLARED, details.declared)
            link = NewLink(
                details.identity, person, DECLARED, {"declared": "the sender's own id for the person"}
            )
        else:
            link = self._by_agreement(details)
        self._remember(link.person, details)
        return link

    def _by_agreement(self, details: Details) -> NewLink:
        found = {person: key for key in details.agreements() for person in self._by_key.get(key, ())}
        fitting = [p for p in sorted(found) if not any(contradiction(details, m) for m in self._members[p])]
        if len(fitting) == 1:
            (person,) = fitting
            agreed = (
                "NHS number and date of birth"
                if found[person][0] == "nhs_number"
                else "name, date of birth and postcode"
            )
            return NewLink(
                details.identity, person, EXACT, {"agreed": agreed, "with": self._members[person][0].identity}
            )
        grounds: dict[str, object] = {"may_be": fitting} if fitting else {}
        return NewLink(details.identity, stable_id("person", details.identity), OWN, grounds)

    def _remember(self, person: str, details: Details) -> None:
        self._members.setdefault(person, []).append(details)
        for key in details.agreements():
            self._by_key.setdefault(key, set()).add(person)
