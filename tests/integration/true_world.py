"""A small world whose truth is known, and what the reference engine says of it, told to the columns' relations.

Everything about the figures in here is slow and plain: loops over histories and rows, so that it can be read and believed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from tests.integration.worlds import at_least, lesson, sent
from wholechild.patterns.columns import pseudonym
from wholechild.patterns.history import ChildHistory
from wholechild.patterns.language.lesson import Lesson
from wholechild.patterns.library import Engines

AREAS: Final = ("Northmoor", "Eastvale")
ORIGINS: Final = ("polish", "british", "somali")
START, END = date(2023, 3, 2), date(2026, 3, 2)
#: Two that overlap, a third whose silence needs a feed, and one that ends by itself.
HURT: Final = lesson("hurt", at_least("injury.*", "60 days"))
TWICE: Final = lesson(
    "twice",
    {"count": {"of": ["injury.*", "neglect.*"], "about": "child", "at_least": 2, "within": "12 months"}},
)
UNSEEN: Final = lesson(
    "unseen",
    {"all": [at_least("domestic_abuse.*"),
             {"absence": {"of": ["health.seen"], "about": "child", "for": "90 days", "since": "birth", "covered_by": ["health_visiting"]}}]},
)  # fmt: skip
LESSONS: Final = (HURT, TWICE, UNSEEN)
_KINDS: Final = (
    "injury.bruise_unexplained",
    "injury.minor_explained",
    "neglect.poor_hygiene",
    "domestic_abuse.incident",
    "health.seen",
)


@dataclass(frozen=True)
class Taken:
    """A snapshot of the small world, and everything that it was made of."""

    folder: Path
    key: bytes
    feed: list[dict[str, Any]]
    truth: list[dict[str, Any]]
    truth_file: Path
    histories: list[ChildHistory]
    followed: frozenset[str]
    persons: dict[tuple[str, str], str]
    said: Any


def small_world(seed: int, families: int = 60) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(rows of a feed, rows of the truth): families of one child, some harmed, some with the same signs and no harm.

    Some children are known to two agencies by ids that agree on nothing, and so are two persons here; one is known to none.
    """
    rng = Random(seed)
    feed: list[dict[str, Any]] = []
    truth: list[dict[str, Any]] = []
    for area in AREAS:
        for agency in ("gp", "police", "hospital_ed", "health_visiting"):
            begun = "2025-01-01" if (agency, area) == ("health_visiting", "Eastvale") else "2015-01-01"
            feed.append(
                {"row": "coverage", "agency": agency, "area": area, "reference": "cov", "from": begun}
            )
    for n in range(families):
        feed += _family(rng, n, truth)
    feed += _edges(truth)
    truth.append({**truth[0], "child": "C-unfound", "identities": [], "story": "harm", "trajectory": "neglect",
                  "harm_onset": date(2024, 1, 1), "harm_first_serious": date(2024, 9, 1), "outcome_known_on": date(2024, 9, 3)})  # fmt: skip
    return feed, truth


def _family(rng: Random, n: int, truth: list[dict[str, Any]]) -> list[dict[str, Any]]:
    area = AREAS[n % 2]
    born = date(2008, 1, 1) + timedelta(days=rng.randrange(6_570))
    someone = {
        "given_name": f"Zuzanna{n}",
        "family_name": f"Quixwood{n}",
        "born": str(born),
        "nhs_number": "",
        "postcode": "ZZ99 3VZ",
    }
    gp, police = {"agency": "gp", "area": area, "unit": "Elm Surgery"}, {"agency": "police", "area": area}
    apart = n % 7 == 3
    rows = [
        sent(gp, "person", f"G-{n}", **someone, role="child", sex=("female", "male")[n % 2]),
        sent(police, "person", f"K-{n}", **{**someone, **({"given_name": f"Zu{n}", "born": "", "postcode": ""} if apart else {})}, role="child"),
    ]  # fmt: skip
    story = ("harm", "double", "none", "none")[n % 4]
    onset = START + timedelta(days=rng.randrange(-200, 900))
    for m in range(rng.randrange(2, 9) * (1 if story == "none" else 2)):
        day = onset + timedelta(days=rng.randrange(-200, 500))
        sender, subject = (gp, f"G-{n}") if rng.random() < 0.5 else (police, f"K-{n}")
        if born < day < END:
            rows.append(sent(sender, "record", f"R-{n}-{m}", kind=rng.choice(_KINDS), happened=str(day), subject=subject,
                             what=f"Something about Zuzanna{n}.", written_at=f"{day + timedelta(days=rng.randrange(3))}T10:00:00Z"))  # fmt: skip
    if rng.random() < 0.5:
        rows.append(
            sent(gp, "residence", f"H-{n}", subject=f"G-{n}", household=f"h{n}", **{"from": str(born)})
        )
    serious = onset + timedelta(days=rng.randrange(30, 400))
    truth.append({
        "child": f"C-{n}", "story": story, "trajectory": "neglect" if story != "none" else None,
        "identities": [{"agency": f"gp/{area}/Elm Surgery", "local_id": f"G-{n}"}, {"agency": f"police/{area}", "local_id": f"K-{n}"}],
        "harm_onset": onset if story == "harm" else None, "harm_first_serious": serious if story == "harm" and n % 3 else None,
        "outcome_known_on": serious + timedelta(days=5) if story == "harm" and n % 5 else None,
        "name_origin": ORIGINS[n % 3], "ethnicity": ("white", "black")[n % 2], "disability": n % 11 == 0,
        "deprivation_decile": 1 + n % 10, "sex": ("female", "male")[n % 2],
    })  # fmt: skip
    return rows


