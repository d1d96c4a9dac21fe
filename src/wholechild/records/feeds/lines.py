"""A file as numbered lines, read once, in constant memory, however it is made.

A line with a NUL, with bytes that are not the stated encoding, or longer than the bound does not end the reading: it
comes through marked with its fault. The whole file is hashed and counted on the way.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import BinaryIO, Final

from wholechild.records.facts import AsItCame, Fault

LONGEST_LINE: Final = 1024 * 1024
_CHUNK: Final = 256 * 1024
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_KEPT_OF_A_LONG_LINE: Final = 2_000


class NotReadable(ValueError):
    """The file as a whole cannot be read; the fault says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.why)
        self.fault = fault


class Lines:
    """The lines of a stream, each with its line end, as text.

    Shape    `number` is the number of the line last given, from 1. `faults` maps the numbers of marked lines to why,
             `as_they_came` those to what stood there, where the text given is not that.
             `ended_with_newline` is right once all lines are read, like `bytes` and `sha256`.
    """

    def __init__(self, stream: BinaryIO, encoding: str = "utf-8") -> None:
        self._stream = stream
        self._encoding = encoding
        self._digest = sha256()
        self._lines = self._all()
        self.bytes = 0
        self.number = 0
        self.faults: dict[int, Fault] = {}
        self.as_they_came: dict[int, AsItCame] = {}
        self.ended_with_newline = True

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.number += 1
        return line

    def sha256(self) -> str:
        return self._digest.hexdigest()

    def _all(self) -> Iterator[str]:
        rest = b""
        start = 0  # of `rest`, in bytes from the top of the file
        while chunk := self._stream.read(_CHUNK):
            self._digest.update(chunk)
            if self.bytes == 0:
                chunk = self._without_mark(chunk)
                start = self.bytes
            self.bytes += len(chunk)
            rest += chunk
            end = rest.rfind(b"\n") + 1
            if end:
                yield from self._block(rest[:end], start)
                start += end
                rest = rest[end:]
            elif len(rest) > LONGEST_LINE:
                skipped, rest = self._past_long_line(rest)
                yield "\n"
                start += skipped
        self.ended_with_newline = not rest
        if rest:
            yield from self._block(rest, start)

    def _without_mark(self, chunk: bytes) -> bytes:
        """Drop the byte order mark of UTF-8, and refuse the files that only look like text."""
        if chunk[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise NotReadable(
                Fault(
                    0,
                    "",
                    "",
                    "the file is UTF-16, not UTF-8",
                    "Save it as UTF-8 (in a spreadsheet: CSV UTF-8) and send it again.",
                )
            )
        if chunk[:2] == b"PK" or chunk[:4] == b"\xd0\xcf\x11\xe0" or chunk[:2] == b"\x1f\x8b":
            raise NotReadable(
                Fault(
                    0,
                    "",
                    "",
                    "the file is a spreadsheet or is compressed, not text",
                    "Export it as CSV UTF-8 and send that.",
                )
            )
        if chunk.startswith(_BYTE_ORDER_MARK):
            self.bytes += len(_BYTE_ORDER_MARK)
            return chunk[len(_BYTE_ORDER_MARK) :]
        return chunk

    def _block(self, block: bytes, start: int) -> Iterator[str]:
        """The lines of some whole lines of bytes; the slow way only where something is wrong with one of them."""
        if b"\0" not in block:
            try:
                yield from _split(block.decode(self._encoding))
                return
            except UnicodeDecodeError:
                pass
        for line in block.splitlines(keepends=True) if b"\r" not in block else _split_bytes(block):
            yield self._checked(line, start)
            start += len(line)

    def _checked(self, line: bytes, start: int) -> str:
        coming = self.number + 1
        if b"\0" in line:
            at = start + line.index(b"\0") + 1
            self.as_they_came[coming] = AsItCame(line, len(line), sha256(line).hexdigest())
            self.faults[coming] = Fault(coming, "", "NUL", f"there is a NUL character in this line (byte {at:,} of the file)",
                                        "Remove it at the source and send the row again.")  # fmt: skip
            return line.replace(b"\0", b"").decode(self._encoding, "replace")
        try:
            return line.decode(self._encoding)
        except UnicodeDecodeError as wrong:
            at = start + wrong.start + 1
            self.faults[coming] = Fault(
                coming, "", f"byte 0x{line[wrong.start]:02x}", f"this line is not {self._encoding.upper()} (byte {at:,} of the file)",
                "Save the file as UTF-8, or name its encoding in a mapping file (encoding: cp1252).",
            )  # fmt: skip
            return line.decode(self._encoding, "surrogateescape")  # held back as it came, byte for byte

    def _past_long_line(self, rest: bytes) -> tuple[int, bytes]:
        """Read to the end of a line that is too long. Returns how many bytes it had, and what follows it."""
        coming = self.number + 1
        digest, length, kept = sha256(rest), len(rest), rest[:_KEPT_OF_A_LONG_LINE]
        after = b""
        while chunk := self._stream.read(_CHUNK):
            self._digest.update(chunk)
            self.bytes += len(chunk)
            end = chunk.find(b"\n") + 1
            digest.update(chunk[:end] if end else chunk)
            length += end or len(chunk)
            if end:
                after = chunk[end:]
                break
        self.as_they_came[coming] = AsItCame(kept, length, digest.hexdigest())
        self.faults[coming] = Fault(
            coming, "", kept[:20].decode("ascii", "replace") + "…", f"this line is {length:,} bytes long; the bound is {LONGEST_LINE:,}",
            "Check whether line ends were lost at the source, and send the row again.",
        )  # fmt: skip
        return length, after


def _split(text: str) -> Iterator[str]:
    """Lines with their ends, divided at line feeds only: other separators may stand inside a value."""
    end = 0
    find = text.find
    while (cut := find("\n", end) + 1) > 0:
        yield text[end:cut]
        end = cut
    if end < len(text):
        yield text[end:]


def _split_bytes(block: bytes) -> Iterator[bytes]:
    end = 0
    while (cut := block.find(b"\n", end) + 1) > 0:
        yield block[end:cut]
        end = cut
    if end < len(block):
        yield block[end:]
