"""Two versions of a lesson side by side: the difference of their texts, and of what they mean.

Plain. Lines are compared as a reader would: what stayed, what went, what came, in the order of the text.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from wholechild.patterns.describe import describe
from wholechild.patterns.language.lesson import read_lesson
from wholechild.vocabulary.terms import vocabulary

SAME: Final = "same"
CHANGED: Final = "changed"
GONE: Final = "gone"
NEW: Final = "new"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of each side. `left_line` and `right_line` count from 1; 0 where the side has no line here."""

    kind: str
    left_line: int
    left: str
    right_line: int
    right: str

    @property
    def left_parts(self) -> tuple[str, str, str]:
        """The left line in three: as on the right, otherwise, as on the right again."""
        return self._parts(self.left)

    @property
    def right_parts(self) -> tuple[str, str, str]:
        return self._parts(self.right)

    def _parts(self, line: str) -> tuple[str, str, str]:
        if self.kind != CHANGED:
            return line, "", ""
        before = _same_start(self.left, self.right)
        most = min(len(self.left), len(self.right)) - before
        while before and self._splits(before):
            before, most = before - 1, most + 1
        after = min(most, _same_start(self.left[::-1], self.right[::-1]))
        while after and self._splits(-after):
            after -= 1
        return line[:before], line[before : len(line) - after], line[len(line) - after :]

    def _splits(self, at: int) -> bool:
        """Whether a cut here would split a word or a number of one of the lines."""
        return any(
            line[at - 1 : at].isalnum() and line[at:][:1].isalnum() for line in (self.left, self.right)
        )


def _same_start(one: str, other: str) -> int:
    """How many letters two lines have in common from the beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(one), len(other)))


@dataclass(frozen=True, slots=True)
class Difference:
    """Two texts and two meanings, side by side."""

    text: tuple[Row, ...]
    meaning: tuple[Row, ...]

    @property
    def says_the_same(self) -> bool:
        return all(row.kind == SAME for row in self.meaning)


def compare(left: str, right: str) -> Difference:
    """The difference of two lessons' texts. A text with faults has no meaning, and says so."""
    return Difference(rows(left, right), rows(_meaning(left), _meaning(right)))


def rows(left: str, right: str) -> tuple[Row, ...]:
    """The lines of two texts, side by side."""
    one, other = left.splitlines(), right.splitlines()
    found: list[Row] = []
    for tag, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        for i in range(max(b - a, d - c)):
            has_left, has_right = a + i < b, c + i < d
            kind = (
                SAME if tag == "equal" else CHANGED if has_left and has_right else GONE if has_left else NEW
            )
            found.append(Row(
                kind, a + i + 1 if has_left else 0, one[a + i] if has_left else "",
                c + i + 1 if has_right else 0, other[c + i] if has_right else "",
            ))  # fmt: skip
    return tuple(found)


def around(found: tuple[Row, ...], lines: int = 2) -> tuple[tuple[Row, ...], ...]:
    """The rows that differ, with a few that do not around them, in groups; empty where nothing differs."""
    near = [
        any(row.kind != SAME for row in found[max(0, i - lines) : i + lines + 1]) for i in range(len(found))
    ]
    groups: list[list[Row]] = []
    for i, row in enumerate(found):
        if near[i]:
            if i == 0 or not near[i - 1]:
                groups.append([])
            groups[-1].append(row)
    return tuple(tuple(group) for group in groups)


def _meaning(text: str) -> str:
    lesson, faults = read_lesson(text, "lesson.yaml", vocabulary())
    return describe(lesson) if lesson else f"This text has {len(faults)} faults, so it means nothing yet."
