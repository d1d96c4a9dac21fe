"""`wholechild demo`: three published cases and a small ordinary area, what was visible when, and the pages.

What it makes is made once: a later run finds everything known already, and prints from what lies there.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import click

from wholechild.cli.match import as_plain, count_rates
from wholechild.cli.ordinary_area import load_area
from wholechild.cli.output import console, progressing
from wholechild.cli.replay import print_replay
from wholechild.cli.snapshot import take
from wholechild.cli.system import moment, now_option, salts
from wholechild.cli.worker import work_off
from wholechild.config.django import setup
from wholechild.config.home import home
from wholechild.config.paths import CASES, LESSONS
from wholechild.lib.civil import say_day
from wholechild.patterns.language.lesson import Lesson
from wholechild.patterns.library import read_library
from wholechild.patterns.replay import replay
from wholechild.records.feeds.chronology import read_chronology
from wholechild.trust.viewers import system
from wholechild.world.identifiers import NhsNumbers

CHILDREN: Final = 600
SEED: Final = 2013
AREA: Final = "Northmoor"
_BY: Final = "system:demo"
_PURPOSE: Final = "independent_scrutiny"
_STORY: Final = (
    "Each table shows, for one published review, from which day a pattern could have been seen had the records been shared\n"
    "when they were written, and when any one of the agencies could have seen it from its own records alone.\n"
    "It is not evidence of prediction: docs/explanation/replays.md says how to read it."
)


@click.command()
@click.option("--serve/--no-serve", default=True, help="Serve the pages afterwards.")
@click.option("--port", type=int, default=8000, show_default=True)
@click.option(
    "--children",
    type=click.IntRange(50, 20_000),
    default=CHILDREN,
    show_default=True,
    help="How many children the ordinary area has.",
)
@now_option
def command(serve: bool, port: int, children: int, now: datetime | None) -> None:
    """Load the published cases and a small synthetic area, print what was visible when, and serve the pages."""
    os.environ["WHOLECHILD_DEMO"] = "1"
    setup()
    at = moment(now)
    lessons = [folder.lesson for folder in read_library(LESSONS).lessons]
    plan = _plan(children, at)
    if not plan.done:
        _load_cases(at)
        _load_area(plan, at)
        _load_doubtful(plan, at)
        _people(at)
        click.echo("Evaluating the lessons for every child …", err=True)
        work_off(at)
        _snapshot(at)
        plan.finish()
    _print_cases(lessons)
    _print_rates(plan, lessons, at)
    if serve:
        _serve(port)


# -- what the demo is ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Plan:
    """What this home's demo was made of, kept beside its data so that a later run is the same demo."""

    path: Path
    children: int
    until: date
    done: bool

    def finish(self) -> None:
        self.done = True
        kept = {"children": self.children, "until": self.until.isoformat()}
        self.path.write_text(json.dumps(kept) + "\n", encoding="utf-8")


def _plan(children: int, at: datetime) -> _Plan:
    path = home() / "demo.json"
    if path.exists():
        kept = json.loads(path.read_text(encoding="utf-8"))
        return _Plan(path, kept["children"], date.fromisoformat(kept["until"]), done=True)
    return _Plan(path, children, at.date() - timedelta(days=1), done=False)


# -- loading -----------------------------------------------------------------------------------------------------------


def _load_cases(at: datetime) -> None:
    from wholechild.people.actions import link_new_identities
    from wholechild.records.actions import ingest

    for path in progressing(sorted(CASES.glob("*.yaml")), total=3, label="Reading the published cases"):
        ingest(by=_BY, purpose=_PURPOSE, at=at, path=path, key=f"demo/{path.name}", salts=salts)
    link_new_identities(by=_BY, purpose=_PURPOSE, at=at, salts=salts)


def _load_area(plan: _Plan, at: datetime) -> None:
    """The ordinary area as its agencies would have sent it, learnt as if shared when written."""
    with tempfile.TemporaryDirectory(prefix="wholechild-demo-") as folder:
        load_area(plan.children, SEED, until=plan.until, area=AREA, folder=Path(folder), at=at)


def _load_doubtful(plan: _Plan, at: datetime) -> None:
    """Three visits to another hospital, under names and birthdays of children of the area, with NHS numbers that are not theirs.

    No machine may say that these are the same children, so somebody has to: the page for that is not empty.
    """
    from wholechild.people.actions import link_new_identities
    from wholechild.people.queries import children_like
    from wholechild.records.actions import ingest

    numbers = NhsNumbers(SEED + 1)
    sender = {"agency": "hospital_ed", "area": "Eastvale", "unit": "Eastvale General"}
    rows: list[dict[str, Any]] = []
    for n, known in enumerate(children_like(system("demo"), AREA, 3), 1):
        rows += [
            {"row": "person", **sender, "reference": f"V-{n}", **known, "nhs_number": numbers.take(), "role": "child"},
            {
                "row": "record", **sender, "reference": f"A-{n}", "kind": "health.ed_attendance", "subject": f"V-{n}",
                "happened": (plan.until - timedelta(days=30 * n)).isoformat(), "what": "Seen and sent home.",
            },
        ]  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="wholechild-demo-") as folder:
        path = Path(folder) / "eastvale.ndjson"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        ingest(
            by=_BY,
            purpose=_PURPOSE,
            at=at,
            path=path,
            key="demo/eastvale.ndjson",
            salts=salts,
            learnt_when_written=True,
        )
    link_new_identities(by=_BY, purpose=_PURPOSE, at=at, salts=salts)


