"""From what a detector measured to what is answered: normalised log-probabilities and a mask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from detector.contract import BinaryMask, Labels, PredictionResponse

MIN_LOGPROB = -20.0  # e^-20 = 2e-9: keeps every log-probability finite, costs no accuracy
STRIP_PIXELS = 4_000_000  # rows are upsampled a strip at a time: 16 MB of float32 at most
SynthesizedMask = Literal["full", "empty"]


@dataclass(frozen=True, slots=True)
class Detection:
    """What a detector returns for one picture.

    Attributes:
        logprobs: (4,) natural-log probabilities or logits in the order of `Labels`; normalised by
            the caller, so logits will do.
        manipulation: (h, w) float, 0..1 (clipped to it), the probability that a pixel was
            manipulated, at any resolution with the picture's aspect; None where the detector does
            not localise.
        threshold: pixels of `manipulation` above it are in the mask.
    """

    logprobs: NDArray[np.floating]
    manipulation: NDArray[np.floating] | None = None
    threshold: float = 0.5


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is answered for one picture of H x W pixels.

    Attributes:
        logprobs: (4,) float64, finite, their exponentials sum to 1.
        mask: (H, W) bool, or None where the detector does not localise.
        manipulation: the detector's own map, (h, w) float32 in 0..1, or None.
        threshold: the value of `manipulation` above which a pixel was put into the mask.
    """

    logprobs: NDArray[np.float64]
    mask: NDArray[np.bool_] | None
    manipulation: NDArray[np.float32] | None
    threshold: float

    @property
    def label(self) -> Labels:
        return Labels(int(np.argmax(self.logprobs)))

    @property
    def probabilities(self) -> NDArray[np.float64]:
        return np.exp(self.logprobs)

    def to_response(self) -> PredictionResponse:
        mask = None if self.mask is None else BinaryMask.from_numpy(self.mask)
        return PredictionResponse(logprobs=self.logprobs.tolist(), localizationMask=mask)


def decide(
    detection: Detection, size: tuple[int, int], synthesized_mask: SynthesizedMask = "full"
) -> Verdict:
    """Turn a detection into the verdict for a picture of `size` = (height, width).

    The mask is empty when Natural wins; when FullySynthesized wins it is full or empty as
    `synthesized_mask` says (the challenge does not define it).

    Raises:
        ValueError: the detection holds other than four values, values that are not finite, or a
            map that is not (h, w).
    """
    logprobs = normalise(detection.logprobs)
    manipulation = _check_map(detection.manipulation)
    label = Labels(int(np.argmax(logprobs)))
    mask: NDArray[np.bool_] | None
    if label is Labels.FullySynthesized:
        mask = np.full(size, synthesized_mask == "full", dtype=bool)
    elif label is Labels.Natural:
        mask = np.zeros(size, dtype=bool)
    elif manipulation is None:
        mask = None
    else:
        mask = threshold_at(manipulation, size, detection.threshold)
    return Verdict(logprobs, mask, manipulation, detection.threshold)


def normalise(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Log-softmax of four logits, floored at `MIN_LOGPROB` and normalised again.

    Raises:
        ValueError: not four finite values.
    """
    values = np.asarray(logits, dtype=np.float64)
    if values.shape != (len(Labels),) or not np.isfinite(values).all():
        raise ValueError(f"expected {len(Labels)} finite log-probabilities, got {values!r}")
    peak = values.max()
    values = np.maximum(values, peak + 2 * MIN_LOGPROB) - peak  # no overflow however far apart
    floored = np.maximum(values - _logsumexp(values), MIN_LOGPROB)
    logprobs: NDArray[np.float64] = floored - _logsumexp(floored)
    return logprobs


def threshold_at(
    manipulation: NDArray[np.float32], size: tuple[int, int], threshold: float
) -> NDArray[np.bool_]:
    """Upsample a map bilinearly to (height, width) and compare, without the whole float map."""
    mask = np.empty(size, dtype=bool)
    for rows, strip in _upsampled_strips(manipulation, size):
        np.greater(strip, threshold, out=mask[rows])
    return mask


def _upsampled_strips(
    manipulation: NDArray[np.float32], size: tuple[int, int]
) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    height, width = size
    source = Image.fromarray(manipulation)
    scale = source.height / height
    step = max(1, STRIP_PIXELS // width)
    for top in range(0, height, step):
        bottom = min(height, top + step)
        box = (0.0, top * scale, float(source.width), bottom * scale)
        strip = source.resize((width, bottom - top), Image.Resampling.BILINEAR, box=box)
        yield slice(top, bottom), np.asarray(strip)


def _check_map(manipulation: NDArray[np.floating] | None) -> NDArray[np.float32] | None:
    if manipulation is None:
        return None
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite and is refused
        values = np.ascontiguousarray(manipulation, dtype=np.float32)
    if values.ndim != 2 or values.size == 0 or not np.isfinite(values).all():
        raise ValueError(f"expected a finite (h, w) map, got shape {values.shape}")
    return np.clip(values, 0.0, 1.0)


def _logsumexp(values: NDArray[np.float64]) -> float:
    """Of values around zero: the callers have taken the largest one off."""
    return float(np.log(np.exp(values).sum()))
