"""What a visitor of a demo is shown first: the people that one can be, and the three published cases.

Plain. Accounts, relations and cases are loaded by `wholechild demo`; a card is shown only for what is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody whom a visitor can be for a while. `user` is the name of the account."""

    user: str
    title: str
    works: str
    sees: str
    tries: str


DEMO_PEOPLE: Final = (
    DemoPerson(
        user="demo-teacher",
        title="Teacher",
        works="Designated safeguarding lead of a primary school",
        sees="The children who are taught at the school: who else works with them, what was recorded, what adds up.",
        tries="See that a school holds one piece, and whom to ring about the others.",
    ),
    DemoPerson(
        user="demo-health-visitor",
        title="Health visitor",
        works="Works with families of children under five",
        sees="The children on the caseload, with the home and who lives in it.",
        tries="Look at who lives here and who has seen the child, before the door opens.",
    ),
    DemoPerson(
        user="demo-social-worker",
        title="Duty social worker",
        works="Takes the calls that come to children’s social care",
        sees="Any child of the area, because anybody may ring about any child.",
        tries="Find a child by a name, then go back to an earlier day: what could have been known then?",
    ),
    DemoPerson(
        user="demo-scrutineer",
        title="Independent scrutineer",
        works="Looks at how well the agencies work together",
        sees="Every pattern that holds, in all areas. Each look is recorded, as for everybody.",
        tries="Read a pattern against what each agency could have seen alone.",
    ),
    DemoPerson(
        user="demo-reviewer",
        title="Records reviewer",
        works="Looks at records that may be about one child, and decides",
        sees="What agencies say of who somebody is, and where they live. No record of what happened.",
        tries="Look at two records side by side, and say whether they are about the same child.",
    ),
    DemoPerson(
        user="demo-coordinator",
        title="Hub coordinator",
        works="Brings agencies’ information together when a worry comes in",
        sees="What was recorded about any child, and not where the child lives.",
        tries="Agree, as the second person, that some records belong to another child.",
    ),
    DemoPerson(
        user="demo-analyst",
        title="Panel analyst",
        works="Writes down what reviews found, so that it can be looked for",
        sees="No child. The lessons, what each does on made-up families, and what came of its matches.",
        tries="Change a lesson, see at once what it would hold on, and propose it.",
    ),
    DemoPerson(
        user="demo-director",
        title="Director of children’s services",
        works="Answers for children’s services in the area",
        sees="No child. The lessons that run, and those that wait for a signature.",
        tries="Adopt what the analyst proposed. It runs once a second person has signed.",
    ),
    DemoPerson(
        user="demo-partnership",
        title="Partnership manager",
        works="Brings the safeguarding partners together",
        sees="No child. The lessons, and how often each helped.",
        tries="Sign as the second person, or compare two versions side by side.",
    ),
)


@dataclass(frozen=True, slots=True)
class PublishedCase:
    """A published review that the demo holds, and a day worth going back to.

    Shape    the child is found by the birth that the review gives; `born` is any day within it.
    """

    review: str
    born: date
    go_to: date


PUBLISHED: Final = (
    PublishedCase("Coventry, review of 2013", date(2007, 7, 15), date(2012, 3, 1)),
    PublishedCase("Birmingham, review of 2013", date(2008, 12, 11), date(2011, 1, 7)),
    PublishedCase("Bradford, review of 2013", date(2005, 6, 15), date(2009, 12, 1)),
)
#: What agencies call a child whom they name by role only.
BY_ROLE: Final = "The child"
