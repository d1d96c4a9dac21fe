"""The shared words: kinds of record, sectors, agencies, roles, relations, purposes, measures and facts.

The words themselves are dated data in `data/*.yaml`; this module only reads them. `check.py` finds what is wrong
with them, so the reading here may be short: it trusts a file that the checker has passed.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, TypeVar

import yaml

DATA: Final = Path(__file__).with_name("data")
#: The day the Children Act 1989 began: words without a day of their own are taken to be in use from then.
USUAL_BEGINNING: Final = date(1991, 10, 14)
#: libyaml where it was built: eight times as fast, and a command line is started often.
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One word of the vocabulary, in force from `valid_from` to `valid_to`, both days included.

    Missing  `valid_to` None: still in force. `nation` empty: the same in every nation. `source` empty: settled use
             in the field, with no one text behind it. `description` empty: the title says it all.
    """

    id: str
    title: str
    description: str = ""
    aliases: tuple[str, ...] = ()
    valid_from: date = USUAL_BEGINNING
    valid_to: date | None = None
    nation: str = ""
    source: str = ""

    def in_force(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sector(Term):
    """A part of the system that works to one set of rules and keeps one sort of record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension(Term):
    """A side of a child's life."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nature(Term):
    """What sort of statement a record is: something seen, something decided, something promised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataClass(Term):
    """How much a reader must be entitled to before a record of this class is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family(Term):
    """A group of kinds that share a prefix: `injury` for `injury.burn`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Term):
    """One kind of record.

    Shape    `sectors` usually write it; any agency may. `asserts` maps a fact to the value that the kind by itself
             states. `codes` maps an outside code system to a code.
    Missing  `seen`, `seen_alone`, `spoken_to` None: the kind does not say. They are about the person whom the record
             is mainly about, and mean seen or spoken to by somebody at work.
    """

    family: str
    sectors: tuple[str, ...]
    dimension: str
    nature: str
    seen: bool | None = None
    seen_alone: bool | None = None
    spoken_to: bool | None = None
    data_class: str = "content"
    asserts: Mapping[str, str] = field(default_factory=dict)
    ends_residence: bool = False
    minor: bool = False
    codes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyKind(Term):
    """A kind of service that sends records.

    Missing  `attributable` False: the source does not say which one service wrote it, so it never counts as an
             agency of its own and is never guessed to be one.
    """

    sector: str
    attributable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Role(Term):
    """What a person does in the system: their job, or their place in the family."""

    sector: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation(Term):
    """What a person is to the child.

    Shape    `resident`: taken to live with the child unless a record says otherwise. `words` are regular expressions
             over plain lower-case words; of those that begin together, the first in the file decides.
    """

    carer: bool = False
    sibling: bool = False
    adult: bool = True
    resident: bool = False
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway(Term):
    """A rule of law that lets, or makes, one body share with another. `users` says who may rely on it."""

    users: str = ""
    duty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose(Term):
    """What somebody wants to read or share for, with the gateways that can carry it, the usual one first."""

    gateways: tuple[str, ...] = ()

    @property
    def gateway(self) -> str:
        return self.gateways[0] if self.gateways else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure(Term):
    """A number that a record may carry.

    Units    `unit` is the one unit in which the number is kept. Outside `least` … `most` it is a slip of the pen.
    """

    unit: str
    least: float
    most: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact(Term):
    """Something that is so for a time, or that two records may state differently.

    Shape    `use` is `state` (opened and closed by kinds), `statement` (records give it a value; two different values
             contradict each other) or `attribute` (a value that adds detail and never contradicts).
             `opened_by` and `closed_by` are patterns of kinds. `values` are the allowed values; empty: any.
    """

    use: str
    values: tuple[str, ...] = ()
    opened_by: tuple[str, ...] = ()
    closed_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Informant(Term):
    """Who said so, where a record gives it as a word and not as a person."""


T = TypeVar("T", bound=Term)

#: Each table of the vocabulary: what its file is called, and what its entries become.
TABLES: Final[Mapping[str, type[Term]]] = {
    "kinds": Kind,
    "families": Family,
    "sectors": Sector,
    "agency_kinds": AgencyKind,
    "roles": Role,
    "relations": Relation,
    "purposes": Purpose,
    "gateways": Gateway,
    "measures": Measure,
    "facts": Fact,
    "informants": Informant,
    "dimensions": Dimension,
    "natures": Nature,
    "data_classes": DataClass,
}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Every table, by id. Look kinds and agency kinds up with `kind()` and `agency_kind()`, which know other names too."""

    kinds: Mapping[str, Kind]
    families: Mapping[str, Family]
    sectors: Mapping[str, Sector]
    agency_kinds: Mapping[str, AgencyKind]
    roles: Mapping[str, Role]
    relations: Mapping[str, Relation]
    purposes: Mapping[str, Purpose]
    gateways: Mapping[str, Gateway]
    measures: Mapping[str, Measure]
    facts: Mapping[str, Fact]
    informants: Mapping[str, Informant]
    dimensions: Mapping[str, Dimension]
    natures: Mapping[str, Nature]
    data_classes: Mapping[str, DataClass]
    _aliases: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False, compare=False)
    _matched: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False, compare=False)

    def kind(self, name: str) -> Kind | None:
        """The kind of this id or other name; None where we do not know it (never the nearest guess)."""
        return self._named(self.kinds, "kinds", name)

    def relation(self, name: str) -> Relation | None:
        return self._named(self.relations, "relations", name)

    def informant(self, name: str) -> Informant | None:
        return self._named(self.informants, "informants", name)

    def measure(self, name: str) -> Measure | None:
        return self._named(self.measures, "measures", name)

    def role(self, name: str) -> Role | None:
        return self._named(self.roles, "roles", name)

    def agency_kind(self, name: str) -> AgencyKind | None:
        """The kind of agency of this name: by id, by other name, else by the longest known beginning.

        So `local_authority_portsmouth` is a `local_authority`: chronologies write the place into the name.
        """
        if name in self.agency_kinds:
            return self.agency_kinds[name]
        parts = _plain_id(name).split("_")
        for length in range(len(parts), 0, -1):
            found = self._named(self.agency_kinds, "agency_kinds", "_".join(parts[:length]))
            if found:
                return found
        return None

    def matching(self, pattern: str) -> tuple[str, ...]:
        """The ids of the kinds that a pattern such as `injury.*` names, in their usual order; `*` names all.

        A pattern without `*`, `?` or `[` may also be another name of a kind. Naming nothing gives ().
        """
        if pattern not in self._matched:
            self._matched[pattern] = self._match(pattern)
        return self._matched[pattern]

    def _match(self, pattern: str) -> tuple[str, ...]:
        exact = self.kind(pattern)
        if exact:
            return (exact.id,)
        fits = re.compile(fnmatch.translate(pattern)).match
        return tuple(kind for kind in self.kinds if fits(kind))

    def suggest(self, name: str, table: str = "kinds") -> str | None:
        """The known id that looks most like an unknown one, to offer to a person; None where nothing is near."""
        from rapidfuzz import fuzz, process  # only when somebody has slipped: it costs a tenth of a start

        others = self._aliases.get(table, {})
        near = process.extractOne(
            _plain_id(name), [*getattr(self, table), *others], scorer=fuzz.ratio, score_cutoff=60
        )
        return None if near is None else others.get(near[0], near[0])

    def as_of(self, day: date) -> Vocabulary:
        """The same vocabulary with only the words in force on a day."""
        kept = {name: {i: t for i, t in getattr(self, name).items() if t.in_force(day)} for name in TABLES}
        return _assembled(kept)

    @staticmethod
    def _named_id(name: str, known: Mapping[str, Any], others: Mapping[str, str]) -> str:
        plain = _plain_id(name)
        return plain if plain in known else others.get(plain, "")

    def _named(self, table: Mapping[str, T], name_of_table: str, name: str) -> T | None:
        if name in table:
            return table[name]
        return table.get(self._named_id(name, table, self._aliases.get(name_of_table, {})))


