"""What `wholechild bench linkage-spark` does: one file of identities linked on DuckDB, on Spark on this machine, and on a cluster on loopback.

Each side is a process of its own (`python bench_linkage_spark.py IDENTITIES ARTEFACT INTO [MASTER]`), links with the same artefact, and
leaves its `pairs` and `people` in a folder. Before any figure they are held against each other, row by row.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb

from wholechild.cli.bench_linkage import Ran, ran

#: Two engines may differ by so much in the last digits of a weight, in bits.
AS_EQUAL: Final = 1e-9


class NotTheSame(RuntimeError):
    """Two engines do not link alike; the message says in what."""


@dataclass(frozen=True, slots=True)
class Linked:
    """What one side left in its folder, and how long it took."""

    folder: Path
    run: Ran

    @property
    def seconds(self) -> float:
        """Standardising, candidates and weights; not until Spark answers, nor from pairs to people, which one machine does."""
        return float(self.run.said["weigh"])


def train(identities: Path, folder: Path) -> Path:
    """Learn an artefact from the identities, so that shared telephones and common names are in it. Gives its file."""
    from wholechild.people.batch.tables import read_raw, standardise_all, workbench
    from wholechild.people.batch.training import train as learn
    from wholechild.people.comparing.artefact import default_artefact

    with tempfile.TemporaryDirectory(dir=folder) as inside:
        connection = workbench(Path(inside))
        read_raw(connection, identities)
        standardise_all(connection)
        learnt = learn(
            connection, default_artefact(), provenance={"made for": "wholechild bench linkage-spark"}
        )
        connection.close()
    path = folder / "artefact.json"
    path.write_text(learnt.dumps(), encoding="utf-8")
    return path


def linked(identities: Path, artefact: Path, into: Path, *, master: str = "") -> Linked:
    """One side, in a process of its own: on Spark by the URL of its master, on DuckDB where there is none. Errors: Stopped."""
    into.mkdir()
    told = [master] if master else []
    return Linked(into, ran([sys.executable, Path(__file__), identities, artefact, into, *told]))


def check_same(one: Linked, other: Linked) -> int:
    """Hold the pairs and people of two sides against each other. Gives how many pairs there are.

    Errors   NotTheSame, if a pair, a level, what forbids, a weight (beyond `AS_EQUAL`) or who is who is not the same.
    """
    connection = duckdb.connect()
    for said, table in ((one, "one_"), (other, "other_")):
        for name in ("pairs", "people"):
            connection.execute(f"CREATE VIEW {table}{name} AS SELECT * FROM '{said.folder}/{name}.parquet'")
    faults = {
        "rows of pairs, levels and what forbids": _only_one("pairs", "* EXCLUDE (weight)"),
        "weights": "SELECT count(*) FROM one_pairs a JOIN other_pairs b USING (one, other)"
        f" WHERE NOT abs(a.weight - b.weight) <= {AS_EQUAL!r}",
        "identities and whose they are": _only_one("people", "id, person"),
    }
    for what, asked in faults.items():
        ((many,),) = connection.execute(asked).fetchall()
        if many:
            raise NotTheSame(f"{many:,} {what} differ between {one.folder.name} and {other.folder.name}.")
    ((pairs,),) = connection.execute("SELECT count(*) FROM one_pairs").fetchall()
    return int(pairs)


def _only_one(name: str, columns: str) -> str:
    """A statement: how many rows only one side has."""
    one, other = f"SELECT {columns} FROM one_{name}", f"SELECT {columns} FROM other_{name}"
    return f"SELECT count(*) FROM ((({one}) EXCEPT ALL ({other})) UNION ALL (({other}) EXCEPT ALL ({one})))"


# -- one side, in its own process ---------------------------------------------------------------------------------------


def _work(identities: Path, artefact_file: Path, into: Path, master: str) -> dict[str, Any]:
    from wholechild.people.batch.settling import settle_all
    from wholechild.people.batch.tables import workbench
    from wholechild.people.comparing.artefact import loads

    artefact = loads(artefact_file.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(dir=into) as folder:
        connection = workbench(Path(folder))
        link = _on_spark if master else _on_duckdb
        said = link(connection, identities, artefact, Path(folder), master)
        began = time.perf_counter()
        settle_all(connection, artefact)
        said["settle"] = time.perf_counter() - began
        ((said["identities"],),) = connection.execute("SELECT count(*) FROM identities").fetchall()
        for table in ("pairs", "people"):
            connection.execute(f"COPY {table} TO '{into}/{table}.parquet' (FORMAT parquet)")
        connection.close()
    return said | {"memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20}


def _on_duckdb(connection: Any, identities: Path, artefact: Any, folder: Path, master: str) -> dict[str, Any]:
    from wholechild.people.batch.predicting import find_candidates, weigh_all
    from wholechild.people.batch.tables import read_raw, standardise_all

    began = time.perf_counter()
    read_raw(connection, identities)
    standardise_all(connection)
    find_candidates(connection)
    candidates = weigh_all(connection, artefact)
    return {"weigh": time.perf_counter() - began, "started": 0.0, "candidates": candidates}


def _on_spark(connection: Any, identities: Path, artefact: Any, folder: Path, master: str) -> dict[str, Any]:
    from wholechild.patterns.engines.columnar.spark import session
    from wholechild.people.batch.spark import read_weighed, weigh_on_spark

    began = time.perf_counter()
    spark = session(master, folder=str(folder / "spark"))
    spark.range(1).count()
    started = time.perf_counter()
    candidates = weigh_on_spark(spark, identities, artefact, folder / "weighed")
    weighed = time.perf_counter()
    spark.stop()
    read_weighed(connection, folder / "weighed")
    return {"weigh": weighed - started, "started": started - began, "candidates": candidates}


def main(arguments: list[str]) -> None:
    identities, artefact, into, *master = arguments
    said = _work(Path(identities), Path(artefact), Path(into), *(master or [""]))
    print(json.dumps(said))  # noqa: T201 - what the other side reads


if __name__ == "__main__":
    main(sys.argv[1:])
