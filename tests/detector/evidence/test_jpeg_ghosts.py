from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from detector.evidence import VIEWS
from detector.evidence.jpeg_ghosts import QUALITIES

VIEW: Any = VIEWS["jpeg_ghosts"]


@pytest.mark.parametrize(("first", "second"), [(50, 85), (60, 90), (75, 95)])
def test_the_first_quality_of_two_is_found(scene, studio, first, second):
    data = studio.jpeg(studio.saved(scene, first), second)
    figures = VIEW.look(studio.saved(studio.saved(scene, first), second), data).figures
    assert abs(figures["primary_quality"] - first) <= 2
    assert figures["last_quality"] == second
    assert figures["ghost_share"] > 0.9


@pytest.mark.parametrize("quality", [70, 85, 95])
def test_a_single_save_has_no_earlier_one(scene, studio, quality):
    figures = VIEW.look(studio.saved(scene, quality), studio.jpeg(scene, quality)).figures
    assert figures["ghost_share"] < 0.01
    assert "primary_quality" not in figures


def test_pixels_that_were_never_saved_have_none(scene):
    assert VIEW.look(scene).figures == {"ghost_share": 0.0}


def test_the_pasted_part_is_the_ghost(scene, studio):
    image = scene.copy()
    image[128:320, 192:448] = studio.saved(scene, 60)[128:320, 192:448]
    exhibit = VIEW.look(studio.saved(image, 92), studio.jpeg(image, 92))
    assert abs(exhibit.figures["commonest_quality"] - 60) <= 2
    assert exhibit.figures["ghost_share"] == pytest.approx(192 * 256 / (512 * 640), rel=0.3)
    shown = exhibit.image.astype(int)
    vivid = np.ptp(shown, axis=2) > 40  # blocks without a ghost are grey
    scale = len(shown) / 512
    rows, columns = (slice(round(a * scale), round(b * scale)) for a, b in ((144, 304), (208, 432)))
    assert vivid[rows, columns].mean() > 0.95
    assert vivid[: round(100 * scale)].mean() < 0.02


def test_of_a_large_picture_some_blocks_are_enough(studio):
    image = np.tile(studio.scene(512, 512), (4, 4, 1))
    exhibit = VIEW.look(studio.saved(image, 63))
    assert "One in 2 rows" in exhibit.caption
    assert exhibit.figures["primary_quality"] in QUALITIES
    assert abs(exhibit.figures["primary_quality"] - 63) <= 2
