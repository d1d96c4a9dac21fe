"""`wholechild serve`: serve the pages until told to stop."""

from __future__ import annotations

import errno
import importlib.util
import ipaddress
import socket
from contextlib import suppress
from pathlib import Path
from typing import Final

import click

from wholechild.cli.output import Exit, leave

#: Named, not imported: the command line never reaches into the pages.
_APPLICATION: Final = "wholechild.config.wsgi:application"
_THREADS: Final = 4
_BUILT: Final = ("wholechild.css", "wholechild.js", "govuk-frontend.min.js", "favicon.svg")


@click.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes any free port."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes; each has four threads.",
)
def command(port: int, host: str, workers: int) -> None:
    """Serve the pages. Ctrl-C stops, after the answers under way are given."""
    _check_built()
    _prepare()
    port = _free_port(host, port)
    _say_where(host, port)
    with suppress(KeyboardInterrupt):  # before the server has its own way of ending
        _serve(host, port, workers)
    click.echo("Stopped.")


def _check_built() -> None:
    """Without its styles a page would be there and not readable."""
    found = importlib.util.find_spec("wholechild")
    built = (
        Path((found.submodule_search_locations or [""])[0] if found else "") / "pages" / "static" / "built"
    )
    missing = [name for name in _BUILT if not (built / name).is_file()]
    if missing:
        click.echo(
            f"The pages' styles are not built ({', '.join(missing)} missing). Run `make setup`, or "
            "`npm ci --ignore-scripts` and `npm run build`.", err=True,
        )  # fmt: skip
        leave(Exit.CHECK_FAILED)


def _prepare() -> None:
    """The database is up before the first visitor, and this process keeps it up while it serves."""
    from wholechild.config.django import setup
    from wholechild.config.embedded import DatabaseUnavailable

    try:
        setup()
    except DatabaseUnavailable as wrong:
        click.echo(str(wrong), err=True)
        leave(Exit.CHECK_FAILED)
    from django.db import connections

    connections.close_all()  # a connection must not be shared with the processes that serve


def _free_port(host: str, port: int) -> int:
    """The port itself, or any free one for 0. Errors: one sentence and exit 2, where it is taken or not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as wrong:
            raise click.UsageError(_why_not(wrong, host, port)) from None
        return int(probe.getsockname()[1])


def _why_not(wrong: OSError, host: str, port: int) -> str:
    if wrong.errno == errno.EADDRINUSE:
        return (
            f"Port {port} is in use. Stop what uses it, or take another: wholechild serve --port {port + 1}"
        )
    if wrong.errno == errno.EACCES:
        return f"Port {port} is reserved for the system. Take one from 1024 upward."
    return f"{host} is not an address of this machine."


def _say_where(host: str, port: int) -> None:
    shown = f"[{host}]" if ":" in host else host
    click.echo(f"Wholechild is at http://{shown}:{port}/ (Ctrl-C stops it).")
    if not _is_loopback(host):
        click.echo(
            "Others on the network can reach this address. Put a proxy with TLS before it, and name its hosts in "
            "WHOLECHILD_HOSTS (docs/how-to/use-the-pages.md).", err=True,
        )  # fmt: skip


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _serve(host: str, port: int, workers: int) -> None:
    """No access log: addresses hold ids, and who looked at what is the ledger's to remember."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    Granian(
        _APPLICATION, address=host, port=port, interface=Interfaces.WSGI, workers=workers, blocking_threads=_THREADS,
        backlog=256, websockets=False, log_level=LogLevels.warning, log_access=False,
        respawn_failed_workers=True, workers_kill_timeout=10,
    ).serve()  # fmt: skip
