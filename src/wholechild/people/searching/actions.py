"""What search reads is written here: keys and words that follow from the facts, and can be thrown away and made anew."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Final

from django.db import connection, transaction

from wholechild.people.searching.queries import INDEXED_AT_ONCE, indexing
from wholechild.trust.queries import together


def index_for_search(*, by: str, purpose: str, at: datetime, identities: Collection[str]) -> int:
    """Keep these identities under the keys that follow from what their agencies say now; one transaction.

    Shape    gives how many are kept. One whose details were all withdrawn is taken out. Doing it again changes nothing.
             Nothing is said to anybody, and no fact is added: there is no leaf.
    """
    kept = 0
    with transaction.atomic(savepoint=False):
        for block, writing in indexing(identities):
            together(*writing)
            kept += block
    return kept


def index_what_is_new(
    *, by: str, purpose: str, at: datetime, progress: Callable[[int], None] = lambda done: None
) -> int:
    """Keep every identity of which there are details that search does not know yet, and take out what was withdrawn."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")
            cursor.execute(_OUT_OF_DATE)
            wanted = [identity for (identity,) in cursor.fetchall()]
        kept = 0
        for n, (block, writing) in enumerate(indexing(wanted), 1):
            together(*writing)
            kept += block
            progress(min(n * INDEXED_AT_ONCE, len(wanted)))
    return kept


#: What an agency says of an identity is known here by the rows that say it: one more, or one withdrawn, and it is another.
_OUT_OF_DATE: Final = (
    "WITH said AS (SELECT identity, bit_xor(hashtextextended(id, 0)) AS rows FROM records_personrow r "
    "WHERE NOT EXISTS (SELECT 1 FROM records_withdrawal w WHERE w.delivery = r.delivery) GROUP BY identity) "
    "SELECT coalesce(said.identity, k.identity) "
    "FROM said FULL JOIN people_searchkey k ON k.identity = said.identity WHERE k.rows IS DISTINCT FROM said.rows ORDER BY 1"
)


def rebuild_search(
    *, by: str, purpose: str, at: datetime, progress: Callable[[int], None] = lambda done: None
) -> int:
    """Throw everything that search reads away and make it anew from the facts; one transaction."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")
            cursor.execute("DELETE FROM people_searchkey")
            cursor.execute("DELETE FROM people_searchword")
        return index_what_is_new(by=by, purpose=purpose, at=at, progress=progress)


def seal_for_search(*, by: str, purpose: str, at: datetime, identities: Collection[str]) -> None:
    """Keep these identities from ever being found by where they are. The seal itself is another room's act."""
    marked = sorted(set(identities))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO people_sealed (identity, marked_at) SELECT unnest(%s::text[]), %s ON CONFLICT DO NOTHING",
            [marked, at],
        )
        index_for_search(by=by, purpose=purpose, at=at, identities=marked)
