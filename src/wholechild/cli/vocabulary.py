"""`wholechild vocabulary`: list the shared words, check them, and write their reference page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

import click
from rich.table import Table

import wholechild
from wholechild.cli.output import Exit, console, leave, print_json
from wholechild.vocabulary.check import check as check_folder
from wholechild.vocabulary.reference import reference_page, seen_words
from wholechild.vocabulary.terms import DATA, TABLES, Kind, Term, Vocabulary, load

PAGE: Final = Path(wholechild.__file__).parent.parent.parent / "docs" / "reference" / "vocabulary.md"


@click.group(invoke_without_command=True)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=DATA,
    help="The folder of the vocabulary; without it, the words of this release.",
)
@click.pass_context
def command(ctx: click.Context, folder: Path) -> None:
    """List and check the shared words. Without a command: how many there are of each."""
    ctx.obj = folder
    if ctx.invoked_subcommand is None:
        table = Table("table", "words", box=None)
        words = _words(folder)
        for name in TABLES:
            table.add_row(name, str(len(getattr(words, name))))
        console().print(table)


def _words(folder: Path) -> Vocabulary:
    """The vocabulary of a folder, or an end that says to run the checker."""
    faults = check_folder(folder) if folder != DATA else ()
    if faults:
        click.echo(
            f"This vocabulary has {len(faults)} faults. See them with `wholechild vocabulary check`.",
            err=True,
        )
        leave(Exit.CHECK_FAILED)
    return load(folder)


@command.command("list")
@click.argument("what", type=click.Choice(list(TABLES)), default="kinds")
@click.option("--matching", metavar="GLOB", default="*", help="Only ids of this pattern, such as 'injury.*'.")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def list_(folder: Path, what: str, matching: str, as_json: bool) -> None:
    """List the words of one table; without WHAT, the kinds of record."""
    terms = _matching(_words(folder), what, matching)
    if as_json:
        print_json([asdict(term) for term in terms.values()])
        return
    if not terms:
        click.echo(f"Nothing among the {what.replace('_', ' ')} is meant by {matching!r}.", err=True)
    table = Table("id", "title", *_more_columns(what), box=None)
    for term in terms.values():
        table.add_row(term.id, term.title, *_more(term))
    console().print(table)


def _matching(words: Vocabulary, what: str, pattern: str) -> Mapping[str, Term]:
    table: Mapping[str, Term] = getattr(words, what)
    if what == "kinds":
        return {name: table[name] for name in words.matching(pattern)}
    return {name: term for name, term in table.items() if fnmatchcase(name, pattern)}


_MORE: Final[Mapping[str, tuple[str, ...]]] = {
    "kinds": ("nature", "dimension"),
    "agency_kinds": ("sector",),
    "roles": ("sector",),
    "purposes": ("gateways",),
    "measures": ("unit", "least", "most"),
    "facts": ("use", "values"),
}


def _more_columns(what: str) -> tuple[str, ...]:
    return (*_MORE.get(what, ()), "seen") if what == "kinds" else _MORE.get(what, ())


def _more(term: Term) -> list[str]:
    what = next(name for name, cls in TABLES.items() if isinstance(term, cls))
    cells = [_plain(getattr(term, key)) for key in _MORE.get(what, ())]
    return [*cells, seen_words(term)] if isinstance(term, Kind) else cells


def _plain(value: Any) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)


@command.command()
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def check(folder: Path, as_json: bool) -> None:
    """Print every fault of the vocabulary, with its place and a cure. Exit 1 if there is one."""
    faults = check_folder(folder)
    if as_json:
        print_json({"ok": not faults, "faults": [asdict(fault) for fault in faults]})
    else:
        for fault in faults:
            click.echo(str(fault))
        click.echo(f"{len(faults)} faults." if faults else "The vocabulary has no faults.")
    leave(Exit.CHECK_FAILED if faults else Exit.DONE)


@command.command()
@click.option("--check", "only_check", is_flag=True, help="Write nothing; exit 1 if the page is out of date.")
@click.pass_obj
def docs(folder: Path, only_check: bool) -> None:
    """Write docs/reference/vocabulary.md anew from the words."""
    page = reference_page(_words(folder))
    if not PAGE.parent.is_dir():
        click.echo("There is no docs/reference here. Run this in a checkout of the project.", err=True)
        leave(Exit.BAD_USAGE)
    if only_check:
        if not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != page:
            click.echo(
                "docs/reference/vocabulary.md is out of date. Run `wholechild vocabulary docs`.", err=True
            )
            leave(Exit.CHECK_FAILED)
        return
    PAGE.write_text(page, encoding="utf-8")
    click.echo("docs/reference/vocabulary.md is written.")
