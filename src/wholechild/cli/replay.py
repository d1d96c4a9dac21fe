"""`wholechild replay`: walk a published chronology and print what could be seen, from when, and by whom alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from wholechild.cli.distorted import Tried, tried
from wholechild.cli.output import Exit, console, leave, print_json, progressing
from wholechild.config.paths import LESSONS
from wholechild.lib.civil import day_of, say_day
from wholechild.patterns.explain import joined, say_agency, say_reason, say_record
from wholechild.patterns.language.lesson import Lesson
from wholechild.patterns.library import read_library
from wholechild.patterns.replay import CannotTell, Replay, ReplayMatch, replay
from wholechild.records.facts import Agency
from wholechild.records.feeds.chronology import read_chronology
from wholechild.world.population.asked import profiles


@click.command()
@click.argument("case", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--as-known-at",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Only what could be known by the end of this day.",
)
@click.option("--as-if-recorded", is_flag=True, help="Also walk what staff saw and nobody wrote down.")
@click.option("--with-unattributed", is_flag=True, help="Also walk what the source gives to no one agency.")
@click.option(
    "--lessons", "folder", type=click.Path(path_type=Path, exists=True, file_okay=False), default=LESSONS
)
@click.option(
    "--distorted",
    type=click.IntRange(1, 10_000),
    help="Replay so many times with made-up names and dates that every agency writes with errors, and link them first.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, help="The first seed of --distorted."
)
@click.option(
    "--errors",
    type=click.Choice(profiles()),
    default="usual",
    show_default=True,
    help="How agencies err, with --distorted.",
)
@click.option("--always", is_flag=True, help="With --distorted, no record is free of errors.")
@click.option("--full", is_flag=True, help="Print the evidence of every match.")
@click.option("--json", "as_json", is_flag=True)
def command(
    case: Path, as_known_at: datetime | None, as_if_recorded: bool, with_unattributed: bool,
    folder: Path, distorted: int | None, seed: int, errors: str, always: bool, full: bool, as_json: bool,
) -> None:  # fmt: skip
    """Walk the published chronology CASE as the agencies wrote it, and print what could be seen, from when."""
    chronology = read_chronology(case.read_bytes(), name=case.name, stand_ins=True)
    library = read_library(folder)
    if distorted:
        seeds = range(seed, seed + distorted)
        walked = tried(chronology, [f.lesson for f in library.lessons], seeds, errors=errors, always=always)
        print_tried(
            chronology.case.id,
            list(progressing(walked, total=distorted, label="Linking and walking")),
            as_json,
        )
    found = replay(
        chronology, [f.lesson for f in library.lessons],
        as_known_at=as_known_at.date() if as_known_at else None,
        as_if_recorded=as_if_recorded, with_unattributed=with_unattributed, each=_with_bar,
    )  # fmt: skip
    if as_json:
        print_json(as_plain(found))
    else:
        print_replay(found, full=full)
    for fault in (*chronology.faults, *library.faults):
        click.echo(f"{case.name if fault in chronology.faults else 'lessons'}: {_say(fault)}", err=True)
    leave(Exit.DONE_WITH_ISSUES if chronology.faults or library.faults else Exit.DONE)


def print_tried(case: str, outcomes: Sequence[Tried], as_json: bool) -> None:
    """How often the linked picture tells the same, and what hangs on a decision where it does not. Exit 1: a miss was silent."""
    same = sum(outcome.same for outcome in outcomes)
    silent = [outcome.seed for outcome in outcomes if outcome.silent]
    if as_json:
        print_json(
            {
                "case": case,
                "seeds": len(outcomes),
                "same": same,
                "silent": silent,
                "outcomes": [asdict(o) for o in outcomes],
            }
        )
    else:
        apart = sum(len(outcome.apart) for outcome in outcomes)
        unseen = sum(len(outcome.unseen) for outcome in outcomes)
        mixed = sum(len(outcome.mixed) for outcome in outcomes)
        console().print(
            f"{case}: of {len(outcomes)} seeds, {same} give the same matches as the file itself; {len(outcomes) - same - len(silent)} differ, "
            f"and what they hang on waits for somebody to decide; {len(silent)} differ and nobody is asked"
            f"{' (seeds ' + ', '.join(map(str, silent)) + ')' if silent else ''}. "
            f"Over all seeds {apart} identities did not come to their person, {unseen} of them with no possible link; {mixed} came to another."
        )
    leave(Exit.CHECK_FAILED if silent else Exit.DONE)


def _with_bar(lessons: Sequence[Lesson]) -> Iterable[Lesson]:
    return progressing(lessons, total=len(lessons), label="Walking the lessons")


def _say(fault: Any) -> str:
    return (
        str(fault) if hasattr(fault, "file") else f"line {fault.line}, {fault.field}: {fault.why}. {fault.do}"
    )


def as_plain(found: Replay) -> dict[str, Any]:
    """The replay in the shape of ARCHITECTURE section 9."""
    return {
        "case": found.case,
        "as_known_at": found.as_known_at,
        "outcome_on": found.outcome_on,
        "matches": [_plain_match(match) for match in found.matches],
        "cannot_tell": [_plain_doubt(doubt, found) for doubt in found.cannot_tell],
        "left_out": found.left_out,
    }


def _plain_match(match: ReplayMatch) -> dict[str, Any]:
    return {
        "lesson": match.lesson.id,
        "version": match.lesson.version,
        "title": match.lesson.title,
        "held_from": match.held_from,
        "held_to": match.held_to,
        "days_before_outcome": match.days_before_outcome,
        "agencies": list(match.explanation.agencies),
        "evidence": [
            {"record": o.record, "agency": o.agency, "kind": o.kind, "happened": o.happened_words,
             "known_from": day_of(o.learnt), "words": say_record(o)}
            for o in match.observations
        ],
        "alone": match.alone,
        "explanation": match.explanation.sentence,
    }  # fmt: skip


def _plain_doubt(doubt: CannotTell, found: Replay) -> dict[str, Any]:
    reasons = [say_reason(reason, found.history) for reason in doubt.reasons]
    return {"lesson": doubt.lesson.id, "from": doubt.start, "to": doubt.end, "reasons": reasons}


def print_replay(found: Replay, *, full: bool = False) -> None:
    """The replay for people: one row a match, then what could not be told."""
    screen = console()
    screen.print(f"\n[bold]{found.title}[/bold]  (as known at {say_day(found.as_known_at)})\n")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    for heading, width in (
        ("Held from", 17),
        ("Days before", 11),
        ("What adds up", 50),
        ("Records of", 30),
        ("One agency alone", 16),
    ):
        table.add_column(
            heading, max_width=width, overflow="fold", justify="right" if width == 11 else "left"
        )
    for match in found.matches:
        table.add_row(
            say_day(match.held_from), _days(match), match.lesson.title,
            short_agencies(match.explanation.agencies), _alone(match),
        )  # fmt: skip
    screen.print(
        table
        if found.matches
        else "No lesson holds on what could be known. That is not the same as nothing wrong."
    )
    for match in found.matches if full else ():
        screen.print(
            f"\n[bold]{match.lesson.title}[/bold], from {say_day(match.held_from)}\n{match.explanation.sentence}"
        )
        for observation in match.observations:
            screen.print(f"  - {say_record(observation)}")
        screen.print(f"  Next step: {match.lesson.next_step.what}")
    unsure = sorted({doubt.lesson.title for doubt in found.cannot_tell})
    if unsure:
        screen.print(f"\nAt some time {len(unsure)} lessons could not tell; --json says which, when and why.")
    for why, count in found.left_out.items():
        screen.print(f"Left out: {count} line{'s' if count != 1 else ''}, because {why}.")


def short_agencies(agencies: Sequence[str]) -> str:
    """The agencies in a few words: the area is said only where there is more than one."""
    several_areas = len({Agency.of(agency).area for agency in agencies}) > 1
    return joined([say_agency(a) if several_areas else say_agency(a).rsplit(" (", 1)[0] for a in agencies])


def _days(match: ReplayMatch) -> str:
    days = match.days_before_outcome
    return "" if days is None else f"{days:,}" if days >= 0 else f"{-days:,} after"


def _alone(match: ReplayMatch) -> str:
    """When one agency could have seen it by itself: the earliest, and never said in a way that blames."""
    days = [day for day in match.alone.values() if day is not None]
    if not days:
        return "never"
    return "the same day" if min(days) <= match.held_from else f"{say_day(min(days))}"
