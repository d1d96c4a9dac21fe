"""`wholechild rebuild-search`: what the search for people reads follows from the facts, and can be made anew."""

from __future__ import annotations

from datetime import datetime

import click

from wholechild.cli.output import print_json
from wholechild.cli.system import moment, now_option


@click.command()
@click.option("--missing", is_flag=True, help="Only what is missing or out of date, as after an upgrade.")
@now_option
@click.option("--json", "as_json", is_flag=True)
def command(missing: bool, now: datetime | None, as_json: bool) -> None:
    """Make anew, from the facts, what the search for people reads. Searches go on meanwhile."""
    from wholechild.config.django import setup

    setup()
    from wholechild.people.searching.actions import index_what_is_new, rebuild_search

    work = index_what_is_new if missing else rebuild_search
    kept = work(by="system:rebuild-search", purpose="data_quality", at=moment(now))
    if as_json:
        print_json({"identities": kept})
    else:
        click.echo(f"{kept:,} identities can be found.")
