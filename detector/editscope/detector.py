"""The default detector behind the plug-in interface: tiles, calibration, clean masks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotDone  # the built-in one from 3.11 on
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, TypeAlias

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
from detector.editscope.maps import cleaned, fitted, joined
from detector.editscope.network import MAP_STRIDE, Network, Parts
from detector.editscope.pooling import Pooled, describe
from detector.editscope.side_by_side import helpers, in_turn
from detector.editscope.tiling import SMALLEST, Canvas, Tile, padded, tiles
from detector.service import Detector
from detector.verdict import Detection

OVERVIEW = 640  # pixels: the longer side of the reduced scene, as in training
LARGEST_REDUCTION = 0.8  # a scene hardly reduced shows nothing new
OVERVIEW_WEIGHT = 0.5  # for the label, the native look's is 1; best of five on 728 pictures
COPIES_S = 1.5  # seconds that looking for copies may take on a slow core
Inspected: TypeAlias = tuple[NDArray[np.float32], Pooled]  # a tile's map and what classifies it


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
        logits: (4,) float64, the label head's, the weighted mean over the views.
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
        cv2.setNumThreads(1)  # more would get in the network's way: 4 % fewer pictures a second
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
        found = None
        wanted = self.model.config.copy_weights and deadline.remaining() > COPIES_S
        if wanted and torch.get_num_threads() > 1:
            views, found = self._look_for_both(image, deadline)
        else:
            views = self.look(image, deadline)
            if wanted and deadline.remaining() > COPIES_S:
                found = find_copies(image)
        return self.weigh(views, found, image.shape[:2])

    def _look_for_both(
        self, image: NDArray[np.uint8], deadline: Deadline
    ) -> tuple[list[View], list[Copy] | None]:
        """Views, and beside them copies; None if these are not found in time."""
        copies = self._aside.submit(find_copies, image)
        try:
            views = self.look(image, deadline)
            return views, copies.result(_seconds(deadline))
        except NotDone:
            return views, None
        finally:
            copies.cancel()

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
        """Calibrate, and clear the map of specks and weak islands."""
        config = self.model.config
        scores = measured.logits / config.calibration_temperature
        scores += np.array(config.calibration_bias) + measured.evidence
        manipulation = cleaned(measured.manipulation, config.threshold)
        return Detection(scores, manipulation, config.threshold)

    def look(self, image: NDArray[np.uint8], deadline: Deadline) -> list[View]:
        """The picture at native size and, if it is large, its whole scene reduced to `OVERVIEW`.

        Traces of processing need native pixels; what was put where is seen in the scene.

        Raises:
            DeadlineExceeded: the remaining tiles would take longer than there is time.
        """
        pictures = [image]
        scale = OVERVIEW / max(image.shape[:2])
        if scale < LARGEST_REDUCTION:
            size = tuple(max(SMALLEST, round(side * scale)) for side in image.shape[1::-1])
            reduced = Image.fromarray(image).resize(size, Image.Resampling.BICUBIC)
            pictures.append(np.asarray(reduced))
        plans = [tiles(*picture.shape[:2]) for picture in pictures]
        windows = [
            (picture, tile) for picture, plan in zip(pictures, plans, strict=True) for tile in plan
        ]
        inspected = in_turn(self._inspect, windows, deadline, self._helpers)
        with closing(inspected):
            return [
                self._view(picture, plan, inspected)
                for picture, plan in zip(pictures, plans, strict=True)
            ]

    def _view(
        self, image: NDArray[np.uint8], plan: list[Tile], inspected: Iterator[Inspected]
    ) -> View:
        canvas = Canvas(image.shape[0], image.shape[1], 3, MAP_STRIDE)
        sums: list[torch.Tensor] = []
        for tile in plan:
            scores, pooled = next(inspected)
            canvas.add(tile, scores)
            weighted = [part * tile.area for part in pooled]
            sums = [a + b for a, b in zip(sums, weighted, strict=True)] if sums else weighted
        mean = Pooled(*(part / sum(tile.area for tile in plan) for part in sums))
        cells = canvas.mean()
        with torch.inference_mode():
            flat = torch.from_numpy(cells.reshape(1, 3, -1)).to(self.torch_device)
            vector = describe(mean, flat)[0].cpu().numpy()
        return View(vector, cells)

    @cached_property
    def _helpers(self) -> ThreadPoolExecutor | None:
        """For tiles side by side, a thread each: two share one tile's work badly."""
        return helpers() if self.parallel else None

    @torch.inference_mode()
    def _inspect(self, image: NDArray[np.uint8], tile: Tile) -> Inspected:
        pixels = torch.from_numpy(padded(image, tile)).permute(2, 0, 1)[None].to(self.torch_device)
        pixels = pixels.float().contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.torch_device.type, torch.bfloat16, enabled=self.amp):
            scores, pooled = self.model.inspect(pixels, self.parts)
        return scores[0].cpu().numpy(), pooled

    @torch.inference_mode()
    def logits(self, vectors: list[NDArray[np.float32]]) -> NDArray[np.float64]:
        """The label head's answer for all views, (4,), before calibration.

        The first is that at native size, which shows more of what was done to a picture.
        """
        stacked = torch.from_numpy(np.stack(vectors)).to(self.torch_device)
        scores = self.model.label_head(stacked).double().cpu().numpy()
        weights = [1.0, *[OVERVIEW_WEIGHT] * (len(vectors) - 1)]
        return np.asarray(np.average(scores, axis=0, weights=weights))

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
