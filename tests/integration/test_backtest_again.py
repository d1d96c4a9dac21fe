"""Every figure of a backtest is worked out twice: by the statements, and slowly, by loops that share nothing with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import duckdb
import pytest

from tests.integration.slow_backtest import Person, Slow
from tests.integration.true_world import END, HURT, LESSONS, START, TWICE, UNSEEN, Taken, tell
from wholechild.lib.civil import DAY, day_start
from wholechild.patterns.backtest import measures
from wholechild.patterns.backtest.report import Share
from wholechild.patterns.snapshots import open_snapshot

STARTS, ENDS = day_start(START), day_start(END)
NAMES = [lesson.id for lesson in LESSONS]
ASKED = {lesson.id: lesson for lesson in LESSONS}


@pytest.fixture(scope="module")
def told(taken: Taken) -> Iterator[duckdb.DuckDBPyConnection]:
    """The snapshot, and beside it what the reference engine says of each child."""
    with open_snapshot(taken.folder).connect(threads=1) as connection:
        tell(connection, taken.histories, ASKED, taken.key)
        measures.prepare(connection, STARTS, ENDS)
        yield connection


@pytest.fixture(scope="module")
def slow(taken: Taken) -> Slow:
    return Slow(taken, ASKED, STARTS, ENDS)


def pair(share: Share | None) -> tuple[int | None, int | None]:
    assert share is not None
    return share.part, share.whole


def test_the_world_is_rich_enough_to_be_wrong_about(slow: Slow) -> None:
    """Some of everything: or an equality below would be one of nothing with nothing."""
    for lesson in NAMES:
        assert slow.rate(lesson)[0] > 15, lesson
        assert slow.rate(lesson)[0] != sum(len(p.alerts(lesson)) for p in slow.followed) or lesson == "unseen"
    assert 3 < slow.in_doubt("unseen")[0] < len(slow.followed)
    assert {"not known", "under 1", "5 to 10"} <= set(slow.by("hurt", Person.age_at))
    assert {"not known", "Northmoor"} <= set(slow.by("hurt", Person.area_at))
    assert len(slow.by_sector("hurt")) >= 2
    assert "no new record: a date passed" in slow.by_sector("unseen")
    for part, whole in (
        slow.right("hurt"),
        slow.found("hurt"),
        slow.in_time("hurt"),
        slow.spoken_of("twice", "double"),
    ):
        assert 0 < part < whole
    assert slow.overlap("hurt", "twice")[2] > 0


@pytest.mark.parametrize("lesson", NAMES)
class TestEqual:
    def test_how_often(self, told: Any, slow: Slow, lesson: str) -> None:
        rate = measures.rate(told, lesson)
        alerts, days = slow.rate(lesson)
        assert rate.alerts == alerts
        assert rate.child_years == pytest.approx(days / 365.25)
        assert rate.per_thousand == pytest.approx(alerts * 1000 / (days / 365.25))
        assert pair(measures.alerted(told, lesson)) == slow.alerted(lesson)

    @pytest.mark.parametrize(("figure", "where"), [("by_area", Person.area_at), ("by_age", Person.age_at)])
    def test_by_area_and_age(self, told: Any, slow: Slow, lesson: str, figure: str, where: Any) -> None:
        groups = getattr(measures, figure)(told, lesson)
        wanted = slow.by(lesson, where)
        assert {g.name: g.rate.alerts for g in groups} == {
            name: alerts for name, (alerts, _) in wanted.items()
        }
        for group in groups:
            assert group.rate.child_years == pytest.approx(wanted[group.name][1] / 365.25), group.name

    def test_by_sector(self, told: Any, slow: Slow, lesson: str) -> None:
        assert {c.name: c.alerts.part for c in measures.by_sector(told, lesson)} == slow.by_sector(lesson)

    def test_how_often_right(self, told: Any, slow: Slow, lesson: str) -> None:
        truth = measures.truth(told, lesson)
        assert pair(truth.right) == slow.right(lesson)
        assert pair(truth.found) == slow.found(lesson)
        assert pair(truth.in_time) == slow.in_time(lesson)
        assert pair(truth.doubles) == slow.spoken_of(lesson, "double")
        assert pair(truth.others) == slow.spoken_of(lesson, "none")

    def test_how_early(self, told: Any, slow: Slow, lesson: str) -> None:
        found = {lead.event: lead for lead in measures.leads(told, lesson)}
        for event, column in (
            ("the first serious harm", "harm_first_serious"),
            ("the day on which the harm became known", "outcome_known_on"),
        ):
            early = slow.lead(lesson, column)
            days = sorted(d for d in early if d is not None)
            lead = found[event]
            assert (lead.children, lead.before.part) == (len(early), len(days))
            bounds = (-1, 6, 27, 90, 365, 10**9)
            counts = [sum(a < d <= b for d in days) for a, b in zip(bounds, bounds[1:], strict=False)]
            assert [n for _, n in lead.spells] == [*counts, len(early) - len(days)]
            for quarter, value in zip((0.25, 0.5, 0.75), lead.days, strict=False):
                assert sum(d <= value for d in days) >= quarter * len(days)
                assert sum(d < value for d in days) < quarter * len(days)

    @pytest.mark.parametrize("trait", list(measures.TRAITS))
    def test_for_whom(self, told: Any, slow: Slow, lesson: str, trait: str) -> None:
        (found,) = (f for f in measures.fairness(told, lesson, with_truth=True) if f.trait == trait)
        wanted = slow.trait(trait)
        assert {g.name: g.children for g in found.groups} == {
            name: len(people) for name, people in wanted.items()
        }
        for group in found.groups:
            people = wanted[group.name]
            assert group.rate.alerts == sum(len(p.alerts(lesson)) for p in people)
            assert group.rate.child_years == pytest.approx(slow.days(people) / 365.25)
            assert group.alerted.part == sum(bool(p.alerts(lesson)) for p in people)
        for figure in ("right", "found"):
            totals = [pair(getattr(g, figure)) for g in found.groups]
            part, whole = getattr(slow, figure)(lesson)
            unfound = 1 if figure == "found" else 0  # the child whom nobody here is has no group
            assert (sum(t[0] or 0 for t in totals), sum(t[1] or 0 for t in totals)) == (part, whole - unfound)

    def test_beside_the_others(self, told: Any, slow: Slow, lesson: str) -> None:
        others = {name: name.upper() for name in NAMES if name != lesson}
        found = {o.lesson: o for o in measures.overlaps(told, lesson, others)}
        for other in others:
            children, whole, both, held = slow.overlap(lesson, other)
            assert (other in found) == (children > 0)
            if other in found:
                assert pair(found[other].children) == (children, whole)
                assert found[other].time == pytest.approx(both / held)

    def test_in_doubt(self, told: Any, slow: Slow, lesson: str) -> None:
        found = measures.cannot_tell(told, lesson)
        children, days = slow.in_doubt(lesson)
        assert pair(found.children) == (children, len(slow.followed))
        assert found.time == pytest.approx(days / slow.days(slow.followed))
        assert {(d.why, d.about): d.children for d in found.reasons} == slow.doubts(lesson)

    def test_gained_and_lost(self, told: Any, slow: Slow, lesson: str) -> None:
        other = NAMES[(NAMES.index(lesson) + 1) % len(NAMES)]
        mine, theirs = ({p.history.child for p in slow.people if p.alerts(name)} for name in (lesson, other))
        assert measures.changed(told, lesson, other) == (
            len(mine & theirs),
            len(mine - theirs),
            len(theirs - mine),
        )


# -- the two would not agree on a fault ----------------------------------------------------------------------------------

#: What is planted: a statement changed before the figures are taken.
FAULTS = {
    "an alert at the very start of the span is left out": (
        "spoken",
        "h.start >= p.heard_from",
        "h.start > p.heard_from",
    ),
    "an alert at the end of childhood counts": (
        "spoken",
        "h.start < p.last",
        "h.start < p.last + 86400 * 400",
    ),
    "a match that began before the span counts": (
        "spoken",
        "h.start >= p.heard_from",
        'h."end" > p.heard_from',
    ),
    "a person counts twice": (
        "people",
        "WHERE first < last",
        "WHERE first < last UNION ALL SELECT c.child, true, 0, 1, 1, 2 FROM children c",
    ),
    "those on nobody's list count": ("people", "t.followed", "true AS followed"),
    "childhood ends at 17": ("people", f"{round(18 * 365.25) * DAY}", f"{round(17 * 365.25) * DAY}"),
    "no alert before birth": ("people", f"c.born_from - {280 * DAY}", "c.born_from"),
}


class Planting:
    """A connection whose statements have one thing wrong."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, table: str, right: str, wrong: str) -> None:
        self.connection, self.fault, self.planted = connection, (f"TEMP TABLE {table} ", right, wrong), False

    def execute(self, statement: str, *more: Any) -> Any:
        table, right, wrong = self.fault
        if table in statement:
            assert right in statement
            statement, self.planted = statement.replace(right, wrong), True
        return self.connection.execute(statement, *more)


