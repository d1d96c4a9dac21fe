"""The report as one HTML file that needs nothing else: no network, no script, and it prints."""

from __future__ import annotations

from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from wholechild.lib.civil import say_day
from wholechild.patterns.backtest import plots, words
from wholechild.patterns.backtest.report import Report

_ENVIRONMENT: Final = Environment(
    loader=PackageLoader("wholechild.patterns.backtest", "."), autoescape=True, undefined=StrictUndefined,
    trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
)  # fmt: skip


def page(report: Report) -> str:
    """The report for people. The same report gives the same bytes."""
    return _ENVIRONMENT.get_template("report.html.jinja").render(
        report=report,
        say=words,
        day=say_day,
        by_age=plots.rates(report.by_age, "by age"),
        by_area=plots.rates(report.by_area, "by area"),
        right=plots.rightness(report.truth) if report.truth else None,
        early=[(lead, plots.earliness(lead)) for lead in report.leads],
        fair=[(one, plots.fair(one, words.TRAITS[one.trait])) for one in report.fairness],
    )
