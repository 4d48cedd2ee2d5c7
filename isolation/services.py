"""Stand-ins for a detector or a service, which have the work done in workers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from queue import LifoQueue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.contract import ImageRequest, PredictionResponse
from detector.deadline import Deadline
from detector.service import Detector, InferenceService
from detector.verdict import Detection
from engine.ladder import Service
from isolation.channel import Message
from isolation.worker import GRACE_SHARE, Reason, Worker


class Workers:
    """As many workers as pictures are judged at a time, each with its own process."""

    def __init__(self, workers: list[Worker]) -> None:
        self._workers = workers
        self._idle: LifoQueue[Worker] = LifoQueue()
        for worker in workers:
            self._idle.put(worker)

    @property
    def pids(self) -> list[int]:
        """Process ids, as they are at the moment."""
        return [worker.process.pid for worker in self._workers if worker.process is not None]

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
        self.workers = workers
        self.model_path = Path(model_path)

    def load(self) -> None:
        self.workers.load(self)

    def detect(self, image: NDArray[np.uint8], deadline: Deadline) -> Detection:
        said, manipulation = self.workers.ask({"do": "detect", "seconds": None}, image, deadline)
        return Detection(np.array(said["logprobs"]), manipulation, said["threshold"])

    def close(self) -> None:
        """End the workers."""
        self.workers.close()


class IsolatedService(InferenceService[ImageRequest, PredictionResponse]):
    """An `InferenceService` that takes whole requests, in a worker.

    Args:
        budget_s: seconds for one request; it has no deadline of its own.
    """

    def __init__(self, workers: Workers, budget_s: float) -> None:
        self.workers = workers
        self._budget_s = budget_s
        self._loaded = False

    def load_model(self) -> None:
        self.workers.load(self)
        self._loaded = True

    def predict(self, request: ImageRequest) -> PredictionResponse:
        encoded = np.frombuffer(request.model_dump_json().encode(), np.uint8)
        due = Deadline.after(self._budget_s / (1 + GRACE_SHARE))
        _, answer = self.workers.ask({"do": "predict"}, encoded, due)
        if answer is None:
            raise ValueError("the worker's reply holds no answer")
        return PredictionResponse.model_validate_json(answer.tobytes())

    @property
    def is_loaded(self) -> bool:
        return self._loaded

    def close(self) -> None:
        """End the workers."""
        self.workers.close()


def isolate(
    model_name: str,
    models_dir: Path,
    device: str,
    *,
    count: int,
    num_threads: int,
    budget_s: float,
    memory_bytes: int,
    restarted: Callable[[Reason], None],
    backend: str = "torch",
) -> Service:
    """The service that `create_service` makes of such names, each call of it in a worker.

    Args:
        count: workers, each with the model in its memory.
        num_threads: CPU threads of each.
        budget_s: seconds for a request, for a service that takes whole requests.
        memory_bytes: most memory for each; more and it is replaced. Linux only.
        restarted: called when a worker is replaced.
        backend: see `create_service`.

    Raises:
        ModelNotFound, UnknownModel, WorkerFailed: see there.
    """
    create = {
        "model_name": model_name,
        "models_dir": str(models_dir),
        "device": device,
        "backend": backend,
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
