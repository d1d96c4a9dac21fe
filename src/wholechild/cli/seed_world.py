"""`wholechild seed-world`: a synthetic area with ordinary families, at the rates that are published for England.

Without `--out` the feeds are loaded into the database as if they had been shared when they were written; with it they
are left in a folder, and no database is needed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from wholechild.cli.ordinary_area import load_area, made_area
from wholechild.cli.output import Exit, console, leave, print_json
from wholechild.cli.system import moment, now_option
from wholechild.world.area import Made, Plan
from wholechild.world.observed import Found


@click.command()
@click.option(
    "--children",
    type=click.IntRange(1),
    required=True,
    help="How many children, from 0 to 17 in the years made.",
)
@click.option("--seed", type=click.IntRange(0), required=True, help="The same seed gives the same bytes.")
@click.option(
    "--years", type=click.IntRange(1, 15), default=5, show_default=True, help="How long the feeds run."
)
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    default="2026-08-31",
    show_default=True,
    help="Their last day.",
)
@click.option("--area", default="Northmoor", show_default=True, help="What the area is called.")
@click.option(
    "--gaps", is_flag=True, help="Let some feeds begin late, so that silence cannot always be read."
)
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Leave the feeds here and load nothing."
)
@now_option
@click.option("--json", "as_json", is_flag=True)
def command(children: int, seed: int, years: int, until: datetime, area: str, gaps: bool, out: Path | None,
            now: datetime | None, as_json: bool) -> None:  # fmt: skip
    """Make an area of ordinary families; exit 3 if a figure is further from the published one than it may be."""
    plan = Plan(children, seed, years=years, until=until.date(), area=area, gaps=gaps)
    made = made_area(plan, out) if out else _loaded(plan, moment(now))
    found = made.observed.report()
    print_json(_plain(made, found)) if as_json else _print(made, found, out)
    # Feeds that begin late send fewer records: then the figures are no longer those of the families.
    leave(Exit.DONE_WITH_ISSUES if not gaps and any(not one.within for one in found) else Exit.DONE)


def _loaded(plan: Plan, at: datetime) -> Made:
    """The feeds in a folder of ours, loaded from there."""
    from wholechild.config.django import setup
    from wholechild.config.home import home

    setup()
    folder = (
        home()
        / "world"
        / f"{plan.area}-{plan.seed}-{plan.children}-{plan.years}-{plan.until}{'-gaps' * plan.gaps}"
    )
    return load_area(plan.children, plan.seed, until=plan.until, area=plan.area, folder=folder, at=at, years=plan.years,
                     gaps=plan.gaps)  # fmt: skip


def _plain(made: Made, found: list[Found]) -> dict[str, Any]:
    return {
        "children": made.children, "families": made.families, "seed": made.plan.seed, "years": made.plan.years,
        "until": made.plan.until, "area": made.plan.area, "child_years": round(sum(made.observed.child_years), 1),
        "records": made.records, "rows": made.rows, "files": [str(path) for path in made.paths],
        "rates": [
            {"rate": one.rate, "title": one.title, "unit": one.unit, "published": round(one.published, 4),
             "found": round(one.found, 4), "standard_error": round(one.error, 4), "within": one.within,
             "standing": one.standing}
            for one in found
        ],
    }  # fmt: skip


def _print(made: Made, found: list[Found], out: Path | None) -> None:
    click.echo(
        f"{made.children:,} children of {made.families:,} families in {made.plan.area}, "
        f"{sum(made.observed.child_years):,.0f} years of childhood, {made.records:,} records."
    )
    senders = Table("Kind of agency", "People", "Records", box=None)
    for kind, rows in sorted(made.rows.items()):
        senders.add_row(kind, f"{rows.get('person', 0):,}", f"{rows.get('record', 0):,}")
    console().print(senders)
    console().print(_compared(found))
    click.echo("Each figure has its source in docs/explanation/the-ordinary-area.md.")
    if out:
        click.echo(f"The feeds are in {out}; load them with: wholechild ingest --learnt-when-written {out}")


def _compared(found: Iterable[Found]) -> Table:
    table = Table("Figure", "Published", "This area", "Give or take", "", "Unit", box=None)
    for one in found:
        mark = "" if one.within else "outside"
        table.add_row(one.title, _said(one.published), _said(one.found), _said(2 * one.error), mark, one.unit)
    return table


def _said(figure: float) -> str:
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:,.1f}" if figure >= 10 else f"{figure:,.2f}"
