"""Figures that would point at few children are withheld, and as many more as it takes that nobody can subtract their way back.

A count from 1 to 4, or a group of fewer than 10 children, is shown as "fewer than 5" or not at all. Where that leaves exactly
one figure of a breakdown out, the next smallest goes with it: the total would tell it otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from wholechild.patterns.backtest.report import (
    NO_RATE_SHOWN,
    NOTHING_SHOWN,
    Against,
    CannotTell,
    Doubt,
    FairGroup,
    Fairness,
    Group,
    Lead,
    Report,
    Share,
)

FEW: Final = 5
SMALL_GROUP: Final = 10
T = TypeVar("T")


def withheld(report: Report) -> Report:
    """The report as it may be shown."""
    spoke_of_few = _few(report.alerted.part) or _few(report.rate.alerts)
    return replace(
        report,
        rate=NO_RATE_SHOWN if spoke_of_few else report.rate,
        alerted=NOTHING_SHOWN if spoke_of_few else report.alerted,
        by_area=_groups(report.by_area),
        by_age=_groups(report.by_age),
        by_sector=tuple(
            replace(one, alerts=NOTHING_SHOWN) if spoke_of_few or n in _out([o.alerts.part for o in report.by_sector]) else one
            for n, one in enumerate(report.by_sector)
        ),
        leads=tuple(_lead(lead) for lead in report.leads),
        overlaps=tuple(
            replace(one, children=NOTHING_SHOWN, time=None) if spoke_of_few or _few(one.children.part) else one
            for one in report.overlaps
        ),
        cannot_tell=_doubts(report.cannot_tell),
        fairness=tuple(_fair(one) for one in report.fairness),
        against=report.against and _against(report.against),
    )  # fmt: skip


def _against(against: Against) -> Against:
    kept, gained, lost = (None if _few(n) else n for n in (against.kept, against.gained, against.lost))
    return replace(
        against, rate=NO_RATE_SHOWN if _few(against.rate.alerts) else against.rate,
        cannot_tell=_doubts(against.cannot_tell), kept=kept, gained=gained, lost=lost,
    )  # fmt: skip


def _few(count: int | None) -> bool:
    return count is not None and 0 < count < FEW


def _out(counts: Sequence[int | None], small: Callable[[int], bool] = lambda n: False) -> frozenset[int]:
    """Which places of a breakdown go out: few, in a small group, and the next smallest where only one would."""
    out = {n for n, count in enumerate(counts) if _few(count) or small(n)}
    left = [n for n, count in enumerate(counts) if n not in out and count]
    if len(out) == 1 and left:
        out.add(min(left, key=lambda n: counts[n] or 0))
    return frozenset(out)


def _groups(groups: Sequence[Group]) -> tuple[Group, ...]:
    out = _out([group.rate.alerts for group in groups])
    return tuple(replace(g, rate=NO_RATE_SHOWN) if n in out else g for n, g in enumerate(groups))


def _lead(lead: Lead) -> Lead:
    if lead.children < SMALL_GROUP or _few(lead.before.part):
        return replace(
            lead, before=NOTHING_SHOWN, days=(), spells=tuple((name, None) for name, _ in lead.spells)
        )
    out = _out([n for _, n in lead.spells])
    return replace(
        lead, spells=tuple((name, None if n in out else count) for n, (name, count) in enumerate(lead.spells))
    )


def _doubts(found: CannotTell) -> CannotTell:
    few = _few(found.children.part)
    return replace(
        found, children=NOTHING_SHOWN if few else found.children, time=None if few else found.time,
        reasons=tuple(Doubt(d.why, d.about, None, None) if few or _few(d.children) else d for d in found.reasons),
    )  # fmt: skip


def _fair(fairness: Fairness) -> Fairness:
    groups = fairness.groups
    out = _out([g.alerted.part for g in groups], lambda n: (groups[n].children or 0) < SMALL_GROUP)
    return replace(fairness, groups=tuple(_group(g, shown=n not in out) for n, g in enumerate(groups)))


def _group(group: FairGroup, *, shown: bool) -> FairGroup:
    right, found = (_enough(share) for share in (group.right, group.found))
    if shown:
        return replace(group, right=right, found=found)
    small = (group.children or 0) < SMALL_GROUP
    nothing = None if group.right is None else NOTHING_SHOWN
    return FairGroup(
        group.name, None if small else group.children, NO_RATE_SHOWN, NOTHING_SHOWN, nothing, nothing
    )


def _enough(share: Share | None) -> Share | None:
    if share is None:
        return None
    return NOTHING_SHOWN if (share.whole or 0) < SMALL_GROUP or _few(share.part) else share
