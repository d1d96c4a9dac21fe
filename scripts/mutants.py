"""Makes deliberate mistakes in a copy of the source, one at a time, and demands that the fast tests notice each.

    python scripts/mutants.py [--only NAME …] [--json] [--jobs N]

The mistakes stand in scripts/mutants.yaml. The checkout is never touched. Exit 0: every mistake was noticed; 1: one survived,
broke the tests' own machinery, or does not fit the source any more; 2: there is no mistake of that name.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from queue import SimpleQueue

import yaml

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "scripts" / "mutants.yaml"
PACKAGE = ROOT / "src" / "wholechild"
LONGEST_RUN = 300
#: What `timeout` gives; pytest itself never does. A run that was cut off has noticed nothing.
TOO_LONG = 124


@dataclass(frozen=True)
class Mutant:
    """One mistake: where `old` stands in `file` (inside the package), `new` is written; `breaks` says what then goes wrong."""

    name: str
    file: str
    breaks: str
    old: str
    new: str
    tests: str = "tests/spec"


@dataclass(frozen=True)
class Verdict:
    """`noticed`, `survived`, `broken` (the tests could not even run) or `unfit` (the source has changed)."""

    name: str
    verdict: str
    seconds: float
    by: str


def mutants(path: Path = LIST) -> tuple[Mutant, ...]:
    return tuple(Mutant(**entry) for entry in yaml.safe_load(path.read_text(encoding="utf-8")))


def times_found(mutant: Mutant) -> int:
    """How often the old text stands in the source; anything but once is a fault of the list."""
    return (PACKAGE / mutant.file).read_text(encoding="utf-8").count(mutant.old)


def copies(count: int, folder: Path) -> Iterator[Path]:
    """So many folders with a copy of the package in each."""
    for number in range(count):
        target = folder / str(number)
        shutil.copytree(
            PACKAGE, target / "wholechild", ignore=shutil.ignore_patterns("__pycache__", "static")
        )
        yield target


def tried(mutant: Mutant, copy: Path) -> Verdict:
    """What the tests say of one mistake. The copy is mended again afterwards."""
    if times_found(mutant) != 1:
        return Verdict(
            mutant.name, "unfit", 0.0, f"the old text stands {times_found(mutant)} times in {mutant.file}"
        )
    file = copy / "wholechild" / mutant.file
    source = file.read_text(encoding="utf-8")
    began = time.monotonic()
    try:
        file.write_text(source.replace(mutant.old, mutant.new), encoding="utf-8")
        code, said = run_tests(mutant.tests, copy)
    finally:
        file.write_text(source, encoding="utf-8")
    verdict = {0: "survived", 1: "noticed"}.get(code, "broken")
    return Verdict(mutant.name, verdict, time.monotonic() - began, said)


def run_tests(tests: str, copy: Path) -> tuple[int, str]:
    """The exit code of pytest with the copy in place of our source, and the first test that failed.

    `pythonpath` of the settings would put our own source first; no bytecode, which could outlive a mistake of the same second.
    """
    command = [
        sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "-p", "no:cacheprovider", "-o", "addopts=",
        "-o", f"pythonpath={copy} {ROOT}", "--rootdir", str(ROOT), *tests.split(),
    ]  # fmt: skip
    paths = {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1", "HYPOTHESIS_PROFILE": "unshrunk"}
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=os.environ | paths,
            capture_output=True,
            text=True,
            timeout=LONGEST_RUN,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return TOO_LONG, f"took longer than {LONGEST_RUN} seconds"
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return done.returncode, (failed[0] if failed else done.stdout.strip().splitlines()[-1:] or [""])[
        :200
    ] if failed else ""


def sound(chosen: Sequence[Mutant], copy: Path) -> str:
    """Empty if the tests pass on the untouched copy and read that copy; else what is wrong."""
    tests = " ".join(sorted({test for mutant in chosen for test in mutant.tests.split()}))
    code, said = run_tests(tests, copy)
    if code:
        return f"the tests fail without any mistake: {said}"
    canary = Mutant("canary", "lib/civil.py", "", "DAY: Final = 86_400", "DAY: Final = 86_399")
    return "" if tried(canary, copy).verdict != "survived" else "the tests do not read the copy"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Make deliberate mistakes and see whether the tests notice.")
    parser.add_argument(
        "--only", metavar="NAME", nargs="+", help="try these mistakes; `online-*` tries all that begin so"
    )
    parser.add_argument("--json", action="store_true", help="print the verdicts as JSON")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="how many at a time")
    options = parser.parse_args(arguments)
    wanted = options.only or ["*"]
    chosen = [mutant for mutant in mutants() if any(fnmatchcase(mutant.name, name) for name in wanted)]
    if not chosen:
        print(f"There is no mistake {' '.join(wanted)!r}; scripts/mutants.yaml lists them.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        ready = list(copies(options.jobs, Path(folder)))
        if wrong := sound(chosen, ready[0]):
            print(wrong, file=sys.stderr)
            return 1
        verdicts = list(all_tried(chosen, ready, quiet=options.json))
    if options.json:
        print(json.dumps([asdict(verdict) for verdict in verdicts], indent=2))
    unnoticed = [verdict for verdict in verdicts if verdict.verdict != "noticed"]
    if not options.json:
        print(f"{len(verdicts)} mistakes, {len(verdicts) - len(unnoticed)} noticed.")
    return 1 if unnoticed else 0


def all_tried(chosen: Sequence[Mutant], ready: Sequence[Path], *, quiet: bool) -> Iterator[Verdict]:
    """Every verdict, in the order of the list, with a row printed for each as it comes."""
    free: SimpleQueue[Path] = SimpleQueue()
    for copy in ready:
        free.put(copy)

    def one(mutant: Mutant) -> Verdict:
        copy = free.get()
        try:
            return tried(mutant, copy)
        finally:
            free.put(copy)

    with ThreadPoolExecutor(len(ready)) as pool:
        for mutant, verdict in zip(chosen, pool.map(one, chosen), strict=True):
            if not quiet:
                why = "" if verdict.verdict == "noticed" else f"  <- {verdict.by or mutant.tests}"
                print(
                    f"{verdict.verdict:9} {verdict.seconds:5.1f} s  {mutant.name:38} {mutant.breaks}{why}",
                    flush=True,
                )
            yield verdict


if __name__ == "__main__":
    sys.exit(main())
