"""`wholechild link`: say who is one person, work it out anew, see how well that goes, and put a trained model in force."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click

from wholechild.cli import link_quality, link_training
from wholechild.cli.link_training import USUAL
from wholechild.cli.output import Exit, leave, print_json
from wholechild.cli.system import moment, now_option, patiently, salts
from wholechild.config.django import setup

_PURPOSE: Final = "identity_check"
_BY: Final = "system:link"
#: The kinds of keys (comparing/keys.py) that are one number or address.
_KINDS: Final = {
    "n": "NHS number",
    "u": "unique pupil number",
    "i": "local id",
    "t": "telephone number or email",
}


@click.command()
@click.option(
    "--reconcile", is_flag=True, help="Work out keys, pairs and persons of everybody anew, and put right what differs."
)  # fmt: skip
@click.option("--check", is_flag=True, help="As --reconcile, and change nothing.")
@click.option("--rebuild", is_flag=True, help="As --reconcile; for after a new release or model, when differences are expected.")  # fmt: skip
@click.option("--models", is_flag=True, help="List the models that are kept, and which is in force.")
@click.option(
    "--keep", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Keep a trained model (artefact JSON)."
)  # fmt: skip
@click.option("--card", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="With --keep: its card, as JSON.")  # fmt: skip
@click.option("--adopt", default="", help="Have a kept model in force: two people have to say so.")
@click.option("--sample", type=click.IntRange(20, 100_000), help="Draw so many pairs for people to label.")
@click.option("--report", is_flag=True, help="Say how well linking does, and keep it for the page.")
@click.option(
    "--labels", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="With --report: the labelled sample."
)  # fmt: skip
@click.option(
    "--groups", type=click.Path(exists=True, dir_okay=False, path_type=Path), multiple=True,
    help="With --report: a CSV that says more of identities or postcodes, such as how deprived an area is.",
)  # fmt: skip
@click.option(
    "--train",
    is_flag=True,
    help="Learn a model from the identities held here, and keep it. It is not in force by that.",
)
@click.option(
    "--sample-size",
    type=click.IntRange(min=1),
    default=USUAL,
    show_default=True,
    help="With --train: learn from so many.",
)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="With --sample and --train: another draw."
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="With --sample: the file; with --train: the folder."
)
@click.option("--by", default=_BY, show_default=True, help="Who says so.")
@click.option("--why", default="", help="With --adopt: why, in a sentence.")
@now_option
@click.option("--json", "as_json", is_flag=True)
def command(
    reconcile: bool, check: bool, rebuild: bool, models: bool, keep: Path | None, card: Path | None, adopt: str,
    sample: int | None, report: bool, labels: Path | None, groups: tuple[Path, ...], train: bool, sample_size: int, seed: int,
    out: Path | None, by: str, why: str, now: datetime | None, as_json: bool,
) -> None:  # fmt: skip
    """Link whom deliveries have told of since the last time. Exit 3 where something differed, a key is crowded, or a label counts nowhere."""
    chosen = [name for name, given in (("--reconcile", reconcile), ("--check", check), ("--rebuild", rebuild),
              ("--models", models), ("--keep", keep), ("--adopt", adopt), ("--sample", sample), ("--report", report),
              ("--train", train)) if given]  # fmt: skip
    if len(chosen) > 1:
        raise click.UsageError(f"{' and '.join(chosen)} are different things; ask for one at a time.")
    if (labels or groups) and not report:
        raise click.UsageError("--labels and --groups go with --report.")
    setup()
    at = moment(now)
    do: dict[str, Callable[[], tuple[dict[str, Any], str, bool]]] = {
        "": lambda: _link(by, at),
        "--reconcile": lambda: _reconcile(by, at, repair=True),
        "--check": lambda: _reconcile(by, at, repair=False),
        "--rebuild": lambda: _reconcile(by, at, repair=True, expected=True),
        "--models": _models,
        "--keep": lambda: _keep(by, at, keep, card),
        "--adopt": lambda: _adopt(by, at, adopt, why),
        "--sample": lambda: link_quality.sample(sample or 0, seed, out),
        "--report": lambda: link_quality.report(by, at, labels, groups),
        "--train": lambda: link_training.train(by, at, sample_size, seed, out),
    }
    with patiently():
        said, words, well = do[chosen[0] if chosen else ""]()
    print_json(said) if as_json else click.echo(words)
    leave(Exit.DONE if well else Exit.DONE_WITH_ISSUES)


def _link(by: str, at: datetime) -> tuple[dict[str, Any], str, bool]:
    from wholechild.people.actions import link_new_identities
    from wholechild.people.queries import linkage
    from wholechild.trust.viewers import system

    linked = link_new_identities(by=by, purpose=_PURPOSE, at=at, salts=salts)
    found = linkage(system("link"))
    words = (
        f"{linked:,} new links. {found.identities:,} identities are {found.persons:,} people; {found.possible:,} pairs are possible "
        f"and wait for a person; the model in force is {found.model}."
    )
    for crowd in found.crowded:
        what = _KINDS.get(crowd.rule, "combination of name, birthday and home")
        words += (
            f"\n{crowd.agency}: {crowd.members:,} or more identities share one {what}, among them some of yours. Nobody is linked "
            "for that alone. Check whether a number that stands for not knowing, or that of a school, was sent for many."
        )
    return {"linked": linked, **asdict(found)}, words, not found.crowded


def _reconcile(
    by: str, at: datetime, *, repair: bool, expected: bool = False
) -> tuple[dict[str, Any], str, bool]:
    from wholechild.people.actions import reconcile_links

    done = reconcile_links(by=by, purpose=_PURPOSE, at=at, salts=salts, repair=repair)
    end = "Nothing differed." if done.ok else "It was put right." if repair else "Nothing was changed."
    words = (
        f"{done.identities:,} identities worked out anew: {done.ready:,} stood in another form, {done.pairs:,} pairs differed, "
        f"{done.links:,} identities were somebody else. {end}"
    )
    return {"ok": done.ok, "repaired": repair and not done.ok, **asdict(done)}, words, done.ok or expected


def _models() -> tuple[dict[str, Any], str, bool]:
    from wholechild.people.queries import linkage_models
    from wholechild.trust.viewers import system

    listed = linkage_models(system("link"))
    words = "\n".join(
        f"{m.id}  {'in force' if m.in_force else (m.proposed_by and f'proposed by {m.proposed_by}') or ''}".rstrip()
        for m in listed
    )
    return {"models": [asdict(model) for model in listed]}, words, True


def _keep(by: str, at: datetime, path: Path | None, card: Path | None) -> tuple[dict[str, Any], str, bool]:
    from wholechild.people.actions import keep_model
    from wholechild.people.comparing.artefact import ArtefactRefused

    document = path.read_text(encoding="utf-8") if path else ""
    try:
        said = json.loads(card.read_text(encoding="utf-8")) if card else {}
    except ValueError as wrong:
        raise click.UsageError(
            f"{card}: this is not JSON ({wrong}). Write what the model was trained on."
        ) from None
    try:
        model = keep_model(by=by, purpose=_PURPOSE, at=at, document=document, card=said, salts=salts)
    except ArtefactRefused as wrong:
        raise click.UsageError(f"{path}: {wrong}") from None
    return (
        {"model": model},
        f"{model} is kept. Two people put it in force: wholechild link --adopt {model}.",
        True,
    )


def _adopt(by: str, at: datetime, model: str, why: str) -> tuple[dict[str, Any], str, bool]:
    from wholechild.people.actions import ModelNotAdopted, adopt_model

    if by == _BY:
        raise click.UsageError("Say who would have the model in force: --by.")
    try:
        in_force = adopt_model(by=by, purpose=_PURPOSE, at=at, model=model, why=why, salts=salts)
    except ModelNotAdopted as wrong:
        raise click.UsageError(str(wrong)) from None
    words = (
        f"{model} is in force. Weigh everybody by it: wholechild link --rebuild."
        if in_force
        else f"{model} is proposed. Another person has to say so too before it is in force."
    )
    return {"model": model, "in_force": in_force}, words, True
