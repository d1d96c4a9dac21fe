"""What patterns writes: that a lesson holds for a child, and that it no longer does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction

from wholechild.lib.civil import FOREVER, civil
from wholechild.patterns.assembling import match_id
from wholechild.patterns.explain import explain
from wholechild.patterns.history import ChildHistory
from wholechild.patterns.language.lesson import Lesson
from wholechild.patterns.library import Engines
from wholechild.patterns.life.force import for_child
from wholechild.patterns.models import Match, MatchEnd, MatchRenewal
from wholechild.patterns.picture import ChildPicture
from wholechild.patterns.queries import child_picture, holds_until, open_matches
from wholechild.records.ids import stable_id
from wholechild.trust.actions import SALT_BYTES, Salts, append, disclose
from wholechild.trust.models import Fact
from wholechild.trust.permissions import Decision, classes_for, decide
from wholechild.trust.queries import relations_to
from wholechild.trust.viewers import Viewer

_MATCHING_LOCK = 0x6D61746368
_BLOCK = 2_000


@dataclass(frozen=True, slots=True)
class Noted:
    """How many matches began and how many ended, as far as was not known before."""

    begun: int
    ended: int


def note_matches(
    *,
    by: str,
    purpose: str,
    at: datetime,
    histories: Iterable[ChildHistory],
    lessons: Sequence[Lesson],
    salts: Salts,
) -> Noted:
    """Evaluate the lessons over every child given, and note each match that begins or ends; one transaction.

    Shape    what is noted already is not noted again. A match of a child who is not among the histories stays as it is.
             `lessons` as `lessons_in_force` gives them ask each child what runs where the child lives.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_MATCHING_LOCK])
        before: dict[str, dict[str, Match]] = {}
        for match in open_matches(at):
            before.setdefault(match.person, {})[match.pk] = match
        until = holds_until(at)
        begun: list[Match] = []
        renewed: list[MatchRenewal] = []
        ended: list[MatchEnd] = []
        for history in histories:
            asked = for_child(lessons, history, civil(at))
            now = {match.pk: match for match in _holding(history, asked, at, salts)}
            begun += [match for pk, match in now.items() if pk not in until]
            renewed += [
                _renewal(match, at, salts)
                for pk, match in now.items()
                if pk in until and until[pk] != match.holds_until
            ]
            gone = [m for pk, m in before.get(history.child, {}).items() if pk not in now]
            still = {(lesson.id, lesson.version) for lesson in asked} if gone else set()
            ended += [_end(match, at, salts, (match.lesson, match.version) in still) for match in gone]
        Match.objects.bulk_create(begun, batch_size=_BLOCK)
        MatchRenewal.objects.bulk_create(renewed, batch_size=_BLOCK)
        MatchEnd.objects.bulk_create(ended, batch_size=_BLOCK)
        facts: list[Fact] = [*begun, *renewed, *ended]
        if facts:
            append(by=by, purpose=purpose, at=at, act="patterns.match", facts=(f.committed() for f in facts))
    return Noted(len(begun), len(ended))


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


def _holding(history: ChildHistory, lessons: Sequence[Lesson], at: datetime, salts: Salts) -> Iterable[Match]:
    now, engines = civil(at), Engines(history)
    for lesson in lessons:
        engine = engines.of(lesson)
        for start, end in engine.evaluate(lesson.condition).holds:
            if start <= now < end:
                explanation = explain(lesson, engine, start)
                yield Match(
                    id=match_id(history.child, lesson, start), salt=salts(SALT_BYTES), person=history.child,
                    lesson=lesson.id, version=lesson.version, held_from=start, holds_until=None if end >= FOREVER else end,
                    sentence=explanation.sentence,
                    evidence=[history.observations[i].record for i in explanation.evidence],
                    agencies=list(explanation.agencies), raised_at=at,
                )  # fmt: skip


def _renewal(match: Match, at: datetime, salts: Salts) -> MatchRenewal:
    return MatchRenewal(
        id=stable_id("renewal", match.pk, at.isoformat()), salt=salts(SALT_BYTES), match=match.pk,
        holds_until=match.holds_until, noted_at=at,
    )  # fmt: skip


def _end(match: Match, at: datetime, salts: Salts, still_asked: bool) -> MatchEnd:
    return MatchEnd(
        id=stable_id("matchend", match.pk), salt=salts(SALT_BYTES), match=match.pk, ended_at=civil(at),
        why="what is known has changed" if still_asked else "this version of the lesson no longer runs here", noted_at=at,
    )  # fmt: skip