def _edges(truth: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Children to whom something happens exactly where a figure begins or ends."""
    gp = {"agency": "gp", "area": "Northmoor", "unit": "Elm Surgery"}
    at_the_start = {"happened": str(START - timedelta(days=1)), "written_at": f"{START}T00:00:00Z"}
    edges: list[tuple[str, list[dict[str, str]]]] = [
        ("2015-05-05", [at_the_start]),
        ("2025-06-01", [_hurt("2025-04-10")]),  # before birth
        ("2007-09-01", [_hurt("2025-03-03"), _hurt("2025-10-10")]),  # at 17, and at 18
        ("2006-01-15", [_hurt("2023-06-01"), _hurt("2024-03-03")]),
        ("2012-02-02", [_hurt(str(START - timedelta(days=20)))]),  # holds before the span, and into it
        ("2003-05-05", [_hurt("2023-06-01")]),  # grown up before it begins
    ]
    rows = []
    for n, (born, records) in enumerate(edges):
        who = f"E-{n}"
        rows.append(
            sent(
                gp,
                "person",
                who,
                given_name=f"Edgar{n}",
                family_name=f"Quillfeather{n}",
                born=born,
                role="child",
            )
        )
        rows += [
            sent(gp, "record", f"{who}-{m}", kind="injury.minor_explained", subject=who, **said)
            for m, said in enumerate(records)
        ]
        truth.append(
            {
                **truth[2],
                "child": f"C-{who}",
                "identities": [{"agency": "gp/Northmoor/Elm Surgery", "local_id": who}],
            }
        )
    return rows


def _hurt(day: str) -> dict[str, str]:
    return {"happened": day, "written_at": f"{date.fromisoformat(day) + timedelta(days=1)}T10:00:00Z"}


def write_truth(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    ids = pa.list_(pa.struct([("agency", pa.string()), ("local_id", pa.string())]))
    days = ("harm_onset", "harm_first_serious", "outcome_known_on")
    kinds = {"identities": ids, "disability": pa.bool_(), "deprivation_decile": pa.int8()} | dict.fromkeys(
        days, pa.date32()
    )
    schema = pa.schema(
        [(name, kinds.get(name, pa.string())) for name in rows[0]], metadata={"wholechild_truth": "1"}
    )
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), path)


def tell(
    connection: duckdb.DuckDBPyConnection,
    histories: Sequence[ChildHistory],
    lessons: dict[str, Lesson],
    key: bytes,
) -> None:
    """Leave `holds`, `unsure` and `evidence` as an engine over the columns would, worked out by the reference engine."""
    holds, unsure, evidence = [], [], []
    for history in histories:
        child, engines = pseudonym("child", history.child, key), Engines(history)
        for name, one in lessons.items():
            engine = engines.of(one)
            truth = engine.evaluate(one.condition)
            holds += [(name, child, start, end) for start, end in truth.holds]
            unsure += [
                (name, child, u.start, u.end, str(reason.why), reason.about)
                for u in truth.unsure
                for reason in u.reasons
            ]
            for start, _ in truth.holds:
                for i in engine.evidence(one.condition, start):
                    evidence.append(
                        (name, child, start, pseudonym("record", history.observations[i].record, key))
                    )
    span = [("lesson", pa.string()), ("child", pa.int64()), ("start", pa.int64())]
    for table, more, rows in (
        ("holds", [("end", pa.int64())], holds),
        ("unsure", [("end", pa.int64()), ("why", pa.string()), ("about", pa.string())], unsure),
        ("evidence", [("record", pa.int64())], evidence),
    ):
        schema = pa.schema([*span, *more])
        columns = [pa.array([row[n] for row in rows], field.type) for n, field in enumerate(schema)]
        connection.register(f"told_{table}", pa.table(columns, schema=schema))
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT * FROM told_{table}")
