"""The ledger against somebody with every key: no column of any fact can be changed unseen, and no change breaks the check.

test_ledger.py carries out single attacks by name. Here every column of every table is changed in turn, values are planted
that a careless check would stumble over, and what a chain by itself cannot see is shown, and seen with a kept head.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from tests.databases import AT
from tests.feeds import as_ndjson, coverage
from tests.integration import panels
from tests.integration.worlds import (
    AMY,
    EVERYONE,
    FROM_HOSPITAL,
    FROM_POLICE,
    JOINED,
    MOTHER,
    VISITOR,
    amy,
    bruise,
    note,
    seat,
    sent,
    take_snapshot,
    violence,
)  # fmt: skip

FEED: Final = [
    {**coverage(), "to": "2026-02-01"}, *FROM_POLICE, *FROM_HOSPITAL, sent(VISITOR, "person", "C-1", **AMY, sex="f", postcode="NM1 2AB"),
    sent(VISITOR, "person", "C-2", **MOTHER), sent(VISITOR, "tie", "T-1", subject="C-1", relation="mother", other="C-2", **{"from": "2021"}),
    sent(VISITOR, "residence", "R-1", subject="C-1", household="H-1", **{"from": "2021-05-10", "to": "2025-12-31"}),
    bruise("E-2", "2026-02-03", measures={"kg": 12.5}, values={"mechanism": "fall"}, ward="7", written_at="2026-02-03T10:00:00Z"),
    violence("L-2", kind="no.such.kind"),
]  # fmt: skip


@pytest.fixture(scope="module")
def filled(shared_database: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A ledger in which every kind of fact stands at least once, in one transaction of a superuser that is undone at the end."""
    from django.db import connection, transaction

    from wholechild.config.database import for_django
    from wholechild.records.actions import set_contact, withdraw_delivery

    before = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(for_django({**shared_database.admin, "dbname": shared_database.name}))
    try:
        with transaction.atomic():
            folder = tmp_path_factory.mktemp("feeds")
            _load(folder, "1.ndjson", FEED)
            note(AT, JOINED)
            wrong = _load(folder, "2.ndjson", [violence(kind="contact.no_access_visit")])
            withdraw_delivery(at=AT, delivery=wrong.delivery, why="sent in error", **EVERYONE)
            set_contact(
                at=AT,
                agency="police/Northmoor",
                contact_role="Duty desk",
                phone="01632 960001",
                hours="always",
                **EVERYONE,
            )
            _people(amy())
            yield connection
            transaction.set_rollback(True)
    finally:
        connection.close()
        connection.settings_dict.update(before)


@pytest.fixture
def ledger(filled: Any) -> Iterator[Any]:
    """The connection of the thief, who may do everything; what the test does is undone."""
    from django.db import transaction

    with transaction.atomic():
        yield filled.connection
        transaction.set_rollback(True)


def _load(folder: Path, name: str, rows: list[dict[str, Any]]) -> Any:
    from wholechild.people.actions import link_new_identities
    from wholechild.records.actions import ingest

    (folder / name).write_text(as_ndjson(rows))
    report = ingest(at=AT, path=folder / name, **EVERYONE)
    link_new_identities(at=AT, **EVERYONE)
    return report


def _people(child: str) -> None:
    from datetime import date

    from wholechild.patterns.actions import open_picture
    from wholechild.people.actions import take_back_link
    from wholechild.people.models import Link
    from wholechild.records.actions import resolve
    from wholechild.records.models import QuarantinedRow

    resolve(at=AT, quarantined=QuarantinedRow.objects.get().pk, outcome="set_aside", why="a test", **EVERYONE)
    viewer = seat("ms-oak", "teacher", "school/Northmoor/Oakfield Primary", AT, teaches=child)
    open_picture(
        by=viewer,
        purpose="direct_care",
        at=AT,
        person=child,
        as_known_at=date(2026, 3, 2),
        lessons=[],
        route="tests",
        salts=EVERYONE["salts"],
    )
    take_back_link(at=AT, link=Link.objects.filter(evidence="exact_agreement")[0], why="a test", **EVERYONE)
    _decisions()
    note(AT, JOINED)
    take_snapshot(AT)
    _lessons(viewer)


