"""`wholechild verify`: find any changed, missing or re-ordered fact."""

from __future__ import annotations

import click

from wholechild.cli.output import Exit, leave, print_json
from wholechild.config.django import setup


@click.command()
@click.option(
    "--expect",
    default="",
    help="A head that was kept elsewhere (`leaves:link`): the chain must still contain it.",
)
@click.option("--json", "as_json", is_flag=True)
def command(expect: str, as_json: bool) -> None:
    """Walk the whole ledger and every fact that it commits to. Exit 1 at the first that is not as it was."""
    setup()
    from wholechild.trust.ledger import Head
    from wholechild.trust.queries import as_json as bad_as_json
    from wholechild.trust.queries import verify

    try:
        head = Head.of(expect) if expect else None
    except ValueError as wrong:
        raise click.UsageError(str(wrong)) from None
    verdict = verify(expect=head)
    if as_json:
        print_json(
            {
                "ok": verdict.ok,
                "leaves": verdict.leaves,
                "first_bad": bad_as_json(verdict.first_bad),
                "head": str(verdict.head),
            }
        )
    elif verdict.ok:
        click.echo(
            f"All {verdict.leaves:,} facts are as they were written, in the order in which they were written.\nHead: {verdict.head}"
        )
    else:
        click.echo(f"Not as it was written: {verdict.first_bad}")
    leave(Exit.DONE if verdict.ok else Exit.CHECK_FAILED)
