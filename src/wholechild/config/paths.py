"""Where the documents that belong to the project lie: lessons, quiet families and published cases.

In a checkout they stand beside `src/`; in an installed wheel they are packed next to the modules.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import wholechild

_PACKAGE: Final = Path(wholechild.__file__).parent
_CHECKOUT: Final = _PACKAGE.parent.parent


def documents(name: str) -> Path:
    """The folder `lessons` or `cases` of this installation."""
    beside = _CHECKOUT / name
    return beside if beside.is_dir() else _PACKAGE / "documents" / name


LESSONS: Final = documents("lessons")
CASES: Final = documents("cases")
