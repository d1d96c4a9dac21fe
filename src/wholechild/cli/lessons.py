"""`wholechild lessons`: check, list and explain the lessons, and try them on their examples and the quiet families."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table

from wholechild.cli.output import Exit, console, leave, print_json, progressing
from wholechild.cli.system import moment, now_option, salts
from wholechild.config.database import is_there
from wholechild.config.django import setup
from wholechild.config.paths import LESSONS
from wholechild.lib.civil import say_day
from wholechild.lib.located import MOST_BYTES
from wholechild.patterns.describe import describe
from wholechild.patterns.language.faults import LessonFault
from wholechild.patterns.library import Library, Outcome, read_library, try_examples, try_quiet
from wholechild.patterns.life.comparing import SAME, Row, around
from wholechild.patterns.life.comparing import compare as compare_texts
from wholechild.patterns.life.outcomes import OUTCOMES
from wholechild.patterns.life.trying import hash_of
from wholechild.trust.viewers import Viewer, system

if TYPE_CHECKING:
    from wholechild.patterns.life.queries import LessonLife


class Folder:
    """The folder of lessons, read when a command asks what stands in it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def library(self) -> Library:
        return read_library(self.path)


@click.group()
@click.option(
    "--lessons",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=LESSONS,
    help="The folder of lessons.",
)
@click.pass_context
def command(ctx: click.Context, folder: Path) -> None:
    """Check, list, explain and try the lessons."""
    ctx.obj = Folder(folder)


@command.command()
@click.option(
    "--adopted/--files-only",
    default=None,
    help="Compare each file with the text that was adopted under its version; by default where this installation has a database.",
)
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def check(folder: Folder, adopted: bool | None, as_json: bool) -> None:
    """Print every fault of every lesson and family, with its place and a cure. Exit 1 if there is one."""
    library = folder.library
    faults = (*library.faults, *_edited(library, is_there() if adopted is None else adopted))
    if as_json:
        print_json({"ok": not faults, "faults": [asdict(fault) for fault in faults]})
    else:
        for fault in faults:
            click.echo(str(fault))
        click.echo(
            f"{len(library.lessons)} lessons and {len(library.quiet)} quiet families read; {len(faults)} faults."
        )
    leave(Exit.CHECK_FAILED if faults else Exit.DONE)


def _edited(library: Library, compare: bool) -> tuple[LessonFault, ...]:
    """The files that are another text than the version that was adopted under their number."""
    if not compare:
        return ()
    setup()
    from wholechild.patterns.life.queries import edited_files

    return edited_files(system("lessons"), library)


@command.command("list")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def list_(folder: Folder, as_json: bool) -> None:
    """List the lessons."""
    lessons = [found.lesson for found in folder.library.lessons]
    if as_json:
        print_json(
            [
                {"lesson": l.id, "version": l.version, "title": l.title, "in_force_from": l.in_force_from}
                for l in lessons
            ]
        )
        return
    table = Table("lesson", "version", "title", "answers", box=None)
    for lesson in lessons:
        table.add_row(
            lesson.id,
            str(lesson.version),
            lesson.title,
            ", ".join(f"{a.review} {a.finding}" for a in lesson.answers),
        )
    console().print(table)


@command.command()
@click.argument("lesson")
@click.pass_obj
def explain(folder: Folder, lesson: str) -> None:
    """Say in plain words what a lesson looks for, and what it cannot know."""
    lessons = (found.lesson for found in folder.library.lessons)
    found = next((one for one in lessons if one.id == lesson), None)
    if found is None:
        click.echo(f"There is no lesson {lesson!r}. `wholechild lessons list` lists them.", err=True)
        leave(Exit.BAD_USAGE)
    click.echo(describe(found))


@command.command()
@click.argument("only", required=False)
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def examples(folder: Folder, only: str | None, as_json: bool) -> None:
    """Try every lesson on its examples and on the quiet families. Exit 1 if one does not say what it should."""
    library = folder.library
    outcomes = _outcomes(library, only)
    failed = [outcome for outcome in outcomes if not outcome.passed]
    if as_json:
        print_json(
            {
                "ok": not failed and not library.faults,
                "tried": len(outcomes),
                "failed": [asdict(o) for o in failed],
            }
        )
    else:
        for outcome in failed:
            click.echo(
                f"{outcome.lesson}: {outcome.family!r} expected {outcome.expected}, said {outcome.said} {outcome.held_from}".rstrip()
            )
        for fault in library.faults:
            click.echo(str(fault))
        click.echo(f"{len(outcomes)} tried, {len(failed)} not as expected, {len(library.faults)} faults.")
    leave(Exit.CHECK_FAILED if failed or library.faults else Exit.DONE)


def _outcomes(library: Library, only: str | None) -> list[Outcome]:
    folders = [folder for folder in library.lessons if only in (None, folder.lesson.id)]
    return [
        outcome
        for folder in progressing(folders, total=len(folders), label="Trying lessons")
        for outcome in (*try_examples(folder), *try_quiet(folder.lesson, library.quiet))
    ]


# -- the life of a lesson ------------------------------------------------------------------------------------------------

