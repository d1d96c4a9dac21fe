"""Everything that trust writes. Each act leaves its leaves in the transaction of the act, or nothing at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from itertools import chain, groupby, islice
from typing import Any, Final

from django.db import connection, transaction
from psycopg.types.json import Jsonb

from wholechild.trust.ledger import Act, Block, Committed, Head, Linked, chained, utc
from wholechild.trust.models import Account, Disclosure, Fact, Relation
from wholechild.trust.outbox import CHANGES, NEWS
from wholechild.trust.permissions import EVERYBODY, RELATIONS, TOWARDS_EVERYBODY, Decision
from wholechild.trust.queries import LAST_LEAF, Asked, head_of, inserting, kinds_of_news, together
from wholechild.trust.viewers import Viewer

#: Gives n bytes that nobody can guess. `os.urandom` at the faces; something repeatable in a test.
Salts = Callable[[int], bytes]

SALT_BYTES: Final = 16
#: Whoever appends holds this lock to the end of the transaction, so that numbers have no gaps and links no forks.
_LEDGER_LOCK: Final = 0x6C6564676572
_AT_ONCE: Final = 4_096
#: So many blocks and leaves of an act are written in one go with what follows them; more are copied.
_FEW_BLOCKS: Final = 6
_FEW: Final = 60
_COPY: Final = (
    "COPY trust_ledgerleaf (seq, at, act, by, purpose, fact_kind, fact_id, commitment, chain) FROM STDIN"
)
_CHECKPOINT: Final = "INSERT INTO trust_ledgercheckpoint (leaves, at, head) VALUES (%s, %s, %s)"
#: A few leaves and their checkpoint, before whatever follows in the same statement.
_WITH_LEAVES: Final = (
    "WITH leaves AS (INSERT INTO trust_ledgerleaf (seq, at, act, by, purpose, fact_kind, fact_id, commitment, chain) "
    "SELECT n.seq, %s, %s, %s, %s, n.kind, n.fact, n.commitment, n.link "
    "FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::bytea[], %s::bytea[]) AS n(seq, kind, fact, commitment, link)), "
    "checkpoint AS (" + _CHECKPOINT + ") "
)
#: The function by which procrastinate itself queues: its own Python takes longer than all the rest of a small act.
_QUEUE: Final = (
    "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(%s::varchar, %s::varchar, %s::integer, NULL, NULL, %s::jsonb, NULL)"
    "::procrastinate_job_to_defer_v1])"
)


class NotInATransaction(RuntimeError):
    """A leaf may only be written in the transaction that writes its fact."""


def append(
    *,
    by: str,
    purpose: str,
    at: datetime,
    act: str,
    facts: Iterable[Committed],
    writing: Sequence[Asked] = (),
) -> Head:
    """Add a leaf for each fact, in order, and return the new head.

    Take it last in the transaction: until the commit, nobody else can append. Where one of the facts is news, a job for a
    worker is queued here too: so no action can forget it, and none is queued for what was rolled back. `writing` are
    statements that write the facts, where they are few: they go on the same way, before the leaves.
    Errors   NotInATransaction.
    """
    return append_blocks(by=by, purpose=purpose, at=at, act=act, blocks=_blocks(facts), writing=writing)


def append_blocks(
    *, by: str, purpose: str, at: datetime, act: str, blocks: Iterable[Block], writing: Sequence[Asked] = ()
) -> Head:
    """The same for facts by the thousand. Errors: NotInATransaction."""
    if not connection.in_atomic_block:
        raise NotInATransaction(
            "append() was called outside a transaction; wrap the whole act in transaction.atomic()"
        )
    *_, found = together(*writing, ("SELECT pg_advisory_xact_lock(%s)", [_LEDGER_LOCK]), (LAST_LEAF, []))
    grown = _Chain(head_of(found), Act(act, by, purpose, at))
    leaves = grown.leaves(blocks)
    first = list(islice(leaves, _FEW_BLOCKS + 1))
    few = len(first) <= _FEW_BLOCKS and sum(map(len, first)) <= _FEW
    if not few:
        _copy(grown.act, chain(first, leaves))
    job = _queued(NEWS, 0, {"first": grown.news[0], "last": grown.news[-1]}) if grown.news else None
    if grown.began:
        written = _leaves_with(grown.act, list(chain.from_iterable(first)), job) if few else job
        checkpoint = (_CHECKPOINT, [grown.head.leaves, at, grown.head.link])
        together(*([] if few else [checkpoint]), *([written] if written else []))
    return grown.head


class _Chain:
    """The leaves of an act, as they are linked one by one: `head` is the last so far, `news` where news began and ended."""

    def __init__(self, head: Head, act: Act) -> None:
        self.head, self.act = head, act
        self.began = False
        self.news: list[int] = []

    def leaves(self, blocks: Iterable[Block]) -> Iterator[list[Linked]]:
        for block in blocks:
            leaves = chained(self.head, self.act, block)
            self.head, self.began = Head(leaves[-1].seq, leaves[-1].link), True
            if block.kind in kinds_of_news():
                self.news += [leaves[0].seq, leaves[-1].seq]
            yield leaves


def _leaves_with(act: Act, leaves: Sequence[Linked], job: Asked | None) -> Asked:
    """One statement that writes a few leaves with their checkpoint, and queues the job if there is one."""
    seqs, kinds, facts, commitments, links = (list(column) for column in zip(*leaves, strict=True))
    statement, values = job or ("SELECT 1", [])
    return _WITH_LEAVES + statement, [
        act.at, act.act, act.by, act.purpose, seqs, kinds, facts, commitments, links, seqs[-1], act.at, links[-1], *values,
    ]  # fmt: skip


def _copy(act: Act, leaves: Iterable[list[Linked]]) -> None:
    shared = "\t".join(_copied(text) for text in (act.at.isoformat(), act.act, act.by, act.purpose))
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for several in leaves:
            copy.write("".join([
                f"{seq}\t{shared}\t{kind}\t{fact}\t\\\\x{commitment.hex()}\t\\\\x{link.hex()}\n"
                for seq, kind, fact, commitment, link in several
            ]))  # fmt: skip


def hand_on(*, by: str, purpose: str, at: datetime, task: str, priority: int = 0, **ids: Any) -> None:
    """Queue a job in this transaction (D9): a worker does it at least once, after the commit and never without it.

    Shape    `ids` are ids or places in the ledger, never anything that says something about a person.
    Errors   NotInATransaction.
    """
    if not connection.in_atomic_block:
        raise NotInATransaction("a job is queued in the transaction of what makes it necessary")
    together(_queued(task, priority, ids))


def _queued(task: str, priority: int, ids: Mapping[str, Any]) -> Asked:
    return _QUEUE, [CHANGES.name, task, priority, Jsonb(dict(ids))]


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
        committed = [fact.committed() for fact in facts]
        return append(by=by, purpose=purpose, at=at, act=act, facts=committed, writing=inserting(facts))


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