def _decisions() -> None:
    """One decision that two people made and one that was undone, about the two who were just taken apart."""
    from datetime import timedelta

    from wholechild.people.deciding.actions import decide_pair, second_decision, take_review, undo_decision
    from wholechild.people.models import Pair, PairDecision

    one, other = Pair.objects.values_list("one", "other")[0]
    rhea, rob = (
        seat(user, "linkage_reviewer", "local_authority/Northmoor", AT, duty="*") for user in ("rhea", "rob")
    )
    asked = {"purpose": "identity_check", "salts": EVERYONE["salts"]}
    later = [AT + timedelta(minutes=n) for n in range(6)]
    take_review(by=rhea, at=later[1], one=one, other=other, **asked)
    decide_pair(by=rhea, at=later[2], one=one, other=other, decision="cannot_tell", why="A test.", **asked)
    first = PairDecision.objects.latest("decided_at").pk
    undo_decision(by=rhea, at=later[3], decision=first, why="A test.", **asked)
    decide_pair(by=rhea, at=later[4], one=one, other=other, decision="same", why="A test.", **asked)
    made = PairDecision.objects.latest("decided_at")
    if made.needs_second:
        second_decision(by=rob, at=later[5], decision=made.pk, why="", **asked)
    _models()


def _models() -> None:
    """A model by which identities are weighed, who would have it in force, and how well linking does."""
    from wholechild.people.actions import adopt_model, keep_model, keep_report
    from wholechild.people.comparing.artefact import default_artefact

    model = keep_model(at=AT, document=default_artefact().dumps(), card={"trained_on": "a test"}, **EVERYONE)
    adopt_model(at=AT, model=model, why="a test", **EVERYONE)
    keep_report(at=AT, figures={"model": model, "sampled": True, "labelled": 3}, **EVERYONE)


def _lessons(viewer: Any) -> None:
    """One of everything in the life of a lesson, and what came of a match."""
    from wholechild.patterns.life.actions import save_draft, say_outcome
    from wholechild.patterns.models import Match

    written = panels.text()
    panels.install()
    panels.propose(panels.analyst(), written)
    panels.sign(panels.director(), panels.terms(written))
    panels.sign(panels.manager(), panels.terms(written))
    salts = EVERYONE["salts"]
    save_draft(
        by=panels.analyst(), purpose="child_safeguarding_review", at=AT, draft="draft-1", after=0, lesson="", text="id: x",
        examples="", why="a test", salts=salts,
    )  # fmt: skip
    say_outcome(
        by=viewer, purpose="direct_care", at=AT, match=Match.objects.get().pk, outcome="helped", reason="A test.", salts=salts,
    )  # fmt: skip


def check() -> Any:
    from wholechild.trust.queries import verify

    return verify()


@contextmanager
def changed(ledger: Any, table: str, key: str, column: str, value: str) -> Iterator[None]:
    """One column of one row set to an expression, and put back afterwards byte for byte."""
    keeping = f'CREATE TEMP TABLE kept AS SELECT "{column}" AS was FROM {table} WHERE {key}'
    ledger.execute(keeping)
    try:
        ledger.execute(f'UPDATE {table} SET "{column}" = {value} WHERE {key}')
        yield
    finally:
        ledger.execute(f'UPDATE {table} SET "{column}" = (SELECT was FROM kept) WHERE {key}')
        ledger.execute("DROP TABLE kept")


#: type -> an expression over the column that gives another value of the type; `NULL` too where the column allows it.
OTHERS: Final = {
    "text": "{c} || 'x'", "integer": "{c} + 1", "bigint": "{c} + 1", "smallint": "{c} + 1", "boolean": "NOT {c}",
    "date": "coalesce({c}, '2001-01-01') - 1", "timestamp with time zone": "coalesce({c}, now()) - interval '1 microsecond'",
    "bytea": "sha256({c})", "jsonb": "'{{\"x\": 1}}'::jsonb", "ARRAY": "array_append({c}, 'x')",
}  # fmt: skip


def _columns(ledger: Any, table: str) -> list[tuple[str, str]]:
    query = "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s AND column_name <> 'id'"
    return list(ledger.execute(query, [table]).fetchall())


def _constraints_off(ledger: Any, table: str) -> None:
    """An attacker is not held up by what the database checks."""
    named = ledger.execute(
        "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('c', 'u', 'f')",
        [table],
    )
    for (name,) in named.fetchall():
        ledger.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}" CASCADE')


