"""A closed loop of clients: each sends the next request when it has its answer."""

from __future__ import annotations

import http.client
import itertools
import threading
import time
from dataclasses import dataclass, field

import numpy as np

Address = tuple[str, int]
PATIENCE_S = 900.0  # a slow peer at 64 clients is measured, not cut off


@dataclass
class Run:
    """What some clients saw.

    Attributes:
        seconds: from the first request to the last answer.
        latencies: seconds of each request that was answered with 200.
        failures: requests that were not.
    """

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    failures: int = 0

    @property
    def throughput(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def quantile(self, share: float) -> float:
        return float(np.quantile(self.latencies, share)) if self.latencies else float("nan")


def run(address: Address, bodies: list[bytes], requests: int, clients: int) -> Run:
    """Send that many requests, `clients` at a time, on connections that are kept."""
    numbers, result, lock = itertools.count(), Run(), threading.Lock()

    def work() -> None:
        connection = http.client.HTTPConnection(*address, timeout=PATIENCE_S)
        while (number := next(numbers)) < requests:
            started = time.perf_counter()
            ok = post(connection, bodies[number % len(bodies)])
            took = time.perf_counter() - started
            with lock:
                if ok:
                    result.latencies.append(took)
                else:
                    result.failures += 1
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(clients)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    result.seconds = time.perf_counter() - started
    return result


def post(connection: http.client.HTTPConnection, body: bytes) -> bool:
    """Whether the answer was 200."""
    try:
        connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        response.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return False
    return response.status == 200
