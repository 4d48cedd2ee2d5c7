"""Ports of this machine: a free one, and waiting until something listens."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

from submission.refusal import Refusal

START_S = 60.0  # for a server to listen; it takes a fraction of a second


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def until(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + START_S
    while not condition():
        if time.monotonic() > end:
            raise Refusal(f"{what} did not start within {START_S:.0f} s.")
        time.sleep(0.02)
