"""The steps by which a picture is answered in time: full size, smaller, and the prior at last."""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from detector.contract import ImageRequest, Labels, PredictionResponse
from detector.deadline import Deadline, DeadlineExceeded
from detector.service import Detector, InferenceService
from detector.verdict import Detection, SynthesizedMask, Verdict, decide, normalise
from engine.observer import Step

logger = logging.getLogger(__name__)

Service: TypeAlias = InferenceService[ImageRequest, PredictionResponse]
Size: TypeAlias = tuple[int, int]

REDUCED_SIDES = (1024, 512)  # longest side in pixels: still shows edits; 512 takes well below 1 s
STEP_SHARE = 0.6  # of the time left, so that a step that fails leaves time for a cheaper one
LAST_SHARE = 0.9  # of the time left: nothing comes after it but the prior
UNIFORM = np.log(np.full(len(Labels), 1 / len(Labels)))


class GiveUp(Exception):
    """A detector that could do no better with a smaller picture; the prior is the answer."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """The verdict on a picture, the seconds it took with waiting, and the step it came from."""

    verdict: Verdict
    seconds: float
    step: Step

    def log(self, size: Size) -> None:
        """A line for the log, with its parts for programs; `size` is height and width."""
        height, width = size
        label = self.verdict.label.name
        confidence = float(self.verdict.probabilities.max())
        logger.info(
            "%s %.3f for %d x %d px, step %s, %.2f s",
            *(label, confidence, width, height, self.step, self.seconds),
            extra={
                "label": label,
                "confidence": round(confidence, 4),
                "width": width,
                "height": height,
                "step": self.step,
                "seconds": round(self.seconds, 4),
            },
        )


def climb_down(
    service: Detector,
    image: NDArray[np.uint8],
    deadline: Deadline,
    synthesized_mask: SynthesizedMask,
) -> tuple[Verdict, Step] | None:
    """Judge at full resolution, else smaller; the mask has the full size either way.

    None if no step succeeds before the deadline.
    """
    size = image.shape[:2]
    for side in (max(size), *(side for side in REDUCED_SIDES if side < max(size))):
        if deadline.remaining() <= 0:
            break
        share = STEP_SHARE if side > REDUCED_SIDES[-1] else LAST_SHARE
        due = Deadline.after(deadline.remaining() * share)
        try:
            detection = service.detect(reduce(image, side), due)
            verdict = decide(detection, size, synthesized_mask)
        except GiveUp as reason:
            logger.error("The detector gave up: %s", reason)
            break
        except DeadlineExceeded as reason:
            logger.warning("A longest side of %d px does not fit the budget: %s", side, reason)
        except Exception:
            logger.exception("The detector failed at a longest side of %d px", side)
        else:
            return verdict, "full" if side == max(size) else "reduced"
    return None


def ask(service: Service, request: ImageRequest, size: Size) -> tuple[Verdict, Step] | None:
    """Ask a service that takes whole requests; None if it fails or answers rubbish."""
    try:
        return checked(service.predict(request), size), "full"
    except GiveUp as reason:
        logger.error("The service gave up: %s", reason)
    except Exception:
        logger.exception("The service failed; answering with the prior")
    return None


def prior(service: Service | None, size: Size, synthesized_mask: SynthesizedMask) -> Verdict:
    """The answer without a look: the service's `prior_logprobs`, else 1/4 for each label."""
    try:
        logprobs = np.asarray(getattr(service, "prior_logprobs", UNIFORM))
        return decide(Detection(logprobs), size, synthesized_mask)
    except (TypeError, ValueError):
        logger.exception("prior_logprobs are not four finite numbers")
        return decide(Detection(UNIFORM), size, synthesized_mask)


def to_request(image: NDArray[np.uint8]) -> ImageRequest:
    """Decoded pixels as a request, for a service that takes nothing else."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG", compress_level=1)
    return ImageRequest.from_bytes(buffer.getvalue())


def checked(response: PredictionResponse, size: Size) -> Verdict:
    """Normalise a service's answer; a mask of the wrong size is resized, nearest neighbour.

    Raises:
        ValueError, AttributeError: it is no answer.
    """
    logprobs = normalise(np.asarray(response.logprobs))
    if response.localizationMask is None:
        return Verdict(logprobs, None, None, 0.5)
    mask = response.localizationMask.to_numpy()
    if mask.shape != size:
        logger.warning("The service's mask has shape %s, resized to %s", mask.shape, size)
        resized = Image.fromarray(mask).resize(size[::-1], Image.Resampling.NEAREST)
        mask = np.asarray(resized)
    return Verdict(logprobs, mask, None, 0.5)


def reduce(image: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Shrink to a longest side by averaging areas, which does not alias."""
    height, width = image.shape[:2]
    if max(height, width) <= side:
        return image
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BOX, reducing_gap=2.0))
