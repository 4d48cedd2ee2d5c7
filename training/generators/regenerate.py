"""Redraw a picture with a learned generator, pixel on pixel: same content, same size.

As AlignedForensics (arXiv 2410.11835) and B-Free (2412.17671) have it, a picture and its own round
trip through a generator differ in nothing but the generator's traces. `GENERATORS` are the ways;
several share a network.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
import torch
from PIL import Image
from torch import nn

from training.generators import keras, ncnn, weights
from training.generators.autoencoder import STRIDE, Autoencoder, perturbed
from training.generators.crispness import as_crisp
from training.generators.graph import Graph, quickened
from training.history import Picture, to_bytes
from training.pack import FILTERS

Redraw: TypeAlias = Callable[[Picture, np.random.Generator], Picture]
NOISE = (0.05, 0.25)  # strength beside latents of spread 0.8: details change, the scene does not
GRID = 12  # pixels: a multiple of every reduction
STEPS = (0.15, 0.6)  # of quantised latents, which go from -3 to 3


@dataclass(frozen=True)
class Generator:
    """How often it is used, the network it needs, and how it is applied.

    `make` takes the network and gives the function that redraws a picture.
    """

    share: float
    network: str
    make: Callable[[nn.Module], Redraw]


def load(folder: Path, names: Collection[str]) -> dict[str, Redraw]:
    """Ready to use, by name; networks that several share are read once.

    Raises:
        weights.MissingWeights: a file is not in `folder`.
    """
    networks = {name: _read(folder, name) for name in {GENERATORS[n].network for n in names}}
    return {name: GENERATORS[name].make(networks[GENERATORS[name].network]) for name in names}


def super_resolution(*reductions: float) -> Callable[[nn.Module], Redraw]:
    """Reduce by one of `reductions`, enlarge with the network, fit to the picture's size."""

    def make(network: nn.Module) -> Redraw:
        def redraw(picture: Picture, rng: np.random.Generator) -> Picture:
            height, width = picture.shape[:2]
            padded = _padded(picture, GRID)  # or the factors would differ, and the pixels drift
            size = padded.shape[:2]
            factor = float(rng.choice(reductions))
            small = _resized(padded, (round(size[0] / factor), round(size[1] / factor)), rng)
            with torch.inference_mode():
                large = _picture(network(_tensor(small)))
            twin = large if large.shape == padded.shape else _resized(large, size, rng)
            return as_crisp(_same_colour(twin[:height, :width], picture), picture)

        return redraw

    return make


def round_trip(
    scale: float = 1.0,
    passes: int = 1,
    *,
    noisy: bool = False,
    quantised: bool = False,
    jittered: bool = False,
) -> Callable[[nn.Module], Redraw]:
    """Through the latents of an autoencoder, the picture being resized by `scale` meanwhile."""

    def make(network: nn.Module) -> Redraw:
        assert isinstance(network, Autoencoder)

        def redraw(picture: Picture, rng: np.random.Generator) -> Picture:
            height, width = picture.shape[:2]
            size = (round(height * scale), round(width * scale))
            image = _resized(picture, size, rng) if scale != 1 else picture
            drawing = perturbed(network, rng) if jittered else network
            for _ in range(passes):
                image = _through(drawing, image, rng, noisy, quantised)
            twin = _resized(image, (height, width), rng) if scale != 1 else image
            return as_crisp(_same_colour(twin, picture), picture)

        return redraw

    return make


def _through(
    network: Autoencoder, picture: Picture, rng: np.random.Generator, noisy: bool, quantised: bool
) -> Picture:
    height, width = picture.shape[:2]
    with torch.inference_mode():
        latents = network.encode(_tensor(_padded(picture, STRIDE)))
        if noisy:
            noise = rng.standard_normal(latents.shape, dtype=np.float32)
            latents = latents + float(rng.uniform(*NOISE)) * torch.from_numpy(noise)
        if quantised:
            step = float(rng.uniform(*STEPS))
            latents = torch.round(latents / step) * step
        return _picture(network.decode(latents))[:height, :width]


# More than half of the shares are the autoencoder's. What takes long is rare: on one core most need
# 0.5 to 2 seconds for 512 x 512 pixels, "larger" and "twice" 4 and "x4plus" 5.
GENERATORS = {
    "taef2": Generator(0.10, "taef2", round_trip()),
    "taef2_noise": Generator(0.07, "taef2", round_trip(noisy=True)),
    "taef2_quantised": Generator(0.07, "taef2", round_trip(quantised=True)),
    "taef2_three_quarters": Generator(0.06, "taef2", round_trip(scale=0.75)),
    "taef2_larger": Generator(0.01, "taef2", round_trip(scale=1.5)),
    "taef2_twice": Generator(0.02, "taef2", round_trip(passes=2)),
    "taef2_jittered": Generator(0.13, "taef2", round_trip(jittered=True)),
    "taef2_jittered_noise": Generator(0.07, "taef2", round_trip(noisy=True, jittered=True)),
    "taef2_jittered_smaller": Generator(0.07, "taef2", round_trip(scale=0.75, jittered=True)),
    "animevideov3": Generator(0.20, "animevideov3", super_resolution(1.5, 2)),
    "esrgan_medium_x2": Generator(0.06, "esrgan_medium_x2", super_resolution(2)),
    "esrgan_medium_x3": Generator(0.03, "esrgan_medium_x3", super_resolution(2)),
    "esrgan_medium_x4": Generator(0.04, "esrgan_medium_x4", super_resolution(2)),
    "realesrgan_x4plus": Generator(0.04, "realesrgan_x4plus", super_resolution(4)),
    "idealo_gan": Generator(0.03, "idealo_gan", super_resolution(3, 4)),
}


def _read(folder: Path, name: str) -> nn.Module:
    paths = weights.find(folder, name)
    network: Autoencoder | Graph
    if name == "taef2":
        network = Autoencoder.read(*paths)
    elif paths[0].suffix == ".param":
        network = ncnn.read(*paths)
    else:
        network = keras.read(paths[0])
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return quickened(network)


def _tensor(picture: Picture) -> torch.Tensor:
    """(1, 3, H, W) float32, 0..1."""
    scaled = torch.from_numpy(picture.astype(np.float32) / 255)
    return scaled.permute(2, 0, 1)[None].contiguous(memory_format=torch.channels_last)


def _picture(tensor: torch.Tensor) -> Picture:
    return to_bytes(tensor[0].float().permute(1, 2, 0).numpy() * 255)


def _resized(picture: Picture, size: tuple[int, int], rng: np.random.Generator) -> Picture:
    """With one of the filters of programs; `size` is (height, width)."""
    method = FILTERS[int(rng.integers(len(FILTERS)))]
    if size[0] > picture.shape[0] and method is Image.Resampling.BOX:
        method = Image.Resampling.BICUBIC  # a box would only repeat pixels
    return np.asarray(Image.fromarray(picture).resize(size[::-1], method))


def _padded(picture: Picture, multiple: int) -> Picture:
    """Mirrored at the right and lower border until both sides divide by `multiple`."""
    bottom, right = (-length % multiple for length in picture.shape[:2])
    padded = cv2.copyMakeBorder(picture, 0, bottom, 0, right, cv2.BORDER_REFLECT)
    return np.asarray(padded, np.uint8)


def _same_colour(twin: Picture, picture: Picture) -> Picture:
    """Move the mean of each channel back to the original's: some of the networks shift it."""
    shift = np.array(cv2.mean(picture)[:3]) - np.array(cv2.mean(twin)[:3])
    return to_bytes(twin + shift.astype(np.float32))
