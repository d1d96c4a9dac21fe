"""Homes, telephone numbers and email addresses of nowhere: postcode areas that the Royal Mail does not use, numbers kept for
drama, and domains kept for examples."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

#: Postcode areas of no place. A population takes as many as it needs to stay near fifteen homes to a postcode.
AREAS: Final = (
    "NM",
    "NB",
    "ND",
    "NF",
    "NH",
    "NJ",
    "NK",
    "NV",
    "QA",
    "QD",
    "QF",
    "QH",
    "VB",
    "VD",
    "VF",
    "VH",
)
_INWARD: Final = "ABDEFGHJLNPQRSTUWXYZ"
#: 9 districts × 10 sectors × 400 units.
POSTCODES_IN_AREA: Final = 36_000
HOMES_IN_AREA: Final = 15 * POSTCODES_IN_AREA
_FIRST: Final = (
    "Alder Amber Anchor Apple Arrow Aspen Badger Barley Beacon Beech Bluebell Bramble Bridge Brook Butter Cedar Cherry Clay Clover "
    "Coal Copper Corn Cotton Crane Cress Daisy Dale Dove Drake Elder Fallow Fern Finch Flax Flint Foundry Fox Gable Garnet Glebe "
    "Gorse Granary Hawk Hawthorn Hazel Heath Heron Holly Ivy Jasmine Juniper Kestrel Kiln Lark Laurel Lavender Lilac Lime Linden "
    "Linnet Lower Maple Marl Martin Meadow Mill Moss Mulberry North Oak Old Orchard Otter Park Pine Plover Poplar Primrose Quarry "
    "Quince Raven River Robin Rowan Rye Saddler Sand School Sedge Shale Silver South Spring Station Swift Tanner Teal Thistle "
    "Thorn Upper Vale Violet Water Weaver West Wheat Willow Windmill Wren Yarrow Yew"
).split()
_SECOND: Final = ("", "", "", "bank ", "field ", "gate ", "ford ", "hill ", "wood ", "side ")
_KIND: Final = (
    "Road",
    "Street",
    "Avenue",
    "Close",
    "Lane",
    "Drive",
    "Grove",
    "Crescent",
    "Way",
    "Court",
    "Terrace",
    "Place",
)
_SHORT: Final = {"Road": "Rd", "Street": "St", "Avenue": "Ave", "Close": "Cl", "Lane": "Ln", "Drive": "Dr", "Grove": "Gr",
                 "Crescent": "Cres", "Court": "Ct", "Terrace": "Terr", "Place": "Pl"}  # fmt: skip
TOWNS: Final = (
    "Northmoor",
    "Harrowby Vale",
    "Saltersby",
    "Ashcombe Regis",
    "Millbeck",
    "Thornaby Cross",
    "Wexley",
    "Lower Farring",
)
#: Ranges that Ofcom keeps for drama, of numbers in the form that is in use; a thousand in each.
DRAMA: Final = (
    "0113 496 0", "0114 496 0", "0115 496 0", "0116 496 0", "0117 496 0", "0118 496 0", "0121 496 0", "0131 496 0", "0141 496 0",
    "0151 496 0", "0161 496 0", "0191 498 0", "020 7946 0", "029 2018 0", "03069 990", "0808 157 0",
)  # fmt: skip
_MAIL: Final = ("example.org", "example.com", "example.net")


@dataclass(frozen=True, slots=True)
class Home:
    """One home. `place` is the number of its postcode; `uprn` begins with 999, which no authority has."""

    place: int
    postcode: str
    flat: int
    number: int
    street: str
    town: str
    uprn: str

    @property
    def address(self) -> str:
        flat = f"Flat {self.flat}, " if self.flat else ""
        return f"{flat}{self.number} {self.street}, {self.town}"


def postcode(place: int) -> str:
    """The postcode of a place from 0 on: every place has its own."""
    area, rest = divmod(place, POSTCODES_IN_AREA)
    district, rest = divmod(rest, 4_000)
    sector, unit = divmod(rest, 400)
    return f"{AREAS[area % len(AREAS)]}{district + 1} {sector}{_INWARD[unit // 20]}{_INWARD[unit % 20]}"


def home(rng: Random, area: int) -> Home:
    """A home somewhere in the area. A street belongs to a postcode, so that neighbours share it."""
    place = area * POSTCODES_IN_AREA + int(rng.random() * POSTCODES_IN_AREA)
    first = _FIRST[place * 31 % len(_FIRST)]
    kind = _KIND[place * 17 % len(_KIND)]
    street = f"{first}{_SECOND[place * 7 % len(_SECOND)] or ' '}{kind}"
    number = 1 + int(rng.random() * 60)
    flat = 1 + int(rng.random() * 12) if rng.random() < 0.18 else 0
    uprn = f"999{(place * 60 + number) * 13 + flat:09d}"
    return Home(place, postcode(place), flat, number, street, TOWNS[place // 4_500 % len(TOWNS)], uprn)


def another_form(rng: Random, address: str) -> str:
    """The same address as others write it: short words, no town, or capitals."""
    if rng.random() < 0.5:
        for word, short in _SHORT.items():
            address = address.replace(f" {word},", f" {short},")
    if rng.random() < 0.3:
        address = address.rpartition(",")[0]
    return address.upper() if rng.random() < 0.3 else address


def phone(rng: Random) -> str:
    """A number that rings nowhere. There are 16,000 of them, so that people who do not know each other share one."""
    return f"{DRAMA[int(rng.random() * len(DRAMA))]}{int(rng.random() * 1000):03d}"


def office_phone(agency: str, area: int, office: int) -> str:
    """The number of an office, written where a family's should stand; the same for everybody who has that office."""
    return f"01632 960{sum(map(ord, agency)) * 7 % 50 * 20 + (area * 7 + office) % 20:03d}"


def email(rng: Random, given: str, family: str) -> str:
    """An address at a domain kept for examples; numbered, as such addresses are."""
    name = "".join(
        letter
        for letter in f"{given}.{family}".lower()
        if letter.isascii() and (letter.isalnum() or letter == ".")
    )
    return f"{name.strip('.') or 'person'}{int(rng.random() * 10_000)}@{_MAIL[int(rng.random() * 3)]}"


def office_email(agency: str, area: int, office: int) -> str:
    return f"office{office}.{agency}{area}@example.org"


def upn(number: int, entered: int) -> str:
    """A unique pupil number with the right check letter, of an authority (000) that does not exist.

    Source   Department for Education, Unique pupil numbers: guide for schools and local authorities (the check letter is the
             sum of the digits times 2 to 13, modulo 23, in an alphabet without I, O and S).
    """
    digits = (
        f"000{number // 1000 % 10_000:04d}{(entered + number // 10_000_000) % 100:02d}{number % 1000:03d}"
    )
    check = sum(int(digit) * weight for digit, weight in zip(digits, range(2, 14), strict=True)) % 23
    return f"{'ABCDEFGHJKLMNPQRTUVWXYZ'[check]}{digits}"
