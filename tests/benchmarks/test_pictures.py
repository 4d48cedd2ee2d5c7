from __future__ import annotations

import numpy as np
import pytest

from benchmarks import machine, networks, pictures
from detector import ImageRequest, decode


@pytest.mark.parametrize("megapixels", [0.01, 0.05, 1])
def test_a_picture_has_the_size_asked_for(megapixels: float) -> None:
    body = ImageRequest.model_validate_json(pictures.body(megapixels))
    height, width, _ = decode(body.image.to_bytes()).shape
    assert height * width == pytest.approx(megapixels * 1e6, rel=0.02)
    assert width / height == pytest.approx(4 / 3, rel=0.02)


def test_pictures_are_the_same_in_every_run_and_differ_by_seed() -> None:
    assert pictures.jpeg(0.01) == pictures.jpeg(0.01)
    assert pictures.jpeg(0.01, 1) != pictures.jpeg(0.01, 2)


def test_double_quantisation_gives_a_probability_for_each_block() -> None:
    scores = networks.double_quantisation(pictures.pixels(0.05))
    height, width, _ = pictures.pixels(0.05).shape
    assert scores.shape == (height // 8, width // 8)
    assert ((scores >= 0) & (scores <= 1)).all()
    assert np.isfinite(scores).all()


def test_the_machine_is_described_without_names() -> None:
    about = machine.describe()
    assert about["cpus"] >= 1
    assert "/" not in str(about["packages"])
    assert set(about["instructions"]) <= set(machine.FLAGS)
