"""The contracts of .importlinter hold, and each would notice if it were broken."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import wholechild

SOURCE = Path(wholechild.__file__).parent
CONTRACTS = SOURCE.parents[1] / ".importlinter"

#: module -> what it must not say. One of each contract, and every step of the stack that one might be tempted to take.
PLANTED = {
    "lib/planted.py": "import wholechild.vocabulary.terms",
    "records/planted.py": "from wholechild.people import family",
    "patterns/planted.py": "from wholechild.config import paths",
    "people/planted.py": "from wholechild.world import names",
    "cli/planted.py": "from wholechild.pages import apps",
    "world/planted.py": "from wholechild.people import family",
    "trust/models.py": "from wholechild.trust import actions",
}


def lint(package: Path) -> tuple[int, str]:
    """Run import-linter on the package in a folder; (exit code, what it says)."""
    command = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", command, "--config", str(CONTRACTS), "--no-cache"],
        cwd=package, env={**os.environ, "PYTHONPATH": str(package), "COLUMNS": "200"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_the_rooms_stand_in_order() -> None:
    code, said = lint(SOURCE.parent)
    assert code == 0, said


def test_every_contract_notices_what_breaks_it(tmp_path: Path) -> None:
    shutil.copytree(
        SOURCE, tmp_path / "wholechild", ignore=shutil.ignore_patterns("static", "jinja2", "__pycache__")
    )
    for where, text in PLANTED.items():
        with (tmp_path / "wholechild" / where).open("a") as planted:
            planted.write(f"\n{text}\n")
    code, said = lint(tmp_path)
    assert code == 1, said
    assert "0 kept" in said, said
    for where in PLANTED:
        assert f"wholechild.{where.removesuffix('.py').replace('/', '.')} -> " in said, (
            f"{where} went unnoticed\n{said}"
        )


def test_a_room_that_no_contract_names_is_noticed(tmp_path: Path) -> None:
    shutil.copytree(
        SOURCE, tmp_path / "wholechild", ignore=shutil.ignore_patterns("static", "jinja2", "__pycache__")
    )
    (tmp_path / "wholechild" / "cellar").mkdir()
    (tmp_path / "wholechild" / "cellar" / "__init__.py").touch()
    code, said = lint(tmp_path)
    assert code == 1
    assert "cellar" in said
