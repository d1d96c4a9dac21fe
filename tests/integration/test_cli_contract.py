"""The command line is a contract: names, exit codes, and the JSON that scripts read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click import Group

from tests.feeds import as_csv, as_ndjson, coverage, person, record
from tests.integration.worlds import FROM_HOSPITAL, TWO_AGENCIES, amy, moment, seat
from wholechild.cli.main import COMMANDS, cli

ROOT = Path(__file__).parents[2]
NOW = moment("2026-03-02")
PROMISED = "demo serve doctor ingest quarantine coverage undo-delivery replay timeline lessons match verify seed-world bench".split()


def commands() -> list[tuple[str, ...]]:
    """Every command and every command of a group."""
    found: list[tuple[str, ...]] = []
    for name in COMMANDS:
        command = cli.get_command(None, name)  # type: ignore[arg-type]
        found.append((name,))
        if isinstance(command, Group):
            found += [(name, inner) for inner in command.commands]
    return found


def no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wholechild.config.django._ready", False)
    monkeypatch.setattr(
        "wholechild.config.bootstrap.prepare_database", lambda: pytest.fail("it reached for the database")
    )


def test_the_promised_commands_are_there() -> None:
    assert set(PROMISED) <= set(COMMANDS)


@pytest.mark.parametrize("path", commands(), ids=" ".join)
def test_help_is_there_and_touches_no_database(
    path: tuple[str, ...], wholechild: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_database(monkeypatch)
    result = wholechild(*path, "--help")
    assert result.exit_code == 0
    words = [line.strip() for line in result.stdout.splitlines() if line.strip()]
    assert words[0].startswith("Usage: ")
    assert len(words[1]) > 10, "a sentence says what it does"


@pytest.mark.parametrize("path", commands(), ids=" ".join)
def test_bad_usage_is_exit_2_and_touches_no_database(
    path: tuple[str, ...], wholechild: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_database(monkeypatch)
    result = wholechild(*path, "--no-such-option")
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert "no-such-option" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"], ["ingest"], ["ingest", "/nonexistent.csv"], ["replay"], ["replay", "/nonexistent.yaml"], ["timeline"],
        ["undo-delivery", "del-1"], ["verify", "--expect", "soup"], ["verify", "--expect", "5:abcd"], ["quarantine", "resolve", "qua-1"],
        ["match", "--years", "0"], ["ingest", "--now", "yesterday", __file__], ["ingest", "--key", "k", __file__, __file__],
    ],
    ids=" ".join,
)  # fmt: skip
def test_what_cannot_be_meant_is_exit_2(arguments: list[str], wholechild: Any, rolled_back: None) -> None:
    assert wholechild(*arguments).exit_code == 2


@pytest.mark.usefixtures("rolled_back")
class TestShapes:
    """The JSON of ARCHITECTURE section 9, key by key, in order."""

    def run(self, wholechild: Any, *arguments: object, code: int = 0) -> Any:
        result = wholechild(*arguments, "--json")
        assert result.exit_code == code, result.output
        return json.loads(result.stdout)

    def test_ingest(self, wholechild: Any, tmp_path: Path) -> None:
        path = tmp_path / "feed.csv"
        path.write_text(as_csv([person(), record(count="-1")]))
        said = self.run(wholechild, "ingest", path, code=3)
        assert list(said) == ["deliveries"]
        (delivery,) = said["deliveries"]
        assert list(delivery) == "path format rows_in loaded quarantined already_known issues".split()
        assert [list(issue) for issue in delivery["issues"]] == [["line", "field", "value", "why", "do"]]
        assert delivery["issues"][0]["value"] == "-1"

    def test_verify(self, wholechild: Any, deliver: Any) -> None:
        deliver("1.ndjson", TWO_AGENCIES)
        said = self.run(wholechild, "verify")
        assert (said["ok"], said["leaves"], said["first_bad"]) == (True, 7, None)
        assert self.run(wholechild, "verify", "--expect", said["head"])["ok"]
        other = said["head"].partition(":")[2][::-1]
        assert self.run(wholechild, "verify", "--expect", f"7:{other}", code=1)["first_bad"]["seq"] == 7
        assert not self.run(wholechild, "verify", "--expect", f"8:{other}", code=1)["ok"]

    def test_coverage(self, wholechild: Any, deliver: Any) -> None:
        deliver("1.csv", as_csv([coverage(), person(), record()]), at=NOW)
        (line,) = self.run(wholechild, "coverage", "--now", "2026-03-02")
        assert line == {
            "agency": "health_visiting/Northmoor", "live_from": "2011-01-01", "live_to": None, "last_heard": "2026-03-02",
            "connected": True,
        }  # fmt: skip
        (delivery,) = self.run(wholechild, "coverage", "--deliveries")
        wanted = "delivery key format received_at by rows_in loaded quarantined already_known withdrawn_at"
        assert list(delivery) == wanted.split()

    def test_quarantine(self, wholechild: Any, deliver: Any) -> None:
        deliver("1.csv", as_csv([person(given_name="Ottilie"), record(kind="x.y", what="Ottilie was there")]))
        (row,) = self.run(wholechild, "quarantine", "list")
        assert list(row) == ["id", "delivery", "file", "line", "faults"]
        assert "Ottilie" not in json.dumps(row)
        shown = wholechild("quarantine", "show", row["id"])
        assert shown.exit_code == 0
        assert "Ottilie was there" in shown.output
        aside = wholechild("quarantine", "resolve", row["id"], "--set-aside", "a test", "--by", "me")
        assert aside.exit_code == 0
        assert self.run(wholechild, "quarantine", "list") == []
        assert len(self.run(wholechild, "quarantine", "list", "--all")) == 1
        again = wholechild("quarantine", "resolve", row["id"], "--set-aside", "a test", "--by", "me")
        assert (again.exit_code, "before" in again.output) == (1, True)
        assert wholechild("quarantine", "show", "qua-none").exit_code == 1

    def test_match(self, wholechild: Any, deliver: Any) -> None:
        deliver("1.ndjson", TWO_AGENCIES, at=NOW, link=True)
        assert list(self.run(wholechild, "match", "--now", "2026-03-02T10:00:00")) == [
            "children",
            "begun",
            "changed",
            "ended",
        ]
        said = self.run(wholechild, "match", "--rates", "--years", "1", "--now", "2026-03-02T10:00:00")
        assert {"children", "years", "per_lesson", "total"} <= set(said)
        assert all(isinstance(rate, int | float) for rate in said["per_lesson"].values())
        assert said["total"] == pytest.approx(sum(said["per_lesson"].values()), abs=0.01)

    def test_replay(self, wholechild: Any) -> None:
        said = self.run(wholechild, "replay", ROOT / "cases" / "pelka.yaml")
        assert {"case", "as_known_at", "outcome_on", "matches", "cannot_tell"} <= set(said)
        wanted = (
            "lesson version held_from held_to days_before_outcome agencies evidence alone explanation".split()
        )
        for match in said["matches"]:
            assert set(wanted) <= set(match)
            assert set(match["alone"]) >= set(match["agencies"])
        assert all(set(doubt) == {"lesson", "from", "to", "reasons"} for doubt in said["cannot_tell"])
        assert said["matches"]

    def test_timeline(self, wholechild: Any, deliver: Any) -> None:
        deliver("1.ndjson", TWO_AGENCIES, at=NOW, link=True)
        seat("sw-1", "duty_social_worker", "childrens_social_care/Northmoor", NOW, duty="*")
        said = self.run(wholechild, "timeline", amy(), "--user", "sw-1", "--now", "2026-03-03")
        assert list(said)[:3] == ["child", "name", "born"]
        assert (
            self.run(
                wholechild,
                "timeline",
                amy(),
                "--user",
                "sw-1",
                "--now",
                "2026-03-03",
                "--as-known-at",
                "2026-03-01",
            )["chronology"]
            == []
        )

    def test_nothing_at_all_is_still_json(self, wholechild: Any) -> None:
        assert self.run(wholechild, "coverage") == []
        assert self.run(wholechild, "quarantine", "list") == []
        assert self.run(wholechild, "verify")["leaves"] == 0
        assert self.run(wholechild, "match") == {"children": 0, "begun": 0, "changed": 0, "ended": 0}

    def test_now_gives_the_same_ids_each_time(self, wholechild: Any, tmp_path: Path) -> None:
        from django.db import transaction

        path = tmp_path / "feed.ndjson"
        path.write_text(as_ndjson(FROM_HOSPITAL))

        def ids() -> list[str]:
            from wholechild.trust.models import LedgerLeaf

            with transaction.atomic():
                assert wholechild("ingest", path, "--now", "2026-03-02").exit_code == 0
                found = list(LedgerLeaf.objects.order_by("seq").values_list("fact_id", flat=True))
                transaction.set_rollback(True)
            return found

        assert ids() == ids() != []

    def test_a_folder_without_any_delivery_is_not_called_done(self, wholechild: Any, tmp_path: Path) -> None:
        """Nothing to load is more often a wrong folder than a quiet day."""
        (tmp_path / "readme.txt").write_text("nothing here")
        result = wholechild("ingest", tmp_path)
        assert result.exit_code == 2
        assert str(tmp_path) in result.output


# -- as a process of its own ----------------------------------------------------------------------------------------------


def process(home: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    ours = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("WHOLECHILD_", "DATABASE_URL", "DJANGO_"))
    }
    return subprocess.run(
        [sys.executable, "-m", "wholechild.cli.main", *arguments], capture_output=True, text=True, timeout=120, check=False,
        env={**ours, "WHOLECHILD_HOME": str(home), "PYTHONPATH": paths, **env},
    )  # fmt: skip


@pytest.mark.parametrize("command", ["verify", "match", "coverage"])
def test_no_database_is_a_sentence_and_not_a_traceback(tmp_path: Path, command: str) -> None:
    done = process(tmp_path, command, DATABASE_URL="postgresql://nobody@127.0.0.1:1/none?connect_timeout=2")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "database" in done.stderr


def test_results_go_to_stdout_and_the_rest_to_stderr(tmp_path: Path) -> None:
    done = process(tmp_path, "lessons", "list", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)
    assert done.stderr == ""


def test_a_pipe_that_closes_early_is_no_fault(tmp_path: Path) -> None:
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    with subprocess.Popen(
        [sys.executable, "-m", "wholechild.cli.main", "vocabulary", "list", "kinds"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env={**os.environ, "WHOLECHILD_HOME": str(tmp_path), "PYTHONPATH": paths},
    ) as running:  # fmt: skip
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.readline()
        running.stdout.close()
        said = running.stderr.read()
        running.wait(60)
    assert "Traceback" not in said
