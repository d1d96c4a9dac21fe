"""One box for a name, a day of birth and an NHS number."""

from __future__ import annotations

from datetime import date

import pytest

from wholechild.pages.search_words import SearchWords, search_words


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("Amina Khan", SearchWords("Amina Khan")),
        ("  amina   khan ", SearchWords("amina khan")),
        ("2012-03-03", SearchWords(born=date(2012, 3, 3))),
        ("3/3/2012", SearchWords(born=date(2012, 3, 3))),
        ("03.03.2012", SearchWords(born=date(2012, 3, 3))),
        ("3 March 2012", SearchWords(born=date(2012, 3, 3))),
        ("3rd mar 2012 Amina", SearchWords("Amina", date(2012, 3, 3))),
        ("Amina 3 3 2012", SearchWords("Amina", date(2012, 3, 3))),
        ("999 000 0018", SearchWords(nhs_number="9990000018")),
        ("O'Brien-Nguyễn", SearchWords("O'Brien-Nguyễn")),
        ("Ng", SearchWords("Ng")),
    ],
)
def test_what_is_typed_is_read(typed: str, expected: SearchWords) -> None:
    assert search_words(typed) == expected


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Type a name"),
        ("   ", "Type a name"),
        ("x", "two letters"),
        ("12", "two letters"),
        ("31/2/2012", "real day"),
        ("9990000019", "not an NHS number"),
        ("a" * 201, "no more than 200"),
    ],
)
def test_what_cannot_be_read_is_said(typed: str, words: str) -> None:
    assert words in search_words(typed).fault


def test_no_message_repeats_what_was_typed() -> None:
    assert "Zebedee" not in search_words("Zebedee 31/2/2012").fault
