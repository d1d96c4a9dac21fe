"""Taking a delivery back: nothing is lost, and nothing reads it from then on."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from wholechild.records.ids import stable_id
from wholechild.records.models import Delivery, Withdrawal
from wholechild.trust.actions import Salts, add_facts


class NoSuchDelivery(LookupError):
    """There is no delivery to withdraw; the message says why."""


def withdraw_delivery(
    *, by: str, purpose: str, at: datetime, delivery: str, why: str, salts: Salts
) -> Delivery:
    """Withdraw a delivery: from `at` on, everything that it brought is no longer known, and what it replaced is again.

    Whoever asks what was known before `at` still sees it.
    Errors   NoSuchDelivery.
    """
    with transaction.atomic():
        found = Delivery.objects.filter(pk=delivery).first()
        if found is None:
            raise NoSuchDelivery(f"there is no delivery {delivery}. See wholechild coverage --deliveries.")
        if Withdrawal.objects.filter(delivery=delivery).exists():
            raise NoSuchDelivery(f"the delivery {delivery} was withdrawn before")
        row = Withdrawal(id=stable_id("wit", delivery), delivery=delivery, why=why, at=at, by=by)
        add_facts(by=by, purpose=purpose, at=at, act="delivery.withdraw", facts=[row], salts=salts)
    return found
