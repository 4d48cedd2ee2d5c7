"""`python -m soak.fuzz --minutes 5`: fuzz decoding, and the API by its OpenAPI document.

The second half sends what schemathesis makes of the document to a real server and fails on any 5xx
other than the documented 503. Atheris has wheels for some Pythons and systems only: without it the
first half mutates pictures blindly, and says so.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from detector.imaging import ImageError, decode
from soak import inputs
from soak.faulty import picture
from soak.server import ROOT, Server

MAX_PIXELS = 250_000  # larger ones are refused before decoding, which is all there is to see
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance"
)


def coverage_guided(seconds: int, folder: Path) -> dict[str, Any]:
    """Atheris from a corpus of small pictures and bodies; raises if it found something."""
    for form in ("PNG", "JPEG", "WEBP", "BMP", "AVIF"):
        data = inputs.encoded(picture(None, 24, 32), form)
        (folder / form).write_bytes(b"p" + data)
        (folder / f"{form}-request").write_bytes(b"r" + inputs.request(data))
    done = subprocess.run(
        [
            *(sys.executable, "-m", "soak.fuzz_target", str(folder)),
            *(f"-max_total_time={seconds}", "-max_len=8192", "-rss_limit_mb=2048"),
            *("-timeout=20", f"-artifact_prefix={folder}/finding-"),
        ],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    counts = re.findall(r"Done (\d+) runs|#(\d+)\s", done.stderr)
    inputs_tried = max((int(a or b) for a, b in counts), default=0)
    if done.returncode:
        raise SystemExit(f"atheris found something:\n{done.stderr[-4_000:]}")
    return {"tool": "atheris", "inputs": inputs_tried, "findings": 0}


def blind(seconds: int, seed: int) -> dict[str, Any]:
    """Mutated pictures through `decode`; raises what should never be raised."""
    rng, tried, due = random.Random(seed), 0, time.monotonic() + seconds
    seeds = [inputs.encoded(picture(None, 24, 32), form) for form in ("PNG", "JPEG", "WEBP", "BMP")]
    while time.monotonic() < due:
        data = bytearray(rng.choice(seeds))
        for _ in range(rng.randrange(1, 30)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        try:
            decode(bytes(data[: rng.randrange(len(data) + 1)]), MAX_PIXELS)
        except ImageError as error:
            assert error.code  # noqa: PT017 - not a test
        tried += 1
    return {"tool": "mutation", "inputs": tried, "findings": 0}


def by_the_document(seconds: int, folder: Path) -> dict[str, Any]:
    """Schemathesis against a real server; raises if an answer was a 5xx of ours."""
    with tempfile.TemporaryFile() as log:
        server = Server("api.py", log, {"MODEL_NAME": "soak.faulty:FaultyDetector"})
        try:
            server.wait_until_ready()
            done = subprocess.run(
                [
                    *(sys.executable, "-m", "schemathesis.cli", "run"),
                    *(f"{server.url}/openapi.json", "--max-time", str(seconds)),
                    *("--mode", "all", "--no-color", "--checks", CHECKS),
                    *("--phases", "examples,coverage,fuzzing"),
                ],
                cwd=folder,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            metrics = server.get("/metrics")
        finally:
            server.stop()
    statuses: dict[str, int] = {}
    for status, count in re.findall(
        r'editscope_requests_total{(?!.*readyz).*status="(\d+)"} (\S+)', metrics
    ):
        statuses[status] = statuses.get(status, 0) + int(float(count))
    ours = sum(count for status, count in statuses.items() if status in ("500", "502", "504"))
    if ours or done.returncode:
        raise SystemExit(f"{ours} answers were errors of ours:\n{done.stdout[-6_000:]}")
    return {"tool": "schemathesis", "requests": sum(statuses.values()), "statuses": statuses}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    half = max(1, round(30 * arguments.minutes))
    with tempfile.TemporaryDirectory() as folder:
        if importlib.util.find_spec("atheris"):
            print(json.dumps(coverage_guided(half, Path(folder))), flush=True)
        else:
            print(json.dumps(blind(half, arguments.seed)), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(by_the_document(half, Path(folder))))


if __name__ == "__main__":
    main()
