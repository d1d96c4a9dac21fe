"""Identifiers that cannot be anybody's: NHS numbers kept for testing, numbers kept for drama, postcodes of no place."""

from __future__ import annotations

from typing import Final

from nhs_number import calculate_checksum

#: 999 000 0000 to 999 999 9999: never issued, kept for synthetic data (nhs_number.REGION_SYNTHETIC).
_SYNTHETIC: Final = 999_000_000
_ROOM: Final = 1_000_000
#: A step that shares no factor with the room visits every number once before it returns.
_STEP: Final = 618_047
#: Postcode area of the ordinary area; the Royal Mail uses no area NM.
POSTCODE_AREA: Final = "NM"
_INWARD_LETTERS: Final = "ABDEFGHJLNPQRSTUWXYZ"
#: 01632 960000 to 01632 960999: Ofcom keeps them for drama.
_DRAMA: Final = 960_000


class NhsNumbers:
    """Hands out synthetic NHS numbers with right check digits, each once, in an order that the seed gives.

    Missing  "" when all (about 900,000) are used up: a person without a number is ordinary, two with one are not.
    """

    __slots__ = ("_left", "_next")

    def __init__(self, seed: int) -> None:
        self._next = seed * 7_919 % _ROOM
        self._left = _ROOM

    def take(self) -> str:
        while self._left:
            nine = str(_SYNTHETIC + self._next)
            self._next = (self._next + _STEP) % _ROOM
            self._left -= 1
            check = calculate_checksum(nine)
            if check != 10:
                return f"{nine}{check}"
        return ""


def phone(place: int) -> str:
    """A number that rings nowhere, for the agency at this place in the list; they repeat after a thousand."""
    return f"01632 {_DRAMA + place % 1000}"


def postcode(district: int, sector: int, unit: int) -> str:
    """A postcode of the area: districts 1 to 9, sectors 0 to 9, units 0 to 399."""
    letters = _INWARD_LETTERS
    return f"{POSTCODE_AREA}{district} {sector}{letters[unit // 20 % 20]}{letters[unit % 20]}"
