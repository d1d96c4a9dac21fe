"""For any two identities, however odd: the weight is the same both ways, and people are the same in whatever order."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from wholechild.people.comparing.artefact import default_artefact
from wholechild.people.comparing.clustering import Decided, Decision, settle
from wholechild.people.comparing.identity import Identity
from wholechild.people.comparing.keys import blocking_keys
from wholechild.people.comparing.levels import (
    LEVELS,
    MISSING,
    contradiction,
    explains,
    levels_of,
    names_alone,
)
from wholechild.people.comparing.prepared import prepare
from wholechild.people.comparing.scoring import telling, weigh, weigh_if_possible
from wholechild.people.comparing.standardising import Raw, standardise
from wholechild.people.comparing.weighed import Weighed, Zone

ARTEFACT = default_artefact()

usual = st.sampled_from(
    [
        "",
        "Amina",
        "Ameena",
        "Muhammad",
        "Mohamed Ali",
        "Khan",
        "Khan-Begum",
        "O'Neill",
        "A",
        "Baby",
        "Zoë",
        "Зоя",
        "李",
    ]
)
names = st.one_of(usual, st.text(max_size=40))
days = st.one_of(
    st.none(),
    st.sampled_from([date(2015, 3, 4), date(2015, 4, 3), date(2014, 3, 4), date(1900, 1, 1)]),
    st.dates(),
)
numbers = st.sampled_from(["", "9434765919", "9434765870", "9434765918", "0000000000", "943"])
postcodes = st.sampled_from(["", "CV1 2AB", "CV1 2AC", "B1 1AA", "2042", "ZZ99 3VZ"])

raws = st.builds(
    Raw,
    id=st.uuids().map(str),
    agency=st.sampled_from(["", "gp", "school"]),
    given_names=names,
    family_name=names,
    other_names=st.lists(names, max_size=2).map(tuple),
    born=days,
    died=days,
    sex=st.sampled_from(["", "F", "male", "x"]),
    nhs_number=numbers,
    upn=st.sampled_from(["", "H801200001001", "UN1"]),
    postcode=postcodes,
    earlier_postcodes=st.lists(postcodes, max_size=2).map(tuple),
    uprn=st.sampled_from(["", "100070123456", "0"]),
    address=st.one_of(
        st.sampled_from(["", "12 High Street", "12 high st", "4 Low Road"]), st.text(max_size=30)
    ),
    phones=st.lists(st.sampled_from(["07700 900123", "x", "0" * 11]), max_size=2).map(tuple),
    emails=st.lists(st.sampled_from(["a@b.org", "x"]), max_size=1).map(tuple),
    local_ids=st.lists(st.sampled_from(["x:12", "x:13", "y:12"]), max_size=2).map(tuple),
)


@given(raws, raws)
def test_the_weight_is_the_same_both_ways(one: Raw, other: Raw) -> None:
    a, b = standardise(one), standardise(other)
    if a.id == b.id:
        return
    said = weigh(ARTEFACT, a, b)
    assert said == weigh(ARTEFACT, b, a)
    assert said.one < said.other
    assert abs(said.weight - sum(c.bits for c in said.contributions)) < 1e-9
    why = contradiction(prepare(a), prepare(b))
    assert why == contradiction(prepare(b), prepare(a))
    assert said.forbids == (why or names_alone(levels_of(prepare(a), prepare(b))))
    assert not (said.forbids and said.zone is Zone.SAME)


@given(raws, raws)
def test_who_is_weighed_only_if_possible_weighs_the_same(one: Raw, other: Raw) -> None:
    """Of an odd pair, which is seldom possible, and of one with itself under another id, which often is."""
    a, b = standardise(one), standardise(other)
    for pair in ((a, replace(b, id=f"{a.id}-other")), (a, replace(a, id=f"{a.id}-again"))):
        first, second = sorted(pair, key=lambda identity: identity.id)
        said = weigh(ARTEFACT, first, second)
        ready = [prepare(telling(ARTEFACT, identity)) for identity in (first, second)]
        assert weigh_if_possible(ARTEFACT, *ready) == (None if said.zone is Zone.DIFFERENT else said)


@given(raws, raws)
def test_every_level_has_a_weight(one: Raw, other: Raw) -> None:
    for comparison, level in levels_of(prepare(standardise(one)), prepare(standardise(other))).items():
        assert level == MISSING or level in LEVELS[comparison]


@given(raws)
def test_standardising_what_is_standard_changes_nothing(raw: Raw) -> None:
    said = standardise(raw)
    again = standardise(
        Raw(
            id=said.id, agency=said.agency, given_names=f"{said.given} {said.middle}", family_name=said.family,
            other_names=said.other_names, born=said.born, died=said.died, sex=said.sex, nhs_number=said.nhs_number,
            upn=said.upn, postcode=said.postcode, earlier_postcodes=said.postcodes, uprn=said.uprn, address=said.address,
            phones=tuple(f"+{p}" for p in said.phones), emails=said.emails, local_ids=said.local_ids,
        )
    )  # fmt: skip
    assert (again.born, again.sex, again.nhs_number, again.upn) == (
        said.born,
        said.sex,
        said.nhs_number,
        said.upn,
    )
    assert (again.postcode, again.uprn, again.phones) == (said.postcode, said.uprn, said.phones)
    assert (again.emails, again.local_ids) == (said.emails, said.local_ids)
    assert blocking_keys(said) == tuple(sorted(set(blocking_keys(said))))
    assert len(blocking_keys(said)) < 400


@st.composite
def settlements(draw: st.DrawFn) -> tuple[list[Identity], list[Weighed], list[Decided]]:
    names = [f"i{n}" for n in range(draw(st.integers(2, 8)))]
    identities = [
        Identity(id=name, nhs_number=draw(numbers), born=draw(st.sampled_from([None, date(2015, 3, 4), date(2011, 8, 20)])))
        for name in names
    ]  # fmt: skip
    couples = [(a, b) for n, b in enumerate(names) for a in names[:n]]
    chosen = draw(st.lists(st.sampled_from(couples), unique=True))
    pairs = [Weighed(a, b, draw(st.integers(5, 12)), (), draw(st.sampled_from(Zone))) for a, b in chosen]
    about = draw(st.lists(st.sampled_from(couples), unique=True, max_size=4))
    return identities, pairs, [Decided(b, a, draw(st.sampled_from(Decision))) for a, b in about]


@given(settlements(), st.integers(0, 2**32))
def test_people_are_the_same_in_whatever_order(
    given_all: tuple[list[Identity], list[Weighed], list[Decided]], seed: int
) -> None:
    identities, pairs, decided = given_all
    settled = settle(pairs, decided, identities)
    chance = Random(seed)
    for shuffled in (identities, pairs, decided):
        chance.shuffle(shuffled)
    assert settle(iter(pairs), iter(decided), iter(identities)) == settled
    assert sorted(name for person in settled for name in person) == sorted(i.id for i in identities)


@given(settlements())
def test_no_link_across_a_contradiction_that_nobody_explains_or_a_decision(
    given_all: tuple[list[Identity], list[Weighed], list[Decided]],
) -> None:
    identities, pairs, decided = given_all
    by_id = {i.id: prepare(i) for i in identities}
    same = [d for d in decided if d.decision is Decision.SAME]
    for person in settle(pairs, decided, identities):
        for d in decided:
            assert not (d.decision is Decision.DIFFERENT and {d.one, d.other} <= person)
        if not any({d.one, d.other} <= person for d in same):
            members = [by_id[name] for name in sorted(person)]
            for a, b in combinations(members, 2):
                why = contradiction(a, b)
                others = (third for third in members if third not in (a, b))
                assert not why or any(explains(third, a, b, why) for third in others)


@given(st.dates(date(1950, 1, 1), date(2025, 1, 1)), st.integers(1, 28))
def test_a_date_is_never_forbidden_for_a_slip(born: date, days_off: int) -> None:
    one = prepare(Identity(id="a", born=born))
    other = prepare(Identity(id="b", born=born + timedelta(days=days_off)))
    assert not contradiction(one, other)
