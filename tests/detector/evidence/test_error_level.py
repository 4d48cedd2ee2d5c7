from __future__ import annotations

from typing import Any

import numpy as np

from detector.evidence import VIEWS

VIEW: Any = VIEWS["error_level"]


def test_a_part_saved_at_another_quality_stands_out(scene, studio):
    """The paste was saved at 60: saved again at 60 it changes least."""
    image = scene.copy()
    image[128:256, 160:320] = studio.saved(scene, 60)[128:256, 160:320]
    shown = VIEW.look(image, b"", 60).image.mean(axis=2)
    inside = shown[136:248, 168:312].mean()
    outside = np.concatenate([shown[:120].ravel(), shown[264:].ravel()]).mean()
    assert inside < 0.6 * outside


def test_a_picture_saved_at_this_quality_hardly_changes(scene, studio):
    saved = studio.saved(scene, 75)
    again, other = (VIEW.look(saved, b"", quality) for quality in (75, 90))
    assert again.figures["mean_change"] < other.figures["mean_change"]
    assert again.figures["mean_change"] < 0.5 * VIEW.look(scene, b"", 75).figures["mean_change"]


def test_strips_show_what_the_whole_would(studio, monkeypatch):
    from detector.evidence import pixels

    image = studio.scene(700, 900)
    whole = VIEW.look(image).image
    monkeypatch.setattr(pixels, "STRIP_PIXELS", 200_000)
    cut = VIEW.look(image).image
    assert cut.shape == whole.shape
    assert np.mean(cut != whole) < 0.02  # colour is smoothed across a strip's edge


def test_a_large_picture_is_shown_at_screen_size(studio):
    image = np.tile(studio.scene(200, 250), (9, 14, 1))
    assert VIEW.look(image).image.shape == (600, 1166, 3)
