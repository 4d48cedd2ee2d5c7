"""Pictures and stand-ins for a model that several tests share."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import anyio
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from detector import Detection, Detector, ImageRequest, InferenceService, PredictionResponse
from detector.deadline import Deadline

Detect = Callable[[NDArray[np.uint8], Deadline], Detection]
T = TypeVar("T")
EDITED = np.array([0.0, 0.0, 3.0, 0.0])  # logits: LocallyEdited wins


class BrightDetector(Detector):
    """Finds every picture locally edited where it is bright; `detect` can be replaced."""

    version = "bright-1"
    prior_logprobs: object  # this and the next are what a service may have; tests set them
    close: Callable[[], object]

    def __init__(self, detect: Detect | None = None) -> None:
        super().__init__("tests/bright")
        self.seen: list[tuple[int, ...]] = []
        self._detect = detect

    def detect(self, image: NDArray[np.uint8], deadline: Deadline) -> Detection:
        self.seen.append(image.shape)
        if self._detect is not None:
            return self._detect(image, deadline)
        return Detection(EDITED, image.mean(axis=2) / 255)


def half_bright(height: int = 40, width: int = 60) -> NDArray[np.uint8]:
    """A picture that is black on the left and white on the right."""
    image = np.zeros((height, width, 3), np.uint8)
    image[:, width // 2 :] = 255
    return image


def png(image: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


def request_for(image: NDArray[np.uint8]) -> ImageRequest:
    return ImageRequest.from_bytes(png(image))


def run_async(function: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run in a thread of its own: Playwright's fixtures leave a loop running in the main one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(anyio.run, function).result()


def wait_until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait without keeping a core busy; the seconds are only reached if something hangs."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


class TemplateService(InferenceService[ImageRequest, PredictionResponse]):
    """A service as people write it for the challenge's template; `answer` can be replaced."""

    def __init__(self, model_name: str = "template") -> None:
        self.model_name = model_name
        self.answer: Callable[[ImageRequest], PredictionResponse] = self._uniform
        self._is_loaded = False

    @staticmethod
    def _uniform(_: ImageRequest) -> PredictionResponse:
        return PredictionResponse(logprobs=[float(np.log(0.25))] * 4)

    def load_model(self) -> None:
        self._is_loaded = True

    def predict(self, request: ImageRequest) -> PredictionResponse:
        return self.answer(request)

    @property
    def is_loaded(self) -> bool:
        return self._is_loaded
