"""Every look is written down in the transaction of the look, refused or not; a stranger learns nothing, not even that."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from tests.integration.worlds import EVERYONE, JOINED, TWO_AGENCIES, amy, counts, moment, seat

pytestmark = pytest.mark.usefixtures("rolled_back")
NOW, LATER = moment("2026-03-02"), moment("2026-03-10")
NOBODY = "person-000000000000000000000000"


@pytest.fixture
def child(deliver: Callable[..., Any]) -> str:
    deliver("1.ndjson", TWO_AGENCIES, at=NOW, link=True)
    return amy()


@pytest.fixture
def teacher(child: str) -> Any:
    return seat("ms-oak", "teacher", "school/Northmoor/Oakfield Primary", NOW, teaches=child)


@pytest.fixture
def stranger(child: str) -> Any:
    return seat("ms-elm", "teacher", "school/Northmoor/Elm Primary", NOW)


def look(viewer: Any, person: str, **more: Any) -> Any:
    from wholechild.patterns.actions import open_picture

    return open_picture(
        by=viewer, purpose=viewer.purpose, at=LATER, person=person, as_known_at=date(2026, 3, 10), lessons=[JOINED],
        route="tests", salts=EVERYONE["salts"], **more,
    )  # fmt: skip


def last() -> tuple[Any, Any]:
    """The latest disclosure and the latest leaf."""
    from wholechild.trust.models import Disclosure, LedgerLeaf

    leaf = LedgerLeaf.objects.order_by("-seq").first()
    assert leaf is not None
    return Disclosure.objects.get(pk=leaf.fact_id), leaf


def test_who_works_with_the_child_sees_the_picture_and_it_is_written_down(teacher: Any, child: str) -> None:
    from wholechild.trust.queries import verify

    picture = look(teacher, child)
    assert picture.name == "Amy Amble"
    entry, leaf = last()
    assert (entry.user, entry.role, entry.person, entry.allowed) == ("ms-oak", "teacher", child, True)
    assert (entry.relations, entry.route, entry.purpose) == (["teaches"], "tests", "safeguarding_concern")
    assert entry.classes == ["contact", "content", "existence"]
    assert entry.rule == "teacher / teaches / existence"
    assert (leaf.act, leaf.by, leaf.fact_kind) == ("disclosure", "ms-oak", "disclosure")
    assert verify().ok


def test_a_refusal_is_written_down_as_such(stranger: Any, child: str) -> None:
    assert look(stranger, child) is None
    entry, _ = last()
    assert (entry.allowed, entry.relations, entry.classes) == (False, [], ["existence"])
    assert entry.rule == "no line for teacher / no relation / existence"


def test_a_stranger_cannot_tell_a_child_from_nobody(stranger: Any, child: str) -> None:
    before = counts()
    there, not_there = look(stranger, child), look(stranger, NOBODY)
    assert there is None
    assert not_there is None
    grown = {table: n - before[table] for table, n in counts().items() if n != before[table]}
    assert grown == {"trust_disclosure": 2, "trust_ledgerleaf": 2, "trust_ledgercheckpoint": 2}
    from wholechild.trust.models import Disclosure

    one, two = Disclosure.objects.filter(user="ms-elm").order_by("person")
    differing = {f.name for f in Disclosure._meta.fields if getattr(one, f.name) != getattr(two, f.name)}
    assert differing == {"id", "salt", "person"}


def test_the_command_says_the_same_of_a_stranger_and_of_nobody(
    stranger: Any, child: str, wholechild: Callable[..., Any]
) -> None:
    one, two = (
        wholechild("timeline", person, "--user", "ms-elm", "--now", "2026-03-10")
        for person in (child, NOBODY)
    )
    assert (one.exit_code, one.output) == (two.exit_code, two.output) == (1, one.output)
    assert "Amy" not in one.output
    nobody = wholechild("timeline", child, "--user", "who-is-not-there", "--now", "2026-03-10")
    assert (nobody.exit_code, nobody.output) == (1, one.output)


def test_the_command_prints_what_the_account_may_see(
    teacher: Any, child: str, wholechild: Callable[..., Any]
) -> None:
    result = wholechild("timeline", child, "--user", "ms-oak", "--now", "2026-03-10T10:00:00", "--json")
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    shape = "child name born age_words area as_known_at family involved chronology adds_up not_known"
    assert list(said) == shape.split()
    assert [entry["what"] for entry in said["chronology"]] == ["Shouting heard.", "Left arm."]
    assert last()[0].route == "command timeline"


def test_one_who_knows_of_everybody_and_asks_for_nobody_is_told_nothing(child: str) -> None:
    duty = seat("sw-1", "duty_social_worker", "childrens_social_care/Northmoor", NOW, duty="*")
    assert look(duty, NOBODY) is None
    entry, _ = last()
    assert (entry.allowed, entry.rule) == (False, "nobody has this id")


def test_a_look_that_fails_leaves_nothing(teacher: Any, child: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import transaction

    def failing(**_: Any) -> Any:
        raise RuntimeError("the disk is on fire")

    before = counts()
    monkeypatch.setattr("wholechild.patterns.actions.child_picture", failing)
    with pytest.raises(RuntimeError), transaction.atomic():
        look(teacher, child)
    assert counts() == before


def test_what_cannot_be_written_down_is_not_shown(
    teacher: Any, child: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import transaction

    def failing(**_: Any) -> Any:
        raise RuntimeError("the ledger is shut")

    before = counts()
    monkeypatch.setattr("wholechild.trust.actions.append", failing)
    with pytest.raises(RuntimeError), transaction.atomic():
        look(teacher, child)
    assert counts() == before


def test_content_above_ones_class_is_shown_as_being_there_and_not_read(deliver: Any, child: str) -> None:
    """A teacher learns that a court has decided something, and whom to ask; not what."""
    from tests.feeds import as_ndjson
    from tests.integration.worlds import FROM_POLICE, POLICE, sent

    order = sent(
        POLICE,
        "record",
        "L-9",
        kind="court.order",
        happened="2026-02-20",
        subject="K-1",
        what="Contact with the father ended.",
    )
    assert deliver("2.ndjson", as_ndjson([*FROM_POLICE, order]), at=NOW, link=True).loaded == 1
    teacher = seat("ms-oak", "teacher", "school/Northmoor/Oakfield Primary", NOW, teaches=child)
    picture = look(teacher, child)
    assert len(picture.chronology) == 3
    assert "Contact with the father" not in repr(picture)


def test_nobody_may_be_given_a_relation_that_the_table_does_not_know(child: str) -> None:
    with pytest.raises(ValueError, match="none of"):
        seat("ms-x", "teacher", "school/Northmoor/Oakfield Primary", NOW, likes=child)
    with pytest.raises(ValueError, match="everybody"):
        seat("ms-y", "teacher", "school/Northmoor/Oakfield Primary", NOW, teaches="*")


def test_a_relation_opens_nothing_to_the_wrong_role(child: str) -> None:
    for role, relation in (
        ("teacher", "caseload"),
        ("gp", "teaches"),
        ("teacher", "oversight"),
        ("duty_social_worker", "oversight"),
    ):
        viewer = seat(f"u-{role}-{relation}", role, "x/y", NOW, **{relation: child})
        assert look(viewer, child) is None
