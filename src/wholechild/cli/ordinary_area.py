"""Making a synthetic area and loading its feeds, for the commands that need one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from wholechild.cli.output import progressing
from wholechild.cli.system import salts

if TYPE_CHECKING:
    from wholechild.world.area import Made, Plan, Stories

BY: Final = "system:seed-world"
_PURPOSE: Final = "data_quality"


def load_area(
    children: int,
    seed: int,
    *,
    until: date,
    area: str,
    folder: Path,
    at: datetime,
    years: int = 5,
    gaps: bool = False,
    stories: Stories | None = None,
) -> Made:
    """Make the area's feeds in the folder, load them as if shared when written, and link the people in them.

    Shape    doing it again with the same arguments loads nothing: every row is already known.
    """
    from wholechild.people.actions import link_new_identities
    from wholechild.records.actions import ingest
    from wholechild.world.area import Plan

    plan = Plan(children, seed, years=years, until=until, area=area, gaps=gaps, stories=stories)
    made = made_area(plan, folder)
    kind = ("" if years == 5 else f"/{years} years") + ("/gaps" if gaps else "")
    kind += f"/{stories.said}" if stories else ""
    for path in progressing(made.paths, total=len(made.paths), label="Loading its feeds"):
        key = f"world/{area}/{seed}/{children}/{until}{kind}/{path.name}"
        ingest(by=BY, purpose=_PURPOSE, at=at, path=path, key=key, salts=salts, learnt_when_written=True)
    _set_contacts(json.loads((folder / "contacts.json").read_text(encoding="utf-8")), at)
    link_new_identities(by=BY, purpose="identity_check", at=at, salts=salts)
    return made


def made_area(plan: Plan, folder: Path) -> Made:
    """The area's feeds, written to the folder, with a bar that counts children."""
    from wholechild.world.area import Made, make

    made = Made.nothing(plan)
    label = "Making an area" if plan.stories else "Making an ordinary area"
    steps = _child_by_child(make(plan, folder))
    for made in progressing(steps, total=plan.children, label=label):  # noqa: B007 - the last one counts
        pass
    return made


def _child_by_child(steps: Iterator[Made]) -> Iterator[Made]:
    """The same steps, each as often as it brought children."""
    before = 0
    for made in steps:
        yield from [made] * (made.children - before)
        before = made.children


def _set_contacts(contacts: dict[str, dict[str, str]], at: datetime) -> None:
    from wholechild.records.actions import set_contact
    from wholechild.records.queries import contacts as known_contacts
    from wholechild.trust.viewers import system

    known = known_contacts(system("seed-world"))
    for agency, contact in contacts.items():
        if agency not in known:
            set_contact(
                by=BY, purpose=_PURPOSE, at=at, agency=agency, salts=salts, contact_role=contact.get("contact_role", ""),
                phone=contact.get("phone", ""), hours=contact.get("hours", ""),
            )  # fmt: skip