def _plain_id(name: str) -> str:
    """`Hospital ED` and `hospital-ed` are `hospital_ed`."""
    return re.sub(r"[\s_-]+", "_", name.strip().lower())


@lru_cache(maxsize=1)
def fingerprint() -> str:
    """What the words of this version are, as one short text: another vocabulary has another."""
    digest = sha256()
    for path in sorted(DATA.rglob("*.yaml")):
        digest.update(path.relative_to(DATA).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:32]


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """The vocabulary of this release, read once."""
    return load(DATA)


def load(folder: Path) -> Vocabulary:
    """Read a vocabulary from a folder of the shape of `data/`.

    Errors   whatever Python raises on data that `check.check` would have faulted; run the checker to see it well.
    """
    tables: dict[str, dict[str, Term]] = {name: {} for name in TABLES}
    for path in sorted((folder / "kinds").glob("*.yaml")):
        document = read(path)
        family = document["family"]
        tables["families"][family] = Family(
            id=family, title=document["title"], description=document.get("about", "")
        )
        tables["kinds"].update(_entries(Kind, document, family=family))
    for name in TABLES.keys() - {"kinds", "families"}:
        tables[name].update(_entries(TABLES[name], read(folder / f"{name}.yaml")))
    return _assembled(tables)


def read(path: Path) -> dict[str, Any]:
    """One data file as plain values."""
    with path.open("rb") as stream:
        document: dict[str, Any] = yaml.load(stream, Loader=_LOADER)  # noqa: S506 - always a safe loader
    return document


