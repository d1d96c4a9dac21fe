"""Who may see what: one small table of role, relation and class of data. What is not in it is refused.

This is the place that a later issue fills from Cedar policies: `MAY_SEE` becomes a generated, versioned table of
the same shape, and everything that asks `decide` stays as it is (ARCHITECTURE D5).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

#: What a viewer can be to a person. `duty` and `oversight` may be held towards everybody (person `*`).
RELATIONS: Final = ("teaches", "caseload", "allocated", "duty", "oversight")
EVERYBODY: Final = "*"
TOWARDS_EVERYBODY: Final = frozenset({"duty", "oversight"})

#: Classes of data of the vocabulary, from the least to the most.
WHO_IS_INVOLVED: Final = frozenset({"existence", "contact"})
WORKING_PICTURE: Final = WHO_IS_INVOLVED | {"content", "familys_words"}
WITH_PLACE: Final = WORKING_PICTURE | {"place"}

#: (roles, relation) -> classes. No line opens a sealed place: that is another room's decision.
_LINES: Final[tuple[tuple[tuple[str, ...], str, frozenset[str]], ...]] = (
    (("teacher", "nursery_worker", "childminder"), "teaches", WHO_IS_INVOLVED | {"content"}),
    (("designated_safeguarding_lead", "headteacher"), "teaches", WORKING_PICTURE),
    (("health_visitor", "school_nurse", "midwife", "gp", "named_nurse", "named_doctor", "paediatrician",
      "community_paediatrician"), "caseload", WITH_PLACE),
    (("early_help_worker", "lead_practitioner", "education_welfare_officer"), "caseload", WORKING_PICTURE),
    (("social_worker", "team_manager", "conference_chair", "independent_reviewing_officer"), "allocated", WITH_PLACE | {"legal"}),
    (("duty_social_worker", "out_of_hours_social_worker", "team_manager"), "duty", WITH_PLACE),
    (("police_decision_maker", "hub_coordinator"), "duty", WORKING_PICTURE),
    (("linkage_reviewer",), "duty", WHO_IS_INVOLVED | {"place"}),  # tells people apart, by their homes too; reads no record
    (("information_governance_lead",), "duty", WHO_IS_INVOLVED),
    (("independent_scrutineer", "inspector", "review_author"), "oversight", WORKING_PICTURE),
)  # fmt: skip

MAY_SEE: Final[frozenset[tuple[str, str, str]]] = frozenset(
    (role, relation, data_class)
    for roles, relation, classes in _LINES
    for role in roles
    for data_class in classes
)


#: (purpose, class of data): whose records may stand in pseudonymised columns, as the kind of thing that was recorded, when and
#: by which kind of service. No column holds a name, a place, or what a record says; so "place" and "legal" open neither an
#: address nor a paper. That somebody is in a sealed place narrows the place by itself: those records stay out.
IN_COLUMNS: Final[frozenset[tuple[str, str]]] = frozenset(
    ("analysis", data_class) for data_class in ("existence", "content", "familys_words", "place", "legal")
)
#: Roles that may have a snapshot taken, and may say whom a pseudonym stands for.
MAY_ANALYSE: Final = frozenset({"panel_analyst", "review_author", "information_governance_lead", "operator"})


@dataclass(frozen=True, slots=True)
class Decision:
    """Yes or no, and the line of the table that says so. `rule` is fit to keep beside a disclosure."""

    allowed: bool
    rule: str

    def __bool__(self) -> bool:
        return self.allowed


def decide(role: str, relations: Iterable[str], data_class: str) -> Decision:
    """Whether somebody in this role, with these relations to a person, may see this class of data about them."""
    held = sorted(relations)
    for relation in held:
        if (role, relation, data_class) in MAY_SEE:
            return Decision(True, f"{role} / {relation} / {data_class}")
    return Decision(False, f"no line for {role} / {', '.join(held) or 'no relation'} / {data_class}")


def classes_in_columns(purpose: str) -> frozenset[str]:
    """Every class of data whose records may stand in columns for this purpose; none for a purpose that is not named."""
    return frozenset(data_class for named, data_class in IN_COLUMNS if named == purpose)


def may_analyse(role: str) -> Decision:
    """Whether somebody in this role may take a snapshot. The software's own task may: it shows nobody anything."""
    allowed = role == "system" or role in MAY_ANALYSE
    return Decision(allowed, f"{role} / analysis" if allowed else f"no line for {role} / analysis")


def may_read_figures(role: str) -> Decision:
    """Whether somebody in this role may read the report of a backtest: whoever may analyse, and whoever reads the lesson it is about."""
    allowed = role in MAY_ANALYSE or bool(decide_act(role, "lesson.read"))
    return Decision(allowed, f"{role} / figures" if allowed else f"no line for {role} / figures")


def may_read_linkage(role: str) -> Decision:
    """Whether somebody in this role may read how well linking does: whoever may read figures, and whoever decides who is who."""
    allowed = bool(may_read_figures(role)) or bool(decide_act(role, "people.review"))
    return Decision(allowed, f"{role} / linkage" if allowed else f"no line for {role} / linkage")


def classes_for(role: str, relations: Collection[str]) -> frozenset[str]:
    """Every class of data that the table opens: lists and checks read the same lines."""
    return frozenset(data_class for r, relation, data_class in MAY_SEE if r == role and relation in relations)


# -- what may be done that is about no one person ------------------------------------------------------------------------

#: roles -> what they may do about lessons, and about who is who. Who scrutinises reads, and signs nothing.
_ACTS: Final[tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]] = (
    (("panel_analyst", "review_author"), ("lesson.read", "lesson.write")),
    (("partnership_manager",), ("lesson.read", "lesson.write", "lesson.adopt")),
    (("director_of_childrens_services", "head_of_service", "named_doctor"), ("lesson.read", "lesson.adopt")),
    (("independent_scrutineer", "inspector"), ("lesson.read",)),
    (
        ("linkage_reviewer", "hub_coordinator", "team_manager", "information_governance_lead"),
        ("people.review",),
    ),
)

MAY_DO: Final[frozenset[tuple[str, str]]] = frozenset(
    (role, act) for roles, acts in _ACTS for role in roles for act in acts
)


def decide_act(role: str, act: str) -> Decision:
    """Whether somebody in this role may do this. What stands in no line is refused."""
    if (role, act) in MAY_DO:
        return Decision(True, f"{role} / {act}")
    return Decision(False, f"no line for {role} / {act}")
