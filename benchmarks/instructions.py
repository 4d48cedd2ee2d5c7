"""Precision by processor: bf16 and float32 where oneDNN may use some instructions only.

`python -m benchmarks.instructions MODEL THREADS MEGAPIXELS ROUNDS` prints JSON. With
`ONEDNN_MAX_CPU_ISA` set, a new processor works as an older one. Seconds a picture in both
precisions, in turns, and the one that the detector chooses by itself.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from typing import Any
from unittest.mock import patch

import threads
from benchmarks import pictures
from benchmarks.services import models_dir
from detector.deadline import Deadline
from detector.device import has_bf16, pick_device
from detector.registry import create_service

LEVELS = ("default", "AVX512_CORE", "AVX2")
PRECISIONS = {"bf16": True, "float32": False}


def main(model: str, count: int, megapixels: float, rounds: int) -> dict[str, Any]:
    """Median seconds by precision (None: refused by oneDNN), and what `has_bf16` says."""
    threads.configure(count)
    services: dict[str, Any] = {}
    failed: set[str] = set()
    for name, bf16 in PRECISIONS.items():
        with patch("detector.editscope.detector.has_bf16", return_value=bf16):
            services[name] = create_service(model, models_dir(), "cpu")
            services[name].load_model()
    threads.configure(count)
    image, times = pictures.pixels(megapixels), {name: list[float]() for name in services}
    for turn in range(rounds + 1):
        for name, service in services.items():
            if name in failed:
                continue
            started = time.perf_counter()
            try:
                service.detect(image, Deadline.never())
            except RuntimeError as error:  # oneDNN does not even emulate bf16 on AVX2
                print(f"{name}: {error}", file=sys.stderr)
                failed.add(name)
                continue
            if turn:  # the first warms up
                times[name].append(time.perf_counter() - started)
    chosen = "bf16" if has_bf16(pick_device("cpu")) else "float32"
    seconds = {name: statistics.median(found) if found else None for name, found in times.items()}
    return seconds | {"chosen": chosen}


if __name__ == "__main__":
    _, named, used, size, times_each = sys.argv
    print(json.dumps(main(named, int(used), float(size), int(times_each))))
