"""The one table of who may do what to which table: applied at set-up, compared by `wholechild doctor`.

Every table of our own rooms is append-only for the application unless a line here says otherwise, and a table of
another package has no rights at all until it is named here. A forgotten line therefore fails closed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wholechild.config.database import ANALYTICS, APP, OWNER

OUR_ROOMS: Final = ("trust_", "records_", "people_", "patterns_", "casework_", "oversight_", "pages_")


@dataclass(frozen=True, slots=True)
class Access:
    """What the application and the analysts may do to a table."""

    app: frozenset[str]
    analytics: frozenset[str]


_READ: Final = frozenset({"SELECT"})
_ADD: Final = frozenset({"SELECT", "INSERT"})
_CHANGE: Final = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})
_NONE: Final[frozenset[str]] = frozenset()

FACTS: Final = Access(app=_ADD, analytics=_READ)
#: Facts that hold what a sender got wrong, who looked at whom, or a person's free words: not for analysis.
PRIVATE_FACTS: Final = Access(app=_ADD, analytics=_NONE)
#: Sessions, accounts and the queue are not facts: they are used up, and changed by their owners.
HOUSEKEEPING: Final = Access(app=_CHANGE, analytics=_NONE)
#: What is worked out anew from the facts whenever it is needed.
DERIVED: Final = Access(app=_CHANGE, analytics=_NONE)
FIXED: Final = Access(app=_READ, analytics=_NONE)
UNNAMED: Final = Access(app=_NONE, analytics=_NONE)

ACCESS: Final[dict[str, Access]] = {
    "django_migrations": FIXED,
    "django_content_type": FIXED,
    "auth_permission": FIXED,
    "django_session": HOUSEKEEPING,
    "auth_user": HOUSEKEEPING,
    "auth_group": HOUSEKEEPING,
    "auth_user_groups": HOUSEKEEPING,
    "auth_group_permissions": HOUSEKEEPING,
    "auth_user_user_permissions": HOUSEKEEPING,
    "account_emailaddress": HOUSEKEEPING,
    "account_emailconfirmation": HOUSEKEEPING,
    "mfa_authenticator": HOUSEKEEPING,
    "usersessions_usersession": HOUSEKEEPING,
    "socialaccount_socialaccount": HOUSEKEEPING,
    "socialaccount_socialapp": HOUSEKEEPING,
    "socialaccount_socialapp_sites": HOUSEKEEPING,
    "socialaccount_socialtoken": HOUSEKEEPING,
    "django_site": HOUSEKEEPING,
    "procrastinate_jobs": HOUSEKEEPING,
    "procrastinate_events": HOUSEKEEPING,
    "procrastinate_workers": HOUSEKEEPING,
    "procrastinate_periodic_defers": HOUSEKEEPING,
    "patterns_watch": DERIVED,
    "patterns_askedlast": DERIVED,
    "people_compared": DERIVED,
    "people_blockingkey": DERIVED,
    "people_pair": DERIVED,
    "people_crowdedkey": DERIVED,
    "people_linkedupto": DERIVED,
    "people_searchkey": DERIVED,
    "people_searchword": DERIVED,
    "people_sealed": PRIVATE_FACTS,
    "records_quarantinedrow": PRIVATE_FACTS,
    "records_resolution": PRIVATE_FACTS,
    "patterns_matchoutcome": PRIVATE_FACTS,
    "trust_disclosure": PRIVATE_FACTS,
    "trust_relation": PRIVATE_FACTS,
    "trust_account": PRIVATE_FACTS,
}


def access_to(table: str) -> Access:
    """What may be done to this table."""
    if table in ACCESS:
        return ACCESS[table]
    return FACTS if table.startswith(OUR_ROOMS) else UNNAMED


#: role -> the attributes that CREATE ROLE and ALTER ROLE give it.
ROLES: Final[dict[str, str]] = {
    OWNER: "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION",
    APP: "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION NOINHERIT",
    ANALYTICS: "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION NOINHERIT",
}
