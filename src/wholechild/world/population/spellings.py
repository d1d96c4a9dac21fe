"""How names vary in life: nicknames, other spellings and transliterations, and the long tail of rare family names."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from random import Random
from typing import Final

from wholechild.world.names import names

#: Full names and what people who bear them are called. From general knowledge, and on purpose not the list that linking uses.
_NICKNAMES: Final = (
    "Abigail:Abi,Abbie Alexander:Alex,Sandy,Xander Alexandra:Alex,Lexi,Sasha Alfred:Alfie,Fred Amelia:Millie,Amy Andrew:Andy,Drew "
    "Anthony:Tony,Ant Archibald:Archie Arthur:Art,Artie Benjamin:Ben,Benji Bethany:Beth Cameron:Cam Catherine:Cath,Kate,Katie "
    "Charles:Charlie,Chas Charlotte:Lottie,Charlie Christina:Chris,Tina Christine:Chris,Chrissie Christopher:Chris,Kit Daniel:Dan,Danny "
    "David:Dave,Davy Deborah:Deb,Debbie Dominic:Dom Donald:Don Edward:Ed,Eddie,Ted Eleanor:Ellie,Nell,Nora Elizabeth:Beth,Liz,Lizzie,Libby "
    "Emily:Em,Millie Evelyn:Evie,Eve Florence:Flo,Flossie Frances:Fran,Frankie Francesca:Fran,Chess Frederick:Fred,Freddie Gabriella:Gabby "
    "Gabriel:Gabe Georgina:Georgie,Gina Geoffrey:Geoff Gillian:Gill Gregory:Greg Hannah:Han Harrison:Harry Harriet:Hattie,Harri Henry:Harry,Hal "
    "Imogen:Immy Isabella:Bella,Izzy Isabelle:Izzy,Belle Isabel:Izzy Jacob:Jake Jacqueline:Jackie James:Jim,Jamie,Jimmy Jasmine:Jas,Jaz "
    "Jennifer:Jen,Jenny Jessica:Jess,Jessie Jonathan:Jon,Jonny Joseph:Joe,Joey Joshua:Josh Josephine:Jo,Josie Julie:Jules Katherine:Kate,Kathy "
    "Kenneth:Ken Kimberley:Kim Lawrence:Larry,Laurie Leonard:Len,Lenny Lillian:Lily Madeleine:Maddie Madison:Maddie Margaret:Maggie,Meg,Peg "
    "Martha:Marty Matilda:Tilly Matthew:Matt Maximilian:Max Megan:Meg Michael:Mike,Mick,Mikey Michelle:Shell Natalie:Nat Nathaniel:Nat,Nate "
    "Nathan:Nate Nicholas:Nick,Nicky Nicola:Nicky Oliver:Ollie,Olly Olivia:Liv,Livvy Oscar:Ozzy Pamela:Pam Patricia:Pat,Trish Patrick:Paddy,Pat "
    "Peter:Pete Philip:Phil Rebecca:Becky,Becca Richard:Rick,Dick,Richie Robert:Bob,Rob,Bobby Ronald:Ron,Ronnie Rosemary:Rosie Samantha:Sam "
    "Samuel:Sam,Sammy Scarlett:Letty Sebastian:Seb Sophia:Sophie Sophie:Soph Stanley:Stan Stephen:Steve Steven:Steve Susan:Sue,Suzie "
    "Theodore:Theo,Teddy Thomas:Tom,Tommy Timothy:Tim Toby:Tobes Tobias:Toby Victoria:Vicky,Tori Vincent:Vinnie William:Will,Bill,Billy "
    "Zachary:Zac Agnieszka:Aga Aleksandra:Ola Katarzyna:Kasia Małgorzata:Gosia Joanna:Asia Magdalena:Magda Zuzanna:Zuzia Tomasz:Tomek "
    "Krzysztof:Krzysiek Piotr:Piotrek Jakub:Kuba Andreea:Deea Alexandru:Alex Ștefan:Fane Gheorghe:Gigi Ioana:Oana Oluwaseun:Seun "
    "Oluwatobi:Tobi Babatunde:Tunde Folasade:Sade Ayodele:Ayo Chukwuemeka:Emeka Temitope:Temi Abdirahman:Abdi Abdullahi:Abdi "
    "Fernando:Nando Guilherme:Gui Francisco:Chico Mehmet:Memo Mustafa:Mus Dmytro:Dima Oleksandr:Sasha Mykhailo:Misha Anastasiia:Nastya"
)  # fmt: skip

#: Letters that stand for one sound and are written one way or the other, most of all in names from another script.
_SOUNDS: Final = (
    ("ou", "u"), ("oo", "u"), ("ee", "i"), ("kh", "k"), ("gh", "g"), ("sh", "ch"), ("ay", "ai"), ("ei", "ay"), ("iy", "i"), ("yy", "y"),
    ("ah", "a"), ("ss", "s"), ("mm", "m"), ("dd", "d"), ("ll", "l"), ("q", "k"), ("w", "v"), ("ks", "x"), ("ts", "tz"), ("dh", "d"),
    ("th", "t"), ("ph", "f"), ("cz", "ch"), ("sz", "sh"), ("j", "y"), ("eh", "e"), ("aa", "a"), ("ie", "y"), ("ia", "iya"), ("oe", "o"),
)  # fmt: skip
#: Communities whose names come from another script or sound system, so that no one spelling is the right one.
_RESPELT: Final = frozenset(
    "pakistani bangladeshi punjabi gujarati north_indian south_indian_tamil nepali afghan chinese vietnamese somali east_african turkish "
    "kurdish arab iranian ukrainian_russian bulgarian albanian polish romanian lithuanian".split()
)
_PLAIN: Final = str.maketrans(
    {"ł": "l", "Ł": "L", "ı": "i", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ß": "ss", "æ": "ae", "Æ": "Ae"}
)

_BEGINNINGS: Final = (
    "Acker Alder Amble Apple Arken Ash Bads Barn Bark Beck Bent Birken Black Blen Brace Brad Brant Brom Buck Burn Cald Carl Catter Chad "
    "Charl Clay Cleve Cockle Copp Crans Crow Cud Dal Dars Den Dibb Dock Dray Dun Earn Eccle Eden Elm Ember Enders Fair Farn Feather Fen "
    "Finch Flet Fos Gad Gars Gilli Glas Gos Graven Grim Had Hain Hambl Hard Hark Hassel Haver Hazle Heck Hep Hey Hinch Hob Hollin Horn "
    "Hux Ingle Ird Kel Kettle Kil Kirk Knap Lam Lang Lax Leigh Ley Lind Litch Lock Long Lud Mal Marl Mels Mickle Mid Mor Moss Net New "
    "Nor Oak Oden Os Ot Oxen Pad Pal Pen Pick Pil Pot Pres Quar Rad Rams Raven Red Rip Roth Rud Rush Rye Sal Scar Scho Sed Shar Shel "
    "Ship Sil Skel Slaith Smal Snel Sow Spof Stain Stan Stock Stub Sut Swin Tad Tan Tat Thack Thor Thur Til Tod Trus Tun Ulver Wad Wain "
    "Wal War Wats Way Wel Wen Wet Whar Whis Wig Wil Win Wither Wool Wor Wrag Yar Yel"
).split()  # fmt: skip
_ENDINGS: Final = (
    "acre bank beck berry borough bottom bourne bridge brook burn bury by cliffe combe cote croft dale den don edge ell erton field ford "
    "gate grave greave ham hirst holme hope house hurst ing ington land ley low man mere more mouth ness ock over ridge ris royd scale "
    "shaw sham shott son stall stead ster stone stow thwaite ton tree wade ward water well wick wold wood worth yard"
).split()  # fmt: skip


@lru_cache(maxsize=1)
def _nicknames() -> dict[str, tuple[str, ...]]:
    pairs = (entry.split(":") for entry in _NICKNAMES.split())
    return {name: tuple(short.split(",")) for name, short in pairs}


def nicknames_of(given: str) -> tuple[str, ...]:
    """What people with this name are called; nothing for most names."""
    return _nicknames().get(given, ())


def rare_family_name(rng: Random) -> str:
    """One of some 15,000 family names in the English manner, the first of them the more usual.

    The table of names has the most usual ones only; in life about half of all people bear one that is not among them.
    """
    first = _BEGINNINGS[int(rng.random() ** 1.6 * len(_BEGINNINGS))]
    return first + _ENDINGS[int(rng.random() ** 1.6 * len(_ENDINGS))]


def can_be_respelt(name: str, origin: str) -> bool:
    """Whether the name has another usual spelling."""
    return name in names().spellings or (origin in _RESPELT and any(_swaps(name)))


def respelt(rng: Random, name: str, origin: str) -> str:
    """The name in another usual spelling. Missing: the name itself where it has none."""
    if name in names().spellings and (origin not in _RESPELT or rng.random() < 0.6):
        return names().another_spelling(rng, name)
    ways = _swaps(name) if origin in _RESPELT else ()
    return ways[int(rng.random() * len(ways))] if ways else names().another_spelling(rng, name)


@lru_cache(maxsize=65_536)
def _swaps(name: str) -> tuple[str, ...]:
    """The name with one sound written the other way."""
    lower, found = name.lower(), []
    for one, other in _SOUNDS:
        for old, new in ((one, other), (other, one)):
            at = lower.find(old, 1)
            if at > 0 and not (len(old) == 1 and lower[at : at + 2] in (new, old + old)):
                found.append(name[:at] + new + name[at + len(old) :])
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=65_536)
def plain(name: str) -> str:
    """The name without accents, as an old system keeps it."""
    marked = unicodedata.normalize("NFD", name.translate(_PLAIN))
    return "".join(letter for letter in marked if not unicodedata.combining(letter))
