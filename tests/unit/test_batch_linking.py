"""Over a whole table the same as one by one: the same identities, candidates, levels, weights and people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, fields, replace
from datetime import date, timedelta
from itertools import combinations
from math import inf
from pathlib import Path
from random import Random
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from duckdb import DuckDBPyConnection

from wholechild.cli.processes import in_processes
from wholechild.people.batch import tables
from wholechild.people.batch.conditions import NUMBERS
from wholechild.people.batch.predicting import FORBIDS, find_candidates, one_number, weigh_all
from wholechild.people.batch.settling import settle_all
from wholechild.people.batch.tables import ColumnsRefused, read_raw, standardise_all, workbench, write_raw
from wholechild.people.batch.training import train
from wholechild.people.comparing.artefact import Artefact, Prior, default_artefact, digest, loads
from wholechild.people.comparing.clustering import Decided, Decision, settle
from wholechild.people.comparing.identity import Identity
from wholechild.people.comparing.keys import blocking_keys, most_under, rule_of
from wholechild.people.comparing.levels import NAMES_ALONE, levels_of
from wholechild.people.comparing.prepared import prepare
from wholechild.people.comparing.scoring import telling, weigh
from wholechild.people.comparing.standardising import Raw, standardise
from wholechild.people.comparing.weighed import Zone

S = TypeVar("S")
T = TypeVar("T")

SEED = 20261123
MANY = 1_300

GIVEN = ("Amina Zahra|Amia|Ameena|Aminah Z|A|Muhammad Ali|Mohammed|Md|Yusuf|Youssef|Ann-Marie|Anne Marie|Elizabeth (Betty)|Beth|Lizzie Jo"
         "|Oleksandr|Олександр|Sasha|Baby|Unknown|Khan|Zoë|Zoe|Jon|John|Jhon|李|J|" + "x" * 300 + "|Smith, John|").split("|")  # fmt: skip
FAMILY = ("Khan|Kahn|Khan-Begum|Begum|O'Neill|ONeill|Neil|van den Berg|Berg|Smith née Jones|Jones|Smyth|Łuczak|Luczak|Kowalska"
          "|Kowalski|Okafor|Okaforx|Test|Zahra|Amina|Иванова|Ivanova|K|").split("|")  # fmt: skip
NUMBERS_ = "9434765919|943 476 5919|9434765918|9434765870|0000000000|943|9876543210|".split("|")
POSTCODES = "CV1 2AB|CV1 9ZZ|CV1 2AC|cv12ab|CV1 2A8|CV3 4CD|B1 1AA|2042|2024|ZZ99 3VZ|CV1|".split("|")
ADDRESSES = (
    "12 High Street|12 High St, Coventry|12 Hgih Street|2 High Street|High Street, Coventry|High Street|4 Low Road|Flat 1, 4 Low Road"
    "|No fixed abode|".split("|")
)


def raws(many: int = MANY) -> list[Raw]:
    chance = Random(SEED)

    def some(values: list[str], most: int) -> tuple[str, ...]:
        return tuple(chance.choice(values) for _ in range(chance.randrange(most + 1)))

    def day(off: int) -> date | None:
        one = date(2015, 3, 4) + timedelta(
            days=chance.choice([0, 0, 0, 1, 9, 30, 31, 32, 300, 365, 3650, off])
        )
        return chance.choice(
            [
                one,
                one,
                one,
                date(2015, 4, 3),
                date(2015, 1, 1),
                date(2016, 3, 4),
                date(1900, 1, 1),
                date(2051, 3, 4),
                None,
            ]
        )

    return [
        Raw(
            id=f"identity-{chance.randrange(10**9)}-{n}", agency=chance.choice(["gp", "school", "gp ", ""]),
            given_names=chance.choice(GIVEN), family_name=chance.choice(FAMILY),
            other_names=some(["Amina Khan", "Ann Jones", "Unknown", ""], 2) if chance.random() < 0.2 else (),
            born=day(n % 4000), died=date(2015, 3, 1) + timedelta(days=n) if chance.random() < 0.05 else None,
            sex=chance.choice(["F", "male", "x", ""]), nhs_number=chance.choice(NUMBERS_),
            upn=chance.choice(["H801200001001", "H801200001002", "UN1", "", ""]), postcode=chance.choice(POSTCODES),
            earlier_postcodes=some(POSTCODES, 2), uprn=chance.choice(["100070123456", "000100070123456", "0", "", ""]),
            address=chance.choice(ADDRESSES), phones=some(["07700 900123", "+44 7700 900124", "x", "0"], 1),
            emails=some(["a@b.org", "A@B.org ", "none@x.org"], 1), local_ids=some(["x:12", "x:13", "y:12", "z", "x:482105", "x:482150", "x:48215"], 2),
        )
        for n in range(many)
    ]  # fmt: skip


def write(rows: list[Raw], path: Path) -> Path:
    dates = [("born", pa.date32()), ("died", pa.date32())]
    lists = [(f.name, pa.list_(pa.string())) for f in fields(Raw) if f.type == "tuple[str, ...]"]
    texts = [(f.name, pa.string()) for f in fields(Raw) if f.type == "str"]
    rows_ = [asdict(row) | {"emails": list(row.emails) or None} for row in rows]
    pq.write_table(pa.Table.from_pylist(rows_, schema=pa.schema([*texts, *lists, *dates])), path)
    return path


@pytest.fixture(scope="module")
def known() -> dict[str, Identity]:
    return {raw.id: standardise(raw) for raw in raws()}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("linking")
    connection = workbench(folder)
    read_raw(connection, write(raws(), folder / "raw.parquet"))
    standardise_all(connection)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def artefact() -> Artefact:
    """One that uses everything: names that are commoner than others, and a telephone that too many share."""
    document = default_artefact().dumps().replace('"shared":[]', f'"shared":["{digest("447700900124")}"]')
    found = loads(document)
    assert found.shared
    return found


def test_a_table_is_standardised_as_each_record_is(
    table: DuckDBPyConnection, known: dict[str, Identity]
) -> None:
    columns = [f.name for f in fields(Identity)]
    rows = table.execute(f"SELECT {', '.join(columns)} FROM identities").fetchall()
    assert len(rows) == len(known) == MANY
    for row in rows:
        said = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in zip(columns, row, strict=True)
        }
        assert Identity(**said) == known[row[0]]


def test_in_more_processes_than_one_a_table_is_standardised_the_same(
    table: DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "_FEW", 0)
    asked = []

    def counted(work: Callable[[S], T], items: Iterable[S]) -> Iterator[T]:
        asked.append(work)
        return in_processes(work, items)

    spread = workbench(tmp_path)
    read_raw(spread, write(raws(), tmp_path / "raw.parquet"))
    standardise_all(spread, counted)
    said = "SELECT * FROM identities ORDER BY n"
    assert spread.execute(said).fetchall() == table.execute(said).fetchall()
    assert asked


def test_what_an_artefact_of_elsewhere_calls_shared_says_nothing_though_two_share_it_here(
    tmp_path: Path,
) -> None:
    two = [
        Raw(id=name, given_names="Amy", family_name="Amble", born=date(2015, 3, 4), phones=("07700 900123",))
        for name in "ab"
    ]
    elsewhere = replace(default_artefact(), shared=frozenset({digest("447700900123")}))
    table = workbench(tmp_path)
    read_raw(table, write(two, tmp_path / "raw.parquet"))
    standardise_all(table)
    find_candidates(table)
    weigh_all(table, elsewhere, bound=-100.0)
    ((weight, contact),) = table.execute("SELECT weight, level_contact FROM pairs").fetchall()
    assert contact == 0
    assert weight == pytest.approx(weigh(elsewhere, *map(standardise, two)).weight, abs=1e-9)


def test_candidates_are_those_that_share_a_key(table: DuckDBPyConnection, known: dict[str, Identity]) -> None:
    """No key is left out, and one that more than a stated number share is."""
    for most in (10**6, 20):
        found_by: dict[str, list[str]] = {}
        for identity in known.values():
            for key in blocking_keys(identity):
                found_by.setdefault(key, []).append(identity.id)
        expected = {
            (min(pair), max(pair))
            for key, ids in found_by.items()
            if len(ids) <= most_under(rule_of(key), most)
            for pair in combinations(ids, 2)
        }
        left_out = find_candidates(table, most=most)
        assert left_out == sum(len(ids) > most_under(rule_of(key), most) for key, ids in found_by.items())
        got = table.execute(
            "SELECT DISTINCT a.id, b.id FROM followed k JOIN followed l USING (key) JOIN identities a ON a.n = k.n"
            " JOIN identities b ON b.n = l.n WHERE a.id < b.id"
        ).fetchall()
        assert set(got) == expected


def test_weights_are_those_of_weighing_one_by_one(
    table: DuckDBPyConnection, known: dict[str, Identity], artefact: Artefact
) -> None:
    find_candidates(table, most=10**6)
    weighed = weigh_all(table, artefact, bound=-1e9)
    assert weighed == one_number(table, "SELECT count(*) FROM pairs") >= 50_000
    names = list(NUMBERS)
    asked = f"SELECT one, other, weight, forbids, {', '.join(f'level_{name}' for name in names)} FROM pairs"
    seen: set[tuple[str, int]] = set()
    for one, other, weight, forbids, *levels in table.execute(asked).fetchall():
        assert one < other
        mine, theirs = known[one], known[other]
        said = levels_of(prepare(telling(artefact, mine)), prepare(telling(artefact, theirs)))
        assert {n: NUMBERS[n].get(said[n], 0) for n in names} == dict(zip(names, levels, strict=True)), (
            mine,
            theirs,
        )
        expected = weigh(artefact, mine, theirs)
        assert abs(expected.weight - weight) < 1e-9
        assert expected.forbids == FORBIDS[forbids]
        seen |= set(zip(names, levels, strict=True))
    never = {(name, number) for name in names for number in [0, *NUMBERS[name].values()]} - seen
    assert never == set()


def test_only_pairs_from_the_bound_on_are_kept(table: DuckDBPyConnection, artefact: Artefact) -> None:
    """None is lost at a first look, wherever the bound lies."""
    find_candidates(table)
    weigh_all(table, artefact, bound=-1e9)
    everything = table.execute("SELECT one, other, weight FROM pairs").fetchall()
    for bound in (None, -12.0, 0.0, 12.0):
        weigh_all(table, artefact, bound=bound)
        least = artefact.possible if bound is None else bound
        above = {(one, other) for one, other, weight in everything if weight >= least}
        assert set(table.execute("SELECT one, other FROM pairs").fetchall()) == above
        assert above


def test_no_pair_is_lost_where_sketches_meet_and_codes_do_not(tmp_path: Path, artefact: Artefact) -> None:
    """Names that are nearly the same, of codes that are not: about one of sixty has codes whose sketches meet by chance."""
    chance = Random(SEED)
    letters = [chance.choice("bdfgklmnprst") + chance.choice("aeiou") for _ in range(4 * 800)]
    names = ["".join(letters[4 * n : 4 * n + 4]) for n in range(800)]
    write_raw(
        tmp_path / "raw.parquet",
        [
            Raw(id=f"{side}{n}", given_names=name + more, family_name="Lamb", born=date(2015, 3, 4), postcode=f"CV{n % 90} {n // 90}AB")
            for n, name in enumerate(names)
            for side, more in (("a", ""), ("b", "x"))
        ],
    )  # fmt: skip
    table = workbench(tmp_path)
    read_raw(table, tmp_path / "raw.parquet")
    standardise_all(table)
    given = artefact.comparisons["given"]
    # To sound alike speaks against their being one here, so that a level counts less than one after it; and nobody has any kin,
    # so that the weight is what is seen at a first look.
    odd = replace(
        artefact,
        comparisons={
            **artefact.comparisons,
            "given": {**given, "variant": replace(given["variant"], match=1e-6)},
        },
        prior=Prior(artefact.prior.match, (1e-30, 1e-30, 1e-30)),
    )
    find_candidates(table)
    weigh_all(table, odd, bound=-1e9)
    near = NUMBERS["given"]["near"]
    at_one_home = f"level_given = {near} AND substr(one, 2) = substr(other, 2)"
    expected = table.execute(f"SELECT one, other, weight FROM pairs WHERE {at_one_home}").fetchall()
    weigh_all(table, odd, bound=min(weight for _, _, weight in expected) - 1e-6)
    kept = set(table.execute("SELECT one, other FROM pairs").fetchall())
    assert len(expected) > 700
    assert {(one, other) for one, other, _ in expected} <= kept


def test_people_are_those_of_settling_everyone(
    table: DuckDBPyConnection, known: dict[str, Identity], artefact: Artefact
) -> None:
    find_candidates(table)
    weigh_all(table, artefact)
    pairs = [
        weigh(artefact, known[a], known[b])
        for a, b in table.execute("SELECT one, other FROM pairs").fetchall()
    ]
    sure = sorted((p for p in pairs if p.zone is Zone.SAME), key=lambda p: (p.weight, p.one, p.other))
    decided = [
        Decided(sure[0].one, sure[0].other, Decision.DIFFERENT),
        Decided(*sorted(known)[:2], Decision.SAME),
    ]
    expected = settle(pairs, decided, known.values(), artefact.lower)
    assert settle_all(table, artefact, decided) == len(expected) > 1
    got: dict[str, set[str]] = {}
    for name, person in table.execute("SELECT id, person FROM people").fetchall():
        got.setdefault(person, set()).add(name)
    assert {frozenset(members) for members in got.values()} == set(expected)
    assert all(person == min(members) for person, members in got.items())


def test_names_alone_do_not_keep_apart_whom_another_record_joins(tmp_path: Path) -> None:
    """A record without a birthday meets one of two by its home, and the other, which has none, by its name alone."""
    home = {"postcode": "LS20 8QQ", "address": "70 Tonley Street"}
    one = {"given_names": "Luster", "family_name": "Belanel"}
    table, raws_of = workbench(tmp_path), [
        Raw(id="a", agency="police", born=date(1985, 10, 11), **one, **home),
        Raw(id="b", agency="school", born=date(1985, 10, 11), given_names="Luster Fordmi", family_name="Belanel"),
        Raw(id="c", agency="gp", sex="F", **one, **home),
    ]  # fmt: skip
    write_raw(tmp_path / "raw.parquet", raws_of)
    read_raw(table, tmp_path / "raw.parquet")
    standardise_all(table)
    find_candidates(table)
    artefact = replace(default_artefact(), same=8.0)
    weigh_all(table, artefact)
    said = {
        (one, other): FORBIDS[why]
        for one, other, why in table.execute("SELECT one, other, forbids FROM pairs").fetchall()
    }
    assert said == {("a", "b"): "", ("a", "c"): "", ("b", "c"): NAMES_ALONE}
    assert settle_all(table, artefact) == 1
    assert settle_all(table, replace(artefact, unrivalled=9.0)) == 2


def test_a_group_is_one_person_only_if_nothing_stands_between_any_two(tmp_path: Path) -> None:
    """A chain through a third, a pair of whom somebody has decided, and a plain pair."""
    born = [date(2015, 3, 4), None, date(1985, 7, 19), *[date(2015, 3, 4)] * 4]
    people = [Raw(id=name, given_names="Amina", family_name="Khan", born=day) for name, day in zip("abcdefg", born, strict=True)]  # fmt: skip
    connection = workbench(tmp_path)
    read_raw(connection, write(people, tmp_path / "raw.parquet"))
    standardise_all(connection)
    connection.execute(
        "CREATE TABLE pairs AS SELECT *, ascii(one) - 96 AS l, ascii(other) - 96 AS r FROM (VALUES ('a', 'b', 20.0, 0, 1), ('b', 'c', 19.0, 0, 1), ('d', 'e', 20.0, 0, 1), ('f', 'g', 20.0, 0, 1))"
        " AS p(one, other, weight, forbids, level_given)"
    )
    settle_all(connection, default_artefact(), [Decided("d", "e", Decision.DIFFERENT)])
    found = connection.execute("SELECT id, person FROM people ORDER BY id").fetchall()
    assert found == [("a", "a"), ("b", "a"), ("c", "c"), ("d", "d"), ("e", "e"), ("f", "f"), ("g", "f")]


def test_a_decision_about_one_of_a_group_is_heard_by_all_of_it(tmp_path: Path) -> None:
    born = date(2015, 3, 4)
    rows = [Raw(id=name, born=born) for name in "abcz"]
    connection = workbench(tmp_path)
    read_raw(connection, write(rows, tmp_path / "raw.parquet"))
    standardise_all(connection)
    connection.execute(
        "CREATE TABLE pairs AS SELECT *, ascii(one) - 96 AS l, ascii(other) - 96 AS r, 0 AS forbids, 1 AS level_given"
        " FROM (VALUES ('a', 'b', 30.0), ('a', 'c', 20.0), ('b', 'c', 40.0)) AS p(one, other, weight)"
    )

    def people(*decided: Decided) -> set[frozenset[str]]:
        settle_all(connection, replace(default_artefact(), unrivalled=inf, nameless=inf), decided)
        told = connection.execute("SELECT list(id) FROM people GROUP BY person").fetchall()
        return {frozenset(names) for (names,) in told}

    assert people() == {frozenset("abc"), frozenset("z")}
    assert people(Decided("a", "b", Decision.DIFFERENT)) == {frozenset("a"), frozenset("bc"), frozenset("z")}
    assert people(Decided("c", "z", Decision.SAME)) == {frozenset("abcz")}


def test_two_whom_nobody_else_comes_near_are_one_person(tmp_path: Path) -> None:
    """Two and nobody else, two with a rival each way, two of other first names, and two that somebody could not tell."""
    people = [Raw(id=name, given_names="Amina", family_name="Khan") for name in "abcdefghij"]
    connection = workbench(tmp_path)
    read_raw(connection, write(people, tmp_path / "raw.parquet"))
    standardise_all(connection)
    near, other = NUMBERS["given"]["near"], NUMBERS["given"]["different"]
    connection.execute(
        f"CREATE TABLE pairs AS SELECT *, ascii(one) - 96 AS l, ascii(other) - 96 AS r FROM (VALUES ('a', 'b', 4.0, 0, {near}), ('c', 'd', 4.0, 0, {near}), ('d', 'e', 0.5, 0, {near}),"
        f" ('f', 'g', 4.0, 0, {other}), ('h', 'i', 4.0, 0, {near}), ('i', 'j', -2.0, 0, {near})) AS p(one, other, weight, forbids, level_given)"
    )
    settle_all(connection, default_artefact())
    found = dict(connection.execute("SELECT id, person FROM people").fetchall())
    assert {name for name, person in found.items() if name != person} == {"b", "i"}
    settle_all(connection, default_artefact(), [Decided("h", "i", Decision.CANNOT_TELL)])
    assert connection.execute("SELECT id FROM people WHERE id <> person").fetchall() == [("b",)]


def test_a_table_without_ids_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"name": ["Amina"]}), tmp_path / "x.parquet")
    with pytest.raises(ColumnsRefused, match="column `id`"):
        read_raw(workbench(tmp_path), tmp_path / "x.parquet")


def test_columns_that_are_not_there_are_missing(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": ["b", "a"], "given_names": ["Amina", None]}), tmp_path / "x.parquet")
    connection = workbench(tmp_path)
    read_raw(connection, tmp_path / "x.parquet")
    standardise_all(connection)
    rows = connection.execute(
        "SELECT n, id, given, family, born, phones FROM identities ORDER BY n"
    ).fetchall()
    assert rows == [(1, "a", "", "", None, []), (2, "b", "amina", "", None, [])]
    assert find_candidates(connection) == 0
    assert weigh_all(connection, default_artefact()) == 0
    assert settle_all(connection, default_artefact()) == 2


def test_training_on_next_to_nothing_keeps_what_was_known(tmp_path: Path) -> None:
    connection = workbench(tmp_path)
    read_raw(connection, write(raws(30), tmp_path / "raw.parquet"))
    standardise_all(connection)
    before = default_artefact()
    after = train(connection, before, provenance={"trained_on": "thirty"})
    for name, levels in before.comparisons.items():
        for level, chances in levels.items():
            assert after.comparisons[name][level].match == pytest.approx(chances.match, rel=0.5, abs=0.05)
    for level in (
        "near",
        "initial",
        "far",
    ):  # twins have names that go together, whatever a table shows of them
        assert after.comparisons["given"][level].kin[0] == pytest.approx(
            before.comparisons["given"][level].kin[0]
        )
    assert loads(after.dumps()) == after
