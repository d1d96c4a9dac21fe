"""Everything that people writes: links between identities and persons, and their taking back. Nothing is ever merged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import connection, transaction

from wholechild.people.linking import OWN, Linker, NewLink
from wholechild.people.models import Link, Person, Unlink
from wholechild.people.queries import linked_details, unlinked_details
from wholechild.records.ids import stable_id
from wholechild.trust.actions import SALT_BYTES, Salts, append
from wholechild.trust.models import Fact

#: One linker at a time decides who is new, so that two deliveries cannot make two persons of one.
_LINKING_LOCK: Final = 0x6C696E6B
_BLOCK: Final = 5_000


def link_new_identities(*, by: str, purpose: str, at: datetime, salts: Salts) -> int:
    """Link every identity that is linked to nobody yet: as declared, else by exact agreement, else to a person of its own.

    Shape    gives the number of new links; one transaction. Each link is known from the moment that its identity was
             learnt, so that a history which is loaded late joins up as it would have then.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LINKING_LOCK])
        new = unlinked_details()
        if not new:
            return 0
        linker = Linker(linked_details(new))
        links = [linker.link(details) for details in new]
        _store(by, purpose, at, links, salts)
    return len(links)


def _store(by: str, purpose: str, at: datetime, links: Sequence[NewLink], salts: Salts) -> None:
    wanted = list(dict.fromkeys(link.person for link in links))
    there = set(Person.objects.filter(pk__in=wanted).values_list("pk", flat=True))
    people = [Person(id=p, first_linked_at=at, salt=salts(SALT_BYTES)) for p in wanted if p not in there]
    rows = [_link_row(link, at, by, salts) for link in links]
    Person.objects.bulk_create(people, batch_size=_BLOCK)
    Link.objects.bulk_create(rows, batch_size=_BLOCK)
    facts: list[Fact] = [*people, *rows]
    append(by=by, purpose=purpose, at=at, act="people.link", facts=(fact.committed() for fact in facts))


def _link_row(link: NewLink, at: datetime, by: str, salts: Salts) -> Link:
    return Link(
        id=stable_id("link", link.identity, link.person, at.isoformat()), identity=link.identity, person=link.person,
        evidence=link.evidence, grounds=link.grounds, linked_at=at, by=by, salt=salts(SALT_BYTES),
    )  # fmt: skip


def take_back_link(*, by: str, purpose: str, at: datetime, link: Link, why: str, salts: Salts) -> None:
    """Take a link back from now on: the identity is a person of its own again, whom somebody can link anew.

    Whoever asks as of before still sees the old link, and no record moves.
    """
    unlinked = Unlink(
        id=stable_id("unlink", link.pk), link=link.pk, why=why, unlinked_at=at, by=by, salt=salts(SALT_BYTES)
    )
    alone = stable_id("person", link.identity, "apart", at.isoformat())
    with transaction.atomic():
        unlinked.save(force_insert=True)
        append(by=by, purpose=purpose, at=at, act="people.unlink", facts=[unlinked.committed()])
        _store(by, purpose, at, [NewLink(link.identity, alone, OWN, {"taken_back": link.pk})], salts)
