"""Where everything stands in the drawn timeline: one lane an agency, the patterns on top, the years along both edges.

Plain geometry: it takes a child's picture and gives positions; `parts/timeline.html` turns them into SVG. The
drawing comes second to the chronology below it and never holds a fact that the chronology does not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from wholechild.lib.civil import say_day
from wholechild.patterns.picture import ChildPicture, Entry, MatchView

WIDTH: Final = 900.0
EDGE: Final = 14.0
#: One mark and the air beside it.
MARK: Final = 20.0
ROW: Final = 24.0
LABEL: Final = 24.0
LANE_PAD: Final = 8.0
YEARS: Final = 30.0
AGES: Final = 26.0
MATCH_ROW: Final = 28.0
MATCH_HEAD: Final = 28.0
#: Width of one character of the labels, a little more than Arial's mean at 14 px so that nothing runs over.
CHARACTER: Final = 7.4
#: Labels of the axis nearer than this would run into each other.
LABEL_GAP: Final = 52.0
#: What the day of asking takes at the right end of the lower edge.
DAY_LABEL: Final = 170.0


#: The order of the legend: what may be bad, what helps, then what services did.
LEGEND: Final = ("concern", "protective", "contact", "decision", "expectation", "neutral")


@dataclass(frozen=True, slots=True)
class Tick:
    """A line across all lanes; `label` is empty where there is no room for it."""

    x: float
    label: str
    age: str


@dataclass(frozen=True, slots=True)
class Mark:
    """One or more entries of the same nature at one place of one lane.

    Shape    a vague period is a bar from `x` for `width`, its shape in the middle; an exact day has width 0.
             `number` is how many incidents stand here, all lines together. `in_pattern`: at least one pattern
             rests on one of them, and the mark wears a ring.
    """

    x: float
    width: float
    y: float
    nature: str
    number: int
    words: str
    in_pattern: bool

    @property
    def is_vague(self) -> bool:
        return self.width > 0

    @property
    def centre(self) -> float:
        return self.x + self.width / 2


@dataclass(frozen=True, slots=True)
class Lane:
    """Everything of one agency, in as many rows as it takes to keep the marks apart."""

    agency: str
    title: str
    y: float
    height: float
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class MatchBar:
    """The spell in which one pattern holds; the label stands before, in or after the bar, where there is most room.

    Shape    `label_ends` tells whether the label ends at `label_x` or begins there.
    """

    x: float
    width: float
    y: float
    label: str
    label_x: float
    label_ends: bool
    label_inside: bool
    open_ended: bool
    words: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A whole timeline in user units of one SVG.

    Missing  `known_x` None: the day of asking lies beyond the last year drawn. `born_x` None: no agency has said, or
             only vaguely.
    """

    width: float
    height: float
    first_year: int
    last_year: int
    ticks: tuple[Tick, ...]
    match_bars: tuple[MatchBar, ...]
    lanes: tuple[Lane, ...]
    lanes_top: float
    lanes_bottom: float
    known_x: float | None
    born_x: float | None
    natures: tuple[str, ...]
    has_vague: bool
    has_rings: bool


@dataclass(frozen=True, slots=True)
class Axis:
    """Whole days onto user units."""

    first: date
    last: date

    def x(self, day: date) -> float:
        """The left edge of a day; days outside the axis stand on its ends."""
        span = self.last.toordinal() + 1 - self.first.toordinal()
        share = (day.toordinal() - self.first.toordinal()) / span
        return round(EDGE + min(1.0, max(0.0, share)) * (WIDTH - 2 * EDGE), 1)


def draw(picture: ChildPicture) -> Drawing | None:
    """Return the drawing of a picture, or None where there is nothing to draw.

    Shape    superseded entries are left out, and the page says so; everything else of the chronology is in.
    """
    entries = [entry for entry in picture.chronology if not entry.superseded]
    if not entries:
        return None
    axis = axis_of(picture, entries)
    rests = frozenset(one.record for match in picture.adds_up for one in match.evidence)
    bars = match_bars(axis, picture.adds_up, top=YEARS + MATCH_HEAD, as_known_at=picture.as_known_at)
    lanes_top = YEARS + (MATCH_HEAD + MATCH_ROW * len(bars) + LANE_PAD if bars else 0)
    drawn = lanes(axis, entries, rests, top=lanes_top)
    bottom = drawn[-1].y + drawn[-1].height
    known_x = axis.x(picture.as_known_at) if picture.as_known_at <= axis.last else None
    exact_birth = picture.born.first if picture.born and not picture.born.is_vague else None
    return Drawing(
        width=WIDTH,
        height=bottom + AGES,
        first_year=axis.first.year,
        last_year=axis.last.year,
        ticks=ticks(axis, exact_birth, ages_until=WIDTH - DAY_LABEL if known_x else WIDTH),
        match_bars=bars,
        lanes=drawn,
        lanes_top=lanes_top,
        lanes_bottom=bottom,
        known_x=known_x,
        born_x=axis.x(exact_birth) if exact_birth and axis.first <= exact_birth else None,
        natures=_in_legend_order({entry.nature for entry in entries}),
        has_vague=any(entry.happened.is_vague for entry in entries),
        has_rings=any(entry.record in rests for entry in entries),
    )


