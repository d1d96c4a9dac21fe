"""`wholechild timeline`: one child's joined chronology, with what adds up and what is not known."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

import click
from rich.table import Table

from wholechild.cli.lessons_in_force import in_force
from wholechild.cli.output import Exit, console, leave, print_json
from wholechild.cli.system import moment, now_option, salts
from wholechild.config.django import setup
from wholechild.lib.civil import say_day
from wholechild.patterns.picture import ChildPicture


@click.command()
@click.argument("child")
@click.option(
    "--as-known-at",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Only what could be known by the end of this day.",
)
@click.option(
    "--user", required=True, help="The account that is looking: what it may see is what is printed."
)
@now_option
@click.option("--json", "as_json", is_flag=True)
def command(child: str, as_known_at: datetime | None, user: str, now: datetime | None, as_json: bool) -> None:
    """Print the joined chronology of CHILD (a person id), as the account USER may see it. The look is recorded."""
    setup()
    from wholechild.patterns.actions import open_picture
    from wholechild.trust.queries import viewer_for

    at = moment(now)
    viewer = viewer_for(user, "direct_care", at)
    day = as_known_at.date() if as_known_at else at.date()
    picture = None
    if viewer:
        picture = open_picture(
            by=viewer, purpose=viewer.purpose, at=at, person=child, as_known_at=day, lessons=in_force(at),
            route="command timeline", salts=salts,
        )  # fmt: skip
    if picture is None:
        click.echo("There is nobody by that id whom this account may see.", err=True)
        leave(Exit.CHECK_FAILED)
    print_json(asdict(picture)) if as_json else _print(picture)


def _print(picture: ChildPicture) -> None:
    screen = console()
    screen.print(
        f"[bold]{picture.name}[/bold], {picture.age_words}, as known at {say_day(picture.as_known_at)}\n"
    )
    table = Table("When", "Who wrote it", "What", "About", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for entry in picture.chronology:
        title = f"{entry.kind_title}{' (replaced since)' if entry.superseded else ''}"
        table.add_row(entry.happened_words, entry.agency_title, title, entry.about_words)
    screen.print(table)
    for match in picture.adds_up:
        ended = f" to {say_day(match.held_to)}" if match.held_to else ""
        screen.print(
            f"\n[bold]{match.title}[/bold], from {say_day(match.held_from)}{ended}\n{match.sentence}"
        )
    screen.print("\n[bold]What we do not know[/bold]")
    for unknown in picture.not_known:
        screen.print(f"- {unknown.sentence}")
