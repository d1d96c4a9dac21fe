"""What `wholechild bench spark` does: the whole library on DuckDB, on Spark on this machine, and on a standalone cluster on loopback.

Each Spark run is a process of its own (`python -m wholechild.cli.bench_spark MASTER TABLES FOUND`), as a process has one session.
The cluster is Spark's own master with two workers of one core each; they are ended by the process ids that we started.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from wholechild.config.paths import LESSONS

WORKERS: Final = 2
_RESULTS: Final = {
    "holds": 'SELECT lesson, child, start, "end" FROM holds ORDER BY ALL',
    "unsure": 'SELECT lesson, child, start, "end", why, about FROM unsure ORDER BY ALL',
    "evidence": "SELECT lesson, child, start, record FROM evidence ORDER BY ALL",
}
_A_MINUTE: Final = 60.0


class NotAnswering(RuntimeError):
    """A part of the cluster did not come up in time."""


def questions() -> dict[str, Any]:
    """Every lesson of the library, as the engines are asked."""
    from wholechild.patterns.engines.columnar.compiling import Asked
    from wholechild.patterns.library import read_library

    return {
        f.lesson.id: Asked(f.lesson.condition, f.lesson.nations[0]) for f in read_library(LESSONS).lessons
    }


def tables(folder: Path, rows: int) -> None:
    """Made-up histories of so many rows, as Parquet in `folder`, one file a table."""
    from wholechild.cli.synthetic_columns import write
    from wholechild.patterns.columns import TABLES, shape_for
    from wholechild.patterns.engines.columnar.duckdb import connect

    connection = connect()
    write(connection, shape_for(asked.condition for asked in questions().values()), rows, max(1, rows // 20))
    for name in TABLES:
        connection.execute(f"COPY {name} TO '{folder / name}.parquet' (FORMAT parquet)")
    connection.close()


def on_duckdb(folder: Path) -> dict[str, Any]:
    """Seconds, and what was found as one hash for each result."""
    from wholechild.patterns.columns import TABLES
    from wholechild.patterns.engines.columnar.duckdb import connect, evaluate
    from wholechild.patterns.library import engine_words

    connection = connect()
    for name in TABLES:
        connection.execute(f"CREATE TABLE {name} AS SELECT * FROM '{folder / name}.parquet'")
    began = time.perf_counter()
    evaluate(connection, questions(), engine_words())
    taken = time.perf_counter() - began
    return {"started": 0.0, "seconds": taken, "found": _hashes(connection)}


def _hashes(connection: Any) -> dict[str, list[Any]]:
    """result -> [rows, SHA-256 of its rows in order]."""
    said = {}
    for name, query in _RESULTS.items():
        rows = connection.execute(query).fetchall()
        said[name] = [len(rows), sha256(repr(rows).encode()).hexdigest()]
    return said


def on_spark(folder: Path, master: str) -> dict[str, Any]:
    """The same, in a process of its own, on this master. Errors: RuntimeError with what it said last."""
    found = folder / f"found-{sha256(master.encode()).hexdigest()[:8]}.json"
    ran = subprocess.run(
        [sys.executable, "-m", "wholechild.cli.bench_spark", master, str(folder), str(found)],
        capture_output=True,
        text=True,
        timeout=3_600,
        check=False,
    )
    if ran.returncode:
        raise RuntimeError(
            f"Spark on {master} stopped: {(ran.stderr.strip().splitlines() or ['no word'])[-1]}"
        )
    said: dict[str, Any] = json.loads(found.read_text(encoding="utf-8"))
    return said


def _work(master: str, folder: Path, into: Path) -> None:
    import duckdb

    from wholechild.patterns.columns import TABLES
    from wholechild.patterns.engines.columnar.spark import evaluate, session
    from wholechild.patterns.library import engine_words

    began = time.perf_counter()
    spark = session(master, folder=str(folder / "spark"))
    spark.range(1).count()
    started = time.perf_counter() - began
    for name in TABLES:
        spark.read.parquet(f"{folder / name}.parquet").createOrReplaceTempView(name)
    began = time.perf_counter()
    evaluate(spark, questions(), engine_words())
    taken = time.perf_counter() - began
    connection = duckdb.connect()
    for name in _RESULTS:
        connection.register(name, spark.table(name).toArrow())
    into.write_text(
        json.dumps({"started": started, "seconds": taken, "found": _hashes(connection)}), encoding="utf-8"
    )
    spark.stop()


@contextmanager
def standalone(folder: Path) -> Iterator[str]:
    """The URL of a standalone master on loopback with two workers, for as long as the block lasts."""
    import pyspark

    starter = str(Path(pyspark.__file__).parent / "bin" / "spark-class")
    port = _free_port()
    url = f"spark://127.0.0.1:{port}"
    home = folder / "cluster"
    home.mkdir()
    master = ("master.Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", "0")
    worker = ("worker.Worker", "--host", "127.0.0.1", "--webui-port", "0", "--cores", "1", "--memory", "3g")
    started = [_started(starter, home, "master", *master)]
    try:
        _wait_for(port)
        started += [
            _started(starter, home, f"worker-{n}", *worker, "--work-dir", str(home / f"work-{n}"), url)
            for n in range(WORKERS)
        ]
        _wait_for_workers(home / "master.log")
        yield url
    finally:
        for process in reversed(started):
            os.killpg(process.pid, signal.SIGTERM)
        for process in started:
            process.wait(30)


def _started(starter: str, home: Path, name: str, kind: str, *arguments: str) -> subprocess.Popen[bytes]:
    environment = os.environ | {"SPARK_LOCAL_IP": "127.0.0.1", "SPARK_NO_DAEMONIZE": "1"}
    with (home / f"{name}.log").open("wb") as log:
        return subprocess.Popen(
            [starter, f"org.apache.spark.deploy.{kind}", *arguments],
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait_for(port: int) -> None:
    until = time.monotonic() + _A_MINUTE
    while time.monotonic() < until:
        with socket.socket() as knock:
            knock.settimeout(1)
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.5)
    raise NotAnswering("Spark's master did not answer within a minute.")


def _wait_for_workers(log: Path) -> None:
    until = time.monotonic() + _A_MINUTE
    while time.monotonic() < until:
        if log.read_text(encoding="utf-8", errors="replace").count("Registering worker") >= WORKERS:
            return
        time.sleep(0.5)
    raise NotAnswering("Spark's workers did not come to their master within a minute.")


if __name__ == "__main__":
    _work(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
