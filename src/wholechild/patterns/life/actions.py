"""Everything that is written about lessons. Each act checks who may, refuses with reasons, or leaves its leaves."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db import connection, transaction

from wholechild.lib.civil import LONDON, say_day
from wholechild.lib.located import NotPlainYaml, read_yaml
from wholechild.patterns.families import MOST_LETTERS as MOST_EXAMPLES
from wholechild.patterns.families import FamilyDocument
from wholechild.patterns.language.lesson import MOST_LETTERS, NATIONS, Lesson, read_lesson
from wholechild.patterns.library import Library
from wholechild.patterns.life.force import ADOPT, RETIRE
from wholechild.patterns.life.outcomes import MOST_LETTERS as LONGEST_REASON
from wholechild.patterns.life.outcomes import OUTCOMES
from wholechild.patterns.life.queries import INSTALLATION, version_id
from wholechild.patterns.life.trying import hash_of, try_lesson
from wholechild.patterns.models import (
    LessonDecision,
    LessonDraft,
    LessonProposal,
    LessonVersion,
    Match,
    MatchOutcome,
)
from wholechild.records.ids import stable_id
from wholechild.trust.actions import SALT_BYTES, Salts, append
from wholechild.trust.models import Fact
from wholechild.trust.permissions import decide_act
from wholechild.trust.queries import may_see
from wholechild.trust.refusals import NotYours as NotYours
from wholechild.trust.refusals import Refused as Refused
from wholechild.trust.viewers import Viewer
from wholechild.vocabulary.terms import vocabulary

#: Whoever decides about lessons holds this lock to the end of the transaction: two cannot be the first to sign.
_LESSONS_LOCK: Final = 0x6C6573736F6E
_LONGEST_WHY: Final = 2_000
_MOST_PLACES: Final = 200


# -- drafts ------------------------------------------------------------------------------------------------------------


def save_draft(
    *, by: Viewer, purpose: str, at: datetime, draft: str, after: int, lesson: str, text: str, examples: str, why: str,
    salts: Salts,
) -> int:  # fmt: skip
    """Keep what was written as the next revision of a draft, and return its number. Faults do not matter here.

    Shape    `after` is the number of the revision that was changed, 0 for a new draft.
    Errors   Refused, where somebody saved in between, or the text cannot be kept at all (too long, unreadable letters).
    """
    _check_role(by, "lesson.write")
    _check_keepable("lesson", text, MOST_LETTERS)
    _check_keepable("examples", examples, MOST_EXAMPLES)
    with _deciding():
        newest = LessonDraft.objects.filter(draft=draft).order_by("-number").first()
        if (newest.number if newest else 0) != after:
            raise Refused(
                "Somebody saved this draft while you wrote. Open it in another window, and copy over what you want to keep."
            )
        row = LessonDraft(
            id=f"{draft}/{after + 1}", salt=salts(SALT_BYTES), draft=draft, number=after + 1, lesson=lesson, text=text,
            examples=examples, why=why, saved_by=by.user, saved_at=at,
        )  # fmt: skip
        _store(by.user, purpose, at, "lesson.draft", [row])
    return row.number


def _check_keepable(called: str, text: str, most: int) -> None:
    if len(text) > most:
        raise Refused(f"The {called} text is longer than {most // 1024} KiB. Shorten it; nothing was saved.")
    try:
        read_yaml(text)
    except NotPlainYaml as wrong:
        if "cannot be seen" in wrong.why:
            raise Refused(
                f"The {called} text cannot be kept: line {wrong.place.line}, column {wrong.place.column}: {wrong.why}. "
                "Take that character out; nothing was saved."
            ) from None


# -- proposing ---------------------------------------------------------------------------------------------------------


def propose(
    *, by: Viewer, purpose: str, at: datetime, text: str, examples: str, quiet: Sequence[FamilyDocument], why: str,
    backtest: str = "", salts: Salts,
) -> str:  # fmt: skip
    """Put a version forward, with its exact text kept by its hash, and return the proposal's id.

    Errors   NotYours; Refused, with everything that stands in the way: each fault with its line, each example that the lesson
             does not meet, each quiet family on which it holds, a version that is not new, no reason.
    """
    _check_role(by, "lesson.write")
    tried = try_lesson(text, examples, quiet)
    reasons = [*tried.in_the_way(), *_without_reason(why)]
    if reasons or tried.lesson is None:
        raise Refused(*reasons)
    with _deciding():
        _check_new_version(tried.lesson, hash_of(text))
        row = _proposal(tried.lesson, text, examples, why, backtest, by.user, by.role, at, salts)
        _store(by.user, purpose, at, "lesson.propose", [row])
    return row.pk


def _proposal(
    lesson: Lesson, text: str, examples: str, why: str, backtest: str, user: str, role: str, at: datetime, salts: Salts
) -> LessonProposal:  # fmt: skip
    digest = hash_of(text)
    return LessonProposal(
        id=stable_id("proposal", lesson.id, str(lesson.version), digest), salt=salts(SALT_BYTES), lesson=lesson.id,
        version=lesson.version, sha256=digest, text=text, examples=examples, why=why, backtest=backtest, proposed_by=user,
        role=role, proposed_at=at,
    )  # fmt: skip


def _check_new_version(lesson: Lesson, digest: str) -> None:
    newest = LessonVersion.objects.filter(lesson=lesson.id).order_by("-version").first()
    if newest and lesson.version <= newest.version:
        raise Refused(
            f"Version {newest.version} of {lesson.id} was adopted already, and an adopted version never changes. "
            f"Write `version: {newest.version + 1}`."
        )
    if LessonProposal.objects.filter(lesson=lesson.id, version=lesson.version, sha256=digest).exists():
        raise Refused(f"Exactly this text was proposed already as version {lesson.version} of {lesson.id}.")


# -- adopting and retiring ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Terms:
    """What is signed: which text, from when, and where. Two signatures count only under the same terms."""

    lesson: str
    version: int
    sha256: str
    starts_on: date
    nations: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Signature:
    """What a signature did: `complete` once two people have signed."""

    decision: str
    complete: bool


def adopt(*, by: Viewer, purpose: str, at: datetime, terms: Terms, why: str, salts: Salts) -> Signature:
    """Sign that a proposed version shall run. It runs once a second person has signed the same terms.

    Errors   NotYours; Refused: who proposed it may not adopt it, nobody may sign twice, and the text must still be the
             one of its hash.
    """
    _check_role(by, "lesson.adopt")
    with _deciding():
        proposal = _proposal_of(terms)
        if proposal.proposed_by == by.user:
            raise Refused("You proposed this version. Two other people must adopt it.")
        lesson, faults = read_lesson(proposal.text, terms.lesson, vocabulary())
        if lesson is None:
            raise Refused(*(str(fault) for fault in faults))
        _check_terms(terms, at, why, lesson)
        return _sign(ADOPT, by, purpose, at, terms, why, salts, proposal)


def retire(*, by: Viewer, purpose: str, at: datetime, terms: Terms, why: str, salts: Salts) -> Signature:
    """Sign that a lesson shall no longer run in some places. It ends once a second person has signed the same terms.

    Errors   NotYours, Refused.
    """
    _check_role(by, "lesson.adopt")
    with _deciding():
        if not LessonVersion.objects.filter(
            pk=version_id(terms.lesson, terms.version), sha256=terms.sha256
        ).exists():
            raise Refused(f"Version {terms.version} of {terms.lesson} was never adopted here.")
        _check_terms(terms, at, why, None)
        return _sign(RETIRE, by, purpose, at, terms, why, salts, None)


def _proposal_of(terms: Terms) -> LessonProposal:
    """The proposal that the terms name, read anew and hashed anew: what is signed is the text, not a label on it."""
    row = LessonProposal.objects.filter(
        lesson=terms.lesson, version=terms.version, sha256=terms.sha256
    ).first()
    if row is None:
        raise Refused(f"Nobody proposed this text as version {terms.version} of {terms.lesson}.")
    if hash_of(row.text) != terms.sha256:
        raise Refused(
            "The text is not the one that was proposed: its hash is another. Nothing was signed. Run `wholechild verify`, "
            "and tell whoever looks after this installation."
        )
    sealed = LessonVersion.objects.filter(pk=version_id(terms.lesson, terms.version)).first()
    if sealed and sealed.sha256 != terms.sha256:
        raise Refused(f"Another text was adopted as version {terms.version} of {terms.lesson}.")
    return row


def _check_terms(terms: Terms, at: datetime, why: str, lesson: Lesson | None) -> None:
    if any(not _is_a_name(area) for area in terms.areas) or len(terms.areas) > _MOST_PLACES:
        raise Refused(
            f"An area is a name of up to 100 letters, and there are at most {_MOST_PLACES} of them."
        )
    reasons = list(_without_reason(why))
    today = at.astimezone(LONDON).date()
    seconded = _first_signature(ADOPT if lesson else RETIRE, terms) is not None
    if terms.starts_on < today and not seconded:
        reasons.append(f"{say_day(terms.starts_on)} has passed. Give today or a later day.")
    if not terms.nations and not terms.areas:
        reasons.append("Say where: a nation, or one or more areas.")
    if unknown := sorted(set(terms.nations) - set(NATIONS)):
        reasons.append(f"There is no nation {unknown[0][:40]!r}. There are {', '.join(NATIONS)}.")
    if lesson:
        reasons += _against_its_text(terms, lesson)
    if reasons:
        raise Refused(*reasons)


def _is_a_name(area: str) -> bool:
    return 0 < len(area) <= 100 and area.isprintable()


def _against_its_text(terms: Terms, lesson: Lesson) -> Iterable[str]:
    """What the lesson's own text does not allow."""
    if terms.starts_on < lesson.in_force_from:
        yield f"Its text says that it is in force from {say_day(lesson.in_force_from)}. Give that day or a later one."
    if lesson.in_force_to and terms.starts_on > lesson.in_force_to:
        yield f"Its text says that it is in force until {say_day(lesson.in_force_to)}. Give an earlier day."
    if beyond := sorted(set(terms.nations) - set(lesson.nations)):
        yield f"Its text is for {', '.join(lesson.nations)}, and not for {', '.join(beyond)}."


