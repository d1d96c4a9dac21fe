"""`wholechild lessons`: check, list and explain the lessons, and try them on their examples and the quiet families."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click
from rich.table import Table

from wholechild.cli.output import Exit, console, leave, print_json, progressing
from wholechild.config.paths import LESSONS
from wholechild.patterns.describe import describe
from wholechild.patterns.library import Library, Outcome, read_library, try_examples, try_quiet


@click.group()
@click.option(
    "--lessons",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=LESSONS,
    help="The folder of lessons.",
)
@click.pass_context
def command(ctx: click.Context, folder: Path) -> None:
    """Check, list, explain and try the lessons."""
    ctx.obj = read_library(folder)


@command.command()
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def check(library: Library, as_json: bool) -> None:
    """Print every fault of every lesson and family, with its place and a cure. Exit 1 if there is one."""
    if as_json:
        print_json({"ok": not library.faults, "faults": [asdict(fault) for fault in library.faults]})
    else:
        for fault in library.faults:
            click.echo(str(fault))
        click.echo(
            f"{len(library.lessons)} lessons and {len(library.quiet)} quiet families read; {len(library.faults)} faults."
        )
    leave(Exit.CHECK_FAILED if library.faults else Exit.DONE)


@command.command("list")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def list_(library: Library, as_json: bool) -> None:
    """List the lessons."""
    lessons = [folder.lesson for folder in library.lessons]
    if as_json:
        print_json(
            [
                {"lesson": l.id, "version": l.version, "title": l.title, "in_force_from": l.in_force_from}
                for l in lessons
            ]
        )
        return
    table = Table("lesson", "version", "title", "answers", box=None)
    for lesson in lessons:
        table.add_row(
            lesson.id,
            str(lesson.version),
            lesson.title,
            ", ".join(f"{a.review} {a.finding}" for a in lesson.answers),
        )
    console().print(table)


@command.command()
@click.argument("lesson")
@click.pass_obj
def explain(library: Library, lesson: str) -> None:
    """Say in plain words what a lesson looks for, and what it cannot know."""
    found = next((folder.lesson for folder in library.lessons if folder.lesson.id == lesson), None)
    if found is None:
        click.echo(f"There is no lesson {lesson!r}. `wholechild lessons list` lists them.", err=True)
        leave(Exit.BAD_USAGE)
    click.echo(describe(found))


@command.command()
@click.argument("only", required=False)
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def examples(library: Library, only: str | None, as_json: bool) -> None:
    """Try every lesson on its examples and on the quiet families. Exit 1 if one does not say what it should."""
    outcomes = _outcomes(library, only)
    failed = [outcome for outcome in outcomes if not outcome.passed]
    if as_json:
        print_json(
            {
                "ok": not failed and not library.faults,
                "tried": len(outcomes),
                "failed": [asdict(o) for o in failed],
            }
        )
    else:
        for outcome in failed:
            click.echo(
                f"{outcome.lesson}: {outcome.family!r} expected {outcome.expected}, said {outcome.said} {outcome.held_from}".rstrip()
            )
        for fault in library.faults:
            click.echo(str(fault))
        click.echo(f"{len(outcomes)} tried, {len(failed)} not as expected, {len(library.faults)} faults.")
    leave(Exit.CHECK_FAILED if failed or library.faults else Exit.DONE)


def _outcomes(library: Library, only: str | None) -> list[Outcome]:
    folders = [folder for folder in library.lessons if only in (None, folder.lesson.id)]
    return [
        outcome
        for folder in progressing(folders, total=len(folders), label="Trying lessons")
        for outcome in (*try_examples(folder), *try_quiet(folder.lesson, library.quiet))
    ]
