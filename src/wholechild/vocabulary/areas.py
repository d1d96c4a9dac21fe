"""In which nation an area lies; the names are data, in areas.yaml."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

import yaml

FILE: Final = Path(__file__).with_name("areas.yaml")
#: Where an area lies of which nobody has said otherwise, and whose decisions count where a nation has made none.
HOME_NATION: Final = "england"
_BESIDE: Final = re.compile(
    r"\b(?:council|county borough|city council|city and county of|county council|local authority)\b"
)


@lru_cache(maxsize=4_096)
def nation_of(area: str) -> str:
    """The nation of an area, by any name in use for it.

    Shape    an id of a nation, such as `wales`. Case, accents, `&` and words such as `Council` make no difference.
    Missing  an empty or unknown name is taken to lie in England, as the areas of the other nations are all listed.
    Source   vocabulary/areas.yaml names the Act behind each list.
    """
    return _nations().get(_plain(area), HOME_NATION)


@lru_cache(maxsize=1)
def _nations() -> Mapping[str, str]:
    said = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {
        _plain(name): nation
        for nation, listed in said.items()
        for name in (*listed["areas"], *listed["also"])
    }


def _plain(name: str) -> str:
    text = unicodedata.normalize("NFKD", name.replace("&", " and ")).casefold()
    text = "".join(ch if ch.isalnum() else " " for ch in text if not unicodedata.combining(ch))
    return " ".join(_BESIDE.sub(" ", text).split())
