"""How well linking does, on a page: figures with how far they may lie, what is withheld, and nothing about anybody."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.databases import AT
from tests.functional.linking_report import ORIGINS, figures
from tests.integration import panels
from tests.integration.worlds import EVERYONE, signed_in
from wholechild.people.comparing.artefact import default_artefact

pytestmark = pytest.mark.usefixtures("rolled_back")


@pytest.fixture
def visit() -> Any:
    """The page, as somebody in a role."""

    def visited(role: str = "linkage_reviewer", path: str = "/linking/") -> Any:
        return signed_in(role).get(path, headers={"host": "127.0.0.1"})

    return visited


def words(answer: Any) -> str:
    """What stands on the page, without marks and with one blank between words."""
    assert answer.status_code == 200
    text = re.sub(r"(?s)<(script|style|svg).*?</\1>", " ", answer.content.decode())
    return " ".join(re.sub(r"<[^>]+>", " ", text).replace("&#39;", "'").split())


def keep(more: dict[str, Any] | None = None, **changed: Any) -> str:
    from wholechild.people.actions import keep_report

    at = AT + timedelta(minutes=changed.pop("minutes", 0))
    return keep_report(at=at, figures=figures(more) | changed, **EVERYONE)


@pytest.mark.parametrize(
    "role",
    ["linkage_reviewer", "hub_coordinator", "information_governance_lead", "independent_scrutineer", "inspector", "panel_analyst",
     "review_author", "partnership_manager", "director_of_childrens_services"],
)  # fmt: skip
def test_those_who_oversee_linking_and_those_who_decide_read_it(visit: Any, role: str) -> None:
    assert visit(role).status_code == 200


@pytest.mark.parametrize("role", ["teacher", "duty_social_worker", "health_visitor", "parent"])
def test_to_others_there_is_no_such_page(visit: Any, role: str) -> None:
    there, absent = visit(role), visit(role, "/linkings/")
    assert (there.status_code, absent.status_code) == (404, 404)
    assert there.content == absent.content


def test_where_nothing_is_labelled_the_page_says_so_and_what_to_do(visit: Any) -> None:
    said = words(visit())
    assert "Nothing has been labelled yet. So we do not know how well linking does." in said
    assert "wholechild link --sample 300" in said
    assert "This has not been counted yet." in said
    assert "It comes with Wholechild" in said
    assert "%" not in said


def test_the_figures_stand_with_how_far_they_may_lie(visit: Any) -> None:
    keep()
    said = words(visit())
    recall = figures()["estimated"]["recall"]
    assert "People looked at 391 pairs of records" in said
    assert "Of 4 they could not tell" in said
    assert f"{recall['value']:.1%}" in said
    assert f"{recall['low']:.1%} to {recall['high']:.1%}" in said
    assert "Counted on 2 March 2026" in said
    assert "Another model is in force since then" not in said


def test_a_group_with_too_few_labels_is_not_shown(visit: Any) -> None:
    keep()
    said = words(visit())
    assert ORIGINS["welsh"][0] < 30 <= ORIGINS["nigerian"][0]
    assert "Nigerian" in said
    assert "Welsh" not in said
    assert "We cannot tell yet of 1 group: too few pairs are labelled." in said
    assert "We cannot tell yet: nobody has said which group anybody is in." in said, (
        "nobody knows how deprived a home is"
    )
    assert visit().content.count(b"<svg") >= 2, (
        "each group with more than one to show has a picture beside its table"
    )


def test_the_worst_group_is_told_against_the_best(visit: Any) -> None:
    keep({"english": (100, 2), "polish": (100, 10)})
    said = words(visit())
    assert re.search(
        r"Pairs of “Polish” are missed \d\.\d times as often as those of “English”\. That is more than the aim: 1\.25 times at most",
        said,
    )


@pytest.mark.parametrize(
    ("groups", "by_chance"), [({"english": (100, 2), "polish": (100, 3)}, True), ({"english": (900, 2), "polish": (900, 400)}, False)]
)  # fmt: skip
def test_what_chance_may_explain_is_not_held_against_anybody(
    visit: Any, groups: dict[str, Any], by_chance: bool
) -> None:
    keep(groups)
    told = words(visit()).partition("Where the name comes from")[2].partition(" Sex ")[0]
    assert ("Chance alone may explain the difference" in told) == by_chance


def test_what_would_point_at_few_is_withheld_for_each_agency(visit: Any) -> None:
    keep()
    said = words(visit())
    assert "Bridge Street Surgery (Northmoor) Joined with none 118 (21.9%)" in said
    assert "Housing" in said
    assert "fewer than 5" in said
    assert "1 agency has too few people in the records to be shown." in said
    assert "camhs" not in said.lower()


def test_decisions_are_said_to_stand_for_nothing_more_and_a_sampled_report_stays(visit: Any) -> None:
    keep()
    keep(
        {"english": (40, 0)},
        minutes=9,
        sampled=False,
        zones={"possible": {"value": 0.5, "low": 0.1, "high": 0.9, "of": 8}},
    )
    said = words(visit())
    assert "People looked at 391 pairs" in said
    assert "They do not stand for all pairs, so no share is worked out from them." in said
    assert "The software asks a person 4 of 8 pairs were one person" in said


def test_figures_of_another_model_are_said_to_be_old_and_the_card_of_the_one_in_force_is_shown(
    visit: Any,
) -> None:
    from wholechild.people.actions import adopt_model, keep_model

    keep()
    other = replace(default_artefact(), loss=7.0).dumps()
    model = keep_model(
        at=AT, document=other, card={"trained_on": "12 of 12 <identities>", "panel": "agreed"}, **EVERYONE
    )
    adopt_model(at=AT, model=model, why="It fits us better.", **EVERYONE)
    assert model not in words(visit()), "proposed is not in force"
    adopt_model(at=AT + timedelta(minutes=1), model=model, why="So I think.", **{**EVERYONE, "by": "second"})
    said = words(visit())
    assert "Another model is in force since then." in said
    assert model in said
    assert "Learnt from 12 of 12 &lt;identities&gt;" in said
    assert "Panel agreed" in said
    assert "Proposed by tester on 2 March 2026: It fits us better." in said
    assert "Agreed to by second on 2 March 2026: So I think." in said


@pytest.mark.parametrize(
    ("waiting", "told"),
    [(0, "no pair waited. That does not mean that every record stands with the right child."), (1, "1 pair waited"), (1200, "1,200 pairs waited")],
)  # fmt: skip
def test_how_many_waited_is_told_with_its_day(visit: Any, waiting: int, told: str) -> None:
    keep(waiting=waiting)
    assert f"On 2 March 2026 {told}" in words(visit())


def test_it_can_be_reached_from_what_waits_and_from_the_lessons(visit: Any) -> None:
    panels.install()
    assert b'href="/linking/"' in visit("linkage_reviewer", "/possible/").content
    assert b'href="/linking/"' in visit("panel_analyst", "/lessons/").content
    assert b'href="/possible/"' not in visit("panel_analyst").content
