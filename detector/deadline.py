"""A point in monotonic time by which an answer is due."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass


class DeadlineExceeded(Exception):
    """There is not enough time left to finish at this resolution."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """Seconds on the clock of `time.monotonic`; `Deadline.never()` does not expire."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        return cls(time.monotonic() + seconds)

    @classmethod
    def never(cls) -> Deadline:
        return cls(math.inf)

    def remaining(self) -> float:
        """Seconds left, negative once expired, infinite if it never expires."""
        return self.at - time.monotonic()

    def check(self, needed: float = 0.0) -> None:
        """Raise `DeadlineExceeded` if fewer than `needed` seconds are left."""
        if self.remaining() < needed:
            raise DeadlineExceeded(f"{needed:.2f} s needed, {self.remaining():.2f} s left")
