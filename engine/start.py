"""A model's first picture, and what it says of itself in the log."""

from __future__ import annotations

import numpy as np

from detector.deadline import Deadline
from detector.service import Detector
from detector.verdict import decide
from engine.ladder import Service, checked, to_request

WARM_UP_SIZE = (384, 512)  # height, width: enough to start the thread pools and fill caches


def warm_up(service: Service) -> None:
    """Have a made-up picture judged, so that the first request finds the model warm.

    Raises:
        Exception: whatever the service raised, or ValueError if its answer is rubbish.
    """
    height, width = WARM_UP_SIZE
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    if isinstance(service, Detector):
        decide(service.detect(noise, Deadline.never()), WARM_UP_SIZE)
    else:
        checked(service.predict(to_request(noise)), WARM_UP_SIZE)


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
