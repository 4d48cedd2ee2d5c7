"""A detector that breaks in the way a picture's first pixel asks for; else it finds brightness.

`MODEL_NAME=soak.faulty:FaultyDetector`, for tests and the soak.
"""

from __future__ import annotations

import ctypes
import os
import time
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from detector.deadline import Deadline
from detector.service import Detector
from detector.verdict import Detection

MARK = (17, 34)  # red and green of a first pixel whose blue is a fault
LEAK_BYTES = 512 * 2**20  # kept by each picture that asks for a leak
BITE = 16 * 2**20  # a leak grows by this much at a time, as leaks do
HANG_S = 3600.0
PAUSE_S = 0.2
EDITED = np.array([0.0, 0.0, 3.0, 0.0])  # logits: LocallyEdited wins


class Fault(IntEnum):
    """What a picture can ask for."""

    RAISE = 1
    HANG = 2
    NAN = 3
    LEAK = 4
    SEGFAULT = 5
    SLOW = 6
    EXIT = 7
    PAUSE = 8  # no fault: a good answer that takes a while


def picture(fault: Fault | None, height: int = 40, width: int = 60) -> NDArray[np.uint8]:
    """A picture, black on the left and white on the right, that asks for a fault."""
    image = np.zeros((height, width, 3), np.uint8)
    image[:, width // 2 :] = 255
    if fault is not None:
        image[0, 0] = (*MARK, fault)
    return image


class FaultyDetector(Detector):
    """See above. It is well where no fault is asked for."""

    version = "faulty-1"

    def load(self) -> None:
        self.device = "cpu"
        self.leaked: list[NDArray[np.uint8]] = []

    def detect(self, image: NDArray[np.uint8], deadline: Deadline) -> Detection:
        if tuple(image[0, 0, :2]) == MARK:
            match int(image[0, 0, 2]):
                case Fault.RAISE:
                    raise RuntimeError("a fault was asked for")
                case Fault.HANG:
                    time.sleep(HANG_S)
                case Fault.NAN:
                    return Detection(np.full(4, np.nan))
                case Fault.LEAK:
                    for _ in range(LEAK_BYTES // BITE):
                        self.leaked.append(np.ones(BITE, np.uint8))
                case Fault.SEGFAULT:
                    ctypes.string_at(0)
                case Fault.SLOW:
                    while True:
                        deadline.check(0.01)
                        time.sleep(0.01)
                case Fault.EXIT:
                    os._exit(3)
                case Fault.PAUSE:
                    time.sleep(PAUSE_S)
        return Detection(EDITED, image.mean(axis=2) / 255)
