"""Makes requirements/*.txt from pyproject.toml, with the hash of every file of every platform and no addresses.

`--check` changes nothing, asks nobody, and says whether the locks still belong to the dependencies.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
LOCKS: Final = ROOT / "requirements"
#: A release that somebody has stolen is usually found within days, so we take none that is younger than a week.
COOL_OFF: Final = timedelta(days=7)
#: lock -> the extras that go into it. The largest is made first, and the others may not differ from it.
EXTRAS: Final[dict[str, tuple[str, ...]]] = {
    "check": ("test", "dev"),
    "test": ("test",),
    "run": (),
    "spark": ("spark",),
}
BUILD: Final = "build"
#: Locks of groups of pyproject.toml that stand in an environment of their own, and may differ from ours.
ALONE: Final = ("linkage-bench",)
_MARK: Final = "# dependencies sha256:"


def dependencies(lock: str) -> list[str]:
    """What the lock has to satisfy, as pyproject.toml says it."""
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
    if lock == BUILD:
        return sorted(project["build-system"]["requires"])
    if lock in ALONE:
        return sorted(project["dependency-groups"][lock])
    optional = project["project"]["optional-dependencies"]
    asked = [
        *project["project"]["dependencies"],
        *(line for extra in EXTRAS[lock] for line in optional[extra]),
    ]
    return sorted([*asked, f"python {project['project']['requires-python']}"])


def fingerprint(lock: str) -> str:
    """A digest of what the lock has to satisfy."""
    return hashlib.sha256(json.dumps(dependencies(lock)).encode()).hexdigest()


def faults(lock: str) -> list[str]:
    """What is wrong with a lock, in words; nothing if it may be used."""
    path = LOCKS / f"{lock}.txt"
    text = path.read_text() if path.exists() else ""
    found = []
    if f"{_MARK}{fingerprint(lock)}\n" not in text:
        found.append(f"requirements/{lock}.txt was not made from these dependencies. Run `make lock`.")
    if re.search(r"://|index-url|find-links", text):
        found.append(f"requirements/{lock}.txt holds an address. Run `make lock`.")
    for name, hashes in _packages(text):
        if hashes < 1:
            found.append(f"requirements/{lock}.txt has no hash for {name}. Run `make lock`.")
    return found


def _packages(text: str) -> list[tuple[str, int]]:
    """Every package of a lock, with how many files of it the lock knows."""
    blocks = re.split(r"(?m)^(?=[a-z0-9])", text)
    return [(block.split("==")[0], block.count("--hash=")) for block in blocks if "==" in block]


def make_locks() -> None:
    """Write all the locks. Errors: CalledProcessError, with the resolver's own words before it."""
    LOCKS.mkdir(exist_ok=True)
    newest = datetime.now(UTC).replace(microsecond=0, second=0, minute=0, hour=0) - COOL_OFF
    for lock, extras in EXTRAS.items():
        together = [] if lock == "check" else ["--constraint", str(LOCKS / "check.txt")]
        chosen = [word for extra in extras for word in ("--extra", extra)]
        _write(lock, _resolve(["pyproject.toml", *chosen, *together], newest), newest)
    together = ["--constraint", str(LOCKS / "check.txt")]
    _write(BUILD, _resolve(["-", *together], newest, stdin="\n".join(dependencies(BUILD))), newest)
    for lock in ALONE:
        _write(lock, _resolve(["-"], newest, stdin="\n".join(dependencies(lock))), newest)


def _resolve(arguments: Sequence[str], newest: datetime, stdin: str = "") -> str:
    # The newest release of each, within bounds, for every platform and every Python that we support.
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("uv")), "pip", "compile", *arguments, "--universal", "--python-version=3.11",
            "--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--no-annotate", "--no-header", "--quiet",
            f"--exclude-newer={newest.isoformat()}", "--no-config",
        ],
        cwd=ROOT, input=stdin, text=True, stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    return done.stdout


def _write(lock: str, text: str, newest: datetime) -> None:
    head = (
        f"# Made by `make lock`: the newest releases before {newest:%Y-%m-%d}. Do not edit.\n"
        f"{_MARK}{fingerprint(lock)}\n"
    )
    (LOCKS / f"{lock}.txt").write_text(head + text)
    print(f"requirements/{lock}.txt  {len(_packages(text))} packages")


def main() -> int:
    if "--check" not in sys.argv:
        make_locks()
    found = [fault for lock in (*EXTRAS, BUILD, *ALONE) for fault in faults(lock)]
    print("\n".join(found) or "The locks belong to pyproject.toml.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
