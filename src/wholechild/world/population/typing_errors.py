"""A word or number as a hurried hand types it: one slip each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Final

_NEIGHBOURS: Final[Mapping[str, str]] = {
    "q": "wa", "w": "qeas", "e": "wrds", "r": "etfd", "t": "rygf", "y": "tuhg", "u": "yijh", "i": "uokj", "o": "iplk", "p": "ol",
    "a": "qszw", "s": "adwx", "d": "sfec", "f": "dgrv", "g": "fhtb", "h": "gjyn", "j": "hkum", "k": "jlim", "l": "kop", "z": "xas",
    "x": "zcs", "c": "xvd", "v": "cbf", "b": "vng", "n": "bmh", "m": "njk",
}  # fmt: skip
#: What is heard as the same, and what an eye or a scanner takes for another.
_HEARD: Final = (
    ("ph", "f"), ("ck", "k"), ("c", "k"), ("c", "s"), ("ie", "ei"), ("y", "i"), ("y", "ie"), ("ee", "ea"), ("au", "or"), ("sh", "ch"),
    ("er", "ar"), ("er", "or"), ("en", "an"), ("on", "en"), ("le", "el"), ("ll", "l"), ("tt", "t"), ("nn", "n"), ("rr", "r"), ("ss", "s"),
    ("kn", "n"), ("wr", "r"), ("gh", "g"), ("z", "s"), ("v", "f"), ("th", "f"), ("oo", "u"), ("ai", "ay"), ("x", "ks"), ("d", "t"), ("b", "p"),
)  # fmt: skip
_SEEN: Final = (
    ("rn", "m"),
    ("cl", "d"),
    ("l", "i"),
    ("e", "c"),
    ("h", "b"),
    ("u", "v"),
    ("vv", "w"),
    ("nn", "m"),
    ("a", "o"),
    ("n", "h"),
    ("f", "t"),
)


def typo(rng: Random, word: str, kinds: Mapping[str, float]) -> str:
    """The word with one slip of a kind drawn by its part; always another word, if it has a letter."""
    (kind,) = rng.choices(list(kinds), list(kinds.values()))
    return _KINDS[kind](rng, word) or _keyboard(rng, word) or f"{word}{word[-1:]}"


def _at(rng: Random, word: str) -> int:
    """A place in the word; seldom the first letter, where people look."""
    return (
        int(rng.random() * len(word))
        if rng.random() < 0.1 or len(word) < 2
        else 1 + int(rng.random() * (len(word) - 1))
    )


def _keyboard(rng: Random, word: str) -> str:
    for _ in range(6):
        place = _at(rng, word)
        near = _NEIGHBOURS.get(word[place].lower(), "")
        if near:
            letter = near[int(rng.random() * len(near))]
            return word[:place] + (letter.upper() if word[place].isupper() else letter) + word[place + 1 :]
    return ""


def _omission(rng: Random, word: str) -> str:
    place = _at(rng, word)
    return word[:place] + word[place + 1 :] if len(word) > 2 else ""


def _doubling(rng: Random, word: str) -> str:
    place = _at(rng, word)
    return word[: place + 1] + word[place].lower() + word[place + 1 :]


def _transposition(rng: Random, word: str) -> str:
    places = [place for place in range(1, len(word) - 1) if word[place] != word[place + 1]]
    if not places:
        return ""
    place = places[int(rng.random() * len(places))]
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def _pair_of(table: tuple[tuple[str, str], ...]) -> Callable[[Random, str], str]:
    both = [*table, *((other, one) for one, other in table)]

    def swap(rng: Random, word: str) -> str:
        lower = word.lower()
        ways = [(old, new) for old, new in both if lower.find(old, 1) > 0]
        if not ways:
            return ""
        old, new = ways[int(rng.random() * len(ways))]
        at = lower.find(old, 1)
        return word[:at] + new + word[at + len(old) :]

    return swap


def _cut_short(rng: Random, word: str) -> str:
    """The end of a long word is lost, as in a form with few boxes."""
    return word[: max(3, len(word) - 1 - int(rng.random() * 3))] if len(word) > 4 else ""


_KINDS: Final[Mapping[str, Callable[[Random, str], str]]] = {
    "keyboard": _keyboard, "omission": _omission, "doubling": _doubling, "transposition": _transposition,
    "phonetic": _pair_of(_HEARD), "ocr": _pair_of(_SEEN), "cut_short": _cut_short,
}  # fmt: skip
KINDS: Final = tuple(_KINDS)


def digits_wrong(rng: Random, number: str) -> str:
    """The number with one digit wrong, or two neighbours that differ changed over."""
    places = [place for place in range(len(number) - 1) if number[place] != number[place + 1]]
    if places and rng.random() < 0.5:
        place = places[int(rng.random() * len(places))]
        return number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    place = int(rng.random() * len(number))
    digit = str((int(number[place]) + 1 + int(rng.random() * 9)) % 10)
    return number[:place] + digit + number[place + 1 :]


def postcode_wrong(rng: Random, postcode: str) -> str:
    """The postcode with a letter or digit of its second half wrong, or without its blank and with two places changed over."""
    outward, _, inward = postcode.partition(" ")
    draw = rng.random()
    if draw < 0.3 and inward[1] != inward[2]:
        return f"{outward} {inward[0]}{inward[2]}{inward[1]}"
    if draw < 0.6:
        return f"{outward} {(int(inward[0]) + 1 + int(rng.random() * 9)) % 10}{inward[1:]}"
    others = "ABDEFGHJLNPQRSTUWXYZ".replace(inward[2], "")
    return f"{outward} {inward[:2]}{others[int(rng.random() * len(others))]}"
