"""What is written when a family is shown: whom it was shown of, in the transaction of the look."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from wholechild.people.families.around import FamilyAround
from wholechild.people.families.queries import family_of
from wholechild.trust.actions import Salts, disclose
from wholechild.trust.permissions import Decision, classes_for, decide
from wholechild.trust.queries import relations_to
from wholechild.trust.viewers import Viewer


def open_family(
    *, by: Viewer, purpose: str, at: datetime, person: str, as_known_at: date, route: str, salts: Salts
) -> FamilyAround | None:
    """Read a child's family and record that it is shown, in one transaction (D6); None, recorded as refused, if it may not be.

    Shape    an entry for the child, and one for each of those shown whom the viewer may know of themselves.
    Missing  *absent* and *refused* give the same None, and each leaves its own entry.
    """
    with transaction.atomic():
        found = family_of(by, person, as_known_at, at)
        for shown, relations in relations_to(by, _shown(person, found), at).items():
            decision = decide(by.role, relations, "existence")
            if decision and found is None:
                decision = Decision(False, "nobody has this id")
            if decision or shown == person:
                disclose(
                    by=by, purpose=purpose, at=at, person=shown, relations=relations, decision=decision, route=route,
                    classes=classes_for(by.role, relations) if decision else ("existence",),
                    disclosure_id=f"dis-{salts(12).hex()}", salts=salts,
                )  # fmt: skip
    return found


def _shown(child: str, found: FamilyAround | None) -> list[str]:
    around = found.people if found else ()
    elsewhere = (other.person for one in around for other in one.elsewhere)
    return list(dict.fromkeys([child, *(one.person for one in around), *elsewhere]))