def test_no_column_of_any_fact_can_be_changed_unseen(ledger: Any) -> None:
    from wholechild.trust.queries import fact_tables

    assert check().ok, check().first_bad
    empty, unseen, misnamed = [], [], []
    for model in fact_tables():
        table = model._meta.db_table
        row = ledger.execute(f"SELECT id FROM {table} ORDER BY id LIMIT 1").fetchone()
        if row is None:
            empty.append(model.ledger_kind)
            continue
        _constraints_off(ledger, table)
        for column, kind in _columns(ledger, table):
            with changed(ledger, table, f"id = '{row[0]}'", column, OTHERS[kind].format(c=f'"{column}"')):
                bad = check().first_bad
            if bad is None:
                unseen.append(f"{table}.{column}")
            elif (bad.fact_kind, bad.fact_id) != (model.ledger_kind, row[0]):
                misnamed.append(f"{table}.{column}: {bad}")
    assert unseen == []
    assert misnamed == []
    assert set(empty) <= {
        "match_change",
        "pair_decision_seconded",
    }, "every kind of fact should stand in this ledger"
    assert check().ok


def test_no_column_of_a_leaf_or_a_checkpoint_can_be_changed_unseen(ledger: Any) -> None:
    unseen = []
    for table, key in (
        ("trust_ledgerleaf", "seq = 5"),
        ("trust_ledgercheckpoint", "leaves = (SELECT min(leaves) FROM trust_ledgercheckpoint)"),
    ):
        for column, kind in _columns(ledger, table):
            if column in ("seq", "leaves") or (table, column) == ("trust_ledgercheckpoint", "at"):
                continue  # the keys have attacks of their own; when a checkpoint was taken says nothing of any fact
            with changed(ledger, table, key, column, OTHERS[kind].format(c=f'"{column}"')):
                if check().ok:
                    unseen.append(f"{table}.{column}")
    assert unseen == []


#: Values that PostgreSQL takes and a careless reader stumbles over. The check must answer, not fall.
STUMBLING: Final = {
    "a day without end": ("records_recordrow", "last_on", "'infinity'"),
    "a day before all days": ("records_recordrow", "first_on", "'-infinity'"),
    "a day before our calendar": ("records_personrow", "born_first", "'0044-03-15 BC'"),
    "a day of the year 20,000": ("records_personrow", "born_last", "'20000-01-01'"),
    "a moment without end": ("records_recordrow", "learnt_at", "'infinity'"),
    "a moment of the year 20,000": ("records_delivery", "received_at", "'20000-01-01'"),
    "a number too long to read": ("records_recordrow", "measures", "'{\"kg\": 1e6000}'"),
    "a name doubled": ("records_recordrow", "measures", "'{\"kg\": 12.5, \"KG\": 1}'"),
    "an array in an array": ("records_recordrow", "about", "ARRAY[ARRAY['P-1'], ARRAY['P-2']]"),
    "an array with a hole": ("records_recordrow", "about", "ARRAY['P-1', NULL]"),
    "an array that starts at nought": ("records_recordrow", "about", "'[0:0]={P-9}'"),
    "nothing where something was": ("records_recordrow", "what", "''"),
    "no salt": ("records_recordrow", "salt", "''"),
}  # fmt: skip


@pytest.mark.parametrize(("table", "column", "value"), STUMBLING.values(), ids=STUMBLING.keys())
def test_the_check_answers_whatever_is_planted(ledger: Any, table: str, column: str, value: str) -> None:
    _constraints_off(ledger, table)
    row = ledger.execute(f"SELECT id FROM {table} ORDER BY id DESC LIMIT 1").fetchone()[0]
    ledger.execute(f'UPDATE {table} SET "{column}" = {value} WHERE id = %s', [row])
    verdict = check()
    assert not verdict.ok
    assert verdict.first_bad.fact_id == row


