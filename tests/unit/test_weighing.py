"""What two identities weigh, and what no machine may link: the cases that hurt families most, each by name."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from itertools import combinations
from typing import Final

import pytest

from wholechild.people.comparing.artefact import ArtefactRefused, default_artefact, digest, loads
from wholechild.people.comparing.clustering import MOST_OF_ONE_PERSON, Decided, Decision, settle
from wholechild.people.comparing.identity import Identity
from wholechild.people.comparing.keys import (
    COMMON_AS_A_RULE,
    blocking_keys,
    family_starts,
    most_under,
    narrow_keys,
    places,
    rule_of,
)
from wholechild.people.comparing.levels import LEVELS, MISSING, NAMES_ALONE, addresses_alike, levels_of
from wholechild.people.comparing.prepared import prepare
from wholechild.people.comparing.scoring import weigh
from wholechild.people.comparing.standardising import Raw, standardise
from wholechild.people.comparing.weighed import Contribution, LowerLines, Weighed, Zone

ARTEFACT = default_artefact()
ONE_NUMBER, ANOTHER_NUMBER = "9434765919", "9434765870"

AMINA = standardise(
    Raw(
        id="a", agency="gp", given_names="Amina Zahra", family_name="Khan", born=date(2015, 3, 4), sex="F",
        nhs_number=ONE_NUMBER, postcode="CV1 2AB", address="12 High Street, Coventry", phones=("07700 900123",),
    )
)  # fmt: skip


def changed(**fields: object) -> Identity:
    """Amina as another agency has her: the same but for these."""
    return replace(AMINA, id="b", agency="school", **fields)


def zone(other: Identity) -> Zone:
    return weigh(ARTEFACT, AMINA, other).zone


# -- levels ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "comparison", "level"),
    [
        ({}, "given", "same"),
        ({"given": ""}, "given", MISSING),
        ({"given": "ameena"}, "given", "variant"),
        ({"given": "aminna"}, "given", "variant"),
        ({"given": "amia"}, "given", "near"),
        ({"given": "ami"}, "given", "near"),
        ({"given": "asina"}, "given", "near"),
        ({"given": "zahra", "middle": ""}, "given", "elsewhere"),
        ({"given": "a"}, "given", "initial"),
        ({"given": "b"}, "given", "different"),
        ({"given": "yusuf"}, "given", "different"),
        ({"given": "khan", "family": "amina"}, "given", "reversed"),
        ({"given": "khan", "family": "amina"}, "family", MISSING),
        ({"given": "khan", "family": "aminta"}, "given", "reversed"),
        ({"given": "khann", "family": "amina"}, "given", "reversed"),
        ({"given": "kham", "family": "aminta"}, "given", "different"),
        ({"family": "khan begum"}, "family", "part"),
        ({"family": "begum", "other_names": ("amina khan",)}, "family", "part"),
        ({"family": "kahn"}, "family", "variant"),
        ({"family": "okafor"}, "family", "different"),
        ({"middle": "z"}, "middle", "initial"),
        ({"middle": "zoya"}, "middle", "different"),
        ({"middle": "noor"}, "middle", "different"),
        ({"born": date(2015, 4, 3)}, "born", "swapped"),
        ({"born": date(2015, 3, 5)}, "born", "one_digit"),
        ({"born": date(2015, 3, 28)}, "born", "one_field"),
        ({"born": date(2015, 1, 1)}, "born", "year_only"),
        ({"born": date(2015, 2, 20)}, "born", "within_month"),
        ({"born": date(2014, 1, 1)}, "born", "different"),
        ({"born": date(2012, 7, 20)}, "born", "different"),
        ({"born": None}, "born", MISSING),
        ({"address": "12 high st coventri"}, "home", "same_home"),
        ({"address": "12 high st coventry west midlands"}, "home", "same_home"),
        ({"address": "flat 2 12 high st coventry"}, "home", "same_home"),
        ({"address": "2 high st north coventry uk"}, "home", "same_postcode"),
        ({"address": "high st"}, "home", "same_postcode"),
        ({"address": ""}, "home", "same_postcode"),
        ({"postcode": "CV12AC"}, "home", "same_address"),
        ({"postcode": "CV12AC", "address": "4 low rd"}, "home", "near_postcode"),
        ({"postcode": "CV19ZZ", "address": "4 low rd"}, "home", "same_area"),
        ({"postcode": "B11AA", "address": "4 low rd", "postcodes": ("CV12AB",)}, "home", "earlier"),
        ({"postcode": "B11AA", "address": "4 low rd"}, "home", "different"),
        ({"postcode": "", "address": ""}, "home", MISSING),
        ({"phones": ("447700900999",)}, "contact", "different"),
        ({"nhs_number": "9434765918"}, "nhs_number", "near"),
        ({"nhs_number": ANOTHER_NUMBER}, "nhs_number", "different"),
    ],
)  # fmt: skip
def test_levels(fields: dict[str, object], comparison: str, level: str) -> None:
    one, other = prepare(AMINA), prepare(changed(**fields))
    assert levels_of(one, other)[comparison] == level
    assert levels_of(other, one)[comparison] == level
    assert level == MISSING or level in LEVELS[comparison]


@pytest.mark.parametrize(
    ("mine", "theirs", "level"),
    [
        (("x:4821505",), ("x:4821505",), "same"),
        (("x:4821505",), ("x:4821055",), "near"),
        (("x:4821505",), ("x:4821506",), "near"),
        (("x:4821505",), ("x:4281055",), "different"),
        (("x:12",), ("x:13",), "different"),
        (("x:4821505",), ("y:4821506",), MISSING),
        (("x:4821505", "x:9038117"), ("x:4821506",), "different"),
        ((), ("x:4821506",), MISSING),
    ],
)
def test_levels_of_ids_that_are_passed_on(mine: tuple[str, ...], theirs: tuple[str, ...], level: str) -> None:
    one, other = prepare(replace(AMINA, local_ids=mine)), prepare(changed(local_ids=theirs))
    assert levels_of(one, other)["local_id"] == levels_of(other, one)["local_id"] == level


# -- zones -------------------------------------------------------------------------------------------------------------


def test_the_same_child_is_linked() -> None:
    assert zone(changed()) is Zone.SAME
    assert zone(changed(nhs_number="", phones=())) is Zone.SAME


def test_a_contribution_for_each_field_that_both_say_and_they_add_up() -> None:
    said = weigh(ARTEFACT, AMINA, changed(nhs_number=""))
    assert [c.field for c in said.contributions] == [
        "prior", "given", "family", "middle", "born", "sex", "home", "contact", "agency", "household"
    ]  # fmt: skip
    assert said.weight == pytest.approx(sum(c.bits for c in said.contributions))


def test_twins_are_not_linked() -> None:
    """All is the same but the first name and the number; and with a missing or mixed up number it is no more certain."""
    twin = changed(given="yusra", middle="")
    assert weigh(ARTEFACT, AMINA, replace(twin, nhs_number=ANOTHER_NUMBER)).zone is not Zone.SAME
    assert weigh(ARTEFACT, AMINA, replace(twin, nhs_number="")).zone is not Zone.SAME
    assert weigh(ARTEFACT, replace(AMINA, nhs_number=""), replace(twin, nhs_number="")).zone is Zone.DIFFERENT


@pytest.mark.parametrize(("given", "level"), [("a", "initial"), ("amelia", "far")])
def test_twins_have_names_that_go_together(given: str, level: str) -> None:
    """An initial, or a name a little alike, may be a twin’s: a machine needs more than home and birthday."""
    other = changed(given=given, middle="", nhs_number="")
    said = weigh(ARTEFACT, AMINA, other)
    assert levels_of(prepare(AMINA), prepare(other))["given"] == level
    assert said.zone is not Zone.SAME
    assert said.weight > ARTEFACT.possible
    assert said.contributions[-1].level == "twin"
    assert zone(replace(other, nhs_number=ONE_NUMBER)) is Zone.SAME


def test_ids_next_to_each_other_speak_for_one_child_and_more_for_twins() -> None:
    """A school puts twins on its list one after the other."""
    one = replace(AMINA, local_ids=("x:4821505",))
    near, far = (("x:4821506",), ("x:9038117",))

    def bits(ids: tuple[str, ...], **fields: object) -> float:
        return weigh(ARTEFACT, one, changed(local_ids=ids, **fields)).weight

    assert bits(near) > bits(far)
    nobody_else = {"nhs_number": "", "phones": ()}
    assert (
        bits(near, given="yusra", middle="", **nobody_else)
        < bits((), given="yusra", middle="", **nobody_else) + 0.5
    )
    assert (
        weigh(ARTEFACT, one, changed(local_ids=near, given="yusra", middle="", **nobody_else)).zone
        is not Zone.SAME
    )
    unnamed = replace(one, given="", middle="", nhs_number="", agency="hospital")
    assert weigh(ARTEFACT, unnamed, replace(unnamed, id="b", local_ids=near)).zone is not Zone.SAME


def test_a_brother_or_sister_at_home_with_a_similar_name_is_not_linked() -> None:
    sister = changed(given="aminata", middle="", born=date(2013, 9, 23), nhs_number="")
    assert zone(sister) is Zone.DIFFERENT


def test_a_parent_of_the_same_name_is_not_linked() -> None:
    mother = changed(born=date(1988, 7, 21), nhs_number="", middle="")
    said = weigh(ARTEFACT, AMINA, mother)
    assert said.zone is not Zone.SAME
    assert said.forbids


def test_two_unborn_or_unnamed_twins_are_not_linked() -> None:
    """A ward enters both as "Baby Khan": the same home, day and mother's name, and nothing that tells them apart."""
    unnamed = replace(AMINA, given="", middle="", nhs_number="", agency="hospital")
    assert weigh(ARTEFACT, unnamed, replace(unnamed, id="b")).zone is not Zone.SAME


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"nhs_number": ANOTHER_NUMBER}, "two different NHS numbers"),
        ({"born": date(2012, 7, 20), "nhs_number": ""}, "dates of birth"),
        ({"born": date(2012, 7, 20), "given": "yusuf"}, "one NHS number, but another first name"),
        ({"died": date(2015, 1, 1)}, "died before"),
        ({"born": None, "given": "yusuf", "nhs_number": "", "local_ids": ("x:12",)}, "one id passed on"),
    ],
)
def test_what_cannot_be_true_of_one_child_is_never_linked_by_machine(
    fields: dict[str, object], why: str
) -> None:
    said = weigh(ARTEFACT, replace(AMINA, local_ids=("x:12",)), changed(**fields))
    assert why in said.forbids
    assert said.zone is not Zone.SAME


