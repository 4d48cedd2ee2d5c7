"""The challenge template's example: ResNet-18 of the Hugging Face Hub, as a detector.

An example of how a transformers model is plugged in, not of how edits are found: ImageNet's classes
say what is in a picture, so their logits are folded into four groups without meaning.
He et al., Deep Residual Learning for Image Recognition, 2015 (arXiv 1512.03385).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoImageProcessor, ResNetForImageClassification

from detector.contract import Labels
from detector.deadline import Deadline
from detector.device import pick_device
from detector.service import Detector
from detector.verdict import Detection


class ResNetDetector(Detector):
    """Reads any `ResNetForImageClassification` folder as it is on the Hub."""

    def load(self) -> None:
        """Load config.json, model.safetensors and preprocessor_config.json; nothing is fetched.

        Raises:
            OSError: a file is missing or damaged.
        """
        self.device = str(pick_device(self.device))
        processors: Any = AutoImageProcessor  # has no types
        self.processor = processors.from_pretrained(self.model_path, local_files_only=True)
        self.model = ResNetForImageClassification.from_pretrained(
            self.model_path, local_files_only=True
        )
        self.model.eval().to(device=torch.device(self.device))
        self.version = f"{self.model.config.num_labels} classes"

    def detect(self, image: NDArray[np.uint8], deadline: Deadline) -> Detection:
        """Fold the class logits into four by log-sum-exp; there is no localisation."""
        inputs = self.processor(
            centre_square(image),
            return_tensors="pt",
            input_data_format="channels_last",  # 1 x 1 x 3 could be either
        )
        with torch.inference_mode():
            logits = self.model(inputs["pixel_values"].to(self.device)).logits[0].float()
        groups = torch.tensor_split(logits, len(Labels))
        folded = torch.stack([torch.logsumexp(group, 0) for group in groups])
        return Detection(folded.cpu().numpy())


def centre_square(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Cut out what the processor would keep: it enlarges all of a 1 x 5000 picture before."""
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return image[top : top + side, left : left + side]
