"""`wholechild snapshot`: write everybody's joined histories as columns, without names and places, at one ledger position."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import click

from wholechild.cli.joining_apart import (
    Joined,
    Population,
    View,
    coverage,
    in_order,
    joined,
    population,
    readers,
)
from wholechild.cli.output import Exit, leave, print_json, progressing
from wholechild.cli.system import moment, now_option, salts
from wholechild.config.django import setup
from wholechild.lib.civil import civil
from wholechild.patterns.columns import pseudonym
from wholechild.patterns.snapshots import (
    MANIFEST,
    SCHEMA,
    TRAITS,
    TRUTH,
    Manifest,
    SnapshotWriter,
    Wording,
    as_table,
    batches,
    whole_shape,
)
from wholechild.patterns.truth import TrueChild, TruthRefused, read_truth
from wholechild.vocabulary.terms import fingerprint

PURPOSE: Final = "analysis"
_KEY_BYTES: Final = 32
_AT_A_TIME: Final = 250


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--user",
    default="",
    help="The account that wants it; without one, the software takes it as its own task.",
)
@click.option(
    "--truth",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="What truly happened, from a synthetic world.",
)
@click.option(
    "--processes",
    type=click.IntRange(1, 16),
    default=2,
    show_default=True,
    help="How many processes join histories.",
)
@now_option
@click.option("--json", "as_json", is_flag=True)
def command(
    folder: Path, user: str, truth: Path | None, processes: int, now: datetime | None, as_json: bool
) -> None:
    """Write the joined histories of all children to DIR as columns: pseudonyms, no names, no places. The act is recorded."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise click.UsageError(
            f"{folder} is there already. Give the name of a folder that is not, or empty it first."
        )
    try:
        true_children = list(read_truth(truth)) if truth else []
    except TruthRefused as wrong:
        click.echo(str(wrong), err=True)
        leave(Exit.CHECK_FAILED)
    setup()
    manifest = take(folder, user, true_children, moment(now), processes, with_truth=truth is not None)
    if as_json:
        print_json({"folder": str(folder), **plain(manifest)})
    else:
        _print(folder, manifest)


def take(
    folder: Path, user: str, true_children: list[TrueChild], at: datetime, processes: int, *, with_truth: bool
) -> Manifest:
    """Take a snapshot: note it, read one picture of the database, write the files, note what they are, give them their name."""
    from wholechild.config.home import home, write_secret
    from wholechild.patterns.actions import MayNot, begin_snapshot, seal_snapshot
    from wholechild.trust.queries import viewer_for
    from wholechild.trust.viewers import system

    viewer = viewer_for(user, PURPOSE, at) if user else system("snapshot")
    if viewer is None:
        raise click.ClickException(f"{user} holds no role. Give an account that does, or leave --user out.")
    snapshot, key = f"snapshot-{salts(12).hex()}", salts(_KEY_BYTES)
    act: dict[str, Any] = {"by": viewer, "purpose": PURPOSE, "at": at, "snapshot": snapshot, "salts": salts}
    try:
        classes = begin_snapshot(**act)
    except MayNot as wrong:
        raise click.ClickException(str(wrong)) from None
    write_secret(home() / "snapshot-keys" / f"{snapshot}.key", key.hex())
    draft = folder.with_name(f".{folder.name}.being-taken-{os.getpid()}")
    draft.mkdir(parents=True)
    try:
        manifest = _written(draft, snapshot, classes, true_children, at, key, processes, with_truth)
        text = manifest.text()
        _write_through(draft / MANIFEST, text)
        seal_snapshot(
            **act,
            head=manifest.ledger,
            manifest_sha256=sha256(text.encode()).hexdigest(),
            children=manifest.children,
        )
        if folder.exists():
            folder.rmdir()
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return manifest


