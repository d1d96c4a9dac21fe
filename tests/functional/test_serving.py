"""`wholechild serve`: says where it is, ends when told to, and says plainly why it cannot start."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.functional.conftest import ROOT, environment, free_port, running, until_it_answers

SERVE = [sys.executable, "-m", "wholechild.cli.main", "serve"]


def test_it_ends_cleanly_when_interrupted(styles: None, tmp_path: Path) -> None:
    port = free_port()
    with subprocess.Popen(
        [*SERVE, "--port", str(port)],
        env=environment(tmp_path),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stdout
        assert server.stdout.readline().startswith(f"Wholechild is at http://127.0.0.1:{port}/")
        until_it_answers(server, f"http://127.0.0.1:{port}", 60)
        server.send_signal(signal.SIGINT)
        said, _ = server.communicate(timeout=60)
    assert said.splitlines()[-1] == "Stopped."
    assert server.returncode == 0


def test_a_port_in_use_is_said_with_what_to_do(styles: None, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [*SERVE, "--port", str(port)],
            env=environment(tmp_path),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert done.returncode == 2
    assert f"Port {port} is in use." in done.stderr


def test_without_a_demo_there_is_no_door_for_everybody(styles: None, tmp_path: Path) -> None:
    import urllib.error
    import urllib.request

    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with running([*SERVE, "--port", str(port)], {**environment(tmp_path), "WHOLECHILD_DEMO": "0"}, address):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{address}/who/", timeout=10)
        with urllib.request.urlopen(f"{address}/", timeout=10) as answer:
            assert answer.url == f"{address}/sign-in/"
