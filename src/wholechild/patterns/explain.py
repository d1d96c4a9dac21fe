"""A match in plain words: which records, from whom, of when; and what could not be told.

The words come from the same evaluation that raised the match. They never say more than a record does, and a date that
its source knew only to the month or the year is said so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from wholechild.lib.civil import DAY, day_of, say_day, say_length
from wholechild.patterns.engines.in_memory import InMemoryEngine
from wholechild.patterns.history import ChildHistory, Observation
from wholechild.patterns.intervals import Reason, Why
from wholechild.patterns.language.lesson import Lesson
from wholechild.patterns.language.nodes import All, Any, Condition, Not, Unless
from wholechild.records.facts import Agency
from wholechild.vocabulary.terms import vocabulary


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a lesson holds at an instant.

    Shape    `evidence` are indexes into the history's observations, in order of knowledge. `could_not_tell` are the
             reasons of those parts of the lesson that could not be told at that instant.
    """

    sentence: str
    evidence: tuple[int, ...]
    agencies: tuple[str, ...]
    could_not_tell: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a match rests on at an instant, in a sentence; `evidence` are indexes into the history's observations."""

    sentence: str
    evidence: tuple[int, ...]
    agencies: tuple[str, ...]


def grounds(lesson: Lesson, engine: InMemoryEngine, at: int) -> Grounds:
    """What a match rests on at an instant at which the lesson holds."""
    evidence = engine.evidence(lesson.condition, at)
    observations = [engine.history.observations[i] for i in evidence]
    agencies = tuple(dict.fromkeys(o.agency for o in observations))
    sentence = lesson.explanation.format(
        agencies=joined([say_agency(agency) for agency in agencies]),
        count=sum(o.count for o in observations),
        date=say_day(day_of(at)),
        first=observations[0].happened_words if observations else say_day(day_of(at)),
        last=max(observations, key=lambda o: o.happened_to).happened_words
        if observations
        else say_day(day_of(at)),
        age=say_age(engine.history, at),
    )
    return Grounds(_capital(sentence), evidence, agencies)


def explain(lesson: Lesson, engine: InMemoryEngine, at: int) -> Explanation:
    """The explanation of a match at an instant at which the lesson holds: its grounds, and what could not be told."""
    found = grounds(lesson, engine, at)
    reasons = sorted({r for part in _atoms(lesson.condition) for r in engine.evaluate(part).reasons_at(at)})
    return Explanation(found.sentence, found.evidence, found.agencies, tuple(reasons))


def _atoms(condition: Condition) -> Iterator[Condition]:
    match condition:
        case All(parts) | Any(parts):
            for part in parts:
                yield from _atoms(part)
        case Not(part) | Unless(part):
            yield condition
        case _:
            yield condition


def say_record(observation: Observation) -> str:
    """`School (Coventry), October to December 2011: takes food from others or from bins.`"""
    kind = vocabulary().kinds[observation.kind].title.lower()
    several = f" ({observation.count} times)" if observation.count > 1 else ""
    measures = "".join(f", {say_measure(name, value)}" for name, value in observation.measures.items())
    return f"{say_agency(observation.agency)}, {observation.happened_words}: {kind}{several}{measures}"


def say_measure(measure: str, value: float) -> str:
    """`weight 14.8 kg`."""
    known = vocabulary().measures.get(measure)
    return f"{known.title.lower()} {value:g} {known.unit}" if known else f"{measure} {value:g}"


def say_agency(agency_id: str) -> str:
    """`Children's social care (Coventry)`, or the unit's own name where there is one."""
    agency = Agency.of(agency_id)
    kind = vocabulary().agency_kind(agency.kind)
    title = agency.unit or (kind.title if kind else agency.kind)
    return f"{title} ({agency.area})" if agency.area else title


def say_reason(reason: Reason, history: ChildHistory) -> str:
    """One reason for a cannot-tell, as a sentence."""
    record = next((o for o in history.observations if o.record == reason.about), None)
    match reason.why:
        case Why.NOT_CONNECTED:
            sector = vocabulary().sectors.get(reason.about)
            return f"{sector.title if sector else reason.about} is not connected here for the whole time, so its silence says nothing."
        case Why.BIRTH_UNKNOWN:
            return "No agency has given the exact date of birth."
        case Why.TIE_UNSURE if record:
            return f"It is not clear who lived with the child when this happened: {say_record(record)}."
        case Why.VAGUE_DATE if record:
            return f"The date is too vague to count for certain: {say_record(record)}."
        case _:
            return "Part of the record is not clear enough to tell."


def say_age(history: ChildHistory, at: int) -> str:
    """The child's age in words at an instant: `3 years`, `5 months`, `not known`, `not yet born`."""
    if history.born is None:
        return "not known"
    days = (at - history.born[0]) // DAY
    if days < 0:
        return "not yet born"
    if days < 60:
        return say_length(days * DAY)
    months = int(days * 12 / 365.2425)
    return f"{months} months" if months < 24 else f"{months // 12} years"


def joined(words: Sequence[str] | Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    several = list(words)
    return (
        several[0]
        if len(several) == 1
        else ", ".join(several[:-1]) + " and " + several[-1]
        if several
        else ""
    )


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
