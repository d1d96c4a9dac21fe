"""The guard of tests/unit/conftest.py guards."""

from __future__ import annotations

import socket
import urllib.request

import pytest


def test_a_unit_test_cannot_connect() -> None:
    with socket.socket() as door, pytest.raises(Exception, match="may not use the network"):
        door.connect(("127.0.0.1", 9))


def test_a_unit_test_cannot_look_up_a_name() -> None:
    with pytest.raises(Exception, match="may not use the network"):
        urllib.request.urlopen("http://localhost:9/")
