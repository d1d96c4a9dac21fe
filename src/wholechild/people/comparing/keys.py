"""By which short texts two identities find each other: sharing one of them is what makes a pair a candidate.

The wide keys are the meaning of "candidate", in batch and online alike. Each rule expects that some other field may be wrong:
the number catches a wrong name, name and day of birth a missing number, home and day of birth a name nobody knows yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Final

from wholechild.people.comparing.identity import Identity
from wholechild.people.comparing.names import codes, consonants, parts, sound
from wholechild.people.comparing.standardising import Name

#: A key that more identities share than this is not followed: it tells nobody apart, and following it would hold everything up.
#: Whoever follows keys says which were left out.
MOST_IN_A_BLOCK: Final = 400
#: A household and its agencies share a telephone; whatever more than these share is a school's, or a hostel's.
MOST_ON_ONE_CONTACT: Final = 40
#: As many may share the words of an address; more are a large house, or a street of that name in many towns.
MOST_AT_ONE_PLACE: Final = 12
#: So many may bear one name; it is a key for rare names only, wherever they live and whenever they were born.
MOST_OF_ONE_NAME: Final = 12
#: The rule by which a house and street is a key, whatever the names.
PLACE: Final = "a"
#: The rule by which a first name with a family name is a key, whatever else.
NAME: Final = "w"
#: The rule by which a telephone or an e-mail address is a key.
CONTACT: Final = "t"
_WORDS_OF_AN_ADDRESS: Final = 3
_PARTS_OF_A_HOUSE: Final = frozenset({"flat", "apartment", "unit", "room", "floor"})


def rule_of(key: str) -> str:
    """The kind of a key: what stands before its first colon."""
    return key.partition(":")[0]


def most_under(rule: str, most: int = MOST_IN_A_BLOCK) -> int:
    """How many identities at most are compared for sharing a key of this rule, where no key may have more than `most`."""
    return min(most, _MOST.get(rule, most))


_MOST: Final = {CONTACT: MOST_ON_ONE_CONTACT, PLACE: MOST_AT_ONE_PLACE, NAME: MOST_OF_ONE_NAME}
#: That many share a key of these is nobody's fault: streets of one name are common, and so are names.
COMMON_AS_A_RULE: Final = frozenset({PLACE, NAME})


def name_starts(name: Name) -> tuple[str, ...]:
    """The first two sounds of each word of the names, each once, sorted: the order of the names does not matter."""
    return tuple(
        sorted(
            {*given_starts(name.given, name.middle), *family_starts(name.family), *map(start, _former(name))}
        )
    )


def name_pairs(name: Name) -> tuple[str, ...]:
    """Each first name with each part of the family name, by code of sound, the pair sorted."""
    firsts = first_sounds(name.given, name.middle)
    lasts = (*last_sounds(name.family), *filter(None, map(_sound, _former(name))))
    return tuple(sorted({"+".join(sorted((a, b))) for a in firsts for b in lasts}))


def given_starts(given: str, middle: str) -> tuple[str, ...]:
    return tuple(start(word) for word in (given, *middle.split()[:2]) if word)


def family_starts(family: str) -> tuple[str, ...]:
    return tuple(map(start, parts(family)[:3]))


def first_sounds(given: str, middle: str) -> tuple[str, ...]:
    return tuple(filter(None, map(_sound, (given, *middle.split()[:1]))))


def last_sounds(family: str) -> tuple[str, ...]:
    return tuple(filter(None, map(_sound, parts(family)[:3])))


def places(address: str) -> tuple[str, ...]:
    """The number of the house with every two of the first long words of an address, by sound: one of three may be wrong."""
    words = address.split()
    number = next((word for word in words if word[0].isdigit()), "")
    long = [word for word in words if len(word) > 3 and word.isalpha() and word not in _PARTS_OF_A_HOUSE]
    long = long[:_WORDS_OF_AN_ADDRESS]
    return tuple(sorted({"+".join([number, *sorted(map(sound, pair))]) for pair in combinations(long, 2)}))


def start(word: str) -> str:
    """The first two sounds of a word, or the letter of an initial."""
    return consonants(word) or word[:1]


def _sound(word: str) -> str:
    found = codes(word)
    return found[0] if found else ""


def _former(name: Name) -> list[str]:
    return [word for whole in name.others[:4] for word in whole.split()[:4]]


def blocking_keys(identity: Identity) -> tuple[str, ...]:
    """Every key of an identity, each once, sorted.

    Shape    a letter for the rule, a colon, and what has to be the same.
    Missing  a field that is missing makes no key: two unknowns are not alike.
    """
    return tuple(sorted(set(_keys(identity))))


def narrow_keys(identity: Identity) -> tuple[str, ...]:
    """The keys that find nearly all at a fraction of the cost: numbers, and name or home with the day of birth."""
    return tuple(key for key in blocking_keys(identity) if key[0] in "nuixh")


def _keys(identity: Identity) -> Iterator[str]:
    name = Name(identity.given, identity.middle, identity.family, identity.other_names)
    yield from _number_keys(identity)
    pairs, starts = name_pairs(name), name_starts(name)
    if identity.born:
        day = f"{identity.born:%Y%m%d}"
        yield from (f"b:{day}:{start}" for start in starts)
        yield from (f"x:{pair}:{day}" for pair in pairs)
        yield from (f"y:{pair}:{day[:4]}" for pair in pairs)
        yield from (f"m:{pair}:{min(day[4:6], day[6:])}{max(day[4:6], day[6:])}" for pair in pairs)
    yield from (f"d:{place}:{pair}" for place in places(identity.address) for pair in pairs)
    yield from (f"{NAME}:{pair}" for pair in pairs)
    yield from (f"{PLACE}:{place}" for place in places(identity.address))
    yield from (f"{CONTACT}:{contact}" for contact in (*identity.phones, *identity.emails))
    if identity.uprn:
        yield from (f"r:{identity.uprn}:{start}" for start in starts)
        if identity.born:
            yield f"h:{identity.uprn}:{identity.born:%Y%m%d}"
    for postcode in (identity.postcode, *identity.postcodes[:5]):
        if postcode:
            yield from (f"p:{postcode}:{pair}" for pair in pairs)
            if identity.born:
                yield f"h:{postcode}:{identity.born:%Y%m%d}"
            yield from (f"q:{postcode}:{start}" for start in starts)


def _number_keys(identity: Identity) -> Iterator[str]:
    if identity.nhs_number:
        yield f"n:{identity.nhs_number}"
    if identity.upn:
        yield f"u:{identity.upn}"
    yield from (f"i:{text}" for text in identity.local_ids)
