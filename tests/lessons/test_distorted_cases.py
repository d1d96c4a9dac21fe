"""The published cases, where every agency's names and dates carry errors: what must be linked before anything adds up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from wholechild.cli import distorted
from wholechild.cli.distorted import tried
from wholechild.config.paths import CASES, LESSONS
from wholechild.patterns.library import read_library
from wholechild.patterns.replay import match_days, recorded, replay
from wholechild.people.comparing.artefact import default_artefact
from wholechild.people.comparing.identity import Identity
from wholechild.records.feeds.chronology import ParsedChronology, read_chronology
from wholechild.world.population.asked import profile
from wholechild.world.population.case_family import OF_NAMES_AND_DATES
from wholechild.world.population.case_family import distorted as written

LIBRARY = [folder.lesson for folder in read_library(LESSONS).lessons]
PELKA = CASES / "pelka.yaml"


def read(path: Path) -> ParsedChronology:
    return read_chronology(path.read_bytes(), name=path.name, stand_ins=True)


@pytest.mark.parametrize("path", sorted(CASES.glob("*.yaml")), ids=lambda p: p.stem)
def test_where_everybody_is_known_for_who_they_are_the_days_are_those_of_the_replay(path: Path) -> None:
    case = read(path)
    known = {(r.agency.id, person): person for r in recorded(case) for person in r.about}
    walked = {(m.lesson.id, m.held_from) for m in replay(case, LIBRARY).matches}
    assert match_days(case, LIBRARY, known) == walked


def test_an_identity_that_is_put_to_nobody_is_missed_and_said_to_be() -> None:
    case = read(PELKA)
    known = {(r.agency.id, person): person for r in recorded(case) for person in r.about}
    clean = match_days(case, LIBRARY, known)
    without = match_days(case, LIBRARY, {**known, ("school/Coventry", "child"): "somebody"})
    assert clean - without


def test_an_artefact_that_links_nobody_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    never = replace(default_artefact(), same=1e9, possible=1e9)
    monkeypatch.setattr(distorted, "default_artefact", lambda: never)
    (outcome,) = tried(read(PELKA), LIBRARY, [1])
    assert not outcome.same
    assert outcome.silent
    assert len(outcome.unseen) == len(outcome.apart) > 10


def test_who_is_put_to_somebody_else_is_named() -> None:
    known = [
        ("gp/Coventry", "child"),
        ("police/Coventry", "child"),
        ("gp/Coventry", "mother"),
        ("police/Coventry", "mother"),
    ]
    own = {key: Identity("|".join(key)) for key in known}
    ids = [own[key].id for key in known]
    right = {i: frozenset(group) for group in (ids[:2], ids[2:]) for i in group}
    assert distorted._whose(own, right) == ({key: key[1] for key in known}, ())
    mixed = {i: frozenset(group) for group in (ids[:3], ids[3:]) for i in group}
    assert distorted._whose(own, mixed)[1] == (("gp/Coventry", "mother"),)


def test_the_same_seed_gives_the_same_and_every_record_can_be_made_to_carry_an_error() -> None:
    people, born = distorted.case_people(read(PELKA).people)
    known = {(r.agency.id, person) for r in recorded(read(PELKA)) for person in r.about}
    one, again = (written(people, known, born, profile("usual"), 7, around=50, always=True) for _ in range(2))
    assert {key: r.slips for key, r in one.written.items()} == {
        key: r.slips for key, r in again.written.items()
    }
    assert [r.id for r in one.around] == [r.id for r in again.around]
    clean = [key for key, r in one.written.items() if OF_NAMES_AND_DATES.isdisjoint(r.slips)]
    assert clean == []


@pytest.mark.parametrize("path", sorted(CASES.glob("*.yaml")), ids=lambda p: p.stem)
def test_nobody_of_a_case_is_taken_for_somebody_else(path: Path) -> None:
    """Three seeds here; `wholechild replay cases/pelka.yaml --distorted 100` tries a hundred."""
    outcomes = list(tried(read(path), LIBRARY, range(1, 4)))
    assert [outcome.mixed for outcome in outcomes] == [(), (), ()]
    assert sum(outcome.silent for outcome in outcomes) <= 1
