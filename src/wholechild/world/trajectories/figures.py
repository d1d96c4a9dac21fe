"""The trajectories as the tables of docs/explanation/the-synthetic-world.md."""

from __future__ import annotations

from collections.abc import Iterator

from wholechild.world.trajectories.process import Library, Process
from wholechild.world.trajectories.truth import SCHEMA


def tables(library: Library) -> str:
    """Each trajectory beside its double, what they rest on, the habits of agencies, and the differences between groups."""
    return "\n\n".join([*_stories(library), *_habits(library), *_differences(library)]) + "\n"


def truth_columns() -> str:
    """One line for each column of the truth."""
    return "".join(f"| `{f.name}` | {f.type} | {f.metadata[b'says'].decode()} |\n" for f in SCHEMA).rstrip()


def _stories(library: Library) -> Iterator[str]:
    yield "### Trajectories and doubles"
    rows = [_process(process) for trajectory in library.trajectories for process in trajectory.processes]
    yield "\n".join(
        ["| story | new per 1,000 children a year | source | standing |", "|---|---|---|---|", *rows]
    )
    yield "### What each trajectory rests on"
    for trajectory in library.trajectories:
        sources = "\n".join(
            f"* {s.text}. For {s.used_for}. *{s.standing.capitalize()}.*" for s in trajectory.sources
        )
        yield f"**{trajectory.title}.** {trajectory.about}\n\n{sources}"


def _process(process: Process) -> str:
    begins = process.begins
    young, old = begins.ages
    source = begins.source.rstrip(".").replace("../rates.yaml", "the figures of the ordinary area")
    title = (
        f"**{process.title}**"
        if process.harmful
        else f"its double: {process.title[0].lower()}{process.title[1:]}"
    )
    set_to = f" Set to {begins.input:g}." if begins.input is not None else ""
    return (
        f"| {title} | {begins.value:g} (ages {young:g} to {old:g}) | {source}.{set_to} "
        f"| {begins.standing}. Measured again: within {begins.tolerance:.0%}. |"
    )


def _habits(library: Library) -> Iterator[str]:
    yield "### What agencies do with what they notice"
    yield (
        "Of what is noticed, how much is written down; days until it is, on average; of what is written, how much is passed on "
        "to children's social care where the sign looks slight, middling or grave; days until it is. All assumed."
    )
    rows = [
        f"| {kind.replace('_', ' ')} | {habit.records:.0%} | {habit.days_late:g} | "
        + " | ".join(f"{habit.shares[gravity]:.1%}" for gravity in ("low", "middle", "high"))
        + f" | {habit.days_to_share:g} |"
        for kind, habit in sorted(library.habits.items())
    ]
    head = "| agency | written down | days late | passed on: slight | middling | grave | days |"
    yield "\n".join([head, "|---|---:|---:|---:|---:|---:|---:|", *rows])


def _differences(library: Library) -> Iterator[str]:
    yield "### Differences between groups"
    rows = [
        f"| {d.trait}: {', '.join(sorted(d.groups)).replace('_', ' ')} | {d.bears_on}, by "
        f"{', '.join(sorted(d.by)).replace('_', ' ')} | {d.times:g} | {d.literature:g} | {d.source} | {d.standing} |"
        for d in library.differences
    ]
    head = "| group | bears on | times, by default | with `--recording literature` | source | standing |"
    yield "\n".join([head, "|---|---|---:|---:|---|---|", *rows])
