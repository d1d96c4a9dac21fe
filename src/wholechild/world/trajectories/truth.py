"""The truth of a synthetic area, written beside its feeds: one row a child, in Parquet.

It never goes into a database and no agency sends it. It is joined to what a system made of the feeds by the ids under
which each agency knows the child.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from wholechild.world.people import Child, Family
from wholechild.world.trajectories.process import Library
from wholechild.world.trajectories.traits import Traits
from wholechild.world.trajectories.unfolding import Story

FILE: Final = "truth.parquet"
#: Raised whenever a column changes its meaning.
VERSION: Final = "1"
_ROWS_AT_A_TIME: Final = 10_000
_ID: Final = pa.struct(
    [pa.field("agency", pa.string(), nullable=False), pa.field("local_id", pa.string(), nullable=False)]
)
#: Column, type, may it be empty, what it says.
_COLUMNS: Final[tuple[tuple[str, pa.DataType, bool, str], ...]] = (
    ("child", pa.string(), False, "our own id of the child; no agency knows it"),
    ("family", pa.int64(), False, "the family's number"),
    ("identities", pa.list_(_ID), False, "the agencies that know the child, each with its own id as it was sent"),
    ("present_from", pa.date32(), False, "first day on which the area's services could know of the child"),
    ("present_to", pa.date32(), False, "the day after the last"),
    ("story", pa.string(), False, "harm, double or none"),
    ("trajectory", pa.string(), True, "the trajectory, also for its double; empty: none"),
    ("process", pa.string(), True, "which of the two it was: the id of the trajectory's harm or of its double"),
    ("began", pa.date32(), True, "when the story began"),
    ("ended", pa.date32(), True, "when it ended, or the feeds did"),
    ("harm_onset", pa.date32(), True, "when harm began; empty: it never did"),
    ("harm_first_serious", pa.date32(), True, "when harm was first serious"),
    ("outcome", pa.string(), True, "serious_harm, recognised or death: how the harm became known; empty: it did not"),
    ("outcome_known_on", pa.date32(), True, "when it became known"),
    ("happened", pa.int32(), False, "things that happened in the story, for the whole family"),
    ("noticed", pa.int32(), False, "times that an agency noticed one"),
    ("recorded", pa.int32(), False, "times that it wrote it down"),
    ("shared", pa.int32(), False, "times that it told children's social care"),
    ("name_origin", pa.string(), False, "the community of the names"),
    ("ethnicity", pa.string(), False, "ethnic group"),
    ("disability", pa.bool_(), False, "whether the child has a disability"),
    ("deprivation_decile", pa.int8(), False, "1 for the most deprived tenth of neighbourhoods to 10"),
    ("sex", pa.string(), False, "female or male"),
    ("year_of_birth", pa.int16(), False, "year of birth"),
    ("area", pa.string(), False, "where the child lives at the end"),
    ("moved", pa.bool_(), False, "whether the child moved home or into the area in the years made"),
)  # fmt: skip
SCHEMA: Final = pa.schema(
    [pa.field(name, kind, nullable=empty, metadata={"says": says}) for name, kind, empty, says in _COLUMNS]
)


class Truth:
    """The open file of the truth. Memory holds some thousand children at a time."""

    def __init__(self, folder: Path, area: str, about: Mapping[str, str]) -> None:
        self.path, self.area = folder / FILE, area
        self.rows: list[dict[str, Any]] = []
        self.schema = SCHEMA.with_metadata({"wholechild_truth": VERSION, **about})

    def __enter__(self) -> Truth:
        self.writer = pq.ParquetWriter(self.path, self.schema, compression="zstd")
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        self.writer.close()

    def family(
        self, family: Family, traits: Mapping[int, Traits], story: Story | None, library: Library,
        ids: Mapping[int, Iterable[tuple[str, str]]],
    ) -> None:  # fmt: skip
        """Add the children of one family."""
        for child in family.children:
            own = story if story is not None and any(child is one for one in story.children) else None
            self.rows.append(
                _child(family, child, ids.get(child.place, ()))
                | _story(own, library, child)
                | _traits(traits[child.place])
                | {"area": story.area if story is not None and story.area else self.area}
            )
        if len(self.rows) >= _ROWS_AT_A_TIME:
            self._flush()

    def _flush(self) -> None:
        if self.rows:
            self.writer.write_table(pa.Table.from_pylist(self.rows, schema=self.schema))
            self.rows = []


def _child(family: Family, child: Child, ids: Iterable[tuple[str, str]]) -> dict[str, Any]:
    return {
        "child": f"C-{family.number}-{child.place}", "family": family.number,
        "identities": [{"agency": agency, "local_id": local_id} for agency, local_id in ids],
        "present_from": _day(child.present_from), "present_to": _day(child.present_to),
        "moved": family.arrived_on is not None or any(child.here_on(home.since) for home in family.homes[1:]),
    }  # fmt: skip


def _story(story: Story | None, library: Library, child: Child) -> dict[str, Any]:
    """What came to the child; a child born into a story is harmed from birth at the earliest."""
    if story is None:
        return {"story": "none", "happened": 0, "noticed": 0, "recorded": 0, "shared": 0}
    return {
        "story": "harm" if story.process.harmful else "double",
        "trajectory": library.trajectory_of(story.process).id, "process": story.process.id,
        "began": _day(max(story.began, child.born)), "ended": _day(max(story.ended, child.born)),
        "harm_onset": _day(_since_birth(story.harm_onset, child)),
        "harm_first_serious": _day(_since_birth(story.first_serious, child)),
        "outcome": story.outcome or None, "outcome_known_on": _day(_since_birth(story.known_on, child)),
        "happened": story.happened, "noticed": story.noticed, "recorded": len(story.recorded),
        "shared": sum(one.passed_on is not None for one in story.recorded),
    }  # fmt: skip


def _traits(traits: Traits) -> dict[str, Any]:
    return {name: getattr(traits, name) for name in Traits.__slots__}


def _since_birth(day: int | None, child: Child) -> int | None:
    return None if day is None else max(day, child.born)


def _day(day: int | None) -> date | None:
    return None if day is None else date.fromordinal(day)