def test_no_machine_links_two_for_a_rare_name_alone() -> None:
    alone = dict[str, object](born=None, nhs_number="", phones=(), address="", postcode="")
    one, other = replace(AMINA, **alone), changed(**alone)
    rare = {name: replace(said, terms={}, otherwise=1e-7) for name, said in ARTEFACT.frequencies.items()}
    said = weigh(replace(ARTEFACT, frequencies=rare), one, other)
    assert said.weight > ARTEFACT.same
    assert said.forbids == NAMES_ALONE
    known = dict[str, object](alone, phones=("447700900123",))
    assert not weigh(ARTEFACT, replace(AMINA, **known), changed(**known)).forbids


def test_two_without_a_first_name_need_as_much_as_ever() -> None:
    two = [replace(one, given=given) for one, given in zip(_named("a", "b"), ("", "amy"), strict=True)]
    pairs = [_likely("a", "b", 5, given="")]
    assert settle(pairs, [], two, LowerLines(3.0, 4.5)) == [frozenset("ab")]
    neither = [replace(one, given="") for one in two]
    assert len(settle(pairs, [], neither, LowerLines(3.0, 4.5))) == 2


def test_the_first_of_january_stands_for_a_year_and_forbids_nothing() -> None:
    said = weigh(ARTEFACT, AMINA, changed(born=date(2015, 1, 1)))
    assert (said.zone, said.forbids) == (Zone.SAME, "")
    assert weigh(ARTEFACT, AMINA, changed(born=date(2014, 1, 1))).forbids


