"""Clients, good and bad, each a thread; what they saw is counted in one `Tally`."""

from __future__ import annotations

import http.client
import json
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable

import numpy as np

from detector.contract import PredictionResponse
from soak import inputs
from soak.inputs import Sent

PATIENCE_S = 120.0  # for an answer, before it counts as lost
Address = tuple[str, int]


class Tally:
    """What has been sent and what came of it; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.sent: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.examples: list[str] = []
        self.answer_s: list[float] = []

    def note(self, sent: Sent, status: int, outcome: str, seconds: float) -> None:
        with self._lock:
            self.sent[sent.name] += 1
            self.statuses[status] += 1
            self.outcomes[outcome] += 1
            if status == 200:
                self.answer_s.append(seconds)
            if outcome in ("wrong", "lost") and len(self.examples) < 20:
                self.examples.append(f"{sent.name}: {status} {outcome}")

    def count(self, name: str) -> None:
        """Something that gets no answer, such as a client that hangs up."""
        with self._lock:
            self.sent[name] += 1


def post(address: Address, sent: Sent, tally: Tally) -> str:
    """Send one body; check what comes back and note it as right, prior, refused, wrong or lost."""
    started, status, outcome = time.monotonic(), 0, "lost"
    connection = http.client.HTTPConnection(*address, timeout=PATIENCE_S)
    try:
        connection.request("POST", "/predict", sent.body)
        response = connection.getresponse()
        status, content = response.status, response.read()
        outcome = judged(sent, status, content, response.getheader("X-Request-ID"))
    except (OSError, http.client.HTTPException):
        outcome = "lost"
    finally:
        connection.close()
    tally.note(sent, status, outcome, time.monotonic() - started)
    return outcome


def judged(sent: Sent, status: int, content: bytes, request_id: str | None) -> str:
    """Whether an answer is what it must be."""
    if status not in sent.statuses or not request_id:
        return "busy" if status == 503 else "wrong"
    try:
        if status != 200:
            error = json.loads(content)["error"]
            return "refused" if error["code"] and error["message"] else "wrong"
        answer = PredictionResponse.model_validate_json(content)
    except (ValueError, KeyError, TypeError):
        return "wrong"
    if sent.size == (0, 0):  # something damaged that could be read after all
        return "right"
    if sent.expected is not None and _same(answer, sent.expected):
        return "right"
    return "prior" if inputs.is_prior(answer, sent.size) else "wrong"


def _same(answer: PredictionResponse, expected: PredictionResponse) -> bool:
    if answer.localizationMask is None or expected.localizationMask is None:
        return False
    return np.allclose(answer.logprobs, expected.logprobs) and np.array_equal(
        answer.localizationMask.to_numpy(), expected.localizationMask.to_numpy()
    )


def mixed(address: Address, tally: Tally, seed: int, stop: threading.Event) -> None:
    """Good pictures for the most part, hostile ones, and clients that hang up."""
    rng = random.Random(seed)
    while not stop.is_set():
        dice = rng.random()
        if dice < 0.6:
            post(address, inputs.good(rng), tally)
        elif dice < 0.85:
            post(address, inputs.hostile(rng), tally)
        elif dice < 0.92:
            _hang_up(address, tally, rng)
        elif dice < 0.96:
            _babble(address, tally, rng)
        else:
            _dawdle(address, tally, rng, stop)
        stop.wait(rng.random() * 0.2)


def _connect(address: Address) -> socket.socket:
    return socket.create_connection(address, timeout=PATIENCE_S)


def _hang_up(address: Address, tally: Tally, rng: random.Random) -> None:
    """Leave with half the body sent, or with all of it sent and no wish to hear the answer."""
    body = inputs.good(rng).body
    head = f"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    part = body[: rng.choice((0, len(body) // 2, len(body)))]
    with _quiet(), _connect(address) as connection:
        connection.sendall(head + part)
    tally.count("hung up")


def _babble(address: Address, tally: Tally, rng: random.Random) -> None:
    """Bytes that are no HTTP, or that lie about their length."""
    said = rng.choice(
        (
            rng.randbytes(200),
            b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
            b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
            b"POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"GET /../../etc/passwd HTTP/1.0\r\n\r\n",
        )
    )
    with _quiet(), _connect(address) as connection:
        connection.settimeout(5)
        connection.sendall(said)
        connection.recv(65_536)
    tally.count("babbled")


def _dawdle(address: Address, tally: Tally, rng: random.Random, stop: threading.Event) -> None:
    """A slow loris: headers or a body that come a byte at a time, for some seconds."""
    head = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n"
    with _quiet(), _connect(address) as connection:
        connection.sendall(head + rng.choice((b"", b"\r\n")))
        for _ in range(rng.randrange(5, 50)):
            if stop.wait(0.1):
                break
            connection.sendall(b"X")
    tally.count("dawdled")


class _quiet:
    """Bad clients expect to be cut off."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        return kind is not None and issubclass(kind, OSError)


def start(count: int, work: Callable[[int], None]) -> list[threading.Thread]:
    """That many threads, each with its number."""
    threads = [threading.Thread(target=work, args=(n,), daemon=True) for n in range(count)]
    for thread in threads:
        thread.start()
    return threads
