"""The doctor names what is wrong, says what to do, and never calls a place sound that is not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest


@pytest.fixture
def doctor(
    own_database: Any, monkeypatch: pytest.MonkeyPatch, wholechild: Callable[..., Any]
) -> Callable[..., Any]:
    """Run the command on this test's own database: (exit code, name -> finding)."""
    monkeypatch.setattr("wholechild.config.bootstrap.prepare_database", lambda: own_database)

    def run() -> tuple[int, dict[str, dict[str, str]]]:
        result = wholechild("doctor", "--json")
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        said = json.loads(result.stdout)
        assert set(said) == {"ok", "findings"}
        assert said["ok"] == (result.exit_code == 0)
        assert all(set(f) == {"name", "state", "found", "do"} for f in said["findings"])
        return result.exit_code, {f["name"]: f for f in said["findings"]}

    return run


def failing(findings: dict[str, dict[str, str]]) -> list[str]:
    return [name for name, finding in findings.items() if finding["state"] == "fail"]


def test_a_sound_place_is_called_sound(doctor: Any) -> None:
    code, findings = doctor()
    assert (code, failing(findings)) == (0, [])
    assert {
        "database",
        "version",
        "tables",
        "rights",
        "fsync",
        "synchronous_commit",
        "full_page_writes",
        "clock",
        "disk",
    } <= set(findings)


def test_whatever_is_not_well_says_what_to_do(doctor: Any) -> None:
    _, findings = doctor()
    assert [name for name, f in findings.items() if f["state"] != "ok" and not f["do"]] == []


PLANTED = {
    "a right to change facts": ("GRANT UPDATE ON records_recordrow TO wholechild_app", "rights on records_recordrow"),
    "a right to delete leaves": ("GRANT DELETE ON trust_ledgerleaf TO wholechild_app", "rights on trust_ledgerleaf"),
    "a right of everybody": ("GRANT SELECT ON records_personrow TO PUBLIC; REVOKE SELECT ON records_personrow FROM wholechild_analytics; GRANT INSERT ON records_personrow TO PUBLIC", "rights on records_personrow"),
    "a private table opened to analysts": ("GRANT SELECT ON trust_disclosure TO wholechild_analytics", "rights on trust_disclosure"),
    "a table that nobody named": ("CREATE TABLE notes (a text); GRANT SELECT, INSERT ON notes TO wholechild_app", "rights on notes"),
    "a right to change one column": ("GRANT UPDATE (what) ON records_recordrow TO wholechild_app", "rights on records_recordrow"),
    "a view of a private table": ("CREATE VIEW looks AS SELECT * FROM trust_disclosure; GRANT SELECT ON looks TO wholechild_analytics", "rights on looks"),
    "one private column opened": ("GRANT SELECT (person) ON trust_disclosure TO wholechild_analytics", "rights on trust_disclosure"),
}  # fmt: skip


@pytest.mark.parametrize(("harm", "name"), PLANTED.values(), ids=PLANTED.keys())
def test_a_planted_fault_is_found_and_named(doctor: Any, as_superuser: Any, harm: str, name: str) -> None:
    as_superuser.execute(harm)
    code, findings = doctor()
    assert code == 1
    assert name in failing(findings)
    assert findings[name]["do"]


def test_what_it_says_to_do_mends_it(doctor: Any, as_superuser: Any) -> None:
    as_superuser.execute(
        "GRANT UPDATE ON records_recordrow TO PUBLIC; GRANT UPDATE (what) ON records_recordrow TO wholechild_app"
    )
    as_superuser.execute("SET ROLE wholechild_owner")
    for _ in range(2):  # one line for each role
        for finding in [f for f in doctor()[1].values() if f["state"] == "fail"]:
            as_superuser.execute(finding["do"].partition("wholechild_owner: ")[2])
    assert doctor()[0] == 0


@pytest.mark.parametrize(("minutes", "state"), [(1, "ok"), (6, "warn"), (90, "fail")])
def test_a_queue_that_nobody_works_off_is_found_and_has_an_owner(
    doctor: Any, as_superuser: Any, minutes: int, state: str
) -> None:
    as_superuser.execute(
        "INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('changes', 'wholechild.news')"
    )
    as_superuser.execute(f"UPDATE procrastinate_events SET at = now() - interval '{minutes} minutes'")
    _, findings = doctor()
    finding = findings["queue changes"]
    assert (finding["state"], finding["found"][:13]) == (state, "1 job waiting")
    assert ("whoever runs this installation answers for it" in finding["found"]) == (state != "ok")


@pytest.mark.parametrize(("minutes", "state"), [(1, "ok"), (6, "warn"), (90, "fail")])
def test_timers_that_nobody_fires_are_found(doctor: Any, as_superuser: Any, minutes: int, state: str) -> None:
    from wholechild.lib.civil import civil

    due = civil(datetime.now(UTC)) - minutes * 60
    as_superuser.execute("INSERT INTO patterns_watch (person, due) VALUES ('person-1', %s)", [due])
    _, findings = doctor()
    assert findings["timers"]["state"] == state


def test_a_way_to_become_the_owner_is_found(doctor: Any, as_superuser: Any) -> None:
    """Roles are the whole server's: what is given here is taken back, whatever happens."""
    as_superuser.execute("GRANT wholechild_owner TO wholechild_app")
    try:
        code, findings = doctor()
    finally:
        as_superuser.execute("REVOKE wholechild_owner FROM wholechild_app")
    assert code == 1
    assert [name for name in failing(findings) if "wholechild_app" in name]


def test_little_room_on_the_disk_is_found(
    doctor: Any, own_database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not own_database.is_embedded:
        pytest.skip("the disk of a server of one's own is watched there")
    usage = shutil.disk_usage("/")
    for free, state in ((10 * 1024**3, "ok"), (1024**3, "warn"), (10 * 1024**2, "fail")):
        monkeypatch.setattr(
            "wholechild.config.checkup.shutil.disk_usage", lambda _, free=free: usage._replace(free=free)
        )
        assert doctor()[1]["disk"]["state"] == state


@pytest.mark.parametrize(
    "wrong", [timedelta(seconds=30), timedelta(days=-4000)], ids=["half a minute", "ten years"]
)
def test_a_clock_that_is_wrong_is_found(
    doctor: Any, monkeypatch: pytest.MonkeyPatch, wrong: timedelta
) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(UTC) + wrong

    monkeypatch.setattr("wholechild.config.checkup.datetime", Clock)
    code, findings = doctor()
    assert (code, findings["clock"]["state"]) == (1, "fail")


def test_running_as_root_is_said(doctor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wholechild.config.checkup.os.geteuid", lambda: 0)
    assert doctor()[1]["account"]["state"] == "warn"
    monkeypatch.setattr("wholechild.config.checkup.os.geteuid", lambda: 1000)
    assert doctor()[1]["account"]["state"] == "ok"


def test_in_words_it_says_the_same(doctor: Any, as_superuser: Any, wholechild: Any) -> None:
    assert "This is a sound place." in wholechild("doctor").output
    as_superuser.execute("GRANT UPDATE ON records_recordrow TO wholechild_app")
    result = wholechild("doctor")
    assert result.exit_code == 1
    assert "rights on records_recordrow" in result.output
    assert "put right first" in result.output
