from __future__ import annotations

import numpy as np
import pytest

from detector.evidence import VIEWS
from detector.evidence.double_compression import comb_of

VIEW = VIEWS["double_compression"]


@pytest.mark.parametrize("qualities", [(60, 85), (70, 90), (80, 95)])
def test_a_second_save_leaves_a_comb(scene, studio, qualities):
    first = studio.saved(scene, qualities[0])
    exhibit = VIEW.look(studio.saved(first, qualities[1]), studio.jpeg(first, qualities[1]))
    assert exhibit.figures["combs"] >= 0.8 * exhibit.figures["measured"] > 0
    assert "saved as JPEG before, at another quality" in exhibit.caption
    assert exhibit.chart is not None


@pytest.mark.parametrize("quality", [80, 90, 95])
def test_a_single_save_leaves_none(scene, studio, quality):
    exhibit = VIEW.look(studio.saved(scene, quality), studio.jpeg(scene, quality))
    assert exhibit.figures["combs"] < 2
    assert "no clear sign" in exhibit.caption


def test_a_former_jpeg_is_known_by_its_steps(scene, studio):
    exhibit = VIEW.look(studio.saved(scene, 75))  # as it would come in a PNG
    assert exhibit.figures["combs"] == exhibit.figures["measured"]
    assert "before it became this file" in exhibit.caption
    assert VIEW.look(scene).figures["combs"] < 2


@pytest.mark.parametrize("period", [2.0, 2.5, 3.0, 5.0])
def test_the_period_of_a_comb_is_measured(period):
    levels = np.arange(-40, 41)
    expected = 4000 * np.exp(-np.abs(levels) / 15)
    counts = expected * (1 + 0.7 * np.cos(2 * np.pi * levels / period))
    comb = comb_of(counts, expected)
    assert comb.found
    assert comb.period == pytest.approx(period, rel=0.04)


def test_chance_is_no_comb():
    rng = np.random.default_rng(5)
    expected = 4000 * np.exp(-np.abs(np.arange(-40, 41)) / 15)
    found = [comb_of(rng.poisson(expected).astype(float), expected).found for _ in range(50)]
    assert sum(found) == 0
