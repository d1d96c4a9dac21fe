"""The keys by which an identity is found, and those by which somebody asks. Plain.

A key is a short text: `n:` a word of a name, `b:` a birthday, `y:` a year of birth, `c:` a postcode or its beginning, `p:` a
telephone number or its last digits, `i:` an NHS number, `u:` a UPN, `l:` another agency's id.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Final

from wholechild.people.comparing.identity import Identity
from wholechild.people.searching.asked import LEAST_DIGITS, Asked, local_phone, near_days
from wholechild.people.searching.words import LONGEST, Likeness, likeness
from wholechild.records.search import folded_postcode

#: Somebody who asks for an age asks for a few years; a wider span says nothing.
_MOST_YEARS: Final = 6
_WHOLE_PHONE: Final = 9


def findable(identity: Identity, *, sealed: bool) -> Identity:
    """The identity as search may know it. The one place that keeps a sealed place out: nobody is found by it, and no reason names it.

    Shape    of a sealed identity there is left the name, the birthday, the sex and the NHS number. Address, postcode,
             telephone and e-mail say where somebody is; so do the numbers that a school or a surgery gave, and the agency.
    Source   ARCHITECTURE D8: a search by a sealable attribute never returns a sealed person.
    """
    if not sealed:
        return identity
    return replace(
        identity,
        agency="",
        upn="",
        postcode="",
        postcodes=(),
        uprn="",
        address="",
        phones=(),
        emails=(),
        local_ids=(),
    )


def name_words(identity: Identity) -> Iterator[tuple[str, str]]:
    """(word, place) of every name: `given`, `middle`, `family` or `former`; names of several words also as one word."""
    now = (("given", identity.given), ("middle", identity.middle), ("family", identity.family))
    for place, name in now:
        words = [word[:LONGEST] for word in name.split()]
        yield from ((word, place) for word in words)
        if len(words) > 1:
            yield "".join(words)[:LONGEST], place
    known = {word for _, name in now for word in name.split()}
    former = dict.fromkeys(word[:LONGEST] for name in identity.other_names for word in name.split())
    yield from ((word, "former") for word in former if word not in known)
    if identity.given and identity.middle:  # `Abdul Rahman`, whichever of the two is thought the first
        yield (identity.given + identity.middle.split()[0])[:LONGEST], "given"


def identity_keys(identity: Identity) -> frozenset[str]:
    """Every key that an identity is kept under. Hand it what `findable` leaves."""
    found = {f"n:{word}" for word, _ in name_words(identity)}
    if identity.born:
        found |= {f"b:{identity.born.isoformat()}", f"y:{identity.born.year}"}
    for postcode in {identity.postcode, *identity.postcodes} - {""}:
        found |= {f"c:{part}" for part in postcode_parts(folded_postcode(postcode))}
    for phone in identity.phones:
        found |= phone_ends(local_phone(phone))
    named = (("i", identity.nhs_number), ("u", identity.upn))
    return frozenset(
        found | {f"{kind}:{value}" for kind, value in named if value} | {f"l:{i}" for i in identity.local_ids}
    )


def postcode_parts(postcode: str) -> frozenset[str]:
    """`CV12AB` gives itself and its beginnings `CV`, `CV1`, `CV12` and `CV12A`: every part that somebody may remember."""
    return frozenset(postcode[:n] for n in range(2, len(postcode) + 1))


def phone_ends(digits: str) -> frozenset[str]:
    """A number's every end of at least five digits."""
    return frozenset(f"p:{digits[n:]}" for n in range(len(digits)) if len(digits) - n >= LEAST_DIGITS)


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that was asked for, as keys: any of `keys` fits, any of `exact` fits exactly.

    Shape    `alone` says that it is enough by itself: hardly two people share it. `weight` is how much it tells.
    """

    keys: frozenset[str]
    exact: frozenset[str]
    weight: int
    alone: bool = False


def spellings(asked: Asked) -> tuple[str, ...]:
    """The words to look for: each that was typed, and each two neighbours as one (`mc donald`, `abdul rahman`)."""
    words = [word.text for word in asked.words]
    return (*words, *(one + other for one, other in pairwise(words)))


def parts(asked: Asked, similar: Mapping[str, Collection[str]]) -> tuple[Part, ...]:
    """What was asked for, part by part. `similar` gives for each of `spellings` the known words that are like it.

    Shape    an initial is no part: it narrows nothing, and is weighed later.
    """
    near = near_numbers(asked.phone) if len(asked.phone) >= _WHOLE_PHONE else ()
    return (
        *_name_parts([word.text for word in asked.words], similar),
        *_born_part(asked),
        *_postcode_part(asked.postcode),
        *_part("i", asked.nhs_number, near_numbers(asked.nhs_number), 20),
        *_part("u", asked.upn, (), 20),
        *_part("p", asked.phone, near, 10),
    )


def _name_parts(words: Sequence[str], similar: Mapping[str, Collection[str]]) -> Iterator[Part]:
    for n, word in enumerate(words):
        if len(word) > 1:
            joined = [words[k] + words[k + 1] for k in (n - 1, n) if k >= 0 and k + 1 < len(words)]
            exact = (word, *joined)
            known = {*exact, *similar.get(word, ())}
            for both in joined:
                known.update(one for one in similar.get(both, ()) if _is_one_name(both, one))
            yield Part(frozenset(f"n:{one}" for one in known), frozenset(f"n:{one}" for one in exact), 5)


def _is_one_name(both: str, known: str) -> bool:
    """Whether two words that were typed, written as one, are a known name: or `robinson` would be taken for all of `robinson harry`."""
    return likeness(both, known) in (Likeness.SAME, Likeness.ONE_LETTER)


def _born_part(asked: Asked) -> Iterable[Part]:
    if asked.birthday:
        near = (day for day, _ in near_days(asked.birthday))
        exact = frozenset({_birth_key(asked.birthday)})
        yield Part(exact | {_birth_key(day) for day in near}, exact, 8)
    elif asked.born:
        first, last = asked.born[0].year, asked.born[1].year
        years = frozenset(f"y:{year}" for year in range(first, min(last, first + _MOST_YEARS) + 1))
        yield Part(years, years, 2)


def _birth_key(day: date) -> str:
    return f"b:{day.isoformat()}"


def _part(kind: str, value: str, near: Iterable[str], weight: int) -> Iterable[Part]:
    if value:
        exact = frozenset({f"{kind}:{value}"})
        yield Part(exact | {f"{kind}:{one}" for one in near}, exact, weight, alone=True)


def _postcode_part(postcode: str) -> Iterable[Part]:
    """A whole postcode also finds those in the same sector: people move round the corner, and last letters are misheard."""
    if postcode:
        exact = frozenset({f"c:{postcode}"})
        yield Part(exact | ({f"c:{postcode[:-2]}"} if len(postcode) >= 5 else set()), exact, 6)


def near_numbers(number: str) -> Iterator[str]:
    """Numbers that differ in one digit, or by two neighbours swapped."""
    for n, digit in enumerate(number):
        yield from (number[:n] + other + number[n + 1 :] for other in "0123456789" if other != digit)
        if n and number[n - 1] != digit:
            yield number[: n - 1] + digit + number[n - 1] + number[n + 1 :]