def differs(connection: Any, slow: Slow) -> list[str]:
    """Which of the figures above are no longer the slow ones."""
    found = []
    for lesson in NAMES:
        rate, (alerts, days) = measures.rate(connection, lesson), slow.rate(lesson)
        figures = {
            "alerts": rate.alerts == alerts,
            "years": rate.child_years == pytest.approx(days / 365.25),
            "alerted": pair(measures.alerted(connection, lesson)) == slow.alerted(lesson),
            "age": {g.name: g.rate.alerts for g in measures.by_age(connection, lesson)}
            == {name: n for name, (n, _) in slow.by(lesson, Person.age_at).items()},
            "right": pair(measures.truth(connection, lesson).right) == slow.right(lesson),
            "found": pair(measures.truth(connection, lesson).found) == slow.found(lesson),
            "doubt": pair(measures.cannot_tell(connection, lesson).children)
            == (slow.in_doubt(lesson)[0], len(slow.followed)),
        }
        found += [f"{lesson}: {name}" for name, same in figures.items() if not same]
    return found


@pytest.fixture
def fresh(taken: Taken) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_snapshot(taken.folder).connect(threads=1) as connection:
        tell(connection, taken.histories, ASKED, taken.key)
        yield connection


def test_nothing_differs_where_nothing_is_planted(told: Any, slow: Slow) -> None:
    assert differs(told, slow) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_in_whom_the_figures_are_about_is_caught(fresh: Any, slow: Slow, fault: str) -> None:
    planting = Planting(fresh, *FAULTS[fault])
    try:
        measures.prepare(planting, STARTS, ENDS)  # type: ignore[arg-type]
    except duckdb.Error:
        pytest.fail("the fault must be one that runs")
    assert planting.planted
    assert differs(fresh, slow)


