"""Who people are and who belongs to whom, as it can be asked for: links, details, families. Every read takes a viewer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from django.db import connection
from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from wholechild.lib.civil import DAY, FOREVER, Period, Precision, civil, day_start
from wholechild.people.arriving.queries import comparing_in_force, model_in_force, pairs_with
from wholechild.people.comparing.artefact import Artefact
from wholechild.people.comparing.weighed import Weighed
from wholechild.people.declared import declared_family
from wholechild.people.family import BEGINNING, Family, FamilyTie, Held, Person, Statement, Stay
from wholechild.people.models import CrowdedKey, Link, LinkageModel, LinkageModelAdopted, Unlink
from wholechild.records.facts import Record
from wholechild.records.feeds.chronology import DeclaredPerson
from wholechild.records.models import Delivery, PersonRow, ResidenceRow, TieRow, Withdrawal
from wholechild.records.queries import (
    InForce,
    SentRecord,
    person_rows,
    records_filed_under,
    residence_rows,
    tie_rows,
)
from wholechild.records.search import folded, folded_postcode
from wholechild.trust.queries import visible
from wholechild.trust.viewers import Viewer

# -- for linking ---------------------------------------------------------------------------------------------------


def pairs_of(viewer: Viewer, identities: Collection[str], at: datetime) -> list[Weighed]:
    """The pairs of which a side is among these identities, and that weigh enough to be possible or more.

    Missing  a pair where the viewer may not know of the person on either side: not even that there is one.
    """
    pairs = pairs_with(identities)
    persons = persons_of(viewer, {side for pair in pairs for side in (pair.one, pair.other)}, at)
    return [pair for pair in pairs if pair.one in persons and pair.other in persons]


@dataclass(frozen=True, slots=True)
class CrowdedKeys:
    """That more identities than are compared share keys of one kind, some of them this agency's."""

    agency: str
    rule: str
    members: int


@dataclass(frozen=True, slots=True)
class Linkage:
    """How linking stands. `possible` are pairs that wait for a person: likely enough to ask, and no decision about them binds."""

    identities: int
    persons: int
    possible: int
    model: str
    crowded: Sequence[CrowdedKeys]


def linkage(viewer: Viewer) -> Linkage:
    """How linking stands as a whole: numbers, and nothing about anybody."""
    ((identities, persons),) = _rows(
        "SELECT count(*), count(DISTINCT l.person) FROM people_link l WHERE NOT EXISTS (SELECT 1 FROM people_unlink u WHERE u.link = l.id)"
    )
    ((possible,),) = _rows(_POSSIBLE)
    crowded = (
        CrowdedKey.objects.order_by("agency", "rule")
        .values_list("agency", "rule")
        .annotate(most=Max("members"))
    )
    return Linkage(
        identities, persons, possible, comparing_in_force().name, [CrowdedKeys(*found) for found in crowded]
    )


_POSSIBLE: Final = (
    "SELECT count(*) FROM people_pair p JOIN people_link a ON a.identity = p.one JOIN people_link b ON b.identity = p.other "
    "WHERE a.person <> b.person AND p.zone <> 'faint' AND NOT EXISTS (SELECT 1 FROM people_unlink u WHERE u.link IN (a.id, b.id)) "
    "AND NOT EXISTS (SELECT 1 FROM people_pairdecision d WHERE d.identities = ARRAY[p.one, p.other]::text[] "
    "AND NOT EXISTS (SELECT 1 FROM people_pairdecisionundone x WHERE x.decision = d.id))"
)


def artefact_in_force(viewer: Viewer) -> Artefact:
    """The model by which identities are weighed now."""
    return comparing_in_force().artefact


def model_that_weighs(viewer: Viewer) -> str:
    """The id of the model in force: the one that ships, where nobody has adopted another."""
    return comparing_in_force().name


@dataclass(frozen=True, slots=True)
class KeptModel:
    """A model by which identities can be weighed.

    Missing  an empty `proposed_by`: nobody would have it in force now. `adopted` empty: it is not in force; else each of the two
             who put it in force, with when and why.
    """

    id: str
    kept_at: datetime
    card: Mapping[str, Any]
    in_force: bool
    proposed_by: str
    adopted: tuple[tuple[str, datetime, str], ...] = ()


