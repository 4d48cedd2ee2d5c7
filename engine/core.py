"""One engine for `/predict` and the page: loads the model, queues pictures, answers in time.

A picture is judged at full resolution if the time budget allows, else at a reduced resolution,
else answered with the prior: whatever the detector does, a picture gets an answer.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import wait
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import threads
from detector.contract import ImageRequest, InvalidBase64, PredictionResponse
from detector.deadline import Deadline
from detector.imaging import MAX_PIXELS, ImageError, TooManyPixels, decode, read_header
from detector.service import Detector, InferenceService
from detector.verdict import SynthesizedMask, Verdict
from engine.failures import Abandoned, Busy, NotReady
from engine.hands import Hands
from engine.ladder import UNIFORM, Analysis, Service, Size, ask, climb_down, prior, to_request
from engine.observer import Observer, Step
from engine.slots import Slots
from engine.start import describe, warm_up

logger = logging.getLogger(__name__)

JUDGING_SHARE = 0.95  # of the budget; the rest is for encoding and sending the answer
PAIR = 2  # small pictures at a time: each with half the threads they leave no core idle
PAIRED_PIXELS = 2_000_000  # larger ones go alone: on half the threads they would take too long
CODING = 2  # requests opened or encoded at a time: each holds the interpreter's lock for some ms


class Engine:
    """Runs one model for everybody who asks; safe to call from any thread.

    Args:
        service: the model, or a function that creates it when `load` is called.
        concurrency: pictures judged at a time; 0 is one with every thread inside it, and while
            others wait two small ones, if the detector is `parallel`.
        queue: requests that may wait for their turn; one more raises `Busy`.
        budget_s: seconds from acceptance to answer, waiting included.
        synthesized_mask: the mask of a picture found wholly synthesized.
        max_pixels: pictures with more raise `TooManyPixels` before they are decoded.
        num_threads: CPU threads, shared by the pictures judged at a time; 0 = all available.
        observer: told where the time goes and what was answered.

    Attributes:
        service: the loaded model, None until `ready`.
        failure: what `load` raised.
        threads: CPU threads for one picture.
        observer: may be replaced.
    """

    def __init__(
        self,
        service: Service | Callable[[], Service],
        *,
        concurrency: int = 0,
        queue: int = 64,
        budget_s: float = 20.0,
        synthesized_mask: SynthesizedMask = "full",
        max_pixels: int = MAX_PIXELS,
        num_threads: int = 0,
        observer: Observer | None = None,
    ) -> None:
        self.service: Service | None = None
        self.failure: Exception | None = None
        self.threads = max(1, (num_threads or threads.available_cpus()) // (concurrency or 1))
        self.observer = observer or Observer()
        self._source = service
        self._queue = queue
        self._budget_s = budget_s
        self._synthesized_mask = synthesized_mask
        self._max_pixels = max_pixels
        self._may_pair = concurrency == 0 and self.threads >= PAIR
        self._most = 1  # slots that one picture takes where nobody waits
        self._slots = Slots(concurrency or 1, queue)
        self._hands = Hands(concurrency or 1, "judge")
        self._coding = threading.Semaphore(CODING)

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
            if self._may_pair and getattr(service, "parallel", False):
                self._most = PAIR
                self._slots, self._hands = Slots(PAIR, self._queue), Hands(PAIR, "judge")
            started = time.monotonic()
            self._hands.start(lambda: warm_up(service)).result()
            logger.info("Model warmed up in %.1f s", time.monotonic() - started)
        except Exception as error:
            self.failure = error
            raise
        self.service = service

    @property
    def ready(self) -> bool:
        """Whether the model is loaded and has judged its first picture."""
        return self.service is not None

    @property
    def waiting(self) -> int:
        """How many requests wait for their turn."""
        return self._slots.waiting

    @property
    def judging(self) -> int:
        """How many pictures are being judged."""
        return self._slots.held

    def close(self) -> None:
        """Let go of the model, end its processes if it has any; later requests raise `NotReady`."""
        service, self.service = self.service, None
        if (close := getattr(service, "close", None)) is not None:
            close()

    def predict(
        self, request: ImageRequest, abandoned: Callable[[], bool] = lambda: False
    ) -> PredictionResponse:
        """Answer one request.

        Args:
            request: the picture, encoded; emptied if the service takes pixels.
            abandoned: asked while the request waits and when it is its turn; true saves the work.

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
            self.observer.answered("prior")
            return PredictionResponse(logprobs=UNIFORM.tolist())

    def analyse(self, image: NDArray[np.uint8]) -> Analysis:
        """Judge decoded pixels, (H, W, 3) uint8 RGB, through the same queue as `predict`.

        Raises:
            NotReady, Busy: see there.
        """
        service, accepted = self._ready_service(), time.monotonic()
        size = image.shape[:2]

        def judge(deadline: Deadline) -> tuple[Verdict, Step] | None:
            if isinstance(service, Detector):
                return climb_down(service, image, deadline, self._synthesized_mask)
            return ask(service, to_request(image), size)

        return self._run(judge, size, accepted)

    def _ready_service(self) -> Service:
        if self.service is None:
            raise NotReady
        return self.service

    def _predict(self, request: ImageRequest, abandoned: Callable[[], bool]) -> PredictionResponse:
        service, accepted = self._ready_service(), time.monotonic()
        image = request.image
        with self._coding:
            data = image.take_bytes() if isinstance(service, Detector) else image.to_bytes()
            header = read_header(data)
        size = (header.height, header.width)
        if header.height * header.width > self._max_pixels:
            raise TooManyPixels(header.width, header.height, self._max_pixels)
        opened_s = time.monotonic() - accepted

        def judge(deadline: Deadline) -> tuple[Verdict, Step] | None:
            if not isinstance(service, Detector):
                return ask(service, request, size)
            started = time.monotonic()
            pixels = decode(data, self._max_pixels)
            decoded = time.monotonic()
            self.observer.stage("decode", opened_s + decoded - started)
            judged = climb_down(service, pixels, deadline, self._synthesized_mask)
            self.observer.stage("model", time.monotonic() - decoded)
            return judged

        analysis = self._run(judge, size, accepted, abandoned)
        started = time.monotonic()
        with self._coding:
            response = analysis.verdict.to_response()
        self.observer.stage("encode", time.monotonic() - started)
        return response

    def _run(
        self,
        judge: Callable[[Deadline], tuple[Verdict, Step] | None],
        size: Size,
        accepted: float,
        abandoned: Callable[[], bool] = lambda: False,
    ) -> Analysis:
        deadline = Deadline(accepted + self._budget_s * JUDGING_SHARE)
        queued = time.monotonic()
        judged = None
        least = self._most if size[0] * size[1] > PAIRED_PIXELS else 1
        if granted := self._slots.acquire(deadline, abandoned, least=least, most=self._most):
            self.observer.stage("queue", time.monotonic() - queued)
            judged = self._judge(judge, deadline, abandoned, granted)
        verdict, step = judged or (prior(self.service, size, self._synthesized_mask), "prior")
        analysis = Analysis(verdict, time.monotonic() - accepted, step)
        self.observer.answered(step)
        analysis.log(size)
        return analysis

    def _judge(
        self,
        judge: Callable[[Deadline], tuple[Verdict, Step] | None],
        deadline: Deadline,
        abandoned: Callable[[], bool],
        granted: int,
    ) -> tuple[Verdict, Step] | None:
        """Judge in our slots, which are free again once the detector is done, however late."""

        def judge_and_release() -> tuple[Verdict, Step] | None:
            try:
                if self._most > 1:
                    threads.use(self.threads * granted // self._most)
                return judge(deadline)
            finally:
                self._slots.release(granted)

        try:
            if abandoned():
                raise Abandoned
            future = self._hands.start(judge_and_release)
        except BaseException:
            self._slots.release(granted)
            raise
        if not wait([future], min(max(0.0, deadline.remaining()), threading.TIMEOUT_MAX)).done:
            logger.error("The detector has not answered in time; answering without it")
            return None
        return future.result()
