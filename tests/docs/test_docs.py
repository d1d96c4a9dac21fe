"""The documents say what is there: links resolve, commands and settings exist, generated pages are up to date."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from scripts import docs

ROOT = Path(docs.ROOT)
SOURCE = ROOT / "src" / "wholechild"
FRONT = [ROOT / name for name in ("README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md")]
PAGES = [*FRONT, *sorted((ROOT / "docs").rglob("*.md"))]
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"(?ms)^```.*?^```")
#: A document that a module, a message or a lesson sends its reader to.
_NAMED = re.compile(
    r"docs/(?:how-to|reference|explanation|tutorials|adr)/[a-z0-9-]+\.md|(?<![\w/])(?:how-to|reference|explanation)/[a-z0-9-]+\.md"
)


def links(page: Path) -> Iterator[tuple[str, str]]:
    """(path, anchor) of every link of a page that stays inside the project."""
    for target in _LINK.findall(_FENCE.sub("", page.read_text(encoding="utf-8"))):
        if not re.match(r"[a-z]+:", target):
            path, _, anchor = target.partition("#")
            yield path, anchor


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as they are commonly made: lower case, hyphens, no marks."""
    headings = re.findall(r"(?m)^#+ (.+)$", _FENCE.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    for path, anchor in links(page):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{_name(page)} links to {path}, which is not there"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), (
                f"{_name(page)} links to {path}#{anchor}, and there is no such heading"
            )


def test_every_page_can_be_reached_from_the_index() -> None:
    reached, ahead = set(), {ROOT / "docs" / "index.md"}
    while ahead:
        page = ahead.pop()
        reached.add(page)
        ahead |= {found for path, _ in links(page) if path and (found := (page.parent / path).resolve()).suffix == ".md"
                  and found.exists()} - reached  # fmt: skip
    lost = {_name(page) for page in (ROOT / "docs").rglob("*.md")} - {_name(page) for page in reached}
    assert lost == set(), "docs/index.md leads to none of these, directly or by a link"


def test_every_document_that_the_source_names_is_there() -> None:
    for path in (
        *SOURCE.rglob("*.py"),
        *SOURCE.rglob("*.html"),
        *SOURCE.rglob("*.yaml"),
        *(ROOT / "lessons").rglob("*"),
    ):
        for named in _NAMED.findall(path.read_text(encoding="utf-8")) if path.is_file() else ():
            whole = named if named.startswith("docs/") else f"docs/{named}"
            assert (ROOT / whole).exists(), f"{_name(path)} sends its reader to {named}, which is not there"


def _commands() -> dict[str, tuple[str, str]]:
    from wholechild.cli.main import COMMANDS

    return COMMANDS


@pytest.mark.parametrize("name", _commands())
def test_every_command_is_there_and_documented(name: str) -> None:
    module, summary = _commands()[name]
    command = importlib.import_module(f"wholechild.cli.{module}").command
    assert command.help, f"`wholechild {name}` says nothing with --help"
    text = (ROOT / "docs/reference/command-line.md").read_text(encoding="utf-8")
    assert f"\n## {name}\n\n{summary}\n" in text


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_a_page_names_only_recipes_and_commands_that_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    said = "\n".join((*_FENCE.findall(text), *re.findall(r"`[^`\n]+`", text)))
    recipes = set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text()))
    for recipe in re.findall(r"(?m)(?:^|`|\$ |&& )make(?: [A-Z_]+=\S+)* ([a-z][a-z-]*)\b", said):
        assert recipe in recipes, f"{_name(page)} says `make {recipe}`"
    for command in re.findall(r"(?m)(?:^|`|\$ |/)wholechild ([a-z][a-z-]*)\b", said):
        assert command in _commands(), f"{_name(page)} says `wholechild {command}`"


def test_every_setting_is_documented() -> None:
    asked = re.compile(r"""environ(?:\.get\(|\[)"((?:WHOLECHILD|DATABASE)_[A-Z_]+)\"""")
    read = {name for path in SOURCE.rglob("*.py") for name in asked.findall(path.read_text(encoding="utf-8"))}
    assert "DATABASE_URL" in read
    told = (ROOT / "docs/reference/settings.md").read_text()
    assert {name for name in read if f"`{name}`" not in told} == set()


def test_every_decision_says_how_we_shall_know() -> None:
    records = sorted((ROOT / "docs/adr").glob("0*.md"))
    assert [int(page.name[:4]) for page in records] == list(range(1, len(records) + 1))
    for page in records:
        text = page.read_text()
        for heading in (
            "## Context",
            "## Decision",
            "## Consequences",
            "## How we shall know that it is followed",
        ):
            assert heading in text, f"{_name(page)} has no {heading!r}"


def test_the_readme_is_one_screenful() -> None:
    lines = [line for line in (ROOT / "README.md").read_text().splitlines() if line.strip()]
    assert len(lines) <= 60


def test_every_package_that_is_imported_is_named_with_a_reason() -> None:
    """What we import stands in pyproject.toml, and what stands there to run with is imported or configured."""
    named = {
        docs._normal(name)
        for name, _, _ in docs._named((ROOT / "pyproject.toml").read_text(), "dependencies")
    }
    imported = {(_package(name), path.stem) for path in SOURCE.rglob("*.py") for name in _imports(path)}
    missing = {
        (name, where)
        for name, where in imported
        if name not in {"", "wholechild"} | named and where not in OPTIONAL.get(name, ())
    }
    assert missing == set()


#: What only an extra brings, and the few modules that may import it, each with a plain word where it is absent.
OPTIONAL: Final = {"polars": ("bench", "bench_patterns"), "pyspark": ("spark", "bench_spark")}


def _imports(path: Path) -> set[str]:
    return set(re.findall(r"(?m)^\s*(?:from|import) ([a-z_0-9]+)", path.read_text())) - set(
        sys.stdlib_module_names
    )


def _package(module: str) -> str:
    """The distribution that a module comes from; empty for what comes with Python."""
    import importlib.metadata

    found = importlib.metadata.packages_distributions().get(module, [""])
    return docs._normal(found[0])


@pytest.mark.parametrize("script", ["tidy.py", "lock.py"])
def test_the_checks_that_need_nothing_more_pass(script: str) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / script), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
