"""Everything that people decide about who is who. Each act checks who may, refuses with reasons, or leaves its leaves."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import combinations, product
from typing import Any, Final

from django.db import connection, transaction

from wholechild.lib.civil import LONDON, say_day
from wholechild.people.arriving.actions import persons_if, settle_identities
from wholechild.people.arriving.queries import InForce
from wholechild.people.deciding.decisions import (
    CANNOT_TELL,
    DECISIONS,
    DIFFERENT,
    SAME,
    Decided,
    in_force,
    needs_second,
    pair_of,
)
from wholechild.people.deciding.queries import (
    Consequences,
    Explained,
    Possible,
    Review,
    consequences,
    decided_about,
    explained,
    identities_of,
    made_together,
    persons_now,
    possible_for,
    review,
    weighed_pair,
)
from wholechild.people.families.queries import sealed_persons
from wholechild.people.models import (
    PairDecision,
    PairDecisionSeconded,
    PairDecisionUndone,
    ReviewTaken,
)
from wholechild.records.ids import stable_id
from wholechild.trust.actions import SALT_BYTES, Salts, append, disclose
from wholechild.trust.models import Fact
from wholechild.trust.permissions import Decision, classes_for, decide, decide_act
from wholechild.trust.queries import may_see, relations_to
from wholechild.trust.refusals import NotYours, Refused
from wholechild.trust.viewers import Viewer, system

#: The lock of whoever links (people/actions.py): nobody is linked while somebody decides.
_LINKING_LOCK: Final = 0x6C696E6B
LONGEST_WHY: Final = 2_000
#: A split names each pair that it tears; more than this is no mistake of linking, and is put right at its source.
MOST_PAIRS: Final = 2_000
_NO_PAIR: Final = "There is no such pair for you."
_NO_DECISION: Final = "There is no such decision for you."


@dataclass(frozen=True, slots=True)
class Made:
    """What an act did: `complete` once nobody else is needed. `moved` are the identities that are another person now."""

    decision: str
    complete: bool
    moved: tuple[str, ...] = ()


# -- deciding ------------------------------------------------------------------------------------------------------------


def decide_pair(
    *, by: Viewer, purpose: str, at: datetime, one: str, other: str, decision: str, why: str, salts: Salts
) -> Made:
    """Decide that two identities are one person, are two, or cannot be told apart or together. Binds machines until undone.

    Shape    complete at once, and the links follow in the same transaction; or it waits for a second person (decisions.py says
             which). It takes the place of what was decided about the two before.
    Errors   NotYours, where the viewer may not decide or may not know of both; Refused, with what stands in the way.
    """
    with _deciding():
        made = drawn_up_pair(by=by, purpose=purpose, at=at, one=one, other=other, decision=decision, why=why)
        return _keep(by, purpose, at, made, salts)


def split_person(
    *,
    by: Viewer,
    purpose: str,
    at: datetime,
    person: str,
    identities: Collection[str],
    why: str,
    salts: Salts,
) -> Made:
    """Decide that some identities of a person are somebody else: each of them, and each that stays, are different.

    Shape    always waits for a second person; then those that go become a person of their own, together.
    Errors   NotYours, Refused.
    """
    with _deciding():
        made = drawn_up_split(
            by=by,
            purpose=purpose,
            at=at,
            person=person,
            identities=identities,
            why=why,
            nonce=salts(12).hex(),
        )
        return _keep(by, purpose, at, made, salts)


def drawn_up_pair(
    *, by: Viewer, purpose: str, at: datetime, one: str, other: str, decision: str, why: str
) -> list[Decided]:
    """The decision as it would be kept, so that what it would change can be looked at first. Nothing is kept.

    Shape    the decision about the two; and where it goes against a split, its other pairs too, which are set free: a split is
             kept or given up as a whole.
    Errors   as `decide_pair`.
    """
    _check_role(by)
    pair = pair_of(one, other)
    persons = persons_now(pair)
    if one == other or len(persons) < 2 or not all(may_see(by, p, "existence", at) for p in persons.values()):
        raise NotYours(_NO_PAIR)
    if decision not in DECISIONS:
        raise Refused("Choose what you have decided: the same, different, or that it cannot be told.")
    _check_reason(why)
    earlier = [d for d in decided_about(system("people"), pair) if d.pair == pair]
    _check_nothing_waits(earlier)
    stands = in_force(earlier).get(pair)
    if stands and stands.decision == decision and decision != CANNOT_TELL:
        raise Refused(f"That was decided already, on {_said_day(stands.decided_at)}.")
    weighed = weighed_pair(by, *pair)
    shown: dict[str, Any] = (
        {
            "weight": weighed.weight,
            "contributions": [[c.field, c.level, c.bits] for c in weighed.contributions],
        }
        if weighed
        else {}
    )
    splits = persons[pair[0]] == persons[pair[1]]
    if decision == DIFFERENT and splits:
        shown["goes"] = [pair[1]]
    two = needs_second(
        decision, splits=splits, sealed=bool(sealed_persons(persons.values())), replaces=stands
    )
    if stands and stands.together:
        shown["together"] = f"anew-{stands.together}"
    first = Decided(
        "", pair, decision, why.strip(), two, at, by.user, together=shown.get("together", ""),
        goes=frozenset(shown.get("goes", ())), shown=shown,
    )  # fmt: skip
    made = [first, *_set_free(first, stands)]
    _check_no_contradiction(made, at)
    return made


def _set_free(first: Decided, stands: Decided | None) -> list[Decided]:
    """The other pairs of the split that this decision gives up, each of which nothing binds from then on."""
    if stands is None or not stands.together:
        return []
    others = [one for one in made_together(stands.id) if one.pair != first.pair]
    binds = in_force(decided_about(system("people"), {i for one in others for i in one.pair}))
    return [
        replace(
            first, pair=one.pair, decision=CANNOT_TELL, goes=frozenset(), shown={"together": first.together}
        )
        for one in others
        if (still := binds.get(one.pair)) and still.id == one.id
    ]


def drawn_up_split(
    *,
    by: Viewer,
    purpose: str,
    at: datetime,
    person: str,
    identities: Collection[str],
    why: str,
    nonce: str = "",
) -> list[Decided]:
    """The decisions of a split as they would be kept. Nothing is kept. Errors: as `split_person`."""
    _check_role(by)
    if not may_see(by, person, "existence", at):
        raise NotYours("There is no such person for you.")
    own, goes = set(identities_of([person])), set(identities)
    if not own:
        raise NotYours("There is no such person for you.")
    if not goes:
        raise Refused("Choose which records are about somebody else.")
    if goes - own:
        raise Refused(
            f"{len(goes - own)} of the chosen ids are not records of this person. Look at the person again."
        )
    if goes == own:
        raise Refused("Leave at least one with this person: if all of them go, nothing is split.")
    pairs = [pair_of(one, other) for one, other in product(sorted(goes), sorted(own - goes))]
    if len(pairs) > MOST_PAIRS:
        raise Refused(
            f"This would tear {len(pairs):,} pairs at once, and at most {MOST_PAIRS:,} can be. Split fewer at a time."
        )
    _check_reason(why)
    _check_nothing_waits([d for d in decided_about(system("people"), own) if d.pair in pairs])
    shown = {"together": f"split-{nonce}", "goes": sorted(goes)}
    made = [
        Decided("", pair, DIFFERENT, why.strip(), True, at, by.user, together=shown["together"], goes=frozenset(goes), shown=shown)  # type: ignore[arg-type]
        for pair in pairs
    ]  # fmt: skip
    _check_no_contradiction(made, at)
    return made


def second_decision(*, by: Viewer, purpose: str, at: datetime, decision: str, why: str, salts: Salts) -> Made:
    """Agree, as another person, with a decision that needs two: from now on it binds, and the links follow.

    Errors   NotYours; Refused: nobody agrees with themselves, and what was undone or is complete waits for nobody.
    """
    with _deciding():
        several = _known_decision(by, at, decision)
        if not several[0].waits:
            raise Refused("This decision no longer waits for a second person.")
        if several[0].by == by.user:
            raise Refused("You made this decision. Somebody else has to agree with it.")
        _check_length(why)
        _check_no_contradiction(several, at)
        facts = [
            PairDecisionSeconded(
                id=stable_id("seconded", one.id), salt=salts(SALT_BYTES), decision=one.id, why=why.strip(), seconded_at=at,
                by=by.user,
            )
            for one in several
        ]  # fmt: skip
        _store(by, purpose, at, "people.second", facts)
        return _settled(by, purpose, at, several, salts)


def undo_decision(*, by: Viewer, purpose: str, at: datetime, decision: str, why: str, salts: Salts) -> Made:
    """Take a decision back: machines weigh the two anew, and whoever was joined or parted by it is as before.

    Errors   NotYours; Refused: what two people have decided, one cannot undo; a new decision by two can take its place.
    """
    with _deciding():
        several = _known_decision(by, at, decision)
        if several[0].undone_at is not None:
            raise Refused("This decision was undone already.")
        if several[0].needs_second and not several[0].waits:
            raise Refused(
                "Two people made this decision, so one alone cannot undo it. Decide anew: another person will have to agree."
            )
        _check_reason(why)
        facts = [
            PairDecisionUndone(
                id=stable_id("undone", one.id), salt=salts(SALT_BYTES), decision=one.id, why=why.strip(), undone_at=at, by=by.user,
            )
            for one in several
        ]  # fmt: skip
        _store(by, purpose, at, "people.undo", facts)
        return _settled(by, purpose, at, several, salts)


def _keep(by: Viewer, purpose: str, at: datetime, several: Sequence[Decided], salts: Salts) -> Made:
    key = f"decision-{salts(12).hex()}"
    named = [replace(one, id=key if n == 0 else f"{key}-{n}") for n, one in enumerate(several)]
    facts = [
        PairDecision(
            id=one.id, salt=salts(SALT_BYTES), identities=list(one.pair), decision=one.decision, why=one.why,
            needs_second=one.needs_second, shown=dict(one.shown), decided_at=at, by=by.user,
        )
        for one in named
    ]  # fmt: skip
    _store(by, purpose, at, "people.decide", facts)
    if named[0].needs_second:
        return Made(key, complete=False)
    return _settled(by, purpose, at, named, salts)


def _known_decision(by: Viewer, at: datetime, decision: str) -> list[Decided]:
    """The decision with all that were made with it, for somebody who may decide about these people. Errors: NotYours."""
    _check_role(by)
    several = made_together(decision)
    persons = persons_now({identity for one in several for identity in one.pair})
    if not several or not all(may_see(by, person, "existence", at) for person in set(persons.values())):
        raise NotYours(_NO_DECISION)
    return several


# -- what follows ----------------------------------------------------------------------------------------------------------


def preview(*, by: Viewer, purpose: str, at: datetime, more: Sequence[Decided]) -> Consequences:
    """What would change, were these decisions binding. Nothing is kept."""
    return consequences(by, more, _persons_if(more, at), at)


def _persons_if(more: Sequence[Decided], at: datetime) -> dict[str, str]:
    """identity -> the person that it would be, for everybody whom these decisions touch."""
    supposing = [InForce(one.id or "supposed", *one.pair, one.decision, one.goes) for one in more]
    asked = {identity for one in more for identity in one.pair}
    return persons_if(
        by="system:preview", purpose="identity_check", at=at, identities=asked, supposing=supposing
    )


def _settled(by: Viewer, purpose: str, at: datetime, several: Sequence[Decided], salts: Salts) -> Made:
    """Let the links follow what binds now (arriving/actions.py)."""
    asked = {identity for one in several for identity in one.pair}
    around = identities_of(list(persons_now(asked).values()))
    before = persons_now(around)
    settle_identities(by=by.user, purpose=purpose, at=at, identities=asked, salts=salts)
    after = persons_now(around)
    moved = sorted(identity for identity, person in after.items() if before[identity] != person)
    return Made(several[0].id, complete=True, moved=tuple(moved))


# -- who has it in hand ------------------------------------------------------------------------------------------------------


def take_review(
    *, by: Viewer, purpose: str, at: datetime, one: str, other: str, gives_back: bool = False, salts: Salts
) -> None:
    """Answer for deciding about two identities from now on, or give that back. Whoever takes it last has it.

    Errors   NotYours; Refused, where somebody gives back what somebody else has in hand.
    """
    with _deciding():
        _check_role(by)
        found = review(by, one, other, at)
        if found is None:
            raise NotYours(_NO_PAIR)
        if gives_back and found.taken_by != by.user:
            raise Refused("You have not taken this, so you cannot give it back.")
        row = ReviewTaken(
            id=f"taken-{salts(12).hex()}", salt=salts(SALT_BYTES), identities=list(pair_of(one, other)), gives_back=gives_back,
            taken_at=at, by=by.user,
        )  # fmt: skip
        _store(by, purpose, at, "people.take", [row])


# -- what is shown -----------------------------------------------------------------------------------------------------------


def open_review(
    *, by: Viewer, purpose: str, at: datetime, one: str, other: str, route: str, salts: Salts
) -> Review | None:
    """Read two identities side by side and record that they are shown, in one transaction; None, recorded, if they may not be.

    Missing  *absent* and *refused* give the same None.
    """
    with transaction.atomic():
        persons = sorted(set(persons_now(pair_of(one, other)).values()))
        found = review(by, one, other, at) if decide_act(by.role, "people.review") else None
        _write_down(by, purpose, at, persons or [pair_of(one, other)[0]], found is not None, route, salts)
    return found


def open_explained(
    *, by: Viewer, purpose: str, at: datetime, person: str, route: str, salts: Salts
) -> Explained | None:
    """Read who a person is made of and record that it is shown; None, recorded as refused, if it may not be."""
    with transaction.atomic():
        found = explained(by, person, at)
        _write_down(by, purpose, at, [person], found is not None, route, salts)
    return found


def open_possible(
    *, by: Viewer, purpose: str, at: datetime, person: str, route: str, salts: Salts
) -> tuple[Possible, ...]:
    """Who else a person may be, as far as nobody has decided: each of them written down as shown, in the same transaction."""
    with transaction.atomic():
        found = possible_for(by, person, at)
        others = sorted({other for one in found for other in one.persons} - {person})
        _write_down(by, purpose, at, others, True, route, salts)
    return found


def open_decision(
    *, by: Viewer, purpose: str, at: datetime, decision: str, route: str, salts: Salts
) -> list[Decided]:
    """Read a decision, with all that the same act made, and record it of whoever it is about; empty where it may not be shown."""
    with transaction.atomic():
        several = made_together(decision)
        persons = sorted(set(persons_now({identity for one in several for identity in one.pair}).values()))
        allowed = bool(persons) and all(may_see(by, person, "existence", at) for person in persons)
        is_shown = allowed and bool(decide_act(by.role, "people.review"))
        _write_down(by, purpose, at, persons or [decision], is_shown, route, salts)
    return several if is_shown else []


def _write_down(
    by: Viewer, purpose: str, at: datetime, persons: Sequence[str], is_shown: bool, route: str, salts: Salts
) -> None:
    for person, relations in relations_to(by, persons, at).items():
        decision = decide(by.role, relations, "existence")
        if decision and not is_shown:
            decision = Decision(False, "nobody has this id, or one of the two may not be known of")
        disclose(
            by=by, purpose=purpose, at=at, person=person, relations=relations, decision=decision, route=route,
            classes=classes_for(by.role, relations) if decision else ("existence",),
            disclosure_id=f"dis-{salts(12).hex()}", salts=salts,
        )  # fmt: skip


# -- parts -------------------------------------------------------------------------------------------------------------------


def _check_role(by: Viewer) -> None:
    if by.is_system or not decide_act(by.role, "people.review"):
        raise NotYours("Your role may not decide who is who. Whoever looks after accounts can say who may.")


def _check_reason(why: str) -> None:
    if not why.strip():
        raise Refused("Give a reason, in a sentence.")
    _check_length(why)


def _check_length(why: str) -> None:
    if len(why) > LONGEST_WHY or "\0" in why:
        raise Refused(f"Give the reason in up to {LONGEST_WHY:,} letters.")


def _check_nothing_waits(earlier: Sequence[Decided]) -> None:
    if any(one.waits for one in earlier):
        raise Refused(
            "A decision about these records waits for a second person. Agree with it, or undo it first."
        )


def _check_no_contradiction(more: Sequence[Decided], at: datetime) -> None:
    """What is decided comes about, and to join two tears nobody else apart."""
    then = _persons_if(more, at)
    now = persons_now(then)
    against = [
        one
        for one in more
        if one.decision != CANNOT_TELL and (then[one.pair[0]] == then[one.pair[1]]) != (one.decision == SAME)
    ]
    joins = any(one.decision == SAME for one in more)
    torn = joins and any(now[a] == now[b] and then[a] != then[b] for a, b in combinations(sorted(now), 2))
    if against or torn:
        raise Refused(
            "This goes against what was decided about some of these records, or what their senders declare. Look at the earlier "
            "decisions first, and undo them or decide them anew."
        )


def _said_day(moment: datetime) -> str:
    return say_day(moment.astimezone(LONDON).date())


@contextmanager
def _deciding() -> Iterator[None]:
    """A transaction in which nobody else links or decides."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LINKING_LOCK])
        yield


def _store(by: Viewer, purpose: str, at: datetime, act: str, facts: Sequence[Fact]) -> None:
    """The rows of one act, and their leaves, in the transaction of the caller."""
    if not facts:
        return
    for model in dict.fromkeys(type(fact) for fact in facts):
        model._default_manager.bulk_create([fact for fact in facts if type(fact) is model])
    append(by=by.user, purpose=purpose, at=at, act=act, facts=[fact.committed() for fact in facts])
