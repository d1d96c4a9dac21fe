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
