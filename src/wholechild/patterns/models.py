"""What patterns remember: that a lesson held for a child, on which records, and that it came to an end.

A match is a fact like any other: it is added and never changed. Which lesson and version raised it stands in it for
ever; that it ended is a row of its own.
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


class MatchRenewal(Fact):
    """That a match now holds until another instant than was noted before: what became known prolongs or shortens it."""

    ledger_kind = "match_renewal"
    said = ("id", "match", "holds_until")
    added = ("noted_at",)

    match = Word()
    holds_until = models.BigIntegerField(null=True)
    noted_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["match", "noted_at"], name="patterns_renewal_match")]


class MatchEnd(Fact):
    """That a match no longer holds, and why: its time has run out, or what was known has changed."""

    ledger_kind = "match_end"
    said = ("id", "match", "ended_at", "why")
    added = ("noted_at",)

    match = Word()
    ended_at = models.BigIntegerField()
    why = Word()
    noted_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["match"], name="patterns_matchend_match")]


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
