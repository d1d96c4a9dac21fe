"""`wholechild coverage`: which agencies are connected, from when, and when each was last heard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime

import click
from rich.table import Table

from wholechild.cli.output import console, print_json
from wholechild.cli.system import moment, now_option
from wholechild.config.django import setup
from wholechild.lib.civil import civil, day_of, say_day
from wholechild.trust.viewers import system


@click.command()
@click.option("--deliveries", is_flag=True, help="List the deliveries instead.")
@now_option
@click.option("--json", "as_json", is_flag=True)
def command(deliveries: bool, now: datetime | None, as_json: bool) -> None:
    """Show which agencies are connected, from when to when, and when each was last heard."""
    setup()
    _deliveries(as_json) if deliveries else _coverage(moment(now), as_json)


@dataclass(frozen=True, slots=True)
class _Line:
    """One agency's line. Missing: None where it is not connected, still connected, or never heard."""

    agency: str
    live_from: date | None
    live_to: date | None
    last_heard: date | None
    connected: bool


def _coverage(at: datetime, as_json: bool) -> None:
    lines = list(_lines(at))
    if as_json:
        print_json([asdict(line) for line in lines])
        return
    table = Table(
        "Agency", "Connected since", "Until", "Last heard", box=None, pad_edge=False, padding=(0, 2, 0, 0)
    )
    for line in lines:
        since = (
            say_day(line.live_from)
            if line.live_from
            else "not connected: sent once, its silence says nothing"
        )
        table.add_row(line.agency, since, _said(line.live_to, ""), _said(line.last_heard, "never"))
    console().print(table if lines else "No agency has sent anything yet.")


def _lines(at: datetime) -> Iterator[_Line]:
    from wholechild.records.queries import coverage_rows, last_heard

    viewer = system("coverage")
    heard = last_heard(viewer)
    feeds = {feed.agency.id: feed for feed in coverage_rows(viewer)}
    for agency in sorted({*feeds, *heard}):
        feed = feeds.get(agency)
        ends = feed.live_to if feed else None
        connected = feed is not None and (ends is None or ends > at)
        yield _Line(
            agency, _day(feed.live_from) if feed else None, _day(ends), _day(heard.get(agency)), connected
        )


def _said(day: date | None, otherwise: str) -> str:
    return say_day(day) if day else otherwise


def _deliveries(as_json: bool) -> None:
    from wholechild.records.queries import deliveries

    rows = deliveries(system("coverage"))
    if as_json:
        print_json(rows)
        return
    table = Table(
        "Delivery",
        "Key",
        "Received",
        "Rows",
        "Loaded",
        "Held",
        "Known",
        "",
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
    )
    for row in rows:
        table.add_row(row["delivery"], row["key"], f"{row['received_at']:%Y-%m-%d %H:%M}", *(f"{row[n]:,}" for n in ("rows_in", "loaded", "quarantined", "already_known")), "withdrawn" if row["withdrawn_at"] else "")  # fmt: skip
    console().print(table if rows else "No delivery has been received yet.")


def _day(moment_: datetime | None) -> date | None:
    return day_of(civil(moment_)) if moment_ else None
