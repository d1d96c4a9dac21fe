"""What must stay so when a history is changed in a way that should not matter, or should matter in one way only."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.generative.random_histories import ATOMS, KINDS, WORDS, at, conditions, histories
from wholechild.lib.civil import DAY, FOREVER
from wholechild.patterns.clocks import deadline_for
from wholechild.patterns.engines.in_memory import InMemoryEngine, calendar_days
from wholechild.patterns.history import ChildHistory, Observation
from wholechild.patterns.intervals import BEGINNING, Truth, Unsure, clipped
from wholechild.patterns.language.nodes import All, Any, Condition, Not, Unanswered, Unless

anything = histories(vague=True)
#: Atoms that say of some records that they are there; what speaks of silence has no evidence that would suffice.
positive = st.one_of(*(ATOMS[name] for name in ("count", "sequence", "trend", "contradiction", "fact")))
moved_by = st.sampled_from([-400, -1, 1, 30, 365])


def truth(history: ChildHistory, condition: Condition) -> Truth:
    return InMemoryEngine(history, WORDS, deadline_for("england")).evaluate(condition)


def only(
    history: ChildHistory, kept: list[int], changed: dict[int, Observation] | None = None
) -> ChildHistory:
    """The history with these observations, in this order."""
    new = {old: position for position, old in enumerate(kept)}
    return replace(
        history,
        observations=tuple((changed or {}).get(i, history.observations[i]) for i in kept),
        scoped={
            scope: tuple((new[i], r) for i, r in pairs if i in new) for scope, pairs in history.scoped.items()
        },
    )


@given(history=anything, condition=conditions, data=st.data())
def test_the_order_of_the_records_says_nothing(
    history: ChildHistory, condition: Condition, data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(range(len(history.observations))))
    assert truth(only(history, list(shuffled)), condition) == truth(history, condition)


@given(history=anything, condition=conditions, data=st.data())
def test_kinds_that_nobody_asks_for_change_nothing(
    history: ChildHistory, condition: Condition, data: st.DataObject
) -> None:
    assume(history.observations)
    copied = data.draw(st.sampled_from(history.observations))
    extra = replace(copied, kind="unheard_of", record="rx")
    more = replace(
        history,
        observations=(*history.observations, extra),
        scoped={scope: (*pairs, *((len(history.observations), r) for _, r in pairs[:1]))
                for scope, pairs in history.scoped.items()},
    )  # fmt: skip
    assert "unheard_of" not in KINDS
    assert truth(more, condition) == truth(history, condition)


@given(history=anything, condition=conditions, day=st.integers(0, 30))
def test_what_is_learnt_later_changes_nothing_before(
    history: ChildHistory, condition: Condition, day: int
) -> None:
    end = at(day) + DAY // 2
    kept = [i for i, o in enumerate(history.observations) if o.learnt < end]
    unforgotten = {
        i: replace(o, forgotten=FOREVER) for i in kept if (o := history.observations[i]).forgotten >= end
    }
    then = replace(
        only(history, kept, unforgotten),
        adults=tuple(a for a in history.adults if a.known_from < end),
        scoped={
            scope: tuple(
                (i, r if r.known_to < end else replace(r, known_to=FOREVER))
                for i, r in pairs
                if r.known_from < end
            )
            for scope, pairs in only(history, kept).scoped.items()
        },
    )
    assert clipped(truth(then, condition), BEGINNING, end) == clipped(
        truth(history, condition), BEGINNING, end
    )


@given(history=anything, condition=conditions, by=moved_by)
def test_moving_every_date_moves_every_bound(history: ChildHistory, condition: Condition, by: int) -> None:
    assume(not _counts_working_days(condition))
    before = InMemoryEngine(history, WORDS, calendar_days).evaluate(condition)
    after = InMemoryEngine(_moved(history, by * DAY), WORDS, calendar_days).evaluate(condition)
    move = lambda instant: instant if abs(instant) >= FOREVER else instant + by * DAY  # noqa: E731
    assert after == Truth(
        tuple((move(start), move(end)) for start, end in before.holds),
        tuple(Unsure(move(u.start), move(u.end), u.reasons) for u in before.unsure),
    )


def _counts_working_days(condition: Condition) -> bool:
    match condition:
        case All(parts) | Any(parts):
            return any(_counts_working_days(part) for part in parts)
        case Not(part) | Unless(part):
            return _counts_working_days(part)
        case Unanswered():
            return condition.within.working_days
        case _:
            return False


def _moved(history: ChildHistory, by: int) -> ChildHistory:
    def move(instant: int) -> int:
        return instant if abs(instant) >= FOREVER else instant + by

    def each(thing: object, *names: str) -> object:
        return replace(thing, **{name: move(getattr(thing, name)) for name in names})  # type: ignore[type-var]

    return replace(
        history,
        observations=tuple(
            each(o, "happened_from", "happened_to", "learnt", "forgotten") for o in history.observations
        ),
        scoped={
            s: tuple((i, each(r, "known_from", "known_to")) for i, r in pairs)
            for s, pairs in history.scoped.items()
        },
        born=None if history.born is None else (move(history.born[0]), move(history.born[1])),
        died=None if history.died is None else move(history.died),
        adults=tuple(
            each(a, "lived_from", "lived_to", "arrived", "known_from", "known_to") for a in history.adults
        ),
        areas=tuple(each(a, "lived_from", "lived_to", "known_from", "known_to") for a in history.areas),
        coverage=tuple(each(c, "live_from", "live_to") for c in history.coverage),
    )  # type: ignore[arg-type]


@given(history=anything, condition=conditions)
def test_a_truth_is_well_made(history: ChildHistory, condition: Condition) -> None:
    """Sorted, disjoint, never touching where they could be one, and every doubt says why."""
    said = truth(history, condition)
    assert all(start < end for start, end in said.holds)
    assert all(one[1] < other[0] for one, other in zip(said.holds, said.holds[1:], strict=False))
    spans = sorted([*said.holds, *((u.start, u.end) for u in said.unsure)])
    assert all(one[1] <= other[0] for one, other in zip(spans, spans[1:], strict=False))
    assert all(u.start < u.end and u.reasons for u in said.unsure)
    assert list(said.unsure) == sorted(said.unsure, key=lambda u: u.start)
    known = {o.record for o in history.observations} | {"gp", "school", ""}
    assert {reason.about for u in said.unsure for reason in u.reasons} <= known


@given(history=anything, condition=conditions)
def test_twice_not_is_nothing(history: ChildHistory, condition: Condition) -> None:
    plain = truth(history, condition)
    assert truth(history, Not(Not(condition))) == plain
    assert truth(history, Unless(Unless(condition))) == plain
    assert truth(history, All((condition, condition))) == plain
    assert truth(history, Any((condition, condition))) == plain


@given(history=anything, condition=positive)
def test_the_evidence_alone_is_enough(history: ChildHistory, condition: Condition) -> None:
    """Whatever is shown as the evidence of a match was known by then, and would by itself raise it."""
    engine = InMemoryEngine(history, WORDS, deadline_for("england"))
    for start, end in engine.evaluate(condition).holds:
        for instant in {start, (start + min(end, start + 100 * DAY)) // 2, end - 1}:
            evidence = engine.evidence(condition, instant)
            assert evidence
            for i in evidence:
                record = history.observations[i]
                assert record.learnt <= instant < record.forgotten
                assert record.happened_from <= instant
            assert truth(only(history, list(evidence)), condition).holds_at(instant)
