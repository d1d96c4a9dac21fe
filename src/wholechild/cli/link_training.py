"""`wholechild link --train`: learn a model from the identities that are held here, keep it, and say what it has otherwise."""

from __future__ import annotations

import json
import tempfile
from datetime import datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

import click

from wholechild.cli.output import stepping
from wholechild.cli.system import salts

if TYPE_CHECKING:
    from wholechild.people.comparing.artefact import Artefact

PURPOSE: Final = "identity_check"
#: Fewer identities hold too few pairs of one person for anything to be learnt of them.
FEWEST: Final = 2_000
#: So many are learnt from, where nobody says otherwise: more teach little, and take long.
USUAL: Final = 500_000
#: So many changed weights are printed; the artefact has all.
_MOST_SAID: Final = 12


def train(by: str, at: datetime, size: int, seed: int, out: Path | None) -> tuple[dict[str, Any], str, bool]:
    """Learn, write artefact and card, keep the model. It is not in force by that: two people adopt it."""
    from wholechild.config.home import home
    from wholechild.people.actions import keep_model
    from wholechild.people.batch.learnt import changed_weights, learnt_fields
    from wholechild.people.quality.queries import how_many_identities
    from wholechild.people.queries import artefact_in_force
    from wholechild.trust.viewers import system

    viewer = system("link")
    held, before = how_many_identities(viewer), artefact_in_force(viewer)
    if min(held, size) < FEWEST:
        raise click.ClickException(
            f"{min(held, size):,} identities are too few to learn from; it takes {FEWEST:,}, and more are better. The model in force "
            "stays. Wait until more agencies have sent, or ask for more with --sample-size."
        )
    after = learnt(before, min(held, size), held, seed)
    fields = learnt_fields(before, after)
    if not fields:
        raise click.ClickException(
            "Nothing was learnt: too few pairs of one person agree in anything that could teach. The model in force stays. Wait until "
            "more agencies have sent."
        )
    card = _card(before, after, fields, at, seed)
    folder = out or home() / "models"
    _write(folder, after, card)
    model = keep_model(by=by, purpose=PURPOSE, at=at, document=after.dumps(), card=card, salts=salts)
    changes = changed_weights(before, after)
    said = {
        "model": model, "in_force": before.id, "artefact": str(folder / f"{model}.json"), "card": str(folder / f"{model}.card.json"),
        "learnt": list(fields), "same": after.same, "possible": after.possible,
        "changed": [{"field": c.field, "level": c.level, "before": c.before, "after": c.after} for c in changes],
    }  # fmt: skip
    return said, _words(said, card), True


def learnt(before: Artefact, size: int, held: int, seed: int) -> Artefact:
    """What so many identities of this database teach. They lie in a folder of their own while it is learnt, and are removed then."""
    from wholechild.cli.processes import in_processes
    from wholechild.config.home import home
    from wholechild.people.batch.tables import read_raw, standardise_all, workbench, write_raw
    from wholechild.people.batch.training import SESSIONS
    from wholechild.people.batch.training import train as learn
    from wholechild.people.quality.queries import to_learn_from
    from wholechild.trust.viewers import system

    home().mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="wholechild-training-", dir=home()) as folder,
        stepping(len(SESSIONS) + 4, "Training") as told,
    ):
        told("reading identities")
        path = Path(folder) / "identities.parquet"
        many = write_raw(path, to_learn_from(system("link"), size, Random(seed)))  # noqa: S311 - a sample, not a secret
        told("making them alike")
        with workbench(Path(folder)) as connection:
            read_raw(connection, path)
            standardise_all(connection, in_processes)
            provenance = {
                "method": "Splink 5 on DuckDB, without labels", "trained_on": f"{many:,} of {held:,} identities held here",
                "prior": "as among these identities", "began_with": before.id,
            }  # fmt: skip
            return learn(connection, before, provenance=provenance, seed=seed, told=told)


def _card(
    before: Artefact, after: Artefact, fields: tuple[str, ...], at: datetime, seed: int
) -> dict[str, Any]:
    from wholechild.people.comparing.levels import LEVELS

    return {
        **after.provenance,
        "trained_at": at.isoformat(),
        "seed": seed,
        "learnt": ", ".join(fields),
        "as_before": ", ".join(name for name in LEVELS if name not in fields),
        "thresholds": f"as before: linked from {after.same:g} bits, a person is asked from {after.possible:g} bits",
        "measured": "not yet: label a sample, and see wholechild link --report",
    }


def _write(folder: Path, artefact: Artefact, card: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{artefact.id}.json").write_text(artefact.dumps() + "\n", encoding="utf-8")
    (folder / f"{artefact.id}.card.json").write_text(
        json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )


def _words(said: dict[str, Any], card: dict[str, Any]) -> str:
    changes = said["changed"]
    lines = [
        f"{said['model']} was trained on {card['trained_on']}, and is kept. {said['in_force']} is still in force.",
        f"Learnt from these records: {card['learnt']}.",
        f"Too little to learn from; as before: {card['as_before'] or 'nothing'}.",
        f"Thresholds: {card['thresholds']}.",
        *(_change_words(one) for one in changes[:_MOST_SAID]),
        *(
            [f"{len(changes) - _MOST_SAID} more weigh otherwise; the file has all."]
            if len(changes) > _MOST_SAID
            else []
        ),
        f"It lies in {said['artefact']}. Two people put it in force: wholechild link --adopt {said['model']}.",
    ]
    return "\n".join(lines)


def _change_words(one: dict[str, Any]) -> str:
    name = (
        "before anything is compared"
        if one["field"] == "prior"
        else f"{one['field']}, {one['level'].replace('_', ' ')}"
    )
    return f"  {name}: {one['before']:+.1f} bits before, {one['after']:+.1f} now"
