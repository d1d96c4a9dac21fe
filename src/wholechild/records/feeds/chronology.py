"""Reads a published chronology (`cases/*.yaml`) into records, obeying the reading rules at the head of those files.

Every event is learnt at the end of its own period, "as if it had been shared when it was written". A line with a
fault is left out and says why; all the others are read. A file that is not YAML as a whole is read piece by piece,
so that one broken event costs one event.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Final

from wholechild.lib.civil import NotADate, Period, Precision, parse_period, utc_of
from wholechild.lib.located import Located
from wholechild.records.facts import Agency, Fault, Record
from wholechild.records.feeds.sections import Sections, fault, sections
from wholechild.records.ids import stable_id
from wholechild.vocabulary.terms import vocabulary

MISSED: Final = ("not_recorded", "not_shared", "not_recognised")
_EVENT_KEYS: Final = frozenset(
    "id date date_to between precision agency region unit about kind count what value informant source note see "
    "missed shared_with".split()
)
_LEADING_DATE: Final = re.compile(
    r"\s*(\d{4}(?:-(?:\d{2}(?:-\d{2})?|Q[1-4]))?(?:/(?:month|quarter|year))?)(?![\w-])"
)


@dataclass(frozen=True, slots=True)
class CaseMeta:
    """What the file says of itself. Missing: an empty text, or None, where it does not say."""

    id: str
    title: str
    region: str
    review_reference: str = ""
    published: str = ""
    completeness: str = ""
    died: Period | None = None
    cause_as_published: str = ""


@dataclass(frozen=True, slots=True)
class DeclaredPerson:
    """Somebody whom the chronology names, by role only. `role` is the source's own words."""

    id: str
    role: str
    born: Period | None
    line: int


@dataclass(frozen=True, slots=True)
class ParsedEvent:
    """One event, as the record of the agency that held it.

    Shape    `record.about` has the role ids of the file. `missed` is one of MISSED, or empty; `not_recorded` marks
             what no agency wrote down, which a replay can therefore leave out. `attributable` False: the source does
             not say which one agency held it. `dated` False: it comes from the list of undated facts.
    Missing  `shared_with` None: no source says who was told; (): a source says that it was not passed on.
    """

    record: Record
    missed: str
    attributable: bool
    line: int
    dated: bool = True
    shared_with: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding of the review, in our own words."""

    id: str
    theme: str
    what: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that could not be read: the line where it begins, and every reason."""

    line: int
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class ParsedChronology:
    """Everything in the file that could be read, and what could not, with the line of each.

    Shape    `rows` counts the people and events of the file: rows = people + events + left_out. `remarks` are on the
             file as a whole, or on rows that were read all the same.
    """

    name: str
    case: CaseMeta
    people: tuple[DeclaredPerson, ...]
    events: tuple[ParsedEvent, ...]
    findings: tuple[Finding, ...]
    remarks: tuple[Fault, ...]
    left_out: tuple[LeftOut, ...]
    rows: int

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Everything that is wrong with the file, in the order of its lines."""
        found = [*self.remarks, *(one for row in self.left_out for one in row.faults)]
        return tuple(sorted(found, key=lambda one: one.line))


class Faulty(Exception):
    """This row cannot be read; the faults say why."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(faults[0].why)
        self.faults = faults


@dataclass(slots=True)
class _Reading:
    """What has been gathered so far, while one file is read."""

    name: str
    case: CaseMeta
    stand_ins: bool = False
    people: dict[str, DeclaredPerson] = field(default_factory=dict)
    events: list[ParsedEvent] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    remarks: list[Fault] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    references: set[str] = field(default_factory=set)
    rows: int = 0

    def leave_out(self, line: int, *faults: Fault) -> None:
        self.left_out.append(LeftOut(line, faults))


def read_chronology(data: bytes, *, name: str, stand_ins: bool = False) -> ParsedChronology:
    """Return the chronology in these bytes, and every fault in them with its line.

    Shape    never raises on what a file may hold. `name` is shown to the reader and stands in for a missing case id.
             With `stand_ins` a kind that we do not know, of a family that we do, is read as "not listed" of that family,
             with a remark: a replay of somebody else's file then leaves out no more than it must. Loading never does so.
    Source   the reading rules at the head of cases/pelka.yaml; ARCHITECTURE section 4.
    """
    parts, remarks, broken = sections(data)
    reading = _Reading(name, _case(parts, name), stand_ins, remarks=remarks)
    for line, wrong in broken:
        reading.rows += 1
        reading.leave_out(line, wrong)
    for item in parts.get("people", ()):
        _take(reading, item, _read_person)
    for section in ("events", "undated"):
        for item in parts.get(section, ()):
            _take(reading, item, _read_event)
    reading.findings += _findings(parts.get("findings", ()))
    if not reading.rows and not remarks:
        reading.remarks.append(
            fault(0, "events", "", "the file has no people and no events", "Check that this is a chronology.")
        )
    return ParsedChronology(
        name, reading.case, tuple(reading.people.values()), tuple(reading.events), tuple(reading.findings),
        tuple(reading.remarks), tuple(reading.left_out), reading.rows,
    )  # fmt: skip


