"""Prints the pages as a manual in Markdown: `python -m tests.spec.manual`. The same files are the tests, so it cannot drift."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import yaml

from tests.spec.spec_pages import PAGES, Spec, specs, table

TABLES = ("ties", "homes", "coverage", "records")


def manual(folder: Path = PAGES) -> Iterator[str]:
    """The lines of the manual, page after page."""
    said = {
        page["page"]: page["says"]
        for path in folder.glob("*.yaml")
        if (page := yaml.safe_load(path.read_text("utf-8")))
    }
    for page, entries in groupby(specs(folder), key=lambda spec: spec.page):
        yield f"## {page}\n\n{said[page].strip()}\n"
        for spec in entries:
            yield from _entry(spec)


def _entry(spec: Spec) -> Iterator[str]:
    yield f"### {spec.says}\n"
    for name in ("born", "died", "nation"):
        if spec.given.get(name):
            yield f"{name.capitalize()}: {spec.given[name]}\n"
    for name in TABLES:
        text = str(spec.given.get(name) or "")
        rows = list(table(text)) if "|" in text or "\n" in text.strip() else []
        if rows:
            yield from _table(name, list(dict.fromkeys(key for row in rows for key in row)), rows)
        elif text:
            yield f"{name.capitalize()}: {text}\n"
    yield (
        "```yaml\n" + yaml.safe_dump(spec.given["condition"], sort_keys=False, width=100).strip() + "\n```\n"
    )
    yield f"Holds {', '.join(map(str, spec.holds)) or 'never'}.\n"
    if spec.cannot_tell:
        yield f"Cannot tell {'; '.join(spec.cannot_tell)}.\n"


def _table(name: str, head: list[str], rows: list[dict[str, str]]) -> Iterator[str]:
    yield f"| {' | '.join([name, *head[1:]] if name != 'records' else head)} |"
    yield "|" + "---|" * len(head)
    yield from (f"| {' | '.join(row.get(key, '') for key in head)} |" for row in rows)
    yield ""


if __name__ == "__main__":
    for line in manual():
        print(line)
