"""Random small histories and random small conditions over them: few days, few kinds, every node of the language."""

from __future__ import annotations

from hypothesis import strategies as st

from wholechild.lib.civil import DAY, FOREVER
from wholechild.patterns.engines.in_memory import Words
from wholechild.patterns.history import (
    AdultInHome,
    ChildHistory,
    Covered,
    LivedIn,
    Observation,
    Relevance,
    Scope,
)
from wholechild.patterns.language.nodes import (
    Absence,
    AdultState,
    AgeRange,
    AgeState,
    All,
    Any,
    Clock,
    Condition,
    Contradiction,
    Count,
    Distinct,
    FactState,
    LivesInState,
    Not,
    NumberRange,
    Selection,
    Sequence,
    Step,
    Trend,
    Unanswered,
    Unless,
)

#: Day nought of every history: Wednesday 15 December 2010, so that Christmas lies inside.
START = 14_958 * DAY
KINDS = ("bruise", "missed", "weight", "drinks", "sober")
SECTORS = ("gp", "school", "")
AGENCIES = ("gp/North", "gp/South", "school/North")
AREAS = ("North", "South")
PEOPLE = ("child", "ann", "mother")
DIMENSION = {
    "bruise": "safety",
    "missed": "health",
    "weight": "health",
    "drinks": "family",
    "sober": "family",
}
ASSERTS = {"drinks": {"alcohol": "yes"}, "sober": {"alcohol": "no"}}
WORDS = Words(DIMENSION, ASSERTS, lambda agency: agency.split("/")[0])


def at(day: int) -> int:
    return START + day * DAY


days = st.sampled_from(range(19))  # evenly: integers() would crowd at nought
lengths = st.sampled_from([1, 3, 6, 10, 15, 25]).map(lambda n: n * DAY)
some_sectors = st.lists(st.sampled_from(SECTORS[:2]), min_size=1, max_size=2, unique=True).map(tuple)


@st.composite
def observations(draw: st.DrawFn, index: int, kinds: tuple[str, ...], *, vague: bool) -> Observation:
    day = draw(days)
    long = draw(st.sampled_from([2, 4])) if vague else 1
    learnt = draw(st.sampled_from([0, 1, long, long, long, 6]))
    forgotten = draw(st.sampled_from([None, None, None, None, 5, 12]))
    agency = draw(st.sampled_from(AGENCIES))
    kind = draw(st.sampled_from(kinds))
    return Observation(
        record=f"r{index}", kind=kind, sector=draw(st.sampled_from([agency.split("/")[0]] * 7 + [""])), agency=agency,
        area=draw(st.sampled_from(AREAS)), happened_from=at(day), happened_to=at(day + long), learnt=at(day + learnt),
        forgotten=FOREVER if forgotten is None else at(day + learnt + forgotten), count=draw(st.sampled_from([1, 1, 1, 2])),
        measures={"kg": draw(st.sampled_from([8.0, 9.0, 10.0]))} if kind == "weight" else {},
        values=draw(st.sampled_from([{}, {}, {"alcohol": "yes"}, {"alcohol": "no"}])),
        subjects=tuple(draw(st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=2, unique=True))),
        informant=draw(st.sampled_from(["", "mother"])),
    )  # fmt: skip


@st.composite
def relevances(draw: st.DrawFn, *, vague: bool) -> list[Relevance]:
    certain = not vague or draw(st.sampled_from([True, True, True, False]))
    spell = draw(st.sampled_from([(None, None)] * 5 + [(6, None), (None, 20), (4, 22)]))
    known = Relevance(
        -FOREVER if spell[0] is None else at(spell[0]), FOREVER if spell[1] is None else at(spell[1]), certain
    )
    later = draw(st.booleans()) and spell[1] is not None
    return [known, Relevance(at(spell[1] + 3))] if later else [known]


