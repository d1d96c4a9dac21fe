"""What truly happened in a synthetic world, read from the file that the world leaves beside its feeds.

Only a made-up world has such a file. It is never loaded into the database: it meets the records in a snapshot, where it is
joined through the local ids by which the agencies know a child.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from wholechild.lib.civil import day_start
from wholechild.records.ids import identity_id

#: The version of the file that is read here; the world writes it into the file.
_VERSION: Final = b"1"
_STATES_ITS_VERSION: Final = b"wholechild_truth"
_FIFTHS: Final = ("1, the most deprived fifth", "2", "3", "4", "5, the least deprived fifth")


class TruthRefused(ValueError):
    """A truth file that cannot be read; the message names the file, says why, and what to do."""


@dataclass(frozen=True, slots=True)
class TrueChild:
    """One child of the world.

    Shape    `identities` are those under which agencies know the child. `story` is the trajectory, also for its double, which
             has the same signs and no harm; empty for none.
    Units    civil seconds, the beginning of the day. Missing: None, it never came.
    """

    id: str
    identities: tuple[str, ...]
    story: str
    double: bool
    harm_from: int | None
    serious_harm: int | None
    known_outcome: int | None
    traits: Mapping[str, str] = field(default_factory=dict)

    @property
    def harmed(self) -> bool:
        return self.harm_from is not None


def read_truth(path: Path) -> Iterator[TrueChild]:
    """Every child in the file. Errors: TruthRefused, for a file of another kind or of another version."""
    try:
        table = pq.read_table(path)
    except (pa.ArrowInvalid, OSError):
        raise TruthRefused(
            f"{path}: this is no Parquet file, or it is cut short. Give the truth.parquet that seed-world left."
        ) from None
    version = (table.schema.metadata or {}).get(_STATES_ITS_VERSION)
    if version != _VERSION:
        raise TruthRefused(
            f"{path}: field wholechild_truth is {(version or b'').decode()!r} and not {_VERSION.decode()!r}: it is no truth file of "
            "this version. Make the world anew with seed-world, and give the truth.parquet that it leaves."
        )
    for row in table.to_pylist():
        yield _child(row)


def _child(row: Mapping[str, Any]) -> TrueChild:
    identities = tuple(identity_id(known["agency"], known["local_id"]) for known in row["identities"])
    harmed = row["story"] == "harm"
    onset, serious, known = (
        _instant(row[name]) if harmed else None
        for name in ("harm_onset", "harm_first_serious", "outcome_known_on")
    )
    traits = {
        "sex": row["sex"], "name_origin": row["name_origin"], "ethnicity": row["ethnicity"],
        "disability": "yes" if row["disability"] else "no", "deprivation": _FIFTHS[(row["deprivation_decile"] - 1) // 2],
    }  # fmt: skip
    return TrueChild(
        row["child"],
        identities,
        row["trajectory"] or "",
        row["story"] == "double",
        onset,
        serious,
        known,
        traits,
    )


def _instant(day: date | None) -> int | None:
    return None if day is None else day_start(day)
