from __future__ import annotations

import numpy as np
import pytest

from detector.regions import find_regions


def test_no_mark_no_region():
    assert find_regions(np.zeros((20, 30), dtype=bool)) == []


def test_boxes_shares_and_scores_largest_first():
    mask = np.zeros((100, 200), dtype=bool)
    mask[10:20, 20:60] = True
    mask[50:90, 100:180] = True
    manipulation = np.full((100, 200), 0.1, np.float32)
    manipulation[10:20, 20:60] = 0.9
    manipulation[50:90, 100:180] = 0.6
    large, small = find_regions(mask, manipulation)
    assert large.box == pytest.approx((0.5, 0.5, 0.9, 0.9))
    assert small.box == pytest.approx((0.1, 0.1, 0.2, 0.3))
    assert (large.share, small.share) == pytest.approx((0.16, 0.02))
    assert (large.score, small.score) == pytest.approx((0.6, 0.9), abs=1e-3)


def test_the_share_is_the_regions_own_not_its_box_s():
    mask = np.eye(50, dtype=bool)  # touches at corners alone
    (region,) = find_regions(mask)
    assert region.box == (0.0, 0.0, 1.0, 1.0)
    assert region.share == pytest.approx(1 / 50)
    assert region.score is None


def test_a_large_mask_is_counted_in_blocks():
    mask = np.zeros((3000, 4001), dtype=bool)
    mask[600:1200, 900:1800] = True
    mask[2000:2001, 4000:4001] = True
    large, small = find_regions(mask, np.ones((30, 40), np.float32))
    assert large.box == pytest.approx((0.2, 0.225, 0.4, 0.45), abs=0.002)
    assert large.share == pytest.approx(600 * 900 / mask.size, rel=0.01)
    assert small.box[2] - small.box[0] < 0.002
    assert small.score == pytest.approx(1.0)
