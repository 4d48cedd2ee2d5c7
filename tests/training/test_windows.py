from __future__ import annotations

import numpy as np

from training import windows


def test_the_margin_does_not_change_what_is_in_sight() -> None:
    window = (slice(37, 101), slice(0, 64))
    outer, inner = windows.with_margin(window, (120, 90))
    field = np.arange(120 * 90).reshape(120, 90)
    np.testing.assert_array_equal(field[outer][inner], field[window])
    assert all(span.start % 8 == 0 for span in outer)
    assert outer[0].start <= 37 - windows.MARGIN
    assert outer[1].stop == 64 + windows.MARGIN


def test_a_window_round_a_small_region_shows_it_mostly() -> None:
    mask = np.zeros((300, 400), np.uint8)
    mask[20:30, 350:365] = 1
    draws = [windows.cut(mask, 128, np.random.default_rng(seed), local=True) for seed in range(60)]
    assert all(mask[window].shape == (128, 128) for window in draws)
    assert np.mean([mask[window].any() for window in draws]) > 0.85


def test_picture_and_mask_are_resized_together() -> None:
    mask = np.zeros((200, 300), np.uint8)
    mask[50:100, 100:200] = 2
    image = np.repeat(mask[..., None] * 100, 3, 2)
    smaller, region = windows.resized(image, mask, 0.5, 64, np.random.default_rng(0))
    assert smaller.shape[:2] == region.shape == (100, 150)
    assert region[30:45, 60:90].all()
    assert (region[:20] == 0).all()
    kept, _ = windows.resized(image, mask, 0.1, 160, np.random.default_rng(0))
    assert min(kept.shape[:2]) == 160
