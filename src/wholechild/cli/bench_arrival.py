"""`wholechild bench arrival`: from a delivery of one person to the committed link, against many people who are there already.

All of it counts: the ingest transaction, the search by key, the weighing, the settling, the link and the ledger. Beside it
stands the least that any database can do: one row inserted and committed. Who is there is put there without deliveries, by
COPY, linked as the truth has it; whoever arrives was left out of that, so that most of them are known to other agencies.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple, dataclass, fields, replace
from datetime import UTC, datetime
from itertools import islice
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path
from random import Random
from typing import Any, Final

from wholechild.cli.output import progressing
from wholechild.cli.system import salts

_AT: Final = datetime(2030, 1, 1, 12, tzinfo=UTC)
_AREA: Final = "Benchton"
#: What the population calls its agencies -> the kinds that feeds know.
_KINDS: Final = {"emergency": "hospital_ed", "social_care": "childrens_social_care"}
_SALT: Final = b"0" * 16
#: Identities are a little over twice as many as people: made in one go, and what is too many is left out.
_IDENTITIES_PER_PERSON: Final = 2.0
_WARM: Final = 50
#: So many each of several writers takes in before all begin at once: a process that has just begun reads what it needs, and plans.
_WARM_EACH: Final = 20
_TEN_MINUTES: Final = 600
#: So many arrive, the first of them to warm up, while their talk with the server is written down.
TALKS: Final = _WARM + 50


@dataclass(frozen=True, slots=True)
class Loaded:
    """What is there, and who will arrive. `arrivals` are rows of a feed."""

    identities: int
    keys: int
    arrivals: list[dict[str, Any]]


def load(folder: Path, identities: int, arriving: int, seed: int) -> Loaded:
    """Put so many identities there, under their wide keys, with their pairs and links, and keep some back to arrive."""
    import pyarrow.parquet as pq

    from wholechild.cli.processes import in_processes
    from wholechild.cli.seed_population import made_population
    from wholechild.world.population.writing import Plan

    wanted = identities + arriving
    made = made_population(
        Plan(max(200, round(wanted / _IDENTITIES_PER_PERSON)), seed), folder / "population"
    )
    truth = pq.read_table(made.folder / "truth.parquet", columns=["identity", "person"])
    person_of = dict(zip(truth["identity"].to_pylist(), truth["person"].to_pylist(), strict=True))
    held_back = set(Random(seed).sample(sorted(person_of), arriving))  # noqa: S311 - the same ones each time
    arrivals: list[dict[str, Any]] = []
    there = keys = 0
    parts = pq.ParquetFile(made.folder / "identities.parquet").iter_batches(20_000)
    blocks = _whole_families(parts, person_of, held_back, arrivals)
    made_ready = (
        ready
        for some in iter(lambda: list(islice(blocks, 8)), [])
        for ready in in_processes(_made_ready, some)
    )
    for ready in progressing(made_ready, total=None, label="Putting people there"):
        there += len(ready["compared"])
        keys += len(ready["keys"])
        _copy_in(ready)
    _analyse()
    Random(seed).shuffle(arrivals)  # noqa: S311
    return Loaded(there, keys, arrivals)


def _whole_families(
    parts: Iterable[Any], person_of: dict[str, str], held_back: set[str], arrivals: list[dict[str, Any]]
) -> Iterator[dict[str, list[dict[str, Any]]]]:
    """person -> identities, a block at a time; who is held back goes to `arrivals`. A person's identities lie together."""
    people: dict[str, list[dict[str, Any]]] = {}
    for part in parts:
        for row in part.to_pylist():
            row["agency"] = _KINDS.get(row["agency"], row["agency"])
            if row["id"] in held_back:
                arrivals.append(row)
            else:
                people.setdefault(person_of[row["id"]], []).append(row)
        if len(people) > 10_000:
            last = people.popitem()
            yield people
            people = dict([last])
    yield people


