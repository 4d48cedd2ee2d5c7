"""The server under test: a process, its address, its workers, its memory."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parents[1]
START_S = 300.0  # for a busy machine
PAGE = 2**20


class Server:
    """`python api.py` (or `app.py`) on a free port of the loopback.

    Args:
        script: what to run, and its arguments after blanks.
        log: where its log goes.
        settings: environment variables.
        through: a command that ends by executing the one it is given.
        more: arguments for `Popen`.
    """

    def __init__(
        self,
        script: str,
        log: IO[bytes],
        settings: dict[str, str],
        through: tuple[str, ...] = (),
        **more: Any,
    ) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address: tuple[str, int] = probe.getsockname()
        environment = {"HOST": "127.0.0.1", "PORT": str(self.address[1]), **settings}
        self.process = subprocess.Popen(
            [*through, sys.executable, *script.split()],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=log,
            stderr=log,
            **more,
        )

    def wait_until_ready(self) -> None:
        """Raises `RuntimeError` if the process ends first or time is up."""
        due = time.monotonic() + START_S
        while time.monotonic() < due and self.process.poll() is None:
            try:
                self.get("/readyz")
                return
            except OSError:
                time.sleep(0.05)
        self.process.kill()
        raise RuntimeError("the server did not become ready; see its log")

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"{self.url}{path}", timeout=30) as response:
            text: str = response.read().decode()
            return text

    @property
    def url(self) -> str:
        return "http://{}:{}".format(*self.address)

    def metric(self, name: str) -> float:
        """The sum of a metric over its labels."""
        found = re.findall(rf"^{name}(?:{{.*}})? (\S+)$", self.get("/metrics"), re.MULTILINE)
        return sum(map(float, found))

    def resident(self) -> int:
        """Bytes of the server's own memory, its workers' left out."""
        return _resident(self.process.pid)

    def workers(self) -> list[int]:
        """Process ids of its children."""
        return [
            int(child)
            for task in Path(f"/proc/{self.process.pid}/task").glob("*/children")
            for child in task.read_text().split()
        ]

    def workers_resident(self) -> int:
        return sum(_resident(worker) for worker in self.workers())

    def stop(self) -> float:
        """SIGTERM; the seconds until it was gone."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(START_S)
        return time.monotonic() - started


def _resident(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    match = re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)
    return int(match[1]) * 1024 if match else 0
