"""When each version of a row was the one that was known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from wholechild.records.spells import Version, spells

START = datetime(2026, 1, 1, tzinfo=UTC)


def day(n: int) -> datetime:
    return START + timedelta(days=n)


def told(*versions: tuple[int, int, int | None]) -> list[tuple[int, int, int | None]]:
    """(number, learnt on day, withdrawn on day) in; (number, from day, to day) out."""
    stated = [Version(n, day(a), None if w is None else day(w)) for n, a, w in versions]
    return [
        (s.number, (s.known_from - START).days, None if s.known_to is None else (s.known_to - START).days) for s in spells(stated)
    ]  # fmt: skip


def test_one_version_is_known_for_ever() -> None:
    assert told((1, 3, None)) == [(1, 3, None)]


def test_a_correction_ends_what_it_corrects() -> None:
    assert told((1, 0, None), (2, 5, None)) == [(1, 0, 5), (2, 5, None)]


def test_a_withdrawn_correction_gives_back_what_it_corrected() -> None:
    assert told((1, 0, None), (2, 5, 8)) == [(1, 0, 5), (2, 5, 8), (1, 8, None)]


def test_withdrawing_what_was_corrected_changes_nothing_now() -> None:
    assert told((1, 0, 8), (2, 5, None)) == [(1, 0, 5), (2, 5, None)]


def test_a_gap_stays_a_gap() -> None:
    assert told((1, 0, 2), (2, 5, None)) == [(1, 0, 2), (2, 5, None)]


def test_a_version_that_was_never_in_force_has_no_spell() -> None:
    assert told((1, 5, None), (2, 5, None)) == [(2, 5, None)]


versions = st.lists(st.tuples(st.integers(0, 9), st.none() | st.integers(0, 12)), min_size=1, max_size=5)


@given(versions)
def test_at_every_moment_the_latest_that_stands_is_known(stated: list[tuple[int, int | None]]) -> None:
    numbered = [(n, a, w) for n, (a, w) in enumerate(stated, 1) if w is None or w >= a]
    found = told(*numbered)
    for moment in range(14):
        live = max((n for n, a, w in numbered if a <= moment and (w is None or moment < w)), default=None)
        known = [n for n, a, b in found if a <= moment and (b is None or moment < b)]
        assert known == ([] if live is None else [live])
    assert all(
        one != two or gap != start for (one, _, gap), (two, start, _) in zip(found, found[1:], strict=False)
    )
