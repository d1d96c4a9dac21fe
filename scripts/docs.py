"""Writes the pages of docs/ that follow from the source; `--check` only says which are out of date.

Each page is a function from nothing to its text. A page stands in git, so that it can be read without running anything.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import re
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import click

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # so that the script runs from anywhere
from scripts import results

ROOT: Final = Path(__file__).resolve().parents[1]
DOCS: Final = ROOT / "docs"
MADE: Final = "<!-- Written by `make docs`; a change here is lost. -->"


def main() -> int:
    wanted = {name: page() for name, page in PAGES.items()}
    for name in {name for name, _ in PARTS}:
        wanted[name] = _with_parts(name, (DOCS / name).read_text(encoding="utf-8"))
    old = [name for name, text in wanted.items() if _differs(DOCS / name, text)]
    if "--check" not in sys.argv:
        for name in old:
            (DOCS / name).write_text(wanted[name], encoding="utf-8")
            print(f"docs/{name} written")
        return 0
    for name in old:
        print(f"docs/{name} does not say what the source says. Run `make docs`.", file=sys.stderr)
    return 1 if old else 0


def _differs(path: Path, text: str) -> bool:
    return not path.exists() or path.read_text(encoding="utf-8") != text


def _with_parts(page: str, text: str) -> str:
    """The page with what stands between its marks made anew. Errors: ValueError for a page without the marks."""
    for name, made in ((name, made) for (where, name), made in PARTS.items() if where == page):
        begin, end = f"<!-- {name}:begin -->\n", f"<!-- {name}:end -->"
        if text.count(begin) != 1 or text.count(end) != 1:
            raise ValueError(f"docs/{page} has no marks {begin.strip()} … {end}")
        before, _, rest = text.partition(begin)
        text = before + begin + made() + end + rest.partition(end)[2]
    return text


# -- the index --------------------------------------------------------------------------------------------------


def listed(folder: str, leaving_out: Sequence[str] = ()) -> str:
    """Every page of a folder of docs/, as a list of links with the pages' own headings."""
    pages = [page for page in sorted((DOCS / folder).glob("*.md")) if page.name not in leaving_out]
    return "".join(
        f"* [{page.read_text(encoding='utf-8').splitlines()[0].lstrip('# ')}]({folder}/{page.name})\n"
        for page in pages
    )


# -- the command line -------------------------------------------------------------------------------------------


def command_line() -> str:
    """Every command with its help, as the commands themselves give it."""
    from wholechild.cli.main import COMMANDS

    parts = [
        "# The command line", MADE,
        "`make setup` puts the command at `.venv/bin/wholechild`. Results go to standard output, progress to standard error; "
        "with `--json` the result is JSON.",
        "| exit code | means |\n|---|---|\n| 0 | done |\n| 1 | a check failed |\n| 2 | the command was not used rightly |\n"
        "| 3 | done, with issues that somebody should look at |",
    ]  # fmt: skip
    for name, (module, summary) in COMMANDS.items():
        command = importlib.import_module(f"wholechild.cli.{module}").command
        parts += [f"## {name}", summary, *_command(command, ("wholechild", name), summary)]
    return "\n\n".join(parts) + "\n"


def _command(command: click.Command, names: Sequence[str], summary: str = "") -> Iterator[str]:
    context = click.Context(command, info_name=" ".join(names))
    yield f"```\n{' '.join((context.command_path, *command.collect_usage_pieces(context)))}\n```"
    if command.help and command.help != summary:
        yield _paragraphs(command.help)
    rows = [_option(parameter, context) for parameter in command.get_params(context) if _is_told(parameter)]
    if rows:
        yield "\n".join(["| option | what it does |", "|---|---|", *rows])
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield f"### {' '.join((*names[1:], name))}"
            yield from _command(inner, (*names, name))


def _is_told(parameter: click.Parameter) -> bool:
    return isinstance(parameter, click.Option) and "--help" not in parameter.opts and not parameter.hidden


