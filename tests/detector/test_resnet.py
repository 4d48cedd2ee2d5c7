from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import ResNetConfig, ResNetForImageClassification

from detector import ImageRequest
from detector.deadline import Deadline
from detector.registry import create_service
from detector.resnet import ResNetDetector, centre_square
from tests.fakes import request_for

NAME = "microsoft/resnet-18"
HUB_PREPROCESSING = {  # as it is on the Hub, an old form with an integer for `size`
    "crop_pct": 0.875,
    "do_normalize": True,
    "do_resize": True,
    "feature_extractor_type": "ConvNextFeatureExtractor",
    "image_mean": [0.485, 0.456, 0.406],
    "image_std": [0.229, 0.224, 0.225],
    "resample": 3,
    "size": 224,
}


@pytest.fixture(scope="module")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ResNet of ten classes with random weights, saved as on the Hub."""
    folder = tmp_path_factory.mktemp("models")
    torch.manual_seed(0)
    config = ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic")
    config.num_labels = 10
    ResNetForImageClassification(config).save_pretrained(folder / NAME)
    (folder / NAME / "preprocessor_config.json").write_text(json.dumps(HUB_PREPROCESSING))
    return folder


@pytest.fixture(scope="module")
def detector(models_dir: Path) -> ResNetDetector:
    detector = create_service(NAME, models_dir, "cpu")
    assert isinstance(detector, ResNetDetector)
    detector.load_model()
    return detector


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_it_loads_from_its_folder_and_says_what_it_is(detector: ResNetDetector) -> None:
    assert detector.is_loaded
    assert detector.version == "10 classes"
    assert detector.device == "cpu"


def test_it_folds_the_class_probabilities_into_four(detector: ResNetDetector) -> None:
    image = noise(50, 70)
    with torch.inference_mode():
        inputs = detector.processor(image[:, 10:60], return_tensors="pt")
        logits = detector.model(**inputs).logits[0]
    classes = torch.softmax(logits, 0).numpy()
    expected = [classes[:3].sum(), classes[3:6].sum(), classes[6:8].sum(), classes[8:].sum()]
    response = detector.predict(request_for(image))
    assert np.exp(response.logprobs) == pytest.approx(expected, abs=1e-5)


def test_it_does_not_localise(detector: ResNetDetector) -> None:
    assert detector.detect(noise(8, 8), Deadline.never()).manipulation is None


@pytest.mark.parametrize("size", [(300, 420), (421, 300)])
def test_the_centre_square_is_all_that_the_model_sees(
    detector: ResNetDetector, size: tuple[int, int]
) -> None:
    ramp = np.linspace(0, 255, size[0] * size[1] * 3).reshape(*size, 3).astype(np.uint8)
    whole = detector.processor(ramp, return_tensors="np")["pixel_values"]
    square = detector.processor(centre_square(ramp), return_tensors="np")["pixel_values"]
    assert whole.shape == square.shape == (1, 3, 224, 224)
    assert np.abs(whole - square).mean() < 0.02  # of standard deviations: it rounds to pixels


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (223, 225)])
def test_it_takes_every_size(detector: ResNetDetector, size: tuple[int, int]) -> None:
    logprobs = detector.detect(noise(*size), Deadline.never()).logprobs
    assert logprobs.shape == (4,)
    assert np.isfinite(logprobs).all()


@pytest.mark.parametrize("missing", ["model.safetensors", "preprocessor_config.json"])
def test_a_missing_file_is_an_error(models_dir: Path, tmp_path: Path, missing: str) -> None:
    shutil.copytree(models_dir / NAME, tmp_path / NAME)
    (tmp_path / NAME / missing).unlink()
    with pytest.raises(OSError, match=missing):
        create_service(NAME, tmp_path, "cpu").load_model()


def test_a_request_round_trip(detector: ResNetDetector) -> None:
    request = ImageRequest.model_validate_json(request_for(noise(30, 40)).model_dump_json())
    response = detector.predict(request)
    assert sum(np.exp(response.logprobs)) == pytest.approx(1)
