from __future__ import annotations

import numpy as np
import torch
from scipy.fft import dctn

from detector.editscope.traces import (
    BINNED,
    BINS,
    BlockDCT,
    NoiseResidual,
    dct_basis,
    low_frequencies,
    residual_kernels,
)


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
    assert features.shape == (1, 800, 2, 3)
    luma = picture @ np.array([0.299, 0.587, 0.114], np.float32) - 128
    expected = np.abs(dctn(luma[8:16, 16:24], norm="ortho")).ravel()
    got = np.expm1(features[0, 64:128, 1, 2].numpy() * 3)
    np.testing.assert_allclose(got, expected, rtol=1e-3, atol=1e-2)


def test_residual_kernels_are_exact_in_bf16_and_blind_to_brightness_there() -> None:
    kernels = residual_kernels(torch.device("cpu"), torch.float32)
    assert torch.equal(kernels.bfloat16().float(), kernels)
    assert kernels.abs().amax((1, 2, 3)).tolist() == [12.0] * 9
    bright = torch.full((1, 3, 16, 16), 250.0)
    with torch.autocast("cpu", torch.bfloat16):
        assert NoiseResidual()(bright).abs().max() == 0


def test_the_lowest_frequencies_come_first() -> None:
    order = low_frequencies(torch.device("cpu")).tolist()
    assert order[:6] == [0, 1, 8, 2, 9, 16]  # (0,0) (0,1) (1,0) (0,2) (1,1) (2,0)
    assert len(set(order)) == BINNED
    assert 63 not in order


def test_bins_tell_the_quantization_step() -> None:
    """A block whose (0, 1) coefficient is 3 steps of 4: bin 12 of the second frequency."""
    basis = dct_basis(torch.device("cpu"), torch.float32)[1, 0]
    picture = (128 - 12.2 * basis)[None, None].repeat(1, 3, 1, 1)
    for amp in (False, True):
        with torch.autocast("cpu", torch.bfloat16, enabled=amp):
            bins = BlockDCT()(picture)[0, 128:, 0, 0].view(BINNED, BINS)
        assert bins.sum(1).tolist() == [1.0] * BINNED
        assert bins.argmax(1).tolist() == [0, 12] + [0] * (BINNED - 2)


def test_the_last_bin_holds_all_that_is_larger() -> None:
    flat = torch.full((1, 3, 8, 8), 255.0)
    bins = BlockDCT()(flat)[0, 128:, 0, 0].view(BINNED, BINS)
    assert bins[0].argmax() == BINS - 1  # 8 x 127
