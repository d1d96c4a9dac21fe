"""The family of a published case, as each agency would have written it down: names, birthdays and homes with slips in them.

A published chronology names people by their role only. Here each of them is given a made-up name, a birthday where the case
states none, and a home, and is set down among ordinary people; then every agency of the case writes down whom it had records of, as
carelessly as a profile says. So one can ask whether the picture would have come together at all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import Final

from nhs_number import calculate_checksum

from wholechild.world.chance import stream
from wholechild.world.names import names
from wholechild.world.population import places
from wholechild.world.population.asked import Profile
from wholechild.world.population.peopling import Block, Person
from wholechild.world.population.recording import Record, one_record, written_down

#: What a slip in a name or in a date of birth is called in a profile.
OF_NAMES_AND_DATES: Final = frozenset(
    "names_swapped given_variant given_typo family_variant family_typo half_of_two known_as_used middle_as_given initial_only "
    "former_name mothers_name first_january one_field_off day_month_swapped".split()
)
#: Which of the six agencies of a profile keeps records as an agency of this kind does; all others as early help does.
_LIKE: Final[Mapping[str, str]] = {
    "gp": "gp", "health_visiting": "gp", "midwifery": "gp", "school": "school", "nursery": "school", "education_welfare": "school",
    "school_nursing": "school", "childrens_social_care": "social_care", "police": "police", "hospital_ed": "emergency",
    "hospital_ward": "emergency", "hospital_outpatients": "emergency", "ambulance": "emergency",
}  # fmt: skip
_TRIES: Final = 200
_YEAR: Final = 365.25


@dataclass(frozen=True, slots=True)
class CasePerson:
    """One person of a case.

    Shape    `age` is about how many years older than the child the case is about; negative: younger.
    Missing  `born` None: no source says. `sex` empty, the same.
    """

    id: str
    adult: bool
    born: date | None = None
    sex: str = ""
    age: float = 0.0


@dataclass(frozen=True, slots=True)
class Distortion:
    """What the agencies wrote down of the case's people, and of the ordinary people around them.

    Shape    `written` maps (agency, person of the case) to the record; `around` are records of others, of the same places.
    """

    written: Mapping[tuple[str, str], Record]
    around: Sequence[Record]


def distorted(
    people: Sequence[CasePerson], known_to: Collection[tuple[str, str]], child_born: date, profile: Profile, seed: int, *,
    around: int = 1_000, always: bool = False,
) -> Distortion:  # fmt: skip
    """The family as so many agencies wrote it down. The same arguments give the same.

    Shape    `known_to` are (agency id, person id); agencies of another area than most know the family's earlier home.
             `around` is how many ordinary people live about them. `always`: every record carries a slip in a name or a date of
             birth at least, as far as the person's names and birthday can slip in that agency's profile.
    """
    block = Block(seed, 0, people=around)
    family = _set_down(people, child_born, seed)
    block.people += family.values()
    written = {}
    areas = [agency.split("/")[1] for agency, _ in known_to]
    home = max(sorted(set(areas)), key=areas.count)
    for agency, person in sorted(known_to):
        like = _LIKE.get(agency.split("/")[0], "early_help")
        who = family[person] if agency.split("/")[1] == home else _before_the_move(family[person])
        drawn = (one_record(block, profile, like, who, seed, f"{agency}/{person}/{n}") for n in range(_TRIES))
        record = _first_with_a_slip(drawn) if always else next(drawn)
        written[agency, person] = replace(record, id=f"{agency}|{person}", agency=agency)
    del block.people[around:]
    return Distortion(written, written_down(block, profile, seed)[0])


def _first_with_a_slip(drawn: Iterable[Record]) -> Record:
    """The first record with a slip in a name or a date of birth, whose names are not withheld altogether; else the last."""
    for record in drawn:
        if not OF_NAMES_AND_DATES.isdisjoint(record.slips) and not {"baby", "unknown_name"} & set(
            record.slips
        ):
            break
    return record


def _before_the_move(person: Person) -> Person:
    return replace(person, homes=person.homes[:1], phones=person.old_phones or person.phones)


def _set_down(people: Sequence[CasePerson], child_born: date, seed: int) -> dict[str, Person]:
    """Each person with a name, a birthday, two homes and what else agencies ask for; those of one family alike as families are."""
    rng = stream(seed, 0, "population/case")
    community = names().community(rng)
    family = community.family_name(rng)
    homes = [places.home(rng, 0), places.home(rng, 0)]
    phones, old = (places.phone(rng),), (places.phone(rng),)
    found: dict[str, Person] = {}
    for number, one in enumerate(people, 1_000_000):
        sex = one.sex or ("F" if rng.random() < 0.5 else "M")
        born = one.born or _a_birthday(rng, child_born, one.age)
        surname = family if one.id == "mother" or not one.adult else community.family_name(rng)
        taken = frozenset(other.given for other in found.values())
        given = community.given_name(rng, sex, born.year, taken)
        middle = (community.given_name(rng, sex, born.year, taken | {given}),) if rng.random() < 0.5 else ()
        found[one.id] = Person(
            number, number, number, "adult" if one.adult else "child", sex, community.id, given, middle,
            community.borne_by(surname, sex), born, homes, 1 + int(rng.random() * 2),
            former=(community.family_name(rng),) if one.id == "mother" else (), mothers_name=family,
            nhs_number=_NUMBERS[(seed * 17 + number) % len(_NUMBERS)] if rng.random() < 0.95 else "", phones=phones, old_phones=old,
            upn="" if one.adult else places.upn(number + seed, born.year % 100 + 4),
        )  # fmt: skip
    return found


def _a_birthday(rng: Random, child_born: date, age: float) -> date:
    return child_born - timedelta(days=int(age * _YEAR + rng.random() * 300 - 150))


def _numbers() -> tuple[str, ...]:
    """NHS numbers of the range for tests, from its far end, where no block of a small population has any."""
    nines = (str(999_999_999 - n) for n in range(4_000))
    return tuple(f"{nine}{check}" for nine in nines if (check := calculate_checksum(nine)) != 10)


_NUMBERS: Final = _numbers()