@st.composite
def histories(draw: st.DrawFn, kinds: tuple[str, ...] = KINDS, *, vague: bool) -> ChildHistory:
    """A history of a month and a half. `vague` allows vague dates, a vague birth and unsure ties, three records of them at most."""
    several = draw(st.sampled_from([1, 2, 3, 3, 4, 4, 5]))
    vague_ones = draw(st.sets(st.integers(0, several - 1), min_size=1, max_size=3)) if vague else set()
    found = [draw(observations(i, kinds, vague=i in vague_ones)) for i in range(several)]
    scoped = {
        scope: tuple(
            (i, relevance)
            for i in range(several)
            if draw(st.sampled_from([True, True, True, True, False]))
            for relevance in draw(relevances(vague=i in vague_ones))
        )
        for scope in Scope
    }
    first = draw(st.sampled_from([-20, 0, 3]))
    span = draw(st.sampled_from([1, 1, 4])) if vague else 1
    born = None if vague and draw(st.integers(0, 9)) == 0 else (at(first), at(first + span))
    return ChildHistory(
        child="child", observations=tuple(found), scoped=scoped, born=born,
        died=draw(st.sampled_from([None, None, None, at(30)])), adults=draw(adults()), areas=draw(areas()),
        coverage=tuple(draw(st.lists(feeds(), max_size=4))),
    )  # fmt: skip


@st.composite
def adults(draw: st.DrawFn) -> tuple[AdultInHome, ...]:
    if draw(st.booleans()):
        return ()
    came, stayed = draw(days), draw(st.integers(1, 20))
    arrived = came - draw(st.sampled_from([0, 0, 8]))
    return (AdultInHome("bob", draw(st.sampled_from(["partner", "lodger"])), at(came), at(came + stayed),
                        at(arrived), at(draw(days)), FOREVER),)  # fmt: skip


@st.composite
def areas(draw: st.DrawFn) -> tuple[LivedIn, ...]:
    moved = draw(days)
    one, other = draw(st.permutations(AREAS))
    return (
        LivedIn(one, at(-60), at(moved), -FOREVER),
        LivedIn(other, at(moved), FOREVER, at(moved + draw(st.integers(0, 3)))),
    )


@st.composite
def feeds(draw: st.DrawFn) -> Covered:
    begun = draw(st.sampled_from([-90, -90, 0, 10]))
    ended = draw(st.sampled_from([None, None, 12, 25]))
    area = draw(st.sampled_from(["", "", "North", "South"]))
    return Covered(
        draw(st.sampled_from(SECTORS[:2])), area, at(begun), FOREVER if ended is None else at(ended)
    )


# -- conditions --------------------------------------------------------------------------------------------------------

scopes = st.sampled_from(
    [Scope.CHILD, Scope.CHILD, Scope.CHILD, Scope.HOUSEHOLD, Scope.SIBLINGS, Scope.CARERS]
)


@st.composite
def age_ranges(draw: st.DrawFn) -> AgeRange:
    start = draw(st.integers(0, 25))
    return AgeRange(start * DAY, draw(st.sampled_from([None, (start + 5) * DAY, (start + 20) * DAY])))


BOUNDS = (NumberRange("kg", 9.0, None), NumberRange("kg", None, 9.0), NumberRange("kg", 8.5, 9.5))


@st.composite
def selections(draw: st.DrawFn, kinds: tuple[str, ...] = KINDS, *, ages: bool = True) -> Selection:
    chosen = frozenset(draw(st.sets(st.sampled_from(kinds), min_size=min(2, len(kinds)), max_size=3)))
    filtered = draw(st.sampled_from([""] * 12 + ["sector", "agency", "informant", "value", "measure", "age"]))
    return Selection(
        ("drawn",), chosen,
        sectors=frozenset({"gp"}) if filtered == "sector" else frozenset(),
        agency_kinds=frozenset({"school"}) if filtered == "agency" else frozenset(),
        informants=frozenset({"mother"}) if filtered == "informant" else frozenset(),
        values=(("alcohol", frozenset({"yes"})),) if filtered == "value" else (),
        measures=(draw(st.sampled_from(BOUNDS)),) if filtered == "measure" else (),
        child_age=draw(age_ranges()) if filtered == "age" and ages else None,
    )  # fmt: skip


