"""Each attack on the ledger, by name, carried out by somebody who holds the database administrator's keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import pytest

from tests.feeds import as_csv, coverage, person, record


class Attack(NamedTuple):
    """What is done to the database, and what the check must name: the leaf (None: any), the kind of fact."""

    statements: tuple[str, ...]
    seq: int | None
    kind: str


#: The leaves of the feed below: 1 the agency, 2 coverage, 3 and 4 the people, 5 to 9 the records, 10 the delivery.
ROWS: Final = [
    coverage(),
    person("P-1"),
    person("P-2"),
    *(record(f"V-{n}", subject="P-1", also_about="P-2") for n in range(5)),
]
V2: Final = "(SELECT id FROM records_recordrow WHERE reference = 'V-2')"
V3: Final = "(SELECT id FROM records_recordrow WHERE reference = 'V-3')"
LEAF: Final = "(SELECT seq FROM trust_ledgerleaf WHERE fact_id = {})"
LAST: Final = "(SELECT max(seq) FROM trust_ledgerleaf)"
SWAP: Final = (
    "UPDATE trust_ledgerleaf a SET {columns} FROM trust_ledgerleaf b WHERE "
    "(a.fact_id = "
    + V2
    + " AND b.fact_id = "
    + V3
    + ") OR (a.fact_id = "
    + V3
    + " AND b.fact_id = "
    + V2
    + ")"
)

ATTACKS: Final = {
    "change what a record says": Attack((f"UPDATE records_recordrow SET what = 'Seen, all well.' WHERE id = {V2}",), None, "record"),
    "change when it happened": Attack((f"UPDATE records_recordrow SET first_on = '2011-03-03', last_on = '2011-03-03' WHERE id = {V2}",), None, "record"),
    "change when we learnt it": Attack((f"UPDATE records_recordrow SET learnt_at = learnt_at + interval '1 second' WHERE id = {V2}",), None, "record"),
    "change when it was written": Attack((f"UPDATE records_recordrow SET written_at = '2012-03-04T00:00:00Z' WHERE id = {V2}",), None, "record"),
    "change which delivery brought it": Attack((f"UPDATE records_recordrow SET delivery = 'del-0000000000000000' WHERE id = {V2}",), None, "record"),
    "take a person off a record": Attack((f"UPDATE records_recordrow SET about = ARRAY['P-1'] WHERE id = {V2}", f"DELETE FROM records_recordsubject WHERE record = {V2} AND position = 1"), None, "record"),
    "file a record under somebody else": Attack((f"UPDATE records_recordsubject SET identity = 'who-000000000000000000000000' WHERE record = {V2} AND position = 0",), None, "record"),
    "unfile a record": Attack((f"DELETE FROM records_recordsubject WHERE record = {V2}",), None, "record"),
    "file a record under one more": Attack((f"INSERT INTO records_recordsubject VALUES ('who-000000000000000000000000', {V2}, 2)",), None, "record"),
    "change a fact and its content hash": Attack((f"UPDATE records_recordrow SET what = 'x', content = sha256('x') WHERE id = {V2}",), None, "record"),
    "change a salt": Attack((f"UPDATE records_recordrow SET salt = sha256('x') WHERE id = {V2}",), None, "record"),
    "delete a fact in the middle": Attack((f"DELETE FROM records_recordsubject WHERE record = {V2}", f"DELETE FROM records_recordrow WHERE id = {V2}"), None, "record"),
    "delete a fact and its leaf": Attack((f"DELETE FROM trust_ledgerleaf WHERE fact_id = {V2}", f"DELETE FROM records_recordsubject WHERE record = {V2}", f"DELETE FROM records_recordrow WHERE id = {V2}"), None, "record"),
    "add a fact": Attack(("INSERT INTO records_agency (id, salt, kind, area, unit, first_heard_at) VALUES ('police/Elsewhere', '\\x00', 'police', 'Elsewhere', '', now())",), 0, "agency"),
    "copy a fact": Attack((f"INSERT INTO records_quarantinedrow SELECT 'qua-1', salt, delivery, 'f', 1, '', '', 0, learnt_at, '[]' FROM records_recordrow WHERE id = {V2}",), 0, "quarantined"),
    "change a leaf's moment": Attack((f"UPDATE trust_ledgerleaf SET at = at - interval '1 day' WHERE fact_id = {V2}",), None, "record"),
    "change who did it": Attack((f"UPDATE trust_ledgerleaf SET by = 'somebody else' WHERE fact_id = {V2}",), None, "record"),
    "change what for": Attack((f"UPDATE trust_ledgerleaf SET purpose = 'supervision_of_practice' WHERE fact_id = {V2}",), None, "record"),
    "change what was done": Attack((f"UPDATE trust_ledgerleaf SET act = 'delivery.repair' WHERE fact_id = {V2}",), None, "record"),
    "change a leaf's commitment": Attack((f"UPDATE trust_ledgerleaf SET commitment = sha256('x') WHERE fact_id = {V2}",), None, "record"),
    "change a leaf's link": Attack((f"UPDATE trust_ledgerleaf SET chain = sha256('x') WHERE fact_id = {V2}",), None, "record"),
    "delete a leaf in the middle": Attack((f"DELETE FROM trust_ledgerleaf WHERE fact_id = {V2}",), None, "record"),
    "delete a leaf and close the gap": Attack((
        "CREATE TEMP TABLE gap AS SELECT seq FROM trust_ledgerleaf WHERE fact_id = " + V2,
        "DELETE FROM trust_ledgerleaf WHERE seq = (SELECT seq FROM gap)",
        "UPDATE trust_ledgerleaf SET seq = -seq WHERE seq > (SELECT seq FROM gap)",
        "UPDATE trust_ledgerleaf SET seq = -seq - 1 WHERE seq < 0",
    ), None, "record"),
    "delete the last leaf": Attack((f"DELETE FROM trust_ledgerleaf WHERE seq = {LAST}",), None, ""),
    "delete the last leaf and its fact": Attack((f"DELETE FROM trust_ledgerleaf WHERE seq = {LAST}", "DELETE FROM records_delivery"), None, ""),
    "cut off the second half": Attack(("DELETE FROM trust_ledgerleaf WHERE seq > 4", "DELETE FROM records_recordsubject", "DELETE FROM records_recordrow", "DELETE FROM records_delivery"), None, ""),
    "swap two leaves": Attack((
        "UPDATE trust_ledgerleaf SET seq = -seq WHERE fact_id IN (" + V2 + ", " + V3 + ")",
        "UPDATE trust_ledgerleaf SET seq = -seq + 1 WHERE fact_id = " + V2,
        "UPDATE trust_ledgerleaf SET seq = -seq - 1 WHERE fact_id = " + V3,
    ), None, "record"),
    "swap what two leaves commit to": Attack((SWAP.format(columns="fact_id = b.fact_id, commitment = b.commitment"),), None, "record"),
    "swap two facts": Attack((
        f"CREATE TEMP TABLE pair AS SELECT id, what, reference, series, content, salt FROM records_recordrow WHERE id IN ({V2}, {V3})",
        "UPDATE records_recordrow r SET reference = p.reference, series = p.series, content = p.content, salt = p.salt FROM pair p WHERE r.id <> p.id AND r.id IN (SELECT id FROM pair)",
    ), None, "record"),
    "repeat a leaf": Attack((f"INSERT INTO trust_ledgerleaf SELECT {LAST} + 1, at, act, by, purpose, fact_kind, fact_id, commitment, chain FROM trust_ledgerleaf WHERE fact_id = {V2}",), None, "record"),
    "a leaf of no known kind": Attack((f"INSERT INTO trust_ledgerleaf SELECT {LAST} + 1, at, act, by, purpose, 'rumour', 'rum-1', commitment, chain FROM trust_ledgerleaf WHERE seq = 1",), None, "rumour"),
    "take a person's role back": Attack(("UPDATE records_personrow SET role = 'grandmother' WHERE reference = 'P-2'",), None, "person_details"),
    "make a feed look live": Attack(("UPDATE records_coveragerow SET live_to = NULL, live_from = '2000-01-01'",), None, "coverage"),
    "hide a delivery's quarantine": Attack(("UPDATE records_delivery SET quarantined = 1, loaded = loaded - 1",), None, "delivery"),
}  # fmt: skip


@pytest.fixture
def ledger(own_database: Any, deliver: Callable[..., Any], as_superuser: Any) -> Any:
    """A ledger with one delivery in it; gives the connection of the thief."""
    report = deliver(
        "feed.csv",
        as_csv([{**row, "role": "mother" if row.get("reference") == "P-2" else ""} for row in ROWS]),
    )
    assert report.loaded == len(ROWS), report.issues
    return as_superuser


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_an_attack_is_found_and_the_place_is_named(ledger: Any, attack: Attack) -> None:
    from wholechild.trust.queries import verify

    expected = ledger.execute(f"SELECT seq FROM trust_ledgerleaf WHERE fact_id = {V2}").fetchone()[0]
    for statement in attack.statements:
        ledger.execute(statement)
    verdict = verify()
    assert not verdict.ok
    bad = verdict.first_bad
    assert bad is not None
    assert bad.fact_kind == attack.kind, bad
    if attack.kind == "record" and "repeat" not in attack.statements[0]:
        assert bad.seq in (expected, expected + 1) or "INSERT" in attack.statements[0], bad
    if attack.seq is not None:
        assert bad.seq == attack.seq


def test_an_untouched_ledger_is_whole(ledger: Any) -> None:
    from wholechild.trust.queries import verify

    for _ in range(20):
        verdict = verify()
        assert verdict.ok, verdict.first_bad
    assert verdict.leaves == len(ROWS) + 2


def test_a_ledger_computed_anew_is_found_only_by_a_head_kept_elsewhere(ledger: Any) -> None:
    """What a plain chain cannot see, said out loud: whoever rewrites everything leaves no trace inside."""
    from wholechild.trust import ledger as arithmetic
    from wholechild.trust.queries import fact_tables, head, verify

    kept = head()
    ledger.execute(f"UPDATE records_recordrow SET what = 'Seen, all well.' WHERE id = {V2}")
    _rechain(ledger, arithmetic, {model.ledger_kind: model for model in fact_tables()})
    assert verify().ok
    verdict = verify(expect=kept)
    assert not verdict.ok
    assert verdict.first_bad is not None
    assert verdict.first_bad.seq == kept.leaves


def _rechain(ledger: Any, arithmetic: Any, models: dict[str, Any]) -> None:
    """Commit to every fact as it now stands, and link the leaves anew, checkpoint included."""
    link = arithmetic.GENESIS
    leaves = ledger.execute(
        "SELECT seq, act, by, purpose, at, fact_kind, fact_id FROM trust_ledgerleaf ORDER BY seq"
    ).fetchall()
    for seq, act, by, purpose, at, kind, fact in leaves:
        row = models[kind].objects.get(pk=fact)
        commitment = arithmetic.commit(bytes(row.salt), row.canonical())
        link = arithmetic.link(
            link, arithmetic.Act(act, by, purpose, at).digest(), seq, kind, fact, commitment
        )
        ledger.execute(
            "UPDATE trust_ledgerleaf SET commitment = %s, chain = %s WHERE seq = %s", [commitment, link, seq]
        )
    ledger.execute("UPDATE trust_ledgercheckpoint SET head = %s", [link])


def test_the_command_names_the_first_bad_and_exits_1(ledger: Any, wholechild: Callable[..., Any]) -> None:
    import json

    assert wholechild("verify").exit_code == 0
    ledger.execute(f"UPDATE records_recordrow SET what = 'Seen, all well.' WHERE id = {V2}")
    result = wholechild("verify", "--json")
    assert result.exit_code == 1
    said = json.loads(result.stdout)
    assert (said["ok"], said["leaves"]) == (False, len(ROWS) + 2)
    assert said["first_bad"]["fact_kind"] == "record"
    assert "all well" not in result.output
