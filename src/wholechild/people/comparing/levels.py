"""How two identities agree, field by field: of each comparison the first level that holds, and why one may be forbidden.

The statements of people/batch/ say the same in SQL, level by level in the same order; tests hold the two together. A level
is a name here; what it weighs stands in the artefact (artefact.py).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date
from typing import Final

from rapidfuzz.distance import OSA, JaroWinkler, Levenshtein

from wholechild.people.comparing.prepared import Prepared

#: What a comparison says where one side or both do not say anything. It weighs nothing.
MISSING: Final = "missing"

#: The levels of each comparison, the nearest first. Where none but the last holds, the two differ.
LEVELS: Final[dict[str, tuple[str, ...]]] = {
    "given": ("same", "reversed", "variant", "near", "elsewhere", "initial", "far", "different"),
    "family": ("same", "part", "variant", "near", "far", "different"),
    "middle": ("shared", "initial", "different"),
    "born": ("same", "swapped", "one_digit", "one_field", "year_only", "within_month", "different"),
    "sex": ("same", "different"),
    "home": (
        "same_home",
        "same_postcode",
        "same_address",
        "earlier",
        "near_postcode",
        "same_area",
        "different",
    ),
    "contact": ("shared", "different"),
    "nhs_number": ("same", "near", "different"),
    "upn": ("same", "different"),
    "local_id": ("same", "near", "different"),
    "agency": ("other", "same"),
}

#: Similarities are compared with a little less than the bound, so that the last digit of a sum decides nothing.
NEAR: Final = 0.90 - 1e-9
FAR: Final = 0.78 - 1e-9
ADDRESS_ALIKE: Final = 0.80 - 1e-9
#: A first name of so many letters is short: of one slip in it too little is left to call the two nearly the same. The similarity
#: of Jaro and Winkler is low for one slip in a name of four or five letters, so that slips in such names are counted beside it.
SHORT: Final = 3
#: An address of fewer signs, or without the number of a house, says too little to be looked for in a longer one.
SHORTEST_ADDRESS: Final = 8


def given_level(one: Prepared, other: Prepared) -> str:
    """Of the first name: also as a middle or former name, or as the family name where the two stand the other way about."""
    if not one.given or not other.given:
        return MISSING
    if one.given == other.given:
        return "same"
    if names_reversed(one, other):
        return "reversed"
    if len(one.given) == 1 or len(other.given) == 1:
        return "initial" if one.given[0] == other.given[0] else "different"
    if _meet(one.names.given_codes, other.names.given_codes):
        return "variant"
    similar = JaroWinkler.similarity(one.given, other.given)
    shorter = min(len(one.given), len(other.given))
    slip = shorter >= SHORT and OSA.distance(one.given, other.given, score_cutoff=1) == 1
    if similar >= NEAR or _cut_short(one.given, other.given) or (slip and shorter > SHORT):
        return "near"
    if _meet(one.names.given_codes, other.names.rest_codes) or _meet(
        other.names.given_codes, one.names.rest_codes
    ):
        return "elsewhere"
    return "far" if similar >= FAR or slip else "different"


def _cut_short(one: str, other: str) -> bool:
    """Whether one is the beginning of the other, of three letters or more: Jas for Jasmine, in every language."""
    short, long = sorted((one, other), key=len)
    return len(short) >= 3 and long.startswith(short)


def names_reversed(one: Prepared, other: Prepared) -> bool:
    """Whether each one's first name is the other's family name, or sounds like it; of one of the two a slip is enough."""
    if not (one.given and other.given and one.family and other.family) or one.given == other.given:
        return False
    first = one.given == other.family or _meet(one.names.given_codes, other.names.family_codes)
    second = one.family == other.given or _meet(one.names.family_codes, other.names.given_codes)
    return (
        (first and second)
        or (first and JaroWinkler.similarity(one.family, other.given) >= NEAR)
        or (second and JaroWinkler.similarity(one.given, other.family) >= NEAR)
    )


def family_level(one: Prepared, other: Prepared) -> str:
    """Of the family name: also one of two, or a former one. It is missing where the names stand the other way about."""
    if not one.family or not other.family or names_reversed(one, other):
        return MISSING
    if one.family == other.family:
        return "same"
    if _meet(one.names.parts, other.names.words) or _meet(other.names.parts, one.names.words):
        return "part"
    if _meet(one.names.family_codes, other.names.family_codes):
        return "variant"
    similar = JaroWinkler.similarity(one.family, other.family)
    if similar >= NEAR:
        return "near"
    return "far" if similar >= FAR else "different"


def middle_level(one: Prepared, other: Prepared) -> str:
    """Of the middle names: one shared, or one side has initials alone and one of them may stand for the other's."""
    if not one.names.initials or not other.names.initials:
        return MISSING
    if _meet(one.names.middles, other.names.middles):
        return "shared"
    if (not one.names.middles or not other.names.middles) and _meet(one.names.initials, other.names.initials):
        return "initial"
    return "different"


