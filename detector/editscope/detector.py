"""The default detector behind the plug-in interface: tiles, calibration, clean masks."""

from __future__ import annotations

import math
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotDone  # the built-in one from 3.11 on
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from detector.contract import Labels
from detector.deadline import Deadline
from detector.device import has_bf16, keep_memory, pick_device
from detector.editscope import fusion
from detector.editscope.backends import Backend, build
from detector.editscope.copymove import Copy, find_copies
from detector.editscope.fast import fuse
from detector.editscope.folding import fold
from detector.editscope.network import MAP_STRIDE, Network, Parts, Pooled
from detector.editscope.tiling import SMALLEST, Canvas, padded, tiles
from detector.service import Detector
from detector.verdict import Detection

OVERVIEW = 640  # pixels: the longer side of the reduced scene, as in training
LARGEST_REDUCTION = 0.8  # a scene hardly reduced shows nothing new
COPIES_S = 1.5  # seconds that looking for copies may take on a slow core
MIN_REGION = 0.0008  # of the picture: smaller islands of the mask are noise more often than not


class View(NamedTuple):
    """One look at a picture.

    Attributes:
        vector: (D,) float32, what the label head sees.
        cells: (3, h, w) float32 logits of pristine, edited, synthesized, a cell per 4 pixels.
    """

    vector: NDArray[np.float32]
    cells: NDArray[np.float32]


class Measured(NamedTuple):
    """What was measured in a picture, before calibration.

    Attributes:
        logits: (4,) float64, the label head's, averaged over the views.
        evidence: (4,) float64, what found copies add to calibrated logits.
        manipulation: (h, w) float32 in 0..1, a cell per 4 pixels.
    """

    logits: NDArray[np.float64]
    evidence: NDArray[np.float64]
    manipulation: NDArray[np.float32]


