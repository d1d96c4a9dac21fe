"""The one kind of column that our tables need and Django does not name."""

from __future__ import annotations

from typing import Any

from django.db import models


class Word(models.TextField):  # type: ignore[type-arg]
    """Text that is compared byte by byte, whatever the server's language is set to: ids, codes, search keys."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("db_collation", "C")
        super().__init__(*args, **kwargs)