def _sign(
    decision: str, by: Viewer, purpose: str, at: datetime, terms: Terms, why: str, salts: Salts, proposal: LessonProposal | None
) -> Signature:  # fmt: skip
    first = _first_signature(decision, terms)
    if first and first.signed_by == by.user:
        raise Refused("You have signed this already. Somebody else must sign it too.")
    row = LessonDecision(
        id=f"{decision}-{salts(12).hex()}", salt=salts(SALT_BYTES), decision=decision, lesson=terms.lesson,
        version=terms.version, sha256=terms.sha256, starts_on=terms.starts_on, nations=sorted(terms.nations),
        areas=sorted(terms.areas), why=why, seconds=first.pk if first else "", signed_by=by.user, role=by.role, signed_at=at,
    )  # fmt: skip
    facts: list[Fact] = [row]
    if first and proposal and not LessonVersion.objects.filter(pk=_sealed_id(terms)).exists():
        facts.append(_seal(proposal, at, salts))
    _store(by.user, purpose, at, f"lesson.{decision}", facts)
    return Signature(first.pk if first else row.pk, first is not None)


def _first_signature(decision: str, terms: Terms) -> LessonDecision | None:
    """The signature under the same terms that waits for a second."""
    seconded = LessonDecision.objects.exclude(seconds="").values("seconds")
    return (
        LessonDecision.objects.filter(
            decision=decision, lesson=terms.lesson, version=terms.version, sha256=terms.sha256, starts_on=terms.starts_on,
            nations=sorted(terms.nations), areas=sorted(terms.areas), seconds="",
        )
        .exclude(pk__in=seconded)
        .exclude(signed_by=INSTALLATION)
        .order_by("signed_at", "pk")
        .first()
    )  # fmt: skip