def linkage_models(viewer: Viewer) -> list[KeptModel]:
    """The models that were kept, the latest first."""
    seconded = LinkageModelAdopted.objects.exclude(seconds="").values("seconds")
    proposals = LinkageModelAdopted.objects.filter(seconds="").exclude(pk__in=seconded)
    proposed = dict(proposals.order_by("adopted_at").values_list("model", "by"))
    in_force = model_in_force()
    return [
        KeptModel(
            row.pk, row.kept_at, row.card, row.pk == in_force, proposed.get(row.pk, ""), _adopted(row.pk) if row.pk == in_force else ()
        )
        for row in LinkageModel.objects.order_by("-kept_at", "pk")
    ]  # fmt: skip


def _adopted(model: str) -> tuple[tuple[str, datetime, str], ...]:
    """Who last put a model in force: who proposed it, and who agreed."""
    agreed = LinkageModelAdopted.objects.exclude(seconds="").filter(model=model).latest("adopted_at", "pk")
    both = (LinkageModelAdopted.objects.get(pk=agreed.seconds), agreed)
    return tuple((one.by, one.adopted_at, one.why) for one in both)


def _chronologies(deliveries: Iterable[str] | None = None) -> frozenset[str]:
    """Those of the deliveries that are published chronologies; without any given, of all."""
    rows = Delivery.objects.filter(format="chronology")
    chosen = rows if deliveries is None else rows.filter(pk__in=list(deliveries))
    return frozenset(chosen.values_list("pk", flat=True))


# -- persons and those around them -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LinkedIdentity:
    """An identity is a person, in [known_from, known_to) of the axis of knowledge."""

    identity: str
    person: str
    known_from: int
    known_to: int


