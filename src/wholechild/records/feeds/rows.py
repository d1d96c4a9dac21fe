"""Turns the cells of a flat feed into drafts, or into the reasons why not: every rule of docs/reference/feeds.md.

Pure, and written for volume: whatever repeats from row to row (agencies, kinds, days) is worked out once and kept
in a small table. All faults of a row are collected before it is held back.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any, Final, NamedTuple

from wholechild.lib.civil import LONDON, NotADate, Period, parse_period, utc_of
from wholechild.records.drafts import (
    NO_DAYS,
    NULL,
    Days,
    Draft,
    Held,
    content_of,
    copied,
    copied_array,
    days,
    derived_columns,
    json_list,
    json_numbers,
    json_or_null,
    json_words,
    null_or,
    quoted,
)
from wholechild.records.facts import Agency, Fault
from wholechild.records.feeds.cells import (
    LONGEST_ID,
    PERSON_LISTS,
    PERSON_TEXTS,
    Kept,
    Refused,
    a_count,
    a_sex,
    an_id,
    check_length,
    end_of,
    is_date,
    odd,
    pairs,
    shown_id,
    some_ids,
    some_texts,
    strange_characters,
)
from wholechild.records.feeds.columns import PERSONAL, POSITION, REFERENCES, ROW_KINDS
from wholechild.records.feeds.flat import Cells
from wholechild.records.ids import identity_id, row_key
from wholechild.records.search import folded, folded_postcode
from wholechild.vocabulary.terms import Vocabulary

_EARLIEST: Final = date(1900, 1, 1)
#: So many rows with the same oddity are named one by one.
_NAMED: Final = 5


_CHECKED: Final = ("nhs_number", "upn", "uprn", "phones", "emails")
_LOADED: Final = "The row is loaded as it came."


class Sender(NamedTuple):
    """An agency as it stands in every row that it sends."""

    agency: Agency
    id: str
    json: str
    copied: str
    alone: Kept[About]


class About(NamedTuple):
    """Whom a row is about, in every form that is needed."""

    json: str
    copied: str
    identities: tuple[str, ...]
    named: tuple[tuple[str, str], ...]


class When(NamedTuple):
    """When something happened, and the moment from which it certainly has."""

    json: str
    copied: str
    ends: str


class Rows:
    """Reads rows of one delivery. `at` is the moment of loading; `as_sent`: no mapping stands between text and cells.

    Shape    `draft(cells)` gives a Draft, or Held with every fault of the row. `agencies` are all that were met.
             `remarks()` are what was odd about rows that are good all the same, the first few of each sort.
    """

    def __init__(
        self, *, vocabulary: Vocabulary, at: datetime, learnt_when_written: bool, as_sent: bool = False
    ) -> None:
        self._words = vocabulary
        self._as_sent = as_sent
        self._at = at.astimezone(UTC)
        self._learnt_now = self._at.isoformat()
        self._written_decides = learnt_when_written
        self._tomorrow = at.astimezone(LONDON).date() + timedelta(days=1)
        self._latest_written = (self._at + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.agencies: dict[str, Agency] = {}
        self._odd: dict[str, list[Fault]] = {}
        self._odd_rows: dict[str, int] = {}
        self._agency = Kept(self._find_agency)
        self._kind = Kept(self._find_kind)
        self._happened = Kept(self._find_happened)
        self._day = Kept(self._find_day)
        self._about = Kept(self._find_about)
        self._informants = Kept(self._find_informant)
        self._identity: Kept[str] = Kept(identity_id)
        self._readers: dict[str, Callable[[Cells, Sender], Draft]] = {
            "person": self._person, "tie": self._tie,
            "residence": self._residence, "coverage": self._coverage,
        }  # fmt: skip

    def draft(self, row: Cells) -> Draft | Held:
        """The row as a draft, or held back."""
        text, cells = row.text, row.cells
        printable = text.rstrip().isprintable()
        if not printable and (strange := strange_characters(row)):
            return Held(row.line, strange, text)
        kind = cells[0] or "record"
        try:
            if kind == "record":
                return self._record(
                    row, self._agency[cells[1:4]], self._as_sent and printable and "\\" not in text
                )
            return self._other(kind.strip())(row, self._agency[cells[1:4]])
        except Refused:
            return Held(row.line, self._every_fault(row, kind.strip()), text)

    def _other(self, kind: str) -> Callable[[Cells, Sender], Draft]:
        if kind not in self._readers:
            raise Refused("row", "", "")
        return self._readers[kind]

    # -- the five kinds of row ------------------------------------------------------------------------------------

    def _record(self, row: Cells, sender: Sender, plain: bool = False) -> Draft:
        """`plain` says that no cell holds a character that COPY reads as anything but itself."""
        (
            reference,
            written_at,
            kind,
            happened,
            until,
            subject,
            others,
            count,
            measures,
            values,
            informant,
            what,
        ) = row.cells[4:16]
        reference = reference.strip()
        if not 0 < len(reference) <= LONGEST_ID:
            an_id("reference", reference)
        kind = self._kind[kind]
        when_json, when_copied, ends = self._happened[happened, until]
        written = self._written(written_at) if written_at else ""
        about_json, about_copied, filed, named = (
            self._about[sender.id, subject, others] if others else sender.alone[subject]
        )
        incidents = 1 if not count or count == "1" else a_count(count)
        measured = json_numbers(self._measures(measures)) if measures else "{}"
        valued = json_words(self._values(values)) if values else "{}"
        needs = filed
        if informant:
            informant, needs, named = self._informant(informant, sender.id, needs, named)
        if len(what) > 1_000:
            check_length("what", what)
        written_json = f'"{written}"' if written else "null"
        said = (
            f'[{sender.json},{quoted(reference)},{written_json},"{kind}",{when_json},{about_json},'
            f"{incidents},{measured},{valued},{quoted(informant)},{quoted(what)}]"
        )
        if not plain:
            shown, informant, what = copied(reference), copied(informant), copied(what)
            measured, valued = copied(measured), copied(valued)
        else:
            shown = reference
        text = (
            f"{sender.copied}\t{shown}\t{written or NULL}\t{kind}\t{when_copied}\t{about_copied}\t"
            f"{incidents}\t{measured}\t{valued}\t{informant}\t{what}"
        )
        return Draft(
            "record", row_key(sender.id, reference), sender.id, reference, said, text, sha256(said.encode()).digest(),
            self._learnt(written, ends) if self._written_decides else self._learnt_now, filed, needs, named, row.line,
            json_words(row.extra) if row.extra else "", row.text,
        )  # fmt: skip

    def _person(self, row: Cells, sender: Sender) -> Draft:
        agency_id = sender.id
        reference, written = an_id("reference", row.cells[4]), self._written(row.cells[5])
        given, family, born, died, sex, nhs_number, postcode, role = row.cells[16:24]
        other_names, address, uprn, upn, phones, emails, local_ids = row.cells[29:36]
        born_days, died_days = self._day["born", born], self._day["died", died]
        sex = a_sex(sex)
        nhs_number = nhs_number.replace(" ", "").replace("-", "")
        given, family, postcode, role = given.strip(), family.strip(), postcode.strip().upper(), role.strip()
        address, uprn, upn = address.strip(), uprn.strip(), upn.replace(" ", "").upper()
        for column, value in zip(
            PERSON_TEXTS, (given, family, nhs_number, postcode, role, address, uprn, upn), strict=True
        ):
            check_length(column, value)
        others, calls, mails, theirs = (
            some_texts(*pair)
            for pair in zip(PERSON_LISTS, (other_names, phones, emails, local_ids), strict=True)
        )
        said = (
            f"[{quoted(agency_id)},{quoted(reference)},{json_or_null(written)},{quoted(given)},{quoted(family)},"
            f"{born_days.json},{died_days.json},{quoted(sex)},{quoted(nhs_number)},{quoted(postcode)},{quoted(role)},"
            f"{json_list(others)},{quoted(address)},{quoted(uprn)},{quoted(upn)},"
            f"{json_list(calls)},{json_list(mails)},{json_list(theirs)}]"
        )
        text = (
            f"{copied(agency_id)}\t{copied(reference)}\t{null_or(written)}\t{copied(given)}\t{copied(family)}\t"
            f"{born_days.copied}\t{died_days.copied}\t{sex}\t{copied(nhs_number)}\t{copied(postcode)}\t{copied(role)}\t"
            f"{copied_array(others)}\t{copied(address)}\t{copied(uprn)}\t{copied(upn)}\t"
            f"{copied_array(calls)}\t{copied_array(mails)}\t{copied_array(theirs)}"
        )
        self._remark(row.line, (nhs_number,), (upn,), (uprn,), calls, mails)
        identity = self._identity[(agency_id, reference)]
        keys = (folded(given), folded(family), folded_postcode(postcode))
        derived = derived_columns(identity, *keys)
        return self._made(
            "person",
            agency_id,
            reference,
            said,
            text,
            self._learnt(written, ""),
            (identity,),
            (),
            row,
            derived,
        )

    def _remark(self, line: int, *texts: tuple[str, ...]) -> None:
        """Remember what is odd about a person's numbers and addresses; the row is good all the same."""
        for column, said in zip(_CHECKED, texts, strict=True):
            if said and (wrong := odd(column, said)):
                self._odd_rows[column] = self._odd_rows.get(column, 0) + 1
                named = self._odd.setdefault(column, [])
                if len(named) < _NAMED:
                    named.append(Fault(line, column, "", wrong[0], f"{wrong[1]} {_LOADED}"))

    def remarks(self) -> tuple[Fault, ...]:
        """The first rows of each sort that were odd, and how many more there are."""
        found = [fault for named in self._odd.values() for fault in named]
        for column, rows in self._odd_rows.items():
            if rows > _NAMED:
                last = self._odd[column][-1]
                found.append(Fault(0, column, "", f"{rows - _NAMED:,} more rows: {last.why}", last.do))
        return tuple(found)

    def _tie(self, row: Cells, sender: Sender) -> Draft:
        agency_id = sender.id
        reference, written = an_id("reference", row.cells[4]), self._written(row.cells[5])
        subject, other = an_id("subject", row.cells[9]), an_id("other", row.cells[25])
        relation = self._relation(row.cells[24])
        if subject == other:
            raise Refused("other", "a person cannot be tied to themselves", "Correct `subject` or `other`.")
        began, ended = self._span(row)
        one, two = self._identity[(agency_id, subject)], self._identity[(agency_id, other)]
        said = (
            f'[{quoted(agency_id)},{quoted(reference)},{json_or_null(written)},{quoted(subject)},"{relation}",{quoted(other)},'
            f"{began.json},{ended.json}]"
        )
        text = (
            f"{copied(agency_id)}\t{copied(reference)}\t{null_or(written)}\t{copied(subject)}\t{relation}\t{copied(other)}\t"
            f"{began.copied}\t{ended.copied}"
        )
        named = (("subject", subject), ("other", other))
        learnt = self._learnt(written, end_of(row.cells[27], self._day["from", row.cells[27]]))
        return self._made("tie", agency_id, reference, said, text, learnt, (one, two), named, row,
                          derived_columns(one, two))  # fmt: skip

    def _residence(self, row: Cells, sender: Sender) -> Draft:
        agency_id = sender.id
        reference, written = an_id("reference", row.cells[4]), self._written(row.cells[5])
        subject, household = an_id("subject", row.cells[9]), an_id("household", row.cells[26])
        began, ended = self._span(row)
        identity = self._identity[(agency_id, subject)]
        said = (
            f"[{quoted(agency_id)},{quoted(reference)},{json_or_null(written)},{quoted(subject)},{quoted(household)},"
            f"{quoted(sender.agency.area)},{began.json},{ended.json}]"
        )
        text = (
            f"{copied(agency_id)}\t{copied(reference)}\t{null_or(written)}\t{copied(subject)}\t{copied(household)}\t"
            f"{copied(sender.agency.area)}\t{began.copied}\t{ended.copied}"
        )
        learnt = self._learnt(written, end_of(row.cells[27], self._day["from", row.cells[27]]))
        return self._made("residence", agency_id, reference, said, text, learnt, (identity,),
                          (("subject", subject),), row, derived_columns(identity))  # fmt: skip

    def _coverage(self, row: Cells, sender: Sender) -> Draft:
        agency_id = sender.id
        written = self._written(row.cells[5])
        live_from, live_to = (
            self._moment("from", row.cells[27], at_end=False),
            self._moment("to", row.cells[28], at_end=True),
        )
        if not live_from:
            raise Refused(
                "from", "this row does not say since when the feed was live", "Fill the column `from`."
            )
        if live_to and live_to <= live_from:
            raise Refused("to", "the feed ends before it begins", "Correct `from` or `to`.")
        reference = row.cells[4].strip() or f"coverage from {live_from[:10]}"
        an_id("reference", reference)
        said = f'[{quoted(agency_id)},{quoted(reference)},{json_or_null(written)},"{live_from}",{json_or_null(live_to)}]'
        text = (
            f"{copied(agency_id)}\t{copied(reference)}\t{null_or(written)}\t{live_from}\t{null_or(live_to)}"
        )
        learnt = self._learnt(written, live_from)
        return self._made("coverage", agency_id, reference, said, text, learnt, (), (), row)

    def _made(
        self, kind: str, agency: str, reference: str, said: str, text: str, learnt: str, filed: tuple[str, ...],
        named: tuple[tuple[str, str], ...], row: Cells, derived: tuple[str, str] = ("", ""),
    ) -> Draft:  # fmt: skip
        extra = json_words(row.extra) if row.extra else ""
        return Draft(kind, row_key(agency, reference), agency, reference, said, text, content_of(said), learnt, filed,
                     filed if named else (), named, row.line, extra, row.text, derived)  # fmt: skip

    # -- single cells, each worked out once and kept -----------------------------------------------------------------

    def _find_agency(self, kind: str, area: str, unit: str) -> Sender:
        kind, area, unit = kind.strip(), area.strip(), unit.strip()
        if not kind:
            raise Refused("agency", "this row does not say which agency sent it", "Fill the column `agency`.")
        if not area:
            raise Refused(
                "area", "this row does not say which area its agency serves", "Fill the column `area`."
            )
        found = self._words.agency_kind(kind)
        if found is None:
            raise Refused(
                "agency",
                f"{kind[:40]!r} is no kind of agency that we know",
                self._instead(kind, "agency_kinds"),
            )
        if "/" in area:
            raise Refused("area", "the name of an area cannot hold '/'", "Write the area without '/'.")
        check_length("area", area)
        check_length("unit", unit)
        agency = Agency(found.id, area, unit)
        self.agencies[agency.id] = agency
        alone = Kept(lambda subject: self._find_about(agency.id, subject, ""))
        return Sender(agency, agency.id, quoted(agency.id), copied(agency.id), alone)

    def _find_kind(self, kind: str) -> str:
        kind = kind.strip()
        if not kind:
            raise Refused(
                "kind",
                "this record has no kind",
                "Fill the column `kind`; the list: wholechild vocabulary list kinds.",
            )
        found = self._words.kind(kind)
        if found is None:
            raise Refused(
                "kind", f"{kind[:60]!r} is no kind of record that we know", self._instead(kind, "kinds")
            )
        return found.id

    def _instead(self, name: str, table: str) -> str:
        near = self._words.suggest(name, table)
        listed = f"wholechild vocabulary list {table}"
        return (
            f"Did you mean {near}? The list: {listed}."
            if near
            else f"Choose one from: {listed}; or map it in a mapping file."
        )

    def _find_about(self, agency: str, subject: str, others: str) -> About:
        about = tuple(dict.fromkeys((an_id("subject", subject), *some_ids("also_about", others))))
        identities = tuple(self._identity[agency, person] for person in about)
        columns = ("subject", *(["also_about"] * (len(about) - 1)))
        return About(
            json_list(about), copied_array(about), identities, tuple(zip(columns, about, strict=True))
        )

    def _find_happened(self, happened: str, until: str) -> When:
        if not happened.strip():
            raise Refused(
                "happened",
                "this record does not say when it happened",
                "Fill the column `happened`, as exactly as is known.",
            )
        period = self._period("happened", happened.strip(), until.strip())
        return When(*days(period), utc_of(period.ends).isoformat())

    def _period(self, column: str, text: str, until: str = "") -> Period:
        try:
            period = parse_period(text, None, until or None)
        except NotADate as wrong:
            at = f"{column}_to" if until and is_date(text) else column
            raise Refused(at, str(wrong), "Write it as 2012-03-03, 2012-03, 2012-Q1 or 2012.") from None
        if period.first > self._tomorrow:
            raise Refused(
                column,
                f"{text[:20]!r} is in the future",
                "Check the year; send what is planned when it has happened.",
            )
        if period.first < _EARLIEST:
            raise Refused(column, f"{text[:20]!r} is before 1900", "Check the year.")
        return period

    def _find_day(self, column: str, text: str) -> Days:
        return days(self._period(column, text.strip())) if text.strip() else NO_DAYS

    def _written(self, text: str) -> str:
        text = text.strip()
        if not text:
            return ""
        if (
            len(text) == 20 and text[19] == "Z" and "1900" <= text <= self._latest_written
        ):  # the usual form, the quick way
            try:
                if datetime.fromisoformat(text).microsecond == 0 and text[10] == "T":
                    return text[:19] + "+00:00"
            except ValueError:
                pass
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise Refused(
                "written_at", f"{text[:40]!r} is not a moment", "Write it as 2012-03-03T15:10:00Z."
            ) from None
        if moment.tzinfo is None:
            raise Refused(
                "written_at",
                "this moment has no time zone",
                "Add Z or an offset such as +01:00; or name `timezone` in a mapping file.",
            )
        try:
            moment = moment.astimezone(UTC)
        except OverflowError:
            raise Refused(
                "written_at", f"{text[:40]!r} is not a moment of the calendar", "Check the year."
            ) from None
        if moment > self._at + timedelta(days=1):
            raise Refused(
                "written_at", "this moment is in the future", "Check the date and the sender's clock."
            )
        if moment.year < 1900:
            raise Refused("written_at", "this moment is before 1900", "Check the year.")
        return moment.isoformat()

    def _learnt(self, written: str, otherwise: str) -> str:
        """When we learn the row: now; or, in a history, when it was written, else when it had certainly happened."""
        if not self._written_decides:
            return self._learnt_now
        learnt = written or otherwise
        return learnt if learnt and datetime.fromisoformat(learnt) < self._at else self._learnt_now

    def _span(self, row: Cells) -> tuple[Days, Days]:
        began, ended = self._day["from", row.cells[27]], self._day["to", row.cells[28]]
        if began is not NO_DAYS and ended is not NO_DAYS and ended.copied[11:21] < began.copied[:10]:
            raise Refused("to", "this ends before it begins", "Correct `from` or `to`.")
        return began, ended

    def _moment(self, column: str, text: str, *, at_end: bool) -> str:
        """A day, or a moment, as a moment in UTC. `to` a day means to the end of it."""
        text = text.strip()
        if not text:
            return ""
        if "T" in text:
            try:
                moment = datetime.fromisoformat(text)
                if moment.tzinfo is None:
                    raise Refused(
                        column,
                        "this moment has no time zone",
                        "Add Z or an offset such as +01:00, or write only the day.",
                    )
                return moment.astimezone(UTC).isoformat()
            except (ValueError, OverflowError):
                raise Refused(
                    column,
                    f"{text[:40]!r} is not a moment",
                    "Write it as 2012-03-03, or 2012-03-03T15:10:00Z.",
                ) from None
        try:
            period = parse_period(text)
        except NotADate as wrong:
            raise Refused(column, str(wrong), "Write it as 2012-03-03, 2012-03, 2012-Q1 or 2012.") from None
        return utc_of(period.ends if at_end else period.starts).isoformat()

    def _measures(self, text: str) -> dict[str, float]:
        found = {}
        for name, number in pairs("measures", text):
            measure = self._words.measure(name)
            if measure is None:
                raise Refused(
                    "measures", f"{name[:40]!r} is no measure that we know", self._instead(name, "measures")
                )
            try:
                value = float(number)
            except ValueError:
                value = math.nan
            if not math.isfinite(value):
                raise Refused("measures", f"{number[:20]!r} is not a number", "Write kg=14.8.")
            if not measure.least <= value <= measure.most:
                raise Refused("measures", f"{measure.id}={number[:20]} is outside {measure.least:g} to {measure.most:g} {measure.unit}",
                              f"Check the number and its unit; {measure.id} is kept in {measure.unit}.")  # fmt: skip
            found[measure.id] = value
        return found

    def _values(self, text: str) -> dict[str, str]:
        found = {}
        for name, code in pairs("values", text):
            fact = self._words.facts.get(name)
            if fact is None:
                raise Refused(
                    "values", f"{name[:40]!r} is no fact that we know", self._instead(name, "facts")
                )
            if fact.values and code not in fact.values:
                raise Refused(
                    "values", f"{name} cannot be {code[:40]!r}", f"It may be {', '.join(fact.values)}."
                )
            found[name] = code
        return found

    def _relation(self, text: str) -> str:
        found = self._words.relation(text.strip()) if text.strip() else None
        if found is None:
            raise Refused(
                "relation", f"{text[:40]!r} is no relation that we know", self._instead(text, "relations")
            )
        return found.id

    def _informant(
        self, text: str, agency: str, needs: tuple[str, ...], named: tuple[tuple[str, str], ...]
    ) -> tuple[str, tuple[str, ...], tuple[tuple[str, str], ...]]:
        """A word of the vocabulary, else somebody who must have been declared."""
        word = self._informants[text]
        if word:
            return word, needs, named
        person = an_id("informant", text)
        return person, (*needs, self._identity[agency, person]), (*named, ("informant", person))

    def _find_informant(self, text: str) -> str:
        known = self._words.informant(text)
        return known.id if known else ""

    # -- when something is wrong: the slow way, once more, for every fault --------------------------------------------

    @staticmethod
    def _shown(column: str, value: str) -> str:
        """What stood there, as far as a message may repeat it."""
        if column in PERSONAL:
            return ""
        return shown_id(value) if column in REFERENCES else value[:60]

    def _every_fault(self, row: Cells, kind: str) -> tuple[Fault, ...]:
        """All that is wrong with the row: each column that is read is tried by itself."""
        c = row.cells
        if kind not in ROW_KINDS:
            return (
                Fault(
                    row.line,
                    "row",
                    kind[:40],
                    f"row is {kind[:40]!r}, not one of {', '.join(ROW_KINDS)}",
                    "Correct the column `row`.",
                ),
            )
        tries: list[Callable[[], Any]] = [lambda: self._agency[c[1:4]], lambda: self._written(c[5])]
        if kind != "coverage":
            tries.append(lambda: an_id("reference", c[4]))
        if kind == "record":
            tries += [lambda: self._kind[c[6]], lambda: self._happened[(c[7], c[8])], lambda: an_id("subject", c[9]),
                      lambda: some_ids("also_about", c[10]), lambda: a_count(c[11] or "1"), lambda: self._measures(c[12]),
                      lambda: self._values(c[13]), lambda: an_id("informant", c[14] or "-"), lambda: check_length("what", c[15])]  # fmt: skip
        elif kind == "person":
            tries += [
                lambda: self._day["born", c[18]],
                lambda: self._day["died", c[19]],
                lambda: a_sex(c[20]),
            ]
            tries += [partial(check_length, name, c[POSITION[name]]) for name in PERSON_TEXTS]
            tries += [partial(some_texts, name, c[POSITION[name]]) for name in PERSON_LISTS]
        elif kind in ("tie", "residence"):
            tries += [
                lambda: an_id("subject", c[9]),
                lambda: self._day["from", c[27]],
                lambda: self._day["to", c[28]],
            ]
            tries += (
                [lambda: an_id("other", c[25]), lambda: self._relation(c[24])]
                if kind == "tie"
                else [lambda: an_id("household", c[26])]
            )
        reader = self._record if kind == "record" else self._other(kind)
        tries.append(lambda: reader(row, self._agency[c[1:4]]))
        faults: dict[tuple[str, str], Fault] = {}
        for attempt in tries:
            try:
                attempt()
            except Refused as no:
                value = self._shown(no.column, row.cells[POSITION[no.column]])
                faults.setdefault((no.column, no.why), Fault(row.line, no.column, value, no.why, no.do))
        return tuple(faults.values())
