"""What patterns remember: that a lesson held for a child, on which records, and that it came to an end.

A match is a fact like any other: it is added and never changed. Which lesson and version raised it stands in it for
ever; that it changed or ended is a row of its own.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from wholechild.trust.fields import Word
from wholechild.trust.models import Fact


class Match(Fact):
    """One lesson, one version, one child, one unbroken spell.

    Units    `held_from` and `holds_until` are civil seconds (lib/civil.py); `holds_until` is when the spell ends if nothing
             new becomes known, or empty where nothing known would end it.
    """

    ledger_kind = "match"
    said = (
        "id",
        "person",
        "lesson",
        "version",
        "held_from",
        "holds_until",
        "sentence",
        "evidence",
        "agencies",
    )
    added = ("raised_at",)

    person = Word()
    lesson = Word()
    version = models.IntegerField()
    held_from = models.BigIntegerField()
    holds_until = models.BigIntegerField(null=True)
    sentence = models.TextField()
    evidence = ArrayField(Word())
    agencies = ArrayField(Word())
    raised_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["person", "held_from"], name="patterns_match_person")]


class MatchChange(Fact):
    """That a match is otherwise than was noted before: it goes on, on other evidence or to another instant; or it has ended.

    The change with the highest number counts; the match itself is number 0. A match that ended by a mistake of ours and
    holds after all is open again by a change. `until` is as `holds_until`, and for what has ended the instant at which it did.
    """

    ledger_kind = "match_change"
    said = ("id", "match", "number", "is_open", "until", "why", "sentence", "evidence", "agencies")
    added = ("noted_at",)

    match = Word()
    number = models.IntegerField()
    is_open = models.BooleanField()
    until = models.BigIntegerField(null=True)
    why = Word()
    sentence = models.TextField()
    evidence = ArrayField(Word())
    agencies = ArrayField(Word())
    noted_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["match", "number"], name="patterns_change_number")]


class SnapshotBegun(Fact):
    """That somebody had the columns of everybody's histories written out: noted before anything is read.

    `classes` are the classes of data whose records were opened, `wanted_by` the account, or the software's own task.
    """

    ledger_kind = "snapshot_begun"
    said = ("id", "wanted_by", "classes")
    added = ("begun_at",)

    wanted_by = Word()
    classes = ArrayField(Word())
    begun_at = models.DateTimeField()


class SnapshotSealed(Fact):
    """That a snapshot is whole: at which head of the ledger it was taken, and what its manifest hashes to."""

    ledger_kind = "snapshot_sealed"
    said = ("id", "snapshot", "head", "manifest_sha256", "children")
    added = ("sealed_at",)

    snapshot = Word(unique=True)
    head = Word()
    manifest_sha256 = Word()
    children = models.IntegerField()
    sealed_at = models.DateTimeField()


class Watch(models.Model):
    """When time alone will change what holds for a child. Not a fact: it follows from the facts.

    Units    civil seconds (lib/civil.py). Missing: a child without a row; nothing that is known will change by itself.
    """

    person = Word(primary_key=True)
    due = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["due"], name="patterns_watch_due")]


class AskedLast(models.Model):
    """Which lessons everybody was last asked; one row. Not a fact: it follows from the decisions. `mark` as force.mark_of gives it."""

    mark = Word()


# -- the life of a lesson -----------------------------------------------------------------------------------------------


class LessonDraft(Fact):
    """One revision of a draft. A draft is never changed: each saving is another revision, and undoing one is another still."""

    ledger_kind = "lesson_draft"
    said = ("id", "draft", "number", "lesson", "text", "examples", "why")
    added = ("saved_by", "saved_at")

    draft = Word()
    number = models.IntegerField()
    lesson = Word(blank=True)
    text = models.TextField(blank=True)
    examples = models.TextField(blank=True)
    why = models.TextField()
    saved_by = Word()
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["draft", "number"], name="patterns_draft_number")]


class LessonProposal(Fact):
    """One version of a lesson as somebody proposed it: its exact text, by its SHA-256, and the families that show what it means.

    Missing  `backtest` empty: it was not tried on a snapshot.
    """

    ledger_kind = "lesson_proposal"
    said = ("id", "lesson", "version", "sha256", "text", "examples", "why", "backtest")
    added = ("proposed_by", "role", "proposed_at")
    derived_checks = (
        "SELECT id, 'the text is not the one of its hash' FROM patterns_lessonproposal "
        "WHERE encode(sha256(convert_to(text, 'UTF8')), 'hex') <> sha256 ORDER BY id LIMIT 1",
    )

    lesson = Word()
    version = models.IntegerField()
    sha256 = Word()
    text = models.TextField()
    examples = models.TextField()
    why = models.TextField()
    backtest = Word(blank=True, default="")
    proposed_by = Word()
    role = Word()
    proposed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["lesson", "version"], name="patterns_proposal_lesson")]


class LessonDecision(Fact):
    """One signature under a decision: to adopt a version in some places from a day, or to retire a lesson there.

    The first signature sets the terms; the second is a row of its own that names the first in `seconds`. A decision with
    one signature changes nothing, except that of the installation itself (`starts_on` empty: from the beginning).
    """

    ledger_kind = "lesson_decision"
    said = (
        "id",
        "decision",
        "lesson",
        "version",
        "sha256",
        "starts_on",
        "nations",
        "areas",
        "why",
        "seconds",
    )
    added = ("signed_by", "role", "signed_at")
    derived_checks = (
        "SELECT second.id, 'one person signed twice' FROM patterns_lessondecision second "
        "JOIN patterns_lessondecision first ON first.id = second.seconds WHERE first.signed_by = second.signed_by "
        "ORDER BY second.id LIMIT 1",
        "SELECT d.id, 'who proposed it also adopted it' FROM patterns_lessondecision d JOIN patterns_lessonproposal p "
        "ON (p.lesson, p.version, p.sha256) = (d.lesson, d.version, d.sha256) AND p.proposed_by = d.signed_by "
        "WHERE d.decision = 'adopt' AND d.signed_by <> 'system:installation' ORDER BY d.id LIMIT 1",
        "SELECT id, 'it says that it came with the installation, and came later' FROM patterns_lessondecision "
        "WHERE signed_by = 'system:installation' AND signed_at <> (SELECT mode() WITHIN GROUP (ORDER BY signed_at) FROM patterns_lessondecision "
        "WHERE signed_by = 'system:installation') ORDER BY id LIMIT 1",
        "SELECT d.id, 'the decision is about a text that nobody proposed' FROM patterns_lessondecision d "
        "LEFT JOIN patterns_lessonproposal p ON (p.lesson, p.version, p.sha256) = (d.lesson, d.version, d.sha256) "
        "WHERE p.id IS NULL ORDER BY d.id LIMIT 1",
    )

    decision = Word()
    lesson = Word()
    version = models.IntegerField()
    sha256 = Word()
    starts_on = models.DateField(null=True)
    nations = ArrayField(Word())
    areas = ArrayField(Word())
    why = models.TextField()
    seconds = Word(blank=True, default="")
    signed_by = Word()
    role = Word()
    signed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["seconds"], condition=~models.Q(seconds=""), name="patterns_decision_seconded_once"
            )
        ]


class LessonVersion(Fact):
    """That a version was adopted somewhere once. From then on the version is this text and no other: the id says so."""

    ledger_kind = "lesson_version"
    said = ("id", "lesson", "version", "sha256", "proposal")
    added = ("sealed_at",)
    derived_checks = (
        "SELECT v.id, 'the version is not of the text that was proposed' FROM patterns_lessonversion v "
        "LEFT JOIN patterns_lessonproposal p ON p.id = v.proposal "
        "AND (p.lesson, p.version, p.sha256) = (v.lesson, v.version, v.sha256) WHERE p.id IS NULL ORDER BY v.id LIMIT 1",
    )

    lesson = Word()
    version = models.IntegerField()
    sha256 = Word()
    proposal = Word()
    sealed_at = models.DateTimeField()


class MatchOutcome(Fact):
    """What a professional says came of a match, with the reason. It judges the lesson, never a person."""

    ledger_kind = "match_outcome"
    said = ("id", "match", "outcome", "reason")
    added = ("said_by", "role", "agency", "said_at")

    match = Word()
    outcome = Word()
    reason = models.TextField()
    said_by = Word()
    role = Word()
    agency = Word()
    said_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["match", "said_at"], name="patterns_outcome_match")]
