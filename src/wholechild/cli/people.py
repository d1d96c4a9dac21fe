"""`wholechild people`: say who a person is made of and why; join two, part one, agree as the second person, undo."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from wholechild.cli.output import Exit, leave, print_json
from wholechild.cli.system import moment, now_option, salts
from wholechild.config.django import setup
from wholechild.lib.civil import LONDON, say_day

if TYPE_CHECKING:
    from wholechild.patterns.queries import WorklistItem
    from wholechild.people.deciding.actions import Made
    from wholechild.people.deciding.decisions import Decided
    from wholechild.people.deciding.queries import Consequences
    from wholechild.people.families.around import Bond, Claim, FamilyAround, Home
    from wholechild.trust.viewers import Viewer

PURPOSE: Final = "identity_check"
_user = click.option(
    "--user", required=True, help="The account that looks or decides: what it may is what is done."
)
_why = click.option("--why", required=True, help="Why, in a sentence; kept for whoever looks later.")
_yes = click.option("--yes", is_flag=True, help="Do it. Without this, only what would change is printed.")
_json = click.option("--json", "as_json", is_flag=True)


@click.group()
def command() -> None:
    """Who is who: look at it, and decide about it. Ids only: no command prints a name."""


@command.command()
@click.argument("person")
@_user
@now_option
@_json
def explain(person: str, user: str, now: datetime | None, as_json: bool) -> None:
    """Say which records PERSON (an id) is made of, and why each is. The look is recorded."""
    at, viewer = _viewer(user, now)
    from wholechild.people.comparing.words import in_words
    from wholechild.people.deciding.actions import open_explained

    found = open_explained(
        by=viewer, purpose=PURPOSE, at=at, person=person, route="command people explain", salts=salts
    )
    if found is None:
        click.echo("There is nobody by that id whom this account may know of.", err=True)
        leave(Exit.CHECK_FAILED)
    plain = asdict(found)
    for one, possible in zip(plain["possible"], found.possible, strict=True):
        one["in_words"] = [in_words(part).sentence for part in possible.weighed.contributions]
    plain["decided"] = [_decision(one) for one in found.decided]
    if as_json:
        print_json(plain)
        return
    for one in found.linked:
        click.echo(
            f"{one.identity}  {one.agency}: {one.records:,} records. {one.evidence} since {say_day(one.linked_at.date())}, by {one.by}"
        )
    for said in found.decided:
        click.echo(
            f"Decided on {say_day(said.decided_at.date())} by {said.by}: {said.decision}, {' and '.join(said.pair)}. {said.why}"
        )
    for number, possible in enumerate(found.possible):
        click.echo(
            f"May also be {' or '.join(sorted(set(possible.persons) - {person}))}; nobody has decided. {' '.join(plain['possible'][number]['in_words'])}"
        )
    for other in found.moved_to:
        click.echo(f"No record is left here; they are with {other} now.")


@command.command()
@click.argument("child")
@click.option(
    "--as-known-at",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Only what could be known by the end of this day.",
)
@_user
@now_option
@_json
def family(child: str, as_known_at: datetime | None, user: str, now: datetime | None, as_json: bool) -> None:
    """List the people around CHILD (an id), what each is, and who says so; the list of the family map. The look is recorded."""
    at, viewer = _viewer(user, now, "direct_care")
    from wholechild.people.families.actions import open_family

    day = as_known_at.date() if as_known_at else at.astimezone(LONDON).date()
    found = open_family(
        by=viewer,
        purpose=viewer.purpose,
        at=at,
        person=child,
        as_known_at=day,
        route="command people family",
        salts=salts,
    )
    if found is None:
        click.echo("There is nobody by that id whom this account may know of.", err=True)
        leave(Exit.CHECK_FAILED)
    if as_json:
        print_json(_without_names(asdict(found)))
    else:
        _print_family(found)


@command.command()
@click.argument("person")
@click.option(
    "--identity",
    "identities",
    multiple=True,
    required=True,
    help="A record that is about somebody else; may be given again.",
)
@_user
@_why
@_yes
@now_option
@_json
def split(person: str, identities: Sequence[str], user: str, why: str, yes: bool, now: datetime | None, as_json: bool) -> None:  # fmt: skip
    """Part the records of PERSON. Prints what would change; with --yes it waits for a second person."""
    at, viewer = _viewer(user, now)
    from wholechild.people.deciding.actions import drawn_up_split, split_person

    with _refusals():
        more = drawn_up_split(
            by=viewer, purpose=PURPOSE, at=at, person=person, identities=identities, why=why
        )
        changes, matches = _changes(viewer, at, more)
        made = None
        if yes:
            made = split_person(
                by=viewer, purpose=PURPOSE, at=at, person=person, identities=identities, why=why, salts=salts
            )
    _print(changes, matches, made, as_json)


@command.command()
@click.argument("one")
@click.argument("other")
@_user
@_why
@_yes
@now_option
@_json
def link(one: str, other: str, user: str, why: str, yes: bool, now: datetime | None, as_json: bool) -> None:
    """Decide that ONE and OTHER (ids of identities) are one person. Prints what would change; --yes does it."""
    at, viewer = _viewer(user, now)
    from wholechild.people.deciding.actions import decide_pair, drawn_up_pair
    from wholechild.people.deciding.decisions import SAME

    with _refusals():
        more = drawn_up_pair(by=viewer, purpose=PURPOSE, at=at, one=one, other=other, decision=SAME, why=why)
        changes, matches = _changes(viewer, at, more)
        made = None
        if yes:
            made = decide_pair(
                by=viewer, purpose=PURPOSE, at=at, one=one, other=other, decision=SAME, why=why, salts=salts
            )
    _print(changes, matches, made, as_json)


@command.command()
@click.argument("decision")
@_user
@click.option("--why", default="", help="Why you agree.")
@now_option
@_json
def second(decision: str, user: str, why: str, now: datetime | None, as_json: bool) -> None:
    """Agree with DECISION as the second person: then it is carried out."""
    at, viewer = _viewer(user, now)
    from wholechild.people.deciding.actions import second_decision

    with _refusals():
        made = second_decision(by=viewer, purpose=PURPOSE, at=at, decision=decision, why=why, salts=salts)
    _print(None, (), made, as_json)


@command.command()
@click.argument("decision")
@_user
@_why
@now_option
@_json
def undo(decision: str, user: str, why: str, now: datetime | None, as_json: bool) -> None:
    """Take DECISION back. What two people have decided, one cannot undo."""
    at, viewer = _viewer(user, now)
    from wholechild.people.deciding.actions import undo_decision

    with _refusals():
        made = undo_decision(by=viewer, purpose=PURPOSE, at=at, decision=decision, why=why, salts=salts)
    _print(None, (), made, as_json)


# -- parts -----------------------------------------------------------------------------------------------------------------


def _viewer(user: str, now: datetime | None, purpose: str = PURPOSE) -> tuple[datetime, Viewer]:
    setup()
    from wholechild.trust.queries import viewer_for

    at = moment(now)
    viewer = viewer_for(user, purpose, at)
    if viewer is None:
        click.echo("This account holds no role, and so may do nothing here.", err=True)
        leave(Exit.CHECK_FAILED)
    return at, viewer


@contextmanager
def _refusals() -> Iterator[None]:
    """What is refused is said on stderr, with exit 1."""
    from wholechild.trust.refusals import Refused

    try:
        yield
    except Refused as wrong:
        for reason in wrong.reasons:
            click.echo(reason, err=True)
        leave(Exit.CHECK_FAILED)


def _changes(
    viewer: Viewer, at: datetime, more: Sequence[Decided]
) -> tuple[Consequences, Sequence[WorklistItem]]:
    from wholechild.patterns.queries import matches_resting_on
    from wholechild.people.deciding.actions import preview

    changes = preview(by=viewer, purpose=PURPOSE, at=at, more=more)
    return changes, matches_resting_on(viewer, changes.records, at)


def _decision(one: Decided) -> dict[str, Any]:
    return {
        "id": one.id, "identities": list(one.pair), "decision": one.decision, "why": one.why, "by": one.by,
        "decided_at": one.decided_at, "needs_second": one.needs_second, "seconded_by": one.seconded_by,
        "undone_at": one.undone_at,
    }  # fmt: skip


def _print(
    changes: Consequences | None, matches: Sequence[WorklistItem], made: Made | None, as_json: bool
) -> None:
    if as_json:
        print_json({
            "changes": None if changes is None else {
                "moves": [asdict(move) for move in changes.moves], "records": list(changes.records),
                "matches": [{"match": one.match, "person": one.person, "lesson": one.lesson} for one in matches],
                "told": [asdict(one) for one in changes.told], "works_with": dict(changes.works_with),
            },
            "done": None if made is None else asdict(made),
        })  # fmt: skip
        return
    if changes is not None:
        for move in changes.moves:
            click.echo(f"{move.identity} ({move.agency}): from {move.now} to {move.to}")
        click.echo(
            f"{len(changes.records):,} records would stand in another picture; {len(matches):,} open matches rest on one of them."
        )
        for told in changes.told:
            click.echo(
                f"To be told: {told.user} ({told.role}), shown {told.times:,} times, last on {say_day(told.last_at.date())}"
            )
    if made is None:
        click.echo("Nothing was changed. --yes does it.")
    elif made.complete:
        click.echo(
            f"{made.decision} is carried out: {len(made.moved):,} records' identities moved. `wholechild worker` or `match` works out the patterns."
        )
    else:
        click.echo(
            f"{made.decision} waits for a second person: wholechild people second {made.decision} --user …"
        )


# -- a family --------------------------------------------------------------------------------------------------------------


def _without_names(value: Any) -> Any:
    """The same without names and birthdays: this command prints ids only."""
    if isinstance(value, dict):
        return {key: _without_names(one) for key, one in value.items() if key not in ("name", "born")}
    return [_without_names(one) for one in value] if isinstance(value, list | tuple) else value


def _print_family(found: FamilyAround) -> None:
    click.echo(f"{found.child}, as known on {say_day(found.as_known_at)}")
    for one in found.people:
        click.echo(one.person)
        for line in (*map(_bond_line, one.bonds), *map(_home_line, one.homes)):
            click.echo(f"  {line}")
        for other in one.elsewhere:
            click.echo(f"  also known with {other.person}")
            for line in (*map(_bond_line, other.bonds), *map(_home_line, other.homes)):
                click.echo(f"    {line}")
    if not found.people:
        click.echo("No agency has said who belongs to this child. That is not that nobody does.")
    if not found.reads_places:
        click.echo("This account may not see where the child is, so shared addresses are not listed.")


def _bond_line(bond: Bond) -> str:
    title = f"has this child as {bond.title.lower()}" if bond.of_child else bond.title
    return f"{title}: {bond.standing}; {bond.basis}{_claims(bond.said)}"


def _home_line(home: Home) -> str:
    words = "lived together" if home.basis == "stated by an agency" else "may have lived together"
    return f"{words}{_span(home.since, home.until)}: {home.standing}; {home.basis}{_claims(home.said)}"


def _claims(said: Sequence[Claim]) -> str:
    return "".join(
        f"; {one.agency or 'a published review'} ({one.statement or 'no row'}){_span(one.since, one.until)}"
        for one in said
    )


def _span(since: date | None, until: date | None) -> str:
    return (f" from {say_day(since)}" if since else "") + (f" to {say_day(until)}" if until else "")
