"""The population to link: alike by seed, nobody's numbers, and every promised share derived again from the files alone."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from click.testing import CliRunner
from nhs_number import is_valid

from wholechild.cli.main import cli
from wholechild.cli.processes import in_processes
from wholechild.world.population import asked, places
from wholechild.world.population.measured import found
from wholechild.world.population.recording import Tally
from wholechild.world.population.writing import Made, Plan, write

PEOPLE = 30_000


@dataclass(frozen=True)
class Population:
    made: Made
    identities: list[dict[str, Any]]
    truth: list[dict[str, Any]]
    people: dict[str, dict[str, Any]]
    rates: dict[str, Any]

    def records(self) -> Iterator[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
        """What is held, the truth about it, and the person: of the born who are called something."""
        for held, truth in zip(self.identities, self.truth, strict=True):
            if truth["role"] != "unborn":
                yield held, truth, self.people[truth["person"]]


def made(
    folder: Path, profile: str = "usual", people: int = PEOPLE, seed: int = 7, processes: int = 2
) -> Made:
    *_, last = write(Plan(people, seed, profile), folder, in_processes if processes > 1 else map)
    assert last is not None
    return last


@pytest.fixture(scope="module", params=["usual", "gathered"])
def population(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Population:
    folder = tmp_path_factory.mktemp("population")
    last = made(folder, request.param)
    tables = {path.stem: pq.read_table(path).to_pylist() for path in folder.iterdir()}
    rates = yaml.safe_load((asked.FOLDER / f"{request.param}.yaml").read_text(encoding="utf-8"))
    return Population(
        last, tables["identities"], tables["truth"], {p["person"]: p for p in tables["people"]}, rates
    )


def test_the_same_seed_gives_the_same_population_with_one_process_or_two(tmp_path: Path) -> None:
    digests = {made(tmp_path / str(number), people=12_000, processes=number).digest for number in (1, 2)}
    assert len(digests) == 1
    alike = [
        (tmp_path / one / f"{name}.parquet").read_bytes()
        for name in ("identities", "truth", "people")
        for one in "12"
    ]
    assert alike[::2] == alike[1::2]
    assert made(tmp_path / "other", people=12_000, seed=8).digest not in digests


def test_errors_are_drawn_apart_from_people(tmp_path: Path) -> None:
    """Another profile is other errors about the same people."""
    people = []
    for profile in ("usual", "gathered"):
        made(tmp_path / profile, profile, people=3_000)
        people.append((tmp_path / profile / "people.parquet").read_bytes())
    assert people[0] == people[1]


def test_every_identity_has_one_truth_and_shows_none_of_it(population: Population) -> None:
    ids = [one["id"] for one in population.identities]
    assert ids == [one["identity"] for one in population.truth]
    assert len(set(ids)) == len(ids) == population.made.identities
    assert not {"person", "household", "slips", "twin"} & set(population.identities[0])
    # Records of one person do not stand together.
    neighbours = sum(
        one["person"] == other["person"]
        for one, other in zip(population.truth, population.truth[1:], strict=False)
    )
    assert neighbours < len(ids) / 500


def test_nothing_is_anybodys(population: Population) -> None:
    for one in population.people.values():
        assert one["nhs_number"] == "" or (
            one["nhs_number"].startswith("999") and is_valid(one["nhs_number"])
        )
        assert all(
            re.match(r"(N[MBDFHJKV]|Q[ADFH]|V[BDFH])\d \d[A-Z]{2}$", postcode)
            for postcode in one["postcodes"]
        )
        assert one["uprn"].startswith("999")
        assert one["upn"] == "" or one["upn"][1:4] == "000"
    numbers = Counter(one["nhs_number"] for one in population.people.values() if one["nhs_number"])
    assert max(numbers.values()) == 1
    for one in population.identities:
        assert all(mail.endswith(("@example.org", "@example.com", "@example.net")) for mail in one["emails"])
        assert all(phone.startswith((*places.DRAMA, "01632 960")) for phone in one["phones"])


def test_pupil_numbers_have_right_check_letters() -> None:
    digits = places.upn(1_234_567, 14)
    total = sum(int(digit) * weight for weight, digit in enumerate(digits[1:], start=2))
    assert digits[0] == "ABCDEFGHJKLMNPQRTUVWXYZ"[total % 23]
    assert len({places.upn(number, 14) for number in range(50_000)}) == 50_000


def test_families_are_families(population: Population) -> None:
    homes = defaultdict(list)
    for one in population.people.values():
        homes[one["household"]].append(one)
    mothers = {
        home: next((p for p in people if p["role"] == "mother"), None) for home, people in homes.items()
    }
    ages = [(child["born"] - mother["born"]).days / 365.25
            for home, mother in mothers.items() if mother for child in homes[home] if child["role"] in ("child", "unborn")]  # fmt: skip
    assert 14.9 < min(ages) < 20
    assert 27 < sum(ages) / len(ages) < 34
    births = Counter(
        (one["household"], one["born"]) for one in population.people.values() if one["role"] == "child"
    )
    twins = {one["person"] for one in population.truth if one["twin"] and one["role"] == "child"}
    assert (
        0.022
        < len(twins) / len({one["person"] for one in population.truth if one["role"] == "child"})
        < 0.039
    )
    assert 0.008 < sum(many > 1 for many in births.values()) / len(births) < 0.020
    roles = Counter(one["role"] for one in population.people.values())
    assert roles["unborn"] > 0.005 * PEOPLE
    assert any(one["adopted"] for one in population.truth)
    # Blended: some children of one household have several family names, some men belong to two homes.
    names = [{p["family"] for p in people if p["role"] == "child"} for people in homes.values()]
    assert sum(len(several) > 1 for several in names) > len(names) / 100


def test_a_third_has_no_nhs_number(population: Population) -> None:
    missing = sum(one["nhs_number"] == "" for one in population.identities) / len(population.identities)
    assert 0.28 < missing < 0.45


def plain(text: str) -> str:
    for letter, instead in {"ł": "l", "Ł": "L", "ı": "i", "đ": "d", "Đ": "D", "ø": "o", "ß": "ss"}.items():
        text = text.replace(letter, instead)
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c)).upper()


def swapped(held: dict[str, Any], person: dict[str, Any]) -> bool:
    return plain(held["given_names"]) == plain(person["family"]) and plain(held["family_name"]).startswith(
        plain(person["given"])
    )


PLACEHOLDERS = {
    "BABY",
    "INFANT",
    "BABY BOY",
    "BABY GIRL",
    "TWIN 1",
    "TWIN 2",
    "NEWBORN",
    "UNKNOWN",
    "NOT KNOWN",
    "NK",
    "TEST",
    "CHILD",
    "ANON",
    "X",
}

Question = Callable[[dict[str, Any], dict[str, Any]], bool | None]


def born_question(
    wrong: Callable[[Any, Any], bool], may: Callable[[Any], bool] = lambda born: True
) -> Question:
    def ask(held: dict[str, Any], person: dict[str, Any]) -> bool | None:
        if held["born"] is None or not may(person["born"]):
            return None
        return wrong(held["born"], person["born"])

    return ask


def can_swap(born: Any) -> bool:
    return born.day <= 12 and born.day != born.month


def one_off(held: Any, born: Any) -> bool:
    same = [held.day == born.day, held.month == born.month, held.year == born.year]
    return sum(same) == 2 and not (held.day == 1 and held.month == 1)


def number_question(others: bool) -> Question:
    def ask(held: dict[str, Any], person: dict[str, Any]) -> bool | None:
        if not held["nhs_number"]:
            return None
        near = sum(a != b for a, b in zip(held["nhs_number"], person["nhs_number"], strict=True)) <= 2
        return held["nhs_number"] != person["nhs_number"] and near != others

    return ask


def given_first(held: dict[str, Any], person: dict[str, Any]) -> str:
    """The name that stands for the given name, or "" for a placeholder or names that changed places."""
    text = plain(held["given_names"])
    return "" if text in PLACEHOLDERS or swapped(held, person) else text


def known_as(held: dict[str, Any], person: dict[str, Any]) -> bool | None:
    given, known = given_first(held, person), plain(person["known_as"])
    if not given or not known or known.startswith(plain(person["given"])):
        return None
    return given.split()[0] == known


#: Shares that one can see in the files: what was held beside what is true. None: it could not have happened here.
SEEN: dict[str, Question] = {
    "sex_wrong": lambda held, person: held["sex"] != person["sex"] if held["sex"] else None,
    "first_january": born_question(lambda held, born: (held.day, held.month, held.year) == (1, 1, born.year),
                                   lambda born: (born.day, born.month) != (1, 1)),
    "born_placeholder": born_question(lambda held, born: held.year == 1900),
    "day_month_swapped": born_question(lambda held, born: (held.day, held.month) == (born.month, born.day), can_swap),
    "one_field_off": born_question(one_off, lambda born: not can_swap(born)),
    "nhs_digit_wrong": number_question(others=False),
    "nhs_of_another": number_question(others=True),
    "names_swapped": lambda held, person: swapped(held, person) if plain(held["given_names"]) not in PLACEHOLDERS else None,
    "known_as_used": known_as,
    "initial_only": lambda held, person: len(given_first(held, person).split()[0]) == 1 if given_first(held, person) else None,
    "upper_case": lambda held, person: held["given_names"] == held["given_names"].upper() if len(held["given_names"]) > 3 else None,
    "former_name": lambda held, person: plain(held["family_name"]) == plain(person["former"][0]) if person["former"] else None,
    "old_address": lambda held, person: (
        held["postcode"] in person["postcodes"][:-1]
        if len(person["postcodes"]) > 1 and not person["other_home"] and held["postcode"] and person["postcodes"][-1] not in person["postcodes"][:-1]
        else None
    ),
    "postcode_typo": lambda held, person: held["postcode"] not in (*person["postcodes"], person["other_home"]) if held["postcode"] else None,
    "phone_of_office": lambda held, person: held["phones"][0].startswith("01632") if held["phones"] else None,
    "email_of_office": lambda held, person: held["emails"][0].startswith("office") if held["emails"] else None,
}  # fmt: skip

#: The same for fields: whether they are held, of those for whom there is something to hold.
HELD: dict[str, Question] = {
    "born": lambda held, person: held["born"] is not None,
    "sex": lambda held, person: bool(held["sex"]),
    "nhs_number": lambda held, person: bool(held["nhs_number"]) if person["nhs_number"] else None,
    "upn": lambda held, person: bool(held["upn"]) if person["upn"] else None,
    "postcode": lambda held, person: bool(held["postcode"]),
    "uprn": lambda held, person: bool(held["uprn"]) if held["postcode"] else None,
    "address": lambda held, person: bool(held["address"]) if held["postcode"] else None,
    "phones": lambda held, person: bool(held["phones"]) if person["phones"] else None,
    "emails": lambda held, person: bool(held["emails"]) if person["emails"] else None,
}


@pytest.mark.parametrize(
    ("section", "share"), [*(("slips", name) for name in SEEN), *(("fields", name) for name in HELD)]
)
def test_each_promised_share_is_in_the_files(population: Population, section: str, share: str) -> None:
    question = (SEEN if section == "slips" else HELD)[share]
    asked_of = population.rates[section][share]["rates"]
    times = population.rates["shape"]["by_origin"].get(share, {}) if section == "slips" else {}
    seen: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for held, truth, person in population.records():
        answer = question(held, person)
        if answer is not None:
            totals = seen[held["agency"]]
            totals[0] += 1
            totals[1] += asked_of.get(held["agency"], 0.0) * times.get(truth["origin"], 1.0)
            totals[2] += answer
    assert seen, "nobody to whom it could happen"
    for agency, (rolls, wanted, came) in seen.items():
        # What is seen differs a little from what was rolled: another slip may hide this one, or look like it.
        slack = 4.5 * math.sqrt(max(wanted, 1.0)) + 0.13 * wanted + 0.0012 * rolls
        assert abs(came - wanted) <= slack, (
            f"{share} at {agency}: asked {wanted / rolls:.4f}, found {came / rolls:.4f} of {rolls:.0f}"
        )


def test_names_are_wrong_as_often_as_promised(population: Population) -> None:
    """Mistyped and re-spelt given names together, as only the truth's own list of slips tells them apart."""
    wrong: Counter[str] = Counter()
    noted: Counter[str] = Counter()
    of: Counter[str] = Counter()
    for held, truth, person in population.records():
        text = given_first(held, person)
        if text and len(person["given"]) > 2 and " " not in person["given"]:
            usual = {
                plain(name)
                for name in (person["given"], person["known_as"], *person["middle"], person["given"][0])
            }
            of[held["agency"]] += 1
            wrong[held["agency"]] += text.split()[0] not in usual
            noted[held["agency"]] += bool({"given_typo", "given_variant"} & set(truth["slips"]))
    for agency, many in of.items():
        assert abs(wrong[agency] - noted[agency]) <= 0.1 * noted[agency] + 3, agency
        assert wrong[agency] / many >= population.rates["slips"]["given_typo"]["rates"][agency] * 0.7


