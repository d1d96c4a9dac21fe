"""The pages of the language's manual: small tables of what was recorded, a condition, and exactly when it holds.

A page is YAML in `pages/`. Its tables are text, one line a row, so that a reader sees what an agency would have seen:

    records: |
      day        | agency      | kind
      2011-02-01 | gp          | injury.burn
      2011-02-06 | hospital_ed | injury.burn
    condition: {count: {of: [injury.*], at_least: 2, within: 10 days}}
    holds: [2011-02-07 until 2011-02-11]

Every instant in a table is the first moment of the day that is written, unless an hour stands beside it. `until` never
includes its day. Where a spec says `asked`, only that stretch of the axis is compared. A record is known from the end of its own period unless its `known` says otherwise. Records are called
r1, r2, … in the order of the table. A spec that lists no `holds` never holds; one that lists no `cannot_tell` can always
tell. Nothing here knows an engine: test_meaning.py runs every page on every engine, and manual.py prints the pages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import yaml

from wholechild.lib.civil import DAY, FOREVER, Period, day_of, day_start, parse_period, utc_of
from wholechild.lib.located import Located, Place
from wholechild.patterns.history import ChildHistory
from wholechild.patterns.intervals import BEGINNING, Reason, Truth, Why, clipped
from wholechild.patterns.joining import Linked, join
from wholechild.patterns.language.conditions import ConditionReader
from wholechild.patterns.language.faults import Faults
from wholechild.patterns.language.nodes import Condition
from wholechild.people.family import Family, FamilyTie, Held, Person, Stay
from wholechild.records.facts import Agency, Coverage, Record
from wholechild.vocabulary.terms import vocabulary

PAGES: Final = Path(__file__).with_name("pages")


@dataclass(frozen=True, slots=True)
class Spec:
    """One entry of a page: what is given, the condition, and what it must denote, in the words of the page."""

    page: str
    says: str
    given: Mapping[str, Any]
    condition: Condition
    holds: list[str]
    cannot_tell: list[str]

    @property
    def nation(self) -> str:
        return str(self.given.get("nation", "england"))

    def history(self) -> ChildHistory:
        return history_of(self.given)

    def asked(self, truth: Truth) -> Truth:
        """The truth on the stretch that the spec asks about."""
        if "asked" not in self.given:
            return truth
        since, _, until = str(self.given["asked"]).partition(" until ")
        return clipped(truth, _instant(since, BEGINNING), _instant(until, FOREVER))


def specs(folder: Path = PAGES) -> Iterator[Spec]:
    """Every spec of every page, in the order of the manual."""
    for path in sorted(folder.glob("*.yaml")):
        page = yaml.safe_load(path.read_text(encoding="utf-8"))
        for entry in page["specs"]:
            given = {**page.get("given", {}), **entry}
            yield Spec(
                page["page"], entry["says"], given, condition_of(given["condition"]),
                entry.get("holds", []), entry.get("cannot_tell", []),
            )  # fmt: skip


def condition_of(plain: Any) -> Condition:
    """The condition graph of a page's condition; a fault in it is a fault of the page."""
    faults = Faults("page")
    condition = ConditionReader(vocabulary(), faults).condition(_located(plain))
    assert not faults.found, [str(fault) for fault in faults.found]
    return condition


def _located(plain: Any) -> Located:
    place = Place(1, 1)
    if isinstance(plain, dict):
        return Located(
            {str(k): _located(v) for k, v in plain.items()}, place, dict.fromkeys(map(str, plain), place)
        )
    return Located([_located(item) for item in plain] if isinstance(plain, list) else plain, place)


# -- what is given ---------------------------------------------------------------------------------------------------


def history_of(given: Mapping[str, Any]) -> ChildHistory:
    """The tables of a spec, joined as the records of real agencies would be."""
    records = [_record(row, i) for i, row in enumerate(table(given.get("records", "")))]
    ties = [_tie(row) for row in table(given.get("ties", ""))]
    stays = [_stay(row) for row in table(given.get("homes", ""))]
    named = (
        {p for r in records for p in r.about} | {t.other for t in ties} | {t.child for t in ties} | {"child"}
    )
    born = parse_period(str(given["born"])) if given.get("born") else None
    persons = {p: Person(p) for p in named}
    died = day_start(parse_period(str(given["died"])).first) if given.get("died") else None
    persons["child"] = Person("child", (born.starts, born.ends) if born else None, died)
    links = {(r.agency.id, p): (Linked(p),) for r in records for p in r.about}
    return join(
        "child", Family(persons, ties, stays), records, links, list(_coverage(given.get("coverage", "")))
    )


