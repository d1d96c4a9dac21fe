"""One agency writes one person down: which fields it holds, and which slips it makes.

Every roll that could have come up is counted, with what was asked of it, so that what came out can be compared.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import blake2b
from typing import Final

from wholechild.world.chance import stream
from wholechild.world.population import places
from wholechild.world.population.asked import AGENCIES, Profile
from wholechild.world.population.peopling import AS_OF, PEOPLE_IN_A_BLOCK, Block, Person
from wholechild.world.population.spellings import can_be_respelt, plain, respelt
from wholechild.world.population.typing_errors import digits_wrong, postcode_wrong, typo

#: How many times as usual children's social care, police and early help know families of each fifth, the most deprived first.
#: The slope is published (Bywaters and others, The Child Welfare Inequalities Project, 2020, recalled: more than tenfold between
#: the tenths that are furthest apart); the sizes are ours.
_BY_FIFTH: Final = {
    "social_care": (1.75, 1.15, 0.8, 0.55, 0.35),
    "police": (1.5, 1.1, 0.9, 0.7, 0.55),
    "early_help": (1.7, 1.15, 0.8, 0.6, 0.4),
    "emergency": (1.15, 1.05, 1.0, 0.92, 0.85),
}
#: Where an agency knows one of a family, how much of its people it knows through the family and not one by one.
_BY_FAMILY: Final = {"social_care": 0.85, "police": 0.4, "early_help": 0.8}
_BABY: Final = ("Baby", "Baby", "Infant", "Baby Boy", "Baby Girl", "Twin 1", "Twin 2", "Newborn")
_UNKNOWN: Final = ("Unknown", "Not Known", "NK", "Test", "Child", "Anon", "X")
#: Slips that are more usual than this are habits, and not a matter of care.
_A_HABIT: Final = 0.06


@dataclass(slots=True)
class Tally:
    """What was asked of every roll, and what came up: `counts[section, share, agency]` is [rolls, asked, found]."""

    counts: dict[tuple[str, str, str], list[float]] = field(default_factory=dict)

    def roll(self, key: tuple[str, str, str], asked: float, came_up: bool) -> None:
        entry = self.counts.get(key)
        if entry is None:
            entry = self.counts[key] = [0, 0.0, 0]
        entry[0] += 1
        entry[1] += asked
        entry[2] += came_up

    def add(self, other: Mapping[tuple[str, str, str], list[float]]) -> None:
        for key, values in other.items():
            entry = self.counts.setdefault(key, [0, 0.0, 0])
            for place, value in enumerate(values):
                entry[place] += value


@dataclass(slots=True)
class Record:
    """What an agency holds, in the agency's own texts; beside it `slips`, which is part of the truth and not of the record."""

    id: str
    agency: str
    person: Person
    given_names: str = ""
    family_name: str = ""
    other_names: tuple[str, ...] = ()
    born: date | None = None
    died: date | None = None
    sex: str = ""
    nhs_number: str = ""
    upn: str = ""
    postcode: str = ""
    earlier_postcodes: tuple[str, ...] = ()
    uprn: str = ""
    address: str = ""
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    local_ids: tuple[str, ...] = ()
    slips: list[str] = field(default_factory=list)


def written_down(block: Block, profile: Profile, seed: int) -> tuple[list[Record], Tally]:
    """Every record that the agencies have of the people of a block, in no order that tells who belongs to whom."""
    tally = Tally()
    records: list[Record] = []
    references: dict[int, str] = {}
    # Children's social care first: others may hold its reference.
    for agency in sorted(AGENCIES, key=lambda agency: agency != "social_care"):
        records += _Clerk(block, profile, agency, seed, tally, references).records()
    stream(seed, block.number, "population/order").shuffle(records)
    return records, tally


def one_record(block: Block, profile: Profile, agency: str, person: Person, seed: int, draw: str) -> Record:
    """How an agency writes one person down who need not be of the block; each `draw` is another time of writing."""
    clerk = _Clerk(block, profile, agency, seed, Tally(), {})
    clerk.rng = stream(seed, block.number, f"population/{agency}/{draw}")
    clerk.random = clerk.rng.random
    return clerk._record(person)


