"""A soak from start to end: a server, its clients and faults, and the figures."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from soak import clients, inputs, jumping, page
from soak.faulty import Fault
from soak.server import Server

FAULT_EVERY_S = 4.0  # a new worker takes a second or two, and is to do some work in between
VISITORS = 2  # of the page, beside the clients of the API
DRAINED = 24  # requests under way when the server is told to stop
BUDGET_S = 10.0
CLIENTS_NICE = 10  # real clients are on machines of their own
SETTINGS = {
    "MODEL_NAME": "soak.faulty:FaultyDetector",
    "ISOLATE": "1",
    "WORKER_MEMORY_BYTES": str(700 * 2**20),  # a leak of 512 MB passes once, twice not
    "TIME_BUDGET_S": str(BUDGET_S),
    "MAX_PIXELS": str(inputs.MAX_PIXELS),
    "MAX_BODY_BYTES": str(inputs.MAX_BODY),
    "MAX_QUEUE": "128",
    "LOG_FORMAT": "json",
}
ASKED = (Fault.RAISE, Fault.NAN, Fault.SEGFAULT, Fault.LEAK, Fault.HANG, Fault.SLOW, Fault.EXIT)


def soak(minutes: float, count: int, folder: Path, seed: int) -> dict[str, Any]:
    """Run it all; return the figures. `folder` gets the server's log."""
    tally, faults, stop = clients.Tally(), Counter[str](), threading.Event()
    settings = {**SETTINGS, "GRADIO_TEMP_DIR": str(folder / "uploads")}
    with (folder / "server.log").open("wb") as log:
        server = Server("-m soak.jumping app.py", log, settings)
        try:
            server.wait_until_ready()
            for _ in range(20):  # memory at the start is that of a server at work
                clients.post(server.address, inputs.good(random.Random(seed)), tally)
            begun, samples = time.monotonic(), [server.resident()]
            health = watch_health(server)
            os.nice(CLIENTS_NICE)  # this thread and those that it starts from here on
            threads = clients.start(
                count, lambda n: clients.mixed(server.address, tally, seed * 1_000 + n, stop)
            )
            threads += clients.start(
                VISITORS, lambda n: page.visit(server.address, tally, seed * 1_000 + n, stop)
            )
            threads += clients.start(1, lambda _: inject(server, tally, faults, stop))
            while time.monotonic() < begun + 60 * minutes and server.process.poll() is None:
                time.sleep(1)
                samples.append(server.resident())
            stop.set()
            health_s = json.loads(health.communicate()[0])
            for thread in threads:
                thread.join(clients.PATIENCE_S)
            seconds = time.monotonic() - begun
            faults["clock jump"] = int(seconds / jumping.EVERY_S)
            restarts = server.metric("editscope_worker_restarts_total")
            answers = server.metric("editscope_answers_total")
            end = server.resident()
            drained = drain(server)
        finally:
            if server.process.poll() is None:
                server.process.kill()
                server.process.wait()
    log_text = (folder / "server.log").read_text(errors="replace")
    return figures(tally, faults, health_s, seconds) | {
        "worker_restarts": int(restarts),
        "pictures_answered": int(answers),
        "memory_mb": {"start": samples[0] >> 20, "end": end >> 20, "peak": max(samples) >> 20},
        "memory_by_minute_mb": [sample >> 20 for sample in samples[::60]],
        "drain": drained,
        "uploads_left": sum(path.is_file() for path in (folder / "uploads").rglob("*")),
        "unhandled_in_log": log_text.count("Exception in ASGI"),
    }


def inject(
    server: Server, tally: clients.Tally, faults: Counter[str], stop: threading.Event
) -> None:
    """One fault after the other: pictures that ask for one, and signals to the worker."""
    for fault in itertools.cycle((*ASKED, signal.SIGKILL, signal.SIGSTOP)):
        if stop.wait(FAULT_EVERY_S):
            return
        faults[fault.name.lower()] += 1
        if isinstance(fault, Fault):
            clients.post(server.address, inputs.faulty(fault), tally)
        else:
            for worker in server.workers()[:1]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker, fault)


def drain(server: Server) -> dict[str, Any]:
    """SIGTERM with requests under way: how many of them were answered, and when it was gone."""
    tally, pause = clients.Tally(), inputs.faulty(Fault.PAUSE)
    threads = clients.start(DRAINED, lambda _: _post(server, pause, tally))
    due = time.monotonic() + 30
    while time.monotonic() < due:
        answered = sum(tally.outcomes.values())
        under_way = server.metric("editscope_queue_depth") + server.metric("editscope_judging")
        if under_way + answered >= DRAINED:
            break
    seconds = server.stop()
    for thread in threads:
        thread.join(clients.PATIENCE_S)
    return {
        "under_way": DRAINED,
        "answered": tally.outcomes["right"] + tally.outcomes["prior"],
        "lost": tally.outcomes["lost"],
        "exit_s": round(seconds, 2),
        "grace_s": BUDGET_S + 5,
    }


def _post(server: Server, sent: inputs.Sent, tally: clients.Tally) -> None:
    clients.post(server.address, sent, tally)


def watch_health(server: Server) -> subprocess.Popen[str]:
    """A process that asks for `/healthz` until its stdin closes; see `soak.health`."""
    return subprocess.Popen(
        [sys.executable, "-m", "soak.health", *map(str, server.address)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def figures(
    tally: clients.Tally, faults: Counter[str], health_s: list[float], seconds: float
) -> dict[str, Any]:
    """What the clients counted."""
    p50, p99 = np.quantile(health_s, (0.5, 0.99)) * 1000
    return {
        "seconds": round(seconds, 1),
        "requests": sum(tally.sent.values()),
        "sent": dict(tally.sent.most_common()),
        "statuses": {str(status): n for status, n in sorted(tally.statuses.items())},
        "faults_injected": sum(faults.values()),
        "faults": dict(faults),
        "right": tally.outcomes["right"],
        "refused": tally.outcomes["refused"],
        "prior": tally.outcomes["prior"],
        "wrong": tally.outcomes["wrong"],
        "lost": tally.outcomes["lost"],
        "5xx": sum(n for status, n in tally.statuses.items() if status >= 500),
        "examples": tally.examples,
        "answer_s": {
            "p50": round(float(np.median(tally.answer_s)), 3),
            "max": round(max(tally.answer_s), 3),
        },
        "health_ms": {
            "asked": len(health_s),
            "p50": round(float(p50), 1),
            "p99": round(float(p99), 1),
            "max": round(1000 * max(health_s), 1),
        },
    }