def _sealed_id(terms: Terms) -> str:
    return version_id(terms.lesson, terms.version)


def _seal(proposal: LessonProposal, at: datetime, salts: Salts) -> LessonVersion:
    return LessonVersion(
        id=version_id(proposal.lesson, proposal.version), salt=salts(SALT_BYTES), lesson=proposal.lesson,
        version=proposal.version, sha256=proposal.sha256, proposal=proposal.pk, sealed_at=at,
    )  # fmt: skip


# -- what comes with the installation ----------------------------------------------------------------------------------


def install_library(
    *, by: str, purpose: str, at: datetime, library: Callable[[], Library], salts: Salts
) -> int:
    """Adopt the library that came with the software, once: on an installation where no lesson was ever adopted.

    Shape    how many lessons were adopted; 0 where any was adopted before, and then the library is not even read.
    """
    if LessonVersion.objects.exists():
        return 0
    found = library()
    with _deciding():
        if LessonVersion.objects.exists():
            return 0
        facts: list[Fact] = []
        for folder in found.lessons:
            why = "It came with the installation."
            proposal = _proposal(
                folder.lesson, folder.text, folder.examples_text, why, "", INSTALLATION, "system", at, salts
            )
            facts += [
                proposal,
                _adopted_at_once(folder.lesson, proposal, at, salts),
                _seal(proposal, at, salts),
            ]
        _store(by, purpose, at, "lesson.install", facts)
    return len(found.lessons)


