"""What can come of a match. Each is about the lesson and the records; none is about a person, and none blames anybody."""

from __future__ import annotations

from typing import Final

OUTCOMES: Final[dict[str, str]] = {
    "helped": "It helped: somebody acted, or looked again",
    "already_known": "Already known, and being dealt with",
    "explained_otherwise": "There is another explanation",
    "wrong_record": "A record is wrong, or about somebody else",
    "cannot_say": "Cannot say yet",
}
MOST_LETTERS: Final = 2_000
