"""`wholechild match`: evaluate the lessons over the children we hold; with `--rates`, say how often they speak."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from rich.table import Table

from wholechild.cli.lessons_in_force import in_force
from wholechild.cli.output import Exit, console, leave, print_json, progressing
from wholechild.cli.system import moment, now_option, patiently, salts
from wholechild.config.django import setup
from wholechild.lib.civil import say_day
from wholechild.patterns.language.lesson import Lesson
from wholechild.patterns.library import read_library
from wholechild.patterns.rates import Tally, tally
from wholechild.trust.viewers import system

if TYPE_CHECKING:
    from wholechild.patterns.actions import Evaluated

#: Comparing reads, and so may take more children at a time than noting.
AT_A_TIME: Final = 500


@click.command()
@click.option(
    "--rates", is_flag=True, help="Count alerts per 1,000 children per year instead of noting matches."
)
@click.option(
    "--verify",
    "comparing",
    is_flag=True,
    help="Compare what is noted with a full evaluation, and change nothing. Exit 3 if they differ.",
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
    help="With --rates: count with the lessons of a folder, and not with those in force.",
)
@now_option
@click.option("--json", "as_json", is_flag=True)
def command(
    rates: bool, comparing: bool, years: int, folder: Path | None, now: datetime | None, as_json: bool
) -> None:
    """Evaluate every lesson over every child that we hold, and note what begins to hold, what changes and what has ended."""
    setup()
    at = moment(now)
    if folder and not rates:
        raise click.UsageError(
            "--lessons goes with --rates. Matches are noted by the lessons that were adopted."
        )
    lessons = _lessons(folder, at)
    with patiently():
        if rates:
            counted = count_rates(lessons, at, years)
            print_json(as_plain(counted, lessons, years)) if as_json else print_rates(counted, lessons)
        elif comparing:
            compare(lessons, at, as_json)
        else:
            print_noted(note(lessons, at), as_json)


def print_noted(done: Evaluated, as_json: bool) -> None:
    """How many children were evaluated, and what was noted."""
    if as_json:
        print_json(
            {"children": done.children, "begun": done.begun, "changed": done.changed, "ended": done.ended}
        )
        return
    click.echo(
        f"{done.children:,} children: {done.begun:,} matches begin, {done.changed:,} change, {done.ended:,} have ended."
    )


def _lessons(folder: Path | None, at: datetime) -> Sequence[Lesson]:
    if folder is None:
        return in_force(at)
    return [found.lesson for found in read_library(folder).lessons]


def note(lessons: Sequence[Lesson], at: datetime) -> Evaluated:
    """Evaluate everybody and note the matches."""
    from wholechild.patterns.actions import AT_ONCE, Evaluated, evaluate_children, settle_lessons
    from wholechild.patterns.queries import everyone_evaluated

    viewer, done = system("match"), Evaluated()
    for some in _in_batches(everyone_evaluated(viewer, at), AT_ONCE, "Matching children"):
        done += evaluate_children(
            by=viewer.user, purpose="match", at=at, children=some, lessons=lessons, salts=salts
        )
    settle_lessons(by=viewer.user, purpose="match", at=at, lessons=lessons)
    return done


def compare(lessons: Sequence[Lesson], at: datetime, as_json: bool) -> None:
    """Print where what is noted is not what a full evaluation gives, and leave."""
    from wholechild.patterns.queries import differences, everyone_evaluated
    from wholechild.trust.queries import waiting

    lessons = in_force(at)
    viewer = system("match")
    everybody = everyone_evaluated(viewer, at)
    batches = _in_batches(everybody, AT_A_TIME, "Comparing children")
    found = [d for some in batches for d in differences(viewer, some, at, lessons)]
    jobs = waiting()
    if as_json:
        plain = [{"person": d.person, "match": d.match, "lesson": d.lesson, "why": d.why} for d in found]
        print_json({"ok": not found, "children": len(everybody), "waiting": jobs, "differences": plain})
    else:
        for d in found:
            click.echo(f"{d.person}  {d.lesson or 'next look'}  {d.match}  {d.why}")
        queue = (
            f" {jobs:,} {'job waits' if jobs == 1 else 'jobs wait'} in the queue: run wholechild worker --once, and compare again."
            if jobs
            else ""
        )
        click.echo(f"{len(everybody):,} children compared: {len(found):,} differences.{queue}")
    leave(Exit.DONE_WITH_ISSUES if found else Exit.DONE)


def _in_batches(children: Sequence[str], size: int, label: str) -> Iterator[Sequence[str]]:
    """The children so many at a time, with a bar on stderr."""
    starts = range(0, len(children), size)
    for start in progressing(starts, total=len(starts), label=label):
        yield children[start : start + size]


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
