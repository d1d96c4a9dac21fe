"""A few records of children who may be one, with who may decide about them: for the tests of deciding."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from tests.databases import AT
from tests.feeds import as_ndjson
from tests.integration.worlds import (
    AMY,
    EVERYONE,
    HOSPITAL,
    POLICE,
    SCHOOL,
    VISITOR,
    bruise,
    seat,
    sent,
    violence,
)
from wholechild.people.deciding.decisions import pair_of

WHY: Final = "The school rang the health visitor: the same mother brings them."
PURPOSE: Final = "identity_check"
#: A child whom four agencies know: two of them alike enough to be linked by machine, two not.
AT_SCHOOL: Final = {"given_name": "Zara", "family_name": "Quill", "born": "2019-11-05", "postcode": "EV5 5ZZ"}
VISITED: Final = {"given_name": "Ami", "family_name": "Amble", "born": "2021-05-21", "postcode": "NM1 2AB"}
ROWS: Final = [
    sent(POLICE, "person", "K-1", **AMY, role="child"),
    sent(HOSPITAL, "person", "P-1", **AMY),
    sent(SCHOOL, "person", "S-1", **AT_SCHOOL, role="child"),
    sent(VISITOR, "person", "V-1", **VISITED, role="child"),
    violence(),
    bruise(),
    sent(
        VISITOR,
        "record",
        "R-1",
        kind="contact.no_access_visit",
        happened="2026-02-03",
        subject="V-1",
        what="No answer.",
    ),
]
SENDERS: Final = {"K-1": POLICE, "P-1": HOSPITAL, "S-1": SCHOOL, "V-1": VISITOR}


def who(local: str) -> str:
    """The id of an identity of the world."""
    from wholechild.records.facts import Agency
    from wholechild.records.ids import identity_id

    sender = SENDERS[local]
    return identity_id(Agency(sender["agency"], sender["area"], sender.get("unit", "")).id, local)


def person(local: str) -> str:
    from wholechild.people.deciding.queries import persons_now

    return persons_now([who(local)])[who(local)]


def persons() -> dict[str, str]:
    """local id -> the person that it is now."""
    from wholechild.people.deciding.queries import persons_now

    found = persons_now([who(local) for local in SENDERS])
    return {local: found[who(local)] for local in SENDERS}


def together() -> set[frozenset[str]]:
    """Who is one person now, by local ids."""
    now = persons()
    return {frozenset(local for local in now if now[local] == one) for one in now.values()}


def load(deliver: Any) -> Any:
    """The world, linked as machines link it: the police's Amy is the hospital's, and the others are people of their own."""
    from wholechild.people.models import Pair

    report = deliver("children.ndjson", as_ndjson(ROWS), link=True)
    assert report.loaded == len(ROWS), report.issues
    Pair.objects.exclude(zone="same").delete()  # a test says itself what may be one
    return report


def reviewer(user: str = "rhea", at: datetime = AT, role: str = "linkage_reviewer") -> Any:
    """Somebody who may decide about everybody."""
    return seat(user, role, "local_authority/Northmoor", at, duty="*")


def coordinator(at: datetime = AT) -> Any:
    """Somebody who may decide, and reads records too."""
    return reviewer("hugh", at, "hub_coordinator")


def decided(one: str, other: str, decision: str, by: Any, at: datetime = AT, **more: Any) -> Any:
    from wholechild.people.deciding.actions import decide_pair

    asked = {"why": WHY, "salts": EVERYONE["salts"], **more}
    return decide_pair(
        by=by, purpose=PURPOSE, at=at, one=who(one), other=who(other), decision=decision, **asked
    )


def split(goes: Iterable[str], by: Any, of: str, at: datetime = AT, **more: Any) -> Any:
    from wholechild.people.deciding.actions import split_person

    asked = {"why": WHY, "salts": EVERYONE["salts"], **more}
    return split_person(
        by=by, purpose=PURPOSE, at=at, person=of, identities=[who(one) for one in goes], **asked
    )


def seconded(decision: str, by: Any, at: datetime = AT) -> Any:
    from wholechild.people.deciding.actions import second_decision

    return second_decision(by=by, purpose=PURPOSE, at=at, decision=decision, why="", salts=EVERYONE["salts"])


def undone(decision: str, by: Any, at: datetime = AT) -> Any:
    from wholechild.people.deciding.actions import undo_decision

    return undo_decision(by=by, purpose=PURPOSE, at=at, decision=decision, why=WHY, salts=EVERYONE["salts"])


def weigh(one: str, other: str, weight: float = 2.0, zone: str = "possible", forbids: str = "") -> None:
    """Note that two identities were weighed and found alike."""
    from django.db import connection

    low, high = pair_of(who(one), who(other))
    said = [
        ["prior", "", -12.0],
        ["given", "same", 5.5],
        ["born", "swapped", 2.5],
        ["family", "far", -2.0],
        ["household", "siblings", -1.0],
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO people_pair (one, other, weight, zone, contributions, forbids, artefact) "
            "VALUES (%s, %s, %s, %s, %s, %s, 'tests') ON CONFLICT DO NOTHING",
            [low, high, weight, zone, json.dumps(said), forbids],
        )
        cursor.execute(
            "UPDATE people_pair SET weight = %s WHERE one = %s AND other = %s", [weight, low, high]
        )
