"""A small world for the journeys: the three published cases, one made-up family in detail, and the four demo people.

Run as `python -m tests.functional.small_world` with a `WHOLECHILD_HOME` of its own. Everybody is made up. The family's
days are counted back from today, so that its patterns hold whenever the tests run.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
CASES: Final = sorted((ROOT / "cases").glob("*.yaml"))
NAME: Final = "Leila Ashworth"
POLICE, MIDWIFE, VISITOR, SURGERY = "police", "midwifery", "health_visiting", "gp"
NURSERY, HOSPITAL, CARE, HOUSING = "nursery", "hospital_ed", "childrens_social_care", "housing"
PLACES: Final = {
    POLICE: ("Northmoor", ""),
    MIDWIFE: ("Northmoor", ""),
    VISITOR: ("Northmoor", ""),
    SURGERY: ("Northmoor", "Bridge Street Surgery"),
    NURSERY: ("Northmoor", "Oakfield Nursery School"),
    HOSPITAL: ("Eastvale", "Royal Infirmary"),
    CARE: ("Northmoor", ""),
    HOUSING: ("Eastvale", ""),
}
#: Who it is about, what, how many days ago (or how many days ago and to which exactness), in whose words.
C, M, P, S = "child", "mother", "partner", "brother"
LINES: Final[tuple[tuple[str, str, int, str, tuple[str, ...], str, int], ...]] = (
    (POLICE, "domestic_abuse.incident", 1900, "year", (M,), "Neighbours called. Both adults had been drinking.", 2),
    (MIDWIFE, "health.antenatal_booked_late", 1795, "month", (M,), "Booked at 19 weeks. Her partner translated.", 1),
    (MIDWIFE, "interpreter.family_member_used", 1790, "day", (M, P), "Her partner answered for her.", 1),
    (MIDWIFE, "health.antenatal_missed", 1740, "day", (M,), "Clinic missed, rebooked by telephone.", 1),
    (MIDWIFE, "birth", 1655, "day", (C, M), "Born at 39 weeks, 3.1 kg.", 1),
    (VISITOR, "health.review_completed", 1643, "day", (C, M), "New birth visit. Home warm and tidy.", 1),
    (SURGERY, "health.check_completed", 1600, "month", (C,), "Eight-week check. No finding.", 1),
    (SURGERY, "health.immunisation_given", 1590, "day", (C,), "First immunisations.", 1),
    (VISITOR, "health.review_completed", 1290, "day", (C, M), "One-year review. Growing along the 25th centile.", 1),
    (HOUSING, "housing.arrears", 1230, "quarter", (M,), "Rent arrears; a plan was agreed.", 1),
    (POLICE, "domestic_abuse.incident", 1120, "day", (M, P), "The children were asleep upstairs and were not woken.", 1),
    (CARE, "referral.received", 1118, "day", (C,), "Police notice of the incident.", 1),
    (CARE, "assessment.completed", 1080, "month", (C, M), "Mother says that her partner has left. Child seen with her.", 1),
    (CARE, "decision.case_closed", 1065, "day", (C,), "Closed after the assessment.", 1),
    (VISITOR, "contact.no_access_visit", 930, "day", (C,), "No answer. Card left.", 1),
    (VISITOR, "contact.no_access_visit", 912, "day", (C,), "No answer. A neighbour thought that they had moved.", 1),
    (SURGERY, "health.was_not_brought", 890, "day", (C,), "Immunisation clinic.", 1),
    (HOUSING, "housing.move", 760, "quarter", (M,), "Moved to Eastvale.", 1),
    (HOUSING, "housing.move", 560, "day", (M,), "Gave up the tenancy; no forwarding address.", 1),
    (POLICE, "domestic_abuse.incident", 520, "year", (M, P), "Reports in the year, no charge.", 3),
    (HOSPITAL, "injury.fracture", 388, "day", (C,), "Left arm. Account: a fall from the sofa the evening before.", 1),
    (HOSPITAL, "health.delayed_presentation", 388, "day", (C,), "Brought the morning after.", 1),
    (HOSPITAL, "injury.bruise_multiple", 388, "day", (C,), "Shoulder and back, of different ages.", 1),
    (CARE, "referral.received", 387, "day", (C,), "From the emergency department.", 1),
    (HOSPITAL, "referral.agreed", 380, "day", (C,), "Follow-up by a paediatrician agreed at the meeting.", 1),
    (CARE, "assessment.completed", 340, "month", (C, S), "Injury held to be accidental. Child not spoken to alone.", 1),
    (CARE, "decision.case_closed", 318, "day", (C,), "Closed. The family agreed to early help.", 1),
    (NURSERY, "nursery.started", 270, "day", (C, M), "First day. Her brother speaks for her.", 1),
    (VISITOR, "contact.no_access_visit", 236, "day", (C,), "No answer.", 1),
    (SURGERY, "measurement.weight", 225, "day", (C,), "Weighed at the surgery.", 1),
    (NURSERY, "nursery.absence", 180, "quarter", (C,), "Eleven days this term.", 1),
    (NURSERY, "nutrition.scavenging_food", 150, "quarter", (C,), "Took food from other children’s boxes.", 4),
    (NURSERY, "injury.bruise_unexplained", 122, "day", (C,), "Side of the neck, put down in the class book.", 1),
    (SURGERY, "health.was_not_brought", 101, "day", (C,), "Blood test.", 1),
    (POLICE, "domestic_abuse.incident", 77, "day", (M, P), "Argument in the street. A new partner was present.", 1),
    (NURSERY, "injury.bruise_face", 55, "day", (C,), "Marks to the forehead. Reason given: play with her brother.", 1),
    (HOSPITAL, "measurement.weight", 34, "day", (C,), "Community clinic. Looks thin. Review in six weeks.", 1),
    (NURSERY, "nutrition.scavenging_food", 23, "day", (C,), "Picked food from the ground in the yard.", 1),
    (NURSERY, "injury.bruise_face", 16, "day", (C,), "Two dark eyes, seen by the class teacher.", 1),
    (VISITOR, "contact.no_access_visit", 9, "day", (C,), "No answer.", 1),
    (NURSERY, "nursery.absence", 3, "day", (C,), "Absent; no reason given.", 1),
)  # fmt: skip
WEIGHTS: Final = {225: 15.6, 34: 14.4}
PEOPLE: Final = {
    C: {"given_name": "Leila", "family_name": "Ashworth", "ago": 1655, "sex": "female", "nhs_number": "9990000018", "role": "child"},
    M: {"given_name": "Nadia", "family_name": "Ashworth", "ago": 9900, "sex": "female", "role": "mother"},
    P: {"given_name": "Craig", "family_name": "Dunmore", "ago": 11200, "sex": "male", "role": "partner of parent"},
    S: {"given_name": "Yusuf", "family_name": "Ashworth", "ago": 3300, "sex": "male", "role": "sibling"},
}  # fmt: skip
ADDRESS: Final = "7 Chapel Row"
#: Live feeds, and since how many days; housing has sent nothing lately; midwifery is not connected.
FEEDS: Final = {
    POLICE: 2500,
    VISITOR: 2500,
    SURGERY: 2500,
    NURSERY: 900,
    HOSPITAL: 2500,
    CARE: 2500,
    HOUSING: 1500,
}
CONTACTS: Final = {
    NURSERY: ("Designated safeguarding lead", "01632 960 101", "Weekdays 8am to 5pm in term"),
    CARE: ("Duty social worker", "01632 960 110", "Any time; at night ask for the emergency duty team"),
    POLICE: ("Public protection desk", "01632 960 120", "Any time"),
    VISITOR: ("Duty health visitor", "01632 960 130", "Weekdays 9am to 5pm"),
    SURGERY: ("Safeguarding lead GP", "01632 960 140", "Weekdays 8am to 6:30pm"),
    HOSPITAL: ("Named nurse for safeguarding", "01632 960 150", "Any time"),
}
ACCOUNTS: Final = (
    ("demo-teacher", "designated_safeguarding_lead", "nursery/Northmoor/Oakfield Nursery School", "teaches"),
    ("demo-health-visitor", "health_visitor", "health_visiting/Northmoor", ""),
    ("demo-social-worker", "duty_social_worker", "childrens_social_care/Northmoor", "duty"),
    ("demo-scrutineer", "independent_scrutineer", "safeguarding_board/Northmoor", "oversight"),
    ("demo-reviewer", "linkage_reviewer", "safeguarding_board/Northmoor", "duty"),
    ("demo-coordinator", "hub_coordinator", "safeguarding_board/Northmoor", "duty"),
    ("demo-analyst", "panel_analyst", "safeguarding_board/Northmoor", ""),
    ("demo-director", "director_of_childrens_services", "local_authority/Northmoor", ""),
    ("demo-partnership", "partnership_manager", "safeguarding_board/Northmoor", ""),
)


def rows(today: date) -> list[dict[str, Any]]:
    """The family's feed, as the eight agencies would send it."""
    made: list[dict[str, Any]] = []
    for agency, since in FEEDS.items():
        made.append({**sender(agency), "row": "coverage", "from": day(today, since)})
    for agency in PLACES:
        made += [person(agency, who, today) for who in PEOPLE]
    made += [
        tie(today, who, relation)
        for who, relation in ((M, "mother"), (P, "partner_of_parent"), (S, "sibling"))
    ]
    for who in (C, M, S):
        made.append(
            {**sender(SURGERY), "row": "residence", "reference": f"home-{who}", "subject": who, "household": "H-1",
             "from": day(today, 560), "written_at": moment(today, 560)}
        )  # fmt: skip
    made += [record(number, today, *line) for number, line in enumerate(LINES)]
    return made + at_the_address(today) + somebody_else(today) + perhaps_one_child(today)


