"""The templates' environment: GOV.UK's macros beside our templates, and the few functions that templates may call."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString
from jinja2 import ChainableUndefined, ChoiceLoader, Environment, PackageLoader, PrefixLoader

from wholechild.lib.civil import say_day, say_period
from wholechild.pages.picture_words import involved_words, joined
from wholechild.pages.timeline_drawing import hatching, held_words
from wholechild.vocabulary.terms import vocabulary

BUILT: Final = Path(__file__).with_name("static") / "built"


def environment(**options: Any) -> Environment:
    """What TEMPLATES names as `environment`. Undefined values chain because GOV.UK's macros read optional parts so."""
    ours = options.pop("loader")
    made = Environment(  # noqa: S701 - Django passes autoescape=True
        loader=ChoiceLoader(
            [ours, PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")})]
        ),
        **{"trim_blocks": True, "lstrip_blocks": True, **options, "undefined": ChainableUndefined},
    )
    made.globals.update(
        asset=asset, url=_url, say_day=say_day, say_period=say_period, joined=joined,
        held_words=held_words, hatching=hatching, involved_words=involved_words,
        role_title=role_title,
    )  # fmt: skip
    made.filters["capitalise"] = capitalise
    made.filters["with_code"] = with_code
    return made


def asset(name: str) -> str:
    """The address of a built file, with a mark of its content, so that a browser never keeps an old one."""
    return f"{static('built/' + name)}?v={_fingerprint(name)}"


@lru_cache(maxsize=32)
def _fingerprint(name: str) -> str:
    path = BUILT / name
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.is_file() else "missing"


def capitalise(text: str) -> str:
    """The first letter large and the rest as it is (Python's and Jinja's own make the rest small)."""
    return text[:1].upper() + text[1:]


def with_code(text: str) -> SafeString:
    """The text, escaped, with what stands between backticks as code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # one is not closed: then none is taken for a mark
        return escape(text)
    return format_html_join(
        "", "{}", ((format_html("<code>{}</code>", part) if i % 2 else part,) for i, part in enumerate(parts))
    )


def role_title(role: str) -> str:
    """What somebody in this role is called."""
    known = vocabulary().roles.get(role)
    return known.title if known else role


def _url(name: str, *args: object) -> str:
    return reverse(name, args=args)
