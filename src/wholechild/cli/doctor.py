"""`wholechild doctor`: is this a place where a child's record is safe? Each line says what was found and what to do."""

from __future__ import annotations

import click
from rich.table import Table

from wholechild.cli.output import Exit, console, leave, print_json

_MARKS = {"ok": "ok", "warn": "[yellow]warn[/]", "fail": "[red]fail[/]"}


@click.command()
@click.option("--json", "as_json", is_flag=True)
def command(as_json: bool) -> None:
    """Check versions, roles, rights, durability, clock, disk, and what waits. Exit 1 if anything fails; warnings do not."""
    from wholechild.config.bootstrap import prepare_database
    from wholechild.config.checkup import Finding, State, check_up
    from wholechild.config.embedded import DatabaseUnavailable

    try:
        findings = check_up(prepare_database())
    except DatabaseUnavailable as wrong:
        findings = [
            Finding("database", State.FAIL, str(wrong), "See docs/how-to/run-on-your-own-postgresql.md.")
        ]
    failed = any(finding.state is State.FAIL for finding in findings)
    if as_json:
        print_json({"ok": not failed, "findings": [
            {"name": f.name, "state": f.state.value, "found": f.found, "do": f.do} for f in findings
        ]})  # fmt: skip
    else:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
        for f in findings:
            table.add_row(_MARKS[f.state.value], f.name, f.found, f.do)
        console().print(table)
        click.echo("Something must be put right first." if failed else "This is a sound place.")
    leave(Exit.CHECK_FAILED if failed else Exit.DONE)
