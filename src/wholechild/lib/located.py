"""YAML read into values that remember their line and column, so that every fault can point at its place.

Only plain YAML is accepted: one document, no anchors, aliases, tags or merge keys, a bounded size and depth. What a
hostile file could do with them (a few bytes that grow to gigabytes, values hidden far from where they are used) is
worth more to an attacker than to an author.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

MOST_BYTES: Final = 2 * 1024 * 1024
MOST_DEPTH: Final = 40

#: What YAML does not let in: control characters, halves of letters, and what is no character at all.
_UNREADABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: both count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Located:
    """One YAML value and where it stands.

    Shape    `value` is a dict of str to Located, a list of Located, or a str, int, float, bool, None or date.
             `keys` has the place of each key of a dict.
    """

    value: Any
    place: Place
    keys: dict[str, Place] = field(default_factory=dict)

    def plain(self) -> Any:
        """The same value without places."""
        if isinstance(self.value, dict):
            return {key: item.plain() for key, item in self.value.items()}
        if isinstance(self.value, list):
            return [item.plain() for item in self.value]
        return self.value

    def get(self, key: str) -> Located | None:
        return self.value.get(key) if isinstance(self.value, dict) else None

    def items(self) -> Iterator[Located]:
        """The members of a list; a single value counts as a list of one."""
        yield from self.value if isinstance(self.value, list) else [self]


class NotPlainYaml(ValueError):
    """The text is not YAML that we accept."""

    def __init__(self, why: str, place: Place) -> None:
        super().__init__(why)
        self.why, self.place = why, place


def read_yaml(text: str, *, most: int = MOST_BYTES) -> Located:
    """The one document in the text, located; `most` is how many characters it may have.

    Errors   NotPlainYaml, with the first place that is wrong.
    """
    if len(text) > most:
        raise NotPlainYaml(f"the file is larger than {most // 1024:,} KiB", Place(1, 1))
    if found := _UNREADABLE.search(text):
        raise NotPlainYaml(
            f"this is not YAML: the character U+{ord(found[0]):04X} cannot be seen, and may not stand here",
            place_in(text, found.start()),
        )
    try:
        _refuse_tricks(text)
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as wrong:
        mark = wrong.problem_mark or wrong.context_mark
        raise NotPlainYaml(
            f"this is not YAML: {wrong.problem or wrong.context}", _place(mark) if mark else Place(1, 1)
        ) from None
    except yaml.YAMLError as wrong:
        raise NotPlainYaml(f"this is not YAML: {str(wrong).splitlines()[0]}", Place(1, 1)) from None
    if node is None:
        raise NotPlainYaml("the file is empty", Place(1, 1))
    return _located(node)


def _refuse_tricks(text: str) -> None:
    depth = documents = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise NotPlainYaml(
                "anchors and aliases (& and *) are not accepted; write the value out",
                _place(event.start_mark),
            )
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag not in (None, "!"):
            raise NotPlainYaml("tags (!) are not accepted; write a plain value", _place(event.start_mark))
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MOST_DEPTH:
                raise NotPlainYaml(
                    f"more than {MOST_DEPTH} levels inside each other", _place(event.start_mark)
                )
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise NotPlainYaml("the file has more than one document (---)", _place(event.start_mark))


def place_in(text: str, offset: int) -> Place:
    """Where the letter at an offset stands."""
    return Place(text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1) + 1)


def _place(mark: Any) -> Place:
    return Place(mark.line + 1, mark.column + 1)


def _located(node: yaml.Node) -> Located:
    place = _place(node.start_mark)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, place)
    if isinstance(node, yaml.SequenceNode):
        return Located([_located(item) for item in node.value], place)
    try:
        return Located(_SCALARS.construct_object(node), place)
    except (ValueError, yaml.YAMLError):
        return Located(node.value, place)  # such as 2031-13-02: left as text for whoever expects a date


def _mapping(node: yaml.MappingNode, place: Place) -> Located:
    value: dict[str, Located] = {}
    keys: dict[str, Place] = {}
    for key_node, item in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            raise NotPlainYaml("a key must be a plain word", _place(key_node.start_mark))
        if key_node.value in value:
            raise NotPlainYaml(f"the key {key_node.value[:40]!r} stands twice", _place(key_node.start_mark))
        value[key_node.value], keys[key_node.value] = _located(item), _place(key_node.start_mark)
    return Located(value, place, keys)


class _Scalars(yaml.constructor.SafeConstructor):
    """Only scalars are ever constructed here, each from its own node."""


_SCALARS: Final = _Scalars()
