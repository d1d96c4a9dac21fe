"""Unit tests prove plain rules: no network, and no database behind it. A Unix socket (event loops) is no network."""

from __future__ import annotations

import socket
from typing import Any

import pytest


class NetworkUsed(Exception):
    """A unit test reached for the network."""


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection and every look-up of a name that leaves this process."""

    def refuse(*_: Any, **__: Any) -> None:
        raise NetworkUsed("a unit test may not use the network; give it what it needs as an argument")

    def connect(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX:
            refuse()
        original(self, address)

    original = socket.socket.connect
    monkeypatch.setattr(socket.socket, "connect", connect)
    for way in ("connect_ex", "sendto", "sendmsg"):
        monkeypatch.setattr(socket.socket, way, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
