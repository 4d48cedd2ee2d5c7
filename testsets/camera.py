"""From light to a photograph: optics, Bayer mosaic, noise, white balance, demosaicing, tone, size.

After the usual description of a camera's pipeline (Ramanath et al. 2005, "Color image processing
pipeline"); noise is Foi et al.'s (2008) signal-dependent model in its Gaussian form.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from testsets.textures import Field

Picture = NDArray[np.uint8]
LEVELS = 4095  # of a 12-bit sensor
BLACK = 64  # its level for no light: noise must not be cut off below it
CROSSTALK = np.array(  # how much of each colour each filter lets through; rows sum to 1
    [[0.74, 0.21, 0.05], [0.16, 0.70, 0.14], [0.05, 0.23, 0.72]], np.float32
)
# Where red, green and blue sit in the sensor's 2 x 2 cell, and OpenCV's code for that order, which
# it names after the second row's second and third pixel.
MOSAICS = {
    "RGGB": ((0, 1, 1, 2), cv2.COLOR_BayerBG2RGB, cv2.COLOR_BayerBG2RGB_EA),
    "BGGR": ((2, 1, 1, 0), cv2.COLOR_BayerRG2RGB, cv2.COLOR_BayerRG2RGB_EA),
    "GRBG": ((1, 0, 2, 1), cv2.COLOR_BayerGB2RGB, cv2.COLOR_BayerGB2RGB_EA),
    "GBRG": ((1, 2, 0, 1), cv2.COLOR_BayerGR2RGB, cv2.COLOR_BayerGR2RGB_EA),
}


@dataclass(frozen=True)
class Shot:
    """One camera and its settings.

    Attributes:
        blur: standard deviation of the lens in pixels.
        fringe: lateral chromatic aberration, change of magnification of red and (inverse) blue.
        vignetting: share of light lost in the corners.
        electrons: those that a full pixel holds at this sensitivity; shot noise is their root.
        read_noise: standard deviation in electrons.
        red_gain, blue_gain: white balance.
        mosaic: a key of `MOSAICS`.
        adaptive: demosaicing along edges rather than bilinear.
        exposure: stops away from what an automatic exposure takes.
        contrast: strength of the S-shaped tone curve, 0..1.
        denoising: standard deviation in pixels of the smoothing of colour noise.
        sharpening: amount of the unsharp mask.
    """

    blur: float
    fringe: float
    vignetting: float
    electrons: float
    read_noise: float
    red_gain: float
    blue_gain: float
    mosaic: str
    adaptive: bool
    exposure: float
    contrast: float
    denoising: float
    sharpening: float

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Shot:
        """A plausible camera, from phone to single-lens reflex."""

        def draw(low: float, high: float) -> float:
            return round(float(rng.uniform(low, high)), 4)

        return cls(
            blur=draw(0.35, 0.8),
            fringe=draw(0.0, 0.0012),
            vignetting=draw(0.05, 0.35),
            electrons=round(float(np.exp(rng.uniform(np.log(900), np.log(14000))))),
            read_noise=draw(2.0, 6.0),
            red_gain=draw(1.6, 2.2),
            blue_gain=draw(1.4, 1.9),
            mosaic=list(MOSAICS)[int(rng.integers(len(MOSAICS)))],
            adaptive=bool(rng.random() < 0.6),
            exposure=draw(-0.4, 0.3),
            contrast=draw(0.1, 0.6),
            denoising=draw(0.5, 1.5),
            sharpening=draw(0.0, 0.7),
        )

    def to_json(self) -> dict[str, object]:
        return asdict(self)


def photograph(light: Field, shot: Shot, rng: np.random.Generator) -> Picture:
    """Take a picture (H, W, 3) uint8 of linear light (H, W, 3); sides of any length."""
    height, width = light.shape[:2]
    even = np.pad(light, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    raw = _sense(_through_the_lens(expose(even, shot.exposure), shot), shot, rng)
    return np.array(develop(_demosaic(raw, shot), shot)[:height, :width])


def expose(light: Field, stops: float = 0.0) -> Field:
    """Scale so that the brightest surfaces come just below white."""
    level = float(np.percentile(light[::4, ::4].max(2), 97))
    return np.asarray(light * np.float32(0.8 * 2.0**stops / max(level, 1e-3)), np.float32)


def develop(linear: Field, shot: Shot) -> Picture:
    """Linear colours to sRGB: colour noise smoothed, sharpened, tone curve."""
    values = tone(linear, shot.contrast)
    luma = values @ np.array([0.299, 0.587, 0.114], np.float32)
    colour = cv2.GaussianBlur(values - luma[..., None], (0, 0), shot.denoising)
    luma += shot.sharpening * (luma - cv2.GaussianBlur(luma, (0, 0), 1.0))
    return to_bytes(colour + luma[..., None])


def tone(linear: Field, contrast: float) -> Field:
    """sRGB's transfer curve and an S curve on top, 0..1."""
    held = np.clip(linear, 0, 1)
    encoded = np.where(held <= 0.0031308, 12.92 * held, 1.055 * held ** (1 / 2.4) - 0.055)
    curved = encoded * encoded * (3 - 2 * encoded)
    return np.asarray(encoded + contrast * 0.5 * (curved - encoded), np.float32)