#: What two records have that contradict each other, what a third has, and whether the three are one person.
THIRDS: Final[dict[str, tuple[dict[str, object], dict[str, object], dict[str, object], bool]]] = {
    "two slips of one date": ({"born": date(2015, 4, 3)}, {"born": date(2016, 3, 4)}, {}, True),
    "two slips of one date, and a third record without one": (
        {"born": date(2015, 4, 3)}, {"born": date(2016, 3, 4)}, {"born": None}, False),
    "two dates that no third is a slip away from": ({"born": date(2012, 7, 20)}, {"born": date(2016, 3, 4)}, {}, False),
    "a first name, a middle name, and both": ({"given": "zahra", "middle": ""}, {"middle": ""}, {}, True),
    "two first names, and one with neither": ({"given": "yusuf", "middle": ""}, {"middle": ""}, {"given": ""}, False),
    "two sound NHS numbers": ({"nhs_number": ANOTHER_NUMBER}, {}, {"nhs_number": ""}, False),
}  # fmt: skip


@pytest.mark.parametrize("what", THIRDS)
def test_a_third_record_explains_how_two_can_contradict_each_other_and_be_of_one_person(what: str) -> None:
    one, other, third, together = THIRDS[what]
    three = [
        replace(AMINA, id=name, agency=f"agency {name}", **fields)
        for name, fields in zip("abc", (one, other, third), strict=True)
    ]
    pairs = [weigh(ARTEFACT, x, y) for x, y in combinations(three, 2)]
    by_names = {(pair.one, pair.other): pair for pair in pairs}
    assert by_names["a", "b"].forbids
    assert (settle(pairs, [], three) == [frozenset("abc")]) is together
    assert frozenset("ab") not in settle(pairs, [], three[:2])


