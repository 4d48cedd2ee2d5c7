"""Regions and pictures redrawn the way generators draw: through a bottleneck and an up-sampler.

Twins made by trained generators (`training.twins`) are the better half of it. The other half are
proxies: random, untrained decoders that leave what real ones leave (interpolated spectra, periodic
kernels, lost sensor noise, invented fine texture), aligned with the pixels around them.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from training.edits import blend
from training.history import Picture, to_bytes
from training.masks import Mask, random_mask
from training.pool import Scene
from training.removal import cover

RE_ENCODED_SHARE = 0.4  # of the inpainted: left as the decoder drew them, every pixel changed


def redraw(picture: Picture, rng: np.random.Generator) -> Picture:
    """The whole picture, (H, W, 3) uint8, decoded from a version two to four times smaller."""
    factor = int(rng.choice([2, 3, 4], p=[0.6, 0.15, 0.25]))
    height, width = picture.shape[:2]
    size = (max(8, width // factor), max(8, height // factor))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    if rng.random() < 0.4:  # quantised latents
        step = float(rng.uniform(2, 10))
        small = np.rint(small / step) * step
    large = _up(small, (height, width), factor, rng)
    return to_bytes(_texture(large, picture, rng))


def local(scene: Scene, rng: np.random.Generator) -> tuple[Picture, Mask]:
    """Redraw a region, by the scene's generator where it has a twin; the rest stays as it is.

    Returns the picture and its (H, W) bool mask.
    """
    base = scene.image
    mask = random_mask(base.shape[:2], rng, scene.shapes)
    return blend(base, whole(scene, rng), mask, rng, hard=0.4), mask


def fill(scene: Scene, rng: np.random.Generator) -> tuple[Picture, Mask]:
    """Put something else in a region's place, drawn by a decoder, as inpainting networks do.

    Returns the picture and its (H, W) bool mask.
    """
    base = scene.image
    mask = random_mask(base.shape[:2], rng, scene.shapes)
    layer = redraw(cover(base, mask, rng), rng)
    return blend(base, layer, mask, rng, hard=0.6), mask


def inpainted(scene: Scene, rng: np.random.Generator) -> tuple[Picture, Mask]:
    """The region that the scene's twin shows anew: pasted back, or amid the re-encoded rest.

    Returns the picture and its (H, W) bool mask.
    """
    assert scene.twin is not None
    assert scene.region is not None
    if rng.random() < RE_ENCODED_SHARE:
        return scene.twin, scene.region
    return blend(scene.image, scene.twin, scene.region, rng, hard=0.5), scene.region


def whole(scene: Scene, rng: np.random.Generator) -> Picture:
    """The same picture from a generator: its twin, or an up-sampler's version."""
    if scene.twin is not None:
        return scene.twin
    layer = redraw(scene.image, rng)
    return redraw(layer, rng) if rng.random() < 0.3 else layer


def _up(
    small: NDArray[np.float32], size: tuple[int, int], factor: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """One of the up-samplers of neural decoders, with its own spectrum."""
    target = size[::-1]
    kind = rng.random()
    if kind < 0.35:  # transposed convolution: zeros between the samples, then one learned kernel
        wide = np.zeros((small.shape[0] * factor, small.shape[1] * factor, 3), np.float32)
        wide[::factor, ::factor] = small * factor**2
        side = 2 * factor + 1
        axis = cv2.getGaussianKernel(side, factor * float(rng.uniform(0.40, 0.60)))
        kernel = (axis @ axis.T) * np.exp(rng.normal(0, 0.06, (side, side)))
        large = cv2.filter2D(wide, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT)
    elif kind < 0.65:  # nearest neighbour, then convolutions
        large = cv2.resize(small, None, fx=factor, fy=factor, interpolation=cv2.INTER_NEAREST)
        for _ in range(2):
            axis = cv2.getGaussianKernel(3, float(rng.uniform(0.6, 1.2)))
            kernel = (axis @ axis.T) * np.exp(rng.normal(0, 0.1, (3, 3)))
            large = cv2.filter2D(large, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT)
    else:
        method = cv2.INTER_LINEAR if rng.random() < 0.5 else cv2.INTER_CUBIC
        large = cv2.resize(small, None, fx=factor, fy=factor, interpolation=method)
    if large.shape[:2] != size:
        large = cv2.resize(large, target, interpolation=cv2.INTER_LINEAR)
    return np.asarray(large, dtype=np.float32)


def _texture(
    large: NDArray[np.float32], picture: Picture, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Crisp edges and invented fine structure where the original had some, but no sensor noise."""
    amount = float(rng.uniform(0.3, 1.4))
    sharp = large + amount * (large - cv2.GaussianBlur(large, (0, 0), float(rng.uniform(1, 2))))
    if rng.random() < 0.5:
        detail = picture.astype(np.float32) - cv2.GaussianBlur(picture, (0, 0), 1.5)
        energy = cv2.GaussianBlur(np.abs(detail).mean(2), (0, 0), 4)[..., None]
        noise = rng.standard_normal((*picture.shape[:2], 1), dtype=np.float32)
        band = cv2.GaussianBlur(noise, (0, 0), 0.7) - cv2.GaussianBlur(noise, (0, 0), 1.8)
        sharp += float(rng.uniform(0.4, 1.8)) * energy * band[..., None]
    return sharp
