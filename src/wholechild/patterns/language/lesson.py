"""A lesson as a document: what it answers, when it holds, what to do, and how it can be wrong (decision D4)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from string import Formatter
from typing import Final

from wholechild.lib.located import Located, NotPlainYaml, place_in, read_yaml
from wholechild.patterns.language.conditions import ConditionReader
from wholechild.patterns.language.faults import MOST_FAULTS, Faults, LessonFault, Part
from wholechild.patterns.language.nodes import All, Condition
from wholechild.vocabulary.terms import Vocabulary

NATIONS: Final = ("england", "wales", "scotland", "northern_ireland")
#: What an explanation may name; explain.py fills them in.
PLACEHOLDERS: Final = frozenset({"agencies", "count", "date", "first", "last", "age"})
#: The longest lesson of the library has a twentieth of this; what is longer is not read by anybody.
MOST_LETTERS: Final = 64 * 1024
MOST_VERSIONS: Final = 10_000
_SLUG: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding of a published review that a lesson answers, in our own words."""

    review: str
    finding: str
    in_our_words: str


@dataclass(frozen=True, slots=True)
class NextStep:
    """What must happen when a lesson holds: what, by which role, by which clock (`1 working day`)."""

    what: str
    by: str
    clock: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """One version of one lesson.

    Missing  `in_force_to` None: still in force. `nations` is never empty.
    """

    id: str
    version: int
    title: str
    in_force_from: date
    in_force_to: date | None
    nations: tuple[str, ...]
    owner: str
    answers: tuple[Finding, ...]
    condition: Condition
    explanation: str
    next_step: NextStep
    other_explanations: tuple[str, ...]
    would_change_our_mind: tuple[str, ...]
    known_false_alarms: tuple[str, ...]


def read_lesson(
    text: str, file: str, vocabulary: Vocabulary
) -> tuple[Lesson | None, tuple[LessonFault, ...]]:
    """The lesson in the text, or every fault in it.

    Shape    exactly one of the two: a lesson without faults, or None with at least one fault, in the order of the text.
             Of more than `MOST_FAULTS` the first are listed, and how many more there are.
    """
    faults = Faults(file)
    if "\ufffd" in text:
        faults.add(
            place_in(text, text.index("\ufffd")),
            "a letter was lost here: the text was not UTF-8",
            "Write the letter again, and save the file as UTF-8.",
        )
        return None, tuple(faults.found)
    try:
        node = read_yaml(text, most=MOST_LETTERS)
    except NotPlainYaml as wrong:
        faults.add(wrong.place, wrong.why, "Mend the file and check again.")
        return None, tuple(faults.found)
    lesson = _lesson(node, faults, vocabulary)
    return (None, faults.listed(MOST_FAULTS)) if faults.found else (lesson, ())


def _lesson(node: Located, faults: Faults, vocabulary: Vocabulary) -> Lesson:
    part = Part(node, faults, "the lesson")
    condition = part.take("condition", required=True)
    begins, ends = _in_force(part)
    owner = Part(part.take("owner", required=True), faults, "`owner`")
    lesson = Lesson(
        id=_slug(part),
        version=_version(part),
        title=part.text("title"),
        in_force_from=begins,
        in_force_to=ends,
        nations=part.choices("nations", NATIONS, required=True),
        owner=", ".join(word for word in (owner.text("name"), owner.text("role")) if word),
        answers=tuple(_finding(item, faults) for item in _list(part, "answers")),
        condition=ConditionReader(vocabulary, faults).condition(condition) if condition else All(()),
        explanation=_explanation(part),
        next_step=_next_step(part, vocabulary),
        other_explanations=part.texts("other_explanations", least=1),
        would_change_our_mind=part.texts("would_change_our_mind", least=1),
        known_false_alarms=part.texts("known_false_alarms", least=1),
    )
    owner.done()
    part.done()
    return lesson


def _version(part: Part) -> int:
    version = part.whole("version", least=1)
    if version > MOST_VERSIONS:
        part.fault(
            "no lesson has so many versions", f"Number them 1, 2, 3 …, up to {MOST_VERSIONS:,}.", "version"
        )
    return version


def _slug(part: Part) -> str:
    slug = part.text("id")
    if slug and not _SLUG.fullmatch(slug):
        part.fault(
            f"the id {slug[:60]!r} is not a plain slug", "Use small letters, figures and single dashes.", "id"
        )
    return slug


def _in_force(part: Part) -> tuple[date, date | None]:
    inner = Part(part.take("in_force", required=True), part.faults, "`in_force`")
    found = {key: _day(inner, key, required=key == "from") for key in ("from", "to")}
    begins, ends = found["from"] or date.min, found["to"]
    if ends is not None and ends < begins:
        inner.fault("it ends before it begins", "Correct one of the two days.", "to")
    inner.done()
    return begins, ends


def _day(part: Part, key: str, *, required: bool) -> date | None:
    found = part.take(key, required=required)
    if found is not None and type(found.value) is not date:
        part.fault(f"{str(found.value)[:30]!r} is not a day", "Write it as 2026-11-22.", key)
        return None
    return found.value if found else None


def _list(part: Part, key: str) -> list[Located]:
    found = part.take(key, required=True)
    return list(found.items()) if found else []


def _finding(node: Located, faults: Faults) -> Finding:
    part = Part(node, faults, "`answers`")
    finding = Finding(part.text("review"), part.text("finding"), part.text("in_our_words"))
    part.done()
    return finding


def _explanation(part: Part) -> str:
    text = part.text("explanation")
    try:
        fields = [(name, spec, how) for _, name, spec, how in Formatter().parse(text) if name is not None]
    except ValueError:
        part.fault(
            "a brace in the explanation is not closed",
            "Write {date}, or double a brace that is meant.",
            "explanation",
        )
        return ""
    if any(spec or how for _, spec, how in fields):
        part.fault(
            "a brace in the explanation holds more than a name",
            "Write only the name, as in {date}.",
            "explanation",
        )
    if unknown := sorted({name for name, _, _ in fields} - PLACEHOLDERS):
        part.fault(
            f"the explanation names {unknown[0][:40]!r}",
            f"It may name {', '.join(sorted(PLACEHOLDERS))}.",
            "explanation",
        )
    return text


def _next_step(part: Part, vocabulary: Vocabulary) -> NextStep:
    inner = Part(part.take("next_step", required=True), part.faults, "`next_step`")
    role = inner.take("by", required=True)
    known = vocabulary.role(str(role.value)) if role else None
    if role and known is None:
        inner.known(role, vocabulary.roles, "`by`")
    step = NextStep(inner.text("what"), known.id if known else "", inner.text("clock"))
    inner.done()
    return step