def test_two_deaths_far_apart_are_of_two() -> None:
    died = replace(AMINA, died=date(2020, 1, 1))
    assert "death" in weigh(ARTEFACT, died, changed(died=date(2022, 1, 1))).forbids
    assert not weigh(ARTEFACT, died, changed(died=date(2020, 1, 9))).forbids


def test_a_number_with_a_wrong_check_digit_forbids_nothing() -> None:
    assert not weigh(ARTEFACT, AMINA, changed(nhs_number="9434765918")).forbids


def test_two_that_somebody_keeps_apart_are_never_linked_by_machine() -> None:
    said = weigh(ARTEFACT, AMINA, changed(), kept_apart="kept apart by an order")
    assert (said.zone, said.forbids) == (Zone.POSSIBLE, "kept apart by an order")


def test_a_feed_that_swaps_the_numbers_of_two_children_links_neither() -> None:
    yusuf = replace(
        AMINA, id="c", given="yusuf", middle="", born=date(2012, 7, 20), nhs_number=ANOTHER_NUMBER
    )
    swapped_amina = changed(nhs_number=ANOTHER_NUMBER)
    swapped_yusuf = replace(yusuf, id="d", agency="school", nhs_number=ONE_NUMBER)
    everyone = [AMINA, yusuf, swapped_amina, swapped_yusuf]
    pairs = [weigh(ARTEFACT, a, b) for n, a in enumerate(everyone) for b in everyone[:n]]
    assert settle(pairs, [], everyone) == [frozenset({name}) for name in "abcd"]


def test_what_so_many_share_says_nothing() -> None:
    shared = replace(ARTEFACT, shared=frozenset({digest("447700900123"), digest(ONE_NUMBER)}))
    fields = [c.field for c in weigh(shared, AMINA, changed()).contributions]
    assert "contact" not in fields
    assert "nhs_number" not in fields


def test_a_common_name_weighs_less() -> None:
    """What strangers called so have in common is their name."""
    said = ARTEFACT.frequencies["family"]
    common = replace(
        ARTEFACT, frequencies={**ARTEFACT.frequencies, "family": replace(said, terms={"khan": 0.05})}
    )
    assert weigh(common, AMINA, changed()).weight < weigh(
        replace(common, frequencies={**common.frequencies, "family": replace(said, terms={"khan": 0.0001})}), AMINA, changed()
    ).weight  # fmt: skip


