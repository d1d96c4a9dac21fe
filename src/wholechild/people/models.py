"""Who the identities are: people, and the links that say so. A link can be taken back; nothing is ever merged."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
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


class NotTheSame(Fact):
    """That a person decided that two identities are different people: no machine links them again."""

    ledger_kind = "not_the_same"
    said = ("id", "identities", "why")
    added = ("decided_at", "by")

    identities = ArrayField(Word(), size=2)
    why = models.TextField()
    decided_at = models.DateTimeField()
    by = Word()
