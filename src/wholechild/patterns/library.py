"""The library of lessons: every folder of `lessons/`, read, checked, and tried on its examples and the quiet families."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from wholechild.lib.civil import day_of
from wholechild.lib.located import MOST_BYTES
from wholechild.patterns.clocks import deadline_for
from wholechild.patterns.engines.growing import GrowingEngine, grown
from wholechild.patterns.engines.in_memory import InMemoryEngine, Words
from wholechild.patterns.families import (
    FamilyDocument,
    asked_until,
    read_examples,
    read_quiet_family,
)
from wholechild.patterns.history import ChildHistory, Observation, Relevance, Scope
from wholechild.patterns.intervals import BEGINNING, Truth, clipped
from wholechild.patterns.language.faults import LessonFault
from wholechild.patterns.language.lesson import Lesson, read_lesson
from wholechild.vocabulary.terms import vocabulary


@dataclass(frozen=True, slots=True)
class LessonFolder:
    """One lesson with the families that show what it means."""

    lesson: Lesson
    examples: tuple[FamilyDocument, ...]
    #: exactly as they stand in `lesson.yaml` and `examples.yaml`
    text: str = ""
    examples_text: str = ""


@dataclass(frozen=True, slots=True)
class Library:
    """All that was read, and every fault of what could not be."""

    lessons: tuple[LessonFolder, ...]
    quiet: tuple[FamilyDocument, ...]
    faults: tuple[LessonFault, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a lesson said of a family: `said` is holds, cannot_tell or silent."""

    lesson: str
    family: str
    expected: str
    said: str
    held_from: str
    passed: bool


@lru_cache(maxsize=1)
def engine_words() -> Words:
    """The vocabulary as the engines need it."""
    words = vocabulary()

    @lru_cache(maxsize=4096)
    def agency_kind(agency: str) -> str:
        kind = words.agency_kind(agency.split("/", 1)[0])
        return kind.id if kind else ""

    return Words(
        {kind.id: kind.dimension for kind in words.kinds.values()},
        {kind.id: kind.asserts for kind in words.kinds.values() if kind.asserts},
        agency_kind,
    )


def engine_for(history: ChildHistory, nation: str = "england") -> InMemoryEngine:
    """The reference engine over one child's history, with the vocabulary and the nation's calendar."""
    return InMemoryEngine(history, engine_words(), deadline_for(nation))


class Engines:
    """The engines over one child's history, one for each nation's calendar, so that what is indexed is indexed once."""

    def __init__(self, history: ChildHistory) -> None:
        self.history = history
        self._by_nation: dict[str, InMemoryEngine] = {}

    def of(self, lesson: Lesson) -> InMemoryEngine:
        nation = lesson.nations[0]
        if nation not in self._by_nation:
            self._by_nation[nation] = self._made(nation)
        return self._by_nation[nation]

    def _made(self, nation: str) -> InMemoryEngine:
        return engine_for(self.history, nation)


class GrowingEngines(Engines):
    """The same over a history to which records are added."""

    def __init__(self, history: ChildHistory) -> None:
        super().__init__(history)
        self._growing: dict[str, GrowingEngine] = {}

    def _made(self, nation: str) -> InMemoryEngine:
        return self._growing.setdefault(
            nation, GrowingEngine(self.history, engine_words(), deadline_for(nation))
        )

    def know(self, lesson: Lesson) -> bool:
        """Whether the lesson was asked, and no record that it reads has come since."""
        engine = self._growing.get(lesson.nations[0])
        return engine is not None and engine.knows(lesson.condition)

    def grow(
        self, observation: Observation, scopes: Mapping[Scope, Sequence[Relevance]], anywhere: Sequence[Relevance]
    ) -> None:  # fmt: skip
        """Go on with one record more, which is relevant to the child in these scopes."""
        self.history = grown(self.history, observation, scopes, anywhere)
        for engine in self._growing.values():
            engine.grow(self.history, scopes)


def read_library(folder: Path) -> Library:
    """Every lesson, example and quiet family under a folder of the shape of `lessons/`."""
    faults: list[LessonFault] = []
    lessons = [
        found
        for path in sorted(folder.glob("*/lesson.yaml"))
        if (found := _folder(path.parent, folder, faults))
    ]
    faults += _repeated(lessons)
    quiet = []
    for path in sorted((folder / "quiet").glob("*.yaml")):
        text = _read(path, folder, faults)
        family, wrong = (
            read_quiet_family(text, str(path.relative_to(folder))) if text is not None else (None, ())
        )
        faults += wrong
        quiet += [family] if family else []
    return Library(tuple(lessons), tuple(quiet), tuple(faults))


