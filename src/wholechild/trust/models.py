"""What trust remembers: the ledger, who stands in which relation to whom, and who was shown what.

Every table that holds a fact, in whatever room, is a `Fact`: it has a salt, and says which of its columns the
sender said and which we added. That is all that the ledger has to know about it.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from wholechild.trust import ledger
from wholechild.trust.fields import Word


class Fact(models.Model):
    """A row that is added and never changed, with a leaf of the ledger that commits to all of it."""

    ledger_kind: ClassVar[str]
    #: columns that the sender said, and columns that we added; together with `salt` they are all the columns.
    said: ClassVar[tuple[str, ...]]
    added: ClassVar[tuple[str, ...]]
    #: queries that find a derived row that does not follow from the facts: (fact id, why).
    derived_checks: ClassVar[tuple[str, ...]] = ()
    #: whether others have to act on such a fact: then a job for a worker is queued in the transaction that adds it.
    is_news: ClassVar[bool] = False

    id = Word(primary_key=True)
    salt = models.BinaryField(max_length=32)

    class Meta:
        abstract = True

    def canonical(self) -> str:
        """The form of this row that its leaf commits to."""
        return ledger.canonical([getattr(self, n) for n in self.said], [getattr(self, n) for n in self.added])

    def committed(self) -> ledger.Committed:
        """This row as the ledger knows it."""
        return ledger.Committed(self.ledger_kind, self.pk, ledger.commit(bytes(self.salt), self.canonical()))


class LedgerLeaf(models.Model):
    """One fact's place in the chain. `seq` counts from 1 without gaps."""

    seq = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    act = Word()
    by = Word()
    purpose = Word()
    fact_kind = Word()
    fact_id = Word()
    commitment = models.BinaryField(max_length=32)
    chain = models.BinaryField(max_length=32)


class LedgerCheckpoint(models.Model):
    """How long the chain was, and its last link, after each act: a cut end shows as long as one of these is left."""

    leaves = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    head = models.BinaryField(max_length=32)


class Account(Fact):
    """That a user holds a role at an agency, from when to when. A change is another row with the same `user`."""

    ledger_kind = "account"
    said = ("id", "user", "role", "agency", "starts_at", "ends_at", "authority")
    added = ()

    user = Word()
    role = Word()
    agency = Word()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    authority = models.TextField()

    class Meta:
        indexes = [models.Index(fields=["user", "starts_at"], name="trust_account_user")]


class Relation(Fact):
    """In which relation a user stands to a person, from when to when, on whose authority.

    An early end is a row of its own: it names in `ends` the row that it ends, and `starts_at` is when.
    """

    ledger_kind = "relation"
    said = ("id", "user", "person", "relation", "starts_at", "ends_at", "authority", "ends")
    added = ()

    user = Word()
    person = Word()
    relation = Word()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    authority = models.TextField()
    ends = Word(blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["user", "person"], name="trust_relation_user_person"),
            models.Index(fields=["person"], name="trust_relation_person"),
            models.Index(fields=["ends"], name="trust_relation_ends", condition=~models.Q(ends="")),
        ]


class Disclosure(Fact):
    """That something about a person was shown to somebody, or refused, and by which rule."""

    ledger_kind = "disclosure"
    said = (
        "id",
        "at",
        "user",
        "role",
        "relations",
        "agency",
        "purpose",
        "person",
        "classes",
        "route",
        "allowed",
        "rule",
    )
    added = ()

    at = models.DateTimeField()
    user = Word()
    role = Word()
    relations = ArrayField(Word())
    agency = Word()
    purpose = Word()
    person = Word()
    classes = ArrayField(Word())
    route = Word()
    allowed = models.BooleanField()
    rule = models.TextField()

    class Meta:
        indexes = [
            models.Index(fields=["person", "at"], name="trust_disclosure_person"),
            models.Index(fields=["user", "at"], name="trust_disclosure_user"),
        ]