def test_an_identity_is_not_compared_with_itself() -> None:
    with pytest.raises(ValueError, match="itself"):
        weigh(ARTEFACT, AMINA, AMINA)


# -- candidates --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"given": "ameena", "nhs_number": "", "postcode": "", "address": "", "phones": ()},
        {"given": "ameena"}, {"given": "khan", "family": "amina"}, {"born": date(2015, 4, 3), "nhs_number": ""},
        {"born": None, "nhs_number": "", "phones": ()}, {"family": "begum khan"}, {"given": "", "nhs_number": ""},
        {"postcode": "B11AA", "nhs_number": "", "phones": (), "born": date(2015, 3, 5)},
        {"given": "zahra", "middle": "", "family": "begum", "nhs_number": "", "postcode": "", "phones": ()},
    ],
)  # fmt: skip
def test_candidates_are_found_though_a_field_is_wrong(fields: dict[str, object]) -> None:
    """However common names and addresses are: by other keys than those that only the rare have."""
    shared = set(blocking_keys(AMINA)) & set(blocking_keys(changed(**fields)))
    assert {rule_of(key) for key in shared} - COMMON_AS_A_RULE


def test_nothing_known_makes_no_key() -> None:
    assert blocking_keys(Identity(id="x")) == ()
    assert blocking_keys(Identity(id="x", sex="F", agency="gp")) == ()


def test_a_rare_name_finds_its_like_wherever_it_lives_and_a_family_its_own_at_a_property() -> None:
    here, there = (
        changed(born=None, nhs_number="", phones=()),
        replace(AMINA, postcode="B11AA", address="", phones=()),
    )
    assert {rule_of(key) for key in {*blocking_keys(here)} & {*blocking_keys(there)}} == {"w"}
    assert most_under("w") < most_under("x")
    one = replace(
        AMINA, given="a", middle="", born=None, nhs_number="", postcode="", address="", phones=(), uprn="100"
    )
    assert {*blocking_keys(one)} & {*blocking_keys(replace(AMINA, uprn="100"))} == {
        "r:100:" + family_starts("khan")[0],
    }


def test_flat_is_no_name_of_a_street() -> None:
    assert places("flat 12 high street coventry") == places("12 high street coventry")


def test_narrow_keys_are_some_of_the_wide_ones() -> None:
    assert set(narrow_keys(AMINA)) < set(blocking_keys(AMINA))
    assert set(narrow_keys(AMINA)) & set(narrow_keys(changed(nhs_number="")))


# -- people ------------------------------------------------------------------------------------------------------------


def _pair(one: str, other: str, weight: float) -> Weighed:
    return Weighed(one, other, weight, (), Zone.SAME)


def _named(*names: str) -> list[Identity]:
    return [Identity(id=name, given="amy") for name in names]


def test_links_pass_on() -> None:
    settled = settle([_pair("a", "b", 12), _pair("b", "c", 11)], [], _named("a", "b", "c", "d"))
    assert settled == [frozenset("abc"), frozenset("d")]


def test_only_the_zone_same_is_linked() -> None:
    unsure = Weighed("a", "b", 5, (), Zone.POSSIBLE)
    forbidden = Weighed("b", "c", 30, (), Zone.SAME, "two NHS numbers")
    assert len(settle([unsure, forbidden], [], _named("a", "b", "c"))) == 3


def _likely(one: str, other: str, weight: float, given: str = "near", forbids: str = "") -> Weighed:
    named = (Contribution("given", given, 1.0),) if given else ()
    return Weighed(one, other, weight, named, Zone.POSSIBLE, forbids)


