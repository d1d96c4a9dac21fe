"""`wholechild bench arrival`: its checks catch what they are there for, and a small one prints what the issue asks for."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from threading import Event
from typing import Any, Final

import pytest

from tests.databases import AT
from tests.feeds import as_ndjson
from tests.integration.worlds import EVERYONE
from wholechild.cli.bench_arrival import TALKS, Exchanged, counted, exchanged, raced

AMY: Final[dict[str, Any]] = {
    "given_name": "Amelia", "family_name": "Quarrington", "born": "2019-05-10", "nhs_number": "9990000018",
    "postcode": "NM1 2AB",
}  # fmt: skip
#: One person, as two writers of the bench send her at the same moment.
TWICE: Final = (
    {"agency": "gp", "area": "Benchton", "id": "1"},
    {"agency": "gp", "area": "Elsewhere", "id": "1"},
)


def _sent(area: str) -> str:
    return as_ndjson([{"row": "person", "agency": "gp", "area": area, "reference": "1", **AMY}])


@pytest.fixture
def both(rolled_back: None, deliver: Callable[..., Any]) -> None:
    for area in ("Benchton", "Elsewhere"):
        deliver(f"{area}.ndjson", _sent(area), link=True)


def test_one_person_sent_twice_has_not_raced(both: None) -> None:
    assert raced([TWICE]) == (0, 0)


def test_two_persons_of_one_are_noticed(both: None) -> None:
    """Planted: what two linkers would leave who did not see each other."""
    from wholechild.people.actions import _store
    from wholechild.people.arriving.queries import component
    from wholechild.people.linking import NewLink
    from wholechild.records.ids import identity_id

    identity = identity_id("gp/Elsewhere", "1")
    gone = [component([identity]).links[identity]]
    _store("x", "x", AT, [NewLink(identity, "person-second", "own")], EVERYONE["salts"], gone=gone)
    assert raced([TWICE]) == (1, 0)


def test_an_identity_that_is_two_persons_is_noticed(both: None) -> None:
    from wholechild.people.actions import _store
    from wholechild.people.linking import NewLink
    from wholechild.records.ids import identity_id

    identity = identity_id("gp/Elsewhere", "1")
    _store("x", "x", AT, [NewLink(identity, "person-second", "own")], EVERYONE["salts"])
    assert raced([TWICE]) == (1, 1)


def test_an_identity_that_is_nobody_is_noticed(rolled_back: None, deliver: Callable[..., Any]) -> None:
    deliver("1.ndjson", _sent("Benchton"), link=True)
    deliver("2.ndjson", _sent("Elsewhere"))
    assert raced([TWICE]) == (1, 1)


def _linked(area: str) -> bool:
    from wholechild.people.models import Link
    from wholechild.records.ids import identity_id

    return Link.objects.filter(identity=identity_id(f"gp/{area}", "1")).exists()


def test_who_links_waits_until_nobody_else_does(own_database: Any, deliver: Callable[..., Any]) -> None:
    """Two deliveries of one person: the second linker must not look for her before the first has said who she is. It came for the
    first delivery, which is taken in when its turn comes; so it does not make others wait for the second one, which somebody
    else will come for.
    """
    from django.db import connection, transaction

    from wholechild.people.actions import link_new_identities

    begun = Event()

    def second() -> int:
        try:
            begun.set()
            return link_new_identities(at=AT, **EVERYONE)
        finally:
            connection.close()

    deliver("1.ndjson", _sent("Benchton"))
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            link_new_identities(at=AT, **EVERYONE)
            deliver("2.ndjson", _sent("Elsewhere"))
            other = pool.submit(second)
            begun.wait(10)
            with connection.cursor() as cursor:
                for _ in range(200):
                    cursor.execute(
                        "SELECT count(*), pg_sleep(0.02) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"
                    )
                    if cursor.fetchone()[0] or other.done():
                        break
            assert not other.done()
        assert other.result(20) == 0
    assert (_linked("Benchton"), _linked("Elsewhere")) == (True, False)
    assert link_new_identities(at=AT, **EVERYONE) == 1
    assert raced([TWICE]) == (0, 0)


def test_an_arrival_says_and_waits_little(own_database: Any, tmp_path: Path) -> None:
    """A bound that no other work on the machine can shift: an arrival once took 55 statements, and waited for each."""
    rows = [
        {
            "id": f"gp-{n}", "agency": "gp", "given_names": f"Amelia{chr(97 + n % 26)}", "family_name": f"Quarring{chr(97 + n // 26)}",
            "born": date(2012, 3, 3) + timedelta(days=n), "nhs_number": "", "postcode": "NM1 2AB", "sex": "F", "died": None,
        }
        for n in range(TALKS)
    ]  # fmt: skip
    everything = dict.fromkeys(("upn", "uprn", "address"), "") | {
        name: [] for name in ("other_names", "phones", "emails", "local_ids")
    }
    said = exchanged(tmp_path / "feed", [everything | row for row in rows], narrow=False)
    assert said.statements <= 46  # of which some keep pairs: these people are all a little alike
    assert said.waits <= 16


def test_statements_that_are_said_to_be_kept_are_kept(own_database: Any, deliver: Callable[..., Any]) -> None:
    """Django's own setting is that none ever is, whatever is asked for."""
    from wholechild.trust.queries import prepared

    for area in ("Benchton", "Elsewhere"):
        deliver(f"{area}.ndjson", _sent(area), link=True)
    kept = prepared("SELECT statement, generic_plans FROM pg_prepared_statements")
    assert len(kept) > 20
    assert any("WITH RECURSIVE reached" in statement and plans for statement, plans in kept)


def test_what_is_said_to_the_server_is_counted() -> None:
    said = [("F", "Parse"), ("F", "Execute"), ("F", "Execute"), ("F", "Sync"), ("B", "ReadyForQuery"), ("F", "Query"), ("B", "ReadyForQuery")]  # fmt: skip
    assert counted(said, 1) == Exchanged(3, 2)


@pytest.mark.slow
def test_a_small_bench_prints_the_figures(tmp_path: Path) -> None:
    arguments = ["--identities", "1000", "--times", "100", "--writers", "2", "--runs", "1", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "wholechild.cli.main", "bench", "arrival", *arguments],
        capture_output=True, text=True, timeout=250, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    figures = {one["name"]: one for one in json.loads(done.stdout)["figures"]}
    for keys, aim in (("narrow", 5), ("wide", 20)):
        assert figures[f"one arrives, {keys} keys, 99 in 100"]["aim"] == aim
        assert figures[f"one arrives, {keys} keys, statements"]["value"] < 60
    assert figures["identities a second, 2 writers"]["aim"] == 100
    assert figures["of them two persons, or with other than one link"]["value"] == 0
