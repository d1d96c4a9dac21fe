"""What agencies know, as they said it: added, never changed. A correction is a later version of the same row.

Foreign keys stand only where a handful of rows a delivery use them. On the tables that take hundreds of thousands of
rows at once they would cost more than all the rest of loading; there the loader checks, and `verify` checks again.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from wholechild.lib.civil import Precision
from wholechild.trust.fields import Word
from wholechild.trust.models import Fact

_PRECISIONS = [p.value for p in Precision]


class Agency(Fact):
    """One sender, from the first time that it sent. `id` is `kind/area[/unit]`."""

    ledger_kind = "agency"
    said = ("id", "kind", "area", "unit")
    added = ("first_heard_at",)

    kind = Word()
    area = models.TextField()
    unit = models.TextField(blank=True, default="")
    first_heard_at = models.DateTimeField()


class AgencyContact(Fact):
    """How to reach an agency. The latest row counts."""

    ledger_kind = "agency_contact"
    said = ("id", "agency", "contact_role", "phone", "email", "hours")
    added = ("learnt_at",)

    agency = Word()
    contact_role = models.TextField(blank=True, default="")
    phone = models.TextField(blank=True, default="")
    email = models.TextField(blank=True, default="")
    hours = models.TextField(blank=True, default="")
    learnt_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["agency", "learnt_at"], name="records_contact_agency")]


class Delivery(Fact):
    """One file as it came: what it was, byte for byte, and what became of every row of it."""

    ledger_kind = "delivery"
    is_news = True
    said = ("id", "key", "sha256", "bytes", "format", "learnt_when_written")
    added = (
        "received_at",
        "by",
        "rows_in",
        "loaded",
        "quarantined",
        "already_known",
        "totals",
        "remarks",
        "heard",
    )

    key = models.TextField()
    sha256 = Word()
    bytes = models.BigIntegerField()
    format = Word()
    learnt_when_written = models.BooleanField()
    received_at = models.DateTimeField()
    by = Word()
    rows_in = models.IntegerField()
    loaded = models.IntegerField()
    quarantined = models.IntegerField()
    already_known = models.IntegerField()
    #: kind of row -> how many were loaded
    totals = models.JSONField()
    #: what was odd about rows that were loaded all the same
    remarks = models.JSONField()
    #: agency -> when we learnt the latest of its records that were loaded
    heard = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["key", "received_at"], name="records_delivery_key")]
        constraints = [
            models.CheckConstraint(
                condition=Q(rows_in=F("loaded") + F("quarantined") + F("already_known")),
                name="records_delivery_reconciles",
            ),
            models.CheckConstraint(
                condition=Q(rows_in__gte=0, loaded__gte=0, quarantined__gte=0, already_known__gte=0),
                name="records_delivery_counts",
            ),
        ]


class Row(Fact):
    """What every row that an agency sent has in common.

    Shape    rows of one agency and reference are versions of one another; `series` finds them (ids.row_key).
             `content` is the SHA-256 of what was said: the same again is already known.
    """

    series = models.BigIntegerField()
    agency = Word()
    reference = models.TextField()
    version = models.IntegerField(default=1)
    written_at = models.DateTimeField(null=True)
    learnt_at = models.DateTimeField()
    delivery = Word()
    line = models.IntegerField()
    extra = models.JSONField(null=True)
    content = models.BinaryField(max_length=32)

    ADDED = ("id", "series", "version", "learnt_at", "delivery", "line", "extra", "content")

    class Meta:
        abstract = True


class RecordRow(Row):
    """One record: something that happened, as one agency wrote it down."""

    ledger_kind = "record"
    said = ("agency", "reference", "written_at", "kind", "first_on", "last_on", "precision", "about", "count",
            "measures", "values", "informant", "what")  # fmt: skip
    added = Row.ADDED
    derived_checks = (
        # Both sides as sets of (record, identity, position): what is in one and not in the other is the first that differs.
        "SELECT id, 'the people that this record is filed under are not those that it names' FROM ("
        "(SELECT r.id, 'who-' || left(encode(sha256(convert_to(r.agency || chr(31) || a.local, 'UTF8')), 'hex'), 24) AS identity, "
        "(a.n - 1)::smallint AS position FROM records_recordrow r, unnest(r.about) WITH ORDINALITY AS a(local, n) "
        "EXCEPT ALL SELECT record, identity, position FROM records_recordsubject) UNION ALL "
        "(SELECT record, identity, position FROM records_recordsubject EXCEPT ALL "
        "SELECT r.id, 'who-' || left(encode(sha256(convert_to(r.agency || chr(31) || a.local, 'UTF8')), 'hex'), 24), "
        "(a.n - 1)::smallint FROM records_recordrow r, unnest(r.about) WITH ORDINALITY AS a(local, n))"
        ") AS differing ORDER BY id LIMIT 1",
    )

    kind = Word()
    first_on = models.DateField()
    last_on = models.DateField()
    precision = Word()
    about = ArrayField(models.TextField())
    count = models.IntegerField(default=1)
    measures = models.JSONField(default=dict)
    values = models.JSONField(default=dict)
    informant = models.TextField(blank=True, default="")
    what = models.TextField(blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["series"], name="records_record_series")]
        constraints = [
            models.CheckConstraint(condition=Q(first_on__lte=F("last_on")), name="records_record_period"),
            models.CheckConstraint(condition=Q(precision__in=_PRECISIONS), name="records_record_precision"),
            models.CheckConstraint(condition=Q(count__gte=1, version__gte=1), name="records_record_counts"),
        ]


class RecordSubject(models.Model):
    """Under whom a record is filed: follows from `RecordRow.about`, so that records are found by person.

    Its migration makes an index where Django would make a primary key: half the cost, on the table that grows fastest.
    """

    pk = models.CompositePrimaryKey("identity", "record")
    identity = Word()
    record = Word()
    position = models.SmallIntegerField()

    class Meta:
        managed = False
        db_table = "records_recordsubject"


class PersonRow(Row):
    """What one agency has as a person's details. `identity` is the agency's own notion of that person, which everything
    else of that agency refers to; it follows from agency and reference."""

    ledger_kind = "person_details"
    said = ("agency", "reference", "written_at", "given_name", "family_name", "born_first", "born_last", "born_precision",
            "died_first", "died_last", "died_precision", "sex", "nhs_number", "postcode", "role",
            "other_names", "address", "uprn", "upn", "phones", "emails", "local_ids")  # fmt: skip
    added = (*Row.ADDED, "identity", "search_given", "search_family", "search_postcode")

    identity = Word()
    given_name = models.TextField(blank=True, default="")
    family_name = models.TextField(blank=True, default="")
    born_first = models.DateField(null=True)
    born_last = models.DateField(null=True)
    born_precision = Word(blank=True, default="")
    died_first = models.DateField(null=True)
    died_last = models.DateField(null=True)
    died_precision = Word(blank=True, default="")
    sex = Word(blank=True, default="")
    nhs_number = Word(blank=True, default="")
    postcode = models.TextField(blank=True, default="")
    role = models.TextField(blank=True, default="")
    #: whole names that the agency also has: former, married, known as
    other_names = ArrayField(models.TextField(), default=list)
    address = models.TextField(blank=True, default="")
    #: unique property reference number
    uprn = Word(blank=True, default="")
    #: unique pupil number
    upn = Word(blank=True, default="")
    phones = ArrayField(models.TextField(), default=list)
    emails = ArrayField(models.TextField(), default=list)
    #: `scheme:value`: ids that agencies pass on to each other
    local_ids = ArrayField(models.TextField(), default=list)
    #: names and postcode without accents, case and marks, for search and exact agreement
    search_given = Word(blank=True, default="")
    search_family = Word(blank=True, default="")
    search_postcode = Word(blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["identity", "version"], name="records_person_identity"),
            models.Index(fields=["series"], name="records_person_series"),
            models.Index(fields=["search_family", "search_given"], name="records_person_family"),
            models.Index(fields=["search_given"], name="records_person_given"),
            models.Index(fields=["nhs_number"], name="records_person_nhs", condition=~Q(nhs_number="")),
            models.Index(
                fields=["born_first"], name="records_person_born", condition=Q(born_first__isnull=False)
            ),
            models.Index(fields=["uprn"], name="records_person_uprn", condition=~Q(uprn="")),
            models.Index(
                fields=["search_postcode"], name="records_person_postcode", condition=~Q(search_postcode="")
            ),
        ]


class TieRow(Row):
    """One agency's statement of what one person is to a child."""

    ledger_kind = "tie"
    said = ("agency", "reference", "written_at", "subject", "relation", "other", "began_first", "began_last",
            "began_precision", "ended_first", "ended_last", "ended_precision")  # fmt: skip
    added = (*Row.ADDED, "subject_identity", "other_identity")

    subject = models.TextField()
    relation = Word()
    other = models.TextField()
    began_first = models.DateField(null=True)
    began_last = models.DateField(null=True)
    began_precision = Word(blank=True, default="")
    ended_first = models.DateField(null=True)
    ended_last = models.DateField(null=True)
    ended_precision = Word(blank=True, default="")
    subject_identity = Word()
    other_identity = Word()

    class Meta:
        indexes = [
            models.Index(fields=["subject_identity"], name="records_tie_subject"),
            models.Index(fields=["other_identity"], name="records_tie_other"),
            models.Index(fields=["series"], name="records_tie_series"),
        ]


