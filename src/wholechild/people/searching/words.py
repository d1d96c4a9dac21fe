"""How alike two words of a name are, and by which keys a word is found that was heard, misread or mistyped.

Plain. Words are folded (records/search.py): lower case, no accents, no apostrophes; letters of every script.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from typing import Final

from jellyfish import metaphone
from rapidfuzz.distance import OSA, JaroWinkler

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


#: One name in its usual forms, in everyday English use. A form may stand in several lines.
_FORMS: Final = tuple(
    frozenset(line.split())
    for line in """
    abigail abbie abby gail|alexander alex alec sandy xander sasha|alexandra alex sandra sasha lexi|alfred alfie fred
    andrew andy drew|anthony tony antony|antonia toni|barbara babs barb|benjamin ben benji benny|catherine katherine kathryn cath cathy kate katie kathy kitty kat
    charles charlie chas chuck|charlotte charlie lottie|christine christina chris tina chrissie|christopher chris kit topher|daniel dan danny|danielle dani
    david dave davey|deborah debra deb debbie|edward ed eddie ted teddy ned|eleanor ellie ella nell nora|elizabeth liz lizzie beth betty eliza libby lisa bess elsie
    emily em emmie millie|florence flo florrie flossie|francis frank frankie|frances fran frankie franny|frederick fred freddie freddy|gabriel gabe|george georgie
    gregory greg|harold harry hal|harry henry harrison|henry hal hank|imogen immy|isabella isabel isobel bella izzy issy|jacob jake|james jim jimmy jamie|janet jan
    jennifer jen jenny|jessica jess jessie|john johnny jack jon|jonathan jon jonny john|joseph joe joey|josephine jo josie|joshua josh|joanne joanna jo|judith judy
    kenneth ken kenny|kimberley kim|lawrence laurence larry laurie|leonard len lenny leo|lillian lily lilly|louis lou lewis|louise lou|lucy lucille lu
    madeleine maddie madeline|margaret maggie meg peggy margie|martin marty|mary molly polly maria|matthew matt matty|matilda tilly|maximilian max|megan meg
    michael mike mick mickey micky|mohammed muhammad mohammad mohamed mohamad muhammed mo mohd md|natalie nat|nathan nathaniel nat nate|nicholas nick nicky nico|nicola nicky nikki nic
    olivia liv livvy olly|oliver ollie olly|pamela pam|patricia pat patsy trish tricia|patrick pat paddy|peter pete|philip phil phillip pip|philippa pippa pip
    raymond ray|rebecca becca becky bex|richard dick rick ricky richie rich|robert bob bobby rob robbie bert|ronald ron ronnie|rosemary rose rosie
    samantha sam sammy|samuel sam sammy|sarah sara sally|sebastian seb|stephen steven steve stevie|stephanie steph|susan sue susie suzanne|sophia sophie sofia
    terence terry terrance|theodore theo ted|theresa terry tess tessa teresa|thomas tom tommy|timothy tim|toby tobias|valerie val|victoria vicky vikki tori
    vincent vince vinny|william bill billy will willy liam|yusuf yousef yousuf joseph|zachary zach zak zack|aleksander aleksandr alex|krzysztof chris|małgorzata malgorzata gosia|katarzyna kasia
    """.replace("\n", "|").split("|")
    if line.strip()
)


@lru_cache(maxsize=1)
def _by_form() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for line in _FORMS:
        for form in line:
            found[form] = found.get(form, frozenset()) | line
    return found


def other_forms(word: str) -> frozenset[str]:
    """`bill` gives `william`, `billy`, `will` …; empty for a name without forms that we know."""
    return _by_form().get(word, frozenset()) - {word}


@lru_cache(maxsize=200_000)
def sounds(word: str) -> frozenset[str]:
    """Codes that words which sound alike share: one made for English, one for names written down by ear from elsewhere.

    Missing  empty for one or two letters, and for scripts other than Latin.
    """
    if len(word) < _SHORTEST_SOUND or not word.isascii() or not word.isalpha():
        return frozenset()
    return frozenset(f"~{code}" for code in (metaphone(word), f"-{skeleton(word)}") if len(code) > 1)


#: Letters that stand for one sound in one transliteration or another.
_ALIKE: Final = (
    (re.compile(r"(.)\1+"), r"\1"),
    (re.compile(r"sch|tsch|ch|cz|tch"), "C"),
    (re.compile(r"sh|sz|ś"), "S"),
    (re.compile(r"ph|pf"), "f"),
    (re.compile(r"gh$|ght"), "t"),
    (re.compile(r"([bdgkt])h"), r"\1"),
    (re.compile(r"(?<=[aeiou])h(?![aeiou])"), ""),
    (re.compile(r"ck|q|c|x"), "k"),
    (re.compile(r"dj|zh|j"), "j"),
    (re.compile(r"z"), "s"),
    (re.compile(r"w"), "v"),
)


def skeleton(word: str) -> str:
    """The consonants of a word as they are heard: `mohammed`, `muhammad` and `mohamed` are `mhmd`."""
    for letters, sound in _ALIKE:
        word = letters.sub(sound, word)
    first = "a" if word[:1] in "aeiou" else word[:1]
    return re.sub(r"(.)\1+", r"\1", first + re.sub(r"[aeiouy]", "", word[1:]))


def left_out(word: str) -> frozenset[str]:
    """The word, and the word with each one of its letters left out.

    Two words that are one slip apart (a letter wrong, missing, added, or two swapped) share at least one of these.
    """
    word = word[:LONGEST]
    return frozenset({word, *(word[:n] + word[n + 1 :] for n in range(len(word)) if len(word) > 1)})


def word_keys(word: str) -> frozenset[str]:
    """Everything that a word is found by."""
    return left_out(word) | sounds(word[:LONGEST])


@lru_cache(maxsize=200_000)
def likeness(asked: str, known: str) -> Likeness:
    """How the word that somebody asked for agrees with one that an agency has."""
    if asked == known:
        return Likeness.SAME
    if len(asked) == 1:
        return Likeness.INITIAL if known.startswith(asked) else Likeness.NONE
    if known in other_forms(asked):
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
