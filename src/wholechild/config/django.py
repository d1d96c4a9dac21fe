"""The one door into Django for commands: the database is prepared and the models are loaded, once, when asked."""

from __future__ import annotations

import os

_ready = False


def setup() -> None:
    """Prepare the database and load the models. Commands that need neither never call this, and start at once.

    Errors   DatabaseUnavailable (wholechild.config.embedded), whose message is fit to show.
    """
    global _ready
    if _ready:
        return
    from wholechild.config.bootstrap import prepare_database

    prepare_database()
    initialise()
    _ready = True


def initialise() -> None:
    """Load settings and models without touching the database."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wholechild.config.settings")
    import django
    from django.apps import apps

    if not apps.ready:
        django.setup()
