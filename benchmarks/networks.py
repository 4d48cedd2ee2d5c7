"""Other detectors' cost on the same pictures: how long, not how well.

photoholmes, which collects the field's methods, is not on PyPI and asks for torchvision; two of its
methods stand in, written from their papers to time their kind:

- `double_quantisation`: DQ of Lin et al. 2009 (Pattern Recognition 42), the periods in histograms
  of DCT coefficients. Blocks are transformed anew from the decoded luminance.
- `TruForSized`: Noiseprint++ (a DnCNN of 17 layers at full resolution), two MiT-B2 encoders and two
  all-MLP decoders, as in Guillaro et al. 2023 (CVPR), with random weights and without the
  cross-modal fusion: a little cheaper than the original.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FREQUENCIES = ((0, 1), (1, 0), (2, 0), (1, 1), (0, 2), (0, 3), (1, 2), (2, 1), (3, 0), (0, 0))
LARGEST_PERIOD = 20  # of a histogram, in quantisation steps, as in the paper's experiments
STEP = 2  # a low frequency's quantisation at quality 90


def double_quantisation(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(H // 8, W // 8) posterior of a block being tampered with."""
    from scipy.fft import dctn

    luminance = image @ np.array([0.299, 0.587, 0.114]) - 128
    height, width = (side // 8 * 8 for side in luminance.shape)
    blocks = luminance[:height, :width].reshape(height // 8, 8, width // 8, 8).swapaxes(1, 2)
    coefficients = np.rint(dctn(blocks, axes=(2, 3), norm="ortho") / STEP).astype(int)
    tampered = np.zeros(blocks.shape[:2])
    for row, column in FREQUENCIES:
        values = coefficients[:, :, row, column]
        low = int(values.min())
        histogram = np.bincount((values - low).ravel()).astype(float)
        period = _period(histogram)
        if period == 1:
            continue
        index = values - low
        windows = np.lib.stride_tricks.sliding_window_view(
            np.pad(histogram, (period // 2, period)), period
        )
        untouched = histogram / np.maximum(windows.sum(1)[: len(histogram)], 1)
        tampered -= np.log((untouched[index] + 1e-6) / (untouched[index] + 1 / period))
    return np.asarray(1 / (1 + np.exp(-tampered)))


def _period(histogram: NDArray[np.float64]) -> int:
    peak = int(histogram.argmax())
    sums = [histogram[peak % period :: period].mean() for period in range(1, LARGEST_PERIOD)]
    return int(np.argmax(sums)) + 1


def trufor_sized() -> Any:
    """A torch module of TruFor's size: (1, 3, H, W) float in 0..1 to (1, 1, H/4, W/4)."""
    import torch
    from torch import nn
    from transformers import SegformerConfig, SegformerForSemanticSegmentation

    config = SegformerConfig(  # MiT-B2
        depths=[3, 4, 6, 3],
        hidden_sizes=[64, 128, 320, 512],
        decoder_hidden_size=512,
    )
    config.num_labels = 1

    class TruForSized(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            layers: list[nn.Module] = [nn.Conv2d(3, 64, 3, padding=1), nn.ReLU()]
            for _ in range(15):
                layers += [nn.Conv2d(64, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU()]
            self.noiseprint = nn.Sequential(*layers, nn.Conv2d(64, 1, 3, padding=1))
            self.colour = SegformerForSemanticSegmentation(config)
            self.noise = SegformerForSemanticSegmentation(config)

        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            noise = self.noiseprint(pixels).expand(-1, 3, -1, -1)
            scores: torch.Tensor = self.colour(pixels).logits + self.noise(noise).logits
            return scores

    torch.manual_seed(0)
    return TruForSized().eval()


def judge(network: Any, image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Run `trufor_sized()` on a picture."""
    import torch

    with torch.inference_mode():
        pixels = torch.from_numpy(image.copy()).permute(2, 0, 1)[None].float() / 255
        return np.asarray(network(pixels)[0, 0])