LEAVES: Final = {
    "a leaf before the first": "INSERT INTO trust_ledgerleaf SELECT 0, at, act, by, purpose, fact_kind, 'x', commitment, chain FROM trust_ledgerleaf WHERE seq = 1",
    "a leaf below nought": "INSERT INTO trust_ledgerleaf SELECT -1, at, act, by, purpose, fact_kind, 'x', commitment, chain FROM trust_ledgerleaf WHERE seq = 1",
    "a leaf far ahead": "INSERT INTO trust_ledgerleaf SELECT 9000000000000000000, at, act, by, purpose, fact_kind, 'x', commitment, chain FROM trust_ledgerleaf WHERE seq = 1",
    "a leaf outside time": "UPDATE trust_ledgerleaf SET at = 'infinity' WHERE seq = 5",
    "a leaf without a link": "UPDATE trust_ledgerleaf SET chain = '' WHERE seq = 5",
    "a checkpoint ahead": "INSERT INTO trust_ledgercheckpoint SELECT 9000000000000000000, at, head FROM trust_ledgercheckpoint LIMIT 1",
    "a checkpoint below nought": "INSERT INTO trust_ledgercheckpoint SELECT -5, at, sha256('x') FROM trust_ledgercheckpoint LIMIT 1",
    "no leaf at all": "DELETE FROM trust_ledgerleaf",
    "nothing of the ledger": "DELETE FROM trust_ledgerleaf; DELETE FROM trust_ledgercheckpoint",
    "a fact moved to another kind": "UPDATE trust_ledgerleaf SET fact_kind = 'agency' WHERE seq = (SELECT max(seq) FROM trust_ledgerleaf WHERE fact_kind = 'disclosure')",
    "a disclosure and its leaf unmade": "DELETE FROM trust_ledgerleaf WHERE fact_kind = 'disclosure'; DELETE FROM trust_disclosure",
}  # fmt: skip


@pytest.mark.parametrize("statement", LEAVES.values(), ids=LEAVES.keys())
def test_the_chain_holds_against_leaves_of_every_shape(ledger: Any, statement: str) -> None:
    ledger.execute(statement)
    verdict = check()
    if "SELECT -5" in statement:  # a checkpoint of no leaves says nothing; it must only not break the check
        return
    assert not verdict.ok


def test_a_fact_committed_to_anew_breaks_the_chain(ledger: Any) -> None:
    """Another salt and a commitment that fits: the fact is right again, and the link is not."""
    from wholechild.records.models import RecordRow
    from wholechild.trust.ledger import commit
    from wholechild.trust.models import LedgerLeaf

    row = RecordRow.objects.get(reference="E-2")
    row.what, row.salt = "Seen, all well.", Random(7).randbytes(16)
    ledger.execute(
        "UPDATE records_recordrow SET what = %s, salt = %s WHERE id = %s", [row.what, row.salt, row.pk]
    )
    ledger.execute(
        "UPDATE trust_ledgerleaf SET commitment = %s WHERE fact_id = %s",
        [commit(row.salt, row.canonical()), row.pk],
    )
    bad = check().first_bad
    assert bad.seq == LedgerLeaf.objects.get(fact_id=row.pk).seq
    assert "the leaf was changed" in bad.why


def test_an_end_cut_off_with_its_checkpoints_is_seen_only_by_a_kept_head(ledger: Any) -> None:
    """The exception, said out loud: whoever takes the last act, its facts and its checkpoints leaves a shorter, whole ledger."""
    from wholechild.trust.models import LedgerCheckpoint
    from wholechild.trust.queries import fact_tables, head, verify

    kept = head()
    before = LedgerCheckpoint.objects.order_by("-leaves").values_list("leaves", flat=True)[1]
    cut = ledger.execute(
        "SELECT fact_kind, fact_id FROM trust_ledgerleaf WHERE seq > %s", [before]
    ).fetchall()
    tables = {model.ledger_kind: model._meta.db_table for model in fact_tables()}
    for kind, fact in cut:
        ledger.execute(f"DELETE FROM {tables[kind]} WHERE id = %s", [fact])
    ledger.execute("DELETE FROM trust_ledgerleaf WHERE seq > %s", [before])
    assert not check().ok, "a checkpoint still knows how long it was"
    ledger.execute("DELETE FROM trust_ledgercheckpoint WHERE leaves > %s", [before])
    assert cut
    assert check().ok
    verdict = verify(expect=kept)
    assert not verdict.ok
    assert verdict.first_bad.seq == before + 1


def test_what_the_check_says_never_repeats_what_a_fact_says(
    ledger: Any, wholechild: Callable[..., Any]
) -> None:
    ledger.execute("UPDATE records_personrow SET given_name = 'Ottilie' WHERE reference = 'C-1'")
    for said in (wholechild("verify"), wholechild("verify", "--json")):
        assert said.exit_code == 1
        assert not any(word in said.output for word in ("Ottilie", "Amble", AMY["nhs_number"]))
