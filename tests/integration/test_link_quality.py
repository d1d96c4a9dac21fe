"""`wholechild link --sample`, `--report` and `--train`: what is drawn, what is counted and kept, and what is refused."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.databases import AT
from tests.feeds import as_ndjson
from tests.integration import deciding_world as world
from tests.integration.worlds import HOSPITAL, POLICE, SCHOOL, VISITOR, sent
from wholechild.people.comparing.artefact import default_artefact

pytestmark = pytest.mark.usefixtures("rolled_back")
HEAD = "one,other,stands_for,label,note,page\n"


@pytest.fixture
def link(wholechild: Callable[..., Any]) -> Callable[..., Any]:
    def run(*arguments: object, code: int = 0) -> Any:
        result = wholechild("link", *arguments, "--json", "--now", "2026-03-02T09:00:00")
        assert result.exit_code == code, result.output
        return json.loads(result.stdout) if code in (0, 3) else result.output

    return run


def families(many: int = 40) -> str:
    """Children whom a school and a health visitor know, with a brother or sister each; some spelt otherwise, some moved and more."""
    rng, rows = Random(4), []
    given = ["Amina", "Bashir", "Carys", "Dawid", "Ewa", "Farah", "Gwen", "Hana", "Idris", "Jakub"]
    family = ["Okafor", "Nowak", "Begum", "Smith", "Evans", "Hussain", "Brown", "Kowalski"]
    for number in range(many):
        home, name = f"NM{rng.randint(1, 9)} {rng.randint(1, 9)}AB", rng.choice(family)
        for child in range(2):
            born = date(2012, 1, 1) + timedelta(days=rng.randint(0, 3_000))
            said = {
                "given_name": rng.choice(given),
                "family_name": name,
                "born": born.isoformat(),
                "postcode": home,
                "sex": rng.choice("fm"),
            }
            rows.append(sent(SCHOOL, "person", f"S-{number}-{child}", **said))
            other = (
                said
                | ({"family_name": f"{name}e"} if rng.random() < 0.2 else {})
                | ({"postcode": "EV5 5ZZ"} if rng.random() < 0.2 else {})
            )
            if (
                rng.random() < 0.1
            ):  # what nobody can find: another name, another home and a birthday that is wrong
                other |= {
                    "given_name": rng.choice(given),
                    "postcode": "EV5 5ZZ",
                    "born": (born + timedelta(days=31)).isoformat(),
                }
            rows.append(sent(VISITOR, "person", f"V-{number}-{child}", **other))
    return as_ndjson(rows)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def written(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


# -- a sample -----------------------------------------------------------------------------------------------------------------


def test_a_sample_holds_ids_and_addresses_and_no_detail_of_anybody(
    deliver: Any, link: Any, tmp_path: Path
) -> None:
    from django.urls import resolve

    deliver("1.ndjson", families(), link=True)
    said = link("--sample", 60, "--out", tmp_path / "sample.csv")
    rows = rows_of(tmp_path / "sample.csv")
    assert said["drawn"] == len(rows) > 40
    assert {tuple(row) for row in rows} == {("one", "other", "stands_for", "label", "note", "page")}
    for row in rows:
        assert row["one"] < row["other"]
        assert row["one"].startswith("who-")
        assert (row["label"], row["note"]) == ("", "")
        found = resolve(row["page"])
        assert (found.url_name, found.kwargs) == ("review", {"one": row["one"], "other": row["other"]})
    again = link("--sample", 60, "--out", tmp_path / "again.csv")
    other = link("--sample", 60, "--seed", 2, "--out", tmp_path / "other.csv")
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "sample.csv").read_bytes()
    assert (tmp_path / "other.csv").read_bytes() != (tmp_path / "sample.csv").read_bytes()
    assert again["of_kept"] == other["of_kept"] == said["of_kept"]


def test_the_pairs_below_the_line_are_those_that_share_a_key_and_weigh_too_little(deliver: Any) -> None:
    """Counted again by weighing every two that share a key, one by one."""
    from wholechild.people.arriving.queries import comparing_in_force, identities_of, rows
    from wholechild.people.comparing.keys import blocking_keys
    from wholechild.people.comparing.scoring import weigh
    from wholechild.people.quality.queries import LEAST_DRAWN, kept_pairs, pairs_below
    from wholechild.trust.viewers import system

    deliver("1.ndjson", families(), link=True)
    everybody = identities_of([identity for (identity,) in rows("SELECT id FROM people_compared")])
    artefact, slow, kept = comparing_in_force().artefact, {}, set()
    for one, other in combinations(sorted(everybody), 2):
        if set(blocking_keys(everybody[one])) & set(blocking_keys(everybody[other])):
            found = weigh(artefact, everybody[one], everybody[other])
            if found.zone == "different":
                slow[one, other] = found.weight
            else:
                kept.add((one, other))
    viewer = system("tests")
    found, share = pairs_below(viewer, Random(1))
    assert share == 1.0
    assert {(one, other): weight for one, other, weight in found} == {
        p: w for p, w in slow.items() if w >= LEAST_DRAWN
    }
    assert min(slow.values()) < LEAST_DRAWN, "some are too light to be drawn"
    assert len(found) > 10
    assert {(one, other) for one, other, _ in kept_pairs(viewer)} == kept
    some, part = pairs_below(viewer, Random(1), most=len(everybody) // 4)
    assert part == pytest.approx(0.25)
    drawn = set(Random(1).sample(sorted(everybody), len(everybody) // 4))
    assert set(some) == {pair for pair in found if pair[0] in drawn}, (
        "each pair has one chance to be drawn, and not two"
    )
    assert 0 < len(some) < len(found)


def test_a_sample_never_goes_over_a_file_that_may_hold_labels(
    deliver: Any, link: Any, tmp_path: Path
) -> None:
    deliver("1.ndjson", families(4), link=True)
    (tmp_path / "mine.csv").write_text("labels of a week")
    assert "is there already, and may hold labels" in link(
        "--sample", 60, "--out", tmp_path / "mine.csv", code=2
    )
    assert (tmp_path / "mine.csv").read_text() == "labels of a week"
    assert "Say where the sample goes" in link("--sample", 60, code=2)
    assert "there is no folder" in link("--sample", 60, "--out", tmp_path / "no" / "x.csv", code=2)


def test_where_nobody_is_alike_there_is_nothing_to_label(link: Any, tmp_path: Path) -> None:
    assert link("--sample", 60, "--out", tmp_path / "x.csv", code=3)["drawn"] == 0
    assert not (tmp_path / "x.csv").exists()


# -- a report -----------------------------------------------------------------------------------------------------------------


def truth_of(identity: str, keys: dict[str, str]) -> str:
    return keys[identity].split("-", 1)[1]


@pytest.fixture
def labelled(deliver: Any, link: Any, tmp_path: Path) -> Path:
    """A sample of the families, labelled by somebody who knows."""
    from wholechild.people.arriving.queries import rows

    deliver("1.ndjson", families(), link=True)
    link("--sample", 120, "--out", tmp_path / "sample.csv")
    local = dict(rows("SELECT id, reference FROM people_compared"))
    sample = rows_of(tmp_path / "sample.csv")
    for row in sample:
        row["label"] = "same" if truth_of(row["one"], local) == truth_of(row["other"], local) else "different"
    return written(tmp_path / "labels.csv", sample)


def test_the_report_counts_what_a_slow_count_counts_and_is_kept(link: Any, labelled: Path) -> None:
    from wholechild.people.deciding.queries import persons_now
    from wholechild.people.quality.queries import kept_reports
    from wholechild.trust.viewers import system

    said = link("--report", "--labels", labelled)
    rows = rows_of(labelled)
    person = persons_now({side for row in rows for side in (row["one"], row["other"])})
    linked = [row for row in rows if person[row["one"]] == person[row["other"]]]
    same = [row for row in rows if row["label"] == "same"]
    both = [row for row in linked if row["label"] == "same"]
    stands_for = lambda found: sum(float(row["stands_for"]) for row in found)  # noqa: E731
    assert said["labelled"] == len(rows)
    assert (said["all"]["right"], said["all"]["wrong"], said["all"]["missed"]) == (
        len(both), len(linked) - len(both), len(same) - len(both)
    )  # fmt: skip
    assert said["estimated"]["recall"]["value"] == pytest.approx(
        stands_for(both) / stands_for(same), rel=1e-3
    )
    assert said["estimated"]["precision"]["value"] == pytest.approx(
        stands_for(both) / stands_for(linked), rel=1e-3
    )
    assert 0 < said["estimated"]["recall"]["low"] < said["estimated"]["recall"]["value"] < 1, (
        "some moved and are missed"
    )
    assert set(said["by"]["sex"]) <= {"female", "male"}
    assert "english" in said["by"]["name_origin"]
    (kept,) = kept_reports(system("tests"))
    assert kept.figures == {key: value for key, value in said.items() if key != "report"}
    assert (kept.id, kept.sampled, kept.model) == (said["report"], True, default_artefact().id)
    assert link("--report", "--labels", labelled)["report"] == kept.id, (
        "the same moment and figures are kept once"
    )
    assert len(kept_reports(system("tests"))) == 1


def test_no_figure_of_a_report_names_an_identity(link: Any, labelled: Path) -> None:
    assert "who-" not in json.dumps(link("--report", "--labels", labelled))


def test_files_say_more_of_identities_and_postcodes(link: Any, labelled: Path, tmp_path: Path) -> None:
    (tmp_path / "places.csv").write_text("postcode,deprivation\nEV5 5ZZ,fifth 5\n")
    (tmp_path / "people.csv").write_text(f"identity,deprivation\n{rows_of(labelled)[0]['one']},fifth 1\n")
    said = link(
        "--report",
        "--labels",
        labelled,
        "--groups",
        tmp_path / "places.csv",
        "--groups",
        tmp_path / "people.csv",
    )
    assert set(said["by"]["deprivation"]) == {"fifth 1", "fifth 5"}
    assert link("--report", "--labels", labelled)["by"]["deprivation"] == {}


def test_a_pair_of_which_one_side_is_held_no_longer_counts_nowhere(link: Any, labelled: Path) -> None:
    rows = rows_of(labelled)
    before = link("--report", "--labels", labelled)
    written(labelled, [*rows, {**rows[0], "one": "who-000000000000000000000000"}])
    said = link("--report", "--labels", labelled, code=3)
    assert said["held_no_longer"] == 1
    assert said["all"] == before["all"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (HEAD + "a,b,1,maybe,,\n", 'labels.csv, line 2, field label: "maybe"'),
        (HEAD + "a,b,1,,,\n", "the column label is empty in every line"),
        ("one,two\n", "labels.csv, line 1: the column other is missing"),
        (b"\xff\xfe", "byte 0: this is no text in UTF-8"),
    ],
)  # fmt: skip
def test_labels_that_cannot_be_read_are_refused_with_their_place(
    link: Any, tmp_path: Path, text: str | bytes, says: str
) -> None:
    from wholechild.people.quality.queries import kept_reports
    from wholechild.trust.viewers import system

    (tmp_path / "labels.csv").write_bytes(text.encode() if isinstance(text, str) else text)
    assert says in link("--report", "--labels", tmp_path / "labels.csv", code=2)
    assert kept_reports(system("tests")) == []


def test_groups_that_cannot_be_read_are_refused_with_their_place(link: Any, tmp_path: Path) -> None:
    (tmp_path / "groups.csv").write_text("identity,colour\n")
    assert '"colour" is nothing that a report is split by' in link(
        "--report", "--groups", tmp_path / "groups.csv", code=2
    )
    (tmp_path / "truth.parquet").write_text("x")
    assert "this is no Parquet file" in link("--report", "--groups", tmp_path / "truth.parquet", code=2)
    assert "go with --report" in link("--groups", tmp_path / "groups.csv", code=2)


def test_without_labels_decisions_are_counted_and_said_to_stand_for_nothing_more(
    deliver: Any, link: Any, wholechild: Any
) -> None:
    """What two people decided binds every link there is; so it is held against what the machine would have done by itself."""
    world.load(deliver)
    nothing = link("--report")
    assert (nothing["labelled"], nothing["sampled"], nothing["zones"]) == (0, False, {})
    assert (
        "Nothing has been labelled yet. So we do not know how well linking does."
        in wholechild("link", "--report").output
    )
    world.weigh("P-1", "V-1")
    by = world.reviewer()
    world.decided("P-1", "V-1", "same", by)
    world.decided("K-1", "S-1", "different", by)
    world.decided("P-1", "S-1", "cannot_tell", by)
    said = link("--report")
    assert (said["labelled"], said["cannot_tell"]) == (3, 1)
    assert said["estimated"] == {"precision": None, "recall": None, "f1": None, "labelled_of_one_person": 0}
    assert said["all"]["right"] + said["all"]["missed"] == 1
    assert sum(zone["of"] for zone in said["zones"].values()) == 2
    assert said["unlinked"]["hospital_ed/Eastvale/Royal Infirmary"] == {
        "value": 0.0,
        "low": 0.0,
        "high": pytest.approx(0.79, abs=0.01),
        "of": 1,
    }
    assert said["unlinked"]["school/Northmoor/Oakfield Primary"]["value"] == 1.0
    assert "not known from them" in wholechild("link", "--report").output


def test_a_decision_that_was_undone_is_no_label(deliver: Any, link: Any) -> None:
    world.load(deliver)
    world.weigh("P-1", "V-1")
    by = world.reviewer()
    made = world.decided("P-1", "V-1", "same", by)
    assert link("--report")["labelled"] == 1
    world.undone(made.decision, by)
    assert link("--report")["labelled"] == 0


# -- training -------------------------------------------------------------------------------------------------------------------


def test_too_few_identities_are_not_learnt_from(deliver: Any, link: Any) -> None:
    deliver("1.ndjson", families(4), link=True)
    assert "16 identities are too few to learn from; it takes 2,000" in link("--train", code=1)
    assert link("--models") == {"models": []}


def test_a_model_is_learnt_written_kept_and_not_in_force(
    deliver: Any, link: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wholechild.cli import link_training
    from wholechild.people.batch import training

    monkeypatch.setattr(link_training, "FEWEST", 100)
    monkeypatch.setattr(training, "_LEAST_MATCHES", 20)
    deliver("1.ndjson", families(120), link=True)
    said = link("--train", "--out", tmp_path / "models")
    assert said["learnt"]
    assert (said["same"], said["possible"]) == (default_artefact().same, default_artefact().possible)
    assert said["in_force"] == default_artefact().id != said["model"]
    assert {one["field"] for one in said["changed"]} >= {"prior"}
    artefact = json.loads((tmp_path / "models" / f"{said['model']}.json").read_text())
    assert artefact["provenance"]["trained_on"] == "480 of 480 identities held here"
    card = json.loads((tmp_path / "models" / f"{said['model']}.card.json").read_text())
    (kept,) = link("--models")["models"]
    assert (kept["id"], kept["in_force"], kept["card"]) == (said["model"], False, card)
    assert card["trained_at"] == "2026-03-02T09:00:00+00:00"
    assert link()["model"] == default_artefact().id
    smaller = link("--train", "--sample-size", 300, "--out", tmp_path / "models")
    assert smaller["model"] != said["model"]


def test_where_nothing_can_be_learnt_nothing_is_kept(
    deliver: Any, link: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wholechild.cli import link_training

    monkeypatch.setattr(link_training, "FEWEST", 3)
    feed = [sent(sender, "person", "x", given_name=name, family_name=name, born="2015-03-04") for sender, name in
            ((POLICE, "Ann"), (HOSPITAL, "Bob"), (SCHOOL, "Cy"), (VISITOR, "Di"))]  # fmt: skip
    deliver("1.ndjson", as_ndjson(feed), link=True, at=AT)
    assert "Nothing was learnt" in link("--train", "--out", tmp_path / "models", code=1)
    assert link("--models") == {"models": []}
    assert not (tmp_path / "models").exists()
