"""The meaning of the language by brute force: one instant, every way that the vague could have been, and the plain definition.

Written from docs/reference/lesson-language.md, apart from the engines; it shares with them only the shapes of the nodes and of
a history. It thinks in instants, where an engine thinks in spans: to ask whether a condition holds at t, it writes out every
*world* that the records known at t leave open (each vague record on each of its days, or not yet; each unsure one there or
not) and looks whether the condition is so in all of them, in some, or in none. Slow, and easy to believe.

What stands for an atom is its *witness*: the set of records that a count counts, the chain of a sequence, the pair of a trend
or a contradiction, the opening of a state or of something unanswered. An atom holds if one witness does so in every world, and
cannot be told if one does so in some world only. Between atoms the logic is Kleene's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import permutations, product

from wholechild.lib.civil import DAY
from wholechild.patterns.history import ChildHistory, Observation, Scope
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
    Selection,
    Sequence,
    Trend,
    Unanswered,
    Unless,
)


class Answer(Enum):
    """What a condition says at one instant; ordered, so that `all` is the least and `any` the greatest."""

    NO = 0
    CANNOT_TELL = 1
    HOLDS = 2


def _opposite(answer: Answer) -> Answer:
    return Answer(2 - answer.value)


def _over(worlds: Iterable[bool]) -> Answer:
    """So in all worlds, in none, or in some."""
    seen = set(worlds)
    return Answer.CANNOT_TELL if len(seen) > 1 else Answer.HOLDS if seen == {True} else Answer.NO


def _greatest(answers: Iterable[Answer]) -> Answer:
    return max(answers, key=lambda a: a.value, default=Answer.NO)


@dataclass(frozen=True)
class Known:
    """A record that is known at the instant, and the days on which it may have been; None: not (yet), or not of the kind asked for."""

    at: int
    record: Observation
    days: tuple[int | None, ...]


@dataclass(frozen=True)
class Oracle:
    """Answers for one history; `dimension`, `asserts` and `agency_kind` as the engines get them."""

    history: ChildHistory
    dimension: dict[str, str]
    asserts: dict[str, dict[str, str]]
    agency_kind: Callable[[str], str]
    works: Callable[[int], bool]

    def answer(self, condition: Condition, t: int, *, negated: bool = False) -> Answer:
        """What the condition says at t. `negated`: it stands under a `not`, so that its silence is read as evidence."""
        match condition:
            case All(parts):
                return min(
                    (self.answer(p, t, negated=negated) for p in parts),
                    key=lambda a: a.value,
                    default=Answer.HOLDS,
                )
            case Any(parts):
                return _greatest(self.answer(p, t, negated=negated) for p in parts)
            case Not(part):
                return _opposite(self.answer(part, t, negated=not negated))
            case Unless(part):
                return _opposite(self.answer(part, t))
            case _:
                said = self._atom(condition, t)
                silent = said is Answer.NO and negated and not self._all_heard(condition, t)
                return Answer.CANNOT_TELL if silent else said

    def _atom(self, atom: Condition, t: int) -> Answer:
        match atom:
            case Count():
                return self._count(atom, t)
            case Sequence():
                return self._sequence(atom, t)
            case Absence():
                return self._absence(atom, t)
            case Unanswered():
                return self._unanswered(atom, t)
            case Trend():
                return self._trend(atom, t)
            case Contradiction():
                return self._contradiction(atom, t)
            case FactState():
                return self._fact(atom, t)
            case AgeState(age):
                return self._age(age, t)
            case AdultState():
                return _over([any(self._here(atom, adult, t) for adult in self.history.adults)])
            case LivesInState(areas):
                homes = self.history.areas
                return _over([any(h.area in areas and h.known_from <= t < h.known_to and h.lived_from <= t < h.lived_to
                                  for h in homes)])  # fmt: skip
        raise TypeError(atom)

    # -- which records, in which worlds ------------------------------------------------------------------------------

    def _known(self, selection: Selection, scope: Scope, t: int) -> list[Known]:
        found = []
        for at, record in enumerate(self.history.observations):
            spells = [
                r for i, r in self.history.scoped.get(scope, ()) if i == at and r.known_from <= t < r.known_to
            ]
            if not spells or not record.learnt <= t < record.forgotten or not self._fits(record, selection):
                continue
            days = list(self._days(record, selection.child_age, t))
            if not any(spell.certain for spell in spells):
                days.append(None)
            if set(days) != {None}:
                found.append(Known(at, record, tuple(dict.fromkeys(days))))
        return found

    def _fits(self, record: Observation, wanted: Selection) -> bool:
        return (
            record.kind in wanted.kinds
            and (not wanted.sectors or record.sector in wanted.sectors)
            and (not wanted.agency_kinds or self.agency_kind(record.agency) in wanted.agency_kinds)
            and (not wanted.informants or record.informant in wanted.informants)
            and all(self._says(record, fact) in codes for fact, codes in wanted.values)
            and all(
                r.measure in record.measures
                and (r.least is None or record.measures[r.measure] >= r.least)
                and (r.most is None or record.measures[r.measure] <= r.most)
                for r in wanted.measures
            )
        )

    def _says(self, record: Observation, fact: str) -> str | None:
        return record.values[fact] if record.values.get(fact) else self.asserts.get(record.kind, {}).get(fact)

    def _days(self, record: Observation, age: AgeRange | None, t: int) -> Iterator[int | None]:
        """Each day of the record's period that has begun and fits the age; None where one does not, or is still to come.

        A period of several days counts as passed only when its last day is over.
        """
        period = range(record.happened_from, record.happened_to, DAY)
        for day in period:
            births = self._births() if age else [0]
            fits = {self._of_age(age, day, birth) for birth in births} if age else {True}
            if True in fits and day <= t:
                yield day
            if False in fits or day > t:
                yield None
        if len(period) > 1 and t < record.happened_to:
            yield None

    def _births(self) -> list[int | None]:
        return [None, 0] if self.history.born is None else list(range(*self.history.born, DAY))

    def _of_age(self, age: AgeRange, at: int, birth: int | None) -> bool:
        """A birth that nobody has given may be any: one of the two stand-ins fits, the other does not."""
        if self.history.born is None:
            return birth is None
        assert birth is not None
        return age.start <= at - birth and (age.end is None or at - birth < age.end)

    # -- atoms -------------------------------------------------------------------------------------------------------

    def _count(self, atom: Count, t: int) -> Answer:
        known = self._known(atom.selection, atom.about, t)

        def enough(world: tuple[int | None, ...]) -> bool:
            inside = [(k.record, day) for k, day in zip(known, world, strict=True)
                      if day is not None and (atom.within is None or t < day + atom.within)]  # fmt: skip
            return sum(r.count for r, _ in inside) >= atom.at_least and all(
                len(set(self._different(inside, what))) >= least for what, least in atom.distinct
            )

        return _over(enough(world) for world in product(*(k.days for k in known)))

    def _different(self, inside: list[tuple[Observation, int]], what: Distinct) -> Iterator[object]:
        for record, day in inside:
            match what:
                case Distinct.SECTORS | Distinct.AGENCIES:
                    if record.sector:  # a source that does not say who it was is nobody
                        yield record.sector if what is Distinct.SECTORS else record.agency
                case Distinct.AREAS:
                    yield record.area
                case Distinct.DAYS:
                    yield day
                case Distinct.PEOPLE:
                    yield record.subjects[0] if record.subjects else None
                case Distinct.KINDS:
                    yield record.kind
                case Distinct.DIMENSIONS:
                    yield self.dimension[record.kind]

    def _sequence(self, atom: Sequence, t: int) -> Answer:
        steps = [self._known(step.selection, atom.about, t) for step in atom.steps]

        def follows(days: tuple[int | None, ...]) -> bool:
            if None in days:
                return False
            told = [day for day in days if day is not None]
            return t < told[-1] + atom.remembered and all(
                before <= after <= before + step.within
                for before, after, step in zip(told, told[1:], atom.steps[1:], strict=False)
            )

        chains = [chain for chain in product(*steps) if len({k.at for k in chain}) == len(chain)]
        return _greatest(
            _over(follows(days) for days in product(*(k.days for k in chain))) for chain in chains
        )

    def _absence(self, atom: Absence, t: int) -> Answer:
        if self.history.died is not None and t >= self.history.died:
            return Answer.NO
        matching = self._known(atom.selection, atom.about, t)
        starts = self._known(atom.since, atom.about, t) if atom.since else []
        records = {k.at: k for k in [*matching, *starts]}
        births: list[int | None] = self._births() if atom.since is None else [0]

        def silent(birth: int | None, days: dict[int, int | None]) -> bool:
            if any(
                day is not None and t < day + atom.lasting
                for k in matching
                if (day := _day(k, days)) is not None
            ):
                return False
            if atom.since is None:
                return (
                    birth is not None and t >= birth + atom.lasting
                    if self.history.born
                    else birth is not None
                )
            begun = [day for k in starts if (day := _day(k, days)) is not None]
            return bool(begun) and t >= max(begun) + atom.lasting

        worlds = product(births, *(_all_days(k, matching, starts) for k in records.values()))
        said = _over(silent(world[0], dict(zip(records, world[1:], strict=True))) for world in worlds)
        heard = all(self._heard(sector, t - atom.lasting, t) for sector in atom.covered_by)
        return Answer.CANNOT_TELL if said is Answer.HOLDS and not heard else said

    def _unanswered(self, atom: Unanswered, t: int) -> Answer:
        answers = self._known(atom.answered_by, atom.about, t)
        return _greatest(self._overdue(atom, opened, [a for a in answers if a.at != opened.at], t)
                         for opened in self._known(atom.opened_by, atom.about, t))  # fmt: skip

    def _overdue(self, atom: Unanswered, opened: Known, answers: list[Known], t: int) -> Answer:
        def overdue(world: tuple[int | None, ...]) -> bool:
            day, *answered = world
            if day is None:
                return False
            due = self._due(day, atom.within)
            if t < due or (atom.remembered is not None and t >= due + atom.remembered):
                return False
            return all(answer is None or answer < day for answer in answered)

        said = _over(overdue(world) for world in product(self._may_open(opened), *(a.days for a in answers)))
        heard = all(self._heard(sector, opened.record.happened_from, t) for sector in atom.covered_by)
        return Answer.CANNOT_TELL if said is Answer.HOLDS and not heard else said

    def _may_open(self, opened: Known) -> tuple[int | None, ...]:
        return opened.days

    def _due(self, day: int, clock: Clock) -> int:
        """The end of the last day that the clock allows; the day itself is day nought."""
        left, at = clock.amount, day
        while left:
            at += DAY
            left -= self.works(at) if clock.working_days else 1
        return at + DAY

    def _trend(self, atom: Trend, t: int) -> Answer:
        measured = [
            k for k in self._known(atom.selection, atom.about, t) if atom.measure in k.record.measures
        ]
        return _greatest(self._change(atom, one, other, measured, t) for one, other in permutations(measured, 2)
                         if _changed(atom, one, other) and _same_person(atom.about, one, other))  # fmt: skip

    def _change(self, atom: Trend, earlier: Known, later: Known, measured: list[Known], t: int) -> Answer:
        others = [k for k in measured if k.at not in (earlier.at, later.at)
                  and not _changed(atom, earlier, k) and _same_person(atom.about, later, k)]  # fmt: skip

        def shown(world: tuple[int | None, ...]) -> bool:
            first, last, *recoveries = world
            if first is None or last is None or not atom.apart[0] <= last - first <= atom.apart[1]:
                return False
            return t < last + atom.remembered and all(day is None or day <= last for day in recoveries)

        return _over(shown(world) for world in product(earlier.days, later.days, *(k.days for k in others)))

    def _contradiction(self, atom: Contradiction, t: int) -> Answer:
        stated = [k for k in self._known(atom.selection, atom.about, t) if self._says(k.record, atom.fact)]

        def clash(days: tuple[int | None, ...]) -> bool:
            return all(day is not None and (atom.within is None or t < day + atom.within) for day in days)

        pairs = [
            (one, other)
            for one, other in permutations(stated, 2)
            if self._says(one.record, atom.fact) != self._says(other.record, atom.fact)
            and set(one.record.subjects) & set(other.record.subjects)
            and not (atom.different_agencies and one.record.agency == other.record.agency)
        ]
        return _greatest(_over(clash(days) for days in product(*(k.days for k in pair))) for pair in pairs)

    def _fact(self, atom: FactState, t: int) -> Answer:
        closings = self._known(atom.closed_by, atom.about, t)

        def still(world: tuple[int | None, ...]) -> bool:
            begun, *ended = world
            return begun is not None and all(day is None or day < begun for day in ended)

        answers = []
        for opened in self._known(atom.opened_by, atom.about, t):
            after = [c for c in closings if c.at != opened.at and _same_person(atom.about, opened, c)]
            answers.append(_over(still(world) for world in product(opened.days, *(c.days for c in after))))
        return _greatest(answers)

    def _age(self, age: AgeRange, t: int) -> Answer:
        return _over(self._of_age(age, t, birth) for birth in self._births())

    def _here(self, atom: AdultState, adult: object, t: int) -> bool:
        return (
            adult.relation in atom.relations  # type: ignore[attr-defined]
            and adult.known_from <= t < adult.known_to  # type: ignore[attr-defined]
            and adult.lived_from <= t < adult.lived_to  # type: ignore[attr-defined]
            and (atom.arrived_within is None or t < adult.arrived + atom.arrived_within)  # type: ignore[attr-defined]
        )

    # -- coverage ----------------------------------------------------------------------------------------------------

    def _all_heard(self, atom: Condition, t: int) -> bool:
        """Whether the silence of an atom under `not` may be read: every sector's feed was live over all that it looks back on."""
        match atom:
            case Count(within=back) | Contradiction(within=back):
                pass
            case Sequence():
                back = atom.remembered + sum(step.within for step in atom.steps)
            case Trend():
                back = atom.remembered + atom.apart[1]
            case FactState():
                back = None
            case _:
                return True
        born = self.history.born
        since = (born[0] if born else None) if back is None else t - back
        return all(
            since is not None and since <= t and self._heard(sector, since, t) for sector in atom.covered_by
        )

    def _heard(self, sector: str, since: int, until: int) -> bool:
        """Live on every day from `since` to `until`, where the child then lived."""
        return all(self._live(sector, day * DAY) for day in range(since // DAY, until // DAY + 1))

    def _live(self, sector: str, at: int) -> bool:
        homes = {home.area for home in self.history.areas if home.lived_from <= at < home.lived_to}
        return any(feed.sector == sector and feed.live_from <= at < feed.live_to and (not feed.area or feed.area in homes)
                   for feed in self.history.coverage)  # fmt: skip


def _day(known: Known, days: dict[int, int | None]) -> int | None:
    """The day of the record in a world, if it is one that this use of it allows."""
    day = days[known.at]
    return day if day in known.days else None


def _all_days(known: Known, *uses: list[Known]) -> list[int | None]:
    return list(dict.fromkeys(day for use in uses for k in use if k.at == known.at for day in k.days))


def _same_person(about: Scope, one: Known, other: Known) -> bool:
    return about is Scope.CHILD or one.record.subjects[:1] == other.record.subjects[:1]


def _changed(atom: Trend, earlier: Known, later: Known) -> bool:
    before, after = earlier.record.measures[atom.measure], later.record.measures[atom.measure]
    change = after - before if atom.rises else before - after
    if atom.percent is None:
        return change >= (atom.amount or 0)
    return before > 0 and change >= before * atom.percent / 100
