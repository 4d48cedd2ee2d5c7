"""A bounded number at a time, a bounded queue in front, served in the order of arrival."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from detector.deadline import Deadline
from engine.failures import Abandoned, Busy

LOOK_S = 0.5  # seconds between two looks whether somebody still waits for the answer


class Slots:
    """A semaphore that is fair, unlike `threading.Semaphore`, and turns away whom it cannot take.

    Args:
        slots: how many may hold one at a time, at least 1.
        queue: how many more may wait.
    """

    def __init__(self, slots: int, queue: int) -> None:
        self._slots = slots
        self._free = slots
        self._queue = queue
        self._waiting: deque[threading.Event] = deque()
        self._lock = threading.Lock()

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._waiting)

    @property
    def held(self) -> int:
        """How many have theirs."""
        return self._slots - self._free

    def acquire(self, deadline: Deadline, abandoned: Callable[[], bool] = lambda: False) -> bool:
        """Wait until it is our turn (true; `release` it) or the deadline has passed (false).

        Args:
            abandoned: asked now and then in the waiting thread; who has hung up leaves the queue,
                or callers that give up early would fill it.

        Raises:
            Busy: the queue is full.
            Abandoned: as asked.
        """
        with self._lock:
            if self._free:  # never while somebody waits: a slot is handed over, not put back
                self._free -= 1
                return True
            if len(self._waiting) >= self._queue:
                raise Busy
            turn = threading.Event()
            self._waiting.append(turn)
        try:
            while not turn.wait(min(max(0.0, deadline.remaining()), LOOK_S)):
                if deadline.remaining() <= 0:
                    break
                if abandoned():
                    raise Abandoned
        except BaseException:
            if self._leave(turn):
                self.release()
            raise
        return self._leave(turn)

    def _leave(self, turn: threading.Event) -> bool:
        """Stop waiting; whether our turn had come."""
        with self._lock:
            if not turn.is_set():
                self._waiting.remove(turn)
            return turn.is_set()

    def release(self) -> None:
        """Hand a slot to who has waited longest. Any thread may, once for each that was granted."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1