@dataclass(frozen=True, slots=True)
class Named:
    """What a person is called: the best that any agency says. `words` is fit to show; role words where there is no name."""

    person: str
    words: str
    born: Period | None
    sex: str
    died: Period | None = None


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everything about some children and everyone around them, in one piece.

    Shape    `links` maps an identity to its persons; `records` are all versions of all records about anyone here.
             `settled`: one more record would only add itself. Not so where a family is told by its records (a published
             chronology), and where a link ends only after the moment that was asked about.
    """

    family: Family
    names: Mapping[str, Named]
    links: Mapping[str, Sequence[LinkedIdentity]]
    records: Sequence[SentRecord]
    settled: bool


def gather(viewer: Viewer, children: Collection[str], at: datetime) -> Gathered:
    """The facts about these children, and about those who care for them, live with them, or share a carer with them.

    Missing  a child whom the viewer may not know of is left out, as if there were none.
    """
    allowed = [child for child, classes in visible(viewer, children, at).items() if "existence" in classes]
    by_identity = _by_identity(_links_around(allowed))
    identities = list(by_identity)
    rows = person_rows(viewer, identities)
    names = _names(rows, by_identity, civil(at))
    records = records_filed_under(viewer, identities)
    by_identity |= _by_identity(
        links_of({i for sent in records for i in sent.identities} - by_identity.keys())
    )
    persons = {
        name.person: Person(
            name.person,
            (name.born.starts, name.born.ends) if name.born else None,
            name.died.ends - DAY if name.died else None,
        )
        for name in names.values()
    }
    ties, stays = _family_facts(viewer, identities, by_identity)
    cases = _case_families(rows, by_identity, records)
    ends = (link.known_to for links in by_identity.values() for link in links)
    settled = not cases and all(end <= civil(at) for end in ends if end < FOREVER)
    return Gathered(
        Family(persons, [*ties, *(t for f in cases for t in f.ties)], [*stays, *(s for f in cases for s in f.stays)]),
        names, by_identity, records, settled,
    )  # fmt: skip


def _links_around(children: Sequence[str]) -> list[LinkedIdentity]:
    """The links of every identity of the children and of everybody two steps away, to whomever they are."""
    asked = [list(people_around(children))]
    return links_of({i for (i,) in _rows("SELECT identity FROM people_link WHERE person = ANY(%s)", asked)})


def _by_identity(links: Iterable[LinkedIdentity]) -> dict[str, list[LinkedIdentity]]:
    found: dict[str, list[LinkedIdentity]] = {}
    for link in links:
        found.setdefault(link.identity, []).append(link)
    return found


def links_of(identities: Collection[str]) -> list[LinkedIdentity]:
    """Every link of these identities; so whom a record is about does not hang on whom else somebody asks for."""
    return _links(_any_of("identity", identities)) if identities else []


def _any_of(column: str, values: Collection[str]) -> QuerySet[Link]:
    """The links whose column is one of many values: one array, where `__in` would send thousands of parameters."""
    return Link.objects.extra(where=[f"{column} = ANY(%s)"], params=[list(values)])  # noqa: S610 - a column that we name


def _links(which: QuerySet[Link]) -> list[LinkedIdentity]:
    """The links, each known from the beginning, or where it follows one that was taken back, from when it was made."""
    links = list(which.order_by("linked_at", "pk"))
    identities = {link.identity for link in links}
    undone = Unlink.objects.values("link")
    again = set(_any_of("identity", identities).filter(pk__in=undone).values_list("identity", flat=True))
    ended = (
        dict(
            Unlink.objects.filter(link__in=_any_of("identity", again).values("pk")).values_list(
                "link", "unlinked_at"
            )
        )
        if again
        else {}
    )
    return [
        LinkedIdentity(
            link.identity, link.person,
            civil(link.linked_at) if link.identity in again and link.pk not in ended else BEGINNING,
            civil(ended[link.pk]) if link.pk in ended else FOREVER,
        )
        for link in links
    ]  # fmt: skip


def _names(
    rows: Iterable[InForce[PersonRow]], links: Mapping[str, Sequence[LinkedIdentity]], now: int
) -> dict[str, Named]:
    """Per person, the latest full name and the most exact birth; a role in words where nobody gives a name.

    What an agency says now goes before what it has withdrawn; what belongs to somebody else by now is left out, unless there
    is nothing else to call the person by.
    """
    names: dict[str, Named] = {}
    for held in sorted(rows, key=lambda r: (r.known_to is None, r.known_from, r.row.pk)):
        for link in links.get(held.row.identity, ()):
            if link.known_to > now:
                names[link.person] = _named(link.person, held.row, names.get(link.person))
    for held in rows:
        for link in links.get(held.row.identity, ()):
            if link.person not in names:
                names[link.person] = _named(link.person, held.row, None)
    return names


def _named(person: str, row: PersonRow, before: Named | None) -> Named:
    words = " ".join(part for part in (row.given_name, row.family_name) if part)
    return Named(
        person,
        words or (before.words if before and before.words else _role_words(row.role)),
        _more_exact(_born(row), before.born if before else None),
        row.sex or (before.sex if before else ""),
        _more_exact(_died(row), before.died if before else None),
    )


def _role_words(role: str) -> str:
    return role.split(";")[0].split(",")[0].strip().capitalize()


def _born(row: PersonRow) -> Period | None:
    if row.born_first is None or row.born_last is None:
        return None
    return Period(row.born_first, row.born_last, Precision(row.born_precision or "day"))


def _died(row: PersonRow) -> Period | None:
    if row.died_first is None or row.died_last is None:
        return None
    return Period(row.died_first, row.died_last, Precision(row.died_precision or "day"))


def _more_exact(one: Period | None, other: Period | None) -> Period | None:
    """The more exact of two, the first where they are equally so: what was said last."""
    if one is None or other is None:
        return one or other
    return other if (other.last - other.first) < (one.last - one.first) else one


# -- ties and stays --------------------------------------------------------------------------------------------------


def _family_facts(
    viewer: Viewer, identities: Sequence[str], links: Mapping[str, Sequence[LinkedIdentity]]
) -> tuple[list[FamilyTie], list[Stay]]:
    ties = [
        FamilyTie(child.person, tie.row.relation, other.person, _held(tie, child, other), _statement(tie))
        for tie in tie_rows(viewer, identities)
        for child in links.get(tie.row.subject_identity, ())
        for other in links.get(tie.row.other_identity, ())
    ]
    stays = [
        Stay(
            who.person,
            f"{stay.row.agency}|{stay.row.household}",
            _area(stay.row),
            _held(stay, who),
            _statement(stay),
        )
        for stay in residence_rows(viewer, identities)
        for who in links.get(stay.row.subject_identity, ())
    ]
    return ties, stays


def _statement(stated: InForce[TieRow] | InForce[ResidenceRow]) -> Statement:
    return Statement(stated.row.agency, stated.row.pk)


def _area(row: ResidenceRow) -> str:
    return row.area or row.agency.split("/")[1]


def _held(stated: InForce[TieRow] | InForce[ResidenceRow], *links: LinkedIdentity) -> Held:
    began: date | None = stated.row.began_first
    ended: date | None = stated.row.ended_last
    known_to = civil(stated.known_to) if stated.known_to else FOREVER
    return Held(
        day_start(began) if began else BEGINNING,
        day_start(ended) + DAY if ended else FOREVER,
        max(civil(stated.known_from), *(link.known_from for link in links)),
        min(known_to, *(link.known_to for link in links)),
    )


# -- published chronologies ------------------------------------------------------------------------------------------


def _case_families(
    rows: Iterable[InForce[PersonRow]],
    links: Mapping[str, Sequence[LinkedIdentity]],
    records: Sequence[SentRecord],
) -> list[Family]:
    """The families of published chronologies: their ties follow from the roles and from who is named together."""
    chronologies = _chronologies({held.row.delivery for held in rows})
    cases: defaultdict[str, dict[str, PersonRow]] = defaultdict(dict)
    for held in rows:
        if held.row.delivery in chronologies and held.row.identity in links:
            cases[held.row.reference.split(":")[0]][held.row.reference] = held.row
    return [_case_family(people, links, records) for people in cases.values()]


def _case_family(
    people: Mapping[str, PersonRow],
    links: Mapping[str, Sequence[LinkedIdentity]],
    records: Sequence[SentRecord],
) -> Family:
    person_of = {reference: links[row.identity][0].person for reference, row in people.items()}
    roles = [
        DeclaredPerson(reference.split(":", 1)[1], row.role, _born(row), 0)
        for reference, row in people.items()
    ]
    own = [_with_role_ids(sent, people) for sent in records if any(a in people for a in sent.record.about)]
    _, family = declared_family(roles, own)
    named = {reference.split(":", 1)[1]: person for reference, person in person_of.items()}
    home = next(iter(people)).split(":")[0]
    return Family(
        {},
        [FamilyTie(named[t.child], t.relation, named[t.other], t.held) for t in family.ties],
        [Stay(named[s.person], f"{home}|{s.household}", s.area, s.held) for s in family.stays],
    )


def _with_role_ids(sent: SentRecord, people: Mapping[str, PersonRow]) -> Record:
    return replace(sent.record, about=tuple(a.split(":", 1)[1] for a in sent.record.about if a in people))


# -- finding somebody --------------------------------------------------------------------------------------------------


def find_people(viewer: Viewer, words: str, at: datetime, *, most: int = 50) -> list[str]:
    """The persons whom the viewer may know of, whose name begins so, or whose number, birthday or postcode this is.

    Shape    at most `most` person ids, by name. Nobody is found by what the viewer may not see.
    """
    asked = words.strip()
    digits = "".join(ch for ch in asked if ch.isdigit())
    which = Q(pk__in=[])
    if len(digits) == 10 and len(asked) <= 14:
        which = Q(nhs_number=digits)
    elif day := _a_day(asked):
        which = Q(born_first__lte=day, born_last__gte=day)
    elif parts := folded(asked).split():
        which = Q()
        for part in parts:
            which &= (
                Q(search_given__startswith=part)
                | Q(search_family__startswith=part)
                | Q(search_postcode=folded_postcode(part))
            )
    identities = (
        _current()
        .filter(which)
        .order_by("search_family", "search_given")
        .values_list("identity", flat=True)[:2_000]
    )
    order = {identity: n for n, identity in enumerate(identities)}
    live = Link.objects.filter(identity__in=list(order)).exclude(pk__in=Unlink.objects.values("link"))
    persons = sorted(live.values_list("identity", "person"), key=lambda pair: order[pair[0]])
    found = list(dict.fromkeys(person for _, person in persons))
    seen = visible(viewer, found, at)
    return [person for person in found if "existence" in seen[person]][:most]


def _current() -> QuerySet[PersonRow]:
    """What agencies have as details today: the last version of each row that was not withdrawn."""
    live = PersonRow.objects.exclude(delivery__in=Withdrawal.objects.values("delivery"))
    later = live.filter(identity=OuterRef("identity"), version__gt=OuterRef("version"))
    return live.filter(~Exists(later))


def _a_day(text: str) -> date | None:
    for form in ("%d/%m/%Y", "%d %B %Y", "%d %b %Y", "%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no time zone
        except ValueError:
            continue
    return None


def children(viewer: Viewer, at: datetime) -> list[str]:
    """Every person whom a sender calls the child, or who is the child's side of a tie, and whom the viewer may know of."""
    persons = sorted(person for (person,) in _rows(_CHILDREN))
    seen = visible(viewer, persons, at)
    return [person for person in persons if "existence" in seen[person]]


