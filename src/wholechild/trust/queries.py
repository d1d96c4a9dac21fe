"""What trust can be asked: may this viewer see this, who is this user, and does the ledger still hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final, TypeVar

from django.apps import apps
from django.db import connection, models, transaction
from django.db.models import Q
from procrastinate.contrib.django.models import ProcrastinateJob
from psycopg import Connection, Cursor, DataError, IsolationLevel
from psycopg.types.datetime import DateLoader, TimestamptzLoader

from wholechild.trust import permissions
from wholechild.trust.ledger import GENESIS, Act, Bad, Head, Leaf, Verdict, canonical, commit, link
from wholechild.trust.models import Account, Disclosure, Fact, LedgerCheckpoint, LedgerLeaf
from wholechild.trust.outbox import CHANGES
from wholechild.trust.permissions import EVERYBODY, Decision
from wholechild.trust.viewers import Viewer

T = TypeVar("T")
_BLOCK: Final = 5_000
#: The planner expects a reader to stop early; a check reads everything, so joins are made as a whole.
_WHOLE_TABLES: Final = (
    "statement_timeout = 0",
    "jit = off",  # with nested loops priced out, every plan looks dear enough to compile
    "enable_nestloop = off",
    "cursor_tuple_fraction = 1.0",
    "work_mem = '64MB'",
)


#: A statement, and the values in it.
Asked = tuple[str, Sequence[Any]]


def prepared(query: str, *values: Any) -> list[tuple[Any, ...]]:
    """What a statement gives. It is planned once for each connection, and kept by the server: for what is asked all the time."""
    connection.ensure_connection()
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        return _rows_of(cursor.execute(query, values, prepare=True))  # type: ignore[arg-type]


def together(*asked: Asked, over: Connection[Any] | None = None) -> list[list[tuple[Any, ...]]]:
    """What each of several statements gives, all sent in one go: one wait instead of many. Each is planned once and kept.

    Shape    they run in order, and each sees what those before it did, and what others have committed until it begins: a
             statement after one that waits for a lock reads what its holder has left. `over`: another connection than ours.
    Errors   that of the first that fails; those after it are not run.
    """
    if not asked:
        return []
    if over is None:
        connection.ensure_connection()
        over = connection.connection
    with connection.wrap_database_errors:
        with over.pipeline():
            cursors = [Cursor(over).execute(query, values, prepare=True) for query, values in asked]  # type: ignore[arg-type]
        return [_rows_of(cursor) for cursor in cursors]


def _rows_of(cursor: Cursor[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return cursor.fetchall() if cursor.pgresult and cursor.pgresult.nfields else []


@dataclass(frozen=True, slots=True)
class Into:
    """A table and its columns: copied into where rows are many, and each a statement of its own where they are few."""

    table: str
    columns: tuple[str, ...]

    @property
    def copy(self) -> str:
        return f"COPY {self.table} ({self._named}) FROM STDIN"

    @property
    def insert(self) -> str:
        places = ", ".join(["%s"] * len(self.columns))
        return f"INSERT INTO {self.table} ({self._named}) VALUES ({places})"

    @property
    def _named(self) -> str:
        return ", ".join(f'"{name}"' for name in self.columns)


def inserting(facts: Iterable[Fact]) -> list[Asked]:
    """The statements that add these facts, each a row of its own table: for a few. Thousands are copied."""
    asked: list[Asked] = []
    for fact in facts:
        statement, columns = _insertion(type(fact))
        values = [field.get_db_prep_save(getattr(fact, field.attname), connection) for field in columns]
        asked.append((statement, values))
    return asked


@cache
def _insertion(model: type[Fact]) -> tuple[str, list[models.Field[Any, Any]]]:
    columns = list(model._meta.concrete_fields)
    named = ", ".join(f'"{field.column}"' for field in columns)
    places = ", ".join(["%s"] * len(columns))
    return f"INSERT INTO {model._meta.db_table} ({named}) VALUES ({places})", columns


def head() -> Head:
    """How many leaves there are, and the last link."""
    return head_of(prepared(LAST_LEAF))


#: Its answer, as it came, is for `head_of`.
LAST_LEAF: Final = "SELECT seq, chain FROM trust_ledgerleaf ORDER BY seq DESC LIMIT 1"


def head_of(found: Sequence[tuple[Any, ...]]) -> Head:
    """What `LAST_LEAF` gave, as a head."""
    return Head(found[0][0], bytes(found[0][1])) if found else Head(0, GENESIS)


# -- may this viewer see this ----------------------------------------------------------------------------------------


def relations_to(viewer: Viewer, persons: Collection[str], at: datetime) -> dict[str, frozenset[str]]:
    """For each of these people, in which relations the viewer stands to them at a moment; nobody is left out."""
    by_person: dict[str, set[str]] = {person: set() for person in persons}
    held = prepared(f"{_OF_USER} AND r.person = ANY(%s)", at, at, at, viewer.user, [*persons, EVERYBODY])
    for person, relation in held:
        for whom in by_person if person == EVERYBODY else (person,):
            by_person[whom].add(relation)
    return {person: frozenset(relations) for person, relations in by_person.items()}


#: A relation `r` holds at a moment, which is asked for three times. Said outright that `ends` is not empty: the index has no other
#: rows, and no planner can infer it from an id.
_HOLDS: Final = (
    "r.ends = '' AND r.starts_at <= %s AND (r.ends_at IS NULL OR r.ends_at > %s) "
    "AND NOT EXISTS (SELECT 1 FROM trust_relation e WHERE e.ends <> '' AND e.ends = r.id AND e.starts_at <= %s)"
)
_OF_USER: Final = f'SELECT r.person, r.relation FROM trust_relation r WHERE {_HOLDS} AND r."user" = %s'


def may_see(viewer: Viewer, person: str, data_class: str, at: datetime) -> Decision:
    """Whether the viewer may see this class of data about this person now. No relation, no data."""
    if viewer.is_system:
        return Decision(True, "the software's own task")
    return permissions.decide(viewer.role, relations_to(viewer, [person], at)[person], data_class)


def visible(viewer: Viewer, persons: Collection[str], at: datetime) -> dict[str, frozenset[str]]:
    """For each of these people, the classes of data that the viewer may see; the same table as `may_see`."""
    if viewer.is_system:
        every = frozenset(c for _, _, c in permissions.MAY_SEE)
        return dict.fromkeys(persons, every)
    relations = relations_to(viewer, persons, at)
    opened = {r: permissions.classes_for(viewer.role, r) for r in set(relations.values())}
    return {person: opened[r] for person, r in relations.items()}


def people_of(viewer: Viewer, at: datetime) -> frozenset[str] | None:
    """Everyone to whom the viewer stands in a relation that opens anything; None: everybody."""
    if viewer.is_system:
        return None
    opened = {
        p for p, r in prepared(_OF_USER, at, at, at, viewer.user) if permissions.classes_for(viewer.role, [r])
    }
    return None if EVERYBODY in opened else frozenset(opened)


@dataclass(frozen=True, slots=True)
class Told:
    """Somebody who was shown something of a person: who, as what, how often, from when to when, and which classes of data."""

    person: str
    user: str
    role: str
    agency: str
    times: int
    first_at: datetime
    last_at: datetime
    classes: tuple[str, ...]


def told_about(person: str, since: datetime) -> tuple[Told, ...]:
    """Everybody who was shown something of a person from a moment on, whoever saw most first; nobody who was refused."""
    rows = Disclosure.objects.filter(person=person, at__gte=since, allowed=True).order_by("at", "id")
    by_whom: dict[tuple[str, str, str], list[Disclosure]] = {}
    for row in rows.iterator(chunk_size=5_000):
        by_whom.setdefault((row.user, row.role, row.agency), []).append(row)
    found = [
        Told(person, *whom, len(shown), shown[0].at, shown[-1].at, tuple(sorted({c for one in shown for c in one.classes})))
        for whom, shown in by_whom.items()
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: (-one.times, one.user, one.role, one.agency)))


def related_to(persons: Collection[str], at: datetime) -> dict[str, frozenset[tuple[str, str]]]:
    """Who stands in which relation to each of these people by name, as (user, relation); nobody is left out.

    Missing  those who stand in a relation to everybody: whoever a person is, they see the same.
    """
    found: dict[str, set[tuple[str, str]]] = {person: set() for person in persons}
    for person, user, relation in prepared(_RELATED, at, at, at, list(persons)):
        found[person].add((user, relation))
    return {person: frozenset(related) for person, related in found.items()}


_RELATED: Final = (
    f'SELECT r.person, r."user", r.relation FROM trust_relation r WHERE {_HOLDS} AND r.person = ANY(%s)'
)


def viewer_for(user: str, purpose: str, at: datetime) -> Viewer | None:
    """The viewer that a signed-in user is now; None where they hold no role, and so see nothing."""
    held = Account.objects.filter(user=user, starts_at__lte=at).filter(Q(ends_at=None) | Q(ends_at__gt=at))
    account = held.order_by("-starts_at", "-id").first()
    return Viewer(user, account.role, account.agency, purpose) if account else None


# -- does the ledger still hold --------------------------------------------------------------------------------------


def verify(*, expect: Head | None = None, progress: Callable[[int], None] = lambda leaves: None) -> Verdict:
    """Recompute every link and every commitment, and name the first that does not hold.

    Shape    one unchanging picture of the database, read as a stream; memory does not grow with the ledger.
             `expect` is a head that was kept elsewhere: the only thing that shows a ledger rewritten as a whole.
    """
    with _one_picture():
        end, bad = _answered(lambda anything: _check_chain(expect, progress, anything))
        found = [bad] if bad else []
        for model in fact_tables():
            found.extend(_answered(lambda anything, model=model: _first(_check_facts(model, anything))))  # type: ignore[misc]
            found.extend(_first(_check_without_leaf(model)))
            found.extend(_first(_check_derived(model)))
        found.extend(_first(_check_kinds()))
        found.extend(_first(_check_doubled()))
    worst = min(found, key=lambda b: (b.seq or 1 << 62, b.fact_kind, b.fact_id), default=None)
    return Verdict(worst is None, end.leaves, end, worst)


def fact_tables() -> list[type[Fact]]:
    """Every table of every room whose rows the ledger commits to."""
    return sorted((m for m in apps.get_models() if issubclass(m, Fact)), key=lambda m: m.ledger_kind)


@cache
def kinds_of_news() -> frozenset[str]:
    """The kinds of facts on which others have to act."""
    return frozenset(model.ledger_kind for model in fact_tables() if model.is_news)


def news(first: int, last: int) -> dict[str, list[str]]:
    """kind -> the ids of the facts that were news, of the leaves from `first` to `last`."""
    found: dict[str, list[str]] = {}
    leaves = LedgerLeaf.objects.filter(seq__gte=first, seq__lte=last, fact_kind__in=kinds_of_news())
    for kind, fact in leaves.order_by("seq").values_list("fact_kind", "fact_id"):
        found.setdefault(kind, []).append(fact)
    return found


def leaves_from(seq: int, most: int) -> list[Leaf]:
    """The leaf at a place, and all after it in their order, at most so many."""
    return [
        Leaf(n, at, kind, fact, bytes(linked))
        for n, at, kind, fact, linked in _rows(_LEAVES_FROM, [seq, most])
    ]


_LEAVES_FROM: Final = (
    "SELECT seq, at, fact_kind, fact_id, chain FROM trust_ledgerleaf WHERE seq >= %s ORDER BY seq LIMIT %s"
)


def waiting() -> int:
    """How many jobs are queued, or under way, or to be tried again."""
    return ProcrastinateJob.objects.filter(status__in=("todo", "doing"), queue_name=CHANGES.name).count()


def moment_of(leaf: int) -> datetime:
    """When the act was that left this leaf."""
    return LedgerLeaf.objects.values_list("at", flat=True).get(seq=leaf)


@contextmanager
def one_snapshot() -> Iterator[None]:
    """One unchanging picture for all that is read inside, while others go on writing; nothing can be written in it."""
    if connection.in_atomic_block:
        with transaction.atomic():
            yield
        return
    connection.ensure_connection()
    begins = connection.connection  # says how its transactions begin, which costs no statement of its own
    begins.isolation_level, begins.read_only = IsolationLevel.REPEATABLE_READ, True
    try:
        with transaction.atomic():
            yield
    finally:
        if not begins.closed:
            begins.isolation_level = begins.read_only = None


@contextmanager
def _one_picture() -> Iterator[None]:
    """One snapshot for all the queries of a check, however long it takes."""
    with one_snapshot(), connection.cursor() as cursor:
        for setting in _WHOLE_TABLES:
            cursor.execute(f"SET LOCAL {setting}")
        yield


def _first(found: Iterator[Bad]) -> list[Bad]:
    first = next(found, None)
    return [first] if first else []


class _AnyDate(DateLoader):
    """PostgreSQL knows days that Python does not (`infinity`, 44 BC). Planted in a fact, they must not end the check."""

    def load(self, data: Any) -> Any:
        try:
            return super().load(data)
        except DataError:
            return bytes(data).decode()


class _AnyMoment(TimestamptzLoader):
    def load(self, data: Any) -> Any:
        try:
            return super().load(data)
        except DataError:
            return bytes(data).decode()


def _answered(check: Callable[[bool], T]) -> T:
    """The check with the quick readers; where a planted value makes them stumble, once more with ones that take anything."""
    try:
        return check(False)
    except DataError:
        return check(True)


def _streamed(
    query: str, parameters: Iterable[Any] = (), *, anything: bool = False
) -> Iterator[tuple[Any, ...]]:
    """Rows as they come, a block at a time, from the server's own cursor."""
    connection.ensure_connection()
    with connection.connection.cursor(name="wholechild_verify") as cursor:
        cursor.itersize = _BLOCK
        if anything:
            cursor.adapters.register_loader("date", _AnyDate)
            cursor.adapters.register_loader("timestamptz", _AnyMoment)
        cursor.execute(query, list(parameters))
        yield from cursor


