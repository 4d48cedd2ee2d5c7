"""A detector for tests of the page: its answer, and how long it takes, is on the picture."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from detector.contract import Labels
from detector.deadline import Deadline, DeadlineExceeded
from detector.service import Detector
from detector.verdict import Detection

CLEAR = 0.85
REST = 0.05
YELLOW = (255, 255, 0)  # top left pixel of a picture that takes this detector `SLOW_S`
SLOW_S = 0.3
BLUE = (0, 0, 255)  # top left pixel of a picture that this detector has no time for


class FakeDetector(Detector):
    """Says LocallyEdited, upper left, unless the first row begins with a primary colour."""

    version = "fake"

    def detect(self, image: NDArray[np.uint8], deadline: Deadline) -> Detection:
        first = tuple(int(value) for value in image[0, 0])
        if first == BLUE and max(image.shape) > 512:
            raise DeadlineExceeded("blue")
        if first == YELLOW:
            time.sleep(SLOW_S)
        labels: dict[tuple[int, ...], Labels] = {
            (255, 0, 0): Labels.FullySynthesized,
            (0, 255, 0): Labels.Natural,
        }
        label = labels.get(first, Labels.LocallyEdited)
        probabilities = np.full(len(Labels), REST)
        probabilities[label] = CLEAR
        manipulation = np.zeros((40, 40), dtype=np.float32)
        manipulation[4:14, 4:16] = 0.9
        return Detection(np.log(probabilities), manipulation)