def _take(reading: _Reading, item: Located, read: object) -> None:
    reading.rows += 1
    try:
        read(reading, item)  # type: ignore[operator]
    except Faulty as wrong:
        reading.leave_out(item.place.line, *wrong.faults)


# -- the case, its people and its findings ------------------------------------------------------------------------


def _case(parts: Sections, name: str) -> CaseMeta:
    case = _first_mapping(parts.get("case", ()))
    outcome = _first_mapping(parts.get("outcome", ()))
    stem = re.sub(r"[^a-z0-9]+", "-", re.sub(r"\.ya?ml$", "", name.rsplit("/", 1)[-1]).lower()).strip("-")
    return CaseMeta(
        id=_text(case.get("id")) or stem or "case",
        title=_text(case.get("title")) or name,
        region=_text(case.get("region")),
        review_reference=_text(case.get("review_reference")),
        published=_text(case.get("published")),
        completeness=_text(case.get("completeness")),
        died=_leading_period(outcome.get("died")),
        cause_as_published=_text(outcome.get("cause_as_published")),
    )


def _first_mapping(items: Sequence[Located]) -> dict[str, Located]:
    return next((item.value for item in items if isinstance(item.value, dict)), {})


def _findings(items: Sequence[Located]) -> list[Finding]:
    rows = [item.value for item in items if isinstance(item.value, dict)]
    return [Finding(_text(r.get("id")), _text(r.get("theme")), _text(r.get("what"))) for r in rows]


def _text(item: Located | None) -> str:
    if item is None or item.value is None or isinstance(item.value, dict | list):
        return ""
    return item.value.isoformat() if isinstance(item.value, date) else str(item.value).strip()


def _leading_period(item: Located | None) -> Period | None:
    """The date at the beginning of a text such as `2011 (by p5)`; None where there is none."""
    found = _LEADING_DATE.match(_text(item))
    try:
        return parse_period(found[1]) if found else None
    except NotADate:
        return None


def _mapping_of(item: Located, what: str) -> dict[str, Located]:
    if not isinstance(item.value, dict):
        raise Faulty(fault(item.place.line, what, item.value if not isinstance(item.value, list) else "",
                            f"this entry of {what} is not a set of names and values", "Write it as in the files of cases/."))  # fmt: skip
    return item.value


def _read_person(reading: _Reading, item: Located) -> None:
    row, line = _mapping_of(item, "people"), item.place.line
    person = _text(row.get("id"))
    if not person:
        raise Faulty(
            fault(line, "id", "", "this person has no id", "Give each person a role id, such as mother.")
        )
    if person in reading.people:
        raise Faulty(fault(line, "id", person, f"the person {person} is declared twice (first on line {reading.people[person].line})",
                            "Keep one of the two, or give the second another id."))  # fmt: skip
    born = _leading_period(row.get("born"))
    if born is None and _text(row.get("born")):
        reading.remarks.append(fault(line, "born", _text(row["born"]), "this is not a date, so the birth is taken as not known",
                                     "Write 2007-07-15, 2007-07 or 2007."))  # fmt: skip
    reading.people[person] = DeclaredPerson(person, _text(row.get("role")), born, line)


# -- one event --------------------------------------------------------------------------------------------------------


