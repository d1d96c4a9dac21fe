"""How hard the generative tests try: short with every `make test`; HYPOTHESIS_PROFILE=long for a night."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
settings.register_profile(
    "short", max_examples=35, deadline=None, suppress_health_check=_SLOW, derandomize=True
)
#: For planted mistakes: that one is found is enough, its smallest example is not looked for.
settings.register_profile("unshrunk", settings.get_profile("short"), phases=[Phase.explicit, Phase.generate])
settings.register_profile("middle", max_examples=400, deadline=None, suppress_health_check=_SLOW)
settings.register_profile("long", max_examples=3000, deadline=None, suppress_health_check=_SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "short"))
