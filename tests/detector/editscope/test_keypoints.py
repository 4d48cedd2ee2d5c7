from __future__ import annotations

import cv2
import numpy as np
import pytest

from detector.editscope.keypoints import NEAR, _blank, match_within
from tests.detector.editscope.copies import texture


def test_a_moved_patch_gives_matches_with_its_displacement() -> None:
    gray = texture(240, 320, seed=0)
    gray[120:200, 200:280] = gray[20:100, 30:110]
    matches = match_within(gray)
    assert len(matches) > 10
    shift = matches.second - matches.first
    shift *= np.sign(shift[:, 1:])  # downwards, whichever came first
    moved = np.hypot(*(shift - [170, 100]).T) < 2
    assert moved.mean() > 0.8
    assert np.median(matches.scale[moved]) == pytest.approx(1, abs=0.05)


def test_both_ways_turns_each_pair_round() -> None:
    gray = texture(200, 200, seed=1)
    gray[110:180, 110:180] = gray[10:80, 10:80]
    matches = match_within(gray)
    both = matches.both_ways()
    count = len(matches)
    assert len(both) == 2 * count > 0
    np.testing.assert_array_equal(both.first[count:], matches.second)
    np.testing.assert_allclose(both.scale[count:] * matches.scale, 1)
    np.testing.assert_array_equal(both.turn[count:], -matches.turn)


def test_neighbours_never_match() -> None:
    matches = match_within(np.tile(texture(16, 16, seed=2), (10, 10)))
    distance = np.hypot(*(matches.second - matches.first).T)
    assert (distance >= NEAR).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (8, 8), (64, 3)])
def test_pictures_without_keypoints_have_no_matches(size: tuple[int, int]) -> None:
    assert len(match_within(np.full(size, 90, np.uint8))) == 0
    noise = np.random.default_rng(0).integers(0, 256, size, dtype=np.uint8)
    assert len(match_within(np.asarray(cv2.blur(noise, (3, 3)), np.uint8))) == 0


def test_near_points_are_blanked_wherever_they_are_in_the_list() -> None:
    rng = np.random.default_rng(5)
    points = (rng.random((700, 2)) * 300).astype(np.float32)
    points = points[np.argsort(points[:, 1])]
    some = (rng.random((300, 2)) * 300).astype(np.float32)
    cosines = np.ones((300, 700), np.float32)
    _blank(cosines, some, points)
    near = np.hypot(*(some[:, None] - points).transpose(2, 0, 1)) < NEAR
    assert 0 < near.sum() < near.size
    np.testing.assert_array_equal(cosines == -1, near)
