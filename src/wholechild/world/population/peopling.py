"""The people themselves, in families: what is true of them, before any agency writes it down.

Families come in blocks of about `PEOPLE_IN_A_BLOCK`; a block depends on the seed and its own number only, so that blocks can be
made in any order, at once, and alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Final

from nhs_number import calculate_checksum

from wholechild.world.chance import stream
from wholechild.world.names import Community, names
from wholechild.world.population import places
from wholechild.world.population.spellings import nicknames_of, rare_family_name

#: The day on which the population is seen.
AS_OF: Final = date(2026, 11, 1)
PEOPLE_IN_A_BLOCK: Final = 10_000
_CHILDHOOD: Final = 6_570
_UNBORN: Final = 210
_HOMES_IN_A_BLOCK: Final = PEOPLE_IN_A_BLOCK // 3
#: Slots for NHS numbers in a block: one in eleven has no check digit, and there is room to spare.
_SLOTS: Final = 12_500
_STEP: Final = 618_047

#: Pregnancies that end in twins (Office for National Statistics, Birth characteristics in England and Wales: about 14 to 15 in
#: 1,000 maternities, recalled). All other shares of this module are our assumptions; docs/reference/population.md lists them.
TWIN_PREGNANCIES: Final = 0.015
MOVED: Final = 0.34
APART: Final = 0.20
STEPFAMILY: Final = 0.09
LONE: Final = 0.07
MARRIED_NAME: Final = 0.45
RENAMED_CHILD: Final = 0.035
DOUBLE_BARRELLED: Final = 0.06
ADOPTED: Final = 0.003
FATHERS_NAME: Final = 0.02
RARE_NAME: Final = 0.42


@dataclass(slots=True)
class Person:
    """One person as they are.

    Shape    `homes` oldest first, the present one last; a child's are its mother's. `elsewhere` is the home of a parent who lives
             apart. `former` are former family names. `role` is child, mother, father, adult or unborn. `twin` numbers the birth.
    Missing  `born` None for nobody; for the unborn it is the day that is expected. `upn` "" before school age.
    """

    number: int
    household: int
    family_of: int
    role: str
    sex: str
    origin: str
    given: str
    middle: tuple[str, ...]
    family: str
    born: date
    homes: list[places.Home]
    deprivation: int
    known_as: str = ""
    former: tuple[str, ...] = ()
    mothers_name: str = ""
    died: date | None = None
    nhs_number: str = ""
    upn: str = ""
    phones: tuple[str, ...] = ()
    old_phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    elsewhere: places.Home | None = None
    twin: int = 0
    was: int | None = None
    brothers_and_sisters: list[Person] = field(default_factory=list)

    @property
    def mover(self) -> bool:
        return len(self.homes) > 1


@dataclass(slots=True)
class _Father:
    """A man who may have a second family."""

    person: Person
    children: int


class Block:
    """One block of people. `people` in the order in which they were made."""

    def __init__(self, seed: int, number: int, people: int = PEOPLE_IN_A_BLOCK) -> None:
        self.number = number
        self.people: list[Person] = []
        self._rng = stream(seed, number, "population/families")
        self._numbers = _nhs_numbers(seed, number)
        self._area = number * _HOMES_IN_A_BLOCK // places.HOMES_IN_AREA
        self._families = number * PEOPLE_IN_A_BLOCK
        self._second: list[_Father] = []
        while len(self.people) < people:
            self._family()
        del self.people[people:]
        for person in self.people:
            if person.was is not None and person.was >= people:
                person.was = None

    # -- one family ---------------------------------------------------------------------------------------------------

    def _family(self) -> None:
        rng, start = self._rng, len(self.people)
        self._families += 1
        kind = rng.random()
        community = names().community(rng)
        deprivation = 1 + min(4, int(rng.random() ** 1.12 * 5))
        homes = self._homes(0.05 * (3 - deprivation))
        births = list(_births(rng))
        mother = self._adult("mother", "F", community, _mothers_birth(rng, births[0][0]), homes, deprivation)
        apart = kind < APART
        step = APART <= kind < APART + STEPFAMILY
        father = None
        if kind < 1 - LONE:
            father = self._father(community, mother, deprivation, apart or step)
        partner = (
            self._adult(
                "adult",
                "M",
                self._mixed(community),
                _near(rng, mother.born, 4),
                homes,
                deprivation,
                mother.household,
            )
            if step
            else None
        )
        children = self._children(births, mother, father, partner, community, homes, deprivation)
        if father and (apart or step):
            for child in children:
                if partner is None or child.family != partner.family:
                    child.elsewhere = father.homes[-1]
        if father and not apart and not step and rng.random() < MARRIED_NAME:
            _marry(mother, names().communities[father.origin].borne_by(father.family, "F"))
        if rng.random() < 0.07:
            born = _near(rng, mother.born, 6, -27)
            self._adult(
                "adult",
                "F" if rng.random() < 0.6 else "M",
                community,
                born,
                homes,
                deprivation,
                mother.household,
            )
        self._reach(self.people[start:])
        for child in children:
            if child.role == "child" and rng.random() < ADOPTED:
                self._adopt(child)

    def _homes(self, more: float) -> list[places.Home]:
        rng = self._rng
        moves = 0 if rng.random() > MOVED + more else 1 + (rng.random() < 0.3)
        return [
            places.home(rng, self._area if rng.random() < 0.9 else int(rng.random() * (self._area + 1)))
            for _ in range(moves + 1)
        ]

    def _mixed(self, community: Community) -> Community:
        return names().community(self._rng) if self._rng.random() < 0.15 else community

    def _father(self, community: Community, mother: Person, deprivation: int, away: bool) -> Person:
        """The father: now and then one who already has a family elsewhere."""
        rng = self._rng
        if self._second and not away and rng.random() < 0.08:
            known = self._second.pop(int(rng.random() * len(self._second)))
            known.person.homes = [*known.person.homes, mother.homes[-1]]
            known.person.household = mother.household
            return known.person
        homes = self._homes(0.1) if away else mother.homes
        household = self._household() if away else mother.household
        father = self._adult(
            "father",
            "M",
            self._mixed(community),
            _near(rng, mother.born, 4, -2),
            homes,
            deprivation,
            household,
        )
        if away:
            self._second.append(_Father(father, 0))
            del self._second[:-50]
        return father

    def _household(self) -> int:
        self._families += 1
        return self._families

    def _adult(self, role: str, sex: str, community: Community, born: date, homes: list[places.Home], deprivation: int,
               household: int | None = None) -> Person:  # fmt: skip
        rng = self._rng
        person = self._person(
            role,
            sex,
            community,
            born,
            community.borne_by(self._family_name(community), sex),
            homes,
            deprivation,
        )
        person.household = self._families if household is None else household
        if rng.random() < 0.003:
            person.died = AS_OF - timedelta(days=int(rng.random() * 2_000))
        return person

    def _person(self, role: str, sex: str, community: Community, born: date, family: str, homes: list[places.Home], deprivation: int,
                taken: frozenset[str] = frozenset(), like: str = "") -> Person:  # fmt: skip
        rng = self._rng
        given = community.given_name(rng, sex, born.year, taken)
        for _ in range(12 if like else 0):
            if given[:1] == like[:1] and given not in taken:
                break
            given = community.given_name(rng, sex, born.year, taken)
        middle = _middle_names(rng, community, sex, born.year, given)
        person = Person(
            len(self.people),
            self._families,
            self._families,
            role,
            sex,
            community.id,
            given,
            middle,
            family,
            born,
            homes,
            deprivation,
        )
        person.known_as = _known_as(rng, community, given, middle)
        person.nhs_number = next(self._numbers)
        self.people.append(person)
        return person

    def _family_name(self, community: Community) -> str:
        rng = self._rng
        if community.id == "english" and rng.random() < RARE_NAME:
            return rare_family_name(rng)
        return community.family_name(rng)

    # -- children -----------------------------------------------------------------------------------------------------

    def _children(self, births: list[tuple[date, bool]], mother: Person, father: Person | None, partner: Person | None,
                  community: Community, homes: list[places.Home], deprivation: int) -> list[Person]:  # fmt: skip
        rng = self._rng
        family = self._childrens_name(mother, father)
        names_of = names().communities[father.origin] if father and family != mother.family else community
        children: list[Person] = []
        for born, twins in births:
            by_partner = partner is not None and bool(children) and rng.random() < 0.5
            surname = partner.family if partner and by_partner else family
            these = [self._child(mother, community, names_of, surname, born, homes, deprivation, children)]
            if twins:
                these.append(
                    self._twin(these[0], mother, community, names_of, surname, homes, deprivation, children)
                )
            children += these
        for child in children:
            child.brothers_and_sisters = [other for other in children if other is not child]
            if (
                child.sex == "M"
                and father
                and rng.random() < FATHERS_NAME
                and not any(c.given == father.given for c in children)
            ):
                child.given, child.known_as = father.given, ""
            if (
                child.role == "child"
                and child.born < AS_OF - timedelta(days=730)
                and rng.random() < RENAMED_CHILD
            ):
                to = partner.family if partner else mother.family
                if to != child.family:
                    child.former, child.family = (child.family,), to
        return children

    def _childrens_name(self, mother: Person, father: Person | None) -> str:
        rng = self._rng
        if father is None:
            return mother.family
        if rng.random() < DOUBLE_BARRELLED and " " not in mother.family:
            return f"{mother.family}-{father.family}"
        return father.family if rng.random() < 0.82 else mother.family

    def _child(self, mother: Person, community: Community, names_of: Community, surname: str, born: date, homes: list[places.Home],
               deprivation: int, older: list[Person], sex: str = "", like: str = "") -> Person:  # fmt: skip
        rng = self._rng
        sex = sex or ("M" if rng.random() < 0.513 else "F")
        taken = frozenset(child.given for child in older)
        role = "unborn" if born > AS_OF else "child"
        child = self._person(
            role, sex, community, born, names_of.borne_by(surname, sex), homes, deprivation, taken, like
        )
        child.household = child.family_of = mother.household
        child.mothers_name = mother.family
        if role == "unborn":
            child.given, child.middle, child.known_as, child.nhs_number, child.sex = "", (), "", "", ""
            child.family = mother.family
        elif born < AS_OF - timedelta(days=1_400):
            child.upn = places.upn(self.number * PEOPLE_IN_A_BLOCK + child.number, born.year % 100 + 4)
        if role == "child" and rng.random() < 0.0008:
            child.died = min(AS_OF, born + timedelta(days=int(rng.random() * (AS_OF - born).days)))
        return child

    def _twin(self, first: Person, mother: Person, community: Community, names_of: Community, surname: str, homes: list[places.Home],
              deprivation: int, older: list[Person]) -> Person:  # fmt: skip
        rng = self._rng
        sex = first.sex if rng.random() < 0.66 else ""
        like = first.given if rng.random() < 0.25 else ""
        second = self._child(
            mother, community, names_of, surname, first.born, homes, deprivation, [*older, first], sex, like
        )
        if first.role == "child" and rng.random() < 0.08:
            second.born = first.born + timedelta(days=1)
        first.twin = second.twin = 1 + first.number
        return second

    def _adopt(self, child: Person) -> None:
        """A child who was adopted: another name, number and home before, and nothing that may bring the two together."""
        rng = self._rng
        community = names().communities[child.origin]
        before = self._person(
            "child",
            child.sex,
            community,
            child.born,
            self._family_name(community),
            self._homes(0),
            child.deprivation,
        )
        before.household = before.family_of = self._household()
        before.given = child.given if rng.random() < 0.6 else before.given
        before.upn = ""
        child.was = before.number
        self._reach([before])

    # -- how they can be reached --------------------------------------------------------------------------------------

    def _reach(self, people: list[Person]) -> None:
        rng = self._rng
        adults = [person for person in people if person.role not in ("child", "unborn")]
        for person in adults:
            person.phones = (places.phone(rng),) if rng.random() < 0.95 else ()
            person.old_phones = (places.phone(rng),) if rng.random() < 0.6 else ()
            person.emails = (places.email(rng, person.given, person.family),) if rng.random() < 0.85 else ()
        carer = next((person for person in adults if person.role == "mother"), None)
        for person in people:
            if person.role in ("child", "unborn"):
                others = [
                    adult for adult in adults if adult is not carer and adult.household == person.household
                ]
                first = [carer] if carer else []
                person.phones = tuple(phone for adult in [*first, *others][:2] for phone in adult.phones)
                person.old_phones = tuple(phone for adult in first for phone in adult.old_phones)
                person.emails = tuple(mail for adult in first for mail in adult.emails)


def _nhs_numbers(seed: int, block: int) -> Iterator[str]:
    """Synthetic numbers with right check digits, each once over all blocks.

    The first 80 blocks take the numbers that begin with 999; when those are used up, 998, 997 and so on: no number that begins
    with 9 is issued to anybody (nhs_number.REGION_SYNTHETIC).
    """
    for slot in range(block * _SLOTS, (block + 1) * _SLOTS):
        thousand, within = divmod(slot, 1_000_000)
        nine = f"{999 - thousand}{(seed * 7_919 + within * _STEP) % 1_000_000:06d}"
        check = calculate_checksum(nine)
        if check != 10:
            yield f"{nine}{check}"
    while True:
        yield ""


def _mothers_birth(rng: Random, first_child: date) -> date:
    """A woman has her first child at about 29 (Office for National Statistics, Births in England and Wales: 2023)."""
    return first_child - timedelta(
        days=int(365.25 * min(45.0, max(15.0 + rng.random(), rng.gauss(28.9, 5.4))))
    )


def _near(rng: Random, born: date, years: float, after: float = 0.0) -> date:
    return born + timedelta(days=int(min(rng.gauss(after, years), 3.0 - rng.random()) * 365))


def _births(rng: Random) -> Iterator[tuple[date, bool]]:
    """The days of a mother's births that fall in a childhood before today, or within thirty weeks; and whether of twins."""
    born = AS_OF - timedelta(days=int(rng.random() * _CHILDHOOD))
    draw = rng.random()
    pregnancies = 1 + (draw > 0.36) + (draw > 0.78) + (draw > 0.92) + (draw > 0.97)
    for _ in range(pregnancies):
        if born > AS_OF + timedelta(days=_UNBORN):
            return
        yield born, rng.random() < TWIN_PREGNANCIES
        born += timedelta(days=330 + int(rng.expovariate(1 / 700)))