#: Pairs and decisions beside the pair of a and b, and whether a and b are one person for want of anybody else.
RIVALS: Final[dict[str, tuple[list[Weighed], list[Decided], bool]]] = {
    "nobody else": ([_likely("a", "b", 4)], [], True),
    "too faint": ([_likely("a", "b", 2)], [], False),
    "somebody else who may be the one": ([_likely("a", "b", 4), _likely("b", "c", 0.5)], [], False),
    "somebody else who may be the other": ([_likely("a", "b", 4), _likely("a", "c", 0.5)], [], False),
    "somebody who was compared and is another": ([_likely("a", "b", 4), replace(_likely("b", "c", -3), zone=Zone.DIFFERENT)], [], True),
    "somebody else who is one with the other": ([_likely("a", "b", 4), _likely("a", "c", 1), _pair("b", "c", 9)], [], True),
    "something that forbids it": ([_likely("a", "b", 4, forbids="two births")], [], False),
    "something that forbids it with one of the group": (
        [_likely("a", "b", 4), _likely("a", "c", 1, forbids="two births"), _pair("b", "c", 9)], [], False),
    "names alone with one of the group, and more with another": (
        [_likely("a", "b", 4), _likely("a", "c", 1, forbids=NAMES_ALONE), _pair("b", "c", 9)], [], True),
    "nothing but names": ([_likely("a", "b", 4, forbids=NAMES_ALONE)], [], False),
    "nothing but names with one of the group, and too little with another": (
        [_likely("a", "b", 2), _likely("a", "c", 4, forbids=NAMES_ALONE), _pair("b", "c", 9)], [], False),
    "no first name": ([_likely("a", "b", 4.4, given="")], [], False),
    "no first name, and more that agrees": ([_likely("a", "b", 4.6, given="")], [], True),
    "no first name, and somebody else": ([_likely("a", "b", 5, given=""), _likely("b", "c", 0.5)], [], False),
    "another first name": ([_likely("a", "b", 4, given="different")], [], False),
    "a first name by another of the group": ([_likely("a", "b", 4, given=""), _likely("a", "c", 4), _pair("b", "c", 9)], [], True),
    "a person who could not tell": ([_likely("a", "b", 4)], [Decided("b", "a", Decision.CANNOT_TELL)], False),
    "a person who said no": ([_likely("a", "b", 4)], [Decided("b", "a", Decision.DIFFERENT)], False),
}  # fmt: skip


def test_two_whom_one_agency_has_as_two_need_as_much_as_ever() -> None:
    """Directly, or by somebody else of the group."""
    pairs = [_likely("a", "b", 4), _likely("a", "c", 1), _pair("b", "c", 9)]
    known = {"a": "gp", "b": "school", "c": "gp"}
    two = [Identity(id=name, agency=agency) for name, agency in known.items()]
    assert settle(pairs, [], two, LowerLines(3.0)) == [frozenset("a"), frozenset("bc")]
    three = [replace(one, agency=one.agency + one.id) for one in two]
    assert settle(pairs, [], three, LowerLines(3.0)) == [frozenset("abc")]


@pytest.mark.parametrize("what", RIVALS)
def test_two_whom_nobody_else_comes_near_need_less(what: str) -> None:
    pairs, decided, one = RIVALS[what]
    people = settle(pairs, decided, _named("a", "b", "c"), LowerLines(3.0, 4.5))
    assert any({"a", "b"} <= person for person in people) is one
    assert not any({"a", "b"} <= person for person in settle(pairs, decided, _named("a", "b", "c")))


def test_a_decision_that_two_are_different_holds_through_others() -> None:
    decided = [Decided("c", "a", Decision.DIFFERENT)]
    settled = settle([_pair("a", "b", 12), _pair("b", "c", 11)], decided, _named("a", "b", "c"))
    assert settled == [frozenset("ab"), frozenset("c")]


def test_a_decision_that_two_are_the_same_holds_against_a_contradiction() -> None:
    one, other = AMINA, changed(nhs_number=ANOTHER_NUMBER)
    assert settle([], [Decided("a", "b", Decision.SAME)], [one, other]) == [frozenset("ab")]


