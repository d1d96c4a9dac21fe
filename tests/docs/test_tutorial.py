"""The lesson that the tutorial writes is a lesson, and its two families say what the tutorial says."""

from __future__ import annotations

import re
from pathlib import Path

from wholechild.patterns.library import read_library, try_examples

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorials" / "your-first-lesson.md"


def test_the_lesson_of_the_tutorial_works(tmp_path: Path) -> None:
    document, families = re.findall(r"(?ms)^```yaml\n(.*?)^```", TUTORIAL.read_text(encoding="utf-8"))
    folder = tmp_path / "burns-in-two-places"
    folder.mkdir()
    (folder / "lesson.yaml").write_text(document)
    (folder / "examples.yaml").write_text(families)
    library = read_library(tmp_path)
    # The tutorial shows two families of the seven, and says so.
    assert [str(fault) for fault in library.faults if "are needed" not in str(fault)] == []
    assert [(o.family, o.said) for o in try_examples(library.lessons[0]) if not o.passed] == []
