"""Finds every fault of a vocabulary, never only the first: where it is, why it is one, and what would cure it.

`terms.load` may be short because what this module passes can be trusted. Each check below reads one entry (or one
table) and yields faults; `check` runs them all.
"""

from __future__ import annotations

import fnmatch
import re
from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import date, datetime
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from wholechild.lib.located import Located
from wholechild.vocabulary.documents import Documents, Entry, VocabularyFault, read_documents
from wholechild.vocabulary.terms import TABLES, USUAL_BEGINNING

NATIONS: Final = frozenset({"", "england", "wales", "scotland", "northern_ireland", "england_and_wales"})
USES: Final = frozenset({"state", "statement", "attribute"})

_ID: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_ALIAS: Final = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)?")

#: Where a title alone would leave a reader guessing.
_DESCRIBED: Final = frozenset(
    {"kinds", "sectors", "dimensions", "natures", "data_classes", "gateways", "purposes"}
)
#: Keys that must be there although the term could do without them.
_NEEDED: Final = {"purposes": ("gateways",)}

#: (table, key) -> the table whose ids may stand there.
_REFERENCES: Final[Mapping[tuple[str, str], str]] = {
    ("kinds", "sectors"): "sectors",
    ("kinds", "dimension"): "dimensions",
    ("kinds", "nature"): "natures",
    ("kinds", "data_class"): "data_classes",
    ("agency_kinds", "sector"): "sectors",
    ("roles", "sector"): "sectors",
    ("purposes", "gateways"): "gateways",
}

Faults = Iterator[VocabularyFault]


@dataclass(frozen=True, slots=True)
class Known:
    """What the entries may refer to: ids by table, the other names of kinds, and the values of each fact."""

    ids: Mapping[str, frozenset[str]]
    kind_aliases: frozenset[str]
    fact_values: Mapping[str, frozenset[str]]
    unread: frozenset[str]

    def names_a_kind(self, pattern: str) -> bool:
        return pattern in self.kind_aliases or bool(fnmatch.filter(self.ids["kinds"], pattern))


def check(folder: Path) -> tuple[VocabularyFault, ...]:
    """Every fault of a vocabulary folder of the shape of `data/`, in the order of its files and lines.

    Missing  where a whole file could not be read, nothing that refers to its table is faulted for that.
    """
    documents = read_documents(folder)
    known = _known(documents)
    found = set(documents.faults)
    for table, entries in documents.entries.items():
        found.update(_repeated(entries), _aliases(entries))
        for entry in entries:
            for checks in (_EVERY, _OF_TABLE.get(table, ())):
                found.update(fault for checking in checks for fault in checking(entry, known))
    return tuple(sorted(found))


def _known(documents: Documents) -> Known:
    ids = {table: frozenset(e.id for e in entries) for table, entries in documents.entries.items()}
    aliases = frozenset(a.value for e in documents.entries["kinds"] for a in e.words("aliases"))
    values = {e.id: frozenset(v.value for v in e.words("values")) for e in documents.entries["facts"]}
    return Known(ids, aliases, values, frozenset(documents.unread))


def near(word: str, known: Iterable[str]) -> str:
    """`Did you mean "x"?` where something known looks like it, else what is known, cut short."""
    choices = sorted(known)
    best = get_close_matches(word, choices, n=1)
    if best:
        return f'Did you mean "{best[0]}"?'
    return "Known here: " + ", ".join(choices[:12]) + (" …" if len(choices) > 12 else "") + "."


def _called(table: str) -> str:
    return table.replace("_", " ")


# -- every entry: its id, its keys, the sort of each value, its days, what it refers to ---------------------------


def _id(entry: Entry, known: Known) -> Faults:
    plain = entry.id.removeprefix(f"{entry.family}.") if entry.family else entry.id
    if not _ID.fullmatch(plain) and entry.id.startswith(entry.family):
        why = "an id is small letters, digits and single underscores, and begins with a letter"
        yield entry.fault("", why, "Give it such an id; ids are looked up in this form only.")


def _unknown_keys(entry: Entry, known: Known) -> Faults:
    allowed = _types(entry.table).keys()
    for key in entry.own.value.keys() - allowed:
        yield entry.fault(
            key, f"{_called(entry.table)} have no key `{key[:40]}`", near(key, allowed), entry.own.keys[key]
        )
    for key in entry.defaults.value.keys() - allowed:
        place = entry.defaults.keys[key]
        yield entry.fault(key, f"{_called(entry.table)} have no key `{key[:40]}`", near(key, allowed), place)


