"""What agencies know, as it can be asked for. Every read takes a viewer; what they may see is decided by trust."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Generic, TypeVar

from django.db.models import Max, Model, QuerySet

from wholechild.lib.civil import Period, Precision
from wholechild.records.facts import Agency, Coverage, Record
from wholechild.records.ids import identity_id
from wholechild.records.models import (
    AgencyContact,
    CoverageRow,
    Delivery,
    PersonRow,
    QuarantinedRow,
    RecordRow,
    RecordSubject,
    ResidenceRow,
    Resolution,
    Row,
    TieRow,
    Withdrawal,
)
from wholechild.records.spells import Spell, Version, spells
from wholechild.trust.viewers import Viewer

R = TypeVar("R", bound=Row)
M = TypeVar("M", bound=Model)


def live_delivery(key: str) -> Delivery | None:
    """The delivery that was received under this key and not withdrawn since."""
    withdrawn = Withdrawal.objects.values("delivery")
    return Delivery.objects.filter(key=key).exclude(id__in=withdrawn).order_by("-received_at").first()


# -- rows about some identities, for the rooms above --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SentRecord:
    """A record as it lies here: the fact, and the identities that it is filed under, in the order of `record.about`."""

    record: Record
    identities: tuple[str, ...]


def records_filed_under(viewer: Viewer, identities: Collection[str]) -> list[SentRecord]:
    """Every record that names, or once named, one of these identities, as it was known from when to when.

    Shape    one entry for each spell in which one version was in force, in the order of knowledge. Spells of one record are
             numbered as versions: the next begins where the last ends, or `withdrawn_at` says where it ended with none
             to follow. A correction that names other people stands here too, because it ends what it corrects.
    Missing  what a review says that staff saw and nobody wrote down is left out: no agency held it (replays.md). Nothing is
             left out by what the viewer may read: whoever shows a record asks trust about its class.
    """
    withdrawn = dict(Withdrawal.objects.values_list("delivery", "at"))
    filed = _any_of(RecordSubject.objects.all(), "identity", identities).values("record")
    rows = RecordRow.objects.filter(pk__in=filed).exclude(extra__contains={"missed": "not_recorded"})
    found = {row.pk: row for row in rows.iterator(chunk_size=5_000)}
    found.update((row.pk, row) for row in _other_versions(found.values()))
    agencies = lru_cache(maxsize=None)(Agency.of)
    sent = [
        _sent(row, agencies(row.agency), number, spell)
        for versions in _by_series(found.values())
        for number, spell, row in _in_force(versions, withdrawn)
    ]
    return sorted(sent, key=lambda one: (one.record.learnt_at, one.record.id))


def _other_versions(rows: Collection[RecordRow]) -> Iterable[RecordRow]:
    """All versions of the same rows, whomever they name. Most rows have one version; their number says so."""
    keys = {row.series for row in rows}
    return RecordRow.objects.filter(series__in=_with_several(keys)) if keys else ()


def _with_several(keys: Collection[int]) -> QuerySet[RecordRow, Any]:
    return RecordRow.objects.filter(series__in=list(keys), version__gt=1).values("series")


def _by_series(rows: Iterable[R]) -> Iterable[list[R]]:
    series: dict[tuple[str, str], list[R]] = {}
    for row in rows:
        series.setdefault((row.agency, row.reference), []).append(row)
    return series.values()


def _in_force(versions: Sequence[R], withdrawn: Mapping[str, datetime]) -> Iterator[tuple[int, Spell, R]]:
    """(number of the spell, spell, row): when each of the versions of one row was the one that we knew."""
    by_number = {row.version: row for row in versions}
    stated = [Version(row.version, row.learnt_at, withdrawn.get(row.delivery)) for row in versions]
    for number, spell in enumerate(spells(stated), 1):
        yield number, spell, by_number[spell.number]


def _sent(row: RecordRow, agency: Agency, number: int, spell: Spell) -> SentRecord:
    record = Record(
        id=row.pk, agency=agency, reference=row.reference, kind=row.kind,
        happened=Period(row.first_on, row.last_on, Precision(row.precision)), learnt_at=spell.known_from,
        about=tuple(row.about), written_at=row.written_at, count=row.count, measures=row.measures, values=row.values,
        what=row.what, informant=row.informant, version=number, withdrawn_at=spell.known_to,
    )  # fmt: skip
    return SentRecord(record, tuple(identity_id(row.agency, local) for local in row.about))


@dataclass(frozen=True, slots=True)
class InForce(Generic[R]):
    """One version of a row, and one spell in which it was what we knew. Missing: `known_to` None, it still is."""

    row: R
    known_from: datetime
    known_to: datetime | None


def person_rows(viewer: Viewer, identities: Collection[str]) -> list[InForce[PersonRow]]:
    """What agencies have, and had, as these identities' details: each version in each spell in which it was in force."""
    return _spelled(_any_of(PersonRow.objects.all(), "identity", identities))


def tie_rows(viewer: Viewer, identities: Collection[str]) -> list[InForce[TieRow]]:
    """Every statement of a tie that has one of these identities on either side, as it was in force."""
    asked = list(identities)
    either = ["(subject_identity = ANY(%s) OR other_identity = ANY(%s))"]
    return _spelled(TieRow.objects.extra(where=either, params=[asked, asked]))  # noqa: S610 - our words, parameters


