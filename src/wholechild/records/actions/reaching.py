"""How an agency is reached: the first thing that a user is shown."""

from __future__ import annotations

from datetime import datetime

from wholechild.records.ids import stable_id
from wholechild.records.models import AgencyContact
from wholechild.trust.actions import Salts, add_facts
from wholechild.trust.ledger import utc


def set_contact(
    *,
    by: str,
    purpose: str,
    at: datetime,
    agency: str,
    contact_role: str,
    phone: str,
    hours: str,
    email: str = "",
    salts: Salts,
) -> None:
    """Record whom to ring at an agency, on what number and when. What was recorded before stays on record."""
    row = AgencyContact(
        id=stable_id("con", agency, utc(at)), agency=agency, contact_role=contact_role, phone=phone, email=email,
        hours=hours, learnt_at=at,
    )  # fmt: skip
    add_facts(by=by, purpose=purpose, at=at, act="agency.set_contact", facts=[row], salts=salts)
