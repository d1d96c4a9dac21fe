"""The only writers of what agencies know. Each act is one transaction, with its leaves in the ledger."""

from wholechild.records.actions.ingesting import ingest
from wholechild.records.actions.reaching import set_contact
from wholechild.records.actions.releasing import resolve
from wholechild.records.actions.withdrawing import NoSuchDelivery, withdraw_delivery

__all__ = ["NoSuchDelivery", "ingest", "resolve", "set_contact", "withdraw_delivery"]
