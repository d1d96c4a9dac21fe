"""Writes the feeds: one NDJSON file per kind of agency, in the format of docs/reference/feeds.md.

Each agency describes people, ties and homes in its own words and under its own ids, and only those that it has to do
with; a small share of details carries a slip, as details do. Memory holds one family at a time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import IO, Any, Final

from wholechild.records.facts import Agency
from wholechild.world.agencies import HEALTH, Agencies, Sender
from wholechild.world.chance import stream
from wholechild.world.log import Entry, FamilyLog, Stay
from wholechild.world.names import Names
from wholechild.world.people import AtHome, Child, Family, Home, Person
from wholechild.world.rates import Rates

_SEX: Final = {"F": "female", "M": "male"}
#: How often an agency asks for the address at the first contact after a move.
_ASKED: Final = 0.85
_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Sent:
    """What went out about one family.

    Shape    `records` in the order of time; `ids` are (agency id, its own id of the person) by the person's place.
    """

    records: list[Entry]
    ids: Mapping[int, list[tuple[str, str]]]


class Feeds:
    """The open feed files of one area."""

    def __init__(self, folder: Path, agencies: Agencies, names: Names, rates: Rates, seed: int) -> None:
        self.folder, self.agencies, self.names, self.seed = folder, agencies, names, seed
        self.slips = rates.per("slips", 100)
        self.no_number = rates.per("nhs_number_missing", 100)
        self.files: dict[str, IO[str]] = {}
        self.rows: dict[str, dict[str, int]] = {}

    def __enter__(self) -> Feeds:
        self.folder.mkdir(parents=True, exist_ok=True)
        for sender in self.agencies:
            self._write(sender, "coverage", {"from": _iso(sender.live_from)})
        contacts = json.dumps(self.agencies.contacts(), indent=1, ensure_ascii=False)
        (self.folder / "contacts.json").write_text(contacts + "\n", encoding="utf-8")
        return self

    def __exit__(self, *_: object) -> None:
        for file in self.files.values():
            file.close()

    @property
    def paths(self) -> list[Path]:
        return [self.folder / f"{kind}.ndjson" for kind in sorted(self.files)]

    def send(self, log: FamilyLog) -> Sent:
        """Send everything about one family, in the order in which the agencies wrote it."""
        sent: list[Entry] = []
        book = _FamilyBook(self, log.family)
        window = self.agencies.window
        items: list[tuple[int, int, Entry | Stay]] = [(e.written, 1, e) for e in log.entries]
        items += [(s.written, 0, s) for s in log.stays]
        items.sort(key=lambda item: item[:2])
        for written, _, item in items:
            if written >= window.end or written < item.sender.live_from:
                continue
            if isinstance(item, Stay):
                book.stay(item)
            elif item.first_of_series or item.day >= item.sender.live_from:
                book.record(item)
                sent.append(item)
        return Sent(sent, book.known_as())

    def _write(self, sender: Sender, row: str, values: dict[str, Any]) -> None:
        agency = sender.agency
        file = self.files.get(agency.kind)
        if file is None:
            file = self.files[agency.kind] = (self.folder / f"{agency.kind}.ndjson").open(
                "w", encoding="utf-8", newline="\n"
            )
        # Each row begins with the same words about its sender: they are encoded once.
        file.write(f"{_head(row, agency)},{_encode(values)[1:]}\n")
        counts = self.rows.setdefault(agency.kind, {})
        counts[row] = counts.get(row, 0) + 1


class _FamilyBook:
    """What each agency has told us so far of one family's people, ties and homes."""

    def __init__(self, feeds: Feeds, family: Family) -> None:
        self.feeds, self.family = feeds, family
        self.pens: dict[Sender, Random] = {}
        self.ids: dict[tuple[Sender, int], str] = {}
        self.ties: set[tuple[Sender, int, int]] = set()
        self.asked: dict[tuple[Sender, int], int] = {}
        self.details: dict[tuple[Sender, int], dict[str, Any]] = {}
        self.homes: dict[tuple[Sender, int, int], tuple[str, dict[str, Any]]] = {}

    def known_as(self) -> dict[int, list[tuple[str, str]]]:
        """Under which ids each person of the family is known, by the person's place."""
        found: dict[int, list[tuple[str, str]]] = {}
        for (sender, place), local_id in self.ids.items():
            found.setdefault(place, []).append((sender.agency.id, local_id))
        return found

    def record(self, entry: Entry) -> None:
        sender = entry.sender
        ids = [self._id(sender, person, entry.written) for person in entry.about]
        self._ties(sender, entry.about, entry.written)
        reference = sender.number_row("R")
        row: dict[str, Any] = {
            "reference": reference, "written_at": _moment(entry.written, reference), "kind": entry.kind,
            "happened": entry.happened or _iso(entry.day), "subject": ids[0],
        }  # fmt: skip
        if len(ids) > 1:
            row["also_about"] = ids[1:]
        for name, value in (("measures", entry.measures), ("values", entry.values), ("informant", entry.informant),
                            ("what", entry.what)):  # fmt: skip
            if value:
                row[name] = value
        self.feeds._write(sender, "record", row)

    def stay(self, stay: Stay) -> None:
        """A residence row for each person: a new one, or the known one with its end."""
        if stay.since or not stay.until:
            self._ties(stay.sender, stay.people, stay.written)
            for person in stay.people:
                self._asked_address(stay.sender, person, stay.written, surely=True)
        for person in stay.people:
            key = (stay.sender, person.place, stay.home.number)
            if key in self.homes:
                reference, row = self.homes[key]
                row = row | {"to": _iso(stay.until)} if stay.until else row
            else:
                reference = stay.sender.number_row("H")
                row = {"subject": self._id(stay.sender, person, stay.written),
                       "household": f"H-{self.family.number}-{stay.home.number}"}  # fmt: skip
                if stay.since:
                    row["from"] = _iso(stay.since)
                if stay.until:
                    row["to"] = _iso(stay.until)
            self.homes[key] = (reference, row)
            self.feeds._write(
                stay.sender,
                "residence",
                {"reference": reference, "written_at": _moment(stay.written, reference)} | row,
            )

    def _asked_address(self, sender: Sender, person: Person, day: int, *, surely: bool = False) -> None:
        """After a move the agency mostly learns the new postcode at the next contact: the same row, other content."""
        home, key = self.family.home_on(day), (sender, person.place)
        if key not in self.details or home.number <= self.asked[key] or day < home.since + home.told_after:
            return
        self.asked[key] = home.number
        if surely or self._pen(sender).random() < _ASKED:
            known = self.details[key]
            known["postcode"], known["written_at"] = home.postcode, _moment(day, known["reference"])
            self.feeds._write(sender, "person", known)

    def _id(self, sender: Sender, person: Person, day: int) -> str:
        known = self.ids.get((sender, person.place))
        if known is None:
            known = self.ids[sender, person.place] = sender.number_person()
            details = self.details[sender, person.place] = self._details(sender, person, known, day)
            self.asked[sender, person.place] = self.family.home_on(day).number
            self.feeds._write(sender, "person", details)
        else:
            self._asked_address(sender, person, day)
        return known

    def _details(self, sender: Sender, person: Person, local_id: str, day: int) -> dict[str, Any]:
        """What this agency has as the person's details: mostly right."""
        home, pen = self.family.home_on(day), self._pen(sender)
        details: dict[str, Any] = {
            "reference": local_id, "written_at": _moment(day, local_id), "given_name": person.given,
            "family_name": person.family_name, "born": _iso(person.born), "sex": _SEX[person.sex],
        }  # fmt: skip
        if sender.kind in HEALTH and person.nhs_number and pen.random() >= self.feeds.no_number:
            details["nhs_number"] = person.nhs_number
        details["postcode"] = home.postcode
        details["role"] = "child" if isinstance(person, Child) else "parent"
        if pen.random() < self.feeds.slips:
            _slip(pen, details, self.feeds.names, self.family.homes)
        return details

    def _pen(self, sender: Sender) -> Random:
        """Each agency makes its own slips, whatever the others write."""
        if sender not in self.pens:
            self.pens[sender] = stream(self.feeds.seed, self.family.number, f"slips {sender.agency.id}")
        return self.pens[sender]

    def _ties(self, sender: Sender, about: Iterable[Person], written: int) -> None:
        people = list(about)
        for child in people:
            if isinstance(child, Child):
                for other in people:
                    self._tie(sender, child, other, written)

    def _tie(self, sender: Sender, child: Child, other: Person, written: int) -> None:
        key = (sender, child.place, other.place)
        if isinstance(other, Child) or key in self.ties:
            return  # brothers and sisters follow from the parent whom they share
        self.ties.add(key)
        reference = sender.number_row("T")
        row = {
            "reference": reference, "written_at": _moment(written, reference), "subject": self._id(sender, child, written),
            "relation": self.family.relation(child, other), "other": self._id(sender, other, written),
        }  # fmt: skip
        spell = self._partner_spell(child, other, written)
        if spell is not None:
            row["from"] = _iso(spell.came)[:7]
            if spell.left <= written:
                row["to"] = _iso(spell.left)[:7]
        self.feeds._write(sender, "tie", row)

    def _partner_spell(self, child: Child, other: Person, written: int) -> AtHome | None:
        """When a parent's partner was in the home; None for everybody who was always what they are."""
        if self.family.relation(child, other) != "partner_of_parent":
            return None
        spells = [a for a in self.family.adults if a.person is other and 0 < a.came <= written]
        return spells[-1] if spells else None


