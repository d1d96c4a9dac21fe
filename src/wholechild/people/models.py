"""Who the identities are: people, and the links that say so. A link can be taken back; nothing is ever merged."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from wholechild.trust.fields import Word
from wholechild.trust.models import Fact


class Person(Fact):
    """Somebody whom at least one identity was ever linked to. Says nothing but that: details stay with the agencies."""

    ledger_kind = "person"
    said = ("id",)
    added = ("first_linked_at",)

    first_linked_at = models.DateTimeField()


class Link(Fact):
    """That an identity is a person, on what evidence.

    `evidence` is `declared` (a sender says so), `exact_agreement`, `own` (the first identity of a new person), and later
    `probable` or `confirmed`. `grounds` are the names of what agreed, and the identity that it agreed with: never values.
    """

    ledger_kind = "link"
    is_news = True
    said = ("id", "identity", "person", "evidence", "grounds")
    added = ("linked_at", "by")

    identity = Word()
    person = Word()
    evidence = Word()
    grounds = models.JSONField(default=dict)
    linked_at = models.DateTimeField()
    by = Word()

    class Meta:
        indexes = [
            models.Index(fields=["identity"], name="people_link_identity"),
            models.Index(fields=["person"], name="people_link_person"),
        ]


class Unlink(Fact):
    """That a link is taken back from `unlinked_at` on. Whoever asks as of before still sees it."""

    ledger_kind = "unlink"
    is_news = True
    said = ("id", "link", "why")
    added = ("unlinked_at", "by")

    link = Word(unique=True)
    why = models.TextField()
    unlinked_at = models.DateTimeField()
    by = Word()


class PairDecision(Fact):
    """What a person decided about two identities: `same`, `different` or `cannot_tell`.

    `same` and `different` bind every machine until they are undone. A decision that `needs_second` (a split, or a link that
    touches a sealed person) binds once another person has seconded it. `shown` is what the reviewer saw: the artefact's id,
    the weight and the contributions, never values.
    """

    ledger_kind = "pair_decision"
    is_news = True
    said = ("id", "identities", "decision", "why", "needs_second", "shown")
    added = ("decided_at", "by")

    #: sorted
    identities = ArrayField(Word(), size=2)
    decision = Word()
    why = models.TextField()
    needs_second = models.BooleanField(default=False)
    shown = models.JSONField(default=dict)
    decided_at = models.DateTimeField()
    by = Word()

    class Meta:
        indexes = [GinIndex(fields=["identities"], name="people_decision_identities")]


class PairDecisionSeconded(Fact):
    """That somebody else than its author agrees with a decision that needs two."""

    ledger_kind = "pair_decision_seconded"
    is_news = True
    said = ("id", "decision", "why")
    added = ("seconded_at", "by")

    decision = Word(unique=True)
    why = models.TextField(blank=True, default="")
    seconded_at = models.DateTimeField()
    by = Word()


class PairDecisionUndone(Fact):
    """That a decision is taken back from `undone_at` on: machines may weigh the two again."""

    ledger_kind = "pair_decision_undone"
    is_news = True
    said = ("id", "decision", "why")
    added = ("undone_at", "by")

    decision = Word(unique=True)
    why = models.TextField()
    undone_at = models.DateTimeField()
    by = Word()


class ReviewTaken(Fact):
    """That somebody answers for deciding about two identities from now on, or gives that back. The latest row counts."""

    ledger_kind = "review_taken"
    said = ("id", "identities", "gives_back")
    added = ("taken_at", "by")

    #: sorted
    identities = ArrayField(Word(), size=2)
    gives_back = models.BooleanField(default=False)
    taken_at = models.DateTimeField()
    by = Word()

    class Meta:
        indexes = [models.Index(fields=["identities", "taken_at"], name="people_review_taken")]
