"""Small made-up families as two or three agencies would send them, and lessons to read them with."""

from __future__ import annotations

from datetime import UTC, date, datetime
from random import Random
from typing import Any, Final

from tests.databases import AT
from tests.feeds import as_ndjson
from tests.spec.spec_pages import condition_of
from wholechild.patterns.language.lesson import Lesson, NextStep

POLICE: Final = {"agency": "police", "area": "Northmoor"}
HOSPITAL: Final = {"agency": "hospital_ed", "area": "Eastvale", "unit": "Royal Infirmary"}
VISITOR: Final = {"agency": "health_visiting", "area": "Northmoor"}
SCHOOL: Final = {"agency": "school", "area": "Northmoor", "unit": "Oakfield Primary"}
AMY: Final = {"given_name": "Amy", "family_name": "Amble", "born": "2021-05-10", "nhs_number": "9990000018"}
MOTHER: Final = {"given_name": "Mary", "family_name": "Amble", "born": "1995-02-03", "role": "mother"}
EVERYONE: Final = {"by": "tester", "purpose": "safeguarding_concern", "salts": Random(2).randbytes}


def moment(day: str) -> datetime:
    """Nine in the morning of a day, in UTC."""
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC).replace(hour=9)


def sent(sender: dict[str, str], row: str, reference: str, **more: Any) -> dict[str, Any]:
    return {"row": row, **sender, "reference": reference, **more}


def violence(reference: str = "L-1", happened: str = "2026-01-10", **more: Any) -> dict[str, Any]:
    said = {
        "kind": "domestic_abuse.incident",
        "happened": happened,
        "subject": "K-1",
        "what": "Shouting heard.",
    }
    return sent(POLICE, "record", reference, **{**said, **more})


def bruise(reference: str = "E-1", happened: str = "2026-02-01", **more: Any) -> dict[str, Any]:
    said = {"kind": "injury.bruise_unexplained", "happened": happened, "subject": "P-1", "what": "Left arm."}
    return sent(HOSPITAL, "record", reference, **{**said, **more})


#: The police know a call about violence; the hospital knows a bruise. Both know Amy, each by an id of its own.
FROM_POLICE: Final = [sent(POLICE, "person", "K-1", **AMY, role="child"), violence()]
FROM_HOSPITAL: Final = [sent(HOSPITAL, "person", "P-1", **AMY), bruise()]
TWO_AGENCIES: Final = as_ndjson([*FROM_POLICE, *FROM_HOSPITAL])


def lesson(name: str, condition: object) -> Lesson:
    step = NextStep("Speak with each other.", "social_worker", "1 working day")
    return Lesson(
        name, 1, f"Lesson {name}", date(2026, 1, 1), None, ("england",), "tester", (), condition_of(condition),
        "{count} records by {agencies}", step, ("An accident.",), ("Seen and well.",), ("A fair.",),
    )  # fmt: skip


def at_least(of: str, within: str = "12 months") -> dict[str, Any]:
    return {"count": {"of": [of], "about": "child", "at_least": 1, "within": within}}


#: Holds only where what two agencies know lies side by side.
JOINED: Final = lesson("joined", {"all": [at_least("domestic_abuse.*"), at_least("injury.*")]})
BRUISED: Final = lesson("bruised", at_least("injury.*", "30 days"))


def amy(identity: str = "P-1", sender: dict[str, str] = HOSPITAL) -> str:
    """The person whom an identity is linked to."""
    from wholechild.people.models import Link, Unlink
    from wholechild.records.facts import Agency
    from wholechild.records.ids import identity_id

    agency = Agency(sender["agency"], sender["area"], sender.get("unit", "")).id
    ended = Unlink.objects.values("link")
    link = Link.objects.exclude(pk__in=ended).get(identity=identity_id(agency, identity))
    return str(link.person)


def take_snapshot(at: datetime) -> None:
    """What is noted of a snapshot: that it was begun, and that it is whole."""
    begin_a_snapshot(at)
    from wholechild.patterns.actions import seal_snapshot
    from wholechild.trust.viewers import system

    seal_snapshot(
        by=system("tests"), purpose="analysis", at=at, snapshot="snap-1", head="1:00", manifest_sha256="0" * 64, children=1,
        salts=EVERYONE["salts"],
    )  # fmt: skip


def begin_a_snapshot(at: datetime) -> None:
    from wholechild.patterns.actions import begin_snapshot
    from wholechild.trust.viewers import system

    begin_snapshot(by=system("tests"), purpose="analysis", at=at, snapshot="snap-1", salts=EVERYONE["salts"])


def note(at: datetime, *lessons: Lesson) -> Any:
    """Evaluate these lessons over every child, as `wholechild match` does."""
    from wholechild.patterns.actions import evaluate_children
    from wholechild.patterns.queries import everyone_evaluated
    from wholechild.trust.viewers import system

    everybody = everyone_evaluated(system("match"), at)
    return evaluate_children(at=at, children=everybody, lessons=lessons, **EVERYONE)


def history_of(person: str, at: datetime) -> Any:
    from wholechild.patterns.queries import histories
    from wholechild.trust.viewers import system

    return next(histories(system("match"), [person], at))


def picture_of(person: str, day: str, at: datetime, *lessons: Lesson) -> Any:
    """The picture as the software reads it: nothing is held back from it."""
    from wholechild.patterns.queries import child_picture
    from wholechild.trust.viewers import system

    return child_picture(
        viewer=system("match"), person=person, as_known_at=date.fromisoformat(day), at=at, lessons=lessons
    )


def seat(user: str, role: str, agency: str, at: datetime, **relations: str) -> Any:
    """Somebody with a role at an agency, who stands in some relations: `teaches="person-…"`. Gives the viewer."""
    from wholechild.trust.actions import appoint, relate
    from wholechild.trust.queries import viewer_for

    appoint(at=at, user=user, role=role, agency=agency, authority="tests", **EVERYONE)
    for relation, person in relations.items():
        relate(at=at, user=user, relation=relation, persons=[person], authority="tests", **EVERYONE)
    return viewer_for(user, "safeguarding_concern", at)


def signed_in(role: str) -> Any:
    """A browser in which somebody with this role at the council is signed in; the same person each time."""
    from django.contrib.auth.models import User
    from django.test import Client

    name = f"u-{role}"
    if not User.objects.filter(username=name).exists():
        seat(name, role, "council/Northmoor", AT)
        User.objects.create_user(name)
    client = Client()
    client.force_login(User.objects.get(username=name), "django.contrib.auth.backends.ModelBackend")
    return client


def counts() -> dict[str, int]:
    """How many rows each fact table and the ledger has: to show that nothing was left behind."""
    from wholechild.trust.models import LedgerCheckpoint, LedgerLeaf
    from wholechild.trust.queries import fact_tables

    tables = [*fact_tables(), LedgerLeaf, LedgerCheckpoint]
    return {model._meta.db_table: model._default_manager.count() for model in tables}
