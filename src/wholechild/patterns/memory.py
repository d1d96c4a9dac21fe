"""What a worker remembers of the children whom it evaluated last, so that one more record costs little more than that record.

The rules, in order (docs/adr/0013):

1. What is remembered is what a reading of everything at one place of the ledger would give, and the memory knows the place
   and its link. Where the ledger has another link there, or none (another database, one that was restored, an act that was
   rolled back), everything is forgotten.
2. Leaves stand in the order of the commits, and each fact has its leaf. So what may be otherwise since then are the facts of
   the leaves since then, and no others; whoever wrote them.
3. A first version of a record, about identities whose links are remembered, is added to the histories in which it stands.
4. Whatever else a history is made of has everybody forgotten whom it may concern; feeds, and kinds of facts that are not known
   here, have everything forgotten. So has more news than it would be worth to follow.

Plain: it reads nothing. What is at which place of the ledger is told to it (queries.catch_up), and nobody but one worker,
one thing at a time, may use it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple
from weakref import WeakValueDictionary

from wholechild.patterns.joining import Belonging, Linked, describe
from wholechild.patterns.noting import Asked
from wholechild.records.facts import Record
from wholechild.trust.ledger import Head, Leaf

#: How many observations are remembered at the most, over all children: about two kilobytes each.
MOST_OBSERVATIONS: Final = 100_000
#: A child weighs as much as so many observations more: a family, and the answers of each lesson.
_A_CHILD: Final = 20
#: More news than this at once is not followed: everything is forgotten, and read anew when it is asked for.
MOST_LEAVES: Final = 1_000
_MOST_CIRCLES: Final = 20_000
_MOST_NEWS: Final = 1_000

#: Facts of which no history, and nothing about whom news concerns, is made.
_UNREAD: Final = frozenset({
    "account", "relation", "disclosure", "agency", "agency_contact", "quarantined", "resolution", "person", "pair_decision",
    "pair_decision_seconded", "pair_decision_undone", "review_taken", "linkage_model", "linkage_model_adopted", "linkage_report",
    "match", "match_change", "match_outcome", "snapshot_begun", "snapshot_sealed", "lesson_draft", "lesson_proposal",
    "lesson_decision", "lesson_version",
})  # fmt: skip
#: Rows of a delivery that say who belongs to whom.
_OF_FAMILIES: Final = frozenset({"person_details", "tie", "residence"})
_ACTS: Final = frozenset({"link", "unlink", "withdrawal"})


class Delivered(NamedTuple):
    """The leaf of a delivery, and the ids of the records that it brought; `alone` if it brought nothing of families."""

    leaf: Leaf
    records: tuple[str, ...]
    alone: bool


@dataclass(frozen=True, slots=True)
class Since:
    """What some leaves have to say: every delivery, and by kind the facts that may change who belongs to whom."""

    deliveries: tuple[Delivered, ...]
    others: Mapping[str, Sequence[str]]


def sorted_out(leaves: Iterable[Leaf]) -> Since | None:
    """What these leaves say, of whole acts in their order; None: more than can be followed."""
    deliveries: list[Delivered] = []
    others: dict[str, list[str]] = {}
    records: list[str] = []
    families = False
    for leaf in leaves:
        if leaf.kind == "record":
            records.append(leaf.fact)
        elif leaf.kind in _OF_FAMILIES:
            families = True
        elif leaf.kind == "delivery":  # the last leaf of its act
            deliveries.append(Delivered(leaf, tuple(records), not families))
            if families:
                others.setdefault("delivery", []).append(leaf.fact)
            records, families = [], False
        elif leaf.kind in _ACTS:
            others.setdefault(leaf.kind, []).append(leaf.fact)
        elif leaf.kind not in _UNREAD:
            return None
    if records or families:  # rows without a delivery: no act of ours leaves such leaves
        return None
    return Since(tuple(deliveries), others)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One record that came, and all whom any version of it names.

    Missing  `record` None: not simply one more (a correction, one that was withdrawn, one that no agency held).
             `named` are the identities of `record.about`, in its order.
    """

    everyone: frozenset[str]
    record: Record | None
    named: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Circle:
    """Whom news of an identity concerns, who is any of these people now or ever was: everybody around them, and the children."""

    people: frozenset[str]
    around: frozenset[str]
    children: frozenset[str]


@dataclass(frozen=True, slots=True)
class News:
    """One delivery of records alone: when it was, and whom it names."""

    at: datetime
    identities: frozenset[str]


@dataclass(slots=True)
class Remembered:
    """One child: what the lessons say, who belongs to the child, and who each identity is that any of the records may name.

    `read_at` is the moment as of which names and births were read: earlier moments may know them otherwise.
    """

    asked: Asked
    belongs: Belonging
    links: Mapping[str, Sequence[Linked]]
    read_at: datetime
    _around: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self._around = self.belongs.family.everyone_around(self.belongs.child)

    @property
    def weight(self) -> int:
        return len(self.asked.history.observations) + _A_CHILD

    def concerned_by(self, arrival: Arrival) -> bool:
        """Whether any version of the record names somebody whose records the child's history is made of."""
        if arrival.everyone.isdisjoint(self.links):  # nearly always
            return False
        named = (link.person for identity in arrival.everyone for link in self.links.get(identity, ()))
        return any(person in self._around for person in named)

    def take_in(self, arrival: Arrival) -> bool:
        """Add a record, if that is all there is to do; whether it was."""
        record = arrival.record
        if record is None or not all(identity in self.links for identity in arrival.named):
            return False
        locals_ = zip(record.about, arrival.named, strict=True)
        links = {(record.agency.id, local): self.links[identity] for local, identity in locals_}
        for described in describe([record], links):
            if where := self.belongs.where_it_counts(described):
                self.asked.grow(described.observation, *where)
        return True


