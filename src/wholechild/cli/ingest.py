"""`wholechild ingest`: load deliveries, say what became of every row, and link the people whom they name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from wholechild.cli.output import Exit, leave, print_json, progressing
from wholechild.cli.system import moment, now_option, salts
from wholechild.config.django import setup

if TYPE_CHECKING:
    from wholechild.records.feeds.mapping import Mapping
    from wholechild.records.reports import DeliveryReport

#: What is taken from a folder; a file that is named outright is read whatever it is called.
_ENDINGS: Final = (".csv", ".ndjson", ".jsonl", ".yaml", ".yml")
_SHOWN: Final = 20


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--key", default="", help="The delivery's key, instead of the file's name; for one file.")
@click.option(
    "--mapping",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="How foreign columns, codes and dates become ours.",
)
@click.option(
    "--learnt-when-written", is_flag=True, help="Load a history as if it had been shared when it was written."
)
@click.option("--by", default="system:ingest", show_default=True, help="Who delivers.")
@now_option
@click.option("--json", "as_json", is_flag=True)
def command(
    paths: tuple[Path, ...], key: str, mapping: Path | None, learnt_when_written: bool, by: str,
    now: datetime | None, as_json: bool,
) -> None:  # fmt: skip
    """Load each file of PATHS (folders are searched). Exit 3 if a row was held back or a delivery refused."""
    files = list(_files(paths))
    if not files:
        raise click.UsageError(
            f"there is no delivery in {', '.join(map(str, paths))}: no file ends in {', '.join(_ENDINGS)}."
        )
    if key and len(files) != 1:
        raise click.UsageError("--key names one delivery; give one file with it.")
    setup()
    from wholechild.people.actions import link_new_identities
    from wholechild.records.actions import ingest

    at, reports = moment(now), []
    mapped = _mapping(mapping)
    for path in progressing(files, total=len(files), label="Loading deliveries"):
        report = ingest(by=by, purpose="data_quality", at=at, path=path, key=key, mapping=mapped, salts=salts,
                        learnt_when_written=learnt_when_written)  # fmt: skip
        reports.append(report)
        if not as_json:
            _print(report)
    link_new_identities(by=by, purpose="identity_check", at=at, salts=salts)
    if as_json:
        print_json({"deliveries": [report.as_json() for report in reports]})
    leave(Exit.DONE_WITH_ISSUES if any(report.has_issues for report in reports) else Exit.DONE)


def _files(paths: tuple[Path, ...]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*") if p.is_file() and p.suffix.lower() in _ENDINGS)
        else:
            yield path


def _mapping(path: Path | None) -> Mapping | None:
    """The mapping of the file, or every fault in it and exit 2."""
    from wholechild.records.feeds.mapping import read_mapping

    if path is None:
        return None
    mapping, faults = read_mapping(path.read_text(encoding="utf-8", errors="replace"))
    for fault in faults:
        click.echo(f"{path.name}, line {fault.line}: {fault.why}. {fault.do}", err=True)
    if faults:
        leave(Exit.BAD_USAGE)
    return mapping


def _print(report: DeliveryReport) -> None:
    name = Path(report.path).name
    if report.refused:
        click.echo(f"{name}: refused.")
    else:
        click.echo(
            f"{name}: {report.rows_in:,} rows in = {report.loaded:,} loaded + {report.quarantined:,} quarantined + "
            f"{report.already_known:,} already known."
        )
    for issue in report.issues[:_SHOWN]:
        value = f" ({issue.value})" if issue.value else ""
        click.echo(f"  line {issue.line}, {issue.field or 'the file'}{value}: {issue.why}. {issue.do}")
    if len(report.issues) > _SHOWN:
        click.echo(f"  and {len(report.issues) - _SHOWN:,} more; --json has them all.")
