"""One small world whose truth is known, loaded once, with a snapshot of it."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Final

import pytest

from tests.databases import copy_of
from tests.feeds import as_ndjson
from tests.integration.true_world import Taken, small_world, write_truth

if TYPE_CHECKING:
    from wholechild.config.database import Database

TAKEN_AT: Final = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def taken(template: Database, tmp_path_factory: pytest.TempPathFactory) -> Taken:
    """The small world in a database of its own, with a snapshot taken by the command."""
    import json

    from click.testing import CliRunner

    from wholechild.cli.main import cli
    from wholechild.config.home import home
    from wholechild.patterns.queries import histories
    from wholechild.people.actions import link_new_identities
    from wholechild.people.queries import children_of_agencies, children_of_feeds, persons_of
    from wholechild.records.actions import ingest
    from wholechild.records.ids import identity_id
    from wholechild.trust.viewers import system

    feed, truth = small_world(1)
    folder = tmp_path_factory.mktemp("small-world")
    write_truth(folder / "truth.parquet", truth)
    (folder / "feed.ndjson").write_text(as_ndjson(feed))
    salts = Random(3).randbytes
    with copy_of(template):
        report = ingest(by="tester", purpose="data_quality", at=TAKEN_AT, path=folder / "feed.ndjson", salts=salts,
                        learnt_when_written=True)  # fmt: skip
        assert report.quarantined == 0, report.issues
        link_new_identities(by="tester", purpose="identity_check", at=TAKEN_AT, salts=salts)
        arguments = ["snapshot", str(folder / "taken"), "--truth", str(folder / "truth.parquet"), "--now",
                     TAKEN_AT.strftime("%Y-%m-%dT%H:%M:%S"), "--json"]  # fmt: skip
        result = CliRunner().invoke(cli, arguments)
        assert result.exit_code == 0, result.output
        said = json.loads(result.stdout)
        viewer = system("tests")
        joined = list(histories(viewer, children_of_feeds(viewer, TAKEN_AT), TAKEN_AT))
        listed = children_of_agencies(viewer, "gp", TAKEN_AT)
        local = {
            identity_id(i["agency"], i["local_id"]): (i["agency"], i["local_id"])
            for row in truth
            for i in row["identities"]
        }
        found = persons_of(viewer, list(local), TAKEN_AT)
        key = bytes.fromhex((home() / "snapshot-keys" / f"{said['snapshot']}.key").read_text())
        made = Taken(
            folder / "taken", key, feed, truth, folder / "truth.parquet", joined,
            frozenset(p for persons in listed.values() for p in persons), {local[i]: p for i, p in found.items()}, said,
        )  # fmt: skip
    return made
