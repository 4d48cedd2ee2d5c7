from __future__ import annotations

import math
import time

import pytest

from detector.deadline import Deadline, DeadlineExceeded


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, in a list of one so that a test can turn it forward."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_time_runs_out(clock: list[float]) -> None:
    deadline = Deadline.after(5.0)
    assert deadline.remaining() == 5.0
    deadline.check()
    clock[0] += 7.5
    assert deadline.remaining() == -2.5
    with pytest.raises(DeadlineExceeded, match=r"-2\.50 s left"):
        deadline.check()


def test_a_step_must_fit(clock: list[float]) -> None:
    deadline = Deadline.after(5.0)
    deadline.check(needed=5.0)
    with pytest.raises(DeadlineExceeded, match=r"5\.10 s needed"):
        deadline.check(needed=5.1)


def test_never(clock: list[float]) -> None:
    deadline = Deadline.never()
    clock[0] += 1e12
    assert deadline.remaining() == math.inf
    deadline.check(needed=1e12)