def _missing_keys(entry: Entry, known: Known) -> Faults:
    for key in _required(entry.table):
        value = entry.value(key)
        if value is None or value in ([], {}) or (isinstance(value, str) and not value.strip()):
            yield entry.fault(key, f"it has no {key.replace('_', ' ')}", f"Add `{key}:`.")


def _sorts(entry: Entry, known: Known) -> Faults:
    for key, (called, fits) in _types(entry.table).items():
        found = entry.get(key)
        if found is not None and not fits(found.plain()):
            yield entry.fault(key, f"`{key}` is not {called}", _cure(found))


def _cure(found: Located) -> str:
    loose = next((i for i in found.items() if not isinstance(i.value, str | dict | list)), None)
    if loose is not None:
        # YAML reads an unquoted yes, 111 or 2012-03-01 as something other than a word.
        return "Write it as it should be; a word that looks like a number, a day, yes or no needs quotes."
    return "Write it as it should be; a list stands in square brackets, pairs in braces."


def _days(entry: Entry, known: Known) -> Faults:
    begins, ends = entry.value("valid_from") or USUAL_BEGINNING, entry.value("valid_to")
    if _is_day(begins) and _is_day(ends) and ends < begins:
        yield entry.fault(
            "valid_to", "it ends before it begins", "Swap `valid_from` and `valid_to`, or mend one."
        )


def _nation(entry: Entry, known: Known) -> Faults:
    for item in entry.words("nation"):
        if item.value not in NATIONS:
            yield entry.fault(
                "nation", f"there is no nation {item.value[:40]!r}", near(item.value, NATIONS), item
            )


def _references(entry: Entry, known: Known) -> Faults:
    for (table, key), target in _REFERENCES.items():
        if table == entry.table and target not in known.unread:
            for item in entry.words(key):
                if item.value not in known.ids[target]:
                    why = f"there is no {item.value[:60]!r} among the {_called(target)}"
                    yield entry.fault(key, why, near(item.value, known.ids[target]), item)


# -- one table -----------------------------------------------------------------------------------------------------


def _family(entry: Entry, known: Known) -> Faults:
    # A family of one kind may give it its own name: `birth`.
    if entry.family and entry.id != entry.family and not entry.id.startswith(f"{entry.family}."):
        why = f"its id does not begin with `{entry.family}.`, the family of this file"
        yield entry.fault("", why, "Rename it, or move it to the file of its family.")


def _asserts(entry: Entry, known: Known) -> Faults:
    stated = entry.get("asserts")
    if stated is None or not isinstance(stated.value, dict) or "facts" in known.unread:
        return
    for fact, value in stated.value.items():
        values = known.fact_values.get(fact)
        if values is None:
            why = f"it states {fact[:60]!r}, which is not a fact"
            yield entry.fault("asserts", why, near(fact, known.ids["facts"]), stated.keys[fact])
        elif values and isinstance(value.value, str) and value.value not in values:
            why = f"the fact `{fact}` has no value {value.value[:60]!r}"
            yield entry.fault("asserts", why, near(value.value, values), value)


def _seen(entry: Entry, known: Known) -> Faults:
    if entry.value("seen_alone") is True and entry.value("seen") is not True:
        why = "it says that the child was seen alone, but not that the child was seen"
        yield entry.fault("seen_alone", why, "Add `seen: true`, or take `seen_alone` out.")


def _patterns(entry: Entry, known: Known) -> Faults:
    if "kinds" in known.unread:
        return
    for key in ("opened_by", "closed_by"):
        for item in entry.words(key):
            if not known.names_a_kind(item.value):
                why = f"no kind of record is meant by {item.value[:60]!r}"
                yield entry.fault(key, why, near(item.value, known.ids["kinds"]), item)


def _use(entry: Entry, known: Known) -> Faults:
    use = entry.value("use")
    if isinstance(use, str) and use and use not in USES:
        yield entry.fault("use", f"there is no use {use[:40]!r}", near(use, USES))
    if use == "state" and not entry.value("opened_by"):
        yield entry.fault("opened_by", "nothing opens this state, so it can never be so", "Add `opened_by:`.")
    if use in ("statement", "attribute") and (entry.value("opened_by") or entry.value("closed_by")):
        key = "opened_by" if entry.value("opened_by") else "closed_by"
        why = f"only a state is opened and closed, and this is a fact of use {use}"
        yield entry.fault(key, why, f"Take `{key}` out, or write `use: state`.")


