"""`wholechild backtest`, and a backtest that runs by itself for a page that waits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.databases import AT
from tests.integration.true_world import Taken
from wholechild.trust.viewers import Viewer

ROOT = Path(__file__).parents[2]
VIEWER = Viewer("ana", "panel_analyst", "council/Northmoor", "analysis")
#: Speaks of any injury, so that there is something to report.
LESSON = """
id: any-injury
version: 1
title: A child was hurt
in_force: {from: 2026-01-01}
nations: [england]
owner: {name: Tests, role: tests}
answers:
  - {review: none, finding: none, in_our_words: A lesson for the tests.}
condition:
  count: {of: [injury.*], about: child, at_least: 1, within: 60 days}
explanation: "{count} records by {agencies}."
next_step: {what: Speak with each other., by: social_worker, clock: 1 working day}
other_explanations: [An accident.]
would_change_our_mind: [Seen and well.]
known_false_alarms: [A fair.]
"""


@pytest.fixture
def small_library(tmp_path: Path) -> Path:
    """One lesson beside the one that is tried: the whole library is asked in other tests."""
    folder = tmp_path / "lessons" / "any-injury-twice"
    folder.mkdir(parents=True)
    text = LESSON.replace("any-injury", "any-injury-twice").replace("at_least: 1", "at_least: 2")
    (folder / "lesson.yaml").write_text(text)
    (tmp_path / "any.yaml").write_text(LESSON)
    (tmp_path / "wider.yaml").write_text(
        LESSON.replace("60 days", "12 months").replace("version: 1", "version: 2")
    )
    return tmp_path


def test_it_writes_the_report_as_json_and_as_a_page(
    taken: Taken, wholechild: Any, small_library: Path
) -> None:
    at = small_library
    result = wholechild(
        "backtest", at / "any.yaml", "--against", at / "wider.yaml", "--snapshot", taken.folder, "--lessons", at / "lessons",
        "--json", at / "r.json", "--html", at / "r.html",
    )  # fmt: skip
    assert (result.exit_code, result.stdout) == (0, ""), result.output
    said = json.loads((at / "r.json").read_text())
    assert (said["report"], said["tried"]["lesson"], said["against"]["tried"]["version"]) == (
        1,
        "any-injury",
        2,
    )
    assert said["rate"]["alerts"] > said["against"]["rate"]["alerts"] > 20, (
        "shorter windows break spells apart"
    )
    assert said["overlaps"][0]["lesson"] == "any-injury-twice"
    assert said["ground"]["made_up"] is True
    assert "A child was hurt" in (at / "r.html").read_text()
    again = wholechild(
        "backtest", at / "any.yaml", "--snapshot", taken.folder, "--lessons", at / "lessons", "--json", "-"
    )
    assert json.loads(again.stdout)["rate"] == said["rate"]


def test_in_short_at_the_terminal(taken: Taken, wholechild: Any, small_library: Path) -> None:
    result = wholechild(
        "backtest",
        small_library / "any.yaml",
        "--snapshot",
        taken.folder,
        "--lessons",
        small_library / "lessons",
    )
    assert result.exit_code == 0
    assert "for every 1,000 children in a year" in result.stdout
    assert "No alert does not mean that a child is safe." in result.stdout


def test_a_lesson_with_faults_is_refused_with_each_of_them(
    taken: Taken, wholechild: Any, tmp_path: Path
) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(LESSON.replace("injury.*", "injurry.bruise").replace("60 days", "sixty days"))
    result = wholechild("backtest", path, "--snapshot", taken.folder)
    assert result.exit_code == 1
    assert result.stderr.count("wrong.yaml") == 2
    assert "injurry" in result.stderr


def test_a_snapshot_that_cannot_be_trusted_is_refused(wholechild: Any, tmp_path: Path) -> None:
    (tmp_path / "any.yaml").write_text(LESSON)
    result = wholechild("backtest", tmp_path / "any.yaml", "--snapshot", tmp_path / "nowhere")
    assert result.exit_code == 1
    assert "there is no such folder" in result.stderr


def test_a_lesson_that_is_not_there_is_bad_usage(wholechild: Any, tmp_path: Path) -> None:
    result = wholechild("backtest", "no-such-lesson", "--snapshot", tmp_path)
    assert result.exit_code == 2
    assert "wholechild lessons list" in result.stderr


# -- by itself -----------------------------------------------------------------------------------------------------------


def begin(taken: Taken, folder: Path, text: str = LESSON) -> str:
    from random import Random

    from wholechild.patterns.backtest.actions import start

    return start(
        by=VIEWER,
        purpose="analysis",
        at=AT,
        lesson_text=text,
        snapshot=taken.folder,
        folder=folder,
        salts=Random(1).randbytes,
    )


@pytest.mark.slow
def test_one_runs_by_itself_and_its_report_is_there_at_the_end(taken: Taken, tmp_path: Path) -> None:
    from wholechild.patterns.backtest import actions
    from wholechild.patterns.backtest.queries import BacktestFailed, backtests, progress, report, report_page

    backtest = begin(taken, tmp_path)
    first = progress(VIEWER, backtest, tmp_path)
    assert (first.done < first.of, first.ready, first.failed) == (True, False, "")
    with pytest.raises(BacktestFailed):
        report(VIEWER, backtest, tmp_path)
    actions._running[-1].wait(300)
    last = progress(VIEWER, backtest, tmp_path)
    assert (last.ready, last.words) == (True, "Ready")
    assert report(VIEWER, backtest, tmp_path)["tried"]["lesson"] == "any-injury"
    assert "What would this lesson have done?" in report_page(VIEWER, backtest, tmp_path)
    assert backtests(VIEWER, tmp_path) == [backtest]


def test_one_that_is_stopped_says_so(taken: Taken, tmp_path: Path) -> None:
    from wholechild.patterns.backtest.actions import stop
    from wholechild.patterns.backtest.queries import NoSuchBacktest, backtests, progress

    backtest = begin(taken, tmp_path)
    stop(by=VIEWER, purpose="analysis", at=AT, backtest=backtest, folder=tmp_path)
    assert progress(VIEWER, backtest, tmp_path).failed
    assert backtests(VIEWER, tmp_path) == []
    with pytest.raises(NoSuchBacktest):
        stop(by=VIEWER, purpose="analysis", at=AT, backtest=backtest, folder=tmp_path)


def test_a_text_with_faults_begins_nothing(taken: Taken, tmp_path: Path) -> None:
    from wholechild.patterns.backtest.run import LessonRefused

    with pytest.raises(LessonRefused, match="injurry"):
        begin(taken, tmp_path / "all", LESSON.replace("injury", "injurry"))
    assert not (tmp_path / "all").exists()


@pytest.mark.parametrize(
    "asked", ["", "..", "backtest-1", "../taken", f"backtest-{'0' * 24}", f"backtest-{'0' * 24}/..", "/etc"]
)
def test_an_id_is_never_a_path(asked: str, tmp_path: Path) -> None:
    from wholechild.patterns.backtest.queries import NoSuchBacktest, progress, report_page

    for ask in (progress, report_page):
        with pytest.raises(NoSuchBacktest):
            ask(VIEWER, asked, tmp_path)