def _folder(path: Path, root: Path, faults: list[LessonFault]) -> LessonFolder | None:
    file = path / "lesson.yaml"
    text = _read(file, root, faults)
    if text is None:
        return None
    lesson, wrong = read_lesson(text, str(file.relative_to(root)), vocabulary())
    faults += wrong
    if lesson and lesson.id != path.name:
        faults.append(
            LessonFault(
                str(file.relative_to(root)),
                1,
                1,
                f"the id {lesson.id!r} is not the name of its folder",
                "Make the two the same.",
            )
        )
    examples, examples_text, wrong = _examples(path / "examples.yaml", root)
    faults += wrong
    return LessonFolder(lesson, examples, text, examples_text) if lesson else None


def _examples(file: Path, root: Path) -> tuple[tuple[FamilyDocument, ...], str, tuple[LessonFault, ...]]:
    name = str(file.relative_to(root))
    if not file.exists():
        missing = LessonFault(name, 1, 1, "the lesson has no examples", "Write examples.yaml beside it.")
        return (), "", (missing,)
    faults: list[LessonFault] = []
    text = _read(file, root, faults)
    if text is None:
        return (), "", tuple(faults)
    examples, wrong = read_examples(text, name)
    return examples, text, wrong or tuple(too_few(examples, name))


def too_few(examples: Sequence[FamilyDocument], file: str) -> Iterator[LessonFault]:
    """A fault for each sort of example of which there are not enough to show what a lesson means."""
    for expect, least in (("holds", 3), ("near_miss", 3), ("cannot_tell", 1)):
        have = sum(example.expect == expect for example in examples)
        if have < least:
            why = f"{have} of the examples are `{expect}`; at least {least} are needed"
            yield LessonFault(file, 1, 1, why, "Add what is missing.")


def _repeated(lessons: Iterable[LessonFolder]) -> Iterator[LessonFault]:
    seen: set[str] = set()
    for folder in lessons:
        if folder.lesson.id in seen:
            yield LessonFault(folder.lesson.id, 1, 1, "two lessons have this id", "Rename one of them.")
        seen.add(folder.lesson.id)


def truth_of(lesson: Lesson, family: FamilyDocument) -> Truth:
    """What the lesson says of the family, up to the day that the family is asked about."""
    truth = engine_for(family.history, lesson.nations[0]).evaluate(lesson.condition)
    return clipped(truth, BEGINNING, asked_until(family))


def _read(file: Path, root: Path, faults: list[LessonFault]) -> str | None:
    """The text of a file, or a fault where it is not UTF-8, or far larger than anything that anybody wrote."""
    if file.stat().st_size > MOST_BYTES:
        why = f"the file is larger than {MOST_BYTES // 1024:,} KiB"
        faults.append(LessonFault(str(file.relative_to(root)), 1, 1, why, "Split it, or shorten it."))
        return None
    try:
        return file.read_bytes().decode()
    except UnicodeDecodeError as wrong:
        why = f"byte {wrong.start + 1:,} is not UTF-8"
        faults.append(LessonFault(str(file.relative_to(root)), 1, 1, why, "Save the file as UTF-8."))
        return None


def try_examples(folder: LessonFolder) -> Iterator[Outcome]:
    """Each example of a lesson against what it expects."""
    for family in folder.examples:
        yield _outcome(folder.lesson, family, family.expect)


def try_quiet(lesson: Lesson, quiet: Iterable[FamilyDocument]) -> Iterator[Outcome]:
    """Each quiet family against a lesson that should stay silent."""
    for family in quiet:
        yield _outcome(lesson, family, "near_miss")


def _outcome(lesson: Lesson, family: FamilyDocument, expected: str) -> Outcome:
    truth = truth_of(lesson, family)
    said = "holds" if truth.holds else "cannot_tell" if truth.unsure else "silent"
    held_from = day_of(truth.holds[0][0]) if truth.holds and truth.holds[0][0] != BEGINNING else None
    passed = said != "holds" if expected == "near_miss" else said == expected
    if expected == "holds" and family.holds_from is not None:
        passed = passed and held_from == family.holds_from
    return Outcome(lesson.id, family.name, expected, said, held_from.isoformat() if held_from else "", passed)
