"""`wholechild seed-world`: a synthetic area with ordinary families, at the rates that are published for England.

With `--trajectories` harmful trajectories and their harmless doubles come to some of the families, and the truth is
written beside the feeds, as truth.parquet; it is never loaded.

With `--people` in place of `--children` it is not an area that is made but a population as six agencies write it down, with
every error that such records have and the truth beside it, to try linking on: identities.parquet, truth.parquet, people.parquet.

Without `--out` the feeds are loaded into the database as if they had been shared when they were written; with it they
are left in a folder, and no database is needed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import click
from rich.table import Table

from wholechild.cli.ordinary_area import load_area, made_area
from wholechild.cli.output import Exit, console, leave, print_json
from wholechild.cli.system import moment, now_option
from wholechild.world.area import Made, Plan, Stories
from wholechild.world.observed import Found
from wholechild.world.population.asked import profiles
from wholechild.world.population.writing import Plan as Population
from wholechild.world.trajectories.measured import Measured


@click.command()
@click.option(
    "--children",
    type=click.IntRange(1),
    help="How many children, from 0 to 17 in the years made.",
)
@click.option(
    "--people",
    type=click.IntRange(1, 6_000_000),
    help="In place of --children: how many people, children and adults, as six agencies write them down.",
)
@click.option(
    "--errors",
    type=click.Choice(profiles()),
    default="usual",
    show_default=True,
    help="With --people: in which shape errors fall.",
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
@click.option(
    "--trajectories",
    is_flag=True,
    help="Add harmful trajectories and their harmless doubles, and write the truth.",
)
@click.option(
    "--harm-per-1000",
    type=click.FloatRange(0, 300),
    help="About how many of 1,000 children are harmed, doubles in step; with --trajectories the rates of their sources.",
)
@click.option(
    "--trajectory-seed", type=click.IntRange(0), help="Their own stream of chance.  [default: the seed]"
)
@click.option(
    "--recording",
    type=click.Choice(["equal", "literature"]),
    default="equal",
    show_default=True,
    help="Whether agencies treat all groups of children alike, or as studies found.",
)
@now_option
@click.option("--json", "as_json", is_flag=True)
def command(children: int | None, people: int | None, errors: str, seed: int, years: int, until: datetime, area: str, gaps: bool, out: Path | None,
            trajectories: bool, harm_per_1000: float | None, trajectory_seed: int | None, recording: str,
            now: datetime | None, as_json: bool) -> None:  # fmt: skip
    """Make an area of ordinary families; exit 3 if a figure is further from the published one than it may be."""
    if people is not None:
        _population(Population(people, seed, errors), children, trajectories, out, as_json)
    if children is None:
        raise click.UsageError("Say how many: --children for an area, or --people for a population to link.")
    stories = _stories(
        trajectories, harm_per_1000, seed if trajectory_seed is None else trajectory_seed, recording, years
    )
    plan = Plan(children, seed, years=years, until=until.date(), area=area, gaps=gaps, stories=stories)
    made = made_area(plan, out) if out else _loaded(plan, moment(now))
    found = made.observed.report()
    measured = made.measured.report() if made.measured else []
    print_json(_plain(made, found)) if as_json else _print(made, found, out)
    # Feeds that begin late send fewer records: then the figures are no longer those of the families.
    outside = any(not one.within for one in (*found, *measured))
    leave(Exit.DONE_WITH_ISSUES if not gaps and outside else Exit.DONE)


def _population(
    plan: Population, children: int | None, trajectories: bool, out: Path | None, as_json: bool
) -> NoReturn:
    """A population in place of an area; ends the command."""
    from wholechild.cli.seed_population import make

    if children is not None or trajectories:
        raise click.UsageError(
            "--people makes a population to link, and no area: leave out --children and --trajectories."
        )
    if out is None:
        raise click.UsageError("--people writes columns and loads nothing: say where with --out FOLDER.")
    make(plan, out, as_json)


def _stories(
    asked: bool, harm_per_1000: float | None, seed: int, recording: str, years: int
) -> Stories | None:
    """What is to come to families beyond an ordinary life; None for nothing. Ends the command on faulty trajectories."""
    from wholechild.world.trajectories.chosen import expected_harm
    from wholechild.world.trajectories.reading import FaultyTrajectories, library, traits_figures

    if not asked and harm_per_1000 is None:
        if recording != "equal":
            raise click.UsageError("--recording is about trajectories; add --trajectories.")
        return None
    try:
        traits_figures()
        scale = 1.0 if harm_per_1000 is None else harm_per_1000 / expected_harm(library(), years)
    except FaultyTrajectories as wrong:
        raise click.ClickException(str(wrong)) from None
    return Stories(seed, scale, recording == "literature")


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
    if plan.stories:
        folder = folder.with_name(f"{folder.name}-{plan.stories.said}")
    return load_area(plan.children, plan.seed, until=plan.until, area=plan.area, folder=folder, at=at, years=plan.years,
                     gaps=plan.gaps, stories=plan.stories)  # fmt: skip


def _plain(made: Made, found: list[Found]) -> dict[str, Any]:
    return {
        "children": made.children, "families": made.families, "seed": made.plan.seed, "years": made.plan.years,
        "until": made.plan.until, "area": made.plan.area, "child_years": round(sum(made.observed.child_years), 1),
        "records": made.records, "rows": made.rows, "files": [str(path) for path in made.paths],
        "rates": [_plain_rate(one) for one in found], **_plain_stories(made),
    }  # fmt: skip


def _plain_rate(one: Found) -> dict[str, Any]:
    return {
        "rate": one.rate, "title": one.title, "unit": one.unit, "published": round(one.published, 4),
        "found": round(one.found, 4), "standard_error": round(one.error, 4), "within": one.within,
        "standing": one.standing,
    }  # fmt: skip


def _plain_stories(made: Made) -> dict[str, Any]:
    """Nothing for an ordinary area: then the shape is what it always was."""
    if made.measured is None:
        return {}
    return {
        "truth": str(made.truth),
        "story_rates": [_plain_rate(one) for one in made.measured.report()],
        "harm_most_to_least_deprived_fifth": made.measured.gradient(),
        "trajectories": [
            {
                "trajectory": one.trajectory.id, "children": one.children, "double_children": one.double_children,
                "signals": one.signals, "double_signals": one.double_signals, "overlap": one.overlap,
                "known": one.known, "days_to_known": one.days_to_known, "days_to_serious": one.days_to_serious,
                "noticed": one.noticed, "recorded": one.recorded, "shared": one.shared,
                "double_shared": one.double_shared, "ever_shared": one.ever_shared,
            }
            for one in made.measured.beside()
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
    if made.measured:
        _print_stories(made, made.measured)
    if out:
        click.echo(f"The feeds are in {out}; load them with: wholechild ingest --learnt-when-written {out}")


def _print_stories(made: Made, measured: Measured) -> None:
    console().print(_compared(measured.report()))
    console().print(_side_by_side(measured))
    click.echo(
        "Signs are worries sent about a child while the story ran: the middle one, and the middle half. In common is how\n"
        "much of the spread of signs a trajectory shares with its double: harm and no harm look alike by so much."
    )
    gradient = measured.gradient()
    if gradient is not None:
        click.echo(f"Harm is {gradient:.1f} times as usual in the most deprived fifth as in the least.")
    click.echo(f"The truth is in {made.truth}; it is for measuring lessons, and is never loaded.")
    click.echo("What this can and cannot show: docs/explanation/the-synthetic-world.md.")


def _side_by_side(measured: Measured) -> Table:
    table = Table("Trajectory", "Children", "Double", "Signs", "Signs of double", "In common", "Shared", "Double", "Known", "Days to known",
                  box=None)  # fmt: skip
    for one in measured.beside():
        table.add_row(
            one.trajectory.title, f"{one.children:,}", f"{one.double_children:,}", _middle(one.signals),
            _middle(one.double_signals), _part(one.overlap), _part(one.shared), _part(one.double_shared),
            _part(one.known), _middle(one.days_to_known),
        )  # fmt: skip
    return table


def _middle(quartiles: tuple[float, ...]) -> str:
    return f"{quartiles[1]:.0f} ({quartiles[0]:.0f} to {quartiles[2]:.0f})" if quartiles else "too few"


def _part(share: float | None) -> str:
    return "too few" if share is None else f"{share:.0%}"


def _compared(found: Iterable[Found]) -> Table:
    table = Table("Figure", "Published", "This area", "Give or take", "", "Unit", box=None)
    for one in found:
        mark = "" if one.within else "outside"
        table.add_row(one.title, _said(one.published), _said(one.found), _said(2 * one.error), mark, one.unit)
    return table


def _said(figure: float) -> str:
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:,.1f}" if figure >= 10 else f"{figure:,.2f}"
