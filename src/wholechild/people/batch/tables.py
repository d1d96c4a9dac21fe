"""A file of raw identities becomes the table that is compared: the same values as people/comparing/, few rows of it in Python.

Texts are standardised once for each distinct text, not for each record, and joined back. Records that have a name beside their
name (a former one, one in brackets) are fewer; the names of those are standardised together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from duckdb import DuckDBPyConnection, connect

from wholechild.people.batch.conditions import sole_id
from wholechild.people.comparing.keys import (
    family_starts,
    first_sounds,
    given_starts,
    last_sounds,
    name_pairs,
    name_starts,
    places,
)
from wholechild.people.comparing.prepared import area_of, name_forms
from wholechild.people.comparing.standardising import (
    Raw,
    sound_nhs_number,
    standard_address,
    standard_birth,
    standard_email,
    standard_local_id,
    standard_name,
    standard_nhs_number,
    standard_phone,
    standard_postcode,
    standard_sex,
    standard_upn,
    standard_uprn,
    stands_alone,
    told,
)

_TEXT: Final = pa.string()
_TEXTS: Final = pa.list_(pa.string())
_YES: Final = pa.bool_()
_DAY: Final = pa.date32()
_AT_ONCE: Final = 100_000

#: The columns of a file of raw identities that are texts, and those that are lists of texts (`Raw`).
TEXTS: Final = (
    "id",
    "agency",
    "given_names",
    "family_name",
    "sex",
    "nhs_number",
    "upn",
    "postcode",
    "uprn",
    "address",
)
LISTS: Final = ("other_names", "earlier_postcodes", "phones", "emails", "local_ids")


class ColumnsRefused(ValueError):
    """A file of identities lacks the one column that nothing works without."""


NO_IDS: Final = "The table of identities has no column `id`. See docs/explanation/linking.md for its columns."

#: What DuckDB may use in bytes: for few identities, for each million, and at the most. What does not fit goes to the folder.
_LEAST_MEMORY: Final = 1_000_000_000
_MEMORY_FOR_A_MILLION: Final = 1_300_000_000
_MOST_MEMORY: Final = 4_000_000_000


def workbench(folder: Path, *, threads: int = 2) -> DuckDBPyConnection:
    """A database in a file of its own, to work in: what does not fit into memory goes to the folder.

    Shape    how much memory it may use follows how many identities are read into it.
    """
    connection = connect(str(folder / "linking.duckdb"))
    for setting in (
        f"SET memory_limit = '{_LEAST_MEMORY}B'",
        f"SET threads = {int(threads)}",
        f"SET temp_directory = '{folder}/spill'",
        "SET preserve_insertion_order = false",
        "SET enable_progress_bar = false",
    ):
        connection.execute(setting)
    return connection


def read_raw(connection: DuckDBPyConnection, path: Path) -> None:
    """Read a Parquet file of raw identities into the table `raw`, numbered in the order of their ids.

    Missing  a column that the file does not have is missing of everybody; so is a null.
    Errors   ColumnsRefused, if there is no column `id`.
    """
    source = f"read_parquet('{str(path).replace(chr(39), chr(39) * 2)}')"
    number_rows(connection, source)


def write_raw(path: Path, identities: Iterable[Raw]) -> int:
    """Write raw identities as a Parquet file that `read_raw` reads, some thousands at a time. Gives how many there were."""
    texts, lists = dict.fromkeys(TEXTS, _TEXT), dict.fromkeys(LISTS, _TEXTS)
    schema = pa.schema([*{**texts, **lists, "born": pa.date32(), "died": pa.date32()}.items()])
    many, source = 0, iter(identities)
    with pq.ParquetWriter(path, schema) as writer:
        while portion := list(islice(source, _AT_ONCE)):
            columns = {name: [getattr(one, name) for one in portion] for name in schema.names}
            writer.write_table(pa.table(columns, schema=schema))
            many += len(portion)
    return many


def number_rows(connection: DuckDBPyConnection, source: str) -> None:
    """As `read_raw`, from anything that can stand after FROM."""
    described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    there = {str(row[0]) for row in described}
    if "id" not in there:
        raise ColumnsRefused(NO_IDS)
    columns = [f"coalesce(CAST({c} AS VARCHAR), '') AS {c}" if c in there else f"'' AS {c}" for c in TEXTS]
    columns += [_list(c) if c in there else f"CAST([] AS VARCHAR[]) AS {c}" for c in LISTS]
    columns += [
        f"TRY_CAST({c} AS DATE) AS {c}" if c in there else f"CAST(NULL AS DATE) AS {c}"
        for c in ("born", "died")
    ]
    connection.execute(
        f"CREATE OR REPLACE TABLE raw AS SELECT CAST(row_number() OVER (ORDER BY id) AS INTEGER) AS n, * FROM (SELECT {', '.join(columns)} FROM {source})"
    )
    allow_memory(connection, "raw")


def allow_memory(connection: DuckDBPyConnection, table: str) -> None:
    """Let the workbench use as much memory as the identities of a table ask for."""
    ((many,),) = connection.execute(f"SELECT count(*) FROM {table}").fetchall()
    memory = min(max(_LEAST_MEMORY, _MEMORY_FOR_A_MILLION * many // 1_000_000), _MOST_MEMORY)
    connection.execute(f"SET memory_limit = '{memory}B'")


def _list(column: str) -> str:
    return f"coalesce(list_filter(CAST({column} AS VARCHAR[]), x -> x IS NOT NULL AND x <> ''), CAST([] AS VARCHAR[])) AS {column}"


def standardise_all(connection: DuckDBPyConnection, in_order: InOrder = map) -> None:
    """Make the table `identities`, of `raw`: the columns of `Identity`, and those that conditions.py reads.

    Shape    one row for each of `raw`, `n` its number in the order of ids. `starts` and `pairs` are what keys are made of.
             `in_order` is `map`, or does the same work in more processes; it is asked for more than a few identities only.
    """
    ((many,),) = connection.execute("SELECT count(*) FROM raw").fetchall()
    each = in_order if many > _FEW else map
    _fill_maps(connection, [name for name in _MAPS if name != _WHOLE_NAME], each)
    connection.execute(
        "CREATE OR REPLACE TABLE beside AS SELECT r.n FROM raw r JOIN map_given_names g ON g.said = r.given_names"
        " JOIN map_family_name f ON f.said = r.family_name WHERE NOT g.alone OR NOT f.alone OR len(r.other_names) > 0"
    )
    _fill_maps(connection, [_WHOLE_NAME], each)
    connection.execute(_IDENTITIES)
    for table in ("beside", *(f"map_{name}" for name in _MAPS)):
        connection.execute(f"DROP TABLE {table}")


def _fill_maps(connection: DuckDBPyConnection, names: Sequence[str], in_order: InOrder) -> None:
    """Make the table `map_<name>` of each: every value that is asked for, and what is made of it."""
    for name in names:
        _insert(connection, f"CREATE OR REPLACE TABLE map_{name} AS", _MAPS[name].columns.empty_table())
    for name, made in in_order(_worked_out, _portions(connection, names)):
        _insert(connection, f"INSERT INTO map_{name}", made)


def _insert(connection: DuckDBPyConnection, into: str, rows: pa.Table) -> None:
    connection.register("new_rows", rows)
    connection.execute(f"{into} SELECT * FROM new_rows")
    connection.unregister("new_rows")


def _portions(connection: DuckDBPyConnection, names: Iterable[str]) -> Iterator[_Portion]:
    """The values of which maps are made, some thousands at once, each portion with the name of its map."""
    for name in names:
        for batch in connection.cursor().execute(_MAPS[name].asked).to_arrow_reader(_IN_A_PORTION):
            if batch.num_rows:
                yield name, batch.column(0)


def _worked_out(portion: _Portion) -> tuple[str, pa.Table]:
    """The rows of a map for a portion of its values. Another process can do this: all that it needs is given."""
    name, values = portion
    found = _MAPS[name]
    columns = zip(*map(found.row, values.to_pylist()), strict=True)
    arrays = [pa.array(column, type=field.type) for column, field in zip(columns, found.columns, strict=True)]
    return name, pa.Table.from_arrays(arrays, schema=found.columns)


_Portion = tuple[str, pa.Array]
#: As `map`, in order; perhaps in more processes than one.
InOrder = Callable[
    [Callable[[_Portion], tuple[str, pa.Table]], Iterable[_Portion]], Iterable[tuple[str, pa.Table]]
]
_IN_A_PORTION: Final = 20_000
#: So many identities are standardised before other processes have begun.
_FEW: Final = 100_000


@dataclass(frozen=True, slots=True)
class _Map:
    """What is made of each distinct value of `raw`: the statement that asks for them, and of a value its row."""

    asked: str
    columns: pa.Schema
    row: Callable[[Any], Sequence[Any]]


_GIVEN: Final = pa.schema(
    [("said", _TEXT), ("alone", _YES), ("given", _TEXT), ("middle", _TEXT), ("given_codes", _TEXTS), ("rest_codes", _TEXTS),
     ("middles", _TEXTS), ("initials", _TEXTS), ("starts", _TEXTS), ("firsts", _TEXTS)]
)  # fmt: skip
_FAMILY: Final = pa.schema(
    [("said", _TEXT), ("alone", _YES), ("family", _TEXT), ("family_codes", _TEXTS), ("parts", _TEXTS), ("starts", _TEXTS),
     ("lasts", _TEXTS)]
)  # fmt: skip
_WHOLE: Final = pa.schema(
    [("given_names", _TEXT), ("family_name", _TEXT), ("other_said", _TEXTS), ("given", _TEXT), ("middle", _TEXT),
     ("family", _TEXT), ("other_names", _TEXTS), ("given_codes", _TEXTS), ("family_codes", _TEXTS), ("rest_codes", _TEXTS),
     ("middles", _TEXTS), ("initials", _TEXTS), ("parts", _TEXTS), ("words", _TEXTS), ("starts", _TEXTS), ("pairs", _TEXTS)]
)  # fmt: skip


def _given_row(text: str) -> Sequence[Any]:
    name = standard_name(text, "-")
    forms = name_forms(name.given, name.middle, "", ())
    return (
        text, stands_alone(text), name.given, name.middle, forms.given_codes, forms.rest_codes, forms.middles,
        forms.initials, given_starts(name.given, name.middle), first_sounds(name.given, name.middle),
    )  # fmt: skip


def _family_row(text: str) -> Sequence[Any]:
    name = standard_name("", text)
    forms = name_forms("", "", name.family, ())
    return (
        text, stands_alone(text), name.family, forms.family_codes, forms.parts, family_starts(name.family),
        last_sounds(name.family),
    )  # fmt: skip


def _whole_row(said: Mapping[str, Any]) -> Sequence[Any]:
    name = standard_name(said["given"], said["family"], tuple(said["others"]))
    forms = name_forms(name.given, name.middle, name.family, name.others)
    return (
        said["given"], said["family"], said["others"], name.given, name.middle, name.family, name.others,
        forms.given_codes, forms.family_codes, forms.rest_codes, forms.middles, forms.initials, forms.parts,
        forms.words, name_starts(name), name_pairs(name),
    )  # fmt: skip


def _nhs_row(text: str) -> Sequence[Any]:
    number = standard_nhs_number(text)
    return text, number, sound_nhs_number(number)


def _postcode_row(text: str) -> Sequence[Any]:
    postcode = standard_postcode(text)
    return text, postcode, area_of(postcode)


def _address_row(text: str) -> Sequence[Any]:
    address = standard_address(text)
    return text, address, places(address)


def _of_column(
    column: str, row: Callable[[Any], Sequence[Any]], said: pa.DataType, **made: pa.DataType
) -> _Map:
    asked = f"SELECT DISTINCT {column} FROM raw WHERE {column} IS NOT NULL"
    return _Map(asked, pa.schema([("said", said), *made.items()]), row)


def _plain(column: str, make: Callable[[Any], Any], kind: pa.DataType = _TEXT) -> _Map:
    return _of_column(column, lambda value: (value, make(value)), kind, **{column: kind})


def _each(column: str, make: Callable[[str], str]) -> _Map:
    return _plain(column, lambda texts: told(map(make, texts)), _TEXTS)


_WHOLE_NAME: Final = "whole_name"
#: Names in two parts by each part; the others, which are few, whole.
_MAPS: Final[Mapping[str, _Map]] = {
    "given_names": _Map("SELECT DISTINCT given_names FROM raw", _GIVEN, _given_row),
    "family_name": _Map("SELECT DISTINCT family_name FROM raw", _FAMILY, _family_row),
    _WHOLE_NAME: _Map(
        "SELECT DISTINCT {'given': r.given_names, 'family': r.family_name, 'others': r.other_names} FROM raw r JOIN beside USING (n)",
        _WHOLE, _whole_row,
    ),
    "address": _of_column("address", _address_row, _TEXT, address=_TEXT, places=_TEXTS),
    "nhs_number": _of_column("nhs_number", _nhs_row, _TEXT, nhs_number=_TEXT, nhs_sound=_YES),
    "postcode": _of_column("postcode", _postcode_row, _TEXT, postcode=_TEXT, area=_TEXT),
    **{
        column: _plain(column, make)
        for column, make in (("sex", standard_sex), ("upn", standard_upn), ("uprn", standard_uprn), ("agency", str.strip))
    },
    **{
        column: _each(column, make)
        for column, make in (
            ("earlier_postcodes", standard_postcode),
            ("phones", standard_phone),
            ("emails", standard_email),
            ("local_ids", standard_local_id),
        )
    },
    **{column: _plain(column, standard_birth, _DAY) for column in ("born", "died")},
}  # fmt: skip


#: Of who has another name beside the name, that of the whole name (w); of everybody else those of its parts (g, f).
_NAMES: Final = """
    coalesce(w.given, g.given) AS given, coalesce(w.middle, g.middle) AS middle, coalesce(w.family, f.family) AS family,
    coalesce(w.other_names, CAST([] AS VARCHAR[])) AS other_names, coalesce(w.given_codes, g.given_codes) AS given_codes,
    coalesce(w.family_codes, f.family_codes) AS family_codes, coalesce(w.rest_codes, g.rest_codes) AS rest_codes,
    coalesce(w.middles, g.middles) AS middles, coalesce(w.initials, g.initials) AS initials, coalesce(w.parts, f.parts) AS parts,
    coalesce(w.words, list_filter(list_distinct(list_concat(f.parts, g.middles)), x -> length(x) > 1)) AS words,
    coalesce(w.starts, list_sort(list_distinct(list_concat(g.starts, f.starts)))) AS starts,
    coalesce(w.pairs, list_sort(list_distinct(flatten(list_transform(g.firsts, a -> list_transform(f.lasts,
        b -> least(a, b) || '+' || greatest(a, b))))))) AS pairs
