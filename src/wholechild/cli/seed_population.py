"""`wholechild seed-world --people`: a population as six agencies write it down, with the truth beside it, to try linking on."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, NoReturn

import click
from rich.table import Table

from wholechild.cli.output import Exit, console, leave, print_json, progressing
from wholechild.cli.processes import in_processes
from wholechild.world.population.asked import profile
from wholechild.world.population.measured import Found
from wholechild.world.population.writing import Made, Plan, blocks_of, write


def make(plan: Plan, out: Path, as_json: bool) -> NoReturn:
    """Make it, tell what came out, and leave: exit 3 if a share is further from what was asked than chance allows."""
    made = made_population(plan, out)
    print_json(_plain(made)) if as_json else _print(made)
    leave(Exit.DONE if all(one.within for one in made.found) else Exit.DONE_WITH_ISSUES)


def made_population(plan: Plan, out: Path) -> Made:
    """The population in its folder, with a bar while it is made. Ends the command where the folder is not empty."""
    last: Made | None = None
    try:
        for step in progressing(
            write(plan, out, in_processes), total=len(blocks_of(plan)) + 1, label="People"
        ):
            last = step
    except FileExistsError:
        raise click.ClickException(
            f"{out} is not empty. Name a new folder with --out, or empty this one."
        ) from None
    if last is None:
        raise RuntimeError("a population ends with what was made")
    return last


def _plain(made: Made) -> dict[str, Any]:
    return {
        "people": made.people, "identities": made.identities, "by_agency": made.by_agency, "seed": made.plan.seed,
        "profile": made.plan.profile, "folder": str(made.folder), "sha256": made.digest,
        "rates": [
            {
                "section": one.section, "rate": one.id, "agency": one.agency, "title": one.title, "asked": round(one.asked, 6),
                "found": round(one.found, 6), "of": one.of, "within": one.within,
            }
            for one in made.found
        ],
    }  # fmt: skip


def _print(made: Made) -> None:
    click.echo(
        f"{made.people:,} people, {made.identities:,} identities at {len(made.by_agency)} agencies, in {made.folder}\n"
        f"Errors as in the profile {made.plan.profile}: {profile(made.plan.profile).title.lower()}."
    )
    table = Table("Per 1,000: asked / found", *made.by_agency, box=None)
    for title, *cells in _rows(made):
        table.add_row(title, *cells)
    console().print(table)
    outside = [one for one in made.found if not one.within]
    for one in outside:
        click.echo(
            f"Outside: {one.title}, {one.agency}: asked {one.asked:.4f}, found {one.found:.4f} of {one.of:,}."
        )
    click.echo(
        "What this can and cannot show, and where each figure comes from: docs/reference/population.md."
    )


def _rows(made: Made) -> Iterator[list[str]]:
    for (_, title), of_one in groupby(made.found, key=lambda one: (one.section, one.title)):
        by_agency = {one.agency: one for one in of_one}
        yield [title, *(_said(by_agency.get(agency)) for agency in made.by_agency)]


def _said(one: Found | None) -> str:
    return (
        "" if one is None else f"{one.asked * 1000:.3g} / {one.found * 1000:.3g}{'' if one.within else ' !'}"
    )
