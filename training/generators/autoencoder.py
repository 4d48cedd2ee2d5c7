"""TAEF2, the tiny autoencoder of FLUX.2's latent space (madebyollin/taesd, MIT).

It is distilled from the real one: its pictures have been through the same 32 latent channels at an
eighth of the size, and its decoder up-samples as those of latent diffusion do.
"""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from training.generators.graph import Convolution

STRIDE = 8  # pixels per latent, both ways
LATENTS = 32  # channels
WIDTH = 64  # channels of every inner layer
LIMIT = 3.0  # the decoder squashes latents to -3..3
LOG_JITTERS = (np.log(0.03), np.log(0.25))  # of weights: round trips of 35 dB lose 0 to 8 dB


class Autoencoder(nn.Module):
    """Pictures (N, 3, H, W), 0..1, to latents (N, 32, H/8, W/8), and back; sides divide by 8."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            Convolution(3, WIDTH),
            _Block(False),
            *_halving(pooled=False),
            *_halving(pooled=False),
            *_halving(pooled=True),
            Convolution(WIDTH, LATENTS),
        )
        self.decoder = nn.Sequential(
            nn.Identity(),  # the squashing of latents, so that layers are numbered as in the file
            Convolution(LATENTS, WIDTH),
            nn.ReLU(),
            *_doubling(pooled=True),
            *_doubling(pooled=False),
            *_doubling(pooled=False),
            _Block(False),
            Convolution(WIDTH, 3),
        )

    def encode(self, picture: torch.Tensor) -> torch.Tensor:
        latents: torch.Tensor = self.encoder(picture)
        return latents.float()

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        picture: torch.Tensor = self.decoder(torch.tanh(latents / LIMIT) * LIMIT)
        return picture

    @classmethod
    def read(cls, encoder: Path, decoder: Path) -> Autoencoder:
        """With the published weights, `taef2_encoder.pth` and `taef2_decoder.pth`."""
        network = cls()
        for part, path in ((network.encoder, encoder), (network.decoder, decoder)):
            part.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
        return network


def perturbed(network: Autoencoder, rng: np.random.Generator) -> Autoencoder:
    """A decoder of its own: each weight times 1 + s * n, n normal, s drawn.

    Decoders that were trained apart draw alike, and leave traces that differ. One that sees those
    of a single decoder learns these by heart (Jeong et al., "FingerprintNet", ECCV 2022).
    """
    other = copy.deepcopy(network)
    strength = float(np.exp(rng.uniform(*LOG_JITTERS)))
    chance = torch.Generator().manual_seed(int(rng.integers(2**32)))
    with torch.no_grad():
        for part in other.decoder.modules():
            if isinstance(part, Convolution):
                noise = torch.randn(part.weight.shape, generator=chance)
                part.weight.mul_((1 + strength * noise).to(part.weight.dtype))
    return other


class _Block(nn.Module):
    """Three convolutions beside a shortcut; `pooled` ones normalise over the whole picture."""

    def __init__(self, pooled: bool) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            Convolution(WIDTH, WIDTH),
            nn.ReLU(inplace=True),
            Convolution(WIDTH, WIDTH),
            nn.ReLU(inplace=True),
            Convolution(WIDTH, WIDTH),
        )
        self.pool = (
            nn.Sequential()
            if not pooled
            else nn.Sequential(
                Convolution(WIDTH, 4 * WIDTH, side=1, bias=False),
                nn.GroupNorm(4, 4 * WIDTH),
                nn.ReLU(inplace=True),
                Convolution(4 * WIDTH, WIDTH, side=1, bias=False),
            )
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if len(self.pool):
            x = x + self.pool(x)
        return functional.relu(self.conv(x) + x)


def _halving(pooled: bool) -> list[nn.Module]:
    down = Convolution(WIDTH, WIDTH, stride=2, bias=False)
    return [down, _Block(pooled), _Block(pooled), _Block(pooled)]


def _doubling(pooled: bool) -> list[nn.Module]:
    up = Convolution(WIDTH, WIDTH, bias=False)
    return [_Block(pooled), _Block(pooled), _Block(pooled), nn.Upsample(scale_factor=2), up]