#: A figure's own statement, with one thing wrong in it: (name in measures, what is right, what is wrong, the figure).
IN_A_FIGURE = [
    ("_ALERTED_TRULY", "s.start >= t.harm_from", "true", "right"),
    ("_ALERTED_TRULY", "t.true_child AS it", "s.child AS it", "right"),
    ("_ALERTED_TRULY", "GROUP BY 1", "GROUP BY 1, s.start", "right"),
    ("_FOUND", "LEFT JOIN", "JOIN", "found"),
    ("_FOUND", "AND s.start >= t.harm_from", "", "found"),
    ("_FOUND", "s.start < t.known_outcome", "true", "found"),
    ("_FOUND", "GROUP BY 1", "GROUP BY 1, s.start", "found"),
    ("_IN_TIME", "LEFT JOIN", "JOIN", "in_time"),
    ("_IN_TIME", "s.start < t.serious_harm", "true", "in_time"),
    ("_SPOKEN_OF", "JOIN people p USING (child)", "", "others"),
    ("_SPOKEN_OF", "NOT t.harmed AND", "", "others"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "right", "wrong", "figure"), IN_A_FIGURE)
def test_a_planted_fault_in_a_figure_is_caught(
    told: Any, slow: Slow, monkeypatch: pytest.MonkeyPatch, name: str, right: str, wrong: str, figure: str
) -> None:
    def wanted(lesson: str) -> tuple[int, int]:
        if figure in ("doubles", "others"):
            return slow.spoken_of(lesson, "double" if figure == "doubles" else "none")
        result: tuple[int, int] = getattr(slow, figure)(lesson)
        return result

    assert [
        lesson for lesson in NAMES if pair(getattr(measures.truth(told, lesson), figure)) != wanted(lesson)
    ] == []
    assert right in getattr(measures, name)
    monkeypatch.setattr(measures, name, getattr(measures, name).replace(right, wrong))
    assert [
        lesson for lesson in NAMES if pair(getattr(measures.truth(told, lesson), figure)) != wanted(lesson)
    ] != []


# -- the whole path ------------------------------------------------------------------------------------------------------


def test_the_columnar_engine_gives_the_same_report(taken: Taken, slow: Slow) -> None:
    """From the files alone, by the engine over columns, with nothing of the reference engine in it."""
    from wholechild.patterns.backtest.run import Version, backtest

    report = backtest(
        open_snapshot(taken.folder),
        Version(HURT, "0" * 64),
        [TWICE, UNSEEN],
        against=Version(replace(TWICE, id="hurt"), "1" * 64),
    )
    start, end = day_start(report.ground.start), day_start(report.ground.end)
    again = Slow(taken, ASKED, start, end)
    alerts, days = again.rate("hurt")
    assert (report.rate.alerts, report.rate.child_years) == (alerts, pytest.approx(days / 365.25))
    assert report.truth is not None
    assert pair(report.truth.found) == again.found("hurt")
    assert pair(report.truth.right) == again.right("hurt")
    assert report.against is not None
    assert report.against.rate.alerts == again.rate("twice")[0]
    assert report.ground.children == len(again.followed)
    assert [o.lesson for o in report.overlaps][:1] == ["twice"]