def children_among(persons: Collection[str]) -> set[str]:
    """Those of these people whom `children` would name."""
    asked = f"{_CHILDREN} AND l.person = ANY(%s)"
    return {person for (person,) in _rows(asked, [list(persons)])}


_CHILDREN: Final = (
    "SELECT DISTINCT l.person FROM people_link l WHERE NOT EXISTS (SELECT 1 FROM people_unlink u WHERE u.link = l.id) "
    "AND (EXISTS (SELECT 1 FROM records_tierow t WHERE t.subject_identity = l.identity) OR EXISTS "
    "(SELECT 1 FROM records_personrow p WHERE p.identity = l.identity AND p.role IN ('child', 'the child')))"
)


def persons_of(viewer: Viewer, identities: Collection[str], at: datetime) -> dict[str, str]:
    """identity -> the person whom it is linked to now, for those whom the viewer may know of."""
    live = Link.objects.exclude(pk__in=Unlink.objects.values("link"))
    wanted = live.extra(where=["identity = ANY(%s)"], params=[list(identities)])
    found = dict(wanted.values_list("identity", "person"))
    seen = visible(viewer, set(found.values()), at)
    return {identity: person for identity, person in found.items() if "existence" in seen[person]}


def sexes_of(viewer: Viewer, at: datetime) -> dict[str, str]:
    """person -> the sex that was last stated, for everybody of whom an agency states one and whom the viewer may know of."""
    rows = _current().exclude(sex="").order_by("learnt_at", "pk").values_list("identity", "sex")
    stated = dict(rows.iterator(chunk_size=20_000))
    return {person: stated[identity] for identity, person in persons_of(viewer, stated, at).items()}


