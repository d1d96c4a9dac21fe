"""The columns of the flat feed: one order for CSV, NDJSON and everything after them (docs/reference/feeds.md)."""

from __future__ import annotations

from typing import Final

COLUMNS: Final = (
    "row", "agency", "area", "unit", "reference", "written_at",
    "kind", "happened", "happened_to", "subject", "also_about", "count", "measures", "values", "informant", "what",
    "given_name", "family_name", "born", "died", "sex", "nhs_number", "postcode", "role",
    "relation", "other", "household", "from", "to",
    "other_names", "address", "uprn", "upn", "phones", "emails", "local_ids",
)  # fmt: skip
POSITION: Final = {name: n for n, name in enumerate(COLUMNS)}
#: Without these no row can be placed, whatever it is.
NEEDED: Final = ("agency", "area")
ROW_KINDS: Final = ("record", "person", "tie", "residence", "coverage")
#: Columns that hold somebody's reference at the sender, and now and then, by mistake, a name.
REFERENCES: Final = frozenset({"subject", "also_about", "informant", "other"})
#: Columns that hold several texts, divided by ';' (NDJSON: a list).
LISTS: Final = frozenset({"also_about", "other_names", "phones", "emails", "local_ids"})
#: Columns whose content is about a person or in a person's words: their value is never repeated in a message.
PERSONAL: Final = frozenset(
    {
        "what",
        "given_name",
        "family_name",
        "born",
        "died",
        "sex",
        "nhs_number",
        "postcode",
        "household",
        "role",
        "other_names",
        "address",
        "uprn",
        "upn",
        "phones",
        "emails",
        "local_ids",
    }
)
