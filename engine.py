"""One engine for `/predict` and the page: loads the model, queues pictures, answers in time.

A picture is judged at full resolution if the time budget allows, else at a reduced resolution,
else answered with the prior: whatever the detector does, a picture gets an answer.
"""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import threads
from detector.contract import ImageRequest, InvalidBase64, Labels, PredictionResponse
from detector.deadline import Deadline, DeadlineExceeded
from detector.imaging import MAX_PIXELS, ImageError, TooManyPixels, decode, read_header
from detector.service import Detector, InferenceService
from detector.verdict import Detection, SynthesizedMask, Verdict, decide, normalise
from slots import Busy, Slots

logger = logging.getLogger(__name__)

Service: TypeAlias = InferenceService[ImageRequest, PredictionResponse]
Size: TypeAlias = tuple[int, int]
Step = Literal["full", "reduced", "prior"]

REDUCED_SIDES = (1024, 512)  # longest side in pixels: still shows edits; 512 takes well below 1 s
STEP_SHARE = 0.6  # of the time left, so that a step that fails leaves time for a cheaper one
UNIFORM = np.log(np.full(len(Labels), 1 / len(Labels)))
WARM_UP_SIZE = (384, 512)  # height, width: enough to start the thread pools and fill caches


class NotReady(Exception):
    """The model is not loaded yet, or failed to load."""


class Abandoned(Exception):
    """Whoever asked has gone before it was their turn."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """The verdict on a picture, the seconds it took with waiting, and the step it came from."""

    verdict: Verdict
    seconds: float
    step: Step


class Engine:
    """Runs one model for everybody who asks; safe to call from any thread.

    Args:
        service: the model, or a function that creates it when `load` is called.
        concurrency: pictures judged at a time.
        queue: requests that may wait for their turn; one more raises `Busy`.
        budget_s: seconds from acceptance to answer, waiting included.
        synthesized_mask: the mask of a picture found wholly synthesized.
        max_pixels: pictures with more raise `TooManyPixels` before they are decoded.
        num_threads: CPU threads, shared by the pictures judged at a time; 0 = all available.

    Attributes:
        service: the loaded model, None until `ready`.
        failure: what `load` raised.
        threads: CPU threads for one picture.
    """

    def __init__(
        self,
        service: Service | Callable[[], Service],
        *,
        concurrency: int = 1,
        queue: int = 64,
        budget_s: float = 20.0,
        synthesized_mask: SynthesizedMask = "full",
        max_pixels: int = MAX_PIXELS,
        num_threads: int = 0,
    ) -> None:
        self.service: Service | None = None
        self.failure: Exception | None = None
        self.threads = max(1, (num_threads or threads.available_cpus()) // concurrency)
        self._source = service
        self._budget_s = budget_s
        self._synthesized_mask = synthesized_mask
        self._max_pixels = max_pixels
        self._slots = Slots(concurrency, queue)

    def load(self) -> None:
        """Create the service, load its model and judge one made-up picture.

        Raises:
            Exception: whatever the service raised; also kept as `failure`.
        """
        try:
            threads.configure(self.threads)
            logger.info("Initializing the detector with %d threads", self.threads)
            source = self._source
            service = source if isinstance(source, InferenceService) else source()
            name, folder = type(service).__name__, Path(getattr(service, "model_path", ""))
            logger.info("Loading %s%s", name, f" from {folder}" if folder.name else "")
            started = time.monotonic()
            service.load_model()
            threads.configure(self.threads)  # again: loading may have imported torch
            logger.info("Model loaded: %s, %.1f s", describe(service), time.monotonic() - started)
            started = time.monotonic()
            self._warm_up(service)
            logger.info("Model warmed up in %.1f s", time.monotonic() - started)
        except Exception as error:
            self.failure = error
            raise
        self.service = service

    @property
    def ready(self) -> bool:
        """Whether the model is loaded and has judged its first picture."""
        return self.service is not None

    def close(self) -> None:
        """Let go of the model; later requests raise `NotReady`."""
        self.service = None

    def predict(
        self, request: ImageRequest, abandoned: Callable[[], bool] = lambda: False
    ) -> PredictionResponse:
        """Answer a request of the challenge's contract.

        Args:
            request: the encoded picture.
            abandoned: asked when it is this request's turn; true saves the work.

        Raises:
            InvalidBase64, ImageError: the request does not hold a picture.
            NotReady, Busy, Abandoned: see there.
        """
        try:
            return self._predict(request, abandoned)
        except (InvalidBase64, ImageError, NotReady, Busy, Abandoned):
            raise
        except Exception:
            logger.exception("Answering without a look at the picture")
            return PredictionResponse(logprobs=UNIFORM.tolist())

    def analyse(self, image: NDArray[np.uint8]) -> Analysis:
        """Judge decoded pixels, (H, W, 3) uint8 RGB, through the same queue as `predict`.

        Raises:
            NotReady, Busy: see there.
        """
        service, deadline = self._ready_service(), Deadline.after(self._budget_s)
        size = image.shape[:2]

        def judge() -> tuple[Verdict, Step] | None:
            if isinstance(service, Detector):
                return self._judge(service, image, deadline)
            return self._ask(service, _to_request(image), size)

        return self._run(judge, size, deadline)

    def _ready_service(self) -> Service:
        if self.service is None:
            raise NotReady
        return self.service

    def _warm_up(self, service: Service) -> None:
        height, width = WARM_UP_SIZE
        noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
        if isinstance(service, Detector):
            decide(service.detect(noise, Deadline.never()), WARM_UP_SIZE)
        else:
            _verdict(service.predict(_to_request(noise)), WARM_UP_SIZE)

    def _predict(self, request: ImageRequest, abandoned: Callable[[], bool]) -> PredictionResponse:
        service, deadline = self._ready_service(), Deadline.after(self._budget_s)
        data = request.image.to_bytes()
        header = read_header(data)
        size = (header.height, header.width)
        if header.height * header.width > self._max_pixels:
            raise TooManyPixels(header.width, header.height, self._max_pixels)

        def judge() -> tuple[Verdict, Step] | None:
            if isinstance(service, Detector):
                return self._judge(service, decode(data, self._max_pixels), deadline)
            return self._ask(service, request, size)

        return self._run(judge, size, deadline, abandoned).verdict.to_response()

    def _run(
        self,
        judge: Callable[[], tuple[Verdict, Step] | None],
        size: Size,
        deadline: Deadline,
        abandoned: Callable[[], bool] = lambda: False,
    ) -> Analysis:
        with self._slots.turn(deadline) as granted:
            if abandoned():
                raise Abandoned
            judged = judge() if granted else None
        verdict, step = judged or (self._prior(size), "prior")
        analysis = Analysis(verdict, self._budget_s - deadline.remaining(), step)
        _log(analysis, size)
        return analysis

    def _judge(
        self, service: Detector, image: NDArray[np.uint8], deadline: Deadline
    ) -> tuple[Verdict, Step] | None:
        """Judge at full resolution, else smaller; the mask has the full size either way."""
        size = image.shape[:2]
        for side in (max(size), *(side for side in REDUCED_SIDES if side < max(size))):
            if deadline.remaining() <= 0:
                break
            share = STEP_SHARE if side > REDUCED_SIDES[-1] else 1.0
            due = Deadline.after(deadline.remaining() * share)
            try:
                detection = service.detect(_reduce(image, side), due)
                verdict = decide(detection, size, self._synthesized_mask)
            except DeadlineExceeded as reason:
                logger.warning("A longest side of %d px does not fit the budget: %s", side, reason)
            except Exception:
                logger.exception("The detector failed at a longest side of %d px", side)
            else:
                return verdict, "full" if side == max(size) else "reduced"
        return None

    def _ask(
        self, service: Service, request: ImageRequest, size: Size
    ) -> tuple[Verdict, Step] | None:
        """Ask a service that takes whole requests, and check what it answers."""
        try:
            return _verdict(service.predict(request), size), "full"
        except Exception:
            logger.exception("The service failed; answering with the prior")
            return None

    def _prior(self, size: Size) -> Verdict:
        """The answer without a look: the service's `prior_logprobs`, else 1/4 for each label."""
        try:
            logprobs = np.asarray(getattr(self.service, "prior_logprobs", UNIFORM))
            return decide(Detection(logprobs), size, self._synthesized_mask)
        except (TypeError, ValueError):
            logger.exception("prior_logprobs are not four finite numbers")
            return decide(Detection(UNIFORM), size, self._synthesized_mask)


