"""The lessons that run here, for the commands that evaluate them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import click

from wholechild.cli.system import salts
from wholechild.config.paths import LESSONS
from wholechild.patterns.language.lesson import Lesson
from wholechild.patterns.library import Library, read_library
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

    return install_library(by="system:lessons", purpose="match", at=at, library=_library, salts=salts)


def _library() -> Library:
    """The library of this installation. What cannot be read of it is said, for it will not run."""
    found = read_library(LESSONS)
    for fault in found.faults:
        click.echo(f"Not adopted as it should be: {fault}", err=True)
    return found
