"""A bounded number at a time, a bounded queue in front, served in the order of arrival."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from detector.deadline import Deadline
from engine.failures import Abandoned, Busy

LOOK_S = 0.5  # seconds between two looks whether somebody still waits for the answer


class _Turn:
    """Somebody who waits, and the slots granted at last."""

    def __init__(self, least: int, most: int) -> None:
        self.least = least
        self.most = most
        self.granted = 0
        self.come = threading.Event()


class Slots:
    """A semaphore that is fair, unlike `threading.Semaphore`, and turns away whom it cannot take.

    Args:
        slots: how many there are, at least 1.
        queue: how many may wait.
    """

    def __init__(self, slots: int, queue: int) -> None:
        self._free = slots
        self._queue = queue
        self._held = 0
        self._waiting: deque[_Turn] = deque()
        self._lock = threading.Lock()

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._waiting)

    @property
    def held(self) -> int:
        """How many have had theirs and not released it."""
        return self._held

    def acquire(
        self,
        deadline: Deadline,
        abandoned: Callable[[], bool] = lambda: False,
        *,
        least: int = 1,
        most: int = 1,
    ) -> int:
        """Wait until it is our turn; the slots granted (`release` them), 0 if the deadline passed.

        Args:
            abandoned: asked now and then in the waiting thread; who has hung up leaves the queue,
                or callers that give up early would fill it.
            least: slots to wait for, not more than there are.
            most: taken if they are free and nobody waits.

        Raises:
            Busy: the queue is full.
            Abandoned: as asked.
        """
        turn = _Turn(least, most)
        with self._lock:
            if self._waiting or self._free < least:
                if len(self._waiting) >= self._queue:
                    raise Busy
                self._waiting.append(turn)
            else:
                return self._take(turn)
        try:
            while not turn.come.wait(min(max(0.0, deadline.remaining()), LOOK_S)):
                if deadline.remaining() <= 0:
                    break
                if abandoned():
                    raise Abandoned
        except BaseException:
            if granted := self._leave(turn):
                self.release(granted)
            raise
        return self._leave(turn)

    def release(self, granted: int = 1) -> None:
        """Hand slots to who has waited longest. Any thread may, once for each time of `acquire`."""
        with self._lock:
            self._free += granted
            self._held -= 1
            self._grant()

    def _leave(self, turn: _Turn) -> int:
        """Stop waiting; the slots granted until now."""
        with self._lock:
            if not turn.granted:
                self._waiting.remove(turn)
                self._grant()  # it may have waited for more slots than the next one does
            return turn.granted

    def _grant(self) -> None:
        while self._waiting and self._free >= self._waiting[0].least:
            turn = self._waiting.popleft()
            self._take(turn)
            turn.come.set()

    def _take(self, turn: _Turn) -> int:
        turn.granted = turn.least if self._waiting else min(self._free, turn.most)
        self._free -= turn.granted
        self._held += 1
        return turn.granted
