"""The same again: known by its bytes, by its key and by its content, however often and in whatever order it comes."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.databases import AT
from tests.feeds import as_csv, as_ndjson, person, record
from tests.integration.worlds import EVERYONE, counts

FEED = as_csv([person(), record("V-1"), record("V-2")])


def totals(report: Any) -> tuple[int, int, int, int]:
    return report.rows_in, report.loaded, report.quarantined, report.already_known


@pytest.mark.usefixtures("rolled_back")
class TestOneAfterAnother:
    def test_the_same_bytes_under_another_key_are_a_delivery_with_nothing_new(
        self, deliver: Callable[..., Any]
    ) -> None:
        from wholechild.records.models import Delivery, RecordRow

        deliver("monday.csv", FEED)
        assert totals(deliver("tuesday.csv", FEED)) == (3, 0, 0, 3)
        assert (Delivery.objects.count(), RecordRow.objects.count()) == (2, 2)

    def test_a_key_of_ones_own_stands_for_the_name(self, deliver: Callable[..., Any]) -> None:
        deliver("export.csv", FEED, key="2026-03-01")
        assert deliver("export.csv", as_csv([person(), record("V-3")]), key="2026-03-02").loaded == 1
        assert deliver("export.csv", as_csv([person(), record("V-4")]), key="2026-03-02").refused

    def test_the_order_of_columns_and_the_form_make_no_difference(self, deliver: Callable[..., Any]) -> None:
        rows = [person(sex="f"), record("V-1", measures="kg=14.50", values="")]
        deliver("1.csv", as_csv(rows))
        columns = sorted({name for row in rows for name in row})
        assert totals(deliver("2.csv", as_csv(rows, columns))) == (2, 0, 0, 2)
        rows[1]["measures"] = {"kg": 14.5}
        assert totals(deliver("3.ndjson", as_ndjson(rows))) == (2, 0, 0, 2)

    def test_a_row_that_was_held_back_is_held_back_again_until_it_is_mended(
        self, deliver: Callable[..., Any]
    ) -> None:
        wrong = as_csv([person(), record("V-1", happened="2031-13-02")])
        assert totals(deliver("1.csv", wrong)) == (2, 1, 1, 0)
        assert totals(deliver("2.csv", wrong)) == (2, 0, 1, 1)
        assert totals(deliver("3.csv", as_csv([person(), record("V-1")]))) == (2, 1, 0, 1)

    def test_the_same_file_that_held_bad_rows_is_known_as_a_whole(self, deliver: Callable[..., Any]) -> None:
        wrong = as_csv([person(), record("V-1", happened="2031-13-02")])
        deliver("1.csv", wrong)
        assert totals(deliver("1.csv", wrong)) == (2, 0, 0, 2)

    def test_a_version_of_long_ago_is_not_a_new_one(self, deliver: Callable[..., Any]) -> None:
        from wholechild.records.models import RecordRow

        for n, words in enumerate(["one", "two", "three"]):
            deliver(f"{n}.csv", as_csv([person(), record(what=words)]))
        assert totals(deliver("again.csv", as_csv([person(), record(what="one")]))) == (2, 0, 0, 2)
        assert RecordRow.objects.count() == 3

    def test_a_withdrawn_delivery_can_come_again_under_its_name(self, deliver: Callable[..., Any]) -> None:
        from wholechild.records.actions import withdraw_delivery
        from wholechild.trust.queries import verify

        first = deliver("1.csv", FEED)
        withdraw_delivery(at=AT, delivery=first.delivery, why="the wrong day's export", **EVERYONE)
        again = deliver("1.csv", FEED)
        assert totals(again) == (3, 3, 0, 0)
        assert again.delivery != first.delivery
        assert verify().ok

    def test_the_command_exits_0_for_the_same_and_3_for_another(
        self, wholechild: Callable[..., Any], tmp_path: Path
    ) -> None:
        path = tmp_path / "feed.csv"
        path.write_text(FEED)
        assert wholechild("ingest", path).exit_code == 0
        again = wholechild("ingest", path, "--json")
        assert again.exit_code == 0
        (delivery,) = json.loads(again.stdout)["deliveries"]
        assert (delivery["rows_in"], delivery["already_known"], delivery["issues"]) == (3, 3, [])
        path.write_text(FEED.replace("2012-03-03", "2012-03-04"))
        before = counts()
        other = wholechild("ingest", path, "--json")
        assert other.exit_code == 3
        (delivery,) = json.loads(other.stdout)["deliveries"]
        assert (delivery["rows_in"], delivery["loaded"]) == (0, 0)
        assert "--key" in delivery["issues"][0]["do"]
        assert counts() == before


def test_two_who_deliver_the_same_at_once_load_it_once(own_database: Any, tmp_path: Path) -> None:
    """Whoever comes second waits, and then knows what the first has loaded."""
    from django.db import connection

    from wholechild.records.actions import ingest
    from wholechild.records.models import RecordRow
    from wholechild.trust.queries import verify

    def load(n: int) -> Any:
        path = tmp_path / f"{n}.csv"
        path.write_text(as_csv([person(), *(record(f"V-{i}") for i in range(200))]))
        try:
            return ingest(by=f"t{n}", purpose="data_quality", at=AT, path=path, salts=Random(n).randbytes)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(load, range(4)))
    assert sorted(report.loaded for report in reports) == [0, 0, 0, 201]
    assert RecordRow.objects.count() == 200
    verdict = verify()
    assert verdict.ok, verdict.first_bad
