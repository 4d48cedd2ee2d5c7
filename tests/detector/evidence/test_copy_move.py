from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from detector.evidence import VIEWS

VIEW: Any = VIEWS["copy_move"]


def test_a_copied_patch_is_found_with_its_displacement(scene):
    image = scene.copy()
    image[300:440, 400:560] = scene[100:240, 60:220]
    exhibit = VIEW.look(image)
    assert exhibit.figures["matches"] >= 20
    assert exhibit.figures["dx"] == pytest.approx(340, abs=1)
    assert exhibit.figures["dy"] == pytest.approx(200, abs=1)
    assert exhibit.figures["scale"] == pytest.approx(1, abs=0.02)
    assert not np.array_equal(exhibit.image, image)  # lines are drawn


def test_a_turned_copy_is_found_with_its_angle(scene):
    patch = scene[60:260, 40:240]
    turn = cv2.getRotationMatrix2D((100, 100), -30, 1.0)
    turned = cv2.warpAffine(patch, turn, (200, 200))
    image = scene.copy()
    image[290:430, 410:550] = turned[30:170, 30:170]
    figures = VIEW.look(image).figures
    assert abs(figures["angle"]) == pytest.approx(30, abs=2)


def test_a_picture_without_copies_has_no_group(scene):
    exhibit = VIEW.look(scene)
    assert exhibit.figures["groups"] == 0
    np.testing.assert_array_equal(exhibit.image, scene)


def test_displacements_are_in_stored_pixels(studio):
    image = studio.scene(1200, 2000)
    image[700:1000, 1300:1700] = image[100:400, 100:500]
    figures = VIEW.look(image).figures
    assert figures["dx"] == pytest.approx(1200, abs=4)
    assert figures["dy"] == pytest.approx(600, abs=4)