def _read_event(reading: _Reading, item: Located) -> None:
    row, line = _mapping_of(item, "events"), item.place.line
    faults: list[Fault] = []
    happened = _collected(faults, _happened, row, line)
    found_agency = _collected(faults, _agency, row, line, reading.case.region)
    about = _collected(faults, _about, row, line, reading.people)
    kind = _collected(faults, _kind, reading, row, line)
    count = _collected(faults, _count, row, line)
    measures, values = _value(row, line, faults)
    explicit = _text(row.get("id"))
    if explicit in reading.references:
        faults.append(
            fault(
                _line(row, "id", line),
                "id",
                explicit,
                f"the id {explicit} stands on two events",
                "Give one of them another id.",
            )
        )
    if faults:
        raise Faulty(*faults)
    if not (happened and found_agency and about and kind and count):
        raise AssertionError("a part of an event was not read, and no fault says why")
    agency, attributable = found_agency
    reading.remarks += _remarks(row, line, measures, values)
    reference = _reference(reading, explicit, agency, kind, about, happened)
    informant = _text(row.get("informant"))
    record = Record(
        id=stable_id("rec", agency.id, reference), agency=agency, reference=reference, kind=kind, happened=happened,
        learnt_at=utc_of(happened.ends), about=about, count=count, measures=measures, values=values,
        what=_text(row.get("what")), informant=informant,
    )  # fmt: skip
    missed = _text(row.get("missed"))
    reading.events.append(
        ParsedEvent(
            record, missed if missed in MISSED else "", attributable, line, "date" in row, _shared_with(row)
        )
    )


def _collected(faults: list[Fault], read, *arguments):  # type: ignore[no-untyped-def]
    """The value, or None with the reason added to `faults`: an event shows all its faults at once."""
    try:
        return read(*arguments)
    except Faulty as wrong:
        faults.extend(wrong.faults)
        return None


def _line(row: Mapping[str, Located], key: str, otherwise: int) -> int:
    return row[key].place.line if key in row else otherwise


def _happened(row: Mapping[str, Located], line: int) -> Period:
    name = "date" if "date" in row else "between"
    try:
        if name == "date":
            return _period(row)
        return _between(row)
    except NotADate as wrong:
        shown = _text(row.get("date")) if name == "date" else ""
        raise Faulty(fault(_line(row, name, line), name, shown, str(wrong),
                            "Write 2012-03-03, 2012-03, 2012-Q1 or 2012; a range as date and date_to, or between: [from, to].")) from None  # fmt: skip


def _period(row: Mapping[str, Located]) -> Period:
    until = _text(row.get("date_to")) or None
    return parse_period(_text(row["date"]), _text(row.get("precision")) or None, until)


def _between(row: Mapping[str, Located]) -> Period:
    bounds = row.get("between")
    if bounds is None:
        raise NotADate("this event has no date")
    if not isinstance(bounds.value, list) or len(bounds.value) != 2:
        raise NotADate("between needs two dates: [from, to]")
    first, last = (parse_period(_text(bound)) for bound in bounds.value)
    return Period(first.first, last.last, Precision.BETWEEN)


def _agency(row: Mapping[str, Located], line: int, region: str) -> tuple[Agency, bool]:
    name = _text(row.get("agency"))
    if not name:
        raise Faulty(fault(line, "agency", "", "this event does not say which agency held it",
                            "Name the kind of agency; write not_stated where the source does not say."))  # fmt: skip
    kind = vocabulary().agency_kind(name)
    if kind is None:
        raise Faulty(fault(_line(row, "agency", line), "agency", name, f"{name[:40]!r} is no kind of agency that we know",
                            _try_instead(name, "agency_kinds")))  # fmt: skip
    area = (_text(row.get("region")) or region).replace("/", " ")
    return Agency(kind.id, area, _text(row.get("unit"))), kind.attributable


def _try_instead(name: str, table: str) -> str:
    near = vocabulary().suggest(name, table)
    shown = f"wholechild vocabulary list {table}"
    return f"Did you mean {near}? The list: {shown}." if near else f"Choose one from: {shown}."


def _about(row: Mapping[str, Located], line: int, people: Mapping[str, DeclaredPerson]) -> tuple[str, ...]:
    named = [_text(item) for item in row["about"].items()] if "about" in row and row["about"].value else []
    if not named or not all(named):
        raise Faulty(fault(_line(row, "about", line), "about", "", "this event does not say whom it is about",
                            "Name at least one person of the list `people`."))  # fmt: skip
    unknown = [person for person in named if person not in people]
    if unknown:
        raise Faulty(fault(_line(row, "about", line), "about", ", ".join(unknown),
                            f"{', '.join(unknown)[:40]} {'is' if len(unknown) == 1 else 'are'} not declared in the list `people`",
                            "Declare everyone whom an event is about under `people`."))  # fmt: skip
    return tuple(dict.fromkeys(named))


