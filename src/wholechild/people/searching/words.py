"""How alike two words of a name are, and by which keys a word is found that was heard, misread or mistyped.

Plain. Words are as people/comparing/names.py makes them: Latin letters, lower case, no accents, no apostrophes.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import Final

from jellyfish import metaphone
from rapidfuzz.distance import OSA, JaroWinkler

from wholechild.people.comparing.names import codes, sound

#: Longer words are cut before they are compared: no name needs more, and a pasted page must not stall a search.
LONGEST: Final = 40
#: Below this, a key by sound would hold half of all short names.
_SHORTEST_SOUND: Final = 3


class Likeness(StrEnum):
    """How one word of a name agrees with another, the closest first."""

    SAME = "same"
    OTHER_FORM = "other_form"
    ONE_LETTER = "one_letter"
    SOUND = "sound"
    BEGINS = "begins"
    CLOSE = "close"
    INITIAL = "initial"
    NONE = "none"


@lru_cache(maxsize=200_000)
def sounds(word: str) -> frozenset[str]:
    """Codes that words which sound alike share: the one that linking uses, made for names from anywhere, and one for English.

    Missing  empty for one or two letters.
    """
    if len(word) < _SHORTEST_SOUND:
        return frozenset()
    heard = {code for code in (sound(word), f"-{metaphone(word)}" if word.isalpha() else "") if len(code) > 1}
    return frozenset(f"~{code}" for code in heard)


@lru_cache(maxsize=200_000)
def families(word: str) -> frozenset[str]:
    """Codes of the families of names that a name belongs to (`bill`, `william`); empty for one that is in none."""
    return frozenset(code for code in codes(word) if code.startswith("="))


def left_out(word: str) -> frozenset[str]:
    """The word, and the word with each one of its letters left out.

    Two words that are one slip apart (a letter wrong, missing, added, or two swapped) share at least one of these.
    """
    word = word[:LONGEST]
    return frozenset({word, *(word[:n] + word[n + 1 :] for n in range(len(word)) if len(word) > 1)})


def word_keys(word: str) -> frozenset[str]:
    """Everything that a word is found by."""
    return left_out(word) | sounds(word[:LONGEST]) | families(word)


@lru_cache(maxsize=200_000)
def likeness(asked: str, known: str) -> Likeness:
    """How the word that somebody asked for agrees with one that an agency has."""
    if asked == known:
        return Likeness.SAME
    if len(asked) == 1:
        return Likeness.INITIAL if known.startswith(asked) else Likeness.NONE
    if families(asked) & families(known):
        return Likeness.OTHER_FORM
    longer = max(len(asked), len(known))
    if longer > 2 and OSA.distance(asked, known, score_cutoff=1) <= 1:
        return Likeness.ONE_LETTER
    ratio = JaroWinkler.similarity(asked, known)
    if ratio >= 0.7 and sounds(asked) & sounds(known):
        return Likeness.SOUND
    if len(asked) >= 3 and known.startswith(asked):
        return Likeness.BEGINS
    if longer >= 6 and (ratio >= 0.9 or OSA.distance(asked, known, score_cutoff=2) <= 2):
        return Likeness.CLOSE
    return Likeness.NONE
