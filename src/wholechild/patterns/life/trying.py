"""A lesson that is being written, tried at once: its faults, what it means, and on which families it holds.

Plain. Nothing is kept, and nothing is adopted: a text goes in, and what can be said of it comes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from wholechild.patterns.describe import describe
from wholechild.patterns.families import FamilyDocument, read_examples
from wholechild.patterns.language.faults import LessonFault
from wholechild.patterns.language.lesson import Lesson, read_lesson
from wholechild.patterns.library import LessonFolder, Outcome, too_few, try_examples, try_quiet
from wholechild.vocabulary.terms import vocabulary

LESSON_FILE: Final = "lesson.yaml"
EXAMPLES_FILE: Final = "examples.yaml"


@dataclass(frozen=True, slots=True)
class Tried:
    """What can be said of a lesson as it stands.

    Missing  `lesson` None: it has faults; then nothing was tried, and `meaning`, `examples` and `quiet` are empty.
    """

    lesson: Lesson | None
    faults: tuple[LessonFault, ...]
    example_faults: tuple[LessonFault, ...]
    meaning: str
    examples: tuple[Outcome, ...]
    quiet: tuple[Outcome, ...]

    @property
    def loud(self) -> tuple[Outcome, ...]:
        """The quiet families on which it holds, where it should be silent."""
        return tuple(one for one in self.quiet if not one.passed)

    @property
    def missed(self) -> tuple[Outcome, ...]:
        """The examples of which it does not say what they expect."""
        return tuple(one for one in self.examples if not one.passed)

    @property
    def is_ready(self) -> bool:
        """Whether it can be proposed: no faults, enough examples, each as expected, and no quiet family disturbed."""
        return bool(self.lesson) and not (self.faults or self.example_faults or self.missed or self.loud)

    def in_the_way(self) -> tuple[str, ...]:
        """Each thing that stands in the way of proposing it, as a sentence."""
        said = [str(fault) for fault in (*self.faults, *self.example_faults)]
        said += [
            f"Example “{one.family}”: the lesson {SAID[one.said]}, and {EXPECTED[one.expected]}."
            for one in self.missed
        ]
        said += [f"Quiet family “{one.family}”: the lesson holds, and should be silent." for one in self.loud]
        return tuple(said)


SAID: Final = {"holds": "holds", "cannot_tell": "cannot tell", "silent": "is silent"}
EXPECTED: Final = {
    "holds": "should hold, from the day that the example names",
    "cannot_tell": "should be unable to tell",
    "near_miss": "should not hold",
}


def try_lesson(text: str, examples: str, quiet: Sequence[FamilyDocument]) -> Tried:
    """Everything that can be said of the text at once. Bounded: a text too long, too deep or too wide is a fault."""
    lesson, faults = read_lesson(text, LESSON_FILE, vocabulary())
    families, wrong = read_examples(examples, EXAMPLES_FILE) if examples.strip() else ((), ())
    short = wrong or tuple(too_few(families, EXAMPLES_FILE))
    if lesson is None:
        return Tried(None, faults, short, "", (), ())
    folder = LessonFolder(lesson, families)
    return Tried(
        lesson, faults, short, describe(lesson), tuple(try_examples(folder)), _in_order(try_quiet(lesson, quiet))
    )  # fmt: skip


def _in_order(outcomes: Iterable[Outcome]) -> tuple[Outcome, ...]:
    """Those that fail first, then those of which it cannot tell."""
    order = {"holds": 0, "cannot_tell": 1, "silent": 2}
    return tuple(sorted(outcomes, key=lambda one: order[one.said]))


def hash_of(text: str) -> str:
    """The SHA-256 of a text's UTF-8, in 64 hexadecimal digits: the name of exactly this text."""
    return sha256(text.encode()).hexdigest()
