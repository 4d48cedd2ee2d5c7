"""A detector in a process of its own: whatever it does there, the service lives and answers.

The worker is ended and replaced when it crashes, is still silent a little after its deadline, or
holds more memory than it may. The picture that it happened with gets the prior; those that come
while the new worker loads wait for it as long as their budget allows.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from queue import LifoQueue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from channel import Channel, Message
from detector.contract import ImageRequest, PredictionResponse
from detector.deadline import Deadline, DeadlineExceeded
from detector.registry import ModelNotFound, UnknownModel
from detector.service import Detector, InferenceService
from detector.verdict import Detection
from ladder import GiveUp, Service

logger = logging.getLogger(__name__)

REASONS = ("crash", "hang", "memory")  # why a worker is replaced
GRACE_SHARE = 0.1  # of a deadline's time: honest detectors are a little late, hanging ones for ever
MEMORY_CHECK_S = 0.2  # how often a working worker's memory is looked at; a look takes 50 us
START_S = 300.0  # to import, create and load: a large model from a cold disk
WARM_UP = (384, 512, 3)  # a new worker's first picture, so that the first request finds it warm
CORE_S = 1.0  # what crashed is dead when its core is written; its status is worth that wait
PAUSE_S = (1.0, 30.0)  # after a failed restart, doubled each time up to the second
CODE = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[3]); "
    "import worker; worker.main(int(sys.argv[1]), int(sys.argv[2]))"
)
ERRORS = {error.__name__: error for error in (ModelNotFound, UnknownModel)}


class WorkerFailed(RuntimeError):
    """The detector raised in its worker; the message is its traceback."""


class Worker:
    """One process at a time with one detector in it; replaced as often as need be.

    Args:
        create: arguments of `create_service`, and `num_threads`.
        memory_bytes: more of its own (not shared) memory ends the process.
        restarted: called with one of `REASONS` each time the process is to be replaced.
    """

    def __init__(
        self, create: Message, memory_bytes: int, restarted: Callable[[str], None]
    ) -> None:
        self._create = create
        self._memory_bytes = memory_bytes
        self._restarted = restarted
        self._up = threading.Event()
        self._closed = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: Channel | None = None
        self._life = -1

    def start(self) -> Message:
        """Start the process and create the service in it; return what it says of itself.

        Raises:
            ModelNotFound, UnknownModel: see there.
            WorkerFailed: it could not be created.
        """
        ours, theirs = socket.socketpair()
        life, self._life = os.pipe()
        with theirs, open(life, "rb"):
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-c", CODE, str(theirs.fileno()), str(life)),
                    json.dumps(sys.path),
                ],
                pass_fds=(theirs.fileno(), life),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is for the service, which answers before it goes
            )
        self._channel = Channel(ours)
        threading.Thread(target=_log_lines, args=(self._process,), daemon=True).start()
        return self._prepare("create")

    def load(self) -> Message:
        """Load the model; return version, device and prior as far as the service has them.

        Raises:
            WorkerFailed: it could not be loaded.
        """
        said = self._prepare("load")
        self._up.set()
        return said

    def ask(
        self, message: Message, array: NDArray[Any], deadline: Deadline
    ) -> tuple[Message, NDArray[Any] | None]:
        """Have one thing done.

        Raises:
            GiveUp: there is no worker in time, or it crashed, hung or held too much memory.
            DeadlineExceeded, WorkerFailed: the detector raised.
        """
        grace = max(0.0, deadline.remaining()) * GRACE_SHARE
        if not self._up.wait(min(max(0.0, deadline.remaining()), threading.TIMEOUT_MAX)):
            raise GiveUp("no worker is up")
        if "seconds" in message and deadline != Deadline.never():
            message = {**message, "seconds": deadline.remaining()}
        try:
            said = self._converse(message, array, deadline.remaining() + grace)
        except (EOFError, ConnectionError):
            raise GiveUp(self._replace("crash")) from None
        except TimeoutError:
            raise GiveUp(self._replace("hang")) from None
        except MemoryError:
            raise GiveUp(self._replace("memory")) from None
        if self._held() > self._memory_bytes:  # it has answered, but may not grow any further
            logger.error("%s", self._replace("memory"))
        return said

    def close(self) -> None:
        """End the process for good."""
        self._closed.set()
        self._up.clear()
        self._end()

    def _prepare(self, what: str) -> Message:
        try:
            return self._converse({"do": what, **self._create}, None, START_S)[0]
        except (EOFError, ConnectionError):
            raise WorkerFailed(f"The worker crashed at {what}: {self._end(1.0)}") from None
        except TimeoutError:
            raise WorkerFailed(f"The worker hangs at {what}") from None

    def _converse(
        self, message: Message, array: NDArray[Any] | None, seconds: float
    ) -> tuple[Message, NDArray[Any] | None]:
        assert self._channel is not None
        due = Deadline.after(seconds)
        self._channel.send(message, array)
        while True:
            try:
                patience = max(0.001, min(MEMORY_CHECK_S, due.remaining()))
                said, result = self._channel.receive(patience)
                break
            except TimeoutError:
                if self._held() > self._memory_bytes:
                    raise MemoryError from None
                if due.remaining() <= 0:
                    raise
        if (error := said.get("error")) == "deadline":
            raise DeadlineExceeded(said["message"])
        if error is not None:
            raise ERRORS.get(error, WorkerFailed)(said["message"])
        return said, result

    def _held(self) -> int:
        """Bytes of memory that are the worker's alone; 0 where the system does not tell (Linux)."""
        assert self._process is not None
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
                if line.startswith("RssAnon:"):
                    return int(line.split()[1]) * 1024
        return 0

    def _replace(self, reason: str) -> str:
        """End the process and start another in the background; say why in a sentence."""
        self._up.clear()
        held, status = self._held(), self._end(CORE_S if reason == "crash" else 0.0)
        self._restarted(reason)
        threading.Thread(target=self._revive, name="revive", daemon=True).start()
        return {
            "crash": f"the worker crashed: {status}",
            "hang": "the worker did not answer in time",
            "memory": f"the worker held {held} bytes of memory, {self._memory_bytes} are allowed",
        }[reason] + "; it is being replaced"

    def _revive(self) -> None:
        pause = PAUSE_S[0]
        while not self._closed.is_set():
            started = time.monotonic()
            try:
                self.start()
                self._prepare("load")
                noise = np.random.default_rng(0).integers(0, 256, WARM_UP, dtype=np.uint8)
                if self._create["warm_up"]:
                    self._converse({"do": "detect", "seconds": None}, noise, START_S)
            except Exception as error:
                self._end()
                logger.error("A worker could not be started, again in %.0f s: %r", pause, error)
                self._closed.wait(pause)
                pause = min(2 * pause, PAUSE_S[1])
            else:
                logger.info("A new worker is up after %.1f s", time.monotonic() - started)
                self._up.set()
                if self._closed.is_set():  # in the meantime
                    self._end()
                return

    def _end(self, patience_s: float = 0.0) -> str:
        """Kill the process; return how it had ended by itself, if it does within some seconds."""
        process, channel = self._process, self._channel
        if process is None or channel is None:
            return "not started"
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience_s)
        code = process.poll()
        process.kill()
        process.wait()
        channel.close()
        if self._life >= 0:
            os.close(self._life)
            self._life = -1
        if code is None:
            return "killed by us"
        return f"status {code}" if code >= 0 else signal.Signals(-code).name


