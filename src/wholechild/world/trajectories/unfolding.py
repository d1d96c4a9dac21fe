"""The interpreter: lives one process through for the children of one family, and writes what services notice of it.

It reads the data and knows no trajectory by name. For each thing that happens it asks, agency by agency: is it noticed,
is it written down, how late, and is it passed on to children's social care? What it adds goes into the same log as
the family's ordinary life. All chance is drawn from streams of its own, so that no ordinary life changes by it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from random import Random
from typing import Final

from wholechild.world.agencies import Sender
from wholechild.world.chance import YEAR, Choice, days_of, spread
from wholechild.world.context import Local, World
from wholechild.world.growth import weighed
from wholechild.world.identifiers import postcode
from wholechild.world.log import Entry
from wholechild.world.names import Names
from wholechild.world.people import AtHome, Child, Home, Person
from wholechild.world.trajectories.process import (
    END,
    SETTING,
    Habit,
    Happening,
    Library,
    Move,
    Notice,
    Process,
    State,
)

#: The place of an adult who comes with a trajectory; ordinary families number theirs below it and children from 20.
_PARTNER: Final = 15
#: Homes that come with a trajectory are numbered from here: after a family's own, before foster homes.
_HOMES: Final = 50
#: A story that has gone through so many states ends; with lasting states it never gets there.
_MOST_STATES: Final = 500
#: Kinds of record by which a move is written down.
_MOVES: Final = ("housing.move", "cross_border.")
#: Of assessments without a plan to protect: those that lead to help as a child in need, and for how many days.
_HELPED: Final = 0.62
_HELPED_FOR: Final = 150
#: What the story stands for, and in how many families: see `_told_by_the_story`.
_STANDS_FOR: Final = 0.6
_SOCIAL_CARE: Final = frozenset({"childrens_social_care", "marac"})
_STORY_KINDS: Final = (
    "domestic_abuse.", "referral.", "information_request.", "police.notification_sent", "assessment.medical",
)  # fmt: skip
_AWAY: Final = State("away", "none", 1.0, 0.0, ())
_HEALTH: Final = frozenset(
    "gp health_visiting school_nursing midwifery hospital_ed hospital_ward hospital_outpatients ambulance "
    "adult_mental_health camhs".split()
)
_REFERS: Final = {"school": "referral.school_to_csc", "nursery": "referral.school_to_csc", "police": "referral.police_to_csc"}  # fmt: skip


@dataclass(slots=True)
class Recorded:
    """One sign that one agency wrote down.

    Shape    `entry` is what it wrote, `passed_on` its referral to children's social care.
    Missing  `passed_on` None: it kept the sign to itself.
    """

    gravity: str
    entry: Entry
    passed_on: Entry | None


@dataclass(slots=True)
class Story:
    """What truly happened: kept for the truth, never sent.

    Units    days are ordinals.
    Missing  None: it did not come to that, or nobody knew of it inside the window. `area` empty: still in the area.
    """

    process: Process
    children: tuple[Child, ...]
    began: int
    ended: int = 0
    harm_onset: int | None = None
    first_serious: int | None = None
    outcome: str = ""
    known_on: int | None = None
    happened: int = 0
    noticed: int = 0
    recorded: list[Recorded] = field(default_factory=list)
    area: str = ""


def unfold(
    world: World, local: Local, library: Library, process: Process, children: Sequence[Child], began: int,
    rng: Random, names: Names, traits: Mapping[str, str],
) -> Story:  # fmt: skip
    """Live the process through from the day it begins, write what is noticed into the family's log, and tell the truth.

    Shape    `traits` are the traits of the first child, by name: what agencies do depends on them only through the
             differences of the library.
    """
    return _Unfolding(world, local, library, process, children, began, rng, names, traits).run()


class _Unfolding:
    def __init__(
        self, world: World, local: Local, library: Library, process: Process, children: Sequence[Child], began: int,
        rng: Random, names: Names, traits: Mapping[str, str],
    ) -> None:  # fmt: skip
        self.world, self.local, self.library, self.process = world, local, library, process
        self.rng, self.names, self.traits = rng, names, traits
        self.story = Story(process, tuple(children), began)
        self.family = local.log.family
        stands_for = rng.random() < _STANDS_FOR
        self.lived = [e for e in local.log.entries if not (stands_for and _told_by_the_story(e))]
        local.log.entries = []
        self.end = min(world.window.end, max(child.present_to for child in children))
        self.area: str = ""
        self.partner: Person | None = None
        self.pending: tuple[int, str] | None = None
        self.open_until = 0
        self.quiet: list[tuple[int, int, State, str]] = []
        self.moves = 0
        self.died: list[tuple[Child, int]] = []

    def run(self) -> Story:
        day, state = self.story.began, self.process.first
        for _ in range(_MOST_STATES):
            if state == END or day >= self.end:
                break
            day, state = self._live(self.process.states[state], day)
        self.story.ended = min(day, self.end)
        if self.area:  # a family that ends its story elsewhere stays there
            self.quiet.append((self.story.ended, self.world.window.end, _AWAY, self.area))
        self._settle_accounts()
        self.story.area = self.area
        return self.story

    # -- states -----------------------------------------------------------------------------------------------------------

    def _live(self, state: State, since: int) -> tuple[int, str]:
        """Go through one state; returns the day on which it ends and the state that follows."""
        until = min(self.end, since + max(1, int(spread(self.rng, state.days, state.spread))))
        following = Choice(state.following).draw(self.rng)
        self._enter(state, since)
        for day, happening in self._happenings(state, since, until):
            if self.pending is not None and self.pending[0] <= day:
                break
            self._happen(happening, day)
        if self.pending is not None and self.pending[0] <= until:
            (until, following), self.pending = (max(since, self.pending[0]), self.pending[1]), None
        self.quiet.append((since, until, state, self.area))
        return until, following

    def _enter(self, state: State, day: int) -> None:
        story = self.story
        if state.harm != "none" and story.harm_onset is None:
            story.harm_onset = day
        if state.harm == "serious" and story.first_serious is None:
            story.first_serious = day
        if state.brings_partner and self.partner is None:
            self.partner = self._new_partner(day)
        if state.home is not None and day >= self.world.window.start:
            self._move(state.home, day)

    def _happenings(self, state: State, since: int, until: int) -> list[tuple[int, Happening]]:
        """Everything that happens in a state, in the order of time."""
        found: list[tuple[int, Happening]] = []
        for happening in state.happens:
            if happening.per_year:
                found += [(day, happening) for day in days_of(self.rng, since, until, happening.per_year)]
            elif self.rng.random() < (happening.once or happening.at_start or happening.at_end):
                day = since + int(self.rng.random() * (until - since))
                found.append(
                    (since if happening.at_start else until - 1 if happening.at_end else day, happening)
                )
        found.sort(key=lambda item: (item[0], item[1].id))
        return found

    # -- what happens, and who comes to know --------------------------------------------------------------------------

    def _happen(self, happening: Happening, day: int) -> None:
        here = [child for child in self.story.children if child.born <= day < child.present_to]
        if not here:
            return
        child = here[int(self.rng.random() * len(here))]
        if child.age_on(day) < happening.from_age:
            return
        self.story.happened += 1
        written = [
            at for notice in happening.noticed
            if (at := self._noticed(notice, happening, child, day)) is not None
        ]  # fmt: skip
        if happening.outcome == "death":
            self._dies(child, day)
        if written and happening.outcome and self.story.known_on is None:
            self.story.outcome, self.story.known_on = happening.outcome, min(written)
        if happening.then and (written or happening.outcome == "death"):
            self._turn(day + 1, happening.then)

    def _noticed(self, notice: Notice, happening: Happening, child: Child, day: int) -> int | None:
        """The day on which the agency wrote it down; None where it never did. What it shares, it shares from here."""
        sender = self._sender(notice.by, child, day)
        if sender is None or not self.world.window.start <= day < self.world.window.end:
            return None
        habit = self.library.habits[sender.kind]
        if self.rng.random() >= notice.chance * self._times("notices", sender.kind):
            return None
        self.story.noticed += 1
        people = self._people(notice.about, child, day)
        if not people or self.rng.random() >= habit.records * self._times("records", sender.kind):
            return None
        late = int(self.rng.expovariate(1 / habit.days_late) + 0.5) if habit.days_late else 0
        entry = self._write(notice, sender, people, day, late)
        told = self._share(habit, happening, sender, child, entry.written)
        self.story.recorded.append(Recorded(happening.gravity, entry, told))
        return entry.written

    def _write(self, notice: Notice, sender: Sender, people: Sequence[Person], day: int, late: int) -> Entry:
        measures: dict[str, object] = {
            name: round(self.rng.uniform(*span), 1) for name, span in (notice.measures or {}).items()
        }
        if notice.lost is not None and isinstance(people[0], Child):
            measures |= weighed(self.rng, people[0], day, lost=self.rng.uniform(*notice.lost))
        return self.local.log.record(
            day, sender, notice.kind, people, notice.words, lag=late, measures=measures, values=notice.values or {},
            informant=notice.informant,
        )  # fmt: skip

    def _people(self, about: Sequence[str], child: Child, day: int) -> list[Person]:
        found: list[Person] = []
        for word in about:
            if word == "child":
                found.append(child)
            elif word == "children":
                found += [child, *(c for c in self.family.children_on(day) if c is not child)]
            elif word == "parent":
                found.append(self.family.parent_on(day))
            else:
                found += self._other_adult(day)
        return list(dict.fromkeys(found))

    def _other_adult(self, day: int) -> list[Person]:
        """The other adult of the home, else the one who left last; nobody where there never was one."""
        if self.partner is not None:
            return [self.partner]
        others = (
            self.family.adults_on(day)[1:] or [a.person for a in self.family.adults if a.left <= day][-1:]
        )
        return others[:1] or self.family.absent_parents[:1]

    def _sender(self, by: str, child: Child, day: int) -> Sender | None:
        """Who it would be on that day; None where the child is at no school, or it sends nothing."""
        if self.area:
            kind = ("nursery" if child.age_on(day) < 4 else "school") if by == SETTING else by
            return self.world.agencies.elsewhere.get((self.area, kind))
        if by == "gp":
            return self.local.practice_on(day)
        if by in (SETTING, "school", "nursery"):
            sender = self.local.school_on(child, day)
            return sender if sender is not None and by in (SETTING, sender.kind) else None
        return self.world.agencies[by]

    def _times(self, bears_on: str, agency: str) -> float:
        """How the child's traits bear on what the agency does: 1 unless the library says otherwise."""
        times = 1.0
        for one in self.library.differences:
            if one.bears_on == bears_on and agency in one.by and self.traits.get(one.trait) in one.groups:
                times *= one.times
        return times

    # -- sharing, and what children's social care does ----------------------------------------------------------------

    def _share(
        self, habit: Habit, happening: Happening, sender: Sender, child: Child, written: int
    ) -> Entry | None:
        """The agency's referral to children's social care; None where it keeps the sign to itself."""
        chance = habit.shares[happening.gravity] * self._times("shares", sender.kind)
        if self.rng.random() >= chance:
            return None
        waits = self.rng.expovariate(1 / habit.days_to_share) if habit.days_to_share else 0.0
        return self._told(sender, child, written + 1 + int(waits))

    def _told(self, sender: Sender, child: Child, day: int) -> Entry | None:
        """Children's social care is told: what it writes, and what it sets going."""
        social_care = self._sender("childrens_social_care", child, day)
        if social_care is None or not child.here_on(day):
            return None
        people = self._people(("child", "parent"), child, day)
        kind = _REFERS.get(sender.kind) or (
            "referral.health_to_csc" if sender.kind in _HEALTH else "referral.to_csc"
        )
        referral = self.local.log.record(day, sender, kind, people, "Worried about the child; referred.")
        self._answer(social_care, people, day)
        return referral

    def _answer(self, social_care: Sender, people: Sequence[Person], day: int) -> None:
        """What social care does with a referral."""

        def note(after: int, what: str, words: str) -> None:
            self.local.log.record(
                day + after, social_care, what, people, words, lag=int(self.rng.random() * 2)
            )

        if day < self.open_until:
            note(0, "contact.csc_contact", "Added to the open case.")
            return
        note(0, "contact.csc_contact", "New contact.")
        response = self.process.response
        if self.rng.random() >= response.accepted:
            note(1, "decision.no_further_action", "Advice given; no further action.")
            return
        note(0, "referral.received", "Referral received.")
        note(1, "referral.accepted", "Accepted for assessment.")
        note(2, "assessment.started", "Assessment begun.")
        note(5, "contact.child_seen", "Seen at home.")
        enquiry = self.rng.random() < response.enquiry
        if enquiry:
            note(2, "meeting.strategy", "Strategy discussion with police and health.")
            note(2, "child_protection.enquiry", "Enquiry begun.")
            if self.rng.random() < response.plan:
                note(18, "child_protection.conference", "Initial conference.")
                note(18, "child_protection.plan_started", "Plan made.")
                self._protected(day + 18)
                return
            note(14, "child_protection.enquiry_closed", "No conference needed.")
        ends = 20 + int(self.rng.random() * 25)
        note(ends, "assessment.completed", "Assessment completed.")
        if self.rng.random() < _HELPED:
            note(ends, "child_in_need.plan_started", "Child in need plan agreed.")
            note(ends + 30, "contact.child_seen", "Seen at home.")
            note(ends + 75, "contact.child_seen", "Seen at home.")
            ends += _HELPED_FOR
            note(ends, "child_in_need.plan_ended", "Goals met.")
            note(ends, "decision.case_closed", "Closed.")
        else:
            note(ends, "decision.case_closed", "Not in need of social care; closed with advice.")
        self.open_until = day + ends

    def _protected(self, day: int) -> None:
        """A plan is made: for a harmed child the harm is known from then on, for another it is a false alarm."""
        self.open_until = day + 180
        if day < self.end:
            if self.process.harmful and self.story.known_on is None:
                self.story.outcome, self.story.known_on = "recognised", day
            self._turn(day, self.process.response.then)

    def _turn(self, day: int, state: str) -> None:
        """The story turns on a day; the earliest turn holds."""
        if self.pending is None or day < self.pending[0]:
            self.pending = (day, state)

    # -- people, homes, silence -------------------------------------------------------------------------------------------

    def _new_partner(self, day: int) -> Person:
        """An adult whom no agency knew: without a health number that anybody wrote down."""
        community = self.names.communities[self.family.mother.community]
        born = self.family.mother.born + int(self.rng.gauss(0.5, 5.0) * YEAR)
        given = community.given_name(self.rng, "M", date.fromordinal(born).year)
        surname = community.borne_by(community.family_name(self.rng), "M")
        person = Person(_PARTNER, "M", born, given, surname, "", community=community.id)
        self.family.adults.append(AtHome(person, day, 10**7))
        return person

    def _move(self, move: Move, day: int) -> None:
        """The family moves: from here on its homes are those of the story."""
        agencies, log = self.world.agencies, self.local.log
        if not self.moves:
            self._no_ordinary_moves(day)
        self.moves += 1
        old = self.family.homes[-1]
        told = (
            int(self.rng.expovariate(1 / move.told_after))
            if self.rng.random() < move.told and move.told_after
            else 900
        )
        code = postcode(
            1 + int(self.rng.random() * 9), int(self.rng.random() * 10), int(self.rng.random() * 400)
        )
        self.family.homes[-1] = replace(old, until=day)
        new = Home(
            _HOMES + self.moves, day, self.end, old.neighbourhood, code, "private", False, min(told, 900)
        )
        self.family.homes.append(new)
        before, self.area = self.area, ""
        if move.to == "elsewhere" and agencies.neighbours:
            others = [area for area in agencies.neighbours if area != before]
            self.area = others[int(self.rng.random() * len(others))]
        here = self.family.children_on(day + told)
        practice = self._sender("gp", self.story.children[0], day + told)
        if told < 900 and day + told < self.end and here and practice is not None:
            people = [*here, self.family.parent_on(day + told)]
            log.stay(day + told, practice, people, new, day)
            kind = "cross_border.arrival" if self.area or before else "housing.move"
            log.record(day, practice, kind, people, "Moved to another address.", lag=told)

    def _no_ordinary_moves(self, day: int) -> None:
        log = self.local.log
        self.family.homes = [home for home in self.family.homes if home.since <= day] or self.family.homes[:1]
        log.stays = [stay for stay in log.stays if stay.written < day]
        self.lived = [entry for entry in self.lived if entry.day < day or not entry.kind.startswith(_MOVES)]

    def _dies(self, child: Child, day: int) -> None:
        child.died, child.present_to = day, min(child.present_to, day + 1)
        self.died.append((child, day))
        self.end = min(self.end, max([day + 1, *(c.present_to for c in self.story.children)]))

    def _settle_accounts(self) -> None:
        """Put what was written of the story beside the ordinary life, less what nobody would have written.

        While the family drew back, or lived in another area, ordinary services write less or nothing; from the day
        of a death on, nothing is written of the child.
        """
        children = {id(child) for child in self.story.children}
        kept = [entry for entry in self.lived if not self._unwritten(entry, children)]
        kept += self.local.log.entries
        for child, day in self.died:
            kept = [left for entry in kept if (left := _without(entry, child, day)) is not None]
        self.local.log.entries = kept

    def _unwritten(self, entry: Entry, children: set[int]) -> bool:
        for since, until, state, area in self.quiet:
            if since <= entry.day < until:
                if area:
                    return True
                silence = state.silences
                if (
                    silence is not None
                    and id(entry.about[0]) in children
                    and entry.sender.kind in silence.agencies
                ):
                    return self.rng.random() < silence.share
        return False


def _told_by_the_story(entry: Entry) -> bool:
    """Whether an ordinary record is of the sort for which the story itself stands in this family.

    The published rates of referrals and of domestic abuse count harmed families too. If the story came on top of the
    ordinary referrals of the same family, the area would have more of them than England.
    """
    return entry.sender.kind in _SOCIAL_CARE or entry.kind.startswith(_STORY_KINDS)


def _without(entry: Entry, child: Child, died: int) -> Entry | None:
    """The entry as it can be after a death: without the child, or not at all where it is mainly about the child."""
    if entry.day <= died or child not in entry.about:
        return entry
    if entry.about[0] is child:
        return None
    return replace(entry, about=tuple(person for person in entry.about if person is not child))
