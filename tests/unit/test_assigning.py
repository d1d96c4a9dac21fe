"""Which person a settled group is: ids stay, nobody sees more without a decision, and the order of anything is no matter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from wholechild.people.assigning import Assigned, Held, Standing, persons_for
from wholechild.records.ids import stable_id

ANN, BEA = frozenset({("ann", "teaches")}), frozenset({("bea", "caseload")})


def stand(identity: str, learnt: int, person: str = "", declared: str = "") -> Standing:
    return Standing(identity, (learnt, identity), person, declared)


def own(identity: str) -> str:
    return stable_id("person", identity)


def assigned(groups: list[set[str]], *standings: Standing, **more: Any) -> Assigned:
    asked: dict[str, Any] = {
        "viewers": {},
        "bound": (),
        "weights": {},
        "is_free": lambda _: True,
        "at": "now",
    }
    return persons_for(groups, {s.identity: s for s in standings}, **{**asked, **more})


def people(done: Assigned) -> Mapping[str, str]:
    return done.person_of


def test_who_is_new_together_is_one_person_named_by_the_first() -> None:
    assert people(assigned([{"b", "a"}], stand("a", 2), stand("b", 1))) == {"a": own("b"), "b": own("b")}


def test_a_declared_person_has_the_id_that_the_sender_gives() -> None:
    done = assigned([{"a", "b"}], stand("a", 1, "p"), stand("b", 2, declared="case:child"))
    assert set(people(done).values()) == {stable_id("person", "declared", "case:child")}


def test_a_person_who_grows_keeps_the_id() -> None:
    assert people(assigned([{"a", "b"}], stand("a", 1, "p"), stand("b", 0))) == {"a": "p", "b": "p"}


def test_of_two_persons_the_one_that_was_learnt_first_is_kept() -> None:
    done = assigned([{"a", "b", "c"}], stand("a", 3, "p"), stand("b", 2, "q"), stand("c", 4, "q"))
    assert set(people(done).values()) == {"q"}
    assert (done.held, done.follows) == ([], [("p", "q")])


def test_a_person_who_is_split_stays_with_whom_we_knew_first() -> None:
    done = assigned([{"a"}, {"b"}], stand("a", 2, "p"), stand("b", 1, "p"))
    assert people(done) == {"a": own("a"), "b": "p"}


def test_somebody_outside_the_group_may_keep_the_id() -> None:
    """The first identity of the person says nothing any more, and is no part of any group; the person stays theirs."""
    done = assigned([{"b"}], stand("a", 1, "p"), stand("b", 2, "p"))
    assert people(done) == {"b": own("b")}


def test_a_machine_joins_nobody_where_one_of_two_would_be_opened() -> None:
    two = (stand("a", 1, "p"), stand("b", 2, "q"))
    for viewers in ({"p": ANN}, {"q": ANN}, {"p": ANN, "q": BEA}, {"p": ANN, "q": ANN | BEA}):
        done = assigned([{"a", "b"}], *two, viewers=viewers)
        assert people(done) == {"a": "p", "b": "q"}
        assert done.held == [Held("p", "q")]
    assert set(people(assigned([{"a", "b"}], *two, viewers={"p": ANN, "q": ANN})).values()) == {"p"}


def test_a_decision_joins_them_and_who_looked_after_either_follows() -> None:
    done = assigned(
        [{"a", "b"}], stand("a", 1, "p"), stand("b", 2, "q"), viewers={"q": ANN}, bound={("a", "b")}
    )
    assert set(people(done).values()) == {"p"}
    assert done.follows == [("q", "p")]


def test_whoever_is_split_off_brings_nobody_along() -> None:
    """`b` was wrongly one with `a`; a decision says that it is `c`. Who looks after `a` does not look after `c` for that."""
    done = assigned(
        [{"a"}, {"b", "c"}], stand("a", 1, "p"), stand("b", 2, "p"), stand("c", 3, "q"),
        viewers={"p": ANN, "q": BEA}, bound={("b", "c")},
    )  # fmt: skip
    assert people(done) == {"a": "p", "b": "q", "c": "q"}
    assert done.follows == []


def test_a_machine_moves_nobody_from_one_circle_of_eyes_into_another() -> None:
    done = assigned(
        [{"a"}, {"b", "c"}], stand("a", 1, "p"), stand("b", 2, "p"), stand("c", 3, "q"), viewers={"q": BEA}
    )
    assert people(done) == {"a": "p", "b": own("b"), "c": "q"}


def test_who_is_new_goes_to_whom_they_weigh_most_with() -> None:
    three = (stand("a", 1, "p"), stand("b", 2, "q"), stand("n", 3))
    weights = {("a", "n"): 12.0, ("b", "n"): 20.0}
    done = assigned([{"a", "b", "n"}], *three, viewers={"p": ANN}, weights=weights)
    assert people(done) == {"a": "p", "b": "q", "n": "q"}
    done = assigned([{"a", "b", "n"}], *three, viewers={"p": ANN}, weights=weights, bound={("a", "n")})
    assert people(done)["n"] == "p"


def test_who_is_split_off_takes_no_id_that_somebody_else_has() -> None:
    done = assigned([{"a"}, {"b"}], stand("a", 1, "p"), stand("b", 2, "p"), is_free=lambda _: False)
    assert people(done)["b"] == stable_id("person", "b", "apart", "now")


def test_who_is_split_off_takes_no_id_that_would_open_them() -> None:
    """Somebody still stands in a relation to the person that `b` once was, and to nobody else here."""
    done = assigned([{"a"}, {"b"}], stand("a", 1, "p"), stand("b", 2, "p"), viewers={own("b"): BEA})
    assert people(done)["b"] == stable_id("person", "b", "apart", "now")
    done = assigned([{"a"}, {"b"}], stand("a", 1, "p"), stand("b", 2, "p"), viewers={own("b"): BEA, "p": BEA})
    assert people(done)["b"] == own("b")


persons = st.sampled_from(("", "p", "q", "r"))


@given(
    st.lists(
        st.tuples(persons, st.integers(0, 2), st.sets(st.sampled_from(("ann", "bea")))),
        min_size=1,
        max_size=7,
    ),
    st.randoms(),
)
def test_nobody_sees_more_than_before_without_a_decision(
    drawn: list[tuple[str, int, set[str]]], chance: Any
) -> None:
    """Whoever may see an identity afterwards could see it before, or it is new; and the order in which all is given is no matter."""
    standings = [stand(f"i{n}", n, person) for n, (person, _, _) in enumerate(drawn)]
    groups = [{f"i{n}" for n, (_, group, _) in enumerate(drawn) if group == g} for g in range(3)]
    viewers = {person: frozenset((user, "teaches") for user in users) for person, _, users in drawn if person}
    done = assigned([g for g in groups if g], *standings, viewers=viewers)
    for one in standings:
        now = done.person_of[one.identity]
        assert not one.person or viewers.get(now, frozenset()) <= viewers.get(one.person, frozenset())
    together: dict[str, set[int]] = {}
    for n, (_, group, _) in enumerate(drawn):
        together.setdefault(done.person_of[f"i{n}"], set()).add(group)
    assert all(len(found) == 1 for found in together.values())
    again = chance.sample(standings, len(standings))
    assert assigned([g for g in reversed(groups) if g], *again, viewers=viewers).person_of == done.person_of
