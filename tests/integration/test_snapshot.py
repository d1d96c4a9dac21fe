"""A snapshot: nobody can be read in it, nothing can be changed in it, and what is written meanwhile does not show."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.databases import AT
from tests.feeds import as_ndjson
from tests.integration.true_world import Taken
from tests.integration.worlds import TWO_AGENCIES, bruise, seat
from wholechild.patterns.columns import pseudonym, tables_of
from wholechild.patterns.library import engine_words
from wholechild.patterns.snapshots import MANIFEST, SnapshotRefused, Wording, open_snapshot, opened


def words_in(folder: Path) -> str:
    """Everything that stands in any column of any file, as one text."""
    return "\n".join(str(pq.read_table(path).to_pylist()) for path in sorted(folder.glob("*.parquet")))


# -- what stands in it -------------------------------------------------------------------------------------------------


def test_it_holds_the_histories_as_they_are_joined(taken: Taken) -> None:
    """Row by row what the columns of the histories would be, the numbers of the words aside."""
    shape = open_snapshot(taken.folder).manifest.shape
    wanted = tables_of(taken.histories, shape, engine_words(), taken.key)
    for name in ("relevant", "children", "adults", "homes"):
        assert _spelled(wanted, name) == _spelled(_read(taken.folder), name), name
    assert taken.said["children"] == len(taken.histories)


def _read(folder: Path) -> dict[str, Any]:
    return {path.stem: pq.read_table(path) for path in folder.glob("*.parquet")}


def _spelled(tables: dict[str, Any], name: str) -> list[str]:
    text = {(r["of"], r["code"]): r["text"] for r in tables["codes"].to_pylist()}
    hidden = Wording(("Northmoor", "Eastvale"), b"").of
    coded = ("kind", "sector", "area", "informant", "relation")
    return sorted(
        str(
            {
                c: hidden(c, text[c, v]) if c in coded else v
                for c, v in row.items()
                if not c.startswith("value_") and c != "agency"
            }
        )
        for row in tables[name].to_pylist()
    )


def test_no_name_place_or_id_of_anybody_stands_in_it(taken: Taken) -> None:
    said = words_in(taken.folder) + (taken.folder / MANIFEST).read_text()
    personal = {
        str(row[field]) for row in taken.feed for field in ("given_name", "family_name", "postcode", "nhs_number", "unit", "what",
                                                            "household", "reference", "subject")
        if row.get(field) and row["row"] != "coverage"
    }  # fmt: skip
    personal |= {history.child for history in taken.histories}
    personal |= {o.record for history in taken.histories for o in history.observations}
    personal |= {row["child"] for row in taken.truth}
    assert len(personal) > 400
    assert sorted(word for word in personal if word in said) == []


@pytest.mark.parametrize("planted", ["Elm Surgery", "ZZ99 3VZ", "Zuzanna3"])
def test_the_search_would_find_a_name_or_a_place(taken: Taken, planted: str, tmp_path: Path) -> None:
    """The attack above is worth something: with one word too many in one column, it is found."""
    copy = Path(shutil.copytree(taken.folder, tmp_path / "copy"))
    table = pq.read_table(copy / "codes.parquet")
    rows = [*table.to_pylist(), {"of": "value", "code": 99, "text": f"seen at {planted}"}]
    pq.write_table(type(table).from_pylist(rows, schema=table.schema), copy / "codes.parquet")
    assert planted in words_in(copy)


def test_free_words_and_units_become_pseudonyms_and_known_words_stay() -> None:
    hidden = Wording(["Northmoor"], b"key").of
    assert hidden("value", "no") == "no"
    assert hidden("value", "12 Elm Street").startswith("~")
    assert (
        hidden("value", "12 Elm Street")
        == hidden("value", "12 Elm Street")
        != hidden("value", "13 Elm Street")
    )
    assert hidden("area", "ZZ99 3VZ").startswith("~")
    assert hidden("informant", "P-17").startswith("~")
    school = hidden("agency", "school/Northmoor/Oakfield Primary")
    assert school.startswith("school/Northmoor/~")
    assert "Oakfield" not in school
    assert hidden("agency", "police/Northmoor") == "police/Northmoor"
    assert Wording(["Northmoor"], b"other").of("value", "12 Elm Street") != hidden("value", "12 Elm Street")


def test_records_that_the_purpose_does_not_open_are_left_out_and_counted(
    deliver: Any, rolled_back: None
) -> None:
    from tests.integration.worlds import amy, history_of, violence
    from wholechild.trust.permissions import classes_in_columns

    deliver("1.ndjson", TWO_AGENCIES, link=True)
    deliver("2.ndjson", as_ndjson([violence("L-2", kind="domestic_abuse.refuge")]))
    left_out: dict[str, int] = {}
    history = opened(history_of(amy(), AT), classes_in_columns("analysis"), left_out)
    assert left_out == {"domestic_abuse.refuge": 1}
    kinds = {history.observations[i].kind for pairs in history.scoped.values() for i, _ in pairs}
    assert kinds == {"domestic_abuse.incident", "injury.bruise_unexplained"}
    assert classes_in_columns("direct_care") == frozenset()


def test_the_key_is_readable_by_its_owner_alone_and_brings_a_child_back(taken: Taken) -> None:
    from wholechild.config.home import home

    kept = home() / "snapshot-keys" / f"{taken.said['snapshot']}.key"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert taken.key.hex() not in words_in(taken.folder) + (taken.folder / MANIFEST).read_text()
    written = {row["child"] for row in pq.read_table(taken.folder / "children.parquet").to_pylist()}
    assert {pseudonym("child", history.child, taken.key) for history in taken.histories} == written


def test_the_truth_meets_the_persons_through_the_agencies_ids(taken: Taken) -> None:
    rows = pq.read_table(taken.folder / "truth.parquet").to_pylist()
    assert taken.said["unfound"] == 1
    assert len({row["true_child"] for row in rows}) == len(taken.truth)
    assert len(rows) > len(taken.truth), "some children are two persons here"
    unfound = [row for row in rows if row["child"] is None]
    assert [row["true_child"] for row in unfound] == [pseudonym("true child", "C-unfound", taken.key)]


# -- one moment --------------------------------------------------------------------------------------------------------


def test_what_is_written_while_it_is_taken_does_not_show(
    own_database: Any, deliver: Any, wholechild: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record arrives after the view was given away and before anything was read through it."""
    from wholechild.cli import snapshot as taking
    from wholechild.trust.queries import head

    deliver("1.ndjson", TWO_AGENCIES, link=True)
    real = taking.in_order

    def late(*arguments: Any) -> Any:
        deliver("late.ndjson", as_ndjson([bruise("E-late")]))
        return real(*arguments)

    monkeypatch.setattr(taking, "in_order", late)
    said = json.loads(wholechild("snapshot", tmp_path / "one", "--json").stdout)
    monkeypatch.undo()
    again = json.loads(wholechild("snapshot", tmp_path / "two", "--json").stdout)
    rows = [
        len({r["record"] for r in pq.read_table(tmp_path / n / "relevant.parquet").to_pylist()})
        for n in ("one", "two")
    ]
    assert rows == [2, 3]
    assert int(said["ledger"].split(":")[0]) < int(again["ledger"].split(":")[0]) < head().leaves