class _Clerk:
    """One agency at work on one block."""

    def __init__(
        self, block: Block, profile: Profile, agency: str, seed: int, tally: Tally, references: dict[int, str]
    ) -> None:
        self.block, self.profile, self.agency, self.tally, self.references = (
            block,
            profile,
            agency,
            tally,
            references,
        )
        self.rng = stream(seed, block.number, f"population/{agency}")
        self.random = self.rng.random
        self.coverage = profile.rates("coverage", agency)
        self.fields = profile.rates("fields", agency)
        self.slips = profile.rates("slips", agency)
        self.keys = {(one.section, one.id): (one.section, one.id, agency) for one in profile}
        self.area = block.number * PEOPLE_IN_A_BLOCK // 3 // places.HOMES_IN_AREA
        self.seed, self.made = seed, 0
        self.care = 1.0
        self.families: dict[int, float] = {}

    def records(self) -> list[Record]:
        made: list[Record] = []
        for person in self.block.people:
            if self._knows(person):
                made.append(self._record(person))
                if self._holds("second_record", section="coverage", rates=self.coverage):
                    made.append(self._record(person))
                    made[-1].slips.append("second_record")
        return made

    # -- rolls --------------------------------------------------------------------------------------------------------

    def _holds(self, name: str, section: str = "fields", rates: Mapping[str, float] | None = None) -> bool:
        share = (self.fields if rates is None else rates)[name]
        follows = self.profile.gaps_follow and section == "fields" and share > 1.0 - _A_HABIT
        up = self.random() < (1.0 - (1.0 - share) * self.care if follows else share)
        self.tally.roll(self.keys[section, name], share, up)
        return up

    def _slips(self, record: Record, name: str) -> bool:
        """Whether this slip happens; if so it is noted with the truth."""
        share = self.slips[name]
        if share <= 0.0:
            return False
        times = self.profile.by_origin.get(name)
        if times is not None:
            share = min(0.9, share * times.get(record.person.origin, 1.0))
        up = self.random() < (share * self.care if share < _A_HABIT else share)
        self.tally.roll(self.keys["slips", name], share, up)
        if up:
            record.slips.append(name)
        return up

    # -- whom it knows ------------------------------------------------------------------------------------------------

    def _knows(self, person: Person) -> bool:
        kind = person.role if person.role in ("child", "unborn") else "adult"
        if kind == "child" and self.agency == "school" and not person.upn:
            return False
        share = self.coverage[kind]
        times = _BY_FIFTH.get(self.agency, (1.0,) * 5)[person.deprivation - 1]
        share = min(1.0, share * times)
        through = _BY_FAMILY.get(self.agency, 0.0)
        if through:
            of_family = self.families.get(person.household)
            if of_family is None:
                of_family = self.families[person.household] = self.random()
            up = (of_family if self.random() < through else self.random()) < share
        else:
            up = self.random() < share
        self.tally.roll(self.keys["coverage", kind], share, up)
        return up

    # -- what it writes -----------------------------------------------------------------------------------------------

    def _record(self, person: Person) -> Record:
        self.made += 1
        number = blake2b(
            f"{self.seed}/{self.block.number}/{self.made}/{self.agency}".encode(), digest_size=6
        ).hexdigest()
        record = Record(f"{self.agency}-{number}", self.agency, person)
        spread = self.profile.carelessness
        self.care = math.exp(spread * self.rng.gauss(0.0, 1.0) - spread * spread / 2.0)
        self._names(record)
        self._births(record)
        self._numbers(record)
        self._home(record)
        self._reached(record)
        return record

    def _names(self, record: Record) -> None:
        person = record.person
        if person.role == "unborn":
            record.given_names = ("Unborn", "Unborn Baby", "Baby", "")[int(self.random() * 4)]
            record.family_name = person.family
            record.slips.append("unborn")
        else:
            given, middle = self._given(record)
            family = self._family(record)
            if given and family and self._slips(record, "names_swapped"):
                given, middle, family = family, (), " ".join((given, *middle))
            record.given_names, record.family_name = " ".join((given, *middle)), family
            record.other_names = self._beside(record)
        self._style(record)

    def _given(self, record: Record) -> tuple[str, tuple[str, ...]]:
        person = record.person
        middle = person.middle if person.middle and self._holds("middle_names") else ()
        young = person.role == "child" and (AS_OF - person.born).days < 365
        if young and self._slips(record, "baby"):
            return _BABY[int(self.random() * len(_BABY))], ()
        if not young and self._slips(record, "unknown_name"):
            return _UNKNOWN[int(self.random() * len(_UNKNOWN))], ()
        given = person.given
        if person.known_as and self._slips(record, "known_as_used"):
            given = person.known_as
            middle = tuple(name for name in middle if name != given)
        elif person.middle and self._slips(record, "middle_as_given"):
            given, middle = person.middle[0], ()
        elif self._slips(record, "initial_only"):
            return given[0], tuple(name[0] for name in middle)
        if can_be_respelt(given, person.origin) and self._slips(record, "given_variant"):
            given = respelt(self.rng, given, person.origin)
        if len(given) > 2 and self._slips(record, "given_typo"):
            given = typo(self.rng, given, self.profile.typo_kinds)
        return given, middle

    def _family(self, record: Record) -> str:
        person = record.person
        family = person.family
        if person.former and self._slips(record, "former_name"):
            family = person.former[0]
        elif person.mothers_name and person.mothers_name != family and self._slips(record, "mothers_name"):
            family = person.mothers_name
        if "-" in family and self._slips(record, "half_of_two"):
            halves = family.split("-")
            family = halves[-1] if self.random() < 0.6 else halves[0]
        if can_be_respelt(family, person.origin) and self._slips(record, "family_variant"):
            family = respelt(self.rng, family, person.origin)
        if len(family) > 2 and self._slips(record, "family_typo"):
            family = typo(self.rng, family, self.profile.typo_kinds)
        return family

    def _beside(self, record: Record) -> tuple[str, ...]:
        person, found = record.person, []
        if person.former and "former_name" not in record.slips and self._holds("former_names"):
            found.append(f"{person.given} {person.former[0]}")
        if person.known_as and "known_as_used" not in record.slips and self._holds("known_as"):
            found.append(f"{person.known_as} {person.family}")
        return tuple(found)

    def _style(self, record: Record) -> None:
        texts = (record.given_names, record.family_name, *record.other_names)
        if not all(map(str.isascii, texts)) and self._slips(record, "accents_lost"):
            texts = tuple(map(plain, texts))
        if self._slips(record, "upper_case"):
            texts = tuple(map(str.upper, texts))
        record.given_names, record.family_name, record.other_names = texts[0], texts[1], texts[2:]

    def _births(self, record: Record) -> None:
        person = record.person
        if person.role == "unborn":
            record.born = person.born if self.random() < 0.5 else None
            return
        if self._holds("born"):
            record.born = self._born(record, person.born)
        if self._holds("sex"):
            wrong = self._slips(record, "sex_wrong")
            record.sex = ("M" if person.sex == "F" else "F") if wrong else person.sex
        if person.died and self.agency in ("gp", "emergency", "social_care"):
            record.died = person.died

    def _born(self, record: Record, born: date) -> date:
        if self._slips(record, "born_placeholder"):
            return date(1900, 1, 1)
        if self._slips(record, "first_january"):
            return date(born.year, 1, 1)
        if born.day <= 12 and born.day != born.month and self._slips(record, "day_month_swapped"):
            return date(born.year, born.day, born.month)
        if self._slips(record, "one_field_off"):
            return self._off(born)
        return born

    def _off(self, born: date) -> date:
        """Day, month or year wrong, and the other two right."""
        draw = self.random()
        if draw < 0.5:
            tens = born + timedelta(days=10 if born.day <= 18 else -10)
            near = born + timedelta(days=1 if born.day < 28 else -1)
            return tens if self.random() < 0.35 and tens.month == born.month else near
        if draw < 0.75:
            month = 1 + (born.month - 1 + (1 if self.random() < 0.6 else 1 + int(self.random() * 11))) % 12
            return date(born.year, month, min(born.day, 28))
        year = born.year + (1 if self.random() < 0.5 else -1) * (1 if self.random() < 0.7 else 10)
        return date(year, born.month, min(born.day, 28))

    def _numbers(self, record: Record) -> None:
        person = record.person
        if person.role != "unborn" and person.nhs_number and self._holds("nhs_number"):
            record.nhs_number = self._nhs_number(record, person)
        if person.upn and self._holds("upn"):
            record.upn = person.upn
        own = record.id.removeprefix(f"{self.agency}-")
        if self.agency == "social_care":
            self.references.setdefault(person.number, own)
            record.local_ids = (f"social_care:{own}",)
        elif person.number in self.references and self._holds("reference"):
            record.local_ids = (f"social_care:{self.references[person.number]}",)

    def _nhs_number(self, record: Record, person: Person) -> str:
        if self._slips(record, "nhs_of_another"):
            others = [other for other in person.brothers_and_sisters if other.nhs_number]
            if others and self.random() < 0.7:
                return others[int(self.random() * len(others))].nhs_number
            anybody = self.block.people[int(self.random() * len(self.block.people))]
            return anybody.nhs_number if anybody is not person else ""
        if self._slips(record, "nhs_digit_wrong"):
            return digits_wrong(self.rng, person.nhs_number)
        return person.nhs_number

    def _home(self, record: Record) -> None:
        person, homes = record.person, record.person.homes
        home = homes[-1]
        if person.elsewhere is not None and self._slips(record, "other_parents_home"):
            home = person.elsewhere
        elif len(homes) > 1 and self._slips(record, "old_address"):
            home = homes[int(self.random() * (len(homes) - 1))]
        elif len(homes) > 1 and self._holds("earlier_postcodes"):
            record.earlier_postcodes = tuple(
                dict.fromkeys(other.postcode for other in homes[:-1] if other.postcode != home.postcode)
            )
        if not self._holds("postcode"):
            return
        record.postcode = home.postcode
        if self._slips(record, "postcode_typo"):
            record.postcode = postcode_wrong(self.rng, home.postcode)
        if self._holds("uprn"):
            record.uprn = home.uprn
        if self._holds("address"):
            record.address = places.another_form(self.rng, home.address)

    def _reached(self, record: Record) -> None:
        person = record.person
        office = int(self.random() * 20)
        if person.phones and self._holds("phones"):
            if self._slips(record, "phone_of_office"):
                record.phones = (places.office_phone(self.agency, self.area, office),)
            elif person.old_phones and self._slips(record, "old_phone"):
                record.phones = person.old_phones[:1]
            else:
                record.phones = person.phones if self.random() < 0.4 else person.phones[:1]
        if person.emails and self._holds("emails"):
            shared = self._slips(record, "email_of_office")
            record.emails = (
                (places.office_email(self.agency, self.area, office),) if shared else person.emails
            )
