from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from detector.evidence import VIEWS
from detector.evidence.drawing import PINK

VIEW: Any = VIEWS["block_grid"]


@pytest.mark.parametrize("offset", [(0, 0), (3, 5), (7, 1)])
def test_a_cropped_picture_keeps_its_grid(scene, studio, offset):
    """Cut 3 columns away and the next block begins 5 pixels from the left."""
    left, top = offset
    cropped = np.ascontiguousarray(studio.saved(scene, 70)[top:, left:])
    figures = VIEW.look(cropped).figures
    assert (figures["offset_x"], figures["offset_y"]) == (-left % 8, -top % 8)
    assert figures["same_share"] > 0.9
    assert figures["other_share"] < 0.01


def test_a_jpeg_has_its_own_grid(scene, studio):
    exhibit = VIEW.look(studio.saved(scene, 75), studio.jpeg(scene, 75))
    assert "the file's own blocks" in exhibit.caption
    assert exhibit.figures["same_share"] > 0.9


def test_a_part_pasted_off_the_grid_is_pink(studio):
    scene = studio.scene(768, 1024, noise=1)
    saved = studio.saved(scene, 60)
    image = studio.saved(scene, 60)
    image[256:512, 384:704] = saved[259:515, 386:706]
    exhibit = VIEW.look(image, b"")
    assert (exhibit.figures["other_x"], exhibit.figures["other_y"]) == (6, 5)
    share = 256 * 320 / (768 * 1024)
    assert exhibit.figures["other_share"] == pytest.approx(share, rel=0.5)
    shown = exhibit.image.astype(int)
    pink = (shown[..., 0] - shown[..., 1]) > PINK[0] * 0.3
    assert pink[288:480, 416:672].mean() > 0.9
    assert pink[:200].mean() == 0


def test_pixels_that_were_never_saved_have_no_grid(scene):
    assert "No grid" in VIEW.look(scene).caption
