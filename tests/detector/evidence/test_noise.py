from __future__ import annotations

from typing import Any

import cv2

from detector.evidence import VIEWS

VIEW: Any = VIEWS["noise"]


def test_a_smoothed_part_is_dark(scene):
    image = scene.copy()
    image[100:300, 100:300] = cv2.GaussianBlur(image, (0, 0), 3)[100:300, 100:300]
    shown = VIEW.look(image).image
    assert shown[110:290, 110:290].mean() < 0.3 * shown[320:].mean()


def test_stronger_grain_is_a_larger_residual(studio):
    faint, strong = (VIEW.look(studio.scene(noise=n)).figures["mean_residual"] for n in (1, 8))
    assert strong > 2 * faint


def test_a_picture_without_grain_is_said_to_have_none(scene):
    assert VIEW.look(cv2.GaussianBlur(scene, (0, 0), 8)).warnings
    assert not VIEW.look(scene).warnings
