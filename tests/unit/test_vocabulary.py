"""The shared words: what the published cases and the lessons use is known, and the checker finds each sort of fault."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from wholechild.cli.vocabulary import PAGE, command
from wholechild.config.paths import CASES, LESSONS
from wholechild.vocabulary.check import check
from wholechild.vocabulary.documents import VocabularyFault
from wholechild.vocabulary.reference import reference_page, seen_words
from wholechild.vocabulary.terms import DATA, TABLES, Kind, load, relation_from_role, vocabulary

# -- what the published cases use ----------------------------------------------------------------------------------


def _cases() -> dict[str, dict[str, Any]]:
    return {
        path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(CASES.glob("*.yaml"))
    }


def _used(key: str) -> list[str]:
    events = (event for case in _cases().values() for event in (*case["events"], *case["undated"]))
    return sorted({event[key] for event in events})


@pytest.mark.parametrize("kind", _used("kind"))
def test_every_kind_of_the_cases_is_known_by_its_own_name(kind: str) -> None:
    found = vocabulary().kind(kind)
    assert found is not None
    assert found.id == kind


@pytest.mark.parametrize("agency", _used("agency"))
def test_every_agency_of_the_cases_is_of_a_known_kind(agency: str) -> None:
    found = vocabulary().agency_kind(agency)
    assert found is not None
    assert agency.startswith(found.id)


CASE_RELATIONS = {
    ("khan", "child"): "child",
    ("khan", "mother"): "mother",
    ("khan", "father"): "father",
    ("khan", "older_brother"): "sibling",
    ("khan", "younger_siblings"): "sibling",
    ("khan", "siblings"): "sibling",
    ("pelka", "child"): "child",
    ("pelka", "mother"): "mother",
    ("pelka", "father"): "father",
    ("pelka", "second_partner"): "partner_of_parent",
    ("pelka", "partner"): "partner_of_parent",
    ("pelka", "older_sibling"): "sibling",
    ("pelka", "younger_sibling"): "sibling",
    ("williams", "child"): "child",
    ("williams", "mother"): "mother",
    ("williams", "partner"): "partner_of_parent",
    ("williams", "older_siblings"): "sibling",
    ("williams", "grandfather"): "grandparent",
}


def test_every_person_of_the_cases_has_the_relation_that_a_reader_would_give() -> None:
    found = {
        (name, person["id"]): relation_from_role(person["id"], person["role"])
        for name, case in _cases().items()
        for person in case["people"]
    }
    assert {who: relation and relation.id for who, relation in found.items()} == CASE_RELATIONS


# -- other words for people ----------------------------------------------------------------------------------------

IDS = {
    "aunt_or_uncle": "aunt uncle great_aunt maternal_aunt mothers_brother fathers_sister uncle_by_marriage",
    "adoptive_parent": "adoptive_mother adopters prospective_adopters",
    "carer": "carer main_carer male_carer",
    "child": "the_child subject_child infant toddler baby young_person",
    "father": "birth_father dad putative_father absent_father",
    "foster_carer": "foster_carer foster_carers former_foster_carer foster_mother private_foster_carer",
    "foster_sibling": "foster_brother foster_child foster_carers_son",
    "friend_of_family": "family_friend mothers_friend neighbour babysitter godmother",
    "grandparent": "maternal_grandmother paternal_grandfather great_grandmother nan granddad mgm mothers_mother",
    "half_sibling": "half_brother older_half_sibling younger_half_sister adult_half_brother mothers_older_son",
    "kinship_carer": "kinship_carer connected_person_carer",
    "lodger": "lodger male_lodger tenant au_pair",
    "mother": "birth_mother mum teenage_mother",
    "other_adult": "other_adult unknown_man adult_male perpetrator",
    "other_relative": "cousin nephew mother_in_law extended_family partners_mother grandmothers_partner",
    "parent_of_half_sibling": "father_of_half_sibling siblings_father mother_of_half_siblings",
    "partner_of_parent": "boyfriend mothers_ex_partner fathers_girlfriend partner_2 new_partner co_habitee husband",
    "professional": "teacher social_worker childminder family_support_worker",
    "sibling": "brother sister twin twin_brother baby_sister new_baby newborn sibling_1 eldest_child deceased_sibling",
    "special_guardian": "special_guardian legal_guardian",
    "step_father": "stepfather step_father mothers_husband",
    "step_mother": "stepmother fathers_new_wife",
    "step_sibling": "step_brother stepsister partners_children",
    "unborn_sibling": "unborn_baby unborn_sibling",
    "unrelated_adult_in_home": "man_in_house housemate",
}


@pytest.mark.parametrize(
    ("person", "relation"), [(person, name) for name, people in IDS.items() for person in people.split()]
)
def test_a_role_id_by_itself_says_what_a_person_is_to_the_child(person: str, relation: str) -> None:
    found = relation_from_role(person, "")
    assert found is not None
    assert found.id == relation


WORDS = [
    ("person_b", "the child's stepfather", "step_father"),
    ("person_b", "mother's partner's brother, staying at the flat", "other_relative"),
    ("adult_1", "mother’s partner from 2010", "partner_of_parent"),
    ("m1", "the mother of the child", "mother"),
    ("m1", "father of the children", "father"),
    ("m1", "father of the two older children", "parent_of_half_sibling"),
    ("m1", "adult son of the mother's partner", "step_sibling"),
    ("m1", "mother of the child's father", "grandparent"),
    ("m1", "brother of the mother", "aunt_or_uncle"),
    ("m1", "mother's older daughter", "half_sibling"),
    ("m1", "partner of the grandmother", "other_relative"),
    ("m1", "daughter of the foster carer", "foster_sibling"),
    ("m1", "a man known to the mother, convicted of violence", "other_adult"),
    ("m1", "older half-brother, lives with his father", "half_sibling"),
    ("baby", "the baby, younger half-brother of the child", "half_sibling"),
    ("child_2", "the child's twin", "sibling"),
    ("child_2", "lives with the mother", "child"),
    ("father", "separated after an assault on the mother", "father"),
]


@pytest.mark.parametrize(("person", "role", "relation"), WORDS)
def test_the_words_beside_an_id_are_read_where_the_id_says_too_little(
    person: str, role: str, relation: str
) -> None:
    found = relation_from_role(person, role)
    assert found is not None
    assert found.id == relation


@pytest.mark.parametrize("role", ["", "lives with mother", "visited at the weekend"])
def test_nothing_is_made_of_words_that_do_not_say(role: str) -> None:
    assert relation_from_role("x", role) is None


# -- what the lessons use ------------------------------------------------------------------------------------------


def _patterns(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        of = node.get("of", ())
        yield from of if isinstance(of, list | tuple) else [of]
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _patterns(inner)


def _of_the_lessons() -> list[tuple[str, str]]:
    lessons = {path.parent.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in _lesson_files()}
    return sorted({(name, pattern) for name, lesson in lessons.items() for pattern in _patterns(lesson)})


def _lesson_files() -> list[Path]:
    return sorted(LESSONS.glob("*/lesson.yaml"))


@pytest.mark.parametrize(("lesson", "pattern"), _of_the_lessons())
def test_every_pattern_of_a_lesson_means_some_kind(lesson: str, pattern: str) -> None:
    assert vocabulary().matching(pattern)


# -- looking words up ----------------------------------------------------------------------------------------------


def test_a_kind_is_found_by_another_name_and_never_by_the_nearest() -> None:
    words = vocabulary()
    named = next(kind for kind in words.kinds.values() if kind.aliases)
    assert words.kind(named.aliases[0]) is named
    assert words.kind("injury.no_such_thing") is None


def test_an_agency_is_found_however_it_is_written() -> None:
    found = [
        vocabulary().agency_kind(name)
        for name in ("Hospital ED", "hospital-ed", "A_and_E", "casualty_northmoor")
    ]
    assert [kind and kind.id for kind in found] == ["hospital_ed"] * 4
    assert vocabulary().agency_kind("blacksmith") is None


def test_an_agency_that_the_source_does_not_name_is_never_one_of_its_own() -> None:
    unsure = {kind.id for kind in vocabulary().agency_kinds.values() if not kind.attributable}
    assert unsure == {"not_stated", "health_unspecified", "multi"}


def test_a_word_is_known_only_while_it_is_in_force() -> None:
    words = vocabulary()
    assert "mash" not in words.as_of(date(2005, 1, 1)).agency_kinds
    assert "mash" in words.as_of(date(2020, 1, 1)).agency_kinds


def test_what_a_kind_says_of_being_seen_is_put_in_words() -> None:
    def kind(**said: bool) -> Kind:
        return Kind(id="x.y", title="", family="x", sectors=(), dimension="", nature="", **said)  # type: ignore[arg-type]

    assert seen_words(kind()) == "\N{EN DASH}"
    assert seen_words(kind(seen=True)) == "seen"
    assert seen_words(kind(seen=False)) == "not seen"
    assert seen_words(kind(seen=True, seen_alone=True, spoken_to=True)) == "seen alone, spoken to"
    assert seen_words(kind(seen=True, seen_alone=False, spoken_to=False)) == "seen, not alone, not spoken to"


# -- the checker ---------------------------------------------------------------------------------------------------


def test_our_own_vocabulary_has_no_faults() -> None:
    assert [str(fault) for fault in check(DATA)] == []


#: A vocabulary of a few words without a fault. The tests below plant one fault each.
SOUND = {
    "kinds/injury.yaml": """
        family: injury
        title: Injury
        about: Marks on the child.
        defaults: {sectors: [hospital], dimension: safety, nature: concern, seen: true}
        entries:
          injury.burn: {title: Burn, description: A burn., asserts: {mechanism: heat}, aliases: [injury.scald]}
          injury.bruise: {title: Bruise, description: A bruise.}
        """,
    "kinds/birth.yaml": """
        family: birth
        title: Birth
        entries:
          birth: {title: Birth, description: The child is born., sectors: [hospital], dimension: safety, nature: neutral}
        """,
    "facts.yaml": """
        entries:
          mechanism: {title: How it came about, use: attribute, values: [heat, fall]}
          hurt: {title: Hurt, use: state, opened_by: ["injury.*"], closed_by: [injury.scald]}
        """,
    "sectors.yaml": "entries: {hospital: {title: Hospital, description: Wards.}}",
    "dimensions.yaml": "entries: {safety: {title: Safety, description: Safe or not.}}",
    "natures.yaml": """
        entries:
          concern: {title: Concern, description: A worry.}
          neutral: {title: Neutral, description: Neither.}
        """,
    "data_classes.yaml": "entries: {content: {title: Content, description: What it says.}}",
    "agency_kinds.yaml": """
        entries:
          ward: {title: Ward, sector: hospital, aliases: [childrens_ward]}
          clinic: {title: Clinic, sector: hospital, valid_from: 2001-01-01, valid_to: 2010-12-31}
        """,
    "roles.yaml": "entries: {nurse: {title: Nurse, sector: hospital}}",
    "relations.yaml": """
        entries:
          mother: {title: Mother, carer: true, words: ["(birth )?mother"]}
        """,
    "gateways.yaml": "entries: {consent: {title: Agreement, description: They agree., nation: england}}",
    "purposes.yaml": "entries: {care: {title: Care, description: Treat., gateways: [consent]}}",
    "measures.yaml": "entries: {kg: {title: Weight, unit: kg, least: 0.3, most: 250}}",
    "informants.yaml": "entries: {mother: {title: The mother}}",
}

BURN = "title: Burn, description: A burn."

#: what is planted: (file, what stands there, what is put there, entry, key, a part of why)
PLANTED = {
    "an id twice, in two files": ("kinds/birth.yaml", "entries:", f"entries:\n          injury.burn: {{{BURN}, sectors: [hospital], dimension: safety, nature: neutral}}", "injury.burn", "", "stands already"),
    "an id twice, in one file": ("roles.yaml", "{nurse:", "{nurse: {title: N, sector: hospital}, nurse:", "", "", "stands twice"),
    "a family in two files": ("kinds/birth.yaml", "family: birth", "family: injury", "injury", "", "stands already"),
    "a kind of another family": ("kinds/injury.yaml", "injury.bruise:", "nutrition.bruise:", "nutrition.bruise", "", "the family of this file"),
    "an id not in the usual form": ("roles.yaml", "nurse:", "Ward-Nurse:", "Ward-Nurse", "", "small letters"),
    "an unknown sector of a kind": ("kinds/injury.yaml", BURN, BURN + ", sectors: [hospitl]", "injury.burn", "sectors", "'hospitl' among the sectors"),
    "an unknown sector in the defaults": ("kinds/injury.yaml", "sectors: [hospital]", "sectors: [hospitl]", "", "sectors", "'hospitl' among the sectors"),
    "an unknown sector of an agency": ("agency_kinds.yaml", "sector: hospital, aliases", "sector: sea, aliases", "ward", "sector", "'sea' among the sectors"),
    "an unknown sector of a role": ("roles.yaml", "sector: hospital", "sector: sea", "nurse", "sector", "'sea' among the sectors"),
    "an unknown dimension": ("kinds/injury.yaml", BURN, BURN + ", dimension: saftey", "injury.burn", "dimension", "'saftey' among the dimensions"),
    "an unknown nature": ("kinds/injury.yaml", BURN, BURN + ", nature: worry", "injury.burn", "nature", "'worry' among the natures"),
    "an unknown data class": ("kinds/injury.yaml", BURN, BURN + ", data_class: secret", "injury.burn", "data_class", "'secret' among the data classes"),
    "an unknown gateway": ("purposes.yaml", "[consent]", "[consent, ca1066]", "care", "gateways", "'ca1066' among the gateways"),
    "a purpose without gateways": ("purposes.yaml", ", gateways: [consent]", "", "care", "gateways", "it has no gateways"),
    "a purpose with an empty list": ("purposes.yaml", "[consent]", "[]", "care", "gateways", "it has no gateways"),
    "an unknown nation": ("gateways.yaml", "england", "atlantis", "consent", "nation", "no nation 'atlantis'"),
    "another name that is an id": ("kinds/injury.yaml", "[injury.scald]", "[injury.scald, injury.bruise]", "injury.burn", "aliases", "taken by the id 'injury.bruise'"),
    "another name that is an id of another file": ("kinds/injury.yaml", "[injury.scald]", "[injury.scald, birth]", "injury.burn", "aliases", "taken by the id 'birth'"),
    "another name of two words": ("agency_kinds.yaml", "valid_from", "aliases: [childrens_ward], valid_from", "clinic", "aliases", "taken by another name of 'ward'"),
    "another name in no usual form": ("agency_kinds.yaml", "[childrens_ward]", "[Childrens Ward]", "ward", "aliases", "not small letters"),
    "a pattern that opens nothing": ("facts.yaml", '["injury.*"]', '["injury.*", "injry.*"]', "hurt", "opened_by", "'injry.*'"),
    "a pattern that closes nothing": ("facts.yaml", "[injury.scald]", "[injury.healed]", "hurt", "closed_by", "'injury.healed'"),
    "a state that nothing opens": ("facts.yaml", 'opened_by: ["injury.*"], ', "", "hurt", "opened_by", "nothing opens"),
    "an attribute that something opens": ("facts.yaml", "use: attribute,", "use: attribute, opened_by: [birth],", "mechanism", "opened_by", "only a state"),
    "an unknown use": ("facts.yaml", "use: attribute", "use: atribute", "mechanism", "use", "no use 'atribute'"),
    "an unknown fact asserted": ("kinds/injury.yaml", "{mechanism: heat}", "{mechanics: heat}", "injury.burn", "asserts", "'mechanics', which is not a fact"),
    "an unknown value asserted": ("kinds/injury.yaml", "{mechanism: heat}", "{mechanism: cold}", "injury.burn", "asserts", "no value 'cold'"),
    "an asserted value that is no word": ("kinds/injury.yaml", "{mechanism: heat}", "{mechanism: yes}", "injury.burn", "asserts", "not pairs of words"),
    "seen alone but not seen": ("kinds/birth.yaml", "nature: neutral", "nature: neutral, seen_alone: true", "birth", "seen_alone", "seen alone"),
    "no title": ("informants.yaml", "title: The mother", 'title: ""', "mother", "title", "it has no title"),
    "no title of a family": ("kinds/birth.yaml", "title: Birth\n", "about: Births.\n", "birth", "title", "it has no title"),
    "no description": ("kinds/injury.yaml", "{title: Bruise, description: A bruise.}", "{title: Bruise}", "injury.bruise", "description", "it has no description"),
    "no sectors": ("kinds/birth.yaml", "sectors: [hospital], ", "", "birth", "sectors", "it has no sectors"),
    "days the wrong way round": ("agency_kinds.yaml", "2010-12-31", "2000-12-31", "clinic", "valid_to", "ends before it begins"),
    "an end before the usual beginning": ("roles.yaml", "sector: hospital", "sector: hospital, valid_to: 1980-01-01", "nurse", "valid_to", "ends before it begins"),
    "no such day": ("agency_kinds.yaml", "2010-12-31", "2010-13-31", "clinic", "valid_to", "not a day"),
    "an unknown key": ("roles.yaml", "sector: hospital", "sector: hospital, sectr: x", "nurse", "sectr", "have no key `sectr`"),
    "an unknown key in the defaults": ("kinds/injury.yaml", "seen: true", "sene: true", "", "sene", "have no key `sene`"),
    "an unknown part of a file": ("roles.yaml", "entries:", "extra: 1\nentries:", "", "extra", "has no part `extra`"),
    "a word for a list": ("kinds/injury.yaml", BURN, BURN + ", sectors: hospital", "injury.burn", "sectors", "not a list of words"),
    "a word for yes or no": ("relations.yaml", "carer: true", "carer: often", "mother", "carer", "not true or false"),
    "a word for a number": ("measures.yaml", "least: 0.3", "least: little", "kg", "least", "not a number"),
    "a number for a word": ("agency_kinds.yaml", "[childrens_ward]", "[111]", "ward", "aliases", "not a list of words"),
    "a measure upside down": ("measures.yaml", "least: 0.3", "least: 300", "kg", "least", "more than the most"),
    "no regular expression": ("relations.yaml", "(birth )?mother", "(birth mother", "mother", "words", "not a regular expression"),
    "an expression that fits everybody": ("relations.yaml", "(birth )?mother", "(birth )?(mother)?", "mother", "words", "fit everybody"),
    "an expression that never fits": ("relations.yaml", "(birth )?mother", "mother's", "mother", "words", "can never fit"),
    "nothing in an entry": ("informants.yaml", "{title: The mother}", "null", "mother", "", "no `key: value` pairs"),
    "no family": ("kinds/birth.yaml", "family: birth", "", "", "family", "names no family"),
    "no entries": ("roles.yaml", "{nurse: {title: Nurse, sector: hospital}}", "{}", "", "entries", "no entries"),
    "no YAML": ("roles.yaml", "entries: {", "entries: {{", "", "", "not YAML"),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "kinds").mkdir()
    for name, text in SOUND.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def _with(folder: Path, file: str, there: str, put: str) -> tuple[VocabularyFault, ...]:
    text = (folder / file).read_text(encoding="utf-8")
    assert there in text, "the test plants nothing"
    (folder / file).write_text(text.replace(there, put, 1), encoding="utf-8")
    return check(folder)


def test_a_sound_vocabulary_has_no_faults_and_loads(folder: Path) -> None:
    assert check(folder) == ()
    assert load(folder).matching("injury.*") == ("injury.burn", "injury.bruise")


@pytest.mark.parametrize("planted", PLANTED)
def test_each_planted_fault_is_found_at_its_place(folder: Path, planted: str) -> None:
    file, there, put, entry, key, why = PLANTED[planted]
    faults = [fault for fault in _with(folder, file, there, put) if why in fault.why]
    assert [(fault.entry, fault.key) for fault in faults] == [(entry, key)]
    assert faults[0].line > 0
    assert faults[0].do


def test_a_fault_stands_at_the_line_and_column_of_the_wrong_word(folder: Path) -> None:
    (fault,) = _with(folder, "kinds/injury.yaml", "[injury.scald]", "[injury.scald, birth]")
    line = (folder / "kinds/injury.yaml").read_text(encoding="utf-8").splitlines()[fault.line - 1]
    assert line[fault.column - 1 :].startswith("birth]")
    assert str(fault).startswith(f"kinds/injury.yaml, line {fault.line}, injury.burn, `aliases`: ")


def test_every_fault_is_found_and_not_only_the_first(folder: Path) -> None:
    _with(folder, "measures.yaml", "least: 0.3", "least: 300")
    faults = _with(folder, "purposes.yaml", "[consent]", "[ca1066]")
    assert [fault.file for fault in faults] == ["measures.yaml", "purposes.yaml"]


@pytest.mark.parametrize("name", sorted(SOUND.keys() - {"kinds/injury.yaml", "kinds/birth.yaml"}))
def test_a_missing_file_is_one_fault_and_not_one_for_each_word_that_needs_it(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert [(fault.file, fault.why) for fault in check(folder)] == [(name, "the file is missing")]


def test_a_file_that_is_not_text_is_a_fault(folder: Path) -> None:
    (folder / "roles.yaml").write_bytes(b"entries: \xff\xfe")
    assert [fault.why for fault in check(folder)] == ["the file is not UTF-8 text"]


def test_a_folder_without_kinds_says_so(folder: Path) -> None:
    for path in (folder / "kinds").glob("*"):
        path.unlink()
    assert [fault.why for fault in check(folder)] == ["no kind of record is written down"]


# -- the command ---------------------------------------------------------------------------------------------------


def _run(*arguments: str) -> Any:
    return CliRunner().invoke(command, list(arguments))


def test_the_command_by_itself_counts_the_words() -> None:
    result = _run()
    assert result.exit_code == 0
    assert all(name in result.output for name in TABLES)


@pytest.mark.parametrize("table", TABLES)
def test_every_table_is_listed_for_people_and_for_scripts(table: str) -> None:
    listed = json.loads(_run("list", table, "--json").output)
    assert [term["id"] for term in listed] == list(getattr(vocabulary(), table))
    assert listed[0]["id"] in _run("list", table).output


def test_a_list_is_narrowed_by_a_pattern() -> None:
    listed = json.loads(_run("list", "--matching", "injury.*", "--json").output)
    assert {term["family"] for term in listed} == {"injury"}
    assert [t["id"] for t in json.loads(_run("list", "roles", "--matching", "*nurse", "--json").output)] == [
        name for name in vocabulary().roles if name.endswith("nurse")
    ]


def test_check_ends_with_1_where_there_is_a_fault(folder: Path) -> None:
    assert _run("--folder", str(folder), "check").exit_code == 0
    _with(folder, "measures.yaml", "least: 0.3", "least: 300")
    result = _run("--folder", str(folder), "check", "--json")
    assert result.exit_code == 1
    (fault,) = json.loads(result.output)["faults"]
    assert (fault["file"], fault["entry"], fault["key"]) == ("measures.yaml", "kg", "least")
    assert _run("--folder", str(folder), "list").exit_code == 1


def test_the_reference_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference_page(vocabulary()), (
        "run `wholechild vocabulary docs`"
    )
    assert _run("docs", "--check").exit_code == 0


def test_the_reference_page_has_every_word(folder: Path) -> None:
    page = reference_page(load(folder))
    assert all(
        f"`{term}`" in page for table in TABLES.keys() - {"families"} for term in getattr(load(folder), table)
    )
    assert (
        "| `injury.burn` | Burn | A burn. States `mechanism: heat`. | Hospital | Safety | Concern | seen |"
        in page
    )
