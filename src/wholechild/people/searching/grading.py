"""How well a person fits what was asked for, and why, in words. Plain.

The bits are a rule of thumb for the order of a list, and nothing is ever linked by them: people/comparing/ weighs that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Final

from wholechild.people.comparing.identity import Identity
from wholechild.people.searching.asked import Asked, Word, local_phone, near_days
from wholechild.people.searching.keys import name_words, near_numbers
from wholechild.people.searching.words import Likeness, likeness
from wholechild.records.search import folded_postcode


class Sure(StrEnum):
    """How sure we are that this is who was asked for."""

    VERY_LIKELY = "Very likely"
    LIKELY = "Likely"
    PERHAPS = "Perhaps"


#: In bits: what agreement on a thing tells, roughly the binary logarithm of how few share it.
_PLACE_BITS: Final = {"given": 8.0, "family": 9.0, "former": 7.0, "middle": 5.0}
_LIKE_BITS: Final = {
    Likeness.SAME: 1.0, Likeness.OTHER_FORM: 0.75, Likeness.ONE_LETTER: 0.75, Likeness.SOUND: 0.65, Likeness.BEGINS: 0.65,
    Likeness.CLOSE: 0.5, Likeness.INITIAL: 0.25,
}  # fmt: skip
_OTHER_WAY_ROUND: Final = 0.8
_BORN: Final = {"same": 14.0, "swapped": 11.0, "one_part": 7.0, "within": 3.0, "another": -4.0}
_POSTCODE: Final = {"same": 10.0, "earlier": 9.0, "near": 6.0, "begins": 5.0, "began": 4.0, "none": 0.0}
_PHONE: Final = {"same": 12.0, "ends": 8.0, "near": 8.0, "none": 0.0}
_NUMBER: Final = {"same": 26.0, "near": 16.0, "another": -6.0}
_NOT_A_NAME: Final = -3.0
_VERY_LIKELY, _LIKELY = 25.0, 14.0
#: Who fits less than this share of what was asked is not shown: a list of strangers helps nobody, and tells about them.
_LEAST_SHARE: Final = 0.35
_LEAST_BITS: Final = 3.0
#: So many who fit equally well are none of them likely.
_MANY: Final = 3

_PLACES: Final = {
    "given": "first name",
    "family": "family name",
    "former": "former or other name",
    "middle": "middle name",
}
_LIKE: Final = {
    Likeness.SAME: "same {}",
    Likeness.OTHER_FORM: "another form of the {}",
    Likeness.ONE_LETTER: "the {} differs by one letter",
    Likeness.SOUND: "the {} sounds alike",
    Likeness.BEGINS: "the {} begins so",
    Likeness.CLOSE: "the {} is spelt nearly so",
    Likeness.INITIAL: "same first letter of the {}",
}
_SAYS: Final = {
    "born": {
        "same": "same birthday",
        "swapped": "same birthday with day and month swapped",
        "one_part": "nearly the same birthday: one part of the date differs",
        "within": "born in that time",
        "another": "another birthday",
        "": "no birthday on record",
    },
    "postcode": {
        "same": "same postcode",
        "earlier": "lived at that postcode before",
        "near": "a postcode close by",
        "begins": "the postcode begins so",
        "began": "an earlier postcode begins so",
        "none": "another postcode",
        "": "",
    },
    "phone": {
        "same": "same telephone number",
        "ends": "the telephone number ends so",
        "near": "the telephone number differs by one digit",
        "none": "another telephone number",
        "": "",
    },
    "NHS number": {
        "same": "same NHS number",
        "near": "the NHS number differs by one digit",
        "another": "another NHS number",
        "": "no NHS number on record",
    },
    "UPN": {"same": "same UPN", "another": "another UPN", "": ""},
}
_AGAINST: Final = frozenset({"another", "none"})


@dataclass(frozen=True, slots=True)
class Graded:
    """How well a person fits. `agrees` and `differs` are short phrases; never a value that an agency holds."""

    bits: float
    sure: Sure
    agrees: tuple[str, ...]
    differs: tuple[str, ...] = field(default=())

    @property
    def why(self) -> str:
        """`Same birthday with day and month swapped; the family name sounds alike.`"""
        said = "; ".join(self.agrees)
        if self.differs:
            said += f"; but {', '.join(self.differs)}"
        return f"{said[:1].upper()}{said[1:]}."


def grade(asked: Asked, identities: Sequence[Identity]) -> Graded | None:
    """How well one person, as one or several agencies have them, fits what was asked for.

    Shape    None where too little fits to show the person at all.
    Missing  what no agency says neither agrees nor differs.
    """
    names, missed = _names(asked.words, [pair for identity in identities for pair in name_words(identity)])
    others = [judged for judged in _others(asked, identities) if judged is not None]
    bits = sum(bits for bits, _ in names) + missed * _NOT_A_NAME + sum(bits for bits, _, _ in others)
    if bits < max(_LEAST_BITS, _LEAST_SHARE * _most(asked)):
        return None
    agrees = (
        *_said_of_names([said for _, said in names]),
        *(said for _, said, against in others if said and not against),
    )
    differs = [said for _, said, against in others if said and against]
    if missed:
        differs.insert(0, "another name" if missed == len(asked.words) else "one of the names differs")
    if not agrees:
        return None
    return Graded(round(bits, 3), _sure(bits, bool(differs)), agrees, tuple(differs))


def among(graded: Graded, equals: int) -> Graded:
    """The same, among so many others who fit as well: then nobody knows which of them it is."""
    if equals == 0 or graded.sure is Sure.PERHAPS:
        return graded
    sure = (
        Sure.LIKELY if graded.sure is Sure.VERY_LIKELY else (Sure.PERHAPS if equals >= _MANY else graded.sure)
    )
    others = "somebody else fits as well" if equals == 1 else f"{equals} others fit as well"
    return replace(graded, sure=sure, agrees=(*graded.agrees, others))


def _sure(bits: float, something_differs: bool) -> Sure:
    if bits >= _VERY_LIKELY and not something_differs:
        return Sure.VERY_LIKELY
    return Sure.LIKELY if bits >= _LIKELY else Sure.PERHAPS


def _most(asked: Asked) -> float:
    """The bits of somebody who fits in everything."""
    best = sorted(_PLACE_BITS.values(), reverse=True)
    names = sum(best[min(n, 1)] if n < 2 else _PLACE_BITS["middle"] for n in range(len(asked.words)))
    born = _BORN["same"] if asked.birthday else _BORN["within"] if asked.born else 0.0
    where = (_POSTCODE["same"] if asked.postcode else 0.0) + (_PHONE["same"] if asked.phone else 0.0)
    return (
        names
        + born
        + where
        + (_NUMBER["same"] if asked.nhs_number else 0.0)
        + (_NUMBER["same"] if asked.upn else 0.0)
    )


# -- names ---------------------------------------------------------------------------------------------------------------

#: bits, (place, likeness, other way round)
_Said = tuple[str, Likeness, bool]


def _names(asked: Sequence[Word], known: Iterable[tuple[str, str]]) -> tuple[list[tuple[float, _Said]], int]:
    """What agrees of the names, each word that was asked for with the best word that is left; and how many words agree with none."""
    pairs = sorted(_pairs(asked, set(known)), key=lambda pair: (-pair[0] / len(pair[1]), pair[1], pair[2]))
    taken: set[int] = set()
    used: set[str] = set()
    found = []
    for bits, which, word, said in pairs:
        if taken.isdisjoint(which) and word not in used:
            taken.update(which)
            used.add(word)
            found.append((bits, said))
    return found, len(asked) - len(taken)


def _pairs(
    asked: Sequence[Word], known: set[tuple[str, str]]
) -> Iterator[tuple[float, tuple[int, ...], str, _Said]]:
    spelt: list[tuple[tuple[int, ...], Word]] = [((n,), word) for n, word in enumerate(asked)]
    spelt += [
        ((n, n + 1), Word(one.text + other.text, one.place)) for n, (one, other) in enumerate(pairwise(asked))
    ]
    for which, word in spelt:
        for text, place in known:
            like = likeness(word.text, text)
            if like is Likeness.NONE or (
                len(which) > 1 and not _are_one(like, [asked[n].text for n in which])
            ):
                continue
            round_about = _other_way_round(word.place, place)
            bits = _PLACE_BITS[place] * _LIKE_BITS[like] * (_OTHER_WAY_ROUND if round_about else 1.0)
            # Two words that are one name tell more than one, and less than two names would.
            yield bits * (1.6 if len(which) > 1 else 1.0), which, text, (place, like, round_about)


def _are_one(like: Likeness, words: Sequence[str]) -> bool:
    """Whether two words that were typed are one name (`o neill`, `mc donald`), and not an initial beside another name."""
    return like is Likeness.SAME or (like is Likeness.ONE_LETTER and all(len(word) > 1 for word in words))


def _other_way_round(asked: str, place: str) -> bool:
    return (asked, place) in (("given", "family"), ("family", "given"))


def _said_of_names(said: Sequence[_Said]) -> Iterator[str]:
    same = {place for place, like, _ in said if like is Likeness.SAME}
    whole = {"given", "family"} <= same
    if whole:
        yield "same name"
    for place, like, _ in sorted(dict.fromkeys(said), key=lambda one: list(_PLACES).index(one[0])):
        if not (whole and like is Likeness.SAME and place in ("given", "family")):
            yield _LIKE[like].format(_PLACES[place])
    if any(round_about for _, _, round_about in said):
        yield "first and family name the other way round"


# -- everything else -----------------------------------------------------------------------------------------------------

#: bits, what is said of it, whether it speaks against
_Judged = tuple[float, str, bool]


def _others(asked: Asked, identities: Sequence[Identity]) -> Iterator[_Judged | None]:
    if asked.born:
        yield _judged("born", _born(asked, [i.born for i in identities if i.born]), _BORN)
    if asked.postcode:
        yield _judged("postcode", _postcode(asked.postcode, identities), _POSTCODE)
    if asked.phone:
        yield _judged(
            "phone", _phone(asked.phone, {local_phone(p) for i in identities for p in i.phones}), _PHONE
        )
    if asked.nhs_number:
        yield _judged("NHS number", _number(asked.nhs_number, {i.nhs_number for i in identities}), _NUMBER)
    if asked.upn:
        yield _judged("UPN", _number(asked.upn, {i.upn for i in identities}, near=False), _NUMBER)


def _judged(what: str, how: str, bits: dict[str, float]) -> _Judged:
    return bits.get(how, 0.0), _SAYS[what][how], how in _AGAINST or not how


def _born(asked: Asked, known: Sequence[date]) -> str:
    if not known:
        return ""
    if not asked.birthday:
        first, last = asked.born or (date.min, date.max)
        return "within" if any(first <= day <= last for day in known) else "another"
    if asked.birthday in known:
        return "same"
    near = [kind for day, kind in near_days(asked.birthday) if day in known]
    return "swapped" if "swapped" in near else near[0] if near else "another"


def _postcode(asked: str, identities: Sequence[Identity]) -> str:
    latest = {folded_postcode(i.postcode) for i in identities} - {""}
    earlier = {folded_postcode(p) for i in identities for p in i.postcodes} - {""}
    if asked in latest:
        return "same"
    if asked in earlier:
        return "earlier"
    if any(postcode.startswith(asked) for postcode in latest):
        return "begins"
    if any(postcode.startswith(asked) for postcode in earlier):
        return "began"
    if len(asked) >= 5 and any(postcode.startswith(asked[:-2]) for postcode in latest | earlier):
        return "near"
    return "none" if latest else ""


def _phone(asked: str, known: set[str]) -> str:
    if asked in known:
        return "same"
    if any(number.endswith(asked) for number in known):
        return "ends"
    if known & set(near_numbers(asked)):
        return "near"
    return "none" if known else ""


def _number(asked: str, known: set[str], *, near: bool = True) -> str:
    known = known - {""}
    if asked in known:
        return "same"
    if near and known & set(near_numbers(asked)):
        return "near"
    return "another" if known else ""