def _adopted_at_once(lesson: Lesson, proposal: LessonProposal, at: datetime, salts: Salts) -> LessonDecision:
    return LessonDecision(
        id=f"{ADOPT}-{salts(12).hex()}", salt=salts(SALT_BYTES), decision=ADOPT, lesson=lesson.id, version=lesson.version,
        sha256=proposal.sha256, starts_on=None, nations=sorted(lesson.nations), areas=[], why=proposal.why, seconds="",
        signed_by=INSTALLATION, role="system", signed_at=at,
    )  # fmt: skip


# -- what came of a match ----------------------------------------------------------------------------------------------


def say_outcome(
    *, by: Viewer, purpose: str, at: datetime, match: str, outcome: str, reason: str, salts: Salts
) -> str:
    """Keep what a professional says came of a match, and return its id. Saying something else later adds to it.

    Errors   Refused: for somebody who may not read about the child it is as if there were no such match.
    """
    row = Match.objects.filter(pk=match).first()
    if row is None or not may_see(by, row.person, "content", at):
        raise NotYours("There is no such match for you.")
    reasons = list(_without_reason(reason, LONGEST_REASON))
    if outcome not in OUTCOMES:
        reasons.insert(0, "Choose what came of it.")
    if reasons:
        raise Refused(*reasons)
    said = MatchOutcome(
        id=f"outcome-{salts(12).hex()}", salt=salts(SALT_BYTES), match=match, outcome=outcome, reason=reason.strip(),
        said_by=by.user, role=by.role, agency=by.agency, said_at=at,
    )  # fmt: skip
    with transaction.atomic():
        _store(by.user, purpose, at, "match.outcome", [said])
    return said.pk


# -- parts -------------------------------------------------------------------------------------------------------------


def _check_role(by: Viewer, act: str) -> None:
    if by.is_system or not decide_act(by.role, act):
        words = {"lesson.write": "write and propose lessons", "lesson.adopt": "adopt or retire lessons"}[act]
        raise NotYours(f"Your role may not {words}. Whoever looks after accounts can say who may.")


def _without_reason(why: str, most: int = _LONGEST_WHY) -> Collection[str]:
    if not why.strip():
        return ("Give a reason, in a sentence.",)
    if len(why) > most or "\0" in why:
        return (f"Give the reason in up to {most:,} letters.",)
    return ()


@contextmanager
def _deciding() -> Iterator[None]:
    """A transaction in which nobody else decides about lessons."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LESSONS_LOCK])
        yield


def _store(user: str, purpose: str, at: datetime, act: str, facts: Sequence[Fact]) -> None:
    """The rows of one act, and their leaves, in the transaction of the caller."""
    for model in dict.fromkeys(type(fact) for fact in facts):
        model._default_manager.bulk_create([fact for fact in facts if type(fact) is model])
    append(by=user, purpose=purpose, at=at, act=act, facts=[fact.committed() for fact in facts])
