"""What truly happened in a synthetic world, read from the file that the world leaves beside its feeds.

Only a made-up world has such a file. It is never loaded into the database: it meets the records in a snapshot, where it is
joined through the local ids by which the agencies know a child.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from wholechild.lib.civil import DAY, day_start
from wholechild.records.ids import identity_id

_NEEDED: Final = ("child", "trajectory", "double", "harm_from", "first_serious_harm", "known_outcome")
_TRAITS: Final = ("sex", "name_origin", "ethnicity", "disability", "deprivation")


class TruthRefused(ValueError):
    """A truth file that cannot be read; the message names file and column and says what to do."""


@dataclass(frozen=True, slots=True)
class TrueChild:
    """One child of the world.

    Shape    `identities` are how agencies know the child. `story` names the trajectory, empty for none; a `double` has the
             same signs and no harm.
    Units    civil seconds: the instant after which the day has certainly come. Missing: None, it never came.
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
        return self.harm_from is not None and not self.double


def read_truth(path: Path) -> Iterator[TrueChild]:
    """Every child in the file. Errors: TruthRefused, for a file of another kind or without a needed column."""
    try:
        table = pq.read_table(path)
    except (pa.ArrowInvalid, OSError):
        raise TruthRefused(
            f"{path}: this is no Parquet file, or it is cut short. Give the truth.parquet that seed-world left."
        ) from None
    for column in _NEEDED:
        if column not in table.column_names:
            raise TruthRefused(
                f"{path}: field {column} is missing. Give the truth.parquet that seed-world left."
            )
    for row in table.to_pylist():
        yield _child(row)


def _child(row: Mapping[str, Any]) -> TrueChild:
    known = {name: str(row[name]) for name in _TRAITS if row.get(name) not in (None, "")}
    return TrueChild(
        str(row["child"]), tuple(_identities(row)), row["trajectory"] or "", bool(row["double"]),
        _instant(row["harm_from"]), _instant(row["first_serious_harm"]), _instant(row["known_outcome"]), known,
    )  # fmt: skip


def _identities(row: Mapping[str, Any]) -> Iterator[str]:
    said = row.get("local_ids") or ()
    pairs = json.loads(said) if isinstance(said, str) else said
    for pair in pairs.items() if isinstance(pairs, dict) else pairs:
        agency, local = (pair["agency"], pair["local_id"]) if isinstance(pair, dict) else pair
        for one in local if isinstance(local, list) else [local]:
            yield identity_id(agency, one)


def _instant(day: date | datetime | None) -> int | None:
    if day is None:
        return None
    return day_start(day.date() if isinstance(day, datetime) else day) + DAY
