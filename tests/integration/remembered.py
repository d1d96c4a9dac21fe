"""What a memory holds beside what a reading of everything gives: the two have to be the same, whatever happened in between."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from wholechild.patterns.history import ChildHistory
from wholechild.patterns.memory import Memory
from wholechild.trust.viewers import system

VIEWER = system("match")


def warm(memory: Memory, at: datetime, persons: Iterable[str] | None = None) -> None:
    """Have these children remembered, or everybody; and whom news of any identity concerns, as far as anything asks."""
    from wholechild.patterns.queries import catch_up, recall
    from wholechild.people.queries import children

    catch_up(VIEWER, memory)
    recall(VIEWER, memory, sorted(persons if persons is not None else children(VIEWER, at)), at)


def plainly(history: ChildHistory) -> dict[str, Any]:
    """All that a history says, without the order of its records, which says nothing."""
    observations = history.observations
    return {
        "records": sorted(repr(o) for o in observations),
        "scoped": {
            scope: sorted(repr((observations[i], r)) for i, r in pairs) for scope, pairs in history.scoped.items()
        },
        "shown": sorted(repr((observations[i], r)) for i, r in history.shown),
        "fixed": (history.child, history.born, history.died, sorted(map(repr, history.adults)), sorted(map(repr, history.areas))),
        "feeds": sorted(map(repr, history.coverage)),
    }  # fmt: skip


def differing(memory: Memory, at: datetime) -> list[str]:
    """What of a memory that is brought up to now is not what a reading gives: ids of children and of identities."""
    from wholechild.patterns.queries import catch_up, circle_of, histories

    catch_up(VIEWER, memory)
    held = {child: there.asked.history for child in memory.children if (there := memory.recall(child, at))}
    anew = {history.child: plainly(history) for history in histories(VIEWER, sorted(held), at)}
    children = [child for child, history in held.items() if plainly(history) != anew.get(child)]
    circles = [
        identity
        for identity, circle in memory.circles.items()
        if circle.children != circle_of(identity).children
    ]
    return children + circles
