"""From the words of a lesson to the condition graph. Every fault is collected; nothing is guessed.

One function reads one kind of node, in the order of docs/reference/lesson-language.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from wholechild.lib.civil import DAY
from wholechild.lib.located import Located
from wholechild.patterns.history import Scope
from wholechild.patterns.language.faults import Faults, Part, did_you_mean
from wholechild.patterns.language.never import MOST_RECORDS, never_together, too_many_different
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
    Distinct,
    FactState,
    LivesInState,
    Not,
    NumberRange,
    Selection,
    Sequence,
    Step,
    Trend,
    Unanswered,
    Unless,
)
from wholechild.vocabulary.terms import Vocabulary

MOST_PARTS: Final = 200
_LENGTH: Final = re.compile(r"(\d{1,5})\s+(day|week|month|year)s?")
_CLOCK: Final = re.compile(r"(\d{1,4})\s+(working )?(day|week|month|year)s?")
_LONGEST: Final = 120 * 365 * DAY
#: Stands in for a part that has faults, so that reading can go on; a lesson with faults is never evaluated.
_FAULTY: Final = All(())


def days_in(number: int, unit: str) -> int:
    """Whole days in a length: a year is 365 days, a month a twelfth of it."""
    return {"day": number, "week": 7 * number, "month": round(number * 365 / 12), "year": 365 * number}[unit]


class ConditionReader:
    """Reads one lesson's condition with the words of a vocabulary."""

    def __init__(self, vocabulary: Vocabulary, faults: Faults) -> None:
        self.vocabulary, self.faults = vocabulary, faults
        self.parts = 0

    def condition(self, node: Located) -> Condition:
        """The condition at this place; a stand-in where it is faulty."""
        self.parts += 1
        if self.parts == MOST_PARTS:
            self.faults.add(
                node, f"the condition has more than {MOST_PARTS} parts", "Split it into several lessons."
            )
        if self.parts >= MOST_PARTS:
            return _FAULTY
        readers = {
            "all": self._all, "any": self._any, "not": self._not, "unless": self._unless,
            "count": self._count, "sequence": self._sequence, "absence": self._absence,
            "unanswered": self._unanswered, "trend": self._trend, "state": self._state,
            "contradiction": self._contradiction,
        }  # fmt: skip
        if not isinstance(node.value, dict) or len(node.value) != 1:
            self.faults.add(
                node,
                "a condition is one word with what belongs to it",
                f"Use exactly one of: {', '.join(readers)}.",
            )
            return _FAULTY
        word, inner = next(iter(node.value.items()))
        if word not in readers:
            self.faults.add(
                node.keys[word], f"the language has no `{word[:40]}`", did_you_mean(word, readers)
            )
            return _FAULTY
        return readers[word](inner)

    # -- logic ---------------------------------------------------------------------------------------------------

    def _all(self, node: Located) -> Condition:
        before = len(self.faults.found)
        parts = self._several(node, "all")
        clash = never_together(parts) if len(self.faults.found) == before else None
        if clash:
            first, second = (node.value[i] for i in clash)
            self.faults.add(
                second,
                f"this can never hold beside line {first.place.line}: what one asks for, the other rules out",
                "Take one of the two out, or change one so that both can be so of one child at one time.",
            )
        return All(parts)

    def _any(self, node: Located) -> Condition:
        return Any(self._several(node, "any"))

    def _several(self, node: Located, word: str) -> tuple[Condition, ...]:
        if not isinstance(node.value, list) or len(node.value) < 2:
            self.faults.add(
                node,
                f"`{word}` needs a list of two or more conditions",
                "Write each on a line that starts with a dash.",
            )
            return ()
        return tuple(self.condition(item) for item in node.value)

    def _not(self, node: Located) -> Condition:
        return Not(self.condition(node))

    def _unless(self, node: Located) -> Condition:
        return Unless(self.condition(node))

    # -- atoms ---------------------------------------------------------------------------------------------------

    def _count(self, node: Located) -> Condition:
        part = Part(node, self.faults, "`count`")
        selection = self._selection(part)
        distinct = self._distinct(part)
        count = Count(
            selection, self._scope(part), part.whole("at_least", least=1), self._length(part, "within"),
            distinct, self._covered_by(part, selection),
        )  # fmt: skip
        for what, least in distinct:
            if least > count.at_least:
                part.fault(
                    f"{least} different {what} cannot come from {count.at_least} records",
                    "Raise `at_least`, or lower `distinct`.",
                    "distinct",
                )
        self._can_be_met(count, part)
        part.done()
        return count

    def _can_be_met(self, count: Count, part: Part) -> None:
        """Whether any family could ever show what is counted."""
        if count.at_least > MOST_RECORDS:
            part.fault(
                f"no child has {count.at_least:,} such records",
                f"Ask for {MOST_RECORDS:,} or fewer.",
                "at_least",
            )
        dimensions = frozenset(self.vocabulary.kinds[kind].dimension for kind in count.selection.kinds)
        for what, asked, most in too_many_different(count, dimensions) if count.selection.kinds else ():
            part.fault(
                f"there can never be {asked} different {what} here: the most is {most}",
                "Lower `distinct`, or widen `of`, `where` or `within`.",
                "distinct",
            )

    def _distinct(self, part: Part) -> tuple[tuple[Distinct, int], ...]:
        inner = Part(part.take("distinct"), self.faults, "`distinct`")
        found = [(what, inner.whole(what, least=2)) for what in Distinct if inner.has(what)]
        for what in Distinct:
            inner.take(what)
        inner.done()
        return tuple(found)

    def _sequence(self, node: Located) -> Condition:
        part = Part(node, self.faults, "`sequence`")
        listed = part.take("steps", required=True)
        steps = [self._step(item, first=i == 0) for i, item in enumerate(listed.items())] if listed else []
        if listed and len(steps) < 2:
            part.fault("a sequence needs two or more steps", "Add a step, or use `count`.", "steps")
        remembered = self._length(part, "remembered") or (steps[-1].within if steps else 0)
        about, covered = self._scope(part), self._covered_by(part, *(step.selection for step in steps))
        part.done()
        return Sequence(tuple(steps), about, remembered, covered)

    def _step(self, node: Located, *, first: bool) -> Step:
        part = Part(node, self.faults, "a step")
        selection = self._selection(part)
        within = self._length(part, "within", required=not first)
        if first and within is not None:
            part.fault(
                "the first step comes after nothing, so it has no `within`",
                "Move `within` to the second step.",
                "within",
            )
        part.done()
        return Step(selection, within or 0)

    def _absence(self, node: Located) -> Condition:
        part = Part(node, self.faults, "`absence`")
        selection = self._selection(part)
        since = part.take("since")
        start = None if since is None or since.value == "birth" else self._opening(since, "`since`")
        absence = Absence(
            selection, self._scope(part), self._length(part, "for", required=True) or DAY, start,
            self._covered_by(part, required=True),
        )  # fmt: skip
        part.done()
        return absence

    def _unanswered(self, node: Located) -> Condition:
        part = Part(node, self.faults, "`unanswered`")
        opened, answered = part.take("opened_by", required=True), part.take("answered_by", required=True)
        unanswered = Unanswered(
            self._opening(opened, "`opened_by`"), self._opening(answered, "`answered_by`"), self._scope(part),
            self._clock(part, "within"), self._covered_by(part, required=True), self._length(part, "remembered"),
        )  # fmt: skip
        part.done()
        return unanswered

    def _trend(self, node: Located) -> Condition:
        part = Part(node, self.faults, "`trend`")
        measure = part.choice("measure", self.vocabulary.measures)
        rises = part.has("rises_by")
        if rises == part.has("falls_by"):
            part.fault("a trend either falls or rises", "Give exactly one of `falls_by` and `rises_by`.")
        percent, amount = self._change(part, "rises_by" if rises else "falls_by", measure)
        part.take("rises_by"), part.take("falls_by")
        apart = self._apart(part)
        selection = self._selection(part)
        trend = Trend(
            selection, self._scope(part), measure, rises, percent, amount, apart,
            self._length(part, "remembered") or apart[1], self._covered_by(part, selection),
        )  # fmt: skip
        part.done()
        return trend

    def _change(self, part: Part, key: str, measure: str) -> tuple[float | None, float | None]:
        inner = Part(part.take(key, required=True), self.faults, f"`{key}`")
        percent, amount = inner.number("percent", least=0), inner.number("amount", least=0)
        unit = inner.text("unit", required=False)
        if (percent is None) == (amount is None):
            inner.fault("a change is a share or an amount", "Give exactly one of `percent` and `amount`.")
        known = self.vocabulary.measures.get(measure)
        if amount is not None and known and unit != known.unit:
            inner.fault(
                f"the unit of {measure} is {known.unit}, not {unit or 'missing'}",
                f"Write `unit: {known.unit}` and give the amount in it.",
            )
        inner.done()
        return percent, amount

    def _apart(self, part: Part) -> tuple[int, int]:
        inner = Part(part.take("apart", required=True), self.faults, "`apart`")
        least, most = (
            self._length(inner, "at_least") or 0,
            self._length(inner, "at_most", required=True) or DAY,
        )
        if least > most:
            inner.fault("`at_least` is longer than `at_most`", "Swap them.")
        inner.done()
        return least, most

    def _contradiction(self, node: Located) -> Condition:
        part = Part(node, self.faults, "`contradiction`")
        statements = {id for id, fact in self.vocabulary.facts.items() if fact.use == "statement"}
        fact = part.choice("fact", statements)
        distinct = self._distinct(part)
        if distinct not in ((), ((Distinct.AGENCIES, 2),)):
            part.fault(
                "a contradiction is between two records",
                "It only knows `distinct: {agencies: 2}`.",
                "distinct",
            )
        selection = self._selection(part, of_everything=True)
        contradiction = Contradiction(
            selection,
            fact,
            self._scope(part),
            self._length(part, "within"),
            bool(distinct),
            self._covered_by(part, selection),
        )
        part.done()
        return contradiction

    def _state(self, node: Located) -> Condition:
        part = Part(node, self.faults, "`state`")
        given = [word for word in ("age", "fact", "adult", "lives_in") if part.has(word)]
        if len(given) != 1:
            part.fault(
                "a state is exactly one of `age`, `fact`, `adult` and `lives_in`",
                "Write two states as two parts of an `all`.",
            )
            return _FAULTY
        state: Condition
        match given[0]:
            case "age":
                state = AgeState(self._age(part, "age"))
            case "adult":
                state = self._adult(part)
            case "lives_in":
                state = LivesInState(frozenset(part.texts("lives_in", least=1)))
            case _:
                state = self._fact(part)
        part.done()
        return state

    def _fact(self, part: Part) -> Condition:
        states = {id for id, fact in self.vocabulary.facts.items() if fact.use == "state"}
        word = part.choice("fact", states)
        fact = self.vocabulary.facts.get(word)
        about, covered = self._scope(part), self._covered_by(part)
        if fact is None:
            return _FAULTY
        opened, closed = self._plain(fact.opened_by), self._plain(fact.closed_by)
        return FactState(word, opened, closed, about, covered or self._sectors_of(opened, closed))

    def _adult(self, part: Part) -> AdultState:
        inner = Part(part.take("adult"), self.faults, "`adult`")
        relations = {id for id, relation in self.vocabulary.relations.items() if relation.adult}
        adult = AdultState(
            frozenset(inner.choices("relation", relations, required=True)),
            self._length(inner, "arrived_within"),
        )
        inner.done()
        return adult

    # -- which records -------------------------------------------------------------------------------------------

    def _opening(self, node: Located | None, called: str) -> Selection:
        part = Part(node, self.faults, called)
        selection = self._selection(part)
        part.done()
        return selection

    def _plain(self, patterns: tuple[str, ...]) -> Selection:
        kinds = frozenset(kind for pattern in patterns for kind in self.vocabulary.matching(pattern))
        return Selection(patterns, kinds)

    def _selection(self, part: Part, *, of_everything: bool = False) -> Selection:
        listed = part.take("of", required=not of_everything)
        patterns = (
            tuple(str(item.value) for item in listed.items()) if listed else (("*",) if of_everything else ())
        )
        kinds: set[str] = set()
        for pattern, item in zip(patterns, listed.items() if listed else (), strict=False):
            matching = self.vocabulary.matching(pattern) or self._by_other_name(pattern)
            if not matching:
                self.faults.add(
                    item,
                    f"no kind of record matches {pattern[:60]!r}",
                    did_you_mean(pattern, self._of_such_a_form(pattern)),
                )
            kinds.update(matching)
        if not listed and of_everything:
            kinds.update(self.vocabulary.kinds)
        return self._where(part, patterns, kinds)

    def _of_such_a_form(self, pattern: str) -> Iterable[str]:
        """What somebody may have meant: whole families for a pattern, kinds for a kind."""
        return (
            [f"{family}.*" for family in self.vocabulary.families]
            if "*" in pattern
            else self.vocabulary.kinds
        )

    def _by_other_name(self, pattern: str) -> tuple[str, ...]:
        kind = self.vocabulary.kind(pattern)
        return (kind.id,) if kind else ()

    def _where(self, part: Part, patterns: tuple[str, ...], kinds: set[str]) -> Selection:
        where = Part(part.take("where"), self.faults, "`where`")
        natures = where.choices("nature", self.vocabulary.natures)
        dimensions = where.choices("dimension", self.vocabulary.dimensions)
        for attribute in ("seen", "seen_alone", "spoken_to", "minor"):
            wanted = where.take(attribute)
            if wanted is not None:
                if not isinstance(wanted.value, bool):
                    self.faults.add(wanted, f"`{attribute}` is true or false", f"Write `{attribute}: true`.")
                kinds = {k for k in kinds if getattr(self.vocabulary.kinds[k], attribute) is wanted.value}
        kinds = {
            k for k in kinds
            if (not natures or self.vocabulary.kinds[k].nature in natures)
            and (not dimensions or self.vocabulary.kinds[k].dimension in dimensions)
        }  # fmt: skip
        if patterns and not kinds and not self.faults.found:
            where.fault("no kind of record passes these filters", "Widen `of`, or leave a filter out.")
        selection = Selection(
            patterns, frozenset(kinds),
            frozenset(where.choices("sector", self.vocabulary.sectors)),
            frozenset(where.choices("agency", self.vocabulary.agency_kinds)),
            frozenset(where.choices("informant", self.vocabulary.informants)),
            self._values(where), self._measures(where),
            self._age(where, "child_age") if where.has("child_age") else None,
        )  # fmt: skip
        where.done()
        return selection

    def _values(self, where: Part) -> tuple[tuple[str, frozenset[str]], ...]:
        inner = Part(where.take("values"), self.faults, "`values`")
        found = [(name, frozenset(self._codes(inner, name))) for name in sorted(inner.node.value)]
        return tuple(found)

    def _codes(self, inner: Part, name: str) -> tuple[str, ...]:
        fact = self.vocabulary.facts.get(name)
        if fact is None or fact.use == "state":
            known = (i for i, f in self.vocabulary.facts.items() if f.use != "state")
            inner.fault(f"no record carries a value called {name[:40]!r}", did_you_mean(name, known), name)
            inner.take(name)
            return ()
        return inner.choices(name, fact.values) if fact.values else inner.texts(name, least=1)

    def _measures(self, where: Part) -> tuple[NumberRange, ...]:
        inner = Part(where.take("measure"), self.faults, "`measure`")
        ranges = []
        for name, node in sorted(inner.node.value.items()):
            if name not in self.vocabulary.measures:
                inner.fault(
                    f"there is no measure {name[:40]!r}", did_you_mean(name, self.vocabulary.measures), name
                )
            bounds = Part(node, self.faults, f"`{name}`")
            least, most = bounds.number("at_least"), bounds.number("at_most")
            if least is not None and most is not None and least > most:
                bounds.fault(f"no {name} is both at least {least:g} and at most {most:g}", "Swap the two.")
            ranges.append(NumberRange(name, least, most))
            bounds.done()
        return tuple(ranges)

    def _age(self, part: Part, key: str) -> AgeRange:
        inner = Part(part.take(key), self.faults, f"`{key}`")
        start, end = self._length(inner, "from") or 0, self._length(inner, "under")
        if end is not None and end <= start:
            inner.fault("the age ends before it begins", "Make `under` larger than `from`.")
        if not inner.has("from") and not inner.has("under"):
            inner.fault("an age needs `from`, `under` or both", "Write for example `under: 12 months`.")
        inner.done()
        return AgeRange(start, end)

    def _scope(self, part: Part) -> Scope:
        return Scope(part.choice("about", [str(scope) for scope in Scope], default="child") or "child")

    def _covered_by(self, part: Part, *selections: Selection, required: bool = False) -> tuple[str, ...]:
        """The sectors whose silence counts: as written, else every sector that writes the selected kinds."""
        given = part.choices("covered_by", self.vocabulary.sectors, required=required)
        return given or self._sectors_of(*selections)

    def _sectors_of(self, *selections: Selection) -> tuple[str, ...]:
        """Who would have written it: the sectors that a selection names, else all that write its kinds."""
        usual = self.vocabulary.kinds
        named = [
            s.sectors or {sector for kind in s.kinds for sector in usual[kind].sectors} for s in selections
        ]
        return tuple(sorted({sector for sectors in named for sector in sectors}))

    # -- lengths of time -----------------------------------------------------------------------------------------

    def _length(self, part: Part, key: str, *, required: bool = False) -> int | None:
        found = part.take(key, required=required)
        if found is None:
            return None
        said = _LENGTH.fullmatch(str(found.value).strip())
        seconds = days_in(int(said[1]), said[2]) * DAY if said else 0
        if said is None:
            part.fault(
                f"`{key}` should be a length of time",
                "Write for example `12 months`, `6 weeks` or `10 days`.",
                key,
            )
        elif seconds > _LONGEST or (seconds == 0 and key not in ("from", "at_least")):
            part.fault(
                f"`{key}: {found.value}` can never be met by a child's life",
                "Give a length between 1 day and 120 years.",
                key,
            )
        return seconds if said else None

    def _clock(self, part: Part, key: str) -> Clock:
        found = part.take(key, required=True)
        said = _CLOCK.fullmatch(str(found.value).strip()) if found else None
        if said is None or (said[2] and said[3] != "day"):
            if found:
                part.fault(
                    f"`{key}` should be a clock", "Write for example `5 working days` or `28 days`.", key
                )
            return Clock(1)
        return Clock(days_in(int(said[1]), said[3]), bool(said[2]))