# -- whom a change concerns ----------------------------------------------------------------------------------------------


def people_ever(identities: Collection[str]) -> set[str]:
    """Everybody to whom one of these identities is linked, or ever was."""
    found = _rows("SELECT DISTINCT person FROM people_link WHERE identity = ANY(%s)", [list(identities)])
    return {person for (person,) in found}


def people_living_in(areas: Collection[str]) -> set[str]:
    """Everybody of whom any agency has ever said that they lived in one of these areas; an empty area: everybody."""
    if "" in areas:
        return {person for (person,) in _rows("SELECT DISTINCT person FROM people_link")}
    return {person for (person,) in _rows(_LIVING_IN, [list(areas), list(areas)])}


_LIVING_IN: Final = (
    "SELECT DISTINCT l.person FROM people_link l JOIN records_residencerow r ON r.subject_identity = l.identity "
    "WHERE r.area = ANY(%s) AND r.area <> '' OR r.area = '' AND r.agency IN (SELECT id FROM records_agency WHERE area = ANY(%s))"
)


def people_around(persons: Collection[str]) -> set[str]:
    """These people and everybody at most two steps away: by a tie, a home, a published chronology or an identity, now or ever.

    It is the circle that `gather` reads for a child. Whoever is in it has this child in theirs, so whose picture a change
    can touch is found from the change outward. Links, ties and homes that were taken back count: they are part of what was known.
    """
    found = set(persons)
    for _ in range(2):
        further = _one_step_from(found) - found
        if not further:
            break
        found |= further
    return found


def _one_step_from(persons: Collection[str]) -> set[str]:
    return {person for (person,) in _rows(_ONE_STEP, [list(persons)])}