def describe(service: Service) -> str:
    """Parameter count, version and device, as far as the service tells them."""
    parts = []
    if parameters := getattr(getattr(service, "model", None), "parameters", None):
        parts.append(f"{sum(tensor.numel() for tensor in parameters()):,} parameters")
    if version := getattr(service, "version", ""):
        parts.append(f"version {version}")
    if device := getattr(service, "device", ""):
        parts.append(f"device {device}")
    return ", ".join(parts) or type(service).__name__


def _reduce(image: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Shrink to a longest side by averaging areas, which does not alias."""
    height, width = image.shape[:2]
    if max(height, width) <= side:
        return image
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BOX, reducing_gap=2.0))


def _to_request(image: NDArray[np.uint8]) -> ImageRequest:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG", compress_level=1)
    return ImageRequest.from_bytes(buffer.getvalue())


def _verdict(response: PredictionResponse, size: Size) -> Verdict:
    """Normalise a service's answer; a mask of the wrong size is resized, nearest neighbour."""
    logprobs = normalise(np.asarray(response.logprobs))
    if response.localizationMask is None:
        return Verdict(logprobs, None, None, 0.5)
    mask = response.localizationMask.to_numpy()
    if mask.shape != size:
        logger.warning("The service's mask has shape %s, resized to %s", mask.shape, size)
        resized = Image.fromarray(mask).resize(size[::-1], Image.Resampling.NEAREST)
        mask = np.asarray(resized)
    return Verdict(logprobs, mask, None, 0.5)


def _log(analysis: Analysis, size: Size) -> None:
    height, width = size
    label, confidence = analysis.verdict.label.name, analysis.verdict.probabilities.max()
    logger.info(
        "%s %.3f for %d x %d px, step %s, %.2f s",
        *(label, confidence, width, height, analysis.step, analysis.seconds),
    )
