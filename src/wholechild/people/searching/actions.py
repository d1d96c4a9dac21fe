"""What search reads is written here: keys and words that follow from the facts, and can be thrown away and made anew."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Final

from django.db import connection, transaction

from wholechild.people.searching.keys import findable, identity_keys, name_words
from wholechild.people.searching.queries import NOT_WITHDRAWN, said_and_sealed
from wholechild.people.searching.words import word_keys
from wholechild.trust.queries import Asked, prepared, together

_BLOCK: Final = 2_000
_FEW_WORDS: Final = 30
#: Two writers of words in another order would wait for each other for ever.
_INDEXING_LOCK: Final = 0x73656172


def index_for_search(*, by: str, purpose: str, at: datetime, identities: Collection[str]) -> int:
    """Keep these identities under the keys that follow from what their agencies say now; one transaction.

    Shape    gives how many are kept. One whose details were all withdrawn is taken out. Doing it again changes nothing.
             Nothing is said to anybody, and no fact is added: there is no leaf.
    """
    kept = 0
    with transaction.atomic(savepoint=False):
        for block, writing in _indexing(identities):
            together(*writing)
            kept += block
    return kept


def _indexing(identities: Collection[str]) -> Iterator[tuple[int, list[Asked]]]:
    """For some thousands at a time: how many of them are kept under their keys, and the statements that do it."""
    wanted = iter(dict.fromkeys(identities))
    while block := list(islice(wanted, _BLOCK)):
        yield _index(block)


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
        for n, (block, writing) in enumerate(_indexing(wanted), 1):
            together(*writing)
            kept += block
            progress(min(n * _BLOCK, len(wanted)))
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


def _index(identities: Sequence[str]) -> tuple[int, list[Asked]]:
    """How many of these are kept under their keys, and the statements that do it."""
    said, sealed = said_and_sealed(identities)
    known = [findable(one.identity, sealed=identity in sealed) for identity, one in said.items()]
    words = sorted({word for one in known for word, _ in name_words(one)})
    if len(words) > _FEW_WORDS:  # most are there; of a few it is quicker to try
        there = {word for (word,) in prepared(_THERE, words)}
        words = [word for word in words if word not in there]
    gone = [identity for identity in identities if identity not in said]
    return len(known), [
        ("SELECT pg_advisory_xact_lock(%s)", [_INDEXING_LOCK]),
        *([("DELETE FROM people_searchkey WHERE identity = ANY(%s)", [gone])] if gone else []),
        *((_KEEP, [one.id, sorted(identity_keys(one)), one.id]) for one in known),
        (_KEEP_WORDS, [_BETWEEN, words, [_joined_keys(word) for word in words]]),
    ]


@lru_cache(maxsize=20_000)
def _joined_keys(word: str) -> str:
    return _BETWEEN.join(sorted(word_keys(word)))


#: Stands in no key.
_BETWEEN: Final = "\n"
_THERE: Final = "SELECT word FROM people_searchword WHERE word = ANY(%s)"
_KEEP: Final = (
    "INSERT INTO people_searchkey (identity, keys, rows) SELECT %s, %s, bit_xor(hashtextextended(r.id, 0)) "
    "FROM records_personrow r WHERE r.identity = %s AND " + NOT_WITHDRAWN + " "
    "ON CONFLICT (identity) DO UPDATE SET keys = EXCLUDED.keys, rows = EXCLUDED.rows"
)
_KEEP_WORDS: Final = (
    "INSERT INTO people_searchword (word, keys) SELECT n.word, string_to_array(n.keys, %s) "
    "FROM unnest(%s::text[], %s::text[]) AS n(word, keys) ON CONFLICT DO NOTHING"
)