def _check_chain(
    expect: Head | None, progress: Callable[[int], None], anything: bool
) -> tuple[Head, Bad | None]:
    """Follow the links from the first leaf to the last, past every checkpoint. Returns the end that was reached."""
    at = Head(0, GENESIS)
    heads = {leaves: bytes(kept) for leaves, kept in LedgerCheckpoint.objects.values_list("leaves", "head")}
    if expect:
        heads[expect.leaves] = expect.link
    columns = "seq, at, act, by, purpose, fact_kind, fact_id, commitment, chain"
    acts: dict[tuple[Any, ...], bytes] = {}
    bad = None
    for seq, moment, act, by, purpose, kind, fact, commitment, found in _streamed(
        f"SELECT {columns} FROM trust_ledgerleaf ORDER BY seq", anything=anything
    ):
        expected, wanted = at.leaves + 1, b""
        if bad is None and seq == expected and isinstance(moment, datetime):
            digest = _digest(acts, act, by, purpose, moment)
            wanted = link(at.link, digest, seq, kind, fact, bytes(commitment))
        if bad is None and seq != expected:
            bad = Bad(
                expected,
                kind,
                fact,
                f"leaf {expected} is missing; the next is {seq}",
                str(expected),
                str(seq),
            )
        elif bad is None and wanted != bytes(found):
            bad = Bad(
                seq,
                kind,
                fact,
                "the leaf was changed, or the one before it was",
                wanted.hex(),
                bytes(found).hex(),
            )
        at = Head(seq, bytes(found))
        if bad is None and heads.get(seq, at.link) != at.link:
            bad = Bad(
                seq,
                kind,
                fact,
                "the chain is not the one that a checkpoint was taken of",
                heads[seq].hex(),
                at.link.hex(),
            )
        if seq % _BLOCK == 0:
            progress(seq)
    longest = max(heads, default=0)
    if bad is None and longest > at.leaves:
        bad = Bad(
            at.leaves + 1,
            "",
            "",
            f"the end of the ledger is cut off: a checkpoint knew {longest} leaves",
            str(longest),
            str(at.leaves),
        )
    return at, bad


