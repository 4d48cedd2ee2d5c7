"""A worker that is always there: its process is replaced when it crashes, hangs or leaks.

The picture that it happened with gets the prior; those that come while the new process loads wait
for it as long as their budget allows.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from detector.deadline import Deadline
from engine.ladder import GiveUp
from isolation.channel import Message
from isolation.process import Process, WorkerFailed

logger = logging.getLogger(__name__)

Reason = Literal["crash", "hang", "memory"]  # why a process is replaced
GRACE_SHARE = 0.1  # of a deadline's time: honest detectors are a little late, hanging ones for ever
START_S = 300.0  # to import, create and load: a large model from a cold disk
WARM_UP = (384, 512, 3)  # a new process's first picture, so that the first request finds it warm
CORE_S = 1.0  # what crashed is dead when its core is written; its status is worth that wait
PAUSE_S = (1.0, 30.0)  # after a failed restart, doubled each time up to the second


class Worker:
    """One process at a time with one detector in it; replaced as often as need be.

    Args:
        create: arguments of `create_service`, `num_threads`, and whether to `warm_up`.
        memory_bytes: more of its own (not shared) memory ends the process.
        restarted: called each time the process is to be replaced.
    """

    def __init__(
        self, create: Message, memory_bytes: int, restarted: Callable[[Reason], None]
    ) -> None:
        self._create = create
        self._memory_bytes = memory_bytes
        self._restarted = restarted
        self._up = threading.Event()
        self._closed = threading.Event()
        self.process: Process | None = None

    def start(self) -> Message:
        """Start the process and create the service in it; return what it says of itself.

        Raises:
            ModelNotFound, UnknownModel: see there.
            WorkerFailed: it could not be created.
        """
        self.process = Process()
        return self._prepare(self.process, "create")

    def load(self) -> Message:
        """Load the model; return version, device and prior as far as the service has them.

        Raises:
            WorkerFailed: it could not be loaded.
        """
        assert self.process is not None
        said = self._prepare(self.process, "load")
        self._up.set()
        return said

    def ask(
        self, message: Message, array: NDArray[Any], deadline: Deadline
    ) -> tuple[Message, NDArray[Any] | None]:
        """Have one thing done.

        Raises:
            GiveUp: there is no process in time, or it crashed, hung or held too much memory.
            DeadlineExceeded, WorkerFailed: the detector raised.
        """
        grace = max(0.0, deadline.remaining()) * GRACE_SHARE
        if not self._up.wait(min(max(0.0, deadline.remaining()), threading.TIMEOUT_MAX)):
            raise GiveUp("no worker is up")
        process = self.process
        assert process is not None
        if "seconds" in message and deadline != Deadline.never():
            message = {**message, "seconds": deadline.remaining()}
        try:
            seconds = deadline.remaining() + grace
            said = process.converse(message, array, seconds, self._memory_bytes)
        except (EOFError, ConnectionError):
            raise GiveUp(self._replace(process, "crash")) from None
        except TimeoutError:
            raise GiveUp(self._replace(process, "hang")) from None
        except MemoryError:
            raise GiveUp(self._replace(process, "memory")) from None
        if process.held() > self._memory_bytes:  # it has answered, but may not grow any further
            logger.error("%s", self._replace(process, "memory"))
        return said

    def close(self) -> None:
        """End the process for good."""
        self._closed.set()
        self._up.clear()
        if self.process is not None:
            self.process.end()

    def _prepare(self, process: Process, what: str) -> Message:
        try:
            return process.converse({"do": what, **self._create}, None, START_S)[0]
        except (EOFError, ConnectionError):
            status = process.end(CORE_S)
            raise WorkerFailed(f"The worker crashed at {what}: {status}") from None
        except TimeoutError:
            raise WorkerFailed(f"The worker hangs at {what}") from None

    def _replace(self, process: Process, reason: Reason) -> str:
        """End the process and start another in the background; say why in a sentence."""
        self._up.clear()
        held, status = process.held(), process.end(CORE_S if reason == "crash" else 0.0)
        if not self._closed.is_set():
            self._restarted(reason)
            threading.Thread(target=self._revive, name="revive", daemon=True).start()
        return {
            "crash": f"the worker crashed: {status}",
            "hang": "the worker did not answer in time",
            "memory": f"the worker held {held} bytes of memory, {self._memory_bytes} are allowed",
        }[reason] + "; it is being replaced"

    def _revive(self) -> None:
        pause, started = PAUSE_S[0], time.monotonic()
        while not self._closed.is_set():
            process = None
            try:
                process = self.process = Process()
                self._prepare(process, "create")
                self._prepare(process, "load")
                if self._create["warm_up"]:
                    noise = np.random.default_rng(0).integers(0, 256, WARM_UP, dtype=np.uint8)
                    process.converse({"do": "detect", "seconds": None}, noise, START_S)
            except Exception as error:
                if process is not None:
                    process.end()
                logger.error("A worker could not be started, again in %.0f s: %r", pause, error)
                self._closed.wait(pause)
                pause = min(2 * pause, PAUSE_S[1])
                continue
            logger.info("A new worker is up after %.1f s", time.monotonic() - started)
            self._up.set()
            if self._closed.is_set():  # in the meantime
                self._up.clear()
                process.end()
            return
