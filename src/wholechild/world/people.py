"""The people of the area as the generator knows them: what is so, whoever may have written it down."""

from __future__ import annotations

from dataclasses import dataclass, field

from wholechild.world.names import Community


@dataclass(frozen=True, slots=True)
class Window:
    """The days that the feeds cover, as ordinals: [start, end)."""

    start: int
    end: int


@dataclass(slots=True, eq=False)
class Person:
    """Somebody. Days are ordinals (`date.toordinal`); `place` numbers the people of one family.

    Shape    `community` is the id of the community whose names an adult bears.
    """

    place: int
    sex: str
    born: int
    given: str
    family_name: str
    nhs_number: str
    mother: Person | None = None
    father: Person | None = None
    died: int | None = None
    community: str = ""


@dataclass(slots=True, eq=False)
class Child(Person):
    """A child, with the days in [present_from, present_to) on which the area's services could know of them.

    Shape    `liability` holds the child's own draws from N(0, 1), by aspect: absence, behaviour, health.
    """

    present_from: int = 0
    present_to: int = 0
    liability: dict[str, float] = field(default_factory=dict)
    need: str = ""

    def age_on(self, day: int) -> int:
        return int((day - self.born) / 365.25)

    def here_on(self, day: int) -> bool:
        return self.present_from <= day < self.present_to


@dataclass(frozen=True, slots=True)
class AtHome:
    """An adult lived with the children in [came, left)."""

    person: Person
    came: int
    left: int


@dataclass(frozen=True, slots=True)
class Home:
    """Where the family lived in [since, until), and when services heard of it.

    Shape    `told_after` is days until the first service hears; `temporary` is a council's stop-gap.
    """

    number: int
    since: int
    until: int
    neighbourhood: int
    postcode: str
    tenure: str
    temporary: bool
    told_after: int


@dataclass(slots=True, eq=False)
class Family:
    """One family: who they are, who lived with whom, and how much they have against them.

    Shape    `adversity` is a draw from N(0, 1): poverty, poor housing and strain, which make most other troubles
             likelier and so gather them in the same homes. `liability` are the family's own draws by aspect.
    Missing  `from_abroad` is about arrival inside the window. `left_on` None: still here when the window ends.
    """

    number: int
    adversity: float
    liability: dict[str, float]
    community: Community
    language: str
    mother: Person
    adults: list[AtHome]
    children: list[Child]
    absent_parents: list[Person]
    homes: list[Home]
    arrived_on: int | None
    left_on: int | None
    from_abroad: bool
    needs_interpreter: bool

    def adults_on(self, day: int) -> list[Person]:
        return [a.person for a in self.adults if a.came <= day < a.left and (a.person.died or day + 1) > day]

    def parent_on(self, day: int) -> Person:
        """The parent at home who would be asked first."""
        home = self.adults_on(day)
        return home[0] if home else self.mother

    def home_on(self, day: int) -> Home:
        found = self.homes[0]
        for home in self.homes:
            if home.since <= day:
                found = home
        return found

    def children_on(self, day: int) -> list[Child]:
        return [child for child in self.children if child.here_on(day)]

    def relation(self, child: Child, other: Person) -> str:
        """What `other` is to the child, in a word of the vocabulary."""
        if other is child.mother:
            return "mother"
        if other is child.father:
            return "father"
        if isinstance(other, Child):
            return (
                "sibling" if other.mother is child.mother and other.father is child.father else "half_sibling"
            )
        return "partner_of_parent"
