"""Histories as columns: nothing lost, nothing said that the history does not say, and no id left to read."""

from __future__ import annotations

from hypothesis import given

from tests.generative.random_histories import WORDS, histories
from wholechild.patterns.columns import (
    NOBODY,
    SCOPE_NUMBER,
    TABLES,
    ColumnWriter,
    Shape,
    pseudonym,
    tables_of,
)
from wholechild.patterns.history import ChildHistory

SHAPE = Shape(("alcohol",), ("kg",))


@given(histories(vague=True))
def test_every_spell_of_every_record_is_one_row_and_can_be_read_back(history: ChildHistory) -> None:
    tables = tables_of([history], SHAPE, WORDS, b"key")
    text = {(r["of"], r["code"]): r["text"] for r in tables["codes"].to_pylist()}
    expected = [
        (
            SCOPE_NUMBER[scope], pseudonym("record", o.record, b"key"), o.kind, o.sector, o.agency, o.area, o.informant,
            o.happened_from, o.happened_to, max(o.learnt, r.known_from), min(o.forgotten, r.known_to), r.certain, o.count,
            o.values.get("alcohol") or WORDS.asserts.get(o.kind, {}).get("alcohol"), o.measures.get("kg"),
        )
        for scope, pairs in history.scoped.items()
        for i, r in pairs
        for o in (history.observations[i],)
    ]  # fmt: skip
    written = [
        (
            r["scope"], r["record"], *(text[of, r[of]] for of in ("kind", "sector", "agency", "area", "informant")),
            r["happened_from"], r["happened_to"], r["known_from"], r["known_to"], r["certain"], r["count"],
            None if r["value_alcohol"] is None else text["value", r["value_alcohol"]], r["measure_kg"],
        )
        for r in tables["relevant"].to_pylist()
    ]  # fmt: skip
    assert sorted(map(str, written)) == sorted(map(str, expected))
    assert len(tables["homes"]) == len(history.areas)
    assert len(tables["adults"]) == len(history.adults)
    assert len(tables["coverage"]) == len(history.coverage)
    assert [r["born_from"] for r in tables["children"].to_pylist()] == [
        history.born[0] if history.born else None
    ]


@given(histories(vague=False))
def test_no_id_of_a_child_a_person_or_a_record_is_written(history: ChildHistory) -> None:
    words = str([t.to_pylist() for t in tables_of([history], SHAPE, WORDS, b"key").values()])
    assert "ann" not in words
    assert not any(f"'{o.record}'" in words for o in history.observations)


def test_a_pseudonym_needs_its_key_and_is_never_nobody() -> None:
    assert pseudonym("child", "c1", b"a") != pseudonym("child", "c1", b"b")
    assert pseudonym("child", "c1", b"a") != pseudonym("person", "c1", b"a")
    assert all(pseudonym("child", str(i), b"") != NOBODY for i in range(1000))


def test_what_was_taken_is_forgotten_and_an_empty_history_has_every_table() -> None:
    writer = ColumnWriter(SHAPE, WORDS)
    taken = {**dict(writer.take()), **dict(writer.last(()))}
    assert set(taken) == set(TABLES)
    assert all(len(table) == 0 for table in taken.values())
