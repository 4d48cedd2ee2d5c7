from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import detector
from detector import (
    Deadline,
    Detection,
    Detector,
    ImageData,
    ImageError,
    ImageRequest,
    InferenceService,
    InvalidBase64,
    Labels,
    PredictionResponse,
)
from tests.pictures import encode, exif, photo


class Reddish(Detector):
    """The smallest detector: what is red is edited."""

    deadline: Deadline | None = None

    def detect(self, image: NDArray[np.uint8], deadline: Deadline) -> Detection:
        self.deadline = deadline
        return Detection(np.array([0.0, 0.0, 2.0, 0.0]), image[..., 0] / 255)


class Fixed(InferenceService[ImageRequest, PredictionResponse]):
    """The example of the challenge's template, its constructor included."""

    def __init__(self, model_name: str) -> None:
        self.model_name = model_name
        self._is_loaded = False

    def load_model(self) -> None:
        self._is_loaded = True

    def predict(self, request: ImageRequest) -> PredictionResponse:
        return PredictionResponse(logprobs=np.log(np.full(4, 0.25)).tolist())

    @property
    def is_loaded(self) -> bool:
        return self._is_loaded


def test_detector_answers_a_request() -> None:
    picture = np.zeros((20, 30, 3), np.uint8)
    picture[:, 10:] = 255
    service = Reddish()
    response = service.predict(ImageRequest.from_bytes(encode(picture)))
    assert np.argmax(response.logprobs) == Labels.LocallyEdited
    assert response.localizationMask is not None
    np.testing.assert_array_equal(response.localizationMask.to_numpy(), picture[..., 0] > 0)
    assert service.deadline == Deadline.never()


def test_mask_has_the_stored_size_of_a_turned_picture() -> None:
    turned = encode(photo(20, 30), "JPEG", exif=exif(6))
    response = Reddish().predict(ImageRequest.from_bytes(turned, "image/jpeg"))
    assert response.localizationMask is not None
    assert response.localizationMask.to_numpy().shape == (20, 30)


def test_declared_media_type_is_advisory() -> None:
    answers = {
        Reddish().predict(ImageRequest.from_bytes(encode(photo()), declared)).model_dump_json()
        for declared in ("image/png", "image/jpeg", "text/plain", "")
    }
    assert len(answers) == 1


def test_what_is_no_picture_is_the_callers_to_handle() -> None:
    with pytest.raises(ImageError):
        Reddish().predict(ImageRequest.from_bytes(b"no picture"))
    with pytest.raises(InvalidBase64):
        Reddish().predict(ImageRequest(image=ImageData(mediaType="image/png", data="?")))


def test_loading() -> None:
    class Loaded(Reddish):
        weights = 0

        def load(self) -> None:
            self.weights += 1

    service = Loaded("org/name", Path("somewhere"), "cpu")
    assert not service.is_loaded
    service.load_model()
    assert service.is_loaded
    assert service.weights == 1
    assert service.model_path == Path("somewhere/org/name")
    assert service.device == "cpu"


def test_a_failed_load_is_not_loaded() -> None:
    class Broken(Reddish):
        def load(self) -> None:
            raise OSError("no weights")

    service = Broken()
    with pytest.raises(OSError, match="no weights"):
        service.load_model()
    assert not service.is_loaded


def test_interface_of_the_template() -> None:
    service = Fixed("org/name")
    assert not service.is_loaded
    service.load_model()
    assert service.is_loaded
    assert service.predict(ImageRequest.from_bytes(b"")).localizationMask is None


@pytest.mark.parametrize("base", [Detector, InferenceService])
def test_interfaces_are_abstract(base: type) -> None:
    with pytest.raises(TypeError, match="abstract"):
        base()


def test_front_door_is_complete_and_light() -> None:
    assert all(hasattr(detector, name) for name in detector.__all__)
    heavy = "{'torch', 'transformers', 'fastapi', 'gradio', 'scipy'}"
    code = f"import sys, detector; print(sorted({heavy} & set(sys.modules)))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "[]"
