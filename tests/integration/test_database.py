"""The database by itself: started when it is needed, private, set up once, shared by several processes, and checked up."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.feeds import as_csv, person, record

ROOT: Final = Path(__file__).parents[2]
EMBEDDED_ONLY: Final = pytest.mark.skipif(
    "DATABASE_URL" in os.environ, reason="this is about the embedded server"
)


def run(*arguments: object, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own."""
    env = {**os.environ, "WHOLECHILD_HOME": str(home), "PYTHONPATH": str(ROOT / "src"), **environment}
    command = [sys.executable, "-m", "wholechild.cli.main", *(str(argument) for argument in arguments)]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)


# -- the embedded server ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A home in which one command has run; in a folder that the server's user can reach, should this be root."""
    with tempfile.TemporaryDirectory(prefix="wholechild-home-") as folder:
        first = run("doctor", "--json", home=Path(folder))
        assert first.returncode == 0, first.stdout + first.stderr
        yield Path(folder)


@EMBEDDED_ONLY
def test_nothing_of_it_is_open_to_others(home: Path) -> None:
    postgres = home / "postgres"
    for folder in (postgres, postgres / "data", postgres / "socket"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder
    assert stat.S_IMODE((home / "secret-key").stat().st_mode) == 0o600
    rules = [
        line
        for line in (postgres / "data" / "pg_hba.conf").read_text().splitlines()
        if line and line[0] != "#"
    ]
    assert rules == ["local all all peer map=wholechild"]
    settings = (postgres / "data" / "postgresql.conf").read_text()
    buffers = int(re.findall(r"^shared_buffers = (\d+)MB", settings, re.MULTILINE)[-1])
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
    assert 128 <= buffers <= min(2_048, max(128, memory // 8))


@EMBEDDED_ONLY
def test_it_stops_with_the_last_process_that_uses_it(home: Path) -> None:
    from wholechild.config.embedded import embedded

    assert not embedded(home).is_running()


@EMBEDDED_ONLY
def test_several_processes_use_it_at_once(home: Path, tmp_path: Path) -> None:
    """Three commands start together on a stopped server; each finds it, and the last stops it."""
    from wholechild.config.embedded import embedded

    env = {**os.environ, "WHOLECHILD_HOME": str(home), "PYTHONPATH": str(ROOT / "src")}
    commands = []
    for n in range(3):
        path = tmp_path / f"feed-{n}.csv"
        path.write_text(as_csv([person(f"P-{n}"), record(f"V-{n}", subject=f"P-{n}")]))
        arguments = [sys.executable, "-m", "wholechild.cli.main", "ingest", str(path), "--json"]
        commands.append(
            subprocess.Popen(arguments, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        )
    for command in commands:
        out, err = command.communicate(timeout=120)
        assert command.returncode == 0, out + err
        assert json.loads(out)["deliveries"][0]["loaded"] == 2
    assert run("verify", home=home).returncode == 0
    assert not embedded(home).is_running()


@EMBEDDED_ONLY
def test_a_killed_process_leaves_nothing_that_the_next_cannot_mend(home: Path) -> None:
    from wholechild.config.embedded import embedded

    env = {**os.environ, "WHOLECHILD_HOME": str(home), "PYTHONPATH": str(ROOT / "src")}
    waiting = "from wholechild.config.django import setup; setup(); print('up', flush=True); import time; time.sleep(60)"
    with subprocess.Popen(
        [sys.executable, "-c", waiting], env=env, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        process.kill()
    assert embedded(home).is_running()
    assert run("doctor", home=home).returncode == 0
    assert not embedded(home).is_running()


@EMBEDDED_ONLY
@pytest.mark.skipif(os.geteuid() != 0, reason="only root has another user run the server")
def test_as_root_no_folder_of_others_is_opened(tmp_path: Path) -> None:
    """The home lies in a folder that the server's user may not enter: the data goes elsewhere, and the folder stays shut."""
    shut = tmp_path / "shut"
    shut.mkdir(mode=0o700)
    assert run("doctor", home=shut / "home").returncode == 0
    assert stat.S_IMODE(shut.stat().st_mode) == 0o700
    data = Path((shut / "home" / "postgres-is-at").read_text().strip())
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    shutil.rmtree(data)


@EMBEDDED_ONLY
def test_a_home_with_a_long_name_still_has_a_socket(tmp_path: Path) -> None:
    from wholechild.config.embedded import embedded

    long = tmp_path / ("a" * 60) / ("b" * 60)
    assert len(str(embedded(long).sockets)) < 91


def test_setting_up_again_is_quick(template: Any, own_database: Any) -> None:
    """A command that finds everything set up asks one question."""
    from wholechild.config import bootstrap

    started = time.perf_counter()
    assert bootstrap.fingerprint_in(own_database) == bootstrap.fingerprint()
    assert time.perf_counter() - started < 1.5  # 0.01 s on an idle machine; this one may be busy


def test_setting_up_twice_changes_nothing(own_database: Any) -> None:
    from wholechild.config import bootstrap

    bootstrap._set_up(own_database, bootstrap.fingerprint())
    assert bootstrap.fingerprint_in(own_database) == bootstrap.fingerprint()


def test_a_process_with_the_applications_way_in_only_cannot_set_up(own_database: Any) -> None:
    from dataclasses import replace

    from wholechild.config import bootstrap
    from wholechild.config.embedded import DatabaseUnavailable

    with pytest.raises(DatabaseUnavailable, match="DATABASE_URL"):
        bootstrap._set_up(replace(own_database, admin=None, owner=None), "anything")


# -- the check-up -----------------------------------------------------------------------------------------------------


def findings(found: Any) -> dict[str, tuple[str, str]]:
    from wholechild.config.checkup import check_up

    return {f.name: (f.state.value, f.do) for f in check_up(found)}


def test_a_sound_place_has_no_failures(own_database: Any) -> None:
    from wholechild.config.checkup import State, check_up

    assert [f for f in check_up(own_database) if f.state is State.FAIL] == []


@pytest.mark.parametrize(
    ("harm", "mend", "name"),
    [
        ("GRANT UPDATE ON records_recordrow TO wholechild_app", "", "rights on records_recordrow"),
        ("GRANT SELECT ON auth_user TO wholechild_analytics", "", "rights on auth_user"),
        ("REVOKE INSERT ON trust_ledgerleaf FROM wholechild_app", "", "rights on trust_ledgerleaf"),
        ("ALTER TABLE records_recordrow OWNER TO wholechild_app", "", "owner"),
        ("GRANT CREATE ON SCHEMA public TO wholechild_app", "", "making tables"),
        ("UPDATE wholechild_setup.state SET fingerprint = 'older'", "", "tables"),
        ("ALTER ROLE wholechild_app BYPASSRLS", "ALTER ROLE wholechild_app NOBYPASSRLS", "role wholechild_app"),
        ("ALTER ROLE wholechild_analytics CREATEDB", "ALTER ROLE wholechild_analytics NOCREATEDB", "role wholechild_analytics"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found(
    own_database: Any, as_superuser: Any, harm: str, mend: str, name: str
) -> None:
    as_superuser.execute(harm)
    try:
        state, do = findings(own_database)[name]
    finally:
        if mend:
            as_superuser.execute(mend)
    assert state == "fail"
    assert do


def test_a_setting_that_can_lose_records_is_found(own_database: Any, as_superuser: Any) -> None:
    as_superuser.execute(f'ALTER DATABASE "{own_database.name}" SET synchronous_commit = off')
    assert findings(own_database)["synchronous_commit"][0] == "fail"


def test_the_command_exits_1_where_there_is_no_database(tmp_path: Path) -> None:
    result = run("doctor", "--json", home=tmp_path, DATABASE_URL="postgresql:///nowhere?host=/nonexistent")
    assert result.returncode == 1
    assert json.loads(result.stdout)["findings"][0]["state"] == "fail"
    assert "Traceback" not in result.stderr