def table(text: str) -> Iterator[dict[str, str]]:
    """The rows of a text table, keyed by its first line; an empty cell is left out."""
    lines = [line for line in text.splitlines() if line.strip()]
    head = [cell.strip() for cell in lines[0].split("|")] if lines else []
    for line in lines[1:]:
        cells = [cell.strip() for cell in line.split("|")]
        assert len(cells) <= len(head), f"more cells than columns: {line}"
        yield {name: cell for name, cell in zip(head, cells, strict=False) if cell}


def _record(row: dict[str, str], index: int) -> Record:
    happened = _period(row.pop("day"))
    known = _instant(row.pop("known", ""), happened.ends)
    withdrawn = row.pop("withdrawn", "")
    detail = dict(pair.split("=") for pair in row.pop("with", "").split())
    measures = {k: float(v) for k, v in detail.items() if v.replace(".", "", 1).isdigit()}
    record = Record(
        id=f"r{index + 1}", agency=Agency(row.pop("agency", "gp"), row.pop("area", "Northmoor"), row.pop("unit", "")),
        reference=row.pop("reference", str(index)), kind=row.pop("kind"), happened=happened, learnt_at=utc_of(known),
        about=tuple(row.pop("about", "child").split()), count=int(row.pop("count", "1")), measures=measures,
        values={k: v for k, v in detail.items() if k not in measures}, informant=row.pop("informant", ""),
        version=int(row.pop("version", "1")), withdrawn_at=utc_of(_instant(withdrawn, 0)) if withdrawn else None,
    )  # fmt: skip
    assert not row, f"no such column: {row}"
    assert record.kind in vocabulary().kinds, f"no such kind: {record.kind}"
    return record


def _tie(row: dict[str, str]) -> FamilyTie:
    return FamilyTie(row["of"], row["is"], row["who"], _held(row))


def _stay(row: dict[str, str]) -> Stay:
    return Stay(row["who"], row.get("home", "home"), row.get("area", "Northmoor"), _held(row))


def _held(row: dict[str, str]) -> Held:
    return Held(
        _instant(row.get("from", ""), BEGINNING), _instant(row.get("until", ""), FOREVER),
        _instant(row.get("known", ""), BEGINNING), _instant(row.get("forgotten", ""), FOREVER),
    )  # fmt: skip


def _coverage(text: str) -> Iterator[Coverage]:
    if text == "all":
        text = "agency\n" + "\n".join(
            kind.id for kind in vocabulary().agency_kinds.values() if kind.attributable
        )
    for row in table(text):
        since, until = (
            _instant(row.get("from", ""), day_start(datetime(1990, 1, 1, tzinfo=UTC).date())),
            row.get("until"),
        )
        agency = Agency(row["agency"], row.get("area", ""))
        yield Coverage(agency, utc_of(since), utc_of(_instant(until, 0)) if until else None)


def _period(text: str) -> Period:
    """`2011-02-01`, `2011-02`, `2011`, or `2011-02-01 to 2011-02-03`."""
    first, _, last = text.partition(" to ")
    return parse_period(first, until=last or None)


def _instant(text: str, otherwise: int) -> int:
    if not text:
        return otherwise
    day, _, hour = text.partition(" ")
    hours, _, minutes = hour.partition(":")
    return parse_period(day).starts + int(hours or 0) * 3600 + int(minutes or 0) * 60


# -- what is denoted -------------------------------------------------------------------------------------------------

_WHY: Final = {Why.VAGUE_DATE: "vague date", Why.TIE_UNSURE: "tie unsure", Why.BIRTH_UNKNOWN: "birth unknown",
               Why.NOT_CONNECTED: "not connected"}  # fmt: skip


def in_words(truth: Truth) -> tuple[list[str], list[str]]:
    """A truth in the notation of the pages: where it holds, and where it cannot tell with every reason."""
    holds = [_span(start, end) for start, end in truth.holds]
    unsure = [
        f"{_span(u.start, u.end)}: {', '.join(sorted(_reason(r) for r in u.reasons))}" for u in truth.unsure
    ]
    return holds, unsure


def _reason(reason: Reason) -> str:
    return f"{_WHY[reason.why]} {reason.about}".strip()


def _span(start: int, end: int) -> str:
    if start == BEGINNING:
        return "always" if end == FOREVER else f"before {_day(end)}"
    return f"from {_day(start)}" if end == FOREVER else f"{_day(start)} until {_day(end)}"


def _day(instant: int) -> str:
    into = instant % DAY
    return day_of(instant).isoformat() + (f" {into // 3600:02}:{into % 3600 // 60:02}" if into else "")
