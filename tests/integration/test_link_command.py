"""`wholechild link`: what is new is linked, what was tampered with is found and put right, and a model takes two people."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import pytest

from tests.feeds import as_ndjson
from tests.integration.worlds import AMY, HOSPITAL, POLICE, SCHOOL, TWO_AGENCIES, amy, moment, sent
from wholechild.people.comparing.artefact import default_artefact

pytestmark = pytest.mark.usefixtures("rolled_back")
NOW = moment("2026-03-02")


@pytest.fixture
def link(wholechild: Callable[..., Any]) -> Callable[..., Any]:
    def run(*arguments: object, code: int = 0) -> Any:
        result = wholechild("link", *arguments, "--json", "--now", "2026-03-02T09:00:00")
        assert result.exit_code == code, result.output
        return json.loads(result.stdout) if code != 2 else result.output

    return run


def test_what_was_told_is_linked_once(deliver: Any, link: Callable[..., Any]) -> None:
    deliver("1.ndjson", TWO_AGENCIES, at=NOW)
    said = link()
    assert (said["linked"], said["identities"], said["persons"], said["crowded"]) == (2, 2, 1, [])
    assert said["model"] == default_artefact().id
    assert link()["linked"] == 0


@pytest.mark.parametrize(
    ("tamper", "which"),
    [
        ("DELETE FROM people_pair", "pairs"),
        ("UPDATE people_pair SET weight = weight + 1", "pairs"),
        ("UPDATE people_pair SET forbids = 'x'", "pairs"),
        ("UPDATE people_compared SET given = 'x'", "ready"),
        ("DELETE FROM people_compared", "ready"),
        ("DELETE FROM people_blockingkey", "ready"),
        ("INSERT INTO people_blockingkey VALUES (1, 'who-1')", "ready"),
    ],
)
def test_what_was_tampered_with_is_told_of_and_put_right(
    deliver: Any, link: Callable[..., Any], tamper: str, which: str
) -> None:
    from django.db import connection

    deliver("1.ndjson", TWO_AGENCIES, at=NOW, link=True)
    assert link("--check")["ok"]
    with connection.cursor() as cursor:
        cursor.execute(tamper)
    for ask in ("--check", "--reconcile"):
        said = link(ask, code=3)
        assert said[which] > 0
        assert said["links"] == 0
    assert link("--check")["ok"]


def test_an_identity_that_is_somebody_else_than_it_should_be_is_put_right(
    deliver: Any, link: Callable[..., Any]
) -> None:
    from tests.integration.worlds import EVERYONE
    from wholechild.people.actions import _store
    from wholechild.people.arriving.queries import component
    from wholechild.people.linking import NewLink

    deliver("1.ndjson", TWO_AGENCIES, at=NOW, link=True)
    person = amy()
    identity = _police()
    _store(
        "x",
        "x",
        NOW,
        [NewLink(identity, "person-wrong", "probable")],
        EVERYONE["salts"],
        gone=[component([identity]).links[identity]],
    )
    assert amy("K-1", POLICE) != person
    said = link("--reconcile", code=3)
    assert (said["links"], said["pairs"], said["repaired"]) == (1, 0, True)
    assert amy("K-1", POLICE) == person


def _police() -> str:
    from wholechild.records.ids import identity_id

    return identity_id("police/Northmoor", "K-1")


def test_a_model_is_in_force_once_two_people_say_so(
    deliver: Any, link: Callable[..., Any], tmp_path: Path
) -> None:
    deliver("1.ndjson", TWO_AGENCIES, at=NOW, link=True)
    strict = replace(default_artefact(), same=400.0, unrivalled=400.0, nameless=400.0)
    (tmp_path / "model.json").write_text(strict.dumps())
    (tmp_path / "card.json").write_text('{"trained_on": "a test"}')
    model = link("--keep", tmp_path / "model.json", "--card", tmp_path / "card.json")["model"]
    assert model == strict.id
    first = ("--adopt", model, "--why", "it is stricter")
    assert link(*first, "--by", "ann")["in_force"] is False
    assert "Another person" in link(*first, "--by", "ann", code=2)
    assert link()["model"] == default_artefact().id
    assert link(*first, "--by", "bea")["in_force"] is True
    assert [(m["id"], m["in_force"]) for m in link("--models")["models"]] == [(model, True)]
    said = link("--rebuild")
    assert (said["pairs"], said["links"]) == (2, 1)  # the pair weighs the same and is only possible now
    assert amy() != amy("K-1", POLICE)


@pytest.mark.parametrize("text", ["", "{}", '{"form": 99}', "no json"])
def test_what_is_no_model_is_refused(link: Callable[..., Any], tmp_path: Path, text: str) -> None:
    (tmp_path / "model.json").write_text(text)
    assert "model.json" in link("--keep", tmp_path / "model.json", code=2)


def test_a_model_that_nobody_keeps_cannot_be_adopted(link: Callable[..., Any]) -> None:
    assert "no model" in link("--adopt", "artefact-0", "--by", "ann", "--why", "x", code=2)


def test_one_telephone_of_a_whole_school_stalls_nothing_and_the_school_is_told(
    deliver: Any, link: Callable[..., Any]
) -> None:
    rows = [
        sent(
            SCHOOL,
            "person",
            f"S-{n}",
            given_name=f"Child{letters}",
            family_name=f"Fam{letters}",
            phones=["01632 960001"],
        )
        for n, letters in enumerate(map("".join, product("abc", ascii_lowercase[:15])))
    ]
    deliver("1.ndjson", as_ndjson([*rows, sent(HOSPITAL, "person", "P-1", **AMY)]), at=NOW)
    said = link(code=3)
    assert said["persons"] == 46
    assert said["crowded"] == [{"agency": "school/Northmoor/Oakfield Primary", "rule": "t", "members": 41}]


def test_one_number_on_forty_children_links_none_of_them_and_the_agency_is_told(
    deliver: Any, link: Callable[..., Any]
) -> None:
    rows = [
        sent(SCHOOL, "person", f"S-{n}", given_name=f"Child{chr(97 + n % 26)}{chr(97 + n // 26)}", family_name=f"Fam{chr(97 + n % 26)}",
             born=f"20{10 + n % 10}-0{1 + n % 9}-1{n % 7}", nhs_number="9990000018")
        for n in range(40)
    ]  # fmt: skip
    deliver("1.ndjson", as_ndjson(rows), at=NOW)
    said = link(code=3)
    assert said["persons"] == 40
    assert said["crowded"] == [{"agency": "school/Northmoor/Oakfield Primary", "rule": "n", "members": 40}]
