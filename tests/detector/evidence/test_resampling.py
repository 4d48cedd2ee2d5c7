from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from detector.evidence import VIEWS

VIEW: Any = VIEWS["resampling"]


@pytest.mark.parametrize("factor", [1.3, 1.5, 1.8])
@pytest.mark.parametrize("kernel", [cv2.INTER_LINEAR, cv2.INTER_CUBIC])
def test_enlarging_leaves_its_rhythm(scene, factor, kernel):
    large = cv2.resize(scene, None, fx=factor, fy=factor, interpolation=kernel)
    figures = VIEW.look(large).figures
    basic = 1 / factor
    harmonics = [abs(n * basic - round(n * basic)) for n in (1, 2, 3)]
    for name in ("frequency_across", "frequency_down"):
        assert min(abs(figures[name] - h) for h in harmonics) < 0.005


@pytest.mark.parametrize("kernel", [cv2.INTER_NEAREST, cv2.INTER_LINEAR])
def test_doubling_has_period_two(scene, kernel):
    large = cv2.resize(scene, None, fx=2, fy=2, interpolation=kernel)
    exhibit = VIEW.look(large)
    assert exhibit.figures["frequency_across"] == pytest.approx(0.5)
    assert exhibit.figures["frequency_down"] == pytest.approx(0.5)
    assert "across every 2 px (fits \u00d72)" in exhibit.caption


def test_it_survives_a_good_jpeg(scene, studio):
    large = cv2.resize(scene, None, fx=1.5, fy=1.5, interpolation=cv2.INTER_LINEAR)
    assert "frequency_across" in VIEW.look(studio.saved(large, 95)).figures


@pytest.mark.parametrize("quality", [60, 80, 95])
def test_the_grid_of_jpeg_is_no_rhythm(scene, studio, quality):
    assert VIEW.look(studio.saved(scene, quality)).figures == {}


def test_a_picture_as_taken_has_none(studio):
    for seed in range(3):
        assert VIEW.look(studio.scene(seed=seed)).figures == {}


def test_a_long_thin_picture_is_measured_along_its_length():
    strip = np.random.default_rng(0).integers(0, 256, (20, 400, 3), dtype=np.uint8)
    assert VIEW.look(strip).chart.shape == (360, 960, 3)
