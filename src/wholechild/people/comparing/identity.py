"""What one agency says of one person, made ready to be compared: the one form that batch, online and search all read.

Names are folded (records/search.py), postcodes are upper case without blanks, telephone numbers are digits only. A column
file of identities has these names as its columns, dates as dates and tuples as lists of text.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Identity:
    """One identity, as it is compared.

    Shape    `given` is the first given name and `middle` the others; `family` may be several words. `other_names` are
             whole names, given and family, that this agency also has for the person: former, married, known as.
             `postcode` is the latest, `postcodes` the earlier ones. `local_ids` are `scheme:value`, an id that agencies
             pass on to each other. `sex` is `F`, `M` or empty.
    Missing  an empty text, an empty tuple or None: the agency does not say, or what it says is a placeholder.
    """

    id: str
    agency: str = ""
    given: str = ""
    middle: str = ""
    family: str = ""
    other_names: tuple[str, ...] = ()
    born: date | None = None
    died: date | None = None
    sex: str = ""
    nhs_number: str = ""
    upn: str = ""
    postcode: str = ""
    postcodes: tuple[str, ...] = ()
    uprn: str = ""
    address: str = ""
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    local_ids: tuple[str, ...] = ()
