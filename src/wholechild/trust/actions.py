"""Everything that trust writes. Each act leaves its leaves in the transaction of the act, or nothing at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from itertools import groupby, islice
from typing import Any, Final

from django.db import connection, transaction
from procrastinate.contrib.django import app as queue

from wholechild.trust.ledger import Act, Block, Committed, Head, chained, utc
from wholechild.trust.models import Account, Disclosure, Fact, LedgerCheckpoint, Relation
from wholechild.trust.outbox import CHANGES, NEWS
from wholechild.trust.permissions import EVERYBODY, RELATIONS, TOWARDS_EVERYBODY, Decision
from wholechild.trust.queries import head, kinds_of_news
from wholechild.trust.viewers import Viewer

#: Gives n bytes that nobody can guess. `os.urandom` at the faces; something repeatable in a test.
Salts = Callable[[int], bytes]

SALT_BYTES: Final = 16
#: Whoever appends holds this lock to the end of the transaction, so that numbers have no gaps and links no forks.
_LEDGER_LOCK: Final = 0x6C6564676572
_AT_ONCE: Final = 4_096
_COPY: Final = (
    "COPY trust_ledgerleaf (seq, at, act, by, purpose, fact_kind, fact_id, commitment, chain) FROM STDIN"
)


class NotInATransaction(RuntimeError):
    """A leaf may only be written in the transaction that writes its fact."""


def append(*, by: str, purpose: str, at: datetime, act: str, facts: Iterable[Committed]) -> Head:
    """Add a leaf for each fact, in order, and return the new head.

    Take it last in the transaction: until the commit, nobody else can append. Where one of the facts is news, a job for a
    worker is queued here too: so no action can forget it, and none is queued for what was rolled back.
    Errors   NotInATransaction.
    """
    return append_blocks(by=by, purpose=purpose, at=at, act=act, blocks=_blocks(facts))


def append_blocks(*, by: str, purpose: str, at: datetime, act: str, blocks: Iterable[Block]) -> Head:
    """The same for facts by the thousand. Errors: NotInATransaction."""
    if not connection.in_atomic_block:
        raise NotInATransaction(
            "append() was called outside a transaction; wrap the whole act in transaction.atomic()"
        )
    done = Act(act, by, purpose, at)
    shared = "\t".join(_copied(text) for text in (at.isoformat(), act, by, purpose))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LEDGER_LOCK])
        before = after = head()
        news: list[int] = []
        with cursor.copy(_COPY) as copy:
            for block in blocks:
                leaves = chained(after, done, block)
                copy.write("".join([
                    f"{seq}\t{shared}\t{kind}\t{fact}\t\\\\x{commitment.hex()}\t\\\\x{link.hex()}\n"
                    for seq, kind, fact, commitment, link in leaves
                ]))  # fmt: skip
                after = Head(leaves[-1].seq, leaves[-1].link)
                if block.kind in kinds_of_news():
                    news += [leaves[0].seq, leaves[-1].seq]
    if after.leaves > before.leaves:
        LedgerCheckpoint.objects.create(leaves=after.leaves, at=at, head=after.link)
    if news:
        hand_on(by=by, purpose=purpose, at=at, task=NEWS, first=news[0], last=news[-1])
    return after


def hand_on(*, by: str, purpose: str, at: datetime, task: str, priority: int = 0, **ids: Any) -> None:
    """Queue a job in this transaction (D9): a worker does it at least once, after the commit and never without it.

    Shape    `ids` are ids or places in the ledger, never anything that says something about a person.
    Errors   NotInATransaction.
    """
    if not connection.in_atomic_block:
        raise NotInATransaction("a job is queued in the transaction of what makes it necessary")
    queue.configure_task(task, queue=CHANGES.name, priority=priority).defer(**ids)


def _blocks(facts: Iterable[Committed]) -> Iterator[Block]:
    """Neighbours of one kind, up to some thousands at a time."""
    for kind, several in groupby(facts, key=lambda fact: fact.kind):
        while some := list(islice(several, _AT_ONCE)):
            yield Block(kind, [fact.id for fact in some], b"".join(fact.commitment for fact in some))


def _copied(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def add_facts(*, by: str, purpose: str, at: datetime, act: str, facts: Sequence[Fact], salts: Salts) -> Head:
    """Store a few facts of any kind, with their leaves, in one transaction. Bulk loading has its own way (records)."""
    with transaction.atomic():
        for fact in facts:
            fact.salt = salts(SALT_BYTES)
            fact.save(force_insert=True)
        return append(by=by, purpose=purpose, at=at, act=act, facts=[fact.committed() for fact in facts])


def appoint(
    *, by: str, purpose: str, at: datetime, user: str, role: str, agency: str, authority: str, salts: Salts
) -> None:
    """Record that a user holds a role at an agency from `at` on."""
    account = Account(
        id=_id("account", user, role, agency, utc(at)), user=user, role=role, agency=agency, starts_at=at, ends_at=None,
        authority=authority,
    )  # fmt: skip
    add_facts(by=by, purpose=purpose, at=at, act="account.appoint", facts=[account], salts=salts)


def relate(
    *,
    by: str,
    purpose: str,
    at: datetime,
    user: str,
    relation: str,
    persons: Iterable[str],
    authority: str,
    salts: Salts,
) -> None:
    """Record in which relation a user stands to people from `at` on.

    Errors   ValueError, for a relation that the table of permissions does not know, or one towards everybody that may not be.
    """
    if relation not in RELATIONS:
        raise ValueError(f"{relation!r} is none of {', '.join(RELATIONS)}")
    rows = []
    for person in persons:
        if person == EVERYBODY and relation not in TOWARDS_EVERYBODY:
            raise ValueError(f"nobody can stand in the relation {relation!r} to everybody")
        rows.append(Relation(
            id=_id("relation", user, person, relation, utc(at)), user=user, person=person, relation=relation, starts_at=at,
            ends_at=None, authority=authority,
        ))  # fmt: skip
    add_facts(by=by, purpose=purpose, at=at, act="relation.add", facts=rows, salts=salts)


def _id(kind: str, *parts: str) -> str:
    return f"{kind}-{sha256(chr(31).join(parts).encode()).hexdigest()[:24]}"


def end_relation(
    *, by: str, purpose: str, at: datetime, relation: Relation, ended_id: str, authority: str, salts: Salts
) -> None:
    """End a relation from `at` on, by a row that names it. The row that is ended stays as it was."""
    end = Relation(
        id=ended_id, user=relation.user, person=relation.person, relation=relation.relation,
        starts_at=at, ends_at=None, authority=authority, ends=relation.pk,
    )  # fmt: skip
    add_facts(by=by, purpose=purpose, at=at, act="relation.end", facts=[end], salts=salts)


def disclose(
    *, by: Viewer, purpose: str, at: datetime, person: str, relations: Iterable[str], classes: Iterable[str],
    route: str, decision: Decision, disclosure_id: str, salts: Salts,
) -> Disclosure:  # fmt: skip
    """Record what a viewer is shown, or refused, before it is shown (D6): in the same transaction as the read."""
    row = Disclosure(
        id=disclosure_id, at=at, user=by.user, role=by.role, relations=sorted(relations), agency=by.agency,
        purpose=purpose, person=person, classes=sorted(classes), route=route, allowed=decision.allowed, rule=decision.rule,
    )  # fmt: skip
    if not connection.in_atomic_block:
        raise NotInATransaction(
            "disclose() must stand in the transaction of the read; wrap both in transaction.atomic()"
        )
    add_facts(by=by.user, purpose=purpose, at=at, act="disclosure", facts=[row], salts=salts)
    return row