def _entries(cls: type[Term], document: Mapping[str, Any], **fixed: str) -> dict[str, Term]:
    defaults = document.get("defaults") or {}
    lists = [f.name for f in fields(cls) if str(f.type).startswith("tuple[")]
    return {name: _term(cls, lists, {**fixed, **defaults, **entry, "id": name})
            for name, entry in (document.get("entries") or {}).items()}  # fmt: skip


def _term(cls: type[Term], lists: Iterable[str], values: dict[str, Any]) -> Term:
    for name in lists:
        if name in values:
            values[name] = tuple(values[name])
    return cls(**values)


def _assembled(tables: Mapping[str, Any]) -> Vocabulary:
    aliases = {name: {a: t.id for t in table.values() for a in t.aliases} for name, table in tables.items()}
    return Vocabulary(**tables, _aliases=aliases)


def relation_from_role(person_id: str, role_text: str) -> Relation | None:
    """What a person of a published chronology is to the child, from their role id, else from the words beside it.

    Shape    `older_half_sibling` → half_sibling; `second_partner` → partner_of_parent; the id decides if it can.
             The words are read clause by clause, so "father, separated after an assault on the mother" is the father.
             An id that says no more than "child" or "adult" yields to words that say more of the same person.
    Missing  None where neither says: the person is then known to be about, and nothing is made of it.
    """
    clauses = [_WHOM_ELSE.sub("", clause) for clause in re.split(r"[,;:(]", role_text)]
    readings = [found for text in (person_id, *clauses) if (found := _relation_in(_plain_words(text)))]
    if not readings:
        return None
    known = [vocabulary().relations[reading] for reading in readings]
    if known[0].id == "child":
        return next((other for other in known if not other.adult and other.id not in _SAY_LITTLE), known[0])
    if known[0].id == "other_adult":
        head = vocabulary().relation(_relation_in(_plain_words(clauses[0])))
        return head if head and head.adult else known[0]
    return known[0]


#: From such a word on, a clause speaks of somebody else: "a man known to the mother", "lived with his father".
_WHOM_ELSE: Final = re.compile(
    r"\b(who|whose|with|by|against|(known|close|related|linked) to)\b.*", re.DOTALL
)
#: Relations that fit nearly everybody; any other reading of the same words is better.
_SAY_LITTLE: Final = ("child", "other_adult")


def lives_elsewhere(role_text: str) -> bool:
    """Whether the words beside a person's role say that they never shared the child's home.

    "left at the end of 2008" does not count: that person did live there, and a record says until when.
    """
    return bool(_ELSEWHERE.search(_plain_words(role_text)))


_ELSEWHERE: Final = re.compile(
    r"\b(living|lives?|lived|staying|resident|residing|placed|settled|raised) (elsewhere|apart|abroad|away|separately|overseas)\b"
    r"|\b(living|lives?|lived|staying|placed|resident|residing|raised)( \w+)? (with|by) (his|her|their|the|a|an|its)? ?"
    r"(\w+ )?(grand\w+|aunt|uncle|relatives?|foster \w+|own \w+|father|other parent|adopters|kinship \w+)\b"
    r"|\b(not|never) (living|lived|live|resident|part of the household|in the home|in the household)\b"
    r"|\b(non|not) ?resident\b|\bin (foster|residential|kinship) care\b|\badopted (out|away|before)\b|\bbrought up by\b"
)


def _plain_words(text: str) -> str:
    plain = re.sub(r"[’'`]", "", text.lower())
    return " ".join(re.sub(r"[^a-z0-9]+", " ", plain).split())


@lru_cache(maxsize=512)
def _relation_in(words: str) -> str:
    """The relation whose words begin first; of those that begin together, the one first in the file; else ""."""
    found = [(name, m.start()) for name, pattern in _relation_patterns() if (m := pattern.search(words))]
    telling = [reading for reading in found if reading[0] not in _SAY_LITTLE]
    return min(telling or found, key=lambda reading: reading[1], default=("", 0))[0]


@lru_cache(maxsize=1)
def _relation_patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    relations = vocabulary().relations.values()
    return tuple((r.id, re.compile(r"\b(?:" + "|".join(r.words) + r")\b")) for r in relations if r.words)
