"""Hand-made families: the examples of a lesson, and the quiet families on which every lesson stays silent.

A family is a small document (docs/reference/lesson-language.md). It is read here into the same history that the engines
read, by the same joining, so that an example can only pass for the reason for which a real child's record would.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from wholechild.lib.civil import DAY, NotADate, Period, civil, day_of, day_start, parse_period, utc_of
from wholechild.lib.located import Located, NotPlainYaml, read_yaml
from wholechild.patterns.history import ChildHistory
from wholechild.patterns.joining import Linked, join
from wholechild.patterns.language.faults import MOST_FAULTS, Faults, LessonFault, Part
from wholechild.people.family import Family, FamilyTie, Held, Person, Stay
from wholechild.records.facts import Agency, Coverage, Record
from wholechild.vocabulary.terms import vocabulary

#: The longest file of families in the library has a twenty-fifth of this.
MOST_LETTERS: Final = 256 * 1024
#: The years that a made-up family may live in; a calendar has an end, and days are reckoned on from each.
YEARS: Final = (1850, 2199)
MOST_PEOPLE: Final = 60
MOST_RECORDS: Final = 1_000
EXPECTATIONS: Final = ("holds", "near_miss", "cannot_tell")
_PREGNANCY: Final = 280 * DAY
_ADULTS_WHO_CARE: Final = ("mother", "father", "adoptive_parent")


@dataclass(frozen=True, slots=True)
class FamilyDocument:
    """One hand-made family, joined and ready to ask.

    Missing  `expect` empty: a quiet family. `holds_from` None: any day will do. `until` is the last day asked about.
    """

    name: str
    story: str
    expect: str
    holds_from: date | None
    until: date
    history: ChildHistory


@dataclass(slots=True)
class _Household:
    """What is gathered of one document while it is read."""

    faults: Faults
    area: str
    persons: dict[str, Person] = field(default_factory=dict)
    relations: dict[str, str] = field(default_factory=dict)
    ties: list[FamilyTie] = field(default_factory=list)
    stays: list[Stay] = field(default_factory=list)


def read_examples(text: str, file: str) -> tuple[tuple[FamilyDocument, ...], tuple[LessonFault, ...]]:
    """Every family of an `examples.yaml`, and every fault; a family with a fault is left out."""
    faults = Faults(file)
    try:
        node = read_yaml(text, most=MOST_LETTERS)
    except NotPlainYaml as wrong:
        faults.add(wrong.place, wrong.why, "Mend the file and check again.")
        return (), tuple(faults.found)
    families = [_family(item, faults, quiet=False) for item in node.items()]
    return tuple(family for family in families if family), faults.listed(MOST_FAULTS)


def read_quiet_family(text: str, file: str) -> tuple[FamilyDocument | None, tuple[LessonFault, ...]]:
    """The quiet family of one file, or its faults."""
    faults = Faults(file)
    try:
        family = _family(read_yaml(text, most=MOST_LETTERS), faults, quiet=True)
    except NotPlainYaml as wrong:
        faults.add(wrong.place, wrong.why, "Mend the file and check again.")
        family = None
    return family, tuple(sorted(faults.found))


def _family(node: Located, faults: Faults, *, quiet: bool) -> FamilyDocument | None:
    before = len(faults.found)
    part = Part(node, faults, "the family")
    name = part.text("title" if quiet else "name")
    story = part.text("story") if quiet else part.text("note", required=False)
    expect = "" if quiet else part.choice("expect", EXPECTATIONS)
    home = _Household(faults, part.text("area", required=False) or "Northmoor")
    people = _at_most(part, "people", MOST_PEOPLE)
    for item in people.items() if people else ():
        _person(item, home)
    _kinship(people, home)
    listed = _at_most(part, "records", MOST_RECORDS)
    records = [r for i, item in enumerate(listed.items() if listed else ()) if (r := _record(item, i, home))]
    coverage = tuple(_coverage(part.take("coverage"), home))
    holds_from, until = _one_day(part, "holds_from"), _one_day(part, "until")
    part.done()
    if "child" not in home.persons:
        part.fault("nobody in the family is the child", "Give one person the id `child`.", "people")
    if len(faults.found) > before:
        return None
    return FamilyDocument(
        name, story, expect, holds_from, until or _after(records), _joined(home, records, coverage)
    )


def _at_most(part: Part, key: str, most: int) -> Located | None:
    """The list of a key; a fault and nothing where it is longer than any family needs: each tie is to be worked out."""
    listed = part.take(key, required=True)
    if listed is not None and len(list(listed.items())) > most:
        part.fault(f"`{key}` has more than {most} lines", "Keep those that the lesson is about.", key)
        return None
    return listed


# -- people ------------------------------------------------------------------------------------------------------


def _person(node: Located, home: _Household) -> None:
    part = Part(node, home.faults, "a person")
    person = part.text("id")
    born = _period(part, "born")
    relation = "child" if person == "child" else part.choice("relation", vocabulary().relations)
    since, until = _period(part, "from"), _period(part, "to")
    known = _period(part, "known")
    lives_with = part.take("lives_with")
    part.take("parents"), part.take("cared_for_until")
    part.done()
    if not person or not relation:
        return
    home.persons[person] = Person(person, (born.starts, born.ends) if born else None)
    home.relations[person] = relation
    held = Held(
        since.starts if since else Held().began, until.ends if until else Held().ended,
        known.ends if known else Held().known_from,
    )  # fmt: skip
    if person == "child":
        start = home.persons[person].born
        held = Held(start[0] - _PREGNANCY if start else Held().began)
    else:
        home.ties.append(FamilyTie("child", relation, person, held))
    resident = vocabulary().relations[relation].resident if lives_with is None else lives_with.value is True
    if person == "child" or resident:
        home.stays.append(Stay(person, "home", home.area, held))


def _kinship(people: Located | None, home: _Household) -> None:
    """The adults' ties to the other children: as written under `parents`, else every parent of the family."""
    for item in people.items() if people else ():
        part = Part(item, home.faults, "a person")
        child = part.text("id", required=False)
        if not vocabulary().relations.get(home.relations.get(child, ""), None) or not _is_child(child, home):
            continue
        named = part.texts("parents") or tuple(p for p, r in home.relations.items() if r in _ADULTS_WHO_CARE)
        cared_until = _period(part, "cared_for_until")
        for parent in named:
            if parent not in home.persons:
                part.fault(f"{parent[:40]!r} is not one of the people", "Add the person above.", "parents")
                continue
            born = home.persons[child].born
            held = Held(born[0] if born else Held().began, cared_until.ends if cared_until else Held().ended)
            home.ties.append(FamilyTie(child, home.relations[parent], parent, held))


