"""What became of a delivery, for whoever sent it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from wholechild.records.facts import Fault

#: A report shows so many issues; the rest are in the quarantine.
MOST_ISSUES: Final = 10_000


class DoesNotReconcile(RuntimeError):
    """Rows in is not loaded + quarantined + already known. Nothing of the delivery was kept."""


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """Every row of one file, accounted for.

    Shape    rows_in = loaded + quarantined + already_known. `refused` True: nothing was read, and `issues` says why.
    Missing  `delivery` empty: refused, or the same delivery was there before.
    """

    path: str
    format: str
    delivery: str = ""
    rows_in: int = 0
    loaded: int = 0
    quarantined: int = 0
    already_known: int = 0
    issues: tuple[Fault, ...] = ()
    refused: bool = False
    totals: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.rows_in != self.loaded + self.quarantined + self.already_known:
            raise DoesNotReconcile(
                f"{self.rows_in} rows in, but {self.loaded} loaded, {self.quarantined} quarantined and "
                f"{self.already_known} already known. Nothing of this delivery was kept; please report this."
            )

    @property
    def has_issues(self) -> bool:
        return bool(self.issues or self.quarantined or self.refused)

    def as_json(self) -> dict[str, Any]:
        """One entry of `ingest --json` (ARCHITECTURE section 9)."""
        return {
            "path": self.path, "format": self.format, "rows_in": self.rows_in, "loaded": self.loaded,
            "quarantined": self.quarantined, "already_known": self.already_known,
            "issues": [issue_as_json(issue) for issue in self.issues],
        }  # fmt: skip


def issue_as_json(fault: Fault) -> dict[str, Any]:
    return {"line": fault.line, "field": fault.field, "value": fault.value, "why": fault.why, "do": fault.do}


def refused(path: str, form: str, fault: Fault) -> DeliveryReport:
    """Nothing was read of this file."""
    return DeliveryReport(path, form, issues=(fault,), refused=True)