class EditScopeDetector(Detector):
    """Judges at native resolution with the weights in `model_path`."""

    model: Network
    parts: Parts | None = None

    def __init__(
        self,
        model_name: str = "",
        models_dir: Path = Path("models"),
        device: str = "auto",
        backend: Backend = "torch",
    ) -> None:
        """`backend`: what computes the convolutions on a CPU, see `backends`."""
        super().__init__(model_name, models_dir, device)
        self.backend = backend

    def load(self) -> None:
        """Read config.json and model.safetensors; nothing is fetched.

        Raises:
            OSError: a file is missing or damaged.
            ImportError, ValueError: the backend is not installed, or is for CPUs only.
        """
        self.torch_device = pick_device(self.device)
        cv2.setNumThreads(torch.get_num_threads())
        self.device = str(self.torch_device)
        keep_memory()
        model = Network.load(self.model_path)
        fold(model)
        self.amp = has_bf16(self.torch_device)
        if self.backend != "torch" and self.torch_device.type != "cpu":
            raise ValueError(f"BACKEND={self.backend} computes on CPUs; set DEVICE=cpu with it.")
        self.parts = build(model, self.backend, bf16=self.amp)
        if self.torch_device.type == "cpu" and torch.backends.mkldnn.is_available():
            fuse(model, torch.bfloat16 if self.amp else torch.float32)
        self.model = model.to(self.torch_device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.parallel = self.torch_device.type == "cpu" and self.backend == "torch"
        self.version = str(model.config.version)

    def detect(self, image: NDArray[np.uint8], deadline: Deadline) -> Detection:
        return self.answer(self.measure(image, deadline))

    def measure(self, image: NDArray[np.uint8], deadline: Deadline) -> Measured:
        """Everything that the answer is made of, before calibration.

        Raises:
            DeadlineExceeded: the remaining tiles would take longer than there is time.
        """
        wanted = self.model.config.copy_weights and deadline.remaining() > COPIES_S
        copies = self._aside.submit(find_copies, image) if wanted else None
        try:
            views = self.look(image, deadline)
            found = copies.result(_seconds(deadline)) if copies else None
        except NotDone:
            found = None
        finally:
            if copies:
                copies.cancel()
        return self.weigh(views, found, image.shape[:2])

    @cached_property
    def _aside(self) -> ThreadPoolExecutor:
        """Copies are looked for beside the network, which leaves a core idle now and then."""
        return ThreadPoolExecutor(1, "copies")

    def weigh(
        self, views: list[View], copies: list[Copy] | None, size: tuple[int, int]
    ) -> Measured:
        """Put views and copies (None: not looked for) of a picture (height, width) together."""
        manipulation = self.manipulation([view.cells for view in views], size)
        evidence = np.zeros(len(Labels))
        config = self.model.config
        if copies is not None:
            ratios = [fusion.log_ratio(copy, config.copy_weights) for copy in copies]
            evidence[Labels.LocallyEdited] = fusion.edited_logit(ratios)
            manipulation = fusion.join(manipulation, copies, ratios, config.copy_side)
        return Measured(self.logits([view.vector for view in views]), evidence, manipulation)

    def answer(self, measured: Measured) -> Detection:
        """Calibrate, and clear the map of specks."""
        config = self.model.config
        scores = measured.logits / config.calibration_temperature
        scores += np.array(config.calibration_bias) + measured.evidence
        manipulation = without_specks(measured.manipulation, config.threshold)
        return Detection(scores, manipulation, config.threshold)

    def look(self, image: NDArray[np.uint8], deadline: Deadline) -> list[View]:
        """The picture at native size and, if it is large, its whole scene reduced to `OVERVIEW`.

        Traces of processing need native pixels; what was put where is seen in the scene.

        Raises:
            DeadlineExceeded: the remaining tiles would take longer than there is time.
        """
        views = []
        scale = OVERVIEW / max(image.shape[:2])
        if scale < LARGEST_REDUCTION:
            size = tuple(max(SMALLEST, round(side * scale)) for side in image.shape[1::-1])
            reduced = Image.fromarray(image).resize(size, Image.Resampling.BICUBIC)
            views.append(self._view(np.asarray(reduced), deadline))
        return [self._view(image, deadline), *views]

    def _view(self, image: NDArray[np.uint8], deadline: Deadline) -> View:
        height, width = image.shape[:2]
        windows = tiles(height, width)
        canvas = Canvas(height, width, 3, MAP_STRIDE)
        sums: list[torch.Tensor] = []
        started = time.monotonic()
        for index, tile in enumerate(windows):
            if index:
                pace = (time.monotonic() - started) / index
                deadline.check(pace * (len(windows) - index))
            scores, pooled = self._inspect(padded(image, tile))
            canvas.add(tile, scores)
            weighted = [part * tile.area for part in pooled]
            sums = [a + b for a, b in zip(sums, weighted, strict=True)] if sums else weighted
        mean = Pooled(*(part / sum(tile.area for tile in windows) for part in sums))
        cells = canvas.mean()
        with torch.inference_mode():
            flat = torch.from_numpy(cells.reshape(1, 3, -1)).to(self.torch_device)
            vector = self.model.describe(mean, flat)[0].cpu().numpy()
        return View(vector, cells)

    @torch.inference_mode()
    def _inspect(self, window: NDArray[np.uint8]) -> tuple[NDArray[np.float32], Pooled]:
        pixels = torch.from_numpy(window).permute(2, 0, 1)[None].to(self.torch_device)
        pixels = pixels.float().contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.torch_device.type, torch.bfloat16, enabled=self.amp):
            scores, pooled = self.model.inspect(pixels, self.parts)
        return scores[0].cpu().numpy(), pooled

    @torch.inference_mode()
    def logits(self, vectors: list[NDArray[np.float32]]) -> NDArray[np.float64]:
        """The label head's answer for all views, (4,), before calibration."""
        stacked = torch.from_numpy(np.stack(vectors)).to(self.torch_device)
        return np.asarray(self.model.label_head(stacked).double().mean(0).cpu().numpy())

    def manipulation(
        self, cells: list[NDArray[np.float32]], size: tuple[int, int]
    ) -> NDArray[np.float32]:
        """The probability of manipulation, (h, w), from the maps of all views."""
        odds = joined(cells)
        odds -= odds.max(0)  # in place, as the next: a large picture's maps are 75 MB
        np.exp(odds, out=odds)
        return fitted(np.asarray(1 - odds[0] / odds.sum(0), np.float32), *size)


def _seconds(deadline: Deadline) -> float | None:
    """What is left, as a timeout; None is no limit."""
    left = deadline.remaining()
    return max(0.0, left) if math.isfinite(left) else None


def joined(maps: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """The mean of maps, (C, h, w) each, at the size of the first."""
    first, *others = maps
    total = first.copy()
    for other in others:
        for channel, values in enumerate(other):
            resized = Image.fromarray(values).resize(
                (first.shape[2], first.shape[1]), Image.Resampling.BILINEAR
            )
            total[channel] += np.asarray(resized)
    return np.asarray(np.divide(total, len(maps), out=total), np.float32)


def fitted(cells: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """Drop what the last row and column of cells see beyond the picture, by resampling."""
    if height % MAP_STRIDE == 0 and width % MAP_STRIDE == 0:
        return cells
    box = (0.0, 0.0, width / MAP_STRIDE, height / MAP_STRIDE)
    image = Image.fromarray(cells)
    return np.asarray(image.resize(image.size, Image.Resampling.BILINEAR, box=box))


def without_specks(manipulation: NDArray[np.float32], threshold: float) -> NDArray[np.float32]:
    """Lower islands above the threshold that cover less than `MIN_REGION` of the map to it."""
    above = (manipulation > threshold).astype(np.uint8)
    count, regions = cv2.connectedComponents(above, connectivity=4)
    if count == 1:  # nothing but what surrounds islands
        return manipulation
    areas = np.bincount(np.ravel(regions))
    small = areas < MIN_REGION * manipulation.size
    small[0] = False
    return np.where(small[regions], np.minimum(manipulation, threshold), manipulation)
