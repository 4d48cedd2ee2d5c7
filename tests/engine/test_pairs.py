"""Two small pictures at a time while others wait."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

import engine.core as engine_module
from detector import Detection
from tests.engine.engines import WAIT_S, Gate, loaded, warm
from tests.fakes import half_bright, wait_until


def judged_at_a_time(
    gate: Gate, sides: list[int], *, can: bool = True, concurrency: int = 0
) -> int:
    """How many of these pictures are judged at a time while the first of them is waited for."""
    detector = warm(gate)
    detector.parallel = can
    engine = loaded(detector, num_threads=4, concurrency=concurrency)
    with ThreadPoolExecutor(1 + len(sides)) as pool:
        first = pool.submit(engine.analyse, half_bright())
        assert gate.entered.acquire(timeout=WAIT_S)
        others = []
        for side in sides:
            others.append(pool.submit(engine.analyse, half_bright(side, side)))
            wait_until(lambda: engine.waiting == len(others))
        gate.opened.set()
        assert {future.result(WAIT_S).step for future in (first, *others)} == {"full"}
    return gate.most_inside


class Meeting(Gate):
    """A gate whose later pictures, once it is opened, wait until as many of them are inside."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._barrier = threading.Barrier(count)

    def __call__(self, image: NDArray[np.uint8]) -> Detection:
        later = self.opened.is_set()
        found = super().__call__(image)
        if later:
            self._barrier.wait(WAIT_S)
        return found


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The threads that pictures were judged with."""
    found: list[int] = []
    monkeypatch.setattr("threads.use", found.append)
    return found


def test_small_pictures_go_in_pairs_while_others_wait(used: list[int]) -> None:
    gate = Meeting(2)
    judged_at_a_time(gate, [50, 50])
    assert used == [4, 2, 2]  # the first was alone


def test_a_large_picture_goes_alone(used: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "PAIRED_PIXELS", 50 * 50)
    gate = Gate()
    assert judged_at_a_time(gate, [51, 50]) == 1
    assert used == [4, 4, 4]


@pytest.mark.parametrize(("can", "concurrency"), [(False, 0), (True, 1)])
def test_nothing_is_paired_unless_the_detector_and_the_setting_allow_it(
    can: bool, concurrency: int, used: list[int]
) -> None:
    gate = Gate()
    assert judged_at_a_time(gate, [50, 50], can=can, concurrency=concurrency) == 1
    assert used == []
