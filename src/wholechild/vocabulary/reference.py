"""The reference page of the vocabulary, `docs/reference/vocabulary.md`, from the words themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from wholechild.vocabulary.terms import USUAL_BEGINNING, AgencyKind, Family, Kind, Term, Vocabulary

_HEAD: Final = """\
# The vocabulary

<!-- Made by `wholechild vocabulary docs` from src/wholechild/vocabulary/data. Change the words there, not here. -->

The shared words of every record, lesson and page: {counts}. `wholechild vocabulary list` prints them, and
`wholechild vocabulary check` finds what is wrong with them. A word is in force from 14 October 1991, the day the
Children Act 1989 began, and still is, unless its entry says otherwise."""

#: What stands in an empty cell.
_NOTHING: Final = "\N{EN DASH}"

Cell = Callable[[Any], str]
Columns = Mapping[str, Cell]


def reference_page(words: Vocabulary) -> str:
    """The whole page, ending in a newline; the same text for the same words."""
    tables = {name: getattr(words, name) for name in ("kinds", *(name for name, _, _ in _sections(words)))}
    counts = ", ".join(f"{len(table)} {name.replace('_', ' ')}" for name, table in tables.items())
    parts = [_HEAD.format(counts=counts), _kinds(words)]
    for name, about, columns in _sections(words):
        title = name.replace("_", " ").capitalize()
        parts.append(f"## {title}\n\n{about}\n\n{_table(getattr(words, name).values(), columns)}")
    return "\n\n".join(parts) + "\n"


def _kinds(words: Vocabulary) -> str:
    about = (
        "One table for each family. A lesson names one kind (`injury.burn`) or a family (`injury.*`). *Seen* says "
        "what the kind by itself tells about the person it is mainly about; a dash means that it does not say. "
        "*Usually from* are the sectors that mostly write such records; any agency may."
    )
    return "\n\n".join(
        ["## Kinds of record", about, *(_family(words, family) for family in words.families.values())]
    )


def _family(words: Vocabulary, family: Family) -> str:
    kinds = [kind for kind in words.kinds.values() if kind.family == family.id]
    heading = f"### {family.title} (`{family.id}.*`)"
    return "\n\n".join(
        part for part in (heading, family.description, _table(kinds, _kind_columns(words))) if part
    )


def _kind_columns(words: Vocabulary) -> Columns:
    return {
        "id": _id,
        "title": _title,
        "what it says": _kind_says,
        "usually from": lambda kind: _titles(words.sectors, kind.sectors),
        "dimension": lambda kind: _titles(words.dimensions, (kind.dimension,)),
        "nature": lambda kind: _titles(words.natures, (kind.nature,)),
        "seen": seen_words,
    }


def _kind_says(kind: Kind) -> str:
    stated = [f"States `{fact}: {value}`." for fact, value in kind.asserts.items()]
    moved = ["Ends a stay in the home."] if kind.ends_residence else []
    return " ".join([kind.description, *stated, *moved, *_notes(kind)])


def seen_words(kind: Kind) -> str:
    """What a kind says of having been seen: `seen alone, spoken to`, `not seen`, or a dash where it does not say."""
    said = [
        {True: yes, False: no, None: ""}[value]
        for value, yes, no in (
            (kind.seen, "" if kind.seen_alone else "seen", "not seen"),
            (kind.seen_alone, "seen alone", "" if kind.seen is False else "not alone"),
            (kind.spoken_to, "spoken to", "not spoken to"),
        )
    ]
    return ", ".join(filter(None, said)) or _NOTHING


def _sections(words: Vocabulary) -> Iterator[tuple[str, str, Columns]]:
    """Each table after the kinds: its name, what it is for, and its columns."""
    described: Columns = {"id": _id, "title": _title, "what it means": _says}
    yield "dimensions", "The sides of a child's life that a record may speak about.", described
    yield "natures", "What sort of statement a record is; never how serious it is.", described
    yield "data_classes", "How much a reader must be entitled to before a record is shown.", described
    yield "sectors", "The parts of the system, each with its own rules and its own sort of record.", described
    yield "agency_kinds", _ABOUT_AGENCIES, {
        "id": _id, "title": _title, "sector": lambda t: _titles(words.sectors, (t.sector,)), "also": _also,
        "remarks": _agency_says,
    }  # fmt: skip
    yield "roles", "Who takes a next step, asks for access or answers for something.", {
        "id": _id, "title": _title, "sector": lambda t: _titles(words.sectors, (t.sector,)), "also": _also,
    }  # fmt: skip
    yield "relations", _ABOUT_RELATIONS, {
        "id": _id, "title": _title, "carer": lambda t: _tick(t.carer), "brother or sister": lambda t: _tick(t.sibling),
        "adult": lambda t: _tick(t.adult), "lives with the child": lambda t: _tick(t.resident), "also": _also,
    }  # fmt: skip
    yield "purposes", "What somebody wants to read or share for, with the gateways that can carry it.", {
        "id": _id, "title": _title, "what it means": _says, "gateways": lambda t: _codes(t.gateways),
    }  # fmt: skip
    yield "gateways", _ABOUT_GATEWAYS, {
        "id": _id, "title": _title, "duty": lambda t: _tick(t.duty), "who may rely on it": lambda t: t.users,
        "what it says": _says, "source": lambda t: t.source or _NOTHING,
    }  # fmt: skip
    yield "measures", "Numbers that a record may carry. A number outside the bounds is asked back as a slip.", {
        "id": _id, "title": _title, "unit": lambda t: t.unit, "least": lambda t: f"{t.least:g}",
        "most": lambda t: f"{t.most:.12g}", "also": _also,
    }  # fmt: skip
    yield "facts", _ABOUT_FACTS, {
        "id": _id, "title": _title, "use": lambda t: t.use, "values": lambda t: _codes(t.values),
        "opened by": lambda t: _codes(t.opened_by), "closed by": lambda t: _codes(t.closed_by), "remarks": _says,
    }  # fmt: skip
    yield "informants", "Who said so, where a record gives it as a word and not as a person.", {
        "id": _id, "title": _title, "also": _also,
    }  # fmt: skip


_ABOUT_AGENCIES: Final = (
    "The kinds of service that send records. A longer name that begins with one of these, or with one of its other "
    "names, is taken for it: `local_authority_portsmouth` is a `local_authority`."
)
_ABOUT_RELATIONS: Final = (
    "What a person is to the child. *Lives with the child* is taken to be so unless a record says otherwise. The words "
    "of published chronologies that lead to each relation stand in `data/relations.yaml`."
)
_ABOUT_GATEWAYS: Final = (
    "The rules of law that let, or make, one body share with another, in our words. Nothing in this table decides "
    "anything: a person chooses the gateway and gives the reason."
)
_ABOUT_FACTS: Final = (
    "A *state* is so for a time: the kinds in *opened by* begin it, those in *closed by* end it. Of a *statement*, two "
    "different values contradict each other. An *attribute* adds detail and never contradicts."
)


# -- cells ---------------------------------------------------------------------------------------------------------


def _table(terms: Iterable[Term], columns: Columns) -> str:
    rows = [[_cell(make(term)) for make in columns.values()] for term in terms]
    lines = [list(columns), ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _id(term: Term) -> str:
    return f"`{term.id}`"


def _title(term: Term) -> str:
    return term.title


def _says(term: Term) -> str:
    return " ".join([term.description, *_notes(term)]).strip() or _NOTHING


def _agency_says(term: AgencyKind) -> str:
    unsure = [] if term.attributable else ["Never counts as an agency of its own."]
    return " ".join([term.description, *unsure, *_notes(term)]).strip() or _NOTHING


def _notes(term: Term) -> Iterator[str]:
    """When and where a word holds, if that is not always and everywhere."""
    if term.valid_from != USUAL_BEGINNING:
        yield f"From {_day(term.valid_from)}."
    if term.valid_to:
        yield f"Until {_day(term.valid_to)}."
    if term.nation:
        yield f"{_nation(term.nation)} only."


def _day(day: Any) -> str:
    return f"{day.day} {day:%B %Y}"


def _nation(nation: str) -> str:
    return nation.replace("_", " ").title().replace(" And ", " and ")


def _also(term: Term) -> str:
    return _codes(term.aliases)


def _codes(values: Iterable[str]) -> str:
    return ", ".join(f"`{value}`" for value in values) or _NOTHING


def _titles(table: Mapping[str, Term], ids: Iterable[str]) -> str:
    return ", ".join(table[name].title for name in ids)


def _tick(value: bool) -> str:
    return "yes" if value else "no"
