"""The two interfaces a model plugs into: the challenge template's, and a smaller one below it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from detector.contract import ImageRequest, PredictionResponse
from detector.deadline import Deadline
from detector.imaging import decode
from detector.verdict import Detection, decide

RequestT = TypeVar("RequestT")
ResponseT = TypeVar("ResponseT")


class InferenceService(ABC, Generic[RequestT, ResponseT]):
    """The challenge template's interface: load once, then answer requests.

    Implement it when you want the whole request; implement `Detector` when an RGB array will do.
    """

    @abstractmethod
    def load_model(self) -> None:
        """Load the model. Called once, before the first request."""

    @abstractmethod
    def predict(self, request: RequestT) -> ResponseT:
        """Answer one request. May be called from several threads at a time."""

    @property
    @abstractmethod
    def is_loaded(self) -> bool:
        """Whether `load_model` has succeeded."""


class Detector(InferenceService[ImageRequest, PredictionResponse]):
    """A model that looks at pixels; decoding, mask geometry and the response are done here.

    Subclasses implement `detect` and, where there is something to load, `load`.

    Attributes:
        model_name: the value of `MODEL_NAME`.
        model_path: the folder for this model's files, `<models_dir>/<model_name>`.
        device: a torch device name or `auto`.
        version: shown by `/info` and in reports; subclasses set it in `load`.
        parallel: whether two threads may call `detect` at a time and each gets by with the part
            of the CPU's threads that it is given (`torch.set_num_threads`); set by `load`.
    """

    version = "0"
    parallel = False

    def __init__(
        self, model_name: str = "", models_dir: Path = Path("models"), device: str = "auto"
    ) -> None:
        self.model_name = model_name
        self.model_path = models_dir / model_name
        self.device = device
        self._loaded = False

    def load(self) -> None:
        """Load weights from `model_path`. Nothing to do by default."""

    @abstractmethod
    def detect(self, image: NDArray[np.uint8], deadline: Deadline) -> Detection:
        """Judge one picture.

        Args:
            image: (H, W, 3) uint8 RGB, 0..255, in the stored orientation; H, W >= 1.
            deadline: when the answer is due. A detector that sees it cannot make it should raise
                `DeadlineExceeded`; it is then called again with a smaller picture.
        """

    def load_model(self) -> None:
        self.load()
        self._loaded = True

    def predict(self, request: ImageRequest) -> PredictionResponse:
        """Decode, detect and answer.

        Raises:
            InvalidBase64, ImageError: the request does not hold a picture.
        """
        image = decode(request.image.to_bytes())
        return decide(self.detect(image, Deadline.never()), image.shape[:2]).to_response()

    @property
    def is_loaded(self) -> bool:
        return self._loaded