_ONE_STEP: Final = """
WITH mine AS MATERIALIZED (SELECT DISTINCT identity FROM people_link WHERE person = ANY(%s)),
near AS (
    SELECT identity FROM mine
    UNION SELECT t.other_identity FROM mine JOIN records_tierow t ON t.subject_identity = mine.identity
    UNION SELECT t.subject_identity FROM mine JOIN records_tierow t ON t.other_identity = mine.identity
    UNION SELECT theirs.subject_identity FROM mine JOIN records_residencerow own ON own.subject_identity = mine.identity
        JOIN records_residencerow theirs ON theirs.agency = own.agency AND theirs.household = own.household
    UNION SELECT theirs.identity FROM mine JOIN records_personrow own ON own.identity = mine.identity
        JOIN records_delivery d ON d.id = own.delivery AND d.format = 'chronology'
        JOIN records_personrow theirs
            ON theirs.id >= 'det-' || substr(d.id, 5) || '-' AND theirs.id < 'det-' || substr(d.id, 5) || '.'
)
SELECT DISTINCT l.person FROM near JOIN people_link l ON l.identity = near.identity
"""


def identities_in(links: Collection[str], unlinks: Collection[str]) -> set[str]:
    """The identities that these links, or the links that were taken back by these, are about."""
    taken_back = Unlink.objects.filter(pk__in=list(unlinks)).values("link")
    which = Q(pk__in=list(links)) | Q(pk__in=taken_back)
    return set(Link.objects.filter(which).values_list("identity", flat=True))


def _rows(query: str, parameters: Sequence[list[str]] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, list(parameters))
        return cursor.fetchall()


def by_family(viewer: Viewer, persons: Collection[str]) -> list[str]:
    """The same persons, those who share somebody they belong to beside one another, so that a family is gathered once.

    Shape    every person exactly once; the order is the same on every run over the same facts.
    """
    live = dict(Link.objects.exclude(pk__in=Unlink.objects.values("link")).values_list("identity", "person"))
    first: dict[str, str] = {}

    def head(person: str) -> str:
        while (above := first.get(person, person)) != person:
            first[person] = first.get(above, above)
            person = above
        return person

    ties = TieRow.objects.values_list("subject_identity", "other_identity").distinct()
    for one, other in ties.iterator(chunk_size=20_000):
        if one in live and other in live:
            low, high = sorted((head(live[one]), head(live[other])))
            first[high] = low
    return sorted(persons, key=lambda person: (head(person), person))


def children_of_agencies(viewer: Viewer, kind: str, at: datetime) -> dict[str, set[str]]:
    """agency id -> the children whom an agency of this kind knows, of those whom the viewer may know of."""
    known = set(children(viewer, at))
    live = dict(Link.objects.exclude(pk__in=Unlink.objects.values("link")).values_list("identity", "person"))
    held: dict[str, set[str]] = {}
    rows = PersonRow.objects.filter(agency__startswith=f"{kind}/").values_list("agency", "identity")
    for agency, identity in rows:
        if live.get(identity) in known:
            held.setdefault(agency, set()).add(live[identity])
    return held


def children_like(viewer: Viewer, area: str, most: int) -> list[dict[str, str]]:
    """What the GP practices of an area say of some children whose every detail they hold, as a feed would send it; by reference."""
    rows = PersonRow.objects.filter(agency__startswith=f"gp/{area}", role="child", born_precision="day")
    rows = (
        rows.exclude(nhs_number="")
        .exclude(given_name="")
        .exclude(postcode="")
        .order_by("agency", "reference")
    )
    return [
        {
            "given_name": row.given_name, "family_name": row.family_name, "born": row.born_first.isoformat(), "sex": row.sex,
            "postcode": row.postcode,
        }
        for row in rows[:most]
        if row.born_first
    ]  # fmt: skip


def children_of_feeds(viewer: Viewer, at: datetime) -> list[str]:
    """The children of `children()` whom a live feed has told us of, and not a published chronology."""
    everybody = children(viewer, at)
    chronologies = Delivery.objects.filter(format="chronology").values("pk")
    identities = PersonRow.objects.filter(delivery__in=chronologies).values("identity")
    published = set(Link.objects.filter(identity__in=identities).values_list("person", flat=True))
    return [person for person in everybody if person not in published]


def names_of(viewer: Viewer, persons: Collection[str], at: datetime) -> dict[str, Named]:
    """What these people are called, for those whom the viewer may know of."""
    allowed = [person for person, classes in visible(viewer, persons, at).items() if "existence" in classes]
    links = _links(_any_of("person", allowed))
    by_identity: dict[str, list[LinkedIdentity]] = {}
    for link in links:
        by_identity.setdefault(link.identity, []).append(link)
    return _names(person_rows(viewer, list(by_identity)), by_identity, civil(at))
