"""Time and peak memory of one picture, in a fresh process that did not make the picture.

`python -m benchmarks.scaling MODEL THREADS FILE ROUNDS` prints JSON. Bytes in, answer out: what the
engine does for a request, without HTTP.
"""

from __future__ import annotations

import json
import re
import resource
import sys
import time
from pathlib import Path

import threads
from benchmarks import pictures
from benchmarks.services import models_dir
from detector.deadline import Deadline
from detector.imaging import decode
from detector.registry import create_service
from detector.service import Detector
from detector.verdict import decide


def main(model: str, count: int, data: bytes, rounds: int) -> dict[str, float]:
    """Seconds of each stage (the fastest of the rounds) and memory in MiB."""
    threads.configure(count)
    service = create_service(model, models_dir())
    if not isinstance(service, Detector):
        raise SystemExit(f"{model} does not take pixels")
    service.load_model()
    threads.configure(count)
    service.detect(pictures.pixels(0.2), Deadline.never())
    before = _memory("VmRSS")
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
        size, megapixels = image.nbytes, image.size / 3e6
        del image, detection
    total, decoding, model_s, encoding = min(times)
    peak = _memory("VmHWM")
    return {
        "megapixels": round(megapixels, 2),
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


def _memory(field: str) -> float:
    """Resident memory in MiB, `VmRSS` now or `VmHWM` at most; elsewhere than on Linux the latter.

    `ru_maxrss` would count what the parent had before it started us.
    """
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        unit = 2**20 if sys.platform == "darwin" else 2**10
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    return int(re.findall(rf"^{field}:\s+(\d+) kB", status, re.MULTILINE)[0]) / 2**10


if __name__ == "__main__":
    _, name, used, file, times_each = sys.argv
    print(json.dumps(main(name, int(used), Path(file).read_bytes(), int(times_each))))