def to_bytes(values: Field) -> Picture:
    return np.asarray(np.clip(np.rint(values * 255), 0, 255), np.uint8)


def _through_the_lens(light: Field, shot: Shot) -> Field:
    seen = np.asarray(cv2.GaussianBlur(light, (0, 0), shot.blur), np.float32)
    height, width = seen.shape[:2]
    for channel, scale in ((0, 1 + shot.fringe), (2, 1 - shot.fringe)):
        matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), 0.0, scale)
        plane = np.ascontiguousarray(seen[..., channel])
        seen[..., channel] = cv2.warpAffine(
            plane, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE
        )
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None]
    seen *= (1 - shot.vignetting * 0.5 * (x * x + y * y))[..., None]
    return seen


def _sense(light: Field, shot: Shot, rng: np.random.Generator) -> NDArray[np.uint16]:
    """The mosaic (H, W) of 12-bit levels, H and W even."""
    gains = np.array([1 / shot.red_gain, 1.0, 1 / shot.blue_gain], np.float32)
    filtered = (light @ CROSSTALK.T) * gains
    height, width = light.shape[:2]
    mosaic = np.empty((height, width), np.float32)
    for number, channel in enumerate(MOSAICS[shot.mosaic][0]):
        rows, columns = slice(number // 2, None, 2), slice(number % 2, None, 2)
        mosaic[rows, columns] = filtered[rows, columns, channel]
    electrons = np.clip(mosaic, 0, 1) * shot.electrons
    spread = np.sqrt(electrons + shot.read_noise**2)
    electrons += spread * rng.standard_normal(electrons.shape, np.float32)
    levels = BLACK + electrons * ((LEVELS - BLACK) / shot.electrons)
    return np.asarray(np.clip(np.rint(levels), 0, LEVELS), np.uint16)


def _demosaic(raw: NDArray[np.uint16], shot: Shot) -> Field:
    """Balanced colours (H, W, 3), linear, of the scene's primaries again."""
    _, bilinear, adaptive = MOSAICS[shot.mosaic]
    # Balanced before interpolation, or edges would take on colour.
    gains = np.array([shot.red_gain, 1.0, shot.blue_gain], np.float32)
    balanced = raw.astype(np.float32) - BLACK
    for number, channel in enumerate(MOSAICS[shot.mosaic][0]):
        balanced[number // 2 :: 2, number % 2 :: 2] *= gains[channel]
    offset = 8 * BLACK  # noise around black goes below zero
    whole = np.clip(np.rint(balanced * 4) + offset, 0, 65535).astype(np.uint16)
    code = adaptive if shot.adaptive and min(raw.shape) >= 8 else bilinear
    colours = cv2.demosaicing(whole, code).astype(np.float32)
    linear = (colours - offset) / (4 * (LEVELS - BLACK))
    # Highlights are clipped to white first: a full red pixel times its gain would turn pink.
    back = np.linalg.inv(CROSSTALK).astype(np.float32)
    return np.asarray(np.minimum(linear, 1) @ back.T, np.float32)