def _is_child(person: str, home: _Household) -> bool:
    return person != "child" and vocabulary().relations[home.relations[person]].sibling


# -- records -----------------------------------------------------------------------------------------------------


def _record(node: Located, index: int, home: _Household) -> Record | None:
    part = Part(node, home.faults, "a record")
    happened = _period(part, "date", part.text("precision", required=False), _as_text(part.take("date_to")))
    kind = part.text("kind")
    known = vocabulary().kind(kind)
    if kind and known is None:
        part.fault(f"there is no kind {kind[:60]!r}", f'Did you mean "{vocabulary().suggest(kind)}"?', "kind")
    sender = part.text("agency")
    agency_kind = vocabulary().agency_kind(sender)
    if sender and agency_kind is None:
        part.fault(
            f"there is no kind of agency {sender[:60]!r}",
            "`wholechild vocabulary list agency_kinds` lists them.",
            "agency",
        )
    about = part.texts("about", least=1)
    for person in about:
        if person not in home.persons:
            part.fault(f"{person[:40]!r} is not one of the people", "Add the person under `people`.", "about")
    area, unit = part.text("area", required=False) or home.area, part.text("unit", required=False)
    learnt = _period(part, "learnt")
    measures, values = _values(part)
    count = part.whole("count", least=1, default=1)
    informant, what = part.text("informant", required=False), part.text("what", required=False)
    part.done()
    if happened is None or known is None or agency_kind is None:
        return None
    return Record(
        id=f"rec-{index + 1:03}", agency=Agency(agency_kind.id, area, unit), reference=f"{index + 1}", kind=known.id,
        happened=happened, learnt_at=utc_of(learnt.starts if learnt else happened.ends), about=about, count=count,
        measures=measures, values=values, what=what, informant=informant,
    )  # fmt: skip


def _values(part: Part) -> tuple[Mapping[str, float], Mapping[str, str]]:
    inner = Part(part.take("value"), part.faults, "`value`")
    plain: dict[str, Any] = {key: item.value for key, item in inner.node.value.items()}
    numbers = {
        k: float(v) for k, v in plain.items() if isinstance(v, int | float) and not isinstance(v, bool)
    }
    words = {True: "yes", False: "no"}
    return numbers, {
        k: words.get(v, str(v)) if isinstance(v, bool) else str(v)
        for k, v in plain.items()
        if k not in numbers
    }


def _coverage(node: Located | None, home: _Household) -> Iterator[Coverage]:
    if node is None or node.value == "none":
        return
    if node.value == "all":
        for kind in vocabulary().agency_kinds.values():
            if kind.attributable:
                yield Coverage(Agency(kind.id, ""), datetime(1900, 1, 1, tzinfo=UTC), None)
        return
    for item in node.items():
        part = Part(item, home.faults, "`coverage`")
        sector = part.choice("sector", vocabulary().sectors)
        since, until = _period(part, "from"), _period(part, "to")
        part.done()
        kinds = [
            kind.id
            for kind in vocabulary().agency_kinds.values()
            if kind.sector == sector and kind.attributable
        ]
        if kinds and since:
            yield Coverage(Agency(kinds[0], ""), utc_of(since.starts), utc_of(until.ends) if until else None)


# -- days --------------------------------------------------------------------------------------------------------


def _as_text(node: Located | None) -> str:
    return "" if node is None else str(node.value)


def _period(part: Part, key: str, precision: str = "", until: str = "") -> Period | None:
    found = part.take(key, required=key == "date")
    if found is None:
        return None
    try:
        period = parse_period(str(found.value), precision or None, until or None)
    except NotADate as wrong:
        part.fault(str(wrong), "Correct the date.", key)
        return None
    if period.first.year < YEARS[0] or period.last.year > YEARS[1]:
        part.fault(
            f"no family here lived in {found.value}", f"Write a day from {YEARS[0]} to {YEARS[1]}.", key
        )
        return None
    return period


def _one_day(part: Part, key: str) -> date | None:
    period = _period(part, key)
    return period.first if period else None


def _after(records: list[Record]) -> date:
    known = (day_of(civil(record.learnt_at)) for record in records)
    return max(known, default=date(2026, 1, 1)) + timedelta(days=1)


def _joined(home: _Household, records: list[Record], coverage: tuple[Coverage, ...]) -> ChildHistory:
    links = {(r.agency.id, person): (Linked(person),) for r in records for person in r.about}
    return join("child", Family(home.persons, home.ties, home.stays), records, links, coverage)


def asked_until(family: FamilyDocument) -> int:
    """The first civil second that is not asked about."""
    return day_start(family.until) + DAY
