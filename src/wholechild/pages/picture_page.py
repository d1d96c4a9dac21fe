"""Everything that the template of the child's page reads: the picture, and what follows from it. Plain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from wholechild.pages.chronology import arranged, choice_from
from wholechild.pages.known_at import KnownAt
from wholechild.pages.picture_words import (
    entries_by_agency,
    grouped_unknowns,
    home_of,
    last_seen,
    match_lines,
    nearest_first,
)
from wholechild.pages.timeline_drawing import draw
from wholechild.patterns.picture import ChildPicture
from wholechild.vocabulary.terms import vocabulary

FEED_TITLES: Final = {"live": "Yes", "stale": "Not lately", "not connected": "No"}
#: A record that exists and that this viewer may not read has no nature.
CLOSED_TITLE: Final = "Not for you to read"


def picture_page(picture: ChildPicture, known: KnownAt, asked: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return the template's values. `asked` is the address: what the reader chose to look at."""
    lines = match_lines(picture.adds_up)
    natures = {nature.id: nature.title for nature in vocabulary().natures.values()} | {"": CLOSED_TITLE}
    return {
        "picture": picture,
        "known": known,
        "seen": last_seen(picture.involved),
        "involved": nearest_first(picture.involved),
        "feed_titles": FEED_TITLES,
        "holding": [line for line in lines if line.still_holds],
        "held_before": [line for line in lines if not line.still_holds],
        "unknowns": grouped_unknowns(picture.not_known),
        "home": home_of(picture.family),
        "drawing": draw(picture),
        "by_agency": entries_by_agency(picture),
        "chronology": arranged(picture.chronology, choice_from(asked), natures),
        "nature_titles": natures,
        "nature_of": {entry.record: entry.nature for entry in picture.chronology},
    }
