"""Places for boxes and lines, found by Graphviz. It is handed shapes and numbers only: no name leaves this process."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
from functools import lru_cache
from pathlib import Path
from typing import Final

_SECONDS: Final = 10
#: Nothing of ours: what runs the pages has the keys of the database in its environment.
_ENVIRONMENT: Final = {"LC_ALL": "C"}


class NotDrawn(Exception):
    """There is no drawing; the message says why, fit to show. The list says the same."""


def find_dot() -> str | None:
    """The layout program: the one that came with Wholechild, or else one of this machine."""
    own = Path(sysconfig.get_path("scripts")) / "graphviz-pure"
    return str(own) if own.is_file() else shutil.which("dot")


@lru_cache(maxsize=256)  # families of one shape share a layout, and the text says nothing of anybody
def laid_out(source: str) -> str:
    """The layout in Graphviz's `plain` form, of a graph in its language. Errors: NotDrawn."""
    program = find_dot()
    if program is None:
        raise NotDrawn(
            "The map cannot be drawn on this machine, because the program that draws it is missing."
        )
    try:
        done = subprocess.run(
            [program, "-Kdot", "-Tplain"], input=source, capture_output=True, text=True, timeout=_SECONDS, env=_ENVIRONMENT,
            check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        raise NotDrawn("The map could not be drawn this time.") from None
    return done.stdout
