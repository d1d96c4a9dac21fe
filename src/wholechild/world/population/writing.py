"""Writes a population as Parquet: what the agencies hold, and the truth apart. Nothing of the truth is in the identities."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from wholechild.world.population.asked import profile
from wholechild.world.population.measured import Found, found
from wholechild.world.population.peopling import PEOPLE_IN_A_BLOCK, Block, Person
from wholechild.world.population.recording import Record, Tally, written_down

_TEXTS: Final = pa.list_(pa.string())
#: The columns of what the agencies hold: the names and forms of an agency's own texts, before they are made comparable.
IDENTITIES: Final = pa.schema(
    [
        ("id", pa.string()), ("agency", pa.string()), ("given_names", pa.string()), ("family_name", pa.string()),
        ("other_names", _TEXTS), ("born", pa.date32()), ("died", pa.date32()), ("sex", pa.string()), ("nhs_number", pa.string()),
        ("upn", pa.string()), ("postcode", pa.string()), ("earlier_postcodes", _TEXTS), ("uprn", pa.string()), ("address", pa.string()),
        ("phones", _TEXTS), ("emails", _TEXTS), ("local_ids", _TEXTS),
    ]
)  # fmt: skip
#: The truth about each identity. `slips` names what went wrong, so that one can ask which slips were not seen through.
TRUTH: Final = pa.schema(
    [
        ("identity", pa.string()), ("agency", pa.string()), ("person", pa.string()), ("household", pa.string()), ("role", pa.string()),
        ("sex", pa.string()), ("origin", pa.string()), ("deprivation", pa.int8()), ("twin", pa.bool_()), ("mover", pa.bool_()),
        ("renamed", pa.bool_()), ("adopted", pa.string()), ("slips", _TEXTS),
    ]
)  # fmt: skip
#: The people as they are.
PEOPLE: Final = pa.schema(
    [
        ("person", pa.string()), ("household", pa.string()), ("role", pa.string()), ("given", pa.string()), ("middle", _TEXTS),
        ("family", pa.string()), ("former", _TEXTS), ("known_as", pa.string()), ("mothers_name", pa.string()), ("born", pa.date32()),
        ("died", pa.date32()), ("sex", pa.string()), ("nhs_number", pa.string()), ("upn", pa.string()), ("postcodes", _TEXTS),
        ("other_home", pa.string()), ("uprn", pa.string()), ("phones", _TEXTS), ("emails", _TEXTS),
    ]
)  # fmt: skip
SCHEMAS: Final = {"identities": IDENTITIES, "truth": TRUTH, "people": PEOPLE}


#: The tables of one block, and what was asked and found in it.
Tables = tuple[dict[str, pa.Table], dict[tuple[str, str, str], list[float]]]
InOrder = Callable[[Callable[[tuple[int, int]], Tables], Iterable[tuple[int, int]]], Iterable[Tables]]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to make. The same plan gives the same bytes, with however many processes."""

    people: int
    seed: int
    profile: str = "usual"


@dataclass(frozen=True, slots=True)
class Made:
    """What was made, where, and how often what was asked for came up."""

    plan: Plan
    folder: Path
    people: int
    identities: int
    by_agency: dict[str, int]
    found: tuple[Found, ...]
    digest: str


def blocks_of(plan: Plan) -> list[tuple[int, int]]:
    """Number and size of every block."""
    whole, rest = divmod(plan.people, PEOPLE_IN_A_BLOCK)
    return [(number, PEOPLE_IN_A_BLOCK) for number in range(whole)] + ([(whole, rest)] if rest else [])


def write(plan: Plan, folder: Path, in_order: InOrder = map) -> Iterator[Made | None]:
    """Write the population into `folder`, a block at a time; yields None after each, and at last what was made.

    Shape   `in_order` makes the blocks: it gives the results in the order of what it is given, as `map` does, and may work ahead.
    Errors  FileExistsError, where the folder holds anything.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(folder)
    tally, digest, by_agency = Tally(), hashlib.sha256(), dict[str, int]()
    writers = {
        name: pq.ParquetWriter(folder / f"{name}.parquet", schema, compression="zstd")
        for name, schema in SCHEMAS.items()
    }
    try:
        for tables, counts in in_order(partial(_block, plan), blocks_of(plan)):
            for name, table in tables.items():
                writers[name].write_table(table)
            digest.update(_bytes(tables["identities"]))
            for agency in tables["identities"].column("agency").value_counts().to_pylist():
                by_agency[agency["values"]] = by_agency.get(agency["values"], 0) + agency["counts"]
            tally.add(counts)
            yield None
    finally:
        for writer in writers.values():
            writer.close()
    asked = profile(plan.profile)
    yield Made(
        plan,
        folder,
        plan.people,
        sum(by_agency.values()),
        dict(sorted(by_agency.items())),
        found(asked, tally),
        digest.hexdigest(),
    )


def _bytes(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    written: bytes = sink.getvalue().to_pybytes()
    return written


def _block(plan: Plan, numbered: tuple[int, int]) -> Tables:
    number, people = numbered
    block = Block(plan.seed, number, people)
    records, tally = written_down(block, profile(plan.profile), plan.seed)
    tables = {
        "identities": pa.Table.from_pydict(
            {name: [getattr(one, name) for one in records] for name in IDENTITIES.names}, IDENTITIES
        ),
        "truth": pa.Table.from_pylist([_truth(number, one) for one in records], TRUTH),
        "people": pa.Table.from_pylist([_person(number, one) for one in block.people], PEOPLE),
    }
    return tables, tally.counts


def _named(kind: str, block: int, number: int) -> str:
    return f"{kind}-{block:04d}-{number:05d}"


def _truth(block: int, record: Record) -> dict[str, object]:
    person = record.person
    return {
        "identity": record.id, "agency": record.agency, "person": _named("person", block, person.number),
        "household": _household(block, person), "role": person.role, "sex": person.sex, "origin": person.origin,
        "deprivation": person.deprivation, "twin": bool(person.twin), "mover": person.mover, "renamed": bool(person.former),
        "adopted": "" if person.was is None else _named("person", block, person.was), "slips": record.slips,
    }  # fmt: skip


def _household(block: int, person: Person) -> str:
    return _named("household", block, person.household - block * PEOPLE_IN_A_BLOCK)


def _person(block: int, person: Person) -> dict[str, object]:
    return {
        "person": _named("person", block, person.number), "household": _household(block, person), "role": person.role,
        "given": person.given, "middle": person.middle, "family": person.family, "former": person.former, "known_as": person.known_as,
        "mothers_name": person.mothers_name, "born": person.born, "died": person.died, "sex": person.sex,
        "nhs_number": person.nhs_number, "upn": person.upn, "postcodes": [home.postcode for home in person.homes],
        "other_home": person.elsewhere.postcode if person.elsewhere else "",
        "uprn": person.homes[-1].uprn, "phones": person.phones, "emails": person.emails,
    }  # fmt: skip
