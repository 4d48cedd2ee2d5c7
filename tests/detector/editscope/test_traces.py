from __future__ import annotations

import numpy as np
import torch
from scipy.fft import dctn

from detector.editscope.traces import BlockDCT, NoiseResidual


def test_noise_residual_is_blind_to_flat_and_linear_pictures() -> None:
    ramp = torch.arange(32.0).repeat(32, 1)[None, None].repeat(1, 3, 1, 1) * 2
    residual = NoiseResidual()(ramp)
    assert residual.shape == (1, 9, 32, 32)
    assert residual[..., 4:-4, 4:-4].abs().max() < 1e-5


def test_noise_residual_sees_a_single_pixel_and_is_clamped() -> None:
    picture = torch.zeros(1, 3, 16, 16)
    picture[0, 0, 8, 8] = 200
    residual = NoiseResidual()(picture)
    assert residual[0, :3, 8, 8].abs().tolist() == [1, 1, 1]
    assert residual[0, 3:].abs().max() == 0


def test_block_dct_agrees_with_scipy() -> None:
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (16, 24, 3)).astype(np.float32)
    features = BlockDCT()(torch.from_numpy(picture).permute(2, 0, 1)[None])
    assert features.shape == (1, 128, 2, 3)
    luma = picture @ np.array([0.299, 0.587, 0.114], np.float32) - 128
    expected = np.abs(dctn(luma[8:16, 16:24], norm="ortho")).ravel()
    got = np.expm1(features[0, 64:, 1, 2].numpy() * 3)
    np.testing.assert_allclose(got, expected, rtol=1e-3, atol=1e-2)
