"""By what a report on linking is split: what identities say, what files say, and where a name comes from. Nothing is guessed."""

from __future__ import annotations

from random import Random

import pytest

from wholechild.people.comparing.identity import Identity
from wholechild.people.comparing.standardising import Raw, standard_name, standardise
from wholechild.people.quality.grouping import GroupsRefused, own_groups, read_groups, with_told
from wholechild.world.name_origins import name_origins
from wholechild.world.names import names


def alike(given: str, family: str) -> tuple[str, str]:
    name = standard_name(given, family)
    return name.given, name.family


def people() -> dict[str, Identity]:
    raw = [
        Raw("who-1", given_names="Ann", family_name="Smith", sex="f", postcode="NM1 2AB", earlier_postcodes=("EV5 5ZZ",)),
        Raw("who-2", given_names="Bob", family_name="", sex="male", postcode="NM1 2AB"),
        Raw("who-3", given_names="Cy", family_name="Jones", sex="not stated"),
    ]  # fmt: skip
    return {one.id: standardise(one) for one in raw}


def test_what_identities_say_of_themselves() -> None:
    found = own_groups(people(), lambda given, family: f"{given} {family}")
    assert found["sex"] == {"who-1": "female", "who-2": "male"}
    assert found["mover"] == {"who-1": "a move on record", "who-2": "no move on record"}
    assert found["name_origin"] == {"who-1": "ann smith", "who-3": "cy jones"}, (
        "nobody is placed by a first name alone"
    )
    assert found["deprivation"] == {}


def test_files_go_before_what_identities_say_and_later_ones_before_earlier() -> None:
    by_place = read_groups("postcode,deprivation\nnm1 2ab,fifth 1\n,\nEV5 5ZZ,fifth 5\n", "places.csv")
    by_person = read_groups("identity,deprivation,sex\nwho-2,fifth 2,\nwho-9,fifth 3,female\n", "people.csv")
    own = own_groups(people(), lambda given, family: "")
    found = with_told(own, [by_place, by_person], people())
    assert found["deprivation"] == {"who-1": "fifth 1", "who-2": "fifth 2"}
    assert found["sex"] == own["sex"], "an empty cell says nothing, and who is not asked of is not in it"
    assert with_told(own, [by_person, by_place], people())["deprivation"]["who-2"] == "fifth 1"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name,sex\nx,f\n", 'groups.csv, line 1: the first column is "name". Call it identity or postcode'),
        ("identity,colour\nx,red\n", 'groups.csv, line 1: "colour" is nothing that a report is split by'),
        ("", "groups.csv, line 1: the first column"),
        ("identity,sex\nx,f\nx,m\n", 'groups.csv, line 3, field sex: "m", and an earlier line says something else'),
        ("postcode,deprivation\nnowhere at all,1\n ,1\n", "groups.csv, line 3, field postcode: there is none that can be read"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_place(text: str, says: str) -> None:
    with pytest.raises(GroupsRefused) as refused:
        read_groups(text, "groups.csv")
    assert says in str(refused.value)


def test_a_name_comes_from_where_it_was_drawn_or_nobody_can_tell() -> None:
    """Names drawn from the table itself: most are placed, and none wrongly."""
    origin, rng = name_origins(alike), Random(1)
    placed = wrong = 0
    for _ in range(2_000):
        community, sex = names().community(rng), rng.choice("MF")
        family = community.borne_by(community.family_name(rng), sex)
        found = origin(*alike(community.given_name(rng, sex, 2010), family))
        placed += bool(found)
        wrong += bool(found) and found != community.id
    assert placed > 1_600
    assert wrong == 0


@pytest.mark.parametrize(
    ("given", "family"), [("Oliver", ""), ("", ""), ("Oliver", "Zzyzx"), ("Zzyzx", "Khan")]
)
def test_a_name_that_fits_nowhere_or_in_several_places_is_left_out(given: str, family: str) -> None:
    assert name_origins(alike)(*alike(given, family)) == ""


def test_the_first_name_settles_a_family_name_that_several_bear() -> None:
    both = {community.id for community in names().communities.values() if "Khan" in community.family.things}
    assert len(both) > 1
    one = sorted(both)[0]
    own = {name for choice in names().communities[one].given.values() for name in choice.things}
    others = {
        name
        for other in both - {one}
        for choice in names().communities[other].given.values()
        for name in choice.things
    }
    given = next(
        name for name in sorted(own) if alike(name, "")[0] not in {alike(other, "")[0] for other in others}
    )
    assert name_origins(alike)(*alike(given, "Khan")) == one
