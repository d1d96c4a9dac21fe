"""What is looked at when two identities are compared, worked out once for each: the columns that batch reads are these."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from wholechild.people.comparing.identity import Identity
from wholechild.people.comparing.names import codes, family_codes, parts
from wholechild.people.comparing.standardising import sound_nhs_number

#: An id of fewer signs, with one of them wrong, may as well be anybody's.
SHORTEST_ID: Final = 6


@dataclass(frozen=True, slots=True)
class NameForms:
    """The forms of one name by which it may agree with another.

    Shape    `given_codes`, `family_codes` are codes of sound and of families of names; `rest_codes` those of every other word
             of any of the names; `words` is every whole word; `parts` the words of the family name that can stand alone.
    """

    given_codes: tuple[str, ...]
    family_codes: tuple[str, ...]
    rest_codes: tuple[str, ...]
    middles: tuple[str, ...]
    initials: tuple[str, ...]
    parts: tuple[str, ...]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prepared:
    """One identity, ready to be compared.

    Shape    `contacts` are telephone numbers and e-mail addresses together. `sole_id` is the one id that is passed on, where there is
             no other and it is long enough for one with a slip to be told from another's; else it is empty.
    """

    id: str
    agency: str
    given: str
    family: str
    names: NameForms
    born: date | None
    born_text: str
    died: date | None
    sex: str
    nhs_number: str
    nhs_sound: bool
    upn: str
    postcode: str
    area: str
    postcodes: tuple[str, ...]
    uprn: str
    address: str
    contacts: tuple[str, ...]
    local_ids: tuple[str, ...]
    schemes: tuple[str, ...]
    sole_id: str


@lru_cache(maxsize=50_000)
def name_forms(given: str, middle: str, family: str, others: tuple[str, ...]) -> NameForms:
    """The forms of a name that `Identity` gives in parts."""
    middles = tuple(dict.fromkeys(middle.split()))
    also = [word for whole in others for word in whole.split()]
    rest = [*middles, *also]
    return NameForms(
        given_codes=codes(given),
        family_codes=family_codes(family),
        rest_codes=_once(code for word in rest for code in codes(word)),
        middles=tuple(word for word in middles if len(word) > 1),
        initials=_once(word[0] for word in middles),
        parts=parts(family),
        words=_once(word for word in [*parts(family), *middles, *also] if len(word) > 1),
    )


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def area_of(postcode: str) -> str:
    """The first half of a postcode; for one of another country all but its last sign."""
    return (
        postcode[:-3] if re.fullmatch(r"[A-Z]{1,2}[0-9][A-Z0-9]?[0-9][A-Z]{2}", postcode) else postcode[:-1]
    )


def sole_id(local_ids: tuple[str, ...]) -> str:
    """The one id, where it has enough signs after its scheme; else an empty text."""
    if len(local_ids) != 1:
        return ""
    return local_ids[0] if len(local_ids[0].partition(":")[2]) >= SHORTEST_ID else ""


@lru_cache(maxsize=20_000)
def prepare(identity: Identity) -> Prepared:
    """The identity with all that its comparisons look at."""
    return Prepared(
        id=identity.id,
        agency=identity.agency,
        given=identity.given,
        family=identity.family,
        names=name_forms(identity.given, identity.middle, identity.family, identity.other_names),
        born=identity.born,
        born_text=f"{identity.born:%Y%m%d}" if identity.born else "",
        died=identity.died,
        sex=identity.sex,
        nhs_number=identity.nhs_number,
        nhs_sound=sound_nhs_number(identity.nhs_number),
        upn=identity.upn,
        postcode=identity.postcode,
        area=area_of(identity.postcode),
        postcodes=identity.postcodes,
        uprn=identity.uprn,
        address=identity.address,
        contacts=identity.phones + identity.emails,
        local_ids=identity.local_ids,
        schemes=_once(text.partition(":")[0] for text in identity.local_ids),
        sole_id=sole_id(identity.local_ids),
    )
