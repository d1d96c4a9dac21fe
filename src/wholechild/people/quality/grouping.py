"""By what a report on linking is split: what identities say of themselves, and what files say of them. Nobody is placed by a guess.

A group is a group of identities: one agency may know of a move that another does not. What is not known of an identity is left out.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from wholechild.people.comparing.identity import Identity
from wholechild.people.comparing.standardising import standard_postcode
from wholechild.people.linkage_report import SPLITS

MOVED: Final = "a move on record"
NOT_MOVED: Final = "no move on record"
_SEX: Final = {"F": "female", "M": "male"}
#: A file of groups is about identities, or about all who live at a postcode now.
KEYS: Final = ("identity", "postcode")

#: split -> identity -> group
Groups = dict[str, dict[str, str]]


class GroupsRefused(ValueError):
    """A file of groups with faults. Each says line, field, value, why, and what to do."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a file says: split -> key -> group, where a key is an identity or a postcode."""

    by: str
    groups: Mapping[str, Mapping[str, str]]


def own_groups(identities: Mapping[str, Identity], origin: Callable[[str, str], str]) -> Groups:
    """The groups that follow from what an identity says: sex, a move that its agency has recorded, the origin of its name.

    Shape    `origin` gives the origin of a first and a family name, or nothing.
    Missing  sex neither female nor male; a move where no home is known; how deprived a home is, which only a file can tell.
    """
    found: Groups = {split: {} for split in SPLITS}
    for name, one in identities.items():
        said = {
            "sex": _SEX.get(one.sex, ""),
            "mover": MOVED if one.postcodes else NOT_MOVED if one.postcode else "",
            "name_origin": origin(one.given, one.family) if one.family else "",
        }
        for split, group in said.items():
            if group:
                found[split][name] = group
    return found


def read_groups(text: str, name: str) -> Told:
    """What a CSV file says: its first column is `identity` or `postcode`, the others are any of `SPLITS`; an empty cell says nothing.

    Errors   GroupsRefused with every fault: another first column, a column that is no split, a key that comes twice with another group.
    """
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    head = [cell.strip().lower() for cell in next(rows, [])]
    by, splits = (head or [""])[0], head[1:]
    faults = []
    if by not in KEYS:
        faults.append(
            f'{name}, line 1: the first column is "{by[:40]}". Call it identity or postcode, whichever it holds.'
        )
    faults += [
        f'{name}, line 1: "{split[:40]}" is nothing that a report is split by. Use {", ".join(SPLITS)}.'
        for split in splits
        if split not in SPLITS
    ]
    if faults:
        raise GroupsRefused("\n".join(faults))
    groups: Groups = {split: {} for split in splits}
    for row in rows:
        faults += [f"{name}, line {rows.line_num}, {fault}" for fault in _take_in(groups, by, splits, row)]
    if faults:
        raise GroupsRefused("\n".join(faults))
    return Told(by, groups)


def _take_in(groups: Groups, by: str, splits: Iterable[str], row: list[str]) -> Iterable[str]:
    if not any(cell.strip() for cell in row):
        return
    key = standard_postcode(row[0]) if by == "postcode" else row[0].strip()
    if not key:
        yield f"field {by}: there is none that can be read. Write it, or take the line out."
        return
    for split, cell in zip(splits, row[1:], strict=False):
        group = " ".join(cell.split())
        if group and groups[split].setdefault(key, group) != group:
            yield f'field {split}: "{group[:40]}", and an earlier line says something else of the same {by}. Keep one.'


def with_told(own: Groups, told: Iterable[Told], identities: Mapping[str, Identity]) -> Groups:
    """The groups, where files say more: they go before what identities say of themselves, and a later file before an earlier."""
    found = {split: dict(groups) for split, groups in own.items()}
    for file in told:
        for split, groups in file.groups.items():
            for name, one in identities.items():
                group = groups.get(one.postcode if file.by == "postcode" else name)
                if group:
                    found[split][name] = group
    return found
