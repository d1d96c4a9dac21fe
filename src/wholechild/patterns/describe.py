"""A lesson in plain words, worked out from its condition, so that the words cannot drift from the meaning."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from wholechild.lib.civil import FOREVER, say_day, say_length
from wholechild.patterns.history import Scope
from wholechild.patterns.language.lesson import Lesson
from wholechild.patterns.language.nodes import (
    Absence,
    AdultState,
    AgeRange,
    AgeState,
    All,
    Any,
    Clock,
    Condition,
    Contradiction,
    Count,
    FactState,
    LivesInState,
    Not,
    Selection,
    Sequence,
    Trend,
    Unanswered,
    Unless,
)
from wholechild.vocabulary.terms import vocabulary

#: A pattern that stands for more kinds than this is said as it is written.
MOST_NAMED = 6
_WHOSE = {
    Scope.CHILD: "about the child",
    Scope.HOUSEHOLD: "about the child or people the child lived with at the time",
    Scope.SIBLINGS: "about brothers and sisters",
    Scope.CARERS: "about those who care for the child now, or children in their care",
}


def describe(lesson: Lesson) -> str:
    """The lesson as a page of plain text: what it answers, what it looks for, what to do, and how it can be wrong."""
    blocks = [
        f"{lesson.title}\n{lesson.id}, version {lesson.version}, in force from {say_day(lesson.in_force_from)}",
        "It answers\n" + "\n".join(f"- {a.in_our_words} ({a.review}, {a.finding})" for a in lesson.answers),
        "It holds while\n" + "\n".join(_lines(lesson.condition, 0)),
        f"Next step\n- {lesson.next_step.what} ({_role(lesson.next_step.by)}, {lesson.next_step.clock})",
        "Other explanations to consider\n" + _list(lesson.other_explanations),
        "What would change our mind\n" + _list(lesson.would_change_our_mind),
        "Known false alarms\n" + _list(lesson.known_false_alarms),
    ]
    return "\n\n".join(blocks)


def _list(sentences: tuple[str, ...]) -> str:
    return "\n".join(textwrap.fill(s, 100, initial_indent="- ", subsequent_indent="  ") for s in sentences)


def _role(role: str) -> str:
    known = vocabulary().roles.get(role)
    return known.title if known else role


def _lines(condition: Condition, depth: int) -> Iterator[str]:
    indent = "  " * depth + "- "
    match condition:
        case All(parts) | Any(parts):
            yield indent + ("all of these are so:" if isinstance(condition, All) else "any of these is so:")
            for part in parts:
                yield from _lines(part, depth + 1)
        case Not(part):
            yield indent + "this is known not to be so:"
            yield from _lines(part, depth + 1)
        case Unless(part):
            yield indent + "and this is not on record:"
            yield from _lines(part, depth + 1)
        case _:
            yield indent + say_atom(condition)


def say_atom(atom: Condition) -> str:
    """One atom as a sentence."""
    match atom:
        case Count():
            distinct = "".join(f", from {least} different {what}" for what, least in atom.distinct)
            return f"at least {atom.at_least} record{'s' if atom.at_least != 1 else ''} {_WHOSE[atom.about]}{_within(atom.within)}{distinct}: {say_selection(atom.selection)}"
        case Sequence():
            first, *rest = atom.steps
            steps = "".join(
                f"; then, within {say_length(s.within)}: {say_selection(s.selection)}" for s in rest
            )
            return (
                f"records {_WHOSE[atom.about]}, one after the other: {say_selection(first.selection)}{steps}"
            )
        case Absence():
            since = "birth" if atom.since is None else say_selection(atom.since)
            return (
                f"for {say_length(atom.lasting)} since {since}, nothing {_WHOSE[atom.about]} of this kind: "
                f"{say_selection(atom.selection)} (only where {_sectors(atom.covered_by)} are connected)"
            )
        case Unanswered():
            return (
                f"something {_WHOSE[atom.about]} was opened ({say_selection(atom.opened_by)}) and not answered "
                f"({say_selection(atom.answered_by)}) within {say_clock(atom.within)}"
            )
        case Trend():
            change = (
                f"{atom.percent:g} per cent"
                if atom.percent is not None
                else f"{atom.amount:g} {_unit(atom.measure)}"
            )
            apart = f"{say_length(atom.apart[0])} to {say_length(atom.apart[1])} apart"
            return f"{_measure(atom.measure)} {'rises' if atom.rises else 'falls'} by {change} or more between two records {apart}"
        case Contradiction():
            return f"two records {_WHOSE[atom.about]} say different things of: {_fact(atom.fact)}{_within(atom.within)}"
        case FactState():
            return f"this is so: {_fact(atom.fact)}"
        case AgeState(age):
            return f"the child is {_age(age)}"
        case AdultState():
            recent = f", who arrived within {say_length(atom.arrived_within)}," if atom.arrived_within else ""
            relations = " or ".join(vocabulary().relations[r].title.lower() for r in sorted(atom.relations))
            return f"an adult{recent} lives with the child: {relations}"
        case LivesInState(areas):
            return f"the child lives in {' or '.join(sorted(areas))}"
        case _:
            return " ".join(_lines(atom, 0))


def say_selection(selection: Selection) -> str:
    """Which kinds of record, and which of them."""
    kinds = ", ".join(_pattern(pattern) for pattern in selection.of)
    parts = [kinds]
    if selection.sectors:
        parts.append(f"recorded by {_sectors(tuple(sorted(selection.sectors)))}")
    if selection.child_age:
        parts.append(f"when the child was {_age(selection.child_age)}")
    parts += [f"with {name} {' or '.join(sorted(codes))}" for name, codes in selection.values]
    parts += [f"with {_measure(r.measure).lower()} {_range(r.least, r.most)}" for r in selection.measures]
    return ", ".join(parts)


def _pattern(pattern: str) -> str:
    kind = vocabulary().kind(pattern)
    if kind:
        return kind.title.lower()
    if pattern == "*":
        return "any kind that fits"
    family = vocabulary().families.get(pattern.removesuffix(".*"))
    if family:
        return f"{family.title.lower()} (any)"
    kinds = [vocabulary().kinds[name].title.lower() for name in vocabulary().matching(pattern)]
    return " or ".join(kinds) if 0 < len(kinds) <= MOST_NAMED else pattern


def say_clock(clock: Clock) -> str:
    """A clock in words: `5 working days`."""
    return f"{clock.amount} {'working ' if clock.working_days else ''}day{'s' if clock.amount != 1 else ''}"


def _within(window: int | None) -> str:
    return f" within {say_length(window)}" if window is not None else " at any time"


def _sectors(sectors: tuple[str, ...]) -> str:
    return ", ".join(vocabulary().sectors[s].title.lower() for s in sectors)


def _measure(measure: str) -> str:
    return vocabulary().measures[measure].title


def _unit(measure: str) -> str:
    return vocabulary().measures[measure].unit


def _fact(fact: str) -> str:
    return vocabulary().facts[fact].title.lower()


def _age(age: AgeRange) -> str:
    if age.end is None or age.end >= FOREVER:
        return f"{say_length(age.start)} old or more"
    return (
        f"under {say_length(age.end)} old"
        if age.start == 0
        else f"between {say_length(age.start)} and {say_length(age.end)} old"
    )


def _range(least: float | None, most: float | None) -> str:
    if most is None:
        return f"of {least:g} or more"
    return f"of {most:g} or less" if least is None else f"between {least:g} and {most:g}"
