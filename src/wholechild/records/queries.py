"""What agencies know, as it can be asked for. Every read takes a viewer; what they may see is decided by trust."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar

from django.db import connection
from django.db.models import Max, Model, QuerySet

from wholechild.lib.civil import Period, Precision
from wholechild.records.facts import Agency, Coverage, Record
from wholechild.records.ids import PREFIXES, identity_id
from wholechild.records.models import (
    AgencyContact,
    CoverageRow,
    Delivery,
    PersonRow,
    QuarantinedRow,
    RecordRow,
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


class _Versioned(Protocol):
    @property
    def agency(self) -> Any: ...
    @property
    def reference(self) -> Any: ...


V = TypeVar("V", bound=_Versioned)


class Received(NamedTuple):
    """A delivery that was received under a key, and whether it was withdrawn since."""

    id: str
    sha256: str
    rows_in: int
    withdrawn: bool


#: Its answer gives a `Received` for each delivery under a key, the latest first.
UNDER_KEY: Final = (
    "SELECT d.id, d.sha256, d.rows_in, EXISTS (SELECT 1 FROM records_withdrawal w WHERE w.delivery = d.id) "
    "FROM records_delivery d WHERE d.key = %s ORDER BY d.received_at DESC, d.id"
)


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
    found = {row.id: row for row in _record_rows(_FILED_UNDER, list(identities))}
    found.update((row.id, row) for row in _other_versions(found.values()))
    agencies = lru_cache(maxsize=None)(Agency.of)
    sent = [
        _sent(row, agencies(row.agency), number, spell)
        for versions in _by_series(found.values())
        for number, spell, row in _in_force(versions)
    ]
    return sorted(sent, key=lambda one: (one.record.learnt_at, one.record.id))


class _RecordRow(NamedTuple):
    """A record's columns as they come. A model would say the same at three times the cost, and this is read most of all.

    Units    `learnt_at` and `written_at` in UTC, without saying so: what has a zone is read ten times as slowly.
    """

    id: str
    agency: str
    reference: str
    series: int
    version: int
    learnt_at: datetime
    withdrawn_at: datetime | None
    kind: str
    first_on: date
    last_on: date
    precision: str
    about: list[str]
    written_at: datetime | None
    incidents: int
    measures: str
    values: str
    what: str
    informant: str
    not_held: bool


_RECORD_ROWS: Final = (
    "SELECT r.id, r.agency, r.reference, r.series, r.version, r.learnt_at AT TIME ZONE 'UTC', w.at, r.kind, r.first_on, r.last_on, r.precision, "
    "r.about, r.written_at AT TIME ZONE 'UTC', r.count, r.measures::text, r.values::text, r.what, r.informant, "
    """coalesce(r.extra @> '{"missed": "not_recorded"}', false) """
    "FROM records_recordrow r LEFT JOIN records_withdrawal w ON w.delivery = r.delivery WHERE "
)
_FILED_UNDER: Final = (
    "r.id IN (SELECT s.record FROM records_recordsubject s WHERE s.identity = ANY(%s)) "
    """AND NOT coalesce(r.extra @> '{"missed": "not_recorded"}', false)"""
)
_WITH_SEVERAL: Final = (
    "r.series IN (SELECT v.series FROM records_recordrow v WHERE v.series = ANY(%s) AND v.version > 1)"
)


def _record_rows(which: str, values: list[Any]) -> list[_RecordRow]:
    with connection.cursor() as cursor:
        cursor.execute(_RECORD_ROWS + which, [values])
        return [_RecordRow(*row) for row in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class ArrivedRecord:
    """A record that came, and the identities that any version of it names.

    Missing  `sent` None: there is more to it than one record that was not there before.
    """

    everyone: frozenset[str]
    sent: SentRecord | None


def arrived(viewer: Viewer, records: Collection[str]) -> dict[str, ArrivedRecord]:
    """Each of these records, with whether it is simply one more: the only version, not withdrawn, and held by an agency."""
    return {
        row.id: found
        for versions in _by_series(_record_rows(_OF_THE_SERIES_OF, list(records)))
        for found in (_arrived(versions),)
        for row in versions
        if row.id in records
    }


def _arrived(versions: Sequence[_RecordRow]) -> ArrivedRecord:
    everyone = frozenset(_identity(row.agency, local) for row in versions for local in row.about)
    row = versions[0]
    if len(versions) > 1 or row.version > 1 or row.withdrawn_at or row.not_held:
        return ArrivedRecord(everyone, None)
    ((number, spell, _),) = _in_force(versions)
    return ArrivedRecord(everyone, _sent(row, Agency.of(row.agency), number, spell))


_OF_THE_SERIES_OF: Final = "r.series IN (SELECT v.series FROM records_recordrow v WHERE v.id = ANY(%s))"


def _other_versions(rows: Collection[_RecordRow]) -> Iterable[_RecordRow]:
    """All versions of the same rows, whomever they name. Most rows have one version; their number says so."""
    keys = {row.series for row in rows}
    return _record_rows(_WITH_SEVERAL, list(keys)) if keys else ()


def _by_series(rows: Iterable[V]) -> Iterable[list[V]]:
    series: dict[tuple[str, str], list[V]] = {}
    for row in rows:
        series.setdefault((row.agency, row.reference), []).append(row)
    return series.values()


def _in_force(versions: Sequence[_RecordRow]) -> Iterator[tuple[int, Spell, _RecordRow]]:
    """(number of the spell, spell, row): when each of the versions of one row was the one that we knew."""
    if len(versions) == 1 and versions[0].withdrawn_at is None:  # nearly all
        yield 1, Spell(versions[0].version, versions[0].learnt_at.replace(tzinfo=UTC), None), versions[0]
        return
    by_number = {row.version: row for row in versions}
    stated = [Version(row.version, row.learnt_at.replace(tzinfo=UTC), row.withdrawn_at) for row in versions]
    for number, spell in enumerate(spells(stated), 1):
        yield number, spell, by_number[spell.number]


def _sent(row: _RecordRow, agency: Agency, number: int, spell: Spell) -> SentRecord:
    record = Record(
        id=row.id, agency=agency, reference=row.reference, kind=row.kind,
        happened=Period(row.first_on, row.last_on, Precision(row.precision)), learnt_at=spell.known_from,
        about=tuple(row.about), written_at=row.written_at.replace(tzinfo=UTC) if row.written_at else None, count=row.incidents, measures=_plain(row.measures),
        values=_plain(row.values), what=row.what, informant=row.informant, version=number, withdrawn_at=spell.known_to,
    )  # fmt: skip
    return SentRecord(record, tuple(_identity(row.agency, local) for local in row.about))


def _plain(text: str) -> dict[str, Any]:
    return {} if text == "{}" else json.loads(text)


#: One child's records name the same few people over and over.
_identity: Final = lru_cache(maxsize=4096)(identity_id)


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
    found = []
    for versions in _by_series(rows):
        by_number = {row.version: row for row in versions}
        stated = [Version(row.version, row.learnt_at, withdrawn.get(row.delivery)) for row in versions]
        found += [InForce(by_number[s.number], s.known_from, s.known_to) for s in spells(stated)]
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


# -- what a delivery touches --


@dataclass(frozen=True, slots=True)
class Touched:
    """Whom some deliveries say something about: identities, and areas whose coverage they state."""

    identities: frozenset[str]
    areas: frozenset[str]


def touched_by(deliveries: Collection[str]) -> Touched:
    """Everybody whom a row of these deliveries names, or whom another version of such a row names: corrections may move a
    record from one person to another, and then both have changed.
    """
    identities: set[str] = set()
    areas: set[str] = set()
    with connection.cursor() as cursor:
        for delivery in deliveries:
            within = {name: f"{prefix}-{delivery[4:]}" for name, prefix in PREFIXES.items()}
            cursor.execute(_TOUCHED, within)
            for agency, local, identity, area in cursor.fetchall():
                if area is not None:
                    areas.add(area)
                else:
                    identities.add(identity or identity_id(agency, local))
    return Touched(frozenset(identities), frozenset(areas))


def _versions_in(kind: str, model: type[Row]) -> str:
    """All versions (v) of the rows that a delivery brought; the ids of its rows lie together."""
    table = model._meta.db_table
    return (
        f"FROM {table} r JOIN {table} v ON v.series = r.series "
        f"WHERE r.id >= %({kind})s || '-' AND r.id < %({kind})s || '.'"
    )


_TOUCHED: Final = (
    "SELECT DISTINCT agency, local, NULL, NULL FROM "
    f"(SELECT v.agency, unnest(v.about) AS local {_versions_in('record', RecordRow)}) AS named "
    f"UNION SELECT NULL, NULL, v.identity, NULL {_versions_in('person', PersonRow)} "
    f"UNION SELECT NULL, NULL, v.subject_identity, NULL {_versions_in('tie', TieRow)} "
    f"UNION SELECT NULL, NULL, v.other_identity, NULL {_versions_in('tie', TieRow)} "
    f"UNION SELECT NULL, NULL, v.subject_identity, NULL {_versions_in('residence', ResidenceRow)} "
    f"UNION SELECT NULL, NULL, NULL, split_part(v.agency, '/', 2) {_versions_in('coverage', CoverageRow)}"
)


class PersonVersion(NamedTuple):
    """One version of what an agency has as somebody's details, as it said it. `declared`: by a published chronology."""

    identity: str
    version: int
    agency: str
    reference: str
    declared: bool
    learnt_at: datetime
    given_name: str
    family_name: str
    born_first: date | None
    born_last: date | None
    died_first: date | None
    died_last: date | None
    sex: str
    nhs_number: str
    postcode: str
    other_names: list[str]
    address: str
    uprn: str
    upn: str
    phones: list[str]
    emails: list[str]
    local_ids: list[str]