class ResidenceRow(Row):
    """One agency's statement of where somebody lived. `household` is the agency's own key for a home."""

    ledger_kind = "residence"
    said = ("agency", "reference", "written_at", "subject", "household", "area", "began_first", "began_last",
            "began_precision", "ended_first", "ended_last", "ended_precision")  # fmt: skip
    added = (*Row.ADDED, "subject_identity")

    subject = models.TextField()
    household = models.TextField()
    area = models.TextField(blank=True, default="")
    began_first = models.DateField(null=True)
    began_last = models.DateField(null=True)
    began_precision = Word(blank=True, default="")
    ended_first = models.DateField(null=True)
    ended_last = models.DateField(null=True)
    ended_precision = Word(blank=True, default="")
    subject_identity = Word()

    class Meta:
        indexes = [
            models.Index(fields=["subject_identity"], name="records_residence_subject"),
            models.Index(fields=["agency", "household"], name="records_residence_household"),
            models.Index(fields=["series"], name="records_residence_series"),
            models.Index(fields=["area"], name="records_residence_area", condition=~Q(area="")),
        ]


class CoverageRow(Row):
    """That an agency's feed was live, from when to when: only inside that does its silence mean anything."""

    ledger_kind = "coverage"
    said = ("agency", "reference", "written_at", "live_from", "live_to")
    added = Row.ADDED

    live_from = models.DateTimeField()
    live_to = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["agency"], name="records_coverage_agency"),
            models.Index(fields=["series"], name="records_coverage_series"),
        ]


