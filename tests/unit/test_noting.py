"""What has to be noted of a child: begun once, changed where it changed, closed when it ends, opened where it holds after all."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from wholechild.lib.civil import FOREVER
from wholechild.patterns.language.lesson import Lesson, NextStep
from wholechild.patterns.language.nodes import AgeRange, AgeState
from wholechild.patterns.noting import (
    AGAIN,
    KNOWN,
    OTHERWISE,
    RETIRED,
    TIME,
    Begun,
    Changed,
    Noted,
    Said,
    Spell,
    next_edge,
    spells_of,
    to_note,
)

LESSON = Lesson(
    "a-lesson", 1, "A lesson", date(2026, 1, 1), None, ("england",), "tester", (), AgeState(AgeRange(0, None)), "So it is.",
    NextStep("Speak.", "social_worker", "1 working day"), (), (), (),
)  # fmt: skip
NOW = 1_000


def spell(start: int, end: int = FOREVER, match: str = "m") -> Spell:
    return Spell(match, LESSON, start, end)


def said(until: int | None = None, *evidence: str) -> Said:
    return Said(until, "So it is.", evidence or ("rec-1",), ("gp/North",))


def noted(until: int | None = None, *, is_open: bool = True, number: int = 0, match: str = "m") -> Noted:
    return Noted(match, "a-lesson", 1, number, is_open, said(until))


def found(spells: list[Spell], before: list[Noted], since: int = NOW, **more: Any) -> list[Begun | Changed]:
    def say(asked: Spell) -> Said:
        return said(None if asked.end >= FOREVER else asked.end, *more.get("evidence", ()))

    in_force = more.get("in_force", {("a-lesson", 1)})
    return list(to_note(spells, {n.match: n for n in before}, say, now=NOW, since=since, in_force=in_force))


def test_what_holds_and_is_not_noted_begins() -> None:
    assert found([spell(900)], []) == [Begun(spell(900), said())]


def test_what_holds_from_this_very_moment_begins_and_what_ends_now_does_not() -> None:
    assert len(found([spell(NOW)], [])) == 1
    assert found([spell(900, NOW)], []) == []


def test_what_is_noted_is_not_noted_again() -> None:
    assert found([spell(900, 1_100)], [noted(1_100)]) == []


def test_what_lies_ahead_is_not_noted() -> None:
    assert found([spell(1_001)], []) == []


@pytest.mark.parametrize("change", [{"until": 1_200}, {"evidence": ("rec-1", "rec-2")}])
def test_another_end_or_other_evidence_is_a_change(change: dict[str, Any]) -> None:
    (only,) = found([spell(900, change.get("until", 1_100))], [noted(1_100, number=3)], **change)
    assert isinstance(only, Changed)
    assert (only.number, only.is_open, only.why) == (4, True, OTHERWISE)


def test_what_ran_out_is_closed_at_its_end() -> None:
    assert found([spell(900, 950)], [noted(950)]) == [Changed("m", 1, False, TIME, said(950))]


def test_what_ended_because_something_became_known_is_closed_when_it_did() -> None:
    assert found([spell(900, 960)], [noted(None)]) == [Changed("m", 1, False, KNOWN, said(960))]


def test_what_never_was_is_closed_now_and_keeps_what_it_said() -> None:
    assert found([], [noted(1_100)]) == [Changed("m", 1, False, KNOWN, said(NOW))]


def test_a_lesson_that_is_not_in_force_closes_its_matches() -> None:
    (only,) = found([], [noted()], in_force=set())
    assert isinstance(only, Changed)
    assert only.why == RETIRED


def test_what_was_closed_stays_closed() -> None:
    assert found([], [noted(950, is_open=False)]) == []
    assert found([spell(900, 960)], [noted(950, is_open=False)]) == []


def test_what_was_closed_and_holds_after_all_is_opened_again() -> None:
    assert found([spell(900)], [noted(950, is_open=False, number=1)]) == [
        Changed("m", 2, True, AGAIN, said())
    ]


def test_what_began_and_ended_since_somebody_looked_is_noted_and_closed() -> None:
    past = spell(900, 950)
    assert found([past], [], since=900) == [
        Begun(past, said(950)),
        Changed("m", 1, False, TIME, said(950)),
    ]
    assert found([past], [], since=901) == []


def test_doing_it_again_finds_nothing_to_note() -> None:
    (begun,) = found([spell(900, 1_100)], [])
    assert isinstance(begun, Begun)
    after = Noted("m", "a-lesson", 1, 0, True, begun.said)
    assert found([spell(900, 1_100)], [after]) == []


@pytest.mark.parametrize(
    ("spells", "edge"),
    [
        ([], None),
        ([spell(900)], None),
        ([spell(900, 950)], None),
        ([spell(900, 1_100)], 1_100),
        ([spell(1_050, 1_100)], 1_050),
        ([spell(900, 1_100), spell(1_020)], 1_020),
        ([spell(900, NOW), spell(NOW)], None),
    ],
)
def test_the_next_edge_is_the_next_instant_at_which_a_match_begins_or_ends(
    spells: list[Spell], edge: int | None
) -> None:
    assert next_edge(spells, NOW) == edge


def test_nobody_has_no_spells() -> None:
    spells, say = spells_of(None, [LESSON])
    assert spells == ()
    with pytest.raises(LookupError):
        say(spell(0))
