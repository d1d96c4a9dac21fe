"""What somebody fills in to find a person: for what, one box, and separate boxes beside it.

What is typed is personal data: it is kept with the session, in no address, and no message repeats it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from wholechild.pages.faces import PURPOSES
from wholechild.people.searching.asked import MOST_LETTERS, NOTHING, Asked, both, from_form, parse
from wholechild.trust.viewers import Viewer
from wholechild.vocabulary.terms import Purpose, vocabulary

#: name of a field -> (what it asks for, a hint)
BOXES: Final[Mapping[str, tuple[str, str]]] = {
    "given": ("First name", ""),
    "family": ("Family name", "Now or before"),
    "born": ("Date or year of birth", "For example, 3 3 2012, or 2012"),
    "postcode": ("Postcode, or its beginning", "Now or before. For example, CV1"),
    "phone": ("Telephone number, or its end", ""),
    "nhs_number": ("NHS number", ""),
    "upn": ("Unique pupil number", ""),
}
_FIELDS: Final = ("purpose", "typed", *BOXES)
#: For what somebody who works with families may look for a person. Whoever scrutinises looks for that alone.
_OF_PRACTICE: Final = (
    "safeguarding_concern", "urgent_protection", "child_protection_enquiry", "find_who_is_involved", "child_in_need_work",
    "early_help_work", "strategy_discussion", "conference_or_review", "direct_care", "education_duty", "police_investigation",
    "domestic_abuse_safety", "move_between_areas", "court_proceedings", "identity_check",
)  # fmt: skip
NO_PURPOSE: Final = "Choose what you are looking for somebody for"


@dataclass(frozen=True, slots=True)
class Form:
    """The form as it was filled in, and what it asks for. `fault_at` is the field that `asked.fault` is about."""

    values: Mapping[str, str]
    asked: Asked
    fault_at: str

    @property
    def opened(self) -> bool:
        """Whether any of the separate boxes has something in it."""
        return any(self.values.get(name, "").strip() for name in BOXES)


def purposes_for(viewer: Viewer) -> tuple[Purpose, ...]:
    """What this viewer may look for somebody for, the usual one first."""
    chosen = (PURPOSES[viewer.role],) if viewer.role in PURPOSES else _OF_PRACTICE
    return tuple(vocabulary().purposes[purpose] for purpose in chosen)


def kept(posted: Mapping[str, str]) -> dict[str, str]:
    """What is kept of a posted form: its fields, no longer than can be asked for, and one letter more so that it shows."""
    return {name: str(posted.get(name, ""))[: MOST_LETTERS + 1] for name in _FIELDS}


def read(values: Mapping[str, str], viewer: Viewer, today: date) -> tuple[Form, Viewer]:
    """The form read, and the viewer with the purpose that was chosen."""
    boxes = {name: values.get(name, "") for name in BOXES}
    typed = values.get("typed", "")
    asked, at = _asked(typed, boxes, today)
    purpose = values.get("purpose", "")
    if purpose not in {one.id for one in purposes_for(viewer)}:
        return Form(values, Asked(fault=NO_PURPOSE), "purpose"), viewer
    return Form(values, asked, at), replace(viewer, purpose=purpose)


def _asked(typed: str, boxes: Mapping[str, str], today: date) -> tuple[Asked, str]:
    if not any(text.strip() for text in boxes.values()):
        return (parse(typed, today) if typed.strip() else Asked(fault=NOTHING)), "typed"
    apart = from_form(**boxes, today=today)
    if apart.fault or not typed.strip():
        return apart, next(name for name, text in boxes.items() if text.strip())
    return both(apart, parse(typed, today)), "typed"
