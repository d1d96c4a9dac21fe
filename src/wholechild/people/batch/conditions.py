"""The levels of people/comparing/levels.py in SQL: comparison by comparison, in the same order, the first that holds.

A condition reads the columns of a pair: those of the one end in `_l`, those of the other in `_r`. Training, prediction and
both engines use these texts; the tests compare every level with the functions of levels.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wholechild.people.comparing.levels import (
    ADDRESS_ALIKE,
    BESIDE_NAMES,
    FAR,
    LEVELS,
    NEAR,
    SHORT,
    SHORTEST_ADDRESS,
)
from wholechild.people.comparing.prepared import SHORTEST_ID


@dataclass(frozen=True, slots=True)
class Words:
    """What an engine calls the functions that engines call differently."""

    meet: str
    similarity: str
    distance: str
    slip: str
    size: str

    def write(self, condition: str) -> str:
        return (
            condition.replace("MEET(", f"{self.meet}(")
            .replace("SIMILARITY(", f"{self.similarity}(")
            .replace("DISTANCE(", f"{self.distance}(")
            .replace("SLIP(", f"{self.slip}(")
            .replace("SIZE(", f"{self.size}(")
        )


DUCKDB: Final = Words("list_has_any", "jaro_winkler_similarity", "levenshtein", "damerau_levenshtein", "len")
#: For a first look: the lists are `sketch`es, numbers that share a bit wherever the lists meet, and now and then where they do not.
#: The size of a sketch is the sketch itself: what is asked of a size is whether it is 0, and only that of nothing is.
SKETCHES: Final = Words("sketches_meet", "jaro_winkler_similarity", "levenshtein", "damerau_levenshtein", "")
#: The functions that Spark lacks, or has another way, are ours there (spark.py): one implementation of each distance. They have
#: names of their own: the `jaro_winkler_similarity` that Spark has from 4.3 on counts letters that changed places otherwise.
SPARK: Final = Words("arrays_overlap", "similarity_of_names", "levenshtein", "slips_between", "size")

_FIRST: Final = "given_l = family_r OR MEET(given_codes_l, family_codes_r)"
_SECOND: Final = "family_l = given_r OR MEET(family_codes_l, given_codes_r)"
_REVERSED: Final = (
    "(given_l <> '' AND given_r <> '' AND family_l <> '' AND family_r <> '' AND given_l <> given_r"
    f" AND ((({_FIRST}) AND ({_SECOND} OR SIMILARITY(family_l, given_r) >= {NEAR!r}))"
    f" OR (({_SECOND}) AND SIMILARITY(given_l, family_r) >= {NEAR!r})))"
)
_SINGLE: Final = "(length(given_l) = 1 OR length(given_r) = 1)"
_CUT_SHORT: Final = (
    "((length(given_r) >= 3 AND left(given_l, length(given_r)) = given_r)"
    " OR (length(given_l) >= 3 AND left(given_r, length(given_l)) = given_l))"
)
#: One slip leaves the first letter or the last as it was, of three.
_SLIP: Final = (
    f"(length(given_l) >= {SHORT} AND length(given_r) >= {SHORT} AND abs(length(given_l) - length(given_r)) <= 1"
    " AND (left(given_l, 1) = left(given_r, 1) OR right(given_l, 1) = right(given_r, 1))"
    " AND SLIP(given_l, given_r) = 1)"
)
_LONGER: Final = f"length(given_l) > {SHORT} AND length(given_r) > {SHORT}"
_SAME_POSTCODE: Final = "(postcode_l <> '' AND postcode_l = postcode_r)"
_FEW_CHANGES: Final = (
    f"least(length(address_l), length(address_r)) >= {ADDRESS_ALIKE!r} * greatest(length(address_l), length(address_r))"
    f" AND 1 - DISTANCE(address_l, address_r) / CAST(greatest(length(address_l), length(address_r)) AS DOUBLE) >= {ADDRESS_ALIKE!r}"
)


def _within(short: str, long: str) -> str:
    """Whether one address says all that another says, and that is a house."""
    return (
        f"(length({short}) >= {SHORTEST_ADDRESS} AND length({long}) > length({short})"
        f" AND contains(concat(' ', {long}, ' '), concat(' ', {short}, ' ')) AND translate({short}, '0123456789', '') <> {short})"
    )


_ALIKE: Final = (
    f"(address_l <> '' AND address_r <> '' AND (({_FEW_CHANGES})"
    f" OR {_within('address_l', 'address_r')} OR {_within('address_r', 'address_l')}))"
)
_SAME_UPRN: Final = "(uprn_l <> '' AND uprn_l = uprn_r)"
EARLIER: Final = "(MEET(postcodes_r, postcode_as_list_l) OR MEET(postcodes_l, postcode_as_list_r) OR MEET(postcodes_l, postcodes_r))"


def _unless_said(column: str) -> str:
    return f"{column}_l = '' OR {column}_r = ''"


#: Of each comparison: where it is missing, and the condition of each level but the last, in the order of `LEVELS` except
#: where the conditions shut each other out.
MISSING_WHERE: Final[dict[str, str]] = {
    "given": _unless_said("given"),
    "family": f"{_unless_said('family')} OR {_REVERSED}",
    "middle": "SIZE(initials_l) = 0 OR SIZE(initials_r) = 0",
    "born": "born_l IS NULL OR born_r IS NULL",
    "sex": _unless_said("sex"),
    "home": (
        "NOT (postcode_l <> '' AND postcode_r <> '') AND NOT (address_l <> '' AND address_r <> '')"
        f" AND NOT (uprn_l <> '' AND uprn_r <> '') AND NOT {EARLIER}"
    ),
    "contact": "SIZE(contacts_l) = 0 OR SIZE(contacts_r) = 0",
    "nhs_number": _unless_said("nhs_number"),
    "upn": _unless_said("upn"),
    "local_id": "NOT MEET(schemes_l, schemes_r)",
    "agency": _unless_said("agency"),
}
HOLDS_WHERE: Final[dict[str, dict[str, str]]] = {
    "given": {
        "same": "given_l = given_r",
        "reversed": _REVERSED,
        "variant": f"NOT {_SINGLE} AND MEET(given_codes_l, given_codes_r)",
        "near": f"NOT {_SINGLE} AND (SIMILARITY(given_l, given_r) >= {NEAR!r} OR {_CUT_SHORT} OR ({_LONGER} AND {_SLIP}))",
        "elsewhere": f"NOT {_SINGLE} AND (MEET(given_codes_l, rest_codes_r) OR MEET(given_codes_r, rest_codes_l))",
        "initial": f"{_SINGLE} AND left(given_l, 1) = left(given_r, 1)",
        "far": f"NOT {_SINGLE} AND (SIMILARITY(given_l, given_r) >= {FAR!r} OR {_SLIP})",
    },
    "family": {
        "same": "family_l = family_r",
        "part": "MEET(parts_l, words_r) OR MEET(parts_r, words_l)",
        "variant": "MEET(family_codes_l, family_codes_r)",
        "near": f"SIMILARITY(family_l, family_r) >= {NEAR!r}",
        "far": f"SIMILARITY(family_l, family_r) >= {FAR!r}",
    },
    "middle": {
        "shared": "MEET(middles_l, middles_r)",
        "initial": "(SIZE(middles_l) = 0 OR SIZE(middles_r) = 0) AND MEET(initials_l, initials_r)",
    },
    "born": {
        "same": "born_l = born_r",
        "swapped": "year_l = year_r AND day_l = month_r AND month_l = day_r",
        # One slip changes one of year, month and day, or two that stand side by side.
        "one_digit": "(year_l = year_r OR day_l = day_r) AND SLIP(born_text_l, born_text_r) = 1",
        "one_field": (
            "(CASE WHEN year_l = year_r THEN 1 ELSE 0 END) + (CASE WHEN month_l = month_r THEN 1 ELSE 0 END)"
            " + (CASE WHEN day_l = day_r THEN 1 ELSE 0 END) = 2"
        ),
        "year_only": "year_l = year_r AND ((month_l = 1 AND day_l = 1) OR (month_r = 1 AND day_r = 1))",
        "within_month": "abs(born_day_l - born_day_r) <= 31",
    },
    "sex": {"same": "sex_l = sex_r"},
    "home": {
        "same_home": f"{_SAME_UPRN} OR ({_SAME_POSTCODE} AND {_ALIKE})",
        "same_postcode": _SAME_POSTCODE,
        "same_address": _ALIKE,
        "earlier": EARLIER,
        # One slip leaves the two signs at one end of five as they were.
        "near_postcode": (
            "postcode_l <> '' AND postcode_r <> '' AND (length(postcode_l) < 5 OR length(postcode_r) < 5"
            " OR left(postcode_l, 2) = left(postcode_r, 2) OR right(postcode_l, 2) = right(postcode_r, 2))"
            " AND SLIP(postcode_l, postcode_r) = 1"
        ),
        "same_area": "postcode_l <> '' AND postcode_r <> '' AND area_l = area_r",
    },
    "contact": {"shared": "MEET(contacts_l, contacts_r)"},
    "nhs_number": {
        "same": "nhs_number_l = nhs_number_r",
        "near": "NOT (nhs_sound_l AND nhs_sound_r) AND SLIP(nhs_number_l, nhs_number_r) = 1",
    },
    "upn": {"same": "upn_l = upn_r"},
    "local_id": {
        "same": "MEET(local_ids_l, local_ids_r)",
        "near": "sole_id_l <> '' AND sole_id_r <> '' AND SLIP(sole_id_l, sole_id_r) = 1",
    },
    "agency": {"other": "agency_l <> agency_r"},
}

#: Of each comparison the number by which its columns call each level: 0 is missing, 1 the first.
NUMBERS: Final[dict[str, dict[str, int]]] = {
    name: {level: number for number, level in enumerate(levels, 1)} for name, levels in LEVELS.items()
}

#: The columns that conditions read of each of the two.
COLUMNS: Final = (
    "agency", "given", "family", "given_codes", "family_codes", "rest_codes", "middles", "initials", "parts", "words",
    "born", "born_text", "born_day", "died_day", "year", "month", "day", "sex", "nhs_number", "nhs_sound", "upn", "postcode",
    "postcode_as_list", "area", "postcodes", "uprn", "address", "contacts", "local_ids", "schemes", "sole_id",
)  # fmt: skip


#: The columns that are lists.
LISTS: Final = frozenset(
    "given_codes family_codes rest_codes middles initials parts words postcode_as_list postcodes contacts local_ids schemes".split()
)
#: A sketch has so many bits.
_BITS: Final = 62


def sketch(column: str) -> str:
    """A number of a list of texts: each text sets one bit. Of an empty list it is 0."""
    bits = f"list_transform({column}, x -> CAST(1 AS UBIGINT) << CAST(hash(x) % {_BITS} AS UBIGINT))"
    return f"coalesce(list_bit_or({bits}), CAST(0 AS UBIGINT))"


def sole_id(local_ids: str) -> str:
    """An expression over a list of ids that are passed on: `prepared.sole_id` of it."""
    long_enough = f"length({local_ids}[1]) - length(split_part({local_ids}[1], ':', 1)) > {SHORTEST_ID}"
    return f"CASE WHEN len({local_ids}) = 1 AND {long_enough} THEN {local_ids}[1] ELSE '' END"


def is_sketched(comparison: str, level: str) -> bool:
    """Whether a first look may take a pair for one of this level that is of a later one."""
    return "MEET(" in HOLDS_WHERE[comparison].get(level, "")


def level_number(comparison: str, words: Words) -> str:
    """An expression: the number of the level of a comparison, 0 where it is missing.

    That of the family name reads the column `level_given`, which has to be there: whether names are reversed is found once.
    """
    missing = MISSING_WHERE[comparison].replace(_REVERSED, f"level_given = {NUMBERS['given']['reversed']}")
    holds = HOLDS_WHERE[comparison]
    whens = [f"WHEN {words.write(missing)} THEN 0"]
    whens += [
        f"WHEN {words.write(condition)} THEN {NUMBERS[comparison][level]}"
        for level, condition in holds.items()
    ]
    return f"CASE {' '.join(whens)} ELSE {len(NUMBERS[comparison])} END"


#: The number of each reason of `levels.contradiction` and of `levels.names_alone`, 0 for none, in the order in which they are tried.
def contradiction_number(level: str = "level_") -> str:
    """An expression over level columns and a pair's columns: which contradiction stands between the two, or that little agrees."""
    agrees = " OR ".join(
        f"{level}{name} IN ({', '.join(str(NUMBERS[name][one]) for one in LEVELS[name] if one in enough)})"
        for name, enough in BESIDE_NAMES.items()
    )
    born, given, nhs = f"{level}born", f"{level}given", f"{level}nhs_number"
    different = NUMBERS["born"]["different"]
    unlike = f"{given} IN ({NUMBERS['given']['far']}, {NUMBERS['given']['different']})"
    return (
        "CASE WHEN nhs_sound_l AND nhs_sound_r AND nhs_number_l <> nhs_number_r THEN 1"
        f" WHEN {born} = {different} AND {nhs} = {NUMBERS['nhs_number']['same']} AND {unlike} THEN 2"
        f" WHEN {born} = {different} THEN 3"
        f" WHEN {nhs} = {NUMBERS['nhs_number']['same']} AND {given} = {NUMBERS['given']['different']} THEN 6"
        f" WHEN {born} = 0 AND {level}local_id = {NUMBERS['local_id']['same']} AND {unlike} THEN 7"
        " WHEN died_day_l IS NOT NULL AND died_day_r IS NOT NULL AND abs(died_day_l - died_day_r) > 366 THEN 4"
        " WHEN died_day_l < born_day_r OR died_day_r < born_day_l THEN 5"
        f" WHEN NOT ({agrees}) THEN 8"
        " ELSE 0 END"
    )
