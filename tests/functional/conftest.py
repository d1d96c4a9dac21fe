"""A browser, and the sites that it looks at. Everything stays on this machine's loopback address."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parents[2]
CHROMIUM: Final = next(
    (p for p in ("/usr/bin/chromium", "/usr/bin/chromium-browser") if Path(p).exists()), None
)
ARGUMENTS: Final = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-quic",
]  # fmt: skip
WIDTHS: Final = (320, 768, 1280)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's Chromium. Skipped, with the reason, where there is none."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        pytest.skip("playwright is not installed: make setup with the test requirements")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


class Faults(list[str]):
    """What the browser complained of: errors of scripts, and what the content security policy stopped."""


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[..., Any]]:
    """Open an address in a window of its own. Afterwards nothing may stand in the browser's console."""
    faults = Faults()
    contexts = []

    def opened(address: str = "", *, width: int = 1280, height: int = 900, **options: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on(
            "console", lambda said: faults.append(said.text) if said.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda wrong: faults.append(str(wrong)))
        if address:
            page.goto(address)
        return page

    opened.faults = faults  # type: ignore[attr-defined]
    yield opened
    for context in contexts:
        context.close()
    assert not faults, f"the browser complained: {faults}"


@pytest.fixture(scope="session")
def styles() -> None:
    """The styles are built, or there is nothing to look at."""
    if not (ROOT / "src/wholechild/pages/static/built/wholechild.css").is_file():
        pytest.skip("the pages' styles are not built: npm ci --ignore-scripts && npm run build")


@pytest.fixture(scope="session")
def gallery(styles: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The child's page with hand-made pictures (gallery.py)."""
    port = free_port()
    command = [sys.executable, "-m", "tests.functional.gallery", str(port)]
    with running(
        command, environment(tmp_path_factory.mktemp("gallery")), f"http://127.0.0.1:{port}"
    ) as address:
        yield address


@pytest.fixture(scope="session")
def site_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return {**environment(tmp_path_factory.mktemp("home")), "WHOLECHILD_DEMO": "1"}


@pytest.fixture(scope="session")
def snapshot(site: str, site_environment: dict[str, str]) -> Path:
    """A snapshot of what the site holds, where its pages look for one."""
    folder = Path(site_environment["WHOLECHILD_HOME"]) / "snapshots" / "first"
    command = [sys.executable, "-m", "wholechild.cli.main", "snapshot", str(folder)]
    taken = subprocess.run(
        command, env=site_environment, cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert taken.returncode == 0, taken.stdout + taken.stderr
    return folder


@pytest.fixture(scope="session")
def site(styles: None, site_environment: dict[str, str]) -> Iterator[str]:
    """The real thing: a small world in a database of this run, served by `wholechild serve`."""
    env = site_environment
    loaded = subprocess.run(
        [sys.executable, "-m", "tests.functional.small_world"],
        env=env,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert loaded.returncode == 0, loaded.stdout + loaded.stderr
    port = free_port()
    command = [sys.executable, "-m", "wholechild.cli.main", "serve", "--port", str(port)]
    with running(command, env, f"http://127.0.0.1:{port}") as address:
        yield address


def environment(home: Path) -> dict[str, str]:
    """Ours and nobody else's: the home is a folder of this run."""
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    return {**os.environ, "WHOLECHILD_HOME": str(home), "PYTHONPATH": paths}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: list[str], env: dict[str, str], address: str, *, wait: float = 60) -> Iterator[str]:
    """Start a server, wait until it answers, and end it (and only it) afterwards."""
    with subprocess.Popen(
        command, env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as server:
        try:
            until_it_answers(server, address, wait)
            yield address
        finally:
            server.send_signal(signal.SIGINT)
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


def until_it_answers(server: subprocess.Popen[str], address: str, wait: float) -> None:
    ends = time.monotonic() + wait
    while time.monotonic() < ends:
        if server.poll() is not None:
            pytest.fail(f"the server ended by itself:\n{server.stdout.read() if server.stdout else ''}")
        try:
            urllib.request.urlopen(address, timeout=2)
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"nobody answers at {address} after {wait:g} seconds")
