"""`python -m benchmarks.scaling MEGAPIXELS`: time and peak memory of one size, in a fresh process.

Prints JSON. Bytes in, answer out: what the engine does for a request, without HTTP.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

import threads
from benchmarks import pictures
from detector.contract import ImageRequest
from detector.deadline import Deadline
from detector.imaging import decode
from detector.registry import create_service
from detector.service import Detector
from detector.verdict import decide


def main(model: str, count: int, megapixels: float, rounds: int) -> dict[str, float]:
    """Seconds of each stage (the fastest of the rounds) and memory in MiB."""
    threads.configure(count)
    service = create_service(model)
    if not isinstance(service, Detector):
        raise SystemExit(f"{model} does not take pixels")
    service.load_model()
    threads.configure(count)
    service.detect(pictures.pixels(0.2), Deadline.never())
    data = ImageRequest.from_bytes(pictures.jpeg(megapixels)).image.to_bytes()
    before = _resident()
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        image = decode(data)
        decoded = time.perf_counter()
        detection = service.detect(image, Deadline.never())
        detected = time.perf_counter()
        decide(detection, image.shape[:2]).to_response()
        ended = time.perf_counter()
        times.append((ended - started, decoded - started, detected - decoded, ended - detected))
        size = image.nbytes
        del image, detection
    total, decoding, model_s, encoding = min(times)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
        2**20 if sys.platform == "darwin" else 2**10
    )
    return {
        "megapixels": megapixels,
        "seconds": total,
        "decode_s": decoding,
        "model_s": model_s,
        "encode_s": encoding,
        "seconds_per_megapixel": total / megapixels,
        "picture_mb": size / 2**20,
        "resident_before_mb": before,
        "peak_mb": peak,
        "peak_beyond_picture_mb": peak - size / 2**20,
    }


def _resident() -> float:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return float("nan")
    return pages * resource.getpagesize() / 2**20


if __name__ == "__main__":
    _, name, used, size_mp, times_each = sys.argv
    print(json.dumps(main(name, int(used), float(size_mp), int(times_each))))