def _digest(known: dict[tuple[Any, ...], bytes], act: str, by: str, purpose: str, at: datetime) -> bytes:
    key = (act, by, purpose, at)
    if key not in known:
        if len(known) > 1_000:
            known.clear()
        known[key] = Act(act, by, purpose, at).digest()
    return known[key]


def _check_facts(model: type[Fact], anything: bool) -> Iterator[Bad]:
    """Each leaf of this kind against its fact."""
    fields = {field.name: field for field in model._meta.concrete_fields}
    columns = [fields[name] for name in (*model.said, *model.added)]
    read = [_reader(field) for field in columns]
    names = ", ".join(f'f."{field.column}"' for field in columns)
    query = (
        f"SELECT l.seq, l.fact_id, l.commitment, f.id, f.salt, {names} FROM trust_ledgerleaf l "
        f'LEFT JOIN "{model._meta.db_table}" f ON f.id = l.fact_id WHERE l.fact_kind = %s ORDER BY l.seq'
    )
    said = len(model.said)
    for seq, fact, commitment, found, salt, *raw in _streamed(query, [model.ledger_kind], anything=anything):
        if found is None:
            yield Bad(seq, model.ledger_kind, fact, "the fact that this leaf commits to is missing")
            return
        values = [convert(value) for convert, value in zip(read, raw, strict=True)]
        wanted = commit(bytes(salt), canonical(values[:said], values[said:]))
        if wanted != bytes(commitment):
            yield Bad(
                seq,
                model.ledger_kind,
                fact,
                "the fact is not the one that was committed to",
                bytes(commitment).hex(),
                wanted.hex(),
            )
            return


