"""The lessons that run here, for the commands that evaluate them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from wholechild.cli.system import salts
from wholechild.config.paths import LESSONS
from wholechild.patterns.language.lesson import Lesson
from wholechild.patterns.library import read_library
from wholechild.trust.viewers import system


def in_force(at: datetime) -> Sequence[Lesson]:
    """The lessons in force. Where none was ever adopted, the library that came with the installation is, first."""
    from wholechild.patterns.life.queries import NothingAdopted, lessons_in_force

    try:
        return lessons_in_force(system("match"), at)
    except NothingAdopted:
        install(at)
        return lessons_in_force(system("match"), at)


def install(at: datetime) -> int:
    """Adopt the library that came with the installation, if no lesson was ever adopted here; how many were."""
    from wholechild.patterns.life.actions import install_library

    return install_library(
        by="system:lessons", purpose="match", at=at, library=lambda: read_library(LESSONS), salts=salts
    )
