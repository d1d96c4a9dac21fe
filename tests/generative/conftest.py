"""How hard the generative tests try: short with every `make test`; HYPOTHESIS_PROFILE=long for a night."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.generative.batches import compared

SEED = os.environ.get("WHOLECHILD_SEED", "0")
_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
settings.register_profile(
    "short", max_examples=35, deadline=None, suppress_health_check=_SLOW, derandomize=True
)
#: For planted mistakes: that one is found is enough, its smallest example is not looked for.
settings.register_profile("unshrunk", settings.get_profile("short"), phases=[Phase.explicit, Phase.generate])
settings.register_profile("middle", max_examples=400, deadline=None, suppress_health_check=_SLOW)
settings.register_profile("long", max_examples=3000, deadline=None, suppress_health_check=_SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "short"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many cases the engines were compared on, so that a long run can be told from a short one."""
    for engine, cases in sorted(compared.items()):
        terminalreporter.write_line(
            f"{engine}: {cases:,} cases (one history, one condition) compared with the reference engine, seed {SEED}"
        )
