"""A report on linking to look at: labels that nobody made, of an area that is made up, kept as the command keeps one.

Run as `python -m tests.functional.linking_report` with the `WHOLECHILD_HOME` of a small world.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

from wholechild.people.comparing.measuring import Pair
from wholechild.people.linkage_report import Label, Labelled, Report, report

#: group -> (how many labelled pairs of one person, how many of them are missed)
ORIGINS: Final = {
    "english": (160, 5),
    "pakistani": (70, 4),
    "polish": (48, 2),
    "nigerian": (41, 3),
    "welsh": (12, 0),
}
AGENCIES: Final = {
    "school/Northmoor/Oakfield Primary": (9, 240), "gp/Northmoor/Bridge Street Surgery": (118, 540), "police/Northmoor": (21, 160),
    "housing/Eastvale": (2, 90), "camhs/Northmoor": (1, 4),
}  # fmt: skip


def figures(origins: dict[str, tuple[int, int]] | None = None) -> dict[str, Any]:
    """What `wholechild link --report` would print."""
    return made(origins or ORIGINS).plain() | {
        "held_no_longer": 0, "identities": 1034, "persons": 612, "waiting": 1, "labels_sha256": "0" * 64,
    }  # fmt: skip


def made(origins: dict[str, tuple[int, int]]) -> Report:
    rng = Random(1)
    labels, people, weights = [], [], {}
    groups: dict[str, dict[str, str]] = {"name_origin": {}, "sex": {}, "mover": {}}
    for origin, (many, missed) in origins.items():
        for number in range(many):
            pair = (f"a-{origin}-{number}", f"b-{origin}-{number}")
            labels.append(Labelled(*pair, Label.SAME, 12.0 if number >= missed else 2.0))
            people += [set(pair)] if number >= missed else []
            weights[pair] = 18.0 if number >= missed else 4.0
            for side in pair:
                groups["name_origin"][side] = origin
                groups["sex"][side] = "female" if number % 2 else "male"
                groups["mover"][side] = "a move on record" if number % 5 == 0 else "no move on record"
    for number in range(60):
        pair = (f"x-{number}", f"y-{number}")
        labels.append(Labelled(*pair, Label.CANNOT_TELL if number < 4 else Label.DIFFERENT, 30.0))
        weights[pair] = rng.uniform(-10.0, 5.0)
    zones: dict[Pair, str] = {
        pair: "same" if weight > 5 else "possible" if weight > 3.5 else "different"
        for pair, weight in weights.items()
    }
    agency_of = {f"{agency}-{n}": agency for agency, (_, of) in AGENCIES.items() for n in range(of)}
    linked = [
        {f"{agency}-{n}", f"with-{agency}-{n}"}
        for agency, (alone, of) in AGENCIES.items()
        for n in range(alone, of)
    ]
    return report(
        labels, people=[*people, *linked], agency_of=agency_of, weight_of=weights, same=5.5, groups=groups, model=in_force(),
        zone_of=zones,
    )  # fmt: skip


def in_force() -> str:
    from wholechild.people.comparing.artefact import default_artefact

    return default_artefact().id


if __name__ == "__main__":
    from wholechild.config.django import setup

    setup()
    from wholechild.people.actions import keep_report

    keep_report(
        by="system:link", purpose="identity_check", at=datetime.now(UTC), figures=figures(), salts=os.urandom
    )
