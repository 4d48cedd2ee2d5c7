"""What platforms and people do to a finished picture; a detector should survive it.

Every transform takes and gives (H, W, 3) uint8 RGB and keeps the whole scene, so that a mask
follows by resizing alone. They are fixed, unlike those of `training.history`, so that figures
compare.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Picture = NDArray[np.uint8]
Transform = Callable[[Picture, np.random.Generator], Picture]

BLUR_SIGMA = 1.0  # pixels: clearly softer, still acceptable to look at
NOISE_SIGMA = 4.0  # of 255: visible in flat areas
SCREEN_SCALE = 0.83  # a window is rarely a simple fraction of a picture's size
SCREEN_GAMMA = 1.06  # between a picture's profile and the screen's
SCREEN_SHARPENING = 0.25  # share of the unsharp mask that viewers add when they scale


def jpeg(picture: Picture, _: np.random.Generator, quality: int) -> Picture:
    """A JPEG round trip at Pillow's default chroma mode, 4:2:0."""
    return _encoded(picture, "JPEG", quality)


def webp(picture: Picture, _: np.random.Generator, quality: int) -> Picture:
    return _encoded(picture, "WEBP", quality)


def resize(picture: Picture, _: np.random.Generator, scale: float) -> Picture:
    """Lanczos, as most programs do when they scale for the web."""
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))


def blur(picture: Picture, _: np.random.Generator) -> Picture:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), BLUR_SIGMA), np.uint8)


def noise(picture: Picture, rng: np.random.Generator) -> Picture:
    """White Gaussian noise, the same for a seed."""
    values = picture + rng.normal(0, NOISE_SIGMA, picture.shape)
    return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)


def screenshot(picture: Picture, rng: np.random.Generator) -> Picture:
    """Scaled by an odd factor, slightly sharper and darker, kept without loss."""
    scaled = resize(picture, rng, SCREEN_SCALE).astype(np.float32)
    sharper = scaled + SCREEN_SHARPENING * (scaled - cv2.GaussianBlur(scaled, (0, 0), 1.0))
    shown = 255 * (np.clip(sharper, 0, 255) / 255) ** SCREEN_GAMMA
    return np.asarray(np.rint(shown), np.uint8)


TRANSFORMS: dict[str, Transform] = {
    "none": lambda picture, _: picture,
    "JPEG 90": partial(jpeg, quality=90),
    "JPEG 75": partial(jpeg, quality=75),
    "JPEG 60": partial(jpeg, quality=60),
    "WebP 80": partial(webp, quality=80),
    "resize 0.5": partial(resize, scale=0.5),
    "resize 0.75": partial(resize, scale=0.75),
    "resize 1.5": partial(resize, scale=1.5),
    "blur": blur,
    "noise": noise,
    "screenshot": screenshot,
}


def apply(name: str, picture: Picture, seed: int) -> Picture:
    """The transform of that name; its noise depends on `seed` and the pixels alone."""
    rng = np.random.default_rng((seed, zlib.crc32(picture.tobytes())))
    return TRANSFORMS[name](picture, rng)


def follow(mask: NDArray[np.bool_], picture: Picture) -> NDArray[np.bool_]:
    """The mask at the size of the transformed picture: true where most of a pixel's area was."""
    if mask.shape == picture.shape[:2]:
        return mask
    grey = Image.fromarray(mask.astype(np.uint8) * 255)
    size = (picture.shape[1], picture.shape[0])
    return np.asarray(grey.resize(size, Image.Resampling.BILINEAR)) > 127


def _encoded(picture: Picture, name: str, quality: int) -> Picture:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, name, quality=quality)
    return np.asarray(Image.open(buffer).convert("RGB"))
