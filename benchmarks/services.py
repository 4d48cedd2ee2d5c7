"""The services that are compared, each in a process of its own with the same detector."""

from __future__ import annotations

import http.client
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from benchmarks import load, pictures
from soak.server import ROOT, Server

PEERS = Path(os.environ.get("PEERS", Path(sys.prefix, "peers")))  # where `make bench` puts LitServe
SCRIPTS = {
    "editscope": "api.py",
    "litserve": "benchmarks/peers/litserve_service.py",
    "litserve_pair": "benchmarks/peers/litserve_service.py",  # two workers, half the threads each
    "seed": "benchmarks/peers/seed_detector.py",
}
ANSWER_S = 120.0  # for a first answer, on a busy machine
NO_HURRY_S = "3600"  # a time budget that never runs out: every service does the same work
QUEUE = "256"  # nobody is turned away


def environment(name: str, model: str, threads: int) -> dict[str, str]:
    """What a service is started with."""
    path = [str(ROOT), *([str(PEERS)] if name.startswith("litserve") else [])]
    workers = 2 if name == "litserve_pair" else 1
    threads = max(1, threads // workers)
    return {
        "PYTHONPATH": os.pathsep.join(path),
        "MODEL_NAME": model,
        "MODELS_DIR": str(models_dir()),
        "NUM_THREADS": str(threads),
        "OMP_NUM_THREADS": str(threads),
        "WORKERS": str(workers),
        "TIME_BUDGET_S": NO_HURRY_S,
        "MAX_QUEUE": QUEUE,
        "LOG_LEVEL": "WARNING",
    }


def models_dir() -> Path:
    """The folder of the models, `MODELS_DIR` as for the service itself."""
    return Path(os.environ.get("MODELS_DIR", ROOT / "models"))


@contextmanager
def running(script: str, log: IO[bytes], settings: dict[str, str]) -> Iterator[Server]:
    """A server that has answered a first picture; it is ended on leaving."""
    server = Server(script, log, settings, start_new_session=True)
    try:
        _wait_for_an_answer(server)
        yield server
    finally:
        try:
            os.killpg(server.process.pid, 15)  # LitServe has processes of its own
            server.process.wait(30)
        finally:
            if server.process.poll() is None:
                os.killpg(server.process.pid, 9)
                server.process.wait()


def _wait_for_an_answer(server: Server) -> None:
    body, due = pictures.body(0.05), time.monotonic() + ANSWER_S
    while time.monotonic() < due and server.process.poll() is None:
        connection = http.client.HTTPConnection(*server.address, timeout=ANSWER_S)
        if load.post(connection, body):
            connection.close()
            return
        time.sleep(0.1)
    raise RuntimeError("the service did not answer; see its log")
