from __future__ import annotations

import numpy as np
import pytest

from detector.evidence import VIEWS
from detector.evidence.spectrum import Peak

VIEW = VIEWS["spectrum"]


@pytest.mark.parametrize("period", [3, 5, 6])
def test_a_faint_pattern_is_listed_with_its_period(studio, period):
    """What a transposed convolution leaves: every n-th pixel a little brighter."""
    image = studio.scene(1024, 1024).astype(int)
    image[:, ::period] += 3
    exhibit = VIEW.look(np.clip(image, 0, 255).astype(np.uint8))
    assert exhibit.figures["peaks"] >= 1
    harmonics = [period / n for n in range(1, period)]
    assert min(abs(exhibit.figures["period"] - h) for h in harmonics) < 0.05
    assert "across" in exhibit.caption


def test_a_plain_photo_has_no_peaks(studio):
    assert VIEW.look(studio.scene(1024, 1024)).figures["peaks"] == 0


def test_the_grid_of_jpeg_is_told_apart(studio):
    image = studio.scene(1024, 1024).astype(int)
    image[:, ::8] += 5
    figures = VIEW.look(np.clip(image, 0, 255).astype(np.uint8)).figures
    assert figures["jpeg_peaks"] >= 2
    assert figures["peaks"] == 0


def test_few_tiles_are_warned_of(studio):
    assert VIEW.look(studio.scene(300, 300)).warnings
    assert not VIEW.look(studio.scene(1024, 1024)).warnings


def test_a_flat_picture_has_no_frequencies():
    assert VIEW.look(np.full((300, 300, 3), 90, np.uint8)).empty


def test_a_peak_knows_its_period():
    assert Peak(0.25, 0.0, 9.0).period == 4
    assert Peak(0.25, 0.0, 9.0).of_jpeg
    assert not Peak(0.2, 0.0, 9.0).of_jpeg
