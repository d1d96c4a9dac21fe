"""The data files of a vocabulary as they were written, each entry with its place, so that a fault can point at it.

`terms` reads the same files for use and trusts them; here nothing is trusted, and what cannot be read is a fault.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from wholechild.lib.located import Located, NotPlainYaml, Place, read_yaml
from wholechild.vocabulary.terms import TABLES

_HEADS: Final = {"kinds": frozenset({"family", "title", "about", "defaults", "entries"})}
_PLAIN_HEAD: Final = frozenset({"defaults", "entries"})
_NOTHING: Final = Located({}, Place(1, 1))


@dataclass(frozen=True, slots=True, order=True)
class VocabularyFault:
    """One fault: where it is, why it is one, and what to do.

    Shape    `file` is relative to the vocabulary's folder; `line` and `column` count from 1.
    Missing  `entry` empty: it lies in the file as a whole, or in its `defaults`. `key` empty: in the whole entry.
    """

    file: str
    line: int
    column: int
    entry: str
    key: str
    why: str
    do: str

    def __str__(self) -> str:
        where = ", ".join(part for part in (self.entry, self.key and f"`{self.key}`") if part)
        return f"{self.file}, line {self.line}{where and f', {where}'}: {self.why}. {self.do}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a table as it was written; `get` sees the `defaults` of its file too."""

    table: str
    file: str
    id: str
    place: Place
    own: Located
    defaults: Located
    family: str = ""

    def get(self, key: str) -> Located | None:
        return self.own.get(key) or self.defaults.get(key)

    def value(self, key: str) -> Any:
        """The plain value of a key; None where it is missing."""
        found = self.get(key)
        return None if found is None else found.plain()

    def words(self, key: str) -> Iterator[Located]:
        """Each word under a key, whether it holds one or a list; what is not a word is left out."""
        found = self.get(key)
        for item in found.items() if found else ():
            if isinstance(item.value, str):
                yield item

    def fault(self, key: str, why: str, do: str, at: Located | Place | None = None) -> VocabularyFault:
        """A fault at a place, else at the value of the key, else at the entry."""
        inherited = self.own.get(key) is None and self.defaults.get(key) is not None
        where = at or self.get(key) or self.place
        place = where.place if isinstance(where, Located) else where
        return VocabularyFault(
            self.file, place.line, place.column, "" if inherited else self.id, key, why, do
        )


@dataclass(slots=True)
class Documents:
    """All entries of a folder by table, and the faults of what could not be read as entries."""

    entries: dict[str, list[Entry]] = field(default_factory=lambda: {name: [] for name in TABLES})
    unread: set[str] = field(default_factory=set)
    faults: list[VocabularyFault] = field(default_factory=list)

    def add(self, file: str, place: Place, key: str, why: str, do: str) -> None:
        self.faults.append(VocabularyFault(file, place.line, place.column, "", key, why, do))


def read_documents(folder: Path) -> Documents:
    """Read every data file of a folder of the shape of `data/`. Errors: none; all go into `faults`."""
    documents = Documents()
    paths = sorted((folder / "kinds").glob("*.yaml"))
    for path in paths:
        _read_file(documents, "kinds", path, f"kinds/{path.name}")
    for table in TABLES.keys() - {"kinds", "families"}:
        _read_file(documents, table, folder / f"{table}.yaml", f"{table}.yaml")
    if not paths:
        documents.unread.add("kinds")
        documents.add(
            "kinds", Place(1, 1), "", "no kind of record is written down", "Add `kinds/<family>.yaml`."
        )
    return documents


def _read_file(documents: Documents, table: str, path: Path, file: str) -> None:
    document = _read(documents, path, file)
    if document is None:
        documents.unread.add(table)
        return
    family = _family(documents, document, file) if table == "kinds" else ""
    for key in document.value.keys() - _HEADS.get(table, _PLAIN_HEAD):
        why = f"a file of {table} has no part `{key[:40]}`"
        documents.add(file, document.keys[key], key, why, "Move it under `entries:`, or take it out.")
    defaults = _mapping(documents, document, "defaults", file)
    entries = _mapping(documents, document, "entries", file)
    if not entries.value:
        documents.add(
            file, entries.place, "entries", "the file has no entries", "Add one, or remove the file."
        )
    for name, own in entries.value.items():
        entry = Entry(table, file, name, entries.keys[name], own, defaults, family)
        if isinstance(own.value, dict):
            documents.entries[table].append(entry)
        else:
            why, do = "there are no `key: value` pairs for it", "Write them in braces, `{title: …}`."
            documents.faults.append(entry.fault("", why, do))


def _read(documents: Documents, path: Path, file: str) -> Located | None:
    try:
        document = read_yaml(path.read_text(encoding="utf-8"))
    except NotPlainYaml as wrong:
        documents.add(file, wrong.place, "", wrong.why, "Mend it; nothing in this file was read.")
        return None
    except FileNotFoundError:
        documents.add(file, Place(1, 1), "", "the file is missing", "Add it, with at least `entries: {}`.")
        return None
    except UnicodeDecodeError:
        documents.add(file, Place(1, 1), "", "the file is not UTF-8 text", "Save it as UTF-8.")
        return None
    if not isinstance(document.value, dict):
        documents.add(
            file, document.place, "", "the file is not `key: value` lines", "Begin with `entries:`."
        )
        return None
    return document


def _mapping(documents: Documents, document: Located, key: str, file: str) -> Located:
    found = document.get(key)
    if found is None or found.value is None:
        return _NOTHING
    if not isinstance(found.value, dict):
        documents.add(
            file, found.place, key, f"`{key}` is not `key: value` pairs", "Write one a line below it."
        )
        return _NOTHING
    return found


def _family(documents: Documents, document: Located, file: str) -> str:
    """The family of a file of kinds, kept as a term of its own so that it is checked like any other."""
    family = document.get("family")
    if family is None or not isinstance(family.value, str) or not family.value:
        documents.add(
            file, document.place, "family", "the file names no family", "Add `family:` at its head."
        )
        return ""
    head = {key: value for key, value in document.value.items() if key == "title"}
    if "about" in document.value:
        head["description"] = document.value["about"]
    own = Located(head, family.place, dict(document.keys))
    documents.entries["families"].append(Entry("families", file, family.value, family.place, own, _NOTHING))
    return family.value
