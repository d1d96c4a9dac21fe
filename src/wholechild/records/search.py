"""Names and postcodes as they are compared: without case, accents, blanks and marks."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

#: Letters that no decomposition turns into plain ones.
_LETTERS: Final = str.maketrans({"ß": "ss", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "đ": "d", "Đ": "d", "ı": "i", "æ": "ae",
                                 "Æ": "ae", "œ": "oe", "Œ": "oe", "þ": "th", "Þ": "th", "ð": "d", "Ð": "d"})  # fmt: skip


#: What becomes of each ASCII character that is neither a letter nor a digit: a blank, or nothing.
_MARKS: Final = {code: " " for code in range(128) if not chr(code).isalnum()} | {
    ord("'"): None,
    ord("`"): None,
}


@lru_cache(maxsize=100_000)
def folded(name: str) -> str:
    """`Zoë  O'Neill-Łuczak` as `zoe oneill luczak`: letters of every script are kept."""
    if name.isascii():
        return " ".join(name.casefold().translate(_MARKS).split())
    plain = unicodedata.normalize("NFKD", name.translate(_LETTERS)).casefold()
    plain = re.sub(r"['’`ʼ]", "", plain)
    plain = "".join(ch if ch.isalnum() else " " for ch in plain if not unicodedata.combining(ch))
    return " ".join(plain.split())


def folded_postcode(postcode: str) -> str:
    """`cv1 2ab` as `CV12AB`."""
    return re.sub(r"[^A-Z0-9]", "", postcode.upper())