def _bounds(entry: Entry, known: Known) -> Faults:
    least, most = entry.value("least"), entry.value("most")
    if _is_number(least) and _is_number(most) and least > most:
        yield entry.fault("least", f"the least, {least:g}, is more than the most, {most:g}", "Swap the two.")


def _expressions(entry: Entry, known: Known) -> Faults:
    for item in entry.words("words"):
        why = _wrong_with(item.value)
        if why:
            yield entry.fault("words", why, "Mend the expression; it reads plain small letters.", item)


def _wrong_with(expression: str) -> str:
    try:
        pattern = re.compile(expression)
    except re.error as wrong:
        return f"{expression[:40]!r} is not a regular expression: {wrong.msg}"
    if pattern.search(""):
        return f"{expression[:40]!r} fits no words at all, so it would fit everybody"
    # The words are made plain before they are tried: small letters, with single spaces between them.
    if re.search(r"(?<!\\)[A-Z]|['_-]", re.sub(r"\[[^]]*\]", "", expression)):
        return (
            f"{expression[:40]!r} has a capital, an apostrophe, a hyphen or an underscore, and can never fit"
        )
    return ""


# -- a whole table -------------------------------------------------------------------------------------------------


def _repeated(entries: Iterable[Entry]) -> Faults:
    first: dict[str, Entry] = {}
    for entry in entries:
        other = first.setdefault(entry.id, entry)
        if other is not entry:
            why = f"the id stands already in {other.file}, line {other.place.line}"
            yield entry.fault("", why, "Keep one of the two.", entry.place)


def _aliases(entries: Iterable[Entry]) -> Faults:
    entries = list(entries)
    taken: ChainMap[str, str] = ChainMap({}, {entry.id: f"the id {entry.id!r}" for entry in entries})
    for entry in entries:
        for item in entry.words("aliases"):
            if not _ALIAS.fullmatch(item.value):
                why = f"the other name {item.value[:60]!r} is not small letters, digits and underscores"
                yield entry.fault("aliases", why, "Write it so; names are looked up in this form only.", item)
            elif item.value in taken:
                why = f"the other name {item.value!r} is taken by {taken[item.value]}"
                yield entry.fault("aliases", why, "Keep it in one place.", item)
            taken.setdefault(item.value, f"another name of {entry.id!r}")


# -- what the terms themselves say of their keys -------------------------------------------------------------------


def _is_words(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_day(value: Any) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and item for item in value)


def _is_pairs(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())


_SORTS: Final[Mapping[str, tuple[str, Callable[[Any], bool]]]] = {
    "str": ("words", _is_words),
    "bool": ("true or false", lambda value: isinstance(value, bool)),
    "bool | None": ("true or false", lambda value: value is None or isinstance(value, bool)),
    "float": ("a number", _is_number),
    "date": ("a day such as 2012-03-03", _is_day),
    "date | None": ("a day such as 2012-03-03", lambda value: value is None or _is_day(value)),
    "tuple[str, ...]": ("a list of words", _is_list),
    "Mapping[str, str]": ("pairs of words", _is_pairs),
}


@lru_cache(maxsize=32)
def _types(table: str) -> Mapping[str, tuple[str, Callable[[Any], bool]]]:
    """What each key of a table must be, from the term's own fields; its id and family come from elsewhere."""
    own = (f for f in fields(TABLES[table]) if f.name not in ("id", "family"))
    return {f.name: _SORTS[str(f.type)] for f in own}


@lru_cache(maxsize=32)
def _required(table: str) -> tuple[str, ...]:
    bare = [f.name for f in fields(TABLES[table]) if f.default is MISSING and f.default_factory is MISSING]
    described = ["description"] if table in _DESCRIBED else []
    return (*(key for key in bare if key not in ("id", "family")), *described, *_NEEDED.get(table, ()))


_Check = Callable[[Entry, Known], Faults]
_EVERY: Final[tuple[_Check, ...]] = (_id, _unknown_keys, _missing_keys, _sorts, _days, _nation, _references)
_OF_TABLE: Final[Mapping[str, tuple[_Check, ...]]] = {
    "kinds": (_family, _asserts, _seen),
    "facts": (_patterns, _use),
    "measures": (_bounds,),
    "relations": (_expressions,),
}
