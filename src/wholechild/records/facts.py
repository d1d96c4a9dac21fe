"""What an agency knows, as plain values: the shape that every reader produces and every engine reads.

A record keeps three times apart (ARCHITECTURE D2): `happened` (a period, as exactly as its source knew),
`written_at` (by the agency) and `learnt_at` (by us). Nothing here is ever edited; a correction is another record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from wholechild.lib.civil import Period


@dataclass(frozen=True, slots=True)
class Agency:
    """One sender: a kind of service in an area, and where there are several, which one.

    Shape    `kind` is an id of vocabulary/data/agency_kinds.yaml; `area` is the name of a place; `unit` is
             the name of a school, practice or team, or empty.
    """

    kind: str
    area: str
    unit: str = ""

    @property
    def id(self) -> str:
        """`police/Coventry`, `school/Northmoor/Oakfield Primary`: stable, and readable in a log."""
        return _agency_id(self.kind, self.area, self.unit)

    @classmethod
    def of(cls, agency_id: str) -> Agency:
        kind, area, unit = (*agency_id.split("/", 2), "", "")[:3]
        return cls(kind, area, unit)


@lru_cache(maxsize=4096)
def _agency_id(*parts: str) -> str:
    return "/".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Record:
    """One thing that one agency wrote down.

    Shape    `about` has the agency's own local ids, the person it is mainly about first; at least one.
             `count` is how many incidents this one line stands for. `measures` maps a measure of the
             vocabulary to a number in that measure's unit; `values` maps a fact or attribute to a code.
    Missing  `written_at` None: the agency did not say. `version` 1 is the first; a higher version of the same
             (agency, reference) supersedes it from its own `learnt_at` on.
    Units    `learnt_at` in aware UTC.
    """

    id: str
    agency: Agency
    reference: str
    kind: str
    happened: Period
    learnt_at: datetime
    about: tuple[str, ...]
    written_at: datetime | None = None
    count: int = 1
    measures: Mapping[str, float] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    what: str = ""
    informant: str = ""
    version: int = 1
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PersonDetails:
    """What one agency has as a person's details, under its own local id. Every field but the ids may be missing."""

    agency: Agency
    local_id: str
    given_name: str = ""
    family_name: str = ""
    born: Period | None = None
    died: Period | None = None
    sex: str = ""
    nhs_number: str = ""
    postcode: str = ""
    role: str = ""
    learnt_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tie:
    """One agency's statement that `other` stands in `relation` to `subject` (the child), from when to when.

    Missing  `began` None: always so, as far as stated. `ended` None: not known to have ended.
    """

    agency: Agency
    reference: str
    subject: str
    relation: str
    other: str
    began: Period | None
    ended: Period | None
    learnt_at: datetime


@dataclass(frozen=True, slots=True)
class Residence:
    """One agency's statement that `subject` lived in `household` (the agency's own key for a home), from when to when."""

    agency: Agency
    reference: str
    subject: str
    household: str
    area: str
    began: Period | None
    ended: Period | None
    learnt_at: datetime


@dataclass(frozen=True, slots=True)
class Coverage:
    """From when to when an agency's feed was live: only inside it does silence mean anything (section 4)."""

    agency: Agency
    live_from: datetime
    live_to: datetime | None


class AsItCame(NamedTuple):
    """A line as it came, where it cannot be given as text: its beginning, how many bytes it had, and their SHA-256."""

    kept: bytes
    length: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with one place in what was sent, fit to show to its sender.

    Shape    `line` counts from 1; 0 is the delivery as a whole. `value` is what stood there, cut short, and empty
             where it could identify a person.
    """

    line: int
    field: str
    value: str
    why: str
    do: str