def test_the_head_in_the_manifest_is_one_that_the_ledger_had(
    own_database: Any, deliver: Any, wholechild: Any, tmp_path: Path
) -> None:
    from wholechild.trust.ledger import Head
    from wholechild.trust.queries import verify

    deliver("1.ndjson", TWO_AGENCIES, link=True)
    said = json.loads(wholechild("snapshot", tmp_path / "one", "--json").stdout)
    deliver("2.ndjson", as_ndjson([bruise("E-2")]))
    assert verify(expect=Head.of(said["ledger"])).ok


def test_taking_one_is_an_act_with_its_leaves(
    own_database: Any, deliver: Any, wholechild: Any, tmp_path: Path
) -> None:
    from hashlib import sha256

    from wholechild.patterns.models import SnapshotBegun, SnapshotSealed
    from wholechild.trust.models import LedgerLeaf

    deliver("1.ndjson", TWO_AGENCIES, link=True)
    seat("ana", "panel_analyst", "council/Northmoor", AT)
    assert wholechild("snapshot", tmp_path / "one", "--user", "ana").exit_code == 0
    begun, sealed = SnapshotBegun.objects.get(), SnapshotSealed.objects.get()
    assert (begun.wanted_by, sealed.snapshot) == ("ana", begun.pk)
    assert sealed.manifest_sha256 == sha256((tmp_path / "one" / MANIFEST).read_bytes()).hexdigest()
    assert {"snapshot.begin", "snapshot.seal"} <= set(LedgerLeaf.objects.values_list("act", flat=True))


@pytest.mark.parametrize(("user", "role"), [("tea", "teacher"), ("nobody", None)])
def test_who_may_not_gets_none_and_nothing_is_noted(
    own_database: Any, wholechild: Any, tmp_path: Path, user: str, role: str | None
) -> None:
    from wholechild.patterns.models import SnapshotBegun

    if role:
        seat(user, role, "school/Northmoor/Oakfield Primary", AT)
    result = wholechild("snapshot", tmp_path / "one", "--user", user)
    assert result.exit_code == 1
    assert user in result.stderr
    assert not SnapshotBegun.objects.exists()
    assert list(tmp_path.iterdir()) == []


