"""The one way from a page to anything personal: look it up, write down that it is shown, and only then hand it over.

Both happen in one transaction (ARCHITECTURE D6). A page that was not written down cannot be shown; a page that cannot
be shown leaves no entry that says it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.conf import settings
from django.db import transaction

from wholechild.lib.civil import Period
from wholechild.pages.demo_people import BY_ROLE, PUBLISHED, PublishedCase
from wholechild.pages.faces import random_bytes, today
from wholechild.pages.picture_words import age_words
from wholechild.patterns.actions import open_picture
from wholechild.patterns.explain import say_agency
from wholechild.patterns.language.lesson import Lesson
from wholechild.patterns.library import Library, read_library
from wholechild.patterns.life.actions import install_library
from wholechild.patterns.life.queries import NothingAdopted, lessons_in_force
from wholechild.patterns.picture import ChildPicture
from wholechild.patterns.queries import WorklistItem, worklist
from wholechild.people.queries import Named, find_people, names_of
from wholechild.people.searching.asked import Asked
from wholechild.people.searching.queries import Hit, children_with, search_people
from wholechild.records.facts import Agency
from wholechild.trust.actions import disclose
from wholechild.trust.permissions import Decision, classes_for, decide
from wholechild.trust.queries import relations_to
from wholechild.trust.viewers import Viewer
from wholechild.vocabulary.terms import vocabulary

#: The least that there is to know about a child: that a record exists.
LEAST: Final = "existence"


def open_child(*, viewer: Viewer, person: str, as_known_at: date, at: datetime) -> ChildPicture | None:
    """The child's picture, written down as shown; None, written down as refused, for who may not know of this child."""
    return open_picture(
        by=viewer, purpose=viewer.purpose, at=at, person=person, as_known_at=as_known_at, lessons=lessons(viewer, at),
        route="page child", salts=random_bytes,
    )  # fmt: skip


def lessons(viewer: Viewer, at: datetime) -> Sequence[Lesson]:
    """The lessons that run. Where none was ever adopted, the library that came with the installation is, first."""
    try:
        return lessons_in_force(viewer, at)
    except NothingAdopted:
        install_library(by="system:pages", purpose="match", at=at, library=library, salts=random_bytes)
        return lessons_in_force(viewer, at)


def library() -> Library:
    """The files of this installation."""
    return read_library(settings.WHOLECHILD_LESSONS)


def open_worklist(*, viewer: Viewer, at: datetime) -> tuple[WorklistItem, ...]:
    """The matches that hold now for the children whom the viewer works with, each child written down as shown."""
    with transaction.atomic():
        items = worklist(viewer=viewer, at=at, lessons=lessons(viewer, at))
        _write_down_all(viewer, list(dict.fromkeys(item.person for item in items)), "page worklist", at)
    return items


def open_published(*, viewer: Viewer, at: datetime) -> tuple[tuple[str, PublishedCase], ...]:
    """The published cases that a demo holds and that this viewer may know of, by id of the child; written down as shown."""
    with transaction.atomic():
        found = [(person, case) for case in PUBLISHED for person in _child_of(case, viewer, at)]
        _write_down_all(viewer, [person for person, _ in found], "page worklist", at)
    return tuple(found)


def _child_of(case: PublishedCase, viewer: Viewer, at: datetime) -> list[str]:
    born_then = find_people(viewer, case.born.isoformat(), at)
    names = names_of(viewer, born_then, at)
    return [person for person in born_then if person in names and names[person].words == BY_ROLE][:1]


@dataclass(frozen=True, slots=True)
class Found:
    """One person that a search found, with enough to know whether it is the right one, and no more.

    Shape    `children` are the children whom an adult belongs to: (id, name). They are shown too, and so written down too.
    """

    person: str
    name: str
    born: Period | None
    age_words: str
    area: str
    agencies: tuple[str, ...]
    sure: str
    why: str
    is_child: bool
    children: tuple[tuple[str, str], ...] = ()


def open_search(*, viewer: Viewer, asked: Asked, at: datetime) -> tuple[tuple[Found, ...], bool]:
    """The people whom the viewer may know of and who fit what was asked for; and whether there are more."""
    with transaction.atomic():
        answer = search_people(viewer, asked, at)
        with_whom = children_with(viewer, [hit.person for hit in answer.hits if not hit.is_child], at)
        belonging = sorted({child for children in with_whom.values() for child in children})
        names = names_of(viewer, belonging, at)
        shown = list(dict.fromkeys([*(hit.person for hit in answer.hits), *belonging]))
        _write_down_all(viewer, shown, "page find", at)
    return tuple(
        _found(hit, with_whom.get(hit.person, ()), names, today(at)) for hit in answer.hits
    ), answer.more


def _found(hit: Hit, children: Sequence[str], names: Mapping[str, Named], day: date) -> Found:
    titles = sorted(say_agency(agency) for agency in hit.agencies if _is_one_service(Agency.of(agency).kind))
    beside = tuple((child, names[child].words) for child in children if child in names)
    return Found(
        hit.person, hit.name, hit.born, age_words(hit.born, day), hit.area, tuple(titles), str(hit.graded.sure),
        hit.graded.why, hit.is_child, beside,
    )  # fmt: skip


def _is_one_service(kind: str) -> bool:
    """False where the source does not say which service it was: that is nobody to ring."""
    known = vocabulary().agency_kind(kind)
    return known is None or known.attributable


def _write_down_all(viewer: Viewer, persons: Sequence[str], route: str, at: datetime) -> None:
    """A list shows little of each, and still that there is something: each child on it is written down."""
    relations = relations_to(viewer, persons, at)
    for person in persons:
        decision = decide(viewer.role, relations[person], LEAST)
        _write_down(viewer, person, relations[person], route, decision, at)


def _write_down(
    viewer: Viewer, person: str, relations: frozenset[str], route: str, decision: Decision, at: datetime
) -> None:
    classes: Iterable[str] = classes_for(viewer.role, relations) if decision else (LEAST,)
    disclose(
        by=viewer, purpose=viewer.purpose, at=at, person=person, relations=relations, classes=classes,
        route=route, decision=decision, disclosure_id=f"dis-{random_bytes(12).hex()}", salts=random_bytes,
    )  # fmt: skip
