"""How names are made alike: one alphabet, one code for what sounds alike, and the forms that stand for one name.

The sound of a name is read from its consonants, not by the rules of one language: vowels are what transliterations differ
in (Mohammed, Muhammad), and a code made for English would lose more of the names that are not English.
"""

from __future__ import annotations

import csv
import re
from functools import lru_cache
from pathlib import Path
from typing import Final

from anyascii import anyascii

from wholechild.records.search import folded

#: The families of names, put together for this project from common usage; no list of anybody else's is in it.
FILE: Final = Path(__file__).with_name("data") / "name_families.csv"

#: Longer words and names are cut: nobody is told apart by the sixtieth letter, and no comparison is held up by them.
LONGEST_WORD: Final = 48
MOST_WORDS: Final = 8

#: Words that go before or into a family name and are left out as often as they are written.
_PARTICLES: Final = frozenset(
    "al el ul ud de del della di da dos das du la le van von der den ter bin bint ibn abu ap mac mc st saint o".split()
)
#: Letters that are written in more than one way for one sound, the longest first.
_SOUNDS: Final = tuple(
    (re.compile(pattern), code)
    for pattern, code in (
        (r"^(pn|kn|gn)", "n"),
        (r"^wr", "r"),
        (r"^(ps|x|ts|tz)", "s"),
        (r"^h(?=[aeiouy])", ""),
        (r"sch|shch|sh|sz|zh|cs", "s"),
        (r"tch|cz|ch|tsch", "c"),
        (r"ph", "f"),
        (r"ck|kh|qu|q", "k"),
        (r"(?<=[aeiouy])gh(?=t|$)", ""),
        (r"gh", "g"),
        (r"th", "t"),
        (r"dh", "d"),
        (r"bh", "b"),
        (r"x", "ks"),
        (r"tz|ts|dz|z", "s"),
        (r"c(?=[eiy])", "s"),
        (r"c(?!$)(?=[^h])|c$", "k"),
        (r"w", "v"),
        (r"j|^y|^i(?=[aou])", "j"),
        (r"h", ""),
    )
)
_VOWELS: Final = str.maketrans({"e": "i", "y": "i", "o": "u"})


def latin(text: str) -> str:
    """A text of any script in Latin letters, folded: `Зоя O'Neill-Łuczak` as `zoya oneill luczak`.

    Shape    words of letters and digits, one blank between; each at most 48 letters, at most eight words.
    Missing  an empty text where nothing of it can be written so.
    """
    plain = folded(text[:400])
    if not plain.isascii():
        plain = folded(anyascii(plain))
        plain = "".join(letter for letter in plain if letter.isascii())
    words = plain.split()
    if len(plain) <= LONGEST_WORD and len(words) <= MOST_WORDS:
        return plain
    return " ".join(word[:LONGEST_WORD] for word in words[:MOST_WORDS])


@lru_cache(maxsize=200_000)
def sound(word: str) -> str:
    """A code that usual spellings of one name share: `muhammad`, `mohamed` and `mahmud` are `mmd`.

    Shape    the consonants, a double letter once, with `a` for a vowel that begins the word. A name of fewer than three
             keeps its vowels, in three kinds, or every short name would sound like every other.
    Missing  an empty text for an empty word and for an initial.
    """
    if len(word) < 2:
        return ""
    coded = word.replace(" ", "")
    for pattern, code in _SOUNDS:
        coded = pattern.sub(code, coded)
    coded = _once(coded)
    skeleton = re.sub(r"[aeiouy]", "", coded)
    begins = "a" if coded[:1] in tuple("aeiouy") else ""
    if len(skeleton) >= 3:
        return begins + skeleton
    return "~" + _once(coded.translate(_VOWELS))


@lru_cache(maxsize=200_000)
def consonants(word: str) -> str:
    """The first two sounds of a name, to find candidates by: coarser than `sound`, as its vowels are left out."""
    code = sound(word)
    if code.startswith("~"):
        begins = "a" if code[1:2] in tuple("aiu") else ""
        code = begins + re.sub(r"[aiu]", "", code[1:])
    return code[:2]


def _once(text: str) -> str:
    return re.sub(r"(.)\1+", r"\1", text)


@lru_cache(maxsize=1)
def _families() -> dict[str, tuple[str, ...]]:
    """The families, by name, that a name belongs to; each is a short code that no sound can be."""
    found: dict[str, list[str]] = {}
    with FILE.open(encoding="utf-8", newline="") as stream:
        for number, row in enumerate(csv.DictReader(stream)):
            for name in dict.fromkeys(row["names"].split(";")):
                found.setdefault(name, []).append(f"={number}")
    return {name: tuple(codes) for name, codes in found.items()}


@lru_cache(maxsize=200_000)
def codes(word: str) -> tuple[str, ...]:
    """Everything by which a word of a name may agree with another: its sound, and the families of names it belongs to."""
    code = sound(word)
    return (*((code,) if code else ()), *_families().get(word, ()))


@lru_cache(maxsize=200_000)
def parts(family: str) -> tuple[str, ...]:
    """The words of a family name that can stand alone: `van den berg jones` as `berg`, `jones`."""
    words = family.split()
    telling = tuple(dict.fromkeys(word for word in words if word not in _PARTICLES and len(word) > 1))
    return telling or tuple(words[:1])


@lru_cache(maxsize=200_000)
def family_codes(family: str) -> tuple[str, ...]:
    """The codes of a family name: those of each of its parts, and of all its words written as one."""
    told = parts(family)
    whole = (sound("".join(family.split())),) if len(family.split()) > 1 else ()
    return tuple(dict.fromkeys([code for part in told for code in codes(part)] + [c for c in whole if c]))
