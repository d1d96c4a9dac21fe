"""`wholechild backtest`: what would a lesson have done on what is already known, before anybody adopts it?"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import click
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from wholechild.cli.output import Exit, console, leave, print_json, progressing
from wholechild.config.paths import LESSONS
from wholechild.patterns.backtest import words
from wholechild.patterns.backtest.page import page
from wholechild.patterns.backtest.report import Report
from wholechild.patterns.backtest.run import LessonRefused, Version, backtest, read_version
from wholechild.patterns.backtest.waiting import write_progress, write_whole
from wholechild.patterns.library import read_library
from wholechild.patterns.snapshots import Snapshot, SnapshotRefused, open_snapshot

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("lesson")
@click.option(
    "--against",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Another version of the lesson, to compare with.",
)
@click.option(
    "--snapshot", "folder", type=click.Path(path_type=Path), required=True, help="The folder of a snapshot."
)
@click.option(
    "--years",
    type=click.IntRange(1, 20),
    default=3,
    show_default=True,
    help="Years to look at, back from the last record.",
)
@click.option("--json", "json_file", type=_FILE, help="Write the report here as JSON; - for stdout.")
@click.option("--html", "html_file", type=_FILE, help="Write the report here as one page.")
@click.option(
    "--lessons", "library", type=click.Path(path_type=Path, exists=True, file_okay=False), default=LESSONS
)
@click.option("--progress", "progress_file", type=_FILE, hidden=True)
def command(
    lesson: str, against: Path | None, folder: Path, years: int, json_file: Path | None, html_file: Path | None, library: Path,
    progress_file: Path | None,
) -> None:  # fmt: skip
    """Try LESSON (a file, or the id of a lesson of the library) on a snapshot, and say what it would have done."""
    tried, other = _read(_file_of(lesson, library)), _read(against) if against else None
    snapshot = _open(folder)
    lessons = [folder.lesson for folder in read_library(library).lessons]
    with _Told(progress_file) as told:
        report = backtest(snapshot, tried, lessons, against=other, years=years, progress=told)
        told(3, 3, "Writing the report")
        if html_file:
            write_whole(html_file, page(report))
        if json_file and str(json_file) != "-":
            write_whole(json_file, _as_text(report))
    if json_file and str(json_file) == "-":
        print_json(report.as_json())
    elif not json_file and not html_file:
        _print(report)


def _file_of(lesson: str, library: Path) -> Path:
    path = Path(lesson) if Path(lesson).is_file() else library / lesson / "lesson.yaml"
    if not path.is_file():
        raise click.UsageError(
            f"{lesson} is neither a file nor a lesson of {library}. See: wholechild lessons list"
        )
    return path


def _read(path: Path) -> Version:
    try:
        return read_version(path.read_text(encoding="utf-8"), str(path))
    except UnicodeDecodeError:
        click.echo(f"{path}: the file is not UTF-8. Save it as UTF-8.", err=True)
    except LessonRefused as wrong:
        click.echo(str(wrong), err=True)
    leave(Exit.CHECK_FAILED)


def _open(folder: Path) -> Snapshot:
    def each(names: Iterable[str]) -> Iterable[str]:
        listed = list(names)
        return progressing(listed, total=len(listed), label="Checking the snapshot")

    try:
        return open_snapshot(folder, each)
    except SnapshotRefused as wrong:
        click.echo(str(wrong), err=True)
    leave(Exit.CHECK_FAILED)


@dataclass
class _Told:
    """How far it is: on a bar where somebody watches, and in a file where another process asks."""

    file: Path | None

    def __enter__(self) -> _Told:
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        self._bar = Progress(
            *columns, console=console(stderr=True), transient=True, disable=not sys.stderr.isatty()
        )
        self._task = self._bar.add_task("Trying the lesson", total=3)
        self._bar.start()
        return self

    def __call__(self, done: int, of: int, what: str) -> None:
        self._bar.update(self._task, completed=done, total=of, description=what)
        if self.file:
            write_progress(self.file, done, of, what)

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


def _as_text(report: Report) -> str:
    import json

    return json.dumps(report.as_json(), ensure_ascii=False, indent=2) + "\n"


def _print(report: Report) -> None:
    click.echo(f"{report.tried.title} (version {report.tried.version})")
    for what, how in words.in_short(report):
        click.echo(f"  {what}: {how}")
    click.echo("No alert does not mean that a child is safe. The whole report: --html FILE")