def _reader(field: models.Field[Any, Any]) -> Callable[[Any], Any]:
    """How a raw column becomes the value that was committed to. JSON arrives as text."""
    return _from_json if isinstance(field, models.JSONField) else lambda value: value


def _from_json(value: Any) -> Any:
    """What the text says; the text itself where nothing of ours can have written it (a number of thousands of digits)."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return value


def _check_without_leaf(model: type[Fact]) -> Iterator[Bad]:
    query = (
        f'SELECT f.id FROM "{model._meta.db_table}" f '
        "WHERE NOT EXISTS (SELECT 1 FROM trust_ledgerleaf l WHERE l.fact_id = f.id AND l.fact_kind = %s) ORDER BY f.id LIMIT 1"
    )
    for (fact,) in _rows(query, [model.ledger_kind]):
        yield Bad(0, model.ledger_kind, fact, "this fact has no leaf: it was not added by an action")


def _check_derived(model: type[Fact]) -> Iterator[Bad]:
    for query in model.derived_checks:
        for fact, why in _rows(query):
            yield Bad(_leaf_of(model.ledger_kind, fact), model.ledger_kind, fact, why)


def _leaf_of(kind: str, fact: str) -> int:
    found = (
        LedgerLeaf.objects.filter(fact_kind=kind, fact_id=fact)
        .order_by("seq")
        .values_list("seq", flat=True)
        .first()
    )
    return found or 0


def _check_kinds() -> Iterator[Bad]:
    known = [model.ledger_kind for model in fact_tables()]
    for seq, kind, fact in _rows(
        "SELECT seq, fact_kind, fact_id FROM trust_ledgerleaf WHERE NOT fact_kind = ANY(%s) ORDER BY seq LIMIT 1",
        [known],
    ):
        yield Bad(seq, kind, fact, "this leaf is of a kind that no table holds")


def _check_doubled() -> Iterator[Bad]:
    query = (
        "SELECT max(seq), fact_kind, fact_id FROM trust_ledgerleaf GROUP BY fact_kind, fact_id "
        "HAVING count(*) > 1 ORDER BY 1 LIMIT 1"
    )
    for seq, kind, fact in _rows(query):
        yield Bad(seq, kind, fact, "a second leaf commits to the same fact")


def _rows(query: str, parameters: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, list(parameters))
        return cursor.fetchall()


def as_json(bad: Bad | None) -> Mapping[str, Any] | None:
    """`first_bad` of `wholechild verify --json`."""
    if bad is None:
        return None
    return {
        "seq": bad.seq or None, "fact_kind": bad.fact_kind, "fact_id": bad.fact_id, "why": bad.why,
        "expected": bad.expected, "found": bad.found,
    }  # fmt: skip