# -- the people of the demo ----------------------------------------------------------------------------------------------

#: account -> role, relation (empty: to no child), and the kind of agency through whose records the children are theirs
#: (empty: everybody)
_ACCOUNTS: Final = {
    "demo-teacher": ("designated_safeguarding_lead", "teaches", "school"),
    "demo-health-visitor": ("health_visitor", "caseload", "health_visiting"),
    "demo-social-worker": ("duty_social_worker", "duty", ""),
    "demo-scrutineer": ("independent_scrutineer", "oversight", ""),
    "demo-reviewer": ("linkage_reviewer", "duty", ""),
    "demo-coordinator": ("hub_coordinator", "duty", ""),
    "demo-analyst": ("panel_analyst", "", ""),
    "demo-director": ("director_of_childrens_services", "", ""),
    "demo-partnership": ("partnership_manager", "", ""),
}


def _people(at: datetime) -> None:
    """The accounts, with no password, and the children whom each of them works with."""
    from django.contrib.auth.models import User

    from wholechild.trust.actions import appoint, relate
    from wholechild.trust.permissions import EVERYBODY

    for user, (role, relation, kind) in _ACCOUNTS.items():
        if not User.objects.filter(username=user).exists():
            account = User(username=user)
            account.set_unusable_password()
            account.save()
        agency, persons = _caseload(kind) if kind else (f"local_authority/{AREA}", [EVERYBODY])
        appoint(
            by=_BY,
            purpose=_PURPOSE,
            at=at,
            user=user,
            role=role,
            agency=agency,
            authority="the demo",
            salts=salts,
        )
        if not relation:
            continue
        relate(
            by=_BY,
            purpose=_PURPOSE,
            at=at,
            user=user,
            relation=relation,
            persons=persons,
            authority="the demo",
            salts=salts,
        )


def _caseload(kind: str) -> tuple[str, list[str]]:
    """The agency of a kind that holds the most children, with those children, and those of the published cases."""
    from wholechild.people.queries import children_of_agencies

    held = children_of_agencies(system("caseload"), kind, datetime.max.replace(tzinfo=UTC))
    own = max((a for a in held if Path(a).parts[1] == AREA), key=lambda agency: (len(held[agency]), agency))
    published = {p for agency, persons in held.items() if Path(agency).parts[1] != AREA for p in persons}
    return own, sorted(set(held[own]) | published)


def _snapshot(at: datetime) -> None:
    """A snapshot of what the demo holds, so that a lesson can be tried on past records from its page."""
    from django.conf import settings

    folder = settings.WHOLECHILD_SNAPSHOTS / "demo"
    if not folder.exists():
        take(folder, "", [], at, processes=2, with_truth=False)


# -- printing ------------------------------------------------------------------------------------------------------------


def _print_cases(lessons: Sequence[Lesson]) -> None:
    click.echo(f"\n{_STORY}")
    for path in sorted(CASES.glob("*.yaml")):
        print_replay(replay(read_chronology(path.read_bytes(), name=path.name), lessons))
    click.echo("\n`wholechild replay cases/pelka.yaml --full` prints the records behind each line.")


def _print_rates(plan: _Plan, lessons: Sequence[Lesson], at: datetime) -> None:
    """How often the same lessons speak about the ordinary area; worked out once for these lessons, then kept."""
    key = sha256("".join(repr(lesson) for lesson in lessons).encode()).hexdigest()[:16]
    path = home() / f"demo-rates-{key}.json"
    if not path.exists():
        counted = as_plain(count_rates(lessons, at, 3), lessons, 3)
        path.write_text(json.dumps(counted, default=str) + "\n", encoding="utf-8")
    rates: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    console().print(
        f"\n[bold]The same lessons on an ordinary area[/bold] (synthetic, {rates['children']:,} children, "
        f"{say_day(date.fromisoformat(rates['from']))} to {say_day(plan.until)}):\n"
        f"{rates['total']:.1f} alerts per 1,000 children a year over all {len(lessons)} lessons; "
        f"{rates['children_with_an_alert']:,} children had one. Per lesson:"
    )
    spoke = sorted(rates["per_lesson"].items(), key=lambda item: -item[1])
    for lesson, rate in spoke:
        if rate:
            click.echo(f"  {rate:6.2f}  {lesson}")
    silent = sum(not rate for _, rate in spoke)
    click.echo(
        f"  {silent} lessons did not speak. A small area says little about rare alerts: docs/explanation/replays.md has 20,000 children."
    )


def _serve(port: int) -> None:
    from wholechild.cli.serve import command as serve

    click.echo("\nThe pages: choose who you are, and look at a child of a published case or of the area.")
    serve.main(args=["--port", str(port)], standalone_mode=False)
