"""Every table points down, and says how it is protected; and both rules would notice if they were broken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

ORDER = ("trust", "records", "people", "patterns", "casework", "oversight", "pages", "api")
#: Sessions and accounts come with Django and allauth: every room stands above them, none may be pointed at from there.
FOREIGN = -1


@pytest.fixture(scope="module")
def models() -> list[Any]:
    """Every model of every room and of the packages that we install."""
    from wholechild.config.django import initialise

    initialise()
    from django.apps import apps

    return list(apps.get_models())


def height(label: str) -> int:
    return ORDER.index(label) if label in ORDER else FOREIGN


def pointing_up(links: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    """Of (from room, field, to room): those that point to a room further up."""
    for room, field, target in links:
        if height(target) > height(room):
            yield f"{room}: {field} points up to {target}"


def foreign_keys(models: Iterable[Any]) -> Iterator[tuple[str, str, str]]:
    for model in models:
        for field in model._meta.get_fields():
            if field.is_relation and field.concrete and field.related_model is not None:
                yield (
                    model._meta.app_label,
                    f"{model.__name__}.{field.name}",
                    field.related_model._meta.app_label,
                )


def test_foreign_keys_point_down_only(models: list[Any]) -> None:
    assert list(pointing_up(foreign_keys(models))) == []


def test_a_foreign_key_that_points_up_is_noticed() -> None:
    assert list(pointing_up([("records", "RecordRow.person", "people")]))
    assert list(pointing_up([("auth", "User.agency", "records")]))
    assert not list(pointing_up([("people", "Link.user", "auth"), ("patterns", "Match.person", "people")]))


def test_every_table_says_how_it_is_protected(models: list[Any]) -> None:
    from wholechild.config.roles import UNNAMED, access_to

    assert [m._meta.db_table for m in models if access_to(m._meta.db_table) == UNNAMED] == []


def test_the_application_can_change_no_fact(models: list[Any]) -> None:
    from wholechild.config.roles import access_to
    from wholechild.trust.models import Fact

    kept = [m for m in models if issubclass(m, Fact) or m.__name__.startswith("Ledger")]
    assert kept
    assert [
        m._meta.db_table for m in kept if access_to(m._meta.db_table).app & {"UPDATE", "DELETE", "TRUNCATE"}
    ] == []


def test_analysts_change_nothing_at_all(models: list[Any]) -> None:
    from wholechild.config.roles import access_to

    assert [m._meta.db_table for m in models if access_to(m._meta.db_table).analytics - {"SELECT"}] == []


def test_every_fact_commits_to_each_of_its_columns(models: list[Any]) -> None:
    """A column that no leaf commits to could be changed unseen."""
    from wholechild.trust.models import Fact

    for model in (m for m in models if issubclass(m, Fact)):
        columns = {field.column for field in model._meta.concrete_fields} | {
            f.name for f in model._meta.concrete_fields
        }
        left_out = {f.name for f in model._meta.concrete_fields} - {*model.said, *model.added, "salt"}
        assert left_out == set(), f"{model.__name__} commits to nothing about {left_out}"
        assert {*model.said, *model.added} <= columns
