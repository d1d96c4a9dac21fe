"""The report of a backtest on a page: for those who oversee lessons, and for nobody else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.worlds import signed_in
from wholechild.patterns.backtest import waiting

pytestmark = pytest.mark.usefixtures("rolled_back")
REPORT = {
    "tried": {"lesson": "told-of", "title": "Told of, <but> not seen", "version": 2},
    "ground": {"start": "2021-03-03", "end": "2026-03-03", "children": 4000, "made_up": False},
    "rate": {"per_thousand": None},
}
READY, RUNNING, FAILED = (f"backtest-{digit * 24}" for digit in "abc")


@pytest.fixture
def visit(tmp_path: Path, settings_folder: None) -> Any:
    """Ask for a backtest as somebody in a role."""

    def visited(role: str, backtest: str = f"{READY}/") -> Any:
        return signed_in(role).get(f"/backtests/{backtest}", headers={"host": "127.0.0.1"})

    return visited


@pytest.fixture
def settings_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.conf import settings

    monkeypatch.setattr(settings, "WHOLECHILD_BACKTESTS", tmp_path)
    for name, files in {
        READY: {waiting.PAGE: "<!DOCTYPE html><p>The report</p>", waiting.REPORT: json.dumps(REPORT)},
        RUNNING: {waiting.PROGRESS: '[1, 3, "Counting"]'},
        FAILED: {
            waiting.PROGRESS: '[0, 3, "Asking"]',
            waiting.PROCESS: "999999999",
            waiting.SAID: "relevant.parquet: changed.",
        },
    }.items():
        (tmp_path / name).mkdir()
        for file, text in files.items():
            (tmp_path / name / file).write_text(text)


@pytest.mark.parametrize("role", ["independent_scrutineer", "panel_analyst", "review_author", "inspector"])
def test_those_who_oversee_lessons_see_it_under_a_policy_of_its_own(visit: Any, role: str) -> None:
    answer = visit(role)
    assert (answer.status_code, answer.content) == (200, b"<!DOCTYPE html><p>The report</p>")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert "script" not in policy
    assert answer.headers["Cache-Control"] == "no-store, private"


@pytest.mark.parametrize("role", ["teacher", "duty_social_worker", "parent"])
def test_nobody_else_can_tell_it_from_one_that_is_not_there(visit: Any, role: str) -> None:
    there, absent = visit(role), visit(role, f"backtest-{'0' * 24}/")
    assert (there.status_code, absent.status_code) == (404, 404)
    assert there.content == absent.content
    assert visit("panel_analyst", f"backtest-{'0' * 24}/").status_code == 404


def test_who_waits_is_told_how_far_it_is(visit: Any) -> None:
    said = visit("panel_analyst", f"{RUNNING}/").content.decode()
    assert "Counting: step 2 of 3" in said
    assert "It goes on by itself" in said


def test_who_waits_in_vain_is_told_why(visit: Any) -> None:
    said = visit("panel_analyst", f"{FAILED}/").content.decode()
    assert "there is no report" in said
    assert "relevant.parquet: changed." in said


def test_every_report_is_listed_with_what_may_be_shown(visit: Any, settings_folder: None) -> None:
    said = visit("panel_analyst", "").content.decode()
    assert f"/backtests/{READY}/" in said
    assert RUNNING not in said
    for words in (
        "Told of, &lt;but&gt; not seen",
        "Version 2",
        "4,000 children",
        "3 March 2021 to 2 March 2026",
        "not shown",
    ):
        assert words in said
    assert visit("teacher", "").status_code == 404


def test_where_nothing_was_tried_the_list_says_what_to_do(
    visit: Any, settings_folder: None, tmp_path: Path
) -> None:
    (tmp_path / READY / waiting.REPORT).unlink()
    assert "No lesson has been tried yet" in visit("panel_analyst", "").content.decode()
