"""`wholechild bench search`: finding one person among very many, by what somebody half remembers.

The people are made up here, as usual in name as those of England, one in five with an earlier address. Each kind of slip is
tried by itself; beside our search stands what one would write without it, `ILIKE` on the same columns.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from random import Random
from typing import Any, Final

from wholechild.cli.output import progressing
from wholechild.cli.system import salts
from wholechild.world.names import names
from wholechild.world.population.places import postcode
from wholechild.world.population.spellings import nicknames_of, rare_family_name, respelt
from wholechild.world.population.typing_errors import digits_wrong, typo

AT: Final = datetime(2026, 9, 1, 12, tzinfo=UTC)
SEARCHER: Final = "bench-duty"
_FIRST_BIRTH: Final = date(1996, 1, 1)
_SLIPS: Final = {"keyboard": 3.0, "omission": 2.0, "doubling": 1.0, "transposition": 2.0, "phonetic": 2.0}


@dataclass(frozen=True, slots=True)
class Known:
    """One person, as one agency has them."""

    number: int
    origin: str
    given: str
    family: str
    born: date
    nhs_number: str
    postcode: str
    earlier: str


def people(count: int, seed: int) -> Iterator[Known]:
    """So many people, the same on every run with one seed."""
    rng = Random(f"search {seed}")  # noqa: S311 - the same people each time are what is wanted
    for number in range(count):
        origin = names().community(rng)
        sex = rng.choice("FM")
        born = _FIRST_BIRTH + timedelta(days=rng.randrange(11_100))
        family = (
            rare_family_name(rng)
            if origin.id == "english" and rng.random() < 0.4
            else origin.family_name(rng)
        )
        yield Known(
            number, origin.id, origin.given_name(rng, sex, born.year), origin.borne_by(family, sex), born,
            _nhs_number(number) if rng.random() < 0.7 else "", postcode(rng.randrange(60_000)),
            postcode(rng.randrange(60_000)) if rng.random() < 0.2 else "",
        )  # fmt: skip


def _nhs_number(number: int) -> str:
    """A number of the range kept for tests, with its check digit; the next where eleven leaves ten."""
    for extra in range(2):
        digits = f"{400_000_000 + (number * 3 + extra) % 500_000_000:09d}"
        check = 11 - sum((10 - n) * int(digit) for n, digit in enumerate(digits)) % 11
        if check != 10:
            return f"{digits}{check % 11}"
    return ""


# -- loading ---------------------------------------------------------------------------------------------------------------


def load(everybody: Sequence[Known]) -> None:
    """Details, persons, links and what search reads, by COPY; and somebody on duty, who may find everybody."""
    from wholechild.trust.actions import appoint, relate

    us: dict[str, Any] = {
        "by": "bench",
        "purpose": "safeguarding_concern",
        "at": AT,
        "salts": salts,
        "authority": "bench",
    }
    appoint(user=SEARCHER, role="duty_social_worker", agency="childrens_social_care/Benchton", **us)
    relate(user=SEARCHER, relation="duty", persons=["*"], **us)
    total = len(everybody)
    _copy("records_personrow", progressing(_detail_rows(everybody), total=None, label="Details"))
    _copy("people_link", progressing(map(_link_row, everybody), total=total, label="Links"))
    _without_index(
        "people_searchkey",
        partial(_copy, "people_searchkey", progressing(_key_rows(everybody), total=total, label="Keys")),
    )
    _copy("people_searchword", _word_rows(everybody))
    _as_owner("VACUUM ANALYZE")


def _detail_rows(everybody: Sequence[Known]) -> Iterator[dict[str, Any]]:
    """What a GP says of each; where they lived elsewhere, that is an earlier version."""
    for one in everybody:
        said = [one.earlier, one.postcode] if one.earlier else [one.postcode]
        for version, code in enumerate(said, 1):
            yield {
                "id": f"det-{one.number}-{version}", "identity": _identity(one), "agency": "gp/Benchton", "reference": str(one.number),
                "series": one.number, "version": version, "given_name": one.given, "family_name": one.family, "born_first": one.born,
                "born_last": one.born, "born_precision": "day", "nhs_number": one.nhs_number, "postcode": code, "role": "child",
                "delivery": "del-bench",
            }  # fmt: skip


def _link_row(one: Known) -> dict[str, Any]:
    return {
        "id": f"link-{one.number}",
        "identity": _identity(one),
        "person": person_id(one),
        "evidence": "own",
        "by": "bench",
    }


def _key_rows(everybody: Sequence[Known]) -> Iterator[dict[str, Any]]:
    from wholechild.people.searching.keys import identity_keys

    for one in everybody:
        yield {"identity": _identity(one), "keys": list(identity_keys(_compared(one)))}


def _word_rows(everybody: Sequence[Known]) -> Iterator[dict[str, Any]]:
    from wholechild.people.searching.keys import name_words
    from wholechild.people.searching.words import word_keys

    for word in sorted({word for one in everybody for word, _ in name_words(_compared(one))}):
        yield {"word": word, "keys": sorted(word_keys(word))}


def _compared(one: Known) -> Any:
    from wholechild.people.comparing.standardising import Raw, standardise

    earlier = (one.earlier,) if one.earlier else ()
    return standardise(Raw(
        id=_identity(one), agency="gp/Benchton", given_names=one.given, family_name=one.family, born=one.born,
        nhs_number=one.nhs_number, postcode=one.postcode, earlier_postcodes=earlier,
    ))  # fmt: skip


def _identity(one: Known) -> str:
    return f"who-{one.number:024d}"


def person_id(one: Known) -> str:
    return f"person-{one.number:024d}"


_EMPTY: Final[Mapping[str, Any]] = {
    "text": "", "ARRAY": [], "bytea": b"", "bigint": 0, "integer": 0, "smallint": 0, "jsonb": "{}", "timestamp with time zone": AT,
    "boolean": False,
}  # fmt: skip


def _copy(table: str, rows: Iterator[dict[str, Any]]) -> None:
    """Rows into a table; a column that must say something and is not given says nothing, in the way of its type."""
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position",
            [table],
        )
        columns = cursor.fetchall()
        nullable = _nullable(cursor, table)
        named = ", ".join(f'"{name}"' for name, _ in columns)
        with cursor.copy(f"COPY {table} ({named}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(
                    [row.get(name, None if name in nullable else _EMPTY[kind]) for name, kind in columns]
                )


def _nullable(cursor: Any, table: str) -> set[str]:
    cursor.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_nullable = 'YES'",
        [table],
    )
    return {name for (name,) in cursor.fetchall()}


def _without_index(table: str, work: Callable[[], None]) -> None:
    """Load first, index then: what takes an hour row by row takes a minute at once."""
    _as_owner(f"DROP INDEX {table}_keys")
    work()
    _as_owner(f"CREATE INDEX {table}_keys ON {table} USING gin (keys) WITH (gin_pending_list_limit = 256)")


def _as_owner(statement: str) -> None:
    from wholechild.config.bootstrap import connected
    from wholechild.config.database import database

    with connected(database().owner or {}) as connection:
        connection.execute("SET maintenance_work_mem = '256MB'")
        connection.execute(statement)  # type: ignore[arg-type]


# -- what people type ------------------------------------------------------------------------------------------------------

Typed = Callable[[Known, Random], str]


def _day(day: date) -> str:
    return f"{day.day}/{day.month}/{day.year}"


def _swapped(one: Known, rng: Random) -> str:
    """Only where the swapped date is a date too; else it is written right."""
    day, month = (one.born.month, one.born.day) if one.born.day <= 12 else (one.born.day, one.born.month)
    return f"{one.given} {one.family} {day}/{month}/{one.born.year}"


def _one_part(one: Known, rng: Random) -> str:
    other = one.born.replace(year=one.born.year + rng.choice((-1, 1)), day=min(one.born.day, 28))
    return f"{one.given} {one.family} {_day(other)}"


def _slip(rng: Random, word: str) -> str:
    return typo(rng, word, _SLIPS)


KINDS: Final[Mapping[str, Typed]] = {
    "name and birthday": lambda one, rng: f"{one.given} {one.family} {_day(one.born)}",
    "names the other way round, birthday": lambda one, rng: f"{one.family}, {one.given} {_day(one.born)}",
    "slip in the family name, birthday": lambda one, rng: f"{one.given} {_slip(rng, one.family)} {_day(one.born)}",
    "slip in both names, birthday": lambda one, rng: f"{_slip(rng, one.given)} {_slip(rng, one.family)} {_day(one.born)}",
    "other spelling, birthday": lambda one, rng: f"{respelt(rng, one.given, one.origin)} {respelt(rng, one.family, one.origin)} {_day(one.born)}",
    "short name, birthday": lambda one, rng: f"{rng.choice(nicknames_of(one.given) or (one.given,))} {one.family} {_day(one.born)}",
    "day and month swapped": _swapped,
    "one year wrong": _one_part,
    "slip in the family name, day and month swapped": lambda one, rng: _swapped(replace(one, family=_slip(rng, one.family)), rng),
    "family name and birthday": lambda one, rng: f"{one.family} {_day(one.born)}",
    "slip in the family name, year of birth": lambda one, rng: f"{one.given} {_slip(rng, one.family)} {one.born.year}",
    "name and first half of the postcode": lambda one, rng: f"{one.given} {one.family} {one.postcode.split()[0]}",
    "slip in the first name, earlier postcode": lambda one, rng: f"{_slip(rng, one.given)} {one.family} {one.earlier or one.postcode}",
    "name alone": lambda one, rng: f"{one.given} {one.family}",
    "slip in the family name, nothing else": lambda one, rng: f"{one.given} {_slip(rng, one.family)}",
    "NHS number with blanks": lambda one, rng: f"{one.nhs_number[:3]} {one.nhs_number[3:6]} {one.nhs_number[6:]}",
    "NHS number with one digit wrong": lambda one, rng: digits_wrong(rng, one.nhs_number),
    "family name alone": lambda one, rng: one.family,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tried:
    """One search: how long it took, and where in the list the person stood (0: not in it)."""

    kind: str
    origin: str
    seconds: float
    place: int


def try_all(everybody: Sequence[Known], times: int, seed: int) -> list[Tried]:
    """Every kind of slip so many times, each for somebody drawn anew, in a mixed order."""
    from wholechild.trust.queries import viewer_for

    viewer = viewer_for(SEARCHER, "safeguarding_concern", AT)
    rng = Random(f"typed {seed}")  # noqa: S311
    asked = [(kind, rng.choice(everybody)) for kind in KINDS for _ in range(times)]
    asked = [(kind, one) for kind, one in asked if one.nhs_number or "NHS" not in kind]
    rng.shuffle(asked)
    for kind, one in asked[:50]:
        _try(viewer, kind, one, rng)  # so that what is measured is a search, and no first plan
    return [
        _try(viewer, kind, one, rng) for kind, one in progressing(asked, total=len(asked), label="Searching")
    ]


def _try(viewer: Any, kind: str, one: Known, rng: Random) -> Tried:
    from wholechild.people.searching.asked import parse
    from wholechild.people.searching.queries import search_people

    typed = KINDS[kind](one, rng)
    started = time.perf_counter()
    answer = search_people(viewer, parse(typed, AT.date()), AT)
    taken = time.perf_counter() - started
    persons = [hit.person for hit in answer.hits]
    return Tried(
        kind, one.origin, taken, persons.index(person_id(one)) + 1 if person_id(one) in persons else 0
    )


def plainly(everybody: Sequence[Known], times: int, seed: int) -> list[Tried]:
    """The same kinds of slips by `ILIKE` on names and an equal birthday: what there would be without keys."""
    from django.db import connection

    from wholechild.people.searching.asked import parse

    rng = Random(f"typed plainly {seed}")  # noqa: S311
    found = []
    for kind, typed in progressing(KINDS.items(), total=len(KINDS), label="By ILIKE"):
        for one in rng.choices(everybody, k=times):
            if "NHS" in kind and not one.nhs_number:
                continue
            asked = parse(typed(one, rng), AT.date())
            where, values = ["true"], list[Any]()
            for word in asked.words:
                where.append("(given_name ILIKE %s OR family_name ILIKE %s)")
                values += [f"%{word.text}%"] * 2
            for column, value in (("born_first", asked.birthday), ("nhs_number", asked.nhs_number)):
                if value:
                    where.append(f"{column} = %s")
                    values.append(value)
            started = time.perf_counter()
            with connection.cursor() as cursor:
                cursor.execute(
                    f"SELECT DISTINCT identity FROM records_personrow WHERE {' AND '.join(where)} ORDER BY identity LIMIT 10",
                    values,
                )
                rows = [identity for (identity,) in cursor.fetchall()]
            taken = time.perf_counter() - started
            found.append(
                Tried(
                    kind, one.origin, taken, rows.index(_identity(one)) + 1 if _identity(one) in rows else 0
                )
            )
    return found


def found_in_ten(tried: Sequence[Tried]) -> float:
    """Of a hundred searches, in how many the person stood among the first ten."""
    return 100 * sum(1 for one in tried if 0 < one.place <= 10) / max(1, len(tried))


def by(tried: Sequence[Tried], what: Callable[[Tried], str]) -> dict[str, list[Tried]]:
    found: defaultdict[str, list[Tried]] = defaultdict(list)
    for one in tried:
        found[what(one)].append(one)
    return dict(found)