#: Its answer gives a `PersonVersion` for each version of these identities' details that was not withdrawn, the first first.
VERSIONS_IN_FORCE: Final = (
    "SELECT p.identity, p.version, p.agency, p.reference, d.format = 'chronology', "
    + ", ".join(f"p.{name}" for name in PersonVersion._fields[5:])
    + " FROM records_personrow p JOIN records_delivery d ON d.id = p.delivery WHERE p.identity = ANY(%s) "
    "AND NOT EXISTS (SELECT 1 FROM records_withdrawal w WHERE w.delivery = p.delivery) ORDER BY p.identity, p.version"
)


def named_with(identities: Collection[str]) -> set[str]:
    """These identities, and all that any record names beside one of them."""
    with connection.cursor() as cursor:
        cursor.execute(_NAMED_WITH, [list(identities)])
        return {*identities, *(_identity(agency, local) for agency, local in cursor.fetchall())}


_NAMED_WITH: Final = (
    "SELECT DISTINCT r.agency, unnest(r.about) FROM records_recordrow r WHERE cardinality(r.about) > 1 "
    "AND r.id IN (SELECT s.record FROM records_recordsubject s WHERE s.identity = ANY(%s))"
)


def deliveries_withdrawn_by(withdrawals: Collection[str]) -> list[str]:
    """The deliveries that these withdrawals took back."""
    if not withdrawals:
        return []
    return list(Withdrawal.objects.filter(pk__in=list(withdrawals)).values_list("delivery", flat=True))


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