class QuarantinedRow(Fact):
    """A row that is held back, with why and what to do. `raw` is the line as it came, cut at a bound;
    `raw_sha256` is of all of it."""

    ledger_kind = "quarantined"
    said = ("delivery", "file", "line", "raw", "raw_sha256", "raw_bytes")
    added = ("id", "held_at", "faults")

    delivery = Word()
    file = models.TextField()
    line = models.IntegerField()
    raw = models.BinaryField()
    raw_sha256 = Word()
    raw_bytes = models.BigIntegerField()
    held_at = models.DateTimeField()
    #: list of {line, field, value, why, do}
    faults = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["delivery", "line"], name="records_quarantined_delivery")]


class Resolution(Fact):
    """What became of a quarantined row: loaded after all by a later delivery, or set aside by a person, with why."""

    ledger_kind = "resolution"
    said = ("id", "quarantined", "outcome", "why")
    added = ("at", "by", "delivery")

    quarantined = Word()
    outcome = Word()
    why = models.TextField()
    at = models.DateTimeField()
    by = Word()
    delivery = Word(blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["quarantined"], name="records_resolution_row")]


class Withdrawal(Fact):
    """That a delivery was withdrawn: from `at` on nothing reads its rows, and whoever asks as of before still does."""

    ledger_kind = "withdrawal"
    is_news = True
    said = ("id", "delivery", "why")
    added = ("at", "by")

    delivery = Word(unique=True)
    why = models.TextField()
    at = models.DateTimeField()
    by = Word()
