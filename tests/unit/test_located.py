"""YAML with places, and what is not accepted of it."""

from __future__ import annotations

import time
from datetime import date

import pytest

from wholechild.lib.located import MOST_BYTES, MOST_DEPTH, Located, NotPlainYaml, Place, read_yaml


def test_every_value_and_key_knows_its_place() -> None:
    node = read_yaml("a: 1\nb:\n  - x\n  - {c: yes}\n")
    assert node.plain() == {"a": 1, "b": ["x", {"c": True}]}
    assert node.keys["b"] == Place(2, 1)
    inner = node.value["b"].value[1]
    assert (inner.place, inner.value["c"].place) == (Place(4, 5), Place(4, 9))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        ("1.5", 1.5),
        ("true", True),
        ("~", None),
        ("2011-02-01", date(2011, 2, 1)),
        ("'12'", "12"),
        ("x y", "x y"),
    ],
)
def test_plain_scalars(text: str, value: object) -> None:
    assert read_yaml(f"a: {text}").plain() == {"a": value}


def test_what_only_looks_like_a_date_stays_text() -> None:
    assert read_yaml("a: 2031-13-02").plain() == {"a": "2031-13-02"}


def test_one_value_counts_as_a_list_of_one() -> None:
    assert [item.value for item in Located("x", Place(1, 1)).items()] == ["x"]
    assert [item.value for item in read_yaml("[x, y]").items()] == ["x", "y"]


BOMB = "a: &a [x, x]\n" + "".join(f"b{n}: &b{n} [{', '.join(['*a'] * 9)}]\n" for n in range(9))


@pytest.mark.parametrize(
    ("text", "why", "line", "column"),
    [
        ("a: &x 1\nb: *x", "anchors and aliases", 1, 4),
        ("b: *x", "anchors and aliases", 1, 4),
        (BOMB, "anchors and aliases", 1, 4),
        ("a: 1\nb: !!python/object/apply:os.system [ls]", "tags", 2, 4),
        ("a: !mine 1", "tags", 1, 4),
        ("- " * 1000 + "x", "levels inside each other", 1, 2 * MOST_DEPTH + 1),
        ("[" * 1000 + "]" * 1000, "levels inside each other", 1, MOST_DEPTH + 1),
        ("{a: " * 1000, "levels inside each other", 1, 4 * MOST_DEPTH + 1),
        ("a: 1\nb: 2\na: 3", "stands twice", 3, 1),
        ("a: {b: 1, b: 2}", "stands twice", 1, 11),
        ("? [a, b]\n: 1", "plain word", 1, 3),
        ("a: 1\n---\nb: 2", "more than one document", 2, 1),
        ("", "empty", 1, 1),
        ("# only a remark\n", "empty", 1, 1),
        ("a: [1, 2\nb: 3", "not YAML", 2, 2),
        ("a: b: c", "not YAML", 1, 5),
        ("a: 'x", "not YAML", 1, 6),
        ("a:\n\tb: 1", "not YAML", 2, 1),
        ("a: \0", "not YAML", 1, 4),
        ("a: 1\nb: x\x07", "U+0007", 2, 5),
        ("a: 1\nb: \x85 \x9b", "U+009B", 2, 6),
    ],
)
def test_what_is_refused_says_why_and_where(text: str, why: str, line: int, column: int) -> None:
    with pytest.raises(NotPlainYaml) as wrong:
        read_yaml(text)
    assert why in wrong.value.why
    assert wrong.value.place == Place(line, column)


def test_a_merge_key_merges_nothing() -> None:
    assert read_yaml("<<: {a: 1}\nb: 2").plain() == {"<<": {"a": 1}, "b": 2}


def test_a_lone_surrogate_is_refused_like_any_other_slip() -> None:
    with pytest.raises(NotPlainYaml):
        read_yaml("a: \ud800")


def test_a_huge_file_is_refused_before_it_is_read() -> None:
    began = time.monotonic()
    with pytest.raises(NotPlainYaml, match="larger than 2,048 KiB"):
        read_yaml("a: [" + "x, " * (MOST_BYTES // 3) + "x]")
    assert time.monotonic() - began < 1


def test_just_below_the_bounds_is_read() -> None:
    assert read_yaml("[" * MOST_DEPTH + "]" * MOST_DEPTH)
