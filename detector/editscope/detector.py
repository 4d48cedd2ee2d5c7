"""The default detector behind the plug-in interface: tiles, calibration, clean masks."""

from __future__ import annotations

import time

import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from detector.deadline import Deadline
from detector.editscope.modeling import MAP_STRIDE, EditScopeModel, Pooled
from detector.editscope.tiling import Canvas, padded, tiles
from detector.service import Detector
from detector.verdict import Detection

MIN_REGION = 0.0008  # of the picture: smaller islands of the mask are noise more often than not


class EditScopeDetector(Detector):
    """Judges at native resolution with the weights in `model_path`."""

    model: EditScopeModel

    def load(self) -> None:
        """Read config.json and model.safetensors; nothing is fetched.

        Raises:
            OSError: a file is missing or damaged.
        """
        transformers.logging.disable_progress_bar()  # one line of log says it as well
        self.torch_device = pick_device(self.device)
        self.device = str(self.torch_device)
        model = EditScopeModel.from_pretrained(
            self.model_path, dtype=torch.float32, local_files_only=True
        )
        self.model = model.eval().to(self.torch_device, memory_format=torch.channels_last)
        self.version = str(getattr(self.model.config, "version", "0"))
        self.amp = self.torch_device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()

    def detect(self, image: NDArray[np.uint8], deadline: Deadline) -> Detection:
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
        return Detection(
            self._calibrated(mean, cells),
            self._manipulation(cells, height, width),
            self.model.config.threshold,
        )

    @torch.inference_mode()
    def _inspect(self, window: NDArray[np.uint8]) -> tuple[NDArray[np.float32], Pooled]:
        pixels = torch.from_numpy(window).permute(2, 0, 1)[None].to(self.torch_device)
        pixels = pixels.float().contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.torch_device.type, torch.bfloat16, enabled=self.amp):
            scores, pooled = self.model.inspect(pixels)
        return scores[0].cpu().numpy(), pooled

    @torch.inference_mode()
    def _calibrated(self, pooled: Pooled, cells: NDArray[np.float32]) -> NDArray[np.float64]:
        flat = torch.from_numpy(cells.reshape(1, 3, -1)).to(self.torch_device)
        logits = self.model.classify(pooled, flat)[0].double().cpu().numpy()
        config = self.model.config
        return np.asarray(
            logits / config.calibration_temperature + np.array(config.calibration_bias)
        )

    def _manipulation(
        self, cells: NDArray[np.float32], height: int, width: int
    ) -> NDArray[np.float32]:
        odds = np.exp(cells - cells.max(0))
        manipulation = 1 - odds[0] / odds.sum(0)
        return without_specks(
            fitted(manipulation.astype(np.float32), height, width), self.model.config.threshold
        )


def fitted(cells: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """Drop what the last row and column of cells see beyond the picture, by resampling."""
    if height % MAP_STRIDE == 0 and width % MAP_STRIDE == 0:
        return cells
    box = (0.0, 0.0, width / MAP_STRIDE, height / MAP_STRIDE)
    image = Image.fromarray(cells)
    return np.asarray(image.resize(image.size, Image.Resampling.BILINEAR, box=box))


def without_specks(manipulation: NDArray[np.float32], threshold: float) -> NDArray[np.float32]:
    """Lower islands above the threshold that cover less than `MIN_REGION` of the map to it."""
    regions, count = ndimage.label(manipulation > threshold)
    if count == 0:
        return manipulation
    areas = np.bincount(regions.ravel())
    small = areas < MIN_REGION * manipulation.size
    small[0] = False
    return np.where(small[regions], np.minimum(manipulation, threshold), manipulation)


def pick_device(name: str) -> torch.device:
    """`auto`, or any torch device name; `auto` takes CUDA, then MPS, then the CPU."""
    if name != "auto":
        return torch.device(name)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