def _slip(rng: Random, details: dict[str, Any], names: Names, homes: list[Home]) -> None:
    """One slip of the pen: another spelling, two letters swapped, day and month swapped, or an old postcode."""
    draw = rng.random()
    if draw < 0.35:
        field = "given_name" if draw < 0.22 else "family_name"
        other = names.another_spelling(rng, details[field])
        details[field] = other if other != details[field] else _swapped(rng, other)
    elif draw < 0.55:
        details["born"] = _day_and_month_swapped(details["born"])
    elif draw < 0.65:
        del details["postcode"]
    elif draw < 0.85:
        details["postcode"] = homes[int(rng.random() * len(homes))].postcode
    else:
        details["family_name"] = details["family_name"].upper()


def _swapped(rng: Random, name: str) -> str:
    place = 1 + int(rng.random() * max(1, len(name) - 2))
    return name[:place] + name[place + 1 : place + 2] + name[place : place + 1] + name[place + 2 :]


def _day_and_month_swapped(born: str) -> str:
    year, month, day = born.split("-")
    return f"{year}-{day}-{month}" if int(day) <= 12 else f"{year}-{month}-{max(1, int(day) - 1):02d}"


@lru_cache(maxsize=4096)
def _head(row: str, agency: Agency) -> str:
    """How a row begins, as JSON without its closing brace."""
    head = {"row": row, "agency": agency.kind, "area": agency.area}
    if agency.unit:
        head["unit"] = agency.unit
    return _encode(head)[:-1]


@lru_cache(maxsize=65_536)
def _iso(day: int | None) -> str:
    return date.fromordinal(day).isoformat() if day else ""


def _moment(day: int, reference: str) -> str:
    """When a row was written: people, ties and homes first thing, records through the working day.

    The hour follows from the row's number, so that no stream of chance is spent on it.
    """
    if reference[0] != "R":
        return f"{_iso(day)}T08:30:00Z"
    number = int(reference[2:])
    return f"{_iso(day)}T{9 + number * 7 % 8:02d}:{number * 13 % 60:02d}:00Z"
