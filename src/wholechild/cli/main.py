"""The command `wholechild`: one module a command, each a table of contents of what it does.

The contract (ARCHITECTURE section 9): results on stdout, JSON with `--json`; progress on stderr; exit 0 done,
1 a check failed, 2 bad usage, 3 done with issues. Modules are imported only when their command runs, so that
commands without a database start at once.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any, Final

import click

#: command -> (module of wholechild.cli, one line of help). The order is that of `wholechild --help`.
COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "demo": ("demo", "Load the published cases and a small synthetic area, and print what was visible when."),
    "serve": ("serve", "Serve the pages on 127.0.0.1."),
    "doctor": (
        "doctor",
        "Check database, roles, durability, clock, disk and what waits, and say what to do.",
    ),
    "ingest": ("ingest", "Load deliveries: chronology YAML, CSV or NDJSON feeds."),
    "quarantine": ("quarantine", "List the rows that are held back, with why and what to do."),
    "coverage": ("coverage", "Show which agencies are connected, from when, and when last heard."),
    "undo-delivery": (
        "undo_delivery",
        "Withdraw a delivery: nothing is lost, and nothing reads it from then on.",
    ),
    "link": ("link", "Say which identities are one person, or work it out anew; put a model in force."),
    "people": ("people", "Say who a person is made of and why; join, part, agree, undo."),
    "replay": ("replay", "Walk a published chronology day by day and print what could be seen, from when."),
    "timeline": ("timeline", "Print one child's joined chronology."),
    "rebuild-search": ("finding", "Make anew, from the facts, what the search for people reads."),
    "lessons": ("lessons", "Check, list, explain and try the lessons."),
    "match": ("match", "Evaluate the lessons over the children we hold, and print how often they speak."),
    "worker": ("worker", "Evaluate the lessons as records arrive and as days pass."),
    "backtest": ("backtest", "Say what a lesson would have done, before it is adopted."),
    "snapshot": ("snapshot", "Write all joined histories as columns, without names and places."),
    "vocabulary": ("vocabulary", "List and check the shared words."),
    "verify": ("verify", "Find any changed, missing or re-ordered fact."),
    "seed-world": ("seed_world", "Make a synthetic area with ordinary families."),
    "bench": ("bench", "Measure, and print ratios taken side by side in one run."),
}


class Commands(click.Group):
    """A click group that imports a command's module when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"wholechild.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. A database that is not there is foreseen: a sentence and exit 1, never a traceback."""
        from wholechild.config.embedded import DatabaseUnavailable

        try:
            return super().invoke(ctx)
        except DatabaseUnavailable as wrong:
            raise click.ClickException(str(wrong)) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="wholechild")
def cli() -> None:
    """Wholechild: one picture of each child, shared across agencies."""


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line; the entry point of the `wholechild` script."""
    return cli.main(args=arguments if arguments is not None else sys.argv[1:], prog_name="wholechild")


if __name__ == "__main__":
    main()