def at_the_address(today: date) -> list[dict[str, Any]]:
    """A man of whom nobody says what he is to the family, at the address that health visiting has for them."""
    return [
        {**sender(HOSPITAL), "row": "person", "reference": "L", "given_name": "Lee", "family_name": "Marlow", "sex": "male",
         "born": day(today, 12400), "postcode": "ZZ1 1ZZ", "address": ADDRESS, "written_at": moment(today, 77)}
    ]  # fmt: skip


def somebody_else(today: date) -> list[dict[str, Any]]:
    """An ordinary child, of whom the connected agencies wrote something yesterday: a feed is not silent for want of news."""
    made: list[dict[str, Any]] = []
    for agency in (VISITOR, SURGERY, HOSPITAL, CARE, POLICE):
        written = {"written_at": moment(today, 1)}
        made.append(
            {**sender(agency), "row": "person", "reference": "O", "given_name": "Tomos", "family_name": "Okafor",
             "born": day(today, 3100), "postcode": "ZZ2 2ZZ", "role": "child", **written}
        )  # fmt: skip
        made.append(
            {**sender(agency), "row": "record", "reference": "O-1", "kind": "contact.telephone_only",
             "happened": day(today, 1), "subject": "O", "what": "A call about an appointment.", **written}
        )  # fmt: skip
    return made


