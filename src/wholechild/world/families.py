"""Makes families: births, partners, moves, names, and how much each has against it.

Families are drawn so that the area is steady: as many are born, arrive, leave and grow up in any year of the window
as the published figures say. Only what bears on the window is drawn; what came before is taken as given.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from random import Random
from statistics import NormalDist
from typing import Final

from wholechild.world.chance import YEAR, Choice, multiplier, stream, wait
from wholechild.world.identifiers import NhsNumbers, postcode
from wholechild.world.names import Community, Names
from wholechild.world.people import AtHome, Child, Family, Home, Person, Window
from wholechild.world.rates import Rates

GROWN: Final = 18
#: Families whose first child came earlier than this before the window have nobody under 18 in it.
_REACH: Final = int(32 * YEAR)
_ASPECTS: Final = (
    "violence",
    "referral",
    "mind",
    "drink",
    "health",
    "missed",
    "housing",
    "school",
    "injury",
    "help",
)
_NORMAL: Final = NormalDist()


class Families:
    """The families of one area, one after another, until there are enough children."""

    def __init__(self, rates: Rates, names: Names, seed: int, window: Window, neighbourhoods: int) -> None:
        self.rates, self.names, self.seed, self.window = rates, names, seed, window
        self.neighbourhoods = neighbourhoods
        self.nhs = NhsNumbers(seed)
        self.births = {int(y): float(n) for y, n in rates.set("live_births").items()}
        self.most_births = max(self.births.values())
        self.sizes = Choice(
            {n + 1: float(w) for n, w in enumerate(rates.set("families_with_one_child").values())}
        )

    def until(self, children: int) -> Iterator[Family]:
        """Families with exactly so many children between them: the last one may lose its youngest to fit."""
        number = found = 0
        while found < children:
            number += 1
            family = self.family(number)
            if family is not None and family.children:
                family.children = family.children[: children - found]
                found += len(family.children)
                yield family

    def family(self, number: int) -> Family | None:
        """The family of this number; None where no child of it is under 18 and here in the window."""
        rng = stream(self.seed, number, "family")
        first = self._first_birth(rng)
        if first is None:
            return None
        adversity = rng.gauss(0.0, 1.0)
        community = self.names.community(rng)
        mother_age = self._age_of_first_time_mother(rng, adversity)
        life = _Unions(self.rates, rng, adversity, first)
        births = self._births(rng, adversity, first, mother_age, life)
        arrived, left = self._stay(rng, adversity, first)
        seen = [
            (max(b, arrived or b, self.window.start), min(b + int(GROWN * YEAR), left, self.window.end))
            for b in births
        ]
        if not any(since < until for since, until in seen):
            return None
        return self._with_people(rng, number, adversity, community, first - int(mother_age * YEAR), life, births, seen,
                                 arrived, left)  # fmt: skip

    def _first_birth(self, rng: Random) -> int | None:
        day = self.window.start - _REACH + int(rng.random() * (self.window.end - self.window.start + _REACH))
        year = min(max(date.fromordinal(day).year, min(self.births)), max(self.births))
        return day if rng.random() * self.most_births < self.births[year] else None

    def _age_of_first_time_mother(self, rng: Random, adversity: float) -> float:
        usual = self.rates.set("mean_age_of_mothers")
        age: float = usual["first"] - 2.2 * adversity + rng.gauss(0.0, usual["sd"])
        return min(44.0, max(15.0, age))

    def _births(
        self, rng: Random, adversity: float, first: int, mother_age: float, life: _Unions
    ) -> list[int]:
        """The birthdays of the children, twins sharing one."""
        wanted = self.sizes.draw(rng) + (1 if rng.random() < 0.05 * max(0.0, adversity) else 0)
        day, days = first, list[int]()
        while len(days) < wanted:
            days += [day] * (2 if rng.random() < self.rates.per("multiple_maternities", 1000) else 1)
            day += int(max(0.9, rng.gammavariate(4.0, 0.75)) * YEAR)
            if mother_age + (day - first) / YEAR > 45 or day >= min(self.window.end, life.mother_left):
                break
            if life.partner_on(day - 270) is None and rng.random() < 0.6:
                break
        return days

    def _stay(self, rng: Random, adversity: float, first: int) -> tuple[int | None, int]:
        """When the family came, if inside the window, and when it left the area."""
        window = self.window
        yearly = self.rates.per("moves", 1000) * self.rates.per("moves_out_of_area", 100)
        span = (window.end - window.start) / YEAR
        arrived = None
        if rng.random() < yearly * span / (1.0 + yearly * span):
            arrived = window.start + int(rng.random() * (window.end - window.start))
        rate = yearly * multiplier(adversity, rng.gauss(0.0, 1.0), 0.5, 0.5)
        left = max(window.start, arrived or 0, first) + wait(rng, rate)
        return arrived, left

    def _with_people(
        self, rng: Random, number: int, adversity: float, community: Community, mother_born: int, life: _Unions,
        births: list[int], seen: list[tuple[int, int]], arrived: int | None, left: int,
    ) -> Family:  # fmt: skip
        who = stream(self.seed, number, "names")
        mother = self._adult(who, 0, "F", mother_born, community)
        men = {i: self._adult(who, 1 + i, "M", mother_born - int(rng.gauss(2.5, 4.0) * YEAR), self._of_partner(who, community))
               for i in range(life.count + 1)}  # fmt: skip
        surname = mother.family_name if life.alone_at_first and who.random() < 0.75 else men[0].family_name
        if not life.alone_at_first and who.random() < 0.5:
            mother.family_name = community.borne_by(men[0].family_name, "F")
        children: list[Child] = []
        for born, (since, until) in zip(births, seen, strict=True):
            father = men[life.father_of(born)]
            child = self._child(who, 20 + len(children), born, community, surname, mother, father, children)
            child.present_from, child.present_to = since, min(until, child.died or until)
            children.append(child)
        abroad = self.rates.set("arrivals_from_abroad")
        share = abroad["speakers_of_other_languages" if community.language else "others"]
        from_abroad = arrived is not None and who.random() < share / 100
        family = Family(
            number=number, adversity=adversity, liability={a: rng.gauss(0.0, 1.0) for a in _ASPECTS},
            community=community, language=community.language, mother=mother, adults=life.at_home(mother, men),
            children=[c for c in children if c.present_from < c.present_to],
            absent_parents=[men[0]] if life.alone_at_first else [], homes=[], arrived_on=arrived,
            left_on=left if left < self.window.end else None, from_abroad=from_abroad,
            needs_interpreter=bool(community.language) and who.random() < self.rates.per("interpreter_needed", 100)
            * (2.5 if from_abroad else 0.9),
        )  # fmt: skip
        family.homes = self._homes(family, left)
        return family

    def _of_partner(self, rng: Random, community: Community) -> Community:
        if rng.random() < 0.75 * self.rates.per("parents_of_two_communities", 100) / (
            1 - community.share / 100
        ):
            return self.names.community(rng)
        return community

    def _adult(self, rng: Random, place: int, sex: str, born: int, community: Community) -> Person:
        year = date.fromordinal(born).year
        surname = community.borne_by(community.family_name(rng), sex)
        given = community.given_name(rng, sex, year)
        return Person(place, sex, born, given, surname, self.nhs.take(), community=community.id)

    def _child(
        self, rng: Random, place: int, born: int, community: Community, surname: str, mother: Person, father: Person,
        elder: list[Child],
    ) -> Child:  # fmt: skip
        sex = "M" if rng.random() < 0.512 else "F"
        given = community.given_name(rng, sex, date.fromordinal(born).year, {c.given for c in elder})
        child = Child(
            place, sex, born, given, community.borne_by(surname, sex), self.nhs.take(), mother, father
        )
        child.liability = {
            aspect: rng.gauss(0.0, 1.0) for aspect in ("absence", "behaviour", "health", "growth")
        }
        child.need = self._need(rng, sex)
        child.died = self._death(rng, born)
        return child

    def _death(self, rng: Random, born: int) -> int | None:
        """The day of a death in childhood, by illness or accident; more than half of them in the first month."""
        if rng.random() < self.rates.per("infant_deaths", 1000):
            return born + 1 + int(rng.random() * (28 if rng.random() < 0.7 else 364))
        after = wait(rng, self.rates.per("child_deaths", 100_000))
        return born + 366 + after if after < 17 * YEAR else None

    def _need(self, rng: Random, sex: str) -> str:
        """Special educational need, if any: about twice as usual in boys."""
        weight = 1.32 if sex == "M" else 0.66
        draw = rng.random()
        plan = self.rates.per("ehc_plan", 100) * weight
        if draw < plan:
            return "plan"
        return "support" if draw < plan + self.rates.per("sen_support", 100) * weight else ""

    def _homes(self, family: Family, left: int) -> list[Home]:
        """The family's homes from the start of the window, or from its arrival."""
        rng = stream(self.seed, family.number, "homes")
        window = self.window
        rank = _NORMAL.cdf(0.75 * family.adversity + 0.66 * rng.gauss(0.0, 1.0))
        nearby = min(self.neighbourhoods - 1, int(rank * self.neighbourhoods))
        own = multiplier(family.adversity, family.liability["housing"], 0.5, 0.7)
        day, until = max(window.start, family.arrived_on or 0), min(left, window.end)
        homes: list[Home] = []
        while True:
            tenure = self._tenure(rng, rank)
            youngest = max((c.born for c in family.children if c.born <= day), default=day)
            rate = self.rates.per("moves", 1000) * own * _by_age_of_youngest((day - youngest) / YEAR)
            rate *= (1 - self.rates.per("moves_out_of_area", 100)) * {
                "private": 2.0,
                "council": 0.8,
                "own": 0.65,
            }[tenure]
            following = day + max(30, wait(rng, rate))
            homes.append(self._home(rng, len(homes), day, min(following, until), nearby, tenure))
            if following >= until:
                return homes
            day = following
            if rng.random() < 0.6:
                nearby = min(
                    self.neighbourhoods - 1,
                    max(0, nearby + rng.choice((-1, 1)) * (1 + int(rng.random() * 3))),
                )

    def _home(self, rng: Random, number: int, since: int, until: int, nearby: int, tenure: str) -> Home:
        code = postcode(1 + nearby % 9, nearby // 9 % 10, int(rng.random() * 400))
        silent = rng.random() < self.rates.per("moves_not_notified", 100)
        told = int(84 + rng.expovariate(1 / 150)) if silent else int(rng.expovariate(1 / 16))
        return Home(number, since, until, nearby, code, tenure, False, min(told, 900))

    def _tenure(self, rng: Random, rank: float) -> str:
        draw = rng.random()
        council = 0.02 + 0.38 * rank * rank
        return "council" if draw < council else "private" if draw < council + 0.12 + 0.24 * rank else "own"


class _Unions:
    """Who lived with the mother of a family, from the first birth on, as spells of partners 0, 1, 2 …

    Partner 0 is the first child's father; he lives with them from the start unless the mother was alone.
    """

    def __init__(self, rates: Rates, rng: Random, adversity: float, first: int) -> None:
        set_to = rates.set("lone_parent_families")
        own = rng.gauss(0.0, 1.0)
        often = multiplier(adversity, own, 0.6, 0.6)
        self.first = first
        self.mother_left = 10**7
        self.alone_at_first = rng.random() < set_to["at_birth"] / 100 * often
        self.spells: list[tuple[int, int, int]] = []
        day, partner, grown = first, 0, first + _REACH
        if self.alone_at_first:
            partner, day = 1, first + wait(rng, set_to["repartnering"] / 100)
        yearly = set_to["separation"] / 100 * often
        while day < grown and partner < 6:
            until = day + wait(rng, yearly)
            self.spells.append((partner, day, until))
            if partner == 0 and rng.random() > rates.per("lone_mothers", 100) and until < grown:
                self.mother_left = until
                self.spells[-1] = (0, day, 10**7)
                break
            partner, yearly = partner + 1, set_to["second_separation"] / 100
            day = until + wait(rng, set_to["repartnering"] / 100)
        self.count = max((p for p, _, _ in self.spells), default=0)

    def partner_on(self, day: int) -> int | None:
        if day < self.first and not self.alone_at_first:
            return 0
        return next((p for p, since, until in self.spells if since <= day < until), None)

    def father_of(self, born: int) -> int:
        found = self.partner_on(born - 270)
        return 0 if found is None else found

    def at_home(self, mother: Person, men: dict[int, Person]) -> list[AtHome]:
        stays = [AtHome(mother, 0, self.mother_left)]
        return stays + [AtHome(men[p], since if p else 0, until) for p, since, until in self.spells]


def _by_age_of_youngest(years: float) -> float:
    return 1.4 if years < 5 else 0.95 if years < 11 else 0.75