def born_level(one: Prepared, other: Prepared) -> str:
    """Of the date of birth: day and month changed about, a digit wrong, a day or month or year wrong, or only the year known."""
    if one.born is None or other.born is None:
        return MISSING
    if one.born == other.born:
        return "same"
    mine, theirs = one.born, other.born
    if mine.year == theirs.year and mine.day == theirs.month and mine.month == theirs.day:
        return "swapped"
    if OSA.distance(one.born_text, other.born_text) == 1:
        return "one_digit"
    if (mine.year == theirs.year) + (mine.month == theirs.month) + (mine.day == theirs.day) == 2:
        return "one_field"
    if mine.year == theirs.year and (stands_for_a_year(mine) or stands_for_a_year(theirs)):
        return "year_only"
    return "within_month" if abs((mine - theirs).days) <= 31 else "different"


def stands_for_a_year(day: date) -> bool:
    """Whether a day is 1 January, which is often put down where nobody knew more than the year."""
    return (day.month, day.day) == (1, 1)


def sex_level(one: Prepared, other: Prepared) -> str:
    if not one.sex or not other.sex:
        return MISSING
    return "same" if one.sex == other.sex else "different"


def home_level(one: Prepared, other: Prepared) -> str:
    """Of the home: property, address and postcode together, as each says most of what the others do."""
    both_postcodes = bool(one.postcode and other.postcode)
    both_addresses = bool(one.address and other.address)
    same_postcode = both_postcodes and one.postcode == other.postcode
    alike = both_addresses and addresses_alike(one.address, other.address)
    if (one.uprn and one.uprn == other.uprn) or (same_postcode and alike):
        return "same_home"
    if same_postcode:
        return "same_postcode"
    if alike:
        return "same_address"
    if (
        one.postcode in other.postcodes
        or other.postcode in one.postcodes
        or _meet(one.postcodes, other.postcodes)
    ):
        return "earlier"
    if both_postcodes and OSA.distance(one.postcode, other.postcode) == 1:
        return "near_postcode"
    if both_postcodes and one.area == other.area:
        return "same_area"
    return "different" if both_postcodes or both_addresses or (one.uprn and other.uprn) else MISSING


def addresses_alike(one: str, other: str) -> bool:
    """Whether at most a fifth of the signs of the longer address would have to change, or it says all that the shorter one says.

    Agencies stop at the street, the town or the county, and put a flat before the house or leave it out.
    """
    if 1 - Levenshtein.distance(one, other) / max(len(one), len(other)) >= ADDRESS_ALIKE:
        return True
    short, long = sorted((one, other), key=len)
    return _tells_a_house(short) and f" {short} " in f" {long} "


def _tells_a_house(address: str) -> bool:
    return len(address) >= SHORTEST_ADDRESS and any(letter in "0123456789" for letter in address)


def contact_level(one: Prepared, other: Prepared) -> str:
    if not one.contacts or not other.contacts:
        return MISSING
    return "shared" if _meet(one.contacts, other.contacts) else "different"


def nhs_number_level(one: Prepared, other: Prepared) -> str:
    """Of the NHS number: `near` where a slip made one of the two, which its check digit shows."""
    if not one.nhs_number or not other.nhs_number:
        return MISSING
    if one.nhs_number == other.nhs_number:
        return "same"
    slip = not (one.nhs_sound and other.nhs_sound)
    return "near" if slip and OSA.distance(one.nhs_number, other.nhs_number) == 1 else "different"


def upn_level(one: Prepared, other: Prepared) -> str:
    if not one.upn or not other.upn:
        return MISSING
    return "same" if one.upn == other.upn else "different"


def local_id_level(one: Prepared, other: Prepared) -> str:
    """Of the ids that agencies pass on: only those of one scheme can differ. `near`, where each has one, a slip apart."""
    if not _meet(one.schemes, other.schemes):
        return MISSING
    if _meet(one.local_ids, other.local_ids):
        return "same"
    slip = one.sole_id and other.sole_id and OSA.distance(one.sole_id, other.sole_id, score_cutoff=1) == 1
    return "near" if slip else "different"


def agency_level(one: Prepared, other: Prepared) -> str:
    """Whether both are of one agency, which seldom keeps one person twice."""
    if not one.agency or not other.agency:
        return MISSING
    return "same" if one.agency == other.agency else "other"