def test_of_decisions_that_contradict_each_other_being_apart_stands() -> None:
    decided = [Decided("a", "b", Decision.SAME), Decided("b", "c", Decision.SAME), Decided("a", "c", Decision.DIFFERENT)]  # fmt: skip
    assert settle([], decided, _named("a", "b", "c")) == [frozenset("ab"), frozenset("c")]


def test_a_contradiction_holds_through_others() -> None:
    """The middle one has no number; the two at the ends have two."""
    middle = changed(nhs_number="")
    end = replace(changed(nhs_number=ANOTHER_NUMBER), id="c")
    pairs = [_pair("a", "b", 20), _pair("b", "c", 19)]
    assert settle(pairs, [], [AMINA, middle, end]) == [frozenset("ab"), frozenset("c")]


def test_forty_children_with_one_number_are_forty() -> None:
    words = "amy zoe ian max leo eva mia tom sam ben".split()
    forty = [
        replace(AMINA, id=f"i{n:02}", given=words[n % 10], middle="", family=f"{words[n % 7]}son", postcode="", address="",
                phones=(), born=date(2010 + n % 9, 1 + n % 12, 1 + n % 28))
        for n in range(40)
    ]  # fmt: skip
    pairs = [weigh(ARTEFACT, a, b) for n, a in enumerate(forty) for b in forty[:n]]
    assert max(map(len, settle(pairs, [], forty))) == 1


def test_no_person_grows_without_end() -> None:
    many = _named(*(f"i{n:03}" for n in range(MOST_OF_ONE_PERSON + 5)))
    pairs = [_pair(a.id, b.id, 20) for a, b in zip(many, many[1:], strict=False)]
    assert max(map(len, settle(pairs, [], many))) <= MOST_OF_ONE_PERSON


# -- artefacts ---------------------------------------------------------------------------------------------------------


def test_an_artefact_is_read_as_it_was_written() -> None:
    assert loads(ARTEFACT.dumps()) == ARTEFACT
    assert loads(ARTEFACT.dumps()).id == ARTEFACT.id
    assert replace(ARTEFACT, same=ARTEFACT.same + 1).id != ARTEFACT.id


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (("form",), 2), (("comparisons", "given", "same", "match"), 0), (("comparisons", "given", "same", "match"), 1.5),
        (("comparisons", "given"), {}), (("prior", "match"), 0), (("same",), -1e9), (("frequencies", "born"), {}),
        (("frequencies", "given", "otherwise"), 0), (("prior", "kin"), [1, 2]), (("comparisons",), None),
    ],
)  # fmt: skip
def test_a_faulty_artefact_is_refused(at: tuple[str, ...], value: object) -> None:
    document = json.loads(ARTEFACT.dumps())
    inner = document
    for key in at[:-1]:
        inner = inner[key]
    inner[at[-1]] = value
    with pytest.raises(ArtefactRefused, match="artefact"):
        loads(json.dumps(document))


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", "{"])
def test_a_text_that_is_no_artefact_is_refused(text: str) -> None:
    with pytest.raises(ArtefactRefused):
        loads(text)


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("joel", "jorl", "near"),
        ("alina", "apina", "near"),
        ("adam", "adak", "near"),
        ("eva", "eav", "far"),
        ("mia", "nia", "far"),
        ("na", "nia", "different"),
        ("jorge", "joel", "different"),
    ],
)
def test_a_slip_in_a_short_first_name(one: str, other: str, level: str) -> None:
    pair = prepare(changed(given=one, middle="")), prepare(changed(given=other, middle=""))
    assert levels_of(*pair)["given"] == levels_of(*reversed(pair))["given"] == level


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("12 high st", "12 high st coventry west midlands", True),
        ("12 high st", "flat 4 the maltings 12 high st", True),
        ("12 high st", "flat 4 the maltings 112 high st", False),
        ("12 high st", "flat 12 high st house cl coventry", True),
        ("high st coventry", "flat 4 the maltings 12 high st coventry", False),
        ("12 st", "flat 4 the maltings 12 st johns rd", False),
    ],
)
def test_one_address_says_all_of_another(one: str, other: str, alike: bool) -> None:
    assert addresses_alike(one, other) is addresses_alike(other, one) is alike