def _option(parameter: click.Parameter, context: click.Context) -> str:
    names, text = parameter.get_help_record(context) or ("", "")
    usual = {"--json": "The result as JSON.", "--lessons DIRECTORY": "The folder of lessons."}
    cells = (f"`{names}`", " ".join((text or usual.get(names, "")).split()))
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _paragraphs(text: str) -> str:
    """Click's help without its marks; lines that it must not join stand as they are."""
    blocks = [block.strip("\n") for block in text.replace("\b\n", "\0").split("\n\n")]
    return "\n\n".join(f"```\n{b[1:]}\n```" if b.startswith("\0") else " ".join(b.split()) for b in blocks)


# -- what it is built on ----------------------------------------------------------------------------------------

#: Where a package does not say its licence in a form that can be read by a program: what its own licence file says.
_SAID_ELSEWHERE: Final[dict[str, str]] = {"axe-playwright-python": "MIT"}
#: Licences that sit well beside Apache-2.0: permissive, or weak copyleft of a library that we only call.
_FINE: Final = re.compile(
    r"MIT|BSD|Apache|ISC|PSF|Python Software Foundation|MPL|Mozilla|LGPL|Lesser|PostgreSQL|0BSD|Unlicense|Zlib|CNRI|Public Domain"
)
_GROUPS: Final = {
    "dependencies": "What Wholechild runs on",
    "test": "What its tests need",
    "dev": "What its checks need",
}


