"""A mapping file: how a sender's own column names, codes and dates become ours (docs/reference/feeds.md)."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from wholechild.lib.located import Located, NotPlainYaml, read_yaml
from wholechild.records.facts import Fault
from wholechild.records.feeds.columns import COLUMNS, POSITION

_KEYS: Final = ("delimiter", "encoding", "timezone", "constants", "columns", "codes", "dates")
_DATE_COLUMNS: Final = ("happened", "happened_to", "born", "died", "from", "to", "written_at")


@dataclass(frozen=True, slots=True)
class Mapping:
    """What to do to each row before it is read. The default changes nothing.

    Shape    `columns` maps their name to ours; `codes` maps our column to {their code: ours}; `dates` maps our column to
             a form such as `%d/%m/%Y`. `timezone` is for times that are sent without one.
    """

    delimiter: str = ","
    encoding: str = "utf-8"
    timezone: str = ""
    constants: Map[str, str] = field(default_factory=dict)
    columns: Map[str, str] = field(default_factory=dict)
    codes: Map[str, Map[str, str]] = field(default_factory=dict)
    dates: Map[str, str] = field(default_factory=dict)

    def adjuster(self) -> Callable[[tuple[str, ...]], tuple[str, ...]] | None:
        """A function over the cells of a row; None where there is nothing to do."""
        steps = [(POSITION[name], _code(codes)) for name, codes in self.codes.items()]
        steps += [
            (POSITION[name], _date(form, name == "written_at", self.timezone))
            for name, form in self.dates.items()
        ]
        if self.timezone and "written_at" not in self.dates:
            steps.append((POSITION["written_at"], _zoned(self.timezone)))
        constants = [(POSITION[name], value) for name, value in self.constants.items()]
        if not steps and not constants:
            return None

        def adjust(cells: tuple[str, ...]) -> tuple[str, ...]:
            changed = list(cells)
            for at, value in constants:
                changed[at] = changed[at] or value
            for at, change in steps:
                if changed[at]:
                    changed[at] = change(changed[at])
            return tuple(changed)

        return adjust


def _code(codes: Map[str, str]) -> Callable[[str], str]:
    return lambda value: codes.get(value.strip(), value)


def _date(form: str, with_time: bool, timezone: str) -> Callable[[str], str]:
    zone = ZoneInfo(timezone) if timezone else None

    @lru_cache(maxsize=50_000)
    def change(value: str) -> str:
        try:
            moment = datetime.strptime(value.strip(), form)  # noqa: DTZ007 - the zone is added below, or asked for
        except ValueError:
            return value  # whoever reads the row says what is wrong with it
        if not with_time:
            return moment.date().isoformat()
        return (moment.replace(tzinfo=zone) if zone and moment.tzinfo is None else moment).isoformat()

    return change


def _zoned(timezone: str) -> Callable[[str], str]:
    zone = ZoneInfo(timezone)

    def change(value: str) -> str:
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError:
            return value
        return value if moment.tzinfo else moment.replace(tzinfo=zone).isoformat()

    return change


def read_mapping(text: str) -> tuple[Mapping, tuple[Fault, ...]]:
    """The mapping in this YAML, and everything that is wrong with it; use it only where nothing is."""
    try:
        document = read_yaml(text)
    except NotPlainYaml as wrong:
        return Mapping(), (_fault(wrong.place.line, "", "", wrong.why, "Correct this place."),)
    if not isinstance(document.value, dict):
        return Mapping(), (
            _fault(
                1, "", "", "a mapping file is a set of names and values", f"It may name {', '.join(_KEYS)}."
            ),
        )
    faults: list[Fault] = [
        _fault(document.keys[key].line, key, "", f"{key[:40]!r} is nothing that a mapping file may name", f"It may name {', '.join(_KEYS)}.")
        for key in document.value if key not in _KEYS
    ]  # fmt: skip
    mapping = Mapping(
        delimiter=_delimiter(document.get("delimiter"), faults),
        encoding=_encoding(document.get("encoding"), faults),
        timezone=_timezone(document.get("timezone"), faults),
        constants=_to_ours(document.get("constants"), "constants", faults, ours_are="keys"),
        columns=_to_ours(document.get("columns"), "columns", faults, ours_are="values"),
        codes=_codes(document.get("codes"), faults),
        dates=_dates(document.get("dates"), faults),
    )
    return mapping, tuple(faults)


def _fault(line: int, name: str, value: object, why: str, do: str) -> Fault:
    return Fault(line, name, str(value)[:60], why, do)


def _delimiter(item: Located | None, faults: list[Fault]) -> str:
    if item is None:
        return ","
    value = {"tab": "\t"}.get(item.value, item.value)
    if isinstance(value, str) and len(value) == 1 and value not in '"\r\n\0':
        return value
    faults.append(
        _fault(
            item.place.line,
            "delimiter",
            item.value,
            "the delimiter is not one character",
            'Write ";" or tab.',
        )
    )
    return ","


def _encoding(item: Located | None, faults: list[Fault]) -> str:
    if item is None:
        return "utf-8"
    try:
        name = codecs.lookup(str(item.value)).name
        if "a,\n".encode(name) == b"a,\n":
            return name
        why, do = "this encoding does not write plain letters as one byte each", "Send the file as UTF-8."
    except (LookupError, UnicodeError):
        why, do = "this is no encoding that we know", "Write utf-8, cp1252 or latin-1."
    faults.append(_fault(item.place.line, "encoding", item.value, why, do))
    return "utf-8"


def _timezone(item: Located | None, faults: list[Fault]) -> str:
    if item is None:
        return ""
    try:
        ZoneInfo(str(item.value))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        faults.append(
            _fault(
                item.place.line,
                "timezone",
                item.value,
                "this is no time zone that we know",
                "Write Europe/London.",
            )
        )
        return ""
    return str(item.value)


def _strings(item: Located | None, name: str, faults: list[Fault]) -> dict[str, tuple[str, int]]:
    """Names and values as text, with the line of each."""
    if item is None or item.value is None:
        return {}
    if not isinstance(item.value, dict):
        faults.append(
            _fault(
                item.place.line, name, "", f"{name} is not a set of names and values", "Write {theirs: ours}."
            )
        )
        return {}
    return {key: (_said(inner), inner.place.line) for key, inner in item.value.items()}


def _said(item: Located) -> str:
    value: Any = item.value
    return (
        ("true" if value else "false") if isinstance(value, bool) else str(value if value is not None else "")
    )


def _to_ours(item: Located | None, name: str, faults: list[Fault], *, ours_are: str) -> dict[str, str]:
    found = {}
    for key, (value, line) in _strings(item, name, faults).items():
        ours = key if ours_are == "keys" else value
        if ours in POSITION:
            found[key] = value
        else:
            faults.append(
                _fault(
                    line,
                    name,
                    ours,
                    f"{ours[:40]!r} is no column of ours",
                    f"Ours are: {', '.join(COLUMNS)}.",
                )
            )
    return found


def _codes(item: Located | None, faults: list[Fault]) -> dict[str, dict[str, str]]:
    if item is None or not isinstance(item.value, dict):
        _strings(item, "codes", faults)
        return {}
    found = {}
    for column, inner in item.value.items():
        if column in POSITION:
            found[column] = {
                theirs: ours for theirs, (ours, _) in _strings(inner, f"codes.{column}", faults).items()
            }
        else:
            faults.append(
                _fault(
                    inner.place.line,
                    "codes",
                    column,
                    f"{column[:40]!r} is no column of ours",
                    f"Ours are: {', '.join(COLUMNS)}.",
                )
            )
    return found


def _dates(item: Located | None, faults: list[Fault]) -> dict[str, str]:
    found = {}
    for column, (form, line) in _strings(item, "dates", faults).items():
        if column not in _DATE_COLUMNS:
            faults.append(
                _fault(
                    line,
                    "dates",
                    column,
                    f"{column[:40]!r} is no column of dates",
                    f"These are: {', '.join(_DATE_COLUMNS)}.",
                )
            )
        elif "%" not in form:
            faults.append(
                _fault(line, "dates", form, "this is no form of a date", 'Write it as in "%d/%m/%Y".')
            )
        else:
            found[column] = form
    return found
