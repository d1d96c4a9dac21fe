"""The sentences of a family's list, and the map that Graphviz lays out without knowing anybody's name."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from wholechild.pages import dot
from wholechild.pages.dot import NotDrawn, laid_out
from wholechild.pages.family_drawing import MOST_DRAWN, dot_source, draw_family
from wholechild.pages.family_words import bond_fact, family_groups, home_fact, map_words
from wholechild.people.families.around import (
    Basis,
    Bond,
    Claim,
    Elsewhere,
    FamilyAround,
    Home,
    Relative,
    Standing,
)

GP, POLICE = "gp/Northmoor/Bridge Street Surgery", "police/Northmoor"


def claim(agency: str = GP, since: str = "", until: str = "", last: str = "") -> Claim:
    days = (date.fromisoformat(day) if day else None for day in (since, until))
    return Claim(agency, "row-1", *days, None, date.fromisoformat(last) if last else None)


def bond(
    relation: str = "mother",
    standing: Standing = Standing.NOW,
    *said: Claim,
    basis: Basis = Basis.STATED,
    **more: Any,
) -> Bond:
    titles = {
        "mother": "Mother",
        "sibling": "Brother or sister",
        "partner_of_parent": "Parent's partner",
        "lodger": "Lodger",
    }
    return Bond(relation, titles[relation], basis, standing, said or (claim(),), **more)


def home(basis: Basis, standing: Standing = Standing.NOW, *said: Claim) -> Home:
    return Home(
        basis,
        standing,
        date(2011, 5, 6),
        None,
        said or (claim(last="2012-02-01"), claim(POLICE, last="2011-05-06")),
    )


def person(who: str, *bonds: Bond, homes: Any = (), **more: Any) -> Relative:
    return Relative(who, who.title(), bonds, tuple(homes), more.pop("elsewhere", ()), **more)


def family(*people: Relative, reads_places: bool = True) -> FamilyAround:
    return FamilyAround("child", "Jakub Malik", None, date(2012, 3, 3), people, reads_places)


# -- sentences ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "sentence", "source"),
    [
        (bond(), "Mother. No end is stated.", "Said by Bridge Street Surgery (Northmoor)."),
        (bond("mother", Standing.NOW, claim("")), "Mother. No end is stated.", "Said by a published review."),
        (bond("mother", Standing.NOW, claim(since="2007-07-15")), "Mother, from 15 July 2007. No end is stated.",
         "Said by Bridge Street Surgery (Northmoor)."),
        (bond("partner_of_parent", Standing.BEFORE, claim(since="2009-01-01", until="2010-05-31")),
         "Parent's partner, from 1 January 2009 to 31 May 2010.", "Said by Bridge Street Surgery (Northmoor)."),
        (bond("partner_of_parent", Standing.DIFFER, claim(until="2010-05-31"), claim(POLICE)),
         "Parent's partner. Agencies say different things about whether this has ended.",
         "Said by Bridge Street Surgery (Northmoor) (to 31 May 2010) and Police (Northmoor) (without a date)."),
        (bond("mother", Standing.NOW, of_child=True), "This child is the mother of this person. No end is stated.",
         "Said by Bridge Street Surgery (Northmoor)."),
        (Bond("sibling", "Brother or sister", Basis.WORKED_OUT, Standing.NOW, ()),
         "Brother or sister. They have a parent in common.", "Worked out from who their parents are."),
        (Bond("mother", "Mother", Basis.STATED, Standing.NOW, ()), "Mother.", ""),
        (Bond("mother", "Mother", Basis.STATED, Standing.BEFORE, ()), "Mother. It has ended.", ""),
    ],
)  # fmt: skip
def test_what_somebody_is_to_the_child_is_said_with_its_source(
    said: Bond, sentence: str, source: str
) -> None:
    fact = bond_fact(said)
    assert (fact.sentence, fact.source, fact.is_inferred) == (sentence, source, False)


def test_a_shared_address_is_never_said_as_a_fact() -> None:
    fact = home_fact(home(Basis.INFERRED))
    assert fact.is_inferred
    assert fact.sentence == "May share an address with the child, from 6 May 2011."
    assert fact.source == (
        "Worked out from the addresses that Bridge Street Surgery (Northmoor) (last on 1 February 2012) and "
        "Police (Northmoor) (last on 6 May 2011) wrote down. Nobody has stated it."
    )
    assert home_fact(home(Basis.INFERRED, Standing.BEFORE)).sentence.startswith("May have shared an address")
    read = home_fact(home(Basis.READ, Standing.NOW, claim("")))
    assert read.sentence == "Taken to live, or to have lived, with the child: nobody says from when to when."
    assert map_words(person("mum", bond(), homes=[home(Basis.READ)])) == ("Mother", "Perhaps in the home")
    assert home_fact(home(Basis.STATED)).sentence == "Lives with the child, from 6 May 2011."
    assert home_fact(home(Basis.STATED, Standing.BEFORE)).sentence.startswith("Lived with the child")


def test_the_heading_of_the_carers_stays_where_nobody_has_said_who_cares() -> None:
    groups = family_groups(family(person("ann", bond("sibling"))))
    assert [group.title for group in groups] == ["Parents and carers now", "Brothers and sisters"]
    (carers,) = family_groups(family(person("mum", bond())))
    assert "not the same as knowing" in carers.note
    assert groups[0].nobody == "No agency has told us who cares for this child now."


def test_somebody_of_whom_nobody_says_who_they_are_stands_apart() -> None:
    unsaid = person("lee", homes=[home(Basis.INFERRED)])
    group = family_groups(family(unsaid))[-1]
    assert group.title == "At the same address, and nobody has said who they are"
    assert group.people[0].facts[0].sentence == "What this person is to the child is not known."
    assert map_words(unsaid) == ("Not known who", "May share an address")
    assert map_words(person("mum", bond(), homes=[home(Basis.STATED)])) == ("Mother", "In the home")
    differing = person(
        "ex", bond("partner_of_parent", Standing.DIFFER), bond("lodger", Standing.BEFORE), bond("sibling")
    )
    assert map_words(differing) == (
        "Parent's partner", "agencies differ", "Lodger", "before", "and more in the list",
    )  # fmt: skip
    assert max(len(text) for text in map_words(differing)) * 7.4 < 184, "none of it is cut off in a box"


# -- the map -----------------------------------------------------------------------------------------------------------


def several() -> FamilyAround:
    other = Elsewhere("zara", "Zara Quill", (bond(),), ())
    return family(
        person("mum", bond(), homes=[home(Basis.STATED)], also_cares_for=("ann",)),
        person("ex", bond("partner_of_parent", Standing.BEFORE), elsewhere=(other,)),
        person("ann", bond("sibling")),
        person("ben", bond("sibling")),
        person("lodger", bond("lodger")),
        person("lee", homes=[home(Basis.INFERRED)]),
    )


def test_everybody_of_the_list_is_in_the_map_once() -> None:
    drawing = draw_family(several(), laid_out)
    assert [box.kind for box in drawing.boxes] == [
        "child",
        "now",
        "before",
        "family",
        "family",
        "family",
        "unsaid",
        "elsewhere",
    ]
    assert len({(box.x, box.y) for box in drawing.boxes}) == len(drawing.boxes)
    assert all(box.x >= 0 and box.x + box.width <= drawing.width for box in drawing.boxes)
    assert all(box.y >= 0 and box.y + box.height <= drawing.height for box in drawing.boxes)
    assert [line.inferred for line in drawing.lines].count(True) == 1
    assert drawing.broken
    assert "1 parent or carer now" in drawing.description
    assert "1 child of another family" in drawing.description


def test_carers_stand_above_the_child_and_brothers_and_sisters_beside() -> None:
    child, mum, ex, ann, ben, lodger, lee, zara = draw_family(several(), laid_out).boxes
    assert max(mum.y, ex.y) + mum.height < child.y
    middle = child.y + child.height / 2
    for beside in (ann, ben, zara):
        assert abs(beside.y + beside.height / 2 - middle) < 1
    assert min(lodger.y, lee.y) > child.y + child.height


def test_no_name_is_handed_to_the_program_that_lays_out() -> None:
    given: list[str] = []

    def layout(source: str) -> str:
        given.append(source)
        return laid_out(source)

    draw_family(several(), layout)
    assert not any(
        word in given[0].lower() for word in ("jakub", "malik", "mum", "zara", "quill", "lodger", "mother")
    )


def test_a_long_name_takes_two_lines_and_stays_inside() -> None:
    drawing = draw_family(
        family(Relative("x", "Wolfeschlegelsteinhausen Ramasubramanian Oluwaseunfunmi", (bond(),), (), ())),
        laid_out,
    )
    name = drawing.boxes[1].name
    assert len(name) == 2
    assert all(len(line) * 7.4 <= 196 for line in name)


def test_too_many_people_are_a_list_only() -> None:
    with pytest.raises(NotDrawn, match="more than 80 people"):
        draw_family(family(*(person(f"p{n}", bond("lodger")) for n in range(MOST_DRAWN))), laid_out)
    draw_family(family(*(person(f"p{n}", bond("lodger")) for n in range(MOST_DRAWN - 1))), laid_out)


def test_nobody_is_no_map() -> None:
    with pytest.raises(NotDrawn, match="nobody to draw"):
        draw_family(family(), laid_out)


@pytest.mark.parametrize(
    "answer", ["", "graph 1", "graph 1 2 2\nstop", "graph 1 x y", "graph 1 2 2\nnode 0 1 1\nnode 1 1 2"]
)
def test_an_answer_that_is_no_layout_is_no_map(answer: str) -> None:
    with pytest.raises(NotDrawn, match="could not be drawn"):
        draw_family(several(), lambda source: answer)


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Stand another program in the place of the one that lays out."""

    def stood(text: str) -> None:
        path = tmp_path / "dot"
        path.write_text(f"#!{sys.executable}\n{text}")
        path.chmod(0o755)
        monkeypatch.setattr(dot, "find_dot", lambda: str(path))
        laid_out.cache_clear()

    return stood


@pytest.mark.parametrize(
    "text", ["import sys; sys.exit(3)", "import time; time.sleep(9)", "print('\\u00e9'.encode('latin-1'))"]
)
def test_a_program_that_fails_or_does_not_end_is_no_map(
    program: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr(dot, "_SECONDS", 1)
    program(text)
    with pytest.raises(NotDrawn, match="could not be drawn"):
        draw_family(several(), laid_out)


def test_the_program_is_told_nothing_of_our_environment(
    program: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://secret")
    program("import os; print(sorted(os.environ))")
    assert "DATABASE_URL" not in laid_out("digraph {}")


def test_the_program_that_came_with_wholechild_is_found() -> None:
    assert (dot.find_dot() or "").endswith(("graphviz-pure", "dot"))
    assert dot_source([], []).startswith("digraph {")