def _middle_names(rng: Random, community: Community, sex: str, year: int, given: str) -> tuple[str, ...]:
    many = (
        0.8
        if community.id in ("english", "welsh", "scottish", "irish", "caribbean", "nigerian", "ghanaian")
        else 0.35
    )
    if rng.random() > many:
        return ()
    count = 2 if rng.random() < 0.12 else 1
    found: list[str] = []
    for _ in range(count):
        name = community.given_name(rng, sex, year, {given, *found})
        found.append(name)
    return tuple(found)


def _known_as(rng: Random, community: Community, given: str, middle: tuple[str, ...]) -> str:
    """A nickname; or the second name of a boy whose first is the Prophet's, as is usual; or, seldom, a middle name."""
    if middle and given.startswith("M") and given in _PROPHET:
        return middle[0] if rng.random() < 0.7 else ""
    short = nicknames_of(given)
    if short and rng.random() < 0.4:
        return short[int(rng.random() * len(short))]
    return middle[0] if middle and rng.random() < 0.015 else ""


def _marry(mother: Person, to: str) -> None:
    if to != mother.family:
        mother.former, mother.family = (mother.family,), to


_PROPHET: Final = frozenset(("Muhammad", "Mohammed", "Mohammad", "Mohamed", "Muhammed"))