def test_what_came_out_is_what_was_asked(population: Population) -> None:
    outside = [one for one in population.made.found if not one.within]
    assert outside == []
    assert {one.id for one in population.made.found if one.section == "slips"} == set(
        population.rates["slips"]
    )


def test_a_share_that_does_not_come_up_is_told() -> None:
    """A planted fault: rolls that come up half as often as asked."""
    tally = Tally()
    for roll in range(20_000):
        tally.roll(("slips", "sex_wrong", "gp"), 0.02, roll % 100 == 0)
    assert not found(asked.profile("usual"), tally)[0].within


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"slips": {"sex_wrong": {"title": "t", "given": "g", "rates": {"gp": 1.5}, "source": "s"}}}, "1.5 is not a share"),
        ({"slips": {"sex_wrong": {"title": "t", "given": "g", "rates": {"hospital": 0.1}, "source": "s"}}}, "hospital: 0.1 is not"),
        ({"slips": {"sex_wrong": {"title": "t", "given": "g", "rates": {"gp": 0.1}, "source": " "}}}, "source is missing"),
        ({"shape": {"carelessness": 0.3, "gaps_follow": False, "typo_kinds": {}, "by_origin": {"given_typo": {"elf": 2}}}}, "elf is not a community"),
    ],
)  # fmt: skip
def test_a_faulty_profile_is_refused_with_its_place(
    tmp_path: Path, change: dict[str, Any], says: str
) -> None:
    document = yaml.safe_load((asked.FOLDER / "usual.yaml").read_text(encoding="utf-8")) | change
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    with pytest.raises(asked.FaultyProfile, match=re.escape(says)):
        asked.read(path)


def test_every_figure_has_its_source() -> None:
    for name in asked.profiles():
        for one in asked.profile(name):
            assert one.source, f"{name}: {one.id}"


def test_the_command_writes_it_and_says_what_came_out(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        cli, ["seed-world", "--people", "2000", "--seed", "3", "--out", str(tmp_path / "out"), "--json"]
    )
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["people"] == 2000
    assert told["identities"] == pq.read_metadata(tmp_path / "out" / "identities.parquet").num_rows
    assert {"asked", "found", "of", "within"} <= set(told["rates"][0])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--seed", "1"], "--children for an area, or --people"),
        (["--seed", "1", "--people", "10"], "say where with --out"),
        (["--seed", "1", "--people", "10", "--children", "10", "--out", "x"], "leave out --children"),
    ],
)
def test_the_command_says_what_to_do(arguments: list[str], says: str) -> None:
    done = CliRunner().invoke(cli, ["seed-world", *arguments])
    assert done.exit_code == 2
    assert says in done.output


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = CliRunner().invoke(cli, ["seed-world", "--people", "10", "--seed", "1", "--out", str(tmp_path)])
    assert done.exit_code == 1
    assert "is not empty" in done.output
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
