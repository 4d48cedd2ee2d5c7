"""A fixed set of threads that do the model's work, whichever thread a request came in on.

A model's libraries keep thread pools and scratch memory for each thread that ever called them: a
web server's pool of dozens would hold them dozens of times.
"""

from __future__ import annotations

import contextvars
import threading
import weakref
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TypeVar

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
        self._desk = _Desk()
        self._lock = threading.Lock()
        self._started = False
        weakref.finalize(self, self._desk.close)

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
                        target=_work, args=(self._desk,), name=f"{self._name}-{index}", daemon=True
                    ).start()
        self._desk.put(run)
        return future


class _Desk:
    """Where jobs are left and fetched. Of idle hands the last to finish is called first.

    Its caches are warm, and so are the OpenMP threads that every hand has of its own.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: deque[Job] = deque()
        self._idle: list[SimpleQueue[Job | None]] = []
        self._closed = False

    def put(self, job: Job) -> None:
        with self._lock:
            if self._idle:
                self._idle.pop().put(job)
            else:
                self._jobs.append(job)

    def get(self, bell: SimpleQueue[Job | None]) -> Job | None:
        """The next job, waited for at `bell`; None once the desk is closed."""
        with self._lock:
            if self._jobs:
                return self._jobs.popleft()
            if self._closed:
                return None
            self._idle.append(bell)
        return bell.get()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            while self._idle:
                self._idle.pop().put(None)


def _work(desk: _Desk) -> None:
    bell: SimpleQueue[Job | None] = SimpleQueue()
    while (job := desk.get(bell)) is not None:
        job()
        del job  # else a picture would be held until the next one comes