def dependencies() -> str:
    """Every package that we name, with its bounds, its licence and the reason for it."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    parts = [
        "# What Wholechild is built on", MADE,
        "Few packages, each with its reason, named in `pyproject.toml`. The exact releases, with the hash of every file, are in "
        "`requirements/`; none was younger than a week when it was chosen.",
    ]  # fmt: skip
    for group, title in _GROUPS.items():
        rows = [
            f"| {name} | {bounds} | {licence(name)} | {reason} |"
            for name, bounds, reason in _named(text, group)
        ]
        parts += [
            f"## {title}",
            "\n".join(["| package | releases | licence | reason |", "|---|---|---|---|", *rows]),
        ]
    others = [f"{name} ({licence(name)})" for name in _brought_along()]
    parts += ["## What these bring along", "To run: " + ", ".join(others) + "."]
    parts += [
        "## What the pages' styles are built with",
        "Used once, at set-up; nothing of it runs when pages are served.",
        _npm(),
    ]
    return "\n\n".join(parts) + "\n"


def _named(text: str, group: str) -> Iterator[tuple[str, str, str]]:
    """(name, bounds, reason) of each line of a list in pyproject.toml. Errors: ValueError for a line without a reason."""
    lines = re.search(rf"(?ms)^{group} = \[\n(.*?)^\]", text)
    for line in lines[1].splitlines() if lines else ():
        found = re.fullmatch(r'\s*"([A-Za-z0-9._-]+)(\[[a-z,]+\])?([^"]*)",\s*# (.+)', line)
        if found is None:
            raise ValueError(f"pyproject.toml gives no reason for: {line.strip()}")
        yield found[1], found[3].replace(",", ", "), found[4]


def licence(name: str) -> str:
    """The licence of an installed package, as short as it can be said. Errors: ValueError if it may not be used."""
    if name in _SAID_ELSEWHERE:
        return _SAID_ELSEWHERE[name]
    about = importlib.metadata.metadata(name)
    classifiers = [
        c.rpartition(" :: ")[2] for c in about.get_all("Classifier", []) if c.startswith("License ::")
    ]
    said = (
        about["License-Expression"]
        or ", ".join(c for c in classifiers if c != "OSI Approved")
        or about["License"]
        or ""
    )
    said = said.strip().partition("\n")[0]
    if not _FINE.search(said):
        raise ValueError(f"the licence of {name} is {said!r}: look at it before it is used")
    return said


def _brought_along() -> list[str]:
    """What the run lock holds besides what we name, where it is installed here."""
    locked = re.findall(r"(?m)^([a-z0-9._-]+)==", (ROOT / "requirements" / "run.txt").read_text())
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
    ours = {_normal(re.split(r"[\[<>=]", line)[0]) for line in project["project"]["dependencies"]}
    here = {_normal(found.name) for found in importlib.metadata.distributions()}
    return [name for name in locked if name not in ours and name in here]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _npm() -> str:
    named = json.loads((ROOT / "package.json").read_text()).get("devDependencies", {})
    locked = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    rows = [
        f"| {name} | {release} | {locked[f'node_modules/{name}'].get('license', '')} |"
        for name, release in named.items()
    ]
    return "\n".join(["| package | release | licence |", "|---|---|---|", *rows])


# -- tables -----------------------------------------------------------------------------------------------------


def tables() -> str:
    """What each role may do to each table."""
    from wholechild.config import roles

    rows = [
        f"| `{name}` | {_rights(a.app)} | {_rights(a.analytics)} |"
        for name, a in sorted(roles.ACCESS.items())
    ]
    rooms = ", ".join(f"`{prefix}…`" for prefix in roles.OUR_ROOMS)
    facts = f"| {rooms}, where no line below says otherwise | {_rights(roles.FACTS.app)} | {_rights(roles.FACTS.analytics)} |"
    return "\n\n".join([
        "# Who may do what to which table", MADE,
        "The application adds facts and reads them; it can change or delete none. A table that is named nowhere gives no rights at "
        "all. `wholechild doctor` compares the database with this page's source, `config/roles.py`.",
        "\n".join(["| table | the application | the analysts |", "|---|---|---|", facts, *rows]),
    ]) + "\n"  # fmt: skip


def _rights(rights: frozenset[str]) -> str:
    return (
        ", ".join(right.lower() for right in ("SELECT", "INSERT", "UPDATE", "DELETE") if right in rights)
        or "nothing"
    )


def vocabulary_page() -> str:
    """The shared words, as the vocabulary itself tells them."""
    from wholechild.vocabulary.reference import reference_page
    from wholechild.vocabulary.terms import vocabulary

    return reference_page(vocabulary())


def life_of_a_lesson() -> str:
    """Who may do what about lessons, what can come of a match, and when a decision counts, as the source has it."""
    from wholechild.patterns.language.lesson import NATIONS
    from wholechild.patterns.life import force
    from wholechild.patterns.life.outcomes import OUTCOMES
    from wholechild.trust.permissions import MAY_DO
    from wholechild.vocabulary.terms import vocabulary

    acts = {"lesson.read": "read", "lesson.write": "draft and propose", "lesson.adopt": "adopt and retire"}
    titles = {role: vocabulary().roles[role].title for role, act in MAY_DO if act in acts}
    may = [
        f"| {title} | {' | '.join('yes' if (role, act) in MAY_DO else '' for act in acts)} |"
        for role, title in sorted(titles.items(), key=lambda item: item[1])
    ]
    rules = (force.__doc__ or "").split("in order:", 1)[1].strip()
    return "\n\n".join([
        "# The life of a lesson", MADE,
        "How to go through it: [from a finding to a rule that runs](../how-to/from-a-finding-to-a-rule.md). Each step is a fact that is "
        "added and never changed, with a leaf in [the ledger](../explanation/ledger.md).",
        "```\n"
        "draft ──propose──► proposed ──first signature──► waits ──second signature──► in force ──retire, two signatures──► retired\n"
        "  ▲                                                                              │                                   │\n"
        "  └────────────────────────────── change: the next version ◄─────────────────────┴───────────────────────────────────┘\n"
        "```",
        "## Who may",
        "\n".join([f"| role | {' | '.join(acts.values())} |", "|---|---|---|---|", *may]),
        "Whoever proposed a version may not adopt it, and nobody signs twice, in whatever roles. A role that stands in no line may nothing.",
        "## When a decision counts", rules,
        f"Nations: {', '.join(NATIONS)}. Every local authority of the last three is listed (`vocabulary/areas.yaml`); an area that is not lies in "
        f"{force.HOME_NATION}, and a child whose area nobody has said is asked what runs there.",
        "## What comes with the installation",
        "The library under `lessons/` is adopted once, as one act in the ledger (`lesson.install`), the first time that lessons run on an "
        "installation where none was ever adopted; `wholechild lessons install` does the same. From then on files add nothing by themselves: "
        "a new lesson, or a new version that a later release brings, is proposed and adopted like any other.",
        "## Which text runs",
        "A proposal keeps the exact text, under its SHA-256. What runs is read from there and hashed again, never from a file. The first "
        "adoption seals the version: its number is that text for ever, and a match that names the number names the text. `wholechild "
        "lessons check` compares the files with what was adopted (`--files-only` leaves that out), and `wholechild verify` finds a "
        "text, a hash or a signature that was altered or slipped in.",
        "## What can come of a match",
        "\n".join(["| kept as | what is said |", "|---|---|", *(f"| `{name}` | {title} |" for name, title in OUTCOMES.items())]),
        "Each with a reason, by somebody who may read about the child. Saying something else later adds to it; the last word of each person counts.",
    ]) + "\n"  # fmt: skip


def ordinary_area() -> str:
    """The figures that the synthetic area is made to, each with its source."""
    from wholechild.world.figures import tables as figures
    from wholechild.world.rates import rates

    return figures(rates())


def synthetic_world() -> str:
    """The trajectories and their doubles, each with its source."""
    from wholechild.world.trajectories.figures import tables as stories
    from wholechild.world.trajectories.reading import library

    return stories(library())


def truth() -> str:
    """What each column of the truth says."""
    from wholechild.world.trajectories.figures import truth_columns

    return "| column | type | what it says |\n|---|---|---|\n" + truth_columns() + "\n"


def population(name: str) -> str:
    """The shares of one profile of errors of the population to link."""
    from wholechild.world.population.asked import profile
    from wholechild.world.population.figures import tables as shares

    return shares(profile(name))


PAGES: Final[dict[str, Callable[[], str]]] = {
    "reference/command-line.md": command_line,
    "reference/dependencies.md": dependencies,
    "reference/life-of-a-lesson.md": life_of_a_lesson,
    "reference/tables.md": tables,
    "reference/vocabulary.md": vocabulary_page,
}

#: Pages of the reference that the index tells of in its own words.
_TOLD: Final = [
    f"{name}.md"
    for name in (
        "command-line",
        "feeds",
        "lesson-language",
        "vocabulary",
        "settings",
        "tables",
        "dependencies",
    )
]
#: (page, mark) -> what stands between the marks `<!-- mark:begin -->` and `<!-- mark:end -->` of that page.
PARTS: Final[dict[tuple[str, str], Callable[[], str]]] = {
    ("index.md", "how-to"): lambda: listed("how-to"),
    ("index.md", "reference"): lambda: listed("reference", leaving_out=_TOLD),
    ("../README.md", "results"): results.summary,
    ("explanation/the-ordinary-area.md", "figures"): ordinary_area,
    ("explanation/the-synthetic-world.md", "stories"): synthetic_world,
    ("explanation/the-synthetic-world.md", "truth"): truth,
    ("reference/population.md", "usual"): lambda: population("usual"),
    ("reference/population.md", "gathered"): lambda: population("gathered"),
    ("explanation/replays.md", "replays"): results.replays,
    ("explanation/replays.md", "rates"): results.rates,
    ("index.md", "explanation"): lambda: listed("explanation", leaving_out=["main-path.md", "replays.md"]),
}

if __name__ == "__main__":
    sys.exit(main())
