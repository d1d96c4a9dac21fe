"""Which lessons run, and how each came to: what can be asked of the decisions about lessons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Final

from django.db import connection
from django.db.models import Count, Q

from wholechild.lib.civil import LONDON
from wholechild.patterns.language.faults import LessonFault
from wholechild.patterns.language.lesson import Lesson, read_lesson
from wholechild.patterns.library import Library
from wholechild.patterns.life.force import (
    ADOPT,
    Decided,
    LessonsInForce,
    Running,
    running,
)
from wholechild.patterns.life.outcomes import OUTCOMES
from wholechild.patterns.life.trying import hash_of
from wholechild.patterns.models import (
    LessonDecision,
    LessonDraft,
    LessonProposal,
    LessonVersion,
    Match,
    MatchOutcome,
)
from wholechild.trust.queries import may_see
from wholechild.trust.viewers import Viewer
from wholechild.vocabulary.areas import HOME_NATION, nation_of
from wholechild.vocabulary.terms import vocabulary

#: Who signs what came with the software. No account has this name: a name with a colon is no user's.
INSTALLATION = "system:installation"


class LessonUnreadable(RuntimeError):
    """An adopted lesson cannot be run as it was adopted. Nothing is run in its place."""


class NothingAdopted(RuntimeError):
    """No lesson was ever adopted in this installation, so that silence would mean nothing."""


# -- what runs -------------------------------------------------------------------------------------------------------


def lessons_in_force(viewer: Viewer, at: datetime, *, area: str = "") -> LessonsInForce:
    """The lessons that run at a moment, by the decisions that were complete by then (force.py has the rules).

    Shape    for one `area`, what runs there; else all that runs, which knows what runs in each nation and area.
             Each is read from the exact text that was adopted, never from a file that may have been edited since.
             `viewer` may be anybody: a lesson says nothing of any person.
    Errors   NothingAdopted; LessonUnreadable, where a text is not the one that was adopted.
    """
    return _in_force(_decisions_until(at), at, _day(at), area)


def _decisions_until(at: datetime) -> str:
    """A digest of the signatures there are: as long as it is the same, so is what runs on one day."""
    with connection.cursor() as cursor:
        cursor.execute(_SIGNATURES, [at])
        digest: str = cursor.fetchone()[0]
    return digest


_SIGNATURES: Final = (
    "SELECT md5(coalesce(string_agg(id || ' ' || encode(salt, 'hex') || ' ' || (signed_at <= %s), ',' ORDER BY id), '')) "
    "FROM patterns_lessondecision"
)


@lru_cache(maxsize=64)
def _in_force_by(digest: str) -> dict[tuple[date, str], LessonsInForce]:
    """What was found for a digest of signatures, by (day, area)."""
    return {}


def _in_force(digest: str, at: datetime, on: date, area: str) -> LessonsInForce:
    found = _in_force_by(digest)
    key = (on, area)
    if key not in found:
        found[key] = _worked_out(at, on, area)
    return found[key]


def _worked_out(at: datetime, on: date, area: str) -> LessonsInForce:
    decided = _decided(at)
    if not decided:
        raise NothingAdopted(
            "No lesson was ever adopted here. `wholechild lessons install` adopts the library."
        )
    if area:
        return LessonsInForce(_read(decided, on, nation_of(area), area))
    areas = {place for one in decided for place in one.areas}
    nations = {nation for one in decided for nation in one.nations} - {HOME_NATION}
    return LessonsInForce(
        _read(decided, on, HOME_NATION, ""),
        {place: _read(decided, on, nation_of(place), place) for place in areas},
        {nation: _read(decided, on, nation, "") for nation in nations},
    )


def _day(at: datetime) -> date:
    return at.astimezone(LONDON).date()


def _decided(at: datetime) -> list[Decided]:
    """Every decision that was complete by a moment.

    What an action would have refused counts for nothing here either, should a row have come in another way: a second
    signature by the same person or by the proposer, and one of the installation that is not of its first moment.
    """
    from_the_beginning = Q(signed_by=INSTALLATION, starts_on=None)
    rows = list(LessonDecision.objects.filter(Q(signed_at__lte=at) | from_the_beginning))
    installed_at = min((row.signed_at for row in rows if row.signed_by == INSTALLATION), default=None)
    signed = [row for row in rows if row.signed_by != INSTALLATION]
    proposers = _proposers({row.sha256 for row in signed})
    first = {row.pk: row for row in signed if (row.sha256, row.signed_by) not in proposers}
    found = [_alone(row) for row in rows if row.signed_by == INSTALLATION and row.signed_at == installed_at]
    for second in first.values():
        one = first.get(second.seconds)
        if one and one.signed_by != second.signed_by and _same_terms(one, second):
            found.append(_seconded(one, second))
    return found


def _proposers(texts: set[str]) -> set[tuple[str, str]]:
    """(hash of a text, who proposed it), for these texts."""
    if not texts:
        return set()
    return set(LessonProposal.objects.filter(sha256__in=texts).values_list("sha256", "proposed_by"))


def _same_terms(one: LessonDecision, other: LessonDecision) -> bool:
    return all(
        getattr(one, name) == getattr(other, name)
        for name in ("decision", "lesson", "version", "sha256", "starts_on", "nations", "areas")
    )


def _alone(row: LessonDecision) -> Decided:
    return Decided(
        row.decision, row.lesson, row.version, row.sha256, row.starts_on, row.signed_at.isoformat(),
        frozenset(row.nations), frozenset(row.areas),
    )  # fmt: skip


def _seconded(first: LessonDecision, second: LessonDecision) -> Decided:
    """The terms of the first signature. A decision that was completed late begins on the day of its completion."""
    completed = _day(second.signed_at)
    begins = max(first.starts_on, completed) if first.starts_on else completed
    return Decided(
        first.decision, first.lesson, first.version, first.sha256, begins, second.signed_at.isoformat(),
        frozenset(first.nations), frozenset(first.areas),
    )  # fmt: skip


def _read(decided: Iterable[Decided], on: date, nation: str, area: str) -> tuple[Lesson, ...]:
    found = (_lesson(one.sha256) for one in running(decided, on, nation=nation, area=area))
    return tuple(lesson for lesson in found if lesson.in_force_to is None or on <= lesson.in_force_to)


@lru_cache(maxsize=1024)
def _lesson(sha256: str) -> Lesson:
    """The lesson of exactly this text. Kept: a text of another hash is another lesson."""
    row = LessonProposal.objects.filter(sha256=sha256).order_by("pk").first()
    if row is None or hash_of(row.text) != sha256:
        raise LessonUnreadable(
            f"The adopted text {sha256[:12]} is missing or was changed. Nothing runs in its place: run `wholechild verify`."
        )
    lesson, faults = read_lesson(row.text, f"{row.lesson}, version {row.version}", vocabulary())
    if lesson is None:
        raise LessonUnreadable(f"An adopted lesson has a fault with today's vocabulary. {faults[0]}")
    return lesson


def lesson_of(lesson: str, version: int) -> Lesson | None:
    """The version of a lesson that was adopted once, for ever the same; None where there never was one."""
    sealed = LessonVersion.objects.filter(pk=version_id(lesson, version)).first()
    return _lesson(sealed.sha256) if sealed else None


def version_id(lesson: str, version: int) -> str:
    return f"{lesson}/{version}"


# -- how it came to be -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Signed:
    """One decision with its one or two signatures.

    Missing  `second_by` empty: it waits for somebody else. `starts_on` None: from the beginning.
    """

    id: str
    decision: str
    lesson: str
    version: int
    sha256: str
    starts_on: date | None
    places: tuple[str, ...]
    why: str
    first_by: str
    first_role: str
    first_at: datetime
    second_by: str
    second_role: str
    second_at: datetime | None

    @property
    def counts(self) -> bool:
        return bool(self.second_by) or self.first_by == INSTALLATION


@dataclass(frozen=True, slots=True)
class Proposed:
    """One version as it was proposed."""

    id: str
    lesson: str
    version: int
    sha256: str
    title: str
    why: str
    backtest: str
    proposed_by: str
    role: str
    proposed_at: datetime


@dataclass(frozen=True, slots=True)
class LessonLife:
    """One lesson from its first proposal to now, the newest first.

    Shape    `running` has the versions that run now, with the places; `outcomes` counts what professionals said, by version.
    """

    lesson: str
    title: str
    running: tuple[tuple[int, tuple[str, ...]], ...]
    proposals: tuple[Proposed, ...]
    decisions: tuple[Signed, ...]
    matches: Mapping[int, int]
    outcomes: Mapping[int, Mapping[str, int]]

    @property
    def waiting(self) -> tuple[Signed, ...]:
        """Decisions that have one signature."""
        return tuple(one for one in self.decisions if not one.counts)

    @property
    def undecided(self) -> tuple[Proposed, ...]:
        """Proposals that were never adopted, and that no later version has overtaken."""
        adopted = [one for one in self.decisions if one.counts and one.decision == ADOPT]
        newest = max((one.version for one in adopted), default=0)
        return tuple(one for one in self.proposals if one.version > newest)

    @property
    def state(self) -> str:
        """`in force`, `waiting`, `proposed` or `retired`: the most that can be said in a word."""
        if self.waiting:
            return "waiting"
        if self.undecided:
            return "proposed"
        return "in force" if self.running else "retired"


def lives(viewer: Viewer, at: datetime, lesson: str = "") -> tuple[LessonLife, ...]:
    """The life of every lesson that was ever proposed here, or of one, by title."""
    rows = LessonProposal.objects.filter(proposed_at__lte=at).order_by("-version", "-proposed_at")
    decisions = LessonDecision.objects.filter(signed_at__lte=at)
    if lesson:
        rows, decisions = rows.filter(lesson=lesson), decisions.filter(lesson=lesson)
    by_lesson: dict[str, list[Proposed]] = {}
    for row in rows:
        by_lesson.setdefault(row.lesson, []).append(_proposed(row))
    signed = _signed(list(decisions))
    places = _where(at)
    matches, outcomes = _counted(lesson)
    found = [
        LessonLife(
            name, proposals[0].title, _runs(name, places), tuple(proposals),
            tuple(one for one in signed if one.lesson == name), matches.get(name, {}), outcomes.get(name, {}),
        )
        for name, proposals in by_lesson.items()
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda life: life.title.casefold()))


@lru_cache(maxsize=1024)
def _title(text: str, otherwise: str) -> str:
    lesson, _ = read_lesson(text, otherwise, vocabulary())
    return lesson.title if lesson else otherwise


def _proposed(row: LessonProposal) -> Proposed:
    return Proposed(
        row.pk, row.lesson, row.version, row.sha256, _title(row.text, row.lesson), row.why, row.backtest,
        row.proposed_by, row.role, row.proposed_at,
    )  # fmt: skip


def _signed(rows: Sequence[LessonDecision]) -> list[Signed]:
    seconds = {row.seconds: row for row in rows if row.seconds}
    found = []
    for row in sorted((row for row in rows if not row.seconds), key=lambda row: (row.signed_at, row.pk)):
        second = seconds.get(row.pk)
        found.append(Signed(
            row.pk, row.decision, row.lesson, row.version, row.sha256, row.starts_on, (*row.nations, *row.areas), row.why,
            row.signed_by, row.role, row.signed_at, second.signed_by if second else "", second.role if second else "",
            second.signed_at if second else None,
        ))  # fmt: skip
    return found[::-1]


def _where(at: datetime) -> dict[str, list[Running]]:
    """place -> what runs there now; an area stands only where it differs from the nation."""
    decided = _decided(at)
    nations = sorted({nation for one in decided for nation in one.nations})
    areas = sorted({area for one in decided for area in one.areas})
    found = {nation: list(running(decided, _day(at), nation=nation, area="")) for nation in nations}
    general = found.get(HOME_NATION, [])
    for area in areas:
        own = running(decided, _day(at), nation=nation_of(area), area=area)
        found[area] = [one for one in own if one not in found.get(nation_of(area), general)]
    return found


def _runs(lesson: str, places: Mapping[str, Sequence[Running]]) -> tuple[tuple[int, tuple[str, ...]], ...]:
    by_version: dict[int, list[str]] = {}
    for place, found in places.items():
        for one in found:
            if one.lesson == lesson:
                by_version.setdefault(one.version, []).append(place)
    return tuple((version, tuple(by_version[version])) for version in sorted(by_version, reverse=True))


def _counted(lesson: str) -> tuple[dict[str, dict[int, int]], dict[str, dict[int, Counter[str]]]]:
    """How many matches each version raised, and what was said of them; the last word of each person counts."""
    rows = Match.objects.filter(lesson=lesson) if lesson else Match.objects.all()
    matches: dict[str, dict[int, int]] = {}
    for name, version, raised in rows.values_list("lesson", "version").annotate(n=Count("pk")).order_by():
        matches.setdefault(name, {})[version] = raised
    said = MatchOutcome.objects.order_by("said_at", "pk").values_list("match", "said_by", "outcome")
    last = {(match, person): outcome for match, person, outcome in said}
    of = {
        pk: (name, version)
        for pk, name, version in rows.filter(pk__in={match for match, _ in last}).values_list("pk", "lesson", "version")
    }  # fmt: skip
    outcomes: dict[str, dict[int, Counter[str]]] = {}
    for (match, _), outcome in last.items():
        if match in of:
            name, version = of[match]
            outcomes.setdefault(name, {}).setdefault(version, Counter())[outcome] += 1
    return matches, outcomes


@dataclass(frozen=True, slots=True)
class ExactText:
    """One proposed version, to the letter."""

    lesson: str
    version: int
    sha256: str
    text: str
    examples: str


def exact_text(viewer: Viewer, lesson: str, version: int, sha256: str = "") -> ExactText | None:
    """The text of a version: the one that was adopted, else the newest that was proposed; or the one of a hash."""
    rows = LessonProposal.objects.filter(lesson=lesson, version=version).order_by("-proposed_at")
    sealed = LessonVersion.objects.filter(pk=version_id(lesson, version)).first()
    if sha256 or sealed:
        rows = rows.filter(sha256=sha256 or (sealed.sha256 if sealed else ""))
    row = rows.first()
    return ExactText(row.lesson, row.version, row.sha256, row.text, row.examples) if row else None


def edited_files(viewer: Viewer, library: Library) -> tuple[LessonFault, ...]:
    """A fault for each file that is another text than the version that was adopted under its number."""
    sealed = {row.pk: row.sha256 for row in LessonVersion.objects.all()}
    return tuple(
        LessonFault(
            f"{folder.lesson.id}/lesson.yaml", 1, 1,
            f"this is not the text that was adopted as version {folder.lesson.version}",
            f"Take the edit back, or raise `version` to {folder.lesson.version + 1} and propose it.",
        )
        for folder in library.lessons
        if hash_of(folder.text) != sealed.get(version_id(folder.lesson.id, folder.lesson.version), hash_of(folder.text))
    )  # fmt: skip


# -- drafts ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Revision:
    """One saving of a draft."""

    draft: str
    number: int
    lesson: str
    text: str
    examples: str
    why: str
    saved_by: str
    saved_at: datetime


def revisions(viewer: Viewer, draft: str) -> tuple[Revision, ...]:
    """Every saving of a draft, the newest first; none where there is no such draft."""
    return tuple(_revision(row) for row in LessonDraft.objects.filter(draft=draft).order_by("-number"))


def drafts(viewer: Viewer) -> tuple[Revision, ...]:
    """The newest revision of every draft, the last saved first."""
    newest: dict[str, LessonDraft] = {}
    for row in LessonDraft.objects.order_by("number"):
        newest[row.draft] = row
    return tuple(
        _revision(row) for row in sorted(newest.values(), key=lambda row: row.saved_at, reverse=True)
    )


def _revision(row: LessonDraft) -> Revision:
    return Revision(
        row.draft, row.number, row.lesson, row.text, row.examples, row.why, row.saved_by, row.saved_at
    )


# -- what came of matches ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Said:
    """What one professional said of a match."""

    outcome: str
    title: str
    reason: str
    role: str
    said_at: datetime


def outcomes_of(viewer: Viewer, matches: Sequence[str], at: datetime) -> dict[str, tuple[Said, ...]]:
    """What was said of each of these matches, the newest first, where the viewer may read about the child.

    Shape    every match that was noted has an entry, if only an empty one; a match that nobody noted has none.
    """
    rows = {row.pk: row.person for row in Match.objects.filter(pk__in=matches)}
    open_to = {person: bool(may_see(viewer, person, "content", at)) for person in set(rows.values())}
    found: dict[str, list[Said]] = {match: [] for match, person in rows.items() if open_to[person]}
    for row in MatchOutcome.objects.filter(match__in=list(rows), said_at__lte=at).order_by("-said_at", "-pk"):
        if open_to[rows[row.match]]:
            said = Said(row.outcome, OUTCOMES[row.outcome], row.reason, row.role, row.said_at)
            found[row.match].append(said)
    return {match: tuple(said) for match, said in found.items()}
