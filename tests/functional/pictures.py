"""Hand-made pictures that try the child's page: a long one, an empty one, one with very long names, one of 200 lines.

Every person here is made up. The pages themselves only ever show what the real queries return; these stand in for
them where a test wants a shape that the small world does not happen to hold.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from wholechild.lib.civil import Period, parse_period, say_period
from wholechild.patterns.picture import (
    ChildPicture,
    Entry,
    Evidence,
    FamilyMember,
    Involved,
    MatchView,
    NotKnown,
    Unknown,
)

AGENCIES = {
    "police/Northmoor": ("Northmoor Police", "police"),
    "midwifery/Northmoor": ("Northmoor Maternity Service", "health"),
    "gp/Northmoor/Bridge Street Surgery": ("Bridge Street Surgery", "health"),
    "health_visiting/Northmoor": ("Northmoor Health Visiting", "health"),
    "emergency/Eastvale/Royal Infirmary": ("Eastvale Royal Infirmary, emergency department", "health"),
    "childrens_social_care/Northmoor": ("Northmoor Children's Social Care", "social_care"),
    "school/Northmoor/Oakfield Primary": ("Oakfield Primary School", "education"),
    "housing/Eastvale": ("Eastvale Housing", "housing"),
}
KINDS = {
    "domestic_abuse.incident": ("Domestic abuse incident", "concern", False),
    "pregnancy.booking": ("Antenatal booking", "contact", False),
    "birth": ("Birth", "neutral", True),
    "health.check_completed": ("Health check done", "protective", True),
    "contact.visit": ("Visit made", "contact", True),
    "contact.no_access_visit": ("Visit with no answer at the door", "concern", False),
    "health.missed_appointment": ("Appointment missed", "concern", False),
    "injury.fracture": ("Fracture", "concern", True),
    "injury.bruise_unexplained": ("Bruise without a clear account", "concern", True),
    "injury.laceration": ("Laceration", "concern", True),
    "assessment.completed": ("Assessment finished", "decision", True),
    "referral.received": ("Referral received", "contact", False),
    "case.closed": ("Case closed", "decision", False),
    "promise.paediatric_referral": ("Referral to a paediatrician promised", "expectation", False),
    "growth.weight": ("Weight measured", "neutral", True),
    "housing.move": ("Move of home", "neutral", False),
    "education.absence": ("Absence from school", "concern", False),
    "education.hungry": ("Taking food, always hungry", "concern", True),
    "education.meeting": ("Meeting with a parent", "contact", False),
    "voice.child_said": ("What the child said", "neutral", True),
    "early_help.offered": ("Early help offered", "protective", False),
}
P, M, G, H, E, S, O, U = AGENCIES
#: agency, kind, date, precision or later date, about, what, count
LINES = [
    (P, "domestic_abuse.incident", "2006", "", "the mother and her partner", "Neighbours called. Both adults had been drinking. The mother was pregnant.", 1),
    (P, "domestic_abuse.incident", "2006", "2011", "the mother, the child", "Incidents over these years that are on the force's system without a date that we were sent.", 14),
    (M, "pregnancy.booking", "2006-12", "", "the mother", "Booked late. The father translated at every appointment.", 1),
    (M, "health.missed_appointment", "2007-04-18", "", "the mother", "Antenatal clinic missed.", 1),
    (M, "birth", "2007-07-15", "", "the child", "Born at 38 weeks, 2.9 kg.", 1),
    (H, "contact.visit", "2007-07-29", "", "the child, the mother", "New birth visit. Child seen in the living room. Home warm and tidy.", 1),
    (G, "health.check_completed", "2007-09", "", "the child", "Eight-week check. No finding.", 1),
    (H, "health.check_completed", "2008-02-12", "", "the child", "Developmental check. Growing along the 25th centile.", 1),
    (E, "injury.laceration", "2008-03", "", "the child", "Cut over the left eye. The father said that the child fell from the sofa.", 1),
    (P, "domestic_abuse.incident", "2008-05-04", "", "the mother and the father", "Report from the mother. Father asked to leave for the night. The child was asleep upstairs and was not woken.", 1),
    (S, "referral.received", "2008-05-06", "", "the child", "Police notice of the incident of 4 May.", 1),
    (S, "assessment.completed", "2008-06", "", "the child, the mother", "Initial assessment. Mother says that the father has left for good. Closed.", 1),
    (S, "case.closed", "2008-06-30", "", "the child", "Closed after initial assessment.", 1),
    (U, "housing.move", "2008-Q4", "", "the household", "Tenancy ended. New address in Northmoor given by telephone.", 1),
    (H, "contact.no_access_visit", "2009-02-10", "", "the child", "No answer. Card left.", 1),
    (H, "contact.no_access_visit", "2009-03-03", "", "the child", "No answer. A neighbour thought that the family had moved.", 1),
    (G, "health.missed_appointment", "2009-03-24", "", "the child", "Immunisation clinic missed.", 1),
    (P, "domestic_abuse.incident", "2009-08-15", "", "the mother and a new partner", "Both adults intoxicated. Safe-and-well check of the children made.", 1),
    (H, "health.check_completed", "2009-10", "", "the child", "Two-year check at the clinic. Seen with the mother's new partner.", 1),
    (P, "domestic_abuse.incident", "2010", "", "the mother and a new partner", "Three reports in the year. No charge.", 3),
    (U, "housing.move", "2010-04-01", "", "the household", "Moved to Eastvale.", 1),
    (U, "housing.move", "2010-11-15", "", "the household", "Moved back to Northmoor; no forwarding address.", 1),
    (E, "injury.fracture", "2011-01-06", "", "the child", "Spiral fracture of the left arm. Account: a fall from a settee the evening before. Bruises noted to the shoulder and abdomen.", 1),
    (S, "referral.received", "2011-01-06", "", "the child", "Referral from the emergency department: delay in coming, account does not fit.", 1),
    (P, "domestic_abuse.incident", "2011-01-23", "", "the mother and her partner", "Ambulance called for the mother.", 1),
    (S, "assessment.completed", "2011-03", "", "the child, the sibling", "Core assessment. Injury held to be accidental after a second medical opinion. Child not spoken to alone.", 1),
    (H, "promise.paediatric_referral", "2011-03-14", "", "the child", "Follow-up by a paediatrician agreed at the strategy meeting.", 1),
    (S, "case.closed", "2011-05-20", "", "the child", "Closed. Family agreed to work with the children's centre.", 1),
    (S, "early_help.offered", "2011-05-20", "", "the mother", "Children's centre place offered.", 1),
    (H, "contact.no_access_visit", "2011-06-21", "", "the child", "No answer.", 1),
    (H, "contact.no_access_visit", "2011-07-19", "", "the child", "No answer. Record marked 'family not in need'.", 1),
    (O, "education.meeting", "2011-09-07", "", "the child, the mother", "First day. The sibling speaks for the child.", 1),
    (O, "education.absence", "2011-Q4", "", "the child", "Attendance 64 per cent this term.", 1),
    (O, "education.hungry", "2011-10/quarter", "", "the child", "Took food from other children's lunch boxes and from the bin.", 4),
    (O, "injury.bruise_unexplained", "2011-11-08", "", "the child", "Bruise to the neck, put down in the class book.", 1),
    (G, "growth.weight", "2011-11-21", "", "the child", "Weighed 14.8 kg. The mother spoke of an eating disorder.", 1),
    (O, "injury.bruise_unexplained", "2011-12-02", "", "the child", "Marks to the forehead. Reason given: play with the sibling.", 1),
    (O, "education.meeting", "2012-01-10", "", "the mother", "Mother told of the food. She asked that the child be given none but his own.", 1),
    (G, "health.missed_appointment", "2012-01-17", "", "the child", "Blood test missed.", 1),
    (O, "education.absence", "2012-01", "", "the child", "Nine days absent.", 1),
    (O, "injury.bruise_unexplained", "2012-01-30", "", "the child", "Two black eyes seen by the class teacher; told to the head by the end of the day.", 1),
    (E, "growth.weight", "2012-02-10", "", "the child", "Community paediatrician: weight 13.9 kg, looks thin. Plan: blood tests, review in six weeks.", 1),
    (O, "education.hungry", "2012-02-21", "", "the child", "Picked food from the ground in the yard.", 1),
    (O, "voice.child_said", "2012-02-24", "", "the child", "Said one word, 'tired'. An interpreter was not present.", 1),
    (P, "domestic_abuse.incident", "2012-02-26", "", "the mother and her partner", "Argument in the street. The children were said to be asleep.", 1),
    (O, "education.absence", "2012-03-02", "", "the child", "Absent; no reason given.", 1),
]  # fmt: skip


def entry(
    number: int, agency: str, kind: str, when: str, until: str, about: str, what: str, count: int
) -> Entry:
    happened = parse_period(when, until=until or None)
    title, nature, seen = KINDS[kind]
    return Entry(
        record=f"rec-{number:04d}",
        agency=agency,
        agency_title=AGENCIES[agency][0],
        sector=AGENCIES[agency][1],
        kind=kind,
        kind_title=title,
        nature=nature,
        happened=happened,
        happened_words=say_period(happened),
        learnt_on=happened.last + timedelta(days=1),
        about_words=about,
        what=what,
        count=count,
        measures_words={"growth.weight": "14.8 kg"}.get(kind, ""),
        child_seen=seen,
        superseded=number == 24,
    )


CHRONOLOGY = tuple(entry(number, *line) for number, line in enumerate(LINES, start=1))


def involved(agency: str, phone: str, *, feed: str = "live", role: str = "", hours: str = "") -> Involved:
    own = [one for one in CHRONOLOGY if one.agency == agency]
    seen = [one.happened for one in own if one.child_seen]
    return Involved(
        agency=agency,
        title=AGENCIES[agency][0],
        sector=AGENCIES[agency][1],
        area=agency.split("/")[1],
        first_on=min(one.happened for one in own),
        last_on=max((one.happened for one in own), key=lambda period: period.last),
        records=len(own),
        last_saw_child=max(seen, key=lambda period: period.last) if seen else None,
        feed=feed,
        feed_words={
            "live": "Records arrive. Last heard on 2 March 2012.",
            "stale": "Nothing has arrived since 15 November 2010. It may hold more.",
            "not connected": "Not connected. What is here came by hand.",
        }[feed],
        phone=phone,
        hours=hours,
        contact_role=role,
    )


INVOLVED = (
    involved(O, "01632 960 101", role="Designated safeguarding lead", hours="Weekdays 8am to 5pm in term"),
    involved(S, "01632 960 110", role="Duty social worker", hours="Any time; out of hours ask for the emergency duty team"),
    involved(P, "01632 960 120", role="Public protection desk", hours="Any time"),
    involved(H, "01632 960 130", role="Duty health visitor", hours="Weekdays 9am to 5pm"),
    involved(G, "01632 960 140", role="Safeguarding lead GP", hours="Weekdays 8am to 6:30pm"),
    involved(E, "01632 960 150", role="Named nurse for safeguarding", hours="Any time"),
    involved(U, "", feed="stale"),
    involved(M, "", feed="not connected"),
)  # fmt: skip


def evidence(*numbers: int) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(
            one.record, one.agency, one.agency_title, one.kind, one.kind_title, one.happened, one.happened_words,
            one.happened.last + timedelta(days=1), one.what,
        )
        for one in (CHRONOLOGY[number - 1] for number in numbers)
    )  # fmt: skip


def match(
    number: int, title: str, held_from: str, held_to: str, sentence: str, numbers: tuple[int, ...],
    alone: dict[str, str], step: str, by: str, clock: str,
) -> MatchView:  # fmt: skip
    found = evidence(*numbers)
    agencies = tuple(dict.fromkeys(one.agency for one in found))
    return MatchView(
        match=f"match-{number:03d}",
        lesson=title.lower().replace(" ", "-"),
        version=1,
        title=title,
        held_from=date.fromisoformat(held_from),
        held_to=date.fromisoformat(held_to) if held_to else None,
        sentence=sentence,
        evidence=found,
        agencies=agencies,
        alone={a: date.fromisoformat(alone[a]) if a in alone else None for a in agencies},
        other_explanations=(
            "A condition that affects growth or bruising, not yet found.",
            "Two accounts of the same injury, counted twice.",
        ),
        would_change_our_mind=(
            "A paediatrician has seen the child since, with the whole history in hand, and found an illness.",
            "The child, spoken to alone with an interpreter, gives an account that fits.",
        ),
        known_false_alarms=("Children newly in school with a long illness that the school was not told of.",),
        next_step=step,
        next_step_by=by,
        next_step_clock=clock,
    )


MATCHES = (
    match(1, "Injuries seen by different agencies", "2012-01-31", "",
          "Four injuries in twelve months were recorded by two agencies that did not know of each other's: Eastvale Royal Infirmary, emergency department (6 January 2011) and Oakfield Primary School (8 November 2011, 2 December 2011, 30 January 2012).",
          (23, 35, 37, 41), {}, "Call a strategy discussion with the paediatrician who saw the fracture", "Duty social worker", "Within 1 working day"),
    match(2, "Losing weight while always hungry", "2012-02-11", "",
          "The child's weight fell from 14.8 kg on 21 November 2011 to 13.9 kg on 10 February 2012, while the school saw him take food on five occasions.",
          (34, 36, 42, 43), {}, "Bring weight, food and attendance before one paediatrician, the same week", "Designated doctor", "Within 5 working days"),
    match(3, "Domestic abuse around a young child", "2009-08-16", "",
          "At least three domestic abuse incidents in a home with a child under five, the latest on 26 February 2012.",
          (10, 18, 20, 25, 45), {P: "2010-12-31"}, "Ask the specialist domestic abuse service to see the mother alone", "Police public protection desk", "Within 2 working days"),
    match(4, "Promised referral that never came", "2011-04-12", "",
          "A referral to a paediatrician was promised on 14 March 2011. We hold no record that it was made or answered.",
          (27,), {H: "2011-04-12"}, "Ask health visiting and the community paediatric service whether it was made", "Named nurse for safeguarding", "Within 2 working days"),
    match(5, "Nobody let in", "2009-03-25", "2009-10-31",
          "Two visits without an answer and a missed appointment within ten weeks, across health visiting and the surgery.",
          (15, 16, 17), {H: "2009-06-02"}, "Make a joint visit, and agree before it what happens if nobody opens", "Health visitor", "Within 5 working days"),
    match(6, "Closed, then a new worry", "2011-06-22", "2011-11-20",
          "The case was closed on 20 May 2011 with early help offered; since then two visits went unanswered and we hold no record that early help began.",
          (28, 29, 30, 31), {}, "Ask the children's centre whether the family came", "Team manager, social care", "Within 5 working days"),
)  # fmt: skip

NOT_KNOWN = (
    NotKnown(Unknown.NEVER_SEEN, "No record says that Northmoor Police saw the child on his own.", "Ask the public protection desk what the safe-and-well checks were."),
    NotKnown(Unknown.NEVER_SEEN, "No record says that the social worker spoke to the child alone.", "Speak to the child with an interpreter, away from the family."),
    NotKnown(Unknown.NOT_CONNECTED, "Northmoor Maternity Service is not connected to Wholechild.", "Ring the ward; ask for the safeguarding midwife."),
    NotKnown(Unknown.NOT_CONNECTED, "No dentist is connected in Northmoor.", "Ask the parent which dentist the child sees."),
    NotKnown(Unknown.NOT_ANSWERED, "The request of 9 February 2012 to Eastvale Housing for earlier addresses has not been answered.", "Ring the housing duty desk."),
    NotKnown(Unknown.CANNOT_TELL, "“Moved three times in two years”: cannot tell, because one move is known only as some time in October to December 2008.", "Ask the parent, or Eastvale Housing, for the date."),
    NotKnown(Unknown.CANNOT_TELL, "“No dentist for two years”: cannot tell, because no dental feed was live.", ""),
)  # fmt: skip

FAMILY = (
    FamilyMember("person-m", "Danuta Malik", "mother", "Mother", "since birth", date(2006, 12, 31), True),
    FamilyMember("person-p", "Andrew Colclough", "partner_of_parent", "Mother's partner", "some time in 2010", date(2010, 12, 31), True),
    FamilyMember("person-s", "Zosia Malik", "sibling", "Older sister", "since birth", date(2006, 12, 31), True),
    FamilyMember("person-b", "Adam Colclough", "half_sibling", "Younger half-brother", "some time in 2011", date(2011, 12, 31), True),
    FamilyMember("person-f", "Tariq Malik", "father", "Father", "since birth; moved out at the end of 2008", date(2008, 12, 31), False),
    FamilyMember("person-g", "Halina Nowak", "grandparent", "Mother's mother", "not stated", date(2009, 10, 31), False),
)  # fmt: skip

LONG = ChildPicture(
    child="person-7f3c2a",
    name="Jakub Malik",
    born=parse_period("2007-07-15"),
    age_words="4 years",
    area="Northmoor",
    as_known_at=date(2012, 3, 3),
    family=FAMILY,
    involved=INVOLVED,
    chronology=CHRONOLOGY,
    adds_up=MATCHES,
    not_known=NOT_KNOWN,
)

EMPTY = ChildPicture(
    child="person-0e0e0e", name="Maya Osei", born=None, age_words="", area="Northmoor", as_known_at=date(2012, 3, 3),
    family=(), involved=(), chronology=(), adds_up=(), not_known=(),
)  # fmt: skip

NO_MATCHES = replace(LONG, child="person-1d1d1d", adds_up=())

_LONG_NAME = "Wolfeschlegelsteinhausenbergerdorff-Ramasubramanian Oluwaseunfunmi Maximiliana"
_LONG_AGENCY = (
    "The Amalgamated Northmoor, Eastvale and Upper Westerdale Community Partnership Mental Health Trust"
)
LONG_NAMES = replace(
    LONG,
    child="person-2c2c2c",
    name=_LONG_NAME,
    area="Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch",
    involved=(replace(INVOLVED[0], title=_LONG_AGENCY), *INVOLVED[1:]),
    chronology=tuple(replace(e, agency_title=_LONG_AGENCY) if e.agency == O else e for e in CHRONOLOGY),
    adds_up=tuple(replace(m, title=f"{m.title} while several other things are also being recorded by others") for m in MATCHES),
    family=(replace(FAMILY[0], name=_LONG_NAME), *FAMILY[1:]),
)  # fmt: skip


def of_many(number: int = 200) -> ChildPicture:
    """The long picture with `number` lines: the same kinds, spread over the years by a fixed stride."""
    spread = [CHRONOLOGY[place % len(CHRONOLOGY)] for place in range(number)]
    start = date(2006, 2, 1)
    return replace(
        LONG,
        child="person-3b3b3b",
        chronology=tuple(
            replace(
                one, record=f"rec-{place:05d}", happened=(day := Period(*(2 * [start + timedelta(days=place * 11 % 2200)]))),
                happened_words=say_period(day), learnt_on=day.last,
            )
            if not one.happened.is_vague else replace(one, record=f"rec-{place:05d}")
            for place, one in enumerate(spread)
        ),
    )  # fmt: skip


ALL = {one.child: one for one in (LONG, EMPTY, NO_MATCHES, LONG_NAMES, of_many())}
