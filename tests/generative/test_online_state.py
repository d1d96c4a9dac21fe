"""Whatever happens, in whatever order it is worked off: what is noted is what a full evaluation gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.generative.online_world import (
    EVERYBODY_KNOWN,
    FAMILY,
    LESSONS,
    Step,
    World,
    as_noted,
    changes,
    in_full,
    more_records,
    passing,
    pictures,
    steps,
    working,
)
from tests.integration.remembered import differing, warm
from wholechild.patterns.noting import KNOWN, OTHERWISE, TIME

pytestmark = pytest.mark.usefixtures("shared_database")


@contextmanager
def a_world() -> Iterator[World]:
    """An area with one family, which is undone at the end."""
    from django.db import transaction

    with TemporaryDirectory() as folder, transaction.atomic():
        world = World(Path(folder))
        world.do(FAMILY)
        yield world
        transaction.set_rollback(True)


#: What the examples of this run have reached, so that a test which never meets a case cannot pass for having tried it.
REACHED: Counter[str] = Counter()


def check(world: World) -> None:
    """What is noted is what holds; each child is looked at again on the right day; and every change has its number."""
    from wholechild.patterns.models import MatchChange
    from wholechild.patterns.queries import differences, everyone_evaluated
    from wholechild.trust.viewers import system

    assert as_noted(world.now) == in_full(world.now)
    viewer = system("match")
    everyone = everyone_evaluated(viewer, world.now)
    assert list(differences(viewer, everyone, world.now, LESSONS)) == []
    numbers: dict[str, list[int]] = {}
    for match, number in MatchChange.objects.order_by("match", "number").values_list("match", "number"):
        numbers.setdefault(match, []).append(number)
    assert all(found == list(range(1, len(found) + 1)) for found in numbers.values())
    REACHED.update(f"open {lesson}" for _, lesson, _ in as_noted(world.now))
    REACHED.update(MatchChange.objects.values_list("why", flat=True))


@given(steps, st.integers(0, 5))
def test_what_is_noted_is_what_a_full_evaluation_gives(happening: list[Step], order: int) -> None:
    with a_world() as world:
        for step in happening:
            world.do(step)
        world.settle(order)
        check(world)
        for hours in (1, 300):
            world.now += timedelta(hours=hours)
            world.fire()
            check(world)


@given(st.lists(changes, min_size=1, max_size=9))
def test_a_change_touches_no_child_outside_those_concerned(happening: list[Step]) -> None:
    from wholechild.patterns.queries import children_concerned
    from wholechild.trust.queries import head

    with a_world() as world:
        for step in happening:
            before, leaves = pictures(world.now), head().leaves
            world.do(step)
            after = pictures(world.now)
            changed = {child for child in before | after if before.get(child) != after.get(child)}
            concerned = set(children_concerned(leaves + 1, head().leaves))
            assert all(pictures(world.now, [child])[child] == alone for child, alone in after.items())
            # Who is no child any more has a picture no longer, and is evaluated only where a match is to be closed.
            assert changed & set(after) <= concerned


@given(st.lists(st.one_of(changes, more_records, more_records, passing, working), min_size=2, max_size=12))
def test_what_is_remembered_is_what_a_reading_gives(happening: list[Step]) -> None:
    """Everybody is remembered before each step, so that each may leave something behind that is no longer so."""
    with a_world() as world:
        for step in EVERYBODY_KNOWN:
            world.do(step)
        world.settle()
        for step in happening:
            warm(world.memory, world.now)
            before = remembered(world)
            world.do(step)
            assert differing(world.memory, world.now) == []
            after = remembered(world)
            REACHED.update("forgotten" for child in before if child not in after)
            REACHED.update(
                f"{'grown' if after[child][1] > records else 'kept'} by a {type(step).__name__}"
                for child, (which, records) in before.items()
                if child in after and after[child][0] == which
            )


def remembered(world: World) -> dict[str, tuple[int, int]]:
    """child -> which object is remembered, and with how many records."""
    found = ((child, world.memory.recall(child, world.now)) for child in world.memory.children)
    return {child: (id(r.asked), len(r.asked.history.observations)) for child, r in found if r}


def test_the_examples_make_the_memory_forget_grow_and_keep() -> None:
    """Runs after the test above, on what its examples came to."""
    often = ("forgotten", "grown by a Deliver", "kept by a Deliver", "kept by a Work")
    assert all(REACHED[what] >= 10 for what in often), REACHED


def test_the_examples_reach_each_scope_and_the_ways_in_which_a_match_changes() -> None:
    """Runs after the first test of this page, on what its examples came to."""
    scopes = {f"open {lesson}" for lesson in ("own", "home", "siblings", "carers", "three", "partner")}
    assert {*scopes, KNOWN, TIME, OTHERWISE} <= set(REACHED), REACHED
