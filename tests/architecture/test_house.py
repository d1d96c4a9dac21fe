"""The house keeps its own rules; and each rule would notice if it were broken."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import wholechild
from tests.architecture import house

SOURCE = Path(wholechild.__file__).parent


@pytest.mark.parametrize("rule", house.RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_its_rules(rule: house.Rule) -> None:
    assert list(rule(house.modules(SOURCE))) == []


#: rule, where the text stands, the text. Each has to be noticed by that rule.
BROKEN = [
    ("plain_modules_stay_plain", "lib/dates.py", "from django.utils import timezone"),
    ("plain_modules_stay_plain", "patterns/engines/duckdb.py", "import socket"),
    ("plain_modules_stay_plain", "records/facts.py", "def load():\n    import urllib.request"),
    ("plain_modules_stay_plain", "records/facts.py", "from wholechild.records import models"),
    ("plain_modules_stay_plain", "people/family.py", "from wholechild.records.queries import record"),
    ("plain_modules_stay_plain", "people/family.py", "from wholechild.trust.models import Word"),
    ("plain_modules_stay_plain", "world/births.py", "import secrets"),
    ("nobody_reads_the_clock", "lib/dates.py", "from datetime import datetime\nNOW = datetime.now()"),
    ("nobody_reads_the_clock", "lib/dates.py", "import datetime\ndef f():\n    return datetime.datetime.now(datetime.UTC)"),
    ("nobody_reads_the_clock", "people/queries.py", "from datetime import date\ndef age(at=date.today): ..."),
    ("nobody_reads_the_clock", "people/models.py", "from django.utils import timezone\nat = Field(default=timezone.now)"),
    ("nobody_reads_the_clock", "people/models.py", "at = Field(auto_now_add=True)"),
    ("nobody_reads_the_clock", "people/actions.py", "import os\nSALT = os.urandom(16)"),
    ("nobody_reads_the_clock", "people/actions.py", "from uuid import uuid4"),
    ("nobody_reads_the_clock", "patterns/engines/spark.py", "import time\nSTART = time.time()"),
    ("nobody_reads_the_clock", "patterns/engines/spark.py", "import os\nHOME = os.environ['HOME']"),
    ("nobody_reads_the_clock", "world/births.py", "import random\nWHO = random.choice([1, 2])"),
    ("nobody_reads_the_clock", "world/births.py", "from random import choice"),
    ("nobody_reads_the_clock", "world/births.py", "from random import Random\nCHANCE = Random()"),
    ("rooms_are_stacked", "people/models.py", "from wholechild.people.queries import person"),
    ("rooms_are_stacked", "people/queries.py", "from wholechild.people import actions"),
    ("faces_leave_models_alone", "cli/demo.py", "from wholechild.records.models import RecordRow"),
    ("faces_leave_models_alone", "pages/views.py", "from wholechild.people import models"),
    ("actions_say_who_why_and_when", "people/actions.py", "def link(record, by, purpose, at): ..."),
    ("actions_say_who_why_and_when", "people/actions.py", "def link(*, by, at, purpose, record): ..."),
    ("actions_say_who_why_and_when", "people/actions.py", "def link(record, *, by, purpose, at): ..."),
    ("names_say_something", "lib/utils.py", ""),
    ("names_say_something", "people/helpers/dates.py", ""),
    ("no_signals", "people/apps.py", "from django.db.models.signals import post_save"),
    ("annotations_are_postponed", "lib/dates.py", "DAY: int = 1"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "where", "text"), BROKEN, ids=[f"{r}-{n}" for n, (r, _, _) in enumerate(BROKEN)]
)
def test_each_rule_notices_what_breaks_it(tmp_path: Path, rule: str, where: str, text: str) -> None:
    planted = tmp_path / where
    planted.parent.mkdir(parents=True)
    planted.write_text(text)
    ast.parse(text)
    assert list(getattr(house, rule)(house.modules(tmp_path)))


@pytest.mark.parametrize(
    "call",
    [
        "from wholechild.people.queries import find\nfind('Amina')",
        "from wholechild.people import queries\nqueries.find('Amina')",
    ],
)
@pytest.mark.parametrize(
    ("signature", "noticed"), [("words", True), ("viewer, words", False), ("words, *, viewer", False)]
)
def test_a_face_that_reads_without_a_viewer_is_noticed(
    tmp_path: Path, call: str, signature: str, noticed: bool
) -> None:
    for where, text in {"people/queries.py": f"def find({signature}): ...", "cli/find.py": call}.items():
        (tmp_path / where).parent.mkdir()
        (tmp_path / where).write_text(text)
    assert bool(list(house.what_a_face_reads_takes_a_viewer(house.modules(tmp_path)))) is noticed


#: What is right, and near to what is wrong.
KEPT = [
    ("world/births.py", "from random import Random\ndef stream(seed):\n    return Random(f'{seed}')"),
    ("people/actions.py", "def link(*, by, purpose, at, record): ...\ndef _at_once(record): ..."),
    ("people/queries.py", "def find(viewer, words): ..."),
    ("cli/demo.py", "from datetime import UTC, datetime\nNOW = datetime.now(UTC)"),
    ("lib/dates.py", "from datetime import date\ndef later(today: date): return today"),
    ("people/queries.py", "from wholechild.people.models import Person\nfrom wholechild.trust.queries import may_see"),
]  # fmt: skip


@pytest.mark.parametrize(("where", "text"), KEPT, ids=[f"{where}-{n}" for n, (where, _) in enumerate(KEPT)])
def test_no_rule_minds_what_is_right(tmp_path: Path, where: str, text: str) -> None:
    planted = tmp_path / where
    planted.parent.mkdir(parents=True)
    planted.write_text(f"from __future__ import annotations\n{text}")
    found = house.modules(tmp_path)
    assert [said for rule in house.RULES for said in rule(found)] == []


def test_every_room_is_one_that_we_know() -> None:
    """A new folder is a change of the design: it comes with a line in .importlinter and an ADR."""
    rooms = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert rooms <= {
        "lib", "vocabulary", "trust", "records", "people", "patterns", "casework", "oversight",
        "world", "pages", "api", "cli", "config",
    }  # fmt: skip
