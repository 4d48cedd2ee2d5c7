"""Engines around stand-ins for a model, and the ways in which those are slow, fail or wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector import Deadline, DeadlineExceeded, Detection, PredictionResponse
from engine import Engine
from tests.fakes import EDITED, BrightDetector, TemplateService

UNIFORM = np.log(np.full(4, 0.25))
WAIT_S = 60.0  # only reached if something hangs


def loaded(service: BrightDetector | TemplateService, **settings: Any) -> Engine:
    engine = Engine(service, **settings)
    engine.load()
    if isinstance(service, BrightDetector):
        service.seen.clear()  # the warm-up
    return engine


def too_slow_above(side: int) -> Callable[[NDArray[np.uint8], Deadline], Detection]:
    def detect(image: NDArray[np.uint8], _: Deadline) -> Detection:
        if max(image.shape) > side:
            raise DeadlineExceeded("too slow")
        return Detection(EDITED, image.mean(axis=2) / 255)

    return detect


def warm(judge: Callable[[NDArray[np.uint8]], Detection]) -> BrightDetector:
    """A detector that behaves at the warm-up only."""

    def detect(image: NDArray[np.uint8], deadline: Deadline) -> Detection:
        if deadline == Deadline.never():
            return Detection(EDITED)
        return judge(image)

    return BrightDetector(detect)


def failing(*_: object) -> Detection:
    raise RuntimeError("the detector is broken")


def mask_of(response: PredictionResponse) -> NDArray[np.bool_]:
    assert response.localizationMask is not None
    return response.localizationMask.to_numpy()


class Gate:
    """A detector's `judge` that holds every picture until it is opened."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.opened = threading.Event()
        self.inside = 0
        self.most_inside = 0
        self._lock = threading.Lock()

    def __call__(self, _: NDArray[np.uint8]) -> Detection:
        with self._lock:
            self.inside += 1
            self.most_inside = max(self.most_inside, self.inside)
        self.entered.release()
        assert self.opened.wait(WAIT_S)
        with self._lock:
            self.inside -= 1
        return Detection(EDITED)