def residence_rows(viewer: Viewer, identities: Collection[str]) -> list[InForce[ResidenceRow]]:
    """Every statement of where these identities, or others in the same households, lived, as it was in force."""
    own = _any_of(ResidenceRow.objects.all(), "subject_identity", identities)
    homes = list(own.values_list("agency", "household").distinct())
    return _spelled(_residents(homes)) if homes else []


def _residents(homes: list[tuple[str, str]]) -> QuerySet[ResidenceRow]:
    agencies, households = [agency for agency, _ in homes], [household for _, household in homes]
    return ResidenceRow.objects.extra(
        where=["(agency, household) IN (SELECT * FROM unnest(%s::text[], %s::text[]))"],
        params=[agencies, households],
    )


def _spelled(rows: QuerySet[R]) -> list[InForce[R]]:
    """Each version with the spells in which it was the one that we knew, in the order of knowledge."""
    withdrawn = dict(Withdrawal.objects.values_list("delivery", "at"))
    found = [
        InForce(row, spell.known_from, spell.known_to)
        for versions in _by_series(rows)
        for _, spell, row in _in_force(versions, withdrawn)
    ]
    return sorted(found, key=lambda one: (one.known_from, one.row.pk))


def _any_of(rows: QuerySet[M], column: str, values: Collection[str]) -> QuerySet[M]:
    """The rows whose column is one of many values: one array, where `__in` would send thousands of parameters."""
    return rows.extra(where=[f"{column} = ANY(%s)"], params=[list(values)])  # noqa: S610 - a column that we name


def _live(model: type[R]) -> QuerySet[R]:
    rows: QuerySet[R] = model._default_manager.exclude(delivery__in=Withdrawal.objects.values("delivery"))
    return rows


def coverage_rows(viewer: Viewer) -> list[Coverage]:
    """From when to when each agency's feed was live, as last stated."""
    rows = _live(CoverageRow).order_by("agency", "reference", "version")
    last = {(row.agency, row.reference): row for row in rows}
    return [Coverage(Agency.of(row.agency), row.live_from, row.live_to) for row in last.values()]


def areas_served(viewer: Viewer) -> frozenset[str]:
    """The areas of all agencies that have sent anything about anybody."""
    found = {agency for model in (PersonRow, RecordRow, CoverageRow) for agency in _agencies(model)}
    return frozenset(Agency.of(agency).area for agency in found)


def _agencies(model: type[Row]) -> set[str]:
    return set(model._default_manager.values_list("agency", flat=True).distinct())


def last_learnt(viewer: Viewer) -> datetime | None:
    """When anything that a record says was last learnt; None where there is no record."""
    latest: datetime | None = RecordRow.objects.aggregate(latest=Max("learnt_at"))["latest"]
    return latest


def last_heard(viewer: Viewer) -> dict[str, datetime]:
    """agency id -> when we last learnt a record from it, by the deliveries that were not withdrawn."""
    latest: dict[str, datetime] = {}
    withdrawn = Withdrawal.objects.values("delivery")
    for heard in Delivery.objects.exclude(heard={}).exclude(id__in=withdrawn).values_list("heard", flat=True):
        for agency, said in heard.items():
            moment = datetime.fromisoformat(said)
            latest[agency] = max(latest.get(agency, moment), moment)
    return latest


def contacts(viewer: Viewer) -> dict[str, AgencyContact]:
    """agency id -> how to reach it, as it last told us."""
    return {row.agency: row for row in AgencyContact.objects.order_by("learnt_at")}


# -- for those who run the feeds ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HeldRow:
    """A row in quarantine. `raw` is the line as it came, cut at a bound; it may hold personal data."""

    id: str
    delivery: str
    file: str
    line: int
    faults: list[dict[str, Any]]
    raw: str

    def as_json(self) -> dict[str, Any]:
        """Without what the row says: `quarantine show` is for that."""
        return {
            "id": self.id,
            "delivery": self.delivery,
            "file": self.file,
            "line": self.line,
            "faults": self.faults,
        }


def held_rows(viewer: Viewer, *, delivery: str = "", everything: bool = False) -> list[HeldRow]:
    """The rows that are held back, oldest first; with `everything`, also those that were dealt with."""
    rows = QuarantinedRow.objects.order_by("held_at", "delivery", "line")
    if delivery:
        rows = rows.filter(delivery=delivery)
    if not everything:
        rows = rows.exclude(pk__in=Resolution.objects.values("quarantined"))
    return [
        HeldRow(
            row.pk, row.delivery, row.file, row.line, row.faults, bytes(row.raw).decode("utf-8", "replace")
        )
        for row in rows
    ]


def deliveries(viewer: Viewer) -> list[dict[str, Any]]:
    """Every delivery with its control totals, the latest first."""
    withdrawn = dict(Withdrawal.objects.values_list("delivery", "at"))
    columns = ("key", "format", "received_at", "by", "rows_in", "loaded", "quarantined", "already_known")
    return [
        {
            "delivery": row["pk"],
            **{name: row[name] for name in columns},
            "withdrawn_at": withdrawn.get(row["pk"]),
        }
        for row in Delivery.objects.order_by("-received_at", "pk").values("pk", *columns)
    ]
