"""What the ordinary area sends: the same bytes every time, rows that fit together, and nobody who could be real."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from nhs_number import REGION_SYNTHETIC, is_valid

from wholechild.lib.civil import civil, parse_period
from wholechild.vocabulary.terms import vocabulary
from wholechild.world.area import Made, Plan, make
from wholechild.world.identifiers import POSTCODE_AREA, NhsNumbers, phone, postcode
from wholechild.world.rates import Rates, rates

#: Every postcode area that the Royal Mail uses.
REAL_AREAS = set(
    "AB AL B BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH EN EX FK FY G GL GU "
    "GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG NN NP NR NW OL OX PA PE "
    "PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA WC WD WF WN WR WS WV YO ZE".split()
)
PLAN = Plan(400, seed=3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _made(tmp_path_factory.mktemp("feeds"))[0]


def _made(folder: Path, plan: Plan = PLAN, figures: Rates | None = None) -> tuple[Path, Made]:
    *_, made = make(plan, folder, figures)
    return folder, made


def _rows(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob("*.ndjson")):
        with path.open(encoding="utf-8") as stream:
            yield from map(json.loads, stream)


def _agency(row: dict[str, Any]) -> str:
    return "/".join(part for part in (row["agency"], row["area"], row.get("unit", "")) if part)


def _bytes(folder: Path) -> dict[str, str]:
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


# -- the same every time ------------------------------------------------------------------------------------------


def test_the_same_plan_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    assert _bytes(folder) == _bytes(_made(tmp_path)[0])


def test_another_seed_gives_other_families(folder: Path, tmp_path: Path) -> None:
    assert _bytes(folder)["gp.ndjson"] != _bytes(_made(tmp_path, Plan(400, seed=4))[0])["gp.ndjson"]


def test_one_figure_changed_leaves_other_sides_of_life_as_they_were(folder: Path, tmp_path: Path) -> None:
    changed = _bytes(
        _made(tmp_path, figures=rates().with_input("fractures", dict.fromkeys(range(18), 900)))[0]
    )
    kept = _bytes(folder)
    assert changed["hospital_ed.ndjson"] != kept["hospital_ed.ndjson"]
    for name in ("school.ndjson", "police.ndjson", "midwifery.ndjson", "registrar.ndjson"):
        assert changed[name] == kept[name], name


def test_what_is_counted_is_what_is_written(tmp_path: Path) -> None:
    folder, made = _made(tmp_path, Plan(120, seed=9))
    assert made.records == sum(row["row"] == "record" for row in _rows(folder))
    assert {path.name for path in made.paths} == {path.name for path in folder.glob("*.ndjson")}


# -- rows that fit together ---------------------------------------------------------------------------------------


def test_everybody_is_introduced_before_they_are_named(folder: Path) -> None:
    known: set[tuple[str, str]] = set()
    for row in _rows(folder):
        agency = _agency(row)
        if row["row"] == "person":
            known.add((agency, row["reference"]))
        for name in (row.get("subject"), row.get("other"), *row.get("also_about", ())):
            assert name is None or (agency, name) in known, (agency, row["reference"])


def test_a_reference_is_used_again_only_for_a_new_version(folder: Path) -> None:
    seen: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in _rows(folder):
        if row["row"] == "coverage":
            continue
        key = (_agency(row), row["row"], row["reference"])
        assert row["row"] in ("person", "residence") or key not in seen, key
        assert row != seen.get(key), key
        seen[key] = row


def test_every_word_is_in_the_vocabulary(folder: Path) -> None:
    words = vocabulary()
    for row in _rows(folder):
        assert row["agency"] in words.agency_kinds
        if row["row"] == "record":
            assert row["kind"] in words.kinds, row["kind"]
            assert set(row.get("measures", ())) <= set(words.measures)
            assert set(row.get("values", ())) <= set(words.facts)
            assert "informant" not in row or row["informant"] in words.informants, row["informant"]
            for name, value in row.get("measures", {}).items():
                assert words.measures[name].least <= value <= words.measures[name].most, (name, value)
        elif row["row"] == "tie":
            assert row["relation"] in words.relations


def test_nothing_is_written_before_it_happened_or_outside_the_window(folder: Path) -> None:
    window = PLAN.window
    for row in _rows(folder):
        if "written_at" not in row:
            continue
        written = datetime.fromisoformat(row["written_at"])
        assert window.start <= written.date().toordinal() < window.end
        if row["row"] == "record":
            happened = parse_period(row["happened"])
            assert happened.starts <= civil(written), row["reference"]
            assert happened.last <= written.date(), row["reference"]


def test_nobody_is_recorded_before_birth(folder: Path) -> None:
    born: dict[tuple[str, str], str] = {}
    early = total = 0
    for row in _rows(folder):
        if row["row"] == "person":
            born[_agency(row), row["reference"]] = row["born"]
        elif row["row"] == "record":
            total += 1
            early += row["happened"] < born[_agency(row), row["subject"]][: len(row["happened"])]
    assert early / total < 0.01  # slips in dates of birth, and nothing else


def test_every_agency_covers_its_time_and_can_be_reached(folder: Path) -> None:
    covered = {_agency(row): row["from"] for row in _rows(folder) if row["row"] == "coverage"}
    contacts = json.loads((folder / "contacts.json").read_text(encoding="utf-8"))
    assert set(contacts) == set(covered)
    assert {_agency(row) for row in _rows(folder)} == set(covered)
    assert set(covered.values()) == {date.fromordinal(PLAN.window.start).isoformat()}
    assert all(contact["hours"] and contact["contact_role"] for contact in contacts.values())


def test_with_gaps_some_feeds_begin_late_and_send_nothing_earlier(tmp_path: Path) -> None:
    folder, _ = _made(tmp_path, Plan(200, seed=5, gaps=True))
    since: dict[str, str] = {}
    for row in _rows(folder):
        if row["row"] == "coverage":
            since[_agency(row)] = row["from"]
        else:
            assert row["written_at"][:10] >= since[_agency(row)]
    assert len(set(since.values())) > 1


# -- nobody who could be real -------------------------------------------------------------------------------------


def test_nhs_numbers_are_of_the_range_kept_for_tests_and_each_is_one_person(folder: Path) -> None:
    people: defaultdict[str, set[str]] = defaultdict(set)
    for row in _rows(folder):
        if row["row"] == "person" and "nhs_number" in row:
            number = row["nhs_number"]
            assert is_valid(number, for_region=REGION_SYNTHETIC), number
            people[number].add(row["sex"] + row["born"][:4])
    assert people
    assert all(len(same) == 1 for same in people.values())


def test_nhs_numbers_do_not_repeat() -> None:
    numbers = NhsNumbers(seed=1)
    taken = [numbers.take() for _ in range(20_000)]
    assert len(set(taken)) == len(taken)


def test_telephone_numbers_ring_nowhere(folder: Path) -> None:
    contacts = json.loads((folder / "contacts.json").read_text(encoding="utf-8"))
    numbers = [contact["phone"] for contact in contacts.values()] + [phone(n) for n in (0, 999, 1000)]
    assert all(re.fullmatch(r"01632 960\d{3}", number) for number in numbers)


def test_postcodes_are_of_no_place(folder: Path) -> None:
    assert POSTCODE_AREA not in REAL_AREAS
    codes = {row["postcode"] for row in _rows(folder) if row.get("postcode")} | {postcode(9, 9, 399)}
    assert all(re.fullmatch(rf"{POSTCODE_AREA}[1-9] \d[ABD-HJLNP-UW-Z]{{2}}", code) for code in codes)


def test_every_agency_lies_in_the_area_that_was_asked_for(tmp_path: Path) -> None:
    folder, _ = _made(tmp_path, Plan(60, seed=2, area="Eastmere"))
    assert {row["area"] for row in _rows(folder)} == {"Eastmere"}