#: One child as two agencies have her: not alike enough to be joined by a machine.
ALIKE: Final = {
    (VISITOR, "W-1"): {"given_name": "Amira", "family_name": "Solanki", "born": "2019-03-05", "postcode": "ZZ3 3ZZ"},
    (CARE, "W-2"): {"given_name": "Ameera", "family_name": "Solanki-Dean", "born": "2019-03-28", "postcode": "ZZ3 3ZZ"},
}  # fmt: skip


def perhaps_one_child(today: date) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for (agency, reference), details in ALIKE.items():
        told = {**sender(agency), "written_at": moment(today, 12)}
        made.append(
            {**told, "row": "person", "reference": reference, "sex": "female", "role": "child", **details}
        )
        made.append(
            {**told, "row": "record", "reference": f"{reference}-1", "kind": "contact.no_access_visit", "happened": day(today, 12),
             "subject": reference, "what": "No answer; a note was left."}
        )  # fmt: skip
    return made


def sender(agency: str) -> dict[str, str]:
    area, unit = PLACES[agency]
    return {"agency": agency, "area": area, "unit": unit}


def person(agency: str, who: str, today: date) -> dict[str, Any]:
    details = {key: value for key, value in PEOPLE[who].items() if key != "ago"}
    born = day(today, int(PEOPLE[who]["ago"]))
    written = moment(today, 1650 if who == C else 1900)
    return {
        **sender(agency),
        "row": "person",
        "reference": who,
        "born": born,
        "postcode": "ZZ1 1ZZ",
        "address": ADDRESS if agency == VISITOR and who != P else "",
        **details,
        "written_at": written,
    }


def tie(today: date, who: str, relation: str) -> dict[str, Any]:
    return {
        **sender(VISITOR), "row": "tie", "reference": f"tie-{who}", "subject": C, "relation": relation, "other": who,
        "from": day(today, 1655 if who != P else 600), "written_at": moment(today, 1640 if who != P else 520),
    }  # fmt: skip


