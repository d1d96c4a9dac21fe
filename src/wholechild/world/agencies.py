"""The services of the area: who sends records, from when, and at what number they answer.

Places and people are made up; the names of schools and practices are common words put together by rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from wholechild.records.facts import Agency
from wholechild.world.identifiers import phone
from wholechild.world.people import Home, Window

_FIRST: Final = "Oakfield Millbrook Hillside Riverside Ashgrove Beechwood Elmtree Fairview Greenbank Hawthorn Kingsmead Larkfield Meadow Northgate Orchard Parkside Quarry Rosehill Southfield Thornhill Underwood Valley Westbrook Woodlands Brookside Churchfield Dalewood Eastgate Fernhill Grange Holly Ivybridge Juniper Lakeside Maple Newlands Poplar Silverdale Sycamore Willow Bridge Castle Chapel Cross Heath Moor Priory Station Tower Abbey".split()  # fmt: skip
#: What an agency's duty line is called, and when somebody answers it.
_DUTY: Final = {
    "school": ("Designated safeguarding lead", "Monday to Friday, 8am to 4:30pm, in term"),
    "nursery": ("Nursery manager", "Monday to Friday, 7:30am to 6pm"),
    "gp": ("Practice safeguarding lead", "Monday to Friday, 8am to 6:30pm"),
    "health_visiting": ("Duty health visitor", "Monday to Friday, 9am to 5pm"),
    "school_nursing": ("Duty school nurse", "Monday to Friday, 9am to 5pm"),
    "midwifery": ("Safeguarding midwife", "Every day, 9am to 5pm"),
    "hospital_ed": ("Nurse in charge", "Day and night"),
    "hospital_ward": ("Nurse in charge, children's ward", "Day and night"),
    "hospital_outpatients": ("Children's clinic desk", "Monday to Friday, 9am to 5pm"),
    "ambulance": ("Safeguarding desk", "Day and night"),
    "adult_mental_health": ("Duty worker", "Monday to Friday, 9am to 5pm"),
    "substance_service": ("Duty worker", "Monday to Friday, 9am to 5pm"),
    "camhs": ("Duty clinician", "Monday to Friday, 9am to 5pm"),
    "childrens_social_care": ("Duty social worker", "Day and night"),
    "early_help": ("Early help desk", "Monday to Friday, 9am to 5pm"),
    "police": ("Child protection desk", "Day and night"),
    "housing": ("Duty housing officer", "Monday to Friday, 9am to 5pm"),
    "education_welfare": ("Duty education welfare officer", "Monday to Friday, 9am to 5pm"),
    "elective_home_education": ("Home education officer", "Monday to Friday, 9am to 5pm"),
    "marac": ("MARAC coordinator", "Monday to Friday, 9am to 5pm"),
    "registrar": ("Register office", "Monday to Friday, 9am to 4pm"),
}
#: Every kind of service that the area has.
KINDS: Final = frozenset(_DUTY)
#: The services of a neighbouring area that families of this area may meet.
ELSEWHERE: Final = (
    "school", "nursery", "gp", "health_visiting", "hospital_ed", "police", "childrens_social_care", "housing",
    "education_welfare",
)  # fmt: skip
#: Services whose records carry NHS numbers.
HEALTH: Final = frozenset(
    "gp health_visiting school_nursing midwifery hospital_ed hospital_ward hospital_outpatients ambulance "
    "adult_mental_health camhs".split()
)
#: Feeds that begin late with --gaps, and after what share of the window.
_LATE: Final = {"health_visiting": 0.3, "housing": 0.4, "substance_service": 0.6}


@dataclass(slots=True, eq=False)
class Sender:
    """One agency with its own counters: it numbers its people and its rows itself.

    Shape    `live_from` is the first day of its feed; what it wrote before that is not sent.
    """

    agency: Agency
    live_from: int
    people: int = 0
    rows: dict[str, int] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return self.agency.kind

    def number_person(self) -> str:
        self.people += 1
        return f"P-{self.people:05d}"

    def number_row(self, letter: str) -> str:
        self.rows[letter] = self.rows.get(letter, 0) + 1
        return f"{letter}-{self.rows[letter]:06d}"


class Agencies:
    """Every sender of the area, as many schools, nurseries and practices as the children need.

    Shape    `elsewhere` has one sender of each kind for each neighbouring area; none unless neighbours are named.
    """

    def __init__(
        self, area: str, children: int, window: Window, *, gaps: bool = False, neighbours: Sequence[str] = ()
    ) -> None:
        self.window, self.gaps, self.area = window, gaps, area
        at_once = children / 1.3
        self.one = {kind: self._sender(kind) for kind in _DUTY if kind not in ("school", "nursery", "gp")}
        self.practices = self._units("gp", max(2, round(at_once / 1800)), "{} Surgery", 0)
        self.nurseries = self._units("nursery", max(2, round(at_once / 700)), "{} Nursery", 7)
        self.primaries = self._units("school", max(2, round(at_once / 850)), "{} Primary", 0)
        self.secondaries = self._units("school", max(1, round(at_once / 2800)), "{} High School", 23)
        self.neighbourhoods = max(4, round(at_once / 600))
        self.neighbours = tuple(neighbours)
        self.elsewhere = {
            (other, kind): self._sender(kind, area=other) for other in self.neighbours for kind in ELSEWHERE
        }

    def __iter__(self) -> Iterator[Sender]:
        yield from self.one.values()
        yield from (*self.practices, *self.nurseries, *self.primaries, *self.secondaries)
        yield from self.elsewhere.values()

    def __getitem__(self, kind: str) -> Sender:
        return self.one[kind]

    def near(self, units: list[Sender], home: Home, rng: Random, loyalty: float = 0.8) -> Sender:
        """The unit that serves a home: four times in five the nearest, else any."""
        place = home.neighbourhood * len(units) // self.neighbourhoods
        return units[place] if rng.random() < loyalty else units[int(rng.random() * len(units))]

    def contacts(self) -> dict[str, dict[str, str]]:
        """How to reach the duty desk of each agency, by agency id."""
        return {
            sender.agency.id: {
                "phone": phone(place),
                "contact_role": _DUTY[sender.kind][0],
                "hours": _DUTY[sender.kind][1],
            }
            for place, sender in enumerate(self)
        }

    def _units(self, kind: str, count: int, pattern: str, skip: int) -> list[Sender]:
        return [self._sender(kind, pattern.format(_word(skip + n)), n) for n in range(count)]

    def _sender(self, kind: str, unit: str = "", place: int = 0, area: str = "") -> Sender:
        share = _LATE.get(kind, 0.0) or (0.5 if kind == "school" and place % 5 == 4 else 0.0)
        span = self.window.end - self.window.start
        return Sender(
            Agency(kind, area or self.area, unit), self.window.start + (int(share * span) if self.gaps else 0)
        )


def _word(place: int) -> str:
    """The nth name of a place: plain words first, then each with a compass point."""
    words = len(_FIRST)
    point = ("", "North ", "South ", "East ", "West ", "Upper ", "Lower ", "Old ", "New ")[place // words % 9]
    return point + _FIRST[place % words]
