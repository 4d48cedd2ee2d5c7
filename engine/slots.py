"""A bounded number at a time, a bounded queue in front, served in the order of arrival."""

from __future__ import annotations

import threading
from collections import deque

from detector.deadline import Deadline
from engine.failures import Busy


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

    def acquire(self, deadline: Deadline) -> bool:
        """Wait until it is our turn (true; `release` it) or the deadline has passed (false).

        Raises:
            Busy: the queue is full.
        """
        with self._lock:
            if self._free:  # never while somebody waits: a slot is handed over, not put back
                self._free -= 1
                return True
            if len(self._waiting) >= self._queue:
                raise Busy
            turn = threading.Event()
            self._waiting.append(turn)
        turn.wait(min(max(0.0, deadline.remaining()), threading.TIMEOUT_MAX))
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
