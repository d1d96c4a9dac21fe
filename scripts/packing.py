"""Packs the lessons and the published cases into the wheel, beside the modules that read them.

Only into a real wheel: an editable installation reads them from the checkout, and must never find an old copy.
"""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Documents(BuildHookInterface):  # type: ignore[type-arg]
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "standard":
            for name in ("lessons", "cases"):
                build_data["force_include"][name] = f"wholechild/documents/{name}"
