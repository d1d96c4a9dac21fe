"""`wholechild undo-delivery`: withdraw a delivery. Nothing is lost, and nothing reads it from then on."""

from __future__ import annotations

from datetime import datetime

import click

from wholechild.cli.output import Exit, leave
from wholechild.cli.system import moment, now_option, salts
from wholechild.config.django import setup


@click.command()
@click.argument("delivery")
@click.option("--why", required=True, help="Why it is withdrawn; kept for whoever looks later.")
@click.option("--by", required=True, help="Who withdraws it.")
@now_option
def command(delivery: str, why: str, by: str, now: datetime | None) -> None:
    """Withdraw DELIVERY (an id of `wholechild coverage --deliveries`). The ledger keeps that it was here."""
    setup()
    from wholechild.records.actions import NoSuchDelivery, withdraw_delivery

    try:
        found = withdraw_delivery(
            by=by, purpose="data_quality", at=moment(now), delivery=delivery, why=why, salts=salts
        )
    except NoSuchDelivery as wrong:
        click.echo(str(wrong), err=True)
        leave(Exit.CHECK_FAILED)
    click.echo(
        f"{delivery} ({found.key}) is withdrawn: {found.loaded:,} rows are no longer read. They stay on record."
    )