def _meet(some: Collection[str], others: Collection[str]) -> bool:
    return any(text in others for text in some)


LEVEL_OF: Final[dict[str, Callable[[Prepared, Prepared], str]]] = {
    "given": given_level,
    "family": family_level,
    "middle": middle_level,
    "born": born_level,
    "sex": sex_level,
    "home": home_level,
    "contact": contact_level,
    "nhs_number": nhs_number_level,
    "upn": upn_level,
    "local_id": local_id_level,
    "agency": agency_level,
}


def levels_of(one: Prepared, other: Prepared) -> dict[str, str]:
    """The level of every comparison."""
    return {name: level(one, other) for name, level in LEVEL_OF.items()}


# -- what no machine may link ----------------------------------------------------------------------------------------

#: A death is recorded on the day it is learnt often enough; a year apart it is two people's.
_MOST_DAYS_BETWEEN_DEATHS: Final = 366

TWO_NUMBERS: Final = "two different NHS numbers, both with a right check digit"
TWO_BIRTHS: Final = "dates of birth that no slip of the pen explains"
TWO_DEATHS: Final = "dates of death that are more than a year apart"
DIED_BEFORE: Final = "one died before the other was born"
ONE_NUMBER_TWO_PEOPLE: Final = "one NHS number, but another first name and another date of birth"
ONE_NUMBER_TWO_NAMES: Final = (
    "one NHS number, but another first name: they may be twins whose numbers were mixed up"
)
ONE_ID_TWO_NAMES: Final = "one id passed on, but another first name and no two dates of birth: a mother’s id may stand with her child"


def contradiction(one: Prepared, other: Prepared) -> str:
    """Why no machine may link the two, whatever they weigh, in words; an empty text where nothing forbids it.

    Source   ARCHITECTURE section 6. What cannot be true of one person stands here, and one number under two first names, which
             is as likely two children whose numbers were mixed up; what makes it less likely has a weight.
    """
    if one.nhs_sound and other.nhs_sound and one.nhs_number != other.nhs_number:
        return TWO_NUMBERS
    born = born_level(one, other)
    if born == "different":
        same = one.nhs_number and one.nhs_number == other.nhs_number
        return (
            ONE_NUMBER_TWO_PEOPLE if same and given_level(one, other) in ("far", "different") else TWO_BIRTHS
        )
    if one.nhs_number and one.nhs_number == other.nhs_number and given_level(one, other) == "different":
        return ONE_NUMBER_TWO_NAMES
    if (
        born == MISSING
        and local_id_level(one, other) == "same"
        and given_level(one, other) in ("far", "different")
    ):
        return ONE_ID_TWO_NAMES
    if one.died and other.died and abs((one.died - other.died).days) > _MOST_DAYS_BETWEEN_DEATHS:
        return TWO_DEATHS
    if _before(one.died, other.born) or _before(other.died, one.born):
        return DIED_BEFORE
    return ""


#: What agrees beside the names, and enough: of each comparison the levels at which two have more in common than strangers do.
BESIDE_NAMES: Final = {
    "born": frozenset({"same", "swapped", "one_digit", "one_field", "year_only"}),
    "home": frozenset({"same_home", "same_postcode", "same_address", "earlier", "near_postcode"}),
    "contact": frozenset({"shared"}),
    "nhs_number": frozenset({"same", "near"}),
    "upn": frozenset({"same"}),
    "local_id": frozenset({"same", "near"}),
}
NAMES_ALONE: Final = "only their names agree"


def names_alone(levels: Mapping[str, str]) -> str:
    """That nothing but the names of two agrees, in words; an empty text where something does.

    However rare a name is, no machine links two for it alone. It does not stand between two whom others link.
    """
    agrees = any(levels[name] in enough for name, enough in BESIDE_NAMES.items())
    return "" if agrees else NAMES_ALONE


def explains(third: Prepared, one: Prepared, other: Prepared, why: str) -> bool:
    """Whether a third record of the same person would make it plain how two can contradict each other and yet be about one person.

    Two dates of birth may each be one slip away from the date that a third record has; two first names, with one NHS number, may
    both stand in a third. Nothing explains two sound NHS numbers, two deaths, or a death before a birth.
    """
    if contradiction(third, one) or contradiction(third, other):
        return False
    if why == TWO_BIRTHS:
        return third.born is not None
    return why == ONE_NUMBER_TWO_NAMES and not _OTHER_NAMES & {
        given_level(third, one),
        given_level(third, other),
    }


#: Levels of the first name at which a third record has not both of two names.
_OTHER_NAMES: Final = frozenset({MISSING, "initial", "far", "different"})


def _before(died: date | None, born: date | None) -> bool:
    return died is not None and born is not None and died < born
