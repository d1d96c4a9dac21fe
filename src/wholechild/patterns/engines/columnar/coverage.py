"""Where silence is evidence: inside the reach of a live feed, for as long as the condition looks back."""

from __future__ import annotations

from wholechild.patterns.engines.columnar.algebra import Channel, bracketed, islands, theirs
from wholechild.patterns.engines.columnar.plan import Plan


def covered(plan: Plan, sector: str, among: str) -> str:
    """The name of where in event time each of these children was inside the reach of a live feed of the sector."""
    code = plan.source.code("sector", sector)
    live = f"f.sector = {code}" if code is not None else "1 = 0"
    everywhere = f"SELECT c.child, f.live_from AS start, f.live_to AS until FROM coverage AS f CROSS JOIN children AS c WHERE {live} AND f.area = 0"
    at_home = f"""
        SELECT h.child, greatest(f.live_from, h.lived_from) AS start, least(f.live_to, h.lived_to) AS until
        FROM coverage AS f JOIN homes AS h ON h.area = f.area WHERE {live} AND f.area <> 0"""
    near = theirs(among)
    return plan.keep(
        "covered",
        islands(
            bracketed(
                f"{everywhere} AND c.{near} UNION ALL {at_home} AND h.{near}"
                if among
                else f"{everywhere} UNION ALL {at_home}"
            )
        ),
    )


def reached(plan: Plan, sector: str, lookback: int | None, among: str) -> Channel:
    """The instants whose whole trailing window lies inside coverage; `lookback` None: since birth."""
    spans = covered(plan, sector, among)
    looked_back = f"SELECT child, start + {lookback} AS start, until FROM {spans}"
    since_birth = f"""
        SELECT s.child, c.born_from AS start, s.until
        FROM {spans} AS s JOIN children AS c ON c.child = s.child WHERE s.start <= c.born_from"""
    return Channel(bracketed(since_birth if lookback is None else looked_back), most=plan.rows(spans))
