"""A line of COPY text, and its cells: what few rows are written by is what many are copied by."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wholechild.records.drafts import NULL, cells_of, copied

cells = st.lists(
    st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=1
)


@given(cells)
def test_cells_come_back_as_they_went(said: list[str | None]) -> None:
    line = "\t".join(NULL if cell is None else copied(cell) for cell in said) + "\n"
    assert cells_of(line) == said


def test_what_looks_like_nothing_and_is_something_comes_back() -> None:
    assert cells_of(copied("\\N") + "\t" + NULL + "\t" + copied("a\\tb\r\n") + "\n") == [
        "\\N",
        None,
        "a\\tb\r\n",
    ]
