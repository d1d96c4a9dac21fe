"""`wholechild match`: evaluate the lessons over the children we hold; with `--rates`, say how often they speak."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from wholechild.cli.output import console, print_json, progressing
from wholechild.cli.system import moment, now_option, salts
from wholechild.config.django import setup
from wholechild.config.paths import LESSONS
from wholechild.lib.civil import say_day
from wholechild.patterns.language.lesson import Lesson
from wholechild.patterns.library import read_library
from wholechild.patterns.rates import Tally, tally
from wholechild.trust.viewers import system


@click.command()
@click.option(
    "--rates", is_flag=True, help="Count alerts per 1,000 children per year instead of noting matches."
)
@click.option(
    "--years",
    type=click.IntRange(1, 20),
    default=3,
    show_default=True,
    help="Years to count over, back from the last record.",
)
@click.option(
    "--lessons",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=LESSONS,
    help="With --rates: the folder of lessons to count. Matches are noted by the lessons that were adopted.",
)
@now_option
@click.option("--json", "as_json", is_flag=True)
def command(rates: bool, years: int, folder: Path, now: datetime | None, as_json: bool) -> None:
    """Evaluate the lessons in force over every child that we hold, and note what begins to hold and what has ended."""
    setup()
    if rates:
        lessons = [folder.lesson for folder in read_library(folder).lessons]
        counted = count_rates(lessons, moment(now), years)
        print_json(as_plain(counted, lessons, years)) if as_json else print_rates(counted, lessons)
        return
    begun, ended, children = note(moment(now))
    plain = {"children": children, "begun": begun, "ended": ended}
    print_json(plain) if as_json else click.echo(
        f"{children:,} children: {begun:,} matches begin, {ended:,} have ended."
    )


def note(at: datetime) -> tuple[int, int, int]:
    """Evaluate everybody by the lessons in force and note the matches; (begun, ended, children)."""
    from wholechild.cli.lessons_in_force import in_force
    from wholechild.patterns.actions import note_matches
    from wholechild.patterns.queries import histories
    from wholechild.people.queries import children

    lessons = in_force(at)
    viewer = system("match")
    everybody = children(viewer, at)
    walked = progressing(histories(viewer, everybody, at), total=len(everybody), label="Matching children")
    noted = note_matches(
        by=viewer.user, purpose="match", at=at, histories=walked, lessons=lessons, salts=salts
    )
    return noted.begun, noted.ended, len(everybody)


def count_rates(lessons: Sequence[Lesson], at: datetime, years: int) -> Tally:
    """Alerts over the last `years`, for the children of connected areas; published chronologies are not counted."""
    from wholechild.patterns.queries import histories
    from wholechild.people.queries import children_of_agencies, children_of_feeds
    from wholechild.records.queries import last_heard

    viewer = system("match")
    heard = last_heard(viewer)
    end = min(at, max(heard.values(), default=at)).date()
    start = end - timedelta(days=round(365.25 * years))
    everybody = children_of_feeds(viewer, at)
    walked = progressing(histories(viewer, everybody, at), total=len(everybody), label="Counting alerts")
    listed = {person for persons in children_of_agencies(viewer, "gp", at).values() for person in persons}
    return tally(walked, lessons, start, end, listed or frozenset(everybody))


def as_plain(counted: Tally, lessons: Sequence[Lesson], years: int) -> dict[str, Any]:
    """The shape of ARCHITECTURE section 9, with the span and the children who had an alert beside it."""
    per_lesson = {lesson.id: round(counted.per_thousand_a_year(lesson.id), 3) for lesson in lessons}
    return {
        "children": counted.children,
        "years": years,
        "per_lesson": per_lesson,
        "total": round(sum(counted.per_thousand_a_year(lesson.id) for lesson in lessons), 3),
        "from": counted.start,
        "to": counted.end,
        "children_with_an_alert": counted.children_with_alert,
    }


def print_rates(counted: Tally, lessons: Sequence[Lesson]) -> None:
    """The rates as a table, the most frequent first."""
    table = Table("Lesson", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("Alerts", justify="right")
    table.add_column("per 1,000 children a year", justify="right")
    for lesson in sorted(lessons, key=lambda lesson: -counted.alerts[lesson.id]):
        table.add_row(
            lesson.title, f"{counted.alerts[lesson.id]:,}", f"{counted.per_thousand_a_year(lesson.id):.2f}"
        )
    total = sum(counted.per_thousand_a_year(lesson.id) for lesson in lessons)
    table.add_row("All lessons", f"{counted.alerts.total():,}", f"{total:.2f}", style="bold")
    console().print(table)
    click.echo(
        f"{counted.children:,} children, {say_day(counted.start)} to {say_day(_day_before(counted.end))}; "
        f"{counted.children_with_alert:,} of them had an alert."
    )


def _day_before(day: date) -> date:
    return day - timedelta(days=1)
