"""A child's family as a value: what each person is, since when, by whom stated; and who may see what of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from wholechild.lib.civil import FOREVER, day_start
from wholechild.people.families.around import Basis, FamilyAround, Sight, Standing, family_around
from wholechild.people.families.households import Address, Place, SharedAddress
from wholechild.people.family import BEGINNING, Family, FamilyTie, Held, Statement, Stay

DAY = date(2012, 3, 3)
NOW = day_start(DAY) + 86_399
EVERYBODY = frozenset({"child", "mum", "dad", "ex", "sis", "other", "lodger", "stranger"})
CHILDREN = frozenset({"child", "sis", "other"})


def at(day: str) -> int:
    return day_start(date.fromisoformat(day))


def tie(
    who: str, relation: str, *, of: str = "child", by: str = "gp", since: str = "", until: str = ""
) -> FamilyTie:
    held = Held(at(since) if since else BEGINNING, at(until) if until else FOREVER)
    return FamilyTie(of, relation, who, held, Statement(by, f"tie-{who}-{by}-{since}"))


def stay(who: str, home: str = "home", since: str = "", until: str = "") -> Stay:
    held = Held(at(since) if since else BEGINNING, at(until) if until else FOREVER)
    return Stay(who, home, "Northmoor", held, Statement("gp", f"stay-{who}"))


def shared(who: str, other: str, since: str = "2011-05-06") -> dict[str, Sequence[SharedAddress]]:
    said = tuple(
        Address(one, Place("100"), f"agency/{one}", f"row-{one}", at(since), FOREVER, at(since))
        for one in (who, other)
    )
    return {who: [SharedAddress(other, at(since), FOREVER, said)]}


def seen(
    *facts: FamilyTie | Stay,
    by_address: Any = None,
    known: Any = EVERYBODY,
    placed: Any = EVERYBODY,
    sealed: Any = (),
) -> FamilyAround:
    ties = [one for one in facts if isinstance(one, FamilyTie)]
    stays = [one for one in facts if isinstance(one, Stay)]
    return family_around(
        "child", Family({}, ties, stays), by_address or {}, children=CHILDREN, names={who: who.title() for who in EVERYBODY},
        born=None, sight=Sight(frozenset(known), frozenset(placed), frozenset(sealed)), day=DAY, now=NOW,
    )  # fmt: skip


def names(people: Sequence[Any]) -> list[str]:
    return [one.person for one in people]


# -- what is said ------------------------------------------------------------------------------------------------------


def test_carers_now_and_before_each_with_since_until_and_source() -> None:
    found = seen(
        tie("mum", "mother", since="2007-07-15"),
        tie("ex", "partner_of_parent", since="2009-01-01", until="2010-06-01"),
    )
    assert names(found.caring(Standing.NOW)) == ["mum"]
    assert names(found.caring(Standing.BEFORE)) == ["ex"]
    (bond,) = found.caring(Standing.BEFORE)[0].bonds
    (claim,) = bond.said
    assert (claim.agency, claim.since, claim.until) == ("gp", date(2009, 1, 1), date(2010, 5, 31))
    assert bond.basis is Basis.STATED


def test_agencies_that_differ_about_an_end_are_shown_differing() -> None:
    found = seen(
        tie("ex", "partner_of_parent", by="gp", until="2010-06-01"),
        tie("ex", "partner_of_parent", by="police"),
    )
    assert names(found.caring(Standing.DIFFER)) == ["ex"]
    assert {claim.agency for claim in found.people[0].bonds[0].said} == {"gp", "police"}


def test_one_agency_that_says_somebody_left_and_came_back_differs_from_nobody() -> None:
    found = seen(
        tie("ex", "partner_of_parent", since="2008-01-01", until="2010-06-01"),
        tie("ex", "partner_of_parent", since="2011-01-01"),
    )
    assert names(found.caring(Standing.NOW)) == ["ex"]


def test_a_partner_who_became_a_step_father_still_cares() -> None:
    found = seen(
        tie("ex", "partner_of_parent", until="2010-06-01"), tie("ex", "step_father", since="2010-06-01")
    )
    assert names(found.caring(Standing.NOW)) == ["ex"]
    assert [bond.standing for bond in found.people[0].bonds] == [Standing.BEFORE, Standing.NOW]


def test_a_tie_without_days_says_none() -> None:
    (claim,) = seen(tie("mum", "mother")).people[0].bonds[0].said
    assert (claim.since, claim.until, claim.known_from) == (None, None, None)


def test_brothers_and_sisters_as_stated_and_by_a_shared_parent() -> None:
    found = seen(tie("mum", "mother"), tie("mum", "mother", of="sis"), tie("other", "half_sibling"))
    assert {one.person: one.bonds[0].basis for one in found.brothers_and_sisters} == {
        "sis": Basis.WORKED_OUT,
        "other": Basis.STATED,
    }


def test_who_cares_for_whom_the_other_way_about() -> None:
    facts = (tie("child", "mother", of="other"),)
    (own,) = seen(*facts).relatives
    assert own.bonds[0].of_child
    assert own.cares is None
    assert seen(*facts, known={"child"}).people == ()


def test_the_order_is_carers_now_then_before_then_brothers_and_sisters_then_others() -> None:
    found = seen(
        tie("lodger", "lodger"), tie("sis", "sibling"), tie("dad", "father", until="2010-01-01"), tie("mum", "mother"),
        stay("child"), stay("stranger"),
    )  # fmt: skip
    assert names(found.people) == ["mum", "dad", "sis", "lodger", "stranger"]
    assert names(found.only_in_the_home) == ["stranger"]
    assert names(found.relatives) == ["lodger"]


# -- homes -------------------------------------------------------------------------------------------------------------


def test_a_stated_household_says_from_when_to_when() -> None:
    found = seen(stay("child", since="2007-07-15"), stay("lodger", since="2009-01-01", until="2010-06-01"))
    ((home,),) = [one.homes for one in found.people]
    assert (home.basis, home.standing) == (Basis.STATED, Standing.BEFORE)
    assert (home.since, home.until) == (date(2009, 1, 1), date(2010, 5, 31))
    assert home.said[0].statement == "stay-lodger"


def test_a_shared_address_is_marked_as_inferred_with_the_source_of_both() -> None:
    found = seen(tie("mum", "mother"), by_address=shared("child", "mum"))
    ((home,),) = [one.homes for one in found.people]
    assert home.basis is Basis.INFERRED
    assert home.since == date(2011, 5, 6)
    assert {claim.agency for claim in home.said} == {"agency/child", "agency/mum"}


@pytest.mark.parametrize("placed", [{"child"}, {"mum"}, set()])
def test_a_shared_address_is_for_whoever_may_see_the_places_of_both(placed: set[str]) -> None:
    found = seen(tie("mum", "mother"), by_address=shared("child", "mum"), placed=placed)
    assert [one.homes for one in found.people] == [()]
    assert found.reads_places is ("child" in placed)


def test_somebody_known_by_a_shared_address_only_is_no_sign_to_who_may_not_know_of_them() -> None:
    assert names(seen(by_address=shared("child", "stranger")).people) == ["stranger"]
    assert seen(by_address=shared("child", "stranger"), placed={"child"}).people == ()
    assert seen(stay("child"), stay("stranger"), known={"child"}).people == ()


@pytest.mark.parametrize("sealed", ["child", "mum"])
def test_where_a_place_is_withheld_neither_home_nor_source_is_shown(sealed: str) -> None:
    found = seen(
        tie("mum", "mother"), stay("child"), stay("mum"), by_address=shared("child", "mum"), sealed={sealed}
    )
    (mum,) = found.people
    assert mum.homes == ()
    assert mum.bonds[0].said == ()
    assert found.reads_places, "that a place is withheld looks like nothing else"


# -- other families ----------------------------------------------------------------------------------------------------


def test_an_adult_known_in_another_family_is_shown_there_to_the_entitled() -> None:
    facts = (tie("ex", "partner_of_parent"), tie("ex", "step_father", of="other", until="2008-01-01"))
    (ex,) = seen(*facts).people
    (other,) = ex.elsewhere
    assert (other.person, other.bonds[0].relation, other.bonds[0].standing) == (
        "other",
        "step_father",
        Standing.BEFORE,
    )
    (ex,) = seen(*facts, known=EVERYBODY - {"other"}).people
    assert ex.elsewhere == (), "that there is another family is a sign too"


def test_another_child_whom_an_adult_lived_with_counts_too() -> None:
    facts = (tie("ex", "partner_of_parent"), stay("ex", "flat"), stay("other", "flat"))
    (ex,) = seen(*facts).people
    assert [(one.person, one.bonds) for one in ex.elsewhere] == [("other", ())]
    (ex,) = seen(tie("ex", "partner_of_parent"), by_address=shared("ex", "other")).people
    assert [home.basis for home in ex.elsewhere[0].homes] == [Basis.INFERRED]
    (ex,) = seen(tie("ex", "partner_of_parent"), by_address=shared("ex", "other"), sealed={"other"}).people
    assert ex.elsewhere == ()


def test_the_childs_own_brothers_and_sisters_are_no_other_family() -> None:
    found = seen(tie("mum", "mother"), tie("mum", "mother", of="sis"))
    assert [one.elsewhere for one in found.people] == [(), ()]


def test_which_brothers_and_sisters_a_carer_has_too_is_for_who_may_know_of_them() -> None:
    facts = (tie("mum", "mother"), tie("mum", "mother", of="sis"))
    assert [one.also_cares_for for one in seen(*facts).people] == [("sis",), ()]
    without = seen(*facts, known=EVERYBODY - {"sis"})
    assert [(one.also_cares_for, one.may_open) for one in without.people] == [((), True), ((), False)]
