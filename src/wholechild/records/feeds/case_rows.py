"""A published chronology as drafts: each agency's records, and the people as each agency knew them.

Everyone is known to each agency under one local id, `case:role`. That all of these are one person is declared by the
file itself; people/actions.py links them as declared, and can unlink them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from wholechild.records.drafts import (
    NO_DAYS,
    NULL,
    Draft,
    content_of,
    copied,
    copied_array,
    days,
    derived_columns,
    json_list,
    json_numbers,
    json_words,
    quoted,
)
from wholechild.records.facts import Agency, Record
from wholechild.records.feeds.chronology import DeclaredPerson, ParsedChronology, ParsedEvent
from wholechild.records.ids import identity_id, row_key

#: Who holds somebody whom no event names: the source does not say.
_NOBODY_SAID = "not_stated"


def local_id(case: str, person: str) -> str:
    """Under what id every agency of a case knows a person."""
    return f"{case}:{person}"


def case_drafts(parsed: ParsedChronology, at: datetime) -> Iterator[tuple[int, tuple[Draft, ...]]]:
    """(line, drafts) of each good row: a person gives one draft for each agency that names them. People come first."""
    named = _first_named(parsed)
    for person in parsed.people:
        agencies = named.get(person.id) or {Agency(_NOBODY_SAID, parsed.case.region or "not stated"): at}
        drafts = (
            _person(parsed.case.id, person, agency, min(known, at)) for agency, known in agencies.items()
        )
        yield person.line, tuple(drafts)
    for event in parsed.events:
        yield event.line, (_record(parsed.case.id, event, at),)


def agencies_of(parsed: ParsedChronology) -> dict[str, Agency]:
    """Every agency that a chronology names, by id."""
    found = {event.record.agency.id: event.record.agency for event in parsed.events}
    if any(person.id not in _first_named(parsed) for person in parsed.people):
        nobody = Agency(_NOBODY_SAID, parsed.case.region or "not stated")
        found[nobody.id] = nobody
    return found


def _first_named(parsed: ParsedChronology) -> dict[str, dict[Agency, datetime]]:
    """person -> agency -> when that agency first had a record that names the person."""
    named: dict[str, dict[Agency, datetime]] = {}
    for event in parsed.events:
        for person in event.record.about:
            agencies = named.setdefault(person, {})
            known = agencies.get(event.record.agency, event.record.learnt_at)
            agencies[event.record.agency] = min(known, event.record.learnt_at)
    return named


def _person(case: str, person: DeclaredPerson, agency: Agency, learnt: datetime) -> Draft:
    reference, born = local_id(case, person.id), days(person.born)
    said = f'[{quoted(agency.id)},{quoted(reference)},null,"","",{born.json},{NO_DAYS.json},"","","",{quoted(person.role)},[],"","","",[],[],[]]'
    text = f"{copied(agency.id)}\t{copied(reference)}\t{NULL}\t\t\t{born.copied}\t{NO_DAYS.copied}\t\t\t\t{copied(person.role)}\t{{}}\t\t\t\t{{}}\t{{}}\t{{}}"
    identity = identity_id(agency.id, reference)
    derived = derived_columns(identity, "", "", "")
    return Draft("person", row_key(agency.id, reference), agency.id, reference, said, text, content_of(said), learnt.isoformat(), (identity,), (), (),
                 person.line, "", "", derived)  # fmt: skip


def _record(case: str, event: ParsedEvent, at: datetime) -> Draft:
    record = event.record
    about = tuple(local_id(case, person) for person in record.about)
    return record_draft(
        record, about=about, informant=_informant(case, event), line=event.line, extra=_extra(event),
        learnt=min(record.learnt_at, at),
    )  # fmt: skip


def _informant(case: str, event: ParsedEvent) -> str:
    informant = event.record.informant
    return local_id(case, informant) if informant in event.record.about else informant


def _extra(event: ParsedEvent) -> dict[str, str]:
    """What a review says of the record, kept beside it: nothing that its agency wrote."""
    extra = {"missed": event.missed} if event.missed else {}
    if event.shared_with is not None:
        extra["shared_with"] = ";".join(event.shared_with)
    return extra


def record_draft(
    record: Record,
    *,
    about: tuple[str, ...],
    informant: str,
    line: int,
    extra: dict[str, str],
    learnt: datetime,
) -> Draft:
    """Any record as a draft."""
    agency = record.agency.id
    happened = days(record.happened)
    written = record.written_at.isoformat() if record.written_at else ""
    measures, values = json_numbers(record.measures), json_words(record.values)
    said = (
        f"[{quoted(agency)},{quoted(record.reference)},{quoted(written) if written else 'null'},{quoted(record.kind)},"
        f"{happened.json},{json_list(about)},{record.count},{measures},{values},{quoted(informant)},{quoted(record.what)}]"
    )
    text = (
        f"{copied(agency)}\t{copied(record.reference)}\t{written or NULL}\t{record.kind}\t{happened.copied}\t{copied_array(about)}\t"
        f"{record.count}\t{copied(measures)}\t{copied(values)}\t{copied(informant)}\t{copied(record.what)}"
    )
    identities = tuple(identity_id(agency, person) for person in about)
    named = tuple(("about", person) for person in about)
    return Draft("record", row_key(agency, record.reference), agency, record.reference, said, text, content_of(said),
                 learnt.isoformat(), identities, identities, named, line, json_words(extra) if extra else "", "")  # fmt: skip