as_option = click.option(
    "--as", "user", required=True, help="The account that acts. It must hold a role that may."
)


@command.command()
@now_option
def install(now: datetime | None) -> None:
    """Adopt the library that came with the software, once: where no lesson was ever adopted."""
    setup()
    from wholechild.cli.lessons_in_force import install as adopt_all

    adopted = adopt_all(moment(now))
    click.echo(
        f"{adopted} lessons adopted with the installation."
        if adopted
        else "Lessons were adopted here already."
    )


@command.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--why", required=True, help="Why this version should run: one sentence, kept with it.")
@as_option
@now_option
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def propose(folder: Folder, file: Path, why: str, user: str, now: datetime | None, as_json: bool) -> None:
    """Propose the version in FILE (a lesson.yaml with its examples.yaml beside it). Exit 1, with every fault, if it is not ready."""
    text, examples = _text_of(file), _text_of(file.with_name("examples.yaml"))
    setup()
    from wholechild.patterns.life.actions import propose as put_forward

    at = moment(now)
    with _refusals(as_json):
        viewer = _viewer(user, at)
        proposal = put_forward(
            by=viewer, purpose=viewer.purpose, at=at, text=text, examples=examples, quiet=folder.library.quiet, why=why, salts=salts
        )  # fmt: skip
    said = {"ok": True, "proposal": proposal, "sha256": hash_of(text)}
    print_json(said) if as_json else click.echo(f"Proposed: {proposal}\nIts text: {said['sha256']}")


@command.command()
@click.argument("lesson")
@click.argument("version", type=click.IntRange(min=1))
@click.option(
    "--from",
    "starts_on",
    type=click.DateTime(["%Y-%m-%d"]),
    required=True,
    help="The first day on which it runs.",
)
@click.option("--nation", "nations", multiple=True, help="A nation; may be given more than once.")
@click.option("--area", "areas", multiple=True, help="An area; may be given more than once.")
@click.option("--sha256", default="", help="The text, where a version was proposed with more than one.")
@click.option("--why", required=True, help="Why: one sentence, kept with the signature.")
@as_option
@now_option
@click.option("--json", "as_json", is_flag=True)
def adopt(lesson: str, version: int, starts_on: datetime, nations: tuple[str, ...], areas: tuple[str, ...], sha256: str,
          why: str, user: str, now: datetime | None, as_json: bool) -> None:  # fmt: skip
    """Sign that VERSION of LESSON shall run. It runs once a second person has signed the same terms."""
    _sign("adopt", lesson, version, starts_on, nations, areas, sha256, why, user, now, as_json)


@command.command()
@click.argument("lesson")
@click.argument("version", type=click.IntRange(min=1))
@click.option(
    "--from",
    "starts_on",
    type=click.DateTime(["%Y-%m-%d"]),
    required=True,
    help="The first day on which it no longer runs.",
)
@click.option("--nation", "nations", multiple=True, help="A nation; may be given more than once.")
@click.option("--area", "areas", multiple=True, help="An area; may be given more than once.")
@click.option("--why", required=True, help="Why: one sentence, kept with the signature.")
@as_option
@now_option
@click.option("--json", "as_json", is_flag=True)
def retire(lesson: str, version: int, starts_on: datetime, nations: tuple[str, ...], areas: tuple[str, ...],
           why: str, user: str, now: datetime | None, as_json: bool) -> None:  # fmt: skip
    """Sign that LESSON shall no longer run. It ends once a second person has signed the same terms."""
    _sign("retire", lesson, version, starts_on, nations, areas, "", why, user, now, as_json)


def _sign(what: str, lesson: str, version: int, starts_on: datetime, nations: tuple[str, ...], areas: tuple[str, ...],
          sha256: str, why: str, user: str, now: datetime | None, as_json: bool) -> None:  # fmt: skip
    setup()
    from wholechild.patterns.life import actions
    from wholechild.patterns.life.queries import exact_text

    at = moment(now)
    with _refusals(as_json):
        viewer = _viewer(user, at)
        found = exact_text(viewer, lesson, version, sha256)
        if found is None:
            raise actions.Refused(
                f"Nobody proposed version {version} of {lesson}. `wholechild lessons history {lesson}` lists what was."
            )
        terms = actions.Terms(lesson, version, found.sha256, starts_on.date(), nations, areas)
        act = actions.adopt if what == "adopt" else actions.retire
        signed = act(by=viewer, purpose=viewer.purpose, at=at, terms=terms, why=why, salts=salts)
    if as_json:
        print_json(
            {"ok": True, "decision": signed.decision, "complete": signed.complete, "sha256": found.sha256}
        )
    elif signed.complete:
        click.echo(
            "Signed by two people: "
            + ("it runs" if what == "adopt" else "it no longer runs")
            + f" from {say_day(starts_on.date())}."
        )
    else:
        click.echo("Signed by one person. It counts once somebody else has signed the same terms.")


