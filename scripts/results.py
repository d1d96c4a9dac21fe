"""The tables of results in README.md and docs/explanation/replays.md, worked out from the cases and from kept figures.

The replays are walked anew each time. The rates on the ordinary area take minutes, so they are kept in
docs/reference/rates.json, which `make rates` writes anew.
"""

from __future__ import annotations

import json
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from wholechild.cli.replay import short_agencies
from wholechild.lib.civil import say_day
from wholechild.patterns.library import read_library
from wholechild.patterns.replay import Replay, ReplayMatch, replay
from wholechild.records.feeds.chronology import read_chronology

ROOT: Final = Path(__file__).resolve().parents[1]
RATES: Final = ROOT / "docs" / "reference" / "rates.json"
_CHILDREN: Final = {"pelka": "Daniel Pelka", "williams": "Keanu Williams", "khan": "Hamzah Khan"}


@lru_cache(maxsize=1)
def walked() -> dict[str, Replay]:
    """Each published case, walked with every lesson."""
    lessons = [folder.lesson for folder in read_library(ROOT / "lessons").lessons]
    cases = {name: ROOT / "cases" / f"{name}.yaml" for name in _CHILDREN}
    return {n: replay(read_chronology(p.read_bytes(), name=p.name), lessons) for n, p in cases.items()}


def replays() -> str:
    """The three tables, each with what was left out."""
    return "\n".join(_case(name, found) for name, found in walked().items())


def _case(name: str, found: Replay) -> str:
    left = "; ".join(f"{count} because {why}" for why, count in found.left_out.items())
    return "\n".join([
        f"### {_CHILDREN[name]}", "",
        "| held from | days before the death | what adds up | records of | any one agency alone |",
        "|---|---:|---|---|---|",
        *(_row(match) for match in found.matches), "",
        f"Lines of the chronology left out: {left or 'none'}. `wholechild replay cases/{name}.yaml --full` prints the records "
        f"behind each line.", "",
    ])  # fmt: skip


def _row(match: ReplayMatch) -> str:
    days = match.days_before_outcome
    said = "" if days is None else f"{days:,}" if days >= 0 else f"{-days:,} after"
    agencies = short_agencies(match.explanation.agencies)
    return f"| {say_day(match.held_from)} | {said} | {match.lesson.title} | {agencies} | {_alone(match)} |"


def _alone(match: ReplayMatch) -> str:
    seen = [day for day in match.alone.values() if day is not None]
    return "never" if not seen else "the same day" if min(seen) <= match.held_from else say_day(min(seen))


def rates() -> str:
    """How often each lesson speaks on the ordinary area, with the command that reprints it."""
    kept: dict[str, Any] = json.loads(RATES.read_text(encoding="utf-8"))
    titles = {folder.lesson.id: folder.lesson.title for folder in read_library(ROOT / "lessons").lessons}
    rows = sorted(kept["per_lesson"].items(), key=lambda item: (-item[1], item[0]))
    return "\n".join([
        f"{kept['children']:,} synthetic children followed from {say_day(date.fromisoformat(kept['from']))} to "
        f"{say_day(date.fromisoformat(kept['to']))}: **{kept['total']:.1f} alerts per 1,000 children a year** over all "
        f"{len(rows)} lessons; {kept['children_with_an_alert']:,} children had at least one. None of these families was made to "
        "harm a child; some of them were rightly helped by services. `make rates` makes the area and counts anew.", "",
        "| lesson | alerts per 1,000 children a year |", "|---|---:|",
        *(f"| {titles.get(lesson, lesson)} | {rate:.2f} |" for lesson, rate in rows), "",
    ])  # fmt: skip


def summary() -> str:
    """For the README: per case, the first pattern that no single agency could see, and how many there were."""
    rows = ["| review of | first pattern that needed more than one agency | held from | days before the death | one agency alone | such patterns |", "|---|---|---|---:|---|---:|"]  # fmt: skip
    for name, found in walked().items():
        joint = [m for m in found.matches if m.needed_more_than_one and (m.days_before_outcome or 0) > 0]
        first = joint[0]
        rows.append(
            f"| {_CHILDREN[name]} | {first.lesson.title} ({short_agencies(first.explanation.agencies)}) | "
            f"{say_day(first.held_from)} | {first.days_before_outcome:,} | {_alone(first)} | {len({m.lesson.id for m in joint})} |"
        )
    kept: dict[str, Any] = json.loads(RATES.read_text(encoding="utf-8"))
    return "\n".join([
        *rows, "",
        f"On an ordinary synthetic area the same {len(kept['per_lesson'])} lessons ask somebody to look **{kept['total']:.1f} times a "
        "year per 1,000 children**.", "",
    ])  # fmt: skip
