"""`wholechild quarantine`: the rows that are held back, why, and what to do; and what became of them."""

from __future__ import annotations

from datetime import datetime

import click

from wholechild.cli.output import Exit, leave, print_json
from wholechild.cli.system import moment, now_option, salts
from wholechild.config.django import setup
from wholechild.trust.viewers import system


@click.group()
def command() -> None:
    """List the rows that are held back, show one, and say what became of it."""


@command.command("list")
@click.option("--delivery", default="", help="Only this delivery.")
@click.option("--all", "everything", is_flag=True, help="Also the rows that were dealt with.")
@click.option("--json", "as_json", is_flag=True)
def list_(delivery: str, everything: bool, as_json: bool) -> None:
    """List the held rows: file, line, field, why and what to do. What the row says is shown by `show` alone."""
    setup()
    from wholechild.records.queries import held_rows

    rows = held_rows(system("quarantine"), delivery=delivery, everything=everything)
    if as_json:
        print_json([row.as_json() for row in rows])
        return
    for row in rows:
        for fault in row.faults:
            click.echo(
                f"{row.id}  {row.file}, line {row.line}, {fault['field'] or 'the row'}: {fault['why']}. {fault['do']}"
            )
    click.echo(f"{len(rows):,} rows are held back; no lesson reads them." if rows else "No row is held back.")


@command.command()
@click.argument("row")
def show(row: str) -> None:
    """Show one held row as it came, with its faults."""
    setup()
    from wholechild.records.queries import held_rows

    found = next((held for held in held_rows(system("quarantine"), everything=True) if held.id == row), None)
    if found is None:
        click.echo(f"There is no held row {row}. `wholechild quarantine list` lists them.", err=True)
        leave(Exit.CHECK_FAILED)
    click.echo(f"{found.file}, line {found.line}, of delivery {found.delivery}")
    for fault in found.faults:
        click.echo(f"  {fault['field'] or 'the row'}: {fault['why']}. {fault['do']}")
    click.echo(found.raw)


@command.command()
@click.argument("row")
@click.option("--set-aside", "why", required=True, help="Why the row will not be loaded.")
@click.option("--by", required=True, help="Who decides.")
@now_option
def resolve(row: str, why: str, by: str, now: datetime | None) -> None:
    """Set a held row aside, with a reason. It stays on record."""
    setup()
    from wholechild.records.actions import resolve as resolve_row
    from wholechild.records.actions.releasing import CannotResolve

    try:
        resolve_row(
            by=by,
            purpose="data_quality",
            at=moment(now),
            quarantined=row,
            outcome="set_aside",
            why=why,
            salts=salts,
        )
    except CannotResolve as wrong:
        click.echo(str(wrong), err=True)
        leave(Exit.CHECK_FAILED)
    click.echo(f"{row} is set aside.")