def _kind(reading: _Reading, row: Mapping[str, Located], line: int) -> str:
    name = _text(row.get("kind"))
    if not name:
        raise Faulty(
            fault(
                line,
                "kind",
                "",
                "this event has no kind",
                "Choose one from: wholechild vocabulary list kinds.",
            )
        )
    kind = vocabulary().kind(name) or (
        vocabulary().kind(f"{name.split('.')[0]}.unlisted") if reading.stand_ins else None
    )
    if kind is None:
        raise Faulty(fault(_line(row, "kind", line), "kind", name, f"{name[:40]!r} is no kind of record that we know",
                            _try_instead(name, "kinds")))  # fmt: skip
    if kind.id.endswith(".unlisted") and not name.endswith(".unlisted"):
        reading.remarks.append(fault(_line(row, "kind", line), "kind", name,
                                      f"{name[:40]!r} is no kind of record that we know; it is read as {kind.id}",
                                      _try_instead(name, "kinds")))  # fmt: skip
    return kind.id


def _count(row: Mapping[str, Located], line: int) -> int:
    text = _text(row.get("count")) or "1"
    if not text.isdecimal() or not 1 <= int(text[:9]) <= 100_000 or len(text) > 6:
        raise Faulty(fault(_line(row, "count", line), "count", text, "count is not a whole number from 1 to 100,000",
                            "Write how many incidents the line stands for."))  # fmt: skip
    return int(text)


def _value(
    row: Mapping[str, Located], line: int, faults: list[Fault]
) -> tuple[dict[str, float], dict[str, str]]:
    """Numbers are measures; words are values."""
    measures: dict[str, float] = {}
    values: dict[str, str] = {}
    given = row.get("value")
    if given is None or given.value is None:
        return measures, values
    if not isinstance(given.value, dict):
        faults.append(
            fault(
                given.place.line,
                "value",
                _text(given),
                "value is not a set of names and values",
                "Write {kg: 14.8}.",
            )
        )
        return measures, values
    for name, item in sorted(given.value.items()):
        if isinstance(item.value, bool) or not isinstance(item.value, int | float):
            values[name] = str(item.value).lower() if isinstance(item.value, bool) else _text(item)
        elif abs(item.value) < 1e9:
            measures[name] = float(item.value)
        else:
            faults.append(
                fault(
                    item.place.line,
                    name,
                    item.value,
                    "this number is too large",
                    "Check the number and its unit.",
                )
            )
    return measures, values


def _remarks(
    row: Mapping[str, Located], line: int, measures: Mapping[str, float], values: Mapping[str, str]
) -> list[Fault]:
    """What is odd about an event that is read all the same: published words cannot be sent back to be corrected."""
    remarks = [
        fault(_line(row, "value", line), name, "", f"{name[:40]!r} is no measure that we know, so no lesson reads it",
               _try_instead(name, "measures"))
        for name in measures if vocabulary().measure(name) is None
    ]  # fmt: skip
    remarks += [
        fault(_line(row, "value", line), name, "", f"{name[:40]!r} is no fact that we know, so no lesson reads it",
               _try_instead(name, "facts"))
        for name in values if name not in vocabulary().facts
    ]  # fmt: skip
    missed = _text(row.get("missed"))
    if missed and missed not in MISSED:
        remarks.append(fault(_line(row, "missed", line), "missed", missed, f"missed is none of {', '.join(MISSED)}, so it is not used",
                              "Use one of these words, or leave it out."))  # fmt: skip
    unknown = sorted(row.keys() - _EVENT_KEYS)
    if unknown:
        remarks.append(
            fault(
                line,
                ", ".join(unknown),
                "",
                "these names are not known, so nothing is read from them",
                "Check their spelling.",
            )
        )
    return remarks


def _shared_with(row: Mapping[str, Located]) -> tuple[str, ...] | None:
    if "shared_with" not in row:
        return None
    return tuple(_text(item) for item in row["shared_with"].items() if _text(item))


def _reference(
    reading: _Reading, explicit: str, agency: Agency, kind: str, about: tuple[str, ...], happened: Period
) -> str:
    """The event's own id, else one that follows from what it is, so that another delivery of the file knows it again.

    Its words may then be corrected (a new version); another date or kind makes it another event.
    """
    if explicit:
        reading.references.add(explicit)
        return f"{reading.case.id}:{explicit}"
    parts = (agency.id, kind, ",".join(about), happened.first.isoformat(), happened.last.isoformat())
    for nth in range(1, len(reading.events) + 2):
        digits = sha256("\x1f".join((*parts, str(nth))).encode()).hexdigest()[:12]
        reference = f"{reading.case.id}:{digits}"
        if reference not in reading.references:
            break
    reading.references.add(reference)
    return reference