class Workers:
    """As many workers as pictures are judged at a time, each with its own process."""

    def __init__(self, workers: list[Worker]) -> None:
        self._workers = workers
        self._idle: LifoQueue[Worker] = LifoQueue()
        for worker in workers:
            self._idle.put(worker)

    def load(self, onto: object) -> None:
        """Load the model in each; give `onto` the attributes that the first one tells."""
        said, *_ = [worker.load() for worker in self._workers]
        for name, value in said.items():
            setattr(onto, name, value)

    def ask(
        self, message: Message, array: NDArray[Any], deadline: Deadline
    ) -> tuple[Message, NDArray[Any] | None]:
        """See `Worker.ask`."""
        worker = self._idle.get()
        try:
            return worker.ask(message, array, deadline)
        finally:
            self._idle.put(worker)

    def close(self) -> None:
        for worker in self._workers:
            worker.close()


class IsolatedDetector(Detector):
    """A `Detector` whose `detect` runs in a worker."""

    def __init__(self, workers: Workers, model_path: str) -> None:
        super().__init__()
        self._workers = workers
        self.model_path = Path(model_path)

    def load(self) -> None:
        self._workers.load(self)

    def detect(self, image: NDArray[np.uint8], deadline: Deadline) -> Detection:
        said, manipulation = self._workers.ask({"do": "detect", "seconds": None}, image, deadline)
        return Detection(np.array(said["logprobs"]), manipulation, said["threshold"])

    def close(self) -> None:
        """End the workers."""
        self._workers.close()


class IsolatedService(InferenceService[ImageRequest, PredictionResponse]):
    """An `InferenceService` that takes whole requests, in a worker.

    Args:
        budget_s: seconds for one request; it has no deadline of its own.
    """

    def __init__(self, workers: Workers, budget_s: float) -> None:
        self._workers = workers
        self._budget_s = budget_s
        self._loaded = False

    def load_model(self) -> None:
        self._workers.load(self)
        self._loaded = True

    def predict(self, request: ImageRequest) -> PredictionResponse:
        encoded = np.frombuffer(request.model_dump_json().encode(), np.uint8)
        due = Deadline.after(self._budget_s / (1 + GRACE_SHARE))
        _, answer = self._workers.ask({"do": "predict"}, encoded, due)
        assert answer is not None
        return PredictionResponse.model_validate_json(answer.tobytes())

    @property
    def is_loaded(self) -> bool:
        return self._loaded

    def close(self) -> None:
        """End the workers."""
        self._workers.close()


def isolate(
    model_name: str,
    models_dir: Path,
    device: str,
    *,
    count: int,
    num_threads: int,
    budget_s: float,
    memory_bytes: int,
    restarted: Callable[[str], None],
) -> Service:
    """The service that `create_service` makes of the first three, each call of it in a worker.

    Args:
        count: workers, each with the model in its memory.
        num_threads: CPU threads of each.
        budget_s: seconds for a request, for a service that takes whole requests.
        memory_bytes: most memory for each; more and it is replaced. Linux only.
        restarted: called with one of `REASONS` when a worker is replaced.

    Raises:
        ModelNotFound, UnknownModel, WorkerFailed: see there.
    """
    create = {
        "model_name": model_name,
        "models_dir": str(models_dir),
        "device": device,
        "num_threads": num_threads,
        "warm_up": True,
    }
    workers = [Worker(create, memory_bytes, restarted) for _ in range(count)]
    try:
        said, *_ = [worker.start() for worker in workers]
    except BaseException:
        for worker in workers:
            worker.close()
        raise
    create["warm_up"] = said["detector"]
    if said["detector"]:
        return IsolatedDetector(Workers(workers), said["model_path"])
    return IsolatedService(Workers(workers), budget_s)


def _log_lines(process: subprocess.Popen[bytes]) -> None:
    """Put what the worker says on stderr into our log, so that it has one form."""
    assert process.stderr is not None
    with process.stderr as lines:
        for line in lines:
            logger.warning("worker %d: %s", process.pid, line.decode(errors="replace").rstrip())