def _written(
    draft: Path, snapshot: str, classes: frozenset[str], true_children: list[TrueChild], at: datetime, key: bytes, processes: int,
    with_truth: bool,
) -> Manifest:  # fmt: skip
    from django.db import connection

    from wholechild.config.database import database, for_django

    shape = whole_shape()
    way_in = database().for_analysis(str(connection.settings_dict["NAME"]))
    view = View(for_django(way_in), "", at, key, shape, classes)
    with readers(lambda name: replace(view, snapshot=name), way_in, processes) as pool:
        identities = [identity for child in true_children for identity in child.identities]
        whom: Population = pool.submit(population, identities).result()
        writer = SnapshotWriter(draft, shape, Wording(whom.areas, key))
        writer.add(Joined(0, pool.submit(coverage).result(), {}).batch())
        left_out: dict[str, int] = {}
        children = 0
        some = list(batches(whom.children, _AT_A_TIME))
        done = in_order(pool, joined, some, 2 * processes)
        for one in progressing(_child_by_child(done), total=len(whom.children), label="Joining histories"):
            if one is None:
                continue
            writer.add(one.batch())
            children += one.children
            for kind, n in one.left_out.items():
                left_out[kind] = left_out.get(kind, 0) + n
    known = _Traits(whom, true_children, key)
    writer.write("traits", as_table(TRAITS, list(known.traits())))
    writer.write("truth", as_table(TRUTH, list(known.truth())))
    return Manifest(
        id=snapshot, schema=SCHEMA, vocabulary=fingerprint(), ledger=whom.head, as_of=at.isoformat(),
        heard_to=civil(whom.heard_to or at), purpose=PURPOSE, classes=tuple(sorted(classes)), children=children,
        followed=len(whom.followed), attributes=shape.attributes, measures=shape.measures,
        left_out=dict(sorted(left_out.items())), truth=with_truth, unfound=known.unfound, files=writer.close(),
    )  # fmt: skip


def _child_by_child(done: Iterable[Joined]) -> Iterator[Joined | None]:
    """Each batch once, and then nothing as often as it takes for the bar to count its children."""
    for one in done:
        yield one
        yield from [None] * (one.children - 1)


@dataclass(frozen=True, slots=True)
class _Traits:
    """What is known of children beside their histories, under their pseudonyms."""

    whom: Population
    true_children: list[TrueChild]
    key: bytes

    def traits(self) -> Iterator[tuple[Any, ...]]:
        true = {person: child for child in self.true_children for person in self._persons(child)}
        for person in self.whom.children:
            said = true[person].traits if person in true else {}
            yield (
                self._child(person), person in self.whom.followed, self.whom.sexes.get(person) or said.get("sex"),
                said.get("name_origin"), said.get("ethnicity"), said.get("disability"), said.get("deprivation"),
            )  # fmt: skip

    def truth(self) -> Iterator[tuple[Any, ...]]:
        for child in self.true_children:
            true = pseudonym("true child", child.id, self.key)
            told = (
                child.story,
                child.harmed,
                child.double,
                child.harm_from,
                child.serious_harm,
                child.known_outcome,
            )
            for person in self._persons(child) or [""]:
                yield (true, self._child(person) if person else None, *told)

    @property
    def unfound(self) -> int:
        return sum(not self._persons(child) for child in self.true_children)

    def _persons(self, child: TrueChild) -> list[str]:
        return sorted({self.whom.persons[i] for i in child.identities if i in self.whom.persons})

    def _child(self, person: str) -> int:
        return pseudonym("child", person, self.key)


def _write_through(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())


def plain(manifest: Manifest) -> dict[str, Any]:
    """What a script wants to know of a snapshot."""
    return {
        "snapshot": manifest.id, "children": manifest.children, "followed": manifest.followed, "ledger": manifest.ledger,
        "as_of": manifest.as_of, "schema": manifest.schema, "vocabulary": manifest.vocabulary, "truth": manifest.truth,
        "unfound": manifest.unfound, "left_out": dict(manifest.left_out),
        "tables": {name.removesuffix(".parquet"): part.rows for name, part in manifest.files.items()},
    }  # fmt: skip


def _whom(manifest: Manifest) -> str:
    if manifest.truth:
        return "It has the truth of a made-up world beside it."
    return "It is about real people, without their names: keep it as you keep records."


def _print(folder: Path, manifest: Manifest) -> None:
    rows = manifest.files["relevant.parquet"].rows
    click.echo(
        f"{manifest.children:,} children, {rows:,} rows of records, at ledger position {manifest.ledger.partition(':')[0]}."
    )
    if manifest.left_out:
        click.echo(
            f"Left out, because the purpose does not open them: {sum(manifest.left_out.values()):,} records."
        )
    if manifest.unfound:
        click.echo(
            f"Nobody here is linked to {manifest.unfound:,} children of the truth file. They count as missed."
        )
    click.echo(f"The snapshot is in {folder}. {_whom(manifest)}")
