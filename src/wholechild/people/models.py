"""Who the identities are: people, and the links that say so. A link can be taken back; nothing is ever merged.

Beside the facts stand four tables that follow from them and can be made anew at any time (`wholechild link --rebuild`):
identities in the form in which they are compared, their blocking keys, the pairs that weigh enough, and how far in the
ledger all this has come.
"""

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


class LinkageModel(Fact):
    """Weights, term frequencies, household rules and thresholds, as they were trained. `id` is the artefact's own id.

    `document` is the artefact as JSON; `card` is what its makers say of it: on what it was trained, how it was measured.
    """

    ledger_kind = "linkage_model"
    said = ("id", "document", "card")
    added = ("kept_at", "by")

    document = models.TextField()
    card = models.JSONField(default=dict)
    kept_at = models.DateTimeField()
    by = Word()


class LinkageModelAdopted(Fact):
    """That somebody would have a model in force: alone a proposal, and in force where somebody else says so too.

    `seconds` names the proposal that this one agrees with; empty: this is the proposal.
    """

    ledger_kind = "linkage_model_adopted"
    said = ("id", "model", "why", "seconds")
    added = ("adopted_at", "by")

    model = Word()
    why = models.TextField()
    seconds = Word(blank=True, default="")
    adopted_at = models.DateTimeField()
    by = Word()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["seconds"], condition=~models.Q(seconds=""), name="people_model_seconded_once"
            )
        ]


class LinkageReport(Fact):
    """How well linking did at a moment, as figures: counts and shares only, nothing about anybody (linkage_report.py says which).

    `sampled` says that the labels were of a drawn sample, and not only decisions that people had made anyway.
    """

    ledger_kind = "linkage_report"
    said = ("id", "model", "sampled", "figures")
    added = ("made_at", "by")

    model = Word()
    sampled = models.BooleanField()
    figures = models.JSONField()
    made_at = models.DateTimeField()
    by = Word()


# -- what follows from the facts -----------------------------------------------------------------------------------------


class Compared(models.Model):
    """An identity in the one form that is compared (comparing/identity.py has the same names), and where it comes from.

    `learnt_at` is when we first learnt of it; `declared` says that its sender, a published chronology, names the person
    outright by `reference`. An identity of whom nothing is in force has no row.
    """

    id = Word(primary_key=True)
    agency = Word()
    reference = models.TextField()
    declared = models.BooleanField(default=False)
    learnt_at = models.DateTimeField()
    given = Word(blank=True, default="")
    middle = Word(blank=True, default="")
    family = Word(blank=True, default="")
    other_names = ArrayField(Word(), default=list)
    born = models.DateField(null=True)
    died = models.DateField(null=True)
    sex = Word(blank=True, default="")
    nhs_number = Word(blank=True, default="")
    upn = Word(blank=True, default="")
    postcode = Word(blank=True, default="")
    postcodes = ArrayField(Word(), default=list)
    uprn = Word(blank=True, default="")
    address = Word(blank=True, default="")
    phones = ArrayField(Word(), default=list)
    emails = ArrayField(Word(), default=list)
    local_ids = ArrayField(Word(), default=list)

    class Meta:
        indexes = [
            models.Index(
                fields=["reference"], name="people_compared_declared", condition=models.Q(declared=True)
            )
        ]


class BlockingKey(models.Model):
    """Under which keys an identity is looked for: the first eight bytes of the key's SHA-256, as a number.

    Its migration makes an index where Django would make a primary key, as it is the table that grows fastest.
    """

    pk = models.CompositePrimaryKey("key", "identity")
    key = models.BigIntegerField()
    identity = Word()

    class Meta:
        managed = False
        db_table = "people_blockingkey"


class Pair(models.Model):
    """Two identities that share a blocking key and weigh enough to be possible, or more. `one` sorts before `other`.

    `contributions` is a list of [field, level, bits]; `artefact` is what weighed them.
    """

    pk = models.CompositePrimaryKey("one", "other")
    one = Word()
    other = Word()
    weight = models.FloatField()
    zone = Word()
    contributions = models.JSONField(default=list)
    forbids = models.TextField(blank=True, default="")
    artefact = Word()

    class Meta:
        indexes = [models.Index(fields=["other"], name="people_pair_other")]


class CrowdedKey(models.Model):
    """That more identities share a key than are ever compared: it is not followed, and the agency is told.

    `rule` is the kind of key, never what it says; `members` how many there were when this was last noticed.
    """

    pk = models.CompositePrimaryKey("key", "agency")
    key = models.BigIntegerField()
    agency = Word()
    rule = Word()
    members = models.IntegerField()
    noticed_at = models.DateTimeField()


class LinkedUpTo(models.Model):
    """How far linking has read the ledger; one row."""

    leaf = models.BigIntegerField()


# -- what search reads: it follows from the facts, is no fact itself, and can be made anew (people/searching/) ----------------


class SearchKey(models.Model):
    """The keys that an identity is found by. `rows` says of which rows of its agency they were made."""

    identity = Word(primary_key=True)
    keys = ArrayField(Word())
    rows = models.BigIntegerField()

    class Meta:
        db_table = "people_searchkey"
        # A search reads what waits to be put into the index row by row, so only a little may wait.
        indexes = [GinIndex(fields=["keys"], name="people_searchkey_keys", gin_pending_list_limit=256)]


class SearchWord(models.Model):
    """A word of somebody's name, and the keys by which words that are like it are found."""

    word = Word(primary_key=True)
    keys = ArrayField(Word())

    class Meta:
        db_table = "people_searchword"
        indexes = [GinIndex(fields=["keys"], name="people_searchword_keys", gin_pending_list_limit=256)]


class Sealed(models.Model):
    """That nobody may be found by where this identity is. Filled by the room that seals, once it is built."""

    identity = Word(primary_key=True)
    marked_at = models.DateTimeField()

    class Meta:
        db_table = "people_sealed"