@st.composite
def counts(draw: st.DrawFn) -> Count:
    what = draw(st.lists(st.sampled_from(list(Distinct)), max_size=2, unique=True))
    least = draw(st.integers(1, 3))
    return Count(
        draw(selections(KINDS[:3])), draw(scopes), max(least, 2) if what else least, draw(st.one_of(st.none(), lengths)),
        tuple((w, draw(st.sampled_from([2, 2, 3]))) for w in what), draw(some_sectors),
    )  # fmt: skip


@st.composite
def sequences(draw: st.DrawFn) -> Sequence:
    kinds = draw(st.sampled_from([KINDS, KINDS[:2]]))
    steps = [Step(draw(selections(kinds)), draw(lengths)) for _ in range(draw(st.sampled_from([2, 2, 3])))]
    return Sequence((Step(steps[0].selection), *steps[1:]), draw(scopes), draw(lengths), draw(some_sectors))


@st.composite
def absences(draw: st.DrawFn) -> Absence:
    since = draw(st.one_of(st.none(), selections(ages=False)))
    return Absence(draw(selections(ages=False)), draw(scopes), draw(lengths), since, draw(some_sectors))


@st.composite
def unanswereds(draw: st.DrawFn) -> Unanswered:
    clock = Clock(draw(st.integers(1, 6)), draw(st.booleans()))
    one, other = draw(st.sampled_from([("bruise", "missed"), ("drinks", "sober")]))
    opened, answered = (
        draw(selections((one,))),
        draw(selections((other, *draw(st.sampled_from([(), (one,)]))))),
    )
    return Unanswered(
        opened, answered, draw(scopes), clock, draw(some_sectors), draw(st.one_of(st.none(), lengths))
    )


@st.composite
def trends(draw: st.DrawFn) -> Trend:
    least, more = draw(st.integers(0, 5)), draw(st.integers(1, 12))
    by_share = draw(st.booleans())
    return Trend(
        Selection(("weight",), frozenset({"weight"})), draw(scopes), "kg", draw(st.booleans()),
        10.0 if by_share else None, None if by_share else 1.0, (least * DAY, (least + more) * DAY), draw(lengths),
        draw(some_sectors),
    )  # fmt: skip


@st.composite
def contradictions(draw: st.DrawFn) -> Contradiction:
    within = draw(st.one_of(st.none(), lengths))
    return Contradiction(
        draw(selections(("drinks", "sober"))),
        "alcohol",
        draw(scopes),
        within,
        draw(st.booleans()),
        draw(some_sectors),
    )


@st.composite
def facts(draw: st.DrawFn) -> FactState:
    one, other = draw(st.permutations(["bruise", "missed", "drinks"]))[:2]
    return FactState(
        "fact", draw(selections((one,))), draw(selections((other,))), draw(scopes), draw(some_sectors)
    )


ages = age_ranges().map(AgeState)
adult_states = st.builds(
    AdultState,
    st.sampled_from([frozenset({"partner"}), frozenset({"partner", "lodger"})]),
    st.one_of(st.none(), lengths),
)
lives = st.sampled_from([LivesInState(frozenset({"North"})), LivesInState(frozenset(AREAS))])

#: The kinds of the records over which each atom is tried, where any kind would seldom do.
KINDS_FOR = {"trend": ("weight",), "contradiction": ("drinks", "sober"), "sequence": ("bruise", "missed"),
             "unanswered": ("bruise", "missed"), "count": ("bruise", "missed", "weight")}  # fmt: skip

ATOMS: dict[str, st.SearchStrategy[Condition]] = {
    "count": counts(), "sequence": sequences(), "absence": absences(), "unanswered": unanswereds(), "trend": trends(),
    "contradiction": contradictions(), "fact": facts(), "age": ages, "adult": adult_states, "lives_in": lives,
}  # fmt: skip

atoms = st.one_of(*ATOMS.values())


def _made_of(parts: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    """One more word of logic around such parts."""
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.one_of(several.map(All), several.map(Any), parts.map(Not), parts.map(Unless))


#: Atoms under one, two or three words of logic: shallow, so that a failure can be read.
_once = _made_of(atoms)
_twice = _made_of(st.one_of(atoms, _once))
conditions: st.SearchStrategy[Condition] = st.one_of(_once, _twice, _made_of(st.one_of(atoms, _once, _twice)))
