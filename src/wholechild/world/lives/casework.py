"""What children's social care and early help keep of the people they work with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wholechild.world.agencies import Sender
from wholechild.world.context import Local, World
from wholechild.world.people import Child, Person


@dataclass(slots=True)
class Case:
    """One piece of work with some children of a family."""

    children: list[Child]
    adults: list[Person]
    day: int

    @property
    def people(self) -> list[Person]:
        return [*self.children, *self.adults]


class Casework:
    """One service that works with families, and how it writes."""

    def __init__(self, world: World, kind: str) -> None:
        self.world, self.window = world, world.window
        self.us = world.agencies[kind]

    def note(self, local: Local, day: int, kind: str, people: Sequence[Person], what: str, *, lag: int = 0, keep: bool = False,
               sender: Sender | None = None) -> None:  # fmt: skip
        """A record of ours; one from before the window only if it began something that is still so (`keep`)."""
        here = [p for p in people if not isinstance(p, Child) or p.born <= day < p.present_to]
        if not here or not isinstance(here[0], Child):
            return
        if day >= self.window.start:
            local.log.record(day, sender or self.us, kind, here, what, lag=lag)
        elif keep:
            local.log.record(day, sender or self.us, kind, here, what, lag=self.window.start - day, earlier=1)