def _made_ready(people: dict[str, list[dict[str, Any]]]) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of every table that follows, and of links and persons, for these people. Runs in a process of its own."""
    from itertools import combinations

    from wholechild.people.arriving.keyed import key_number
    from wholechild.people.comparing.artefact import default_artefact
    from wholechild.people.comparing.clustering import settle
    from wholechild.people.comparing.keys import blocking_keys
    from wholechild.people.comparing.scoring import weigh
    from wholechild.people.comparing.standardising import Raw, standardise
    from wholechild.people.comparing.weighed import Zone

    artefact = default_artefact()
    name = artefact.id
    made: dict[str, list[tuple[Any, ...]]] = {
        t: [] for t in ("compared", "keys", "pairs", "persons", "links")
    }
    for rows in people.values():
        several = [standardise(Raw(**_plain(row) | {"agency": f"{row['agency']}/{_AREA}"})) for row in rows]
        pairs = [weigh(artefact, one, other) for one, other in combinations(several, 2)]
        kept = [pair for pair in pairs if pair.zone is not Zone.DIFFERENT]
        for one in several:
            cells = [list(cell) if isinstance(cell, tuple) else cell for cell in astuple(one)]
            made["compared"].append((one.id, False, _AT, *cells))
            made["keys"] += [(key_number(key), one.id) for key in blocking_keys(one)]
        for p in kept:
            parts = json.dumps([[c.field, c.level, c.bits] for c in p.contributions])
            made["pairs"].append((p.one, p.other, p.weight, str(p.zone), parts, p.forbids, name))
        for group in settle(kept, [], several, artefact.lower):
            person = f"person-{min(group)}"
            made["persons"].append((person, _SALT, _AT))
            made["links"] += [(f"link-{i}", _SALT, i, person, "probable", "{}", _AT, "bench") for i in group]
    return made


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(said) if isinstance(said, list) else said for name, said in row.items()}


def _copy_in(ready: dict[str, list[tuple[Any, ...]]]) -> None:
    from django.db import connection

    from wholechild.people.comparing.identity import Identity

    statements = {
        "compared": f"people_compared (reference, declared, learnt_at, {', '.join(f.name for f in fields(Identity))})",
        "keys": "people_blockingkey (key, identity)",
        "pairs": "people_pair (one, other, weight, zone, contributions, forbids, artefact)",
        "persons": "people_person (id, salt, first_linked_at)",
        "links": "people_link (id, salt, identity, person, evidence, grounds, linked_at, by)",
    }
    connection.ensure_connection()
    for table, rows in ready.items():
        with (
            connection.connection.cursor() as cursor,
            cursor.copy(f"COPY {statements[table]} FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row(row)


def _analyse() -> None:
    """Let the server count, as it does by itself within minutes."""
    from wholechild.config.bootstrap import connected
    from wholechild.config.database import database

    owner = database().owner
    if owner:
        with connected(owner) as connection:
            connection.execute("SET statement_timeout = 0")
            connection.execute("VACUUM ANALYZE people_compared, people_blockingkey, people_pair, people_link, people_person")  # fmt: skip


# -- who arrives ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Took:
    """What one arrival took, in seconds: by the clock, of that the linking alone, and of the processor, ours and the server's.

    Missing  `processor` None, where the system does not tell it of the server's process.
    """

    whole: float
    linking: float
    processor: float | None


class Arrivals:
    """One-person deliveries, each taken in and linked, one behind the other."""

    def __init__(self, folder: Path, *, narrow: bool = False) -> None:
        from wholechild.people.arriving.keyed import Comparing
        from wholechild.people.comparing.artefact import default_artefact
        from wholechild.people.comparing.keys import narrow_keys

        chosen = Comparing(default_artefact(), default_artefact().id)
        self.comparing = replace(chosen, keys=narrow_keys) if narrow else chosen
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def take(self, row: dict[str, Any]) -> Took:
        from wholechild.people.actions import link_new_identities
        from wholechild.records.actions import ingest

        path = self.folder / f"{row['id']}.ndjson"
        path.write_text(json.dumps(_as_sent(row)) + "\n", encoding="utf-8")
        key = f"{row.get('area', _AREA)}/{row['id']}"
        busy, started = _at_work(), time.perf_counter()
        report = ingest(by="bench", purpose="data_quality", at=_AT, path=path, key=key, salts=salts)
        between = time.perf_counter()
        link_new_identities(
            by="bench", purpose="identity_check", at=_AT, salts=salts, comparing=self.comparing
        )
        ended, worked = time.perf_counter(), _at_work()
        if report.loaded != 1:
            raise SystemExit(f"the bench's own feed has faults: {report.issues[:3]}")
        path.unlink()
        return Took(ended - started, ended - between, worked - busy if worked and busy else None)


def _at_work() -> float | None:
    """Seconds that this process and the server's for our connection have been at work; None where the system does not say."""
    from django.db import connection

    connection.ensure_connection()
    try:
        told = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat").read_text()
    except OSError:
        return None
    return time.process_time() + int(told.split()[0]) / 1e9


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What one arrival says to the server, on average: so many statements, and so many times it waits for an answer."""

    statements: float
    waits: float


def exchanged(folder: Path, rows: Sequence[dict[str, Any]], *, narrow: bool) -> Exchanged:
    """Counted in what the driver writes down of its talk with the server. Statements that begin and end a transaction count."""
    from django.db import connection

    arrivals = Arrivals(folder, narrow=narrow)
    for row in rows[:_WARM]:
        arrivals.take(row)
    talk = folder / "talk"
    with talk.open("w+b") as stream:
        connection.connection.pgconn.trace(stream.fileno())
        for row in rows[_WARM:]:
            arrivals.take(row)
        connection.connection.pgconn.untrace()
    said = [line.split("\t")[1:4:2] for line in talk.read_text(errors="replace").splitlines()]
    return counted(said, len(rows) - _WARM)


def counted(said: Iterable[Sequence[str]], arrivals: int) -> Exchanged:
    """By (`F` from us or `B` from the server, kind of message): what is executed, and how often the server is ready again."""
    kinds = Counter((side, kind) for side, kind in said)
    statements = kinds["F", "Execute"] + kinds["F", "Query"]
    return Exchanged(statements / arrivals, kinds["B", "ReadyForQuery"] / arrivals)


def _as_sent(row: dict[str, Any]) -> dict[str, Any]:
    """An identity of the population as a row of a feed."""
    said = {
        "row": "person", "agency": row["agency"], "area": row.get("area", _AREA), "reference": row["id"],
        "given_name": row["given_names"], "family_name": row["family_name"], "sex": row["sex"],
    }  # fmt: skip
    said |= {name: str(row[name]) for name in ("born", "died") if row[name]}
    names = (
        "nhs_number",
        "upn",
        "postcode",
        "uprn",
        "address",
        "other_names",
        "phones",
        "emails",
        "local_ids",
    )
    return said | {name: row[name] for name in names if row[name]}


def one_by_one(folder: Path, rows: Sequence[dict[str, Any]], *, narrow: bool) -> list[Took]:
    """What each arrival takes; the first few only warm up."""
    arrivals = Arrivals(folder, narrow=narrow)
    label = "Arriving, narrow keys" if narrow else "Arriving, wide keys"
    return [arrivals.take(row) for row in progressing(rows, total=len(rows), label=label)][_WARM:]


@dataclass(frozen=True, slots=True)
class Sustained:
    """What several writers at once came to, once all were warm. `doubled` persons were sent by two writers at the same moment."""

    per_second: float
    identities: int
    doubled: int
    two_persons: int
    not_one_link: int


def several_writers(folder: Path, rows: Sequence[dict[str, Any]], writers: int) -> Sustained:
    """Several writers at once, in processes of their own. Every second person is sent by two of them at the same time, if what
    is said of them is enough for a machine: of a baby without a name and a number nobody knows whether it is one.
    """
    shares: list[list[dict[str, Any]]] = [[] for _ in range(writers)]
    doubled: list[tuple[dict[str, Any], dict[str, Any]]] = []
    for n, row in enumerate(rows):
        shares[n % writers].append(row)
        if n % 2 == 0 and _is_enough(row):
            twice = {**row, "area": "Elsewhere"}
            shares[(n + 1) % writers].insert(len(shares[n % writers]) - 1, twice)
            doubled.append((row, twice))
    context = get_context("spawn")
    with ProcessPoolExecutor(
        writers, mp_context=context, initializer=_ready, initargs=(context.Barrier(writers),)
    ) as pool:
        spans = list(pool.map(_writer, [folder / f"writer-{n}" for n in range(writers)], shares))
    counted = sum(len(share) - _WARM_EACH for share in shares)
    two_persons, not_one_link = raced(doubled)
    took = max(ended for _, ended in spans) - min(began for began, _ in spans)
    return Sustained(counted / took, counted, len(doubled), two_persons, not_one_link)


def _is_enough(row: dict[str, Any]) -> bool:
    """Whether two agencies that say the same of somebody say enough for a machine to link the two."""
    from wholechild.people.comparing.artefact import default_artefact
    from wholechild.people.comparing.scoring import weigh
    from wholechild.people.comparing.standardising import Raw, standardise
    from wholechild.people.comparing.weighed import Zone

    one, other = (
        standardise(Raw(**_plain(row) | {"id": area, "agency": f"{row['agency']}/{area}"})) for area in "ab"
    )
    return weigh(default_artefact(), one, other).zone is Zone.SAME


def raced(doubled: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> tuple[int, int]:
    """Of people whom two writers sent at the same moment: how many are two persons now, and how many identities have other
    than one link.
    """
    person = _persons([one for pair in doubled for one in pair])
    apart = sum(1 for one, other in doubled if set(person[_identity(one)]) != set(person[_identity(other)]))
    return apart, sum(1 for found in person.values() if len(found) != 1)


class _AtOnce:
    """Where a writer waits until all are ready."""

    barrier: Barrier


def _ready(barrier: Barrier) -> None:
    from wholechild.config.django import setup

    _AtOnce.barrier = barrier
    setup()


def _writer(folder: Path, rows: Sequence[dict[str, Any]]) -> tuple[float, float]:
    """Take in these rows, the first few to warm up before anybody begins in earnest; gives when that began and ended."""
    arrivals = Arrivals(folder)
    for row in rows[:_WARM_EACH]:
        arrivals.take(row)
    _AtOnce.barrier.wait(_TEN_MINUTES)
    began = time.time()
    for row in rows[_WARM_EACH:]:
        arrivals.take(row)
    return began, time.time()


def _identity(row: dict[str, Any]) -> str:
    from wholechild.records.facts import Agency
    from wholechild.records.ids import identity_id

    return identity_id(Agency(row["agency"], row.get("area", _AREA)).id, row["id"])


def _persons(rows: Sequence[dict[str, Any]]) -> dict[str, list[str]]:
    """identity -> the persons whom it is linked to now."""
    from django.db import connection

    found: dict[str, list[str]] = {_identity(row): [] for row in rows}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT l.identity, l.person FROM people_link l WHERE l.identity = ANY(%s) "
            "AND NOT EXISTS (SELECT 1 FROM people_unlink u WHERE u.link = l.id)", [list(found)],
        )  # fmt: skip
        for identity, person in cursor.fetchall():
            found[identity].append(person)
    return found
