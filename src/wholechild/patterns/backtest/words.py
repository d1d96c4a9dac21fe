"""The report in words: how each figure is said to a reader, and what each outcome and reason is called."""

from __future__ import annotations

from typing import Final

from wholechild.patterns.backtest.report import Against, Lead, Rate, Report, Share, Truth
from wholechild.patterns.backtest.withheld import FEW, SMALL_GROUP
from wholechild.vocabulary.terms import vocabulary

NOT_SHOWN: Final = "not shown"
NONE: Final = "none"
FEWER: Final = f"Fewer than {FEW}, so the number is not shown: it could point at somebody."
TRAITS: Final = {
    "name_origin": "Origin of the name", "ethnicity": "Ethnicity", "disability": "Disability",
    "deprivation": "How deprived the area is", "sex": "Sex",
}  # fmt: skip
_WHY: Final = {
    "vague date": "a date is vague",
    "tie unsure": "it is not sure who lived with whom at the time",
    "birth unknown": "nobody has told us when the child was born",
    "not connected": "a service is not connected",
}


def alerts(number: int) -> str:
    """`1 alert`, `1,234 alerts`."""
    return f"{number:,} alert{'s' * (number != 1)}"


def whole(number: int | None) -> str:
    """`1,234`; withheld numbers say so."""
    return NOT_SHOWN if number is None else f"{number:,}"


def figure(value: float | None) -> str:
    """Two figures that count: `0.42`, `3.1`, `120`."""
    if value is None:
        return NOT_SHOWN
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 or value == 0 else f"{value:.2f}"


def share(said: Share | None) -> str:
    """`12 of 340 (3.5%)`."""
    if said is None or said.part is None:
        return NOT_SHOWN
    if not said.whole:
        return NONE
    return f"{said.part:,} of {said.whole:,} ({percent(said.value)})"


def percent(value: float | None) -> str:
    """`3.5%`; a share that is not nothing is never said to be 0%."""
    if value is None:
        return NOT_SHOWN
    points = value * 100
    if 0 < points < 0.1:
        return "under 0.1%"
    return f"{points:.0f}%" if points >= 10 or points in (0, 100) else f"{points:.1f}%"


def share_range(said: Share | None) -> str:
    """Between which shares the true one is likely to lie."""
    if said is None or said.low is None or not said.whole:
        return ""
    return f"{percent(said.low)} to {percent(said.high)}"


def rate_range(rate: Rate) -> str:
    """Between which rates the true one is likely to lie."""
    return "" if rate.low is None else f"{figure(rate.low)} to {figure(rate.high)}"


def rate_words(rate: Rate) -> str:
    """`2.3`, `none`, or why there is no rate."""
    if rate.alerts is None:
        return NOT_SHOWN
    return "no rate: nobody was followed" if rate.per_thousand is None else figure(rate.per_thousand)


def sector(name: str) -> str:
    """A sector's title; other words stay as they are."""
    known = vocabulary().sectors.get(name)
    return known.title if known else name[:1].upper() + name[1:]


def group(trait: str, name: str) -> str:
    """What a group is called: ids of communities and ethnic groups are names of peoples."""
    plain = name.replace("_", " ")
    return plain.title() if trait in ("name_origin", "ethnicity") else plain[:1].upper() + plain[1:]


def kind(name: str) -> str:
    return vocabulary().kinds[name].title


def why(reason: str, about: str) -> str:
    """Why a lesson could not tell, in words."""
    if reason == "not connected" and about:
        return f"{sector(about)} is not connected, or was not then"
    return _WHY.get(reason, reason)[:1].upper() + _WHY.get(reason, reason)[1:]


def days(number: int) -> str:
    """`12 days`, `5 weeks`, `7 months`: as exactly as it is of use."""
    if number < 21:
        return f"{number} day{'s' * (number != 1)}"
    return f"{round(number / 7)} weeks" if number < 120 else f"{round(number / 30.44)} months"


#: What came to so many children, as a sentence.
_CAME: Final = {
    "the first serious harm": "In this time {n} children were seriously harmed for the first time.",
    "the day on which the harm became known": "In this time it became known that {n} children were harmed.",
    "the start of a child protection plan": "In this time a child protection plan began for {n} children.",
}


def early(lead: Lead) -> str:
    """How early, in two sentences."""
    came = _CAME.get(lead.event, f"Before {lead.event}: {{n}} children.").format(n=whole(lead.children))
    if lead.before.part is None:
        return (
            f"{came} It spoke before of so few, or there were so few, that saying more could point at them."
        )
    if not lead.before.part:
        return f"{came} The lesson spoke of none of them before."
    middle = f"; for half of these it spoke {days(lead.days[1])} before, or earlier" if lead.days else ""
    return f"{came} The lesson spoke before of {lead.before.part:,} ({percent(lead.before.value)}){middle}."


def _how_often(rate: Rate) -> str:
    if rate.alerts is None:
        return FEWER
    return f"{alerts(rate.alerts)}: {rate_words(rate)} for every 1,000 children in a year."


def in_short(report: Report) -> list[tuple[str, str]]:
    """(what, how it is): the report in a few lines."""
    rate, alerted = report.rate, report.alerted
    lines = [
        (
            "How often it speaks",
            _how_often(rate),
        ),
        (
            "For how many children",
            FEWER if alerted.part is None else f"{share(alerted)} had at least one alert.",
        ),
    ]
    lines.append(
        (
            "How early",
            early(report.leads[0])
            if report.leads
            else "No outcome is known in this snapshot, so we cannot say how early.",
        )
    )
    lines.append(("How often it is right", right(report.truth) if report.truth else
                  "Nobody knows here what truly happened, so we cannot say."))  # fmt: skip
    lines.append(
        (
            "Could not tell",
            FEWER
            if report.cannot_tell.children.part is None
            else f"{share(report.cannot_tell.children)}, for {percent(report.cannot_tell.time or 0)} of the time.",
        )
    )
    if report.against:
        lines.append(("Changed", changed(report.against)))
    return lines


def right(truth: Truth) -> str:
    """How often right, in one sentence."""
    if not truth.right.whole:
        said = "It spoke of no child, so it was neither right nor wrong."
    else:
        said = f"{share(truth.right)} of the children with an alert were being harmed."
    if truth.found.whole:
        said += f" It found {share(truth.found)} of the harmed children before others knew."
    return said


def changed(against: Against) -> str:
    """What the change gains and loses, in one sentence."""
    return (
        f"Beside version {against.tried.version}: {whole(against.kept)} children have an alert of both, {whole(against.gained)} are gained and "
        f"{whole(against.lost)} are lost."
    )


def rules_of_showing() -> str:
    return (
        f"Counts under {FEW} and groups of fewer than {SMALL_GROUP} children are not shown, so that nobody can be "
        "found through this page. "
        "Where only one line would be left out, a second goes with it."
    )
