"""A fixed set of threads that do the model's work, whichever thread a request came in on.

A model's libraries keep thread pools and scratch memory for each thread that ever called them: a
web server's pool of dozens would hold them dozens of times.
"""

from __future__ import annotations

import contextvars
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
Job = Callable[[], None]


class Hands:
    """Daemon threads, so that one that hangs does not keep the process from ending.

    Args:
        count: how many; they are started with the first job.
        name: of the threads, as profilers show it.
    """

    def __init__(self, count: int, name: str) -> None:
        self._count = count
        self._name = name
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._started = False
        weakref.finalize(self, _dismiss, self._jobs, count)

    def start(self, job: Callable[[], T]) -> Future[T]:
        """Have a job done in the caller's context (`contextvars`)."""
        future: Future[T] = Future()
        context = contextvars.copy_context()

        def run() -> None:
            try:
                result = context.run(job)
            except BaseException as error:  # whatever it is, the caller is to have it
                future.set_exception(error)
            else:
                future.set_result(result)

        with self._lock:
            if not self._started:
                self._started = True
                for index in range(self._count):
                    threading.Thread(
                        target=_work, args=(self._jobs,), name=f"{self._name}-{index}", daemon=True
                    ).start()
        self._jobs.put(run)
        return future


def _work(jobs: SimpleQueue[Job | None]) -> None:
    while (job := jobs.get()) is not None:
        job()
        del job  # else a picture would be held until the next one comes


def _dismiss(jobs: SimpleQueue[Any], count: int) -> None:
    for _ in range(count):
        jobs.put(None)
