"""Faults in a lesson: collected, never only the first, each with its place and what would cure it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import isfinite
from typing import Final

from rapidfuzz import fuzz, process

from wholechild.lib.located import Located, Place

LONGEST_WORD: Final = 200
#: More at once help nobody.
MOST_FAULTS: Final = 200


@dataclass(frozen=True, slots=True, order=True)
class LessonFault:
    """One fault: where it is, why it is one, and what to do. `file` is relative to the lessons folder."""

    file: str
    line: int
    column: int
    why: str
    do: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}, column {self.column}: {self.why}. {self.do}"


@dataclass(slots=True)
class Faults:
    """The faults of one file, gathered while it is read."""

    file: str
    found: list[LessonFault] = field(default_factory=list)

    def add(self, at: Located | Place, why: str, do: str) -> None:
        place = at.place if isinstance(at, Located) else at
        self.found.append(LessonFault(self.file, place.line, place.column, why, do))

    def listed(self, most: int) -> tuple[LessonFault, ...]:
        """The faults in the order of the text; of more than `most` the first, and how many more there are."""
        found = sorted(self.found)
        if len(found) <= most:
            return tuple(found)
        last = found[most - 1]
        more = f"there are {len(found) - most:,} more faults after this one"
        return (
            *found[:most],
            LessonFault(self.file, last.line, last.column, more, "Mend those above first."),
        )


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`Did you mean "x"?` where something known is close, else a list of what is known (cut short)."""
    choices = sorted(known)
    word = word[:LONGEST_WORD]  # nobody means a longer one, and to compare it takes time
    best = process.extractOne(word, choices, scorer=fuzz.ratio, score_cutoff=60)
    if best:
        return f'Did you mean "{best[0]}"?'
    return "Known here: " + ", ".join(choices[:12]) + (" …" if len(choices) > 12 else "")


class Part:
    """One mapping of a lesson, read key by key; `done()` reports the keys that nobody asked for."""

    def __init__(self, node: Located | None, faults: Faults, called: str) -> None:
        self.faults, self.called = faults, called
        self.node = node if node is not None else Located({}, Place(1, 1))
        self._asked: set[str] = set()
        if not isinstance(self.node.value, dict):
            faults.add(
                self.node,
                f"{called} should be a list of `key: value` lines",
                "Write one key a line below it.",
            )
            self.node = Located({}, self.node.place)

    def has(self, key: str) -> bool:
        return key in self.node.value

    def take(self, key: str, *, required: bool = False) -> Located | None:
        """The value of a key, or None where it is missing (a fault, if it is required)."""
        self._asked.add(key)
        found: Located | None = self.node.value.get(key)
        if required and (found is None or found.value in (None, "", [], {})):
            self.fault(
                f"{self.called} has no `{key}`",
                f"Add `{key}:`; docs/reference/lesson-language.md says what goes there.",
            )
        return None if found is None or found.value is None else found

    def fault(self, why: str, do: str, key: str | None = None) -> None:
        at = self.node.value.get(key) if key else None
        self.faults.add(at or self.node, why, do)

    def text(self, key: str, *, required: bool = True) -> str:
        found = self.take(key, required=required)
        if found is None:
            return ""
        if not isinstance(found.value, str):
            self.fault(
                f"`{key}` should be words",
                "Write it as a sentence; put it in quotes if it looks like a number.",
                key,
            )
            return ""
        return " ".join(found.value.split())

    def texts(self, key: str, *, least: int = 0) -> tuple[str, ...]:
        found = self.take(key, required=least > 0)
        words = (
            [_word(i.value) if isinstance(i.value, bool) else i.value for i in found.items()] if found else []
        )
        if not all(isinstance(word, str) for word in words):
            self.fault(
                f"`{key}` should be a list of words", "Write one line for each, starting with a dash.", key
            )
            return ()
        if found and len(words) < least:
            self.fault(f"`{key}` has {len(words)} and needs at least {least}", "Add what is missing.", key)
        return tuple(" ".join(word.split()) for word in words)

    def choice(self, key: str, known: Iterable[str], default: str = "") -> str:
        found = self.take(key, required=not default)
        if found is None:
            return default
        return self.known(found, known, f"`{key}`")

    def choices(self, key: str, known: Iterable[str], *, required: bool = False) -> tuple[str, ...]:
        found = self.take(key, required=required)
        return tuple(self.known(item, known, f"`{key}`") for item in found.items()) if found else ()

    def known(self, item: Located, known: Iterable[str], called: str) -> str:
        word = _word(item.value)
        if word not in (everything := set(known)):
            self.faults.add(item, f"{called} does not know {word[:60]!r}", did_you_mean(word, everything))
            return ""
        return word

    def whole(self, key: str, *, least: int, default: int | None = None) -> int:
        found = self.take(key, required=default is None)
        if found is None:
            return default or least
        if isinstance(found.value, bool) or not isinstance(found.value, int) or found.value < least:
            self.fault(
                f"`{key}` should be a whole number of at least {least}",
                f"Write for example `{key}: {max(least, 3)}`.",
                key,
            )
            return least
        return found.value

    def number(self, key: str, *, least: float | None = None) -> float | None:
        found = self.take(key)
        if found is None:
            return None
        plain = isinstance(found.value, int | float) and not isinstance(found.value, bool)
        if not plain or not isfinite(found.value) or (least is not None and found.value <= least):
            more = f" greater than {least:g}" if least is not None else ""
            self.fault(f"`{key}` should be a number{more}", f"Write for example `{key}: 5`.", key)
            return None
        return float(found.value)

    def done(self) -> None:
        for key in self.node.value:
            if key not in self._asked:
                place = self.node.keys.get(key, self.node.place)
                self.faults.add(
                    place, f"{self.called} does not have a key `{key[:40]}`", did_you_mean(key, self._asked)
                )


def _word(value: object) -> str:
    # YAML reads an unquoted yes or no as a boolean; an author means the word.
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
