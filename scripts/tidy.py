"""Says what does not belong in any file of the project: addresses of registries, paths of one machine, untidy text."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
MOST_BYTES: Final = 1_000_000
_PICTURES: Final = {".png", ".jpg", ".webp", ".ico"}
_TIDIED_ELSEWHERE: Final = {"package-lock.json"}

#: what must not stand in a file, as (pattern, which files, what to say)
_NOT_HERE: Final = [
    (r"https?://[^\s/]*(?:pypi|pythonhosted|npmjs|registry|mirror)", r".", "holds the address of a package registry"),
    (r"://|--(?:extra-)?index-url|--find-links", r"^requirements/", "is a lock, and holds an address"),
    (r'"resolved"', r"^package-lock\.json$", "is a lock, and holds an address"),
    (r"(?<![\w.$}~*-])/(?:home|root|Users|work|opt|tmp)/\w", r".", "holds a path of one machine"),
    (r"(?i)\bno (?:current )?(?:concerns|risk)\b|\b(?:low|medium|high)[- ]risk\b|\brisk score", r"jinja2/|^lessons/.*lesson\.yaml$",
     "says more than we know, or scores a person (promises 2 and 3)"),
    (r"[ \t]+$", r".", "has a space at the end of a line"),
    (r"\r", r".", "has a line end of another system"),
    (r"^(?:<{7}|>{7}) ", r".", "has an unfinished merge"),
]  # fmt: skip


def main() -> int:
    found = [fault for path in _files() for fault in faults(path)]
    print("\n".join(found) or "Every file is tidy.")
    return 1 if found else 0


def _files() -> list[Path]:
    """Every file that is, or will be, in git."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, check=True,
    ).stdout.decode()  # fmt: skip
    return sorted(ROOT / name for name in set(listed.split("\0")) if name and (ROOT / name).is_file())


def faults(path: Path, root: Path = ROOT) -> Iterator[str]:
    """What is wrong with one file, with the line."""
    name = path.relative_to(root).as_posix()
    content = path.read_bytes()
    if len(content) > MOST_BYTES:
        yield f"{name} is larger than {MOST_BYTES:,} bytes"
    if path.suffix in _PICTURES or b"\0" in content:
        return
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return  # a test's file of another encoding
    if text and not text.endswith("\n") and path.name not in _TIDIED_ELSEWHERE:
        yield f"{name} does not end with a line end"
    for pattern, where, why in _NOT_HERE:
        if re.search(where, name):
            for found in re.finditer(pattern, text, re.MULTILINE):
                yield f"{name}:{text.count(chr(10), 0, found.start()) + 1} {why}"


if __name__ == "__main__":
    sys.exit(main())