def axis_of(picture: ChildPicture, entries: Sequence[Entry]) -> Axis:
    """From the month of the first thing known to a little after the last: an empty decade is not drawn."""
    first = min(entry.happened.first for entry in entries)
    last = max(entry.happened.last for entry in entries)
    for match in picture.adds_up:
        last = max(last, match.held_from, match.held_to or match.held_from)
    if (picture.as_known_at - last).days <= 366:
        last = max(last, picture.as_known_at)
    air = timedelta(days=max(3, (last - first).days // 60))
    return Axis(first.replace(day=1), min(last, date.max - air) + air)


def _in_legend_order(natures: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(natures, key=lambda one: (LEGEND.index(one) if one in LEGEND else len(LEGEND), one)))


def ticks(axis: Axis, born: date | None, *, ages_until: float = WIDTH) -> tuple[Tick, ...]:
    """A tick at each 1 January (in spells up to two years, at each quarter), labelled where labels have room."""
    days = _tick_days(axis)
    apart = axis.x(days[1]) - axis.x(days[0]) if len(days) > 1 else WIDTH
    every = next(n for n in (1, 2, 5, 10, 20, 50, 100) if n * apart >= LABEL_GAP or n == 100)
    labelled = {
        place
        for place, day in enumerate(days)
        if place % every == 0 and axis.x(day) < WIDTH - (72 if _by_quarter(axis) else 40)
    }
    return tuple(
        Tick(
            axis.x(day),
            _tick_label(axis, day) if place in labelled else "",
            _age_label(axis, day, born) if axis.x(day) < ages_until else "",
        )
        for place, day in enumerate(days)
    )


def _tick_days(axis: Axis) -> list[date]:
    years = range(axis.first.year, axis.last.year + 1)
    months = (1, 4, 7, 10) if _by_quarter(axis) else (1,)
    days = [date(year, month, 1) for year in years for month in months]
    return [day for day in days if axis.first <= day <= axis.last] or [axis.first]


def _by_quarter(axis: Axis) -> bool:
    return (axis.last - axis.first).days <= 800


def _tick_label(axis: Axis, day: date) -> str:
    return f"{day:%b} {day.year}" if _by_quarter(axis) else str(day.year)


def _age_label(axis: Axis, day: date, born: date | None) -> str:
    """The age reached in a year, said once a year: where the year has 1 January as its tick."""
    if born is None or day.month != 1 or day.year <= born.year:
        return ""
    if axis.first <= born and axis.x(day) - axis.x(born) < LABEL_GAP:
        return ""  # "born" is written there
    return str(day.year - born.year - 1)


def match_bars(
    axis: Axis, matches: Sequence[MatchView], *, top: float, as_known_at: date
) -> tuple[MatchBar, ...]:
    """One row a pattern, the earliest first, so that the eye reads down and to the right as knowledge grew."""
    ordered = sorted(matches, key=lambda match: (match.held_from, match.held_to or date.max, match.title))
    return tuple(
        _match_bar(axis, match, top + place * MATCH_ROW, as_known_at) for place, match in enumerate(ordered)
    )


def _match_bar(axis: Axis, match: MatchView, y: float, as_known_at: date) -> MatchBar:
    open_ended = match.held_to is None
    left = axis.x(match.held_from)
    right = WIDTH - EDGE if open_ended and as_known_at > axis.last else axis.x(match.held_to or as_known_at)
    width = max(right - left, 6.0)
    left = min(left, WIDTH - EDGE - width)
    place, room = _label_place(left, width)
    return MatchBar(
        x=round(left, 1),
        width=round(width, 1),
        y=y,
        label=shortened(match.title, room),
        label_x=round({"before": left - 8, "in": left + 10, "after": left + width + 8}[place], 1),
        label_ends=place == "before",
        label_inside=place == "in",
        open_ended=open_ended,
        words=f"{match.title}: {held_words(match)}",
    )


def _label_place(left: float, width: float) -> tuple[str, float]:
    """Before the bar if a usual title fits there, else wherever there is most room."""
    rooms = {"before": left - EDGE - 12, "in": width - 24, "after": WIDTH - EDGE - left - width - 12}
    place = "before" if rooms["before"] >= 60 * CHARACTER else max(rooms, key=lambda name: rooms[name])
    return place, rooms[place]


def held_words(match: MatchView) -> str:
    """`held since 3 March 2012`, or `held from 3 March 2012 to 9 May 2012`."""
    if match.held_to is None:
        return f"held since {say_day(match.held_from)}"
    return f"held from {say_day(match.held_from)} to {say_day(match.held_to)}"


def shortened(text: str, room: float) -> str:
    """As much of a label as there is room for, cut at a word where that leaves most of it."""
    fits = max(int(room / CHARACTER), 3)
    if len(text) <= fits:
        return text
    cut = text[: fits - 1]
    at_word = cut.rsplit(" ", 1)[0]
    return (at_word if len(at_word) > fits // 2 else cut).rstrip(" ,;:") + "…"


def lanes(axis: Axis, entries: Sequence[Entry], rests: frozenset[str], *, top: float) -> tuple[Lane, ...]:
    """One lane an agency, in the order in which they came into the child's life."""
    found: dict[str, list[Entry]] = {}
    for entry in sorted(entries, key=lambda one: (one.happened.first, one.happened.last)):
        found.setdefault(entry.agency, []).append(entry)
    drawn, y = [], top
    for agency, own in found.items():
        drawn.append(_lane(axis, agency, own, rests, y))
        y += drawn[-1].height
    return tuple(drawn)


def _lane(axis: Axis, agency: str, entries: Sequence[Entry], rests: frozenset[str], top: float) -> Lane:
    placed, rows = in_rows([*_bars(axis, entries, rests), *_points(axis, entries, rests)])
    marks = tuple(replace(mark, y=top + LABEL + ROW * (row + 0.5)) for mark, row in placed)
    title = shortened(entries[0].agency_title, WIDTH - 2 * EDGE)
    return Lane(agency, title, top, LABEL + rows * ROW + LANE_PAD, marks)


def _bars(axis: Axis, entries: Sequence[Entry], rests: frozenset[str]) -> Iterable[Mark]:
    """The vague entries: those of one period and nature share a bar."""
    for group in _grouped((e for e in entries if e.happened.is_vague), lambda e: (e.happened, e.nature)):
        period = group[0].happened
        left, right = axis.x(period.first), axis.x(period.last)
        width = max(right - left, MARK)
        left = min(left, WIDTH - EDGE - width)
        yield _mark(round(left, 1), round(width, 1), group, rests)


def _points(axis: Axis, entries: Sequence[Entry], rests: frozenset[str]) -> Iterable[Mark]:
    """The exact entries: those of one nature that would lie on top of each other share a mark."""
    exact = [entry for entry in entries if not entry.happened.is_vague]
    for group in _grouped(exact, lambda e: (int(axis.x(e.happened.first) // MARK), e.nature)):
        x = sum(axis.x(entry.happened.first) for entry in group) / len(group)
        yield _mark(round(x, 1), 0, group, rests)


def _grouped(entries: Iterable[Entry], key: Callable[[Entry], Hashable]) -> list[list[Entry]]:
    groups: dict[Hashable, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(key(entry), []).append(entry)
    return list(groups.values())


def _mark(x: float, width: float, group: Sequence[Entry], rests: frozenset[str]) -> Mark:
    number = sum(entry.count for entry in group)
    ringed = any(entry.record in rests for entry in group)
    return Mark(x, width, 0, group[0].nature, number, _words(group), ringed)


def _words(entries: Sequence[Entry]) -> str:
    """What the pointer shows: agency, kinds and dates. Never what was written, never an id (it may be on a big screen)."""
    kinds = Counter(entry.kind_title for entry in entries)
    said = ", ".join(kind if number == 1 else f"{kind} ({number} entries)" for kind, number in kinds.items())
    first, last = entries[0].happened_words, entries[-1].happened_words
    return f"{entries[0].agency_title}: {said}. {first if first == last else f'{first} to {last}'}"


def in_rows(marks: Iterable[Mark]) -> tuple[list[tuple[Mark, int]], int]:
    """Give each mark the first row in which it touches no other; also how many rows that took."""
    ends: list[float] = []
    placed = []
    for mark in sorted(marks, key=lambda one: (one.x, -one.width, one.nature)):
        left, right = _extent(mark)
        row = next((n for n, end in enumerate(ends) if end <= left), len(ends))
        ends[row : row + 1] = [right]
        placed.append((mark, row))
    return placed, len(ends)


def _extent(mark: Mark) -> tuple[float, float]:
    """The ground a mark takes, with the number that is written to its right when it stands for several."""
    number = 8.0 + 8.0 * len(str(mark.number)) if mark.number > 1 else 0.0
    half = MARK / 2
    if not mark.is_vague:
        return mark.x - half, mark.x + half + number
    beyond = max(0.0, half + number - mark.width / 2)
    return mark.x, mark.x + mark.width + beyond + 2


def hatching(bar: Mark, *, apart: float = 7.0, half_height: float = 7.0) -> str:
    """The slanted strokes inside a vague bar, as one SVG path: vague is told by texture too, not by paleness alone."""
    strokes, x = [], bar.x + 3
    while x + half_height <= bar.x + bar.width - 3:
        strokes.append(f"M{x:.0f} {bar.y + half_height:g}l{half_height:g} {-2 * half_height:g}")
        x += apart
    return "".join(strokes)
