from __future__ import annotations

import numpy as np
import pytest

from tests.training.conftest import scene
from training import postprocess
from training.postprocess import TRANSFORMS, apply, follow


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return scene(0, 120, 161)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_every_transform_gives_a_picture_and_repeats_itself(name: str, picture: np.ndarray) -> None:
    first = apply(name, picture, seed=0)
    assert first.dtype == np.uint8
    assert first.ndim == 3
    np.testing.assert_array_equal(first, apply(name, picture, seed=0))
    assert np.array_equal(first, picture) == (name == "none")


@pytest.mark.parametrize(
    ("name", "size"),
    [("resize 0.5", (60, 80)), ("resize 0.75", (90, 121)), ("resize 1.5", (180, 242)),
     ("screenshot", (100, 134)), ("JPEG 60", (120, 161)), ("blur", (120, 161))],
)  # fmt: skip
def test_the_mask_gets_the_size_of_the_picture(
    name: str, size: tuple[int, int], picture: np.ndarray
) -> None:
    mask = np.zeros(picture.shape[:2], dtype=bool)
    mask[:60, :80] = True
    image = apply(name, picture, seed=0)
    followed = follow(mask, image)
    assert image.shape[:2] == followed.shape == size
    assert followed.mean() == pytest.approx(mask.mean(), abs=0.01)
    assert followed[0, 0]
    assert not followed[-1, -1]


def test_lower_quality_is_further_from_the_original(picture: np.ndarray) -> None:
    distances = [
        np.abs(apply(name, picture, 0).astype(int) - picture).mean()
        for name in ("JPEG 90", "JPEG 75", "JPEG 60")
    ]
    assert distances == sorted(distances)


def test_noise_has_its_strength_and_depends_on_the_seed() -> None:
    grey = np.full((200, 200, 3), 128, np.uint8)
    noisy = apply("noise", grey, seed=0)
    assert noisy.std() == pytest.approx(postprocess.NOISE_SIGMA, rel=0.05)
    assert not np.array_equal(noisy, apply("noise", grey, seed=1))