def record(
    number: int,
    today: date,
    agency: str,
    kind: str,
    ago: int,
    exact: str,
    about: tuple[str, ...],
    what: str,
    count: int,
) -> dict[str, Any]:
    happened = day(today, ago)
    form = {
        "day": happened,
        "month": happened[:7],
        "quarter": f"{happened[:7]}/quarter",
        "year": happened[:4],
    }[exact]
    later = {"day": 1, "month": 31, "quarter": 92, "year": 366}[exact]
    return {
        **sender(agency), "row": "record", "reference": f"R-{number}", "kind": kind, "happened": form, "subject": about[0],
        "also_about": list(about[1:]), "count": count, "what": what,
        "measures": {"kg": WEIGHTS[ago]} if ago in WEIGHTS and kind == "measurement.weight" else {},
        "written_at": moment(today, max(0, ago - later)),
    }  # fmt: skip


def day(today: date, ago: int) -> str:
    return (today - timedelta(days=ago)).isoformat()


def moment(today: date, ago: int) -> str:
    """Mid-day, and never later than an hour ago: a feed from the future would be refused."""
    noon = datetime.combine(today - timedelta(days=ago), datetime.min.time(), UTC) + timedelta(hours=1)
    return noon.isoformat()


def weigh_alike() -> None:
    """Have the two who may be one wait to be decided about, though so faint a likeness would only be shown."""
    from wholechild.people.comparing.artefact import default_artefact
    from wholechild.people.comparing.scoring import weigh
    from wholechild.people.comparing.standardising import Raw, standardise
    from wholechild.people.models import Pair
    from wholechild.records.facts import Agency
    from wholechild.records.ids import identity_id

    one, other = (
        standardise(Raw(
            id=identity_id(Agency(agency, *PLACES[agency]).id, reference), agency=agency, given_names=said["given_name"],
            family_name=said["family_name"], born=date.fromisoformat(said["born"]), sex="female", postcode=said["postcode"],
        ))
        for (agency, reference), said in ALIKE.items()
    )  # fmt: skip
    found = weigh(default_artefact(), one, other)
    said = [[c.field, c.level, c.bits] for c in found.contributions]
    Pair.objects.update_or_create(
        one=found.one, other=found.other,
        defaults={"weight": found.weight, "zone": "possible", "contributions": said, "forbids": found.forbids, "artefact": "tests"},
    )  # fmt: skip


def load(folder: Path, at: datetime) -> None:
    """Load everything, link, match, and let the four people in."""
    from wholechild.config.django import setup

    setup()
    from wholechild.config.paths import LESSONS
    from wholechild.patterns.actions import evaluate_children
    from wholechild.patterns.library import read_library
    from wholechild.patterns.life.actions import install_library
    from wholechild.patterns.life.queries import lessons_in_force
    from wholechild.patterns.queries import open_matches
    from wholechild.people.actions import link_new_identities
    from wholechild.people.queries import children, find_people
    from wholechild.records.actions import ingest, set_contact
    from wholechild.records.facts import Agency
    from wholechild.trust.actions import appoint, relate
    from wholechild.trust.viewers import system

    us: dict[str, Any] = {"by": "system:demo", "purpose": "demo", "at": at, "salts": os.urandom}
    feed = folder / "family.ndjson"
    feed.write_text("".join(json.dumps(row) + "\n" for row in rows(at.date())), encoding="utf-8")
    for path in (*CASES, feed):
        report = ingest(path=path, learnt_when_written=path == feed, **us)
        if report.refused or (path == feed and report.has_issues):
            raise SystemExit(f"{path.name}: {report.issues[:5]}")
    for agency, (role, phone, hours) in CONTACTS.items():
        set_contact(
            agency=Agency(agency, *PLACES[agency]).id, contact_role=role, phone=phone, hours=hours, **us
        )
    link_new_identities(**us)
    weigh_alike()
    viewer = system("match")
    everybody = children(viewer, at)
    install_library(library=lambda: read_library(LESSONS), **us)
    lessons = lessons_in_force(viewer, at)
    evaluate_children(children=everybody, lessons=lessons, **us)
    leila = find_people(viewer, NAME, at)[0]
    for user, role, agency, relation in ACCOUNTS:
        appoint(user=user, role=role, agency=agency, authority="tests", **us)
        if relation:
            whom = leila if relation == "teaches" else "*"
            relate(user=user, relation=relation, persons=[whom], authority="tests", **us)
    print(f"{len(everybody)} children, {len(open_matches(at))} matches hold")


if __name__ == "__main__":
    load(Path(os.environ["WHOLECHILD_HOME"]), datetime.now(UTC))
