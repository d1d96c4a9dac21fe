"""Everything that people writes: links between identities and persons, and their taking back. Nothing is ever merged.

What arrives is linked in arriving/actions.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from wholechild.people.arriving.actions import (
    Reconciled,
    _store,
    link_new_identities,
    reconcile_links,
    settle_identities,
)
from wholechild.people.comparing.artefact import loads
from wholechild.people.linking import OWN, NewLink
from wholechild.people.models import Link, LinkageModel, LinkageModelAdopted, LinkageReport, Unlink
from wholechild.people.searching.actions import index_for_search
from wholechild.records.ids import stable_id
from wholechild.trust.actions import SALT_BYTES, Salts, add_facts, append

__all__ = [
    "ModelNotAdopted",
    "Reconciled",
    "adopt_model",
    "index_for_search",
    "keep_model",
    "keep_report",
    "link_new_identities",
    "reconcile_links",
    "settle_identities",
    "take_back_link",
]


class ModelNotAdopted(ValueError):
    """A model cannot be adopted so; the message says why, and what to do."""


def take_back_link(*, by: str, purpose: str, at: datetime, link: Link, why: str, salts: Salts) -> None:
    """Take a link back from now on: the identity is a person of its own again, whom somebody can link anew.

    Whoever asks as of before still sees the old link, and no record moves. Whom the link alone had kept away from others may
    now be one with them: everybody around is settled anew, in the same transaction.
    """
    unlinked = Unlink(
        id=stable_id("unlink", link.pk), link=link.pk, why=why, unlinked_at=at, by=by, salt=salts(SALT_BYTES)
    )
    alone = stable_id("person", link.identity, "apart", at.isoformat())
    with transaction.atomic():
        unlinked.save(force_insert=True)
        append(by=by, purpose=purpose, at=at, act="people.unlink", facts=[unlinked.committed()])
        _store(by, purpose, at, [NewLink(link.identity, alone, OWN, {"taken_back": link.pk})], salts)
        around = Link.objects.filter(person=link.person).values_list("identity", flat=True)
        settle_identities(by=by, purpose=purpose, at=at, identities=[link.identity, *around], salts=salts)


# -- the model by which identities are weighed -----------------------------------------------------------------------------


def keep_model(
    *, by: str, purpose: str, at: datetime, document: str, card: Mapping[str, Any], salts: Salts
) -> str:
    """Keep a trained model, so that it can be adopted and for ever be looked at; nothing is weighed by it yet. Gives its id.

    Shape    a model that is kept already is left as it is.
    Errors   comparing.artefact.ArtefactRefused, where the document is no artefact.
    """
    model = loads(document)
    if not LinkageModel.objects.filter(pk=model.id).exists():
        kept = LinkageModel(id=model.id, document=model.dumps(), card=dict(card), kept_at=at, by=by)
        add_facts(by=by, purpose=purpose, at=at, act="linkage.keep", facts=[kept], salts=salts)
    return model.id


def adopt_model(*, by: str, purpose: str, at: datetime, model: str, why: str, salts: Salts) -> bool:
    """Say that a model should be in force. Gives whether it is now: it takes a second person to say so too.

    Errors   ModelNotAdopted: there is no such model, no reason is given, or the same person says it twice.
    """
    if not LinkageModel.objects.filter(pk=model).exists():
        raise ModelNotAdopted(f"There is no model {model[:60]!r}. The list: wholechild link --models.")
    if not why.strip():
        raise ModelNotAdopted("Say in a sentence why this model should be in force: --why.")
    with transaction.atomic():
        seconded = LinkageModelAdopted.objects.exclude(seconds="").values("seconds")
        open_ = LinkageModelAdopted.objects.filter(model=model, seconds="").exclude(pk__in=seconded)
        proposal = open_.order_by("adopted_at", "pk").first()
        if proposal and proposal.by == by:
            raise ModelNotAdopted("You have proposed this model yourself. Another person has to agree to it.")
        seconds = proposal.pk if proposal else ""
        row = LinkageModelAdopted(
            id=stable_id("adopted", model, by, seconds, at.isoformat()), model=model, why=why, seconds=seconds, adopted_at=at, by=by
        )  # fmt: skip
        add_facts(by=by, purpose=purpose, at=at, act="linkage.adopt", facts=[row], salts=salts)
    return bool(proposal)


def keep_report(*, by: str, purpose: str, at: datetime, figures: Mapping[str, Any], salts: Salts) -> str:
    """Keep what was found about how well linking does, so that everybody who oversees it reads the same. Gives its id.

    Shape    `figures` are those of `linkage_report.Report.plain`, and what the command adds; nothing in them is about one person.
             The same figures of the same moment are kept once.
    """
    said = json.dumps(figures, sort_keys=True)
    kept = LinkageReport(
        id=stable_id("report", by, at.isoformat(), said), model=figures["model"], sampled=figures["sampled"],
        figures=json.loads(said), made_at=at, by=by,
    )  # fmt: skip
    if not LinkageReport.objects.filter(pk=kept.pk).exists():
        add_facts(by=by, purpose=purpose, at=at, act="linkage.report", facts=[kept], salts=salts)
    return kept.pk
