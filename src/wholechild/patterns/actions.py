"""What patterns writes: that a lesson holds for a child, and that it no longer does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Final

from django.db import connection, transaction

from wholechild.lib.civil import civil
from wholechild.patterns.language.lesson import Lesson
from wholechild.patterns.life.force import for_child, mark_of
from wholechild.patterns.memory import NOTHING_REMEMBERED, Memory
from wholechild.patterns.models import AskedLast, Match, MatchChange, SnapshotBegun, SnapshotSealed, Watch
from wholechild.patterns.noting import Begun, Changed, look_again, spells_of, to_note
from wholechild.patterns.picture import ChildPicture
from wholechild.patterns.queries import (
    catch_up,
    child_picture,
    children_due,
    everyone_evaluated,
    recall,
    watched,
    whom_it_concerns,
)
from wholechild.records.ids import stable_id
from wholechild.trust.actions import SALT_BYTES, Salts, add_facts, append, disclose, hand_on
from wholechild.trust.outbox import CHILDREN
from wholechild.trust.permissions import Decision, classes_for, classes_in_columns, decide, may_analyse
from wholechild.trust.queries import head, moment_of, one_snapshot, relations_to
from wholechild.trust.viewers import Viewer, system

#: Children are evaluated so many at a time: one transaction, and one lock for each.
AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class Evaluated:
    """How many children were evaluated, and how many matches began, changed and ended."""

    children: int = 0
    begun: int = 0
    changed: int = 0
    ended: int = 0

    def __add__(self, other: Evaluated) -> Evaluated:
        return Evaluated(
            self.children + other.children, self.begun + other.begun, self.changed + other.changed, self.ended + other.ended,
        )  # fmt: skip


def evaluate_children(
    *,
    by: str,
    purpose: str,
    at: datetime,
    children: Sequence[str],
    lessons: Sequence[Lesson],
    salts: Salts,
    since: datetime | None = None,
    memory: Memory = NOTHING_REMEMBERED,
) -> Evaluated:
    """Evaluate the lessons over these children, and note each match that begins, changes or ends.

    Shape    what is noted already is not noted again; each batch of children is one transaction. No two evaluations of one
             child overlap, whoever asks for them. `since`: from when on there was something to evaluate, where that was not
             done at once; what has begun and ended in between is noted too.
             `lessons` as `lessons_in_force` gives them ask each child what runs where the child lives. `memory` spares reading
             anew what a worker has read before, and changes no outcome.
    """
    done = Evaluated()
    for start in range(0, len(children), AT_ONCE):
        some = sorted(children[start : start + AT_ONCE])
        with _to_ourselves(some):
            done += _evaluate(by, purpose, at, some, lessons, salts, since or at, memory)
    return done


@contextmanager
def _to_ourselves(children: Sequence[str]) -> Iterator[None]:
    """Wait until nobody else evaluates one of these children, and keep others waiting.

    The locks are the session's, not the transaction's: they are held before the snapshot is taken that is read from, and
    until what was noted is committed. All take them in the same order, so nobody waits in a circle.
    """
    keys = sorted(
        {int.from_bytes(sha256(child.encode()).digest()[:8], "big", signed=True) for child in children}
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(key) FROM unnest(%s::bigint[]) AS key", [keys])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(key) FROM unnest(%s::bigint[]) AS key", [keys])


def _evaluate(
    by: str, purpose: str, at: datetime, children: Sequence[str], lessons: Sequence[Lesson], salts: Salts, since: datetime,
    memory: Memory,
) -> Evaluated:  # fmt: skip
    viewer = system("match")
    with one_snapshot():
        catch_up(viewer, memory)
        before = watched(children)
        recalled = recall(viewer, memory, children, at)
    now = civil(at)
    facts: list[Match | MatchChange] = []
    due: dict[str, int | None] = {}
    for child in children:
        remembered = recalled.get(child)
        history = remembered.history if remembered else None
        asked = for_child(lessons, history, now)
        spells, say = remembered.spells_of(asked) if remembered else spells_of(None, asked)
        looked = min(civil(since), before.due.get(child, now))
        found = to_note(
            spells,
            before.matches.get(child, {}),
            say,
            now=now,
            since=looked,
            in_force={(lesson.id, lesson.version) for lesson in asked},
        )
        facts += [_fact(noted, child, at, salts) for noted in found]
        due[child] = look_again(spells, lessons, history, now)
    late = {child: edge for child, edge in due.items() if edge != before.due.get(child)}
    if facts or late:
        with transaction.atomic():
            _store(by, purpose, at, facts, late)
    changes = [fact for fact in facts if isinstance(fact, MatchChange)]
    ended = sum(not change.is_open for change in changes)
    return Evaluated(len(children), len(facts) - len(changes), len(changes) - ended, ended)


def _store(
    by: str, purpose: str, at: datetime, facts: Sequence[Match | MatchChange], due: Mapping[str, int | None]
) -> None:
    Watch.objects.filter(person__in=[child for child, edge in due.items() if edge is None]).delete()
    Watch.objects.bulk_create(
        [Watch(person=child, due=edge) for child, edge in due.items() if edge is not None],
        update_conflicts=True, unique_fields=["person"], update_fields=["due"],
    )  # fmt: skip
    Match.objects.bulk_create([fact for fact in facts if isinstance(fact, Match)])
    MatchChange.objects.bulk_create([fact for fact in facts if isinstance(fact, MatchChange)])
    if facts:
        append(
            by=by, purpose=purpose, at=at, act="patterns.match", facts=[fact.committed() for fact in facts]
        )


def _fact(noted: Begun | Changed, person: str, at: datetime, salts: Salts) -> Match | MatchChange:
    said = {
        "sentence": noted.said.sentence,
        "evidence": list(noted.said.evidence),
        "agencies": list(noted.said.agencies),
    }
    if isinstance(noted, Begun):
        spell = noted.spell
        return Match(
            id=spell.match, salt=salts(SALT_BYTES), person=person, lesson=spell.lesson.id, version=spell.lesson.version,
            held_from=spell.start, holds_until=noted.said.until, raised_at=at, **said,
        )  # fmt: skip
    return MatchChange(
        id=stable_id("change", noted.match, str(noted.number)), salt=salts(SALT_BYTES), match=noted.match, number=noted.number,
        is_open=noted.is_open, until=noted.said.until, why=noted.why, noted_at=at, **said,
    )  # fmt: skip


# -- what a worker does --------------------------------------------------------------------------------------------------


def take_in_news(
    *, by: str, purpose: str, at: datetime, first: int, last: int, lessons: Sequence[Lesson], salts: Salts,
    memory: Memory = NOTHING_REMEMBERED,
) -> Evaluated:  # fmt: skip
    """Evaluate every child whom the news between two leaves of the ledger concerns.

    Shape    a few children at once; more are handed on in batches, behind what arrives meanwhile.
    """
    viewer = system("match")
    catch_up(viewer, memory)
    concern = whom_it_concerns(viewer, memory, first, last)
    concerned = concern.children
    if len(concerned) <= AT_ONCE:
        return evaluate_children(
            by=by, purpose=purpose, at=at, children=concerned, lessons=lessons, salts=salts, since=concern.since, memory=memory,
        )  # fmt: skip
    with transaction.atomic():
        for start in range(0, len(concerned), AT_ONCE):
            some = concerned[start : start + AT_ONCE]
            hand_on(by=by, purpose=purpose, at=at, task=CHILDREN, priority=-1, children=some, first=first)
    return Evaluated()


def take_in_children(
    *, by: str, purpose: str, at: datetime, children: Sequence[str], first: int, lessons: Sequence[Lesson], salts: Salts,
    memory: Memory = NOTHING_REMEMBERED,
) -> Evaluated:  # fmt: skip
    """Evaluate some of the children whom the news from a leaf of the ledger on concerns."""
    return evaluate_children(
        by=by, purpose=purpose, at=at, children=children, lessons=lessons, salts=salts, since=moment_of(first), memory=memory,
    )  # fmt: skip


def take_in_one_by_one(
    *, by: str, purpose: str, at: datetime, children: Sequence[str], first: int, lessons: Sequence[Lesson], salts: Salts
) -> Evaluated:  # fmt: skip
    """Hand each of these children on by itself: where one of them cannot be evaluated, the others must not wait for it."""
    with transaction.atomic():
        for child in children:
            hand_on(by=by, purpose=purpose, at=at, task=CHILDREN, priority=-1, children=[child], first=first)
    return Evaluated()


def take_in_lessons(
    *, by: str, purpose: str, at: datetime, lessons: Sequence[Lesson], salts: Salts
) -> Evaluated:
    """Where other lessons run than when children were last evaluated, hand everybody on: a decision has begun, or a version ended.

    Shape    on the first time there is nobody to hand on: whoever arrived is news.
    """
    mark = mark_of(lessons)
    with transaction.atomic():
        last = AskedLast.objects.select_for_update().first()
        if last is not None and last.mark != mark:
            everybody, first = everyone_evaluated(system("match"), at), head().leaves
            for start in range(0, len(everybody), AT_ONCE):
                some = everybody[start : start + AT_ONCE]
                hand_on(by=by, purpose=purpose, at=at, task=CHILDREN, priority=-1, children=some, first=first)
        if last is None or last.mark != mark:
            settle_lessons(by=by, purpose=purpose, at=at, lessons=lessons)
    return Evaluated()


def settle_lessons(*, by: str, purpose: str, at: datetime, lessons: Sequence[Lesson]) -> None:
    """Remember which lessons everybody was last asked, or is about to be."""
    AskedLast.objects.update_or_create(pk=1, defaults={"mark": mark_of(lessons)})


def evaluate_due(
    *, by: str, purpose: str, at: datetime, lessons: Sequence[Lesson], salts: Salts, memory: Memory = NOTHING_REMEMBERED
) -> Evaluated:  # fmt: skip
    """Evaluate every child for whom time alone has changed what holds, however long ago that was."""
    done = Evaluated()
    while due := children_due(at, AT_ONCE):
        done += evaluate_children(
            by=by, purpose=purpose, at=at, children=due, lessons=lessons, salts=salts, memory=memory
        )
    return done


# -- what is shown -------------------------------------------------------------------------------------------------------


def open_picture(
    *, by: Viewer, purpose: str, at: datetime, person: str, as_known_at: date, lessons: Sequence[Lesson], route: str, salts: Salts
) -> ChildPicture | None:  # fmt: skip
    """Read a child's picture and record that it is shown, in one transaction (D6); None, recorded as refused, if it may not be.

    Missing  *absent* and *refused* give the same None, and each leaves its own entry.
    """
    with transaction.atomic():
        relations = relations_to(by, [person], at)[person]
        decision = decide(by.role, relations, "existence")
        picture = (
            child_picture(viewer=by, person=person, as_known_at=as_known_at, at=at, lessons=lessons)
            if decision
            else None
        )
        if decision and picture is None:
            decision = Decision(False, "nobody has this id")
        disclose(
            by=by, purpose=purpose, at=at, person=person, relations=relations, decision=decision, route=route,
            classes=classes_for(by.role, relations) if decision else ("existence",),
            disclosure_id=f"dis-{salts(12).hex()}", salts=salts,
        )  # fmt: skip
    return picture


class MayNot(PermissionError):
    """Somebody may not do this; the message says by which line of the table, and is fit to show."""


def begin_snapshot(*, by: Viewer, purpose: str, at: datetime, snapshot: str, salts: Salts) -> frozenset[str]:
    """Note that a snapshot is being taken, before anything is read, and give the classes of data that it may open.

    Errors   MayNot, if the role may not; nothing is noted then.
    """
    decision = may_analyse(by.role)
    if not decision:
        raise MayNot(
            f"{by.user} may not have a snapshot taken ({decision.rule}). Ask a panel analyst or the operator."
        )
    classes = classes_in_columns(purpose)
    begun = SnapshotBegun(id=snapshot, wanted_by=by.user, classes=sorted(classes), begun_at=at)
    add_facts(by=by.user, purpose=purpose, at=at, act="snapshot.begin", facts=[begun], salts=salts)
    return classes


def seal_snapshot(
    *, by: Viewer, purpose: str, at: datetime, snapshot: str, head: str, manifest_sha256: str, children: int, salts: Salts
) -> None:  # fmt: skip
    """Note that a snapshot is whole, so that its manifest can be compared with the ledger for ever."""
    sealed = SnapshotSealed(
        id=stable_id("sealed", snapshot), snapshot=snapshot, head=head, manifest_sha256=manifest_sha256,
        children=children, sealed_at=at,
    )  # fmt: skip
    add_facts(by=by.user, purpose=purpose, at=at, act="snapshot.seal", facts=[sealed], salts=salts)
