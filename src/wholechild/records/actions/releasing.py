"""What becomes of a row that was held back."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from wholechild.records.ids import stable_id
from wholechild.records.models import QuarantinedRow, Resolution
from wholechild.trust.actions import Salts, add_facts

OUTCOMES: Final = ("corrected", "set_aside")


class CannotResolve(ValueError):
    """The row is not there, or was dealt with before; the message says which."""


def resolve(
    *,
    by: str,
    purpose: str,
    at: datetime,
    quarantined: str,
    outcome: str,
    why: str,
    delivery: str = "",
    salts: Salts,
) -> None:
    """Record that a held row was `corrected` (in a later delivery), or `set_aside` by a person, with the reason.

    Errors   CannotResolve.
    """
    if outcome not in OUTCOMES:
        raise CannotResolve(f"the outcome is one of {', '.join(OUTCOMES)}")
    if not why.strip():
        raise CannotResolve("say why, in a few words: whoever looks later will want to know")
    if not QuarantinedRow.objects.filter(id=quarantined).exists():
        raise CannotResolve(f"there is no held row {quarantined}; see wholechild quarantine list")
    if Resolution.objects.filter(quarantined=quarantined).exists():
        raise CannotResolve(f"{quarantined} was dealt with before")
    row = Resolution(id=stable_id("out", quarantined), quarantined=quarantined, outcome=outcome, why=why.strip(),
                     at=at, by=by, delivery=delivery)  # fmt: skip
    add_facts(by=by, purpose=purpose, at=at, act="quarantine.resolve", facts=[row], salts=salts)