@dataclass(slots=True)
class Memory:
    """The children whom a worker evaluated last, as of one place of the ledger; `most` observations at the most, 0 for none.

    Units    `most` in observations; a child counts as some more.
    Missing  `at` None: nothing is remembered.
    """

    most: int = MOST_OBSERVATIONS
    at: Head | None = None
    _children: OrderedDict[str, Remembered] = field(default_factory=OrderedDict)
    _circles: OrderedDict[str, Circle] = field(default_factory=OrderedDict)
    #: The same circles by their people, as long as any identity has them.
    _by_people: WeakValueDictionary[frozenset[str], Circle] = field(default_factory=WeakValueDictionary)
    _news: OrderedDict[int, News] = field(default_factory=OrderedDict)
    _weight: int = 0

    def begin_at(self, at: Head | None) -> None:
        """Forget everything, and go on from this place of the ledger. Before its first leaf, nothing is remembered."""
        self._children.clear()
        self._circles.clear()
        self._news.clear()
        self._weight, self.at = 0, at if at and at.leaves else None

    def stands_in(self, leaves: Sequence[Leaf]) -> bool:
        """Whether the ledger, of which these are the leaves from our place on, has our link there."""
        return (
            self.at is not None
            and bool(leaves)
            and (leaves[0].seq, leaves[0].link) == (self.at.leaves, self.at.link)
        )

    @contextmanager
    def brought_up_to(self, at: Head) -> Iterator[None]:
        """What is told inside brings the memory up to a place; where that fails, everything is forgotten."""
        try:
            yield
        except BaseException:
            self.begin_at(None)
            raise
        self.at = at

    # -- what is told --------------------------------------------------------------------------------------------------

    def forget_around(self, persons: Collection[str]) -> None:
        """Forget these people, and whom news concerns that concerns any of them."""
        everybody = frozenset(persons)
        for child in [child for child in self._children if child in everybody]:
            self._forget(child)
        for identity in [i for i, circle in self._circles.items() if not circle.around.isdisjoint(everybody)]:
            del self._circles[identity]

    def take_in(self, arrival: Arrival) -> None:
        """Add a record to the histories in which it stands; where more is to be done than that, forget them."""
        for child, remembered in list(self._children.items()):
            if remembered.concerned_by(arrival):
                before = remembered.weight
                if remembered.take_in(arrival):
                    self._weight += remembered.weight - before
                else:
                    self._forget(child)

    def hear(self, leaf: int, news: News) -> None:
        """Keep whom a delivery named, for the job that asks whom it concerns."""
        self._news[leaf] = news
        if len(self._news) > _MOST_NEWS:
            self._news.popitem(last=False)

    @property
    def children(self) -> tuple[str, ...]:
        """Who is remembered, the longest unasked first."""
        return tuple(self._children)

    @property
    def circles(self) -> Mapping[str, Circle]:
        """Whom news concerns, by identity, as far as that is remembered."""
        return dict(self._circles)

    # -- what is asked -------------------------------------------------------------------------------------------------

    def news(self, first: int, last: int) -> News | None:
        """The delivery that left this one leaf; None: more than one, another act, or not remembered."""
        return self._news.get(first) if first == last else None

    def circle(self, identity: str) -> Circle | None:
        """Whom news of this identity concerns, if it is remembered."""
        return self._circles.get(identity)

    def circle_of(self, people: frozenset[str]) -> Circle | None:
        """The circle of all these people, if it is remembered of another identity of theirs: each agency has one of its own."""
        return self._by_people.get(people)

    def keep_circle(self, identity: str, circle: Circle) -> None:
        """Remember whom news of an identity concerns. Nobody at all is not remembered: nothing would have it forgotten."""
        if self.most and circle.around:
            self._circles[identity] = self._by_people[circle.people] = circle
            if len(self._circles) > _MOST_CIRCLES:
                self._circles.popitem(last=False)

    def recall(self, child: str, at: datetime) -> Remembered | None:
        """What is remembered of a child, for a moment that is not before the one as of which it was read."""
        remembered = self._children.get(child)
        if remembered is None or at < remembered.read_at:
            return None
        self._children.move_to_end(child)
        return remembered

    def remember(self, child: str, remembered: Remembered) -> None:
        """Remember a child; the longest unasked are forgotten where that becomes too much."""
        self._forget(child)
        if self.at is None:
            return
        self._children[child] = remembered
        self._weight += remembered.weight
        while self._children and self._weight > self.most:
            self._forget(next(iter(self._children)))

    def _forget(self, child: str) -> None:
        gone = self._children.pop(child, None)
        if gone is not None:
            self._weight -= gone.weight


#: The memory of whoever asks once: it stays empty.
NOTHING_REMEMBERED: Final = Memory(most=0)