@command.command()
@click.argument("lesson")
@now_option
@click.option("--json", "as_json", is_flag=True)
def history(lesson: str, now: datetime | None, as_json: bool) -> None:
    """Print the life of LESSON: who proposed which text when, who adopted and retired it where, and what came of its matches."""
    setup()
    from wholechild.patterns.life.queries import lives

    found = lives(system("lessons"), moment(now), lesson)
    if not found:
        click.echo(f"No version of {lesson!r} was ever proposed here.", err=True)
        leave(Exit.BAD_USAGE)
    life = found[0]
    if as_json:
        print_json({**asdict(life), "state": life.state})
        return
    click.echo(f"{life.title} ({life.lesson}): {life.state}")
    for version, places in life.running:
        click.echo(f"  version {version} runs in {', '.join(places)}")
    for when, words in sorted(_events(life), key=lambda event: event[0]):
        click.echo(f"{when:%Y-%m-%d %H:%M}  {words}")
    for version, raised in sorted(life.matches.items()):
        said = ", ".join(
            f"{OUTCOMES[name].lower()}: {n}" for name, n in sorted(life.outcomes.get(version, {}).items())
        )
        click.echo(
            f"  version {version} raised {raised:,} matches; {said or 'nobody has said what came of them'}"
        )


def _events(life: LessonLife) -> Iterator[tuple[datetime, str]]:
    for one in life.proposals:
        yield (
            one.proposed_at,
            f"version {one.version} proposed by {one.proposed_by} ({one.role}): {one.why} [{one.sha256[:12]}]",
        )
    for signed in life.decisions:
        terms = f"version {signed.version} [{signed.sha256[:12]}] in {', '.join(signed.places)} from {signed.starts_on or 'the beginning'}"
        yield (
            signed.first_at,
            f"{signed.decision} {terms}: signed by {signed.first_by} ({signed.first_role}): {signed.why}",
        )
        if signed.second_at:
            yield (
                signed.second_at,
                f"{signed.decision} {terms}: second signature by {signed.second_by} ({signed.second_role})",
            )


@command.command()
@click.argument("lesson")
@click.argument("one", type=click.IntRange(min=1))
@click.argument("other", type=click.IntRange(min=1))
@click.option("--json", "as_json", is_flag=True)
def compare(lesson: str, one: int, other: int, as_json: bool) -> None:
    """Print how version ONE and version OTHER of LESSON differ: in their texts, and in what they mean."""
    setup()
    from wholechild.patterns.life.queries import exact_text

    texts = [exact_text(system("lessons"), lesson, version) for version in (one, other)]
    missing = [version for version, text in zip((one, other), texts, strict=True) if text is None]
    if missing:
        click.echo(f"Version {missing[0]} of {lesson!r} was never proposed here.", err=True)
        leave(Exit.BAD_USAGE)
    difference = compare_texts(*(text.text for text in texts if text))
    if as_json:
        print_json(asdict(difference))
        return
    for heading, rows in (("What it means", difference.meaning), ("The text", difference.text)):
        click.echo(f"{heading}: " + ("the same" if not around(rows) else ""))
        for group in around(rows):
            for row in group:
                _print_row(row)
            click.echo()


def _print_row(row: Row) -> None:
    if row.kind == SAME:
        click.echo(f"  {row.left_line:4} {row.left}")
        return
    if row.left_line:
        click.echo(f"- {row.left_line:4} {row.left}")
    if row.right_line:
        click.echo(f"+ {row.right_line:4} {row.right}")


# -- parts ---------------------------------------------------------------------------------------------------------------


def _text_of(file: Path) -> str:
    """A file that somebody means to propose. Exit 1, with what to do, where it cannot be read at all."""
    if not file.is_file():
        click.echo(
            f"{file.name} is not beside the lesson. Write it: a lesson is proposed with its examples.",
            err=True,
        )
        leave(Exit.CHECK_FAILED)
    if file.stat().st_size > MOST_BYTES:
        click.echo(
            f"{file.name}, line 1: the file is larger than {MOST_BYTES // 1024:,} KiB. Shorten it.", err=True
        )
        leave(Exit.CHECK_FAILED)
    content = file.read_bytes()
    try:
        return content.decode()
    except UnicodeDecodeError as wrong:
        line = content.count(b"\n", 0, wrong.start) + 1
        click.echo(
            f"{file.name}, line {line}: byte {wrong.start + 1:,} is not UTF-8. Save the file as UTF-8.",
            err=True,
        )
        leave(Exit.CHECK_FAILED)


def _viewer(user: str, at: datetime) -> Viewer:
    from wholechild.patterns.life.actions import NotYours
    from wholechild.trust.queries import viewer_for

    viewer = viewer_for(user, "child_safeguarding_review", at)
    if viewer is None:
        raise NotYours(f"The account {user!r} holds no role here.")
    return viewer


@contextmanager
def _refusals(as_json: bool) -> Iterator[None]:
    """What is refused is said, every reason on its line, and ends with exit 1."""
    from wholechild.patterns.life.actions import Refused

    try:
        yield
    except Refused as wrong:
        if as_json:
            print_json({"ok": False, "reasons": list(wrong.reasons)})
        for reason in () if as_json else wrong.reasons:
            click.echo(reason, err=True)
        leave(Exit.CHECK_FAILED)
