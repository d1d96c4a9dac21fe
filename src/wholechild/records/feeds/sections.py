"""The parts of a chronology file, with the place of each: the file as a whole, or piece by piece where it is not YAML.

One broken entry, or one byte that is not UTF-8, then costs that entry and not the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from wholechild.lib.located import Located, NotPlainYaml, Place, read_yaml
from wholechild.records.facts import Fault

LISTS: Final = ("people", "events", "undated", "findings")
#: The lists whose entries are rows: each is loaded, known or held back.
_ROWS: Final = LISTS[:3]

Sections = dict[str, list[Located]]


def fault(line: int, name: str, value: object, why: str, do: str) -> Fault:
    """A fault, with what stood there cut short."""
    return Fault(line, name, str(value)[:60], why, do)


def sections(data: bytes) -> tuple[Sections, list[Fault], list[tuple[int, Fault]]]:
    """The lists and mappings of the file, faults of the file, and rows that are not YAML (line, fault)."""
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    try:
        text.encode()
        return *_lists_of(read_yaml(text)), []
    except UnicodeEncodeError:
        return _piece_by_piece(text, _encoding_fault(data))
    except NotPlainYaml as wrong:
        return _piece_by_piece(text, _yaml_fault(wrong, 0))


def _lists_of(document: Located) -> tuple[Sections, list[Fault]]:
    found: Sections = {}
    faults = []
    if not isinstance(document.value, dict):
        return {}, [fault(document.place.line, "", "", "this is not a chronology: its top is not a list of named parts",
                           "Compare with the files in cases/.")]  # fmt: skip
    for key, part in document.value.items():
        if key not in LISTS:
            found[key] = [part]
        elif part.value is None:
            found[key] = []
        elif isinstance(part.value, list):
            found[key] = part.value
        else:
            faults.append(
                fault(
                    part.place.line,
                    key,
                    "",
                    f"{key} is not a list",
                    "Write each entry on a line that begins with '- '.",
                )
            )
    return found, faults


def _encoding_fault(data: bytes) -> Fault:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as wrong:
        line = data.count(b"\n", 0, wrong.start) + 1
        return fault(line, "", f"byte 0x{data[wrong.start]:02x}", f"the file is not UTF-8 (byte {wrong.start + 1} of the file)",
                      "Save the file as UTF-8 and send it again.")  # fmt: skip
    return fault(0, "", "", "the file is not UTF-8", "Save the file as UTF-8 and send it again.")


def _yaml_fault(wrong: NotPlainYaml, before: int) -> Fault:
    return fault(
        wrong.place.line + before,
        "",
        "",
        wrong.why,
        "Correct this place and send the file again; see cases/ for the form.",
    )


def _piece_by_piece(text: str, whole: Fault) -> tuple[Sections, list[Fault], list[tuple[int, Fault]]]:
    """Read each top-level part by itself, and each entry of a list by itself, so that good entries are not lost."""
    found: Sections = {}
    broken: list[tuple[int, Fault]] = []
    faults: list[Fault] = []
    for key, line, body in _top_level(text.split("\n")):
        pieces = list(_entries(line, body)) if key in LISTS else [(line, "\n".join(body))]
        for at, piece in pieces:
            read = _piece(piece, at)
            if isinstance(read, Fault):
                (broken.append((at, read)) if key in _ROWS else faults.append(read))
            elif key in LISTS:
                found.setdefault(key, []).extend(read.items())
            elif isinstance(read.value, dict) and key in read.value:
                found[key] = [read.value[key]]
    return found, faults if broken or faults else [whole], broken


def _top_level(lines: list[str]) -> Iterator[tuple[str, int, list[str]]]:
    """(key, line number, lines) of each part that begins at the margin."""
    starts = [(n, m[1]) for n, text in enumerate(lines) if (m := re.match(r"([a-z_]+)\s*:", text))]
    ends = [*(n for n, _ in starts[1:]), len(lines)]
    for (start, key), end in zip(starts, ends, strict=False):
        yield key, start + 1, lines[start:end]


def _entries(line: int, body: list[str]) -> Iterator[tuple[int, str]]:
    """(line number, text) of each `- ` entry of a list, by the indentation of the first."""
    first = next((n for n, text in enumerate(body) if re.match(r"\s*- ", text)), None)
    if first is None:
        return
    margin = len(body[first]) - len(body[first].lstrip())
    starts = [
        n for n, text in enumerate(body) if text[:margin].strip() == "" and text[margin : margin + 2] == "- "
    ]
    for start, end in zip(starts, [*starts[1:], len(body)], strict=True):
        yield line + start, "\n".join(body[start:end])


def _piece(text: str, line: int) -> Located | Fault:
    bad = next((n for n, ch in enumerate(text) if "\ud800" <= ch <= "\udfff"), None)
    if bad is not None:
        at = line + text.count("\n", 0, bad)
        return fault(
            at,
            "",
            f"byte 0x{ord(text[bad]) - 0xDC00:02x}",
            "this is not UTF-8",
            "Save the file as UTF-8 and send it again.",
        )
    if "\0" in text:
        at = line + text.count("\n", 0, text.index("\0"))
        return fault(
            at, "", "NUL", "there is a NUL character in this line", "Remove it and send the file again."
        )
    try:
        return _moved(read_yaml(text), line - 1)
    except NotPlainYaml as wrong:
        return _yaml_fault(wrong, line - 1)


def _moved(item: Located, lines: int) -> Located:
    """The same value with its places counted from the top of the file."""
    value = item.value
    if isinstance(value, dict):
        value = {key: _moved(inner, lines) for key, inner in value.items()}
    elif isinstance(value, list):
        value = [_moved(inner, lines) for inner in value]
    return Located(value, Place(item.place.line + lines, item.place.column), item.keys)