def test_one_that_is_broken_off_leaves_no_folder(
    own_database: Any, deliver: Any, wholechild: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver("1.ndjson", TWO_AGENCIES, link=True)
    monkeypatch.setattr("wholechild.cli.snapshot.as_table", lambda *_: 1 / 0)
    assert isinstance(wholechild("snapshot", tmp_path / "taken" / "one").exception, ZeroDivisionError)
    assert list((tmp_path / "taken").iterdir()) == []


def test_a_folder_that_is_not_empty_is_left_alone(wholechild: Any, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    result = wholechild("snapshot", tmp_path)
    assert result.exit_code == 2
    assert "is there already" in result.stderr


def who_reads(_: Any) -> Any:
    """Runs in a reader: as whom it speaks, and whether it may write (sent home as a count of the wrong kind)."""
    from django.db import connection

    from wholechild.cli.joining_apart import Joined

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user, current_setting('transaction_read_only'), current_setting('transaction_isolation')"
        )
        return Joined(0, {}, {"|".join(cursor.fetchone()): 1})


def test_readers_speak_as_the_role_that_only_reads(
    own_database: Any, deliver: Any, wholechild: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wholechild.cli import snapshot as taking

    deliver("1.ndjson", TWO_AGENCIES, link=True)
    spoke: list[str] = []

    def asking(pool: Any, *_: Any) -> Any:
        spoke.extend(pool.submit(who_reads, None).result().left_out)
        return iter(())

    monkeypatch.setattr(taking, "in_order", asking)
    assert wholechild("snapshot", tmp_path / "one").exit_code == 0
    assert spoke == ["wholechild_analytics|on|repeatable read"]


def test_the_role_that_only_reads_cannot_write(own_database: Any) -> None:
    """The role for analysis, in a transaction that only reads: either alone would do."""
    import psycopg

    from wholechild.config.bootstrap import connected
    from wholechild.config.database import database

    with connected(database().for_analysis(own_database.name)) as connection:
        for statement in (
            "DELETE FROM records_recordrow",
            "SELECT * FROM trust_relation",
            "SELECT * FROM records_quarantinedrow",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)  # type: ignore[arg-type]


# -- refused -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def copy(taken: Taken, tmp_path: Path) -> Path:
    return Path(shutil.copytree(taken.folder, tmp_path / "copy"))


def refusal(folder: Path) -> str:
    with pytest.raises(SnapshotRefused) as wrong:
        open_snapshot(folder)
    return str(wrong.value)


def test_a_whole_one_opens(copy: Path) -> None:
    snapshot = open_snapshot(copy)
    with snapshot.connect() as connection:
        assert connection.execute("SELECT count(*) FROM children").fetchall() == [
            (snapshot.manifest.children,)
        ]


@pytest.mark.parametrize("name", ["relevant", "children", "traits", "truth", "codes"])
def test_a_file_cut_short_is_refused_by_name(copy: Path, name: str) -> None:
    path = copy / f"{name}.parquet"
    path.write_bytes(path.read_bytes()[:-1])
    assert f"{name}.parquet: the file is cut short" in refusal(copy)


@pytest.mark.parametrize("place", [0, 100, -1])
def test_a_flipped_bit_is_refused_by_name(copy: Path, place: int) -> None:
    path = copy / "relevant.parquet"
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    assert "relevant.parquet: the file was changed" in refusal(copy)


def test_a_missing_file_is_refused_by_name(copy: Path) -> None:
    (copy / "homes.parquet").unlink()
    assert "homes.parquet: the file is missing" in refusal(copy)


def test_a_longer_file_is_refused(copy: Path) -> None:
    with (copy / "homes.parquet").open("ab") as stream:
        stream.write(b"x")
    assert "homes.parquet: the file was changed" in refusal(copy)


def test_no_snapshot_at_all_is_refused(tmp_path: Path) -> None:
    assert "there is no such folder" in refusal(tmp_path / "nowhere")
    assert "broken off" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("said", "why"),
    [("{", "cut short or changed"), ("{}", "cut short or changed"), ("[1]", "cut short or changed")],
)
def test_a_manifest_that_cannot_be_read_is_refused(copy: Path, said: str, why: str) -> None:
    (copy / MANIFEST).write_text(said)
    assert why in refusal(copy)


def test_a_changed_manifest_is_refused(copy: Path) -> None:
    said = json.loads((copy / MANIFEST).read_text())
    (copy / MANIFEST).write_text(json.dumps({**said, "children": said["children"] + 1}))
    assert "the manifest was changed" in refusal(copy)


@pytest.mark.parametrize(
    ("field", "named"), [("schema", "field schema is '0.9'"), ("vocabulary", "field vocabulary is '0.9'")]
)
def test_another_version_is_refused_with_what_to_do(copy: Path, field: str, named: str) -> None:
    from wholechild.patterns.snapshots import _hash_of

    said = json.loads((copy / MANIFEST).read_text())
    said.pop("sha256")
    said[field] = "0.9"
    (copy / MANIFEST).write_text(json.dumps({**said, "sha256": _hash_of(said)}))
    assert named in refusal(copy)
    assert "wholechild snapshot DIR" in refusal(copy)


def test_a_truth_file_of_another_kind_is_refused(wholechild: Any, taken: Taken, tmp_path: Path) -> None:
    for path in (taken.folder / "children.parquet", taken.folder / MANIFEST):
        result = wholechild("snapshot", tmp_path / "one", "--truth", path)
        assert result.exit_code == 1
        assert str(path) in result.stderr
        assert "seed-world" in result.stderr
