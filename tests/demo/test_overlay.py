from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from demo import overlay


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_a_small_picture_is_shown_lossless():
    image = np.random.default_rng(0).integers(0, 256, (30, 50, 3), dtype=np.uint8)
    data, suffix = overlay.picture(image)
    assert suffix == ".png"
    np.testing.assert_array_equal(np.asarray(opened(data)), image)


@pytest.mark.parametrize(
    ("shape", "size"),
    [((3000, 4000), (1600, 1200)), ((1601, 1), (1, 1600)), ((1, 5000), (1600, 1))],
)
def test_a_large_picture_is_reduced(shape, size):
    data, suffix = overlay.picture(np.zeros((*shape, 3), dtype=np.uint8))
    assert suffix == ".jpg"
    assert opened(data).size == size


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 5000), (300, 451), (1200, 1600), (3000, 4000), (4000, 3000)]
)
@pytest.mark.parametrize("orientation", [1, 6])
def test_layers_have_the_aspect_of_the_picture(shape, orientation):
    mask = np.zeros(shape, dtype=bool)
    mask[0, 0] = True
    picture, _ = overlay.picture(np.zeros((*shape, 3), dtype=np.uint8), orientation)
    expected = opened(picture).size
    heat = overlay.heat(np.zeros((20, 30), dtype=np.float32), shape, orientation)
    layers = overlay.marked(mask, orientation), overlay.mask_only(mask, orientation), heat
    for layer in layers:
        image = opened(layer)
        assert image.format == "PNG"
        assert image.width * expected[1] == image.height * expected[0]
        assert max(image.size) <= overlay.MAX_SIDE or max(image.size) < 2 * overlay.MIN_LAYER_SIDE


def test_the_tint_lies_on_the_mask_and_nowhere_else():
    mask = np.zeros((900, 1200), dtype=bool)
    mask[100:300, 200:500] = True
    layer = np.asarray(opened(overlay.marked(mask)).convert("RGBA"))
    assert layer.shape == (900, 1200, 4)
    assert tuple(layer[200, 350]) == (*overlay.TINT, overlay.TINT_ALPHA)
    assert tuple(layer[100, 350]) == (*overlay.TINT, 255)
    assert tuple(layer[99, 350]) == (255, 255, 255, 200)
    assert not layer[:98, :, 3].any()
    assert not layer[302:, :, 3].any()
    np.testing.assert_array_equal(np.asarray(opened(overlay.mask_only(mask))) > 0, mask)


def test_the_outline_does_not_run_along_the_border():
    layer = np.asarray(opened(overlay.marked(np.ones((900, 900), dtype=bool))).convert("RGBA"))
    assert (layer[..., 3] == overlay.TINT_ALPHA).all()


def test_the_layer_turns_with_the_picture():
    mask = np.zeros((1000, 1200), dtype=bool)
    mask[:100, :100] = True  # stored upper left; orientation 6 shows it upper right
    layer = np.asarray(opened(overlay.marked(mask, 6)).convert("RGBA"))
    assert layer.shape == (1200, 1000, 4)
    assert layer[50, 950, 3]
    assert not layer[50, 50, 3]


def test_one_marked_pixel_of_a_large_picture_stays_visible():
    mask = np.zeros((4000, 6000), dtype=bool)
    mask[1234, 4321] = True
    layer = np.asarray(opened(overlay.marked(mask)).convert("RGBA"))
    assert layer[1234 * layer.shape[0] // 4000, 4321 * layer.shape[1] // 6000, 3] == 255


def test_heat_is_brighter_and_denser_where_the_map_is_higher():
    ramp = np.linspace(0, 1, 64, dtype=np.float32)[None, :].repeat(32, axis=0)
    layer = np.asarray(opened(overlay.heat(ramp, (600, 1200))).convert("RGBA")).astype(int)
    assert layer.shape == (600, 1200, 4)
    lightness = layer[300, ::60, :3] @ np.array([299, 587, 114])
    assert (np.diff(lightness) >= 0).all()
    assert layer[300, 0, 3] < layer[300, -1, 3] == 255


def test_the_map_travels_as_grey_and_turned_with_the_picture():
    ramp = np.linspace(0, 1, 60, dtype=np.float32)[None, :].repeat(40, axis=0)
    image = opened(overlay.soft(ramp))
    assert (image.mode, image.size) == ("L", (60, 40))
    np.testing.assert_allclose(np.asarray(image) / 255, ramp, atol=0.5 / 255 + 1e-6)
    turned = np.asarray(opened(overlay.levels(ramp, 6)))
    np.testing.assert_array_equal(turned, np.asarray(image).T[:, ::-1])


def test_the_map_of_a_huge_picture_is_reduced():
    image = opened(overlay.soft(np.ones((1500, 4000), dtype=np.float32)))
    assert max(image.size) == overlay.MAX_SIDE
    assert np.asarray(image).min() == 255