"""
_IDENTITIES: Final = f"""
    CREATE OR REPLACE TABLE identities AS
    SELECT r.n, r.id, a.agency, {_NAMES},
           b.born, d.died, s.sex, h.nhs_number, h.nhs_sound, u.upn, p.postcode, p.area,
           list_filter(e.earlier_postcodes, x -> x <> p.postcode) AS postcodes,
           CASE WHEN p.postcode = '' THEN CAST([] AS VARCHAR[]) ELSE [p.postcode] END AS postcode_as_list,
           q.uprn, c.address, c.places, t.phones, m.emails, l.local_ids,
           list_concat(t.phones, m.emails) AS contacts,
           list_distinct(list_transform(l.local_ids, x -> split_part(x, ':', 1))) AS schemes,
           {sole_id("l.local_ids")} AS sole_id,
           coalesce(strftime(b.born, '%Y%m%d'), '') AS born_text,
           CAST(b.born - DATE '1970-01-01' AS INTEGER) AS born_day, CAST(d.died - DATE '1970-01-01' AS INTEGER) AS died_day,
           CAST(year(b.born) AS SMALLINT) AS year, CAST(month(b.born) AS TINYINT) AS month, CAST(day(b.born) AS TINYINT) AS day
    FROM raw r
    JOIN map_given_names g ON g.said = r.given_names
    JOIN map_family_name f ON f.said = r.family_name
    LEFT JOIN map_whole_name w ON w.given_names = r.given_names AND w.family_name = r.family_name AND w.other_said = r.other_names
    JOIN map_agency a ON a.said = r.agency
    JOIN map_sex s ON s.said = r.sex
    JOIN map_nhs_number h ON h.said = r.nhs_number
    JOIN map_upn u ON u.said = r.upn
    JOIN map_postcode p ON p.said = r.postcode
    JOIN map_earlier_postcodes e ON e.said = r.earlier_postcodes
    JOIN map_uprn q ON q.said = r.uprn
    JOIN map_address c ON c.said = r.address
    JOIN map_phones t ON t.said = r.phones
    JOIN map_emails m ON m.said = r.emails
    JOIN map_local_ids l ON l.said = r.local_ids
    LEFT JOIN map_born b ON b.said = r.born
    LEFT JOIN map_died d ON d.said = r.died
"""
